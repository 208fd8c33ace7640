"""What was measured, as numbers and as a table."""

import json
import os
import platform
from dataclasses import asdict
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

PACKAGES = ["nbgrader", "ipython", "numpy", "tensorflow-cpu", "tensorflow"]
HEAD = ("| grader | s a submission | CPU s a submission | largest process, MiB | first result, s "
        "| {count} submissions, s | ours is faster, a submission | … the class "
        "| ours takes less CPU by |\n|---|---|---|---|---|---|---|---|---|")


class Results:
    """The runs of all graders, in the order in which they were made.

    Parameters
    ----------
    count : int
        Submissions that ours grades; the peers' time for them is computed from a sample.
    """

    def __init__(self, count):
        self.count, self.runs = count, {}

    def add(self, grader, every, alone=None):
        """Keep one run of a grader: its cost for all its submissions, and for the first alone."""
        self.runs.setdefault(grader.name, []).append((grader.count, every, alone))

    def each(self, name, what="wall"):
        """Return the seconds a submission of every run, without the start."""
        return [_each(run, what) for run in self.runs[name]]

    def totals(self, name):
        """Return the seconds for the whole class of every run, the start included."""
        return [every.wall + (self.count - number) * _each((number, every, alone))
                for number, every, alone in self.runs[name]]

    def ratio(self, name, base, what="wall"):
        """Return the median of how many times more a grader takes, run by run.

        `what` is ``"wall"`` or ``"cpu"`` for a submission, ``"class"`` for all of them.
        """
        theirs, ours = (self.totals(one) if what == "class" else self.each(one, what)
                        for one in (name, base))
        return median(a / b for a, b in zip(theirs, ours, strict=True))

    def row(self, name, base):
        runs = self.runs[name]
        first = [every.first or alone.wall for _, every, alone in runs]
        cells = [name, f"{median(self.each(name)):.3f}", f"{median(self.each(name, 'cpu')):.3f}",
                 f"{max(every.largest for _, every, _ in runs):.0f}",
                 f"{median(first):.1f}" if all(first) else "", f"{median(self.totals(name)):.1f}",
                 *("" if name == base else f"{self.ratio(name, base, what):.1f}×"
                   for what in ("wall", "class", "cpu"))]
        return f"| {' | '.join(cells)} |"

    def others(self):
        """Return how many cores were busy with something else, the median of all runs."""
        return median(every.others for runs in self.runs.values() for _, every, _ in runs)

    def table(self, base):
        """Return the table in Markdown; `base` is whom the others are compared with."""
        return "\n".join([HEAD.format(count=self.count), *(self.row(n, base) for n in self.runs)])

    def to_json(self):
        return {name: [{"submissions": number, "all": asdict(every),
                        "one": asdict(alone) if alone else None} for number, every, alone in runs]
                for name, runs in self.runs.items()}


def machine():
    """Say in a line what ran: date, processor, cores, system, versions."""
    versions = [f"{package} {found}" for package in PACKAGES if (found := _version(package))]
    return (f"{date.today()}, {_processor()}, {len(os.sched_getaffinity(0))} cores, "
            f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
            + ", ".join(versions))


def write(stem, text, data):
    """Write ``STEM.md`` and ``STEM.json``."""
    stem.with_suffix(".md").write_text(text + "\n", encoding="utf-8")
    stem.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def agreement(ours, theirs):
    """Return how many pieces two graders judge the same, of how many, and which they do not."""
    both = ours.keys() & theirs.keys()
    differ = sorted(key for key in both if ours[key] != theirs[key])
    return len(both) - len(differ), len(both), differ


def _each(run, what="wall"):
    number, every, alone = run
    if alone is None or number == 1:
        return getattr(every, what) / number
    return (getattr(every, what) - getattr(alone, what)) / (number - 1)


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
