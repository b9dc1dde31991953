"""A course as nbgrader_config.py describes it: its folders, its gradebook, and a log that is kept off the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from ..authoring.release import ErrorLog, alembic_on_path
from ..grading.assignment import COURSE_MARK, Assignment
from .errors import ClassError, UnknownAssignment
from .patience import patiently


@dataclass
class OpenCourse:
    """The course's own nbgrader configuration and what follows from it, for one assignment."""

    config: Config
    folders: CourseDirectory
    log: ErrorLog

    def submissions(self) -> dict[str, Path]:
        """Student -> folder of what they handed in. Raises ClassError when nobody has."""
        folders = self.folders
        pattern = folders.format_path(folders.submitted_directory, "*", folders.assignment_id)
        root = Path(folders.root)
        relative = Path(pattern).relative_to(root)
        position = relative.parts.index("*")
        excluded = set(filter(None, folders.student_id_exclude.split(",")))
        found = {
            student: folder
            for folder in sorted(root.glob(str(relative)))
            if folder.is_dir() and (student := folder.relative_to(root).parts[position]) not in excluded
        }
        if not found:
            raise ClassError(f"nobody has handed in {folders.assignment_id}: no folder matches {relative}")
        return found

    def autograded(self, student: str) -> Path:
        """Where a student's autograded notebook lies, or will."""
        folders = self.folders
        folder = folders.format_path(folders.autograded_directory, student, folders.assignment_id)
        return Path(folder, f"{folders.assignment_id}.ipynb")

    def refuse_unknown(self, assignment: Assignment) -> None:
        """Raises ClassError when the gradebook does not know the assignment as it is released now."""
        known = patiently(lambda: self._cells(assignment.name), "read")
        asked = {
            nbgrader["grade_id"]
            for cell in assignment.release["cells"]
            if (nbgrader := cell["metadata"].get("nbgrader")) and (nbgrader["grade"] or nbgrader["solution"])
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

    def gradebook(self) -> Gradebook:
        """The gradebook, to be closed by whoever asks."""
        return Gradebook(self.folders.db_url, self.folders.course_id)


def open_course(course: Path, assignment: str, database: str | None = None) -> OpenCourse:
    """Read the course's configuration; ``database`` names another gradebook. Raises ClassError when it cannot be used."""
    root = course.resolve()
    try:
        config = PyFileConfigLoader(COURSE_MARK, path=str(root)).load_config()
    except Exception as error:  # it is Python, anything can happen in it
        raise ClassError(f"{COURSE_MARK}: {type(error).__name__}: {' '.join(str(error).split())}") from None
    log = ErrorLog()
    folders = CourseDirectory(config=config, log=log.logger)
    folders.root = str(root)
    folders.assignment_id = assignment
    if database is not None:
        folders.db_url = database
    return OpenCourse(config, folders, log)
