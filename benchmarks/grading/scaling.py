"""How time and memory grow with the class: ``python -m benchmarks.grading.scaling --help``."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from rich.progress import track

from .peers import our_grader
from .results import machine, write
from .workload import SIX, make_class, make_course

SIZES = [100, 300, 1000, 3000]
HEAD = ("| submissions | s | s without the start | CPU s | submissions a second "
        "| main process, MiB | largest process, MiB | first result, s | cores busy otherwise |\n"
        "|---|---|---|---|---|---|---|---|---|")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--size", "sizes", multiple=True, type=int, help="Submissions; may be repeated.  "
              f"[default: {', '.join(map(str, SIZES))}]")
@click.option("--full", is_flag=True, help="10000 submissions as well.")
@click.option("--jobs", default=2, show_default=True, help="Processes of ours.")
@click.option("--output", type=click.Path(path_type=Path),
              default=Path(__file__).with_name("scaling"),
              help="Where to: .md and .json are added.  [default: scaling, beside the code]")
def main(sizes, full, jobs, output):
    """Grade classes of growing size with ours.

    A slope of 1 says that twice the class takes twice the time.

    \b
    Example: python -m benchmarks.grading.scaling --size 50 --size 200 --output /tmp/quick
    """
    sizes = sorted({1, *(sizes or SIZES), *([10_000] if full else [])})
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course", SIX)
        costs = dict(_costs(course, sizes, jobs))
    text = _text(costs, jobs)
    click.echo(text)
    write(output, text, {"machine": machine(), "jobs": jobs,
                         "costs": {n: asdict(cost) for n, cost in costs.items()}})


def slope(costs, start=0.0, what="wall"):
    """Return the slope of log(seconds) over log(submissions), `start` seconds taken off."""
    sizes = [n for n in costs if n > 1 and getattr(costs[n], what) > start]
    seconds = [getattr(costs[n], what) - start for n in sizes]
    if len(sizes) < 2:
        return float("nan")
    return np.polyfit(np.log(sizes), np.log(seconds), 1)[0]


def growth(costs, what):
    """Return the growth of a kind of memory, in MiB for 1,000 submissions."""
    sizes = [n for n in costs if n > 1]
    return 1000 * np.polyfit(sizes, [getattr(costs[n], what) for n in sizes], 1)[0]


def _costs(course, sizes, jobs):
    """Yield the cost of each size; the class grows in place."""
    class_, submitted = make_class(course), course / "course" / "submitted"
    submitted.mkdir()
    grader = our_grader(course, sizes[-1], jobs)
    for smaller, size in track(list(zip([0, *sizes], sizes, strict=False)), "grading"):
        class_.write(submitted, range(smaller, size))
        yield size, grader.grade(grader.every)


def _text(costs, jobs):
    start = costs[1].wall
    rows = [f"| {n} | {c.wall:.1f} | {c.wall - start:.1f} | {c.cpu:.1f} | {n / c.wall:.1f} "
            f"| {c.main:.0f} | {c.largest:.0f} | {'' if c.first is None else f'{c.first:.1f}'} "
            f"| {c.others:.2f} |"
            for n, c in costs.items()]
    return "\n".join([
        "# Growing classes", "", machine() + f", {jobs} jobs", "", HEAD, *rows, "",
        "The start is the time for one submission.", "",
        "| | |", "|---|---|",
        f"| log-log slope of time | {slope(costs):.3f} |",
        f"| … without the start | {slope(costs, start):.3f} |",
        f"| … of CPU time without the start | {slope(costs, costs[1].cpu, 'cpu'):.3f} |",
        f"| main process, MiB for 1,000 submissions | {growth(costs, 'main'):+.2f} |",
        f"| largest process, MiB for 1,000 submissions | {growth(costs, 'largest'):+.2f} |"])


if __name__ == "__main__":
    main()
