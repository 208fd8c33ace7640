"""What is asked of the losses: values and gradients, held against Keras and TensorFlow's tape."""

import numpy as np

from autograder.cases import (
    Case,
    Check,
    Mistake,
    Written,
    habits,
    normal,
    probabilities,
    uniform,
    untouched,
)


def run_loss(target, y_true, y_pred, gradient=False, second=False, column=False, **options):
    loss = target(**options)
    if second:
        loss.forward(y_true[::-1], y_pred)
    value = loss.forward(y_true, y_pred)
    if column:  # right is to refuse such predictions, and to take them for a plain row
        try:
            again = loss.forward(y_true, y_pred[:, np.newaxis])
        except Exception:
            again = value
        return {"loss of predictions (N,)": value, "loss of predictions (N, 1)": again}
    return loss.backward() if gradient else value


def measured(formula):
    """Return a reference: the mean of ``formula(tf, y_true, y_pred)``, or its gradient."""

    def reference(tf, y_true, y_pred, gradient=False, second=False, column=False, **options):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = tf.reduce_mean(formula(tf, y_true, y_pred, **options))
        if column:
            again = tf.reduce_mean(formula(tf, y_true, y_pred[:, None], **options))
            return {"loss of predictions (N,)": value, "loss of predictions (N, 1)": again}
        return tape.gradient(value, y_pred) if gradient else value

    return reference


def keras(name):
    """Return a reference: the Keras loss of this name in float64."""
    return measured(lambda tf, y_true, y_pred, **options:
                    getattr(tf.keras.losses, name)(dtype="float64", **options)(y_true, y_pred))


def margin(tf, y_true, y_pred):
    """Return label times score, labels 0 and 1 converted to -1 and 1 as Keras's `Hinge` does."""
    binary = tf.reduce_all((y_true == 0) | (y_true == 1))
    return tf.where(binary, 2 * y_true - 1, y_true) * y_pred


def wrong(value=None, gradient=None):
    """Return a class that makes a mistake in `forward`, in `backward`, or in both.

    The half that is not given returns None, which is no answer: it has nothing to say about it.
    """

    class Wrong:
        def __init__(self, **options):
            self.options = options

        def forward(self, y_true, y_pred):
            self.arrays = y_true, y_pred
            return value and value(y_true, y_pred, **self.options)

        def backward(self):
            return gradient and gradient(*self.arrays, **self.options)

    return Wrong


def mean_of(function):
    """Return the function that averages another's answer."""
    return lambda *arrays, **options: np.mean(function(*arrays, **options))


def per_element(function):
    """Return the function that divides another's answer by the number of predictions."""
    return lambda y, p, **options: function(y, p, **options) / p.size


