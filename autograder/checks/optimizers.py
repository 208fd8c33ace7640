"""What is asked of the optimizers: trajectories, held against Keras's own optimizers."""

import math

import numpy as np

from autograder.cases import Case, Check, Draw, Mistake, Written, normal, untouched


def trajectory(target, start, grads, more, more_grads, **options):
    """Let an optimizer walk with two parameters of different shape; return where it was."""
    schedule = options.pop("schedule", None)
    if schedule is not None:
        options["learning_rate"] = lambda step: schedule[0] / (1 + schedule[1] * step)
    optimizer, w, b = target(**options), start.copy(), more.copy()
    path = []
    for g, h in zip(grads, more_grads, strict=True):
        optimizer.apply([w, b], [g, h])
        path.append(w.copy())
    return {"first parameter": np.array(path), "second parameter at the end": b}


def keras_trajectory(name):
    """Return a reference: the path of the Keras optimizer of this name, in float64."""

    def reference(tf, start, grads, more, more_grads, **options):
        schedule = options.pop("schedule", None)
        if schedule is not None:
            first, rate = float(schedule[0]), float(schedule[1])
            options["learning_rate"] = tf.keras.optimizers.schedules.InverseTimeDecay(
                first, 1, rate)
        w, b = tf.Variable(start, dtype=tf.float64), tf.Variable(more, dtype=tf.float64)
        optimizer = getattr(tf.keras.optimizers, name)(
            **{key: value if isinstance(value, bool | str) else float(value)
               for key, value in options.items() if key != "learning_rate"},
            **{key: options[key] for key in options if key == "learning_rate"})
        path = []
        for g, h in zip(grads, more_grads, strict=True):
            optimizer.apply_gradients([(g, w), (h, b)])
            path.append(tf.identity(w))
        return {"first parameter": tf.stack(path), "second parameter at the end": b}

    return reference


SCALES = np.array([1.0, 0.0, 1e-4, 50.0])


def steps(count=8, scales=SCALES, **options):
    """Return inputs: gradients that are ordinary, zero, tiny and huge, for two parameters."""
    return {"start": normal(len(scales)), "grads": normal(count, len(scales)) * scales,
            "more": normal(2, 2), "more_grads": normal(count, 2, 2), **options}


def late_riser():
    """Return inputs: one coordinate has no gradient for ten steps."""
    def sample(random):
        grads = random.standard_normal((14, 2))
        grads[:10, 1] = 0
        return grads

    return {"start": normal(2), "grads": Draw(sample), "more": normal(1), "more_grads":
            normal(14, 1)}


def paths(hint, slow="", **options):
    """Return the cases that every optimizer gets."""
    return [
        Case("the defaults", steps(**options), points=2, hint=hint),
        Case("one step", steps(1, **options), hint=hint),
        Case("a larger learning rate", steps(**options, learning_rate=0.02),
             hint="Use the argument `learning_rate` that update gets."),
        Case("fifty steps", steps(50, **options), hint=slow or hint),
        Case("a coordinate that wakes up late", late_riser() | options,
             hint="State has to change in every step, with a zero gradient too."),
        Case("a rate that a schedule gives", steps(schedule=np.array([0.02, 0.3]), **options),
             hint="Take the rate from the argument of update; `self.learning_rate` may be a "
                  "schedule."),
        Case("float32 stays float32", steps(3, **options), dtype="float32",
             hint="Change parameter and state in place: `param -= ...`."),
        untouched(**steps(2, **options)),
    ]


def rule(step, **defaults):
    """Return an optimizer with this step: ``(w, g, s, t, o) -> new w``.

    `s` is a dict that lasts, one for each parameter; `t` counts from 1; `o` holds the options.
    """

    class Wrong:
        def __init__(self, **options):
            self.o, self.t, self.s = defaults | options, 0, {}

        def apply(self, params, grads):
            self.t += 1
            for number, (w, g) in enumerate(zip(params, grads, strict=True)):
                s = self.s.setdefault(number, {})
                rate = self.o["learning_rate"]
                o = self.o | {"learning_rate": rate(self.t - 1) if callable(rate) else rate}
                w[...] = step(w, g, s, self.t, o)

    return Wrong


def average(s, name, value, decay):
    """Update a running average that starts at 0, and return it."""
    s[name] = decay * s.get(name, 0.0) + (1 - decay) * value
    return s[name]


def total(s, name, value, start=0.0):
    """Update a running sum, and return it."""
    s[name] = s.get(name, start) + value
    return s[name]


# ---- gradient descent


def descend(w, g, s, t, o, mu=None, keep=True, sign=1.0, damp=1.0, old=False):
    mu = o.get("momentum", 0.0) if mu is None else mu
    before = s.get("v", 0.0)
    v = mu * before - damp * o["learning_rate"] * g
    s["v"] = v if keep else 0.0
    if o.get("nesterov"):
        return w + mu * (before if old else v) - o["learning_rate"] * g
    return w + sign * v


