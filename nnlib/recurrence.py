"""Layers with a memory: word vectors, simple recurrent layers, GRU, LSTM, and the way back.

The functions say what one step is; the layers do all steps, with the same numbers, and fast.
Names, order of the gates and defaults are Keras 3's.
"""

import numpy as np

from nnlib.activations import sigmoid
from nnlib.initializers import glorot_uniform, orthogonal
from nnlib.layers import Activation, Layer


class Embedding(Layer):
    """Look up a vector for each number: row `k` of a table that is learned.

    Parameters
    ----------
    input_dim : int
        Rows of the table: numbers go from 0 to ``input_dim - 1``.
    output_dim : int
        Length of a vector.

    Examples
    --------
    >>> layer = Embedding(3, 2)
    >>> layer.params["embeddings"] = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    >>> layer.forward(np.array([[2, 1, 2]]))
    array([[[3., 4.],
            [1., 2.],
            [3., 4.]]])
    >>> dx = layer.backward(np.array([[[1.0, 1.0], [5.0, 6.0], [10.0, 10.0]]]))
    >>> layer.grads["embeddings"]
    array([[ 0.,  0.],
           [ 5.,  6.],
           [11., 11.]])

    References
    ----------
    Bengio, Ducharme, Vincent, Jauvin (2003), *A neural probabilistic language model*, section 2.
    ``keras.layers.Embedding``, Keras 3.
    """

    def __init__(self, input_dim, output_dim):
        super().__init__()
        if input_dim < 1 or output_dim < 1:
            raise ValueError(f"a table of {input_dim} rows and {output_dim} columns: "
                             "input_dim and output_dim are at least 1")
        self.input_dim, self.output_dim = input_dim, output_dim

    def output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def whole(self, ids):
        ids = np.asarray(ids)
        wrong = ~((ids >= 0) & (ids < self.input_dim) & (ids == np.trunc(ids)))
        if wrong.any():
            place = np.argwhere(wrong)[0].tolist()
            raise ValueError(f"{self.name} got the number {ids[tuple(place)]:g} at {place}, "
                             f"expected whole numbers from 0 to {self.input_dim - 1}")
        return ids.astype(np.intp, copy=False)

    def build(self, input_shape, rng):
        """Make ``params["embeddings"]``, uniform between -0.05 and 0.05.

        Parameters
        ----------
        input_shape : tuple of int
            Does not matter: the table has the shape ``(input_dim, output_dim)``.
        rng : numpy.random.Generator
        """
        self.params["embeddings"] = rng.uniform(-0.05, 0.05, (self.input_dim, self.output_dim))

    def forward(self, x, training=False):
        """Return the vectors for a batch of numbers, and remember the numbers.

        Parameters
        ----------
        x : ndarray, any shape
            A network hands whole numbers over as floats: ``self.whole(x)`` makes integers of
            them, and refuses what has no row in the table.

        Returns
        -------
        ndarray, shape (..., output_dim)
        """
        self.ids = self.whole(x)
        return self.params["embeddings"][self.ids]

    def backward(self, dy):
        """Fill ``grads["embeddings"]``: each row gets the sum over all places it was used at.

        Parameters
        ----------
        dy : ndarray, shape (..., output_dim)

        Returns
        -------
        ndarray of zeros, shape of the numbers
            A number in a table has no slope.
        """
        table = self.params["embeddings"]
        grad = self.grads["embeddings"] = self.grads.get("embeddings", np.empty_like(table))
        grad[:] = 0
        np.add.at(grad, self.ids, dy)  # `grad[ids] += dy` would count a repeated number once
        return np.zeros(self.ids.shape, dtype=dy.dtype)


class PaddingMask(Layer):
    """Return 1.0 where a number is something, and 0.0 where it is only padding.

    Parameters
    ----------
    value : number
        What was filled in.

    Examples
    --------
    >>> PaddingMask()(np.array([[7, 3, 0, 0]]))
    array([[1., 1., 0., 0.]])
    """

    def __init__(self, value=0):
        super().__init__()
        self.value = value

    def forward(self, x, training=False):
        x = np.asarray(x)
        return (x != self.value).astype(x.dtype if x.dtype.kind == "f" else np.float64)

    def backward(self, dy):
        return np.zeros_like(dy)


