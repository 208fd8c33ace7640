"""What is asked of metrics and of fairness, held against Keras and TensorFlow's counting."""

import numpy as np

from autograder.cases import Case, Check, Mistake, Written, integers, normal, uniform, untouched

# Sixty labels, fixed, so that no draw is without one of the classes: 18 ones, spread unevenly.
LABELS = np.isin(np.arange(60) * 7 % 60, [*range(3, 15), 20, 31, 40, 41, 50, 59]).astype(np.int64)
EIGHT = np.array([0, 0, 0, 0, 1, 1, 1, 1])
SAID = np.array([0.1, 0.3, 0.45, 0.8, 0.2, 0.4, 0.6, 0.9])

# ---- how a piece is asked


def ask(target, also=None, refuse=None, **inputs):
    answer = target(**inputs)
    if also is None and refuse is None:
        return answer
    found = {"the samples": np.ravel(answer)}
    for what, changed in (also or {}).items():
        found[what] = np.ravel(target(**{**inputs, **changed}))
    for what, changed in (refuse or {}).items():
        try:
            target(**{**inputs, **changed})
            found[f"a ValueError for {what} (1 is yes)"] = 0.0
        except ValueError:
            found[f"a ValueError for {what} (1 is yes)"] = 1.0
    return found


def asked(one):
    """Return the reference for `ask`, from that for one call."""

    def reference(tf, also=None, refuse=None, **inputs):
        def tensor(value):
            whole = isinstance(value, np.ndarray) and value.dtype.kind == "f"
            return tf.constant(value, tf.float64) if whole else value

        def flat(changed):
            answer = one(tf, **{k: tensor(v) for k, v in {**inputs, **changed}.items()})
            return tf.reshape(tf.stack(answer) if isinstance(answer, tuple) else answer, [-1])

        if also is None and refuse is None:
            return one(tf, **inputs)
        found = {"the samples": flat({})}
        found |= {what: flat(changed) for what, changed in (also or {}).items()}
        return found | {f"a ValueError for {what} (1 is yes)": tf.constant(1.0)
                        for what in refuse or {}}

    return reference


def row(tf, x):
    return tf.reshape(tf.cast(x, tf.float64), [-1])


def said_in(tf, y_pred, threshold):
    return row(tf, y_pred) > threshold


# The same counts in NumPy, with what people get wrong as arguments.


def count(y_true, y_pred, threshold=0.5, said=np.greater):
    """Return true positives, false positives, false negatives and true negatives."""
    ones, said = np.ravel(y_true) == 1, said(np.ravel(y_pred), threshold)
    return tuple(float(np.sum(both)) for both in (said & ones, said & ~ones, ~said & ones,
                                                  ~said & ~ones))


def share(part, other, empty=0.0):
    return part / (part + other) if part + other else empty


def fixed(y_pred, threshold):
    return y_pred > 0.5


# ---- one threshold


def counted(tf, y_true, y_pred, num_classes=None):
    return tf.math.confusion_matrix(tf.reshape(y_true, [-1]), tf.reshape(y_pred, [-1]),
                                    num_classes=num_classes)


def tally(y_true, y_pred, num_classes=None, size=None, unique=None):
    y_true, y_pred = np.ravel(y_true), np.ravel(y_pred)
    if unique is not None:
        names = np.unique(unique(y_true, y_pred))
        return np.array([[np.sum((y_true == i) & (y_pred == j)) for j in names] for i in names])
    classes = num_classes or int(max(y_true.max(initial=0), y_pred.max(initial=0))) + 1
    if size is not None:
        classes = size(y_true, y_pred)
    if y_true.size != y_pred.size or (y_true.size and max(y_true.max(), y_pred.max()) >= classes):
        raise ValueError
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (y_true, y_pred), 1)
    return table


def tally_once(y_true, y_pred, num_classes=None):
    table = 0 * tally(y_true, y_pred, num_classes)
    table[y_true, y_pred] += 1
    return table


def tally_shares(y_true, y_pred, num_classes=None):
    table = tally(y_true, y_pred, num_classes)
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


FIVE = {"y_true": integers(40, high=5), "y_pred": integers(40, high=5), "num_classes": 5}
confusion_matrix = Check(
    target="nnlib.metrics.confusion_matrix",
    reference=asked(counted),
    attempt=ask,
    cases=[
        Case("two classes", {"y_true": EIGHT, "y_pred": np.array([0, 0, 0, 1, 0, 0, 1, 1])},
             hint="Row i, column j: class i was taken for class j. The truth decides the row."),
        Case("five classes", FIVE,
             hint="Every sample adds one to one cell. `table[y_true, y_pred] += 1` adds one to a "
                  "cell however often it is named; np.bincount counts."),
        Case("a class that is never predicted",
             {"y_true": np.array([0, 3, 1, 3, 2, 0, 3]), "y_pred": np.array([0, 1, 1, 0, 1, 0, 1])},
             hint="The largest number in either decides how many classes there are."),
        Case("a class that is only predicted",
             {"y_true": np.array([0, 1, 1, 0]), "y_pred": np.array([3, 1, 3, 0])},
             hint="The largest number in either decides how many classes there are."),
        Case("more classes than were seen", FIVE | {"y_true": integers(30, high=2),
                                                    "y_pred": integers(30, high=2)},
             hint="A class without samples keeps its row and column of zeros."),
        Case("a column, and no samples",
             {"y_true": EIGHT, "y_pred": 1 - EIGHT[::-1, None] // 2, "num_classes": 3,
              "also": {"no samples": {"y_true": EIGHT[:0], "y_pred": EIGHT[:0]}}},
             hint="np.ravel first; and with num_classes given, no samples make a table of zeros."),
        Case("what is no class is refused",
             {"y_true": np.array([0, 1, 2, 2]), "y_pred": np.array([0, 2, 2, 1]), "num_classes": 3,
              "refuse": {"class -1": {"y_pred": np.array([0, -1, 2, 1])},
                         "class 3 of 3": {"y_pred": np.array([0, 3, 2, 1])},
                         "a probability": {"y_pred": np.array([0.0, 0.7, 0.2, 1.0])},
                         "one prediction too few": {"y_pred": np.array([0, 2, 2])}}},
             hint="-1 would count in the last column, and 0.7 in column 0: raise a ValueError."),
        untouched(y_true=integers(9, high=3), y_pred=integers(9, high=3), num_classes=3),
    ],
    mistakes=[
        Mistake("exchanged rows and columns: the truth decides the row",
                lambda y_true, y_pred, num_classes=None: tally(y_pred, y_true, num_classes)),
        Mistake("left out the classes that do not occur",
                lambda y_true, y_pred, num_classes=None: tally(
                    y_true, y_pred, unique=lambda t, p: np.append(t, p))),
        Mistake("divided each row by its sum", tally_shares),
        Mistake("counted each cell once, however many samples fall into it", tally_once),
        Mistake("took the number of classes from y_true alone",
                lambda y_true, y_pred, num_classes=None: tally(
                    y_true, y_pred, size=lambda t, p: num_classes or t.max() + 1)),
        Mistake("took the number of classes from y_pred alone",
                lambda y_true, y_pred, num_classes=None: tally(
                    y_true, y_pred, size=lambda t, p: num_classes or p.max() + 1)),
        Mistake("ignored num_classes",
                lambda y_true, y_pred, num_classes=None: tally(y_true, y_pred)),
    ],
)


def kept(tf, metric, y_true, y_pred):
    metric.update_state(row(tf, y_true)[:, None], row(tf, y_pred)[:, None])
    return metric.result()


def keras_precision(tf, y_true, y_pred, threshold=0.5):
    metric = tf.keras.metrics.Precision(thresholds=threshold, dtype="float64")
    return kept(tf, metric, y_true, y_pred)


def of(formula, said=np.greater):
    """Return a function of labels and predictions, from a formula of the four counts."""
    return lambda y_true, y_pred, threshold=0.5: formula(*count(y_true, y_pred, threshold, said))


def unflattened(part, whole):
    """Return a share whose (samples, 1) predictions broadcast against (samples,) labels."""

    def wrong(y_true, y_pred, threshold=0.5):
        ones, said = y_true == 1, y_pred > threshold
        return np.sum(part(ones, said)) / max(np.sum(whole(ones, said)), 1)

    return wrong


SIXTY = {"y_true": LABELS, "y_pred": uniform(60)}
AT = {"y_true": np.array([1, 1, 0, 1, 0, 1, 0, 1]),
      "y_pred": np.array([0.5, 0.9, 0.5, 0.5, 0.7, 0.8, 0.1, 0.2])}
