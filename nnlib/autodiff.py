"""Derivatives of any expression: a graph of numbers, and a tape of arrays."""

import math

import numpy as np

from nnlib import activations
from nnlib.gradients import matmul_backward
from nnlib.tensors import unbroadcast


def topological_order(node):
    """List a node and all that it was computed from, each one after its parents.

    Parameters
    ----------
    node : object
        Has ``parents``, a sequence of nodes; those of a leaf are empty. There are no circles.

    Returns
    -------
    list of node
        Each node once, however many paths lead to it; `node` is the last. A chain of ten thousand
        nodes is as good as a short one.

    Examples
    --------
    >>> a = Value(2.0)
    >>> b = a * a
    >>> topological_order(b + a)[0] is a
    True

    References
    ----------
    Kahn (1962), *Topological sorting of large networks*; here by depth-first search, as in
    Cormen et al., *Introduction to Algorithms*, section 22.4 (third edition).
    """
    order, seen, waiting = [], set(), [(node, False)]
    while waiting:  # a list instead of recursion, which Python ends at a depth of 1,000
        node, parents_are_listed = waiting.pop()
        if parents_are_listed:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.append((node, True))
            waiting.extend((parent, False) for parent in node.parents)
    return order


class Operators:
    """Minus and division, and numbers on the left-hand side, from ``+``, ``*`` and ``**``."""

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + other * -1.0

    def __truediv__(self, other):
        return self * other**-1.0

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return self * -1.0 + other

    def __rtruediv__(self, other):
        return self**-1.0 * other


class Value(Operators):
    """A number that remembers how it was computed.

    Every operation returns a new `Value` with the numbers it came from, its parents, and one slope
    for each: the derivative of the result for that parent, there where the numbers are now.

    Parameters
    ----------
    data : float
    parents : tuple of Value
    slopes : tuple of float
        One for each parent.
    op : str
        What was done, for pictures.

    Attributes
    ----------
    grad : float
        The derivative of the result for this number, once `backward` of the result was called.

    Examples
    --------
    >>> a, b, c = Value(5.0), Value(3.0), Value(2.0)
    >>> J = 3 * (a * b + c)
    >>> J.backward()
    >>> J.data, a.grad, b.grad, c.grad
    (51.0, 9.0, 15.0, 3.0)

    References
    ----------
    Baydin et al. (2018), *Automatic differentiation in machine learning: a survey*, section 3.2.
    """

    def __init__(self, data, parents=(), slopes=(), op=""):
        self.data, self.grad, self.op = float(data), 0.0, op
        self.parents, self.slopes = parents, slopes

    def __repr__(self):
        return f"Value({self.data:.6g}, grad={self.grad:.6g})"

    def __add__(self, other):
        """Return the sum with another `Value`, or with a number."""
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        """Return the product with another `Value`, or with a number."""
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data), "×")

    def __pow__(self, exponent):
        """Return the power, for an exponent that is a plain number."""
        slope = exponent * self.data ** (exponent - 1)
        return Value(self.data**exponent, (self,), (slope,), f"^{exponent:g}")

    def exp(self):
        """Return e to the power of this number."""
        y = math.exp(self.data)
        return Value(y, (self,), (y,), "exp")

    def log(self):
        """Return the natural logarithm of this number, which is positive."""
        return Value(math.log(self.data), (self,), (1 / self.data,), "log")

    def tanh(self):
        """Return the hyperbolic tangent of this number."""
        y = math.tanh(self.data)
        return Value(y, (self,), (1 - y**2,), "tanh")

    def relu(self):
        """Return this number if it is positive, else 0; the slope at 0 is 0."""
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),), "relu")

    def sigmoid(self):
        """Return the logistic sigmoid; numbers far from 0 do not overflow."""
        y = float(activations.sigmoid(np.float64(self.data)))
        return Value(y, (self,), (y * (1 - y),), "σ")

    def backward(self):
        """Fill `grad` of this number and of all that it was computed from.

        This number's own is 1. A parent gets the sum, over all its uses, of slope times the grad
        of what it was used for. Leaves, which have no parents, add it to what they have, so that
        the gradients of several results add up; every other number starts from 0.
        """
        order = topological_order(self)
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += slope * node.grad

    def zero_grad(self):
        """Set `grad` of this number and of all that it was computed from to 0."""
        for node in topological_order(self):
            node.grad = 0.0


