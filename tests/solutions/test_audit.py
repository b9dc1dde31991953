"""Grading the grader, what holds for every assignment: right answers pass, each known mistake fails and is named."""

from __future__ import annotations

from zlib import crc32

import pytest

from autograder.judge import fresh_seed, judge
from autograder.watch.evaluate import local

from .audited import ASSIGNMENTS, Audited, audited

ALL = [audited(name) for name in ASSIGNMENTS]
EXERCISES = [pytest.param(one, name, id=f"{one.name}-{name}") for one in ALL for name in one.exercises]
KNOWN = [pytest.param(one, answer, name, id=f"{one.name}-{answer}-{name}") for one in ALL for answer, name in one.known]
each_assignment = pytest.mark.parametrize("audit", ALL, ids=ASSIGNMENTS)


@each_assignment
def test_points_add_up_to_what_the_written_question_leaves(audit: Audited):
    assert sum(exercise.points for exercise in audit.exercises.values()) == 96
    for exercise in audit.exercises.values():
        assert sum(check.share for check in exercise.checks) == exercise.points, exercise.name


@each_assignment
def test_every_answer_is_asked_and_has_mistakes(audit: Audited):
    right = audit.right
    answers = {name for name, thing in right.items() if getattr(thing, "__module__", None) == right["__name__"]}
    assert set(audit.answers) == answers == set(audit.wrong.HINTS)
    assert all(len(audit.mistakes.names(answer)) >= 3 for answer in audit.answers)


@pytest.mark.parametrize(("audit", "name"), EXERCISES)
@pytest.mark.parametrize("seed", range(2))
def test_the_reference_earns_every_point(audit: Audited, name: str, seed: int):
    judged = audit.verdict(name, audit.right, seed)
    assert (judged.status, judged.score) == ("passed", judged.points), judged.sentence()


@pytest.mark.parametrize(("audit", "answer", "name"), KNOWN)
def test_every_known_mistake_is_caught_and_named(audit: Audited, answer: str, name: str):
    caught_and_named(audit, answer, name, crc32(f"{audit.name} {audit.answers[answer].name}".encode()))


@pytest.mark.long
@pytest.mark.parametrize(("audit", "answer", "name"), KNOWN)
def test_every_known_mistake_is_caught_and_named_whatever_is_drawn(audit: Audited, answer: str, name: str):
    for _ in range(20):
        caught_and_named(audit, answer, name, fresh_seed())


def caught_and_named(audit: Audited, answer: str, name: str, seed: int) -> None:
    """Asserts that a mistake costs points and is told by its own hint."""
    mistake = audit.mistakes.commit(answer, (name,))
    judged = audit.verdict(audit.answers[answer].name, dict(mistake.namespace), seed)
    findings = [finding for finding in judged.findings if finding.passed is False]
    values = [finding for finding in findings if not finding.check.startswith("Vectorised")]
    assert values, f"not caught with seed {judged.seed}"
    assert judged.note == "", "a check broke"
    assert judged.score < judged.points
    assert any(mistake.hint in finding.hint for finding in findings), f"not named with seed {judged.seed}: {findings}"


@pytest.mark.parametrize(("audit", "name"), EXERCISES)
def test_a_laptop_without_the_reference_finds_nothing_wrong_with_a_right_answer(audit: Audited, name: str):
    exercise = audit.posed(name)
    judged = judge(exercise, local(exercise, audit.right), seed=2)
    assert all(finding.passed is not False for finding in judged.findings)
