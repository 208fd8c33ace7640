"""Figures of the chapter on ethics: each is handed what the page has measured, and draws it."""

import matplotlib.pyplot as plt
import numpy as np

from nnlib.activations import softmax
from nnlib.fairness import by_group, selection_rate
from nnlib.metrics import (
    auc,
    best_threshold,
    bootstrap_interval,
    calibration_table,
    error_rates,
    expected_cost,
    roc_curve,
)

BLUE, RED, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
GREY = "#7a7a7a"


def _axes(rows=1, columns=1, **style):
    """Return a figure that the notebook shows once, and its axes."""
    fig, axes = plt.subplots(rows, columns, **style)
    plt.close(fig)
    return fig, axes


def _interval(y_true, y_pred):
    """Return the 95 per cent interval of a share."""
    return bootstrap_interval(selection_rate, y_true, y_pred, np.random.default_rng(0))


def _bars(ax, places, values, intervals, **style):
    """Draw dots with an interval each."""
    low, high = np.transpose(intervals)
    ax.errorbar(values, places, xerr=[values - low, high - values], capsize=4, **style)


# ---- two kinds of error


def eight_scores(y_true, scores):
    """Eight scores on a line from 0 to 1, with a threshold at 0.5: ill people, dots, and healthy.

    Three are on the wrong side: a healthy one above the threshold, two ill ones below it.
    """
    fig, ax = _axes(figsize=(5.2, 2.2))
    for label, marker, color, height in [(1, "o", RED, 1), (0, "s", BLUE, 0)]:
        x = scores[y_true == label]
        ax.plot(x, np.full(x.size, height), marker, color=color, markersize=9)
        wrong = x[(x > 0.5) != label]
        ax.plot(wrong, np.full(wrong.size, height), "o", color=GREY, markersize=18,
                fillstyle="none")
    ax.axvline(0.5, color=GREY, linestyle="--")
    ax.text(0.49, 1.75, "told “healthy”", ha="right", color=GREY)
    ax.text(0.51, 1.75, "told “ill”", color=GREY)
    ax.set(xlim=(0, 1), ylim=(-0.6, 2.1), yticks=[0, 1], yticklabels=["healthy", "ill"],
           xlabel="score (ringed: an error)")
    ax.grid(axis="y", visible=False)
    return fig


def confusion(matrix):
    """The confusion matrix as four boxes, rows the truth, columns the prediction.

    Recall is read along the second row, precision down the second column.
    """
    names = [["true negatives", "false positives\n(type I)"],
             ["false negatives\n(type II)", "true positives"]]
    fig, ax = _axes(figsize=(5.2, 3.8))
    for (row, column), count in np.ndenumerate(matrix):
        right = row == column
        ax.add_patch(plt.Rectangle((column, -row), 0.94, 0.94, edgecolor=BLUE if right else RED,
                                   facecolor="#cfe8f7" if right else "#fbdcc4", linewidth=2))
        ax.text(column + 0.47, -row + 0.62, count, ha="center", va="center", fontsize=22,
                color="black")
        ax.text(column + 0.47, -row + 0.24, names[row][column], ha="center", va="center",
                color="black")
    for place, name in enumerate(["healthy", "ill"]):
        ax.text(-0.06, -place + 0.47, f"is\n{name}", ha="right", va="center", color=GREY)
        ax.text(place + 0.47, 1.04, f"told “{name}”", ha="center", color=GREY)
    ax.text(2.02, -0.53, "recall →\n2 of 4", va="center", color=GREY)
    ax.text(1.47, -1.2, "precision ↓   2 of 3", ha="center", va="center", color=GREY)
    ax.set(xlim=(-0.45, 2.45), ylim=(-1.35, 1.25), aspect="equal")
    ax.axis("off")
    return fig


