"""Bring submissions into nbgrader's ``submitted`` folder, whatever they are called.

A submission is a notebook somewhere below ``FOLDER/STUDENT/``. Which assignment it answers is
read from its cells; the file's name counts only where there is nothing else to go by.
"""

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from . import course
from .course import CourseError
from .engine import grade_id


@dataclass(frozen=True)
class Collected:
    """What became of one file: `problem` says why it is not gradable, or `note` what was done."""

    file: str
    student: str
    assignment: str = ""
    note: str = ""
    problem: str = ""
    taken: bool = True


def collect(folder, assignments=None):
    """Copy every submission below `folder` into ``course/submitted``.

    Parameters
    ----------
    folder : Path
        One folder a student, with notebooks in it.
    assignments : list of str, optional
        Only these; by default all.

    Returns
    -------
    list of Collected
        One for each notebook found.

    Raises
    ------
    CourseError
        If there is no such folder, or no notebook in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}; name the one that holds a folder for "
                          "each student")
    files = [p for p in sorted(folder.glob("*/**/*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    if not files:
        raise CourseError(f"{folder} holds no notebook; expected {folder}/STUDENT/NAME.ipynb")
    wanted = [course.chapter_of(a) for a in assignments or course.CHAPTERS]
    taken, results = {}, []
    for path in sorted(files, key=_plainness):
        one = _place(path, folder, wanted, taken)
        if one:
            results.append(one)
    return sorted(results, key=lambda one: (one.student, one.assignment, one.file))


def student_name(path, folder):
    """Return the student's id: the name of the folder, in one Unicode form."""
    name = unicodedata.normalize("NFC", path.relative_to(folder).parts[0])
    return re.sub(r"[*?\[\]]", "-", name)  # nbgrader would take these for wildcards


def read_notebook(path):
    """Read a notebook of any format and return it as version 4.

    Raises
    ------
    CourseError
        One sentence that says where it is damaged.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise CourseError(f"{path.name} is not a notebook: it is not text") from None
    except OSError as error:
        raise CourseError(f"{path.name} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise CourseError(f"{path.name} is not a notebook: its JSON breaks off in line "
                          f"{error.lineno} ({error.msg})") from None
    try:
        if not isinstance(data, dict):
            raise ValueError("no cells")
        notebook = nbformat.reads(json.dumps(data), as_version=4)
        nbformat.validate(notebook)
        return notebook
    except Exception as error:  # nbformat raises many kinds for the same thing
        reason = str(error).strip().split("\n")[0][:200]
        raise CourseError(f"{path.name} is not a valid notebook: {reason}") from None


def _place(path, folder, wanted, taken):
    """Copy one file to where nbgrader looks for it."""
    student = student_name(path, folder)
    name = str(path.relative_to(folder))
    try:
        notebook = read_notebook(path)
        text, problem = nbformat.writes(notebook) + "\n", ""
    except CourseError as error:
        notebook, text, problem = None, None, str(error)
    assignment = _assignment(path, notebook)
    if not assignment:
        known = ", ".join(course.CHAPTERS)
        problem = problem or (f"{path.name} answers no assignment of this course; "
                              f"the assignments are: {known}")
        return Collected(name, student, problem=problem, taken=False)
    if assignment not in wanted:
        return None
    key = (student, assignment)
    if key in taken:
        return Collected(name, student, assignment,
                         f"left out: {taken[key]} is the submission for {assignment}", taken=False)
    target = course.folder("submitted") / student / assignment / f"{assignment}.ipynb"
    try:
        data, when = path.read_bytes(), datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except OSError:  # a folder of that name, a link to nowhere, a file of somebody else
        return Collected(name, student, assignment, problem=problem, taken=False)
    taken[key] = path.name
    _write_if_new(target, data if text is None else text.encode())
    _write_if_new(target.with_name("timestamp.txt"), f"{when:%Y-%m-%d %H:%M:%S} UTC\n".encode())
    note = "" if path.stem == assignment else f"recognised by its cells as {assignment}"
    return Collected(name, student, assignment, "" if problem else note, problem)


def _assignment(path, notebook):
    """Return the assignment that most of the cells belong to, else the one of the file's name."""
    if notebook:
        names = {grade_id(cell).removesuffix("-grade").removesuffix("-try")
                 for cell in notebook.cells}
        votes = Counter(chapter for chapter in course.CHAPTERS
                        for name in course.checks(chapter) if name in names)
        if votes:
            return votes.most_common(1)[0][0]
    return next((c for c in course.CHAPTERS if path.stem.lower().startswith(c)), "")


def _plainness(path):
    """Sort a file called exactly after its assignment before copies of it."""
    return (path.stem not in course.CHAPTERS, len(path.parts), str(path))


def _write_if_new(path, data):
    """Write bytes whole, and only if they differ, so that what is graded stays graded."""
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}")
    half.write_bytes(data)
    half.replace(path)
