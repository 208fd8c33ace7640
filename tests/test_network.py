"""Networks: training against Keras, graphs, saving, and what is said when something is wrong."""

import doctest
import os

import numpy as np
import pytest

from nnlib import network as networks
from nnlib.gradients import check_gradient, numerical_gradient
from nnlib.layers import Activation, Add, Concatenate, Dense, Flatten, Input
from nnlib.losses import BinaryCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy
from nnlib.network import Model, Sequential, accuracy, train_step
from nnlib.optimizers import SGD, Adam, RMSprop
from nnlib.regularization import L1L2, L2, BatchNormalization, EarlyStopping


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(networks, extraglobs={"np": np})
    assert ran and not failed


def small(rng=0, dtype="float32", last=3):
    return Sequential([Input((4,)), Dense(6, "tanh"), Dense(5, "relu"), Dense(last)],
                      rng=np.random.default_rng(rng), dtype=dtype)


def data(count=50, classes=3):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(count, 4))
    return x, np.argmax(x @ rng.normal(size=(4, classes)), axis=1)


def branched(dtype="float64"):
    a, b = Input((3,)), Input((2,))
    left = Dense(4, "tanh")(a)
    right = Dense(4)(b)
    both = Add()([left, right])
    top = Dense(2)(Concatenate()([both, left, b]))
    return Model([a, b], Activation("sigmoid")(top), rng=np.random.default_rng(1), dtype=dtype)


def test_every_parameter_of_a_deep_network_has_the_measured_gradient():
    network, (x, y) = small(dtype="float64"), data(7)
    loss = SparseCategoricalCrossentropy(from_logits=True)
    loss.forward(y, network(x))
    network.backward(loss.backward())
    found = np.concatenate([grad.ravel() for grad in network.grads])

    def value(vector):
        network.vector[:] = vector
        return loss.forward(y, network.forward(x))

    np.testing.assert_allclose(found, numerical_gradient(value, network.vector.copy()), atol=1e-8)


@pytest.mark.parametrize("which", [0, 1])
def test_a_graph_with_branches_has_the_measured_gradients(which):
    model, rng = branched(), np.random.default_rng(2)
    xs = [rng.normal(size=(5, 3)), rng.normal(size=(5, 2))]

    def forward(x):
        return model.forward([x, xs[1]] if which == 0 else [xs[0], x])

    def backward(x, dy):
        forward(x)
        return model.backward(dy)[which]

    assert check_gradient(forward, backward, xs[which], rng)["error"] < 1e-6
    np.testing.assert_allclose(model.predict(xs, batch_size=2), model(xs), rtol=1e-12)


@pytest.fixture(scope="module")
def keras():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    return pytest.importorskip("keras")


