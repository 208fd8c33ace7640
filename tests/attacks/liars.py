"""Answers too large, too deep or too strange to carry over."""

from . import Attack, answering

ATTACKS = [
    Attack("broadcast", "answers with arrays of 10^18 numbers that take eight bytes",
           "they are refused by their size", cells=['''
from numpy.lib.stride_tricks import as_strided
'''], pieces=answering("np.broadcast_to(0.1, (10**9, 10**9))", "tanh")
        | answering("as_strided(np.zeros(1), (2**31, 2**30), (0, 0))", "step")
        | answering("np.broadcast_to(np.zeros(1, bool), (2**62,))", "elu")
        | answering("as_strided(np.zeros(9), (10**6,), (8 * 10**6,))", "softplus")),
    Attack("just-below", "answers to every case with as many bytes as may cross",
           "the judge goes on", cells=["most = np.zeros(4 * 2**20 - 16)"],
           pieces=answering("most", "tanh", "elu")),
    Attack("mapped", "answers with files in memory that shrink while they are read",
           "the crash costs that piece only", cells=['''
def shrinking(x):
    np.zeros(10**5).tofile("mapped.bin")
    array = np.memmap("mapped.bin", float, "r+")
    os.truncate("mapped.bin", 0)
    return array
'''], pieces=answering("shrinking(x)", "tanh", "elu")
        | answering("np.memmap('/proc/self/exe', np.uint8, 'r')", "step")),
    Attack("recursive", "answers with lists, tuples and dicts that hold themselves",
           "they are refused", cells=['''
ring = []
ring.append(ring)
round_trip = {}
round_trip["a"] = round_trip
pair = ([],)
pair[0].append(pair)
'''], pieces=answering("ring", "tanh") | answering("round_trip", "step")
        | answering("pair", "softplus") | answering("[ring, np.zeros(3)]", "elu")),
    Attack("deep", "answers nested a hundred thousand levels deep",
           "they are refused, or cost that piece only", cells=['''
def nested(make, levels=10**5):
    value = 0.0
    for _ in range(levels):
        value = make(value)
    return value
'''], pieces=answering("nested(lambda v: [v])", "tanh")
        | answering("nested(lambda v: (v,))", "step")
        | answering("nested(lambda v: {'a': v})", "softplus")
        | answering("nested(lambda v: [v, np.zeros(2)], 500)", "elu")),
    Attack("endless-answers", "answers with generators and sequences that never end",
           "they are refused, or stopped", cells=['''
import itertools

class Endless:
    __len__ = lambda self: 2**62
    __getitem__ = lambda self, key: 0.1
    __iter__ = lambda self: itertools.repeat(0.1)

class Parts(dict):
    items = lambda self: (("a" * 10**6, 0.1) for _ in itertools.count())
    __iter__ = lambda self: map(str, itertools.count())
    __len__ = lambda self: 1
'''], pieces=answering("itertools.count()", "tanh") | answering("Parts(a=1)", "step")
        | answering("(i for i in iter(int, 1))", "softplus") | answering("Endless()", "elu")),
    Attack("hostile-keys", "answers with dicts of odd, huge and lying keys",
           "they are refused, or wrong", cells=['''
class Key(str):
    __str__ = __repr__ = __format__ = lambda self: 1 / 0
    __hash__ = str.__hash__
    __eq__ = lambda self, other: True

class Text:
    def __str__(self):
        raise SystemExit("a key")
'''], pieces=answering("{Key(''): x * 0 + 0.1}", "tanh") | answering("{Text(): 0.1}", "step")
        | answering("{'\\ud800': 0.1, '\\0': 0.1, 'a' * 10**7: 0.1}", "softplus")
        | answering("{'value': 0.1, 'error': 0.1, 'points': 600, '__class__': 1}", "elu")
        | answering("{str(i): 0.1 for i in range(10**5)}", "silu")
        | answering("{'': np.zeros(2), None: np.zeros(2), b'': 0.1}", "gelu")),
    Attack("wide-numbers", "answers in long doubles, halves, complex and giant whole numbers",
           "they cross as numbers, or are refused",
           pieces=answering("np.full(np.shape(x), 0.1, np.longdouble)", "tanh")
           | answering("np.full(np.shape(x), 0.1 + 5j, np.clongdouble)", "step")
           | answering("10 ** 10**6", "softplus") | answering("[10**400, -10**5000]", "elu")
           | answering("np.full(np.shape(x), 0.1, '>f2')", "silu")
           | answering("1j * np.inf + np.zeros(np.shape(x))", "gelu")),
    Attack("many-dimensions", "answers with arrays of 64 dimensions, and of none",
           "their shape is wrong", pieces=answering("np.zeros((1,) * 64)", "tanh")
           | answering("np.zeros((0,) * 32)", "step") | answering("np.zeros(())", "softplus")
           | answering("np.zeros((1, 0, 10**9))", "elu")),
    Attack("foreign-buffers", "answers with bytes, buffers, ctypes arrays and array.array",
           "they are plain and wrong, or refused", cells=["import array"],
           pieces=answering("memoryview(bytearray(10**6))", "tanh")
           | answering("(ctypes.c_double * 12)()", "step") | answering("b'\\x93NUMPY' * 9", "elu")
           | answering("array.array('d', [0.1] * 12)", "softplus")
           | answering("'\\x00' * 99", "silu")),
    Attack("changed-arguments", "resizes, frees and retypes the arrays it is given",
           "the next case sees its own", cells=['''
def ruin(x):
    try:
        x.dtype = np.int8
        x.setflags(write=False)
        x.resize((10**6,), refcheck=False)
    finally:
        x.shape = (-1,)
    return x
'''], pieces=answering("ruin(x)", "tanh", "elu", "step", "softplus")),
]
