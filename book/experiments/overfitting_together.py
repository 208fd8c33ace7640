"""Five hundred digits and a network that is far too large for them, with and without help.

Run from the repository root: ``python -m book.experiments.overfitting_together``. Takes a few
minutes. A seed decides all that is random: the split, the first weights, the order of batches,
the units dropped, the pictures shifted.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import numpy as np

from nnlib.activations import softmax
from nnlib.layers import Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Sequential, accuracy
from nnlib.optimizers import Adam
from nnlib.regularization import L2, Dropout, EarlyStopping

DATA = Path(__file__).resolve().parent.parent / "data"
FILE = DATA / "overfitting_together.json"
MEMBERS = 5  # of an ensemble

# A name, and what it has: dropped units, a penalty on squares, patience, shifted pictures.
VARIANTS = {
    "nothing": {},
    "L2": {"l2": 0.001},
    "dropout": {"rate": 0.5},
    "early stopping": {"patience": 5},
    "dropout and early stopping": {"rate": 0.5, "patience": 5},
    "shifted digits": {"shift": True},
    "shifted digits and dropout": {"rate": 0.5, "shift": True},
}


def digits(seed):
    """Return 500 digits to train on, 1,000 to validate with, 3,500 to test with."""
    order = np.random.default_rng(seed).permutation(5000)
    with np.load(DATA / "mnist5k.npz") as file:
        x, y = (file["X"][order] / 255).astype(np.float32), file["y"][order]
    return (x[:500], y[:500]), (x[500:1500], y[500:1500]), (x[1500:], y[1500:])


def shifted(x, rng):
    """Return the pictures, each moved by up to two pixels each way."""
    padded = np.zeros((len(x), 32, 32), x.dtype)
    padded[:, 2:30, 2:30] = x.reshape(-1, 28, 28)
    across, down = rng.integers(0, 5, (2, len(x), 1, 1))
    samples = np.arange(len(x))[:, np.newaxis, np.newaxis]
    rows = np.arange(28)[:, np.newaxis] + down
    columns = np.arange(28) + across
    return padded[samples, rows, columns].reshape(x.shape)


def train(seed, epochs, start=0, l2=0.0, rate=0.0, patience=None, shift=False):
    """Train one network; return it, its curves, and the callback that may have stopped it."""
    data, valid, _ = digits(seed)
    rng = np.random.default_rng([seed, start])
    layers = [Input((784,))]
    for _ in range(2):
        layers.append(Dense(256, "relu", kernel_regularizer=L2(l2) if l2 else None))
        layers += [Dropout(rate)] if rate else []
    network = Sequential([*layers, Dense(10)], rng=rng)
    network.compile(Adam(), SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    stopping = None if patience is None else \
        EarlyStopping(patience=patience, restore_best_weights=True)
    callbacks = [] if stopping is None else [stopping]
    if not shift:
        found = network.fit(*data, epochs=epochs, verbose=0, validation_data=valid,
                            callbacks=callbacks)
        return network, found.history, stopping
    curves = {}
    for _ in range(epochs):  # new pictures for each epoch
        found = network.fit(shifted(data[0], rng), data[1], verbose=0, validation_data=valid)
        for name, values in found.history.items():
            curves.setdefault(name, []).extend(values)
    return network, curves, None


def error(logits, y):
    """Return the share of wrong answers in per cent."""
    return round(100 * float(np.mean(logits.argmax(axis=-1) != y)), 2)


def variant(name, seeds, epochs):
    """Train one variant with every seed; print and return what came out."""
    runs = []
    for seed in seeds:
        network, curves, stopping = train(seed, epochs, **VARIANTS[name])
        test, y = digits(seed)[2]
        measured = network.evaluate(test, y)
        runs.append({"test_error": error(network.predict(test), y),
                     "test_loss": round(measured["loss"], 4),
                     "loss": [round(value, 5) for value in curves["loss"]],
                     "val_loss": [round(value, 5) for value in curves["val_loss"]]})
        if stopping is not None:
            runs[-1] |= {"best_epoch": stopping.best_epoch, "epochs": len(curves["loss"])}
    last = [np.mean([run[key][-1] for run in runs]) for key in ("loss", "val_loss")]
    best = np.mean([min(run["val_loss"]) for run in runs])
    print(f"{name:27} training {last[0]:.4f}, validation {best:.3f} at best, {last[1]:.3f} at last"
          f"; test error {np.mean([run['test_error'] for run in runs]):.2f} %", flush=True)
    return {"name": name, "options": VARIANTS[name], "runs": runs}


def ensemble(seed, epochs):
    """Train several networks that differ in their start; return their errors, and that of all."""
    test, y = digits(seed)[2]
    logits = [train(seed, epochs, start)[0].predict(test) for start in range(MEMBERS)]
    found = {"members": [error(one, y) for one in logits],
             "together": error(np.mean([softmax(one) for one in logits], axis=0), y)}
    print(f"ensemble: one alone {np.mean(found['members']):.2f} %, together "
          f"{found['together']:.2f} %", flush=True)
    return found


def main():
    """Train every variant and the ensembles, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=FILE)
    given = parser.parse_args()
    seeds = range(given.seeds)
    variants = [variant(name, seeds, given.epochs) for name in VARIANTS]
    result = {
        "command": "python -m book.experiments.overfitting_together",
        "data": "book/data/mnist5k.npz, shuffled: 500 to train on, 1,000 to validate with, "
                "3,500 to test with",
        "network": "784-256-256-10, ReLU, Adam(0.001), batches of 32, float32",
        "epochs": given.epochs, "seeds": list(seeds), "numpy": np.__version__,
        "python": platform.python_version(), "date": date.today().isoformat(),
        "variants": variants, "ensembles": [ensemble(seed, given.epochs) for seed in seeds],
    }
    text = json.dumps(result).replace(', {"', ',\n {"').replace('], "val', '],\n  "val')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
