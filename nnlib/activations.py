"""Activation functions and their gradients.

A forward function maps pre-activations `x` to activations `y`, element by element unless it
says otherwise. Its partner `NAME_backward(x, dy)` maps the gradient of the loss for the output,
`dy`, to the gradient for the input, `dx`. Arguments are never changed, float32 stays float32,
integers become float64, and large inputs neither overflow nor give nan.
"""

import numpy as np

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def step(x):
    r"""Fire where the input is above zero: 1 there, 0 elsewhere.

    .. math:: y = 1 \text{ if } x > 0, \text{ else } 0

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers.

    Returns
    -------
    ndarray, same shape as `x`
        Zeros and ones, as floats: float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> step(np.array([-2.0, 0.0, 0.1]))
    array([0., 0., 1.])

    References
    ----------
    McCulloch, Pitts (1943), *A logical calculus of the ideas immanent in nervous activity*.
    The value at exactly 0 is a choice: here a neuron has to pass its threshold, not to meet it.
    """
    return np.heaviside(x, 0.0)


def step_backward(x, dy):
    """Return the gradient for the input of `step`, which is zero everywhere.

    Parameters
    ----------
    x : ndarray, any shape
        The input of `step`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.

    Returns
    -------
    ndarray, same shape as `x`
        Nothing can be learned through a step: moving `x` a little does not move `y`.

    Examples
    --------
    >>> step_backward(np.array([-2.0, 0.1]), np.array([5.0, 5.0]))
    array([0., 0.])
    """
    return np.zeros_like(1.0 * dy)


def linear(x):
    """Return the input as it is, in a new array.

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers.

    Returns
    -------
    ndarray, same shape as `x`
        A copy, float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> linear(np.array([-2.0, 0.0, 3.0]))
    array([-2.,  0.,  3.])
    """
    return 1.0 * x


def linear_backward(x, dy):
    """Return the gradient for the input of `linear`: what arrives is passed on.

    Parameters
    ----------
    x : ndarray, any shape
        The input of `linear`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> linear_backward(np.array([-2.0, 3.0]), np.array([0.5, -1.0]))
    array([ 0.5, -1. ])
    """
    return 1.0 * dy


def sigmoid(x):
    r"""Squash every number into the interval from 0 to 1.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers. Any finite value: -1000 gives 0, not a warning.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 2.0])).round(4)
    array([0.    , 0.5   , 0.8808])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 3.10.
    """
    e = np.exp(-np.abs(x))  # at most 1; exp(-x) would overflow
    return np.where(x >= 0, 1, e) / (1 + e)


def sigmoid_backward(x, dy):
    r"""Multiply the gradient that arrives by the slope of the sigmoid.

    .. math:: \sigma'(x) = \sigma(x) \, (1 - \sigma(x))

    Parameters
    ----------
    x : ndarray, any shape
        The input of `sigmoid`, not its output.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output of `sigmoid`.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> sigmoid_backward(np.array([0.0, 100.0]), np.array([2.0, 2.0]))
    array([0.5, 0. ])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 3.10.
    """
    y = sigmoid(x)
    return dy * y * (1 - y)


def tanh(x):
    r"""Squash every number into the interval from -1 to 1.

    .. math:: \tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers. Any finite value: 1000 gives 1, not nan.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> tanh(np.array([-1000.0, 0.0, 2.0])).round(4)
    array([-1.   ,  0.   ,  0.964])

    References
    ----------
    LeCun, Bottou, Orr, Müller (1998), *Efficient BackProp*, section 4.4, on why an activation
    that is symmetric about 0 trains faster than the sigmoid.
    """
    return np.tanh(x)


def tanh_backward(x, dy):
    r"""Multiply the gradient that arrives by the slope of the hyperbolic tangent.

    .. math:: \tanh'(x) = 1 - \tanh(x)^2

    Parameters
    ----------
    x : ndarray, any shape
        The input of `tanh`, not its output.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output of `tanh`.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> tanh_backward(np.array([0.0, 100.0]), np.array([2.0, 2.0]))
    array([2., 0.])
    """
    return dy * (1 - np.tanh(x) ** 2)


