"""What is asked of recurrence: sequences, tables of vectors, and layers with a memory."""

import string

import numpy as np

from autograder.cases import (
    Case,
    Check,
    Mistake,
    Written,
    habits,
    integers,
    normal,
    uniform,
    untouched,
)

# ---- from series and texts to arrays


def cut(target, series, length, horizon=1, write=False):
    x, y = target(series, length, horizon)
    if write:  # windows are memory of their own: what is written into one stays there
        x[0] = 0.5
    return {"x": x, "y": y}


def windows_cut(tf, series, length, horizon=1, write=False):
    pairs = list(tf.keras.utils.timeseries_dataset_from_array(
        series[:len(series) - horizon], series[length + horizon - 1:], length, batch_size=None))
    x, y = (tf.stack(part) for part in zip(*pairs, strict=True))
    return {"x": tf.concat([tf.fill(x[:1].shape, tf.cast(0.5, x.dtype)), x[1:]], 0) if write else x,
            "y": y}


def windows(series, length, horizon=1, last=0, stride=1, y=None, drop=0):
    """Return windows and targets, with the parts that people get wrong as arguments."""
    count = len(series) - length - horizon + 1 - drop
    starts = range(0, count, stride)
    x = np.stack([series[i:i + length] for i in starts])
    return x, np.stack([y(series, i) if y else series[i + length - 1 + horizon + last]
                        for i in starts])


sliding_windows = Check(
    target="nnlib.sequences.sliding_windows",
    reference=windows_cut,
    attempt=cut,
    cases=[
        Case("windows of three", {"series": normal(10), "length": 3}, points=2,
             hint="Window i holds series[i] up to series[i + length - 1]; its target comes next."),
        Case("looking three steps ahead", {"series": normal(12), "length": 4, "horizon": 3},
             hint="The target lies `horizon` steps after the last one of the window."),
        Case("windows of one", {"series": normal(5), "length": 1}),
        Case("room for one window only", {"series": normal(6), "length": 4, "horizon": 2},
             hint="There are steps - length - horizon + 1 windows."),
        Case("as many windows as steps in one", {"series": normal(7), "length": 4},
             hint="Windows are rows: x has the shape (windows, length)."),
        Case("several features", {"series": normal(8, 2), "length": 3, "horizon": 2},
             hint="Axis 0 is time: `series[places]` keeps what comes after it."),
        Case("integers", {"series": integers(9, high=100), "length": 2}),
        Case("the windows are copies", {"series": normal(8), "length": 3, "write": True},
             hint="A view of the series changes with it: return new memory."),
        untouched(series=normal(7), length=2),
    ],
    mistakes=[
        Mistake("took the last value of the window itself as its target",
                lambda s, length, horizon=1: windows(s, length, horizon, last=-horizon)),
        Mistake("ignored the horizon: the target is always the next value",
                lambda s, length, horizon=1: windows(s, length, horizon, last=1 - horizon)),
        Mistake("counted the horizon from the step after the window: one too far",
                lambda s, length, horizon=1: windows(s, length, horizon + 1)),
        Mistake("left the last window out",
                lambda s, length, horizon=1: windows(s, length, horizon, drop=1)),
        Mistake("cut windows that do not overlap",
                lambda s, length, horizon=1: windows(s, length, horizon, stride=length)),
        Mistake("returned the windows as columns", lambda s, length, horizon=1: (
            np.swapaxes(windows(s, length, horizon)[0], 0, 1), windows(s, length, horizon)[1])),
        Mistake("returned a view: to write into a window changes the others", lambda s, length,
                horizon=1: (np.lib.stride_tricks.sliding_window_view(
                    s[:len(s) - horizon].copy(), length, 0, writeable=True).swapaxes(1, -1),
                    s[length + horizon - 1:])),
    ],
)


def padded(target, sequences, **options):
    return target([np.array(one) for one in sequences], **options)


def keras_padded(tf, sequences, **options):
    kinds = {np.asarray(one).dtype.kind for one in sequences if len(one)}
    return tf.keras.utils.pad_sequences(
        sequences, dtype="float64" if "f" in kinds else "int64", **options)


def pad(sequences, maxlen=None, padding="pre", truncating="pre", value=0, grow=True):
    longest = max(map(len, sequences))
    maxlen = longest if maxlen is None else maxlen if grow else min(maxlen, longest)
    rows = []
    for one in sequences:
        one = one[-maxlen:] if truncating == "pre" else one[:maxlen]
        fill = np.full((maxlen - len(one), *one.shape[1:]), value)
        rows.append(np.concatenate([fill, one] if padding == "pre" else [one, fill]))
    return np.stack(rows)


LISTS = [[3, 1, 4], [1, 5], [9, 2, 6, 5, 3], [7]]
pad_sequences = Check(
    target="nnlib.sequences.pad_sequences",
    reference=keras_padded,
    attempt=padded,
    cases=[
        Case("four lengths", {"sequences": LISTS}, points=2,
             hint="By default zeros come first, and the longest decides."),
        Case("cut to three", {"sequences": LISTS, "maxlen": 3}, points=2,
             hint="By default a long sequence loses its beginning: the end is the latest news."),
        Case("longer than the longest", {"sequences": LISTS, "maxlen": 7},
             hint="`maxlen` is the length of every row, also if no sequence is as long."),
        Case("filled up at the end", {"sequences": LISTS, "padding": "post"},
             hint="`padding` says where zeros go, `truncating` which end is cut off."),
        Case("cut off at the end", {"sequences": LISTS, "maxlen": 2, "truncating": "post"}),
        Case("filled at one end, cut at the other",
             {"sequences": LISTS, "maxlen": 3, "padding": "post", "truncating": "pre"}),
        Case("another value", {"sequences": LISTS, "value": -1}),
        Case("fractions", {"sequences": [[0.5, 1.25], [2.75]]},
             hint="Take integers only if all sequences hold integers: np.result_type."),
        Case("an empty one among them", {"sequences": [[4, 2], [], [8]]},
             hint="`one[-0:]` is all of it, and an empty list has no integer in it."),
        Case("vectors", {"sequences": [[[1, 2], [3, 4], [5, 6]], [[7, 8]]], "maxlen": 2},
             hint="What comes after the first axis stays as it is."),
        untouched(sequences=LISTS, maxlen=4),
    ],
    mistakes=[
        Mistake("fills up at the end by default",
                lambda sequences, maxlen=None, padding="post", truncating="pre", value=0:
                pad(sequences, maxlen, padding, truncating, value)),
        Mistake("cuts off the end by default",
                lambda sequences, maxlen=None, padding="pre", truncating="post", value=0:
                pad(sequences, maxlen, padding, truncating, value)),
        Mistake("exchanged padding and truncating",
                lambda sequences, maxlen=None, padding="pre", truncating="pre", value=0:
                pad(sequences, maxlen, truncating, padding, value)),
        Mistake("ignored the value",
                lambda sequences, maxlen=None, padding="pre", truncating="pre", value=0:
                pad(sequences, maxlen, padding, truncating)),
        Mistake("made no row longer than the longest sequence",
                lambda sequences, maxlen=None, padding="pre", truncating="pre", value=0:
                pad(sequences, maxlen, padding, truncating, value, grow=False)),
        Mistake("turned fractions into integers",
                lambda sequences, **options: pad(sequences, **options).astype(int)),
        Mistake("left empty sequences out",
                lambda sequences, **options: pad([one for one in sequences if len(one)],
                                                 **options)),
    ],
)


def vectorize(target, texts, asked, max_tokens=None, length=None, before=()):
    vectorizer = target(max_tokens, length)
    if before:
        vectorizer.adapt(list(before))
    vectorizer.adapt(list(texts))
    numbers = vectorizer(list(asked))
    return {"numbers": numbers, "size of the vocabulary": float(len(vectorizer.vocabulary))}


