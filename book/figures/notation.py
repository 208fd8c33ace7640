"""The picture on the notation page: one dense layer as four boxes with their shapes."""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle


def dense_shapes():
    """The layer Z = XW + b as boxes: X is N by D, W is D by U, b is one row of U, Z is N by U."""
    n, d, u, b = 1.5, 1.0, 0.62, 0.3
    figure, axes = plt.subplots(figsize=(3.75, 1.9))

    def box(x, height, width, letter, shape, colour):
        corner = (x, -height / 2)
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=2))
        axes.text(x + width / 2, 0, letter, ha="center", va="center", fontsize=13, style="italic")
        axes.text(x + width / 2, -n / 2 - 0.2, shape, ha="center", va="center", fontsize=10.5)
        return x + width

    def sign(x, text):
        axes.text(x + 0.2, 0, text, ha="center", va="center", fontsize=13)
        return x + 0.4

    x = box(0, n, d, "X", "(N, D)", "#0072B2")
    x = box(sign(x, "@"), d, u, "W", "(D, U)", "#D55E00")
    x = box(sign(x, "+"), b, u, "b", "(U,)", "#D55E00")
    box(sign(x, "="), n, u, "Z", "(N, U)", "#009E73")
    axes.set_xlim(-0.05, x + 0.4 + u + 0.05)
    axes.set_ylim(-n / 2 - 0.35, n / 2 + 0.05)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return figure