def relu(x):
    r"""Keep what is positive and replace the rest by zero.

    .. math:: \operatorname{relu}(x) = \max(x, 0)

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers. Left as it is.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])

    References
    ----------
    Nair, Hinton (2010), *Rectified linear units improve restricted Boltzmann machines*.
    """
    return np.maximum(x, 0.0)


def relu_backward(x, dy):
    """Let the gradient pass where the input was positive, and stop it elsewhere.

    Parameters
    ----------
    x : ndarray, any shape
        The input of `relu`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output of `relu`.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`. At exactly 0 the slope counts as 0, as in TensorFlow.

    Examples
    --------
    >>> relu_backward(np.array([-2.0, 0.0, 3.0]), np.array([5.0, 5.0, -5.0]))
    array([ 0.,  0., -5.])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.3, on why one of the two
    one-sided slopes may be taken at 0.
    """
    return dy * (x > 0)


def leaky_relu(x, negative_slope=0.2):
    r"""Keep what is positive and shrink the rest to a fraction of itself.

    .. math:: y = \max(x, 0) + s \, \min(x, 0)

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers.
    negative_slope : float
        The slope :math:`s` below zero. May be larger than 1.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> leaky_relu(np.array([-2.0, 0.0, 3.0]))
    array([-0.4,  0. ,  3. ])

    References
    ----------
    Maas, Hannun, Ng (2013), *Rectifier nonlinearities improve neural network acoustic models*,
    with slope 0.01. The default here is that of `keras.activations.leaky_relu`.
    """
    return np.maximum(x, 0.0) + negative_slope * np.minimum(x, 0.0)


def leaky_relu_backward(x, dy, negative_slope=0.2):
    """Let the gradient pass where the input was positive, and shrink it elsewhere.

    Parameters
    ----------
    x : ndarray, any shape
        The input of `leaky_relu`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.
    negative_slope : float
        The slope below zero, and at exactly 0.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> leaky_relu_backward(np.array([-2.0, 0.0, 3.0]), np.array([5.0, 5.0, 5.0]))
    array([1., 1., 5.])
    """
    return np.where(x > 0, 1.0 * dy, negative_slope * dy)


def elu(x, alpha=1.0):
    r"""Keep what is positive and bend the rest smoothly towards a floor.

    .. math:: y = x \text{ if } x > 0, \text{ else } \alpha \, (e^x - 1)

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers. Any finite value: 1000 gives 1000, not nan.
    alpha : float
        The floor is at ``-alpha``.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> elu(np.array([-1000.0, -1.0, 0.0, 3.0])).round(4)
    array([-1.    , -0.6321,  0.    ,  3.    ])

    References
    ----------
    Clevert, Unterthiner, Hochreiter (2016), *Fast and accurate deep network learning by
    exponential linear units (ELUs)*.
    """
    # exp sees no positive number, so it cannot overflow; expm1 is exact near 0
    return np.maximum(x, 0.0) + alpha * np.expm1(np.minimum(x, 0.0))


def elu_backward(x, dy, alpha=1.0):
    r"""Multiply the gradient that arrives by the slope of `elu`.

    .. math:: y' = 1 \text{ if } x > 0, \text{ else } \alpha \, e^x

    Parameters
    ----------
    x : ndarray, any shape
        The input of `elu`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.
    alpha : float
        As in `elu`. Unless it is 1, the slope jumps at 0; at exactly 0 it counts as `alpha`.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> elu_backward(np.array([-1.0, 3.0]), np.array([2.0, 2.0])).round(4)
    array([0.7358, 2.    ])
    """
    return dy * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0)))