def cost_curves(y_true, p):
    """Expected cost against the threshold for three prices of a miss: 1, 5 and 20 false alarms.

    Each curve is a valley; the dearer the miss, the further to the left its lowest point.
    """
    fig, ax = _axes(figsize=(5.2, 3.8))
    thresholds = np.linspace(0.005, 0.9, 180)
    for miss, style, color in [(1, "-", BLUE), (5, "--", RED), (20, "-.", GREEN)]:
        cost = [expected_cost(y_true, p, t, 1, miss) for t in thresholds]
        ax.plot(thresholds, cost, style, color=color, label=f"a miss costs {miss}")
        best = best_threshold(y_true, p, 1, miss)
        ax.plot(best, expected_cost(y_true, p, best, 1, miss), "D", color=color, markersize=8)
        ax.axvline(1 / (1 + miss), ymax=0.6, color=color, linestyle=":", linewidth=1.5)
    ax.set(xlabel="threshold", ylabel="expected cost per patient", ylim=(0, 2.0))
    ax.legend(loc="upper left", fontsize=10)
    return fig


def roc_staircase(y_true, scores):
    """ROC curve of the eight people, a staircase from (0, 0) to (1, 1) with one slanted step."""
    fpr, tpr, thresholds = roc_curve(y_true, scores)
    fig, ax = _axes(figsize=(4.4, 4.2))
    ax.fill_between(fpr, tpr, color=SKY, alpha=0.25, linewidth=0)
    ax.plot([0, 1], [0, 1], ":", color=GREY)
    ax.plot(fpr, tpr, "o-", color=BLUE, clip_on=False)
    for x, y, t in zip(fpr, tpr, thresholds, strict=True):
        ax.text(x + 0.03, y - 0.06, "∞" if np.isinf(t) else f"{t:g}", color=GREY)
    ax.text(0.67, 0.32, f"area {auc(y_true, scores):.3f}", ha="center", color=GREY)
    ax.text(0.42, 0.36, "chance", rotation=45, ha="center", va="center", color=GREY)
    ax.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal",
           xlim=(-0.03, 1.12), ylim=(-0.08, 1.05), xticks=np.linspace(0, 1, 5),
           yticks=np.linspace(0, 1, 5))
    return fig


def pairs(y_true, scores):
    """A table of the 16 pairs of an ill and a healthy person: 1, one half, or 0."""
    ill, healthy = np.sort(scores[y_true == 1])[::-1], np.sort(scores[y_true == 0])
    wins = (ill[:, np.newaxis] > healthy) + 0.5 * (ill[:, np.newaxis] == healthy)
    fig, ax = _axes(figsize=(4.2, 3.7))
    colours = {1.0: "#cfe8f7", 0.5: "#fff2cc", 0.0: "#fbdcc4"}
    for (row, column), win in np.ndenumerate(wins):
        ax.add_patch(plt.Rectangle((column - 0.47, row - 0.47), 0.94, 0.94,
                                   facecolor=colours[float(win)], edgecolor="none"))
        ax.text(column, row, "½" if win == 0.5 else f"{win:.0f}", ha="center", va="center",
                color="black", fontsize=13)
    ax.set(xlim=(-0.55, 3.55), ylim=(3.55, -0.55), aspect="equal", xticks=range(4), yticks=range(4),
           xticklabels=[f"{s:g}" for s in healthy], yticklabels=[f"{s:g}" for s in ill],
           xlabel="score of the healthy one", ylabel="score of the ill one",
           title=f"{wins.sum():g} of {wins.size}")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return fig


def _normal_curve(mean, spread):
    """Return the ROC curve of scores N(mean, spread) of ones against N(0, 1) of zeros, and AUC."""
    z = np.linspace(-9, 9, 3001)
    density = np.exp(-z**2 / 2)
    above = 1 - np.cumsum(density) / density.sum()
    fpr = np.interp(z, z, above)
    tpr = np.interp((z - mean) / spread, z, above)
    return fpr, tpr, float(-np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))


def crossing_curves():
    """Two ROC curves that cross, with the same area below them, one steep at the left."""
    fig, ax = _axes(figsize=(4.4, 4.0))
    for spread, style, color in [(2.0, "-", BLUE), (0.5, "--", RED)]:
        fpr, tpr, area = _normal_curve(0.9 * np.sqrt(1 + spread**2), spread)
        ax.plot(fpr, tpr, style, color=color, label=f"AUC {area:.3f}")
    ax.plot([0, 1], [0, 1], ":", color=GREY)
    ax.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal",
           xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.legend(loc="lower right")
    return fig


