"""From the gradebook, autograded/ and submitted/ to one record of the class. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..course.assignment import Assignment, load_assignment
from ..course.marks import on_record
from ..errors import SubmissionError
from ..gradebook.course import open_course
from ..gradebook.exporters.ledger import Entry
from ..gradebook.hooks.timestamps import handed_in
from ..grading.handed_in import find_notebook, read_plain_file
from ..grading.rebuild import identities, role_of, text_of
from .catalogue import Catalogue, catalogue, looked_up
from .record import Answered, ClassRecord, Handed, Marks
from .sittings import minutes_worked

MANGLED = "the graded notebook cannot be read: grade it again"


def gather(course: Path, name: str) -> ClassRecord:
    """Read everything about one assignment. Raises AssignmentError or ClassError with one sentence."""
    assignment = load_assignment(course, name)
    opened = open_course(course, name)
    entries, enrolled = opened.on_record(name)
    known = catalogue(assignment)
    ours = identities(assignment.release)
    submissions = opened.submissions()
    handed = tuple(
        _handed(
            student,
            enrolled.get(student, ""),
            entries.get(student),
            opened.autograded(student),
            folder,
            assignment,
            known,
            ours,
        )
        for student, folder in sorted(submissions.items())
    )
    absent = tuple(sorted(enrolled.keys() - submissions.keys()))
    return ClassRecord(name, handed, absent, _answers(assignment.release["cells"]))


def _handed(
    student: str,
    name: str,
    entry: Entry | None,
    graded: Path,
    submitted: Path,
    assignment: Assignment,
    known: Catalogue,
    ours: frozenset[str],
) -> Handed:
    minutes = _minutes(submitted, assignment.name, ours)
    if entry is None or not graded.is_file():
        return Handed(student, name, minutes=minutes)
    marks = Marks(
        entry.score, entry.max_score, entry.written, entry.max_written, min(entry.penalty, entry.score), entry.waiting
    )
    again = _later(handed_in(str(submitted)), entry.timestamp)
    try:
        notebook = json.loads(graded.read_bytes())
        said = notebook["metadata"]["chainrule"]
        exercises = _exercises(on_record(notebook["cells"]), known)
        answers = _answers(notebook["cells"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Handed(student, name, marks, problem=MANGLED, minutes=minutes, again=again)
    return Handed(
        student,
        name,
        marks,
        exercises,
        answers,
        str(said.get("problem") or ""),
        tuple(map(str, said.get("notes") or ())),
        minutes,
        again,
    )


def _exercises(verdicts: Sequence[Mapping[str, Any]], known: Catalogue) -> tuple[Answered, ...]:
    return tuple(
        Answered(
            verdict["name"],
            float(verdict["points"]),
            float(verdict["score"]),
            str(verdict["status"]),
            str(verdict["sentence"]),
            bool(verdict["ours"]),
            looked_up(verdict["mistakes"], known),
            tuple(str(check) for check, passed in verdict["checks"] if passed is False),
            float(verdict["seconds"]),
        )
        for verdict in verdicts
    )


def _answers(cells: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The code of every solution cell."""
    return {cell["id"]: text_of(cell) for cell in cells if cell["cell_type"] == "code" and role_of(cell) == "solution"}


def _minutes(folder: Path, name: str, ours: frozenset[str]) -> float | None:
    try:
        return minutes_worked(read_plain_file(find_notebook(folder, name, ours)))
    except SubmissionError:
        return None


def _later(now: datetime | None, graded: datetime | None) -> bool:
    """Whether what lies there is newer than what was graded. nbgrader's dates are UTC without saying so."""
    if now is None or graded is None:
        return False
    return now.replace(tzinfo=None) > graded.replace(tzinfo=None)
