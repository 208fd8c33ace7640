"""A submission in, an executed notebook and reports out.

Cells run in the box in their order; where a grade cell stands, the piece of that name is judged
as it is at that moment. A cell that has to be stopped costs itself and no other.
"""

import time
from contextlib import suppress

from .judge import judge
from .sandbox import Box, Stopped


def grade_id(cell):
    """Return nbgrader's name of a cell, ``""`` for a cell of the student's own."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def execute(notebook, sheets, files, limits=None):
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

    Returns
    -------
    list of Report
        One for each sheet whose grade cell is in the notebook, in its order.
    """
    reports = []
    with Session(files, limits) as session:
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
    return reports


def result(report):
    """Return a report as the value of a cell; nbgrader reads the points from its text."""
    return {"output_type": "execute_result", "execution_count": None,
            "data": {"text/plain": f"{report.points:.1f}", "text/html": report._repr_html_()},
            "metadata": {"autograder": report.to_dict()}}


class Session:
    """One notebook's box; a box that had to be killed is started again, without that cell."""

    def __init__(self, files, limits=None):
        self.box = Box(files, limits)
        self.done, self.count = [], 0

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
                accounts.append(self.box.call(name, case.inputs, sheet.scenario))
            except Stopped as stopped:
                accounts.append({"failed": str(stopped)})
                break
        return accounts

    def _revive(self):
        """Start the box again if it is gone, and repeat the cells that ended by themselves."""
        while True:
            if time.monotonic() > self.end:
                raise Stopped("not run: the notebook had used its "
                              f"{self.box.limits.notebook:g} seconds")
            if self.box.alive:
                return
            self.box.restart()
            again, self.done = self.done, []
            while again and self.box.alive:
                source = again.pop(0)
                with suppress(Stopped):  # a cell may end Python, or not end, the second time
                    self.box.run(source)
                    self.done.append(source)
            self.done += again


def _error(name, message):
    return {"output_type": "error", "ename": name, "evalue": message,
            "traceback": [f"{name}: {message}"]}


def _as_output(data):
    """Build a valid output from what the box said, which may be anything."""
    from nbformat.v4 import new_output

    kind = data.get("output_type") if isinstance(data, dict) else None
    if kind == "stream":
        name = "stderr" if data.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=str(data.get("text", "")))
    if kind == "error":
        lines = data.get("traceback") if isinstance(data.get("traceback"), list) else []
        return new_output("error", ename=str(data.get("ename")), evalue=str(data.get("evalue")),
                          traceback=[str(line) for line in lines])
    if kind in ("display_data", "execute_result") and isinstance(data.get("data"), dict):
        bundle = {str(k): v if isinstance(v, str) or k.endswith("json") else str(v)
                  for k, v in data["data"].items()}
        metadata = data.get("metadata") if isinstance(data.get("metadata"), dict) else {}
        return new_output(kind, data=bundle, metadata=metadata)
    return new_output("stream", name="stdout", text="")