def per_row(function):
    """Return the function that divides another's answer by the number of rows of scores."""
    return lambda y, p, **options: function(y, p, **options) / (p.size // p.shape[-1])


def element_mistakes(loss, slope):
    """Return the mistakes of averaging over elements, from an element's right loss and slope."""
    return [
        Mistake("added up the losses instead of averaging them",
                wrong(value=lambda y, p, **options: np.sum(loss(y, p, **options)))),
        Mistake("averaged over the samples only, and added up within each sample",
                wrong(value=lambda y, p, **options: np.sum(loss(y, p, **options)) / len(p))),
        Mistake("the gradient points the other way: prediction and target have changed places",
                wrong(gradient=lambda y, p, **options: -slope(y, p, **options) / p.size)),
        Mistake("left the 1/n out of the gradient, with n the number of elements",
                wrong(gradient=slope)),
        Mistake("divided the gradient by the number of samples instead of elements",
                wrong(gradient=lambda y, p, **options: slope(y, p, **options) / len(p))),
    ]


def sample_mistakes(loss, slope):
    """Return the mistakes of averaging over samples, from a sample's right loss and gradient."""
    return [
        Mistake("added up the losses of the samples instead of averaging them",
                wrong(value=lambda y, p, **options: np.sum(loss(y, p, **options)))),
        Mistake("averaged over the classes too: only the samples are averaged",
                wrong(value=lambda y, p, **options: np.sum(loss(y, p, **options)) / p.size)),
        Mistake("the gradient points the other way: its sign is turned round",
                wrong(gradient=lambda y, p, **options: -per_row(slope)(y, p, **options))),
        Mistake("left the 1/N out of the gradient, with N the number of samples",
                wrong(gradient=slope)),
        Mistake("divided the gradient by the number of elements instead of samples",
                wrong(gradient=lambda y, p, **options: slope(y, p, **options) / p.size)),
    ]


def column_case(loss):
    """Return the case of predictions in a column, and its mistake, from an element's loss."""
    return (
        Case("predictions in a column", {"y_true": normal(4), "y_pred": normal(4), "column": True},
             hint="(N, 1) minus (N,) is (N, N): refuse shapes that differ, or drop the axis of 1."),
        Mistake("let predictions (N, 1) broadcast: every one is compared with every target (N,)",
                wrong(value=mean_of(loss))),
    )


def every_pair(loss):
    """Return the mistake of comparing all with all on purpose, from an element's loss."""
    return Mistake("compared every prediction with every target: (N, 1) and (N,) give (N, N)",
                   wrong(value=lambda y, p, **options: np.mean(
                       loss(y.reshape(-1, 1), p.reshape(1, -1), **options))))


def shapes(hint, **options):
    """Return the cases of a loss that averages over all elements: three ranks, two gradients."""
    batch = {"y_true": normal(5, 3), "y_pred": normal(5, 3), **options}
    return [
        Case("a batch", batch, hint=hint),
        Case("a plain row of predictions", {"y_true": normal(6), "y_pred": normal(6), **options},
             hint="Average over `axis=-1`, which every array has, instead of `axis=1`."),
        Case("a batch of sequences",
             {"y_true": normal(2, 3, 4), "y_pred": normal(2, 3, 4), **options},
             hint="`per_sample` averages over the last axis and keeps the others."),
    ]


DIVIDE = "Divide by the number of all elements, `self.y_pred.size`."


# --- regression ---------------------------------------------------------------------------------

COLUMN_SQUARED, BROADCAST_SQUARED = column_case(lambda y, p: (p - y) ** 2)
COLUMN_ABSOLUTE, BROADCAST_ABSOLUTE = column_case(lambda y, p: np.abs(p - y))
REGRESSION = {"y_true": normal(5, 3), "y_pred": normal(5, 3), "gradient": True}


class FirstBatch:
    def forward(self, y_true, y_pred):
        self.error = getattr(self, "error", y_pred - y_true)

    def backward(self):
        return 2 * self.error / self.error.size


MeanSquaredError = Check(
    target="nnlib.losses.MeanSquaredError",
    reference=keras("MeanSquaredError"),
    attempt=run_loss,
    cases=[
        *shapes("Square the errors first, then take the mean: no root, no one half."),
        Case("gradient of a batch", REGRESSION, hint="The derivative of e² is 2e. " + DIVIDE),
        Case("gradient of a batch of sequences",
             {"y_true": normal(2, 3, 4), "y_pred": normal(2, 3, 4), "gradient": True}, hint=DIVIDE),
        Case("gradient after a second batch", {**REGRESSION, "second": True},
             hint="Read `self.y_true` and `self.y_pred`: `forward` sets them again on every call."),
        COLUMN_SQUARED,
        *habits(**REGRESSION),
    ],
    mistakes=[
        *element_mistakes(lambda y, p: (p - y) ** 2, lambda y, p: 2 * (p - y)),
        Mistake("kept the first batch it saw: each `forward` must replace what is remembered",
                FirstBatch),
        every_pair(lambda y, p: (p - y) ** 2),
        BROADCAST_SQUARED,
        Mistake("halved the mean: some books put a one half there, Keras does not",
                wrong(value=lambda y, p: np.mean((p - y) ** 2) / 2)),
        Mistake("squared the mean error instead of averaging the squared errors",
                wrong(value=lambda y, p: np.mean(p - y) ** 2)),
        Mistake("took absolute errors instead of squares",
                wrong(value=lambda y, p: np.mean(np.abs(p - y)))),
        Mistake("took the root of the mean: that is the RMSE",
                wrong(value=lambda y, p: np.sqrt(np.mean((p - y) ** 2)))),
        Mistake("left out the 2 that comes down from the square",
                wrong(gradient=lambda y, p: (p - y) / p.size)),
        Mistake("gave every element the mean error",
                wrong(gradient=lambda y, p: np.full_like(p, 2 * np.mean(p - y)))),
    ],
)

PERFECT = {"y_true": np.array([[1.0, 2.0, -1.5], [0.0, 3.0, 0.5]]),
           "y_pred": np.array([[1.0, 2.5, -2.0], [0.0, 1.0, 0.5]]), "gradient": True}

MeanAbsoluteError = Check(
    target="nnlib.losses.MeanAbsoluteError",
    reference=keras("MeanAbsoluteError"),
    attempt=run_loss,
    cases=[
        *shapes("Take the absolute value of every error, then the mean."),
        Case("gradient of a batch", REGRESSION,
             hint="The slope of |e| is the sign of e, whatever its size. " + DIVIDE),
        Case("gradient where some predictions are perfect", PERFECT,
             hint="At an error of zero the slope is zero: `np.sign` does that."),
        COLUMN_ABSOLUTE,
        *habits(**REGRESSION),
    ],
    mistakes=[
        *element_mistakes(lambda y, p: np.abs(p - y), lambda y, p: np.sign(p - y)),
        every_pair(lambda y, p: np.abs(p - y)),
        BROADCAST_ABSOLUTE,
        Mistake("left out the absolute value: errors of opposite sign cancel (mean bias error)",
                wrong(value=lambda y, p: np.mean(p - y))),
        Mistake("took the absolute value after the mean: errors of opposite sign have cancelled",
                wrong(value=lambda y, p: np.abs(np.mean(p - y)))),
        Mistake("squared the errors",
                wrong(value=lambda y, p: np.mean((p - y) ** 2))),
        Mistake("pushed perfect predictions down: the slope at an error of zero is zero",
                wrong(gradient=lambda y, p: np.where(p > y, 1, -1) / p.size)),
        Mistake("pushed perfect predictions up: the slope at an error of zero is zero",
                wrong(gradient=lambda y, p: np.where(p >= y, 1, -1) / p.size)),
        Mistake("returned the errors instead of their signs",
                wrong(gradient=lambda y, p: (p - y) / p.size)),
        Mistake("returned the absolute values of the errors instead of their signs",
                wrong(gradient=lambda y, p: np.abs(p - y) / p.size)),
    ],
)


def _percentage(y, p):
    return 100 * np.abs(p - y) / np.maximum(np.abs(y), 1e-7)


def _percentage_slope(y, p):
    return 100 * np.sign(p - y) / np.maximum(np.abs(y), 1e-7)


MeanAbsolutePercentageError = Check(
    target="nnlib.losses.MeanAbsolutePercentageError",
    reference=keras("MeanAbsolutePercentageError"),
    attempt=run_loss,
    cases=[
        *shapes("Divide each absolute error by the absolute value of its target; then times 100."),
        Case("a target of zero", {"y_true": np.array([[0.0, 2.0]]), "y_pred": normal(1, 2) + 9},
             hint="Keep the denominator at 1e-7 or more: `np.maximum(np.abs(y_true), 1e-7)`."),
        Case("tiny targets", {"y_true": np.array([2e-5, -3e-6, 4e-7]), "y_pred": normal(3) + 5},
             hint="Take the larger of |y| and 1e-7; adding 1e-7 changes tiny targets too."),
        Case("gradient of a batch", REGRESSION,
             hint="The target is a constant here: 100 sign(e) / |y|. " + DIVIDE),
        Case("gradient at a target of zero",
             {"y_true": np.array([[0.0, 2.0], [-4.0, 0.0]]), "y_pred": normal(2, 2) + 9,
              "gradient": True},
             hint="The gradient needs the same floor in its denominator as the loss."),
        *habits(**REGRESSION),
    ],
    mistakes=[
        *element_mistakes(_percentage, _percentage_slope),
        every_pair(_percentage),
        Mistake("divided by y instead of |y|: negative targets turn the sign",
                wrong(value=lambda y, p: 100 * np.mean(
                    np.abs(p - y) / np.where(np.abs(y) < 1e-7, 1e-7, y)))),
        Mistake("put the floor under y instead of |y|: negative targets become 1e-7",
                wrong(value=lambda y, p: 100 * np.mean(np.abs(p - y) / np.maximum(y, 1e-7)))),
        Mistake("left out the absolute value of the error",
                wrong(value=lambda y, p: 100 * np.mean((p - y) / np.maximum(np.abs(y), 1e-7)))),
        Mistake("returned a fraction: per cent is 100 times as much",
                wrong(value=lambda y, p: np.mean(_percentage(y, p)) / 100)),
        Mistake("divided by zero where a target is zero",
                wrong(value=lambda y, p: 100 * np.mean(np.abs((p - y) / y)))),
        Mistake("added 1e-7 to |y| instead of taking the larger of the two",
                wrong(value=lambda y, p: 100 * np.mean(np.abs(p - y) / (np.abs(y) + 1e-7)))),
        Mistake("divided by the prediction instead of the target",
                wrong(value=lambda y, p: 100 * np.mean(np.abs((p - y) / p)))),
        Mistake("left the 100 out of the gradient",
                wrong(gradient=lambda y, p: _percentage_slope(y, p) / 100 / p.size)),
        Mistake("divided the gradient by zero where a target is zero",
                wrong(gradient=lambda y, p: 100 * np.sign(p - y) / np.abs(y) / p.size)),
        Mistake("divided the gradient by y instead of |y|",
                wrong(gradient=lambda y, p: 100 * np.sign(p - y) / np.where(y == 0, 1e-7, y)
                      / p.size)),
        Mistake("returned the relative errors instead of their slopes",
                wrong(gradient=lambda y, p: 100 * (p - y) / np.maximum(np.abs(y), 1e-7) / p.size)),
    ],
)

MeanBiasError = Check(
    target="nnlib.losses.MeanBiasError",
    reference=measured(lambda tf, y_true, y_pred: y_pred - y_true),
    attempt=run_loss,
    cases=[
        *shapes("Prediction minus target, then the mean, and no absolute value."),
        Case("gradient of a batch", REGRESSION,
             hint="Each prediction enters the mean once, so each has the same share of it."),
        Case("gradient of a batch of sequences",
             {"y_true": normal(2, 3, 4), "y_pred": normal(2, 3, 4), "gradient": True}, hint=DIVIDE),
        untouched(**REGRESSION),
    ],
    mistakes=[
        *element_mistakes(lambda y, p: p - y, lambda y, p: np.ones_like(p)),
        Mistake("subtracted the prediction from the target: too high must come out positive",
                wrong(value=lambda y, p: np.mean(y - p))),
        Mistake("took absolute values: that is the mean absolute error",
                wrong(value=lambda y, p: np.mean(np.abs(p - y)))),
        Mistake("took the absolute value of the mean: the sign is what this measure is for",
                wrong(value=lambda y, p: np.abs(np.mean(p - y)))),
        Mistake("squared the errors",
                wrong(value=lambda y, p: np.mean((p - y) ** 2))),
        Mistake("returned the signs of the errors: that is the slope of the absolute error",
                wrong(gradient=lambda y, p: np.sign(p - y) / p.size)),
        Mistake("returned the errors: that is half the slope of the squared error",
                wrong(gradient=lambda y, p: (p - y) / p.size)),
    ],
)


def _huber(y, p, delta=1.0):
    e = np.abs(p - y)
    return np.where(e <= delta, e**2 / 2, delta * e - delta**2 / 2)


def _huber_slope(y, p, delta=1.0):
    return np.clip(p - y, -delta, delta)


SPREAD = {"y_true": normal(5, 3) * 2, "y_pred": normal(5, 3)}

Huber = Check(
    target="nnlib.losses.Huber",
    reference=keras("Huber"),
    attempt=run_loss,
    cases=[
        Case("small and large errors", SPREAD,
             hint="Choose per element: `np.where(e <= delta, ..., ...)`, with e = |p - y|."),
        Case("delta of one half", {**SPREAD, "delta": 0.5},
             hint="Use `self.delta` in both branches: the line is delta e - delta²/2."),
        Case("a batch of sequences, delta of 2",
             {"y_true": normal(2, 3, 4) * 4, "y_pred": normal(2, 3, 4), "delta": 2.0},
             hint="`per_sample` averages over the last axis and keeps the others."),
        Case("a plain row of predictions", {"y_true": normal(6) * 2, "y_pred": normal(6)},
             hint="Average over `axis=-1`, which every array has, instead of `axis=1`."),
        Case("gradient of a batch", {**SPREAD, "gradient": True},
             hint="The slope is the error itself up to delta, and delta beyond. " + DIVIDE),
        Case("gradient with delta of one half", {**SPREAD, "delta": 0.5, "gradient": True},
             hint="The slope never exceeds `self.delta`, on either side: clip the signed error."),
        *habits(**SPREAD, delta=0.7, gradient=True),
    ],
    mistakes=[
        *element_mistakes(_huber, _huber_slope),
        every_pair(_huber),
        Mistake("left the one half out of the parabola",
                wrong(value=lambda y, p, delta=1.0: np.mean(np.where(
                    np.abs(p - y) <= delta, (p - y) ** 2, _huber(y, p, delta))))),
        Mistake("ignored delta and bent the curve at 1",
                wrong(value=lambda y, p, delta=1.0: np.mean(_huber(y, p)),
                      gradient=lambda y, p, delta=1.0: _huber_slope(y, p) / p.size)),
        Mistake("compared the signed error with delta: large negative errors stay squared",
                wrong(value=lambda y, p, delta=1.0: np.mean(np.where(
                    p - y <= delta, (p - y) ** 2 / 2, _huber(y, p, delta))))),
        Mistake("left out the -delta²/2 of the line: the curve jumps at delta",
                wrong(value=lambda y, p, delta=1.0: np.mean(np.where(
                    np.abs(p - y) <= delta, (p - y) ** 2 / 2, delta * np.abs(p - y))))),
        Mistake("divided by delta: that is the smooth L1 loss of other libraries",
                wrong(value=lambda y, p, delta=1.0: np.mean(_huber(y, p, delta)) / delta,
                      gradient=lambda y, p, delta=1.0: _huber_slope(y, p, delta) / delta / p.size)),
        Mistake("kept the parabola for large errors too",
                wrong(value=lambda y, p, delta=1.0: np.mean((p - y) ** 2) / 2,
                      gradient=lambda y, p, delta=1.0: (p - y) / p.size)),
        Mistake("exchanged the two branches",
                wrong(value=lambda y, p, delta=1.0: np.mean(np.where(
                    np.abs(p - y) > delta, (p - y) ** 2 / 2,
                    delta * np.abs(p - y) - delta**2 / 2)))),
        Mistake("gave large errors a slope of 1 instead of delta",
                wrong(gradient=lambda y, p, delta=1.0: np.where(
                    np.abs(p - y) <= delta, p - y, np.sign(p - y)) / p.size)),
        Mistake("lost the sign of large errors in the gradient",
                wrong(gradient=lambda y, p, delta=1.0: np.where(
                    np.abs(p - y) <= delta, p - y, delta) / p.size)),
        Mistake("doubled the slope of small errors",
                wrong(gradient=lambda y, p, delta=1.0: np.where(
                    np.abs(p - y) <= delta, 2 * (p - y), delta * np.sign(p - y)) / p.size)),
    ],
)


def _log_cosh(y, p):
    return np.logaddexp(p - y, y - p) - np.log(2)


LogCosh = Check(
    target="nnlib.losses.LogCosh",
    reference=keras("LogCosh"),
    attempt=run_loss,
    cases=[
        *shapes("Take the logarithm of the hyperbolic cosine of each error, then the mean."),
        Case("large errors", {"y_true": normal(3, 2), "y_pred": np.array(
            [[1e3, -1e4], [-1e3, 20.0], [1e4, 3.0]])},
             hint="cosh(1000) overflows: use ln cosh e = ln(exp(e) + exp(-e)) - ln 2, "
                  "and `np.logaddexp`."),
        Case("gradient of a batch", REGRESSION, hint="The slope of ln cosh e is tanh e. " + DIVIDE),
        Case("gradient of large errors",
             {"y_true": normal(2, 2), "y_pred": np.array([[1e3, -1e4], [0.3, -1e3]]),
              "gradient": True},
             hint="`np.tanh` saturates; sinh(e) / cosh(e) overflows."),
        *habits(**REGRESSION),
    ],
    mistakes=[
        *element_mistakes(_log_cosh, lambda y, p: np.tanh(p - y)),
        every_pair(_log_cosh),
        Mistake("computed the cosine first: it overflows at errors of about 710",
                wrong(value=lambda y, p: np.mean(np.log(np.cosh(p - y))))),
        Mistake("left out the -ln 2",
                wrong(value=lambda y, p: np.mean(np.logaddexp(p - y, y - p)))),
        Mistake("used the form for positive errors only: |e| - ln 2",
                wrong(value=lambda y, p: np.mean(np.abs(p - y) - np.log(2)))),
        Mistake("used the form for small errors only: e²/2",
                wrong(value=lambda y, p: np.mean((p - y) ** 2) / 2,
                      gradient=lambda y, p: (p - y) / p.size)),
        Mistake("took the base-10 logarithm",
                wrong(value=lambda y, p: np.mean(_log_cosh(y, p)) / np.log(10))),
        Mistake("divided sinh by cosh: both overflow",
                wrong(gradient=lambda y, p: np.sinh(p - y) / np.cosh(p - y) / p.size)),
        Mistake("returned the derivative of tanh",
                wrong(gradient=lambda y, p: (1 - np.tanh(p - y) ** 2) / p.size)),
    ],
)


# --- cross-entropies ----------------------------------------------------------------------------

def _sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2


def _log_softmax(z, axis=-1):
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _clip(p, least=1e-7):
    return np.clip(p, least, 1 - least)


def _binary(y, p):
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


def _binary_loss(y, p, from_logits=False, label_smoothing=0.0):
    y = y * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:
        return np.logaddexp(0, p) - y * p
    return _binary(y, _clip(p))


def _binary_slope(y, p, from_logits=False, label_smoothing=0.0):
    y = y * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:
        return _sigmoid(p) - y
    return (_clip(p) - y) / (_clip(p) * (1 - _clip(p))) * (_clip(p) == p)


def on_probabilities(function):
    """Make a mistake about probabilities: silent on logits and on smoothed labels."""
    return lambda y, p, from_logits=False, label_smoothing=0.0, **options: (
        None if from_logits or label_smoothing else function(y, p, **options))


def on_logits(function):
    """Make a mistake about logits: silent on probabilities and on smoothed labels."""
    return lambda y, p, from_logits=False, label_smoothing=0.0, **options: (
        function(y, p, **options) if from_logits and not label_smoothing else None)


def on_smoothing(function):
    """Make a mistake about label smoothing: silent without it."""
    return lambda y, p, label_smoothing=0.0, **options: (
        function(y, p, s=label_smoothing, **options) if label_smoothing else None)


YES_NO = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
BINARY = {"y_true": YES_NO, "y_pred": uniform(4, 3, low=0.05, high=0.95)}
BINARY_LOGITS = {"y_true": YES_NO, "y_pred": normal(4, 3) * 2, "from_logits": True}
SATURATED = {"y_true": np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.3]]),
             "y_pred": np.array([[0.0, 1.0, 1.0], [0.0, 0.25, 0.6]])}
