"""The SVM assignment once more: loops over classes, one-hot masks, gradients staged through every intermediate value.

Right and legitimate, if unusual: results as Python floats and as 0-d arrays, outputs that lie in memory column by
column, arithmetic in place on copies, half a slope at a margin of exactly zero.
"""

import math
from collections import namedtuple
from typing import Any

import numpy as np
import torch


def _truth(y, C):
    """Where the true classes are: an (N, C) mask."""
    return np.equal.outer(y, np.arange(C))


# --- the hinge losses -------------------------------------------------------------------------------------------------


def L_i_vectorized(x, y, W, delta=1.0):
    """Count the true class like any other, then take its delta off again."""
    lead = np.einsum("cd,d->c", W, x)
    lead -= lead[y]
    lead += delta
    return float(lead.clip(min=0).sum() - delta)


def margin_violations(scores, y, delta=1.0):
    """Every class against the score to reach, one row per class."""
    bar = np.take_along_axis(scores, y.reshape(-1, 1), axis=1).ravel() - delta
    mask = np.greater(scores.T, bar) & (np.arange(scores.shape[1])[:, None] != y)
    return mask.T, np.count_nonzero(mask, axis=0)


def zero_one_counterexample():
    """Five classes close together; the last is the true one."""
    scores = [0.3 * k for k in range(5)]
    return scores, np.int64(4)


def svm_loss_naive(W, X, y, reg):
    """One class after the other; each column of the gradient when its turn comes."""
    N, C = len(y), W.shape[1]
    total = 0.0
    push = [np.zeros(W.shape[0]) for _ in range(C)]
    for rival in range(C):
        for example, label in zip(X, y, strict=True):
            if rival != label and (gap := 1 + example @ (W[:, rival] - W[:, label])) >= 0:
                total += gap
                push[rival] = push[rival] + example
                push[label] = push[label] - example
    penalty = sum(float(weight) ** 2 for weight in W.flat)
    return float(total / N + reg * penalty), np.stack(push, axis=1) / N + reg * (W + W)


def svm_loss(x, y):
    """With half a slope where a margin is exactly zero."""
    N, C = x.shape
    rivals = ~_truth(y, C)
    gaps = x + 1 - x[~rivals][:, None]
    slopes = np.heaviside(gaps, 0.5) * rivals
    dx = np.where(rivals, slopes, -np.einsum("ij->i", slopes)[:, np.newaxis])
    dx /= N
    return np.array(np.einsum("ij,ij,ij->", gaps, gaps > 0, rivals) / N), dx


def svm_loss_vectorized(W, X, y, reg):
    """Forwards in small stages, and back through each of them."""
    N, C = X.shape[0], W.shape[1]
    labels = y[:, None]
    scores = np.einsum("nd,dc->nc", X, W)
    own = np.take_along_axis(scores, labels, axis=1)
    gaps = scores - own + 1.0
    hinges = np.maximum(gaps, 0.0)
    np.put_along_axis(hinges, labels, 0.0, axis=1)
    data_loss = np.mean(np.sum(hinges, axis=1))
    loss = data_loss + reg * np.vdot(W, W)

    dhinges = np.full((N, C), 1.0 / N)
    np.put_along_axis(dhinges, labels, 0.0, axis=1)
    dgaps = np.where(gaps < 0, 0.0, dhinges)
    dscores = dgaps.copy()
    down = -dgaps.sum(axis=1, keepdims=True)
    np.put_along_axis(dscores, labels, np.take_along_axis(dscores, labels, axis=1) + down, axis=1)
    dW = (dscores.T @ X).T
    dW += 2 * reg * W
    return loss, dW


def squared_hinge_loss(W, X, y, reg):
    """A loop over the classes alone: each column of scores against the true ones."""
    N = len(X)
    scores = X.dot(W)
    own = np.choose(y, scores.T)
    loss, dW = 0.0, 2.0 * reg * W
    for c, column in enumerate(scores.T):
        shortfall = np.where(y == c, 0.0, np.fmax(column - own + 1, 0))
        loss += shortfall.dot(shortfall) / N
        pull = (2 / N) * shortfall
        dW[:, c] += pull @ X
        for label in range(W.shape[1]):
            dW[:, label] -= (pull * (y == label)) @ X
    return loss + reg * (W * W).sum(), dW


# --- scale ------------------------------------------------------------------------------------------------------------


def scaling_experiment(W, X, y, alphas, reg):
    """All factors at once, along an axis of their own."""
    alphas = np.asarray(alphas)
    scores = alphas[:, None, None] * (X @ W)[None]
    labels = np.broadcast_to(y[None, :, None], (len(alphas), len(y), 1))
    gaps = np.clip(1 + scores - np.take_along_axis(scores, labels, 2), 0, None)
    data_losses = gaps.sum(axis=2).mean(axis=1) - 1  # the true class, 1 for each example
    return data_losses, reg * np.square(np.multiply.outer(alphas, W)).sum(axis=(1, 2))


def rescale_margin(W, c):
    """In place, on a copy that is stored column by column."""
    W2 = np.array(W, order="F")
    W2 *= c
    return W2


# --- gradient checks --------------------------------------------------------------------------------------------------


