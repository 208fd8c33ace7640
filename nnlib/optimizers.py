"""Optimizers: from gradients to better parameters. Names, defaults and rules are Keras 3's."""

import numpy as np


class Optimizer:
    """What optimizers share: checks, clipping, schedules, one counter of steps, and state.

    A subclass writes ``update``. It may name arrays of state in ``slots``: each has the shape of
    the parameter and starts with the number given.

    Parameters
    ----------
    learning_rate : float or callable
        A schedule is called with the number of steps made so far.
    slots : dict of float
    clipvalue, clipnorm, global_clipnorm : float, optional
        At most one: see `clip_by_value`, `clip_by_norm`, `clip_by_global_norm`.

    Attributes
    ----------
    iterations : int
        The number of the step: 1 while the first one is made.
    elementwise : bool
        Whether each number is treated without a look at the others, so that arrays may be joined.
    """

    block = 2**15  # numbers updated at a time: with their state they fit a processor's cache

    def __init__(self, learning_rate, slots=None, clipvalue=None, clipnorm=None,
                 global_clipnorm=None):
        if sum(limit is not None for limit in (clipvalue, clipnorm, global_clipnorm)) > 1:
            raise ValueError("clipvalue, clipnorm and global_clipnorm: give one of them at most")
        if not callable(learning_rate) and not learning_rate >= 0:
            raise ValueError(f"the learning rate is {learning_rate}, expected 0 or more")
        self.learning_rate, self.slots, self.iterations = learning_rate, slots or {}, 0
        self.clipvalue, self.clipnorm, self.global_clipnorm = clipvalue, clipnorm, global_clipnorm
        self.elementwise, self.params = clipnorm is None, None

    def apply(self, params, grads):
        """Make one step: change the parameters in place, and leave the gradients alone.

        Parameters
        ----------
        params, grads : list of ndarray
            In the same order in every step; each gradient has the shape of its parameter.

        Raises
        ------
        ValueError
            If a gradient has another shape, or the parameters are not those of the step before.
        """
        self._look(params, grads)
        if self.clipvalue is not None:
            grads = clip_by_value(grads, self.clipvalue)
        elif self.clipnorm is not None:
            grads = clip_by_norm(grads, self.clipnorm)
        elif self.global_clipnorm is not None:
            grads = clip_by_global_norm(grads, self.global_clipnorm)
        rate = self.learning_rate
        rate = float(rate(self.iterations)) if callable(rate) else rate
        self.iterations += 1
        self.begin()
        for param, grad, state in zip(params, grads, self.state, strict=True):
            if param.size <= self.block:
                self.update(param, grad, rate, **state)
                continue
            for block in self._blocks([param, grad, *state.values()]):
                self.update(*block[:2], rate, **dict(zip(state, block[2:], strict=True)))

    def begin(self):
        """Do what is done once a step, before the parameters are updated."""

    def update(self, param, grad, learning_rate, **state):
        """Change one parameter, and its state, in place."""
        raise NotImplementedError

    def _look(self, params, grads):
        if len(params) != len(grads):
            raise ValueError(f"{len(params)} parameters and {len(grads)} gradients")
        for number, (param, grad) in enumerate(zip(params, grads, strict=True)):
            if np.shape(grad) != param.shape:
                raise ValueError(f"gradient {number} has shape {np.shape(grad)}, "
                                 f"its parameter {param.shape}")
        if self.params is None:
            for number, param in enumerate(params):
                if param.dtype.kind != "f":
                    raise ValueError(f"parameter {number} holds {param.dtype}, expected floats: "
                                     "a step would be rounded away")
            self.params = list(params)
            self.state = [{name: np.full_like(param, value) for name, value in self.slots.items()}
                          for param in params]
        elif list(map(id, params)) != list(map(id, self.params)):
            before, now = ([param.shape for param in some] for some in (self.params, params))
            raise ValueError(f"these are other parameters than in the {self.iterations} steps "
                             f"before (shapes {now}, before {before}): make a new optimizer for "
                             "another network, and change parameters in place")

    def _blocks(self, arrays):
        """Yield the arrays in pieces that fit a cache, as views; whole, where they have none."""
        if not all(array.flags.c_contiguous for array in arrays):
            yield arrays
            return
        rows = [array.reshape(-1) for array in arrays]
        for start in range(0, arrays[0].size, self.block):
            yield [row[start:start + self.block] for row in rows]


