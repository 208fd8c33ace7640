"""Figures of the chapter on convolution: every map is computed with the library it explains."""

import json
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from nnlib.convolution import (
    AveragePooling2D,
    Conv2D,
    MaxPool2D,
    conv2d,
    conv2d_backward,
    conv_output_and_pad,
)
from nnlib.layers import Dense, Flatten, Input
from nnlib.network import Sequential

BLUE, RED, ORANGE, SKY = "#0072B2", "#D55E00", "#E69F00", "#56B4E9"
GREEN, PINK = "#009E73", "#CC79A7"
GREY = "#7a7a7a"
DATA = Path(__file__).resolve().parent.parent / "data"

# The picture of the chapter: dark on the left, bright on the right.
STEP = np.array([[0.0, 0.0, 1.0, 1.0, 1.0]] * 5)
KERNELS = {
    "nothing": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[1 / 9, 1 / 9, 1 / 9]] * 3,
    "vertical edges": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "horizontal edges": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
}


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


def _bare(*axes):
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        for side in ax.spines.values():
            side.set_visible(False)


def _picture(ax, picture, title=None):
    """Draw a picture of ink, 0 to 1, as dark on light."""
    ax.imshow(picture, cmap="Greys", vmin=0, vmax=1, interpolation="none")
    _bare(ax)
    if title:
        ax.set_title(title, fontsize=10)


def _map(ax, values, title=None, limit=None):
    """Draw a map of numbers: purple above zero, orange below, white at zero."""
    limit = limit or max(np.abs(values).max(), 1e-9)
    ax.imshow(values, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="none")
    _bare(ax)
    if title:
        ax.set_title(title, fontsize=10)


def _matrix(ax, values, title=None, limit=None, size=12, form="{:g}"):
    """Draw a small matrix with its numbers in it."""
    values = np.asarray(values, dtype=float)
    limit = limit or max(np.abs(values).max(), 1e-9)
    ax.imshow(values, cmap="PuOr", vmin=-2.2 * limit, vmax=2.2 * limit, interpolation="none")
    _bare(ax)
    rows, columns = values.shape
    for i in range(rows + 1):
        ax.plot([-0.5, columns - 0.5], [i - 0.5] * 2, color=GREY, linewidth=0.7, clip_on=False)
    for j in range(columns + 1):
        ax.plot([j - 0.5] * 2, [-0.5, rows - 0.5], color=GREY, linewidth=0.7, clip_on=False)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            ax.text(j, i, form.format(value + 0.0).replace("-", "−"), ha="center", va="center",
                    color="black", fontsize=size)
    if title:
        ax.set_title(title, fontsize=10)


def _frame(ax, row, column, height, width, color, inset=0.0, **style):
    """Draw a frame around cells of a matrix."""
    style.setdefault("linewidth", 1 if color == GREY else 2.6)
    ax.add_patch(Rectangle((column - 0.5 + inset, row - 0.5 + inset), width - 2 * inset,
                           height - 2 * inset, fill=False, edgecolor=color, clip_on=False,
                           **style))


def _arrow(ax, start, end, color=GREY, **style):
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=color,
                                 shrinkA=0, shrinkB=0, **style))


def _box(ax, x, y, width, height, text, color=SKY, size=9):
    """Draw a labelled box around a centre."""
    if color != GREY:
        ax.add_patch(Rectangle((x - width / 2, y - height / 2), width, height, facecolor=color,
                               alpha=0.2, edgecolor="none"))
    ax.add_patch(Rectangle((x - width / 2, y - height / 2), width, height, fill=False,
                           edgecolor=color, linewidth=1.5))
    ax.text(x, y, text, ha="center", va="center", fontsize=size, color=GREY)


def correlate(picture, kernel, strides=1, padding="valid"):
    """Return the map of one kernel on one picture without channels."""
    picture, kernel = np.asarray(picture, dtype=float), np.asarray(kernel, dtype=float)
    maps = conv2d(picture[None, :, :, None], kernel[:, :, None, None], None, strides, padding)
    return maps[0, :, :, 0]


@cache
def digits():
    """Return all 5,000 digits as pictures, (5000, 28, 28, 1) with ink 1, and what they show."""
    with np.load(DATA / "mnist5k.npz") as file:
        return (file["X"] / np.float32(255)).reshape(-1, 28, 28, 1), file["y"]


def validation_digits():
    """Return the thousand digits that the CNN of seed 0 has not been trained on."""
    x, y = digits()
    held_out = np.random.default_rng(0).permutation(len(y))[4000:]
    return x[held_out], y[held_out]


def shift(x, down, right):
    """Move pictures by whole pixels; what comes in is paper, 0."""
    moved, (h, w) = np.zeros_like(x), x.shape[1:3]
    moved[:, max(down, 0) : h + min(down, 0), max(right, 0) : w + min(right, 0)] = x[
        :, max(-down, 0) : h - max(down, 0), max(-right, 0) : w - max(right, 0)
    ]
    return moved


@cache
def measured(topic="mnist"):
    """Return what an experiment wrote down."""
    return json.loads((DATA / f"convolution_{topic}.json").read_text(encoding="utf-8"))


