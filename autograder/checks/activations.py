"""How the pieces of `nnlib.activations` are judged."""

import math

import numpy as np

from autograder.cases import Case, Check, Mistake, Written, habits, normal, vjp

WHOLE = np.array([-3, -1, 0, 1, 2, 5])
FAR = np.array([[-1e4, -1000.0, -30.0, -2.0, -0.5], [0.5, 2.0, 30.0, 1000.0, 1e4]])
ROWS_FAR_APART = np.array([[0.0, 1.0, 2.0, 3.0], [-2000.0, -2001.0, -2002.0, -2000.5]])
TWO_AHEAD = np.array([[1e4, 1e4, -1e4], [-9999.0, -1e4, -9998.0]])

SHAPE = "Let NumPy work on the whole array: no loop over rows, no fixed number of axes."
INTEGERS = "Let the result be a new float array; one made by `zeros_like(x)` holds integers only."
CHAIN = "The gradient for the input is the slope at `x` times the gradient that arrives, `dy`."
AXIS = "Pass `axis` on to every `max` and `sum`, with `keepdims=True`."
LOGITS = "Subtract the largest logit along the axis before exponentiating."


def pointwise(formula, large):
    """Return the cases of a function that treats every number on its own, with two hints."""
    return [
        Case("a batch", {"x": normal(4, 5) * 2}, hint=formula),
        Case("three axes", {"x": normal(2, 3, 4) * 2}, hint=SHAPE),
        Case("whole numbers", {"x": WHOLE}, hint=INTEGERS),
        Case("numbers far from zero", {"x": FAR}, hint=large),
        *habits(x=normal(4, 5)),
    ]


def pointwise_backward(formula, large):
    """Return the cases of the gradient of such a function, with two hints."""
    return [
        Case("a batch", {"x": normal(4, 5) * 2, "dy": normal(4, 5)}, hint=formula),
        Case("three axes", {"x": normal(2, 3, 4) * 2, "dy": normal(2, 3, 4)}, hint=SHAPE),
        Case("inputs far from zero", {"x": FAR, "dy": normal(2, 5)}, hint=large),
        *habits(x=normal(4, 5), dy=normal(4, 5)),
    ]


def without_chain_rule(slope):
    """Return the mistakes that are made with `dy`, for a function with this slope."""
    return [
        Mistake("returned the slope and left out dy",
                lambda x, dy, **options: slope(x, **options)),
        Mistake("passed dy on as it came and left out the slope", lambda x, dy, **options: dy),
        Mistake("added the slope to dy; the chain rule multiplies",
                lambda x, dy, **options: dy + slope(x, **options)),
    ]


def fill(x, y):
    """Store `y` in an array with the dtype of `x`, which cuts decimals off if `x` is integer."""
    out = np.zeros_like(x)
    out[...] = y
    return out


def logistic(x):
    return 0.5 * np.tanh(0.5 * x) + 0.5


def normal_cdf(x):
    return 0.5 + 0.5 * np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))


def normal_pdf(x):
    return np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)


def tanh_cdf(x, power=3):
    return 0.5 + 0.5 * np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**power))


def exp_normalise(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def real(tf, x):
    """Let TensorFlow take whole numbers as float64."""
    return tf.cast(x, tf.float64)


# Step and identity ---------------------------------------------------------------------------


def mask_in_place(x):
    x[x > 0] = 1
    x[x <= 0] = 0
    return x


step = Check(
    target="nnlib.activations.step",
    reference=lambda tf, x: tf.experimental.numpy.heaviside(real(tf, x), real(tf, 0)),
    cases=[
        *(case for case in pointwise("Compare with 0: `x > 0` is true where the neuron fires.",
                                     "Only the sign of `x` matters, not its size.")
          if not case.dtype),  # zeros and ones are right in any dtype
        Case("exactly zero", {"x": np.array([-1.0, 0.0, 2.0, 0.0, 0.5])},
             hint="At exactly 0 the neuron does not fire: use `>`, not `>=`."),
    ],
    mistakes=[
        Mistake("fired at exactly 0", lambda x: np.where(x >= 0, 1.0, 0.0)),
        Mistake("returned half at exactly 0", lambda x: np.heaviside(x, 0.5)),
        Mistake("returned the sign: -1 instead of 0", lambda x: np.sign(x) * 1.0),
        Mistake("fired below zero instead of above", lambda x: np.where(x < 0, 1.0, 0.0)),
        Mistake("kept the positive inputs as they are, which is a rectifier",
                lambda x: np.maximum(x, 0.0)),
        Mistake("took 0.5 for the threshold", lambda x: np.where(x > 0.5, 1.0, 0.0)),
        Mistake("wrote zeros and ones into x itself", mask_in_place),
    ],
)

step_backward = Check(
    target="nnlib.activations.step_backward",
    reference=vjp(lambda tf, x: 0.5 * tf.sign(x) + 0.5),
    constant="zeros",
    cases=pointwise_backward("The step is flat on both sides: its slope is 0.",
                             "The step is flat, however far from zero."),
    mistakes=[
        Mistake("passed dy on as it came", lambda x, dy: dy),
        Mistake("let dy pass where x is positive, as a rectifier does",
                lambda x, dy: np.where(x > 0, dy, 0.0)),
        Mistake("returned one number instead of an array", lambda x, dy: 0.0),
    ],
)

linear = Check(
    target="nnlib.activations.linear",
    reference=lambda tf, x: tf.keras.activations.linear(real(tf, x)),
    constant="x",
    cases=pointwise("Return `x` as it is.", "Return every number as it is, however large."),
    mistakes=[
        Mistake("cut off what is negative, as a rectifier does", lambda x: np.maximum(x, 0.0)),
        Mistake("cut off beyond -1 and 1", lambda x: np.clip(x, -1.0, 1.0)),
        Mistake("returned the slope, 1, instead of the value", lambda x: np.ones(x.shape)),
        Mistake("lost the shape", lambda x: x.ravel()),
        Mistake("lost the sign", lambda x: np.abs(x)),
    ],
)

linear_backward = Check(
    target="nnlib.activations.linear_backward",
    reference=vjp(lambda tf, x: tf.keras.activations.linear(x)),
    constant="dy",
    cases=pointwise_backward("The slope is 1 everywhere, so `dy` passes as it is.",
                             "The slope is 1 everywhere, however far from zero."),
    mistakes=[
        Mistake("returned the slope, 1, and left out dy", lambda x, dy: np.ones_like(dy)),
        Mistake("multiplied dy by the input instead of by the slope", lambda x, dy: dy * x),
        Mistake("let dy pass only where x is positive", lambda x, dy: np.where(x > 0, dy, 0.0)),
        Mistake("returned the input", lambda x, dy: x),
    ],
)


# Sigmoid and tanh ----------------------------------------------------------------------------


sigmoid = Check(
    target="nnlib.activations.sigmoid",
    reference=lambda tf, x: tf.nn.sigmoid(real(tf, x)),
    cases=pointwise(
        "Write 1 / (1 + exp(-x)); mind the minus and the brackets.",
        "Never divide two exponentials: above 709 both are inf. "
        "The sigmoid is also `0.5 * np.tanh(0.5 * x) + 0.5`.",
    ),
    mistakes=[
        Mistake("divided exp(x) by 1 + exp(x): for large x that is inf / inf, which is nan",
                lambda x: np.exp(x) / (1 + np.exp(x))),
        Mistake("stored the result with the dtype of x: integers lose everything after the point",
                lambda x: fill(x, logistic(x))),
        Mistake("left out the minus in the exponent", lambda x: logistic(-x)),
        Mistake("left out the brackets: 1 / 1 + exp(-x)", lambda x: 1 / 1 + np.exp(-x)),
        Mistake("drew straight lines: that is the hard sigmoid",
                lambda x: np.clip(x / 6 + 0.5, 0, 1)),
        Mistake("computed the hyperbolic tangent", lambda x: np.tanh(x)),
        Mistake("forgot to halve x inside the tanh", lambda x: 0.5 * np.tanh(x) + 0.5),
        Mistake("normalised over the last axis: that is softmax", lambda x: exp_normalise(x)),
        Mistake("returned the slope instead of the value",
                lambda x: logistic(x) * (1 - logistic(x))),
        Mistake("rounded to 0 or 1", lambda x: np.round(logistic(x))),
    ],
)

sigmoid_backward = Check(
    target="nnlib.activations.sigmoid_backward",
    reference=vjp(lambda tf, x: tf.nn.sigmoid(x)),
    cases=pointwise_backward(
        CHAIN, "Compute the slope from the output: y * (1 - y) is 0 where y is 0 or 1, never nan."
    ),
    mistakes=[
        *without_chain_rule(lambda x: logistic(x) * (1 - logistic(x))),
        Mistake("used x (1 - x): x is the input, the slope needs the output of the sigmoid",
                lambda x, dy: dy * x * (1 - x)),
        Mistake("multiplied by the sigmoid alone and left out 1 - y",
                lambda x, dy: dy * logistic(x)),
        Mistake("multiplied by 1 - y alone", lambda x, dy: dy * (1 - logistic(x))),
        Mistake("used the slope of the tanh, 1 - y squared",
                lambda x, dy: dy * (1 - logistic(x) ** 2)),
        Mistake("applied the sigmoid to dy", lambda x, dy: logistic(dy) * (1 - logistic(dy))),
        Mistake("took the sigmoid twice",
                lambda x, dy: dy * logistic(logistic(x)) * (1 - logistic(logistic(x)))),
        Mistake("used exp(-x) / (1 + exp(-x))^2 as it stands: it overflows to nan",
                lambda x, dy: dy * np.exp(-x) / (1 + np.exp(-x)) ** 2),
        Mistake("lost a sign", lambda x, dy: -dy * logistic(x) * (1 - logistic(x))),
        Mistake("summed over the batch",
                lambda x, dy: (dy * logistic(x) * (1 - logistic(x))).sum(axis=0)),
    ],
)

tanh = Check(
    target="nnlib.activations.tanh",
    reference=lambda tf, x: tf.nn.tanh(real(tf, x)),
    cases=pointwise(
        "Divide exp(x) - exp(-x) by exp(x) + exp(-x), or use `2 * sigmoid(2 * x) - 1`.",
        "Never divide two exponentials: above 709 both are inf. "
        "`2 * sigmoid(2 * x) - 1` is the same function.",
    ),
    mistakes=[
        Mistake("divided exponentials: for large x that is inf / inf, which is nan",
                lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))),
        Mistake("forgot to double x inside the sigmoid: 2 sigmoid(x) - 1",
                lambda x: 2 * logistic(x) - 1),
        Mistake("forgot to stretch the sigmoid to -1 and 1", lambda x: logistic(2 * x)),
        Mistake("computed the sigmoid", lambda x: logistic(x)),
        Mistake("left out the denominator", lambda x: np.sinh(x)),
        Mistake("swapped numerator and denominator", lambda x: 1 / np.tanh(x)),
        Mistake("lost a minus: the curve runs downwards", lambda x: np.tanh(-x)),
        Mistake("drew straight lines between -1 and 1", lambda x: np.clip(x, -1, 1)),
        Mistake("took the arc tangent", lambda x: np.arctan(x)),
        Mistake("stored the result with the dtype of x: integers lose everything after the point",
                lambda x: fill(x, np.tanh(x))),
        Mistake("returned the slope instead of the value", lambda x: 1 - np.tanh(x) ** 2),
    ],
)

