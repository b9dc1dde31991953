"""``chainrule check``: one notebook, judged as it will be graded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .saying import REFUSED, console, course_root, points, print_json

if TYPE_CHECKING:
    from ..course.assignment import Assignment
    from ..grading.grade import GradedNotebook

MARKS = {"passed": "green", "partial": "yellow", "not_attempted": "dim"}


def run(
    notebook: Path, name: str | None, course: Path | None, isolation: str | None, json: bool
) -> int:
    """Judge a notebook and print the verdicts. Returns the exit code."""
    from ..course.assignment import load_assignment
    from ..errors import SubmissionError
    from ..grading.folder import read_files
    from ..grading.grade import grade_notebook
    from ..grading.handed_in import read_plain_file
    from ..wall.outside.wall import Wall

    if not notebook.exists():
        raise SubmissionError(f"there is no file {notebook}: name the notebook to check")
    root = course_root(course, notebook)
    data = read_plain_file(notebook)
    assignment = load_assignment(root, name or _belongs_to(root, notebook, data))
    _ = assignment.reference
    # Only a folder of the assignment's own name is a submission; elsewhere anything may lie beside
    # the notebook.
    folder = notebook.resolve().parent
    files = read_files(folder).files if folder.name == assignment.name else {}
    wall = Wall(isolation or "auto", hidden=[assignment.course], modules=assignment.modules)
    with wall:
        graded = grade_notebook(assignment, data, wall, files=files)
    if graded.problem:
        raise SubmissionError(graded.problem)
    if json:
        print_json(as_json(str(notebook), assignment, graded))
    else:
        _show(assignment, graded)
    return 0 if graded.score >= assignment.points else 1


def as_json(notebook: str, assignment: Assignment, graded: GradedNotebook) -> dict[str, Any]:
    """The machine-readable form of one judged notebook."""
    return {
        "notebook": notebook,
        "assignment": assignment.name,
        "score": graded.score,
        "max_score": assignment.points,
        "exercises": [verdict.public() for verdict in graded.verdicts],
    }


def _belongs_to(root: Path, notebook: Path, data: bytes) -> str:
    """The assignment a notebook answers: by its name, else by the cells it shares with the
    releases.
    """
    from ..course.assignment import assignments_in, releases
    from ..errors import AssignmentError
    from ..grading.folder import kinship
    from ..grading.handed_in import read_notebook

    names = assignments_in(root)
    if notebook.stem in names:
        return notebook.stem
    cells = read_notebook(data).cells
    shared = {name: kinship(release, cells) for name, release in releases(root).items()}
    best = max(shared, key=lambda name: shared[name], default="")
    if not best or not shared[best]:
        listed = ", ".join(names) or "none yet"
        raise AssignmentError(
            f"cannot tell which assignment {notebook.name} answers: use --assignment ({listed})"
        )
    return best


def _show(assignment: Assignment, graded: GradedNotebook) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from ..course.marks import notebook_marks

    out = console()
    table = Table("exercise", "points", "status", "what is missing", box=box.SIMPLE_HEAD)
    for verdict in graded.verdicts:
        colour = MARKS.get(verdict.status, "red")
        table.add_row(
            verdict.name,
            f"{points(verdict.score)} / {points(verdict.points)}",
            f"[{colour}]{verdict.status.replace('_', ' ')}[/]",
            escape(verdict.sentence()),
        )
    out.print(table)
    for note in notebook_marks(graded.notebook).notes:
        out.print(escape(note))
    out.print(
        f"[bold]{assignment.name}: {points(graded.score)} of {points(assignment.points)} points[/]"
    )


__all__ = ["REFUSED", "as_json", "run"]