@cache
def trained():
    """Return the CNN of the experiment, with the weights of seed 0."""
    network = Sequential([
        Input((28, 28, 1)),
        Conv2D(8, 3, activation="relu"), MaxPool2D(2),
        Conv2D(16, 3, activation="relu"), MaxPool2D(2),
        Flatten(), Dense(10),
    ])
    network.set_weights([np.array(one) for one in measured()["weights"]])
    return network


def connections():
    """Nine inputs below and seven outputs above, connected in two ways.

    On the left each output has a line from every input, 63 lines of different weights. On the
    right each output has three lines, from the inputs below it, in the same three colours
    everywhere: three weights.
    """
    fig, axes = _axes(1, 2, figsize=(5.4, 2.6))
    for ax, local in zip(axes, (False, True), strict=True):
        for j in range(7):
            for i in range(9):
                if local and 0 <= i - j <= 2:
                    ax.plot([i, j + 1], [0, 1], color=(BLUE, RED, GREEN)[i - j], linewidth=1.8)
                elif not local:
                    ax.plot([i, j + 1], [0, 1], color=GREY, linewidth=0.5)
        ax.plot(range(9), [0] * 9, "o", color=GREY, markersize=9)
        ax.plot(range(1, 8), [1] * 7, "s", color=GREY, markersize=9)
        ax.text(4, -0.2, "9 inputs", ha="center", va="top", fontsize=10)
        ax.set(xlim=(-0.5, 8.5), ylim=(-0.45, 1.2))
        _bare(ax)
    axes[0].set_title("dense: 63 weights", fontsize=11)
    axes[1].set_title("local and shared: 3 weights", fontsize=11)
    return fig


def equivariance():
    """A digit and the same digit moved right and down, each above its map of vertical edges.

    The second map is the first one, moved by as much.
    """
    x = digits()[0][1501:1502]
    moved = shift(x, 2, 4)
    fig, axes = _axes(2, 2, figsize=(4.4, 4.6))
    kernel = KERNELS["vertical edges"]
    for column, (picture, name) in enumerate([(x, "a digit"), (moved, "moved by (2, 4)")]):
        _picture(axes[0, column], picture[0, :, :, 0], name)
        found = correlate(picture[0, :, :, 0], kernel)
        _map(axes[1, column], found, ["its map", "that map, moved by (2, 4)"][column], 3)
        for ax, width in ((axes[0, column], 28), (axes[1, column], 26)):
            _frame(ax, 0, 0, width, width, GREY)
    return fig


def sliding():
    """The picture of five by five, the kernel of three by three, and the map of three by three.

    Two positions of the kernel are framed in the picture, and in the same colours the two cells
    of the map that they give: minus three at the edge, zero where all is bright.
    """
    fig, axes = _axes(1, 3, figsize=(5.4, 2.5), width_ratios=[5, 3, 3])
    _matrix(axes[0], STEP, "picture", limit=3)
    _matrix(axes[1], KERNELS["vertical edges"], "kernel", limit=3)
    _matrix(axes[2], correlate(STEP, KERNELS["vertical edges"]), "map", limit=3)
    for (row, column), color, style in [((0, 0), BLUE, "-"), ((2, 2), RED, "--")]:
        _frame(axes[0], row, column, 3, 3, color, linestyle=style)
        _frame(axes[2], row, column, 1, 1, color, inset=0.06, linestyle=style)
    return fig


def flip():
    """A single bright pixel, and what a kernel of the numbers 1 to 9 makes of it.

    The cross-correlation shows the kernel turned upside down, 9 to 1; the convolution shows the
    kernel as it is, 1 to 9.
    """
    pixel = np.zeros((5, 5))
    pixel[2, 2] = 1
    kernel = np.arange(1.0, 10.0).reshape(3, 3)
    fig, axes = _axes(1, 3, figsize=(5.4, 2.6), width_ratios=[5, 3, 3])
    _matrix(axes[0], pixel, "one bright pixel", limit=1)
    _matrix(axes[1], correlate(pixel, kernel), "cross-correlation", limit=9)
    _matrix(axes[2], correlate(pixel, kernel[::-1, ::-1]), "convolution", limit=9)
    return fig


def feature_maps():
    """A handwritten five, and the maps of six kernels of three by three.

    Nothing leaves it, blur softens it, vertical edges light up on one side of upright strokes and
    go dark on the other, horizontal edges do so above and below; sharpen and outline are strong
    along the strokes' borders.
    """
    picture = digits()[0][2500, :, :, 0]
    fig, axes = _axes(2, 3, figsize=(5.2, 3.9))
    for ax, (name, kernel) in zip(axes.flat, KERNELS.items(), strict=True):
        _map(ax, correlate(picture, kernel), name)
        _frame(ax, 0, 0, 26, 26, GREY)
    return fig


