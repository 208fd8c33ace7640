"""Optimizers: known steps, properties on any gradient, and what is said when something is wrong."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlib import optimizers
from nnlib.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    CosineDecay,
    ExponentialDecay,
    Ftrl,
    InverseTimeDecay,
    Nadam,
    RMSprop,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    minimize,
)

ALL = [SGD, Adagrad, RMSprop, Adadelta, Adam, AdamW, Adamax, Nadam, Ftrl]
every = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(optimizers, extraglobs={"np": np})
    assert ran and not failed


@pytest.mark.parametrize("make, path", [  # three steps from 0 with gradients of 1, by hand
    (lambda: SGD(), [-0.01, -0.02, -0.03]),
    (lambda: SGD(momentum=0.9), [-0.01, -0.029, -0.0561]),
    (lambda: SGD(momentum=0.9, nesterov=True), [-0.019, -0.0461, -0.08049]),
    (lambda: Adagrad(), [-0.00095346, -0.00164353, -0.00221149]),
    (lambda: Adadelta(), [-1.414e-6, -2.846e-6, -4.291e-6]),
    (lambda: RMSprop(), [-0.00316228, -0.00545643, -0.00737738]),
    (lambda: Adam(), [-0.001, -0.002, -0.003]),
    (lambda: Adamax(), [-0.001, -0.002, -0.003]),
    (lambda: Nadam(), [-0.00106279, -0.00183638, -0.00254771]),
    (lambda: Ftrl(), [-0.00095346, -0.00164353, -0.00221149]),
])
def test_three_steps_by_hand(make, path):
    found = minimize(np.ones_like, np.zeros(1), make(), 3)[1:, 0]
    np.testing.assert_allclose(found, path, rtol=1e-3)


@every
def test_one_array_or_many_is_the_same(kind):
    """Networks join their parameters into one vector because of this."""
    rng = np.random.default_rng(0)
    start, grads = rng.normal(size=12), rng.normal(size=(5, 12))
    whole, parts = start.copy(), [start[:5].copy(), start[5:].reshape(7, 1).copy()]
    one, two = kind(), kind()
    for g in grads:
        one.apply([whole], [g])
        two.apply(parts, [g[:5], g[5:].reshape(7, 1)])
    np.testing.assert_allclose(whole, np.concatenate([part.ravel() for part in parts]), rtol=1e-12)


@every
def test_a_large_array_is_updated_block_by_block_to_the_same_numbers(kind):
    size = optimizers.Optimizer.block * 2 + 7
    rng = np.random.default_rng(1)
    start, grads = rng.normal(size=size), rng.normal(size=(3, size))
    large, small = start.copy(), start[-5:].copy()
    one, two = kind(), kind()
    for g in grads:
        one.apply([large], [g])
        two.apply([small], [g[-5:].copy()])
    np.testing.assert_allclose(large[-5:], small, rtol=1e-12)


@every
def test_an_array_that_is_no_block_of_memory_is_updated_too(kind):
    size = (optimizers.Optimizer.block + 3, 2)
    turned, plain, g = np.ones(size[::-1]).T, np.ones(size), np.full(size, 0.5)
    for param in (turned, plain):
        kind().apply([param], [g])
    assert np.array_equal(turned, plain) and np.all(plain != 1)


@every
def test_float32_stays_and_gradients_are_left_alone(kind):
    w, g = np.ones((2, 2), np.float32), np.full((2, 2), 0.3, np.float32)
    g.setflags(write=False)
    kind().apply([w], [g])
    assert w.dtype == np.float32 and np.all(w != 1)


@every
def test_a_schedule_gives_the_rate_of_each_step(kind):
    asked = []

    def schedule(step):
        asked.append(step)
        return 0.01

    w, v = np.ones(3), np.ones(3)
    one, two = kind(schedule), kind(0.01)
    for _ in range(3):
        one.apply([w], [np.ones(3)])
        two.apply([v], [np.ones(3)])
    assert asked == [0, 1, 2] and np.array_equal(w, v)


@every
def test_it_goes_down_a_bowl(kind):
    rate = {Adadelta: 50.0}.get(kind, 0.05)
    path = minimize(lambda x: np.array([1.0, 10.0]) * x, np.array([2.0, 1.0]), kind(rate), 60)
    heights = path**2 @ np.array([0.5, 5.0])
    assert heights[-1] < 0.5 * heights[1]


@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_clipping_keeps_its_promises(limit, seed):
    rng = np.random.default_rng(seed)
    grads = [rng.normal(size=3) * 10.0 ** rng.integers(-3, 4), rng.normal(size=(2, 2))]
    by_value = clip_by_value(grads, limit)
    by_norm = clip_by_norm(grads, limit)
    by_global = clip_by_global_norm(grads, limit)
    assert all(np.abs(g).max() <= limit for g in by_value)
    assert all(np.linalg.norm(g) <= limit * (1 + 1e-12) for g in by_norm)
    assert np.sqrt(sum(np.sum(g**2) for g in by_global)) <= limit * (1 + 1e-12)
    for g, clipped in zip(grads, by_norm, strict=True):  # the direction stays
        np.testing.assert_allclose(clipped * np.linalg.norm(g), g * np.linalg.norm(clipped),
                                   rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("option, clip", [("clipvalue", clip_by_value), ("clipnorm", clip_by_norm),
                                          ("global_clipnorm", clip_by_global_norm)])
def test_an_optimizer_clips_what_it_is_told_to(option, clip):
    grads, w, v = [np.array([3.0, 4.0]), np.array([12.0])], np.zeros(2), np.zeros(1)
    SGD(1.0, **{option: 1.0}).apply([w, v], grads)
    for param, grad in zip([w, v], clip(grads, 1.0), strict=True):
        np.testing.assert_allclose(param, -grad)


def test_nothing_is_lost_at_the_edges_of_schedules():
    assert ExponentialDecay(0.1, 10, 0.5, staircase=True)(19) == 0.05
    assert InverseTimeDecay(0.1, 10, 1.0)(10) == pytest.approx(0.05)
    assert CosineDecay(0.1, 10, alpha=0.5)(10**6) == pytest.approx(0.05)


def test_ftrl_is_exactly_zero_where_there_is_little_evidence():
    path = minimize(lambda x: np.array([0.01, 1.0]), np.zeros(2),
                    Ftrl(0.1, l1_regularization_strength=0.5), 20)
    assert np.all(path[:, 0] == 0) and path[-1, 1] < 0


def applied(optimizer, *steps):
    for params, grads in steps:
        optimizer.apply(params, grads)


W = np.zeros(2)


@pytest.mark.parametrize("attempt, words", [
    (lambda: applied(SGD(), ([W], [np.ones(3)])),
     r"gradient 0 has shape \(3,\), its parameter \(2,\)"),
    (lambda: applied(SGD(), ([W], [])), "1 parameters and 0 gradients"),
    (lambda: applied(Adam(), ([W], [W]), ([W, np.zeros(3)], [W, np.zeros(3)])),
     "other parameters than in the 1 steps before"),
    (lambda: applied(Adam(), ([W], [W]), ([W.copy()], [W])), "change parameters in place"),
    (lambda: applied(SGD(), ([np.zeros(2, int)], [W])), "holds int64, expected floats"),
    (lambda: SGD(clipnorm=1.0, clipvalue=1.0), "give one of them at most"),
    (lambda: SGD(-0.1), "the learning rate is -0.1"),
    (lambda: SGD(float("nan")), "the learning rate is nan"),
    (lambda: SGD(momentum=1.5), "momentum is 1.5"),
])
def test_misuse_is_told_in_a_sentence(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()