def _slope(f, x, k, h):
    """The centred difference along the k-th coordinate, row by row."""
    step = np.zeros(x.size)
    step[k] = h
    step = step.reshape(x.shape)
    return (f(x + step) - f(x - step)) / 2 / h


def eval_numerical_gradient(f, x, h=1e-5):
    """One step vector for every coordinate; the point itself is never touched."""
    return np.array([_slope(f, x, k, h) for k in range(x.size)]).reshape(np.shape(x))


def rel_error(a, b):
    """Pair by pair, remembering the worst."""
    worst = 0.0
    for one, other in zip(np.ravel(a).tolist(), np.ravel(b).tolist(), strict=True):
        worst = max(worst, abs(one - other) / max(1e-8, abs(one) + abs(other)))
    return worst


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=1e-5, rng=None):
    """By step vectors, and the errors of all coordinates in one expression."""
    if rng is None:
        rng = np.random.default_rng()
    coordinates = rng.integers(x.size, size=num_checks)
    numeric = np.fromiter((_slope(f, x, k, h) for k in coordinates), float, count=num_checks)
    analytic = np.take(analytic_grad, coordinates)
    size = np.hypot(abs(numeric) ** 0.5, abs(analytic) ** 0.5) ** 2  # the sum of the magnitudes
    errors = np.divide(abs(numeric - analytic), size.clip(1e-8))
    return dict(
        numeric=numeric, analytic=analytic, rel_error=errors, max_rel_error=sorted(errors)[-1]
    )


def expected_initial_loss(C, kind, delta=1.0):
    """The shortfalls of all wrong classes in an array, to the power that the kind asks for."""
    try:
        power = {"hinge": 1, "squared_hinge": 2}[kind]
    except KeyError:
        raise ValueError(f"no such loss: {kind}") from None
    return np.sum(np.full(C - 1, delta) ** power)


# --- searching --------------------------------------------------------------------------------------------------------


def is_at_boundary(best, value_range, frac=0.05):
    """Far from the middle of the range, on the log scale; a NumPy bool."""
    low, high = np.log10(value_range)
    middle, half = (low + high) / 2, (high - low) / 2
    return np.abs(np.log10(best) - middle) >= half * (1 - 2 * frac)


Tried = namedtuple("Tried", "lr reg train val")


def coarse_to_fine_search(eval_fn, lr_range, reg_range, n_coarse, n_fine, rng):
    """Number by number, with plain Python; each point is a named tuple."""
    results = []

    def search(ranges, count):
        for _ in range(count):
            lr = 10 ** rng.uniform(math.log10(ranges[0][0]), math.log10(ranges[0][1]))
            reg = 10 ** rng.uniform(math.log10(ranges[1][0]), math.log10(ranges[1][1]))
            results.append(Tried(lr, reg, *eval_fn(lr, reg)))

    def around(value, low, high):
        reach = (high / low) ** 0.125
        return max(low, value / reach), min(high, value * reach)

    search((lr_range, reg_range), n_coarse)
    best = sorted(results, key=lambda tried: -tried.val)[0]
    search((around(best.lr, *lr_range), around(best.reg, *reg_range)), n_fine)
    best = sorted(results, key=lambda tried: -tried.val)[0]
    return results, best, [is_at_boundary(best.lr, lr_range), is_at_boundary(best.reg, reg_range)]


# --- preprocessing and training ---------------------------------------------------------------------------------------


def preprocess(X_train, X_val, X_test):
    """The column of ones is padding."""
    mean = np.einsum("nd->d", X_train, dtype=float) / X_train.shape[0]

    def ready(X):
        return np.asfortranarray(
            np.pad(np.subtract(X, mean), [(0, 0), (0, 1)], constant_values=1.0)
        )

    return ready(X_train), ready(X_val), ready(X_test)


class LinearSVM:
    """Weights that are moved in place."""

    W: Any = None

    def __init__(self):
        """Start untrained."""

    def loss(self, X, y, reg):
        """The loss to train on."""
        return svm_loss_vectorized(self.W, X, y, reg)

    def _initialise(self, D, C, rng):
        """Draw the first weights; later calls find them there."""
        if self.W is None:
            self.W = rng.standard_normal(size=(D, C))
            self.W *= 1e-3

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, rng=None):
        """A list of losses, made before it is filled."""
        rng = rng if rng is not None else np.random.default_rng()
        self._initialise(X.shape[1], len(np.bincount(y)), rng)
        history = [math.nan] * num_iters
        step = 0
        while step < num_iters:
            picked = rng.choice(X.shape[0], batch_size)
            history[step], slope = self.loss(X=X.take(picked, axis=0), y=y.take(picked), reg=reg)
            self.W -= learning_rate * slope
            step += 1
        return history

    def predict(self, X):
        """Example by example."""
        return np.array([max(range(self.W.shape[1]), key=(x @ self.W).__getitem__) for x in X])


def svm_loss_torch(W, X, y, reg):
    """By torch's own loss, which divides by the number of classes too."""
    own = torch.nn.functional.multi_margin_loss(
        torch.einsum("nd,dc->nc", X, W), y, margin=1.0, reduction="none"
    )
    return own.mean() * W.size(1) + reg * torch.linalg.vector_norm(W).square()


def notes_errata():
    """As a table, in NumPy's booleans."""
    return dict(zip("abcdef", np.array([1, 1, 1, 0, 1, 0]) > 0, strict=True))