def simple_rnn_step(x, h, kernel, recurrent_kernel, bias):
    r"""Compute the next state of a simple recurrent layer.

    .. math:: h_t = \tanh(x_t W + h_{t-1} U + b)

    Parameters
    ----------
    x : ndarray, shape (batch, features)
        The input of this step.
    h : ndarray, shape (batch, units)
        The state after the step before.
    kernel, recurrent_kernel, bias : ndarray
        W, shape (features, units); U, shape (units, units); b, shape (units,).

    Returns
    -------
    ndarray, shape (batch, units)

    Examples
    --------
    >>> h = simple_rnn_step(np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]]),
    ...                     np.array([[-3.0]]), np.array([0.1]))
    >>> h.round(4)  # tanh(2 - 1.5 + 0.1)
    array([[0.537]])

    References
    ----------
    Elman (1990), *Finding structure in time*, Cognitive Science 14.
    """
    return np.tanh(x @ kernel + h @ recurrent_kernel + bias)


def lstm_step(x, h, c, kernel, recurrent_kernel, bias):
    r"""Compute the next state and the next cell of an LSTM.

    .. math:: i, f, o = \sigma(\ldots), \quad \tilde{c} = \tanh(\ldots), \qquad
        c_t = f \circ c_{t-1} + i \circ \tilde{c}, \qquad h_t = o \circ \tanh(c_t)

    Inside the brackets stands :math:`x_t W + h_{t-1} U + b`, with columns of its own for each of
    the four: first those of i, then f, then the candidate, then o.

    Parameters
    ----------
    x : ndarray, shape (batch, features)
    h, c : ndarray, shape (batch, units)
        State and cell after the step before.
    kernel, recurrent_kernel, bias : ndarray
        Shapes (features, 4 units), (units, 4 units), (4 units,).

    Returns
    -------
    h, c : two ndarrays, shape (batch, units)

    Examples
    --------
    >>> bias = np.array([0.0, 50.0, 0.0, 50.0])  # one unit; f and o are wide open
    >>> h, c = lstm_step(np.ones((1, 1)), np.zeros((1, 1)), np.array([[0.25]]),
    ...                  np.zeros((1, 4)), np.zeros((1, 4)), bias)
    >>> h.round(4), c
    (array([[0.2449]]), array([[0.25]]))

    References
    ----------
    Hochreiter, Schmidhuber (1997), *Long short-term memory*. Gers, Schmidhuber, Cummins (2000),
    *Learning to forget*, which added f.
    """
    i, f, candidate, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x, h, kernel, recurrent_kernel, bias, reset_after=True):
    r"""Compute the next state of a GRU.

    .. math:: z = \sigma(x W_z + b_z + h U_z + b'_z), \quad
        r = \sigma(x W_r + b_r + h U_r + b'_r), \quad h_t = z \circ h + (1 - z) \circ \tilde{h}

    The candidate is :math:`\tilde{h} = \tanh(x W_h + b_h + r \circ (h U_h + b'_h))` if the reset
    gate comes after the product, else :math:`\tanh(x W_h + b_h + (r \circ h) U_h)`.

    Parameters
    ----------
    x : ndarray, shape (batch, features)
    h : ndarray, shape (batch, units)
        The state after the step before.
    kernel, recurrent_kernel : ndarray
        W, shape (features, 3 units), and U, shape (units, 3 units): the columns of z come first,
        then those of r, then those of the candidate.
    bias : ndarray
        Shape (2, 3 units), the rows b and b'; with ``reset_after=False`` shape (3 units,), just b.
    reset_after : bool

    Returns
    -------
    ndarray, shape (batch, units)

    Examples
    --------
    >>> bias = np.zeros((2, 3))
    >>> bias[0, 0] = 50.0  # one unit; z is 1, so the state is kept
    >>> gru_step(np.ones((1, 1)), np.array([[0.7]]), np.ones((1, 3)), np.ones((1, 3)), bias)
    array([[0.7]])

    References
    ----------
    Cho et al. (2014), *Learning phrase representations using RNN encoder-decoder*, equations 5-8
    (reset before). ``keras.layers.GRU``, Keras 3 (both).
    """
    u = recurrent_kernel.shape[0]
    b, b_recurrent = bias if reset_after else (bias, np.zeros_like(bias))
    inputs = x @ kernel + b
    z, r = np.split(sigmoid(inputs[:, :2 * u] + h @ recurrent_kernel[:, :2 * u]
                            + b_recurrent[:2 * u]), 2, axis=-1)
    if reset_after:
        inner = r * (h @ recurrent_kernel[:, 2 * u:] + b_recurrent[2 * u:])
    else:
        inner = (r * h) @ recurrent_kernel[:, 2 * u:]
    return z * h + (1 - z) * np.tanh(inputs[:, 2 * u:] + inner)


