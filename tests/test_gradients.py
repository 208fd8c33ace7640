"""Measured gradients: their precision, and what a gradient check lets through and what not."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlib import gradients
from nnlib.activations import softmax, softmax_backward
from nnlib.gradients import check_gradient, matmul_backward, numerical_gradient


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(gradients, extraglobs={"np": np})
    assert ran and not failed


def test_it_is_exact_for_parabolas_up_to_rounding():
    x = np.array([[1.0, -2.0], [0.5, 30.0]])
    np.testing.assert_allclose(numerical_gradient(lambda x: (x**2).sum(), x), 2 * x, rtol=1e-7)


def test_the_argument_is_left_alone_and_the_function_sees_it_restored():
    x, seen = np.array([0.1, 0.2, 0.3]), []
    x.setflags(write=False)
    numerical_gradient(lambda x: seen.append(x.copy()) or 0.0, x)
    assert all(np.sum(one != x) == 1 for one in seen)


@given(st.integers(0, 2**32 - 1))
def test_a_right_backward_passes_with_any_upstream(seed):
    rng = np.random.default_rng(seed)
    assert check_gradient(softmax, softmax_backward, rng.normal(size=(2, 3)), rng)["error"] < 1e-6


def test_zeros_do_not_pass_for_the_gradient_of_a_softmax():
    rng = np.random.default_rng(0)
    report = check_gradient(softmax, lambda x, dy: 0 * x, rng.normal(size=(2, 3)), rng)
    assert report["error"] > 1e-3 and report["analytic"] == 0


def test_the_worst_place_is_named():
    def backward(x, dy):
        dx = dy * np.cos(x)
        dx[1, 2] += 5
        return dx

    x = np.random.default_rng(1).normal(size=(3, 4))
    assert check_gradient(np.sin, backward, x, np.random.default_rng(2))["index"] == (1, 2)


@pytest.mark.parametrize("a_shape, b_shape", [
    ((3, 4), (4, 2)), ((2, 3, 4), (2, 4, 2)), ((5, 3, 4), (4, 2)), ((3, 4), (5, 4, 2)),
    ((2, 1, 3, 4), (5, 4, 2))])
def test_matrix_products_of_any_rank(a_shape, b_shape):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=a_shape), rng.normal(size=b_shape)
    for number, (forward, x) in enumerate([(lambda a: a @ b, a), (lambda b: a @ b, b)]):
        def backward(x, dy, number=number):
            return matmul_backward(*((x, b) if number == 0 else (a, x)), dy)[number]

        assert check_gradient(forward, backward, x, rng)["error"] < 1e-6
