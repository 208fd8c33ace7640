"""What `nnlib.tensors` promises: properties, and answers known by hand."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import (
    array_shapes,
    arrays,
    broadcastable_shapes,
    mutually_broadcastable_shapes,
)

import nnlib.tensors
from nnlib.tensors import (
    Standardizer,
    broadcast_shapes,
    dense,
    linear_gd,
    logistic_grad,
    logistic_predict_proba,
    matmul,
    normal_equation,
    one_hot,
    perceptron_fit,
    to_batches,
    unbroadcast,
    validation_split,
)

SIZES = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)
TABLE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def numbers(shape, largest=1e3):
    """Arrays whose entries are 0 or not tiny, so that products of them do not underflow."""
    whole = st.integers(-1000, 1000).map(lambda n: n * largest / 1000)
    return arrays(np.float64, shape, elements=whole)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def guarded(array):
    array.setflags(write=False)
    return array


def test_examples_in_docstrings_are_right():
    assert doctest.testmod(nnlib.tensors).failed == 0


# Every piece: dtypes, and arrays that must not or cannot be changed


def pieces(x, y, kernel, labels):
    """Return every piece's answer to the same (6, 3) samples, as a flat list of arrays."""
    scaler = Standardizer().fit(x)
    (x_train, y_train), (x_val, y_val) = validation_split(x, y, 0.5)
    return [
        matmul(x, kernel),
        unbroadcast(x, (1, 3)),
        dense(x, kernel, kernel[0]),
        scaler.transform(x),
        scaler.inverse_transform(x),
        *next(to_batches(x, y, batch_size=4, shuffle=True, rng=np.random.default_rng(0))),
        x_train, y_train, x_val, y_val,
        normal_equation(x, y),
        linear_gd(x, y, learning_rate=0.1, steps=3),
        perceptron_fit(x, labels)[0],
        logistic_predict_proba(x, kernel[:, 0], 0.5),
        *logistic_grad(x, y, kernel[:, 0], 0.5),
    ]


def samples(dtype=np.float64):
    x, y, kernel = random(6, 3), random(6, seed=1), random(3, 4, seed=2)
    return x.astype(dtype), y.astype(dtype), kernel.astype(dtype), np.array([0, 1, 1, 0, 1, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_dtype(dtype):
    assert {piece.dtype for piece in pieces(*samples(dtype))} == {np.dtype(dtype)}


def test_float32_answers_are_float64_answers_to_seven_digits():
    for small, large in zip(pieces(*samples(np.float32)), pieces(*samples()), strict=True):
        # float32 has 24 bits, and a solver loses a few of them: 1e-5 instead of 1e-6
        np.testing.assert_allclose(small, large, rtol=1e-5, atol=1e-5)


def test_read_only_arguments_are_legal():
    for got, want in zip(pieces(*map(guarded, samples())), pieces(*samples()), strict=True):
        np.testing.assert_array_equal(got, want)


def test_views_with_gaps_are_legal():
    views = []
    for array in samples():
        wide = np.zeros((2 * len(array), *array.shape[1:]), array.dtype, order="F")
        wide[::-2] = array
        views.append(wide[::-2])
    for got, want in zip(pieces(*views), pieces(*samples()), strict=True):
        # strided input may be summed in another order
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_integers_become_float64(dtype):
    x = np.array([[200, 1], [100, 2], [7, 250]], dtype)
    y = np.array([1, 0, 1], dtype)
    for answer in [
        matmul(x, x[:2]),
        unbroadcast(x, (2,)),
        dense(x, x[:2], x[0]),
        Standardizer().fit(x).transform(x),
        normal_equation(x, y),
        linear_gd(x, y, learning_rate=1e-5, steps=2),
        perceptron_fit(x, y)[0],
        logistic_predict_proba(x, x[0], 0),
        logistic_grad(x, y, x[0], 0)[0],
        one_hot(y, 2),
    ]:
        assert answer.dtype == np.float64


# matmul


def test_bytes_do_not_overflow_in_a_product():
    image = np.full((2, 2), 200, np.uint8)
    np.testing.assert_array_equal(matmul(image, image), [[80000, 80000], [80000, 80000]])


@given(st.data(), SIZES, SIZES, SIZES)
def test_an_entry_is_the_dot_product_of_a_row_and_a_column(data, m, k, n):
    a, b = data.draw(numbers((m, k))), data.draw(numbers((k, n)))
    i, j = data.draw(st.integers(0, m - 1)), data.draw(st.integers(0, n - 1))
    entry = math.fsum(a[i, t] * b[t, j] for t in range(k))
    assert matmul(a, b)[i, j] == pytest.approx(entry, rel=1e-9, abs=1e-6)


@given(st.data(), mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3))
def test_a_stack_is_multiplied_matrix_by_matrix(data, stacks):
    left, right = stacks.input_shapes
    a, b = data.draw(numbers((*left, 2, 3))), data.draw(numbers((*right, 3, 2)))
    product = matmul(a, b)
    assert product.shape == (*stacks.result_shape, 2, 2)
    whole_a = np.broadcast_to(a, (*stacks.result_shape, 2, 3))
    whole_b = np.broadcast_to(b, (*stacks.result_shape, 3, 2))
    for place in np.ndindex(stacks.result_shape):
        single = matmul(whole_a[place], whole_b[place])
        np.testing.assert_allclose(product[place], single, rtol=1e-9, atol=1e-6)


# broadcast_shapes


@given(mutually_broadcastable_shapes(num_shapes=3, min_side=0, max_dims=4))
def test_legal_shapes_join_as_numpy_joins_them(shapes):
    assert broadcast_shapes(*shapes.input_shapes) == shapes.result_shape


@given(st.lists(array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), max_size=3))
def test_shapes_are_refused_if_and_only_if_numpy_refuses_them(shapes):
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        expected = None
    if expected is None:
        with pytest.raises(ValueError, match="do not broadcast: axis -"):
            broadcast_shapes(*shapes)
    else:
        assert broadcast_shapes(*shapes) == expected