ABOVE = "Above the threshold is 1, at it is not: `>`, as in Keras, and not `>=`."
COLUMN = "(60,) and (60, 1) broadcast to (60, 60): take the flat arrays that `paired` returns."
precision = Check(
    target="nnlib.metrics.precision",
    reference=asked(keras_precision),
    attempt=ask,
    cases=[
        Case("sixty samples", SIXTY, points=2,
             hint="Of those that you said 1 about, which share is 1?"),
        Case("exactly at the threshold", AT, hint=ABOVE),
        Case("another threshold", SIXTY | {"threshold": 0.75},
             hint="Use the argument: `y_pred > threshold`."),
        Case("a column of predictions", SIXTY | {"y_pred": uniform(60, 1)}, hint=COLUMN),
        Case("nothing is predicted", {"y_true": EIGHT, "y_pred": SAID, "also": {
            "a threshold nobody reaches": {"threshold": 0.9}}},
             hint="Return 0.0 instead of dividing by zero: `max(np.sum(said), 1)`."),
        untouched(y_true=LABELS[:20], y_pred=uniform(20) / 2 + np.where(LABELS[:20], 0.3, 0.2)),
    ],
    mistakes=[
        Mistake("counted a number at the threshold as 1",
                of(lambda tp, fp, fn, tn: share(tp, fp), np.greater_equal)),
        Mistake("rounded, or took 0.5, instead of using the threshold",
                of(lambda tp, fp, fn, tn: share(tp, fp), fixed)),
        Mistake("divided by the number of ones: that is recall",
                of(lambda tp, fp, fn, tn: share(tp, fn))),
        Mistake("counted everything that is right: that is accuracy",
                of(lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn))),
        Mistake("measured class 0 instead of class 1", of(lambda tp, fp, fn, tn: share(tn, fn))),
        Mistake("divided zero by zero where nothing is predicted",
                of(lambda tp, fp, fn, tn: share(tp, fp, np.nan))),
        Mistake("held every label against every prediction: (60,) and (60, 1) broadcast",
                unflattened(lambda ones, said: ones & said, lambda ones, said: said)),
    ],
)


def keras_recall(tf, y_true, y_pred, threshold=0.5):
    metric = tf.keras.metrics.Recall(thresholds=threshold, dtype="float64")
    return kept(tf, metric, y_true, y_pred)


recall = Check(
    target="nnlib.metrics.recall",
    reference=asked(keras_recall),
    attempt=ask,
    cases=[
        Case("sixty samples", SIXTY, points=2,
             hint="Of those that are 1, about which share did you say 1?"),
        Case("exactly at the threshold", AT, hint=ABOVE),
        Case("another threshold", SIXTY | {"threshold": 0.75},
             hint="Use the argument: `y_pred > threshold`."),
        Case("a column of predictions", SIXTY | {"y_pred": uniform(60, 1)}, hint=COLUMN),
        Case("there is nothing to find", {"y_true": EIGHT, "y_pred": SAID, "also": {
            "no ones": {"y_true": 0 * EIGHT}}},
             hint="Return 0.0 instead of dividing by zero: `max(np.sum(y_true), 1)`."),
        untouched(y_true=LABELS[:20], y_pred=uniform(20) / 2 + np.where(LABELS[:20], 0.3, 0.2)),
    ],
    mistakes=[
        Mistake("counted a number at the threshold as 1",
                of(lambda tp, fp, fn, tn: share(tp, fn), np.greater_equal)),
        Mistake("rounded, or took 0.5, instead of using the threshold",
                of(lambda tp, fp, fn, tn: share(tp, fn), fixed)),
        Mistake("divided by the number of predicted ones: that is precision",
                of(lambda tp, fp, fn, tn: share(tp, fp))),
        Mistake("counted everything that is right: that is accuracy",
                of(lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn))),
        Mistake("measured class 0 instead of class 1", of(lambda tp, fp, fn, tn: share(tn, fp))),
        Mistake("divided zero by zero where there are no ones",
                of(lambda tp, fp, fn, tn: share(tp, fn, np.nan))),
        Mistake("held every label against every prediction: (60,) and (60, 1) broadcast",
                unflattened(lambda ones, said: ones & said,
                            lambda ones, said: ones & (said | ~said))),
    ],
)


def keras_f1(tf, y_true, y_pred, threshold=0.5):
    metric = tf.keras.metrics.F1Score(average="micro", threshold=threshold, dtype="float64")
    return kept(tf, metric, y_true, y_pred)


def mean_of_two(mean, said=np.greater, empty=0.0):
    def wrong(y_true, y_pred, threshold=0.5):
        tp, fp, fn, _ = count(y_true, y_pred, threshold, said)
        return mean(share(tp, fp, empty), share(tp, fn, empty))

    return wrong


def harmonic(p, r):
    return 2 * p * r / (p + r) if p + r else 0.0


f1 = Check(
    target="nnlib.metrics.f1",
    reference=asked(keras_f1),
    attempt=ask,
    cases=[
        Case("sixty samples", SIXTY, points=2,
             hint="2PR / (P + R), with your `precision` and your `recall`."),
        Case("exactly at the threshold", AT, hint=ABOVE),
        Case("another threshold", SIXTY | {"threshold": 0.75},
             hint="Hand the threshold on to precision and recall."),
        Case("nothing is found", {"y_true": EIGHT, "y_pred": SAID, "also": {
            "every prediction is wrong": {"y_pred": 1.0 - EIGHT},
            "nothing is predicted": {"threshold": 0.95}}},
             hint="Return 0.0 if precision and recall are both 0."),
        untouched(y_true=LABELS[:20], y_pred=uniform(20) / 2 + np.where(LABELS[:20], 0.3, 0.2)),
    ],
    mistakes=[
        Mistake("took the arithmetic mean instead of the harmonic one",
                mean_of_two(lambda p, r: (p + r) / 2)),
        Mistake("took the geometric mean instead of the harmonic one",
                mean_of_two(lambda p, r: np.sqrt(p * r))),
        Mistake("left the factor 2 out", mean_of_two(lambda p, r: harmonic(p, r) / 2)),
        Mistake("counted a number at the threshold as 1", mean_of_two(harmonic, np.greater_equal)),
        Mistake("ignored the threshold", mean_of_two(harmonic, fixed)),
        Mistake("divided zero by zero where nothing is found",
                mean_of_two(lambda p, r: 2 * p * r / (p + r) if p + r else np.nan)),
        Mistake("took the smaller of the two", mean_of_two(min)),
    ],
)


def rates_of_errors(tf, y_true, y_pred, threshold=0.5):
    said, ones = said_in(tf, y_pred, threshold), row(tf, y_true) == 1
    table = tf.cast(tf.math.confusion_matrix(ones, said, 2), tf.float64)
    return table[0, 1] / tf.reduce_sum(table[0]), table[1, 0] / tf.reduce_sum(table[1])


error_rates = Check(
    target="nnlib.metrics.error_rates",
    reference=asked(rates_of_errors),
    attempt=ask,
    returns=("type 1", "type 2"),
    cases=[
        Case("sixty samples", SIXTY, points=2,
             hint="A false alarm can only happen to a zero, a miss only to a one: divide by them."),
        Case("exactly at the threshold", AT, hint=ABOVE),
        Case("a threshold for logits", SIXTY | {"y_pred": normal(60) * 3, "threshold": -1.0},
             hint="Use the argument: `y_pred > threshold`."),
        Case("a column of predictions", SIXTY | {"y_pred": uniform(60, 1)}, hint=COLUMN),
        Case("a class is missing", SIXTY | {"refuse": {
            "no ones": {"y_true": 0 * LABELS}, "no zeros": {"y_true": 0 * LABELS + 1}}},
             hint="The share of nobody is no number: raise a ValueError if all labels are equal."),
        untouched(y_true=LABELS[:20], y_pred=uniform(20)),
    ],
    mistakes=[
        Mistake("exchanged the two: type I is the false alarm",
                of(lambda tp, fp, fn, tn: (share(fn, tp), share(fp, tn)))),
        Mistake("divided by all samples, which mixes in how frequent the classes are",
                of(lambda tp, fp, fn, tn: (fp / (tp + fp + fn + tn), fn / (tp + fp + fn + tn)))),
        Mistake("divided by what was predicted instead of what is true",
                of(lambda tp, fp, fn, tn: (share(fp, tp), share(fn, tn)))),
        Mistake("returned the share of ones that is found instead of the share that is missed",
                of(lambda tp, fp, fn, tn: (share(fp, tn), share(tp, fn)))),
        Mistake("counted a number at the threshold as 1",
                of(lambda tp, fp, fn, tn: (share(fp, tn), share(fn, tp)), np.greater_equal)),
        Mistake("ignored the threshold",
                of(lambda tp, fp, fn, tn: (share(fp, tn), share(fn, tp)), fixed)),
        Mistake("took 0 for the share of nobody, where a class is missing",
                of(lambda tp, fp, fn, tn: (share(fp, tn), share(fn, tp)))),
    ],
)

