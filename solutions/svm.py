"""The SVM assignment's answers, in the notebook's order. Each uses NumPy and the answers above
it, nothing else; the last one uses torch."""

import numpy as np
import torch


def L_i_vectorized(x, y, W, delta=1.0):
    """The multiclass hinge loss of one example, without a loop over the classes.

        s = W x,    L_i = sum over j != y of max(0, s[j] - s[y] + delta)

    Here, and only here, W holds one *row* per class, as in the lecture's first snippet;
    everywhere else it holds one column per class.

    Arguments:
        x: (D,) float, one example.
        y: int in [0, C), its true class.
        W: (C, D) float, the weights.
        delta: float, the margin by which the true class should lead.

    Returns:
        L_i: a number, the loss. There is no regularisation in it.

    Source: Weston and Watkins 1999; CS231n, "Linear classification".
    """
    scores = W @ x
    margins = np.maximum(0, scores - scores[y] + delta)
    margins[y] = 0  # s[y] - s[y] + delta is delta, not a violation
    return margins.sum()


def margin_violations(scores, y, delta=1.0):
    """Which classes come too close to the true one, and how many of them there are for each
    example.

    A class j violates the margin of example i when j is not the true class and
    scores[i, j] - scores[i, y[i]] + delta > 0.

    Arguments:
        scores: (N, C) float.
        y: (N,) int in [0, C), the true classes.
        delta: float, the margin.

    Returns:
        mask: (N, C) bool, True where the class violates the margin.
        counts: (N,) int, the number of violating classes of each example.

    No loop over the examples; the arguments are not changed.
    """
    rows = np.arange(len(y))
    mask = scores - scores[rows, y][:, None] + delta > 0
    mask[rows, y] = False
    return mask, mask.sum(axis=1)


def zero_one_counterexample():
    """Find the error: old notes call the loss a count of the classes that are wrong. Refute them.

    Give the scores of one example and its true class so that both readings of that claim fail,
    with margin 1:

        - no class is wrong: the true class has the highest score, strictly above every other,
          and yet the hinge loss of the example is positive;
        - the loss is not a whole number, so it counts nothing at all.

    Keep away from rounding: let the lead, the loss, and the loss's distance from a whole number
    all be at least 0.001.

    Returns:
        scores: (C,) float, the scores of at least three classes.
        y: int in [0, C), the true class.
    """
    return np.array(
        [2.0, 1.75, 1.5]
    ), 0  # nobody is wrong; shortfalls 0.75 and 0.5: the loss is 1.25


def svm_loss_naive(W, X, y, reg):
    """The multiclass hinge loss of a mini-batch and its gradient, written with explicit loops.
    The margin is 1.

        s_i = X[i] W,    L_i = sum over j != y[i] of max(0, s_i[j] - s_i[y[i]] + 1)
        loss = (1/N) sum over i of L_i  +  reg * sum over all entries of W**2

    Arguments:
        W: (D, C) float, one column of weights per class.
        X: (N, D) float, one example per row.
        y: (N,) int in [0, C), the true classes.
        reg: float, the strength of the regularisation. There is no factor 1/2 in front of it,
            and the bias row, if W has one, is regularised like every other row.

    Returns:
        loss: a number.
        dW: (D, C) float, the gradient of the whole loss, regularisation included, with respect
            to W. Where a margin is exactly zero, either one-sided derivative is right.

    W, X and y are not changed. Source: CS231n, "Optimization" (computing the gradient
    analytically).
    """
    N, C = X.shape[0], W.shape[1]
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(N):
        scores = X[i] @ W
        for j in range(C):
            if j == y[i]:
                continue
            margin = scores[j] - scores[y[i]] + 1.0
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W