def keras_vectorized(tf, texts, asked, max_tokens=None, length=None, before=()):
    vectorizer = tf.keras.layers.TextVectorization(max_tokens, output_sequence_length=length)
    vectorizer.adapt(list(texts))
    return {"numbers": vectorizer(tf.constant(list(asked))),
            "size of the vocabulary": tf.constant(float(vectorizer.vocabulary_size()))}


def vectorizer(clean=None, rank=None, unknown=1, room=2, fresh=True, late=False, row=None):
    """Return a class like `TextVectorizer` that makes one mistake."""

    class Wrong:
        def __init__(self, max_tokens=None, length=None):
            self.max_tokens, self.length, self.counts = max_tokens, length, {}

        def words(self, text):
            strip = str.maketrans("", "", string.punctuation)
            return clean(text) if clean else text.lower().translate(strip).split()

        def adapt(self, texts):
            if fresh:
                self.counts = {}
            for text in texts:
                for word in self.words(text):
                    self.counts[word] = self.counts.get(word, 0) + 1
            order = rank or (lambda counts: sorted(counts, key=lambda w: (counts[w], w))[::-1])
            most = None if self.max_tokens is None else self.max_tokens - room
            self.vocabulary = ["", "[UNK]", *order(self.counts)[:most]]

        def __call__(self, texts):
            if late:
                self.adapt(texts)
            number = {word: k for k, word in enumerate(self.vocabulary)}
            rows = [[number.get(word, unknown) for word in self.words(text)] for text in texts]
            length = self.length or max(map(len, rows))
            fill = row or (lambda ids, length: [*ids, *[0] * length][:length])
            return np.array([fill(ids, length) for ids in rows])

    return Wrong


FILMS = ["A film, a FINE film!", "a dull film", "Fine acting; dull, dull script"]
TextVectorizer = Check(
    target="nnlib.sequences.TextVectorizer",
    reference=keras_vectorized,
    attempt=vectorize,
    cases=[
        Case("the most frequent word first", {"texts": FILMS, "asked": ["dull film a fine film"]},
             points=2, hint="0 is padding, 1 the unknown word, 2 the most frequent word."),
        Case("words as frequent as each other",
             {"texts": ["pear apple fig kiwi apple", "fig plum"],
              "asked": ["apple fig", "kiwi pear", "plum"]}, points=2,
             hint="Sort by (count, word), and turn the list round: reverse alphabetical order."),
        Case("words never seen", {"texts": FILMS, "asked": ["a splendid film", "splendid", "a"]},
             hint="Unknown words get the number 1; short rows are filled with 0 at the end."),
        Case("capitals and punctuation", {"texts": ["Don't stop! STOP, stop-watch it's"],
                                          "asked": ["dont STOP stopwatch", "(its) 'stop'"]},
             hint="Lower case first, then leave every sign of string.punctuation out."),
        Case("a small vocabulary", {"texts": FILMS, "asked": FILMS, "max_tokens": 4},
             hint="max_tokens counts padding and the unknown word too."),
        Case("rows of four", {"texts": FILMS, "asked": FILMS, "length": 4}, points=2,
             hint="A text that is too long loses its end, a short one gets zeros at its end."),
        Case("white space of all kinds", {"texts": ["one\ttwo  two\n three three three "],
                                          "asked": [" three  two\none\t"]},
             hint="`split()` without an argument splits at any white space."),
        Case("a text without a word", {"texts": FILMS, "asked": ["", "?!", "film"], "length": 2}),
        Case("adapted anew", {"texts": FILMS, "before": ["fine fine old old old words"],
                              "asked": ["fine old film words a dull"]},
             hint="adapt starts over: the words of an earlier call are forgotten."),
        Case("asked for other texts", {"texts": FILMS[:1], "asked": FILMS},
             hint="The vocabulary comes from `adapt` alone, and a call does not change it."),
    ],
    mistakes=[
        Mistake("gave unknown words the number 0, which is for padding", vectorizer(unknown=0)),
        Mistake("put words that are equally frequent into alphabetical order", vectorizer(
            rank=lambda counts: sorted(counts, key=lambda w: (-counts[w], w)))),
        Mistake("put words that are equally frequent in the order they were seen", vectorizer(
            rank=lambda counts: sorted(counts, key=lambda w: -counts[w]))),
        Mistake("numbered the words alphabetically, without counting",
                vectorizer(rank=lambda counts: sorted(counts))),
        Mistake("left capitals as they are", vectorizer(
            clean=lambda text: text.translate(str.maketrans("", "", string.punctuation)).split())),
        Mistake("left punctuation in", vectorizer(clean=lambda text: text.lower().split())),
        Mistake("put a space in the place of punctuation", vectorizer(
            clean=lambda text: text.lower().translate(
                {ord(sign): " " for sign in string.punctuation}).split())),
        Mistake("split at single spaces", vectorizer(
            clean=lambda text: text.lower().translate(
                str.maketrans("", "", string.punctuation)).split(" "))),
        Mistake("did not count padding and the unknown word in max_tokens", vectorizer(room=0)),
        Mistake("filled short rows up at their beginning", vectorizer(
            row=lambda ids, length: ([0] * length + ids[:length])[-length:])),
        Mistake("cut off the beginning of long texts", vectorizer(
            row=lambda ids, length: [*ids[-length:], *[0] * length][:length])),
        Mistake("added to the words of an earlier adapt", vectorizer(fresh=False)),
        Mistake("took the vocabulary from the texts it is asked for", vectorizer(late=True)),
    ],
)


def frequencies(target, logits, temperature, seed, count=20_000):
    rng = np.random.default_rng(seed)
    if count > 10_000:
        batch = np.broadcast_to(logits, (count, *logits.shape)).copy()
        drawn = np.asarray(target(batch, temperature, rng))
    else:
        drawn = np.array([target(logits, temperature, rng) for _ in range(count)])
    again = [target(logits, temperature, np.random.default_rng(seed)) for _ in range(2)]
    classes = np.arange(logits.shape[-1])
    return {"share of each class": (drawn[..., np.newaxis] == classes).mean(axis=0),
            "neighbours agree": (drawn[1:] == drawn[:-1]).mean(axis=0),
            "the same rng, the same draws": float(np.array_equal(*again))}


def softmax_shares(tf, logits, temperature, seed, count=20_000):
    p = tf.nn.softmax(logits / temperature) if temperature else \
        tf.one_hot(tf.argmax(logits, axis=-1), logits.shape[-1], dtype=tf.float64)
    return {"share of each class": p, "neighbours agree": tf.reduce_sum(p**2, axis=-1),
            "the same rng, the same draws": tf.constant(1.0)}


def drawn_from(shares, own=None):
    """Return a way to sample that draws from these shares, each row for itself."""

    def draw(logits, temperature, rng):
        rng = own() if own else rng
        p = shares(np.asarray(logits), temperature)
        sums = (p / p.sum(axis=-1, keepdims=True)).cumsum(axis=-1)
        return (rng.random((*p.shape[:-1], 1)) > sums[..., :-1]).sum(axis=-1)

    return draw


def powers(z):
    return np.exp(z - z.max(axis=-1, keepdims=True))


def one_draw_for_all(logits, temperature, rng):
    sums = powers(logits / temperature).cumsum(axis=-1)
    return (rng.random() * sums[..., -1:] > sums[..., :-1]).sum(axis=-1)


