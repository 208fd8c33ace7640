"""The command line: ``autograder --help``."""

import json
import signal
import sys
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from . import course, zygote
from .course import CourseError

# jsonschema would import a grammar of internet addresses for a test that nothing here asks for:
# 1.8 of the 2.0 s that `import nbformat` takes.
sys.modules.setdefault("rfc3987_syntax", None)

console = Console(stderr=True, highlight=False)
CHAPTERS = click.argument("assignments", nargs=-1, metavar="[ASSIGNMENT]...")
LARGE = 300  # submissions; their table would scroll away
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class Commands(click.Group):
    """Commands in the order of a course, and one sentence instead of a traceback."""

    def list_commands(self, context):
        return list(self.commands)

    def invoke(self, context):
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
        try:
            return super().invoke(context)
        except CourseError as error:
            console.print(f"autograder: {error}", style="red", markup=False, soft_wrap=True)
        except KeyboardInterrupt:
            console.print("autograder: stopped by you; what is done is kept, "
                          "and the same command goes on from here", soft_wrap=True)
            sys.exit(130)
        except OSError as error:
            name = f" ({error.filename})" if error.filename else ""
            console.print(f"autograder: {error.strerror or error}{name}; what is done is kept. "
                          "Free some space or give write access, then run the same command again",
                          style="red", markup=False, soft_wrap=True)
        sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="neural-networks-from-tensors-up")
def main():
    """Build, release, collect and grade the course.

    \b
    A course in five commands:
      autograder release                 notebooks for students, in course/release
      autograder collect examples/class  submissions, into course/submitted
      autograder grade                   points, into nbgrader's grade book
      autograder feedback                a page for each student
      autograder report                  the class at a glance
    """


@main.command()
@CHAPTERS
@click.option("--check", "check_only", is_flag=True, help="Write nothing; fail if one is stale.")
@AS_JSON
def build(assignments, check_only, as_json):
    """Make solutions/ from exercises/.

    \b
    Example: autograder build activations
    """
    from .build import build as run

    stale = [str(p.relative_to(course.root())) for p in run(_chapters(assignments), check_only)]
    _answer(as_json, {"stale" if check_only else "written": stale})
    if check_only and stale:
        raise CourseError(f"{', '.join(stale)} is not what exercises/ and nnlib make; "
                          "run `autograder build` and commit the result")
    if not as_json:
        click.echo("\n".join(stale) if stale else "solutions/ is up to date")


@main.command()
@CHAPTERS
@click.option("--seed", default=0, show_default=True,
              help="0 is public and committed; any other is your course's own, kept in course/.")
@click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True,
              help="Where TensorFlow computes; TF32 is off on both.")
@click.option("--check", "check_only", is_flag=True, help="Write nothing; fail if one is stale.")
@AS_JSON
def record(assignments, seed, device, check_only, as_json):
    """Record TensorFlow's answers to all cases.

    The only command that needs TensorFlow.

    \b
    Example: autograder record --seed 20261121
    """
    from .references import record as run

    bar = partial(_progress, "recording", label=lambda item: item[1].name)
    changed = run(_chapters(assignments), seed, device, check_only, bar)
    _answer(as_json, {"stale" if check_only else "recorded": changed})
    if check_only and changed:
        raise CourseError(f"TensorFlow's answers differ from the recorded ones for: "
                          f"{', '.join(changed)}; run `autograder record` and commit the result")
    if not as_json:
        click.echo(f"recorded: {', '.join(changed)}" if changed else "all recorded answers are "
                   "up to date")


@main.command()
@CHAPTERS
@AS_JSON
def release(assignments, as_json):
    """Make what students get.

    Into course/release/, and as zips for the book's pages.

    \b
    Example: autograder release activations
    """
    from .release import release as run

    paths = [str(run(chapter)) for chapter in
             _progress("releasing", _chapters(assignments), label=str)]
    _answer(as_json, {"released": paths})
    if not as_json:
        click.echo("\n".join(paths))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@CHAPTERS
@AS_JSON
def collect(folder, assignments, as_json):
    """Collect submissions from FOLDER.

    Below FOLDER/STUDENT/ a notebook may have any name and place: its cells say what it is.
    The exit status is 1 if one cannot be read or answers no assignment; the others are taken.

    \b
    Example: autograder collect examples/class activations
    """
    from dataclasses import asdict

    from .collect import collect as run

    found = run(folder, assignments)
    _answer(as_json, [asdict(one) for one in found])
    if not as_json:
        for one in found:
            if one.problem or one.note:
                click.echo(f"{one.file}: {one.problem or one.note}")
        click.echo(f"{sum(one.taken for one in found)} submissions collected")
    sys.exit(1 if any(one.problem for one in found) else 0)


@main.command()
@CHAPTERS
@click.option("--student", "students", multiple=True, help="Only this student; may be repeated.")
@click.option("--force", is_flag=True, help="Grade again what has not changed.")
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: one for each core]")
@click.option("--scheduler", default="", metavar="ADDRESS",
              help="Judge on the workers of this Dask scheduler, as in tcp://host:8786.")