SURE_BINARY = {"y_true": np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]]),
               "y_pred": np.array([[100.0, -1e3, 1e4], [-1e4, 40.0, 0.5]]), "from_logits": True}

BinaryCrossentropy = Check(
    target="nnlib.losses.BinaryCrossentropy",
    reference=keras("BinaryCrossentropy"),
    attempt=run_loss,
    cases=[
        Case("probabilities of a batch", BINARY,
             hint="Two logarithms: y ln p for the yes, (1 - y) ln(1 - p) for the no, "
                  "and a minus in front."),
        Case("soft labels", {"y_true": uniform(6), "y_pred": uniform(6, low=0.05, high=0.95)},
             hint="Use the labels as they are: both terms count where a label is 0.3."),
        Case("probabilities of exactly 0 and 1", SATURATED,
             hint="Clip probabilities to [1e-7, 1 - 1e-7] before the logarithm."),
        Case("logits of a batch", BINARY_LOGITS,
             hint="With `from_logits` the probability is the sigmoid of `y_pred`."),
        Case("large logits", SURE_BINARY,
             hint="Do not go through the probability: max(z, 0) - z y + ln(1 + exp(-|z|))."),
        Case("smoothed labels", {**BINARY_LOGITS, "label_smoothing": 0.2},
             hint="Move the labels towards one half first: y (1 - s) + s / 2."),
        Case("gradient for probabilities", {**BINARY, "gradient": True},
             hint="The slope is (p - y) / (p (1 - p)). " + DIVIDE),
        Case("gradient at probabilities of 0 and 1", {**SATURATED, "gradient": True},
             hint="Where clipping has changed a probability, its gradient is zero."),
        Case("gradient for large logits", {**SURE_BINARY, "gradient": True},
             hint="Simplify on paper: for logits the slope is sigmoid(z) - y, and nothing else."),
        Case("gradient with smoothed labels",
             {**BINARY_LOGITS, "label_smoothing": 0.2, "gradient": True},
             hint="Smooth the labels in `backward` as in `per_sample`."),
        *habits(**BINARY_LOGITS, gradient=True),
    ],
    mistakes=[
        *element_mistakes(_binary_loss, _binary_slope),
        Mistake("did not clip: the logarithm of 0 is minus infinity",
                wrong(value=on_probabilities(mean_of(_binary)))),
        Mistake("clipped at 1e-12 instead of 1e-7",
                wrong(value=on_probabilities(lambda y, p: np.mean(_binary(y, _clip(p, 1e-12)))))),
        Mistake("left out the second term: answers of no cost nothing",
                wrong(value=on_probabilities(lambda y, p: -np.mean(y * np.log(_clip(p)))))),
        Mistake("left the logarithm out of the second term",
                wrong(value=on_probabilities(lambda y, p: -np.mean(
                    y * np.log(_clip(p)) + (1 - y) * (1 - _clip(p)))))),
        Mistake("left out the minus: the loss is negative",
                wrong(value=lambda y, p, **options: -np.mean(_binary_loss(y, p, **options)))),
        Mistake("took the base-2 logarithm",
                wrong(value=lambda y, p, **options: np.mean(_binary_loss(y, p, **options))
                      / np.log(2))),
        Mistake("rounded the labels to 0 and 1",
                wrong(value=lambda y, p, **options: np.mean(
                    _binary_loss((y > 0.5) * 1.0, p, **options)))),
        Mistake("exchanged y and 1 - y",
                wrong(value=lambda y, p, **options: np.mean(_binary_loss(1 - y, p, **options)))),
        Mistake("turned logits into clipped probabilities first: the loss stops growing at 16",
                wrong(value=on_logits(lambda z_y, z: np.mean(_binary(z_y, _clip(_sigmoid(z))))))),
        Mistake("wrote ln(1 + exp(-z)): it overflows at large negative logits",
                wrong(value=on_logits(lambda y, z: np.mean(
                    y * np.log(1 + np.exp(-z)) + (1 - y) * np.log(1 + np.exp(z)))))),
        Mistake("took logits for probabilities: `from_logits` is not used",
                wrong(value=on_logits(lambda y, z: np.mean(_binary(y, _clip(z)))),
                      gradient=on_logits(per_element(_binary_slope)))),
        Mistake("used the formula for labels -1 and 1: ln(1 + exp(-y z))",
                wrong(value=on_logits(lambda y, z: np.mean(np.logaddexp(0, -y * z))))),
        Mistake("did not smooth the labels",
                wrong(value=on_smoothing(lambda y, z, s, **options: np.mean(
                    _binary_loss(y, z, **options))),
                      gradient=on_smoothing(lambda y, z, s, **options: per_element(_binary_slope)(
                          y, z, **options)))),
        Mistake("moved the labels by s instead of s / 2",
                wrong(value=on_smoothing(lambda y, z, s, **options: np.mean(
                    _binary_loss(y * (1 - s) + s, z, **options))),
                      gradient=on_smoothing(lambda y, z, s, **options: per_element(_binary_slope)(
                          y * (1 - s) + s, z, **options)))),
        Mistake("used the gradient for logits, p - y, on probabilities",
                wrong(gradient=on_probabilities(lambda y, p: (p - y) / p.size))),
        Mistake("left the second term out of the gradient",
                wrong(gradient=on_probabilities(
                    lambda y, p: -y / _clip(p) * (_clip(p) == p) / p.size))),
        Mistake("divided by zero: the gradient needs the clipped probabilities too",
                wrong(gradient=on_probabilities(lambda y, p: (p - y) / (p * (1 - p)) / p.size))),
        Mistake("let the gradient through where clipping has made the loss flat",
                wrong(gradient=on_probabilities(
                    lambda y, p: (_clip(p) - y) / (_clip(p) * (1 - _clip(p))) / p.size))),
        Mistake("left out the sigmoid: z - y",
                wrong(gradient=on_logits(lambda y, z: (z - y) / z.size))),
        Mistake("multiplied by the sigmoid's slope once too often: it has cancelled",
                wrong(gradient=on_logits(lambda y, z: (_sigmoid(z) - y) * _sigmoid(z)
                                         * (1 - _sigmoid(z)) / z.size))),
        Mistake("went through clipped probabilities: the gradient dies where it is needed most",
                wrong(gradient=on_logits(lambda y, z: (_sigmoid(z) - y) / z.size
                                         * (_clip(_sigmoid(z)) == _sigmoid(z))))),
    ],
)


