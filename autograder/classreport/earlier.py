"""A class beside an earlier one: what changed, from the numbers that both reports left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ClassError
from .overview import FORMAT

Course = Mapping[str, Any]


def read_earlier(path: Path) -> Course:
    """An earlier course's numbers. Raises ClassError with what to give in place of the file."""
    wanted = "give the course-report.json that `chainrule report` wrote for the earlier class"
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ClassError(f"{path} cannot be read ({error.strerror}): {wanted}") from None
    except ValueError:
        raise ClassError(f"{path} is no JSON: {wanted}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ClassError(f"{path} is no report of a course: {wanted}")
    return found


def compare(course: Course, earlier: Course) -> dict[str, Any]:
    """What both classes have in common, now and then; the largest changes first. Nobody's name is
    in it. Raises ClassError where they have no assignment in common, or the earlier numbers are
    not all there.
    """
    try:
        return _compared(course, earlier)
    except (KeyError, TypeError, IndexError, AttributeError):
        raise ClassError(
            "the earlier class's report lacks some of its numbers: make it again"
        ) from None


def _compared(course: Course, earlier: Course) -> dict[str, Any]:
    assignments = [
        {
            "name": one["name"],
            "handed_in": [before["counts"]["handed_in"], one["counts"]["handed_in"]],
            "median": [_middle(before["quartiles"]), _middle(one["quartiles"])],
            "minutes": [_middle(before["time"]["quartiles"]), _middle(one["time"]["quartiles"])],
        }
        for one, before in _pairs(course["assignments"], earlier["assignments"], "name")
    ]
    if not assignments:
        raise ClassError(
            "the two classes have no assignment in common: there is nothing to compare"
        )
    return {
        "made": earlier["made"],
        "students": [earlier["counts"]["students"], course["counts"]["students"]],
        "assignments": assignments,
        "questions": _by_change(
            {
                "assignment": one["assignment"],
                "name": one["name"],
                "share": [before["share"], one["share"]],
            }
            for one, before in _pairs(
                course["questions"], earlier["questions"], "assignment", "name"
            )
        ),
        "mistakes": _by_change(_mistakes_in_both(course, earlier, assignments)),
    }


def _pairs(now: Any, before: Any, *keys: str) -> list[tuple[Any, Any]]:
    known = {tuple(one[key] for key in keys): one for one in before}
    return [
        (one, known[named]) for one in now if (named := tuple(one[key] for key in keys)) in known
    ]


def _mistakes_in_both(
    course: Course, earlier: Course, assignments: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """By assignment that both had; a mistake that one class did not make is 0 % there."""
    both = {one["name"] for one in assignments}
    shares = [
        {
            (place["assignment"], one["name"]): place
            for one in report["mistakes"]
            for place in one["places"]
            if place["assignment"] in both
        }
        for report in (earlier, course)
    ]
    return [
        {
            "assignment": key[0],
            "name": key[1],
            "hint": (shares[1].get(key) or shares[0][key])["hint"],
            "share": [one[key]["share"] if key in one else 0.0 for one in shares],
        }
        for key in dict.fromkeys([*shares[1], *shares[0]])
    ]


def _by_change(rows: Any) -> list[dict[str, Any]]:
    def changed(row: dict[str, Any]) -> float:
        return round(row["share"][1] - row["share"][0], 1)

    found = [row | {"change": changed(row)} for row in rows]
    return sorted(found, key=lambda row: (-abs(row["change"]), row["assignment"], row["name"]))


def _middle(cuts: list[float] | None) -> float | None:
    return cuts[1] if cuts else None
