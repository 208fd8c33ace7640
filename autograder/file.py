"""Judge one piece of a Python file or a notebook, in the box."""

import tempfile
from pathlib import Path

from . import find_sheet
from .course import CourseError
from .engine import Session
from .judge import judge
from .notebook import read_file
from .release import runner, stage


def check_file(target):
    """Judge ``FILE:PIECE`` or ``FILE:FUNCTION=PIECE``; return the `Report`.

    Raises
    ------
    CourseError
        If there is no such file or piece, or the file does not run.
    """
    path, colon, names = target.rpartition(":")
    function, _, piece = names.partition("=")
    path = Path(path)
    if not colon or not function:
        raise CourseError(f"{target!r} does not say what to judge; write FILE:PIECE, "
                          "as in mine.py:softmax")
    if not path.is_file():
        raise CourseError(f"there is no file {path}")
    try:
        sheet = find_sheet(piece or function)
    except LookupError as error:
        raise CourseError(str(error.args[0])) from None
    with tempfile.TemporaryDirectory() as folder:
        stage(sheet.chapter, Path(folder) / "nnlib")
        runner([sheet], Path(folder) / "autograder")
        with Session(folder) as session:
            problems = [_run(session, source) for source in _sources(path)]
            accounts = session.attempts(sheet, function)
    report = judge(sheet, accounts)
    defined = any("error" not in a or a["error"]["type"] != "NameError" for a in accounts)
    if not defined and any(problems):
        raise CourseError(f"{path} did not run: {next(filter(None, problems))}")
    return report


def _sources(path):
    """Return what to run: a Python file whole, of a notebook the code cells."""
    if path.suffix == ".ipynb":
        return [cell.source for cell in read_file(path).cells if cell.cell_type == "code"]
    try:
        return [path.read_text(encoding="utf-8-sig")]
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not a Python file: it is not text") from None


def _run(session, source):
    """Run one cell; return its error in a line, or ``""``."""
    outputs = session.run(source)
    errors = [o for o in outputs if o.get("output_type") == "error"]
    return f"{errors[0].get('ename')}: {errors[0].get('evalue')}" if errors else ""
