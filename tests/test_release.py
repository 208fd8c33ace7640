"""What a student gets: enough to work with, and nothing of the solution."""

import ast
import inspect
import json
import os
import subprocess
import sys
import textwrap
import zipfile

import nbclient
import nbformat
import pytest
from conftest import Clone, copy_course

from autograder import build, course

CHAPTERS = course.CHAPTERS


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    clone = copy_course(tmp_path_factory.mktemp("released"))
    done = clone.run("release")
    assert done.returncode == 0, done.stderr
    return clone.root


def python(folder, code):
    """Run Python in a release folder, with nothing of ours on the path but that folder."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    return subprocess.run([sys.executable, "-I", "-c", start + textwrap.dedent(code)], cwd=folder,
                          capture_output=True, text=True)


def body(function):
    """Return a function's code without signature, docstring and white space."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    return "".join("\n".join(map(ast.unparse, statements)).split())


def bodies(chapter):
    """Yield name and code of every function that the assignment asks for, or a later one does."""
    for later in CHAPTERS[CHAPTERS.index(chapter):]:
        for name, check in course.checks(later).items():
            piece = course.library_object(check.target, name)
            functions = [piece] if inspect.isfunction(piece) else [
                f for n, f in vars(piece).items()  # a method without a docstring is given
                if inspect.isfunction(f) and n != "__init__" and f.__doc__]
            for function in functions:
                yield f"{name}: {function.__name__}", body(function)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_body_of_a_solution_is_in_the_release(released, chapter):
    files = [p for p in (released / "course" / "release" / chapter).rglob("*") if p.is_file()]
    texts = {}
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".ipynb":
            text = "\n".join(cell["source"] for cell in nbformat.reads(text, 4).cells)
        texts[path.name] = "".join(text.replace('"', "'").split())
    leaks = [f"{name} in {where}" for name, code in bodies(chapter)
             for where, text in texts.items() if code.replace('"', "'") in text]
    assert leaks == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_release_has_no_mark_no_answer_and_no_rubric(released, chapter):
    path = released / "course" / "release" / chapter / f"{chapter}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in text and "**Marking**" not in text
    notebook = nbformat.reads(text, 4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    for one in course.written(chapter).values():
        assert one.answer.split("\n")[0] not in text


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_student_gets_the_cells_that_the_instructor_has(released, chapter):
    def ids(path):
        cells = nbformat.read(path, 4).cells
        return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]

    assert ids(released / "course" / "release" / chapter / f"{chapter}.ipynb") == \
        ids(released / "solutions" / chapter / f"{chapter}.ipynb")


def test_earlier_pieces_work_and_later_ones_say_where_they_are_built(released):
    done = python(released / "course" / "release" / "activations", """
        import numpy as np
        from nnlib.tensors import dense
        from nnlib.activations import softmax
        from nnlib.losses import MeanSquaredError
        print(dense(np.ones((2, 3)), np.ones((3, 1))).sum())
        for call in (lambda: softmax(np.zeros(2)), lambda: MeanSquaredError()):
            try:
                call()
            except NotImplementedError as error:
                print(error)
    """)
    assert done.stdout.split("\n")[:3] == [
        "6.0", "softmax is yours to build, in the assignment activations",
        "MeanSquaredError is yours to build, in the assignment losses"], done.stderr


def test_what_no_check_asks_for_is_given(released):
    done = python(released / "course" / "release" / "losses", """
        from nnlib.losses import Loss, to_signs
        class Bias(Loss):
            def per_sample(self, y_true, y_pred):
                return (y_pred - y_true).mean(axis=-1)
        print(Bias().forward([1.0, 2.0], [2.0, 3.0]), to_signs.__name__)
    """)
    assert done.stdout == "1.0 to_signs\n", done.stderr


def test_the_runner_needs_numpy_alone(released):
    done = python(released / "course" / "release" / "activations", """
        import numpy as np
        import os
        from autograder import check
        report = check(lambda x: np.maximum(x, 0), name="relu")
        print(report.points, report.max_points)
        home = os.path.dirname(np.__file__).removesuffix("numpy")
        print(sorted({n.partition(".")[0] for n, m in sys.modules.items()
                      if (getattr(m, "__file__", None) or "").startswith(home)}
                     - {"_distutils_hack", "_virtualenv"}))
    """)
    lines = done.stdout.split("\n")
    assert len(set(lines[0].split())) == 1, done.stderr
    assert [n for n in ast.literal_eval(lines[1]) if not n.startswith("__editable__")] == ["numpy"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_solved_notebook_runs_in_jupyter_and_every_check_passes(released, chapter):
    """A real kernel, the student's notebook, the instructor's bodies."""
    folder = released / "course" / "release" / chapter
    notebook = nbformat.read(folder / f"{chapter}.ipynb", 4)
    solved = {c.metadata.nbgrader.grade_id: c.source for c in build.notebook(chapter).cells
              if c.metadata.get("nbgrader", {}).get("solution")}
    for cell in notebook.cells:
        cell.source = solved.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["OPENBLAS_NUM_THREADS"] = "1"  # threads that wait for a busy core spin
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}
                            ).execute(env=environment)
    reports = [o.data["text/plain"] for c in notebook.cells if c.cell_type == "code"
               for o in c.outputs if o.output_type == "execute_result"
               and c.source.startswith("check(")]
    assert reports and not any("FAIL" in text for text in reports)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_zip_holds_the_folder_and_is_the_same_every_time(released, chapter):
    def members():
        with zipfile.ZipFile(released / "book" / "downloads" / f"{chapter}.zip") as file:
            return {info.filename: (info.date_time, file.read(info)) for info in file.infolist()}

    before = members()
    assert f"{chapter}/{chapter}.ipynb" in before and f"{chapter}/nnlib/tensors.py" in before
    assert Clone(released).run("release", chapter).returncode == 0
    after = members()
    for what in (before, after):  # holds what wrong code gives, say from a singular matrix
        del what[f"{chapter}/autograder/sheets.json"]
    assert after == before


def test_json_names_what_was_released(released):
    done = Clone(released).run("release", "tensors", "--json")
    assert json.loads(done.stdout)["released"][0].endswith("tensors.zip")
