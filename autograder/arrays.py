"""Plain values as JSON: numbers, strings, tuples, lists, dicts and arrays of numbers.

Two forms of an array: nested text for files that people read, and its bytes in a list of buffers
between processes (``to_json(value, buffers)``). Never pickle.
"""

import math

import numpy as np

KINDS = "biufc"  # bool, integers, floats, complex: the dtypes that cross a border


def to_json(value, buffers=None):
    """Return `value` as something `json.dumps` takes.

    Parameters
    ----------
    value : a plain value
    buffers : list, optional
        The bytes of arrays are appended here instead of being written as text.

    Raises
    ------
    TypeError
        For anything that is not plain.
    """
    if isinstance(value, np.generic):
        value = value.item() if value.dtype.kind in "bc" or value.dtype == np.float64 \
            else np.asarray(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, np.ndarray):
        return _array_to_json(value) if buffers is None else _array_to_bytes(value, buffers)
    if isinstance(value, tuple):
        return {"tuple": [to_json(v, buffers) for v in value]}
    if isinstance(value, list):
        return [to_json(v, buffers) for v in value]
    if isinstance(value, dict):
        return {"dict": {str(k): to_json(v, buffers) for k, v in value.items()}}
    raise TypeError(f"a {type(value).__name__} is not a plain value")


def from_json(data, body=b""):
    """Undo `to_json`; `body` is the buffers, joined.

    Raises
    ------
    ValueError
        For what `to_json` does not write.
    """
    if isinstance(data, list):
        return [from_json(v, body) for v in data]
    if not isinstance(data, dict):
        return data
    if "bytes" in data:
        return array_from_bytes(data, body)
    if "array" in data:
        return _plain(np.array(data["array"], dtype=data["dtype"]).reshape(data["shape"]))
    if "float" in data:
        return float(data["float"])
    if "tuple" in data:
        return tuple(from_json(v, body) for v in data["tuple"])
    if "dict" in data:
        return {k: from_json(v, body) for k, v in data["dict"].items()}
    raise ValueError(f"not a plain value: {sorted(data)}")


def array_from_bytes(data, body):
    """Build an array from a stranger's description of it, without a copy of its bytes.

    Raises
    ------
    ValueError, TypeError, KeyError
        If dtype, shape and size are not those of an array of numbers, or do not agree.
    """
    (start, stop), shape, name = data["bytes"], data["shape"], data["dtype"]
    numbers = [start, stop, *shape]
    if not all(type(n) is int and n >= 0 for n in numbers) or len(shape) > 32:
        raise ValueError("an array of impossible shape")
    if not isinstance(name, str) or len(name) > 8:
        raise ValueError("an array without a dtype")
    dtype = _plain(np.empty(0, np.dtype(name))).dtype
    if stop > len(body) or stop - start != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array of another size than its bytes")
    return np.frombuffer(memoryview(body)[start:stop], dtype).reshape(shape)


def _plain(array):
    if array.dtype.kind not in KINDS:
        raise ValueError(f"an array of {array.dtype} is not plain")
    return array


def _array_to_bytes(array, buffers):
    if array.dtype.kind not in KINDS:
        raise TypeError(f"an array of {array.dtype} is not a plain value")
    start = sum(map(len, buffers))
    buffers.append(array.tobytes())
    return {"bytes": [start, start + array.nbytes], "dtype": array.dtype.str,
            "shape": list(array.shape)}


def _array_to_json(array):
    if array.dtype.kind not in KINDS:
        raise TypeError(f"an array of {array.dtype} is not a plain value")
    if array.dtype.kind == "c" or array.dtype.itemsize > 8:
        raise TypeError(f"an array of {array.dtype} has no text form")
    flat = [v if not isinstance(v, float) or math.isfinite(v) else str(v)
            for v in array.ravel().tolist()]
    return {"array": flat, "dtype": str(array.dtype), "shape": list(array.shape)}