SGD = Check(
    target="nnlib.optimizers.SGD",
    reference=keras_trajectory("SGD"),
    attempt=trajectory,
    cases=[
        *paths("w - learning_rate * g."),
        Case("momentum", steps(momentum=0.9), points=2,
             hint="v = momentum * v - learning_rate * g, then w = w + v."),
        Case("momentum, fifty steps", steps(50, momentum=0.8),
             hint="`velocity` is an array that lasts: change it in place."),
        Case("Nesterov's momentum", steps(momentum=0.9, nesterov=True), points=2,
             hint="First the new v, then w + momentum * v - learning_rate * g."),
        Case("Nesterov's momentum, a late riser", late_riser() | {"momentum": 0.7,
                                                                  "nesterov": True}),
    ],
    mistakes=[
        Mistake("went with the gradient instead of against it",
                rule(lambda w, g, s, t, o: w + o["learning_rate"] * g, learning_rate=0.01)),
        Mistake("left the learning rate out", rule(lambda w, g, s, t, o: w - g,
                                                   learning_rate=0.01)),
        Mistake("used only the sign of the gradient",
                rule(lambda w, g, s, t, o: w - o["learning_rate"] * np.sign(g),
                     learning_rate=0.01)),
        Mistake("let the learning rate shrink as 1 / t",
                rule(lambda w, g, s, t, o: w - o["learning_rate"] / t * g, learning_rate=0.01)),
        Mistake("averaged the gradient, (1 - momentum) * g, instead of adding it up",
                rule(lambda w, g, s, t, o: descend(w, g, s, t, o, damp=1 - o.get("momentum", 0)),
                     learning_rate=0.01)),
        Mistake("did not keep the velocity for the next step",
                rule(lambda w, g, s, t, o: descend(w, g, s, t, o, keep=False),
                     learning_rate=0.01)),
        Mistake("subtracted a velocity that points downhill already",
                rule(lambda w, g, s, t, o: descend(w, g, s, t, o, sign=-1.0),
                     learning_rate=0.01)),
        Mistake("ignored `nesterov`",
                rule(lambda w, g, s, t, o: descend(w, g, s, t, o | {"nesterov": False}),
                     learning_rate=0.01)),
        Mistake("looked ahead with the velocity of the step before",
                rule(lambda w, g, s, t, o: descend(w, g, s, t, o, old=True),
                     learning_rate=0.01)),
        Mistake("let one velocity serve both parameters' momentum with 0.99",
                rule(lambda w, g, s, t, o: descend(w, g, s, t, o, mu=0.99 * bool(
                    o.get("momentum"))), learning_rate=0.01)),
    ],
    rtol=1e-5, atol=1e-6,
)

# ---- a rate for every number


def adagrad(w, g, s, t, o, start=None, decay=None, outside=False, power=0.5):
    eps = o["epsilon"]
    if decay is None:
        a = total(s, "a", g * g, o["initial_accumulator_value"] if start is None else start)
    else:
        a = average(s, "a", g * g, decay)
    root = a**power + eps if outside else (a + eps) ** power
    return w - o["learning_rate"] * g / root


