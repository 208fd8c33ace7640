"""A process for each library, one thread, asked line by line: for the benchmarks of nnlib."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / ".venv-training"
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
     "TF_NUM_INTEROP_THREADS"], "1")


class Worker:
    """``SCRIPT NAME`` in an interpreter that has the library."""

    def __init__(self, script, name):
        python = _peers() if name in ("torch", "sklearn") else sys.executable
        self.process = subprocess.Popen(
            [python, script, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
            env=os.environ | ONE_THREAD | {"TF_CPP_MIN_LOG_LEVEL": "3",
                                           "CUDA_VISIBLE_DEVICES": ""})

    def ask(self, line):
        """Send a line, and return the answer."""
        print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            _, script, name = map(str, self.process.args)
            script = Path(script).relative_to(ROOT)
            raise click.ClickException(f"{name} ended at {line!r}; run `echo {line} | "
                                       f"python {script} {name}` to see why")
        return json.loads(answer)


def interleaved(script, jobs, repeat):
    """Ask every job of its library, all of them in turn, `repeat` times.

    Parameters
    ----------
    script : Path
    jobs : list of (key, library, line)
    repeat : int

    Returns
    -------
    dict
        For each key a dict: the library's answers in order.
    """
    workers = {name: Worker(script, name) for name in dict.fromkeys(name for _, name, _ in jobs)}
    found = {}
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=repeat * len(jobs))
        for _ in range(repeat):
            for key, name, line in jobs:
                bar.update(task, description=f"{name}: {line}")
                found.setdefault(key, {}).setdefault(name, []).append(workers[name].ask(line))
                bar.advance(task)
    return found


def seconds(runs):
    return [run["seconds"] for run in runs]


def _peers():
    """Return the interpreter of PyTorch's and scikit-learn's environment, made on first use."""
    python = PEERS / "bin" / "python"
    if not (PEERS / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        "-r", HERE / "training" / "requirements.txt"], check=True)
        (PEERS / "ready").touch()
    return python
