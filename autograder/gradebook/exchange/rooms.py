"""Collecting from an inbound folder in which every student has a room of their own.

nbgrader tells whose a submission is by the name of its folder, which its sender writes, and by the
owner of the files, which says nothing where everybody is user 1000 of their own pod. So each
student's pod is given ``inbound/ROOM`` alone as
its inbound folder: releasing, fetching, submitting and feedback are nbgrader's own, unchanged, and
what lies in a room was put there by whoever owns it. ROOM is the user's name as KubeSpawner writes
it into the names of pods."""

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
from traitlets import default


@dataclass(frozen=True)
class Sent:
    """One submission in the exchange."""

    student: str
    folder: Path
    timestamp: datetime


class CollectFromRooms(ExchangeCollect):
    """nbgrader's collect, for ``inbound/ROOM/STUDENT+ASSIGNMENT+TIMESTAMP+RANDOM``.

    What a student put into a room under another's name, or under no name that can be read, is
    passed over with a warning. Links and other odd files are not followed: they would be read with
    the instructor's rights."""

    @default("check_owner")
    def _no_owner(self) -> bool:
        """The room says more than the owner of the files."""
        return False

    def init_src(self) -> None:
        """Find the submission of every student that counts: the last one; with before_duedate the
        last in time, if any.
        """
        folders: Any = self.coursedir
        if not folders.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = os.path.join(self.root, folders.course_id, "inbound")
        if not os.path.isdir(self.inbound_path):
            self.fail(f"Course not found: {self.inbound_path}")
        by_student: dict[str, list[Sent]] = {}
        for sent in self._sent(Path(self.inbound_path), folders.assignment_id):
            if folders.student_id in ("", "*", sent.student):
                by_student.setdefault(sent.student, []).append(sent)
        due = self._due()
        self.src_records = [
            self._record(_chosen(some, due)) for _, some in sorted(by_student.items())
        ]

    def _due(self) -> datetime | None:
        folders: Any = self.coursedir
        with Gradebook(folders.db_url, folders.course_id) as gradebook:
            try:
                due: Any = gradebook.find_assignment(folders.assignment_id).duedate
            except MissingEntry:
                return None
        return due if self.before_duedate else None

    def _sent(self, inbound: Path, assignment: str) -> Iterator[Sent]:
        from kubespawner.slugs import safe_slug

        name = re.compile(
            rf"(?P<student>.+)\+{re.escape(assignment)}\+(?P<timestamp>[^+]+)(\+[^+]+)?", re.DOTALL
        )
        for room in sorted(inbound.iterdir()):
            if room.is_symlink() or not room.is_dir():
                continue
            for folder in sorted(room.iterdir()):
                named = name.fullmatch(folder.name)
                if named is None:
                    continue
                timestamp = _read(named["timestamp"])
                if timestamp is None or folder.is_symlink() or not folder.is_dir():
                    self.log.warning("%r is no submission and is left where it is", str(folder))
                elif safe_slug(named["student"]) != room.name:
                    self.log.warning(
                        "%r was not sent by %r and is left where it is",
                        str(folder),
                        named["student"],
                    )
                else:
                    yield Sent(named["student"], folder, timestamp)

    def _record(self, sent: Sent) -> dict[str, Any]:
        inside = sent.folder.relative_to(self.inbound_path).as_posix()
        return {"username": sent.student, "filename": inside, "timestamp": sent.timestamp}

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
