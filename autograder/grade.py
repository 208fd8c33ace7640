"""Grade a class: every submission judged once, every result kept at once, then booked.

The journal has one small file a submission, written whole as soon as its result is there; the
grade book follows, many results to a commit. A run that was stopped anywhere goes on where it
was: what the journal has is not judged again, and what the grade book lacks is booked from it.
"""

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field

from . import course, marks, pool, settings
from .course import CourseError
from .judge import Report
from .notebook import MOST
from .references import sheets
from .submission import Work

BATCH, PAUSE = 200, 2.0  # a commit holds at most so many results, or those of so many seconds


@dataclass
class Grading:
    """A run of the grader: who is to be judged, and what the journal has already.

    Parameters
    ----------
    assignment : str
    students : list of str, optional
        Only these; by default all who handed in.
    force : bool
        Also those that are graded and have not changed.
    sandbox : {"full", "limited", "none", ""}
        The least that is enough; by default what the course's configuration says.
    jobs : int, optional
        Processes; by default one for each processor.
    scheduler : str
        The address of a Dask scheduler whose workers judge instead.

    Raises
    ------
    CourseError
        If the assignment is not released, or nobody handed in.
    """

    assignment: str
    students: list[str] = None
    force: bool = False
    sandbox: str = ""
    jobs: int = None
    scheduler: str = ""
    waiting: list[str] = field(init=False, default_factory=list)

    def __post_init__(self):
        folder = course.release_folder(self.assignment)
        self.students = self._chosen()
        public = sheets(self.assignment, private=True)
        options = settings.configuration().get("Execute", {})
        self.work = Work.of(self.assignment, public, folder, settings.limits(options),
                            self.sandbox or options.get("sandbox", "full"))
        self.state = _state(self.work, public)
        done = {}
        for student in self.students:
            entry = None if self.force else read_entry(self.assignment, student)
            if entry and not entry["problem"] and entry["mark"] == self._mark(student):
                done[student] = marks.digest(entry["scores"])
            else:
                self.waiting.append(student)
        booked = marks.scores(self.assignment) if done else {}
        self._unbooked = [student for student in done if booked.get(student) != done[student]]

    def run(self):
        """Judge who is waiting; yield each journal entry as soon as it is written.

        Raises
        ------
        CourseError
            If the box is not tight enough, or the grade book cannot be written.
        OSError
            If the disk is full. What is in the journal stays.
        """
        book = _Book(self.assignment)
        for student in self._unbooked:
            book.add(read_entry(self.assignment, student))
        for entry in self._judge() if self.waiting else ():
            _keep(entry)
            book.add(entry)
            yield entry
        book.close()

    def _judge(self):
        problems = {student: _unreadable(self.assignment, student) for student in self.waiting}
        readable = [student for student in self.waiting if not problems[student]]
        for student in self.waiting:
            if problems[student]:
                yield self._entry(student, {"problem": problems[student], "fault": "submission"})
        if not readable:
            return
        tasks = ((student, _data(self.assignment, student)) for student in readable)
        jobs = min(self.jobs or pool.cores(), len(readable))
        results = pool.judge_there(self.work, tasks, self.scheduler) if self.scheduler else \
            pool.judge_here(self.work, tasks, jobs)
        for student, result in results:
            notebook = result.pop("notebook", None)
            if notebook is not None:
                _write_graded(self.assignment, student, notebook)
            yield self._entry(student, result)

    def _entry(self, student, result):
        return {"student": student, "assignment": self.assignment, "problem": "", "fault": "",
                "when": _when(self.assignment, student), "mark": self._mark(student),
                "scores": {}, "remarks": {}, "stopped": [], "pieces": []} | result

    def _chosen(self):
        here = submissions(self.assignment)
        for student in self.students or []:
            if student not in here:
                raise CourseError(f"{student} has not handed in {self.assignment}; "
                                  f"run `autograder collect FOLDER` first")
        if not here:
            raise CourseError(f"nobody has handed in {self.assignment}; "
                              "run `autograder collect FOLDER`")
        return self.students or here

    def _mark(self, student):
        """Name the submission and all that its grade depends on."""
        data = b"" if _unreadable(self.assignment, student) else _data(self.assignment, student)
        return hashlib.sha256(data + self.state.encode()).hexdigest()[:16]


