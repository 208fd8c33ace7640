"""From submissions to grades, with the example class: real notebooks, grade book and boxes."""

import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, Clone, copy_course
from nbgrader.api import Gradebook

from autograder import course
from autograder.references import sheets

CLASS = ROOT / "examples" / "class"
EXPECTED = {(student, assignment): points for student, assignments in json.loads(
    (CLASS / "expected.json").read_text(encoding="utf-8")).items()
    for assignment, points in assignments.items()}
NOT_GRADED = sorted(key for key, points in EXPECTED.items() if points == "not graded")
LIMITS = "\nc.Execute.cell_seconds = 6\nc.Execute.call_seconds = 2\n"


def copied(clone, folder):
    """Copy a course with all that is in its folder `course`."""
    return Clone(Path(shutil.copytree(clone.root, folder, dirs_exist_ok=True)))


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    clone = copy_course(tmp_path_factory.mktemp("released"))
    with (clone.root / "nbgrader_config.py").open("a") as file:
        file.write(LIMITS)
    done = clone.run("release")
    assert done.returncode == 0, done.stderr
    return clone


@pytest.fixture(scope="session")
def graded(released, tmp_path_factory):
    """The whole class, graded, with feedback and a report, and what each command said."""
    clone = copied(released, tmp_path_factory.mktemp("graded"))
    clone.said = {}
    for verb, *arguments in (["collect", "examples/class"], ["grade"], ["feedback"], ["report"]):
        done = clone.run(verb, *arguments, "--json")
        somebody_left_out = verb in ("collect", "grade")
        assert done.returncode == somebody_left_out, done.stderr
        clone.said[verb] = json.loads(done.stdout)
    return clone


@pytest.fixture
def fresh(released, tmp_path):
    """A course that is released, and where nobody has handed in."""
    return copied(released, tmp_path / "fresh")


@contextmanager
def grade_book(clone):
    where = f"sqlite:///{clone.root / 'course' / 'gradebook.db'}"
    with Gradebook(where, "neural-networks") as book:
        yield book


def points(clone):
    """Return the points in the grade book, by student and assignment."""
    with grade_book(clone) as book:
        return {(one.student.id, one.assignment.name): one.score
                for assignment in course.CHAPTERS
                for one in book.assignment_submissions(assignment)}


def expected(assignment, *students):
    return {(student, assignment): EXPECTED[student, assignment] for student in students}


def hand_in(clone, assignment, *students):
    """Collect one assignment of some students of the class."""
    for student in students:
        shutil.copytree(CLASS / student, clone.root / "handed_in" / student)
    done = clone.run("collect", "handed_in", assignment)
    assert done.returncode == 0, done.stderr


def entry(clone, assignment, student):
    path = clone.root / "course" / "journal" / assignment / f"{student}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def page(clone, assignment, student):
    """Return the text of a feedback page, without its marks."""
    path = clone.root / "course" / "feedback" / student / assignment / f"{assignment}.html"
    text = path.read_text(encoding="utf-8").partition("<body")[2]
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def stamps(clone, *rooms):
    """Return when each file below some rooms of `course` was last written."""
    return {path: path.stat().st_mtime_ns for room in rooms
            for path in (clone.root / "course" / room).rglob("*") if path.is_file()}


