"""The SVM assignment, beyond what test_audit.py asks of each: single answers, and what they must
cost.
"""

from __future__ import annotations

import numpy as np
import pytest

from .audited import audited

AUDIT = audited("svm")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
verdict = AUDIT.verdict


@pytest.mark.audit
def test_the_looping_loss_loses_only_what_vectorisation_is_worth():
    judged = verdict(
        "svm_loss_vectorized", {**RIGHT, "svm_loss_vectorized": RIGHT["svm_loss_naive"]}, 1
    )
    assert {one.check for one in judged.findings if not one.passed} == {
        "Vectorised over N",
        "Vectorised over C",
    }
    assert judged.score == 10


def ties_count(W, X, y, reg):
    """A right answer that counts a margin of exactly zero as violated."""
    shortfalls = X @ W - np.take_along_axis(X @ W, y[:, None], 1) + 1
    ds = (shortfalls >= 0).astype(float)
    ds[np.arange(len(y)), y] -= ds.sum(axis=1)
    loss = np.maximum(shortfalls, 0).sum() / len(y) - 1
    return loss + reg * np.sum(W * W), X.T @ ds / len(y) + 2 * reg * W


@pytest.mark.parametrize("name", ["svm_loss_naive", "svm_loss_vectorized"])
def test_either_slope_at_a_zero_margin_is_right(name):
    for seed in range(5):
        assert verdict(name, {**RIGHT, name: ties_count}, seed).status == "passed"
