"""Convolution and pooling: measured slopes, fast form against loops, and what is refused."""

import doctest

import numpy as np
import pytest

from nnlib import convolution
from nnlib.convolution import (
    AveragePooling2D,
    Conv1D,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPool2D,
    canvas,
    col2im,
    conv2d,
    conv2d_backward,
    conv2d_cost,
    conv2d_matmul,
    conv_output_and_pad,
    im2col,
    inception_block,
    pad2d,
    residual_block,
    shifted_views,
)
from nnlib.gradients import check_gradient
from nnlib.layers import Dense, Flatten, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Model, Sequential
from nnlib.optimizers import SGD
from nnlib.windows import blocks

# batch, height, width, channels; kernel height, width, filters; strides; padding
SHAPES = [
    ((2, 5, 6, 1), (3, 3, 2), 1, "valid"), ((1, 4, 7, 3), (2, 3, 3), 1, "same"),
    ((3, 6, 5, 2), (3, 2, 4), 2, "same"), ((2, 7, 8, 4), (2, 2, 1), 3, "valid"),
    ((2, 5, 5, 5), (5, 4, 5), 1, "same"), ((2, 4, 6, 6), (3, 4, 2), (1, 2), "same"),
    ((1, 3, 4, 4), (3, 4, 7), 1, "valid"), ((2, 8, 7, 8), (1, 1, 3), 2, "same"),
    ((2, 2, 2, 1), (3, 5, 2), 1, "same"), ((2, 5, 3, 2), (3, 3, 2), 1, "valid"),
    ((3, 4, 12, 3), (3, 5, 1), (2, 1), "valid"), ((2, 6, 13, 2), (2, 3, 5), 1, "same"),
]


def arrays(x, kernel, strides, padding, dtype=np.float64):
    """Return x, kernel, and an upstream gradient that fits."""
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=x), rng.normal(size=(*kernel[:2], x[3], kernel[2]))
    dy = rng.normal(size=conv2d(x, kernel, None, strides, padding).shape)
    return x.astype(dtype), kernel.astype(dtype), dy.astype(dtype)