class _Book:
    """Books results in batches; what cannot be booked now, because the book is locked, later."""

    def __init__(self, assignment):
        self.assignment, self.results = assignment, []

    def add(self, entry):
        if entry["problem"]:
            return
        if not self.results:
            self.since = time.monotonic()
        self.results.append({k: entry[k] for k in ("student", "when", "scores", "remarks")})
        if time.monotonic() - self.since > PAUSE or len(self.results) == BATCH:
            self.since = time.monotonic()
            with suppress(marks.Locked):
                self._save()

    def close(self):
        if self.results:
            marks.wait_for(self._save)

    def _save(self):
        marks.save(self.assignment, self.results)
        self.results = []


def submissions(assignment):
    """Return the students who handed in an assignment, sorted."""
    pattern = f"*/{course.chapter_of(assignment)}/{assignment}.ipynb"
    return sorted(p.parent.parent.name for p in course.folder("submitted").glob(pattern))


def journal(assignment, students=None):
    """Yield the entries of an assignment, by student, with the grade book's present marks."""
    found = dict(marks.marks(assignment))
    said = marks.comments(assignment) if found else {}
    paths = sorted((course.folder("journal") / assignment).glob("*.json")) if students is None \
        else [_entry_path(assignment, student) for student in students]
    nothing = {"points": 0.0, "max_points": 0.0, "to_mark": 0, "by_hand": []}
    for entry in filter(None, map(_read, paths)):
        student = entry["student"]
        yield entry | nothing | found.get(student, {}) | {"comments": said.get(student, {})}


def read_entry(assignment, student):
    """Return the journal's entry of one submission, or None."""
    return _read(_entry_path(assignment, student))


def _read(path):
    with suppress(ValueError, FileNotFoundError):  # half of one, after a power cut
        return json.loads(path.read_text(encoding="utf-8"))


def why(entry):
    """Say in a line what a submission lost its points to."""
    if entry["problem"]:
        return entry["problem"]
    reports = [Report.from_dict(piece) for piece in entry["pieces"]]
    lost = [r for r in reports if not r.passed]
    blank = [r for r in lost if {c.message for c in r.cases} == {"not written yet"}]
    parts = list(dict.fromkeys(entry["stopped"]))
    if not lost:
        marking = f"; {entry['to_mark']} written answers to mark" if entry["to_mark"] else ""
        return "; ".join(["all pieces right", *parts]) + marking
    if len(blank) == len(reports):
        return "nothing filled in"
    for report in lost:
        if report in blank:
            continue
        first = next(case for case in report.cases if not case.passed)
        parts.append(f"{report.name}: {(report.mistakes or [first.message])[0]}")
    if blank:
        parts.append(f"not written yet: {', '.join(r.name for r in blank)}")
    return "; ".join(parts)


def _state(work, public):
    """Name what a grade depends on besides the submission: the release and the cases."""
    data = [sheet.to_json() for sheet in public.values()]
    for case in (case for sheet in data for case in sheet["cases"]):
        del case["mistakes"]  # what wrong code computes, say from a singular matrix, may vary
    return hashlib.sha256((json.dumps(data) + work.released).encode()).hexdigest()


def _data(assignment, student):
    with open(_handed_in(assignment, student), "rb") as file:
        return file.read(MOST + 1)


def _handed_in(assignment, student):
    return course.folder("submitted") / student / assignment / f"{assignment}.ipynb"


def _unreadable(assignment, student):
    """Return why a submission cannot be read, ``""`` if it can: a link may lead anywhere."""
    path = _handed_in(assignment, student)
    if path.is_symlink() or not path.is_file():
        return f"{path.name} cannot be read: it is a link, a folder or a pipe, not a file"
    return "" if os.access(path, os.R_OK) else f"{path.name} cannot be read: permission denied"


def _when(assignment, student):
    path = _handed_in(assignment, student).with_name("timestamp.txt")
    with suppress(OSError, ValueError):
        return path.read_text(encoding="utf-8").strip()[:100]
    return ""


def _write_graded(assignment, student, notebook):
    """Put the executed notebook where nbgrader's feedback and formgrader look for it."""
    folder = course.folder("autograded") / student / assignment
    course.write(folder / f"{assignment}.ipynb", notebook)
    course.write(folder / "timestamp.txt", _when(assignment, student) + "\n")


def _keep(entry):
    course.write_json(_entry_path(entry["assignment"], entry["student"]), entry)


def _entry_path(assignment, student):
    return course.folder("journal") / assignment / f"{course.short(student)}.json"
