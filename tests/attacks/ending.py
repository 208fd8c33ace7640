"""Ending the process, or everything else."""

from . import SOLVED, Attack, answering

MANY = "tanh", "step", "softplus", "elu"

ATTACKS = [
    Attack("exit", "calls sys.exit, exit and quit, in cells and in pieces",
           "each costs itself only",
           cells=["sys.exit(0)", "exit()", "quit()", "raise SystemExit(3)"],
           pieces=answering("sys.exit(0)", "tanh") | answering("exit()", "step")
           | answering("(_ for _ in ()).throw(GeneratorExit)", "softplus")
           | answering("(_ for _ in ()).throw(KeyboardInterrupt)", "elu")),
    Attack("os-exit-in-a-cell", "ends Python by os._exit in a cell",
           "it costs that cell only", cells=["os._exit(0)"]),
    Attack("os-exit-in-pieces", "ends Python by os._exit whenever a piece is judged",
           "the pieces that are right keep their points", pieces=answering("os._exit(0)", *MANY)),
    Attack("abort", "aborts Python, and dies of an assertion of the C library",
           "each costs itself only", cells=["os.abort()", "libc.raise_ = libc.abort()"],
           pieces=answering("os.abort()", "tanh")),
    Attack("signals-to-itself", "sends itself signals that kill",
           "each costs itself only", cells=["os.kill(os.getpid(), signal.SIGTERM)",
                                            "os.kill(os.getpid(), signal.SIGSEGV)"],
           pieces=answering("os.kill(os.getpid(), signal.SIGKILL)", "tanh")),
    Attack("stops-itself", "stops itself by SIGSTOP, so that nothing ends",
           "it is ended from outside", cells=["os.kill(os.getpid(), signal.SIGSTOP)"]),
    Attack("kills-its-parent", "kills its parent and its process group",
           "the run goes on", deadly=True, loses=SOLVED, cells=['''
for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP):
    tries(lambda: os.kill(os.getppid(), number) or os.getppid() != 0 and os.getppid())
tries(lambda: os.killpg(0, signal.SIGKILL))
''']),
    Attack("kills-everything", "sends SIGKILL to all processes there are",
           "the run and a bystander go on", deadly=True, loses=SOLVED, cells=['''
for pid in strangers(400):
    try:
        os.kill(pid, signal.SIGKILL)
        print("LOOT: killed", pid)
    except OSError:
        pass
''', "os.kill(-1, signal.SIGKILL)"]),
    Attack("segfault", "reads, calls and jumps to addresses that are not there",
           "each costs itself only", cells=["ctypes.string_at(0)",
                                            "ctypes.CFUNCTYPE(None)(0xDEADBEEF)()"],
           pieces=answering("ctypes.string_at(0)", "tanh", "elu")),
    Attack("stack", "overflows the stack of C by recursion without a limit",
           "it costs that cell only", cells=['''
sys.setrecursionlimit(2**31 - 1)
def down(f=None):
    return [0].__class__(map(down, [0]))
down()
'''], pieces=answering("down()", "tanh")),
    Attack("hostile-errors", "raises errors whose text, type and traceback attack who reads them",
           "they are told without their text", cells=['''
class Meta(type):
    __name__ = property(lambda cls: os._exit(1))
    __str__ = __repr__ = lambda cls: 1 / 0

class Text(Exception):
    def __str__(self):
        raise SystemExit("text")
    __repr__ = __str__

class Endless(Exception):
    def __str__(self):
        return "x" * 10**8
    __repr__ = __str__

class Odd(BaseException):
    args = property(lambda self: 1 / 0)
    with_traceback = None
    __traceback__ = property(lambda self: 1 / 0)
    __cause__ = property(lambda self: self)
    __context__ = property(lambda self: self)
''', "raise Text", "raise Endless", "raise Odd"],
           pieces={name: f"def {name}(x):\n    raise {error}" for name, error in
                   (("tanh", "Text"), ("step", "Endless"), ("softplus", "Odd"), ("silu",
                    "type('A' * 10**6 + '\\x1b[2J', (Exception,), {})('\\ud800\\0')"))}),
    Attack("classes-of-errors", "raises classes whose metaclass ends Python when asked its name",
           "each costs itself only", cells=['''
class Meta(type):
    def __getattribute__(cls, name):
        if name in ("__name__", "__qualname__", "__module__"):
            raise SystemExit("no name")
        return super().__getattribute__(name)

class Nameless(BaseException, metaclass=Meta):
    pass
''', "raise Nameless"], pieces={"tanh": "def tanh(x):\n    raise Nameless"}),
    Attack("chained-errors", "raises a ring and a chain of ten thousand causes, and groups",
           "it costs that cell only", cells=['''
first = last = ValueError("0")
for number in range(10**4):
    last.__cause__ = ValueError(str(number))
    last = last.__cause__
raise first
''', "last.__cause__ = first\nraise first", '''
group = ExceptionGroup("g", [ValueError()])
for _ in range(2000):
    group = ExceptionGroup("g", [group])
raise group
''']),
    Attack("empty-names", "deletes all names, modules and the memory of IPython",
           "the run goes on", loses=SOLVED, cells=['''
get_ipython().user_ns.clear()
''', '''
import sys
sys.modules.clear()
''', "%reset -f", "get_ipython().__dict__.clear()"]),
    Attack("at-exit", "makes the end of Python take for ever, and print",
           "it is ended from outside", cells=['''
import atexit
def linger():
    while True:
        time.sleep(1)
atexit.register(linger)
threading.Thread(target=linger).start()
class Undead:
    def __del__(self):
        linger()
undead = Undead()
undead.ring = undead
''']),
]
