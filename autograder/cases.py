"""What a check is: data. A target, the same computation in TensorFlow, cases, mistakes.

TensorFlow comes in as the argument ``tf`` of `Check.reference`; only the recorder imports it.
Inputs are drawn from a seed, one stream a case, so that a new case moves no other.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Draw:
    """An input that is drawn from the seed: ``sample(random)`` returns an array.

    Draws take part in arithmetic (``normal(3, 5) * 1e4``) and indexing (``normal(4, 6)[:, ::2]``).
    """

    sample: Callable[[np.random.RandomState], Any]

    def then(self, function):
        """Return the draw of ``function(array)``."""
        return Draw(lambda random: function(self.sample(random)))

    def __add__(self, other):
        return self.then(lambda x: x + other)

    def __mul__(self, other):
        return self.then(lambda x: x * other)

    def __sub__(self, other):
        return self.then(lambda x: x - other)

    def __truediv__(self, other):
        return self.then(lambda x: x / other)

    def __getitem__(self, index):
        return self.then(lambda x: x[index])

    __radd__ = __add__
    __rmul__ = __mul__


def normal(*shape):
    """Draw float64 numbers from the standard normal distribution."""
    return Draw(lambda random: random.standard_normal(shape))


def uniform(*shape, low=0.0, high=1.0):
    """Draw float64 numbers from [low, high)."""
    return Draw(lambda random: random.uniform(low, high, shape))


def integers(*shape, low=0, high):
    """Draw int64 numbers from [low, high)."""
    return Draw(lambda random: random.randint(low, high, shape).astype(np.int64))


def probabilities(*shape):
    """Draw rows of positive float64 numbers that sum to one along the last axis."""
    return Draw(lambda random: random.dirichlet(np.ones(shape[-1]), shape[:-1]))


@dataclass(frozen=True)
class Case:
    """One call, worth `points`: named inputs, and what to tell whoever fails it.

    `dtype` (``"float32"``) casts the float inputs and asks for that dtype back.
    `untouched` asks that no input is changed.
    """

    name: str
    inputs: dict[str, Any]
    hint: str = ""
    points: int = 1
    dtype: str = ""
    untouched: bool = False


def untouched(**inputs):
    """Return the case that every function gets: its arguments are left alone."""
    return Case("leaves its arguments alone", inputs, untouched=True,
                hint="Work on a new array: `y = x * mask` instead of `x *= mask` or `x[mask] = 0`.")


def habits(**inputs):
    """Return the two cases of a function of arrays: float32 stays, arguments are left alone."""
    return [
        Case("float32 stays float32", inputs, dtype="float32",
             hint="Give new arrays the dtype of the input; keep constants plain Python floats."),
        untouched(**inputs),
    ]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer people give: a sentence for the student, and code that gives it.

    `wrong` stands where the student's object stands: a function, or a class.
    """

    sentence: str
    wrong: Callable


def call(target, **inputs):
    return target(**inputs)


def vjp(forward, wrt="x", upstream="dy"):
    """Return a reference: the gradient of ``sum(forward(tf, ...) * upstream)`` for input `wrt`."""

    def reference(tf, **inputs):
        dy, x = inputs.pop(upstream), inputs.pop(wrt)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = forward(tf, **{wrt: x}, **inputs)
        return tape.gradient(y, x, output_gradients=dy)

    return reference


@dataclass
class Check:
    """How one piece of `nnlib` is judged.

    Parameters
    ----------
    target : str
        Dotted name of the piece; its last part names check, exercise cell and notebook cells.
    reference : callable ``(tf, **inputs)``
        The same computation in TensorFlow; floats come in and go out as float64.
        It returns what `attempt` returns: an array or number, a tuple, or a dict of them.
    cases : list of Case
    mistakes : list of Mistake
        Each is caught by at least one case, on every seed.
    attempt : callable ``(target, **inputs)``
        What runs in the sandbox; by default one call. It is sent there as source text:
        a plain `def` at the top of the checks module that uses nothing but ``np``.
    returns : tuple of str
        Names for the parts of a tuple answer, used in sentences.
    constant : str
        Where a constant is the right answer, which one: ``"zeros"``, ``"ones"``, or the name of
        the input that comes back unchanged. Everywhere else such an answer must get no point.
    rtol, atol : float
        An answer `a` for `b` passes if ``|a - b| <= atol + rtol * |b|``.
    forbidden : tuple of str
        Functions of NumPy that do the whole exercise, as in ``"numpy.broadcast_shapes"``; while
        the piece is judged they raise.
    """

    target: str
    reference: Callable
    cases: list[Case]
    mistakes: list[Mistake] = field(default_factory=list)
    attempt: Callable = call
    returns: tuple[str, ...] = ()
    constant: str = ""
    rtol: float = 1e-5
    atol: float = 1e-6
    forbidden: tuple[str, ...] = ()

    @property
    def name(self):
        return self.target.rpartition(".")[2]

    @property
    def points(self):
        return sum(case.points for case in self.cases)


@dataclass(frozen=True)
class Written:
    """A question that a person marks: points, a rubric (points, sentence) and a model answer."""

    name: str
    rubric: list[tuple[int, str]]
    answer: str

    @property
    def points(self):
        return sum(points for points, _ in self.rubric)


def draw(check, case, seed):
    """Return the inputs of a case: fixed values as they are, draws from ``seed``."""
    digest = hashlib.sha256(f"{seed}/{check.name}/{case.name}".encode()).digest()
    random = np.random.RandomState(np.frombuffer(digest, dtype=np.uint32))
    inputs = {k: v.sample(random) if isinstance(v, Draw) else v for k, v in case.inputs.items()}
    if case.dtype:
        inputs = {k: _cast(v, case.dtype) for k, v in inputs.items()}
    return inputs


def _cast(value, dtype):
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    return value
