"""Figures of the chapter on losses: every curve is drawn with the library the chapter explains."""

import matplotlib.pyplot as plt
import numpy as np

from nnlib.activations import sigmoid, sigmoid_backward
from nnlib.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Exponential,
    Hinge,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    SmoothHinge,
    SquaredHinge,
)

BLUE, RED, ORANGE, SKY = "#0072B2", "#D55E00", "#E69F00", "#56B4E9"
GREY = "#7a7a7a"


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


def _curve(loss, y_true, y_pred):
    """Return the loss of each prediction and its slope there, for one fixed target."""
    y_pred = np.asarray(y_pred, dtype=float)[:, np.newaxis]
    y_true = np.full_like(y_pred, y_true)
    values = loss.per_sample(y_true, y_pred)
    loss.forward(y_true, y_pred)
    return values, loss.backward()[:, 0] * len(y_pred)


def squared_errors():
    """Three samples as squares: the side is the error, the area the squared error.

    Predictions 10, 8, 6 for the targets 20, 3, 1 give sides of 10, 5 and 5, areas of 100, 25
    and 25.
    """
    y_true, y_pred = np.array([20.0, 3.0, 1.0]), np.array([10.0, 8.0, 6.0])
    fig, ax = _axes(figsize=(5.4, 4.0))
    left = 2.0
    for t, p in zip(y_true, y_pred, strict=True):
        side = abs(p - t)
        low = min(p, t)
        ax.add_patch(
            plt.Rectangle((left, low), side, side, facecolor=SKY, alpha=0.35, edgecolor=BLUE)
        )
        ax.plot([left, left], [t, p], color=GREY, linewidth=1.5)
        ax.plot(left, t, "D", color=RED, markersize=8, label="target" if left == 2 else None)
        ax.plot(left, p, "o", color=BLUE, markersize=9, label="prediction" if left == 2 else None)
        ax.text(
            left + side / 2,
            low + side / 2,
            f"{side:.0f}² = {side**2:.0f}",
            ha="center",
            va="center",
            color=GREY,
            fontsize=13 if side > 6 else 10,
        )
        left += side + 3.5
    ax.set(xlim=(0, left - 1), ylim=(-0.5, 21.5), ylabel="value", aspect="equal", xticks=[])
    ax.spines["bottom"].set_visible(False)
    ax.grid(axis="x", visible=False)
    ax.legend(loc="upper right")
    return fig


def regression_losses():
    """Loss against error for four losses, and below it the slope of each.

    The parabola's slope grows without end, the absolute value's is -1 or 1, and Huber and
    log-cosh bend from the one into the other.
    """
    e = np.linspace(-3, 3, 241)
    losses = [
        (MeanSquaredError(), "squared", "-"),
        (MeanAbsoluteError(), "absolute", "--"),
        (Huber(1.0), "Huber, δ = 1", "-."),
        (LogCosh(), "log-cosh", ":"),
    ]
    fig, (top, bottom) = _axes(2, 1, figsize=(5.0, 5.4), sharex=True)
    for loss, name, style in losses:
        values, slopes = _curve(loss, 0.0, e)
        top.plot(e, values, style, label=name)
        bottom.plot(e, slopes, style, label=name)
    top.set(ylabel="loss of one sample", ylim=(-0.1, 4.5))
    bottom.set(ylabel="slope", xlabel="error  ŷ − y", ylim=(-3.2, 3.2))
    top.legend(loc="upper center", fontsize=10)
    return fig


def _descend(loss, x, y, steps=4000):
    """Fit a straight line by gradient descent on `loss`, with a step that shrinks."""
    line = np.zeros(2)
    features = np.stack([np.ones_like(x), x], axis=1)
    for step in range(steps):
        loss.forward(y, features @ line)
        line = line - 0.06 / (1 + step / 400) * features.T @ loss.backward()
    return line


