"""What is asked of backpropagation: graphs, tapes, layers and networks, held against Keras."""

import numpy as np

from autograder.cases import Case, Check, Mistake, Written, habits, normal, uniform, untouched

# ---- gradients that are measured

def measure(target, surface, x, **options):
    f = {
        "cubes": lambda x: (x**3).sum(),
        "exponential": lambda x: np.exp(2 * x).sum(),
        "product": lambda x: x.prod(),
        "pairs": lambda x: (x[..., :-1] * x[..., 1:]).sum(),
    }[surface]
    return target(f, x, **options)


def moved(f, x, eps, forward=1.0, backward=1.0, scale=2.0, restore=True):
    """Return difference quotients of f, with the parts that people get wrong as arguments."""
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        here = x[index]
        x[index] = here + forward * eps
        above = f(x)
        x[index] = here - backward * eps
        below = f(x)
        if restore:
            x[index] = here
        gradient[index] = (above - below) / (scale * eps)
    return gradient


def central_difference(tf, surface, x, eps=1e-5):
    formula = {
        "cubes": lambda x: tf.reduce_sum(x**3),
        "exponential": lambda x: tf.reduce_sum(tf.exp(2 * x)),
        "product": lambda x: tf.reduce_prod(x),
        "pairs": lambda x: tf.reduce_sum(x[..., :-1] * x[..., 1:]),
    }[surface]
    x = tf.cast(x, tf.float64)
    size = int(tf.size(x))
    moves = tf.reshape(tf.eye(size, dtype=tf.float64), (size, *x.shape)) * eps
    slopes = [(formula(x + move) - formula(x - move)) / (2 * eps) for move in moves]
    return tf.reshape(tf.stack(slopes), x.shape)


numerical_gradient = Check(
    target="nnlib.gradients.numerical_gradient",
    reference=central_difference,
    attempt=measure,
    cases=[
        Case("a row", {"surface": "cubes", "x": normal(5)},
             hint="Move one number up and down, divide the difference by 2 * eps."),
        Case("a large step shows the formula",
             {"surface": "exponential", "x": normal(4), "eps": 0.1},
             hint="(f(x + eps) - f(x - eps)) / (2 * eps): to both sides, and not just forward."),
        Case("numbers that act on each other", {"surface": "product", "x": uniform(5) + 0.5,
                                                "eps": 0.2},
             hint="Put each number back to exactly where it was before you move the next."),
        Case("a matrix", {"surface": "pairs", "x": normal(3, 4)},
             hint="`for index in np.ndindex(x.shape)` visits every place of any shape."),
        Case("a single number", {"surface": "cubes", "x": np.array(2.0)},
             hint="An array of shape () has one index, the empty tuple: np.ndindex knows."),
        Case("integers", {"surface": "cubes", "x": np.array([[3, -2], [0, 5]])},
             hint="Make a float64 copy first: eps added to an integer array is lost."),
        Case("float32 is measured in float64",
             {"surface": "cubes", "x": np.array([1.5, -2.25, 30.5], dtype=np.float32)},
             hint="In float32 a step of 1e-5 is rounded to another one: copy x as float64 first."),
        untouched(surface="pairs", x=normal(2, 3)),
    ],
    mistakes=[
        Mistake("moved to one side only: a forward difference",
                lambda f, x, eps=1e-5: moved(f, x, eps, backward=0, scale=1)),
        Mistake("moved to both sides, and divided by one step instead of two",
                lambda f, x, eps=1e-5: moved(f, x, eps, scale=1)),
        Mistake("did not put the number back before moving the next",
                lambda f, x, eps=1e-5: moved(f, x, eps, restore=False)),
        Mistake("moved the other way round: the sign is turned",
                lambda f, x, eps=1e-5: moved(f, x, eps, scale=-2)),
        Mistake("moved all numbers at once instead of one at a time",
                lambda f, x, eps=1e-5: np.full(np.shape(x), (f(x + eps) - f(x - eps)) / (2 * eps))),
        Mistake("ignored eps", lambda f, x, eps=1e-5: moved(f, x, 1e-5)),
    ],
    rtol=1e-6, atol=1e-6,
)


