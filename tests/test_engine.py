"""A whole notebook, as students hand them in: cells in order, pieces at their grade cells."""

import functools
import time

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import determine_grade

from autograder import engine
from autograder.engine import AGAIN, execute
from autograder.release import runner
from autograder.sandbox import Box, Limits
from autograder.sheet import Sheet, SheetCase

LIMITS = Limits(cell=5, call=3, memory=2**30)
X = np.array([-1.0, 2.0])


def sheet(name, right):
    cases = [SheetCase(f"case {i}", 1, {"x": X + i}, {"": right(X + i)}) for i in range(2)]
    return Sheet(name, "activations", cases, [])


SHEETS = {s.name: s for s in (sheet("double", lambda x: 2 * x), sheet("square", np.square))}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    runner(SHEETS.values(), folder / "autograder")
    return folder


def grade_cell(name):
    return new_code_cell(f"check({name})", metadata={"nbgrader": {
        "grade": True, "grade_id": f"{name}-grade", "points": 2, "locked": True,
        "solution": False, "task": False, "schema_version": 3}})


def graded(files, *cells, limits=LIMITS):
    """Run cells (source text, or whole cells); return the notebook and the points by piece."""
    notebook = new_notebook(cells=[new_code_cell(c) if isinstance(c, str) else c for c in cells])
    reports = execute(notebook, SHEETS, files, limits)
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode()
    return notebook, {report.name: report.points for report in reports}


def text(cell):
    return "".join(o.get("text", "") or o.get("evalue", "") or
                   o.get("data", {}).get("text/plain", "")
                   for o in cell.outputs)


DOUBLE = "def double(x):\n    return 2 * x"
SQUARE = "def square(x):\n    return x * x"
LOOP = "while True:\n    pass"


def test_a_right_notebook_gets_its_points_where_nbgrader_reads_them(files):
    notebook, points = graded(files, "from autograder import check", new_markdown_cell("# Title"),
                              DOUBLE, grade_cell("double"), SQUARE, grade_cell("square"), "3 + 4")
    assert points == {"double": 2, "square": 2}
    assert determine_grade(notebook.cells[3]) == (2, 2)
    assert text(notebook.cells[6]) == "7"
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == list(range(1, 7))


def test_the_notebooks_own_check_leaves_judging_to_the_grader(files):
    notebook, _ = graded(files, "from autograder import check", DOUBLE, "check(double)")
    assert text(notebook.cells[2]) == "check: the grader judges this piece itself\n"


def test_a_piece_is_judged_as_it_is_at_its_grade_cell(files):
    _, points = graded(files, grade_cell("square"), DOUBLE, grade_cell("double"), SQUARE,
                       "def double(x):\n    return 0 * x")
    assert points == {"square": 0, "double": 2}


def test_a_cell_with_an_error_costs_itself_only(files):
    notebook, points = graded(files, "1 / 0", "def double(x:", DOUBLE, grade_cell("double"))
    assert points == {"double": 2}
    assert [c.outputs[0].ename for c in notebook.cells[:2]] == ["ZeroDivisionError", "SyntaxError"]


@pytest.mark.parametrize("bad", [
    "import os; os._exit(1)",
    "try:\n    while True: pass\nexcept BaseException:\n    while True: pass",
], ids=["exit", "stubborn loop"])
def test_a_cell_that_ends_python_costs_itself_only(files, bad):
    limits = Limits(cell=3, call=3, memory=2**30)
    notebook, points = graded(files, DOUBLE, bad, SQUARE, grade_cell("double"),
                              grade_cell("square"), limits=limits)
    assert points == {"double": 2, "square": 2}
    assert notebook.cells[1].outputs[0].ename == "Stopped"


def test_a_piece_that_never_ends_costs_itself_only(files):
    notebook, points = graded(files, "def double(x):\n    while True: pass", SQUARE,
                              grade_cell("double"), grade_cell("square"),
                              limits=Limits(cell=5, call=1, memory=2**30))
    assert points == {"double": 0, "square": 2}
    cases = notebook.cells[2].outputs[0].metadata.autograder["cases"]
    assert "did not end within 1 seconds" in cases[0]["message"]
    assert cases[1]["message"] == "not tried: an earlier case had to be stopped"


def test_a_cell_that_ends_python_when_it_is_repeated_does_not_take_the_rest_with_it(files):
    once = ("import os\nif os.path.exists('ran'): os._exit(1)\nopen('ran', 'w').close()")
    _, points = graded(files, DOUBLE, once, SQUARE, "import os; os._exit(1)",
                       grade_cell("double"), grade_cell("square"))
    assert points == {"double": 2, "square": 2}


