"""From pages to notebooks: what is built, what is stale, and what an author gets told."""

import json
import re

import nbformat
import pytest

from autograder import build, course


@pytest.mark.parametrize("chapter", course.CHAPTERS)
def test_the_committed_notebooks_are_what_the_pages_make(chapter):
    assert build.build([chapter], check_only=True) == []


@pytest.mark.parametrize("chapter", course.CHAPTERS)
def test_every_piece_has_its_three_cells_in_order(chapter):
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id", "")
           for cell in build.notebook(chapter).cells]
    pieces = [name.removesuffix("-grade") for name in ids if name.endswith("-grade")]
    assert pieces
    for name in pieces:
        first = ids.index(name)
        assert ids[first + 1:first + 3] == [f"{name}-try", f"{name}-grade"]


@pytest.mark.parametrize("chapter", course.CHAPTERS)
def test_points_and_ids_come_from_the_checks(chapter):
    checks, written = course.checks(chapter), course.written(chapter)
    for cell in build.notebook(chapter).cells:
        data = cell.metadata.get("nbgrader", {})
        name = data.get("grade_id", "").removesuffix("-grade")
        if data.get("grade") and not name.endswith("-try"):
            assert data["points"] == (checks.get(name) or written[name]).points
            assert re.fullmatch(r"\w+", name)


@pytest.mark.parametrize("chapter", course.CHAPTERS)
def test_the_notebooks_are_valid(chapter):
    nbformat.validate(build.notebook(chapter))


def test_a_function_keeps_signature_and_docstring_around_its_marks():
    def twice(x):
        """Double it."""
        y = x + x  # a comment stays
        return y

    assert build.solution(twice).split("\n") == [
        "def twice(x):", '    """Double it."""', "    ### BEGIN SOLUTION",
        "    y = x + x  # a comment stays", "    return y", "    ### END SOLUTION"]


def test_a_class_keeps_its_init_and_loses_its_other_bodies():
    class Scale:
        """Scale."""

        def __init__(self, factor=2):
            self.factor = factor

        def forward(self, x):
            """Multiply."""
            return self.factor * x

    before, _, body = build.solution(Scale).partition("### BEGIN SOLUTION")
    assert "self.factor = factor" in before
    assert body.split() == ["return", "self.factor", "*", "x", "###", "END", "SOLUTION"]


def page(clone, old, new):
    """Change the assignment `tensors` in a copy of the course."""
    path = clone.root / "exercises" / "tensors.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def checks(clone, old, new):
    path = clone.root / "autograder" / "checks" / "tensors.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refused(clone, *words, command=("build", "tensors", "--check")):
    """Run a command that must fail with one sentence that has these words, and no traceback."""
    done = clone.run(*command)
    sentence = " ".join(done.stderr.split())
    assert done.returncode == 1, sentence
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in sentence
    return sentence


def test_an_exercise_cell_that_imports_nothing_is_named(clone):
    page(clone, "from nnlib.tensors import matmul", "matmul = None")
    refused(clone, "exercises/tensors.md, cell", "imports its own answer")


def test_an_exercise_without_a_check_is_named(clone):
    page(clone, "from nnlib.tensors import matmul", "from nnlib.losses import Loss")
    refused(clone, "exercises/tensors.md, cell", "no check for Loss", "checks/tensors.py")


def test_an_exercise_cell_for_a_piece_that_does_not_exist_is_named(clone):
    page(clone, "from nnlib.tensors import matmul", "from nnlib.tensors import mat_mul")
    refused(clone, "exercises/tensors.md, cell", "nnlib.tensors.mat_mul does not exist")


def test_a_piece_asked_for_twice_is_named(clone):
    page(clone, "from nnlib.tensors import dense", "from nnlib.tensors import matmul")
    refused(clone, "matmul is asked for twice")


@pytest.mark.parametrize("old, new, sentence", [
    ("[exercise]", "[given]", "a try cell belongs right after an exercise cell"),
    ("ipython3\n", "ipython3\n### BEGIN SOLUTION\n", "marks needs the tag `exercise`"),
    ('"tags": ["written"]', '"tags": []', "nothing asks the written question"),
])
def test_cells_that_do_not_fit_together_are_named(clone, old, new, sentence):
    page(clone, old, new)
    refused(clone, sentence)


def test_a_missing_page_is_named(clone):
    (clone.root / "exercises" / "tensors.md").unlink()
    refused(clone, "exercises/tensors.md is missing")


def test_a_check_without_a_case_is_named(clone):
    path = clone.root / "autograder" / "checks" / "tensors.py"
    path.write_text(path.read_text() + '\nempty = Check(target="nnlib.tensors.one", '
                    'reference=lambda tf: 0, cases=[])\n')
    refused(clone, "checks/tensors.py: empty has no case", "give it at least one Case")


def test_two_checks_with_one_name_are_named(clone):
    path = clone.root / "autograder" / "checks" / "tensors.py"
    path.write_text(path.read_text() + "\nmatmul = dense\n")
    refused(clone, "checks/tensors.py: two checks are called matmul")


def test_two_checks_on_one_target_are_named(clone):
    path = clone.root / "autograder" / "checks" / "tensors.py"
    path.write_text(path.read_text() + "\nanother = matmul\n")
    refused(clone, "another: two checks are called matmul")


def test_a_target_that_does_not_exist_is_named(clone):
    checks(clone, '"nnlib.tensors.matmul"', '"nnlib.tensors.matmull"')
    refused(clone, "matmul: its target nnlib.tensors.matmull does not exist")


def test_a_changed_case_makes_the_recording_stale(clone):
    path = next((clone.root / "autograder" / "references" / "tensors").glob("matmul.json"))
    data = json.loads(path.read_text())
    data["recorded by"]["inputs"] = "0" * 16
    path.write_text(json.dumps(data))
    refused(clone, "matmul.json is stale", "autograder record tensors",
            command=("release", "tensors"))


def test_a_recording_of_another_tensorflow_is_named(clone):
    path = clone.root / "autograder" / "references" / "tensors" / "matmul.json"
    data = json.loads(path.read_text())
    data["recorded by"]["tensorflow"] = "2.15.0"
    path.write_text(json.dumps(data))
    refused(clone, "recorded by TensorFlow 2.15.0", "2.21", command=("release", "tensors"))


def test_a_damaged_recording_is_named(clone):
    path = clone.root / "autograder" / "references" / "tensors" / "matmul.json"
    path.write_text(path.read_text()[:200])
    refused(clone, "matmul.json is damaged", command=("release", "tensors"))


def test_a_stale_notebook_is_found_and_mended(clone):
    page(clone, "# ", "# New ")
    refused(clone, "solutions/tensors/tensors.ipynb", "autograder build")
    assert clone.run("build", "tensors").returncode == 0
    assert clone.run("build", "tensors", "--check").returncode == 0


def test_an_unknown_assignment_is_named(clone):
    refused(clone, "no assignment called 'tensor'", "tensors, activations, losses",
            command=("build", "tensor"))