def unroll(step, x, states, mask=None):
    """Apply a step to every element of a sequence, each time to the states it left.

    Parameters
    ----------
    step : callable
        ``step(x_t, *states)`` with `x_t` of shape (batch, features) returns the new states, as a
        tuple; a single one may come as an array. The first one is the output of the step.
    x : ndarray, shape (batch, time, features)
    states : tuple of ndarray, each of shape (batch, units)
        Where to start.
    mask : ndarray, shape (batch, time), optional
        0 where a sample has nothing but padding: its states stay as they are, so that its output
        is the one before again.

    Returns
    -------
    outputs : ndarray, shape (batch, time, units)
    states : tuple of ndarray
        The last ones.

    Examples
    --------
    >>> total = lambda x, s: s + x
    >>> x = np.array([[[1.0], [2.0], [4.0]]])
    >>> outputs, states = unroll(total, x, (np.zeros((1, 1)),), mask=np.array([[1, 0, 1]]))
    >>> outputs.ravel(), states
    (array([1., 1., 5.]), (array([[5.]]),))
    """
    outputs = []
    for t in range(x.shape[1]):
        new = step(x[:, t], *states)
        new = new if isinstance(new, tuple) else (new,)
        if mask is not None:
            counts = mask[:, t, np.newaxis] != 0
            new = tuple(np.where(counts, a, b) for a, b in zip(new, states, strict=True))
        states = new
        outputs.append(states[0])
    return np.stack(outputs, axis=1), states


def bptt(dy, slopes, recurrent_kernel, truncate=None, mask=None):
    r"""Carry gradients back through the steps of a simple recurrent layer, the last one first.

    .. math:: dz_t = dh_t \circ \varphi'(z_t), \qquad dh_{t-1} = dy_{t-1} + dz_t \, U^\top

    Parameters
    ----------
    dy : ndarray, shape (time, batch, units)
        What the loss sends to each state directly. Time comes first, here and below.
    slopes : ndarray, shape (time, batch, units)
        :math:`\varphi'(z_t)`, the slopes of the activation at the pre-activations.
    recurrent_kernel : ndarray, shape (units, units)
        U.
    truncate : int, optional
        Cut the gradient between blocks of so many steps, counted from the first: from step
        ``truncate`` nothing goes back to the step before it, nor from ``2 * truncate``, ...
    mask : ndarray, shape (time, batch, 1), optional
        0 where a state was only held: its gradient goes to the state before as it is.

    Returns
    -------
    dz : ndarray, shape (time, batch, units)
        Gradient for each pre-activation.
    dh : ndarray, shape (batch, units)
        Gradient for the state before the first step.

    Examples
    --------
    >>> dy, slopes = np.ones((3, 1, 1)), np.full((3, 1, 1), 0.5)
    >>> bptt(dy, slopes, np.array([[1.0]]))[0].ravel()
    array([0.875, 0.75 , 0.5  ])
    >>> bptt(dy, slopes, np.array([[1.0]]), truncate=2)[0].ravel()
    array([0.75, 0.5 , 0.5 ])

    References
    ----------
    Werbos (1990), *Backpropagation through time: what it does and how to do it*, Proceedings of
    the IEEE 78.
    """
    dz, dh = np.empty_like(slopes), np.zeros_like(dy[0])
    for t in reversed(range(len(dy))):
        dh = dh + dy[t]
        np.multiply(dh, slopes[t], out=dz[t])
        if mask is None:
            dh = dz[t] @ recurrent_kernel.T
        else:
            dz[t] *= mask[t]
            dh = dz[t] @ recurrent_kernel.T + dh * (1 - mask[t])
        if truncate and t and t % truncate == 0:
            dh = np.zeros_like(dh)
    return dz, dh


