"""Sequences: windows that do not look ahead, padding, numbers for words, draws."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlib import sequences
from nnlib.sequences import TextVectorizer, pad_sequences, sample, sliding_windows


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(sequences, extraglobs={"np": np})
    assert ran and not failed


@given(st.integers(1, 30), st.integers(0, 12), st.integers(0, 6))
def test_a_target_lies_the_horizon_behind_its_window(steps, length, horizon):
    if steps < length + horizon or length == 0 or horizon == 0:
        with pytest.raises(ValueError, match="hold no window"):
            sliding_windows(np.arange(steps), length, horizon)
        return
    x, y = sliding_windows(np.arange(steps), length, horizon)
    assert x.shape == (steps - length - horizon + 1, length)
    assert (x[:, -1] + horizon == y).all() and y[-1] == steps - 1


def test_windows_are_memory_of_their_own():
    series = np.arange(6.0)
    x, _ = sliding_windows(series, 2)
    x[0] = 99
    assert series.tolist() == [0, 1, 2, 3, 4, 5] and x[1, 0] == 1


@given(st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=5),
       st.sampled_from(["pre", "post"]), st.integers(1, 8))
def test_padding_keeps_every_number_of_what_fits(lists, padding, more):
    longest = max(map(len, lists)) + more
    rows = pad_sequences(lists, longest, padding=padding)
    assert rows.shape == (len(lists), longest) and rows.dtype == np.int64
    assert [row[row > 0].tolist() for row in rows] == lists


def test_the_side_that_is_cut_is_not_the_side_that_is_filled():
    rows = pad_sequences([[1, 2, 3], [4]], 2, padding="post", truncating="pre")
    assert rows.tolist() == [[2, 3], [4, 0]]
    assert pad_sequences([[1, 2], [0.5]]).tolist() == [[1, 2], [0, 0.5]]  # all become floats


def test_an_unknown_side_is_named():
    with pytest.raises(ValueError, match="'left'"):
        pad_sequences([[1]], padding="left")
    with pytest.raises(ValueError, match="'right'"):
        pad_sequences([[1]], truncating="right")


def test_a_vectorizer_that_saw_no_text_says_so():
    with pytest.raises(ValueError, match="adapt the vectorizer|adapt it"):
        TextVectorizer(10, 3)(["a"])
    with pytest.raises(ValueError, match="max_tokens is 2"):
        TextVectorizer(2, 3)


def test_the_words_of_the_vocabulary_get_their_own_numbers():
    vectorizer = TextVectorizer(length=1)
    vectorizer.adapt(["the cat saw the dog", "the dog saw it"])
    words = vectorizer.vocabulary[2:]
    assert vectorizer(words).ravel().tolist() == list(range(2, 2 + len(words)))


def test_without_a_length_the_longest_text_decides():
    vectorizer = TextVectorizer()
    vectorizer.adapt(["a b c"])
    assert vectorizer(["a", "a b c c"]).shape == (2, 4)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
def test_draws_come_as_often_as_the_softmax_says(temperature):
    logits = np.array([1.0, 0.0, -2.0])
    drawn = sample(np.tile(logits, (40_000, 1)), temperature, np.random.default_rng(0))
    p = np.exp(logits / temperature)
    # five standard deviations of a share of 40,000 are at most 0.0125
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 40_000, p / p.sum(), atol=0.0125)


def test_a_class_that_is_excluded_is_never_drawn():
    logits = np.tile([0.0, -np.inf, 0.0, -np.inf], (1000, 1))
    assert set(sample(logits, 1.0, np.random.default_rng(0)).tolist()) == {0, 2}


def test_a_low_temperature_approaches_the_largest():
    logits = np.random.default_rng(0).normal(size=(50, 6))
    drawn = sample(logits, 1e-6, np.random.default_rng(1))
    assert np.array_equal(drawn, sample(logits, 0, np.random.default_rng(2)))


@pytest.mark.parametrize("temperature", [-1, np.nan])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ValueError, match=f"{temperature}, expected 0 or more"):
        sample(np.zeros(3), temperature, np.random.default_rng(0))
