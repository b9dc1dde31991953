"""The catalogue of mistakes on a student's machine: seen and named there as in grading, and nothing
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from autograder.checks import Reference, Training
from autograder.exercise.trial import Exercise, Trial
from autograder.language.verdict import Verdict
from autograder.oracle.examiner import Unanswerable, decide
from autograder.released.sheet import SHEET, read_sheet
from autograder.watch.evaluate import local

from ..solutions.audited import ALL, Audited, audited
from ..solutions.conftest import COURSE
from ..solutions.particulars import COPYABLE
from .catalogue import by_student, hints_in, worked_out

QUICK = [("svm", "svm_loss"), ("cnn", "receptive_field")]
DEAR = [
    ("svm", "preprocess"),
    ("softmax", "adam"),
    ("backprop", "batchnorm_forward"),
    ("lstm", "temporal_softmax_loss"),
]
EVERY = [
    (one.name, name)
    for one in ALL
    for name in one.exercises
    if (one.name, name) not in [*QUICK, *DEAR]
]
each = pytest.mark.parametrize(
    ("assignment", "name"),
    [
        *QUICK,
        *(pytest.param(*one, marks=pytest.mark.audit) for one in DEAR),
        *(pytest.param(*one, marks=pytest.mark.long) for one in EVERY),
    ],
)


@each
def test_right_answers_pass(assignment: str, name: str) -> None:
    found, expected = audited(assignment), worked_out(assignment, name)
    for right in (found.right, found.in_another_style(name)):
        judged = by_student(found.exercises[name], expected, right)
        assert failed_here(judged) <= PARTLY_LOOPS.get(name, set()), judged.sentence()
        assert not judged.note


PARTLY_LOOPS = {
    "log_softmax": {"Vectorised over N"},
    "margin_violations": {"Vectorised over N"},
}
"""What right answers of another style loop over on purpose."""


JUDGED_HERE = 0.95
"""Of the points for code that hang on values which cannot be copied, and on no training."""


@pytest.mark.parametrize("audit", ALL, ids=lambda one: one.name)
def test_nearly_every_point_is_judged_where_the_reference_is_not(audit: Audited) -> None:
    released = read_sheet((COURSE / "assignments" / audit.name / SHEET).read_bytes()).exercises
    here: dict[bool, float] = {True: 0.0, False: 0.0}
    for name, exercise in audit.exercises.items():
        shares = sum(check.share for check in exercise.checks)
        for check in exercise.checks:
            if name in COPYABLE or isinstance(check, Training):
                continue
            values = isinstance(check, Reference) and bool(released[name].rights)
            here[values or not check.needs_reference] += exercise.points * check.share / shares
    assert here[True] >= JUDGED_HERE * (here[True] + here[False])


def failed_here(judged: Verdict) -> set[str]:
    return {finding.check for finding in judged.findings if finding.passed is False}


@each
def test_every_mistake_is_seen_and_named_as_in_grading(assignment: str, name: str) -> None:
    found, expected = audited(assignment), worked_out(assignment, name)
    if name in COPYABLE:
        assert not expected.rights
        return
    for answer, one in found.known(name):
        mistake = found.mistakes.commit(answer, (one,))
        judged = by_student(found.exercises[name], expected, mistake.namespace)
        graded = found.verdict(name, mistake.namespace, found.seed(name))
        assert judged.status != "passed", one
        assert mistake.hint in hints_in(judged, found), (one, judged.findings)
        assert hints_in(judged, found) <= hints_in(graded, found), one
        assert not judged.waiting


@pytest.mark.parametrize(
    ("assignment", "name"),
    [QUICK[0], *(pytest.param(*one, marks=pytest.mark.audit) for one in QUICK[1:] + DEAR + EVERY)],
)
def test_the_oracle_says_the_same(assignment: str, name: str) -> None:
    """What fails with the expected answers fails for the oracle, and for the same reason."""
    found, expected = audited(assignment), worked_out(assignment, name)
    exercise = found.exercises[name]
    asking = [check.title for check in exercise.checks if check.needs_reference]
    for answer, one in found.known(name):
        mistake = found.mistakes.commit(answer, (one,))
        outputs = drawn_by_the_oracle(exercise, mistake.namespace)
        here = {f.check: f for f in by_student(exercise, expected, mistake.namespace).findings}
        try:
            told = decide(COURSE, assignment, name, 5, outputs, thorough=False)
        except Unanswerable:
            assert not expected.rights or not asking
            continue
        for finding in told:
            assert finding.check in asking
            if finding.passed is not None and here[finding.check].passed is not None:
                assert finding.passed == here[finding.check].passed, (one, finding)
                assert finding.hint == here[finding.check].hint, one


def drawn_by_the_oracle(
    exercise: Exercise, namespace: Mapping[str, Any]
) -> list[dict[str, np.ndarray]]:
    """What an answer gives for the oracle's inputs."""
    trial = Trial(exercise, local(exercise, namespace), np.random.default_rng(5))
    return [drawn.evaluation.arrays() for drawn in trial.draws()]
