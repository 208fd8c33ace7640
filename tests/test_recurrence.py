"""Layers with a memory: measured slopes, steps against layers, masks, cuts, and what is said."""

import doctest

import numpy as np
import pytest

from nnlib import recurrence
from nnlib.gradients import check_gradient
from nnlib.layers import Dense, Input
from nnlib.losses import MeanSquaredError
from nnlib.network import Model, Sequential
from nnlib.optimizers import Adam
from nnlib.recurrence import (
    GRU,
    LSTM,
    Embedding,
    PaddingMask,
    SimpleRNN,
    bptt,
    gru_step,
    lstm_step,
    simple_rnn_step,
    unroll,
)

MASK = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 0], [1, 1, 1, 1, 1.0]])
LAYERS = {
    "simple": lambda **more: SimpleRNN(4, **more),
    "elu": lambda **more: SimpleRNN(4, "elu", **more),
    "lstm": lambda **more: LSTM(4, **more),
    "gru": lambda **more: GRU(4, **more),
    "gru, reset before": lambda **more: GRU(4, reset_after=False, **more),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())


def built(make, features=3, seed=0, **more):
    """Return a layer of four units with random biases, and the generator."""
    rng = np.random.default_rng(seed)
    layer = make(**more)
    layer.build((None, 5, features), rng)
    layer.params["bias"] += rng.normal(size=layer.params["bias"].shape)
    return layer, rng


def steps(layer):
    """Return the layer as a step and its number of states, for `unroll`."""
    p = [layer.params[name] for name in ("kernel", "recurrent_kernel", "bias")]
    if isinstance(layer, LSTM):
        return lambda x, h, c: lstm_step(x, h, c, *p)
    if isinstance(layer, GRU):
        return lambda x, h: gru_step(x, h, *p, layer.reset_after)
    return lambda x, h: simple_rnn_step(x, h, *p)


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(recurrence, extraglobs={"np": np})
    assert ran and not failed


@each_layer
@pytest.mark.parametrize("mask", [None, 7 * MASK], ids=["plain", "masked"])  # 7: something
@pytest.mark.parametrize("sequences", [False, True], ids=["last", "all"])
def test_the_gradient_for_the_input(make, mask, sequences):
    layer, rng = built(make, return_sequences=sequences)

    def forward(x):
        return layer.forward(x, mask=mask)

    def backward(x, dy):
        forward(x)
        return layer.backward(dy)

    assert check_gradient(forward, backward, rng.normal(size=(3, 5, 3)), rng)["error"] < 1e-6


@each_layer
@pytest.mark.parametrize("name", ["kernel", "recurrent_kernel", "bias"])
def test_the_gradients_for_the_parameters(make, name):
    layer, rng = built(make, return_sequences=True)
    x = rng.normal(size=(3, 5, 3))

    def forward(value):
        layer.params[name] = value
        return layer.forward(x, mask=MASK)

    def backward(value, dy):
        forward(value)
        layer.backward(dy)
        return layer.grads[name]

    assert check_gradient(forward, backward, layer.params[name], rng)["error"] < 1e-6


@each_layer
def test_the_gradients_for_the_states_it_starts_from(make):
    layer, rng = built(make)
    x = rng.normal(size=(3, 5, 3))
    start = [rng.normal(size=(3, 4)) for _ in range(layer.memories)]
    for number in range(layer.memories):
        def forward(state, number=number):
            return layer.forward(x, mask=MASK, initial_state=[*start[:number], state,
                                                              *start[number + 1:]])

        def backward(state, dy, number=number, forward=forward):
            forward(state, number)
            layer.backward(dy)
            return layer.dstates[number]

        assert check_gradient(forward, backward, start[number], rng)["error"] < 1e-6


