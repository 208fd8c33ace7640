"""Real boxes, and in them the code that nobody should run elsewhere."""

import os
import re
import time
from contextlib import contextmanager

import numpy as np
import pytest

import autograder
from autograder.release import runner
from autograder.sandbox import Box, Limits, Stopped, _account, _parse

SHORT = Limits(cell=6, call=4, memory=2**30)
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


@pytest.fixture(scope="module")
def shared(files):
    """One box for all tests that leave it in order."""
    with Box(files, SHORT) as one:
        yield one


@pytest.fixture
def box(shared):
    if not shared.alive:
        shared.restart()
    return shared


@contextmanager
def limited(files, **limits):
    with Box(files, Limits(**{"cell": 6, "call": 4, "memory": 2**30} | limits)) as one:
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


def test_magics_shell_lines_and_await_work(box):
    assert "dir" in says(box, "%pwd\n'dir'")
    assert "travels" in says(box, "!cat notes.txt")
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


# Limits


def test_an_endless_loop_is_interrupted_and_the_names_stay(files):
    with limited(files, cell=1) as box:
        box.run("kept = 5")
        with pytest.raises(Stopped, match="did not end within 1 seconds: is there a loop"):
            box.run("while True:\n    pass")
        assert box.alive and says(box, "print(kept)") == "5\n"


def test_a_call_that_does_not_end_is_stopped(files):
    with limited(files, call=1) as box:
        box.run("def f():\n    while True: pass\ndef g():\n    return 7.0")
        with pytest.raises(Stopped, match="f did not end within 1 seconds"):
            box.call("f", {})
        assert box.call("g", {})["value"][""] == 7, "the late reply is not taken for the next one"


def test_a_loop_that_swallows_interrupts_is_killed(files):
    with limited(files, cell=3) as box:
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
    with limited(files, cpu=2, cell=60) as box, pytest.raises(Stopped, match="processor time"):
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
def test_how_python_ended_is_told(box, source, why):
    with pytest.raises(Stopped, match=re.escape(f"this cell ended Python: {why}")):
        box.run(source)
    assert not box.alive


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


@pytest.mark.parametrize("name", ["tensorflow", "keras", "torch", "jax", "tensorflow.keras"])
def test_other_libraries_do_not_do_the_work(box, name):
    root = name.partition(".")[0]
    assert f"{root} cannot be used here: the answer has to be your own work, in NumPy" in \
        says(box, f"import {name}")


def test_input_is_refused_instead_of_waited_for(box):
    assert "input() cannot be used here" in says(box, "input('name? ')")


def test_secrets_in_the_environment_stay_outside(files, monkeypatch):
    monkeypatch.setenv("COURSE_TOKEN", "s3cret")
    with limited(files) as box:
        names = says(box, "import os\nprint(*sorted(os.environ), *os.environ.values())")
    assert "s3cret" not in names and "COURSE_TOKEN" not in names


def test_the_public_answers_stay_outside(files, box):
    answers = [path.name for path in (files / "autograder").glob("*.json")]
    names = says(box, "import os\nprint(*[n for _, _, found in os.walk('.') for n in found])")
    assert answers and {"arrays.py", "notes.txt"} <= set(names.split())
    assert not set(answers) & set(names.split())


def test_the_course_itself_cannot_be_imported(box):
    for name in ("checks", "references", "sandbox", "course"):
        assert "No module named" in says(box, f"import autograder.{name}")
    assert "No module named" in says(box, "import nbgrader_config")
    root = os.path.dirname(os.path.dirname(autograder.__file__))
    assert root not in says(box, "import sys\nprint(sys.path)").split("'")


def test_nothing_is_left_after_the_box(files):
    with limited(files) as box:
        box.run("import subprocess, os\nchild = subprocess.Popen(['sleep', '600'])")
        home, process = box.home, box.process
        child = int(says(box, "print(child.pid)"))
    assert process.returncode is not None and not home.exists()
    for _ in range(50):  # whoever adopts the child needs a moment to bury it
        if not os.path.exists(f"/proc/{child}") or _is_zombie(child):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the child is still there")


def _is_zombie(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


# Lies on the pipe

PIPE = """
import os, json
def pipes():
    for n in range(3, 20):
        try:
            if os.readlink(f'/proc/self/fd/{n}').startswith('pipe:'):
                os.write(n, b'')
                yield n
        except OSError:
            pass
pipe, = pipes()
"""


@pytest.mark.parametrize("junk", [
    b"garbage\n", b"[1, 2]\n", b"[" * 100_000 + b"\n", b"9" * 5000 + b"\n", b"\xff\xfe\n", b"\n",
], ids=["garbage", "a list", "nested", "a long number", "bytes", "nothing"])
def test_junk_on_the_pipe_ends_the_box_and_nothing_else(box, junk):
    box.run(PIPE)
    with pytest.raises(Stopped, match="this cell ended Python: it wrote over the answers"):
        box.run(f"os.write(pipe, {junk!r})\nimport time; time.sleep(60)")
    assert not box.alive


def test_a_flood_of_replies_ends(files):
    with limited(files, cell=3) as box:
        box.run(PIPE)
        start = time.monotonic()
        with pytest.raises(Stopped):
            box.run("while True:\n    try: os.write(pipe, b'{\"id\": -1}\\n' * 1000)\n"
                    "    except KeyboardInterrupt: pass")
        assert time.monotonic() - start < 30 and box.replies.qsize() < 20


def test_who_does_not_read_requests_runs_out_of_time(files):
    with limited(files, cell=2) as box:
        box.run(PIPE)
        box.run("os.write(pipe, b'{\"id\": 2, \"ok\": true}\\n')\n" + STUBBORN)
        with pytest.raises(Stopped, match="did not end"):
            box.run("#" * 10**6)


@pytest.mark.parametrize("forged", [
    '{"value": {"": "text"}}', '{"value": {"": null}}', '{"value": {"": {"npy": "UEs="}}}',
    '{"value": {"": {"array": ["a"], "dtype": "str", "shape": [1]}}}', '{"value": 5}', '{}',
    '{"value": {"": [1, 2]}}', '{"value": {"": {"npy": 5}}}', '{"error": []}',
    '{"value": {"": {"array": [1], "dtype": "float64", "shape": [1000000000000]}}}',
])
def test_a_forged_reply_is_at_most_a_wrong_answer(forged):
    account = _account(_parse(forged.encode()))
    assert set(account) == {"warnings", "changed", "refused"}


def test_a_forged_account_holds_only_text():
    account = _account({"error": {"type": [1], "number": {}}, "warnings": [5] * 9, "changed": "x"})
    assert account == {"warnings": ["5"] * 5, "changed": [],
                       "error": {"calls": "", "type": "[1]", "message": "", "line": "",
                                 "number": "{}"}}


@pytest.mark.parametrize("line", [
    b'{"text": "\\ud800"}', b'{"text": "\\uDFFF"}', b'{"text": "\xed\xa0\x80"}',
    b'{"\\ud83d": 1}',
])
def test_half_characters_are_mended(line):
    parsed = _parse(line)
    assert parsed is None or str(parsed).encode()


def test_whole_characters_come_through(box):
    assert says(box, "print('σ(x) ≤ 1 😀')") == "σ(x) ≤ 1 😀\n"
