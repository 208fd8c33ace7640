"""Notebooks as nobody should hand them in: real ones, changed at random, each by its number.

`mutant(number)` is the same bytes on every machine, and the names of what was done to them.
"""

import copy
import gzip
import json
import random
from functools import cache

from conftest import ROOT

CLASS = ROOT / "examples" / "class"
STUDENTS = ("Amara Okafor", "Jonas Weber", "Ingrid Solberg", "Wei Chen", "Samuel Adeyemi",
            "Margaret Hughes", "Diego Fernández", "Mateo Rivera")
PIECES = ("matmul", "broadcast_shapes", "one_hot")
KEPT = {f"{piece}{end}" for piece in PIECES for end in ("", "-try", "-grade")} | {
    "rank_three_and_four", "rank_three_and_four-question"}

DEEP = 3000  # deeper than Python's own stack
JUNK = (None, True, False, 0, -1, 3.5, 1e308, 10**400, "", "x", "\u202egnp.x", "\ud800", "a\0b",
        "\ufeff", "𝔸" * 50, "e\u0301" * 9, [], [[]], {}, {"": None}, [None], ["x", 1, None],
        {"nbgrader": {"grade": True}}, "../../../etc/passwd", "-1", "NaN", float("nan"),
        float("inf"), "a\r\nb\u2028c\x85d", list(range(300)), "x" * 100_000)
SNIPPETS = ("exit()", "raise SystemExit", "%matplotlib inline", "%%time", "!ls", "input()", "1/0",
            "print('\\ud800')", "print('\ud800')", "\0", "await x", "del np", "matmul = 3", "?len",
            "import os; os._exit(1)", "print('x' * 3_000_000)", "class matmul: pass", "\x0c",
            "display({'a': 1}, raw=True)", "'''", "(", "    x", "return 1", "yield", "lambda: 0",
            "raise type('\\ud800', (Exception,), {})", "get_ipython().run_cell('1')", "# ‮",
            "raise BaseException", "x = x_", "from nnlib.tensors import *", "matmul.__name__ = 1",
            "import numpy; numpy.set_printoptions(precision=1)", "globals().clear()", "%reset -f",
            "def one_hot(*a, **k): return one_hot", "__builtins__ = None", "float('nan')",
            "one_hot = lambda labels, n: np.full((len(labels), n), np.nan)", "%magic_that_is_none",
            "matmul = lambda a, b: float('inf')", "broadcast_shapes = lambda *s: {'a': s}",
            "import sys; sys.stdout.write(b'x')", "print('\\x1b[31m', end='\\r')",
            "exec('x' * 999)", "raise ExceptionGroup('a', [ValueError('b')])",
            "one_hot = property()",
            "import signal; signal.raise_signal(signal.SIGINT)")
OUTPUTS = ("stream", "error", "display_data", "execute_result", "pyout", "update_display_data", "",
           None, 3)


@cache
def seeds():
    """Return real submissions, cut to a few cells so that they run at once."""
    return [_cut(json.loads((CLASS / student / "tensors.ipynb").read_bytes().decode("utf-8-sig")))
            for student in STUDENTS]


def mutant(number):
    """Return the bytes of a mutant, and what was done to a real notebook."""
    rng = random.Random(number)
    notebook, done = copy.deepcopy(rng.choice(seeds())), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(CHANGES)
        done.append(change.__name__)
        try:
            notebook = change(notebook, rng)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            done[-1] += " (not possible after the one before)"
    data = json.dumps(notebook, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 1)))
    data = data.encode("utf-8", "surrogatepass")
    if rng.random() < 0.2:
        spoil = rng.choice(SPOILS)
        done.append(spoil.__name__)
        data = spoil(data, rng)
    return data, done


def _cut(notebook):
    """Keep the first code cell and the cells of a few pieces."""
    for sheet in (notebook, *notebook.get("worksheets", ())):
        cells = sheet.get("cells", [])
        first = next((cell for cell in cells if cell["cell_type"] == "code"), None)
        sheet["cells"] = [cell for cell in cells if cell is first or _name(cell) in KEPT]
        if "cells" in sheet and not cells:
            del sheet["cells"]
    return notebook


def _name(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _cells(notebook):
    return notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]


def _cell(notebook, rng):
    return rng.choice(_cells(notebook))


def _places(node):
    """Return every (container, key) of a tree."""
    found, waiting = [], [node]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        found += [(node, key) for key in keys]
        waiting += [node[key] for key in keys if isinstance(node[key], dict | list)]
    return found


def _junk(rng):
    return copy.deepcopy(rng.choice(JUNK))


# Structure


def replace_a_value(notebook, rng):
    container, key = rng.choice(_places(notebook))
    container[key] = _junk(rng)
    return notebook


def replace_a_value_at_the_top(notebook, rng):
    notebook[rng.choice(list(notebook))] = _junk(rng)
    return notebook


def remove_a_key(notebook, rng):
    container, key = rng.choice(_places(notebook))
    del container[key]
    return notebook


