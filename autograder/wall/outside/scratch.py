"""Outside: the directory that a submission runs in, and what of its own files may lie there.

Behind bubblewrap it is a file system of its own with a size, filled and watched from inside.
Elsewhere it is a directory of the machine's, filled here and watched from here.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from importlib.machinery import all_suffixes
from pathlib import Path, PurePosixPath

from ...exercise.importing import names_of
from ...language.verdict import Failure
from ..wire.frames import Header
from ..wire.limits import in_bytes
from .endings import MOST_FILES
from .evaluator import Gone
from .forkserver_process import remove_tree
from .isolation import Plan

BLOCKS_OF_A_FILE = 4096 + 1024
"""What a file takes beside its bytes: a part of a block, and its place in a directory."""


class Scratch:
    """A fresh directory with these files in it, for one run of a notebook."""

    def __init__(self, plan: Plan, files: Mapping[str, bytes]) -> None:
        name = secrets.token_hex(8)
        self.inside = plan.inside(plan.sessions / name)
        self.handed = sum(map(len, files.values())) + BLOCKS_OF_A_FILE * len(files)
        self._files = files
        self._outside = None if plan.own_file_systems else plan.sessions / name
        if self._outside is not None:
            _fill(self._outside, files, plan.uid)

    def setup(self) -> tuple[Header, bytes]:
        """What the inside has to be told: the directory's name there, and the files where it is to
        write them.
        """
        sent = self._files if self._outside is None else {}
        sizes = [[name, len(data)] for name, data in sent.items()]
        return {"scratch": self.inside, "files": sizes}, b"".join(sent.values())

    def bound(self, most: int) -> None:
        """Raises Gone when it holds more than ``most`` bytes beside what it was given, or very many
        files.
        """
        if self._outside is not None:
            _bound(self._outside, self.handed, most)

    def remove(self) -> None:
        """Remove what is on this side; what is inside goes with the submission's processes."""
        if self._outside is not None:
            remove_tree(self._outside)


def is_safe(name: str) -> bool:
    """A relative path of plain parts: nothing that leads out of the directory."""
    path = PurePosixPath(name)
    return (
        bool(name)
        and "\0" not in name
        and "\\" not in name
        and not path.is_absolute()
        and not ({"..", "."} & set(name.split("/")))
    )


def admitted(
    files: Mapping[str, bytes], trusted: Mapping[str, bytes], most: int
) -> dict[str, bytes]:
    """The student's own files that may lie beside the notebook: safe names, none in the place of
    the instructor's, half the room.
    """
    admitted: dict[str, bytes] = {}
    left = most // 2
    for name, data in files.items():
        if (
            is_safe(name)
            and not _takes_the_place(name, trusted)
            and len(data) <= left
            and len(admitted) < MOST_FILES // 10
        ):
            admitted[name] = data
            left -= len(data)
    return admitted


def _takes_the_place(name: str, trusted: Mapping[str, bytes]) -> bool:
    """Whether a file is called like a trusted one, or would be imported in place of one."""
    first, inside, _ = name.partition("/")
    modules = {module for module in names_of(trusted) if "." not in module}
    return name in trusted or (
        first in modules
        if inside
        else first.partition(".")[0] in modules and first.endswith(tuple(all_suffixes()))
    )


def _fill(scratch: Path, files: Mapping[str, bytes], uid: int | None) -> None:
    """Write the files into a new directory that belongs to the submission's user alone."""
    scratch.mkdir(mode=0o700)
    made = [scratch]
    for name, data in files.items():
        path = scratch / name
        for parent in reversed(path.relative_to(scratch).parents[:-1]):
            if not (scratch / parent).is_dir():
                with suppress(OSError):
                    (scratch / parent).mkdir(mode=0o700)
                made.append(scratch / parent)
        with suppress(OSError):  # a student's file in place of a directory
            path.write_bytes(data)
            made.append(path)
    if uid is not None:
        for path in made:
            with suppress(OSError):
                os.chown(path, uid, uid, follow_symlinks=False)


def _bound(scratch: Path, handed: int, most: int) -> None:
    """Raises Gone when the directory holds more than the ``handed`` bytes and ``most``, or very
    many files.
    """
    used = count = 0
    todo = [os.fspath(scratch)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    count += 1
                    info = entry.stat(follow_symlinks=False)
                    used += info.st_blocks * 512
                    if stat.S_ISDIR(info.st_mode):
                        todo.append(entry.path)
                    if count > MOST_FILES:
                        raise Gone(Failure("killed", f"made more than {MOST_FILES:,} files"))
        except FileNotFoundError:
            continue
        except OSError:  # too deep to be named, or closed to its own user
            raise Gone(Failure("killed", "made directories that cannot be looked into")) from None
    if used > handed + most:
        raise Gone(Failure("killed", f"wrote more than {in_bytes(most)} of files"))
