"""Each way to go wrong on a card is caught, and named; what is right loses nothing by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.checks import training
from autograder.judge import judge
from autograder.vocabulary import draws
from autograder.watch.devices import ACCELERATOR
from autograder.watch.evaluate import local
from tests.solutions.audited import failed

from .apart import apart
from .planted import HONEST, MASK, PLANTED
from .small import ACCELERATED, HAVE_OBJECTS, AnyMeans, trained

AUDITS = {name: audit for audit, name in ACCELERATED}


KINDS = [
    pytest.param(kind, marks=[] if kind in (MASK, next(iter(PLANTED))) else [pytest.mark.audit])
    for kind in PLANTED
]
"""Two in `make test`; all take their time."""


@pytest.mark.parametrize("kind", KINDS)
@apart
def test_what_goes_wrong_on_a_card_is_caught_and_named(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "RUNS", 1)
    # how long a loader waits for a worker that does not end
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.5)
    planted = PLANTED[kind]
    audit = AUDITS[planted.exercise]
    exercise = trained(audit, planted.exercise, planted.check, falls=planted.falls)
    there = {**exercise.given, "device": draws.always(ACCELERATOR)}
    kept = [one for one in exercise.checks if one.title == planted.check]
    asked = replace(exercise, checks=[*kept, AnyMeans()], given=there)
    answer = {**audit.right, planted.exercise: planted.answer}
    judged = judge(
        asked,
        local(asked, answer),
        reference=local(asked, audit.right),
        mistakes=audit.mistakes,
        seed=3,
    )
    assert not judged.note
    (finding,) = [one for one in judged.findings if one.check == planted.check]
    assert finding.passed is False
    assert planted.words in finding.message + finding.hint


@pytest.mark.audit
@pytest.mark.parametrize("name", HONEST)
@apart
def test_the_same_without_a_fault_loses_nothing(name: str) -> None:
    audit = AUDITS[name]
    titles = [one.title for one in audit.posed(name, counted=False).checks]
    exercise = trained(audit, name, *titles, falls=False)
    there = replace(exercise, given={**exercise.given, "device": draws.always(ACCELERATOR)})
    for asked in (exercise, there):
        answer = local(asked, {**audit.right, name: HONEST[name]})
        judged = judge(asked, answer, reference=local(asked, audit.right), seed=3)
        assert not judged.note
        allowed = HAVE_OBJECTS if asked is there else set()
        assert failed(judged) <= allowed, judged.sentence()
