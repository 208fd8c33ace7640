"""Every check, against the library, plausible nonsense, known mistakes and TensorFlow itself."""

from functools import cache

import numpy as np
import pytest

from autograder import course, references
from autograder.attempt import attempt
from autograder.judge import judge

CHECKS = {name: found for name, found in course.all_checks().items()}
SEEDS = [0, 1, 2]


def library(check):
    return course.library_object(check.target, check.name)


@cache
def sheet(name, seed):
    """Return a sheet: TensorFlow's recorded answers for seed 0, the library's for others.

    That the library gives TensorFlow's answers is what the first test below shows.
    """
    chapter, check = CHECKS[name]
    if seed == 0:
        return references.sheets(chapter)[name]
    text = course.scenario(check)
    answers = {}
    for case in check.cases:
        account = attempt(library(check), references.draw(check, case, seed), text)
        answers[case.name] = account["value"]
    return references.join(chapter, check, seed, answers)


def points(one, target):
    accounts = [attempt(target, case.inputs, one.scenario) for case in one.cases]
    return judge(one, accounts).points


@pytest.mark.parametrize("name", CHECKS)
def test_the_library_gets_full_marks(name):
    one = sheet(name, 0)
    target = library(CHECKS[name][1])
    report = judge(one, [attempt(target, case.inputs, one.scenario) for case in one.cases])
    assert report.passed, str(report)
    assert not any(case.message for case in report.cases), f"NumPy warned:\n{report}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CHECKS)
def test_every_mistake_is_caught(name, seed):
    """By an answer or an exception; a mistake in one half says nothing, None, of the other."""
    one = sheet(name, seed)
    for mistake in CHECKS[name][1].mistakes:
        accounts = [attempt(mistake.wrong, case.inputs, one.scenario) for case in one.cases]
        report = judge(one, accounts)
        assert any(not case.passed and "refused" not in account
                   for case, account in zip(report.cases, accounts, strict=True)), mistake.sentence


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CHECKS)
def test_an_answer_that_ignores_the_idea_gets_nothing(name, seed):
    """Zeros, ones, and each input handed back as it is."""
    one = sheet(name, seed)
    constants = CHECKS[name][1].constant
    for what, fill in (("zeros", np.zeros_like), ("ones", np.ones_like)):
        accounts = [{"value": {k: fill(v) for k, v in case.expected.items()}}
                    for case in one.cases]
        assert what == constants or judge(one, accounts).points == 0, what
    for key in one.cases[0].inputs:
        accounts = [_handed_back(case, key) for case in one.cases]
        assert constants == key or judge(one, accounts).points == 0, f"the input {key}"


def _handed_back(case, key):
    value = case.inputs.get(key)
    if not isinstance(value, np.ndarray):
        return {"refused": "no array"}
    return {"value": dict.fromkeys(case.expected, value)}


@pytest.mark.parametrize("name", CHECKS)
def test_an_empty_answer_gets_nothing(name):
    def empty(*args, **kwargs):
        raise NotImplementedError

    assert points(sheet(name, 0), empty) == 0


@pytest.mark.parametrize("name", CHECKS)
def test_each_mistake_is_told_apart_from_the_right_answer_in_words(name):
    sentences = [mistake.sentence for mistake in CHECKS[name][1].mistakes]
    assert len(set(sentences)) == len(sentences)
    assert all(len(s) > 10 and not s.endswith(".") for s in sentences)


def test_tensorflow_run_live_gives_the_recorded_answers():
    assert references.record(course.CHAPTERS, check_only=True) == []
