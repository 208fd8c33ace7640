"""TensorFlow's answers: recorded with where they come from, for a public and a private seed."""

import json
import subprocess
import sys

from conftest import Clone

from autograder import course, references


def kept(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_an_answer_says_where_it_comes_from():
    for chapter in course.CHAPTERS:
        for path in (references.PUBLIC / chapter).glob("*.json"):
            head = kept(path)["recorded by"]
            assert head["check"] == path.stem and head["seed"] == 0
            assert head["tensorflow"].startswith(references.TENSORFLOW)
            assert head["device"] in ("cpu", "gpu") and head["keras"] and head["numpy"]


def test_a_course_records_its_own_seed_and_grades_with_it(clone):
    public = (clone.root / "autograder" / "references" / "losses" / "Huber.json").read_bytes()
    own = clone.root / "course" / "references" / "losses" / "Huber.json"
    own.parent.mkdir(parents=True)
    own.with_name("Gone.json").touch()  # of a check that there is no more
    done = clone.run("record", "losses", "--seed", "7", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["recorded"]) == len(course.checks("losses"))
    assert kept(own)["recorded by"]["seed"] == 7 and not own.with_name("Gone.json").exists()
    assert (clone.root / "autograder" / "references" / "losses" / "Huber.json").read_bytes() \
        == public
    assert kept(own)["answers"] != json.loads(public)["answers"]
    assert _seed(clone, "references.sheets('losses', private=True)") == 7  # what `grade` takes
    assert clone.run("release", "losses").returncode == 0
    given = "course/release/losses/autograder/sheets.json"
    assert _seed(clone, f"load_sheets(Path('{given}'))") == 0, "students get the public cases"


def _seed(clone, sheets):
    """Return the seed of the cases in some sheets of a course."""
    code = ("from autograder import course; from autograder.cases import draw\n"
            "from autograder import references; from autograder.sheet import load_sheets\n"
            "import numpy as np; from pathlib import Path\n"
            f"check = course.checks('losses')['Huber']; sheet = {sheets}\n"
            "got = sheet['Huber'].cases[0].inputs['y_pred']\n"
            "print(*[s for s in (0, 7) if np.array_equal(draw(check, check.cases[0], s)['y_pred'],"
            " got)])")
    done = subprocess.run([sys.executable, "-c", code], cwd=clone.root, capture_output=True,
                          text=True, env={"PYTHONPATH": str(clone.root), "PATH": ""})
    return int(done.stdout)


def test_an_answer_that_tensorflow_does_not_give_is_found(clone):
    path = clone.root / "autograder" / "references" / "tensors" / "matmul.json"
    data = kept(path)
    first = next(iter(data["answers"].values()))
    first["dict"][""]["array"][0] += 0.01
    path.write_text(json.dumps(data), encoding="utf-8")
    done = clone.run("record", "tensors", "--check")
    assert done.returncode == 1 and "matmul" in done.stderr and "record" in done.stderr
    assert kept(path) == data, "checking writes nothing"


def test_a_gpu_that_is_not_there_is_named():
    import tensorflow as tf

    done = Clone(references.PUBLIC.parent.parent).run(
        "record", "tensors", "--device", "gpu", "--check")
    if tf.config.list_physical_devices("GPU"):
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1 and "no GPU here; record with `--device cpu`" in done.stderr
