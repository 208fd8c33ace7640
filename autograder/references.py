"""TensorFlow's answers: record them, read them, find stale ones.

The public seed is 0; its answers are committed in ``autograder/references/``, one file a check,
one line a case. A course records its own seed into ``course/references/``, which then goes first.
Only `record` imports TensorFlow.
"""

import hashlib
import json
import os
import platform
import re
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from . import course
from .arrays import from_json, to_json
from .attempt import attempt, plain
from .cases import draw
from .compare import agree
from .course import CourseError
from .sheet import Sheet, SheetCase

PUBLIC = Path(__file__).with_name("references")
TENSORFLOW = "2.21"  # the version whose answers are recorded and asked for


@cache
def sheets(chapter, private=False):
    """Return a chapter's sheets by name, from recorded answers.

    Parameters
    ----------
    private : bool
        Take the course's own recording where there is one.

    Raises
    ------
    CourseError
        If an answer is missing or stale; it says how to record.
    """
    own = course.folder("references")
    place = own if private and (own / chapter).is_dir() else PUBLIC
    checks = course.checks(chapter)
    return {name: sheet(chapter, check, place) for name, check in checks.items()}


def record(chapters, seed=0, device="cpu", check_only=False, progress=iter):
    """Ask TensorFlow for the answers of all cases, and keep them.

    Parameters
    ----------
    chapters : list of str
    seed : int
        0 is the public seed, recorded into the package; any other goes to ``course/references``.
    device : {"cpu", "gpu"}
    check_only : bool
        Write nothing; compare with what is kept.
    progress : callable
        Wraps the list of checks, to show how far it is.

    Returns
    -------
    list of str
        Names whose kept answers were missing or differ from TensorFlow's (all recorded ones, if
        not `check_only`).
    """
    tf = _tensorflow(device)
    place = PUBLIC if seed == 0 else course.folder("references")
    changed = []
    for chapter, check in progress([(c, k) for c in chapters for k in course.checks(c).values()]):
        path = place / chapter / f"{check.name}.json"
        answers = {case.name: _reference(tf, check, draw(check, case, seed), device, case)
                   for case in check.cases}
        kept = _read(path)
        if kept and _same(check, kept, answers, seed):
            continue
        changed.append(check.name)
        if not check_only:
            _write(path, _provenance(tf, check, seed, device), answers)
    if not check_only:
        _forget(place, chapters)
    return changed


def sheet(chapter, check, place=PUBLIC):
    """Return the sheet of one check, from the answers recorded in `place`."""
    path = place / chapter / f"{check.name}.json"
    kept = _read(path)
    again = f"run `autograder record {chapter}`"
    if not kept:
        raise CourseError(f"{_short(path)}: no answers of TensorFlow are recorded for "
                          f"{check.name}; {again}")
    head, answers = kept
    if head["tensorflow"].rpartition(".")[0] != TENSORFLOW:
        raise CourseError(f"{_short(path)} was recorded by TensorFlow {head['tensorflow']}, "
                          f"the course uses {TENSORFLOW}; {again}")
    if head["inputs"] != _digest(check, head["seed"]):
        raise CourseError(f"{_short(path)} is stale: the cases of {check.name} have changed since "
                          f"it was recorded; {again}")
    return join(chapter, check, head["seed"], answers)


def join(chapter, check, seed, answers):
    """Return the sheet of a check: its cases drawn from `seed`, with these right answers.

    Parameters
    ----------
    answers : dict of dict of ndarray
        By the name of the case.
    """
    text = course.scenario(check)
    cases = []
    for case in check.cases:
        inputs = draw(check, case, seed)
        wrong = [attempt(m.wrong, inputs, text).get("value") for m in check.mistakes]
        cases.append(SheetCase(case.name, case.points, inputs, answers[case.name], wrong,
                               case.hint, case.dtype, case.untouched))
    return Sheet(check.name, chapter, cases, [m.sentence for m in check.mistakes], text,
                 check.rtol, check.atol, list(check.forbidden))


def _reference(tf, check, inputs, device, case):
    """Return TensorFlow's answer in float64, as named arrays."""
    tensors = {k: _tensor(tf, v) for k, v in inputs.items()}
    with tf.device(f"/{device}:0"):
        answer = check.reference(tf, **tensors)
    if isinstance(answer, tuple) and check.returns:
        answer = dict(zip(check.returns, answer, strict=True))
    parts = {k: np.asarray(v) for k, v in answer.items()} if isinstance(answer, dict) else \
        tuple(map(np.asarray, answer)) if isinstance(answer, tuple | list) else np.asarray(answer)
    account = plain(parts)
    if "refused" in account:
        raise CourseError(f"the reference of {check.name} on {case.name!r} {account['refused']}")
    return account["value"]


def _tensor(tf, value):
    if isinstance(value, np.ndarray):
        return tf.constant(value.astype(np.float64) if value.dtype.kind == "f" else value)
    return value


def _tensorflow(device):
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    try:
        import tensorflow as tf
    except ImportError:
        raise CourseError("TensorFlow is not installed; run `make reference`, or "
                          "`pip install -c constraints.txt '.[reference]'`") from None
    if device == "gpu" and not tf.config.list_physical_devices("GPU"):
        raise CourseError("TensorFlow sees no GPU here; record with `--device cpu`")
    tf.config.experimental.enable_tensor_float_32_execution(False)
    tf.keras.utils.set_random_seed(0)
    return tf


def _provenance(tf, check, seed, device):
    names = {}
    for package in ("keras", "numpy"):
        try:
            names[package] = version(package)
        except PackageNotFoundError:
            names[package] = ""
    return {"check": check.name, "seed": seed, "device": device, "tensorflow": tf.__version__,
            **names, "machine": platform.machine(), "recorded": str(date.today()),
            "inputs": _digest(check, seed)}


def _digest(check, seed):
    """Name the inputs of all cases, to six digits, so that a changed case is noticed.

    Six, because the last digit of an `exp` is not the same on every machine.
    """
    text = json.dumps([[case.name, to_json(draw(check, case, seed))] for case in check.cases])
    short = re.sub(r"-?\d+\.\d+(e[+-]?\d+)?", lambda m: f"{float(m[0]):.6g}", text)
    return hashlib.sha256(short.encode()).hexdigest()[:16]


def _same(check, kept, answers, seed):
    head, old = kept
    return (head["inputs"] == _digest(check, seed) and head["seed"] == seed
            and head["tensorflow"].rpartition(".")[0] == TENSORFLOW
            and old.keys() == answers.keys()
            and all(agree(answers[k], old[k], check.rtol / 10, check.atol / 10) for k in answers))


def _read(path):
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return data["recorded by"], {k: from_json(v) for k, v in data["answers"].items()}
    except (ValueError, KeyError, TypeError):
        raise CourseError(f"{_short(path)} is damaged; delete it and run "
                          "`autograder record`") from None


def _write(path, head, answers):
    lines = [f"  {json.dumps(name)}: {json.dumps(to_json(value))}"
             for name, value in answers.items()]
    course.write(path, '{"recorded by": ' + json.dumps(head) + ',\n "answers": {\n'
                 + ",\n".join(lines) + "\n}}\n")


def _forget(place, chapters):
    """Remove the answers of checks that are gone."""
    for chapter in chapters:
        for path in (place / chapter).glob("*.json"):
            if path.stem not in course.checks(chapter):
                path.unlink()


def _short(path):
    root = course.root()
    return path.relative_to(root) if path.is_relative_to(root) else path
