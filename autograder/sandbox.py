"""A box for a stranger's code: an empty folder and a confined process, asked in frames.

The judge stays outside; it takes nothing from the box but plain values, and trusts none of them.
"""

import contextlib
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from . import scratch
from . import zygote as zygotes
from .arrays import array_from_bytes, to_json
from .safe_html import clean_text
from .surroundings import CAN_FORK
from .wire import Channel, frame
from .zygote import Failed, Fresh

OUTPUTS = 200  # of a cell
NOT_FOR_BOXES = ("*.ipynb", "autograder", "__pycache__")  # of a release: its runner has answers


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of wall time, bytes."""

    cell: float = 20.0
    call: float = 5.0
    notebook: float = 120.0
    start: float = 60.0
    cpu: int = 300
    memory: int = 2 * 2**30
    file: int = 16 * 2**20
    disk: int = 256 * 2**20
    files: int = 10_000


class Stopped(Exception):
    """The code in the box was stopped; the message is for the student."""


class Box:
    """A process that runs cells and calls functions, in a copy of the folder `files`.

    Use as a context manager. After `Stopped` the process may be gone: `alive` says so.

    Parameters
    ----------
    files : Path
        What the code finds in its working folder: the release folder of the assignment.
    limits : Limits
    fork : bool
        Fork it from the zygote, or start a fresh process.
    name : str
        Of its folder, which no other box of this process may have at the same time.
    """

    def __init__(self, files, limits=None, fork=CAN_FORK, name="work"):
        self.files, self.limits, self.fork = Path(files), limits or Limits(), fork
        self.name, self.process = name, None

    def __enter__(self):
        self.home = zygotes.zygote().home if self.fork else scratch.temporary("box")
        self.folder = self.home / self.name
        try:
            self._fill()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        self._kill()
        scratch.remove(self.folder if self.fork else self.home)

    @property
    def alive(self):
        return self.process is not None and self.process.code is None

    def restart(self):
        """Start a new process in the same folder."""
        self._kill()
        self._start()

    def run(self, source, what="this cell"):
        """Run a cell; return its outputs and whether it ended without an error."""
        reply, _ = self._ask({"run": source}, (), self.limits.cell, what)
        self._look_at_disk()
        outputs = reply.get("outputs")
        return (outputs[:OUTPUTS] if isinstance(outputs, list) else []), reply.get("ok") is True

    def call(self, name, inputs, scenario="", forbidden=()):
        """Attempt one case on the object called `name`; return its account (see `attempt`)."""
        buffers = []
        request = {"call": name, "scenario": scenario, "forbidden": list(forbidden),
                   "inputs": to_json(inputs, buffers)}
        return _account(*self._ask(request, buffers, self.limits.call, name))

    def _fill(self):
        """Put what the release holds, and nothing else, into the folder."""
        scratch.remove(self.folder)
        shutil.copytree(self.files, self.folder, ignore=shutil.ignore_patterns(*NOT_FOR_BOXES))
        if self.fork:
            zygotes.zygote().give(self.folder)

    def _start(self):
        limits = {"cpu": self.limits.cpu, "memory": self.limits.memory, "file": self.limits.file}
        if self.fork:
            self.process = zygotes.zygote().start(self.folder, limits)
        else:
            self.process = Fresh(self.folder, limits)
        self.asked, self.channel = 0, Channel(self.process.socket)
        try:
            reply = self._next(b"", self.limits.start)
        except TimeoutError:
            raise Failed(f"the box did not start within {self.limits.start:g} seconds") from None
        if reply is None:
            raise Failed(f"the box did not start: {self.process.last_words()}")

    def _ask(self, request, buffers, seconds, what):
        """Wait for the reply to a request; interrupt after `seconds`, kill if that does not help.
        """
        if not self.alive:
            self._look_who_ended()
            raise Stopped("an earlier cell ended Python")
        self.asked += 1
        try:
            reply = self._next(frame(request | {"id": self.asked}, buffers), seconds)
        except TimeoutError:
            self._interrupt()
            raise Stopped(f"{what} did not end within {seconds:g} seconds: "
                          "is there a loop that never stops?") from None
        if reply is None:
            raise Stopped(f"{what} ended Python: {self._why()}")
        if reply[0].get("memory"):
            raise Stopped(f"{what} used more than {self.limits.memory / 2**30:g} GiB of memory")
        return reply

    def _look_who_ended(self):
        """Do not blame the code in the box for what happened to the zygote."""
        if self.process is not None and self.process.lost:
            raise Failed("the process that forks the boxes has ended")

    def _why(self):
        """Say what ended the process."""
        code = self.process.wait(1)
        self._look_who_ended()
        self._kill()
        if code == -signal.SIGKILL:
            return f"it used too much memory or over {self.limits.cpu} s of processor time"
        if code is not None and code < 0:
            return f"it crashed ({signal.strsignal(-code) or f'signal {-code}'})"
        return "it called exit" if code is not None else "it wrote over the answers"

    def _next(self, data, seconds):
        """Return the reply to the last request; late ones to earlier requests are passed over."""
        try:
            return self.channel.ask(data, seconds, lambda reply: reply.get("id") == self.asked,
                                    self._look_at_disk)
        except ValueError:  # not a frame: no more can be read
            return None

    def _look_at_disk(self):
        """Stop a box that fills the disk, which no limit of the kernel's sees as a whole."""
        size = count = 0
        for _, folders, files, descriptor in _walk(self.folder):
            count += len(folders) + len(files)
            for name in files:
                with contextlib.suppress(OSError):
                    size += os.lstat(name, dir_fd=descriptor).st_blocks * 512
            if size > self.limits.disk or count > self.limits.files:
                self._kill()
                self._fill()
                raise Stopped(f"it wrote more than {self.limits.disk // 2**20} MiB "
                              f"or {self.limits.files} files")

    def _interrupt(self):
        self.process.signal(signal.SIGINT)
        try:
            if self._next(b"", 2) is None:
                self._kill()
        except TimeoutError:
            self._kill()

    def _kill(self):
        if self.process is not None:
            self.process.close()
            self.process = None


def _walk(folder):
    """Walk a folder that changes meanwhile, by descriptors where there are such."""
    if hasattr(os, "fwalk"):
        with contextlib.suppress(OSError, RecursionError):
            yield from os.fwalk(folder)
    else:
        for path, folders, files in os.walk(folder):
            yield path, folders, [os.path.join(path, name) for name in files], None


def _account(reply, body):
    """Take from a reply only what an account may hold; the box may have written anything."""
    def plain(value, most):
        return clean_text(str(value)[:most]).replace("\x1b", "")

    def texts(values):
        return [plain(v, 200) for v in values[:5]] if isinstance(values, list) else []

    account = {"warnings": texts(reply.get("warnings")), "changed": texts(reply.get("changed"))}
    if reply.get("interrupted"):
        account["failed"] = "was interrupted"
    elif isinstance(reply.get("error"), dict):
        error = reply["error"]
        account["error"] = {k: plain(error.get(k, ""), 500) for k in
                            ("calls", "type", "message", "line", "number")}
    elif isinstance(reply.get("value"), dict) and len(reply["value"]) <= 64:
        try:
            value = {str(k): array_from_bytes(v, body) for k, v in reply["value"].items()}
            account["value"] = value
        except Exception:  # bytes that are no array are a wrong answer, whatever they raise
            account["refused"] = "returned something that is not an array"
    else:
        account["refused"] = plain(reply.get("refused", "gave no answer"), 500)
    return account
