"""Figures of the chapter on recurrence: cells are drawn by hand, every number by the library."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nnlib.activations import sigmoid, softmax
from nnlib.autodiff import Value
from nnlib.recurrence import GRU, LSTM, SimpleRNN

BLUE, RED, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, GREY = "#E69F00", "#56B4E9", "#7a7a7a"
PAPER, VALUE, GRADIENT = "#f3f5f7", "#00568a", "#9c3800"  # in boxes, on light and dark pages
DATA = Path(__file__).parents[1] / "data"


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


def _sheet(width, height, xlim, ylim):
    """Return a figure and axes without axes: a sheet to draw on, one unit as long as the other."""
    fig, ax = _axes(figsize=(width, height))
    ax.set(xlim=xlim, ylim=ylim, aspect="equal")
    ax.axis("off")
    return fig, ax


def _box(ax, x, y, text="", width=1.0, height=0.7, colour=PAPER, edge=GREY, size=12, ink="black"):
    """Draw a box around a point."""
    ax.add_patch(plt.Rectangle((x - width / 2, y - height / 2), width, height, facecolor=colour,
                               edgecolor=edge, linewidth=1.2, zorder=3))
    ax.text(x, y, text, ha="center", va="center", color=ink, fontsize=size, zorder=4)


def _knot(ax, x, y, text, radius=0.28):
    """Draw a circle with an operation in it."""
    ax.add_patch(plt.Circle((x, y), radius, facecolor=ORANGE, edgecolor=GREY, zorder=3))
    ax.text(x, y, text, ha="center", va="center", color="black", fontsize=13, zorder=4)


def _arrow(ax, *points, colour=GREY, head=True, width=1.6, style="-"):
    """Draw a line through points, with a head at its end."""
    for a, b in zip(points, points[1:-1], strict=False):
        ax.plot([a[0], b[0]], [a[1], b[1]], color=colour, linewidth=width, zorder=2,
                linestyle=style, solid_capstyle="round")
    ax.annotate("", points[-1], points[-2], zorder=2,
                arrowprops={"arrowstyle": "-|>" if head else "-", "color": colour,
                            "linewidth": width, "linestyle": style, "shrinkA": 0, "shrinkB": 0})


def _plain(value, digits=4):
    return f"{value:.{digits}f}".replace("-", "−")


def _read(name):
    return json.loads((DATA / f"recurrence_{name}.json").read_text(encoding="utf-8"))


# ---- sequences


def stack():
    """Three sheets of numbers, one behind the other: samples.

    Each sheet has five rows, the steps in time, and three columns, the features.
    """
    fig, ax = _sheet(5.0, 3.9, (-1.6, 6.6), (-0.9, 5.9))
    rng = np.random.default_rng(4)
    for sample in (2, 1, 0):
        left, low = 1.25 * sample, 0.55 * sample
        ax.add_patch(plt.Rectangle((left, low), 3, 4, facecolor=PAPER, edgecolor=GREY, zorder=3))
        for (row, column), value in np.ndenumerate(rng.normal(size=(5, 3)).round(1)):
            ax.add_patch(plt.Rectangle((left + column, low + 3.2 - 0.8 * row), 1, 0.8, fill=False,
                                       edgecolor=GREY, linewidth=0.6, zorder=3))
            if sample == 0:
                ax.text(left + column + 0.5, low + 3.6 - 0.8 * row, _plain(value, 1), ha="center",
                        va="center", color="black", fontsize=10, zorder=4)
    ax.annotate("", (-0.35, 0.1), (-0.35, 3.9), arrowprops={"arrowstyle": "->", "color": GREY})
    ax.text(-0.6, 2, "T steps in time", rotation=90, ha="center", va="center", fontsize=12)
    ax.text(1.5, -0.45, "D features", ha="center", va="center", fontsize=12)
    ax.annotate("", (6.0, 1.0), (3.4, -0.15), arrowprops={"arrowstyle": "->", "color": GREY})
    ax.text(5.35, 0.05, "N samples", ha="center", va="center", fontsize=12)
    return fig


def _row(ax, x, y, ins, outs, steps, names=("x", "y"), colour=SKY, numbers=True):
    """Draw a chain of states with arrows into some and out of some."""
    for t in range(steps):
        _box(ax, x + t, y, "h", 0.56, 0.5, colour)
        if t:
            _arrow(ax, (x + t - 0.7, y), (x + t - 0.3, y))
        if t in ins:
            _arrow(ax, (x + t, y - 0.75), (x + t, y - 0.27))
            ax.text(x + t, y - 0.98, names[0], ha="center", va="center", fontsize=12)
        if t in outs:
            _arrow(ax, (x + t, y + 0.27), (x + t, y + 0.75))
            ax.text(x + t, y + 0.98, names[1], ha="center", va="center", fontsize=12)


def topologies():
    """Four chains of states h with inputs x below and outputs y above.

    Vector to sequence has one input and four outputs; sequence to vector four inputs and one
    output at the end; sequence to sequence an output above every input; encoder and decoder read
    three inputs first and then write three outputs.
    """
    fig, axes = _axes(2, 2, figsize=(5.4, 3.9))
    for ax, title in zip(axes.flat, ["vector to sequence", "sequence to vector",
                                     "sequence to sequence", "encoder and decoder"], strict=True):
        ax.set(xlim=(-0.5, 5.5), ylim=(-1.25, 1.25), aspect="equal", title=title)
        ax.axis("off")
    _row(axes[0, 0], 1, 0, [0], range(4), 4)
    _row(axes[0, 1], 1, 0, range(4), [3], 4)
    _row(axes[1, 0], 1, 0, range(4), range(4), 4)
    _row(axes[1, 1], 0, 0, range(3), [], 3)
    _arrow(axes[1, 1], (2.3, 0), (2.7, 0))
    _row(axes[1, 1], 3, 0, [], range(3), 3, colour=ORANGE)
    return fig


# ---- a neuron with memory


def unrolled():
    """Left, a neuron whose output h goes back into it through a loop with weight u.

    Right, the same neuron drawn once for each of three steps: every copy gets its input through
    the weight w and the state of the copy before through the same weight u.
    """
    fig, ax = _sheet(5.6, 2.9, (-1.5, 8.9), (-2.15, 2.9))
    _box(ax, 0, 0, "tanh", 1.5, 0.9, SKY)
    _arrow(ax, (0, -1.5), (0, -0.47))
    _arrow(ax, (0, 0.47), (0, 2.0))
    _arrow(ax, (0, 1.15), (1.15, 1.15), (1.15, 0), (0.77, 0))
    ax.text(0, -1.8, "$x_t$", ha="center", va="center", fontsize=13)
    ax.text(0, 2.35, "$h_t$", ha="center", va="center", fontsize=13)
    ax.text(-0.3, -1, "w", ha="center", va="center", fontsize=12)
    ax.text(1.45, 0.7, "u", ha="center", va="center", fontsize=12)
    ax.text(2.3, 0, "=", ha="center", va="center", fontsize=17)
    for t in range(3):
        x = 3.9 + 2.1 * t
        _box(ax, x, 0, "tanh", 1.3, 0.9, SKY)
        _arrow(ax, (x, -1.5), (x, -0.47))
        _arrow(ax, (x, 0.47), (x, 2.0))
        _arrow(ax, (x, 1.0), (x + 1.05, 1.0), (x + 1.05, 0), (x + (1.42 if t < 2 else 1.5), 0),
               head=t < 2)
        ax.text(x, -1.8, f"$x_{t + 1}$", ha="center", va="center", fontsize=13)
        ax.text(x, 2.35, f"$h_{t + 1}$", ha="center", va="center", fontsize=13)
        ax.text(x - 0.3, -1, "w", ha="center", va="center", fontsize=12)
        if t < 2:
            ax.text(x + 1.3, 0.6, "u", ha="center", va="center", fontsize=12)
    return fig


def _neuron(w, u, b=0.0, activation="tanh"):
    """Return a recurrent layer of one unit with these weights."""
    layer = SimpleRNN(1, activation, return_sequences=True)
    layer.build((1, 1, 1), np.random.default_rng(0))
    layer.params.update(kernel=np.array([[w]]), recurrent_kernel=np.array([[u]]),
                        bias=np.array([b]))
    return layer


def echo():
    """State of a single recurrent neuron after an input of 1 at step 1 and zeros from then on.

    With the recurrent weight 0.5 the echo is gone after about six steps; with 0.9 it fades over
    the 25 steps shown; with 1.2 it settles at 0.66 and stays; with minus 0.9 it swings from sign
    to sign, and fades.
    """
    x = np.zeros((1, 25, 1))
    x[0, 0] = 1.0
    fig, ax = _axes(figsize=(5.2, 3.4))
    for u, style in [(1.2, "-"), (0.9, "--"), (0.5, "-."), (-0.9, ":")]:
        h = _neuron(1.0, u).forward(x)[0, :, 0]
        ax.plot(range(1, 26), h, style, marker="o", markersize=3.5,
                label=f"u = {u}".replace("-", "−"))
    ax.set(xlabel="step t", ylabel="state $h_t$", ylim=(-0.75, 1.05))
    ax.legend(ncols=4, loc="upper center", fontsize=10, handlelength=1.5, columnspacing=0.9)
    return fig


def layer_shapes():
    """The arrays of one step of a layer, drawn to scale: 2 samples, 3 features, 4 units.

    The inputs of shape (2, 3) times the kernel (3, 4), plus the states (2, 4) times the recurrent
    kernel (4, 4), plus the bias (4), through tanh, give the new states (2, 4).
    """
    fig, ax = _sheet(5.6, 3.2, (-1.0, 12.9), (-0.9, 6.2))
    side = 0.5

    def block(x, y, rows, columns, colour, name, shape):
        for i, j in np.ndindex(rows, columns):
            ax.add_patch(plt.Rectangle((x + j * side, y + (rows / 2 - 1 - i) * side), side, side,
                                       facecolor=colour, edgecolor=GREY, linewidth=0.8))
        ax.text(x + columns * side / 2, y + rows * side / 2 + 0.42, name, ha="center",
                va="center", fontsize=12)
        ax.text(x + columns * side / 2, y - rows * side / 2 - 0.38, shape, ha="center",
                va="center", fontsize=10)

    top, low, middle = 4.6, 0.9, 2.75
    block(0.5, top, 2, 3, SKY, "$x_t$", "(2, 3)")
    block(3.0, top, 3, 4, ORANGE, "W", "(3, 4)")
    block(0.0, low, 2, 4, SKY, "$h_{t-1}$", "(2, 4)")
    block(3.0, low, 4, 4, ORANGE, "U", "(4, 4)")
    block(6.9, middle, 1, 4, ORANGE, "b", "(4)")
    block(10.7, middle, 2, 4, SKY, "$h_t$", "(2, 4)")
    for x, y, sign in [(2.5, top, "·"), (2.5, low, "·"), (6.2, middle, "+"), (-0.6, low, "+")]:
        ax.text(x, y, sign, ha="center", va="center", fontsize=17)
    ax.plot([5.2, 5.6, 5.6, 5.2], [top + 1.0, top + 1.0, low - 1.3, low - 1.3], color=GREY)
    _arrow(ax, (9.05, middle), (10.55, middle))
    ax.text(9.75, middle + 0.42, "tanh", ha="center", va="center", fontsize=12)
    return fig


# ---- gradients through time


def worked_neuron():
    """Return the chapter's worked neuron as a graph: its three states and its loss."""
    w, u, h, states = Value(0.5), Value(0.8), Value(0.0), []
    for x in (1.0, 0.0, -1.0):
        h = (w * x + u * h).tanh()
        states.append(h)
    loss = (h - 0.5) ** 2
    loss.backward()
    return w, u, states, loss


