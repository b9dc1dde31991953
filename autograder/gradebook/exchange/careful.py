"""Collecting from an exchange in which students can put what they like.

nbgrader's own collect follows links with the instructor's rights, waits for pipes, ends for
everybody at one folder's odd name or size, and takes what somebody put there under another's name
(with a warning). Here each of these costs its sender alone."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import ignore_patterns, parse_utc

from ..students import is_student_id


@dataclass(frozen=True)
class Sent:
    """One submission in the exchange."""

    student: str
    folder: Path
    timestamp: datetime


class CollectWithCare(ExchangeCollect):
    """nbgrader's collect, for ``inbound/STUDENT+ASSIGNMENT+TIMESTAMP+RANDOM``.

    What bears another's name than its owner's, where ``check_owner`` is on, or no name that can be
    read, is passed over with a warning. Links and other odd files are not followed: they would be
    read with the instructor's rights."""

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        """Find the submission of every student that counts: the last one; with before_duedate the
        last in time, if any.
        """
        folders: Any = self.coursedir
        by_student: dict[str, list[Sent]] = {}
        for sent in self.lying():
            if folders.student_id in ("", "*", sent.student):
                by_student.setdefault(sent.student, []).append(sent)
        due = self._due()
        self.src_records = [
            self._record(_chosen(some, due)) for _, some in sorted(by_student.items())
        ]

    def lying(self) -> Iterator[Sent]:
        """All submissions of the assignment that lie in the exchange. Raises ExchangeError when
        there is none of that course.
        """
        folders: Any = self.coursedir
        if not folders.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = os.path.join(self.root, folders.course_id, "inbound")
        if not os.path.isdir(self.inbound_path):
            self.fail(f"Course not found: {self.inbound_path}")
        name = re.compile(
            rf"(?P<student>.+)\+{re.escape(folders.assignment_id)}"
            r"\+(?P<timestamp>[^+]+)(\+[^+]+)?",
            re.DOTALL,
        )
        for folder in self.folders(Path(self.inbound_path)):
            named = name.fullmatch(folder.name)
            if named is None:
                continue
            timestamp = _read(named["timestamp"])
            if timestamp is None or folder.is_symlink() or not folder.is_dir():
                self.log.warning("%r is no submission and is left where it is", str(folder))
            elif not is_student_id(named["student"]) or not self.sent_by(named["student"], folder):
                self.log.warning(
                    "%r was not sent by %r and is left where it is", str(folder), named["student"]
                )
            else:
                yield Sent(named["student"], folder, timestamp)

    def folders(self, inbound: Path) -> Iterator[Path]:
        """What may be submissions."""
        yield from sorted(inbound.iterdir())

    def sent_by(self, student: str, folder: Path) -> bool:
        """Whether it was this student who put it there."""
        if not self.check_owner:
            return True
        try:
            return folder.owner() == student
        except (KeyError, OSError):  # nobody by that number, or gone
            return False

    def _due(self) -> datetime | None:
        folders: Any = self.coursedir
        with Gradebook(folders.db_url, folders.course_id) as gradebook:
            try:
                due: Any = gradebook.find_assignment(folders.assignment_id).duedate
            except MissingEntry:
                return None
        return due if self.before_duedate else None

    def _record(self, sent: Sent) -> dict[str, Any]:
        inside = sent.folder.relative_to(self.inbound_path).as_posix()
        return {"username": sent.student, "filename": inside, "timestamp": sent.timestamp}

    def copy_files(self) -> None:
        """Collect one by one: what cannot be copied is said, and costs nobody else."""
        checked, self.check_owner = self.check_owner, False  # it was, by what was found
        everybody = self.src_records
        try:
            for record in everybody:
                self.src_records = [record]
                try:
                    super().copy_files()
                except OSError as error:
                    self.log.error("%r cannot be collected: %s", record["filename"], error)
        finally:
            self.check_owner, self.src_records = checked, everybody

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy ordinary files, whatever else lies there, and whatever their owner makes of them
        meanwhile.
        """
        folders: Any = self.coursedir
        if self.get_size(src) > 1000 * folders.max_dir_size:
            self.log.error(
                "%r is larger than %d MB and is left where it is", src, folders.max_dir_size // 1000
            )
            return
        ignored = ignore_patterns(folders.ignore, folders.include, folders.max_file_size, self.log)
        for base, below, names, descriptor in os.fwalk(
            src
        ):  # opens every folder itself, so none turns into a link
            left_out = set(ignored(base, [*below, *names]))
            below[:] = [name for name in below if name not in left_out]
            into = Path(dest, os.path.relpath(base, src))
            into.mkdir(parents=True, exist_ok=True)
            for name in names:
                if name not in left_out:
                    _copy(name, descriptor, into / name)


def _copy(name: str, folder: int, into: Path) -> None:
    """Copy a file of an open folder if it is an ordinary one."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:  # a link, a socket, or gone
        return
    with os.fdopen(descriptor, "rb") as source:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            with into.open("wb") as target:
                shutil.copyfileobj(source, target)


def _chosen(some: list[Sent], due: datetime | None) -> Sent:
    newest_first = sorted(some, key=lambda sent: sent.timestamp, reverse=True)
    in_time = [sent for sent in newest_first if due is None or sent.timestamp <= due]
    return (in_time or newest_first)[0]


def _read(timestamp: str) -> datetime | None:
    try:
        return parse_utc(timestamp)
    except (ValueError, OverflowError):
        return None
