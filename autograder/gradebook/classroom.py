"""A whole class: judged in parallel threads, recorded by one writer through nbgrader's own converters, in-process."""

from __future__ import annotations

import logging
import secrets
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, Literal

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from ..authoring.release import alembic_on_path
from ..grading.assignment import COURSE_MARK, Assignment, AssignmentError, load_assignment
from ..grading.grade import GradedNotebook
from ..wall import Wall, modules_for
from .judge import Judge, Submission, handing, judge_folder
from .rebuild import rebuild_folder

Step = Literal["judged", "recorded"]
Progress = Callable[[Step, str], None]


class ClassError(Exception):
    """A class that cannot be graded as things stand: one sentence with what to do."""


class UnknownAssignment(ClassError):
    """The gradebook has never heard of the assignment: a build registers it."""


class _Errors(logging.Handler):
    """Remembers what nbgrader logs as errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []
        self.logger = logging.Logger("chainrule.gradebook", logging.WARNING)
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@dataclass
class _Course:
    """The course's own nbgrader configuration, its folders, and a log that is kept off the terminal."""

    config: Config
    folders: CourseDirectory
    log: _Errors


@dataclass(frozen=True)
class StudentGrade:
    """One row of the class's table, from the gradebook. ``written`` is what people gave for written answers so far."""

    student: str
    score: float
    max_score: float
    written: float
    max_written: float
    needs_manual_grade: bool
    graded: GradedNotebook
    feedback: Path | None


@dataclass(frozen=True)
class ClassGrades:
    """What grading a class gave. ``failures`` are students whom nbgrader itself could not record, with its log."""

    assignment: str
    isolation: str
    seed: int
    students: list[StudentGrade]
    feedback: Path
    failures: dict[str, str] = field(default_factory=dict)


def students_of(course: Path, assignment: str) -> list[str]:
    """Who has handed in something for an assignment. Raises ClassError when nobody has."""
    return sorted(_submissions(_open(course, assignment).folders))


def grade_class(
    course: Path,
    assignment_name: str,
    *,
    jobs: int = 1,
    isolation: str | None = None,
    feedback: bool = True,
    progress: Progress | None = None,
) -> ClassGrades:
    """Grade every submission of an assignment: gradebook, autograded/ and feedback/.

    Raises AssignmentError, ClassError or wall.WallError, each with one sentence, when nothing can be graded. What one
    submission does costs no other anything. ``isolation`` and the limits default to what nbgrader_config.py says.
    ``feedback`` also writes the pages that students read.
    """
    assignment = load_assignment(course, assignment_name)
    _ = assignment.reference  # refuse to grade without it, before anybody is
    seed = secrets.randbits(32)
    tell = progress or (lambda step, student: None)
    opened = _open(course, assignment.name)
    folders = _submissions(opened.folders)
    _refuse_unknown(opened.folders, assignment)
    settings = Judge(config=opened.config)
    start = partial(
        Wall,
        isolation or settings.isolation,
        settings.limits(),
        hidden=[assignment.course],
        modules=modules_for(assignment.sources),
    )
    with _Walls(start) as walls, ThreadPoolExecutor(jobs, thread_name_prefix="judge") as pool:
        futures: dict[str, Future[GradedNotebook]] = {}
        graded: dict[str, GradedNotebook] = {}
        for student, folder in sorted(folders.items()):
            futures[student] = pool.submit(_judged, assignment, folder, walls, seed)
            futures[student].add_done_callback(lambda _, student=student: tell("judged", student))
        try:
            broken = _record(opened, assignment, folders, futures, graded, tell, feedback=feedback)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return _collect(opened, assignment, walls.level, seed, graded, broken, sorted(folders))


class _Walls:
    """A wall for each submission that is being judged, kept warm for the next; the first stands before anything else."""

    def __init__(self, start: Callable[[], Wall]) -> None:
        self._start = start
        self._open = ExitStack()
        self._free: SimpleQueue[Wall] = SimpleQueue()
        self._lock = Lock()
        self.level = ""

    def __enter__(self) -> _Walls:
        wall = self._open.enter_context(self._start())
        self.level = wall.level
        self._free.put(wall)
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    @contextmanager
    def one(self) -> Iterator[Wall]:
        """A wall that nobody else uses meanwhile."""
        try:
            wall = self._free.get_nowait()
        except Empty:
            wall = self._start()
            with self._lock:
                self._open.enter_context(wall)
        try:
            yield wall
        finally:
            self._free.put(wall)


def _judged(assignment: Assignment, folder: Path, walls: _Walls, seed: int) -> GradedNotebook:
    rebuilt = rebuild_folder(assignment, folder)
    with walls.one() as wall:
        return judge_folder(assignment, rebuilt.notebook, folder, wall, seed)


class _AutogradeAll(Autograde):
    """nbgrader's converter, which leaves out submissions without any notebook; here they count too."""

    submissions: dict[str, Path]

    def init_notebooks(self) -> None:
        self.assignments = {str(folder): [str(folder / f"{folder.name}.ipynb")] for folder in self.submissions.values()}


