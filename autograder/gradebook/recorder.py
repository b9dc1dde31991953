"""The one writer: judged submissions into nbgrader's gradebook and autograded/, as nbgrader's
Autograde would write them.

Autograde opens the database nine times a submission and waits for the disk after every cell. Here
the same rows are written by the same methods of nbgrader's gradebook and preprocessors, over one
connection, in one transaction for all the submissions that are ready. What nbgrader_config.py says
about late penalties, students, files, permissions and hooks holds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from nbformat import from_dict
from nbgrader import utils
from nbgrader.api import Assignment as InGradebook
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.preprocessors import AssignLatePenalties
from tornado.log import app_log
from traitlets.utils.importstring import import_item

from ..course.assignment import Assignment
from ..errors import ClassError
from ..grading.nbtext import joined
from .course import OpenCourse
from .extensions import read_extensions
from .hooks.judging import Judge
from .hooks.reasons import Reasons
from .hooks.rebuilding import Rebuild
from .hooks.scores import SaveScores
from .hooks.submissions import ordinary_files_only
from .indexes import add_indexes
from .patience import patiently
from .release import alembic_on_path


@dataclass(frozen=True)
class Ready:
    """A judged submission: whose, what they handed in, and the autograded notebook that waits to be
    put in its place.
    """

    student: str
    folder: Path
    notebook: Path


class Recorder:
    """Writes one assignment's submissions. Use as a context manager. Raises ClassError for a
    configuration whose steps it cannot take, and for a gradebook or a disk that cannot be written.
    """

    def __init__(self, course: OpenCourse, assignment: Assignment) -> None:
        self._course = course
        self._assignment = assignment
        self._folders = course.folders
        self._autograde = Autograde(
            coursedir=course.folders, config=course.config, log=course.log.logger
        )
        self._autograde.force = True
        self._extensions = read_extensions(Path(course.folders.root))
        self._exporter = self._autograde.exporter_class(
            parent=self._autograde, config=course.config
        )
        self._in_gradebook, self._on_notebook = _steps(self._autograde, self._exporter)

    def __enter__(self) -> Recorder:
        self._before = os.getcwd()
        os.chdir(self._folders.root)  # where hooks and plugins expect to be
        self._muted, app_log.disabled = (
            app_log.disabled,
            True,
        )  # nbgrader logs what it raises, with a traceback
        with alembic_on_path():
            self._gradebook: Any = patiently(
                lambda: Gradebook(self._folders.db_url, self._folders.course_id), "read"
            )
        self._gradebook.db.remove()
        self._gradebook.db.configure(expire_on_commit=False)
        self._stale = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._gradebook.close()
        app_log.disabled = self._muted
        os.chdir(self._before)

    def _look_up(self) -> None:
        """The assignment's rows, which every submission refers to, and what makes them quick to
        find.
        """
        add_indexes(self._gradebook.db)
        name = self._assignment.name
        self._row = self._gradebook.find_assignment(name)
        self._notebook = self._gradebook.find_notebook(name, name)
        _ = self._row.notebooks  # or every submission would look for them in a half-made state
        self._cells = {cell.id: cell for cell in self._notebook._base_cells}
        self._stale = False

    def known(self) -> set[str]:
        """The students who have a submission in the gradebook."""
        return patiently(self._known, "read")

    def _known(self) -> set[str]:
        try:
            row: Any = InGradebook
            submissions = self._gradebook.db.query(SubmittedAssignment.student_id).join(row)
            return {student for (student,) in submissions.filter(row.name == self._assignment.name)}
        except BaseException:
            self._gradebook.db.remove()
            raise

    def record(self, group: Sequence[Ready]) -> dict[str, str]:
        """Record submissions together. Returns the students who could not be recorded, with what
        nbgrader said.
        """
        try:
            self._patiently(group)
        except ClassError:
            raise
        except Exception as error:
            if len(group) > 1:  # one of them is the culprit: each for itself
                return {
                    student: why for one in group for student, why in self.record([one]).items()
                }
            return {group[0].student: _in_words(error)}
        failures: dict[str, str] = {}
        for one in group:
            try:
                self._lay_out(one)
            except OSError as error:
                raise ClassError(
                    f"autograded/ cannot be written ({error.strerror}): grade again when it can"
                ) from error
            except Exception as error:
                failures[one.student] = _in_words(error)
        return failures

    def _patiently(self, group: Sequence[Ready]) -> None:
        """All rows in one transaction; again for a while when somebody else holds the database, or
        it went away.
        """

        def enter() -> None:
            with self._transaction():
                for one in group:
                    self._enter(one)

        patiently(enter)

    # --- the gradebook ----------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """nbgrader's methods commit as they go; here they commit together or not at all."""
        session = self._gradebook.db()
        commit = session.commit
        session.commit = session.flush
        try:
            if self._stale:
                self._look_up()
            yield
            commit()
        except BaseException:
            self._stale = True
            session.rollback()
            raise
        finally:
            session.commit = commit
            if self._stale:
                self._gradebook.db.remove()
        session.expire(self._row, ["submissions"])  # they would remember every submission
        session.expire(self._notebook, ["submissions"])

    def _enter(self, one: Ready) -> None:
        gradebook, name = self._gradebook, self._assignment.name
        if self._autograde.create_student:
            gradebook.update_or_create_student(one.student)
        else:
            try:
                gradebook.find_student(one.student)
            except MissingEntry:
                message = f"No student with ID '{one.student}' exists in the database"
                raise NbGraderException(message) from None
        timestamp = self._folders.get_existing_timestamp(str(one.folder))
        handed_in = {"timestamp": timestamp} if timestamp else {}
        submission = gradebook.update_or_create_submission(name, one.student, **handed_in)
        self._extensions.grant(submission, one.student, name)
        notebook = next(row for row in submission.notebooks if row.notebook_id == self._notebook.id)
        rows = _Rows(
            submission,
            notebook,
            {self._cells[grade.cell_id].name: grade for grade in notebook.grades},
            {self._cells[comment.cell_id].name: comment for comment in notebook.comments},
        )
        if not (
            one.folder / f"{name}.ipynb"
        ).exists():  # as nbgrader counts a notebook that was not handed in
            for grade in rows.grades.values():
                grade.auto_score, grade.needs_manual_grade = 0, False
        nb = _graded_cells(one.notebook)
        for step in self._in_gradebook:
            step(self, rows, nb)

    def reckon_penalties(self, students: Collection[str]) -> None:
        """The penalties of submissions that were recorded before: since then people may have given
        points for written answers, or moved the due date. Nothing but the penalty changes.
        """
        steps = [step for step in self._in_gradebook if step.saves is Recorder.save_penalty]
        if not students or not steps:
            return

        def reckon() -> None:
            with self._transaction():
                for submission, notebook in self._perhaps_late():
                    if submission.student_id in students:
                        self._extensions.grant(
                            submission, submission.student_id, self._assignment.name
                        )
                        for step in steps:
                            step(self, _Rows(submission, notebook, {}, {}), None)

        patiently(reckon)

    def _perhaps_late(self) -> list[tuple[Any, Any]]:
        """The submissions that may get a penalty, or have one, with their notebooks."""
        submission: Any = SubmittedAssignment
        notebook: Any = SubmittedNotebook
        late = notebook.late_submission_penalty.isnot(None)
        if self._row.duedate is not None:
            late |= submission.timestamp.isnot(None)
        query = self._gradebook.db.query(SubmittedAssignment, SubmittedNotebook).join(
            SubmittedNotebook, notebook.assignment_id == submission.id
        )
        return query.filter(
            submission.assignment_id == self._row.id,
            notebook.notebook_id == self._notebook.id,
            late,
        ).all()

    def save_scores(self, preprocessor: SaveScores, rows: _Rows, nb: Any) -> None:
        """By nbgrader's own methods, on rows that are there already."""
        preprocessor.save(nb, rows.grades, rows.comments)

    def save_reasons(self, preprocessor: Reasons, rows: _Rows, nb: Any) -> None:
        """Comments and flags."""
        preprocessor.save(self._assignment, nb, rows.grades, rows.comments)

    def save_penalty(self, preprocessor: AssignLatePenalties, rows: _Rows, nb: Any) -> None:
        """What AssignLatePenalties does, with the plugin that is configured."""
        rows.notebook.late_submission_penalty = None
        late = rows.submission.total_seconds_late
        if late > 0:
            session = self._gradebook.db()
            session.flush()
            session.expire(rows.notebook, ["score"])
            preprocessor.init_plugin()
            plugin: Any = preprocessor.plugin_inst
            penalty = plugin.late_submission_penalty(
                rows.submission.student_id, rows.notebook.score, late
            )
            if penalty is not None:
                penalty = preprocessor._check_late_penalty(rows.notebook, penalty)
                rows.notebook.late_submission_penalty = penalty

    # --- autograded/ ------------------------------------------------------------------------------

    def _lay_out(self, one: Ready) -> None:
        """The student's files, the instructor's over them, and last the notebook: it says that all
        the rest is done.
        """
        name, convert = self._assignment.name, self._autograde
        folder = Path(
            self._folders.format_path(self._folders.autograded_directory, one.student, name)
        )
        try:
            if folder.exists():
                utils.rmtree(str(folder))
            convert.notebooks = [str(one.folder / f"{name}.ipynb")]
            convert.run_pre_convert_hook()
            folder.mkdir(parents=True)
            with ordinary_files_only(self._folders, one.folder):
                BaseConverter.init_assignment(convert, name, one.student)
            self._copy_masters(folder)
            placed = folder / f"{name}.ipynb"
            if self._on_notebook:
                self._through_others(one, placed)
            else:
                shutil.move(one.notebook, placed)
            convert.set_permissions(name, one.student)
            convert.run_post_convert_hook()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _copy_masters(self, folder: Path) -> None:
        source = self._folders.format_path(
            self._folders.source_directory, ".", self._assignment.name
        )
        excluded = {
            Path(source, name)
            for name in self._autograde.exclude_overwriting.get(self._assignment.name, [])
        }
        for path in map(Path, utils.find_all_files(source, [*self._folders.ignore, "*.ipynb"])):
            if path in excluded:
                continue
            there = folder / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.unlink(missing_ok=True)
            shutil.copy(path, there)

    def _through_others(self, one: Ready, placed: Path) -> None:
        """Preprocessors that the course has added run last, each with a connection of its own."""
        from nbformat import writes

        nb = from_dict(joined(json.loads(one.notebook.read_bytes())))
        resources: Any = self._autograde.init_single_notebook_resources(
            str(one.folder / placed.name)
        )
        resources["metadata"] = {"name": placed.stem, "path": str(placed.parent)}
        with utils.setenv(NBGRADER_EXECUTION="autograde"):
            for preprocessor in self._on_notebook:
                nb, resources = preprocessor(nb, resources)
        placed.write_text(writes(nb) + "\n", encoding="utf-8")
        one.notebook.unlink()


