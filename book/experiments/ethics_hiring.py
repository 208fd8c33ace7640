"""The gap of a hiring network, with and without a column, over many splits of the same data.

Run ``python -m book.experiments.ethics_hiring`` from the root of the repository.
It trains one unit on two thirds of 4,870 résumés to predict who is called back, and invites
everybody above the score that the top quarter of these reached. On the other third it measures the
share invited, by race and by sex. A seed decides all that is random: the split, the first
weights, the order of batches, and the made-up column.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path

import numpy as np

from nnlib.activations import sigmoid
from nnlib.fairness import by_group, selection_rate
from nnlib.layers import Dense, Input
from nnlib.losses import BinaryCrossentropy
from nnlib.metrics import auc
from nnlib.network import Sequential
from nnlib.optimizers import Adam

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "ethics_hiring.json"
AGREES = 0.85  # the made-up district, with the group


def load():
    """Return the columns by name, and who was called back."""
    table = np.genfromtxt(DATA / "resume_callbacks.csv", delimiter=",", dtype=str)
    resumes = dict(zip(table[0].tolist(), table[1:].T, strict=True))
    return resumes, (resumes.pop("received_callback") == "1").astype(int)


def features(resumes, names, learn):
    """Return the columns as numbers, one for each kind but the first.

    The years are standardised, by mean and standard deviation of the rows `learn`.
    """
    columns = []
    for name in names:
        values = resumes[name]
        if name == "years_experience":
            years = values.astype(float)
            columns.append((years - years[learn].mean()) / years[learn].std())
        else:
            columns += [values == kind for kind in np.unique(values)[1:]]
    return np.stack(columns, axis=1).astype(float)


def measure(resumes, called, names, seed, epochs):
    """Return AUC and shares invited on a third that was not trained on."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(called.size)
    learn, fresh = np.split(order, [2 * called.size // 3])
    other = np.where(resumes["race"] == "black", "white", "black")
    district = np.where(rng.random(called.size) < AGREES, resumes["race"], other)
    x = features(resumes | {"district": district}, names, learn)
    network = Sequential([Input(x.shape[1:]), Dense(1)], rng=rng)
    network.compile(Adam(0.05), BinaryCrossentropy(from_logits=True))
    network.fit(x[learn], called[learn, np.newaxis], batch_size=256, epochs=epochs, verbose=0)
    p = sigmoid(network.predict(x, batch_size=5000)[:, 0].astype(float))
    found = {"auc": auc(called[fresh], p[fresh])}
    for name in ("race", "gender"):
        found |= by_group(selection_rate, called[fresh], p[fresh], resumes[name][fresh],
                          threshold=np.quantile(p[learn], 0.75))
    return {name: round(value, 4) for name, value in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    resumes, called = load()
    names = list(resumes)
    no_race = [name for name in names if name != "race"]
    sets = {
        "all columns": names,
        "no race": no_race,
        "no sex": [name for name in names if name != "gender"],
        "district": [*no_race, "district"],
    }
    result = {}
    for title, columns in sets.items():
        runs = [measure(resumes, called, columns, 100 + split, given.epochs)
                for split in range(given.splits)]
        result[title] = {key: [run[key] for run in runs] for key in runs[0]}
        means = {key: round(float(np.mean(values)), 3) for key, values in result[title].items()}
        print(f"{title:12} {means}", flush=True)
    about = {
        "command": "python -m book.experiments.ethics_hiring",
        "data": "book/data/resume_callbacks.csv, two thirds to train on, one to measure on",
        "network": "one unit, Adam(0.05), batches of 256, float32", "epochs": given.epochs,
        "seeds": list(range(100, 100 + given.splits)), "district_agrees": AGREES,
        "numpy": np.__version__, "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }
    text = json.dumps({"about": about, "sets": result}).replace('], "', '],\n"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
