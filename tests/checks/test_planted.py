"""Every planted wrong gradient is caught, in every draw; the right layers never fail."""

from __future__ import annotations

import pytest

from autograder.judge import judge
from autograder.watch.evaluate import local

from .planted import LAYERS, PLANTED


def test_there_are_forty():
    assert len(PLANTED) == 40


@pytest.mark.parametrize("name", LAYERS)
def test_the_right_layer_passes(name):
    exercise, namespace = LAYERS[name].exercise()
    for seed in range(30):
        verdict = judge(exercise, local(exercise, namespace), seed=seed)
        assert verdict.status == "passed", verdict.findings


@pytest.mark.parametrize(("name", "wrong"), PLANTED)
def test_a_planted_mistake_is_caught(name, wrong):
    exercise, namespace = LAYERS[name].exercise(wrong)
    passed = [seed for seed in range(30) if judge(exercise, local(exercise, namespace), seed=seed).status == "passed"]
    assert passed == []
