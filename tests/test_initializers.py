"""Initializers: how wide they draw, where from, and what that does to a signal."""

import doctest

import numpy as np
import pytest

from nnlib import initializers
from nnlib.initializers import (
    fans,
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    orthogonal,
    random_uniform,
    truncated_normal,
)

ALL = [glorot_normal, glorot_uniform, he_normal, he_uniform, lecun_normal, lecun_uniform,
       orthogonal, random_uniform, truncated_normal]
every = pytest.mark.parametrize("draw", ALL, ids=lambda draw: draw.__name__)


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(initializers, extraglobs={"np": np})
    assert ran and not failed


@pytest.mark.parametrize("draw, variance, widest", [
    (glorot_uniform, lambda n, m: 2 / (n + m), np.sqrt(3)),
    (he_uniform, lambda n, m: 2 / n, np.sqrt(3)),
    (lecun_uniform, lambda n, m: 1 / n, np.sqrt(3)),
    (glorot_normal, lambda n, m: 2 / (n + m), 2 / 0.8796),
    (he_normal, lambda n, m: 2 / n, 2 / 0.8796),
    (lecun_normal, lambda n, m: 1 / n, 2 / 0.8796),
    (random_uniform, lambda n, m: 0.05**2 / 3, np.sqrt(3)),
    (lambda *args: random_uniform(*args, -3, 3), lambda n, m: 3, np.sqrt(3)),
])
@pytest.mark.parametrize("shape", [(500, 80), (40, 1000), (3, 5, 20, 150)])
def test_the_variance_and_the_widest_number(draw, variance, widest, shape):
    kernel, stddev = draw(shape, np.random.default_rng(0)), np.sqrt(variance(*fans(shape)))
    np.testing.assert_allclose(kernel.std(), stddev, rtol=0.02)  # 40,000 draws: five sigma
    np.testing.assert_allclose(np.abs(kernel).max(), widest * stddev, rtol=0.01)
    assert abs(kernel.mean()) < 0.03 * stddev


@every
def test_numbers_come_from_the_generator_alone(draw):
    one, same, other = (draw((4, 3), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert one.dtype == np.float64


@pytest.mark.parametrize("draw", [he_normal, he_uniform])
def test_he_keeps_the_size_of_a_signal_through_thirty_layers_of_relu(draw):
    rng = np.random.default_rng(0)
    h = rng.normal(size=(100, 300))
    for _ in range(30):
        h = np.maximum(h @ draw((300, 300), rng), 0)
    assert 0.3 < np.sqrt(np.mean(h**2)) < 3


@pytest.mark.parametrize("shape", [(6, 6), (7, 3), (3, 2, 2, 4)])
def test_an_orthogonal_matrix_keeps_lengths(shape):
    matrix = orthogonal(shape, np.random.default_rng(0), gain=2.0).reshape(-1, shape[-1])
    v = np.random.default_rng(1).normal(size=shape[-1])
    np.testing.assert_allclose(np.linalg.norm(matrix @ v), 2 * np.linalg.norm(v), rtol=1e-12)


def test_every_rotation_of_the_plane_is_as_likely_as_every_other():
    rng = np.random.default_rng(0)
    first = np.array([orthogonal((2, 2), rng)[:, 0] for _ in range(2000)])
    np.testing.assert_allclose(first.mean(axis=0), 0, atol=0.08)  # five standard errors


def test_one_size_is_not_enough_for_an_orthogonal_matrix():
    with pytest.raises(ValueError, match=r"two sizes or more, got shape \(5,\)"):
        orthogonal((5,), np.random.default_rng(0))
