"""Layers: a forward pass that remembers, a backward pass that uses what was remembered."""

import numpy as np

from nnlib import activations


class Layer:
    """What all layers share. A subclass writes `forward`, `backward` and, if it learns, `build`.

    Call a layer rather than its `forward`: the call builds it on first use and says what is wrong
    with a shape. Called with a `Node` it becomes a node of a graph (see `nnlib.network.Model`).

    Attributes
    ----------
    params, grads : dict of ndarray
        What is learned, and its gradients, under the same names.
    state : dict of ndarray
        What is kept and saved but not learned, such as running means.
    regularizers : dict of callable
        Under the name of a parameter, what its size costs: see `nnlib.regularization`.
    name : str
        For messages and tables.
    built : bool
    needs_dx : bool
        False while a network trains and this is its first layer, whose dx nobody asks for.
    """

    needs_dx = True

    def __init__(self):
        self.params, self.grads, self.state, self.regularizers = {}, {}, {}, {}
        self.name, self.built = type(self).__name__.lower(), False

    def __getattr__(self, attribute):  # only for what is not there
        raise AttributeError(f"{type(self).__name__} has no {attribute!r} yet: `forward` and "
                             "`build` come before what uses their results, such as `backward`")

    def __call__(self, x, training=False):
        several = isinstance(x, list | tuple)
        if any(isinstance(one, Node) for one in (x if several else [x])):
            return Node(self, x if several else [x])
        shape = [np.shape(one) for one in x] if several else np.shape(x)
        if not (self.built or self.params):
            self.build(shape, np.random.default_rng())
            self.built = True
        self.output_shape(shape)  # raises if it cannot take this
        return self.forward(x, training)

    def build(self, input_shape, rng):
        """Make `params` for inputs of this shape, whose first size, the batch, does not matter."""

    def output_shape(self, input_shape):
        """Return the shape that comes out; raise ValueError for one that cannot go in."""
        return input_shape

    def forward(self, x, training=False):
        """Return the output for a batch, and remember what `backward` needs."""
        raise NotImplementedError

    def backward(self, dy):
        """Fill `grads`, and return the gradient for the input of the last `forward`."""
        raise NotImplementedError


class Node:
    """An input of a graph of layers, or a layer's place in it.

    Attributes
    ----------
    layer : Layer or None
    parents : list of Node
    shape : tuple
        Of what comes out, without the batch.
    """

    def __init__(self, layer, parents, shape=()):
        self.layer, self.parents, self.shape = layer, list(parents), tuple(shape)
        if layer is not None:
            self.shape = layer.output_shape(self.shape_in())[1:]

    def shape_in(self):
        """Return the shape that goes into the layer, with 1 for the batch."""
        shapes = [(1, *parent.shape) for parent in self.parents]
        return shapes[0] if len(shapes) == 1 else shapes


def Input(shape):  # noqa: N802 (as Keras spells it)
    """Return the input of a graph, or the first entry of a `Sequential`: ``Input((64,))``.

    Parameters
    ----------
    shape : tuple of int
        Of one sample.
    """
    return Node(None, [], shape)


class Activation(Layer):
    """Apply a function of `nnlib.activations` to every number, or along the last axis.

    Parameters
    ----------
    function : callable or str
        ``relu`` or ``"relu"``: a function that has its ``..._backward`` beside it.
    **options
        Handed to both, as in ``Activation("leaky_relu", negative_slope=0.1)``.

    Examples
    --------
    >>> layer = Activation("relu")
    >>> layer(np.array([[-1.0, 2.0]])), layer.backward(np.array([[5.0, 5.0]]))
    (array([[0., 2.]]), array([[0., 5.]]))
    """

    def __init__(self, function, **options):
        super().__init__()
        name = function if isinstance(function, str) else function.__name__
        if not hasattr(activations, f"{name}_backward"):
            raise ValueError(f"there is no activation called {name!r} in nnlib.activations")
        self.name, self.options = name, options
        self.function = getattr(activations, name)
        self.function_backward = getattr(activations, f"{name}_backward")

    def forward(self, x, training=False):
        """Return ``self.function(x, **self.options)``, and remember `x`.

        Parameters
        ----------
        x : ndarray, any shape

        Returns
        -------
        ndarray, same shape as `x`
        """
        self.x = x
        return self.function(x, **self.options)

    def backward(self, dy):
        """Return the gradient for `x`, from that for the output.

        Parameters
        ----------
        dy : ndarray, same shape as `x`

        Returns
        -------
        ndarray, same shape as `x`
        """
        return self.function_backward(self.x, dy, **self.options)