def through_time():
    """The worked neuron, unrolled over three steps, with states and gradients.

    Forward the states are 0.4621, 0.3537 and minus 0.2137, and the loss 0.5093. Backward, the
    gradient for the states is minus 1.4274, minus 1.0897 and minus 0.7627, from the last to the
    first. Between the boxes stand the factors: 0.7635 and 0.6999.
    """
    _, u, states, loss = worked_neuron()
    fig, ax = _sheet(5.6, 2.75, (-1.2, 9.5), (-2.0, 3.1))
    for t, (state, x) in enumerate(zip(states, (1, 0, -1), strict=True)):
        at = 2.65 * t
        ax.add_patch(plt.Rectangle((at - 0.85, -0.75), 1.7, 1.5, facecolor=PAPER, edgecolor=GREY,
                                   zorder=3))
        ax.text(at, 0.35, _plain(state.data), ha="center", va="center", color=VALUE, fontsize=11,
                zorder=4)
        ax.text(at, -0.35, f"∂ {_plain(state.grad)}", ha="center", va="center", color=GRADIENT,
                fontsize=11, zorder=4)
        ax.text(at, 1.1, f"$h_{t + 1}$", ha="center", va="center", fontsize=12)
        _arrow(ax, (at, -1.35), (at, -0.78))
        ax.text(at, -1.65, f"$x_{t + 1}$ = {x}".replace("-", "−"), ha="center", va="center",
                fontsize=11)
        _arrow(ax, (at + 0.88, 0.35), (at + (1.78 if t < 2 else 1.5), 0.35), colour=BLUE)
        _arrow(ax, (at + (1.77 if t < 2 else 1.5), -0.35), (at + 0.88, -0.35), colour=RED,
               style="--")
        if t < 2:
            slope = u.data * (1 - states[t + 1].data ** 2)
            ax.text(at + 1.32, 1.75, f"× {_plain(slope)}", ha="center", va="center", fontsize=11)
            ax.annotate("", (at + 1.32, -0.3), (at + 1.32, 1.5),
                        arrowprops={"arrowstyle": "-", "color": GREY, "linestyle": ":"})
    _box(ax, 7.95, 0, "", 1.75, 1.5)
    ax.text(7.95, 0.35, _plain(loss.data), ha="center", va="center", color=VALUE, fontsize=11,
            zorder=4)
    ax.text(7.95, -0.35, "∂ 1", ha="center", va="center", color=GRADIENT, fontsize=11, zorder=4)
    ax.text(7.95, 1.1, "loss", ha="center", va="center", fontsize=12)
    ax.text(3.97, 2.55, "what the gradient is multiplied with", ha="center", va="center",
            fontsize=11)
    return fig