ADAGRAD = {"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-7}
Adagrad = Check(
    target="nnlib.optimizers.Adagrad",
    reference=keras_trajectory("Adagrad"),
    attempt=trajectory,
    cases=[
        *paths("accumulator += g * g, then g / sqrt(accumulator + epsilon)."),
        Case("another start", steps(initial_accumulator_value=2.0)),
        Case("a large epsilon", steps(epsilon=0.3), points=2,
             hint="Epsilon stands under the root: sqrt(accumulator + epsilon)."),
    ],
    mistakes=[
        Mistake("started the accumulator at 0", rule(
            lambda w, g, s, t, o: adagrad(w, g, s, t, o, start=0.0), **ADAGRAD)),
        Mistake("did not add the squares up", rule(
            lambda w, g, s, t, o: adagrad(w, g, {}, t, o), **ADAGRAD)),
        Mistake("averaged the squares, as RMSprop does", rule(
            lambda w, g, s, t, o: adagrad(w, g, s, t, o, decay=0.9), **ADAGRAD)),
        Mistake("forgot the root", rule(
            lambda w, g, s, t, o: adagrad(w, g, s, t, o, power=1.0), **ADAGRAD)),
        Mistake("added epsilon outside of the root", rule(
            lambda w, g, s, t, o: adagrad(w, g, s, t, o, outside=True), **ADAGRAD)),
        Mistake("took 0.01 as the default learning rate", rule(
            lambda w, g, s, t, o: adagrad(w, g, s, t, o), **ADAGRAD | {"learning_rate": 0.01})),
    ],
    rtol=1e-5, atol=1e-8,
)


def rmsprop(w, g, s, t, o, rho=None, outside=False, root=True, center=None, eps=None,
            momentum=None):
    rho, eps = rho or o["rho"], eps or o["epsilon"]
    a = average(s, "a", g * g, rho)
    if o.get("centered") and center is not False:
        b = average(s, "b", g, rho)
        a = a - (b if center == "plain" else b * b)
    size = np.sqrt(a) + eps if outside else np.sqrt(a + eps) if root else a + eps
    step = o["learning_rate"] * g / size
    mu = o.get("momentum", 0.0) if momentum is None else momentum
    if mu:
        step = s["v"] = mu * s.get("v", 0.0) + step
    return w - step


RMSPROP = {"learning_rate": 0.001, "rho": 0.9, "epsilon": 1e-7}
RMSprop = Check(
    target="nnlib.optimizers.RMSprop",
    reference=keras_trajectory("RMSprop"),
    attempt=trajectory,
    cases=[
        *paths("squares = rho * squares + (1 - rho) * g * g, then g / sqrt(squares + epsilon)."),
        Case("a short memory", steps(rho=0.5)),
        Case("centered", steps(centered=True), points=2,
             hint="Under the root: squares - mean * mean + epsilon."),
        Case("with momentum", steps(momentum=0.8), points=2,
             hint="velocity = momentum * velocity + step, and w - velocity."),
        Case("a large epsilon", steps(epsilon=0.2)),
    ],
    mistakes=[
        Mistake("added epsilon outside of the root: tiny gradients step differently", rule(
            lambda w, g, s, t, o: rmsprop(w, g, s, t, o, outside=True), **RMSPROP)),
        Mistake("took 0.99 for rho", rule(
            lambda w, g, s, t, o: rmsprop(w, g, s, t, o, rho=0.99), **RMSPROP)),
        Mistake("forgot the root", rule(
            lambda w, g, s, t, o: rmsprop(w, g, s, t, o, root=False), **RMSPROP)),
        Mistake("took 1e-8 for epsilon", rule(
            lambda w, g, s, t, o: rmsprop(w, g, s, t, o, eps=1e-8), **RMSPROP)),
        Mistake("ignored `centered`", rule(
            lambda w, g, s, t, o: rmsprop(w, g, s, t, o, center=False), **RMSPROP)),
        Mistake("subtracted the mean instead of its square", rule(
            lambda w, g, s, t, o: rmsprop(w, np.abs(g) * np.sign(g), s, t, o, center="plain"),
            **RMSPROP)),
        Mistake("ignored `momentum`", rule(
            lambda w, g, s, t, o: rmsprop(w, g, s, t, o, momentum=0.0), **RMSPROP)),
    ],
    rtol=1e-5, atol=1e-8,
)


def adadelta(w, g, s, t, o, rho=None, second="step", first=1.0, eps=None):
    rho, eps = rho or o["rho"], o["epsilon"] if eps is None else eps
    a = average(s, "a", g * g, rho)
    step = np.sqrt(s.get("d", 0.0) + eps) / np.sqrt(a + eps) * g
    kept = {"step": step**2, "gradient": g * g, "size": np.abs(step),
            "moved": (o["learning_rate"] * step) ** 2}[second]
    average(s, "d", kept, rho)
    return w - first * o["learning_rate"] * step


ADADELTA = {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-7}
Adadelta = Check(
    target="nnlib.optimizers.Adadelta",
    reference=keras_trajectory("Adadelta"),
    attempt=trajectory,
    cases=[
        *paths("Three lines: average the squares, compute the step, average its square."),
        Case("the paper's rule", steps(learning_rate=1.0), points=2,
             hint="`steps` is an average of squared steps, as they are before the learning rate."),
        Case("the paper's rule, fifty steps", steps(50, learning_rate=1.0), points=2),
        Case("a short memory", steps(rho=0.6, learning_rate=1.0)),
        Case("a large epsilon", steps(epsilon=0.01, learning_rate=1.0)),
    ],
    mistakes=[
        Mistake("averaged the squared gradients twice, instead of the squared steps", rule(
            lambda w, g, s, t, o: adadelta(w, g, s, t, o, second="gradient"), **ADADELTA)),
        Mistake("averaged the steps' sizes instead of their squares", rule(
            lambda w, g, s, t, o: adadelta(w, g, s, t, o, second="size"), **ADADELTA)),
        Mistake("averaged the steps after the learning rate had shrunk them", rule(
            lambda w, g, s, t, o: adadelta(w, g, s, t, o | {
                "learning_rate": 0.5 * o["learning_rate"]}, second="moved", first=2.0),
            **ADADELTA)),
        Mistake("took 0.9 for rho", rule(
            lambda w, g, s, t, o: adadelta(w, g, s, t, o, rho=0.9), **ADADELTA)),
        Mistake("took 1 as the default learning rate", rule(
            lambda w, g, s, t, o: adadelta(w, g, s, t, o), **ADADELTA | {"learning_rate": 1.0})),
    ],
    rtol=1e-5, atol=1e-9,
)

# ---- Adam and its family


def adam(w, g, s, t, o, first=True, second=True, late=0, square=True, paper=False, eps=None,
         amsgrad=None, stored=False, decay=0.0, coupled=0.0, names=("beta_1", "beta_2")):
    b1, b2 = o[names[0]], o[names[1]]
    eps = o["epsilon"] if eps is None else eps
    if coupled:
        g = g + coupled * w
    w = w * (1 - decay)
    m = average(s, "m", g, b1)
    v = average(s, "v", g * g if square else np.abs(g), b2)
    if o.get("amsgrad") and amsgrad is not False:
        v = s["top"] = np.maximum(s.get("top", 0.0), v)
    c1 = 1 - b1 ** (t + late) if first else 1.0
    c2 = 1 - b2 ** (t + late) if second else 1.0
    if stored:
        s["m"], s["v"] = m / c1, v / c2
    if paper:
        return w - o["learning_rate"] * (m / c1) / (np.sqrt(v / c2) + eps)
    return w - o["learning_rate"] * math.sqrt(c2) / c1 * m / (np.sqrt(v) + eps)


ADAM = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}


