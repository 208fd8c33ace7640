"""Convolution and pooling: layers that look at a picture through a small window."""

import numpy as np

from nnlib.initializers import glorot_uniform
from nnlib.layers import Activation, Add, Concatenate, Layer
from nnlib.regularization import BatchNormalization
from nnlib.windows import banded, blocks, bordered, pair, side_by_side, window_matrices


def conv_output_and_pad(n, k, stride=1, padding="valid"):
    r"""Return how many windows fit along one axis, and how much border they need.

    Without a border ("valid") every window lies inside, and numbers that are left over at the end
    are not seen. With one ("same") there are :math:`\lceil n / s \rceil` windows, and the border
    is what the last of them lacks, :math:`(\text{out} - 1) s + k - n` if that is positive: half
    of it before, half after, and the odd one after.

    Parameters
    ----------
    n, k, stride : int
        Length of the axis, length of the window, and the step from one window to the next.
    padding : {"valid", "same"}

    Returns
    -------
    out : int
    (before, after) : tuple of int

    Raises
    ------
    ValueError
        If `k` or `stride` is below 1, if `padding` is another word, or if a valid window is
        longer than the axis.

    Examples
    --------
    >>> conv_output_and_pad(28, 3)
    (26, (0, 0))
    >>> conv_output_and_pad(6, 3, stride=2, padding="same")
    (3, (0, 1))

    References
    ----------
    Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, chapter 2.
    """
    if k < 1 or stride < 1:
        raise ValueError(f"a window of {k} in steps of {stride}: expected 1 or more for both")
    if padding == "same":
        out = -(-n // stride)
        border = max((out - 1) * stride + k - n, 0)
        return out, (border // 2, border - border // 2)
    if padding != "valid":
        raise ValueError(f"padding is {padding!r}, expected 'valid' or 'same'")
    if k > n:
        raise ValueError(f"a window of {k} does not fit into {n}: take a smaller one, "
                         "or padding='same'")
    return (n - k) // stride + 1, (0, 0)


def both_axes(shape, kernel_size, strides=1, padding="valid"):
    """Return what `conv_output_and_pad` says for the height and for the width of a picture."""
    return [conv_output_and_pad(n, k, stride, padding) for n, k, stride in
            zip(shape, pair(kernel_size), pair(strides), strict=True)]


def pad2d(x, kernel_size, strides=1, padding="valid", value=0.0):
    """Return pictures with the border that windows need, filled with `value`."""
    if x.ndim != 4:
        raise ValueError(f"x has shape {x.shape}, expected (batch, height, width, channels)")
    (_, rows), (_, columns) = both_axes(x.shape[1:3], kernel_size, strides, padding)
    return bordered(np.asarray(x, np.result_type(x, value)), rows, columns, value)


def canvas(dy, shape, kernel_size, strides=1, padding="valid"):
    """Return zeros for pictures of this shape with their border, and the view without it.

    What is added to the first appears in the second: a gradient is collected with the border, and
    returned without.
    """
    (_, (top, bottom)), (_, (left, right)) = both_axes(shape[1:3], kernel_size, strides, padding)
    batch, height, width, channels = shape
    whole = np.zeros_like(dy, shape=(batch, top + height + bottom, left + width + right, channels))
    return whole, whole[:, top:top + height, left:left + width]


def shifted_views(x, kernel_size, strides=1):
    """Return, for each cell of the window, a view of what it sees at all places of the window.

    The cells are in order, row by row, and each view has the shape (batch, rows, columns,
    channels). A loop over the few cells stands for one over the many places.

    Examples
    --------
    >>> x = np.arange(9).reshape(1, 3, 3, 1)
    >>> [view[0, :, :, 0].tolist() for view in shifted_views(x, (1, 2))]
    [[[0, 1], [3, 4], [6, 7]], [[1, 2], [4, 5], [7, 8]]]
    """
    (kh, kw), (sh, sw) = pair(kernel_size), pair(strides)
    (rows, _), (columns, _) = both_axes(x.shape[1:3], kernel_size, strides)
    return [x[:, i:i + sh * rows:sh, j:j + sw * columns:sw] for i in range(kh) for j in range(kw)]


def conv2d(x, kernel, bias=None, strides=1, padding="valid"):
    r"""Slide a kernel over pictures and multiply, in two loops that say what is meant.

    .. math:: y_{nijf} = b_f + \sum_{u, v, c} x_{n,\, i s + u,\, j s + v,\, c} \; k_{uvcf}

    As in all of deep learning the kernel is not turned round: mathematics calls this a
    cross-correlation.

    Parameters
    ----------
    x : ndarray, shape (batch, height, width, channels)
    kernel : ndarray, shape (kernel height, kernel width, channels, filters)
    bias : ndarray, shape (filters,), optional
    strides : int or pair of int
    padding : {"valid", "same"}
        See `conv_output_and_pad`; the border is zero.

    Returns
    -------
    ndarray, shape (batch, rows, columns, filters)

    Examples
    --------
    >>> step = np.array([[0.0, 0.0, 1.0, 1.0, 1.0]] * 3).reshape(1, 3, 5, 1)
    >>> edge = np.array([[-1.0, 0.0, 1.0]] * 3).reshape(3, 3, 1, 1)
    >>> conv2d(step, edge)[0, :, :, 0]
    array([[3., 3., 0.]])

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document
    recognition*, section II. Goodfellow, Bengio, Courville (2016), *Deep Learning*, equation 9.6.
    """
    (kh, kw), (sh, sw) = kernel.shape[:2], pair(strides)
    (rows, _), (columns, _) = both_axes(x.shape[1:3], (kh, kw), strides, padding)
    x = pad2d(x, (kh, kw), strides, padding)
    y = np.zeros_like(x, shape=(len(x), rows, columns, kernel.shape[3]),
                      dtype=np.result_type(x, kernel))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * sh:i * sh + kh, j * sw:j * sw + kw]
            y[:, i, j] = np.tensordot(window, kernel, axes=3)
    return y if bias is None else y + bias


def conv2d_cost(input_shape, filters, kernel_size, strides=1, padding="valid"):
    """Count what a convolution has to learn, and what it has to compute.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width and channels of a picture.
    filters : int
    kernel_size, strides : int or pair of int
    padding : {"valid", "same"}

    Returns
    -------
    parameters : int
        Kernel and bias.
    products : int
        Multiplications for one picture; those with a border's zeros count too.

    Examples
    --------
    >>> conv2d_cost((28, 28, 1), 8, 3)
    (80, 48672)
    """
    height, width, channels = input_shape
    (rows, _), (columns, _) = both_axes((height, width), kernel_size, strides, padding)
    kh, kw = pair(kernel_size)
    weights = kh * kw * channels * filters
    return weights + filters, rows * columns * weights


def im2col(x, kernel_size, strides=1, padding="valid"):
    """Lay the window out as a row, at each of its places.

    Parameters
    ----------
    x : ndarray, shape (batch, height, width, channels)
    kernel_size, strides : int or pair of int
    padding : {"valid", "same"}
        The border is zero.

    Returns
    -------
    ndarray, shape (batch, rows, columns, kernel height * kernel width * channels)
        Along the last axis: row by row of the window, in each row pixel by pixel, in each pixel
        channel by channel, as in ``kernel.reshape(-1, filters)``.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> im2col(x, 2).reshape(-1, 4)
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])

    References
    ----------
    Chellapilla, Puri, Simard (2006), *High performance convolutional neural networks for document
    processing*, section 4.
    """
    (kh, kw), (sh, sw), channels = pair(kernel_size), pair(strides), x.shape[-1]
    x = pad2d(x, kernel_size, strides, padding)
    if channels == 1:  # copied cell by cell, all places of a cell at a time
        columns = np.moveaxis(np.stack(shifted_views(x, kernel_size, strides)), 0, 3)
    else:  # copied row by row of a window, where pixels and their channels lie side by side
        windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2))
        columns = windows[:, ::sh, ::sw].transpose(0, 1, 2, 4, 5, 3)
    return columns.reshape(*columns.shape[:3], kh * kw * channels)