def rename_a_key(notebook, rng):
    container, key = rng.choice([(c, k) for c, k in _places(notebook) if isinstance(c, dict)])
    container[rng.choice(("", "Cells", "source", "metadata", "x" * 999, "\u202e", "\0", "\ud800"))
              ] = container.pop(key)
    return notebook


def add_a_key(notebook, rng):
    container = rng.choice([c for c, _ in _places(notebook) if isinstance(c, dict)])
    container[rng.choice(("attachments", "outputs", "id", "nbgrader", "signature", "worksheets",
                          "collapsed", "name", "orig_nbformat", "input"))] = _junk(rng)
    return notebook


def swap_two_values(notebook, rng):
    (a, i), (b, j) = rng.choice(_places(notebook)), rng.choice(_places(notebook))
    a[i], b[j] = copy.deepcopy(b[j]), copy.deepcopy(a[i])
    return notebook


def nest_deeply(notebook, rng):
    container, key = rng.choice(_places(notebook))
    for _ in range(rng.choice((30, 300))):
        container[key] = rng.choice(([container[key]], {"x": container[key]}))
    return notebook


# Formats


def change_the_format(notebook, rng):
    notebook["nbformat"] = rng.choice((3, 4, 5, 2, 1, 0, -1, "4", 4.0, None, 10**20))
    notebook["nbformat_minor"] = rng.choice((0, 1, 2, 3, 4, 5, 6, 99, "5", None, -1, 5.5))
    return notebook


def wrap_in_worksheets(notebook, rng):
    cells = notebook.pop("cells")
    for cell in cells:
        cell["input"] = cell.get("source")
        cell["language"] = rng.choice(("python", "", None))
    notebook["worksheets"] = [{"cells": cells, "metadata": {}} for _ in range(rng.choice((1, 2)))]
    notebook["nbformat"], notebook["nbformat_minor"] = 3, rng.choice((0, 1, 7))
    return notebook


# Metadata


def change_the_kernel(notebook, rng):
    notebook["metadata"][rng.choice(("kernelspec", "language_info", "name", "widgets"))
                         ] = rng.choice(
        (_junk(rng), {"name": _junk(rng)}, {"name": "ir", "display_name": "R", "language": "R"}))
    return notebook


def change_the_cells_metadata(notebook, rng):
    _cell(notebook, rng)["metadata"] = rng.choice((_junk(rng), {"nbgrader": _junk(rng)},
                                                   {"tags": _junk(rng), "collapsed": _junk(rng)}))
    return notebook


def change_the_name_of_a_cell(notebook, rng):
    cell = rng.choice([cell for cell in _cells(notebook) if _name(cell)])
    cell["metadata"]["nbgrader"]["grade_id"] = rng.choice(
        (_junk(rng), "softmax-grade", "MATMUL", "matmul-grade", "matmul-grade-grade", "-grade",
         _name(_cell(notebook, rng))))
    return notebook


def change_a_mark(notebook, rng):
    cell = rng.choice([cell for cell in _cells(notebook) if _name(cell)])
    cell["metadata"]["nbgrader"][rng.choice(("points", "grade", "solution", "locked", "task",
                                             "schema_version", "cell_type", "checksum"))
                                 ] = rng.choice((_junk(rng), 10**9, -5, "100", 99, True))
    return notebook


# Cells


def move_a_cell(notebook, rng):
    cells = _cells(notebook)
    cells.insert(rng.randrange(len(cells) + 1), cells.pop(rng.randrange(len(cells))))
    return notebook


def shuffle_the_cells(notebook, rng):
    rng.shuffle(_cells(notebook))
    return notebook


def double_a_cell(notebook, rng):
    cells = _cells(notebook)
    for _ in range(rng.choice((1, 2, 30))):
        cells.insert(rng.randrange(len(cells) + 1), copy.deepcopy(_cell(notebook, rng)))
    return notebook


def remove_cells(notebook, rng):
    cells = _cells(notebook)
    del cells[rng.randrange(len(cells)):]
    return notebook


def split_a_cell(notebook, rng):
    cells = _cells(notebook)
    number = rng.randrange(len(cells))
    text, second = _text(cells[number]), copy.deepcopy(cells[number])
    middle = rng.randrange(len(text) + 1)
    cells[number]["source"], second["source"] = text[:middle], text[middle:]
    cells.insert(number + 1, second)
    return notebook


def change_the_kind_of_a_cell(notebook, rng):
    _cell(notebook, rng)["cell_type"] = rng.choice(("code", "markdown", "raw", "heading", "html",
                                                    "", None, 3, "Code", ["code"]))
    return notebook


def change_the_id_of_a_cell(notebook, rng):
    other = _cell(notebook, rng).get("id")
    _cell(notebook, rng)["id"] = rng.choice((_junk(rng), other, "a b", "x" * 65, "é"))
    return notebook


def put_junk_for_a_cell(notebook, rng):
    cells = _cells(notebook)
    cells[rng.randrange(len(cells))] = _junk(rng)
    return notebook


