"""Files that are hardly notebooks: too large, too deep, too old, too new, broken."""

import json

from . import Attack, code, find


def many_cells(notebook):
    notebook["cells"] += [{"cell_type": "markdown", "source": "", "metadata": {}}] * 100_000


def many_code_cells(notebook):
    notebook["cells"] += [code("1")] * 3_000


def large_cell(notebook):
    notebook["cells"].append(code("'" + "x" * 20 * 2**20 + "'"))


def long_lines(notebook):
    """A cell that the compiler and the highlighter need long for."""
    notebook["cells"] += [code("+".join(["1"] * 60_000)), code("(" * 5000 + ")" * 5000),
                          code("x = " + "-" * 90_000 + "1"), code("\\\n" * 50_000 + "1")]


def deep_metadata(notebook):
    text = json.dumps(notebook)[:-1]
    return (text + ', "deep": ' + "[" * 10**5 + "]" * 10**5 + "}").encode()


def deep_cell(notebook):
    value = {}
    for _ in range(700):
        value = {"a": value}
    notebook["cells"][0]["metadata"]["deep"] = value


def version(major, minor):
    def edit(notebook):
        notebook.update(nbformat=major, nbformat_minor=minor)
        for number, cell in enumerate(notebook["cells"]):
            if (major, minor) >= (4, 5):
                cell["id"] = f"cell-{number}"
    return edit


def format_3(notebook):
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cells.append({"cell_type": "code", "input": cell["source"], "language": "python",
                          "outputs": [], "metadata": cell["metadata"], "collapsed": False})
        else:
            cells.append(cell)
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "../x"},
                       "worksheets": [{"cells": cells, "metadata": {}}]}).encode()


def not_utf8(notebook):
    return json.dumps(notebook).encode().replace(b"Activations", b"Activ\xff\xfeations")


def utf16(notebook):
    return json.dumps(notebook).encode("utf-16")


def marked(notebook):
    return b"\xef\xbb\xbf" + json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()


def surrogates(notebook):
    find(notebook, "why_not_linear")["source"] = "half a character: \ud800 and \udfff"
    notebook["cells"].append(code("'\ud83d'  # and NUL \0"))
    notebook["cells"][0]["metadata"]["\ud800"] = "\udcff"


def doubled_keys(notebook):
    text = json.dumps(notebook)
    return text.replace('"points": 6', '"points": 6, "points": 600, "points": 6e2').encode()


def strange_numbers(notebook):
    text = json.dumps(notebook)
    return text.replace('"execution_count": null', '"execution_count": 1e999, "n": NaN, "m": '
                        + "9" * 5000, 3).encode()


def doubled_ids(notebook):
    notebook.update(nbformat_minor=5)
    for cell in notebook["cells"]:
        cell["id"] = "same"


def strange_ids(notebook):
    notebook.update(nbformat_minor=5)
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = ["", "../../x", "a" * 9999, "<b>", "\u202e", 7, None][number % 7]


def nul(notebook):
    for cell in notebook["cells"][2:6]:
        cell["source"] += "\0"
    find(notebook, "tanh")["source"] = "def tanh(x):\0\n    return x"


def listed(notebook):
    return b"[" + json.dumps(notebook).encode() + b"]"


def strange_cells(notebook):
    notebook["cells"][2:2] = [None, 7, [], {}, {"cell_type": "code"}, {"cell_type": 9},
                              {"cell_type": "code", "source": 7, "metadata": []},
                              {"cell_type": "widget", "source": "", "metadata": {}}]


ATTACKS = [Attack(name, tries, seen, edit=edit, refused=refused)
           for name, tries, seen, edit, refused in (
    ("many-cells", "has a hundred thousand cells", "it is graded, or a reason is named",
     many_cells, True),
    ("many-code-cells", "has three thousand cells that run", "it is graded, or a reason is named",
     many_code_cells, True),
    ("large-cell", "has a cell of 20 MB", "it is graded, or a reason is named", large_cell, True),
    ("long-lines", "has cells that parsers need long or much stack for",
     "each costs itself only", long_lines, False),
    ("deep-metadata", "has metadata a hundred thousand levels deep", "a reason is named",
     deep_metadata, True),
    ("deep-cell", "has metadata seven hundred levels deep", "it is graded, or a reason is named",
     deep_cell, True),
    ("format-3", "is in the format of 2011", "it is graded, or a reason is named", format_3, True),
    ("format-4-0", "is in the format 4.0", "it is graded", version(4, 0), False),
    ("format-4-2", "is in the format 4.2", "it is graded", version(4, 2), False),
    ("format-4-99", "is in a minor format that is not there yet",
     "it is graded, or a reason is named", version(4, 99), True),
    ("format-5", "is in a format that is not there yet", "a reason is named", version(5, 0), True),
    ("format-odd", "says that its format is 4.-1", "it is graded, or a reason is named",
     version(4, -1), True),
    ("not-utf-8", "has bytes that are no text", "a reason is named", not_utf8, True),
    ("utf-16", "is written in UTF-16", "a reason is named", utf16, True),
    ("byte-order-mark", "begins with a mark and has Windows' line ends", "it is graded",
     marked, False),
    ("surrogates", "has halves of characters in text, code and keys",
     "it is graded, or a reason is named", surrogates, True),
    ("doubled-keys", "has keys twice, with other points", "a cell is worth what it was",
     doubled_keys, True),
    ("strange-numbers", "has infinite, giant and missing numbers",
     "it is graded, or a reason is named", strange_numbers, True),
    ("doubled-ids", "has one id for all cells", "it is graded", doubled_ids, True),
    ("strange-ids", "has ids that are paths, empty, huge or numbers",
     "it is graded, or a reason is named", strange_ids, True),
    ("nul", "has NUL characters in code and text", "it is graded, or a reason is named", nul, True),
    ("in-a-list", "is a list that holds a notebook", "a reason is named", listed, True),
    ("strange-cells", "has cells that are numbers, lists and nothing", "a reason is named",
     strange_cells, True),
    ("empty-file", "is an empty file", "a reason is named", lambda notebook: b"", True),
    ("cut-off", "breaks off in the middle", "a reason is named",
     lambda notebook: json.dumps(notebook).encode()[:9999], True),
)]