class Dense(Layer):
    r"""Connect every input to every unit: ``y = activation(x @ kernel + bias)``.

    Parameters
    ----------
    units : int
        How many numbers come out for each sample.
    activation : callable or str
        See `Activation`; by default ``"linear"``, which changes nothing. What does it is the
        layer ``self.activation``.
    kernel_regularizer : callable, optional
        `Network.fit` adds its cost to the loss, and its gradient to that of the kernel.

    Examples
    --------
    >>> layer = Dense(2)
    >>> layer.build((1, 3), np.random.default_rng(0))
    >>> layer.params["kernel"][:] = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> layer.forward(np.array([[1.0, 2.0, 3.0]]))
    array([[4., 5.]])
    >>> layer.backward(np.array([[1.0, 10.0]]))
    array([[ 1., 10., 11.]])
    >>> layer.grads["bias"]
    array([ 1., 10.])

    References
    ----------
    Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.5.4. Glorot, Bengio (2010),
    *Understanding the difficulty of training deep feedforward neural networks*, equation 16.
    """

    def __init__(self, units, activation="linear", kernel_regularizer=None):
        super().__init__()
        self.units, self.activation = units, Activation(activation)
        if kernel_regularizer is not None:
            self.regularizers["kernel"] = kernel_regularizer

    def output_shape(self, input_shape):
        if len(input_shape) < 2:
            raise ValueError(f"{self.name} needs (batch, features), got shape {input_shape}")
        expected = len(self.params["kernel"]) if self.params else input_shape[-1]
        if input_shape[-1] != expected:
            raise ValueError(f"{self.name} was built for {expected} features in the last axis, "
                             f"got {input_shape[-1]}: the input has shape {input_shape}")
        return (*input_shape[:-1], self.units)

    def build(self, input_shape, rng):
        r"""Make ``params["kernel"]`` and ``params["bias"]``.

        The kernel is uniform between minus and plus
        :math:`\sqrt{6 / (n_\text{in} + n_\text{out})}`, the bias is zero.

        Parameters
        ----------
        input_shape : tuple of int
            Its last entry is the number of features.
        rng : numpy.random.Generator
        """
        n_in = input_shape[-1]
        limit = np.sqrt(6 / (n_in + self.units))
        self.params["kernel"] = rng.uniform(-limit, limit, (n_in, self.units))
        self.params["bias"] = np.zeros(self.units)

    def forward(self, x, training=False):
        """Return the output for a batch, and remember `x`.

        Parameters
        ----------
        x : ndarray, shape (batch, ..., features)

        Returns
        -------
        ndarray, shape (batch, ..., units)
        """
        self.x = x
        return self.activation.forward(x @ self.params["kernel"] + self.params["bias"], training)

    def backward(self, dy):
        """Fill ``grads["kernel"]`` and ``grads["bias"]``, sums over the batch, and return dx.

        Parameters
        ----------
        dy : ndarray, shape (batch, ..., units)
            Gradient of the loss for the output.

        Returns
        -------
        ndarray, shape of `x`
        """
        dz = self.activation.backward(dy)
        rows, dz_rows = self.x.reshape(-1, self.x.shape[-1]), dz.reshape(-1, self.units)
        # Into the arrays that are there, if there are some: a network keeps them side by side.
        self.grads["kernel"] = np.matmul(rows.T, dz_rows, out=self.grads.get("kernel"))
        self.grads["bias"] = np.sum(dz_rows, axis=0, out=self.grads.get("bias"))
        return dz @ self.params["kernel"].T if self.needs_dx else None


class Flatten(Layer):
    """Lay the numbers of each sample out in one row; the batch stays.

    Examples
    --------
    >>> layer = Flatten()
    >>> layer(np.zeros((2, 3, 4))).shape, layer.backward(np.zeros((2, 12))).shape
    ((2, 12), (2, 3, 4))
    """

    def output_shape(self, input_shape):
        return input_shape[0], int(np.prod(input_shape[1:]))

    def forward(self, x, training=False):
        """Return the rows, and remember the shape.

        Parameters
        ----------
        x : ndarray, shape (batch, ...)

        Returns
        -------
        ndarray, shape (batch, numbers of a sample)
        """
        self.shape = x.shape
        return x.reshape(len(x), int(np.prod(x.shape[1:])))

    def backward(self, dy):
        """Return the gradient in the shape of the last input."""
        return dy.reshape(self.shape)


class Add(Layer):
    """Add the outputs of several layers, all of one shape.

    Examples
    --------
    >>> layer = Add()
    >>> layer([np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])])
    array([[11., 22.]])
    """

    def output_shape(self, input_shape):
        if len(set(map(tuple, input_shape))) > 1:
            raise ValueError(f"{self.name} needs inputs of one shape, got "
                             f"{', '.join(map(str, input_shape))}")
        return input_shape[0]

    def forward(self, x, training=False):
        """Return the sum of the arrays in the list `x`, and remember how many there were."""
        self.count = len(x)
        return sum(x[1:], x[0])

    def backward(self, dy):
        """Return the list of the inputs' gradients: each gets all of `dy`."""
        return [dy] * self.count


class Concatenate(Layer):
    """Join the outputs of several layers along their last axis.

    Examples
    --------
    >>> layer = Concatenate()
    >>> layer([np.array([[1.0, 2.0]]), np.array([[3.0]])])
    array([[1., 2., 3.]])
    >>> layer.backward(np.array([[5.0, 6.0, 7.0]]))
    [array([[5., 6.]]), array([[7.]])]
    """

    def output_shape(self, input_shape):
        if len({tuple(shape[:-1]) for shape in input_shape}) > 1:
            raise ValueError(f"{self.name} needs inputs that differ in their last axis only, got "
                             f"{', '.join(map(str, input_shape))}")
        return (*input_shape[0][:-1], sum(shape[-1] for shape in input_shape))

    def forward(self, x, training=False):
        """Return the arrays in the list `x`, side by side, and remember their widths.

        Parameters
        ----------
        x : list of ndarray, shapes (batch, ..., features)

        Returns
        -------
        ndarray, shape (batch, ..., sum of the features)
        """
        self.widths = [one.shape[-1] for one in x]
        return np.concatenate(x, axis=-1)

    def backward(self, dy):
        """Return the list of the inputs' gradients: each gets its own part of `dy`."""
        return np.split(dy, np.cumsum(self.widths)[:-1], axis=-1)
