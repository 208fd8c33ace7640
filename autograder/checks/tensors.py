"""How the pieces of the chapter on tensors are judged."""

from functools import reduce

import numpy as np

from ..cases import (
    Case,
    Check,
    Draw,
    Mistake,
    Written,
    habits,
    integers,
    normal,
    uniform,
    untouched,
)

# Scenarios. They run in the sandbox, each sent there as text, and use nothing but NumPy.


def join_each(target, calls):
    answer = {}
    for shapes in calls:
        name = " with ".join(map(str, shapes))
        try:
            shape, raised = target(*shapes), 0.0
        except ValueError:
            shape, raised = np.zeros(0), 1.0
        answer[f"{name} raises ValueError (1 is yes)"] = raised
        answer[name] = shape
    return answer


def fit_and_transform(target, train, x):
    scaler = target()
    fitted = scaler.fit(train)
    z = scaler.transform(x)
    return {
        "fit returns the scaler itself (1 is yes)": float(fitted is scaler),
        "training data": scaler.transform(train),
        "new data": z,
        "new data restored": scaler.inverse_transform(z),
    }


def go_through(target, x, y, seed=None, **options):
    def epoch(x, y, rng):
        batches = list(target(x, y, shuffle=True, rng=rng, **options))
        samples = np.concatenate([batch for batch, _ in batches])
        targets = np.concatenate([batch for _, batch in batches])
        order = np.argsort(samples[:, 0])
        sizes = [len(batch) for batch, _ in batches]
        return sizes, samples, samples[order], targets[order]

    def blocks(sizes, samples):
        return {frozenset(part[:, 0]) for part in np.split(samples, np.cumsum(sizes)[:-1])}

    if seed is not None:
        x0, y0, rng = x.copy(), y.copy(), np.random.default_rng(seed)
        sizes, first, samples, targets = epoch(x, y, rng)
        _, second, samples_again, targets_again = epoch(x0.copy(), y0.copy(), rng)
        _, same_seed, _, _ = epoch(x0.copy(), y0.copy(), np.random.default_rng(seed))
        return {
            "sizes of the batches": sizes,
            "samples of the first epoch, sorted": samples,
            "targets that came with them": targets,
            "samples of the second epoch, sorted": samples_again,
            "targets that came with those": targets_again,
            "the order is a new one (1 is yes)": float(not np.array_equal(first, x0)),
            "the second epoch has another order (1 is yes)":
                float(not np.array_equal(first, second)),
            "the same seed gives the same order (1 is yes)":
                float(np.array_equal(first, same_seed)),
            "samples change their neighbours, not only their places (1 is yes)":
                float(not blocks(sizes, first) & blocks(sizes, x0)),
        }
    answer = {}
    for number, (batch_x, batch_y) in enumerate(target(x, y, **options), start=1):
        answer[f"x of batch {number}"] = batch_x
        answer[f"y of batch {number}"] = batch_y
    return answer


def split_and_name(target, x, y, fraction):
    (x_train, y_train), (x_val, y_val) = target(x, y, fraction)
    return {"x_train": x_train, "y_train": y_train, "x_val": x_val, "y_val": y_val}


def fit_and_predict(target, x, y, learning_rate, epochs):
    weights, bias = target(x, y, learning_rate, epochs)
    if np.shape(weights) != x.shape[1:]:
        raise ValueError(f"the weights have shape {np.shape(weights)}, expected {x.shape[1:]}; "
                         "return weights, bias")
    means = np.stack([x[y == 0].mean(axis=0), x[y == 1].mean(axis=0)])
    return {
        "predictions": 1.0 * (x @ np.asarray(weights) + np.squeeze(bias) > 0),
        "predictions for the means of the two classes":
            1.0 * (means @ np.asarray(weights) + np.squeeze(bias) > 0),
    }


# matmul


def collect_in_integers(a, b):
    product = np.zeros((len(a), b.shape[1]), dtype=a.dtype)
    for i in range(len(a)):
        for j in range(b.shape[1]):
            product[i, j] = (a[i] * b[:, j]).sum()
    return product


matmul = Check(
    target="nnlib.tensors.matmul",
    reference=lambda tf, a, b: tf.matmul(tf.cast(a, tf.float64), tf.cast(b, tf.float64)),
    cases=[
        Case("two rectangles", {"a": normal(2, 3), "b": normal(3, 4)},
             hint="Row i of `a` and column j of `b` give the entry (i, j)."),
        Case("two squares", {"a": normal(3, 3), "b": normal(3, 3)},
             hint="With squares every order has a legal shape: check it is `a` first, then `b`."),
        Case("integers with floats", {"a": integers(2, 3, low=1, high=9), "b": normal(3, 2)},
             hint="An array made with the dtype of `a` would cut off what follows the point."),
        Case("a stack of matrices", {"a": normal(2, 3, 4), "b": normal(2, 4, 3)},
             hint="Multiply each matrix of `a` with the matrix of `b` at the same place."),
        Case("a stack with one matrix", {"a": normal(2, 1, 3, 4), "b": normal(4, 2)},
             hint="The last two axes are the matrix; all axes before them broadcast."),
        *habits(a=normal(2, 3), b=normal(3, 2)),
    ],
    mistakes=[
        Mistake("multiplied entry by entry (`a * b`) instead of row by column", lambda a, b: a * b),
        Mistake("transposed `a` first", lambda a, b: np.swapaxes(a, -1, -2) @ b),
        Mistake("transposed `b` first", lambda a, b: a @ np.swapaxes(b, -1, -2)),
        Mistake("multiplied in the other order, `b @ a`", lambda a, b: b @ a),
        Mistake("collected the sums in an array of integers", collect_in_integers),
        Mistake("used `np.dot`, which takes every matrix of one stack with every one of the other",
                np.dot),
    ],
)


# broadcast_shapes


