"""Whatever a student's function does, `attempt` gives a plain account of it."""

import json
import warnings

import numpy as np
import pytest

from autograder.arrays import to_json
from autograder.attempt import MOST, attempt, plain


def account(function, scenario="", **inputs):
    result = attempt(function, inputs, scenario)
    json.dumps(result | {"value": to_json(result.get("value", {}), [])})
    return result


def refusal(value):
    return account(lambda: value)["refused"]


def error(function):
    return account(function)["error"]


def test_an_array_is_a_value_without_a_name():
    value = account(lambda x: x + 1, x=np.zeros(2))["value"]
    np.testing.assert_array_equal(value[""], [1.0, 1.0])


def test_parts_are_named_by_place_or_key():
    assert list(account(lambda: (1.0, np.ones(2)))["value"]) == ["0", "1"]
    assert list(account(lambda: {"dx": 1.0, 3: 2.0})["value"]) == ["dx", "3"]
    assert list(account(lambda: [np.ones(2), np.ones(3)])["value"]) == ["0", "1"]
    assert account(lambda: [np.ones(2), np.zeros(2)])["value"][""].shape == (2, 2)


def test_the_function_gets_copies():
    x, rows = np.zeros(2), [np.zeros(1)]

    def spoil(x, rows):
        x += 1
        rows[0] += 1
        rows.append(None)
        return x

    assert account(spoil, x=x, rows=rows)["changed"] == ["x", "rows"]
    assert x.sum() == 0 and len(rows) == 1 and rows[0] == 0


