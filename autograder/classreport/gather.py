"""From the gradebook, autograded/ and submitted/ to one record of the class. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..checks.training import Training
from ..course.assignment import Assignment, load_assignment
from ..course.marks import MarkedVerdict, notebook_marks, verdicts_on_record
from ..errors import MarksError, SubmissionError
from ..gradebook.course import open_course
from ..gradebook.exporters.ledger import Entry
from ..gradebook.hooks.timestamps import handed_in
from ..grading.folder import find_notebook
from ..grading.pseudonym import chosen_pseudonym
from ..grading.released import role_of, text_of
from .record import Answered, ClassRecord, Handed, Marks, RecognisedMistake
from .sittings import minutes_worked

Hints = Mapping[str, Mapping[str, str]]
"""Answer -> name of a known mistake -> the hint that it deserves."""
MANGLED = "the graded notebook cannot be read: grade it again"


def gather(course: Path, name: str) -> ClassRecord:
    """Read everything about one assignment. Raises AssignmentError or ClassError with one
    sentence.
    """
    assignment = load_assignment(course, name)
    opened = open_course(course, name)
    entries, enrolled = opened.on_record(name)
    hints: Hints = assignment.mistakes.module.HINTS if assignment.mistakes else {}
    submissions = opened.submissions()
    handed = tuple(
        _handed(
            student,
            enrolled.get(student, ""),
            entries.get(student),
            opened.autograded(student),
            folder,
            assignment,
            hints,
        )
        for student, folder in sorted(submissions.items())
    )
    absent = tuple(sorted(enrolled.keys() - submissions.keys()))
    stubs = _answers(assignment.release["cells"])
    return ClassRecord(name, handed, absent, stubs, ranked_exercises(assignment), enrolled)


def _handed(
    student: str,
    name: str,
    entry: Entry | None,
    graded: Path,
    submitted: Path,
    assignment: Assignment,
    hints: Hints,
) -> Handed:
    minutes = _minutes(submitted, assignment)
    if entry is None or not graded.is_file():
        return Handed(student, name, minutes=minutes)
    marks = Marks(
        entry.score,
        entry.max_score,
        entry.written,
        entry.max_written,
        min(entry.penalty, entry.score),
        entry.waiting,
    )
    again = _later(handed_in(str(submitted)), entry.timestamp)
    try:
        notebook = json.loads(graded.read_bytes())
        said = notebook_marks(notebook)
        exercises = _exercises(verdicts_on_record(notebook), hints)
        answers = _answers(notebook["cells"])
        pseudonym = chosen_pseudonym(notebook["cells"])
    except MarksError as error:
        return Handed(student, name, marks, problem=str(error), minutes=minutes, again=again)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Handed(student, name, marks, problem=MANGLED, minutes=minutes, again=again)
    return Handed(
        student,
        name,
        marks,
        exercises,
        answers,
        said.problem or "",
        said.notes,
        minutes,
        again,
        said.doubt or "",
        entry.questions,
        pseudonym,
    )


def _exercises(marked: Iterable[MarkedVerdict], hints: Hints) -> tuple[Answered, ...]:
    return tuple(
        Answered(
            verdict.name,
            verdict.points,
            verdict.score,
            verdict.status,
            verdict.sentence(),
            one.ours,
            _recognised(verdict.mistakes, hints),
            tuple(finding.check for finding in verdict.findings if finding.passed is False),
            verdict.seconds,
            next(filter(None, (finding.performance for finding in verdict.findings)), None),
            any(finding.decisive and finding.passed is False for finding in verdict.findings),
        )
        for one in marked
        for verdict in (one.verdict,)
    )


def ranked_exercises(assignment: Assignment) -> dict[str, str]:
    """The exercises that have a leaderboard, and what is measured there."""
    return {
        name: check.compared_by
        for name, exercise in assignment.exercises.items()
        for check in exercise.checks
        if isinstance(check, Training) and check.ranked
    }


def _recognised(names: Iterable[tuple[str, str]], hints: Hints) -> tuple[RecognisedMistake, ...]:
    """The mistakes of these (answer, name), without those that nobody knows any more. Of several
    with one hint, the first.
    """
    found: dict[str, RecognisedMistake] = {}
    for answer, name in names:
        if (hint := hints.get(answer, {}).get(name)) is not None:
            found.setdefault(hint, RecognisedMistake(name, hint))
    return tuple(found.values())


def _answers(cells: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The code of every solution cell."""
    return {
        cell["id"]: text_of(cell)
        for cell in cells
        if cell["cell_type"] == "code" and role_of(cell) == "solution"
    }


def _minutes(folder: Path, assignment: Assignment) -> float | None:
    try:
        return minutes_worked(find_notebook(folder, assignment.name, assignment.release).data)
    except SubmissionError:
        return None


def _later(now: datetime | None, graded: datetime | None) -> bool:
    """Whether what lies there is newer than what was graded. nbgrader's dates are UTC without
    saying so.
    """
    if now is None or graded is None:
        return False
    return now.replace(tzinfo=None) > graded.replace(tzinfo=None)
