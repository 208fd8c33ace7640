"""Fairness: the same decisions, measured group by group. Names and rules are fairlearn's."""

import numpy as np

from nnlib.metrics import error_rates, paired, recall


def by_group(metric, y_true, y_pred, groups, **options):
    """Measure each group alone.

    Parameters
    ----------
    metric : callable ``(y_true, y_pred, **options)``
    y_true, y_pred : ndarray, shape (samples, ...)
    groups : ndarray or list, shape (samples,)
        The group of each sample, a number or a word.
    **options
        Handed to `metric`, such as ``threshold=0.3``.

    Returns
    -------
    dict
        What `metric` returns, by group, in sorted order.

    Raises
    ------
    ValueError
        If the sizes differ. If `metric` raises it for a group: then its sentence, with the group's
        name before it.

    Examples
    --------
    >>> y_true, y_pred = np.array([0, 1, 1, 1]), np.array([0.1, 0.4, 0.7, 0.2])
    >>> by_group(lambda y_true, y_pred: len(y_true), y_true, y_pred, ["f", "m", "f", "f"])
    {'f': 3, 'm': 1}

    References
    ----------
    Buolamwini, Gebru (2018), *Gender shades: intersectional accuracy disparities in commercial
    gender classification*, FAT*.
    """
    y_true, y_pred, groups = np.asarray(y_true), np.asarray(y_pred), np.ravel(groups)
    if not len(y_true) == len(y_pred) == len(groups) > 0:
        raise ValueError(f"there are {len(y_true)} labels, {len(y_pred)} predictions and "
                         f"{len(groups)} groups: give one of each for every sample")
    found = {}
    for group in np.unique(groups).tolist():
        rows = groups == group
        try:
            found[group] = metric(y_true[rows], y_pred[rows], **options)
        except ValueError as error:
            raise ValueError(f"group {group}: {error}") from error
    return found


def selection_rate(y_true, y_pred, threshold=0.5):
    """Return the share of samples that are predicted to be 1.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
        Has no influence. It is here because all metrics are called alike.
    y_pred : ndarray
        One number for each label, a decision or a probability; above `threshold`, and not at it,
        says 1.
    threshold : float

    Returns
    -------
    float

    Examples
    --------
    >>> selection_rate(np.array([0, 0, 1, 1]), np.array([0.2, 0.5, 0.6, 0.4]))
    0.25
    """
    _, y_pred = paired(y_true, y_pred)
    return float(np.mean(y_pred > threshold))


def demographic_parity_difference(y_true, y_pred, groups, threshold=0.5):
    """Return how far the selection rates of the groups lie apart: the largest minus the smallest.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
        Has no influence.
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    groups : ndarray or list
        The group of each sample; any number of groups.
    threshold : float

    Returns
    -------
    float
        0 if all groups are selected at the same rate.

    Examples
    --------
    >>> y_true, y_pred = np.array([0, 1, 0, 1]), np.array([1, 1, 0, 1])
    >>> demographic_parity_difference(y_true, y_pred, ["a", "a", "b", "b"])
    0.5

    References
    ----------
    Dwork, Hardt, Pitassi, Reingold, Zemel (2012), *Fairness through awareness*, where it is called
    statistical parity.
    """
    rates = by_group(selection_rate, y_true, y_pred, groups, threshold=threshold).values()
    return max(rates) - min(rates)


def demographic_parity_ratio(y_true, y_pred, groups, threshold=0.5):
    """Return the smallest selection rate of a group, divided by the largest.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
        Has no influence.
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    groups : ndarray or list
        The group of each sample; any number of groups.
    threshold : float

    Returns
    -------
    float
        1 if all groups are selected at the same rate.

    Raises
    ------
    ValueError
        If nobody is selected in any group.

    Examples
    --------
    >>> y_true, y_pred = np.array([0, 1, 0, 1]), np.array([1, 1, 0, 1])
    >>> demographic_parity_ratio(y_true, y_pred, ["a", "a", "b", "b"])
    0.5

    References
    ----------
    Below 0.8 the US authorities speak of adverse impact: the four-fifths rule of the *Uniform
    guidelines on employee selection procedures* (1978), section 4D.
    """
    rates = by_group(selection_rate, y_true, y_pred, groups, threshold=threshold).values()
    if max(rates) == 0:
        raise ValueError("nobody is selected in any group, so there is no ratio of rates: "
                         "lower the threshold")
    return min(rates) / max(rates)


