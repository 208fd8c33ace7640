"""The experiments that the book reports: a part of each is run again and gives what is on file."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from book.experiments import (  # noqa: E402
    backprop_batches,
    backprop_xor,
    convolution_depth,
    convolution_mnist,
    ethics_hiring,
    ethics_votes,
    optimizers_mnist,
    overfitting_capacity,
    overfitting_together,
    project_twins,
    recurrence_memory,
    recurrence_sentiment,
    recurrence_sunspots,
)
from nnlib.losses import SparseCategoricalCrossentropy  # noqa: E402
from nnlib.optimizers import Adam  # noqa: E402
from nnlib.tensors import to_batches  # noqa: E402
from nnlib.training import fit_epoch  # noqa: E402

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


def test_a_network_of_the_capacity_table_errs_as_often():
    told = on_file("overfitting_capacity")
    one = told["networks"][2]
    parameters, training, test = overfitting_capacity.train(one["hidden"], 0, told["epochs"])
    assert parameters == one["parameters"]
    assert training == pytest.approx(one["train_error"][0], abs=2)
    assert test == pytest.approx(one["test_error"][0], abs=2)


def test_five_hundred_digits_are_learned_by_heart_as_fast_as_on_file():
    told = next(one for one in on_file("overfitting_together")["variants"] if not one["options"])
    _, curves, _ = overfitting_together.train(0, 3)
    for key in ("loss", "val_loss"):
        np.testing.assert_allclose(curves[key], told["runs"][0][key][:3], rtol=0.02)


def test_the_linear_model_reads_and_misreads_moved_digits_as_on_file():
    told = next(one for one in on_file("convolution_mnist")["networks"] if one["name"] == "linear")
    _, found = convolution_mnist.train("linear", 0, len(told["runs"][0]["accuracy"]))
    for key in ("val_accuracy", "shifted"):
        np.testing.assert_allclose(found[key], told["runs"][0][key], atol=0.02)


def test_a_deep_network_starts_as_on_file():
    told = next(run for run in on_file("convolution_depth")["runs"] if run["seed"] == 0)
    found = convolution_depth.train(told["blocks"], told["shortcut"], 0, 1)
    assert found["loss"][0] == pytest.approx(told["loss"][0], rel=0.02)


def test_a_short_memory_is_learned_as_on_file():
    told = on_file("recurrence_memory")
    run = min(told["runs"], key=lambda run: run["steps"])
    epochs = told["about"]["batches"] // 100
    assert recurrence_memory.train(run["layer"], run["steps"], epochs, 0) == \
        pytest.approx(run["accuracy"][0], abs=0.02)


def test_the_sunspots_rules_of_one_line_give_the_errors_on_file():
    told = on_file("recurrence_sunspots")["rules"]
    x, y, years = recurrence_sunspots.load()
    train, test = years < recurrence_sunspots.TEST, years >= recurrence_sunspots.TEST
    assert recurrence_sunspots.rmse(y[test], x[test, -1]) == \
        pytest.approx(told["persistence"], abs=1e-3)
    forecast = recurrence_sunspots.autoregression(x, y, train, 9)
    assert recurrence_sunspots.rmse(y[test], forecast[test]) == \
        pytest.approx(told["AR(9)"], abs=1e-3)


def test_the_film_snippets_are_split_as_on_file():
    told = on_file("recurrence_sentiment")
    labels = recurrence_sentiment.load()[2][1]
    assert max(labels.mean(), 1 - labels.mean()) == pytest.approx(told["majority"], abs=1e-4)
    network = recurrence_sentiment.build("LSTM", np.random.default_rng(0))
    one = next(one for one in told["models"] if one["name"] == "LSTM")
    assert network.vector.size == one["parameters"]


@pytest.mark.parametrize("name, model", [("majority", ethics_votes.majority),
                                         ("one rule", ethics_votes.one_rule)])
def test_rules_about_votes_are_right_for_the_members_on_file(name, model):
    right, _ = ethics_votes.cross_validate(model, *ethics_votes.load(), 0, 1)
    assert "".join(map(str, right)) == on_file("ethics_votes")["models"][name]["right"]


def test_a_hiring_model_invites_as_many_as_on_file():
    told = on_file("ethics_hiring")
    resumes, called = ethics_hiring.load()
    found = ethics_hiring.measure(resumes, called, list(resumes), told["about"]["seeds"][0],
                                  told["about"]["epochs"])
    for key, value in found.items():
        assert value == pytest.approx(told["sets"]["all columns"][key][0], abs=0.02)


def test_the_twin_of_keras_has_its_losses():
    told = on_file("project_twins")
    x, y = project_twins.digits(told["samples"], told["seed"])
    network, optimizer = project_twins.nnlib_network(told["seed"]), Adam(told["learning_rate"])
    loss = SparseCategoricalCrossentropy(from_logits=True)
    losses = [fit_epoch(network, loss, optimizer, to_batches(x, y, told["batch_size"]))
              for _ in told["keras"]]
    np.testing.assert_allclose(losses, told["keras"], rtol=1e-3)