class SGD(Optimizer):
    r"""Go against the gradient, if wanted with momentum.

    .. math:: v \leftarrow \mu v - \eta g, \qquad w \leftarrow w + v

    With Nesterov's momentum the second rule is :math:`w \leftarrow w + \mu v - \eta g`, with the
    new v. Without momentum there is no v: :math:`w \leftarrow w - \eta g`.

    Parameters
    ----------
    learning_rate : float or callable
        :math:`\eta`.
    momentum : float
        :math:`\mu`, from 0 to 1.
    nesterov : bool

    Examples
    --------
    >>> optimizer, w = SGD(0.1, momentum=0.9), np.array([1.0])
    >>> for _ in range(2):
    ...     optimizer.apply([w], [np.array([1.0])])
    >>> w.round(6)
    array([0.71])

    References
    ----------
    Polyak (1964), *Some methods of speeding up the convergence of iteration methods*. Sutskever
    et al. (2013), *On the importance of initialization and momentum in deep learning*, equations
    1-4.
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **clipping):
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum is {momentum}, expected a number from 0 to 1")
        super().__init__(learning_rate, {"velocity": 0.0} if momentum else {}, **clipping)
        self.momentum, self.nesterov = momentum, nesterov

    def update(self, param, grad, learning_rate, velocity=None):
        """Change `param`, and `velocity` if there is momentum, in place.

        Parameters
        ----------
        param, grad, velocity : ndarray, one shape
        learning_rate : float
        """
        if not self.momentum:
            param -= learning_rate * grad
            return
        velocity *= self.momentum
        velocity -= learning_rate * grad
        param += self.momentum * velocity - learning_rate * grad if self.nesterov else velocity


class Adagrad(Optimizer):
    r"""Give every number its own rate: the more gradient it has seen, the smaller its steps.

    .. math:: a \leftarrow a + g^2, \qquad w \leftarrow w - \frac{\eta\, g}{\sqrt{a + \epsilon}}

    Parameters
    ----------
    learning_rate : float or callable
    initial_accumulator_value : float
        Where a starts.
    epsilon : float

    Examples
    --------
    >>> optimizer, w = Adagrad(0.1), np.array([0.0, 0.0])
    >>> optimizer.apply([w], [np.array([1.0, 100.0])])  # much gradient or little, a like step
    >>> w.round(4)
    array([-0.0953, -0.1   ])

    References
    ----------
    Duchi, Hazan, Singer (2011), *Adaptive subgradient methods for online learning and stochastic
    optimization*, JMLR 12, section 1.1 (the diagonal form).
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7,
                 **clipping):
        super().__init__(learning_rate, {"accumulator": initial_accumulator_value}, **clipping)
        self.epsilon = epsilon

    def update(self, param, grad, learning_rate, accumulator):
        """Change `param` and `accumulator` in place.

        Parameters
        ----------
        param, grad, accumulator : ndarray, one shape
        learning_rate : float
        """
        accumulator += grad * grad
        param -= learning_rate * grad / np.sqrt(accumulator + self.epsilon)