def channels():
    """A picture with three channels, two kernels as deep as it, and two maps.

    Each kernel is three by three by three and reads all channels at once; the sum is one number,
    so each kernel gives one flat map.
    """
    fig, ax = _axes(figsize=(5.4, 2.9))

    def sheets(x, y, size, colors, step=0.3):
        for k, color in reversed(list(enumerate(colors))):
            ax.add_patch(Rectangle((x + k * step, y + k * step), size, size, facecolor=color,
                                   edgecolor=GREY, linewidth=1))

    sheets(0, 0.9, 3.0, [RED, GREEN, SKY])
    ax.add_patch(Rectangle((0.5, 2.2), 1.1, 1.1, fill=False, edgecolor="black", linewidth=2))
    for y, color in [(2.9, ORANGE), (0.8, PINK)]:
        sheets(5.3, y, 1.1, [color] * 3)
        _arrow(ax, (4.0, 2.6), (5.1, y + 0.7))
        _arrow(ax, (7.2, y + 0.7), (8.3, y + 0.7))
        ax.add_patch(Rectangle((8.5, y - 0.25), 1.9, 1.9, facecolor=color, edgecolor=GREY))
    for x, text in [(1.8, "picture\n(H, W, 3)"), (6.1, "2 kernels\n(3, 3, 3) each"),
                    (9.45, "2 maps\n(H′, W′, 2)")]:
        ax.text(x, 0.1, text, ha="center", va="top", fontsize=10)
    ax.set(xlim=(-0.2, 10.8), ylim=(-1.1, 5.0), aspect="equal")
    _bare(ax)
    return fig


def padding():
    """Rows of cells with zeros added at their ends, and a bracket for every place of the kernel.

    With five cells, kernel 3, stride 2 and same padding one zero stands on either side, with six
    cells there is a single one, on the right; both give three outputs. Below, valid padding gives
    two outputs for either.
    """
    fig, axes = _axes(4, 1, figsize=(3.8, 5.2))
    for row, kind in enumerate(["same", "valid"]):
        for ax, n in zip(axes[2 * row : 2 * row + 2], (5, 6), strict=True):
            out, (before, after) = conv_output_and_pad(n, 3, 2, kind)
            for cell in range(-before, n + after):
                real = 0 <= cell < n
                if real:
                    ax.add_patch(Rectangle((cell, 0), 1, 1, facecolor=SKY, alpha=0.2,
                                           edgecolor="none"))
                ax.add_patch(Rectangle((cell, 0), 1, 1, fill=False, edgecolor=GREY,
                                       linestyle="-" if real else "--"))
                ax.text(cell + 0.5, 0.5, cell + 1 if real else 0, ha="center", va="center",
                        fontsize=11)
            for k in range(out):
                left, y = 2 * k - before, 1.35 + 0.42 * (k % 2)
                color = (BLUE, RED, GREEN)[k]
                ax.plot([left + 0.1, left + 0.1, left + 2.9, left + 2.9],
                        [y - 0.2, y, y, y - 0.2], color=color, linewidth=2.4)
            ax.set(xlim=(-1.2, 7.2), ylim=(-0.1, 1.9), aspect="equal")
            ax.set_title(f"{kind}, n = {n}: {out} outputs", fontsize=10)
            _bare(ax)
    return fig


def receptive_field():
    """Four rows of cells, from the picture below to the third layer above.

    One cell of the third layer is marked; with kernels of three it sees three cells of the second
    layer, five of the first and seven of the picture.
    """
    fig, ax = _axes(figsize=(5.0, 2.7))
    for level in range(4):
        for cell in range(-4, 5):
            seen = abs(cell) <= 3 - level
            ax.add_patch(Rectangle((cell - 0.42, level - 0.2), 0.84, 0.4,
                                   facecolor=(SKY, GREEN, ORANGE, RED)[level] if seen else "none",
                                   alpha=0.65 if seen else 1, edgecolor=GREY))
        if level < 3:
            reach = 3 - level
            for side in (-1, 1):
                ax.plot([side * (reach - 1), side * reach], [level + 0.8, level + 0.2],
                        color=GREY, linewidth=1)
        name = ["picture", "layer 1", "layer 2", "layer 3"][level]
        ax.text(4.7, level, f"{name}: {7 - 2 * level}", va="center", fontsize=10)
    ax.set(xlim=(-4.6, 7.0), ylim=(-0.4, 3.4))
    _bare(ax)
    return fig


POOLED = np.array([[1.0, 3, 2, 1], [4, 2, 0, 1], [-5, -2, 7, 7], [-3, -8, 6, 0]])


def pooling():
    """A matrix of four by four in four coloured squares, its maxima and its means.

    Maxima 4, 2, minus 2 and 7; means 2.5, 1, minus 4.5 and 5.
    """
    x = POOLED[None, :, :, None]
    fig, axes = _axes(1, 3, figsize=(5.4, 2.4), width_ratios=[4, 2.4, 2.4])
    _matrix(axes[0], POOLED, "map", limit=8)
    _matrix(axes[1], MaxPool2D(2)(x)[0, :, :, 0], "maximum", limit=8)
    _matrix(axes[2], AveragePooling2D(2)(x)[0, :, :, 0], "mean", limit=8)
    for k, color in enumerate([BLUE, RED, GREEN, PINK]):
        row, column = divmod(k, 2)
        _frame(axes[0], 2 * row, 2 * column, 2, 2, color, inset=0.06)
        for ax in axes[1:]:
            _frame(ax, row, column, 1, 1, color, inset=0.05)
    return fig