class Recurrent(Layer):
    """What `SimpleRNN`, `LSTM` and `GRU` share; each of them writes `forward` and `backward`.

    A layer takes inputs of shape (batch, time, features), or the list of inputs and a mask, as
    the layers of a `Model` do. Inside, time comes first, so that a step is one block of memory.

    Attributes
    ----------
    params : dict
        ``kernel`` (features, blocks * units), ``recurrent_kernel`` (units, blocks * units) and
        ``bias``, in as many blocks as there are gates.
    states : list of ndarray, shape (batch, units)
        After `forward`: the last ones. ``layer(x, initial_state=layer.states)`` goes on there.
    dstates : list of ndarray
        After `backward`: the gradients for the states it started from.
    """

    blocks, memories = 1, 1

    def __init__(self, units, return_sequences=False, truncate=None):
        super().__init__()
        if units < 1 or (truncate is not None and truncate < 1):
            raise ValueError(f"{self.name} with {units} units and truncate {truncate}: "
                             "both are at least 1")
        self.units, self.return_sequences, self.truncate = units, return_sequences, truncate
        self.room = {}

    def __call__(self, x, training=False, mask=None, initial_state=None):
        if mask is None and initial_state is None:
            return super().__call__(x, training)
        if not self.params:
            self.build(np.shape(x), np.random.default_rng())
            self.built = True
        self.output_shape(np.shape(x))
        return self.forward(x, training, mask, initial_state)

    def output_shape(self, input_shape):
        shape, *masks = input_shape if isinstance(input_shape, list) else [input_shape]
        if len(shape) != 3 or shape[1] == 0:
            raise ValueError(f"{self.name} needs (batch, time, features) with a step at least, "
                             f"got shape {tuple(shape)}; x[:, :, np.newaxis] makes one feature "
                             "of a number")
        expected = len(self.params["kernel"]) if self.params else shape[2]
        if shape[2] != expected:
            raise ValueError(f"{self.name} was built for {expected} features in the last axis, "
                             f"got {shape[2]}: the input has shape {tuple(shape)}")
        for mask in masks:
            self.fits("the mask", mask, shape[:2])
        return (*shape[:2], self.units) if self.return_sequences else (shape[0], self.units)

    def fits(self, what, shape, expected):
        if tuple(shape) != tuple(expected):
            raise ValueError(f"{self.name}: {what} has shape {tuple(shape)}, "
                             f"expected {tuple(expected)}")

    def build(self, input_shape, rng):
        """Make ``kernel`` (Glorot uniform), ``recurrent_kernel`` (orthogonal) and ``bias``."""
        features = (input_shape[0] if isinstance(input_shape, list) else input_shape)[-1]
        width = self.blocks * self.units
        self.params["kernel"] = glorot_uniform((features, width), rng)
        self.params["recurrent_kernel"] = orthogonal((self.units, width), rng)
        self.params["bias"] = self.first_bias()

    def first_bias(self):
        return np.zeros(self.blocks * self.units)

    def space(self, name, *shape):
        """Return an array to fill; the same memory each time, which saves asking for it."""
        if name not in self.room or self.room[name].shape != shape \
                or self.room[name].dtype != self.dtype:
            self.room[name] = np.empty(shape, dtype=self.dtype)
        return self.room[name]

    def begin(self, x, mask, initial_state):
        """Return `x` with time first, and for each memory an array of all its states.

        Its first row is the state to start from, and the others wait to be filled. Remembers
        ``self.x`` and ``self.mask``, the mask in the shape (time, batch, 1) or None.
        """
        self.listed = isinstance(x, list | tuple)
        x, mask = x if self.listed else (x, mask)
        batch, time, features = np.shape(x)
        self.dtype = np.result_type(x, self.params["kernel"])
        self.x, self.mask = self.space("x", time, batch, features), None
        self.x[:] = np.swapaxes(x, 0, 1)
        if mask is not None:
            self.fits("the mask", np.shape(mask), (batch, time))
            self.mask = (np.transpose(mask)[:, :, np.newaxis] != 0).astype(self.dtype)
        self.memory = [self.space(f"memory {k}", time + 1, batch, self.units)
                       for k in range(self.memories)]
        if initial_state is not None and not isinstance(initial_state, list | tuple):
            initial_state = [initial_state]
        if initial_state is not None and len(initial_state) != self.memories:
            raise ValueError(f"{self.name} got an initial state of {len(initial_state)} arrays, "
                             f"it has {self.memories} states: hand over a list of them")
        for k, states in enumerate(self.memory):
            states[0] = 0
            if initial_state is not None:
                first = np.asarray(initial_state[k])
                self.fits("the initial state", first.shape, (batch, self.units))
                states[0] = first
        return self.x, self.memory

    def affine(self, x, kernel, bias):
        """Return ``x @ kernel + bias`` for all steps at once, in memory that is used again."""
        z = self.space("z", *x.shape[:2], kernel.shape[1])
        np.matmul(rows(x), kernel, out=rows(z))
        z += bias
        return z

    def hold(self, t):
        """Give samples that are masked in step `t` the states from before the step again."""
        if self.mask is not None:
            for states in self.memory:
                np.copyto(states[t + 1], states[t], where=self.mask[t] == 0)

    def end(self):
        """Return the output, batch first, and remember the last `states`."""
        self.states = [states[-1].copy() for states in self.memory]
        if self.return_sequences:
            return np.ascontiguousarray(self.memory[0][1:].swapaxes(0, 1))
        return self.states[0].copy()

    def spread(self, dy):
        """Return the gradients for all steps' outputs, time first, in memory to write into."""
        all_steps = self.space("dy", len(self.x), len(dy), self.units)
        if self.return_sequences:
            all_steps[:] = dy.swapaxes(0, 1)
        else:
            all_steps[:-1], all_steps[-1] = 0, dy
        return all_steps

    def split(self, gates):
        """Return the blocks of the last axis, one for each gate, as views."""
        return np.split(gates, self.blocks, axis=-1)

    def cut(self, t):
        """Say whether the gradient ends here: no step before `t` gets anything from it."""
        return self.truncate is not None and t > 0 and t % self.truncate == 0

    def send_back(self, dz):
        """Return dx, batch first, for `dz`, the gradients of all pre-activations."""
        if not self.needs_dx:
            return None
        dx = (rows(dz) @ self.params["kernel"].T).reshape(self.x.shape).swapaxes(0, 1)
        return [dx, np.zeros(dx.shape[:2], dx.dtype)] if self.listed else dx


