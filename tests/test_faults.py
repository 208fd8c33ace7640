"""Plugs pulled while a class is graded: whatever happens, the final grade book is the same."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from launcher import Launcher, boxes, strike, tree, workers, zygotes
from small_course import BODIES, copy_small, entries, grade_book, journal, result, small_course

from benchmarks.grading.cluster import cluster

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
KILLS = 50
FIRST, *OTHERS = sorted(BODIES)
SLOWEST = "Dan O'Neil"
NUMBERS = iter(range(10**6))


@dataclass
class Undisturbed:
    """A small class, graded once in peace."""

    course: object
    result: dict
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    course = small_course(tmp_path_factory.mktemp("small"))
    clone = copy_small(course, tmp_path_factory.mktemp("undisturbed"))
    with launched(course) as launcher:
        began = time.monotonic()
        launcher.start(clone, "grade", "--jobs", "2")
        done = launcher.finish()
    assert done.returncode == 0, done.stderr
    return Undisturbed(course, result(clone), time.monotonic() - began)


@contextmanager
def launched(course):
    launcher = Launcher(course.root)
    try:
        yield launcher
    finally:
        launcher.orphans(0)
        launcher.close()


@pytest.fixture(scope="module")
def launcher(undisturbed):
    with launched(undisturbed.course) as launcher:
        yield launcher


@pytest.fixture
def clone(undisturbed, tmp_path):
    """A course in which nobody is graded yet."""
    return copy_small(undisturbed.course, tmp_path)


def sentence(done):
    """Return the one sentence in which a command said why it stopped."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("autograder: ")]
    assert len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    return lines[0]


