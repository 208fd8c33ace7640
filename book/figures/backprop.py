"""Figures of the chapter on backpropagation: graphs are drawn from the graphs themselves."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nnlib.autodiff import Tape, Value, Variable, topological_order
from nnlib.layers import Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential

BLUE, RED, GREEN, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9"
GREY = "#7a7a7a"
PAPER, VALUE, GRADIENT = "#f3f5f7", "#00568a", "#9c3800"  # in boxes, on light and dark pages
DATA = Path(__file__).parents[1] / "data"


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


# ---- graphs of numbers


def _levels(order):
    """Return the level of each node, as late as its uses allow, and all edges with their slopes."""
    edges = [(parent, node, slope) for node in order
             for parent, slope in zip(node.parents, node.slopes, strict=True)]
    level = {order[-1]: 0}
    for node in reversed(order[:-1]):
        level[node] = min(level[child] for parent, child, _ in edges if parent is node) - 1
    first = min(level.values())
    return {node: number - first for node, number in level.items()}, edges


def _spread(wanted):
    """Return places at least 1 apart, in the given order, near where they are wanted."""
    up, down = list(wanted), list(wanted)
    for i in range(1, len(up)):
        up[i] = max(up[i], up[i - 1] + 1)
    for i in range(len(down) - 2, -1, -1):
        down[i] = min(down[i], down[i + 1] - 1)
    return [(a + b) / 2 for a, b in zip(up, down, strict=True)]


def _places(order, level, edges):
    """Return the place of each node within its level, with few crossings, and bends of edges."""
    rows, links, bends = [[] for _ in range(level[order[-1]] + 1)], [], {}
    waiting, seen = [order[-1]], set()
    while waiting:  # first parents first, so that a * b has a before b
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            rows[level[node]].append(node)
            waiting += reversed(node.parents)
    for number, (parent, child, _) in enumerate(edges):
        chain = [parent]
        for k in range(level[parent] + 1, level[child]):  # a point on each level that is passed
            bend = (number, k)
            rows[k].append(bend)
            chain.append(bend)
        chain.append(child)
        bends[number] = chain[1:-1]
        links += zip(chain, chain[1:], strict=False)
    near = {one: [] for row in rows for one in row}
    for parent, child in links:
        near[parent].append(child)
        near[child].append(parent)
    place = {one: float(i) for row in rows for i, one in enumerate(row)}
    for sweep in range(40):
        for row in (rows[::-1] if sweep % 2 == 0 else rows):
            wanted = {one: np.mean([place[other] for other in near[one]] or [0.0]) for one in row}
            if sweep < 24:
                row.sort(key=wanted.get)
            place.update(zip(row, _spread([wanted[one] for one in row]), strict=True))
    return place, bends


def _crosses(line, left, bottom, right, top):
    """Say whether a polyline runs through a rectangle."""
    points = np.concatenate([a + np.linspace(0, 1, 60)[:, None] * (b - a)
                             for a, b in zip(line, line[1:], strict=False)])
    return np.any((points > (left, bottom)).all(axis=1) & (points < (right, top)).all(axis=1))


def _number(value):
    return f"{value:.4g}".replace("-", "−")


def _box(node, names, gradients):
    """Return the lines that stand in a node's box, each with its colour and weight."""
    title = " ".join(part for part in (names.get(node, ""), node.op) if part)
    lines = [(title, "black", "bold"), (_number(node.data), VALUE, "normal")]
    if gradients and (node.parents or node in names):
        lines.append((f"∂ {_number(node.grad)}", GRADIENT, "normal"))
    return [line for line in lines if line[0]]