def eval_numerical_gradient(f, x, h=1e-5):
    """The gradient of f at x by centred differences, one coordinate at a time.

        df/dx[k]  =  ( f(x + h e_k) - f(x - h e_k) ) / (2 h),    with an error that shrinks like
        h**2

    Arguments:
        f: a function of one array of x's shape that returns a number. It reads nothing but its
            argument.
        x: float or int array of any shape: the point. Whole numbers are a point like any other.
        h: float, the step.

    Returns:
        grad: float array of x's shape.

    After the call x holds exactly what it held before, and the steps of different coordinates
    never mix.
    Source: CS231n, "Optimization" (computing the gradient numerically).
    """
    point = np.array(
        x, dtype=float
    )  # a copy, and of floats: a step of 1e-5 is lost in an array of integers
    grad = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        old = point[index]
        point[index] = old + h
        above = f(point)
        point[index] = old - h
        below = f(point)
        point[index] = old
        grad[index] = (above - below) / (2 * h)
    return grad


def rel_error(a, b):
    """The largest relative error between two arrays, the number that gradient checks print.

        max over all entries of  |a - b| / max(1e-8, |a| + |b|)

    The floor 1e-8 makes two zeros agree: their error is 0, not 0/0.

    Arguments:
        a, b: float arrays of one shape, or two numbers.

    Returns:
        error: a number, between 0 and 1.

    Source: CS231n, assignment 1.
    """
    return np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=1e-5, rng=None):
    """Compare an analytic gradient with centred differences at a few random coordinates.

    The coordinates are the num_checks numbers of one call rng.integers(x.size,
    size=num_checks), in that order; a number k stands for the k-th entry of x counted row by
    row (as in x.ravel()), and may come more than once.

    Arguments:
        f: a function of one array of x's shape that returns a number. It reads nothing but its
            argument.
        x: float array of any shape: the point.
        analytic_grad: float array of x's shape, the gradient to be checked.
        num_checks: int, how many coordinates.
        h: float, the step of the centred difference.
        rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

    Returns a dict with
        "numeric": (num_checks,) float, the centred difference at each coordinate.
        "analytic": (num_checks,) float, analytic_grad there.
        "rel_error": (num_checks,) float, rel_error of each pair: two zeros agree, they are not nan.
        "max_rel_error": a number, the largest of them.

    x is left exactly as it was. Source: CS231n, assignment 1 (which prints, where this
    returns).
    """
    rng = np.random.default_rng() if rng is None else rng
    point = np.array(x, dtype=float, order="C")
    flat = point.ravel()  # a view: a step in flat is a step in point
    chosen = rng.integers(point.size, size=num_checks)
    numeric = np.zeros(num_checks)
    for k, index in enumerate(chosen):
        old = flat[index]
        flat[index] = old + h
        above = f(point)
        flat[index] = old - h
        below = f(point)
        flat[index] = old
        numeric[k] = (above - below) / (2 * h)
    analytic = np.ravel(analytic_grad)[chosen]
    errors = np.array([rel_error(a, n) for a, n in zip(analytic, numeric, strict=True)])
    return {
        "numeric": numeric,
        "analytic": analytic,
        "rel_error": errors,
        "max_rel_error": errors.max(),
    }


def svm_loss(x, y):
    """The hinge loss as a layer: it starts from the scores, knows no weights, and hands the
    gradient back to them.

        loss = (1/N) sum over i, sum over j != y[i] of max(0, x[i, j] - x[i, y[i]] + 1)

    Arguments:
        x: (N, C) float, the scores of N examples.
        y: (N,) int in [0, C), the true classes.

    Returns:
        loss: a number. There is no regularisation in it.
        dx: (N, C) float, the gradient of the loss with respect to the scores.

    No loop over the examples; x and y are not changed. Source: CS231n, layers of assignment 2.
    """
    N = x.shape[0]
    rows = np.arange(N)
    margins = np.maximum(0, x - x[rows, y][:, None] + 1.0)
    margins[rows, y] = 0
    dx = (margins > 0).astype(float)
    dx[rows, y] = -dx.sum(axis=1)
    return margins.sum() / N, dx / N


