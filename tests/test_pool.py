"""Workers that hang or die, here and on a cluster: nobody else loses anything."""

import os
import sys
import time
from types import SimpleNamespace

import distributed
import pytest

from autograder import doctor, pool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked")
WORK = SimpleNamespace(sandbox="full", limits=SimpleNamespace(notebook=2))


@pytest.fixture(autouse=True)
def judge(monkeypatch):
    def judge(work, student, data):  # the data say what happens
        if data == b"kill":
            raise distributed.KilledWorker("judge", SimpleNamespace(address="lab01"), 3)
        does, what = {b"hang": (time.sleep, 60), b"die": (os._exit, 3)}.get(data, (str, ""))
        return {"scores": does(what)}

    monkeypatch.setattr(pool, "judge_submission", judge)
    monkeypatch.setattr(pool, "unpacked", lambda work: None)
    monkeypatch.setattr(pool, "SPARE", 0)
    monkeypatch.setattr(doctor, "require", lambda least: f"{least} box")


def problems(count, *results):
    assert len(results) == count
    return {student: one["problem"] for student, one in results if one.get("box") != "full box"}


def test_who_hangs_or_ends_a_worker_twice_is_named_and_nobody_else():
    tasks = [("a", b""), ("b", b"hang"), ("c", b""), ("d", b"die"), ("e", b"")]
    found = problems(5, *pool.judge_here(WORK, tasks, 1))
    assert found.keys() == {"b", "d"}
    assert "no answer within 2 s" in found["b"] and "exit status 3" in found["d"]


def test_every_submission_has_its_own_time():
    worker = pool._Worker(WORK)
    worker.give("a", b"")
    worker.end = 0
    worker.taken()
    assert worker.end > time.monotonic()
    worker.dismiss()


def test_on_a_cluster_who_ends_workers_is_named_and_nobody_else():
    tasks = [(str(n), b"kill" if n == 5 else b"") for n in range(3 * pool.BATCH + 1)]
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False,
                                  dashboard_address=None) as cluster:
        found = problems(len(tasks), *pool.judge_there(WORK, tasks, cluster.scheduler_address))
    assert found.keys() == {"5"} and "grader error" in found["5"]
