"""The figures of the chapter on tensors; each docstring is the figure's text for the blind."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from nnlib.tensors import normal_equation

GREY = "#7a7a7a"
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def _canvas(width, height, x, y):
    """Return a figure and axes without frame, for drawings in data units of equal size."""
    fig, ax = plt.subplots(figsize=(width, height))
    plt.close(fig)
    ax.set(xlim=x, ylim=y, aspect="equal")
    ax.axis("off")
    return fig, ax


def _cell(ax, x, y, text="", color=GREY, alpha=0.1, size=(1.0, 1.0), **style):
    """Draw one cell of an array, its upper left corner at (x, y); its text needs a pale tint."""
    width, height = size
    style = {"edgecolor": color, "linewidth": 1.0} | style
    ax.add_patch(Rectangle((x, y - height), width, height, color=color, alpha=alpha, linewidth=0))
    ax.add_patch(Rectangle((x, y - height), width, height, facecolor="none", **style))
    ax.text(x + width / 2, y - height / 2, text, ha="center", va="center")


def _arrow(ax, start, end, color=GREY, **style):
    """Draw an arrow between two points in data units."""
    style = {"arrowstyle": "-|>", "mutation_scale": 12, "linewidth": 1.3} | style
    ax.add_patch(FancyArrowPatch(start, end, color=color, **style))


def _stack(ax, left, top, shape, size=0.7):
    """Draw an array of shape (rows, columns, layers): a grid, and behind it the layers' rims."""
    rows, columns, layers = shape
    width, height, step = size * columns, size * rows, 0.28
    colors = (ORANGE, GREEN, BLUE) if layers == 3 else (BLUE,)
    for r, c in np.ndindex(rows, columns):
        _cell(ax, left + size * c, top - size * r, "", colors[0], 0.2, (size, size))
    for layer, color in list(enumerate(colors))[1:]:
        x, y = left + step * layer, top + step * layer
        rim = [(x, y - step), (x, y), (x + width, y), (x + width, y - height),
               (x + width - step, y - height), (x + width - step, y - step)]
        ax.add_patch(Polygon(rim, facecolor=color, alpha=0.25, linewidth=0))
        ax.add_patch(Polygon(rim, facecolor="none", edgecolor=color))
        line = {"color": color, "linewidth": 1}
        ax.vlines(x + size * np.arange(1, columns), y - step, y, **line)
        ax.hlines(y - size * np.arange(1, rows), x + width - step, x + width, **line)


def rank_ladder():
    """Five steps: one cell for a scalar, a row of four for a vector, a grid for a matrix, three
    grids one behind the other for rank 3, two such stacks for rank 4; each with an example."""
    fig, ax = _canvas(4.8, 4.4, (0, 15.6), (-13.6, 0.6))
    steps = [
        (0.0, "()", "one temperature", (1, 1, 1), 1),
        (-1.9, "(4,)", "one student", (1, 4, 1), 1),
        (-3.8, "(3, 4)", "three students", (3, 4, 1), 1),
        (-7.6, "(3, 4, 3)", "a colour image", (3, 4, 3), 1),
        (-11.3, "(2, 3, 4, 3)", "two colour images", (3, 4, 3), 2),
    ]
    for rank, (top, shape, example, block, copies) in enumerate(steps):
        middle = top - 0.35 * block[0] + 0.28 * (block[2] - 1) / 2
        ax.text(0, middle, f"rank {rank}", va="center", fontweight="bold")
        ax.text(10.1, middle + 0.1, shape, va="bottom", family="monospace")
        ax.text(10.1, middle - 0.1, example, va="top", fontsize=10)
        for copy in range(copies):
            _stack(ax, 2.6 + 3.6 * copy, top, block)
    return fig


