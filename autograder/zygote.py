"""Start the processes in which strangers' code runs: forked from a warm zygote, or fresh.

Nothing here knows an answer. Every started process stands for one submission and is asked through
a stream of frames; `signal` and `wait` work on it from outside, whatever it does.
"""

import atexit
import contextlib
import itertools
import json
import os
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from .scratch import remove, sweep, temporary
from .surroundings import (
    CAN_FORK,
    environment,
    find_bubblewrap,
    package_folders,
    python,
    python_is_public,
    readable,
    wrapped,
)

THREADS = 64  # of one box
STATUS = struct.Struct("i")
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
FIRST_UID = 61184  # of the users that systemd, too, gives away for one run


if CAN_FORK:
    from .confine import landlock_version


class Failed(Exception):
    """The machine could not start or keep a box; not the fault of any submission."""


class Zygote:
    """A warm process that forks one confined child per submission, in a folder of its own.

    Parameters
    ----------
    bubblewrap : bool
        Put it behind bubblewrap where that works.
    """

    def __init__(self, bubblewrap=True):
        sweep()
        self.home = temporary("boxes")
        self.home.chmod(0o711)
        self.wrapper = find_bubblewrap() if bubblewrap else None
        self.inner = Path("/box") if self.wrapper else self.home  # as it is seen from inside
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        setting = json.dumps({"zygote": True, "box": str(self.inner), "files": readable(),
                              "packages": package_folders()})
        command = [*python(), setting]
        if self.wrapper:
            command = [*wrapped(self.wrapper, self.home, self.inner), *command]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=environment(self.inner),
                                        cwd=self.home, start_new_session=True)
        theirs.close()
        with contextlib.suppress(OSError):  # short of memory, the kernel ends these first
            Path(f"/proc/{self.process.pid}/oom_score_adj").write_text("1000")
        self.started, self.used = itertools.count(), False
        self.owner = os.getpid()

    def close(self):
        """End the zygote and what it forked, and remove their folder."""
        self.control.close()
        if self.owner != os.getpid():  # a worker's copy
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2 if self.used else 0)  # unused, it may still be warming up
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, KILL)
        self.process.wait()
        self.process.stderr.close()
        remove(self.home)

    def give(self, folder):
        """Make a folder, as we filled it, the property of the user that will run in it."""
        uid = self.user()
        for path in (folder, *folder.rglob("*")) if uid else ():
            os.lchown(path, uid, uid)

    def start(self, folder, limits):
        """Fork a child that runs in `folder`, below `home`; return it as a `Forked`.

        Raises
        ------
        Failed
            If the zygote has ended.
        """
        uid, self.used = self.user(), True
        name = f"{os.getpid()}-{next(self.started)}"
        request = {"id": name, "box": str(self.inner / folder.relative_to(self.home)), "uid": uid,
                   "reads": not (self.wrapper or python_is_public()),
                   "limits": limits | {"threads": self._threads(uid)}}
        ours, theirs = socket.socketpair()
        ended, status = os.pipe()
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()],
                            [theirs.fileno(), status])
        except OSError:
            ours.close()
            os.close(ended)
            raise Failed(f"the box ended by itself: {self.last_words()}") from None
        finally:
            theirs.close()
            os.close(status)
        return Forked(self, name, ours, ended)

    def signal(self, name, which):
        with contextlib.suppress(OSError):
            self.control.send(json.dumps({"id": name, "signal": int(which)}).encode())

    def last_words(self):
        """Return the last line of what the zygote said."""
        time.sleep(0.1)
        os.set_blocking(self.process.stderr.fileno(), False)
        text = (self.process.stderr.read() or b"").decode("utf-8", "replace").strip()
        return text.splitlines()[-1] if text else "it said nothing"

    def user(self):
        """Return the user for the next child, None if we are not root or nobody else can run."""
        if os.geteuid() or not (self.wrapper or python_is_public() or landlock_version()):
            return None
        return FIRST_UID + os.getpid() % 4000

    def _threads(self, uid):
        """Return the limit of processes and threads, which counts those of the same user."""
        return THREADS if uid else THREADS + _threads_of_user()


class Forked:
    """A zygote's child, seen from outside."""

    def __init__(self, zygote, name, channel, ended):
        self.zygote, self.name, self.socket, self.ended = zygote, name, channel, ended
        self.status, self.lost = None, False  # `lost`: nobody knows how it ended

    @property
    def code(self):
        """The exit status, negative for a signal; None while it runs."""
        return self.wait(0)

    def wait(self, seconds):
        """Wait for its end; return the exit status or None."""
        if self.status is None and select.select([self.ended], [], [], seconds)[0]:
            data = os.read(self.ended, STATUS.size)
            self.lost = not data  # the zygote is gone
            self.status = STATUS.unpack(data)[0] if data else -KILL
        return self.status

    def signal(self, which):
        self.zygote.signal(self.name, which)

    def last_words(self):
        return f"{self.zygote.last_words()} (exit status {self.wait(1)})"

    def close(self):
        """Kill it and wait until it is gone."""
        self.signal(KILL)
        self.wait(10)
        self.socket.close()
        os.close(self.ended)


class Fresh:
    """A new Python for one submission: slower, and on every system."""

    lost = False

    def __init__(self, folder, limits):
        token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as server:
            setting = json.dumps({"zygote": False, "box": str(folder), "files": readable(),
                                  "packages": package_folders(), "port": server.getsockname()[1],
                                  "limits": limits | {"threads": THREADS + _threads_of_user()}})
            self.process = subprocess.Popen(
                [*python(), setting], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, cwd=folder, env=environment(folder),
                start_new_session=True)
            with self.process.stdin as stdin:
                stdin.write(token.encode())
            self.socket = self._meet(server, token)

    def _meet(self, server, token):
        """Return the connection of our process; others may knock too."""
        server.settimeout(1)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                connection.settimeout(5)
                if secrets.compare_digest(connection.recv(len(token)), token.encode()):
                    return connection
                connection.close()
        self.signal(signal.SIGTERM)
        raise Failed("a box did not start: Python ended, or did not answer within 60 seconds")

    @property
    def code(self):
        return self.process.poll()

    def wait(self, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.process.returncode

    def last_words(self):
        return f"exit status {self.wait(1)}"

    def signal(self, which):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.process.pid, which)
            else:
                self.process.kill()

    def close(self):
        self.signal(KILL)
        self.process.wait()
        self.socket.close()


_one, _lock = None, threading.Lock()


def zygote():
    """Return this process's zygote; a worker has that of the process which started it."""
    global _one
    with _lock:
        if _one is None:
            _one = Zygote()
            atexit.register(drop_zygote)
        return _one


def prepare():
    """Let the box warm up while other things are made ready."""
    if CAN_FORK:
        zygote()


def drop_zygote():
    """End this process's zygote, if there is one; the next call of `zygote` starts another."""
    global _one
    with _lock:
        if _one is not None:
            _one.close()
            _one = None


def _threads_of_user():
    """Return how many threads this user runs now."""
    if sys.platform != "linux":
        return 0
    count, me = 0, os.getuid()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == me:
                count += len(os.listdir(process / "task"))
    return count