def outlier_lines():
    """Nine points on a rising line and one far below it, with three fitted lines.

    The line fitted with the squared error is pulled down by the one point; those fitted with
    the absolute error and with Huber stay with the nine.
    """
    x = np.linspace(-2, 2, 10)
    y = 2 * x + 0.4 * np.random.default_rng(7).standard_normal(10)
    y[-2] = -7.0
    fig, ax = _axes(figsize=(5.0, 3.8))
    ax.plot(np.delete(x, -2), np.delete(y, -2), "o", color=GREY, markersize=7)
    ax.plot(x[-2], y[-2], "X", color=GREY, markersize=11)
    ax.annotate(
        "one wrong\nmeasurement",
        (x[-2], y[-2]),
        (0.1, -6.6),
        color=GREY,
        va="center",
        arrowprops={"arrowstyle": "->", "color": GREY},
    )
    for loss, name, style in [
        (MeanSquaredError(), "squared error", "-"),
        (MeanAbsoluteError(), "absolute error", "--"),
        (Huber(1.0), "Huber, δ = 1", "-."),
    ]:
        a, b = _descend(loss, x, y)
        ax.plot(x, a + b * x, style, label=f"{name}: slope {b:.2f}")
    ax.set(xlabel="x", ylabel="y")
    ax.legend(loc="upper left", fontsize=10)
    return fig


def likelihood():
    """Six bars: the probability that each prediction gave to what really happened.

    The bars are 0.9, 0.8, 0.6, 0.9, 0.6 and 0.8; under each is its surprise, minus its
    logarithm.
    """
    y_true = np.array([1, 0, 1, 0, 0, 1])
    p = np.array([0.9, 0.2, 0.6, 0.1, 0.4, 0.8])
    truth = np.where(y_true == 1, p, 1 - p)
    fig, (top, bottom) = _axes(2, 1, figsize=(5.0, 4.6), sharex=True, height_ratios=[3, 2])
    bars = top.bar(range(6), truth, color=SKY, edgecolor=BLUE)
    for bar, y in zip(bars, y_true, strict=True):
        bar.set_hatch("//" if y == 0 else "")
    top.bar_label(bars, [f"{t:.1f}" for t in truth], color=GREY, padding=2)
    top.set(ylim=(0, 1.12), ylabel="probability\ngiven to the truth")
    surprise = bottom.bar(range(6), -np.log(truth), color=ORANGE, edgecolor=RED)
    bottom.bar_label(surprise, [f"{s:.3f}" for s in -np.log(truth)], color=GREY, padding=2)
    bottom.set(
        ylim=(0, 0.68),
        ylabel="surprise\n−log",
        xticks=range(6),
        xticklabels=[f"y = {y}\np = {q}" for y, q in zip(y_true, p, strict=True)],
    )
    for ax in (top, bottom):
        ax.grid(axis="x", visible=False)
    return fig


def bce_branches():
    """The two branches of the binary cross-entropy against the predicted probability.

    For y = 1 the loss falls from infinity at p = 0 to zero at p = 1, for y = 0 it is the mirror
    image; the squared error, drawn thin, never exceeds one.
    """
    p = np.linspace(0.002, 0.998, 499)
    fig, ax = _axes(figsize=(5.0, 3.8))
    for y, style, name in [(1.0, "-", "y = 1:  −log p"), (0.0, "--", "y = 0:  −log(1 − p)")]:
        ax.plot(p, _curve(BinaryCrossentropy(), y, p)[0], style, label=name)
        ax.plot(
            p,
            _curve(MeanSquaredError(), y, p)[0],
            style,
            color=GREY,
            linewidth=1,
            label=f"y = {y:.0f}:  squared error",
        )
    ax.set(xlabel="predicted probability p of class 1", ylabel="loss of one sample", ylim=(-0.1, 5))
    ax.legend(loc="upper center", fontsize=10)
    return fig


def gradient_against_logit():
    """Size of the gradient against the logit for y = 1, after a sigmoid.

    With the cross-entropy it rises to one as the logit becomes more wrong; with the squared
    error it rises to about 0.3 and falls back to zero, most of all where the prediction is most
    wrong.
    """
    z = np.linspace(-10, 10, 401)
    bce = np.abs(_curve(BinaryCrossentropy(from_logits=True), 1.0, z)[1])
    mse = np.abs(sigmoid_backward(z, _curve(MeanSquaredError(), 1.0, sigmoid(z))[1]))
    fig, ax = _axes(figsize=(5.0, 3.6))
    ax.plot(z, bce, "-", label="cross-entropy:  1 − p")
    ax.plot(z, mse, "--", label="squared error:  2 (1 − p) · p (1 − p)")
    ax.axvspan(-10, -4, color=GREY, alpha=0.12, linewidth=0)
    ax.text(-7, 0.45, "sure\nand wrong", color=GREY, ha="center", va="center")
    ax.set(xlabel="logit z  (the truth is y = 1)", ylabel="|dL/dz|", ylim=(-0.03, 1.25))
    ax.legend(loc="upper right", fontsize=10)
    return fig


