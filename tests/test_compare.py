"""The sentence that says how an answer differs: true, and readable by whoever gave the answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autograder.compare import agree, difference, summary

FLOATS = st.floats(-1e9, 1e9) | st.sampled_from([np.nan, np.inf, -np.inf])
ARRAYS = arrays(np.float64, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
                elements=FLOATS)


def sentence(got, want, **options):
    return difference({"": np.asarray(got)}, {"": np.asarray(want)}, **options)


@settings(deadline=None, max_examples=60)
@given(ARRAYS)
def test_an_answer_agrees_with_itself(array):
    assert sentence(array.copy(), array) == ""


@settings(deadline=None, max_examples=60)
@given(ARRAYS.filter(lambda a: a.size > 0), st.data())
def test_one_changed_value_is_found_where_it_is(array, data):
    index = tuple(data.draw(st.integers(0, n - 1)) for n in array.shape)
    changed = array.copy()
    changed[index] = 0.5 if not np.isfinite(array[index]) else array[index] + 1e5
    text = sentence(changed, array)
    assert (f"at {list(index)}" in text) == (array.ndim > 0) and "expected" in text


@pytest.mark.parametrize("got, want, text", [
    (np.ones(3), np.ones((3, 1)), "got shape (3,), expected (3, 1)"),
    (1.0, np.ones((2, 2)), "got shape (), expected (2, 2)"),
    ([1.0, 2.5], [1.0, 2.0], "got 2.5 at [1], expected 2 (1 of 2 values differ)"),
    ([[0, 0], [7, 8]], [[0, 0], [1, 2]], "got 7 at [1, 0], expected 1 (2 of 4 values differ)"),
    ([np.nan], [0.25], "got nan at [0], expected 0.25"),
    ([1.0], [np.nan], "got 1 at [0], expected nan"),
    ([np.inf], [-np.inf], "got inf at [0], expected -inf"),
    ([1e300, 1], [2e300, 1], "got 1e+300 at [0], expected 2e+300 (1 of 2 values differ)"),
    (0.5, 0.25, "got 0.5, expected 0.25"),
    ([1j], [1.0], "got complex numbers, expected real ones"),
    ([True, False], [0, 0], "got 1 at [0], expected 0 (1 of 2 values differ)"),
    ([], [[]], "got shape (0,), expected (1, 0)"),
])
def test_the_sentence(got, want, text):
    assert sentence(got, want) == text


def test_numbers_that_look_alike_are_written_out():
    text = sentence(1.00000012, 1.0, rtol=1e-9, atol=0)
    assert text == "got 1.00000012, expected 1.0"


@pytest.mark.parametrize("got, want", [
    (2, 2.0), (True, 1.0), (np.array([1, 0], np.uint8), [1.0, 0.0]), (np.float32(0.1), 0.1),
    (np.array([0.1], ">f8"), [0.1]), (np.array([0.1], np.longdouble), [0.1]),
    (np.array([0.5], np.float16), [0.5]), (-0.0, 0.0), ([np.nan, np.inf], [np.nan, np.inf]),
    (np.zeros((0, 3)), np.zeros((0, 3))),
])
def test_a_right_value_is_right_in_any_dress(got, want):
    assert sentence(got, want) == ""


def test_the_tolerance_is_absolute_plus_relative_to_the_expected_value():
    assert sentence(100.09, 100.0, rtol=1e-3, atol=0.0) == ""
    assert sentence(100.11, 100.0, rtol=1e-3, atol=0.0)
    assert sentence(0.9e-6, 0.0) == "" and sentence(1.1e-6, 0.0)


def test_float32_is_asked_for_where_the_case_asks():
    right = np.ones(2)
    assert sentence(right, right, dtype="float32") == \
        "got float64, expected float32, the dtype of the input"
    for got in (right.astype("float32"), right.astype(">f4"), right.astype(int)):
        assert sentence(got, right, dtype="float32") == ""
    assert sentence(1.0, 1.0, dtype="float32") == "", "a plain Python number has no dtype"


def test_wrong_values_are_told_before_a_wrong_dtype():
    assert sentence([2.0], [1.0], dtype="float32") == "got 2 at [0], expected 1"


def test_float32_is_forgiven_its_rounding():
    exact = np.array([1e5, 1e-3])
    got = (exact + [0, 5e-3]).astype(np.float32)  # what cancels next to 1e5 keeps this error
    assert sentence(got, exact, dtype="float32") == ""
    assert sentence(got, exact)


NAMED = {"dkernel": np.ones((2, 2)), "dbias": np.zeros(2)}


@pytest.mark.parametrize("got", [
    NAMED,
    {"0": np.ones((2, 2)), "1": np.zeros(2)},
    dict(reversed(NAMED.items())),
])
def test_a_tuple_or_a_dict_gives_named_parts(got):
    assert agree(got, NAMED)


def test_a_stacked_array_gives_named_parts_of_one_shape():
    assert agree({"": np.array([1.0, 2.0])}, {"mean": np.array(1.0), "slope": np.array(2.0)})


@pytest.mark.parametrize("got, text", [
    ({"0": np.ones((2, 2)), "1": np.ones(2)},
     "dbias: got 1 at [0], expected 0 (2 of 2 values differ)"),
    ({"0": np.zeros(2), "1": np.ones((2, 2))}, "dkernel: got shape (2,), expected (2, 2)"),
    ({"": np.ones(3)}, "got one array, expected 2 parts (dkernel, dbias)"),
    ({"0": np.ones(1)}, "got 1 part, expected 2 parts (dkernel, dbias)"),
    ({"a": np.ones(1), "b": np.ones(1)},
     "got 2 parts (a, b), expected 2 parts (dkernel, dbias)"),
])
def test_the_sentence_names_the_part(got, text):
    assert difference(got, NAMED) == text


def test_a_tuple_instead_of_an_array_is_told():
    got = {"0": np.ones(1), "1": np.ones(1)}
    assert difference(got, {"": np.ones(2)}) == "got 2 parts, expected one array"


def test_nothing_warns_on_extreme_values(recwarn):
    sentence([np.inf, np.nan, 1e308, -1e308], [-np.inf, 1.0, -1e308, 1e308], dtype="float32")
    assert not recwarn


@pytest.mark.parametrize("value, text", [
    (np.array([[1.0, -0.5]]), "[[1, -0.5]] (float64, shape (1, 2))"),
    (np.array([[1, -20], [3, 4]]), "[[1, -20], [3, 4]] (int64, shape (2, 2))"),
    (np.array([np.nan, 1 / 3], np.float32), "[nan, 0.33333] (float32, shape (2,))"),
    (np.array(900.0), "900 (float64, shape ())"),
    (np.array([True, False]), "[True, False] (bool, shape (2,))"),
    (np.arange(20), "int64, shape (20,), from 0 to 19"),
    (np.zeros((0, 3)), "[] (float64, shape (0, 3))"),
    (np.zeros(30, bool), "bool, shape (30,)"),
    (-1, "-1"),
    ("x" * 90, "a str"),
])
def test_an_input_is_described_in_few_words(value, text):
    assert summary(value) == text
