"""Figures of the project and of the look ahead, drawn from the library and from attention."""

import matplotlib.pyplot as plt
import numpy as np

from nnlib.activations import softmax

BLUE, RED, GREEN = "#0072B2", "#D55E00", "#009E73"
GREY = "#7a7a7a"


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


def twins(ours, keras):
    """The losses of both twins, epoch by epoch, and below how far they are apart, relatively."""
    fig, (top, low) = _axes(2, 1, figsize=(5.0, 4.2), sharex=True, height_ratios=(2, 1.3))
    epochs = np.arange(1, len(ours) + 1)
    top.plot(epochs, keras, "s", color=RED, markersize=11, fillstyle="none", label="Keras")
    top.plot(epochs, ours, "o-", color=BLUE, markersize=5, label="nnlib")
    top.set_ylabel("loss of the epoch")
    top.legend()
    apart = np.abs(np.subtract(ours, keras)) / keras
    low.semilogy(epochs, np.maximum(apart, 1e-9), "o-", color=GREEN)
    low.axhline(1e-3, color=GREY, linestyle="--", linewidth=1)
    low.text(epochs[0], 1.3e-3, "a thousandth", color=GREY, va="bottom")
    low.set_ylim(1e-9, 1e-1)
    low.set_ylabel("relative difference")
    low.set_xlabel("epoch")
    low.set_xticks(epochs)
    return fig


def attention_map(words, queries, keys):
    """A table of weights: each row is a word that asks, each column a word that is looked at."""
    weights = softmax(queries @ keys.T / np.sqrt(keys.shape[1]))
    fig, ax = _axes(figsize=(4.4, 4.0))
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(words)):
        for column in range(len(words)):
            ax.text(column, row, f"{weights[row, column]:.2f}", ha="center", va="center",
                    fontsize=9, color="white" if weights[row, column] > 0.55 else "black")
    ax.set_xticks(range(len(words)), words)
    ax.set_yticks(range(len(words)), words)
    ax.set_xlabel("is looked at")
    ax.set_ylabel("asks")
    ax.grid(False)
    return fig


def paths(steps=6):
    """How far information travels: step by step in a recurrent layer, directly in attention."""
    fig, axes = _axes(1, 2, figsize=(6.4, 2.5))
    for ax, title in zip(axes, ("recurrence", "attention"), strict=True):
        for t in range(steps):
            ax.plot(t, 0, "o", color=BLUE, markersize=12)
            ax.plot(t, 1, "o", color=GREEN, markersize=12)
            ax.annotate("", (t, 0.87), (t, 0.13), arrowprops={"arrowstyle": "->", "color": GREY})
        ax.set_title(title)
        ax.set_xlim(-0.6, steps - 0.4)
        ax.set_ylim(-0.5, 1.5)
        ax.set_axis_off()
    for t in range(steps - 1):
        axes[0].annotate("", (t + 0.82, 1), (t + 0.18, 1),
                         arrowprops={"arrowstyle": "->", "color": RED, "linewidth": 2})
        axes[1].annotate("", (steps - 1.1, 0.9), (t + 0.1, 0.1),
                         arrowprops={"arrowstyle": "->", "color": RED, "linewidth": 1.5})
    return fig