@pytest.mark.parametrize("make", [LAYERS[name] for name in LAYERS if name != "elu"])
@pytest.mark.parametrize("mask", [None, 7 * MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("shape", [(3, 5, 3), (3, 5, 4), (3, 5, 1)])
def test_a_layer_does_what_its_step_does_again_and_again(make, mask, shape):
    layer, rng = built(make, features=shape[2], return_sequences=True)
    x = rng.normal(size=shape)
    start = tuple(rng.normal(size=(3, 4)) for _ in range(layer.memories))
    outputs, states = unroll(steps(layer), x, start, mask)
    np.testing.assert_allclose(layer(x, mask=mask, initial_state=start), outputs, atol=1e-12)
    np.testing.assert_allclose(layer.states, states, atol=1e-12)


@each_layer
def test_a_mask_of_ones_changes_nothing(make):
    layer, rng = built(make)
    x = rng.normal(size=(3, 5, 3))
    y, dx = layer(x), layer.backward(np.ones((3, 4)))
    np.testing.assert_array_equal(layer(x, mask=np.ones((3, 5), dtype=bool)), y)
    np.testing.assert_array_equal(layer.backward(np.ones((3, 4))), dx)
    layer(x, mask=MASK)
    np.testing.assert_array_equal(layer(x), y)  # the mask of another call is forgotten


@each_layer
def test_what_stands_at_a_masked_step_is_not_read(make):
    layer, rng = built(make)
    x = rng.normal(size=(3, 5, 3))
    y = layer(x, mask=MASK)
    dx = layer.backward(rng.normal(size=(3, 4)))
    other = np.where(MASK[:, :, np.newaxis] == 0, 1e3, x)
    np.testing.assert_array_equal(layer(other, mask=MASK), y)
    assert not dx[MASK == 0].any()


@each_layer
def test_two_calls_go_on_where_the_first_one_stopped(make):
    layer, rng = built(make)
    x = rng.normal(size=(2, 7, 3))
    whole = layer(x)
    layer(x[:, :3])[:] = 99  # the answer is memory of its own
    np.testing.assert_allclose(layer(x[:, 3:], initial_state=layer.states), whole, atol=1e-12)


@each_layer
def test_truncation_is_what_one_gets_from_blocks_one_after_the_other(make):
    """Their states go on, their gradients do not; the last block has one step."""
    layer, rng = built(make, return_sequences=True, truncate=3)
    x, dy = rng.normal(size=(2, 7, 3)), rng.normal(size=(2, 7, 4))
    y, dx = layer(x), layer.backward(dy)
    grads = {name: grad.copy() for name, grad in layer.grads.items()}
    blocks, state, sums = make(return_sequences=True), None, dict.fromkeys(grads, 0.0)
    blocks.params = layer.params
    for first in (0, 3, 6):
        part = slice(first, first + 3)
        np.testing.assert_allclose(blocks(x[:, part], initial_state=state), y[:, part], atol=1e-12)
        state = blocks.states
        np.testing.assert_allclose(blocks.backward(dy[:, part]), dx[:, part], atol=1e-12)
        assert first or np.allclose(layer.dstates, blocks.dstates, rtol=0, atol=1e-12)
        sums = {name: total + blocks.grads[name] for name, total in sums.items()}
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, sums[name], atol=1e-12)


@each_layer
def test_a_block_as_long_as_the_sequence_cuts_nothing(make):
    layer, rng = built(make)
    x, dy = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4))
    layer(x)
    dx = layer.backward(dy)
    layer.truncate = 5
    np.testing.assert_array_equal(layer.backward(dy), dx)


@each_layer
def test_float32_stays_float32(make):
    layer, rng = built(make, return_sequences=True)
    layer(rng.normal(size=(3, 5, 3)), mask=MASK)  # float64, which leaves nothing behind
    layer.params = {name: array.astype(np.float32) for name, array in layer.params.items()}
    x, mask = rng.normal(size=(3, 5, 3)).astype(np.float32), MASK.astype(np.float32)
    y = layer(x, mask=mask)
    arrays = [y, layer.backward(y), *layer.grads.values(), *layer.states, *layer.dstates]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@each_layer
