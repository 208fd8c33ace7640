"""Properties and known answers of `nnlib.activations`.

Agreement with TensorFlow is tested for all checks at once, in ``test_checks.py``.
"""

import doctest
import inspect
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnlib import activations
from nnlib.activations import (
    elu,
    elu_backward,
    gelu,
    hard_sigmoid,
    hard_sigmoid_backward,
    leaky_relu,
    leaky_relu_backward,
    linear,
    log_softmax,
    log_softmax_backward,
    maxout,
    maxout_backward,
    relu,
    relu_backward,
    selu,
    selu_backward,
    sigmoid,
    sigmoid_backward,
    silu,
    softmax,
    softmax_backward,
    softplus,
    softplus_backward,
    softsign,
    step,
    tanh,
    tanh_backward,
)

few = settings(max_examples=20)  # where many functions share a property

FUNCTIONS = inspect.getmembers(activations, inspect.isfunction)
FORWARD = [f for name, f in FUNCTIONS if not name.endswith("_backward") and f is not maxout]
BACKWARD = [f for name, f in FUNCTIONS if name.endswith("_backward") and f is not maxout_backward]
BOUNDED = [step, sigmoid, tanh, softsign, hard_sigmoid, softmax]

every_forward = pytest.mark.parametrize("f", FORWARD, ids=lambda f: f.__name__)
every_backward = pytest.mark.parametrize("f", BACKWARD, ids=lambda f: f.__name__)

# With options other than the defaults too; a step has no slope that differences could measure
# better than its answer, zero, so it is in the list as well.
GRADIENTS = [(getattr(activations, f.__name__.removesuffix("_backward")), f, {}) for f in BACKWARD]
GRADIENTS += [
    (leaky_relu, leaky_relu_backward, {"negative_slope": 2.5}),
    (elu, elu_backward, {"alpha": 0.5}),
    (gelu, activations.gelu_backward, {"approximate": True}),
    (softmax, softmax_backward, {"axis": 0}),
    (log_softmax, log_softmax_backward, {"axis": 0}),
]

logits = arrays(np.float64, (3, 4), elements=st.floats(-1e3, 1e3))
numbers = arrays(np.float64, array_shapes(), elements=st.floats(-1e4, 1e4))
seeds = st.integers(0, 2**32 - 1)


def anything(dtype):
    """Draw arrays up to a quarter of the largest number of a dtype, with zeros of both signs."""
    top = float(np.finfo(dtype).max) / 4
    return arrays(dtype, (3, 4), elements=st.floats(-top, top, width=np.dtype(dtype).itemsize * 8))


def off_the_corners(rng, *shape):
    """Draw numbers whose size is between 0.1 and 2.9: every corner is at 0 or 3."""
    return rng.uniform(0.1, 2.9, shape) * rng.choice([-1.0, 1.0], shape)


def central_differences(f, x, dy, h=1e-5):
    """Return the gradient of ``(f(x) * dy).sum()``, measured."""
    dx = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = h
        dx[index] = ((f(x + shift) - f(x - shift)) * dy).sum() / (2 * h)
    return dx


# All of them ---------------------------------------------------------------------------------


def test_every_backward_stands_beside_its_forward():
    names = [name for name, _ in FUNCTIONS]
    backward = [name for name in names if name.endswith("_backward")]
    assert len(backward) >= 16
    assert {name.removesuffix("_backward") for name in backward} <= set(names)


def test_the_examples_in_the_docstrings_run():
    result = doctest.testmod(activations)
    assert result.attempted > len(FUNCTIONS) and not result.failed


@pytest.mark.parametrize("function", [f for _, f in FUNCTIONS], ids=lambda f: f.__name__)
def test_every_function_explains_itself(function):
    text = inspect.getdoc(function)
    assert all(part in text for part in ("Parameters\n---", "Returns\n---", "Examples\n---"))


@every_forward
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@few
@given(data=st.data())
def test_no_finite_input_overflows(f, dtype, data):
    x = data.draw(anything(dtype))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert np.isfinite(f(x)).all()


