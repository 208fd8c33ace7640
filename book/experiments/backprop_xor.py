"""How often does a 2-2-1 network learn XOR? With biases and without, from the same random starts.

Run from the repository root: ``python -m book.experiments.backprop_xor``. Takes about a minute.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import numpy as np

from nnlib.activations import sigmoid

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
RATES = (1.0, 3.0, 10.0)
FILE = Path(__file__).parents[1] / "data" / "backprop_xor.json"


def starts(count, rng):
    """Draw the weights of many networks at once, uniform between -1 and 1; biases are zero."""
    return [rng.uniform(-1, 1, (count, 2, 2)), np.zeros((count, 1, 2)),
            rng.uniform(-1, 1, (count, 2, 1)), np.zeros((count, 1, 1))]


def predict(params, x):
    """Return hidden and output activations of all networks."""
    kernel_1, bias_1, kernel_2, bias_2 = params
    hidden = sigmoid(x @ kernel_1 + bias_1)
    return hidden, sigmoid(hidden @ kernel_2 + bias_2)


def step(params, x, y, learning_rate, biases):
    """Make one step of gradient descent on each network's mean squared error, in place."""
    hidden, output = predict(params, x)
    dz_2 = 2 / len(x) * (output - y) * output * (1 - output)
    dz_1 = dz_2 @ np.swapaxes(params[2], 1, 2) * hidden * (1 - hidden)
    grads = [x.T @ dz_1, dz_1.sum(axis=1, keepdims=True),
             np.swapaxes(hidden, 1, 2) @ dz_2, dz_2.sum(axis=1, keepdims=True)]
    for number, (param, grad) in enumerate(zip(params, grads, strict=True)):
        if biases or number % 2 == 0:
            param -= learning_rate * grad


def full_batch(count, epochs, learning_rate, biases, seed):
    """Train `count` networks; return every network's four outputs."""
    params = starts(count, np.random.default_rng(seed))
    for epoch in range(epochs):
        step(params, X, Y, learning_rate, biases)
        if (epoch + 1) % 2000 == 0:
            print(f"  biases {biases!s:5}  rate {learning_rate:4}  epoch {epoch + 1}", flush=True)
    return predict(params, X)[1][:, :, 0]


def online(epochs, biases):
    """Train the chapter's worked network sample by sample, as the lectures do.

    They take half the squared error and a learning rate of 0.25; that is 0.125 for the square.
    """
    params = [np.array([[[0.2, 0.3], [-0.7, 0.3]]]), np.zeros((1, 1, 2)),
              np.array([[[0.2], [0.4]]]), np.zeros((1, 1, 1))]
    for _ in range(epochs):
        for row in range(4):
            step(params, X[row:row + 1], Y[row:row + 1], 0.125, biases)
    return predict(params, X)[1][0, :, 0]


def main():
    """Run everything and write the file that the page reads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    runs = []
    for rate in RATES:
        for biases in (False, True):
            outputs = full_batch(options.starts, options.epochs, rate, biases, options.seed)
            solved = np.all((outputs > 0.5) == (Y[:, 0] > 0.5), axis=1)
            losses = np.mean((outputs - Y[:, 0]) ** 2, axis=1)
            runs.append({"biases": biases, "learning_rate": rate, "solved": int(solved.sum()),
                         "losses": [round(float(loss), 5) for loss in losses]})
            print(f"biases {biases!s:5}  rate {rate:4}  solved {solved.sum()}/{len(solved)}")
    worked = {name: [round(float(p), 4) for p in online(20_000, biases)]
              for name, biases in (("without", False), ("with", True))}
    FILE.write_text(json.dumps({
        "what": "2-2-1 sigmoid networks on XOR, full batch, mean squared error",
        "starts": options.starts, "epochs": options.epochs, "seed": options.seed,
        "runs": runs, "worked network, 20000 online epochs": worked,
        "date": date.today().isoformat(), "python": platform.python_version(),
        "numpy": np.__version__,
    }, indent=1) + "\n")
    print(f"wrote {FILE.name}")


if __name__ == "__main__":
    main()
