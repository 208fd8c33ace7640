"""A copy of the course with one assignment, cut to a few pieces, and a class that handed it in."""

import os
import shutil
import sys
from pathlib import Path

import jupytext
import nbformat

from autograder.references import sheets

from .measure import run
from .submissions import Class

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "activations"
SIX = ["sigmoid", "sigmoid_backward", "relu", "relu_backward", "softmax", "softmax_backward"]
ROOMS = ["nnlib", "autograder", "exercises", "book/data", "book/figures"]
FILES = ["nbgrader_config.py", "book/nnbook.mplstyle"]
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
     "TF_NUM_INTEROP_THREADS"], "1")


def environment(root):
    """Return the environment of every grader: the course at `root`, single-threaded arithmetic."""
    scripts = Path(sys.executable).parent  # nbgrader starts `alembic` by its name
    return os.environ | ONE_THREAD | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(root),
        "JUPYTER_PLATFORM_DIRS": "1", "COLUMNS": "100",
        "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}


def make_course(folder, pieces):
    """Copy the course into `folder`, cut its assignment to `pieces` and release it.

    An empty list of pieces leaves the assignment whole.
    """
    ignore = shutil.ignore_patterns("__pycache__")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=ignore)
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)
    if pieces:
        page = folder / "exercises" / f"{CHAPTER}.md"
        notebook = jupytext.read(page, fmt="md:myst")
        notebook.cells = list(_cut(notebook.cells, pieces))
        jupytext.write(notebook, page, fmt="md:myst")
    run(ours("release", CHAPTER), folder, environment(folder))
    return folder


def ours(*arguments):
    return [sys.executable, "-m", "autograder.cli", *map(str, arguments)]


def make_class(course, seed=0):
    """Return the class of a released course."""
    return Class(read(course / "course" / "release"), read(course / "solutions"), CHAPTER, seed)


def read(folder):
    return nbformat.read(folder / CHAPTER / f"{CHAPTER}.ipynb", as_version=4)


def graded_sheets(pieces):
    """Return the sheets of the pieces, of all of them if none is named."""
    found = sheets(CHAPTER)
    return [found[piece] for piece in pieces or found]


def _cut(cells, pieces):
    """Yield the cells of a page up to its first exercise, the named ones, and the questions."""
    exercise, kept = False, True
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            exercise, kept = True, cell.source.split()[-1] in pieces
        if "written" in tags or not exercise or (kept and {"exercise", "try"} & set(tags)):
            yield cell
