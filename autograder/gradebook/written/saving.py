"""A grade that is saved only over the one it was made from: two people who grade at once lose
nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...errors import ClassError
from .answers import Given, on_record

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

LONGEST = 20_000
"""Characters of a comment."""


class Overtaken(Exception):
    """What is on record is not what a grade was made from: somebody else saved meanwhile."""

    def __init__(self, theirs: Given) -> None:
        super().__init__(
            "Somebody else graded this answer meanwhile; what they gave is shown beside yours: "
            "save again to put yours in its place."
        )
        self.theirs = theirs


def read_given(sent: Any, most: float | None = None) -> Given:
    """What a browser sent. ``most``: the question's points, for a grade that is to be saved. Raises
    ClassError with one sentence.
    """
    try:
        points, comment = sent["points"], sent["comment"].strip()
        points = None if points is None else float(points)
        given = Given(points, comment, bool(sent["waiting"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ClassError("a grade has points, a comment, and whether it waits") from None
    if len(comment) > LONGEST:
        raise ClassError(f"the comment is too long: at most {LONGEST} characters are kept")
    if most is not None and (points is None or not 0 <= points <= most or math.isnan(points)):
        raise ClassError(f"points are a number from 0 to {most:g}: Formgrader gives extra credit")
    return given


def save(
    gradebook: Gradebook,
    asked: tuple[str, str, str],
    made_from: Given,
    wanted: Given,
) -> Given:
    """Put points and comment on record, as a manual grade, if what is there is still
    ``made_from``; ``asked`` names assignment, cell and submission.

    Returns what is on record now. Raises Overtaken, or ClassError when there is no such answer."""
    from nbgrader.api import Comment, Grade, GradeCell, SolutionCell
    from sqlalchemy import func

    assignment, cell, submission = asked
    before = on_record(gradebook, assignment, cell).get(submission)
    if before is None:
        raise ClassError("this answer is no longer in the gradebook: load the page again")
    tables: Any = (Grade.__table__, Comment.__table__)
    grades, comments = (table.c for table in tables)
    points = func.coalesce(grades.manual_score, grades.auto_score)
    given = {"manual_score": wanted.points, "needs_manual_grade": False}
    # the conditions are looked at by the very statements that write: nobody gets in between
    wrote = _wrote(
        gradebook,
        tables[0],
        GradeCell,
        cell,
        submission,
        given,
        [
            points.is_not_distinct_from(made_from.points),
            grades.needs_manual_grade == made_from.waiting,
        ],
    ) and _wrote(
        gradebook,
        tables[1],
        SolutionCell,
        cell,
        submission,
        {"manual_comment": wanted.comment or None},
        [func.trim(func.coalesce(comments.manual_comment, "")) == made_from.comment],
    )
    if not wrote:
        gradebook.db.rollback()
        _, theirs = on_record(gradebook, assignment, cell)[submission]
        raise Overtaken(theirs)
    gradebook.db.commit()
    return Given(wanted.points, wanted.comment, False)


def _wrote(
    gradebook: Gradebook,
    table: Any,
    kind: Any,
    cell: str,
    submission: str,
    values: dict[str, Any],
    conditions: list[Any],
) -> bool:
    """Whether the one row of a cell in a submission was as the conditions say, and was changed."""
    from sqlalchemy import select, update

    named = select(kind.id).where(kind.name == cell)
    statement = update(table).where(
        table.c.notebook_id == submission, table.c.cell_id.in_(named), *conditions
    )
    done: Any = gradebook.db.execute(statement.values(**values))
    return done.rowcount == 1
