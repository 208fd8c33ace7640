"""The figures of the chapter on activations; each docstring is the figure's alternative text."""

import warnings

import matplotlib.pyplot as plt
import numpy as np

from nnlib import activations as act

GREY = "#808080"
LOGITS = np.array([2.0, 1.0, 0.1])
NAMES = ("3", "8", "5")
FAMILY = {
    "step": (act.step, act.step_backward),
    "linear": (act.linear, act.linear_backward),
    "sigmoid": (act.sigmoid, act.sigmoid_backward),
    "tanh": (act.tanh, act.tanh_backward),
    "relu": (act.relu, act.relu_backward),
    "leaky_relu": (act.leaky_relu, act.leaky_relu_backward),
    "elu": (act.elu, act.elu_backward),
    "selu": (act.selu, act.selu_backward),
    "softplus": (act.softplus, act.softplus_backward),
    "softsign": (act.softsign, act.softsign_backward),
    "gelu": (act.gelu, act.gelu_backward),
    "silu": (act.silu, act.silu_backward),
    "hard_sigmoid": (act.hard_sigmoid, act.hard_sigmoid_backward),
}


def _panels(*shape, **options):
    """Return a figure and its axes, closed, so that a notebook shows it once."""
    figure, panels = plt.subplots(*shape, **options)
    plt.close(figure)
    return figure, panels


def two_moons(count, rng):
    """Draw points (count, 2) from two interleaved half circles, and their class 0 or 1."""
    angle = rng.uniform(0, np.pi, count)
    label = np.arange(count) % 2
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x[label == 1] = [1.0, 0.5] - x[label == 1]
    return x + 0.12 * rng.standard_normal(x.shape), label


def train(x, y, activation, backward, rng, widths=(16, 16), learning_rate=0.5, steps=1500):
    """Train a small network on two classes.

    Return the function from points to logits, and the loss before every step.
    """
    sizes = (x.shape[1], *widths, 1)
    pairs = zip(sizes, sizes[1:], strict=False)
    layers = [[rng.standard_normal(s) * np.sqrt(2 / s[0]), np.zeros(s[1])] for s in pairs]

    def forward(x):
        inputs, logits = [x], []
        for kernel, bias in layers:
            logits.append(inputs[-1] @ kernel + bias)
            inputs.append(activation(logits[-1]))
        return inputs, logits

    losses = []
    for _ in range(steps):
        inputs, logits = forward(x)
        z = logits[-1][:, 0]
        losses.append(np.mean(np.logaddexp(0, z) - y * z))
        dz = (act.sigmoid(logits[-1]) - y[:, None]) / len(x)
        for i in reversed(range(len(layers))):
            dx = dz @ layers[i][0].T
            layers[i][0] -= learning_rate * inputs[i].T @ dz
            layers[i][1] -= learning_rate * dz.sum(axis=0)
            dz = backward(logits[i - 1], dx) if i else None
    return lambda points: forward(points)[1][-1][:, 0], losses


def moons_regions():
    """Two interleaved half moons of points, circles and triangles. On the left a straight border
    cuts through both moons; on the right a bent border follows the gap between them."""
    x, y = two_moons(300, np.random.default_rng(0))
    (left, right), (bottom, top) = np.array([x.min(axis=0) - 0.4, x.max(axis=0) + 0.4]).T
    grid = np.meshgrid(np.linspace(left, right, 160), np.linspace(bottom, top, 120))
    points = np.stack([g.ravel() for g in grid], axis=1)
    figure, panels = _panels(1, 2, figsize=(5.2, 2.8), sharey=True)
    for panel, name in zip(panels, ("linear", "relu"), strict=True):
        logits, _ = train(x, y, *FAMILY[name], np.random.default_rng(1))
        accuracy = np.mean((logits(x) > 0) == y)
        surface = logits(points).reshape(grid[0].shape)
        panel.contourf(*grid, np.sign(surface), levels=[-2, 0, 2], colors=["C0", "C1"], alpha=0.15)
        panel.contour(*grid, surface, levels=[0], colors=GREY, linewidths=2)
        panel.plot(*x[y == 0].T, "o", color="C0", ms=3.5, alpha=0.8)
        panel.plot(*x[y == 1].T, "^", color="C1", ms=3.5, alpha=0.8)
        panel.set(title=f"hidden units: {name}\n{accuracy:.0%} correct", aspect="equal")
        panel.grid(False)
    return figure