def base_rates():
    """Precision against the base rate, on a logarithmic axis, for three tests with 99 % recall."""
    q = np.logspace(-5, np.log10(0.5), 200)
    fig, ax = _axes(figsize=(5.2, 3.6))
    for fpr, style, color in [(0.001, "-.", GREEN), (0.01, "--", RED), (0.05, "-", BLUE)]:
        ax.plot(q, 0.99 * q / (0.99 * q + fpr * (1 - q)), style, color=color,
                label=f"alarms {100 * fpr:g} % of the healthy")
    ax.plot(0.001, 0.99 * 0.001 / (0.99 * 0.001 + 0.05 * 0.999), "o", color=BLUE, markersize=9)
    ax.set(xscale="log", xlabel="base rate", ylabel="precision", ylim=(-0.03, 1.28),
           xticks=[1e-5, 1e-4, 1e-3, 1e-2, 1e-1], yticks=np.linspace(0, 1, 6))
    ax.set_xticklabels(["1 in\n100,000", "1 in\n10,000", "1 in\n1,000", "1 in\n100", "1 in\n10"])
    ax.legend(loc="upper left", fontsize=10)
    return fig


# ---- how far to trust a score


def reliability(tables):
    """Reliability diagrams: share of right answers against confidence, in ten bins.

    The area of a dot is proportional to the number of digits in the bin.
    """
    fig, axes = _axes(1, len(tables), figsize=(5.4, 3.3), sharey=True)
    for ax, (epochs, (confidence, right)) in zip(axes, tables.items(), strict=True):
        said, happened, counts = calibration_table(right, confidence)
        ax.plot([0, 1], [0, 1], ":", color=GREY)
        ax.vlines(said, happened, said, color=RED, linewidth=1.5)
        ax.scatter(said, happened, s=8 + 0.35 * counts, color=BLUE, alpha=0.85, zorder=3)
        ax.set(title=f"{epochs} epochs", xlabel="confidence", aspect="equal", xlim=(-0.02, 1.08),
               ylim=(-0.02, 1.08))
    axes[0].set_ylabel("share of right answers")
    return fig


def bootstrap_histograms(samples):
    """Histograms of the AUC over 1,000 bootstrap draws, one row a sample, intervals below."""
    fig, axes = _axes(len(samples), 1, figsize=(5.2, 4.8), sharex=True)
    for ax, (y_true, scores) in zip(axes, samples, strict=True):
        rng, found = np.random.default_rng(0), []
        while len(found) < 1000:
            rows = rng.integers(y_true.size, size=y_true.size)
            one_class = y_true[rows].min() == y_true[rows].max()
            found.append(0.5 if one_class else auc(y_true[rows], scores[rows]))
        ax.hist(found, bins=np.linspace(0, 1, 61), color=SKY, edgecolor=BLUE, linewidth=0.5)
        low, high = np.quantile(found, [0.025, 0.975])
        top = ax.get_ylim()[1]
        ax.plot([low, high], [-0.09 * top] * 2, color=RED, linewidth=4, solid_capstyle="butt")
        ax.axvline(auc(y_true, scores), color=GREY, linestyle="--")
        ax.set(ylim=(-0.17 * top, 1.05 * top), yticks=[],
               ylabel=f"{y_true.size:,}\npeople")
        ax.grid(axis="y", visible=False)
        ax.spines["left"].set_visible(False)
    axes[-1].set_xlabel("AUC (dashed: measured)")
    return fig


