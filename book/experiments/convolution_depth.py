"""Stacks of convolutions on digits, shallow to deep, with and without short cuts.

Run ``python -m book.experiments.convolution_depth`` from the root of the repository.
Every block is two convolutions; a network has 1 to 10 of them, and nothing else is different. There
is no batch normalisation, so that the short cut alone is measured.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path

import numpy as np

from nnlib.convolution import Conv2D, GlobalAveragePooling2D
from nnlib.layers import Activation, Add, Dense, Input
from nnlib.losses import SparseCategoricalCrossentropy
from nnlib.network import Model, accuracy
from nnlib.optimizers import Adam

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "convolution_depth.json"
BLOCKS = [1, 4, 10]


def build(blocks, shortcut, rng):
    """Return a network of two convolutions a block, 8 maps of 7 x 7 throughout."""
    x = Input((28, 28, 1))
    y = Conv2D(8, 5, strides=4, padding="same", activation="relu")(x)
    for _ in range(blocks):
        z = Conv2D(8, 3, padding="same", activation="relu")(y)
        z = Conv2D(8, 3, padding="same")(z)
        y = Activation("relu")(Add()([y, z]) if shortcut else z)
    return Model(x, Dense(10)(GlobalAveragePooling2D()(y)), rng=rng)


def train(blocks, shortcut, seed, epochs):
    """Return the losses and the validation accuracy of one training."""
    rng = np.random.default_rng(seed)
    with np.load(DATA / "mnist5k.npz") as file:
        order = rng.permutation(len(file["y"]))
        x = (file["X"][order] / np.float32(255)).reshape(-1, 28, 28, 1)
        y = file["y"][order]
    network = build(blocks, shortcut, rng)
    network.compile(Adam(0.002), SparseCategoricalCrossentropy(from_logits=True), [accuracy])
    history = network.fit(x[:2000], y[:2000], epochs=epochs, verbose=0).history
    score = network.evaluate(x[4000:], y[4000:], batch_size=250)["accuracy"]
    return {"blocks": blocks, "layers": 2 * blocks + 2, "shortcut": shortcut, "seed": seed,
            "loss": [round(one, 4) for one in history["loss"]], "val_accuracy": round(score, 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4, help="of every network (4)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    runs = []
    for blocks in BLOCKS:
        for shortcut in (False, True):
            for seed in range(given.seeds):
                runs.append(train(blocks, shortcut, seed, given.epochs))
                print(f"{blocks:2} blocks, short cut {shortcut!s:5}, seed {seed}: loss "
                      f"{runs[-1]['loss'][-1]:.3f}, accuracy {runs[-1]['val_accuracy']:.3f}",
                      flush=True)
    result = {
        "about": {
            "command": "python -m book.experiments.convolution_depth",
            "data": "book/data/mnist5k.npz, shuffled: 2,000 to train on, 1,000 to validate on",
            "epochs": given.epochs, "batch_size": 32, "optimizer": "Adam(0.002)",
            "seeds": list(range(given.seeds)), "numpy": np.__version__,
            "python": platform.python_version(), "date": datetime.date.today().isoformat(),
        },
        "runs": runs,
    }
    text = json.dumps(result).replace(', {"', ',\n {"').replace('}, "', '},\n"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