def test_what_was_returned_stays_as_it_was(make):
    """The memory inside is used again by the next call; answers are memory of their own."""
    layer, rng = built(make, return_sequences=True)
    x = rng.normal(size=(2, 5, 3))
    x.setflags(write=False)
    y = layer(x)
    dx = layer.backward(y)
    before = y.copy(), dx.copy(), layer.states[0].copy()
    after = y, dx, layer.states[0]
    layer.backward(layer(2 * x))
    for a, b in zip(after, before, strict=True):
        np.testing.assert_array_equal(a, b)


@each_layer
def test_gradients_are_written_into_the_arrays_that_are_there(make):
    layer, rng = built(make)
    layer.grads = {name: np.empty_like(array) for name, array in layer.params.items()}
    before = dict(layer.grads)
    layer.backward(layer(rng.normal(size=(2, 5, 3))))
    assert all(layer.grads[name] is before[name] for name in before)


@pytest.mark.parametrize("make, count", [
    (LAYERS["simple"], 32), (LAYERS["lstm"], 128), (LAYERS["gru"], 108),
    (LAYERS["gru, reset before"], 96)])
def test_four_units_on_three_features_have_so_many_parameters(make, count):
    assert sum(array.size for array in built(make)[0].params.values()) == count


@each_layer
def test_the_rows_of_a_new_recurrent_kernel_are_orthonormal(make):
    kernel = built(make)[0].params["recurrent_kernel"]
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(4), atol=1e-12)


