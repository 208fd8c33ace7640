"""How all this is nbgrader's `autograde`: two preprocessors, and its API for the rest.

nbgrader keeps its pipeline (grade book, late penalties, formgrader, feedback); `Restore` rebuilds
the graded cells from the instructor's notebook, and `Execute` runs the rest in the box.
"""

import errno
import logging
import os
import re
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy.exc import SAWarning
from traitlets import Enum, Float, Integer

from . import course, doctor, settings
from .engine import execute
from .notebook import restore
from .references import sheets

FULL = ("No space left on device", "database or disk is full")


class Restore(NbGraderPreprocessor):
    """Put the released cells back: their metadata, the text of locked ones, and missing ones."""

    def preprocess(self, nb, resources):
        assignment = resources["nbgrader"]["assignment"]
        path = course.release_folder(assignment) / f"{assignment}.ipynb"
        restore(nb, nbformat.read(path, as_version=4))
        return nb, resources


class Execute(NbGraderPreprocessor):
    """Run the notebook in a box and judge its pieces; the points are the grade cells' values."""

    cell_seconds = Float(20.0, help="wall time of one cell").tag(config=True)
    call_seconds = Float(5.0, help="wall time of one hidden case").tag(config=True)
    notebook_seconds = Float(120.0, help="wall time of a notebook").tag(config=True)
    memory_mib = Integer(2048, help="memory of a notebook, in MiB").tag(config=True)
    sandbox = Enum(["full", "limited", "none"], "full",
                   help="the least that is enough; see `autograder doctor`").tag(config=True)

    def preprocess(self, nb, resources):
        assignment = resources["nbgrader"]["assignment"]
        doctor.require(self.sandbox)
        execute(nb, sheets(assignment, private=True), course.release_folder(assignment),
                settings.limits(self.trait_values()))
        return nb, resources


@contextmanager
def api():
    """Open nbgrader's API on the course's configuration, without its log."""
    from nbgrader.apps import NbGraderAPI

    logger = logging.getLogger("autograder.nbgrader")
    logger.setLevel(logging.WARNING)
    logger.propagate = False  # the API hands over what it logged with the result of each call
    logger.addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader 0.9.6's own, at every student
    course.folder().mkdir(exist_ok=True)
    scripts = str(Path(sys.executable).parent)  # a new grade book is made by the script `alembic`
    if scripts not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]
    yield NbGraderAPI(config=settings.configuration(), log=logger)


def failure(result):
    """Return what went wrong in a call of nbgrader's API in a line, ``""`` if nothing did.

    Raises
    ------
    KeyboardInterrupt, OSError
        For Ctrl-C and a full disk, which nbgrader's API takes for faults of the submission.
    """
    if result["success"]:
        return ""
    text = f"{result.get('error') or ''}\n{result.get('log') or ''}"
    if "KeyboardInterrupt" in text:
        raise KeyboardInterrupt
    if any(sign in text for sign in FULL):
        raise OSError(errno.ENOSPC, FULL[0])
    named = re.findall(r"^ *([\w.]*(?:Error|Exception|Failed|Entry): .+)$", text, re.MULTILINE)
    return named[-1] if named else text.strip().split("\n")[-1]