def float32_ceiling():
    """Loss against the logit for y = 0, once from logits and once through a float32 probability.

    The loss from logits is the straight line z; the loss through the probability stops at 15.94
    for every logit above 16.
    """
    z = np.linspace(0, 30, 301, dtype=np.float32)
    exact = _curve(BinaryCrossentropy(from_logits=True), 0.0, z)[0]
    p = np.clip(sigmoid(z), np.float32(1e-7), np.float32(1) - np.float32(1e-7))
    fig, ax = _axes(figsize=(5.0, 3.4))
    ax.plot(z, exact, "-", label="from logits")
    ax.plot(z, -np.log(np.float32(1) - p), "--", label="from a float32 probability")
    ax.annotate(
        "15.94, and flat:\nthe gradient is 0",
        (24, 15.94),
        (20, 6.5),
        color=GREY,
        ha="left",
        arrowprops={"arrowstyle": "->", "color": GREY},
    )
    ax.set(xlabel="logit z  (the truth is y = 0)", ylabel="loss of one sample")
    ax.legend(loc="upper left", fontsize=10)
    return fig


def entropy_and_divergence():
    """Stacked bars of the cross-entropy of three predictions: a fixed part and one that can shrink.

    The fixed part is the entropy of the truth, 0.80. The divergence on top is 0 for the true
    distribution, and larger the further the prediction is from it.
    """
    truth = np.array([0.7, 0.2, 0.1])
    predictions = {
        "(.7, .2, .1)": [0.7, 0.2, 0.1],
        "(.5, .3, .2)": [0.5, 0.3, 0.2],
        "(.1, .2, .7)": [0.1, 0.2, 0.7],
    }
    entropy = -np.sum(truth * np.log(truth))
    fig, ax = _axes(figsize=(5.0, 2.8))
    for row, q in enumerate(predictions.values()):
        cross = -np.sum(truth * np.log(q))
        ax.barh(
            row,
            entropy,
            color=SKY,
            edgecolor=BLUE,
            label="entropy of the truth" if row == 0 else None,
        )
        ax.barh(
            row,
            cross - entropy,
            left=entropy,
            color=ORANGE,
            edgecolor=RED,
            hatch="//",
            label="divergence" if row == 0 else None,
        )
        ax.text(
            cross + 0.03,
            row,
            f"{entropy:.3f} + {cross - entropy:.3f}",
            va="center",
            color=GREY,
            fontsize=10,
        )
    ax.set(
        yticks=range(3),
        yticklabels=predictions,
        xlabel="cross-entropy",
        xlim=(0, 2.7),
        ylim=(2.6, -1.1),
        ylabel="prediction",
    )
    ax.grid(axis="y", visible=False)
    ax.legend(loc="upper right", ncols=2, fontsize=10)
    return fig


def smoothing():
    """Loss of one sample of three classes against the lead of the true class's logit.

    With hard labels it falls for ever; with labels smoothed by 0.1 it has its minimum at a lead
    of 3.33.
    """
    lead = np.linspace(-1, 10, 221)
    logits = np.stack([lead, np.zeros_like(lead), np.zeros_like(lead)], axis=1)
    labels = np.tile([1.0, 0.0, 0.0], (len(lead), 1))
    fig, ax = _axes(figsize=(5.0, 3.4))
    for s, style in [(0.0, "-"), (0.1, "--")]:
        loss = CategoricalCrossentropy(from_logits=True, label_smoothing=s).per_sample(
            labels, logits
        )
        ax.plot(lead, loss, style, label=f"label_smoothing={s}")
    ax.plot(lead[loss.argmin()], loss.min(), "o", color=RED, markersize=8)
    ax.annotate(
        f"best lead: log 28 = {np.log(28):.2f}",
        (lead[loss.argmin()], loss.min()),
        (4.0, 1.15),
        color=GREY,
        arrowprops={"arrowstyle": "->", "color": GREY},
    )
    ax.set(xlabel="lead of the true class's logit", ylabel="loss of one sample", ylim=(-0.05, 2))
    ax.legend(loc="upper right", fontsize=10)
    return fig


