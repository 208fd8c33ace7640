"""Judge many submissions at once, in workers of this machine or of a Dask cluster.

Both give every result as soon as it is there, and lose none: a worker that dies gives its
submission to another, and a submission that ends two workers (of a cluster, as many as its
scheduler allows) is a grader error, not a zero.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections import deque
from multiprocessing.connection import wait

from . import doctor, scratch
from .course import CourseError
from .submission import judge_submission, unpacked

if sys.platform == "linux":
    from . import confine

CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
AHEAD = 2  # submissions that a worker has: it goes on while we write and book
BATCH = 8  # submissions in one task for a cluster
SPARE = 120  # seconds a worker may take beyond what its notebook may


def cores():
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def judge_here(work, tasks, jobs):
    """Judge in `jobs` processes of this machine, if its box is tight enough.

    Parameters
    ----------
    work : Work
    tasks : iterable of (student, bytes)
        Read as workers become free.
    jobs : int

    Yields
    ------
    student : str
    result : dict
        See `judge_submission`; and ``box``, the layers that held it.

    Raises
    ------
    CourseError
        If the box leaves more open than `work` allows.
    """
    unpacked(work)  # once, for all that are forked from here, and while the box warms up
    box = {"box": doctor.require(work.sandbox)}
    crew, tasks, again = [], iter(tasks), deque()
    try:
        for _ in range(jobs):
            crew.append(_Worker(work))
        while True:
            for worker in sorted(crew, key=lambda worker: len(worker.tasks)):
                while len(worker.tasks) < AHEAD:
                    task = again.popleft() if again else next(tasks, None)
                    if task is None:
                        break
                    worker.give(*task)
            busy = [worker for worker in crew if worker.tasks]
            if not busy:
                return
            wait([worker.connection for worker in busy], timeout=1)
            for worker in busy:
                result = worker.look()
                if result is None:
                    continue
                student, data, tries = worker.taken()
                if "died" not in result:
                    yield student, result | box
                    continue
                crew[crew.index(worker)] = _Worker(work)
                if tries == 1:
                    again.append((student, data, 2))
                again.extend(worker.tasks)
                if tries == 2:
                    yield student, _broke(result["died"])
    finally:
        for worker in crew:
            worker.dismiss()
        scratch.sweep()


def judge_there(work, tasks, address):
    """Judge on the workers of a Dask cluster; see `judge_here`.

    Raises
    ------
    CourseError
        If there is no Dask, no scheduler at that address, or no worker.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise CourseError("--scheduler needs Dask; install it with "
                          "`pip install 'neural-networks-from-tensors-up[scale]'`") from None
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        running = sum(client.nthreads().values())
        if not running:
            raise CourseError(f"the Dask scheduler at {address} has no worker; start one there "
                              f"with `dask worker {address}`")
        shared = client.submit(_given, work)  # not scattered: that is lost with a worker
        batches, batch = iter(_batches(tasks, BATCH)), {}
        futures = as_completed()

        def submit(tasks):
            future = client.submit(judge_batch, shared, tasks, pure=False, retries=2)
            batch[future.key] = tasks
            futures.add(future)

        for tasks in batches:
            submit(tasks)
            if len(batch) >= 2 * running:
                break
        for future in futures:
            tasks = batch.pop(future.key)
            try:
                yield from future.result()
            except KilledWorker as error:
                if len(tasks) == 1:
                    yield tasks[0][0], _broke(str(error))
                for one in tasks if len(tasks) > 1 else ():
                    submit([one])
            more = next(batches, None)
            if more:
                submit(more)


def judge_batch(work, tasks):
    """Judge some submissions on a worker of a cluster, if its box is tight enough."""
    box = {"box": doctor.require(work.sandbox)}
    return [(student, judge_submission(work, student, data) | box) for student, data in tasks]


def _given(work):
    """Return what the scheduler keeps, and can give again to a worker that lost it."""
    return work


def _batches(tasks, size):
    batch = []
    for task in tasks:
        batch.append(task)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _broke(reason):
    return {"problem": f"grader error: it ended the grader's own process, each time ({reason})",
            "fault": "grader"}


class _Worker:
    """A process that judges one submission after the other. It is ours: it knows the answers."""

    def __init__(self, work):
        self.connection, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_serve, args=(work, theirs, os.getpid()),
                                       daemon=True)
        self.process.start()
        theirs.close()
        self.limit, self.tasks = work.limits.notebook + SPARE, deque()

    def give(self, student, data, tries=1):
        """Hand it a submission, to be judged after those that it has."""
        self.tasks.append((student, data, tries))
        if len(self.tasks) == 1:
            self.end = time.monotonic() + self.limit
        try:
            self.connection.send((student, data))
        except OSError:  # it has ended while it had nothing to do; `look` will see it
            return

    def taken(self):
        """Return the submission that it has just judged, or died of; the clock of the next runs."""
        self.end = time.monotonic() + self.limit
        return self.tasks.popleft()

    def look(self):
        """Return the first result, None if there is none yet, or how the process died."""
        try:
            if self.connection.poll():
                return self.connection.recv()
        except (EOFError, OSError):
            self.process.join(5)
            return {"died": f"exit status {self.process.exitcode}"}
        if time.monotonic() > self.end:
            self.dismiss()
            return {"died": f"no answer within {self.limit:g} s"}
        return None

    def dismiss(self):
        self.process.kill()
        self.process.join()
        self.connection.close()


def _serve(work, connection, grader):
    if sys.platform == "linux":
        confine.die_with_parent()
        if os.getppid() != grader:  # it has ended in between
            return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tasks = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, tasks), daemon=True).start()
    for student, data in iter(tasks.get, None):
        connection.send(judge_submission(work, student, data))


def _listen(connection, tasks):
    """Take tasks at once: the grader, who hands them out, must never wait for us."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            tasks.put(connection.recv())
    tasks.put(None)
