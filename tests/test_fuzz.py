"""Two thousand notebooks changed at random: each ends in a grade, or in a reason that is named."""

import json
import shutil
from collections import Counter
from dataclasses import dataclass, replace

import nbformat
import pytest
from mutants import PIECES, mutant, seeds
from small_course import entries, small_course

from autograder import zygote
from autograder.notebook import grade_id, read_notebook
from autograder.pool import judge_here
from autograder.references import sheets
from autograder.sandbox import Limits
from autograder.submission import Work

MUTANTS, OF_THE_COMMANDS = 2000, 100
LIMITS = Limits(cell=2, call=1, notebook=5)
BLANK = 2  # of the seeds: as it was released


@dataclass
class Judged:
    """What became of a mutant."""

    number: int
    done: list
    result: dict

    @property
    def graded(self):
        return "problem" not in self.result


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """An assignment of three pieces with three cases each."""
    chosen = {name: replace(sheet, cases=sheet.cases[:3])
              for name, sheet in sheets("tensors").items() if name in PIECES}
    folder = tmp_path_factory.mktemp("release")
    (folder / "tensors.ipynb").write_text(json.dumps(seeds()[BLANK]), encoding="utf-8")
    return Work.of("tensors", chosen, folder, LIMITS, "full")


@pytest.fixture(scope="module")
def judged(work):
    mutants = {str(number): mutant(number) for number in range(MUTANTS)}
    zygote.zygote()  # one for both workers
    tasks = ((name, data) for name, (data, _) in mutants.items())
    return [Judged(int(name), mutants[name][1], result)
            for name, result in judge_here(work, tasks, 2)]


@pytest.fixture(scope="module")
def released(work):
    return {grade_id(cell): cell for cell in nbformat.reads(work.released, 4).cells
            if grade_id(cell)}


def wrong(judged, right):
    """Return the mutants for which something is not as it should be."""
    return [(one.number, one.done, one.result.get("problem")) for one in judged if not right(one)]


def test_every_mutant_is_judged_once(judged):
    assert sorted(one.number for one in judged) == list(range(MUTANTS))


def test_no_mutant_breaks_the_grader(judged):
    assert not [(one.number, one.done, one.result["problem"], one.result.get("traceback"))
                for one in judged if one.result.get("fault") == "grader"]


def test_both_ends_are_common(judged):
    ends = Counter(one.graded for one in judged)
    assert min(ends.values()) > MUTANTS / 5, ends


def test_a_mutant_without_a_grade_has_a_reason_in_one_sentence(judged):
    assert not wrong(judged, lambda one: one.graded or (
        one.result["fault"] == "submission"
        and one.result["problem"].startswith("tensors.ipynb is ")
        and len(one.result["problem"].splitlines()) == 1 and len(one.result["problem"]) < 300))


def test_every_score_lies_between_nothing_and_all(judged, released):
    def right(one):
        scores = one.result["scores"]
        return scores.keys() == limits.keys() and all(
            score is None if released[name].metadata.nbgrader["solution"] and score is None
            else 0 <= score <= limits[name] for name, score in scores.items())

    limits = {name: cell.metadata.nbgrader["points"] for name, cell in released.items()
              if cell.metadata.nbgrader["grade"]}
    assert not wrong(judged, lambda one: not one.graded or right(one))


def test_every_piece_is_judged_once(judged):
    assert not wrong(judged, lambda one: not one.graded or sorted(
        piece["name"] for piece in one.result["pieces"]) == sorted(PIECES))


def test_every_notebook_is_valid_and_holds_the_released_cells(judged, released):
    def right(one):
        written = json.loads(one.result["notebook"])
        assert len({cell["id"] for cell in written["cells"]}) == len(written["cells"]), one.number
        notebook = nbformat.v4.reads(one.result["notebook"])
        nbformat.validate(notebook)
        found = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
        return sorted(map(grade_id, found)) == sorted(released) and all(
            cell.metadata.nbgrader == released[grade_id(cell)].metadata.nbgrader
            and cell.cell_type == released[grade_id(cell)].cell_type
            and (not cell.metadata.nbgrader["locked"]
                 or cell.source == released[grade_id(cell)].source) for cell in found)

    assert not wrong(judged, lambda one: not one.graded or right(one))


def test_a_notebook_read_twice_is_the_same_notebook(judged):
    for one in judged:
        if one.graded:
            data, _ = mutant(one.number)
            assert read_notebook(data, "n") == read_notebook(data, "n"), one.number


def test_every_result_can_be_written(judged):
    for one in judged:
        text = json.dumps(one.result, ensure_ascii=False, allow_nan=False)
        assert json.loads(text.encode()) == one.result, one.number


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """A class of mutants, through all commands of a course, and what each of them said."""
    clone = small_course(tmp_path_factory.mktemp("mutants"))
    for room in ("course/submitted", "handed_in"):
        shutil.rmtree(clone.root / room)
    for number in range(MUTANTS, MUTANTS + OF_THE_COMMANDS):
        path = clone.root / "handed_in" / f"mutant {number}" / "tensors.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(mutant(number)[0])
    verbs = (["collect", "handed_in"], ["grade", "--jobs", "2"], ["feedback"], ["report"])
    return clone, {verb[0]: clone.run(*verb, "--json") for verb in verbs}


def test_no_command_ends_in_a_traceback(commands):
    for verb, done in commands[1].items():
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == (verb in ("collect", "grade")), (verb, done.stderr)


def test_the_commands_leave_no_mutant_out(commands):
    clone, said = commands
    everybody = {f"mutant {number}" for number in range(MUTANTS, MUTANTS + OF_THE_COMMANDS)}
    assert {one["student"] for one in json.loads(said["collect"].stdout)} == everybody
    assert {path.stem for path in entries(clone)} == everybody
    pages = json.loads(said["feedback"].stdout)["pages"]
    assert len(pages) == OF_THE_COMMANDS and all(
        (clone.root / "course" / "feedback" / name / "tensors" / "tensors.html").exists()
        for name in everybody)
    rows = json.loads(said["report"].stdout)
    assert {row["student"] for part in rows for row in part["problems"] + part["rows"]} == everybody


def test_collecting_again_changes_nothing(commands):
    clone, _ = commands
    folder = clone.root / "course" / "submitted"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    clone.run("collect", "handed_in")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_grade_and_the_reason_of_a_mutant_are_the_same_in_the_report(commands):
    _, said = commands
    graded = {one["student"]: one["problem"] for one in json.loads(said["grade"].stdout)}
    for part in json.loads(said["report"].stdout):
        assert all(graded[row["student"]] for row in part["problems"])
        assert not any(graded[row["student"]] for row in part["rows"])