def six_steps(truncate=None, only=None):
    """Return the chapter's six-step example after a backward pass, and the gradient for x.

    Two units, two features; `only` keeps the loss of a single step.
    """
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(1, 6, 2)), rng.normal(size=(1, 6, 2))
    layer = SimpleRNN(2, return_sequences=True, truncate=truncate)
    layer.build(x.shape, rng)
    layer.forward(x)
    if only is not None:
        dy = np.where(np.arange(6)[:, np.newaxis] == only, dy, 0.0)
    return layer, layer.backward(dy)


def truncated():
    """Heat map of how strongly the loss of each step pulls at each input before it.

    The map is a triangle: step 6 pulls at inputs 1 to 6, step 1 at input 1 only, and the pull
    fades away from the diagonal. Frames mark three blocks of two steps on the diagonal, which is
    all that truncation to two steps keeps.
    """
    pull = np.array([np.linalg.norm(six_steps(only=t)[1][0], axis=-1) for t in range(6)])
    pull /= np.diag(pull)[:, np.newaxis]
    fig, ax = _axes(figsize=(4.4, 3.9))
    shown = np.where(np.tri(6) > 0, pull, np.nan)
    ax.imshow(shown, cmap="Blues", vmin=0, vmax=1.6)
    for (t, s), value in np.ndenumerate(shown):
        if s <= t:
            ax.text(s, t, f"{value:.2f}", ha="center", va="center", fontsize=10,
                    color="white" if value > 1.1 else "black")
    for first in (0, 2, 4):
        ax.add_patch(plt.Rectangle((first - 0.5, first - 0.5), 2, 2, fill=False, edgecolor=RED,
                                   linewidth=3))
    ax.set(xticks=range(6), yticks=range(6), xticklabels=range(1, 7), yticklabels=range(1, 7),
           xlabel="input of step", ylabel="loss of step")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return fig