def put_junk_for_a_source(notebook, rng):
    _cell(notebook, rng)["source"] = rng.choice((_junk(rng), ["x = 1\n", _junk(rng)],
                                                 ["\n"] * 9999))
    return notebook


def attach_something(notebook, rng):
    _cell(notebook, rng)["attachments"] = rng.choice((_junk(rng), {"a.png": {"image/png": "=="}},
                                                      {"a.png": _junk(rng)}))
    return notebook


# Outputs


def put_in_outputs(notebook, rng):
    cell = rng.choice([c for c in _cells(notebook) if c["cell_type"] == "code"])
    cell["execution_count"] = rng.choice((_junk(rng), 3))
    cell["outputs"] = rng.choice((_junk(rng), [_output(rng) for _ in range(rng.choice((1, 3)))]))
    return notebook


def _output(rng):
    output = {"output_type": rng.choice(OUTPUTS), "name": "stdout", "text": "x", "metadata": {},
              "ename": "E", "evalue": "e", "traceback": [], "execution_count": 1,
              "data": {"text/plain": "x", "application/json": {"a": [1]}, "image/png": "iVBORw0="}}
    for key in rng.sample(sorted(output), rng.choice((0, 1, 4))):
        output[key] = _junk(rng)
    for key in rng.sample(sorted(output), rng.choice((0, 1, 4))):
        del output[key]
    return output


# Sources


def _text(cell):
    source = cell.get("source", cell.get("input"))
    return source if isinstance(source, str) else "".join(source)


def _code(notebook, rng):
    return rng.choice([c for c in _cells(notebook) if c["cell_type"] == "code" and _text(c)])


def edit_the_code(notebook, rng):
    cell = _code(notebook, rng)
    words = _text(cell).split(" ")
    for _ in range(rng.choice((1, 3, 10))):
        i, j = rng.randrange(len(words)), rng.randrange(len(words))
        words[i:i + 1] = rng.choice(([], [words[i]] * 2, [words[j]], [rng.choice("()[]:=+.#'\"")]))
        words = words or ["x"]
    cell["source"] = " ".join(words)
    return notebook


def add_a_snippet(notebook, rng):
    cell = _code(notebook, rng)
    lines = _text(cell).split("\n")
    lines.insert(rng.choice((0, len(lines), rng.randrange(len(lines)))), rng.choice(SNIPPETS))
    cell["source"] = "\n".join(lines)
    return notebook


def flip_characters_of_the_code(notebook, rng):
    cell = _code(notebook, rng)
    text = list(_text(cell))
    for _ in range(rng.choice((1, 5, 50))):
        text[rng.randrange(len(text))] = chr(rng.choice((
            0, 9, 10, 13, 34, 40, 92, 160, 0x202e, 0xfeff, 0x1f600, rng.randrange(32, 127))))
    cell["source"] = "".join(text)
    return notebook


# Bytes


def break_off(data, rng):
    return data[:rng.randrange(len(data))]


def flip_bytes(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 3, 30))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def put_in_bytes(data, rng):
    place = rng.randrange(len(data) + 1)
    part = rng.choice((b"\xef\xbb\xbf", b"\0", b"\\ud800", b"\xed\xa0\x80", b"[" * DEEP,
                       b'{"a":' * DEEP, b"9" * 5000, b"NaN", b"-Infinity", b",", b"\xff\xfe",
                       b"\n" * 999))
    return data[:place] + part + data[place:]


def encode_otherwise(data, rng):
    text = data.decode("utf-8", "replace")
    return rng.choice((text.encode("utf-16"), text.encode("utf-32"), gzip.compress(data, mtime=0),
                       b"\xef\xbb\xbf" + data, text.encode("ascii", "replace"), data[::-1],
                       text.encode("latin-1", "replace"), data * 2, b"", b"null", b"[]", b"{}",
                       b"\xef\xbb\xbf\xef\xbb\xbf" + data, b"[" * 10**5, b" " * 10**6 + data))


def double_keys(data, rng):
    key = rng.choice((b'"cells"', b'"metadata"', b'"source"', b'"nbformat"', b'"cell_type"'))
    return data.replace(key, key + rng.choice((b": null, ", b": [], ", b": 4, ")) + key)


CHANGES = (replace_a_value, replace_a_value_at_the_top, remove_a_key, rename_a_key, add_a_key,
           swap_two_values, nest_deeply, change_the_format, wrap_in_worksheets, change_the_kernel,
           change_the_cells_metadata, change_the_name_of_a_cell, change_a_mark, move_a_cell,
           shuffle_the_cells, double_a_cell, remove_cells, split_a_cell, change_the_kind_of_a_cell,
           change_the_id_of_a_cell, put_junk_for_a_cell, put_junk_for_a_source, attach_something,
           put_in_outputs, edit_the_code, add_a_snippet, flip_characters_of_the_code)
SPOILS = (break_off, flip_bytes, put_in_bytes, encode_otherwise, double_keys)
