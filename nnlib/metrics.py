"""Metrics: what a classifier gets wrong, at one threshold or at all, and how sure that is."""

import numpy as np


def paired(y_true, scores):
    """Return labels and scores as flat arrays, after a look whether they belong together.

    Parameters
    ----------
    y_true : ndarray, any shape
        0 and 1.
    scores : ndarray
        One number for each label; ``(batch, 1)`` beside ``(batch,)`` is fine.

    Returns
    -------
    y_true : ndarray of bool, shape (samples,)
    scores : ndarray of float, shape (samples,)

    Raises
    ------
    ValueError
        If the sizes differ, nothing is there, a label is neither 0 nor 1, or a score is nan.
    """
    y_true, scores = np.ravel(y_true), np.ravel(scores) * 1.0  # 1.0: integers become floats
    if y_true.size != scores.size:
        raise ValueError(f"there are {y_true.size} labels and {scores.size} predictions: "
                         "give one prediction for each label")
    if y_true.size == 0:
        raise ValueError("there are no samples, so there is nothing to measure")
    strange = y_true[(y_true != 0) & (y_true != 1)]
    if strange.size:
        raise ValueError(f"y_true holds {strange[0]}, expected 0 and 1: "
                         "for several classes use confusion_matrix")
    if np.isnan(scores).any():
        raise ValueError(f"prediction {np.isnan(scores).argmax()} is nan: "
                         "clean the data, or the model, before you measure")
    return y_true == 1, scores


def confusion_matrix(y_true, y_pred, num_classes=None):
    """Count how often each class was taken for each class.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (samples,)
        Class numbers from 0 on.
    num_classes : int, optional
        By default one more than the largest number in either.

    Returns
    -------
    ndarray of int64, shape (num_classes, num_classes)
        Row i, column j: how many samples of class i were predicted to be j.

    Raises
    ------
    ValueError
        If the sizes differ, something is not the number of one of the classes, or there is neither
        a sample nor `num_classes`.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 1, 0, 0, 1, 1]))
    array([[3, 1],
           [2, 2]])
    """
    y_true, y_pred = np.ravel(y_true), np.ravel(y_pred)
    if y_true.size != y_pred.size:
        raise ValueError(f"there are {y_true.size} labels and {y_pred.size} predictions: "
                         "give one prediction for each label")
    if num_classes is None:
        if not y_true.size:
            raise ValueError("there are no samples: say in num_classes how many classes")
        num_classes = int(max(y_true.max(), y_pred.max())) + 1
    for numbers in (y_true, y_pred):
        strange = numbers[(numbers < 0) | (numbers >= num_classes) | (numbers % 1 != 0)]
        if strange.size:
            raise ValueError(f"{strange[0]} is not the number of a class from 0 to "
                             f"{num_classes - 1}: turn probabilities into classes first")
    cells = y_true.astype(np.int64) * num_classes + y_pred.astype(np.int64)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def precision(y_true, y_pred, threshold=0.5):
    r"""Return the share of right ones among the predictions of 1.

    .. math:: \frac{TP}{TP + FP}

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    threshold : float

    Returns
    -------
    float
        0.0 if nothing is predicted to be 1, as in Keras.

    Examples
    --------
    >>> precision(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.7, 0.2]))
    0.6666666666666666

    References
    ----------
    van Rijsbergen (1979), *Information Retrieval*, chapter 7.
    """
    y_true, y_pred = paired(y_true, y_pred)
    said = y_pred > threshold
    return float(np.sum(said & y_true) / max(np.sum(said), 1))


def recall(y_true, y_pred, threshold=0.5):
    r"""Return the share of the samples of class 1 that are found.

    .. math:: \frac{TP}{TP + FN}

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    threshold : float

    Returns
    -------
    float
        0.0 if no sample is of class 1, as in Keras.

    Examples
    --------
    >>> recall(np.array([1, 1, 1, 1, 0]), np.array([0.9, 0.8, 0.7, 0.2, 0.6]))
    0.75

    References
    ----------
    van Rijsbergen (1979), *Information Retrieval*, chapter 7.
    """
    y_true, y_pred = paired(y_true, y_pred)
    said = y_pred > threshold
    return float(np.sum(said & y_true) / max(np.sum(y_true), 1))