def powers():
    """Powers of five numbers, from 0.5 to 1.5, over twenty steps, on a logarithmic axis.

    0.5 falls to a millionth, 0.9 to 0.12, 1 stays, 1.1 rises to 6.7 and 1.5 to 3,325.
    """
    k = np.arange(21)
    fig, ax = _axes(figsize=(5.2, 3.5))
    for u, style in [(1.5, "-"), (1.1, "--"), (1.0, "-."), (0.9, ":"), (0.5, (0, (5, 1, 1, 1)))]:
        ax.semilogy(k, u**k, linestyle=style)
        end = f"{u**20.0:.4g}" if u > 0.5 else "0.00000095"
        ax.text(20.4, u**20.0 * {1.1: 2, 0.9: 0.5}.get(u, 1), f"{u:g}$^{{20}}$ = {end}",
                va="center", fontsize=11)
    ax.set(xlabel="steps", ylabel="factor", xticks=[0, 5, 10, 15, 20], xlim=(-0.5, 31))
    return fig


def random_layer(scale, steps=50, size=64):
    """Return a layer with random weights, its recurrent kernel orthogonal times `scale`."""
    rng = np.random.default_rng(0)
    x = 0.1 * rng.normal(size=(16, steps, 4))
    layer = SimpleRNN(size)
    layer.build(x.shape, rng)
    layer.params["recurrent_kernel"] *= scale
    return layer, x, rng.normal(size=(16, size))


def gradient_norms():
    """Norm of the gradient that reaches the input of each step, from a loss after step 50.

    Four layers of 64 tanh units, their recurrent kernels orthogonal, times a factor. With 0.5 the
    gradient is a millionth 20 steps back; with 0.9 it falls to less than a hundredth over the 50
    steps; with 1 it stays within a factor of three; with 1.5 it grows to 230 times.
    """
    fig, ax = _axes(figsize=(5.2, 3.6))
    for scale, style in [(1.5, "-"), (1.0, "-."), (0.9, ":"), (0.5, (0, (5, 1, 1, 1)))]:
        layer, x, dy = random_layer(scale)
        layer.forward(x)
        norms = np.linalg.norm(layer.backward(dy), axis=(0, 2))
        ax.semilogy(range(1, 51), norms / norms[-1], linestyle=style, label=f"{scale:g}")
    ax.set(xlabel="step whose input is asked", ylabel="gradient, relative to step 50",
           ylim=(1e-12, 1e5))
    ax.legend(loc="lower right", fontsize=10, title="factor of U")
    return fig


def chain_loss(u, steps=20):
    """Return the loss of the linear chain h = u^steps with target 1, and its slope."""
    h = u**steps
    return (h - 1) ** 2, 2 * (h - 1) * steps * u ** (steps - 1)