sample = Check(
    target="nnlib.sequences.sample",
    reference=softmax_shares,
    attempt=frequencies,
    cases=[
        Case("temperature 1", {"logits": np.array([1.0, 0.0, -1.0]), "temperature": 1.0,
                               "seed": 1}, points=2,
             hint="Draw each class with its probability in the softmax of the logits."),
        Case("cold", {"logits": np.array([1.0, 0.5, -1.0, 0.0]), "temperature": 0.5, "seed": 2},
             hint="Divide the logits by the temperature, then take the softmax."),
        Case("hot", {"logits": np.array([2.0, 0.0, -2.0]), "temperature": 4.0, "seed": 3}),
        Case("temperature 0", {"logits": np.array([0.3, 0.2, 0.9, 0.1]), "temperature": 0,
                               "seed": 4}, hint="At 0 the largest logit wins: argmax."),
        Case("large logits", {"logits": np.array([1000.0, 1001.0, 999.0]), "temperature": 1.0,
                              "seed": 5}, hint="Subtract the largest logit before np.exp."),
        Case("a single row", {"logits": np.array([0.5, 0.0, -1.5]), "temperature": 1.0, "seed": 6,
                              "count": 4000},
             hint="The last axis holds the classes; there may be no other."),
        Case("a row for every place", {"logits": np.array([[1.0, 0.0, -1.0], [-1.0, 0.0, 1.5]]),
                                       "temperature": 1.0, "seed": 7},
             hint="Logits (batch, time, classes) give numbers (batch, time)."),
        untouched(logits=np.array([[0.5, 0.0, -0.5]]), temperature=1.5, seed=8),
    ],
    mistakes=[
        Mistake("ignored the temperature", drawn_from(lambda z, t: powers(z))),
        Mistake("multiplied by the temperature", drawn_from(lambda z, t: powers(z * t))),
        Mistake("divided the probabilities by the temperature instead of the logits",
                drawn_from(lambda z, t: powers(z) / max(t, 1e-9))),
        Mistake("took the largest logit instead of drawing",
                lambda z, t, rng: np.argmax(z, axis=-1)),
        Mistake("drew all classes with equal probability",
                drawn_from(lambda z, t: np.ones_like(z))),
        Mistake("took one random number for the whole batch", one_draw_for_all),
        Mistake("let large logits overflow", lambda z, t, rng: drawn_from(
            lambda z, t: np.exp(z / max(t, 1e-3)))(z, t, rng)),
        Mistake("did not draw from `rng`",
                drawn_from(lambda z, t: powers(z / max(t, 1e-3)), np.random.default_rng)),
    ],
    rtol=0, atol=0.04,
)

# ---- a table of vectors


def look_up(target, ids=None, table=None, dy=None, before=None, rows=0, width=0):
    if rows:
        layer = target(rows, width)
        layer.build((None, 5), np.random.default_rng(3))
        drawn = layer.params["embeddings"]
        return {"shape": np.array(drawn.shape),
                "largest": np.round(np.abs(drawn).max() * 1000), "mean": np.round(drawn.mean(), 3),
                "uniform": float(abs(np.mean(drawn**2) / 0.05**2 - 1 / 3) < 0.02)}
    layer = target(*table.shape)
    layer.params = {"embeddings": table}
    if before is not None:
        layer.forward(before)
        layer.backward(np.ones((*before.shape, table.shape[1])))
    y = layer.forward(ids)
    if dy is None:
        return {"y": y}
    layer.backward(dy)
    return {"embeddings": layer.grads["embeddings"]}


def keras_embedding(tf, ids=None, table=None, dy=None, before=None, rows=0, width=0):
    layer = tf.keras.layers.Embedding(*(table.shape if table is not None else (rows, width)),
                                      dtype="float64")
    layer.build(None)
    if rows:
        drawn = layer.embeddings
        spread = tf.abs(tf.reduce_mean(drawn**2) / 0.05**2 - 1 / 3) < 0.02
        return {"shape": tf.shape(drawn),
                "largest": tf.round(tf.reduce_max(tf.abs(drawn)) * 1000),
                "mean": tf.round(tf.reduce_mean(drawn) * 1000) / 1000 + 0.0,
                "uniform": tf.cast(spread, tf.float64)}
    layer.set_weights([table])
    with tf.GradientTape() as tape:
        y = layer(tf.cast(ids, tf.int64))
    if dy is None:
        return {"y": y}
    return {"embeddings": tf.convert_to_tensor(
        tape.gradient(y, layer.embeddings, output_gradients=dy))}


def embedding(read=None, back=None, draw=None, collect=False):
    """Return a class like `Embedding` that makes one mistake."""

    class Wrong:
        def __init__(self, input_dim, output_dim):
            self.shape, self.params, self.grads = (input_dim, output_dim), {}, {}

        def build(self, input_shape, rng):
            make = draw or (lambda rng, shape: rng.uniform(-0.05, 0.05, shape))
            self.params["embeddings"] = make(rng, self.shape)

        def forward(self, x, training=False):
            self.ids = np.asarray(x).astype(int)
            return (read or (lambda table, ids: table[ids]))(self.params["embeddings"], self.ids)

        def backward(self, dy):
            grad = np.zeros_like(self.params["embeddings"])
            ids, dy = self.ids.reshape(-1), dy.reshape(-1, dy.shape[-1])
            grad = (back or added)(grad, ids, dy)
            self.grads["embeddings"] = grad + (self.grads.get("embeddings", 0) if collect else 0)

    return Wrong


def added(grad, ids, dy):
    np.add.at(grad, ids, dy)
    return grad


def overwritten(grad, ids, dy):
    grad[ids] = dy
    return grad


def averaged(grad, ids, dy):
    counts = np.bincount(ids, minlength=len(grad))[:, np.newaxis]
    return added(grad, ids, dy) / np.maximum(counts, 1)


def without_zero(grad, ids, dy):
    grad = added(grad, ids, dy)
    grad[0] = 0
    return grad


Embedding = Check(
    target="nnlib.recurrence.Embedding",
    reference=keras_embedding,
    attempt=look_up,
    cases=[
        Case("a batch of sentences", {"ids": integers(3, 4, high=6), "table": normal(6, 2)},
             hint="An array of numbers is an index: table[ids] has one axis more than ids."),
        Case("numbers as floats", {"ids": np.array([[2.0, 0.0], [4.0, 2.0]]),
                                   "table": normal(5, 3)},
             hint="`self.whole(x)` makes integers of what a network hands over."),
        Case("no axis for time", {"ids": integers(4, high=5), "table": normal(5, 4)}),
        Case("gradients: every number once", {"ids": np.array([[3, 0], [1, 4]]),
                                              "table": normal(6, 3), "dy": normal(2, 2, 3)},
             hint="The gradient has the shape of the table; rows that were not used get 0."),
        Case("gradients: repeated numbers", {"ids": np.array([[1, 4, 1], [1, 0, 4]]),
                                             "table": normal(6, 3), "dy": normal(2, 3, 3)},
             points=3, hint="Each row gets the sum over all its places: np.add.at."),
        Case("gradients: one number everywhere", {"ids": np.full((2, 5), 2),
                                                  "table": normal(4, 2), "dy": normal(2, 5, 2)}),
        Case("gradients: number 0", {"ids": np.array([[0, 0, 3]]), "table": normal(4, 2),
                                     "dy": normal(1, 3, 2)},
             hint="Number 0 is a row like all others; a mask decides what is padding."),
        Case("gradients: a second batch", {"ids": np.array([[1, 2]]), "table": normal(4, 2),
                                           "before": np.array([[1, 3]]), "dy": normal(1, 2, 2)},
             hint="`grads` holds the gradients of the last backward: begin with zeros."),
        Case("a new table", {"rows": 2000, "width": 20},
             hint="rng.uniform(-0.05, 0.05, (input_dim, output_dim))."),
        Case("float32 stays float32", {"ids": np.array([[1, 1]]), "table": normal(3, 2),
                                       "dy": normal(1, 2, 2)}, dtype="float32",
             hint="Take the dtype of the table for the gradient: np.zeros_like(table)."),
        untouched(ids=np.array([[0, 2, 2]]), table=normal(3, 2), dy=normal(1, 3, 2)),
    ],
    mistakes=[
        Mistake("overwrote the gradient where a number is repeated", embedding(back=overwritten)),
        Mistake("averaged over the places of a number instead of adding up",
                embedding(back=averaged)),
        Mistake("made a gradient with as many rows as the largest number needs", embedding(
            back=lambda grad, ids, dy: added(grad[:ids.max() + 1], ids, dy))),
        Mistake("left the gradient of number 0 out", embedding(back=without_zero)),
        Mistake("added to the gradients of the call before", embedding(collect=True)),
        Mistake("counted the rows from 1", embedding(read=lambda table, ids: table[ids - 1])),
        Mistake("drew the table from the normal distribution", embedding(
            draw=lambda rng, shape: rng.normal(0, 0.05, shape))),
        Mistake("drew between 0 and 0.05 instead of around 0", embedding(
            draw=lambda rng, shape: rng.uniform(0, 0.05, shape))),
        Mistake("made the table (output_dim, input_dim)", embedding(
            draw=lambda rng, shape: rng.uniform(-0.05, 0.05, shape[::-1]))),
    ],
)