@every_backward
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@few
@given(data=st.data())
def test_no_gradient_overflows(f, dtype, data):
    x, dy = data.draw(anything(dtype)), np.linspace(-2, 3, 12, dtype=dtype).reshape(3, 4)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert np.isfinite(f(x, dy)).all()


def test_the_approximate_gelu_does_not_overflow():
    x = np.array([-1e300, -1e4, 1e4, 1e300])
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_array_equal(gelu(x, approximate=True), [0, 0, 1e4, 1e300])


@every_forward
def test_float32_stays_float32(f):
    assert f(np.linspace(-4, 4, 12, dtype=np.float32).reshape(3, 4)).dtype == np.float32


@every_backward
def test_gradients_of_float32_stay_float32(f):
    x = np.linspace(-4, 4, 12, dtype=np.float32).reshape(3, 4)
    assert f(x, x + 1).dtype == np.float32


@every_forward
def test_float32_is_as_good_as_seven_digits_allow(f):
    x = np.random.default_rng(0).normal(size=(40, 50))
    np.testing.assert_allclose(f(x.astype(np.float32)), f(x), rtol=2e-6, atol=1e-6)


@every_forward
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_integers_become_float64(f, dtype):
    x = np.arange(-6, 6, dtype=dtype).reshape(3, 4)
    y = f(x)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, f(x.astype(np.float64)))


@every_backward
def test_gradients_for_integers_are_float64(f):
    x, dy = np.arange(-6, 6).reshape(3, 4), np.linspace(-1, 2, 12).reshape(3, 4)
    dx = f(x, dy)
    assert dx.dtype == np.float64
    np.testing.assert_array_equal(dx, f(x.astype(float), dy))


@every_forward
def test_the_answer_is_a_new_array(f):
    x = np.linspace(-4, 4, 12).reshape(3, 4)
    assert not np.shares_memory(f(x), x)


@every_backward
def test_the_gradient_is_a_new_array(f):
    x, dy = np.linspace(-4, 4, 12).reshape(3, 4), np.ones((3, 4))
    assert not np.shares_memory(f(x, dy), dy)


@every_forward
def test_read_only_input_is_legal(f):
    x = np.linspace(-4, 4, 12).reshape(3, 4)
    x.setflags(write=False)
    assert f(x).flags.writeable


@every_backward
def test_read_only_gradients_are_legal(f):
    x, dy = np.linspace(-4, 4, 12).reshape(3, 4), np.ones((3, 4))
    x.setflags(write=False)
    dy.setflags(write=False)
    assert f(x, dy).flags.writeable


@every_forward
def test_a_view_counts_as_its_copy(f):
    view = np.linspace(-4, 4, 48).reshape(6, 8)[::2, ::-2].T
    np.testing.assert_allclose(f(view), f(view.copy()), rtol=1e-14)


@every_backward
def test_gradients_of_a_view_are_those_of_its_copy(f):
    view = np.linspace(-4, 4, 48).reshape(6, 8)[::2, ::-2].T
    dy = np.linspace(2, -1, 12).reshape(3, 4).T
    np.testing.assert_allclose(f(view, dy), f(view.copy(), dy.copy()), rtol=1e-14, atol=1e-16)


@every_forward
@few
@given(x=numbers)
def test_any_number_of_axes_keeps_its_shape(f, x):
    assert f(x).shape == x.shape


@every_backward
@few
@given(x=numbers)
def test_gradients_have_the_shape_of_the_input(f, x):
    assert f(x, np.ones_like(x)).shape == x.shape


