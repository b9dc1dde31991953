"""Inside: the directories that live inside only, such as /tmp, emptied after each submission."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress


class Rooms:
    """Directories that every submission finds as the first one found them.

    What lies in them beforehand stays when something is mounted on it or below it, such as an
    interpreter that is installed in /tmp; everything else there was left by imports and goes.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)
        self._fixed: frozenset[str] = frozenset().union(*map(_mounted, self._paths))
        for path in self._paths:
            self._empty(path)

    def emptied(self, uid: int | None) -> bool:
        """Remove whatever a submission of the user ``uid`` left; whether all of it is gone.

        The files are that user's, who may have closed them to everybody else: so that user removes
        them. ``None`` is this process's own user."""
        if uid is None:
            for path in self._paths:
                self._empty(path)
        elif any(map(self._left, self._paths)):
            self._empty_as(uid)
        return not any(map(self._left, self._paths))

    def _empty_as(self, uid: int) -> None:
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            return
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            for path in self._paths:
                self._empty(path)
        finally:
            os._exit(0)

    def _empty(self, path: str) -> None:
        for entry in self._left(path):
            if entry.is_dir(follow_symlinks=False):
                with suppress(Exception):  # RecursionError among them
                    shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    os.unlink(entry.path)
        if left := [entry.path for entry in self._left(path)]:  # too deep for Python, or closed
            for command in (["chmod", "-R", "u+rwX", "--"], ["rm", "-rf", "--"]):
                subprocess.run([*command, *left], capture_output=True, check=False)

    def _left(self, path: str) -> list[os.DirEntry[str]]:
        """What is in the room beside what was mounted there, and beside the way to that."""
        found: list[os.DirEntry[str]] = []
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.path not in self._fixed:
                    found.append(entry)
                elif not os.path.ismount(entry.path):
                    found += self._left(entry.path)
        return found


def _mounted(path: str) -> set[str]:
    """Whatever below this directory something is mounted on, and the directories on the way to
    it.
    """
    found: set[str] = set()
    with os.scandir(path) as entries:
        for entry in entries:
            if os.path.ismount(entry.path):
                found.add(entry.path)
            elif entry.is_dir(follow_symlinks=False) and (below := _mounted(entry.path)):
                found |= {entry.path, *below}
    return found
