"""What several test files share."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure, and a run that fails does so again.
settings.register_profile("any machine", deadline=None, derandomize=True)
settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ["nnlib", "autograder", "exercises", "solutions", "examples", "nbgrader_config.py"]


@dataclass
class Clone:
    """A copy of the course that a test may change, with the command line run in it."""

    root: Path

    def run(self, *arguments, library=None, **options):
        environment = os.environ | {"PYTHONPATH": str(library or self.root), "COLUMNS": "200"}
        return subprocess.run([sys.executable, "-m", "autograder.cli", *map(str, arguments)],
                              cwd=self.root, env=environment, capture_output=True, text=True,
                              **options)


def copy_course(folder):
    """Copy the rooms of the course, and of the book what assignments take from it."""
    for room in ROOMS:
        source = ROOT / room
        if source.is_dir():
            shutil.copytree(source, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / room)
    for part in ("data", "figures"):
        shutil.copytree(ROOT / "book" / part, folder / "book" / part,
                        ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "book" / "nnbook.mplstyle", folder / "book")
    return Clone(folder)


@pytest.fixture
def clone(tmp_path):
    return copy_course(tmp_path)
