"""Figures of the chapter on optimizers: every path is walked by the library it explains."""

import json
from collections import namedtuple
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nnlib import optimizers
from nnlib.activations import sigmoid
from nnlib.layers import Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential, train_step
from nnlib.optimizers import SGD, Adagrad, Adam, AdamW, Ftrl, RMSprop, minimize

DATA = Path(__file__).resolve().parent.parent / "data"
BLUE, RED, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
GREY = "#7a7a7a"

Surface = namedtuple("Surface", "height gradient start minimum steps window levels")
SURFACES = {
    "bowl": Surface(
        height=lambda w: 0.5 * (w[..., 0] ** 2 + 25 * w[..., 1] ** 2),
        gradient=lambda w: w * np.array([1.0, 25.0]),
        start=np.array([9.0, 1.5]), minimum=np.array([0.0, 0.0]), steps=60,
        window=(-6, 10, -2.2, 2.2), levels=(1, 4, 10, 20, 35, 55),
    ),
    "Rosenbrock": Surface(
        height=lambda w: (1 - w[..., 0]) ** 2 + 100 * (w[..., 1] - w[..., 0] ** 2) ** 2,
        gradient=lambda w: np.array([
            2 * (w[0] - 1) - 400 * w[0] * (w[1] - w[0] ** 2), 200 * (w[1] - w[0] ** 2)]),
        start=np.array([-1.2, 1.0]), minimum=np.array([1.0, 1.0]), steps=300,
        window=(-1.7, 1.7, -0.6, 1.9), levels=(0.3, 1, 4, 15, 50, 150, 400),
    ),
    "two hollows": Surface(
        height=lambda w: (w[..., 0] ** 2 - 1) ** 2 + 0.4 * w[..., 0] + w[..., 1] ** 2,
        gradient=lambda w: np.array([4 * w[0] * (w[0] ** 2 - 1) + 0.4, 2 * w[1]]),
        start=np.array([1.7, 1.2]), minimum=np.array([-1.0467, 0.0]), steps=80,
        window=(-2, 2, -1.5, 1.7), levels=(-0.3, 0, 0.5, 0.9, 1.1, 1.8, 3, 5),
    ),
}
RACERS = {
    "SGD": SGD,
    "momentum": lambda rate: SGD(rate, momentum=0.9),
    "Nesterov": lambda rate: SGD(rate, momentum=0.9, nesterov=True),
    "Adagrad": Adagrad, "RMSprop": RMSprop, "Adadelta": optimizers.Adadelta, "Adam": Adam,
    "AdamW": AdamW, "Adamax": optimizers.Adamax, "Nadam": optimizers.Nadam, "Ftrl": Ftrl,
}
RATES = 10.0 ** (np.arange(-16, 13) / 4)  # 0.0001 to 1000


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


def _map(ax, surface):
    """Draw lines of equal height, and a cross at the minimum."""
    left, right, low, high = surface.window
    x, y = np.meshgrid(np.linspace(left, right, 241), np.linspace(low, high, 181))
    heights = surface.height(np.stack([x, y], axis=-1))
    ax.contour(x, y, heights, levels=surface.levels, colors=GREY, linewidths=0.7, alpha=0.6)
    ax.plot(*surface.minimum, "X", color=RED, markersize=8, zorder=4)
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.grid(visible=False)


def _path(ax, path, color=BLUE, **style):
    """Draw a path with a dot for every step; what leaves the window is cut."""
    style = {"linewidth": 1.2, "marker": ".", "markersize": 4} | style
    ax.plot(path[:, 0], path[:, 1], color=color, **style)
    ax.plot(*path[0], "o", color=color, markersize=6)


def three_rates():
    """Forty steps of gradient descent on the long bowl, from (9, 1.5), with three learning rates.

    With 0.03 the path drops to the valley floor and creeps along it; with 0.079 it zigzags across
    the valley with swings that hardly shrink; with 0.081 the swings grow.
    """
    surface = SURFACES["bowl"]
    fig, axes = _axes(3, 1, figsize=(5.0, 6.0), sharex=True)
    for ax, rate, what in zip(axes, (0.03, 0.079, 0.081), ("creeps", "zigzags", "climbs"),
                              strict=True):
        _map(ax, surface)
        _path(ax, minimize(surface.gradient, surface.start, SGD(rate), 40))
        ax.set(title=f"learning rate {rate}: {what}", xlim=(-2, 10), ylim=(-4.2, 4.2),
               ylabel="$w_2$")
    axes[-1].set_xlabel("$w_1$")
    return fig


