"""One library in one process: ``worker.py LIBRARY``, asked line by line, answers in JSON.

A line is ``SAMPLES SIZES BATCH EPOCHS`` (``1437 64-64-10 32 1``) or ``optimizer NAME``. The answer
has the seconds of the last epoch, or of a step, and the losses of all epochs.
"""

import json
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np

PARAMETERS = 10**6


@cache
def data(samples, inputs, classes):
    """Return the same noisy clusters in every library."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, samples)
    centres = rng.normal(size=(classes, inputs))
    return (centres[labels] + 2 * rng.normal(size=(samples, inputs))).astype(np.float32), labels


def weights(sizes):
    """Return the same starting weights in every library."""
    rng = np.random.default_rng(1)
    found = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        limit = np.sqrt(6 / (n_in + n_out))
        found += [rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32),
                  np.zeros(n_out, np.float32)]
    return found


class OfNnlib:
    def network(self, sizes):
        from nnlib.layers import Dense, Input
        from nnlib.losses import SparseCategoricalCrossentropy
        from nnlib.network import Sequential
        from nnlib.optimizers import Adam

        hidden = [Dense(size, "relu") for size in sizes[1:-1]]
        network = Sequential([Input((sizes[0],)), *hidden, Dense(sizes[-1])])
        network.set_weights(weights(sizes))
        network.compile(Adam(), SparseCategoricalCrossentropy(from_logits=True))
        return network

    def epoch(self, network, x, y, batch):
        return network.fit(x, y, batch, shuffle=False, verbose=0).history["loss"][0]

    def stepper(self, name):
        from nnlib import optimizers

        w, g = _step_arrays()
        optimizer = getattr(optimizers, name)()
        return lambda: optimizer.apply([w], [g])


class OfKeras(OfNnlib):
    def __init__(self):
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.keras, self.tf = keras, tf

    def network(self, sizes):
        layers = self.keras.layers
        network = self.keras.Sequential(
            [self.keras.Input((sizes[0],)), *[layers.Dense(n, "relu") for n in sizes[1:-1]],
             layers.Dense(sizes[-1])])
        network.set_weights(weights(sizes))
        network.compile("adam", self.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return network

    def stepper(self, name):
        w, g = map(self.tf.Variable, _step_arrays())
        optimizer = getattr(self.keras.optimizers, name)()
        optimizer.build([w])
        return self.tf.function(lambda: optimizer.apply([g], [w]))


class OfGraph(OfKeras):
    """A whole epoch as one graph of TensorFlow's: no Python between the steps."""

    def network(self, sizes):
        network, tf = super().network(sizes), self.tf
        loss, optimizer = network.loss, network.optimizer
        optimizer.build(network.trainable_variables)

        @tf.function
        def epoch(x, y, batch):
            samples, total = tf.shape(x)[0], 0.0
            for first in tf.range(0, samples, batch):
                last = tf.minimum(first + batch, samples)
                with tf.GradientTape() as tape:
                    value = loss(y[first:last], network(x[first:last], training=True))
                grads = tape.gradient(value, network.trainable_variables)
                optimizer.apply(grads, network.trainable_variables)
                total += value * tf.cast(last - first, tf.float32)
            return total / tf.cast(samples, tf.float32)

        return epoch

    def epoch(self, epoch, x, y, batch):
        return float(epoch(self.tf.constant(x), self.tf.constant(y), self.tf.constant(batch)))


class OfTorch(OfNnlib):
    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch

    def network(self, sizes):
        torch, layers, found = self.torch, [], weights(sizes)
        for number, (n_in, n_out) in enumerate(zip(sizes, sizes[1:], strict=False)):
            layer = torch.nn.Linear(n_in, n_out)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(found[2 * number].T.copy()))
                layer.bias.copy_(torch.from_numpy(found[2 * number + 1]))
            layers += [layer, torch.nn.ReLU()]
        network = torch.nn.Sequential(*layers[:-1])
        return network, torch.optim.Adam(network.parameters(), eps=1e-7)

    def epoch(self, pair, x, y, batch):
        (network, optimizer), total = pair, 0.0
        x, y = self.torch.from_numpy(x), self.torch.from_numpy(y)
        for first in range(0, len(x), batch):
            rows = slice(first, first + batch)
            loss = self.torch.nn.functional.cross_entropy(network(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y[rows])
        return total / len(x)


class OfSklearn(OfNnlib):
    def network(self, sizes):
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(sizes[1:-1], batch_size=self.batch, shuffle=False, alpha=0.0,
                             epsilon=1e-7, max_iter=1, random_state=0)

    def epoch(self, network, x, y, batch):
        network.partial_fit(x, y, classes=np.unique(y))
        return network.loss_


def _step_arrays():
    rng = np.random.default_rng(2)
    return [rng.normal(size=PARAMETERS).astype(np.float32) for _ in range(2)]


LIBRARIES = {"nnlib": OfNnlib, "keras": OfKeras, "graph": OfGraph, "torch": OfTorch,
             "sklearn": OfSklearn}


def train(library, samples, sizes, batch, epochs):
    x, y = data(samples, sizes[0], sizes[-1])
    library.batch = batch
    network, losses = library.network(sizes), []
    for _ in range(epochs):
        start = time.perf_counter()
        losses.append(float(library.epoch(network, x, y, batch)))
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "losses": losses}


def step(library, name, repeat=20):
    make = library.stepper(name)
    for _ in range(3):
        make()
    start = time.perf_counter()
    for _ in range(repeat):
        make()
    return {"seconds": (time.perf_counter() - start) / repeat, "losses": []}


def main():
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    library = LIBRARIES[sys.argv[1]]()
    for line in sys.stdin:
        words = line.split()
        if words[0] == "optimizer":
            found = step(library, words[1])
        else:
            sizes = [int(size) for size in words[1].split("-")]
            found = train(library, int(words[0]), sizes, int(words[2]), int(words[3]))
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    import warnings

    warnings.filterwarnings("ignore")  # scikit-learn's, that one epoch is not enough
    main()
