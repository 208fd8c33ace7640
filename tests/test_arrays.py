"""Plain values survive the border, and nothing else crosses it."""

import io
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, boolean_dtypes, floating_dtypes
from hypothesis.extra.numpy import integer_dtypes as ints

from autograder.arrays import from_json, to_json

DTYPES = boolean_dtypes() | ints(endianness="=") | floating_dtypes(endianness="=")
ARRAYS = arrays(DTYPES, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8)


def across(value, binary):
    """Send a value over the border: its arrays as bytes beside the JSON, or as text in it."""
    buffers = [] if binary else None
    text = json.dumps(to_json(value, buffers), allow_nan=False)
    return from_json(json.loads(text), b"".join(buffers or []))


@settings(deadline=None, max_examples=60)
@given(ARRAYS, st.booleans())
def test_an_array_comes_back_as_it_was(array, binary):
    back = across(array, binary)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


@settings(deadline=None, max_examples=60)
@given(PLAIN, st.booleans())
def test_plain_python_comes_back_with_its_types(value, binary):
    back = across(value, binary)
    assert back == value and repr(back) == repr(value)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nan_and_infinities_come_back(dtype, binary):
    array = np.array([[np.nan, np.inf], [-np.inf, -0.0]], dtype=dtype)
    back = across(array, binary)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == dtype and np.signbit(back[1, 1])
    assert np.isnan(across(float("nan"), binary))
    assert across(-np.inf, binary) == -np.inf


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1)])
def test_the_shape_survives_without_any_values_to_show_it(shape, binary):
    assert across(np.zeros(shape, "float32"), binary).shape == shape


def test_a_view_crosses_as_the_values_it_shows():
    array = np.arange(12.0).reshape(3, 4)
    for view in (array.T, array[:, ::2], array[::-1], array.astype(">f8")):
        for binary in (False, True):
            np.testing.assert_array_equal(across(view, binary), view)


def test_numpy_scalars_cross_as_numbers():
    assert across(np.float64(0.1), False) == 0.1
    assert across(np.bool_(True), False) is True
    assert across(np.float32(0.1), True) == np.float32(0.1)


def test_float64_text_keeps_every_bit():
    x = np.nextafter(0.1, 1)
    assert across(np.array([x]), False)[0] == x


@pytest.mark.parametrize("value", [
    object(), len, {1, 2}, b"bytes", 1j, np.array([None]), np.array(["text"]),
    np.array(["2026-01-01"], "datetime64[D]"), np.zeros(2, [("a", "f8")]), [np.array([object()])],
], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("binary", [False, True])
def test_what_is_not_plain_is_refused(value, binary):
    with pytest.raises(TypeError, match="not a plain value"):
        to_json(value, [] if binary else None)


@pytest.mark.parametrize("array", [np.array([1j]), np.array([1], np.longdouble)], ids=str)
def test_what_json_cannot_write_crosses_as_bytes_only(array):
    np.testing.assert_array_equal(across(array, binary=True), array)
    if array.dtype.itemsize > 8:
        with pytest.raises(TypeError, match="no text form"):
            to_json(array)


def test_arrays_share_the_bytes_one_after_the_other():
    value = {"a": np.arange(3), "b": (np.ones((2, 2), "float32"), 5, np.zeros(0)), "c": [True]}
    assert repr(across(value, True)) == repr(value)


def test_what_comes_as_bytes_cannot_change_its_neighbours():
    back = across({"a": np.zeros(2)}, True)["a"]
    assert not back.flags.writeable and back.flags.aligned


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('the pickle was loaded')",))


def _objects(array):
    """Return an array's bytes as `numpy.save` writes them, pickles included."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


WHOLE = {"bytes": [0, 16], "dtype": "<f8", "shape": [2]}


@pytest.mark.parametrize("change", [
    {"dtype": "O"}, {"dtype": "|O8"}, {"dtype": "object"}, {"dtype": "M8[D]"}, {"dtype": "V8"},
    {"dtype": "<U2"}, {"dtype": "S8"}, {"dtype": "f4,f4"}, {"dtype": "garbage"}, {"dtype": ""},
    {"dtype": "<" * 9}, {"dtype": None}, {"dtype": [["a", "<f8"]]}, {"dtype": {"names": ["a"]}},
    {"dtype": "float64" + " " * 9},
    {"shape": [3]}, {"shape": [1]}, {"shape": [-2]}, {"shape": [-1]}, {"shape": [2.0]},
    {"shape": ["2"]}, {"shape": [True, 2]}, {"shape": 2}, {"shape": [[2]]}, {"shape": None},
    {"shape": [10**12]}, {"shape": [2**62, 4]}, {"shape": [2**64 + 2]}, {"shape": [2] + [1] * 70},
    {"shape": [0]}, {"shape": {}},
    {"bytes": [8, 24]}, {"bytes": [-16, 0]}, {"bytes": [16, 0]}, {"bytes": [0, 8]}, {"bytes": [0]},
    {"bytes": [0, 16, 32]}, {"bytes": 16}, {"bytes": ["0", "16"]}, {"bytes": [0.0, 16.0]},
    {"bytes": [0, 2**70]}, {"bytes": None}, {"bytes": "UEs="}, {"bytes": [False, 16]},
], ids=repr)
def test_a_description_that_does_not_fit_its_bytes_is_refused(change):
    assert from_json(WHOLE, bytes(16)).shape == (2,)
    with pytest.raises((ValueError, TypeError)):
        from_json(WHOLE | change, bytes(16))


@pytest.mark.parametrize("left_out", WHOLE)
def test_a_description_without_one_of_its_parts_is_refused(left_out):
    with pytest.raises((ValueError, KeyError)):
        from_json({key: WHOLE[key] for key in WHOLE if key != left_out}, bytes(16))


@pytest.mark.parametrize("body", [
    _objects(np.array([Bomb()], dtype=object)), pickle.dumps(Bomb()), b"x" * 64,
], ids=["objects", "pickle", "garbage"])
def test_bytes_are_never_more_than_numbers(body):
    size = len(body)
    back = from_json({"bytes": [0, size], "dtype": "|u1", "shape": [size]}, body)
    assert back.dtype == np.uint8 and back.tobytes() == body
    with pytest.raises(ValueError):
        from_json({"bytes": [0, size], "dtype": "|O", "shape": [size // 8]}, body)


@pytest.mark.parametrize("data", [
    {"array": [1.0], "dtype": "object", "shape": [1]},
    {"array": ["a"], "dtype": "str", "shape": [1]},
    {"array": [1.0, 2.0], "dtype": "float64", "shape": [3]},
    {"unknown": 1}, {},
])
def test_text_that_no_value_gave_is_refused(data):
    with pytest.raises(ValueError):
        from_json(data)