def draw_graph(result, names=None, down=None, gradients=True):
    """Draw a graph of `nnlib.autodiff.Value` from the graph itself.

    Each box holds the name or the operation of a number, the number, and below it, after a ∂, the
    gradient of the result for it. Slopes other than 1 stand at the edges, where there is room.

    Parameters
    ----------
    result : Value
        Its `backward` was called, unless `gradients` is False.
    names : dict of Value
        What the numbers are called. A leaf without a name is a constant.
    down : bool, optional
        From top to bottom instead of from left to right; by default where it would be too wide.
    """
    names = {node: name for name, node in (names or {}).items()}
    order = topological_order(result)
    level, edges = _levels(order)
    place, bends = _places(order, level, edges)
    depth = level[result] + 1
    down = depth > 4 if down is None else down
    low, high = min(place.values()), max(place.values())
    texts = {node: _box(node, names, gradients) for node in order}
    longest = max(len(text) * (1.15 if weight == "bold" else 1)
                  for lines in texts.values() for text, _, weight in lines)
    wide, tall = max(0.56, 0.075 * longest + 0.12), 0.66
    across, along = (wide + 0.1, 1.05) if down else (0.92, wide + 0.5)

    def at(one):
        k = level[one] if isinstance(one, Value) else one[1]
        return ((place[one] - low) * across, -k * along) if down else \
            (k * along, (high - place[one]) * across)

    spots = np.array([at(node) for node in order])
    (left, bottom), (right, top) = (spots.min(axis=0) - np.array([wide / 2 + 0.05, 0.42]),
                                    spots.max(axis=0) + np.array([wide / 2 + 0.05, 0.42]))
    fig, ax = _axes(figsize=(right - left, top - bottom + 0.3))
    lines, notes = [], []
    for number, (parent, child, slope) in enumerate(edges):
        constant = not parent.parents and parent not in names
        half = tall / (4 if constant else 2)
        use = number - next(i for i, edge in enumerate(edges) if edge[1] is child)
        others = [place[one] for one in child.parents]
        shift = (np.argsort(np.argsort(others, kind="stable"))[use] - (len(others) - 1) / 2) * 0.36
        shift = shift if down else -shift
        start, end = np.array(at(parent)), np.array(at(child))
        if down:
            start, end = start - [0, half], end + [shift * wide, tall / 2]
        else:
            start, end = start + [wide / 2, 0], end + [-wide / 2, shift * tall]
        line = np.array([start, *map(at, bends[number]), end])
        lines.append(line)
        ax.plot(*line.T, color=GREY, linewidth=1.2, zorder=1)
        ax.annotate("", line[-1], line[-2], zorder=1,
                    arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.2, "shrinkA": 0,
                                "shrinkB": 0})
        if slope != 1 and gradients and not constant:
            (x, y), (dx, dy) = (line[-2] + line[-1]) / 2, line[-1] - line[-2]
            if down:  # beside the line, on the side where it does not run through the number
                x, ha = (x - 0.04, "right") if dx > 0.01 else (x + 0.04, "left")
                va = "center" if abs(dx) < 0.12 else "top"
            else:
                y, va = (y - 0.02, "top") if dy > 0.01 else (y + 0.02, "bottom")
                ha = "center" if abs(dy) < 0.12 else "left"
            if abs(dx) < 0.6 or not down:  # beside a flat line it would seem to be another's
                notes.append((x, y, f"×{_number(slope)}", {"ha": ha, "va": va}))
    for x, y, text, where in notes:
        size = 0.07 * len(text)
        x0 = x - size * {"right": 1, "center": 0.5, "left": 0}[where["ha"]]
        y0 = y - 0.12 * {"top": 1, "center": 0.5, "bottom": 0}[where["va"]]
        if not any(_crosses(line, x0, y0, x0 + size, y0 + 0.12) for line in lines):
            ax.text(x, y, text, fontsize=8, color=GREY, **where)
    for node, (x, y) in zip(order, spots, strict=True):
        lines, constant = texts[node], not node.parents and node not in names
        height = tall if len(lines) > 1 else tall / 2
        ax.add_patch(plt.Rectangle((x - wide / 2, y - height / 2), wide, height, zorder=2,
                                   facecolor=PAPER, edgecolor=GREY,
                                   linestyle=":" if constant else "-"))
        for k, (text, colour, weight) in enumerate(lines):
            ax.text(x, y + (len(lines) - 1 - 2 * k) * 0.1, text, ha="center", va="center",
                    fontsize=9.5, color=colour, weight=weight, zorder=3)
    ax.set(xlim=(left, right), ylim=(bottom - 0.3, top), aspect="equal")
    ax.axis("off")
    if gradients:
        ax.text((left + right) / 2, bottom - 0.2, "number     ∂ gradient     ×slope", ha="center",
                va="center", color=GREY, fontsize=9)
    return fig


