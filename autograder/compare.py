"""Say in one sentence how an answer differs from the expected one."""

import numpy as np


def difference(got, expected, rtol=1e-5, atol=1e-6, dtype=""):
    """Return ``""`` if two answers agree, else one sentence.

    Parameters
    ----------
    got, expected : dict of ndarray
        Named parts of an answer; a single array has the name ``""``.
    rtol, atol : float
        Agreement is ``|got - expected| <= atol + rtol * |expected|``; nan equals nan.
    dtype : str
        The dtype that every float array in `got` must have; ``""`` accepts any.
    """
    got = _unpack(got, expected)
    if got.keys() != expected.keys():
        return f"got {_parts(got)}, expected {_parts(expected)}"
    for name, want in expected.items():
        sentence = _one(np.asarray(got[name]), np.asarray(want), rtol, atol, dtype)
        if sentence:
            return f"{name}: {sentence}" if name else sentence
    return ""


def agree(got, expected, rtol=1e-5, atol=1e-6):
    """Return whether two answers are the same within the tolerance, dtypes aside."""
    return not difference(got, expected, rtol, atol)


def summary(value):
    """Describe an input in few words: ``float64 (3, 5), from -1.2 to 3.4``; small ones whole."""
    if not isinstance(value, np.ndarray):
        return repr(value) if len(repr(value)) <= 80 else f"a {type(value).__name__}"
    digits = "{:.5g}" if value.dtype.kind == "f" else "{}"
    text = np.array2string(value, separator=", ", formatter={"all": digits.format})
    text = " ".join(text.split())
    kind = f"{value.dtype}, shape {value.shape}"
    if value.size <= 12 and len(text) <= 100:
        return f"{text} ({kind})"
    if value.size == 0 or value.dtype.kind not in "iuf":
        return kind
    return f"{kind}, from {value.min():.4g} to {value.max():.4g}"


def _one(got, want, rtol, atol, dtype):
    if got.shape != want.shape:
        return f"got shape {got.shape}, expected {want.shape}"
    if got.dtype.kind == "c":
        return "got complex numbers, expected real ones"
    if dtype == "float32":  # float32 carries about seven digits of the largest number in play
        atol = atol * max(1.0, float(np.abs(want[np.isfinite(want)]).max(initial=0)))
    with np.errstate(all="ignore"):
        a, b = got.astype(np.float64), want.astype(np.float64)
        near = (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b)
        wrong = ~(near | (a == b) | (np.isnan(a) & np.isnan(b)))  # np.isclose, four times as fast
    if wrong.any():
        return _where(a, b, wrong)
    if dtype and want.ndim and got.dtype.kind == "f" and got.dtype.name != dtype:
        return f"got {got.dtype.name}, expected {dtype}, the dtype of the input"
    return ""


def _where(a, b, wrong):
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f" at {list(index)}" if index else ""
    count = int(wrong.sum())
    many = f" ({count} of {wrong.size} values differ)" if wrong.size > 1 else ""
    x, y = _number(a[index]), _number(b[index])
    if x == y:  # they differ beyond the digits shown
        x, y = repr(float(a[index])), repr(float(b[index]))
    return f"got {x}{place}, expected {y}{many}"


def _number(x):
    whole = abs(x) < 1e15 and x == int(x)  # nan and inf are not below anything
    return f"{x + 0.0:.0f}" if whole else f"{x:.6g}"  # -0 + 0 is 0


def _parts(parts):
    if list(parts) == [""]:
        return "one array"
    names = "" if all(k.isdigit() for k in parts) else f" ({', '.join(parts)})"
    return f"{len(parts)} part{'s' * (len(parts) != 1)}{names}"


def _unpack(got, expected):
    """Let a tuple, a list or a stacked array stand for named parts, in order."""
    if got.keys() == expected.keys():
        return got
    if list(got) == [""] and np.ndim(got[""]) and len(got[""]) == len(expected):
        return dict(zip(expected, got[""], strict=True))
    if "" not in expected and len(got) == len(expected) and all(k.isdigit() for k in got):
        return dict(zip(expected, got.values(), strict=True))
    return got
