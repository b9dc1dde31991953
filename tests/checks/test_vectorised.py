"""Vectorised: loops are seen however they are hidden, array code passes, and no clock is involved."""

from __future__ import annotations

import functools
import sys

import numpy as np
import pytest

from autograder.checks import Vectorised
from autograder.evaluate import local
from autograder.judge import judge

from .layers import posed


def judged(answer, helpers=None):
    exercise, namespace = posed(answer, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    return judge(exercise, local(exercise, namespace | (helpers or {}))).findings[0]


def _recursive(X):
    return np.array([]) if len(X) == 0 else np.concatenate([X[:1].sum(axis=1), _recursive(X[1:])])


def _while(X):
    out, k = np.zeros(len(X)), 0
    while k < len(X):
        out[k] = X[k].sum()
        k += 1
    return out


LOOPS = {
    "for": lambda X: np.array([row.sum() for row in X]),
    "while": _while,
    "map": lambda X: np.array(list(map(np.sum, X))),
    "np.vectorize": lambda X: np.vectorize(lambda k: X[k].sum(), otypes=[float])(np.arange(len(X))),
    "apply_along_axis": lambda X: np.apply_along_axis(lambda row: row.sum(), 1, X),
    "generator": lambda X: np.fromiter((row.sum() for row in X), float),
    "recursion": _recursive,
    "map of a ufunc's method": lambda X: np.array([*map(np.add.reduce, X)]),
    "sum over the examples": lambda X: sum(X) @ np.ones(X.shape[1]) + np.zeros(len(X)),
    "sum with a start": lambda X: sum(X, np.zeros(X.shape[1])) @ np.ones(X.shape[1]) + np.zeros(len(X)),
    "reduce": lambda X: functools.reduce(np.add, X) @ np.ones(X.shape[1]) + np.zeros(len(X)),
    "sum of rows": lambda X: np.array([*map(lambda row: row @ np.ones(len(row)), X)]),
}

ARRAYS = {
    "sum": lambda X: X.sum(axis=1),
    "matrix product": lambda X: X @ np.ones(X.shape[1]),
    "loop over the other axis": lambda X: sum(X[:, k] for k in range(X.shape[1])),
    "builtins over the other axis": lambda X: X @ np.ones(X.shape[1]) * max(map(float, range(X.shape[1]))),
    "einsum": lambda X: np.einsum("nd->n", X),
    "fancy indexing": lambda X: X[np.arange(len(X)), :].sum(axis=1),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_is_seen(loop):
    finding = judged(LOOPS[loop])
    assert finding.passed is False
    assert "something still runs once for each of N" in finding.message


@pytest.mark.parametrize("style", ARRAYS)
def test_array_code_passes(style):
    finding = judged(ARRAYS[style])
    assert finding.passed is True, finding.message


def test_switching_the_counting_off_is_no_way_out():
    def answer(X):
        sys.settrace(None)
        if hasattr(sys, "monitoring"):
            for tool in range(6):
                sys.monitoring.free_tool_id(tool)  # type: ignore[attr-defined]
        return np.array([row.sum() for row in X])

    before = sys.gettrace()
    try:
        finding = judged(answer)
    finally:
        sys.settrace(before)
    assert finding.passed is False


def test_an_empty_answer_is_not_vectorised():
    exercise, namespace = posed(lambda X: np.zeros(len(X)), {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    right = local(exercise, {"answer": lambda X: X.sum(axis=1)})
    finding = judge(exercise, local(exercise, namespace), reference=right).findings[0]
    assert finding.passed is False
    assert "no output is right" in finding.message
