"""Points, sentences and diagnoses; and that stock nbgrader reads the points."""

import json

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade

from autograder import find_sheet
from autograder.attempt import attempt
from autograder.judge import Report, judge
from autograder.sheet import Sheet, SheetCase, load_sheets, save_sheets

X = [np.array([-2.0, 0.0, 3.0]), np.array([1.0, 2.0]), np.array([np.nan, -1.0])]
MISTAKES = {
    "returned the size instead of the rectified value": np.abs,
    "left negative values as they are": lambda x: x,
    "returned zeros": np.zeros_like,
}


def relu(x):
    return np.maximum(x, 0)


def size(x):
    return np.abs(x)


def nothing(x):
    return None


def case(name, x, points=1, **options):
    wrong = [{"": mistake(x)} for mistake in MISTAKES.values()]
    return SheetCase(name, points, {"x": x}, {"": relu(x)}, wrong, **options)


def sheet(*cases):
    cases = cases or [case("both signs", X[0], hint="Look at the sign."),
                      case("positive", X[1], points=2), case("nan", X[2])]
    return Sheet("relu", "activations", list(cases), list(MISTAKES))


def report(function, one=None):
    one = one or sheet()
    return judge(one, [attempt(function, c.inputs, one.scenario) for c in one.cases])


def test_a_right_answer_gets_every_point_and_no_word():
    right = report(relu)
    assert (right.points, right.max_points, right.passed) == (4.0, 4.0, True)
    assert str(right).splitlines() == ["relu: 4 of 4 points", "pass  both signs",
                                       "pass  positive", "pass  nan"]
    assert right.mistakes == []


def test_each_case_counts_for_itself():
    partial = report(size)
    assert partial.points == 2 and [c.passed for c in partial.cases] == [False, True, False]


def test_a_failed_case_says_what_why_and_what_to_do():
    assert str(report(size)).splitlines()[1:5] == [
        "FAIL  both signs: got 2 at [0], expected 0 (1 of 3 values differ)",
        "      looks like: returned the size instead of the rectified value",
        "      inputs: x = [-2, 0, 3] (float64, shape (3,))",
        "      hint: Look at the sign.",
    ]


def test_a_mistake_is_never_named_for_a_right_case():
    assert [c.mistake for c in report(size).cases] == \
        ["returned the size instead of the rectified value", "",
         "returned the size instead of the rectified value"]


def test_a_mistake_that_agrees_everywhere_wins_over_one_that_agrees_somewhere():
    # on the first case, both "size" and "zeros" could be meant if only it were looked at
    one = sheet(case("a tie", np.array([0.0, -3.0])), case("apart", X[0]))
    one.cases[0].mistakes[2] = one.cases[0].mistakes[1]
    found = report(lambda x: x, one)
    assert {c.mistake for c in found.cases} == {"left negative values as they are"}


def test_a_mistake_that_leaves_most_wrong_answers_unexplained_accuses_nobody():
    found = report(lambda x: np.abs(x) if x.size == 3 else x * 7)
    assert found.mistakes == []


def test_a_mistake_may_leave_one_wrong_answer_in_four_unexplained():
    one = sheet(*[case(f"case {i}", np.array([-2.0, float(i)])) for i in range(4)])
    found = report(lambda x: x * 7 if x[1] == 3 else np.abs(x), one)
    assert [bool(c.mistake) for c in found.cases] == [True, True, True, False]


def test_nan_in_a_mistake_equals_nan_in_the_answer():
    one = sheet(case("nan", np.array([np.nan, -1.0])))
    one.cases[0].mistakes = [{"": np.array([np.nan, np.nan])}, None, None]
    assert report(lambda x: x * np.nan, one).mistakes == list(MISTAKES)[:1]


def test_a_right_value_of_a_wrong_dtype_looks_like_no_mistake():
    one = sheet(case("float32", X[1].astype("float32"), dtype="float32"))
    found = report(lambda x: relu(x).astype(float), one)
    assert found.points == 0 and found.mistakes == []
    assert found.cases[0].message == "got float64, expected float32, the dtype of the input"


def test_a_changed_argument_costs_the_case_that_asks_for_it():
    def in_place(x):
        x[x < 0] = 0
        return x

    one = sheet(case("values", X[0]), case("leaves its arguments alone", X[0], untouched=True))
    found = report(in_place, one)
    assert [c.passed for c in found.cases] == [True, False]
    assert found.cases[1].message == "the values are right, but x was changed in place"
    assert found.mistakes == []