def selu(x):
    r"""Scale an `elu` so that activations settle near mean 0 and variance 1, layer after layer.

    .. math:: y = \lambda x \text{ if } x > 0, \text{ else } \lambda \alpha \, (e^x - 1)

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers.

    Returns
    -------
    ndarray, same shape as `x`
        With :math:`\lambda` = `SELU_SCALE` and :math:`\alpha` = `SELU_ALPHA`.
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> selu(np.array([-1000.0, 0.0, 1.0])).round(4)
    array([-1.7581,  0.    ,  1.0507])

    References
    ----------
    Klambauer, Unterthiner, Mayr, Hochreiter (2017), *Self-normalizing neural networks*,
    equation 2.
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


def selu_backward(x, dy):
    r"""Multiply the gradient that arrives by the slope of `selu`.

    .. math:: y' = \lambda \text{ if } x \ge 0, \text{ else } \lambda \alpha \, e^x

    Parameters
    ----------
    x : ndarray, any shape
        The input of `selu`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`. The slope at exactly 0 is that of the right side,
        as in TensorFlow.

    Examples
    --------
    >>> selu_backward(np.array([-1.0, 0.0]), np.array([2.0, 2.0])).round(4)
    array([1.2935, 2.1014])
    """
    slope = np.where(x < 0, SELU_ALPHA * np.exp(np.minimum(x, 0.0)), 1.0)
    return dy * SELU_SCALE * slope


def softplus(x):
    r"""Round off the corner of the rectifier.

    .. math:: \zeta(x) = \log(1 + e^x)

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers. Any finite value: 1000 gives 1000, not inf.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> softplus(np.array([-1.0, 0.0, 100.0])).round(4)
    array([  0.3133,   0.6931, 100.    ])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 3.10.
    """
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))  # this exponent is never positive


def softplus_backward(x, dy):
    r"""Multiply the gradient that arrives by the slope of `softplus`, which is the sigmoid.

    .. math:: \zeta'(x) = \sigma(x)

    Parameters
    ----------
    x : ndarray, any shape
        The input of `softplus`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> softplus_backward(np.array([0.0, 1000.0]), np.array([2.0, 2.0]))
    array([1., 2.])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 3.10.
    """
    return dy * sigmoid(x)


def softsign(x):
    r"""Squash every number into the interval from -1 to 1, more slowly than `tanh`.

    .. math:: y = \frac{x}{1 + |x|}

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> softsign(np.array([-3.0, 0.0, 1.0]))
    array([-0.75,  0.  ,  0.5 ])

    References
    ----------
    Glorot, Bengio (2010), *Understanding the difficulty of training deep feedforward neural
    networks*, where it is compared with the sigmoid and the hyperbolic tangent.
    """
    return x / (1 + np.abs(x))


def softsign_backward(x, dy):
    r"""Multiply the gradient that arrives by the slope of `softsign`.

    .. math:: y' = \frac{1}{(1 + |x|)^2}

    Parameters
    ----------
    x : ndarray, any shape
        The input of `softsign`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> softsign_backward(np.array([-3.0, 0.0]), np.array([2.0, 2.0]))
    array([0.125, 2.   ])
    """
    scale = 1 + np.abs(x)
    return dy / scale / scale  # the square itself could overflow


def gelu(x, approximate=False):
    r"""Weigh every input by the probability that a standard normal number lies below it.

    .. math:: y = x \, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf}\frac{x}{\sqrt 2}\right)

    The standard library has the error function for one number: ``np.vectorize(math.erf,
    otypes=[float])`` takes arrays.

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers. Any finite value.
    approximate : bool
        If true, take :math:`\tanh(\sqrt{2/\pi}\,(x + 0.044715\,x^3))` in place of
        :math:`\operatorname{erf}(x/\sqrt 2)`.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> x = np.array([-1.0, 0.0, 1.0])
    >>> gelu(x).round(4)
    array([-0.1587,  0.    ,  0.8413])
    >>> gelu(x, approximate=True).round(4)
    array([-0.1588,  0.    ,  0.8412])

    References
    ----------
    Hendrycks, Gimpel (2016), *Gaussian error linear units (GELUs)*, section 2.
    """
    import math

    if approximate:
        z = np.clip(x, -10.0, 10.0)  # beyond 10 the tanh is 1 anyway, and z**2 stays finite
        return x * (0.5 + 0.5 * np.tanh((2 / np.pi) ** 0.5 * z * (1 + 0.044715 * z**2)))
    # 1 + erf(z) = erfc(-z), without cancellation for negative z
    erfc = np.vectorize(math.erfc, otypes=[np.result_type(x, 1.0)])
    return x * (0.5 * erfc(x / -(2**0.5)))


def gelu_backward(x, dy, approximate=False):
    r"""Multiply the gradient that arrives by the slope of `gelu`.

    .. math:: y' = \Phi(x) + \frac{x}{\sqrt{2\pi}} \, e^{-x^2/2}

    Parameters
    ----------
    x : ndarray, any shape
        The input of `gelu`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.
    approximate : bool
        If true, differentiate the tanh form of `gelu` instead.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> gelu_backward(np.array([0.0, 1.0]), np.array([2.0, 2.0])).round(4)
    array([1.    , 2.1666])
    """
    import math

    if approximate:
        z, c = np.clip(x, -10.0, 10.0), (2 / np.pi) ** 0.5
        t = np.tanh(c * z * (1 + 0.044715 * z**2))
        slope = 0.5 + 0.5 * t + 0.5 * z * (1 - t**2) * c * (1 + 3 * 0.044715 * z**2)
    else:
        z = np.clip(x, -40.0, 40.0)  # beyond 40 the density is 0 anyway, and z**2 stays finite
        erfc = np.vectorize(math.erfc, otypes=[np.result_type(x, 1.0)])
        slope = 0.5 * erfc(z / -(2**0.5)) + z * np.exp(-0.5 * z**2) / (2 * np.pi) ** 0.5
    return dy * slope


def silu(x):
    r"""Weigh every input by its own sigmoid. Also known as *swish*.

    .. math:: y = x \, \sigma(x)

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers. Any finite value.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> silu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.2689,  0.    ,  0.7311])

    References
    ----------
    Elfwing, Uchibe, Doya (2018), *Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning*.
    """
    return x * sigmoid(x)


def silu_backward(x, dy):
    r"""Multiply the gradient that arrives by the slope of `silu`.

    .. math:: y' = \sigma(x) \, (1 + x \, (1 - \sigma(x)))

    Parameters
    ----------
    x : ndarray, any shape
        The input of `silu`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`.

    Examples
    --------
    >>> silu_backward(np.array([0.0, 1.0]), np.array([2.0, 2.0])).round(4)
    array([1.    , 1.8553])
    """
    s = sigmoid(x)
    return dy * (s * (1 + x * (1 - s)))


def hard_sigmoid(x):
    r"""Draw the sigmoid with a ruler: a straight line between 0 and 1.

    .. math:: y = \min(\max(x / 6 + 1/2, 0), 1)

    Parameters
    ----------
    x : ndarray, any shape
        Pre-activations, floats or integers.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> hard_sigmoid(np.array([-3.0, 0.0, 1.5, 4.0]))
    array([0.  , 0.5 , 0.75, 1.  ])

    References
    ----------
    Howard et al. (2019), *Searching for MobileNetV3*, section 5.2. Keras 3 has this form;
    Keras 2 had the slope 0.2.
    """
    return np.clip(x / 6 + 0.5, 0.0, 1.0)


def hard_sigmoid_backward(x, dy):
    """Let a sixth of the gradient pass on the slope, and nothing on the flats.

    Parameters
    ----------
    x : ndarray, any shape
        The input of `hard_sigmoid`.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for `x`: zero where `x` is -3 or less, and 3 or more.

    Examples
    --------
    >>> hard_sigmoid_backward(np.array([-3.0, 0.0, 4.0]), np.array([3.0, 3.0, 3.0]))
    array([0. , 0.5, 0. ])
    """
    return np.where(np.abs(x) < 3, dy / 6, 0.0)


def maxout(x, kernel, bias):
    r"""Give every unit several linear pieces and let the largest one win.

    .. math:: y_{nu} = \max_p \left( \sum_d x_{nd} W_{pdu} + b_{pu} \right)

    Parameters
    ----------
    x : ndarray, shape (N, D)
        A batch of inputs.
    kernel : ndarray, shape (pieces, D, units)
        The weights of every piece of every unit.
    bias : ndarray, shape (pieces, units)
        The bias of every piece of every unit.

    Returns
    -------
    ndarray, shape (N, units)

    Examples
    --------
    Two pieces with the slopes 1 and -1 make the absolute value.

    >>> maxout(np.array([[-2.0], [3.0]]), np.array([[[1.0]], [[-1.0]]]), np.zeros((2, 1)))
    array([[2.],
           [3.]])

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville, Bengio (2013), *Maxout networks*.
    """
    z = x @ kernel + bias[:, np.newaxis, :]  # (pieces, N, units)
    return z.max(axis=0)


def maxout_backward(x, kernel, bias, dy):
    """Send the gradient of every output to the piece that won, and to that piece alone.

    Parameters
    ----------
    x : ndarray, shape (N, D)
        The input of `maxout`.
    kernel : ndarray, shape (pieces, D, units)
    bias : ndarray, shape (pieces, units)
    dy : ndarray, shape (N, units)
        Gradient of the loss for the output.

    Returns
    -------
    dx : ndarray, shape (N, D)
    dkernel : ndarray, shape (pieces, D, units)
    dbias : ndarray, shape (pieces, units)
        Gradients of the loss, summed over the batch for the parameters.
        Where pieces tie, the first of them gets the gradient.

    Examples
    --------
    >>> x, kernel = np.array([[-2.0], [3.0]]), np.array([[[1.0]], [[-1.0]]])
    >>> dx, dkernel, dbias = maxout_backward(x, kernel, np.zeros((2, 1)), np.ones((2, 1)))
    >>> dx.ravel(), dkernel.ravel(), dbias.ravel()
    (array([-1.,  1.]), array([ 3., -2.]), array([1., 1.]))
    """
    z = x @ kernel + bias[:, np.newaxis, :]
    pieces = np.arange(len(kernel))[:, np.newaxis, np.newaxis]
    dz = np.where(z.argmax(axis=0) == pieces, dy, 0.0)  # (pieces, N, units)
    dx = (dz @ kernel.transpose(0, 2, 1)).sum(axis=0)
    return dx, x.T @ dz, dz.sum(axis=1)


def softmax(x, axis=-1):
    r"""Turn logits into probabilities along one axis.

    .. math:: \operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    Parameters
    ----------
    x : ndarray, any shape
        Logits, floats or integers. Large logits, such as 10 000, must not overflow.
    axis : int
        The axis along which the probabilities sum to one.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> softmax(np.array([2.0, 1.0, 0.1])).round(3)
    array([0.659, 0.242, 0.099])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.2.2.3.
    """
    e = np.exp(x - x.max(axis=axis, keepdims=True))  # the largest exponent becomes e^0
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    r"""Return the logarithms of the softmax probabilities along one axis.

    .. math:: \log\operatorname{softmax}(x)_i = x_i - \log \sum_j e^{x_j}

    Parameters
    ----------
    x : ndarray, any shape
        Logits, floats or integers. A logit far below the largest one has a very negative
        log-probability, never ``-inf``.
    axis : int
        The axis along which the probabilities sum to one.

    Returns
    -------
    ndarray, same shape as `x`
        Float32 for float32 input, float64 for integers.

    Examples
    --------
    >>> log_softmax(np.array([0.0, 0.0, -100.0])).round(4)
    array([  -0.6931,   -0.6931, -100.6931])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.2.2.3.
    """
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def softmax_backward(x, dy, axis=-1):
    r"""Carry a gradient back through `softmax`, where every output depends on every logit.

    .. math:: \frac{\partial L}{\partial x_i}
        = y_i \left( \frac{\partial L}{\partial y_i}
        - \sum_j \frac{\partial L}{\partial y_j} \, y_j \right)

    Parameters
    ----------
    x : ndarray, any shape
        The input of `softmax`, the logits.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output of `softmax`.
    axis : int
        The axis along which the probabilities sum to one.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for the logits. It sums to zero along `axis`.

    Examples
    --------
    >>> softmax_backward(np.array([0.0, 0.0]), np.array([1.0, 0.0]))
    array([ 0.25, -0.25])
    """
    y = softmax(x, axis)
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))


def log_softmax_backward(x, dy, axis=-1):
    r"""Carry a gradient back through `log_softmax`.

    .. math:: \frac{\partial L}{\partial x_i}
        = \frac{\partial L}{\partial y_i}
        - \operatorname{softmax}(x)_i \sum_j \frac{\partial L}{\partial y_j}

    Parameters
    ----------
    x : ndarray, any shape
        The input of `log_softmax`, the logits.
    dy : ndarray, same shape as `x`
        Gradient of the loss for the output of `log_softmax`.
    axis : int
        The axis along which the probabilities sum to one.

    Returns
    -------
    ndarray, same shape as `x`
        Gradient of the loss for the logits. It sums to zero along `axis`.

    Examples
    --------
    >>> log_softmax_backward(np.array([0.0, 0.0]), np.array([1.0, 0.0]))
    array([ 0.5, -0.5])
    """
    return dy - softmax(x, axis) * dy.sum(axis=axis, keepdims=True)
