"""Notebooks that anybody may have written are read or refused, and the released cells restored."""

import json
from copy import deepcopy

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder import notebook as notebooks
from autograder.course import CourseError
from autograder.notebook import grade_id, read_file, read_notebook, restore


def cell(name, source, locked=True, **options):
    solution = not locked
    held = {"grade": locked, "grade_id": name, "locked": locked, "solution": solution,
            "task": False, "schema_version": 3} | options
    if held["grade"]:
        held.setdefault("points", 2)
    return new_code_cell(source, metadata={"nbgrader": held})


def released():
    """A release: text, an answer cell, its tests, and another pair."""
    text = new_markdown_cell("# Activations", metadata={"nbgrader": {
        "grade": False, "grade_id": "intro", "locked": True, "solution": False, "task": False,
        "schema_version": 3}})
    one = new_notebook(cells=[text, cell("relu", "def relu(x):\n    ...", locked=False),
                              cell("relu-grade", "check(relu)"),
                              cell("tanh", "def tanh(x):\n    ...", locked=False),
                              cell("tanh-grade", "check(tanh)")])
    one.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return one


def names(notebook):
    return [grade_id(one) for one in notebook.cells]


def by_name(notebook):
    return {grade_id(one): one for one in notebook.cells}


def restored(change):
    """Change a copy of the release as a student may have, and restore it."""
    submission = released()
    change(submission.cells, submission)
    restore(submission, released())
    nbformat.validate(submission)
    return submission


# Reading


def as_bytes(**change):
    return json.dumps(json.loads(nbformat.writes(released())) | change).encode()


def test_a_notebook_is_read_with_all_its_cells():
    assert names(read_notebook(as_bytes(), "n.ipynb")) == names(released())


def test_a_byte_order_mark_is_no_damage():
    assert read_notebook(b"\xef\xbb\xbf" + as_bytes(), "n.ipynb").cells


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5])
def test_formats_of_version_4_are_read(minor):
    source = {"cells": [{"cell_type": "code", "source": ["x = 1"], "metadata": {}, "outputs": [],
                         "execution_count": None}], "metadata": {}, "nbformat": 4,
              "nbformat_minor": minor}
    if minor >= 5:
        source["cells"][0]["id"] = "a"
    assert read_notebook(json.dumps(source).encode(), "n.ipynb").cells[0].source == "x = 1"


def test_a_notebook_of_version_3_is_read_as_version_4():
    source = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old"}, "worksheets": [
        {"metadata": {}, "cells": [{"cell_type": "code", "language": "python", "input": ["x = 1"],
                                    "metadata": {}, "outputs": [], "collapsed": False}]}]}
    read = read_notebook(json.dumps(source).encode(), "n.ipynb")
    assert read.nbformat == 4 and read.cells[0].source == "x = 1"


@pytest.mark.parametrize("data, reason", [
    (b"", "its JSON breaks off in line 1"), (as_bytes()[:-9], "its JSON breaks off in line"),
    (b"\x89PNG\r\n\xff", "it is not text"), ("{}".encode("utf-16"), "it is not text"),
    (b"[" * 10**6, "is not a notebook"), (b"9" * 10**5, "is not a"),
    (b"[]", "is not a valid notebook: no cells"), (b"null", "no cells"), (b"5", "no cells"),
    (b"{}", "is not a valid notebook"), (b'{"nbformat": 4}', "is not a valid notebook"),
    (b'{"nbformat": 99, "cells": []}', "is not a valid notebook"),
    (as_bytes(cells=5), "is not a valid notebook"), (as_bytes(cells=[5]), "is not a valid"),
    (as_bytes(cells=[{"cell_type": "code"}]), "is not a valid"), (as_bytes(metadata=[]), "valid"),
    (as_bytes(cells=[{"cell_type": "none", "source": "", "metadata": {}}]), "is not a valid"),
    (as_bytes(nbformat="4"), "is not a valid"), (as_bytes(nbformat=None), "is not a valid"),
], ids=lambda part: repr(part)[:30] if isinstance(part, bytes) else "")
def test_what_is_no_notebook_is_refused_in_a_sentence(data, reason):
    with pytest.raises(CourseError) as refused:
        read_notebook(data, "ada.ipynb")
    said = str(refused.value)
    assert said.startswith("ada.ipynb is") and reason in said and "\n" not in said