def f1(y_true, y_pred, threshold=0.5):
    r"""Return the harmonic mean of precision P and recall R.

    .. math:: F_1 = \frac{2 P R}{P + R}

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    threshold : float

    Returns
    -------
    float
        0.0 if both are 0.

    Examples
    --------
    >>> f1(np.array([1, 1, 0, 0]), np.array([0.9, 0.1, 0.2, 0.3]))
    0.6666666666666666

    References
    ----------
    van Rijsbergen (1979), *Information Retrieval*, chapter 7.
    """
    p, r = precision(y_true, y_pred, threshold), recall(y_true, y_pred, threshold)
    return 2 * p * r / (p + r) if p + r else 0.0


def error_rates(y_true, y_pred, threshold=0.5):
    """Return how often there is a false alarm, and how often a miss.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    threshold : float

    Returns
    -------
    type_1 : float
        The false positive rate: which share of the zeros is predicted to be 1.
    type_2 : float
        The false negative rate: which share of the ones is predicted to be 0.

    Raises
    ------
    ValueError
        If a class has no sample: a share of nobody is no number.

    Examples
    --------
    >>> error_rates(np.array([0, 0, 0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.9]))
    (0.25, 0.5)

    References
    ----------
    Neyman, Pearson (1933), *On the problem of the most efficient tests of statistical hypotheses*.
    """
    y_true, y_pred = paired(y_true, y_pred)
    if y_true.all() or not y_true.any():
        raise ValueError(f"every label is {int(y_true[0])}: error rates need samples of both "
                         "classes")
    said = y_pred > threshold
    return float(np.mean(said[~y_true])), float(np.mean(~said[y_true]))


def roc_curve(y_true, scores):
    """Return false and true positive rates for every threshold that makes a difference.

    At a threshold t, samples with ``score >= t`` are predicted to be 1, as in scikit-learn. The
    thresholds fall: first inf, where nothing is predicted, then each distinct score once.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    scores : ndarray
        One number for each label, probabilities or logits alike; only their order counts.

    Returns
    -------
    fpr, tpr : ndarray of float64, shape (distinct scores + 1,)
    thresholds : ndarray, same shape
        In the dtype of `scores`.

    Raises
    ------
    ValueError
        If a class has no sample.

    Examples
    --------
    >>> fpr, tpr, thresholds = roc_curve(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    >>> fpr, tpr, thresholds
    (array([0. , 0. , 0.5, 1. ]), array([0. , 0.5, 1. , 1. ]), array([inf, 0.8, 0.4, 0.1]))

    References
    ----------
    Fawcett (2006), *An introduction to ROC analysis*, Pattern Recognition Letters 27.
    """
    y_true, scores = paired(y_true, scores)
    if y_true.all() or not y_true.any():
        raise ValueError(f"every label is {int(y_true[0])}: a ROC curve needs samples of both "
                         "classes")
    order = np.argsort(scores)[::-1]
    scores, found = scores[order], np.cumsum(y_true[order])
    last = np.append(np.flatnonzero(scores[1:] != scores[:-1]), len(scores) - 1)  # of equal scores
    tpr = np.append(0, found[last]) / found[-1]
    fpr = np.append(0, last + 1 - found[last]) / (len(scores) - found[-1])
    return fpr, tpr, np.insert(scores[last], 0, np.inf)


def auc(y_true, scores):
    """Return the area under the ROC curve, joined by straight lines.

    It is the chance that of a random one and a random zero the one has the higher score; equal
    scores count one half.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    scores : ndarray
        One number for each label; only their order counts.

    Returns
    -------
    float
        1 for a perfect order, 0.5 for chance, 0 for the reverse order.

    Raises
    ------
    ValueError
        If a class has no sample.

    Examples
    --------
    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875

    References
    ----------
    Hanley, McNeil (1982), *The meaning and use of the area under a receiver operating
    characteristic (ROC) curve*, Radiology 143.
    """
    fpr, tpr, _ = roc_curve(y_true, scores)
    return float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))


def expected_cost(y_true, scores, threshold, cost_fp, cost_fn):
    """Return what the errors at a threshold cost, on average over all samples.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    scores : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    threshold : float
    cost_fp, cost_fn : float
        Of one false alarm, and of one miss. What is right costs nothing.

    Returns
    -------
    float

    Examples
    --------
    >>> expected_cost(np.array([0, 0, 1, 1]), np.array([0.2, 0.6, 0.4, 0.9]), 0.5, 1.0, 10.0)
    2.75

    References
    ----------
    Elkan (2001), *The foundations of cost-sensitive learning*, IJCAI.
    """
    y_true, scores = paired(y_true, scores)
    said = scores > threshold
    return float(np.mean(cost_fp * (said & ~y_true) + cost_fn * (~said & y_true)))


