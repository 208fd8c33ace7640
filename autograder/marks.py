"""nbgrader's grade book, through its own API: results in, many to a commit; marks out."""

import time
from contextlib import contextmanager, suppress
from functools import cache

from . import course, settings
from .course import CourseError


@contextmanager
def gradebook():
    """Open the course's grade book.

    Raises
    ------
    CourseError
        If it cannot be read or written.
    """
    from sqlalchemy.exc import OperationalError

    path = course.folder() / "gradebook.db"
    if not path.exists():
        raise CourseError(f"{path} is missing; run `autograder release`, which makes it")
    try:
        book = _opened(path)
        try:
            yield book
        finally:
            book.close()
    except OperationalError as error:
        reason = str(error.orig)
        if "locked" in reason:
            raise Locked(f"{path} is locked by another program; close what has it open") from None
        if "full" in reason:
            raise OSError(28, "No space left on device", str(path)) from None
        raise CourseError(f"{path} cannot be used: {reason}") from None


@cache
def _opened(path):
    """Open a grade book once: every engine of SQLAlchemy's keeps some memory for good."""
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{path}", "neural-networks")


class Locked(CourseError):
    """Another program holds the grade book now."""


def save(assignment, results):
    """Write results into the grade book, all in one commit or none.

    Parameters
    ----------
    results : list of dict
        With ``student``, ``when`` (the text of ``timestamp.txt``), ``scores`` and ``remarks``
        by cell.
    """
    from nbgrader.api import MissingEntry

    with gradebook() as book:
        try:
            known = book.find_assignment(assignment)
        except MissingEntry:
            raise CourseError(f"the grade book does not know {assignment}; "
                              f"run `autograder release {assignment}`, then this again") from None
        there = _submissions(book, known, [result["student"] for result in results])
        _insert(book, known, [one for one in results if one["student"] not in there])
        cells = _cells(known)
        for result in results:
            if result["student"] in there:
                _update(book, there[result["student"]], result, *cells)
        if known.duedate:
            _penalise(book, known, results)
        book.db.commit()


def scores(assignment):
    """Return what the grade book has of each student, as a number to compare (see `digest`)."""
    return {student: digest({row.name: row.auto_score for row in rows})
            for student, rows in _rows(assignment)}


def digest(scores):
    """Return a number that stands for the scores of a submission."""
    return hash(frozenset(scores.items()))


def marks(assignment):
    """Yield student and marks of each submission, the ones given by hand since included."""
    for student, rows in _rows(assignment):
        yield student, {
            "points": sum(row.score for row in rows),
            "max_points": sum(row.max_score for row in rows),
            "to_mark": sum(row.needs_manual_grade for row in rows),
            "by_hand": [[row.name, row.manual_score, row.extra_credit] for row in rows
                        if row.manual_score is not None or row.extra_credit]}


def comments(assignment):
    """Return what persons wrote, by student and cell."""
    from nbgrader.api import BaseCell, Comment, SubmittedAssignment, SubmittedNotebook

    found = {}
    with gradebook() as book:
        known = book.find_assignment(assignment)
        query = (book.db.query(SubmittedAssignment.student_id, BaseCell.name, Comment.comment)
                 .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
                 .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
                 .join(BaseCell, BaseCell.id == Comment.cell_id)
                 .filter(SubmittedAssignment.assignment_id == known.id, Comment.comment != ""))
        for student, cell, comment in query.yield_per(2000):
            found.setdefault(student, {})[cell] = comment
    return found


def _rows(assignment):
    """Yield student and rows (a row a grade), in the order of the students."""
    from itertools import groupby

    from nbgrader.api import (
        BaseCell,
        Grade,
        GradeCell,
        MissingEntry,
        SubmittedAssignment,
        SubmittedNotebook,
    )

    if not (course.folder() / "gradebook.db").exists():
        return
    with gradebook() as book:
        try:
            known = book.find_assignment(assignment)
        except MissingEntry:
            return
        query = (book.db.query(SubmittedAssignment.student_id, BaseCell.name, GradeCell.max_score,
                               Grade.auto_score, Grade.manual_score, Grade.extra_credit,
                               Grade.needs_manual_grade, Grade.score)
                 .select_from(SubmittedAssignment)
                 .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
                 .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
                 .join(GradeCell, GradeCell.id == Grade.cell_id)
                 .filter(SubmittedAssignment.assignment_id == known.id)
                 .order_by(SubmittedAssignment.student_id))
        for student, rows in groupby(query.yield_per(2000), key=lambda row: row.student_id):
            yield student, list(rows)


