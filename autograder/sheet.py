"""A sheet: all that judging one piece needs, as plain data.

Authored checks, a seed and TensorFlow's recorded answers make a sheet; the judge, the notebook's
own `check` and the release folder read nothing else. NumPy only.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from .arrays import from_json, to_json


@dataclass
class SheetCase:
    """One case with its inputs drawn, the right answer, and what each known mistake answers."""

    name: str
    points: int
    inputs: dict[str, Any]
    expected: dict[str, Any]
    mistakes: list[dict[str, Any] | None] = field(default_factory=list)
    hint: str = ""
    dtype: str = ""
    untouched: bool = False


@dataclass
class Sheet:
    """Everything about one piece; `scenario` is source text for the sandbox."""

    name: str
    chapter: str
    cases: list[SheetCase]
    mistakes: list[str]
    scenario: str = ""
    rtol: float = 1e-5
    atol: float = 1e-6
    forbidden: list[str] = field(default_factory=list)

    @property
    def points(self):
        return sum(case.points for case in self.cases)

    def to_json(self):
        data = asdict(self)
        for case in data["cases"]:
            for key in ("inputs", "expected", "mistakes"):
                case[key] = to_json(case[key])
        return data

    @classmethod
    def from_json(cls, data):
        cases = [SheetCase(**case | {k: from_json(case[k]) for k in
                                     ("inputs", "expected", "mistakes")})
                 for case in data["cases"]]
        return cls(**data | {"cases": cases})


def save_sheets(sheets, path):
    """Write sheets to one file, a line each."""
    lines = [json.dumps(sheet.to_json()) for sheet in sheets]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def load_sheets(path):
    """Read what `save_sheets` wrote, as a dict by name."""
    sheets = map(Sheet.from_json, json.loads(path.read_text(encoding="utf-8")))
    return {sheet.name: sheet for sheet in sheets}