tanh_backward = Check(
    target="nnlib.activations.tanh_backward",
    reference=vjp(lambda tf, x: tf.nn.tanh(x)),
    cases=pointwise_backward(
        CHAIN, "Compute the slope from the output: 1 - y * y is 0 where y is -1 or 1."
    ),
    mistakes=[
        *without_chain_rule(lambda x: 1 - np.tanh(x) ** 2),
        Mistake("forgot the square: 1 - y", lambda x, dy: dy * (1 - np.tanh(x))),
        Mistake("used 1 - x^2: x is the input, the slope needs the output of the tanh",
                lambda x, dy: dy * (1 - x**2)),
        Mistake("used the slope of the sigmoid, y (1 - y)",
                lambda x, dy: dy * np.tanh(x) * (1 - np.tanh(x))),
        Mistake("took the tanh twice", lambda x, dy: dy * (1 - np.tanh(np.tanh(x)) ** 2)),
        Mistake("multiplied by the value instead of the slope", lambda x, dy: dy * np.tanh(x)),
        Mistake("squared dy as well", lambda x, dy: dy - (dy * np.tanh(x)) ** 2),
        Mistake("summed over the batch", lambda x, dy: (dy * (1 - np.tanh(x) ** 2)).sum(axis=0)),
    ],
)


# The rectifier and its relatives -------------------------------------------------------------


def relu_in_place(x):
    x[x < 0] = 0
    return x


def gate_in_place(x, dy):
    dy[x <= 0] = 0
    return dy


relu = Check(
    target="nnlib.activations.relu",
    reference=lambda tf, x: tf.nn.relu(real(tf, x)),
    cases=pointwise("Compare every number with 0 and keep the larger: `np.maximum(x, 0)`.",
                    "There is no upper limit: large inputs stay as they are."),
    mistakes=[
        Mistake("wrote the zeros into x itself", relu_in_place),
        Mistake("used np.max, which looks for one maximum along an axis; "
                "np.maximum compares element by element", lambda x: np.max(x, 0)),
        Mistake("lost the sign instead of cutting off", lambda x: np.abs(x)),
        Mistake("cut off at 6 as well", lambda x: np.clip(x, 0, 6)),
        Mistake("let a hundredth of the negative inputs through: that is a leaky rectifier",
                lambda x: np.where(x > 0, x, 0.01 * x)),
        Mistake("kept the negative part instead of the positive", lambda x: np.minimum(x, 0)),
        Mistake("returned 0 and 1: that is the slope", lambda x: np.where(x > 0, 1.0, 0.0)),
        Mistake("compared with 1 instead of 0", lambda x: np.maximum(x, 1)),
        Mistake("took the smooth version, softplus", lambda x: np.logaddexp(x, 0)),
        Mistake("dropped the negative numbers, so that the shape is lost", lambda x: x[x > 0]),
    ],
)

relu_backward = Check(
    target="nnlib.activations.relu_backward",
    reference=vjp(lambda tf, x: tf.nn.relu(x)),
    cases=[
        *pointwise_backward("Let `dy` pass where `x` is positive, and put 0 elsewhere.",
                            "The slope is 0 or 1, however large `x` is."),
        Case("exactly zero", {"x": np.array([-1.0, 0.0, 2.0, 0.0, 0.5, 0.0]), "dy": normal(6)},
             hint="At exactly 0 the slope counts as 0: use `x > 0`, not `x >= 0`."),
    ],
    mistakes=[
        Mistake("let dy pass at exactly 0, where the slope counts as 0",
                lambda x, dy: np.where(x >= 0, dy, 0.0)),
        Mistake("let half of dy pass at exactly 0", lambda x, dy: dy * np.heaviside(x, 0.5)),
        Mistake("asked where dy is positive; it is x that opens the gate",
                lambda x, dy: np.where(dy > 0, dy, 0.0)),
        Mistake("wrote the zeros into dy itself", gate_in_place),
        *without_chain_rule(lambda x: np.where(x > 0, 1.0, 0.0)),
        Mistake("multiplied dy by the value of relu instead of its slope",
                lambda x, dy: dy * np.maximum(x, 0)),
        Mistake("opened the gate where x is negative", lambda x, dy: np.where(x < 0, dy, 0.0)),
        Mistake("let dy pass with its sign turned where x is negative",
                lambda x, dy: dy * np.sign(x)),
        Mistake("asked for x and dy both to be positive",
                lambda x, dy: np.where((x > 0) & (dy > 0), dy, 0.0)),
    ],
)


