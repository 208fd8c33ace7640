"""Sequences: from series, lists and texts to arrays, and from logits to the next symbol."""

import string
from collections import Counter

import numpy as np


def sliding_windows(series, length, horizon=1):
    r"""Cut a series into windows, each with the value that is to be predicted from it.

    .. math:: x_i = (s_i, \ldots, s_{i + \text{length} - 1}), \qquad
        y_i = s_{i + \text{length} - 1 + \text{horizon}}

    Parameters
    ----------
    series : ndarray, shape (steps,) or (steps, features)
    length : int
        Steps in a window.
    horizon : int
        How many steps after the last one of the window the target lies.

    Returns
    -------
    x : ndarray, shape (windows, length) or (windows, length, features)
        All windows, the oldest first: ``steps - length - horizon + 1`` of them. New memory.
    y : ndarray, shape (windows,) or (windows, features)

    Raises
    ------
    ValueError
        If the series is too short for a single window, or a number is below 1.

    Examples
    --------
    >>> x, y = sliding_windows(np.array([10, 20, 30, 40, 50]), length=2, horizon=2)
    >>> x.tolist(), y.tolist()
    ([[10, 20], [20, 30]], [40, 50])
    """
    series = np.asarray(series)
    count = len(series) - length - horizon + 1
    if length < 1 or horizon < 1 or count < 1:
        raise ValueError(f"{len(series)} steps hold no window of length {length} with a target "
                         f"{horizon} after it: both are at least 1, their sum at most the steps")
    places = np.arange(count)[:, np.newaxis] + np.arange(length)
    return series[places], series[length + horizon - 1:]