def look_for_fault(target, fault, x, seed):
    seen = {}

    def softmax(x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def backward(x, dy):
        seen["dy"] = dy
        y = softmax(x)
        dx = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
        if fault == "double":
            dx = dx * np.where(np.arange(x.size).reshape(x.shape) == x.size - 2, 2.0, 1.0)
        if fault == "zeros":
            dx = 0 * dx
        if fault == "sign":
            dx = -dx
        return dx

    report = target(softmax, backward, x, np.random.default_rng(seed))
    analytic, numeric, error = (float(report[key]) for key in ("analytic", "numeric", "error"))
    found = {"finds a fault": float(error > 1e-6),
             "the upstream gradient differs from place to place": float(np.std(seen["dy"]) > 0.2)}
    if fault == "double":
        found["index"] = np.array(report["index"])
        found["analytic / numeric"] = analytic / numeric
    if fault == "sign":
        found["analytic / numeric"] = analytic / numeric
    if fault != "none":
        found["error"] = error / (abs(analytic - numeric)
                                  / max(1.0, abs(analytic), abs(numeric)))
    return found


def fault_found(tf, fault, x, seed):
    found = {"finds a fault": tf.constant(float(fault != "none")),
             "the upstream gradient differs from place to place": tf.constant(1.0)}
    if fault == "double":
        found["index"] = tf.stack(tf.unravel_index(tf.size(x, out_type=tf.int64) - 2,
                                                   tf.shape(x, out_type=tf.int64)))
        found["analytic / numeric"] = tf.constant(2.0)
    if fault == "sign":
        found["analytic / numeric"] = tf.constant(-1.0)
    if fault != "none":
        found["error"] = tf.constant(1.0)
    return found


def report_with(upstream=None, step=1e-5, place=np.argmax, half=False, relative=True):
    """Return a gradient check with the parts that people get wrong as arguments."""

    def check(forward, backward, x, rng, eps=1e-5):
        shape = np.shape(forward(x))
        dy = rng.normal(size=shape) if upstream is None else upstream(shape)
        analytic = backward(x.copy(), dy)
        numeric = moved(lambda x: float(np.sum(forward(x) * dy)), x, step)
        numeric = numeric / 2 if half else numeric
        scale = np.maximum(1.0, np.maximum(abs(analytic), abs(numeric))) if relative else 1e3
        errors = abs(analytic - numeric) / scale
        index = np.unravel_index(place(errors), x.shape)
        return {"index": index, "analytic": analytic[index], "numeric": numeric[index],
                "error": errors[index]}

    return check


check_gradient = Check(
    target="nnlib.gradients.check_gradient",
    reference=fault_found,
    attempt=look_for_fault,
    cases=[
        Case("a right backward", {"fault": "none", "x": normal(3, 4), "seed": 1},
             hint="Measure L = (forward(x) * dy).sum() and hold it against backward(x, dy)."),
        Case("one entry twice too large", {"fault": "double", "x": normal(2, 3), "seed": 2},
             points=2, hint="Report the place where the error is largest."),
        Case("a sign turned round", {"fault": "sign", "x": normal(4), "seed": 3},
             hint="`analytic` is what backward says, `numeric` what you measured."),
        Case("a backward that returns zeros", {"fault": "zeros", "x": normal(3, 3), "seed": 4},
             points=2,
             hint="Draw dy: with ones, the true gradient of a softmax is zero and zeros pass."),
    ],
    mistakes=[
        Mistake("took ones as the upstream gradient", report_with(upstream=np.ones)),
        Mistake("reported the place of the smallest error", report_with(place=np.argmin)),
        Mistake("reported the first place instead of the worst",
                report_with(place=lambda errors: 0)),
        Mistake("left the 2 out of 2 * eps", report_with(half=True)),
        Mistake("measured with a step so large that right gradients look wrong",
                report_with(step=0.1)),
        Mistake("gave an error that is not relative to max(1, |analytic|, |numeric|)",
                report_with(relative=False)),
    ],
    constant="ones",
)


def product_gradients(tf, a, b, dy):
    with tf.GradientTape() as tape:
        tape.watch((a, b))
        y = tf.matmul(a, b)
    return tuple(tape.gradient(y, (a, b), output_gradients=dy))


def swap(x):
    return np.swapaxes(x, -1, -2)


def summed(grad, shape):
    """Return a gradient summed over the leading axes that a matrix of this shape lacks."""
    extra = grad.ndim - len(shape)
    return grad.sum(axis=tuple(range(extra))) if extra else grad


matmul_backward = Check(
    target="nnlib.gradients.matmul_backward",
    reference=product_gradients,
    returns=("da", "db"),
    cases=[
        Case("two matrices", {"a": normal(3, 4), "b": normal(4, 2), "dy": normal(3, 2)},
             hint="The shapes decide: da is (m, k), and dy (m, n) times b transposed (n, k) is."),
        Case("square matrices", {"a": normal(3, 3), "b": normal(3, 3), "dy": normal(3, 3)},
             points=2, hint="With squares every product conforms: dy @ b.T and a.T @ dy."),
        Case("one sample", {"a": normal(1, 3), "b": normal(3, 2), "dy": normal(1, 2)}),
        Case("two stacks", {"a": normal(2, 3, 4), "b": normal(2, 4, 2), "dy": normal(2, 3, 2)},
             hint="`.T` turns all axes round; np.swapaxes(b, -1, -2) only the last two."),
        Case("a stack and one matrix", {"a": normal(5, 3, 4), "b": normal(4, 2),
                                        "dy": normal(5, 3, 2)},
             hint="One matrix used for the whole stack gets the sum: your `unbroadcast`."),
        *habits(a=normal(2, 3), b=normal(3, 2), dy=normal(2, 2)),
    ],
    mistakes=[
        Mistake("left the transposes out", lambda a, b, dy: (
            summed(dy @ b, a.shape), summed(a @ dy, b.shape))),
        Mistake("gave the two gradients in the other order", lambda a, b, dy: (
            summed(swap(a) @ dy, b.shape), summed(dy @ swap(b), a.shape))),
        Mistake("averaged over the samples instead of adding up", lambda a, b, dy: (
            summed(dy @ swap(b), a.shape), summed(swap(a) @ dy, b.shape) / a.shape[-2])),
        Mistake("turned all axes round with .T", lambda a, b, dy: (
            summed(dy @ b.T, a.shape), summed(a.T @ dy, b.shape))),
        Mistake("did not add up over the stack", lambda a, b, dy: (dy @ swap(b), swap(a) @ dy)),
        Mistake("the gradient of b comes out transposed", lambda a, b, dy: (
            summed(dy @ swap(b), a.shape), summed(swap(dy) @ a, b.shape))),
    ],
)

# ---- graphs of numbers


def order_nodes(target, parents):
    class Node:
        def __init__(self):
            self.parents = ()

    if isinstance(parents, int):  # a chain of so many
        parents = [[]] + [[number] for number in range(parents - 1)]
    nodes = [Node() for _ in parents]
    for node, numbers in zip(nodes, parents, strict=True):
        node.parents = tuple(nodes[number] for number in numbers)
    listed = [nodes.index(node) for node in target(nodes[-1])[:50]] if len(nodes) < 100 else []
    order = target(nodes[-1])
    place = {id(node): number for number, node in enumerate(order)}
    return {
        "how many nodes are listed": float(len(order)),
        "every node stands after its parents": float(all(
            id(parent) in place and place[id(parent)] < place[id(node)]
            for node in order for parent in node.parents)),
        "the node itself is last": float(order[-1] is nodes[-1]),
        "every node is listed once": float(len(set(listed)) == len(listed)),
    }


def nodes_ordered(tf, parents):
    count = parents if isinstance(parents, int) else len(parents)
    one = tf.constant(1.0)
    return {"how many nodes are listed": tf.constant(float(count)),
            "every node stands after its parents": one, "the node itself is last": one,
            "every node is listed once": one}


def breadth_first(node):
    order, waiting = {}, [node]
    for one in waiting:
        if id(one) not in order:
            order[id(one)] = one
            waiting.extend(one.parents)
    return list(order.values())[::-1]


def every_path(node):
    return [one for parent in node.parents for one in every_path(parent)] + [node]


def recursive(node, after=True, seen=None):
    seen = set() if seen is None else seen
    if id(node) in seen:
        return []
    seen.add(id(node))
    before = [one for parent in node.parents for one in recursive(parent, after, seen)]
    return [*before, node] if after else [node, *before]


topological_order = Check(
    target="nnlib.autodiff.topological_order",
    reference=nodes_ordered,
    attempt=order_nodes,
    cases=[
        Case("a chain of three", {"parents": [[], [0], [1]]},
             hint="List the parents first, then the node."),
        Case("one parent twice", {"parents": [[], [0, 0]]},
             hint="Remember which nodes are listed: a * a has one parent, used twice."),
        Case("two ways to one node", {"parents": [[], [0], [0], [1, 2]]},
             hint="A node that is listed already is not listed again."),
        Case("a short cut", {"parents": [[], [0], [1], [2, 0], [3, 0, 1]]}, points=2,
             hint="A short way and a long way lead to node 0: it comes before all on the long "
                  "way. Level by level does not see that; depth first does."),
        Case("a short cut on the other side", {"parents": [[], [0], [1], [0, 2], [1, 0, 3]]},
             hint="The order in which parents are named must not matter."),
        Case("a chain of ten thousand", {"parents": 10_000},
             hint="Python ends a recursion at a depth of 1,000: keep a list of what waits."),
    ],
    mistakes=[
        Mistake("went level by level: a short cut puts a node before its parents", breadth_first),
        Mistake("listed a node once for every path that leads to it",
                lambda node: every_path(node)),
        Mistake("listed the node before its parents",
                lambda node: recursive(node, after=False)),
        Mistake("used recursion, which Python ends at a depth of 1,000",
                lambda node: recursive(node)),
        Mistake("left the node itself out", lambda node: recursive(node)[:-1]),
    ],
    constant="ones",
)


def differentiate(target, expression, x, times=1, zero=False):
    leaves = [target(number) for number in x]
    y = eval(expression, {}, dict(zip("abcd", leaves, strict=False)))
    for _ in range(times):
        y.backward()
    if zero:
        y.zero_grad()
    return {"value": y.data, "gradients": np.array([leaf.grad for leaf in leaves])}


def taped(tf, expression, x, times=1, zero=False):
    class Expression:
        def __init__(self, tensor):
            self.t = tensor

        def __pow__(self, exponent):
            return Expression(self.t**exponent)

        __add__ = __radd__ = lambda self, o: Expression(self.t + getattr(o, "t", o))
        __mul__ = __rmul__ = lambda self, o: Expression(self.t * getattr(o, "t", o))
        __sub__ = lambda self, o: Expression(self.t - getattr(o, "t", o))  # noqa: E731
        __rsub__ = lambda self, o: Expression(o - self.t)  # noqa: E731
        __truediv__ = lambda self, o: Expression(self.t / getattr(o, "t", o))  # noqa: E731
        __rtruediv__ = lambda self, o: Expression(o / self.t)  # noqa: E731
        exp = lambda self: Expression(tf.exp(self.t))  # noqa: E731
        log = lambda self: Expression(tf.math.log(self.t))  # noqa: E731
        tanh = lambda self: Expression(tf.tanh(self.t))  # noqa: E731
        relu = lambda self: Expression(tf.nn.relu(self.t))  # noqa: E731
        sigmoid = lambda self: Expression(tf.sigmoid(self.t))  # noqa: E731

    leaves = [tf.constant(float(number), tf.float64) for number in x]
    with tf.GradientTape() as tape:
        tape.watch(leaves)
        y = eval(expression, {}, dict(zip("abcd", map(Expression, leaves), strict=False))).t
    grads = tape.gradient(y, leaves, unconnected_gradients="zero")
    return {"value": y, "gradients": tf.stack(grads) * (0.0 if zero else times)}


def engine(slopes=None, walk="topological", add=True, leaves_add=True, zero=True):
    """Return a class like `Value` that makes one mistake.

    Parameters
    ----------
    slopes : dict of callable
        Wrong slopes by operation: ``(x, y)`` or ``(x, other, y)`` to the slope or slopes.
    walk : {"topological", "breadth", "paths"}
    """
    right = {
        "+": lambda a, b, y: (1.0, 1.0), "*": lambda a, b, y: (b, a),
        "exp": lambda x, y: y, "log": lambda x, y: 1 / x, "tanh": lambda x, y: 1 - y**2,
        "relu": lambda x, y: float(x > 0), "sigmoid": lambda x, y: y * (1 - y),
        "pow": lambda x, n, y: n * x ** (n - 1),
    } | (slopes or {})

    class Wrong:
        def __init__(self, data, parents=(), slopes=()):
            self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

        def __add__(self, other):
            return self._two("+", other, lambda a, b: a + b)

        def __mul__(self, other):
            return self._two("*", other, lambda a, b: a * b)

        def __pow__(self, n):
            y = self.data**n
            return Wrong(y, (self,), (right["pow"](self.data, n, y),))

        def __sub__(self, other):
            return self + other * -1.0

        def __rsub__(self, other):
            return self * -1.0 + other

        def __truediv__(self, other):
            return self * other**-1.0

        def __rtruediv__(self, other):
            return self**-1.0 * other

        __radd__, __rmul__ = __add__, __mul__

        def exp(self):
            return self._one("exp", np.exp)

        def log(self):
            return self._one("log", np.log)

        def tanh(self):
            return self._one("tanh", np.tanh)

        def relu(self):
            return self._one("relu", lambda x: max(x, 0.0))

        def sigmoid(self):
            return self._one("sigmoid", lambda x: np.exp(-np.logaddexp(0, -x)))

        def _one(self, name, f):
            y = f(self.data)
            return Wrong(y, (self,), (right[name](self.data, y),))

        def _two(self, name, other, f):
            other = other if isinstance(other, Wrong) else Wrong(other)
            y = f(self.data, other.data)
            return Wrong(y, (self, other), right[name](self.data, other.data, y))

        def backward(self):
            order = {"topological": recursive, "breadth": breadth_first,
                     "paths": every_path}[walk](self)
            for node in order:
                if node.parents or not leaves_add:
                    node.grad = 0.0
            self.grad += 1.0
            for node in reversed(order):
                for parent, slope in zip(node.parents, node.slopes, strict=True):
                    parent.grad = slope * node.grad + (parent.grad if add else 0.0)

        def zero_grad(self):
            for node in recursive(self):
                node.grad = 0.0 if zero or node.parents else node.grad

    return Wrong


Value = Check(
    target="nnlib.autodiff.Value",
    reference=taped,
    attempt=differentiate,
    cases=[
        Case("a sum", {"expression": "a + b", "x": normal(2)},
             hint="Each of the two numbers moves the sum as far as it moves itself: slopes 1."),
        Case("a product", {"expression": "a * b", "x": normal(2) + 2},
             hint="The slope of a * b for a is b, and for b it is a."),
        Case("a power", {"expression": "a ** 3", "x": normal(1)},
             hint="The slope of x ** n is n * x ** (n - 1)."),
        Case("the exponential", {"expression": "a.exp()", "x": normal(1)},
             hint="The exponential is its own slope."),
        Case("the logarithm", {"expression": "a.log()", "x": uniform(1) + 0.5},
             hint="The slope of log(x) is 1 / x."),
        Case("tanh", {"expression": "a.tanh()", "x": normal(1)},
             hint="The slope of tanh is 1 - tanh(x) ** 2."),
        Case("relu", {"expression": "a.relu() + b.relu() + c.relu()",
                      "x": np.array([1.5, -2.0, 0.0])},
             hint="1 where the number is positive, 0 elsewhere, and 0 at 0 itself."),
        Case("the sigmoid", {"expression": "a.sigmoid()", "x": normal(1)},
             hint="The slope of the sigmoid y is y * (1 - y)."),
        Case("the sigmoid of large numbers", {"expression": "a.sigmoid() + b.sigmoid() * 3",
                                              "x": np.array([-800.0, 800.0])},
             hint="math.exp(800) overflows: use your own stable `sigmoid` from the activations."),
        Case("one number used twice", {"expression": "a * a + a", "x": normal(1) + 2}, points=2,
             hint="A number gets the sum over all its uses: += and not =."),
        Case("two roads to one number", {"expression": "(a * b).tanh() * (a * b).exp() + b",
                                         "x": normal(2)}),
        Case("a short cut", {"expression": "((a * 2).exp() * 3 + a * b).tanh() * a + b * a",
                             "x": normal(2) * 0.3}, points=2,
             hint="Pass a gradient on only when it is complete: go through the topological order, "
                  "backwards."),
        Case("a result that is used again",
             {"expression": "(lambda u: (u * u).exp() * u + u)(a * b + c)",
              "x": normal(3) * 0.5}, points=2),
        Case("numbers on the left", {"expression": "3 - a / b + 2 / (1 + a ** 2)",
                                     "x": uniform(2) + 0.5},
             hint="The other may be a plain number: make a Value of it."),
        Case("a second call", {"expression": "a * b + a.exp()", "x": normal(2), "times": 2},
             hint="Leaves add to what they have; everything between them and the result starts "
                  "from 0."),
        Case("starting anew", {"expression": "a * b + a", "x": normal(2), "zero": True}),
    ],
    mistakes=[
        Mistake("the slopes of a product are not exchanged: for a it is b",
                engine({"*": lambda a, b, y: (a, b)})),
        Mistake("forgot the n of n * x ** (n - 1)",
                engine({"pow": lambda x, n, y: x ** (n - 1)})),
        Mistake("forgot to lower the power", engine({"pow": lambda x, n, y: n * x**n})),
        Mistake("took x instead of exp(x) as the slope of exp", engine({"exp": lambda x, y: x})),
        Mistake("took log(x) instead of 1 / x as the slope of log",
                engine({"log": lambda x, y: y})),
        Mistake("forgot the square in 1 - tanh(x) ** 2", engine({"tanh": lambda x, y: 1 - y})),
        Mistake("used the input instead of the output in 1 - y ** 2",
                engine({"tanh": lambda x, y: 1 - x**2})),
        Mistake("gave relu the slope 1 at 0", engine({"relu": lambda x, y: float(x >= 0)})),
        Mistake("let the gradient pass through relu everywhere",
                engine({"relu": lambda x, y: 1.0})),
        Mistake("used the input instead of the output in y * (1 - y)",
                engine({"sigmoid": lambda x, y: x * (1 - x)})),
        Mistake("overwrote a gradient instead of adding to it", engine(add=False)),
        Mistake("went level by level instead of in topological order", engine(walk="breadth")),
        Mistake("passed gradients on before they were complete, once for every path",
                engine(walk="paths")),
        Mistake("set the leaves to 0 at every call", engine(leaves_add=False)),
        Mistake("zero_grad leaves the leaves as they are", engine(zero=False)),
    ],
)

# ---- the tape


def wind_back(target, kind, x, w):
    class Variable:
        def __init__(self, data):
            self.data = np.asarray(data)
            self.shape = self.data.shape

    tape = target()

    def note(data, *uses):
        output = Variable(data)
        tape.records.append((output, uses))
        return output

    a, b, other = Variable(x), Variable(w), Variable(w)
    first = product = note(a.data * b.data, (a, lambda dy: dy * b.data),
                           (b, lambda dy: dy * a.data))
    if kind == "twice":  # first + a * first
        more = note(a.data * first.data, (a, lambda dy: dy * first.data),
                    (first, lambda dy: dy * a.data))
        product = note(more.data + first.data, (more, lambda dy: dy), (first, lambda dy: dy))
    y = note(np.sin(product.data), (product, lambda dy: dy * np.cos(product.data)))
    if kind == "bystander":  # recorded, without a part in y
        note(b.data**2, (b, lambda dy: dy * 2 * b.data))
    loss = note(y.data.sum(), (y, lambda dy: np.broadcast_to(dy, y.shape)))
    if kind == "inside":
        loss = y
    if kind == "one":
        return {"a": tape.gradient(loss, a)}
    da, db, nothing = tape.gradient(loss, [a, b, other])
    again = tape.gradient(loss, [b])[0]
    return {"a": da, "b": db, "b, asked again": again,
            "None for what has no part": float(nothing is None)}


def wound_back(tf, kind, x, w):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch((x, w))
        product = x * w
        if kind == "twice":
            product = product + x * product
        loss = tf.reduce_sum(tf.sin(product))
    if kind == "one":
        return {"a": tape.gradient(loss, x)}
    dw = tape.gradient(loss, w)
    return {"a": tape.gradient(loss, x), "b": dw, "b, asked again": dw,
            "None for what has no part": tf.constant(1.0)}


def tape(forwards=False, add=True, fit=True, none=True, start=None):
    """Return a class like `Tape` that makes one mistake."""

    class Wrong:
        def __init__(self):
            self.records = []

        def gradient(self, target, sources):
            grads = {id(target): np.ones_like(target.data) if start is None else start}
            for output, uses in self.records if forwards else reversed(self.records):
                if id(output) not in grads and not forwards:
                    continue
                for source, backward in uses:
                    part = backward(grads.get(id(output), np.zeros_like(output.data)))
                    if fit:
                        part = shrunk(part, source.shape)
                    old = grads.get(id(source), 0.0) if add else 0.0
                    grads[id(source)] = old + part
            if not isinstance(sources, list):
                return grads.get(id(sources))
            return [grads.get(id(s), None if none else np.zeros_like(s.data)) for s in sources]

    return Wrong


def shrunk(grad, shape):
    """Return a gradient summed over the axes along which an array of this shape was repeated."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    axes = tuple(i for i, size in enumerate(shape) if size == 1 and grad.shape[i] != 1)
    return grad.sum(axis=axes, keepdims=True)


SAME = {"x": normal(3, 2), "w": normal(3, 2)}
Tape = Check(
    target="nnlib.autodiff.Tape",
    reference=wound_back,
    attempt=wind_back,
    cases=[
        Case("a chain", {"kind": "chain", **SAME}, points=2,
             hint="Start with ones for the target, and go through the records backwards."),
        Case("one source, not a list", {"kind": "one", **SAME},
             hint="For a list of sources return a list; for one source its gradient itself."),
        Case("an array that is used twice", {"kind": "twice", **SAME}, points=2,
             hint="Add to the gradient that an array has got already."),
        Case("a row added to every sample", {"kind": "chain", "x": normal(4, 3),
                                             "w": normal(3)},
             hint="The part may have the broadcast shape: `unbroadcast(part, source.shape)`."),
        Case("a column against a row", {"kind": "twice", "x": normal(4, 1), "w": normal(1, 3)}),
        Case("an operation that leads elsewhere", {"kind": "bystander", **SAME},
             hint="Skip a record whose output has got no gradient."),
        Case("a target that is an array", {"kind": "inside", **SAME},
             hint="The gradient of the sum of the target: ones in its shape."),
    ],
    mistakes=[
        Mistake("read the records forwards", tape(forwards=True)),
        Mistake("overwrote a gradient instead of adding to it", tape(add=False)),
        Mistake("left a gradient in the broadcast shape", tape(fit=False)),
        Mistake("gave zeros instead of None for a source that has no part in the target",
                tape(none=False)),
        Mistake("started with zeros instead of ones", tape(start=np.zeros(()))),
    ],
)

# ---- layers


def pass_through(target, function, x, dy, second=False, **options):
    layer = target(function, **options)
    if second:
        layer.forward(x[::-1] * 3)
    y = layer.forward(x)
    return {"y": y, "dx": layer.backward(dy)}


def through_keras(tf, function, x, dy, second=False, **options):
    f = getattr(tf.keras.activations, function)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x, **options)
    return {"y": y, "dx": tape.gradient(y, x, output_gradients=dy)}


def activation_layer(forward, backward, remember=lambda old, x: x):
    """Return a layer with these two passes; each gets the pair of functions first."""

    class Wrong:
        def __init__(self, function, **options):
            self.pair, self.options, self.x = SLOPES[function], options, None

        def forward(self, x, training=False):
            self.x = remember(self.x, x)
            return forward(self.pair, x, self.options)

        def backward(self, dy):
            return backward(self.pair, self.x, dy, self.options)

    return Wrong


SLOPES = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: 1.0 * (x > 0)),
    "elu": (lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
            lambda x, alpha=1.0: np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))),
    "softmax": (lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), None),
}


def sloped(pair, x, dy, options):
    return dy * pair[1](x, **options)


Activation = Check(
    target="nnlib.layers.Activation",
    reference=through_keras,
    attempt=pass_through,
    cases=[
        Case("tanh", {"function": "tanh", "x": normal(3, 4), "dy": normal(3, 4)}, points=2,
             hint="`self.function_backward(self.x, dy, **self.options)`."),
        Case("relu of three axes", {"function": "relu", "x": normal(2, 3, 2),
                                    "dy": normal(2, 3, 2)}),
        Case("softmax, where outputs share inputs", {"function": "softmax", "x": normal(3, 4),
                                                     "dy": normal(3, 4)},
             hint="Hand dy to the backward function; multiplying slopes by it is not enough."),
        Case("an option", {"function": "elu", "x": normal(3, 3), "dy": normal(3, 3),
                           "alpha": 0.3},
             hint="Both directions need `**self.options`."),
        Case("the last input counts", {"function": "tanh", "x": normal(4, 2), "dy": normal(4, 2),
                                       "second": True},
             hint="Every forward replaces what the one before remembered."),
        *habits(function="tanh", x=normal(2, 3), dy=normal(2, 3)),
    ],
    mistakes=[
        Mistake("forgot the gradient that arrives", activation_layer(
            lambda f, x, o: f[0](x, **o), lambda f, x, dy, o: f[1](x, **o))),
        Mistake("passed the gradient on unchanged", activation_layer(
            lambda f, x, o: f[0](x, **o), lambda f, x, dy, o: dy)),
        Mistake("left the options out", activation_layer(
            lambda f, x, o: f[0](x), lambda f, x, dy, o: sloped(f, x, dy, {}))),
        Mistake("remembered the output instead of the input", activation_layer(
            lambda f, x, o: f[0](x, **o),
            lambda f, x, dy, o: sloped(f, f[0](x, **o), dy, o))),
        Mistake("remembered the first input and kept it", activation_layer(
            lambda f, x, o: f[0](x, **o), sloped,
            remember=lambda old, x: x if old is None else old)),
    ],
)


def keras_dense(tf, x, kernel, bias, dy, activation="linear", second=False):
    layer = tf.keras.layers.Dense(len(bias), activation, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    dx, dkernel, dbias = tape.gradient(y, [x, *layer.trainable_weights], output_gradients=dy)
    return {"y": y, "dx": dx, "kernel": dkernel, "bias": dbias}


def run_dense(target, x=None, kernel=None, bias=None, dy=None, activation="linear", second=False,
              n_in=0, units=0):
    if n_in:
        layer = target(units)
        layer.build((None, n_in), np.random.default_rng(5))
        kernel, bias = layer.params["kernel"], layer.params["bias"]
        limit = np.sqrt(6 / (n_in + units))
        inside = float(np.abs(kernel).max() / limit)
        return {"kernel shape": np.array(kernel.shape), "bias": np.array(bias, dtype=float),
                "stays within the limit": float(inside <= 1),
                "uses the whole range": float(inside > 0.97),
                "is spread evenly": float(abs(np.mean(kernel**2) / limit**2 - 1 / 3) < 0.03)}
    layer = target(len(bias), activation)
    layer.params = {"kernel": kernel, "bias": bias}
    if second:
        layer.forward(x[::-1] * 2)
        layer.backward(dy)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return {"y": y, "dx": dx, "kernel": layer.grads["kernel"], "bias": layer.grads["bias"]}


def dense_reference(tf, x=None, kernel=None, bias=None, dy=None, activation="linear",
                    second=False, n_in=0, units=0):
    if n_in:
        layer = tf.keras.layers.Dense(units, dtype="float64")
        layer.build((None, n_in))
        drawn = tf.abs(layer.kernel) / tf.sqrt(tf.constant(6.0 / (n_in + units), tf.float64))
        spread = tf.abs(tf.reduce_mean(drawn**2) - 1 / 3) < 0.03
        return {"kernel shape": tf.shape(layer.kernel), "bias": layer.bias,
                "stays within the limit": tf.cast(tf.reduce_max(drawn) <= 1, tf.float64),
                "uses the whole range": tf.cast(tf.reduce_max(drawn) > 0.97, tf.float64),
                "is spread evenly": tf.cast(spread, tf.float64)}
    return keras_dense(tf, x, kernel, bias, dy, activation)


def dense(forward=None, backward=None, build=None, collect=False):
    """Return a dense layer that makes one mistake: these parts replace the right ones."""

    class Wrong:
        def __init__(self, units, activation="linear"):
            self.units, self.params, self.grads = units, {}, {}
            self.f, self.slope = DENSE_SLOPES[activation]

        def build(self, input_shape, rng):
            n_in, n_out = input_shape[-1], self.units
            limit = np.sqrt(6 / (n_in + n_out))
            kernel = build(rng, n_in, n_out) if build else rng.uniform(-limit, limit,
                                                                       (n_in, n_out))
            self.params = {"kernel": kernel, "bias": np.zeros(n_out)}

        def forward(self, x, training=False):
            k, b = self.params["kernel"], self.params["bias"]
            self.x, self.z = x, forward(x, k, b) if forward else x @ k + b
            return self.f(self.z)

        def backward(self, dy):
            dz = dy * self.slope(self.z)
            x, k = self.x, self.params["kernel"]
            right = {"dx": dz @ k.T, "kernel": rows(x).T @ rows(dz), "bias": rows(dz).sum(axis=0)}
            found = right | (backward(x, k, dz, dy) if backward else {})
            for name in ("kernel", "bias"):
                old = self.grads.get(name, 0.0) if collect else 0.0
                self.grads[name] = old + found[name]
            return found["dx"]

    return Wrong


DENSE_SLOPES = {"linear": (lambda z: z, np.ones_like),
                "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
                "relu": (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0))}


def rows(x):
    return x.reshape(-1, x.shape[-1])


PLAIN = {"x": normal(5, 3), "kernel": normal(3, 2), "bias": normal(2), "dy": normal(5, 2)}
Dense = Check(
    target="nnlib.layers.Dense",
    reference=dense_reference,
    attempt=run_dense,
    cases=[
        Case("a batch", PLAIN, points=2,
             hint="Three gradients, three shapes: dx like x, the kernel's like the kernel, the "
                  "bias's like the bias."),
        Case("as many units as features as samples",
             {"x": normal(3, 3), "kernel": normal(3, 3), "bias": normal(3), "dy": normal(3, 3)},
             points=2, hint="Squares hide transposes: dx = dz @ kernel.T, kernel: x.T @ dz."),
        Case("one sample", {"x": normal(1, 4), "kernel": normal(4, 3), "bias": normal(3),
                            "dy": normal(1, 3)}),
        Case("with an activation", PLAIN | {"activation": "tanh"}, points=2,
             hint="dy belongs to the output; `self.activation.backward(dy)` brings it to z."),
        Case("with relu", PLAIN | {"activation": "relu"}),
        Case("sequences", {"x": normal(2, 4, 3), "kernel": normal(3, 2), "bias": normal(2),
                           "dy": normal(2, 4, 2)},
             hint="The kernel's gradient is a sum over all axes but the last: make rows of them."),
        Case("a second batch", PLAIN | {"second": True},
             hint="`grads` holds the gradients of the last backward, not a sum over calls."),
        Case("built for 300 features", {"n_in": 300, "units": 20},
             hint="Uniform between -limit and limit with limit = sqrt(6 / (n_in + n_out))."),
        Case("float32 stays float32", PLAIN, dtype="float32",
             hint="Keep constants plain Python floats, and make no float64 arrays."),
        untouched(**PLAIN),
    ],
    mistakes=[
        Mistake("averaged the kernel's gradient over the batch", dense(
            backward=lambda x, k, dz, dy: {"kernel": rows(x).T @ rows(dz) / len(rows(x))})),
        Mistake("averaged the bias's gradient over the batch", dense(
            backward=lambda x, k, dz, dy: {"bias": rows(dz).mean(axis=0)})),
        Mistake("left the transpose out of dz @ kernel.T", dense(
            backward=lambda x, k, dz, dy: {"dx": dz @ k})),
        Mistake("the kernel's gradient comes out transposed", dense(
            backward=lambda x, k, dz, dy: {"kernel": rows(dz).T @ rows(x)})),
        Mistake("took only the last sample for the gradients", dense(
            backward=lambda x, k, dz, dy: {"kernel": np.outer(rows(x)[-1], rows(dz)[-1]),
                                           "bias": rows(dz)[-1]})),
        Mistake("forgot that the gradient passes the activation", dense(
            backward=lambda x, k, dz, dy: {"dx": dy @ k.T, "kernel": rows(x).T @ rows(dy),
                                           "bias": rows(dy).sum(axis=0)})),
        Mistake("forgot the bias", dense(forward=lambda x, k, b: x @ k)),
        Mistake("subtracted the bias", dense(forward=lambda x, k, b: x @ k - b)),
        Mistake("summed the bias's gradient over the first axis only", dense(
            backward=lambda x, k, dz, dy: {"bias": dz.sum(axis=0)})),
        Mistake("added to the gradients of the call before", dense(collect=True)),
        Mistake("drew the kernel from the normal distribution", dense(
            build=lambda rng, n, m: rng.normal(size=(n, m)))),
        Mistake("drew between 0 and the limit instead of around 0", dense(
            build=lambda rng, n, m: rng.uniform(0, np.sqrt(6 / (n + m)) / 3, (n, m)))),
        Mistake("took only the inputs into the limit", dense(
            build=lambda rng, n, m: rng.uniform(-np.sqrt(6 / n), np.sqrt(6 / n), (n, m)))),
        Mistake("made the kernel (units, features) instead of (features, units)", dense(
            build=lambda rng, n, m: rng.uniform(-np.sqrt(6 / (n + m)), np.sqrt(6 / (n + m)),
                                                (m, n)))),
    ],
)


def there_and_back(target, x, dy):
    layer = target()
    y = layer.forward(x)
    return {"rows": y, "back": layer.backward(dy.reshape(y.shape))}


def flattened(tf, x, dy):
    return {"rows": tf.keras.layers.Flatten(dtype="float64")(x), "back": dy}


def flatten(forward, back=lambda dy, shape: dy.reshape(shape)):
    class Wrong:
        def forward(self, x, training=False):
            self.shape = x.shape
            return forward(x)

        def backward(self, dy):
            return back(dy, self.shape)

    return Wrong


Flatten = Check(
    target="nnlib.layers.Flatten",
    reference=flattened,
    attempt=there_and_back,
    cases=[
        Case("pictures", {"x": normal(3, 2, 4), "dy": normal(3, 2, 4)}, points=2,
             hint="Keep the first axis: `x.reshape(len(x), ...)`."),
        Case("one picture in colour", {"x": normal(1, 2, 3, 3), "dy": normal(1, 2, 3, 3)}),
        Case("rows already", {"x": normal(4, 3), "dy": normal(4, 3)}),
        *habits(x=normal(2, 3, 2), dy=normal(2, 3, 2)),
    ],
    mistakes=[
        Mistake("laid the batch out too", flatten(lambda x: x.reshape(-1))),
        Mistake("let the last axis run slowest, as Fortran does", flatten(
            lambda x: x.reshape(len(x), -1, order="F"),
            lambda dy, shape: dy.reshape(shape, order="F"))),
        Mistake("did not bring the gradient back into the input's shape", flatten(
            lambda x: x.reshape(len(x), -1), lambda dy, shape: dy)),
    ],
)


def side_by_side(target, x, dy):
    layer = target()
    y = layer.forward(list(x))
    parts = layer.backward(dy)
    return {"y": y} | {f"gradient {number}": part for number, part in enumerate(parts)}


def concatenated(tf, x, dy):
    x = [tf.constant(part) for part in x]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.keras.layers.Concatenate(dtype="float64")(x)
    parts = tape.gradient(y, x, output_gradients=dy)
    return {"y": y} | {f"gradient {number}": part for number, part in enumerate(parts)}


def concatenate(axis=-1, cut=None):
    class Wrong:
        def forward(self, x, training=False):
            self.widths = [part.shape[-1] for part in x]
            return np.concatenate(x, axis=axis)

        def backward(self, dy):
            return (cut or (lambda dy, widths: np.split(dy, np.cumsum(widths)[:-1], -1)))(
                dy, self.widths)

    return Wrong


def together(*widths, shape=(3,)):
    """Return inputs of these widths, and a gradient for all of them side by side."""
    return {"x": tuple(np.random.RandomState(width).normal(size=(*shape, width))
                       for width in widths), "dy": normal(*shape, sum(widths))}


Concatenate = Check(
    target="nnlib.layers.Concatenate",
    reference=concatenated,
    attempt=side_by_side,
    cases=[
        Case("two widths", together(2, 3), points=2,
             hint="Remember the widths, and cut dy where one input ends: np.cumsum."),
        Case("three inputs", together(1, 4, 2), points=2),
        Case("as many samples as features", together(3, 3)),
        Case("sequences", together(2, 1, shape=(2, 4)),
             hint="Join along the last axis, whatever comes before it."),
        untouched(**together(2, 2)),
    ],
    mistakes=[
        Mistake("joined along the batch", concatenate(axis=0)),
        Mistake("joined along axis 1 instead of the last", concatenate(axis=1)),
        Mistake("cut the gradient into equal parts", concatenate(
            cut=lambda dy, widths: np.array_split(dy, len(widths), axis=-1))),
        Mistake("took the widths for the places to cut at", concatenate(
            cut=lambda dy, widths: np.split(dy, widths[:-1], axis=-1))),
        Mistake("gave the gradients in the other order", concatenate(
            cut=lambda dy, widths: np.split(dy, np.cumsum(widths)[:-1], -1)[::-1])),
    ],
)

# ---- networks


def chain(target, x, dy, count, training=False):
    class Square:
        params, grads = {}, {}

        def forward(self, x, training=False):
            self.x = x
            return x**2 + (1.0 if training else 0.0)

        def backward(self, dy):
            return dy * 2 * self.x

    class Turn(Square):
        def forward(self, x, training=False):
            self.x = x
            return np.roll(np.sin(x), 1, axis=0)

        def backward(self, dy):
            return np.roll(dy, -1, axis=0) * np.cos(self.x)

    network = target([Square() if number % 3 == 0 else Turn() for number in range(count)])
    y = network.forward(x, training=training)
    return {"y": y, "dx": network.backward(dy)}


def chained(tf, x, dy, count, training=False):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x
        for number in range(count):
            y = tf.roll(tf.sin(y), 1, 0) if number % 3 else y**2 + float(training)
    return {"y": y, "dx": tape.gradient(y, x, output_gradients=dy)}


def sequential(forward=None, backward=None):
    def down(layers, x, training):
        for layer in layers:
            x = layer.forward(x, training)
        return x

    def up(layers, dy):
        for layer in reversed(layers):
            dy = layer.backward(dy)
        return dy

    class Wrong:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x, training=False):
            return (forward or down)(self.layers, x, training)

        def backward(self, dy):
            return (backward or up)(self.layers, dy)

    return Wrong


def in_order(layers, dy):
    for layer in layers:
        dy = layer.backward(dy)
    return dy


def backwards(layers, x, training):
    for layer in reversed(layers):
        x = layer.forward(x, training)
    return x


def untold(layers, x, training):
    for layer in layers:
        x = layer.forward(x)
    return x


Sequential = Check(
    target="nnlib.network.Sequential",
    reference=chained,
    attempt=chain,
    cases=[
        Case("two layers", {"x": normal(3, 2), "dy": normal(3, 2), "count": 2}, points=2,
             hint="Forward: each layer takes what the one before returned."),
        Case("five layers", {"x": normal(2, 3), "dy": normal(2, 3), "count": 5}, points=2,
             hint="Backward: the last layer first, `reversed(self.layers)`."),
        Case("one layer", {"x": normal(4), "dy": normal(4), "count": 1}),
        Case("while it trains", {"x": normal(3, 2), "dy": normal(3, 2), "count": 2,
                                 "training": True},
             hint="Hand `training` to every layer."),
        Case("no layer", {"x": normal(2, 2), "dy": normal(2, 2), "count": 0},
             hint="Without a layer the input comes out, and the gradient goes back, unchanged."),
    ],
    mistakes=[
        Mistake("sent the gradient through the layers from the first to the last",
                sequential(backward=in_order)),
        Mistake("sent the batch through the layers from the last to the first",
                sequential(forward=backwards)),
        Mistake("gave every layer the network's input", sequential(
            forward=lambda layers, x, training: [*[one.forward(x, training) for one in layers],
                                                 x][len(layers) - 1])),
        Mistake("gave every layer the gradient of the output", sequential(
            backward=lambda layers, dy: [*[one.backward(dy) for one in layers], dy][0])),
        Mistake("did not hand `training` on", sequential(forward=untold)),
    ],
)


def graph(target, kind, x, dy, w):
    class Scale:
        name, params, built = "layer", {}, True

        def build(self, input_shape, rng):
            pass

        def output_shape(self, input_shape):
            return input_shape

        def __call__(self, *parents):
            return Node(self, parents)

        def forward(self, x, training=False):
            self.x = x
            return x * w + (1.0 if training else 0.0)

        def backward(self, dy):
            return dy * w

    class Wave(Scale):
        def forward(self, x, training=False):
            self.x = x
            return np.sin(x)

        def backward(self, dy):
            return dy * np.cos(self.x)

    class Product(Scale):
        def forward(self, x, training=False):
            self.x = x
            return x[0] * x[1] ** 2

        def backward(self, dy):
            a, b = self.x
            return [dy * b**2, dy * a * 2 * b]

    class Node:
        def __init__(self, layer=None, parents=()):
            self.layer, self.parents, self.shape = layer, list(parents), (x.shape[1],)

        def shape_in(self):
            return (1, x.shape[1])

    a, b = Node(), Node()
    if kind == "row":
        network, given = target(a, Scale()(Wave()(a))), x
    elif kind == "short cut":
        network, given = target(a, Product()(Wave()(Scale()(a)), a)), x
    elif kind == "diamond":
        top = Scale()(a)
        network, given = target(a, Product()(Wave()(top), Product()(top, Wave()(top)))), x
    else:
        network, given = target([a, b], Product()(Wave()(a), Scale()(b))), [x, x[::-1] + 1]
    y = network.forward(given, training=kind == "training")
    back = network.backward(dy)
    parts = back if isinstance(back, list) else [back]
    return {"y": y} | {f"gradient {number}": part for number, part in enumerate(parts)}


def graphed(tf, kind, x, dy, w):
    b = tf.reverse(x, [0]) + 1
    with tf.GradientTape() as tape:
        tape.watch((x, b))
        if kind == "row":
            y = tf.sin(x) * w
        elif kind == "short cut":
            y = tf.sin(x * w) * x**2
        elif kind == "diamond":
            y = tf.sin(x * w) * (x * w * tf.sin(x * w) ** 2) ** 2
        else:
            y = tf.sin(x) * (b * w + float(kind == "training")) ** 2
    inputs = [x, b] if kind in ("two inputs", "training") else [x]
    parts = tape.gradient(y, inputs, output_gradients=dy)
    return {"y": y} | {f"gradient {number}": part for number, part in enumerate(parts)}


def model(add=True, told=True, order=None, last=True):
    """Return a class like `Model` that makes one mistake."""

    class Wrong:
        def __init__(self, inputs, output):
            self.inputs = inputs if isinstance(inputs, list) else [inputs]
            self.output, self.order = output, (order or recursive)(output)

        def forward(self, x, training=False):
            arrays = x if isinstance(x, list) else [x]
            found = dict(zip(map(id, self.inputs), arrays, strict=True))
            for node in self.order:
                if node.layer is not None:
                    given = [found[id(parent)] for parent in node.parents]
                    found[id(node)] = node.layer.forward(
                        given[0] if len(given) == 1 else given, training and told)
            return found[id(self.output)]

        def backward(self, dy):
            found = {id(self.output): dy}
            for node in reversed(self.order):
                if node.layer is not None:
                    parts = node.layer.backward(found[id(node)])
                    parts = parts if len(node.parents) > 1 else [parts]
                    for parent, part in zip(node.parents, parts, strict=True):
                        old = found.get(id(parent), 0.0) if add else 0.0
                        found[id(parent)] = old + part
            grads = [found[id(node)] for node in self.inputs]
            return grads if len(grads) > 1 and last else grads[0]

    return Wrong


GRAPH = {"x": normal(3, 2), "dy": normal(3, 2), "w": 0.7}
Model = Check(
    target="nnlib.network.Model",
    reference=graphed,
    attempt=graph,
    cases=[
        Case("a row of layers", {"kind": "row", **GRAPH}, points=2,
             hint="Go through `self.order`; keep what came out at each node, by `id(node)`."),
        Case("a short cut past two layers", {"kind": "short cut", **GRAPH}, points=2,
             hint="A node that was used twice gets the sum of both gradients."),
        Case("one node, three uses", {"kind": "diamond", **GRAPH}, points=2,
             hint="A gradient is complete when all uses have sent theirs: go against the order."),
        Case("two inputs", {"kind": "two inputs", **GRAPH}, points=2,
             hint="With several inputs, `x` is a list, and so is what backward returns."),
        Case("while it trains", {"kind": "training", **GRAPH},
             hint="Hand `training` to every layer."),
    ],
    mistakes=[
        Mistake("overwrote a gradient where a node was used twice", model(add=False)),
        Mistake("did not hand `training` on", model(told=False)),
        Mistake("returned the gradient of the first input only", model(last=False)),
    ],
)


def one_step(target, x, y, kernel, bias, learning_rate, steps=1):
    class Line:
        params, grads = [kernel, bias], [None, None]

        def forward(self, x, training=False):
            self.x, self.trains = x, training
            return x @ kernel + bias

        def backward(self, dy):
            self.grads = [self.x.T @ dy, dy.sum(axis=0)]
            return dy @ kernel.T

    class Squares:
        def forward(self, y_true, y_pred):
            self.error = y_pred - y_true
            return float(np.mean(self.error**2) + np.mean(y_true))  # unlike for exchanged ones

        def backward(self):
            return 2 * self.error / self.error.size

    class Descent:
        def apply(self, params, grads):
            for param, grad in zip(params, grads, strict=True):
                param -= learning_rate * grad

    network = Line()
    losses = [target(network, Squares(), Descent(), x, y) for _ in range(steps)]
    return {"losses": np.array(losses) - np.mean(y), "kernel": kernel, "bias": bias,
            "tells the network that it trains": float(network.trains)}


def fitted(tf, x, y, kernel, bias, learning_rate, steps=1):
    network = tf.keras.Sequential([
        tf.keras.Input((x.shape[1],), dtype="float64"),
        tf.keras.layers.Dense(y.shape[1], dtype="float64")])
    network.set_weights([kernel, bias])
    network.compile(tf.keras.optimizers.SGD(learning_rate),
                    tf.keras.losses.MeanSquaredError(dtype="float64"))
    losses = [network.train_on_batch(x, y) for _ in range(steps)]
    return {"losses": tf.constant(losses, tf.float64), "kernel": network.get_weights()[0],
            "bias": network.get_weights()[1],
            "tells the network that it trains": tf.constant(1.0)}


def late(network, loss, optimizer, x, y):
    loss.forward(y, network.forward(x, training=True))
    network.backward(loss.backward())
    optimizer.apply(network.params, network.grads)
    return loss.forward(y, network.forward(x, training=True))


def exchanged(network, loss, optimizer, x, y):
    value = loss.forward(network.forward(x, training=True), y)
    network.backward(loss.backward())
    optimizer.apply(network.params, network.grads)
    return value


def idle(network, loss, optimizer, x, y):
    value = loss.forward(y, network.forward(x, training=True))
    network.backward(loss.backward())
    return value


def unbroken(network, loss, optimizer, x, y):
    value = loss.forward(y, network.forward(x, training=True))
    network.backward(network.forward(x, training=True))
    optimizer.apply(network.params, network.grads)
    return value


def asleep(network, loss, optimizer, x, y):
    value = loss.forward(y, network.forward(x))
    network.backward(loss.backward())
    optimizer.apply(network.params, network.grads)
    return value


LINE = {"x": normal(4, 3), "y": normal(4, 2), "kernel": normal(3, 2), "bias": normal(2),
        "learning_rate": 0.1}
train_step = Check(
    target="nnlib.network.train_step",
    reference=fitted,
    attempt=one_step,
    cases=[
        Case("one step", LINE, points=2,
             hint="Four lines: forward, loss, backward from the loss, update."),
        Case("three steps", LINE | {"steps": 3}, points=2,
             hint="Return the loss that the step started from, before the update."),
        Case("one sample, one number", {"x": normal(1, 1), "y": normal(1, 1),
                                        "kernel": normal(1, 1), "bias": normal(1),
                                        "learning_rate": 0.05}),
    ],
    mistakes=[
        Mistake("returned the loss after the update", late),
        Mistake("gave the loss its arguments in the other order", exchanged),
        Mistake("computed the gradients and did not use them", idle),
        Mistake("sent the output back instead of the gradient of the loss", unbroken),
        Mistake("did not tell the network that it trains", asleep),
    ],
)

why_backwards = Written(
    name="why_backwards",
    rubric=[
        (1, "A forward sweep gives the derivatives for one input; a million weights need a "
            "million sweeps."),
        (1, "A backward sweep gives the derivatives of one output for everything: one is enough, "
            "since a loss is one number."),
        (1, "It is paid for with memory: what the forward pass computed has to be kept."),
    ],
    answer="Carried forwards, a derivative answers \"what does moving this one input do to "
           "everything?\"; with a million weights the question has to be asked a million times. "
           "Carried backwards it answers \"what does everything do to this one output?\". A loss "
           "is one number, so one sweep gives all the gradients, at about the price of one "
           "forward pass. The price is memory: every slope is taken at the numbers of the forward "
           "pass, so these have to be kept until the sweep has used them.",
)

zeros_everywhere = Written(
    name="zeros_everywhere",
    rubric=[
        (1, "All hidden units of a layer compute the same output and get the same gradient."),
        (1, "Equal units stay equal after every update, so the layer is one unit, whatever its "
            "width."),
        (1, "Random starting weights break the symmetry; biases may start at zero."),
    ],
    answer="With equal weights all units of a layer return the same number, and the same gradient "
           "arrives at each, so they are moved alike and stay alike: sixteen units are one. (With "
           "zeros and relu or tanh it is worse: the gradients of the kernels are zero, and "
           "nothing but the last bias moves.) Random weights make the units different from the "
           "first step on. The biases may be zero, since the kernels already differ.",
)
