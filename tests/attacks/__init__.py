"""A corpus of attacks on the grader: each one submission, written by somebody who knows the house.

An attacker has solved three pieces rightly and wants more: points, answers, or to do harm. What
must be seen is the same for all: points for the three pieces and no others, and nothing else. An
attack's cells mark what they got with lines ``LOOT: ...``; there must be none.
"""

import copy
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

TOPICS = ("files", "memory", "patching", "imports", "runner", "lying", "liars", "ending", "again",
          "replies", "speaking", "bombs", "floods", "clocks", "sockets", "processes", "kernel",
          "notebooks", "formats", "names", "browser", "cheating")
SOLVED = ("relu", "sigmoid", "softmax")  # what attackers have done themselves

# What the cells of an attack may use. `tries` runs one route; a route returns what it gained.
PRELUDE = '''
import ctypes, gc, os, re, signal, sys, threading, time
from pathlib import Path
import numpy as np

def tries(route):
    try:
        gained = route()
    except BaseException as error:
        print("denied:", route.__name__, type(error).__name__)
    else:
        print("LOOT:" if gained else "nothing:", route.__name__, repr(gained)[:2000])

def secrets(data):
    return set(re.findall(rb"CANARY[-]\\w+", data))

def read(path):
    ways = [lambda: open(path, "rb").read(),
            lambda: os.read(os.open(path, os.O_RDONLY), 10**6),
            lambda: np.fromfile(path, np.uint8).tobytes(),
            lambda: bytes(np.memmap(path, np.uint8, "r")),
            lambda: open(f"/proc/self/fd/{os.open(path, os.O_PATH)}", "rb").read(),
            lambda: os.listdir(path)]
    for way in ways:
        try:
            if got := way():
                return got
        except Exception:
            pass

def strangers(most=200):
    try:
        own = {int(task) for task in os.listdir("/proc/self/task")}
    except OSError:
        own = {os.getpid()}
    return [pid for pid in (os.getppid(), *range(1, most)) if pid not in own and pid > 0]

libc = ctypes.CDLL(None, use_errno=True)
'''


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    Attributes
    ----------
    name : str
    tries, seen : str
        A sentence each: what it tries, and what must be seen instead.
    cells, after : list of str
        Code cells behind the imports, and at the end of the notebook.
    pieces : dict of str
        Sources of solution cells, by piece.
    edit : callable
        Changes the notebook, a plain dict, or returns the bytes of another file.
    beside : callable
        Puts more into the folder of the submission, once it is collected.
    student : str
        The name of the folder that is handed in; by default the attack's own.
    loses : tuple of str
        Pieces that the attacker breaks himself, and may lose points of.
    recites : tuple of str
        Pieces answered from the public recording: right where an input is the same for everybody.
    refused : bool
        The grader may name a reason instead of points.
    deadly : bool
        Where a grader has no walls, it would end more than the grader.
    """

    name: str
    tries: str
    seen: str
    cells: list = field(default_factory=list)
    after: list = field(default_factory=list)
    pieces: dict = field(default_factory=dict)
    edit: Callable | None = None
    beside: Callable | None = None
    student: str = ""
    loses: tuple = ()
    recites: tuple = ()
    refused: bool = False
    deadly: bool = False

    @property
    def folder(self):
        return self.student or f"attack-{self.name}"


def corpus():
    """Return all attacks."""
    attacks = [attack for topic in TOPICS
               for attack in importlib.import_module(f"{__name__}.{topic}").ATTACKS]
    names = [attack.folder for attack in attacks]
    assert len(set(names)) == len(names), "two attacks have one name"
    return attacks


def answering(expression, *names):
    """Return sources of pieces that all answer with one expression in ``x``."""
    return {name: f"def {name}(x, *rest, **more):\n    return {expression}" for name in names}


def code(source, **metadata):
    return {"cell_type": "code", "source": source.strip("\n"), "metadata": metadata,
            "outputs": [], "execution_count": None}


def find(notebook, name):
    """Return the cell that nbgrader calls `name`."""
    return next(cell for cell in notebook["cells"]
                if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def solve(released, solutions, names):
    """Return the released notebook with some pieces as in the instructor's."""
    notebook = copy.deepcopy(released)
    for name in names:
        lines = "".join(find(solutions, name)["source"]).split("\n")
        find(notebook, name)["source"] = "\n".join(line for line in lines if "###" not in line)
    return notebook


def submission(attack, base, facts):
    """Return the bytes of an attack's notebook.

    Parameters
    ----------
    base : dict
        The notebook with the attacker's own three pieces.
    facts : dict of str
        What the attacker knows of the machine, in the place of ``@NAME@``.
    """
    notebook = copy.deepcopy(base)
    for cell in notebook["cells"]:
        cell.pop("id", None)  # a format that has no ids allows any number of cells to be added
    notebook["nbformat_minor"] = 4
    for name, source in attack.pieces.items():
        find(notebook, name)["source"] = source
    if attack.cells or attack.after:
        notebook["cells"][2:2] = [code(source) for source in (PRELUDE, *attack.cells)]
        notebook["cells"] += [code(source) for source in attack.after]
    other = attack.edit(notebook) if attack.edit else None
    text = other if isinstance(other, bytes) else json.dumps(notebook).encode()
    for name, value in facts.items():
        text = text.replace(f"@{name}@".encode(), str(value).encode())
    return text
