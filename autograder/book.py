"""Build the book: Jupyter Book, strict."""

import subprocess
import sys
from pathlib import Path

from . import course
from .course import CourseError


def build_book(output=None):
    """Build the book and return its front page; any warning is an error.

    Raises
    ------
    CourseError
        With the warnings.
    """
    source = course.root() / "book"
    if not (source / "downloads").is_dir():
        raise CourseError("the book's pages offer the assignments for download and "
                          "book/downloads is not there; run `autograder release` first")
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [str(jupyter_book), "build", "-W", "--keep-going",
               str(source), *(["--path-output", str(output)] if output else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        signs = (": WARNING: ", ": ERROR: ", ": CRITICAL: ", "Error: ")
        wrong = [line for line in lines if any(s in line for s in signs)] or lines[-20:]
        raise CourseError("the book does not build:\n" + "\n".join(wrong))
    return (output or source) / "_build" / "html" / "index.html"