def cliff():
    """Loss of a chain of twenty steps against its weight u: a flat plain, then a wall behind 1.

    A step of gradient descent from 1.15 with rate 0.02 would land at minus 174, far off the
    picture; clipped to 1 the steps are 0.02 each and walk down the wall.
    """
    u = np.linspace(0.4, 1.19, 400)
    fig, ax = _axes(figsize=(5.2, 3.6))
    ax.plot(u, chain_loss(u)[0], color=BLUE)
    path = [1.15]
    while len(path) < 8:
        path.append(path[-1] - 0.02 * np.clip(chain_loss(path[-1])[1], -1, 1))
    path = np.array(path)
    ax.plot(path, chain_loss(path)[0], "o--", color=GREEN, markersize=6, linewidth=1.2,
            label="clipped to 1")
    ax.plot(path[0], chain_loss(path[0])[0], "s", color=RED, markersize=9)
    ax.annotate("", (0.42, chain_loss(path[0])[0]), (1.13, chain_loss(path[0])[0]),
                arrowprops={"arrowstyle": "->", "color": RED, "linewidth": 2})
    landing = path[0] - 0.02 * chain_loss(path[0])[1]
    ax.text(0.78, 262, f"not clipped: to u = {landing:.0f}".replace("-", "−"), ha="center",
            fontsize=11)
    ax.set(xlabel="recurrent weight u", ylabel="loss after 20 steps", ylim=(-15, 310))
    ax.legend(loc="center left")
    return fig


def dilution():
    """How much of a change of the first input is left in the state, against steps since then.

    After 30 steps a few thousandths are left in the LSTM with forget bias 1, less than a
    thousandth in the simple layer, and next to nothing in the GRU. In an LSTM with a forget bias
    of 4 the change does not fade, it grows slowly.
    """
    fig, ax = _axes(figsize=(5.2, 3.6))
    for name, kind, bias, style in [("LSTM, forget bias 4", LSTM, 4.0, "-"),
                                    ("LSTM, forget bias 1", LSTM, 1.0, "--"),
                                    ("SimpleRNN", SimpleRNN, None, "-."),
                                    ("GRU", GRU, None, ":")]:
        left = np.mean([_left(kind, bias, seed) for seed in range(5)], axis=0)
        ax.semilogy(range(len(left)), left / left[0], style, label=name)
    ax.set(xlabel="steps since the change", ylabel="difference left in the state",
           ylim=(1e-6, 10))
    ax.legend(loc="lower left", fontsize=10)
    return fig


def _left(kind, bias, seed, steps=40, units=32):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, steps, 4))
    changed = x.copy()
    changed[:, 0] += 0.1 * rng.normal(size=(20, 4))
    layer = kind(units, return_sequences=True)
    layer.build(x.shape, rng)
    if bias is not None:
        layer.params["bias"][units:2 * units] = bias
    return np.linalg.norm(layer.forward(changed) - layer.forward(x), axis=(0, 2))


# ---- gated cells


def lstm_cell():
    """One step of an LSTM. Along the top runs the cell c: times f, plus i times the candidate.

    Four boxes below, f, i, the candidate c with a tilde, and o, are all fed by the input and the
    old state. The new state h is o times tanh of the cell.
    """
    fig, ax = _sheet(5.6, 3.5, (-1.25, 11.2), (-0.55, 6.5))
    _arrow(ax, (-0.3, 5.4), (10.2, 5.4), colour=BLUE, width=3)
    ax.text(-0.75, 5.4, "$c_{t-1}$", ha="center", va="center", fontsize=13)
    ax.text(10.65, 5.4, "$c_t$", ha="center", va="center", fontsize=13)
    _arrow(ax, (-0.3, 0.2), (7.2, 0.2), head=False)
    ax.text(-0.75, 0.62, "$h_{t-1}$", ha="center", va="center", fontsize=13)
    ax.text(-0.75, -0.12, "$x_t$", ha="center", va="center", fontsize=13)
    for x, name, colour in [(1.5, "f", SKY), (3.6, "i", SKY), (5.4, "$\\tilde{c}$", ORANGE),
                            (7.2, "o", SKY)]:
        _arrow(ax, (x, 0.2), (x, 1.1))
        _box(ax, x, 1.5, name, 1.1, 0.78, colour, size=13)
        ax.text(x + 0.14, 0.62, "tanh" if colour == ORANGE else "σ", ha="left", va="center",
                fontsize=11)
    _arrow(ax, (1.5, 1.9), (1.5, 5.1))
    _knot(ax, 1.5, 5.4, "×")
    _arrow(ax, (3.6, 1.9), (3.6, 3.4), (4.22, 3.4))
    _arrow(ax, (5.4, 1.9), (5.4, 3.4), (4.78, 3.4))
    _knot(ax, 4.5, 3.4, "×")
    _arrow(ax, (4.5, 3.7), (4.5, 5.1))
    _knot(ax, 4.5, 5.4, "+")
    _arrow(ax, (8.7, 5.4), (8.7, 4.4))
    _box(ax, 8.7, 4.0, "tanh", 1.2, 0.75, size=12)
    _arrow(ax, (8.7, 3.62), (8.7, 2.98))
    _arrow(ax, (7.2, 1.9), (7.2, 2.7), (8.4, 2.7))
    _knot(ax, 8.7, 2.7, "×")
    _arrow(ax, (9.0, 2.7), (10.2, 2.7))
    ax.text(10.65, 2.7, "$h_t$", ha="center", va="center", fontsize=13)
    ax.text(1.75, 3.5, "forget", fontsize=11, va="center")
    ax.text(2.15, 2.65, "write", fontsize=11, va="center", ha="left")
    ax.text(7.35, 3.15, "show", fontsize=11, va="center")
    ax.text(5.7, 5.85, "the cell: an adding line", fontsize=11, va="center", ha="left")
    return fig


