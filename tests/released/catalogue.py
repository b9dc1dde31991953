"""An assignment's exercises as a student's machine judges them: with what is worked out for a
release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from autograder.checks import Training
from autograder.exercise.trial import Exercise
from autograder.judge import judge
from autograder.language.verdict import Verdict
from autograder.released.expected import Expected
from autograder.released.here import Here
from autograder.released.work_out import work_out
from autograder.watch.evaluate import local

from ..solutions.audited import Audited, audited


@cache
def worked_out(assignment: str, name: str) -> Expected:
    """What would be released of an exercise now."""
    found = audited(assignment)
    return work_out(found.exercises[name], found.right, found.mistakes)


def by_student(exercise: Exercise, expected: Expected, namespace: Mapping[str, Any]) -> Verdict:
    """Judge without the reference, and without training."""
    kept = [check for check in exercise.checks if not isinstance(check, Training)]
    here = Here(expected)
    posed = replace(exercise, checks=kept)
    return judge(posed, local(posed, namespace), seed=7, elsewhere=here, released=here.trial)


def hints_in(verdict: Verdict, assignment: Audited) -> set[str]:
    """The hints of known mistakes that a verdict tells."""
    known = {hint for hints in assignment.wrong.HINTS.values() for hint in hints.values()}
    said = [f"{finding.hint} {finding.message}" for finding in verdict.findings]
    return {hint for hint in known if any(hint in one for one in said)}