def _submissions(book, known, students):
    """Return the submissions of these students that the grade book has, by student."""
    from nbgrader.api import SubmittedAssignment

    query = book.db.query(SubmittedAssignment).filter(
        SubmittedAssignment.assignment_id == known.id,
        SubmittedAssignment.student_id.in_(students))
    return {submission.student_id: submission for submission in query}


def _insert(book, known, results):
    """Add submissions that are new, a statement a table."""
    from nbgrader.api import (
        Comment,
        Grade,
        Student,
        SubmittedAssignment,
        SubmittedNotebook,
        new_uuid,
    )

    if not results:
        return
    names = [result["student"] for result in results]
    old = {name for name, in book.db.query(Student.id).filter(Student.id.in_(names))}
    graded, solved = _cells(known)
    rows = {kind: [] for kind in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)}
    rows[Student] = [{"id": name} for name in names if name not in old]
    for result in results:
        submission, notebook = new_uuid(), new_uuid()
        rows[SubmittedAssignment].append({
            "id": submission, "assignment_id": known.id, "student_id": result["student"],
            "timestamp": _timestamp(result)})
        rows[SubmittedNotebook].append({
            "id": notebook, "notebook_id": known.notebooks[0].id, "assignment_id": submission})
        rows[Grade] += [{
            "id": new_uuid(), "cell_id": graded[name], "notebook_id": notebook,
            "auto_score": score, "needs_manual_grade": score is None}
            for name, score in result["scores"].items()]
        rows[Comment] += [{
            "id": new_uuid(), "cell_id": solved[name], "notebook_id": notebook,
            "auto_comment": remark} for name, remark in result["remarks"].items()]
    for kind, values in rows.items():
        if values:
            book.db.execute(kind.__table__.insert(), values)


def _update(book, submission, result, graded, solved):
    """Set what may have changed; what persons gave stays, and waits for them to look again."""
    from nbgrader.api import Comment, Grade

    submission.timestamp = _timestamp(result)
    notebook, = submission.notebooks
    grades = {grade.cell_id: grade for grade in notebook.grades}
    for name, score in result["scores"].items():
        grade = grades.get(graded[name]) or Grade(cell_id=graded[name], notebook=notebook)
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
        book.db.add(grade)
    comments = {comment.cell_id: comment for comment in notebook.comments}
    for name, remark in result["remarks"].items():
        comment = comments.get(solved[name]) or Comment(cell_id=solved[name], notebook=notebook)
        comment.auto_comment = remark
        book.db.add(comment)


def _cells(known):
    """Return the ids of an assignment's graded and of its solution cells, by name."""
    return ({cell.name: cell.id for n in known.notebooks for cell in n.grade_cells},
            {cell.name: cell.id for n in known.notebooks for cell in n.solution_cells})


def _timestamp(result):
    from nbgrader.utils import parse_utc

    with suppress(ValueError, OverflowError):  # a date that is none
        return parse_utc(result["when"]) if result["when"] else None


def _penalise(book, known, results):
    """Take off from what came too late, by nbgrader's rule."""
    rule = _late_rule()
    book.db.flush()
    for submission in _submissions(book, known, [one["student"] for one in results]).values():
        notebook, = submission.notebooks
        notebook.late_submission_penalty = None
        if submission.total_seconds_late:
            amount = rule.plugin_inst.late_submission_penalty(
                submission.student_id, notebook.score, submission.total_seconds_late)
            if amount is not None:
                notebook.late_submission_penalty = rule._check_late_penalty(notebook, amount)


def _late_rule():
    """Return nbgrader's rule for late submissions, as the course configures it."""
    from nbgrader.preprocessors import AssignLatePenalties

    rule = AssignLatePenalties(config=settings.configuration())
    rule.init_plugin()
    return rule


def wait_for(action, seconds=30):
    """Do something as soon as the grade book is not locked; give up after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except Locked:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)