def latch():
    """An LSTM of one unit with hand-set weights, over 40 steps.

    Above, a noisy input, with two steps marked to store. Below, the cell: it jumps to the marked
    input's value at each mark and keeps it unchanged in between, and takes no notice of the rest.
    """
    layer, x = latch_layer()
    layer.return_sequences = True
    cells = np.array([float(latch_cell(layer, x[:, :t])) for t in range(1, x.shape[1] + 1)])
    steps = np.arange(1, len(cells) + 1)
    marked = x[0, :, 1] == 1
    fig, (top, bottom) = _axes(2, 1, figsize=(5.2, 4.0), sharex=True)
    top.bar(steps, x[0, :, 0], color=np.where(marked, RED, SKY), width=0.8)
    for step in steps[marked]:
        value = x[0, step - 1, 0]
        top.annotate("store", (step, value), (step, value + (0.5 if value > 0 else -0.75)),
                     ha="center", fontsize=11)
    top.set(ylabel="input", ylim=(-2.2, 2.2))
    bottom.step(steps, cells, where="mid", color=BLUE)
    bottom.axhline(0, color=GREY, linewidth=0.8)
    bottom.set(ylabel="cell c", xlabel="step t", ylim=(-1.15, 1.15))
    return fig


def latch_layer():
    """Return an LSTM that stores a value when told to, its weights set by hand, and an input."""
    layer = LSTM(1)
    layer.build((1, 1, 2), np.random.default_rng(0))
    layer.params.update(
        kernel=np.array([[0.0, 0.0, 1.0, 0.0], [20.0, -20.0, 0.0, 0.0]]),  # i, f, candidate, o
        recurrent_kernel=np.zeros((1, 4)),
        bias=np.array([-10.0, 10.0, 0.0, 10.0]))
    rng = np.random.default_rng(5)
    x = np.stack([rng.uniform(-1.2, 1.2, 40), np.zeros(40)], axis=-1)[np.newaxis]
    x[0, 4], x[0, 24] = (1.4, 1.0), (-0.8, 1.0)
    return layer, x


def latch_cell(layer, x):
    """Return the cell after the last step of `x`."""
    layer.forward(x)
    return layer.states[1][0, 0]


def gru_cell():
    """One step of a GRU. Along the top runs the state h: times z, plus 1 - z times the candidate.

    Three boxes below, z, r and the candidate, are fed by the input and the old state; r decides
    how much of the old state the candidate sees.
    """
    fig, ax = _sheet(5.6, 3.5, (-1.25, 11.2), (-0.55, 6.5))
    _arrow(ax, (-0.3, 5.4), (10.2, 5.4), colour=BLUE, width=3)
    ax.text(-0.75, 5.4, "$h_{t-1}$", ha="center", va="center", fontsize=13)
    ax.text(10.65, 5.4, "$h_t$", ha="center", va="center", fontsize=13)
    _arrow(ax, (-0.3, 0.2), (7.8, 0.2), head=False)
    ax.text(-0.75, 0.62, "$h_{t-1}$", ha="center", va="center", fontsize=13)
    ax.text(-0.75, -0.12, "$x_t$", ha="center", va="center", fontsize=13)
    for x, name, colour in [(1.8, "z", SKY), (4.8, "r", SKY), (7.8, "$\\tilde{h}$", ORANGE)]:
        _arrow(ax, (x, 0.2), (x, 1.1))
        _box(ax, x, 1.5, name, 1.1, 0.78, colour, size=13)
        ax.text(x + 0.14, 0.62, "tanh" if colour == ORANGE else "σ", ha="left", va="center",
                fontsize=11)
    _arrow(ax, (1.8, 1.9), (1.8, 5.1))
    _knot(ax, 1.8, 5.4, "×")
    _arrow(ax, (1.8, 3.4), (7.5, 3.4))
    ax.text(4.7, 3.75, "1 − z", ha="center", va="center", fontsize=12)
    _arrow(ax, (5.37, 1.5), (7.22, 1.5))
    ax.text(6.3, 1.85, "reset", ha="center", va="center", fontsize=11)
    _arrow(ax, (7.8, 1.9), (7.8, 3.1))
    _knot(ax, 7.8, 3.4, "×")
    _arrow(ax, (7.8, 3.7), (7.8, 5.1))
    _knot(ax, 7.8, 5.4, "+")
    ax.text(2.05, 4.5, "keep", fontsize=11, va="center")
    ax.text(3.0, 5.85, "the state itself is the line", fontsize=11, va="center", ha="left")
    return fig


