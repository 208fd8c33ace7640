"""Bring submissions into nbgrader's ``submitted`` folder, whatever they are called.

A submission is a notebook somewhere below ``FOLDER/STUDENT/``. Which assignment it answers is
read from its cells; the file's name counts only where there is nothing else to go by.
"""

import hashlib
import os
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from . import course
from .course import CourseError
from .notebook import grade_id, read_file

FORBIDDEN = '*?[]<>"&\\'  # in a student's id: wildcards to nbgrader, marks of HTML


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
    names = _names(folder, files)
    taken, results = {}, []
    for path in sorted(files, key=_plainness):
        one = _place(path, folder, names[path.relative_to(folder).parts[0]], wanted, taken)
        if one:
            results.append(one)
    return sorted(results, key=lambda one: (one.student, one.assignment, one.file))


def _names(folder, files):
    """Return the student's id for the name of each folder.

    It is that name in one Unicode form, without wildcards, marks of HTML, and characters that
    nobody sees. Who would get another's name that way is kept apart by a few digits.
    """
    names = {}
    for raw in sorted({path.relative_to(folder).parts[0] for path in files},
                      key=lambda raw: (raw != _plain(raw), raw)):
        name = _plain(raw)
        if name in names.values() or len(name.encode()) > 200:
            digits = hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()[:8]
            name = f"{name[:40]}-{digits}"
        names[raw] = name
    return names


def _plain(name):
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join("-" if c in FORBIDDEN or unicodedata.category(c) in hidden else c
                   for c in unicodedata.normalize("NFC", name))


def _leads_out(path, folder):
    """Return whether a link takes a path out of its student's folder."""
    own = folder / path.relative_to(folder).parts[0]
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(own))


def _place(path, folder, student, wanted, taken):
    """Copy one file to where nbgrader looks for it."""
    name = str(path.relative_to(folder))
    if _leads_out(path, folder):
        return Collected(name, student, taken=False, problem=f"{path.name} cannot be read: it is a "
                         "link out of the student's folder; ask for the file itself")
    try:
        notebook = read_file(path)
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
    if not path.is_file():  # a folder or a pipe of that name, a link to nowhere
        return Collected(name, student, assignment, problem=problem, taken=False)
    try:
        data, when = path.read_bytes(), datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except OSError:  # a file of somebody else's
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
