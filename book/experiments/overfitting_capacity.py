"""More and more units on the same digits: what a network can learn by heart, and what it knows.

Run from the repository root: ``python -m book.experiments.overfitting_capacity``. Takes a few
minutes. A seed decides all that is random: the split, the first weights, the order of batches.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import numpy as np

from nnlib.layers import Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential, accuracy
from nnlib.optimizers import Adam

DATA = Path(__file__).resolve().parent.parent / "data"
FILE = DATA / "overfitting_capacity.json"
# The last five are those of the lecture's table.
NETWORKS = [[1], [2], [4], [8], [16], [32], [100], [250], [250, 250], [250, 250, 250],
            [200, 200, 200]]
FUNNEL = [256, 128, 64]  # about as many parameters as three layers of 200


def digits(seed):
    """Return 4,000 images to train on and 1,000 to test with, as numbers from 0 to 1."""
    order = np.random.default_rng(seed).permutation(5000)
    with np.load(DATA / "mnist5k.npz") as file:
        x, y = (file["X"][order] / 255).astype(np.float32), file["y"][order]
    return (x[:4000], y[:4000]), (x[4000:], y[4000:])


def train(hidden, seed, epochs):
    """Train one network; return its size, and its error on training and test data in per cent."""
    data, test = digits(seed)
    layers = [Input((784,)), *(Dense(units, "relu") for units in hidden), Dense(10)]
    network = Sequential(layers, rng=np.random.default_rng(seed))
    network.compile(Adam(), SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    network.fit(*data, epochs=epochs, verbose=0)
    return network.vector.size, *(round(100 * (1 - network.evaluate(*one)["accuracy"]), 2)
                                  for one in (data, test))


def trials(hidden, seeds, epochs):
    """Train one network with every seed; print and return what came out."""
    runs = [train(hidden, seed, epochs) for seed in seeds]
    sizes, on_training, on_test = zip(*runs, strict=True)
    print(f"{'-'.join(map(str, hidden)):12} {sizes[0]:8,} parameters   "
          f"training {np.mean(on_training):5.2f} %   test {np.mean(on_test):5.2f} %", flush=True)
    return {"hidden": hidden, "parameters": int(sizes[0]), "train_error": on_training,
            "test_error": on_test}


def main():
    """Train every network with every seed, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=FILE)
    given = parser.parse_args()
    seeds = range(given.seeds)
    networks = [trials(hidden, seeds, given.epochs) for hidden in NETWORKS]
    result = {
        "command": "python -m book.experiments.overfitting_capacity",
        "data": "book/data/mnist5k.npz, shuffled: 4,000 to train on, 1,000 to test with",
        "training": "ReLU, Adam(0.001), batches of 32, float32", "epochs": given.epochs,
        "seeds": list(seeds), "numpy": np.__version__,
        "python": platform.python_version(), "date": date.today().isoformat(),
        "networks": networks, "funnel": trials(FUNNEL, seeds, given.epochs),
    }
    text = json.dumps(result).replace(', {"hidden"', ',\n {"hidden"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