def rows(x):
    """Lay (time, batch, numbers) out in rows, (time * batch, numbers), without a copy."""
    return x.reshape(-1, x.shape[-1])


class SimpleRNN(Recurrent):
    r"""Compute each state from the input of its step and the state before.

    .. math:: h_t = \varphi(x_t W + h_{t-1} U + b)

    Parameters
    ----------
    units : int
        Size of the state.
    activation : callable or str
        :math:`\varphi`, a function of `nnlib.activations` that acts number by number.
    return_sequences : bool
        Give out the states of all steps instead of the last one.
    truncate : int, optional
        See `bptt`. The states themselves go on across the cuts.

    Examples
    --------
    >>> layer = SimpleRNN(1, "linear", return_sequences=True)
    >>> layer.params = {"kernel": np.ones((1, 1)), "recurrent_kernel": np.array([[0.5]]),
    ...                 "bias": np.zeros(1)}
    >>> layer(np.array([[[8.0], [0.0], [0.0]]])).ravel()
    array([8., 4., 2.])
    >>> layer.backward(np.array([[[0.0], [0.0], [1.0]]])).ravel()
    array([0.25, 0.5 , 1.  ])

    References
    ----------
    Elman (1990), *Finding structure in time*, Cognitive Science 14. ``keras.layers.SimpleRNN``.
    """

    def __init__(self, units, activation="tanh", return_sequences=False, truncate=None):
        super().__init__(units, return_sequences, truncate)
        self.activation = Activation(activation)
        if self.activation.name in ("softmax", "log_softmax"):
            raise ValueError(f"{self.name} needs an activation that acts number by number, "
                             f"got {self.activation.name}")

    def forward(self, x, training=False, mask=None, initial_state=None):
        """Return the outputs for a batch, and remember what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (batch, time, features)
        mask : ndarray, shape (batch, time), optional
            0 where a step is padding: state and output stay as they are.
        initial_state : ndarray, shape (batch, units), optional
            By default zeros.

        Returns
        -------
        ndarray, shape (batch, time, units) with `return_sequences`, else (batch, units)
        """
        x, (h,) = self.begin(x, mask, initial_state)
        self.z = self.affine(x, self.params["kernel"], self.params["bias"])
        for t in range(len(x)):
            self.z[t] += h[t] @ self.params["recurrent_kernel"]
            h[t + 1] = self.activation.function(self.z[t])
            self.hold(t)
        return self.end()

    def backward(self, dy):
        """Fill `grads` and `dstates`, and return dx.

        Parameters
        ----------
        dy : ndarray, shape of the output

        Returns
        -------
        ndarray, shape (batch, time, features)
        """
        slopes = self.activation.function_backward(self.z, np.ones_like(self.z))
        dz, dh = bptt(self.spread(dy), slopes, self.params["recurrent_kernel"], self.truncate,
                      self.mask)
        before = self.memory[0][:-1]
        self.grads["kernel"] = np.matmul(rows(self.x).T, rows(dz), out=self.grads.get("kernel"))
        self.grads["recurrent_kernel"] = np.matmul(rows(before).T, rows(dz),
                                                   out=self.grads.get("recurrent_kernel"))
        self.grads["bias"] = np.sum(rows(dz), axis=0, out=self.grads.get("bias"))
        self.dstates = [dh]
        return self.send_back(dz)