def _shares(p, axis=-1):
    return p / p.sum(axis=axis, keepdims=True)


def _smooth(y, s, axis=-1):
    return y * (1 - s) + s / y.shape[axis]


def _categorical_loss(y, p, from_logits=False, label_smoothing=0.0, axis=-1):
    logs = _log_softmax(p, axis) if from_logits else np.log(_clip(_shares(p, axis)))
    return -np.sum(_smooth(y, label_smoothing, axis) * logs, axis=axis)


def _categorical_slope(y, p, from_logits=False, label_smoothing=0.0):
    y = _smooth(y, label_smoothing)
    if from_logits:
        return np.exp(_log_softmax(p)) - y
    q = _shares(p)
    dq = -y / _clip(q) * (_clip(q) == q)
    return (dq - np.sum(dq * q, axis=-1, keepdims=True)) / p.sum(axis=-1, keepdims=True)


def unless_axis(function):
    """Make a mistake that is about the last axis: silent on any other."""
    return lambda y, p, axis=-1, **options: function(y, p, **options) if axis == -1 else None


ONE_HOT = np.eye(3)[[0, 2, 1, 2]]
CLASSES = {"y_true": ONE_HOT, "y_pred": probabilities(4, 3) * 0.9 + 1 / 30}
CLASS_LOGITS = {"y_true": ONE_HOT, "y_pred": normal(4, 3) * 2, "from_logits": True}
SURE_CLASSES = {"y_true": ONE_HOT, "from_logits": True,
                "y_pred": np.array([[900.0, 0.0, 1.0], [1e4, 9e3, 0.0],
                                    [-1e3, -1e4, 0.5], [0.0, 1e3, 1e3]])}