# ---- one step, and many


def simple_cell(tf, x, h, kernel, recurrent_kernel, bias):
    cell = tf.keras.layers.SimpleRNNCell(len(bias), dtype="float64")
    cell.build(x.shape)
    cell.set_weights([kernel, recurrent_kernel, bias])
    return cell(x, [h])[0]


def step_of(batch, features, units, gates=1, memories="h", bias=None):
    """Return the inputs of a step."""
    return {"x": normal(batch, features), **{name: normal(batch, units) for name in memories},
            "kernel": normal(features, gates * units) * 0.7,
            "recurrent_kernel": normal(units, gates * units) * 0.7,
            "bias": normal(*(bias or (gates * units,))) * 0.7}


simple_rnn_step = Check(
    target="nnlib.recurrence.simple_rnn_step",
    reference=simple_cell,
    cases=[
        Case("a batch", step_of(3, 2, 4), points=2,
             hint="Two products and a bias, then tanh: x @ kernel + h @ recurrent_kernel + bias."),
        Case("as many units as features as samples", step_of(3, 3, 3), points=2,
             hint="With squares every product conforms: the states are rows, h @ U."),
        Case("one sample", step_of(1, 4, 2)),
        Case("one unit", step_of(5, 3, 1)),
        *habits(**step_of(2, 3, 4)),
    ],
    mistakes=[
        Mistake("turned the recurrent kernel round",
                lambda x, h, kernel, recurrent_kernel, bias:
                np.tanh(x @ kernel + h @ recurrent_kernel.T + bias)),
        Mistake("left the state out", lambda x, h, kernel, recurrent_kernel, bias:
                np.tanh(x @ kernel + bias)),
        Mistake("left the bias out", lambda x, h, kernel, recurrent_kernel, bias:
                np.tanh(x @ kernel + h @ recurrent_kernel)),
        Mistake("left the tanh out", lambda x, h, kernel, recurrent_kernel, bias:
                x @ kernel + h @ recurrent_kernel + bias),
        Mistake("took relu instead of tanh", lambda x, h, kernel, recurrent_kernel, bias:
                np.maximum(x @ kernel + h @ recurrent_kernel + bias, 0)),
        Mistake("took the tanh before adding the state",
                lambda x, h, kernel, recurrent_kernel, bias:
                np.tanh(x @ kernel + bias) + h @ recurrent_kernel),
        Mistake("gave every sample the state of the first one",
                lambda x, h, kernel, recurrent_kernel, bias:
                np.tanh(x @ kernel + h[:1] @ recurrent_kernel + bias)),
    ],
)


def run_over(target, kind, x, start, second=None, mask=None):
    def leak(x, s):
        return 0.8 * s + np.sin(x[:, :1]) * x

    def two(x, s, c):
        c = 0.5 * c + x
        return np.tanh(c) - 0.3 * s, c

    states = (start,) if second is None else (start, second)
    outputs, last = target(leak if kind == "leak" else two, x, states, mask)
    return {"outputs": outputs} | {f"state {k}": state for k, state in enumerate(last)}


def keras_unrolled(tf, kind, x, start, second=None, mask=None):
    class Cell(tf.keras.layers.Layer):
        units = x.shape[-1]
        state_size = units if second is None else [units, units]
        output_size = units

        def call(self, x, states):
            if kind == "leak":
                s = 0.8 * states[0] + tf.sin(x[:, :1]) * x
                return s, [s]
            c = 0.5 * states[1] + x
            s = tf.tanh(c) - 0.3 * states[0]
            return s, [s, c]

    layer = tf.keras.layers.RNN(Cell(dtype="float64"), return_sequences=True, return_state=True,
                                dtype="float64")
    states = [start] if second is None else [start, second]
    outputs, *last = layer(x, initial_state=states,
                           mask=None if mask is None else tf.cast(mask, tf.bool))
    return {"outputs": outputs} | {f"state {k}": state for k, state in enumerate(last)}


def unrolled(over=lambda x: np.swapaxes(x, 0, 1), again=False, masked="held", few=None):
    """Return a loop over steps with the parts that people get wrong as arguments."""

    def loop(step, x, states, mask=None):
        first, outputs = states, []
        for t, x_t in enumerate(over(x)):
            new = step(x_t, *(first if again else states))
            new = new if isinstance(new, tuple) else (new,)
            output = new[0]
            if mask is not None and masked != "ignored":
                keep = (mask[:1] if masked == "like the first" else mask)[:, t, np.newaxis] != 0
                if masked == "output 0":
                    output = np.where(keep, new[0], 0)
                elif masked == "reset":
                    new = tuple(np.where(keep, a, 0) for a in new)
                    output = new[0]
                elif masked == "first only":
                    new = (np.where(keep, new[0], states[0]), *new[1:])
                    output = new[0]
                elif masked == "turned":
                    new = tuple(np.where(keep, b, a) for a, b in zip(new, states, strict=True))
                    output = new[0]
                else:
                    new = tuple(np.where(keep, a, b) for a, b in zip(new, states, strict=True))
                    output = new[0]
            outputs.append(states[0] if few == "before" else output)
            states = new
        return (outputs[-1] if few == "last" else np.stack(outputs, axis=1)), states

    return loop


HOLES = np.array([[1, 0, 1, 0, 1], [1, 1, 0, 0, 1], [1, 1, 1, 1, 1]])
ENDS = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 1, 1, 0]])
LEAK = {"kind": "leak", "x": normal(3, 5, 2), "start": np.zeros((3, 2))}
unroll = Check(
    target="nnlib.recurrence.unroll",
    reference=keras_unrolled,
    attempt=run_over,
    cases=[
        Case("from zeros", LEAK, points=2,
             hint="Step t gets x[:, t] and the states that the step before it returned."),
        Case("from other states", LEAK | {"start": normal(3, 2)},
             hint="`states` is where to start: the first step gets them."),
        Case("one step", {"kind": "leak", "x": normal(4, 1, 3), "start": normal(4, 3)},
             hint="Outputs have the shape (batch, time, units), with time 1 too."),
        Case("as many samples as steps", {"kind": "leak", "x": normal(4, 4, 2),
                                          "start": normal(4, 2)},
             hint="Time is the second axis; the samples know nothing of each other."),
        Case("two states", {"kind": "two", "x": normal(2, 4, 3), "start": normal(2, 3),
                            "second": normal(2, 3)}, points=2,
             hint="`step(x_t, *states)`, and the output is the first of the new states."),
        Case("a mask with holes", LEAK | {"mask": HOLES, "start": normal(3, 2)}, points=2,
             hint="Where the mask is 0, take the old states: np.where(mask[:, t, np.newaxis], "
                  "new, old)."),
        Case("padding in front and behind", LEAK | {"mask": ENDS * 1.0}),
        Case("a mask and two states", {"kind": "two", "x": normal(3, 5, 2),
                                       "start": normal(3, 2), "second": normal(3, 2),
                                       "mask": HOLES > 0},
             hint="All states stay as they are, not only the first."),
        untouched(**LEAK | {"mask": ENDS}),
    ],
    mistakes=[
        Mistake("started every step from the first states", unrolled(again=True)),
        Mistake("went along the batch instead of along time", unrolled(over=lambda x: x)),
        Mistake("went from the last step to the first",
                unrolled(over=lambda x: np.swapaxes(x, 0, 1)[::-1])),
        Mistake("returned the last output only", unrolled(few="last")),
        Mistake("gave out the state from before the step", unrolled(few="before")),
        Mistake("ignored the mask", unrolled(masked="ignored")),
        Mistake("put zeros into the output, and let the state go on", unrolled(masked="output 0")),
        Mistake("set the state to 0 where a step is masked", unrolled(masked="reset")),
        Mistake("held the first state only", unrolled(masked="first only")),
        Mistake("took 0 for the steps that count, and 1 for padding", unrolled(masked="turned")),
        Mistake("took the mask of the first sample for all", unrolled(masked="like the first")),
    ],
)


