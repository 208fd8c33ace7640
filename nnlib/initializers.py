"""Initializers: how large random weights start. Names, defaults and limits are Keras 3's."""

import math

import numpy as np


def fans(shape):
    r"""Count the numbers that a unit of a kernel reads, and the units that read one number.

    .. math:: n_\text{in} = k_1 \cdots k_d \, c_\text{in}, \qquad
        n_\text{out} = k_1 \cdots k_d \, c_\text{out}

    Parameters
    ----------
    shape : tuple of int
        ``(inputs, units)`` of a dense layer, or ``(k_1, ..., k_d, c_in, c_out)`` of a
        convolution, whose kernel covers :math:`k_1 \cdots k_d` places at once.

    Returns
    -------
    tuple of two int
        The fan in and the fan out. For a shape with one size both are that size; for the empty
        shape both are 1.

    Examples
    --------
    >>> fans((300, 20)), fans((3, 5, 8, 16)), fans((7,))
    ((300, 20), (120, 240), (7, 7))

    References
    ----------
    ``keras.initializers.VarianceScaling``, Keras 3.
    """
    if len(shape) < 2:
        return (math.prod(shape),) * 2
    places = math.prod(shape[:-2])
    return places * shape[-2], places * shape[-1]


def random_uniform(shape, rng, minval=-0.05, maxval=0.05):
    """Draw from [minval, maxval), every number alike.

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator
    minval, maxval : float

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> random_uniform((2, 3), np.random.default_rng(0)).shape
    (2, 3)
    """
    return rng.uniform(minval, maxval, shape)


def glorot_uniform(shape, rng):
    r"""Draw uniformly, so widely that signals keep their size forwards and backwards.

    .. math:: \left[-\sqrt{\frac{6}{n_\text{in} + n_\text{out}}},
        \sqrt{\frac{6}{n_\text{in} + n_\text{out}}}\right]

    Parameters
    ----------
    shape : tuple of int
        See `fans`.
    rng : numpy.random.Generator
        Every number comes from here.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> kernel = glorot_uniform((300, 20), np.random.default_rng(0))
    >>> kernel.shape, bool(np.abs(kernel).max() < np.sqrt(6 / 320))
    ((300, 20), True)

    References
    ----------
    Glorot, Bengio (2010), *Understanding the difficulty of training deep feedforward neural
    networks*, equation 16.
    """
    limit = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def he_uniform(shape, rng):
    r"""Draw uniformly up to :math:`\sqrt{6 / n_\text{in}}` either way: for layers with relu.

    Parameters and result as in `glorot_uniform`.

    References
    ----------
    He, Zhang, Ren, Sun (2015), *Delving deep into rectifiers*, section 2.2 (the variance).
    """
    limit = math.sqrt(6 / fans(shape)[0])
    return rng.uniform(-limit, limit, shape)


def lecun_uniform(shape, rng):
    r"""Draw uniformly up to :math:`\sqrt{3 / n_\text{in}}` either way.

    Parameters and result as in `glorot_uniform`.

    References
    ----------
    LeCun, Bottou, Orr, Müller (1998), *Efficient BackProp*, section 4.6 (the variance).
    """
    limit = math.sqrt(3 / fans(shape)[0])
    return rng.uniform(-limit, limit, shape)


def truncated_normal(shape, rng, stddev=0.05):
    r"""Draw from a normal distribution, and draw anew what is more than two `stddev` from zero.

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator
        Every number comes from here.
    stddev : float
        Of the distribution before its tails are cut off. What is left has a standard deviation
        of about 0.8796 times that.

    Returns
    -------
    ndarray of float64
        All between ``-2 * stddev`` and ``2 * stddev``, with none piled up at these ends.

    Examples
    --------
    >>> numbers = truncated_normal((100, 100), np.random.default_rng(0))
    >>> bool(np.abs(numbers).max() <= 0.1), round(float(numbers.std()), 3)
    (True, 0.044)

    References
    ----------
    ``keras.initializers.TruncatedNormal``, Keras 3.
    """
    numbers = rng.standard_normal(shape)
    far = np.abs(numbers) > 2
    while far.any():
        numbers[far] = rng.standard_normal(np.count_nonzero(far))
        far = np.abs(numbers) > 2
    return stddev * numbers


def he_normal(shape, rng):
    r"""Draw from a truncated normal distribution whose variance is :math:`2 / n_\text{in}`.

    A relu lets half of a signal's power through; the 2 makes up for it. Cutting off the tails
    takes a part of the spread, so the distribution to cut has the standard deviation

    .. math:: \sigma' = \frac{1}{0.87962566103423978} \sqrt{\frac{2}{n_\text{in}}}

    Parameters
    ----------
    shape : tuple of int
        See `fans`.
    rng : numpy.random.Generator
        Every number comes from here.

    Returns
    -------
    ndarray of float64
        None is more than :math:`2 \sigma'` from zero.

    Examples
    --------
    >>> kernel = he_normal((200, 100), np.random.default_rng(0))
    >>> round(float(kernel.std()), 2), round((2 / 200) ** 0.5, 2)
    (0.1, 0.1)

    References
    ----------
    He, Zhang, Ren, Sun (2015), *Delving deep into rectifiers*, equation 10; truncated as in
    ``keras.initializers.HeNormal``, Keras 3.
    """
    stddev = math.sqrt(2 / fans(shape)[0])
    return truncated_normal(shape, rng, stddev / 0.87962566103423978)


def glorot_normal(shape, rng):
    r"""Draw as `he_normal` does, with the variance :math:`2 / (n_\text{in} + n_\text{out})`."""
    stddev = math.sqrt(2 / sum(fans(shape)))
    return truncated_normal(shape, rng, stddev / 0.87962566103423978)


def lecun_normal(shape, rng):
    r"""Draw as `he_normal` does, with the variance :math:`1 / n_\text{in}`: for selu."""
    stddev = math.sqrt(1 / fans(shape)[0])
    return truncated_normal(shape, rng, stddev / 0.87962566103423978)


def orthogonal(shape, rng, gain=1.0):
    r"""Draw a matrix that turns vectors, and leaves their length as it is.

    For more than two sizes, all but the last are taken together as the rows of one matrix, which
    is brought into `shape` at the end. Its columns are orthogonal and of length `gain`; if it has
    fewer rows than columns, its rows are.

    Parameters
    ----------
    shape : tuple of int, two or more
    rng : numpy.random.Generator
        Every number comes from here.
    gain : float
        All numbers are multiplied by it.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    ValueError
        If `shape` has fewer than two sizes.

    Examples
    --------
    >>> q = orthogonal((5, 3), np.random.default_rng(0))
    >>> np.allclose(q.T @ q, np.eye(3))
    True

    References
    ----------
    Saxe, McClelland, Ganguli (2014), *Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks*.
    """
    if len(shape) < 2:
        raise ValueError(f"an orthogonal matrix needs two sizes or more, got shape {shape}")
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # without this not every rotation is as likely as every other
    return gain * (q.T if rows < columns else q).reshape(shape)
