"""Layers: every backward against measured slopes, and what is said about wrong shapes."""

import doctest

import numpy as np
import pytest

from nnlib import layers
from nnlib.gradients import check_gradient
from nnlib.layers import Activation, Add, Concatenate, Dense, Flatten, Input, Layer


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(layers, extraglobs={"np": np})
    assert ran and not failed


def error_of(layer, x, rng):
    """Return how far the layer's dx is from measured slopes."""
    def backward(x, dy):
        layer.forward(x)
        return layer.backward(dy)

    return check_gradient(layer.forward, backward, x, rng)["error"]


@pytest.mark.parametrize("layer", [
    Dense(4), Dense(3, "tanh"), Dense(2, "softmax"), Activation("gelu"), Activation("softmax"),
    Activation("elu", alpha=0.3), Flatten(),
], ids=lambda layer: layer.name)
@pytest.mark.parametrize("shape", [(5, 3), (1, 3), (2, 4, 3)])
def test_the_gradient_for_the_input(layer, shape):
    rng = np.random.default_rng(0)
    layer.build(shape, rng)
    assert error_of(layer, rng.normal(size=shape), rng) < 1e-6


@pytest.mark.parametrize("name", ["kernel", "bias"])
@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3)])
def test_the_gradients_for_the_parameters(name, shape):
    rng = np.random.default_rng(1)
    layer, x = Dense(4, "sigmoid"), rng.normal(size=shape)
    layer.build(shape, rng)

    def forward(value):
        layer.params[name] = value
        return layer.forward(x)

    def backward(value, dy):
        forward(value)
        layer.backward(dy)
        return layer.grads[name]

    assert check_gradient(forward, backward, layer.params[name], rng)["error"] < 1e-6


@pytest.mark.parametrize("layer, shapes", [(Add(), [(2, 3)] * 3),
                                           (Concatenate(), [(2, 3), (2, 1), (2, 2)])])
def test_layers_with_several_inputs(layer, shapes):
    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=shape) for shape in shapes]
    dy = rng.normal(size=layer(arrays).shape)
    for number, x in enumerate(arrays):
        def forward(x, number=number):
            return layer.forward([*arrays[:number], x, *arrays[number + 1:]])

        def backward(x, dy, number=number, forward=forward):
            forward(x, number)
            return layer.backward(dy)[number]

        assert check_gradient(forward, backward, x, rng)["error"] < 1e-6
    assert layer.backward(dy)[0].shape == shapes[0]


def test_a_call_builds_the_layer_once():
    layer = Dense(2)
    layer(np.ones((1, 3)))
    kernel = layer.params["kernel"]
    layer(np.ones((4, 3)))
    assert layer.params["kernel"] is kernel


def test_kernels_are_drawn_by_the_generator_alone():
    def kernel(seed):
        layer = Dense(3)
        layer.build((1, 4), np.random.default_rng(seed))
        return layer.params["kernel"]

    assert np.array_equal(kernel(1), kernel(1)) and not np.array_equal(kernel(1), kernel(2))


def test_float32_stays_float32():
    layer = Dense(2, "tanh")
    layer.build((1, 3), np.random.default_rng(0))
    layer.params = {name: array.astype(np.float32) for name, array in layer.params.items()}
    assert layer(np.ones((4, 3), np.float32)).dtype == np.float32
    assert layer.backward(np.ones((4, 2), np.float32)).dtype == np.float32
    assert {grad.dtype for grad in layer.grads.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("attempt, words", [
    (lambda: Dense(2).backward(np.ones((1, 2))), "come before what uses their results"),
    (lambda: Flatten().backward(np.ones((1, 2))), "Flatten has no 'shape' yet"),
    (lambda: Dense(2)(np.ones(3)), r"dense needs \(batch, features\), got shape \(3,\)"),
    (lambda: Dense(2, "rleu"), "no activation called 'rleu'"),
    (lambda: Add()([np.ones((2, 1)), np.ones((2, 3))]), r"\(2, 1\), \(2, 3\)"),
    (lambda: Concatenate()([np.ones((2, 1)), np.ones((3, 1))]), r"\(2, 1\), \(3, 1\)"),
])
def test_misuse_is_told_in_a_sentence(attempt, words):
    with pytest.raises((ValueError, AttributeError), match=words):
        attempt()


def test_another_width_than_before_names_layer_and_shapes():
    layer = Dense(2)
    layer(np.ones((5, 3)))
    with pytest.raises(ValueError, match=r"dense was built for 3 features in the last axis, "
                                         r"got 4: the input has shape \(5, 4\)"):
        layer(np.ones((5, 4)))


def test_a_layer_of_ones_own_needs_two_methods():
    class Double(Layer):
        def forward(self, x, training=False):
            return 2 * x

        def backward(self, dy):
            return 2 * dy

    layer = Double()
    assert layer(np.ones((1, 2))).tolist() == [[2, 2]]
    assert layer(Input((2,))).shape == (2,)