def sentence(done):
    """Return the one sentence in which a command said why it stopped."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("autograder: ")]
    assert len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    return lines[0]


def test_everybody_in_the_class_has_an_expected_grade():
    handed_in = {path.relative_to(CLASS).parts[0] for path in CLASS.glob("*/*.ipynb")}
    assert handed_in == {student for student, _ in EXPECTED}


def test_the_grade_book_holds_the_expected_points(graded):
    right = {key: value for key, value in EXPECTED.items() if key not in NOT_GRADED}
    assert points(graded) == right


def test_what_could_not_be_graded_is_named_with_its_reason(graded):
    found = graded.said["collect"]
    named = {one["student"]: one["problem"] for one in found if one["problem"]}
    assert sorted(named) == sorted(student for student, _ in NOT_GRADED)
    entries = [one for one in graded.said["grade"] if one["problem"]]
    assert {(one["student"], one["assignment"]) for one in entries} == {
        key for key in NOT_GRADED if key[1] in course.CHAPTERS}
    for one in entries:
        assert one["problem"] == named[one["student"]]
        assert one["problem"] in page(graded, one["assignment"], one["student"])


def test_notebooks_of_any_name_are_recognised(graded):
    notes = {one["file"]: one["assignment"] for one in graded.said["collect"] if one["note"]}
    assert notes == {"Élise Dubois/activations (1).ipynb": "activations",
                     "Élise Dubois/Copie de losses.ipynb": "losses"}


@pytest.mark.parametrize(("assignment", "student"), [
    ("activations", "Chloé Martin"),  # after a loop without end
    ("tensors", "Tomasz Zieliński"),  # after a function without end
    ("losses", "Yuki Tanaka"),  # after one that cannot be interrupted
])
def test_the_neighbours_of_hostile_code_lose_nothing(graded, fresh, assignment, student):
    hand_in(fresh, assignment, student)
    assert fresh.run("grade", assignment).returncode == 0
    alone, together = entry(fresh, assignment, student), entry(graded, assignment, student)
    assert (alone["scores"], alone["pieces"]) == (together["scores"], together["pieces"])


def test_a_stopped_cell_costs_itself_only(graded):
    loop, function, stubborn = (entry(graded, *key) for key in (
        ("activations", "Bongani Dlamini"), ("tensors", "Sofia Rossi"),
        ("losses", "Viktor Petrov")))
    for one in (loop, function, stubborn):
        assert any("did not end within" in text for text in one["stopped"])
    for one, piece in ((function, "to_batches"), (stubborn, "CategoricalHinge")):
        lost = {report["name"]: report for report in one["pieces"] if not report["passed"]}
        assert list(lost) == [piece] and lost[piece]["points"] > 0


def test_grading_again_grades_nothing(graded):
    readable = [path for path in stamps(graded, "journal") if "Noah" not in path.name]
    before = stamps(graded, "autograded")
    kept = [path.stat().st_mtime_ns for path in readable]
    done = graded.run("grade", "--json")
    assert json.loads(done.stdout) == graded.said["grade"]
    assert stamps(graded, "autograded") == before
    assert [path.stat().st_mtime_ns for path in readable] == kept


def test_feedback_names_case_mistake_and_hint(graded):
    text = page(graded, "activations", "Lena Fischer")
    report = next(one for one in entry(graded, "activations", "Lena Fischer")["pieces"]
                  if one["name"] == "leaky_relu")
    case = next(case for case in report["cases"] if not case["passed"])
    assert "check(leaky_relu)" in text
    for part in ("name", "message", "mistake", "hint"):
        assert case[part] and case[part] in text


def test_feedback_gives_no_hidden_answer_away(graded):
    text = page(graded, "activations", "Lena Fischer")
    for sheet in sheets("activations").values():
        for case in sheet.cases:
            values = [v for part in case.expected.values() for v in part.ravel().tolist()]
            told = [v for v in values if len(f"{v:.6g}") > 7 and f"{v:.6g}" in text]
            assert len(told) <= 1, (sheet.name, case.name)  # the first number that was wrong
            assert not any(repr(v) in text for v in values if len(repr(v)) > 12)


def test_the_report_stands_alone_and_says_what_happened(graded):
    text = (graded.root / "course" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|<script|<link|src=|@import", text)
    said = html.unescape(text)
    for part in graded.said["report"]:
        for piece in part["pieces"]:
            assert f"<span>{piece['name']}</span>" in said
        for one in part["mistakes"][:20]:
            assert one["mistake"] in said
        for row in part["problems"] + part["rows"]:
            assert row["student"] in said and row["why"] in said
    assert {part["assignment"] for part in graded.said["report"]} == set(course.CHAPTERS)


def test_the_report_links_to_pages_that_exist(graded):
    rows = [row for part in graded.said["report"] for row in part["problems"] + part["rows"]]
    assert rows and all((graded.root / "course" / row["page"]).exists() for row in rows)


def test_nbgraders_own_command_gives_the_same_points(fresh):
    hand_in(fresh, "activations", "Zoë O'Brien")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["nbgrader", "autograde", "activations", "--student=Zoë O'Brien"], cwd=fresh.root,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(fresh.root)}, capture_output=True,
        text=True)
    assert done.returncode == 0, done.stderr
    assert points(fresh) == expected("activations", "Zoë O'Brien")


def test_answers_in_words_wait_for_a_person(graded):
    waiting = {one["student"]: one["to_mark"] for one in graded.said["grade"]
               if one["assignment"] == "activations"}
    assert waiting["Amara Okafor"] == 2 and waiting["Mateo Rivera"] == 0  # left empty
    with grade_book(graded) as book:
        grade = book.find_grade("why_not_linear", "activations", "activations", "Amara Okafor")
        assert grade.needs_manual_grade and grade.score == 0


def test_marks_given_by_hand_reach_feedback_and_report(graded, tmp_path):
    clone = copied(graded, tmp_path / "marked")
    before = stamps(clone, "feedback")
    with grade_book(clone) as book:
        answer = ("why_not_linear", "activations", "activations", "Amara Okafor")
        grade, comment = book.find_grade(*answer), book.find_comment(*answer)
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        comment.manual_comment = "Clear, and the ten layers are there. What is b for ten?"
        book.db.commit()
    assert clone.run("feedback").returncode == 0
    assert "Clear, and the ten layers are there." in page(clone, "activations", "Amara Okafor")
    again = {path.parts[-3:-1] for path, when in stamps(clone, "feedback").items()
             if before[path] != when and path.suffix == ".html" and "Noah" not in str(path)}
    assert again == {("Amara Okafor", "activations")}
    part = json.loads(clone.run("report", "activations", "--json").stdout)[0]
    row = next(row for row in part["rows"] if row["student"] == "Amara Okafor")
    assert row["points"] == EXPECTED["Amara Okafor", "activations"] + 3 and row["to_mark"] == 1


def test_a_run_that_is_stopped_goes_on_where_it_was(fresh):
    students = ["Diego Fernández", "Margaret Hughes", "Wei Chen"]
    hand_in(fresh, "tensors", *students)
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder.cli", "grade", "tensors"], cwd=fresh.root,
        env=os.environ | {"PYTHONPATH": str(fresh.root), "COLUMNS": "200"},
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # nohup ignores it
    journal = fresh.root / "course" / "journal" / "tensors"
    end = time.monotonic() + 120
    while not list(journal.glob("*.json")) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1)  # into the middle of the second
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)
    done = subprocess.CompletedProcess(process.args, process.returncode, *output)
    assert done.returncode == 130 and "stopped by you" in sentence(done)
    kept = {path: path.read_bytes() for path in journal.glob("*.json")}
    assert 0 < len(kept) < len(students)
    assert fresh.run("grade", "tensors").returncode == 0
    assert points(fresh) == expected("tensors", *students)
    assert all(path.read_bytes() == data for path, data in kept.items())


@pytest.fixture
def small_disk(fresh):
    """A course whose folder `course` is a disk of 16 MiB."""
    disk, aside = fresh.root / "course", fresh.root / "aside"
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk.rename(aside)
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk],
                          capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        shutil.copytree(aside, disk, dirs_exist_ok=True)
        yield fresh
    finally:
        subprocess.run(["umount", disk], check=True)


def fill(path):
    """Write zeros until the disk is full."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (2**16, 1):
            try:
                while True:
                    os.write(file, bytes(size))
            except OSError:
                continue
    finally:
        os.close(file)