def svm_loss_vectorized(W, X, y, reg):
    """The same loss and gradient as svm_loss_naive, without any Python loop over examples or
    classes.

        s_i = X[i] W,    L_i = sum over j != y[i] of max(0, s_i[j] - s_i[y[i]] + 1)
        loss = (1/N) sum over i of L_i  +  reg * sum over all entries of W**2

    Arguments:
        W: (D, C) float, one column of weights per class.
        X: (N, D) float, one example per row.
        y: (N,) int in [0, C), the true classes.
        reg: float, the strength of the regularisation (no factor 1/2).

    Returns:
        loss: a number.
        dW: (D, C) float, the gradient of the whole loss, regularisation included, with respect
            to W.

    The number of operations that Python executes must not depend on N. W, X and y are not
    changed. Source: CS231n, assignment 1.
    """
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1.0)
    margins[rows, y] = 0
    loss = margins.sum() / N + reg * np.sum(W * W)

    dscores = (margins > 0).astype(float)
    dscores[rows, y] = -dscores.sum(axis=1)
    dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW


def notes_errata():
    """Find the errors: which of six claims about three lines of old notes are true?

    Old lecture notes print the vectorised gradient of the SVM loss like this, where `loss` is
    the number that svm_loss_vectorized returns, X is (N, D), and dW starts as zeros of shape
    (D, C):

        dmargin = loss > 0
        ds = dmargin
        dW += X.T @ dmargin

    Taken as a way to compute dW:
        (a) The condition must look at the (N, C) matrix of margins, not at the loss.
        (b) The entry of the true class is missing from ds: it is not 0 or 1.
        (c) The result still has to be divided by N.
        (d) X.T is wrong: the product must be X @ ds, so that dW comes out as (D, C).
        (e) The gradient of the regularisation term is missing.
        (f) ds must hold the margins themselves in place of the ones, since the hinge's slope
            grows with the violation.

    Returns:
        claims: dict from "a", "b", "c", "d", "e", "f" to True (the claim is right) or False.
    """
    return {"a": True, "b": True, "c": True, "d": False, "e": True, "f": False}


def squared_hinge_loss(W, X, y, reg):
    """The squared hinge loss of a mini-batch and its gradient. The margin is 1.

        s_i = X[i] W,    L_i = sum over j != y[i] of max(0, s_i[j] - s_i[y[i]] + 1)**2
        loss = (1/N) sum over i of L_i  +  reg * sum over all entries of W**2

    Every shortfall is squared before they are summed, so one large violation costs more than
    several small ones. The loss has a continuous derivative everywhere: no kinks.

    Arguments:
        W: (D, C) float, one column of weights per class.
        X: (N, D) float, one example per row.
        y: (N,) int in [0, C), the true classes.
        reg: float, the strength of the regularisation (no factor 1/2).

    Returns:
        loss: a number.
        dW: (D, C) float, the gradient of the whole loss, regularisation included, with respect
            to W.

    No loop over the examples; W, X and y are not changed. Source: Tang 2013 (L2-SVM); CS231n,
    "Linear classification".
    """
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1.0)
    margins[rows, y] = 0
    loss = np.sum(margins**2) / N + reg * np.sum(W * W)

    dscores = 2 * margins
    dscores[rows, y] = -dscores.sum(axis=1)
    dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW


def expected_initial_loss(C, kind, delta=1.0):
    """The data loss an untrained classifier must show: all its scores are (nearly) zero, and
    reg is 0.

    The first thing to look at before any training; another number means a bug.

    Arguments:
        C: int, the number of classes.
        kind: "hinge" or "squared_hinge".
        delta: float, the margin.

    Returns:
        loss: a number, the mean loss of one example when all scores are equal.

    Raises ValueError for any other kind. Source: CS231n, "Neural networks 3" (sanity checks).
    """
    if kind == "hinge":
        return delta * (C - 1)
    if kind == "squared_hinge":
        return delta**2 * (C - 1)
    raise ValueError(f"kind must be 'hinge' or 'squared_hinge', not {kind!r}")