def margin_losses():
    """Six losses against the margin y times s: right and sure on the right, wrong on the left.

    The staircase counts errors. Hinge and smooth hinge fall in a straight line and rest at zero
    from a margin of one, the squared hinge falls as a parabola, the logistic loss and the
    exponential never reach zero.
    """
    m = np.linspace(-2, 2.5, 451)
    fig, ax = _axes(figsize=(5.0, 4.2))
    ax.plot(
        m,
        (m <= 0).astype(float),
        color=GREY,
        linewidth=3,
        alpha=0.6,
        label="an error counts 1",
        drawstyle="steps",
    )
    for loss, name, style in [
        (Hinge(), "hinge", "-"),
        (SquaredHinge(), "squared hinge", "--"),
        (SmoothHinge(), "smooth hinge", "-."),
        (Exponential(), "exponential", ":"),
    ]:
        ax.plot(m, _curve(loss, 1.0, m)[0], style, label=name)
    ax.plot(
        m,
        _curve(BinaryCrossentropy(from_logits=True), 1.0, m)[0],
        linestyle=(0, (6, 1, 1, 1, 1, 1)),
        label="cross-entropy from logits",
    )
    ax.set(xlabel="margin  m = y · s", ylabel="loss of one sample", ylim=(-0.1, 4.5))
    ax.legend(loc="upper right", fontsize=10)
    return fig


def same_decision():
    """A single threshold moves across eleven samples: accuracy above, cross-entropy below.

    The accuracy is a staircase, flat almost everywhere; the cross-entropy is a smooth valley.
    """
    x = np.array([-3.0, -2.4, -1.9, -1.1, -0.3, 0.2, 0.6, 1.2, 1.7, 2.3, 3.0])
    y = np.array([0.0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1])
    bias = np.linspace(-3.5, 3.5, 701)
    logits = 2 * (x[np.newaxis] - bias[:, np.newaxis])
    accuracy = ((logits > 0) == (y == 1)).mean(axis=1)
    loss = BinaryCrossentropy(from_logits=True).per_sample(np.tile(y, (len(bias), 1)), logits)
    fig, (top, bottom) = _axes(2, 1, figsize=(5.0, 4.2), sharex=True)
    top.plot(bias, accuracy, drawstyle="steps", color=BLUE)
    top.set(ylabel="accuracy", ylim=(0.4, 0.95))
    bottom.plot(bias, loss, color=RED)
    bottom.plot(bias[loss.argmin()], loss.min(), "o", color=RED, markersize=8)
    bottom.set(ylabel="cross-entropy", xlabel="where the model puts its threshold")
    return fig


def shape_trap():
    """Two heat maps of targets minus predictions, both 0, 1, 2, 3.

    Shapes (4,) and (4,) give four zeros. Shapes (4,) and (4, 1) give a table of 16 differences
    from -3 to 3, of which only the diagonal was meant.
    """
    y = np.arange(4.0)
    fig, (left, right) = _axes(1, 2, figsize=(5.2, 3.0), width_ratios=[1, 4])
    meant, got = (y - y)[:, np.newaxis], y - y[:, np.newaxis]
    for ax, table, title in [(left, meant, "(4,) − (4,)"), (right, got, "(4,) − (4, 1)")]:
        ax.imshow(table, cmap="PuOr", vmin=-6, vmax=6)
        for (i, j), value in np.ndenumerate(table):
            ax.text(
                j, i, f"{value:+.0f}" if value else "0", ha="center", va="center", color="black"
            )
            if i == j or table is meant:
                ax.add_patch(
                    plt.Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor="black")
                )
        ax.set(title=title, xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    left.set_xlabel(f"mean square {np.mean(meant**2):.1f}")
    right.set_xlabel(f"mean square {np.mean(got**2):.1f}")
    return fig