def calls(*shapes):
    """Draw calls; letters stand for sizes of which none divides another."""

    def sample(random):
        sizes = dict(zip("abc", random.permutation([4, 5, 6, 7, 9])[:3].tolist(), strict=True))
        return tuple(
            tuple(tuple(sizes.get(size, size) for size in shape) for shape in call)
            for call in shapes
        )

    return Draw(sample)


def join_with_tensorflow(tf, calls):
    answer = {}
    for shapes in calls:
        name = " with ".join(map(str, shapes))
        try:
            shape = reduce(tf.broadcast_static_shape, map(tf.TensorShape, shapes))
            shape, raised = np.array(shape.as_list(), dtype=int), 0.0
        except ValueError:
            shape, raised = np.zeros(0), 1.0
        answer[f"{name} raises ValueError (1 is yes)"] = raised
        answer[name] = shape
    return answer


def refuse(*sizes):
    raise ValueError


def strict_rule(p, q):
    return p if q in (1, p) else q if p == 1 else refuse()


def divisible_rule(p, q):
    return max(p, q) if min(p, q) and max(p, q) % min(p, q) == 0 else strict_rule(p, q)


def larger_rule(p, q):
    return max(p, q) if 1 in (p, q) or p == q else refuse()


def join(shapes, rule=strict_rule, fill=lambda shape, rank: (1,) * (rank - len(shape)) + shape):
    rank = max(map(len, shapes))
    return tuple(reduce(rule, sizes) for sizes in zip(*(fill(s, rank) for s in shapes),
                                                      strict=True))


broadcast_shapes = Check(
    target="nnlib.tensors.broadcast_shapes",
    attempt=join_each,
    reference=join_with_tensorflow,
    forbidden=("numpy.broadcast_shapes", "numpy.broadcast", "numpy.broadcast_arrays"),
    cases=[
        Case("a bias and a batch", {"calls": calls(["ab", "b"], ["b", "ab"])},
             hint="Fill the shorter shape up with ones at the front."),
        Case("axes of size 1 stretch",
             {"calls": calls([("a", 1), (1, "b")], [("a", 1, "c"), ("b", 1)])},
             hint="Where one size is 1, the result has the other size."),
        Case("one shape, and three", {"calls": calls([("b",), (1, 1), ("a", 1, 1)], ["abc"])},
             hint="The function takes any number of shapes: `*shapes` is a tuple of them."),
        Case("a number and an array", {"calls": calls([(), "ab"], ["abc", ()])},
             hint="The shape of a number is (): it has no axis, and fits anything."),
        Case("axes of size 0", {"calls": (((0, 3), (1, 3)), ((4, 1), (4, 0)), ((2, 1), (5,)))},
             hint="0 with 1 gives 0: the size that is not 1 wins, not the larger one."),
        Case("sizes that divide are not enough",
             {"calls": (((1, 3), (4, 3)), ((4, 3), (2, 3)), ((3,), (6,)), ((2, 0), (2, 2)))},
             hint="Nothing is repeated 2 times to fit into 4: sizes are equal, or one is 1."),
        Case("sizes that differ are refused",
             {"calls": calls(["a", "ba"], ["ab", "a"], [("a", 1, "b"), ("c", "b"), ("a", 1, "c")])},
             hint="Raise a ValueError if two sizes differ and neither is 1."),
    ],
    mistakes=[
        Mistake("accepted sizes because one divides the other",
                lambda *shapes: join(shapes, divisible_rule)),
        Mistake("lined the shapes up at the first axis instead of the last",
                lambda *shapes: join(shapes, fill=lambda s, rank: s + (1,) * (rank - len(s)))),
        Mistake("took the larger size where an axis of size 0 meets one of size 1",
                lambda *shapes: join(shapes, larger_rule)),
        Mistake("took the larger size without looking whether the two fit",
                lambda *shapes: join(shapes, max)),
        Mistake("looked at the first two shapes only", lambda *shapes: join(shapes[:2])),
        Mistake("refused shapes of different length",
                lambda *shapes: join(shapes) if len(set(map(len, shapes))) == 1 else refuse()),
    ],
)


# unbroadcast