def xor_fold():
    """Left: the four points of XOR on a square, equal labels on opposite corners. Right: the same
    points after two ReLU units; the two points labelled 1 have merged at (1, 0), the point (1,
    1) has moved to (2, 1), and one straight line separates the labels."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    h = act.relu(x @ np.array([[1.0, 1.0], [1.0, 1.0]]) + np.array([0.0, -1.0]))
    figure, panels = _panels(1, 2, figsize=(5.2, 3.0))
    notes = (["(0, 0)", "(0, 1)", "(1, 0)", "(1, 1)"], ["(0, 0)", "", "", "(1, 1)"])
    for panel, points, names in zip(panels, (x, h), notes, strict=True):
        panel.plot(*points[[0, 3]].T, "o", color="C0", ms=10, label="label 0")
        panel.plot(*points[[1, 2]].T, "^", color="C1", ms=11, label="label 1")
        for point, name in zip(points, names, strict=True):
            panel.annotate(name, point, (0, 10), textcoords="offset points", ha="center")
    line = np.array([0.2, 2.4])
    panels[1].plot(line, (line - 0.5) / 2, "--", color=GREY)
    both = {"textcoords": "offset points", "ha": "center"}
    panels[1].annotate("(0, 1) and (1, 0)", (1, 0), (12, -20), **both)
    panels[0].set(title="what comes in", xlabel="$x_1$", ylabel="$x_2$")
    panels[1].set(title="after two ReLU units", xlabel="$a_1$", ylabel="$a_2$")
    panels[0].set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5))
    panels[1].set(xlim=(-0.5, 2.6), ylim=(-0.6, 1.5))
    panels[0].legend(loc="center")
    return figure


def _plate(panel, z, value, slope):
    panel.axhline(0, color=GREY, lw=0.8)
    panel.axvline(0, color=GREY, lw=0.8)
    panel.plot(z, value, color="C0", label="value")
    panel.plot(z, slope, "--", color="C1", label="slope")
    panel.set(xlim=(z[0], z[-1]), ylim=(-2.2, 2.6), xticks=[-3, 0, 3], yticks=[-1, 0, 1, 2])


def _family(mark=None):
    z = np.linspace(-4, 4, 401)
    figure, panels = _panels(5, 3, figsize=(5.2, 7.7), sharex=True, sharey=True)
    for panel, (name, (f, backward)) in zip(panels.flat, FAMILY.items(), strict=False):
        _plate(panel, z, f(z), backward(z, np.ones_like(z)))
        panel.set_title(name)
        if mark is not None:
            at = np.array([mark])
            value, slope = f(at)[0], backward(at, np.ones(1))[0]
            panel.plot(mark, value, "o", color="C0", ms=7)
            panel.plot(mark, slope, "s", color="C1", ms=5)
            panel.set_title(f"{name}\n{value:.2f}, slope {slope:.2f}", fontsize=9)
    kernel, bias = np.array([[[-0.5]], [[0.2]], [[1.0]]]), np.array([[-0.5], [0.0], [-1.0]])
    dy = np.ones((len(z), 1))
    pieces = act.maxout(z[:, None], kernel, bias)
    slope = act.maxout_backward(z[:, None], kernel, bias, dy)[0]
    if mark is None:
        _plate(panels.flat[13], z, pieces[:, 0], slope[:, 0])
        panels.flat[13].set_title("maxout, 3 pieces")
    else:
        panels.flat[13].axis("off")
    handles = panels.flat[0].get_legend_handles_labels()
    panels.flat[14].axis("off")
    panels.flat[14].legend(*handles, loc="center", fontsize=12)
    for panel in (*panels.flat[10 if mark is not None else 11:12], *panels.flat[12:14]):
        panel.tick_params(labelbottom=True)
    return figure


def family():
    """Fourteen small plots on the same axes, z from -4 to 4, each with a function (solid) and its
    slope (dashed): step, linear, sigmoid, tanh, relu, leaky_relu, elu, selu, softplus,
    softsign, gelu, silu, hard_sigmoid and a maxout unit of three lines."""
    return _family()


def family_at_one():
    """Thirteen small plots of activations and their slopes, with a mark at z = 1 and the value and
    the slope there above each plot."""
    return _family(mark=1.0)


def log_odds():
    """Two curves that mirror each other. Left: the log-odds against the probability, an S lying
    down that climbs without bound at 0 and 1. Right: the sigmoid against z, an S that runs from
    0 to 1 through one half at z = 0."""
    p, z = np.linspace(0.003, 0.997, 400), np.linspace(-6, 6, 400)
    figure, (left, right) = _panels(1, 2, figsize=(5.2, 2.7))
    left.plot(p, np.log(p / (1 - p)), color="C0")
    left.set(title="from probability to log-odds", xlabel="$p$", ylabel="$z = \\log\\,p/(1-p)$")
    right.plot(z, act.sigmoid(z), color="C1")
    right.set(title="and back: the sigmoid", xlabel="$z$", ylabel="$p = \\sigma(z)$")
    for chance in (0.12, 0.5, 0.88):
        odds = np.log(chance / (1 - chance))
        left.plot(chance, odds, "o", color="C0")
        right.plot(odds, chance, "o", color="C1")
    return figure


def _exact_sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def _exact_softplus(z):
    return np.logaddexp(0, z)


def _textbook_tanh(z):
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


RECIPES = [
    ("1 / (1 + exp(-z))", lambda z: 1 / (1 + np.exp(-z)), _exact_sigmoid),
    ("exp(z) / (1 + exp(z))", lambda z: np.exp(z) / (1 + np.exp(z)), _exact_sigmoid),
    ("0.5 * tanh(z / 2) + 0.5", lambda z: 0.5 * np.tanh(z / 2) + 0.5, _exact_sigmoid),
    ("where(z >= 0, 1, e) / (1 + e)", _exact_sigmoid, _exact_sigmoid),
    ("(exp(z) - exp(-z)) / (exp(z) + exp(-z))", _textbook_tanh, np.tanh),
    ("tanh(z)", np.tanh, np.tanh),
    ("log(1 + exp(z))", lambda z: np.log(1 + np.exp(z)), _exact_softplus),
    ("logaddexp(0, z)", _exact_softplus, _exact_softplus),
]
VERDICTS = [
    ("right", "C2", ""),
    ("right, with a warning", "C4", "////"),
    ("digits lost", "C3", "...."),
    ("inf or nan", "C1", "xxxx"),
]


def _verdict(recipe, truth, z, dtype):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = float(recipe(np.array([z], dtype=dtype))[0])
    expected = float(truth(np.array([z]))[0])
    if not np.isfinite(answer):
        return 3
    if abs(answer - expected) > 1e-3 * abs(expected) + np.finfo(dtype).tiny:
        return 2
    return 1 if caught else 0


def overflow_map():
    """Eight ways to compute sigmoid, tanh and softplus, each a bar over z from -1000 to 1000, once
    in float32 and once in float64. The textbook formulas turn to inf or nan, or warn, beyond 88
    in float32 and 709 in float64; log(1 + exp(z)) and the sigmoid written with tanh lose their
    digits far below zero; where(z >= 0, 1, e) / (1 + e), tanh and logaddexp are right along the
    whole bar."""
    half = np.concatenate([np.linspace(0, 10, 101), np.geomspace(10, 1000, 400)[1:]])
    z = np.concatenate([-half[:0:-1], half])
    edges = np.concatenate([[z[0]], (z[1:] + z[:-1]) / 2, [z[-1]]])
    figure, panels = _panels(2, 1, figsize=(5.2, 7.0), sharex=True)
    for panel, dtype in zip(panels, ("float32", "float64"), strict=True):
        for row, (name, recipe, truth) in enumerate(RECIPES):
            verdicts = np.array([_verdict(recipe, truth, value, dtype) for value in z])
            starts = np.flatnonzero(np.diff(verdicts, prepend=-1))
            for start, stop in zip(starts, [*starts[1:], len(z)], strict=True):
                _, color, hatch = VERDICTS[verdicts[start]]
                span = (edges[start], edges[stop] - edges[start])
                panel.broken_barh(
                    [span], (row, 0.45), facecolor=color, hatch=hatch, edgecolor="white", lw=0
                )
            panel.text(-1000, row - 0.06, name, family="monospace", fontsize=9, va="bottom")
        panel.set_xscale("symlog", linthresh=10)
        panel.set(title=dtype, yticks=[], ylim=(len(RECIPES) - 0.4, -0.5), xlim=(-1000, 1000))
        panel.set_xticks([-1000, -100, -10, 0, 10, 100, 1000])
        panel.set_xticklabels(["−1000", "−100", "−10", "0", "10", "100", "1000"])
    panels[1].set_xlabel("$z$")
    keys = [plt.Rectangle((0, 0), 1, 1, fc=c, hatch=h, ec="white", lw=0) for _, c, h in VERDICTS]
    figure.legend(keys, [name for name, _, _ in VERDICTS], loc="outside lower center", ncols=2)
    return figure


def negative_side():
    """Seven activations between z = -4 and 1.5. To the right of zero all climb roughly like z; to
    the left relu stays at 0, leaky_relu keeps falling in a line, elu and selu level off below
    zero, softplus stays above 0 and fades, gelu and silu dip below zero and come back."""
    z = np.linspace(-4, 1.5, 400)
    figure, panel = _panels(figsize=(5.2, 3.5))
    panel.axhline(0, color=GREY, lw=0.8)
    panel.axvline(0, color=GREY, lw=0.8)
    styles = ["-", "--", "-.", ":", "-", "--", "-."]
    colors = ["C0", "C1", "C2", "C3", "C4", "C5", GREY]
    names = ("relu", "leaky_relu", "elu", "selu", "softplus", "gelu", "silu")
    for name, style, color in zip(names, styles, colors, strict=True):
        panel.plot(z, FAMILY[name][0](z), style, color=color, label=name)
    panel.set(xlabel="$z$", ylabel="$a$", ylim=(-1.9, 1.6))
    panel.legend(loc="upper left", ncols=2, fontsize=10)
    return figure


def maxout_pieces():
    """Three straight dashed lines, falling, nearly flat and rising, and the thick line that
    follows whichever of them is highest: a bent, bowl-shaped activation made of three pieces."""
    z = np.linspace(-3, 3, 300)
    kernel, bias = np.array([[[-1.0]], [[0.2]], [[1.5]]]), np.array([[-1.0], [0.0], [-1.0]])
    figure, panel = _panels(figsize=(5.2, 2.9))
    for i, style in enumerate(("--", "-.", ":")):
        line = z * kernel[i, 0, 0] + bias[i, 0]
        panel.plot(z, line, style, color=f"C{i + 1}", label=f"piece {i}")
    top = act.maxout(z[:, None], kernel, bias)[:, 0]
    panel.plot(z, top, color="C0", lw=5, alpha=0.45, label="maxout")
    panel.set(xlabel="$x$", ylabel="$a$", ylim=(-3, 3.5))
    panel.legend(ncols=2, loc="upper center")
    return figure


def _bars(panel, heights, title, form="{:.2f}"):
    bars = panel.bar(NAMES, heights, color=["C0", "C1", "C2"])
    for bar, hatch in zip(bars, ("", "//", ".."), strict=True):
        bar.set(hatch=hatch, edgecolor="white", linewidth=0)
    panel.bar_label(bars, [form.format(h) for h in heights], padding=2)
    panel.set_title(title)
    panel.margins(y=0.15)
    panel.grid(axis="x", visible=False)


def softmax_steps():
    """Three bar charts for the digits 3, 8 and 5. First the logits 2.0, 1.0 and 0.1; then their
    exponentials 7.39, 2.72 and 1.11; then these divided by their sum, 0.66, 0.24 and 0.10."""
    figure, panels = _panels(1, 3, figsize=(5.2, 2.6))
    e = np.exp(LOGITS)
    _bars(panels[0], LOGITS, "logits $z$", "{:.1f}")
    _bars(panels[1], e, "$e^z$")
    _bars(panels[2], act.softmax(LOGITS), "softmax")
    return figure


def temperatures():
    """Probabilities of the digits 3, 8 and 5 for the logits 2.0, 1.0 and 0.1 at three
    temperatures. At 0.5 the 3 has 0.86, at 1 it has 0.66, and at 4 it has 0.42, not far above
    the other two."""
    figure, panels = _panels(1, 3, figsize=(5.2, 2.6), sharey=True)
    for panel, temperature in zip(panels, (0.5, 1.0, 4.0), strict=True):
        _bars(panel, act.softmax(LOGITS / temperature), f"temperature {temperature:g}")
    return figure


def softmax_simplex():
    """A triangle whose corners stand for certainty about 3, 8 and 5. A curve starts near the
    centre at a high temperature, passes the softmax of (2.0, 1.0, 0.1) at temperature 1, and
    ends in the corner of 3 as the temperature goes to zero. Three lines from the centre divide
    the triangle into the regions where each digit wins."""
    corners = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])
    figure, panel = _panels(figsize=(5.2, 4.5))
    panel.fill(*corners.T, facecolor="none", edgecolor=GREY, lw=2)
    centre = corners.mean(axis=0)
    for i in range(3):
        middle = corners[[i, (i + 1) % 3]].mean(axis=0)
        panel.plot(*np.array([centre, middle]).T, ":", color=GREY)
    path = act.softmax(LOGITS / np.geomspace(0.05, 100, 300)[:, None]) @ corners
    panel.plot(*path.T, color="C0")
    for temperature, mark in ((0.25, "D"), (0.5, "s"), (1, "o"), (2, "^"), (8, "v")):
        point = act.softmax(LOGITS / temperature) @ corners
        panel.plot(*point, mark, color="C1", ms=8)
        shift = {0.25: (-54, 8), 0.5: (-4, -18), 2: (-46, 2)}.get(temperature, (12, -4))
        panel.annotate(f"T = {temperature:g}", point, shift, textcoords="offset points")
    texts = ("3\n(1, 0, 0)", "8\n(0, 1, 0)", "5\n(0, 0, 1)")
    for corner, text, shift in zip(corners, texts, ((0, -34), (0, -34), (0, 8)), strict=True):
        panel.annotate(text, corner, shift, textcoords="offset points", ha="center")
    panel.annotate("(⅓, ⅓, ⅓)", centre, (0, 30), textcoords="offset points", ha="center")
    panel.plot(*centre, "+", color=GREY, ms=12)
    panel.set(aspect="equal", xlim=(-0.12, 1.12), ylim=(-0.16, 1.02))
    panel.axis("off")
    return figure


def depth_spread():
    """Histograms of tanh activations in layers 1, 2, 5 and 10, in three rows. Weights drawn with
    standard deviation 1: everything piles up at -1 and 1. With 0.01: everything collapses to 0.
    With Glorot's 0.1: a hump that stays wide in every layer."""
    rows = (("std 1", 1.0), ("std 0.01", 0.01), ("Glorot, std 0.1", 0.1))
    figure, panels = _panels(3, 4, figsize=(5.2, 4.3), sharex=True)
    for number, (axes, (name, std)) in enumerate(zip(panels, rows, strict=True)):
        rng = np.random.default_rng(0)
        a = rng.standard_normal((1000, 100))
        for layer in range(1, 11):
            a = act.tanh(a @ (std * rng.standard_normal((100, 100))))
            if layer in (1, 2, 5, 10):
                panel = axes[(1, 2, 5, 10).index(layer)]
                panel.hist(a.ravel(), bins=np.linspace(-1, 1, 41), color=f"C{number}")
                spread = f"{a.std():.2f}" if a.std() > 0.005 else f"{a.std():.0e}"
                panel.set_title(f"layer {layer}: {spread}", fontsize=9)
                panel.set_yticks([])
        axes[0].set_ylabel(name)
    return figure


