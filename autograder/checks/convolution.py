"""What is asked of convolution and pooling: windows, gradients, layers and blocks, as in Keras."""

from importlib import import_module

import numpy as np

from autograder.cases import Case, Check, Mistake, Written, habits, integers, normal

# ---- windows along an axis


def count_windows(target, n, k, stride, padding, refuses=False):
    out, border = target(n, k, stride, padding)
    answer = {"out": out, "border": np.array(border)}
    if refuses:
        answer["bad calls refused"] = 0.0
        for bad in [(3, 5, 1, "valid"), (5, 3, 0, "same"), (5, 0, 1, "valid"), (5, 3, 1, "full")]:
            try:
                target(*bad)
            except ValueError:
                answer["bad calls refused"] += 1.0
    return answer


def windows_counted(tf, n, k, stride, padding, refuses=False):
    """Let TensorFlow copy each window of 1, 2, ..., n, and look where it put zeros."""
    x = tf.reshape(tf.range(1, n + 1, dtype=tf.float64), (1, n, 1))
    copy = tf.reshape(tf.eye(k, dtype=tf.float64), (k, 1, k))
    windows = np.asarray(tf.nn.conv1d(x, copy, stride, padding.upper())[0])
    before = int(np.argmax(windows[0] != 0))
    after = int(np.argmax(windows[-1][::-1] != 0))
    answer = {"out": len(windows), "border": np.array([before, after])}
    return answer | ({"bad calls refused": 4.0} if refuses else {})