def interval_width(share=0.9):
    """Half the width of the 95 per cent interval of an accuracy of 0.9, against the samples."""
    n = np.logspace(1, 5, 9)
    fig, ax = _axes(figsize=(5.2, 3.2))
    ax.loglog(n, 1.96 * np.sqrt(share * (1 - share) / n), color=BLUE)
    for samples in [10, 100, 1000, 10_000]:
        half = 1.96 * np.sqrt(share * (1 - share) / samples)
        ax.plot(samples, half, "o", color=BLUE)
        ax.text(samples * 1.25, half * 1.08, f"± {half:.3f}", color=GREY)
    ax.set(xlabel="test samples", ylabel="half the interval", xlim=(8, 2e5),
           xticks=[10, 100, 1000, 10_000, 100_000],
           xticklabels=["10", "100", "1,000", "10,000", "100,000"],
           yticks=[0.001, 0.01, 0.1], yticklabels=["0.001", "0.01", "0.1"])
    ax.minorticks_off()
    return fig


# ---- hiring


def callbacks(called, race, sex):
    """Call-back rates with 95 per cent intervals for four groups of names."""
    both = np.char.add(np.char.add(sex, " "), race)
    rates, intervals = (by_group(f, called, called, both) for f in (selection_rate, _interval))
    order = ["f white", "f black", "m white", "m black"]
    labels = {"f": "women's", "m": "men's", "white": "white", "black": "Black"}
    fig, ax = _axes(figsize=(5.2, 2.9))
    for place, name in enumerate(order):
        white = name.endswith("white")
        _bars(ax, [place], np.array([rates[name]]), [intervals[name]], color=BLUE if white else RED,
              markersize=8, marker="o" if white else "s", linewidth=2)
        ax.text(rates[name], place - 0.22, f"{rates[name]:.3f}", ha="center", color=GREY)
    ax.set(yticks=range(4), ylim=(3.5, -0.6), xlim=(0, 0.13), xlabel="share called back",
           yticklabels=["{} names,\n{}".format(*(labels[word] for word in name.split()))
                        for name in order])
    ax.grid(axis="y", visible=False)
    return fig


def shuffled_gaps(by_chance, measured):
    """Histogram of gaps in call-back rates after shuffling, and the measured gap as a line."""
    fig, ax = _axes(figsize=(5.2, 3.0))
    ax.hist(by_chance, bins=40, color=SKY, edgecolor=BLUE, linewidth=0.5)
    ax.axvline(measured, color=RED, linewidth=2.5)
    top = ax.get_ylim()[1]
    ax.text(measured - 0.0015, 0.9 * top, f"measured\n{measured:.4f}", ha="right", va="center",
            color=GREY)
    ax.set(xlabel="gap in call-back rates, white − Black", ylabel="shuffles of 2,000",
           xlim=(-0.04, 0.04))
    return fig


def column_removed(invited):
    """Share invited by the network, by race and by sex, with several sets of columns."""
    titles = {"all columns": "all\ncolumns", "no race": "without\nrace", "no sex": "without\nsex",
              "district": "no race,\nbut district"}
    fig, axes = _axes(1, 2, figsize=(5.6, 3.5), sharey=True, sharex=True)
    sides = [("white", "black", "white", "Black"), ("f", "m", "women", "men")]
    for ax, (one, other, name, other_name) in zip(axes, sides, strict=True):
        places = range(len(invited))
        a = [rates[one] for rates in invited.values()]
        b = [rates[other] for rates in invited.values()]
        ax.hlines(places, a, b, color=GREY, linewidth=2)
        ax.plot(a, places, "o", color=BLUE, markersize=9, label=name)
        ax.plot(b, places, "s", color=RED, markersize=8, label=other_name)
        ax.set(xlabel="share invited", xlim=(0.05, 0.42), yticks=places,
               ylim=(len(invited) - 0.5, -1.1), yticklabels=[titles[key] for key in invited])
        ax.legend(loc="upper center", ncols=2, fontsize=10, handletextpad=0.1, columnspacing=0.8)
        ax.grid(axis="y", visible=False)
    return fig


# ---- definitions of fairness