# ---- slopes


def secants():
    """A sine curve with its tangent at 1, and two chords through points a step of 0.8 away.

    The forward chord, from 1 to 1.8, is much flatter than the tangent. The central chord, from 0.2
    to 1.8, is nearly parallel to it.
    """
    x, step = np.linspace(-0.3, 2.4, 200), 0.8
    fig, ax = _axes(figsize=(5.0, 3.4))
    ax.plot(x, np.sin(x), color=GREY, label="sin x")
    reach = np.array([-0.1, 2.1])
    for name, slope, through, style, colour in [
        ("tangent", np.cos(1), (1, np.sin(1)), ":", "#CC79A7"),
        ("forward", (np.sin(1 + step) - np.sin(1)) / step, (1, np.sin(1)), "--", RED),
        ("central", (np.sin(1 + step) - np.sin(1 - step)) / (2 * step),
         (1 - step, np.sin(1 - step)), "-", BLUE),
    ]:
        ax.plot(reach, through[1] + slope * (reach - through[0]), style, color=colour,
                label=f"{name}: slope {slope:.3f}")
    ax.plot([1 - step, 1, 1 + step], np.sin([1 - step, 1, 1 + step]), "o", color=GREY)
    ax.set(xlabel="x", xticks=[1 - step, 1, 1 + step], ylim=(-0.4, 1.7),
           xticklabels=["1 − ε", "1", "1 + ε"])
    ax.legend(loc="upper left", fontsize=10)
    return fig


def error_curve():
    """Error of the measured slope against the step, both logarithmic: two curves shaped like a U.

    From right to left the forward error falls with the step, the central error with its square.
    Then both rise again, as rounding takes over: the forward one below 1e-8, the central one below
    1e-5.
    """
    eps = 10.0 ** np.linspace(-1, -11, 201)
    forward = np.abs((np.sin(1 + eps) - np.sin(1)) / eps - np.cos(1))
    central = np.abs((np.sin(1 + eps) - np.sin(1 - eps)) / (2 * eps) - np.cos(1))
    fig, ax = _axes(figsize=(5.0, 3.6))
    for error, name, colour, mark in [(forward, "forward", RED, "x"),
                                      (central, "central", BLUE, ".")]:
        ax.loglog(eps, error, mark, color=colour, markersize=4, label=name)
    ax.loglog(eps, eps / 2 * np.sin(1), "--", color=GREY, linewidth=1)
    ax.loglog(eps, eps**2 / 6 * np.cos(1), "--", color=GREY, linewidth=1)
    ax.loglog(eps, 1.1e-16 / eps, ":", color=GREY, linewidth=1.5)
    ax.text(3e-11, 9e-6, "rounding", color=GREY, rotation=-31, rotation_mode="anchor")
    ax.text(6e-4, 2.4e-3, "too coarse", color=GREY, rotation=27)
    ax.set(xlabel="step ε", ylabel="error of the slope", ylim=(1e-13, 1))
    ax.legend(loc="lower left", fontsize=10, markerscale=2)
    return fig


# ---- a layer


def _grid(ax, left, middle, rows, columns, colour, name, shape):
    size = 0.3
    for i in range(rows):
        for j in range(columns):
            ax.add_patch(plt.Rectangle((left + j * size, middle + (rows / 2 - 1 - i) * size),
                                       size, size, facecolor=colour, alpha=0.45, edgecolor=GREY))
    ax.text(left + columns * size / 2, middle + rows * size / 2 + 0.1, name, ha="center",
            va="bottom", color=GREY)
    ax.text(left + columns * size / 2, middle - rows * size / 2 - 0.1, shape, ha="center",
            va="top", color=GREY, fontsize=9)
    return left + columns * size