@every_forward
def test_an_empty_batch_gives_an_empty_answer(f):
    assert f(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("f", [f for f in FORWARD if f not in (softmax, log_softmax)],
                         ids=lambda f: f.__name__)
@few
@given(x=logits)
def test_every_number_is_treated_on_its_own(f, x):
    one_by_one = np.array([f(number) for number in x.ravel()]).reshape(x.shape)
    np.testing.assert_allclose(f(x), one_by_one, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("f", [relu, elu, selu, softplus, leaky_relu, *BOUNDED[:-1]],
                         ids=lambda f: f.__name__)
@few
@given(x=st.floats(-50, 50), more=st.floats(0, 50))
def test_more_in_never_gives_less_out(f, x, more):
    assert f(x + more) >= f(x) - 1e-15


@pytest.mark.parametrize("f", BOUNDED, ids=lambda f: f.__name__)
@few
@given(x=numbers)
def test_squashing_functions_stay_between_their_bounds(f, x):
    low = -1 if f in (tanh, softsign) else 0
    y = f(x)
    assert y.min() >= low and y.max() <= 1


# Gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forward, backward, options", GRADIENTS,
    ids=[f"{f.__name__}-{'-'.join(map(str, options.values()))}" for f, _, options in GRADIENTS],
)
@few
@given(seed=seeds)
def test_the_gradient_agrees_with_central_differences(forward, backward, options, seed):
    rng = np.random.default_rng(seed)
    x, dy = off_the_corners(rng, 3, 4), rng.normal(size=(3, 4))
    measured = central_differences(partial(forward, **options), x, dy)
    np.testing.assert_allclose(backward(x, dy, **options), measured, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["x", "kernel", "bias"])
def test_the_gradients_of_maxout_agree_with_central_differences(name, seed):
    rng = np.random.default_rng(seed)
    inputs = {"x": rng.normal(size=(4, 3)), "kernel": rng.normal(size=(5, 3, 2)),
              "bias": rng.normal(size=(5, 2))}
    dy = rng.normal(size=(4, 2))
    gradients = dict(zip(inputs, maxout_backward(**inputs, dy=dy), strict=True))
    measured = central_differences(lambda v: maxout(**{**inputs, name: v}), inputs[name], dy)
    np.testing.assert_allclose(gradients[name], measured, rtol=1e-6, atol=1e-8)


@every_backward
@few
@given(seed=seeds)
def test_gradients_add_up(f, seed):
    rng = np.random.default_rng(seed)
    x, dy, more = rng.normal(size=(3, 3, 4))
    np.testing.assert_allclose(f(x, 2 * dy - 3 * more), 2 * f(x, dy) - 3 * f(x, more),
                               rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("f, slope", [
    (relu_backward, 0.0),
    (leaky_relu_backward, 0.2),
    (elu_backward, 1.0),
    (partial(elu_backward, alpha=0.5), 0.5),
    (selu_backward, 1.0507009873554805),
    (activations.step_backward, 0.0),
], ids=["relu", "leaky_relu", "elu", "elu-0.5", "selu", "step"])
def test_the_slope_at_exactly_zero_is_the_one_of_tensorflow(f, slope):
    np.testing.assert_allclose(f(np.array([0.0, -0.0]), np.array([1.0, -2.0])),
                               [slope, -2 * slope], rtol=1e-15)


def test_the_corners_of_the_hard_sigmoid_count_as_flat():
    dx = hard_sigmoid_backward(np.array([-3.0, -2.999, 2.999, 3.0]), np.full(4, 6.0))
    np.testing.assert_array_equal(dx, [0, 1, 1, 0])


@pytest.mark.parametrize("f", [sigmoid_backward, tanh_backward, activations.softsign_backward],
                         ids=lambda f: f.__name__)
def test_a_saturated_neuron_learns_nothing(f):
    np.testing.assert_allclose(f(np.array([-1e4, 1e4]), np.array([3.0, 3.0])), 0, atol=1e-7)


# One by one ----------------------------------------------------------------------------------


@pytest.mark.parametrize("f, expected", [
    (step, [0, 0, 0, 1, 1]),
    (linear, [-2, -1, 0, 1, 2]),
    (sigmoid, [0.1192, 0.2689, 0.5, 0.7311, 0.8808]),
    (tanh, [-0.9640, -0.7616, 0, 0.7616, 0.9640]),
    (relu, [0, 0, 0, 1, 2]),
    (leaky_relu, [-0.4, -0.2, 0, 1, 2]),
    (elu, [-0.8647, -0.6321, 0, 1, 2]),
    (selu, [-1.5202, -1.1113, 0, 1.0507, 2.1014]),
    (softplus, [0.1269, 0.3133, 0.6931, 1.3133, 2.1269]),
    (softsign, [-0.6667, -0.5, 0, 0.5, 0.6667]),
    (gelu, [-0.0455, -0.1587, 0, 0.8413, 1.9545]),
    (silu, [-0.2384, -0.2689, 0, 0.7311, 1.7616]),
    (hard_sigmoid, [0.1667, 0.3333, 0.5, 0.6667, 0.8333]),
], ids=lambda p: getattr(p, "__name__", ""))
def test_known_values_from_minus_two_to_two(f, expected):
    np.testing.assert_allclose(f(np.arange(-2.0, 3.0)), expected, atol=5e-5)  # four decimals


@given(numbers)
def test_a_step_is_zero_or_one(x):
    assert set(np.unique(step(x))) <= {0.0, 1.0}


@given(numbers)
def test_the_step_is_the_slope_of_the_rectifier(x):
    np.testing.assert_array_equal(step(x), relu_backward(x, np.ones_like(x)))


@given(numbers)
def test_the_two_ends_of_the_sigmoid_mirror_each_other(x):
    np.testing.assert_allclose(sigmoid(-x), 1 - sigmoid(x), rtol=0, atol=1e-15)


@given(st.floats(0.001, 0.999))
def test_the_sigmoid_undoes_the_log_odds(p):
    np.testing.assert_allclose(sigmoid(np.log(p / (1 - p))), p, rtol=1e-12)


def test_the_sigmoid_is_steepest_at_zero_with_a_quarter():
    x = np.linspace(-5, 5, 101)
    slope = sigmoid_backward(x, np.ones_like(x))
    assert slope.argmax() == 50 and slope.max() == 0.25


@given(numbers)
def test_tanh_is_a_sigmoid_stretched(x):
    np.testing.assert_allclose(tanh(x), 2 * sigmoid(2 * x) - 1, rtol=0, atol=1e-15)


@pytest.mark.parametrize("f", [tanh, softsign, linear], ids=lambda f: f.__name__)
@few
@given(x=numbers)
def test_odd_functions_turn_the_sign_with_their_input(f, x):
    np.testing.assert_array_equal(f(-x), -f(x))


@pytest.mark.parametrize("f", [relu, softplus, gelu, partial(gelu, approximate=True), silu],
                         ids=["relu", "softplus", "gelu", "gelu-approximate", "silu"])
@few
@given(x=numbers)
def test_a_rectifier_and_its_mirror_image_differ_by_the_input(f, x):
    np.testing.assert_allclose(f(x) - f(-x), x, rtol=1e-14, atol=1e-14)


@given(numbers)
def test_a_leaky_rectifier_with_slope_zero_is_the_rectifier(x):
    np.testing.assert_array_equal(leaky_relu(x, negative_slope=0.0), relu(x))


@given(numbers)
def test_a_leaky_rectifier_with_slope_one_is_the_identity(x):
    np.testing.assert_array_equal(leaky_relu(x, negative_slope=1.0), x)


def test_a_leaky_slope_above_one_stays_on_the_negative_side():
    np.testing.assert_array_equal(leaky_relu(np.array([-1.0, 3.0]), negative_slope=2.0), [-2, 3])


@given(numbers, st.floats(0, 10))
def test_elu_never_falls_below_its_floor(x, alpha):
    assert (elu(x, alpha) >= -alpha).all()


def test_elu_keeps_its_digits_just_below_zero():
    np.testing.assert_allclose(elu(np.array([-1e-12])), -1e-12, rtol=1e-11)


def test_selu_keeps_mean_zero_and_variance_one():
    z = np.linspace(-12, 12, 240_001)
    weight = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    y = selu(z)
    np.testing.assert_allclose([(weight * y).sum(), (weight * y**2).sum()], [0, 1], atol=1e-6)


@given(numbers)
def test_softplus_lies_above_the_rectifier_by_at_most_log_two(x):
    gap = softplus(x) - relu(x)
    assert gap.min() >= 0 and gap.max() <= np.log(2) + 1e-15


@given(numbers)
def test_the_slope_of_softplus_is_the_sigmoid(x):
    np.testing.assert_array_equal(softplus_backward(x, np.ones_like(x)), sigmoid(x))


def test_gelu_keeps_its_digits_far_to_the_left():
    # Phi(-10) = 7.619853024160527e-24, from its continued fraction, worked out to 60 digits
    np.testing.assert_allclose(gelu(np.array([-10.0])), -7.619853024160527e-23, rtol=1e-12)


def test_the_approximate_gelu_is_close_but_not_equal():
    x = np.linspace(-5, 5, 1001)
    gap = np.abs(gelu(x, approximate=True) - gelu(x)).max()
    assert 1e-4 < gap < 1e-3


@given(numbers)
def test_the_two_ends_of_the_hard_sigmoid_mirror_each_other(x):
    np.testing.assert_allclose(hard_sigmoid(-x), 1 - hard_sigmoid(x), rtol=0, atol=1e-15)


# Maxout --------------------------------------------------------------------------------------


def draw_maxout(seed, n=4, d=3, pieces=5, units=2):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)), rng.normal(size=(pieces, d, units)),
            rng.normal(size=(pieces, units)))