@pytest.mark.parametrize("change", [
    lambda x: x.fill(np.nan), lambda x: setattr(x, "shape", (4,)), lambda x: x.sort(),
    lambda x: np.negative(x, out=x),
])
def test_every_way_to_change_an_argument_is_seen(change):
    x = np.array([[2.0, 1.0], [0.0, -3.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert attempt(lambda x: (change(x), x)[1], {"x": x})["changed"] == ["x"]


def test_nan_in_an_argument_is_not_a_change():
    assert account(lambda x: x, x=np.array([np.nan, np.inf, -0.0]))["changed"] == []


def test_a_returned_argument_is_a_value():
    x = np.arange(3)
    np.testing.assert_array_equal(account(lambda x: x, x=x)["value"][""], x)


def test_numpy_warnings_are_caught_once_each(recwarn):
    result = account(lambda x: np.log(x) + np.log(2 * x) + np.exp(1000 + x), x=np.zeros(2))
    assert result["warnings"] == ["divide by zero encountered in log",
                                  "invalid value encountered in add",
                                  "overflow encountered in exp"]
    assert not recwarn


def test_underflow_to_zero_is_no_reason_to_warn():
    assert account(lambda x: np.exp(x) * 1e-200, x=np.array([-800.0, -300.0]))["warnings"] == []


def test_warnings_are_caught_even_if_the_student_switched_them_off():
    old = np.seterr(all="ignore")
    try:
        assert account(lambda: np.log(np.zeros(1)))["warnings"]
    finally:
        np.seterr(**old)


@pytest.mark.parametrize("value, text", [
    (None, "returned nothing (None): is there a `return` at the end?"),
    ("0.5", "returned a str, expected numbers in an array"),
    ([[1.0], [2.0, 3.0]], "returned a list, expected numbers in an array"),
    (["a"], "returned an array of <U1, expected numbers in an array"),
    ([1.0, None], "returned an array of object, expected numbers in an array"),
    (np.array([1, None]), "returned an array of object, expected numbers in an array"),
    ({1.0, 2.0}, "returned a set, expected numbers in an array"),
    ((np.ones(2), None), "part 1 of the answer is None, expected numbers in an array"),
    ({"dx": "zero"}, "part dx of the answer is a str, expected numbers in an array"),
    ((), "returned an empty tuple, expected numbers in an array"),
    ({}, "returned an empty dict, expected numbers in an array"),
    (tuple(range(1000)), "returned a tuple of 1000 parts, expected numbers in an array"),
])
def test_what_is_not_made_of_numbers_is_refused_in_words(value, text):
    assert refusal(value) == text


def test_a_generator_is_refused_with_a_way_out():
    assert refusal(x for x in [1.0]) == (
        "returned a generator, expected numbers in an array")


def test_an_answer_that_is_far_too_large_is_refused_before_it_is_sent():
    huge = np.broadcast_to(np.float64(1), (10**5, 10**4))
    assert refusal(huge) == ("returned an array of shape (100000, 10000), far larger than the "
                             "right answer")
    assert "value" in plain(np.zeros(MOST // 8))


class Liar(np.ndarray):
    def __eq__(self, other):
        return True

    def __array_function__(self, *args, **kwargs):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return True


@pytest.mark.parametrize("make", [
    lambda: np.zeros(2).view(Liar), lambda: np.ma.masked_array([0.0, 0.0], mask=[True, False]),
    lambda: np.zeros(2, np.float16), lambda: np.zeros(2, ">f8"), lambda: np.zeros(2, np.longdouble),
    lambda: [0.0, np.float32(0)], lambda: memoryview(np.zeros(2)), lambda: range(0, 2),
], ids=["liar", "masked", "float16", "big endian", "longdouble", "list", "memoryview", "range"])
def test_odd_arrays_arrive_as_ordinary_ones(make):
    array = account(make)["value"][""]
    assert type(array) is np.ndarray and array.shape == (2,)


def test_a_matrix_keeps_its_two_axes():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert account(lambda: np.asmatrix([1.0, 2.0]))["value"][""].shape == (1, 2)


class Claims:
    def __init__(self, error):
        self.error = error

    def __array__(self, dtype=None, copy=None):
        raise self.error


def test_an_object_that_only_claims_to_be_an_array_is_refused():
    assert refusal(Claims(ValueError())) == "returned a Claims, expected numbers in an array"


class Silent(Exception):
    def __str__(self):
        raise RuntimeError


class Own(BaseException):
    pass


class Key:
    def __str__(self):
        raise KeyError("no name")


def throw(error):
    raise error


@pytest.mark.parametrize("function, kind, message", [
    (lambda: 1 / 0, "ZeroDivisionError", "division by zero"),
    (lambda: throw(SystemExit(3)), "SystemExit", "3"),
    (lambda: throw(Own("mine")), "Own", "mine"),
    (lambda: throw(Silent()), "Silent", ""),
    (lambda: {Key(): 1.0}, "KeyError", "'no name'"),
    (lambda: Claims(SystemExit("bye")), "SystemExit", "bye"),
    (lambda: throw(ValueError("x" * 10**6)), "ValueError", "x" * 500),
])
def test_an_exception_becomes_type_and_message(function, kind, message):
    found = error(function)
    assert (found["type"], found["message"]) == (kind, message)


def test_endless_recursion_is_an_error_like_any_other():
    def again(x):
        return again(x)

    assert account(again, x=np.ones(2))["error"]["type"] == "RecursionError"


def test_the_error_names_the_line():
    found = error(lambda: throw(ValueError("no")))
    assert found["line"] == "raise error" and found["number"] > 0


def test_a_wrong_signature_blames_no_line_of_ours():
    found = account(lambda: 1.0, y=1.0)["error"]
    assert found["type"] == "TypeError" and found["line"] == ""


def test_the_interrupt_of_the_clock_goes_through():
    with pytest.raises(KeyboardInterrupt):
        attempt(lambda: throw(KeyboardInterrupt()), {})


def test_state_kept_between_calls_belongs_to_the_function_alone():
    seen = []
    inputs = {"x": np.zeros(1)}
    for _ in range(2):
        attempt(lambda x: (seen.append(x), x.fill(5))[0] or x, inputs)
    assert inputs["x"][0] == 0 and seen[0] is not seen[1]


SCENARIO = """
def twice(target, x):
    one = target(x)
    return {"once": one, "twice": target(one)}
"""


def test_a_scenario_runs_instead_of_one_call():
    value = account(lambda x: x * 3, scenario=SCENARIO, x=np.ones(1))["value"]
    assert {k: v.item() for k, v in value.items()} == {"once": 3.0, "twice": 9.0}


def test_an_error_inside_a_scenario_is_the_students():
    found = account(lambda x: throw(ValueError("no")), scenario=SCENARIO, x=np.ones(1))["error"]
    assert found["type"] == "ValueError" and found["line"] == "raise error"


def test_parameters_of_other_names_are_filled_by_place():
    value = account(lambda a, b: a - b, x=np.array(5.0), y=np.array(3.0))["value"][""]
    assert value == 2


def test_names_go_before_places():
    value = account(lambda y, x: x - y, x=np.array(5.0), y=np.array(3.0))["value"][""]
    assert value == 2


def test_a_missing_option_is_named():
    message = account(lambda x: x, x=1.0, axis=0)["error"]["message"]
    assert "unexpected keyword argument 'axis'" in message


def test_a_list_of_an_array_and_a_number_is_a_tuple():
    assert list(account(lambda: [np.ones(3), 0.5])["value"]) == ["0", "1"]


def test_the_error_is_located_in_the_students_line_not_in_numpys():
    assert "np.linalg.inv" in error(lambda: np.linalg.inv(np.zeros((2, 2))))["line"]