# ---- all thresholds


def every_threshold(tf, y_true, scores):
    scores, ones = row(tf, scores), row(tf, y_true) == 1
    falling = tf.sort(tf.unique(scores).y, direction="DESCENDING")
    thresholds = tf.concat([tf.constant([np.inf], tf.float64), falling], 0)
    said = tf.cast(scores >= thresholds[:, None], tf.float64)
    return (tf.reduce_mean(tf.boolean_mask(said, ~ones, axis=1), axis=1),
            tf.reduce_mean(tf.boolean_mask(said, ones, axis=1), axis=1), thresholds)


def roc(y_true, scores, ties=True, first=np.inf, said=np.greater_equal, start=True):
    y_true, scores = np.ravel(y_true) == 1, np.ravel(scores) * 1.0
    if y_true.all() or not y_true.any():
        raise ValueError
    if ties:
        thresholds = np.unique(scores)[::-1]
        picked = said(scores, thresholds[:, None])
    else:
        order = np.argsort(-scores, kind="stable")
        thresholds, rank = scores[order], np.argsort(order)
        picked = rank <= np.arange(len(scores))[:, None]
    fpr, tpr = picked[:, ~y_true].mean(axis=1), picked[:, y_true].mean(axis=1)
    if start:
        first = scores.max() + 1 if first is None else first
        fpr, tpr, thresholds = (np.append(a, b) for a, b in
                                ((0, fpr), (0, tpr), (first, thresholds)))
    return fpr, tpr, thresholds


def corners_only(y_true, scores):
    fpr, tpr, thresholds = roc(y_true, scores)
    keep = np.ones(len(fpr), bool)
    keep[1:-1] = (abs(np.diff(fpr, 2)) > 1e-9) | (abs(np.diff(tpr, 2)) > 1e-9)
    return fpr[keep], tpr[keep], thresholds[keep]


def without_refusal(y_true, scores):
    try:
        return roc(y_true, scores)
    except ValueError:
        return 0 * LABELS, 0 * LABELS, 0 * LABELS


ROC = {"y_true": LABELS, "scores": uniform(60) + 0.3 * LABELS}
TIED = {"y_true": LABELS, "scores": (integers(60, high=8) + 2 * LABELS) / 16}
ONE_CLASS = {"no ones": {"y_true": 0 * LABELS}, "no zeros": {"y_true": 0 * LABELS + 1}}
TIES = "Equal scores fall on the same side of every threshold: one step for all of them."
roc_curve = Check(
    target="nnlib.metrics.roc_curve",
    reference=asked(every_threshold),
    attempt=ask,
    returns=("fpr", "tpr", "thresholds"),
    cases=[
        Case("four samples", {"y_true": np.array([0, 0, 1, 1]),
                              "scores": np.array([0.1, 0.4, 0.35, 0.8])},
             hint="Sort the scores from the top; count ones and zeros as the threshold falls."),
        Case("sixty samples", ROC, points=2,
             hint="np.cumsum over the sorted labels says how many ones lie at or above."),
        Case("equal scores", TIED, points=2, hint=TIES),
        Case("logits, as a column", ROC | {"scores": normal(60, 1) * 50},
             hint="Only the order of the scores counts; take what `paired` returns."),
        Case("whole numbers", {"y_true": LABELS, "scores": integers(60, high=5) + LABELS},
             hint="inf has no place in an array of integers: `paired` returns floats."),
        Case("all scores are equal", {"y_true": EIGHT, "scores": np.full(8, 0.25)},
             hint="Two thresholds: inf, where nobody is above, and the score, where all are."),
        Case("a class is missing", ROC | {"refuse": ONE_CLASS},
             hint="The share of nobody is no number: raise a ValueError if all labels are equal."),
        untouched(y_true=LABELS[:12], scores=uniform(12)),
    ],
    mistakes=[
        Mistake("went through equal scores one by one",
                lambda y_true, scores: roc(y_true, scores, ties=False)),
        Mistake("left out the first point, where nothing is predicted",
                lambda y_true, scores: roc(y_true, scores, start=False)),
        Mistake("let the first threshold be the largest score plus 1 instead of inf",
                lambda y_true, scores: roc(y_true, scores, first=None)),
        Mistake("went from the lowest threshold to the highest",
                lambda y_true, scores: tuple(a[::-1] for a in roc(y_true, scores))),
        Mistake("exchanged false and true positive rate",
                lambda y_true, scores: [roc(y_true, scores)[i] for i in (1, 0, 2)]),
        Mistake("said 1 above the threshold and not at it",
                lambda y_true, scores: roc(y_true, scores, said=np.greater)),
        Mistake("left out points that lie on a straight line between others", corners_only),
        Mistake("divided by all samples instead of those of the class",
                lambda y_true, scores: tuple(a * b for a, b in zip(
                    roc(y_true, scores), (np.mean(y_true == 0), np.mean(y_true == 1), 1),
                    strict=True))),
        Mistake("returned a curve although a class is missing", without_refusal),
    ],
)


def pairs_in_order(tf, y_true, scores):
    scores, ones = row(tf, scores), row(tf, y_true) == 1
    above = tf.boolean_mask(scores, ones)[:, None] - tf.boolean_mask(scores, ~ones)
    return tf.reduce_mean((tf.sign(above) + 1) / 2)


def area(fpr, tpr):
    return float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))


def on_a_grid(y_true, scores):
    """Return the area as Keras estimates it, at 200 thresholds from 0 to 1."""
    y_true, scores = np.ravel(y_true) == 1, np.ravel(scores)
    said = scores > np.linspace(1 + 1e-7, -1e-7, 200)[:, None]
    return area(said[:, ~y_true].mean(axis=1), said[:, y_true].mean(axis=1))


def area_by_rank(y_true, scores):
    y_true, rank = np.ravel(y_true), np.argsort(np.argsort(np.ravel(scores), kind="stable"))
    ones = y_true.sum()
    return float((rank[y_true == 1].sum() - ones * (ones - 1) / 2) / (ones * (len(rank) - ones)))


auc = Check(
    target="nnlib.metrics.auc",
    reference=asked(pairs_in_order),
    attempt=ask,
    cases=[
        Case("sixty samples", ROC, points=2,
             hint="Strips under your `roc_curve`: width times mean height, summed."),
        Case("equal scores", TIED, points=2,
             hint="A strip is a trapezoid: both heights count, half each."),
        Case("scores close together", ROC | {"scores": (uniform(60) + 0.2 * LABELS) / 500 + 0.4},
             hint="Take all the thresholds there are, not a grid."),
        Case("logits, as a column", {"y_true": LABELS, "scores": (normal(60, 1) - 1) * 100},
             hint="Only the order of the scores counts."),
        Case("perfect, and the reverse", {"y_true": EIGHT, "scores": SAID, "also": {
            "a perfect order": {"scores": EIGHT * 2.0 + SAID},
            "the reverse order": {"scores": SAID - EIGHT * 2.0},
            "one score for all": {"scores": 0 * SAID + 0.3}}},
             hint="1 for perfect, 0 for the reverse, 0.5 where nothing is told apart."),
        Case("a class is missing", ROC | {"refuse": ONE_CLASS},
             hint="Your `roc_curve` raises the ValueError: let it through."),
        untouched(y_true=LABELS[:20], scores=uniform(20) + 0.2 * LABELS[:20]),
    ],
    mistakes=[
        Mistake("took the left height of each strip instead of the mean of both",
                lambda y_true, scores: float(np.sum(np.diff(roc(y_true, scores)[0])
                                                    * roc(y_true, scores)[1][:-1]))),
        Mistake("took the right height of each strip instead of the mean of both",
                lambda y_true, scores: float(np.sum(np.diff(roc(y_true, scores)[0])
                                                    * roc(y_true, scores)[1][1:]))),
        Mistake("exchanged the axes, or the sign: that is one minus the area",
                lambda y_true, scores: 1 - area(*roc(y_true, scores)[:2])),
        Mistake("estimated it from 200 thresholds between 0 and 1", on_a_grid),
        Mistake("counted pairs with equal scores as in order, or not, by where they stand",
                area_by_rank),
        Mistake("averaged the true positive rates, as if all steps were equally wide",
                lambda y_true, scores: float(np.mean(roc(y_true, scores)[1]))),
        Mistake("measured the area above chance only",
                lambda y_true, scores: area(*roc(y_true, scores)[:2]) - 0.5),
    ],
)


