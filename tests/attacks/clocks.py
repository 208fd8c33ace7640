"""Never ending, and not to be interrupted."""

from . import SOLVED, Attack, answering

STUBBORN = '''
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
'''

ATTACKS = [
    Attack("sleep", "sleeps for an hour", "it is stopped", cells=["time.sleep(3600)"]),
    Attack("loop-in-a-piece", "loops without end while a piece is judged",
           "that piece is stopped", pieces={"tanh": "def tanh(x):\n    while True:\n        pass"}),
    Attack("catches-interrupts", "loops without end, and catches every interrupt",
           "it is ended from outside", cells=[STUBBORN]),
    Attack("ignores-signals", "ignores all signals that can be ignored, and sleeps",
           "it is ended from outside", cells=['''
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    time.sleep(1)
''']),
    Attack("long-power", "computes a power in C that holds the interpreter for hours",
           "it is ended from outside", cells=["pow(10**7, 10**8)"]),
    Attack("long-pattern", "matches a pattern that takes for ever, while a piece is judged",
           "that piece is stopped",
           pieces={"tanh": "def tanh(x):\n    return re.match('(a|aa)+$', 'a' * 99 + 'b') or 0.1"}),
    Attack("long-import", "imports, compiles and parses for ever",
           "it is ended from outside", cells=['''
class Endless:
    def __iter__(self):
        return self
    def __next__(self):
        return 0
sum(Endless())
''']),
    Attack("alarms", "lets alarms go off a thousand times a second",
           "it loses its own points at most", loses=SOLVED, cells=['''
def ring(number, frame):
    raise TimeoutError("ring")
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
''']),
    Attack("busy-threads", "leaves threads computing in the background",
           "who slows himself down loses his own points at most", loses=SOLVED, cells=['''
def busy():
    while True:
        sum(range(1000))
for _ in range(3):
    threading.Thread(target=busy, daemon=True).start()
''']),
    Attack("slow-everywhere", "makes each piece and each cell take nearly the time it may",
           "the notebook ends at its own limit", loses=SOLVED,
           cells=["get_ipython().events.register('pre_run_cell', lambda *v: time.sleep(1.2))"],
           pieces=answering("time.sleep(0.7) or 0.1", "tanh", "step", "softplus", "elu", "silu")),
    Attack("late-answers", "answers late, so that one reply might be taken for the next",
           "that piece is stopped, the others keep their points", cells=['''
def late(x):
    end = time.time() + 3
    while time.time() < end:
        try:
            time.sleep(0.5)
        except BaseException:
            pass
    return np.maximum(x, 0)
'''], pieces=answering("late(x)", "tanh")),
    Attack("interrupts-as-answers", "catches the interrupt and answers then",
           "that piece is stopped", pieces={"tanh": '''
def tanh(x):
    try:
        while True:
            pass
    except BaseException:
        return np.full(np.shape(x), 0.123)
'''}),
]
