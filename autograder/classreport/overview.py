"""All assignments' reports as one report of the course: plain JSON, as ``summary`` makes of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import mean
from types import MappingProxyType
from typing import Any

from ..authoring.outline import OutlinedAssignment
from .behind import KINDS, ClassStanding, worries
from .discrimination import corrected_item_total, reading
from .summary import quartiles_of

FORMAT = "chainrule course report 1"
"""What an earlier class's numbers must say of themselves to be compared with."""

Report = Mapping[str, Any]


def overview(
    outline: Sequence[OutlinedAssignment],
    reports: Mapping[str, Report],
    now: datetime,
    excused: Mapping[str, frozenset[str]] = MappingProxyType({}),
    names: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The report of a course. ``reports``: what ``summarise`` says of each assignment that somebody
    handed in; ``now`` decides, with its zone, what is already due; ``excused``: whose extension of
    an assignment has not ended; ``names`` of those who handed in nothing.
    """
    listed = [one for one in outline if one.name in reports]
    standings = [
        _standing(one, reports[one.name], now, excused.get(one.name, frozenset())) for one in listed
    ]
    students = _students(listed, reports, names)
    behind = [
        {"student": student, "name": name, "worries": found}
        for student, name in students.items()
        if (found := worries(student, standings))
    ]
    pressing = [*KINDS]
    behind.sort(
        key=lambda one: (
            pressing.index(one["worries"][0]["kind"]),
            -len(one["worries"]),
            one["student"],
        )
    )
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="minutes"),
        "counts": {
            "students": len(students),
            "assignments": len(listed),
            "behind": len(behind),
            "need_a_person": sum(reports[one.name]["counts"]["need_a_person"] for one in listed),
        },
        "assignments": [
            _line(one, reports[one.name], standing)
            for one, standing in zip(listed, standings, strict=True)
        ],
        "behind": behind,
        "mistakes": _mistakes(listed, reports),
        "questions": [row for one in listed for row in _questions(one.name, reports[one.name])],
        "students": _rows(students, listed, reports, standings),
    }


def _standing(
    one: OutlinedAssignment, report: Report, now: datetime, excused: frozenset[str]
) -> ClassStanding:
    shares = {
        student["student"]: share
        for student in report["students"]
        if (share := _share(student)) is not None
    }
    cuts = quartiles_of([*shares.values()])
    counts = report["counts"]
    # without a date, work is expected once half of the class has handed it in
    expected = one.due <= now if one.due else counts["handed_in"] >= counts["absent"]
    missing = frozenset(report["absent"]) - excused if expected else frozenset()
    return ClassStanding(
        one.name, shares, cuts[1] if cuts else None, cuts[0] if cuts else None, missing
    )


def _share(student: Mapping[str, Any]) -> float | None:
    """Percent of the points that are graded: without written answers while some wait."""
    if not student["graded"]:
        return None
    points, most = student["code"], student["max_code"]
    if not student["to_grade"]:
        points, most = student["final"], most + student["max_written"]
    return round(100 * points / most, 1) if most else None


def _students(
    listed: Sequence[OutlinedAssignment], reports: Mapping[str, Report], names: Mapping[str, str]
) -> dict[str, str]:
    """Everybody, with the name that is known."""
    found: dict[str, str] = {}
    for report in (reports[one.name] for one in listed):
        for student in report["students"]:
            found[student["student"]] = student["name"] or found.get(student["student"], "")
        for student in report["absent"]:
            found.setdefault(student, names.get(student, ""))
    return dict(sorted(found.items()))


def _line(one: OutlinedAssignment, report: Report, standing: ClassStanding) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "due": one.due.astimezone(UTC).isoformat(timespec="minutes") if one.due else None,
        "counts": report["counts"],
        "quartiles": quartiles_of([*standing.shares.values()]),
        "time": report["time"],
        "judging_seconds": report["judging"]["seconds"],
    }


def _mistakes(
    listed: Sequence[OutlinedAssignment], reports: Mapping[str, Report]
) -> list[dict[str, Any]]:
    """Known mistakes by name, those of most assignments and students first.

    A mistake returns where the catalogue calls it the same in another assignment. Names of one
    letter are the choices of a question, each time another."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in listed:
        graded = reports[one.name]["counts"]["graded"]
        named: dict[str, dict[str, Any]] = {}
        for row in reports[one.name]["mistakes"]:
            place = named.setdefault(
                row["name"], {"assignment": one.name, "hint": row["hint"], "students": []}
            )
            place["students"] = sorted({*place["students"], *row["students"]})
        for name, place in named.items():
            if len(name) > 1:
                count = len(place["students"])
                share = round(100 * count / graded, 1)
                found.setdefault(name, []).append(place | {"count": count, "share": share})
    rows = [
        {
            "name": name,
            "places": places,
            "students": len({student for place in places for student in place["students"]}),
            "again": sorted(
                student
                for student in {student for place in places for student in place["students"]}
                if sum(student in place["students"] for place in places) > 1
            ),
        }
        for name, places in found.items()
    ]
    return sorted(rows, key=lambda row: (-len(row["places"]), -row["students"], row["name"]))


def _questions(assignment: str, report: Report) -> list[dict[str, Any]]:
    """Every exercise and written question, with its difficulty and discrimination."""
    points = [one["exercises"] | one["questions"] for one in report["students"] if one["exercises"]]
    r = corrected_item_total(points)
    kinds = [(row, "exercise") for row in report["exercises"]]
    kinds += [(row, "written") for row in report["questions"]]
    return [
        {
            "assignment": assignment,
            "name": row["name"],
            "kind": kind,
            "points": row["points"],
            "share": row["share"],
            "answers": sum(row["name"] in one for one in points),
            "discrimination": r.get(row["name"]),
            "reading": reading(r.get(row["name"])),
        }
        for row, kind in kinds
    ]


def _rows(
    students: Mapping[str, str],
    listed: Sequence[OutlinedAssignment],
    reports: Mapping[str, Report],
    standings: Sequence[ClassStanding],
) -> list[dict[str, Any]]:
    known = {
        one.name: {row["student"]: row for row in reports[one.name]["students"]} for one in listed
    }
    rows: list[dict[str, Any]] = []
    for student, name in students.items():
        cells = {
            standing.assignment: _cell(known[standing.assignment].get(student), standing, student)
            for standing in standings
        }
        shares = [cell["share"] for cell in cells.values() if cell["share"] is not None]
        minutes = [cell["minutes"] for cell in cells.values() if cell["minutes"] is not None]
        rows.append(
            {
                "student": student,
                "name": name,
                "assignments": cells,
                "mean": round(mean(shares), 1) if shares else None,
                "minutes": round(sum(minutes), 1) if minutes else None,
            }
        )
    return rows


def _cell(row: Mapping[str, Any] | None, standing: ClassStanding, student: str) -> dict[str, Any]:
    if row is None:
        state = "missing" if student in standing.missing else "nothing yet"
        return {"state": state, "share": None, "final": None, "minutes": None}
    state = "not graded" if not row["graded"] else "to grade" if row["to_grade"] else "graded"
    share = standing.shares.get(student)
    return {"state": state, "share": share, "final": row["final"], "minutes": row["minutes"]}