def test_a_size_that_divides_the_other_is_refused():
    with pytest.raises(ValueError, match=r"\(4, 3\), \(2, 3\) .* axis -2 has sizes 4, 2"):
        broadcast_shapes((4, 3), (2, 3))


def test_an_axis_of_size_0_wins_over_one_of_size_1():
    assert broadcast_shapes((0, 3), (1, 3)) == (0, 3)


# unbroadcast


@given(st.data(), array_shapes(max_dims=3, max_side=3))
def test_unbroadcast_is_the_adjoint_of_broadcasting(data, shape):
    wide = np.broadcast_shapes(shape, data.draw(broadcastable_shapes(shape, max_side=3)))
    x, grad = data.draw(numbers(shape)), data.draw(numbers(wide))
    back = unbroadcast(grad, shape)
    assert back.shape == shape
    forward = np.vdot(np.broadcast_to(x, wide), grad)
    # up to 243 products of up to 1e6: 1e-6 is their rounding
    assert np.vdot(x, back) == pytest.approx(forward, rel=1e-9, abs=1e-6)


def test_a_gradient_that_was_not_repeated_comes_back_as_a_new_array():
    grad = random(2, 3)
    back = unbroadcast(grad, (2, 3))
    np.testing.assert_array_equal(back, grad)
    assert not np.shares_memory(back, grad)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3), (5, 2, 6), (12,)])
def test_a_shape_that_does_not_broadcast_to_the_gradient_is_refused(shape):
    with pytest.raises(ValueError, match="broadcast"):
        unbroadcast(np.ones((2, 6)), shape)


# dense


@given(st.data(), array_shapes(max_dims=4, max_side=4), SIZES)
def test_a_layer_treats_every_sample_alike_in_a_batch_of_any_rank(data, shape, units):
    x = data.draw(numbers(shape))
    kernel, bias = data.draw(numbers((shape[-1], units))), data.draw(numbers(units))
    y = dense(x, kernel, bias)
    assert y.shape == (*shape[:-1], units)
    for place in np.ndindex(shape[:-1]):
        np.testing.assert_allclose(y[place], dense(x[place], kernel, bias), rtol=1e-9, atol=1e-6)


def test_two_layers_without_activation_are_one():
    x, first, second = random(5, 4), random(4, 3, seed=1), random(3, 2, seed=2)
    b1, b2 = random(3, seed=3), random(2, seed=4)
    np.testing.assert_allclose(
        dense(dense(x, first, b1), second, b2),
        dense(x, matmul(first, second), dense(b1, second, b2)),
        atol=1e-12,
    )


def test_a_neuron_computes_and():
    z = dense(TABLE, np.array([[4.0], [5.0]]), np.array([-6.0]))
    np.testing.assert_array_equal(z, [[-6.0], [-1.0], [-2.0], [3.0]])


