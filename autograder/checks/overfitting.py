"""What is asked against overfitting: the same scenarios run through Keras's own classes.

Random pieces are judged by what must hold for any draw: limits, spread, independence, and that
every number comes from the generator that was handed over.
"""

import sys

import numpy as np

from autograder.cases import Case, Check, Mistake, Written, habits, integers, normal, untouched

# ---- an honest split


def deal(target, x, y, seed=0, refused=False, **options):
    if refused:
        try:
            target(x, y, rng=np.random.default_rng(seed), **options)
        except ValueError:
            return {"samples": float(len(x)), "raises ValueError (1 is yes)": 1.0}
        return {"samples": float(len(x)), "raises ValueError (1 is yes)": 0.0}
    parts = target(x, y, rng=np.random.default_rng(seed), **options)
    again = target(x, y, rng=np.random.default_rng(seed), **options)
    other = target(x, y, rng=np.random.default_rng(seed + 1), **options)
    samples, others = (np.concatenate([part[0].reshape(len(part[0]), -1)[:, 0] for part in some])
                       for some in (parts, other))
    targets, order = np.concatenate([part[1] for part in parts]), np.argsort(samples)
    found = {
        "samples in each part": np.array([len(part[0]) for part in parts]),
        "all samples, sorted": samples[order],
        "the targets that came with them": targets[order],
        "in a new order (1 is yes)": float(
            not np.array_equal(samples, x.reshape(len(x), -1)[:, 0])),
        "the same generator, the same parts (1 is yes)": float(all(
            np.array_equal(a[0], b[0]) for a, b in zip(parts, again, strict=True))),
        "another generator, other parts (1 is yes)": float(not np.array_equal(samples, others)),
    }
    if options.get("stratify"):
        found["samples of each class, part by part"] = np.array(
            [[np.sum(part[1] == label) for label in np.unique(y)] for part in parts])
        found["classes are mixed (1 is yes)"] = float(np.any(np.diff(parts[0][1]) < 0))
    return found


def dealt(tf, x, y, **options):
    def split(x, y, rng, fractions=(0.6, 0.2, 0.2), stratify=False):
        if abs(sum(fractions) - 1) > 1e-9 or len(x) != len(y):
            raise ValueError("refused")
        parts, shuffle = [[], [], []], tf.random.experimental.stateless_shuffle
        for label in tf.unique(y)[0] if stratify else [None]:
            rows = tf.where(y == label)[:, 0] if stratify else tf.range(len(y), dtype=tf.int64)
            rows = shuffle(rows, (int(rng.integers(2**31)), 0))
            first, second = (round(len(rows) * share)
                             for share in (fractions[0], fractions[0] + fractions[1]))
            sizes = [first, second - first, len(rows) - second]
            for part, piece in zip(parts, tf.split(rows, sizes), strict=True):
                part.append(piece)
        rows = [shuffle(tf.concat(part, 0), (int(rng.integers(2**31)), 1)) for part in parts]
        return [(tf.gather(x, some).numpy(), tf.gather(y, some).numpy()) for some in rows]

    return deal(split, x.numpy(), y.numpy(), **options)


def split(order=lambda n, rng: rng.permutation(n), order_y=None, whole=np.rint, overlap=0,
          strata=True, mix=True, cut=lambda f: np.cumsum(f)[:-1], look=True):
    """Return a split that differs in what is given."""

    def wrong(x, y, fractions=(0.6, 0.2, 0.2), rng=None, stratify=False):
        if look and (abs(sum(fractions) - 1) > 1e-9 or len(x) != len(y)):
            raise ValueError("refused")
        groups = [np.flatnonzero(y == label) for label in np.unique(y)] if stratify and strata \
            else [np.arange(len(x))]
        parts = [[], [], []]
        for group in groups:
            cuts = whole(cut(fractions) * len(group)).astype(int)
            rows = group[order(len(group), rng)]
            for part, some in zip(parts, np.split(rows, cuts), strict=True):
                part.append(np.concatenate([some, rows[:overlap]]))
        parts = [np.concatenate(part) for part in parts]
        parts = [rng.permutation(part) for part in parts] if mix and order_y is None else parts
        return [(x[rows], y[order_y(rows, rng) if order_y else rows]) for rows in parts]

    return wrong


TWENTY = {"x": normal(20, 2), "y": normal(20)}
CLASSES = {"x": normal(50, 2), "y": np.repeat([0, 1, 2], [30, 15, 5]), "stratify": True}
train_val_test_split = Check(
    target="nnlib.regularization.train_val_test_split",
    reference=dealt,
    attempt=deal,
    cases=[
        Case("twenty samples", TWENTY, points=2,
             hint="Draw one order of the rows, cut it in three with np.split, and use each part "
                  "for `x` and for `y`."),
        Case("pictures, other fractions", {"x": normal(40, 2, 3), "y": integers(40, high=10),
                                           "fractions": (0.5, 0.25, 0.25), "seed": 3},
             hint="Rows are picked by `x[rows]`, whatever shape a sample has."),
        Case("eleven samples", {"x": normal(11, 2), "y": normal(11)},
             hint="Cut after 6.6 and after 8.8 samples, that is after 7 and 9: np.rint, then "
                  "`astype(int)`."),
        Case("seven tenths, two, and one", {"x": normal(10, 2), "y": normal(10),
                                            "fractions": (0.7, 0.2, 0.1)}),
        Case("class by class", CLASSES, points=2,
             hint="Deal each class out by itself, then join what each part has got of them."),
        Case("four classes, in turn", {"x": normal(40, 1), "y": np.arange(40) % 4 + 2,
                                       "stratify": True, "seed": 8},
             hint="The classes are `np.unique(y)`; they need not begin with 0."),
        Case("fractions that are 1.1 together", TWENTY | {"fractions": (0.7, 0.2, 0.2),
                                                          "refused": True},
             hint="Raise a ValueError."),
        Case("leaves its arguments alone", CLASSES, untouched=True,
             hint="Shuffle numbers of rows, and not the rows: `x[rows]` is a new array."),
    ],
    mistakes=[
        Mistake("did not shuffle", split(order=lambda n, rng: np.arange(n), mix=False)),
        Mistake("shuffled samples and targets each in an order of their own",
                split(order_y=lambda rows, rng: rng.permutation(rows))),
        Mistake("cut the decimals off instead of rounding", split(whole=np.floor)),
        Mistake("some samples are in several parts", split(overlap=1)),
        Mistake("ignored `stratify`", split(strata=False)),
        Mistake("drew with replacement: some samples come twice, some never",
                split(order=lambda n, rng: rng.integers(n, size=n))),
        Mistake("took the order from another generator than `rng`",
                split(order=lambda n, rng: np.random.permutation(n), mix=False)),
        Mistake("left the classes one after the other", split(mix=False)),
        Mistake("mixed up validation and test", split(cut=lambda f: np.cumsum([f[0], f[2]]))),
        Mistake("took fractions that are more than 1 together", split(look=False)),
    ],
)

