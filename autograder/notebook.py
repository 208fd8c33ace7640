"""Read a notebook that anybody may have written, and put the released cells back into it."""

import json
import re
from itertools import count
from math import isfinite

import nbformat

from .course import CourseError

MOST = 64 * 2**20  # bytes of a notebook
KINDS = {"code": "code", "raw": "raw", "markdown": "markdown", "html": "markdown",
         "heading": "markdown"}  # the last two are of format 3
ID = re.compile("[a-zA-Z0-9_-]{1,64}")
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
          "language_info": {"name": "python", "pygments_lexer": "ipython3"}}


def grade_id(cell):
    """Return nbgrader's name of a cell, ``""`` for a cell of the student's own."""
    held = cell.metadata.get("nbgrader", {})
    name = held.get("grade_id", "") if isinstance(held, dict) else ""
    return name if isinstance(name, str) else ""


def read_notebook(data, name):
    """Read a notebook of format 3 or 4 and return it as format 4.5.

    Text, kinds and names of the cells, attachments and valid ids are kept, and nothing else: the
    outputs are made anew, and what surrounds them often breaks the format's rules.

    Raises
    ------
    CourseError
        One sentence that says where it is damaged.
    """
    if len(data) > MOST:
        raise CourseError(f"{name} is larger than {MOST // 2**20} MiB")
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CourseError(f"{name} is not a notebook: it is not text") from None
    except json.JSONDecodeError as error:
        raise CourseError(f"{name} is not a notebook: its JSON breaks off in line "
                          f"{error.lineno} ({error.msg})") from None
    except (ValueError, RecursionError):
        raise CourseError(f"{name} is not a notebook: it is nested too deeply, or a number in it "
                          "is too long") from None
    try:
        cells = [_cell(number, cell) for number, cell in enumerate(_cells(found), 1)]
    except ValueError as error:
        raise CourseError(f"{name} is not a valid notebook: {error}") from None
    _number(cells)
    return nbformat.from_dict({"cells": cells, "metadata": PYTHON, "nbformat": 4,
                               "nbformat_minor": 5})


def _cells(found):
    """Return the list of a notebook's cells; those of format 3 stand in worksheets."""
    if not isinstance(found, dict) or not isinstance(found.get("metadata"), dict):
        raise ValueError("no cells, or nothing around them")
    version = found.get("nbformat")
    if version not in (3, 4):
        told = repr(version)[:20] if isinstance(version, int | str) else "no number"
        raise ValueError(f"its format is {told}, and only 3 and 4 are known")
    sheets = [found] if version == 4 else found.get("worksheets")
    if not isinstance(sheets, list) or not all(
            isinstance(sheet, dict) and isinstance(sheet.get("cells"), list) for sheet in sheets):
        raise ValueError("it has no list of cells")
    return [cell for sheet in sheets for cell in sheet["cells"]]


def _cell(number, found):
    """Return what counts of a cell."""
    if not isinstance(found, dict):
        raise ValueError(f"cell {number} is not a cell")
    kind = found.get("cell_type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"cell {number} is neither code nor text")
    lines = found.get("source", found.get("input"))
    lines = [lines] if isinstance(lines, str) else lines
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f"what stands in cell {number} is not text")
    cell = {"cell_type": KINDS[kind], "id": found.get("id"), "source": _mended("".join(lines)),
            "metadata": _plain_metadata(found)}
    if kind == "code":
        return cell | {"outputs": [], "execution_count": None}
    attached = _attachments(found.get("attachments"))
    return cell | {"attachments": attached} if attached else cell


def _plain_metadata(cell):
    """Return nbgrader's metadata of a cell, as far as they are plain."""
    metadata = cell.get("metadata")
    held = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(held, dict):
        return {}
    return {"nbgrader": {_mended(key): _mended(value) if isinstance(value, str) else value
                         for key, value in held.items() if _is_plain(value)}}


def _is_plain(value):
    return isinstance(value, str | int | None) or isinstance(value, float) and isfinite(value)


def _attachments(found):
    """Return the pictures of a text cell, without what is none."""
    if not isinstance(found, dict):
        return {}
    return {_mended(name): {_mended(kind): _mended(data) for kind, data in bundle.items()}
            for name, bundle in found.items() if isinstance(bundle, dict)
            and all(isinstance(data, str) for data in bundle.values())}


def _mended(text):
    """Return a text that can be written as UTF-8: JSON may hold halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _number(cells):
    """Give each cell whose id is missing, wrong or taken another one, the same at any time."""
    taken = set()
    for number, cell in enumerate(cells):
        name = cell.get("id")
        if not isinstance(name, str) or not ID.fullmatch(name) or name in taken:
            names = (f"cell-{number}-{more}" for more in count())
            name = cell["id"] = next(name for name in names if name not in taken)
        taken.add(name)


def read_file(path):
    """Read the notebook in a file; see `read_notebook`."""
    try:
        if path.exists() and not path.is_file():
            raise CourseError(f"{path.name} cannot be read: it is not a file")
        with open(path, "rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise CourseError(f"{path.name} cannot be read: {error.strerror}") from None
    return read_notebook(data, path.name)


def restore(notebook, released):
    """Restore a submission in place: metadata, the text of locked cells, and missing cells.

    The student's cells are kept, the instructor's are ours. nbgrader's own restoring looks at
    some fields of some cells, and stops on deleted or doubled ones.
    """
    source = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
    found = set()
    for cell in reversed(notebook.cells):  # of a cell that stands twice, the last one counts
        name = grade_id(cell)
        cell.source = cell.source.replace("\r\n", "\n")
        if name in source and name not in found:
            found.add(name)
            _restore(cell, source[name])
        else:
            cell.metadata.pop("nbgrader", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.kernelspec = nbformat.from_dict(dict(released.metadata.kernelspec))
    _add_missing(notebook, released, found)


def _restore(cell, source):
    cell.metadata.nbgrader = nbformat.from_dict(dict(source.metadata.nbgrader))
    if cell.cell_type != source.cell_type:
        text = cell.source
        cell.clear()
        cell.update(nbformat.from_dict(source), source=text)
    if source.metadata.nbgrader["locked"]:
        cell.source = source.source


def _add_missing(notebook, released, found):
    """Insert each missing released cell after the one it followed."""
    before, missing = "", {"": []}
    for cell in released.cells:
        name = grade_id(cell)
        if name in found:
            before = name
        elif name:
            missing.setdefault(before, []).append(nbformat.from_dict(cell))
    cells = missing.pop("")
    for cell in notebook.cells:
        cells += [cell, *missing.get(grade_id(cell), ())]
    _number(cells)
    notebook.cells = cells