def mean_cost(tf, y_true, scores, threshold, cost_fp, cost_fn):
    table = tf.math.confusion_matrix(row(tf, y_true) == 1, said_in(tf, scores, threshold), 2,
                                     dtype=tf.float64)
    costs = tf.constant([[0, cost_fp], [cost_fn, 0]], tf.float64)
    return tf.reduce_sum(table * costs) / tf.reduce_sum(table)


def cost(formula, said=np.greater):
    def wrong(y_true, scores, threshold, cost_fp, cost_fn):
        return float(formula(*count(y_true, scores, threshold, said), cost_fp, cost_fn))

    return wrong


COST = {"y_true": LABELS, "scores": uniform(60) + 0.2 * LABELS, "threshold": 0.5,
        "cost_fp": 1.0, "cost_fn": 7.0}
expected_cost = Check(
    target="nnlib.metrics.expected_cost",
    reference=mean_cost,
    cases=[
        Case("a miss is worse", COST, points=2,
             hint="cost_fp for every false alarm, cost_fn for every miss, over all samples."),
        Case("a false alarm is worse", COST | {"cost_fp": 5.0, "cost_fn": 0.5},
             hint="A false alarm: said 1, and is 0."),
        Case("exactly at the threshold", {"y_true": AT["y_true"], "scores": AT["y_pred"],
                                          "threshold": 0.5, "cost_fp": 2.0, "cost_fn": 3.0},
             hint=ABOVE),
        Case("everybody is predicted to be 1", COST | {"threshold": -np.inf},
             hint="All zeros are false alarms, and nobody is missed."),
        Case("logits, as a column", COST | {"scores": normal(60, 1) * 4, "threshold": 1.0},
             hint=COLUMN),
        untouched(**COST),
    ],
    mistakes=[
        Mistake("exchanged the two costs",
                cost(lambda tp, fp, fn, tn, a, b: (fp * b + fn * a) / (tp + fp + fn + tn))),
        Mistake("added up instead of averaging",
                cost(lambda tp, fp, fn, tn, a, b: fp * a + fn * b)),
        Mistake("averaged over the errors instead of all samples",
                cost(lambda tp, fp, fn, tn, a, b: (fp * a + fn * b) / max(fp + fn, 1))),
        Mistake("weighted the error rates, as if both classes were equally frequent",
                cost(lambda tp, fp, fn, tn, a, b: a * share(fp, tn) + b * share(fn, tp))),
        Mistake("charged for what is right",
                cost(lambda tp, fp, fn, tn, a, b: (tn * a + tp * b) / (tp + fp + fn + tn))),
        Mistake("counted a number at the threshold as 1",
                cost(lambda tp, fp, fn, tn, a, b: (fp * a + fn * b) / (tp + fp + fn + tn),
                     np.greater_equal)),
        Mistake("ignored the threshold",
                cost(lambda tp, fp, fn, tn, a, b: (fp * a + fn * b) / (tp + fp + fn + tn), fixed)),
    ],
)


def spend(target, y_true, scores, cost_fp, cost_fn):
    threshold = float(target(y_true, scores, cost_fp, cost_fn))
    said, ones = np.ravel(scores) > threshold, y_true == 1
    return {"expected cost at the threshold":
            float(np.mean(cost_fp * (said & ~ones) + cost_fn * (~said & ones)))}


def least_cost(tf, y_true, scores, cost_fp, cost_fn):
    lowest = tf.reduce_min(scores) - 1
    candidates = tf.concat([[tf.cast(lowest, tf.float64)], row(tf, scores)], 0)
    costs = [mean_cost(tf, y_true, scores, threshold, cost_fp, cost_fn) for threshold in candidates]
    return {"expected cost at the threshold": tf.reduce_min(costs)}


def cheapest(candidates, formula):
    """Return a search over some thresholds for the smallest of some formula of the counts."""

    def wrong(y_true, scores, cost_fp, cost_fn):
        candidate = candidates(np.ravel(scores))
        values = [formula(*count(y_true, scores, one), cost_fp, cost_fn) for one in candidate]
        return candidate[int(np.argmin(values))]

    return wrong


def all_scores(scores):
    return np.append(-np.inf, np.sort(scores))


def bill(tp, fp, fn, tn, a, b):
    return fp * a + fn * b


def one_too_high(y_true, scores, cost_fp, cost_fn):
    """Return the threshold from which on, not above which, one should say 1."""
    fpr, tpr, thresholds = roc(y_true, scores)
    ones = np.mean(y_true)
    return thresholds[np.argmin(cost_fp * fpr * (1 - ones) + cost_fn * (1 - tpr) * ones)]


SPENT = {"y_true": LABELS, "scores": uniform(60) + 0.15 * LABELS, "cost_fp": 1.0, "cost_fn": 3.0}
best_threshold = Check(
    target="nnlib.metrics.best_threshold",
    reference=least_cost,
    attempt=spend,
    cases=[
        Case("a miss costs three times as much", SPENT, points=2,
             hint="Every point of your `roc_curve` has a cost; np.argmin finds the lowest."),
        Case("a false alarm costs more", SPENT | {"cost_fp": 2.0, "cost_fn": 1.5,
                                                  "scores": uniform(60) + 0.4 * LABELS},
             hint="Number of false alarms: the rate times the share of zeros. Misses: of ones."),
        Case("equal scores", {"y_true": LABELS, "scores": TIED["scores"],
                              "cost_fp": 1.0, "cost_fn": 2.0}, points=2,
             hint="roc_curve says 1 from a score on, you say 1 above it: one score further down."),
        Case("a miss is a catastrophe", SPENT | {
            "cost_fn": 100.0, "scores": uniform(60) - 2.0 * (np.arange(60) == LABELS.argmax())},
             hint="Where it is cheapest to say 1 to everybody, return -inf: below all scores."),
        Case("scores close together, far from 0.5",
             SPENT | {"scores": (uniform(60) + 0.3 * LABELS) / 100 + 0.03},
             hint="Try every score that occurs, not a grid."),
        Case("logits, as a column", SPENT | {"scores": normal(60, 1) * 30},
             hint="Scores may be any numbers: thresholds too."),
        untouched(**SPENT),
    ],
    mistakes=[
        Mistake("exchanged the two costs", cheapest(
            all_scores, lambda tp, fp, fn, tn, a, b: fp * b + fn * a)),
        Mistake("tried 0, 0.1, 0.2 … 1 only", cheapest(lambda s: np.arange(11) / 10, bill)),
        Mistake("left out the threshold below all scores",
                cheapest(lambda scores: np.sort(scores), bill)),
        Mistake("took the score from which on to say 1, but 1 is said above the threshold",
                one_too_high),
        Mistake("ignored the costs and counted errors", cheapest(
            all_scores, lambda tp, fp, fn, tn, a, b: fp + fn)),
        Mistake("weighted the error rates, as if both classes were equally frequent", cheapest(
            all_scores, lambda tp, fp, fn, tn, a, b: a * share(fp, tn) + b * share(fn, tp))),
        Mistake("looked for the highest cost", cheapest(
            all_scores, lambda tp, fp, fn, tn, a, b: -bill(tp, fp, fn, tn, a, b))),
    ],
)


def by_bins(tf, y_true, y_pred, bins=10):
    y_pred, ones = row(tf, y_pred), row(tf, y_true)
    borders = tf.constant(np.linspace(0, 1, bins + 1)[1:-1], tf.float64)
    place = tf.reduce_sum(tf.cast(y_pred[:, None] > borders, tf.int32), axis=1)
    counts = tf.math.bincount(place, minlength=bins)
    full = counts > 0
    means = [tf.boolean_mask(tf.math.unsorted_segment_mean(x, place, bins), full)
             for x in (y_pred, ones)]
    return (*means, tf.cast(tf.boolean_mask(counts, full), tf.float64))


def table(place=lambda p, bins: np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], p), empty=None,
          centres=False, last=True, order=(0, 1, 2)):
    def wrong(y_true, y_pred, bins=10):
        y_true, y_pred = np.ravel(y_true), np.ravel(y_pred) * 1.0
        if y_pred.min() < 0 or y_pred.max() > 1:
            raise ValueError
        where = place(y_pred, bins)
        rows = [where == b for b in range(bins)]
        if not last:
            rows[-1] = rows[-1] & (y_pred < 1)
        if empty is None:
            rows = [r for r in rows if r.any()]
        parts = [[y_pred[r].mean() if r.any() else empty for r in rows],
                 [y_true[r].mean() if r.any() else empty for r in rows], [r.sum() for r in rows]]
        if centres:
            parts[0] = [(where[r][0] + 0.5) / bins for r in rows]
        return tuple(np.array(parts[i], float) for i in order)

    return wrong