def layer_shapes():
    """Three rows of grids, each a product that fits, for five samples, three inputs, two units.

    dW, 3 by 2, is X transposed, 3 by 5, times dZ, 5 by 2. dX, 5 by 3, is dZ, 5 by 2, times W
    transposed, 2 by 3. db, 2 numbers, is the sum of the five rows of dZ.
    """
    n, d, u = 5, 3, 2
    arrived = ("dZ", n, u, RED, "(N, U)")
    fig, ax = _axes(figsize=(4.6, 6.4))
    rows = [
        (6.4, ("dW", d, u, ORANGE, "(D, U)"), [("Xᵀ", d, n, SKY, "(D, N)"), arrived]),
        (3.6, ("dX", n, d, ORANGE, "(N, D)"), [arrived, ("Wᵀ", u, d, SKY, "(U, D)")]),
        (0.9, ("db", 1, u, ORANGE, "(U,)"), [("1 … 1", 1, n, "#bbbbbb", "(N,)"), arrived]),
    ]
    for middle, result, factors in rows:
        _grid(ax, 0.0, middle, *result[1:4], result[0], result[4])
        ax.text(1.25, middle, "=", ha="center", va="center", color=GREY, fontsize=14)
        end = _grid(ax, 1.6, middle, *factors[0][1:4], factors[0][0], factors[0][4])
        ax.text(end + 0.3, middle, "@", ha="center", va="center", color=GREY, fontsize=12)
        _grid(ax, end + 0.6, middle, *factors[1][1:4], factors[1][0], factors[1][4])
    ax.set(xlim=(-0.2, 4.6), ylim=(-0.5, 7.6), aspect="equal")
    ax.axis("off")
    return fig


def _digits():
    with np.load(DATA / "mnist5k.npz") as file:
        order = np.random.default_rng(0).permutation(len(file["y"]))
        return file["X"][order].astype(np.float32) / 255, file["y"][order].astype(np.int64)


def kernel_gradients():
    """Heat maps of the gradient for the weights of three hidden units, drawn as 28 by 28 pictures.

    Upper row, one image: each map is that image times one number, so the digit can be read, in one
    colour or the other. Lower row, a batch of 32: sums of many images.
    """
    x, y = _digits()
    network = Sequential([Input((784,)), Dense(16, "relu"), Dense(16, "relu"), Dense(10)],
                         np.random.default_rng(3))
    loss = SparseCategoricalCrossentropy(from_logits=True)
    maps = []
    for size in (1, 32):
        loss.forward(y[:size], network(x[:size], training=True))
        network.backward(loss.backward())
        kernel = network.layers[0].grads["kernel"].copy()  # the next backward overwrites it
        maps.append(kernel.T.reshape(16, 28, 28))
    units = np.argsort(-np.abs(maps[0]).max(axis=(1, 2)))[:6]
    signs = [np.sign(maps[0][unit].sum()) for unit in units]
    chosen = [units[0], units[signs.index(-signs[0])] if -signs[0] in signs else units[1]]
    chosen.append(next(unit for unit in units if unit not in chosen))
    fig, axes = _axes(2, 3, figsize=(5.0, 3.6))
    for row, grads, name in zip(axes, maps, ["1 image", "32 images"], strict=True):
        limit = max(np.abs(grads[unit]).max() for unit in chosen)
        for ax, unit in zip(row, chosen, strict=True):
            ax.imshow(grads[unit], cmap="PuOr", vmin=-limit, vmax=limit)
            ax.set(xticks=[], yticks=[])
            ax.grid(visible=False)
        row[0].set_ylabel(name)
    for ax, unit in zip(axes[0], chosen, strict=True):
        ax.set_title(f"unit {unit}")
    return fig


# ---- XOR