def adam_mistakes(defaults, **extra):
    """Return the mistakes of Adam; `extra` is what is right besides."""
    def of(**wrong):
        return rule(lambda w, g, s, t, o: adam(w, g, s, t, o, **extra, **wrong), **defaults)

    return [
        Mistake("left the correction of both averages out", of(first=False, second=False)),
        Mistake("corrected only the average of the gradients", of(second=False)),
        Mistake("corrected only the average of the squares", of(first=False)),
        Mistake("counted the steps from 2: the correction is one step late", of(late=1)),
        Mistake("stored the corrected averages, so that they are corrected again and again",
                of(stored=True)),
        Mistake("averaged the gradients' sizes instead of their squares", of(square=False)),
        Mistake("added epsilon to the corrected root, as the paper's algorithm does: tiny "
                "gradients step differently", of(paper=True)),
        Mistake("took 1e-8 for epsilon", of(eps=1e-8)),
        Mistake("exchanged beta_1 and beta_2", of(names=("beta_2", "beta_1"))),
    ]


TINY = {"scales": np.array([1.0, 0.0, 1e-6, 1e-4, 50.0])}
Adam = Check(
    target="nnlib.optimizers.Adam",
    reference=keras_trajectory("Adam"),
    attempt=trajectory,
    cases=[
        *paths("m and v are averages; the factor sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t) makes "
               "up for their start at 0."),
        Case("tiny gradients", steps(20, **TINY, learning_rate=0.01), points=2,
             hint="sqrt(v) + epsilon: the correction stands in front, not inside."),
        Case("short memories", steps(beta_1=0.5, beta_2=0.8)),
        Case("a large epsilon", steps(epsilon=0.1)),
        Case("amsgrad", steps(20, amsgrad=True, beta_2=0.5), points=2,
             hint="np.maximum(v_max, v, out=v_max), and v_max under the root."),
    ],
    mistakes=[
        *adam_mistakes(ADAM),
        Mistake("ignored `amsgrad`", rule(
            lambda w, g, s, t, o: adam(w, g, s, t, o, amsgrad=False), **ADAM)),
    ],
    rtol=1e-5, atol=1e-6,
)


def adamw(w, g, s, t, o, **wrong):
    return adam(w, g, s, t, o, decay=o["weight_decay"] * o["learning_rate"], **wrong)


AdamW = Check(
    target="nnlib.optimizers.AdamW",
    reference=keras_trajectory("AdamW"),
    attempt=trajectory,
    cases=[
        *paths("First param -= weight_decay * learning_rate * param, then super().update(...)."),
        Case("a strong decay", steps(weight_decay=2.0, learning_rate=0.02), points=2,
             hint="The decay is multiplied by the learning rate."),
        Case("no decay", steps(weight_decay=0.0)),
        Case("amsgrad", steps(20, amsgrad=True, beta_2=0.5, weight_decay=0.1)),
    ],
    mistakes=[
        Mistake("left the decay out", rule(
            lambda w, g, s, t, o: adam(w, g, s, t, o), **ADAM, weight_decay=0.004)),
        Mistake("did not multiply the decay by the learning rate", rule(
            lambda w, g, s, t, o: adam(w, g, s, t, o, decay=o["weight_decay"]), **ADAM,
            weight_decay=0.004)),
        Mistake("added the decay to the gradient, where Adam's averages see it", rule(
            lambda w, g, s, t, o: adam(w, g, s, t, o, coupled=o["weight_decay"]), **ADAM,
            weight_decay=0.004)),
        Mistake("let the parameters grow instead of shrink", rule(
            lambda w, g, s, t, o: adam(w, g, s, t, o, decay=-o["weight_decay"]
                                       * o["learning_rate"]), **ADAM, weight_decay=0.004)),
        Mistake("took 0.01 as the default decay", rule(adamw, **ADAM, weight_decay=0.01)),
    ],
    rtol=1e-5, atol=1e-6,
)


