"""Start the grader again and again in little time, and hit its processes at any moment.

As a program: a process that has imported everything, and runs each command in a fork of itself.
What a command leaves running becomes its child, so that nothing gets lost.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ADOPT = 36  # PR_SET_CHILD_SUBREAPER
READY = "ready"


class Launcher:
    """The warm process, seen from the test; one command at a time.

    Parameters
    ----------
    library : Path
        The folder that holds the package.
    """

    def __init__(self, library):
        environment = os.environ | {"PYTHONPATH": str(library), "COLUMNS": "200",
                                    "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen([sys.executable, __file__], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline().strip() == READY

    def start(self, clone, *arguments):
        """Start a command in a course; return its process id."""
        self.log, temporary = clone.root / "log", clone.root / "tmp"
        temporary.mkdir(exist_ok=True)
        request = {"folder": str(clone.root), "log": str(self.log), "temporary": str(temporary),
                   "arguments": list(arguments)}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def finish(self):
        """Wait for the command; return what became of it."""
        code = int(self.process.stdout.readline())
        return subprocess.CompletedProcess([], code, "", self.log.read_text(encoding="utf-8"))

    def orphans(self, patience=5):
        """Return what still runs after so many seconds, and end it."""
        end = time.monotonic() + patience
        while (left := tree(self.process.pid)[1:]) and time.monotonic() < end:
            time.sleep(0.05)
        for one in left:
            strike(one.pid)
        return left

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Seen:
    """A process: its number, its parent's, its command line, its state."""

    def __init__(self, folder):
        fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        self.pid, self.state, self.parent = int(folder.name), fields[0], int(fields[1])
        self.command = (folder / "cmdline").read_text(errors="replace").replace("\0", " ")

    def __repr__(self):
        return f"{self.pid} {self.state} {self.command[:80]}"

    @property
    def boxed(self):
        return "inside.py" in self.command


def tree(root):
    """Return the process `root` and all below it that have not ended, parents first."""
    everybody = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            one = Seen(folder)
            everybody[one.pid] = one
    found = [root]
    for pid in found:
        found += [one.pid for one in everybody.values() if one.parent == pid]
    return [everybody[pid] for pid in found if pid in everybody and everybody[pid].state != "Z"]


def workers(main):
    """Return the processes of `pool` in a run of the grader: forks, with its command line."""
    here = tree(main)
    return [one.pid for one in here[1:] if one.parent == main and one.command == here[0].command]


def zygotes(main):
    """Return what forks the boxes of a run, without what wraps it."""
    here = {one.pid: one for one in tree(main) if one.boxed and "bwrap" not in one.command[:20]}
    return [pid for pid, one in here.items() if one.parent not in here]


def boxes(main):
    """Return the boxes in which code runs now."""
    inside = zygotes(main)
    return [one.pid for one in tree(main) if one.parent in inside]


def strike(pid, which=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)


def run(folder, log, temporary, arguments):
    """Become the command; never returns."""
    null, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT
                                                             | os.O_TRUNC)
    for descriptor, source in ((0, null), (1, output), (2, output)):
        os.dup2(source, descriptor)
    os.chdir(folder)
    os.environ["TMPDIR"] = temporary
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from autograder.cli import main

    sys.exit(main(arguments))


def serve():
    import nbgrader.preprocessors  # noqa: F401  (the last one needs it)
    from nbgrader.api import Gradebook  # noqa: F401

    import autograder.cli
    import autograder.grade  # noqa: F401

    ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)
    print(READY, flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(**json.loads(line))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        with contextlib.suppress(ChildProcessError):  # those that it left, as far as they ended
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    serve()
