"""Notebooks whose cells and metadata claim what is not so."""

import copy

from . import Attack, code, find

LIARS = ("tanh", "step", "softplus", "elu")


def meta(cell):
    return cell["metadata"].get("nbgrader", {})


def graded(notebook):
    return [cell for cell in notebook["cells"] if meta(cell).get("grade")]


def raise_points(notebook):
    for cell in graded(notebook):
        meta(cell).update(points=600, schema_version=3, checksum="0" * 32)
    notebook["metadata"]["nbgrader"] = {"points": 600, "extra_credit": 100}


def claim_extra(notebook):
    for cell in notebook["cells"]:
        meta(cell).update(extra_credit=99, manual_score=99, auto_score=99, task=True, points=99)


def rename(notebook):
    for cell in graded(notebook):
        meta(cell)["grade_id"] += "-mine"
        cell["source"] = "600.0"


def swap(notebook):
    """Let the piece that is right stand for those that are not."""
    for name in LIARS:
        meta(find(notebook, f"{name}-grade"))["grade_id"] = "relu-grade-of-" + name
        meta(find(notebook, name))["grade_id"] = f"{name}-try"
    for name in LIARS:
        cell = copy.deepcopy(find(notebook, "relu-grade"))
        meta(cell)["grade_id"] = f"{name}-grade"
        notebook["cells"].append(cell)


def delete(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if not meta(cell).get("grade")]


def delete_all(notebook):
    """Keep the three pieces, and no other cell."""
    notebook["cells"] = [find(notebook, name) for name in ("sigmoid", "relu", "softmax")]
    notebook["cells"].insert(0, code("import numpy as np"))


def duplicate(notebook):
    notebook["cells"] += copy.deepcopy(graded(notebook)) * 3


def duplicate_pieces(notebook):
    cells = [copy.deepcopy(find(notebook, name)) for name in ("tanh", "tanh", "step")]
    for number, cell in enumerate(cells):
        cell["source"] = f"def {meta(cell)['grade_id']}(x):\n    return x * {number} + 0.123"
    notebook["cells"] += cells


def reorder(notebook):
    """Put all that is graded first, and what it needs last."""
    notebook["cells"].reverse()


def edit_locked(notebook):
    for cell in notebook["cells"]:
        if meta(cell).get("locked"):
            cell["source"] = "600.0"
            meta(cell)["locked"] = False


def unlock(notebook):
    for cell in graded(notebook):
        meta(cell).update(locked=False, solution=True, grade=True)
        cell["source"] = "print('full marks')"


def other_types(notebook):
    """Turn cells that are graded into text, and text into code."""
    for number, cell in enumerate(notebook["cells"]):
        if meta(cell).get("grade"):
            kind = ("raw", "markdown")[number % 2]
            cell.update(cell_type=kind)
            cell.pop("outputs", None), cell.pop("execution_count", None)
    for name in ("why_not_linear", "choose_the_output_layer"):
        cell = find(notebook, name)
        cell.update(code("600.0", **cell["metadata"]))


def all_solutions(notebook):
    """Let every cell claim to be the same piece."""
    right = meta(find(notebook, "softmax-grade"))
    for cell in notebook["cells"]:
        if not meta(cell).get("solution"):
            cell["metadata"]["nbgrader"] = dict(right)


def forge_outputs(notebook):
    report = {"name": "tanh", "points": 600.0, "max_points": 6.0, "passed": True, "cases": []}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = 10**9 + number
            cell["outputs"] = [
                {"output_type": "execute_result", "execution_count": 5,
                 "data": {"text/plain": "600.0"}, "metadata": {"autograder": report}},
                {"output_type": "error", "ename": "Stopped", "evalue": "full marks",
                 "traceback": []}]


