"""Carry weights from nnlib to PyTorch, layer by layer, and train a third twin there.

Run ``python -m book.experiments.project_pytorch`` from the root of the repository; it needs
PyTorch. Each layer gets random weights, and both libraries the same input: what is on file is how
far the answers are apart.
"""

import datetime
import json
import platform
from pathlib import Path

import numpy as np

from book.experiments.project_twins import digits, nnlib_network, settings
from nnlib.convolution import Conv2D
from nnlib.layers import Dense
from nnlib.recurrence import GRU, LSTM, SimpleRNN
from nnlib.regularization import BatchNormalization
from nnlib.tensors import to_batches

RESULT = Path(__file__).resolve().parent.parent / "data" / "project_pytorch.json"


def tensor(array):
    import torch

    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float32)


def fill(layer, **arrays):
    """Copy arrays into the parameters of a PyTorch layer."""
    layer.load_state_dict({name: tensor(one) for name, one in arrays.items()}, strict=False)
    return layer


def dense(kernel, bias):
    return {"weight": kernel.T, "bias": bias}


def convolution(kernel, bias):
    return {"weight": kernel.transpose(3, 2, 0, 1), "bias": bias}


def dense_after_flatten(kernel, bias, shape):
    """Put the rows, (height, width, channels), into PyTorch's order."""
    rows = kernel.reshape(*shape, -1).transpose(2, 0, 1, 3)
    return dense(rows.reshape(kernel.shape), bias)


def recurrent(kernel, recurrent_kernel, bias, order=(0,)):
    """Return the four arrays; `order` is that of PyTorch's gates."""
    def gates(array):
        parts = np.split(array, len(order), axis=-1)
        return np.concatenate([parts[k] for k in order], axis=-1)

    if bias.ndim == 1:
        bias = np.stack([bias, np.zeros_like(bias)])
    return {"weight_ih_l0": gates(kernel).T,
            "weight_hh_l0": gates(recurrent_kernel).T,
            "bias_ih_l0": gates(bias[0]), "bias_hh_l0": gates(bias[1])}


def layers(rng):
    """Yield a name, what an nnlib layer answers, and what PyTorch's does with its weights."""
    from torch import nn

    def ready(layer, shape):
        layer.build((None, *shape), rng)
        for name, array in layer.params.items():
            layer.params[name] = rng.normal(size=array.shape) / 2
        return layer, rng.normal(size=(6, *shape))

    layer, x = ready(Dense(4), (3,))
    yield "Dense", layer(x), fill(nn.Linear(3, 4), **dense(**layer.params))(tensor(x))
    layer, x = ready(Conv2D(4, 3, padding="same"), (7, 5, 3))
    other = fill(nn.Conv2d(3, 4, 3, padding="same"), **convolution(**layer.params))
    yield "Conv2D", layer(x), other(tensor(x.transpose(0, 3, 1, 2))).permute(0, 2, 3, 1)
    layer, x = ready(BatchNormalization(), (3,))
    other = fill(nn.BatchNorm1d(3, momentum=0.01, eps=1e-3), weight=layer.params["gamma"],
                 bias=layer.params["beta"])
    yield "BatchNormalization, training", layer(x, training=True), other(tensor(x))
    yield "BatchNormalization, afterwards", layer(x), other.eval()(tensor(x))
    for kind, theirs, order in [(SimpleRNN, nn.RNN, (0,)), (LSTM, nn.LSTM, (0, 1, 2, 3)),
                                (GRU, nn.GRU, (1, 0, 2))]:
        layer, x = ready(kind(4, return_sequences=True), (5, 3))
        other = fill(theirs(3, 4, batch_first=True), **recurrent(**layer.params, order=order))
        yield kind.__name__, layer(x), other(tensor(x))[0]


def train(weights, x, y, batch_size, epochs, learning_rate, epsilon):
    """Return the mean loss of each epoch of the twins' network, in PyTorch."""
    import torch
    from torch import nn

    k1, b1, k2, b2, k3, b3 = weights
    network = nn.Sequential(
        fill(nn.Conv2d(1, 8, 3), **convolution(k1, b1)), nn.ReLU(), nn.MaxPool2d(2),
        fill(nn.Conv2d(8, 16, 3), **convolution(k2, b2)), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), fill(nn.Linear(400, 10), **dense_after_flatten(k3, b3, (5, 5, 16))))
    loss = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, eps=epsilon)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for images, labels in to_batches(x, y, batch_size):
            value = loss(network(tensor(images.transpose(0, 3, 1, 2))), torch.tensor(labels))
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += len(labels) * value.item()
        losses.append(total / len(y))
    return losses


def main():
    parser = settings(__doc__.splitlines()[0])
    parser.add_argument("--epsilon", type=float, default=1e-8)
    given = parser.parse_args()
    try:
        import torch
    except ImportError:
        parser.error("PyTorch is not installed; run `pip install torch`")

    torch.set_num_threads(1)
    found = {name: float(np.abs(ours - theirs.detach().numpy()).max())
             for name, ours, theirs in layers(np.random.default_rng(given.seed))}
    x, y = digits(given.samples, given.seed)
    losses = train(nnlib_network(given.seed).get_weights(), x, y, given.batch_size, given.epochs,
                   given.learning_rate, given.epsilon)
    RESULT.write_text(json.dumps(vars(given) | {
        "layers": found, "pytorch": losses,
        "versions": {"python": platform.python_version(), "numpy": np.__version__,
                     "pytorch": torch.__version__.split("+")[0]},
        "date": datetime.date.today().isoformat(),
    }, indent=1) + "\n", encoding="utf-8")
    print(f"{RESULT.name}: {found}, {losses}")


if __name__ == "__main__":
    main()