def strides():
    """Six numbers lie in one line of memory. The matrix x of shape (2, 3) steps 24 bytes to the
    next row and 8 to the next column; its transpose has the same memory with the steps swapped."""
    fig, ax = _canvas(4.8, 3.0, (-0.2, 13.6), (-7.4, 0.9))
    memory = np.arange(6)
    ax.text(0, 0.45, "memory: six float64, 8 bytes each", fontsize=10)
    for i in memory:
        _cell(ax, 1.7 * i + 1.3, 0, str(i), color=(BLUE, ORANGE)[i // 3])
        ax.text(1.7 * i + 1.8, -1.35, f"{8 * i}", ha="center", fontsize=9)
    ax.text(0, -1.35, "byte", fontsize=9, ha="left")
    for left, name, array, steps in [
        (0.3, "x", memory.reshape(2, 3), "(24, 8)"),
        (8.3, "x.T", memory.reshape(2, 3).T, "(8, 24)"),
    ]:
        top = -3.2
        ax.text(left, top + 0.85, f"{name}", family="monospace", fontweight="bold")
        ax.text(left + 1.1, top + 0.85, f"shape {array.shape}", fontsize=10)
        for r, row in enumerate(array):
            for c, value in enumerate(row):
                _cell(ax, left + c, top - r, str(value), (BLUE, ORANGE)[value // 3])
        bottom = top - len(array) - 0.55
        ax.text(left, bottom, f"strides {steps}", fontsize=10)
    _arrow(ax, (3.6, -3.2), (3.6, -5.2), color=ORANGE)
    ax.text(3.8, -4.2, "next row:\n24 bytes", va="center", fontsize=9)
    _arrow(ax, (10.6, -3.2), (10.6, -6.2), color=ORANGE)
    ax.text(10.8, -4.7, "next row:\n8 bytes", va="center", fontsize=9)
    return fig


def matmul_highlight():
    """X of shape (2, 3) times W of shape (3, 2) is Z of shape (2, 2). The second row of X, 5 6 3,
    and the first column of W, 2 1 0, are marked, and so is the entry of Z they make: 16."""
    x = np.array([[8, 2, 1], [5, 6, 3]])
    w = np.array([[2, 0], [1, 5], [0, 3]])
    fig, ax = _canvas(4.8, 2.2, (-0.3, 11.0), (-4.6, 1.0))
    places = [("X", x, 0, -0.5), ("W", w, 4.6, 0), ("Z = XW", x @ w, 8.6, -0.5)]
    for name, array, left, top in places:
        ax.text(left + array.shape[1] / 2, top + 0.4, name, ha="center", fontweight="bold")
        for (r, c), value in np.ndenumerate(array):
            marked = (name == "X" and r == 1) or (name == "W" and c == 0)
            made = name.startswith("Z") and (r, c) == (1, 0)
            color = BLUE if marked else ORANGE if made else GREY
            strong = {} if color == GREY else {"linewidth": 2.6, "zorder": 3}
            _cell(ax, left + c, top - r, str(value), color, 0.1 if strong else 0.04, **strong)
        ax.text(left + array.shape[1] / 2, -3.45, f"{array.shape}", ha="center", family="monospace",
                fontsize=10)
    ax.text(3.8, -1.5, "@", ha="center", va="center", fontsize=14)
    ax.text(7.6, -1.5, "=", ha="center", va="center", fontsize=14)
    ax.text(6.1, -4.35, r"$5\cdot 2 + 6\cdot 1 + 3\cdot 0 = 16$", ha="center", fontsize=12)
    return fig


def processors():
    """Three drawings on the same area. CPU: four large cells, each with an instruction of its own.
    GPU: a hundred small cells, one instruction for all. ASIC: a grid of cells joined by arrows,
    with the inputs coming in from the left and the sums leaving below."""
    fig, axes = plt.subplots(1, 3, figsize=(4.8, 2.3))
    plt.close(fig)
    plans = [("CPU", 2, BLUE, "a few, each with\nits own program"),
             ("GPU", 10, GREEN, "many, all with\nthe same instruction"),
             ("ASIC", 5, ORANGE, "a grid for\none job only")]
    for ax, (name, cells, color, text) in zip(axes, plans, strict=True):
        ax.set(xlim=(-1.6, 10.2), ylim=(-4.6, 11.6), aspect="equal")
        ax.axis("off")
        step = 10 / cells
        for r, c in np.ndindex(cells, cells):
            _cell(ax, step * c + 0.1 * step, 10 - step * r - 0.1 * step, "", color, 0.2,
                  (0.8 * step, 0.8 * step))
        if name == "ASIC":
            for i, j in np.ndindex(cells, cells):
                middle = step * (j + 0.5)
                _arrow(ax, (step * i - 0.6, middle), (step * i + 0.6, middle), mutation_scale=7)
                _arrow(ax, (middle, step * i + 0.6), (middle, step * i - 0.6), mutation_scale=7)
        ax.text(5, 10.8, name, ha="center", fontweight="bold")
        ax.text(5, -1.2, text, ha="center", va="top", fontsize=9)
    return fig


def broadcasting_grids():
    """Four sums of shapes. (4, 3) + (3,): the row is used four times. (4, 1) + (1, 3): column and
    row stretch to a grid. (4, 3) + (4,) is refused: 3 meets 4. So is (4, 3) + (2, 3): 4 meets 2."""
    fig, axes = plt.subplots(2, 2, figsize=(4.8, 3.9))
    plt.close(fig)
    sums = [((4, 3), (3,)), ((4, 1), (1, 3)), ((4, 3), (4,)), ((4, 3), (2, 3))]
    for ax, (a, b) in zip(axes.flat, sums, strict=True):
        ax.set(xlim=(-0.4, 9.6), ylim=(-5.7, 1.5), aspect="equal")
        ax.axis("off")
        two = (1,) * (2 - len(b)) + b
        legal = all(m == n or 1 in (m, n) for m, n in zip(a, two, strict=True))
        result = tuple(max(m, n) for m, n in zip(a, two, strict=True))
        for left, shape, color in [(0, a, BLUE), (5.4, two, ORANGE)]:
            drawn = result if legal else shape
            for r, c in np.ndindex(*drawn):
                real = r < shape[0] and c < shape[1]
                _cell(ax, left + c, -r, color=color, alpha=0.35 if real else 0.05,
                      linestyle="-" if real else ":")
        ax.text(4.7, -2, "+", ha="center", va="center", fontsize=14)
        ax.text(4.6, 0.75, f"{a} + {b}", ha="center", family="monospace", fontsize=11)
        pairs = [f"{m} and {n}" for m, n in zip(a, two, strict=True) if m != n and 1 not in (m, n)]
        verdict = f"✓ gives {result}" if legal else f"✗ refused: {pairs[0]}"
        ax.text(4.6, -4.95, verdict, ha="center", fontsize=11, fontweight="bold")
    return fig


def copies_and_sums():
    """Forward, one bias of three numbers is read by four rows. Backward, each column of the
    gradient of shape (4, 3) is summed into one number of the gradient of the bias, shape (3,)."""
    fig, ax = _canvas(4.8, 2.3, (-0.3, 12.9), (-5.4, 0.9))
    gradient = np.array([[1, 0, 2], [3, 1, 0], [0, 2, 1], [2, 2, 4]])
    names = np.array(["b₀", "b₁", "b₂"])
    sides = [
        (0, "forward: copy", np.tile(names, (4, 1)), names, ORANGE, (-4.2, -3.3), ":"),
        (8, "backward: sum", gradient, gradient.sum(axis=0), BLUE, (-3.3, -4.2), "-"),
    ]
    for left, title, array, row, color, (start, end), line in sides:
        ax.text(left + 1.5, 0.4, title, ha="center", fontweight="bold")
        for (r, c), value in np.ndenumerate(array):
            _cell(ax, left + c, -0.8 * r, str(value), color, 0.06, (1, 0.8), linestyle=line)
        for c, value in enumerate(row):
            _cell(ax, left + c, -4.3, str(value), color, 0.1, linewidth=2)
            _arrow(ax, (left + c + 0.5, start), (left + c + 0.5, end), color=color)
        ax.text(left + 3.3, -1.6, f"{array.shape}", va="center", family="monospace", fontsize=10)
        ax.text(left + 3.3, -4.8, f"{row.shape}", va="center", family="monospace", fontsize=10)
    return fig


def dense_shapes():
    """Boxes with their sides labelled: X is N high and D wide, W is D high and U wide, b is one
    row U wide, and Z = XW + b is N high and U wide. The two sides D touch and vanish."""
    fig, ax = _canvas(4.8, 1.75, (-0.9, 16.2), (-4.2, 1.2))
    boxes = [("X", 0, 0, 3, 4, "D", "N", BLUE), ("W", 5.2, 0, 2, 3, "U", "D", ORANGE),
             ("b", 9.5, 0, 2, 0.8, "U", "1", GREEN), ("Z", 13.9, 0, 2, 4, "U", "N", GREY)]
    for name, left, top, width, height, across, down, color in boxes:
        _cell(ax, left, top, "", color, 0.1, (width, height), linewidth=1.6)
        ax.text(left + width / 2, top - height / 2, name, ha="center", va="center", fontsize=13,
                fontweight="bold")
        ax.text(left + width / 2, 0.45, across, ha="center", fontstyle="italic")
        ax.text(left - 0.45, top - height / 2, down, ha="center", va="center", fontstyle="italic")
    for sign, place in [("@", 3.9), ("+", 8.1), ("=", 12.5)]:
        ax.text(place, -2, sign, ha="center", va="center", fontsize=14)
    ax.text(10.4, -1.6, "read by\nN rows", ha="center", va="center", fontsize=9)
    return fig


def small_network():
    """Three columns of circles: 3 inputs, 4 hidden units and 2 outputs. A line runs from every
    circle to every circle of the next column; the three lines into the second hidden unit are
    strong. Below: 3 times 4 plus 4 parameters, then 4 times 2 plus 2."""
    fig, ax = _canvas(4.8, 2.6, (-0.6, 11.6), (-1.0, 5.9))
    columns = [("x", "3 inputs", 3, 1.0, BLUE), ("a", "4 hidden units", 4, 5.5, ORANGE),
               (r"\hat y", "2 outputs", 2, 10.0, GREEN)]
    places = [np.array([(x, 2.6 + 1.3 * ((n - 1) / 2 - i)) for i in range(n)])
              for _, _, n, x, _ in columns]
    for left, right in zip(places, places[1:], strict=False):
        for start, end in [(start, end) for start in left for end in right]:
            way = 0.48 * (end - start) / np.linalg.norm(end - start)
            strong = right is places[1] and np.array_equal(end, right[1])
            ax.plot(*np.transpose([start + way, end - way]), color=ORANGE if strong else GREY,
                    linewidth=2.4 if strong else 0.9)
    for (name, label, _, x, color), column in zip(columns, places, strict=True):
        for i, place in enumerate(column):
            ax.add_patch(plt.Circle(place, 0.48, facecolor=color, alpha=0.1))
            ax.add_patch(plt.Circle(place, 0.48, facecolor="none", edgecolor=color, linewidth=1.8))
            ax.text(*place, f"${name}_{i + 1}$", ha="center", va="center")
        ax.text(x, 5.45, label, ha="center", fontweight="bold", fontsize=10)
    ax.text(3.25, -0.7, r"$3 \cdot 4 + 4$ parameters", ha="center", fontsize=10)
    ax.text(7.75, -0.7, r"$4 \cdot 2 + 2$ parameters", ha="center", fontsize=10)
    return fig


def epoch_strip():
    """A strip of 1050 samples cut into eleven pieces: ten of 100 samples, and a last one of 50."""
    fig, ax = plt.subplots(figsize=(4.8, 1.4))
    plt.close(fig)
    starts = range(0, 1050, 100)
    for i, start in enumerate(starts):
        width = min(100, 1050 - start)
        color = ORANGE if width < 100 else BLUE
        ax.add_patch(Rectangle((start, 0), width, 1, facecolor=color, alpha=0.03 + 0.07 * (i % 2)))
        ax.add_patch(Rectangle((start, 0), width, 1, facecolor="none", edgecolor=color))
        ax.text(start + width / 2, 0.62, str(i + 1), ha="center", va="center", fontweight="bold")
        ax.text(start + width / 2, 0.26, str(width), ha="center", va="center", fontsize=9)
    ax.annotate("", (0, 1.35), (1050, 1.35), arrowprops={"arrowstyle": "<->", "color": GREY})
    ax.text(525, 1.45, f"one epoch: 1050 samples, {len(starts)} iterations", ha="center")
    ax.set(xlim=(-8, 1058), ylim=(-0.05, 2.0), xticks=[*range(0, 801, 200), 1050], yticks=[])
    ax.set_xlabel("sample")
    ax.spines["left"].set_visible(False)
    ax.grid(False)
    return fig


def fit_and_transform():
    """The training part alone goes into fit, which gives the mean and the standard deviation.
    With these two, both parts are transformed. The arrow from validation to fit is crossed out."""
    fig, ax = _canvas(4.8, 2.0, (-0.2, 16.2), (-6.0, 0.6))
    boxes = [(0, 0, 4, 2.8, "training", BLUE), (6.0, -0.7, 2.6, 1.4, "μ, σ", GREEN),
             (12, 0, 4, 2.8, "training", BLUE), (0, -3.9, 4, 1.6, "validation", ORANGE),
             (12, -3.9, 4, 1.6, "validation", ORANGE)]
    for left, top, width, height, name, color in boxes:
        _cell(ax, left, top, name, color, 0.1, (width, height), linewidth=1.5)
    _arrow(ax, (4.1, -1.4), (5.9, -1.4))
    _arrow(ax, (8.7, -1.4), (11.9, -1.4))
    _arrow(ax, (4.1, -4.7), (11.9, -4.7))
    _arrow(ax, (8.0, -2.2), (8.0, -4.5), linestyle=":")
    _arrow(ax, (4.1, -4.1), (6.3, -2.2), color=ORANGE, linestyle="--")
    ax.text(5.2, -3.15, "✗", ha="center", va="center", fontsize=18)
    ax.text(5.0, -0.9, "fit", ha="center", fontsize=10)
    ax.text(10.3, -0.9, "transform", ha="center", fontsize=10)
    ax.text(10.3, -5.6, "transform", ha="center", fontsize=10)
    return fig


def exam_line(hours, points):
    """Exam points against hours of study: six dots close to a rising straight line, each joined
    to the line by a dashed vertical segment, its residual."""
    x = np.column_stack([hours, np.ones_like(hours)])
    slope, intercept = normal_equation(x, points)
    fig, ax = plt.subplots(figsize=(4.6, 3.1))
    plt.close(fig)
    grid = np.array([0, 7])
    ax.plot(grid, slope * grid + intercept, label=f"{slope:.0f} · hours + {intercept:.0f}")
    ax.vlines(hours, slope * hours + intercept, points, color=ORANGE, linestyle="--", linewidth=1.5,
              label="residual")
    ax.plot(hours, points, "o", color=ORANGE, label="a student")
    ax.set(xlabel="hours of study", ylabel="points in the exam", xlim=(0, 7), ylim=(35, 80))
    ax.legend(loc="upper left")
    return fig


def residuals_and_interactions():
    """Three plots. Residuals of a line: positive, negative, positive, along an arc around 0.
    Transactions against balance: for working and retired customers two parallel lines; with a
    column balance times retired, two lines that tilt against each other."""
    fig, (arc, plain, tilted) = plt.subplots(1, 3, figsize=(4.8, 2.3))
    plt.close(fig)
    x = np.linspace(0, 6, 25)
    y = 0.5 * (x - 3) ** 2 + 0.5 * np.random.default_rng(0).standard_normal(25)
    line = np.column_stack([x, np.ones_like(x)])
    arc.axhline(0, color=GREY)
    arc.plot(x, y - line @ normal_equation(line, y), "o", color=ORANGE, markersize=4)
    arc.set(title="residuals", xlabel="hours")
    balance = np.array([0, 10])
    for ax, slope, title in [(plain, 0.6, "no interaction"), (tilted, 0.1, "interaction")]:
        ax.plot(balance, 2 + 0.6 * balance, label="working")
        ax.plot(balance, 5 + slope * balance, "--", label="retired")
        ax.set(title=title, xlabel="balance", ylim=(0, 13))
    plain.set_ylabel("transactions")
    plain.legend(loc="upper left", fontsize=9, borderpad=0, handlelength=1.5)
    for ax in (arc, plain, tilted):
        ax.set(xticks=[], yticks=[0] if ax is arc else [])
        ax.title.set_fontsize(10)
    return fig


def odds_curve():
    """The S-curve from log-odds to probability: -1.39 gives 0.2, 0 gives 0.5, 1.39 gives 0.8,
    2.94 gives 0.95; it is steepest at 0 and flattens towards 0 and 1."""
    z = np.linspace(-6, 6, 241)
    fig, ax = plt.subplots(figsize=(4.6, 3.0))
    plt.close(fig)
    ax.plot(z, 1 / (1 + np.exp(-z)))
    for odds, label in [(0.25, "1 : 4"), (1, "1 : 1"), (4, "4 : 1"), (19, "19 : 1")]:
        point = np.log(odds), odds / (1 + odds)
        ax.plot(*point, "o", color=ORANGE)
        ax.annotate(f"odds {label}", point, (10, -6), textcoords="offset points")
    ax.set(xlabel="log-odds  z", ylabel="probability  p", ylim=(-0.03, 1.03))
    return fig


def logic_planes():
    """The four corners of the unit square for AND, OR and XOR. For AND a line cuts off the corner
    (1, 1); for OR a line cuts off (0, 0); for XOR the targets sit on opposite corners, and no
    single line parts them."""
    fig, axes = plt.subplots(1, 3, figsize=(4.8, 2.4), sharey=True)
    plt.close(fig)
    tasks = [("AND", [0, 0, 0, 1], (4, 5, -6)), ("OR", [0, 1, 1, 1], (2, 2, -1)),
             ("XOR", [0, 1, 1, 0], None)]
    for ax, (name, targets, line) in zip(axes, tasks, strict=True):
        for value, marker, color in [(0, "o", BLUE), (1, "s", ORANGE)]:
            ax.plot(*POINTS[np.array(targets) == value].T, marker, color=color, markersize=11,
                    markerfacecolor=color if value else "none", markeredgewidth=2)
        if line:
            w1, w2, b = line
            x1 = np.array([-0.5, 1.5])
            x2 = -(w1 * x1 + b) / w2
            ax.plot(x1, x2, color=GREY)
            ax.fill_between(x1, x2, 2, color=GREY, alpha=0.15, linewidth=0)
            ax.set_title(f"{name}\n${w1}x_1 + {w2}x_2 - {-b} > 0$", fontsize=10)
        else:
            ax.set_title(f"{name}\nno line", fontsize=10)
        ax.set(xlim=(-0.4, 1.4), ylim=(-0.4, 1.4), xticks=[0, 1], yticks=[0, 1], aspect="equal")
        ax.set_xlabel("$x_1$")
    axes[0].set_ylabel("$x_2$")
    return fig


def threshold_neurons():
    """Three neurons that fire when at least two signals arrive. AND: A and B send one connection
    each. OR: A and B send two connections each. AND NOT: A sends two, B one that inhibits."""
    fig, axes = plt.subplots(1, 3, figsize=(4.8, 1.75))
    plt.close(fig)
    gates = [("C = A AND B", 1, 1), ("C = A OR B", 2, 2), ("C = A AND NOT B", 2, -1)]
    for ax, (title, *counts) in zip(axes, gates, strict=True):
        ax.set(xlim=(-0.6, 3.7), ylim=(-0.6, 2.6), aspect="equal")
        ax.set_title(title, fontsize=10)
        ax.axis("off")
        for name, (x, y) in {"A": (0, 2), "B": (0, 0), "≥ 2": (3, 1)}.items():
            ax.add_patch(plt.Circle((x, y), 0.48, facecolor=BLUE, alpha=0.1))
            ax.add_patch(plt.Circle((x, y), 0.48, facecolor="none", edgecolor=BLUE, linewidth=1.5))
            ax.text(x, y, name, ha="center", va="center", fontsize=10)
        for height, count in zip((2, 0), counts, strict=True):
            bends = (0.18, -0.18) if count == 2 else (0.0,)
            for bend in bends:
                inhibits = count < 0
                _arrow(ax, (0.48, height + 0.6 * bend), (2.6, 1 + 0.28 * (height - 1) + bend * 0.6),
                       color=ORANGE if inhibits else GREY, connectionstyle=f"arc3,rad={bend}",
                       arrowstyle="-[,widthB=0.3" if inhibits else "-|>",
                       linestyle="--" if inhibits else "-")
            if count < 0:
                ax.text(1.3, 0.0, "inhibits", fontsize=9)
    return fig
