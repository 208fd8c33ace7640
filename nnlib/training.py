"""Training as Keras reports it: an epoch in one number."""

from nnlib.network import train_step


def fit_epoch(network, loss, optimizer, batches):
    """Train a network on every batch once, and return the mean loss over the samples.

    Parameters
    ----------
    network, loss, optimizer
        See `train_step`.
    batches : iterable of (x, y)
        Each a batch and its targets; the last one may be smaller.

    Returns
    -------
    float
        The mean over all samples, each with the parameters that its batch met.

    Raises
    ------
    ValueError
        If there is no batch.

    Examples
    --------
    >>> from nnlib.layers import Dense, Input
    >>> from nnlib.losses import MeanSquaredError
    >>> from nnlib.network import Sequential
    >>> from nnlib.optimizers import SGD
    >>> network = Sequential([Input((1,)), Dense(1)])
    >>> network.set_weights([[[0.0]], [0.0]])
    >>> x, y = np.ones((3, 1)), np.array([[1.0], [1.0], [4.0]])
    >>> batches = [(x[:2], y[:2]), (x[2:], y[2:])]
    >>> fit_epoch(network, MeanSquaredError(), SGD(0.0), batches)
    6.0
    """
    total = samples = 0
    for x, y in batches:
        total += len(y) * train_step(network, loss, optimizer, x, y)
        samples += len(y)
    if not samples:
        raise ValueError("there is no batch to train on")
    return total / samples
