"""The corpus of attacks, in one class with three honest students, as root and as anybody else."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from attacks import SOLVED, corpus
from attacks.graded import ADA, BEN, CEM, HONEST, Ward
from attacks.ward import Servers, marks, remove, walled
from conftest import ROOT, copy_course

from autograder import course
from autograder.arrays import to_json
from autograder.cases import draw

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the box is Linux's")
ATTACKS = corpus()
SEED = 7
LIMITS = """
c.Execute.cell_seconds = 2
c.Execute.call_seconds = 1
c.Execute.notebook_seconds = 15
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A course with answers of its own to its own seed."""
    clone = copy_course(tmp_path_factory.mktemp("recorded"))
    with (clone.root / "nbgrader_config.py").open("a") as file:
        file.write(LIMITS)
    for command in (["record", "activations", "--seed", SEED], ["release", "activations"]):
        done = clone.run(*command)
        assert done.returncode == 0, done.stderr
    return clone


@pytest.fixture(scope="module", params=["as we are", "ordinary user"])
def user(request):
    if request.param == "ordinary user":
        if os.geteuid() != 0:
            pytest.skip("the tests run as an ordinary user already")
        if not walled() or not shutil.which("setpriv"):
            pytest.skip("another user needs `unshare` and `setpriv`, which do not work here")
    return request.param


@pytest.fixture(scope="module")
def classes(recorded, user, tmp_path_factory):
    """The honest alone, and the honest among attackers; both graded."""
    servers = Servers(tmp_path_factory.mktemp("servers"))
    alone, together = (Ward(recorded, servers, user) for _ in range(2))
    together.secrets["ada"] = alone.secrets["ada"]
    try:
        alone.hand_in([])
        together.hand_in([a for a in ATTACKS if walled() or not a.deadly])
        yield alone.grade(), together.grade()
    finally:
        remove(marks())
        for ward in (alone, together):
            shutil.rmtree(ward.base, ignore_errors=True)


@pytest.fixture
def ward(classes):
    return classes[1]


def fixed_cases(name):
    """Return the cases of a piece whose inputs are the same for every seed."""
    check = course.checks("activations")[name]
    return {case.name for case in check.cases
            if to_json(draw(check, case, 0)) == to_json(draw(check, case, SEED))}


def out_of_time(piece):
    """Return whether a notebook had used its seconds before this piece: on a slow machine, some."""
    return any("had used its" in case["message"] for case in piece["cases"])


def streams(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "".join("".join(output.get("text", "")) for cell in cells
                   for output in cell.get("outputs", []))


@pytest.fixture(params=ATTACKS, ids=lambda attack: attack.name)
def attack(request, ward):
    if request.param.deadly and not walled():
        pytest.skip("without `unshare --pid` this would end more than a test")
    return request.param


def test_there_are_many_attacks_and_each_says_what_it_tries():
    assert len(ATTACKS) >= 75
    assert all(attack.tries and attack.seen for attack in ATTACKS)


def test_points_are_only_for_what_works(ward, attack):
    one = ward.student(attack)
    if one["note"].startswith("left out"):  # somebody of that name has handed in already
        return
    entry = ward.entries.get(one["student"])
    problem = entry["problem"] if entry else one["problem"]
    if problem:
        assert attack.refused, problem
        assert "Traceback" not in problem and len(problem) < 500
        return
    twin, pieces = ward.pieces(BEN), ward.pieces(one["student"])
    assert pieces.keys() == twin.keys()
    assert entry["max_points"] == ward.entries[BEN]["max_points"]
    assert entry["points"] == sum(piece["points"] for piece in pieces.values())
    for name, piece in pieces.items():
        if name in attack.recites:
            right = {case["name"] for case in piece["cases"] if case["passed"]}
            assert right <= fixed_cases(name), name
        elif name in attack.loses or out_of_time(piece):
            assert piece["points"] <= twin[name]["points"], name
        else:
            assert piece["points"] == twin[name]["points"], name


def test_nothing_is_found_that_is_secret(ward, attack):
    student = ward.student(attack)["student"]
    for path in ward.results(student):
        data = path.read_bytes()
        found = [what for what, secret in ward.secrets.items() if secret.encode() in data]
        assert not found, path.name
    path = ward.notebook(student)
    loot = re.findall(r"^LOOT: .*", streams(path), re.MULTILINE) if path.exists() else []
    assert not loot


def test_what_comes_out_is_bounded(ward, attack):
    sizes = [path.stat().st_size for path in ward.results(ward.student(attack)["student"])]
    assert sum(sizes) < 64 * 2**20


@pytest.mark.parametrize("student", HONEST)
def test_the_honest_get_the_same_with_and_without_attackers(classes, student):
    alone, together = classes
    assert alone.entries[student] == together.entries[student]
    assert alone.notebook(student).read_bytes() == together.notebook(student).read_bytes()


def test_the_honest_get_what_they_have_earned(ward):
    assert all(piece["passed"] for piece in ward.pieces(ADA).values())
    for student in (BEN, CEM):
        assert {n for n, piece in ward.pieces(student).items() if piece["passed"]} == set(SOLVED)


def test_the_run_ends_in_order(ward):
    assert ward.report["code"] in (0, 1) and "Traceback" not in ward.said, ward.said[-3000:]


def test_everybody_is_in_the_journal_or_has_a_reason(ward):
    for attack in ATTACKS:
        if walled() or not attack.deadly:
            one = ward.student(attack)
            assert one["student"] in ward.entries or one["problem"], attack.name


def test_no_process_is_left_over(ward):
    assert not ward.report["left"]


def test_no_process_has_taken_more_memory_than_a_box_may(ward):
    assert ward.report["memory"] < 2.5 * 2**30


def test_a_bystander_notices_nothing(ward):
    assert ward.report["after"] == ward.report["before"]


def test_no_file_outside_the_results_is_new_or_changed(ward):
    after = ward.snapshot()
    home = {path for path in after if path.startswith("home/")}
    assert {k: v for k, v in after.items() if k not in home or k in ward.before} == ward.before
    for path in home - ward.before.keys():  # caches of the grader's own
        assert b"attack-mark" not in (ward.base / path).read_bytes()


def test_no_mark_is_left_anywhere(ward):
    rooms = [ward.base, ward.home, ward.clone.root, ward.clone.root / "course", ward.temporary,
             ward.clone.root / "autograder", ward.clone.root / "nnlib", ROOT,
             ward.home / ".ipython/profile_default/startup"]
    assert not marks(*rooms)


def test_nothing_is_left_in_the_folder_for_temporary_files(ward):
    assert not list(ward.temporary.iterdir())


def test_no_segment_of_memory_is_left():
    for kind in ("shm", "sem", "msg"):
        lines = Path(f"/proc/sysvipc/{kind}").read_text().split()
        assert not {str(0x41545443), str(0x4D41524B)} & set(lines)


def test_no_server_has_heard_anything(ward):
    assert not ward.servers.heard