def pad_sequences(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Lay sequences of several lengths into one array: short ones filled up, long ones cut.

    Parameters
    ----------
    sequences : list of sequences
        Of numbers, or of vectors of one width.
    maxlen : int, optional
        The length of all; by default that of the longest.
    padding : {"pre", "post"}
        Whether `value` is filled in before or after the sequence.
    truncating : {"pre", "post"}
        Whether a sequence that is too long loses its beginning or its end.
    value : number

    Returns
    -------
    ndarray, shape (len(sequences), maxlen, ...)
        Integers if all sequences hold integers, floats otherwise.

    Raises
    ------
    ValueError
        If `padding` or `truncating` is neither ``"pre"`` nor ``"post"``.

    Examples
    --------
    >>> pad_sequences([[1, 2], [3, 4, 5, 6], []], maxlen=3)
    array([[0, 1, 2],
           [4, 5, 6],
           [0, 0, 0]])

    References
    ----------
    ``keras.utils.pad_sequences``, Keras 3.
    """
    if not {padding, truncating} <= {"pre", "post"}:
        raise ValueError(f"padding is {padding!r} and truncating {truncating!r}: "
                         'each is "pre" or "post"')
    arrays = [np.asarray(one) for one in sequences]
    filled = [one for one in arrays if len(one)]
    maxlen = max(map(len, arrays), default=0) if maxlen is None else maxlen
    tail, dtype = (filled[0].shape[1:], np.result_type(*filled)) if filled else ((), np.int64)
    padded = np.full((len(arrays), maxlen, *tail), value, dtype=dtype)
    for row, one in zip(padded, arrays, strict=True):
        count = min(len(one), maxlen)
        place = slice(maxlen - count, maxlen) if padding == "pre" else slice(count)
        if count:
            row[place] = one[len(one) - count:] if truncating == "pre" else one[:count]
    return padded


class TextVectorizer:
    """Turn texts into rows of numbers, one number for each word.

    Number 0 is for padding and 1 for words that are not in the vocabulary. From 2 on come the
    words of the texts that it was adapted to, the most frequent first; words that are equally
    frequent in reverse alphabetical order, as in Keras.

    Parameters
    ----------
    max_tokens : int, optional
        Size of the vocabulary, with the two special numbers; by default without limit.
    length : int, optional
        Numbers in a row: shorter texts are filled up with 0 at the end, longer ones lose their
        end. By default that of the longest text of the call.

    Attributes
    ----------
    vocabulary : list of str
        The word of each number, beginning with ``""`` and ``"[UNK]"``.

    Examples
    --------
    >>> vectorizer = TextVectorizer(max_tokens=5, length=4)
    >>> vectorizer.adapt(["A cat, a dog.", "A dog!"])
    >>> vectorizer.vocabulary
    ['', '[UNK]', 'a', 'dog', 'cat']
    >>> vectorizer(["The dog saw a cat", "a"])
    array([[1, 3, 1, 2],
           [2, 0, 0, 0]])

    References
    ----------
    ``keras.layers.TextVectorization``, Keras 3, with its defaults.
    """

    def __init__(self, max_tokens=None, length=None):
        if max_tokens is not None and max_tokens < 3:
            raise ValueError(f"max_tokens is {max_tokens}: two are for padding and unknown words, "
                             "so take 3 or more")
        self.max_tokens, self.length, self.vocabulary = max_tokens, length, None

    @property
    def numbers(self):
        if self.vocabulary is None:
            raise ValueError("the vectorizer has no vocabulary yet: adapt it to the training "
                             "texts first, vectorizer.adapt(texts)")
        return {word: number for number, word in enumerate(self.vocabulary)}

    def words(self, text):
        """Return the words of a text: lower case, without punctuation, split at white space.

        Parameters
        ----------
        text : str
            The signs in ``string.punctuation`` are left out: ``"don't"`` becomes ``"dont"``.

        Returns
        -------
        list of str
        """
        return text.lower().translate(str.maketrans("", "", string.punctuation)).split()

    def adapt(self, texts):
        """Make the `vocabulary` from the words of these texts, and of no others.

        Parameters
        ----------
        texts : list of str
            The training texts: what is learned from the test texts is leakage.
        """
        counts = Counter(word for text in texts for word in self.words(text))
        ranked = sorted(counts, key=lambda word: (counts[word], word), reverse=True)
        self.vocabulary = ["", "[UNK]", *ranked][:self.max_tokens]

    def __call__(self, texts):
        """Return the numbers of the words of each text.

        Parameters
        ----------
        texts : list of str

        Returns
        -------
        ndarray of int64, shape (len(texts), length)
        """
        numbers = self.numbers  # the number of each word of the vocabulary
        rows = [[numbers.get(word, 1) for word in self.words(text)] for text in texts]
        return pad_sequences(rows, self.length, padding="post", truncating="post")


def sample(logits, temperature, rng):
    r"""Draw class numbers from the softmax of logits, sharpened or flattened by a temperature.

    .. math:: P(k) = \frac{e^{z_k / \tau}}{\sum_j e^{z_j / \tau}}

    Parameters
    ----------
    logits : ndarray, shape (..., classes)
        Any finite values.
    temperature : float
        :math:`\tau`. Below 1 likely classes become likelier; at 0 the largest logit wins always.
    rng : numpy.random.Generator
        The only source of chance.

    Returns
    -------
    ndarray of int, shape (...)
        One class number for each row, drawn independently.

    Raises
    ------
    ValueError
        If the temperature is negative.

    Examples
    --------
    >>> logits = np.log([[0.5, 0.3, 0.2]] * 10_000)
    >>> drawn = sample(logits, 1.0, np.random.default_rng(0))
    >>> (np.bincount(drawn) / 10_000).round(1)
    array([0.5, 0.3, 0.2])

    References
    ----------
    Ackley, Hinton, Sejnowski (1985), *A learning algorithm for Boltzmann machines* (the
    temperature).
    """
    if not temperature >= 0:
        raise ValueError(f"the temperature is {temperature}, expected 0 or more")
    logits = np.asarray(logits)
    if temperature == 0:
        return logits.argmax(axis=-1)
    weights = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    sums = weights.cumsum(axis=-1)
    drawn = rng.random((*logits.shape[:-1], 1)) * sums[..., -1:]
    return (drawn >= sums[..., :-1]).sum(axis=-1)
