"""Networks: layers in a row or in a graph, trained, measured, saved and loaded."""

import math
import sys
import time

import numpy as np

from nnlib.autodiff import topological_order
from nnlib.layers import Node
from nnlib.tensors import validation_split as split


def accuracy(y_true, y_pred):
    """Return the share of samples that are classified right.

    Parameters
    ----------
    y_true : ndarray
        Class numbers, one-hot rows, or 0 and 1 in the shape of `y_pred`.
    y_pred : ndarray, shape (batch, classes) or (batch, 1) or (batch,)
        With several classes the largest counts, probabilities or logits alike. With one number a
        sample, a probability above 0.5 says 1.

    Returns
    -------
    float
    """
    if y_pred.ndim > 1 and y_pred.shape[-1] > 1:
        if y_true.shape == y_pred.shape:
            y_true = y_true.argmax(axis=-1)
        return float(np.mean(y_pred.argmax(axis=-1) == y_true.reshape(y_pred.shape[:-1])))
    return float(np.mean((y_pred > 0.5) == (y_true.reshape(y_pred.shape) > 0.5)))


class History:
    """What `Network.fit` returns.

    Attributes
    ----------
    history : dict of list of float
        ``loss``, the metrics, and each with ``val_`` before it: one number an epoch.
    """

    def __init__(self):
        self.history = {}

    def add(self, numbers):
        for name, value in numbers.items():
            self.history.setdefault(name, []).append(value)