def windows(same, valid=lambda n, k, s: (n - k) // s + 1):
    """Return a wrong answer from ``same(n, k, s) -> (out, border)`` and ``valid(n, k, s)``."""
    def wrong(n, k, stride=1, padding="valid"):
        if k < 1 or stride < 1 or padding not in ("valid", "same") or (padding, k > n) == (
                "valid", True):
            raise ValueError
        return same(n, k, stride) if padding == "same" else (valid(n, k, stride), (0, 0))

    return wrong


def keras_border(n, k, s, padding="same"):
    total = max((-(-n // s) - 1) * s + k - n, 0) if padding == "same" else 0
    return total // 2, total - total // 2


def keras_same(n, k, s):
    return -(-n // s), keras_border(n, k, s)


def axis(n, k, stride=1, padding="valid"):
    return {"n": n, "k": k, "stride": stride, "padding": padding}


conv_output_and_pad = Check(
    target="nnlib.convolution.conv_output_and_pad",
    reference=windows_counted,
    attempt=count_windows,
    cases=[
        Case("inside only", axis(28, 3), hint="28 numbers hold 28 - 3 + 1 windows of 3."),
        Case("steps that leave a rest", axis(12, 3, 2),
             hint="Divide the whole way by the stride, rounding down, and add one."),
        Case("a window as long as the axis", axis(5, 5)),
        Case("steps longer than the window", axis(10, 2, 4)),
        Case("same, an odd window", axis(9, 5, padding="same"),
             hint="With stride 1 there are as many windows as numbers."),
        Case("same, an even window", axis(7, 4, padding="same"),
             hint="An odd border: the larger half comes after."),
        Case("same, steps of two", axis(6, 3, 2, "same"), points=2,
             hint="Six numbers in steps of two: windows at 0, 2, 4; only the last one hangs over."),
        Case("same, steps of two, an odd length", axis(5, 3, 2, "same"), points=2,
             hint="The border depends on the length: (out - 1) * stride + k - n in all."),
        Case("same, steps longer than the window", axis(11, 2, 4, "same"),
             hint="A border is never negative: max(..., 0)."),
        Case("same, a window longer than the axis", axis(2, 5, padding="same")),
        Case("refuses what cannot be", axis(28, 3) | {"refuses": True},
             hint="Raise ValueError for k < 1, stride < 1, another word, and a valid k > n."),
    ],
    mistakes=[
        Mistake("put the odd number of the border before instead of after",
                windows(lambda n, k, s: (-(-n // s), keras_border(n, k, s)[::-1]))),
        Mistake("made the border k // 2 on both sides, whatever the stride",
                windows(lambda n, k, s: (-(-n // s), (k // 2, k // 2)))),
        Mistake("made the border k - 1 in all, whatever the stride",
                windows(lambda n, k, s: (-(-n // s), ((k - 1) // 2, k - 1 - (k - 1) // 2)))),
        Mistake("let the border become negative", windows(
            lambda n, k, s: (-(-n // s), (((-(-n // s) - 1) * s + k - n) // 2,
                                          -(-((-(-n // s) - 1) * s + k - n) // 2))))),
        Mistake("rounded n / stride down", windows(
            lambda n, k, s: (max(n // s, 1), keras_border(n, k, s)))),
        Mistake("returned n for same, whatever the stride", windows(
            lambda n, k, s: (n, keras_border(n, k, s)))),
        Mistake("counted valid windows that hang over the end", windows(
            keras_same, lambda n, k, s: -(-(n - k) // s) + 1)),
        Mistake("forgot the first window: + 1", windows(keras_same, lambda n, k, s: (n - k) // s)),
        Mistake("divided before subtracting the window", windows(
            keras_same, lambda n, k, s: n // s - k + 1)),
        Mistake("refused nothing", lambda n, k, stride=1, padding="valid": keras_same(
            n, k, stride) if padding == "same" else ((n - k) // max(stride, 1) + 1, (0, 0))),
    ],
)

# ---- convolution


def two(size):
    return (size, size) if np.ndim(size) == 0 else tuple(size)


def upper(tf, x, kernel, bias=None, strides=1, padding="valid"):
    y = tf.nn.conv2d(tf.cast(x, tf.float64), kernel, list(two(strides)), padding.upper())
    return y if bias is None else y + bias


def look(x, size, strides, padding, border=keras_border, value=0.0):
    """Return windows, shape (batch, rows, columns, channels, kernel height, kernel width)."""
    edges = [border(n, k, s, padding) for n, k, s in zip(x.shape[1:3], size, two(strides),
                                                         strict=True)]
    x = np.pad(x * 1.0, ((0, 0), *edges, (0, 0)), constant_values=value)
    found = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    return found[:, ::two(strides)[0], ::two(strides)[1]]


def sliding(border=keras_border, turn=lambda k: k, step=two, add=lambda y, b: y + b, value=0.0):
    """Return a convolution that makes one mistake: these parts replace the right ones."""
    def wrong(x, kernel, bias=None, strides=1, padding="valid"):
        found = look(x, kernel.shape[:2], step(strides), padding, border, value)
        y = np.einsum("nijcuv,uvcf->nijf", found, turn(kernel))
        return y if bias is None else add(y, bias)

    return wrong


def centred(n, k, s, padding):
    return (k // 2, k // 2) if padding == "same" else (0, 0)


def hanging(n, k, s, padding):
    """Return a border with which the last valid window hangs over."""
    return keras_border(n, k, s, padding) if padding == "same" else (0, -(n - k) % s)


def odd_first(n, k, s, padding):
    return keras_border(n, k, s, padding)[::-1]


def square_turned(kernel):
    return kernel.swapaxes(2, 3) if kernel.shape[2] == kernel.shape[3] else kernel


STEP = np.array([[0.0, 0.0, 1.0, 1.0, 1.0]] * 5).reshape(1, 5, 5, 1)
EDGE = np.array([[1.0, 0.0, -1.0]] * 3).reshape(3, 3, 1, 1)
SLIDING = [
    Mistake("turned the kernel round, as mathematics' convolution does", sliding(
        turn=lambda k: k[::-1, ::-1])),
    Mistake("put the odd row or column of the border before instead of after", sliding(odd_first)),
    Mistake("made the border k // 2 on all sides, whatever the stride", sliding(centred)),
    Mistake("took valid windows that hang over the end", sliding(hanging)),
    Mistake("exchanged channels and filters of the kernel", sliding(turn=square_turned)),
    Mistake("ignored the strides", sliding(step=lambda s: (1, 1))),
    Mistake("used the stride of the height for the width too", sliding(
        step=lambda s: (two(s)[0],) * 2)),
    Mistake("exchanged the strides of height and width", sliding(step=lambda s: two(s)[::-1])),
    Mistake("forgot the bias", sliding(add=lambda y, b: y)),
    Mistake("subtracted the bias", sliding(add=lambda y, b: y - b)),
    Mistake("transposed the kernel", sliding(
        turn=lambda k: k.swapaxes(0, 1) if k.shape[0] == k.shape[1] else k)),
    Mistake("filled the border with ones", sliding(value=1.0)),
]
COLOUR = {"x": normal(2, 5, 4, 3), "kernel": normal(3, 2, 3, 2), "bias": normal(2)}
conv2d = Check(
    target="nnlib.convolution.conv2d",
    reference=upper,
    cases=[
        Case("an edge in a picture with a step", {"x": STEP, "kernel": EDGE},
             hint="At each place: cut out a window, multiply it by the kernel, add everything up."),
        Case("three channels, two filters, a bias", COLOUR, points=2,
             hint="Sum over rows, columns and channels: `np.tensordot(window, kernel, axes=3)`."),
        Case("as many filters as channels", {"x": normal(2, 4, 5, 3), "kernel": normal(2, 2, 3, 3)},
             hint="The kernel's third axis are the channels that come in, the fourth the filters."),
        Case("one picture, an even kernel, same", {"x": normal(1, 4, 5, 2),
                                                   "kernel": normal(2, 4, 2, 3),
                                                   "padding": "same"}, points=2,
             hint="An odd border has its larger half below and on the right."),
        Case("steps that leave a rest", {"x": normal(2, 6, 7, 1), "kernel": normal(3, 3, 1, 2),
                                         "bias": normal(2), "strides": 2},
             hint="Window number i begins at i * stride; what does not fit is left out."),
        Case("steps with a border", {"x": normal(2, 6, 5, 2), "kernel": normal(3, 3, 2, 2),
                                     "strides": 2, "padding": "same"}, points=2,
             hint="The border depends on the stride: ask conv_output_and_pad for each axis."),
        Case("different steps down and across", {"x": normal(2, 5, 6, 2),
                                                 "kernel": normal(2, 2, 2, 2),
                                                 "strides": (1, 3)},
             hint="`strides` may be a pair: `sh, sw = pair(strides)`."),
        Case("a kernel as large as the picture", {"x": normal(2, 3, 4, 2),
                                                  "kernel": normal(3, 4, 2, 3)}),
        Case("steps longer than the kernel", {"x": normal(2, 7, 8, 1),
                                              "kernel": normal(2, 2, 1, 2), "strides": 3}),
        Case("whole numbers", {"x": integers(2, 4, 4, 2, high=256), "kernel": normal(2, 3, 2, 2)},
             hint="Give y the dtype of the result: `np.result_type(x, kernel)`, not that of x."),
        *habits(**COLOUR, padding="same"),
    ],
    mistakes=SLIDING,
)


def keras_cost(tf, input_shape, filters, kernel_size, strides=1, padding="valid"):
    layer = tf.keras.layers.Conv2D(filters, kernel_size, strides, padding)
    layer.build((None, *input_shape))
    _, rows, columns, _ = layer.compute_output_shape((None, *input_shape))
    return layer.count_params(), rows * columns * int(np.prod(layer.kernel.shape))


def cost(parameters=None, products=None):
    """Return a count with one mistake; both parts get the six sizes, and rows and columns."""
    def wrong(input_shape, filters, kernel_size, strides=1, padding="valid"):
        (kh, kw), channels = two(kernel_size), input_shape[2]
        rows, columns = ((keras_same if padding == "same" else lambda n, k, s: (
            (n - k) // s + 1, 0))(n, k, s)[0] for n, k, s in zip(
                input_shape[:2], (kh, kw), two(strides), strict=True))
        sizes = kh, kw, channels, filters, rows, columns, input_shape
        weights = kh * kw * channels * filters
        return (parameters(*sizes) if parameters else weights + filters,
                products(*sizes) if products else rows * columns * weights)

    return wrong


conv2d_cost = Check(
    target="nnlib.convolution.conv2d_cost",
    reference=keras_cost,
    returns=("parameters", "products"),
    cases=[
        Case("eight filters on grey digits", {"input_shape": (28, 28, 1), "filters": 8,
                                              "kernel_size": 3},
             hint="A filter has a number for each cell and channel, and one bias."),
        Case("a later layer", {"input_shape": (13, 11, 8), "filters": 16, "kernel_size": 3},
             hint="Each filter looks at all channels."),
        Case("steps and a border", {"input_shape": (15, 10, 3), "filters": 4,
                                    "kernel_size": (5, 2), "strides": (2, 3), "padding": "same"},
             hint="Products are computed at each place of the window: rows * columns times."),
        Case("one pixel", {"input_shape": (7, 9, 64), "filters": 16, "kernel_size": 1}),
    ],
    mistakes=[
        Mistake("forgot the biases", cost(lambda kh, kw, c, f, *rest: kh * kw * c * f)),
        Mistake("forgot that a filter looks at all channels", cost(
            lambda kh, kw, c, f, *rest: kh * kw * f + f)),
        Mistake("counted a bias for each channel", cost(
            lambda kh, kw, c, f, *rest: kh * kw * c * f + c)),
        Mistake("counted the products at every pixel, whatever stride and border", cost(
            products=lambda kh, kw, c, f, r, s, shape: kh * kw * c * f * shape[0] * shape[1])),
        Mistake("gave every place weights of its own", cost(
            lambda kh, kw, c, f, r, s, shape: r * s * kh * kw * c * f + f)),
    ],
)

# ---- columns


def patches(tf, x, kernel_size, strides=1, padding="valid"):
    return tf.image.extract_patches(x, [1, *two(kernel_size), 1], [1, *two(strides), 1],
                                    [1, 1, 1, 1], padding.upper())


def rows_of(order="nijuvc", step=two, border=keras_border, value=0.0):
    def wrong(x, kernel_size, strides=1, padding="valid"):
        found = look(x, two(kernel_size), step(strides), padding, border, value)
        return np.einsum(f"nijcuv->{order}", found).reshape(*found.shape[:3], -1)

    return wrong


im2col = Check(
    target="nnlib.convolution.im2col",
    reference=patches,
    cases=[
        Case("one channel", {"x": normal(2, 4, 5, 1), "kernel_size": (2, 3)}, points=2,
             hint="`np.stack(shifted_views(...), axis=3)`, then make one axis of the last two."),
        Case("three channels", {"x": normal(2, 5, 4, 3), "kernel_size": (3, 2)}, points=2,
             hint="In the row, the channels of a pixel stand side by side."),
        Case("many channels, a square window", {"x": normal(2, 4, 4, 5), "kernel_size": 2}),
        Case("steps of two", {"x": normal(1, 6, 7, 2), "kernel_size": 3, "strides": 2}),
        Case("a border", {"x": normal(2, 3, 4, 2), "kernel_size": (2, 3), "padding": "same"},
             hint="`pad2d` first; its result has room for all windows."),
        Case("a border, different steps", {"x": normal(2, 5, 6, 4), "kernel_size": 3,
                                           "strides": (2, 3), "padding": "same"}),
        Case("steps longer than the window", {"x": normal(2, 5, 7, 2), "kernel_size": (1, 2),
                                              "strides": 3}),
        Case("a window of one pixel", {"x": normal(3, 3, 2, 4), "kernel_size": 1,
                                       "strides": (2, 1)}),
        *habits(x=normal(2, 4, 3, 2), kernel_size=2, padding="same"),
    ],
    mistakes=[
        Mistake("laid the channels out first, then the pixels of the window",
                rows_of("nijcuv")),
        Mistake("went through the window column by column", rows_of("nijvuc")),
        Mistake("exchanged rows and columns of the places", rows_of("njiuvc")),
        Mistake("ignored the strides", rows_of(step=lambda s: (1, 1))),
        Mistake("used the stride of the height for the width too",
                rows_of(step=lambda s: (two(s)[0],) * 2)),
        Mistake("put the odd row or column of the border before instead of after",
                rows_of(border=odd_first)),
        Mistake("left the border out", rows_of(border=lambda n, k, s, padding: (0, 0))),
    ],
)


def put_back(tf, columns, shape, kernel_size, strides=1, padding="valid"):
    x = tf.zeros(shape, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = patches(tf, x, kernel_size, strides, padding)
    return tape.gradient(y, x, output_gradients=columns)


def back(add=True, crop=True, order="nijuvc", mean=False, border=keras_border):
    """Return a `col2im` that makes one mistake."""
    def wrong(columns, shape, kernel_size, strides=1, padding="valid"):
        (kh, kw), (sh, sw), c = two(kernel_size), two(strides), shape[3]
        (t, b), (left, r) = (border(n, k, s, padding) for n, k, s in zip(
            shape[1:3], (kh, kw), (sh, sw), strict=True))
        n, rows, cols = columns.shape[:3]
        sizes = {"n": n, "i": rows, "j": cols, "u": kh, "v": kw, "c": c}
        cells = columns.reshape([sizes[letter] for letter in order])
        cells = np.einsum(f"{order}->nijuvc", cells)
        x = np.zeros((n, t + shape[1] + b, left + shape[2] + r, c), columns.dtype)
        count = np.zeros(x.shape)
        for u in range(kh):
            for v in range(kw):
                place = np.s_[:, u:u + sh * rows:sh, v:v + sw * cols:sw]
                x[place] = (x[place] if add else 0) + cells[:, :, :, u, v]
                count[place] += 1
        x = x / np.maximum(count, 1) if mean else x
        if crop == "end":
            return x[:, :shape[1], :shape[2]]
        return x[:, t:t + shape[1], left:left + shape[2]] if crop else x

    return wrong


def columned(rows, columns, shape, size, **rest):
    """Return the inputs of `col2im` for so many rows and columns of places."""
    width = two(size)[0] * two(size)[1] * shape[3]
    return {"columns": normal(shape[0], rows, columns, width), "shape": shape,
            "kernel_size": size, **rest}


col2im = Check(
    target="nnlib.convolution.col2im",
    reference=put_back,
    cases=[
        Case("windows side by side", columned(2, 2, (2, 4, 6, 1), (2, 3), strides=(2, 3)),
             hint="`canvas` gives zeros; add each cell of the window to its shifted view."),
        Case("windows that overlap", columned(3, 3, (2, 4, 5, 2), (2, 3)), points=2,
             hint="`view += cells`, not `view[...] = cells`: a pixel was taken several times."),
        Case("a rest that no window saw", columned(2, 3, (1, 6, 7, 2), 3, strides=2), points=2,
             hint="The answer has the given shape; what was never taken gets zero."),
        Case("a border", columned(3, 4, (2, 3, 4, 3), (2, 3), padding="same"), points=2,
             hint="Collect with the border, return without: the second thing `canvas` returns."),
        Case("a border and steps", columned(3, 2, (2, 5, 6, 1), 3, strides=(2, 3), padding="same")),
        Case("one picture, many channels", columned(2, 2, (1, 4, 4, 5), 3)),
        Case("steps longer than the window", columned(2, 2, (2, 5, 7, 2), (1, 2), strides=3)),
        *habits(**columned(3, 2, (2, 4, 3, 2), 2)),
    ],
    mistakes=[
        Mistake("overwrote where windows overlap, instead of adding", back(add=False)),
        Mistake("took the mean where windows overlap, instead of the sum", back(mean=True)),
        Mistake("returned the picture with its border", back(crop=False)),
        Mistake("cut the border off at the end only", back(crop="end")),
        Mistake("read the rows channel by channel", back(order="nijcuv")),
        Mistake("read the windows column by column", back(order="nijvuc")),
        Mistake("put the odd row or column of the border before instead of after",
                back(border=odd_first)),
    ],
)

conv2d_matmul = Check(
    target="nnlib.convolution.conv2d_matmul",
    reference=upper,
    cases=[
        Case("three channels, two filters, a bias", COLOUR, points=2,
             hint="`im2col` makes the windows rows, `kernel.reshape(-1, filters)` the filters "
                  "columns; their product has a row for each place."),
        Case("one filter on one channel", {"x": normal(3, 4, 5, 1), "kernel": normal(3, 2, 1, 1)},
             hint="Bring the product into the shape (batch, rows, columns, filters)."),
        Case("six channels, a border", {"x": normal(1, 5, 4, 6), "kernel": normal(2, 3, 6, 6),
                                        "bias": normal(6), "padding": "same"}, points=2),
        Case("steps with a border", {"x": normal(2, 6, 5, 2), "kernel": normal(3, 3, 2, 2),
                                     "strides": 2, "padding": "same"}, points=2,
             hint="Hand strides and padding on to `im2col`."),
        Case("different steps down and across", {"x": normal(2, 5, 6, 2),
                                                 "kernel": normal(2, 2, 2, 3),
                                                 "strides": (1, 3)}),
        Case("steps that leave a rest", {"x": normal(2, 6, 8, 1), "kernel": normal(3, 3, 1, 2),
                                         "strides": 2}),
        *habits(**COLOUR, padding="same"),
    ],
    mistakes=[
        *(mistake for mistake in SLIDING if "transposed" not in mistake.sentence),
        Mistake("laid the kernel out channel by channel, the windows pixel by pixel", sliding(
            turn=lambda k: k.transpose(2, 0, 1, 3).reshape(k.shape))),
    ],
)


def convolution_gradients(tf, x, kernel, dy, strides=1, padding="valid"):
    bias = tf.zeros(kernel.shape[3], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([x, kernel, bias])
        y = upper(tf, x, kernel, bias, strides, padding)
    return tuple(tape.gradient(y, [x, kernel, bias], output_gradients=dy))


def gradients(dx=None, dkernel=None, dbias=None, turn=lambda k: k):
    """Return a backward pass that makes one mistake: what is given replaces the right part."""
    def wrong(x, kernel, dy, strides=1, padding="valid", needs_dx=True):
        size = kernel.shape[:2]
        found = look(x, size, strides, padding)
        dwindows = np.einsum("nijf,uvcf->nijuvc", dy, turn(kernel))
        args = dwindows.reshape(*dy.shape[:3], -1), x.shape, size, strides, padding
        return ((dx or back())(*args),
                dkernel(found, dy) if dkernel else np.einsum("nijcuv,nijf->uvcf", found, dy),
                dbias(dy) if dbias else dy.sum(axis=(0, 1, 2)))

    return wrong


UPSTREAM = {"x": normal(2, 4, 5, 2), "kernel": normal(2, 3, 2, 3), "dy": normal(2, 3, 3, 3)}
conv2d_backward = Check(
    target="nnlib.convolution.conv2d_backward",
    reference=convolution_gradients,
    returns=("dx", "dkernel", "dbias"),
    cases=[
        Case("a batch", UPSTREAM, points=2,
             hint="With windows as rows it is a dense layer: dkernel = windows.T @ dz, "
                  "dwindows = dz @ kernel.T, and then col2im."),
        Case("grey pictures", {"x": normal(3, 5, 4, 1), "kernel": normal(3, 3, 1, 2),
                               "dy": normal(3, 3, 2, 2)}),
        Case("one picture, as many filters as channels",
             {"x": normal(1, 4, 4, 5), "kernel": normal(3, 3, 5, 5), "dy": normal(1, 2, 2, 5)},
             points=2, hint="Squares hide transposes: reshape to (places, filters) and look at "
                            "the shapes."),
        Case("a border", {"x": normal(2, 4, 5, 2), "kernel": normal(3, 2, 2, 3),
                          "dy": normal(2, 4, 5, 3), "padding": "same"}, points=2,
             hint="dx has the shape of x, without the border."),
        Case("a border, many channels", {"x": normal(2, 3, 4, 6), "kernel": normal(2, 4, 6, 3),
                                         "dy": normal(2, 3, 4, 3), "padding": "same"}),
        Case("steps that leave a rest", {"x": normal(1, 6, 7, 2), "kernel": normal(3, 3, 2, 2),
                                         "dy": normal(1, 2, 3, 2), "strides": 2}, points=2,
             hint="Hand strides and padding on to im2col and to col2im."),
        Case("steps with a border", {"x": normal(2, 6, 5, 1), "kernel": normal(3, 3, 1, 2),
                                     "dy": normal(2, 3, 3, 2), "strides": 2, "padding": "same"}),
        Case("steps longer than the kernel", {"x": normal(2, 7, 6, 4), "kernel": normal(2, 2, 4, 1),
                                              "dy": normal(2, 2, 2, 1), "strides": 3}),
        Case("different steps down and across", {"x": normal(2, 4, 6, 2),
                                                 "kernel": normal(2, 3, 2, 2),
                                                 "dy": normal(2, 3, 2, 2), "strides": (1, 2)}),
        *habits(**UPSTREAM),
    ],
    mistakes=[
        Mistake("averaged the kernel's gradient over the batch", gradients(
            dkernel=lambda w, dy: np.einsum("nijcuv,nijf->uvcf", w, dy) / len(dy))),
        Mistake("averaged the bias's gradient over the batch", gradients(
            dbias=lambda dy: dy.sum(axis=(1, 2)).mean(axis=0))),
        Mistake("averaged the bias's gradient over the places", gradients(
            dbias=lambda dy: dy.mean(axis=(0, 1, 2)))),
        Mistake("summed the bias's gradient over the batch only", gradients(
            dbias=lambda dy: dy.sum(axis=0))),
        Mistake("overwrote dx where windows overlap, instead of adding", gradients(
            dx=back(add=False))),
        Mistake("returned dx with the border", gradients(dx=back(crop=False))),
        Mistake("cut the border off dx at the end only", gradients(dx=back(crop="end"))),
        Mistake("turned the kernel round for dx", gradients(turn=lambda k: k[::-1, ::-1])),
        Mistake("turned the kernel's gradient round", gradients(
            dkernel=lambda w, dy: np.einsum("nijcuv,nijf->uvcf", w, dy)[::-1, ::-1])),
        Mistake("took only the last picture for the kernel's gradient", gradients(
            dkernel=lambda w, dy: np.einsum("ijcuv,ijf->uvcf", w[-1], dy[-1]))),
        Mistake("exchanged channels and filters on the way to dx", gradients(turn=square_turned)),
    ],
)

# ---- layers


def run_convolution(target, x=None, kernel=None, bias=None, dy=None, strides=1, padding="valid",
                    activation="linear", second=False, input_shape=None, filters=0, size=0):
    if input_shape:
        layer = target(filters, size)
        layer.build(input_shape, np.random.default_rng(5))
        kernel, bias = layer.params["kernel"], layer.params["bias"]
        cells = int(np.prod(kernel.shape[:-2]))
        limit = np.sqrt(6 / (cells * (input_shape[-1] + filters)))
        inside = float(np.abs(kernel).max() / limit)
        return {"kernel shape": np.array(kernel.shape), "bias": np.array(bias, dtype=float),
                "stays within the limit": float(inside <= 1),
                "uses the whole range": float(inside > 0.97),
                "is spread evenly": float(abs(np.mean(kernel**2) / limit**2 - 1 / 3) < 0.03)}
    size = kernel.shape[0] if kernel.ndim == 3 else kernel.shape[:2]
    layer = target(len(bias), size, strides, padding, activation)
    layer.params = {"kernel": kernel, "bias": bias}
    if second:
        layer.forward(x[::-1] * 2)
        layer.backward(dy)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return {"y": y, "dx": dx, "kernel": layer.grads["kernel"], "bias": layer.grads["bias"]}


def through_layer(tf, layer, x, weights, dy):
    layer.build(x.shape)
    layer.set_weights(weights)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    found = tape.gradient(y, [x, *layer.trainable_weights], output_gradients=dy)
    return {"y": y} | dict(zip(["dx", "kernel", "bias"], found, strict=False))


def keras_convolution(tf, x=None, kernel=None, bias=None, dy=None, strides=1, padding="valid",
                      activation="linear", second=False, input_shape=None, filters=0, size=0):
    axes = len(x.shape if input_shape is None else input_shape)
    make = tf.keras.layers.Conv2D if axes == 4 else tf.keras.layers.Conv1D
    if input_shape is None:
        layer = make(len(bias), kernel.shape[:axes - 2], strides, padding, activation=activation,
                     dtype="float64")
        return through_layer(tf, layer, x, [kernel, bias], dy)
    layer = make(filters, size, dtype="float64")
    layer.build(input_shape)
    cells = int(np.prod(layer.kernel.shape[:-2]))
    drawn = np.abs(layer.kernel) / np.sqrt(6 / (cells * (input_shape[-1] + filters)))
    return {"kernel shape": np.array(layer.kernel.shape), "bias": layer.bias,
            "stays within the limit": float(drawn.max() <= 1),
            "uses the whole range": float(drawn.max() > 0.97),
            "is spread evenly": float(abs(np.mean(drawn**2) - 1 / 3) < 0.03)}


SLOPES = {"linear": (lambda z: z, np.ones_like),
          "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
          "relu": (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0))}


def convolution(forward=None, backward=None, draw=None, active=True, collect=False, border="",
                step=None):
    """Return a layer, for pictures or sequences, that makes one mistake."""

    class Wrong:
        def __init__(self, filters, kernel_size, strides=1, padding="valid", activation="linear"):
            self.filters, self.size, self.padding = filters, kernel_size, border or padding
            self.strides = step(strides) if step else strides
            self.f, self.slope = SLOPES[activation]
            self.grads = {}

        def build(self, input_shape, rng):
            size = (self.size,) if len(input_shape) == 3 else two(self.size)
            shape, cells = (*size, input_shape[-1], self.filters), int(np.prod(size))
            limit = np.sqrt(6 / (cells * (input_shape[-1] + self.filters)))
            kernel = draw(rng, shape) if draw else rng.uniform(-limit, limit, shape)
            self.params = {"kernel": kernel, "bias": np.zeros(self.filters)}

        def flat(self, x):
            """Return x and kernel as a picture and its kernel, and the strides."""
            kernel, flat = self.params["kernel"], x.ndim == 3
            return (x[:, np.newaxis] if flat else x, kernel[np.newaxis] if flat else kernel,
                    (1, self.strides) if flat else self.strides)

        def forward(self, x, training=False):
            self.x = x
            picture, kernel, strides = self.flat(x)
            z = (forward or sliding())(picture, kernel, self.params["bias"], strides, self.padding)
            self.z = z[:, 0] if x.ndim == 3 else z
            return self.f(self.z)

        def backward(self, dy):
            dz = dy * self.slope(self.z) if active else dy
            picture, kernel, strides = self.flat(self.x)
            dz = dz[:, np.newaxis] if self.x.ndim == 3 else dz
            dx, dkernel, dbias = (backward or gradients())(picture, kernel, dz, strides,
                                                           self.padding)
            found = {"kernel": dkernel.reshape(self.params["kernel"].shape), "bias": dbias}
            for name, grad in found.items():
                self.grads[name] = grad + (self.grads.get(name, 0.0) if collect else 0.0)
            return dx.reshape(self.x.shape)

    return Wrong


LAYER = [
    Mistake("forgot that the gradient passes the activation", convolution(active=False)),
    Mistake("added to the gradients of the call before", convolution(collect=True)),
    Mistake("ignored the padding", convolution(border="valid")),
    Mistake("ignored the strides", convolution(step=lambda s: 1)),
    Mistake("forgot the bias", convolution(sliding(add=lambda y, b: y))),
    Mistake("turned the kernel round, as mathematics' convolution does", convolution(
        sliding(turn=lambda k: k[::-1, ::-1]))),
    Mistake("averaged the kernel's gradient over the batch", convolution(backward=gradients(
        dkernel=lambda w, dy: np.einsum("nijcuv,nijf->uvcf", w, dy) / len(dy)))),
    Mistake("averaged the bias's gradient over the places", convolution(backward=gradients(
        dbias=lambda dy: dy.mean(axis=(0, 1, 2))))),
    Mistake("overwrote dx where windows overlap, instead of adding", convolution(
        backward=gradients(dx=back(add=False)))),
]
PLAIN = UPSTREAM | {"bias": normal(3)}
Conv2D = Check(
    target="nnlib.convolution.Conv2D",
    reference=keras_convolution,
    attempt=run_convolution,
    cases=[
        Case("a batch", PLAIN, points=2,
             hint="Forward: `conv2d_matmul`; backward: `conv2d_backward`. The layer only keeps "
                  "what they need."),
        Case("with an activation", PLAIN | {"activation": "tanh"}, points=2,
             hint="dy belongs to the output; `self.activation.backward(dy)` brings it to z."),
        Case("with relu, strides and a border",
             {"x": normal(2, 6, 5, 3), "kernel": normal(3, 3, 3, 2), "bias": normal(2),
              "dy": normal(2, 3, 3, 2), "strides": 2, "padding": "same", "activation": "relu"},
             points=2, hint="Hand `self.strides` and `self.padding` on, both ways."),
        Case("one picture, an even kernel",
             {"x": normal(1, 4, 6, 1), "kernel": normal(2, 4, 1, 2), "bias": normal(2),
              "dy": normal(1, 4, 6, 2), "padding": "same"}),
        Case("a second batch", PLAIN | {"second": True},
             hint="`grads` holds the gradients of the last backward, not a sum over calls."),
        Case("built for twelve channels", {"input_shape": (None, 9, 7, 12), "filters": 20,
                                           "size": (3, 4)},
             hint="`glorot_uniform((*self.kernel_size, channels, filters), rng)`, and zeros."),
        *habits(**PLAIN),
    ],
    mistakes=[
        *LAYER,
        Mistake("drew the kernel from the normal distribution", convolution(
            draw=lambda rng, shape: rng.normal(size=shape))),
        Mistake("left the size of the window out of the limit", convolution(
            draw=lambda rng, shape: rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape[-2:])))),
        Mistake("made the kernel (filters, height, width, channels)", convolution(
            draw=lambda rng, shape: np.moveaxis(rng.uniform(-1, 1, shape) * np.sqrt(
                6 / (np.prod(shape[:2]) * sum(shape[2:]))), 3, 0))),
    ],
)


def causal(x, kernel, bias=None, strides=1, padding="valid"):
    return sliding(lambda n, k, s, p: (k - 1, 0) if padding == "same" else (0, 0))(
        x, kernel, bias, strides, padding)


TIME = {"x": normal(2, 7, 3), "kernel": normal(3, 3, 2), "bias": normal(2), "dy": normal(2, 5, 2)}
Conv1D = Check(
    target="nnlib.convolution.Conv1D",
    reference=keras_convolution,
    attempt=run_convolution,
    cases=[
        Case("a batch of sequences", TIME, points=2,
             hint="Give x and the kernel an axis of height 1, `x[:, np.newaxis]`, and take it "
                  "away again from what comes back."),
        Case("an even window, same, with tanh",
             {"x": normal(2, 5, 2), "kernel": normal(4, 2, 3), "bias": normal(3),
              "dy": normal(2, 5, 3), "padding": "same", "activation": "tanh"}, points=2,
             hint="First `self.activation.backward(dy)`, then the new axis."),
        Case("steps of three", {"x": normal(3, 8, 2), "kernel": normal(2, 2, 2), "bias": normal(2),
                                "dy": normal(3, 3, 2), "strides": 3},
             hint="`self.strides` is (1, stride) already."),
        Case("one sequence of one feature",
             {"x": normal(1, 6, 1), "kernel": normal(3, 1, 1), "bias": normal(1),
              "dy": normal(1, 3, 1), "strides": 2, "padding": "same"}),
        Case("a second batch", TIME | {"second": True},
             hint="`grads` holds the gradients of the last backward, not a sum over calls."),
        *habits(**TIME),
    ],
    mistakes=[*LAYER, Mistake("put all of the border before, so that no step sees later ones",
                              convolution(causal))],
)

# ---- pooling


def pool(target, x, dy, size=2, strides=None, padding="valid", second=False):
    layer = target(size, strides, padding)
    if second:
        layer.forward(-x[::-1] * 2)
    y = layer.forward(x)
    return {"y": y, "dx": layer.backward(dy)}


def keras_pool(kind):
    def reference(tf, x, dy, size=2, strides=None, padding="valid", second=False):
        layer = getattr(tf.keras.layers, kind)(size, strides, padding, dtype="float64")
        return through_layer(tf, layer, x, [], dy)

    return reference


def pooling(reduce, share, value=0.0, border=keras_border, step=None, add=True):
    """Return a pooling layer from ``reduce(windows)`` and ``share(windows, y, dy)``.

    Windows have the shape (batch, rows, columns, cells, channels).
    """

    class Wrong:
        def __init__(self, size=2, strides=None, padding="valid"):
            self.size, self.padding = two(size), padding
            self.strides = two(size if strides is None else strides)
            self.strides = step(self.strides, self.size) if step else self.strides

        def forward(self, x, training=False):
            found = look(x, self.size, self.strides, self.padding, border, value)
            cells = np.einsum("nijcuv->nijuvc", found)
            self.cells = cells.reshape(*cells.shape[:3], -1, cells.shape[5])
            self.shape, self.y = x.shape, reduce(self.cells)
            return self.y

        def backward(self, dy):
            dcells = share(self.cells, self.y, dy)
            return back(add=add)(dcells.reshape(*dy.shape[:3], -1), self.shape, self.size,
                                 self.strides, self.padding)

    return Wrong


def largest(cells):
    return cells.max(axis=3)


def winners(cells, y, dy):
    hot = np.arange(cells.shape[3])[:, np.newaxis] == cells.argmax(axis=3)[:, :, :, np.newaxis]
    return hot * dy[:, :, :, np.newaxis]


def last_winners(cells, y, dy):
    return winners(cells[:, :, :, ::-1], y, dy)[:, :, :, ::-1]


def equals(cells, y, dy):
    return (cells == y[:, :, :, np.newaxis]) * dy[:, :, :, np.newaxis]


def shared(cells, y, dy):
    hot = cells == y[:, :, :, np.newaxis]
    return hot * (dy / hot.sum(axis=3))[:, :, :, np.newaxis]


TILES = {"x": normal(2, 4, 6, 3), "dy": normal(2, 2, 3, 3)}
MaxPool2D = Check(
    target="nnlib.convolution.MaxPool2D",
    reference=keras_pool("MaxPool2D"),
    attempt=pool,
    cases=[
        Case("side by side", TILES, points=2,
             hint="Take a copy of the first shifted view, and let the others beat it: np.maximum."),
        Case("a rest that is left out", {"x": normal(2, 5, 7, 2), "dy": normal(2, 2, 3, 2)},
             hint="dx has the shape of x: what no window saw gets zero."),
        Case("windows that overlap", {"x": normal(2, 7, 5, 2), "dy": normal(2, 3, 2, 2),
                                      "size": 3, "strides": 2}, points=2,
             hint="A pixel that wins twice gets the sum: `view += ...`."),
        Case("a wide window", {"x": normal(1, 4, 7, 1), "dy": normal(1, 2, 3, 1),
                               "size": (3, 2), "strides": (1, 2)}),
        Case("steps longer than the window", {"x": normal(2, 8, 7, 2), "dy": normal(2, 3, 2, 2),
                                              "strides": (3, 4)}),
        Case("all numbers negative, with a border",
             {"x": -5.0 + normal(2, 5, 5, 2), "dy": normal(2, 3, 3, 2), "padding": "same"},
             points=2, hint="A border of zeros would win: `pad2d(..., value=-np.inf)`."),
        Case("equal numbers", {"x": integers(3, 6, 6, 2, high=3) * 1.0, "dy": normal(3, 3, 3, 2)},
             points=2, hint="The first of equal numbers gets all; then the window waits no more."),
        Case("equal numbers, overlapping",
             {"x": integers(2, 5, 6, 2, high=2) * 1.0, "dy": normal(2, 5, 6, 2), "size": 3,
              "strides": 1, "padding": "same"}),
        Case("the last batch counts", TILES | {"second": True}),
        *habits(**TILES),
    ],
    mistakes=[
        Mistake("filled the border with zeros", pooling(largest, winners)),
        Mistake("gave the gradient to all of equal numbers", pooling(largest, equals, -np.inf)),
        Mistake("shared the gradient among equal numbers", pooling(largest, shared, -np.inf)),
        Mistake("let the last of equal numbers win", pooling(largest, last_winners, -np.inf)),
        Mistake("took the mean", pooling(lambda c: c.mean(axis=3), lambda c, y, dy: np.repeat(
            dy[:, :, :, np.newaxis] / c.shape[3], c.shape[3], axis=3))),
        Mistake("ignored the strides", pooling(largest, winners, -np.inf,
                                               step=lambda s, size: size)),
        Mistake("took stride 1 where none was given", pooling(
            largest, winners, -np.inf, step=lambda s, size: (1, 1) if s == size else s)),
        Mistake("overwrote dx where windows overlap, instead of adding", pooling(
            largest, winners, -np.inf, add=False)),
        Mistake("took the largest of all channels", pooling(
            lambda c: np.broadcast_to(c.max(axis=(3, 4))[..., np.newaxis],
                                      (*c.shape[:3], c.shape[4])), winners, -np.inf)),
        Mistake("took windows that hang over the end", pooling(largest, winners, -np.inf, hanging)),
        Mistake("put the odd row or column of the border before instead of after", pooling(
            largest, winners, -np.inf, odd_first)),
    ],
)


def real_mean(cells):
    return np.nanmean(cells, axis=3)


def real_share(cells, y, dy):
    real = ~np.isnan(cells)
    return real * (dy / real.sum(axis=3))[:, :, :, np.newaxis]


def every_share(cells, y, dy):
    return np.repeat(dy[:, :, :, np.newaxis] / cells.shape[3], cells.shape[3], axis=3)


AveragePooling2D = Check(
    target="nnlib.convolution.AveragePooling2D",
    reference=keras_pool("AveragePooling2D"),
    attempt=pool,
    cases=[
        Case("side by side", TILES, points=2,
             hint="The sum of the shifted views, divided by how many numbers a window has."),
        Case("windows that overlap", {"x": normal(2, 7, 5, 2), "dy": normal(2, 3, 2, 2),
                                      "size": 3, "strides": 2}, points=2,
             hint="Add a share of dy to every shifted view of the canvas."),
        Case("a border", {"x": normal(2, 5, 5, 2), "dy": normal(2, 3, 3, 2), "padding": "same"},
             points=2, hint="Divide by the count of real numbers: pool ones to get it."),
        Case("a border all round", {"x": normal(1, 3, 4, 2), "dy": normal(1, 3, 4, 2), "size": 3,
                                    "strides": 1, "padding": "same"}),
        Case("a wide window", {"x": normal(2, 4, 7, 1), "dy": normal(2, 2, 3, 1),
                               "size": (3, 2), "strides": (1, 2)}),
        Case("a rest, and steps longer than the window",
             {"x": normal(2, 8, 7, 2), "dy": normal(2, 3, 2, 2), "strides": (3, 4)},
             hint="dx has the shape of x: what no window saw gets zero."),
        *habits(**TILES),
    ],
    mistakes=[
        Mistake("counted the border's zeros", pooling(lambda c: c.mean(axis=3), every_share)),
        Mistake("divided dy by all cells, although the border has no share", pooling(
            real_mean, every_share, np.nan)),
        Mistake("gave each pixel all of the gradient", pooling(
            real_mean, lambda c, y, dy: every_share(c, y, dy) * c.shape[3], np.nan)),
        Mistake("took the sum", pooling(lambda c: np.nansum(c, axis=3), real_share, np.nan)),
        Mistake("took the largest", pooling(largest, winners, -np.inf)),
        Mistake("ignored the strides", pooling(real_mean, real_share, np.nan,
                                               step=lambda s, size: size)),
        Mistake("overwrote dx where windows overlap, instead of adding", pooling(
            real_mean, real_share, np.nan, add=False)),
    ],
)


def whole(target, x, dy):
    layer = target()
    y = layer.forward(x)
    return {"y": y, "dx": layer.backward(dy)}


def keras_whole(tf, x, dy):
    return through_layer(tf, tf.keras.layers.GlobalAveragePooling2D(dtype="float64"), x, [], dy)


def everywhere(axes=(1, 2), divide=lambda shape: shape[1] * shape[2], scale=None):
    class Wrong:
        def forward(self, x, training=False):
            self.shape = x.shape
            return x.sum(axis=axes) / (scale or divide)(x.shape)

        def backward(self, dy):
            share = dy / divide(self.shape)
            if share.shape == (self.shape[0], self.shape[3]):
                share = share[:, np.newaxis, np.newaxis]
            return np.zeros(self.shape) + share

    return Wrong


GlobalAveragePooling2D = Check(
    target="nnlib.convolution.GlobalAveragePooling2D",
    reference=keras_whole,
    attempt=whole,
    cases=[
        Case("a batch", {"x": normal(2, 3, 4, 5), "dy": normal(2, 5)}, points=2,
             hint="`x.mean(axis=(1, 2))`: over rows and columns, not over pictures or channels."),
        Case("one picture", {"x": normal(1, 4, 3, 2), "dy": normal(1, 2)}),
        Case("all sizes equal", {"x": normal(3, 3, 3, 3), "dy": normal(3, 3)}, points=2,
             hint="dy[:, np.newaxis, np.newaxis] stands for the same number at every pixel."),
        Case("pictures of one pixel", {"x": normal(3, 1, 1, 2), "dy": normal(3, 2)}),
        *habits(x=normal(2, 2, 3, 2), dy=normal(2, 2)),
    ],
    mistakes=[
        Mistake("took the mean over the channels", everywhere((2, 3), lambda s: s[2] * s[3])),
        Mistake("took the sum", everywhere(scale=lambda shape: 1)),
        Mistake("gave each pixel all of the gradient", everywhere(
            divide=lambda shape: 1, scale=lambda shape: shape[1] * shape[2])),
        Mistake("took the mean over the height only", everywhere((1,), lambda s: s[1])),
        Mistake("divided by the number of channels too", everywhere(
            divide=lambda s: s[1] * s[2] * s[3])),
    ],
)

# ---- blocks


def run_block(target, x, dy, sizes, training=False):
    from importlib import import_module

    start = import_module("nnlib.layers").Input(x.shape[1:])
    end = target(start, *sizes)
    model = import_module("nnlib.network").Model(start, end, dtype="float64")
    for array in model.params:
        array[...] = 0.3 * np.sin(np.arange(array.size) + array.size).reshape(array.shape)
        array += array.ndim == 1
    y = model.forward(x, training=training)
    answer = {"shape": np.array(end.shape), "y": y, "dx": model.backward(dy)}
    for array, grad in zip(model.params, model.grads, strict=True):
        name = f"gradients of shape {array.shape}"
        answer[name] = answer.get(name, 0.0) + grad
    return answer


def keras_block(build):
    """Return a reference: what `run_block` does, with the graph that ``build(keras, x)`` makes."""
    def reference(tf, x, dy, sizes, training=False):
        before = tf.keras.config.dtype_policy()
        tf.keras.config.set_dtype_policy("float64")
        start = tf.keras.Input(x.shape[1:], dtype="float64")
        model = tf.keras.Model(start, build(tf.keras.layers, start, *sizes))
        tf.keras.config.set_dtype_policy(before)
        for weight in model.trainable_weights:
            size = int(np.prod(weight.shape))
            values = 0.3 * np.sin(np.arange(size) + size).reshape(weight.shape)
            weight.assign(values + (len(weight.shape) == 1))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x, training=training)
        dx, *grads = tape.gradient(y, [x, *model.trainable_weights], output_gradients=dy)
        answer = {"shape": np.array(y.shape[1:]), "y": y, "dx": dx}
        for weight, grad in zip(model.trainable_weights, grads, strict=True):
            name = f"gradients of shape {tuple(weight.shape)}"
            answer[name] = answer.get(name, 0.0) + grad
        return answer

    return reference


def keras_residual(keras, x, filters, strides=1):
    y = keras.Conv2D(filters, 3, strides, "same")(x)
    y = keras.Activation("relu")(keras.BatchNormalization()(y))
    y = keras.BatchNormalization()(keras.Conv2D(filters, 3, padding="same")(y))
    if x.shape != y.shape:
        x = keras.BatchNormalization()(keras.Conv2D(filters, 1, strides, "same")(x))
    return keras.Activation("relu")(keras.Add()([y, x]))


def keras_inception(keras, x, ones, threes, fives, pooled):
    def conv(x, filters, size):
        return keras.Conv2D(filters, size, padding="same", activation="relu")(x)

    return keras.Concatenate()([
        conv(x, ones, 1), conv(conv(x, threes[0], 1), threes[1], 3),
        conv(conv(x, fives[0], 1), fives[1], 5),
        conv(keras.MaxPool2D(3, 1, "same")(x), pooled, 1)])


def residual(early=False, last=True, short=True, project=None, again=False, middle=True,
             normal=True):
    """Return a residual block, of the library's layers, that makes one mistake."""
    def wrong(x, filters, strides=1):
        nn = import_module("nnlib.convolution")

        def normalise(node):
            return nn.BatchNormalization()(node) if normal else node

        def relu(node):
            return nn.Activation("relu")(node)

        y = normalise(nn.Conv2D(filters, 3, strides, "same")(x))
        y = nn.Conv2D(filters, 3, strides if again else 1, "same")(relu(y) if middle else y)
        y = relu(normalise(y)) if early else normalise(y)
        needed = x.shape != y.shape if project is None else project(x.shape, y.shape)
        if needed:
            x = normalise(nn.Conv2D(filters, 1, strides, "same")(x))
        y = nn.Add()([y, x]) if short else y
        return relu(y) if last and not early else y

    return wrong


def inception(order=(0, 1, 2, 3), reduce=True, relu=True, pool="MaxPool2D"):
    def wrong(x, ones, threes, fives, pooled):
        nn = import_module("nnlib.convolution")

        def conv(node, filters, size):
            return nn.Conv2D(filters, size, padding="same",
                             activation="relu" if relu else "linear")(node)

        def branch(filters, size):
            return conv(conv(x, filters[0], 1) if reduce else x, filters[1], size)

        seen = getattr(nn, pool)(3, 1, "same")(x)
        parts = [conv(x, ones, 1), branch(threes, 3), branch(fives, 5), conv(seen, pooled, 1)]
        return nn.Concatenate()([parts[i] for i in order])

    return wrong


residual_block = Check(
    target="nnlib.convolution.residual_block",
    reference=keras_block(keras_residual),
    attempt=run_block,
    rtol=1e-4,
    atol=1e-5,
    cases=[
        Case("a shape that stays", {"x": normal(2, 4, 5, 3), "dy": normal(2, 4, 5, 3),
                                    "sizes": (3,)}, points=2,
             hint="`Add()([y, x])`: the input itself goes past the two convolutions."),
        Case("more channels", {"x": normal(2, 4, 3, 2), "dy": normal(2, 4, 3, 4), "sizes": (4,)},
             points=2, hint="Bring x to the shape of y: a convolution of 1x1 with as many filters, "
                            "and BatchNormalization."),
        Case("half the size", {"x": normal(2, 5, 6, 3), "dy": normal(2, 3, 3, 3),
                               "sizes": (3, 2)}, points=2,
             hint="The first convolution takes the strides, and so does that of the shortcut."),
        Case("different strides, one picture", {"x": normal(1, 4, 6, 2), "dy": normal(1, 4, 3, 3),
                                                "sizes": (3, (1, 2))}),
        Case("while it trains", {"x": normal(3, 4, 4, 2), "dy": normal(3, 4, 4, 2), "sizes": (2,),
                                 "training": True}, points=2,
             hint="BatchNormalization after each convolution, before its relu and before the sum."),
    ],
    mistakes=[
        Mistake("put the last relu before the sum", residual(early=True)),
        Mistake("left out the last relu", residual(last=False)),
        Mistake("left out the relu between the convolutions", residual(middle=False)),
        Mistake("left out the shortcut", residual(short=False)),
        Mistake("sent the shortcut through a convolution even where the shape stays", residual(
            project=lambda before, after: True)),
        Mistake("looked at the channels only to see whether the shortcut fits", residual(
            project=lambda before, after: before[-1] != after[-1])),
        Mistake("gave the strides to both convolutions", residual(again=True)),
        Mistake("left out the normalisation", residual(normal=False)),
    ],
)

inception_block = Check(
    target="nnlib.convolution.inception_block",
    reference=keras_block(keras_inception),
    attempt=run_block,
    rtol=1e-4,
    atol=1e-5,
    cases=[
        Case("four branches", {"x": normal(2, 5, 4, 3), "dy": normal(2, 5, 4, 14),
                               "sizes": (2, (3, 4), (2, 3), 5)}, points=3,
             hint="Four branches, each from x; `Concatenate` in the order of the text."),
        Case("all equally wide", {"x": normal(2, 4, 4, 2), "dy": normal(2, 4, 4, 8),
                                  "sizes": (2, (2, 2), (2, 2), 2)}, points=2,
             hint="The order of the branches: 1x1, 3x3, 5x5, pooled."),
        Case("one small picture", {"x": normal(1, 3, 2, 4), "dy": normal(1, 3, 2, 7),
                                   "sizes": (1, (2, 3), (1, 2), 1)},
             hint="Padding \"same\" everywhere, for the pooling too, which has stride 1."),
    ],
    mistakes=[
        Mistake("laid the branches side by side in another order", inception((0, 2, 1, 3))),
        Mistake("put the pooled branch first", inception((3, 0, 1, 2))),
        Mistake("left out the convolutions of 1x1 before 3x3 and 5x5", inception(reduce=False)),
        Mistake("left out the relus", inception(relu=False)),
        Mistake("took means instead of largest numbers in the last branch", inception(
            pool="AveragePooling2D")),
    ],
)

dense_or_shared = Written(
    name="dense_or_shared",
    rubric=[
        (1, "Counts right: the dense layer has 784 * 5,408 weights and 5,408 biases, about 4.2 "
            "million; the convolution has 80."),
        (1, "Names what the convolution assumes: what matters is local, and the same pattern "
            "means the same wherever it stands."),
        (1, "Gives an example where that is false or costs something."),
    ],
    answer="The dense layer needs 28 * 28 * 26 * 26 * 8 weights and 26 * 26 * 8 biases, "
           "4,245,280 numbers in all; the convolution has 3 * 3 * 8 + 8 = 80. It can do with so "
           "few because it assumes two things: a pixel has to do with its neighbours first of "
           "all, and a pattern means the same wherever it stands, so that one detector is shared "
           "by all places. For a table whose columns are age, income and postcode neither is "
           "true: the order of the columns says nothing, and an edge between age and income is "
           "not one between income and postcode. It also costs something where the place "
           "matters, as in a passport photograph, where eyes are always in the same rows.",
)

why_shortcuts = Written(
    name="why_shortcuts",
    rubric=[
        (1, "The gradient of a sum goes to both ways unchanged, so it reaches early layers "
            "without passing the convolutions."),
        (1, "Without shortcuts it is multiplied by every layer's slopes, and shrinks or grows "
            "with the depth."),
        (1, "If the convolutions return zero the block hands on its input: a deeper network can "
            "at least do what a shallower one does."),
    ],
    answer="Adding sends the gradient to both inputs unchanged. So, past the relus, there is a way "
           "from the loss to the first layers on which nothing multiplies it. In a plain stack it "
           "passes every convolution, and is multiplied by its weights and slopes each time; over "
           "56 layers that makes it vanish or explode. And a block whose convolutions are near "
           "zero nearly hands on its input: it starts as something harmless and learns only what "
           "is to be added. A plain layer would have to learn the identity first.",
)