def gradient_of_broadcasting(tf, grad, shape):
    x = tf.zeros(shape, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.broadcast_to(x, tf.shape(grad))
    return tape.gradient(y, x, output_gradients=grad)


def repeated_axes(grad, shape):
    added = grad.ndim - len(shape)
    return (*range(added), *(added + i for i, size in enumerate(shape) if size == 1))


def first_of_repeated(grad, shape):
    for axis in repeated_axes(grad, shape):
        grad = grad.take([0], axis=axis)
    return grad.reshape(shape)


unbroadcast = Check(
    target="nnlib.tensors.unbroadcast",
    reference=gradient_of_broadcasting,
    cases=[
        Case("a bias added to a batch", {"grad": normal(4, 3), "shape": (3,)},
             hint="The bias was used once for every sample: sum over the samples."),
        Case("a column", {"grad": normal(3, 3), "shape": (3, 1)},
             hint="An axis of size 1 was repeated too: sum over it, and keep it with size 1."),
        Case("a number", {"grad": normal(2, 3), "shape": ()},
             hint="A number was used in every entry: sum over all axes."),
        Case("axes in front and in between", {"grad": normal(5, 2, 3, 4), "shape": (2, 1, 4)},
             hint="First the axes that `shape` does not have, then those where it has a 1."),
        Case("an axis of 1 that stayed 1", {"grad": normal(4, 1, 3), "shape": (1, 3)},
             hint="The result has exactly the shape you were given."),
        *habits(grad=normal(4, 3), shape=(1, 3)),
    ],
    mistakes=[
        Mistake("summed over the axes in front only, not over those of size 1",
                lambda grad, shape: grad.sum(axis=tuple(range(grad.ndim - len(shape))))),
        Mistake("took the mean instead of the sum",
                lambda grad, shape: grad.mean(axis=repeated_axes(grad, shape)).reshape(shape)),
        Mistake("lost the axes of size 1",
                lambda grad, shape: grad.sum(axis=repeated_axes(grad, shape))),
        Mistake("summed over the first axis, whichever was repeated",
                lambda grad, shape: grad.sum(axis=0).reshape(shape)),
        Mistake("took the first of the repeated entries instead of the sum over them",
                first_of_repeated),
        Mistake("summed over everything and filled the shape with it",
                lambda grad, shape: np.full(shape, grad.sum())),
    ],
)


# dense


def dense_with_tensorflow(tf, x, kernel, bias=None):
    y = tf.tensordot(tf.cast(x, tf.float64), kernel, axes=1)
    return y if bias is None else tf.nn.bias_add(y, bias)


def add_in_place(x, kernel, bias=None):
    x -= x.mean(axis=0)
    return x @ kernel + (0 if bias is None else bias)


def dense_like(product=lambda x, kernel: x @ kernel, add=lambda y, bias: y + bias):
    """Return a layer with another product or another way to add the bias."""

    def layer(x, kernel, bias=None):
        y = product(x, kernel)
        return y if bias is None else add(y, bias)

    return layer


dense = Check(
    target="nnlib.tensors.dense",
    reference=dense_with_tensorflow,
    cases=[
        Case("a batch", {"x": normal(4, 3), "kernel": normal(3, 2), "bias": normal(2)},
             hint="Samples are rows: `x @ kernel` has a row a sample and a column a unit."),
        Case("without a bias", {"x": normal(3, 3), "kernel": normal(3, 3)},
             hint="With `bias=None` the answer is the product alone."),
        Case("as many units as samples",
             {"x": normal(3, 4), "kernel": normal(4, 3), "bias": normal(3)},
             hint="The bias belongs to the units: every row gets the same one."),
        Case("a batch of sequences",
             {"x": normal(2, 4, 3), "kernel": normal(3, 3), "bias": normal(3)},
             hint="Only the last axis is multiplied; all others stay as they are."),
        Case("integers", {"x": integers(2, 3, low=1, high=6), "kernel": normal(3, 2),
                          "bias": normal(2)},
             hint="Let NumPy choose the dtype of the result: it is not that of `x`."),
        *habits(x=normal(4, 3), kernel=normal(3, 2), bias=normal(2)),
    ],
    mistakes=[
        Mistake("multiplied in the other order, `kernel @ x`",
                dense_like(lambda x, kernel: kernel @ x)),
        Mistake("transposed the kernel: its columns are the units",
                dense_like(lambda x, kernel: x @ kernel.T)),
        Mistake("left out the bias", dense_like(add=lambda y, bias: y)),
        Mistake("subtracted the bias", dense_like(add=lambda y, bias: y - bias)),
        Mistake("added the bias to the samples, not to the units",
                dense_like(add=lambda y, bias: y + bias[:, np.newaxis])),
        Mistake("made one long batch of all axes but the last",
                dense_like(lambda x, kernel: x.reshape(-1, len(kernel)) @ kernel)),
        Mistake("centred `x`, and in place", add_in_place),
        Mistake("collected the sums in an array with the dtype of `x`, be it integers",
                dense_like(lambda x, kernel: (x @ kernel).astype(x.dtype))),
    ],
)


# one_hot


def scatter(labels, num_classes):
    rows = np.zeros((labels.size, num_classes))
    rows[np.arange(labels.size), labels.ravel()] = 1
    return rows.reshape(*labels.shape, num_classes)


one_hot = Check(
    target="nnlib.tensors.one_hot",
    reference=lambda tf, labels, num_classes: tf.one_hot(labels, num_classes, dtype=tf.float64),
    cases=[
        Case("as many samples as classes", {"labels": np.array([1, 2, 0]), "num_classes": 3},
             hint="One row for each sample, one column for each class."),
        Case("classes that nobody has",
             {"labels": integers(5, low=2, high=4), "num_classes": 6},
             hint="The number of columns is `num_classes`, whatever labels there are."),
        Case("one label", {"labels": integers(1, high=4), "num_classes": 4},
             hint="A batch of one is still a batch: the shape is (1, K)."),
        Case("a batch of sequences", {"labels": integers(2, 3, high=4), "num_classes": 4},
             hint="The new axis is the last one: `labels[..., np.newaxis]`."),
        Case("labels below 0", {"labels": np.array([1, -1, 0, 2, -3]), "num_classes": 3},
             hint="Such a label equals none of `np.arange(num_classes)`: its row is all zeros."),
        Case("labels too large", {"labels": np.array([3, 0, 2, 7]), "num_classes": 3},
             hint="Such a label equals none of `np.arange(num_classes)`: its row is all zeros."),
        Case("leaves its arguments alone", {"labels": np.array([2, 0, 5, -1]), "num_classes": 3},
             untouched=True, hint="Do not repair the labels in the array you were given."),
    ],
    mistakes=[
        Mistake("made as many columns as the largest label needs",
                lambda labels, num_classes: np.eye(labels.max() + 1)[labels]),
        Mistake("indexed with the labels: -1 counts from the end, and too large a label raises",
                scatter),
        Mistake("put the classes into the rows",
                lambda labels, num_classes: 1.0 * (np.arange(num_classes)[:, None] == labels)),
        Mistake("numbered the labels anew, leaving out those that do not occur",
                lambda labels, num_classes: np.eye(num_classes)[
                    np.unique(labels, return_inverse=True)[1]]),
        Mistake("moved labels that are out of range to the nearest class",
                lambda labels, num_classes: scatter(labels.clip(0, num_classes - 1), num_classes)),
        Mistake("counted the classes from 1",
                lambda labels, num_classes: 1.0 * (labels[..., None]
                                                   == np.arange(1, num_classes + 1))),
    ],
)


# Standardizer


def standardize_with_tensorflow(tf, train, x):
    train, x = tf.cast(train, tf.float64), tf.cast(x, tf.float64)
    mean, variance = tf.nn.moments(train, axes=[0])
    std = tf.where(variance > 0, tf.sqrt(variance), 1.0)
    z = (x - mean) / std
    return {
        "fit returns the scaler itself (1 is yes)": 1.0,
        "training data": (train - mean) / std,
        "new data": z,
        "new data restored": z * std + mean,
    }


def std_or_one(x, **options):
    std = x.std(axis=0, **options)
    return np.where(std > 0, std, 1.0)


def scaler(mean=lambda x: x.mean(axis=0), std=std_or_one, fit_again=False, itself=True,
           invert=lambda z, mean, std: z * std + mean):
    """Return a class that does what `Standardizer` does, but for what is given."""

    class Scaler:
        def fit(self, x):
            self.mean, self.std = mean(x), std(x)
            return self if itself else None

        def transform(self, x):
            if fit_again:
                self.fit(x)
            return (x - self.mean) / self.std

        def inverse_transform(self, z):
            return invert(z, self.mean, self.std)

    return Scaler


class InPlace(scaler()):
    def transform(self, x):
        x -= self.mean
        x /= self.std
        return x


Standardizer = Check(
    target="nnlib.tensors.Standardizer",
    attempt=fit_and_transform,
    reference=standardize_with_tensorflow,
    cases=[
        Case("new data, the training data's statistics",
             {"train": normal(6, 3) * 2 + 5, "x": normal(4, 3) + 1},
             hint="Mean and standard deviation come from `fit`; `transform` only uses them."),
        Case("features of different scale",
             {"train": normal(7, 3) * np.array([1.0, 100.0, 0.01]) + np.array([0.0, 500.0, -3.0]),
              "x": normal(2, 3) * np.array([1.0, 100.0, 0.01])},
             hint="Each column has its own mean and standard deviation: `axis=0`."),
        Case("a single new sample", {"train": normal(5, 2), "x": normal(1, 2) + 3},
             hint="A sample alone has no spread; it is measured against the training data."),
        Case("a feature that never varies",
             {"train": normal(5, 3) * np.array([1.0, 0.0, 1.0]) + np.array([0.0, 2.0, 0.0]),
              "x": normal(3, 3) * np.array([1.0, 0.0, 1.0]) + np.array([0.0, 2.0, 0.0])},
             hint="Where the standard deviation is 0, divide by 1."),
        Case("integers", {"train": np.array([[1, 10], [2, 30], [4, 20]]),
                          "x": integers(3, 2, low=0, high=40)},
             hint="Write `x - mean`, not `x -= mean`: integers cannot hold the result."),
        *habits(train=normal(6, 2) + 1, x=normal(4, 2)),
    ],
    mistakes=[
        Mistake("took the statistics of the data to transform: information leaks",
                scaler(fit_again=True)),
        Mistake("divided by N - 1 in the variance",
                scaler(std=lambda x: std_or_one(x, ddof=1))),
        Mistake("divided by the variance", scaler(std=lambda x: std_or_one(x) ** 2)),
        Mistake("stretched to the range from 0 to 1 instead",
                scaler(mean=lambda x: x.min(axis=0), std=lambda x: np.ptp(x, axis=0))),
        Mistake("took one mean and one standard deviation for all features",
                scaler(mean=np.mean, std=np.std)),
        Mistake("divided by 0 where a feature never varies",
                scaler(std=lambda x: x.std(axis=0))),
        Mistake("added the mean before multiplying when undoing it",
                scaler(invert=lambda z, mean, std: (z + mean) * std)),
        Mistake("`fit` does not return the scaler", scaler(itself=False)),
        Mistake("changed the data in place", InPlace),
    ],
)


# to_batches


def batches_with_tensorflow(tf, x, y, seed=None, batch_size=32, drop_remainder=False):
    def epoch(order):
        data = tf.data.Dataset.from_tensor_slices((tf.gather(x, order), tf.gather(y, order)))
        return list(data.batch(batch_size, drop_remainder=drop_remainder))

    def restored(batches):
        samples = tf.concat([batch for batch, _ in batches], 0)
        order = tf.argsort(samples[:, 0])
        return (samples, tf.gather(samples, order),
                tf.gather(tf.concat([batch for _, batch in batches], 0), order))

    rows = tf.range(len(x))
    if seed is not None:
        shuffle = tf.random.experimental.stateless_shuffle
        batches = epoch(shuffle(rows, (seed, 0)))
        first, samples, targets = restored(batches)
        second, samples_again, targets_again = restored(epoch(shuffle(rows, (seed, 1))))
        same_seed, _, _ = restored(epoch(shuffle(rows, (seed, 0))))
        return {
            "sizes of the batches": np.array([len(batch) for batch, _ in batches]),
            "samples of the first epoch, sorted": samples,
            "targets that came with them": targets,
            "samples of the second epoch, sorted": samples_again,
            "targets that came with those": targets_again,
            "the order is a new one (1 is yes)":
                float(tf.reduce_any(first != x)),
            "the second epoch has another order (1 is yes)":
                float(tf.reduce_any(first != second)),
            "the same seed gives the same order (1 is yes)":
                float(tf.reduce_all(first == same_seed)),
            "samples change their neighbours, not only their places (1 is yes)": 1.0,
        }
    answer = {}
    for number, (batch_x, batch_y) in enumerate(epoch(rows), start=1):
        answer[f"x of batch {number}"], answer[f"y of batch {number}"] = batch_x, batch_y
    return answer


def batches_like(order=lambda n, rng: rng.permutation(n), end=lambda n, size: n, jump=None,
                 order_y=None, whole=lambda n, size: n - n % size):
    """Return a `to_batches` that differs in what is given."""

    def to_batches(x, y, batch_size=32, shuffle=False, rng=None, drop_remainder=False):
        n = len(x)
        rows = order(n, rng) if shuffle else np.arange(n)
        rows_y = order_y(n, rng) if shuffle and order_y else rows
        stop = whole(n, batch_size) if drop_remainder else end(n, batch_size)
        for start in range(0, stop, jump or batch_size):
            batch = slice(start, min(start + batch_size, stop))
            yield x[rows[batch]], y[rows_y[batch]]

    return to_batches


def shuffle_in_place(x, y, batch_size=32, shuffle=False, rng=None, drop_remainder=False):
    if shuffle:
        order = rng.permutation(len(x))
        x[:], y[:] = x[order], y[order]
    return batches_like()(x, y, batch_size, drop_remainder=drop_remainder)


def shuffle_batches(x, y, batch_size=32, shuffle=False, rng=None, drop_remainder=False):
    for batch_x, batch_y in batches_like()(x, y, batch_size, drop_remainder=drop_remainder):
        rows = rng.permutation(len(batch_x)) if shuffle else slice(None)
        yield batch_x[rows], batch_y[rows]


to_batches = Check(
    target="nnlib.tensors.to_batches",
    attempt=go_through,
    reference=batches_with_tensorflow,
    cases=[
        Case("three equal batches", {"x": normal(6, 2), "y": normal(6), "batch_size": 2},
             hint="Step through the rows in steps of `batch_size`."),
        Case("a last batch that is not full",
             {"x": normal(7, 2, 2), "y": integers(7, high=9), "batch_size": 3},
             hint="1050 samples in batches of 100 are 11 batches; the last has 50 samples."),
        Case("without the remainder",
             {"x": normal(8, 2), "y": normal(8), "batch_size": 3, "drop_remainder": True},
             hint="With `drop_remainder` every batch has `batch_size` samples."),
        Case("32 by default", {"x": normal(40), "y": normal(40)},
             hint="Keep the defaults of the signature."),
        Case("shuffled", {"x": normal(20, 2), "y": normal(20), "batch_size": 6, "seed": 5},
             hint="Draw one order from `rng` in each pass, and use it for `x` and for `y`."),
        Case("float32 stays float32", {"x": normal(5, 2), "y": normal(5), "batch_size": 2},
             dtype="float32", hint="Take rows out of `x` and `y` instead of filling new arrays."),
        Case("leaves its arguments alone",
             {"x": normal(20, 2), "y": normal(20), "batch_size": 6, "seed": 5}, untouched=True,
             hint="Shuffle the numbers of the rows, not the rows: `x[order]` is a new array."),
    ],
    mistakes=[
        Mistake("dropped the last batch because it was not full",
                batches_like(end=lambda n, size: n - n % size)),
        Mistake("shuffled samples and targets each in an order of their own",
                batches_like(order_y=lambda n, rng: rng.permutation(n))),
        Mistake("used the same order in every epoch",
                batches_like(lambda n, rng: np.random.default_rng(0).permutation(n))),
        Mistake("took the order from another generator than `rng`",
                batches_like(lambda n, rng: np.random.permutation(n))),
        Mistake("drew samples with replacement: some come twice, some never",
                batches_like(lambda n, rng: rng.integers(n, size=n))),
        Mistake("did not shuffle", batches_like(lambda n, rng: np.arange(n))),
        Mistake("shuffled within each batch only: the batches hold the samples they held before",
                shuffle_batches),
        Mistake("shuffled the caller's arrays", shuffle_in_place),
        Mistake("kept the remainder that was to be dropped", batches_like(whole=lambda n, size: n)),
        Mistake("moved on by one sample instead of one batch", batches_like(jump=1)),
    ],
)


# validation_split


def split_with_tensorflow(tf, x, y, fraction):
    rows = tf.cast(len(x), tf.float64)
    split = int(tf.floor(rows * (1.0 - fraction)))
    x_train, x_val = tf.split(x, [split, len(x) - split])
    y_train, y_val = tf.split(y, [split, len(y) - split])
    return {"x_train": x_train, "y_train": y_train, "x_val": x_val, "y_val": y_val}


def split_at(place, before=lambda x: x):
    """Return a `validation_split` that cuts at ``place(n, fraction)``."""

    def validation_split(x, y, fraction):
        n = int(place(len(x), fraction))
        x, y = before(x), before(y)
        return (x[:n], y[:n]), (x[n:], y[n:])

    return validation_split


def cut(n, fraction):
    return np.floor(n * (1 - fraction))


def first_for_validation(x, y, fraction):
    n = len(x) - int(cut(len(x), fraction))
    return (x[n:], y[n:]), (x[:n], y[:n])


def arrays_first(x, y, fraction):
    (x_train, y_train), (x_val, y_val) = split_at(cut)(x, y, fraction)
    return (x_train, x_val), (y_train, y_val)


def validation_first(x, y, fraction):
    return split_at(cut)(x, y, fraction)[::-1]


validation_split = Check(
    target="nnlib.tensors.validation_split",
    attempt=split_and_name,
    reference=split_with_tensorflow,
    cases=[
        Case("a quarter of eight", {"x": normal(8, 2), "y": normal(8), "fraction": 0.25},
             hint="Six samples to train with, then two for validation."),
        Case("30 % of seven", {"x": normal(7, 2), "y": integers(7, high=3), "fraction": 0.3},
             hint="7 * 0.7 = 4.9: round the number of training samples down, to 4."),
        Case("30 % of nine", {"x": normal(9), "y": normal(9), "fraction": 0.3},
             hint="9 * 0.7 = 6.3: 6 samples to train with, the other 3 for validation."),
        Case("images", {"x": normal(5, 2, 2, 1), "y": normal(5, 3), "fraction": 0.4},
             hint="Cut along the first axis only."),
        *habits(x=normal(6, 2), y=normal(6), fraction=0.5),
    ],
    mistakes=[
        Mistake("took the first samples for validation", first_for_validation),
        Mistake("shuffled the samples first",
                split_at(cut, lambda x: x[np.random.RandomState(0).permutation(len(x))])),
        Mistake("rounded the training part up",
                split_at(lambda n, fraction: np.ceil(n * (1 - fraction)))),
        Mistake("rounded to the nearest number of samples",
                split_at(lambda n, fraction: np.round(n * (1 - fraction)))),
        Mistake("exchanged the two parts: `fraction` is for validation",
                split_at(lambda n, fraction: np.floor(n * fraction))),
        Mistake("returned (x_train, x_val), (y_train, y_val)", arrays_first),
        Mistake("returned the validation pair first", validation_first),
    ],
)


# normal_equation


def twins(x):
    return np.column_stack([x, x[:, 0]])


def with_intercept(x, y):
    return np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0][:-1]


