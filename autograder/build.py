"""From authored pages to nbgrader's notebooks: ``exercises/NAME.md`` to ``solutions/NAME/``.

An exercise cell is the import of its own answer; here it becomes signature, docstring and body
from `nnlib`. The body stands between nbgrader's solution marks, and the student gets it empty.
"""

import ast
import inspect
import re
import textwrap

import jupytext
import nbformat

from . import course
from .course import CourseError

IMPORT = re.compile(r"from (nnlib(?:\.\w+)*) import (\w+)")
MARK = "### BEGIN SOLUTION"
TRAVELS = re.compile(r"\b(data|figures)/([\w.-]+\.\w+)")


def notebook(chapter):
    """Return the instructor's notebook of a chapter, with the solutions in it.

    Raises
    ------
    CourseError
        Naming the page and what is wrong with it.
    """
    path = page(chapter)
    source = jupytext.read(path, fmt="md:myst")
    checks, written = course.checks(chapter), course.written(chapter)
    cells, seen = [], set()
    waiting = None  # the piece whose check cell is still to come, after its try cell
    for number, cell in enumerate(source.cells):
        tags = cell.metadata.get("tags", [])
        where = f"{path.relative_to(course.root())}, cell {number + 1}"
        if waiting and "try" not in tags:
            cells.append(_grade(waiting))
            waiting = None
        if "exercise" in tags:
            name, text = _exercise(cell, where)
            if name not in checks:
                raise CourseError(f"{where}: there is no check for {name}; write one in "
                                  f"autograder/checks/{chapter}.py")
            if name in seen:
                raise CourseError(f"{where}: {name} is asked for twice; remove one of the cells")
            seen.add(name)
            cells.append(_code(text, name, solution=True))
            waiting = checks[name]
        elif "try" in tags:
            if waiting is None:
                raise CourseError(f"{where}: a try cell belongs right after an exercise cell")
            cells.append(_code(cell.source, f"{waiting.name}-try", grade=True, points=0))
            cells.append(_grade(waiting))
            waiting = None
        elif "given" in tags:
            name, piece = _import(cell, where)
            cells.append(_code(inspect.getsource(piece).rstrip(), f"{name}-given"))
        elif "written" in tags:
            cells += _written(cell, written, seen, where)
        elif cell.cell_type == "code":
            cells.append(nbformat.v4.new_code_cell(cell.source, id=f"cell-{number}"))
            if MARK in cell.source:
                raise CourseError(f"{where}: a cell with solution marks needs the tag `exercise`")
        else:
            cells.append(nbformat.v4.new_markdown_cell(cell.source, id=f"cell-{number}"))
    if waiting:
        cells.append(_grade(waiting))
    for name in written.keys() - seen:
        raise CourseError(f"autograder/checks/{chapter}.py: nothing asks the written question "
                          f"{name}; add it to {path.relative_to(course.root())}")
    return nbformat.v4.new_notebook(cells=cells, metadata=_METADATA)


def build(chapters, check_only=False):
    """Write the notebooks of chapters into ``solutions/``; return the stale ones' paths.

    With `check_only`, nothing is written.
    """
    stale = []
    for chapter in chapters:
        path = solution_path(chapter)
        text = nbformat.writes(notebook(chapter), version=4) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not check_only:
                course.write(path, text)
    return stale


def page(chapter):
    """Return the path of the authored page."""
    path = course.root() / "exercises" / f"{course.chapter_of(chapter)}.md"
    if not path.exists():
        raise CourseError(f"{path.relative_to(course.root())} is missing; "
                          "write the assignment there, see CONTRIBUTING.md")
    return path


def solution_path(chapter):
    return course.root() / "solutions" / chapter / f"{chapter}.ipynb"


def travellers(chapter):
    """Return the data files and figures that a page names: ``{("data", "voting.csv"), …}``."""
    return sorted(set(TRAVELS.findall(page(chapter).read_text(encoding="utf-8"))))


def solution(piece):
    """Return the source of a function or class with marks around every body to be written.

    A class keeps its ``__init__``, and every method without a docstring, as it is.
    """
    lines = textwrap.dedent(inspect.getsource(piece)).rstrip().split("\n")
    return "\n".join(_mark(lines, ast.parse("\n".join(lines)).body[0]))


def _mark(lines, node):
    """Put solution marks around the bodies, the last one first."""
    functions = [node] if isinstance(node, ast.FunctionDef) else [
        f for f in node.body if isinstance(f, ast.FunctionDef) and f.name != "__init__"
        and ast.get_docstring(f)]
    for function in reversed(functions):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        if not body:
            continue
        last = body[-1].end_lineno
        before = function.body[0].end_lineno if ast.get_docstring(function) else body[0].lineno - 1
        indent = " " * body[0].col_offset
        lines[before:last] = [indent + MARK, *lines[before:last], f"{indent}### END SOLUTION"]
    return lines


def _exercise(cell, where):
    """Return name and marked source: of the library's piece, or of a cell with its own marks."""
    if MARK in cell.source:
        return ast.parse(cell.source).body[0].name, cell.source
    name, piece = _import(cell, where)
    return name, solution(piece)


def _import(cell, where):
    match = IMPORT.fullmatch(cell.source.strip())
    if not match:
        raise CourseError(f"{where}: an exercise cell imports its own answer and nothing else, "
                          "as in `from nnlib.activations import softmax`")
    module, name = match.groups()
    return name, course.library_object(f"{module}.{name}", where)


def _code(source, name, solution=False, grade=False, points=None):
    cell = nbformat.v4.new_code_cell(source, id=_id(name))
    cell.metadata.nbgrader = _nbgrader(name, "code", solution, grade, points)
    return cell


def _grade(check):
    return _code(f"check({check.name})", f"{check.name}-grade", grade=True, points=check.points)


def _written(cell, written, seen, where):
    name = cell.metadata.get("name", "")
    if name not in written:
        raise CourseError(f"{where}: there is no written question called {name!r} in the chapter's "
                          "checks; add a Written of that name")
    seen.add(name)
    one = written[name]
    marks = "\n".join(f"- {points} p: {text}" for points, text in one.rubric)
    question = nbformat.v4.new_markdown_cell(cell.source, id=_id(f"{name}-question"))
    question.metadata.nbgrader = _nbgrader(f"{name}-question", "markdown")
    answer = nbformat.v4.new_markdown_cell(
        f"{one.answer}\n\n**Marking**\n\n{marks}", id=_id(name))
    answer.metadata.nbgrader = _nbgrader(name, "markdown", True, True, one.points)
    return [question, answer]


def _nbgrader(name, kind, solution=False, grade=False, points=None):
    data = {"cell_type": kind, "grade": grade, "grade_id": name, "locked": not solution,
            "schema_version": 3, "solution": solution, "task": False}
    return data | ({"points": points} if grade else {})


def _id(name):
    """Cell ids come from names, never from positions: a released assignment stays gradeable."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", name)[:64]


_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}
