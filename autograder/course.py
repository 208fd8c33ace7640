"""The course as it stands on disk: its rooms, its chapters, its checks.

The course's root is the nearest folder upwards from here that has an ``nbgrader_config.py``.
"""

import ast
import hashlib
import importlib
import json
import os
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .cases import Check, Written, call

# In the order in which they are taught.
CHAPTERS = ["tensors", "activations", "losses", "backprop", "optimizers", "overfitting",
            "convolution", "recurrence", "ethics", "project"]
REPOSITORY = Path(__file__).resolve().parent.parent


class CourseError(Exception):
    """What a person has to mend: one sentence that names the file and the way out."""


def root():
    """Return the course's folder: the working directory's, or the repository itself."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").exists():
            return folder
    return REPOSITORY


def folder(step=""):
    """Return ``course/`` or one of its steps: release, submitted, autograded, feedback, journal."""
    return root() / "course" / step


def release_folder(assignment):
    """Return the release folder of an assignment.

    Raises
    ------
    CourseError
        If it is not an assignment, or not released.
    """
    path = folder("release") / chapter_of(assignment)
    if not (path / f"{assignment}.ipynb").exists():
        raise CourseError(f"the assignment {assignment} is not released; "
                                 f"run `autograder release {assignment}`")
    return path


def chapter_of(assignment):
    """Return the name itself if it is an assignment of the course.

    Raises
    ------
    CourseError
        Naming the assignments there are.
    """
    if assignment not in CHAPTERS:
        raise CourseError(f"there is no assignment called {assignment!r}; "
                          f"there are: {', '.join(CHAPTERS)}")
    return assignment


@cache
def checks(chapter):
    """Return a chapter's `Check`s by name, in order, after looking for what authors get wrong."""
    module = _module(chapter)
    found = {}
    for variable, value in vars(module).items():
        if not isinstance(value, Check):
            continue
        where = f"autograder/checks/{chapter}.py: {variable}"
        if not value.cases:
            raise CourseError(f"{where} has no case; give it at least one Case(name, inputs)")
        if value.name in found:
            raise CourseError(f"{where}: two checks are called {value.name}; "
                              "give each its own target")
        if len({case.name for case in value.cases}) < len(value.cases):
            raise CourseError(f"{where}: two of its cases have the same name; rename one")
        library_object(value.target, where)
        found[value.name] = value
    return found


@cache
def all_checks():
    """Return every check of the course by name, and the chapter of each.

    Raises
    ------
    CourseError
        If two chapters have a check of one name.
    """
    found = {}
    for chapter in CHAPTERS:
        for name, one in checks(chapter).items():
            if name in found:
                raise CourseError(f"autograder/checks/{chapter}.py: there is a check called {name} "
                                  f"in {found[name][0]}.py too; rename one of the pieces")
            found[name] = (chapter, one)
    return found


@cache
def written(chapter):
    """Return a chapter's hand-marked questions by name."""
    return {v.name: v for v in vars(_module(chapter)).values() if isinstance(v, Written)}


def library_object(target, where):
    """Import what a dotted target names."""
    module, _, name = target.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise CourseError(f"{where}: its target {target} does not exist; write it in "
                          f"{module.replace('.', '/')}.py or correct the name") from None


def scenario(check):
    """Return the source of a check's scenario, ``""`` for one call."""
    import inspect
    import textwrap

    return "" if check.attempt is call else textwrap.dedent(inspect.getsource(check.attempt))


def short(name):
    """Return a student's name as part of a file's name, which may not be as long."""
    if len(name.encode()) <= 200:
        return name
    return f"{name[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


@contextmanager
def whole(path):
    """Open a file for writing that appears complete or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(half, "w", encoding="utf-8", newline="\n") as file:
            yield file
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


def write(path, text):
    with whole(path) as file:
        file.write(text)


def write_json(path, data):
    write(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def _module(chapter):
    """Import a chapter's checks; a variable bound twice would lose a check in silence."""
    path = Path(__file__).with_name("checks") / f"{chapter}.py"
    if not path.exists():
        raise CourseError(f"{path.relative_to(REPOSITORY)} is missing; write the checks of the "
                          f"chapter {chapter} there")
    names = [target.id for node in ast.parse(path.read_text(encoding="utf-8")).body
             if isinstance(node, ast.Assign) for target in node.targets
             if isinstance(target, ast.Name)]
    for name in names:
        if names.count(name) > 1:
            raise CourseError(f"autograder/checks/{chapter}.py: two checks are called {name}; "
                              "rename one of them")
    return importlib.import_module(f"autograder.checks.{chapter}")