def carried_back(tf, dy, slopes, recurrent_kernel, truncate=None, mask=None):
    steps, nudges, start = len(dy), tf.zeros_like(slopes), tf.zeros_like(dy[0])
    with tf.GradientTape() as tape:
        tape.watch((nudges, start))
        h, loss = start, 0.0
        for t in range(steps):  # a nudge of a pre-activation moves the state by the slope
            if truncate and t and t % truncate == 0:
                h = tf.stop_gradient(h)
            new = slopes[t] * (h @ recurrent_kernel + nudges[t])
            h = new if mask is None else mask[t] * new + (1 - mask[t]) * h
            loss += tf.reduce_sum(dy[t] * h)
    return tuple(tape.gradient(loss, (nudges, start)))


def between_blocks(t, steps, k):
    return t > 0 and t % k == 0


def walk(turn=True, slope=True, every=True, cut=between_blocks, held=True, mask=True,
         summed=True, forwards=False):
    """Return a walk back through time with the parts that people get wrong as arguments."""

    def back(dy, slopes, recurrent_kernel, truncate=None, mask_given=None):
        steps, dz, dh = len(dy), np.zeros_like(slopes), np.zeros_like(dy[0])
        for t in range(steps) if forwards else reversed(range(steps)):
            own = dy[t] if every or t == steps - 1 else 0
            dh = dh + own if summed else own + 0 * dh
            counts = 1 if mask_given is None or not mask else mask_given[t]
            dz[t] = counts * dh * (slopes[t] if slope else 1)
            dh = dz[t] @ (recurrent_kernel.T if turn else recurrent_kernel) \
                + (dh * (1 - counts) if held else 0)
            if truncate and cut(t, steps, truncate):
                dh = 0 * dh
        return dz, dh

    return lambda dy, slopes, recurrent_kernel, truncate=None, mask=None: back(
        dy, slopes, recurrent_kernel, truncate, mask)


def steps_of(time, batch, units):
    return {"dy": normal(time, batch, units), "slopes": uniform(time, batch, units),
            "recurrent_kernel": normal(units, units)}


LAST = np.arange(5).reshape(5, 1, 1) == 4
bptt = Check(
    target="nnlib.recurrence.bptt",
    reference=carried_back,
    returns=("dz", "dh"),
    cases=[
        Case("a loss at every step", steps_of(4, 3, 2), points=2,
             hint="The last step first: dh = dh + dy[t]; dz[t] = dh * slopes[t]; then "
                  "dh = dz[t] @ recurrent_kernel.T."),
        Case("a loss at the last step only", steps_of(5, 2, 3) | {
            "dy": normal(5, 2, 3).then(lambda dy: dy * LAST)}, points=2),
        Case("as many samples as units as steps", steps_of(3, 3, 3), points=2,
             hint="Forwards it was h @ U, so backwards it is dz @ U.T."),
        Case("one step", steps_of(1, 2, 4),
             hint="The gradient of the starting state has passed the step too."),
        Case("one sample", steps_of(4, 1, 2)),
        Case("cut after every two steps", steps_of(6, 2, 3) | {"truncate": 2}, points=2,
             hint="Nothing goes from step 2 to step 1, nor from 4 to 3: t % truncate == 0."),
        Case("the last block is shorter", steps_of(7, 2, 2) | {"truncate": 3},
             hint="Blocks are counted from the first step: 0-2, 3-5, 6."),
        Case("blocks of one", steps_of(4, 2, 2) | {"truncate": 1}),
        Case("a block longer than the sequence", steps_of(3, 2, 2) | {"truncate": 5},
             hint="Without a cut, all of the gradient arrives at the starting state."),
        Case("masked steps", steps_of(5, 3, 2) | {"mask": np.float64(HOLES).T[:, :, np.newaxis]},
             points=2, hint="Where the mask is 0, dz is 0 and dh goes to the step before as it "
                            "is."),
        Case("masked and cut", steps_of(5, 3, 2) | {
            "mask": np.float64(ENDS).T[:, :, np.newaxis], "truncate": 2}),
        *habits(**steps_of(3, 2, 2)),
    ],
    mistakes=[
        Mistake("did not turn the recurrent kernel round", walk(turn=False)),
        Mistake("left the slopes of the activation out", walk(slope=False)),
        Mistake("took the loss of the last step only", walk(every=False)),
        Mistake("carried nothing back: each step got its own loss only", walk(summed=False)),
        Mistake("went from the first step to the last", walk(forwards=True)),
        Mistake("ignored `truncate`", walk(cut=lambda t, steps, k: False)),
        Mistake("cut one step too early", walk(cut=lambda t, steps, k: (t + 1) % k == 0)),
        Mistake("counted the blocks from the last step",
                walk(cut=lambda t, steps, k: t > 0 and (steps - t) % k == 0)),
        Mistake("cut before the first step too", walk(cut=lambda t, steps, k: t % k == 0)),
        Mistake("ignored the mask", walk(mask=False)),
        Mistake("stopped the gradient at masked steps", walk(held=False)),
    ],
)

# ---- layers with a memory


def run_layer(target, options, x, kernel, recurrent_kernel, bias, dy=None, mask=None, h=None,
              c=None, parts=0, before=False):
    layer = target(**options)
    layer.params = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
    start = None if h is None else h if c is None else [h, c]
    if before:
        layer.backward(layer.forward(2 * x[:, ::-1]))
    if parts:  # the second part goes on where the first one stopped
        layer.forward(x[:, :parts])
        x, start = x[:, parts:], layer.states
    y = layer.forward(x, mask=mask, initial_state=start)
    if dy is None:
        return {"y": y} | {f"state {k}": state for k, state in enumerate(layer.states)}
    found = {"x": layer.backward(dy)} | {name: layer.grads[name] for name in layer.params}
    if h is not None:
        found |= {f"state {k}": state for k, state in enumerate(layer.dstates)}
    return found


def keras_layer(name):
    """Return a reference: a Keras layer, called block by block where the gradient is cut."""

    def reference(tf, options, x, kernel, recurrent_kernel, bias, dy=None, mask=None, h=None,
                  c=None, parts=0, before=False):
        options = dict(options)
        size = options.pop("truncate", x.shape[1])
        sequences = options.pop("return_sequences", False)
        layer = getattr(tf.keras.layers, name)(return_sequences=True, return_state=True,
                                               dtype="float64", **options)
        layer.build(x.shape)
        layer.set_weights([kernel, recurrent_kernel, bias])
        zeros = tf.zeros((x.shape[0], options["units"]), tf.float64)
        start = [zeros if one is None else one for one in ([h, c] if name == "LSTM" else [h])]
        with tf.GradientTape() as tape:
            tape.watch([x, *start])
            states, outputs = start, []
            for first in range(0, x.shape[1], size):
                part = slice(first, first + size)
                states = [tf.stop_gradient(state) if first else state for state in states]
                y, *states = layer(x[:, part], initial_state=states,
                                   mask=None if mask is None else tf.cast(mask[:, part], tf.bool))
                outputs.append(y)
            y = tf.concat(outputs, axis=1)
            y = y if sequences else y[:, -1]
        if dy is None:
            return {"y": y} | {f"state {k}": state for k, state in enumerate(states)}
        grads = tape.gradient(y, [x, *layer.trainable_weights, *start], output_gradients=dy)
        found = dict(zip(("x", "kernel", "recurrent_kernel", "bias"), grads, strict=False))
        if h is not None:
            found |= {f"state {k}": state for k, state in enumerate(grads[4:])}
        return found

    return reference


