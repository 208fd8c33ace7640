"""The house: which room may import which, and how large a room may grow."""

import ast
import json
import sys
from pathlib import Path

import pytest

from autograder import course

ROOT = Path(__file__).resolve().parent.parent
CORE = {"cases", "compare", "attempt", "judge", "arrays", "sheet"}

# Lines of code per room: to raise one is a decision, taken in the commit that needs it.
BUDGET = {"nnlib": 8500, "autograder": 6000, "autograder/checks": 11000, "tests": 12500,
          "tests/attacks": 4500, "benchmarks/grading": 1500}
# What has to be right for a grade to be right and a machine safe: to be read in an hour.
TRUSTED = ["arrays", "attempt", "compare", "confine", "engine", "inside", "judge", "notebook",
           "pool", "sandbox", "scratch", "shell", "submission", "surroundings", "wire", "zygote"]


def modules(room):
    return sorted((ROOT / room).glob("*.py"))


def imports(path):
    """Return the top-level names a file imports, and the modules of its own package."""
    outside, inside = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            outside |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            inside |= {node.module.partition(".")[0]} if node.module else \
                {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            outside.add(node.module.partition(".")[0])
    return outside - set(sys.stdlib_module_names), inside


@pytest.mark.parametrize("path", modules("nnlib"), ids=lambda p: p.stem)
def test_nnlib_imports_numpy_and_nothing_else(path):
    outside, _ = imports(path)
    assert outside <= {"numpy", "nnlib"}


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_judge_imports_numpy_and_its_own_core(name):
    outside, inside = imports(ROOT / "autograder" / f"{name}.py")
    assert outside <= {"numpy"} and inside <= CORE


@pytest.mark.parametrize("path", modules("autograder"), ids=lambda p: p.stem)
def test_only_the_recorder_names_tensorflow(path):
    outside, _ = imports(path)
    assert "tensorflow" not in outside or path.stem == "references"


def test_the_recorder_imports_tensorflow_inside_a_function():
    tree = ast.parse((ROOT / "autograder" / "references.py").read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert "tensorflow" not in ast.unparse(top)


@pytest.mark.parametrize("chapter", course.CHAPTERS)
def test_checks_import_numpy_and_what_a_check_is(chapter):
    outside, _ = imports(ROOT / "autograder" / "checks" / f"{chapter}.py")
    assert outside <= {"numpy", "autograder"}


@pytest.mark.parametrize("chapter", course.CHAPTERS)
def test_one_word_names_a_chapter_in_every_room(chapter):
    for room in ("book/{}.md", "exercises/{}.md", "autograder/checks/{}.py",
                 "solutions/{0}/{0}.ipynb", "autograder/references/{}"):
        assert (ROOT / room.format(chapter)).exists(), room.format(chapter)
    for check in course.checks(chapter).values():  # most chapters have one module, of their name
        module = check.target.split(".")[1]
        assert (ROOT / "tests" / f"test_{module}.py").exists(), module


@pytest.mark.parametrize("room", BUDGET)
def test_a_room_stays_within_its_budget(room):
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in modules(room))
    assert lines <= BUDGET[room]


def test_the_trusted_part_can_be_read_in_an_hour():
    paths = [ROOT / "autograder" / f"{name}.py" for name in TRUSTED]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths) <= 2800


def test_notebooks_are_committed_without_outputs():
    for path in (ROOT / "solutions").rglob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells), path.name
