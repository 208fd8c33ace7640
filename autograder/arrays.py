"""Plain values as JSON: numbers, strings, tuples, lists, dicts and arrays of numbers.

Two forms of an array: nested text for files that people read (`to_json`), and the bytes of a
``.npy`` in base64 between processes (``to_json(value, binary=True)``). Never pickle.
"""

import base64
import io
import math

import numpy as np

KINDS = "biufc"  # bool, integers, floats, complex: the dtypes that cross a border


def to_json(value, binary=False):
    """Return `value` as something `json.dumps` takes.

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
        return _array_to_json(value, binary)
    if isinstance(value, tuple):
        return {"tuple": [to_json(v, binary) for v in value]}
    if isinstance(value, list):
        return [to_json(v, binary) for v in value]
    if isinstance(value, dict):
        return {"dict": {str(k): to_json(v, binary) for k, v in value.items()}}
    raise TypeError(f"a {type(value).__name__} is not a plain value")


def from_json(data):
    """Undo `to_json`, whichever form its arrays have.

    Raises
    ------
    ValueError
        For text that `to_json` does not write.
    """
    if isinstance(data, list):
        return [from_json(v) for v in data]
    if not isinstance(data, dict):
        return data
    if "npy" in data:
        file = io.BytesIO(base64.b64decode(data["npy"]))
        return _plain(np.lib.format.read_array(file, allow_pickle=False))
    if "array" in data:
        return _plain(np.array(data["array"], dtype=data["dtype"]).reshape(data["shape"]))
    if "float" in data:
        return float(data["float"])
    if "tuple" in data:
        return tuple(from_json(v) for v in data["tuple"])
    if "dict" in data:
        return {k: from_json(v) for k, v in data["dict"].items()}
    raise ValueError(f"not a plain value: {sorted(data)}")


def _plain(array):
    if array.dtype.kind not in KINDS:
        raise ValueError(f"an array of {array.dtype} is not plain")
    return array


def _array_to_json(array, binary):
    if array.dtype.kind not in KINDS:
        raise TypeError(f"an array of {array.dtype} is not a plain value")
    if binary:
        file = io.BytesIO()
        np.save(file, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
        return {"npy": base64.b64encode(file.getvalue()).decode()}
    if array.dtype.kind == "c" or array.dtype.itemsize > 8:
        raise TypeError(f"an array of {array.dtype} has no text form")
    flat = [v if not isinstance(v, float) or math.isfinite(v) else str(v)
            for v in array.ravel().tolist()]
    return {"array": flat, "dtype": str(array.dtype), "shape": list(array.shape)}
