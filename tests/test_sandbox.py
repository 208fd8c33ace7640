"""Real boxes, and in them the code that nobody should run elsewhere."""

import json
import os
import re
import signal
import struct
import time
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import autograder
from autograder import surroundings
from autograder import zygote as zygotes
from autograder.release import runner
from autograder.sandbox import Box, Limits, Stopped, _account
from autograder.wire import frame, read_frame
from autograder.zygote import Failed, Zygote, drop_zygote

SHORT = Limits(cell=6, call=4, memory=2**30)
WAYS = [pytest.param(True, id="forked", marks=pytest.mark.skipif(not surroundings.CAN_FORK,
                                                                 reason="no fork here")),
        pytest.param(False, id="fresh")]
forks = pytest.mark.skipif(not surroundings.CAN_FORK, reason="no fork here")
STUBBORN = '''
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
'''


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A release folder, as small as it can be."""
    folder = tmp_path_factory.mktemp("release")
    runner([], folder / "autograder")
    (folder / "notes.txt").write_text("what travels with the notebook", encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=WAYS)
def shared(files, request):
    """One box of each kind for all tests that leave it in order."""
    with Box(files, SHORT, fork=request.param) as one:
        yield one


@pytest.fixture
def box(shared):
    if not shared.alive:
        shared.restart()
    return shared


@pytest.fixture
def other(files):
    """A box that a test may end: a new one costs little where it is forked."""
    with limited(files) as one:
        yield one


@contextmanager
def limited(files, /, name="other", fork=surroundings.CAN_FORK, **limits):
    with Box(files, Limits(**{"cell": 6, "call": 4, "memory": 2**30} | limits), fork, name) as one:
        yield one


def text(outputs):
    return "".join(o.get("text", "") or o.get("evalue", "") or
                   o.get("data", {}).get("text/plain", "") for o in outputs)


def says(box, source):
    outputs, _ = box.run(source)
    return text(outputs)


def value(box, source, **inputs):
    box.run(source)
    return box.call("f", inputs)["value"][""]


# What works as in any notebook


def test_print_results_displays_and_errors_become_outputs(box):
    outputs, ok = box.run("import sys\nprint('a')\nprint('b', file=sys.stderr)\n"
                          "display({'k': 1})\n1 + 1")
    assert ok and [o["output_type"] for o in outputs] == \
        ["stream", "stream", "display_data", "execute_result"]
    outputs, ok = box.run("1 / 0")
    assert not ok and outputs[-1]["ename"] == "ZeroDivisionError"


def test_magics_and_await_work(box):
    assert "dir" in says(box, "%pwd\n'dir'")
    assert "3" in says(box, "import asyncio\nprint(await asyncio.sleep(0, 3))")
    assert "Wall time" in says(box, "%%time\nx = 1")
    assert says(box, "import sys\nsys.stdout.writelines(['a', 'b'])") == "ab"


def test_the_release_folder_is_the_working_folder(box):
    assert says(box, "print(open('notes.txt').read())") == "what travels with the notebook\n"


@pytest.mark.parametrize("x", [
    np.array([[1.0, np.nan], [np.inf, -0.0]]), np.zeros((0, 3), np.float32), np.array(True),
    np.arange(3, dtype=">i4"), (1, (2.5, "a")), None, {"rate": 0.1},
], ids=repr)
def test_inputs_reach_the_function_as_they_are(box, x):
    box.run("seen = []\ndef f(x):\n    seen.append(x)\n    return 1.0")
    account = box.call("f", {"x": x})
    assert account["value"][""] == 1.0 and account["changed"] == []
    assert says(box, "print(repr(seen[0]))") == f"{x!r}\n"


def test_an_array_comes_back(box):
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(value(box, "def f(x):\n    return x.T", x=x), x.T)


def test_a_class_and_a_scenario(box):
    box.run("class Layer:\n    def forward(self, x):\n        return x * 2")
    account = box.call("Layer", {"x": np.ones(1)},
                       "def run(target, x):\n    return {'y': target().forward(x)}\n")
    assert account["value"]["y"] == 2


def test_a_name_that_is_not_there_is_told(box):
    assert box.call("nowhere", {})["error"]["message"].startswith("there is no nowhere")


def test_the_line_of_an_error_is_the_students(box):
    box.run("import numpy as np\n\ndef f(x):\n    return np.linalg.inv(x)")
    error = box.call("f", {"x": np.zeros((2, 2))})["error"]
    assert (error["type"], error["line"], error["number"]) == \
        ("LinAlgError", "return np.linalg.inv(x)", "4")


@pytest.mark.parametrize("source", [
    "!cat notes.txt", "names = !ls", "%system ls", "%sx ls", "%%bash\nls", "%%sh\nls",
    "%%script cat\nls", "%%python3\n1", "import subprocess\nsubprocess.run(['ls'])",
    "import subprocess\nsubprocess.getoutput('ls')", "import os\nos.system('ls')",
    "import os\nos.popen('ls')", "import os\nos.execv('/bin/ls', ['ls'])",
    "import os\nos.posix_spawn('/bin/ls', ['ls'], {})",
], ids=lambda source: source.split("\n")[-1] if "import" in source else source.split()[0])
def test_other_programs_are_refused_with_a_sentence(box, source):
    outputs, ok = box.run(source)
    assert not ok and "other programs cannot be started here" in text(outputs)


@pytest.mark.parametrize("source", [
    "import os\nos.fork()", "import multiprocessing as m\nm.Process(target=print).start()",
], ids=["fork", "multiprocessing"])
def test_other_processes_are_refused_with_a_sentence(box, source):
    outputs, ok = box.run(source)
    assert not ok and "other processes cannot be started here" in text(outputs)


# Limits


@pytest.mark.parametrize("fork", WAYS)
def test_an_endless_loop_is_interrupted_and_the_names_stay(files, fork):
    with limited(files, cell=1, fork=fork) as box:
        box.run("kept = 5")
        with pytest.raises(Stopped, match="did not end within 1 seconds: is there a loop"):
            box.run("while True:\n    pass")
        assert box.alive and says(box, "print(kept)") == "5\n"
        with pytest.raises(Stopped, match="this cell ended Python: it called exit"):
            box.run("import os; os._exit(3)")
        assert not box.alive


def test_a_call_that_does_not_end_is_stopped(files):
    with limited(files, call=1) as box:
        box.run("def f():\n    while True: pass\ndef g():\n    return 7.0")
        with pytest.raises(Stopped, match="f did not end within 1 seconds"):
            box.call("f", {})
        assert box.call("g", {})["value"][""] == 7, "the late reply is not taken for the next one"


def test_a_loop_that_swallows_interrupts_is_killed(files):
    with limited(files, cell=1) as box:
        with pytest.raises(Stopped, match="did not end"):
            box.run(STUBBORN)
        assert not box.alive
        with pytest.raises(Stopped, match="an earlier cell ended Python"):
            box.run("1")
        box.restart()
        assert box.run("1")[1]


def test_a_stopped_process_is_killed(files):
    with limited(files, cell=1) as box, pytest.raises(Stopped, match="did not end"):
        box.run("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")


def test_too_much_memory_is_an_error_of_that_cell(box):
    assert "MemoryError" in box.run("import numpy as np\nnp.ones(10**9)")[0][-1]["ename"]
    assert box.run("1")[1]
    box.run("import numpy as np\ndef f():\n    return np.ones(10**9)")
    assert box.call("f", {})["error"]["type"] == "MemoryError"


def test_a_huge_answer_is_refused_before_it_crosses(box):
    box.run("import numpy as np\ndef f():\n    return np.zeros(10**7)")
    assert box.call("f", {})["refused"].startswith("returned an array of shape (10000000,)")


def test_processor_time_is_limited(files):
    with limited(files, cpu=1, cell=60) as box, pytest.raises(Stopped, match="processor time"):
        box.run(STUBBORN)


def test_a_file_has_a_largest_size(files):
    with limited(files, file=2**20) as box:
        assert "File too large" in says(box, "open('big', 'wb').write(bytes(2**21))")


@pytest.mark.parametrize("source", [
    "print('x' * 10**8)",
    "for i in range(10**4): print('x' * 10**4)",
    "import sys\nsys.stderr.write('x' * 10**8)",
    "import os\nfor i in range(100): os.write(1, b'x' * 10**6)",
], ids=["one line", "many", "stderr", "the descriptor"])
def test_a_flood_of_output_is_cut(box, source):
    outputs, ok = box.run(source)
    assert ok and len(text(outputs)) < 110_000
    assert box.run("1")[1]


def test_a_flood_of_figures_is_cut(box):
    source = "for i in range(60):\n    display({'text/plain': 'x' * 10**6}, raw=True)"
    outputs, ok = box.run(source)
    assert ok and len(text(outputs)) <= 10**7


# Ways out


@pytest.mark.parametrize("source, why", [
    ("import os; os._exit(0)", "it called exit"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it crashed (Segmentation fault)"),
    ("import os; os.kill(os.getpid(), 40)",
     "it crashed (Real-time signal 6)"),
    ("import os; os.closerange(3, 99); import time; time.sleep(99)",
     "it wrote over the answers"),
])
def test_how_python_ended_is_told(other, source, why):
    with pytest.raises(Stopped, match=re.escape(f"this cell ended Python: {why}")):
        other.run(source)
    assert not other.alive


@pytest.mark.parametrize("source", ["import sys; sys.exit(1)", "exit()", "quit()",
                                    "raise SystemExit", "class E(BaseException): pass\nraise E"])
def test_exit_ends_the_cell_and_not_python(box, source):
    box.run(source)
    assert box.run("1")[1]


def test_exit_in_a_function_is_an_error(box):
    box.run("import sys\ndef f():\n    sys.exit()")
    assert box.call("f", {})["error"]["type"] == "SystemExit"


def test_a_thread_that_goes_on_disturbs_no_other_cell(box):
    box.run("import threading, time\ndef talk():\n    for _ in range(50):\n"
            "        print('late'); time.sleep(.01)\nthreading.Thread(target=talk).start()")
    assert value(box, "def f(x):\n    return x", x=np.ones(2)).sum() == 2


@pytest.mark.parametrize("source", [
    "class E(Exception):\n    def __str__(self): raise E\nraise E",
    "class R:\n    def __repr__(self): raise SystemExit\nR()",
    "class R:\n    def __repr__(self): 1 / 0\ndisplay({'application/json': R()}, raw=True)",
    "import sys; sys.stdout.close(); del sys.stdout",
], ids=["str", "repr", "display", "stdout"])
def test_objects_that_cannot_be_shown_do_no_harm(box, source):
    box.run(source)
    assert box.run("1")[1]


@pytest.mark.parametrize("answer", ["gift", "(gift for _ in [1])", "object()", "[[1.0], [1, 2]]",
                                    "{gift: 1.0}", "lambda: 1"])
def test_answers_that_are_no_arrays_are_refused_or_errors(box, answer):
    box.run("class Gift:\n    def __str__(self): raise SystemExit\n    __array__ = __str__\n"
            f"gift = Gift()\ndef f():\n    return {answer}")
    account = box.call("f", {})
    assert "value" not in account and ("refused" in account or "error" in account)


# What is out of reach


@pytest.mark.parametrize("name", ["tensorflow", "keras", "torch", "jax", "tensorflow.keras",
                                  "scipy", "scipy.special", "sklearn", "sklearn.metrics"])
def test_other_libraries_do_not_do_the_work(box, name):
    root = name.partition(".")[0]
    assert f"{root} cannot be used here: the answer has to be your own work, in NumPy" in \
        says(box, f"import {name}")
    assert root not in says(box, "import sys\nprint(sorted(m.split('.')[0] for m in sys.modules))")


def test_input_is_refused_instead_of_waited_for(box):
    assert "input() cannot be used here" in says(box, "input('name? ')")


def test_secrets_in_the_environment_stay_outside(files, monkeypatch):
    monkeypatch.setenv("COURSE_TOKEN", "s3cret")
    with limited(files) as box:
        names = says(box, "import os\nprint(*sorted(os.environ), *os.environ.values())")
    assert "s3cret" not in names and "COURSE_TOKEN" not in names


def test_the_runner_and_its_public_answers_stay_outside(files, box):
    assert {path.suffix for path in (files / "autograder").iterdir()} == {".py", ".json"}
    names = says(box, "import os\nprint(*[n for _, _, found in os.walk('.') for n in found])")
    assert "notes.txt" in names.split() and not re.search("sheets.json|attempt.py", names)
    assert "False" in says(box, "print(os.path.exists('autograder'))").splitlines()


def test_the_course_itself_cannot_be_imported(box):
    for name in ("checks", "references", "sandbox", "course", "judge"):
        assert "No module named" in says(box, f"import autograder.{name}")
    assert "No module named" in says(box, "import nbgrader_config")
    root = os.path.dirname(os.path.dirname(autograder.__file__))
    assert root not in says(box, "import sys\nprint(sys.path)").split("'")


@pytest.mark.parametrize("path", [
    "/proc", "/proc/self/environ", "/proc/self/maps", "/proc/THE_GRADER/environ", "/etc/passwd",
    os.path.join(os.path.dirname(autograder.__file__), "judge.py"), __file__, os.getcwd(), "/tmp",
    os.path.expanduser("~"), "..",
])
def test_no_file_but_pythons_can_be_read(box, path):
    path = path.replace("THE_GRADER", str(os.getpid()))  # two workers of pytest name one test alike
    act = "os.listdir" if os.path.isdir(path) else "open"
    outputs, ok = box.run(f"import os\n{act}({path!r})")
    names = {output.get("ename") for output in outputs}  # a thread of an earlier test may speak too
    assert not ok and names & {"PermissionError", "FileNotFoundError"}


@forks
def test_nothing_is_left_after_the_box(files):
    with limited(files) as box:
        folder, process = box.folder, box.process
        started = youngest()
        box.run("import threading, time, signal\nfor n in range(1, 32):\n"
                "    try: signal.signal(n, signal.SIG_IGN)\n    except OSError: pass\n"
                "threading.Thread(target=time.sleep, args=(600,)).start()\n"
                "open('big', 'w').write('x')")
        assert runs(started)
    assert process.code == -signal.SIGKILL and not folder.exists() and gone({started})


def test_nothing_is_left_after_a_fresh_box(files):
    with limited(files, fork=False) as box:
        home, process = box.home, box.process
        box.run("open('big', 'w').write('x')")
    assert process.code is not None and not home.exists()


@forks
def test_a_folder_that_is_hard_to_remove_is_removed(files):
    with limited(files) as box:
        folder = box.folder
        box.run("import os\nfor _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\n"
                "os.mkdir('shut', 0)")
    assert not folder.exists()


def descendants(pid=None):
    """Return the process ids below this process."""
    found, waiting = set(), [pid or os.getpid()]
    while waiting:
        for path in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            children = set(map(int, path.read_text().split()))
            found |= children
            waiting += children
    return found


def youngest():
    """Return the process that the zygote forked last."""
    def born(process):  # its id may be smaller than an older one's: they start again at the end
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])

    return max(descendants(zygotes.zygote().process.pid), key=born)


def gone(processes):
    """Return whether all have ended; whoever adopts them needs a moment to bury them."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if not any(map(runs, processes)):
            return True
        time.sleep(0.02)
    return False


