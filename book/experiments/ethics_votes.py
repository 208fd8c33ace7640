"""A network against the dumbest rules: the party of 435 members of Congress, from 16 votes.

Run ``python -m book.experiments.ethics_votes`` from the root of the repository.
Ten-fold cross-validation: every member is predicted once, by models that have not seen that member.
It is repeated, each time with other folds. A seed decides all that is random: the folds, the first
weights, the order of batches.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path

import numpy as np

from nnlib.layers import Dense, Input
from nnlib.losses import BinaryCrossentropy
from nnlib.network import Sequential
from nnlib.optimizers import Adam

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "ethics_votes.json"
FREEZE = 3  # the column of physician-fee-freeze
FOLDS = 10


def load():
    """Return the votes, 1 yes, -1 no, 0 blank, and who is a Republican."""
    table = np.genfromtxt(DATA / "voting.csv", delimiter=",", dtype=str)[1:]
    votes = (table[:, 1:] == "y") * 1.0 - (table[:, 1:] == "n")
    return votes, (table[:, 0] == "republican").astype(int)


def majority(votes, party, fresh, seed, epochs):
    """Say for everybody what is most common."""
    return np.full(len(fresh), party.mean() > 0.5)


def one_rule(votes, party, fresh, seed, epochs):
    """Yes to the fee freeze: Republican. No, or no vote: Democrat."""
    return fresh[:, FREEZE] == 1


def trained(*hidden, rate=0.001):
    """Return a model with these hidden layers."""

    def model(votes, party, fresh, seed, epochs):
        layers = [Dense(units, "relu") for units in hidden]
        network = Sequential([Input((votes.shape[1],)), *layers, Dense(1)],
                             rng=np.random.default_rng(seed))
        network.compile(Adam(rate), BinaryCrossentropy(from_logits=True))
        network.fit(votes, party[:, np.newaxis], epochs=epochs, verbose=0)
        return network.predict(fresh, batch_size=len(fresh))[:, 0] > 0

    return model


def third_answer(model):
    """Let a model see two columns for each vote: was it yes, was it blank."""

    def columns(votes):
        return np.concatenate([votes == 1, votes == 0], axis=1) * 1.0

    return lambda votes, party, fresh, *rest: model(columns(votes), party, columns(fresh), *rest)


def usual_answer(model):
    """Fill blanks with what most of the members answered that the model learns from."""

    def filled(votes, party, fresh, *rest):
        usual = np.where(votes.sum(axis=0) >= 0, 1.0, -1.0)
        votes, fresh = (np.where(x == 0, usual, x) for x in (votes, fresh))
        return model(votes, party, fresh, *rest)

    return filled


MODELS = {"majority": majority, "one rule": one_rule, "one unit": trained(rate=0.01),
          "network": trained(32, 16)}
BLANKS = {"0, between no and yes": MODELS["network"],
          "a third answer": third_answer(MODELS["network"]),
          "the usual answer": usual_answer(MODELS["network"]),
          "members dropped": MODELS["network"]}


def cross_validate(model, votes, party, seed, epochs):
    """Return whether each member was predicted right, and the folds."""
    order = np.random.default_rng(seed).permutation(len(party))
    folds = np.array_split(order, FOLDS)
    right = np.zeros(len(party), int)
    for number, fold in enumerate(folds):
        rest = np.setdiff1d(order, fold)
        said = model(votes[rest], party[rest], votes[fold],
                     FOLDS * seed + number, epochs)
        right[fold] = said == party[fold]
    return right, folds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="of the ten folds (10)")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    votes, party = load()
    models = {}
    for name, model in MODELS.items():
        runs = [cross_validate(model, votes, party, seed, given.epochs)
                for seed in range(given.repeats)]
        accuracies = [[round(float(right[fold].mean()), 4) for fold in folds]
                      for right, folds in runs]
        models[name] = {"folds": accuracies, "right": "".join(map(str, runs[0][0]))}
        print(f"{name:22} {np.mean(accuracies):.4f} ± {np.std(accuracies):.4f}", flush=True)
    blanks = {}
    complete = (votes != 0).all(axis=1)
    for name, model in BLANKS.items():
        x, y = (votes[complete], party[complete]) if "dropped" in name else (votes, party)
        runs = [cross_validate(model, x, y, seed, given.epochs)[0].mean()
                for seed in range(given.repeats)]
        blanks[name] = {"members": len(y), "accuracy": [round(float(one), 4) for one in runs]}
        print(f"{name:22} {np.mean(runs):.4f}, {len(y)} members", flush=True)
    about = {
        "command": "python -m book.experiments.ethics_votes",
        "data": "book/data/voting.csv, ten-fold cross-validation",
        "network": "16-32-16-1, ReLU, Adam(0.001); one unit, Adam(0.01); batches of 32, float32",
        "epochs": given.epochs, "seeds": list(range(given.repeats)),
        "right": "per member, in the order of the file, of the first seed",
        "numpy": np.__version__, "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }
    text = json.dumps({"about": about, "models": models, "blanks": blanks})
    text = text.replace('}, "', '},\n"').replace('"right": "', '\n"right": "')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
