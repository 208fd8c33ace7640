"""Gradients that check other gradients, and the one gradient that is worth knowing by heart."""

import numpy as np

from nnlib.tensors import unbroadcast


def numerical_gradient(f, x, eps=1e-5):
    r"""Measure the gradient of a function by moving one number at a time, to both sides.

    .. math:: \frac{\partial f}{\partial x_i} \approx
        \frac{f(x + \epsilon e_i) - f(x - \epsilon e_i)}{2 \epsilon}

    Parameters
    ----------
    f : callable
        Takes an array like `x` and returns a number.
    x : ndarray, any shape
        Where to measure; floats or integers. Left as it is.
    eps : float
        How far to move.

    Returns
    -------
    ndarray of float64, same shape as `x`

    Examples
    --------
    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([3.0, -1.0])).round(6)
    array([ 6., -2.])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 11.5 (the centered difference).
    """
    x = np.array(x, dtype=np.float64)  # a copy that eps is not lost in
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        here = x[index]
        x[index] = here + eps
        above = f(x)
        x[index] = here - eps
        below = f(x)
        x[index] = here
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def check_gradient(forward, backward, x, rng, eps=1e-5):
    r"""Hold a backward pass against measured slopes, with a random upstream gradient.

    The number whose gradient is measured is ``L = (forward(x) * dy).sum()``, with `dy` drawn from
    the normal distribution: with ones, mistakes that cancel in a sum would pass.

    Parameters
    ----------
    forward : callable
        Takes an array like `x` and returns an array.
    backward : callable
        Takes `x` and `dy`, the gradient for the output of `forward`, and returns that for `x`.
    x : ndarray, any shape
        Where to check. Left as it is.
    rng : numpy.random.Generator
        Draws `dy`.
    eps : float
        How far `numerical_gradient` moves.

    Returns
    -------
    dict
        The place where the two disagree most: its ``index`` (a tuple of int), ``analytic`` and
        ``numeric`` (what `backward` and the measurement say there), and the ``error``
        ``|analytic - numeric| / max(1, |analytic|, |numeric|)``. An error below 1e-6 is rounding.

    Examples
    --------
    >>> report = check_gradient(np.square, lambda x, dy: dy * x, np.array([1.0, 5.0]),
    ...                         np.random.default_rng(0))  # the 2 is forgotten
    >>> report["index"], round(report["numeric"] / report["analytic"], 6)
    ((1,), 2.0)

    References
    ----------
    Stanford CS231n, course notes, *Neural Networks Part 3: Gradient checks* (relative error).
    """
    x = np.array(x, dtype=np.float64)
    dy = rng.normal(size=np.shape(forward(x)))
    analytic = backward(x.copy(), dy)
    numeric = numerical_gradient(lambda x: float(np.sum(forward(x) * dy)), x, eps)
    scale = np.maximum(1.0, np.maximum(np.abs(analytic), np.abs(numeric)))
    errors = np.abs(analytic - numeric) / scale
    index = np.unravel_index(np.argmax(errors), x.shape)
    return {
        "index": tuple(int(i) for i in index),
        "analytic": float(analytic[index]),
        "numeric": float(numeric[index]),
        "error": float(errors[index]),
    }


def matmul_backward(a, b, dy):
    r"""Carry a gradient back through ``y = a @ b``.

    .. math:: \frac{\partial L}{\partial a} = \frac{\partial L}{\partial y} \, b^\top, \qquad
        \frac{\partial L}{\partial b} = a^\top \, \frac{\partial L}{\partial y}

    Parameters
    ----------
    a : ndarray, shape (..., m, k)
    b : ndarray, shape (..., k, n)
        The leading axes of `a` and `b` broadcast.
    dy : ndarray, shape (..., m, n)
        Gradient of the loss for the product.

    Returns
    -------
    da, db : ndarray, shapes of `a` and `b`
        A matrix that was used for a whole stack gets the sum over the stack.

    Examples
    --------
    >>> da, db = matmul_backward(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]),
    ...                          np.array([[10.0]]))
    >>> da, db.T
    (array([[30., 40.]]), array([[10., 20.]]))

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.5.6.
    """
    da = dy @ np.swapaxes(b, -1, -2)
    db = np.swapaxes(a, -1, -2) @ dy
    return unbroadcast(da, a.shape), unbroadcast(db, b.shape)