def thrown_away():
    """A handwritten digit after no, one, two and three rounds of max pooling.

    28, 14, 7 and 3 pixels a side: at 14 it can be read, thicker than before, at 7 it is a blot, at
    3 it is black but for one corner.
    """
    x = digits()[0][1000:1001]
    fig, axes = _axes(1, 4, figsize=(5.4, 1.7))
    for ax in axes:
        side = x.shape[1]
        _picture(ax, x[0, :, :, 0], f"{side} × {side}")
        _frame(ax, 0, 0, side, side, GREY)
        x = MaxPool2D(2)(x)
    return fig


# The example by hand: a picture, a kernel, and what comes back from the loss.
HAND_X = np.array([[1.0, 2, 0], [0, 1, 3], [2, 1, 1]])
HAND_KERNEL = np.array([[1.0, 2], [0, -1]])
HAND_DY = np.array([[1.0, -1], [2, 0]])


def by_hand():
    """Forward and backward on a picture of three by three, all numbers in their cells.

    Above: picture, kernel and map. Below: the gradient for the map, and from it the gradient for
    the kernel and the gradient for the picture.
    """
    dx, dkernel, _ = conv2d_backward(HAND_X[None, :, :, None], HAND_KERNEL[:, :, None, None],
                                     HAND_DY[None, :, :, None], 1, "valid")
    fig, axes = _axes(2, 3, figsize=(5.2, 3.8), width_ratios=[3, 2, 2])
    _matrix(axes[0, 0], HAND_X, "x", limit=6)
    _matrix(axes[0, 1], HAND_KERNEL, "kernel", limit=6)
    _matrix(axes[0, 2], correlate(HAND_X, HAND_KERNEL), "y", limit=6)
    _matrix(axes[1, 0], dx[0, :, :, 0], "dx", limit=6)
    _matrix(axes[1, 1], dkernel[:, :, 0, 0], "dkernel", limit=6)
    _matrix(axes[1, 2], HAND_DY, "dy", limit=6)
    return fig


def unrolled():
    """A picture of four by four, and below it a table with one row for each place of the kernel.

    Four rows of nine numbers; most numbers of the picture stand in all four rows. The kernel, laid
    out as a column of nine, turns the table into the four numbers of the map.
    """
    picture = np.arange(1.0, 17.0).reshape(4, 4)
    rows = np.array([picture[i : i + 3, j : j + 3].ravel() for i in range(2) for j in range(2)])
    kernel = np.array(KERNELS["vertical edges"], dtype=float).reshape(9, 1)
    fig = plt.figure(figsize=(5.4, 4.0))
    plt.close(fig)
    grid = fig.add_gridspec(2, 1, height_ratios=[1, 1.7])
    above = grid[0].subgridspec(1, 3, width_ratios=[1, 1, 1])
    below = grid[1].subgridspec(1, 3, width_ratios=[9, 1.4, 1.4])
    first = fig.add_subplot(above[1])
    _matrix(first, picture, "picture", limit=16, size=9)
    table, column, result = (fig.add_subplot(place) for place in below)
    _matrix(table, rows, "one row for each place", limit=16, size=10)
    _matrix(column, kernel, "kernel", limit=16, size=10)
    _matrix(result, rows @ kernel, "map", limit=16, size=10)
    for k, color in enumerate([BLUE, RED, GREEN, PINK]):
        i, j = divmod(k, 2)
        _frame(first, i, j, 3, 3, color, inset=0.07 * k)
        for ax, width in ((table, 9), (result, 1)):
            _frame(ax, k, 0, 1, width, color, inset=0.07)
    return fig


def stack():
    """The shapes of a small network of digits in a row, each drawn as a block.

    28 by 28 by 1, then 26 by 26 by 8, 13 by 13 by 8, 11 by 11 by 16, 5 by 5 by 16, 400 numbers and
    10 numbers: the pictures become smaller and deeper.
    """
    fig, ax = _axes(figsize=(4.7, 2.2))
    shapes = [(28, 1), (26, 8), (13, 8), (11, 16), (5, 16)]
    names = ["Conv2D\n(8, 3)", "MaxPool2D\n(2)", "Conv2D\n(16, 3)", "MaxPool2D\n(2)", "Flatten",
             "Dense\n(10)"]
    x, middle, step, gap = 0.0, 14.0, 0.4, 9
    for k, (side, depth) in enumerate(shapes):
        for sheet in reversed(range(depth)):
            ax.add_patch(Rectangle((x + sheet * step, middle - side / 2 + sheet * step), side, side,
                                   facecolor=SKY if k else "none", edgecolor=GREY, linewidth=0.6))
        ax.text(x + side / 2, middle - side / 2 - 1.5, f"{side}×{side}\n×{depth}", ha="center",
                va="top", fontsize=8.5)
        right = x + side + (depth - 1) * step
        _arrow(ax, (right + 1, middle), (right + gap - 1, middle))
        ax.text(right + gap / 2, middle + (20 if k % 2 == 0 else 26), names[k], ha="center",
                va="bottom", fontsize=8.5)
        x = right + gap
    for k, (numbers, height) in enumerate([(400, 30), (10, 6)]):
        ax.add_patch(Rectangle((x, middle - height / 2), 2, height, facecolor=(ORANGE, RED)[k],
                               edgecolor=GREY, linewidth=0.6))
        ax.text(x + 1, middle - height / 2 - 1.5, numbers, ha="center", va="top", fontsize=8.5)
        if k == 0:
            _arrow(ax, (x + 3, middle), (x + gap + 1, middle))
            ax.text(x + 6.5, middle + 26, names[5], ha="center", va="bottom", fontsize=8.5)
        x += gap + 2
    ax.set(xlim=(-1, x - gap + 3), ylim=(-9, 48), aspect="equal")
    _bare(ax)
    return fig


