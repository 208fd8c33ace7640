"""Metrics: known answers, properties, scikit-learn, and what is said when something is wrong."""

import doctest

import numpy as np
import pytest
import sklearn.metrics as sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from nnlib import metrics
from nnlib.metrics import (
    auc,
    best_threshold,
    bootstrap_interval,
    calibration_table,
    confusion_matrix,
    error_rates,
    expected_cost,
    f1,
    precision,
    recall,
    roc_curve,
)

EXACT = {"rtol": 1e-12, "atol": 1e-12}  # the same counts, divided in another order
AT_A_THRESHOLD = [precision, recall, f1, error_rates]
OF_SCORES = [roc_curve, auc]


@st.composite
def samples(draw):
    """Draw labels of both classes and scores, many of them equal."""
    size = draw(st.integers(2, 40))
    labels = draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    scores = draw(st.lists(st.integers(0, 8), min_size=size, max_size=size))
    return np.array([0, 1, *labels]), np.array([3, 3, *scores]) / 8


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(metrics, extraglobs={"np": np})
    assert ran and not failed


def test_a_confusion_matrix_and_what_follows_from_it_by_hand():
    y_true = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    y_pred = np.array([0.1, 0.2, 0.3, 0.8, 0.25, 0.4, 0.6, 0.9])
    assert confusion_matrix(y_true, y_pred > 0.5).tolist() == [[3, 1], [2, 2]]
    assert precision(y_true, y_pred) == pytest.approx(2 / 3)
    assert recall(y_true, y_pred) == 0.5
    assert f1(y_true, y_pred) == pytest.approx(4 / 7)
    assert error_rates(y_true, y_pred) == (0.25, 0.5)


@given(samples())
def test_scikit_learn_says_the_same(drawn):
    y_true, scores = drawn
    said = scores > 0.5
    np.testing.assert_array_equal(confusion_matrix(y_true, said, 2),
                                  sklearn.confusion_matrix(y_true, said))
    for ours, theirs in ((precision, sklearn.precision_score), (recall, sklearn.recall_score),
                         (f1, sklearn.f1_score)):
        assert ours(y_true, scores) == pytest.approx(theirs(y_true, said, zero_division=0.0))
    for one, other in zip(roc_curve(y_true, scores), sklearn.roc_curve(
            y_true, scores, drop_intermediate=False), strict=True):
        np.testing.assert_allclose(one, other, **EXACT)
    assert auc(y_true, scores) == pytest.approx(sklearn.roc_auc_score(y_true, scores))


@given(samples(), st.integers(1, 12))
def test_scikit_learn_draws_the_same_calibration_curve(drawn, bins):
    y_true, y_pred = drawn
    predicted, observed, counts = calibration_table(y_true, y_pred, bins)
    theirs = calibration_curve(y_true, y_pred, n_bins=bins)
    np.testing.assert_allclose([observed, predicted], theirs, **EXACT)
    assert counts.sum() == len(y_true)


@given(samples())
def test_auc_is_the_share_of_pairs_in_order(drawn):
    y_true, scores = drawn
    ones, zeros = scores[y_true == 1], scores[y_true == 0]
    pairs = (np.sign(ones[:, np.newaxis] - zeros) + 1) / 2
    assert auc(y_true, scores) == pytest.approx(pairs.mean())


@given(samples())
def test_auc_counts_the_order_only(drawn):
    y_true, scores = drawn
    assert auc(y_true, np.exp(3 * scores)) == pytest.approx(auc(y_true, scores))
    assert auc(y_true, -scores) == pytest.approx(1 - auc(y_true, scores))


@given(samples())
def test_a_roc_curve_has_the_error_rates_of_every_threshold(drawn):
    y_true, scores = drawn
    fpr, tpr, thresholds = roc_curve(y_true, scores)
    below = np.append(thresholds[1:], -np.inf)  # at or above one is above the next one down
    rates = np.array([error_rates(y_true, scores, one) for one in below])
    np.testing.assert_allclose(rates, np.stack([fpr, 1 - tpr], axis=1), **EXACT)


@given(samples(), st.floats(0.1, 10), st.floats(0.1, 10))
def test_no_threshold_is_cheaper_than_the_best(drawn, cost_fp, cost_fn):
    y_true, scores = drawn
    best = best_threshold(y_true, scores, cost_fp, cost_fn)
    found = expected_cost(y_true, scores, best, cost_fp, cost_fn)
    for other in (-np.inf, *scores, 0.03, 0.61):
        assert found <= expected_cost(y_true, scores, other, cost_fp, cost_fn) + 1e-12