class RMSprop(Optimizer):
    r"""Divide by the size that gradients have had lately.

    .. math:: a \leftarrow \rho a + (1 - \rho) g^2, \qquad
        w \leftarrow w - \frac{\eta\, g}{\sqrt{a + \epsilon}}

    Centered, with a second average :math:`b \leftarrow \rho b + (1 - \rho) g`, the root is of
    :math:`a - b^2 + \epsilon`. With momentum the step is added to a velocity,
    :math:`v \leftarrow \mu v + \eta g / \sqrt{\cdot}`, and :math:`w \leftarrow w - v`.

    Parameters
    ----------
    learning_rate : float or callable
    rho, momentum, epsilon : float
    centered : bool

    Examples
    --------
    >>> optimizer, w = RMSprop(0.1), np.array([0.0, 0.0])
    >>> optimizer.apply([w], [np.array([0.001, 1000.0])])
    >>> w.round(3)
    array([-0.224, -0.316])

    References
    ----------
    Tieleman, Hinton (2012), *Neural Networks for Machine Learning*, lecture 6.5. Graves (2013),
    *Generating sequences with recurrent neural networks*, equations 38-41 (centered).
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False,
                 **clipping):
        slots = {"squares": 0.0} | ({"mean": 0.0} if centered else {})
        slots |= {"velocity": 0.0} if momentum else {}
        super().__init__(learning_rate, slots, **clipping)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def update(self, param, grad, learning_rate, squares, mean=None, velocity=None):
        """Change `param` and its state in place.

        Parameters
        ----------
        param, grad : ndarray, one shape
        learning_rate : float
        squares, mean, velocity : ndarray, same shape
            a, b and v above; `mean` only if centered, `velocity` only with momentum.
        """
        squares += (1 - self.rho) * (grad * grad - squares)
        spread = squares
        if self.centered:
            mean += (1 - self.rho) * (grad - mean)
            spread = squares - mean * mean
        step = learning_rate * grad / np.sqrt(spread + self.epsilon)
        if self.momentum:
            velocity *= self.momentum
            velocity += step
            step = velocity
        param -= step


class Adadelta(Optimizer):
    r"""Measure the steps in the parameters' own units: by the size of the steps made lately.

    .. math:: a \leftarrow \rho a + (1 - \rho) g^2, \quad
        u = \frac{\sqrt{d + \epsilon}}{\sqrt{a + \epsilon}} \, g, \quad
        d \leftarrow \rho d + (1 - \rho) u^2, \quad w \leftarrow w - \eta u

    Parameters
    ----------
    learning_rate : float or callable
        The paper has none; 1 gives the paper's rule, and Keras's default 0.001 hardly moves.
    rho, epsilon : float

    Examples
    --------
    >>> optimizer, w = Adadelta(1.0), np.array([0.0])
    >>> optimizer.apply([w], [np.array([1.0])])
    >>> w
    array([-0.00141421])

    References
    ----------
    Zeiler (2012), *ADADELTA: an adaptive learning rate method*, algorithm 1.
    """

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **clipping):
        super().__init__(learning_rate, {"squares": 0.0, "steps": 0.0}, **clipping)
        self.rho, self.epsilon = rho, epsilon

    def update(self, param, grad, learning_rate, squares, steps):
        """Change `param`, `squares` (a above) and `steps` (d above) in place.

        Parameters
        ----------
        param, grad, squares, steps : ndarray, one shape
        learning_rate : float
        """
        squares += (1 - self.rho) * (grad * grad - squares)
        step = np.sqrt(steps + self.epsilon) / np.sqrt(squares + self.epsilon) * grad
        steps += (1 - self.rho) * (step * step - steps)
        param -= learning_rate * step


class Adam(Optimizer):
    r"""Average the gradients, and divide by the size that they have had lately.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad
        v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
        w \leftarrow w - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \,
        \frac{m}{\sqrt{v} + \epsilon}

    Both averages start at 0; the factor makes up for it, t is the number of the step. With
    amsgrad the largest v so far takes the place of v in the division.

    Parameters
    ----------
    learning_rate : float or callable
    beta_1, beta_2, epsilon : float
    amsgrad : bool

    Examples
    --------
    >>> optimizer, w = Adam(0.1), np.array([0.0, 0.0])
    >>> optimizer.apply([w], [np.array([0.5, -50.0])])  # the first step: the rate, and a sign
    >>> w.round(5)
    array([-0.1,  0.1])

    References
    ----------
    Kingma, Ba (2014), *Adam: a method for stochastic optimization*, algorithm 1 in the form before
    section 2.1, whose epsilon stands outside of the correction. Reddi, Kale, Kumar (2018), *On the
    convergence of Adam and beyond*, algorithm 2 (amsgrad).
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
                 **clipping):
        slots = {"m": 0.0, "v": 0.0} | ({"v_max": 0.0} if amsgrad else {})
        super().__init__(learning_rate, slots, **clipping)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def update(self, param, grad, learning_rate, m, v, v_max=None):
        """Change `param` and its state in place; ``self.iterations`` is t.

        Parameters
        ----------
        param, grad, m, v : ndarray, one shape
        learning_rate : float
        v_max : ndarray, same shape, only with amsgrad
        """
        m += (1 - self.beta_1) * (grad - m)
        v += (1 - self.beta_2) * (grad * grad - v)
        if v_max is not None:
            np.maximum(v_max, v, out=v_max)
            v = v_max
        correction = (1 - self.beta_2**self.iterations) ** 0.5 / (1 - self.beta_1**self.iterations)
        param -= learning_rate * correction * m / (np.sqrt(v) + self.epsilon)