normal_equation = Check(
    target="nnlib.tensors.normal_equation",
    reference=lambda tf, x, y: tf.linalg.matvec(tf.linalg.pinv(tf.cast(x, tf.float64)),
                                                tf.cast(y, tf.float64)),
    cases=[
        Case("more samples than features", {"x": normal(8, 3), "y": normal(8)},
             hint="The weights w solve X^T X w = X^T y."),
        Case("as many samples as features", {"x": normal(3, 3), "y": normal(3)},
             hint="Rows are samples: the sums in X^T X run over the rows."),
        Case("one feature", {"x": normal(6, 1) + 3, "y": normal(6) + 7},
             hint="No intercept is added: the line goes through the origin."),
        Case("integers", {"x": np.array([[1, 1], [1, 2], [1, 4]]), "y": integers(3, low=1, high=9)},
             hint="Let NumPy's solvers choose the dtype: the weights are floats."),
        Case("the same feature twice", {"x": normal(6, 2).then(twins), "y": normal(6)},
             hint="X^T X has no inverse here; `np.linalg.pinv` and `np.linalg.lstsq` need none."),
        Case("fewer samples than features", {"x": normal(2, 4), "y": normal(2)},
             hint="Many weights fit exactly; `np.linalg.pinv` and `lstsq` give the shortest."),
        untouched(x=normal(12, 2), y=normal(12)),
    ],
    mistakes=[
        Mistake("inverted X^T X, which has no inverse when features repeat each other",
                lambda x, y: np.linalg.inv(x.T @ x) @ x.T @ y),
        Mistake("added an intercept", with_intercept),
        Mistake("centred the data first",
                lambda x, y: np.linalg.pinv(x - x.mean(axis=0)) @ (y - y.mean())),
        Mistake("left out the inverse: X^T y is not yet the solution", lambda x, y: x.T @ y),
        Mistake("added a number to the diagonal of X^T X to make it invertible",
                lambda x, y: np.linalg.solve(x.T @ x + 0.01 * np.eye(x.shape[1]), x.T @ y)),
        Mistake("treated the rows of `x` as features",
                lambda x, y: np.linalg.pinv(x @ x.T) @ x @ y),
    ],
    rtol=1e-4,
    atol=1e-5,
)