def test_a_notebook_has_a_largest_size(monkeypatch, tmp_path):
    monkeypatch.setattr(notebooks, "MOST", 2**20)
    data = as_bytes(cells=[new_code_cell("x" * 2**20)])
    (tmp_path / "n.ipynb").write_bytes(data)
    for read in (lambda: read_notebook(data, "n.ipynb"), lambda: read_file(tmp_path / "n.ipynb")):
        with pytest.raises(CourseError, match="n.ipynb is larger than 1 MiB"):
            read()


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()],
                         ids=["missing", "a folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, make):
    make(tmp_path / "n.ipynb")
    with pytest.raises(CourseError, match="^n.ipynb cannot be read: "):
        read_file(tmp_path / "n.ipynb")


def test_half_characters_are_mended():
    data = as_bytes(cells=[new_code_cell("x")]).replace(b'"x"', b'"\\ud800"')
    assert nbformat.writes(read_notebook(data, "n.ipynb")).encode()


@given(st.binary(max_size=200) | st.builds(
    lambda at, new: as_bytes()[:at] + new + as_bytes()[at + len(new):],
    st.integers(0, len(as_bytes())), st.binary(max_size=9)))
def test_any_bytes_are_read_or_refused_in_a_sentence(data):
    try:
        notebook = read_notebook(data, "n.ipynb")
    except CourseError as error:
        assert "\n" not in str(error) and str(error).startswith("n.ipynb is")
    else:
        restore(notebook, released())
        assert {*names(released())} <= {*names(notebook)}


# The name of a cell


@pytest.mark.parametrize("held", [None, 5, "text", [], {}, {"grade_id": 5}, {"grade_id": None},
                                  {"grade_id": ["relu"]}])
def test_a_cell_with_odd_metadata_has_no_name(held):
    assert grade_id(new_code_cell(metadata={"nbgrader": held})) == ""


# Restoring


def test_an_honest_submission_keeps_its_answers():
    def answer(cells, _):
        cells[1].source = "def relu(x):\n    return np.maximum(x, 0)"

    notebook = restored(answer)
    assert names(notebook) == names(released())
    assert "maximum" in notebook.cells[1].source
    assert notebook.cells[2].source == "check(relu)"


@pytest.mark.parametrize("change", [
    lambda cells, _: cells[2].update(source="2.0"),
    lambda cells, _: cells[2].metadata.nbgrader.update(points=99),
    lambda cells, _: cells[2].metadata.nbgrader.update(locked=False, solution=True, grade=False),
    lambda cells, _: cells[2].metadata.nbgrader.update(schema_version="x", checksum="y"),
    lambda cells, _: cells[2].update(cell_type="markdown"),
    lambda cells, _: cells[2].update(cell_type="raw", source="x"),
    lambda cells, _: cells[0].update(source="<script>"),
    lambda cells, _: cells[1].metadata.nbgrader.update(grade=True, points=99),
    lambda cells, _: cells.pop(2), lambda cells, _: cells.pop(0), lambda cells, _: cells.clear(),
    lambda cells, _: cells.append(deepcopy(cells[2])),
    lambda cells, _: cells[2].metadata.nbgrader.update(grade_id="renamed"),
    lambda cells, _: cells[2].metadata.update(nbgrader=[]),
    lambda cells, notebook: notebook.metadata.update(kernelspec={"name": "bash"}),
    lambda cells, notebook: notebook.metadata.pop("kernelspec"),
], ids=["source", "points", "roles", "schema", "markdown", "raw", "text", "own points", "deleted",
        "intro deleted", "all deleted", "doubled", "renamed", "no metadata", "kernel",
        "no kernel"])
def test_whatever_is_edited_the_released_cells_are_there_once_and_as_they_were(change):
    notebook, source = restored(change), by_name(released())
    found = [one for one in notebook.cells if grade_id(one)]
    assert sorted(map(grade_id, found)) == sorted(source)
    for one in found:
        original = source[grade_id(one)]
        assert one.metadata.nbgrader == original.metadata.nbgrader
        assert one.cell_type == original.cell_type
        if original.metadata.nbgrader.locked:
            assert one.source == original.source
    assert notebook.metadata.kernelspec == released().metadata.kernelspec


def test_a_missing_cell_comes_after_the_one_it_followed():
    def change(cells, _):
        del cells[2]
        cells.insert(2, new_code_cell("own = 1"))

    assert names(restored(change)) == ["intro", "relu", "relu-grade", "", "tanh", "tanh-grade"]


def test_cells_missing_from_the_start_come_first():
    notebook = restored(lambda cells, _: cells.__delitem__(slice(0, 3)))
    assert names(notebook) == names(released())


def test_of_a_doubled_cell_the_last_one_counts():
    def change(cells, _):
        cells[1].source = "first = 1"
        cells.insert(4, cell("relu", "last = 1", locked=False))

    notebook = restored(change)
    assert by_name(notebook)["relu"].source == "last = 1"
    assert [one.source for one in notebook.cells if not grade_id(one)] == ["first = 1"]


def test_the_students_own_cells_and_order_stay():
    def change(cells, _):
        cells.reverse()
        cells.insert(1, new_code_cell("own = 1"))

    notebook = restored(change)
    assert names(notebook) == ["tanh-grade", "", "tanh", "relu-grade", "relu", "intro"]
    assert notebook.cells[1].source == "own = 1"


def test_a_cell_that_claims_a_name_of_its_own_gets_no_points():
    notebook = restored(lambda cells, _: cells.append(cell("bonus-grade", "99.0", points=99)))
    assert "nbgrader" not in notebook.cells[-1].metadata


def test_the_text_of_a_solution_survives_another_type():
    def change(cells, _):
        cells[1] = new_markdown_cell("relu = abs", metadata=cells[1].metadata)

    one = by_name(restored(change))["relu"]
    assert (one.cell_type, one.source) == ("code", "relu = abs")


def test_outputs_and_counts_of_the_submission_are_gone():
    def change(cells, _):
        for one in cells[1:]:
            one.outputs, one.execution_count = [new_output("stream", text="2.0")], 7

    notebook = restored(change)
    assert all(not one.outputs and one.execution_count is None for one in notebook.cells[1:])


def test_line_ends_of_windows_become_ours():
    notebook = restored(lambda cells, _: cells[1].update(source="a = 1\r\nb = 2"))
    assert notebook.cells[1].source == "a = 1\nb = 2"


def test_restoring_twice_changes_nothing_more():
    notebook = restored(lambda cells, _: cells.__delitem__(slice(1, 3)))
    before = nbformat.writes(notebook)
    restore(notebook, released())
    assert nbformat.writes(notebook) == before


def test_the_release_itself_is_not_touched():
    source = released()
    before = nbformat.writes(source)
    submission = released()
    submission.cells.clear()
    restore(submission, source)
    for one in submission.cells:
        one.source, one.metadata.nbgrader.points = "changed", 99
    assert nbformat.writes(source) == before
