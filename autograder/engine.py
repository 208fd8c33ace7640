"""A submission in, an executed notebook and reports out.

Cells run in the box in their order; where a grade cell stands, the piece of that name is judged
as it is at that moment. A cell that has to be stopped costs itself and no other.
"""

import json
import random
import time
from contextlib import suppress

from nbformat import from_dict

from .compare import agree
from .judge import judge
from .notebook import grade_id
from .safe_html import clean_notebook
from .sandbox import Box, Stopped

ROOM = 20 * 2**20  # characters of output of a whole notebook
AGAIN = 3  # cases of a piece that are tried twice


def execute(notebook, sheets, files, limits=None, name="work"):
    """Run a notebook and judge its pieces.

    Parameters
    ----------
    notebook : NotebookNode
        Its outputs are replaced.
    sheets : dict of Sheet
        The pieces of the assignment, by name.
    files : Path
        The release folder of the assignment.
    limits : Limits, optional
    name : str
        Of the box's folder.

    Returns
    -------
    list of Report
        One for each sheet whose grade cell is in the notebook, in its order.
    """
    reports = []
    with Session(files, limits, name) as session:
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            name = grade_id(cell).removesuffix("-grade")
            if name in sheets and grade_id(cell).endswith("-grade"):
                report = judge(sheets[name], session.attempts(sheets[name], name))
                reports.append(report)
                cell.outputs = [_as_output(result(report))]
            else:
                what = f"the cell {grade_id(cell)}" if grade_id(cell) else "this cell"
                cell.outputs = [_as_output(o) for o in session.run(cell.source, what)]
            cell.execution_count = session.count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = session.count
    clean_notebook(notebook)
    return reports


def result(report):
    """Return a report as the value of a cell; nbgrader reads the points from its text."""
    return {"output_type": "execute_result", "execution_count": None,
            "data": {"text/plain": f"{report.points:.1f}", "text/html": report._repr_html_()},
            "metadata": {"autograder": report.to_dict()}}


class Session:
    """One notebook's box; a box that had to be killed is started again, without that cell."""

    def __init__(self, files, limits=None, name="work"):
        self.box = Box(files, limits, name=name)
        self.done, self.count, self.room = [], 0, ROOM

    def __enter__(self):
        self.box.__enter__()
        self.end = time.monotonic() + self.box.limits.notebook
        return self

    def __exit__(self, *exception):
        self.box.__exit__()

    def run(self, source, what="this cell"):
        """Run a cell and return its outputs."""
        self.count += 1
        try:
            self._revive()
            outputs, _ = self.box.run(source, what)
        except Stopped as stopped:
            return [_error("Stopped", str(stopped))]
        self.done.append(source)
        self.room -= len(json.dumps(outputs))
        if self.room < 0:
            return [_error("Stopped", "the output of this cell is left out: the notebook's cells "
                           f"wrote more than {ROOM // 2**20} MiB")]
        for output in outputs:  # reports are the judge's to write
            if isinstance(output, dict) and isinstance(output.get("metadata"), dict):
                output["metadata"].pop("autograder", None)
        return outputs

    def attempts(self, sheet, name):
        """Attempt the cases of a sheet on the object called `name`; return the accounts.

        After a case that had to be stopped, no other is tried.
        """
        self.count += 1
        accounts = []
        for case in sheet.cases:
            try:
                self._revive()
                accounts.append(self.box.call(name, case.inputs, sheet.scenario,
                                              sheet.forbidden))
            except Stopped as stopped:
                accounts.append({"failed": str(stopped)})
                return accounts
        self._again(sheet, name, accounts)
        return accounts

    def _again(self, sheet, name, accounts):
        """Attempt a few cases again, in another order: who counts the calls is found out."""
        for number in _order(sheet)[:AGAIN]:
            first, case = accounts[number], sheet.cases[number]
            if "value" not in first:
                continue
            try:
                second = self.box.call(name, case.inputs, sheet.scenario, sheet.forbidden)
            except Stopped as stopped:
                second = {"failed": str(stopped)}
            if "value" not in second or not agree(second["value"], first["value"], sheet.rtol,
                                                  sheet.atol):
                accounts[number] = {"failed": "gave another answer to the same inputs when it was "
                                              "called again"}
            if not self.box.alive:
                return

    def _revive(self):
        """Start the box again if it is gone, and repeat the cells that ended by themselves."""
        while True:
            self._look_at_clock()
            if self.box.alive:
                return
            self.box.restart()
            again, self.done = self.done, []
            while again and self.box.alive:
                self._look_at_clock()
                source = again.pop(0)
                with suppress(Stopped):  # a cell may end Python, or not end, the second time
                    self.box.run(source)
                    self.done.append(source)
            self.done += again


    def _look_at_clock(self):
        if time.monotonic() > self.end:
            raise Stopped("not run: the notebook had used its "
                          f"{self.box.limits.notebook:g} seconds")


def _order(sheet):
    """Return the numbers of the cases, shuffled by what only the judge knows: the answers."""
    answers = b"".join(part.tobytes() for case in sheet.cases for part in case.expected.values())
    return random.Random(answers).sample(range(len(sheet.cases)), len(sheet.cases))


def _error(name, message):
    return {"output_type": "error", "ename": name, "evalue": message,
            "traceback": [f"{name}: {message}"]}


def _as_output(data):
    """Build an output from what the box said, which may be anything; `clean_notebook` follows."""
    kind = data.get("output_type") if isinstance(data, dict) else None
    if kind == "stream":
        name = "stderr" if data.get("name") == "stderr" else "stdout"
        return _output("stream", name=name, text=str(data.get("text", "")))
    if kind == "error":
        lines = data.get("traceback") if isinstance(data.get("traceback"), list) else []
        return _output("error", ename=str(data.get("ename")), evalue=str(data.get("evalue")),
                       traceback=[str(line) for line in lines])
    if kind in ("display_data", "execute_result") and isinstance(data.get("data"), dict):
        bundle = {str(k): v if isinstance(v, str) else str(v) for k, v in data["data"].items()}
        metadata = data.get("metadata") if isinstance(data.get("metadata"), dict) else {}
        count = {"execution_count": None} if kind == "execute_result" else {}
        return _output(kind, data=bundle, metadata=metadata, **count)
    return _output("stream", name="stdout", text="")


def _output(kind, **parts):
    return from_dict({"output_type": kind, **parts})
