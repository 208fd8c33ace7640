"""Run a command beside a sleeping process, and report what is left: ``bystander.py REPORT ...``.

The only program of the corpus that runs as the grader's user, and outside any box.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ENOUGH = 8 * 2**30
LIMITS = ("RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NPROC")


def status(pid):
    """Return the fields of ``/proc/PID/status`` that somebody else might change."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {"State": "gone"}
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return {key: fields[key].strip() for key in ("State", "Uid", "Cpus_allowed", "SigPnd", "PPid")}


def state(pid):
    """Return what must stay as it is of a process that does nothing."""
    if status(pid)["State"][0] not in "SR":
        return status(pid)["State"]
    return {"priority": os.getpriority(os.PRIO_PROCESS, pid),
            "scheduler": os.sched_getscheduler(pid), "status": status(pid),
            "memory": Path(f"/proc/{pid}/oom_score_adj").read_text(),
            "limits": [resource.prlimit(pid, getattr(resource, name)) for name in LIMITS]}


def descendants():
    """Return the command lines of all processes below this one; orphans come to it."""
    parents = {int(p.name): int(status(p.name).get("PPid", 0)) for p in Path("/proc").iterdir()
               if p.name.isdigit() and not status(p.name)["State"].startswith(("Z", "gone"))}
    found, more = set(), {os.getpid()}
    while more:
        more = {pid for pid, parent in parents.items() if parent in more}
        found |= more
    return {pid: Path(f"/proc/{pid}/cmdline").read_text(errors="replace") for pid in found}


def main(report, *command):
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans become children of this process
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    time.sleep(0.2)
    before, began = state(sleeper.pid), time.time()
    resource.setrlimit(resource.RLIMIT_AS, (ENOUGH, ENOUGH))  # should it read without an end
    with open(report + ".out", "wb") as out, open(report + ".err", "wb") as err:
        code = subprocess.run(command, stdout=out, stderr=err).returncode
    seconds = time.time() - began
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    time.sleep(1)
    after = state(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    Path(report).write_text(json.dumps({"code": code, "seconds": seconds, "memory": memory,
                                        "before": before, "after": after,
                                        "left": descendants()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