def _record(
    course: _Course,
    assignment: Assignment,
    folders: dict[str, Path],
    futures: dict[str, Future[GradedNotebook]],
    graded: dict[str, GradedNotebook],
    tell: Progress,
    *,
    feedback: bool,
) -> dict[str, str]:
    """Write the verdicts to the gradebook in order, as they are made, and then the feedback, if asked for, to disk.

    Fills ``graded`` on the way. Returns the students whose judging broke, with what broke.
    """
    broken: dict[str, str] = {}

    def verdict(student: str) -> Callable[[], GradedNotebook]:
        def wait() -> GradedNotebook:
            try:
                result = futures.pop(student).result()
            except Exception as error:  # a defect of ours: this student is not recorded, the others are
                broken[student] = f"the grader broke: {type(error).__name__}: {error}"
                raise
            graded[student] = replace(result, notebook={})  # written to disk now; a class of them would fill the memory
            tell("recorded", student)
            return result

        return wait

    submissions: dict[Submission, Callable[[], GradedNotebook]] = {
        (student, assignment.name): verdict(student) for student in folders
    }
    with handing(submissions), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's remarks on nbgrader
        for converter in _converters(course, folders, feedback=feedback):
            try:
                converter.start()
            except NbGraderException as error:
                course.log.lines.append(str(error))
    return broken


def _converters(course: _Course, submissions: dict[str, Path], *, feedback: bool) -> Iterator[BaseConverter]:
    """nbgrader's autograde over all submissions, then its generate_feedback over what that recorded."""
    autograde = _AutogradeAll(coursedir=course.folders, config=course.config, log=course.log.logger)
    autograde.submissions = submissions
    autograde.force = True
    yield autograde
    if feedback:
        pages = GenerateFeedback(coursedir=course.folders, config=course.config, log=course.log.logger)
        pages.force = True
        yield pages


def _collect(
    course: _Course,
    assignment: Assignment,
    isolation: str,
    seed: int,
    graded: dict[str, GradedNotebook],
    broken: dict[str, str],
    everybody: list[str],
) -> ClassGrades:
    coursedir = course.folders
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        rows = {row["student"]: row for row in gradebook.submission_dicts(assignment.name)}
    students: list[StudentGrade] = []
    failures: dict[str, str] = {}
    for student in everybody:
        if not Path(coursedir.format_path(coursedir.autograded_directory, student, assignment.name)).is_dir():
            failures[student] = (
                broken.get(student) or _last_words(course.log.lines) or "nbgrader did not record this submission"
            )
            continue
        page = Path(coursedir.format_path(coursedir.feedback_directory, student, assignment.name))
        row: dict[str, Any] = rows[student]
        students.append(
            StudentGrade(
                student,
                float(row["score"]),
                float(row["max_score"]),
                float(row["written_score"]),
                float(row["max_written_score"]),
                bool(row["needs_manual_grade"]),
                graded[student],
                page / f"{assignment.name}.html" if (page / f"{assignment.name}.html").is_file() else None,
            )
        )
    feedback = Path(coursedir.root) / coursedir.feedback_directory
    return ClassGrades(assignment.name, isolation, seed, students, feedback, failures)


def _open(course: Path, assignment: str) -> _Course:
    """Read the course's configuration. Raises ClassError when it cannot be used."""
    root = course.resolve()
    try:
        config = PyFileConfigLoader(COURSE_MARK, path=str(root)).load_config()
    except Exception as error:  # it is Python, anything can happen in it
        raise ClassError(f"{COURSE_MARK}: {type(error).__name__}: {' '.join(str(error).split())}") from None
    log = _Errors()
    folders = CourseDirectory(config=config, log=log.logger)
    folders.root = str(root)
    folders.assignment_id = assignment
    return _Course(config, folders, log)


def _last_words(lines: list[str]) -> str:
    """What nbgrader logged last of a failure, without its traceback."""
    tracebacks = [line for line in lines if line.startswith("Traceback")]
    return (tracebacks or lines or [""])[-1].strip().rpartition("\n")[2]


def _submissions(coursedir: CourseDirectory) -> dict[str, Path]:
    """Student -> folder of what they handed in."""
    pattern = coursedir.format_path(coursedir.submitted_directory, "*", coursedir.assignment_id)
    root = Path(coursedir.root)
    relative = Path(pattern).relative_to(root)
    position = relative.parts.index("*")
    found = {folder.relative_to(root).parts[position]: folder for folder in root.glob(str(relative)) if folder.is_dir()}
    if not found:
        raise ClassError(f"nobody has handed in {coursedir.assignment_id}: no folder matches {relative}")
    return found


def _refuse_unknown(coursedir: CourseDirectory, assignment: Assignment) -> None:
    """Refuse when the gradebook does not know the assignment as it is released now."""
    with alembic_on_path(), Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            known = {cell.name for cell in gradebook.find_notebook(assignment.name, assignment.name).source_cells}
        except MissingEntry:
            raise UnknownAssignment(
                f"the gradebook does not know {assignment.name} yet: run `chainrule build {assignment.name}`"
            ) from None
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


__all__ = [
    "AssignmentError",
    "ClassError",
    "ClassGrades",
    "Progress",
    "StudentGrade",
    "UnknownAssignment",
    "grade_class",
    "students_of",
]