# ---- networks on the digits


def digits():
    """Return 4,000 digits to train on, as rows of numbers from 0 to 1, and their classes."""
    with np.load(DATA / "mnist5k.npz") as file:
        order = np.random.default_rng(0).permutation(len(file["y"]))[:4000]
        return (file["X"][order] / 255).astype(np.float32), file["y"][order]


def losses(optimizer, steps):
    """Return the loss before each step of a 784-16-16-10 network, in batches of 32."""
    x, y = digits()
    layers = [Input((784,)), Dense(16, "relu"), Dense(16, "relu"), Dense(10)]
    network = Sequential(layers, rng=np.random.default_rng(1))
    loss, found = SparseCategoricalCrossentropy(from_logits=True), []
    for step in range(steps):
        rows = slice(step * 32 % 4000, step * 32 % 4000 + 32)
        found.append(train_step(network, loss, optimizer, x[rows], y[rows]))
        if not found[-1] < 20:
            break
    return np.array(found)


def smooth(values, weight=0.9):
    """Return running averages, corrected for their start at zero as Adam's are."""
    average, found = 0.0, []
    for step, value in enumerate(values, start=1):
        average = weight * average + (1 - weight) * value
        found.append(average / (1 - weight**step))
    return np.array(found)


def learning_rates():
    """Training loss of a small network on digits, against steps, with four learning rates of SGD.

    With 0.003 it falls slowly and is still high at the end; with 0.1 it falls fast and ends near
    0.3; with 0.7 it falls, jumps about and ends near 1; with 2 it jumps up and stays at 2.3, the
    loss of guessing.
    """
    fig, ax = _axes(figsize=(5.0, 3.8))
    for rate, style in [(0.003, "--"), (0.1, "-"), (0.7, "-."), (2.0, ":")]:
        with np.errstate(all="ignore"):
            found = losses(SGD(rate), 375)
        ax.plot(smooth(found), style, label=f"{rate:g}")
    ax.axhline(np.log(10), color=GREY, linewidth=1, linestyle=":")
    ax.set(xlabel="steps (125 are an epoch)", ylabel="training loss, smoothed", ylim=(0, 3.4))
    ax.legend(title="learning rate", ncols=4, loc="upper right", fontsize=10)
    return fig


def find_rates(kind, steps=401):
    """Train with a rate that rises every batch; return rates, losses."""
    def rising(step):
        return 1e-4 * 10 ** (step / 80)

    found = losses(kind(rising), steps)
    return [rising(step) for step in range(len(found))], smooth(found)


def rate_finder():
    """Loss against a learning rate that rises from 0.0001 to 10, smoothed, for SGD and for Adam.

    Both curves begin flat at about 2.3, fall, and rise again. SGD falls from about 0.01 on and
    is lowest near 0.4; Adam does the same at rates some twenty times smaller.
    """
    fig, ax = _axes(figsize=(5.0, 3.4))
    for kind, style in [(SGD, "-"), (Adam, "--")]:
        with np.errstate(all="ignore"):
            rates, found = find_rates(kind)
        ax.semilogx(rates, found, style, label=kind.__name__)
    ax.set(xlabel="learning rate, larger in every step", ylabel="loss, smoothed", ylim=(0, 4))
    ax.legend(loc="lower left", fontsize=10)
    return fig


# ---- noise