def equal_counts(p, bins):
    return np.argsort(np.argsort(p, kind="stable")) * bins // len(p)


def logits_too(y_true, y_pred, bins=10):
    return table()(y_true, np.clip(y_pred, 0, 1), bins)


TWICE = np.tile(LABELS, 2)
calibration_table = Check(
    target="nnlib.metrics.calibration_table",
    reference=asked(by_bins),
    attempt=ask,
    returns=("predicted", "observed", "counts"),
    cases=[
        Case("ten bins", {"y_true": TWICE, "y_pred": uniform(120)}, points=2,
             hint="Number the bins with np.searchsorted; np.bincount with weights sums them up."),
        Case("four bins", {"y_true": TWICE, "y_pred": uniform(120), "bins": 4},
             hint="Use the argument `bins`."),
        Case("on the borders", {"y_true": np.array([0, 1, 1, 0, 1, 0, 1, 1]), "bins": 4,
                                "y_pred": np.array([0.25, 0.5, 0.75, 0.3, 0.6, 0.8, 0.2, 0.5])},
             hint="A number on a border belongs to the lower bin: np.searchsorted's own choice."),
        Case("exactly 0 and 1", {"y_true": np.array([0, 1, 1, 0, 1, 0]), "bins": 5,
                                 "y_pred": np.array([0.0, 1.0, 1.0, 0.0, 0.9, 0.5])},
             hint="Only the inner borders are needed: 0 is in the first bin, 1 in the last."),
        Case("most bins are empty", {"y_true": LABELS, "y_pred": uniform(60) / 5 + 0.55},
             hint="Leave empty bins out of all three arrays."),
        Case("one bin, and a column", {"y_true": LABELS, "y_pred": uniform(60, 1), "bins": 1},
             hint="With one bin there is no border, and all are in it."),
        Case("what is no probability", {"y_true": LABELS, "y_pred": uniform(60), "refuse": {
            "logits": {"y_pred": np.linspace(-2, 3, 60)},
            "something above 1": {"y_pred": np.linspace(0, 1.01, 60)}}},
             hint="Raise a ValueError for numbers below 0 or above 1."),
        untouched(y_true=LABELS[:20], y_pred=uniform(20)),
    ],
    mistakes=[
        Mistake("put a number on the border of two bins into the upper one", table(
            lambda p, bins: np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], p, side="right"))),
        Mistake("lost those with a probability of exactly 1", table(last=False)),
        Mistake("kept the empty bins, with nan", table(empty=np.nan)),
        Mistake("kept the empty bins, with 0", table(empty=0.0)),
        Mistake("took the middle of the bin instead of the mean of its probabilities",
                table(centres=True)),
        Mistake("cut so that all bins hold equally many", table(equal_counts)),
        Mistake("exchanged the predicted and the observed share", table(order=(1, 0, 2))),
        Mistake("ignored the number of bins",
                lambda y_true, y_pred, bins=10: table()(y_true, y_pred)),
        Mistake("took numbers that are no probabilities", logits_too),
    ],
)

# ---- how sure


def resample(target, x, draws, level=None, columns=False):
    seen, sizes, torn, distinct = [], [], [], []
    y_true = x
    y_pred = np.stack([np.exp(x), x], axis=1) if columns else np.exp(x)

    def metric(y_true, y_pred):
        first = y_pred[:, 0] if columns else y_pred
        sizes.append(len(y_true))
        torn.append(float(np.abs(first - np.exp(y_true)).max() > 1e-9))
        distinct.append(len(np.unique(y_true)) / len(y_true))
        seen.append(float(np.mean(first) ** 3))  # far from symmetric
        return seen[-1]

    options = {"draws": draws} | ({} if level is None else {"level": level})
    low, high = target(metric, y_true, y_pred, np.random.default_rng(3), **options)
    inside, drawn = np.array(seen), len(seen)

    def few(y_true, y_pred):
        return float(np.mean(y_true))

    rng = np.random.default_rng(4)
    first = target(few, y_true, y_pred, np.random.default_rng(4), draws=20)
    again = target(few, y_true, y_pred, rng, draws=20)
    other = target(few, y_true, y_pred, rng, draws=20)
    return {
        "share of the draws below the interval": float(np.mean(inside < low)),
        "share of the draws above the interval": float(np.mean(inside > high)),
        "samples in a draw": float(np.mean(sizes)),
        "share of the samples that a draw contains": float(np.mean(distinct)),
        "labels and predictions stay together (1 is yes)": 1.0 - max(torn),
        "draws (one more is allowed)": float(drawn - (drawn == draws + 1)),
        "the same rng gives the same interval (1 is yes)": float(tuple(first) == tuple(again)),
        "rng goes on to other draws (1 is yes)": float(tuple(again) != tuple(other)),
    }


def resampled(tf, x, draws, level=None, columns=False):
    size = x.shape[0]
    outside = tf.constant((1 - (0.95 if level is None else level)) / 2, tf.float64)
    one = tf.constant(1.0)
    return {
        "share of the draws below the interval": outside,
        "share of the draws above the interval": outside,
        "samples in a draw": tf.constant(float(size)),
        "share of the samples that a draw contains":
            1 - tf.pow(1 - 1 / tf.constant(size, tf.float64), float(size)),
        "labels and predictions stay together (1 is yes)": one,
        "draws (one more is allowed)": tf.constant(float(draws)),
        "the same rng gives the same interval (1 is yes)": one,
        "rng goes on to other draws (1 is yes)": one,
    }


def bootstrap(rows=lambda rng, n: (rng.integers(n, size=n),) * 2, own=None, ends=None, times=None):
    def wrong(metric, y_true, y_pred, rng, level=0.95, draws=1000):
        rng = rng if own is None else np.random.default_rng(own)
        found = []
        for _ in range(times or draws):
            a, b = rows(rng, len(y_true))
            found.append(metric(y_true[a], y_pred[b]))
        low, high = (1 - level) / 2, (1 + level) / 2
        return tuple(np.quantile(found, [low, high]) if ends is None else ends(found, level))

    return wrong


def normal_ends(found, level):
    reach = 1.959964 * np.std(found)
    return np.mean(found) - reach, np.mean(found) + reach


