"""A course as nbgrader_config.py describes it: its folders and its gradebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from ..course.assignment import Assignment
from ..errors import ClassError, UnknownAssignment
from .config import ErrorLog, folders_in, read_config
from .exporters.ledger import Entry, ledger
from .patience import patiently
from .release import alembic_on_path
from .students import is_student_id


@dataclass
class OpenCourse:
    """The course's own nbgrader configuration and what follows from it, for one assignment."""

    config: Config
    folders: CourseDirectory
    log: ErrorLog

    def submissions(self) -> dict[str, Path]:
        """Student -> folder of what they handed in, without misnamed folders. Raises ClassError
        when nobody has.
        """
        if found := {name: path for name, path in self._handed_in() if is_student_id(name)}:
            return found
        raise ClassError(
            f"nobody has handed in {self.folders.assignment_id}: no folder matches "
            f"{self._pattern()}"
        )

    def handed_in_by_anybody(self) -> bool:
        """Whether there is a submission at all."""
        return any(is_student_id(name) for name, _ in self._handed_in())

    def misnamed(self) -> list[str]:
        """The names of folders that can be no student's, as Python writes them."""
        return [ascii(name) for name, _ in self._handed_in() if not is_student_id(name)]

    def _pattern(self) -> Path:
        folders = self.folders
        pattern = folders.format_path(folders.submitted_directory, "*", folders.assignment_id)
        return Path(pattern).relative_to(folders.root)

    def _handed_in(self) -> Iterator[tuple[str, Path]]:
        root, pattern = Path(self.folders.root), self._pattern()
        position = pattern.parts.index("*")
        excluded = set(filter(None, self.folders.student_id_exclude.split(",")))
        for folder in sorted(root.glob(str(pattern))):
            student = folder.relative_to(root).parts[position]
            if folder.is_dir() and student not in excluded:
                yield student, folder

    def autograded(self, student: str) -> Path:
        """Where a student's autograded notebook lies, or will."""
        folders = self.folders
        folder = folders.format_path(folders.autograded_directory, student, folders.assignment_id)
        return Path(folder, f"{folders.assignment_id}.ipynb")

    def refuse_unknown(self, assignment: Assignment) -> None:
        """Raises ClassError when the gradebook does not know the assignment as it is released
        now.
        """
        known = patiently(lambda: self._cells(assignment.name), "read")
        asked = {
            nbgrader["grade_id"]
            for cell in assignment.release["cells"]
            if (nbgrader := cell["metadata"].get("nbgrader"))
            and (nbgrader["grade"] or nbgrader["solution"])
        }
        if unknown := sorted(asked - known):
            raise ClassError(
                f"the gradebook has another release of {assignment.name} (it lacks {unknown[0]}): "
                f"run `chainrule build {assignment.name}`"
            )

    def _cells(self, name: str) -> set[str]:
        with alembic_on_path(), self.gradebook() as gradebook:
            try:
                return {cell.name for cell in gradebook.find_notebook(name, name).source_cells}
            except MissingEntry:
                raise UnknownAssignment(
                    f"the gradebook does not know {name} yet: run `chainrule build {name}`"
                ) from None

    def on_record(self, name: str) -> tuple[dict[str, Entry], dict[str, str]]:
        """The gradebook's entries for an assignment by student, and the names of everybody in
        it.
        """
        with alembic_on_path(), self.gradebook() as gradebook:
            try:
                gradebook.find_assignment(name)
            except MissingEntry:
                raise UnknownAssignment(
                    f"the gradebook does not know {name}: `chainrule build {name}`, then "
                    f"`chainrule grade {name}`"
                ) from None
            book: Any = gradebook
            names = {
                one.id: " ".join(part for part in (one.first_name, one.last_name) if part)
                for one in book.students
            }
            return ledger(gradebook, name), names

    def due_dates(self) -> dict[str, datetime]:
        """When assignments are due, in UTC, those of which the gradebook says it."""
        with alembic_on_path(), self.gradebook() as gradebook:
            book: Any = gradebook
            return {
                one.name: one.duedate.replace(tzinfo=UTC) for one in book.assignments if one.duedate
            }

    def gradebook(self) -> Gradebook:
        """The gradebook, to be closed by whoever asks."""
        return Gradebook(self.folders.db_url, self.folders.course_id)


def open_course(course: Path, assignment: str, database: str | None = None) -> OpenCourse:
    """Read the course's configuration; ``database`` names another gradebook. Raises ConfigError
    when it cannot be used.
    """
    root, log = course.resolve(), ErrorLog()
    config = read_config(root)
    folders = folders_in(config, log)
    folders.root = str(root)
    folders.assignment_id = assignment
    if database is not None:
        folders.db_url = database
    return OpenCourse(config, folders, log)
