"""One library in one process: ``worker.py LIBRARY``, asked line by line, answers in JSON.

A line is ``KIND SHAPE UNITS PADDING``: ``Conv2D 32x28x28x1 8 valid`` or ``LSTM 32x20x16 32 -``.
The answer has the seconds of one forward and backward pass, and a number that all gradients have
gone into: it is the same in all libraries.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

GATES = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}


def weights(kind, shape, units):
    """Return the same weights in every library, in Keras's layout."""
    rng, features = np.random.default_rng(1), shape[-1]
    if kind == "Conv2D":
        sizes = [(3, 3, features, units), (units,)]
    else:
        gates = GATES[kind] * units
        sizes = [(features, gates), (units, gates), (2, gates) if kind == "GRU" else (gates,)]
    return [(0.2 * rng.normal(size=size)).astype(np.float32) for size in sizes]


def arrays(shape, out):
    """Return the same input and the same gradient for the output in every library."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=size).astype(np.float32) for size in (shape, out)]


def out_shape(kind, shape, units, padding):
    if kind != "Conv2D":
        return (*shape[:2], units)
    border = 0 if padding == "same" else 2
    return (shape[0], shape[1] - border, shape[2] - border, units)


class OfNnlib:
    def stepper(self, kind, shape, units, padding):
        from nnlib import convolution, recurrence

        layer = convolution.Conv2D(units, 3, padding=padding) if kind == "Conv2D" else \
            getattr(recurrence, kind)(units, return_sequences=True)
        layer.build(shape, np.random.default_rng(0))
        layer.params = dict(zip(layer.params, weights(kind, shape, units), strict=True))
        x, dy = arrays(shape, out_shape(kind, shape, units, padding))

        def step():
            layer.forward(x, training=True)
            return [layer.backward(dy), *layer.grads.values()]

        return step


class OfGraph:
    """Keras's layer with its gradients in one graph of TensorFlow's."""

    def __init__(self):
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.keras, self.tf = keras, tf

    def stepper(self, kind, shape, units, padding):
        layers, tf = self.keras.layers, self.tf
        layer = layers.Conv2D(units, 3, padding=padding) if kind == "Conv2D" else \
            getattr(layers, kind)(units, return_sequences=True)
        layer.build(shape)
        layer.set_weights(weights(kind, shape, units))
        x, dy = map(tf.constant, arrays(shape, out_shape(kind, shape, units, padding)))

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x, training=True)
            return tape.gradient(y, [x, *layer.trainable_variables], output_gradients=dy)

        return lambda: [one.numpy() for one in step()]


class OfTorch:
    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch

    def stepper(self, kind, shape, units, padding):
        torch, found = self.torch, weights(kind, shape, units)
        x, dy = map(torch.from_numpy, arrays(shape, out_shape(kind, shape, units, padding)))
        if kind == "Conv2D":
            x, dy = (one.permute(0, 3, 1, 2).contiguous() for one in (x, dy))
            layer = torch.nn.Conv2d(shape[-1], units, 3, padding=padding)
            found = [found[0].transpose(3, 2, 0, 1), found[1]]
        else:
            name = {"SimpleRNN": "RNN"}.get(kind, kind)
            layer = getattr(torch.nn, name)(shape[-1], units, batch_first=True)
            first, second = found[2] if kind == "GRU" else (found[2], 0 * found[2])
            found = [_exchanged(kind, one).T for one in found[:2]] + [
                _exchanged(kind, one) for one in (first, second)]
        with torch.no_grad():
            for place, one in zip(layer.parameters(), found, strict=True):
                place.copy_(torch.from_numpy(one.copy()))
        x.requires_grad_(True)

        def step():
            y = layer(x)
            y = y if kind == "Conv2D" else y[0]
            grads = torch.autograd.grad(y, [x, *layer.parameters()], dy)
            grads = grads if kind in ("Conv2D", "GRU") else grads[:-1]  # the second bias is extra
            return [one.numpy() for one in grads]

        return step


def _exchanged(kind, gates):
    """Put the gates of a GRU into PyTorch's order."""
    if kind != "GRU":
        return gates
    z, r, h = np.split(gates, 3, axis=-1)
    return np.concatenate([r, z, h], axis=-1)


LIBRARIES = {"nnlib": OfNnlib, "graph": OfGraph, "torch": OfTorch}


def measure(step, least=0.2):
    """Return the seconds of a call, over as many as fill `least` seconds, after three."""
    for _ in range(3):
        grads = step()
    number = float(sum(np.abs(one.astype(float)).sum() for one in grads))
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < least or count < 3:
        step()
        count += 1
    return {"seconds": (time.perf_counter() - start) / count, "gradients": number}


def main():
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    library, steps = LIBRARIES[sys.argv[1]](), {}
    for line in sys.stdin:
        kind, shape, units, padding = line.split()
        if line not in steps:
            steps[line] = library.stepper(kind, tuple(map(int, shape.split("x"))), int(units),
                                          padding)
        print(json.dumps(measure(steps[line])), flush=True)


if __name__ == "__main__":
    main()