def runs(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# Disk


@forks
@pytest.mark.parametrize("source", [
    "for i in range(9):\n    open(str(i), 'wb').write(bytes(2**23)); time.sleep(.2)",
    "for i in range(9):\n    os.mkdir(str(i)); os.chdir(str(i))\n"
    "    open('x', 'wb').write(bytes(2**23)); time.sleep(.2)",
    "for i in range(300): open(f'file{i}', 'w')\ntime.sleep(5)",
    "for i in range(300): os.mkdir(f'folder{i}')\ntime.sleep(5)",
    "for i in range(300): os.symlink('/etc', f'link{i}')\ntime.sleep(5)",
], ids=["bytes", "deep", "files", "folders", "links"])
def test_who_fills_the_disk_is_stopped(files, source):
    with limited(files, disk=20 * 2**20, files=200, cell=10) as box:
        start = time.monotonic()
        with pytest.raises(Stopped, match="it wrote more than 20 MiB or 200 files"):
            box.run(f"import os, time\n{source}")
        assert time.monotonic() - start < 5 and not box.alive
        box.restart()
        assert says(box, "1 + 1") == "2", "the next cell finds the folder as it was"


@forks
def test_files_without_names_cannot_hold_more_than_a_gibibyte(files):
    """No walk finds them; what limits them is the size of a file times the number of open ones."""
    with limited(files, file=2**20) as box:
        said = says(box, "import os, resource\nkept = []\ntry:\n    while True:\n"
                    "        kept.append(open('x', 'wb')); os.unlink('x')\n"
                    "except OSError as error: print(error)\n"
                    "print(resource.getrlimit(resource.RLIMIT_NOFILE)[1])")
    assert "Too many open files" in said
    assert int(said.split()[-1]) * Limits.file <= 2**30


@forks
def test_who_fills_the_disk_in_many_quick_cells_is_stopped(files):
    with limited(files, disk=20 * 2**20, files=200) as box, \
            pytest.raises(Stopped, match="it wrote more than"):
        for i in range(9):
            box.run(f"for i in range(100): open(f'{i}-{{i}}', 'w')")


# A zygote and its children


@pytest.fixture
def warm(monkeypatch):
    """A zygote of the test's own, which it may kill."""
    monkeypatch.setattr(zygotes, "_one", None)
    yield zygotes.zygote()
    drop_zygote()


def kill(zygote):
    """Kill the process that forks, as the kernel does when memory is short; return its family."""
    below = descendants(zygote.process.pid)
    parents = [pid for pid in below if descendants(pid)] or [zygote.process.pid]
    os.kill(max(parents), signal.SIGKILL)
    zygote.process.wait(10)
    return below


@forks
def test_a_zygote_that_dies_is_no_trouble_for_the_next_box(files, warm):
    box = Box(files, SHORT)
    with box:
        box.run("kept = 5")
        below, process = kill(warm), box.process
        assert process.wait(5) == -signal.SIGKILL
        with pytest.raises((Stopped, Failed)):
            box.run("1")
        assert not box.alive
        with pytest.raises(Failed, match="the box (ended by itself|did not start)"):
            box.restart()
    assert gone(below)
    drop_zygote()
    assert not warm.home.exists()
    with limited(files) as box:
        assert box.run("1")[1] and zygotes.zygote() is not warm


CHILD = {"cpu": 60, "file": 2**20, "memory": 2**31}
ORPHAN = "import ctypes\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # no signal when the parent dies"


def start(zygote, *cells):
    """Start a child in a folder of its own that has run these cells but does not end the last."""
    folder = zygote.home / f"work{len(list(zygote.home.iterdir()))}"
    folder.mkdir()
    child = zygote.start(folder, CHILD)
    child.socket.settimeout(20)
    assert read_frame(stream := child.socket.makefile("rb"))
    for cell in cells:
        child.socket.sendall(frame({"id": 1, "run": cell}))
        assert cell is cells[-1] or read_frame(stream)
    return child


@forks
@pytest.mark.parametrize("bubblewrap", [True, False])
def test_a_zygote_that_is_closed_takes_its_children_with_it(bubblewrap):
    one = Zygote(bubblewrap=bubblewrap)
    children = [start(one, ORPHAN, STUBBORN) for _ in range(2)]
    below = descendants(one.process.pid)
    one.close()
    assert [child.wait(5) for child in children] == [-signal.SIGKILL] * 2
    assert not one.home.exists()
    assert len(below) >= 2 and gone(below)


@forks
def test_a_zygote_without_bubblewrap_that_is_killed_takes_its_children_with_it():
    one = Zygote(bubblewrap=False)
    start(one, ORPHAN, STUBBORN)
    time.sleep(0.2)
    below = kill(one)
    one.close()
    try:
        assert gone(below)
    finally:
        for pid in filter(runs, below):
            os.kill(pid, signal.SIGKILL)


@forks
def test_a_child_whose_judge_is_gone_ends(warm):
    ended, report = os.pipe()
    judge = os.fork()
    if judge == 0:  # a worker of the class, which has the zygote of the process that started it
        start(warm, STUBBORN)
        os.write(report, str(youngest()).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(judge, 0)
    assert gone({int(os.read(ended, 20))}) and warm.process.poll() is None
    os.close(ended)
    os.close(report)


@forks
def test_two_boxes_at_a_time_do_not_reach_each_other(files):
    with limited(files) as one, limited(files, name="neighbour") as two:
        assert says(one, "import os\nprint(os.getcwd())") != says(two, "import os; os.getcwd()")
        there = says(two, "print(os.getcwd(), os.getpid())").split()
        assert says(two, "open('mine', 'w').write('whole')") == "5"
        for act in (f"open({there[0] + '/mine'!r}, 'w')", f"open({there[0] + '/mine'!r})",
                    f"open({there[0] + '/planted'!r}, 'w')", f"os.listdir({there[0]!r})",
                    f"os.unlink({there[0] + '/mine'!r})", f"os.kill({there[1]}, 9)",
                    f"os.kill({there[1]}, 0)", f"os.link({there[0] + '/mine'!r}, 'stolen')",
                    f"os.symlink({there[0] + '/mine'!r}, 'way') or open('way')",
                    f"os.rename('notes.txt', {there[0] + '/notes.txt'!r})", "os.kill(-1, 9)"):
            outputs, ok = one.run(act)
            assert not ok and outputs[-1]["ename"] in ("PermissionError", "OSError"), act
        assert says(two, "print(open('mine').read(), *sorted(os.listdir()))") == \
            "whole mine notes.txt\n"


@forks
def test_the_names_of_one_box_are_not_in_the_next(files):
    with limited(files) as box:
        box.run("import numpy as np, builtins\nnp.exp = builtins.planted = mine = 5")
    with limited(files) as box:
        assert says(box, "import numpy as np\nprint(np.exp(0.0), 'mine' in dir())") == \
            "1.0 False\n"
        assert "NameError" in box.run("planted")[0][-1]["ename"]


def test_chance_is_the_same_in_every_process(other):
    draw = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    first = says(other, draw)
    assert says(other, draw) != first
    other.restart()
    assert says(other, draw) == first


# Lies on the wire

WIRE = """
import os, stat, struct
def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False
(wire,) = filter(is_socket, range(20))
def lie(text, body=b''):
    os.write(wire, struct.pack('!II', len(text), len(body)) + text + body)
"""


@pytest.mark.parametrize("junk", [
    b"garbage\n" * 9, b"\xff" * 8, struct.pack("!II", 2**31, 0),
    *(struct.pack("!II", len(text), 0) + text for text in (
        b"", b"garbage", b"[1, 2]", b"[" * 100_000, b'{"id":' * 50 + b"1" + b"}" * 50,
        b'{"id": ' + b"9" * 5000 + b"}", b"\xff\xfe")),
], ids=["garbage", "ones", "a huge head", "nothing", "no JSON", "a list", "nested", "deep",
        "a long number", "bytes"])
def test_junk_on_the_wire_ends_the_box_and_nothing_else(other, junk):
    other.run(WIRE)
    with pytest.raises(Stopped, match="this cell ended Python: it wrote over the answers"):
        other.run(f"os.write(wire, {junk!r})\nimport time; time.sleep(60)")
    assert not other.alive
    other.restart()
    assert other.run("1")[1]


def test_half_a_frame_is_waited_for_no_longer_than_for_anything(files):
    with limited(files, cell=1) as box:
        box.run(WIRE)
        with pytest.raises(Stopped, match="did not end within 1 seconds"):
            box.run(f"os.write(wire, struct.pack('!II', 9, 9) + b'{{}}')\n{STUBBORN}")


def test_a_flood_of_replies_ends(files):
    with limited(files, cell=1) as box:
        box.run(WIRE)
        start = time.monotonic()
        with pytest.raises(Stopped):
            box.run("while True:\n    try: lie(b'{\"id\": -1}', bytes(1000))\n"
                    "    except KeyboardInterrupt: pass")
        assert time.monotonic() - start < 10 and not box.alive


def test_who_does_not_read_requests_runs_out_of_time(files):
    with limited(files, cell=1) as box:
        box.run(WIRE)
        box.run("lie(b'{\"id\": 2, \"ok\": true}')\n" + STUBBORN)
        with pytest.raises(Stopped, match="did not end"):
            box.run("#" * 10**6)


def test_a_late_reply_is_not_taken_for_another(other):
    other.run(WIRE)
    other.run("lie(b'{\"id\": 0, \"outputs\": 5}')\nlie(b'{\"id\": -3}')")
    assert says(other, "6") == "6"


@pytest.mark.parametrize("forged", [
    {"value": {"": "text"}}, {"value": {"": None}}, {"value": {"": {"npy": "UEs="}}},
    {"value": {"": {"bytes": [0, 8], "dtype": "O", "shape": [1]}}}, {"value": 5}, {},
    {"value": {"": {"bytes": [0, 8], "dtype": "<f8", "shape": [2]}}}, {"value": {"": [1, 2]}},
    {"value": {"": {"bytes": [0, 99], "dtype": "<f8", "shape": [1]}}}, {"error": []},
    {"value": {"": {"bytes": 5}}}, {"value": {"": {"tuple": 5}}}, {"value": {"": {"float": []}}},
    {"value": {"": {"array": ["a"], "dtype": "str", "shape": [1]}}},
    {"value": {"": {"array": [1], "dtype": "float64", "shape": [1000000000000]}}},
    {"value": {str(n): {"bytes": [0, 8], "dtype": "<f8", "shape": [1]} for n in range(65)}},
], ids=lambda forged: json.dumps(forged)[:60])
def test_a_forged_reply_is_at_most_a_wrong_answer(forged):
    assert set(_account(forged, bytes(8))) == {"warnings", "changed", "refused"}


@pytest.mark.parametrize("value, body", [
    pytest.param({"": {"array": ["a"] * 4, "dtype": "S50000000", "shape": [4]}}, 0, id="text"),
    pytest.param({"": {"array": [1] * 4, "dtype": "(9999999,)f8", "shape": [4, 9999999]}}, 0,
                 id="array of arrays"),
    pytest.param({str(n): {"bytes": [0, 2**22 - 1], "dtype": "|u1", "shape": [2**22 - 1]}
                  for n in range(64)}, 2**22, id="the same bytes many times"),
])
def test_a_forged_reply_costs_the_judge_no_memory(value, body):
    tracemalloc.start()
    _account({"value": value}, bytes(body))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_a_forged_account_holds_only_text():
    account = _account({"error": {"type": [1], "number": {}}, "warnings": [5] * 9, "changed": "x"},
                       b"")
    assert account == {"warnings": ["5"] * 5, "changed": [],
                       "error": {"calls": "", "type": "[1]", "message": "", "line": "",
                                 "number": "{}"}}


def test_whole_characters_come_through(box):
    assert says(box, "print('σ(x) ≤ 1 😀')") == "σ(x) ≤ 1 😀\n"