def scaling_experiment(W, X, y, alphas, reg):
    """How the two parts of the SVM loss answer when all weights are multiplied by one number.

    For each a in alphas, take the weights a * W and measure the two parts of
    svm_loss_vectorized's loss apart: the data loss (1/N) sum over i of L_i, and the
    regularisation loss reg * sum of the squared weights.

    Arguments:
        W: (D, C) float, one column of weights per class.
        X: (N, D) float, one example per row.
        y: (N,) int in [0, C), the true classes.
        alphas: (K,) float, the factors to try.
        reg: float, the strength of the regularisation.

    Returns:
        data_losses: (K,) float, the data loss of a * W for each a.
        reg_losses: (K,) float, the regularisation loss of a * W for each a.

    A loop over the alphas is fine; W is not changed. Source: CS231n, "Linear classification"
    (regularisation).
    """
    data_losses = np.array([svm_loss_vectorized(a * W, X, y, 0.0)[0] for a in alphas])
    reg_losses = np.array([reg * np.sum((a * W) ** 2) for a in alphas])
    return data_losses, reg_losses


def rescale_margin(W, c):
    """The weights that undo a change of the margin: why delta may stay 1 for ever.

    Call L(W; delta) the data loss (no regularisation) of the weights W when the margin is
    delta. Return weights W2 with

        L(W2; c * delta) = c * L(W; delta)      for every delta > 0, whatever the data are.

    So a larger margin asks for nothing new of the data loss. With regularisation the pair
    (delta, reg) sets one trade-off between them, and fixing delta leaves it to reg.

    Arguments:
        W: (D, C) float, one column of weights per class.
        c: float > 0, the factor by which the margin changes.

    Returns:
        W2: (D, C) float, a new array.
    """
    return c * W


def preprocess(X_train, X_val, X_test):
    """Centre three sets of examples on the training data and append the bias feature.

    From every set subtract the mean of each feature, taken over the *training* examples alone;
    then append one last column of ones, so that the last row of W is the bias.

    Arguments:
        X_train: (N, D) float or int (pixels may come as uint8).
        X_val: (M, D), likewise.
        X_test: (K, D), likewise.

    Returns:
        X_train, X_val, X_test: (N, D+1), (M, D+1), (K, D+1) float, new arrays; the arguments
            are not changed.

    Source: CS231n, assignment 1.
    """
    mean = X_train.mean(axis=0)
    return tuple(np.hstack([X - mean, np.ones((len(X), 1))]) for X in (X_train, X_val, X_test))


