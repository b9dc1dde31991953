"""``chainrule grade``: a class, with a progress bar, and its table of grades."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .saying import console, course_root, points, print_json, progress_bars

if TYPE_CHECKING:
    from ..gradebook.classroom import ClassGrades, StudentGrade, Wishes
    from ..language.verdict import Verdict


def run(assignment: str, course: Path | None, wishes: Wishes, json: bool) -> int:
    """Grade a class and print its table. Returns the exit code: 1 when somebody could not be
    recorded.
    """
    root = course_root(course)
    grades = grade_with_progress(root, assignment, wishes)
    if json:
        print_json(as_json(grades))
    else:
        print_grades(grades, root)
    return 1 if grades.failures or grades.pageless else 0


def grade_with_progress(root: Path, assignment: str, wishes: Wishes) -> ClassGrades:
    """Grade a class under a progress bar on stderr; an assignment new to the gradebook is
    registered first.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

    from ..errors import UnknownAssignment
    from ..gradebook.classroom import grade_class

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with progress_bars(*columns) as bars:
        steps = ("judged", "recorded", "pages") if wishes.feedback else ("judged", "recorded")
        tasks = {step: bars.add_task(step, total=None) for step in steps}

        def progress(step: str, student: str) -> None:
            bars.advance(tasks[step])

        def total(count: int) -> None:
            for task in tasks.values():
                bars.update(task, total=count)

        try:
            return grade_class(root, assignment, wishes, progress=progress, total=total)
        except UnknownAssignment:
            from ..authoring import build

            build(root, [assignment], db_url=wishes.database)
            return grade_class(root, assignment, wishes, progress=progress, total=total)


def as_json(grades: ClassGrades) -> dict[str, Any]:
    """The machine-readable form of a graded class."""
    return {
        "assignment": grades.assignment,
        "isolation": grades.isolation,
        "seed": grades.seed,
        "unchanged": grades.unchanged,
        "on_arrival": grades.on_arrival,
        "students": [
            {
                "student": row.student,
                "score": row.score,
                "max_score": row.max_score,
                "written": row.written,
                "max_written": row.max_written,
                "needs_manual_grade": row.needs_manual_grade,
                "problem": row.judged.problem,
                "exercises": [verdict.public() for verdict in row.judged.verdicts],
                "feedback": str(row.feedback) if row.feedback else None,
            }
            for row in grades.students
        ],
        "failures": grades.failures,
        "pageless": grades.pageless,
        "untimed": grades.untimed,
        "unextended": grades.unextended,
    }


def print_grades(grades: ClassGrades, root: Path) -> None:
    """Print the table of grades and where the feedback lies."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    out = console()
    table = Table(
        "student", "code", "written", "remarks", box=box.SIMPLE_HEAD, title=grades.assignment
    )
    for row in grades.students:
        remarks = row.judged.problem or _summary(row.judged.verdicts)
        table.add_row(escape(row.student), by_code(row), by_hand(row), escape(remarks))
    for student in grades.failures:
        table.add_row(escape(student), "-", "", "[red]could not be recorded, see below[/]")
    out.print(table)
    for student, why in grades.failures.items():
        out.print(f"[red]{escape(student)}[/]: {escape(why)}")
    for student, why in grades.pageless.items():
        out.print(f"[red]{escape(student)}[/] has no feedback page: {escape(why)}")
    for student, why in grades.untimed.items():
        out.print(f"[yellow]{escape(student)}[/]: late or not, nobody can tell: {escape(why)}")
    for why in grades.unextended:
        out.print(f"[yellow]{escape(why)}[/]")
    unchanged = f"; {grades.unchanged} graded before and unchanged" if grades.unchanged else ""
    arrived = f"; {grades.on_arrival} judged when handed in" if grades.on_arrival else ""
    out.print(f"isolation: {grades.isolation}; seed {grades.seed}{unchanged}{arrived}")
    if any(row.feedback for row in grades.students):
        feedback = (
            grades.feedback.relative_to(root)
            if grades.feedback.is_relative_to(root)
            else grades.feedback
        )
        out.print(f"feedback: {feedback}/STUDENT/{grades.assignment}/")


def by_code(row: StudentGrade) -> str:
    """``93.5 / 96``: the points for code, which are final."""
    return f"{points(row.score - row.written)} / {points(row.max_score - row.max_written)}"


def by_hand(row: StudentGrade) -> str:
    """``4 to grade``: the points for written answers, which people give."""
    if row.needs_manual_grade:
        return f"{points(row.max_written)} to grade"
    return f"{points(row.written)} / {points(row.max_written)}" if row.max_written else ""


def _summary(verdicts: Sequence[Verdict]) -> str:
    """``9 passed, 2 partial, 1 not attempted``."""
    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.status] = counts.get(verdict.status, 0) + 1
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
