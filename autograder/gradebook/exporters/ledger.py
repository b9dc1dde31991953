"""What the gradebook says about one assignment, in four queries however large the class is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@dataclass(frozen=True)
class Entry:
    """One student's line: points before the penalty for lateness, the penalty, and what people
    still have to grade.

    ``waiting`` names the graded cells that wait for a person; ``timestamp`` is when it was handed
    in (UTC), if known; ``questions``: written question -> the points that people gave, and its
    points, without those that wait."""

    student: str
    score: float
    max_score: float
    written: float
    max_written: float
    penalty: float
    waiting: tuple[str, ...]
    timestamp: datetime | None
    questions: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def final(self) -> float:
        """The points that count, rounded as every table shows them."""
        return round(max(0.0, self.score - self.penalty), 2)


def ledger(gradebook: Gradebook, assignment: str) -> dict[str, Entry]:
    """Every submission on record, by student."""
    session: Any = gradebook.db
    penalties = _penalties(session, assignment)
    waiting = _waiting(session, assignment)
    questions = _questions(session, assignment)
    return {
        row["student"]: Entry(
            row["student"],
            float(row["score"]),
            float(row["max_score"]),
            float(row["written_score"]),
            float(row["max_written_score"]),
            penalties.get(row["student"], 0.0),
            tuple(sorted(waiting.get(row["student"], ()))),
            row["timestamp"],
            questions.get(row["student"], {}),
        )
        for row in gradebook.submission_dicts(assignment)
    }


def _penalties(session: Any, assignment: str) -> dict[str, float]:
    from nbgrader.api import Assignment, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import func

    notebook: Any = SubmittedNotebook
    known: Any = Assignment
    query = (
        session.query(SubmittedAssignment.student_id, func.sum(notebook.late_submission_penalty))
        .select_from(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(known.name == assignment)
        .group_by(SubmittedAssignment.student_id)
    )
    return {student: float(penalty or 0.0) for student, penalty in query}


def _waiting(session: Any, assignment: str) -> dict[str, list[str]]:
    from nbgrader.api import Grade

    found: dict[str, list[str]] = {}
    for student, cell, *_ in _grades(session, assignment).filter(Grade.needs_manual_grade):
        found.setdefault(student, []).append(cell)
    return found


def _questions(session: Any, assignment: str) -> dict[str, dict[str, tuple[float, float]]]:
    from nbgrader.api import Grade, GradeCell

    grade: Any = Grade
    asked: Any = GradeCell
    found: dict[str, dict[str, tuple[float, float]]] = {}
    written = _grades(session, assignment).filter(
        asked.cell_type == "markdown", ~grade.needs_manual_grade
    )
    for student, cell, most, given in written:
        found.setdefault(student, {})[cell] = (float(given or 0.0), float(most))
    return found


def _grades(session: Any, assignment: str) -> Any:
    """Student, graded cell, its points, what a person gave for it."""
    from nbgrader.api import Assignment, Grade, GradeCell, SubmittedAssignment, SubmittedNotebook

    known: Any = Assignment
    asked: Any = GradeCell
    columns = SubmittedAssignment.student_id, asked.name, asked.max_score, Grade.manual_score
    return (
        session.query(*columns)
        .select_from(Grade)
        .join(GradeCell, Grade.cell_id == asked.id)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(known.name == assignment)
    )