def dead_share(learning_rate, activation, backward, steps=200):
    """Train 64 hidden units on the two moons; return the share whose slope is 0 for every point."""
    rng = np.random.default_rng(0)
    x, y = two_moons(300, rng)
    w1, b1 = rng.standard_normal((2, 64)), np.zeros(64)
    w2 = rng.standard_normal((64, 1)) * np.sqrt(2 / 64)
    for _ in range(steps):
        z = x @ w1 + b1
        a = activation(z)
        dlogits = (act.sigmoid(a @ w2) - y[:, None]) / len(x)
        dz = backward(z, dlogits @ w2.T)
        w2 -= learning_rate * a.T @ dlogits
        w1 -= learning_rate * x.T @ dz
        b1 -= learning_rate * dz.sum(axis=0)
    slope = backward(x @ w1 + b1, np.ones((len(x), 64)))
    return np.mean((slope == 0).all(axis=0))


def dying_relu():
    """Share of dead hidden units after 200 steps against the learning rate. With relu it is
    zero up to a rate of 2 and grows to most of the units at 16; with leaky_relu it stays zero."""
    rates = [0.1, 0.3, 1, 2, 4, 8, 16]
    figure, panel = _panels(figsize=(5.2, 2.9))
    for name, style in (("relu", "o-"), ("leaky_relu", "^--")):
        panel.plot(rates, [dead_share(r, *FAMILY[name]) for r in rates], style, label=name)
    panel.set(xscale="log", xlabel="learning rate", ylabel="share of dead units")
    panel.legend()
    return figure


