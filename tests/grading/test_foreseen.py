"""Questions asked ahead: each answer serves once, none that comes of a process in trouble, and no
verdict hangs on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.course.assignment import load_assignment
from autograder.course.reference_answers import ReferenceAnswers
from autograder.course.rehearsed import Rehearsed
from autograder.grading.foreseen import Foreseen
from autograder.judge import judge, watched_ahead
from autograder.language.verdict import Evaluation, Failure, Value
from autograder.watch.evaluate import local

SVM = load_assignment(Path(__file__).resolve().parents[2], "svm")
UNTRAINED = sorted(name for name, exercise in SVM.exercises.items() if not exercise.costly)


def numbered(x: float) -> Evaluation:
    return Evaluation(outputs={"y": Value(np.array(x), "float")})


class Noting:
    """Answers with what it was given, and notes what that was."""

    def __init__(self, failure: Failure | None = None) -> None:
        self.asked: list[list[Any]] = []
        self._failure = failure

    def __call__(self, batch: Any, /, *, count_work: bool = False) -> list[Evaluation]:
        self.asked.append([inputs["x"] for inputs in batch])
        if self._failure is not None:
            return [Evaluation(failure=self._failure) for _ in batch]
        return [numbered(inputs["x"]) for inputs in batch]


def given(found: list[Evaluation]) -> list[float]:
    return [one.arrays()["y"].item() for one in found]


def test_what_was_foreseen_is_asked_once_and_serves_once():
    now, ahead = Noting(), Noting()
    foreseen = Foreseen(now, ahead, [{"x": 1.0}, {"x": 2.0}, {"x": 2.0}])
    assert ahead.asked == [[1.0, 2.0, 2.0]]
    assert given(foreseen([{"x": 2.0}, {"x": 3.0}, {"x": 1.0}])) == [2.0, 3.0, 1.0]
    assert now.asked == [[3.0]]
    assert given(foreseen([{"x": 2.0}, {"x": 2.0}])) == [2.0, 2.0]
    assert now.asked == [[3.0], [2.0]]


def test_watched_calls_are_never_foreseen():
    now = Noting()
    Foreseen(now, Noting(), [{"x": 1.0}])([{"x": 1.0}], count_work=True)
    assert now.asked == [[1.0]]


@pytest.mark.parametrize("kind", ["timeout", "killed", "device"])
def test_nothing_counts_where_the_process_was_in_trouble(kind: Any):
    now = Noting()
    foreseen = Foreseen(now, Noting(Failure(kind, "stopped")), [{"x": 1.0}])
    assert given(foreseen([{"x": 1.0}])) == [1.0]


def test_an_exception_counts_as_if_it_came_when_asked():
    now = Noting()
    foreseen = Foreseen(now, Noting(Failure("error", "ValueError: no")), [{"x": 1.0}])
    (found,) = foreseen([{"x": 1.0}])
    assert found.failure is not None
    assert found.failure.message == "ValueError: no"
    assert now.asked == []


def test_who_is_asked_alone_is_not_rehearsed_and_a_class_is():
    rehearsed = Rehearsed(ReferenceAnswers(SVM.reference))
    exercise = SVM.exercises["svm_loss"]
    assert list(rehearsed.of(exercise, 1)) == []
    assert list(rehearsed.of(exercise, 2)) == []
    assert list(rehearsed.of(exercise, 2)) != []
    assert list(rehearsed.of(exercise, 1)) == []


@pytest.mark.parametrize("name", UNTRAINED)
def test_a_right_answer_is_asked_nothing_that_was_not_foreseen(name: str):
    exercise, reference = SVM.exercises[name], ReferenceAnswers(SVM.reference)
    rehearsed = Rehearsed(reference)
    rehearsed.of(exercise, 5)
    calls = local(exercise, SVM.reference)
    unforeseen: list[int] = []

    def noting(batch: Any, /, *, count_work: bool = False) -> list[Evaluation]:
        unforeseen.append(0 if count_work else len(batch))
        return calls(batch, count_work=count_work)

    seen = watched_ahead(exercise, calls, seed=5)
    foreseen = Foreseen(noting, calls, rehearsed.of(exercise, 5))
    verdict = judge(exercise, foreseen, reference=reference.of(exercise, 5), seed=5, seen=seen)
    assert verdict.status == "passed"
    assert sum(unforeseen) == 0


@pytest.mark.parametrize("name", ["svm_loss_vectorized", "rel_error", "coarse_to_fine_search"])
def test_a_wrong_answers_verdict_does_not_hang_on_them(name: str):
    exercise, reference = SVM.exercises[name], ReferenceAnswers(SVM.reference)
    rehearsed, mistakes = Rehearsed(reference), SVM.mistakes
    rehearsed.of(exercise, 5)
    assert mistakes is not None
    for mistake in mistakes.of((name,)):
        calls, ours = local(exercise, mistake.namespace), reference.of(exercise, 5)
        foreseen = Foreseen(calls, calls, rehearsed.of(exercise, 5))
        alone = judge(exercise, calls, reference=ours, mistakes=mistakes, seed=5)
        ahead = judge(exercise, foreseen, reference=ours, mistakes=mistakes, seed=5)
        assert [(one.message, one.hint, one.part) for one in ahead.findings] == [
            (one.message, one.hint, one.part) for one in alone.findings
        ]
        assert ahead.score == alone.score
