"""How long can a recurrent layer remember? Recall the first of T inputs after noise.

Run ``python -m book.experiments.recurrence_memory`` from the root of the repository.
The first input is +1 or -1, the others are noise; after the last one the sign of the first is
asked for. Every batch is new, so nothing can be learned by heart.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path

import numpy as np

from nnlib.initializers import glorot_uniform
from nnlib.layers import Dense, Input
from nnlib.losses import BinaryCrossentropy
from nnlib.network import Sequential
from nnlib.optimizers import Adam
from nnlib.recurrence import GRU, LSTM, SimpleRNN

RESULT = Path(__file__).resolve().parent.parent / "data" / "recurrence_memory.json"
STEPS, UNITS, BATCH, NOISE = [5, 10, 20, 40, 80], 16, 64, 0.3


FORGET_BIAS = {"LSTM, forget bias 0": 0.0, "LSTM, forget bias 4": 4.0}
LAYERS = {
    "LSTM, forget bias 0": LSTM,
    "LSTM, forget bias 1": LSTM,
    "LSTM, forget bias 4": LSTM,
    "GRU": GRU,
    "SimpleRNN, U Glorot": SimpleRNN,
    "SimpleRNN, U orthogonal": SimpleRNN,
}


def task(samples, steps, rng):
    """Draw sequences and the sign of their first inputs."""
    x = NOISE * rng.normal(size=(samples, steps, 1))
    y = rng.integers(0, 2, (samples, 1))
    x[:, 0] = 2 * y - 1
    return x, y.astype(float)


def train(name, steps, epochs, seed):
    """Return the accuracy on 1,000 new sequences after `epochs` times 100 batches."""
    rng = np.random.default_rng(seed)
    network = Sequential([Input((steps, 1)), LAYERS[name](UNITS), Dense(1)], rng=rng)
    if name in FORGET_BIAS:
        network.layers[0].params["bias"][UNITS:2 * UNITS] = FORGET_BIAS[name]
    if name.endswith("Glorot"):
        network.layers[0].params["recurrent_kernel"][:] = glorot_uniform((UNITS, UNITS), rng)
    network.compile(Adam(0.01, global_clipnorm=1.0), BinaryCrossentropy(from_logits=True))
    for _ in range(epochs):
        network.fit(*task(100 * BATCH, steps, rng), batch_size=BATCH, verbose=0, shuffle=False)
    x, y = task(1000, steps, rng)
    return round(float(np.mean((network.predict(x, batch_size=500) > 0) == (y > 0.5))), 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="of every layer and length (3)")
    parser.add_argument("--epochs", type=int, default=5, help="of 100 batches each (5)")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    runs = []
    for name in LAYERS:
        for steps in STEPS:
            accuracy = [train(name, steps, given.epochs, seed) for seed in range(given.seeds)]
            runs.append({"layer": name, "steps": steps, "accuracy": accuracy})
            print(f"{name:23} T = {steps:2}  {accuracy}", flush=True)
    about = {
        "command": "python -m book.experiments.recurrence_memory",
        "task": f"the first of T inputs is +1 or -1, the others noise of deviation {NOISE}",
        "networks": f"{UNITS} units and a Dense(1), Adam(0.01) with global_clipnorm 1",
        "batches": 100 * given.epochs, "batch_size": BATCH, "seeds": list(range(given.seeds)),
        "numpy": np.__version__, "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }
    text = json.dumps({"about": about, "runs": runs})
    text = text.replace('}, {"layer"', '},\n {"layer"').replace('}, "', '},\n"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