@pytest.mark.parametrize("shape", [(), (1,), (2, 1), (2, 3)])
def test_a_bias_that_would_broadcast_in_silence_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        dense(np.ones((2, 4)), np.ones((4, 3)), np.ones(shape))


# one_hot


@given(arrays(np.int64, array_shapes(min_dims=0, max_dims=3), elements=st.integers(-3, 8)), SIZES)
def test_a_label_comes_back_as_the_place_of_the_one(labels, num_classes):
    rows = one_hot(labels, num_classes)
    assert rows.shape == (*labels.shape, num_classes)
    legal = (labels >= 0) & (labels < num_classes)
    np.testing.assert_array_equal(rows.sum(axis=-1), legal)
    np.testing.assert_array_equal(rows.argmax(axis=-1)[legal], labels[legal])


# Standardizer


@given(st.data(), st.integers(2, 20), SIZES)
def test_training_data_get_mean_0_and_standard_deviation_1_or_0(data, n, d):
    x = data.draw(numbers((n, d)))
    z = Standardizer().fit(x).transform(x)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(z.std(axis=0), np.ptp(x, axis=0) > 0, atol=1e-9)


@given(st.data(), st.integers(1, 8), st.integers(1, 8), SIZES)
def test_inverse_transform_undoes_transform(data, n, m, d):
    scaler = Standardizer().fit(data.draw(numbers((n, d))))
    x = data.draw(numbers((m, d)))
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(x)), x, atol=1e-9)


@given(st.floats(-1e6, 1e6), st.integers(1, 50))
def test_a_feature_that_never_varies_becomes_0(value, n):
    x = np.full((n, 1), value)
    # the mean of n equal numbers is off by the rounding of their sum: 50 * 1e6 * 2e-16
    np.testing.assert_allclose(Standardizer().fit(x).transform(x), 0, atol=1e-8)


def test_new_data_do_not_change_what_was_fitted():
    scaler = Standardizer().fit(random(6, 2))
    mean, std = scaler.mean.copy(), scaler.std.copy()
    scaler.transform(random(4, 2, seed=1) + 5)
    np.testing.assert_array_equal([scaler.mean, scaler.std], [mean, std])


def test_the_variance_is_that_of_a_population():
    assert Standardizer().fit(np.array([[1.0], [3.0]])).std == 1.0


# to_batches


@given(st.integers(0, 40), st.integers(1, 12), st.booleans(), SEEDS)
def test_an_epoch_holds_every_sample_once_with_its_target(n, batch_size, shuffle, seed):
    x = np.arange(2 * n).reshape(n, 2)
    rng = np.random.default_rng(seed)
    batches = list(to_batches(x, 10 * x[:, 0], batch_size, shuffle, rng))
    assert len(batches) == math.ceil(n / batch_size)
    for batch, targets in batches:
        np.testing.assert_array_equal(targets, 10 * batch[:, 0])
    seen = [number for batch, _ in batches for number in batch[:, 0]]
    assert sorted(seen) == list(range(0, 2 * n, 2))


