"""Students who never were: most right, some with known mistakes or empty cells.

The same number and seed give the same notebook, to the byte.
"""

import ast
import builtins
import inspect
import random
import sys
import textwrap

import nbformat

from autograder import course

SPOILED = 0.3  # of the students have at least one piece wrong
EMPTY = 0.25  # of the wrong pieces are as they were released


class Class:
    """A class of any size for one assignment.

    Parameters
    ----------
    released : NotebookNode
        What students get.
    solution : NotebookNode
        The instructor's notebook.
    chapter : str
    seed : int
    """

    def __init__(self, released, solution, chapter, seed=0):
        self.released, self.seed = nbformat.writes(released), seed
        self.right = {name(cell): without_marks(cell.source) for cell in solution.cells
                      if is_answer(cell)}
        self.wrong = wrong_answers(chapter)

    def notebook(self, number):
        """Return the notebook of student `number`."""
        draw = random.Random(f"{self.seed}/{number}")
        notebook = nbformat.reads(self.released, as_version=4)
        pieces = [cell for cell in notebook.cells if is_answer(cell)]
        spoiled = draw.sample(pieces, draw.randint(1, 3)) if draw.random() < SPOILED else []
        for cell in pieces:
            if cell not in spoiled:
                cell.source = self.right[name(cell)]
            elif draw.random() >= EMPTY and self.wrong.get(name(cell)):
                cell.source = draw.choice(self.wrong[name(cell)])
            cell.source += f"\n# {student(number)}"  # no two notebooks are the same
        return notebook

    def write(self, folder, numbers):
        """Write the notebooks of some students where nbgrader looks for them, below `folder`."""
        for number in numbers:
            path = folder / student(number) / "activations" / "activations.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(self.notebook(number), path)


def student(number):
    return f"student-{number:05}"


def name(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def is_answer(cell):
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution", False)


def without_marks(source):
    return "\n".join(line for line in source.split("\n") if "### " not in line)


def wrong_answers(chapter):
    """Return the source of a chapter's known mistakes, by piece.

    A mistake whose code needs more than NumPy and the functions of its module is left out.
    """
    module = sys.modules[_module(chapter)]
    tree = ast.parse(inspect.getsource(module))
    helpers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    answers = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            piece = node.targets[0].id
            found = [_source(piece, call.args[1], helpers) for call in ast.walk(node.value)
                     if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Mistake"]
            answers[piece] = [text for text in found if text]
    return answers


def _module(chapter):
    course.checks(chapter)  # imports it
    return f"autograder.checks.{chapter}"


def _source(piece, wrong, helpers):
    """Return a cell in which `piece` is the wrong function, ``""`` if it cannot stand alone."""
    needed = _needed(wrong, helpers)
    if needed is None:
        return ""
    parts = ["import math", *(ast.unparse(helpers[one]) for one in needed)]
    if isinstance(wrong, ast.Lambda):
        body = textwrap.indent(f"return {ast.unparse(wrong.body)}", "    ")
        parts.append(f"def {piece}({ast.unparse(wrong.args)}):\n{body}")
    else:
        parts.append(f"{piece} = {ast.unparse(wrong)}")
    return "\n\n\n".join(parts)


def _needed(node, helpers, known=()):
    """Return the names of the helpers that code needs, in order; None if it needs more."""
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)
             and isinstance(n.ctx, ast.Load)]
    own = {a.arg for a in ast.walk(node) if isinstance(a, ast.arg)} \
        | {n.id for n in ast.walk(node) if isinstance(n, ast.Name)
           and isinstance(n.ctx, ast.Store)}
    needed = []
    for one in dict.fromkeys(names):
        if one in own or one in known or hasattr(builtins, one) or one in ("np", "math"):
            continue
        deeper = _needed(helpers[one], helpers, (*known, one)) if one in helpers else None
        if deeper is None:
            return None
        needed += [n for n in (*deeper, one) if n not in needed]
    return needed