@pytest.mark.parametrize("name, options", [
    ("SGD", {"learning_rate": 0.1}), ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {}), ("RMSprop", {"centered": True}), ("Nadam", {}),
    ("Adam", {"clipnorm": 0.1}), ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.2}),
])
def test_epoch_losses_are_those_of_keras(keras, name, options):
    """Within 1e-3 over three epochs; measured, they agree to 1e-5."""
    from nnlib import optimizers

    network, (x, y) = small(), data(300)
    theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, "tanh"),
                               keras.layers.Dense(5, "relu"), keras.layers.Dense(3)])
    theirs.set_weights(network.get_weights())
    theirs.compile(getattr(keras.optimizers, name)(**options),
                   keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                   metrics=["accuracy"])
    network.compile(getattr(optimizers, name)(**options),
                    SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    ours = network.fit(x, y, epochs=3, shuffle=False, verbose=0, validation_split=0.2).history
    other = theirs.fit(x, y, epochs=3, shuffle=False, verbose=0, validation_split=0.2).history
    assert ours.keys() == other.keys()
    for key in ours:
        np.testing.assert_allclose(ours[key], other[key], rtol=1e-4, err_msg=key)
    for mine, their in zip(network.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, their, atol=1e-4)


def test_a_graph_gives_what_keras_gives(keras):
    model = branched("float32")
    a, b = keras.Input((3,)), keras.Input((2,))
    left = keras.layers.Dense(4, "tanh")(a)
    both = keras.layers.Add()([left, keras.layers.Dense(4)(b)])
    top = keras.layers.Dense(2)(keras.layers.Concatenate()([both, left, b]))
    theirs = keras.Model([a, b], keras.layers.Activation("sigmoid")(top))
    names = {tuple(w.shape): w for w in model.get_weights() if w.ndim == 2}
    for layer in theirs.layers:
        if layer.get_weights():
            kernel, bias = layer.get_weights()
            layer.set_weights([names[kernel.shape], bias])
    rng = np.random.default_rng(3)
    xs = [rng.normal(size=(6, 3)).astype("float32"), rng.normal(size=(6, 2)).astype("float32")]
    np.testing.assert_allclose(model(xs), theirs(xs), rtol=1e-5, atol=1e-6)


def test_fit_is_the_training_step_again_and_again():
    one, other, (x, y) = small(), small(), data(20)
    one.compile(Adam(0.01), SparseCategoricalCrossentropy(from_logits=True))
    one.fit(x, y, batch_size=20, epochs=4, shuffle=False, verbose=0)
    optimizer, loss = Adam(0.01), SparseCategoricalCrossentropy(from_logits=True)
    for _ in range(4):
        train_step(other, loss, optimizer, x.astype(np.float32), y)
    np.testing.assert_allclose(one.vector, other.vector, rtol=1e-5, atol=1e-7)


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples():
    network = Sequential([Input((1,)), Dense(1)], rng=np.random.default_rng(0))
    network.set_weights([np.zeros((1, 1)), np.zeros(1)])
    network.compile(SGD(0.0), MeanSquaredError())
    history = network.fit(np.zeros((3, 1)), np.array([[0.0], [0.0], [3.0]]), batch_size=2,
                          shuffle=False, verbose=0)
    assert history.history["loss"] == [3.0]


def test_the_same_seed_gives_the_same_training():
    def losses():
        network, (x, y) = small(7), data()
        network.compile(RMSprop(), SparseCategoricalCrossentropy(from_logits=True))
        return network.fit(x, y, epochs=3, verbose=0).history["loss"]

    assert losses() == losses()


def test_every_epoch_has_an_order_of_its_own_from_the_rng():
    orders, (x, y) = [], data()
    for network in (small(1), small(2)):
        network.compile(SGD(), SparseCategoricalCrossentropy(from_logits=True),
                        [lambda y, _: orders.append(y.tolist()) or 0.0])
        network.fit(x, y, batch_size=50, epochs=2, verbose=0, rng=np.random.default_rng(3))
    assert orders[:2] == orders[2:] and orders[0] != orders[1] != y.tolist()


def test_it_learns_xor():
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    network = Sequential([Input((2,)), Dense(8, "tanh"), Dense(1)], rng=np.random.default_rng(0))
    network.compile(Adam(0.05), BinaryCrossentropy(from_logits=True))
    network.fit(x, y, epochs=200, verbose=0)
    assert np.array_equal(network(x) > 0, y == 1)


def test_saving_and_loading(tmp_path):
    one, other = small(1), small(2)
    one.save_weights(tmp_path / "weights.npz")
    other.load_weights(tmp_path / "weights.npz")
    assert np.array_equal(one.vector, other.vector)
    with np.load(tmp_path / "weights.npz") as file:
        assert file.files == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias",
                              "dense_2/kernel", "dense_2/bias"]


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    network = small()
    before = network.vector.copy()
    small(last=4).save_weights(tmp_path / "other.npz")
    with pytest.raises(ValueError, match=r"dense_2/kernel has shape \(5, 3\), got \(5, 4\)"):
        network.load_weights(tmp_path / "other.npz")
    np.savez(tmp_path / "strange.npz", kernel=np.ones(3))
    with pytest.raises(ValueError, match="holds kernel; this network has dense/kernel"):
        network.load_weights(tmp_path / "strange.npz")
    with pytest.raises(ValueError, match="1 arrays for 6 parameters"):
        network.set_weights([np.ones(3)])
    assert np.array_equal(network.vector, before)


def test_a_parameter_that_somebody_replaced_is_trained_too():
    network, (x, y) = small(), data()
    network.compile(SGD(0.1), SparseCategoricalCrossentropy(from_logits=True))
    network.fit(x, y, verbose=0)
    layer = network.layers[0]
    layer.params["kernel"], network.gradient[:] = np.zeros((4, 6)), 0
    layer.backward = lambda dy: vars(layer).update(grads={}) or Dense.backward(layer, dy)
    del layer.state, layer.regularizers  # nor does everybody's layer have these
    network.fit(x, y, verbose=0)
    assert np.any(network.get_weights()[0] != 0)


