"""What rides beside a peer's notebook: the cases, with recorded answers or with TensorFlow.

An instructor's hidden test says ``compare(softmax, recorded("softmax"))`` or
``compare(softmax, live("softmax"))``; nothing here belongs to this course's grader.
"""

import copy
import importlib
import json
import warnings
from functools import cache
from pathlib import Path

import numpy as np

from autograder.arrays import from_json, to_json


def save(sheets, path):
    """Write the cases of sheets: inputs, TensorFlow's recorded answers, and what is asked."""
    data = {sheet.name: [{
        "inputs": to_json(case.inputs), "expected": to_json(list(case.expected.values())),
        "dtype": case.dtype, "untouched": case.untouched, "rtol": sheet.rtol, "atol": sheet.atol,
    } for case in sheet.cases] for sheet in sheets}
    Path(path).write_text(json.dumps(data), encoding="utf-8")


def recorded(piece):
    """Return the cases of a piece with the answers that were recorded."""
    return [case | {"inputs": from_json(case["inputs"]), "expected": from_json(case["expected"])}
            for case in _file()[piece]]


def live(piece):
    """Return the cases of a piece with what TensorFlow answers now."""
    import tensorflow as tf

    reference = getattr(importlib.import_module("autograder.checks.activations"), piece).reference
    cases = []
    for case in recorded(piece):
        tensors = {k: _tensor(tf, v) for k, v in case["inputs"].items()}
        cases.append(case | {"expected": _parts(reference(tf, **tensors))})
    return cases


def compare(function, cases):
    """Raise an AssertionError if a function is wrong on a case."""
    for case in cases:
        mine = copy.deepcopy(case["inputs"])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # nbgrader gives no points where anything is warned
            got = _parts(function(**mine))
        for one, expected in zip(got, case["expected"], strict=True):
            _compare_part(one, expected, case)
        if case["untouched"]:
            np.testing.assert_equal(mine, case["inputs"], "an argument was changed")


def _compare_part(got, expected, case):
    atol = case["atol"]
    if case["dtype"] and expected.ndim:
        atol *= max(1.0, np.abs(expected).max())  # float32 has seven digits of the largest
        assert got.dtype == case["dtype"], f"got {got.dtype}, expected {case['dtype']}"
    assert got.shape == expected.shape, f"got shape {got.shape}, expected {expected.shape}"
    np.testing.assert_allclose(got, expected, case["rtol"], atol)


def _parts(answer):
    """Return the arrays of an answer: one, or those of a tuple."""
    return [np.asarray(part) for part in (answer if isinstance(answer, tuple) else (answer,))]


@cache
def _file():
    return json.loads(Path("answers.json").read_text(encoding="utf-8"))


def _tensor(tf, value):
    if not isinstance(value, np.ndarray):
        return value
    return tf.constant(value.astype(np.float64) if value.dtype.kind == "f" else value)
