"""What the book says that Keras does, run in Keras: the pages themselves need no TensorFlow."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parent.parent / "book" / "losses.md"


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


def claimed(start):
    """Return loss and gradient of the row of the page's table that begins so."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines()
            if line.startswith(f"| {start}")]
    assert len(rows) == 1, start
    loss, gradient = re.findall(r"\| ([\d.–]+) (?=\|)", rows[0])
    return float(loss), gradient


def measured(tf, probability, compiled=False):
    """Return loss and gradient for a logit of 100 with truth 0, in float32."""
    loss, z = tf.keras.losses.BinaryCrossentropy(), tf.constant([[100.0]])

    def both():
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(tf.constant([[0.0]]), probability(z))
        return value, tape.gradient(value, z)

    value, gradient = tf.function(both)() if compiled else both()
    return float(value), float(gradient[0, 0])


def model(tf):
    keras = tf.keras
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(
        1, activation="sigmoid", kernel_initializer="ones")])
    net.compile(keras.optimizers.SGD(1.0), keras.losses.BinaryCrossentropy())
    return net


@pytest.mark.parametrize("start, compiled, name", [
    ("`keras.activations.sigmoid(z)`, called by hand", False, "keras"),
    ("`tf.sigmoid(z)` inside a `tf.function`", True, "tf"),
    ("`tf.sigmoid(z)`, run eagerly", False, "tf"),
    ("your own", False, "own"),
    ("your own", True, "own"),
])
def test_the_losses_page_tells_what_keras_does_with_a_probability(tf, start, compiled, name):
    probability = {"keras": tf.keras.activations.sigmoid, "tf": tf.sigmoid,
                   "own": lambda z: 1 / (1 + tf.exp(-z))}[name]
    loss, gradient = measured(tf, probability, compiled)
    said_loss, said_gradient = claimed(start)
    assert loss == pytest.approx(said_loss, abs=1e-3)
    assert gradient == pytest.approx(float(said_gradient), abs=1e-6)


def test_the_losses_page_tells_what_fit_and_evaluate_do(tf):
    net, x, y = model(tf), np.array([[100.0]]), np.array([[0.0]])
    said_loss, said_gradient = claimed('`Dense(1, activation="sigmoid")`')
    assert net.evaluate(x, y, verbose=0) == pytest.approx(said_loss, abs=1e-3)
    net.fit(x, y, verbose=0)
    bias = float(net.layers[-1].bias.numpy()[0])  # one step of size 1 from a bias of 0
    assert -bias == pytest.approx(float(said_gradient), abs=1e-6)


def test_the_losses_page_tells_what_predict_forgets(tf):
    p = model(tf).predict(np.array([[100.0]]), verbose=0)
    loss = tf.keras.losses.BinaryCrossentropy()(np.array([[0.0]], np.float32), p)
    assert float(loss) == pytest.approx(claimed("`model.predict(x)`")[0], abs=1e-3)