# linear_gd


def descend_with_tensorflow(tf, x, y, learning_rate, steps):
    x, y = tf.cast(x, tf.float64), tf.cast(y, tf.float64)
    weights = tf.Variable(tf.zeros(x.shape[1], tf.float64))
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.linalg.matvec(x, weights) - y) ** 2)
        weights.assign_sub(learning_rate * tape.gradient(loss, weights))
    return tf.convert_to_tensor(weights)


def slope(x, y, w):
    return 2 / len(x) * x.T @ (x @ w - y)


def descend(gradient=slope, sign=-1, start=0.0):
    """Return a `linear_gd` with another gradient, sign or start."""

    def linear_gd(x, y, learning_rate, steps):
        w = np.full(x.shape[1], start, x.dtype)
        for _ in range(steps):
            w = w + sign * learning_rate * gradient(x, y, w)
        return w

    return linear_gd


def by_sample(x, y, learning_rate, steps):
    w = np.zeros(x.shape[1])
    for _ in range(steps):
        for sample, target in zip(x, y, strict=True):
            w = w - learning_rate * 2 * (sample @ w - target) * sample
    return w


linear_gd = Check(
    target="nnlib.tensors.linear_gd",
    reference=descend_with_tensorflow,
    cases=[
        Case("one step", {"x": normal(6, 3), "y": normal(6), "learning_rate": 0.1, "steps": 1},
             hint="From weights of zero, the first step is eta * 2/N * X^T y."),
        Case("thirty steps",
             {"x": normal(10, 2), "y": normal(10), "learning_rate": 0.05, "steps": 30},
             hint="Compute the gradient anew in every step, at the weights you have then."),
        Case("fewer samples than features",
             {"x": normal(2, 4), "y": normal(2), "learning_rate": 0.01, "steps": 5},
             hint="Rows are samples: X is (N, D), the weights are (D,), X^T has to come first."),
        Case("integers", {"x": np.array([[1, 2], [3, 1], [0, 1]]), "y": np.array([4, 5, 1]),
                          "learning_rate": 0.02, "steps": 4},
             hint="Weights made with `zeros_like` an array of integers stay integers."),
        untouched(x=normal(6, 2), y=normal(6), learning_rate=0.1, steps=3),
    ],
    mistakes=[
        Mistake("left out the 2 of the derivative",
                descend(lambda x, y, w: x.T @ (x @ w - y) / len(x))),
        Mistake("left out the 1/N of the mean", descend(lambda x, y, w: 2 * x.T @ (x @ w - y))),
        Mistake("went uphill: the sign of the step", descend(sign=1)),
        Mistake("took the gradient at the start for all steps",
                descend(lambda x, y, w: -2 / len(x) * x.T @ y)),
        Mistake("started with weights of one", descend(start=1.0)),
        Mistake("took a step for every sample instead of one for all", by_sample),
        Mistake("divided by the number of features instead of samples",
                descend(lambda x, y, w: 2 / x.shape[1] * x.T @ (x @ w - y))),
    ],
)


