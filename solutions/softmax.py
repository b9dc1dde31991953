"""The softmax assignment's answers, in the notebook's order. Each uses NumPy and the answers above it, nothing else;
the last one uses torch."""

import numpy as np
import torch


def softmax(s):
    """Turn every row of scores into probabilities.

        p[i, j] = exp(s[i, j]) / sum over k of exp(s[i, k])

    Each row stands alone: adding one number to all scores of a row changes nothing in it. Scores may be of any size,
    10 000 and -10 000 included, and the rows may lie thousands apart; the answer is finite all the same.

    Arguments:
        s: (N, C) float, the scores of N examples.

    Returns:
        p: (N, C) float, a new array; every row is positive (or rounds to 0) and sums to 1.

    No loop over the examples; s is not changed. Source: CS231n, "Linear classification" (softmax classifier).
    """
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def logsumexp(x, axis):
    """The logarithm of a sum of exponentials along one axis, without overflow or underflow.

        log( sum along axis of exp(x) )

    The result lies between the largest entry and the largest entry plus the log of their number, so it is finite
    wherever x is, also for entries of 100 000 or -100 000, and however far the slices of x lie apart. An entry of -inf
    is a term 0; where all entries are -inf the sum is empty and the result is -inf, not nan.

    Arguments:
        x: float array of any shape; entries are finite or -inf.
        axis: int, the axis that is summed over; it may be negative.

    Returns:
        y: float array of x's shape without that axis.

    No loop over the entries; x is not changed.
    """
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)  # nothing but -inf: -inf minus -inf would be nan
    with np.errstate(divide="ignore"):
        return np.log(np.sum(np.exp(x - top), axis=axis)) + np.squeeze(top, axis)


def log_softmax(x):
    """The logarithms of the probabilities of every row, also where the probabilities themselves round to 0.

        log p[i, j] = x[i, j] - log( sum over k of exp(x[i, k]) )

    Arguments:
        x: (N, C) float, scores of any size.

    Returns:
        log_p: (N, C) float, a new array: never positive, and finite for all finite scores.

    No loop over the examples; x is not changed.
    """
    return x - logsumexp(x, axis=1)[:, None]


def softmax_loss_naive(W, X, y, reg):
    """The cross-entropy loss of a mini-batch and its gradient, written with explicit loops.

        s_i = X[i] W,    L_i = -log( exp(s_i[y[i]]) / sum over j of exp(s_i[j]) )
        loss = (1/N) sum over i of L_i  +  reg * sum over all entries of W**2

    L_i is one number: of all the log probabilities of example i, only the true class's counts.

    Arguments:
        W: (D, C) float, one column of weights per class.
        X: (N, D) float, one example per row.
        y: (N,) int in [0, C), the true classes.
        reg: float, the strength of the regularisation. There is no factor 1/2 in front of it, and the bias row, if W
            has one, is regularised like every other row.

    Returns:
        loss: a number, finite also where scores reach tens of thousands.
        dW: (D, C) float, the gradient of the whole loss, regularisation included, with respect to W.

    W, X and y are not changed. Source: CS231n, "Linear classification" (softmax classifier).
    """
    N, C = X.shape[0], W.shape[1]
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(N):
        scores = X[i] @ W
        scores = scores - scores.max()
        e = np.exp(scores)
        loss += np.log(e.sum()) - scores[y[i]]
        for j in range(C):
            dW[:, j] += (e[j] / e.sum() - (j == y[i])) * X[i]
    return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W


def softmax_loss(x, y):
    """The cross-entropy loss as a layer: it starts from the scores, knows no weights, and hands the gradient back.

        loss = (1/N) sum over i of -log( exp(x[i, y[i]]) / sum over j of exp(x[i, j]) )

    Arguments:
        x: (N, C) float, the scores of N examples, of any size.
        y: (N,) int in [0, C), the true classes.

    Returns:
        loss: a number, finite. There is no regularisation in it.
        dx: (N, C) float, the gradient of the loss with respect to the scores.

    No loop over the examples; x and y are not changed. Source: CS231n, layers of assignment 2.
    """
    rows = np.arange(len(y))
    log_p = log_softmax(x)
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(y)