STYLES = [(GREY, ":"), (ORANGE, "-."), (BLUE, "-"), (RED, "--")]


def curves():
    """Validation accuracy against epochs for four networks, the mean of several seeds.

    The network without a hidden layer is flat and lowest, the MLP a little above it, the two with
    convolutions climb past both.
    """
    fig, ax = _axes(figsize=(5.0, 3.6))
    for net, (color, style) in zip(measured()["networks"], STYLES, strict=True):
        runs = np.array([run["val_accuracy"] for run in net["runs"]])
        epochs = np.arange(1, runs.shape[1] + 1)
        ax.fill_between(epochs, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.15,
                        linewidth=0)
        ax.plot(epochs, runs.mean(axis=0), style, color=color,
                label=f"{net['name']} ({net['parameters']:,} parameters)")
    ax.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0.6, 1.0), xticks=range(1, 11))
    ax.legend(loc="lower right", fontsize=9)
    return fig


def shifts():
    """Accuracy on digits moved by 0 to 4 pixels, for four networks.

    All fall; the two without convolutions fall fastest, and the one that ends in a global average
    falls least.
    """
    fig, ax = _axes(figsize=(5.0, 3.6))
    for net, (color, style) in zip(measured()["networks"], STYLES, strict=True):
        runs = np.array([run["shifted"] for run in net["runs"]])
        ax.fill_between(range(5), runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.15,
                        linewidth=0)
        ax.plot(range(5), runs.mean(axis=0), style, marker="o", color=color, label=net["name"])
    ax.axhline(0.1, color=GREY, linewidth=1, linestyle=(0, (1, 3)))
    ax.text(0.0, 0.115, "guessing", fontsize=9)
    ax.set(xlabel="moved by (pixels)", ylabel="accuracy", ylim=(0, 1.02), xticks=range(5))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 0.13), fontsize=9)
    return fig


