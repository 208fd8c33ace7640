"""Regularization: what keeps a network from learning its training data by heart."""

import math

import numpy as np

from nnlib.layers import Layer


def train_val_test_split(x, y, fractions=(0.6, 0.2, 0.2), rng=None, stratify=False):
    r"""Deal the samples out at random: to train on, to decide by, and to test once.

    A group of N samples in random order is cut after :math:`N f_1` and after
    :math:`N (f_1 + f_2)` samples, each rounded to the nearest whole number.

    Parameters
    ----------
    x : ndarray, shape (N, ...)
        One sample a row.
    y : ndarray, shape (N, ...)
        The target of each sample. A sample and its target stay together.
    fractions : tuple of three float
        The share of each part. Together they are 1.
    rng : numpy.random.Generator or None
        Where the order comes from; None is a fresh ``np.random.default_rng()``.
    stratify : bool
        Deal each class out by itself, so that it has about the same share in every part; `y` then
        holds class numbers, shape (N,). Without it, all samples are one group.

    Returns
    -------
    (x_train, y_train), (x_val, y_val), (x_test, y_test) : three pairs of ndarrays
        Each in random order, so that no part begins with one class.

    Raises
    ------
    ValueError
        If `x` and `y` do not have the same number of rows, the fractions are not 1 together, or
        a part would be empty.

    Examples
    --------
    >>> x, y = np.arange(10), np.arange(10) % 2
    >>> parts = train_val_test_split(x, y, rng=np.random.default_rng(0), stratify=True)
    >>> [sorted(labels.tolist()) for _, labels in parts]
    [[0, 0, 0, 1, 1, 1], [0, 1], [0, 1]]

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 5.3.
    """
    if len(x) != len(y):
        raise ValueError(f"y has {len(y)} rows, expected {len(x)}, one for each row of x")
    if not math.isclose(sum(fractions), 1):
        raise ValueError(f"the fractions {fractions} are {sum(fractions):g} together, expected 1")
    rng = np.random.default_rng(rng)
    groups = [np.flatnonzero(y == label) for label in np.unique(y)] if stratify else \
        [np.arange(len(y))]
    dealt = []
    for group in groups:
        cuts = np.rint(np.cumsum(fractions[:-1]) * len(group)).astype(int)
        dealt.append(np.split(rng.permutation(group), cuts))
    parts = [rng.permutation(np.concatenate(part)) for part in zip(*dealt, strict=True)]
    if not all(map(len, parts)):
        raise ValueError(f"fractions {fractions} of {len(x)} samples leave a part empty")
    return tuple((x[rows], y[rows]) for rows in parts)


class L1L2:
    r"""Ask a price for weights: so much for their sizes, so much for their squares.

    .. math:: R(w) = \lambda_1 \sum |w| + \lambda_2 \sum w^2

    Parameters
    ----------
    l1, l2 : float
        :math:`\lambda_1` and :math:`\lambda_2`, 0 or more.

    Examples
    --------
    >>> price, w = L1L2(l1=0.01, l2=0.1), np.array([[1.0, -2.0], [3.0, 0.0]])
    >>> round(price(w), 6)
    1.46
    >>> price.gradient(w)
    array([[ 0.21, -0.41],
           [ 0.61,  0.  ]])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 7.1; factors as in
    ``keras.regularizers.L1L2``, Keras 3.
    """

    def __init__(self, l1=0.0, l2=0.0):
        for name, factor in (("l1", l1), ("l2", l2)):
            if not 0 <= factor < math.inf:
                raise ValueError(f"{name} is {factor}, expected a number from 0 upwards")
        self.l1, self.l2 = l1, l2

    def __call__(self, w):
        """Return the price of all weights together.

        Parameters
        ----------
        w : ndarray, any shape

        Returns
        -------
        float
            A sum, not a mean: twice the weights, twice the price.
        """
        return float(self.l1 * np.abs(w).sum() + self.l2 * (w * w).sum())

    def gradient(self, w):
        """Return how the price moves with each weight; the slope of ``|w|`` at 0 counts as 0.

        Parameters
        ----------
        w : ndarray, any shape

        Returns
        -------
        ndarray, shape and dtype of `w`
        """
        return self.l1 * np.sign(w) + 2 * self.l2 * w