@click.option("--sandbox", type=click.Choice(["full", "limited"]), default=None,
              help="The least that is enough; `autograder doctor` says what this machine gives.  "
              "[default: full]")
@click.option("--no-sandbox", is_flag=True, help="Grade on a machine that has no sandbox at all.")
@AS_JSON
def grade(assignments, students, force, jobs, scheduler, sandbox, no_sandbox, as_json):
    """Grade submissions into the grade book.

    nbgrader's grade book, each submission in a box of its own.

    Stop it whenever you like: the same command goes on where it was.
    The exit status is 1 if a submission could not be graded; the others are.

    \b
    Examples: autograder grade activations --student ada
              autograder grade --jobs 8
    """
    if not scheduler:
        zygote.prepare()
    options = {"jobs": jobs, "scheduler": scheduler,
               "sandbox": "none" if no_sandbox else sandbox or ""}
    graded = _grade(_released(assignments), list(students), force, **options)
    problems = _print_entries(graded) if as_json else _table(graded)
    sys.exit(1 if problems else 0)


@main.command()
@AS_JSON
def doctor(as_json):
    """Say what holds a stranger's code on this machine.

    Starts a box and tries from inside what is forbidden.
    The exit status is 1 if something of it is possible.

    \b
    Example: autograder doctor
    """
    from . import doctor as run

    with console.status("trying what is forbidden"):
        found = run.to_json()
    _answer(as_json, found)
    if not as_json:
        for title, rows in (("layer", found["layers"]), ("forbidden", {
                what: "OPEN" if possible else "closed" for what, possible in found["open"].items()
        })):
            table = Table(title, "here", box=None, pad_edge=False)
            for what, how in rows.items():
                table.add_row(what, how or "missing")
            Console(highlight=False).print(table, "")
        click.echo("\n".join([f"the box is: {found['level']}", *found["advice"]]))
    sys.exit(0 if found["level"] == "full" else 1)


@main.command()
@CHAPTERS
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: one for each core]")
@AS_JSON
def feedback(assignments, jobs, as_json):
    """Write a feedback page for each graded submission.

    \b
    Example: autograder feedback activations
    """
    pages = _feedback(_released(assignments), jobs)
    _answer(as_json, {"pages": [str(p) for p in pages]})
    if not as_json:
        click.echo(f"{len(pages)} pages in {course.folder('feedback')}")


@main.command()
@CHAPTERS
@AS_JSON
def report(assignments, as_json):
    """Write the class report, course/report.html.

    \b
    Example: autograder report
    """
    from .report import report as run
    from .report import summary

    chapters = _chapters(assignments)
    path = run(chapters)
    _answer(as_json, [summary(chapter) for chapter in chapters])
    if not as_json:
        click.echo(path)


@main.command()
@click.argument("target", metavar="FILE:PIECE")
@AS_JSON
def check(target, as_json):
    """Judge one function of a file or notebook, in the sandbox.

    PIECE is the function's name; if it is not the name of a piece, say FILE:FUNCTION=PIECE.

    \b
    Examples: autograder check mine.py:softmax
              autograder check activations.ipynb:softmax
              autograder check mine.py:my_version=softmax
    """
    from .file import check_file

    result = check_file(target)
    _answer(as_json, result.to_dict())
    if not as_json:
        click.echo(str(result))
    sys.exit(0 if result.passed else 1)


@main.command()
@click.option("--class", "class_folder", default=None, type=click.Path(path_type=Path),
              help="Submissions to grade.  [default: examples/class]")
@click.option("--no-book", is_flag=True, help="Leave the book out.")
def demo(class_folder, no_book):
    """Run the whole course once on the example class.

    \b
    Example: autograder demo
    """
    from .collect import collect as run_collect
    from .release import release as run_release
    from .report import report as run_report

    class_folder = class_folder or course.root() / "examples" / "class"
    _step(1, "releasing the assignments")
    for chapter in _progress("releasing", course.CHAPTERS, label=str):
        run_release(chapter)
    _step(2, "building the book")
    site = None if no_book else _book()
    _step(3, f"collecting the class in {class_folder}")
    collected = run_collect(class_folder)
    for one in collected:
        if one.problem or one.note:
            console.print(f"  {one.file}: {one.problem or one.note}", markup=False, soft_wrap=True)
    _step(4, "grading")
    handed_in = _released([])
    graded = _grade(handed_in, [], False, sandbox="none")  # the example class is ours
    _step(5, "writing feedback pages and the class report")
    _feedback(handed_in)
    page = run_report()
    _table(graded, [{"assignment": "?", "student": one.student, "problem": one.problem}
                    for one in collected if not one.assignment])
    _epilogue(site, page, handed_in)


@main.command()
@click.option("--output", type=click.Path(path_type=Path), help="Where to; default book/_build.")
def book(output):
    """Build the book; any warning fails.

    \b
    Example: autograder book
    """
    click.echo(_book(output))