class Variable(Operators):
    """An array whose operations are written down by every `Tape` that runs.

    Parameters
    ----------
    data : array_like
        Integers are promoted to float64.

    Examples
    --------
    >>> w = Variable([1.0, 2.0])
    >>> with Tape() as tape:
    ...     loss = (w * w).sum()
    >>> tape.gradient(loss, w)
    array([2., 4.])
    """

    __array_ufunc__ = None  # so that NumPy leaves ``array + variable`` to us

    def __init__(self, data):
        data = np.asarray(data)
        self.data = data if data.dtype.kind == "f" else data.astype(np.float64)

    def __repr__(self):
        return f"Variable({self.data!r})"

    def of(self, x):
        if isinstance(x, int | float):
            x = np.asarray(x, self.data.dtype)  # a plain number takes our dtype
        return x if isinstance(x, Variable) else Variable(x)

    def record(self, data, *uses):
        output = Variable(data)
        for tape in Tape.running:
            tape.records.append((output, uses))
        return output

    @property
    def shape(self):
        return self.data.shape

    def __add__(self, other):
        other = self.of(other)
        return self.record(self.data + other.data, (self, lambda dy: dy), (other, lambda dy: dy))

    def __mul__(self, other):
        other = self.of(other)
        return self.record(self.data * other.data, (self, lambda dy: dy * other.data),
                       (other, lambda dy: dy * self.data))

    def __pow__(self, exponent):
        return self.record(self.data**exponent,
                       (self, lambda dy: dy * exponent * self.data ** (exponent - 1)))

    def __matmul__(self, other):
        a, b = self, self.of(other)
        return self.record(a.data @ b.data,
                       (a, lambda dy: matmul_backward(a.data, b.data, dy)[0]),
                       (b, lambda dy: matmul_backward(a.data, b.data, dy)[1]))

    def __rmatmul__(self, other):
        return self.of(other) @ self

    def __getitem__(self, index):
        def backward(dy):
            dx = np.zeros_like(self.data)
            np.add.at(dx, index, dy)  # an entry that was taken twice gets both gradients
            return dx

        return self.record(self.data[index], (self, backward))

    def sum(self, axis=None, keepdims=False):
        def backward(dy):
            if axis is not None and not keepdims:
                dy = np.expand_dims(dy, axis)
            return np.broadcast_to(dy, self.shape)

        return self.record(self.data.sum(axis=axis, keepdims=keepdims), (self, backward))

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def reshape(self, *shape):
        return self.record(self.data.reshape(*shape), (self, lambda dy: dy.reshape(self.shape)))

    def exp(self):
        y = np.exp(self.data)
        return self.record(y, (self, lambda dy: dy * y))

    def log(self):
        return self.record(np.log(self.data), (self, lambda dy: dy / self.data))

    def apply(self, name):
        """Apply the function of this name from `nnlib.activations`, such as ``"relu"``."""
        forward, backward = getattr(activations, name), getattr(activations, f"{name}_backward")
        return self.record(forward(self.data), (self, lambda dy: backward(self.data, dy)))


class Tape:
    """Write operations down while they happen, then read them backwards.

    The small brother of ``tf.GradientTape``.

    Attributes
    ----------
    records : list of (output, uses)
        Every operation in its order: the `Variable` that came out, and for each that went in a
        pair of the `Variable` and its backward function, from the gradient for the output to the
        part of the input's that comes from this use.

    Examples
    --------
    >>> x, w = np.array([[1.0, 2.0]]), Variable([[3.0], [4.0]])
    >>> with Tape() as tape:
    ...     loss = ((x @ w - 10) ** 2).mean()
    >>> tape.gradient(loss, w).T
    array([[2., 4.]])
    """

    running = []

    def __init__(self):
        self.records = []

    def __enter__(self):
        Tape.running.append(self)
        return self

    def __exit__(self, *exception):
        Tape.running.remove(self)

    def gradient(self, target, sources):
        """Return the gradient of the sum of `target` for each source.

        Parameters
        ----------
        target : Variable
            Was computed while the tape ran.
        sources : Variable, or list of Variable

        Returns
        -------
        ndarray or None, or a list of them
            Of the shape of its source, even where that was broadcast (see `unbroadcast`); None
            for a source that has no part in the target.
        """
        grads = {id(target): np.ones_like(target.data)}
        for output, uses in reversed(self.records):
            if id(output) not in grads:
                continue
            for source, backward in uses:
                part = unbroadcast(backward(grads[id(output)]), source.shape)
                grads[id(source)] = grads.get(id(source), 0.0) + part
        if isinstance(sources, list | tuple):
            return [grads.get(id(source)) for source in sources]
        return grads.get(id(sources))