def memory():
    """Table of accuracies for six kinds of layer and T from 5 to 80 steps to remember.

    The LSTM with forget bias 0 has 1.00 up to 10 steps and is at chance beyond, with bias 1 up to
    20, with bias 4 up to 80. The GRU has 1.00 up to 10 and 0.83 at 20. The simple layer has 1.00
    at all lengths, but for 0.85 at 80 if its recurrent kernel starts as Glorot's.
    """
    runs = _read("memory")["runs"]
    kinds = list(dict.fromkeys(run["layer"] for run in runs))
    steps = sorted({run["steps"] for run in runs})
    found = {(run["layer"], run["steps"]): np.mean(run["accuracy"]) for run in runs}
    table = np.array([[found[kind, step] for step in steps] for kind in kinds])
    fig, ax = _axes(figsize=(5.4, 3.4))
    ax.imshow(table, cmap="Blues", vmin=0.4, vmax=1.5, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="black", fontsize=11)
    ax.set(xticks=range(len(steps)), xticklabels=steps, yticks=range(len(kinds)),
           yticklabels=kinds, xlabel="steps T to remember")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return fig


# ---- a series of numbers


def sunspot_data():
    """Return the years and the numbers of sunspots."""
    table = np.genfromtxt(DATA / "sunspots.csv", delimiter=",", skip_header=1)
    return table[:, 0].astype(int), table[:, 1]


def sunspots():
    """Sunspot numbers of the years 1700 to 2008: peaks of very different height every 11 years.

    The years to 1919 are for training; the 89 years from 1920 on are shaded and for the test, and
    hold the highest peak of all, 190 in 1957.
    """
    year, number = sunspot_data()
    fig, ax = _axes(figsize=(5.6, 3.0))
    ax.plot(year, number, color=BLUE, linewidth=1.3)
    ax.axvspan(1919.5, 2008.5, color=ORANGE, alpha=0.18, linewidth=0)
    ax.text(1810, 178, "training", ha="center", fontsize=11)
    ax.text(1940, 178, "test", ha="center", fontsize=11)
    ax.set(xlabel="year", ylabel="sunspots", xlim=(1698, 2010), ylim=(0, 200))
    return fig


def windows():
    """A series of ten numbers and the windows of length four cut from it, one below the other.

    Each row is shifted by one step; its four inputs are blue, and the next number, its target, is
    orange. There are six rows.
    """
    series = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
    fig, ax = _sheet(5.0, 3.5, (-1.3, 10.1), (-6.8, 1.2))
    for t, value in enumerate(series):
        _box(ax, t, 0.4, str(value), 0.9, 0.8)
    for row in range(6):
        for t in range(row, row + 5):
            _box(ax, t, -1.1 - 0.95 * row, str(series[t]), 0.9, 0.8,
                 ORANGE if t == row + 4 else SKY)
        ax.text(-0.9 if row == 0 else row - 0.75, -1.1 - 0.95 * row, f"{row}", ha="center",
                va="center", fontsize=10)
    return fig


def sunspot_errors():
    """Root mean squared error on the 89 test years, for rules and for networks.

    Persistence 30.4, AR(9) 17.4, AR(20) 18.3. Dots of ten seeds each: the dense network between
    24 and 31, SimpleRNN between 20 and 23, GRU between 16 and 19, LSTM between 17 and 19, with a
    mean on the line of AR(9).
    """
    results = _read("sunspots")
    networks, rules = results["networks"], results["rules"]
    names = [*rules, *networks]
    fig, ax = _axes(figsize=(5.4, 3.6))
    ax.axvline(rules["AR(9)"], color=RED, linestyle=":", linewidth=1.5)
    for row, name in enumerate(names):
        if name in rules:
            ax.plot(rules[name], row, "D", color=RED, markersize=8)
        else:
            errors = networks[name]["rmse"]
            ax.plot(errors, np.full(len(errors), row), "o", color=BLUE, markersize=5, alpha=0.6)
            ax.plot([np.mean(errors)] * 2, [row - 0.3, row + 0.3], color=GREY, linewidth=3)
    ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5),
           xlabel="root mean squared error, 1920 to 2008", xlim=(15, None))
    return fig


def sunspot_forecasts():
    """The years 1920 to 2008 with forecasts one year ahead by AR(9) and by an LSTM.

    Both follow the eight cycles closely; at the highest peak, 190 in 1957, AR(9) says 183 and the
    LSTM 172.
    """
    results = _read("sunspots")
    year, number = sunspot_data()
    test = year >= 1920
    fig, ax = _axes(figsize=(5.6, 3.4))
    ax.plot(year[test], number[test], color=GREY, linewidth=1, marker="o", markersize=3,
            label="observed")
    for (name, forecast), style, colour in zip(results["forecasts"].items(), ["-", "--"],
                                               [RED, BLUE], strict=True):
        ax.plot(year[test], forecast, style, color=colour, linewidth=1.5, label=name)
    ax.set(xlabel="year", ylabel="sunspots", ylim=(-12, 245))
    ax.legend(loc="upper right", ncols=3, fontsize=10)
    return fig