def two_groups(repays, chance, group, thresholds):
    """Histograms of the scores of two groups, those who repay hatched, with a threshold each."""
    fig, axes = _axes(2, 1, figsize=(5.2, 4.6), sharex=True, sharey=True)
    bins = np.linspace(0, 1, 26)
    for ax, name in zip(axes, "AB", strict=True):
        rows = group == name
        for y, color, hatch, label in [(1, SKY, "///", "repay"), (0, "#f2c4a6", None, "do not")]:
            below = np.histogram(chance[rows & (repays == 1)], bins)[0] if y == 0 else 0
            counts = np.histogram(chance[rows & (repays == y)], bins)[0]
            ax.bar(bins[:-1], counts, np.diff(bins), bottom=below, align="edge", color=color,
                   hatch=hatch, edgecolor=BLUE if y else RED, linewidth=0.5, label=label)
        ax.axvline(thresholds[name], color=GREY, linewidth=2.5)
        decisions = chance[rows] > thresholds[name]
        fpr, fnr = error_rates(repays[rows], decisions)
        ax.set(ylabel=f"group {name}", ylim=(0, 590))
        ax.text(thresholds[name] + 0.02, 575, f"loan: {decisions.mean():.2f} of all,\n"
                f"{1 - fnr:.2f} of those who repay,\n{fpr:.2f} of those who do not", va="top",
                color=GREY, fontsize=10)
        ax.grid(axis="x", visible=False)
    axes[0].legend(loc="upper left", fontsize=10)
    axes[1].set(xlabel="score", xlim=(0, 1.08), xticks=np.linspace(0, 1, 6))
    return fig


def forced(function, shares):
    """The false positive rate that is forced on a group by its share of people who repay."""
    q = np.linspace(0.01, 0.8, 100)
    fig, ax = _axes(figsize=(5.0, 3.2))
    ax.plot(q, function(q), color=BLUE)
    for name, share, marker in zip("AB", shares, "os", strict=True):
        ax.vlines(share, 0, function(share), color=GREY, linestyle=":")
        ax.hlines(function(share), 0, share, color=GREY, linestyle=":")
        ax.plot(share, function(share), marker, color=RED, markersize=9)
        ax.text(share - 0.02, function(share) + 0.03, f"group {name}: {function(share):.3f}",
                ha="right", color=GREY)
    ax.set(xlabel="share that repays, q", ylabel="false positive rate", xlim=(0, 0.82),
           ylim=(0, 0.85))
    return fig


def price(costs):
    """Two panels for three rules: the cost per 1,000 applicants, and three gaps."""
    fig, (left, right) = _axes(2, 1, figsize=(5.2, 5.0), height_ratios=[2, 3])
    places = np.arange(len(costs))
    values = [row[0] for row in costs.values()]
    bars = left.barh(places, values, color=SKY, edgecolor=BLUE, height=0.6)
    left.bar_label(bars, [f" {value:.1f}" for value in values], color=GREY)
    left.set(xlabel="cost per 1,000 applicants", xlim=(0, 1.18 * max(values)))
    for shift, (column, name, color, hatch) in enumerate(
            [(1, "shares (parity)", BLUE, None), (2, "chances (opportunity)", ORANGE, "//"),
             (3, "odds", GREEN, "..")]):
        gaps = [row[column] for row in costs.values()]
        bars = right.barh(places + 0.25 * (shift - 1), gaps, height=0.22, color=color, label=name,
                          hatch=hatch, edgecolor=GREY, linewidth=0.5)
        right.bar_label(bars, [f" {gap:.3f}" for gap in gaps], color=GREY, fontsize=10)
    right.set(xlabel="gap between the groups", xlim=(0, 0.5))
    right.legend(loc="lower right", fontsize=10)
    for ax in (left, right):
        ax.set(yticks=places, yticklabels=list(costs))
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)
    return fig


