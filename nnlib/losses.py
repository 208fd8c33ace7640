"""Losses: how wrong a prediction is, and in which direction to correct it.

Every loss is a class. ``forward(y_true, y_pred)`` returns the mean loss as a number and remembers
both arrays; ``backward()`` returns the gradient of that number for ``y_pred``.
Names, options, defaults and conventions are those of Keras 3.
"""

import numpy as np

from nnlib.activations import log_softmax, sigmoid, softmax


class Loss:
    """Reduce the losses of single samples to one number, and remember what `backward` needs.

    A subclass writes two methods: ``per_sample(y_true, y_pred)``, the loss of each sample, and
    ``backward()``, the gradient of the mean for ``self.y_pred``. The first may keep what the
    second can use again.

    Parameters
    ----------
    integer_labels : bool
        Whether the targets are class numbers, one for each row of scores.
    """

    def __init__(self, integer_labels=False):
        self.integer_labels = integer_labels

    def forward(self, y_true, y_pred):
        """Return the mean of the samples' losses, and remember targets and predictions.

        Parameters
        ----------
        y_true : array_like, same shape as `y_pred`
            Targets. Integer labels lack the last axis of `y_pred`, or have size 1 there.
        y_pred : array_like, at least one element
            Predictions. Integers are promoted to float64; the targets get the dtype of `y_pred`.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the shapes differ: broadcasting ``(N,)`` against ``(N, 1)`` would compare every
            prediction with every target. If an integer label names no class.
        """
        y_pred = np.asarray(y_pred)
        if y_pred.dtype.kind != "f":
            y_pred = y_pred.astype(np.float64)
        shape = y_pred.shape
        if self.integer_labels:
            y_true, shape = np.asarray(y_true).astype(np.int64, copy=False), shape[:-1]
            if y_true.shape == (*shape, 1):
                y_true = y_true[..., 0]
        else:
            y_true = np.asarray(y_true).astype(y_pred.dtype, copy=False)
        if y_true.shape != shape:
            raise ValueError(
                f"y_true has shape {y_true.shape}, expected {shape}, since y_pred has shape "
                f"{y_pred.shape}: reshape one of them"
            )
        # As unsigned numbers, negative labels are huge: one look finds both kinds of wrong ones.
        if self.integer_labels and y_true.view(np.uint64).max() >= y_pred.shape[-1]:
            raise ValueError(
                f"labels run from {y_true.min()} to {y_true.max()}, expected 0 to "
                f"{y_pred.shape[-1] - 1}"
            )
        self.y_true, self.y_pred = y_true, y_pred
        losses = np.asarray(self.per_sample(y_true, y_pred))
        return float(losses.sum() / losses.size)

    def per_sample(self, y_true, y_pred):
        """Return the loss of each sample, an array without the last axis of `y_pred`."""
        raise NotImplementedError

    def backward(self):
        """Return the gradient of the last `forward` for its `y_pred`, in the same shape."""
        raise NotImplementedError