class L1(L1L2):
    """`L1L2` with a price for sizes only: at its lowest, many weights are exactly zero."""

    def __init__(self, l1=0.01):
        super().__init__(l1=l1)


class L2(L1L2):
    """`L1L2` with a price for squares only: it makes all weights smaller, by a constant share."""

    def __init__(self, l2=0.01):
        super().__init__(l2=l2)


def lasso(w, alpha):
    r"""Return the price for the sizes of n weights, as statistics books write it.

    .. math:: \frac{\alpha}{n} \sum |w|

    Parameters
    ----------
    w : ndarray, any shape
    alpha : float

    Returns
    -------
    float

    Examples
    --------
    >>> round(lasso(np.array([[1.0, -2.0], [3.0, 0.0]]), 0.1), 6)
    0.15

    References
    ----------
    Tibshirani (1996), *Regression shrinkage and selection via the lasso*, JRSS B 58.
    """
    return float(alpha * np.abs(w).mean())


def ridge(w, alpha):
    r"""Return the price for the squares of n weights, as statistics books write it.

    .. math:: \frac{\alpha}{2 n} \sum w^2

    Parameters
    ----------
    w : ndarray, any shape
    alpha : float

    Returns
    -------
    float

    Examples
    --------
    >>> round(ridge(np.array([[1.0, -2.0], [3.0, 0.0]]), 0.1), 6)
    0.175

    References
    ----------
    Hoerl, Kennard (1970), *Ridge regression: biased estimation for nonorthogonal problems*,
    Technometrics 12.
    """
    return float(alpha / 2 * (w * w).mean())


def elastic(w, alpha, r):
    r"""Mix the prices of `lasso` and `ridge`: the share r of the first, the rest of the second.

    .. math:: r \, \text{lasso}(w, \alpha) + (1 - r) \, \text{ridge}(w, \alpha)

    Parameters
    ----------
    w : ndarray, any shape
    alpha : float
    r : float, from 0 to 1

    Returns
    -------
    float

    Examples
    --------
    >>> round(elastic(np.array([[1.0, -2.0], [3.0, 0.0]]), 0.1, 0.3), 6)
    0.1675

    References
    ----------
    Zou, Hastie (2005), *Regularization and variable selection via the elastic net*, JRSS B 67.
    """
    return r * lasso(w, alpha) + (1 - r) * ridge(w, alpha)


def elastic_to_l1l2(alpha, r, n):
    """Return the factors with which `L1L2` asks the price that `elastic` asks of n weights.

    Parameters
    ----------
    alpha, r : float
        As in `elastic`.
    n : int
        How many weights there are.

    Returns
    -------
    tuple of two float
        ``l1`` and ``l2``.

    Examples
    --------
    >>> l1, l2 = elastic_to_l1l2(0.1, 0.3, 4)
    >>> round(l1, 6), round(l2, 6), round(L1L2(l1, l2)(np.array([1.0, -2.0, 3.0, 0.0])), 6)
    (0.0075, 0.00875, 0.1675)
    """
    return alpha * r / n, alpha * (1 - r) / (2 * n)


class Dropout(Layer):
    r"""While training, set numbers to zero at random, and make the others larger instead.

    Each number is dropped with probability `rate`, by itself. What is kept is divided by
    :math:`1 - \text{rate}`, so that the mean of many draws is the number itself. After training
    nothing is dropped and nothing is divided.

    Parameters
    ----------
    rate : float, from 0 to 1
        With 1 everything is dropped, and zeros come out.
    rng : numpy.random.Generator, optional
        Draws what is dropped, as ``self.rng``; otherwise a network hands over its own.

    Examples
    --------
    >>> layer, x = Dropout(0.5, rng=np.random.default_rng(0)), np.ones((1, 6))
    >>> layer(x, training=True)
    array([[2., 0., 0., 0., 2., 2.]])
    >>> layer.backward(np.full((1, 6), 10.0))
    array([[20.,  0.,  0.,  0., 20., 20.]])
    >>> layer(x)
    array([[1., 1., 1., 1., 1., 1.]])

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), *Dropout: A simple way to
    prevent neural networks from overfitting*, JMLR 15, sections 4 and 10.
    """

    def __init__(self, rate, rng=None):
        super().__init__()
        if not 0 <= rate <= 1:
            raise ValueError(f"the rate of dropout is {rate}, expected a number from 0 to 1")
        self.rate = rate
        if rng is not None:
            self.rng = rng

    def build(self, input_shape, rng):
        if not hasattr(self, "rng"):
            self.rng = rng

    def forward(self, x, training=False):
        """Drop numbers of `x`, and remember which were kept; or return `x` itself.

        Parameters
        ----------
        x : ndarray, any shape
            Left as it is.
        training : bool
            Drop only if it is True.

        Returns
        -------
        ndarray, shape and dtype of `x`
            Every call drops other numbers, every sample loses others.
        """
        self.kept = None
        if not training or self.rate == 0:
            return x
        self.kept = self.rng.random(x.shape) >= self.rate
        self.scale = 1 / (1 - self.rate) if self.rate < 1 else 0.0
        return np.where(self.kept, self.scale * x, 0)

    def backward(self, dy):
        """Return dx: what was dropped gets nothing, what was kept is scaled as in `forward`.

        Parameters
        ----------
        dy : ndarray, shape of the last input

        Returns
        -------
        ndarray, shape and dtype of `dy`
        """
        return dy if self.kept is None else np.where(self.kept, self.scale * dy, 0)