def group_curves(repays, chance, group, rules):
    """ROC curves of two groups, with a pair of points, joined by a line, for each of three rules.

    With equal chances both have the same height; the curves meet at the corners only.
    """
    fig, ax = _axes(figsize=(4.6, 4.2))
    for name, style, color in [("A", "-", BLUE), ("B", "--", RED)]:
        fpr, tpr, _ = roc_curve(repays[group == name], chance[group == name])
        ax.plot(fpr, tpr, style, color=color, label=f"group {name}")
    for (title, thresholds), marker in zip(rules.items(), "osD", strict=True):
        rates = [error_rates(repays[group == name], chance[group == name] > thresholds[name])
                 for name in "AB"]
        fpr, fnr = np.transpose(rates)
        ax.plot(fpr, 1 - fnr, marker + "-", color=GREY, linewidth=1.5, markersize=8, label=title)
    ax.set(xlabel="FPR: of those who do not repay", ylabel="TPR: of those who repay",
           aspect="equal", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.legend(loc="lower right", fontsize=10)
    return fig


# ---- what it looked at


def occlusions(networks, pictures, occlusion):
    """Occlusion maps of the same two eights for two networks, beside the eights."""
    fig, axes = _axes(2, 4, figsize=(5.6, 3.2))
    for row, (network, two, name) in enumerate(
            zip(networks, pictures, ["honest", "fooled"], strict=True)):
        for number, picture in enumerate(two):
            left, right = axes[row, 2 * number : 2 * number + 2]
            left.imshow(picture.reshape(28, 28), cmap="gray")
            drops = occlusion(network, picture, 8)
            right.imshow(picture.reshape(28, 28), cmap="gray_r", alpha=0.25)
            right.imshow(np.maximum(drops, 0), cmap="Blues", vmin=0, vmax=max(drops.max(), 0.05),
                         alpha=0.8)
            p = softmax(network.predict(picture[np.newaxis]).astype(float))[0, 8]
            left.set_xlabel(f"8: {p:.2f}")
            right.set_xlabel(f"drop ≤ {drops.max():.2f}")
        axes[row, 0].set_ylabel(name)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    return fig


def permutation(questions, drops):
    """Permutation importance of sixteen votes as bars, the longest on top."""
    order = drops.argsort()
    fig, ax = _axes(figsize=(5.6, 4.8))
    ax.barh(range(drops.size), drops[order], color=SKY, edgecolor=BLUE)
    ax.set(yticks=range(drops.size), xlabel="loss of accuracy when shuffled",
           yticklabels=[_short(questions[i]) for i in order], ylim=(-0.7, drops.size - 0.3))
    ax.tick_params(axis="y", labelsize=9)
    ax.grid(axis="y", visible=False)
    return fig


def _short(question, length=28):
    """Return a question that fits beside a bar."""
    question = str(question).replace("-", " ")
    return question if len(question) <= length else question[: length - 1].rstrip() + "…"


# ---- baselines, blanks, people


def vote_results(models):
    """Accuracy of ten folds, ten times, as dots for four models; on the right, enlarged."""
    fig, axes = _axes(1, 2, figsize=(5.6, 3.2), sharey=True)
    rng = np.random.default_rng(0)
    looks = zip([GREY, RED, GREEN, BLUE], "xsDo", strict=True)
    for place, ((_, found), (color, marker)) in enumerate(zip(models.items(), looks, strict=True)):
        folds = np.ravel(found["folds"])
        for ax in axes:
            ax.plot(folds, place + rng.uniform(-0.25, 0.25, folds.size), marker, color=color,
                    markersize=3.5, alpha=0.45)
            ax.plot([folds.mean()] * 2, [place - 0.38, place + 0.38], color=GREY, linewidth=2.5)
    axes[0].set(xlim=(0.35, 1.02), xlabel="accuracy", yticks=range(len(models)),
                yticklabels=list(models), ylim=(len(models) - 0.5, -0.5))
    axes[1].set(xlim=(0.84, 1.01), xlabel="enlarged", xticks=[0.9, 0.95, 1.0])
    for ax in axes:
        ax.grid(axis="y", visible=False)
    return fig


def blanks(questions, votes, republican):
    """Share of blank answers for each of the sixteen votes, Democrats and Republicans."""
    shares = np.array([(votes[republican == party] == 0).mean(axis=0) for party in (0, 1)])
    order = shares.mean(axis=0).argsort()
    fig, ax = _axes(figsize=(5.6, 4.8))
    ax.hlines(range(order.size), *np.sort(shares[:, order], axis=0), color=GREY)
    for party, marker, color, name in [(0, "o", BLUE, "Democrats"), (1, "s", RED, "Republicans")]:
        ax.plot(shares[party, order], range(order.size), marker, color=color, label=name)
    ax.set(yticks=range(order.size), yticklabels=[_short(questions[i]) for i in order],
           xlabel="share of blanks", xlim=(0, None))
    ax.tick_params(axis="y", labelsize=9)
    ax.legend(loc="lower right")
    return fig


def miles(rate):
    """Upper end of the interval for a rate of accidents, after a number of miles without one."""
    n = np.logspace(6, 9.3, 100)
    fig, ax = _axes(figsize=(5.2, 3.4))
    ax.loglog(n, -np.log(0.05) / n, color=BLUE, label="not excluded, up to here")
    ax.axhline(rate, color=RED, linestyle="--", label="human drivers")
    needed = -np.log(0.05) / rate
    ax.plot(needed, rate, "o", color=RED, markersize=8)
    ax.text(needed * 1.15, rate * 1.35, f"{needed / 1e6:.0f} million", color=GREY)
    ax.set(xlabel="miles without a fatal injury", ylabel="rate per mile",
           xticks=[1e6, 1e7, 1e8, 1e9], xticklabels=["1\nmillion", "10\nmillion", "100\nmillion",
                                                     "1,000\nmillion"])
    ax.legend(loc="upper right", fontsize=10)
    ax.minorticks_off()
    return fig


def uniqueness(votes):
    """Share of members whose answers nobody else shares, against the number of votes known."""
    rng = np.random.default_rng(0)
    shares = []
    for known in range(1, votes.shape[1] + 1):
        found = []
        for _ in range(30):
            columns = rng.permutation(votes.shape[1])[:known]
            _, counts = np.unique(votes[:, columns], axis=0, return_counts=True)
            found.append(np.sum(counts == 1) / len(votes))
        shares.append(np.mean(found))
    fig, ax = _axes(figsize=(5.0, 3.2))
    ax.plot(range(1, len(shares) + 1), shares, "o-", color=BLUE)
    ax.set(xlabel="votes known", ylabel="members who are\nalone with theirs", ylim=(0, 0.8),
           xticks=[1, 4, 8, 12, 16])
    return fig


# ---- the card


def digit_recalls(y_true, answers):
    """Recall of each digit from 0 to 9 with 95 per cent intervals."""
    right = (answers == y_true).astype(int)
    rates, intervals = (by_group(f, right, right, y_true) for f in (selection_rate, _interval))
    fig, ax = _axes(figsize=(5.2, 3.2))
    low, high = np.transpose(list(intervals.values()))
    values = np.array(list(rates.values()))
    ax.errorbar(range(10), values, yerr=[values - low, high - values], fmt="o", capsize=4,
                color=BLUE)
    ax.axhline(right.mean(), color=GREY, linestyle="--")
    ax.text(9.6, right.mean() + 0.005, "all", color=GREY)
    ax.set(xticks=range(10), xlabel="digit", ylabel="recall", ylim=(0.7, 1.01), xlim=(-0.5, 10.2))
    ax.grid(axis="x", visible=False)
    return fig


def strange(right, confidence, card):
    """Share of right answers and mean confidence of the digit network on five kinds of pictures."""
    rows = {"as trained": (right, confidence), "moved by 2": card["moved by 2 pixels"],
            "moved by 4": card["moved by 4 pixels"], "with noise": card["with noise"],
            "inverted": card["white on black turned round"]}
    fig, ax = _axes(figsize=(5.2, 3.2))
    places = range(len(rows))
    was, said = np.transpose(list(rows.values()))
    ax.hlines(places, was, said, color=GREY)
    ax.plot(said, places, "s", color=RED, markersize=8, label="confidence")
    ax.plot(was, places, "o", color=BLUE, markersize=9, label="right")
    ax.set(yticks=places, yticklabels=list(rows), xlim=(0, 1.03), ylim=(len(rows) - 0.5, -1.2),
           xlabel="share")
    ax.legend(loc="upper left", ncols=2)
    ax.grid(axis="y", visible=False)
    return fig
