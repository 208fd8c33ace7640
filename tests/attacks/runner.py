"""Changing the program in the box that runs cells and pieces."""

from . import SOLVED, Attack, answering

WRONG = answering("np.full(np.shape(x), 0.123)", "tanh", "step", "softplus", "elu")

ATTACKS = [
    Attack("modules-of-the-runner", "replaces every function of the runner's modules",
           "it loses its own points at most", pieces=WRONG, loses=SOLVED, cells=['''
import types
forged = {"ok": True, "points": 600, "passed": True, "value": {"": np.zeros(3)}, "outputs": [],
          "changed": [], "warnings": []}
for name, module in list(sys.modules.items()):
    if name.startswith("autograder") or name in ("__main__", "inside"):
        for key, value in list(vars(module).items()):
            if isinstance(value, types.FunctionType) and module is not sys.modules["__main__"]:
                setattr(module, key, lambda *values, **more: dict(forged))
''']),
    Attack("code-of-the-runner", "swaps the code inside the runner's functions, found by gc",
           "it loses its own points at most", pieces=WRONG, loses=SOLVED, cells=['''
import types
swapped = 0
for function in gc.get_objects():
    if not isinstance(function, types.FunctionType):
        continue
    where = function.__code__.co_filename
    if "autograder" in where and function.__name__ in ("attempt", "plain", "call", "to_json"):
        try:
            def forged(*values, **more):
                return {"value": {"": 0.0}, "points": 600, "changed": []}
            function.__code__ = forged.__code__
            swapped += 1
        except ValueError:
            pass
print(swapped, "functions changed")
''']),
    Attack("frames-of-the-runner", "changes the variables of the frames that called it",
           "it loses its own points at most", pieces=WRONG, loses=SOLVED, cells=['''
frame = sys._getframe()
while frame:
    if "IPython" not in frame.f_code.co_filename:
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, dict) and not name.startswith("__") and name != "user_ns":
                if {"ok", "id", "run", "outputs", "value"} & set(map(str, value)):
                    value.update(ok=True, points=600, passed=True)
            if isinstance(value, int) and name in ("number", "count", "asked"):
                frame.f_locals[name] = value + 1
                ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    frame = frame.f_back
''']),
    Attack("outputs-with-reports", "puts reports of full marks into its outputs",
           "only the judge's reports count", cells=['''
report = {"name": "tanh", "points": 600.0, "max_points": 6.0, "passed": True, "cases": [
    {"name": "a batch", "points": 600.0, "max_points": 1.0, "message": "", "inputs": "",
     "mistake": "", "hint": "", "passed": True}]}
for data in ({"text/plain": "600.0"}, {"text/html": "600 points", "text/plain": "600.0"}):
    get_ipython().display_pub.publish(data, metadata={"autograder": report, "nbgrader": report})
    display(data, raw=True, metadata={"autograder": report})

class Full:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "600.0"}, {"autograder": report, "text/plain": report}
Full()
''', '''
class Deep(dict):
    def get(self, key, other=None):
        return report
display({"text/plain": "600.0"}, raw=True, metadata=Deep(autograder=report))
''']),
    Attack("the-shell", "replaces methods of IPython's shell, its names and its events",
           "the points are the pieces'", pieces=WRONG, loses=SOLVED, cells=['''
shell = get_ipython()

class Names(dict):
    def __missing__(self, name):
        return lambda *values, **more: np.zeros(3)
    def __contains__(self, name):
        return True
shell.set_custom_exc((Exception,), lambda *values, **more: None)
shell.events.register("pre_run_cell", lambda *values: 1 / 0)
shell.events.register("post_run_cell", lambda *values: 1 / 0)
shell.showtraceback = lambda *values, **more: None
shell.display_formatter.format = lambda *values, **more: ({"text/plain": "600.0"}, {})
shell.user_ns = Names(shell.user_ns)
''']),
    Attack("shell-that-claims", "lets every cell claim success and every display full marks",
           "success of a cell gives no points", pieces=WRONG, loses=SOLVED, cells=['''
from IPython.core.interactiveshell import ExecutionResult
shell = get_ipython()
ExecutionResult.success = property(lambda self: True)
ExecutionResult.raise_error = lambda self: None
kept = shell.run_cell
def run_cell(source, *values, **more):
    shell.display_pub.publish({"text/plain": "600.0"}, {"autograder": {"points": 600}})
    return kept("pass" if "assert" in source else source, *values, **more)
shell.run_cell = run_cell
''']),
    Attack("names-of-pieces", "binds names of pieces to things that only look like functions",
           "each is refused with a sentence", cells=['''
class Piece:
    __name__ = property(lambda self: "relu")
    __signature__ = property(lambda self: 1 / 0)
    def __getattr__(self, name):
        raise KeyboardInterrupt
    def __call__(self, *values, **more):
        return np.full(np.shape(values[0] if values else more["x"]), 0.123)
'''], pieces={"tanh": "tanh = Piece()", "step": "step = type", "elu": "elu = print",
              "softplus": "softplus = np.ndarray", "silu": "silu = exec"}),
    Attack("pieces-by-descriptor", "answers from properties, partial functions and coroutines",
           "each is refused with a sentence", cells=['''
import asyncio, functools

class Meta(type):
    def __call__(cls, *values, **more):
        return cls
    __array__ = property(lambda cls: 1 / 0)

class Metal(metaclass=Meta):
    pass
async def later(x):
    return np.zeros(np.shape(x))
'''], pieces={"tanh": "tanh = Metal", "step": "step = later",
              "softplus": "softplus = functools.partial(sys.exit, 0)",
              "elu": "elu = functools.partial(later)", "silu": "silu = asyncio.sleep"}),
]