def test_the_notebook_has_a_time_in_all(files):
    start = time.monotonic()
    notebook, points = graded(files, DOUBLE, *[LOOP] * 20, grade_cell("double"),
                              limits=Limits(cell=1, call=1, notebook=4, memory=2**30))
    assert time.monotonic() - start < 25 and points == {"double": 0}
    assert text(notebook.cells[-2]) == "not run: the notebook had used its 4 seconds"
    assert "not run" in notebook.cells[-1].outputs[0].metadata.autograder["cases"][0]["message"]


def test_figures_and_magics_give_outputs(files):
    notebook, _ = graded(
        files, "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "%config InlineBackend.figure_formats = ['svg']\nplt.plot([1, 2]); plt.show()",
        limits=Limits(cell=30, memory=2 * 2**30))
    for cell, kind in zip(notebook.cells, ("image/png", "image/svg+xml"), strict=True):
        assert [kind in o.get("data", {}) for o in cell.outputs] == [True], text(cell)


@pytest.mark.parametrize("source", [
    "print('\\ud800')", "raise ValueError('\\udfff')", "display({'text/plain': 5}, raw=True)",
    "display({'application/json': {'x': float('nan')}}, raw=True)",
    "display({5: None, 'image/png': [1, 2]}, raw=True)", "display(metadata={'a': {1}}, raw=True)",
    "print('\\x00\\x1b[31m')", "from IPython.display import clear_output\nprint(1); clear_output()",
])
def test_whatever_is_shown_the_notebook_stays_valid(files, source):
    graded(files, source)


def test_a_student_cannot_write_a_report(files):
    forged = "display({'text/plain': '2.0'}, metadata={'autograder': {'points': 99}}, raw=True)"
    notebook, points = graded(files, forged, grade_cell("double"), "2.0")
    assert points == {"double": 0}
    assert "autograder" not in notebook.cells[0].outputs[0].metadata
    assert determine_grade(notebook.cells[1]) == (0, 2)


def test_a_cell_of_another_name_is_no_grade_cell(files):
    _, points = graded(files, DOUBLE, grade_cell("triple"))
    assert points == {}


def test_the_release_folder_stays_as_it_was(files):
    before = sorted(p for p in files.rglob("*") if "__pycache__" not in p.parts)
    graded(files, "open('new.txt', 'w').write('x')\nimport shutil; shutil.rmtree('autograder')")
    assert sorted(p for p in files.rglob("*") if "__pycache__" not in p.parts) == before


# Answers that are given once only


def many(right=lambda x: 2 * x):
    """A sheet of five cases, enough that another order is another order."""
    cases = [SheetCase(f"case {i}", 1, {"x": X + i}, {"": right(X + i)}) for i in range(5)]
    return {"double": Sheet("double", "activations", cases, [])}


def messages(files, source, sheets=None, limits=LIMITS):
    cells = [new_code_cell(source), grade_cell("double")]
    (report,) = execute(new_notebook(cells=cells), sheets or many(), files, limits)
    return report.points, [case.message for case in report.cases]


ANOTHER = "gave another answer to the same inputs when it was called again"


def test_a_right_answer_is_right_again(files):
    assert messages(files, DOUBLE) == (5, [""] * 5)


def test_who_answers_right_only_once_loses_the_points_that_were_tried_again(files):
    points, said = messages(files, "seen = set()\ndef double(x):\n    key = x.tobytes()\n"
                                   "    answer = x if key in seen else 2 * x\n"
                                   "    seen.add(key)\n    return answer")
    assert points == 5 - AGAIN and said.count(ANOTHER) == AGAIN


def test_who_counts_the_calls_to_know_the_case_loses_points(files):
    answers = [(2 * (X + i)).tolist() for i in range(5)]
    points, said = messages(files, f"import numpy as np\nanswers, calls = {answers}, []\n"
                                   "def double(x):\n    calls.append(1)\n"
                                   "    return np.array(answers[(len(calls) - 1) % 5])")
    assert points < 5 and ANOTHER in said


def test_who_answers_by_the_clock_loses_points(files):
    points, said = messages(files, f"import time\nstart = []\ndef double(x):\n"
                                   "    start or start.append(time.monotonic())\n"
                                   "    answer = 2 * x if time.monotonic() < start[0] + 2 else x\n"
                                   f"    x[0] == {X[0] + 4} and time.sleep(2)\n"
                                   "    return answer")
    assert points == 5 - AGAIN and said.count(ANOTHER) == AGAIN


