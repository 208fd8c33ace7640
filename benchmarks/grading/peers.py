"""The graders that are compared, each in a folder of its own, with the same submissions.

A grader has a command for all its submissions and one for the first alone: the difference is what
the others cost, without the start.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from . import hidden
from .measure import measure, run
from .submissions import name, student
from .workload import CHAPTER, ROOT, environment, graded_sheets, ours, read

HERE = Path(__file__).parent
OTTER = HERE.parent / ".venv-otter"
NBGRADER = [sys.executable, "-m", "nbgrader"]

CONFIG = """c = get_config()
c.CourseDirectory.course_id = "neural-networks"
"""
CELL = """### BEGIN HIDDEN TESTS
from hidden import compare, {answers}
compare({piece}, {answers}("{piece}"))
### END HIDDEN TESTS"""
OTTER_TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = "{piece}"
points = {points}


@test_case(hidden=True)
def test(env):
    from hidden import compare, {answers}
    compare(env["{piece}"], {answers}("{piece}"))
"""


@dataclass
class Grader:
    """One way to grade a folder of submissions.

    Attributes
    ----------
    work : Path
        Holds the grade book and what grading makes; `reset` leaves what is there now.
    every, alone : list
        Commands: for all submissions, and for the first one only.
    feedback : list
        Command that writes the feedback pages.
    course : Path
        The copy of the course whose code is imported.
    first : str
        Pattern of the file that is the first result; the peers' is when `alone` ends.
    """

    name: str
    folder: Path
    work: Path
    count: int
    every: list
    alone: list = field(default_factory=list)
    feedback: list = field(default_factory=list)
    course: Path = ROOT
    first: str = ""

    def __post_init__(self):
        if (self.work / "gradebook.db").exists():
            shutil.copy(self.work / "gradebook.db", self.work / "fresh.db")
        self.kept = {path.name for path in self.work.iterdir()}

    def grade(self, command):
        """Grade from nothing, and return what it cost."""
        self.reset()
        return measure(command, self.folder, environment(self.course), self.first)

    def write_feedback(self, *options):
        """Write the feedback pages anew, and return what it cost."""
        shutil.rmtree(self.work / "feedback", ignore_errors=True)
        return measure([*self.feedback, *options], self.folder, environment(self.course))

    def reset(self):
        """Remove what was not there at first, and put the grade book back."""
        for path in self.work.iterdir():
            if path.name not in self.kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if (self.work / "fresh.db").exists():
            shutil.copy(self.work / "fresh.db", self.work / "gradebook.db")

    def passed(self):
        """Return whether each student's pieces have full points, from the grade book."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.work / 'gradebook.db'}", "neural-networks") as book:
            return {(one.student.id, grade.name.removesuffix("-grade")):
                    grade.auto_score == grade.max_score
                    for one in book.assignment_submissions(CHAPTER)
                    for notebook in one.notebooks for grade in notebook.grades
                    if grade.name.endswith("-grade")}


class OtterGrader(Grader):
    """Otter has no grade book: its results are files."""

    def passed(self):
        return {(path.stem, piece): whole for path in (self.work / "results").glob("*.json")
                for piece, whole in json.loads(path.read_text()).items()}


def our_grader(course, count, jobs):
    """Return ours on so many jobs."""
    every = ours("grade", CHAPTER, "--jobs", jobs)
    return Grader(f"ours, {jobs} job{'s' * (jobs > 1)}", course, course / "course", count,
                  every, [*every, "--student", student(0)], ours("feedback", CHAPTER),
                  course, f"course/journal/{CHAPTER}/*.json")


def nbgrader_with_our_engine(course, folder, class_, count):
    """Return nbgrader's own command in a copy of the course."""
    shutil.copytree(course, folder, ignore=shutil.ignore_patterns("submitted"))
    class_.write(folder / "course" / "submitted", range(count))
    return Grader("nbgrader autograde, our engine", folder, folder / "course", count,
                  *_nbgrader("autograde"), course=folder)


def stock(course, folder, class_, count, pieces, answers):
    """Return stock nbgrader, whose hidden tests take `answers`: ``"recorded"`` or ``"live"``."""
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(CONFIG)
    source = folder / "source" / CHAPTER
    source.mkdir(parents=True)
    nbformat.write(stock_notebook(read(course / "solutions"), answers),
                   source / f"{CHAPTER}.ipynb")
    ride_along(source, pieces)
    run([*NBGRADER, "generate_assignment", CHAPTER], folder, environment(course))
    class_.write(folder / "submitted", range(count))
    pages = [*NBGRADER, "generate_feedback", CHAPTER] if answers == "recorded" else []
    return Grader(f"stock nbgrader, {WORDS[answers]}", folder, folder, count,
                  *_nbgrader("autograde"), feedback=pages, course=course)


def stock_notebook(notebook, answers):
    """Return the instructor's notebook with nbgrader's hidden tests in the place of our checks."""
    for cell in notebook.cells:
        if name(cell).endswith("-grade"):
            cell.source = CELL.format(piece=name(cell).removesuffix("-grade"), answers=answers)
    return notebook


def otter(course, folder, class_, count, pieces, answers):
    """Return Otter-Grader without containers, all submissions in one process."""
    python = otter_python()
    (folder / "tests").mkdir(parents=True)
    for sheet in graded_sheets(pieces):
        (folder / "tests" / f"{sheet.name}.py").write_text(
            OTTER_TEST.format(piece=sheet.name, points=sheet.points, answers=answers))
    ride_along(folder, pieces)
    run([python.with_name("otter"), "generate", "-t", "tests", "hidden.py", "answers.json"],
        folder, environment(course))
    for number in range(count):
        notebook = class_.notebook(number)
        notebook.cells = [c for c in notebook.cells if not name(c).endswith("-grade")]
        nbformat.write(notebook, folder / f"{student(number)}.ipynb")
    notebooks = sorted(path.name for path in folder.glob("student-*.ipynb"))
    command = [python, HERE / "otter_class.py", "autograder.zip", "results"]
    return OtterGrader(f"Otter-Grader, {WORDS[answers]}", folder, folder, count,
                       command + notebooks, command + notebooks[:1], course=course)


WORDS = {"recorded": "recorded answers", "live": "TensorFlow"}


def ride_along(folder, pieces):
    """Put the cases, and the code that compares, beside a peer's notebook."""
    shutil.copy(hidden.__file__, folder)
    hidden.save(graded_sheets(pieces), folder / "answers.json")


def otter_python():
    """Return the interpreter of Otter's own environment, made on first use."""
    python = OTTER / "bin" / "python"
    if not (OTTER / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", OTTER], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        "-r", HERE / "requirements.txt"], check=True)
        (OTTER / "ready").touch()
    return python


def _nbgrader(command):
    every = [*NBGRADER, command, CHAPTER]
    return every, [*every, f"--student={student(0)}"]
