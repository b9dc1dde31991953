"""The report's numbers as CSV: one line a student, and one line a mistake."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..gradebook.exporters.cells import inert


def write_students(report: Mapping[str, Any], path: Path) -> Path:
    """One line for every student who handed in: points by exercise, written answers, penalty, time,
    what is open.
    """
    names = [exercise["name"] for exercise in report["exercises"]]
    header = [
        "student",
        "name",
        *names,
        "code",
        "written",
        "late_penalty",
        "final",
        "to_grade",
        "minutes",
    ]
    header += ["judging_seconds", "needs"]
    lines = [
        [
            inert(one["student"]),
            inert(one["name"]),
            *(_cell(one["exercises"].get(name)) for name in names),
            *(
                _cell(one[key])
                for key in ("code", "written", "penalty", "final", "to_grade", "minutes", "judging")
            ),
            " ".join(one["needs"]),
        ]
        for one in report["students"]
    ]
    return _write(path, [header, *lines])


def write_mistakes(report: Mapping[str, Any], path: Path) -> Path:
    """One line for every mistake that somebody made, the most frequent first."""
    header = ["students", "mistake", "exercises", "hint"]
    lines = [
        [one["count"], one["name"], " ".join(one["exercises"]), inert(one["hint"])]
        for one in report["mistakes"]
    ]
    return _write(path, [header, *lines])


def write_course(course: Mapping[str, Any], path: Path) -> Path:
    """One line for every student of a course: percent by assignment, mean, minutes, what worries."""
    names = [one["name"] for one in course["assignments"]]
    worries = {
        one["student"]: " ".join(worry["kind"] for worry in one["worries"])
        for one in course["behind"]
    }
    lines = [
        [
            inert(one["student"]),
            inert(one["name"]),
            *(_cell(one["assignments"][name]["share"]) for name in names),
            _cell(one["mean"]),
            _cell(one["minutes"]),
            worries.get(one["student"], ""),
        ]
        for one in course["students"]
    ]
    return _write(path, [["student", "name", *names, "mean", "minutes", "worries"], *lines])


def _cell(value: Any) -> Any:
    return "" if value is None else value


def _write(path: Path, lines: list[list[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    return path