def leak_into_integers(x, negative_slope=0.2):
    y = x.copy()
    y[x < 0] = negative_slope * x[x < 0]
    return y


def leak_in_place(x, negative_slope=0.2):
    x[x < 0] *= negative_slope
    return x


leaky_relu = Check(
    target="nnlib.activations.leaky_relu",
    reference=lambda tf, x, negative_slope=0.2: tf.keras.activations.leaky_relu(
        real(tf, x), negative_slope=negative_slope
    ),
    cases=[
        *pointwise("Multiply what is negative by the slope, 0.2 unless told otherwise.",
                   "There is no limit on either side."),
        Case("another slope", {"x": normal(3, 4), "negative_slope": 0.05},
             hint="Use the argument `negative_slope`, not a fixed number."),
        Case("a slope above one", {"x": normal(3, 4), "negative_slope": 2.5},
             hint="`maximum(slope * x, x)` is right for slopes below 1 only: "
                  "decide by the sign of `x`."),
    ],
    mistakes=[
        Mistake("took the larger of slope * x and x, which is right for slopes below 1 only",
                lambda x, negative_slope=0.2: np.maximum(negative_slope * x, x)),
        Mistake("fixed the slope at 0.2",
                lambda x, negative_slope=0.2: np.where(x > 0, x, 0.2 * x)),
        Mistake("fixed the slope at 0.01, PyTorch's default",
                lambda x, negative_slope=0.2: np.where(x > 0, x, 0.01 * x)),
        Mistake("took 0.3 for the default slope, as the layer LeakyReLU of Keras does",
                lambda x, negative_slope=0.3: np.where(x > 0, x, negative_slope * x)),
        Mistake("put the slope on the positive side",
                lambda x, negative_slope=0.2: np.where(x > 0, negative_slope * x, x)),
        Mistake("put the slope on both sides", lambda x, negative_slope=0.2: negative_slope * x),
        Mistake("turned the negative side upwards",
                lambda x, negative_slope=0.2: np.where(x > 0, x, -negative_slope * x)),
        Mistake("lost the sign", lambda x, negative_slope=0.2: np.abs(x)),
        Mistake("cut off the negative side, as the plain rectifier does",
                lambda x, negative_slope=0.2: np.maximum(x, 0)),
        Mistake("returned the slope itself below zero, not slope times x",
                lambda x, negative_slope=0.2: np.where(x > 0, x, -negative_slope)),
        Mistake("stored the result with the dtype of x: integers lose everything after the point",
                leak_into_integers),
        Mistake("multiplied inside x itself", leak_in_place),
    ],
)

leaky_relu_backward = Check(
    target="nnlib.activations.leaky_relu_backward",
    reference=vjp(lambda tf, x, negative_slope=0.2: tf.keras.activations.leaky_relu(
        x, negative_slope=negative_slope
    )),
    cases=[
        *pointwise_backward("Let `dy` pass where `x` is positive, and `slope * dy` elsewhere.",
                            "The slope is one of two numbers, however large `x` is."),
        Case("another slope",
             {"x": normal(3, 4), "dy": normal(3, 4), "negative_slope": 0.05},
             hint="Use the argument `negative_slope`, not a fixed number."),
        Case("exactly zero",
             {"x": np.array([-1.0, 0.0, 2.0, 0.0]), "dy": normal(4)},
             hint="At exactly 0 the slope counts as the negative one: use `x > 0`."),
    ],
    mistakes=[
        *without_chain_rule(
            lambda x, negative_slope=0.2: np.where(x > 0, 1.0, negative_slope)
        ),
        Mistake("let dy pass at exactly 0",
                lambda x, dy, negative_slope=0.2: np.where(x >= 0, dy, negative_slope * dy)),
        Mistake("fixed the slope at 0.2",
                lambda x, dy, negative_slope=0.2: np.where(x > 0, dy, 0.2 * dy)),
        Mistake("took 0.3 for the default slope",
                lambda x, dy, negative_slope=0.3: np.where(x > 0, dy, negative_slope * dy)),
        Mistake("asked where dy is positive; it is x that decides",
                lambda x, dy, negative_slope=0.2: np.where(dy > 0, dy, negative_slope * dy)),
        Mistake("stopped the gradient on the negative side, as the plain rectifier does",
                lambda x, dy, negative_slope=0.2: np.where(x > 0, dy, 0.0)),
        Mistake("multiplied dy by the value instead of the slope",
                lambda x, dy, negative_slope=0.2: dy * np.where(x > 0, x, negative_slope * x)),
    ],
)

elu = Check(
    target="nnlib.activations.elu",
    reference=lambda tf, x, alpha=1.0: tf.keras.activations.elu(real(tf, x), alpha=alpha),
    cases=[
        *pointwise("Below zero compute alpha * (exp(x) - 1).",
                   "Choose with `np.where`, or give `exp` only `np.minimum(x, 0)`: "
                   "0 * inf is nan."),
        Case("another alpha", {"x": normal(3, 4) * 2, "alpha": 0.5},
             hint="Use the argument `alpha`: it multiplies the negative side only."),
    ],
    mistakes=[
        Mistake("left out alpha", lambda x, alpha=1.0: np.where(x > 0, x, np.expm1(x))),
        Mistake("left out the - 1", lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.exp(x))),
        Mistake("left out the brackets: alpha * exp(x) - 1",
                lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.exp(x) - 1)),
        Mistake("put alpha into the exponent",
                lambda x, alpha=1.0: np.where(x > 0, x, np.expm1(alpha * x))),
        Mistake("multiplied both sides by alpha",
                lambda x, alpha=1.0: alpha * np.where(x > 0, x, np.expm1(x))),
        Mistake("multiplied by masks: where exp overflows, 0 * inf is nan",
                lambda x, alpha=1.0: (x > 0) * x + (x <= 0) * alpha * (np.exp(x) - 1)),
        Mistake("turned the negative side upwards",
                lambda x, alpha=1.0: np.where(x > 0, x, alpha * (1 - np.exp(x)))),
        Mistake("made the negative side straight, as the leaky rectifier does",
                lambda x, alpha=1.0: np.where(x > 0, x, alpha * x)),
        Mistake("cut off the negative side, as the plain rectifier does",
                lambda x, alpha=1.0: np.maximum(x, 0)),
        Mistake("bent the positive side too", lambda x, alpha=1.0: alpha * np.expm1(x)),
        Mistake("stored the result with the dtype of x: integers lose everything after the point",
                lambda x, alpha=1.0: fill(x, np.where(x > 0, x, alpha * np.expm1(x)))),
    ],
)

elu_backward = Check(
    target="nnlib.activations.elu_backward",
    reference=vjp(lambda tf, x, alpha=1.0: tf.keras.activations.elu(x, alpha=alpha)),
    cases=[
        *pointwise_backward("The slope is 1 above zero and alpha * exp(x) below.",
                            "Choose with `np.where`, or give `exp` only `np.minimum(x, 0)`."),
        Case("another alpha",
             {"x": np.array([-2.0, -0.5, 0.0, 0.5, 3.0]), "dy": normal(5), "alpha": 0.5},
             hint="Use the argument `alpha`: it multiplies the slope below zero, and at 0."),
    ],
    mistakes=[
        *without_chain_rule(
            lambda x, alpha=1.0: np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))
        ),
        Mistake("left out alpha",
                lambda x, dy, alpha=1.0: dy * np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))),
        Mistake("used the value instead of the slope below zero",
                lambda x, dy, alpha=1.0: dy * np.where(x > 0, 1.0, alpha * np.expm1(x))),
        Mistake("multiplied by masks: where exp overflows, 0 * inf is nan",
                lambda x, dy, alpha=1.0: dy * ((x > 0) + (x <= 0) * alpha * np.exp(x))),
        Mistake("stopped the gradient on the negative side",
                lambda x, dy, alpha=1.0: np.where(x > 0, dy, 0.0)),
        Mistake("let all of dy pass at exactly 0",
                lambda x, dy, alpha=1.0: dy * np.where(x >= 0, 1.0, alpha * np.exp(x))),
    ],
)

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772

