"""Which of the assignment's known mistakes a graded exercise's report names.

The report that grading wrote into the check cell holds every hint, whichever check found it; the catalogue in
``solutions/mistakes`` says which hints there are. So no sentence is guessed at, and a pair of mistakes counts as two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import unescape

from ..grading.assignment import Assignment
from .record import Mistake


def catalogue(assignment: Assignment) -> dict[str, tuple[Mistake, ...]]:
    """The known mistakes of every exercise; none where nobody wrote them."""
    if assignment.mistakes is None:
        return {}
    hints: Mapping[str, Mapping[str, str]] = assignment.mistakes.module.HINTS
    return {
        name: tuple(
            Mistake(answer, mistake, hint)
            for answer in exercise.answers
            for mistake, hint in hints.get(answer, {}).items()
        )
        for name, exercise in assignment.exercises.items()
    }


def named_in(report: str, known: Sequence[Mistake]) -> tuple[Mistake, ...]:
    """The mistakes whose hints stand in a report (HTML). Of several with one hint, the first."""
    text = unescape(report)
    found: dict[str, Mistake] = {}
    for mistake in known:
        if mistake.hint in text:
            found.setdefault(mistake.hint, mistake)
    return tuple(found.values())