def adamax(w, g, s, t, o, size=np.abs, correct=True, b2=None, mean=False, eps=None):
    b2 = b2 or o["beta_2"]
    m = average(s, "m", g, o["beta_1"])
    if mean:
        u = np.sqrt(average(s, "u", g * g, b2))
    else:
        u = s["u"] = np.maximum(b2 * s.get("u", 0.0), size(g))
    c = 1 - o["beta_1"] ** t if correct else 1.0
    return w - o["learning_rate"] / c * m / (u + (o["epsilon"] if eps is None else eps))


Adamax = Check(
    target="nnlib.optimizers.Adamax",
    reference=keras_trajectory("Adamax"),
    attempt=trajectory,
    cases=[
        *paths("u is the larger of beta_2 * u and |g|; only m is corrected."),
        Case("a short memory", steps(20, beta_2=0.6), points=2,
             hint="np.maximum(self.beta_2 * u, np.abs(grad), out=u)."),
        Case("tiny gradients", steps(20, **TINY, learning_rate=0.01)),
        Case("a large epsilon", steps(epsilon=0.1)),
    ],
    mistakes=[
        Mistake("left the absolute value out: negative gradients do not count", rule(
            lambda w, g, s, t, o: adamax(w, g, s, t, o, size=lambda g: g), **ADAM)),
        Mistake("left the correction out", rule(
            lambda w, g, s, t, o: adamax(w, g, s, t, o, correct=False), **ADAM)),
        Mistake("took 0.99 for beta_2", rule(
            lambda w, g, s, t, o: adamax(w, g, s, t, o, b2=0.99), **ADAM)),
        Mistake("took Adam's root of an average instead of the maximum", rule(
            lambda w, g, s, t, o: adamax(w, g, s, t, o, mean=True), **ADAM)),
        Mistake("left epsilon out", rule(
            lambda w, g, s, t, o: adamax(w, g, s, t, o, eps=1e-30), **ADAM)),
    ],
    rtol=1e-5, atol=1e-6,
)


def nadam(w, g, s, t, o, warm=True, power=False, ahead=True, twice=False):
    def mu(t):
        return o["beta_1"] * (1 - 0.5 * 0.96**t) if warm else o["beta_1"]

    m, v = average(s, "m", g, o["beta_1"]), average(s, "v", g * g, o["beta_2"])
    product = s["p"] = s.get("p", 1.0) * mu(t) * (mu(t) if twice else 1.0)
    if power:
        product = mu(t) ** t
    v = v / (1 - o["beta_2"] ** t)
    m = (mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)) if ahead \
        else m / (1 - o["beta_1"] ** t)
    return w - o["learning_rate"] * m / (np.sqrt(v) + o["epsilon"])


Nadam = Check(
    target="nnlib.optimizers.Nadam",
    reference=keras_trajectory("Nadam"),
    attempt=trajectory,
    cases=[
        *paths("begin: the two momenta and the product; update: the averages, then m with the "
               "next momentum and g with this one."),
        Case("tiny gradients", steps(20, **TINY, learning_rate=0.01)),
        Case("short memories", steps(20, beta_1=0.5, beta_2=0.8), points=2),
        Case("a large epsilon", steps(epsilon=0.1)),
    ],
    mistakes=[
        Mistake("took a constant momentum instead of one that warms up", rule(
            lambda w, g, s, t, o: nadam(w, g, s, t, o, warm=False), **ADAM)),
        Mistake("took mu to the power of t instead of the product of all mu", rule(
            lambda w, g, s, t, o: nadam(w, g, s, t, o, power=True), **ADAM)),
        Mistake("computed plain Adam", rule(
            lambda w, g, s, t, o: nadam(w, g, s, t, o, ahead=False), **ADAM)),
        Mistake("multiplied the product once for every parameter instead of once a step", rule(
            lambda w, g, s, t, o: nadam(w, g, s, t, o, twice=True), **ADAM)),
    ],
    rtol=1e-5, atol=1e-6,
)


def ftrl(w, g, s, t, o, start=None, sigma=True, double=2.0, keep=False, soft=True):
    rate, p = o["learning_rate"], -o.get("learning_rate_power", -0.5)
    l1, l2 = o.get("l1_regularization_strength", 0.0), o.get("l2_regularization_strength", 0.0)
    shrink, beta = o.get("l2_shrinkage_regularization_strength", 0.0), o.get("beta", 0.0)
    n = s.get("n", o.get("initial_accumulator_value", 0.1) if start is None else start)
    if keep and "z" not in s:
        s["z"] = -w * (n**p / rate + double * (l2 + beta / (2 * rate)))
    new = n + g * g
    z = s.get("z", 0.0) + g + 2 * shrink * w
    if sigma:
        z = z - (new**p - n**p) / rate * w
    s["n"], s["z"] = new, z
    edge = np.clip(z, -l1, l1) if soft else 0.0
    return (edge - z) / (new**p / rate + double * (l2 + beta / (2 * rate)))


