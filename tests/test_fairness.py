"""Fairness: known answers, properties, fairlearn, and groups that cannot be measured."""

import doctest

import fairlearn.metrics as fairlearn
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnlib import fairness
from nnlib.fairness import (
    by_group,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
    group_thresholds,
    selection_rate,
)
from nnlib.metrics import paired, recall

DIFFERENCES = [demographic_parity_difference, equal_opportunity_difference,
               equalized_odds_difference]
few = settings(max_examples=20)  # fairlearn takes its time
every = pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda f: f.__name__)


@st.composite
def decisions(draw):
    """Draw labels, decisions and two to four groups; each group has both classes."""
    count, size = draw(st.integers(2, 4)), draw(st.integers(0, 40))
    bits = st.lists(st.integers(0, 1), min_size=size, max_size=size)
    groups = draw(st.lists(st.integers(0, count - 1), min_size=size, max_size=size))
    y_true = np.array([*[0, 1] * count, *draw(bits)])
    y_pred = np.array([*[1, 1] * count, *draw(bits)])
    return y_true, y_pred, np.array([*np.repeat(range(count), 2), *groups]).astype(int)


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(fairness, extraglobs={"np": np})
    assert ran and not failed


@few
@given(decisions())
def test_fairlearn_says_the_same(drawn):
    y_true, y_pred, groups = drawn
    assert selection_rate(y_true, y_pred) == pytest.approx(fairlearn.selection_rate(y_true, y_pred))
    for ours in (*DIFFERENCES, demographic_parity_ratio):
        theirs = getattr(fairlearn, ours.__name__)
        assert ours(y_true, y_pred, groups) == pytest.approx(
            theirs(y_true, y_pred, sensitive_features=groups)), ours.__name__


@few
@given(decisions())
def test_fairlearn_measures_the_same_groups(drawn):
    y_true, y_pred, groups = drawn
    frame = fairlearn.MetricFrame(metrics=fairlearn.true_positive_rate, y_true=y_true,
                                  y_pred=y_pred, sensitive_features=groups)
    assert by_group(recall, y_true, y_pred, groups) == pytest.approx(frame.by_group.to_dict())


@every
@given(drawn=decisions())
def test_the_names_and_the_order_of_groups_do_not_matter(difference, drawn):
    y_true, y_pred, groups = drawn
    words = [["d", "a", "c", "b"][group] for group in groups][::-1]
    assert difference(y_true[::-1], y_pred[::-1], words) == \
        pytest.approx(difference(y_true, y_pred, groups))


@every
def test_who_treats_all_alike_has_no_gap(difference):
    y_true, groups = np.tile([0, 0, 1, 1], 3), np.repeat(["a", "b", "c"], 4)
    assert difference(y_true, np.tile([0, 1, 1, 0], 3), groups) == 0


@given(decisions())
def test_equalized_odds_are_never_better_than_equal_opportunity(drawn):
    assert equalized_odds_difference(*drawn) >= equal_opportunity_difference(*drawn) - 1e-12


def test_a_perfect_model_has_no_gap_in_errors_but_that_of_the_base_rates():
    y_true, groups = np.array([1, 1, 1, 0, 1, 0, 0, 0]), np.repeat([0, 1], 4)
    assert equalized_odds_difference(y_true, y_true, groups) == 0
    assert demographic_parity_difference(y_true, y_true, groups) == 0.5
    assert demographic_parity_ratio(y_true, y_true, groups) == pytest.approx(1 / 3)


@given(decisions(), st.floats(0, 1))
def test_group_thresholds_select_every_group_at_the_rate(drawn, rate):
    _, _, groups = drawn
    scores = np.random.default_rng(0).normal(size=len(groups)) + groups
    limits = group_thresholds(scores, groups, rate)
    said = scores > np.array([limits[group] for group in groups])
    for group, found in by_group(selection_rate, said, said, groups).items():
        assert abs(found - rate) <= 0.5 / np.sum(groups == group) + 1e-9


def test_equal_scores_are_treated_alike():
    scores = np.array([3.0, 2.0, 2.0, 2.0, 1.0])
    assert group_thresholds(scores, [0] * 5, 0.4) == {0: 2.0}


@pytest.mark.parametrize("difference, y_true, words", [
    (equal_opportunity_difference, [0, 1, 0, 0], "group b has no sample of class 1"),
    (equalized_odds_difference, [0, 1, 0, 0], "group b: every label is 0"),
    (equalized_odds_difference, [1, 1, 0, 1], "group a: every label is 1"),
])
def test_a_group_without_a_class_is_named(difference, y_true, words):
    with pytest.raises(ValueError, match=words):
        difference(np.array(y_true), np.ones(4), ["a", "a", "b", "b"])


@pytest.mark.parametrize("difference", [*DIFFERENCES, demographic_parity_ratio])
def test_sizes_that_differ_are_named(difference):
    with pytest.raises(ValueError, match="2 labels, 2 predictions and 3 groups"):
        difference(np.array([0, 1]), np.array([0, 1]), ["a", "b", "b"])
    with pytest.raises(ValueError, match="0 labels, 0 predictions and 0 groups"):
        difference([], [], [])


def test_nobody_selected_has_no_ratio():
    with pytest.raises(ValueError, match="nobody is selected"):
        demographic_parity_ratio(np.array([0, 1]), np.zeros(2), [0, 1])


@pytest.mark.parametrize("scores, rate, words", [
    ([0.1, 0.2], 1.5, "rate is 1.5"),
    ([0.1, 0.2], float("nan"), "rate is nan"),
    ([0.1, 0.2, 0.3], 0.5, "3 scores, 0 of them nan, and 2 groups"),
    ([0.1, np.nan], 0.5, "1 of them nan"),
])
def test_thresholds_for_what_cannot_be_sorted_are_refused(scores, rate, words):
    with pytest.raises(ValueError, match=words):
        group_thresholds(scores, ["a", "b"], rate)


def test_the_helper_of_the_metrics_changes_nothing():
    y_true, scores = np.array([0, 1]), np.array([0.5, 0.25])
    paired(y_true, scores)[1][:] = 0
    assert scores.tolist() == [0.5, 0.25]