@given(numbers)
def test_two_opposite_pieces_make_the_absolute_value(x):
    x = x.reshape(-1, 1)
    kernel = np.array([[[1.0]], [[-1.0]]])
    np.testing.assert_array_equal(maxout(x, kernel, np.zeros((2, 1))), np.abs(x))


@given(seeds)
def test_a_zero_piece_makes_a_rectifier(seed):
    x, kernel, bias = draw_maxout(seed, pieces=2)
    kernel[1], bias[1] = 0, 0
    np.testing.assert_allclose(maxout(x, kernel, bias), relu(x @ kernel[0] + bias[0]), atol=1e-14)


@given(seeds)
def test_one_piece_is_a_dense_layer(seed):
    x, kernel, bias = draw_maxout(seed, pieces=1)
    np.testing.assert_allclose(maxout(x, kernel, bias), x @ kernel[0] + bias[0], atol=1e-14)


@given(seeds, seeds)
def test_the_order_of_the_pieces_does_not_matter(seed, order):
    x, kernel, bias = draw_maxout(seed)
    p = np.random.default_rng(order).permutation(5)
    np.testing.assert_array_equal(maxout(x, kernel[p], bias[p]), maxout(x, kernel, bias))


@given(seeds)
def test_as_many_samples_as_pieces_do_not_mix(seed):
    x, kernel, bias = draw_maxout(seed, n=5)
    one_by_one = np.concatenate([maxout(row[np.newaxis], kernel, bias) for row in x])
    np.testing.assert_allclose(maxout(x, kernel, bias), one_by_one, atol=1e-14)


