"""Every optimizer on the same digits: with its defaults, with many rates, with its best rate.

Run ``python -m book.experiments.optimizers_mnist`` from the root of the repository.
It trains a 784-16-16-10 ReLU network on 4,000 of 5,000 digits and measures the accuracy on the
other 1,000. A seed decides all that is random: the split, the first weights, the order of batches.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path

import numpy as np

from nnlib import optimizers
from nnlib.layers import Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential, accuracy

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "optimizers_mnist.json"
RATES = [float(f"{10 ** (exponent / 2):.3g}") for exponent in range(-8, 4)]  # 0.0001 to 31.6

# What stands in the figures: a name, a class, and the options besides the learning rate.
OPTIMIZERS = {
    "SGD": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "Nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "Adagrad": ("Adagrad", {}),
    "RMSprop": ("RMSprop", {}),
    "Adadelta": ("Adadelta", {}),
    "Adam": ("Adam", {}),
    "AdamW": ("AdamW", {}),
    "Adamax": ("Adamax", {}),
    "Nadam": ("Nadam", {}),
    "Ftrl": ("Ftrl", {}),
}
BESIDES = [("Adagrad", 0.01), ("Adadelta", 1.0), ("Ftrl", 0.1)]


def make(name, rate=None):
    """Return a new optimizer of `OPTIMIZERS`, with Keras's default rate if none is given."""
    kind, options = OPTIMIZERS[name]
    options = options if rate is None else options | {"learning_rate": rate}
    return getattr(optimizers, kind)(**options)


def train(optimizer, seed, epochs):
    """Return the validation accuracy after the last epoch, or None if the training broke down."""
    rng = np.random.default_rng(seed)
    with np.load(DATA / "mnist5k.npz") as file:
        order = rng.permutation(len(file["y"]))
        x, y = file["X"][order] / 255, file["y"][order]
    network = Sequential([Input((784,)), Dense(16, "relu"), Dense(16, "relu"), Dense(10)], rng=rng)
    network.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    try:
        with np.errstate(all="ignore"):
            history = network.fit(x, y, epochs=epochs, validation_split=0.2, verbose=0)
    except FloatingPointError:
        return None
    return round(history.history["val_accuracy"][-1], 4)


def score(accuracies):
    """Return the mean; a training that broke down counts as a guess, 0.1."""
    return float(np.mean([0.1 if one is None else one for one in accuracies]))


def trials(name, rate, seeds, epochs):
    """Train once for every seed; print and return what came out."""
    found = [train(make(name, rate), seed, epochs) for seed in seeds]
    rate = make(name, rate).learning_rate
    print(f"{name:9} learning_rate={rate:<9g} {score(found):.3f}", flush=True)
    return {"name": name, "learning_rate": rate, "accuracy": found}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="of every comparison (10)")
    parser.add_argument("--tuning-seeds", type=int, default=3, help="of every rate tried (3)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    seeds = range(given.seeds)
    tuning = range(1000, 1000 + given.tuning_seeds)  # others than those of the comparison

    print("With Keras's defaults")
    defaults = [trials(name, None, seeds, given.epochs) for name in OPTIMIZERS]
    besides = [trials(name, rate, seeds, given.epochs) for name, rate in BESIDES]
    print("With many rates")
    grid = [trials(name, rate, tuning, given.epochs) for name in OPTIMIZERS for rate in RATES]
    print("With the best of these rates")
    tuned = []
    for name in OPTIMIZERS:
        best = max((one for one in grid if one["name"] == name),
                   key=lambda one: score(one["accuracy"]))
        tuned.append(trials(name, best["learning_rate"], seeds, given.epochs))

    about = {
        "command": "python -m book.experiments.optimizers_mnist",
        "data": "book/data/mnist5k.npz, shuffled: 4,000 to train on, 1,000 to validate on",
        "network": "784-16-16-10, ReLU, float32", "epochs": given.epochs, "batch_size": 32,
        "seeds": list(seeds), "tuning_seeds": list(tuning), "rates": RATES,
        "numpy": np.__version__, "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }
    result = {"about": about, "defaults": defaults, "besides": besides, "grid": grid,
              "tuned": tuned}
    text = json.dumps(result).replace(', {"name"', ',\n {"name"').replace('], "', '],\n"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
