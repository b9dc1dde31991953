"""Layers written for these tests alone, right and wrong: each ``forward-and-backward`` returns
outputs and gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder import Exercise, exercise
from autograder.exercise.trial import Check


def posed(
    answer: Callable[..., Any],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    checks: Sequence[Check],
    **settings: Any,
) -> tuple[Exercise, dict[str, Any]]:
    """An exercise whose answer ``answer(**inputs)`` returns the outputs as a tuple, and the
    namespace that answers it.
    """

    def probe(student: Any, **given: Any) -> dict[str, Any]:
        returned = student.answer(**given)
        return dict(
            zip(outputs, returned if isinstance(returned, tuple) else (returned,), strict=True)
        )

    import inspect

    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in ("student", *inputs)
    ]
    probe.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    made = exercise(points=10, inputs=inputs, outputs=outputs, answers=("answer",), **settings)(
        probe
    )
    made.checks = list(checks)
    return made, {"answer": answer}


def drawn(scale: float, *axes: str) -> Callable[..., np.ndarray]:
    """Normal entries of one scale."""
    return lambda rng, sizes: scale * rng.standard_normal(tuple(sizes[axis] for axis in axes))


def whole(*axes: str) -> Callable[..., np.ndarray]:
    """Small integers as floats, so that ties abound."""
    return lambda rng, sizes: rng.integers(0, 3, tuple(sizes[axis] for axis in axes)).astype(float)


def svm(W, X, y, reg):
    """The multiclass hinge loss and dW."""
    rows = np.arange(len(X))
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(float)
    dscores[rows, y] -= dscores.sum(axis=1)
    return margins.sum() / len(X) + reg * np.sum(W * W), X.T @ dscores / len(X) + 2 * reg * W


def softmax(x, y):
    """The cross-entropy loss of scores and dx."""
    shifted = x - x.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -(shifted[rows, y] - np.log(total[:, 0])).mean()
    dx = p / total
    dx[rows, y] -= 1
    return loss, dx / len(x)


def relu(x, dout):
    """ReLU and dx."""
    return np.maximum(0, x), dout * (x > 0)


def max_first(x, dout):
    """The largest of each row; ties route to the first."""
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), x.argmax(axis=1)] = dout
    return x.max(axis=1), dx


def max_split(x, dout):
    """The largest of each row; ties share equally."""
    mask = x == x.max(axis=1, keepdims=True)
    return x.max(axis=1), mask * (dout / mask.sum(axis=1))[:, None]


def max_all(x, dout):
    """Wrong: every tie gets the full gradient."""
    return x.max(axis=1), (x == x.max(axis=1, keepdims=True)) * dout[:, None]


def network(x, w1, w2, y):
    """A two-layer ReLU network's loss and its gradients for x, w1, w2."""
    hidden = np.maximum(0, x @ w1)
    loss, dscores = softmax(hidden @ w2, y)
    dhidden = dscores @ w2.T * (hidden > 0)
    return loss, dhidden @ w1.T, x.T @ dhidden, hidden.T @ dscores


def batchnorm(x, gamma, beta, dout):
    """Batch normalisation (training) and the gradients of x, gamma, beta."""
    centred = x - x.mean(axis=0)
    deviation = np.sqrt(x.var(axis=0) + 1e-5)
    xhat = centred / deviation
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / deviation
    return gamma * xhat + beta, dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)


def lstm_step(x, h, c, Wx, Wh, b, dh, dc):
    """One LSTM step (i, f, o, g): next h and c, and the gradients of x, h, c, Wx, Wh, b."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    size = h.shape[1]
    a = x @ Wx + h @ Wh + b
    i, f, o = (sigmoid(a[:, k * size : (k + 1) * size]) for k in range(3))
    g = np.tanh(a[:, 3 * size :])
    next_c = f * c + i * g
    t = np.tanh(next_c)
    dnext = dc + dh * o * (1 - t * t)
    da = np.hstack(
        [
            dnext * g * i * (1 - i),
            dnext * c * f * (1 - f),
            dh * t * o * (1 - o),
            dnext * i * (1 - g * g),
        ]
    )
    return o * t, next_c, da @ Wx.T, da @ Wh.T, dnext * f, x.T @ da, h.T @ da, da.sum(axis=0)