def test_a_full_disk_loses_nothing(small_disk):
    first, *others = students = ["Diego Fernández", "Margaret Hughes"]
    hand_in(small_disk, "tensors", *students)
    assert small_disk.run("grade", "tensors", "--student", first).returncode == 0
    before = stamps(small_disk, "journal", "autograded")
    ballast = small_disk.root / "course" / "ballast"
    fill(ballast)
    done = small_disk.run("grade", "tensors")
    assert done.returncode not in (0, 130)
    assert "No space left on device" in sentence(done)
    after = stamps(small_disk, "journal", "autograded")
    assert {path: after.get(path) for path in before} == before
    ballast.unlink()
    assert small_disk.run("grade", "tensors").returncode == 0
    assert points(small_disk) == expected("tensors", *students)
    assert entry(small_disk, "tensors", others[0])["problem"] == ""


def test_files_that_cannot_be_read_stop_nobody_else(fresh):
    folder = fresh.root / "handed_in"
    hand_in(fresh, "tensors", "Wei Chen")
    for student in ("Nobody", "Elsewhere", "Strange"):
        (folder / student).mkdir()
    (folder / "Nobody" / "tensors.ipynb").mkdir()
    (folder / "Elsewhere" / "tensors.ipynb").symlink_to("a/synchronised/folder.ipynb")
    (folder / "Strange" / "tensors.ipynb").write_bytes('{"cells": []}'.encode("utf-16"))
    done = fresh.run("collect", "handed_in", "--json")
    assert done.returncode == 1, done.stderr
    problems = {one["student"]: one["problem"] for one in json.loads(done.stdout)}
    assert "cannot be read" in problems["Nobody"] and "cannot be read" in problems["Elsewhere"]
    assert "is not text" in problems["Strange"] and not problems["Wei Chen"]
    done = fresh.run("grade", "tensors", "--json")
    assert done.returncode == 1, done.stderr
    assert {one["student"]: bool(one["problem"]) for one in json.loads(done.stdout)} == {
        "Strange": True, "Wei Chen": False}
    assert points(fresh) == expected("tensors", "Wei Chen")


def test_the_demo_goes_through_with_a_class_that_handed_in_one_of_the_assignments(clone, tmp_path):
    student = "Diego Fernández"
    shutil.copytree(CLASS / student, tmp_path / "class" / student)
    done = clone.run("demo", "--no-book", "--class", tmp_path / "class")
    assert done.returncode == 0, done.stderr
    assert points(clone) == {(student, "tensors"): EXPECTED[student, "tensors"]}
    assert (clone.root / "course" / "report.html").exists()
    assert (clone.root / "course" / "feedback" / student / "tensors" / "tensors.html").exists()
