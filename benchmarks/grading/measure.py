"""Run a command and say what it cost: time, processor time, memory, and the wait for a result."""

import ctypes
import os
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
TICK = 0.02  # seconds between two looks: the resolution of `wall` and `first`


class Failed(click.ClickException):
    """A command that is measured has to succeed; the message has its last words."""


@dataclass
class Cost:
    """What one command cost.

    Attributes
    ----------
    wall, cpu : float
        Seconds; `cpu` counts the command's descendants, orphans too.
    main, largest : float
        Peak memory in MiB: of the command's own process, and of the largest of all.
    others : float
        Cores that the machine spent on anything else meanwhile; near 0 on a quiet machine.
    first : float or None
        Seconds until the first result was there.
    """

    wall: float
    cpu: float
    main: float
    largest: float
    others: float = 0.0
    first: float | None = None


def run(command, folder, environment):
    """Run a command to its end without measuring it."""
    measure(command, folder, environment)


def measure(command, folder, environment, result=""):
    """Run a command in `folder` and return its `Cost`.

    Parameters
    ----------
    result : str
        A pattern below `folder`; its first file is the first result.

    Raises
    ------
    Failed
        If the command does not succeed.
    """
    _adopt()
    with tempfile.TemporaryFile("w+") as log:
        start, busy = time.monotonic(), _busy()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)
        main, first = 0.0, None
        while True:
            main = max(main, _peak(process.pid))
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if result and first is None and any(Path(folder).glob(result)):
                first = time.monotonic() - start
            if pid:
                break
            time.sleep(TICK)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise Failed(f"{' '.join(map(str, command))} ended with status "
                         f"{process.returncode}:\n{log.read()[-2000:]}")
    usages = [usage, *_orphans()]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    largest = max(usage.ru_maxrss for usage in usages) / 1024
    return Cost(wall, cpu, main, largest, (_busy() - busy - cpu) / wall, first)


def _adopt():
    """Let the kernel give us the command's descendants that its own processes do not wait for."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise Failed("this kernel cannot give orphans to us: their cost would be missing")


def _orphans():
    """Wait for what the command has left behind, and return what it used."""
    usages, end = [], time.monotonic() + 5
    while time.monotonic() < end:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid:
            usages.append(usage)
        else:
            time.sleep(TICK)
    return usages


def _busy():
    """Return the seconds that all cores together have worked, or waited for a hypervisor."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _peak(pid):
    """Return the peak memory of a process in MiB, 0 once it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