def softmax_loss_vectorized(W, X, y, reg):
    """The same loss and gradient as softmax_loss_naive, without any Python loop over examples or classes.

        s_i = X[i] W,    L_i = -log( exp(s_i[y[i]]) / sum over j of exp(s_i[j]) )
        loss = (1/N) sum over i of L_i  +  reg * sum over all entries of W**2

    Arguments:
        W: (D, C) float, one column of weights per class.
        X: (N, D) float, one example per row.
        y: (N,) int in [0, C), the true classes.
        reg: float, the strength of the regularisation (no factor 1/2).

    Returns:
        loss: a number, finite also where scores reach tens of thousands.
        dW: (D, C) float, the gradient of the whole loss, regularisation included, with respect to W.

    The number of operations that Python executes must not depend on N. W, X and y are not changed.
    Source: CS231n, assignment 1.
    """
    loss, dscores = softmax_loss(X @ W, y)
    return loss + reg * np.sum(W * W), X.T @ dscores + 2 * reg * W


def softmax_jacobian(s):
    """All slopes of one row of probabilities at once: how every p[j] answers to every score.

        p = softmax of s,    J[j, k] = dp[j] / ds[k]

    Arguments:
        s: (C,) float, the scores of one example, of any size.

    Returns:
        J: (C, C) float. Derive it with the quotient rule, for j == k and for j != k.

    No loop over the classes; s is not changed.
    """
    p = softmax(s[None, :])[0]
    return np.diag(p) - np.outer(p, p)


def softmax_vjp(dout, s):
    """Backwards through a softmax: from the slopes in the probabilities to the slopes in the scores.

        ds[i, k] = sum over j of dout[i, j] * dp[i, j] / ds[i, k],    p = softmax(s), row by row

    A vector times a Jacobian, for each row; but nobody builds the Jacobians: with the formula of softmax_jacobian put in,
    the sum shrinks to operations on arrays of shape (N, C) and (N, 1). That is the task: all arrays that you make
    together hold a small multiple of N * C numbers, never N * C * C (nor C * C).

    Arguments:
        dout: (N, C) float, the upstream gradient: the slopes of some loss in the probabilities.
        s: (N, C) float, the scores, of any size.

    Returns:
        ds: (N, C) float, the slopes of that loss in the scores.

    No loop over the examples; the arguments are not changed.
    """
    p = softmax(s)
    return p * (dout - np.sum(dout * p, axis=1, keepdims=True))


def expected_initial_loss(C, kind="softmax"):
    """The data loss an untrained classifier must show: all its scores are (nearly) zero, and reg is 0.

    Arguments:
        C: int, the number of classes.
        kind: "softmax", the cross-entropy loss with the natural logarithm; or "hinge", the multiclass SVM loss with
            margin 1, to compare.

    Returns:
        loss: a number, the mean loss of one example when all scores are equal.

    Raises ValueError for any other kind. Source: CS231n, "Neural networks 3" (sanity checks).
    """
    if kind == "softmax":
        return np.log(C)
    if kind == "hinge":
        return C - 1.0
    raise ValueError(f"kind must be 'softmax' or 'hinge', not {kind!r}")


def initial_loss_ok(loss_fn, W, X, y, reg=1.0, tol=0.1):
    """Two questions to ask any softmax loss before the first step of training.

    Does it start where it must: with reg 0, less than tol away from the loss of equal scores, to either side? And does
    it rise, strictly, when the regularisation is switched on? A loss that is nan passes neither.

    Arguments:
        loss_fn: loss_fn(W, X, y, reg) -> (loss, dW): the cross-entropy loss of a linear classifier, perhaps a faulty one.
        W: (D, C) float, fresh weights: small, but not all zero.
        X: (N, D) float, a few examples.
        y: (N,) int in [0, C), their classes.
        reg: float > 0, the regularisation to switch on.
        tol: float > 0.

    Returns:
        starts_right: bool.
        reg_raises_it: bool.

    Source: CS231n, "Neural networks 3" (sanity checks).
    """
    plain, with_reg = loss_fn(W, X, y, 0.0)[0], loss_fn(W, X, y, reg)[0]
    return bool(abs(plain - expected_initial_loss(W.shape[1])) < tol), bool(with_reg > plain)