# perceptron_fit


TABLE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
SIDES = np.array([1, 0, 0, 1, 0, 1, 0, 0])


def clouds(features, centre=0.0):
    """Draw samples on the two sides of a point, a gap of 2 between them in each feature."""
    around = centre + np.where(SIDES[:, np.newaxis] == 1, 2.0, -2.0)
    return uniform(len(SIDES), features, low=-1.0, high=1.0) + around


def separate_with_tensorflow(tf, x, y, learning_rate, epochs):
    """Correct the worst sample first, with labels -1 and 1, and the bias as one more weight."""

    def lift(samples):
        return tf.pad(samples, [[0, 0], [0, 1]], constant_values=1.0)

    signs = 2.0 * tf.cast(y, tf.float64) - 1.0
    weights = tf.zeros(x.shape[1] + 1, tf.float64)
    while tf.reduce_any(signs * tf.linalg.matvec(lift(x), weights) <= 0.0):
        worst = tf.argmin(signs * tf.linalg.matvec(lift(x), weights))
        weights += signs[worst] * lift(x)[worst]
    means = tf.stack([tf.reduce_mean(tf.boolean_mask(x, y == label), axis=0) for label in (0, 1)])
    return {
        name: tf.cast(tf.linalg.matvec(lift(samples), weights) > 0.0, tf.float64)
        for name, samples in [("predictions", x),
                              ("predictions for the means of the two classes", means)]
    }


