"""Grading the grader, what holds for every assignment: right answers pass, wrong ones fail and
mistakes are named.

Everything about one exercise is asked in one test, with one seed: what the reference answers is
then worked out once. A test that fails names every mistake it failed with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from autograder.authoring.text import read_text
from autograder.checks import Gradient
from autograder.course.assignment import assignments_in
from autograder.exercise.mistakes import Mistake
from autograder.exercise.trial import Exercise
from autograder.judge import fresh_seed
from autograder.language.probe import Call
from autograder.language.verdict import Finding, Verdict

from .audited import (
    ALL,
    ASSIGNMENTS,
    EXERCISES,
    SLOW_TO_TRAIN,
    Audited,
    each_assignment,
    each_exercise,
    each_trained,
    one_in_three,
)
from .conftest import COURSE
from .known_words import code_names, known_in
from .nonsense import NONSENSE
from .particulars import DRAWN_LESS, PARTICULARS, PARTLY_RIGHT

each_answer = pytest.mark.parametrize(
    ("audit", "answer"),
    [pytest.param(one, answer, id=f"{one.name}-{answer}") for one in ALL for answer in one.answers],
)


def test_every_released_assignment_is_audited():
    assert set(ASSIGNMENTS) == set(assignments_in(COURSE))


@each_assignment
def test_points_add_up_to_what_the_written_questions_leave(audit: Audited):
    text = read_text(COURSE / "source" / audit.name / f"{audit.name}.md", f"{audit.name}.md")
    written = sum(cell.points for cell in text.cells if cell.kind == "manual")
    assert sum(exercise.points for exercise in audit.exercises.values()) == 100 - written
    for exercise in audit.exercises.values():
        assert sum(check.share for check in exercise.checks) == exercise.points, exercise.name


@each_assignment
def test_every_answer_is_asked_and_has_mistakes(audit: Audited):
    right = audit.right
    answers = {
        name
        for name, thing in right.items()
        if getattr(thing, "__module__", None) == right["__name__"]
    }
    assert set(audit.answers) == answers == set(audit.wrong.HINTS)
    assert all(len(audit.mistakes.names(answer)) >= 3 for answer in audit.answers)


# --- right answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(("audit", "name"), one_in_three(EXERCISES, 1))
def test_the_reference_earns_every_point(audit: Audited, name: str):
    judged = audit.verdict(name, audit.right, 1)
    assert (judged.status, judged.score) == ("passed", judged.points), judged.sentence()


@pytest.mark.parametrize(
    ("audit", "name"),
    [
        case
        for one in ALL
        for case in one_in_three(
            pytest.param(one, name, id=f"{one.name}-{name}") for name in one.trained()
        )
    ],
)
def test_the_reference_learns(audit: Audited, name: str):
    judged = audit.verdict(name, audit.right, 1, train=True)
    assert (judged.status, judged.score) == ("passed", judged.points), judged.sentence()


@pytest.mark.parametrize(("audit", "name"), one_in_three(EXERCISES))
def test_a_laptop_without_the_reference_finds_nothing_wrong_with_a_right_answer(audit, name):
    judged = audit.on_a_laptop(name, audit.right, 2)
    assert all(finding.passed is not False for finding in judged.findings)


@pytest.mark.long
@each_trained
def test_a_laptop_finds_nothing_wrong_with_what_right_answers_learn(audit: Audited, name: str):
    judged = audit.on_a_laptop(name, audit.right, 2, train=True)
    assert all(finding.passed is not False for finding in judged.findings)


@pytest.mark.long
@each_exercise
def test_no_right_answer_is_ever_failed(audit: Audited, name: str):
    for seed in range(DRAWN_LESS.get((audit.name, name), PARTICULARS[audit.name].draws)):
        judged = audit.verdict(name, audit.right, seed, train=audit.name not in SLOW_TO_TRAIN)
        assert judged.status == "passed", f"seed {seed}: {judged.sentence()}"


# --- known mistakes -----------------------------------------------------------------------------


def shares() -> list[Any]:
    """One mistake of every third exercise, without the count of loops. All of them with everything
    is for ``make test-audit``.
    """
    found = []
    for one in ALL:
        for at, name in enumerate(one.exercises):
            known, id = one.known(name), f"{one.name}-{name}"
            if at % 3 == 2:
                found.append(pytest.param(one, name, known[:1], False, id=id))
            whole = pytest.param(one, name, known, True, id=f"{id}-whole", marks=pytest.mark.audit)
            found.append(whole)
    return found


@pytest.mark.parametrize(("audit", "name", "known", "counted"), shares())
def test_every_known_mistake_is_caught_and_named_and_most_are_seen_on_a_laptop(
    audit: Audited, name: str, known: list[tuple[str, str]], counted: bool
):
    hidden = PARTICULARS[audit.name].only_with_the_reference
    missed, unseen, strange = [], [], set()
    for answer, one in known:
        mistake = audit.mistakes.commit(answer, (one,))
        judged = audit.verdict(name, mistake.namespace, audit.seed(name), counted=counted)
        missed += [f"{answer}, {one}: {problem}" for problem in problems(judged, mistake)]
        strange |= strange_names(audit, judged)
        missed += [f"{answer}, {one}: {problem}" for problem in told(audit, name, judged)]
        if (answer, one) not in hidden and not seen_blindly(audit, name, judged, mistake):
            unseen.append((answer, one))
    assert missed == []
    assert unseen == []
    assert strange == set()


def problems(judged: Verdict, mistake: Mistake) -> Iterable[str]:
    """What is missing where a mistake should cost points and be told by its own hint."""
    findings = [finding for finding in judged.findings if finding.passed is False]
    if all(finding.check.startswith("Vectorised") for finding in findings):
        yield f"not caught with seed {judged.seed}"
    if judged.note:
        yield f"a check broke: {judged.note}"
    if judged.score >= judged.points:
        yield f"costs nothing with seed {judged.seed}"
    if not any(mistake.hint in finding.hint for finding in findings):
        yield f"not named with seed {judged.seed}: {findings}"


def told(audit: Audited, name: str, judged: Verdict) -> Iterable[str]:
    """Sentences that tell what is right where few values can be."""
    asked = audit.exercises[name]
    outputs = {asked.said(output): dims for output, dims in asked.outputs.items()}
    for finding in judged.findings:
        evidence = finding.evidence
        if re.search(r"(must|should) be \(?(True|False)\b", finding.message):
            yield f"tells yes from no: {finding.message}"
        if evidence is None or evidence.output not in outputs or not outputs[evidence.output].axes:
            continue
        if outputs[evidence.output].entries == "bool" and (
            "should be" in finding.message or evidence.expected is not None
        ):
            yield f"tells the right value of {evidence.output}: {finding.message}"


def strange_names(audit: Audited, judged: Verdict) -> set[str]:
    """The names of code in what a report says that no student knows; but for an exception's words,
    which are Python's.
    """
    said = [
        text
        for one in judged.findings
        if not one.passed and "Error: " not in one.message
        for text in (one.check, one.message, one.hint, one.evidence.example if one.evidence else "")
    ]
    return code_names(" ".join(said)) - known_in(audit.name)


def seen_blindly(audit: Audited, name: str, judged: Verdict, mistake: Mistake) -> bool:
    """Whether a laptop sees it: in a verdict already there, or else in one of its own."""
    blind = audit.blind(name)
    if any(one.passed is False and one.check in blind for one in judged.findings):
        return True
    return anything_wrong(audit.on_a_laptop(name, mistake.namespace, 4).findings)


def anything_wrong(findings: Iterable[Finding]) -> bool:
    return any(finding.passed is False for finding in findings)


@pytest.mark.long
@each_exercise
def test_every_known_mistake_is_caught_and_named_whatever_is_drawn(audit: Audited, name: str):
    missed = []
    for seed in [audit.seed(name), *(fresh_seed() for _ in range(20))]:
        for answer, one in audit.known(name):
            mistake = audit.mistakes.commit(answer, (one,))
            trained = audit.name not in SLOW_TO_TRAIN
            judged = audit.verdict(name, mistake.namespace, seed, train=trained)
            missed += [f"{answer}, {one}: {problem}" for problem in problems(judged, mistake)]
    assert missed == []


@pytest.mark.long
@each_exercise
def test_a_laptop_without_the_reference_sees_most_mistakes(audit: Audited, name: str):
    unseen = {
        (answer, one)
        for answer, one in audit.known(name)
        if not anything_wrong(
            audit.on_a_laptop(
                name,
                audit.mistakes.commit(answer, (one,)).namespace,
                4,
                train=audit.name not in SLOW_TO_TRAIN,
            ).findings
        )
    }
    assert unseen <= PARTICULARS[audit.name].only_with_the_reference


@pytest.mark.parametrize(
    ("audit", "answer", "names"),
    [
        case
        for one in ALL
        for case in one_in_three(
            pytest.param(one, answer, names, id=f"{one.name}-{answer}-{'-'.join(names)}")
            for answer, names in PARTICULARS[one.name].pairs
        )
    ],
)
def test_two_mistakes_at_once_are_both_named(audit: Audited, answer: str, names: tuple[str, str]):
    committed = audit.mistakes.commit(answer, names)
    judged = audit.verdict(audit.answers[answer].name, committed.namespace, 5)
    hints = " ".join(finding.hint for finding in judged.findings)
    for name in names:
        assert audit.wrong.HINTS[answer][name] in hints, name


@pytest.mark.parametrize(
    ("audit", "answer"),
    one_in_three(
        pytest.param(one, answer, id=f"{one.name}-{answer}")
        for one in ALL
        for answer in getattr(one.wrong, "NUMBERS", {})
    ),
)
def test_a_mistake_with_a_number_is_named_whatever_the_number(audit: Audited, answer: str):
    for name in audit.mistakes.numbered(answer)[::7]:
        committed = audit.mistakes.commit(answer, (name,))
        judged = audit.verdict(audit.answers[answer].name, committed.namespace, 5)
        if judged.score < judged.points:
            assert any(committed.hint in finding.hint for finding in judged.findings), name


# --- wrong beyond any catalogue -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("audit", "answer"),
    [
        pytest.param(one, answer, id=f"{one.name}-{answer}")
        for one in ALL
        for answer in list(one.answers)[::3]
    ],
)
def test_nonsense_is_the_answers_fault_and_earns_little(audit: Audited, answer: str):
    """Some kinds for every third answer, others for the next of them."""
    first = list(audit.answers).index(answer) // 3 % 9
    assert excused(audit, answer, list(NONSENSE)[first::9]) == []


@pytest.mark.audit
@each_answer
def test_all_nonsense_is_the_answers_fault_and_earns_little(audit: Audited, answer: str):
    assert excused(audit, answer, NONSENSE) == []


def excused(audit: Audited, answer: str, kinds: Iterable[str]) -> list[tuple[str, str, str, float]]:
    """The kinds of nonsense that break a check, pass or earn much, and what became of them."""
    exercise = audit.answers[answer]
    most = PARTICULARS[audit.name].nonsense_earns if len(exercise.answers) > 1 else 0.4
    found = []
    for kind in kinds:
        judged = audit.verdict(exercise.name, {**audit.right, answer: NONSENSE[kind]}, 1)
        allowed = judged.points * (2 / 3 if (answer, kind) in PARTLY_RIGHT else most)
        assert strange_names(audit, judged) == set(), kind
        if judged.note or judged.status == "passed" or judged.score > allowed:
            found.append((kind, judged.note, judged.status, judged.score))
    return found


@pytest.mark.parametrize(
    "audit",
    [
        pytest.param(one, id=one.name, marks=() if one.name == "svm" else pytest.mark.audit)
        for one in ALL
    ],
)
def test_a_loss_that_is_no_number_is_told_as_a_shape_by_every_check(audit: Audited):
    """Of shape (1,), and (N,): one entry for each example."""
    for name, exercise in audit.exercises.items():
        gradients = [one for one in exercise.checks if isinstance(one, Gradient)]
        of_a_number = [one for one in gradients if one.of == "loss"]
        for shape in ((1,), (4,)) if of_a_number else ():
            judged = audit.verdict(name, audit.right, 1, probe=with_a_loss_of(exercise, shape))
            told = {one.check: one.message for one in judged.findings if not one.passed}
            for check in ("Dimensions", *(one.title for one in of_a_number)):
                assert told[check].startswith("loss is ("), (name, check, told[check])
                assert "it must be a scalar" in told[check]
            said = " ".join(told.values())
            assert "jumps about" not in said, name
            assert "not a number" not in said, name


def with_a_loss_of(exercise: Exercise, shape: tuple[int, ...]) -> Call:
    """The probe of an exercise, but for what the answer gives as its loss."""

    def probe(student: Any, **inputs: Any) -> dict[str, Any]:
        outputs = exercise.function(student, **inputs)
        return {**outputs, "loss": np.broadcast_to(outputs["loss"], shape).copy()}

    return probe


@pytest.mark.parametrize(
    ("audit", "answer", "zeros"),
    [
        case
        for one in ALL
        for case in one_in_three(
            pytest.param(one, answer, zeros, id=f"{one.name}-{answer}")
            for answer, zeros in PARTICULARS[one.name].zeros.items()
        )
    ],
)
def test_zeros_of_the_right_shape_earn_little(audit: Audited, answer: str, zeros):
    judged = audit.verdict(audit.answers[answer].name, {**audit.right, answer: zeros}, 1)
    assert judged.note == ""
    assert judged.score <= PARTICULARS[audit.name].zeros_earn * judged.points
