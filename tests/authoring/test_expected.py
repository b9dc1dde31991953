"""The expected answers that are committed: right answers pass with them, and mistakes are told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring import assignments_in_source
from autograder.checks import Reference
from autograder.course.assignment import Assignment, load_assignment
from autograder.exercise.trial import Trial
from autograder.released.here import Here
from autograder.released.sheet import SHEET, Sheet, read_sheet
from autograder.watch.devices import own_kernels
from autograder.watch.evaluate import local

from ..solutions.particulars import COPYABLE

HOME = Path(__file__).parents[2]
LARGEST = 2 << 20
each = pytest.mark.parametrize("name", assignments_in_source(HOME))


def committed(name: str) -> tuple[Assignment, Sheet]:
    data = (HOME / "assignments" / name / SHEET).read_bytes()
    assert len(data) < LARGEST
    return load_assignment(HOME, name), read_sheet(data)


@each
@pytest.mark.parametrize("kernels", [nullcontext, own_kernels])
def test_right_answers_pass_with_what_is_committed_whatever_the_processor(
    name: str, kernels: Callable[[], AbstractContextManager[None]]
) -> None:
    assignment, sheet = committed(name)
    assert sheet.exercises.keys() == assignment.exercises.keys()
    for exercise in assignment.exercises.values():
        here = Here(sheet.exercises[exercise.name])
        asked = Trial(exercise, local(exercise, assignment.reference), np.random.default_rng(0))
        asked.released = here.trial(asked)
        assert (asked.released is None) == (exercise.name in COPYABLE)
        for check in exercise.checks:
            if isinstance(check, Reference):
                with kernels():
                    found = here(asked, check)
                expected = None if exercise.name in COPYABLE else True
                assert found.passed is expected, (exercise.name, found)


@each
def test_of_every_answer_a_mistake_is_told_by_what_is_committed(name: str) -> None:
    """One for each answer: all of them are tried with what is worked out anew (tests/released)."""
    assignment, sheet = committed(name)
    assert assignment.mistakes is not None
    for exercise in assignment.exercises.values():
        if exercise.costly or not sheet.exercises[exercise.name].rights:
            continue
        mistake = next(assignment.mistakes.of(exercise.answers))
        here = Here(sheet.exercises[exercise.name])
        asked = Trial(exercise, local(exercise, mistake.namespace), np.random.default_rng(0))
        asked.released = here.trial(asked)
        checks = [check for check in exercise.checks if isinstance(check, Reference)]
        hints = [found.hint for check in checks if not (found := here(asked, check)).passed]
        assert any(mistake.hint in hint for hint in hints), (exercise.name, mistake.names, hints)


def test_most_points_are_judged_without_the_reference() -> None:
    for name in assignments_in_source(HOME):
        assignment, sheet = committed(name)
        judged = total = 0.0
        for exercise in assignment.exercises.values():
            waits = sum(check.share for check in exercise.checks if check.needs_reference)
            share = sum(check.share for check in exercise.checks)
            if exercise.name in COPYABLE:
                continue
            total += exercise.points
            judged += exercise.points
            if not sheet.exercises[exercise.name].rights:
                judged -= exercise.points * waits / share
        assert judged >= 0.95 * total, name
