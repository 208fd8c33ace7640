"""Sunspots one year ahead: recurrent layers of nnlib against rules that need no network.

Run ``python -m book.experiments.recurrence_sunspots`` from the root of the repository.
The years to 1919 are for training, the 89 years from 1920 on for the test. The learning rate and
the number of epochs of each network are chosen on the last 40 years of the training years.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path

import numpy as np

from nnlib.layers import Dense, Flatten, Input
from nnlib.losses import MeanSquaredError
from nnlib.network import Sequential
from nnlib.optimizers import Adam
from nnlib.recurrence import GRU, LSTM, SimpleRNN
from nnlib.sequences import sliding_windows

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "recurrence_sunspots.json"
WINDOW, UNITS, TEST, VALIDATION = 20, 16, 1920, 1880
RATES = [0.001, 0.003, 0.01]
NETWORKS = {
    "dense on the window": lambda: [Flatten(), Dense(UNITS, "tanh"), Dense(1)],
    "SimpleRNN": lambda: [SimpleRNN(UNITS), Dense(1)],
    "GRU": lambda: [GRU(UNITS), Dense(1)],
    "LSTM": lambda: [LSTM(UNITS), Dense(1)],
}


def load():
    """Return windows of numbers, the number that follows each, and its year."""
    year, number = np.genfromtxt(DATA / "sunspots.csv", delimiter=",", skip_header=1).T
    x, y = sliding_windows(number, WINDOW)
    return x, y, year[WINDOW:]


def rmse(y, forecast):
    return float(np.sqrt(np.mean((y - forecast) ** 2)))


def autoregression(x, y, train, order):
    """Fit a linear rule on the last `order` numbers of each window; return all its forecasts."""
    table = np.concatenate([np.ones((len(x), 1)), x[:, -order:]], axis=1)
    weights = np.linalg.lstsq(table[train], y[train], rcond=None)[0]
    return table @ weights


def fit(name, x, y, train, held_out, rate, epochs, seed):
    """Train on windows; return the forecasts for all of them, and the held-out loss by epoch."""
    mean, std = y[train].mean(), y[train].std()
    x, y = (x[:, :, np.newaxis] - mean) / std, (y[:, np.newaxis] - mean) / std
    rng = np.random.default_rng(seed)
    network = Sequential([Input((WINDOW, 1)), *NETWORKS[name]()], rng=rng)
    network.compile(Adam(rate, global_clipnorm=1.0), MeanSquaredError())
    held_out = (x[held_out], y[held_out]) if held_out.any() else None
    history = network.fit(x[train], y[train], epochs=epochs, verbose=0, validation_data=held_out)
    return network.predict(x)[:, 0] * std + mean, history.history.get("val_loss")


def tune(name, x, y, years, seeds, epochs):
    """Return the rate and the number of epochs with the smallest mean loss of validation."""
    train, held_out = years < VALIDATION, (years >= VALIDATION) & (years < TEST)
    losses = {}
    for rate in RATES:
        losses[rate] = np.mean([fit(name, x, y, train, held_out, rate, epochs, seed)[1]
                                for seed in seeds], axis=0)
        print(f"{name:20} rate {rate:<6g} best after {losses[rate].argmin() + 1} epochs: "
              f"{losses[rate].min():.4f}", flush=True)
    rate = min(losses, key=lambda rate: losses[rate].min())
    return rate, int(losses[rate].argmin()) + 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="of every network (10)")
    parser.add_argument("--tuning-seeds", type=int, default=3, help="of every rate tried (3)")
    parser.add_argument("--epochs", type=int, default=100, help="at most (100)")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    x, y, years = load()
    train, test = years < TEST, years >= TEST
    nothing = np.zeros(len(years), bool)

    linear = {f"AR({order})": autoregression(x, y, train, order) for order in (9, 20)}
    rules = {"persistence": rmse(y[test], x[test, -1])}
    rules |= {name: rmse(y[test], forecast[test]) for name, forecast in linear.items()}
    print({name: round(error, 2) for name, error in rules.items()})

    networks, forecasts = {}, {"AR(9)": linear["AR(9)"][test]}
    tuning = range(1000, 1000 + given.tuning_seeds)  # others than those of the comparison
    for name in NETWORKS:
        rate, epochs = tune(name, x, y, years, tuning, given.epochs)
        found = [fit(name, x, y, train, nothing, rate, epochs, seed)[0][test]
                 for seed in range(given.seeds)]
        errors = [rmse(y[test], forecast) for forecast in found]
        networks[name] = {"learning_rate": rate, "epochs": epochs,
                          "rmse": [round(error, 3) for error in errors],
                          "mean_forecast_rmse": round(rmse(y[test], np.mean(found, axis=0)), 3)}
        print(f"{name:20} {np.mean(errors):.2f} ({min(errors):.2f} to {max(errors):.2f})",
              flush=True)
        if name == "LSTM":
            forecasts["LSTM"] = found[0]

    about = {
        "command": "python -m book.experiments.recurrence_sunspots",
        "data": "book/data/sunspots.csv, windows of 20 years; test 1920 to 2008, "
                "validation 1880 to 1919",
        "networks": f"{UNITS} units and a Dense(1), Adam with global_clipnorm 1, batches of 32",
        "rates": RATES, "epochs at most": given.epochs, "seeds": list(range(given.seeds)),
        "tuning_seeds": list(tuning), "numpy": np.__version__,
        "python": platform.python_version(), "date": datetime.date.today().isoformat(),
    }
    forecasts = {name: [round(float(one), 2) for one in values]
                 for name, values in forecasts.items()}
    result = {"about": about, "rules": {name: round(error, 3) for name, error in rules.items()},
              "networks": networks, "forecasts": forecasts}
    text = json.dumps(result).replace('}, "', '},\n "').replace('], "', '],\n"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