@given(st.integers(0, 40), st.integers(1, 12))
def test_without_the_remainder_every_batch_is_full(n, batch_size):
    batches = list(to_batches(np.arange(n), np.arange(n), batch_size, drop_remainder=True))
    assert [len(batch) for batch, _ in batches] == [batch_size] * (n // batch_size)


def test_1050_samples_are_11_batches_of_100_and_the_last_has_50():
    sizes = [len(x) for x, _ in to_batches(np.arange(1050), np.arange(1050), batch_size=100)]
    assert sizes == [100] * 10 + [50]


def test_without_shuffling_the_order_stays():
    x = np.concatenate([batch for batch, _ in to_batches(np.arange(50), np.arange(50))])
    np.testing.assert_array_equal(x, np.arange(50))


def test_every_epoch_has_an_order_of_its_own():
    rng = np.random.default_rng(0)
    x = np.arange(50)
    first, second = (np.concatenate([b for b, _ in to_batches(x, x, 8, True, rng)])
                     for _ in range(2))
    assert (first != second).any()


def test_the_same_seed_gives_the_same_order():
    x = np.arange(50)
    first, second = (np.concatenate([b for b, _ in to_batches(x, x, 8, True,
                                                              np.random.default_rng(3))])
                     for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_global_generator_is_neither_used_nor_moved():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    list(to_batches(np.arange(9), np.arange(9), shuffle=True))
    assert np.random.random() == expected


def test_writing_into_a_batch_leaves_the_data_alone():
    x, y = random(5, 2), random(5, seed=1)
    before = x.copy(), y.copy()
    for batch, targets in to_batches(x, y, batch_size=2):
        batch[:], targets[:] = 0, 0
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("rows", [4, 6])
def test_targets_that_do_not_match_the_samples_are_refused_by_to_batches(rows):
    with pytest.raises(ValueError, match=f"{rows} rows, expected 5"):
        list(to_batches(np.ones((5, 2)), np.ones(rows)))


# validation_split


@given(st.data(), st.integers(2, 50))
def test_the_two_parts_together_are_the_data_in_order(data, n):
    x, y = random(n, 2), np.arange(n)
    wanted = data.draw(st.integers(1, n - 1))
    fraction = (wanted - 0.5) / n  # not a whole number of samples: rounded up for validation
    (x_train, y_train), (x_val, y_val) = validation_split(x, y, fraction)
    assert len(x_val) == wanted
    np.testing.assert_array_equal(np.concatenate([x_train, x_val]), x)
    np.testing.assert_array_equal(np.concatenate([y_train, y_val]), y)


@pytest.mark.parametrize(("n", "fraction", "train"), [(10, 0.3, 7), (7, 0.3, 4), (10, 0.25, 7)])
def test_the_training_part_is_rounded_down(n, fraction, train):
    (x_train, _), _ = validation_split(np.arange(n), np.arange(n), fraction)
    assert len(x_train) == train


@pytest.mark.parametrize("fraction", [-0.5, 0.0, 1.0, 1.5])
def test_a_fraction_that_leaves_nothing_is_refused(fraction):
    with pytest.raises(ValueError, match="empty"):
        validation_split(np.ones(4), np.ones(4), fraction)


def test_targets_that_do_not_match_the_samples_are_refused_by_validation_split():
    with pytest.raises(ValueError, match="3 rows, expected 4"):
        validation_split(np.ones(4), np.ones(3), 0.5)


# normal_equation and linear_gd


@given(st.integers(1, 8), st.integers(1, 5), SEEDS)
def test_the_residual_is_at_right_angles_to_every_feature(n, d, seed):
    x, y = random(n, d, seed=seed), random(n, seed=seed + 1)
    np.testing.assert_allclose(x.T @ (x @ normal_equation(x, y) - y), 0, atol=1e-9)


@given(st.integers(1, 4), st.integers(1, 4), SEEDS)
def test_of_all_best_weights_the_shortest_are_found(n, extra, seed):
    x, y = random(n, n + extra, seed=seed), random(n, seed=seed + 1)
    weights = normal_equation(x, y)
    # the shortest solution is a combination of the rows of x
    combination = np.linalg.lstsq(x.T, weights, rcond=None)[0]
    np.testing.assert_allclose(x.T @ combination, weights, rtol=1e-7, atol=1e-9)


def test_a_feature_given_twice_shares_its_weight():
    x = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    np.testing.assert_allclose(normal_equation(x, x @ [1.0, 3.0]), [2.0, 2.0], atol=1e-12)


def test_float32_data_of_which_one_feature_comes_twice_are_solved():
    x = random(20, 2).astype(np.float32)
    x = np.column_stack([x, x[:, 0]])
    weights = normal_equation(x, x @ np.array([1.0, 2.0, 3.0], np.float32))
    np.testing.assert_allclose(weights, [2.0, 2.0, 2.0], rtol=1e-4)  # float32 and its condition


def test_gradient_descent_ends_at_the_solution_of_the_normal_equation():
    x, y = random(30, 3), random(30, seed=1)
    descended = linear_gd(x, y, learning_rate=0.1, steps=2000)
    np.testing.assert_allclose(descended, normal_equation(x, y), atol=1e-9)


def test_a_step_too_long_makes_the_error_grow():
    # the loss of one sample at x = 1 is (w - 1)^2: it shrinks for rates below 1
    x, y = np.ones((1, 1)), np.ones(1)
    errors = [abs(linear_gd(x, y, rate, steps=20)[0] - 1) for rate in (0.9, 1.0, 1.1)]
    assert errors[0] < 1 == errors[1] < errors[2]


def test_no_steps_leave_the_weights_at_zero():
    np.testing.assert_array_equal(linear_gd(random(4, 3), random(4), 0.1, steps=0), np.zeros(3))


@pytest.mark.parametrize("shape", [(3, 1), (1, 3), (2,), ()])
def test_targets_that_would_broadcast_are_refused_by_linear_gd(shape):
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        linear_gd(np.ones((3, 3)), np.ones(shape), learning_rate=0.1, steps=1)


# perceptron_fit


@given(st.integers(1, 4), st.integers(2, 12), SEEDS)
def test_a_perceptron_separates_what_a_line_can_separate(d, n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    x = rng.uniform(-1, 1, (n, d)) + np.where(y[:, np.newaxis] == 1, 2, -2)
    weights, bias = perceptron_fit(x, y, epochs=50)
    np.testing.assert_array_equal(x @ weights + bias > 0, y == 1)


@given(st.floats(1e-3, 1e3))
def test_the_learning_rate_scales_a_perceptron_and_changes_no_prediction(learning_rate):
    y = np.array([0, 0, 0, 1])
    weights, bias = perceptron_fit(TABLE, y, learning_rate, epochs=1)
    # the first 1 is the last sample: one correction of learning_rate * (1, 1)
    np.testing.assert_allclose([*weights, bias], [learning_rate] * 3)


def test_no_perceptron_computes_xor():
    y = np.array([0, 1, 1, 0])
    weights, bias = perceptron_fit(TABLE, y, epochs=1000)
    assert ((TABLE @ weights + bias > 0) != (y == 1)).any()


@pytest.mark.parametrize("y", [[-1, 1, 1, 1], [0, 1, 2, 1], [0.5, 0, 1, 1], [[0], [1], [1], [1]]])
def test_labels_other_than_0_and_1_are_refused(y):
    with pytest.raises(ValueError, match="a 0 or a 1"):
        perceptron_fit(TABLE, np.array(y))


# logistic regression


@given(arrays(np.float64, (4, 2), elements=st.floats(-1e4, 1e4)), st.floats(-1e4, 1e4))
def test_both_classes_together_have_probability_1(x, bias):
    weights = np.array([1.0, -2.0])
    both = logistic_predict_proba(x, weights, bias) + logistic_predict_proba(x, -weights, -bias)
    np.testing.assert_allclose(both, 1, atol=1e-12)


@given(st.integers(1, 6), st.integers(1, 4), SEEDS)
def test_the_log_odds_are_the_logits(n, d, seed):
    x, weights = random(n, d, seed=seed), random(d, seed=seed + 1)
    p = logistic_predict_proba(x, weights, 0.5)
    np.testing.assert_allclose(np.log(p / (1 - p)), x @ weights + 0.5, atol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_logits_neither_overflow_nor_warn(dtype):
    x = np.array([[1e4], [-1e4], [0.0]], dtype)
    p = logistic_predict_proba(x, np.ones(1, dtype), 0.0)
    np.testing.assert_array_equal(p, [1, 0, 0.5])


def test_a_very_small_probability_is_not_rounded_to_0():
    p = logistic_predict_proba(np.array([[-50.0]]), np.ones(1), 0.0)
    np.testing.assert_allclose(p, math.exp(-50), rtol=1e-9)


@given(st.integers(1, 6), st.integers(1, 4), SEEDS)
def test_the_gradient_is_the_slope_of_the_mean_cross_entropy(n, d, seed):
    rng = np.random.default_rng(seed)
    x, y, point = rng.normal(size=(n, d)), rng.uniform(size=n), rng.normal(size=d + 1)

    def loss(point):
        p = logistic_predict_proba(x, point[:d], point[d])
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    dweights, dbias = logistic_grad(x, y, point[:d], point[d])
    steps = 1e-5 * np.eye(d + 1)
    slopes = [(loss(point + step) - loss(point - step)) / 2e-5 for step in steps]
    # central differences in float64 with a step of 1e-5 are right to about 1e-10
    np.testing.assert_allclose([*dweights, dbias], slopes, rtol=1e-6, atol=1e-8)


def test_predictions_that_are_the_targets_have_no_gradient():
    x, weights = random(5, 2), random(2, seed=1)
    dweights, dbias = logistic_grad(x, logistic_predict_proba(x, weights, 0.5), weights, 0.5)
    np.testing.assert_array_equal([*dweights, dbias], 0)


@pytest.mark.parametrize("shape", [(3, 1), (1,), ()])
def test_targets_that_would_broadcast_are_refused_by_logistic_grad(shape):
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        logistic_grad(np.ones((3, 2)), np.ones(shape), np.ones(2), 0.0)