def xor_starts():
    """Dots: the last loss of 100 networks without biases and of the same 100 with biases.

    Without biases most dots lie between 0.08 and 0.23, in several rows, and some near zero. With
    biases most lie at zero, and the rest in one row at 0.125.
    """
    found = json.loads((DATA / "backprop_xor.json").read_text())
    rng = np.random.default_rng(0)
    fig, ax = _axes(figsize=(5.0, 3.4))
    runs = [run for run in found["runs"] if run["learning_rate"] == 3.0]
    for place, (run, colour, mark) in enumerate(zip(runs, (RED, BLUE), "xo", strict=True)):
        losses = np.array(run["losses"])
        ax.plot(place + rng.uniform(-0.3, 0.3, len(losses)), losses, mark, color=colour,
                markersize=4, alpha=0.7)
        ax.text(place, 0.285, f"{run['solved']} of {len(losses)} solved", ha="center", color=GREY)
    ax.axhline(0.25, color=GREY, linestyle=":", linewidth=1.2)
    ax.text(1.42, 0.243, "always ½", color=GREY, fontsize=9, ha="right", va="top")
    ax.set(xticks=[0, 1], xticklabels=["without biases", "with biases"], xlim=(-0.5, 1.5),
           ylim=(-0.01, 0.31), ylabel="mean squared error at the end")
    ax.grid(axis="x", visible=False)
    return fig


def regions(network, x, y, reach=0.4, title=None):
    """The plane in two colours, as a network divides it, with the samples of both classes."""
    fig, ax = _axes(figsize=(4.4, 3.4))
    low, high = x.min(axis=0) - reach, x.max(axis=0) + reach
    a, b = np.meshgrid(np.linspace(low[0], high[0], 160), np.linspace(low[1], high[1], 160))
    grid = np.stack([a.ravel(), b.ravel()], axis=1)
    logits = network.predict(grid, batch_size=len(grid)).reshape(a.shape)
    ax.contourf(a, b, logits, levels=[-1e9, 0, 1e9], colors=[SKY, ORANGE], alpha=0.3)
    ax.contour(a, b, logits, levels=[0], colors=[GREY], linewidths=1.5)
    for label, colour, mark in [(0, BLUE, "o"), (1, RED, "^")]:
        ax.plot(*x[y.reshape(-1) == label].T, mark, color=colour,
                markersize=5 if len(x) > 9 else 11, label=f"y = {label}")
    ax.set(xlabel="$x_1$", ylabel="$x_2$", title=title, aspect="equal")
    ax.grid(visible=False)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=10)
    return fig


# ---- training


def batches():
    """Training loss against samples seen, for batch sizes 1, 32 and 4,000, in 5 epochs each.

    Batch size 1 falls first, 32 follows closely, both a little rough, and the full batch, with 5
    updates in all, has hardly begun.
    """
    found = json.loads((DATA / "backprop_batches.json").read_text())
    fig, ax = _axes(figsize=(5.0, 3.6))
    names = {1: "online, 1", 32: "mini-batch, 32", 4000: "batch, 4,000"}
    for run, style in zip(found["best"], ["-", "--", ":"], strict=True):
        seen, loss = np.array(run["points"]).T
        ax.plot(seen, loss, style, marker="o", markersize=4,
                label=f"{names[run['batch_size']]}: {run['updates']:,} updates, "
                      f"η = {run['learning_rate']:g}")
    ax.set(xlabel="samples seen", ylabel="loss on all training samples", ylim=(0, 3.4),
           xticks=[0, 5000, 10000, 15000, 20000])
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.legend(loc="upper right", fontsize=9)
    return fig


def rates():
    """Three walks on the parabola (3w - 10)², from w = 2, of ten steps each.

    With a learning rate of 0.002 the walk has come less than a third of the way, with 0.03 it
    stands in the minimum, with 0.115 it jumps from side to side and climbs.
    """
    fig, axes = _axes(1, 3, figsize=(5.4, 2.9), sharey=True)
    w = np.linspace(-0.6, 7.2, 200)
    for ax, rate in zip(axes, (0.002, 0.03, 0.115), strict=True):
        walk = [2.0]
        for _ in range(10):
            walk.append(walk[-1] - rate * 6 * (3 * walk[-1] - 10))
        walk = np.array(walk)
        ax.plot(w, (3 * w - 10) ** 2, color=GREY, linewidth=1.2)
        ax.plot(walk, (3 * walk - 10) ** 2, "o-", color=RED if rate > 0.1 else BLUE, markersize=4,
                linewidth=1)
        ax.set(title=f"η = {rate:g}", xlabel="w", ylim=(-5, 110), xticks=[0, 10 / 3, 6],
               xticklabels=["0", "10/3", "6"])
    axes[0].set_ylabel("loss")
    return fig


