"""Four networks on the same digits, with and without convolution, and what a shift does to each.

Run ``python -m book.experiments.convolution_mnist`` from the root of the repository.
It trains on 4,000 of 5,000 digits, measures the accuracy on the other 1,000 after each epoch, and
then moves these by 1 to 4 pixels: up, down, left and right. A seed decides all that is random.
"""

import argparse
import datetime
import json
import platform
import time
from pathlib import Path

import numpy as np

from nnlib.convolution import Conv2D, GlobalAveragePooling2D, MaxPool2D
from nnlib.layers import Dense, Flatten, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential, accuracy
from nnlib.optimizers import Adam

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "convolution_mnist.json"
SHIFTS = [0, 1, 2, 3, 4]
NETWORKS = {
    "linear": lambda: [Flatten(), Dense(10)],
    "MLP": lambda: [Flatten(), Dense(16, "relu"), Dense(16, "relu"), Dense(10)],
    "CNN": lambda: [
        Conv2D(8, 3, activation="relu"), MaxPool2D(2),
        Conv2D(16, 3, activation="relu"), MaxPool2D(2), Flatten(), Dense(10),
    ],
    "CNN, global average": lambda: [
        Conv2D(8, 3, activation="relu"), MaxPool2D(2),
        Conv2D(16, 3, activation="relu"), MaxPool2D(2),
        Conv2D(32, 3, activation="relu"), GlobalAveragePooling2D(), Dense(10),
    ],
}


def load(seed):
    """Return a generator, and the digits in an order that it drew: 4,000 and 1,000 of them."""
    rng = np.random.default_rng(seed)
    with np.load(DATA / "mnist5k.npz") as file:
        order = rng.permutation(len(file["y"]))
        x = (file["X"][order] / np.float32(255)).reshape(-1, 28, 28, 1)
        y = file["y"][order]
    return rng, (x[:4000], y[:4000]), (x[4000:], y[4000:])


def shift(x, down, right):
    """Move pictures by whole pixels; what comes in is paper, 0."""
    moved, (h, w) = np.zeros_like(x), x.shape[1:3]
    moved[:, max(down, 0):h + min(down, 0), max(right, 0):w + min(right, 0)] = \
        x[:, max(-down, 0):h - max(down, 0), max(-right, 0):w - max(right, 0)]
    return moved


def under_shifts(network, x, y):
    """Return the accuracy for each of `SHIFTS`, the mean of the four directions."""
    found = []
    for by in SHIFTS:
        ways = [(by, 0), (-by, 0), (0, by), (0, -by)] if by else [(0, 0)]
        scores = [accuracy(y, network.predict(shift(x, *way), 250)) for way in ways]
        found.append(round(float(np.mean(scores)), 4))
    return found


def train(name, seed, epochs):
    """Train one network; return it, and what was measured."""
    rng, train_set, validation = load(seed)
    network = Sequential([Input((28, 28, 1)), *NETWORKS[name]()], rng=rng)
    network.compile(Adam(0.001), SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    start = time.perf_counter()
    history = network.fit(*train_set, epochs=epochs, validation_data=validation, verbose=0).history
    seconds = time.perf_counter() - start
    found = {
        "seed": seed,
        "accuracy": [round(one, 4) for one in history["accuracy"]],
        "val_accuracy": [round(one, 4) for one in history["val_accuracy"]],
        "val_loss": [round(one, 4) for one in history["val_loss"]],
        "shifted": under_shifts(network, *validation),
        "seconds": round(seconds, 1),
    }
    print(f"{name:20} seed {seed}: {found['val_accuracy'][-1]:.3f} after {epochs} epochs, "
          f"shifted {found['shifted']}, {seconds:.0f} s", flush=True)
    return network, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="of every network (5)")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()

    networks, weights = [], None
    for name in NETWORKS:
        runs = []
        for seed in range(given.seeds):
            network, found = train(name, seed, given.epochs)
            runs.append(found)
            if name == "CNN" and seed == 0:
                weights = [np.round(one.astype(float), 4).tolist() for one in network.get_weights()]
        networks.append({"name": name, "parameters": network.vector.size, "runs": runs})

    result = {
        "about": {
            "command": "python -m book.experiments.convolution_mnist",
            "data": "book/data/mnist5k.npz, shuffled: 4,000 to train on, 1,000 to validate on",
            "epochs": given.epochs, "batch_size": 32, "optimizer": "Adam(0.001)",
            "seeds": list(range(given.seeds)), "shifts": SHIFTS,
            "numpy": np.__version__, "python": platform.python_version(),
            "date": datetime.date.today().isoformat(),
        },
        "networks": networks,
        "weights": weights,  # of the CNN of seed 0
    }
    text = json.dumps(result).replace(', {"', ',\n {"').replace('], "', '],\n"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
