"""Two Dask workers against one: ``python -m benchmarks.grading.cluster --help``."""

import importlib.util
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

import click
from rich.progress import track

from autograder.pool import BATCH

from .peers import our_grader
from .results import machine, write
from .submissions import student
from .workload import SIX, environment, make_class, make_course


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--submissions", "count", default=400, show_default=True)
@click.option("--repeat", default=3, show_default=True, help="Times that each is measured.")
@click.option("--output", type=click.Path(path_type=Path),
              default=Path(__file__).with_name("cluster"),
              help="Where to: .md and .json are added.  [default: cluster, beside the code]")
def main(count, repeat, output):
    """Grade a class through a Dask scheduler, with one local worker and with two.

    The workers are running and have graded before, as those of a cluster have.

    \b
    Example: python -m benchmarks.grading.cluster --submissions 50 --repeat 1 --output /tmp/quick
    """
    if not importlib.util.find_spec("distributed"):
        raise click.ClickException("Dask is not installed; run `pip install distributed`")
    costs = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course", SIX)
        make_class(course).write(course / "course" / "submitted", range(count))
        grader = our_grader(course, count, 1)
        for workers in track([1, 2] * repeat, "grading"):
            with cluster(course, workers) as address:
                command = [*grader.every, "--scheduler", address]
                warm = [f"--student={student(n)}" for n in range(2 * BATCH * workers)]
                grader.grade([*command, *warm])
                costs[workers].append(grader.grade(command))
    text = _text(costs, count)
    click.echo(text)
    write(output, text, {"machine": machine(), "submissions": count, "costs": {
        workers: [asdict(cost) for cost in found] for workers, found in costs.items()}})


@contextmanager
def cluster(course, workers):
    """Run a scheduler and its workers on this machine; give the scheduler's address."""
    with tempfile.TemporaryDirectory() as folder:
        options = {"cwd": folder, "env": environment(course), "stderr": subprocess.DEVNULL}
        file = Path(folder) / "scheduler.json"
        joins = ["--scheduler-file", file, "--no-dashboard"]
        started = [subprocess.Popen(_dask("scheduler", "--host", "127.0.0.1", "--port", 0, *joins),
                                    **options)]
        try:
            started += [subprocess.Popen(_dask("worker", "--nthreads", 1, *joins), **options)
                        for _ in range(workers)]
            yield _address(file, workers, started)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


def _address(file, workers, started):
    """Wait until all workers are there; return the scheduler's address."""
    from distributed import Client

    while not file.exists():
        if any(process.poll() is not None for process in started):
            raise click.ClickException("a Dask process ended at once; try "
                                       f"`{' '.join(_dask('scheduler'))}` to see why")
        time.sleep(0.05)
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(workers, timeout=60)
        return client.scheduler.address


def _dask(what, *arguments):
    return [sys.executable, "-m", f"distributed.cli.dask_{what}", *map(str, arguments)]


def _text(costs, count):
    rows = [f"| {n} | {median(c.wall for c in found):.1f} "
            f"| {median(count / c.wall for c in found):.1f} |" for n, found in costs.items()]
    faster = median(one.wall / two.wall for one, two in zip(costs[1], costs[2], strict=True))
    return "\n".join(["# Dask workers on one machine", "", machine(), "",
                      f"| workers | {count} submissions, s | submissions a second |",
                      "|---|---|---|", *rows, "", f"Two workers are {faster:.2f}× one."])


if __name__ == "__main__":
    main()
