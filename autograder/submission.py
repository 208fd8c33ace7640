"""One submission, from bytes to a result: restored, run in a box, judged. Writes nothing.

All that this needs of the course travels in a `Work`, so that it runs in a worker on this machine
or on another.
"""

import atexit
import io
import json
import shutil
import traceback
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

import nbformat

from . import scratch, zygote
from .course import CourseError
from .engine import execute
from .notebook import grade_id, read_notebook, restore
from .sandbox import NOT_FOR_BOXES, Limits
from .sheet import Sheet
from .zygote import Failed


@dataclass(frozen=True)
class Work:
    """An assignment as workers need it: sheets and released notebook as JSON, files as a zip.

    `sandbox` is the least that a worker's box has to give (see `autograder.doctor`).
    """

    assignment: str
    sheets: str = field(repr=False)
    released: str = field(repr=False)
    files: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    sandbox: str = "full"

    @classmethod
    def of(cls, assignment, sheets, folder, limits, sandbox):
        """Pack the sheets and the release folder of an assignment."""
        released = (folder / f"{assignment}.ipynb").read_text(encoding="utf-8")
        return cls(assignment, json.dumps([sheet.to_json() for sheet in sheets.values()]),
                   released, _pack(folder), limits, sandbox)


def judge_submission(work, student, data):
    """Judge one submission.

    Parameters
    ----------
    work : Work
    student : str
    data : bytes
        The notebook as it was handed in.

    Returns
    -------
    dict
        ``notebook`` (text), ``pieces`` (reports as dicts) and ``stopped`` (sentences); or
        ``problem``, a sentence, with ``fault``: ``"submission"`` or ``"grader"``.
    """
    try:
        notebook = read_notebook(data, f"{work.assignment}.ipynb")
    except CourseError as error:
        return {"problem": str(error), "fault": "submission"}
    for attempt in ("first", "last"):
        try:
            return _judge(work, student, notebook)
        except Failed as error:  # the box, not the code in it: another box may do
            zygote.drop_zygote()
            trouble = error
        except Exception as error:  # whatever it is, it is not the student's fault
            trouble = error
        if attempt == "last":
            said = "".join(traceback.format_exception(trouble))
            return {"problem": f"grader error: {type(trouble).__name__}: {trouble}"[:500],
                    "fault": "grader", "traceback": said[-5000:]}
        notebook = read_notebook(data, f"{work.assignment}.ipynb")
    return None


def _judge(work, student, notebook):
    sheets, released, folder = unpacked(work)
    restore(notebook, released)
    box = sha256(student.encode()).hexdigest()[:12]
    reports = execute(notebook, sheets, folder, work.limits, box)
    stopped = [output.evalue for cell in notebook.cells for output in cell.get("outputs", [])
               if output.output_type == "error" and output.ename == "Stopped"]
    scores, remarks = _scores(notebook, released, {f"{r.name}-grade": r.points for r in reports})
    return {"notebook": json.dumps(notebook, ensure_ascii=False) + "\n", "stopped": stopped,
            "scores": scores, "remarks": remarks,
            "pieces": [report.to_dict() for report in reports]}


def _scores(notebook, released, judged):
    """Return automatic scores and remarks by cell, as nbgrader's `SaveAutoGrades` gives them."""
    given = {grade_id(cell): cell.source for cell in released.cells}
    scores, remarks = {}, {}
    for cell in notebook.cells:
        name, held = grade_id(cell), cell.metadata.get("nbgrader", {})
        unchanged = held.get("solution") and cell.source == given[name]
        if held.get("solution"):
            remarks[name] = "No response." if unchanged else None
        if name in judged:
            scores[name] = judged[name]
        elif held.get("grade"):
            waits = None if held.get("solution") else _plain_score(cell)
            scores[name] = 0.0 if unchanged else waits
    return scores, remarks


def _plain_score(cell):
    """Return the score of a cell with tests of its own: all of its points, or none."""
    failed = any(output.output_type == "error" for output in cell.get("outputs", []))
    return 0.0 if failed else float(cell.metadata.nbgrader["points"])


@lru_cache(maxsize=4)
def unpacked(work):
    """Return a work's sheets by name, its released notebook, and its files in a folder."""
    sheets = [Sheet.from_json(data) for data in json.loads(work.sheets)]
    folder = scratch.temporary("release")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(work.files)) as file:
        file.extractall(folder)
    released = nbformat.reads(work.released, as_version=4)
    return {sheet.name: sheet for sheet in sheets}, released, folder


def _pack(folder):
    """Zip what a box may hold of a release folder."""
    ignore, buffer = shutil.ignore_patterns(*NOT_FOR_BOXES), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if path.is_file() and not ignore(str(folder), parts):
                file.writestr("/".join(parts), path.read_bytes())
    return buffer.getvalue()