def test_the_last_rows_of_several_inputs_are_held_back():
    x, y = data()
    one, other = Input((4,)), Input((4,))
    model = Model([one, other], Dense(3)(Concatenate()([one, other])))
    model.compile(SGD(0.1), SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit([x, x], y, verbose=0, validation_split=0.2).history
    assert history["val_loss"][0] == model.evaluate([x[40:], x[40:]], y[40:])["loss"]


def test_of_no_samples_there_are_no_predictions():
    assert compiled().predict(X[:0]).shape == (0, 3)


def test_predictions_do_not_depend_on_the_batch_size():
    network, (x, _) = small(), data()
    np.testing.assert_allclose(network.predict(x, batch_size=7), network(x), rtol=1e-6, atol=1e-7)


def test_the_summary_counts(capsys):
    Sequential([Input((28, 28)), Flatten(), Dense(16, "relu"), Dense(16, "relu"),
                Dense(10)]).summary()
    text = capsys.readouterr().out
    assert "(None, 784)" in text and "12,560" in text and "total parameters: 13,002" in text


def test_a_line_an_epoch(capsys):
    network, (x, y) = small(), data()
    network.compile(SGD(), SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    network.fit(x, y, epochs=2, validation_data=(x, y))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[1].startswith("epoch 2/2  loss ")
    assert "val_accuracy" in lines[1]


def test_accuracy_of_columns_rows_and_one_hot():
    rows = np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6]])
    assert accuracy(np.array([1, 0, 0]), rows) == pytest.approx(2 / 3)
    assert accuracy(np.eye(2)[[1, 0, 0]], rows) == pytest.approx(2 / 3)
    assert accuracy(np.array([1, 0, 1]), np.array([[0.7], [0.5], [0.4]])) == pytest.approx(2 / 3)


def compiled(loss=None, last=3, optimizer=None):
    network = small(last=last)
    network.compile(optimizer or SGD(), loss or SparseCategoricalCrossentropy(from_logits=True))
    return network


X, Y = data()


@pytest.mark.parametrize("attempt, words", [
    (lambda: small().fit(X, Y), "network.compile"),
    (lambda: compiled().fit(X[:, :3], Y), r"dense was built for 4 features .*, got 3"),
    (lambda: compiled().fit(X, Y[:-1]), "x has 50 samples and y has 49"),
    (lambda: compiled().fit(np.where(X > 1, np.nan, X), Y), r"x has nan at \["),
    (lambda: compiled().fit(np.where(X > 1, np.inf, X), Y), r"x has inf at \["),
    (lambda: compiled().fit(X, Y, batch_size=0), "batch_size is 0, expected 1 or more"),
    (lambda: compiled().predict(X, batch_size=0), "batch_size is 0, expected 1 or more"),
    (lambda: compiled(MeanSquaredError(), last=1).fit(X, Y * 1.0, verbose=0),
     r"y_true has shape \(32,\), expected \(32, 1\)"),
    (lambda: compiled().fit(X, Y + 1, verbose=0), "labels run from"),
    (lambda: compiled().fit(X[:0], Y[:0]), "no samples"),
    (lambda: small().backward(np.ones((2, 3))), "has no 'x' yet"),
    (lambda: Sequential([Dense(2)]).summary(), "is not built"),
    (lambda: Model(Input((2,)), Dense(1)(Input((2,)))), "is not among the inputs"),
    (lambda: branched()([np.ones((2, 4)), np.ones((2, 2))]),
     r"declared with shape \(3,\), got samples of shape \(4,\)"),
])
def test_misuse_is_told_in_a_sentence(attempt, words):
    with pytest.raises((ValueError, AttributeError), match=words):
        attempt()


def test_a_layer_in_two_places_is_refused():
    layer, x = Dense(2), Input((2,))
    with pytest.raises(ValueError, match="stands in two places"):
        Model(x, layer(layer(x)))


def test_a_loss_that_becomes_nan_names_step_and_layer():
    network = compiled(MeanSquaredError(), last=1, optimizer=SGD(1e30))
    with np.errstate(all="ignore"), pytest.raises(
            FloatingPointError, match="is inf in step 2 of epoch 1: the param.* learning rate"):
        network.fit(X, Y[:, np.newaxis] * 1.0, epochs=9, verbose=0)
    assert network.layers[0].needs_dx and np.isfinite(network.vector).all()
    network.layers[1].params["bias"][0] = network.layers[2].params["bias"][0] = np.nan
    with pytest.raises(FloatingPointError, match="the parameters of dense_1 are not finite"):
        network.fit(X, Y[:, np.newaxis] * 1.0, verbose=0)