def test_a_tie_goes_to_the_first_piece():
    x, kernel, dy = np.array([[2.0]]), np.ones((3, 1, 1)), np.array([[5.0]])
    _, dkernel, dbias = maxout_backward(x, kernel, np.zeros((3, 1)), dy)
    np.testing.assert_array_equal(dkernel.ravel(), [10, 0, 0])
    np.testing.assert_array_equal(dbias.ravel(), [5, 0, 0])


@given(seeds)
def test_the_pieces_share_out_the_whole_gradient(seed):
    x, kernel, bias = draw_maxout(seed)
    dy = np.random.default_rng(seed).normal(size=(4, 2))
    _, _, dbias = maxout_backward(x, kernel, bias, dy)
    np.testing.assert_allclose(dbias.sum(axis=0), dy.sum(axis=0), atol=1e-13)


def test_maxout_keeps_float32():
    inputs = [v.astype(np.float32) for v in draw_maxout(0)]
    dy = np.ones((4, 2), dtype=np.float32)
    answers = [maxout(*inputs), *maxout_backward(*inputs, dy)]
    assert {a.dtype for a in answers} == {np.dtype(np.float32)}


def test_maxout_takes_read_only_views():
    x, kernel, bias = draw_maxout(0)
    dy, views = np.ones((4, 2)), []
    for array in (x, kernel, bias, dy):
        view = array[::-1]
        view.setflags(write=False)
        views.append(view)
    copies = [v.copy() for v in views]
    np.testing.assert_allclose(maxout(*views[:3]), maxout(*copies[:3]), atol=1e-14)
    for got, want in zip(maxout_backward(*views), maxout_backward(*copies), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-14)


