"""Allowed means: derivations pass, libraries that derive and finite differences do not."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.checks import AllowedMeans, Gradient, Reference
from autograder.evaluate import local
from autograder.judge import judge

from .families import SVM, families
from .layers import posed, svm


def numeric(W, X, y, reg):
    loss, dW = svm(W, X, y, reg)[0], np.zeros_like(W)
    for k in np.ndindex(*W.shape):
        step = np.zeros_like(W)
        step[k] = 1e-5
        dW[k] = (svm(W + step, X, y, reg)[0] - svm(W - step, X, y, reg)[0]) / 2e-5
    return loss, dW


def by_torch(W, X, y, reg):
    import torch

    weights = torch.tensor(W, requires_grad=True)
    scores = torch.tensor(X) @ weights
    rows, labels = torch.arange(len(X)), torch.tensor(y)
    margins = torch.clamp(scores - scores[rows, labels][:, None] + 1, min=0)
    margins[rows, labels] = 0
    loss = margins.sum() / len(X) + reg * (weights * weights).sum()
    loss.backward()
    assert weights.grad is not None
    return float(loss), weights.grad.numpy()


@pytest.mark.parametrize(("answer", "words"), [(numeric, "finite differences"), (by_torch, "calls torch")])
def test_a_way_around_the_derivation_earns_nothing(answer, words):
    exercise, namespace = posed(
        answer, SVM, {"loss": "", "dW": "D C"}, [Gradient("loss", wrt="W", claimed="dW"), Reference()]
    )
    verdict = judge(exercise, local(exercise, namespace), reference=local(exercise, {"answer": svm}), seed=2)
    assert (verdict.status, verdict.score) == ("failed", 0)
    assert words in verdict.findings[-1].message


def by_torch_and_scipy(W, X, y, reg):
    from scipy.optimize import approx_fprime

    loss, _ = by_torch(W, X, y, reg)
    slopes = approx_fprime(W.ravel(), lambda w: svm(w.reshape(W.shape), X, y, reg)[0])
    return loss, np.asarray(slopes).reshape(W.shape)


def test_where_one_library_is_allowed_the_others_are_not():
    exercise, namespace = posed(by_torch, SVM, {"loss": "", "dW": "D C"}, [Reference(), AllowedMeans(("torch",))])
    assert judge(exercise, local(exercise, namespace), reference=local(exercise, {"answer": svm})).status == "passed"
    exercise, namespace = posed(
        by_torch_and_scipy, SVM, {"loss": "", "dW": "D C"}, [Reference(tolerance=1e-3), AllowedMeans(("torch",))]
    )
    verdict = judge(exercise, local(exercise, namespace), reference=local(exercise, {"answer": svm}))
    assert verdict.score == 0
    assert "calls scipy.optimize" in verdict.findings[-1].message


FAMILIES = {name: one for name, one in families().items() if "ties" not in name}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(5))
def test_a_derivation_is_never_taken_for_differences(name, seed):
    exercise, namespace = FAMILIES[name]

    def other_rounding(batch, /, *, count_work=False):
        """The same answer on inputs whose last bits differ: an upper bound on rounding."""
        nudged = [
            {
                key: value * (1 + 2e-16) if isinstance(value, np.ndarray) and value.dtype == float else value
                for key, value in inputs.items()
            }
            for inputs in batch
        ]
        return local(exercise, namespace)(nudged, count_work=count_work)

    verdict = judge(exercise, local(exercise, namespace), reference=other_rounding, seed=seed)
    assert verdict.status == "passed", verdict.findings
