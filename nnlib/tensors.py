"""Arrays, the shapes they take, and the first models that can be written with them."""

import numpy as np


def matmul(a, b):
    r"""Multiply matrices: every row of `a` with every column of `b`.

    .. math:: c_{ij} = \sum_k a_{ik} b_{kj}

    Parameters
    ----------
    a : ndarray, shape (..., m, k)
        A matrix, or a stack of them. Integers are promoted to float64.
    b : ndarray, shape (..., k, n)
        The leading axes of `a` and `b` broadcast.

    Returns
    -------
    ndarray, shape (..., m, n)

    Examples
    --------
    >>> matmul(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    array([[4., 5.]])
    """
    return (1.0 * a) @ b  # 1.0: integers become float64, float32 stays


def broadcast_shapes(*shapes):
    """Return the shape that arrays of these shapes have together.

    Line the shapes up at their last axis.
    Sizes that meet must be equal, or one of them 1; a missing axis counts as 1.

    Parameters
    ----------
    *shapes : tuple of int
        Any number of shapes, of any length. A size may be 0.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If two sizes differ and neither is 1. The message names the axis, counted from the end.

    Examples
    --------
    >>> broadcast_shapes((32, 1, 3), (5, 1))
    (32, 5, 3)
    >>> broadcast_shapes((4, 3), (2, 3))
    Traceback (most recent call last):
    ValueError: shapes (4, 3), (2, 3) do not broadcast: axis -2 has sizes 4, 2

    References
    ----------
    Harris et al. (2020), *Array programming with NumPy*, Nature 585, figure 1.
    """
    rank = max((len(shape) for shape in shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for axis, sizes in enumerate(zip(*padded, strict=True)):
        size = next((size for size in sizes if size != 1), 1)
        if any(other not in (1, size) for other in sizes):
            names = ", ".join(map(str, shapes))
            met = ", ".join(map(str, sizes))
            raise ValueError(f"shapes {names} do not broadcast: axis {axis - rank} has sizes {met}")
        result.append(size)
    return tuple(result)


def unbroadcast(grad, shape):
    """Sum a gradient over the axes along which an array was repeated.

    An array of shape `shape` was broadcast to the shape of `grad`.
    Each of its entries was used several times, so its gradient is the sum over all those uses.

    Parameters
    ----------
    grad : ndarray, any shape
        The gradient for the broadcast result.
    shape : tuple of int
        The shape before broadcasting.

    Returns
    -------
    ndarray, shape `shape`

    Raises
    ------
    ValueError
        If `shape` does not broadcast to the shape of `grad`.

    Examples
    --------
    >>> unbroadcast(np.array([[1.0, 2.0], [3.0, 4.0]]), (2,))
    array([4., 6.])
    >>> unbroadcast(np.array([[1.0, 2.0], [3.0, 4.0]]), (2, 1))
    array([[3.],
           [7.]])
    """
    if np.broadcast_shapes(grad.shape, shape) != grad.shape:
        raise ValueError(f"shape {shape} does not broadcast to {grad.shape}")
    added = grad.ndim - len(shape)
    stretched = [added + axis for axis, size in enumerate(shape) if size == 1]
    return (1.0 * grad).sum(axis=(*range(added), *stretched)).reshape(shape)


def dense(x, kernel, bias=None):
    """Compute a fully connected layer, ``x @ kernel + bias``.

    Parameters
    ----------
    x : ndarray, shape (..., D)
        Samples of D features, in a batch of any rank. Integers are promoted to float64.
    kernel : ndarray, shape (D, U)
        One column of weights for each of the U units.
    bias : ndarray, shape (U,), or None
        One number for each unit; None adds nothing.

    Returns
    -------
    ndarray, shape (..., U)

    Raises
    ------
    ValueError
        If `bias` is not of shape (U,): other shapes would broadcast in silence.

    Examples
    --------
    >>> dense(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 2.0]]), np.ones(3))
    array([[2., 3., 7.]])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.1, with one sample a row.
    """
    if bias is None:
        return (1.0 * x) @ kernel
    if bias.shape != kernel.shape[1:]:
        raise ValueError(f"bias has shape {bias.shape}, expected {kernel.shape[1:]}")
    return (1.0 * x) @ kernel + bias


def one_hot(labels, num_classes):
    """Write each label as a row of zeros with a single 1, at the label's place.

    Parameters
    ----------
    labels : ndarray of int, any shape
        Classes, counted from 0. A label outside of ``0 ... num_classes - 1`` gives a row of zeros.
    num_classes : int
        The length of a row, K.

    Returns
    -------
    ndarray of float64, shape (*labels.shape, K)

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])

    References
    ----------
    Rows of zeros for labels out of range are the rule of ``tf.one_hot``.
    """
    return (labels[..., np.newaxis] == np.arange(num_classes)).astype(np.float64)


class Standardizer:
    r"""Give every feature mean 0 and standard deviation 1, with what was learned in `fit`.

    .. math:: z = (x - \mu) / \sigma

    Fit it to the training data, then transform training, validation and test data with it.

    Examples
    --------
    >>> scaler = Standardizer().fit(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> scaler.transform(np.array([[1.0, 5.0], [4.0, 5.0]]))
    array([[-1.,  0.],
           [ 2.,  0.]])

    References
    ----------
    LeCun, Bottou, Orr, Müller (1998), *Efficient BackProp*, section 4.3.
    """

    def __init__(self):
        self.mean = None
        self.std = None

    def fit(self, x):
        """Remember the mean and the standard deviation of every feature.

        Parameters
        ----------
        x : ndarray, shape (N, D)
            The training data. Use the variance of this population, divided by N.
            A feature that never varies keeps its scale: its standard deviation counts as 1.

        Returns
        -------
        Standardizer
            Itself, so that ``Standardizer().fit(x)`` is a fitted one.
        """
        self.mean = x.mean(axis=0)
        varies = x.max(axis=0) > x.min(axis=0)  # the std of equal numbers may be 1e-17, not 0
        self.std = np.where(varies, x.std(axis=0), 1.0)
        return self

    def transform(self, x):
        """Subtract the mean and divide by the standard deviation, both as remembered by `fit`.

        Parameters
        ----------
        x : ndarray, shape (N, D)
            Any data with the features of the training data; N may differ.

        Returns
        -------
        ndarray, shape (N, D)
            A feature that never varied in the training data is 0 there.
        """
        return (x - self.mean) / self.std

    def inverse_transform(self, z):
        """Undo `transform`.

        Parameters
        ----------
        z : ndarray, shape (N, D)
            Standardised data.

        Returns
        -------
        ndarray, shape (N, D)
            The data in the units they had.
        """
        return z * self.std + self.mean


def to_batches(x, y, batch_size=32, shuffle=False, rng=None, drop_remainder=False):
    """Yield the samples and their targets in batches: one pass is one epoch.

    Parameters
    ----------
    x : ndarray, shape (N, ...)
        One sample a row.
    y : ndarray, shape (N, ...)
        The target of each sample. A sample and its target stay together.
    batch_size : int
        Samples in a batch. The last batch holds what is left.
    shuffle : bool
        Draw a new order for every pass. Without it, keep the order of the rows.
    rng : numpy.random.Generator or None
        Where the order comes from; None is a fresh ``np.random.default_rng()``.
    drop_remainder : bool
        Leave out a last batch that is not full.

    Yields
    ------
    tuple of two ndarrays
        A batch of `x` and the same batch of `y`; `x` and `y` themselves stay as they are.

    Raises
    ------
    ValueError
        If `x` and `y` do not have the same number of rows.

    Examples
    --------
    >>> for x, y in to_batches(np.arange(5), np.arange(5) * 10, batch_size=2):
    ...     print(x, y)
    [0 1] [ 0 10]
    [2 3] [20 30]
    [4] [40]

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 8.1.3.
    """
    if len(x) != len(y):
        raise ValueError(f"y has {len(y)} rows, expected {len(x)}, one for each row of x")
    order = np.random.default_rng(rng).permutation(len(x)) if shuffle else np.arange(len(x))
    if drop_remainder:
        order = order[: len(x) - len(x) % batch_size]
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        yield x[batch], y[batch]


def validation_split(x, y, fraction):
    r"""Set the last samples aside for validation, counted as Keras counts them.

    .. math:: N_\text{train} = \lfloor N (1 - \text{fraction}) \rfloor

    Parameters
    ----------
    x : ndarray, shape (N, ...)
        One sample a row.
    y : ndarray, shape (N, ...)
        The target of each sample.
    fraction : float
        The part of the samples to set aside, between 0 and 1.

    Returns
    -------
    (x_train, y_train), (x_val, y_val) : two pairs of ndarrays
        The first samples and the last ones, in the order they had.

    Raises
    ------
    ValueError
        If `x` and `y` do not have the same number of rows, or one part would be empty.

    Examples
    --------
    >>> validation_split(np.arange(5), np.arange(5) * 10, fraction=0.25)
    ((array([0, 1, 2]), array([ 0, 10, 20])), (array([3, 4]), array([30, 40])))

    References
    ----------
    Argument `validation_split` of ``keras.Model.fit``, Keras 3.
    """
    if len(x) != len(y):
        raise ValueError(f"y has {len(y)} rows, expected {len(x)}, one for each row of x")
    split = int(np.floor(len(x) * (1 - fraction)))
    if not 0 < split < len(x):
        raise ValueError(f"fraction {fraction} of {len(x)} samples leaves one part empty")
    return (x[:split], y[:split]), (x[split:], y[split:])


def normal_equation(x, y):
    r"""Find the weights of a linear model with the least squared error, in one step.

    .. math:: X^\top X w = X^\top y

    No intercept is added: give `x` a column of ones if you want one.

    Parameters
    ----------
    x : ndarray, shape (N, D)
        One sample a row.
    y : ndarray, shape (N,)
        Targets.

    Returns
    -------
    ndarray, shape (D,)
        The weights; the shortest such vector where many are equally good.

    Examples
    --------
    >>> x = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    >>> normal_equation(x, np.array([5.0, 7.0, 9.0])).round(6)
    array([3., 2.])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 5.1.4;
    section 2.9 for the shortest solution.
    """
    return np.linalg.lstsq(x, y, rcond=None)[0]  # also right where X^T X has no inverse


def linear_gd(x, y, learning_rate, steps):
    r"""Find the weights of a linear model by gradient descent on the mean squared error.

    .. math:: w \leftarrow w - \eta \tfrac{2}{N} X^\top (X w - y)

    Start with weights of zero and use all samples in every step.

    Parameters
    ----------
    x : ndarray, shape (N, D)
        One sample a row. Integers are promoted to float64.
    y : ndarray, shape (N,)
        Targets.
    learning_rate : float
        The length of a step, eta.
    steps : int
        How many steps to take.

    Returns
    -------
    ndarray, shape (D,)

    Raises
    ------
    ValueError
        If `y` is not of shape (N,): a column would broadcast in silence.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> linear_gd(x, np.array([1.0, 2.0]), learning_rate=0.5, steps=1)
    array([0.5, 2. ])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 4.5.
    """
    if y.shape != (len(x),):
        raise ValueError(f"y has shape {y.shape}, expected {(len(x),)}")
    x = 1.0 * x
    weights = np.zeros_like(x, shape=x.shape[1])
    for _ in range(steps):
        weights = weights - learning_rate * (2 / len(x)) * (x.T @ (x @ weights - y))
    return weights


def perceptron_fit(x, y, learning_rate=1.0, epochs=10):
    r"""Learn to separate two classes by correcting one mistake at a time.

    A sample fires if ``sample @ weights + bias > 0``; then 1 is predicted, otherwise 0.
    Start at zero, go through the samples in order, and after each one correct:

    .. math:: w \leftarrow w + \eta (y - \hat y) x, \quad b \leftarrow b + \eta (y - \hat y)

    Parameters
    ----------
    x : ndarray, shape (N, D)
        One sample a row. Integers are promoted to float64.
    y : ndarray, shape (N,)
        Labels, 0 or 1.
    learning_rate : float
        The size of a correction, eta.
    epochs : int
        How often to go through all samples.

    Returns
    -------
    weights : ndarray, shape (D,)
        Of the dtype of `x`.
    bias : float

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1, or `y` is not of shape (N,).

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> weights, bias = perceptron_fit(x, np.array([0, 0, 0, 1]))
    >>> x @ weights + bias > 0
    array([False, False, False,  True])

    References
    ----------
    Rosenblatt (1958), *The perceptron*, Psychological Review 65(6).
    Novikoff (1962), *On convergence proofs on perceptrons*: with two classes that a line can
    separate, the corrections come to an end.
    """
    if y.shape != (len(x),) or not np.isin(y, (0, 1)).all():
        raise ValueError(f"y must hold a 0 or a 1 for each of the {len(x)} samples")
    x = 1.0 * x
    weights, bias = np.zeros_like(x, shape=x.shape[1]), 0.0
    for _ in range(epochs):
        for sample, label in zip(x, y, strict=True):
            error = float(label) - float(sample @ weights + bias > 0)
            weights = weights + learning_rate * error * sample
            bias = bias + learning_rate * error
    return weights, bias


def logistic_predict_proba(x, weights, bias):
    r"""Return the probability of class 1 in logistic regression.

    .. math:: p = \frac{1}{1 + e^{-(X w + b)}}

    Parameters
    ----------
    x : ndarray, shape (N, D)
        One sample a row.
    weights : ndarray, shape (D,)
    bias : float

    Returns
    -------
    ndarray, shape (N,)
        Any finite input: neither large nor very negative logits may overflow.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [-1000.0, 0.0]])
    >>> logistic_predict_proba(x, np.array([1.0, 1.0]), 0.0)
    array([0.5, 0. ])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 5.7.1.
    """
    z = (1.0 * x) @ weights + bias
    return np.exp(-np.logaddexp(0.0, -z))  # the sigmoid, in a form that cannot overflow


def logistic_grad(x, y, weights, bias):
    r"""Return the gradient of logistic regression's mean binary cross-entropy.

    .. math:: L = -\frac{1}{N} \sum_i \bigl( y_i \log p_i + (1 - y_i) \log(1 - p_i) \bigr)

    Parameters
    ----------
    x : ndarray, shape (N, D)
        One sample a row.
    y : ndarray, shape (N,)
        Targets: 0, 1, or a probability between them.
    weights : ndarray, shape (D,)
    bias : float

    Returns
    -------
    dweights : ndarray, shape (D,)
        The gradient for the weights.
    dbias : float
        The gradient for the bias.

    Raises
    ------
    ValueError
        If `y` does not have the shape of the predictions, (N,).

    Examples
    --------
    >>> x = np.array([[2.0, 0.0], [0.0, 4.0]])
    >>> dweights, dbias = logistic_grad(x, np.array([1.0, 0.0]), np.array([0.0, 0.0]), 0.0)
    >>> dweights
    array([-0.5,  1. ])

    References
    ----------
    Bishop (2006), *Pattern Recognition and Machine Learning*, equation 4.91.
    """
    p = logistic_predict_proba(x, weights, bias)
    if y.shape != p.shape:
        raise ValueError(f"y has shape {y.shape}, expected {p.shape}")
    error = (p - y) / len(x)
    return x.T @ error, error.sum()
