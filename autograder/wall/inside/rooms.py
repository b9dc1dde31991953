"""Inside: the directories that live inside only, such as /tmp, emptied after each submission."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress


def emptied(paths: Sequence[str], uid: int | None) -> list[bool]:
    """Remove whatever a submission of the user ``uid`` left in these directories; for each whether
    it is empty now.

    The files are that user's, who may have closed them to everybody else: so that user removes
    them."""
    if uid is None:
        for path in paths:
            _empty(path)
    elif any(map(os.listdir, paths)):
        _as_user(uid, paths)
    return [not os.listdir(path) for path in paths]


def _as_user(uid: int, paths: Sequence[str]) -> None:
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        for path in paths:
            _empty(path)
    finally:
        os._exit(0)


def _empty(path: str) -> None:
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False):
            with suppress(Exception):  # RecursionError among them
                shutil.rmtree(entry.path, ignore_errors=True)
        else:
            with suppress(OSError):
                os.unlink(entry.path)
    if left := [entry.path for entry in os.scandir(path)]:  # too deep for Python, or closed
        for command in (["chmod", "-R", "u+rwX", "--"], ["rm", "-rf", "--"]):
            subprocess.run([*command, *left], capture_output=True, check=False)