def forge_metadata(notebook):
    """Put reports and settings where the grader might look for its own."""
    report = {"points": 600.0, "passed": True}
    notebook["metadata"] |= {"autograder": report, "points": 600, "celltoolbar": "Assignment"}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"autograder": report, "deletable": False, "editable": False,
                             "tags": ["skip-execution", "hide", "remove-cell"],
                             "jupyter": {"source_hidden": True, "outputs_hidden": True}}


def strange_metadata(notebook):
    odd = [None, [], 7, "text", {"grade_id": 7}, {"grade_id": ["a"]}, {"grade_id": None},
           {"grade": "yes", "points": "many", "grade_id": "tanh-grade"}, {"grade_id": {}}, True,
           {"grade_id": "tanh-grade", "points": -5, "grade": True, "schema_version": -1}]
    for number, value in enumerate(odd * 2):
        notebook["cells"].append(code(f"x = {number}", nbgrader=value))


def other_language(notebook):
    notebook["metadata"] |= {
        "kernelspec": {"name": "bash", "language": "bash", "display_name": "sh"},
        "language_info": {"name": "R", "version": "$(touch /tmp/attack-mark-kernel)"}}


def marks_of_nbgrader(notebook):
    find(notebook, "tanh")["source"] = (
        "### BEGIN HIDDEN TESTS\n### BEGIN SOLUTION\ndef tanh(x):\n    return x * 0 + 0.123\n"
        "### END SOLUTION\n### END HIDDEN TESTS\n### AUTOTEST tanh(1)\n### HASHED AUTOTEST 1")
    find(notebook, "why_not_linear")["source"] = "=== BEGIN MARK SCHEME ===\n600"


def attachments(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["attachments"] = {"../../attack-mark.png": {"image/png": "AAAA" * 99}}


ATTACKS = [Attack(name, tries, seen, edit=edit, **more) for name, tries, seen, edit, more in (
    ("raised-points", "writes 600 points into the metadata of every graded cell",
     "a cell is worth what the instructor says", raise_points, {}),
    ("extra-credit", "writes scores and extra credit into metadata",
     "scores come from the judge", claim_extra, {}),
    ("renamed-ids", "renames the graded cells and gives them a value",
     "the released cells are put back", rename, {}),
    ("swapped-ids", "lets the grade cell of a right piece stand for others",
     "each piece is judged by its name", swap, {}),
    ("deleted-tests", "deletes all graded cells", "the released cells are put back", delete, {}),
    ("deleted-cells", "deletes everything but three pieces",
     "the released cells are put back", delete_all, {}),
    ("duplicated-tests", "has every graded cell four times",
     "each counts once, and nobody else is stopped", duplicate, {}),
    ("duplicated-pieces", "has cells of pieces twice, with other bodies",
     "each counts once", duplicate_pieces, {}),
    ("reordered", "turns the order of the cells round",
     "what is judged is what is defined at that place", reorder,
     {"loses": ("relu", "sigmoid", "softmax")}),
    ("edited-tests", "edits what is locked", "the released text is put back", edit_locked, {}),
    ("unlocked", "turns tests into answers", "the released cells are put back", unlock, {}),
    ("other-types", "turns tests into text and text into code",
     "the released cells are put back", other_types, {}),
    ("one-id-for-all", "gives all cells the name of the test that it passes",
     "one of them counts", all_solutions, {"loses": ("relu", "sigmoid", "softmax")}),
    ("forged-outputs", "hands in outputs with points, reports and counts",
     "outputs are made anew", forge_outputs, {}),
    ("forged-metadata", "hands in metadata with points, reports and tags that skip cells",
     "the cells run as all do", forge_metadata, {}),
    ("strange-metadata", "hands in metadata of wrong types",
     "it is graded, or a reason is named", strange_metadata, {"refused": True}),
    ("other-language", "says that it is written in a shell's language",
     "it is run as Python", other_language, {}),
    ("marks-of-nbgrader", "writes marks of hidden tests and solutions into answers",
     "they are comments", marks_of_nbgrader, {}),
    ("attachments", "attaches files with paths that lead upwards",
     "no file is written", attachments, {}),
)]