def _chapters(assignments):
    return [course.chapter_of(a) for a in assignments] or course.CHAPTERS


def _released(assignments):
    """Return the assignments asked for, or all that somebody handed in."""
    from .grade import submissions

    if assignments:
        return _chapters(assignments)
    handed_in = [c for c in course.CHAPTERS if submissions(c)]
    if not handed_in:
        raise CourseError("nobody has handed anything in; run `autograder collect FOLDER`")
    return handed_in


def _grade(chapters, students, force, **options):
    """Grade; return who is graded now, by assignment."""
    from .grade import Grading

    graded = {}
    for chapter in chapters:
        grading = Grading(chapter, students, force, **options)
        done = len(grading.students) - len(grading.waiting)
        with _bar(SpeedColumn()) as bar:
            task = bar.add_task(f"grading {chapter}", total=len(grading.students), completed=done,
                                item="")
            for entry in grading.run():
                bar.update(task, advance=1, item=entry["student"], refresh=True)
            bar.update(task, item="", refresh=True)
        graded[chapter] = grading.students
    return graded


class SpeedColumn(ProgressColumn):
    """Submissions a second, those of earlier runs left out."""

    def render(self, task):
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


def _feedback(chapters, jobs=None):
    from .feedback import feedback as run

    bar = partial(_progress, "feedback", label=lambda entry: entry["student"])
    return [path for chapter in chapters for path in run(chapter, bar, jobs)]


def _book(output=None):
    from .book import build_book

    with console.status("building the book (a minute the first time)"):
        return build_book(output)


def _progress(title, items, label=str):
    """Iterate over items behind a progress bar."""
    items = list(items)
    with _bar() as bar:
        task = bar.add_task(title, total=len(items), item="")
        for item in items:
            bar.update(task, item=label(item), refresh=True)
            yield item
            bar.advance(task)
        bar.update(task, item="", refresh=True)


def _bar(*more):
    """Return a progress bar that draws itself without a thread: workers are forked beside it."""
    columns = [TextColumn("  {task.description}", markup=False), BarColumn(),
               MofNCompleteColumn(), *more, TimeRemainingColumn(),
               TextColumn("{task.fields[item]}", markup=False)]
    return Progress(*columns, console=console, auto_refresh=False)


def _step(number, text):
    console.print(f"[bold]{number}/5[/bold] {text}")


def _answer(as_json, data):
    if as_json:
        click.echo(json.dumps(data, indent=1, ensure_ascii=False))


def _entries(graded):
    """Yield the journal's entries of who is graded now."""
    from .grade import journal

    for chapter, students in graded.items():
        yield from journal(chapter, students)


def _print_entries(graded):
    """Print entries as one JSON list, one by one; return how many could not be graded."""
    problems, before = 0, "["
    for entry in _entries(graded):
        click.echo(before + json.dumps(entry, ensure_ascii=False))
        problems, before = problems + bool(entry["problem"]), ","
    click.echo("]" if before == "," else "[]")
    return problems


def _table(graded, others=()):
    """Print who got what, and why, of a large class only who got nothing; return how many."""
    from .grade import read_entry, why

    table = Table(box=None, pad_edge=False)
    for name, options in (("assignment", {}), ("student", {"no_wrap": True}),
                          ("points", {"justify": "right", "no_wrap": True}),
                          ("why", {"overflow": "fold"})):
        table.add_column(name, **options)
    number, problems = sum(map(len, graded.values())), 0
    large = (read_entry(chapter, one) for chapter, students in graded.items() for one in students)
    for entry in large if number > LARGE else (*others, *_entries(graded)):
        problems += bool(entry["problem"])
        if number > LARGE and not entry["problem"]:
            continue
        points = "not graded" if entry["problem"] else \
            f"{entry['points']:g} / {entry['max_points']:g}"
        table.add_row(entry["assignment"], entry["student"], points, _plain(why(entry)))
    if table.row_count:
        Console(highlight=False).print(table)
    if number > LARGE:
        click.echo(f"{number - problems} submissions graded, {problems} not; "
                   "`autograder report` shows them all")
    return problems


def _plain(text):
    return Text(text if len(text) <= 160 else text[:157] + "…")


def _epilogue(site, page, graded):
    from .feedback import path_of
    from .grade import journal

    example = max((entry for chapter in graded for entry in journal(chapter)), key=lambda e: sum(
        bool(case["mistake"]) for piece in e["pieces"] for case in piece["cases"]))

    def show(path):
        return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

    lines = [("the class report", show(page)), ("a feedback page", show(path_of(example))),
             ("the grade book", show(course.folder("gradebook.db")))]
    if site:
        lines.insert(0, ("the book", show(site)))
    click.echo("\nWorth opening")
    for what, path in lines:
        click.echo(f"  {what:18}{path}")
    click.echo("\nTo try next\n"
               "  make serve        the book in your browser\n"
               "  make notebook     the assignment `activations` in Jupyter, as a student gets it\n"
               "  make test         every test, TensorFlow included")


if __name__ == "__main__":
    main()
