"""The losses: known answers, properties, and every gradient against central differences."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnlib import losses
from nnlib.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Exponential,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Loss,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanBiasError,
    MeanSquaredError,
    Poisson,
    SmoothHinge,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)

few = settings(max_examples=20)  # where many losses share a property

EXACT = {"rtol": 1e-12, "atol": 1e-12}  # the same numbers in float64, in another order


# Inputs: each function returns legal targets and predictions of a shape.


def numbers(rng, shape):
    return rng.normal(size=shape), rng.normal(size=shape) * 2


def yes_or_no(rng, shape):
    return rng.integers(0, 2, shape) * 1.0, rng.uniform(0.01, 0.99, shape)


def yes_or_no_logits(rng, shape):
    return rng.uniform(size=shape), rng.normal(size=shape) * 3


def signed(rng, shape):
    return rng.choice([-1.0, 1.0], shape), rng.normal(size=shape) * 1.5


def shares(rng, shape):
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])


def distributions(rng, shape):
    return shares(rng, shape), rng.uniform(0.05, 1, shape)


def class_logits(rng, shape):
    return shares(rng, shape), rng.normal(size=shape) * 3


def one_hot_scores(rng, shape):
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])], rng.normal(size=shape) * 2


def numbered_logits(rng, shape):
    return rng.integers(0, shape[-1], shape[:-1]), rng.normal(size=shape) * 3


def numbered_shares(rng, shape):
    return rng.integers(0, shape[-1], shape[:-1]), rng.uniform(0.05, 1, shape)


def counts(rng, shape):
    return rng.poisson(2, shape) * 1.0, rng.uniform(0.1, 5, shape)


def no_kink(y, p):
    return 1.0


def lead(y, s):
    """Return what separates rows of scores from a corner of the categorical hinge."""
    others = np.sort((1 - y) * s, axis=-1)
    room = 1 + others[..., -1] - (y * s).sum(axis=-1)
    return np.stack([room, others[..., -1] - others[..., -2]])


def clipped(y_true, y_pred):
    return y_pred - 1  # probabilities are cut at 1e-7 below 1


# name: the loss, its inputs, and a function of them that is zero at a corner of the loss.
ELEMENTWISE = {
    "MeanSquaredError": (MeanSquaredError(), numbers, no_kink),
    "MeanAbsoluteError": (MeanAbsoluteError(), numbers, lambda y, p: p - y),
    "MeanAbsolutePercentageError": (MeanAbsolutePercentageError(), numbers, lambda y, p: p - y),
    "MeanBiasError": (MeanBiasError(), numbers, no_kink),
    "Huber": (Huber(), numbers, lambda y, p: abs(p - y) - 1),
    "Huber, delta": (Huber(delta=0.3), numbers, lambda y, p: abs(p - y) - 0.3),
    "LogCosh": (LogCosh(), numbers, no_kink),
    "BinaryCrossentropy": (BinaryCrossentropy(), yes_or_no, clipped),
    "BinaryCrossentropy, smoothed": (BinaryCrossentropy(label_smoothing=0.2), yes_or_no, clipped),
    "BinaryCrossentropy, logits": (BinaryCrossentropy(from_logits=True), yes_or_no_logits, no_kink),
    "Hinge": (Hinge(), signed, lambda y, s: y * s - 1),
    "SquaredHinge": (SquaredHinge(), signed, lambda y, s: y * s - 1),
    "Exponential": (Exponential(), signed, no_kink),
    "SmoothHinge": (SmoothHinge(), signed, lambda y, s: np.stack([y * s, y * s - 1])),
    "Poisson": (Poisson(), counts, no_kink),
}
BY_SAMPLE = {
    "CategoricalCrossentropy": (CategoricalCrossentropy(), distributions, clipped),
    "CategoricalCrossentropy, logits": (
        CategoricalCrossentropy(from_logits=True), class_logits, no_kink),
    "CategoricalCrossentropy, smoothed": (
        CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), class_logits, no_kink),
    "SparseCategoricalCrossentropy": (
        SparseCategoricalCrossentropy(), numbered_shares, clipped),
    "SparseCategoricalCrossentropy, logits": (
        SparseCategoricalCrossentropy(from_logits=True), numbered_logits, no_kink),
    "CategoricalHinge": (CategoricalHinge(), one_hot_scores, lead),
    "KLDivergence": (KLDivergence(), distributions, clipped),
}
ALL = ELEMENTWISE | BY_SAMPLE
SHAPES = [(4, 3), (3, 3), (2, 3, 4), (1, 5)]

seeds = st.integers(0, 2**32 - 1)
errors = arrays(np.float64, (4, 3), elements=st.floats(-1e3, 1e3))
large = arrays(np.float64, (4, 3), elements=st.floats(-1e4, 1e4))
labels = arrays(np.float64, (4, 3), elements=st.sampled_from([0.0, 1.0]))


def a_case(name, shape=(4, 3), seed=0):
    loss, inputs, _ = ALL[name]
    return loss, *inputs(np.random.default_rng(seed), shape)


def gradient(loss, y_true, y_pred):
    loss.forward(y_true, y_pred)
    return loss.backward()


# Every loss.


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(losses).failed == 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ALL)
@few
@given(seed=seeds)
def test_backward_is_the_slope_that_central_differences_measure(name, shape, seed):
    loss, y_true, y_pred = a_case(name, shape, seed)
    assume(np.abs(ALL[name][2](y_true, y_pred)).min() > 1e-3)
    step, slopes = 1e-5, np.empty(shape)
    for index in np.ndindex(shape):
        there, here = y_pred.copy(), y_pred.copy()
        there[index] += step
        here[index] -= step
        slopes[index] = (loss.forward(y_true, there) - loss.forward(y_true, here)) / (2 * step)
    # A percentage of a tiny target is steep, and its differences lose digits to its size.
    scale = max(1.0, np.abs(slopes).max())
    np.testing.assert_allclose(
        gradient(loss, y_true, y_pred), slopes, rtol=1e-6, atol=1e-7 * scale)


@pytest.mark.parametrize("name", ALL)
def test_the_loss_is_a_plain_float(name):
    loss, y_true, y_pred = a_case(name)
    assert type(loss.forward(y_true, y_pred)) is float


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ALL)
def test_the_gradient_has_shape_and_dtype_of_the_predictions(name, dtype):
    loss, y_true, y_pred = a_case(name)
    dx = gradient(loss, y_true, y_pred.astype(dtype))
    assert (dx.shape, dx.dtype) == (y_pred.shape, dtype)


@pytest.mark.parametrize("name", ALL)
def test_the_losses_of_single_samples_keep_float32(name):
    loss, y_true, y_pred = a_case(name)
    y_true = y_true if loss.integer_labels else y_true.astype(np.float32)
    assert loss.per_sample(y_true, y_pred.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", ALL)
def test_float32_gives_the_answer_of_float64(name):
    loss, y_true, y_pred = a_case(name)
    expected = gradient(loss, y_true, y_pred)
    got = gradient(loss, y_true, y_pred.astype(np.float32))
    # float32 carries seven digits, of which subtracting and dividing lose one or two
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_read_only_arguments_are_legal(name):
    loss, y_true, y_pred = a_case(name)
    y_true.setflags(write=False)
    y_pred.setflags(write=False)
    assert np.isfinite(gradient(loss, y_true, y_pred)).all()


@pytest.mark.parametrize("name", ALL)
def test_views_with_strides_give_the_answer_of_copies(name):
    loss, y_true, y_pred = a_case(name, (6, 4))
    y_true, y_pred = y_true[::-2], y_pred[::-2]
    np.testing.assert_allclose(
        gradient(loss, y_true, y_pred), gradient(loss, y_true.copy(), y_pred.copy()), **EXACT)


@pytest.mark.parametrize("name", ALL)
def test_forward_is_the_mean_of_the_samples(name):
    loss, y_true, y_pred = a_case(name, (5, 3))
    one_by_one = [loss.forward(y_true[i : i + 1], y_pred[i : i + 1]) for i in range(5)]
    assert math.isclose(loss.forward(y_true, y_pred), np.mean(one_by_one), rel_tol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_backward_belongs_to_the_last_forward(name):
    loss, y_true, y_pred = a_case(name)
    expected = gradient(loss, y_true, y_pred)
    loss.forward(y_true[:2], y_pred[:2] / 2)
    np.testing.assert_array_equal(gradient(loss, y_true, y_pred), expected)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("shape", [(24,), (4, 6), (2, 3, 4), (1, 2, 3, 4)])
def test_an_elementwise_loss_does_not_depend_on_the_shape(name, shape):
    loss, y_true, y_pred = a_case(name, (8, 3))
    expected = gradient(loss, y_true, y_pred).reshape(shape)
    got = gradient(loss, y_true.reshape(shape), y_pred.reshape(shape))
    np.testing.assert_allclose(got, expected, **EXACT)


@pytest.mark.parametrize("name", BY_SAMPLE)
def test_the_axes_before_the_classes_only_count_samples(name):
    loss, y_true, y_pred = a_case(name, (2, 3, 4))
    expected = gradient(loss, y_true, y_pred)
    got = gradient(loss, y_true.reshape(6, -1)[:, 0] if loss.integer_labels
                   else y_true.reshape(6, 4), y_pred.reshape(6, 4))
    np.testing.assert_allclose(got.reshape(2, 3, 4), expected, **EXACT)


@pytest.mark.parametrize("name", ["MeanSquaredError", "Huber", "Hinge", "CategoricalHinge"])
def test_integers_are_promoted_to_float64(name):
    loss = ALL[name][0]
    got = gradient(loss, [[1, 0, 0], [0, 1, 0]], [[3, 1, 0], [1, -2, 2]])
    assert got.dtype == np.float64
    np.testing.assert_array_equal(
        got, gradient(loss, np.eye(2, 3), np.array([[3.0, 1.0, 0.0], [1.0, -2.0, 2.0]])))


# Shapes that NumPy would broadcast in silence.


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_row_against_a_column_is_refused(name):
    with pytest.raises(ValueError, match=r"y_true has shape \(4,\), expected \(4, 1\)"):
        ALL[name][0].forward(np.ones(4), np.full((4, 1), 0.5))


def test_a_sample_too_few_is_refused():
    with pytest.raises(ValueError, match=r"y_true has shape \(1, 3\), expected \(4, 3\)"):
        CategoricalCrossentropy().forward(np.eye(1, 3), np.full((4, 3), 0.5))


def test_one_hot_targets_are_refused_where_numbers_are_due():
    with pytest.raises(ValueError, match=r"y_true has shape \(3, 3\), expected \(3,\)"):
        SparseCategoricalCrossentropy().forward(np.eye(3), np.full((3, 3), 0.5))


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_names_no_class_is_refused(label):
    with pytest.raises(ValueError, match=rf"{label}.*expected 0 to 2"):
        SparseCategoricalCrossentropy().forward([label], [[0.2, 0.3, 0.5]])


def test_labels_may_stand_in_a_column():
    loss, y_true, y_pred = a_case("SparseCategoricalCrossentropy, logits")
    assert loss.forward(y_true[:, None], y_pred) == loss.forward(y_true, y_pred)


def test_the_base_class_leaves_two_methods_to_write():
    with pytest.raises(NotImplementedError):
        Loss().forward([1.0], [2.0])
    with pytest.raises(NotImplementedError):
        Loss().backward()


# Regression.


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (MeanSquaredError(), 50),
        (MeanAbsoluteError(), 20 / 3),
        (MeanBiasError(), 0),
        (MeanAbsolutePercentageError(), 100 * (10 / 20 + 5 / 3 + 5 / 1) / 3),
        (Huber(), (9.5 + 4.5 + 4.5) / 3),
    ],
)
def test_predictions_10_8_6_for_targets_20_3_1(loss, expected):
    assert math.isclose(loss.forward([20.0, 3.0, 1.0], [10.0, 8.0, 6.0]), expected)


@pytest.mark.parametrize(
    "loss",
    [MeanSquaredError(), MeanAbsoluteError(), MeanAbsolutePercentageError(), MeanBiasError(),
     Huber(), LogCosh()],
)
@few
@given(y=errors)
def test_a_perfect_prediction_costs_nothing(loss, y):
    assert abs(loss.forward(y, y)) < 1e-15


@given(e=errors)
def test_the_squared_error_is_bias_squared_plus_variance(e):
    zeros = np.zeros_like(e)
    bias = MeanBiasError().forward(zeros, e)
    assert math.isclose(
        MeanSquaredError().forward(zeros, e), bias**2 + e.var(), rel_tol=1e-9, abs_tol=1e-9)


@given(e=errors)
def test_the_bias_is_never_larger_than_the_absolute_error(e):
    zeros = np.zeros_like(e)
    assert abs(MeanBiasError().forward(zeros, e)) <= MeanAbsoluteError().forward(zeros, e) + 1e-9


@given(y=errors, p=errors)
def test_the_absolute_error_does_not_push_perfect_predictions(y, p):
    p[0] = y[0]
    assert not gradient(MeanAbsoluteError(), y, p)[0].any()


@given(y=arrays(np.float64, (4, 3), elements=st.floats(0.1, 1e3)), p=errors,
       factor=st.floats(0.1, 10))
def test_a_percentage_does_not_depend_on_the_unit(y, p, factor):
    loss = MeanAbsolutePercentageError()
    assert math.isclose(
        loss.forward(factor * y, factor * p), loss.forward(y, p), rel_tol=1e-9, abs_tol=1e-9)


def test_a_target_of_zero_costs_a_billion_per_cent_and_unit():
    assert math.isclose(MeanAbsolutePercentageError().forward([0.0], [3.0]), 3e9)


@given(e=errors)
def test_huber_with_a_wide_parabola_is_half_the_squared_error(e):
    zeros = np.zeros_like(e)
    half = MeanSquaredError().forward(zeros, e) / 2
    assert math.isclose(Huber(delta=2e3).forward(zeros, e), half, rel_tol=1e-12)


@given(e=errors, delta=st.floats(0.1, 10))
def test_huber_pushes_no_element_harder_than_delta(e, delta):
    assert np.abs(gradient(Huber(delta), np.zeros_like(e), e)).max() <= delta / e.size * (1 + 1e-12)


def test_huber_with_delta_one_half_costs_seven_eighths_at_an_error_of_two():
    assert Huber(delta=0.5).forward([0.0], [-2.0]) == 0.875


@given(e=large)
def test_log_cosh_lies_at_most_ln_2_below_the_absolute_error(e):
    zeros = np.zeros_like(e)
    gap = MeanAbsoluteError().forward(zeros, e) - LogCosh().forward(zeros, e)
    assert -1e-9 <= gap <= math.log(2) + 1e-9


# Cross-entropies.


def test_the_binary_cross_entropy_of_six_answers():
    loss = BinaryCrossentropy()
    got = loss.forward([1, 0, 1, 0, 0, 1], [0.9, 0.2, 0.6, 0.1, 0.4, 0.8])
    assert math.isclose(got, 0.279777, abs_tol=5e-7)  # six digits are printed in the book


@pytest.mark.parametrize(("dtype", "expected"), [(np.float64, 16.118096), (np.float32, 15.942385)])
def test_a_probability_of_one_for_a_no_is_clipped(dtype, expected):
    got = BinaryCrossentropy().forward([0.0], np.array([1.0], dtype))
    assert math.isclose(got, expected, abs_tol=5e-7)  # six digits, as Keras prints them


def test_where_a_probability_is_clipped_nothing_is_learned():
    assert not gradient(BinaryCrossentropy(), [0.0, 1.0], [1.0, 0.0]).any()


def test_a_logit_of_100_for_a_no_costs_100_and_is_pushed_with_full_force():
    loss = BinaryCrossentropy(from_logits=True)
    assert loss.forward([0.0], [100.0]) == 100
    assert loss.backward() == 1


@given(y=labels, z=arrays(np.float64, (4, 3), elements=st.floats(-10, 10)))
def test_logits_and_their_sigmoids_have_one_binary_cross_entropy(y, z):
    p = 1 / (1 + np.exp(-z))
    assert math.isclose(BinaryCrossentropy(from_logits=True).forward(y, z),
                        BinaryCrossentropy().forward(y, p), rel_tol=1e-9)


@given(y=labels, z=large)
def test_yes_and_no_can_change_places(y, z):
    loss = BinaryCrossentropy(from_logits=True)
    assert math.isclose(loss.forward(y, z), loss.forward(1 - y, -z), rel_tol=1e-12)


@given(y=labels, z=large)
def test_the_binary_cross_entropy_is_that_of_two_classes(y, z):
    two = CategoricalCrossentropy(from_logits=True).forward(
        np.stack([y, 1 - y], axis=-1), np.stack([z, np.zeros_like(z)], axis=-1))
    one = BinaryCrossentropy(from_logits=True).forward(y, z)
    assert math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)


@given(y=labels, z=large, s=st.floats(0, 1))
def test_smoothing_is_the_same_as_moving_the_labels_towards_one_half(y, z, s):
    smoothed = BinaryCrossentropy(from_logits=True, label_smoothing=s)
    plain = BinaryCrossentropy(from_logits=True)
    np.testing.assert_allclose(gradient(smoothed, y, z), gradient(plain, y + s * (0.5 - y), z),
                               **EXACT)


def test_the_cross_entropy_of_logits_2_1_and_a_tenth():
    loss = CategoricalCrossentropy(from_logits=True)
    got = loss.forward([[1.0, 0.0, 0.0]], [[2.0, 1.0, 0.1]])
    assert math.isclose(got, 0.41703, abs_tol=5e-6)  # five digits are printed in the book
    np.testing.assert_allclose(loss.backward(), [[-0.341, 0.2424, 0.0986]], atol=5e-5)


@pytest.mark.parametrize(
    ("loss", "y_true"),
    [(CategoricalCrossentropy(), [[0.0, 1.0, 0.0]]), (SparseCategoricalCrossentropy(), [1])],
)
def test_three_equal_shares_cost_ln_3_whatever_they_sum_to(loss, y_true):
    assert math.isclose(loss.forward(y_true, [[0.2, 0.2, 0.2]]), math.log(3))


@given(seed=seeds, z=large, shift=st.floats(-1e4, 1e4))
def test_a_constant_added_to_all_logits_changes_nothing(seed, z, shift):
    y = shares(np.random.default_rng(seed), z.shape)
    loss = CategoricalCrossentropy(from_logits=True)
    # the shift moves the logits by their last digit, about 4e-12 at 2e4
    np.testing.assert_allclose(
        loss.forward(y, z + shift), loss.forward(y, z), rtol=1e-9, atol=1e-9)


@given(seed=seeds, z=large)
def test_what_pushes_one_logit_up_pushes_the_others_down(seed, z):
    y = shares(np.random.default_rng(seed), z.shape)
    dz = gradient(CategoricalCrossentropy(from_logits=True), y, z)
    np.testing.assert_allclose(dz.sum(axis=-1), 0, atol=1e-12)


@given(seed=seeds, factor=st.floats(0.1, 10))
def test_probabilities_may_be_given_as_any_multiple(seed, factor):
    loss, y, p = a_case("CategoricalCrossentropy", seed=seed)
    assert math.isclose(loss.forward(y, factor * p), loss.forward(y, p), rel_tol=1e-12)


@given(seed=seeds)
def test_class_numbers_and_one_hot_rows_cost_the_same(seed):
    sparse, y, z = a_case("SparseCategoricalCrossentropy, logits", seed=seed)
    dense = CategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(gradient(sparse, y, z), gradient(dense, np.eye(3)[y], z), **EXACT)


def test_the_classes_may_be_on_any_axis():
    loss, y, z = a_case("CategoricalCrossentropy, smoothed", (2, 3, 4))
    other = CategoricalCrossentropy(from_logits=True, label_smoothing=0.1, axis=1)
    got = gradient(other, np.moveaxis(y, -1, 1), np.moveaxis(z, -1, 1))
    np.testing.assert_allclose(np.moveaxis(got, 1, -1), gradient(loss, y, z), **EXACT)


@given(seed=seeds)
def test_cross_entropy_is_divergence_plus_entropy(seed):
    rng = np.random.default_rng(seed)
    y, p = shares(rng, (4, 3)), 0.9 * shares(rng, (4, 3)) + 1 / 30
    assume(y.min() > 1e-6)
    entropy = -np.sum(y * np.log(y), axis=-1).mean()
    assert math.isclose(CategoricalCrossentropy().forward(y, p),
                        KLDivergence().forward(y, p) + entropy, rel_tol=1e-9)


@given(seed=seeds)
def test_the_divergence_of_a_distribution_from_itself_is_zero(seed):
    y = shares(np.random.default_rng(seed), (4, 3))
    assert abs(KLDivergence().forward(y, y)) < 1e-12


def test_an_impossible_outcome_does_not_spoil_the_divergence():
    got = KLDivergence().forward([[1.0, 0.0]], [[0.5, 0.5]])
    assert math.isclose(got, math.log(2), abs_tol=2e-6)  # clipping 0 to 1e-7 costs 1.5e-6


@pytest.mark.parametrize(
    ("loss", "y_true"),
    [
        (BinaryCrossentropy(from_logits=True), np.array([[0.0, 1.0, 0.0, 1.0]])),
        (CategoricalCrossentropy(from_logits=True), np.array([[0.0, 0.0, 0.0, 1.0]])),
        (SparseCategoricalCrossentropy(from_logits=True), np.array([3])),
        (Hinge(), np.array([[0.0, 1.0, 0.0, 1.0]])),
        (SmoothHinge(), np.array([[0.0, 1.0, 0.0, 1.0]])),
        (Huber(), np.array([[0.0, 1.0, 0.0, 1.0]])),
        (LogCosh(), np.array([[0.0, 1.0, 0.0, 1.0]])),
    ],
)
@pytest.mark.parametrize("size", [1e3, 1e4])
def test_huge_predictions_cost_a_finite_loss_without_a_warning(loss, y_true, size):
    z = np.array([[size, -size, -size, 0.5]])
    with np.errstate(all="raise", under="ignore"):
        assert loss.forward(y_true, z) > size / 5
        assert np.isfinite(loss.backward()).all()


@pytest.mark.parametrize(
    "loss", [BinaryCrossentropy(), CategoricalCrossentropy(), KLDivergence(), Poisson()]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_zero_and_one_raise_no_warning(loss, dtype):
    with np.errstate(all="raise", under="ignore"):
        value = loss.forward([[0.0, 1.0], [1.0, 0.0]], np.array([[1.0, 0.0], [1.0, 0.0]], dtype))
        assert np.isfinite(value) and np.isfinite(loss.backward()).all()


# Margins and counts.


def test_zeros_and_ones_are_labels_of_a_hinge_too():
    got = Hinge().forward([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    assert math.isclose(got, 1.3)


@pytest.mark.parametrize("loss", [Hinge(), SquaredHinge(), Exponential(), SmoothHinge()])
@few
@given(y=labels, seed=seeds)
def test_labels_0_and_1_mean_what_minus_1_and_1_mean(loss, y, seed):
    s = np.random.default_rng(seed).normal(size=y.shape)
    np.testing.assert_array_equal(gradient(loss, y, s), gradient(loss, 2 * y - 1, s))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(Hinge(), 1.25), (SquaredHinge(), 1.625), (Exponential(), (1 + math.exp(0.5)) / 2),
     (SmoothHinge(), 0.75)],
)
def test_a_batch_with_a_minus_1_is_not_converted(loss, expected):
    assert math.isclose(loss.forward([0.0, -1.0], [0.7, 0.5]), expected)


@pytest.mark.parametrize("loss", [Hinge(), SquaredHinge(), SmoothHinge()])
@few
@given(y=labels, seed=seeds)
def test_a_margin_above_one_costs_nothing(loss, y, seed):
    s = (2 * y - 1) * np.random.default_rng(seed).uniform(1.01, 9, y.shape)
    assert loss.forward(y, s) == 0 and not loss.backward().any()


@given(y=labels, s=large)
def test_the_smooth_hinge_lies_at_most_one_half_below_the_hinge(y, s):
    gap = Hinge().forward(y, s) - SmoothHinge().forward(y, s)
    assert -1e-9 <= gap <= 0.5 + 1e-9


@given(y=labels, seed=seeds)
def test_the_exponential_loss_is_never_below_the_hinge(y, seed):
    s = np.random.default_rng(seed).normal(size=y.shape) * 3
    assert Exponential().forward(y, s) >= Hinge().forward(y, s) - 1e-12


def test_a_margin_of_exactly_one_still_counts_as_too_small_as_in_keras():
    np.testing.assert_array_equal(gradient(Hinge(), [1.0, -1.0], [1.0, -1.0]), [-0.5, 0.5])


@given(seed=seeds)
def test_the_categorical_hinge_moves_a_sample_by_its_true_class_and_one_rival(seed):
    loss, y, s = a_case("CategoricalHinge", (6, 5), seed)
    ds = 6 * gradient(loss, y, s)
    assert set(np.unique(ds)) <= {-1.0, 0.0, 1.0}
    assert np.all((ds == 1).sum(axis=-1) <= (ds == -1).sum(axis=-1))


def test_rivals_that_tie_share_the_push():
    ds = gradient(CategoricalHinge(), [[1.0, 0.0, 0.0]], [[0.0, 2.0, 2.0]])
    np.testing.assert_array_equal(ds, [[-1.0, 0.5, 0.5]])


def test_the_true_class_enters_the_categorical_hinge_as_zero():
    assert CategoricalHinge().forward([[1.0, 0.0]], [[0.25, -5.0]]) == 0.75


@given(y=arrays(np.float64, (4, 3), elements=st.integers(1, 50)))
def test_poisson_is_content_when_the_expected_count_is_the_count(y):
    # the 1e-7 inside the logarithm leaves a slope of 1e-7 / y
    np.testing.assert_allclose(gradient(Poisson(), y, y), 0, atol=1e-7)


@given(y=arrays(np.float64, (4, 3), elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0])))
def test_signs_are_made_only_of_batches_of_zeros_and_ones(y):
    binary = set(np.unique(y)) <= {0.0, 1.0}
    expected = np.where(y == 1, 1.0, -1.0) if binary else y
    np.testing.assert_array_equal(losses.to_signs(y), expected)