# ---- a fair start


def keras_fans(tf, shape):
    module = sys.modules[tf.keras.initializers.VarianceScaling.__module__]
    return module.compute_fans(shape)


fans = Check(
    target="nnlib.initializers.fans",
    reference=keras_fans,
    returns=("fan in", "fan out"),
    cases=[
        Case("a dense kernel", {"shape": (300, 20)}, hint="(inputs, units): as they are."),
        Case("a convolution over pictures", {"shape": (3, 5, 8, 16)}, points=2,
             hint="A unit reads 3 · 5 places with 8 channels each."),
        Case("a convolution over a sequence", {"shape": (7, 4, 2)},
             hint="All sizes but the last two are places: `math.prod(shape[:-2])`."),
        Case("over volumes", {"shape": (2, 3, 4, 5, 6)}),
        Case("a bias", {"shape": (9,)}, hint="With one size, both fans are that size."),
    ],
    mistakes=[
        Mistake("left out the places that a convolution covers", lambda shape: (
            shape[-2] if len(shape) > 1 else shape[0], shape[-1])),
        Mistake("took the first two sizes",
                lambda shape: (shape[0], shape[min(1, len(shape) - 1)])),
        Mistake("counted all but the last size into the fan in, and none of them into the other",
                lambda shape: (int(np.prod(shape[:-1])), shape[-1])),
        Mistake("gave the two in the other order", lambda shape: (
            shape[-1] * int(np.prod(shape[:-2])),
            (shape[-2] if len(shape) > 1 else shape[0]) * int(np.prod(shape[:-2])))),
    ],
)


def draw_numbers(target, shape, seed=1, **options):
    rng = np.random.default_rng(seed)
    numbers, next_ones = target(shape, rng, **options), target(shape, rng, **options)
    again = target(shape, np.random.default_rng(seed), **options)
    spread = np.std(numbers)
    return {
        "shape": np.array(numbers.shape),
        "standard deviation": spread,
        "smallest": numbers.min(),
        "largest": numbers.max(),
        "the mean is about 0 (1 is yes)": float(abs(numbers.mean()) < 0.03 * spread),
        "no two numbers are alike (1 is yes)": float(len(np.unique(numbers)) == numbers.size),
        "float64 (1 is yes)": float(numbers.dtype == np.float64),
        "the same generator, the same numbers (1 is yes)": float(np.array_equal(numbers, again)),
        "the next draw is another one (1 is yes)": float(np.all(numbers != next_ones)),
    }


def keras_numbers(name):
    """Return a reference: what the Keras initializer of this name draws, looked at alike."""

    def reference(tf, shape, **options):
        def draw(shape, rng, **options):
            initializer = getattr(tf.keras.initializers, name)(
                seed=int(rng.integers(2**31)), **options)
            return np.asarray(initializer(shape, dtype="float64"))

        return draw_numbers(draw, shape, **options)

    return reference


def ins(shape):
    return int(np.prod(shape[:-1]))


def outs(shape):
    return int(np.prod(shape[:-2])) * shape[-1]


def spread_of(numbers):
    """Return a wrong initializer that draws ``numbers(rng, shape, fan in, fan out)``."""
    return lambda shape, rng: numbers(rng, shape, ins(shape), outs(shape))


def both_ways(limit):
    return spread_of(lambda rng, shape, n, m: rng.uniform(-limit(n, m), limit(n, m), shape))


STATISTICAL = {"rtol": 0.02, "atol": 1e-6}  # 40,000 numbers: five standard errors and more
KERNELS = [
    Case("a dense kernel", {"shape": (400, 100)}, points=2,
         hint="Hold the spread against the formula, with `fans(shape)`."),
    Case("few inputs, many units", {"shape": (40, 1000), "seed": 2},
         hint="Which of the two fans counts, or both?"),
    Case("a convolution's kernel", {"shape": (3, 5, 16, 180), "seed": 3},
         hint="`fans(shape)` counts the places that the kernel covers."),
    Case("over a sequence", {"shape": (4, 100, 100), "seed": 4}),
]
glorot_uniform = Check(
    target="nnlib.initializers.glorot_uniform",
    reference=keras_numbers("GlorotUniform"),
    attempt=draw_numbers,
    cases=KERNELS,
    mistakes=[
        Mistake("took only the fan in", both_ways(lambda n, m: np.sqrt(6 / n))),
        Mistake("took only the fan out", both_ways(lambda n, m: np.sqrt(6 / m))),
        Mistake("took 3 in place of 6", both_ways(lambda n, m: np.sqrt(3 / (n + m)))),
        Mistake("left the root out", both_ways(lambda n, m: 6 / (n + m))),
        Mistake("drew from 0 upwards", spread_of(
            lambda rng, shape, n, m: rng.uniform(0, np.sqrt(6 / (n + m)), shape))),
        Mistake("drew from a normal distribution", spread_of(
            lambda rng, shape, n, m: rng.normal(0, np.sqrt(2 / (n + m)), shape))),
        Mistake("left out the places that a convolution covers", lambda shape, rng: rng.uniform(
            -np.sqrt(6 / sum(shape[-2:])), np.sqrt(6 / sum(shape[-2:])), shape)),
        Mistake("took a generator of its own instead of `rng`", lambda shape, rng: both_ways(
            lambda n, m: np.sqrt(6 / (n + m)))(shape, np.random.default_rng(0))),
        Mistake("drew one row for all inputs", spread_of(lambda rng, shape, n, m: np.zeros(shape)
                + rng.uniform(-np.sqrt(6 / (n + m)), np.sqrt(6 / (n + m)), shape[-1]))),
    ],
    **STATISTICAL,
)


def tails(shape, rng, stddev):
    """Return a normal distribution without what is beyond two standard deviations."""
    numbers = rng.standard_normal(shape)
    while np.any(far := np.abs(numbers) > 2):
        numbers[far] = rng.standard_normal(far.sum())
    return stddev * numbers


truncated_normal = Check(
    target="nnlib.initializers.truncated_normal",
    reference=keras_numbers("TruncatedNormal"),
    attempt=draw_numbers,
    cases=[
        Case("by default", {"shape": (400, 100)}, points=2,
             hint="Draw anew what is too far out, until nothing is."),
        Case("one axis, wide", {"shape": (40000,), "stddev": 3.0, "seed": 2},
             hint="The limit is two `stddev`: draw with 1, cut at 2, multiply at the end."),
        Case("a convolution's kernel, narrow", {"shape": (3, 5, 16, 180), "stddev": 0.001,
                                                "seed": 3}),
    ],
    mistakes=[
        Mistake("did not cut the tails off", lambda shape, rng, stddev=0.05:
                rng.normal(0, stddev, shape)),
        Mistake("moved what is far out to the limit instead of drawing anew",
                lambda shape, rng, stddev=0.05: np.clip(rng.normal(0, stddev, shape),
                                                        -2 * stddev, 2 * stddev)),
        Mistake("drew once more and did not look again",
                lambda shape, rng, stddev=0.05: stddev * np.where(
                    np.abs(z := rng.standard_normal(shape)) > 2, rng.standard_normal(shape), z)),
        Mistake("cut at one standard deviation", lambda shape, rng, stddev=0.05:
                stddev / 2 * tails(shape, rng, 1.0)),
        Mistake("cut one side only", lambda shape, rng, stddev=0.05: stddev * np.where(
            (z := rng.standard_normal(shape)) > 2, tails(shape, rng, 1.0), z)),
        Mistake("made up for the spread that the cut takes, which is not asked here",
                lambda shape, rng, stddev=0.05: tails(shape, rng, stddev / 0.87962566103423978)),
        Mistake("ignored `stddev`", lambda shape, rng, stddev=0.05: tails(shape, rng, 0.05)),
        Mistake("put zeros where it was too far out", lambda shape, rng, stddev=0.05:
                stddev * np.where(np.abs(z := rng.standard_normal(shape)) > 2, 0.0, z)),
    ],
    **STATISTICAL,
)