def perceptron_like(rule=lambda label, score: label - (score > 0), bias_too=True, sign=1,
                    passes=None):
    """Return a `perceptron_fit` with another rule of correction."""

    def perceptron_fit(x, y, learning_rate=1.0, epochs=10):
        weights, bias = np.zeros(x.shape[1], x.dtype), 0.0
        for _ in range(passes or epochs):
            for sample, label in zip(x, y.tolist(), strict=True):
                step = sign * learning_rate * float(rule(label, sample @ weights + bias))
                weights = weights + step * sample
                bias = bias + step * bias_too
        return weights, bias

    return perceptron_fit


perceptron_fit = Check(
    target="nnlib.tensors.perceptron_fit",
    attempt=fit_and_predict,
    reference=separate_with_tensorflow,
    cases=[
        Case("AND", {"x": TABLE, "y": np.array([0, 0, 0, 1]), "learning_rate": 1.0, "epochs": 10},
             hint="Correct only samples that are on the wrong side; 0 is not above 0."),
        Case("NAND", {"x": TABLE, "y": np.array([1, 1, 1, 0]), "learning_rate": 1.0, "epochs": 20},
             hint="The bias learns as the weights do: it is the weight of an input that is 1."),
        Case("two clouds", {"x": clouds(2), "y": SIDES, "learning_rate": 1.0, "epochs": 10},
             hint="Add eta * x to the weights if a 1 was missed, subtract it if a 0 was."),
        Case("two clouds far from the origin",
             {"x": clouds(2, centre=6.0), "y": SIDES, "learning_rate": 0.5, "epochs": 500},
             hint="Go through all samples `epochs` times."),
        Case("five features, float labels",
             {"x": clouds(5, centre=1.0), "y": SIDES * 1.0, "learning_rate": 1.0, "epochs": 100},
             hint="Labels are numbers, 0 or 1; `x` may have any number of columns."),
        untouched(x=clouds(2), y=SIDES, learning_rate=1.0, epochs=10),
    ],
    mistakes=[
        Mistake("corrected the weights for every sample, also where it was right",
                perceptron_like(lambda label, score: 2 * label - 1)),
        Mistake("used the rule for labels of -1 and 1: samples with label 0 teach nothing",
                perceptron_like(lambda label, score: label * (label * score <= 0))),
        Mistake("never corrected the bias", perceptron_like(bias_too=False)),
        Mistake("let a sample fire at exactly 0",
                perceptron_like(lambda label, score: label - (score >= 0))),
        Mistake("corrected in the wrong direction", perceptron_like(sign=-1)),
        Mistake("went through the samples once only", perceptron_like(passes=1)),
    ],
)


# logistic_predict_proba


def naive_sigmoid(z):
    return np.exp(z) / (1 + np.exp(z))


def steady_sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


logistic_predict_proba = Check(
    target="nnlib.tensors.logistic_predict_proba",
    reference=lambda tf, x, weights, bias: tf.sigmoid(
        tf.linalg.matvec(tf.cast(x, tf.float64), weights) + bias),
    cases=[
        Case("a batch", {"x": normal(5, 3), "weights": normal(3), "bias": 0.5},
             hint="First the logits `x @ weights + bias`, then the sigmoid of each."),
        Case("one sample", {"x": normal(1, 2), "weights": normal(2), "bias": -1.0},
             hint="A batch of one is still a batch: the shape is (1,)."),
        Case("as many features as samples",
             {"x": normal(3, 3), "weights": normal(3), "bias": 2.0},
             hint="Rows are samples: no transpose is needed."),
        Case("large logits",
             {"x": np.array([[1000.0, 0.0], [-1000.0, 1.0], [0.0, 2.0], [3e4, 0.0], [-3e4, 0.0]]),
              "weights": np.array([1.0, 0.5]), "bias": 0.25},
             hint="exp(z) / (1 + exp(z)) is inf / inf for large z; 1 / (1 + exp(-z)) is not."),
        Case("integers", {"x": integers(4, 2, low=-2, high=3), "weights": normal(2), "bias": 0.5},
             hint="Let NumPy choose the dtype of the result: it is not that of `x`."),
        *habits(x=normal(4, 3), weights=normal(3), bias=0.5),
    ],
    mistakes=[
        Mistake("computed exp(z) / (1 + exp(z)): nan for large logits",
                lambda x, weights, bias: naive_sigmoid(x @ weights + bias)),
        Mistake("left out the bias", lambda x, weights, bias: steady_sigmoid(x @ weights)),
        Mistake("subtracted the bias, as if it were a threshold",
                lambda x, weights, bias: steady_sigmoid(x @ weights - bias)),
        Mistake("returned the probability of class 0: the sign in the exponent",
                lambda x, weights, bias: steady_sigmoid(-(x @ weights + bias))),
        Mistake("returned the class, not its probability",
                lambda x, weights, bias: 1.0 * (x @ weights + bias > 0)),
        Mistake("returned the logits", lambda x, weights, bias: x @ weights + bias),
        Mistake("transposed `x`: its rows are samples",
                lambda x, weights, bias: steady_sigmoid(x.T @ weights + bias)),
        Mistake("took the softmax over the samples",
                lambda x, weights, bias: np.exp(x @ weights) / np.exp(x @ weights).sum()),
    ],
)


