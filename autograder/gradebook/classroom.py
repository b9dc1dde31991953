"""A whole class: judged by a pool of workers, recorded by one writer, every verdict on disk as soon
as it is made.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..classes.dispatch import Dispatch, Finished
from ..classes.kept import JUDGED_ON_ARRIVAL, Kept, KeptVerdicts, bears
from ..classes.pool import WorkerPool, pool_of_this_machine
from ..course.assignment import Assignment, load_assignment
from ..course.bundle import engine_digest
from ..errors import AssignmentError, ClassError, OtherEngine, UnknownAssignment, WorkersLost
from ..grading.submission import Judged, Submission, read_handed_in
from ..language.verdict import Finding, replace
from .quick import without_grammar_of_iris

if TYPE_CHECKING:
    from ..wall.wire.limits import Limits
    from .course import OpenCourse
    from .recorder import Ready, Recorder

Step = Literal["judged", "recorded", "pages"]
Progress = Callable[[Step, str], None]
Total = Callable[[int], None]
MOST_TOGETHER = 32
"""Submissions recorded in one transaction."""


@dataclass(frozen=True)
class Wishes:
    """How a class is to be graded.

    jobs: submissions judged at a time on this machine. isolation: a level of the wall (default:
    what nbgrader_config.py says). feedback: also write the pages that students read. seed: draw
    these inputs (default: fresh ones). force: judge
    again what has not changed. database: a gradebook other than nbgrader_config.py's, as an
    SQLAlchemy address. scheduler: the address of a Dask scheduler, whose workers judge in place of
    this machine's.
    """

    jobs: int = 1
    isolation: str | None = None
    feedback: bool = True
    seed: int | None = None
    force: bool = False
    database: str | None = None
    scheduler: str | None = None


@dataclass(frozen=True)
class StudentGrade:
    """One row of the class's table, from the gradebook. ``written`` is what people gave for written
    answers so far.
    """

    student: str
    score: float
    max_score: float
    written: float
    max_written: float
    needs_manual_grade: bool
    judged: Judged
    feedback: Path | None


@dataclass(frozen=True)
class ClassGrades:
    """What grading a class gave. ``failures`` are students whom nbgrader itself could not record,
    with its log; ``unchanged`` counts those who had been graded before and handed in nothing new;
    ``pageless`` are those whose feedback page could not be made, with nbgrader's log; ``untimed``
    those of whom nobody can tell whether they were late, and why; ``unextended`` is what cannot be
    read in extensions.csv, a sentence for a line; ``on_arrival`` counts those who had been judged
    when they handed in.
    """

    assignment: str
    isolation: str
    seed: int
    students: list[StudentGrade]
    feedback: Path
    failures: dict[str, str] = field(default_factory=dict)
    unchanged: int = 0
    pageless: dict[str, str] = field(default_factory=dict)
    untimed: dict[str, str] = field(default_factory=dict)
    unextended: list[str] = field(default_factory=list)
    on_arrival: int = 0


def grade_class(
    course: Path,
    assignment: str,
    wishes: Wishes | None = None,
    *,
    progress: Progress | None = None,
    total: Total | None = None,
) -> ClassGrades:
    """Grade every submission of an assignment: gradebook, autograded/ and feedback/.

    Raises AssignmentError, ClassError or wall.WallError, each with one sentence, when nothing can
    be graded. What one submission does costs no other anything. What ends the run costs no verdict
    that was made: run it again."""
    wishes = wishes or Wishes()
    loaded = load_assignment(course, assignment)
    loaded.insist_on_reference()  # before anybody is graded
    pool: WorkerPool | None = None
    finished = False
    try:
        pool = _pool(loaded, wishes)
        with (
            without_grammar_of_iris()
        ):  # nbgrader takes a while to import; meanwhile the walls are going up
            from .course import open_course

        opened = open_course(course, assignment, wishes.database)
        grades = _Class(opened, loaded, wishes, progress).grade(pool, total)
        finished = True
        return grades
    except (WorkersLost, OtherEngine) as error:
        raise ClassError(str(error)) from error
    finally:
        if pool is not None:
            pool.close(at_once=not finished)


def _pool(assignment: Assignment, wishes: Wishes) -> WorkerPool:
    if wishes.scheduler:
        from ..classes.cluster import ClusterPool

        return ClusterPool(wishes.scheduler, accelerated=assignment.accelerated)
    return pool_of_this_machine(
        wishes.jobs,
        assignment.bundle,
        wishes.isolation or "auto",
        accelerated=assignment.accelerated,
    )


class _Class:
    """One run over one class."""

    def __init__(
        self, opened: OpenCourse, assignment: Assignment, wishes: Wishes, progress: Progress | None
    ) -> None:
        from .hooks.judging import Judge

        self._opened = opened
        self._assignment = assignment
        self._wishes = wishes
        self._tell = progress or (lambda step, student: None)
        settings = Judge(config=opened.config)
        self._isolation: str = wishes.isolation or settings.isolation
        self._limits: Limits = settings.limits()
        self._asked_seed: int | None = settings.seed if wishes.seed is None else wishes.seed
        self._seed = secrets.randbits(32) if self._asked_seed is None else self._asked_seed
        root = Path(opened.folders.root)
        self._kept = KeptVerdicts(root, assignment.name)
        self._received = KeptVerdicts(root, assignment.name, JUDGED_ON_ARRIVAL)
        self._judged: dict[str, Judged] = {}
        self._findings: dict[Finding, Finding] = {}
        self._failures: dict[str, str] = {}
        self._unchanged: set[str] = set()
        self._on_arrival: set[str] = set()

    def grade(self, pool: WorkerPool, total: Total | None) -> ClassGrades:
        """Judge, record, and collect the table."""
        from ..errors import WallError
        from ..wall.outside.isolation import choose
        from .pages import write_pages
        from .recorder import Recorder
        from .students import MISNAMED

        level = choose(self._isolation)
        self._folders = self._opened.submissions()
        self._failures |= dict.fromkeys(self._opened.misnamed(), MISNAMED)
        self._opened.refuse_unknown(self._assignment)
        if total:
            total(len(self._folders))
        with Recorder(self._opened, self._assignment) as recorder:
            waiting: list[Ready] = []
            dispatch = Dispatch(self._submissions(recorder.known(), waiting), pool)
            try:
                for group in dispatch:
                    self._record(
                        recorder, [*self._take(waiting), *filter(None, map(self._keep, group))]
                    )
                self._record(recorder, self._take(waiting))
                recorder.reckon_penalties(self._unchanged)
            except ClassError:  # patience has ended, meanwhile others were judged
                with suppress(ClassError, WallError, OtherEngine):
                    for one in dispatch.finished_by_now():
                        self._keep(one)
                raise
        if self._wishes.feedback:
            write_pages(
                self._opened,
                self._judged,
                self._wishes.jobs,
                lambda student: self._tell("pages", student),
            )
        return self._collect(level)

    def _submissions(
        self, known: set[str], waiting: list[Ready]
    ) -> Iterator[tuple[str, Submission]]:
        """What has to be judged, read one by one; what was judged before and only waits to be
        recorded is put aside.
        """
        from .hooks.timestamps import before_a_person
        from .recorder import Ready
        from .verdict_key import verdict_key

        for student, folder in self._folders.items():
            handed_in = before_a_person(read_handed_in(folder, self._assignment), folder)
            key = verdict_key(self._assignment, handed_in, folder, Path(self._opened.folders.root))
            if (before := self._before(student, key)) is not None:
                recorded = student in known and bears(self._opened.autograded(student), key)
                if recorded or before.notebook:
                    self._remember(student, before.judged)
                    self._tell("judged", student)
                    if before.notebook:
                        waiting.append(Ready(student, folder, before.notebook))
                    else:
                        self._unchanged.add(student)
                        self._tell("recorded", student)
                    continue
            yield (
                student,
                Submission(
                    self._assignment.bundle,
                    handed_in,
                    self._seed,
                    self._isolation,
                    self._limits,
                    key,
                    engine_digest(),
                ),
            )

    def _before(self, student: str, key: str) -> Kept | None:
        """What was made of a submission before, here or when it was handed in, if that is what was
        wished for now.
        """

        def wished(found: Kept | None) -> Kept | None:
            return found if found and self._asked_seed in (None, found.seed) else None

        if self._wishes.force:
            return None
        if found := wished(self._kept.find(student, key)):
            return found
        arrived = wished(self._received.find(student, key))
        try:
            if arrived is None or not self._kept.take_over(student, arrived):
                return None
        except OSError as error:
            raise _unwritable(error) from error
        self._on_arrival.add(student)
        return self._kept.find(student, key)

    def _keep(self, one: Finished) -> Ready | None:
        """A verdict is on disk before anything else happens to it."""
        from .recorder import Ready

        self._tell("judged", one.student)
        if one.judged is None:
            error = one.error
            self._failures[one.student] = f"the grader broke: {type(error).__name__}: {error}"
            return None
        try:
            notebook = self._kept.keep(
                one.student, one.submission.key, one.submission.seed, one.judged
            )
        except OSError as error:
            raise _unwritable(error) from error
        self._remember(one.student, one.judged)
        return Ready(one.student, self._folders[one.student], notebook)

    def _remember(self, student: str, judged: Judged) -> None:
        """For the table. Most of a class is told the same: equal findings are kept once."""
        verdicts = tuple(
            replace(
                one,
                findings=tuple(
                    self._findings.setdefault(finding, finding) for finding in one.findings
                ),
            )
            for one in judged.verdicts
        )
        self._judged[student] = Judged("", verdicts, judged.problem, judged.ours)

    @staticmethod
    def _take(waiting: list[Ready]) -> list[Ready]:
        taken, waiting[:] = waiting[:], []
        return taken

    def _record(self, recorder: Recorder, group: list[Ready]) -> None:
        for start in range(0, len(group), MOST_TOGETHER):
            some = group[start : start + MOST_TOGETHER]
            self._failures |= recorder.record(some)
            for one in some:
                self._tell("recorded", one.student)

    def _rows(self) -> dict[str, Any]:
        with self._opened.gradebook() as gradebook:
            return {
                row["student"]: row for row in gradebook.submission_dicts(self._assignment.name)
            }

    def _untimed(self) -> Iterator[tuple[str, str]]:
        """Whose timestamp.txt cannot be read, and why."""
        from .hooks.timestamps import why_untimed

        for student, folder in self._folders.items():
            if why := why_untimed(folder):
                yield student, why

    def _collect(self, level: str) -> ClassGrades:
        from .extensions import read_extensions
        from .patience import patiently

        name, folders = self._assignment.name, self._opened.folders
        rows = patiently(self._rows, "read")
        students: list[StudentGrade] = []
        for student in self._folders:
            if student in self._failures:
                continue
            page = Path(
                folders.format_path(folders.feedback_directory, student, name), f"{name}.html"
            )
            row = rows[student]
            students.append(
                StudentGrade(
                    student,
                    float(row["score"]),
                    float(row["max_score"]),
                    float(row["written_score"]),
                    float(row["max_written_score"]),
                    bool(row["needs_manual_grade"]),
                    self._judged[student],
                    page if page.is_file() else None,
                )
            )
        feedback = Path(folders.root) / folders.feedback_directory
        grades = ClassGrades(
            name,
            level,
            self._seed,
            students,
            feedback,
            self._failures,
            len(self._unchanged),
            on_arrival=len(self._on_arrival),
        )
        grades.untimed.update(self._untimed())
        grades.unextended.extend(read_extensions(Path(folders.root)).problems)
        if self._wishes.feedback:
            said = " ".join(self._opened.log.lines[-1:]) or "nbgrader did not say why"
            grades.pageless.update((row.student, said) for row in students if row.feedback is None)
        return grades


def _unwritable(error: OSError) -> ClassError:
    return ClassError(
        f"build/judged/ cannot be written ({error.strerror}): grade again when it can"
    )


__all__ = [
    "AssignmentError",
    "ClassError",
    "ClassGrades",
    "Progress",
    "StudentGrade",
    "UnknownAssignment",
    "Wishes",
    "grade_class",
]