class Normalization(Layer):
    """What the two normalizations share: ``gamma`` and ``beta``, and a look at the shape.

    Parameters
    ----------
    epsilon : float
        Added to variances, so that nothing is divided by zero.
    """

    def __init__(self, epsilon=1e-3):
        super().__init__()
        self.epsilon = epsilon

    def output_shape(self, input_shape):
        if len(input_shape) < 2:
            raise ValueError(f"{self.name} needs (batch, ..., features), got shape {input_shape}")
        expected = len(self.params["gamma"]) if self.params else input_shape[-1]
        if input_shape[-1] != expected:
            raise ValueError(f"{self.name} was built for {expected} features in the last axis, "
                             f"got {input_shape[-1]}: the input has shape {input_shape}")
        return input_shape

    def build(self, input_shape, rng):
        self.params["gamma"] = np.ones(input_shape[-1])
        self.params["beta"] = np.zeros(input_shape[-1])


class BatchNormalization(Normalization):
    r"""Give every feature mean 0 and variance 1 over the batch, then what is learned instead.

    .. math:: \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad
        y = \gamma \hat x + \beta

    While training, :math:`\mu` and :math:`\sigma^2` are the mean and the variance of each feature
    over all axes but the last: over a batch of rows, or over all places of all pictures. The
    variance is the mean square (divided by N, not by N - 1). Afterwards they are the averages
    that were collected meanwhile.

    Parameters
    ----------
    momentum : float
        How much of the collected averages is kept when a batch is added to them.
    epsilon : float

    Attributes
    ----------
    params : dict
        ``gamma`` and ``beta``, shape (features,), made by `Normalization`: ones and zeros.
    state : dict
        ``moving_mean`` and ``moving_variance``, shape (features,).

    Examples
    --------
    >>> layer, x = BatchNormalization(momentum=0.9), np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> layer(x, training=True).round(3)
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> layer.state["moving_mean"], layer.state["moving_variance"]
    (array([0.1, 0.5]), array([1. , 0.9]))

    References
    ----------
    Ioffe, Szegedy (2015), *Batch normalization: Accelerating deep network training by reducing
    internal covariate shift*, algorithm 1 and section 3; the averages as in
    ``keras.layers.BatchNormalization``, Keras 3.
    """

    def __init__(self, momentum=0.99, epsilon=1e-3):
        super().__init__(epsilon)
        self.momentum = momentum

    def build(self, input_shape, rng):
        """Make the parameters, and ``self.state`` with a moving mean of 0 and variance of 1.

        Parameters
        ----------
        input_shape : tuple of int
            Its last entry is the number of features.
        rng : numpy.random.Generator
            Not needed here.
        """
        super().build(input_shape, rng)
        self.state["moving_mean"] = np.zeros(input_shape[-1])
        self.state["moving_variance"] = np.ones(input_shape[-1])

    def forward(self, x, training=False):
        r"""Return the normalized batch, and remember what `backward` needs.

        While training, each collected average becomes
        ``momentum * average + (1 - momentum) * the batch's``.

        Parameters
        ----------
        x : ndarray, shape (batch, ..., features)
        training : bool

        Returns
        -------
        ndarray, shape of `x`
        """
        axes = tuple(range(x.ndim - 1))
        mean, variance = self.state["moving_mean"], self.state["moving_variance"]
        if training:
            keep, mean, variance = self.momentum, x.mean(axis=axes), x.var(axis=axes)
            for name, new in (("moving_mean", mean), ("moving_variance", variance)):
                self.state[name] = keep * self.state[name] + (1 - keep) * new
        self.training, self.deviation = training, np.sqrt(variance + self.epsilon)
        self.normalized = (x - mean) / self.deviation
        return self.params["gamma"] * self.normalized + self.params["beta"]

    def backward(self, dy):
        r"""Fill ``grads["gamma"]`` and ``grads["beta"]``, and return dx.

        While training, every sample moves the mean and the variance of its batch. With means
        over all axes but the last,

        .. math:: dx = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}} \left( dy - \overline{dy}
            - \hat x \, \overline{dy \, \hat x} \right)

        After training the averages are constants, and both means are missing from the formula.

        Parameters
        ----------
        dy : ndarray, shape (batch, ..., features)

        Returns
        -------
        ndarray, shape of `dy`
        """
        axes, count = tuple(range(dy.ndim - 1)), dy.size // dy.shape[-1]
        dgamma = np.sum(dy * self.normalized, axis=axes, out=self.grads.get("gamma"))
        dbeta = np.sum(dy, axis=axes, out=self.grads.get("beta"))
        self.grads["gamma"], self.grads["beta"] = dgamma, dbeta
        if self.training:
            dy = dy - dbeta / count - self.normalized * (dgamma / count)
        return dy * (self.params["gamma"] / self.deviation)