class Softmax:
    """A linear classifier trained on the cross-entropy loss by stochastic gradient descent.

    W: (D, C) float, the weights, one column per class; None until the first call of train.
    """

    def __init__(self):  # given
        """Start untrained."""
        self.W = None

    def loss(self, X, y, reg):  # given
        """Loss and gradient (D, C) of a mini-batch at the present weights."""
        return softmax_loss_vectorized(self.W, X, y, reg)

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, rng=None):
        """Run num_iters steps of stochastic gradient descent on self.loss(X, y, reg).

        The check trains on another loss put in its place, so that a slip in softmax_loss_vectorized is not paid for twice.

        Before the first training only, W is drawn as 1e-3 * rng.standard_normal((D, C)), where C is the largest label
        plus one; a later call goes on from the weights there are. Each step then draws its examples by one call
        rng.choice(N, batch_size), with replacement, computes loss and gradient of the mini-batch, and moves W by
        learning_rate times the gradient, downhill. Nothing else is drawn from rng.

        Arguments:
            X: (N, D) float, the training examples.
            y: (N,) int in [0, C), their classes.
            learning_rate, reg: float.
            num_iters, batch_size: int.
            rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

        Returns:
            loss_history: list of num_iters numbers, the mini-batch's loss at each step, before the weights move.
        """
        rng = np.random.default_rng() if rng is None else rng
        if self.W is None:
            self.W = 1e-3 * rng.standard_normal((X.shape[1], y.max() + 1))
        loss_history = []
        for _ in range(num_iters):
            batch = rng.choice(len(X), batch_size)
            loss, dW = self.loss(X[batch], y[batch], reg)
            self.W = self.W - learning_rate * dW
            loss_history.append(loss)
        return loss_history

    def probabilities(self, X):
        """How likely the classifier holds every class to be, for each example.

        Arguments:
            X: (N, D) float.

        Returns:
            p: (N, C) float, rows that sum to 1.
        """
        return softmax(X @ self.W)

    def predict(self, X):
        """The most probable class, for each example.

        Arguments:
            X: (N, D) float.

        Returns:
            y_pred: (N,) int in [0, C).
        """
        return np.argmax(X @ self.W, axis=1)


def label_smoothing_loss(x, y, eps):
    """The cross-entropy loss of labels that are not quite sure, and its gradient in the scores.

        q[i, j] = (1 - eps) * [j = y[i]] + eps / C
        loss = (1/N) sum over i of  - sum over j of q[i, j] * log p[i, j],    p = softmax(x) by rows

    [j = y[i]] is 1 for the true class and 0 for all others. The part eps of a label is shared out
    over all C classes, the true one included.

    Arguments:
        x: (N, C) float, the scores of N examples, of any size.
        y: (N,) int in [0, C), the true classes.
        eps: float in [0, 1]; 0 leaves the labels as they are, and gives softmax_loss.

    Returns:
        loss: a number, finite.
        dx: (N, C) float, the gradient of the loss with respect to the scores.

    No loop over the examples; x and y are not changed.
    Source: Szegedy et al. 2016, "Rethinking the Inception architecture", section 7.
    """
    N, C = x.shape
    q = np.full((N, C), eps / C)
    q[np.arange(N), y] += 1 - eps
    log_p = log_softmax(x)
    return -np.sum(q * log_p) / N, (np.exp(log_p) - q) / N