def logistic(z):
    return np.tanh(z / 2) / 2 + 0.5


SLOPES = {"tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
          "relu": (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0)),
          "sigmoid": (logistic, lambda z: logistic(z) * (1 - logistic(z)))}


def rnn_forward(p, x, states, options, turned=False, bias=True, always=None):
    recurrent = p["recurrent_kernel"].T if turned else p["recurrent_kernel"]
    z = x @ p["kernel"] + states[0] @ recurrent + (p["bias"] if bias else 0)
    return [SLOPES[always or options["activation"]][0](z)]


def rnn_back(p, x, states, dstates, options, slope=True, always=None, turn=True):
    h, recurrent = states[0], p["recurrent_kernel"]
    z = x @ p["kernel"] + h @ recurrent + p["bias"]
    dz = dstates[0] * (SLOPES[always or options["activation"]][1](z) if slope else 1)
    return dz @ p["kernel"].T, [dz @ (recurrent.T if turn else recurrent)], products(x, h, dz)


def products(x, h, dz):
    return {"kernel": x.T @ dz, "recurrent_kernel": h.T @ dz, "bias": dz.sum(axis=0)}


def gates_of(p, x, h, count):
    return np.split(x @ p["kernel"] + h @ p["recurrent_kernel"] + p["bias"], count, axis=-1)


def lstm_forward(p, x, states, options=None, order=(0, 1, 2, 3), squash=np.tanh, coupled=False,
                 read=np.tanh, swap=False):
    z = gates_of(p, x, states[0], 4)
    i, f, candidate, o = (z[k] for k in order)
    i, f, candidate, o = logistic(i), logistic(f), squash(candidate), logistic(o)
    c = (1 - i if coupled else f) * states[1] + i * candidate
    return [c, o * read(c)] if swap else [o * read(c), c]


def lstm_back(p, x, states, dstates, options=None, carry=True, through=True, cell="before",
              squash=True, forget=True, pre=False):
    h, c_before = states
    z = gates_of(p, x, h, 4)
    i, f, candidate, o = logistic(z[0]), logistic(z[1]), np.tanh(z[2]), logistic(z[3])
    c = f * c_before + i * candidate
    dh, dc = dstates
    dc = (dc if carry else 0) + dh * o * (1 - np.tanh(c) ** 2 if through else 1)
    old = c_before if cell == "before" else c
    dz = np.concatenate([
        dc * candidate * i * (1 - i), dc * old * (z[1] * (1 - z[1]) if pre else f * (1 - f)),
        dc * i * (1 - candidate**2 if squash else candidate * (1 - candidate)),
        dh * np.tanh(c) * o * (1 - o)], axis=-1)
    return (dz @ p["kernel"].T, [dz @ p["recurrent_kernel"].T, dc * (f if forget else 1)],
            products(x, h, dz))


def gru_parts(p, x, h, after, order=(0, 1, 2), merged=False):
    u = h.shape[1]
    blocks = [slice(k * u, (k + 1) * u) for k in order]
    recurrent = [p["recurrent_kernel"][:, block] for block in blocks]
    both = p["bias"].ndim == 2
    b, b_in = p["bias"] if both else (p["bias"], 0 * p["bias"])
    if merged:
        b, b_in = b + b_in, 0 * b
    x = [x @ p["kernel"][:, block] + b[block] for block in blocks]
    z, r = (logistic(x[k] + h @ recurrent[k] + b_in[blocks[k]]) for k in (0, 1))
    inner = h @ recurrent[2] + b_in[blocks[2]]
    return z, r, inner, np.tanh(x[2] + (r * inner if after else
                                        (r * h) @ recurrent[2] + b_in[blocks[2]])), recurrent


def gru_forward(p, x, states, options, mode=None, turn=False, **faults):
    h = states[0]
    after = options["reset_after"] if mode is None else mode
    z, r, inner, candidate, _ = gru_parts(p, x, h, after, **faults)
    return [(1 - z) * h + z * candidate if turn else z * h + (1 - z) * candidate]


def gru_back(p, x, states, dstates, options, keep=True, gate=True, bias=True, mode=None):
    h, dh, after = states[0], dstates[0], options["reset_after"] if mode is None else mode
    z, r, inner, candidate, recurrent = gru_parts(p, x, h, options["reset_after"])
    da = dh * (1 - z) * (1 - candidate**2)
    back = (da * r) @ recurrent[2].T if after else da @ recurrent[2].T * r
    b_in = np.atleast_2d(p["bias"])[-1][2 * h.shape[1]:]
    dr = da * (inner if bias else inner - b_in) if after else da @ recurrent[2].T * h
    dz, dr = dh * (h - candidate) * z * (1 - z), dr * r * (1 - r) * (1 if gate else 0)
    gates = np.concatenate([dz, dr], axis=-1)
    full, last = np.concatenate([gates, da], axis=-1), da * r if after else da
    sums = full.sum(axis=0)
    if p["bias"].ndim == 2:
        sums = np.stack([sums, np.concatenate([gates, last], axis=-1).sum(axis=0)])
    dh = back + gates @ np.concatenate(recurrent[:2], axis=-1).T + (dh * z if keep else 0)
    return full @ p["kernel"].T, [dh], {
        "kernel": x.T @ full, "bias": sums, "recurrent_kernel": np.concatenate(
            [h.T @ gates, (h if after else r * h).T @ last], axis=-1)}


def layer(step, back, memories=1, start=None, masked="held", blind=False, cut=between_blocks,
          forget=False, every=True, mean=False, collect=False, always=None, held=True, fresh=False):
    """Return a recurrent layer that makes one mistake: these parts replace the right ones."""

    class Wrong:
        def __init__(self, units, activation="tanh", return_sequences=False, truncate=None,
                     reset_after=True):
            self.units, self.truncate = units, truncate
            self.sequences = return_sequences if always is None else always
            self.options = {"activation": activation, "reset_after": reset_after}
            self.grads = {}

        def forward(self, x, training=False, mask=None, initial_state=None):
            zeros = [np.zeros((len(x), self.units))] * memories
            given = initial_state if isinstance(initial_state, list) else [initial_state]
            first = zeros if initial_state is None or fresh else given
            self.x, self.mask, self.all = x, None if masked == "ignored" else mask, [first]
            for t in range(x.shape[1]):
                old = self.all[-1]
                if start == "every step" or (forget and self.truncate and t
                                             and t % self.truncate == 0):
                    old = zeros
                if start == "first sample":
                    old = [one[:1] + 0 * one for one in old]
                new = step(self.params, x[:, t], old, self.options)
                if self.mask is not None:
                    keep = self.mask[:, t, np.newaxis] != 0
                    rest = zeros if masked == "reset" else old
                    new = [np.where(keep, a, b) for a, b in zip(new, rest, strict=True)]
                self.all.append(new)
            self.states = self.all[-1]
            y = np.stack([states[0] for states in self.all[1:]], axis=1)
            return y if self.sequences else y[:, -1]

        def backward(self, dy):
            x, dx, steps = self.x, np.zeros_like(self.x), self.x.shape[1]
            total, ds = {}, [np.zeros((len(x), self.units))] * memories
            for t in reversed(range(steps)):
                own = dy[:, t] if self.sequences else dy if t == steps - 1 else 0
                ds = [ds[0] + (own if every or t == steps - 1 else 0), *ds[1:]]
                counts = 1 if self.mask is None or blind else self.mask[:, t, np.newaxis]
                dx[:, t], before, parts = back(self.params, x[:, t], self.all[t],
                                               [counts * one for one in ds], self.options)
                ds = [a + ((1 - counts) * b if held else 0)
                      for a, b in zip(before, ds, strict=True)]
                total = {name: part + total.get(name, 0) for name, part in parts.items()}
                if self.truncate and cut(t, steps, self.truncate):
                    ds = [0 * one for one in ds]
            for name, part in total.items():
                old = self.grads.get(name, 0) if collect else 0
                self.grads[name] = old + part / (len(x) if mean else 1)
            self.dstates = ds
            return dx

    return Wrong