class MeanSquaredError(Loss):
    r"""Average the squares of the errors.

    .. math:: L = \frac{1}{n} \sum_i (\hat y_i - y_i)^2

    The sum runs over all n elements of `y_pred`, whatever its shape.

    Examples
    --------
    >>> loss = MeanSquaredError()
    >>> loss.forward([20.0, 3.0, 1.0], [10.0, 8.0, 6.0])
    50.0
    >>> loss.backward().round(3)
    array([-6.667,  3.333,  3.333])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 5.1.4.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the squared errors over the last axis.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (..., K)

        Returns
        -------
        ndarray, shape (...)
        """
        return np.mean((y_pred - y_true) ** 2, axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        return 2 * (self.y_pred - self.y_true) / self.y_pred.size


class MeanAbsoluteError(Loss):
    r"""Average the absolute errors.

    .. math:: L = \frac{1}{n} \sum_i |\hat y_i - y_i|

    The slope of the absolute value at zero is taken to be zero: a perfect prediction is not pushed.

    Examples
    --------
    >>> loss = MeanAbsoluteError()
    >>> round(loss.forward([20.0, 3.0, 1.0], [10.0, 8.0, 6.0]), 3)
    6.667
    >>> loss.backward().round(3)
    array([-0.333,  0.333,  0.333])

    References
    ----------
    Keras 3, `keras.losses.MeanAbsoluteError`: the same choice at an error of zero.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the absolute errors over the last axis.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (..., K)

        Returns
        -------
        ndarray, shape (...)
        """
        return np.mean(np.abs(y_pred - y_true), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements, zero where the error is zero.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        return np.sign(self.y_pred - self.y_true) / self.y_pred.size


class MeanAbsolutePercentageError(Loss):
    r"""Average the absolute errors in per cent of the targets.

    .. math:: L = \frac{100}{n} \sum_i \frac{|\hat y_i - y_i|}{\max(|y_i|, 10^{-7})}

    The floor in the denominator is Keras's: a target of zero gives a huge loss, but no division
    by zero.

    Examples
    --------
    >>> loss = MeanAbsolutePercentageError()
    >>> round(loss.forward([20.0, 3.0, 1.0], [10.0, 8.0, 6.0]), 2)
    238.89
    >>> loss.backward().round(3)
    array([-1.667, 11.111, 33.333])

    References
    ----------
    Keras 3, `keras.losses.MeanAbsolutePercentageError`.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the percentages over the last axis.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (..., K)

        Returns
        -------
        ndarray, shape (...)
        """
        return 100 * np.mean(np.abs(y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements, zero where the error is zero.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        slope = np.sign(self.y_pred - self.y_true) / np.maximum(np.abs(self.y_true), 1e-7)
        return 100 * slope / self.y_pred.size


class MeanBiasError(Loss):
    r"""Average the signed errors: positive if predictions are too high on average.

    .. math:: L = \frac{1}{n} \sum_i (\hat y_i - y_i)

    Errors of opposite sign cancel: this diagnoses a model, but has no minimum to train it towards.

    Examples
    --------
    >>> loss = MeanBiasError()
    >>> loss.forward([20.0, 3.0, 1.0], [10.0, 8.0, 6.0])
    0.0
    >>> loss.backward().round(3)
    array([0.333, 0.333, 0.333])
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of prediction minus target over the last axis.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (..., K)

        Returns
        -------
        ndarray, shape (...)
        """
        return np.mean(y_pred - y_true, axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        return np.full_like(self.y_pred, 1 / self.y_pred.size)


class Huber(Loss):
    r"""Average errors that count squared while they are small and linearly when they are large.

    .. math:: L = \frac{1}{n} \sum_i \begin{cases} \frac12 e_i^2 & e_i \le \delta \\
        \delta e_i - \frac12 \delta^2 & \text{otherwise} \end{cases}
        \qquad e_i = |\hat y_i - y_i|

    Parameters
    ----------
    delta : float
        The error at which the parabola goes over into a straight line of the same slope.

    Examples
    --------
    >>> loss = Huber(delta=0.5)
    >>> loss.forward([0.0, 0.0], [0.25, 2.0])
    0.453125
    >>> loss.backward()
    array([0.125, 0.25 ])

    References
    ----------
    Huber (1964), Robust estimation of a location parameter, *Annals of Mathematical Statistics* 35.
    """

    def __init__(self, delta=1.0):
        super().__init__()
        self.delta = delta

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (..., K)

        Returns
        -------
        ndarray, shape (...)
        """
        error = np.abs(y_pred - y_true)
        capped = np.minimum(error, self.delta)
        return np.mean(capped * (error - capped / 2), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        error = self.y_pred - self.y_true
        return np.clip(error, -self.delta, self.delta) / self.y_pred.size


class LogCosh(Loss):
    r"""Average the logarithm of the hyperbolic cosine of the errors, a smooth relative of `Huber`.

    .. math:: L = \frac{1}{n} \sum_i \ln \cosh(\hat y_i - y_i)

    Any finite error is legal: the cosine of 1000 overflows, its logarithm is about 999.31.

    Examples
    --------
    >>> loss = LogCosh()
    >>> round(loss.forward([0.0, 0.0], [0.1, 1000.0]), 4)
    499.6559
    >>> loss.backward().round(4)
    array([0.0498, 0.5   ])
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (..., K)

        Returns
        -------
        ndarray, shape (...)
        """
        error = y_pred - y_true
        # ln cosh e = ln(exp(e) + exp(-e)) - ln 2, and logaddexp does not overflow.
        return np.mean(np.logaddexp(error, -error) - float(np.log(2)), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        return np.tanh(self.y_pred - self.y_true) / self.y_pred.size


class BinaryCrossentropy(Loss):
    r"""Average the surprise at yes-or-no answers, given the probability of yes.

    .. math:: L = -\frac{1}{n} \sum_i \bigl(y_i \ln p_i + (1 - y_i) \ln(1 - p_i)\bigr)

    Probabilities are clipped to [1e-7, 1 - 1e-7] before the logarithm; where clipping changes one,
    its gradient is zero. Logits are never clipped: any finite logit is legal.

    Parameters
    ----------
    from_logits : bool
        Whether `y_pred` holds logits z instead of probabilities; then p is the sigmoid of z.
    label_smoothing : float in [0, 1]
        How far the targets are moved towards one half: y (1 - s) + s / 2.

    Examples
    --------
    >>> loss = BinaryCrossentropy()
    >>> round(loss.forward([1, 0, 1, 0, 0, 1], [0.9, 0.2, 0.6, 0.1, 0.4, 0.8]), 6)
    0.279777
    >>> loss = BinaryCrossentropy(from_logits=True)
    >>> loss.forward([0.0, 1.0], [100.0, 100.0])
    50.0
    >>> loss.backward()
    array([0.5, 0. ])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.2.2.2.
    """

    def __init__(self, from_logits=False, label_smoothing=0.0):
        super().__init__()
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true : ndarray, shape (..., K), values in [0, 1]
        y_pred : ndarray, shape (..., K), probabilities or logits

        Returns
        -------
        ndarray, shape (...)
        """
        y = y_true * (1 - self.label_smoothing) + self.label_smoothing / 2
        if self.from_logits:
            # The formula with p = sigmoid(z), rearranged so that no exponent is positive.
            z = y_pred
            return np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))), axis=-1)
        p = np.clip(y_pred, 1e-7, 1 - 1e-7)
        return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements, zero where a probability is clipped.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        y = self.y_true * (1 - self.label_smoothing) + self.label_smoothing / 2
        if self.from_logits:
            return (sigmoid(self.y_pred) - y) / self.y_pred.size
        p = np.clip(self.y_pred, 1e-7, 1 - 1e-7)
        return (p - y) / (p * (1 - p)) * (p == self.y_pred) / self.y_pred.size


class CategoricalCrossentropy(Loss):
    r"""Average over the samples the surprise at the true class, given one probability per class.

    .. math:: L = -\frac{1}{N} \sum_i \sum_k y_{ik} \ln p_{ik}

    Probabilities are first divided by their sum, so that each sample's add up to one, then clipped
    to [1e-7, 1 - 1e-7]; where clipping changes one, its logarithm passes no gradient back.
    Logits are never clipped: any finite logit is legal.

    Parameters
    ----------
    from_logits : bool
        Whether `y_pred` holds logits instead of probabilities; then p is their softmax.
    label_smoothing : float in [0, 1]
        How far the targets are moved towards equal shares of K classes: y (1 - s) + s / K.
        K is the size of `axis`; Keras 3 takes the size of the last axis whatever `axis` is.
    axis : int
        The axis of the classes.

    Examples
    --------
    >>> loss = CategoricalCrossentropy(from_logits=True)
    >>> round(loss.forward([[1.0, 0.0, 0.0]], [[2.0, 1.0, 0.1]]), 5)
    0.41703
    >>> loss.backward().round(4)
    array([[-0.341 ,  0.2424,  0.0986]])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.2.2.3.
    """

    def __init__(self, from_logits=False, label_smoothing=0.0, axis=-1):
        super().__init__()
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def per_sample(self, y_true, y_pred):
        """Return the sum over the classes for each sample.

        Parameters
        ----------
        y_true : ndarray, shape (..., K) for the last axis; each sample's values sum to one
        y_pred : ndarray, same shape, probabilities or logits

        Returns
        -------
        ndarray, the shape without `axis`
        """
        y = y_true * (1 - self.label_smoothing) + self.label_smoothing / y_true.shape[self.axis]
        if self.from_logits:
            return -np.sum(y * log_softmax(y_pred, axis=self.axis), axis=self.axis)
        p = y_pred / y_pred.sum(axis=self.axis, keepdims=True)
        return -np.sum(y * np.log(np.clip(p, 1e-7, 1 - 1e-7)), axis=self.axis)

    def backward(self):
        """Return the gradient of the mean over the samples.

        For probabilities, remember that each is divided by the sum of all.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        classes = self.y_pred.shape[self.axis]
        samples = self.y_pred.size // classes
        y = self.y_true * (1 - self.label_smoothing) + self.label_smoothing / classes
        if self.from_logits:
            return (softmax(self.y_pred, axis=self.axis) - y) / samples
        total = self.y_pred.sum(axis=self.axis, keepdims=True)
        p = self.y_pred / total
        clipped = np.clip(p, 1e-7, 1 - 1e-7)
        dp = -y / clipped * (p == clipped) / samples
        return (dp - np.sum(dp * p, axis=self.axis, keepdims=True)) / total


class SparseCategoricalCrossentropy(Loss):
    r"""Average over the samples the surprise at the true class, whose number is the target.

    .. math:: L = -\frac{1}{N} \sum_i \ln p_{i, y_i}

    It is `CategoricalCrossentropy` without the one-hot targets. Probabilities are first clipped to
    [1e-7, 1 - 1e-7], then divided by their sum; where clipping changes one, its gradient is zero.
    Logits are never clipped: any finite logit is legal.

    Parameters
    ----------
    from_logits : bool
        Whether `y_pred` holds logits instead of probabilities; then p is their softmax.

    Examples
    --------
    >>> loss = SparseCategoricalCrossentropy(from_logits=True)
    >>> round(loss.forward([0], [[2.0, 1.0, 0.1]]), 5)
    0.41703
    >>> loss.backward().round(4)
    array([[-0.341 ,  0.2424,  0.0986]])

    References
    ----------
    Keras 3, `keras.losses.SparseCategoricalCrossentropy`.
    """

    def __init__(self, from_logits=False):
        super().__init__(integer_labels=True)
        self.from_logits = from_logits

    def per_sample(self, y_true, y_pred):
        """Return minus the logarithm of the true class's probability for each sample.

        Parameters
        ----------
        y_true : ndarray of int64, shape (...)
            Class numbers from 0 to K - 1.
        y_pred : ndarray, shape (..., K), probabilities or logits

        Returns
        -------
        ndarray, shape (...)
        """
        z = y_pred if self.from_logits else np.log(np.clip(y_pred, 1e-7, 1 - 1e-7))
        # The softmax of logarithms divides the probabilities by their sum.
        self.log_p = log_softmax(z)  # for backward, too
        rows = self.log_p.reshape(-1, z.shape[-1])
        return -rows[np.arange(len(rows)), y_true.reshape(-1)].reshape(y_true.shape)

    def backward(self):
        """Return the gradient of the mean over the samples.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        is_true = self.y_true[..., None] == np.arange(self.y_pred.shape[-1])
        if self.from_logits:
            return (np.exp(self.log_p) - is_true) / self.y_true.size
        p = np.clip(self.y_pred, 1e-7, 1 - 1e-7)
        dp = 1 / p.sum(axis=-1, keepdims=True) - is_true / p
        return dp * (p == self.y_pred) / self.y_true.size


def to_signs(y_true):
    """Turn a batch of labels 0 and 1 into -1 and +1, and leave any other batch as it is.

    Parameters
    ----------
    y_true : ndarray, any shape

    Returns
    -------
    ndarray, same shape

    Examples
    --------
    >>> to_signs(np.array([0.0, 1.0, 1.0]))
    array([-1.,  1.,  1.])
    >>> to_signs(np.array([-1.0, 1.0, 0.0]))
    array([-1.,  1.,  0.])

    References
    ----------
    Keras 3, `keras.losses.Hinge`: "If binary (0 or 1) labels are provided we will convert them".
    """
    return 2 * y_true - 1 if np.isin(y_true, (0, 1)).all() else y_true


class Hinge(Loss):
    r"""Average how far each score falls short of a margin of one on the side of its label.

    .. math:: L = \frac{1}{n} \sum_i \max(1 - y_i s_i, 0)

    Labels are -1 and +1; a batch of zeros and ones is converted with `to_signs`. At a margin of
    exactly one every slope between zero and -y is right; Keras takes -y.

    Examples
    --------
    >>> loss = Hinge()
    >>> loss.forward([1.0, 0.0], [0.25, -2.0])
    0.375
    >>> loss.backward()
    array([-0.5,  0. ])

    References
    ----------
    Cortes, Vapnik (1995), Support-vector networks, *Machine Learning* 20.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true : ndarray, shape (..., K), labels -1 and 1, or 0 and 1
        y_pred : ndarray, shape (..., K), scores

        Returns
        -------
        ndarray, shape (...)
        """
        return np.mean(np.maximum(1 - to_signs(y_true) * y_pred, 0), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        y = to_signs(self.y_true)
        return np.where(y * self.y_pred <= 1, -y, 0) / self.y_pred.size


class SquaredHinge(Loss):
    r"""Average the squares of what each score lacks to a margin of one.

    .. math:: L = \frac{1}{n} \sum_i \max(1 - y_i s_i, 0)^2

    Labels are -1 and +1; a batch of zeros and ones is converted with `to_signs`.

    Examples
    --------
    >>> loss = SquaredHinge()
    >>> loss.forward([1.0, 0.0], [0.5, 2.0])
    4.625
    >>> loss.backward()
    array([-0.5,  3. ])

    References
    ----------
    Keras 3, `keras.losses.SquaredHinge`.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true : ndarray, shape (..., K), labels -1 and 1, or 0 and 1
        y_pred : ndarray, shape (..., K), scores

        Returns
        -------
        ndarray, shape (...)
        """
        return np.mean(np.maximum(1 - to_signs(y_true) * y_pred, 0) ** 2, axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        y = to_signs(self.y_true)
        return -2 * y * np.maximum(1 - y * self.y_pred, 0) / self.y_pred.size


class CategoricalHinge(Loss):
    r"""Average over the samples how little the true class's score leads the best other one.

    .. math:: L = \frac{1}{N} \sum_i \max\bigl(1 + \max_k\,(1 - y_{ik}) s_{ik}
        - \sum_k y_{ik} s_{ik},\ 0\bigr)

    Targets are one-hot. The true class enters the inner maximum as a zero, as in Keras, so the true
    score also has to lead zero by one. Classes that tie for the maximum share its gradient equally.

    Examples
    --------
    >>> loss = CategoricalHinge()
    >>> loss.forward([[0.0, 1.0, 0.0]], [[0.5, 1.0, 2.0]])
    2.0
    >>> loss.backward()
    array([[ 0., -1.,  1.]])

    References
    ----------
    Keras 3, `keras.losses.CategoricalHinge`. Crammer, Singer (2001), On the algorithmic
    implementation of multiclass kernel-based vector machines, *Journal of Machine Learning
    Research* 2, has the loss without the zero.
    """

    def per_sample(self, y_true, y_pred):
        """Return the loss of each sample.

        Parameters
        ----------
        y_true : ndarray, shape (..., K), one-hot
        y_pred : ndarray, shape (..., K), scores

        Returns
        -------
        ndarray, shape (...)
        """
        rival = np.max((1 - y_true) * y_pred, axis=-1)
        return np.maximum(1 + rival - np.sum(y_true * y_pred, axis=-1), 0)

    def backward(self):
        """Return the gradient of the mean over the samples.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        others = (1 - self.y_true) * self.y_pred
        rival = others.max(axis=-1, keepdims=True)
        share = (others == rival).astype(self.y_pred.dtype)
        share /= share.sum(axis=-1, keepdims=True)
        short = 1 + rival - np.sum(self.y_true * self.y_pred, axis=-1, keepdims=True) >= 0
        samples = self.y_pred.size // self.y_pred.shape[-1]
        return ((1 - self.y_true) * share - self.y_true) * short / samples


class Exponential(Loss):
    r"""Average a loss that grows exponentially with a score on the wrong side.

    .. math:: L = \frac{1}{n} \sum_i e^{-y_i s_i}

    Labels are -1 and +1; a batch of zeros and ones is converted with `to_signs`.
    A score of 710 on the wrong side overflows float64: the loss really is that large.

    Examples
    --------
    >>> loss = Exponential()
    >>> round(loss.forward([1.0, 0.0], [2.0, 1.0]), 4)
    1.4268
    >>> loss.backward().round(4)
    array([-0.0677,  1.3591])

    References
    ----------
    Friedman, Hastie, Tibshirani (2000), Additive logistic regression, *Annals of Statistics* 28,
    section 4.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true : ndarray, shape (..., K), labels -1 and 1, or 0 and 1
        y_pred : ndarray, shape (..., K), scores

        Returns
        -------
        ndarray, shape (...)
        """
        return np.mean(np.exp(-to_signs(y_true) * y_pred), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        y = to_signs(self.y_true)
        return -y * np.exp(-y * self.y_pred) / self.y_pred.size


class SmoothHinge(Loss):
    r"""Average a hinge loss whose corner is rounded off by a parabola.

    .. math:: L = \frac{1}{n} \sum_i \begin{cases} \frac12 - z_i & z_i \le 0 \\
        \frac12 (1 - z_i)^2 & 0 < z_i < 1 \\ 0 & z_i \ge 1 \end{cases}
        \qquad z_i = y_i s_i

    Labels are -1 and +1; a batch of zeros and ones is converted with `to_signs`.

    Examples
    --------
    >>> loss = SmoothHinge()
    >>> loss.forward([1.0, 0.0], [0.5, 2.0])
    1.3125
    >>> loss.backward()
    array([-0.25,  0.5 ])

    References
    ----------
    Rennie, Srebro (2005), Loss functions for preference levels: regression with discrete ordered
    labels, *IJCAI Workshop on Advances in Preference Handling*.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true : ndarray, shape (..., K), labels -1 and 1, or 0 and 1
        y_pred : ndarray, shape (..., K), scores

        Returns
        -------
        ndarray, shape (...)
        """
        lack = np.maximum(1 - to_signs(y_true) * y_pred, 0)
        capped = np.minimum(lack, 1)
        return np.mean(capped * (lack - capped / 2), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        y = to_signs(self.y_true)
        return -y * np.clip(1 - y * self.y_pred, 0, 1) / self.y_pred.size


class KLDivergence(Loss):
    r"""Average over the samples how far one distribution is from another.

    .. math:: L = \frac{1}{N} \sum_i \sum_k y_{ik} \ln \frac{y_{ik}}{p_{ik}}

    Targets and predictions are clipped to [1e-7, 1] first; where clipping changes a prediction, its
    gradient is zero.

    Examples
    --------
    >>> loss = KLDivergence()
    >>> round(loss.forward([[0.5, 0.5]], [[0.25, 0.75]]), 6)
    0.143841
    >>> loss.backward().round(4)
    array([[-2.    , -0.6667]])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 3.13.
    """

    def per_sample(self, y_true, y_pred):
        """Return the sum over the last axis for each sample.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (..., K), probabilities

        Returns
        -------
        ndarray, shape (...)
        """
        y, p = np.clip(y_true, 1e-7, 1), np.clip(y_pred, 1e-7, 1)
        return np.sum(y * np.log(y / p), axis=-1)

    def backward(self):
        """Return the gradient of the mean over the samples, zero where a prediction is clipped.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        y, p = np.clip(self.y_true, 1e-7, 1), np.clip(self.y_pred, 1e-7, 1)
        samples = self.y_pred.size // self.y_pred.shape[-1]
        return -y / p * (p == self.y_pred) / samples


class Poisson(Loss):
    r"""Average the surprise at counts, given the expected count.

    .. math:: L = \frac{1}{n} \sum_i \bigl(\hat y_i - y_i \ln(\hat y_i + 10^{-7})\bigr)

    The term ln(y!) of the Poisson likelihood is left out: it does not depend on the prediction.

    Examples
    --------
    >>> loss = Poisson()
    >>> round(loss.forward([3.0, 0.0], [2.0, 0.5]), 4)
    0.2103
    >>> loss.backward().round(4)
    array([-0.25,  0.5 ])

    References
    ----------
    Keras 3, `keras.losses.Poisson`.
    """

    def per_sample(self, y_true, y_pred):
        """Return the mean of the elements' losses over the last axis.

        Parameters
        ----------
        y_true : ndarray, shape (..., K), counts
        y_pred : ndarray, shape (..., K), expected counts, not negative

        Returns
        -------
        ndarray, shape (...)
        """
        return np.mean(y_pred - y_true * np.log(y_pred + 1e-7), axis=-1)

    def backward(self):
        """Return the gradient of the mean over all elements.

        Returns
        -------
        ndarray, shape and dtype of ``self.y_pred``
        """
        return (1 - self.y_true / (self.y_pred + 1e-7)) / self.y_pred.size
