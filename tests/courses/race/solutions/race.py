"""The answer of the race."""

import numpy as np


def fit(model, X, y, steps, rate):
    """Train a softmax classifier of weights model.W (D, C) by model.step(dW), which subtracts.

    X (N, D), y (N,) -> the losses of all steps, a list
    """
    losses = []
    for _ in range(steps):
        scores = X @ model.W
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[np.arange(len(y)), y]).mean())
        p[np.arange(len(y)), y] -= 1
        model.step(rate * X.T @ p / len(y))
    return losses
