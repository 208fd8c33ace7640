"""The benchmarks: the class that is graded, and that the peers do the same work as ours."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder import course  # noqa: E402
from autograder.attempt import attempt  # noqa: E402
from autograder.judge import judge  # noqa: E402
from autograder.references import sheets  # noqa: E402
from benchmarks.grading import hidden, peers  # noqa: E402
from benchmarks.grading.measure import Cost, Failed, measure  # noqa: E402
from benchmarks.grading.results import Results, agreement  # noqa: E402
from benchmarks.grading.scaling import growth, slope  # noqa: E402
from benchmarks.grading.submissions import Class, student, wrong_answers  # noqa: E402
from benchmarks.grading.workload import CHAPTER, SIX, environment  # noqa: E402

PIECES = course.checks(CHAPTER)
WRONG = wrong_answers(CHAPTER)
SOLUTION = nbformat.read(course.REPOSITORY / "solutions" / CHAPTER / f"{CHAPTER}.ipynb", 4)


@pytest.fixture
def answers(tmp_path, monkeypatch):
    hidden.save(sheets(CHAPTER).values(), tmp_path / "answers.json")
    monkeypatch.chdir(tmp_path)
    hidden._file.cache_clear()


def function(piece, source):
    space = {"np": np}
    exec(source, space)
    return space[piece]


def passes_hidden_test(piece, target):
    try:
        hidden.compare(target, hidden.recorded(piece))
    except Exception:
        return False
    return True


def passes_check(piece, target):
    sheet = sheets(CHAPTER)[piece]
    return judge(sheet, [attempt(target, case.inputs) for case in sheet.cases]).passed


@pytest.mark.parametrize("piece", PIECES)
def test_the_library_passes_the_hidden_test(piece, answers):
    check = PIECES[piece]
    assert passes_hidden_test(piece, course.library_object(check.target, piece))


@pytest.mark.parametrize("piece", PIECES)
def test_a_wrong_answer_fails_the_check_and_the_hidden_test(piece, answers):
    for source in WRONG[piece]:
        target = function(piece, source)
        assert not passes_check(piece, target), source
        assert not passes_hidden_test(piece, target), source


def test_the_six_pieces_have_several_wrong_answers_each():
    assert all(len(WRONG[piece]) >= 5 for piece in SIX)


def test_a_student_hands_in_the_same_notebook_each_time_and_no_one_else_does():
    notebooks = [nbformat.writes(Class(SOLUTION, SOLUTION, CHAPTER).notebook(n))
                 for n in (0, 1, 2, 0)]
    assert notebooks[0] == notebooks[3]
    assert len(set(notebooks)) == 3


def test_three_students_in_ten_have_something_wrong():
    right = Class(SOLUTION, SOLUTION, CHAPTER)
    spoiled = [any(right.right[cell.id] not in cell.source
                   for cell in right.notebook(n).cells if cell.id in right.right)
               for n in range(100)]
    assert 15 <= sum(spoiled) <= 45


@dataclass
class TwoStudents:
    """The first has everything right, the second a wrong softmax."""

    notebook: nbformat.NotebookNode

    def write(self, folder, numbers):
        for number in numbers:
            for cell in self.notebook.cells:
                if number and cell.id == "softmax":
                    cell.source = WRONG["softmax"][0]
            path = folder / student(number) / CHAPTER / f"{CHAPTER}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(self.notebook, path)


def test_stock_nbgrader_gives_a_right_piece_full_marks_and_a_wrong_one_none(tmp_path):
    notebook = nbformat.from_dict(SOLUTION)
    notebook.cells = [cell for cell in notebook.cells if cell.id in (
        "cell-1", "relu", "relu-grade", "softmax", "softmax-grade")]
    shutil.copytree(course.REPOSITORY / "autograder", tmp_path / "course" / "autograder")
    (tmp_path / "course" / "solutions" / CHAPTER).mkdir(parents=True)
    nbformat.write(notebook, tmp_path / "course" / "solutions" / CHAPTER / f"{CHAPTER}.ipynb")
    grader = peers.stock(tmp_path / "course", tmp_path / "stock", TwoStudents(notebook), 2,
                         ["relu", "softmax"], "recorded")
    grader.grade(grader.every)
    assert grader.passed() == {(student(0), "relu"): True, (student(0), "softmax"): True,
                               (student(1), "relu"): True, (student(1), "softmax"): False}


def test_a_command_that_fails_is_not_measured(tmp_path):
    with pytest.raises(Failed, match="out of paper"):
        measure([sys.executable, "-c", "raise SystemExit('out of paper')"], tmp_path,
                environment(tmp_path))


def test_a_first_result_is_noticed(tmp_path):
    code = "import time; open('one.json', 'w').close(); time.sleep(0.5)"
    cost = measure([sys.executable, "-c", code], tmp_path, environment(tmp_path), "*.json")
    assert 0 < cost.first < cost.wall - 0.3


def test_a_submission_costs_what_comes_after_the_start_and_a_class_both():
    results = Results(100)
    ours = peers.Grader("ours", Path(), Path(), 100, [])
    peer = peers.Grader("peer", Path(), Path(), 11, [])
    results.add(ours, Cost(10.9, 20.8, 0, 0, first=0.5), Cost(1, 1, 0, 0, first=0.5))
    results.add(peer, Cost(23, 13, 0, 0), Cost(3, 3, 0, 0))
    assert results.each("peer") == [2.0]
    assert results.totals("peer") == [23 + 89 * 2] and results.totals("ours") == [10.9]
    assert results.ratio("peer", "ours") == pytest.approx(20)
    assert results.ratio("peer", "ours", "cpu") == pytest.approx(5)
    assert results.ratio("peer", "ours", "class") == pytest.approx(201 / 10.9)


def test_graders_agree_on_the_pieces_that_both_judge():
    ours = {("ada", "relu"): True, ("ada", "tanh"): False, ("ben", "relu"): True}
    theirs = {("ada", "relu"): True, ("ada", "tanh"): True}
    assert agreement(ours, theirs) == (1, 2, [("ada", "tanh")])


def test_a_class_of_twice_the_size_that_takes_twice_the_time_has_slope_one():
    costs = {n: Cost(3 + n / 10, 0, 50, 60) for n in (1, 100, 200, 400)}
    assert slope(costs, start=3) == pytest.approx(1)
    assert growth(costs, "main") == pytest.approx(0, abs=1e-9)


def test_the_libraries_that_are_compared_train_the_same_network():
    """Those of this environment; PyTorch and scikit-learn have one of their own."""
    losses = {}
    for name in ("nnlib", "keras", "graph"):
        worker = subprocess.run(
            [sys.executable, ROOT / "benchmarks" / "training" / "worker.py", name],
            input="200 8-6-3 20 3\noptimizer Adam\n", capture_output=True, text=True, timeout=120,
            check=True, cwd=ROOT, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
        trained, step = map(json.loads, worker.stdout.splitlines())
        assert trained["seconds"] > 0 and step["seconds"] > 0
        losses[name] = trained["losses"]
    np.testing.assert_allclose(losses["nnlib"], losses["keras"], rtol=1e-3)
    np.testing.assert_allclose(losses["nnlib"], losses["graph"], rtol=1e-3)
    assert losses["nnlib"][2] < losses["nnlib"][0]


def test_the_libraries_that_are_compared_compute_the_same_gradients():
    lines = ["Conv2D 4x9x8x5 6 same", "Conv2D 4x9x8x1 6 valid", "SimpleRNN 3x5x4 6 -",
             "GRU 3x5x4 6 -", "LSTM 3x5x4 6 -"]
    found = []
    for name in ("nnlib", "graph"):
        worker = subprocess.run(
            [sys.executable, ROOT / "benchmarks" / "layers" / "worker.py", name],
            input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=180, check=True,
            cwd=ROOT, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
        found.append([json.loads(answer)["gradients"] for answer in worker.stdout.splitlines()])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
