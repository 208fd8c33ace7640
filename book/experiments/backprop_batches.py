"""Batch, mini-batch and online learning on digits, with the same budget of samples.

Run from the repository root: ``python -m book.experiments.backprop_batches``. Takes two minutes.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import numpy as np

from nnlib.layers import Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential, accuracy, train_step
from nnlib.optimizers import SGD

DATA = Path(__file__).parents[1] / "data"
FILE = DATA / "backprop_batches.json"
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def digits():
    """Return 4,000 images to train on and 1,000 to validate with, as numbers from 0 to 1."""
    with np.load(DATA / "mnist5k.npz") as file:
        x = file["X"].astype(np.float32) / 255
        y = file["y"].astype(np.int64)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    return (x[:4000], y[:4000]), (x[4000:], y[4000:])


def curve(train, valid, batch_size, learning_rate, epochs, seed):
    """Train, and measure the loss on all training samples after every full thousand seen."""
    rng = np.random.default_rng(seed)
    network = Sequential([Input((784,)), Dense(16, "relu"), Dense(16, "relu"), Dense(10)], rng)
    loss, optimizer = SparseCategoricalCrossentropy(from_logits=True), SGD(learning_rate)
    (x, y), points, seen, updates = train, [], 0, 0
    points.append((0, float(loss.forward(y, network(x)))))
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for first in range(0, len(x), batch_size):
            rows = order[first:first + batch_size]
            with np.errstate(all="ignore"):
                train_step(network, loss, optimizer, x[rows], y[rows])
            updates += 1
            before, seen = seen, seen + len(rows)
            if seen // 1000 > before // 1000:
                with np.errstate(all="ignore"):
                    points.append((seen, float(loss.forward(y, network(x)))))
    return {"batch_size": batch_size, "learning_rate": learning_rate, "updates": updates,
            "points": [(seen, round(value, 4)) for seen, value in points],
            "validation_accuracy": round(accuracy(valid[1], network(valid[0])), 4)}


def main():
    """Try every learning rate for every batch size, keep the best, write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train, valid = digits()
    best, tried = [], []
    for batch_size in (1, 32, len(train[0])):
        runs = []
        for rate in RATES:
            run = curve(train, valid, batch_size, rate, options.epochs, options.seed)
            final = run["points"][-1][1]
            final = final if np.isfinite(final) else None
            print(f"batch size {batch_size:5}  rate {rate:5}  updates {run['updates']:6}  "
                  f"loss {final}  accuracy {run['validation_accuracy']}", flush=True)
            tried.append({"batch_size": batch_size, "learning_rate": rate, "loss": final})
            if final is not None:
                runs.append(run)
        best.append(min(runs, key=lambda run: run["points"][-1][1]))
    FILE.write_text(json.dumps({
        "what": "784-16-16-10 relu network, SGD, cross-entropy of 4,000 digits of mnist5k; "
                "for each batch size the learning rate with the lowest last training loss",
        "epochs": options.epochs, "seed": options.seed, "rates": RATES, "tried": tried,
        "best": best, "date": date.today().isoformat(), "python": platform.python_version(),
        "numpy": np.__version__,
    }) + "\n")
    print(f"wrote {FILE.name}")


if __name__ == "__main__":
    main()
