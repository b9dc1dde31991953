"""Who is falling behind, and why one might think so: three rules, each with its sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

FELL = 20
"""Percent of the points by which somebody fell, measured against the class."""

FEW = 50
"""Percent of the points below which the latest assignment is a worry."""

KINDS = {"missing": "Handed in nothing", "fell": "Fell", "low": "Few points"}
"""What the rules look for, the most pressing first."""


@dataclass(frozen=True)
class ClassStanding:
    """How a class did in one assignment. ``shares``: student -> percent of the points that are
    graded. ``missing``: enrolled students of whom nothing came although it could be expected.
    """

    assignment: str
    shares: Mapping[str, float]
    median: float | None
    lower: float | None
    missing: frozenset[str]


def worries(student: str, standings: Sequence[ClassStanding]) -> list[dict[str, str]]:
    """What is worrying about one student, assignments in the course's order: kind, sentence."""
    found: list[dict[str, str]] = []
    if missed := [one.assignment for one in standings if student in one.missing]:
        found.append({"kind": "missing", "sentence": f"nothing for {', '.join(missed)}"})
    seen = [one for one in standings if student in one.shares]
    if not seen:
        return found
    latest = seen[-1]
    share = latest.shares[student]
    before = [_ahead(student, one) for one in seen[:-1]]
    if before and mean(before) - _ahead(student, latest) >= FELL:
        usual = mean(one.shares[student] for one in seen[:-1])
        found.append(
            {
                "kind": "fell",
                "sentence": f"{share:.0f} % in {latest.assignment} after {usual:.0f} % on average "
                f"before; the class's median there is {latest.median or 0:.0f} %",
            }
        )
    if share < FEW and latest.lower is not None and share <= latest.lower:
        sentence = f"{share:.0f} % in {latest.assignment}, in the lowest quarter of the class"
        found.append({"kind": "low", "sentence": sentence})
    return found


def _ahead(student: str, standing: ClassStanding) -> float:
    """How many percent ahead of the class's median."""
    return standing.shares[student] - (standing.median or 0.0)