def layer_inputs(batch, time, features, units, gates=1, bias=None, **options):
    return {"options": {"units": units, **options}, "x": normal(batch, time, features),
            "kernel": normal(features, gates * units) * 0.6,
            "recurrent_kernel": normal(units, gates * units) * 0.6,
            "bias": normal(*(bias or (gates * units,))) * 0.6}


def layer_cases(gates, memories="h", rows=1, **options):
    """Return the cases that all three layers share: forwards first, then gradients."""

    def case(name, batch, time, features, units, points=1, hint="", dtype="", untouched=False,
             dy=False, more=None, **own):
        inputs = layer_inputs(batch, time, features, units, gates,
                              (rows, gates * units) if rows > 1 else None, **options, **own)
        if dy:
            sequences = own.get("return_sequences")
            inputs["dy"] = normal(batch, time, units) if sequences else normal(batch, units)
        for key, value in (more or {}).items():
            inputs[key] = normal(batch, units) if value is None else value
        return Case(name, inputs, hint, points, dtype, untouched)

    start = dict.fromkeys(memories)  # drawn
    return [
        case("the last state", 3, 5, 2, 4, points=2,
             hint="Go through time, each step from the state that the step before it left; then "
                  "`return self.end()`."),
        case("the states of all steps", 3, 4, 2, 5, return_sequences=True),
        case("as many units as features as samples", 3, 3, 3, 3, return_sequences=True, points=2,
             hint="With squares every product conforms: h[t] @ recurrent_kernel."),
        case("one step of one sample", 1, 1, 3, 2),
        case("from a given state", 2, 3, 2, 4, more=start,
             hint="`begin` puts the states to start from at place 0."),
        case("in two parts", 2, 6, 2, 3, more={"parts": 2},
             hint="`end` keeps the last states, so that a second call can go on there."),
        case("a mask with holes", 3, 5, 2, 4, return_sequences=True, more={"mask": HOLES},
             points=2, hint="Call `self.hold(t)` when a step is done."),
        case("padding in front and behind", 3, 5, 2, 4, more={"mask": ENDS * 1.0}),
        case("gradients from the last state", 3, 5, 2, 4, dy=True, points=3,
             hint="Go back through time; what a state gets is dy[t] plus what the step after it "
                  "sends back."),
        case("gradients from all states", 2, 4, 3, 5, return_sequences=True, dy=True, points=2),
        case("gradients with as many units as features as samples", 3, 3, 3, 3,
             return_sequences=True, dy=True, points=2,
             hint="Backwards the products are turned round: dz @ recurrent_kernel.T."),
        case("gradients for the states to start from", 2, 3, 2, 4, dy=True, more=start,
             hint="What is left after step 0 goes into `self.dstates`."),
        case("gradients with a mask", 3, 5, 2, 4, return_sequences=True, dy=True,
             more={"mask": HOLES * 1.0}, points=2,
             hint="A masked step passes the gradient on to the step before as it is."),
        case("gradients cut after every two steps", 2, 5, 3, 4, return_sequences=True, dy=True,
             truncate=2, points=2,
             hint="The states go on across a cut, the gradient does not."),
        case("gradients of a second batch", 2, 3, 2, 3, dy=True, more={"before": True},
             hint="`grads` holds the gradients of the last backward, not a sum over calls."),
        case("float32 stays float32", 3, 4, 2, 3, return_sequences=True, dtype="float32",
             hint="Give new arrays the dtype of the input; keep constants plain Python floats."),
        case("gradients in float32", 3, 4, 2, 3, dy=True, dtype="float32"),
        case("leaves its arguments alone", 2, 3, 2, 3, return_sequences=True, dy=True,
             untouched=True, more={"mask": HOLES[:2, :3] * 1.0},
             hint="dy and the mask belong to others: make new arrays."),
    ]


def shared_mistakes(step, back, memories=1):
    """Return the mistakes that people make in any of the three layers."""
    make = [("started every step from zeros", {"start": "every step"}),
            ("gave all samples the state of the first one", {"start": "first sample"}),
            ("gave out the states of all steps, always", {"always": True}),
            ("gave out the last state, always", {"always": False}),
            ("ignored the states it is given to start from", {"fresh": True}),
            ("ignored the mask", {"masked": "ignored"}),
            ("set the state to 0 where a step is masked", {"masked": "reset"}),
            ("ignored the mask on the way back", {"blind": True}),
            ("stopped the gradient at masked steps", {"held": False}),
            ("took the loss of the last step only", {"every": False}),
            ("averaged the gradients over the batch", {"mean": True}),
            ("added to the gradients of the call before", {"collect": True}),
            ("ignored `truncate`", {"cut": lambda t, steps, k: False}),
            ("counted the blocks from the last step",
             {"cut": lambda t, steps, k: t > 0 and (steps - t) % k == 0}),
            ("started the states from zeros after a cut as well", {"forget": True})]
    return [Mistake(sentence, layer(step, back, memories, **parts)) for sentence, parts in make]


SimpleRNN = Check(
    target="nnlib.recurrence.SimpleRNN",
    reference=keras_layer("SimpleRNN"),
    attempt=run_layer,
    cases=[
        *layer_cases(1),
        Case("with relu", layer_inputs(3, 4, 2, 4, activation="relu", return_sequences=True),
             hint="`self.activation.function` is whatever was asked for."),
        Case("gradients with relu", layer_inputs(3, 4, 2, 4, activation="relu")
             | {"dy": normal(3, 4)},
             hint="Slopes: self.activation.function_backward(self.z, np.ones_like(self.z))."),
        Case("gradients with the sigmoid", layer_inputs(2, 3, 2, 3, activation="sigmoid")
             | {"dy": normal(2, 3)}),
    ],
    mistakes=[
        Mistake("turned the recurrent kernel round",
                layer(lambda *a: rnn_forward(*a, turned=True), rnn_back)),
        Mistake("left the bias out", layer(lambda *a: rnn_forward(*a, bias=False), rnn_back)),
        Mistake("took tanh, whatever the activation",
                layer(lambda *a: rnn_forward(*a, always="tanh"), rnn_back)),
        Mistake("left the slope of the activation out",
                layer(rnn_forward, lambda *a: rnn_back(*a, slope=False))),
        Mistake("took the slope of tanh, whatever the activation",
                layer(rnn_forward, lambda *a: rnn_back(*a, always="tanh"))),
        Mistake("did not turn the recurrent kernel round on the way back",
                layer(rnn_forward, lambda *a: rnn_back(*a, turn=False))),
        *shared_mistakes(rnn_forward, rnn_back),
    ],
)


def lstm_cell(tf, x, h, c, kernel, recurrent_kernel, bias):
    cell = tf.keras.layers.LSTMCell(h.shape[1], dtype="float64")
    cell.build(x.shape)
    cell.set_weights([kernel, recurrent_kernel, bias])
    return tuple(cell(x, [h, c])[1])


def cell_of(step, **faults):
    """Return a step of one's own arguments, made from one of a dict of parameters."""

    def lstm(x, h, c, kernel, recurrent_kernel, bias):
        p = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
        return tuple(step(p, x, [h, c], **faults))

    def gru(x, h, kernel, recurrent_kernel, bias, reset_after=True):
        p = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
        return step(p, x, [h], {"reset_after": reset_after}, **faults)[0]

    return lstm if step is lstm_forward else gru