X, Y = np.array([0.5, 1.0, 2.0]), np.array([0.5, 0.7, 0.75])


def _two_weights(w1, w2):
    """Return the mean squared error of w2 tanh(w1 x), for any grid of weights."""
    return np.mean((w2[..., None] * np.tanh(w1[..., None] * X) - Y) ** 2, axis=-1)


def surface():
    """Contours of the loss of a network of two weights, with two valleys and a saddle at (0, 0).

    Two paths of gradient descent start close together at the upper left. One ends in the valley
    at the upper right, the other in the one at the lower left.
    """
    grid = np.linspace(-2.6, 2.6, 200)
    w1, w2 = np.meshgrid(grid, grid)
    fig, ax = _axes(figsize=(4.8, 4.0))
    heights = _two_weights(w1, w2)
    ax.contour(w1, w2, heights, levels=np.geomspace(0.003, 8, 14), colors=[GREY], linewidths=0.8)
    for start, colour, mark in [((-1.0, 1.75), BLUE, "o"), ((-1.3, 1.75), RED, "s")]:
        path = [np.array(start)]
        for _ in range(60):
            weights = [Variable(path[-1][:1]), Variable(path[-1][1:])]
            with Tape() as tape:
                error = (weights[0] * X).apply("tanh") * weights[1] - Y
                loss = (error * error).mean()
            path.append(path[-1] - 0.25 * np.concatenate(tape.gradient(loss, weights)))
        path = np.array(path)
        ax.plot(*path.T, "-", marker=mark, color=colour, markersize=3.5, linewidth=1.2)
        ax.plot(*path[0], mark, color=colour, markersize=9)
    ax.plot(0, 0, "X", color=GREY, markersize=10)
    ax.annotate("saddle", (0, 0), (0.5, -0.9), color=GREY,
                arrowprops={"arrowstyle": "->", "color": GREY})
    ax.set(xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
    ax.grid(visible=False)
    return fig


# ---- steps


def no_slope():
    """A step and a sigmoid above, their slopes below.

    The slope of the step is zero on both sides, so nothing gets through. The slope of the sigmoid
    of 4x is a hill of height 1 around zero, which is lent to the step on the way back.
    """
    x = np.linspace(-2, 2, 401)
    soft = 1 / (1 + np.exp(-4 * x))
    fig, (top, bottom) = _axes(2, 1, figsize=(5.0, 4.0), sharex=True)
    top.plot(x[x < 0], np.zeros(200), color=RED)
    top.plot(x[x > 0], np.ones(200), color=RED, label="step")
    top.plot(x, soft, "--", color=BLUE, label="σ(4x)")
    bottom.plot(x[x < 0], np.zeros(200), color=RED)
    bottom.plot(x[x > 0], np.zeros(200), color=RED, label="slope of the step: 0")
    bottom.plot(x, 4 * soft * (1 - soft), "--", color=BLUE, label="slope lent to it")
    bottom.plot(0, 0, "o", color=RED, markerfacecolor="none", markersize=7)
    top.set(ylabel="forward")
    bottom.set(ylabel="backward", xlabel="x", ylim=(-0.1, 1.2))
    for ax in (top, bottom):
        ax.legend(loc="upper left", fontsize=10)
    return fig


def graph_of_j():
    """The graph of J = 3(ab + c), from the leaves a = 5, b = 3, c = 2 to J = 51.

    In each box the number, and below it the gradient that came back: 9 for a, 15 for b, 3 for c.
    """
    a, b, c = Value(5.0), Value(3.0), Value(2.0)
    result = 3 * (a * b + c)
    result.backward()
    return draw_graph(result, {"a": a, "b": b, "c": c, "J": result})