def test_the_gradient_for_the_input_is_there_after_training_too():
    network = compiled()
    network.fit(X, Y, verbose=0)
    network(X)
    assert network.backward(np.ones((50, 3), np.float32)).shape == X.shape


def test_a_regularizer_acts_once_a_step_as_in_keras():
    network = Sequential([Input((1,)), Dense(1, kernel_regularizer=L2(0.1))], dtype="float64")
    network.set_weights([[[1.0]], [0.0]])
    network.compile(SGD(1.0), MeanSquaredError())
    zeros = np.zeros((6, 1))
    history = network.fit(zeros, zeros, batch_size=6, verbose=0).history
    assert network.params[0] == pytest.approx(0.8)  # 1 - 2 * 0.1
    assert history["loss"] == [pytest.approx(0.1)]
    assert network.evaluate(zeros, zeros)["loss"] == pytest.approx(0.1 * 0.8**2)


def test_a_regularized_network_trains_as_in_keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    x, y = data()
    ours = Sequential([Input((4,)), Dense(6, "tanh", kernel_regularizer=L1L2(0.01, 0.02)),
                       Dense(3)])
    theirs = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(6, "tanh", kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02)),
        keras.layers.Dense(3)])
    theirs.set_weights(ours.get_weights())
    ours.compile(Adam(), SparseCategoricalCrossentropy(from_logits=True))
    theirs.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    found = ours.fit(x, y, epochs=3, shuffle=False, verbose=0, validation_split=0.2).history
    told = theirs.fit(x, y, epochs=3, shuffle=False, verbose=0, validation_split=0.2).history
    np.testing.assert_allclose(found["loss"], told["loss"], rtol=1e-5)
    np.testing.assert_allclose(found["val_loss"], told["val_loss"], rtol=1e-5)


class Diary:
    """A callback that stops after some epochs."""

    def __init__(self, epochs):
        self.epochs, self.seen = epochs, []

    def on_train_begin(self, network):
        self.seen.append("begin")

    def on_epoch_end(self, epoch, numbers):
        self.seen.append((epoch, sorted(numbers)))
        return epoch + 1 >= self.epochs

    def on_train_end(self):
        self.seen.append("end")


def test_callbacks_see_every_epoch_and_may_stop():
    network, diaries = compiled(), [Diary(2), Diary(5)]
    history = network.fit(X, Y, epochs=9, verbose=0, validation_split=0.2, callbacks=diaries)
    seen = ["begin", (0, ["loss", "val_loss"]), (1, ["loss", "val_loss"]), "end"]
    assert diaries[0].seen == diaries[1].seen == seen
    assert len(history.history["loss"]) == 2


def normalizing():
    network = Sequential([Input((4,)), Dense(6), BatchNormalization(), Dense(3)],
                         rng=np.random.default_rng(0))
    network.compile(SGD(), SparseCategoricalCrossentropy(from_logits=True))
    return network


def test_what_is_kept_besides_parameters_is_saved_and_loaded(tmp_path, capsys):
    network, other = normalizing(), normalizing()
    network.fit(X, Y, epochs=2, verbose=0)
    network.save_weights(tmp_path / "weights.npz")
    other.load_weights(tmp_path / "weights.npz")
    np.testing.assert_array_equal(network(X), other(X))
    np.testing.assert_allclose(network.predict(X), other(X), rtol=1e-5, atol=1e-6)  # in float32
    assert network.evaluate(X, Y)["loss"] == pytest.approx(network.loss.forward(Y, other(X)))
    assert network(X).dtype == np.float32
    network.summary()
    assert "75 (0.3 KiB of float32), 12 of them not trained" in capsys.readouterr().out


def test_the_best_weights_come_back_whole():
    network, stopping = normalizing(), EarlyStopping("loss", restore_best_weights=True)
    kept = []

    class Keep(Diary):
        def on_epoch_end(self, epoch, numbers):
            kept.append(network.get_weights())

    network.compile(SGD(3.0), SparseCategoricalCrossentropy(from_logits=True))
    network.fit(X, Y, epochs=8, verbose=0, callbacks=[Keep(0), stopping])
    for now, best in zip(network.get_weights(), kept[stopping.best_epoch], strict=True):
        np.testing.assert_array_equal(now, best)
