"""Figures of the chapter on overfitting: every curve is drawn with the library it explains."""

import json
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.polynomial.chebyshev import chebvander

from nnlib import initializers
from nnlib.activations import relu, tanh
from nnlib.layers import Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential, accuracy
from nnlib.optimizers import Adam
from nnlib.regularization import L1, L2, BatchNormalization, Dropout, EarlyStopping

DATA = Path(__file__).resolve().parent.parent / "data"
BLUE, RED, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
GREY = "#7a7a7a"
TRACE = [1.0, 0.8, 0.9, 0.85, 0.81, 0.7, 0.75, 0.76, 0.77]


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


@cache
def digits(seed=0):
    """Return all 5,000 digits in a new order, as rows of numbers from 0 to 1, and their classes."""
    order = np.random.default_rng(seed).permutation(5000)
    with np.load(DATA / "mnist5k.npz") as file:
        return (file["X"][order] / 255).astype(np.float32), file["y"][order]


def results(name):
    """Return what an experiment has written."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


# ---- learning by heart


@cache
def learning(drawn, epochs=40):
    """Return the accuracies of a network on 300 digits and on 500 others, epoch by epoch.

    If `drawn`, the labels of both have been drawn by lot.
    """
    x, y = digits()
    if drawn:
        y = np.random.default_rng(1).integers(0, 10, len(y))
    layers = [Input((784,)), Dense(256, "relu"), Dense(10)]
    network = Sequential(layers, rng=np.random.default_rng(2))
    network.compile(Adam(), SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    found = network.fit(x[:300], y[:300], epochs=epochs, verbose=0,
                        validation_data=(x[300:800], y[300:800])).history
    return found["accuracy"], found["val_accuracy"]


def memorised():
    """Accuracy against epochs, on 300 training digits and on 500 others, in two panels.

    With the true labels both rise, to 1 and to about 0.85. With labels drawn by lot the training
    accuracy rises to 1 as well, only later, and the other stays at 0.1.
    """
    fig, axes = _axes(1, 2, figsize=(5.6, 3.0), sharey=True)
    for ax, drawn, title in zip(axes, (False, True), ("true labels", "labels drawn by lot"),
                                strict=True):
        train, other = learning(drawn)
        epochs = np.arange(1, len(train) + 1)
        ax.plot(epochs, train, "-", label="the 300 it learns from")
        ax.plot(epochs, other, "--", label="500 others")
        ax.axhline(0.1, color=GREY, linewidth=1, linestyle=":")
        ax.set(title=title, xlabel="epoch", ylim=(0, 1.05))
    axes[0].set_ylabel("accuracy")
    axes[0].legend(loc="center right", fontsize=10)
    return fig


# ---- three piles


def piles():
    """Two strips of ten coloured blocks, one for each digit from 0 to 9, cut at 80 per cent.

    Sorted, what is right of the cut holds nothing but the digits 8 and 9. Shuffled, both sides
    hold all ten.
    """
    fig, axes = _axes(2, 1, figsize=(6.2, 2.9))
    sorted_labels = np.repeat(np.arange(10), 50)
    shuffled = np.random.default_rng(0).permutation(sorted_labels)
    for ax, labels, title in [(axes[0], sorted_labels, "sorted, as in the file"),
                              (axes[1], shuffled, "shuffled")]:
        ax.imshow(labels[np.newaxis], aspect="auto", cmap="cividis", extent=(0, 100, 0, 1))
        ax.axvline(80, color=RED, linewidth=3)
        ax.set(title=title, yticks=[], xticks=[0, 20, 40, 60, 80, 100])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    for digit in range(10):
        axes[0].text(10 * digit + 5, 0.5, digit, ha="center", va="center",
                     color="white" if digit < 5 else "black")
    axes[1].set_xlabel("per cent of the samples: trained on, and right of the line validated on")
    return fig


def folds():
    """Five rows of five blocks. In row k the block k is set aside, the other four are trained on.

    Every block is set aside once. A sixth block, on the right of all rows, is the test data, and
    is not touched.
    """
    fig, ax = _axes(figsize=(6.0, 2.9))
    for row in range(5):
        for block in range(5):
            aside = row == block
            ax.add_patch(plt.Rectangle((block, -row), 0.94, 0.8, facecolor=ORANGE if aside else SKY,
                                       edgecolor=RED if aside else BLUE,
                                       hatch="//" if aside else "", alpha=0.75))
        ax.text(-0.15, 0.4 - row, f"round {row + 1}", ha="right", va="center", color=GREY)
    ax.add_patch(plt.Rectangle((5.25, -4), 1.0, 4.8, fill=False, edgecolor=GREY, linewidth=1.5))
    ax.text(5.75, -1.6, "test:\nnot yet", ha="center", va="center", color=GREY)
    ax.text(2.5, -4.25, "hatched: measured on   plain: trained on", ha="center", va="top",
            color=GREY)
    ax.set(xlim=(-1.3, 6.35), ylim=(-4.9, 0.95))
    ax.axis("off")
    return fig


# ---- capacity


def wave(x):
    """Return what the noisy points lie around."""
    return np.sin(np.pi * x)


@cache
def points():
    """Return 15 noisy points to fit, and 40 others to validate with."""
    rng = np.random.default_rng(7)
    x = np.linspace(-1, 1, 15)
    y = wave(x) + 0.3 * rng.standard_normal(15)
    x_val = rng.uniform(-1, 1, 40)
    return (x, y), (x_val, wave(x_val) + 0.3 * rng.standard_normal(40))


def fit(x, y, degree, penalty=0.0):
    """Return the Chebyshev coefficients that make squared errors plus penalised squares smallest.

    The constant is not penalised.
    """
    table = chebvander(x, degree)
    rows = np.sqrt(penalty) * np.eye(degree + 1)[1:]
    return np.linalg.lstsq(np.concatenate([table, rows]),
                           np.concatenate([y, np.zeros(degree)]), rcond=None)[0]


def errors(degree, penalty=0.0):
    """Return the mean squared error on the 15 points and on the 40 others."""
    train, val = points()
    coefficients = fit(*train, degree, penalty)
    return tuple(np.mean((chebvander(x, degree) @ coefficients - y) ** 2) for x, y in (train, val))


def polynomial_fits():
    """The same 15 noisy points in three panels, with polynomials of degree 1, 3 and 14.

    The straight line misses the wave, the cubic follows it, the polynomial of degree 14 goes
    through every point and swings far out between the outer ones.
    """
    (x, y), _ = points()
    fine = np.linspace(-1, 1, 401)
    fig, axes = _axes(1, 3, figsize=(5.6, 2.8), sharey=True)
    for ax, degree in zip(axes, (1, 3, 14), strict=True):
        ax.plot(fine, wave(fine), color=GREY, linewidth=1, linestyle="--")
        ax.plot(fine, chebvander(fine, degree) @ fit(x, y, degree), color=BLUE)
        ax.plot(x, y, "o", color=RED, markersize=5)
        ax.set(title=f"degree {degree}", xlabel="x", ylim=(-2.6, 2.6))
    axes[0].set_ylabel("y")
    return fig


def degree_errors():
    """Mean squared error against the degree, logarithmic, on the points fitted and on 40 others.

    The error on the fitted points falls all the way and is zero at degree 14. The other falls to
    degree 3 and then rises, at the end steeply.
    """
    degrees = np.arange(15)
    train, val = np.transpose([errors(degree) for degree in degrees])
    fig, ax = _axes(figsize=(5.2, 3.6))
    ax.semilogy(degrees[:-1], train[:-1], "o-", label="15 points fitted")
    ax.semilogy(degrees, val, "s--", label="40 others")
    ax.axhline(0.09, color=GREY, linewidth=1, linestyle=":")
    ax.text(14, 0.075, "variance of the noise", color=GREY, fontsize=9.5, va="top", ha="right")
    ax.plot(val.argmin(), val.min(), "o", markersize=13, fillstyle="none", color=RED)
    ax.set(xlabel="degree of the polynomial", ylabel="mean squared error", ylim=(0.005, 12),
           xticks=range(0, 15, 2))
    ax.legend(loc="upper center", fontsize=10)
    return fig


@cache
def many_fits(degree, draws=500):
    """Return predictions on a grid, one row for each training set drawn, and the grid."""
    rng, x, fine = np.random.default_rng(0), np.linspace(-1, 1, 15), np.linspace(-0.95, 0.95, 191)
    y = wave(x)[:, np.newaxis] + 0.3 * rng.standard_normal((15, draws))
    coefficients = np.linalg.lstsq(chebvander(x, degree), y, rcond=None)[0]
    return (chebvander(fine, degree) @ coefficients).T, fine


def bias_variance():
    """Above, thirty fits to thirty noisy samples, of degree 1, 3 and 12; below, bias and variance.

    Degree 1: the fits agree with each other and not with the wave. Degree 12: their mean is the
    wave, each alone swings around it. Below, against the degree, the squared bias falls, the
    variance rises, and their sum is smallest in between.
    """
    fig = plt.figure(figsize=(5.6, 5.4))
    plt.close(fig)
    grid = fig.add_gridspec(2, 3, height_ratios=[1, 1.1])
    first = None
    for column, degree in enumerate((1, 3, 12)):
        ax = first = fig.add_subplot(grid[0, column], sharey=first)
        found, fine = many_fits(degree)
        ax.plot(fine, found[:30].T, color=SKY, linewidth=0.7, alpha=0.7)
        ax.plot(fine, found.mean(axis=0), color=BLUE)
        ax.plot(fine, wave(fine), color=GREY, linestyle="--", linewidth=1.5)
        ax.set(title=f"degree {degree}", ylim=(-2.2, 2.2), xticks=[-1, 0, 1])
        ax.tick_params(labelleft=column == 0)
    ax = fig.add_subplot(grid[1, :])
    degrees = np.arange(13)
    bias = [np.mean((many_fits(d)[0].mean(axis=0) - wave(many_fits(d)[1])) ** 2) for d in degrees]
    variance = [np.mean(many_fits(d)[0].var(axis=0)) for d in degrees]
    ax.plot(degrees, bias, "o-", label="bias, squared")
    ax.plot(degrees, variance, "s--", label="variance")
    ax.plot(degrees, np.add(bias, variance), "^:", color=GREY, label="sum")
    ax.set(xlabel="degree", ylabel="mean squared error\nfor the wave itself", ylim=(0, 0.4))
    ax.legend(loc="upper center", fontsize=10)
    return fig


def capacity():
    """Error on training and test digits against the number of parameters, logarithmic.

    Eleven networks, five dots each. The training error falls from 74 per cent to zero, which it
    reaches at 100 units. The test error falls from 75 per cent to 5, slower towards the end, and
    does not rise again.
    """
    fig, ax = _axes(figsize=(5.6, 4.0))
    for key, colour, marker, name in [("train_error", BLUE, "o", "4,000 training digits"),
                                      ("test_error", RED, "s", "1,000 test digits")]:
        networks = sorted(results("overfitting_capacity")["networks"],
                          key=lambda one: one["parameters"])
        sizes = [one["parameters"] for one in networks]
        for size, one in zip(sizes, networks, strict=True):
            ax.plot([size] * len(one[key]), one[key], marker, color=colour, markersize=4,
                    alpha=0.5)
        ax.plot(sizes, [np.mean(one[key]) for one in networks], color=colour,
                linestyle="-" if marker == "o" else "--", label=name)
    ax.set(xscale="log", yscale="symlog", xlabel="parameters", ylabel="error, per cent",
           ylim=(-0.2, 90), yticks=[0, 1, 5, 10, 50], yticklabels=["0", "1", "5", "10", "50"])
    ax.axvline(4000, color=GREY, linewidth=1, linestyle=":")
    ax.text(4300, 40, "as many as\ntraining digits", color=GREY, fontsize=9.5, va="center")
    ax.legend(loc="lower left", fontsize=10)
    return fig


@cache
def random_features(count, draw=0, penalty=0.0):
    """Fit 300 digits by least squares on `count` random ReLU features, with a price on squares.

    Returns the squared error on them, the share of 500 others that is wrong, and the length of
    the solution, the shortest there is.
    """
    x, y = digits()
    x, y = x[:800] - x[:300].mean(axis=0), y[:800]
    rng, targets = np.random.default_rng(draw), np.eye(10)[y]
    kernel = rng.standard_normal((784, count), np.float32) / 8
    features = relu(x @ kernel + rng.standard_normal(count) / 2)
    rows, goals = features[:300], targets[:300]
    if penalty:
        rows = np.concatenate([rows, np.sqrt(penalty) * np.eye(count)])
        goals = np.concatenate([goals, np.zeros((count, 10))])
    kernel = np.linalg.lstsq(rows, goals, rcond=None)[0]
    found = features @ kernel
    return (np.mean((found[:300] - targets[:300]) ** 2),
            np.mean(found[300:].argmax(axis=1) != y[300:]), np.linalg.norm(kernel))


def double_descent():
    """Test error, training error and length of the solution against the number of features.

    The training error reaches zero at 300 features, as many as there are samples. The test error
    falls, rises to its peak there, to about 85 per cent, and falls again, below the first valley.
    The length of the solution has the same peak.
    """
    counts = np.array([10, 20, 40, 70, 100, 150, 200, 250, 280, 300, 320, 350, 420, 600, 1000,
                       2000])
    found = np.array([np.mean([random_features(count, draw) for draw in range(2)], axis=0)
                      for count in counts])
    fig, axes = _axes(3, 1, figsize=(5.4, 5.6), sharex=True, height_ratios=[2.4, 1.2, 1.4])
    for ax, values, colour, name in zip(
            axes, (found[:, 1], found[:, 0], found[:, 2]), (RED, BLUE, GREEN),
            ("test error\n(share wrong)", "squared error\nin training", "length of\nthe solution"),
            strict=True):
        ax.plot(counts, values, "o-", color=colour, markersize=4)
        ax.axvline(300, color=GREY, linewidth=1, linestyle=":")
        ax.set_ylabel(name)
    axes[0].text(315, 0.93, " as many as samples", color=GREY, fontsize=10, va="center")
    axes[0].set(xscale="log", ylim=(0, 1))
    axes[1].set(ylim=(-0.005, None))
    axes[2].set(yscale="log", xlabel="random features, logarithmic")
    return fig


# ---- penalties


def penalties():
    """Cost of a weight, and below its slope, for L1 and L2 with a factor of 1.

    The cost of L1 is a V, that of L2 a parabola. The slope of L1 is -1 or 1 however small the
    weight; that of L2 becomes small with the weight.
    """
    w = np.linspace(-1.5, 1.5, 301)
    fig, (top, bottom) = _axes(2, 1, figsize=(5.0, 4.8), sharex=True)
    for penalty, name, style in [(L1(1.0), "L1: |w|", "-"), (L2(1.0), "L2: w²", "--")]:
        top.plot(w, [penalty(np.array([one])) for one in w], style, label=name)
        bottom.plot(w, penalty.gradient(w), style, label=name)
    top.set(ylabel="costs")
    top.legend(loc="upper center", fontsize=10)
    bottom.set(ylabel="slope", xlabel="weight w")
    return fig


def shrinking():
    """The best weight with a penalty against the best one without, for L1 and L2.

    L2 gives a straight line of a smaller slope, through zero. L1 gives a line moved towards zero
    by 0.5, with a flat part between: whatever lay between -0.5 and 0.5 becomes exactly zero.
    """
    a = np.linspace(-2, 2, 401)
    fig, ax = _axes(figsize=(5.0, 3.9))
    ax.plot(a, a, color=GREY, linewidth=1, linestyle=":", label="no penalty")
    ax.plot(a, np.sign(a) * np.maximum(np.abs(a) - 0.5, 0), "-", label="L1, factor 0.5")
    ax.plot(a, a / (1 + 2 * 0.5), "--", label="L2, factor 0.5")
    ax.set(xlabel="best weight without a penalty, a", ylabel="best weight with it")
    ax.legend(loc="upper left", fontsize=10)
    return fig


def geometry():
    """Two panels with the same ellipses of equal loss, and the set of weights with equal penalty.

    For L1 this set is a diamond, and the innermost ellipse touches it in a corner, where one
    weight is zero. For L2 it is a circle, touched at a place where both weights are not zero.
    """
    centre, matrix = np.array([0.62, 1.15]), np.array([[1.0, 0.55], [0.55, 1.4]])
    x, y = np.meshgrid(np.linspace(-1, 1.7, 271), np.linspace(-0.9, 1.9, 281))
    away = np.stack([x - centre[0], y - centre[1]], axis=-1)
    height = np.einsum("...i,ij,...j->...", away, matrix, away)
    angle = np.linspace(0, 2 * np.pi, 1441)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.7
    diamond = circle / np.abs(circle).sum(axis=1, keepdims=True) * 0.7
    fig, axes = _axes(1, 2, figsize=(5.6, 3.2), sharey=True)
    for ax, border, name in zip(axes, (diamond, circle), ("L1", "L2"), strict=True):
        costs = np.einsum("ni,ij,nj->n", border - centre, matrix, border - centre)
        best = border[costs.argmin()]
        ax.fill(*border.T, facecolor=SKY, edgecolor=BLUE, alpha=0.4)
        ax.contour(x, y, height, levels=[0.05, costs.min(), 3 * costs.min()], colors=GREY,
                   linewidths=1)
        ax.plot(*centre, "X", color=GREY, markersize=9)
        ax.plot(*best, "o", color=RED, markersize=9)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.set(title=f"{name}: ({abs(best[0]):.2f}, {best[1]:.2f})", aspect="equal",
               xlabel="$w_1$", xlim=(-1, 1.7), ylim=(-0.9, 1.9))
        ax.grid(visible=False)
    axes[0].set_ylabel("$w_2$")
    return fig


@cache
def penalised_weights():
    """Return the first kernel of three networks, after 60 epochs on 500 digits."""
    x, y = digits()
    found = {}
    for name, penalty in [("none", None), ("L1(0.001)", L1(0.001)), ("L2(0.01)", L2(0.01))]:
        layers = [Input((784,)), Dense(32, "relu", kernel_regularizer=penalty), Dense(10)]
        network = Sequential(layers, rng=np.random.default_rng(0))
        network.compile(Adam(), SparseCategoricalCrossentropy(from_logits=True), [accuracy])
        network.fit(x[:500], y[:500], epochs=60, verbose=0)
        found[name] = (network.layers[0].params["kernel"].copy(),
                       network.evaluate(x[500:], y[500:])["accuracy"])
    return found


def weight_histograms():
    """Histograms of 25,088 weights, logarithmic, without a penalty, with L1 and with L2.

    Without, a broad block around zero. With L1 a tall spike at zero, and tails nearly as long as
    before. With L2 a spike too, and a narrow hump half as wide.
    """
    fig, axes = _axes(3, 1, figsize=(5.2, 5.4), sharex=True, sharey=True)
    bins = np.linspace(-0.3, 0.3, 61)
    for ax, (name, (kernel, _)) in zip(axes, penalised_weights().items(), strict=True):
        ax.hist(np.clip(kernel.ravel(), -0.3, 0.3), bins, color=SKY, edgecolor=BLUE, linewidth=0.4)
        share = 100 * np.mean(np.abs(kernel) < 0.001)
        ax.set(title=f"{name}: {share:.0f} % within 0.001 of zero", yscale="log", ylim=(0.8, 6e4))
        ax.set_ylabel("weights")
    axes[-1].set_xlabel("value")
    return fig


# ---- dropout


def masks():
    """Four tables of 8 samples by 20 units: what a dropout layer multiplies by.

    At rates 0.2, 0.5 and 0.8 dark cells, zeros, lie among cells of 1.25, 2 and 5, another
    pattern in each row. At inference all cells are 1.
    """
    fig, axes = _axes(4, 1, figsize=(5.4, 6.2))
    ones = np.ones((8, 20))
    for ax, rate in zip(axes, (0.2, 0.5, 0.8, None), strict=True):
        layer = Dropout(0.5 if rate is None else rate, rng=np.random.default_rng(0))
        mask = layer(ones, training=rate is not None)
        ax.imshow(mask > 0, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        ax.set(xticks=[], yticks=[], ylabel="samples")
        ax.set_title("inference: all 1" if rate is None else
                     f"rate {rate}: zeros, and {mask.max():g} for the others")
        ax.grid(visible=False)
    axes[-1].set_xlabel("units")
    return fig


def thinned():
    """Four drawings of a network with 4 inputs, two layers of 5 units and 2 outputs.

    The first is whole. In the three others half of the hidden units, each time others, are crossed
    out, and their connections are gone.
    """
    sizes = [4, 5, 5, 2]
    rng = np.random.default_rng(4)
    fig, axes = _axes(1, 4, figsize=(5.8, 2.6))
    for number, ax in enumerate(axes):
        alive = [np.ones(size, bool) for size in sizes]
        if number:
            for layer in (1, 2):
                alive[layer][rng.permutation(5)[:2 + (number + layer) % 2]] = False
        at = [[(layer, row - (size - 1) / 2) for row in range(size)]
              for layer, size in enumerate(sizes)]
        for layer in range(3):
            for i, a in enumerate(at[layer]):
                for j, b in enumerate(at[layer + 1]):
                    if alive[layer][i] and alive[layer + 1][j]:
                        ax.plot(*zip(a, b, strict=True), color=GREY, linewidth=0.6, alpha=0.7)
        for layer, places in enumerate(at):
            for i, place in enumerate(places):
                on = alive[layer][i]
                ax.plot(*place, "o" if on else "x", color=BLUE if on else RED, zorder=3,
                        markersize=9 if on else 7, markeredgewidth=1.5)
        ax.set(title="whole" if number == 0 else f"sample {number}", xlim=(-0.4, 3.4))
        ax.axis("off")
    return fig


# ---- early stopping


class Still:
    """A network that does not learn: what `EarlyStopping` needs to be tried out."""

    def get_weights(self):
        """Return no arrays."""
        return []

    def set_weights(self, weights):
        """Do nothing."""


def stop(values, **options):
    """Return the epoch after which `EarlyStopping` stops, None if never, and the best epoch."""
    callback = EarlyStopping(**options)
    callback.on_train_begin(Still())
    for epoch, value in enumerate(values):
        if callback.on_epoch_end(epoch, {"val_loss": value}):
            return epoch, callback.best_epoch
    return None, callback.best_epoch


def stop_curve():
    """Training and validation loss of one network on 500 digits against epochs.

    The training loss falls towards zero. The validation loss falls until epoch 4 and then rises
    slowly; a filled dot marks its lowest place, a cross epoch 9, where a patience of five ends the
    training.
    """
    run = results("overfitting_together")["variants"][0]["runs"][0]
    val = run["val_loss"]
    last, best = stop(val, patience=5)
    fig, ax = _axes(figsize=(5.4, 3.6))
    ax.plot(run["loss"], "-", label="500 training digits")
    ax.plot(val, "--", label="1,000 validation digits")
    ax.plot(best, val[best], "o", color=RED, markersize=9, label=f"best: epoch {best}")
    ax.plot(last, val[last], "X", color=RED, markersize=10, label=f"patience 5 stops: epoch {last}")
    ax.axvspan(last, len(val) - 1, color=GREY, alpha=0.12, linewidth=0)
    ax.set(xlabel="epoch, counted from 0", ylabel="loss", ylim=(0, 1.25))
    ax.legend(loc="upper right", fontsize=10)
    return fig


def trace():
    """Nine validation losses against epochs, with the places where four callbacks stop.

    The values are 1, 0.8, 0.9, 0.85, 0.81, 0.7, 0.75, 0.76 and 0.77. Patience 1 stops at epoch 2,
    patience 2 at 3, patience 3 at 4, all before the lowest value, at epoch 5. Patience 2 that
    starts to look at epoch 3 stops at 7.
    """
    settings = [({"patience": 1}, "patience 1", 0.97), ({"patience": 2}, "patience 2", 1.03),
                ({"patience": 3}, "patience 3", 1.09),
                ({"patience": 2, "start_from_epoch": 3}, "patience 2, from epoch 3", 1.15)]
    fig, ax = _axes(figsize=(5.4, 4.0))
    ax.plot(TRACE, "o-", color=BLUE)
    for (options, name, height), colour in zip(settings, (RED, GREEN, PINK, ORANGE), strict=True):
        last, best = stop(TRACE, **options)
        ax.plot([last, last], [TRACE[last], height], color=colour, linewidth=1, linestyle=":")
        ax.plot(last, height, "X", color=colour, markersize=10)
        left = last < 6
        ax.text(last + (0.2 if left else -0.2), height, f"{name}: best {best}", color=GREY,
                fontsize=10, va="center", ha="left" if left else "right")
    ax.set(xlabel="epoch, counted from 0", ylabel="validation loss", ylim=(0.66, 1.2),
           xticks=range(9))
    return fig


# ---- initialisation


def spread(draw, activation, layers=10, units=256):
    """Return the standard deviation of the activations after each of the layers."""
    rng = np.random.default_rng(0)
    x, found = rng.standard_normal((200, units)), []
    for _ in range(layers):
        x = activation(x @ draw((units, units), rng))
        found.append(float(x.std()))
    return found


DRAWS = {
    "std 1": lambda shape, rng: rng.standard_normal(shape),
    "std 0.01": lambda shape, rng: 0.01 * rng.standard_normal(shape),
    "Glorot": initializers.glorot_normal,
    "He": initializers.he_normal,
}


def depth():
    """Spread of the activations against the layer, logarithmic, for tanh and for ReLU.

    Weights of standard deviation 1: with tanh all layers stay near 1, with ReLU the spread grows
    to ten thousand millions. With 0.01 it falls below a millionth. Glorot's falls slowly, with
    ReLU faster; He's stays nearly level with both.
    """
    fig, axes = _axes(1, 2, figsize=(5.6, 3.6), sharey=True)
    for ax, activation in zip(axes, (tanh, relu), strict=True):
        for (name, draw), style in zip(DRAWS.items(), ("o-", "s--", "^-.", "d:"), strict=True):
            ax.semilogy(range(1, 11), spread(draw, activation), style, label=name, markersize=4)
        ax.set(title=activation.__name__, xlabel="layer", xticks=[1, 4, 7, 10])
    axes[0].set_ylabel("standard deviation\nof the activations")
    axes[0].legend(loc="upper left", fontsize=10)
    axes[0].set_ylim(1e-12, 1e13)
    return fig


# ---- normalisation


def normalised():
    """Histograms of three features of a batch, before and after batch normalisation.

    Before: three humps at different places, one narrow and two broad. After: all three are centred
    at 0 with a standard deviation of 1, in shapes that have not changed.
    """
    rng = np.random.default_rng(0)
    x = np.stack([rng.normal(-4, 0.5, 400), rng.normal(1, 2, 400),
                  rng.gamma(2.0, 1.5, 400) + 3], axis=1)
    after = BatchNormalization()(x, training=True)
    fig, axes = _axes(2, 1, figsize=(5.4, 4.4))
    for ax, values, title in [(axes[0], x, "before"), (axes[1], after, "after")]:
        bins = np.linspace(values.min(), values.max(), 41)
        for column, (colour, hatch) in enumerate([(SKY, ""), (ORANGE, "//"), (GREEN, "..")]):
            ax.hist(values[:, column], bins, color=colour, alpha=0.55, hatch=hatch,
                    edgecolor=colour, label=f"feature {column}")
        ax.set(title=title, ylabel="samples")
    axes[0].legend(loc="upper right", fontsize=10)
    axes[1].set_xlabel("value")
    return fig


def running():
    """Running variance against steps, from 1 towards the true 4, with momentum 0.99 and 0.9.

    With 0.9 it arrives after about 30 steps and then jitters. With 0.99 it needs some 400 and is
    smooth.
    """
    fig, ax = _axes(figsize=(5.2, 3.4))
    for momentum, style in [(0.99, "-"), (0.9, "--")]:
        rng, layer, found = np.random.default_rng(0), BatchNormalization(momentum=momentum), []
        for _ in range(500):
            layer(rng.normal(3, 2, (32, 1)), training=True)
            found.append(float(layer.state["moving_variance"][0]))
        ax.plot(found, style, label=f"momentum {momentum}")
    ax.axhline(4, color=GREY, linewidth=1, linestyle=":")
    ax.set(xlabel="batches of 32 seen", ylabel="running variance", ylim=(0, None))
    ax.legend(loc="lower right", fontsize=10)
    return fig


def axes_of_normalisation():
    """Two tables of 6 samples by 8 features: where mean and variance are taken.

    Batch normalisation: one column, all samples of one feature. Layer normalisation: one row, all
    features of one sample.
    """
    fig, axes = _axes(1, 2, figsize=(5.8, 2.9))
    for ax, title in zip(axes, ("batch normalisation", "layer normalisation"), strict=True):
        for row in range(6):
            for column in range(8):
                chosen = column == 2 if title.startswith("batch") else row == 2
                ax.add_patch(plt.Rectangle((column, -row), 0.9, 0.9, hatch="//" if chosen else "",
                                           facecolor=ORANGE if chosen else SKY,
                                           edgecolor=RED if chosen else BLUE,
                                           alpha=0.9 if chosen else 0.3))
        ax.set(title=title, xlim=(-0.3, 8.2), ylim=(-5.3, 1.2), xticks=[], yticks=[],
               xlabel="features", aspect="equal")
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("samples")
    return fig


# ---- more data, more networks, and all of it together


def shifted_digits():
    """One handwritten digit, and seven copies of it, each moved by up to two pixels."""
    rng = np.random.default_rng(7)
    image = digits()[0][4].reshape(28, 28)
    fig, axes = _axes(2, 4, figsize=(5.4, 3.0))
    for number, ax in enumerate(axes.flat):
        down, across = (0, 0) if number == 0 else rng.integers(-2, 3, 2)
        ax.imshow(np.roll(image, (down, across), axis=(0, 1)), cmap="cividis")
        moved = f"{down:+d}, {across:+d}".replace("-", "−")
        ax.set(title="as it is" if number == 0 else moved, xticks=[], yticks=[])
        ax.grid(visible=False)
    return fig


def together_curves():
    """Training and validation loss against epochs for four trainings on 500 digits.

    With nothing, the training loss falls below a thousandth, and the validation loss turns up
    early. With dropout it turns later, from a place a little lower, and ends as high. With shifted
    digits it falls to 0.3 and stays there. With both, the training loss stays highest, and the
    validation loss falls slowly to the lowest of all.
    """
    fig, (top, bottom) = _axes(2, 1, figsize=(5.2, 6.2), sharex=True)
    found = {one["name"]: one for one in results("overfitting_together")["variants"]}
    for name, style in [("nothing", "-"), ("dropout", "--"), ("shifted digits", "-."),
                        ("shifted digits and dropout", ":")]:
        for ax, key in [(top, "loss"), (bottom, "val_loss")]:
            ax.plot(np.mean([run[key] for run in found[name]["runs"]], axis=0), style, label=name)
    top.set(title="500 training digits", yscale="log", ylabel="loss")
    bottom.set(title="1,000 validation digits", xlabel="epoch", ylabel="loss", ylim=(0.2, 1.0))
    bottom.legend(loc="upper right", fontsize=10)
    return fig


def together_errors():
    """Test error of eight ways to train on 500 digits, five dots each and their mean.

    The first six, from nothing to an ensemble of five, lie between 9.6 and 13.4 per cent and
    overlap. The two with shifted digits have means of 8.2 and 7.5, and all but one of their dots
    lie left of all others.
    """
    told = results("overfitting_together")
    rows = [(one["name"], [run["test_error"] for run in one["runs"]]) for one in told["variants"]]
    rows.insert(5, ("ensemble of five", [one["together"] for one in told["ensembles"]]))
    fig, ax = _axes(figsize=(5.6, 4.0))
    for row, (_, found) in enumerate(rows):
        ax.plot(found, [row] * len(found), "o", color=BLUE, alpha=0.6, markersize=6)
        ax.plot([np.mean(found)] * 2, [row - 0.32, row + 0.32], color=RED, linewidth=2.5)
    ax.set(yticks=range(len(rows)), yticklabels=[name for name, _ in rows],
           xlabel="wrong of 3,500 test digits, per cent", ylim=(len(rows) - 0.4, -0.6))
    return fig
