"""What was answered to one written question, and what people gave for it so far."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...grading.released import text_of

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@dataclass(frozen=True)
class Given:
    """What is on record for an answer: points (None: none yet), the comment of a person, whether
    it waits for one. It is its own version: two that are equal say the same.
    """

    points: float | None
    comment: str
    waiting: bool


@dataclass(frozen=True)
class Answer:
    """One answer. ``submission`` is the id under which Formgrader shows the whole notebook;
    ``cell`` is the notebook's cell, None where none can be read.
    """

    submission: str
    student: str
    cell: dict[str, Any] | None
    given: Given


@dataclass(frozen=True)
class WrittenQuestion:
    """A written question of an assignment: the id of its cell, its points, how many answers wait
    and how many there are.
    """

    assignment: str
    cell: str
    points: float
    waiting: int
    answers: int


def written_questions(gradebook: Gradebook) -> list[WrittenQuestion]:
    """All written questions that somebody answered, by assignment."""
    from nbgrader.api import Assignment, Grade, GradeCell
    from sqlalchemy import case, func

    graded, known, cell = (_table(one) for one in (Grade, Assignment, GradeCell))
    waiting = func.sum(case((graded.needs_manual_grade, 1), else_=0))
    asked = (known.name, cell.name, cell.max_score)
    rows = _joined(gradebook, *asked, waiting, func.count()).group_by(*asked)
    rows = rows.order_by(known.name, cell.name)
    return [WrittenQuestion(one, two, float(points), int(w), n) for one, two, points, w, n in rows]


def on_record(gradebook: Gradebook, assignment: str, cell: str) -> dict[str, tuple[str, Given]]:
    """Submission -> student, and what is on record for the answer to a question."""
    from nbgrader.api import (
        Assignment,
        Comment,
        Grade,
        GradeCell,
        SolutionCell,
        SubmittedAssignment,
        SubmittedNotebook,
    )

    known, graded, solved = (_table(one) for one in (Assignment, GradeCell, SolutionCell))
    commented = (
        gradebook.db.query(Comment.notebook_id, Comment.manual_comment)
        .join(SolutionCell, Comment.cell_id == solved.id)
        .filter(solved.name == cell)
        .subquery()
    )
    rows = (
        _joined(
            gradebook,
            SubmittedNotebook.id,
            SubmittedAssignment.student_id,
            Grade.manual_score,
            Grade.auto_score,
            Grade.needs_manual_grade,
            commented.c.manual_comment,
        )
        .outerjoin(commented, commented.c.notebook_id == SubmittedNotebook.id)
        .filter(known.name == assignment, graded.name == cell)
        .order_by(SubmittedNotebook.id)  # as Formgrader does: in no order of names
    )
    return {
        one: (student, Given(auto if manual is None else manual, comment or "", bool(waits)))
        for one, student, manual, auto, waits, comment in rows
    }


def _joined(gradebook: Gradebook, *columns: Any) -> Any:
    from nbgrader.api import Assignment, Grade, GradeCell, SubmittedAssignment, SubmittedNotebook

    asked = _table(GradeCell)
    return (
        gradebook.db.query(*columns)
        .select_from(Grade)
        .join(GradeCell, Grade.cell_id == asked.id)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(asked.cell_type == "markdown")
    )


def _table(kind: Any) -> Any:
    return kind  # its attributes are columns, which a type checker takes for an object's values


def written_answers(
    gradebook: Gradebook, folders: Any, assignment: str, cell: str
) -> Iterator[Answer]:
    """Every answer to a question, as it lies in autograded/. ``folders`` is nbgrader's
    CourseDirectory.
    """
    for submission, (student, given) in on_record(gradebook, assignment, cell).items():
        folder = folders.format_path(folders.autograded_directory, student, assignment)
        path = Path(folder, f"{assignment}.ipynb")
        yield Answer(submission, student, _cell_in(path, cell), given)


def _cell_in(path: Path, name: str) -> dict[str, Any] | None:
    try:
        return _cell_read(path, path.stat().st_mtime_ns, name)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=4096)  # notebooks hold pictures, and a page is asked for again and again
def _cell_read(path: Path, changed: int, name: str) -> dict[str, Any]:
    """A cell with its source as one text, read once for each state of its file."""
    for cell in json.loads(path.read_bytes())["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            return {**cell, "source": text_of(cell)}
    raise KeyError(name)