Ftrl = Check(
    target="nnlib.optimizers.Ftrl",
    reference=keras_trajectory("Ftrl"),
    attempt=trajectory,
    cases=[
        *paths("Keep n before you add g * g: both roots are needed."),
        Case("l1", steps(20, learning_rate=0.1, l1_regularization_strength=0.5), points=2,
             hint="np.clip(z, -l1, l1) - z is 0 where |z| is at most l1."),
        Case("l2 and beta", steps(learning_rate=0.1, l2_regularization_strength=0.3, beta=0.2),
             hint="The curvature: new_root / learning_rate + 2 * l2 + beta / learning_rate."),
        Case("shrinkage", steps(learning_rate=0.1, l2_shrinkage_regularization_strength=0.1)),
        Case("another power", steps(learning_rate=0.1, learning_rate_power=-0.3,
                                    initial_accumulator_value=0.5)),
    ],
    mistakes=[
        Mistake("started n at 0", rule(
            lambda w, g, s, t, o: ftrl(w, g, s, t, o, start=1e-12), learning_rate=0.001)),
        Mistake("left out the term that remembers where w was", rule(
            lambda w, g, s, t, o: ftrl(w, g, s, t, o, sigma=False), learning_rate=0.001)),
        Mistake("did not double l2 in the curvature", rule(
            lambda w, g, s, t, o: ftrl(w, g, s, t, o, double=1.0), learning_rate=0.001)),
        Mistake("started z so that the first parameters are kept; Keras starts it at 0", rule(
            lambda w, g, s, t, o: ftrl(w, g, s, t, o, keep=True), learning_rate=0.001)),
        Mistake("left l1 out", rule(
            lambda w, g, s, t, o: ftrl(w, g, s, t, o, soft=False), learning_rate=0.001)),
    ],
    rtol=1e-5, atol=1e-7,
)

# ---- clipping


def named(arrays):
    return {f"gradient {number}": array for number, array in enumerate(arrays)}


def clip_all(target, grads, limit):
    clipped = target(list(grads), limit)
    return {f"gradient {number}": array for number, array in enumerate(clipped)}


def norm(x):
    return np.sqrt((x * x).sum())


def several(*arrays):
    return tuple(np.array(array) for array in arrays)


THREE = several([3.0, 4.0], [[0.3, -0.4], [0.0, 0.0]], [12.0])
ZERO = several([0.0, 0.0], [[3.0]])
CLIPPED = [
    Case("three arrays", {"grads": THREE, "limit": 1.0}, points=2),
    Case("nothing to clip", {"grads": THREE, "limit": 100.0},
         hint="What is within the limit stays as it is."),
    Case("zeros", {"grads": ZERO, "limit": 1.0},
         hint="Divide by the larger of norm and limit: a norm of 0 divides nothing."),
    Case("one array", {"grads": several([[5.0, -4.0], [0.5, 7.0]]), "limit": 2.5}),
    Case("float32 stays float32", {"grads": (np.array([3.0, -0.4], np.float32),), "limit": 1.0},
         dtype="float32", hint="Keep the factor a plain Python float: `float(np.sqrt(...))`."),
    untouched(grads=several([30.0, -0.4], [2.0]), limit=1.0),
]

clip_by_value = Check(
    target="nnlib.optimizers.clip_by_value",
    reference=lambda tf, grads, limit: named(
        [tf.clip_by_value(grad, -limit, limit) for grad in grads]),
    attempt=clip_all,
    cases=CLIPPED,
    mistakes=[
        Mistake("clipped above and not below",
                lambda grads, limit: [np.minimum(g, limit) for g in grads]),
        Mistake("shortened each array instead of cutting numbers off",
                lambda grads, limit: [g * limit / max(norm(g), limit) for g in grads]),
        Mistake("made all numbers positive",
                lambda grads, limit: [np.minimum(np.abs(g), limit) for g in grads]),
    ],
)

clip_by_norm = Check(
    target="nnlib.optimizers.clip_by_norm",
    reference=lambda tf, grads, limit: named([tf.clip_by_norm(grad, limit) for grad in grads]),
    attempt=clip_all,
    cases=CLIPPED,
    mistakes=[
        Mistake("rescaled short gradients too, to exactly the limit",
                lambda grads, limit: [g * limit / (norm(g) or 1.0) for g in grads]),
        Mistake("measured one norm over all arrays",
                lambda grads, limit: [g * limit / max(norm(np.concatenate(
                    [h.ravel() for h in grads])), limit) for g in grads]),
        Mistake("forgot the root in the norm",
                lambda grads, limit: [g * limit / max((g * g).sum(), limit) for g in grads]),
        Mistake("cut numbers off instead of shortening the array",
                lambda grads, limit: [np.clip(g, -limit, limit) for g in grads]),
        Mistake("measured each row for itself",
                lambda grads, limit: [g * limit / np.maximum(np.sqrt(
                    (g * g).sum(axis=-1, keepdims=True)), limit) for g in grads]),
    ],
)

