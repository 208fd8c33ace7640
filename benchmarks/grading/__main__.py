"""Compare graders: ``python -m benchmarks.grading --help``."""

import tempfile
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import peers
from .results import Results, agreement, machine, write
from .submissions import student
from .workload import CHAPTER, SIX, make_class, make_course

HERE = Path(__file__).parent
PEERS = ["stock-recorded", "stock-tensorflow", "otter-recorded", "otter-tensorflow", "nbgrader"]
console = Console(stderr=True, highlight=False)
NOTE = """Ours grades all submissions; the peers grade the first {sample}, one after the other as
they do, and their time for all is computed from these.
The seconds a submission leave the start out, for all alike: they are the difference of two runs,
one of which grades a single submission. The time for the class has it in it.
All grade the same notebooks ({pieces}) and the same cases, with single-threaded arithmetic.
Medians of {repeat}, interleaved; a ratio is the median of the ratios run by run."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--submissions", "count", default=200, show_default=True, help="For ours.")
@click.option("--sample", default=10, show_default=True, help="Of these, for the peers.")
@click.option("--repeat", default=3, show_default=True, help="Times that each is measured.")
@click.option("--jobs", default=2, show_default=True, help="Processes of ours.")
@click.option("--whole", is_flag=True, help="The whole assignment instead of six pieces of it.")
@click.option("--without", multiple=True, type=click.Choice(PEERS), help="Leave a peer out.")
@click.option("--output", type=click.Path(path_type=Path), default=HERE / "results",
              help="Where to: .md and .json are added.  [default: results, beside the code]")
def main(count, sample, repeat, jobs, whole, without, output):
    """Grade the same submissions with nbgrader, Otter-Grader and ours, and compare.

    Six pieces, 200 submissions and three repetitions take about a quarter of an hour on two
    cores. Otter-Grader is installed on first use, into an environment of its own.

    \b
    Example: python -m benchmarks.grading --sample 3 --repeat 1 --output /tmp/quick
    """
    pieces = [] if whole else SIX
    sample = min(sample, count)
    with tempfile.TemporaryDirectory() as folder, _bar() as bar:
        graders = list(_prepare(Path(folder), pieces, count, sample, jobs, without, bar))
        results, feedback = Results(count), Results(count)
        found = _measure(graders, results, repeat, bar)
        _feedback(graders, feedback, repeat, bar)
    note = NOTE.format(sample=sample, repeat=repeat,
                       pieces="the whole assignment" if whole else f"six pieces of {CHAPTER}")
    text = _text(results, feedback, found, note)
    click.echo(text)
    write(output, text, {"machine": machine(), "pieces": pieces or "all",
                         "grading": results.to_json(), "feedback": feedback.to_json()})
    console.print(f"written to {output}.md and .json", soft_wrap=True)


def _prepare(folder, pieces, count, sample, jobs, without, bar):
    """Yield the graders, ours first, each with its submissions in place."""
    task = bar.add_task("making the classes", total=6 - len(without))
    course = make_course(folder / "course", pieces)
    class_ = make_class(course)
    peer = (class_, sample, pieces)
    makers = {
        "nbgrader": lambda: peers.nbgrader_with_our_engine(course, folder / "own", class_, sample),
        "stock-recorded": lambda: peers.stock(course, folder / "recorded", *peer, "recorded"),
        "stock-tensorflow": lambda: peers.stock(course, folder / "live", *peer, "live"),
        "otter-recorded": lambda: peers.otter(course, folder / "otter", *peer, "recorded"),
        "otter-tensorflow": lambda: peers.otter(course, folder / "otter-live", *peer, "live"),
    }
    made = []
    for name, maker in makers.items():  # copies of the course come before its submissions
        if name not in without:
            made.append(maker())
            bar.advance(task)
    class_.write(course / "course" / "submitted", range(count))
    bar.advance(task)
    yield from [peers.our_grader(course, count, n) for n in sorted({jobs, 1}, reverse=True)]
    yield from made


def _measure(graders, results, repeat, bar):
    """Measure all graders, then all again: what disturbs the machine disturbs them alike.

    Returns what each found of every piece.
    """
    task = bar.add_task("grading", total=repeat * len(graders))
    found = {}
    for number in range(repeat):
        for grader in graders:
            bar.update(task, description=f"{number + 1}: {grader.name}")
            alone = grader.grade(grader.alone) if grader.alone else None
            results.add(grader, grader.grade(grader.every), alone)
            found[grader.name] = grader.passed()
            bar.advance(task)
    return found


def _feedback(graders, results, repeat, bar):
    """Measure the feedback pages of those that have a command for them."""
    ours, *peers = [g for g in graders if g.feedback]
    graders = [ours, *(peer for peer in peers if peer.count < ours.count)]
    task = bar.add_task("feedback", total=repeat * len(graders))
    for grader in graders * repeat:
        alone = grader.write_feedback(f"--student={student(0)}") if grader is not ours else None
        results.add(grader, grader.write_feedback(), alone)
        bar.advance(task)


def _text(results, feedback, found, note):
    """Return the page of results."""
    base = next(iter(results.runs))
    lines = ["# Grading", "", machine(), "", note,
             f"Meanwhile {results.others():.2f} cores were busy with something else.", "",
             results.table(base), "",
             "| feedback | pages a second |", "|---|---|"]
    lines += [f"| {name} | {1 / median(feedback.each(name)):.1f} |" for name in feedback.runs]
    lines += ["", f"| pieces judged as by {base} | of | not so |", "|---|---|---|"]
    for name, theirs in list(found.items())[1:]:
        same, both, differ = agreement(found[base], theirs)
        which = "; ".join(" ".join(key) for key in differ[:5])
        lines.append(f"| {name}: {same} | {both} | {which} |")
    return "\n".join(lines)


def _bar():
    return Progress(TextColumn("{task.description}", markup=False), BarColumn(),
                    MofNCompleteColumn(), TimeElapsedColumn(), console=console)


if __name__ == "__main__":
    main()