def error_of(layer, x, rng):
    def backward(x, dy):
        layer.forward(x)
        return layer.backward(dy)

    layer(x)
    return check_gradient(layer.forward, backward, x, rng)["error"]


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(convolution, extraglobs={"np": np})
    assert ran and not failed


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("k", range(1, 5))
@pytest.mark.parametrize("stride", range(1, 4))
def test_the_last_window_ends_where_the_border_does(n, k, stride):
    out, (before, after) = conv_output_and_pad(n, k, stride, "same")
    assert out == -(-n // stride) and 0 <= after - before <= 1
    ends = (out - 1) * stride + k
    assert ends == n + before + after if before + after else ends <= n


@pytest.mark.parametrize("x, kernel, strides, padding", SHAPES)
def test_the_fast_form_gives_what_the_loops_give(x, kernel, strides, padding):
    x, kernel, dy = arrays(x, kernel, strides, padding)
    bias = np.random.default_rng(1).normal(size=kernel.shape[3])
    np.testing.assert_allclose(conv2d_matmul(x, kernel, bias, strides, padding),
                               conv2d(x, kernel, bias, strides, padding), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("x, kernel, strides, padding", SHAPES)
def test_the_gradient_for_the_pictures(x, kernel, strides, padding):
    x, kernel, dy = arrays(x, kernel, strides, padding)
    report = check_gradient(
        lambda x: conv2d_matmul(x, kernel, None, strides, padding),
        lambda x, dy: conv2d_backward(x, kernel, dy, strides, padding)[0], x,
        np.random.default_rng(2))
    assert report["error"] < 1e-6


@pytest.mark.parametrize("x, kernel, strides, padding", SHAPES)
def test_the_gradient_for_the_kernel(x, kernel, strides, padding):
    x, kernel, dy = arrays(x, kernel, strides, padding)
    report = check_gradient(
        lambda kernel: conv2d_matmul(x, kernel, None, strides, padding),
        lambda kernel, dy: conv2d_backward(x, kernel, dy, strides, padding)[1], kernel,
        np.random.default_rng(3))
    assert report["error"] < 1e-6


@pytest.mark.parametrize("x, kernel, strides, padding", SHAPES)
def test_col2im_is_the_transpose_of_im2col(x, kernel, strides, padding):
    x, kernel, dy = arrays(x, kernel, strides, padding)
    columns = im2col(x, kernel.shape[:2], strides, padding)
    other = np.random.default_rng(4).normal(size=columns.shape)
    back = col2im(other, x.shape, kernel.shape[:2], strides, padding)
    np.testing.assert_allclose(np.vdot(columns, other), np.vdot(x, back), rtol=1e-12)


@pytest.mark.parametrize("channels", [1, 5])
def test_parts_of_a_batch_add_up(channels, monkeypatch):
    x, kernel, dy = arrays((7, 5, 5, channels), (3, 3, 2), 1, "same")
    whole = [conv2d_matmul(x, kernel), *conv2d_backward(x, kernel, dy, 1, "same")]
    monkeypatch.setattr(convolution, "blocks", lambda *args: blocks(*args, numbers=2500))
    parts = [conv2d_matmul(x, kernel), *conv2d_backward(x, kernel, dy, 1, "same")]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_a_shifted_picture_gives_shifted_features():
    rng = np.random.default_rng(5)
    x, kernel = rng.normal(size=(1, 9, 9, 2)), rng.normal(size=(3, 3, 2, 4))
    moved = np.roll(x, (2, 1), axis=(1, 2))
    np.testing.assert_allclose(conv2d_matmul(moved, kernel)[:, 2:, 1:],
                               conv2d_matmul(x, kernel)[:, :-2, :-1], atol=1e-12)


def test_a_kernel_of_one_pixel_is_a_dense_layer():
    rng = np.random.default_rng(6)
    x, kernel = rng.integers(-9, 9, (2, 400, 300, 5)), rng.normal(size=(1, 1, 5, 6))
    np.testing.assert_allclose(conv2d_matmul(x, kernel), x @ kernel[0, 0], atol=1e-12)


def test_what_is_added_to_a_shifted_view_arrives_in_the_picture():
    whole, inside = canvas(np.zeros(0), (1, 3, 3, 1), 2, 1, "same")
    for view in shifted_views(whole, 2):
        view += 1
    assert inside[0, :, :, 0].tolist() == [[1, 2, 2], [2, 4, 4], [2, 4, 4]]


def test_nothing_is_copied_where_no_border_is_needed():
    x = np.zeros((1, 4, 4, 2))
    assert pad2d(x, 3) is x and pad2d(x, 1, padding="same") is x


def test_an_empty_batch_gives_an_empty_answer():
    for channels in (1, 5):
        x, kernel = np.zeros((0, 5, 5, channels)), np.ones((3, 3, channels, 2))
        assert conv2d_matmul(x, kernel).shape == (0, 3, 3, 2)
        dx, dkernel, _ = conv2d_backward(x, kernel, np.zeros((0, 3, 3, 2)))
        assert dx.shape == x.shape and not dkernel.any()
        assert Flatten()(x).shape == (0, 25 * channels)


@pytest.mark.parametrize("x, kernel, strides, padding", SHAPES[:4])
def test_float32_stays_float32_and_close(x, kernel, strides, padding):
    many, exact = (arrays(x, kernel, strides, padding, dtype) for dtype in (np.float32, float))
    for one, other in zip(conv2d_backward(*many, strides, padding),
                          conv2d_backward(*exact, strides, padding), strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)  # about 1e-7 of the sum
    assert conv2d_matmul(*many[:2], None, strides, padding).dtype == np.float32


LAYERS = [Conv2D(3, (2, 3), activation="tanh"), Conv2D(2, 3, 2, "same"), MaxPool2D(),
          MaxPool2D(3, 2, "same"), MaxPool2D((1, 2), 3), AveragePooling2D((2, 3)),
          AveragePooling2D(3, 2, "same"), GlobalAveragePooling2D()]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("shape", [(2, 7, 5, 3), (1, 4, 6, 1)])
def test_the_gradients_of_layers(layer, shape):
    layer.params.clear()
    layer.built = False
    rng = np.random.default_rng(7)
    assert error_of(layer, rng.normal(size=shape), rng) < 1e-6


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_gradients_of_a_convolution_over_time(padding):
    rng = np.random.default_rng(8)
    assert error_of(Conv1D(3, 4, 2, padding, "tanh"), rng.normal(size=(2, 9, 2)), rng) < 1e-6


@pytest.mark.parametrize("layer", [*LAYERS, Conv2D(4, 3, 3), MaxPool2D(2, 3)],
                         ids=lambda layer: layer.name)
def test_shapes_are_as_announced(layer):
    layer.params.clear()
    layer.built = False
    assert layer(np.zeros((2, 7, 8, 3))).shape == layer.output_shape((2, 7, 8, 3))


def test_the_border_never_wins_and_never_counts():
    x = np.full((1, 5, 4, 2), -3)
    assert np.all(MaxPool2D(3, 2, "same")(x) == -3)
    np.testing.assert_allclose(AveragePooling2D(3, 2, "same")(x), -3, rtol=1e-12)


def test_pooling_passes_on_all_of_the_gradient():
    rng = np.random.default_rng(9)
    for layer in (MaxPool2D(3, 1, "same"), AveragePooling2D(2, padding="same")):
        y = layer(rng.integers(0, 3, (2, 5, 5, 2)) * 1.0)
        dy = rng.normal(size=y.shape)
        np.testing.assert_allclose(layer.backward(dy).sum(), dy.sum(), atol=1e-12)


def test_the_cost_is_that_of_the_layer():
    layer = Conv2D(6, (3, 2), (2, 1), "same")
    y = layer(np.zeros((1, 9, 8, 4)))
    count = sum(array.size for array in layer.params.values())
    assert conv2d_cost((9, 8, 4), 6, (3, 2), (2, 1), "same") == (count, y.size * 3 * 2 * 4)


@pytest.mark.parametrize("make", [
    lambda x: residual_block(x, 2), lambda x: residual_block(x, 4, 2),
    lambda x: inception_block(x, 2, (2, 3), (1, 2), 2),
], ids=["as wide", "projected", "inception"])
@pytest.mark.parametrize("training", [False, True])
def test_the_gradients_of_blocks(make, training):
    rng, x = np.random.default_rng(10), Input((3, 4, 2))
    model = Model(x, make(x), rng=rng, dtype="float64")

    def backward(x, dy):
        model.forward(x, training)
        return model.backward(dy)

    report = check_gradient(lambda x: model.forward(x, training), backward,
                            rng.normal(size=(3, 3, 4, 2)), rng)
    assert report["error"] < 1e-5  # rounding, through two normalisations


def test_a_block_of_zeros_hands_on_its_input():
    x = Input((4, 4, 2))
    model = Model(x, residual_block(x, 2))
    for layer in model.layers:
        if isinstance(layer, Conv2D):
            layer.params["kernel"][:] = 0
    pictures = np.random.default_rng(11).random((2, 4, 4, 2), dtype=np.float32)
    assert np.array_equal(model(pictures), pictures)


def test_a_network_trains_in_place_and_spares_the_first_dx():
    rng = np.random.default_rng(12)
    first = Conv2D(4, 3, activation="relu")
    network = Sequential([Input((8, 8, 1)), first, MaxPool2D(), Flatten(), Dense(2)], rng=rng)
    network.compile(SGD(0.05), SparseCategoricalCrossentropy(from_logits=True))
    x = rng.normal(size=(64, 8, 8, 1)).astype(np.float32)
    y = (x[:, :4].mean(axis=(1, 2, 3)) > x[:, 4:].mean(axis=(1, 2, 3))).astype(int)
    losses = network.fit(x, y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    assert all(grad.base is network.gradient for grad in network.grads)
    first.needs_dx = False
    assert first.backward(first.forward(x)) is None
    network = Sequential([Input((8, 8)), Conv1D(4, 3), Flatten(), Dense(2)], rng=rng)
    network.compile(SGD(0.05), SparseCategoricalCrossentropy(from_logits=True))
    network.fit(x[..., 0], y, verbose=0)
    assert all(grad.base is network.gradient for grad in network.grads)


@pytest.mark.parametrize("attempt, words", [
    (lambda: conv_output_and_pad(3, 5), "a window of 5 does not fit into 3"),
    (lambda: Conv2D(2, 3, padding="full"), "padding is 'full', expected 'valid' or 'same'"),
    (lambda: Conv2D(2, 3, strides=0), "a window of 3 in steps of 0"),
    (lambda: Conv2D(2, (3, 3, 3)), r"got \(3, 3, 3\), expected one number, or a pair"),
    (lambda: Conv2D(2, (3,)), r"got \(3,\), expected one number, or a pair"),
    (lambda: Conv2D(0, 3), "0 filters, expected 1 or more"),
    (lambda: MaxPool2D(0), "a window of 0 in steps of 0"),
    (lambda: Conv2D(2, 3)(np.ones((4, 8, 8))), r"conv2d needs \(batch, height, width, channels\)"),
    (lambda: Conv2D(2, 5)(np.ones((1, 4, 8, 1))),
     r"conv2d, input of shape \(1, 4, 8, 1\): a window of 5 does not fit into 4"),
    (lambda: MaxPool2D(3)(np.ones((1, 2, 4, 1))), "maxpool2d, input of shape"),
    (lambda: GlobalAveragePooling2D()(np.ones((2, 3))), "globalaveragepooling2d needs"),
    (lambda: Conv1D(2, 3)(np.ones((2, 3))), r"conv1d needs \(batch, steps, features\)"),
    (lambda: im2col(np.ones((4, 4)), 2), r"x has shape \(4, 4\), expected \(batch, height"),
])
def test_misuse_is_told_in_a_sentence(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()


@pytest.mark.parametrize("layer, shape", [(Conv2D(2, 3), (1, 5, 5)), (Conv1D(2, 3), (1, 5))])
def test_another_number_of_channels_names_layer_and_shapes(layer, shape):
    layer(np.ones((*shape, 3)))
    with pytest.raises(ValueError, match="was built for 3 channels in the last axis, got 4"):
        layer(np.ones((*shape, 4)))