def test_the_forget_gate_of_a_new_lstm_is_open():
    layer = LSTM(2)
    layer.build((1, 1, 1), np.random.default_rng(0))
    assert layer.params["bias"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


def test_bptt_of_a_linear_chain_is_a_power():
    dy = np.zeros((20, 1, 1))
    dy[-1] = 1
    dz, dh = bptt(dy, np.ones_like(dy), np.array([[1.5]]))
    np.testing.assert_allclose(dz[0].item(), 1.5**19)
    np.testing.assert_allclose(dh.item(), 1.5**20)


def test_large_inputs_saturate_without_a_warning():
    x = np.array([[[1e4, -1e4, 1e4]], [[-1e4, 1e4, -1e4]]])
    for make in LAYERS.values():
        layer, _ = built(make)
        assert np.isfinite(layer.backward(np.ones_like(layer(x)))).all()


# ---- embedding

def test_an_embedding_adds_up_what_arrives_at_one_number():
    layer, rng = Embedding(5, 2), np.random.default_rng(0)
    layer.build(None, rng)
    ids, dy = np.array([[0, 3, 3], [3, 0, 1]]), rng.normal(size=(2, 3, 2))
    layer.forward(ids)
    layer.backward(dy)
    np.testing.assert_allclose(layer.grads["embeddings"],
                               np.eye(5)[ids.ravel()].T @ dy.reshape(6, 2), atol=1e-12)


def test_numbers_may_come_as_floats():
    layer = Embedding(4, 2)
    layer.build(None, np.random.default_rng(0))
    np.testing.assert_array_equal(layer(np.array([[3, 0]], np.float32)), layer(np.array([[3, 0]])))
    mask = PaddingMask(-1)(np.array([[3, -1, 0]], np.float32))
    assert mask.tolist() == [[1, 0, 1]] and mask.dtype == np.float32


@pytest.mark.parametrize("ids, words", [
    ([[0, 1], [1, 4]], r"embedding got the number 4 at \[1, 1\], .* from 0 to 3"),
    ([[0, -1]], r"the number -1 at \[0, 1\]"),
    ([[0.0, 1.5]], r"the number 1.5 at \[0, 1\], expected whole numbers"),
    ([[np.nan]], r"the number nan at \[0, 0\]"),
    ([[np.inf]], r"the number inf at \[0, 0\]"),
])
def test_a_number_without_a_row_is_named(ids, words):
    with pytest.raises(ValueError, match=words):
        Embedding(4, 2)(np.array(ids))


# ---- in networks

def masked_model(units=4, dtype="float64"):
    words = Input((5,))
    vectors = Embedding(6, 3)(words)
    out = Dense(1)(GRU(units)([vectors, PaddingMask()(words)]))
    return Model(words, out, rng=np.random.default_rng(0), dtype=dtype)


def embedding_of(model):
    return next(layer for layer in model.layers if isinstance(layer, Embedding))


def test_padding_behind_a_mask_changes_nothing():
    model = masked_model()
    ids = np.array([[2, 5, 1, 0, 0], [2, 5, 1, 0, 0]])
    before = model(ids)
    embedding_of(model).params["embeddings"][0] += 100.0
    np.testing.assert_array_equal(model(ids), before)


def test_the_gradients_of_a_masked_graph():
    model, rng = masked_model(), np.random.default_rng(1)
    ids = np.array([[2, 5, 1, 0, 0], [3, 3, 4, 2, 1]])
    table = embedding_of(model).params["embeddings"]

    def forward(values):
        table[...] = values
        return model.forward(ids)

    def backward(values, dy):
        forward(values)
        model.backward(dy)
        return embedding_of(model).grads["embeddings"]

    assert check_gradient(forward, backward, table, rng)["error"] < 1e-6


def test_a_masked_network_learns_to_count():
    rng = np.random.default_rng(2)
    ids = rng.integers(0, 6, size=(200, 5))
    y = (ids == 3).sum(axis=1, keepdims=True)
    model = masked_model(8, "float32")
    model.compile(Adam(0.02), MeanSquaredError())
    losses = model.fit(ids, y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]


def test_recurrent_layers_stand_in_a_row():
    rng = np.random.default_rng(3)
    network = Sequential([Input((5, 2)), LSTM(4, return_sequences=True), GRU(3), Dense(1)],
                         rng=rng, dtype="float64")

    def backward(x, dy):
        network.forward(x)
        return network.backward(dy)

    x = rng.normal(size=(2, 5, 2))
    assert check_gradient(network.forward, backward, x, rng)["error"] < 1e-6


@pytest.mark.parametrize("attempt, words", [
    (lambda: LSTM(3)(np.ones((2, 5))), r"lstm needs \(batch, time, features\).*got shape \(2, 5\)"),
    (lambda: GRU(3)(np.ones((2, 0, 5))), "gru needs .* a step at least"),
    (lambda: SimpleRNN(3)(np.ones((2, 5, 1)), mask=np.ones((2, 4))),
     r"simplernn: the mask has shape \(2, 4\), expected \(2, 5\)"),
    (lambda: LSTM(3)([np.ones((2, 5, 1)), np.ones((5, 2))]), r"the mask has shape \(5, 2\)"),
    (lambda: GRU(3)(np.ones((2, 5, 1)), initial_state=np.zeros((2, 4))),
     r"the initial state has shape \(2, 4\), expected \(2, 3\)"),
    (lambda: LSTM(3)(np.ones((2, 5, 1)), initial_state=np.zeros((2, 3))),
     "of 1 arrays, it has 2 states"),
    (lambda: LSTM(0), "0 units"),
    (lambda: GRU(3, truncate=0), "truncate 0"),
    (lambda: SimpleRNN(3, "softmax"), "number by number, got softmax"),
    (lambda: SimpleRNN(3, "log_softmax"), "number by number, got log_softmax"),
    (lambda: built(GRU, units=3)[0](np.ones((2, 3, 5)), mask=np.ones((2, 3))),
     "gru was built for 3 features"),
    (lambda: LSTM(3).backward(np.ones((2, 3))), "come before"),
    (lambda: Embedding(0, 2), "at least 1"),
])
def test_misuse_is_told_in_a_sentence(attempt, words):
    with pytest.raises((ValueError, AttributeError), match=words):
        attempt()


def test_another_width_than_before_names_layer_and_shapes():
    layer = GRU(2)
    layer(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match=r"gru was built for 4 features in the last axis, got 5"):
        layer(np.ones((2, 3, 5)))
