"""The backprop assignment, beyond what test_audit.py asks of each: single answers, and what they
must cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .audited import audited, failed, few_draws
from .conftest import COURSE

AUDIT = audited("backprop")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
ANSWERS = AUDIT.answers
verdict = AUDIT.verdict
in_another_style = AUDIT.in_another_style


def max_to_the_second(dout, cache):
    x, y = cache
    return dout * (x > y), dout * (x <= y)


def relu_open_at_0(dout, cache):
    return np.where(cache >= 0, dout, 0.0)


def leaky_open_at_0(dout, cache):
    x, slope = cache
    return np.where(x >= 0, dout, slope * dout)


def affine_by_loops(dout, cache):
    x, w, b = cache
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
    for one, into, row in zip(x, dx, dout, strict=True):
        into += (w @ row).reshape(one.shape)
        dw += np.outer(one.ravel(), row)
        db += row
    return dx, dw, db


def batchnorm_by_loops(dout, cache):
    centred, std, gamma = cache
    N, xhat = len(dout), centred / std
    dx = np.zeros_like(dout)
    for i in range(N):
        for k in range(N):
            dx[i] += dout[k] * gamma / std * ((i == k) - 1 / N - xhat[i] * xhat[k] / N)
    return dx, (dout * xhat).sum(0), dout.sum(0)


def softmax_by_loops(x, y):
    loss, dx = 0.0, np.zeros_like(x)
    for i, row in enumerate(x):
        e = np.exp(row - row.max())
        loss += np.log(e.sum()) - (row[y[i]] - row.max())
        dx[i] = e / e.sum()
        dx[i, y[i]] -= 1
    return loss / len(x), dx / len(x)


@few_draws
@pytest.mark.parametrize(
    ("answer", "other", "loops"),
    [
        ("max_backward", max_to_the_second, set()),
        ("relu_backward", relu_open_at_0, set()),
        ("leaky_relu_backward", leaky_open_at_0, set()),
        pytest.param(
            "affine_backward", affine_by_loops, {"Vectorised over N"}, marks=pytest.mark.audit
        ),
        pytest.param(
            "batchnorm_backward",
            batchnorm_by_loops,
            {"Vectorised over N"},
            marks=pytest.mark.audit,  # minutes: loops over every number, counted
        ),
        ("batchnorm_backward_alt", RIGHT["batchnorm_backward"], set()),
        ("batchnorm_backward", RIGHT["batchnorm_backward_alt"], set()),
        ("softmax_loss", softmax_by_loops, {"Vectorised over N"}),
        ("batchnorm_impostor", lambda dout, x, gamma, eps: 5 * (dout - dout.mean(axis=0)), set()),
    ],
)
def test_other_styles_are_right_too(answer, other, loops, seeds):
    name = ANSWERS[answer].name
    for seed in seeds:
        assert failed(verdict(name, {**RIGHT, answer: other}, seed)) == loops


def with_method(name, method):
    """The reference's Value with another method, in a namespace of its own."""
    fresh: dict[str, Any] = {}
    exec((COURSE / "solutions/backprop.py").read_text(), fresh)
    setattr(fresh["Value"], name, method)
    return {**RIGHT, "Value": fresh["Value"]}


def second_wins(self, other):
    other = other if isinstance(other, type(self)) else type(self)(other)
    out = type(self)(max(self.data, other.data), (self, other), "max")

    def back():
        winner = other if other.data >= self.data else self
        winner.grad += out.grad

    out._backward = back
    return out


@pytest.mark.audit
def test_either_tie_break_of_values_max_is_right():
    for seed in range(3):
        assert verdict("Value", with_method("max", second_wins), seed).status == "passed"


def as_micrograd_does(self):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for operand in node.operands:
                visit(operand)
            order.append(node)

    visit(self)
    for node in order:
        node.grad = 0.0
    self.grad = 1.0
    for node in reversed(order):
        node._backward()


def test_a_recursive_backward_loses_only_the_long_chain():
    judged = verdict("Value", with_method("backward", as_micrograd_does), 1)
    assert failed(judged) == {"5000 gates in a row"}
    assert judged.score == 8.5


def test_changing_dout_in_place_costs_little_and_is_named():
    wrong = MISTAKES.commit("relu_backward", ("changes_dout",))
    judged = verdict("relu", dict(wrong.namespace), 1)
    assert failed(judged) == {"Inputs are left alone", "Nothing changed in place"}
    assert judged.score == 2.5