def test_who_reads_the_stack_finds_no_case(files):
    points, _ = messages(files, "import sys\ndef double(x):\n"
                                "    frame, found = sys._getframe(), ''\n"
                                "    while frame:\n        found += repr(frame.f_locals)\n"
                                "        frame = frame.f_back\n"
                                "    assert 'case 1' not in found and 'expected' not in found\n"
                                "    return 2 * x")
    assert points == 5


@pytest.mark.parametrize("ending", ["import os; os._exit(0)", "raise SystemExit",
                                    "while True: pass", "return None"])
def test_who_ends_when_asked_again_loses_that_case_and_no_more(files, ending):
    points, said = messages(files, "seen = set()\ndef double(x):\n    if x.tobytes() in seen:\n"
                                   f"        {ending}\n    seen.add(x.tobytes())\n    return 2 * x",
                            limits=Limits(cell=5, call=1, memory=2**30))
    assert 5 - AGAIN <= points < 5 and ANOTHER in said


def test_small_differences_are_no_other_answer(files):
    assert messages(files, "import random\ndef double(x):\n"
                           "    return 2 * x * (1 + 1e-9 * random.random())")[0] == 5


def test_a_wrong_answer_keeps_its_own_sentence(files):
    points, said = messages(files, "import random\ndef double(x):\n    raise ValueError('no')")
    assert points == 0 and set(said) == {"raised ValueError: no in line 3: raise ValueError('no')"}


# What is repeated after a box was killed


def test_names_files_and_chance_are_back_after_a_kill(files):
    notebook, points = graded(
        files, "import random\ncount = 1\nopen('kept.txt', 'w').write('x')", "count += 1", DOUBLE,
        "import os\nos._exit(0)", "print(count, os.path.exists('kept.txt'), random.random())",
        "import os\nos._exit(0)", "import os\nprint(count, os.path.exists('kept.txt'))",
        grade_cell("double"))
    assert text(notebook.cells[6]) == "2 True\n" and points == {"double": 2}
    assert [cell.outputs[0].ename for cell in (notebook.cells[3], notebook.cells[5])] == \
        ["Stopped", "Stopped"]


def test_a_cell_that_was_stopped_is_not_repeated(files):
    notebook, _ = graded(files, "open('tried', 'a').write('x')\nimport os\nos._exit(0)",
                         "print(open('tried').read())", "import os\nos._exit(0)",
                         "print(open('tried').read())")
    assert [text(notebook.cells[i]) for i in (1, 3)] == ["x\n", "x\n"]


def test_repeated_cells_show_their_first_outputs_only(files):
    notebook, _ = graded(files, "print('once')", "import os\nos._exit(0)", "print('then')")
    assert [text(notebook.cells[i]) for i in (0, 2)] == ["once\n", "then\n"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]


@pytest.mark.parametrize("source", [
    "import os\nfor _ in range(1500):\n    os.mkdir('a'); os.chdir('a')\nos._exit(0)",
    "import os\nfor _ in range(60):\n    os.mkdir('a' * 200); os.chdir('a' * 200)\nos._exit(0)",
], ids=["deep", "long"])
def test_a_folder_too_deep_to_walk_costs_the_student_only(files, source):
    _, points = graded(files, DOUBLE, source, grade_cell("double"))
    assert points == {"double": 2}


def test_a_forged_reply_with_very_many_outputs_takes_no_time(files):
    forge = ("import os, stat, struct\ndef is_socket(n):\n"
             "    try: return stat.S_ISSOCK(os.fstat(n).st_mode)\n"
             "    except OSError: return False\n"
             "(wire,) = filter(is_socket, range(20))\n"
             "said = b'{\"id\": 1, \"outputs\": [' + b'{},' * 15_000 + b'{}]}'\n"
             "data = struct.pack('!II', len(said), 0) + said\n"
             "while data: data = data[os.write(wire, data):]\nimport time; time.sleep(1)")
    start = time.monotonic()
    notebook, _ = graded(files, forge)
    assert time.monotonic() - start < 3 and len(notebook.cells[0].outputs) <= 1000


def test_the_fresh_way_gives_the_same(files, monkeypatch):
    """Where nothing can be forked, a new Python takes the place of the zygote's child."""
    cells = ["print('a')\n1 / 0", DOUBLE, "import os; os._exit(1)", SQUARE, "6 * 7",
             grade_cell("double"), grade_cell("square")]

    def outcome():
        notebook, points = graded(files, *cells)
        return points, [text(cell) for cell in notebook.cells]

    forked = outcome()
    monkeypatch.setattr(engine, "Box", functools.partial(Box, fork=False))
    assert outcome() == forked and forked[0] == {"double": 2, "square": 2}