def learned():
    """The eight learned kernels of the first layer, and the map that each gives of a seven.

    Some kernels are bright on one side and dark on the other and find edges of one direction;
    others are nearly of one sign and find ink.
    """
    network = trained()
    kernel = network.layers[0].params["kernel"][:, :, 0]
    x, y = validation_digits()
    maps = network.layers[0].forward(x[np.flatnonzero(y == 7)[:1]])[0]
    fig, axes = _axes(4, 4, figsize=(5.0, 5.2))
    limit, top = np.abs(kernel).max(), maps.max()
    for k in range(8):
        row, column = 2 * (k // 4), k % 4
        _map(axes[row, column], kernel[:, :, k], f"kernel {k + 1}", limit)
        _frame(axes[row, column], 0, 0, 3, 3, GREY)
        _picture(axes[row + 1, column], maps[:, :, k] / top)
        _frame(axes[row + 1, column], 0, 0, 26, 26, GREY)
    return fig


def misread():
    """Digits of the validation set that the network reads wrongly, the surest mistakes first.

    Above each stands what it is and what the network took it for.
    """
    x, y = validation_digits()
    logits = trained().predict(x, 250)
    read = logits.argmax(axis=1)
    lead = logits.max(axis=1) - logits[np.arange(len(y)), y]
    wrong = np.argsort(-lead)[:12]
    fig, axes = _axes(3, 4, figsize=(4.8, 4.4))
    for ax, k in zip(axes.flat, wrong, strict=True):
        _picture(ax, x[k, :, :, 0], f"a {y[k]}, read as {read[k]}")
        _frame(ax, 0, 0, 28, 28, GREY)
    return fig


class Tally:
    """Follow a square picture through a network; add up the costs."""

    def __init__(self, side, channels):
        self.side, self.channels, self.rows = side, channels, []

    def add(self, name, kind, parameters, products):
        self.rows.append({
            "name": name, "kind": kind, "side": self.side,
            "channels": self.channels, "parameters": parameters,
            "products": products,
        })

    def move(self, size, stride, padding):
        """Make the sides as long as a window has places on them."""
        out, _ = conv_output_and_pad(self.side, size, stride, padding)
        self.side = out

    def conv(self, name, filters, size, stride=1, padding="same",
             groups=1, norm=False):
        """A filter has a bias, or the two numbers of a normalisation."""
        weights = size * size * (self.channels // groups) * filters
        self.move(size, stride, padding)
        self.channels = filters
        extra = filters * (2 if norm else 1)
        self.add(name, "conv", weights + extra, weights * self.side**2)

    def pool(self, name, size, stride, padding="valid", parameters=0):
        self.move(size, stride, padding)
        self.add(name, "pool", parameters, 0)

    def dense(self, name, units):
        weights = self.side**2 * self.channels * units
        self.side, self.channels = 1, units
        self.add(name, "dense", weights + units, weights)

    def parallel(self, *branches):
        """Let branches start from one shape; join their channels."""
        start, joined = self.channels, 0
        for branch in branches:
            self.channels = start
            for name, filters, size in branch:
                self.conv(name, filters, size)
            joined += self.channels
        self.channels = joined


def lenet5():
    """LeNet-5, LeCun et al. (1998), II B, without its fixed outputs."""
    net = Tally(32, 1)
    net.conv("C1", 6, 5, padding="valid")
    net.pool("S2", 2, 2, parameters=2 * 6)  # a factor and a bias a map
    net.conv("C3", 16, 5, padding="valid")
    # A map of C3 reads some maps of S2: six read 3, nine read 4, one 6.
    weights = 25 * (6 * 3 + 9 * 4 + 1 * 6)
    net.rows[-1]["parameters"] = weights + 16
    net.rows[-1]["products"] = weights * 10**2
    net.pool("S4", 2, 2, parameters=2 * 16)
    net.conv("C5", 120, 5, padding="valid")
    net.dense("F6", 84)
    return net.rows


def alexnet():
    """AlexNet, Krizhevsky et al. (2012), 3.5: two GPUs, two groups."""
    net = Tally(227, 3)  # the paper says 224, its strides need 227
    net.conv("conv1", 96, 11, 4, "valid")
    net.pool("pool1", 3, 2)
    net.conv("conv2", 256, 5, groups=2)
    net.pool("pool2", 3, 2)
    net.conv("conv3", 384, 3)
    net.conv("conv4", 384, 3, groups=2)
    net.conv("conv5", 256, 3, groups=2)
    net.pool("pool5", 3, 2)
    for name, units in [("fc6", 4096), ("fc7", 4096), ("fc8", 1000)]:
        net.dense(name, units)
    return net.rows


# Filters of each inception block: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, after the pooling.
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet():
    """GoogLeNet, Szegedy et al. (2015), table 1."""
    net = Tally(224, 3)
    net.conv("conv1", 64, 7, 2)
    net.pool("pool1", 3, 2, "same")
    net.conv("reduce2", 64, 1)
    net.conv("conv2", 192, 3)
    net.pool("pool2", 3, 2, "same")
    for name, filters in INCEPTION.items():
        one, reduce3, three, reduce5, five, pooled = filters
        if name in ("4a", "5a"):
            net.pool(f"before {name}", 3, 2, "same")
        net.parallel(
            [(f"{name}/1x1", one, 1)],
            [(f"{name}/3x3 reduce", reduce3, 1),
             (f"{name}/3x3", three, 3)],
            [(f"{name}/5x5 reduce", reduce5, 1),
             (f"{name}/5x5", five, 5)],
            [(f"{name}/pool 1x1", pooled, 1)],
        )
    net.side = 1  # a mean over each map
    net.dense("classes", 1000)
    return net.rows


def resnet(depth):
    """ResNet, He et al. (2016), table 1, with projections (option B)."""
    blocks = (2, 2, 2, 2) if depth == 18 else (3, 4, 6, 3)  # or 34 or 50
    net = Tally(224, 3)
    net.conv("conv1", 64, 7, 2, norm=True)
    net.pool("pool1", 3, 2, "same")
    for stage, count in enumerate(blocks):
        width = 64 * 2**stage
        for block in range(count):
            name = f"conv{stage + 2}_{block + 1}"
            start = net.side, net.channels
            stride = 2 if stage and not block else 1
            if depth < 50:
                net.conv(f"{name}a", width, 3, stride, norm=True)
                net.conv(f"{name}b", width, 3, norm=True)
            else:
                net.conv(f"{name}a", width, 1, stride, norm=True)
                net.conv(f"{name}b", width, 3, norm=True)
                net.conv(f"{name}c", 4 * width, 1, norm=True)
            end = net.side, net.channels
            if start != end:  # the short cut has to change its shape too
                net.side, net.channels = start
                net.conv(f"{name} short cut", end[1], 1, stride,
                         norm=True)
    net.side = 1
    net.dense("classes", 1000)
    return net.rows


NETWORKS = {
    "LeNet-5 (1998)": lenet5,
    "AlexNet (2012)": alexnet,
    "GoogLeNet (2014)": googlenet,
    "ResNet-34 (2015)": lambda: resnet(34),
}


def total(rows, what):
    """Add up ``"parameters"`` or ``"products"`` of all layers, or those of one kind."""
    return sum(row[what] for row in rows)


def _columns(rows):
    """Return what follows each other in depth: a block of branches is two columns."""
    columns = []
    for row in rows:
        block = row["name"].split("/")[0] if "/" in row["name"] else None
        if row["name"].endswith("short cut"):
            continue
        if block is None:
            columns.append((row["side"], row["kind"]))
        elif row["name"].endswith("/1x1"):
            columns += [(row["side"], "inception")] * 2
    return columns


def architectures():
    """Four networks as rows of bars, one a layer, as tall as their maps, all to one scale.

    LeNet-5 is a few short bars. AlexNet starts tall and drops at once to eight layers. GoogLeNet
    and ResNet-34 have long rows of low bars. Convolutions, pooling, inception blocks and dense
    layers have colours of their own.
    """
    fig, axes = _axes(4, 1, figsize=(4.9, 6.2), sharex=True, sharey=True)
    colors = {"conv": SKY, "pool": ORANGE, "dense": RED, "inception": GREEN}
    for ax, (name, make) in zip(axes, NETWORKS.items(), strict=True):
        rows = make()
        start = {"LeNet-5 (1998)": 32, "AlexNet (2012)": 227}.get(name, 224)
        ax.bar(0, start, width=0.85, facecolor="none", edgecolor=GREY, linestyle="--")
        for x, (side, kind) in enumerate(_columns(rows), start=1):
            ax.bar(x, side, width=0.85, color=colors[kind])
            if side == 1:
                ax.plot(x, -9, "^", color=colors[kind], markersize=4, clip_on=False)
        ax.set(ylabel="side", yticks=[0, 112, 224], ylim=(0, 235))
        ax.grid(axis="x", visible=False)
        learned = total(rows, "parameters")
        size = f"{learned / 1e6:.1f} million" if learned > 1e6 else f"{learned:,}"
        ax.text(0.98, 0.92, f"{name}\n{size} parameters", transform=ax.transAxes, ha="right",
                va="top", fontsize=10)
    axes[-1].set(xlabel="layers, one after the other")
    handles = [Rectangle((0, 0), 1, 1, color=color) for color in colors.values()]
    fig.legend(handles, ["convolution", "pooling", "dense", "inception block"], ncols=4,
               loc="outside upper center", fontsize=8.5, columnspacing=0.8, handlelength=1.0)
    return fig


def costs():
    """Shares of convolutions and dense layers in parameters and in products, for five networks.

    In LeNet-5 and AlexNet most parameters are dense or nearly so while most products are in the
    convolutions; in the ResNets nearly everything is convolution.
    """
    nets = NETWORKS | {"ResNet-50 (2015)": lambda: resnet(50)}
    fig, axes = _axes(1, 2, figsize=(5.4, 2.9), sharey=True)
    for ax, what in zip(axes, ("parameters", "products"), strict=True):
        for y, (_, make) in enumerate(nets.items()):
            rows = make()
            left = 0.0
            for kind, color in [("conv", SKY), ("pool", ORANGE), ("dense", RED)]:
                share = total([row for row in rows if row["kind"] == kind], what)
                share /= total(rows, what)
                ax.barh(y, share, left=left, color=color, height=0.7)
                left += share
            count, unit = total(rows, what), "M"
            count, unit = (count / 1e9, "G") if count >= 1e9 else (count / 1e6, unit)
            ax.text(0.03, y, f"{count:.3g} {unit}", va="center", fontsize=9, color="black")
        ax.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "½", "all"])
        ax.set_title({"parameters": "parameters", "products": "multiply-adds"}[what], fontsize=10)
        ax.grid(axis="y", visible=False)
    axes[0].set(yticks=range(5), yticklabels=[name.split(" ")[0] for name in nets])
    axes[0].invert_yaxis()
    handles = [Rectangle((0, 0), 1, 1, color=color) for color in (SKY, RED)]
    fig.legend(handles, ["convolution", "dense"], ncols=2, loc="outside upper center", fontsize=9)
    return fig


