"""An assignment's cells in the gradebook, made to follow a new release despite submissions.

nbgrader refuses that. Cells that come get rows in every submission; of those that go the rows go,
too. All others, with what people gave for them, stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    SolutionCell,
    SourceCell,
)

from .patience import patiently
from .release import Course, alembic_on_path


def has_submissions(course: Course, name: str) -> bool:
    """Whether somebody's submission is on record."""
    with alembic_on_path(), Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            return bool(_notebook(gradebook, name).submissions)
        except MissingEntry:
            return False


def set_due(course: Course, name: str, due: datetime) -> None:
    """Let the gradebook say when an assignment is due. ``due`` has its zone; nbgrader keeps
    UTC.
    """

    def change() -> None:
        with alembic_on_path(), Gradebook(course.db_url, course.course_id) as gradebook:
            row: Any = gradebook.find_assignment(name)
            row.duedate = due.astimezone(UTC).replace(tzinfo=None)
            gradebook.db.commit()

    patiently(change)


def follow(course: Course, name: str, cells: Iterable[Mapping[str, Any]]) -> None:
    """Add the cells of a solved notebook that the gradebook lacks, and remove those that are
    gone.
    """
    wanted = {kind: dict(found) for kind, found in _wanted(cells).items()}

    def change() -> None:
        with alembic_on_path(), Gradebook(course.db_url, course.course_id) as gradebook:
            try:
                notebook = _notebook(gradebook, name)
            except MissingEntry:
                return
            _remove(gradebook, notebook, wanted)
            _add(gradebook, notebook, wanted)
            gradebook.db.commit()

    patiently(change)


def _notebook(gradebook: Gradebook, name: str) -> Any:
    return gradebook.find_notebook(name, name)


def _wanted(cells: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Kind of cell -> name -> cell, as nbgrader sorts them."""
    found: dict[str, dict[str, Any]] = {"grade": {}, "solution": {}, "source": {}}
    for cell in cells:
        said = cell["metadata"].get("nbgrader", {})
        kinds = {kind for kind in ("grade", "solution") if said.get(kind)}
        if kinds or said.get("locked"):
            kinds.add("source")
        for kind in kinds:
            found[kind][said["grade_id"]] = cell
    return found


def _remove(gradebook: Gradebook, notebook: Any, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    query = gradebook.db.query
    cell_id: Any = BaseCell.id
    for kind, known in (("grade", notebook.grade_cells), ("solution", notebook.solution_cells)):
        for cell in [one for one in known if one.name not in wanted[kind]]:
            for rows in (Grade, Comment):
                belongs: Any = rows.cell_id
                query(rows).filter(belongs == cell.id).delete(synchronize_session="fetch")
            gradebook.db.delete(query(BaseCell).filter(cell_id == cell.id).one())
    for cell in [one for one in notebook.source_cells if one.name not in wanted["source"]]:
        gradebook.db.delete(cell)
    gradebook.db.flush()
    gradebook.db.expire_all()


def _add(gradebook: Gradebook, notebook: Any, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    known = {
        "grade": {one.name for one in notebook.grade_cells},
        "solution": {one.name for one in notebook.solution_cells},
        "source": {one.name for one in notebook.source_cells},
    }
    new = {kind: [one for one in wanted[kind] if one not in known[kind]] for kind in wanted}
    for name in new["source"]:
        kind = wanted["source"][name]["cell_type"]
        gradebook.db.add(SourceCell(name=name, notebook=notebook, cell_type=kind))
    for name in new["grade"]:
        cell = wanted["grade"][name]
        points = float(cell["metadata"]["nbgrader"]["points"])
        made = GradeCell(
            name=name, notebook=notebook, max_score=points, cell_type=cell["cell_type"]
        )
        _in_every_submission(gradebook, notebook, made, Grade)
    for name in new["solution"]:
        made = SolutionCell(name=name, notebook=notebook)
        _in_every_submission(gradebook, notebook, made, Comment)


def _in_every_submission(gradebook: Gradebook, notebook: Any, cell: Any, kind: Any) -> None:
    gradebook.db.add(cell)
    gradebook.db.flush()
    for submission in notebook.submissions:
        gradebook.db.add(kind(cell_id=cell.id, notebook=submission))