def overfit_small(loss_fn, X, y, num_examples=20, learning_rate=0.1, num_iters=200, rng=None):
    """A test of the machinery: learn a handful of examples by heart. Code that cannot do that cannot learn anything.

    1. Draw the handful by one call rng.choice(N, num_examples, replace=False).
    2. Draw W = 1e-3 * rng.standard_normal((D, C)), where C is the largest label in all of y plus one.
    3. Take num_iters steps of plain gradient descent, W moving by learning_rate times the gradient, each step on the
       whole handful and without regularisation. Nothing else is drawn from rng.

    Arguments:
        loss_fn: loss_fn(W, X, y, reg) -> (loss, dW), the loss of a linear classifier and its gradient.
        X: (N, D) float.
        y: (N,) int in [0, C).
        num_examples, num_iters: int.
        learning_rate: float.
        rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

    Returns:
        loss_history: (num_iters,) float, the loss at each step, before the weights move.
        accuracy: a number, the part of the handful that the last weights classify right (the highest score wins).

    Source: CS231n, "Neural networks 3" (overfit a tiny subset of data).
    """
    rng = np.random.default_rng() if rng is None else rng
    few = rng.choice(len(X), num_examples, replace=False)
    W = 1e-3 * rng.standard_normal((X.shape[1], y.max() + 1))
    loss_history = np.zeros(num_iters)
    for step in range(num_iters):
        loss_history[step], dW = loss_fn(W, X[few], y[few], 0.0)
        W = W - learning_rate * dW
    return loss_history, np.mean(np.argmax(X[few] @ W, axis=1) == y[few])


def sgd(w, dw, config=None):
    """One step of plain gradient descent.

        w  <-  w - learning_rate * dw

    All update rules in this notebook are called like this one: config holds the rule's settings and, between the steps,
    whatever it has to remember. What is missing in config has its default; None is an empty config.

    Arguments:
        w: float array of any shape, the parameters.
        dw: float array of the same shape, the gradient.
        config: dict or None; "learning_rate": float, default 1e-2.

    Returns:
        next_w: float array of w's shape, a new one; w and dw are not changed.
        config: dict, to be handed to the next step (the same one or a new one).

    Source: CS231n, "Neural networks 3" (SGD).
    """
    config = {"learning_rate": 1e-2, **(config or {})}
    return w - config["learning_rate"] * dw, config


def sgd_momentum(w, dw, config=None):
    """One step of gradient descent with momentum: the gradient accelerates a velocity, and the velocity moves w.

        v  <-  momentum * v - learning_rate * dw
        w  <-  w + v

    Arguments:
        w: float array of any shape, the parameters.
        dw: float array of the same shape, the gradient.
        config: dict or None; "learning_rate": float, default 1e-2; "momentum": float, default 0.9; "velocity": v, an
            array of w's shape, default zeros.

    Returns:
        next_w: float array of w's shape, a new one; w and dw are not changed.
        config: dict with the new v under "velocity" (the same dict or a new one).

    Source: CS231n, "Neural networks 3" (momentum).
    """
    config = {
        "learning_rate": 1e-2,
        "momentum": 0.9,
        "velocity": np.zeros_like(w),
        **(config or {}),
    }
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + config["velocity"], config


def rmsprop(w, dw, config=None):
    """One step of RMSProp: every parameter's step is divided by the recent size of its own gradient.

        cache  <-  decay_rate * cache + (1 - decay_rate) * dw**2
        w      <-  w - learning_rate * dw / (sqrt(cache) + epsilon)

    Arguments:
        w: float array of any shape, the parameters.
        dw: float array of the same shape, the gradient.
        config: dict or None; "learning_rate": float, default 1e-2; "decay_rate": float, default 0.99; "epsilon": float,
            default 1e-8; "cache": an array of w's shape, default zeros.

    Returns:
        next_w: float array of w's shape, a new one; w and dw are not changed.
        config: dict with the new cache under "cache" (the same dict or a new one).

    Source: Tieleman and Hinton 2012; CS231n, "Neural networks 3" (per-parameter adaptive learning rates).
    """
    config = {
        "learning_rate": 1e-2,
        "decay_rate": 0.99,
        "epsilon": 1e-8,
        "cache": np.zeros_like(w),
        **(config or {}),
    }
    config["cache"] = config["decay_rate"] * config["cache"] + (1 - config["decay_rate"]) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