CategoricalCrossentropy = Check(
    target="nnlib.losses.CategoricalCrossentropy",
    reference=keras("CategoricalCrossentropy"),
    attempt=run_loss,
    cases=[
        Case("probabilities of a batch", CLASSES,
             hint="Sum -y ln p over the classes of a sample; `forward` averages over the samples."),
        Case("rows that do not sum to one",
             {"y_true": ONE_HOT, "y_pred": uniform(4, 3, low=0.1, high=0.9) * 2},
             hint="Divide each row by its sum before anything else."),
        Case("a true class with probability zero",
             {"y_true": ONE_HOT, "y_pred": np.array([[0.0, 0.4, 0.6], [0.1, 0.2, 0.7],
                                                     [0.5, 0.0, 0.5], [0.9, 0.1, 0.0]])},
             hint="Clip probabilities to [1e-7, 1 - 1e-7] before the logarithm."),
        Case("soft labels", {"y_true": probabilities(2, 3, 4), "y_pred": normal(2, 3, 4),
                             "from_logits": True},
             hint="Every class counts with its own share y; do not pick the largest."),
        Case("large logits", SURE_CLASSES,
             hint="Use `log_softmax(y_pred)`: the logarithm of a softmax meets ln 0."),
        Case("classes on the first axis",
             {"y_true": ONE_HOT.T, "y_pred": normal(3, 4), "from_logits": True, "axis": 0},
             hint="Pass `axis=self.axis` to everything that sums or normalises over classes."),
        Case("smoothed labels", {**CLASS_LOGITS, "label_smoothing": 0.1},
             hint="Each of the K classes gets s / K: y (1 - s) + s / K."),
        Case("gradient for probabilities", {**CLASSES, "gradient": True},
             hint="The loss divides by the row's sum, so every p of a row has a share in it: "
                  "differentiate p / sum(p) too."),
        Case("gradient for logits", {**CLASS_LOGITS, "gradient": True},
             hint="Softmax and logarithm simplify to softmax(z) - y. "
                  "Divide by the number of samples."),
        Case("gradient for large logits", {**SURE_CLASSES, "gradient": True},
             hint="Use your stable softmax; do not divide by probabilities."),
        Case("gradient with smoothed labels",
             {**CLASS_LOGITS, "label_smoothing": 0.1, "gradient": True},
             hint="Smooth the labels in `backward` as in `per_sample`."),
        *habits(**CLASS_LOGITS, gradient=True),
    ],
    mistakes=[
        *sample_mistakes(_categorical_loss, _categorical_slope),
        Mistake("did not divide the probabilities by their sum",
                wrong(value=on_probabilities(lambda y, p: np.mean(
                    -np.sum(y * np.log(_clip(p)), axis=-1))))),
        Mistake("did not clip: the logarithm of 0 is minus infinity",
                wrong(value=on_probabilities(lambda y, p: np.mean(
                    -np.sum(y * np.log(_shares(p)), axis=-1))))),
        Mistake("left out the minus: the loss is negative",
                wrong(value=lambda y, p, **options: -np.mean(_categorical_loss(y, p, **options)))),
        Mistake("took the base-2 logarithm",
                wrong(value=lambda y, p, **options: np.mean(_categorical_loss(y, p, **options))
                      / np.log(2))),
        Mistake("rounded the labels to the most likely class: soft labels count with all shares",
                wrong(value=unless_axis(lambda y, p, **options: np.mean(_categorical_loss(
                    (y == y.max(axis=-1, keepdims=True)) * 1.0, p, **options))))),
        Mistake("treated each class as a yes-or-no question: that is the binary cross-entropy",
                wrong(value=on_probabilities(lambda y, p: np.mean(
                    np.sum(_binary(y, _clip(p)), axis=-1))))),
        Mistake("took the softmax without subtracting each sample's largest logit: that overflows",
                wrong(value=unless_axis(on_logits(lambda y, z: np.mean(
                    -np.sum(y * (z - np.log(np.exp(z).sum(axis=-1, keepdims=True))), axis=-1)))),
                      gradient=on_logits(per_row(lambda y, z: _shares(np.exp(z)) - y)))),
        Mistake("went through clipped probabilities: the loss stops growing at 16",
                wrong(value=unless_axis(on_logits(lambda y, z: np.mean(
                    -np.sum(y * np.log(_clip(np.exp(_log_softmax(z)))), axis=-1)))))),
        Mistake("took logits for probabilities: `from_logits` is not used",
                wrong(value=unless_axis(on_logits(mean_of(_categorical_loss))),
                      gradient=on_logits(per_row(_categorical_slope)))),
        Mistake("took the last axis for the classes whatever `axis` says",
                wrong(value=lambda y, p, axis=-1, **options: None if axis == -1 else np.mean(
                    _categorical_loss(y, p, **options)))),
        Mistake("did not smooth the labels",
                wrong(value=on_smoothing(lambda y, z, s, **options: np.mean(
                    _categorical_loss(y, z, **options))),
                      gradient=on_smoothing(lambda y, z, s, **options: per_row(
                          _categorical_slope)(y, z, **options)))),
        Mistake("smoothed with s / 2, as for two classes, instead of s / K",
                wrong(value=on_smoothing(lambda y, z, s, **options: np.mean(
                    _categorical_loss(y * (1 - s) + s / 2, z, **options))),
                      gradient=on_smoothing(lambda y, z, s, **options: per_row(
                          _categorical_slope)(y * (1 - s) + s / 2, z, **options)))),
        Mistake("forgot in the gradient that the probabilities are divided by their sum: -y / p",
                wrong(gradient=on_probabilities(per_row(lambda y, p: -y / _clip(p))))),
        Mistake("used the gradient for logits, p - y, on probabilities",
                wrong(gradient=on_probabilities(per_row(lambda y, p: p - y)))),
        Mistake("left out the softmax: z - y",
                wrong(gradient=on_logits(per_row(lambda y, z: z - y)))),
        Mistake("gave a gradient to the true class only: the other logits must come down",
                wrong(gradient=on_logits(per_row(
                    lambda y, z: (np.exp(_log_softmax(z)) - 1) * y)))),
        Mistake("used -y / p, the gradient for probabilities, on logits",
                wrong(gradient=on_logits(per_row(
                    lambda y, z: -y / _clip(np.exp(_log_softmax(z))))))),
    ],
)


def _sparse_logs(z, from_logits=False):
    return _log_softmax(z if from_logits else np.log(_clip(z)))


def _sparse_loss(y, z, from_logits=False):
    y = y.reshape(*z.shape[:-1], 1)
    return -np.take_along_axis(_sparse_logs(z, from_logits), y, axis=-1)


def _sparse_slope(y, z, from_logits=False):
    hot = np.eye(z.shape[-1])[y.reshape(z.shape[:-1])]
    if from_logits:
        return np.exp(_log_softmax(z)) - hot
    return (1 / _clip(z).sum(axis=-1, keepdims=True) - hot / _clip(z)) * (_clip(z) == z)


def _every_label(y, z, **options):
    logs = _sparse_logs(z, **options)
    return -np.mean(logs.reshape(-1, z.shape[-1])[:, y.ravel()])


LABELS = np.array([0, 2, 4, 2])
NUMBERED = {"y_true": LABELS, "y_pred": normal(4, 5) * 2, "from_logits": True}
NUMBERED_SHARES = {"y_true": LABELS, "y_pred": probabilities(4, 5) * 0.9 + 1 / 50}

SparseCategoricalCrossentropy = Check(
    target="nnlib.losses.SparseCategoricalCrossentropy",
    reference=keras("SparseCategoricalCrossentropy"),
    attempt=run_loss,
    cases=[
        Case("logits of a batch", NUMBERED,
             hint="Pick one logarithm per row, the label's: `np.take_along_axis`, or index with "
                  "`np.arange(N), labels`."),
        Case("labels in a column", {**NUMBERED, "y_true": LABELS[:, None]},
             hint="`forward` of `Loss` has taken the last axis off the labels already."),
        Case("as many samples as classes",
             {"y_true": np.array([2, 0, 2]), "y_pred": normal(3, 3), "from_logits": True},
             hint="Rows are samples and columns are classes, also where there are equally many."),
        Case("one sample", {"y_true": np.array([1]), "y_pred": normal(1, 4), "from_logits": True},
             hint="A batch of one is still a batch: the scores have the shape (1, K)."),
        Case("large logits", {"y_true": np.array([1, 0, 2]), "from_logits": True,
                              "y_pred": np.array([[900.0, 0.0, 1.0], [1e4, 9e3, 0.0],
                                                  [1e3, -1e4, 0.5]])},
             hint="Use `log_softmax(y_pred)`: the logarithm of a softmax meets ln 0."),
        Case("probabilities of a batch", NUMBERED_SHARES,
             hint="Without `from_logits` take the logarithm of the clipped probabilities."),
        Case("rows that do not sum to one, and a zero",
             {"y_true": np.array([1, 0]), "y_pred": np.array([[0.4, 0.0, 0.6], [0.2, 0.2, 0.2]])},
             hint="Clip to [1e-7, 1 - 1e-7], and divide each row by its sum."),
        Case("gradient for logits", {**NUMBERED, "gradient": True},
             hint="Softmax minus one at the label's place. Divide by the number of samples."),
        Case("gradient of one sample",
             {"y_true": np.array([2]), "y_pred": normal(1, 4), "from_logits": True,
              "gradient": True},
             hint="The gradient has the shape of the scores, (1, K)."),
        Case("gradient for probabilities", {**NUMBERED_SHARES, "gradient": True},
             hint="The loss is ln(sum of p) - ln(p of the label): differentiate both."),
        untouched(**NUMBERED, gradient=True),
    ],
    mistakes=[
        *sample_mistakes(_sparse_loss, _sparse_slope),
        Mistake("picked every label's column in every row: use one label per row",
                wrong(value=_every_label)),
        Mistake("counted the labels from one",
                wrong(value=lambda y, z, **options: np.mean(_sparse_loss(y - 1, z, **options)))),
        Mistake("took the most likely class instead of the true one",
                wrong(value=lambda y, z, **options: -np.mean(
                    _sparse_logs(z, **options).max(axis=-1)))),
        Mistake("left out the minus: the loss is negative",
                wrong(value=lambda y, z, **options: -np.mean(_sparse_loss(y, z, **options)))),
        Mistake("took the logit itself: the softmax is missing",
                wrong(value=on_logits(lambda y, z: -np.mean(np.take_along_axis(
                    z, y.reshape(*z.shape[:-1], 1), axis=-1))))),
        Mistake("went through clipped probabilities: the loss stops growing at 16",
                wrong(value=on_logits(lambda y, z: np.mean(-np.log(_clip(np.exp(
                    -_sparse_loss(y, z, from_logits=True)))))))),
        Mistake("took logits for probabilities: `from_logits` is not used",
                wrong(value=on_logits(mean_of(_sparse_loss)),
                      gradient=on_logits(per_row(_sparse_slope)))),
        Mistake("took probabilities for logits: `from_logits` is not used",
                wrong(value=on_probabilities(lambda y, p: np.mean(
                    _sparse_loss(y, p, from_logits=True))),
                      gradient=on_probabilities(per_row(
                          lambda y, p: _sparse_slope(y, p, from_logits=True))))),
        Mistake("did not divide the probabilities by their sum",
                wrong(value=on_probabilities(lambda y, p: -np.mean(np.log(np.take_along_axis(
                    _clip(p), y.reshape(*p.shape[:-1], 1), axis=-1)))))),
        Mistake("did not clip: the logarithm of 0 is minus infinity",
                wrong(value=on_probabilities(lambda y, p: -np.mean(np.log(np.take_along_axis(
                    _shares(p), y.reshape(*p.shape[:-1], 1), axis=-1)))))),
        Mistake("did not subtract the one at the label's place",
                wrong(gradient=on_logits(per_row(lambda y, z: np.exp(_log_softmax(z)))))),
        Mistake("subtracted the number of the class instead of a one at its place",
                wrong(gradient=on_logits(per_row(lambda y, z: np.exp(_log_softmax(z))
                                                 - y.reshape(*z.shape[:-1], 1))))),
        Mistake("gave a gradient to the true class only: the other logits must come down",
                wrong(gradient=on_logits(per_row(lambda y, z: _sparse_slope(y, z, from_logits=True)
                                                 * np.eye(z.shape[-1])[y])))),
        Mistake("forgot in the gradient that the probabilities are divided by their sum: -1 / p",
                wrong(gradient=on_probabilities(per_row(
                    lambda y, p: -np.eye(p.shape[-1])[y] / _clip(p))))),
        Mistake("used the gradient for logits, p minus one-hot, on probabilities",
                wrong(gradient=on_probabilities(per_row(
                    lambda y, p: p - np.eye(p.shape[-1])[y])))),
    ],
)


