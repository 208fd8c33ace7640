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
from traitlets import Float, Integer

from . import course
from .engine import execute, grade_id
from .references import sheets
from .sandbox import Limits

FULL = ("No space left on device", "database or disk is full")


class Restore(NbGraderPreprocessor):
    """Put the released cells back: their metadata, the text of locked ones, and missing ones."""

    def preprocess(self, nb, resources):
        released = read_release(resources["nbgrader"]["assignment"])
        source = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
        found = set()
        for cell in reversed(nb.cells):  # of a cell that stands twice, the last one counts
            name = grade_id(cell)
            cell.source = cell.source.replace("\r\n", "\n")
            if name in source and name not in found:
                found.add(name)
                _restore(cell, source[name])
            else:
                cell.metadata.pop("nbgrader", None)
        self._add_missing(nb, released, found)
        return nb, resources

    def _add_missing(self, nb, released, found):
        """Insert each missing released cell after the one it followed."""
        place = 0
        for cell in released.cells:
            name = grade_id(cell)
            if not name:
                continue
            if name in found:
                place = [grade_id(c) for c in nb.cells].index(name) + 1
            else:
                nb.cells.insert(place, nbformat.from_dict(cell))
                place += 1


class Execute(NbGraderPreprocessor):
    """Run the notebook in a box and judge its pieces; the points are the grade cells' values."""

    cell_seconds = Float(20.0, help="wall time of one cell").tag(config=True)
    call_seconds = Float(5.0, help="wall time of one hidden case").tag(config=True)
    notebook_seconds = Float(120.0, help="wall time of a notebook").tag(config=True)
    memory_mib = Integer(2048, help="memory of a notebook, in MiB").tag(config=True)

    def preprocess(self, nb, resources):
        assignment = resources["nbgrader"]["assignment"]
        limits = Limits(cell=self.cell_seconds, call=self.call_seconds,
                        notebook=self.notebook_seconds, memory=self.memory_mib * 2**20)
        execute(nb, sheets(assignment, private=True), release_folder(assignment), limits)
        return nb, resources


def release_folder(assignment):
    """Return the release folder of an assignment.

    Raises
    ------
    CourseError
        If it is not an assignment, or not released.
    """
    folder = course.folder("release") / course.chapter_of(assignment)
    if not (folder / f"{assignment}.ipynb").exists():
        raise course.CourseError(f"the assignment {assignment} is not released; "
                                 f"run `autograder release {assignment}`")
    return folder


def read_release(assignment):
    """Return the notebook as students got it."""
    return nbformat.read(release_folder(assignment) / f"{assignment}.ipynb", as_version=4)


@contextmanager
def api():
    """Open nbgrader's API on the course's configuration, without its log."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    logger = logging.getLogger("autograder.nbgrader")
    logger.setLevel(logging.WARNING)
    logger.propagate = False  # the API hands over what it logged with the result of each call
    logger.addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader 0.9.6's own, at every student
    course.folder().mkdir(exist_ok=True)
    scripts = str(Path(sys.executable).parent)  # a new grade book is made by the script `alembic`
    if scripts not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root())).load_config()
    yield NbGraderAPI(config=config, log=logger)


@contextmanager
def gradebook():
    """Open the course's grade book."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.folder() / 'gradebook.db'}", "neural-networks") as book:
        yield book


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


def _restore(cell, source):
    cell.metadata.nbgrader = nbformat.from_dict(dict(source.metadata.nbgrader))
    if cell.cell_type != source.cell_type:
        text = cell.source
        cell.clear()
        cell.update(nbformat.from_dict(source), source=text)
    if source.metadata.nbgrader["locked"]:
        cell.source = source.source
