"""Who may hand in later, from ``extensions.csv`` beside nbgrader_config.py:

    student,assignment,until
    ada,svm,2026-03-05 23:59 Europe/Berlin
    ben,svm,48 hours

nbgrader has a field for it, and reckons penalties from it, but nothing to fill it in. Where the
table is, it is what counts; a line that cannot be read leaves that one student as they were."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..course.moments import read_moment

FILE = "extensions.csv"
COLUMNS = ["student", "assignment", "until"]
_LONGER = re.compile(r"\+?\s*(\d{1,5}(?:\.\d+)?)\s*(h|hours?|d|days?)", re.IGNORECASE)


@dataclass(frozen=True)
class Extension:
    """Until when somebody may hand in: a moment, or so much longer than everybody. ``written`` is
    how the table says it.
    """

    line: int
    written: str
    until: datetime | timedelta

    def beyond(self, due: datetime | None) -> timedelta | None:
        """How far beyond the due date (UTC, without a zone, as nbgrader keeps it); None where that
        is nothing.
        """
        if isinstance(self.until, timedelta):
            return self.until or None
        if due is None:
            return None
        longer = self.until.astimezone(UTC).replace(tzinfo=None) - due
        return longer if longer > timedelta() else None

    def moved(self, due: datetime) -> datetime:
        """When it is due for them; ``due``, everybody's, has its zone."""
        longer = self.beyond(due.astimezone(UTC).replace(tzinfo=None))
        return due + longer if longer else due


Whose = tuple[str, str]
"""Student and assignment."""


@dataclass(frozen=True)
class Extensions:
    """The table. ``problems``: what is wrong in it, a sentence for a line; ``untouched``: whose
    lines these are. ``stated``: whether there is a table that can be read.
    """

    granted: Mapping[Whose, Extension] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    untouched: frozenset[Whose] = frozenset()
    stated: bool = False

    def grant(self, submission: Any, student: str, assignment: str) -> None:
        """Let a submission's row in the gradebook say what the table does."""
        if not self.stated or (student, assignment) in self.untouched:
            return
        found = self.granted.get((student, assignment))
        submission.extension = found.beyond(submission.assignment.duedate) if found else None

    def running(self, assignment: str, due: datetime, now: datetime) -> frozenset[str]:
        """Whose extension has not ended; both moments have their zone."""
        return frozenset(
            student
            for (student, name), one in self.granted.items()
            if name == assignment and one.moved(due) > max(due, now)
        )


def read_extensions(course: Path) -> Extensions:
    """The course's table; an empty one where there is none. Whatever is in it, it raises
    nothing.
    """
    path = course / FILE
    if not path.is_file():
        return Extensions()
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, ValueError, csv.Error) as error:
        return Extensions(problems=(f"{FILE} cannot be read, nobody's extension changes: {error}",))
    if not rows or [cell.strip().lower() for cell in rows[0]] != COLUMNS:
        why = f"{FILE} line 1: the columns must be {','.join(COLUMNS)}; nobody's extension changes"
        return Extensions(problems=(why,))
    granted: dict[Whose, Extension] = {}
    problems: list[str] = []
    untouched: set[Whose] = set()
    for line, row in _filled(rows):
        try:
            whose, extension = _read(line, row)
            if whose in granted:
                raise ValueError(f"line {granted[whose].line} says it already, and counts")
            granted[whose] = extension
        except ValueError as error:
            problems.append(f"{FILE} line {line}: {error}")
            untouched |= {(row[0], row[1])} - granted.keys() if len(row) > 1 else set()
    return Extensions(granted, tuple(problems), frozenset(untouched - granted.keys()), True)


def _filled(rows: list[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for line, row in enumerate(rows[1:], 2):
        if any(cells := [cell.strip() for cell in row]):
            yield line, cells


def _read(line: int, row: list[str]) -> tuple[Whose, Extension]:
    if len(row) != len(COLUMNS) or not all(row):
        raise ValueError(f"a line has {', '.join(COLUMNS[:-1])} and {COLUMNS[-1]}")
    student, assignment, written = row
    if longer := _LONGER.fullmatch(written):
        unit = "hours" if longer[2].lower().startswith("h") else "days"
        return (student, assignment), Extension(
            line, written, timedelta(**{unit: float(longer[1])})
        )
    return (student, assignment), Extension(line, written, read_moment(written))