class LSTM(Recurrent):
    """Carry a cell along that gates write to, keep, and read: see `lstm_step`.

    Parameters
    ----------
    units : int
        Size of the state, and of the cell.
    return_sequences : bool
        Give out the states of all steps instead of the last one.
    truncate : int, optional
        Cut the gradient between blocks of so many steps, counted from the first.

    Examples
    --------
    >>> layer = LSTM(2)
    >>> layer.build((1, 5, 3), np.random.default_rng(0))
    >>> layer.params["bias"]  # the forget gate starts open
    array([0., 0., 1., 1., 0., 0., 0., 0.])
    >>> layer(np.ones((4, 5, 3))).shape, layer.backward(np.ones((4, 2))).shape
    ((4, 2), (4, 5, 3))

    References
    ----------
    Hochreiter, Schmidhuber (1997), *Long short-term memory*. Jozefowicz, Zaremba, Sutskever
    (2015), *An empirical exploration of recurrent network architectures* (the bias of 1).
    ``keras.layers.LSTM``.
    """

    blocks, memories = 4, 2

    def first_bias(self):
        return np.repeat([0.0, 1.0, 0.0, 0.0], self.units)

    def forward(self, x, training=False, mask=None, initial_state=None):
        """Return the outputs for a batch, and remember what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (batch, time, features)
        mask : ndarray, shape (batch, time), optional
            0 where a step is padding: state, cell and output stay as they are.
        initial_state : list of two ndarrays, shape (batch, units), optional
            State and cell to start from; by default zeros.

        Returns
        -------
        ndarray, shape (batch, time, units) with `return_sequences`, else (batch, units)
        """
        x, (h, c) = self.begin(x, mask, initial_state)
        # sigmoid(x) = tanh(x / 2) / 2 + 1/2, so that one tanh does for all four blocks
        half = np.repeat([0.5, 0.5, 1.0, 0.5], self.units).astype(self.dtype)
        kernel, recurrent, bias = (self.params[name] * half
                                   for name in ("kernel", "recurrent_kernel", "bias"))
        self.gates = self.affine(x, kernel, bias)
        self.tanh_c = self.space("tanh_c", *c[1:].shape)
        i, f, candidate, o = self.split(self.gates)
        for t in range(len(x)):
            gates = self.gates[t]
            gates += h[t] @ recurrent
            np.tanh(gates, out=gates)
            gates *= half
            gates += 1 - half
            np.multiply(f[t], c[t], out=c[t + 1])
            c[t + 1] += i[t] * candidate[t]
            np.tanh(c[t + 1], out=self.tanh_c[t])
            np.multiply(o[t], self.tanh_c[t], out=h[t + 1])
            self.hold(t)
        return self.end()

    def backward(self, dy):
        """Fill `grads` and `dstates`, and return dx.

        Parameters
        ----------
        dy : ndarray, shape of the output

        Returns
        -------
        ndarray, shape (batch, time, features)
        """
        dy, dz, recurrent = self.spread(dy), self.slopes(), self.params["recurrent_kernel"]
        blocks = dz.reshape(*dy.shape[:2], 4, self.units)
        dh, dc = np.zeros_like(dy[0]), np.zeros_like(dy[0])
        for t in reversed(range(len(dy))):
            dh = dh + dy[t]
            dc = dc + dh * self.reads[t]
            blocks[t, :, :3] *= dc[:, np.newaxis]
            blocks[t, :, 3] *= dh
            held = 0 if self.mask is None else dh * (1 - self.mask[t])
            dh = dz[t] @ recurrent.T + held
            dc = dc * self.keeps[t]
            if self.cut(t):
                dh, dc = np.zeros_like(dh), np.zeros_like(dc)
        before = self.memory[0][:-1]
        self.grads["kernel"] = np.matmul(rows(self.x).T, rows(dz), out=self.grads.get("kernel"))
        self.grads["recurrent_kernel"] = np.matmul(rows(before).T, rows(dz),
                                                   out=self.grads.get("recurrent_kernel"))
        self.grads["bias"] = np.sum(rows(dz), axis=0, out=self.grads.get("bias"))
        self.dstates = [dh, dc]
        return self.send_back(dz)

    def slopes(self):
        """Work out, for all steps at once, all that does not depend on later steps.

        Sets ``self.reads``, the slope of each state for its cell, and ``self.keeps``, that of
        each cell for the cell before it. Where a step is masked they are 0 and 1.

        Returns
        -------
        ndarray, shape (time, batch, 4 units)
            For i, f and the candidate the slopes of the cell for their pre-activations, for o
            that of the state; 0 where a step is masked.
        """
        i, f, candidate, o = self.split(self.gates)
        dz = self.space("dz", *self.gates.shape)
        di, df, dcandidate, do = self.split(dz)
        di[:] = candidate * i * (1 - i)
        df[:] = self.memory[1][:-1] * f * (1 - f)
        dcandidate[:] = i * (1 - candidate**2)
        do[:] = self.tanh_c * o * (1 - o)
        self.reads, self.keeps = o * (1 - self.tanh_c**2), f
        if self.mask is not None:
            dz *= self.mask
            self.reads *= self.mask
            self.keeps = np.where(self.mask == 0, 1, f)
        return dz