def wait_for(condition, seconds=60):
    """Wait until something is so; return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"did not happen within {seconds} seconds")


def stamps(clone):
    """Return when each entry of the journal that is a grade was written."""
    graded = [student for student, entry in journal(clone).items() if not entry["problem"]]
    return {path.name: path.stat().st_mtime_ns for path in entries(clone) if path.stem in graded}


def runs(main):
    return any(one.pid == main for one in tree(main))


def leftovers(clone):
    return sorted(path.name for path in (clone.root / "tmp").iterdir())


def goes_on(launcher, clone, undisturbed):
    """Grade again: what there is stays, what is missing comes, and all is as undisturbed."""
    before = stamps(clone)
    launcher.start(clone, "grade", "--jobs", "2")
    done = launcher.finish()
    assert done.returncode == 0, done.stderr
    assert before.items() <= stamps(clone).items(), "an entry was written twice"
    assert result(clone) == undisturbed.result
    return True


VICTIMS = {  # what is hit; the grader itself first, or it might still write what it sees dying
    "the grader": lambda main, rng: [main],
    "a worker": lambda main, rng: rng.sample(workers(main), len(workers(main)))[:1],
    "the zygote": lambda main, rng: zygotes(main),
    "everything": lambda main, rng: [one.pid for one in tree(main)],
}


@dataclass
class Storm:
    """Grades courses one after the other, and kills until each has ended by itself."""

    undisturbed: Undisturbed
    folder: Path
    seed: int
    kills: int

    def __post_init__(self):
        self.rng = random.Random(self.seed)
        self.struck, self.orphans, self.troubles = [], [], []

    def __call__(self):
        with launched(self.undisturbed.course) as launcher:
            while len(self.struck) < self.kills:
                folder = self.folder / str(next(NUMBERS))
                folder.mkdir()
                self._course(launcher, copy_small(self.undisturbed.course, folder))
                shutil.rmtree(folder)
        return self

    def _course(self, launcher, clone):
        kept, ended = {}, False
        while not ended:
            ended = self._run(launcher, clone)
            now = stamps(clone)
            if not kept.items() <= now.items():
                self.troubles.append("an entry was lost or written twice")
            kept = now
        found = result(clone)
        for part, right in self.undisturbed.result.items():
            if found[part] != right:
                self.troubles.append(f"another {part} after {self.struck[-5:]}: {found[part]}")

    def _run(self, launcher, clone):
        """Start the grader and hit it until it ends; return whether everybody is graded."""
        main, first = launcher.start(clone, "grade", "--jobs", "2"), len(self.struck)
        while self._waited(main, clone):
            what = self.rng.choice(list(VICTIMS))
            hit = VICTIMS[what](main, self.rng)
            self.struck += [(what, len(entries(clone)))] if hit else []
            for pid in hit:
                strike(pid)
            if main in hit:
                break
        done = launcher.finish()
        self.orphans += [(self.struck[-1:], one) for one in launcher.orphans()]
        if "Traceback" in done.stderr:
            self.troubles.append(f"{self.struck[first:]}: {done.stderr[-2000:]}")
        return done.returncode == 0

    def _waited(self, main, clone):
        """Wait for a random moment of a phase; return whether the grader still runs then."""
        begun, share = self.rng.choice((
            (lambda: True, 1), (lambda: workers(main), 0.3), (lambda: workers(main), 0.3),
            (lambda: len(entries(clone)) == len(BODIES), 0.1)))
        while runs(main) and not begun():
            time.sleep(0.02)
        time.sleep(self.rng.uniform(0, share * self.undisturbed.seconds))
        return runs(main)


@pytest.fixture(scope="module")
def storms(undisturbed, tmp_path_factory):
    """Two storms at a time, as there are two cores."""
    both = [Storm(undisturbed, tmp_path_factory.mktemp("storm"), seed, KILLS // 2)
            for seed in range(2)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda storm: storm(), both))


def test_a_grader_killed_fifty_times_ends_with_the_same_grades(storms):
    assert sum(len(storm.struck) for storm in storms) >= KILLS
    assert {what for storm in storms for what, *_ in storm.struck} == set(VICTIMS)
    assert not [trouble for storm in storms for trouble in storm.troubles]


def test_what_a_killed_grader_had_started_ends_too(storms):
    assert not [orphan for storm in storms for orphan in storm.orphans]


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_says_so_and_can_go_on(which, launcher, clone, undisturbed):
    main = launcher.start(clone, "grade", "--jobs", "2")
    wait_for(lambda: entries(clone))
    strike(main, which)
    done = launcher.finish()
    assert done.returncode == 130 and "stopped by you" in sentence(done)
    assert 0 < len(entries(clone)) < len(BODIES)
    assert launcher.orphans() == [] and leftovers(clone) == []
    assert goes_on(launcher, clone, undisturbed)
    assert launcher.orphans() == [] and leftovers(clone) == []


def test_a_run_stopped_while_it_starts_says_so_too(launcher, clone, undisturbed):
    for seconds in (0.1, undisturbed.seconds / 4, undisturbed.seconds / 2):
        main = launcher.start(clone, "grade", "--jobs", "2")
        time.sleep(seconds)
        strike(main, signal.SIGINT)
        done = launcher.finish()
        assert done.returncode == 130 and "stopped by you" in sentence(done)
        assert launcher.orphans() == []
    assert goes_on(launcher, clone, undisturbed)
    assert launcher.orphans() == [] and leftovers(clone) == []


def test_a_worker_that_is_lost_costs_nobody_anything(launcher, clone, undisturbed):
    main = launcher.start(clone, "grade", "--jobs", "2")
    wait_for(lambda: entries(clone))
    strike(workers(main)[0])
    done = launcher.finish()
    assert done.returncode == 0, done.stderr
    assert result(clone) == undisturbed.result
    assert launcher.orphans() == [] and leftovers(clone) == []


def test_a_machine_of_a_cluster_that_is_lost_costs_nobody_anything(clone, undisturbed):
    def machine_at_work():
        for machine in psutil.Process().children():
            below = machine.children(recursive=True)
            if any("inside.py" in " ".join(one.cmdline()) for one in below):
                return [machine, *below]

    with cluster(clone.root, 2) as address, ThreadPoolExecutor(1) as helper:
        grading = helper.submit(clone.run, "grade", "--scheduler", address)
        for process in wait_for(machine_at_work):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        done = grading.result(300)
    assert done.returncode == 0, done.stderr
    assert result(clone) == undisturbed.result


def test_a_zygote_that_is_lost_costs_nobody_anything(launcher, clone, undisturbed):
    main = launcher.start(clone, "grade", "--jobs", "2")
    wait_for(lambda: entries(clone))
    for pid in zygotes(main):
        strike(pid)
    done = launcher.finish()
    assert done.returncode == 0, done.stderr
    assert result(clone) == undisturbed.result
    assert launcher.orphans() == [] and leftovers(clone) == []


@pytest.mark.parametrize("seconds", [0.3, 0.8])
def test_a_zygote_lost_during_the_last_piece_is_not_the_students_fault(
        seconds, launcher, clone, undisturbed):
    main = launcher.start(clone, "grade", "--student", SLOWEST)
    wait_for(lambda: workers(main) and boxes(main))
    time.sleep(seconds)
    strike(zygotes(main)[0])
    assert launcher.finish().returncode == 0
    assert journal(clone)[SLOWEST] == undisturbed.result["journal"][SLOWEST]


def test_a_submission_that_ends_every_worker_is_named_and_the_others_are_graded(
        launcher, clone, undisturbed):
    order = [SLOWEST, *(one for one in (FIRST, *OTHERS) if one != SLOWEST)]
    main = launcher.start(clone, "grade", "--jobs", "1",
                          *(word for one in order for word in ("--student", one)))
    seen = [set()]
    for _ in range(2):  # the worker that has it, each time
        wait_for(lambda: workers(main) and set(boxes(main)).difference(*seen))
        seen.append(set(boxes(main)))
        strike(workers(main)[0])
    done = launcher.finish()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    found = journal(clone)
    assert found[SLOWEST]["fault"] == "grader" and "grader error" in found[SLOWEST]["problem"]
    assert "grader error" in done.stderr and "not graded" in done.stderr
    for student in order[1:]:
        assert found[student] == undisturbed.result["journal"][student]
    assert goes_on(launcher, clone, undisturbed)


@contextmanager
def locked(clone):
    """Hold the grade book as another program would."""
    with closing(sqlite3.connect(clone.root / "course" / "gradebook.db")) as book:
        book.isolation_level = None
        book.execute("BEGIN EXCLUSIVE")
        yield


def test_a_grade_book_locked_for_a_while_is_written_at_the_end(launcher, clone, undisturbed):
    launcher.start(clone, "grade", "--jobs", "2")
    wait_for(lambda: entries(clone))
    with locked(clone):
        wait_for(lambda: len(entries(clone)) == len(BODIES))
        time.sleep(1)
    done = launcher.finish()
    assert done.returncode == 0, done.stderr
    assert result(clone) == undisturbed.result


def test_a_grade_book_locked_for_ever_is_named_and_nothing_is_lost(launcher, clone, undisturbed):
    launcher.start(clone, "grade", "--jobs", "2")
    wait_for(lambda: entries(clone))
    with locked(clone):
        done = launcher.finish()
    assert done.returncode == 1
    assert "gradebook.db is locked by another program" in sentence(done)
    assert journal(clone) == undisturbed.result["journal"]
    assert goes_on(launcher, clone, undisturbed)


@contextmanager
def read_only(path):
    """Make a folder or a file of the course unwritable, for root too."""
    if os.geteuid():
        mode = path.stat().st_mode
        path.chmod(0o555 if path.is_dir() else 0o444)
        yield
        path.chmod(mode)
        return
    mounted = subprocess.run(["mount", "--bind", path, path], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
        yield
    finally:
        subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("room", ["journal", "autograded", "gradebook.db"])
def test_what_cannot_be_written_is_named_and_nothing_is_lost(room, launcher, clone, undisturbed):
    launcher.start(clone, "grade", "--student", OTHERS[0])
    assert launcher.finish().returncode == 0
    before = stamps(clone)
    with read_only(clone.root / "course" / room):
        launcher.start(clone, "grade", "--jobs", "2")
        done = launcher.finish()
    assert done.returncode == 1 and room in sentence(done)
    assert before.items() <= stamps(clone).items()
    assert launcher.orphans() == [] and leftovers(clone) == []
    assert goes_on(launcher, clone, undisturbed)


@contextmanager
def small_disk(clone, size="24m"):
    """Put the folder `course` on a disk of its own."""
    disk, aside = clone.root / "course", clone.root / "aside"
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    disk.rename(aside)
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
                          capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        shutil.copytree(aside, disk, dirs_exist_ok=True)
        yield disk / "ballast"
    finally:
        subprocess.run(["umount", disk], check=True)


def fill(ballast):
    """Write zeros until the disk is full."""
    with open(ballast, "wb", buffering=0) as file:
        for size in (2**16, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_disk_that_fills_while_workers_run_loses_nothing(after, launcher, clone, undisturbed):
    with small_disk(clone) as ballast:
        launcher.start(clone, "grade", "--jobs", "2")
        wait_for(lambda: len(entries(clone)) >= after)
        fill(ballast)
        done = launcher.finish()
        assert done.returncode == 1 and "No space left on device" in sentence(done)
        assert launcher.orphans() == [] and leftovers(clone) == []
        ballast.unlink()
        assert goes_on(launcher, clone, undisturbed)


def test_a_grade_book_that_is_gone_is_written_again_from_the_journal(launcher, clone, undisturbed):
    empty = (clone.root / "course" / "gradebook.db").read_bytes()
    launcher.start(clone, "grade", "--jobs", "2")
    assert launcher.finish().returncode == 0
    (clone.root / "course" / "gradebook.db").write_bytes(empty)
    before = stamps(clone)
    assert goes_on(launcher, clone, undisturbed)
    assert stamps(clone) == before and grade_book(clone) == undisturbed.result["grade book"]
    with closing(sqlite3.connect(clone.root / "course" / "gradebook.db")) as book, book:
        book.execute("UPDATE grade SET auto_score = 0")  # not what the journal says
    assert goes_on(launcher, clone, undisturbed)
