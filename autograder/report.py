"""The class at a glance: one self-contained HTML page from the journal."""

from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from statistics import mean, median

from jinja2 import Environment, FileSystemLoader

from . import course
from .course import CourseError
from .feedback import path_of
from .grade import journal, why

TEMPLATES = Path(__file__).with_name("templates")


def report(assignments=None):
    """Write ``course/report.html`` and return its path.

    Raises
    ------
    CourseError
        If nothing is graded yet.
    """
    parts = [summary(a) for a in assignments or course.CHAPTERS if any(journal(a))]
    if not parts:
        raise CourseError("nothing is graded yet; run `autograder grade`")
    page = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True,
                       trim_blocks=True, lstrip_blocks=True).get_template("report.html")
    path = course.folder() / "report.html"
    course.write(path, page.render(parts=parts, now=datetime.now()))
    return path


def summary(assignment):
    """Return what the page says about one assignment, as plain data.

    Returns
    -------
    dict
        ``graded`` (number), ``mean`` and ``median`` (share of the points), ``pieces`` (names),
        ``rows`` (one a student), ``mistakes`` (the most made first), ``problems``.
    """
    entries = list(journal(assignment))
    graded = [e for e in entries if not e["problem"]]
    shares = [e["points"] / e["max_points"] for e in graded if e["max_points"]]
    pieces = list(dict.fromkeys(p["name"] for e in graded for p in e["pieces"]))
    return {
        "assignment": assignment,
        "graded": len(graded),
        "problems": [_row(e, pieces) for e in entries if e["problem"]],
        "mean": mean(shares) if shares else 0.0,
        "median": median(shares) if shares else 0.0,
        "to_mark": sum(e["to_mark"] for e in graded),
        "pieces": [{"name": name, "share": _share(graded, name)} for name in pieces],
        "rows": sorted((_row(e, pieces) for e in graded),
                       key=lambda row: (-row["points"], row["student"])),
        "mistakes": _mistakes(graded),
        "bins": _histogram(shares),
    }


def _row(entry, pieces):
    by_name = {piece["name"]: piece for piece in entry["pieces"]}
    return {
        "student": entry["student"], "points": entry["points"], "max_points": entry["max_points"],
        "to_mark": entry["to_mark"], "why": why(entry),
        "page": path_of(entry).relative_to(course.folder()).as_posix(),
        "cells": [by_name.get(name) for name in pieces],
    }


def _share(graded, name):
    """Return the share of a piece's points that the class got."""
    found = [p for e in graded for p in e["pieces"] if p["name"] == name]
    return sum(p["points"] for p in found) / max(1, sum(p["max_points"] for p in found))


def _mistakes(graded):
    """Return each known mistake with its piece and who made it, the most made first."""
    made = defaultdict(set)
    for entry in graded:
        for piece in entry["pieces"]:
            for case in piece["cases"]:
                if case["mistake"]:
                    made[piece["name"], case["mistake"]].add(entry["student"])
    ranked = sorted(made.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"piece": piece, "mistake": mistake, "students": sorted(students)}
            for (piece, mistake), students in ranked]


def _histogram(shares):
    """Count submissions in ten equal steps of the share of points; full marks join the last."""
    counts = Counter(min(9, int(share * 10)) for share in shares)
    top = max(counts.values(), default=1)
    return [{"from": i * 10, "count": counts[i], "height": counts[i] / top} for i in range(10)]