# logistic_grad


def gradient_of_cross_entropy(tf, x, y, weights, bias):
    weights, bias = tf.constant(weights), tf.constant(bias, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch((weights, bias))
        logits = tf.linalg.matvec(x, weights) + bias
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.cast(y, tf.float64), logits=logits))
    return tape.gradient(loss, (weights, bias))


def grad_like(error=lambda p, y: (p - y) / len(y), sigmoid=steady_sigmoid, bias_grad=np.sum,
              product=lambda x, error: x.T @ error):
    """Return a `logistic_grad` that differs in what is given."""

    def logistic_grad(x, y, weights, bias):
        p = sigmoid(x @ weights + bias)
        e = error(p, y)
        return product(x, e), bias_grad(e)

    return logistic_grad


logistic_grad = Check(
    target="nnlib.tensors.logistic_grad",
    returns=("dweights", "dbias"),
    reference=gradient_of_cross_entropy,
    cases=[
        Case("a batch", {"x": normal(6, 3), "y": integers(6, high=2), "weights": normal(3),
                         "bias": 0.5},
             hint="Each sample sends back (p - y) / N, where p is its probability."),
        Case("one sample", {"x": normal(1, 2), "y": np.array([1.0]), "weights": normal(2),
                            "bias": -0.5},
             hint="The mean over one sample is the sample."),
        Case("as many features as samples",
             {"x": normal(3, 3), "y": np.array([1.0, 0.0, 1.0]), "weights": normal(3),
              "bias": 0.0},
             hint="X^T (p - y) sums over the samples; `x @ (p - y)` sums over the features."),
        Case("targets between 0 and 1",
             {"x": normal(5, 2), "y": uniform(5), "weights": normal(2), "bias": 1.0},
             hint="Use `y` as it is, without asking whether it is 1."),
        Case("sure, right and wrong",
             {"x": np.array([[1000.0, 1.0], [1000.0, 0.0], [-3e4, 2.0], [0.0, -1.0]]),
              "y": np.array([1.0, 0.0, 1.0, 0.0]), "weights": np.array([1.0, 0.5]), "bias": 0.25},
             hint="Use your `logistic_predict_proba`: it does not overflow."),
        *habits(x=normal(4, 2), y=uniform(4), weights=normal(2), bias=0.5),
    ],
    mistakes=[
        Mistake("summed over the samples instead of taking the mean",
                grad_like(lambda p, y: p - y)),
        Mistake("took y - p: the gradient points downhill",
                grad_like(lambda p, y: (y - p) / len(y))),
        Mistake("used the gradient of the squared error, with p (1 - p) in it",
                grad_like(lambda p, y: 2 * (p - y) * p * (1 - p) / len(y))),
        Mistake("took the predicted class instead of its probability",
                grad_like(sigmoid=lambda z: 1.0 * (z > 0))),
        Mistake("computed exp(z) / (1 + exp(z)): nan for large logits",
                grad_like(sigmoid=naive_sigmoid)),
        Mistake("asked whether the target is 1 instead of using it",
                grad_like(lambda p, y: (p - (y == 1)) / len(y))),
        Mistake("summed over the features instead of the samples",
                grad_like(product=lambda x, error: x @ error)),
        Mistake("returned the bias's gradient for every sample",
                grad_like(bias_grad=lambda error: error)),
        Mistake("divided the bias's gradient by N twice", grad_like(bias_grad=np.mean)),
    ],
)


# Questions that a person marks.

rank_three_and_four = Written(
    name="rank_three_and_four",
    rubric=[
        (1, "Names data that make a tensor of rank 3, such as a batch of sequences or a colour "
            "image."),
        (1, "Says what each of its three axes counts, in an order that fits the course: "
            "samples first, features or channels last."),
        (1, "Names data that make a tensor of rank 4, such as a batch of colour images, with a "
            "possible shape."),
        (1, "Keeps rank (how many axes there are) apart from size (how long an axis is): a colour "
            "has 3 channels, but that does not make the rank 3."),
    ],
    answer=(
        "Rank 3: a batch of sequences, (samples, time steps, features), for example 100 patients "
        "measured every hour for a day, heart rate and temperature: (100, 24, 2). "
        "A single colour image has rank 3 too: (height, width, channels), for example "
        "(28, 28, 3). Rank 4: a batch of colour images, (samples, height, width, channels), for "
        "example (32, 28, 28, 3). The rank is the number of axes, so the 32 images form a tensor "
        "of rank 4 whether there are 32 of them or one."
    ),
)

standardise_before_splitting = Written(
    name="standardise_before_splitting",
    rubric=[
        (1, "Says what leaks: mean and standard deviation were computed with the validation "
            "samples too, so the training data carry information about them."),
        (1, "Says what follows: the weights were not fitted to the validation samples, but the "
            "score no longer tells how the model does on data it has never met, and tends to "
            "look too good."),
        (1, "Gives the right order: split first, `fit` with the training part only, `transform` "
            "both parts."),
    ],
    answer=(
        "Mean and standard deviation of all samples contain the validation samples. After "
        "standardising with them, every training sample depends a little on data that were to be "
        "kept unseen: they have leaked. The score still tells how the weights do on samples they "
        "were not fitted to, but not how the model does on data it has never met; it tends to "
        "look too good, most of all with few samples or with outliers in the validation part. So "
        "split first, call `fit` with the training part only, and `transform` both parts. New "
        "data, later, are transformed with the same remembered numbers: they are not known in "
        "advance."
    ),
)