def adam(w, dw, config=None):
    """One step of Adam: momentum and RMSProp together, both corrected for having started at zero.

        t  <-  t + 1
        m  <-  beta1 * m + (1 - beta1) * dw
        v  <-  beta2 * v + (1 - beta2) * dw**2
        w  <-  w - learning_rate * m_hat / (sqrt(v_hat) + epsilon),
               m_hat = m / (1 - beta1**t),    v_hat = v / (1 - beta2**t)

    Arguments:
        w: float array of any shape, the parameters.
        dw: float array of the same shape, the gradient.
        config: dict or None; "learning_rate": float, default 1e-3; "beta1": float, default 0.9; "beta2": float, default
            0.999; "epsilon": float, default 1e-8; "m" and "v": arrays of w's shape, default zeros; "t": int, the number
            of steps already taken, default 0.

    Returns:
        next_w: float array of w's shape, a new one; w and dw are not changed.
        config: dict with the new "m", "v" and "t", all without the correction (the same dict or a new one).

    Source: Kingma and Ba 2015; CS231n, "Neural networks 3".
    """
    settings = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    config = {**settings, "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] = config["t"] + 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat = config["m"] / (1 - beta1 ** config["t"])
    v_hat = config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


def adamw(w, dw, config=None):
    """One step of AdamW: Adam follows the gradient of the loss, and the weights decay beside it.

        w  <-  w - learning_rate * (weight_decay * w + m_hat / (sqrt(v_hat) + epsilon))

    with m_hat and v_hat as in Adam, made of dw alone. Both terms start from the w before the step.
    The decay is called decoupled: no division by the size of a gradient reaches it.

    Arguments:
        w: float array of any shape, the parameters.
        dw: float array of the same shape, the gradient of the loss without any penalty.
        config: dict or None; "weight_decay": float, default 1e-2; all others as for adam, with its
            defaults.

    Returns:
        next_w: float array of w's shape, a new one; w and dw are not changed.
        config: dict with the new "m", "v" and "t" as adam leaves them (the same dict or a new one).

    Source: Loshchilov and Hutter 2019, with the decay times the learning rate, as in PyTorch.
    """
    config = {"learning_rate": 1e-3, "weight_decay": 1e-2, **(config or {})}
    next_w, config = adam(w, dw, config)
    return next_w - config["learning_rate"] * config["weight_decay"] * w, config


def update_ratio(w, update):
    """How large a step is beside the parameters that it changes.

        |update| / |w|,    |a| the square root of the sum of the squares of all entries of a

    Around 0.001 is a healthy ratio once training is on its way.

    Arguments:
        w: float array of any shape, not all zero: the parameters before the step.
        update: float array of the same shape: what the step adds to them (not the gradient).

    Returns:
        ratio: a number, never negative.

    Source: CS231n, "Neural networks 3" (ratio of weights and updates).
    """
    return np.sqrt(np.sum(update**2) / np.sum(w**2))


def train_with_monitor(loss_fn, W, X, y, update_rule, config, num_iters, batch_size=200, rng=None):
    """Train with any loss and any update rule, and keep a record of what one has to watch.

    Each step draws its examples by one call rng.choice(N, batch_size), with replacement, computes loss and gradient of
    the mini-batch, and lets update_rule move W. Nothing else is drawn from rng.

    Arguments:
        loss_fn: loss_fn(W, X, y) -> (loss, dW) for a mini-batch.
        W: (D, C) float, the weights to start from, not all zero; they are not changed.
        X: (N, D) float, the training examples.
        y: (N,) int in [0, C), their classes.
        update_rule: update_rule(w, dw, config) -> (next_w, config), like sgd or adam.
        config: dict or None, handed to the first step; every later step gets the config that the step before returned.
        num_iters, batch_size: int.
        rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

    Returns:
        W: (D, C) float, the weights after the last step.
        history: dict of three (num_iters,) float arrays, with one entry for each step:
            "loss": the mini-batch's loss before the weights move;
            "update_ratio": update_ratio of the weights before the step and what the step adds to them;
            "grad_norm": |dW|, the square root of the sum of the squares of the gradient's entries.
    """
    rng = np.random.default_rng() if rng is None else rng
    history = {name: np.zeros(num_iters) for name in ("loss", "update_ratio", "grad_norm")}
    for step in range(num_iters):
        batch = rng.choice(len(X), batch_size)
        loss, dW = loss_fn(W, X[batch], y[batch])
        next_W, config = update_rule(W, dW, config)
        history["loss"][step] = loss
        history["update_ratio"][step] = update_ratio(W, next_W - W)
        history["grad_norm"][step] = np.sqrt(np.sum(dW**2))
        W = next_W
    return W, history


def diagnose_lr(history, warmup=100, low=1e-4, high=3e-2):
    """Read a training record: was the learning rate too low, too high, or in order?

    The first warmup steps tell nothing: fresh weights are so small that any step is large beside them. Of the steps
    after them, take the *geometric* mean of the update ratios, since ratios differ by factors:

        exp( mean of log(ratio) )

    Below low the learning rate was too low, above high too high. And if any loss or any ratio after the warm-up is not
    finite (nan or inf), training has blown up, and the learning rate was too high whatever the mean says.

    Arguments:
        history: dict with "loss" and "update_ratio", (T,) float arrays, as train_with_monitor makes them.
        warmup: int, how many steps at the beginning to leave out.
        low, high: float, the ends of the healthy range, a wide one around 0.001.

    Returns:
        verdict: "low", "ok" or "high".

    Raises ValueError when no step is left after the warm-up.
    Source: CS231n, "Neural networks 3" (ratio of weights and updates).
    """
    losses, ratios = history["loss"][warmup:], history["update_ratio"][warmup:]
    if len(ratios) == 0:
        raise ValueError(f"no step is left after a warm-up of {warmup}")
    if not (np.isfinite(losses).all() and np.isfinite(ratios).all()):
        return "high"
    typical = np.exp(np.mean(np.log(ratios)))
    return "low" if typical < low else "high" if typical > high else "ok"


def warmup_cosine_decay(step, peak, warmup_steps, total_steps, end=0.0):
    """The learning rate at one step of a training: up in a straight line, then down along a cosine.

        step < warmup_steps:   rate = peak * (step + 1) / warmup_steps
        from there on:         rate = end + (peak - end) * (1 + cos(pi * progress)) / 2,
                               progress = (step - warmup_steps) / (total_steps - warmup_steps)

    The last step of the warm-up and the first one after it both have the peak. From step
    total_steps on the rate stays at end.

    Arguments:
        step: int >= 0, the number of steps taken before this one.
        peak: float, the highest rate.
        warmup_steps: int >= 0, how many steps the rise takes; 0 for none.
        total_steps: int, larger than warmup_steps: all steps of the training.
        end: float, where the fall ends.

    Returns:
        rate: a number.

    Sources: Loshchilov and Hutter 2017 (the cosine); Goyal et al. 2017 (the warm-up).
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min((step - warmup_steps) / (total_steps - warmup_steps), 1.0)
    return end + (peak - end) * (1 + np.cos(np.pi * progress)) / 2


def newton_step(grad, H):
    """The step of Newton's method: to the place where the quadratic model of the function is flat.

        step = - H^{-1} grad

    There is no learning rate in it. Solve the linear system; the inverse itself is not needed.

    Arguments:
        grad: (n,) float, the gradient.
        H: (n, n) float, the Hessian: symmetric, and invertible.

    Returns:
        step: (n,) float, to be added to the parameters.

    The arguments are not changed. Source: CS231n, "Neural networks 3" (second order methods).
    """
    return -np.linalg.solve(H, grad)


def newton_counterexample():
    """Find the error: old notes praise Newton's method for "faster convergence", as if it could not go wrong. Refute them.

    Newton's method has no learning rate to choose, that much is true. But its step ends where the quadratic model

        f(step) = grad . step + (1/2) step . (H step)

    is flat, and flat is not low. Give a gradient and a Hessian for which

        - the model has no lowest point: H curves up in one direction and down in another (it has a positive and a
          negative eigenvalue), and
        - the Newton step -H^{-1} grad goes up: f(step) > f(0) = 0.

    Keep away from rounding: let the eigenvalues be at least 0.001 away from 0, and the rise at least 0.001.

    Returns:
        grad: (n,) float, n at least 2.
        H: (n, n) float, symmetric.
    """
    return np.array([0.0, 1.0]), np.diag(
        [1.0, -1.0]
    )  # the step (0, 1) climbs to the saddle, half a unit up


def hessian_bytes(n, dtype="float32"):
    """The memory that the Hessian of a function of n parameters takes, when all its entries are stored.

    Arguments:
        n: int, the number of parameters.
        dtype: the type of one entry, as a name NumPy knows ("float16", "float32", "float64").

    Returns:
        bytes: int, exact.
    """
    return int(n) ** 2 * np.dtype(dtype).itemsize


def lbfgs_direction(grad, S, Y):
    """The direction of L-BFGS: Newton's, with a Hessian that is guessed from the last few steps and never written down.

    The memory holds m pairs: S[k], what step k added to the parameters, and Y[k], what it added to the gradient. A pair
    with Y[k] . S[k] <= 0 shows no upward curvature and is left out altogether. The two loops, over the pairs that
    remain, with rho[k] = 1 / (Y[k] . S[k]):

        q = grad
        newest to oldest:   a[k] = rho[k] * (S[k] . q),    q = q - a[k] * Y[k]
        r = gamma * q,      gamma = (S . Y) / (Y . Y) of the newest remaining pair
        oldest to newest:   b = rho[k] * (Y[k] . r),       r = r + (a[k] - b) * S[k]
        direction = -r

    Where no pair remains, the direction is -grad.

    Arguments:
        grad: (n,) float, the gradient.
        S: (m, n) float, the oldest pair first; m may be 0.
        Y: (m, n) float, in the same order.

    Returns:
        direction: (n,) float, a new array. It always points downhill: grad . direction < 0 unless grad is 0.

    The arguments are not changed, and no (n, n) array is made.
    Source: Nocedal and Wright, "Numerical Optimization", algorithm 7.4.
    """
    pairs = [(s, y) for s, y in zip(S, Y, strict=True) if y @ s > 0]
    if not pairs:
        return -grad
    q, a = grad, []
    for s, y in reversed(pairs):
        a.append((s @ q) / (y @ s))
        q = q - a[-1] * y
    s, y = pairs[-1]
    r = (s @ y) / (y @ y) * q
    for (s, y), a_k in zip(pairs, reversed(a), strict=True):
        r = r + (a_k - (y @ r) / (y @ s)) * s
    return -r


def ema_update(x_test, x, decay=0.995):
    """One step of an exponential moving average of the parameters, which is what one tests with.

        x_test  <-  decay * x_test + (1 - decay) * x

    Arguments:
        x_test: float array of any shape, the average so far.
        x: float array of the same shape, the parameters after the latest training step.
        decay: float in [0, 1).

    Returns:
        x_test: float array of that shape, a new one; the arguments are not changed.

    Source: CS231n, lecture 6 (Polyak averaging).
    """
    return decay * x_test + (1 - decay) * x


def ema_corrected(x_test, t, decay=0.995):
    """Undo the bias of a moving average that started at zero: make its weights sum to 1.

    After t updates from 0 the average holds (1 - decay) * decay**k times the x of k updates ago, for k = 0 ... t - 1.
    Divide by the sum of these t weights.

    Arguments:
        x_test: float array of any shape, the average after t updates by ema_update, started at zero.
        t: int >= 1.
        decay: float in (0, 1).

    Returns:
        corrected: float array of that shape, a new one.

    Source: Kingma and Ba 2015, section 3 (the same correction as in Adam).
    """
    return x_test / (1 - decay**t)


def ema_memory(decay):
    """How far back a moving average remembers.

    Arguments:
        decay: float in (0, 1).

    Returns:
        time_constant: a number, how many values it holds, each counted by what is left of it: 1 + decay + decay^2 + ...
        half_life: a number, not rounded: after so many steps the weight of a value has fallen to exactly one half.
    """
    return 1 / (1 - decay), np.log(0.5) / np.log(decay)


def average_predictions(probabilities):
    """The prediction of an ensemble: the mean of its members' probabilities.

    Arguments:
        probabilities: list of (N, C) float arrays, one for each model, whose rows sum to 1.

    Returns:
        p: (N, C) float, a new array whose rows sum to 1.

    Source: CS231n, "Neural networks 3" (model ensembles).
    """
    return np.mean(probabilities, axis=0)


def average_weights(params):
    """One model from several checkpoints of one training run: the mean of every parameter.

    Arguments:
        params: list of dicts with the same names, name -> float array (of the same shape for the same name).

    Returns:
        average: dict with these names, name -> a new float array. The arguments are not changed.
    """
    return {name: np.mean([one[name] for one in params], axis=0) for name in params[0]}


def notes_errata():
    """Find the errors: which of nine claims about three lines of old notes are true?

    The loss of example i, with s_i its C scores and y_i its true class:    L_i = -log(softmax(s_i))
        (a) As it is written, L_i is C numbers and not one.
        (b) It is mended by taking the y_i-th of them.
        (c) It is mended by summing them.

    On the size of updates beside the size of weights:    "the ratio should be about -1e-3"
        (d) A ratio of two norms cannot be negative: 1e-3 is meant.
        (e) The minus sign is right, since an update points against the gradient.
        (f) A ratio of 10 at the very first step, from weights of size 1e-3, proves that the learning rate is too high.

    On second-order methods, Newton's and L-BFGS:    "faster convergence, no hyperparameter"
        (g) The pure Newton step has indeed no learning rate.
        (h) L-BFGS has nothing to choose: no memory length, no line search, no tolerance.
        (i) Wherever the Hessian can be inverted, the Newton step goes downhill.

    Returns:
        claims: dict from "a", "b", ..., "i" to True (the claim is right) or False.
    """
    return {claim: claim in "abdg" for claim in "abcdefghi"}


def softmax_regression_torch(
    X, y, num_classes, steps, batch_size, learning_rate, reg, seed, device, precision="float32"
):
    """Train a softmax classifier with torch, on whatever device there is, in full or in mixed precision.

    W and b start at 0. The mini-batches are drawn on the processor, all of them before the first step and by one call, so
    that every device sees the same ones:

        torch.randint(N, (steps, batch_size), generator=torch.Generator().manual_seed(seed))

    Row k holds the examples of step k. Its loss is the mean cross-entropy of the scores X W + b of these examples, plus
    reg * sum(W**2); b is not regularised. One step of gradient descent follows: W and b move by learning_rate times
    their gradients, downhill. No momentum, no decay.

    Arguments:
        X: (N, D) float NumPy array, y: (N,) int64 NumPy array in [0, num_classes): move both to the device once.
        num_classes, steps, batch_size: int.
        learning_rate, reg: float.
        seed: int, the seed of the mini-batches.
        device: torch.device, where W and b live and all computing is done.
        precision: "float32" for none, or "bfloat16": scores and loss are then computed under torch.autocast. W, b and
            their steps keep the dtype of X in any case: small steps would be lost in 8 bits.

    Returns:
        W: (D, C) tensor, b: (C,) tensor, on the device, of X's dtype; they require no gradient.
        losses: (steps,) tensor on the device, of X's dtype, without a graph: the loss of each step, before it is taken.

    Nothing is read from a tensor into Python, not even the loss: a device that has to answer cannot work ahead. Source:
    PyTorch, "Automatic mixed precision".
    """
    batches = torch.randint(
        len(X), (steps, batch_size), generator=torch.Generator().manual_seed(seed)
    ).to(device)
    X, y = torch.from_numpy(X).to(device), torch.from_numpy(y).to(device)
    W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype, device=device, requires_grad=True)
    b = torch.zeros(num_classes, dtype=X.dtype, device=device, requires_grad=True)
    losses = torch.zeros(steps, dtype=X.dtype, device=device)
    for step, batch in enumerate(batches):
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            loss = (
                torch.nn.functional.cross_entropy(X[batch] @ W + b, y[batch]) + reg * (W * W).sum()
            )
        dW, db = torch.autograd.grad(loss, (W, b))
        with torch.no_grad():
            losses[step] = loss
            W -= learning_rate * dW
            b -= learning_rate * db
    return W.detach(), b.detach(), losses
