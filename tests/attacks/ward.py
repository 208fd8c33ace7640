"""A machine worth attacking: secrets, servers, a bystander, and another user to run as."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import uuid
from pathlib import Path

import numpy as np

NOBODY = 65534
WALLS = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
MARKED = ["/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/usr/local/bin", "/opt", "/mnt",
          sysconfig.get_path("purelib"), os.path.dirname(os.__file__), os.path.dirname(np.__file__)]


def canary(what):
    return f"CANARY-{what}-{uuid.uuid4().hex}"


class Servers:
    """Servers of four kinds that only remember what they were told."""

    def __init__(self, folder):
        self.heard = []
        self.path, self.name = str(folder / "grader.sock"), f"grader-{uuid.uuid4().hex}"
        self.tcp = self._serve(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.udp = self._serve(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._serve(socket.AF_UNIX, socket.SOCK_STREAM, self.path)
        self._serve(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.name)
        self._serve(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.name}-datagram")
        os.chmod(self.path, 0o777)

    def _serve(self, family, kind, address):
        server = socket.socket(family, kind)
        server.bind(address)
        threading.Thread(target=self._listen, args=(server, kind), daemon=True).start()
        return server.getsockname()[1]

    def _listen(self, server, kind):
        if kind == socket.SOCK_STREAM:
            server.listen()
        while True:
            said = server.accept() if kind == socket.SOCK_STREAM else server.recvfrom(999)
            self.heard.append((server.getsockname(), repr(said)))


def walled():
    """Return the command that starts another in a world of its own processes, or nothing."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
    command = ["unshare", *user, *WALLS]
    try:
        works = subprocess.run([*command, "true"], capture_output=True).returncode == 0
    except OSError:
        works = False
    return command if works else []


def as_ordinary_user(*readable):
    """Return the command that starts another as nobody, who can enter some folders.

    An interpreter in the home folder of root is shown to that process alone, with its parents
    empty, by mounts in a namespace.
    """
    return ["sh", "-ec", f'{_opened(readable)}\nexec setpriv --reuid={NOBODY} --regid={NOBODY} '
            '--clear-groups "$@"', "sh"]


def _opened(folders):
    """Return lines of shell that make folders readable which lie in closed ones."""
    closed = {}
    for folder in {Path(folder).resolve() for folder in folders}:
        shut = [one for one in folder.parents if not one.stat().st_mode & 0o001]
        if shut:
            closed.setdefault(shut[-1], set()).add(folder)
    lines = []
    for number, (parent, inside) in enumerate(sorted(closed.items())):
        aside = f"/mnt/aside{number}"
        lines += ["mount -t tmpfs -o mode=755 tmpfs /mnt", f"mkdir {aside}"] if not number else []
        lines += [f"mkdir -p {aside}", f"mount --bind {shlex.quote(str(parent))} {aside}",
                  f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(parent))}"]
        for folder in sorted(inside):
            place = shlex.quote(str(folder))
            lines += [f"mkdir -p {place}", f"mount --bind "
                      f"{aside}/{shlex.quote(str(folder.relative_to(parent)))} {place}"]
    return "\n".join([*lines, "umount -l /mnt" if lines else "true"])


def interpreter():
    """Return the folders that Python runs from."""
    return [sys.prefix, sys.base_prefix, Path(__file__).parent]


def marks(*folders):
    """Return the files that attacks left behind."""
    return [path for folder in (*MARKED, *folders) if Path(folder).is_dir()
            for path in Path(folder).glob("*attack-mark*")]


def remove(paths):
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