class GRU(Recurrent):
    """Let one gate decide how much of the state is kept, another what is forgotten: `gru_step`.

    Parameters
    ----------
    units : int
        Size of the state.
    return_sequences : bool
        Give out the states of all steps instead of the last one.
    reset_after : bool
        Whether the reset gate comes after the product with the recurrent kernel (and the bias has
        two rows), or before it.
    truncate : int, optional
        Cut the gradient between blocks of so many steps, counted from the first.

    Examples
    --------
    >>> layer = GRU(4)
    >>> layer.build((1, 5, 3), np.random.default_rng(0))
    >>> sum(array.size for array in layer.params.values())
    108
    >>> layer(np.ones((2, 5, 3))).shape, layer.backward(np.ones((2, 4))).shape
    ((2, 4), (2, 5, 3))

    References
    ----------
    Cho et al. (2014), *Learning phrase representations using RNN encoder-decoder*.
    ``keras.layers.GRU``.
    """

    blocks = 3

    def __init__(self, units, return_sequences=False, reset_after=True, truncate=None):
        super().__init__(units, return_sequences, truncate)
        self.reset_after = reset_after

    def first_bias(self):
        return np.zeros((2, 3 * self.units) if self.reset_after else 3 * self.units)

    def forward(self, x, training=False, mask=None, initial_state=None):
        """Return the outputs for a batch, and remember what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (batch, time, features)
        mask : ndarray, shape (batch, time), optional
            0 where a step is padding: state and output stay as they are.
        initial_state : ndarray, shape (batch, units), optional
            By default zeros.

        Returns
        -------
        ndarray, shape (batch, time, units) with `return_sequences`, else (batch, units)
        """
        x, (h,) = self.begin(x, mask, initial_state)
        u, recurrent, bias = 2 * self.units, self.params["recurrent_kernel"], self.params["bias"]
        self.gates = self.affine(x, self.params["kernel"], bias[0] if self.reset_after else bias)
        self.inner = self.space("inner", *h[1:].shape)  # what the reset gate, or U, works on
        z, r, candidate = self.split(self.gates)
        for t in range(len(x)):
            if self.reset_after:
                products = h[t] @ recurrent + bias[1]
                self.gates[t, :, :u] = sigmoid(self.gates[t, :, :u] + products[:, :u])
                self.inner[t] = products[:, u:]
                candidate[t] += r[t] * self.inner[t]
            else:
                self.gates[t, :, :u] = sigmoid(self.gates[t, :, :u] + h[t] @ recurrent[:, :u])
                np.multiply(r[t], h[t], out=self.inner[t])
                candidate[t] += self.inner[t] @ recurrent[:, u:]
            np.tanh(candidate[t], out=candidate[t])
            h[t + 1] = candidate[t] + z[t] * (h[t] - candidate[t])
            self.hold(t)
        return self.end()

    def backward(self, dy):
        """Fill `grads` and `dstates`, and return dx.

        Parameters
        ----------
        dy : ndarray, shape of the output

        Returns
        -------
        ndarray, shape (batch, time, features)
        """
        dy, dgates, u = self.spread(dy), self.slopes(), 2 * self.units
        recurrent, r = self.params["recurrent_kernel"].T, self.split(self.gates)[1]
        dz, dr, dcandidate = self.split(dgates)
        dh = np.zeros_like(dy[0])
        for t in reversed(range(len(dy))):
            dh = dh + dy[t]
            dz[t] *= dh
            dcandidate[t] *= dh
            if self.reset_after:
                dr[t] *= dcandidate[t]
                back = (dcandidate[t] * r[t]) @ recurrent[u:]
            else:
                dinner = dcandidate[t] @ recurrent[u:]
                dr[t] *= dinner
                back = dinner * r[t]
            dh = back + dgates[t, :, :u] @ recurrent[:u] + dh * self.keeps[t]
            if self.cut(t):
                dh = np.zeros_like(dh)
        self.dstates = [dh]
        self.fill(dgates, dcandidate * r if self.reset_after else dcandidate)
        return self.send_back(dgates)

    def slopes(self):
        """Work out, for all steps at once, all that does not depend on later steps.

        Sets ``self.keeps``, how much of each state's gradient goes to the state before: z, and 1
        where a step is masked.

        Returns
        -------
        ndarray, shape (time, batch, 3 units)
            For z and the candidate the slopes of the state for their pre-activations, 0 where a
            step is masked. For r what its gradient is multiplied by: the slope of the gate, times
            what it lets through.
        """
        z, r, candidate = self.split(self.gates)
        before = self.memory[0][:-1]
        dgates = self.space("dgates", *self.gates.shape)
        dz, dr, dcandidate = self.split(dgates)
        dz[:] = (before - candidate) * z * (1 - z)
        dr[:] = (self.inner if self.reset_after else before) * r * (1 - r)
        dcandidate[:] = (1 - z) * (1 - candidate**2)
        self.keeps = z
        if self.mask is not None:
            dz *= self.mask
            dcandidate *= self.mask
            self.keeps = np.where(self.mask == 0, 1, z)
        return dgates

    def fill(self, dgates, last):
        """Fill `grads`, each with one product for all steps.

        Parameters
        ----------
        dgates : ndarray, shape (time, batch, 3 units)
            Gradients for the pre-activations.
        last : ndarray, shape (time, batch, units)
            What arrived at the candidate's product with the recurrent kernel.
        """
        before, u = rows(self.memory[0][:-1]), 2 * self.units
        into = before if self.reset_after else rows(self.inner)
        self.grads["kernel"] = np.matmul(rows(self.x).T, rows(dgates),
                                         out=self.grads.get("kernel"))
        self.grads["recurrent_kernel"] = np.concatenate(
            [before.T @ rows(dgates[:, :, :u]), into.T @ rows(last)], axis=1,
            out=self.grads.get("recurrent_kernel"))
        sums = rows(dgates).sum(axis=0)
        if self.reset_after:
            sums = np.stack([sums, np.concatenate([sums[:u], rows(last).sum(axis=0)])])
        self.grads["bias"] = np.positive(sums, out=self.grads.get("bias"))