class Network:
    """What networks share; a subclass has ``steps``, ``forward`` and ``backward``.

    All parameters lie in one vector, of which each layer's arrays are views: an optimizer that
    works number by number then needs one operation for all. Change them in place, as in
    ``layer.params["kernel"][:] = 0``, or with `set_weights`.

    Attributes
    ----------
    layers : list of Layer
    params, grads : list of ndarray
        Of all layers, in their order.
    """

    def __init__(self, rng=None, dtype="float32"):
        self.rng = np.random.default_rng() if rng is None else rng
        self.dtype, self.vector = np.dtype(dtype), None

    def __call__(self, x, training=False):
        """Return the output for a batch; the first call builds the network."""
        return self.forward(self._ready(x), training)

    def leading(self):
        return []

    @property
    def params(self):
        return [layer.params[key] for layer in self.layers for key in layer.params]

    @property
    def grads(self):
        return [layer.grads[key] for layer in self.layers for key in layer.params]

    def build(self, input_shape):
        """Make the parameters for inputs of this shape; the batch, its first entry, may be None.

        For several inputs a list of shapes.
        """
        names = {}
        for layer, shape in self.steps(input_shape):
            layer.build(shape, self.rng)
            layer.state = {key: array.astype(self.dtype) for key, array in _kept(layer).items()}
            layer.built = True
            count = names[layer.name] = names.get(layer.name, -1) + 1
            layer.name += f"_{count}" if count else ""
        self._join()

    def compile(self, optimizer, loss, metrics=()):
        """Say how to train: see `nnlib.optimizers` and `nnlib.losses`.

        Parameters
        ----------
        optimizer : Optimizer
        loss : Loss
        metrics : list of callable ``(y_true, y_pred) -> float``
            Measured besides, such as `accuracy`.
        """
        self.optimizer, self.loss, self.metrics = optimizer, loss, list(metrics)

    def fit(self, x, y, batch_size=32, epochs=1, verbose=1, validation_split=0.0,
            validation_data=None, shuffle=True, rng=None, callbacks=()):
        """Train on batches, epoch after epoch.

        Parameters
        ----------
        x : ndarray, shape (samples, ...), or a list of them for several inputs
        y : ndarray, shape (samples, ...)
        batch_size, epochs : int
        verbose : {0, 1}
            1 prints a line an epoch.
        validation_split : float
            This share of the samples, the last ones, is not trained on but measured.
        validation_data : (x, y), optional
            Measured after each epoch.
        shuffle : bool
            Draw a new order for each epoch.
        rng : numpy.random.Generator, optional
            Draws the orders; by default the network's.
        callbacks : list
            Each has ``on_train_begin(network)``, ``on_epoch_end(epoch, numbers)``, which returns
            True to stop, and ``on_train_end()``, such as `nnlib.regularization.EarlyStopping`.

        Returns
        -------
        History
            Losses and metrics of an epoch are means over its samples, each taken before the step
            that it led to. A loss includes what regularizers add.

        Raises
        ------
        ValueError
            If shapes do not fit, or x holds nan or inf.
        FloatingPointError
            If the loss becomes nan or inf; the parameters stay as the step before left them.
        """
        if not hasattr(self, "optimizer"):
            raise ValueError("say how to train first: network.compile(optimizer, loss)")
        x, y = self._pair(x, y)
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected 1 or more")
        if validation_split:  # of the numbers of the rows: there may be several inputs
            (rows, _), (held, _) = split(np.arange(len(y)), y, validation_split)
            x, y, validation_data = _rows(x, rows), y[rows], (_rows(x, held), y[held])
        rng, history = rng or self.rng, History()
        samples, size = len(y), min(batch_size, len(y))
        self._need_dx(False)
        try:
            for callback in callbacks:
                callback.on_train_begin(self)
            for epoch in range(epochs):
                start, sums = time.perf_counter(), [0.0] * (1 + len(self.metrics))
                order = rng.permutation(samples) if shuffle else None
                line = _Line(f"epoch {epoch + 1}/{epochs}", samples, verbose)
                for first in range(0, samples, size):
                    rows = slice(first, first + size) if order is None else \
                        order[first:first + size]
                    found = self._step(_rows(x, rows), y[rows], epoch, first // size)
                    count = min(size, samples - first)
                    sums = [total + count * one for total, one in zip(sums, found, strict=True)]
                    line.show(first)
                numbers = self._named([total / samples for total in sums])
                if validation_data is not None:
                    measured = self.evaluate(*validation_data, batch_size=batch_size)
                    numbers |= {f"val_{name}": value for name, value in measured.items()}
                history.add(numbers)
                line.end(numbers, time.perf_counter() - start)
                if any([callback.on_epoch_end(epoch, numbers) for callback in callbacks]):
                    break
            for callback in callbacks:
                callback.on_train_end()
        finally:
            self._need_dx(True)
        return history

    def evaluate(self, x, y, batch_size=32):
        """Return loss and metrics over all samples, as a dict of float."""
        x, y = self._pair(x, y)
        batches = _batches(len(y), batch_size)
        found = [self._measure(y[rows], self.forward(_rows(x, rows))) for rows in batches]
        return self._named(np.average(found, axis=0, weights=[len(y[rows]) for rows in batches]))

    def predict(self, x, batch_size=32):
        """Return the outputs for all samples, computed batch by batch."""
        x = self._ready(x)
        samples = len(x[0] if isinstance(x, list) else x)
        return np.concatenate([self.forward(_rows(x, rows))
                               for rows in _batches(samples, batch_size)])

    def summary(self):
        """Print a table of the layers: what comes out, and how many parameters they have."""
        if self.vector is None:
            raise ValueError("the network is not built: call it on a batch, or give it an Input")
        rows = [("layer", "type", "output shape", "parameters")]
        for layer, shape in self.steps(self.input_shape):
            out = ("None", *map(str, layer.output_shape(shape)[1:]))
            count = sum(array.size for array in [*layer.params.values(), *_kept(layer).values()])
            rows.append((layer.name, type(layer).__name__, f"({', '.join(out)})", f"{count:,}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for number, row in enumerate(rows):
            print("  ".join(text.ljust(w) if i < 3 else text.rjust(w)
                            for i, (text, w) in enumerate(zip(row, widths, strict=True))))
            if number == 0:
                print("─" * (sum(widths) + 6))
        state = sum(array.size for layer in self.layers for array in _kept(layer).values())
        size = self.vector.size + state
        print(f"total parameters: {size:,} ({size * self.dtype.itemsize / 1024:.1f} KiB of "
              f"{self.dtype})" + (f", {state:,} of them not trained" if state else ""))

    def get_weights(self):
        """Return copies of all parameters, and of what is kept besides, layer by layer."""
        return [array.copy() for _, array in self._weights()]

    def set_weights(self, weights):
        """Put arrays, as `get_weights` returns them, in the place of the parameters.

        Raises
        ------
        ValueError
            If one has another shape than the parameter; nothing is changed then.
        """
        places = dict(self._weights())
        if len(weights) != len(places):
            raise ValueError(f"{len(weights)} arrays for {len(places)} parameters: "
                             f"{', '.join(places)}")
        for (name, array), new in zip(places.items(), weights, strict=True):
            if np.shape(new) != array.shape:
                raise ValueError(f"{name} has shape {array.shape}, got {np.shape(new)}")
        for array, new in zip(places.values(), weights, strict=True):
            array[...] = new

    def save_weights(self, path):
        """Write what `get_weights` returns into one ``.npz``, as ``dense_1/kernel`` and so on."""
        np.savez(path, **dict(self._weights()))

    def load_weights(self, path):
        """Read the parameters that `save_weights` of such a network has written.

        Raises
        ------
        ValueError
            If the file has other names or shapes than this network; nothing is changed then.
        """
        with np.load(path) as file:
            names = [name for name, _ in self._weights()]
            if set(file.files) != set(names):
                raise ValueError(f"{path} holds {', '.join(file.files)}; "
                                 f"this network has {', '.join(names)}")
            self.set_weights([file[name] for name in names])

    def _weights(self):
        return [(f"{layer.name}/{key}", array) for layer in self.layers
                for key, array in [*layer.params.items(), *_kept(layer).items()]]

    def _join(self):
        """Move all parameters into one vector, and leave views of it in their places."""
        parts = [array.reshape(-1) for array in self.params]
        joined = np.concatenate([*parts, np.zeros(0)]).astype(self.dtype)
        if self.vector is None or self.vector.size != joined.size:
            self.vector, self.gradient = joined, np.zeros_like(joined)
        self.vector[:] = joined
        start = 0
        for layer in self.layers:
            for key, array in layer.params.items():
                place, shape = slice(start, start + array.size), array.shape
                layer.params[key] = self.vector[place].reshape(shape)
                layer.grads[key] = self.gradient[place].reshape(shape)
                start += array.size

    def _ready(self, x):
        """Return x in the network's dtype, after looking whether its shape fits."""
        x = [np.asarray(one, self.dtype) for one in x] if isinstance(x, list | tuple) else \
            np.asarray(x, self.dtype)
        shape = [one.shape for one in x] if isinstance(x, list) else x.shape
        if self.vector is None:
            self.build(shape)
        for layer, one in self.steps(shape):
            layer.output_shape(one)
        if any(array.base is not self.vector for array in self.params):
            self._join()  # somebody has put another array in the place of one
        return x

    def _pair(self, x, y):
        x, y = self._ready(x), np.asarray(y)
        for one in x if isinstance(x, list) else [x]:
            if len(one) != len(y):
                raise ValueError(f"x has {len(one)} samples and y has {len(y)}")
            if not np.isfinite(one).all():
                where = np.argwhere(~np.isfinite(one))[0].tolist()
                raise ValueError(f"x has {one[tuple(where)]} at {where}: "
                                 "clean the data before training")
        if len(y) == 0:
            raise ValueError("x and y hold no samples")
        return x, y

    def _step(self, x, y, epoch, step):
        """Train on one batch; return its loss and metrics as they were before the update."""
        y_pred = self.forward(x, training=True)
        found = self._measure(y, y_pred)
        if not math.isfinite(found[0]):
            raise FloatingPointError(self._trouble(found[0], epoch, step))
        self.backward(self.loss.backward())
        for layer, key, regularizer in self._regularizers():
            layer.grads[key] += regularizer.gradient(layer.params[key])
        if self.optimizer.elementwise:
            grads = self.grads
            if any(array.base is not self.gradient for array in grads):  # a layer made its own
                np.concatenate([array.reshape(-1) for array in grads], out=self.gradient)
            self.optimizer.apply([self.vector], [self.gradient])
        else:
            self.optimizer.apply(self.params, self.grads)
        return found

    def _trouble(self, loss, epoch, step):
        spoiled = [layer.name for layer in self.layers
                   if not all(np.isfinite(array).all() for array in layer.params.values())]
        where = f"the parameters of {spoiled[0]} are not finite" if spoiled else \
            "the parameters are finite, the output is not, or it has left the domain of the loss"
        return (f"the loss is {loss} in step {step + 1} of epoch {epoch + 1}: {where}; "
                "try a smaller learning rate, and standardise the inputs")

    def _measure(self, y_true, y_pred):
        cost = sum(regularizer(layer.params[key]) for layer, key, regularizer
                   in self._regularizers())
        return [self.loss.forward(y_true, y_pred) + cost,
                *(metric(y_true, y_pred) for metric in self.metrics)]

    def _regularizers(self):
        return [(layer, key, regularizer) for layer in self.layers
                for key, regularizer in getattr(layer, "regularizers", {}).items()]

    def _named(self, values):
        names = ["loss", *(metric.__name__ for metric in self.metrics)]
        return dict(zip(names, map(float, values), strict=True))

    def _need_dx(self, needed):
        """Spare the first layer the gradient for the data, which training does not use."""
        for layer in self.leading():
            layer.needs_dx = needed


class Sequential(Network):
    """Layers in a row: what one returns is what the next one takes.

    Parameters
    ----------
    layers : list of Layer
        The first entry may be an ``Input(shape)``; then the network is built at once.
    rng : numpy.random.Generator, optional
        Draws the parameters, and the order of samples in `fit`.
    dtype : {"float32", "float64"}
        Of parameters and data.

    Examples
    --------
    >>> from nnlib.layers import Dense, Input
    >>> network = Sequential([Input((784,)), Dense(16, "relu"), Dense(16, "relu"), Dense(10)])
    >>> network.vector.size
    13002
    >>> network(np.zeros((5, 784))).shape
    (5, 10)
    """

    def __init__(self, layers, rng=None, dtype="float32"):
        super().__init__(rng, dtype)
        self.layers = [layer for layer in layers if not isinstance(layer, Node)]
        if len(self.layers) < len(layers):
            self.build((None, *layers[0].shape))

    def leading(self):
        return self.layers[:1]

    def steps(self, input_shape):
        self.input_shape = input_shape
        shape = (1, *input_shape[1:])
        for layer in self.layers:
            yield layer, shape
            shape = layer.output_shape(shape)

    def forward(self, x, training=False):
        """Send a batch through all layers, the first one first.

        Parameters
        ----------
        x : ndarray, shape (batch, ...)
        training : bool
            Handed to every layer: some behave differently while they learn.

        Returns
        -------
        ndarray
        """
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy):
        """Send a gradient back through all layers, the last one first; each fills its `grads`.

        Parameters
        ----------
        dy : ndarray
            Gradient of the loss for the output.

        Returns
        -------
        ndarray
            Gradient of the loss for the input.
        """
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class Model(Network):
    """Layers in a graph, with one output and any number of inputs: the functional style.

    Parameters
    ----------
    inputs : Node, or list of Node
        As `nnlib.layers.Input` makes them.
    output : Node
        What came out when layers were called with nodes. Each layer has one place in the graph.
    rng, dtype
        See `Sequential`.

    Attributes
    ----------
    order : list of Node
        Every node of the graph, each one after its parents.

    Examples
    --------
    >>> from nnlib.layers import Add, Dense, Input
    >>> x = Input((8,))
    >>> y = Dense(8, "relu")(x)
    >>> model = Model(x, Add()([x, y]))  # a short cut past the layer
    >>> model(np.ones((2, 8))).shape
    (2, 8)
    """

    def __init__(self, inputs, output, rng=None, dtype="float32"):
        super().__init__(rng, dtype)
        self.inputs = inputs if isinstance(inputs, list | tuple) else [inputs]
        self.output, self.order = output, topological_order(output)
        self.layers = [node.layer for node in self.order if node.layer is not None]
        for node in self.order:
            if node.layer is None and node not in self.inputs:
                raise ValueError(f"an Input of shape {node.shape} leads to the output "
                                 "but is not among the inputs")
        for layer in self.layers:
            if sum(layer is other for other in self.layers) > 1:
                raise ValueError(f"{layer.name} stands in two places of the graph: it remembers "
                                 "one input only, so make a layer for each")
        self.build([(None, *node.shape) for node in self.inputs])

    def steps(self, input_shape):
        self.input_shape = input_shape
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        for node, shape in zip(self.inputs, shapes, strict=True):
            if tuple(shape[1:]) != node.shape:
                raise ValueError(f"the input was declared with shape {node.shape}, "
                                 f"got samples of shape {tuple(shape[1:])}")
        for node in self.order:
            if node.layer is not None:
                yield node.layer, node.shape_in()

    def forward(self, x, training=False):
        """Send a batch through the graph, in its order.

        Parameters
        ----------
        x : ndarray, or list of ndarray
            One for each input. A layer with several parents takes the list of their outputs.
        training : bool
            Handed to every layer.

        Returns
        -------
        ndarray
        """
        arrays = x if isinstance(x, list | tuple) else [x]
        found = dict(zip(map(id, self.inputs), arrays, strict=True))
        for node in self.order:
            if node.layer is not None:
                given = [found[id(parent)] for parent in node.parents]
                found[id(node)] = node.layer.forward(given[0] if len(given) == 1 else given,
                                                     training)
        return found[id(self.output)]

    def backward(self, dy):
        """Send a gradient back through the graph, against its order.

        A node that was used several times gets the sum of what its uses send back.

        Parameters
        ----------
        dy : ndarray
            Gradient of the loss for the output.

        Returns
        -------
        ndarray, or list of ndarray
            Gradient of the loss for the input, or one for each of several inputs.
        """
        found = {id(self.output): dy}
        for node in reversed(self.order):
            if node.layer is not None:
                parts = node.layer.backward(found[id(node)])
                parts = parts if len(node.parents) > 1 else [parts]
                for parent, part in zip(node.parents, parts, strict=True):
                    found[id(parent)] = found[id(parent)] + part if id(parent) in found else part
        grads = [found[id(node)] for node in self.inputs]
        return grads[0] if len(grads) == 1 else grads


def train_step(network, loss, optimizer, x, y):
    """Train a network on one batch: forward, loss, backward, update.

    Parameters
    ----------
    network : Network
        Has ``forward(x, training)``, ``backward(dy)``, and the lists ``params`` and ``grads``.
    loss : Loss
        Has ``forward(y_true, y_pred)`` and ``backward()``.
    optimizer : object
        ``apply(params, grads)`` changes the parameters in place.
    x, y : ndarray
        A batch and its targets.

    Returns
    -------
    float
        The loss before the update.

    References
    ----------
    Rumelhart, Hinton, Williams (1986), *Learning representations by back-propagating errors*,
    Nature 323.
    """
    value = loss.forward(y, network.forward(x, training=True))
    network.backward(loss.backward())
    optimizer.apply(network.params, network.grads)
    return value


def _kept(layer):
    """Return the state of a layer, also of one that does not derive from `Layer`."""
    return getattr(layer, "state", {})


def _batches(samples, size):
    """Return slices of at most `size` samples; one, empty, if there are none."""
    if size < 1:
        raise ValueError(f"batch_size is {size}, expected 1 or more")
    return [slice(first, first + size) for first in range(0, max(samples, 1), size)]


def _rows(x, rows):
    return [one[rows] for one in x] if isinstance(x, list) else x[rows]


class _Line:
    """The line about an epoch: it grows while it runs, where somebody looks."""

    def __init__(self, head, samples, verbose):
        self.head, self.samples, self.verbose = head, samples, verbose
        self.lively, self.last = verbose and sys.stdout.isatty(), time.perf_counter()

    def show(self, done):
        if self.lively and time.perf_counter() - self.last > 0.1:
            self.last = time.perf_counter()
            print(f"\r{self.head}  {done}/{self.samples}", end="", flush=True)

    def end(self, numbers, seconds):
        if self.verbose:
            parts = [f"{name} {value:.4f}" for name, value in numbers.items()]
            print(("\r" if self.lively else "") + "  ".join([self.head, *parts,
                                                             f"{seconds:.2f} s"]))
