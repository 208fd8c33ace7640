"""Grade a class: nbgrader's pipeline for each submission, a journal of what came out.

The journal has one small file a submission, written whole; a run that was stopped goes on where
it was, and nothing is graded twice.
"""

import hashlib
import json
from contextlib import suppress

import nbformat
from nbgrader.api import MissingEntry

from . import course
from .collect import read_notebook
from .course import CourseError
from .judge import Report
from .nbgrader import api, failure, gradebook, release_folder
from .references import sheets


def submissions(assignment):
    """Return the students who handed in an assignment, sorted."""
    pattern = f"*/{course.chapter_of(assignment)}/{assignment}.ipynb"
    return sorted(p.parent.parent.name for p in course.folder("submitted").glob(pattern))


def grade(assignment, students=None, force=False, progress=iter):
    """Grade an assignment into nbgrader's grade book and the journal.

    Parameters
    ----------
    students : list of str, optional
        Only these; by default all who handed in.
    force : bool
        Also those that are graded and have not changed.
    progress : callable
        Wraps the list of students, to show how far it is.

    Returns
    -------
    list of dict
        The journal's entries of these students.

    Raises
    ------
    CourseError
        If the assignment is not released, nobody handed in, or the disk is full.
    """
    release_folder(assignment)
    here = submissions(assignment)
    for student in students or []:
        if student not in here:
            raise CourseError(f"{student} has not handed in {assignment}; "
                              f"run `autograder collect FOLDER` first")
    if not here:
        raise CourseError(f"nobody has handed in {assignment}; run `autograder collect FOLDER`")
    public = sheets(assignment, private=True)
    course_state = _state(assignment, public)
    entries = []
    with api() as nbgrader:
        for student in progress(students or here):
            entry = read_entry(assignment, student)
            mark = _mark(assignment, student, course_state)
            if force or not entry or entry["problem"] or entry["mark"] != mark:
                entry = _grade_one(nbgrader, assignment, student) | {"mark": mark}
                _keep(entry)
            entries.append(entry)
    return _marked(assignment, entries)


def journal(assignment):
    """Return all entries of an assignment, by student, with the marks given by hand since."""
    paths = sorted((course.folder("journal") / assignment).glob("*.json"))
    return _marked(assignment, [json.loads(path.read_text(encoding="utf-8")) for path in paths])


def read_entry(assignment, student):
    """Return the journal's entry of one submission, or None."""
    path = _entry_path(assignment, student)
    with suppress(ValueError):
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _grade_one(nbgrader, assignment, student):
    path = course.folder("submitted") / student / assignment / f"{assignment}.ipynb"
    entry = {"student": student, "assignment": assignment, "problem": "", "points": 0.0,
             "max_points": 0.0, "to_mark": 0, "pieces": [], "stopped": []}
    try:
        read_notebook(path)
    except CourseError as error:
        return entry | {"problem": str(error)}
    reason = failure(nbgrader.autograde(assignment, student, force=True))
    if reason:
        return entry | {"problem": f"the grader could not grade it: {reason}"}
    with gradebook() as book:
        entry |= _marks(book.find_submission(assignment, student))
    return entry | _read_graded(assignment, student)


def _marks(submission):
    """Return what the grade book says of a submission; what a person marked counts at once."""
    grades = [g for n in submission.notebooks for g in n.grades]
    comments = {c.name: c.comment for n in submission.notebooks for c in n.comments if c.comment}
    return {"points": submission.score, "max_points": submission.max_score,
            "to_mark": sum(g.needs_manual_grade for g in grades),
            "by_hand": [[g.name, g.manual_score, g.extra_credit] for g in grades
                        if g.manual_score is not None or g.extra_credit], "comments": comments}


def _marked(assignment, entries):
    """Return entries with the grade book's present points."""
    if not (course.folder() / "gradebook.db").exists():
        return entries
    with gradebook() as book:
        try:
            graded = book.assignment_submissions(assignment)
        except MissingEntry:
            return entries
        marks = {s.student.id: _marks(s) for s in graded}
    return [entry if entry["problem"] else entry | marks.get(entry["student"], {})
            for entry in entries]


def _read_graded(assignment, student):
    """Read the reports of the pieces, and the cells that were stopped, from the graded notebook."""
    path = course.folder("autograded") / student / assignment / f"{assignment}.ipynb"
    pieces, stopped = [], []
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get("autograder"):
                pieces.append(output.metadata.autograder)
            elif output.output_type == "error" and output.ename == "Stopped":
                stopped.append(output.evalue)
    return {"pieces": pieces, "stopped": stopped}


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


def _state(assignment, public):
    """Name what a grade depends on besides the submission: the release and the cases."""
    data = [sheet.to_json() for sheet in public.values()]
    for case in (case for sheet in data for case in sheet["cases"]):
        del case["mistakes"]  # what wrong code computes, say from a singular matrix, may vary
    text = json.dumps(data)
    notebook = (release_folder(assignment) / f"{assignment}.ipynb").read_bytes()
    return hashlib.sha256(text.encode() + notebook).hexdigest()


def _mark(assignment, student, state):
    path = course.folder("submitted") / student / assignment / f"{assignment}.ipynb"
    return hashlib.sha256(path.read_bytes() + state.encode()).hexdigest()[:16]


def _keep(entry):
    course.write_json(_entry_path(entry["assignment"], entry["student"]), entry)


def _entry_path(assignment, student):
    return course.folder("journal") / assignment / f"{student}.json"