clip_by_global_norm = Check(
    target="nnlib.optimizers.clip_by_global_norm",
    reference=lambda tf, grads, limit: named(tf.clip_by_global_norm(list(grads), limit)[0]),
    attempt=clip_all,
    cases=CLIPPED,
    mistakes=[
        Mistake("measured each array for itself",
                lambda grads, limit: [g * limit / max(norm(g), limit) for g in grads]),
        Mistake("rescaled short gradients too, to exactly the limit",
                lambda grads, limit: [g * limit / (norm(np.concatenate(
                    [h.ravel() for h in grads])) or 1.0) for g in grads]),
        Mistake("added the norms up instead of the squares",
                lambda grads, limit: [g * limit / max(sum(map(norm, grads)), limit)
                                      for g in grads]),
    ],
)

# ---- schedules


def rates(target, at, **options):
    schedule = target(**options)
    return np.array([schedule(int(step)) for step in at], dtype=float)


def keras_rates(name):
    def reference(tf, at, **options):
        schedule = getattr(tf.keras.optimizers.schedules, name)(
            **{k: v if isinstance(v, bool) else float(v) for k, v in options.items()})
        return tf.stack([schedule(tf.cast(step, tf.float32)) for step in at])

    return reference


def schedule(formula, **defaults):
    """Return a schedule with this formula: ``(step, options) -> rate``."""

    class Wrong:
        def __init__(self, **options):
            self.options = defaults | options

        def __call__(self, step):
            return formula(step, self.options)

    return Wrong


AT = np.array([0, 1, 5, 9, 10, 11, 25])
DECAY = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}
FAST = {"initial_learning_rate": 2.0, "decay_steps": 4, "decay_rate": 0.9}


def decay_cases(hint):
    return [
        Case("from 0 to 25 steps", {"at": AT, **DECAY}, points=2, hint=hint),
        Case("faster, and from higher up", {"at": AT, **FAST}, hint=hint),
        Case("a staircase", {"at": AT, **DECAY, "staircase": True}, points=2,
             hint="As a staircase, step // decay_steps takes the place of step / decay_steps."),
    ]