selu = Check(
    target="nnlib.activations.selu",
    reference=lambda tf, x: tf.nn.selu(real(tf, x)),
    cases=pointwise("Multiply `elu(x, alpha)` by the scale, on both sides.",
                    "Give `exp` only what is negative: 0 * inf is nan."),
    mistakes=[
        Mistake("rounded the two constants",
                lambda x: 1.05 * np.where(x > 0, x, 1.67 * np.expm1(np.minimum(x, 0)))),
        Mistake("left out the scale", lambda x: np.where(x > 0, x, ALPHA * np.expm1(x))),
        Mistake("left the scale out above zero",
                lambda x: np.where(x > 0, x, SCALE * ALPHA * np.expm1(x))),
        Mistake("left the scale out below zero",
                lambda x: np.where(x > 0, SCALE * x, ALPHA * np.expm1(x))),
        Mistake("left out alpha", lambda x: SCALE * np.where(x > 0, x, np.expm1(x))),
        Mistake("swapped scale and alpha",
                lambda x: ALPHA * np.where(x > 0, x, SCALE * np.expm1(x))),
        Mistake("multiplied by masks: where exp overflows, 0 * inf is nan",
                lambda x: SCALE * ((x > 0) * x + (x <= 0) * ALPHA * (np.exp(x) - 1))),
    ],
)

selu_backward = Check(
    target="nnlib.activations.selu_backward",
    reference=vjp(lambda tf, x: tf.nn.selu(x)),
    cases=[
        *pointwise_backward("The slope is the scale above zero, scale * alpha * exp(x) below.",
                            "Give `exp` only what is negative: 0 * inf is nan."),
        Case("exactly zero", {"x": np.array([-1.0, 0.0, 2.0, 0.0]), "dy": normal(4)},
             hint="At exactly 0 the slope counts as that of the right side."),
    ],
    mistakes=[
        *without_chain_rule(
            lambda x: SCALE * np.where(x < 0, ALPHA * np.exp(np.minimum(x, 0)), 1.0)
        ),
        Mistake("left out the scale",
                lambda x, dy: dy * np.where(x < 0, ALPHA * np.exp(np.minimum(x, 0)), 1.0)),
        Mistake("left out alpha",
                lambda x, dy: dy * SCALE * np.where(x < 0, np.exp(np.minimum(x, 0)), 1.0)),
        Mistake("took the slope of the left side at exactly 0",
                lambda x, dy: dy * SCALE * np.where(x <= 0, ALPHA * np.exp(x), 1.0)),
        Mistake("used the value instead of the slope below zero",
                lambda x, dy: dy * SCALE * np.where(x < 0, ALPHA * np.expm1(x), 1.0)),
    ],
)


# Softplus and softsign -----------------------------------------------------------------------


softplus = Check(
    target="nnlib.activations.softplus",
    reference=lambda tf, x: tf.nn.softplus(real(tf, x)),
    cases=pointwise(
        "Take the natural logarithm of 1 + exp(x).",
        "Take the large part out: `np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))`, "
        "or `np.logaddexp(x, 0)`.",
    ),
    mistakes=[
        Mistake("computed log(1 + exp(x)) as it stands: exp overflows to inf",
                lambda x: np.log(1 + np.exp(x))),
        Mistake("used the logarithm to base 10",
                lambda x: np.logaddexp(x, 0) / np.log(10)),
        Mistake("used the logarithm to base 2", lambda x: np.logaddexp(x, 0) / np.log(2)),
        Mistake("turned the sign of x around", lambda x: np.logaddexp(-x, 0)),
        Mistake("added 1 outside the logarithm", lambda x: 1 + x * 1.0),
        Mistake("wrote log1p of 1 + exp(x), which adds 1 twice",
                lambda x: np.logaddexp(x, np.log(2))),
        Mistake("kept the corner: that is the rectifier", lambda x: np.maximum(x, 0)),
        Mistake("returned the slope, the sigmoid", lambda x: logistic(x)),
        Mistake("clipped x before exponentiating, so that large numbers come out too small",
                lambda x: np.log(1 + np.exp(np.clip(x, -500, 500)))),
        Mistake("stored the result with the dtype of x: integers lose everything after the point",
                lambda x: fill(x, np.logaddexp(x, 0))),
    ],
)

softplus_backward = Check(
    target="nnlib.activations.softplus_backward",
    reference=vjp(lambda tf, x: tf.nn.softplus(x)),
    cases=pointwise_backward(CHAIN, "The slope is the sigmoid; use a form that cannot overflow."),
    mistakes=[
        *without_chain_rule(logistic),
        Mistake("multiplied by the value instead of the slope",
                lambda x, dy: dy * np.logaddexp(x, 0)),
        Mistake("divided exp(x) by 1 + exp(x): for large x that is nan",
                lambda x, dy: dy * np.exp(x) / (1 + np.exp(x))),
        Mistake("turned the sign inside the sigmoid",
                lambda x, dy: dy * logistic(-x)),
        Mistake("differentiated once too often",
                lambda x, dy: dy * logistic(x) * (1 - logistic(x))),
    ],
)