@pytest.mark.parametrize("account, message", [
    ({"failed": "relu did not end within 5 seconds"}, "relu did not end within 5 seconds"),
    ({"refused": "returned nothing (None)"}, "returned nothing (None)"),
    ({"error": {"type": "NotImplementedError", "message": "", "line": "x", "number": 2}},
     "not written yet"),
    ({"error": {"type": "NameError", "message": "there is no relu", "line": "", "number": 0}},
     "there is no relu"),
    ({"error": {"type": "ValueError", "message": "", "line": "raise ValueError", "number": 3}},
     "raised ValueError: no message in line 3: raise ValueError"),
    ({"error": {"type": "TypeError", "message": "one too many", "line": "", "number": 0}},
     "raised TypeError: one too many"),
    ({"value": {"": np.zeros(3)}, "warnings": ["overflow encountered in exp"]},
     "got 0 at [2], expected 3 (1 of 3 values differ) "
     "(NumPy warned: overflow encountered in exp)"),
    ({"value": {"": relu(X[0])}, "warnings": ["overflow"]}, "right; NumPy warned: overflow"),
    ({"value": {}}, "got 0 parts, expected one array"),
])
def test_every_account_has_its_sentence(account, message):
    assert judge(sheet(case("one", X[0])), [account]).cases[0].message == message


def test_an_unfinished_piece_that_is_called_is_told_from_an_unfinished_answer():
    def tanh(x):
        raise NotImplementedError

    def relu(x):
        return tanh(x)

    assert {c.message for c in report(relu).cases} == {"calls tanh, which is not written yet"}
    assert {c.message for c in judge(sheet(), [attempt(tanh, c.inputs) for c in sheet().cases]
                                     ).cases} == {"not written yet"}


def test_a_case_that_was_not_tried_says_so():
    found = judge(sheet(), [{"failed": "did not end"}])
    assert [c.message for c in found.cases] == \
        ["did not end"] + 2 * ["not tried: an earlier case had to be stopped"]
    assert found.points == 0 and found.max_points == 4


def test_one_message_for_all_cases_is_shown_once():
    lines = str(report(nothing)).splitlines()
    assert lines[1].startswith("FAIL  all 3 cases: returned nothing (None)") and len(lines) == 2
    assert len(report(nothing).cases) == 3


def test_a_report_survives_json():
    found = report(size)
    again = Report.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found and str(again) == str(found)


def test_a_sheet_survives_its_file(tmp_path):
    one = sheet(case("one", X[2], hint="h", dtype="float32", untouched=True))
    save_sheets([one, sheet()], tmp_path / "sheets.json")
    again = load_sheets(tmp_path / "sheets.json")["relu"]
    assert report(size, again) == report(size)
    save_sheets([one], tmp_path / "sheets.json")
    (read,) = load_sheets(tmp_path / "sheets.json").values()
    assert (read.cases[0].dtype, read.cases[0].untouched) == ("float32", True)


def _points(found):
    output = new_output("execute_result", data=found._repr_mimebundle_())
    meta = {"nbgrader": {"grade": True, "grade_id": "relu-grade", "points": 4, "locked": True,
                         "solution": False, "task": False, "schema_version": 3}}
    return determine_grade(new_code_cell("check(relu)", outputs=[output], metadata=meta))


@pytest.mark.parametrize("function, points", [(relu, 4), (size, 2), (nothing, 0)])
def test_stock_nbgrader_reads_the_points_of_the_cell(function, points, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert _points(report(function)) == (points, 4)


def test_a_reader_sees_text_and_html(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    bundle = report(size)._repr_mimebundle_()
    assert bundle["text/plain"].startswith("relu: 2 of 4 points")
    assert "✗ FAIL" in bundle["text/html"] and "✓ pass" in bundle["text/html"]
    assert repr(report(size)) == bundle["text/plain"]


def test_html_escapes_whatever_a_student_can_name():
    def hostile(x):
        raise ValueError("<script>alert(1)</script>")

    one = sheet(case("<b>bold</b>", X[0], hint="a < b & c"))
    one.name = "<i>relu</i>"
    page = report(hostile, one)._repr_html_()
    for text in ("<script>", "<b>bold", "<i>", "a < b & c"):
        assert text not in page
    assert "&lt;script&gt;" in page and "a &lt; b &amp; c" in page


def test_an_unknown_piece_is_answered_with_what_there_is():
    with pytest.raises(LookupError, match="no check called 'zoftmax'.* softmax"):
        find_sheet("zoftmax")