# --- margins ------------------------------------------------------------------------------------

def _signs(y):
    return 2 * y - 1 if np.isin(y, (0, 1)).all() else y


def margin_cases(hint, slope_hint):
    """Return the cases of a loss of label times score."""
    signs = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]])
    batch = {"y_true": signs, "y_pred": normal(4, 3) * 1.5}
    ones = {"y_true": (signs + 1) / 2, "y_pred": normal(4, 3) * 1.5}
    return [
        Case("labels -1 and 1", batch, hint=hint),
        Case("labels 0 and 1", ones,
             hint="A batch of zeros and ones has to be converted: call `to_signs(y_true)` first."),
        Case("a batch with labels -1, 0 and 1",
             {"y_true": np.array([-1.0, 0.0, 1.0, 0.0, 1.0, -1.0]), "y_pred": normal(6) * 1.5},
             hint="Convert only if the whole batch is 0 and 1: `to_signs` looks at all labels."),
        Case("gradient for labels -1 and 1", {**batch, "gradient": True},
             hint=slope_hint + " Divide by the number of elements."),
        Case("gradient for labels 0 and 1", {**ones, "gradient": True},
             hint="Convert the labels in `backward` as in `per_sample`."),
        *habits(**batch, gradient=True),
    ]


def margin_mistakes(loss, slope):
    """Return the mistakes of a loss of label times score, from its right loss and slope.

    Both are functions of the margin; the label comes into the gradient by the chain rule.
    """

    def gradient(y, p):
        return _signs(y) * slope(_signs(y) * p)

    return [
        *element_mistakes(lambda y, p: loss(_signs(y) * p), gradient),
        Mistake("did not convert labels 0 and 1 to -1 and 1",
                wrong(value=lambda y, p: np.mean(loss(y * p)),
                      gradient=lambda y, p: y * slope(y * p) / p.size)),
        Mistake("turned every 0 into -1, also where the batch has labels -1, 0 and 1",
                wrong(value=lambda y, p: np.mean(loss(np.where(y == 0, -1, y) * p)))),
        Mistake("converted labels that are -1 and 1 already: 2 y - 1 makes -3 of -1",
                wrong(value=lambda y, p: np.mean(loss((2 * y - 1) * p)),
                      gradient=lambda y, p: (2 * y - 1) * slope((2 * y - 1) * p) / p.size)),
        Mistake("turned the sign of the margin round: right answers are punished",
                wrong(value=lambda y, p: np.mean(loss(-_signs(y) * p)))),
        Mistake("left the label out of the gradient: the chain rule brings in a factor y",
                wrong(gradient=lambda y, p: slope(_signs(y) * p) / p.size)),
    ]


def _hinge(z):
    return np.maximum(1 - z, 0)


Hinge = Check(
    target="nnlib.losses.Hinge",
    reference=keras("Hinge"),
    attempt=run_loss,
    cases=margin_cases("One minus label times score, but never below zero; then the mean.",
                       "The slope is -y while the margin y s is below one, and 0 beyond."),
    mistakes=[
        *margin_mistakes(_hinge, lambda z: -1.0 * (z <= 1)),
        Mistake("let the loss become negative: margins above one cost nothing",
                wrong(value=lambda y, p: np.mean(1 - _signs(y) * p))),
        Mistake("asked for a margin of zero instead of one",
                wrong(value=lambda y, p: np.mean(np.maximum(-_signs(y) * p, 0)),
                      gradient=lambda y, p: -_signs(y) * (_signs(y) * p <= 0) / p.size)),
        Mistake("squared the loss: that is `SquaredHinge`",
                wrong(value=lambda y, p: np.mean(_hinge(_signs(y) * p) ** 2))),
        Mistake("subtracted the score from the label instead of multiplying",
                wrong(value=lambda y, p: np.mean(np.maximum(_signs(y) - p, 0)))),
        Mistake("pushed samples whose margin is wide enough already",
                wrong(gradient=lambda y, p: -_signs(y) / p.size)),
        Mistake("returned the slope times the loss: that is half of `SquaredHinge`'s",
                wrong(gradient=lambda y, p: -_signs(y) * _hinge(_signs(y) * p) / p.size)),
        Mistake("differentiated for the label: -s instead of -y",
                wrong(gradient=lambda y, p: -p * (_signs(y) * p <= 1) / p.size)),
    ],
)

SquaredHinge = Check(
    target="nnlib.losses.SquaredHinge",
    reference=keras("SquaredHinge"),
    attempt=run_loss,
    cases=margin_cases("First cut at zero, then square, then take the mean.",
                       "The slope is -2 y times what is missing to a margin of one."),
    mistakes=[
        *margin_mistakes(lambda z: _hinge(z) ** 2, lambda z: -2 * _hinge(z)),
        Mistake("squared before cutting at zero: wide margins are punished",
                wrong(value=lambda y, p: np.mean(np.maximum((1 - _signs(y) * p) ** 2, 0)),
                      gradient=lambda y, p: -2 * _signs(y) * (1 - _signs(y) * p) / p.size)),
        Mistake("forgot to square: that is `Hinge`",
                wrong(value=lambda y, p: np.mean(_hinge(_signs(y) * p)),
                      gradient=lambda y, p: -_signs(y) * (_signs(y) * p <= 1) / p.size)),
        Mistake("squared the mean instead of averaging the squares",
                wrong(value=lambda y, p: np.mean(_hinge(_signs(y) * p)) ** 2)),
        Mistake("halved the squares",
                wrong(value=lambda y, p: np.mean(_hinge(_signs(y) * p) ** 2) / 2)),
        Mistake("left out the 2 that comes down from the square",
                wrong(gradient=lambda y, p: -_signs(y) * _hinge(_signs(y) * p) / p.size)),
    ],
)


def _rivals(y, s):
    return (1 - y) * s


def _is_largest(s):
    return s == s.max(axis=-1, keepdims=True)


def _categorical_hinge(y, s):
    return np.maximum(1 + _rivals(y, s).max(axis=-1) - (y * s).sum(axis=-1), 0)


def _lead_slope(y, s):
    return (1 - y) * _is_largest(_rivals(y, s)) - y


def _categorical_hinge_slope(y, s):
    return _lead_slope(y, s) * (_categorical_hinge(y, s) > 0)[..., None]


SCORES = {"y_true": np.eye(4)[[0, 2, 1, 3, 2]], "y_pred": normal(5, 4) * 1.5}
FAR_APART = {"y_true": np.eye(3)[[0, 2, 1]],
             "y_pred": np.array([[5.0, 1.0, -2.0], [0.5, 2.0, 1.5], [1.0, 9.0, 2.0]])}
ALL_NEGATIVE = {"y_true": np.eye(3)[[0, 1]],
                "y_pred": np.array([[-0.5, -3.0, -2.0], [-1.0, 0.25, -4.0]])}

