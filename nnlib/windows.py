"""What a window sees of pictures, laid out for products of matrices with few copies."""

import numpy as np


def pair(size):
    """Return height and width: both numbers of a pair, or one number twice."""
    try:
        height, width = size
    except TypeError:  # one number
        return size, size
    except ValueError:
        raise ValueError(f"got {size}, expected one number, or a pair: height and width") from None
    return height, width


def bordered(x, rows, columns, value=0.0):
    """Return pictures with a border: so much (before, after) the rows, and the columns."""
    if not any(rows + columns):
        return x
    batch, height, width, channels = x.shape
    shape = batch, height + sum(rows), width + sum(columns), channels
    whole = np.full_like(x, value, shape=shape)
    whole[:, rows[0]:rows[0] + height, columns[0]:columns[0] + width] = x
    return whole


def blocks(x, kernel_size, strides=1, numbers=2**17):
    """Return slices of the batch, such that what `window_matrices` copies of each fits a cache."""
    (_, kw), (_, sw) = pair(kernel_size), pair(strides)
    size = max(1, numbers * sw // max(1, x[:1].size * kw))
    return [slice(first, first + size) for first in range(0, len(x), size)]


def window_matrices(x, kernel_size, strides=1):
    """Return what the window sees, as one matrix for each row of its places.

    Windows side by side are copied apart. Those above each other share their numbers, and the
    matrices overlap: fewer copies, by the height of the window, than `im2col` makes.

    Parameters
    ----------
    x : ndarray, shape (batch, height, width, channels)
        With its border, if it has one.
    kernel_size, strides : int or pair of int

    Returns
    -------
    ndarray, shape (rows, batch * columns, kernel height * kernel width * channels)
        A view, not writable. Along the last axis as in `im2col`.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> window_matrices(x, 2)[0]  # the upper row of places: two windows side by side
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.]])

    References
    ----------
    Cho, Brand (2017), *MEC: memory-efficient convolution for deep neural network*, section 3.
    """
    (kh, kw), (sh, sw) = pair(kernel_size), pair(strides)
    batch, height, width, channels = x.shape
    rows, columns = (height - kh) // sh + 1, (width - kw) // sw + 1
    view, (picture, line, pixel, number) = np.lib.stride_tricks.as_strided, x.strides
    strips = np.ascontiguousarray(view(x, (batch, columns, height, kw * channels),
                                       (picture, sw * pixel, line, number)))
    strips = strips.reshape(batch * columns, height, kw * channels)
    strip, line, number = strips.strides
    return view(strips, (rows, batch * columns, kh * kw * channels), (sh * line, strip, number),
                writeable=False)


def side_by_side(kernel, columns, stride):
    """Return how many windows of a row to take together, so that products are wide enough.

    A divisor of the number of windows in a row, and so many that the product's result is up to 32
    numbers wide: narrower ones leave most of a processor idle.
    """
    width, filters = kernel.shape[1], kernel.shape[3]
    most = min(16, 32 // filters) if width > stride else 1  # apart, they have nothing to share
    return max([1] + [places for places in range(2, most + 1) if columns % places == 0])


def banded(kernel, places, stride):
    """Return zeros for a kernel that stands for several windows side by side, and views into it.

    Each view has the shape of `kernel`, and is what one of the windows multiplies with: written to,
    they make a kernel with this many times the filters, and their sum is its gradient.
    """
    (kh, kw, channels, filters), step = kernel.shape, stride
    band = np.zeros_like(kernel, shape=(kh, (places - 1) * step + kw, channels, places, filters))
    return band, [band[:, i * step:i * step + kw, :, i] for i in range(places)]
