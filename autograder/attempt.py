"""Run the student's piece on one case: the part of the judge that lives in the sandbox.

It knows inputs and no answer. NumPy only.
"""

import copy
import inspect
import sys
import traceback
import warnings
from contextlib import contextmanager

import numpy as np

from .arrays import KINDS, to_json

MOST = 32 * 2**20  # bytes of an answer; the largest right one has a few thousand


def attempt(target, inputs, scenario="", forbidden=()):
    """Call `target` on a case and return a plain account of what happened.

    Parameters
    ----------
    target : the student's function or class
    inputs : dict
        Named inputs; copied first, so that the next case sees its own.
    scenario : str
        Source of a function ``(target, **inputs)`` to run instead of one call.
    forbidden : sequence of str
        Dotted names of NumPy's functions that would do the whole exercise.

    Returns
    -------
    dict with any of
        ``value``: dict of arrays (one array has the name ``""``);
        ``refused``: a sentence, when the answer is not made of arrays;
        ``error``: type, message, line and its number in the student's cell;
        ``changed``: names of the arguments that were changed;
        ``warnings``: NumPy's and Python's warnings.
    """
    run = _function(scenario) if scenario else _call
    mine = copy.deepcopy(inputs)
    account = {}
    with warnings.catch_warnings(record=True) as caught, without(forbidden, target), \
            np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
        warnings.simplefilter("always")
        try:
            account.update(plain(run(target, **mine)))
        except KeyboardInterrupt:  # the clock's, or whoever sits at the keyboard
            raise
        except BaseException as error:
            account["error"] = describe(error)
    account["warnings"] = sorted({_text(w.message)[:200] for w in caught})[:5]
    account["changed"] = [k for k, v in inputs.items() if not _same(v, mine[k])]
    return account


@contextmanager
def without(names, target):
    """Let functions of NumPy refuse to work, under any name that NumPy or `target` has for them."""
    changed = []
    spaces = names and [vars(module) for name, module in list(sys.modules.items())
                        if name.partition(".")[0] == "numpy"]
    for name in names:
        module, _, function = name.rpartition(".")
        original, refuse = getattr(sys.modules[module], function), _refusal(name)
        for space in (*spaces, getattr(target, "__globals__", {})):
            for key in [key for key, value in list(space.items()) if value is original]:
                space[key] = refuse
                changed.append((space, key, original))
    try:
        yield
    finally:
        for space, key, original in changed:
            space[key] = original


def _refusal(name):
    def refuse(*args, **kwargs):
        raise RuntimeError(f"{name} would do the whole exercise: write it yourself")

    return refuse


def plain(value):
    """Turn an answer into ``{"value": named arrays}``, or ``{"refused": sentence}``."""
    if value is None:
        return {"refused": "returned nothing (None): is there a `return` at the end?"}
    parts = _parts(value)
    if not 0 < len(parts) <= 64:
        kind = type(value).__name__
        what = f"a {kind} of {len(parts)} parts" if parts else f"an empty {kind}"
        return {"refused": f"returned {what}, expected numbers in an array"}
    arrays = {}
    for name, part in parts.items():
        array = _array(part)
        if array is None or array.dtype.kind not in KINDS:
            what = f"part {name} of the answer is" if name else "returned"
            return {"refused": f"{what} {_kind(part, array)}, expected numbers in an array"}
        if array.nbytes > MOST:
            return {"refused": f"returned an array of shape {array.shape}, far larger than the "
                               "right answer"}
        arrays[name] = array
    return {"value": arrays}


def describe(error):
    """Return type, message and place of an exception, as the student may see them."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    last = frames[-1] if frames else None
    cells = [f for f in frames if "ipython-input" in f.filename or "/ipykernel_" in f.filename]
    own = cells or [f for f in frames if "site-packages" not in f.filename]
    last = own[-1] if own else last
    return {
        "calls": " ".join(frame.name for frame in own)[:500],
        "type": type(error).__name__,
        "message": _text(error)[:500],
        "line": (last.line or "")[:200] if last else "",
        "number": last.lineno if last else 0,
    }


def _call(target, **inputs):
    """Call by name; by place where the parameters have other names than the library's."""
    if not _takes(target, **inputs) and _takes(target, *inputs.values()):
        return target(*inputs.values())
    return target(**inputs)


def _takes(target, *args, **kwargs):
    try:
        inspect.signature(target).bind(*args, **kwargs)
    except (TypeError, ValueError):  # it does not fit; or a built-in, which says nothing
        return False
    return True


def _function(source):
    space = {"np": np}
    exec(compile(source, "<scenario>", "exec"), space)  # the course's own text, not a student's
    return [v for k, v in space.items() if callable(v) and k not in ("np", "__builtins__")][-1]


def _parts(value):
    """Return the named parts of an answer; a list with arrays, of several shapes, is a tuple."""
    if isinstance(value, dict):
        return {str(k): v for k, v in value.items()}
    several = isinstance(value, list) and any(isinstance(v, np.ndarray) for v in value)
    if isinstance(value, tuple) or (several and len({_shape(v) for v in value}) > 1):
        return {str(i): v for i, v in enumerate(value)}
    return {"": value}


def _shape(part):
    array = _array(part)
    return None if array is None else array.shape


def _array(part):
    try:
        return np.asarray(part)
    except Exception:  # ragged lists, and objects that only claim to be arrays
        return None


def _text(error):
    try:
        return str(error)
    except Exception:  # the student's own class, with a broken __str__
        return ""


def _same(a, b):
    before, after = [], []
    try:
        return to_json(a, before) == to_json(b, after) and before == after
    except TypeError:  # the student put something in that is not plain
        return False


def _kind(part, array):
    if array is not None and isinstance(part, list | tuple | np.ndarray):
        return f"an array of {array.dtype}"
    if part is None:
        return "None"
    return f"a {type(part).__name__}"
