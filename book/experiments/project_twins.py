"""The same small network in Keras: same first weights, same batches, one loss an epoch.

Run ``python -m book.experiments.project_twins`` from the root of the repository; it needs
TensorFlow. It writes what Keras's `fit` reports; the page and the assignment train the twin in
`nnlib` and compare.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path

import numpy as np

from nnlib.convolution import Conv2D, MaxPool2D
from nnlib.layers import Dense, Flatten, Input
from nnlib.network import Sequential

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "project_twins.json"


def digits(samples, seed):
    """Return the first digits of an order that the seed decides: images and labels."""
    with np.load(DATA / "mnist5k.npz") as file:
        order = np.random.default_rng(seed).permutation(len(file["y"]))[:samples]
        x = file["X"][order].reshape(-1, 28, 28, 1) / np.float32(255)
        return x, file["y"][order].astype(int)


def nnlib_network(seed):
    return Sequential([
        Input((28, 28, 1)),
        Conv2D(8, 3, activation="relu"),
        MaxPool2D(),
        Conv2D(16, 3, activation="relu"),
        MaxPool2D(),
        Flatten(),
        Dense(10),
    ], rng=np.random.default_rng(seed))


def keras_losses(weights, x, y, batch_size, epochs, learning_rate):
    import keras

    network = keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(8, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ])
    network.set_weights(weights)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(learning_rate), loss)
    history = network.fit(x, y, batch_size, epochs, shuffle=False)
    return history.history["loss"]


def settings(description):
    """Return a parser of what the twins have in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main():
    options = settings(__doc__.splitlines()[0]).parse_args()
    import keras
    import tensorflow

    x, y = digits(options.samples, options.seed)
    weights = nnlib_network(options.seed).get_weights()
    losses = keras_losses(weights, x, y, options.batch_size, options.epochs, options.learning_rate)
    RESULT.write_text(json.dumps(vars(options) | {
        "keras": losses,
        "versions": {"python": platform.python_version(), "numpy": np.__version__,
                     "tensorflow": tensorflow.__version__, "keras": keras.__version__},
        "date": datetime.date.today().isoformat(),
    }, indent=1) + "\n", encoding="utf-8")
    print(f"{RESULT.name}: {losses}")


if __name__ == "__main__":
    main()
