"""Zero is not compared with itself: what cancels is right up to the rounding of its terms, and
nothing else is.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder import case
from autograder.checks import Reference
from autograder.judge import judge
from autograder.watch.evaluate import local

from .layers import posed


def judged(answer, right, seed, outputs=None, cases=()):
    exercise, namespace = posed(
        answer,
        {"x": "N D", "dout": "N D"},
        outputs or {"dx": "N D"},
        [Reference()],
        cases=[case("one example", sizes={"N": 1}), *cases],
    )
    reference = local(exercise, {"answer": right})
    return judge(exercise, local(exercise, namespace), reference=reference, seed=seed)


def short(x, dout):
    """Batch norm's dx in the short form: exactly 0 for one example."""
    deviation = np.sqrt(x.var(axis=0) + 1e-5)
    xhat = (x - x.mean(axis=0)) / deviation
    return (dout - dout.mean(axis=0) - xhat * (dout * xhat).mean(axis=0)) / deviation


def staged(x, dout):
    """The same through every stage, as it is usually taught: not exactly 0."""
    mu, var = x.mean(axis=0), x.var(axis=0)
    dvar = np.sum(dout * (x - mu), axis=0) * -0.5 * (var + 1e-5) ** -1.5
    dmu = np.sum(-dout / np.sqrt(var + 1e-5), axis=0)
    return dout * (var + 1e-5) ** -0.5 + dvar * 2 * (x - mu) / len(x) + dmu / len(x)


def test_batch_norm_of_one_example_never_fails_a_right_answer():
    assert {judged(staged, short, seed).status for seed in range(25)} == {"passed"}
    assert any(staged(x, x[::-1]).any() for x in np.random.default_rng(0).random((50, 1, 9)))


def test_nearly_cancelled_is_right_too():
    """Two examples and a tiny eps: 1e-10 is left of terms of size 1."""

    def first(x, dout):
        return dout * 1e-10

    def after_cancelling(x, dout):
        return (dout + 3 * x * (1 + 1e-10 * dout / x / 3)) - dout - 3 * x

    def sized(answer):
        return lambda x, dout: answer(x, dout) if len(x) == 1 else dout

    for seed in range(10):
        assert judged(sized(after_cancelling), sized(first), seed).status == "passed"
        halved = judged(sized(lambda x, dout: dout * 5e-11), sized(first), seed)
        assert halved.score == 6.67, "two thirds: it is wrong with one example"


def test_an_output_that_is_0_everywhere_is_right_up_to_rounding():
    def zeros(x, dout):
        return x * 0

    for seed in range(10):
        assert judged(lambda x, dout: (x + dout) - x - dout, zeros, seed).status == "passed"
        assert judged(lambda x, dout: 1e-9 * x, zeros, seed).score == 0


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e4, 1e300])
def test_a_wrong_value_is_wrong_on_every_scale(size):
    """Small inputs and huge ones beside them widen no tolerance."""
    extreme = case("extreme", x=lambda rng, inputs: np.full((2, 3), size), sizes={"N": 2, "D": 3})

    def sigmoid(x, dout):
        return 1 / (1 + np.exp(-x))

    def off(x, dout):
        return sigmoid(x, dout) * (1 + 1e-5 * (np.abs(x) == size))

    with np.errstate(over="ignore"):
        assert judged(off, sigmoid, 1, cases=[extreme]).score == 7.5


def test_unshifted_sums_of_huge_scores_are_right_up_to_their_rounding():
    huge = case("huge", x=lambda rng, inputs: 1e4 * (1 + np.arange(6.0).reshape(2, 3)))

    def nothing(x, dout):
        return np.log(np.exp(x - x.max()).sum()) * np.ones_like(x) if x.max() > 1e3 else x

    def about_nothing(x, dout):
        return nothing(x, dout) + (1.8e-12 if x.max() > 1e3 else 0)

    assert judged(about_nothing, nothing, 1, cases=[huge]).status == "passed"
