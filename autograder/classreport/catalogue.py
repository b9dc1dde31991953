"""The assignment's known mistakes, by the names that grading puts on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..course.assignment import Assignment
from .record import Mistake

Catalogue = Mapping[tuple[str, str], Mistake]
"""(answer, name) -> mistake."""


def catalogue(assignment: Assignment) -> Catalogue:
    """The known mistakes; none where nobody wrote them."""
    if assignment.mistakes is None:
        return {}
    hints: Mapping[str, Mapping[str, str]] = assignment.mistakes.module.HINTS
    return {
        (answer, name): Mistake(answer, name, hint) for answer, ways in hints.items() for name, hint in ways.items()
    }


def looked_up(names: Iterable[Sequence[str]], known: Catalogue) -> tuple[Mistake, ...]:
    """The mistakes of these names, without those that the catalogue has lost. Of several with one hint, the first."""
    found: dict[str, Mistake] = {}
    for answer, name in names:
        if (mistake := known.get((answer, name))) is not None:
            found.setdefault(mistake.hint, mistake)
    return tuple(found.values())
