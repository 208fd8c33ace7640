"""A box for a stranger's code: its own process, with limits on time, memory and output.

Only JSON crosses the border, with arrays as ``.npy`` bytes; never pickle. The judge stays outside.
"""

import contextlib
import io
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import from_json, to_json

ANSWERS = "sheets.json"  # of a release folder: the public answers, which no box may hold
INSIDE = Path(__file__).with_name("inside.py")


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of wall time, bytes, and bytes of one reply."""

    cell: float = 20.0
    call: float = 5.0
    notebook: float = 120.0
    start: float = 60.0
    cpu: int = 300
    memory: int = 2 * 2**30
    file: int = 64 * 2**20
    reply: int = 64 * 2**20


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
    """

    def __init__(self, files, limits=None):
        self.files, self.limits = Path(files), limits or Limits()

    def __enter__(self):
        self.home = Path(tempfile.mkdtemp(prefix="box-"))
        self.folder = self.home / "work"
        try:
            self._fill()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        self._kill()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def restart(self):
        """Start a new process in the same folder."""
        self._kill()
        self._start()

    def run(self, source, what="this cell"):
        """Run a cell; return its outputs and whether it ended without an error."""
        reply = self._ask({"run": source}, self.limits.cell, what)
        outputs = reply.get("outputs")
        return (outputs if isinstance(outputs, list) else []), reply.get("ok") is True

    def call(self, name, inputs, scenario=""):
        """Attempt one case on the object called `name`; return its account (see `attempt`)."""
        request = {"call": name, "scenario": scenario,
                   "inputs": to_json(inputs, binary=True)}
        return _account(self._ask(request, self.limits.call, name))

    def _fill(self):
        shutil.copytree(self.files, self.folder, ignore=shutil.ignore_patterns("*.ipynb", ANSWERS))
        (self.home / "matplotlib").mkdir()
        for cached in _font_cache():
            shutil.copy(cached, self.home / "matplotlib")

    def _start(self):
        self.process, self.asked = None, 0
        environment = {
            "PATH": os.defpath, "HOME": str(self.home), "TMPDIR": str(self.home),
            "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "IPYTHONDIR": str(self.home / "ipython"),
            "MPLCONFIGDIR": str(self.home / "matplotlib"),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            **{f"{k}_NUM_THREADS": "1" for k in ("OMP", "OPENBLAS", "MKL")},
        }
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", str(INSIDE)],
            bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=self.folder, env=environment, start_new_session=True,
            preexec_fn=self._limit if os.name == "posix" else None)
        self.replies = queue.Queue()
        threading.Thread(target=self._read, args=(self.process, self.replies), daemon=True).start()
        packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        self._send({"box": str(self.folder), "packages": sorted(packages)})
        self._receive(self.limits.start, "Python")

    def _limit(self):
        import resource

        signal.signal(signal.SIGINT, signal.SIG_DFL)  # under nohup it would be ignored

        def limit(what, amount):
            _, hard = resource.getrlimit(what)
            amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
            resource.setrlimit(what, (amount, amount))

        limit(resource.RLIMIT_CPU, self.limits.cpu)
        limit(resource.RLIMIT_FSIZE, self.limits.file)
        limit(resource.RLIMIT_CORE, 0)
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit on address space
            limit(resource.RLIMIT_AS, self.limits.memory)

    def _ask(self, request, seconds, what):
        if not self.alive:
            raise Stopped("an earlier cell ended Python")
        self.asked += 1
        self._send(request | {"id": self.asked})
        return self._receive(seconds, what)

    def _send(self, message):
        """Write a request from a thread of its own: who does not read it runs out of time."""
        line = memoryview(json.dumps(message).encode() + b"\n")
        threading.Thread(target=_write, args=(self.process.stdin, line), daemon=True).start()

    def _receive(self, seconds, what):
        """Wait for a reply; interrupt after `seconds`, kill if that does not help."""
        try:
            reply = self._next(seconds)
        except queue.Empty:
            self._interrupt()
            raise Stopped(f"{what} did not end within {seconds:g} seconds: "
                          "is there a loop that never stops?") from None
        if reply is None:
            raise Stopped(f"{what} ended Python: {self._why()}")
        if reply.get("memory"):
            raise Stopped(f"{what} used more than {self.limits.memory / 2**30:g} GiB of memory")
        return reply

    def _why(self):
        """Say what ended the process."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        code = self.process.returncode
        self._kill()
        if code == -signal.SIGKILL:
            return f"it used too much memory or over {self.limits.cpu} s of processor time"
        if code is not None and code < 0:
            return f"it crashed ({signal.strsignal(-code) or f'signal {-code}'})"
        return "it called exit" if code is not None else "it wrote over the answers"

    def _next(self, seconds):
        """Return the reply to the last request; late ones to earlier requests are passed over."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left < 0:
                raise queue.Empty
            reply = self.replies.get(timeout=left)
            if reply is None or reply.get("id") == self.asked:
                return reply

    def _interrupt(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            if self._next(2) is None:
                self._kill()
        except queue.Empty:
            self._kill()

    def _kill(self):
        process = getattr(self, "process", None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
        process.stdin.close()
        self.process = None

    def _read(self, process, replies):
        """Pass on replies; anything that is not one object of bounded size ends the box.

        So do replies that nobody asked for, when more than a few wait.
        """
        with io.BufferedReader(process.stdout) as stream:
            while True:
                line = stream.readline(self.limits.reply)
                reply = _parse(line) if line.endswith(b"\n") and replies.qsize() < 5 else None
                replies.put(reply)
                if reply is None:
                    return


def _write(stream, line):
    with contextlib.suppress(OSError, ValueError):  # the process has ended, or its box has
        while line:
            line = line[stream.write(line):]


def _parse(line):
    """Return the object in a line of JSON, or None; its text can be written as UTF-8."""
    try:
        reply = json.loads(line, parse_constant=str)
        if b"\\ud" in line.lower() or b"\xed" in line:  # perhaps half of a surrogate pair
            text = json.dumps(reply, ensure_ascii=False).encode("utf-8", "replace")
            reply = json.loads(text)
    except (ValueError, RecursionError, MemoryError):
        return None
    return reply if isinstance(reply, dict) else None


def _account(reply):
    """Take from a reply only what an account may hold; the box may have written anything."""
    def texts(values):
        return [str(v)[:200] for v in values[:5]] if isinstance(values, list) else []

    account = {"warnings": texts(reply.get("warnings")), "changed": texts(reply.get("changed"))}
    if reply.get("interrupted"):
        account["failed"] = "was interrupted"
    elif isinstance(reply.get("error"), dict):
        error = reply["error"]
        account["error"] = {k: str(error.get(k, ""))[:500] for k in
                            ("calls", "type", "message", "line", "number")}
    elif isinstance(reply.get("value"), dict) and len(reply["value"]) <= 64:
        try:
            value = {str(k): from_json(v) for k, v in reply["value"].items()}
        except Exception:  # bytes that are no array are a wrong answer, whatever they raise
            value = {"": None}
        if all(isinstance(v, np.ndarray) for v in value.values()):
            account["value"] = value
        else:
            account["refused"] = "returned something that is not an array"
    else:
        account["refused"] = str(reply.get("refused", "gave no answer"))[:500]
    return account


def _font_cache():
    """Return Matplotlib's list of fonts, built once here instead of in every box."""
    from matplotlib import font_manager, get_cachedir

    font_manager.findfont("sans")  # builds the list if there is none
    return Path(get_cachedir()).glob("fontlist-*.json")
