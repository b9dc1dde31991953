"""One bad situation costs that situation: the rest of the points stay, and the student is told."""

from __future__ import annotations

import numpy as np
import pytest

from autograder import case
from autograder.checks import Dimensions, Gradient, Property, Reference
from autograder.exercise.trial import Trial
from autograder.judge import judge
from autograder.watch.evaluate import local

from .layers import posed


def squares(x, dout):
    return x * x, 2 * x * dout


def judged(answer, *checks):
    exercise, namespace = posed(
        answer,
        {"x": "N D", "dout": "N D"},
        {"out": "N D", "dx": "N D"},
        list(checks),
        cases=[case("one example", sizes={"N": 1}), case("two examples", sizes={"N": 2})],
    )
    reference = local(exercise, {"answer": squares})
    return judge(exercise, local(exercise, namespace), reference=reference, seed=3)


GRADIENT = Gradient("out", wrt="x", claimed="dx", upstream="dout")
CHECKS = {"Dimensions": Dimensions(), "Gradient": GRADIENT, "Reference": Reference()}


def stops_on_one(x, dout):
    if len(x) == 1:
        raise ValueError("one example is too few")
    return squares(x, dout)


def misshapen_for_one(x, dout):
    out, dx = squares(x, dout)
    return (out, dx[0]) if len(x) == 1 else (out, dx)


def wrong_for_one(x, dout):
    out, dx = squares(x, dout)
    return (out, dx + 1) if len(x) == 1 else (out, dx)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("answer", [stops_on_one, misshapen_for_one])
def test_one_bad_situation_of_four_costs_a_quarter(check, answer):
    verdict = judged(answer, CHECKS[check])
    (finding,) = verdict.findings
    assert (verdict.status, verdict.score) == ("partial", 7.5)
    assert finding.passed is False
    assert "(one example)" in finding.message
    assert finding.message.endswith("3 of 4 situations are right, and earn 3/4 of these points.")


@pytest.mark.parametrize("check", ["Gradient", "Reference"])
def test_values_that_are_wrong_in_one_situation_cost_that_situation(check):
    verdict = judged(wrong_for_one, CHECKS[check])
    assert verdict.score == 7.5
    assert "(one example)" in verdict.findings[0].message


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_right_in_special_situations_alone_earns_nothing(check):
    def only_one(x, dout):
        out, dx = squares(x, dout)
        return (out, dx) if len(x) == 1 else (out[0], dx + 1)

    assert judged(only_one, CHECKS[check]).score == 0


def test_an_exception_everywhere_earns_nothing():
    def stops(x, dout):
        raise ValueError("no")

    verdict = judged(stops, *CHECKS.values())
    assert (verdict.status, verdict.score) == ("error", 0)


def test_a_property_goes_on_with_the_situations_that_work():
    """Its own draws may meet the sizes that the answer refuses: it draws again."""
    refused = 0

    def refuses_once(x, dout):
        nonlocal refused
        if np.allclose(dout, 7) and not refused:
            refused += 1
            raise ValueError("no")
        return squares(x, dout)

    def grows(trial: Trial):
        return None if trial.ask(dout=np.full((2, 2), 7.0), x=np.ones((2, 2)))[1] else "no"

    verdict = judged(refuses_once, Property("grows", grows))
    assert (refused, verdict.status) == (1, "passed")
