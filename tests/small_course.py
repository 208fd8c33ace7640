"""A course of three pieces and a small class, so that a run of the grader takes seconds."""

import json
import shutil
import sqlite3
from contextlib import closing

from conftest import Clone, copy_course

ASSIGNMENT = "tensors"
PAGE = """
# A small assignment

```{code-cell} ipython3
import numpy as np
from autograder import check
```
%s

+++ {"tags": ["written"], "name": "rank_three_and_four"}

What has rank 3?

+++

Nearly there.

+++ {"tags": ["written"], "name": "standardise_before_splitting"}

What is wrong with that?
"""
PIECE = """

Write {name}.

```{{code-cell}} ipython3
:tags: [exercise]
from nnlib.tensors import {name}
```

```{{code-cell}} ipython3
:tags: [try]
{name}
```
"""
PIECES = ("matmul", "broadcast_shapes", "one_hot")
SLOW = "import time; time.sleep(0.3)\n"
BODIES = {  # student: what each piece is; what is not named stays as it was released
    "Ada": {"matmul": "matmul = lambda a, b: np.matmul(a * 1.0, b)",
            "broadcast_shapes": "broadcast_shapes = np.broadcast_shapes",
            "one_hot": "one_hot = lambda labels, n: np.equal.outer(labels, np.arange(n)) * 1.0"},
    "Bela": {"matmul": SLOW + "matmul = lambda a, b: a * b"},
    "Çelik": {"matmul": "def matmul(a, b):\n    return a @ b", "one_hot": "1 / 0"},
    "Dan O'Neil": {"one_hot": "def one_hot(labels, num_classes):\n    import time\n"
                              "    time.sleep(0.15)\n    return np.eye(num_classes)[labels]"},
    "Eve": {},
    "Fay": {"broadcast_shapes": SLOW + "def broadcast_shapes(*shapes):\n"
                                       "    return np.zeros(shapes[0]).shape",
            "rank_three_and_four": "A film: frames, rows, columns."},
    "Gus": {"matmul": "import os\nos._exit(3)", "one_hot": "one_hot = 3"},
    "하나": {"matmul": SLOW + "matmul = np.matmul", "standardise_before_splitting": "It peeks."},
}


def small_course(folder):
    """Copy the course with a page of three pieces only, release it, and let a class hand in."""
    clone = copy_course(folder)
    page = clone.root / "exercises" / f"{ASSIGNMENT}.md"
    head = page.read_text(encoding="utf-8").partition("\n# ")[0]
    pieces = "".join(PIECE.format(name=name) for name in PIECES)
    page.write_text(head + PAGE % pieces, encoding="utf-8")
    done = clone.run("release", ASSIGNMENT)
    assert done.returncode == 0, done.stderr
    for student, bodies in BODIES.items():
        hand_in(clone, student, bodies)
    done = clone.run("collect", "handed_in")
    assert done.returncode == 0, done.stderr
    return clone


def hand_in(clone, student, bodies):
    """Put a notebook with these bodies where `autograder collect handed_in` finds it."""
    path = clone.root / "course" / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = bodies.get(name, cell["source"])
    target = clone.root / "handed_in" / student / f"{ASSIGNMENT}.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(notebook), encoding="utf-8")


def copy_small(clone, folder):
    """Copy what grading needs of a small course: what was released, handed in, and graded."""
    shutil.copytree(clone.root / "course", folder / "course")
    shutil.copy(clone.root / "nbgrader_config.py", folder)
    return Clone(folder)


TABLES = {  # what a grade book says, without the numbers by which its tables know each other
    "students": "SELECT id FROM student",
    "submissions": "SELECT student_id, timestamp FROM submitted_assignment",
    "notebooks": """SELECT student_id, late_submission_penalty
        FROM submitted_notebook JOIN submitted_assignment
        ON submitted_assignment.id = submitted_notebook.assignment_id""",
    "grades": """SELECT student_id, base_cell.name, auto_score, manual_score, extra_credit,
        needs_manual_grade FROM grade JOIN base_cell ON base_cell.id = grade.cell_id
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id""",
    "comments": """SELECT student_id, base_cell.name, auto_comment, manual_comment
        FROM comment JOIN base_cell ON base_cell.id = comment.cell_id
        JOIN submitted_notebook ON submitted_notebook.id = comment.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id""",
}


def grade_book(clone):
    """Return all that the grade book says, in an order of its own."""
    with closing(sqlite3.connect(clone.root / "course" / "gradebook.db")) as book:
        assert book.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {table: sorted(map(repr, book.execute(query))) for table, query in TABLES.items()}


def journal(clone):
    """Return the entries of the journal by student, without what the machine's box was."""
    found = {}
    for path in entries(clone):
        found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        found[path.stem].pop("box", None)
    return found


def entries(clone):
    return sorted((clone.root / "course" / "journal" / ASSIGNMENT).glob("[!.]*.json"))


def result(clone):
    """Return all that a run of the grader leaves: grade book, journal, executed notebooks."""
    folder = clone.root / "course" / "autograded"
    return {"grade book": grade_book(clone), "journal": journal(clone),
            "notebooks": {str(path.relative_to(folder)): path.read_bytes()
                          for path in sorted(folder.rglob("*")) if path.is_file()}}
