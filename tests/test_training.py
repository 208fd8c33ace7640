"""An epoch in one number, against the sum it stands for; Keras itself is in the check."""

import doctest

import numpy as np
import pytest

from nnlib import training
from nnlib.layers import Dense, Input
from nnlib.losses import MeanSquaredError
from nnlib.network import Sequential
from nnlib.optimizers import SGD
from nnlib.tensors import to_batches
from nnlib.training import fit_epoch


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(training, extraglobs={"np": np})
    assert ran and not failed


@pytest.mark.parametrize("size", [1, 4, 7, 10])
def test_with_a_rate_of_zero_it_is_the_loss_of_all_samples(size):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
    network = Sequential([Input((3,)), Dense(2)], rng=rng, dtype="float64")
    loss = MeanSquaredError()
    found = fit_epoch(network, loss, SGD(0.0), to_batches(x, y, size))
    assert found == pytest.approx(loss.forward(y, network.forward(x)))


def test_no_batch_is_told_in_a_sentence():
    with pytest.raises(ValueError, match="no batch"):
        fit_epoch(None, None, None, [])
