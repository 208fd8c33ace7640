"""What is asked of the project: an epoch as Keras runs it, and a task of one's own, in words."""

import numpy as np

from autograder.cases import Case, Check, Mistake, Written, integers, normal


def train_for(target, x, y, kernel, size, epochs):
    """Train a linear model, squared error and momentum, with `target` for each epoch."""
    class Linear:
        def __init__(self):
            self.params, self.grads = [kernel.copy()], [None]

        def forward(self, x, training=False):
            self.x = x
            return x @ self.params[0]

        def backward(self, dy):
            self.grads[0] = self.x.T @ dy
            return dy @ self.params[0].T

    class SquaredError:
        def forward(self, y_true, y_pred):
            self.difference = y_pred - y_true
            return float(np.mean(self.difference**2))

        def backward(self):
            return 2 * self.difference / self.difference.size

    class Momentum:
        velocity = 0.0

        def apply(self, params, grads):
            self.velocity = 0.5 * self.velocity - 0.125 * grads[0]
            params[0] += self.velocity

    network, optimizer = Linear(), Momentum()
    losses = []
    for _ in range(epochs):
        batches = ((x[i:i + size], y[i:i + size]) for i in range(0, len(x), size))
        losses.append(target(network, SquaredError(), optimizer, batches))
    return {"losses": np.array(losses, dtype=float), "parameters": network.params[0]}


def keras_fit(tf, x, y, kernel, size, epochs):
    keras = tf.keras
    layer = keras.layers.Dense(kernel.shape[1], use_bias=False, dtype="float64")
    model = keras.Sequential([keras.Input((x.shape[1],), dtype="float64"), layer])
    layer.set_weights([kernel])
    model.compile(keras.optimizers.SGD(0.125, momentum=0.5), "mean_squared_error")
    history = model.fit(x, y, batch_size=int(size), epochs=int(epochs), shuffle=False, verbose=0)
    return {"losses": tf.constant(history.history["loss"], tf.float64),
            "parameters": tf.constant(layer.get_weights()[0], tf.float64)}


def epoch_with(weigh=True, after=False, last=False, full=False):
    """Return an epoch with the parts that people get wrong as arguments."""
    def wrong(network, loss, optimizer, batches):
        values, counts, width = [], [], None
        for x, y in batches:
            width = width or len(y)
            if full and len(y) < width:
                continue
            value = loss.forward(y, network.forward(x, training=True))
            network.backward(loss.backward())
            optimizer.apply(network.params, network.grads)
            if after:
                value = loss.forward(y, network.forward(x))
            values.append(value)
            counts.append(len(y) if weigh else 1)
        return values[-1] if last else np.average(values, weights=counts)
    return wrong


def case(name, samples, hint, size=4, epochs=1, features=3, units=2):
    return Case(name, {"x": normal(samples, features), "y": normal(samples, units),
                       "kernel": normal(features, units), "size": size, "epochs": epochs},
                hint=hint)


fit_epoch = Check(
    target="nnlib.training.fit_epoch",
    reference=keras_fit,
    attempt=train_for,
    cases=[
        case("two full batches", 8, "`for x, y in batches:` and a train_step for each."),
        case("one batch", 5, "One batch, one step, its loss.", size=5),
        case("a smaller last batch", 9,
             "Weigh the loss of each batch with its number of samples; divide by all samples."),
        case("three epochs", 10, "The network and the optimizer go on where the last epoch left "
                                 "them; nothing is made anew.", epochs=3),
        case("batches of one sample", 4, "The loss of each batch as it was before its step.",
             size=1),
        Case("whole numbers as targets", {"x": normal(7, 3), "y": integers(7, 1, high=5),
                                          "kernel": normal(3, 1), "size": 3, "epochs": 2},
             hint="`len(y)` counts samples; the values of y do not matter for the weights."),
    ],
    mistakes=[
        Mistake("took the mean of the batches' means: a small last batch counts too much",
                epoch_with(weigh=False)),
        Mistake("measured each loss after the step instead of before it", epoch_with(after=True)),
        Mistake("returned the loss of the last batch", epoch_with(last=True)),
        Mistake("left out the last batch because it was not full", epoch_with(full=True)),
        Mistake("returned the sum of the losses instead of their mean",
                lambda network, loss, optimizer, batches: sum(
                    epoch_with()(network, loss, optimizer, [batch]) for batch in batches)),
    ],
)


twins_in_words = Written(
    name="twins_in_words",
    rubric=[
        (1, "Says how large the largest difference is, as a number, and in which epoch."),
        (1, "Names the cause: sums in another order, rounded in float32, then magnified step by "
            "step."),
        (1, "Says why losses can be compared over epochs and single weights cannot: one ReLU or "
            "one maximum that tips over sends the weights another way."),
    ],
    answer="The losses differ by less than a thousandth, most in the last epoch. Both programs "
           "compute the same formulas, but add up in another order, and float32 rounds each sum "
           "to about seven digits. A step passes the difference on, and where a pre-activation is "
           "almost zero, or two numbers of a pooling window are almost equal, one twin takes the "
           "other branch: from there on the weights differ in the second digit, while the loss, "
           "an average over thousands of samples, hardly notices.",
)

my_question = Written(
    name="my_question",
    rubric=[
        (1, "One question that a network could answer, and who would use the answer."),
        (1, "The data: where from, how many rows, the licence, who is in them and who is not."),
        (1, "A metric and a baseline, chosen before training, with the reason for the metric."),
        (1, "The split, and why no information leaks from the test part into training."),
    ],
    answer="Can a network tell from a sentence of a film review whether its author liked the "
           "film, well enough to sort a mailbox of an archive? Data: 10,605 sentences rated by "
           "people (Hutto and Gilbert 2014, MIT licence), in English, from one site. Metric: "
           "accuracy, since both errors cost the archive the same; baseline: the larger class, "
           "and a mean of word embeddings. A fifth of the sentences is put away by a fixed seed "
           "before the vocabulary is counted, and looked at once.",
)

my_result = Written(
    name="my_result",
    rubric=[
        (1, "The network and how it was trained: layers, loss, optimizer, epochs, what was tuned "
            "on the validation part."),
        (2, "The result beside the baseline, each with an interval or the spread of several "
            "seeds."),
        (1, "One picture that carries the result, with labels and a caption."),
        (1, "One thing taken out or changed, and what it did."),
        (1, "Errors looked at one by one: at least five, and what they have in common."),
    ],
    answer="An embedding of 16 numbers and a GRU of 16 units, binary cross-entropy, Adam, "
           "stopped early. Accuracy on the test part 0.73, bootstrap interval 0.71 to 0.75; mean "
           "of embeddings 0.71 (0.69 to 0.73), larger class 0.52. Without the mask the GRU is no "
           "better than the mean. Of ten errors six turn on a negation or on irony.",
)

my_card = Written(
    name="my_card",
    rubric=[
        (1, "What the model is for, and one use that it is not for, with the reason."),
        (1, "What it was measured on, when, and the numbers with their intervals."),
        (1, "Results by group, or why there are no groups in the data and what may be hidden "
            "then."),
        (1, "What would have to happen for you to take it out of use."),
    ],
    answer="For sorting an archive's mailbox, read by people afterwards. Not for judging authors: "
           "one in four sentences is wrong. Measured once on 2,121 sentences of the same site; "
           "short sentences 0.69, long ones 0.76. Other sites, other years and other languages "
           "are untested. It goes when a month's sample of a hundred falls below 0.65.",
)
