"""Are film snippets positive or negative? Recurrent layers against a mean of word vectors.

Run ``python -m book.experiments.recurrence_sentiment`` from the root of the repository.
A snippet is positive if the mean of its human ratings is above 0. The learning rate of each model
is chosen on 1,000 snippets of validation; they also say after which epoch to stop.
"""

import argparse
import datetime
import gzip
import json
import platform
from pathlib import Path

import numpy as np

from nnlib.layers import Dense, Input, Layer
from nnlib.losses import BinaryCrossentropy
from nnlib.network import Model
from nnlib.optimizers import Adam
from nnlib.recurrence import GRU, LSTM, Embedding, PaddingMask, SimpleRNN
from nnlib.sequences import TextVectorizer

DATA = Path(__file__).resolve().parent.parent / "data"
RESULT = DATA / "recurrence_sentiment.json"
TOKENS, LENGTH, SIZE, UNITS, BATCH = 4000, 32, 16, 16, 64
RATES = [0.003, 0.01]
SAME_WORDS = ["it is not good it is bad", "it is not bad it is good"]


class Mean(Layer):
    """The mean of the vectors that the mask lets through."""

    def output_shape(self, input_shape):
        return input_shape[0][0], input_shape[0][-1]

    def forward(self, x, training=False):
        x, mask = x
        self.share = (mask / np.maximum(mask.sum(axis=1, keepdims=True), 1))[:, :, np.newaxis]
        return (x * self.share).sum(axis=1)

    def backward(self, dy):
        return [dy[:, np.newaxis] * self.share, np.zeros_like(self.share[:, :, 0])]


MODELS = {  # a layer, and whether it is told where the words end
    "mean of vectors": (Mean, True),
    "SimpleRNN": (lambda: SimpleRNN(UNITS), True),
    "GRU": (lambda: GRU(UNITS), True),
    "LSTM": (lambda: LSTM(UNITS), True),
    "LSTM, no mask": (lambda: LSTM(UNITS), False),
}


def load():
    """Return texts and labels of training, validation and test."""
    with gzip.open(DATA / "movie_snippets.tsv.gz", "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file][1:]
    rows = [(text, float(float(rating) > 0)) for rating, text in rows if float(rating) != 0]
    order = np.random.default_rng(0).permutation(len(rows))
    rows = [rows[i] for i in order]
    parts = rows[3000:], rows[2000:3000], rows[:2000]
    return [([text for text, _ in part], np.array([[label] for _, label in part]))
            for part in parts]


def build(name, rng):
    layer, masked = MODELS[name]
    ids = Input((LENGTH,))
    vectors = Embedding(TOKENS, SIZE)(ids)
    state = layer()([vectors, PaddingMask()(ids)] if masked else vectors)
    return Model(ids, Dense(1)(state), rng=rng)


def right(y_true, logits):
    return float(np.mean((logits > 0) == (y_true > 0.5)))


def train(name, rate, seed, epochs, data):
    """Train; return the network as it was after its best epoch, and that epoch's loss."""
    (x, y), (x_val, y_val) = data[:2]
    network = build(name, np.random.default_rng(seed))
    network.compile(Adam(rate, global_clipnorm=1.0), BinaryCrossentropy(from_logits=True))
    best, weights, epoch = np.inf, None, 0
    for number in range(epochs):
        network.fit(x, y, batch_size=BATCH, verbose=0)
        loss = network.evaluate(x_val, y_val, batch_size=500)["loss"]
        if loss < best:
            best, weights, epoch = loss, network.get_weights(), number + 1
        elif number + 1 >= epoch + 2:  # two epochs without a better one
            break
    network.set_weights(weights)
    return network, float(best), epoch


def words_by_weight(network, vocabulary, among=1500, count=12):
    """Return the words among the most frequent ones that push the mean model hardest."""
    layers = {type(layer): layer.params for layer in network.layers}
    vectors, dense = layers[Embedding]["embeddings"], layers[Dense]["kernel"]
    push = (vectors[2:among] @ dense)[:, 0]
    order = np.argsort(push)
    return {"negative": [vocabulary[2 + i] for i in order[:count]],
            "positive": [vocabulary[2 + i] for i in order[::-1][:count]]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="of every model (5)")
    parser.add_argument("--epochs", type=int, default=10, help="at most (10)")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    parts = load()
    vectorizer = TextVectorizer(TOKENS, LENGTH)
    vectorizer.adapt(parts[0][0])  # the vocabulary knows the training texts only
    data = [(vectorizer(texts), labels) for texts, labels in parts]
    x_test, y_test = data[2]
    majority = float(np.mean(y_test == (data[0][1].mean() > 0.5)))
    unknown = float((x_test == 1).sum() / (x_test > 0).sum())
    print(f"majority {majority:.3f}, unknown words in the test {unknown:.3f}")
    models, same, words = [], {}, None
    for name in MODELS:
        tried = {rate: train(name, rate, 1000, given.epochs, data)[1] for rate in RATES}
        rate = min(tried, key=tried.get)
        found = [train(name, rate, seed, given.epochs, data) for seed in range(given.seeds)]
        accuracy = [right(y_test, network.predict(x_test, batch_size=500))
                    for network, _, _ in found]
        models.append({"name": name, "learning_rate": rate,
                       "tried": {str(r): round(loss, 4) for r, loss in tried.items()},
                       "epochs": [epoch for _, _, epoch in found],
                       "parameters": int(found[0][0].vector.size),
                       "accuracy": [round(one, 4) for one in accuracy]})
        logits = [network.predict(vectorizer(SAME_WORDS))[:, 0]
                  for network, _, _ in found]
        same[name] = np.mean(1 / (1 + np.exp(-np.array(logits, float))), axis=0).round(3).tolist()
        if name == "mean of vectors":
            words = words_by_weight(found[0][0], vectorizer.vocabulary)
        print(f"{name:16} rate {rate:<6g} {np.mean(accuracy):.3f} "
              f"({min(accuracy):.3f} to {max(accuracy):.3f}), same words {same[name]}", flush=True)
    about = {
        "command": "python -m book.experiments.recurrence_sentiment",
        "data": "book/data/movie_snippets.tsv.gz without the snippets rated 0: "
                f"{len(data[0][1]):,} to train on, 1,000 to choose, 2,000 to test",
        "models": f"{TOKENS} words, {LENGTH} a snippet, vectors of {SIZE}, {UNITS} units, Dense(1)",
        "rates": RATES, "epochs at most": given.epochs, "batch_size": BATCH,
        "seeds": list(range(given.seeds)), "numpy": np.__version__,
        "python": platform.python_version(), "date": datetime.date.today().isoformat(),
    }
    result = {"about": about, "majority": round(majority, 4),
              "unknown words in the test": round(unknown, 4), "models": models,
              "sentences": SAME_WORDS, "same words": same, "words": words}
    text = json.dumps(result).replace('}, {"name"', '},\n {"name"').replace('], "', '],\n"')
    given.output.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {given.output.name}")


if __name__ == "__main__":
    main()
