"""Every planted wrong gradient is caught, in every draw; the right layers never fail."""

from __future__ import annotations

import pytest

from autograder.judge import judge
from autograder.watch.evaluate import local

from .planted import LAYERS, PLANTED


def test_there_are_forty():
    assert len(PLANTED) == 40


MORE = pytest.param(range(8, 30), marks=pytest.mark.long, id="22 more")
draws = pytest.mark.parametrize("seeds", [pytest.param(range(8), id="8 draws"), MORE])


@draws
@pytest.mark.parametrize("name", LAYERS)
def test_the_right_layer_passes(name, seeds):
    exercise, namespace = LAYERS[name].exercise()
    for seed in seeds:
        verdict = judge(exercise, local(exercise, namespace), seed=seed)
        assert verdict.status == "passed", verdict.findings


@draws
@pytest.mark.parametrize(("name", "wrong"), PLANTED)
def test_a_planted_mistake_is_caught(name, wrong, seeds):
    exercise, namespace = LAYERS[name].exercise(wrong)
    verdicts = [judge(exercise, local(exercise, namespace), seed=seed) for seed in seeds]
    assert [verdict.seed for verdict in verdicts if verdict.status == "passed"] == []
