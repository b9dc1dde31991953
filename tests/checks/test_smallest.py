"""The smallest example that still fails: by hand, true, the same everywhere, and bounded in
evaluations.
"""

from __future__ import annotations

import re

import numpy as np

from autograder.checks import Gradient, Reference
from autograder.checks.smallest import EACH_SIZE, EVALUATIONS, SIZES, Smallest
from autograder.exercise.trial import Trial
from autograder.judge import judge
from autograder.report import to_html, to_text
from autograder.watch.evaluate import local

from ..solutions.audited import audited

SOFTMAX = audited("softmax")
BACKPROP = audited("backprop")


def example(audit, name: str, **answers) -> str:
    judged = audit.verdict(name, {**audit.right, **answers}, 3)
    found = [one.evidence.example for one in judged.findings if one.evidence]
    return next(filter(None, found), "")


def half(W, X, y, reg):
    loss, dW = SOFTMAX.right["softmax_loss_vectorized"](W, X, y, reg)
    return loss, dW - reg * W


def leaks(dout, cache):
    return np.where(cache > 0, dout, 0.5 * dout)


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def test_a_wrong_gradient_is_shown_on_one_number():
    said = example(SOFTMAX, "softmax_loss_vectorized", softmax_loss_vectorized=half)
    found = re.fullmatch(
        r"A small example: with W = \[\[(\S+)\]\], X = \[\[\S+\]\], y = \[0\], reg = (\S+), "
        r"dW is \[\[(\S+)\]\]; the slope of loss is \[\[(\S+)\]\]\.",
        said,
    )
    assert found, said
    W, reg, yours, slope = map(float, found.groups())
    assert W in {-3, -2, -1, 1, 2, 3}
    assert np.isclose(yours, reg * W)
    assert np.isclose(slope, 2 * reg * W, rtol=1e-4)


def test_a_laptop_without_the_reference_shows_the_same_gradient_example():
    there = example(SOFTMAX, "softmax_loss_vectorized", softmax_loss_vectorized=half)
    here = SOFTMAX.on_a_laptop(
        "softmax_loss_vectorized", {**SOFTMAX.right, "softmax_loss_vectorized": half}, 3
    )
    assert there in to_text(here, 1000)
    assert there in to_html(here).replace("&#39;", "'")


def test_what_cannot_be_wrong_at_these_sizes_has_no_example():
    def huge_only(W, X, y, reg):
        loss, dW = SOFTMAX.right["softmax_loss_vectorized"](W, X, y, reg)
        return (np.inf if np.abs(X).max() > 100 else loss), dW

    assert example(SOFTMAX, "softmax_loss_vectorized", softmax_loss_vectorized=huge_only) == ""


def test_a_layers_example_has_zeros_wherever_it_bears_them():
    said = example(BACKPROP, "relu", relu_backward=leaks)
    assert said.startswith("A small example: with x = [[[")
    assert "dx is " in said
    assert 0 < sum(number != 0 for number in numbers(said)) <= 4


def test_the_search_is_bounded_in_evaluations():
    asked = SOFTMAX.exercises["softmax_loss_vectorized"]
    calls = 0

    def counting(batch, *, count_work=False):
        nonlocal calls
        calls += len(batch)
        return local(asked, {**SOFTMAX.right, "softmax_loss_vectorized": half})(batch)

    for check in asked.checks[1:4]:
        assert isinstance(check, Gradient | Reference)
        trial = Trial(asked, counting, np.random.default_rng(0), local(asked, SOFTMAX.right))
        before = calls + len(trial.draws())
        Smallest(trial).example(check)
        assert calls - before <= EACH_SIZE * len(SIZES) + EVALUATIONS


def test_an_answer_that_always_stops_is_not_searched():
    asked = SOFTMAX.exercises["softmax_loss_vectorized"]
    stops = local(asked, {"softmax_loss_vectorized": lambda W, X, y, reg: W / "reg"})
    calls = 0

    def counting(batch, *, count_work=False):
        nonlocal calls
        calls += len(batch)
        return stops(batch)

    trial = Trial(asked, counting, np.random.default_rng(0), local(asked, SOFTMAX.right))
    for check in asked.checks[1:4]:
        assert isinstance(check, Gradient | Reference)
        assert Smallest(trial).example(check) == ""
    assert calls == len(trial.draws())


def test_a_right_answer_is_not_searched():
    asked = SOFTMAX.exercises["softmax_loss_vectorized"]
    judged = judge(asked, local(asked, SOFTMAX.right), seed=1)
    assert all(one.evidence is None for one in judged.findings)