# Softmax -------------------------------------------------------------------------------------


def test_softmax_of_the_running_example():
    np.testing.assert_allclose(softmax(np.array([2.0, 1.0, 0.1])), [0.6590, 0.2424, 0.0986],
                               atol=5e-5)  # four decimals


def test_softmax_of_logits_that_overflow_a_naive_one():
    np.testing.assert_allclose(softmax(np.array([1000.0, 1001.0, 1002.0])),
                               [0.0900, 0.2447, 0.6652], atol=5e-5)  # four decimals


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
@few
@given(x=arrays(np.float64, (2, 3, 4), elements=st.floats(-1e4, 1e4)))
def test_softmax_sums_to_one_along_its_axis(axis, x):
    np.testing.assert_allclose(softmax(x, axis).sum(axis), 1, rtol=1e-12)


@given(logits, st.floats(-1e3, 1e3))
def test_softmax_ignores_a_constant_shift(x, c):
    np.testing.assert_allclose(softmax(x + c), softmax(x), atol=1e-12)


@given(logits, seeds)
def test_softmax_does_not_care_about_the_order_of_the_classes(x, seed):
    order = np.random.default_rng(seed).permutation(4)
    np.testing.assert_allclose(softmax(x[:, order]), softmax(x)[:, order], rtol=1e-14, atol=1e-300)


@given(logits)
def test_one_row_does_not_touch_another(x):
    rows = np.array([softmax(row) for row in x])
    np.testing.assert_allclose(softmax(x), rows, rtol=1e-14)


@given(logits)
def test_a_larger_logit_never_gets_a_smaller_probability(x):
    order = np.argsort(x, axis=-1)
    assert (np.diff(np.take_along_axis(softmax(x), order, axis=-1)) >= 0).all()


@pytest.mark.parametrize("f", [softmax, log_softmax], ids=lambda f: f.__name__)
@few
@given(x=arrays(np.float64, (2, 3, 4), elements=st.floats(-1e3, 1e3)))
def test_any_axis_is_the_last_one_turned_around(f, x):
    turned = np.moveaxis(f(np.moveaxis(x, 1, -1)), -1, 1)
    np.testing.assert_allclose(f(x, axis=1), turned, rtol=1e-14, atol=1e-14)


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_softmax_of_two_classes_is_a_sigmoid_of_their_difference(a, b):
    np.testing.assert_allclose(softmax(np.array([a, b]))[0], sigmoid(a - b), atol=1e-15)


@given(arrays(np.float64, (3, 4), elements=st.floats(-100, 100)))
def test_log_softmax_is_the_logarithm_of_softmax(x):
    np.testing.assert_allclose(log_softmax(x), np.log(softmax(x)), rtol=1e-12, atol=1e-12)


@given(arrays(np.float64, (3, 4), elements=st.floats(-1e300, 1e300)))
def test_log_softmax_is_never_infinite_and_never_above_zero(x):
    y = log_softmax(x)
    assert np.isfinite(y).all() and (y <= 0).all()


def test_log_softmax_of_equal_logits_is_minus_log_of_their_number():
    np.testing.assert_allclose(log_softmax(np.full(3, 1e4)), -np.log(3), rtol=1e-15)


@pytest.mark.parametrize("f", [softmax_backward, log_softmax_backward], ids=lambda f: f.__name__)
@few
@given(seed=seeds)
def test_the_gradient_for_logits_sums_to_zero(f, seed):
    rng = np.random.default_rng(seed)
    dx = f(rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))
    np.testing.assert_allclose(dx.sum(axis=-1), 0, atol=1e-13)


@given(logits)
def test_an_upstream_gradient_of_ones_cancels_in_softmax(x):
    np.testing.assert_allclose(softmax_backward(x, np.ones_like(x)), 0, atol=1e-14)


def test_log_softmax_with_a_one_hot_upstream_is_targets_minus_probabilities():
    x, targets = np.array([[2.0, 1.0, 0.1]]), np.array([[1.0, 0.0, 0.0]])
    np.testing.assert_allclose(log_softmax_backward(x, targets), [[0.3410, -0.2424, -0.0986]],
                               atol=5e-5)  # four decimals
