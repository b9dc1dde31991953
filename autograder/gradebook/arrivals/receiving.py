"""Judging what lies in the exchange, as soon as it is handed in, behind the same wall as grading.

Of every student the last submission of an assignment is copied as nbgrader's collect would copy it,
into a folder of its own; what is judged are those bytes. Inputs are drawn anew for every
submission: who hands in again and again learns nothing about the next ones."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets import Bool
from traitlets.config import Config, Configurable
from traitlets.config.loader import PyFileConfigLoader

from ...classes.dispatch import Dispatch, Finished
from ...classes.kept import JUDGED_ON_ARRIVAL, RECEIVED, KeptVerdicts
from ...classes.pool import pool_of_this_machine
from ...course.assignment import COURSE_MARK, Assignment, assignments_in, load_assignment
from ...course.bundle import engine_digest
from ...errors import AssignmentError, ClassError
from ...grading.submission import Judged, Submission, read_handed_in
from ..config import ErrorLog, folders_in, read_config
from ..exchange.careful import CollectWithCare, Sent
from ..hooks.judging import Judge
from ..hooks.timestamps import before_a_person
from ..verdict_key import verdict_key
from .receipts import UNREADABLE, Receipt, receipts_of, write_receipt

Arrived = Callable[[str, str, Receipt], None]
"""Told of each assignment, student and receipt."""


class Receiving(Configurable):
    """What nbgrader_config.py says about judging on arrival."""

    show_points = Bool(
        False, help="Tell students the points for code as soon as a submission is judged."
    ).tag(config=True)


class Receiver:
    """Looks at the exchange of a course; ``look`` again and again for judging as students hand in.
    ``receipts`` is the folder for them, the course's own unless it is given.

    Raises ConfigError for a configuration that cannot be used.
    """

    def __init__(
        self,
        course: Path,
        jobs: int = 1,
        isolation: str | None = None,
        receipts: Path | None = None,
    ) -> None:
        self._course = course.resolve()
        self._receipts = receipts or receipts_of(self._course)
        self._jobs = jobs
        self._config = _with_jupyters(self._course)
        self._log = ErrorLog()
        settings = Judge(config=read_config(self._course))
        self._isolation = isolation or settings.isolation
        self._limits = settings.limits()
        self._seed: int | None = settings.seed
        self._show_points: bool = Receiving(config=self._config).show_points
        self._said: set[str] = set()
        self._seen: dict[tuple[str, str], tuple[str, str]] = {}

    def complaints(self) -> list[str]:
        """For the log: what went wrong since it was last asked, each sentence once."""
        lines, self._log.lines = self._log.lines, []
        fresh = [line for line in dict.fromkeys(lines) if line not in self._said]
        self._said.update(fresh)
        return fresh

    def look(self, arrived: Arrived | None = None) -> int:
        """Judge what has come since the last look, of all assignments. Returns how many submissions
        that were.

        Raises ClassError when the exchange or the course's folder cannot be used, WallError when
        no wall can stand, WorkersLost. What one submission does costs no other anything."""
        told = arrived or (lambda assignment, student, receipt: None)
        count = 0
        for name in assignments_in(self._course):
            try:
                count += self._look_at(name, told)
            except AssignmentError as error:  # half built, perhaps: the next look will see
                self._log.lines.append(f"{name}: {error}")
            except ExchangeError as error:
                raise ClassError(
                    f"{error}: Exchange.root in {COURSE_MARK} names nbgrader's exchange"
                ) from None
            except OSError as error:
                raise ClassError(
                    f"{error.filename or 'build/received/'} cannot be written ({error.strerror}): "
                    "look again when it can"
                ) from error
        return count

    def _look_at(self, name: str, told: Arrived) -> int:
        collector = self._collector(name)
        lying = {sent.student: sent.folder for sent in _complete(collector)}
        if not lying:
            return 0
        assignment = load_assignment(self._course, name)
        fresh = {
            student: folder
            for student, folder in lying.items()
            if self._seen.get((name, student)) != (folder.name, assignment.bundle.digest)
        }
        if not fresh:
            return 0
        assignment.insist_on_reference()
        store = KeptVerdicts(self._course, name, JUDGED_ON_ARRIVAL)

        def tell(student: str, receipt: Receipt) -> None:
            write_receipt(self._receipts, name, student, receipt)
            told(name, student, receipt)

        waiting = self._waiting(assignment, collector, fresh, store, tell)
        count = 0
        if (first := next(waiting, None)) is not None:  # no workers where there is nothing to do
            for one in self._judged(assignment, chain([first], waiting)):
                count += 1
                tell(one.student, self._kept(fresh[one.student].name, one, store))
        for student, folder in fresh.items():
            self._seen[name, student] = (folder.name, assignment.bundle.digest)
        return count

    def _collector(self, name: str) -> CollectWithCare:
        """The course's own collect."""
        folders: Any = folders_in(self._config, self._log)
        folders.root = str(self._course)
        folders.assignment_id = name
        stated = ExchangeFactory(config=self._config).collect
        kind = stated if issubclass(stated, CollectWithCare) else CollectWithCare
        return kind(coursedir=folders, config=self._config, log=self._log.logger)

    def _waiting(
        self,
        assignment: Assignment,
        collector: CollectWithCare,
        fresh: Mapping[str, Path],
        store: KeptVerdicts,
        tell: Callable[[str, Receipt], None],
    ) -> Iterator[tuple[str, Submission]]:
        """What has to be judged; what was judged before gets its receipt again."""
        for student, sent in fresh.items():
            folder = self._course / RECEIVED / "submitted" / student / assignment.name
            if not self._copy(collector, sent, folder):
                tell(student, Receipt(sent.name, False, UNREADABLE))
                continue
            handed_in = before_a_person(read_handed_in(folder, assignment), folder)
            key = verdict_key(assignment, handed_in, folder, self._course)
            before = store.find(student, key)
            if before is not None and self._seed in (None, before.seed):
                tell(student, self._receipt(sent.name, before.judged))
                continue
            yield (
                student,
                Submission(
                    assignment.bundle,
                    handed_in,
                    secrets.randbits(32) if self._seed is None else self._seed,
                    self._isolation,
                    self._limits,
                    key,
                    engine_digest(),
                ),
            )

    def _copy(self, collector: CollectWithCare, sent: Path, folder: Path) -> bool:
        """Copy a submission in place of the last one; whether it could be."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            collector.do_copy(str(sent), str(folder))
        except OSError as error:
            self._log.lines.append(f"{sent.name} cannot be copied: {error}")
            return False
        return folder.is_dir()  # it is not where it is too large

    def _judged(
        self, assignment: Assignment, submissions: Iterable[tuple[str, Submission]]
    ) -> Iterator[Finished]:
        pool = pool_of_this_machine(
            self._jobs, assignment.bundle, self._isolation, accelerated=assignment.accelerated
        )
        finished = False
        try:
            for group in Dispatch(submissions, pool):
                yield from group
            finished = True
        finally:
            pool.close(at_once=not finished)

    def _kept(self, sent: str, one: Finished, store: KeptVerdicts) -> Receipt:
        if one.judged is None:
            self._log.lines.append(f"{one.student}: the grader broke: {one.error!r}")
            return Receipt(sent, judged=False)
        store.keep(one.student, one.submission.key, one.submission.seed, one.judged)
        return self._receipt(sent, one.judged)

    def _receipt(self, sent: str, judged: Judged) -> Receipt:
        """What its sender may know."""
        if judged.ours:
            return Receipt(sent, judged=False)
        if judged.problem or not self._show_points:
            return Receipt(sent, judged.problem is None, judged.problem)
        points = sum(verdict.score for verdict in judged.verdicts)
        total = sum(verdict.points for verdict in judged.verdicts)
        return Receipt(sent, True, None, points, total)


def _complete(collector: CollectWithCare) -> Iterator[Sent]:
    """The submissions whose sender has finished writing; the last one of everybody stands last."""
    for sent in sorted(collector.lying(), key=lambda sent: sent.timestamp):
        if (sent.folder / "submission_secret.txt").exists():  # nbgrader's submit writes it last
            yield sent


def _with_jupyters(course: Path) -> Config:
    """The configuration as nbgrader's commands read it in the course's folder: Jupyter's own
    folders first. The exchange may be named in either.
    """
    config = Config()
    for folder in reversed(jupyter_config_path()):
        if Path(folder, COURSE_MARK).is_file():
            config.merge(PyFileConfigLoader(COURSE_MARK, path=folder).load_config())
    config.merge(read_config(course))
    return config