def best_threshold(y_true, scores, cost_fp, cost_fn):
    """Return a threshold at which the expected cost is as low as it can be.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    scores : ndarray
        One number for each label; above the threshold, and not at it, says 1.
    cost_fp, cost_fn : float
        See `expected_cost`.

    Returns
    -------
    float
        One of the scores, or ``-inf``: everybody is predicted to be 1.

    Raises
    ------
    ValueError
        If a class has no sample.

    Examples
    --------
    >>> y_true, scores = np.array([0, 0, 1, 1]), np.array([0.2, 0.6, 0.4, 0.9])
    >>> best_threshold(y_true, scores, 1.0, 10.0), best_threshold(y_true, scores, 10.0, 1.0)
    (0.2, 0.6)

    References
    ----------
    Elkan (2001), *The foundations of cost-sensitive learning*, IJCAI.
    """
    fpr, tpr, thresholds = roc_curve(y_true, scores)
    share = np.mean(y_true)  # of ones
    costs = cost_fp * fpr * (1 - share) + cost_fn * (1 - tpr) * share
    # The curve says 1 from a score on, we say 1 above it: the same people, from the next one down.
    return float(np.append(thresholds[1:], -np.inf)[np.argmin(costs)])


def calibration_table(y_true, y_pred, bins=10):
    """Hold probabilities against what happened, bin by bin.

    [0, 1] is cut into `bins` equal parts. A number on the border of two belongs to the lower one,
    and empty bins are left out, both as in scikit-learn.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    y_pred : ndarray
        One probability for each label.
    bins : int

    Returns
    -------
    predicted : ndarray of float64, shape (bins that are not empty,)
        The mean probability in each bin.
    observed : ndarray of float64, same shape
        The share of ones in each bin.
    counts : ndarray of int64, same shape
        How many samples are in each bin.

    Raises
    ------
    ValueError
        If a probability is below 0 or above 1, or there is no bin.

    Examples
    --------
    >>> y_true, y_pred = np.array([0, 1, 1, 1]), np.array([0.25, 0.125, 0.75, 1.0])
    >>> calibration_table(y_true, y_pred, bins=4)
    (array([0.1875, 0.75  , 1.    ]), array([0.5, 1. , 1. ]), array([2, 1, 1]))

    References
    ----------
    Niculescu-Mizil, Caruana (2005), *Predicting good probabilities with supervised learning*, ICML.
    """
    y_true, y_pred = paired(y_true, y_pred)
    if y_pred.min() < 0 or y_pred.max() > 1:
        raise ValueError(f"probabilities run from {y_pred.min():.3g} to {y_pred.max():.3g}, "
                         "expected 0 to 1: are these logits?")
    if bins < 1:
        raise ValueError(f"bins is {bins}, expected 1 or more")
    borders = np.linspace(0, 1, bins + 1)[1:-1]
    place = np.searchsorted(borders, y_pred)  # how many borders lie below
    counts = np.bincount(place, minlength=bins)
    full = counts > 0
    sums = (np.bincount(place, weights, bins)[full] for weights in (y_pred, y_true))
    predicted, observed = (total / counts[full] for total in sums)
    return predicted, observed, counts[full]


def bootstrap_interval(metric, y_true, y_pred, rng, level=0.95, draws=1000):
    """Return an interval for a metric, from samples that are drawn again and again.

    Each draw takes as many samples as there are, with replacement, each label together with its
    prediction. The ends are percentiles of the metric over all draws, as many below the interval
    as above it.

    Parameters
    ----------
    metric : callable ``(y_true, y_pred) -> float``
    y_true, y_pred : ndarray, shape (samples, ...)
    rng : numpy.random.Generator
    level : float
        The share of the draws inside the interval.
    draws : int

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If the sizes differ or are 0, `draws` is below 1, or the metric raises it for a draw, such
        as one that has no ones.

    Examples
    --------
    >>> y_true, y_pred = np.array([0, 1] * 50), np.array([0, 1, 0, 1, 1] * 20)
    >>> low, high = bootstrap_interval(precision, y_true, y_pred, np.random.default_rng(0))
    >>> low < precision(y_true, y_pred) < high
    True

    References
    ----------
    Efron, Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 13.
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if len(y_true) != len(y_pred) or not len(y_true):
        raise ValueError(f"there are {len(y_true)} labels and {len(y_pred)} predictions: "
                         "give one prediction for each label, and at least one")
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"draws is {draws} and level is {level}: expected 1 or more draws, and a "
                         "share between 0 and 1")
    found = []
    for _ in range(draws):
        rows = rng.integers(len(y_true), size=len(y_true))
        found.append(metric(y_true[rows], y_pred[rows]))
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