def inception():
    """The inception block: four branches from one input, joined by their channels.

    A convolution of 1 by 1; 1 by 1 and then 3 by 3; 1 by 1 and then 5 by 5; pooling of 3 by 3 and
    then 1 by 1. All keep height and width.
    """
    fig, ax = _axes(figsize=(5.4, 3.4))
    _box(ax, 5, 0.4, 3.2, 0.6, "input", GREY)
    _box(ax, 5, 4.4, 3.2, 0.6, "joined channels", GREY)
    for k, (x, names) in enumerate(zip([1.2, 3.73, 6.27, 8.8], [
        ["1×1"], ["1×1", "3×3"], ["1×1", "5×5"], ["max 3×3", "1×1"]], strict=True)):
        _arrow(ax, (5 + (x - 5) * 0.4, 0.72), (x, 1.58 if len(names) == 2 else 2.98))
        if len(names) == 2:
            _box(ax, x, 1.9, 2.0, 0.6, names[0], ORANGE if k == 3 else SKY)
            _arrow(ax, (x, 2.22), (x, 2.98))
        _box(ax, x, 3.3, 2.0, 0.6, names[-1], GREEN if names[-1] != "1×1" else SKY)
        _arrow(ax, (x, 3.62), (5 + (x - 5) * 0.4, 4.08))
    ax.set(xlim=(0, 10), ylim=(0, 4.8))
    _bare(ax)
    return fig


