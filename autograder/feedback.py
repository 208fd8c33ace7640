"""Feedback pages: nbgrader's for what was graded, a page with the reason for what could not be."""

import hashlib
import html

from . import course
from .course import CourseError
from .grade import journal
from .nbgrader import api, failure

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{assignment}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{{font:16px/1.5 sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>
</head><body><h1>{assignment} could not be graded</h1><p>{problem}.</p>
<p>Nothing is lost: the file is kept as you handed it in. Open the notebook in Jupyter, run it once
from top to bottom, save it and hand it in again.</p></body></html>
"""


def feedback(assignment, progress=iter):
    """Write a page for every submission in the journal that has none, or an older one.

    Returns
    -------
    list of Path

    Raises
    ------
    CourseError
        If nothing is graded yet, or nbgrader cannot write a page.
    """
    entries = journal(course.chapter_of(assignment))
    if not entries:
        raise CourseError(f"nothing of {assignment} is graded yet; "
                          f"run `autograder grade {assignment}`")
    pages = []
    with api() as nbgrader:
        for entry in progress(entries):
            pages.append(_page(nbgrader, entry))
    return pages


def path_of(entry):
    """Return where the page of a submission is."""
    name = entry["assignment"]
    return course.folder("feedback") / entry["student"] / name / f"{name}.html"


def _page(nbgrader, entry):
    path = path_of(entry)
    if entry["problem"]:
        course.write(path, PAGE.format(assignment=entry["assignment"],
                                       problem=html.escape(entry["problem"])))
        return path
    graded = course.folder("autograded") / entry["student"] / entry["assignment"]
    notebook = (graded / f"{entry['assignment']}.ipynb").read_bytes()
    state = hashlib.sha256(notebook + repr([entry.get("by_hand"), entry.get("comments")]).encode())
    written = course.folder("journal") / entry["assignment"] / f"{entry['student']}.page"
    if not (path.exists() and written.exists() and written.read_text() == state.hexdigest()):
        problem = failure(nbgrader.generate_feedback(entry["assignment"], entry["student"]))
        if problem:
            raise CourseError(f"nbgrader could not write {path}: {problem}")
        course.write(written, state.hexdigest())
    return path