SHRINK = 0.87962566103423978
he_normal = Check(
    target="nnlib.initializers.he_normal",
    reference=keras_numbers("HeNormal"),
    attempt=draw_numbers,
    cases=KERNELS,
    mistakes=[
        Mistake("did not cut the tails off", spread_of(
            lambda rng, shape, n, m: rng.normal(0, np.sqrt(2 / n), shape))),
        Mistake("did not make up for the spread that the cut takes", spread_of(
            lambda rng, shape, n, m: tails(shape, rng, np.sqrt(2 / n)))),
        Mistake("took the variance for the standard deviation", spread_of(
            lambda rng, shape, n, m: tails(shape, rng, 2 / n / SHRINK))),
        Mistake("took the fan out", spread_of(
            lambda rng, shape, n, m: tails(shape, rng, np.sqrt(2 / m) / SHRINK))),
        Mistake("took both fans, as Glorot", spread_of(
            lambda rng, shape, n, m: tails(shape, rng, np.sqrt(2 / (n + m)) / SHRINK))),
        Mistake("took 1 in place of 2, as LeCun", spread_of(
            lambda rng, shape, n, m: tails(shape, rng, np.sqrt(1 / n) / SHRINK))),
        Mistake("left out the places that a convolution covers", lambda shape, rng: tails(
            shape, rng, np.sqrt(2 / shape[-2]) / SHRINK)),
        Mistake("drew uniformly", both_ways(lambda n, m: np.sqrt(6 / n))),
    ],
    **STATISTICAL,
)


def turn(target, shape, seed=1, **options):
    rng = np.random.default_rng(seed)
    w, next_one = target(shape, rng, **options), target(shape, rng, **options)
    again = target(shape, np.random.default_rng(seed), **options)
    matrix = np.reshape(w, (int(np.prod(shape[:-1])), shape[-1]))
    matrix = matrix if len(matrix) >= shape[-1] else matrix.T
    return {"shape": np.array(np.shape(w)),
            "products of the columns (of the rows, if these are fewer)": matrix.T @ matrix,
            "no two numbers are alike (1 is yes)": float(len(np.unique(w)) == np.size(w)),
            "the same generator, the same matrix (1 is yes)": float(np.array_equal(w, again)),
            "the next draw is another one (1 is yes)": float(not np.allclose(w, next_one))}


def turned(tf, shape, **options):
    def draw(shape, rng, gain=1.0):
        initializer = tf.keras.initializers.Orthogonal(gain, seed=int(rng.integers(2**31)))
        return np.asarray(initializer(shape, dtype="float64"))

    return turn(draw, shape, **options)


