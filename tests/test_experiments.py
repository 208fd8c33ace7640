"""The experiments that the book reports: a part of each is run again and gives what is on file."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from book.experiments import backprop_batches, backprop_xor, optimizers_mnist  # noqa: E402

NAMES = sorted(path.stem for path in (ROOT / "book" / "experiments").glob("*_*.py")
               if path.stem != "__init__")


def on_file(name):
    return json.loads((ROOT / "book" / "data" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_command_its_file_and_a_page_that_names_it(name):
    done = subprocess.run([sys.executable, "-m", f"book.experiments.{name}", "--help"], cwd=ROOT,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "--epochs" in done.stdout
    assert on_file(name)
    page = ROOT / "book" / f"{name.partition('_')[0]}.md"
    assert f"python -m book.experiments.{name}" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("biases", [False, True])
def test_as_many_networks_learn_xor_as_the_page_says(biases):
    told = on_file("backprop_xor")
    run = next(run for run in told["runs"]
               if run["biases"] == biases and run["learning_rate"] == 1.0)
    outputs = backprop_xor.full_batch(told["starts"], told["epochs"], 1.0, biases, told["seed"])
    solved = np.all((outputs > 0.5) == (backprop_xor.Y[:, 0] > 0.5), axis=1).sum()
    assert abs(solved - run["solved"]) <= 1  # one may stand on the edge


def test_mini_batches_give_the_curve_that_is_drawn():
    told = next(run for run in on_file("backprop_batches")["best"] if run["batch_size"] == 32)
    found = backprop_batches.curve(*backprop_batches.digits(), 32, told["learning_rate"], 1, 0)
    points = np.array(found["points"])
    np.testing.assert_allclose(points, told["points"][:len(points)], rtol=0.02)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_an_optimizer_reaches_the_accuracy_on_file(name):
    """The first seed again; the last digits depend on the processor's arithmetic."""
    told = next(one for one in on_file("optimizers_mnist")["defaults"] if one["name"] == name)
    found = optimizers_mnist.train(optimizers_mnist.make(name), 0, 5)
    assert found == pytest.approx(told["accuracy"][0], abs=0.02)
