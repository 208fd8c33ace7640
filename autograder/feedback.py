"""Feedback pages: nbgrader's for what was graded, a page with the reason for what could not be."""

import hashlib
import html
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache

from . import course
from .course import CourseError
from .grade import journal
from .nbgrader import api
from .pool import CONTEXT, cores

KEYS = ("student", "assignment", "problem", "by_hand", "comments")  # of an entry
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{assignment}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{{font:16px/1.5 sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>
</head><body><h1>{assignment} could not be graded</h1><p>{problem}.</p>
<p>Nothing is lost: the file is kept as you handed it in. Open the notebook in Jupyter, run it once
from top to bottom, save it and hand it in again.</p></body></html>
"""


def feedback(assignment, progress=iter, jobs=None):
    """Write a page for every submission in the journal that has none, or an older one.

    Parameters
    ----------
    assignment : str
    progress : callable
        Wraps the list of journal entries, to show how far it is.
    jobs : int, optional
        Processes; by default one for each processor.

    Returns
    -------
    list of Path

    Raises
    ------
    CourseError
        If nothing is graded yet, or pages could not be made: the others are.
    """
    entries = [{key: entry.get(key) for key in KEYS}
               for entry in journal(course.chapter_of(assignment))]
    if not entries:
        raise CourseError(f"nothing of {assignment} is graded yet; "
                          f"run `autograder grade {assignment}`")
    stale = [entry for entry in entries if not entry["problem"] and not _is_current(entry)]
    pages, faults = [], []
    with _pool(assignment, min(jobs or cores(), len(stale))) as pool:
        made = {entry["student"]: pool.submit(make_page, assignment, entry["student"])
                for entry in stale}
        for entry in progress(entries):
            fault = _finish(entry, made.get(entry["student"]))
            if fault:
                faults.append(f"{entry['student']} ({fault})")
            else:
                pages.append(path_of(entry))
    if faults:
        raise CourseError(f"{len(faults)} of {len(entries)} pages of {assignment} could not be "
                          f"made, for {'; '.join(faults)}; mend that and run the command again")
    return pages


def path_of(entry):
    """Return where the page of a submission is."""
    name = entry["assignment"]
    return course.folder("feedback") / entry["student"] / name / f"{name}.html"


def make_page(assignment, student):
    """Write one page as `nbgrader generate_feedback` does; return what went wrong, or ``""``."""
    converter = _converter(assignment)
    try:
        source = course.folder("autograded") / student / assignment / f"{assignment}.ipynb"
        converter.init_assignment(assignment, student)
        converter.convert_single_notebook(str(source))
        converter.set_permissions(assignment, student)
    except OSError:
        raise
    except Exception as error:  # whatever a notebook makes nbconvert stumble over
        return f"{type(error).__name__}: {error}"[:300]
    return ""


@cache
def _converter(assignment):
    """Return nbgrader's converter with all that is the same for each page made once."""
    from nbconvert.writers import FilesWriter
    from nbgrader.converters import GenerateFeedback
    from traitlets.config import Config

    with api() as nbgrader:
        nbgrader.coursedir.assignment_id = assignment
        converter = GenerateFeedback(coursedir=nbgrader.coursedir, parent=nbgrader)
    converter.update_config(Config({"HTMLExporter": {"template_name": "feedback"}}))
    converter.writer = FilesWriter(parent=converter, config=converter.config)
    converter.exporter = converter.exporter_class(parent=converter, config=converter.config)
    for step in converter.preprocessors:
        converter.exporter.register_preprocessor(step)
    return converter


@contextmanager
def _pool(assignment, jobs):
    """Open processes that make pages; Ctrl-C lets them end the page they are at."""
    if jobs and CONTEXT.get_start_method() == "fork":
        _converter(assignment)  # once, for all that are forked from here
    pool = ProcessPoolExecutor(max(jobs, 1), CONTEXT, signal.signal,
                               (signal.SIGINT, signal.SIG_IGN))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _finish(entry, made):
    """Wait for a page, or write the one for a problem; return what went wrong, or ``""``."""
    if entry["problem"]:
        course.write(path_of(entry), PAGE.format(assignment=entry["assignment"],
                                                 problem=html.escape(entry["problem"])))
        return ""
    if not made:
        return ""
    try:
        fault = made.result()
    except BrokenProcessPool:
        return "a process that made pages was ended from outside"
    if not fault:
        course.write(_stamp(entry), _state(entry))
    return fault


def _is_current(entry):
    stamp = _stamp(entry)
    if not (path_of(entry).exists() and stamp.exists()):
        return False
    if stamp.read_text() == _state(entry):
        return True
    stamp.unlink()  # a page that is half written must not pass for the old one
    return False


def _stamp(entry):
    return course.folder("journal") / entry["assignment"] / f"{course.short(entry['student'])}.page"


def _state(entry):
    """Name all that a page depends on."""
    graded = course.folder("autograded") / entry["student"] / entry["assignment"]
    notebook = (graded / f"{entry['assignment']}.ipynb").read_bytes()
    said = repr([entry.get("by_hand"), entry.get("comments")])
    return hashlib.sha256(notebook + said.encode()).hexdigest()