@dataclass(frozen=True)
class _Rows:
    """A submission in the gradebook: its own row, its notebook's, and by cell name those of grades
    and comments.
    """

    submission: Any
    notebook: Any
    grades: dict[str, Any]
    comments: dict[str, Any]


@dataclass(frozen=True)
class _Step:
    """One of the configured preprocessors and what it comes to in the gradebook."""

    preprocessor: Any
    saves: Callable[[Recorder, Any, _Rows, Any], None]

    def __call__(self, recorder: Recorder, rows: _Rows, nb: Any) -> None:
        self.saves(recorder, self.preprocessor, rows, nb)


def _steps(autograde: Autograde, exporter: Any) -> tuple[list[_Step], list[Any]]:
    """What the configured preprocessors come to: steps in the gradebook, then preprocessors that
    are not ours.
    """
    sanitize = [_resolved(one) for one in autograde.sanitize_preprocessors]
    after = [_resolved(one) for one in autograde.autograde_preprocessors]
    if sanitize != [Rebuild] or after[:1] != [Judge]:
        raise ClassError(
            "nbgrader_config.py: Autograde.sanitize_preprocessors must be Rebuild alone and "
            "autograde_preprocessors begin with Judge, as shipped: otherwise use `nbgrader "
            "autograde`"
        )
    known = {
        SaveScores: Recorder.save_scores,
        Reasons: Recorder.save_reasons,
        AssignLatePenalties: Recorder.save_penalty,
    }
    steps: list[_Step] = []
    others: list[Any] = []
    for kind in after[1:]:
        made = kind(parent=exporter)
        if not made.enabled:
            continue
        if kind not in known:
            others.append(made)
        elif others:
            raise ClassError(
                "nbgrader_config.py: Autograde.autograde_preprocessors has "
                f"{type(others[0]).__name__} before {kind.__name__}: put preprocessors of your "
                "own last, or use `nbgrader autograde`"
            )
        else:
            steps.append(_Step(made, known[kind]))
    return steps, others


def _resolved(preprocessor: Any) -> Any:
    return import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor


def _graded_cells(notebook: Path) -> Any:
    """A notebook with only the cells that the gradebook knows, as nbgrader's methods expect it."""
    read = json.loads(notebook.read_bytes())
    cells = [cell for cell in read["cells"] if "nbgrader" in cell["metadata"]]
    return from_dict(joined({"cells": cells, "metadata": read["metadata"]}))


def _in_words(error: Exception) -> str:
    return (
        " ".join(f"{type(error).__name__}: {error}".split())
        or "nbgrader did not record this submission"
    )


__all__ = ["Ready", "Recorder"]