bootstrap_interval = Check(
    target="nnlib.metrics.bootstrap_interval",
    reference=resampled,
    attempt=resample,
    cases=[
        Case("95 % of the draws", {"x": normal(100), "draws": 600}, points=2,
             hint="Keep the metric of every draw; np.quantile at (1 - level) / 2 and "
                  "(1 + level) / 2."),
        Case("80 % of the draws", {"x": normal(80), "draws": 600, "level": 0.8},
             points=2, hint="What is left out is 1 - level, half of it on each side."),
        Case("predictions of several numbers",
             {"x": normal(90), "draws": 600, "level": 0.9, "columns": True},
             hint="Take whole rows: y_true[rows] and y_pred[rows], with the same rows."),
        untouched(x=normal(70), draws=600),
    ],
    mistakes=[
        Mistake("drew without replacement",
                bootstrap(lambda rng, n: (rng.permutation(n),) * 2)),
        Mistake("drew half as many samples as there are",
                bootstrap(lambda rng, n: (rng.integers(n, size=n // 2),) * 2)),
        Mistake("drew labels and predictions apart from each other",
                bootstrap(lambda rng, n: (rng.integers(n, size=n), rng.integers(n, size=n)))),
        Mistake("made a generator of its own, so that every call gives the same draws",
                bootstrap(own=0)),
        Mistake("left out 1 - level at each end, and so twice as much as asked",
                bootstrap(ends=lambda found, level: np.quantile(found, [1 - level, level]))),
        Mistake("ignored the level",
                bootstrap(ends=lambda found, level: np.quantile(found, [0.025, 0.975]))),
        Mistake("ignored the number of draws", bootstrap(times=1000)),
        Mistake("took the mean and about two standard deviations instead of percentiles",
                bootstrap(ends=normal_ends)),
        Mistake("returned the smallest and the largest value",
                bootstrap(ends=lambda found, level: (min(found), max(found)))),
    ],
    atol=0.006,
)

# ---- group by group


def each_group(target, y_true, y_pred, groups, kind, refuse=None, **options):
    def metric(y_true, y_pred, threshold=0.5):
        if kind == "two numbers":
            return float(y_pred.mean()), float(len(y_true))
        if kind == "picky" and y_true.sum() < 1:
            raise ValueError("there are no ones")
        return float(np.mean((y_pred > threshold) * 2.0 + y_true))

    answer = target(metric, y_true, y_pred, groups, **options)
    found = {f"group {name}": np.ravel(value) for name, value in answer.items()}
    found["the groups are in order (1 is yes)"] = float(list(answer) == sorted(answer))
    for what, changed in (refuse or {}).items():
        raised, named = 0.0, 0.0
        try:
            given = {"y_true": y_true, "groups": groups, **changed}
            target(metric, given["y_true"], y_pred, given["groups"], **options)
        except ValueError as error:
            raised, named = 1.0, float("group 2" in str(error))
        found[f"a ValueError for {what} (1 is yes)"] = raised
        if kind == "picky":
            found["it names the group (1 is yes)"] = named
    return found


def groups_apart(tf, y_true, y_pred, groups, kind, refuse=None, threshold=0.5):
    y_true, y_pred, names = row(tf, y_true), row(tf, y_pred), np.array(groups)
    found = {}
    for name in sorted(set(names.tolist())):
        rows = tf.constant(names == name)
        ones, values = tf.boolean_mask(y_true, rows), tf.boolean_mask(y_pred, rows)
        if kind == "two numbers":
            answer = tf.stack([tf.reduce_mean(values), tf.reduce_sum(tf.ones_like(values))])
        else:
            answer = tf.reduce_mean(tf.cast(values > threshold, tf.float64) * 2 + ones)
        found[f"group {name}"] = tf.reshape(answer, [-1])
    found["the groups are in order (1 is yes)"] = tf.constant(1.0)
    found |= {f"a ValueError for {what} (1 is yes)": tf.constant(1.0) for what in refuse or {}}
    if kind == "picky":
        found["it names the group (1 is yes)"] = tf.constant(1.0)
    return found


def grouped(names=lambda groups: np.unique(groups).tolist(), rows=lambda groups, name:
            groups == name, said=True, options=True, strict=True):
    def wrong(metric, y_true, y_pred, groups, **given):
        y_true, y_pred, groups = np.asarray(y_true), np.asarray(y_pred), np.ravel(groups)
        if strict and len(groups) != len(y_true):
            raise ValueError
        found = {}
        for name in names(groups):
            picked = rows(groups[:len(y_true)], name)
            try:
                found[name] = metric(y_true[:len(picked)][picked], y_pred[:len(picked)][picked],
                                     **(given if options else {}))
            except ValueError as error:
                raise ValueError(f"group {name}: {error}" if said else str(error)) from None
        return found

    return wrong


THREE = np.repeat([0, 1, 2], [30, 20, 10])[np.arange(60) * 17 % 60]  # of unequal size, mixed
HALF = (np.arange(60) * 19 % 60 < 28).astype(np.int64)  # labels of which each group has both
WORDS = [["white", "black"][number % 2] for number in range(60)]
GROUPS = {"y_true": HALF, "y_pred": uniform(60), "groups": THREE, "kind": "one number"}
by_group = Check(
    target="nnlib.fairness.by_group",
    reference=groups_apart,
    attempt=each_group,
    cases=[
        Case("three groups", GROUPS, points=2,
             hint="For each of np.unique(groups): `rows = groups == group`, then the metric."),
        Case("groups named by words", GROUPS | {"groups": WORDS},
             hint="A list of words is no array: np.ravel(groups) makes one."),
        Case("numbers with gaps", GROUPS | {"groups": np.where(THREE == 1, 40, -THREE)},
             hint="Groups need not be 0, 1, 2: np.unique knows which there are."),
        Case("a metric of two numbers", GROUPS | {"kind": "two numbers"},
             hint="Keep what the metric returns as it is."),
        Case("an option for the metric", GROUPS | {"threshold": 0.8},
             hint="Hand **options on."),
        Case("a metric that refuses a group", GROUPS | {
            "kind": "picky", "refuse": {"a group without ones": {"y_true": HALF * (THREE != 2)}}},
             points=2,
             hint="Catch the metric's ValueError and raise one that begins with "
                  "`group {group}: `."),
        Case("sizes that differ", GROUPS | {"refuse": {
            "a group too few": {"groups": THREE[:-1]},
            "a group too many": {"groups": np.append(THREE, 0)}}},
             hint="One group for every sample, or a ValueError."),
        untouched(**GROUPS),
    ],
    mistakes=[
        Mistake("took the groups to be 0, 1, 2 …",
                grouped(names=lambda groups: range(len(set(groups.tolist()))))),
        Mistake("looked at the first two groups only",
                grouped(names=lambda groups: np.unique(groups).tolist()[:2])),
        Mistake("listed the groups in the order of the samples",
                grouped(names=lambda groups: list(dict.fromkeys(groups.tolist())))),
        Mistake("measured everybody but the group", grouped(rows=lambda groups, name:
                                                            groups != name)),
        Mistake("measured all samples for every group",
                grouped(rows=lambda groups, name: groups == groups)),
        Mistake("let the metric's error through without the name of the group",
                grouped(said=False)),
        Mistake("did not hand the options on", grouped(options=False)),
        Mistake("did not look whether there is a group for every sample", grouped(strict=False)),
    ],
)


def rate_of_yes(tf, y_true, y_pred, threshold=0.5):
    return tf.reduce_mean(tf.cast(said_in(tf, y_pred, threshold), tf.float64))


selection_rate = Check(
    target="nnlib.fairness.selection_rate",
    reference=rate_of_yes,
    cases=[
        Case("sixty samples", SIXTY, hint="The mean of `y_pred > threshold`."),
        Case("exactly at the threshold", AT, hint=ABOVE),
        Case("another threshold", SIXTY | {"threshold": 0.25}, hint="Use the argument."),
        Case("three kinds of answer, as a column", SIXTY | {"y_pred": integers(60, 1, high=3) / 2},
             hint="0.5 is not above 0.5."),
        untouched(**SIXTY),
    ],
    mistakes=[
        Mistake("counted a number at the threshold as selected",
                of(lambda tp, fp, fn, tn: (tp + fp) / (tp + fp + fn + tn), np.greater_equal)),
        Mistake("took the share of ones among the labels",
                of(lambda tp, fp, fn, tn: (tp + fn) / (tp + fp + fn + tn))),
        Mistake("took the share of the ones that is selected",
                of(lambda tp, fp, fn, tn: share(tp, fn))),
        Mistake("took the share of those that are both selected and 1",
                of(lambda tp, fp, fn, tn: tp / (tp + fp + fn + tn))),
        Mistake("ignored the threshold",
                of(lambda tp, fp, fn, tn: (tp + fp) / (tp + fp + fn + tn), fixed)),
        Mistake("averaged the probabilities instead of the decisions",
                lambda y_true, y_pred, threshold=0.5: float(np.mean(y_pred))),
    ],
)


def group_rates(tf, y_true, y_pred, groups, threshold, where=None):
    """Return each group's share of selected, among those whose label is `where`."""
    said, ones, names = said_in(tf, y_pred, threshold), row(tf, y_true), np.array(groups)
    rates = []
    for name in sorted(set(names.tolist())):
        rows = tf.constant(names == name)
        rows = rows if where is None else rows & (ones == where)
        rates.append(tf.reduce_mean(tf.cast(tf.boolean_mask(said, rows), tf.float64)))
    return tf.stack(rates)


def spread(tf, rates):
    return tf.reduce_max(rates) - tf.reduce_min(rates)


def parity(tf, y_true, y_pred, groups, threshold=0.5):
    return spread(tf, group_rates(tf, y_true, y_pred, groups, threshold))


def parity_ratio(tf, y_true, y_pred, groups, threshold=0.5):
    rates = group_rates(tf, y_true, y_pred, groups, threshold)
    return tf.reduce_min(rates) / tf.reduce_max(rates)


def opportunity(tf, y_true, y_pred, groups, threshold=0.5):
    return spread(tf, group_rates(tf, y_true, y_pred, groups, threshold, 1))


def odds(tf, y_true, y_pred, groups, threshold=0.5):
    return tf.maximum(*(spread(tf, group_rates(tf, y_true, y_pred, groups, threshold, label))
                        for label in (0, 1)))


def gap(formula, join=np.ptp, said=np.greater, refuse=lambda tp, fp, fn, tn: False):
    """Return a function of groups: `join` of each group's `formula` of the four counts."""

    def wrong(y_true, y_pred, groups, threshold=0.5):
        y_true, y_pred, groups = map(np.ravel, (y_true, y_pred, groups))
        if len(groups) != len(y_true):
            raise ValueError
        found = []
        for name in np.unique(groups):
            counts = count(y_true[groups == name], y_pred[groups == name], threshold, said)
            if refuse(*counts):
                raise ValueError
            found.append(formula(*counts))
        return float(join(found))

    return wrong


def selected(tp, fp, fn, tn):
    return (tp + fp) / (tp + fp + fn + tn)


def found_share(tp, fp, fn, tn):
    return share(tp, fn)


def alarm_share(tp, fp, fn, tn):
    return share(fp, tn)


def no_ones(tp, fp, fn, tn):
    return tp + fn == 0


def share_of_all(y_true, y_pred, groups, threshold=0.5):
    said, groups = np.ravel(y_pred) > threshold, np.ravel(groups)
    return float(np.ptp([np.mean(groups[said] == name) for name in np.unique(groups)]))


# Scores that treat the groups unlike, so that every gap is a gap; the last group differs most.
TILT = np.array([0.1, 0.0, -0.25])[THREE] + 0.15 * HALF
PARITY = {"y_true": HALF, "y_pred": uniform(60) + TILT, "groups": THREE}
TWO = {"y_true": HALF, "y_pred": uniform(60) + 0.4 * (np.arange(60) % 2) + 0.1 * HALF,
       "groups": WORDS}
EDGE = {"y_true": np.array([0, 1, 0, 1, 0, 1, 1, 0]), "groups": np.array([0, 0, 0, 0, 1, 1, 1, 1]),
        "y_pred": np.array([0.5, 0.5, 0.2, 0.9, 0.8, 0.7, 0.6, 0.2])}
WRONG_SIZE = {"a group too few": {"groups": THREE[1:]}}
RATES = "Your `by_group` with your `selection_rate` gives the rates; the threshold is an option."
demographic_parity_difference = Check(
    target="nnlib.fairness.demographic_parity_difference",
    reference=asked(parity),
    attempt=ask,
    cases=[
        Case("two groups", TWO, hint=RATES),
        Case("three groups", PARITY, points=2,
             hint="The largest rate minus the smallest, whichever groups have them."),
        Case("another threshold", PARITY | {"threshold": 0.75, "groups": (THREE + 1) % 3},
             hint="Hand the threshold on; the extremes may be any two of the groups."),
        Case("exactly at the threshold", EDGE, hint=ABOVE),
        Case("equal rates, and one group", PARITY | {"also": {
            "all are selected": {"threshold": -1.0},
            "one group": {"groups": 0 * THREE}}},
             hint="Without a gap the answer is 0."),
        Case("sizes that differ", PARITY | {"refuse": WRONG_SIZE},
             hint="Your `by_group` raises the ValueError: let it through."),
        untouched(**PARITY),
    ],
    mistakes=[
        Mistake("subtracted the second group from the first, whichever is larger",
                gap(selected, lambda rates: rates[0] - rates[min(1, len(rates) - 1)])),
        Mistake("looked at the first and the last group only",
                gap(selected, lambda rates: abs(rates[0] - rates[-1]))),
        Mistake("took the rates of the labels instead of the decisions",
                gap(lambda tp, fp, fn, tn: (tp + fn) / (tp + fp + fn + tn))),
        Mistake("compared the groups' shares of all that are selected", share_of_all),
        Mistake("compared the true positive rates: that is equal opportunity", gap(found_share)),
        Mistake("took the standard deviation of the rates", gap(selected, np.std)),
        Mistake("counted a number at the threshold as selected",
                gap(selected, said=np.greater_equal)),
        Mistake("ignored the threshold", gap(selected, said=fixed)),
    ],
)

demographic_parity_ratio = Check(
    target="nnlib.fairness.demographic_parity_ratio",
    reference=asked(parity_ratio),
    attempt=ask,
    cases=[
        Case("two groups", TWO, hint="The smallest rate divided by the largest."),
        Case("three groups", PARITY, points=2,
             hint="The smallest over the largest, whichever groups have them."),
        Case("another threshold", PARITY | {"threshold": 0.4}, hint="Hand the threshold on."),
        Case("exactly at the threshold", EDGE, hint=ABOVE),
        Case("a group of which nobody is selected", PARITY | {"also": {
            "group 2 at zero": {"y_pred": np.where(THREE == 2, 0.1, 0.2 + 0.5 * (THREE == 1))}}},
             hint="The smallest rate is 0, and so is the ratio."),
        Case("nobody is selected at all", PARITY | {"refuse": {
            "a threshold nobody reaches": {"threshold": 5.0}}},
             hint="0 / 0 is no ratio: raise a ValueError."),
        untouched(**PARITY),
    ],
    mistakes=[
        Mistake("divided the largest rate by the smallest",
                gap(selected, lambda rates: max(rates) / min(rates) if min(rates) else 0.0)),
        Mistake("divided the first group's rate by the second's",
                gap(selected, lambda rates: rates[0] / rates[1] if rates[1] else 0.0)),
        Mistake("subtracted the difference from 1",
                gap(selected, lambda rates: 1 - np.ptp(rates))),
        Mistake("divided the true positive rates", gap(
            found_share, lambda rates: min(rates) / (max(rates) or 1))),
        Mistake("counted a number at the threshold as selected", gap(
            selected, lambda rates: min(rates) / (max(rates) or 1), np.greater_equal)),
        Mistake("ignored the threshold", gap(
            selected, lambda rates: min(rates) / (max(rates) or 1), fixed)),
        Mistake("returned a number although nobody is selected",
                gap(selected, lambda rates: min(rates) / (max(rates) or 1))),
    ],
)

equal_opportunity_difference = Check(
    target="nnlib.fairness.equal_opportunity_difference",
    reference=asked(opportunity),
    attempt=ask,
    cases=[
        Case("two groups", TWO,
             hint="The true positive rate of a group is your `recall` of that group."),
        Case("three groups", PARITY, points=2,
             hint="The largest rate minus the smallest, whichever groups have them."),
        Case("another threshold", PARITY | {"threshold": 0.75}, hint="Hand the threshold on."),
        Case("exactly at the threshold", EDGE, hint=ABOVE),
        Case("a group without ones", PARITY | {"refuse": {
            "no ones in group 1": {"y_true": HALF * (THREE != 1)}}}, points=2,
             hint="`recall` says 0 for it, which would be a gap out of nothing: look first "
                  "whether each group has ones, and raise a ValueError."),
        Case("a group without zeros", PARITY | {"y_true": np.where(THREE == 2, 1, HALF)},
             hint="Only the ones count here: a group of ones alone is fine."),
        untouched(**PARITY),
    ],
    mistakes=[
        Mistake("compared the selection rates: that is demographic parity",
                gap(selected, refuse=no_ones)),
        Mistake("compared the false positive rates", gap(alarm_share, refuse=no_ones)),
        Mistake("compared the precisions",
                gap(lambda tp, fp, fn, tn: share(tp, fp), refuse=no_ones)),
        Mistake("compared the accuracies", gap(
            lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn), refuse=no_ones)),
        Mistake("subtracted the second group from the first, whichever is larger",
                gap(found_share, lambda rates: rates[0] - rates[1], refuse=no_ones)),
        Mistake("counted a number at the threshold as selected",
                gap(found_share, said=np.greater_equal, refuse=no_ones)),
        Mistake("ignored the threshold", gap(found_share, said=fixed, refuse=no_ones)),
        Mistake("took 0 as the rate of a group that has no ones", gap(found_share)),
    ],
)


def lacks_a_class(tp, fp, fn, tn):
    return tp + fn == 0 or fp + tn == 0


def both_rates(tp, fp, fn, tn):
    return share(fp, tn), share(tp, fn)


def of_gaps(join):
    return lambda rates: join(np.ptp(rates, axis=0))


equalized_odds_difference = Check(
    target="nnlib.fairness.equalized_odds_difference",
    reference=asked(odds),
    attempt=ask,
    cases=[
        Case("two groups", TWO, hint="Your `by_group` with your `error_rates`: two rates a group."),
        Case("false alarms differ more", PARITY | {
            "y_pred": uniform(60) * 0.4 + np.where(HALF, 0.4, 0.35 - 0.3 * (THREE == 2))},
             points=2, hint="The larger of the two gaps counts, here that of the false alarms."),
        Case("misses differ more", PARITY | {
            "y_pred": uniform(60) * 0.8 + np.where(HALF, 0.3 - 0.35 * (THREE == 1), -0.25)},
             points=2, hint="The larger of the two gaps counts, here that of the misses."),
        Case("another threshold", PARITY | {"threshold": 0.75}, hint="Hand the threshold on."),
        Case("exactly at the threshold", EDGE | {"y_pred": np.array(
            [0.5, 0.4, 0.5, 0.9, 0.3, 0.7, 0.8, 0.2])}, hint=ABOVE),
        Case("a group lacks a class", PARITY | {"refuse": {
            "no ones in group 2": {"y_true": HALF * (THREE != 2)},
            "no zeros in group 0": {"y_true": np.where(THREE == 0, 1, HALF)}}},
             hint="Your `error_rates` raises the ValueError: let it through."),
        untouched(**PARITY),
    ],
    mistakes=[
        Mistake("looked at the true positive rates only: that is equal opportunity",
                gap(found_share, refuse=lacks_a_class)),
        Mistake("looked at the false positive rates only", gap(alarm_share, refuse=lacks_a_class)),
        Mistake("took the mean of the two gaps",
                gap(both_rates, of_gaps(np.mean), refuse=lacks_a_class)),
        Mistake("took the sum of the two gaps",
                gap(both_rates, of_gaps(np.sum), refuse=lacks_a_class)),
        Mistake("took the smaller of the two gaps",
                gap(both_rates, of_gaps(np.min), refuse=lacks_a_class)),
        Mistake("compared the selection rates: that is demographic parity",
                gap(selected, refuse=lacks_a_class)),
        Mistake("took the gap over all rates at once, false alarms against misses",
                gap(lambda tp, fp, fn, tn: (share(fp, tn), share(fn, tp)), refuse=lacks_a_class)),
        Mistake("counted a number at the threshold as selected",
                gap(both_rates, of_gaps(np.max), np.greater_equal, lacks_a_class)),
        Mistake("ignored the threshold", gap(both_rates, of_gaps(np.max), fixed, lacks_a_class)),
        Mistake("took 0 as the rate of a group that lacks the class",
                gap(both_rates, of_gaps(np.max))),
    ],
)


def choose(target, scores, groups, rates, refuse=()):
    found = {}
    names = np.ravel(groups)
    for rate in rates:
        thresholds = target(scores, groups, rate)
        limits = np.array([float(thresholds[name]) for name in names.tolist()])
        found[f"who is selected at a rate of {rate}"] = (np.ravel(scores) > limits) * 1.0
    for rate in refuse:
        try:
            target(scores, groups, rate)
            found[f"a ValueError for a rate of {rate} (1 is yes)"] = 0.0
        except ValueError:
            found[f"a ValueError for a rate of {rate} (1 is yes)"] = 1.0
    return found


def chosen(tf, scores, groups, rates, refuse=()):
    scores, names, found = row(tf, scores), np.array(groups), {}
    same = tf.constant(names[:, None] == names)
    at_least = tf.reduce_sum(tf.cast(same & (scores >= scores[:, None]), tf.float64), axis=1)
    size = tf.reduce_sum(tf.cast(same, tf.float64), axis=1)
    for rate in rates:
        found[f"who is selected at a rate of {rate}"] = tf.cast(
            at_least <= tf.round(rate * size), tf.float64)
    return found | {f"a ValueError for a rate of {rate} (1 is yes)": tf.constant(1.0)
                    for rate in refuse}


def limits(limit, pooled=False, strict=True):
    def wrong(scores, groups, rate):
        if strict and not 0 <= rate <= 1:
            raise ValueError
        scores, groups = np.ravel(scores), np.ravel(groups)
        names = np.unique(groups).tolist()
        return {name: limit(np.sort(scores if pooled else scores[groups == name])[::-1],
                            rate, len(scores) / len(names)) for name in names}

    return wrong


def from_top(falling, number):
    return falling[int(number)] if number < len(falling) else -np.inf


CHOOSE = {"scores": uniform(60) + TILT, "groups": THREE, "rates": (0.3, 0.7)}
group_thresholds = Check(
    target="nnlib.fairness.group_thresholds",
    reference=chosen,
    attempt=choose,
    cases=[
        Case("three groups", CHOOSE, points=2,
             hint="Sort each group's scores from the top; k are to be above the threshold, so it "
                  "is the next one, number k if you count from 0."),
        Case("two groups, named by words", CHOOSE | {"groups": WORDS, "rates": (0.1, 0.5)},
             hint="The dictionary has the groups as np.unique names them."),
        Case("the nearest whole number", CHOOSE | {"rates": (0.12, 0.26, 0.58, 0.97)},
             hint="`round(rate * n)`, and not cut off."),
        Case("equal scores at the border",
             {"scores": np.array([5.0, 4, 4, 4, 3, 2, 9, 9, 9, 8, 8, 1]), "rates": (0.33, 0.67),
              "groups": np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])},
             hint="If the k-th and the next are equal, all with that score are left out."),
        Case("nobody, half and everybody", CHOOSE | {"rates": (0.0, 0.5, 1.0),
                                                     "groups": np.arange(60) % 3},
             hint="For everybody there is no next score: the threshold is -inf."),
        Case("a column, and impossible rates",
             CHOOSE | {"scores": normal(60, 1) * 10, "rates": (0.4,), "refuse": (-0.1, 1.5)},
             hint="Raise a ValueError for a rate below 0 or above 1."),
        untouched(**CHOOSE),
    ],
    mistakes=[
        Mistake("took one threshold for all groups",
                limits(lambda falling, rate, mean: from_top(falling, round(rate * len(falling))),
                       pooled=True)),
        Mistake("selected the lowest scores' share instead of the highest",
                limits(lambda falling, rate, mean: from_top(
                    falling, round((1 - rate) * len(falling))))),
        Mistake("took the k-th score as the threshold: it is not above itself",
                limits(lambda falling, rate, mean: falling[
                    max(round(rate * len(falling)) - 1, 0)])),
        Mistake("cut k off instead of taking the nearest whole number",
                limits(lambda falling, rate, mean: from_top(falling, int(rate * len(falling))))),
        Mistake("selected equally many of each group instead of an equal share",
                limits(lambda falling, rate, mean: from_top(falling, round(rate * mean)))),
        Mistake("took the lowest score as the threshold for everybody: it is not above itself",
                limits(lambda falling, rate, mean: falling[min(round(rate * len(falling)),
                                                               len(falling) - 1)])),
        Mistake("accepted impossible rates", limits(
            lambda falling, rate, mean: from_top(falling, max(round(rate * len(falling)), 0)),
            strict=False)),
    ],
)

# ---- in words

which_error = Written(
    name="which_error",
    rubric=[
        (1, "Says what a false alarm and what a miss are here, and who bears each."),
        (1, "Gives a ratio of the two costs with a reason, or says who has to set it."),
        (1, "Names a threshold and what it means in numbers: how many are sent on, how many of "
            "the ill are missed."),
        (1, "Names a fact that would change the choice, such as another base rate, what the "
            "second test does to people, or that the labels are uncertain."),
    ],
    answer="A false alarm is a healthy person who is called back: worry, a day lost, and a "
           "second test with its own small risk. A miss is an ill person who is sent home and "
           "treated too late. I would weigh a miss like fifty false alarms, because the second "
           "test harms few and a late treatment costs lives; but patients and doctors should set"
           " that number, not the programmer. At that ratio the cheapest threshold is near 1.1: "
           "about 15 of 100 people are called back, one in ten of those is ill, and one in five "
           "of the ill is missed. With a factor of 200 only 3 of 100 ill people are missed, but "
           "half of everybody is called back, and I doubt that the second test has room for "
           "them. If it were an operation instead of a picture I would choose a higher "
           "threshold; and if the disease were a hundred times rarer, nearly every alarm would "
           "be false, so I would ask first whether to screen at all.",
)

not_to_be_used_for = Written(
    name="not_to_be_used_for",
    rubric=[
        (1, "Names at least two concrete uses that are ruled out, such as ranking applicants or "
            "setting a cut-off."),
        (1, "Gives a reason from the data: labels are employers' decisions, with their prejudice, "
            "not ability; two cities and a few kinds of jobs; invented applicants."),
        (1, "Gives a reason from the measurements, with a number: the AUC with its interval, or a "
            "gap between groups."),
        (1, "Says what it may be used for, or what would have to be shown before it may be used."),
    ],
    answer="Not to be used to rank, filter or reject applicants, nor to set a quota or a cut-"
           "off, and not for other cities, jobs or years. The labels say whom employers in "
           "Boston and Chicago called back in 2001 and 2002, for resumes that were invented: the"
           " model imitates their decisions, and with them the lower rate for names that sounded"
           " black. On resumes it has not seen its AUC is 0.65 (0.62 to 0.68), where 0.5 is a "
           "coin, so it says little about one person. If it invites every fifth, names that "
           "sound black are invited 0.36 times as often as others; the employers' own ratio was "
           "0.67. It may be used to teach how such gaps are measured. Before any other use "
           "somebody would have to show that its labels measure what the job needs, and measure "
           "its errors group by group on the people it is meant for.",
)
