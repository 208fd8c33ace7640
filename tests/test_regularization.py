"""Regularization: properties on any data, measured gradients, and what is said about misuse."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlib import regularization
from nnlib.gradients import check_gradient, numerical_gradient
from nnlib.layers import Dense, Input
from nnlib.losses import MeanSquaredError
from nnlib.network import Sequential
from nnlib.optimizers import SGD
from nnlib.regularization import (
    L1,
    L1L2,
    L2,
    BatchNormalization,
    Dropout,
    EarlyStopping,
    LayerNormalization,
    elastic,
    elastic_to_l1l2,
    train_val_test_split,
)

TRACE = [1, 0.8, 0.9, 0.85, 0.81, 0.7, 0.75, 0.76, 0.77]


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(regularization, extraglobs={"np": np})
    assert ran and not failed


# ---- splits


@given(st.integers(8, 60), st.booleans(), st.integers(0, 9))
def test_every_sample_is_in_one_part_with_its_target(count, stratify, seed):
    x, y = np.arange(count), np.arange(count) % 2
    parts = train_val_test_split(x, y, (0.5, 0.25, 0.25), np.random.default_rng(seed), stratify)
    assert sorted(np.concatenate([part for part, _ in parts])) == list(range(count))
    assert all(np.array_equal(part % 2, labels) for part, labels in parts)


def test_a_stratified_split_keeps_the_share_of_a_rare_class():
    y = np.repeat([0, 1], [950, 50])
    for _, labels in train_val_test_split(y, y, rng=np.random.default_rng(0), stratify=True):
        assert labels.mean() == 0.05


@pytest.mark.parametrize("x, y, fractions, words", [
    (np.ones(5), np.ones(4), (0.6, 0.2, 0.2), "y has 4 rows, expected 5"),
    (np.ones(5), np.ones(5), (0.7, 0.2, 0.2), "are 1.1 together"),
    (np.ones(2), np.ones(2), (0.6, 0.2, 0.2), "of 2 samples leave a part empty"),
])
def test_a_split_that_cannot_be_made(x, y, fractions, words):
    with pytest.raises(ValueError, match=words):
        train_val_test_split(x, y, fractions, np.random.default_rng(0))


# ---- prices


@pytest.mark.parametrize("price", [L1(0.3), L2(0.2), L1L2(0.1, 0.4)])
def test_the_gradient_of_a_price(price):
    w = np.random.default_rng(0).normal(size=(3, 2, 4))
    np.testing.assert_allclose(price.gradient(w), numerical_gradient(price, w), atol=1e-6)


@given(st.floats(0, 10), st.floats(0, 1), st.integers(1, 30))
def test_elastic_and_l1l2_ask_the_same_price(alpha, r, n):
    w = np.linspace(-2, 3, n)
    np.testing.assert_allclose(L1L2(*elastic_to_l1l2(alpha, r, n))(w), elastic(w, alpha, r),
                               rtol=1e-12, atol=1e-300)


def test_the_gradient_of_a_price_stays_float32():
    assert L1L2(0.1, 0.1).gradient(np.ones((2, 2), np.float32)).dtype == np.float32


# ---- dropout


@given(st.floats(0, 1), st.integers(0, 5))
def test_dropout_returns_zeros_and_scaled_numbers_and_nothing_else(rate, seed):
    x = np.arange(1.0, 31).reshape(5, 6)
    y = Dropout(rate, rng=np.random.default_rng(seed))(x, training=True)
    kept = y != 0
    np.testing.assert_allclose(y[kept] * (1 - rate), x[kept], rtol=1e-12)


def test_the_mean_of_many_draws_is_the_number_itself():
    layer, x = Dropout(0.3, rng=np.random.default_rng(0)), np.array([[1.0, -2.0, 5.0]])
    mean = np.mean([layer(x, training=True) for _ in range(20_000)], axis=0)
    np.testing.assert_allclose(mean, x, rtol=0.03)


def test_a_network_hands_its_generator_to_dropout():
    def output(seed):
        network = Sequential([Input((4,)), Dropout(0.5)], rng=np.random.default_rng(seed))
        return network(np.ones((3, 4)), training=True)

    assert np.array_equal(output(1), output(1)) and not np.array_equal(output(1), output(2))


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_a_rate_is_a_probability(rate):
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        Dropout(rate)


# ---- normalization


@pytest.mark.parametrize("shape", [(5, 3), (3, 3), (2, 3, 2, 4)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", [BatchNormalization, LayerNormalization])
@pytest.mark.parametrize("name", ["x", "gamma", "beta"])
def test_measured_gradients(kind, training, shape, name):
    rng = np.random.default_rng(0)
    layer, x = kind(), rng.normal(1, 2, size=shape)
    layer.build(shape, rng)
    layer.forward(x, training=True)
    layer.params = {key: rng.normal(size=shape[-1]) for key in layer.params}

    def forward(value):
        if name == "x":
            return layer.forward(value, training)
        layer.params[name] = value
        return layer.forward(x, training)

    def backward(value, dy):
        forward(value)
        dx = layer.backward(dy)
        return dx if name == "x" else layer.grads[name]

    start = x if name == "x" else layer.params[name]
    assert check_gradient(forward, backward, start, rng)["error"] < 1e-6


def test_averages_come_close_to_the_data():
    rng = np.random.default_rng(0)
    layer = BatchNormalization(momentum=0.9)
    for _ in range(200):
        layer(rng.normal(3, 2, size=(500, 1)), training=True)
    np.testing.assert_allclose(layer.state["moving_mean"], 3, rtol=0.05)
    np.testing.assert_allclose(layer.state["moving_variance"], 4, rtol=0.05)


@pytest.mark.parametrize("kind", [BatchNormalization, LayerNormalization])
def test_after_training_a_sample_does_not_see_its_neighbours(kind):
    layer, x = kind(), np.random.default_rng(0).normal(size=(6, 3))
    np.testing.assert_allclose(layer(x)[:1], layer(x[:1]), rtol=1e-12)


def test_a_batch_of_one_gives_beta_and_no_gradient():
    layer, x = BatchNormalization(), np.array([[3.0, -7.0]])
    layer.build(x.shape, None)
    layer.params["beta"][:] = [5.0, 6.0]
    assert layer(x, training=True).tolist() == [[5, 6]]
    assert layer.backward(np.array([[1.0, 2.0]])).tolist() == [[0, 0]]


@pytest.mark.parametrize("layer", [BatchNormalization(), LayerNormalization(),
                                   Dropout(0.5, rng=np.random.default_rng(0))],
                         ids=lambda layer: layer.name)
@pytest.mark.parametrize("training", [True, False])
def test_float32_stays_float32(layer, training):
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    layer.build(x.shape, np.random.default_rng(0))
    layer.params = {key: value.astype(np.float32) for key, value in layer.params.items()}
    layer.state = {key: value.astype(np.float32) for key, value in layer.state.items()}
    assert layer.forward(x, training).dtype == np.float32
    assert layer.backward(x).dtype == np.float32
    assert {grad.dtype for grad in layer.grads.values()} <= {np.dtype(np.float32)}
    assert {one.dtype for one in layer.state.values()} <= {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", [BatchNormalization, LayerNormalization])
def test_a_width_that_does_not_fit_is_told(kind):
    layer = kind()
    with pytest.raises(ValueError, match=r"needs \(batch, \.\.\., features\), got shape \(3,\)"):
        layer(np.ones(3))
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match="was built for 3 features in the last axis, got 4"):
        layer(np.ones((2, 4)))


# ---- early stopping


def watch(values, monitor="val_loss", **options):
    stopping = EarlyStopping(monitor, **options)
    stopping.on_train_begin(None)
    for epoch, value in enumerate(values):
        if stopping.on_epoch_end(epoch, {monitor: value}):
            return epoch
    return None


@pytest.mark.parametrize("options, epoch", [
    ({"patience": 0}, 2), ({"patience": 1}, 2), ({"patience": 2}, 3), ({"patience": 3}, 4),
    ({"patience": 4}, None), ({"patience": 2, "start_from_epoch": 3}, 7),
])
def test_the_epoch_after_which_training_ends(options, epoch):
    assert watch(TRACE, **options) == epoch


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), st.integers(0, 5), st.floats(0, 3))
def test_small_losses_and_large_scores_are_the_same(values, patience, delta):
    options = {"patience": patience, "min_delta": delta}
    small = watch(values, **options)
    assert small == watch([-value for value in values], "score", mode="max", **options)


def test_a_second_training_starts_afresh():
    stopping = EarlyStopping(patience=2)
    for _ in range(2):
        stopping.on_train_begin(None)
        assert [stopping.on_epoch_end(epoch, {"val_loss": value})
                for epoch, value in enumerate(TRACE[:4])] == [False, False, False, True]


@pytest.mark.parametrize("attempt, words", [
    (lambda: EarlyStopping(mode="least"), "mode is 'least', expected"),
    (lambda: EarlyStopping("val_score"), "small or large is for you to say"),
    (lambda: EarlyStopping().look_up({"loss": 1.0, "accuracy": 0.5}),
     "watches 'val_loss', and an epoch gives only loss, accuracy"),
    (lambda: L1L2(l1=-1.0), "l1 is -1.0, expected a number from 0 upwards"),
    (lambda: L2(float("inf")), "l2 is inf"),
])
def test_misuse_is_told_in_a_sentence(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()


# ---- in a network


def network(*layers, seed=0):
    made = Sequential([Input((3,)), *layers, Dense(1)], rng=np.random.default_rng(seed))
    made.compile(SGD(0.05), MeanSquaredError())
    return made


def noise(count=40):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, 3)), rng.normal(size=(count, 1))


def test_fit_goes_back_to_the_weights_of_the_best_epoch():
    made, validation = network(Dense(30, "tanh"), BatchNormalization(momentum=0.5)), noise(60)
    stopping = EarlyStopping(patience=3, restore_best_weights=True)
    history = made.fit(*noise(), epochs=200, verbose=0, validation_data=validation,
                       callbacks=[stopping]).history["val_loss"]
    assert len(history) == stopping.stopped_epoch + 1 == stopping.best_epoch + 4
    np.testing.assert_allclose(made.evaluate(*validation)["loss"], min(history), rtol=1e-6)


def test_a_price_makes_weights_smaller_and_l1_makes_most_of_them_tiny():
    def sizes(price):
        made = network(Dense(20, "tanh", kernel_regularizer=price))
        made.fit(*noise(), epochs=300, verbose=0)
        return np.abs(made.layers[0].params["kernel"])

    free, squares, absolute = map(sizes, (None, L2(0.05), L1(0.05)))
    assert squares.mean() < 0.7 * free.mean()
    assert np.mean(absolute < 0.01) > 0.5 > np.mean(free < 0.01)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_with_all_of_them_keeps_its_dtype(dtype):
    made = Sequential([Input((3,)), BatchNormalization(), Dropout(0.5), LayerNormalization()],
                      rng=np.random.default_rng(0), dtype=dtype)
    for training in (True, False):
        assert made(np.ones((4, 3)), training=training).dtype == dtype