def batch_sizes():
    """Three paths on the same loss of a straight line, all after four epochs of 128 samples.

    The batch makes four long steps and has gone part of the way; batches of 16 have arrived with
    small wiggles; single samples arrived first and wander around the minimum.
    """
    rng = np.random.default_rng(3)
    features = np.stack([np.ones(128), rng.standard_normal(128)], axis=1)
    y = features @ [1.0, 2.0] + 0.8 * rng.standard_normal(128)
    best = np.linalg.lstsq(features, y, rcond=None)[0]
    curvature = features.T @ features / 128
    a, b = np.meshgrid(np.linspace(-1.2, 2.2, 121), np.linspace(-1.2, 3.0, 121))
    off = np.stack([a, b], axis=-1) - best
    heights = 0.5 * np.einsum("...i,ij,...j", off, curvature, off)
    fig, axes = _axes(3, 1, figsize=(4.4, 8.4), sharex=True)
    for ax, size in zip(axes, (128, 16, 1), strict=True):
        w, optimizer = np.array([-0.8, -0.8]), SGD(0.1)
        path = [w.copy()]
        for _ in range(4):
            for rows in np.split(rng.permutation(128), 128 // size):
                error = features[rows] @ w - y[rows]
                optimizer.apply([w], [features[rows].T @ error / size])
                path.append(w.copy())
        ax.contour(a, b, heights, levels=(0.05, 0.3, 0.8, 1.6, 2.8, 4.4), colors=GREY,
                   linewidths=0.7, alpha=0.6)
        _path(ax, np.array(path), linewidth=0.9)
        ax.plot(*best, "X", color=RED, markersize=9, zorder=4)
        name = {128: "batch", 16: "mini-batches of 16", 1: "online"}[size]
        ax.set(title=f"{name}: {len(path) - 1} steps", ylabel="slope")
        ax.grid(visible=False)
    axes[-1].set_xlabel("intercept")
    return fig


def noise_floor():
    """Distance from the minimum against steps, both logarithmic, for rates of 0.1, 0.01 and 1/t.

    The larger constant rate arrives first and stays at 0.2; the smaller arrives later and stays
    at 0.07; the rate 1/t keeps falling, to below 0.01.
    """
    steps = 20_000
    pulls = 3 + np.random.default_rng(1).standard_normal((steps, 20))
    at = np.unique(np.logspace(0, np.log10(steps), 60).astype(int))
    fig, ax = _axes(figsize=(5.0, 3.4))
    for name, rate, style in [("0.1", lambda t: 0.1, "-"), ("0.01", lambda t: 0.01, "--"),
                              ("1/t", lambda t: 1 / t, "-.")]:
        w, far = np.zeros(20), np.zeros(steps + 1)
        for step, y in enumerate(pulls, start=1):
            w -= rate(step) * (w - y)
            far[step] = np.sqrt(((w - 3) @ (w - 3)) / 20)
        ax.loglog(at, far[at], style, label=f"rate {name}")
    ax.set(xlabel="steps", ylabel="distance from the minimum")
    ax.legend(loc="lower left", fontsize=10)
    return fig


def landscapes():
    """Four landscapes: a convex valley, two valleys, a plateau before a drop, and a saddle.

    Convex: one valley, every way down leads to it. Not convex: two valleys of different depth
    with a hill between them. Plateau: a wide flat part before a drop. Saddle, as two cuts through
    one point: a valley in one direction, a hill in the other.
    """
    x = np.linspace(-2, 2, 201)
    fig, ((convex, valleys), (plateau, saddle)) = _axes(2, 2, figsize=(5.2, 4.6))
    convex.plot(x, x**2)
    valleys.plot(x, (x**2 - 1) ** 2 + 0.4 * x)
    plateau.plot(x, 1 - sigmoid(8 * (x - 1)))
    plateau.annotate("nearly no slope", (-0.9, 0.99), (-0.9, 0.55), ha="center", color=GREY,
                     arrowprops={"arrowstyle": "->", "color": GREY})
    saddle.plot(x, x**2, label="one way")
    saddle.plot(x, -(x**2), "--", label="the other")
    saddle.plot(0, 0, "o", color=GREY, markersize=8)
    saddle.legend(loc="center right", fontsize=10)
    for ax, title in [(convex, "convex"), (valleys, "not convex"), (plateau, "plateau"),
                      (saddle, "saddle, cut two ways")]:
        ax.set(title=title, xticks=[], yticks=[])
        ax.grid(visible=False)
    plateau.set_ylim(-0.1, 1.2)
    saddle.set_xlim(-2, 3.4)
    return fig


# ---- momentum


def momentum_paths():
    """Forty steps on the long bowl with a rate of 0.03: plain descent, momentum and Nesterov's.

    Plain descent creeps along the valley and is still on its way; momentum 0.9 shoots along it,
    far past the minimum, and swings back; Nesterov's momentum overshoots less. Below, height
    against steps, on a logarithmic scale.
    """
    surface = SURFACES["bowl"]
    fig, axes = _axes(4, 1, figsize=(5.0, 8.2), height_ratios=[1, 1, 1, 1.5])
    for ax, name, color, style in zip(axes, ("SGD", "momentum", "Nesterov"), (BLUE, RED, GREEN),
                                      ("-", "--", "-."), strict=False):
        path = minimize(surface.gradient, surface.start, RACERS[name](0.03), 40)
        _map(ax, surface)
        _path(ax, path, color)
        title = {"SGD": "no momentum", "momentum": "momentum 0.9", "Nesterov": "Nesterov, 0.9"}
        ax.set(title=title[name], ylim=(-2.2, 2.2), ylabel="$w_2$")
        axes[3].semilogy(surface.height(path), style, color=color, label=title[name])
    axes[2].set_xlabel("$w_1$")
    axes[3].set(xlabel="steps", ylabel="height", ylim=(0.003, 2000))
    axes[3].legend(loc="upper right", ncols=2, fontsize=10)
    return fig


def velocity():
    """Size of the velocity against steps, in plain steps, for momentum 0, 0.5, 0.9 and 0.99.

    With gradients that agree it rises to 1, 2, 10 and towards 100, the longer the larger the
    momentum. With gradients that change sign it swings, and
    settles between 1 and one half.
    """
    fig, (agree, change) = _axes(2, 1, figsize=(5.0, 5.0), sharex=True)
    for momentum, style in [(0.0, ":"), (0.5, "-."), (0.9, "-"), (0.99, "--")]:
        for ax, sign in [(agree, 1.0), (change, -1.0)]:
            w, optimizer = np.zeros(1), SGD(1.0, momentum=momentum)
            path = [w.copy()]
            for step in range(60):
                optimizer.apply([w], [np.array([sign**step])])
                path.append(w.copy())
            speed = np.abs(np.diff(np.array(path)[:, 0]))
            ax.plot(range(1, 61), speed, style, label=f"μ = {momentum:g}")
    agree.set(title="gradients that agree", ylabel="speed, in plain steps", yscale="log",
              ylim=(0.8, 130), yticks=[1, 2, 10, 100], yticklabels=["1", "2", "10", "100"])
    change.set(title="gradients that change sign", ylabel="speed, in plain steps", xlabel="steps",
               ylim=(0, 1.1))
    agree.legend(loc="upper left", ncols=2, fontsize=10)
    return fig


# ---- a rate for every number


def effective_rates():
    """Effective learning rate of two weights against steps, logarithmic, for two optimizers.

    One has a gradient in every step, one in every tenth. Adagrad's rates only fall, the frequent
    one's faster. RMSprop's settle at a level; the rare one's swings, up between its gradients and
    down at each.
    """
    fig, axes = _axes(2, 1, figsize=(5.0, 5.2), sharex=True)
    for ax, optimizer, slot in zip(axes, (Adagrad(0.01), RMSprop(0.01)),
                                   ("accumulator", "squares"), strict=True):
        w, rates = np.zeros(2), []
        for step in range(120):
            optimizer.apply([w], [np.array([1.0, float(step % 10 == 0)])])
            rates.append(0.01 / np.sqrt(optimizer.state[0][slot] + optimizer.epsilon))
        rates = np.array(rates)
        ax.semilogy(rates[:, 0], "-", label="a gradient in every step")
        ax.semilogy(rates[:, 1], "--", label="in every tenth")
        ax.set(title=type(optimizer).__name__, ylabel="effective rate", ylim=(8e-4, 0.08))
    axes[0].legend(loc="upper right", fontsize=10)
    axes[1].set_xlabel("steps")
    return fig


def bias_correction():
    """Above, the averages m and v of a gradient that is always 1; below, the steps they make.

    m reaches 1 after some 50 steps, v after some 5,000. The step, in units of the learning rate:
    without correction it begins at 3.2, rises to 6.6 and comes down to 1 only after thousands of
    steps; with correction it is 1 from the first step on.
    """
    w, optimizer, seen = np.zeros(1), Adam(), []
    for _ in range(10_000):
        before = w[0]
        optimizer.apply([w], [np.ones(1)])
        seen.append([optimizer.state[0]["m"][0], optimizer.state[0]["v"][0],
                     (before - w[0]) / 0.001])
    m, v, step = np.array(seen).T
    t = np.arange(1, len(m) + 1)
    fig, (top, bottom) = _axes(2, 1, figsize=(5.0, 4.8), sharex=True)
    top.semilogx(t, m, "-", label="m")
    top.semilogx(t, v, "--", label="v")
    top.set(ylabel="average of ones")
    top.legend(loc="upper left")
    bottom.semilogx(t, m / np.sqrt(v), "--", color=RED, label="without correction")
    bottom.semilogx(t, step, "-", color=BLUE, label="with correction")
    bottom.set(ylabel="step / learning rate", xlabel="steps", ylim=(0, 7.5))
    bottom.legend(loc="upper right", fontsize=10)
    return fig


def epsilon_forms():
    """Length of a step in units of the learning rate against the size of a constant gradient.

    The sizes are from 1e-10 to 1, the steps 1, 100 and 10,000. With the paper's epsilon all three
    are one curve that rises to 1 around 1e-7. With epsilon hat the first step rises only around
    3e-6, the hundredth around 3e-7, and the last is the paper's curve.
    """
    sizes = np.logspace(-10, 0, 101)
    w, optimizer = np.zeros_like(sizes), Adam()
    fig, ax = _axes(figsize=(5.0, 3.8))
    ax.semilogx(sizes, sizes / (sizes + 1e-7), color=GREY, linewidth=5, alpha=0.4,
                label="ε, every step")
    styles = {1: "-", 100: "--", 10_000: ":"}
    for step in range(1, 10_001):
        before = w.copy()
        optimizer.apply([w], [sizes])
        if step in styles:
            ax.semilogx(sizes, (before - w) / 0.001, styles[step], label=f"ε̂, step {step:,}")
    ax.set(xlabel="size of the gradient", ylabel="step / learning rate")
    ax.legend(loc="lower right", fontsize=10)
    return fig


def amsgrad():
    """Position against steps in the example of Reddi and others, on the interval from -1 to 1.

    Adam moves to +1, the worst place, and stays; with amsgrad the position moves down to -0.7 and
    on.
    """
    fig, ax = _axes(figsize=(5.0, 3.2))
    for option, style in [(False, "-"), (True, "--")]:
        optimizer = Adam(lambda t: 0.1 / np.sqrt(t + 1), beta_1=0.0, beta_2=0.1, amsgrad=option)
        x, path = np.zeros(1), [0.0]
        for step in range(900):
            optimizer.apply([x], [np.array([3.0 if step % 3 == 0 else -1.0])])
            np.clip(x, -1, 1, out=x)
            path.append(x[0])
        ax.plot(path, style, label="with amsgrad" if option else "Adam")
    ax.axhline(-1, color=GREY, linewidth=1, linestyle=":")
    ax.text(450, -0.97, "the best place", color=GREY, ha="center", va="bottom")
    ax.set(xlabel="steps", ylabel="x", ylim=(-1.1, 1.1))
    ax.legend(loc="center right", fontsize=10)
    return fig


def decay():
    """Two weights that begin at 1 and get gradients of pure noise, of size 1 and of size 100.

    Over 2,000 steps. Above, with the decay in the gradient, the first shrinks and the second
    stays near 1; below, with decoupled decay, both shrink together.
    """
    noise = np.random.default_rng(0).standard_normal((2000, 1)) * np.array([1.0, 100.0])
    fig, axes = _axes(2, 1, figsize=(5.0, 4.8), sharex=True, sharey=True)
    for ax, optimizer, penalty, title in [
        (axes[0], Adam(), 0.5, "Adam, the decay in the gradient"),
        (axes[1], AdamW(weight_decay=0.5), 0.0, "AdamW, decoupled"),
    ]:
        w, path = np.ones(2), [[1.0, 1.0]]
        for g in noise:
            optimizer.apply([w], [g + penalty * w])
            path.append(w.copy())
        path = np.array(path)
        ax.plot(path[:, 0], "-", label="noise of size 1")
        ax.plot(path[:, 1], "--", label="noise of size 100")
        ax.set(title=title, ylabel="weight", ylim=(0, 1.3))
    axes[0].legend(loc="lower left", fontsize=10)
    axes[1].set_xlabel("steps")
    return fig


# ---- FTRL


def clicks():
    """Return 3,000 examples, who clicked, and the weights behind it."""
    rng = np.random.default_rng(0)
    truth = np.zeros(100)
    truth[:5] = [3.0, -3.0, 2.0, -2.0, 2.0]
    x = (rng.random((3000, 100)) < 0.1).astype(float)
    clicked = (rng.random(3000) < sigmoid(x @ truth)).astype(float)
    return x, clicked, truth


def sparse():
    """Weights of 100 features after 3,000 examples seen one by one, five of which matter.

    With SGD all hundred are different from zero, most a little. With FTRL and l1 the five stand
    out and most of the others are exactly zero.
    """
    x, clicked, truth = clicks()
    fig, axes = _axes(2, 1, figsize=(5.0, 4.6), sharex=True, sharey=True)
    for ax, optimizer in zip(axes, (SGD(0.1), Ftrl(0.3, l1_regularization_strength=10.0)),
                             strict=True):
        w = np.zeros(100)
        for features, y in zip(x, clicked, strict=True):
            optimizer.apply([w], [(sigmoid(features @ w) - y) * features])
        alive = np.flatnonzero(w)
        ax.vlines(alive, 0, w[alive], color=BLUE, linewidth=1.2)
        ax.plot(alive, w[alive], "o", color=BLUE, markersize=4)
        ax.plot(range(5), truth[:5], "x", color=RED, markersize=8)
        ax.set(title=f"{type(optimizer).__name__}: {len(alive)} of 100 are not zero",
               ylabel="weight")
    axes[1].set_xlabel("feature")
    return fig


# ---- side by side


def first_steps():
    """Distance from the start after one, two and three steps, on a logarithmic scale.

    For eleven optimizers with their default options. Momentum and Nesterov go farthest, beyond
    0.05; most adaptive ones are near 0.003; Adadelta is at 0.000004.
    """
    fig, ax = _axes(figsize=(5.0, 4.4))
    for row, (name, racer) in enumerate(RACERS.items()):
        rate = 0.01 if name in ("SGD", "momentum", "Nesterov") else 0.001
        path = minimize(np.ones_like, np.zeros(1), racer(rate), 3)
        far = -path[1:, 0]
        ax.plot(far, [row] * 3, color=GREY, linewidth=1)
        for step, marker in enumerate("o^s"):
            ax.plot(far[step], row, marker, color=(BLUE, ORANGE, RED)[step], markersize=7,
                    label=f"step {step + 1}" if row == 0 else None)
    ax.set(yticks=range(len(RACERS)), yticklabels=RACERS, xscale="log", ylim=(10.6, -0.6),
           xlabel="distance from the start")
    ax.legend(loc="lower left", fontsize=10)
    return fig


def schedules():
    """Learning rate against steps for four schedules that start at 0.1.

    Exponential decay halves it every 25 steps, smoothly; as a staircase it drops at 25, 50 and
    75; inverse time decay falls fast and then slowly; cosine decay stays high, falls in the
    middle, and is 0 from step 100 on.
    """
    t = np.arange(121)
    fig, ax = _axes(figsize=(5.0, 3.6))
    for schedule, name, style in [
        (optimizers.ExponentialDecay(0.1, 25, 0.5), "exponential", "-"),
        (optimizers.ExponentialDecay(0.1, 25, 0.5, staircase=True), "staircase", ":"),
        (optimizers.InverseTimeDecay(0.1, 25, 2.0), "inverse time", "-."),
        (optimizers.CosineDecay(0.1, 100), "cosine", "--"),
    ]:
        ax.plot(t, [schedule(int(step)) for step in t], style, label=name)
    ax.set(xlabel="steps", ylabel="learning rate")
    ax.legend(loc="upper right", fontsize=10)
    return fig


def clipping():
    """The gradient (3, 4) as an arrow, with a square and a circle around the origin, limit 2.

    Clipped by value it ends in the corner of the square, (2, 2), and points another way; clipped
    by norm it ends on the circle, (1.2, 1.6), in its own direction.
    """
    grad = [np.array([3.0, 4.0])]
    fig, ax = _axes(figsize=(4.4, 4.4))
    ax.add_patch(plt.Rectangle((-2, -2), 4, 4, fill=False, edgecolor=RED, linestyle="--"))
    ax.add_patch(plt.Circle((0, 0), 2, fill=False, edgecolor=BLUE))
    for (arrow,), name, color, where in [
        (grad, "the gradient (3, 4)", GREY, (0.3, 4.3)),
        (optimizers.clip_by_value(grad, 2.0), "by value: (2, 2)", RED, (2.2, 1.9)),
        (optimizers.clip_by_norm(grad, 2.0), "by norm: (1.2, 1.6)", BLUE, (-2.2, 2.6)),
    ]:
        ax.annotate("", arrow, (0, 0), arrowprops={"arrowstyle": "-|>", "color": color,
                                                   "linewidth": 2, "shrinkA": 0, "shrinkB": 0})
        ax.text(*where, name, color=GREY)
    ax.plot([0.0, 1.13], [2.5, 1.65], color=GREY, linewidth=1)
    ax.set(xlim=(-2.4, 4.9), ylim=(-2.4, 4.8), aspect="equal", xlabel="first number",
           ylabel="second number")
    return fig


# ---- the race


@cache
def standings(name):
    """Return, for a surface, every racer with its best rate and the height where it ends.

    The best rate ends lowest, of those with which the path is never above its start.
    """
    surface, found = SURFACES[name], []
    with np.errstate(all="ignore"):
        for racer, make in RACERS.items():
            ends = []
            for rate in RATES:
                path = minimize(surface.gradient, surface.start, make(rate), surface.steps)
                heights = surface.height(path)
                if heights.max() <= heights[0]:
                    ends.append((float(heights[-1]), float(rate)))
            height, rate = min(ends)
            found.append((racer, rate, height))
    return found


def race(name):
    """Paths of eleven optimizers on a surface, each with its own best learning rate."""
    surface = SURFACES[name]
    tall = 1.5 if name == "bowl" else 1.9
    fig, axes = _axes(6, 2, figsize=(5.2, 6 * tall), sharex=True, sharey=True)
    for ax, (racer, rate, end) in zip(axes.flat, standings(name), strict=False):
        _map(ax, surface)
        _path(ax, minimize(surface.gradient, surface.start, RACERS[racer](rate), surface.steps),
              linewidth=1, markersize=3)
        ax.set_title(f"{racer}, {rate:.3g}\n→ {end:.2g}", fontsize=10)
    axes.flat[-1].set_visible(False)
    return fig


# ---- the experiment


def experiment():
    """Return what ``python -m book.experiments.optimizers_mnist`` has written."""
    return json.loads((DATA / "optimizers_mnist.json").read_text(encoding="utf-8"))


def _accuracies(trial):
    return [0.1 if one is None else one for one in trial["accuracy"]]


def hills():
    """Validation accuracy against learning rate, one small panel for each of eleven optimizers.

    The rates go from 0.0001 to 31.6; the default rate is marked. Every curve is a hill of about
    the same height, 0.88 to 0.91, at another place; only Ftrl's is lower. Adam's default stands
    near its top, those of Adagrad and Adadelta far to the left of theirs.
    """
    found = experiment()
    fig, axes = _axes(6, 2, figsize=(5.2, 9.0), sharex=True, sharey=True)
    for ax, default in zip(axes.flat, found["defaults"], strict=False):
        trials = [one for one in found["grid"] if one["name"] == default["name"]]
        rates = [one["learning_rate"] for one in trials]
        means = [np.mean(_accuracies(one)) for one in trials]
        ax.semilogx(rates, means, "-", color=BLUE)
        ax.plot(rates[np.argmax(means)], max(means), "o", color=BLUE, markersize=6)
        ax.plot(default["learning_rate"], np.mean(_accuracies(default)), "D", color=RED,
                markersize=7)
        ax.set_title(f"{default['name']}, top {max(means):.3f}", fontsize=10)
        ax.set(ylim=(0, 1), yticks=[0, 0.5, 1], xticks=[1e-4, 1e-2, 1, 100])
    axes[4, 1].tick_params(labelbottom=True)
    fig.supxlabel("learning rate", fontsize=11, color=GREY)
    fig.supylabel("validation accuracy", fontsize=11, color=GREY)
    axes.flat[-1].set_visible(False)
    return fig


def results():
    """Validation accuracy of eleven optimizers, ten dots each, with two learning rates.

    With the default rate and with the best of twelve. With defaults the means go from 0.09 to
    0.90; with tuned rates ten of the eleven lie between 0.89 and 0.91 and their dots overlap;
    Ftrl's mean is 0.85.
    """
    found = experiment()
    fig, (whole, close) = _axes(1, 2, figsize=(5.4, 5.2), sharey=True, width_ratios=[1, 1.3])
    for key, shift, style, name in [
        ("defaults", -0.2, {"marker": "o", "markerfacecolor": "none", "color": RED}, "default"),
        ("tuned", 0.2, {"marker": "o", "color": BLUE}, "best of twelve"),
    ]:
        for row, trial in enumerate(found[key]):
            values = _accuracies(trial)
            for ax in (whole, close):
                label = name if row == 0 else None
                ax.plot(values, [row + shift] * len(values), linestyle="none", markersize=4.5,
                        alpha=0.7, label=label, **style)
                ax.vlines(np.mean(values), row + shift - 0.18, row + shift + 0.18,
                          color=style["color"], linewidth=2.5)
    whole.set(yticks=range(len(RACERS)), yticklabels=RACERS, ylim=(10.6, -0.6), xlim=(0, 1),
              xticks=[0, 0.5, 1], title="all")
    close.set(xlim=(0.84, 0.94), xticks=[0.85, 0.9], title="enlarged")
    fig.supxlabel("validation accuracy", fontsize=11, color=GREY)
    fig.legend(*whole.get_legend_handles_labels(), loc="outside upper center", ncols=2,
               fontsize=10)
    return fig


# ---- the network's memory


def views():
    """One long bar, the vector of 13,002 numbers, divided into kernels and biases.

    They are those of three dense layers. The kernel of the first layer takes up nearly all of it,
    12,544 numbers; the biases are slivers.
    """
    layers = [Input((784,)), Dense(16, "relu"), Dense(16, "relu"), Dense(10)]
    network = Sequential(layers, rng=np.random.default_rng(0))
    fig, (whole, end) = _axes(2, 1, figsize=(5.2, 3.6))
    start, first = 0, network.layers[0].params["kernel"].size
    for number, layer in enumerate(network.layers):
        for key, array in layer.params.items():
            color = (SKY, ORANGE, GREEN)[number]
            kind = {"hatch": "//"} if key == "bias" else {}
            for ax in (whole, end):
                ax.barh(0, array.size, left=start, color=color, alpha=0.55, edgecolor=BLUE,
                        linewidth=0.8, **kind)
            if start == 0:
                whole.text(array.size / 2, 0.52, f"first kernel, {array.shape}: {array.size:,}",
                           ha="center", va="bottom", color=GREY)
            else:
                up = key == "kernel"
                end.text(start + array.size / 2, 0.5 if up else -0.5, f"{key} {array.shape}",
                         ha="center" if array.size > 10 else "right",
                         va="bottom" if up else "top", color=GREY, fontsize=9)
            start += array.size
    whole.set(xlim=(0, start), ylim=(-0.5, 1.1), yticks=[], xticks=[0, 5000, 10000, start])
    end.set(xlim=(first, start), ylim=(-1.0, 1.1), yticks=[], xticks=[first, start],
            xlabel="place in the vector")
    for ax in (whole, end):
        ax.grid(visible=False)
        ax.spines["left"].set_visible(False)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    return fig