class AdamW(Adam):
    r"""Adam, after a step towards zero that no average sees.

    .. math:: w \leftarrow w - \eta \lambda w, \qquad \text{then } w \leftarrow \text{Adam}(w)

    Parameters
    ----------
    learning_rate : float or callable
    weight_decay : float
        :math:`\lambda`.
    **options
        Those of `Adam`.

    Examples
    --------
    >>> optimizer, w = AdamW(0.1, weight_decay=0.5), np.array([1.0])
    >>> optimizer.apply([w], [np.array([0.0])])
    >>> w
    array([0.95])

    References
    ----------
    Loshchilov, Hutter (2019), *Decoupled weight decay regularization*, algorithm 2.
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004, **options):
        super().__init__(learning_rate, **options)
        self.weight_decay = weight_decay

    def update(self, param, grad, learning_rate, **state):
        """Shrink `param` in place, then leave it to Adam: ``super().update(...)``.

        Parameters
        ----------
        param, grad : ndarray, one shape
        learning_rate : float
        **state : ndarray, same shape
            Adam's.
        """
        param -= self.weight_decay * learning_rate * param
        super().update(param, grad, learning_rate, **state)


class Adamax(Optimizer):
    r"""Adam with the largest gradient of late instead of the root of an average.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad
        u \leftarrow \max(\beta_2 u, |g|), \quad
        w \leftarrow w - \frac{\eta}{1 - \beta_1^t} \, \frac{m}{u + \epsilon}

    Parameters
    ----------
    learning_rate : float or callable
    beta_1, beta_2, epsilon : float

    Examples
    --------
    >>> optimizer, w = Adamax(0.1), np.array([0.0])
    >>> for g in (1.0, 0.1):
    ...     optimizer.apply([w], [np.array([g])])
    >>> w.round(5)
    array([-0.15268])

    References
    ----------
    Kingma, Ba (2014), *Adam: a method for stochastic optimization*, algorithm 2.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **clipping):
        super().__init__(learning_rate, {"m": 0.0, "u": 0.0}, **clipping)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def update(self, param, grad, learning_rate, m, u):
        """Change `param`, `m` and `u` in place; ``self.iterations`` is t.

        Parameters
        ----------
        param, grad, m, u : ndarray, one shape
        learning_rate : float
        """
        m += (1 - self.beta_1) * (grad - m)
        np.maximum(self.beta_2 * u, np.abs(grad), out=u)
        param -= learning_rate / (1 - self.beta_1**self.iterations) * m / (u + self.epsilon)