def residual():
    """A plain block and a residual block.

    Both have two convolutions of 3 by 3. In the residual block a second path leads from the input
    past them to a plus sign, where both are added, and only then comes the last ReLU.
    """
    fig, axes = _axes(1, 2, figsize=(5.0, 4.2))
    for ax, short in zip(axes, (False, True), strict=True):
        _box(ax, 0, 0, 2.2, 0.6, "x", GREY)
        for y, text in [(1.2, "conv 3×3"), (2.4, "ReLU"), (3.6, "conv 3×3")]:
            _arrow(ax, (0, y - 0.9), (0, y - 0.32))
            _box(ax, 0, y, 2.2, 0.6, text, SKY if "conv" in text else ORANGE)
        _arrow(ax, (0, 3.92), (0, 4.55 if short else 5.66))
        if short:
            ax.text(0, 4.8, "+", ha="center", va="center", fontsize=15)
            ax.add_patch(plt.Circle((0, 4.8), 0.25, fill=False, edgecolor=RED, linewidth=2))
            ax.plot([1.1, 2.0, 2.0], [0, 0, 4.8], color=RED, linewidth=2)
            _arrow(ax, (2.0, 4.8), (0.28, 4.8), RED, linewidth=2)
            _arrow(ax, (0, 5.05), (0, 5.66))
            ax.text(2.1, 2.4, "short\ncut", fontsize=10, va="center")
        _box(ax, 0, 6.0, 2.2, 0.6, "ReLU", ORANGE)
        ax.set(xlim=(-1.5, 3.1), ylim=(-0.5, 6.6), aspect="equal")
        ax.set_title("residual: x + F(x)" if short else "plain: F(x)", fontsize=11)
        _bare(ax)
    return fig


@cache
def gradient_sizes(blocks=25, runs=5):
    """Return the gradient's length at the input of each block.

    It is given as a share of the length at the end. Blocks of two
    convolutions on maps of 8 by 8 by 8, untrained; once plain and once
    with a short cut, with the same first weights (Keras's).
    """
    found = {}
    for short in (False, True):
        sizes = []
        for run in range(runs):
            rng = np.random.default_rng(run)
            x = rng.normal(size=(8, 8, 8, 8))
            pairs, masks = [], []
            for _ in range(blocks):
                first = Conv2D(8, 3, padding="same")
                second = Conv2D(8, 3, padding="same")
                first.build(x.shape, rng)
                second.build(x.shape, rng)
                inner = first.forward(x)
                z = second.forward(np.maximum(inner, 0))
                z = z + x if short else z
                pairs.append((first, second))
                masks.append((inner > 0, z > 0))
                x = np.maximum(z, 0)
            d = rng.normal(size=x.shape)
            lengths = [np.linalg.norm(d)]
            for k in reversed(range(blocks)):
                first, second = pairs[k]
                d = d * masks[k][1]
                back = first.backward(second.backward(d) * masks[k][0])
                d = back + d if short else back
                lengths.append(np.linalg.norm(d))
            sizes.append(np.array(lengths[::-1]) / lengths[0])
        name = "short cut" if short else "plain"
        found[name] = np.exp(np.log(sizes).mean(axis=0))
    return found


def gradients():
    """Length of the gradient against the depth of the block, logarithmic, plain and short cut.

    Going back from block 25 to block 1 the plain stack's gradient shrinks by a constant factor a
    block, to less than a millionth; with short cuts it grows a little.
    """
    fig, ax = _axes(figsize=(5.0, 3.4))
    for (name, sizes), color, style in zip(gradient_sizes().items(), (BLUE, RED), ("-", "--"),
                                           strict=True):
        ax.semilogy(range(1, len(sizes) + 1), sizes, style, color=color,
                    label=f"with {name}s" if "cut" in name else name)
    ax.axhline(1, color=GREY, linewidth=1, linestyle=":")
    ax.set(xlabel="block, counted from the input", ylabel="gradient / gradient at the end")
    ax.legend(loc="lower right")
    return fig


def depth():
    """Training loss after the last epoch against the number of layers, plain and with short cuts.

    With few layers both learn. The deepest plain stacks stay at 2.3, the loss of guessing; with
    short cuts all depths learn.
    """
    runs = measured("depth")["runs"]
    fig, ax = _axes(figsize=(5.0, 3.4))
    for short, color, style in [(False, BLUE, "o-"), (True, RED, "s--")]:
        layers = sorted({run["layers"] for run in runs})
        losses = [[run["loss"][-1] for run in runs
                   if run["layers"] == n and run["shortcut"] == short] for n in layers]
        ax.plot(layers, np.mean(losses, axis=1), style, color=color,
                label="with short cuts" if short else "plain")
        for n, several in zip(layers, losses, strict=True):
            ax.plot([n] * len(several), several, style[0], color=color, markersize=4, alpha=0.6)
    ax.axhline(np.log(10), color=GREY, linewidth=1, linestyle=":")
    ax.text(layers[0], np.log(10) - 0.03, "guessing", va="top", fontsize=9)
    ax.set(xlabel="layers with weights", ylabel="training loss, last epoch", xticks=layers,
           ylim=(0, 2.5))
    ax.legend(loc="lower left")
    return fig