@given(samples())
def test_where_a_class_is_rare_precision_falls_and_error_rates_stay(drawn):
    y_true, scores = drawn
    more = np.append(y_true, np.repeat(y_true[y_true == 0], 9))
    same = np.append(scores, np.repeat(scores[y_true == 0], 9))
    assert precision(more, same) <= precision(y_true, scores)
    np.testing.assert_allclose(error_rates(more, same), error_rates(y_true, scores), **EXACT)


def test_thresholds_keep_the_dtype_of_the_scores():
    for dtype in (np.float32, np.float64):
        scores = np.array([0.1, 0.7, 0.7, 0.2], dtype=dtype)
        assert roc_curve(np.array([0, 1, 0, 1]), scores)[2].dtype == dtype


@pytest.mark.parametrize("scores", [np.array([[0.1], [0.9], [0.6]]), [0.1, 0.9, 0.6],
                                    np.array([0.1, 0.9, 0.6], dtype=np.float32)])
@pytest.mark.parametrize("metric", AT_A_THRESHOLD + OF_SCORES)
def test_a_column_a_list_and_float32_are_the_same_numbers(metric, scores):
    y_true = np.array([0, 1, 0])
    np.testing.assert_allclose(np.ravel(metric(y_true, scores)),
                               np.ravel(metric(y_true, np.array([0.1, 0.9, 0.6]))), rtol=1e-6)


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    rng, hits = np.random.default_rng(0), 0
    for _ in range(200):
        y = (rng.uniform(size=80) < 0.3) * 1.0
        low, high = bootstrap_interval(lambda y_true, _: np.mean(y_true), y, y, rng, 0.9, 200)
        hits += low <= 0.3 <= high
    assert 0.82 < hits / 200 < 0.96  # 0.9, within four standard errors


def test_an_interval_comes_from_its_rng_alone():
    y_true, y_pred = np.arange(50) % 2, np.linspace(0, 1, 50)
    first, again = (bootstrap_interval(auc, y_true, y_pred, np.random.default_rng(3), draws=50)
                    for _ in range(2))
    assert first == again


@pytest.mark.parametrize("metric", AT_A_THRESHOLD + OF_SCORES)
@pytest.mark.parametrize("y_true, y_pred, words", [
    ([0, 1], [0.1, 0.2, 0.3], "2 labels and 3 predictions"),
    ([], [], "no samples"),
    ([0, 2], [0.1, 0.2], "y_true holds 2"),
    ([0, np.nan], [0.1, 0.2], "y_true holds nan"),
    ([0, 1], [0.1, np.nan], "prediction 1 is nan"),
])
def test_what_cannot_be_measured_is_named(metric, y_true, y_pred, words):
    with pytest.raises(ValueError, match=words):
        metric(np.array(y_true), np.array(y_pred))


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("metric", [error_rates, *OF_SCORES])
def test_one_class_alone_has_no_rates(metric, label):
    with pytest.raises(ValueError, match=f"every label is {label}"):
        metric(np.full(3, label), np.array([0.1, 0.6, 0.8]))


@pytest.mark.parametrize("call, words", [
    (lambda: confusion_matrix([0, 1], [0, -1]), "-1 is not the number of a class"),
    (lambda: confusion_matrix([0, 1], [0, 3], 3), "from 0 to 2"),
    (lambda: confusion_matrix([0, 1], [0.2, 0.7]), "turn probabilities into classes"),
    (lambda: confusion_matrix([0, 1], [0]), "2 labels and 1 predictions"),
    (lambda: confusion_matrix([], []), "num_classes"),
    (lambda: calibration_table([0, 1], [-2.0, 3.0]), "logits"),
    (lambda: calibration_table([0, 1], [0.2, 0.3], 0), "bins is 0"),
    (lambda: bootstrap_interval(auc, [0, 1], [1], None), "2 labels and 1 predictions"),
    (lambda: bootstrap_interval(auc, [0, 1], [0, 1], None, draws=0), "draws is 0"),
    (lambda: bootstrap_interval(auc, [0, 1], [0, 1], None, level=95), "level is 95"),
])
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_nothing_to_find_and_nothing_said_count_as_zero():
    y_true, y_pred = np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3])
    assert precision(y_true, y_pred) == recall(y_true, y_pred) == f1(y_true, y_pred) == 0
    assert recall(0 * y_true, y_pred, 0.15) == 0