CategoricalHinge = Check(
    target="nnlib.losses.CategoricalHinge",
    reference=keras("CategoricalHinge"),
    attempt=run_loss,
    cases=[
        Case("scores of a batch", SCORES,
             hint="1 + best other score - true score, but never below zero."),
        Case("a batch of sequences", {"y_true": np.eye(3)[[[0, 1], [2, 0], [1, 1]]],
                                      "y_pred": normal(3, 2, 3)},
             hint="The classes are on the last axis, whatever comes before it."),
        Case("some samples lead by more than one", FAR_APART,
             hint="A lead of more than one costs nothing: cut each sample's loss at zero."),
        Case("all other scores negative", ALL_NEGATIVE,
             hint="(1 - y) s is 0 at the true class, and this 0 takes part in the maximum."),
        Case("gradient of a batch", {**SCORES, "gradient": True},
             hint="-1 for the true class, +1 for its best rival. Divide by the number of samples."),
        Case("gradient where some samples lead by more than one", {**FAR_APART, "gradient": True},
             hint="Where the loss is zero, so is the gradient of the whole row."),
        Case("gradient with all other scores negative", {**ALL_NEGATIVE, "gradient": True},
             hint="If the maximum is the 0 of the true class, no rival is pushed down."),
        untouched(**SCORES, gradient=True),
    ],
    mistakes=[
        *sample_mistakes(_categorical_hinge, _categorical_hinge_slope),
        Mistake("let the true class compete with itself: the maximum is over the others",
                wrong(value=lambda y, s: np.mean(np.maximum(
                    1 + s.max(axis=-1) - (y * s).sum(axis=-1), 0)))),
        Mistake("left the true class out of the maximum altogether: Keras counts it as 0",
                wrong(value=lambda y, s: np.mean(np.maximum(
                    1 + np.where(y == 1, -np.inf, s).max(axis=-1) - (y * s).sum(axis=-1), 0)))),
        Mistake("added up over all rivals instead of taking the best one",
                wrong(value=lambda y, s: np.mean(np.sum((1 - y) * np.maximum(
                    1 + s - (y * s).sum(axis=-1, keepdims=True), 0), axis=-1)))),
        Mistake("took the mean of the other scores instead of the largest",
                wrong(value=lambda y, s: np.mean(np.maximum(
                    1 + _rivals(y, s).mean(axis=-1) - (y * s).sum(axis=-1), 0)))),
        Mistake("left out the margin of one",
                wrong(value=lambda y, s: np.mean(np.maximum(
                    _rivals(y, s).max(axis=-1) - (y * s).sum(axis=-1), 0)))),
        Mistake("let the loss become negative: a lead of more than one costs nothing",
                wrong(value=lambda y, s: np.mean(
                    1 + _rivals(y, s).max(axis=-1) - (y * s).sum(axis=-1)))),
        Mistake("cut at zero after averaging instead of before",
                wrong(value=lambda y, s: max(0.0, np.mean(
                    1 + _rivals(y, s).max(axis=-1) - (y * s).sum(axis=-1))))),
        Mistake("exchanged the true class and its rival",
                wrong(value=lambda y, s: np.mean(np.maximum(
                    1 - _rivals(y, s).max(axis=-1) + (y * s).sum(axis=-1), 0)))),
        Mistake("pushed samples that lead by more than one already",
                wrong(gradient=per_row(_lead_slope))),
        Mistake("pushed up the true class only",
                wrong(gradient=per_row(
                    lambda y, s: -y * (_categorical_hinge(y, s) > 0)[..., None]))),
        Mistake("pushed down all rivals instead of the best one",
                wrong(gradient=per_row(
                    lambda y, s: (1 - 2 * y) * (_categorical_hinge(y, s) > 0)[..., None]))),
        Mistake("pushed down the best other score even if the maximum is the true class's 0",
                wrong(gradient=per_row(
                    lambda y, s: (_is_largest(np.where(y == 1, -np.inf, s)) - y)
                    * (_categorical_hinge(y, s) > 0)[..., None]))),
    ],
)

Exponential = Check(
    target="nnlib.losses.Exponential",
    reference=measured(lambda tf, y_true, y_pred: tf.exp(-margin(tf, y_true, y_pred))),
    attempt=run_loss,
    cases=margin_cases("exp(-y s) for each element, then the mean.",
                       "The slope is -y exp(-y s)."),
    mistakes=[
        *margin_mistakes(lambda z: np.exp(-z), lambda z: -np.exp(-z)),
        Mistake("added one and took the logarithm: that is the logistic loss",
                wrong(value=lambda y, p: np.mean(np.log1p(np.exp(-_signs(y) * p))))),
        Mistake("took the exponential of the mean margin",
                wrong(value=lambda y, p: np.exp(-np.mean(_signs(y) * p)))),
        Mistake("cut at zero: only `Hinge` ignores right answers",
                wrong(value=lambda y, p: np.mean(np.exp(np.maximum(-_signs(y) * p, 0))))),
        Mistake("returned the losses as their gradient",
                wrong(gradient=lambda y, p: np.exp(-_signs(y) * p) / p.size)),
        Mistake("differentiated for the label: -s instead of -y",
                wrong(gradient=lambda y, p: -p * np.exp(-_signs(y) * p) / p.size)),
    ],
)


def _smooth_hinge(z):
    return np.where(z <= 0, 0.5 - z, np.maximum(1 - z, 0) ** 2 / 2)


SmoothHinge = Check(
    target="nnlib.losses.SmoothHinge",
    reference=measured(lambda tf, y_true, y_pred: tf.where(
        margin(tf, y_true, y_pred) <= 0, 0.5 - margin(tf, y_true, y_pred),
        tf.square(tf.nn.relu(1 - margin(tf, y_true, y_pred))) / 2)),
    attempt=run_loss,
    cases=[
        *margin_cases("Three branches by the margin z = y s: `np.where` inside `np.where`, "
                      "or `np.clip`.",
                      "The slope for the margin is -1 up to 0, -(1 - z) up to 1, then 0."),
        Case("margins in each of the three branches",
             {"y_true": np.array([1.0, -1.0, 1.0, -1.0, 1.0]),
              "y_pred": np.array([-2.0, -0.25, 0.5, 3.0, 4.0])},
             hint="1/2 - z up to 0, (1 - z)²/2 between 0 and 1, nothing from 1 on."),
    ],
    mistakes=[
        *margin_mistakes(_smooth_hinge, lambda z: -np.clip(1 - z, 0, 1)),
        Mistake("kept the parabola below zero: the straight branch is missing",
                wrong(value=lambda y, p: np.mean(_hinge(_signs(y) * p) ** 2) / 2,
                      gradient=lambda y, p: -_signs(y) * _hinge(_signs(y) * p) / p.size)),
        Mistake("let the parabola rise again above one",
                wrong(value=lambda y, p: np.mean(np.where(
                    _signs(y) * p <= 0, 0.5 - _signs(y) * p, (1 - _signs(y) * p) ** 2 / 2)),
                      gradient=lambda y, p: -_signs(y) * np.minimum(1 - _signs(y) * p, 1)
                      / p.size)),
        Mistake("used 1 - z for the straight branch: it must meet the parabola at one half",
                wrong(value=lambda y, p: np.mean(np.where(
                    _signs(y) * p <= 0, 1 - _signs(y) * p, _hinge(_signs(y) * p) ** 2 / 2)))),
        Mistake("left the one half out of the parabola",
                wrong(value=lambda y, p: np.mean(np.where(
                    _signs(y) * p <= 0, 0.5 - _signs(y) * p, _hinge(_signs(y) * p) ** 2)))),
        Mistake("did not smooth: that is `Hinge`",
                wrong(value=lambda y, p: np.mean(_hinge(_signs(y) * p)),
                      gradient=lambda y, p: -_signs(y) * (_signs(y) * p <= 1) / p.size)),
        Mistake("doubled the slope of the parabola",
                wrong(gradient=lambda y, p: -_signs(y) * np.where(
                    _signs(y) * p <= 0, 1, 2 * _hinge(_signs(y) * p)) / p.size)),
    ],
)


# --- distributions and counts -------------------------------------------------------------------

def _from_one_ten_millionth(p):
    return np.clip(p, 1e-7, 1)


def _divergence(y, p):
    y, p = _from_one_ten_millionth(y), _from_one_ten_millionth(p)
    return np.sum(y * np.log(y / p), axis=-1)


def _divergence_slope(y, p):
    return -y / _from_one_ten_millionth(p) * (p >= 1e-7)


DISTRIBUTIONS = {"y_true": probabilities(5, 3), "y_pred": probabilities(5, 3) * 0.9 + 1 / 30}
IMPOSSIBLE = {"y_true": np.array([[0.5, 0.3, 0.2], [0.25, 0.75, 0.0]]),
              "y_pred": np.array([[0.0, 0.4, 0.6], [0.1, 0.3, 0.6]])}