def gradient_through_depth():
    """Size of the gradient on a logarithmic scale while it travels back through ten layers. With
    sigmoid it falls by a factor of about four a layer, with tanh slowly, with relu it stays
    level."""
    figure, panel = _panels(figsize=(5.2, 3.1))
    plans = (("sigmoid", 0.1, "o-"), ("tanh", 0.1, "^--"), ("relu", np.sqrt(2 / 100), "s-."))
    for name, std, style in plans:
        rng = np.random.default_rng(0)
        f, backward = FAMILY[name]
        a, path = rng.standard_normal((1000, 100)), []
        for _ in range(10):
            kernel = std * rng.standard_normal((100, 100))
            path.append((a @ kernel, kernel))
            a = f(path[-1][0])
        dx, sizes = rng.standard_normal(a.shape), []
        for z, kernel in reversed(path):
            dx = backward(z, dx) @ kernel.T
            sizes.append(dx.std())
        panel.plot(range(10, 0, -1), sizes, style, label=name)
    panel.set(yscale="log", xlabel="layer", ylabel="std of the gradient", xticks=range(1, 11))
    panel.invert_xaxis()
    panel.legend()
    return figure


def learning_curves():
    """The loss of four networks against the step, on the two moons. With relu, leaky_relu and tanh
    it falls towards zero within 300 steps; with sigmoid it stays at 0.69."""
    x, y = two_moons(300, np.random.default_rng(0))
    figure, panel = _panels(figsize=(5.2, 3.1))
    styles = {"relu": "-", "leaky_relu": "--", "tanh": "-.", "sigmoid": ":"}
    for name, style in styles.items():
        plan = {"widths": (16,) * 5, "learning_rate": 0.1, "steps": 300}
        _, losses = train(x, y, *FAMILY[name], np.random.default_rng(1), **plan)
        panel.plot(losses, style, label=name)
    panel.set(xlabel="step", ylabel="loss", ylim=(0, None))
    panel.legend()
    return figure


def output_layers():
    """The logits 2.0, 1.0 and 0.1 through two output layers. Softmax: 0.66, 0.24, 0.10, which sum
    to 1. Three sigmoids: 0.88, 0.73, 0.52, each an answer of its own, which sum to more than 2."""
    figure, panels = _panels(1, 2, figsize=(5.2, 2.6), sharey=True)
    shares = {"softmax": act.softmax(LOGITS), "three sigmoids": act.sigmoid(LOGITS)}
    for panel, (name, share) in zip(panels, shares.items(), strict=True):
        _bars(panel, share, f"{name}: sum {share.sum():.2f}")
    return figure