softsign = Check(
    target="nnlib.activations.softsign",
    reference=lambda tf, x: tf.nn.softsign(real(tf, x)),
    cases=pointwise("Divide `x` by 1 plus its absolute value.",
                    "The result nears -1 and 1 slowly: 1000 gives 0.999."),
    mistakes=[
        Mistake("left out the absolute value", lambda x: x / (1 + x)),
        Mistake("squared instead of taking the absolute value", lambda x: x / (1 + x**2)),
        Mistake("took the root of 1 + x^2", lambda x: x / np.sqrt(1.0 + x**2)),
        Mistake("lost the sign", lambda x: np.abs(x) / (1 + np.abs(x))),
        Mistake("returned the sign", lambda x: np.sign(x)),
        Mistake("left out the brackets: x / 1 + |x|", lambda x: x / 1 + np.abs(x)),
        Mistake("divided with //, which rounds down", lambda x: x // (1 + np.abs(x))),
        Mistake("computed the hyperbolic tangent", lambda x: np.tanh(x)),
    ],
)

softsign_backward = Check(
    target="nnlib.activations.softsign_backward",
    reference=vjp(lambda tf, x: tf.nn.softsign(x)),
    cases=pointwise_backward("The slope is 1 / (1 + |x|)^2.", "The slope nears 0 on both sides."),
    mistakes=[
        *without_chain_rule(lambda x: 1 / (1 + np.abs(x)) ** 2),
        Mistake("forgot the square", lambda x, dy: dy / (1 + np.abs(x))),
        Mistake("squared x, not the whole denominator", lambda x, dy: dy / (1 + x**2)),
        Mistake("left out the absolute value", lambda x, dy: dy / (1 + x) ** 2),
        Mistake("multiplied by the sign of x as well",
                lambda x, dy: dy * np.sign(x) / (1 + np.abs(x)) ** 2),
    ],
)


# GELU and SiLU -------------------------------------------------------------------------------


GELU_FLOATS = "`np.vectorize(math.erf, otypes=[float])` gives float64: " \
    "bring the result back to the dtype of a float input."


def gelu_slope(x, approximate=False):
    z = np.clip(x, -30, 30)
    if not approximate:
        return normal_cdf(z) + z * normal_pdf(z)
    t, c = 2 * tanh_cdf(z) - 1, math.sqrt(2 / math.pi)
    return 0.5 + 0.5 * t + 0.5 * z * (1 - t**2) * c * (1 + 3 * 0.044715 * z**2)


gelu = Check(
    target="nnlib.activations.gelu",
    reference=lambda tf, x, approximate=False: tf.keras.activations.gelu(
        real(tf, x), approximate=approximate
    ),
    cases=[
        Case("a batch", {"x": normal(4, 5) * 2},
             hint="Take the error function of x / sqrt(2), with "
                  "`np.vectorize(math.erf, otypes=[float])`."),
        Case("three axes", {"x": normal(2, 3, 4) * 2}, hint=SHAPE),
        Case("whole numbers", {"x": WHOLE}, hint=INTEGERS),
        Case("numbers far from zero", {"x": FAR},
             hint="Far to the left the result is 0, far to the right it is `x`."),
        Case("the approximate form", {"x": normal(4, 5) * 2, "approximate": True},
             hint="With `approximate=True` replace erf by the tanh of the docstring."),
        Case("float32 stays float32", {"x": normal(4, 5)}, dtype="float32", hint=GELU_FLOATS),
        habits(x=normal(4, 5))[1],
    ],
    mistakes=[
        Mistake("used the tanh form although approximate is False",
                lambda x, approximate=False: x * tanh_cdf(x)),
        Mistake("left out the approximate form",
                lambda x, approximate=False: x * normal_cdf(x)),
        Mistake("used x sigmoid(1.702 x), a coarser approximation",
                lambda x, approximate=False: x * logistic(1.702 * x)),
        Mistake("used x sigmoid(x): that is SiLU", lambda x, approximate=False: x * logistic(x)),
        Mistake("left out the division by the root of 2",
                lambda x, approximate=False:
                x * (tanh_cdf(x) if approximate else normal_cdf(math.sqrt(2) * x))),
        Mistake("returned the probability and left out the factor x",
                lambda x, approximate=False: tanh_cdf(x) if approximate else normal_cdf(x)),
        Mistake("left out the half",
                lambda x, approximate=False:
                2 * x * (tanh_cdf(x) if approximate else normal_cdf(x))),
        Mistake("left out the 1 + in front of erf",
                lambda x, approximate=False:
                x * ((tanh_cdf(x) if approximate else normal_cdf(x)) - 0.5)),
        Mistake("used the density of the normal distribution, not the probability below x",
                lambda x, approximate=False: x * normal_pdf(x)),
        Mistake("wrote x squared instead of x cubed inside the tanh",
                lambda x, approximate=False:
                x * (tanh_cdf(x, power=2) if approximate else normal_cdf(x))),
        Mistake("stored erf with the dtype of x: integers lose everything after the point",
                lambda x, approximate=False:
                x * 0.5 * (1 + fill(x, 2 * (tanh_cdf if approximate else normal_cdf)(x) - 1))),
        Mistake("cut off the negative side", lambda x, approximate=False: np.maximum(x, 0)),
    ],
)

gelu_backward = Check(
    target="nnlib.activations.gelu_backward",
    reference=vjp(lambda tf, x, approximate=False: tf.keras.activations.gelu(
        x, approximate=approximate
    )),
    cases=[
        Case("a batch", {"x": normal(4, 5) * 2, "dy": normal(4, 5)},
             hint="Use the product rule on x times the probability: two terms."),
        Case("three axes", {"x": normal(2, 3, 4) * 2, "dy": normal(2, 3, 4)}, hint=SHAPE),
        Case("inputs far from zero", {"x": FAR, "dy": normal(2, 5)},
             hint="Far to the left the slope is 0, far to the right it is 1."),
        Case("the approximate form",
             {"x": normal(4, 5) * 2, "dy": normal(4, 5), "approximate": True},
             hint="With `approximate=True` differentiate the tanh form."),
        Case("float32 stays float32", {"x": normal(4, 5), "dy": normal(4, 5)}, dtype="float32",
             hint=GELU_FLOATS),
        habits(x=normal(4, 5), dy=normal(4, 5))[1],
    ],
    mistakes=[
        *without_chain_rule(gelu_slope),
        Mistake("left out the second term of the product rule",
                lambda x, dy, approximate=False:
                dy * (tanh_cdf(x) if approximate else normal_cdf(x))),
        Mistake("left out the factor x in the second term",
                lambda x, dy, approximate=False: dy * (normal_cdf(x) + normal_pdf(x))),
        Mistake("differentiated the exact form although approximate is True",
                lambda x, dy, approximate=False: dy * gelu_slope(x)),
        Mistake("differentiated the tanh form although approximate is False",
                lambda x, dy, approximate=False: dy * gelu_slope(x, approximate=True)),
        Mistake("left out the half in the exponent",
                lambda x, dy, approximate=False:
                dy * (normal_cdf(x) + x * np.exp(-(x**2)) / math.sqrt(2 * math.pi))),
    ],
)

silu = Check(
    target="nnlib.activations.silu",
    reference=lambda tf, x: tf.nn.silu(real(tf, x)),
    cases=pointwise("Multiply `x` by its sigmoid.",
                    "Use a sigmoid that cannot overflow: inf / inf and 0 * inf are nan."),
    mistakes=[
        Mistake("turned the sign inside the sigmoid", lambda x: x * logistic(-x)),
        Mistake("returned the sigmoid and left out the factor x", lambda x: logistic(x)),
        Mistake("added the sigmoid instead of multiplying", lambda x: x + logistic(x)),
        Mistake("divided x exp(x) by 1 + exp(x): for large x that is nan",
                lambda x: x * np.exp(x) / (1 + np.exp(x))),
        Mistake("used the straight-line sigmoid", lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
        Mistake("multiplied by the tanh", lambda x: x * np.tanh(x)),
        Mistake("multiplied by the tanh of softplus: that is mish",
                lambda x: x * np.tanh(np.logaddexp(x, 0))),
        Mistake("used the sigmoid of 1.702 x: that approximates GELU",
                lambda x: x * logistic(1.702 * x)),
        Mistake("cut off the negative side", lambda x: np.maximum(x, 0)),
        Mistake("stored the sigmoid with the dtype of x: "
                "integers lose everything after the point", lambda x: x * fill(x, logistic(x))),
    ],
)

silu_backward = Check(
    target="nnlib.activations.silu_backward",
    reference=vjp(lambda tf, x: tf.nn.silu(x)),
    cases=pointwise_backward("Use the product rule on x times sigmoid(x): two terms.",
                             "Use a sigmoid that cannot overflow."),
    mistakes=[
        *without_chain_rule(lambda x: logistic(x) * (1 + x * (1 - logistic(x)))),
        Mistake("left out the second term of the product rule", lambda x, dy: dy * logistic(x)),
        Mistake("left out the first term of the product rule",
                lambda x, dy: dy * x * logistic(x) * (1 - logistic(x))),
        Mistake("left out the factor x in the second term",
                lambda x, dy: dy * logistic(x) * (2 - logistic(x))),
        Mistake("divided exponentials: for large x that is nan",
                lambda x, dy: dy * np.exp(x) * (1 + np.exp(x) + x) / (1 + np.exp(x)) ** 2),
    ],
)

hard_sigmoid = Check(
    target="nnlib.activations.hard_sigmoid",
    reference=lambda tf, x: tf.keras.activations.hard_sigmoid(real(tf, x)),
    cases=pointwise("Clip x / 6 + 1/2 to the interval from 0 to 1.",
                    "Beyond -3 and 3 the result is exactly 0 and 1."),
    mistakes=[
        Mistake("used the slope 0.2 of Keras 2", lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
        Mistake("used a quarter, the slope of the sigmoid at 0",
                lambda x: np.clip(x / 4 + 0.5, 0, 1)),
        Mistake("left out the lower limit", lambda x: np.minimum(x / 6 + 0.5, 1)),
        Mistake("left out the upper limit", lambda x: np.maximum(x / 6 + 0.5, 0)),
        Mistake("left out the 1/2", lambda x: np.clip(x / 6, 0, 1)),
        Mistake("added 3 and clipped, but did not divide by 6", lambda x: np.clip(x + 3, 0, 6)),
        Mistake("used the smooth sigmoid", lambda x: logistic(x)),
        Mistake("divided with //, which rounds down", lambda x: np.clip((x + 3) // 6, 0, 1)),
    ],
)

hard_sigmoid_backward = Check(
    target="nnlib.activations.hard_sigmoid_backward",
    reference=vjp(lambda tf, x: tf.keras.activations.hard_sigmoid(x)),
    cases=[
        *pointwise_backward("The slope is 1/6 between -3 and 3 and 0 elsewhere.",
                            "The flats have the slope 0."),
        Case("the corners",
             {"x": np.array([-3.5, -3.0, -2.5, 2.5, 3.0, 3.5]), "dy": normal(6)},
             hint="At exactly -3 and 3 the slope counts as 0: use `<`, not `<=`."),
    ],
    mistakes=[
        *without_chain_rule(lambda x: np.where(np.abs(x) < 3, 1 / 6, 0.0)),
        Mistake("counted the corners to the slope",
                lambda x, dy: np.where(np.abs(x) <= 3, dy / 6, 0.0)),
        Mistake("took the corners at -2.5 and 2.5, where Keras 2 had them",
                lambda x, dy: np.where(np.abs(x) < 2.5, dy / 5, 0.0)),
        Mistake("let all of dy pass between the corners",
                lambda x, dy: np.where(np.abs(x) < 3, dy, 0.0)),
        Mistake("let dy pass on the flats too", lambda x, dy: dy / 6),
        Mistake("used the slope of the smooth sigmoid",
                lambda x, dy: dy * logistic(x) * (1 - logistic(x))),
    ],
)


# Maxout --------------------------------------------------------------------------------------


MAXOUT = {"x": normal(4, 3), "kernel": normal(5, 3, 2), "bias": normal(5, 2)}


def maxout_pieces(x, kernel, bias):
    return np.einsum("nd,pdu->pnu", x, kernel) + bias[:, np.newaxis, :]


def maxout_in_tensorflow(tf, x, kernel, bias):
    return tf.reduce_max(tf.einsum("nd,pdu->pnu", x, kernel) + bias[:, tf.newaxis, :], axis=0)


def maxout_gradients(tf, x, kernel, bias, dy):
    with tf.GradientTape() as tape:
        tape.watch([x, kernel, bias])
        y = maxout_in_tensorflow(tf, x, kernel, bias)
    return tuple(tape.gradient(y, [x, kernel, bias], output_gradients=dy))


def maxout_from(dz, x, kernel):
    """Return the three gradients, given that of the pieces, (pieces, N, units)."""
    return np.einsum("pnu,pdu->nd", dz, kernel), np.einsum("nd,pnu->pdu", x, dz), dz.sum(axis=1)


def winner_takes(z, dy):
    return np.where(np.arange(len(z))[:, None, None] == z.argmax(axis=0), dy, 0.0)


maxout = Check(
    target="nnlib.activations.maxout",
    reference=maxout_in_tensorflow,
    cases=[
        Case("five pieces", MAXOUT,
             hint="Compute every piece of every unit first, shape (pieces, N, units), "
                  "then take the maximum over the first axis."),
        Case("one sample", {"x": normal(1, 4), "kernel": normal(3, 4, 2), "bias": normal(3, 2)},
             hint="Keep the batch axis, even for one sample."),
        Case("as many samples as pieces",
             {"x": normal(3, 4), "kernel": normal(3, 4, 2), "bias": normal(3, 2)},
             hint="Give the bias an axis for the samples: `bias[:, np.newaxis, :]`."),
        Case("every piece negative",
             {"x": normal(4, 3), "kernel": normal(2, 3, 2), "bias": normal(2, 2) - 20},
             hint="The maximum may be negative: do not start it from 0."),
        *habits(**MAXOUT),
    ],
    mistakes=[
        Mistake("added the pieces up instead of taking the largest",
                lambda x, kernel, bias: maxout_pieces(x, kernel, bias).sum(axis=0)),
        Mistake("took the mean of the pieces",
                lambda x, kernel, bias: maxout_pieces(x, kernel, bias).mean(axis=0)),
        Mistake("took the smallest piece",
                lambda x, kernel, bias: maxout_pieces(x, kernel, bias).min(axis=0)),
        Mistake("added one bias after the maximum, the same for all pieces",
                lambda x, kernel, bias: (x @ kernel).max(axis=0) + bias[0]),
        Mistake("added the largest bias after the maximum: each piece has its own",
                lambda x, kernel, bias: (x @ kernel).max(axis=0) + bias.max(axis=0)),
        Mistake("left out the bias", lambda x, kernel, bias: (x @ kernel).max(axis=0)),
        Mistake("lined the pieces of the bias up with the samples: x @ kernel + bias",
                lambda x, kernel, bias: (x @ kernel + bias).max(axis=0)),
        Mistake("took the maximum over the units",
                lambda x, kernel, bias: maxout_pieces(x, kernel, bias).max(axis=-1)),
        Mistake("took the maximum over the samples",
                lambda x, kernel, bias: maxout_pieces(x, kernel, bias).max(axis=1)),
        Mistake("started the maximum from 0, so that nothing negative comes out",
                lambda x, kernel, bias: np.maximum(maxout_pieces(x, kernel, bias).max(axis=0), 0)),
        Mistake("returned the number of the winning piece instead of its value",
                lambda x, kernel, bias: maxout_pieces(x, kernel, bias).argmax(axis=0)),
        Mistake("used the first piece only",
                lambda x, kernel, bias: maxout_pieces(x, kernel, bias)[0]),
        Mistake("squeezed the batch axis away when there is one sample",
                lambda x, kernel, bias: np.squeeze(maxout_pieces(x, kernel, bias).max(axis=0))),
    ],
)

MAXOUT_BACKWARD = {**MAXOUT, "dy": normal(4, 2)}

maxout_backward = Check(
    target="nnlib.activations.maxout_backward",
    reference=maxout_gradients,
    returns=("dx", "dkernel", "dbias"),
    cases=[
        Case("five pieces", MAXOUT_BACKWARD,
             hint="Find the winner with `argmax(axis=0)`; its piece gets `dy`, the others get 0."),
        Case("one sample",
             {"x": normal(1, 4), "kernel": normal(3, 4, 2), "bias": normal(3, 2),
              "dy": normal(1, 2)},
             hint="Keep the batch axis, even for one sample."),
        Case("as many samples as pieces",
             {"x": normal(3, 4), "kernel": normal(3, 4, 2), "bias": normal(3, 2),
              "dy": normal(3, 2)},
             hint="Name the axes of every array: (pieces, N, units)."),
        *habits(**MAXOUT_BACKWARD),
    ],
    mistakes=[
        Mistake("gave dy to every piece", lambda x, kernel, bias, dy: maxout_from(
            np.broadcast_to(dy, (len(kernel), *dy.shape)), x, kernel)),
        Mistake("shared dy among the pieces", lambda x, kernel, bias, dy: maxout_from(
            np.broadcast_to(dy / len(kernel), (len(kernel), *dy.shape)), x, kernel)),
        Mistake("chose the winner without the bias", lambda x, kernel, bias, dy: maxout_from(
            winner_takes(x @ kernel, dy), x, kernel)),
        Mistake("chose the smallest piece", lambda x, kernel, bias, dy: maxout_from(
            winner_takes(-maxout_pieces(x, kernel, bias), dy), x, kernel)),
        Mistake("left out dy", lambda x, kernel, bias, dy: maxout_from(
            winner_takes(maxout_pieces(x, kernel, bias), np.ones_like(dy)), x, kernel)),
        Mistake("multiplied dy by the winner's value", lambda x, kernel, bias, dy: maxout_from(
            winner_takes(maxout_pieces(x, kernel, bias), dy) * maxout_pieces(x, kernel, bias),
            x, kernel)),
        Mistake("averaged the gradients of the parameters over the batch",
                lambda x, kernel, bias, dy: tuple(
                    g / (1 if i == 0 else len(x)) for i, g in enumerate(maxout_from(
                        winner_takes(maxout_pieces(x, kernel, bias), dy), x, kernel)))),
    ],
)


# Softmax -------------------------------------------------------------------------------------


def softmax_in_place(x, axis=-1):
    x -= x.max(axis=axis, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def along_axis(formula):
    """Return the cases of a function that works along an axis, with the hint for the first."""
    return [
        Case("one row of logits", {"x": normal(5) * 2}, hint=formula),
        Case("a batch", {"x": normal(4, 6) * 2},
             hint="Normalise each row on its own: the last axis holds the classes."),
        Case("as many samples as classes", {"x": normal(3, 3) * 2},
             hint="Keep the axis when you take `max` and `sum`: `keepdims=True`."),
        Case("the first axis", {"x": normal(4, 3) * 2, "axis": 0}, hint=AXIS),
        Case("the middle of three axes", {"x": normal(2, 3, 4) * 2, "axis": 1}, hint=AXIS),
    ]


softmax = Check(
    target="nnlib.activations.softmax",
    reference=lambda tf, x, axis=-1: tf.nn.softmax(real(tf, x), axis=axis),
    cases=[
        *along_axis("Exponentiate, then divide by the sum of the exponentials."),
        Case("large logits", {"x": normal(3, 5) * 1e4}, hint=LOGITS),
        Case("rows far apart", {"x": ROWS_FAR_APART},
             hint="Subtract each row's own largest logit, not that of the whole array."),
        *habits(x=normal(3, 4)),
    ],
    mistakes=[
        Mistake("left out the shift: exp overflows, and inf / inf is nan",
                lambda x, axis=-1: np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)),
        Mistake("shifted by the largest logit of the whole array: a row far below becomes 0 / 0",
                lambda x, axis=-1:
                np.exp(x - x.max()) / np.exp(x - x.max()).sum(axis=axis, keepdims=True)),
        Mistake("shifted by the mean: what lies far above it still overflows",
                lambda x, axis=-1: np.exp(x - x.mean(axis=axis, keepdims=True))
                / np.exp(x - x.mean(axis=axis, keepdims=True)).sum(axis=axis, keepdims=True)),
        Mistake("clipped the logits, so that large ones become equal",
                lambda x, axis=-1: exp_normalise(np.clip(x, -500, 500), axis)),
        Mistake("normalised over the batch instead of the classes",
                lambda x, axis=0: exp_normalise(x, 0)),
        Mistake("divided by the sum of the whole array",
                lambda x, axis=-1: exp_normalise(x, axis=None)),
        Mistake("left out the axis argument: always the last axis",
                lambda x, axis=-1: exp_normalise(x, -1)),
        Mistake("wrote axis 1 into the code: it fails for one row and is wrong for other axes",
                lambda x, axis=-1: exp_normalise(x, 1)),
        Mistake("lost the axis in the sum, so that columns are divided by the sums of rows",
                lambda x, axis=-1: np.exp(x - x.max(axis=axis, keepdims=True))
                / np.exp(x - x.max(axis=axis, keepdims=True)).sum(axis=axis)),
        Mistake("lost the axis in the maximum: the shift differs within a row",
                lambda x, axis=-1: np.exp(x - x.max(axis=axis))
                / np.exp(x - x.max(axis=axis)).sum(axis=axis, keepdims=True)),
        Mistake("normalised sigmoids instead of exponentials",
                lambda x, axis=-1: logistic(x) / logistic(x).sum(axis=axis, keepdims=True)),
        Mistake("left out the exponential",
                lambda x, axis=-1: x / x.sum(axis=axis, keepdims=True)),
        Mistake("left out the division by the sum",
                lambda x, axis=-1: np.exp(x - x.max(axis=axis, keepdims=True))),
        Mistake("turned the sign around: the smallest logit gets the largest probability",
                lambda x, axis=-1: exp_normalise(-x, axis)),
        Mistake("took powers of 2 instead of e",
                lambda x, axis=-1: exp_normalise(np.log(2) * x, axis)),
        Mistake("returned the logarithm", lambda x, axis=-1: np.log(exp_normalise(x, axis))),
        Mistake("gave everything to the largest logit: that is argmax, one-hot",
                lambda x, axis=-1: (x == x.max(axis=axis, keepdims=True)) * 1.0),
        Mistake("applied the sigmoid to each number", lambda x, axis=-1: logistic(x)),
        Mistake("subtracted the largest logit inside x itself", softmax_in_place),
    ],
)

log_softmax = Check(
    target="nnlib.activations.log_softmax",
    reference=lambda tf, x, axis=-1: tf.nn.log_softmax(real(tf, x), axis=axis),
    cases=[
        *along_axis("Subtract from each logit the logarithm of the sum of the exponentials."),
        Case("large logits", {"x": normal(3, 5) * 1e4},
             hint="Subtract the largest logit first, then take the log of the sum, "
                  "never the log of a softmax."),
        Case("rows far apart", {"x": ROWS_FAR_APART},
             hint="Subtract each row's own largest logit, not that of the whole array."),
        *habits(x=normal(3, 4)),
    ],
    mistakes=[
        Mistake("took the logarithm of softmax: where softmax is 0 that is -inf",
                lambda x, axis=-1: np.log(exp_normalise(x, axis))),
        Mistake("took log(softmax + 1e-7): the log-probability cannot fall below -16",
                lambda x, axis=-1: np.log(exp_normalise(x, axis) + 1e-7)),
        Mistake("clipped the probabilities before the logarithm",
                lambda x, axis=-1: np.log(np.clip(exp_normalise(x, axis), 1e-12, 1))),
        Mistake("left out the shift: exp overflows to inf",
                lambda x, axis=-1: x - np.log(np.exp(x).sum(axis=axis, keepdims=True))),
        Mistake("shifted by the largest logit of the whole array",
                lambda x, axis=-1: (x - x.max())
                - np.log(np.exp(x - x.max()).sum(axis=axis, keepdims=True))),
        Mistake("shifted inside the sum only, so that the largest logit is missing",
                lambda x, axis=-1: x - np.log(
                    np.exp(x - x.max(axis=axis, keepdims=True)).sum(axis=axis, keepdims=True))),
        Mistake("left out the log of the sum",
                lambda x, axis=-1: x - x.max(axis=axis, keepdims=True)),
        Mistake("left out the logarithm: subtracted the sum itself",
                lambda x, axis=-1: x - np.exp(x).sum(axis=axis, keepdims=True)),
        Mistake("took the sum of the logarithms, not the logarithm of the sum",
                lambda x, axis=-1: x - x.sum(axis=axis, keepdims=True)),
        Mistake("normalised over the batch instead of the classes",
                lambda x, axis=0: np.log(exp_normalise(x, 0))),
        Mistake("left out the axis argument: always the last axis",
                lambda x, axis=-1: np.log(exp_normalise(x, -1))),
        Mistake("summed over the whole array",
                lambda x, axis=-1: np.log(exp_normalise(x, None))),
        Mistake("lost the axis in the sum, so that columns get the sums of rows",
                lambda x, axis=-1: x - x.max(axis=axis, keepdims=True) - np.log(
                    np.exp(x - x.max(axis=axis, keepdims=True)).sum(axis=axis))),
        Mistake("used the logarithm to base 10",
                lambda x, axis=-1: np.log10(exp_normalise(x, axis))),
        Mistake("returned the probabilities", lambda x, axis=-1: exp_normalise(x, axis)),
        Mistake("lost the minus", lambda x, axis=-1: -np.log(exp_normalise(x, axis))),
    ],
)


def along_axis_backward(formula):
    """Return the cases of a gradient along an axis, with the hint for the first."""
    return [
        Case("one row of logits", {"x": normal(5), "dy": normal(5)}, hint=formula),
        Case("a batch", {"x": normal(4, 6), "dy": normal(4, 6)},
             hint="Sum within each row: one sample does not touch another."),
        Case("as many samples as classes", {"x": normal(3, 3), "dy": normal(3, 3)},
             hint="Keep the axis when you sum: `keepdims=True`."),
        Case("the first axis", {"x": normal(4, 3), "dy": normal(4, 3), "axis": 0}, hint=AXIS),
        Case("the middle of three axes",
             {"x": normal(2, 3, 4), "dy": normal(2, 3, 4), "axis": 1}, hint=AXIS),
        Case("large logits", {"x": TWO_AHEAD, "dy": normal(2, 3)}, hint=LOGITS),
        *habits(x=normal(3, 4), dy=normal(3, 4)),
    ]


def sum_along(x, axis):
    return x.sum(axis=axis, keepdims=True)


softmax_backward = Check(
    target="nnlib.activations.softmax_backward",
    reference=vjp(lambda tf, x, axis=-1: tf.nn.softmax(x, axis=axis)),
    cases=along_axis_backward(
        "Every output depends on every logit: subtract the sum of dy * y before you multiply by y."
    ),
    mistakes=[
        Mistake("kept the diagonal only, y (1 - y) dy: every output depends on every logit",
                lambda x, dy, axis=-1: dy * exp_normalise(x, axis) * (1 - exp_normalise(x, axis))),
        Mistake("returned zeros: right only if dy is all ones",
                lambda x, dy, axis=-1: np.zeros_like(x)),
        Mistake("summed over the batch instead of the classes",
                lambda x, dy, axis=-1: exp_normalise(x, axis)
                * (dy - sum_along(dy * exp_normalise(x, axis), 0))),
        Mistake("summed over the whole array",
                lambda x, dy, axis=-1: exp_normalise(x, axis)
                * (dy - (dy * exp_normalise(x, axis)).sum())),
        Mistake("added the sum instead of subtracting it",
                lambda x, dy, axis=-1: exp_normalise(x, axis)
                * (dy + sum_along(dy * exp_normalise(x, axis), axis))),
        Mistake("left out the factor y in front",
                lambda x, dy, axis=-1: dy - sum_along(dy * exp_normalise(x, axis), axis)),
        Mistake("left out y inside the sum",
                lambda x, dy, axis=-1: exp_normalise(x, axis) * (dy - sum_along(dy, axis))),
        Mistake("took the mean of dy * y instead of the sum",
                lambda x, dy, axis=-1: exp_normalise(x, axis)
                * (dy - (dy * exp_normalise(x, axis)).mean(axis=axis, keepdims=True))),
        Mistake("left out the sum: y dy alone", lambda x, dy, axis=-1: dy * exp_normalise(x, axis)),
        Mistake("took x for the probabilities: x is the input of softmax",
                lambda x, dy, axis=-1: x * (dy - sum_along(dy * x, axis))),
        Mistake("computed the gradient of log_softmax",
                lambda x, dy, axis=-1: dy - exp_normalise(x, axis) * sum_along(dy, axis)),
        Mistake("subtracted dy from the probabilities, as in softmax with cross-entropy",
                lambda x, dy, axis=-1: exp_normalise(x, axis) - dy),
        Mistake("left out the axis argument: always the last axis",
                lambda x, dy, axis=-1: exp_normalise(x)
                * (dy - sum_along(dy * exp_normalise(x), -1))),
        Mistake("lost the axis in the sum, so that columns get the sums of rows",
                lambda x, dy, axis=-1: exp_normalise(x, axis)
                * (dy - (dy * exp_normalise(x, axis)).sum(axis=axis))),
        Mistake("left dy out", lambda x, dy, axis=-1: exp_normalise(x, axis)
                * (1 - exp_normalise(x, axis))),
        Mistake("passed dy on as it came", lambda x, dy, axis=-1: dy),
    ],
)

log_softmax_backward = Check(
    target="nnlib.activations.log_softmax_backward",
    reference=vjp(lambda tf, x, axis=-1: tf.nn.log_softmax(x, axis=axis)),
    cases=along_axis_backward("Subtract from dy the probabilities times the sum of dy."),
    mistakes=[
        Mistake("computed the gradient of softmax",
                lambda x, dy, axis=-1: exp_normalise(x, axis)
                * (dy - sum_along(dy * exp_normalise(x, axis), axis))),
        Mistake("left out the sum of dy: dy - y", lambda x, dy, axis=-1:
                dy - exp_normalise(x, axis)),
        Mistake("multiplied dy by 1 - y: every output depends on every logit",
                lambda x, dy, axis=-1: dy * (1 - exp_normalise(x, axis))),
        Mistake("left out the probabilities",
                lambda x, dy, axis=-1: dy - dy.mean(axis=axis, keepdims=True)),
        Mistake("added instead of subtracting",
                lambda x, dy, axis=-1: dy + exp_normalise(x, axis) * sum_along(dy, axis)),
        Mistake("summed over the batch instead of the classes",
                lambda x, dy, axis=-1: dy - exp_normalise(x, axis) * sum_along(dy, 0)),
        Mistake("summed over the whole array",
                lambda x, dy, axis=-1: dy - exp_normalise(x, axis) * dy.sum()),
        Mistake("left out the axis argument: always the last axis",
                lambda x, dy, axis=-1: dy - exp_normalise(x) * sum_along(dy, -1)),
        Mistake("lost the axis in the sum, so that columns get the sums of rows",
                lambda x, dy, axis=-1: dy - exp_normalise(x, axis) * dy.sum(axis=axis)),
        Mistake("took the exponential without the shift: nan for large logits",
                lambda x, dy, axis=-1: dy - np.exp(x) / sum_along(np.exp(x), axis)
                * sum_along(dy, axis)),
    ],
)


# Questions that a person marks ---------------------------------------------------------------


why_not_linear = Written(
    name="why_not_linear",
    rubric=[
        (1, "Puts the first layer into the second, (x W1 + b1) W2 + b2, in any notation."),
        (1, "Multiplies out and names the one layer it equals: W = W1 W2 and b = b1 W2 + b2."),
        (1, "Ten layers: repeats the step, so that ten layers, too, compute no more than one."),
        (1, "Says where an activation stops the proof: f(x W1 + b1) W2 cannot be multiplied out, "
            "because f of a sum is not the sum of the f."),
    ],
    answer="""\
Without an activation the two layers compute

$$
y = (x W_1 + b_1) W_2 + b_2 = x \\, (W_1 W_2) + (b_1 W_2 + b_2).
$$

That is one dense layer with the kernel $W = W_1 W_2$ and the bias $b = b_1 W_2 + b_2$.

Ten layers are one by the same step taken nine times: replace the first two by the layer just
found, then that one and the third, and so on.
So depth alone adds nothing.
The border between two classes stays a straight line, or a plane.
With a narrow middle the network can even do less than one free layer, because the rank of
$W_1 W_2$ is at most the number of hidden units.

With an activation $f$ the second layer sees $f(x W_1 + b_1)$.
To pull $W_2$ through to $W_1$ we would need $f(u + v) = f(u) + f(v)$, and a non-linear $f$
does not grant that: $\\operatorname{relu}(1) + \\operatorname{relu}(-1) = 1$, but
$\\operatorname{relu}(1 - 1) = 0$.""",
)

choose_the_output_layer = Written(
    name="choose_the_output_layer",
    rubric=[
        (1, "Binary: one unit with a sigmoid; its output is the probability of one class, and "
            "what is missing to 1 that of the other. Two units with softmax are as good."),
        (1, "One of K: K units with softmax; the classes exclude each other, "
            "so the probabilities have to sum to 1."),
        (1, "Several of K: K units, each with a sigmoid of its own; the labels do not exclude "
            "each other, so the outputs sum to anything from 0 to K."),
        (1, "Says what softmax would do to several labels: they compete for a sum of 1, so two "
            "that are both present cannot both come near 1, and none at all cannot be said."),
    ],
    answer="""\
*Spam or not, binary.* One unit with a sigmoid.
Its output is the probability of spam; that of no spam is what is missing to 1.
Two units with softmax are the same function, of the difference of the two logits, with more
parameters than it takes.

*Ten digits, one of K.* Ten units with softmax.
Exactly one digit is right, so the outputs have to compete: they are positive and sum to 1.

*Twenty objects, several of K.* Twenty units, each with a sigmoid of its own: twenty separate
questions with the answers yes and no.
Any number of objects may be there, even none, so the outputs sum to anything from 0 to 20.

With softmax the third network would have to share out exactly 1.
Two objects that are both there would get at most one half each, or one would take the
probability of the other; and for a photograph with none of them the outputs would still have to
sum to 1, so that some object is claimed although none is there.""",
)