class LayerNormalization(Normalization):
    r"""Give every sample mean 0 and variance 1 over its features, then what is learned instead.

    .. math:: \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad
        y = \gamma \hat x + \beta

    :math:`\mu` and :math:`\sigma^2`, the mean square again, are those of the last axis: a sample
    needs no other sample, and training makes no difference.

    Parameters
    ----------
    epsilon : float

    Attributes
    ----------
    params : dict
        ``gamma`` and ``beta``, shape (features,), made by `Normalization`: ones and zeros.

    Examples
    --------
    >>> layer = LayerNormalization()
    >>> layer(np.array([[1.0, 3.0], [-50.0, 50.0]])).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])

    References
    ----------
    Ba, Kiros, Hinton (2016), *Layer normalization*, section 3.
    """

    def forward(self, x, training=False):
        """Return the normalized samples, and remember what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (batch, ..., features)
        training : bool
            Makes no difference.

        Returns
        -------
        ndarray, shape of `x`
        """
        mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
        self.deviation = np.sqrt(variance + self.epsilon)
        self.normalized = (x - mean) / self.deviation
        return self.params["gamma"] * self.normalized + self.params["beta"]

    def backward(self, dy):
        r"""Fill ``grads["gamma"]`` and ``grads["beta"]``, sums over all samples, and return dx.

        With :math:`g = \gamma \, dy`, and means over the last axis,

        .. math:: dx = \frac{g - \bar g - \hat x \, \overline{g \hat x}}
            {\sqrt{\sigma^2 + \epsilon}}

        Parameters
        ----------
        dy : ndarray, shape (batch, ..., features)

        Returns
        -------
        ndarray, shape of `dy`
        """
        axes = tuple(range(dy.ndim - 1))
        self.grads["gamma"] = np.sum(dy * self.normalized, axis=axes, out=self.grads.get("gamma"))
        self.grads["beta"] = np.sum(dy, axis=axes, out=self.grads.get("beta"))
        g = self.params["gamma"] * dy
        along = (g * self.normalized).mean(axis=-1, keepdims=True)
        return (g - g.mean(axis=-1, keepdims=True) - self.normalized * along) / self.deviation


