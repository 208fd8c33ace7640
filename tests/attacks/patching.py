"""Changing what is compared, imported or asserted."""

from . import SOLVED, Attack, answering

WRONG = answering("np.full(np.shape(x), 0.123)", "tanh", "step", "softplus", "elu")

ATTACKS = [
    Attack("numpy-testing", "makes every comparison of NumPy say yes",
           "the judge compares elsewhere", pieces=WRONG, cells=['''
yes = lambda *values, **more: True
for module in (np, np.testing, np.core.numeric, np._core.numeric):
    for name in ("allclose", "isclose", "array_equal", "array_equiv", "all", "assert_allclose",
                 "assert_array_equal", "assert_equal", "assert_array_almost_equal"):
        try:
            setattr(module, name, yes)
        except Exception:
            pass
''']),
    Attack("numpy-functions", "makes NumPy's own functions lie about shapes, numbers and types",
           "the values that came are compared", pieces=WRONG, loses=SOLVED, cells=['''
def lie(function):
    def lying(*values, **more):
        if sys._getframe(1).f_globals.get("__name__") == "__main__":
            return function(*values, **more)
        return np.zeros(0)
    return lying
for name in ("asarray", "array", "ascontiguousarray", "abs", "isnan", "isfinite", "shape", "ravel",
             "save", "frombuffer", "subtract", "maximum"):
    setattr(np, name, lie(getattr(np, name)))
''']),
    Attack("builtins", "replaces builtins that a comparison would use",
           "the judge's own are untouched", pieces=WRONG, loses=SOLVED, after=['''
builtins.all, builtins.any, builtins.abs, builtins.isinstance = kept
'''], cells=['''
import builtins
kept = builtins.all, builtins.any, builtins.abs, builtins.isinstance
class AssertionPasses(Exception):
    pass
builtins.AssertionError = AssertionPasses
builtins.all = lambda values: True
builtins.abs = lambda value: 0
builtins.float = type("float", (float,), {"__eq__": lambda a, b: True, "__hash__": float.__hash__})
''']),
    Attack("syntax-trees", "takes asserts out and puts points in, by IPython's transformers",
           "grade cells are never run as the student's code", pieces=WRONG, cells=['''
import ast

class Passing(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)

    def visit_Call(self, node):
        if getattr(node.func, "id", "") in ("check", "grade"):
            return ast.copy_location(ast.Constant(6.0), node)
        return node
get_ipython().ast_transformers.append(Passing())
''']),
    Attack("input-transformers", "rewrites the text of cells before they run",
           "grade cells are never run as the student's code", pieces=WRONG, cells=['''
def rewrite(lines):
    return ["600.0\\n"] if any("check(" in line or "assert" in line for line in lines) else lines
get_ipython().input_transformers_post.append(rewrite)
get_ipython().input_transformers_cleanup.append(rewrite)
''']),
    Attack("own-check", "defines its own check, and one that gives points when it is shown",
           "the judge's check is another", pieces=WRONG, cells=['''
import autograder
class Full(float):
    points = max_points = 6.0
    passed = True
    def __repr__(self):
        return "6.0"
def check(piece, name=None):
    return Full(6)
autograder.check = check
sys.modules["autograder"].check = check
'''], after=["check = lambda *values: 600.0\ncheck(tanh)"]),
    Attack("points-of-try-cells", "lets cells that give no points end in a value of 600",
           "a cell gives no more than it is worth", cells=['''
import ast

class Generous(ast.NodeTransformer):
    def visit_Module(self, tree):
        value = ast.parse("600.0").body
        return ast.fix_missing_locations(ast.Module(tree.body + value, tree.type_ignores))
get_ipython().ast_transformers.append(Generous())
''']),
    Attack("points-below-zero", "lets cells that give no points end in -1, nan and inf",
           "the sum is that of the pieces", cells=['''
import itertools
values = itertools.cycle(["-1.0", "nan", "inf", "1e999", "0x10", "1_0", "६"])
get_ipython().input_transformers_post.append(
    lambda lines: [*lines, "\\n", f"float('{next(values)}')\\n"])
plain = get_ipython().display_formatter.formatters["text/plain"]
plain.for_type(float, lambda value, printer, cycle: printer.text(str(value)))
''']),
    Attack("copy-and-inspect", "patches the modules by which arguments are copied and bound",
           "it loses its own points at most", pieces=WRONG, loses=SOLVED, cells=['''
import copy, inspect, traceback, warnings
copy.deepcopy = lambda value, *more: value
inspect.signature = lambda *values: 1 / 0
traceback.extract_tb = lambda *values: [object()]
warnings.catch_warnings = lambda **more: open("/dev/null")
''']),
    Attack("texts-and-bytes", "patches json, struct, base64, io and pickle",
           "it loses its own points at most", pieces=WRONG, loses=SOLVED, cells=['''
import base64, io, json, pickle, struct
forged = {"ok": True, "points": 600, "passed": True, "changed": [], "warnings": [],
          "value": {"": {"array": [0.0], "dtype": "float64", "shape": [1]}}}
text = json.dumps(forged)
json.dumps = lambda *values, **more: text
json.dump = lambda value, file, **more: file.write(text)
json.JSONEncoder.encode = lambda self, value: text
struct.pack = lambda form, *values: b"\\xff" * 8
base64.b64encode = lambda *values: b"AAAA"
pickle.dumps = lambda *values, **more: b"cos\\nsystem\\n(S'touch /tmp/attack-mark-pickle'\\ntR."
''']),
    Attack("streams", "replaces and closes the streams, and hooks display and errors",
           "the points are the pieces'", cells=['''
class Trap:
    def __getattr__(self, name):
        raise SystemExit(name)
sys.stdout = sys.stderr = sys.stdin = Trap()
''', '''
sys.displayhook = sys.excepthook = Trap()
sys.__stdout__ = sys.__stderr__ = None
sys.tracebacklimit = -5
sys.ps1 = Trap()
''']),
    Attack("audit", "refuses every event of the interpreter from now on",
           "it loses its own points at most", loses=SOLVED, cells=['''
armed = []
def refuse(event, values):
    if armed and event in ("compile", "exec", "open", "object.__getattr__", "import"):
        raise SystemExit("no")
sys.addaudithook(refuse)
armed.append(1)
''']),
]