def equal_opportunity_difference(y_true, y_pred, groups, threshold=0.5):
    """Return how far the true positive rates of the groups lie apart.

    The true positive rate is the share of a group's ones that are predicted to be 1: how often
    somebody who should be selected is.

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    groups : ndarray or list
        The group of each sample; any number of groups.
    threshold : float

    Returns
    -------
    float
        The largest rate minus the smallest.

    Raises
    ------
    ValueError
        If a group has no ones: the share of nobody is no number. (fairlearn takes 0 for it.)

    Examples
    --------
    >>> y_true, y_pred = np.array([0, 1, 1, 1, 1, 1]), np.array([1, 1, 1, 1, 1, 0])
    >>> equal_opportunity_difference(y_true, y_pred, ["a", "a", "a", "b", "b", "b"])
    0.33333333333333337

    References
    ----------
    Hardt, Price, Srebro (2016), *Equality of opportunity in supervised learning*, definition 2.2.
    """
    for group, ones in by_group(lambda y_true, _: np.sum(y_true), y_true, y_pred, groups).items():
        if not ones:
            raise ValueError(f"group {group} has no sample of class 1, so it has no true positive "
                             "rate: leave it out, and say so, or get more data")
    rates = by_group(recall, y_true, y_pred, groups, threshold=threshold).values()
    return max(rates) - min(rates)


def equalized_odds_difference(y_true, y_pred, groups, threshold=0.5):
    """Return the larger of two gaps between the groups: in false alarms, and in misses.

    The gap in misses is that in true positive rates, so this is fairlearn's "worst case".

    Parameters
    ----------
    y_true : ndarray of 0 and 1
    y_pred : ndarray
        One number for each label; above `threshold`, and not at it, says 1.
    groups : ndarray or list
        The group of each sample; any number of groups.
    threshold : float

    Returns
    -------
    float
        For each of the two rates the largest minus the smallest; of these two, the larger.

    Raises
    ------
    ValueError
        If a group lacks one of the classes. (fairlearn takes 0 for its rate.)

    Examples
    --------
    >>> y_true, y_pred = np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.array([0, 1, 1, 1, 0, 0, 1, 1])
    >>> equalized_odds_difference(y_true, y_pred, ["a", "a", "a", "a", "b", "b", "b", "b"])
    0.5

    References
    ----------
    Hardt, Price, Srebro (2016), *Equality of opportunity in supervised learning*, definition 2.1.
    """
    rates = by_group(error_rates, y_true, y_pred, groups, threshold=threshold)
    return float(np.ptp(list(rates.values()), axis=0).max())


def group_thresholds(scores, groups, rate):
    """Return a threshold for each group, such that all groups are selected at the same rate.

    In a group of n samples the k with the highest scores are to be selected, where k is the whole
    number nearest to ``rate * n``. If the k-th and the next have equal scores, those with that
    score are all left out.

    Parameters
    ----------
    scores : ndarray, shape (samples,) or (samples, 1)
    groups : ndarray or list, shape (samples,)
    rate : float
        From 0 to 1.

    Returns
    -------
    dict of float
        By group. Who has a score above it, and not at it, is selected.

    Raises
    ------
    ValueError
        If the sizes differ, a score is nan, or `rate` is below 0 or above 1.

    Examples
    --------
    >>> scores = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1])
    >>> group_thresholds(scores, ["a", "a", "a", "a", "b", "b", "b", "b"], 0.5)
    {'a': 0.7, 'b': 0.2}

    References
    ----------
    Corbett-Davies, Pierson, Feller, Goel, Huq (2017), *Algorithmic decision making and the cost of
    fairness*, KDD.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate is {rate}, expected a share from 0 to 1")
    scores, groups = np.ravel(scores), np.ravel(groups)
    if scores.size != groups.size or np.isnan(scores).any():
        raise ValueError(f"there are {scores.size} scores, {np.isnan(scores).sum()} of them nan, "
                         f"and {groups.size} groups: give a number and a group for each sample")
    thresholds = {}
    for group in np.unique(groups).tolist():
        falling = np.sort(scores[groups == group])[::-1]
        count = round(rate * falling.size)
        thresholds[group] = float(falling[count]) if count < falling.size else -np.inf
    return thresholds
