"""A slope and the bound of its error: close where the function is smooth, honest everywhere, and
shown to students.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from autograder.checks import Gradient
from autograder.checks.slope import LADDER, measure
from autograder.judge import judge
from autograder.watch.evaluate import local

from .layers import posed, softmax


def softmax_line(rng):
    x, y = rng.standard_normal((20, 5)), rng.integers(0, 5, 20)
    along = rng.standard_normal(x.shape)
    _, dx = softmax(x, y)
    return lambda t: softmax(x + t * along, y)[0], float(np.sum(dx * along))


def recurrent_line(rng):
    """Ten steps of a recurrent network with two units, moved along its weights."""
    W, V, h = rng.standard_normal((2, 2)), rng.standard_normal((2, 2)), rng.standard_normal(2)

    def along(t):
        state, tangent = h, np.zeros(2)
        for _ in range(10):
            a, moved = (W + t * V) @ state, V @ state + (W + t * V) @ tangent
            state, tangent = np.tanh(a), (1 - np.tanh(a) ** 2) * moved
        return state @ state, 2 * state @ tangent

    return lambda t: along(t)[0], float(along(0.0)[1])


def large_line(rng):
    """A loss of a million, a slope of size one."""
    f, slope = softmax_line(rng)
    return lambda t: 1e6 + f(t), slope


LINES = {"softmax": softmax_line, "recurrent": recurrent_line, "large": large_line}


def measured(line, seed):
    f, slope = line(np.random.default_rng(seed))
    found, _ = measure(lambda steps: [np.array([f(t)]) for t in steps], np.array([f(0.0)]), 1.0, 20)
    assert found is not None
    return found, slope, f


@pytest.mark.parametrize("line", LINES)
def test_the_slope_lies_within_its_bound(line):
    for seed in range(40):
        found, slope, _ = measured(LINES[line], seed)
        assert abs(found.value - slope) <= found.error, seed


def rule_at_1e_5(f):
    """The same rule with the step of the second rung."""
    wide, narrow = (f(1e-5) - f(-1e-5)) / 2e-5, (f(5e-6) - f(-5e-6)) / 1e-5
    return narrow + (narrow - wide) / 3


@pytest.mark.parametrize("line", LINES)
def test_the_first_rung_is_several_times_closer_than_the_second(line):
    ours, before, first = [], [], 0
    for seed in range(40):
        found, slope, f = measured(LINES[line], seed)
        first += found.step == LADDER[0]
        ours.append(abs(found.value - slope))
        before.append(abs(rule_at_1e_5(f) - slope))
    assert first > 25
    assert 5 * np.median(ours) < np.median(before)


def test_the_bound_is_small_where_rounding_is_and_large_where_it_is_not():
    assert measured(softmax_line, 1)[0].error < 1e-8
    assert measured(large_line, 1)[0].error > 1e-7


def test_a_kink_within_the_first_rung_is_left_to_the_next():
    found, _ = measure(
        lambda steps: [np.array([np.abs(t - 1e-4)]) for t in steps], np.array([1e-4]), 1.0, 20
    )
    assert found is not None
    assert found.step == LADDER[1]
    assert found.value == pytest.approx(-1)


def told(change, seed=5):
    exercise, namespace = posed(
        lambda x, y: (softmax(x, y)[0], change(softmax(x, y)[1])),
        {"x": "N C", "y": "N int<C"},
        {"loss": "", "dx": "N C"},
        [Gradient("loss", wrt="x", claimed="dx")],
    )
    finding = judge(exercise, local(exercise, namespace), seed=seed).findings[0]
    assert finding.passed is False
    return finding


NUMBER = r"(-?\d(?:[\d.e-]*\d)?)"
SAID = re.compile(rf"the slope is {NUMBER} ± (\de-\d+); your dx\[(\d+), (\d+)\] is {NUMBER}")


@pytest.mark.parametrize("change", [lambda dx: 0 * dx, lambda dx: 2 * dx, lambda dx: dx - 0.1])
def test_a_wrong_gradient_is_told_the_slope_with_its_bound_and_its_own(change):
    finding = told(change)
    said = SAID.search(finding.message)
    assert said is not None, finding.message
    slope, bound, *_, yours = (float(number) for number in said.groups())
    shown = finding.evidence
    assert shown is not None
    assert shown.bound == pytest.approx(bound, rel=0.5)
    assert (shown.expected, shown.yours) == (pytest.approx(slope, 1e-4), pytest.approx(yours, 1e-4))
    assert bound < 1e-8


def test_slopes_that_differ_late_are_shown_until_they_do():
    def slightly(dx):
        dx[1, 2] += 2e-6
        return dx

    said = SAID.search(told(slightly).message)
    assert said is not None
    assert said[1] != said[5]