ExponentialDecay = Check(
    target="nnlib.optimizers.ExponentialDecay",
    reference=keras_rates("ExponentialDecay"),
    attempt=rates,
    cases=decay_cases("initial_learning_rate * decay_rate ** (step / decay_steps)."),
    mistakes=[
        Mistake("ignored decay_steps", schedule(
            lambda t, o: o["initial_learning_rate"] * o["decay_rate"] ** t)),
        Mistake("ignored `staircase`", schedule(
            lambda t, o: o["initial_learning_rate"] * o["decay_rate"] ** (
                t / o["decay_steps"]))),
        Mistake("always rounded down", schedule(
            lambda t, o: o["initial_learning_rate"] * o["decay_rate"] ** (
                t // o["decay_steps"]))),
        Mistake("took e to the power of -rate * t", schedule(
            lambda t, o: o["initial_learning_rate"] * np.exp(
                -o["decay_rate"] * t / o["decay_steps"]))),
    ],
)

InverseTimeDecay = Check(
    target="nnlib.optimizers.InverseTimeDecay",
    reference=keras_rates("InverseTimeDecay"),
    attempt=rates,
    cases=decay_cases("initial_learning_rate / (1 + decay_rate * step / decay_steps)."),
    mistakes=[
        Mistake("ignored decay_steps", schedule(
            lambda t, o: o["initial_learning_rate"] / (1 + o["decay_rate"] * t))),
        Mistake("ignored `staircase`", schedule(
            lambda t, o: o["initial_learning_rate"] / (
                1 + o["decay_rate"] * t / o["decay_steps"]))),
        Mistake("left the 1 out", schedule(
            lambda t, o: o["initial_learning_rate"] / max(
                o["decay_rate"] * t / o["decay_steps"], 1e-9))),
        Mistake("shrank exponentially", schedule(
            lambda t, o: o["initial_learning_rate"] * o["decay_rate"] ** (
                t / o["decay_steps"]))),
    ],
)


def cosine(t, o, half=True, stop=True, floor=True, turn=1.0):
    s, alpha = o["decay_steps"], o.get("alpha", 0.0)
    t = min(t, s) if stop else t
    wave = np.cos(turn * np.pi * t / s)
    wave = 0.5 * (1 + wave) if half else wave
    return o["initial_learning_rate"] * ((1 - alpha) * wave + alpha if floor else wave)


CosineDecay = Check(
    target="nnlib.optimizers.CosineDecay",
    reference=keras_rates("CosineDecay"),
    attempt=rates,
    cases=[
        Case("from 0 to 25 steps", {"at": AT, "initial_learning_rate": 0.1, "decay_steps": 10},
             points=2, hint="Half a wave: 0.5 * (1 + cos(pi * step / decay_steps))."),
        Case("a floor", {"at": AT, "initial_learning_rate": 2.0, "decay_steps": 20,
                         "alpha": 0.1}, points=2,
             hint="alpha is what is left, as a share of the first rate."),
        Case("long after the end", {"at": np.array([0, 4, 8, 400]), "initial_learning_rate": 1.0,
                                    "decay_steps": 8},
             hint="From decay_steps on the rate stays: min(step, decay_steps)."),
    ],
    mistakes=[
        Mistake("let the wave go on after decay_steps", schedule(
            lambda t, o: cosine(t, o, stop=False))),
        Mistake("went down a whole wave and up again", schedule(
            lambda t, o: cosine(t, o, turn=2.0))),
        Mistake("let the rate become negative: half of 1 + cos was left out", schedule(
            lambda t, o: cosine(t, o, half=False))),
        Mistake("ignored alpha", schedule(lambda t, o: cosine(t, o, floor=False))),
    ],
)

# ---- the way down


def walk(target, matrix, start, rate, count):
    class Descent:
        steps = 0

        def apply(self, params, grads):
            self.steps += 1
            for param, grad in zip(params, grads, strict=True):
                param -= rate / self.steps * grad

    return target(lambda x: matrix @ x, start, Descent(), count)


def walked(tf, matrix, start, rate, count):
    point = tf.Variable(start)
    path = [tf.identity(point)]
    for step in range(count):
        with tf.GradientTape() as tape:
            height = 0.5 * tf.reduce_sum(point * tf.linalg.matvec(matrix, point))
        point.assign_sub(rate / (step + 1) * tape.gradient(height, point))
        path.append(tf.identity(point))
    return tf.stack(path)


def tread(gradient, start, optimizer, count, copies=True, first=True, fresh=True):
    point = np.array(start, dtype=float)
    path = [point.copy()] if first else []
    here = gradient(point)
    for _ in range(count):
        optimizer.apply([point], [gradient(point) if fresh else here])
        path.append(point.copy() if copies else point)
    return np.array(path)


BOWL = np.array([[1.0, 0.3], [0.3, 4.0]])
minimize = Check(
    target="nnlib.optimizers.minimize",
    reference=walked,
    attempt=walk,
    cases=[
        Case("a bowl", {"matrix": BOWL, "start": normal(2), "rate": 0.2, "count": 6}, points=2,
             hint="Keep a copy of the point after every step: apply changes it in place."),
        Case("three dimensions", {"matrix": np.diag([1.0, 2.0, 3.0]), "start": normal(3),
                                  "rate": 0.3, "count": 4}),
        Case("no step", {"matrix": BOWL, "start": normal(2), "rate": 0.2, "count": 0},
             hint="The path starts at `start`: steps + 1 rows."),
        untouched(matrix=BOWL, start=normal(2), rate=0.2, count=3),
    ],
    mistakes=[
        Mistake("kept the point itself instead of copies: all rows are the last one",
                lambda g, s, o, n: tread(g, s, o, n, copies=False)),
        Mistake("left the start out of the path",
                lambda g, s, o, n: tread(g, s, o, n, first=False)),
        Mistake("computed the gradient once, at the start",
                lambda g, s, o, n: tread(g, s, o, n, fresh=False)),
        Mistake("made one step too many", lambda g, s, o, n: tread(g, s, o, n + 1)),
    ],
)

momentum_in_words = Written(
    name="momentum_in_words",
    rubric=[
        (1, "Along the valley the gradients agree, so the velocity grows, up to 1 / (1 - mu) "
            "times a plain step."),
        (1, "Across the valley they change sign, so they cancel in the velocity."),
        (1, "Names a price: it overshoots, or a second number has to be chosen."),
    ],
    answer="The velocity is a sum of past gradients, the older the less they count. Along the "
           "valley all of them point the same way: they add up to as much as 1 / (1 - mu) times "
           "one of them, ten times with mu = 0.9. Across the valley they point left and right in "
           "turn and cancel. So the path becomes straighter and longer, and a rate that would "
           "make plain descent zigzag is usable. The price: with so much speed it runs past the "
           "lowest point and has to come back, and mu has to be chosen too.",
)

a_fair_race = Written(
    name="a_fair_race",
    rubric=[
        (1, "Defaults are not comparable: a learning rate of 0.001 for Adam and 0.01 for SGD are "
            "two arbitrary choices, and the rate matters more than the name."),
        (1, "One run is one throw of the dice: other starting weights and orders of batches give "
            "other results."),
        (1, "The experiment tunes each with the same number of tries, repeats with several seeds, "
            "and reports the spread on data that was not used for tuning."),
    ],
    answer="The two defaults are not two equal offers: each rate was chosen by somebody for "
           "something else, and SGD with ten times the rate may well be ahead. And one run each "
           "says little, since another seed can move the result by points. An experiment: for "
           "each optimizer try the same seven learning rates, a factor of three apart, on a "
           "validation set; take the best, train with it from five seeds, and report the five "
           "results on a test set, as dots. If the two clouds lie apart, there is something to "
           "say, about this network and these data.",
)
