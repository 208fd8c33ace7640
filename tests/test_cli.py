"""The command line as a person uses it."""

import json
from functools import partial

import nbformat
import pytest
from conftest import ROOT, Clone

from autograder import check

VERBS = ["build", "record", "release", "collect", "grade", "feedback", "report", "check", "demo"]

RIGHT = "import numpy as np\ndef softmax(x, axis=-1):\n" \
        "    e = np.exp(x - x.max(axis=axis, keepdims=True))\n" \
        "    return e / e.sum(axis=axis, keepdims=True)\n"
WRONG = RIGHT.replace("x - x.max(axis=axis, keepdims=True)", "x")


@pytest.fixture
def here(tmp_path):
    """A folder outside any course: the command line then takes the course it belongs to."""
    return Clone(tmp_path)


@pytest.fixture
def mine(here):
    def write(text, name="mine.py"):
        (here.root / name).write_text(text, encoding="utf-8")
        return here.root / name

    return write


@pytest.fixture
def run(here):
    return partial(here.run, library=ROOT)


def test_the_help_lists_every_verb(run):
    text = run("--help").stdout
    assert all(f"\n  {verb} " in text for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_has_an_example(run, verb):
    text = run(verb, "--help").stdout
    assert "Example" in text and f"autograder {verb}" in text


def test_a_right_file_gets_all_points(run, mine):
    done = run("check", f"{mine(RIGHT)}:softmax")
    assert done.returncode == 0 and "FAIL" not in done.stdout


def test_a_wrong_file_is_told_the_case_the_mistake_and_the_hint(run, mine):
    done = run("check", f"{mine(WRONG)}:softmax")
    assert done.returncode == 1
    for word in ("FAIL", "nan", "looks like:", "inputs:", "hint:"):
        assert word in done.stdout


def test_a_function_of_another_name_is_judged_as_the_piece_it_is(run, mine):
    path = mine(RIGHT.replace("softmax", "my_version"))
    assert run("check", f"{path}:my_version=softmax").returncode == 0


def test_a_notebook_is_judged_like_a_file(run, here):
    cells = [nbformat.v4.new_code_cell(RIGHT)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), here.root / "mine.ipynb")
    assert run("check", f"{here.root / 'mine.ipynb'}:softmax").returncode == 0


def test_json_says_the_same(run, mine):
    data = json.loads(run("check", f"{mine(WRONG)}:softmax", "--json").stdout)
    assert data["name"] == "softmax" and not data["passed"]
    assert 0 < data["points"] < data["max_points"] == sum(c["max_points"] for c in data["cases"])


@pytest.mark.parametrize("target, sentence", [
    ("nothing.py:softmax", "there is no file nothing.py"),
    ("nothing.py", "does not say what to judge"),
    ("mine.py:softmin", "there is no check called 'softmin'"),
])
def test_a_target_that_is_not_there_is_named(run, mine, target, sentence):
    mine(RIGHT)
    done = run("check", target)
    assert done.returncode == 1 and sentence in done.stderr and "Traceback" not in done.stderr


def test_a_file_that_does_not_run_says_why(run, mine):
    done = run("check", f"{mine('import numpy as np' + chr(10) + 'raise ValueError(5)')}:softmax")
    assert done.returncode == 1 and "ValueError: 5" in done.stderr


@pytest.mark.parametrize("library", ["tensorflow", "keras", "torch", "jax"])
def test_the_work_has_to_be_the_students_own(run, mine, library):
    text = f"def softmax(x, axis=-1):\n    import {library}\n"
    done = run("check", f"{mine(text)}:softmax")
    assert done.returncode == 1 and "has to be your own work" in done.stdout


def test_the_librarys_own_piece_is_not_there_to_import(run, mine):
    text = "from nnlib.activations import softmax as theirs\ndef softmax(x, axis=-1):\n" \
           "    return theirs(x, axis)\n"
    done = run("check", f"{mine(text)}:softmax")
    assert done.returncode == 1 and "softmax is yours to build" in done.stdout


def test_in_python_a_report_has_points_cases_and_prints_well():
    report = check(lambda x, axis=-1: x, name="softmax")
    assert (report.points, report.passed) == (0, False)
    assert report.max_points == sum(case.max_points for case in report.cases)
    assert str(report).startswith("softmax: 0 of ")
    assert "<table" in report._repr_html_()


def test_in_python_an_unknown_piece_is_named_with_what_there_is():
    with pytest.raises(LookupError, match="no check called 'softmin'; there are: .*softmax"):
        check(lambda x: x, name="softmin")


@pytest.mark.parametrize("command, sentence", [
    (["collect", "nowhere"], "there is no folder nowhere"),
    (["release", "tensor"], "there is no assignment called 'tensor'"),
    (["feedback", "tensors"], "nothing of tensors is graded yet"),
    (["report"], "nothing is graded yet"),
    (["grade"], "nobody has handed anything in"),
    (["grade", "tensors"], "the assignment tensors is not released"),
])
def test_what_is_not_there_yet_is_named_with_the_way_out(clone, command, sentence):
    done = clone.run(*command)
    assert done.returncode == 1 and sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_readme_shows_what_check_prints(run, mine):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("\ncheck(softmax)")[0]
    done = run("check", f"{mine('import numpy as np' + chr(10) + code)}:softmax")
    assert done.stdout.strip() in text


def test_check_stays_a_function_after_the_course_is_loaded():
    import autograder

    check(lambda x: x, name="relu")
    assert callable(autograder.check)