def col2im(columns, shape, kernel_size, strides=1, padding="valid"):
    """Add every row of `im2col` back to where it was taken from: the gradient of `im2col`.

    Where windows overlap, a pixel was taken several times, and gets the sum.

    Parameters
    ----------
    columns : ndarray, shape (batch, rows, columns, kernel height * kernel width * channels)
        Gradient for what `im2col` returned.
    shape : tuple of int
        Of the pictures: (batch, height, width, channels).
    kernel_size, strides, padding
        As they were given to `im2col`.

    Returns
    -------
    ndarray of this shape

    Examples
    --------
    >>> ones = np.ones((1, 2, 2, 4))
    >>> col2im(ones, (1, 3, 3, 1), 2)[0, :, :, 0]  # how many windows see each pixel
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    kh, kw = pair(kernel_size)
    cells = columns.reshape(*columns.shape[:3], kh * kw, shape[3])
    whole, x = canvas(columns, shape, kernel_size, strides, padding)
    for cell, view in enumerate(shifted_views(whole, kernel_size, strides)):
        view += cells[:, :, :, cell]
    return x


def conv2d_matmul(x, kernel, bias=None, strides=1, padding="valid"):
    """Return the same as `conv2d`, computed as a product of two matrices.

    Parameters
    ----------
    x : ndarray, shape (batch, height, width, channels)
    kernel : ndarray, shape (kernel height, kernel width, channels, filters)
    bias : ndarray, shape (filters,), optional
    strides : int or pair of int
    padding : {"valid", "same"}

    Returns
    -------
    ndarray, shape (batch, rows, columns, filters)

    Examples
    --------
    >>> x, kernel = np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 4))
    >>> y = conv2d_matmul(x, kernel, strides=2, padding="same")
    >>> y.shape, y[0, :, :, 0].tolist()
    ((1, 3, 3, 4), [[8.0, 12.0, 8.0], [12.0, 18.0, 12.0], [8.0, 12.0, 8.0]])
    """
    filters, (sh, sw) = kernel.shape[3], pair(strides)
    (rows, above), (columns, beside) = both_axes(x.shape[1:3], kernel.shape[:2], strides, padding)
    places = side_by_side(kernel, columns, sw)
    band, copies = banded(kernel, places, sw)
    for copy in copies:
        copy[...] = kernel
    window, steps, flat = band.shape[:2], (sh, places * sw), band.reshape(-1, places * filters)
    y = np.empty_like(x, shape=(len(x), rows, columns * filters),
                      dtype=np.result_type(x, kernel, 0.0))
    # Added to a line of pixels at a time, which is faster than to each pixel.
    line = np.zeros_like(flat, shape=1) if bias is None else np.tile(bias, columns)
    for part in blocks(x, window, steps):
        z = window_matrices(bordered(x[part], above, beside), window, steps) @ flat
        np.add(z.reshape(rows, -1, columns * filters).swapaxes(0, 1), line, out=y[part])
    return y.reshape(-1, rows, columns, filters)


def conv2d_backward(x, kernel, dy, strides=1, padding="valid", needs_dx=True):
    """Return the three gradients of `conv2d`.

    Parameters
    ----------
    x : ndarray, shape (batch, height, width, channels)
    kernel : ndarray, shape (kernel height, kernel width, channels, filters)
    dy : ndarray, shape (batch, rows, columns, filters)
        Gradient of the loss for the output.
    strides : int or pair of int
    padding : {"valid", "same"}
    needs_dx : bool
        Without it `dx` need not be computed, and may be None.

    Returns
    -------
    dx, dkernel, dbias : ndarray
        In the shapes of `x`, `kernel` and the bias; the last two are sums over the batch.

    Examples
    --------
    >>> x, kernel = np.arange(9.0).reshape(1, 3, 3, 1), np.ones((2, 2, 1, 1))
    >>> dy = np.array([[1.0, 0.0], [0.0, 10.0]]).reshape(1, 2, 2, 1)
    >>> dx, dkernel, dbias = conv2d_backward(x, kernel, dy)
    >>> dx[0, :, :, 0]
    array([[ 1.,  1.,  0.],
           [ 1., 11., 10.],
           [ 0., 10., 10.]])
    >>> dkernel[:, :, 0, 0], dbias
    (array([[40., 51.],
           [73., 84.]]), array([11.]))

    References
    ----------
    Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, chapter 4.
    """
    (kh, kw, channels, filters), (sh, sw) = kernel.shape, pair(strides)
    (rows, above), (columns, beside) = both_axes(x.shape[1:3], (kh, kw), strides, padding)
    places = side_by_side(kernel, columns, sw)
    band, copies = banded(kernel, places, sw)
    window, steps = band.shape[:2], (sh, places * sw)
    dturned = np.zeros_like(kernel, shape=(places * filters, band.size // (places * filters)))
    for part in blocks(x, window, steps):
        dz = dy[part].swapaxes(0, 1).reshape(rows, -1, places * filters)
        matrices = window_matrices(bordered(x[part], above, beside), window, steps)
        for windows, d in zip(matrices, dz, strict=True):
            dturned += d.T @ windows  # faster than its transpose, windows.T @ d
    band[...] = dturned.T.reshape(band.shape)
    # A product with ones is a sum over rows, faster and more exact in float32.
    dbias = np.ones_like(dy, shape=dy[..., 0].size) @ dy.reshape(-1, filters)
    if not needs_dx:
        dx = None
    elif (sh, sw) == (1, 1):
        # Each cell of the kernel sees a pixel once. So the pixel's gradient is a weighted sum of
        # `dy` around it: a convolution too, with the kernel turned round, and a border.
        borders = [(k - 1 - before, k - 1 - after)
                   for k, (before, after) in ((kh, above), (kw, beside))]
        dx = conv2d_matmul(bordered(dy, *borders), kernel[::-1, ::-1].swapaxes(2, 3))
    else:  # what a window gets is given back to where it was taken from
        dwindows = dy.reshape(-1, filters) @ kernel.reshape(-1, filters).T
        dx = col2im(dwindows.reshape(-1, rows, columns, kh * kw * channels), x.shape, (kh, kw),
                    strides, padding)
    return dx, sum(copies), dbias


class Window(Layer):
    """What layers share that move a window over pictures: its size, its steps, the border."""

    def __init__(self, kernel_size, strides, padding):
        super().__init__()
        self.kernel_size, self.strides, self.padding = pair(kernel_size), pair(strides), padding
        both_axes(self.kernel_size, self.kernel_size, strides, padding)  # raises what is wrong

    def output_shape(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(f"{self.name} needs (batch, height, width, channels), got shape "
                             f"{input_shape}; give grey pictures a last axis, x[..., np.newaxis]")
        try:
            (rows, _), (columns, _) = both_axes(input_shape[1:3], self.kernel_size, self.strides,
                                                self.padding)
        except ValueError as problem:
            raise ValueError(f"{self.name}, input of shape {input_shape}: {problem}") from None
        return input_shape[0], rows, columns, input_shape[3]


class Conv2D(Window):
    """Look for small patterns everywhere in a picture: ``activation(conv2d(x, kernel, bias))``.

    Parameters
    ----------
    filters : int
        How many patterns, and so how many channels come out.
    kernel_size, strides : int or pair of int
    padding : {"valid", "same"}
    activation : callable or str
        See `Activation`; what does it is the layer ``self.activation``.

    Examples
    --------
    >>> layer = Conv2D(8, 3, activation="relu")
    >>> layer.build((None, 28, 28, 1), np.random.default_rng(0))
    >>> {name: array.shape for name, array in layer.params.items()}
    {'kernel': (3, 3, 1, 8), 'bias': (8,)}
    >>> y = layer(np.ones((5, 28, 28, 1)))
    >>> y.shape, layer.backward(y).shape
    ((5, 26, 26, 8), (5, 28, 28, 1))

    References
    ----------
    LeCun et al. (1989), *Backpropagation applied to handwritten zip code recognition*, Neural
    Computation 1.
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", activation="linear"):
        super().__init__(kernel_size, strides, padding)
        if filters < 1:
            raise ValueError(f"{filters} filters, expected 1 or more")
        self.filters, self.activation = filters, Activation(activation)

    def output_shape(self, input_shape):
        shape = super().output_shape(input_shape)
        channels = self.params["kernel"].shape[-2] if self.params else input_shape[-1]
        if input_shape[-1] != channels:
            raise ValueError(f"{self.name} was built for {channels} channels in the last axis, "
                             f"got {input_shape[-1]}: the input has shape {input_shape}")
        return (*shape[:3], self.filters)

    def build(self, input_shape, rng):
        """Make ``params["kernel"]``, drawn by `glorot_uniform`, and ``params["bias"]``, zeros.

        Parameters
        ----------
        input_shape : tuple of int
            (batch, height, width, channels)
        rng : numpy.random.Generator
        """
        shape = (*self.kernel_size, input_shape[-1], self.filters)
        self.params["kernel"] = glorot_uniform(shape, rng)
        self.params["bias"] = np.zeros(self.filters)

    def forward(self, x, training=False):
        """Return the feature maps of a batch, and remember `x`.

        Parameters
        ----------
        x : ndarray, shape (batch, height, width, channels)

        Returns
        -------
        ndarray, shape (batch, rows, columns, filters)
        """
        self.x = x
        z = conv2d_matmul(x, self.params["kernel"], self.params["bias"], self.strides,
                          self.padding)
        return self.activation.forward(z, training)

    def backward(self, dy):
        """Fill ``grads["kernel"]`` and ``grads["bias"]``, sums over the batch, and return dx.

        Parameters
        ----------
        dy : ndarray, shape (batch, rows, columns, filters)

        Returns
        -------
        ndarray, shape of `x`; or None if ``self.needs_dx`` is False
        """
        dz = self.activation.backward(dy)
        dx, dkernel, dbias = conv2d_backward(self.x, self.params["kernel"], dz, self.strides,
                                             self.padding, self.needs_dx)
        # Into the arrays that are there, if there are some: a network keeps them side by side.
        self.grads.setdefault("kernel", dkernel)[...] = dkernel
        self.grads.setdefault("bias", dbias)[...] = dbias
        return dx