KLDivergence = Check(
    target="nnlib.losses.KLDivergence",
    reference=keras("KLDivergence"),
    attempt=run_loss,
    cases=[
        Case("distributions of a batch", DISTRIBUTIONS,
             hint="Sum y ln(y / p) over the classes; `forward` averages over the samples."),
        Case("a batch of sequences", {"y_true": probabilities(2, 3, 4),
                                      "y_pred": probabilities(2, 3, 4) * 0.8 + 0.05},
             hint="The classes are on the last axis, whatever comes before it."),
        Case("one-hot targets", {"y_true": np.eye(3)[[0, 2, 1]],
                                 "y_pred": probabilities(3, 3) * 0.5 + 0.1},
             hint="0 ln 0 is nan: clip the targets to [1e-7, 1] too."),
        Case("a prediction of exactly zero", IMPOSSIBLE,
             hint="Clip the predictions to [1e-7, 1] before dividing by them."),
        Case("gradient of a batch", {**DISTRIBUTIONS, "gradient": True},
             hint="Only ln p depends on the prediction: the slope is -y / p. "
                  "Divide by the number of samples."),
        Case("gradient at a prediction of zero", {**IMPOSSIBLE, "gradient": True},
             hint="Where clipping has changed a prediction, its gradient is zero."),
        *habits(**DISTRIBUTIONS, gradient=True),
    ],
    mistakes=[
        *sample_mistakes(_divergence, _divergence_slope),
        Mistake("did not clip the targets: 0 ln 0 is nan",
                wrong(value=lambda y, p: np.mean(np.sum(
                    y * np.log(y / _from_one_ten_millionth(p)), axis=-1)))),
        Mistake("did not clip the predictions: dividing by 0 gives infinity",
                wrong(value=lambda y, p: np.mean(np.sum(
                    _from_one_ten_millionth(y) * np.log(_from_one_ten_millionth(y) / p),
                    axis=-1)))),
        Mistake("exchanged the two distributions: the divergence is not symmetric",
                wrong(value=lambda y, p: np.mean(_divergence(p, y)))),
        Mistake("left the targets' own logarithm out: that is the cross-entropy",
                wrong(value=lambda y, p: np.mean(-np.sum(
                    y * np.log(_from_one_ten_millionth(p)), axis=-1)))),
        Mistake("divided upside down: ln(p / y) has the opposite sign",
                wrong(value=lambda y, p: -np.mean(_divergence(y, p)))),
        Mistake("took the base-2 logarithm",
                wrong(value=lambda y, p: np.mean(_divergence(y, p)) / np.log(2))),
        Mistake("let the gradient through where clipping has made the loss flat",
                wrong(gradient=per_row(lambda y, p: -y / _from_one_ten_millionth(p)))),
        Mistake("divided the gradient by zero where a prediction is zero",
                wrong(gradient=per_row(lambda y, p: -y / p))),
        Mistake("used p - y, the gradient of the cross-entropy for logits",
                wrong(gradient=per_row(lambda y, p: p - y))),
        Mistake("differentiated for the target: ln(y / p) + 1",
                wrong(gradient=per_row(lambda y, p: np.log(
                    _from_one_ten_millionth(y) / _from_one_ten_millionth(p)) + 1))),
    ],
)


def _poisson(y, p):
    return p - y * np.log(p + 1e-7)


def _poisson_slope(y, p):
    return 1 - y / (p + 1e-7)


COUNTS = {"y_true": np.array([[3.0, 0.0, 1.0], [2.0, 5.0, 0.0]]),
          "y_pred": uniform(2, 3, low=0.3, high=4.0)}

Poisson = Check(
    target="nnlib.losses.Poisson",
    reference=keras("Poisson"),
    attempt=run_loss,
    cases=[
        Case("counts of a batch", COUNTS,
             hint="The expected count minus the count times the logarithm of the expected one."),
        Case("a plain row of predictions", {"y_true": np.array([0.0, 4.0, 1.0, 2.0]),
                                            "y_pred": uniform(4, low=0.3, high=4.0)},
             hint="Average over `axis=-1`, which every array has, instead of `axis=1`."),
        Case("an expected count of zero",
             {"y_true": np.array([[2.0, 0.0], [1.0, 3.0]]),
              "y_pred": np.array([[0.0, 0.5], [1.5, 2.5]])},
             hint="Add 1e-7 inside the logarithm."),
        Case("gradient of a batch", {**COUNTS, "gradient": True},
             hint="The slope is 1 - y / p, with the same 1e-7 beside p. " + DIVIDE),
        Case("gradient at an expected count of zero",
             {"y_true": np.array([[2.0, 0.0], [1.0, 3.0]]),
              "y_pred": np.array([[0.0, 0.5], [1.5, 2.5]]), "gradient": True},
             hint="Add 1e-7 in the denominator too."),
        *habits(**COUNTS, gradient=True),
    ],
    mistakes=[
        *element_mistakes(_poisson, _poisson_slope),
        every_pair(_poisson),
        Mistake("took the logarithm of zero: 1e-7 has to be added inside",
                wrong(value=lambda y, p: np.mean(p - y * np.log(p)))),
        Mistake("added the logarithm instead of subtracting it",
                wrong(value=lambda y, p: np.mean(p + y * np.log(p + 1e-7)))),
        Mistake("exchanged counts and expected counts",
                wrong(value=lambda y, p: np.mean(y - p * np.log(y + 1e-7)))),
        Mistake("left out the expected count in front of the logarithm",
                wrong(value=lambda y, p: np.mean(-y * np.log(p + 1e-7)))),
        Mistake("divided by zero: 1e-7 has to be added to the denominator",
                wrong(gradient=lambda y, p: (1 - y / p) / p.size)),
        Mistake("left the 1 out of the gradient",
                wrong(gradient=lambda y, p: -y / (p + 1e-7) / p.size)),
        Mistake("returned p - y: that is the gradient if `y_pred` were the logarithm of the count",
                wrong(gradient=lambda y, p: (p - y) / p.size)),
    ],
)


# --- questions a person marks -------------------------------------------------------------------

loss_or_metric = Written(
    name="loss_or_metric",
    rubric=[
        (2, "Says that accuracy is piecewise constant in the weights: a small change of a weight "
            "changes no decision, so the gradient is zero almost everywhere."),
        (1, "Concludes that gradient descent gets no direction from it (and at a jump no gradient "
            "exists at all)."),
        (1, "Says what a loss has instead: it changes smoothly with every prediction, and rewards "
            "a right answer for becoming surer."),
        (1, "Gives an example of two models with equal accuracy and different loss, or says why "
            "accuracy is still what one reports."),
    ],
    answer=(
        "Accuracy counts decisions. If a weight moves a little, every probability moves a little, "
        "but almost never one of them crosses 0.5, so the count stays where it is: the gradient is "
        "zero almost everywhere, and where the count jumps it does not exist. Gradient descent "
        "would never take a step. Cross-entropy changes with every prediction, and it goes on "
        "falling when a right answer becomes surer. Probabilities of 0.51 and 0.99 for a sample "
        "that is a yes have the same accuracy, 1, but losses of 0.673 and 0.010. So we train on "
        "the loss and report the metric, because the metric is what people can read and what the "
        "decision is about."
    ),
)

why_from_logits = Written(
    name="why_from_logits",
    rubric=[
        (1, "With logits: the loss is 100 (exactly, ln(1 + e^100) = 100 in float64)."),
        (1, "With probabilities: sigmoid(100) rounds to 1, clipping makes it 1 - 1e-7, the loss is "
            "16.12 in float64 (15.94 in float32) for this logit and for any larger one."),
        (2, "Gradients for z: with logits sigmoid(z) - y = 1; with probabilities 0, because the "
            "clipped loss is flat (and the sigmoid's own slope is 0 there as well)."),
        (1, "Concludes that the sample which is most wrong teaches nothing on the probability "
            "path, so the network should hand over its logits."),
    ],
    answer=(
        "With `from_logits=True` the loss is max(z, 0) - z y + ln(1 + exp(-|z|)) = 100 - 0 + 0 = "
        "100, and its gradient for z is sigmoid(100) - 0 = 1: the sample is corrected with full "
        "force. On the other path sigmoid(100) is 1 in floating point, it is clipped to 1 - 1e-7, "
        "and the loss is -ln(1e-7) = 16.12 (in float32, which rounds 1 - 1e-7 to 0.99999988, it is "
        "15.94). It would be the same for z = 1000. Because clipping has made the loss flat, its "
        "gradient is 0, and nothing comes back through the sigmoid, whose slope is 0 there too. "
        "The network is as wrong as it can be and learns nothing from it. So the last layer stays "
        "linear and the loss gets the logits."
    ),
)