class LinearSVM:
    """A linear classifier trained on the hinge loss by stochastic gradient descent.

    W: (D, C) float, the weights, one column per class; None until the first call of train.
    """

    def __init__(self):  # given
        """Start untrained."""
        self.W = None

    def loss(self, X, y, reg):  # given
        """Loss and gradient (D, C) of a mini-batch at the present weights."""
        return svm_loss_vectorized(self.W, X, y, reg)

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, rng=None):
        """Run num_iters steps of stochastic gradient descent on self.loss(X, y, reg).

        The check trains on another loss put in its place, so that a slip in svm_loss_vectorized
        is not paid for twice.

        Before the first training only, W is drawn as 1e-3 * rng.standard_normal((D, C)), where
        C is the largest label plus one; a later call goes on from the weights there are. Each
        step then draws its examples by one call rng.choice(N, batch_size), with replacement,
        computes loss and gradient of the mini-batch, and moves W by learning_rate times the
        gradient, downhill. Nothing else is drawn from rng.

        Arguments:
            X: (N, D) float, the training examples.
            y: (N,) int in [0, C), their classes.
            learning_rate, reg: float.
            num_iters, batch_size: int.
            rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

        Returns:
            loss_history: list of num_iters numbers, the mini-batch's loss at each step, before
                the weights move.
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

    def predict(self, X):
        """The class with the highest score, for each example.

        Arguments:
            X: (N, D) float.

        Returns:
            y_pred: (N,) int in [0, C).
        """
        return np.argmax(X @ self.W, axis=1)


def is_at_boundary(best, value_range, frac=0.05):
    """Whether the best value found lies so near an end of its range that the true best may be
    outside.

    Learning rates and regularisation strengths live on a log scale, so distance is measured
    there: on the way from log(low), position 0, to log(high), position 1, the boundary is every
    position <= frac or >= 1 - frac.

    Arguments:
        best: float > 0, the value that won.
        value_range: (low, high), two floats with 0 < low < high.
        frac: float, the part of the range, on the log scale, that counts as its boundary at
            either end.

    Returns:
        at_boundary: bool.
    """
    low, high = value_range
    position = np.log(best / low) / np.log(high / low)
    return bool(position <= frac or position >= 1 - frac)


def coarse_to_fine_search(eval_fn, lr_range, reg_range, n_coarse, n_fine, rng):
    """Random search for a learning rate and a regularisation strength: first everywhere, then
    around the best.

    1. Coarse: try n_coarse points, both values log-uniform in their ranges.
    2. Fine: try n_fine points, log-uniform in a smaller range for each value. On the log10
       scale it is centred on the best coarse point and a quarter as wide as the coarse range;
       what sticks out of the coarse range is cut off.
    3. Best is the point of all with the highest *validation* accuracy; among equals the
       earliest.

    A value is log-uniform in (low, high) when it is 10 ** u with u uniform:
    rng.uniform(log10(low), log10(high)). Draw for each point in turn, first the learning rate,
    then the regularisation, and nothing else from rng.

    Arguments:
        eval_fn: eval_fn(lr, reg) -> (train_accuracy, val_accuracy), two floats. Call it once
            for each point, in order.
        lr_range, reg_range: (low, high), two floats with 0 < low < high.
        n_coarse, n_fine: int, the number of points of each round.
        rng: numpy.random.Generator.

    Returns:
        results: list of n_coarse + n_fine tuples (lr, reg, train_accuracy, val_accuracy), in
            the order tried.
        best: the tuple of results that won.
        boundary: (lr_at_boundary, reg_at_boundary), two bools: is_at_boundary for the best
            values in lr_range and reg_range, the ranges you were given.

    Source: CS231n, "Neural networks 3" (hyperparameter optimization); Bergstra and Bengio 2012.
    """
    (lr_low, lr_high), (reg_low, reg_high) = np.log10(lr_range), np.log10(reg_range)
    lowest, highest = np.array([lr_low, reg_low]), np.array([lr_high, reg_high])
    low, high = lowest, highest
    results = []
    for count in (n_coarse, n_fine):
        for _ in range(count):
            lr, reg = 10 ** rng.uniform(low, high)
            results.append((lr, reg, *eval_fn(lr, reg)))
        best = max(results, key=lambda row: row[3])
        centre, half = np.log10(best[:2]), (highest - lowest) / 8
        low, high = np.maximum(centre - half, lowest), np.minimum(centre + half, highest)
    return results, best, (is_at_boundary(best[0], lr_range), is_at_boundary(best[1], reg_range))


def svm_loss_torch(W, X, y, reg):
    """The loss of svm_loss_vectorized once more, in torch: the way forward only. The way back is
    autograd's.

        s_i = X[i] W,    L_i = sum over j != y[i] of max(0, s_i[j] - s_i[y[i]] + 1)
        loss = (1/N) sum over i of L_i  +  reg * sum over all entries of W**2

    Arguments:
        W: (D, C) float tensor. When it requires a gradient, that of the whole loss must reach
            it, the part of the regularisation included.
        X: (N, D) tensor of W's dtype, on W's device.
        y: (N,) int64 tensor on that device, entries in [0, C).
        reg: float, the strength of the regularisation (no factor 1/2).

    Returns:
        loss: tensor without axes, of W's dtype and on W's device.

    It runs as it stands on every device and in every floating-point dtype, and never waits for
    the device: no number is read from a tensor into Python (t.item(), float(t), if t: ...), and no
    entries are picked by a mask, t[mask], for how many they are must be counted first. No loop
    over the examples; W, X and y are not changed.
    """
    scores = X @ W
    true = scores.gather(1, y[:, None])
    shortfalls = torch.relu(scores - true + 1).scatter(1, y[:, None], 0)
    return shortfalls.sum() / len(X) + reg * (W * W).sum()