def turning(change=lambda q, r: q, drawn=None, flat=ins, scale=lambda gain: gain):
    def wrong(shape, rng, gain=1.0):
        rows = flat(shape)
        a = (drawn or np.random.Generator.standard_normal)(
            rng, (rows, int(np.prod(shape)) // rows))
        q, r = np.linalg.qr(a if a.shape[0] >= a.shape[1] else a.T)
        q = change(q, r)
        return scale(gain) * (q if a.shape[0] >= a.shape[1] else q.T).reshape(shape)

    return wrong


orthogonal = Check(
    target="nnlib.initializers.orthogonal",
    reference=turned,
    attempt=turn,
    cases=[
        Case("a square matrix", {"shape": (4, 4)}, hint="The Q of np.linalg.qr of normal numbers."),
        Case("more rows than columns", {"shape": (6, 3), "seed": 2},
             hint="The columns are at right angles, and of length 1."),
        Case("more columns than rows", {"shape": (2, 5), "seed": 3}, points=2,
             hint="Draw and decompose it transposed, then turn it back."),
        Case("a convolution's kernel", {"shape": (3, 2, 2, 4), "seed": 4}, points=2,
             hint="All sizes but the last are rows: 12 rows and 4 columns here."),
        Case("a gain", {"shape": (5, 3), "gain": 2.5, "seed": 5},
             hint="Multiply by `gain` at the end."),
    ],
    mistakes=[
        Mistake("gave the columns length 1, but no right angles", turning(
            change=lambda q, r: (q @ r) / np.linalg.norm(q @ r, axis=0))),
        Mistake("returned the normal numbers as they are", turning(change=lambda q, r: q @ r)),
        Mistake("ignored the gain", turning(scale=lambda gain: 1.0)),
        Mistake("took the root of the gain", turning(scale=np.sqrt)),
        Mistake("took the first size for the rows", turning(flat=lambda shape: shape[0])),
        Mistake("returned the identity, which is orthogonal but not random", turning(
            change=lambda q, r: np.eye(*q.shape))),
        Mistake("took a generator of its own instead of `rng`", turning(
            drawn=lambda rng, size: np.random.default_rng(0).standard_normal(size))),
        Mistake("did not turn a wide matrix back", lambda shape, rng, gain=1.0: gain * np.linalg.qr(
            rng.standard_normal(sorted((ins(shape), shape[-1]), reverse=True)))[0]),
    ],
)

# ---- a price for weights


def ask_price(target, w, l1=0.0, l2=0.0):
    price = target(l1=l1, l2=l2)
    return {"price": np.asarray(price(w), w.dtype), "gradient": price.gradient(w)}


def keras_price(tf, w, l1=0.0, l2=0.0):
    with tf.GradientTape() as tape:
        tape.watch(w)
        price = tf.keras.regularizers.L1L2(l1, l2)(w)
    return {"price": price, "gradient": tape.gradient(price, w)}


def price(sizes=lambda w: np.abs(w).sum(), squares=lambda w: (w**2).sum(), signs=np.sign,
          slope=lambda w: 2 * w):
    """Return a class like `L1L2` with other parts; a string of two letters swaps the factors."""

    class Wrong:
        def __init__(self, l1=0.0, l2=0.0):
            self.l1, self.l2 = l1, l2

        def __call__(self, w):
            return self.l1 * sizes(w) + self.l2 * squares(w)

        def gradient(self, w):
            return self.l1 * signs(w) + self.l2 * slope(w)

    return Wrong


TEXTBOOK = np.array([[1.0, -2.0], [3.0, 0.0]])
L1L2 = Check(
    target="nnlib.regularization.L1L2",
    reference=keras_price,
    attempt=ask_price,
    cases=[
        Case("by hand", {"w": TEXTBOOK, "l1": 0.01, "l2": 0.1}, points=2,
             hint="0.01 · (1 + 2 + 3) + 0.1 · (1 + 4 + 9)."),
        Case("sizes only", {"w": normal(5, 3), "l1": 0.3},
             hint="The slope of |w| is 1 above zero and -1 below: np.sign."),
        Case("squares only", {"w": normal(5, 3), "l2": 0.3}, hint="The slope of w² is 2 w."),
        Case("a convolution's kernel", {"w": normal(3, 2, 2, 4), "l1": 0.02, "l2": 0.5},
             hint="The sum is over all axes; the gradient has the shape of `w`."),
        Case("one weight", {"w": normal(1), "l1": 2.0, "l2": 3.0}),
        *habits(w=normal(3, 2), l1=0.1, l2=0.2),
    ],
    mistakes=[
        Mistake("left out the absolute value", price(sizes=np.sum)),
        Mistake("took the mean of the sizes instead of the sum",
                price(sizes=lambda w: np.abs(w).mean())),
        Mistake("took the mean of the squares instead of the sum",
                price(squares=lambda w: (w**2).mean())),
        Mistake("halved the squares, as in weight decay",
                price(squares=lambda w: (w**2).sum() / 2, slope=lambda w: w)),
        Mistake("squared the sum instead of adding up squares",
                price(squares=lambda w: w.sum() ** 2)),
        Mistake("took the root of the sum of squares", price(squares=np.linalg.norm)),
        Mistake("left the 2 out of the gradient", price(slope=lambda w: w)),
        Mistake("gave |w| a slope at 0", price(signs=lambda w: np.where(w > 0, 1, -1))),
        Mistake("averaged the gradient over the weights",
                price(signs=lambda w: np.sign(w) / w.size, slope=lambda w: 2 * w / w.size)),
        Mistake("returned the sizes as their slope", price(signs=np.abs)),
    ],
)


def textbook(**options):
    """Return the cases of a price in the form of statistics books."""
    return [
        Case("by hand", {"w": TEXTBOOK, "alpha": 0.1, **options}, points=2,
             hint="n is 4 here: the number of weights, `w.size`, zeros included."),
        Case("another kernel", {"w": normal(5, 3), "alpha": 0.7, **options}),
        Case("a convolution's kernel", {"w": normal(3, 2, 2, 4), "alpha": 2.0, **options},
             hint="n counts over all axes."),
        untouched(w=normal(3, 2), alpha=0.4, **options),
    ]


lasso = Check(
    target="nnlib.regularization.lasso",
    reference=lambda tf, w, alpha: tf.keras.regularizers.L1(1.0)(w) * alpha / w.numpy().size,
    cases=textbook(),
    mistakes=[
        Mistake("did not divide by n", lambda w, alpha: alpha * np.abs(w).sum()),
        Mistake("divided by 2 n", lambda w, alpha: alpha * np.abs(w).mean() / 2),
        Mistake("left out the absolute value", lambda w, alpha: alpha * w.mean()),
        Mistake("divided by the number of rows",
                lambda w, alpha: alpha * np.abs(w).sum() / len(w)),
        Mistake("took the absolute value of the mean", lambda w, alpha: alpha * abs(w.mean())),
    ],
)

ridge = Check(
    target="nnlib.regularization.ridge",
    reference=lambda tf, w, alpha: tf.keras.regularizers.L2(1.0)(w) * alpha / (2 * w.numpy().size),
    cases=textbook(),
    mistakes=[
        Mistake("did not divide by n", lambda w, alpha: alpha * (w**2).sum() / 2),
        Mistake("left out the half", lambda w, alpha: alpha * (w**2).mean()),
        Mistake("divided by the number of rows",
                lambda w, alpha: alpha * (w**2).sum() / (2 * len(w))),
        Mistake("squared the sum", lambda w, alpha: alpha * w.sum() ** 2 / (2 * w.size)),
        Mistake("took the root", lambda w, alpha: alpha * np.sqrt((w**2).sum()) / (2 * w.size)),
    ],
)


def keras_elastic(tf, w, alpha, r):
    n = w.numpy().size
    return tf.keras.regularizers.L1L2(alpha * r / n, alpha * (1 - r) / (2 * n))(w)


def mixed(first, second):
    return lambda w, alpha, r: (alpha * np.abs(w).mean() * first(r)
                                + alpha * (w**2).mean() / 2 * second(r))


elastic = Check(
    target="nnlib.regularization.elastic",
    reference=keras_elastic,
    cases=[
        *textbook(r=0.3),
        Case("nothing but sizes", {"w": normal(4, 2), "alpha": 0.5, "r": 1.0}),
        Case("nothing but squares", {"w": normal(4, 2), "alpha": 0.5, "r": 0.0},
             hint="The share r belongs to `lasso`, 1 - r to `ridge`."),
    ],
    mistakes=[
        Mistake("gave r to the squares", mixed(lambda r: 1 - r, lambda r: r)),
        Mistake("added the two up in full", mixed(lambda r: 1, lambda r: 1)),
        Mistake("gave the share r to both", mixed(lambda r: r, lambda r: r)),
        Mistake("left the half out of the squares", mixed(lambda r: r, lambda r: 2 * (1 - r))),
        Mistake("did not divide by n",
                lambda w, alpha, r: w.size * mixed(lambda r: r, lambda r: 1 - r)(w, alpha, r)),
    ],
)


def solved(tf, alpha, r, n):
    """Find the factors that two kernels ask for: two equations of Keras's own prices."""
    kernels = [tf.cast(tf.linspace(-low, 2.0, n), tf.float64) for low in (1.0, 3.0)]
    one, two = tf.keras.regularizers.L1(1.0), tf.keras.regularizers.L2(1.0)
    left = tf.stack([tf.stack([one(w), two(w)]) for w in kernels])
    right = tf.stack([keras_elastic(tf, w, alpha, r) for w in kernels])
    return tuple(tf.linalg.solve(left, right[:, None])[:, 0])


elastic_to_l1l2 = Check(
    target="nnlib.regularization.elastic_to_l1l2",
    reference=solved,
    returns=("l1", "l2"),
    cases=[
        Case("four weights", {"alpha": 0.1, "r": 0.3, "n": 4}, points=2,
             hint="Write `elastic` with sums: what stands before Σ|w|, and what before Σw²?"),
        Case("a dense kernel", {"alpha": 2.0, "r": 0.75, "n": 784}),
        Case("more squares than sizes", {"alpha": 5.0, "r": 0.1, "n": 30}),
    ],
    mistakes=[
        Mistake("left the 2 out", lambda alpha, r, n: (alpha * r / n, alpha * (1 - r) / n)),
        Mistake("gave the two in the other order",
                lambda alpha, r, n: (alpha * (1 - r) / (2 * n), alpha * r / n)),
        Mistake("gave r to the squares",
                lambda alpha, r, n: (alpha * (1 - r) / n, alpha * r / (2 * n))),
        Mistake("multiplied by n instead of dividing",
                lambda alpha, r, n: (alpha * r * n, alpha * (1 - r) * n / 2)),
        Mistake("did not divide by n", lambda alpha, r, n: (alpha * r, alpha * (1 - r) / 2)),
    ],
)

# ---- dropout


def drop(target, rate, x=None, dy=None, rows=0, seed=3):
    if rows:  # many numbers, none of them zero
        x = 1.0 + np.arange(rows * 120).reshape(rows, 120) % 7
        dy = 2.0 + np.arange(rows * 120).reshape(rows, 120) % 5

    layer = target(rate, rng=np.random.default_rng(seed))
    y = layer.forward(x, training=True)
    dx = layer.backward(dy)
    second = layer.forward(x, training=True)
    again = target(rate, rng=np.random.default_rng(seed)).forward(x, training=True)
    quiet = layer.forward(x)
    kept = y != 0
    factors, back = (y / x)[kept], (dx / dy)[kept]
    found = {
        "what is kept is multiplied by, at least": factors.min() if kept.any() else 0.0,
        "and at most": factors.max() if kept.any() else 0.0,
        "its gradient by, at least": back.min() if kept.any() else 0.0,
        "its gradient by, at most": back.max() if kept.any() else 0.0,
        "gradient of what is dropped": np.abs(dx[~kept]).sum(),
        "the same generator, the same numbers (1 is yes)": float(np.array_equal(y, again)),
        "after training": quiet if not rows else quiet[:2, :3],
        "gradient after training": layer.backward(dy) if not rows else layer.backward(dy)[:2, :3],
    }
    if rows:
        found["about the right share is dropped (1 is yes)"] = float(
            abs(np.mean(~kept) - rate) < 0.02)
        found["every sample loses others (1 is yes)"] = float(np.any(kept != kept[:1]))
        found["every feature is lost by others (1 is yes)"] = float(np.any(kept != kept[:, :1]))
        found["the next batch loses others (1 is yes)"] = float(np.any(kept != (second != 0)))
    return {key: np.asarray(value, x.dtype) for key, value in found.items()}


def keras_layer(tf, make):
    """Return a class that runs a Keras layer as `nnlib` runs its own: forward and backward."""

    class Layer:
        trained, kept = ("gamma", "beta"), ("moving_mean", "moving_variance")

        def __init__(self, *args, rng=None, **options):
            seed = {} if rng is None else {"seed": int(rng.integers(2**31))}
            self.layer = make(*args, dtype="float64", **options, **seed)
            self.params, self.state, self.grads = {}, {}, {}

        def build(self, shape, rng):
            self.layer.build(shape)
            self.read()

        def read(self):
            for names, home in ((self.trained, self.params), (self.kept, self.state)):
                home.update({name: np.array(getattr(self.layer, name)) for name in names
                             if hasattr(self.layer, name)})

        def forward(self, x, training=False):
            for name, value in (self.params | self.state).items():
                getattr(self.layer, name).assign(value)
            self.x = tf.constant(x)
            with tf.GradientTape() as self.tape:
                self.tape.watch(self.x)
                self.y = self.layer(self.x, training=training)
            self.read()
            return self.y.numpy()

        def backward(self, dy):
            wanted = [self.x, *self.layer.trainable_weights]
            found = self.tape.gradient(self.y, wanted, tf.constant(dy),
                                       unconnected_gradients="zero")  # everything dropped
            self.grads = dict(zip(self.params, found[1:], strict=True))
            return found[0].numpy()

    return Layer


def given(value):
    return value.numpy() if hasattr(value, "numpy") else value


def through_keras(scenario, name):
    """Return a reference: the scenario with the Keras layer of this name."""

    def reference(tf, **inputs):
        return scenario(keras_layer(tf, getattr(tf.keras.layers, name)),
                        **{key: given(value) for key, value in inputs.items()})

    return reference


def dropout(rate_of=lambda rate: rate, scale=lambda rate: 1 / (1 - rate) if rate < 1 else 0.0,
            mask=lambda shape: shape, after=lambda x, rate, keep: x, back=None, fresh=False,
            in_place=False, own=False):
    """Return a dropout layer that differs in what is given."""

    class Wrong:
        def __init__(self, rate, rng=None):
            self.rate, self.rng = rate_of(rate), np.random.default_rng() if own else rng

        def draw(self, x):
            kept = self.rng.random(mask(x.shape)) >= self.rate
            return np.broadcast_to(kept, x.shape) * np.asarray(scale(self.rate), x.dtype)

        def forward(self, x, training=False):
            self.mask = None
            if not training:
                return after(x, self.rate, self.rng.random(x.shape) >= self.rate)
            self.mask = self.draw(x)
            if in_place:
                x *= self.mask
                return x
            return x * self.mask

        def backward(self, dy):
            if self.mask is None:
                return dy
            return dy * (self.draw(dy) if fresh else back(self.mask) if back else self.mask)

    return Wrong


SMALL = {"x": normal(4, 5), "dy": normal(4, 5)}
Dropout = Check(
    target="nnlib.regularization.Dropout",
    reference=through_keras(drop, "Dropout"),
    attempt=drop,
    cases=[
        Case("half of 24,000", {"rate": 0.5, "rows": 200}, points=2,
             hint="One random number for each number of x: `self.rng.random(x.shape)`."),
        Case("a quarter of them", {"rate": 0.25, "rows": 200, "seed": 4}, points=2,
             hint="`rate` is the probability to be dropped, and what is kept is divided by "
                  "1 - rate."),
        Case("a small batch", {"rate": 0.4, **SMALL},
             hint="Backward uses the numbers that forward drew: remember them."),
        Case("pictures", {"rate": 0.3, "x": normal(3, 2, 2, 3), "dy": normal(3, 2, 2, 3)}),
        Case("one sample", {"rate": 0.6, "x": normal(1, 40), "dy": normal(1, 40)}),
        Case("nothing is dropped", {"rate": 0.0, **SMALL}),
        Case("everything is dropped", {"rate": 1.0, **SMALL},
             hint="1 / (1 - rate) is no number here: return zeros."),
        Case("float32 stays float32", {"rate": 0.5, **SMALL}, dtype="float32",
             hint="Keep the scale a plain Python float, and make no float64 arrays."),
        untouched(rate=0.5, **SMALL),
    ],
    mistakes=[
        Mistake("did not scale what is kept", dropout(scale=lambda rate: 1.0)),
        Mistake("scaled after training instead of while training", dropout(
            scale=lambda rate: 1.0, after=lambda x, rate, keep: x * (1 - rate))),
        Mistake("dropped after training too", dropout(
            after=lambda x, rate, keep: x * keep / max(1 - rate, 1e-9))),
        Mistake("took `rate` for the probability to be kept", dropout(
            rate_of=lambda rate: 1 - rate)),
        Mistake("dropped the same features of every sample", dropout(
            mask=lambda shape: shape[1:])),
        Mistake("dropped whole samples", dropout(
            mask=lambda shape: (len(shape) > 0 and shape[0], *[1] * (len(shape) - 1)))),
        Mistake("drew anew in backward", dropout(fresh=True)),
        Mistake("passed all gradients on", dropout(back=np.ones_like)),
        Mistake("did not scale the gradient", dropout(back=lambda mask: 1.0 * (mask > 0))),
        Mistake("divided by zero where everything is dropped", dropout(
            scale=lambda rate: np.divide(1.0, 1.0 - rate))),
        Mistake("scaled by 1 / rate", dropout(scale=lambda rate: 1 / rate if rate else 1.0)),
        Mistake("changed the batch in place", dropout(in_place=True)),
        Mistake("took a generator of its own instead of `self.rng`", dropout(own=True)),
    ],
)

# ---- normalization


def normalize(target, x, dy, gamma, beta, batches=1, training=True, **options):
    layer = target(**options)
    layer.build(x.shape, np.random.default_rng(0))
    layer.params = {"gamma": gamma, "beta": beta}
    layer.state = {name: value.astype(x.dtype) for name, value in layer.state.items()}
    for number in range(batches):
        y = layer.forward(x * (1 + number) + number, training=True)
        dx = layer.backward(dy)
    if not training:
        y = layer.forward(x, training=False)
        dx = layer.backward(dy)
    return {"y": y, "dx": dx, "gradient of gamma": layer.grads["gamma"],
            "gradient of beta": layer.grads["beta"],
            "moving mean": layer.state["moving_mean"],
            "moving variance": layer.state["moving_variance"]}


def batch_norm(momentum=0.99, epsilon=1e-3, fixed=None, ddof=0, moving_ddof=0, axes=None, start=1.0,
               root=lambda variance, epsilon: np.sqrt(variance + epsilon), turned=False,
               quiet=False, restless=False, dx=None, dgamma=None, mean_of=False):
    """Return a batch normalization that differs in what is given."""

    class Wrong:
        def __init__(self, **options):
            chosen = {"momentum": momentum, "epsilon": epsilon} | options | (fixed or {})
            self.momentum, self.epsilon = chosen["momentum"], chosen["epsilon"]
            self.grads = {}

        def build(self, shape, rng):
            self.state = {"moving_mean": np.zeros(shape[-1]),
                          "moving_variance": np.full(shape[-1], start)}

        def forward(self, x, training=False):
            self.axes = axes or tuple(range(x.ndim - 1))
            old, m = self.state, 1 - self.momentum if turned else self.momentum
            mean, variance = x.mean(axis=self.axes), x.var(axis=self.axes, ddof=ddof)
            if training or restless:
                moving = x.var(axis=self.axes, ddof=moving_ddof)
                self.state = {"moving_mean": m * old["moving_mean"] + (1 - m) * mean,
                              "moving_variance": m * old["moving_variance"] + (1 - m) * moving}
            if not training and not quiet:
                mean, variance = old["moving_mean"], old["moving_variance"]
            self.training, self.x, self.root = training, x, root(variance, self.epsilon)
            self.z = (x - mean) / self.root
            return self.params["gamma"] * self.z + self.params["beta"]

        def backward(self, dy):
            a, gamma, z = self.axes, self.params["gamma"], self.z
            total = np.mean if mean_of else np.sum
            self.grads = {"gamma": total(dy * (self.x if dgamma else z), axis=a),
                          "beta": total(dy, axis=a)}
            right = dy - dy.mean(axis=a) - z * (dy * z).mean(axis=a) if self.training else dy
            return dx(dy, right, z, gamma, self.root, a) if dx else right * gamma / self.root

    return Wrong


def layer_inputs(*shape):
    return {"x": normal(*shape) * 2 + 1, "dy": normal(*shape), "gamma": normal(shape[-1]),
            "beta": normal(shape[-1])}


BATCH = layer_inputs(5, 3)
BatchNormalization = Check(
    target="nnlib.regularization.BatchNormalization",
    reference=through_keras(normalize, "BatchNormalization"),
    attempt=normalize,
    cases=[
        Case("a batch", BATCH, points=2,
             hint="Mean and variance of each feature, over the batch."),
        Case("as many samples as features", layer_inputs(4, 4), points=2,
             hint="Squares hide a wrong axis: features are the last one."),
        Case("pictures", layer_inputs(2, 3, 2, 4), points=2,
             hint="Over all axes but the last: `axes = tuple(range(x.ndim - 1))`."),
        Case("sequences", layer_inputs(3, 4, 2)),
        Case("three batches", BATCH | {"batches": 3},
             hint="average = momentum * average + (1 - momentum) * the batch's; `grads` holds the "
                  "last gradients, not a sum."),
        Case("another momentum and epsilon", BATCH | {"batches": 2, "momentum": 0.6,
                                                      "epsilon": 0.5},
             hint="epsilon stands under the root."),
        Case("after training", BATCH | {"batches": 3, "training": False, "momentum": 0.7},
             points=2, hint="Use the averages, leave them as they are, and in backward take them "
                            "for constants."),
        Case("before training", BATCH | {"batches": 0, "training": False},
             hint="At first the moving mean is 0 and the moving variance 1."),
        Case("one sample", layer_inputs(1, 3),
             hint="Its variance is 0: epsilon keeps you from dividing by it."),
        *habits(**BATCH),
    ],
    mistakes=[
        Mistake("took 1e-5 for epsilon, as PyTorch", batch_norm(epsilon=1e-5)),
        Mistake("added epsilon outside the root",
                batch_norm(root=lambda variance, epsilon: np.sqrt(variance) + epsilon)),
        Mistake("left epsilon out", batch_norm(
            root=lambda variance, epsilon: np.sqrt(np.maximum(variance, 1e-30)))),
        Mistake("divided by the variance instead of its root",
                batch_norm(root=lambda variance, epsilon: variance + epsilon)),
        Mistake("divided by N - 1 in the variance", batch_norm(ddof=1, moving_ddof=1)),
        Mistake("collected the variance with N - 1, as PyTorch", batch_norm(moving_ddof=1)),
        Mistake("turned the momentum round, as PyTorch counts it", batch_norm(turned=True)),
        Mistake("took 0.9 for the momentum", batch_norm(momentum=0.9)),
        Mistake("ignored momentum and epsilon",
                batch_norm(fixed={"momentum": 0.99, "epsilon": 1e-3})),
        Mistake("took mean and variance over the first axis only", batch_norm(axes=(0,))),
        Mistake("let the moving variance start at 0", batch_norm(start=0.0)),
        Mistake("used the batch's own statistics after training", batch_norm(quiet=True)),
        Mistake("went on collecting after training", batch_norm(restless=True)),
        Mistake("took mean and variance for constants in backward", batch_norm(
            dx=lambda dy, right, z, gamma, root, a: dy * gamma / root)),
        Mistake("let the averages depend on the batch in backward, after training", batch_norm(
            dx=lambda dy, right, z, gamma, root, a: gamma / root * (
                dy - dy.mean(axis=a) - z * (dy * z).mean(axis=a)))),
        Mistake("forgot the variance's share of dx", batch_norm(
            dx=lambda dy, right, z, gamma, root, a: gamma / root * (dy - dy.mean(axis=a)))),
        Mistake("left gamma out of dx", batch_norm(
            dx=lambda dy, right, z, gamma, root, a: right / root)),
        Mistake("multiplied dy by x instead of the normalized x for gamma",
                batch_norm(dgamma=True)),
        Mistake("averaged the gradients of gamma and beta", batch_norm(mean_of=True)),
    ],
)


def normalize_samples(target, x, dy, gamma, beta, training=True, **options):
    layer = target(**options)
    layer.build(x.shape, np.random.default_rng(0))
    layer.params = {"gamma": gamma, "beta": beta}
    layer.forward(x[::-1] * 2, training=training)
    layer.backward(dy)
    y = layer.forward(x, training=training)
    return {"y": y, "dx": layer.backward(dy), "gradient of gamma": layer.grads["gamma"],
            "gradient of beta": layer.grads["beta"]}


def layer_norm(epsilon=1e-3, fixed=None, ddof=0, axis=-1, root=lambda v, e: np.sqrt(v + e),
               dx=None, over=None, collect=False):
    """Return a layer normalization that differs in what is given."""

    class Wrong:
        def __init__(self, **options):
            self.epsilon = fixed or options.get("epsilon", epsilon)
            self.grads = {"gamma": 0.0, "beta": 0.0}

        def build(self, shape, rng):
            pass

        def forward(self, x, training=False):
            about = {"axis": axis, "keepdims": True}
            self.root = root(x.var(ddof=ddof, **about), self.epsilon)
            self.z = (x - x.mean(**about)) / self.root
            return self.params["gamma"] * self.z + self.params["beta"]

        def backward(self, dy):
            z, gamma, about = self.z, self.params["gamma"], {"axis": axis, "keepdims": True}
            axes, old = over or tuple(range(dy.ndim - 1)), self.grads
            self.grads = {"gamma": (dy * z).sum(axis=axes) + collect * old["gamma"],
                          "beta": dy.sum(axis=axes) + collect * old["beta"]}
            g = gamma * dy
            return (dx(dy, g, z, gamma) if dx else
                    g - g.mean(**about) - z * (g * z).mean(**about)) / self.root

    return Wrong


def means(g):
    return g.mean(axis=-1, keepdims=True)


LayerNormalization = Check(
    target="nnlib.regularization.LayerNormalization",
    reference=through_keras(normalize_samples, "LayerNormalization"),
    attempt=normalize_samples,
    cases=[
        Case("a batch", layer_inputs(3, 5), points=2,
             hint="Mean and variance of each sample: `axis=-1, keepdims=True`."),
        Case("as many samples as features", layer_inputs(4, 4), points=2,
             hint="Squares hide a wrong axis."),
        Case("sequences", layer_inputs(2, 3, 4), points=2,
             hint="Each time step by itself; gamma and beta get sums over all axes but the last."),
        Case("one sample", layer_inputs(1, 4)),
        Case("after training", layer_inputs(3, 5) | {"training": False},
             hint="Training makes no difference here."),
        Case("another epsilon", layer_inputs(3, 4) | {"epsilon": 0.5},
             hint="epsilon stands under the root."),
        *habits(**layer_inputs(2, 3)),
    ],
    mistakes=[
        Mistake("normalized over the batch", layer_norm(axis=0)),
        Mistake("normalized over all axes but the batch",
                layer_norm(axis=(-2, -1))),
        Mistake("divided by N - 1 in the variance", layer_norm(ddof=1)),
        Mistake("took 1e-5 for epsilon, as PyTorch", layer_norm(epsilon=1e-5)),
        Mistake("ignored epsilon's argument", layer_norm(fixed=1e-3)),
        Mistake("added epsilon outside the root", layer_norm(root=lambda v, e: np.sqrt(v) + e)),
        Mistake("took mean and variance for constants in backward",
                layer_norm(dx=lambda dy, g, z, gamma: g)),
        Mistake("forgot the variance's share of dx",
                layer_norm(dx=lambda dy, g, z, gamma: g - means(g))),
        Mistake("multiplied by gamma after the means instead of before", layer_norm(
            dx=lambda dy, g, z, gamma: gamma * (dy - means(dy) - z * means(dy * z)))),
        Mistake("summed the gradients of gamma and beta over the first axis only",
                layer_norm(over=(0,))),
        Mistake("added to the gradients of the call before", layer_norm(collect=True)),
    ],
)

# ---- knowing when to stop


def stop(target, values, monitor="val_loss", **options):
    class Network:
        weights = [np.zeros(1)]

        def get_weights(self):
            return [array.copy() for array in self.weights]

        def set_weights(self, weights):
            self.weights = weights

    network, stopping = Network(), target(monitor=monitor, **options)
    stopping.on_train_begin(network)
    for epoch, value in enumerate(values):  # after each epoch the weights are its number
        network.weights = [np.array([float(epoch)])]
        if stopping.on_epoch_end(epoch, {"loss": -float(epoch), monitor: float(value)}):
            break
    stopping.on_train_end()
    best = np.nan if stopping.best is None else stopping.best
    return {"the last epoch": float(epoch), "the weights at the end are of epoch":
            float(network.weights[0][0]), "best": float(best),
            "best_epoch": float(stopping.best_epoch), "wait": float(stopping.wait),
            "stopped_epoch": float(stopping.stopped_epoch), "epochs offered": float(len(values))}


def keras_stop(tf, values, monitor="val_loss", **options):
    if monitor == "val_accuracy":  # Keras asks the compiled metric for its direction
        options = {"mode": "max"} | options

    class Stopping(tf.keras.callbacks.EarlyStopping):
        def on_train_begin(self, network):
            self.set_model(network)
            network.stop_training = False
            super().on_train_begin()

        def on_epoch_end(self, epoch, logs):
            super().on_epoch_end(epoch, logs)
            return self.model.stop_training

    return stop(Stopping, values.numpy(), monitor, **options)


def stopping(enough=lambda wait, patience, epoch: wait >= patience and epoch > 0,
             less=lambda a, b, delta: a + delta < b, sign=None, start=True, restores="always",
             reset=True, first_best=None, against_last=False, baseline=True, nan=False):
    """Return an early stopping that differs in what is given."""

    class Wrong:
        def __init__(self, monitor="val_loss", min_delta=0, patience=0, mode="auto", baseline=None,
                     restore_best_weights=False, start_from_epoch=0):
            self.monitor, self.min_delta, self.patience = monitor, abs(min_delta), patience
            self.sign = sign or (-1 if mode == "max" or monitor == "val_accuracy" else 1)
            self.baseline, self.start = baseline, start_from_epoch
            self.restore = restore_best_weights

        def on_train_begin(self, network):
            self.network, self.weights = network, None
            self.best, self.best_epoch = self.baseline if first_best else None, 0
            self.wait = self.stopped_epoch = 0

        def better(self, value, reference):
            return reference is None or bool(nan and reference != reference) or bool(
                less(self.sign * value, self.sign * reference, self.min_delta))

        def on_epoch_end(self, epoch, logs):
            value = logs[self.monitor]
            if start and epoch < self.start:
                return False
            self.wait += 1
            better = self.better(value, self.best)
            if against_last:
                self.best = value
            if better:
                self.best, self.best_epoch = value, epoch
                self.weights = self.network.get_weights()
                if reset and (not baseline or self.baseline is None
                              or self.better(value, self.baseline)):
                    self.wait = 0
                return False
            if enough(self.wait, self.patience, epoch):
                self.stopped_epoch = epoch
                return True
            return False

        def on_train_end(self):
            wanted = {"always": True, "never": False, "stopped": self.stopped_epoch > 0}[restores]
            if self.restore and wanted and self.weights is not None:
                self.network.set_weights(self.weights)

    return Wrong


TRACE = np.array([1, 0.8, 0.9, 0.85, 0.81, 0.7, 0.75, 0.76, 0.77])
EarlyStopping = Check(
    target="nnlib.regularization.EarlyStopping",
    reference=keras_stop,
    attempt=stop,
    cases=[
        Case("patience 1", {"values": TRACE, "patience": 1},
             hint="The wait counts epochs without anything better; at `patience` it is enough."),
        Case("patience 0", {"values": TRACE, "patience": 0},
             hint="The same as 1: the wait is 1 after the first epoch that is not better."),
        Case("patience 3", {"values": TRACE, "patience": 3}, points=2,
             hint="Whatever is better sets the wait back to 0."),
        Case("back to the best weights", {"values": TRACE, "patience": 2,
                                          "restore_best_weights": True}, points=2,
             hint="Keep `self.network.get_weights()` whenever an epoch is the best."),
        Case("never stopped, and back all the same",
             {"values": TRACE, "patience": 4, "restore_best_weights": True},
             hint="on_train_end goes back to the best weights however training has ended."),
        Case("a start that is not looked at", {"values": TRACE, "patience": 2,
                                               "start_from_epoch": 3},
             hint="Before `start_from_epoch` nothing is counted, and nothing is the best."),
        Case("accuracy: more is better", {"values": np.array([0.5, 0.7, 0.6, 0.8, 0.8, 0.75, 0.9]),
                                          "monitor": "val_accuracy", "patience": 2,
                                          "restore_best_weights": True},
             hint="`self.mode` says which way is better; a tie is not."),
        Case("a smallest change", {"values": np.array([1, 0.8, 0.75, 0.5, 0.25, 0.25, 0.3, 0.3]),
                                   "min_delta": 0.25, "patience": 4},
             hint="Better is less than the best minus min_delta, and exactly that is not less."),
        Case("a smallest change with a minus sign", {"values": TRACE, "min_delta": -0.06,
                                                     "patience": 4, "mode": "min"}),
        Case("nan is not better", {"values": np.array([1, 0.8, np.nan, np.nan, 0.9, 0.85]),
                                   "patience": 4}),
        Case("a baseline that is not reached in time",
             {"values": TRACE, "baseline": 0.75, "patience": 4, "restore_best_weights": True},
             points=2, hint="An epoch that is the best, but not better than the baseline, is kept "
                            "as the best and does not reset the wait."),
        Case("a baseline that is", {"values": TRACE, "baseline": 0.82, "patience": 4}),
        Case("a long walk", {"values": normal(40).then(np.cumsum), "patience": 4,
                             "min_delta": 0.1, "restore_best_weights": True}),
    ],
    mistakes=[
        Mistake("waited for one epoch more than `patience`", stopping(
            enough=lambda wait, patience, epoch: wait > patience)),
        Mistake("took a tie for better", stopping(less=lambda a, b, d: a + d <= b)),
        Mistake("added min_delta the wrong way", stopping(less=lambda a, b, d: a - d < b)),
        Mistake("took min_delta for a share of the best",
                stopping(less=lambda a, b, d: a < b - d * abs(b))),
        Mistake("ignored min_delta", stopping(less=lambda a, b, d: a < b)),
        Mistake("ignored start_from_epoch", stopping(start=False)),
        Mistake("ignored the baseline", stopping(baseline=False)),
        Mistake("took the baseline for the best to begin with", stopping(first_best=True)),
        Mistake("went back to the best weights only after stopping early",
                stopping(restores="stopped")),
        Mistake("never went back to the best weights", stopping(restores="never")),
        Mistake("did not set the wait back", stopping(reset=False)),
        Mistake("compared with the epoch before instead of the best", stopping(against_last=True)),
        Mistake("took small for good, whatever is monitored", stopping(sign=1)),
        Mistake("took large for good, whatever is monitored", stopping(sign=-1)),
        Mistake("took nan for better than a number", stopping(less=lambda a, b, d: not a + d >= b)),
    ],
)

# ---- in words

fifty_models = Written(
    name="fifty_models",
    rubric=[
        (1, "The best of fifty scores is partly luck: chosen for being high, it is too high."),
        (1, "The test set has become a validation set; an honest number needs samples that no "
            "choice has seen."),
        (1, "A way to do it right: choose by validation samples, then test the one chosen network "
            "once; or report what a fresh sample says."),
    ],
    answer="Each score is the network's true accuracy plus luck with these samples. Whoever takes "
           "the largest of fifty takes good luck along, so the number is too high, and the more "
           "models are tried the more so. By being used for a choice the test set has become a "
           "validation set. Right would have been: train on one part, choose by a second, and "
           "measure the one network that was chosen on a third part, once. If all samples are "
           "used up, new ones have to be found; the old number may be reported only as what it "
           "is, the score by which the model was chosen.",
)

exactly_zero = Written(
    name="exactly_zero",
    rubric=[
        (1, "The price of squares pulls in proportion to the weight, so the pull fades near zero "
            "and never ends there."),
        (1, "The price of sizes pulls with the same strength at any size, down to zero."),
        (1, "A weight stays at zero under L1 as long as the loss pulls less than the factor; under "
            "L2 any pull moves it."),
    ],
    answer="The gradient of the squares is 2 λ w: it shrinks with the weight, so every step takes "
           "away a constant share and what is left is small but not zero; and at zero there is no "
           "pull, so the slightest gradient of the loss moves the weight away. The gradient of the "
           "sizes is λ whatever the size: it goes on pulling until zero is reached. There a weight "
           "stays as long as the loss pulls with less than λ, since on either side the price "
           "would pull it back. So L1 drops weights that do little, and L2 makes all of them "
           "smaller.",
)
