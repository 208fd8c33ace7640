"""Answers that are objects with opinions of their own."""

from . import SOLVED, Attack, answering

ATTACKS = [
    Attack("equal-to-all", "answers with an object that equals, and is close to, anything",
           "it is refused: not numbers in an array", cells=['''
class Equal:
    def __getattr__(self, name):
        if name.startswith("__array"):
            raise AttributeError(name)
        return self
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __hash__ = lambda self: 0
    __sub__ = __rsub__ = __abs__ = __add__ = __mul__ = lambda self, *other: 0
    __bool__ = lambda self: True
    __call__ = lambda self, *values, **more: self
''', '''
class Number(float):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
    __hash__ = float.__hash__
'''], pieces=answering("Equal()", "tanh", "step") | answering("Number(0.123)", "softplus", "elu")),
    Attack("array-protocols", "answers by __array__, __float__, __array_interface__ and friends",
           "what they give is plain and wrong, or refused", cells=['''
import itertools
turn = itertools.count()

class Changing:
    def __array__(self, *values, **more):
        return np.full((next(turn) % 5 + 1,), next(turn))

class Floating:
    def __float__(self):
        return float(next(turn))
    __index__ = __int__ = lambda self: 10**30

class Interface:
    __array_interface__ = {"shape": (10**6,), "typestr": "<f8", "version": 3,
                           "data": (0xDEADBEEF000, False)}

class Struct:
    __array_struct__ = property(lambda self: ctypes.py_object(self))
'''], pieces=answering("Changing()", "tanh", "step") | answering("Floating()", "softplus")
        | answering("Struct()", "elu") | answering("[Floating()] * 3", "silu")),
    Attack("wild-interface", "answers with an array that points to memory that is not there",
           "the crash costs that piece only", cells=['''
class Wild:
    def __init__(self, x):
        self.__array_interface__ = {"shape": np.shape(x), "typestr": "<f8", "version": 3,
                                    "data": (0xDEADBEEF000, False)}
'''], pieces=answering("Wild(x)", "tanh", "elu")),
    Attack("dispatch", "takes over NumPy's functions by __array_ufunc__ and __array_function__",
           "it is refused, or compared as plain numbers", cells=['''
class Dispatch:
    shape, dtype, ndim, size = (3, 4), np.dtype(float), 2, 12
    def __array_ufunc__(self, *values, **more):
        return np.True_
    def __array_function__(self, *values, **more):
        return np.True_
    def __array_wrap__(self, *values, **more):
        return np.True_
    __array_priority__ = 1e9
    __len__ = lambda self: 3
    __getitem__ = lambda self, key: self if key != 99 else 0
'''], pieces=answering("Dispatch()", "tanh", "step", "softplus", "elu")),
    Attack("subclass", "answers with a subclass of ndarray that overrides what a comparison uses",
           "the bare numbers are compared", cells=['''
class Lying(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *values, **more):
        return True if ufunc in (np.equal, np.less_equal, np.isfinite) else np.zeros(self.shape)
    __eq__ = __ne__ = __le__ = __lt__ = lambda self, other: np.True_
    __sub__ = __rsub__ = lambda self, other: np.zeros(self.shape)
    all = any = lambda self, *values, **more: True
    tobytes = lambda self, *values: b""
    tolist = ravel = flatten = astype = lambda self, *values, **more: self
    __array_finalize__ = lambda self, other: None
    __reduce__ = __reduce_ex__ = lambda self, *values: (os.system, ("touch /tmp/attack-mark",))
    def __getattribute__(self, name):
        return np.ndarray.__getattribute__(self, name) if name != "nbytes" else 0
'''], pieces=answering("np.full(np.shape(x), 0.123).view(Lying)", "tanh", "step", "elu")),
    Attack("objects-in-arrays", "answers with arrays of objects that agree with anything",
           "object arrays are refused", cells=['''
class Agreeing:
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = lambda self, other: 0.0
    __float__ = lambda self: 0.0
    __hash__ = None
    def __reduce__(self):
        return os.system, ("touch /tmp/attack-mark-reduce",)
def objects(x):
    array = np.empty(np.shape(x), object)
    array[...] = Agreeing()
    return array
'''], pieces=answering("objects(x)", "tanh", "step") | answering("[[Agreeing()]]", "elu")),
    Attack("dtypes", "answers in structured, void, text and time dtypes, one for each piece",
           "only numbers cross", cells=['''
def shaped(x, dtype):
    return np.zeros(np.shape(x), dtype)
'''], pieces=answering("shaped(x, [('a', float), ('b', object)])", "tanh")
        | answering("shaped(x, 'V8')", "step") | answering("shaped(x, 'M8[s]')", "softplus")
        | answering("shaped(x, 'U1000000')[:1]", "elu") | answering("shaped(x, 'S0')", "silu")
        | answering("np.array('pass' + str(True))", "gelu")),
    Attack("masked", "answers with masked arrays, records, matrices and polynomials",
           "a mask hides nothing", cells=["import numpy.ma"],
           pieces=answering("np.ma.masked_all(np.shape(x))", "tanh")
           | answering("np.ma.masked", "step") | answering("np.poly1d([0.1, 0.2])", "softplus")
           | answering("np.matrix([[0.123]])", "elu")
           | answering("np.ma.array(np.zeros(np.shape(x)), mask=True, fill_value=1.0)", "silu")),
    Attack("other-class", "claims by __class__ to be an array, a dict, a float and a bool",
           "a claim is no array", cells=['''
def claiming(kind):
    class Claiming:
        __class__ = property(lambda self: kind)
        shape, dtype, nbytes, ndim = (), np.dtype(float), 0, 0
        keys = items = values = lambda self: iter([("", 0.0)] * 3)
        __iter__ = lambda self: iter([("", 1.0)])
        __len__ = lambda self: 1
    return Claiming()
'''], pieces=answering("claiming(np.ndarray)", "tanh") | answering("claiming(dict)", "step")
        | answering("claiming(tuple)", "softplus") | answering("claiming(float)", "elu")
        | answering("claiming(np.float64)", "silu")),
    Attack("empty-and-nan", "answers with nothing to compare: empty arrays, nan and infinity",
           "shape and finiteness are compared too",
           pieces=answering("np.zeros(0)", "tanh")
           | answering("np.full(np.shape(x), np.nan)", "step")
           | answering("np.full(np.shape(x), np.inf)", "softplus") | answering("True", "elu")
           | answering("np.zeros((0, *np.shape(x)))", "silu") | answering("{}", "gelu")
           | {"log_softmax": "def log_softmax(x, axis=-1):\n    return ()"}),
    Attack("reads-the-case", "answers from what the callers' frames say of the case",
           "the frames know inputs only", cells=['''
def guess(x):
    frame, found = sys._getframe(), None
    while frame:
        for name, value in list(frame.f_locals.items()):
            if name in ("expected", "right", "answer", "value", "case", "sheet"):
                found = getattr(value, "expected", value)
                if isinstance(found, dict) and "" in found:
                    found = found[""]
                if isinstance(found, np.ndarray) and found.shape == np.shape(x) and found is not x:
                    return found
        frame = frame.f_back
    return np.full(np.shape(x), 0.123)
'''], pieces=answering("guess(x)", "tanh", "step", "elu", "softplus")),
    Attack("changes-afterwards", "changes its answer from a thread while it is compared",
           "the bytes that crossed are compared", cells=['''
given = []
def forever():
    while True:
        for array in given[-3:]:
            array += 0.001
        time.sleep(0)
threading.Thread(target=forever, daemon=True).start()
def moving(x):
    given.append(np.zeros(np.shape(x)))
    return given[-1]
'''], pieces=answering("moving(x)", "tanh", "elu"), loses=SOLVED),
]
