"""Folders of our own in the temporary one: made, removed, and swept up after who was killed."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


def temporary(what):
    """Make a folder for this process, whose name says whose it is."""
    return Path(tempfile.mkdtemp(prefix=f"autograder-{what}-{_world()}-{os.getpid()}-"))


def sweep():
    """Remove what processes that were killed have left in the temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"autograder-*-{_world()}-*-*"):
        owner = folder.name.split("-")[3]
        with contextlib.suppress(OSError, ValueError):
            if folder.stat().st_uid == _me() and not _runs(int(owner)):
                remove(folder)


def _world():
    """Name the machine or container whose process ids count; others may share the folder."""
    with contextlib.suppress(OSError):
        return f"{socket.gethostname().replace('-', '')}{os.stat('/proc/self/ns/pid').st_ino}"
    return socket.gethostname().replace("-", "")


def _me():
    return os.getuid() if hasattr(os, "getuid") else 0


def _runs(process):
    if os.name == "nt":  # signal 0 would end it there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def remove(folder):
    """Remove a folder that a stranger wrote: too deep, without permissions, or both."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            with contextlib.suppress(OSError):
                subprocess.run([*command, folder], stderr=subprocess.DEVNULL, check=False)