LSTM_MISTAKES = [
    ("took the gates in the order i, f, o, candidate", {"order": (0, 1, 3, 2)}),
    ("took the gates in the order f, i, candidate, o", {"order": (1, 0, 2, 3)}),
    ("took the sigmoid of the candidate instead of tanh", {"squash": logistic}),
    ("kept 1 - i of the cell instead of f", {"coupled": True}),
    ("left the tanh of the cell out of the state", {"read": lambda c: c}),
    ("exchanged state and cell", {"swap": True}),
]
lstm_step = Check(
    target="nnlib.recurrence.lstm_step",
    reference=lstm_cell,
    returns=("h", "c"),
    cases=[
        Case("a batch", step_of(3, 2, 4, 4, "hc"), points=3,
             hint="np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1) gives i, f, the "
                  "candidate and o, in this order."),
        Case("as many units as features as samples", step_of(3, 3, 3, 4, "hc"), points=2,
             hint="The new state comes from the new cell: o * tanh(c)."),
        Case("four samples of one unit", step_of(4, 2, 1, 4, "hc"),
             hint="Split along the last axis: axis=-1."),
        Case("one sample", step_of(1, 3, 2, 4, "hc")),
        Case("gates wide open and shut", step_of(2, 2, 2, 4, "hc") | {
            "bias": np.repeat([-900.0, 900.0, 0.5, 900.0], 2)},
            hint="np.exp(900) overflows: use your own `sigmoid`."),
        *habits(**step_of(2, 3, 3, 4, "hc")),
    ],
    mistakes=[Mistake(sentence, cell_of(lstm_forward, **faults))
              for sentence, faults in LSTM_MISTAKES],
)

LSTM = Check(
    target="nnlib.recurrence.LSTM",
    reference=keras_layer("LSTM"),
    attempt=run_layer,
    cases=layer_cases(4, "hc"),
    mistakes=[
        *[Mistake(sentence, layer(lambda *a, faults=faults: lstm_forward(*a, **faults),
                                  lstm_back, 2)) for sentence, faults in LSTM_MISTAKES],
        *[Mistake(sentence, layer(lstm_forward, lambda *a, faults=faults: lstm_back(*a, **faults),
                                  2)) for sentence, faults in [
            ("dropped the gradient that the cell carries back", {"carry": False}),
            ("carried the cell's gradient back without the forget gate", {"forget": False}),
            ("left the slope of tanh(c) out", {"through": False}),
            ("multiplied by the new cell instead of the one before, for f", {"cell": "new"}),
            ("took the slope of the sigmoid for the candidate", {"squash": False}),
            ("took f (1 - f) at the pre-activation", {"pre": True}),
        ]],
        *shared_mistakes(lstm_forward, lstm_back, 2),
    ],
)


def gru_cell(tf, x, h, kernel, recurrent_kernel, bias, reset_after=True):
    cell = tf.keras.layers.GRUCell(h.shape[1], reset_after=reset_after, dtype="float64")
    cell.build(x.shape)
    cell.set_weights([kernel, recurrent_kernel, bias])
    return cell(x, [h])[0]


GRU_MISTAKES = [
    ("reset the state before the product, although reset_after is True", {"mode": False}),
    ("reset after the product, although reset_after is False", {"mode": True}),
    ("took the gates in the order r, z", {"order": (1, 0, 2)}),
    ("added both biases outside of the reset gate", {"merged": True}),
    ("exchanged z and 1 - z", {"turn": True}),
]
BEFORE = {"reset_after": False}
gru_step = Check(
    target="nnlib.recurrence.gru_step",
    reference=gru_cell,
    cases=[
        Case("reset after the product", step_of(3, 2, 4, 3, bias=(2, 12)), points=3,
             hint="z and r first; then tanh(x W + b + r * (h U + b')) for the candidate."),
        Case("reset before the product", step_of(3, 2, 4, 3) | BEFORE, points=3,
             hint="(r * h) @ U: the gate works on the state itself; there is one row of biases."),
        Case("as many units as features as samples", step_of(3, 3, 3, 3, bias=(2, 9)), points=2,
             hint="The first block of columns is z, the second r, the third the candidate."),
        Case("squares, reset before", step_of(3, 3, 3, 3) | BEFORE),
        Case("two samples of one unit", step_of(2, 2, 1, 3, bias=(2, 3))),
        Case("one sample", step_of(1, 3, 2, 3) | BEFORE),
        *habits(**step_of(2, 3, 3, 3, bias=(2, 9))),
    ],
    mistakes=[Mistake(sentence, cell_of(gru_forward, **faults))
              for sentence, faults in GRU_MISTAKES],
)

GRU = Check(
    target="nnlib.recurrence.GRU",
    reference=keras_layer("GRU"),
    attempt=run_layer,
    cases=[
        *layer_cases(3, rows=2),
        Case("reset before: all states",
             layer_inputs(3, 4, 2, 4, 3, return_sequences=True, **BEFORE), points=2,
             hint="The reset gate multiplies the state before the product."),
        Case("reset before: gradients",
             layer_inputs(3, 4, 2, 4, 3, return_sequences=True, **BEFORE)
             | {"dy": normal(3, 4, 4)}, points=3,
             hint="First through the product, dcandidate @ U.T; then to r and to the state."),
        Case("reset before: gradients with a mask", layer_inputs(3, 5, 2, 3, 3, **BEFORE)
             | {"mask": HOLES * 1.0, "dy": normal(3, 3)}),
    ],
    mistakes=[
        *[Mistake(sentence, layer(lambda *a, faults=faults: gru_forward(*a, **faults), gru_back))
          for sentence, faults in GRU_MISTAKES],
        *[Mistake(sentence, layer(gru_forward, lambda *a, faults=faults: gru_back(*a, **faults)))
          for sentence, faults in [
            ("forgot that the state is kept too: z goes straight to the state before",
             {"keep": False}),
            ("sent nothing to the reset gate", {"gate": False}),
            ("left the recurrent bias out of the reset gate's gradient", {"bias": False}),
            ("went back as if the reset came before the product", {"mode": False}),
            ("went back as if the reset came after the product", {"mode": True}),
          ]],
        *shared_mistakes(gru_forward, gru_back),
    ],
)

why_gates = Written(
    name="why_gates",
    rubric=[
        (1, "Going back through a simple recurrent layer multiplies by the same kernel, and by "
            "slopes of at most 1, at every step, so the gradient shrinks (or grows) like a power."),
        (1, "In an LSTM the cell is carried by a sum: the factor from step to step is the forget "
            "gate, which can stay near 1."),
        (1, "Something it does not cure: a forget gate below 1 forgets as well, exploding "
            "gradients need clipping, or the steps cannot be computed at the same time."),
    ],
    answer="From step to step the gradient of a simple recurrent layer is multiplied by the same "
           "kernel and by slopes of tanh, which are at most 1. Over twenty steps that is a power "
           "of twenty: 0.5 to the 20th is a millionth, so nothing is learned from the distant "
           "past. In an LSTM the cell is not recomputed, it is added to: its gradient is "
           "multiplied by the forget gate only, and where this stays near 1 the gradient arrives "
           "whole. That does not cure everything: a gate that learned to forget cuts the gradient "
           "as well, gradients that explode are still clipped, and the steps still have to be "
           "taken one after the other.",
)

honest_forecast = Written(
    name="honest_forecast",
    rubric=[
        (1, "Persistence (next year as this year) and a linear model on the same window are the "
            "numbers to beat; an error without them says nothing."),
        (1, "The test years come after the training years, and are used once, not to choose the "
            "model, the window or the number of epochs."),
        (1, "A difference has to be held against chance: several starts of the network, and what "
            "89 years can tell."),
    ],
    answer="An error of 20 sunspots is good or bad only beside what is free of charge: "
           "\"next year as this year\", and a linear regression on the same window. The split must "
           "respect time: the test years lie after the training years, no window of the training "
           "reaches into them, and they are looked at once; who tries ten windows and reports the "
           "best of the ten on the test years has trained on them. And a network differs from "
           "start to start: I would train it from several seeds, report mean and spread, and call "
           "it better only if the gap is larger than that, and than what 89 years can tell.",
)