class Nadam(Optimizer):
    r"""Adam that looks one step ahead, as Nesterov's momentum does, with a momentum that warms up.

    .. math:: \mu_t = \beta_1 (1 - \tfrac{1}{2} \cdot 0.96^t), \quad
        \hat m = \frac{\mu_{t+1} \, m}{1 - \prod_{i \le t+1} \mu_i}
        + \frac{(1 - \mu_t) \, g}{1 - \prod_{i \le t} \mu_i}, \quad
        \hat v = \frac{v}{1 - \beta_2^t}, \quad
        w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \epsilon}

    The averages m and v are Adam's.

    Parameters
    ----------
    learning_rate : float or callable
    beta_1, beta_2, epsilon : float

    Examples
    --------
    >>> optimizer, w = Nadam(), np.array([0.0])
    >>> optimizer.apply([w], [np.array([1.0])])
    >>> w
    array([-0.00106279])

    References
    ----------
    Dozat (2016), *Incorporating Nesterov momentum into Adam*.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **clipping):
        super().__init__(learning_rate, {"m": 0.0, "v": 0.0}, **clipping)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.product = 1.0

    def begin(self):
        r"""Set ``self.mu`` and ``self.mu_next``, and multiply ``self.product`` by the first.

        Called once a step, however many parameters there are; ``self.iterations`` is t.
        """
        self.mu = self.beta_1 * (1 - 0.5 * 0.96**self.iterations)
        self.mu_next = self.beta_1 * (1 - 0.5 * 0.96 ** (self.iterations + 1))
        self.product *= self.mu

    def update(self, param, grad, learning_rate, m, v):
        """Change `param`, `m` and `v` in place; ``self.iterations`` is t.

        Parameters
        ----------
        param, grad, m, v : ndarray, one shape
        learning_rate : float
        """
        m += (1 - self.beta_1) * (grad - m)
        v += (1 - self.beta_2) * (grad * grad - v)
        ahead = self.mu_next / (1 - self.product * self.mu_next) * m
        ahead += (1 - self.mu) / (1 - self.product) * grad
        param -= learning_rate * ahead / (np.sqrt(v / (1 - self.beta_2**self.iterations))
                                          + self.epsilon)


class Ftrl(Optimizer):
    r"""Follow the regularised leader: solve for the parameters anew in every step.

    .. math:: n' = n + g^2, \quad z \leftarrow z + g + 2 \lambda_s w
        - \frac{n'^{-p} - n^{-p}}{\eta} \, w, \quad
        w \leftarrow \frac{\operatorname{clip}(z, -\lambda_1, \lambda_1) - z}
        {n'^{-p} / \eta + 2 (\lambda_2 + \beta / 2 \eta)}

    p is the power of the learning rate. Where z is smaller than :math:`\lambda_1`, w is exactly 0.

    Parameters
    ----------
    learning_rate : float or callable
        Above 0: the rule divides by it.
    learning_rate_power : float
        p, at most 0.
    initial_accumulator_value : float
        Where n starts.
    l1_regularization_strength, l2_regularization_strength, l2_shrinkage_regularization_strength, \
beta : float
        :math:`\lambda_1`, :math:`\lambda_2`, :math:`\lambda_s`, :math:`\beta`.

    Examples
    --------
    >>> optimizer, w = Ftrl(0.1, l1_regularization_strength=0.3), np.array([0.0, 0.0])
    >>> optimizer.apply([w], [np.array([0.2, -0.7])])  # too little evidence stays at 0
    >>> w.round(4)
    array([0.    , 0.0521])

    References
    ----------
    McMahan et al. (2013), *Ad click prediction: a view from the trenches*, algorithm 1. As in
    Keras, z starts at 0, so that the first step forgets where w was.
    """

    def __init__(self, learning_rate=0.001, learning_rate_power=-0.5,
                 initial_accumulator_value=0.1, l1_regularization_strength=0.0,
                 l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0,
                 beta=0.0, **clipping):
        super().__init__(learning_rate, {"n": initial_accumulator_value, "z": 0.0}, **clipping)
        self.power, self.beta = learning_rate_power, beta
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength
        self.shrinkage = l2_shrinkage_regularization_strength

    def update(self, param, grad, learning_rate, n, z):
        """Change `param`, `n` and `z` in place.

        Parameters
        ----------
        param, grad, n, z : ndarray, one shape
        learning_rate : float
        """
        root = n**-self.power
        n += grad * grad
        new_root = n**-self.power
        z += grad + 2 * self.shrinkage * param - (new_root - root) / learning_rate * param
        curvature = new_root / learning_rate + 2 * self.l2 + self.beta / learning_rate
        param[...] = (np.clip(z, -self.l1, self.l1) - z) / curvature


def clip_by_value(grads, clipvalue):
    """Cut every number off at plus and minus `clipvalue`.

    Parameters
    ----------
    grads : list of ndarray
        Left as they are.
    clipvalue : float

    Returns
    -------
    list of ndarray

    Examples
    --------
    >>> clip_by_value([np.array([3.0, -0.5])], 1.0)
    [array([ 1. , -0.5])]
    """
    return [np.clip(grad, -clipvalue, clipvalue) for grad in grads]


def clip_by_norm(grads, clipnorm):
    r"""Shorten each array whose Euclidean norm is above `clipnorm`; its direction stays.

    .. math:: g \leftarrow g \, \frac{c}{\max(\lVert g \rVert, c)}

    Parameters
    ----------
    grads : list of ndarray
        Left as they are.
    clipnorm : float

    Returns
    -------
    list of ndarray

    Examples
    --------
    >>> clip_by_norm([np.array([3.0, 4.0]), np.array([0.5])], 1.0)
    [array([0.6, 0.8]), array([0.5])]

    References
    ----------
    Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks*,
    algorithm 1.
    """
    norms = [float(np.sqrt((grad * grad).sum())) for grad in grads]
    return [grad * (clipnorm / max(norm, clipnorm))
            for grad, norm in zip(grads, norms, strict=True)]


def clip_by_global_norm(grads, global_clipnorm):
    """Shorten all arrays by one factor, if together they are longer than `global_clipnorm`.

    Parameters
    ----------
    grads : list of ndarray
        Left as they are. Their norm is that of all their numbers in one vector.
    global_clipnorm : float

    Returns
    -------
    list of ndarray

    Examples
    --------
    >>> clip_by_global_norm([np.array([3.0, 4.0]), np.array([12.0])], 1.3)
    [array([0.3, 0.4]), array([1.2])]

    References
    ----------
    Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks*,
    algorithm 1, where the gradient is that of all parameters.
    """
    norm = float(np.sqrt(sum(float((grad * grad).sum()) for grad in grads)))
    return [grad * (global_clipnorm / max(norm, global_clipnorm)) for grad in grads]


class ExponentialDecay:
    r"""A learning rate that shrinks by the same factor every `decay_steps` steps.

    .. math:: \eta(t) = \eta_0 \, r^{t / s}

    As a staircase the exponent is rounded down.

    Parameters
    ----------
    initial_learning_rate, decay_steps, decay_rate : float
        :math:`\eta_0`, s and r.
    staircase : bool

    Examples
    --------
    >>> schedule = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
    >>> round(schedule(5), 7), schedule(10)
    (0.0707107, 0.05)
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False):
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase = decay_rate, staircase

    def __call__(self, step):
        """Return the learning rate after `step` steps, a float."""
        exponent = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate**exponent


class InverseTimeDecay:
    r"""A learning rate that falls fast, then ever more slowly.

    .. math:: \eta(t) = \frac{\eta_0}{1 + r t / s}

    As a staircase, t / s is rounded down.

    Parameters
    ----------
    initial_learning_rate, decay_steps, decay_rate : float
        :math:`\eta_0`, s and r.
    staircase : bool

    Examples
    --------
    >>> schedule = InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5)
    >>> round(schedule(10), 7)
    0.0666667
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False):
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase = decay_rate, staircase

    def __call__(self, step):
        """Return the learning rate after `step` steps, a float."""
        time = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * time)


class CosineDecay:
    r"""A learning rate that goes down half a wave of the cosine, and stays there.

    .. math:: \eta(t) = \eta_0 \left( (1 - \alpha) \, \tfrac{1}{2}
        \left( 1 + \cos(\pi \min(t, s) / s) \right) + \alpha \right)

    Parameters
    ----------
    initial_learning_rate, decay_steps : float
        :math:`\eta_0` and s.
    alpha : float
        What is left at the end, as a share of the first rate.

    Examples
    --------
    >>> schedule = CosineDecay(0.1, decay_steps=10)
    >>> round(schedule(5), 7), round(schedule(99), 7)
    (0.05, 0.0)

    References
    ----------
    Loshchilov, Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*, equation 5.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0):
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.alpha = alpha

    def __call__(self, step):
        """Return the learning rate after `step` steps, a float."""
        wave = 0.5 * (1 + np.cos(np.pi * min(step, self.decay_steps) / self.decay_steps))
        return float(self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha))


def minimize(gradient, start, optimizer, steps):
    """Walk down a surface, and return the whole path.

    Parameters
    ----------
    gradient : callable
        Takes a point, an array like `start`, and returns the gradient there.
    start : ndarray, shape (D,)
        Left as it is.
    optimizer : Optimizer
        A new one; its ``apply`` makes the steps.
    steps : int

    Returns
    -------
    ndarray, shape (steps + 1, D)
        Where we were, from `start` on.

    Examples
    --------
    >>> minimize(lambda x: 2 * x, np.array([1.0]), SGD(0.25), 3).T
    array([[1.   , 0.5  , 0.25 , 0.125]])
    """
    point = np.array(start, dtype=np.float64)
    path = [point.copy()]
    for _ in range(steps):
        optimizer.apply([point], [gradient(point)])
        path.append(point.copy())
    return np.array(path)