class Conv1D(Conv2D):
    """Look for short patterns everywhere in a sequence: a picture that is one pixel high.

    Parameters
    ----------
    filters, kernel_size, strides : int
    padding : {"valid", "same"}
    activation : callable or str

    Examples
    --------
    >>> layer = Conv1D(4, 3, padding="same")
    >>> y = layer(np.ones((2, 10, 5)))
    >>> y.shape, layer.params["kernel"].shape, layer.backward(y).shape
    ((2, 10, 4), (3, 5, 4), (2, 10, 5))
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", activation="linear"):
        super().__init__(filters, (1, kernel_size), (1, strides), padding, activation)

    def output_shape(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(f"{self.name} needs (batch, steps, features), got shape {input_shape}")
        batch, steps, features = input_shape
        batch, _, steps, filters = super().output_shape((batch, 1, steps, features))
        return batch, steps, filters

    def build(self, input_shape, rng):
        super().build(input_shape, rng)
        self.params["kernel"] = self.params["kernel"][0]  # the window is one pixel high

    def forward(self, x, training=False):
        """Return the output for a batch, and remember `x`; ``self.strides`` is ``(1, stride)``.

        Parameters
        ----------
        x : ndarray, shape (batch, steps, features)

        Returns
        -------
        ndarray, shape (batch, steps out, filters)
        """
        self.x = x
        z = conv2d_matmul(x[:, np.newaxis], self.params["kernel"][np.newaxis],
                          self.params["bias"], self.strides, self.padding)
        return self.activation.forward(z[:, 0], training)

    def backward(self, dy):
        """Fill ``grads["kernel"]``, shape (kernel size, features, filters), and ``grads["bias"]``.

        Parameters
        ----------
        dy : ndarray, shape (batch, steps out, filters)

        Returns
        -------
        ndarray, shape of `x`; or None if ``self.needs_dx`` is False
        """
        dz = self.activation.backward(dy)[:, np.newaxis]
        dx, dkernel, dbias = conv2d_backward(
            self.x[:, np.newaxis], self.params["kernel"][np.newaxis], dz, self.strides,
            self.padding, self.needs_dx)
        self.grads.setdefault("kernel", dkernel[0])[...] = dkernel[0]
        self.grads.setdefault("bias", dbias)[...] = dbias
        return dx[:, 0] if self.needs_dx else None


class MaxPool2D(Window):
    """Keep the largest number of each window, channel by channel.

    Parameters
    ----------
    pool_size : int or pair of int
    strides : int or pair of int, optional
        By default `pool_size`: windows side by side.
    padding : {"valid", "same"}
        The border never wins: it is minus infinity.

    Examples
    --------
    >>> layer = MaxPool2D()
    >>> x = np.array([[1.0, 2.0, 5.0, 5.0], [4.0, 3.0, 0.0, 5.0]]).reshape(1, 2, 4, 1)
    >>> layer(x).reshape(-1)
    array([4., 5.])
    >>> layer.backward(np.array([10.0, 20.0]).reshape(1, 1, 2, 1)).reshape(2, 4)
    array([[ 0.,  0., 20.,  0.],
           [10.,  0.,  0.,  0.]])
    """

    def __init__(self, pool_size=2, strides=None, padding="valid"):
        super().__init__(pool_size, pool_size if strides is None else strides, padding)

    def forward(self, x, training=False):
        """Return the largest number of each window, and remember it and the pictures.

        Parameters
        ----------
        x : ndarray, shape (batch, height, width, channels)

        Returns
        -------
        ndarray, shape (batch, rows, columns, channels)
        """
        self.shape = x.shape
        self.x = pad2d(x, self.kernel_size, self.strides, self.padding, -np.inf)
        first, *others = shifted_views(self.x, self.kernel_size, self.strides)
        self.y = first.copy()
        for view in others:
            np.maximum(self.y, view, out=self.y)
        return self.y

    def backward(self, dy):
        """Return dx: each number of `dy` goes to its window's winner, the first of equal ones.

        Parameters
        ----------
        dy : ndarray, shape (batch, rows, columns, channels)

        Returns
        -------
        ndarray, shape of `x`
        """
        window = self.kernel_size, self.strides
        whole, dx = canvas(dy, self.shape, *window, self.padding)
        waiting = np.ones(dy.shape, dtype=bool)
        for view, dview in zip(shifted_views(self.x, *window), shifted_views(whole, *window),
                               strict=True):
            wins = (view == self.y) & waiting
            waiting &= ~wins
            dview += dy * wins
        return dx


class AveragePooling2D(Window):
    """Take the mean of each window, channel by channel; the border does not count.

    Parameters
    ----------
    pool_size : int or pair of int
    strides : int or pair of int, optional
        By default `pool_size`.
    padding : {"valid", "same"}

    Examples
    --------
    >>> layer = AveragePooling2D(2, padding="same")
    >>> x = np.array([[1.0, 2.0, 5.0], [4.0, 3.0, 7.0]]).reshape(1, 2, 3, 1)
    >>> layer(x).reshape(-1)
    array([2.5, 6. ])
    >>> layer.backward(np.array([4.0, 10.0]).reshape(1, 1, 2, 1)).reshape(2, 3)
    array([[1., 1., 5.],
           [1., 1., 5.]])
    """

    def __init__(self, pool_size=2, strides=None, padding="valid"):
        super().__init__(pool_size, pool_size if strides is None else strides, padding)

    def forward(self, x, training=False):
        """Return the mean of each window, and remember of how many numbers.

        Parameters
        ----------
        x : ndarray, shape (batch, height, width, channels)

        Returns
        -------
        ndarray, shape (batch, rows, columns, channels)
        """
        self.shape = x.shape
        window = self.kernel_size, self.strides
        real = np.ones_like(x, shape=(1, *x.shape[1:3], 1))
        self.count = sum(shifted_views(pad2d(real, *window, self.padding), *window))
        return sum(shifted_views(pad2d(x, *window, self.padding), *window)) / self.count

    def backward(self, dy):
        """Return dx: all real numbers of a window get the same share of its gradient.

        Parameters
        ----------
        dy : ndarray, shape (batch, rows, columns, channels)

        Returns
        -------
        ndarray, shape of `x`
        """
        whole, dx = canvas(dy, self.shape, self.kernel_size, self.strides, self.padding)
        share = dy / self.count
        for view in shifted_views(whole, self.kernel_size, self.strides):
            view += share
        return dx


class GlobalAveragePooling2D(Layer):
    """Take the mean of each channel over the whole picture.

    Examples
    --------
    >>> layer = GlobalAveragePooling2D()
    >>> layer(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[3., 4.]])
    >>> layer.backward(np.array([[4.0, 8.0]]))[0, 0]
    array([[1., 2.],
           [1., 2.]])

    References
    ----------
    Lin, Chen, Yan (2014), *Network in network*, section 3.2.
    """

    def output_shape(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(f"{self.name} needs (batch, height, width, channels), got shape "
                             f"{input_shape}")
        return input_shape[0], input_shape[3]

    def forward(self, x, training=False):
        """Return the means, and remember the shape.

        Parameters
        ----------
        x : ndarray, shape (batch, height, width, channels)

        Returns
        -------
        ndarray, shape (batch, channels)
        """
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, dy):
        """Return dx: every pixel gets the same share.

        Parameters
        ----------
        dy : ndarray, shape (batch, channels)

        Returns
        -------
        ndarray, shape of `x`, writable
        """
        height, width = self.shape[1:3]
        share = dy / (height * width)
        return np.zeros_like(dy, shape=self.shape) + share[:, np.newaxis, np.newaxis]


def residual_block(x, filters, strides=1):
    """Let two convolutions compute what is to be added to their input.

    One way: convolution (3x3, `filters`, `strides`), `BatchNormalization`, relu, convolution
    (3x3), `BatchNormalization`. The other way: `x` itself, or, if its shape is another one, a
    convolution of 1x1 with these strides and `BatchNormalization`. The sum goes through relu.
    All paddings are "same".

    Parameters
    ----------
    x : Node
        A place in a graph of layers, of shape (height, width, channels).
    filters : int
    strides : int or pair of int

    Returns
    -------
    Node

    Examples
    --------
    >>> from nnlib.layers import Input
    >>> residual_block(Input((8, 8, 16)), 32, strides=2).shape
    (4, 4, 32)

    References
    ----------
    He, Zhang, Ren, Sun (2016), *Deep residual learning for image recognition*, figure 2 and
    section 3.3 (option B for the shortcut).
    """
    y = BatchNormalization()(Conv2D(filters, 3, strides, padding="same")(x))
    y = Conv2D(filters, 3, padding="same")(Activation("relu")(y))
    y = BatchNormalization()(y)
    if x.shape != y.shape:
        x = BatchNormalization()(Conv2D(filters, 1, strides, padding="same")(x))
    return Activation("relu")(Add()([y, x]))


def inception_block(x, ones, threes, fives, pooled):
    """Look through windows of four sizes at once, and lay the findings side by side.

    Four branches, in this order: a convolution of 1x1; one of 1x1 and one of 3x3 after it; one of
    1x1 and one of 5x5 after it; `MaxPool2D` of 3x3 with stride 1 and a convolution of 1x1 after
    it. All paddings are "same", and every convolution ends with relu.

    Parameters
    ----------
    x : Node
        A place in a graph of layers, of shape (height, width, channels).
    ones, pooled : int
        Filters of the first branch, and of the last.
    threes, fives : pair of int
        Filters of the two convolutions of the second branch, and of the third.

    Returns
    -------
    Node
        Of shape (height, width, ones + threes[1] + fives[1] + pooled).

    Examples
    --------
    >>> from nnlib.layers import Input
    >>> inception_block(Input((28, 28, 192)), 64, (96, 128), (16, 32), 32).shape
    (28, 28, 256)

    References
    ----------
    Szegedy et al. (2015), *Going deeper with convolutions*, figure 2(b) and table 1.
    """
    def conv(node, filters, size):
        return Conv2D(filters, size, padding="same", activation="relu")(node)

    return Concatenate()([
        conv(x, ones, 1),
        conv(conv(x, threes[0], 1), threes[1], 3),
        conv(conv(x, fives[0], 1), fives[1], 5),
        conv(MaxPool2D(3, strides=1, padding="same")(x), pooled, 1),
    ])
