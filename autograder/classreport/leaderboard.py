"""Leaderboards: the trained models of those who want to be on one, by what the judge measured.

All that ranks comes from the verdicts on record, and is held to the reference that was trained
beside each answer: what was reached, as a ratio, with no more steps and parameters. Of a notebook
nothing is taken but the name that its author chose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..grading.pseudonym import same_name
from ..language.verdict import Performance
from .record import Answered, ClassRecord, Handed

DIGITS = 3
APART = 0.02
"""How much of a ratio tells two models apart. Less is chance: a learning rate that is larger by a
thousandth moves a training's as much.
"""
SOMEBODYS = "The name for the leaderboard is how somebody else of this course is called."
NOT_MEASURED = "nothing could be measured: its training did not end well, or was not judged"
OTHERWISE_MEASURED = (
    "graded before this exercise was compared as it is now: it has to be graded again"
)
NOT_ALLOWED = "the answer calls what is not allowed, and earns nothing for its exercise"
NOT_GENUINE = (
    "the run was not the exercise's: its calls, losses or scores are not those of the model that was "
    "handed over"
)


def leaderboards(record: ClassRecord, *, identities: bool = False) -> list[dict[str, Any]]:
    """A board for each exercise that ranks, as plain JSON. ``identities`` adds who is who."""
    names = _told_apart(record)
    return [
        {"exercise": exercise, "measured": measured} | _board(exercise, record, names, identities)
        for exercise, measured in record.ranked.items()
    ]


def refused_names(record: ClassRecord, *, identities: bool = False) -> list[dict[str, str]]:
    """Why some who want to take part are on no board, and whose name was cut."""
    taken = _taken(record)
    found: list[dict[str, str]] = []
    for one in record.handed:
        said = _refused(one, taken) or one.pseudonym.said
        if said:
            found.append({"why": said} | _who(one, identities))
    return found


def _board(
    exercise: str, record: ClassRecord, names: Mapping[str, str], identities: bool
) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    for one in record.handed:
        if one.student not in names:
            continue
        called = {"pseudonym": names[one.student]} | _who(one, identities)
        answered = next((found for found in one.exercises if found.name == exercise), None)
        if why := _why_not(answered, record.ranked[exercise]):
            left_out.append(called | {"why": why})
        elif answered and (reached := answered.performance):
            rows.append(called | _figures(reached))
    rows.sort(key=lambda row: (-row["ratio"], same_name(row["pseudonym"])))
    ranks = ranked([row["ratio"] for row in rows])
    return {
        "rows": [{"rank": rank} | row for rank, row in zip(ranks, rows, strict=True)],
        "left_out": sorted(left_out, key=lambda row: same_name(row["pseudonym"])),
    }


def ranked(ratios: Sequence[float]) -> list[int]:
    """The ranks of falling ratios: whoever is not told apart from the best of a rank shares it, and
    as many ranks are left out after it.
    """
    ranks: list[int] = []
    best = float("inf")
    for place, ratio in enumerate(ratios, start=1):
        if best - ratio > APART + 1e-9:
            best = ratio
            ranks.append(place)
        else:
            ranks.append(ranks[-1])
    return ranks


def _why_not(answered: Answered | None, measured: str) -> str:
    """Why somebody who wants to be on a board is not; empty for whoever is."""
    reached = answered.performance if answered else None
    if answered is None or answered.ours or reached is None or reached.ratio is None:
        return NOT_MEASURED
    if reached.measured != measured:
        return OTHERWISE_MEASURED
    if answered.disallowed:
        return NOT_ALLOWED
    if not reached.genuine:
        return NOT_GENUINE
    for what, yours, most in (
        ("steps", reached.steps, reached.most_steps),
        ("parameters", reached.parameters, reached.most_parameters),
    ):
        if most is not None and (yours is None or yours > most):
            took = "an unknown number of" if yours is None else yours
            return f"over the budget: {took} {what}, where the reference has {most}"
    return ""


def _figures(reached: Performance) -> dict[str, Any]:
    assert reached.ratio is not None
    return {
        "ratio": round(reached.ratio, DIGITS),
        "reached": round(reached.reached, 4),
        "reference": round(reached.reference, 4),
        "steps": reached.steps,
        "parameters": reached.parameters,
        "device": reached.device,
    }


def _told_apart(record: ClassRecord) -> dict[str, str]:
    """Student -> the name that a board shows. Those of one name are numbered, in the order of the
    students' ids: no sign of a number can stand in a name that somebody chose.
    """
    taken = _taken(record)
    chosen = {
        one.student: one.pseudonym
        for one in sorted(record.handed, key=lambda one: one.student)
        if one.pseudonym.name and not _refused(one, taken)
    }
    many = Counter(one.key for one in chosen.values())
    seen: Counter[str] = Counter()
    names: dict[str, str] = {}
    for student, one in chosen.items():
        seen[one.key] += 1
        names[student] = one.name + (f" ({seen[one.key]})" if many[one.key] > 1 else "")
    return names


def _taken(record: ClassRecord) -> dict[str, set[str]]:
    """How people of the course are called, ids and full names -> who is called so."""
    found: dict[str, set[str]] = {}
    handed = {one.student: one.name for one in record.handed}
    for student, name in {**handed, **record.enrolled}.items():
        for called in filter(None, (student, name)):
            found.setdefault(same_name(called), set()).add(student)
    return found


def _refused(one: Handed, taken: Mapping[str, set[str]]) -> str:
    """The sentence for a name that is somebody else's."""
    owners = taken.get(one.pseudonym.key, set())
    return SOMEBODYS if owners and one.student not in owners else ""


def _who(one: Handed, identities: bool) -> dict[str, str]:
    return {"student": one.student, "name": one.name} if identities else {}