# ---- words


def padding():
    """Three sequences of 2, 5 and 3 word numbers in a grid of five columns, padded two ways.

    On the left zeros stand before the words, on the right after them; below each grid its mask,
    with ones under words and zeros under padding.
    """
    sequences = [[7, 2], [4, 9, 3, 2, 6], [5, 8, 2]]
    fig, axes = _axes(2, 2, figsize=(5.4, 3.9))
    for column, side in enumerate(["pre", "post"]):
        grid = np.zeros((3, 5), dtype=int)
        for row, ids in enumerate(sequences):
            grid[row, slice(5 - len(ids), 5) if side == "pre" else slice(len(ids))] = ids
        for ax, table, title in [(axes[0, column], grid, f'padding="{side}"'),
                                 (axes[1, column], (grid > 0).astype(int), "mask")]:
            ax.set(xlim=(-0.6, 4.6), ylim=(2.6, -0.6), aspect="equal", title=title)
            ax.axis("off")
            for (i, j), value in np.ndenumerate(table):
                _box(ax, j, i, str(value), 0.94, 0.94, PAPER if value == 0 else SKY, size=11)
    return fig


def lookup():
    """A row of zeros with a single one, times a table of five rows, gives the row under the one.

    The one stands in place 2, and row 2 of the table is marked, and comes out.
    """
    fig, ax = _sheet(5.4, 2.6, (-0.2, 11.5), (-0.4, 5.6))
    table = np.round(np.random.default_rng(1).normal(size=(5, 3)), 1)
    for j in range(5):
        _box(ax, 0.4 + 0.75 * j, 2.2, "1" if j == 2 else "0", 0.72, 0.72,
             ORANGE if j == 2 else PAPER, size=11)
    ax.text(4.35, 2.2, "·", ha="center", va="center", fontsize=18)
    for (i, j), value in np.ndenumerate(table):
        _box(ax, 5.2 + 0.95 * j, 4.1 - 0.95 * i, _plain(value, 1), 0.92, 0.9,
             ORANGE if i == 2 else PAPER, size=10)
        if i == 2:
            _box(ax, 8.9 + 0.95 * j, 2.2, _plain(value, 1), 0.92, 0.9, ORANGE, size=10)
    ax.text(8.0, 2.2, "=", ha="center", va="center", fontsize=16)
    ax.text(1.9, 3.1, "one-hot", ha="center", va="center", fontsize=11)
    ax.text(6.15, 5.05, "table", ha="center", va="center", fontsize=11)
    ax.text(9.85, 3.1, "row 2", ha="center", va="center", fontsize=11)
    return fig


def sentiment():
    """Accuracy on the test snippets for five models, one dot a seed.

    The majority has 0.50. The mean of vectors is at 0.78, the GRU at 0.77, the LSTM at 0.76, the
    LSTM without a mask between 0.72 and 0.77, and the SimpleRNN between 0.73 and 0.76.
    """
    results = _read("sentiment")
    models = results["models"]
    fig, ax = _axes(figsize=(5.4, 3.2))
    for row, model in enumerate(models):
        accuracy = model["accuracy"]
        ax.plot(accuracy, np.full(len(accuracy), row), "o", color=BLUE, markersize=5, alpha=0.6)
        ax.plot([np.mean(accuracy)] * 2, [row - 0.3, row + 0.3], color=GREY, linewidth=3)
    ax.axvline(results["majority"], color=RED, linestyle="--", linewidth=1.5)
    ax.text(results["majority"] + 0.004, len(models) - 0.62, "majority", fontsize=11, va="center")
    ax.set(yticks=range(len(models)), yticklabels=[model["name"] for model in models],
           ylim=(len(models) - 0.4, -0.6), xlabel="accuracy on test snippets")
    return fig


def temperatures():
    """Probabilities of five letters at the temperatures 0.5, 1 and 2, as bars.

    At 0.5 the first letter has nearly everything; at 2 the five are much closer together.
    """
    logits = np.array([2.0, 1.0, 0.5, 0.0, -1.0])
    fig, axes = _axes(1, 3, figsize=(5.4, 2.5), sharey=True)
    for ax, temperature in zip(axes, [0.5, 1.0, 2.0], strict=True):
        p = softmax(logits / temperature)
        bars = ax.bar(list("eatin"), p, color=SKY, edgecolor=BLUE)
        ax.bar_label(bars, [f".{round(100 * q):02d}" for q in p], fontsize=10, color=GREY)
        ax.set(title=f"temperature {temperature:g}", ylim=(0, 1))
        ax.title.set_fontsize(10)
        ax.grid(axis="x", visible=False)
    axes[0].set_ylabel("probability")
    return fig


def forget_factors(bias, steps):
    """Return how much of a cell is left when its forget gate has this pre-activation all along."""
    return sigmoid(np.array(bias)) ** steps
