"""The engine of numbers and the tape of arrays: against measured slopes, on graphs of any form."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlib import autodiff
from nnlib.autodiff import Tape, Value, Variable, topological_order
from nnlib.gradients import numerical_gradient


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(autodiff, extraglobs={"np": np})
    assert ran and not failed


@st.composite
def programs(draw):
    """Draw a graph: each step names an operation and the two results that it uses."""
    steps = draw(st.integers(2, 12))
    return [(draw(st.sampled_from(["+", "*", "-", "/", "tanh", "exp", "sigmoid"])),
             draw(st.integers(0, 2 + i)), draw(st.integers(0, 2 + i))) for i in range(steps)]


def run(program, numbers, functions):
    nodes = list(numbers)
    for what, i, j in program:
        a, b = nodes[i], nodes[j]
        nodes.append({"+": lambda a, b: a + b, "*": lambda a, b: 0.5 * a * b,
                      "-": lambda a, b: a - b, "/": lambda a, b: a / (b * b + 1.5),
                      "tanh": lambda a, b: functions["tanh"](a),
                      "exp": lambda a, b: functions["exp"](functions["tanh"](a)),
                      "sigmoid": lambda a, b: functions["sigmoid"](a)}[what](a, b))
    return nodes[-1]


OF_VALUES = {"tanh": lambda a: a.tanh(), "exp": lambda a: a.exp(), "sigmoid": lambda a: a.sigmoid()}
OF_NUMBERS = {"tanh": np.tanh, "exp": np.exp, "sigmoid": lambda a: 1 / (1 + np.exp(-a))}


@given(programs(), st.integers(0, 2**32 - 1))
def test_any_graph_has_the_measured_gradients(program, seed):
    numbers = np.random.default_rng(seed).normal(size=3)
    leaves = [Value(number) for number in numbers]
    result = run(program, leaves, OF_VALUES)
    result.backward()
    slopes = numerical_gradient(lambda x: run(program, x, OF_NUMBERS), numbers)
    assert math.isclose(result.data, run(program, numbers, OF_NUMBERS), rel_tol=1e-12)
    used = topological_order(result)
    for leaf, slope in zip(leaves, slopes, strict=True):
        expected = slope if any(leaf is node for node in used) else 0.0
        assert leaf.grad == pytest.approx(expected, rel=1e-5, abs=1e-7)


@given(programs())
def test_every_node_stands_after_its_parents_and_once(program):
    result = run(program, [Value(0.3), Value(-0.2), Value(1.1)], OF_VALUES)
    order = topological_order(result)
    place = {id(node): i for i, node in enumerate(order)}
    assert len(place) == len(order) and order[-1] is result
    assert all(place[id(p)] < place[id(node)] for node in order for p in node.parents)


def test_a_graph_as_deep_as_a_training_run_is_no_problem():
    x = y = Value(1.0)
    for _ in range(20_000):
        y = y + x
    y.backward()
    assert x.grad == 20_001


def test_gradients_of_several_results_add_up_until_they_are_set_to_zero():
    w = Value(2.0)
    for x in (1.0, 10.0):
        (w * x).backward()
    assert w.grad == 11
    result = w * 3.0
    result.backward()
    result.backward()
    assert w.grad == 17
    result.zero_grad()
    assert w.grad == result.grad == 0


def test_large_numbers_do_not_overflow_the_sigmoid():
    x = Value(-800.0)
    x.sigmoid().backward()
    assert x.grad == 0


# ---- the tape


def measured(f, x):
    return numerical_gradient(lambda x: float(f(Variable(x)).data), x)


@pytest.mark.parametrize("f", [
    lambda x: (x * 3 - 1 / (x * x + 2)).sum(),
    lambda x: (x @ np.ones((3, 2)) + np.ones(2)).apply("relu").mean(),
    lambda x: (np.ones((2, 4)) @ x).apply("tanh").sum(axis=1).exp().sum(),
    lambda x: (x.sum(axis=0, keepdims=True) * x).mean(axis=1).apply("softmax")[1],
    lambda x: (x[[0, 0, 2]] * x.reshape(3, 4)[:, :3]).sum() + (x * x + 1).log().sum(),
    lambda x: ((x - x.mean()) ** 2).mean() ** 0.5,
])
def test_operations_on_arrays_have_the_measured_gradients(f):
    x = np.random.default_rng(0).normal(size=(4, 3))
    variable = Variable(x)
    with Tape() as tape:
        y = f(variable)
    np.testing.assert_allclose(tape.gradient(y, variable), measured(f, x), atol=1e-7)


def test_a_tape_records_while_it_runs_and_may_be_asked_again():
    w = Variable([3.0])
    with Tape() as tape:
        y = (w * w).sum()
    z = (y * w).sum()
    assert tape.gradient(y, w) == tape.gradient(y, w) == 6
    assert tape.gradient(z, w) is None


def test_two_tapes_at_once():
    w = Variable([3.0])
    with Tape() as outer:
        a = (w * w).sum()
        with Tape() as inner:
            b = (w * 2.0).sum()
        c = a * b
    assert inner.gradient(b, w) == 2 and outer.gradient(c, w) == 54


def test_a_tape_that_an_error_ended_records_no_more():
    with pytest.raises(ZeroDivisionError), Tape():
        raise ZeroDivisionError
    assert not Tape.running


def test_float32_stays_float32():
    w = Variable(np.ones((2, 2), np.float32))
    with Tape() as tape:
        y = ((w @ w) * 0.5 + 1.0).apply("sigmoid").mean()
    assert tape.gradient(y, w).dtype == np.float32