class EarlyStopping:
    """Stop training when a number has not become better for a while: a callback of `fit`.

    Parameters
    ----------
    monitor : str
        Which number of an epoch to watch, such as ``"val_loss"`` or ``"val_accuracy"``.
    min_delta : float
        Only a change of more than this counts as better; its sign does not matter.
    patience : int
        How many epochs in a row may bring nothing better. 0 stops when 1 does.
    mode : {"auto", "min", "max"}
        Whether small or large is good; ``"auto"`` knows it for losses and for common metrics.
    baseline : float, optional
        A number that has to be beaten: until an epoch is better than that, none resets the wait.
    restore_best_weights : bool
        At the end of training, go back to the weights of the best epoch, in any case.
    start_from_epoch : int
        The epochs before this one are not looked at.

    Attributes
    ----------
    best : float or None
        The best number so far, of epoch `best_epoch`; epochs count from 0.
    wait : int
        How many epochs in a row have brought nothing better.
    stopped_epoch : int
        The epoch after which training was stopped, or 0.

    Examples
    --------
    >>> stopping = EarlyStopping(patience=2)
    >>> stopping.on_train_begin(network=None)
    >>> [stopping.on_epoch_end(epoch, {"val_loss": loss})
    ...  for epoch, loss in enumerate([1.0, 0.8, 0.9, 0.85])]
    [False, False, False, True]
    >>> stopping.best, stopping.best_epoch, stopping.stopped_epoch
    (0.8, 1, 3)

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 7.8; rules as in
    ``keras.callbacks.EarlyStopping``, Keras 3.
    """

    large_is_good = ("accuracy", "auc", "precision", "recall", "f1")

    def __init__(self, monitor="val_loss", min_delta=0, patience=0, mode="auto", baseline=None,
                 restore_best_weights=False, start_from_epoch=0):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is {mode!r}, expected 'auto', 'min' or 'max'")
        name = monitor.removeprefix("val_")
        if mode == "auto" and name != "loss" and name not in self.large_is_good:
            raise ValueError(f"whether {monitor} should be small or large is for you to say: "
                             "give mode='min' or mode='max'")
        self.mode = mode if mode != "auto" else "min" if name == "loss" else "max"
        self.monitor, self.min_delta, self.patience = monitor, abs(min_delta), patience
        self.baseline, self.start_from_epoch = baseline, start_from_epoch
        self.restore_best_weights = restore_best_weights

    def on_train_begin(self, network):
        self.network, self.best, self.best_epoch, self.best_weights = network, None, 0, None
        self.wait = self.stopped_epoch = 0

    def look_up(self, logs):
        if self.monitor not in logs:
            raise ValueError(f"EarlyStopping watches {self.monitor!r}, and an epoch gives only "
                             f"{', '.join(logs)}: watch one of these, or give `fit` what is "
                             "missing, such as validation data")
        return logs[self.monitor]

    def better(self, value, reference):
        """Say whether a number beats another one by more than ``self.min_delta``.

        Parameters
        ----------
        value : float
            A nan beats no number.
        reference : float or None
            Whatever comes beats None.

        Returns
        -------
        bool
            In the sense of ``self.mode``, which is ``"min"`` or ``"max"``. A tie is not better.
        """
        if reference is None:
            return True
        if self.mode == "min":
            return bool(value + self.min_delta < reference)
        return bool(value - self.min_delta > reference)

    def on_epoch_end(self, epoch, logs):
        """Look at an epoch, and say whether to stop.

        The wait grows by one. A number better than ``self.best`` becomes the best, its epoch the
        best epoch, and with ``restore_best_weights`` a copy of the weights is kept
        (``self.network.get_weights()``); the wait goes back to 0 if there is no baseline, or if
        the number is better than that too; and training goes on. Otherwise it stops if the wait
        has reached ``self.patience``, but never after epoch 0.

        Parameters
        ----------
        epoch : int
            From 0; before ``self.start_from_epoch`` nothing is done.
        logs : dict of float
            The numbers of the epoch; ``self.look_up(logs)`` is the one to watch.

        Returns
        -------
        bool
            True to stop; then ``self.stopped_epoch`` is this epoch.
        """
        value = self.look_up(logs)
        if epoch < self.start_from_epoch:
            return False
        self.wait += 1
        if self.better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.network.get_weights()
            if self.baseline is None or self.better(value, self.baseline):
                self.wait = 0
            return False
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            return True
        return False

    def on_train_end(self):
        """Give the network its best weights back, if that was wanted and if there are some.

        That is done with ``self.network.set_weights``, however training has ended.
        """
        if self.restore_best_weights and self.best_weights is not None:
            self.network.set_weights(self.best_weights)
