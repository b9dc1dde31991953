"""Inside: what the processes of a submission hold together, of memory and of files that have no
name any more.

Looked at a few times a second. It is a watch, not a wall: what comes and goes between two looks is
not seen, nor what is on its way from one process to another.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """Bytes: ``memory`` that was written to, shared memory counted once; ``unlinked`` files on disk
    that are still open.
    """

    memory: int
    unlinked: int


def held_by(pids: Iterable[int], forkserver: int) -> Held:
    """What these processes hold, beyond what each was forked with."""
    pids = list(pids)
    given, _ = _resident(forkserver)
    private = shared = 0
    for pid in pids:
        anonymous, shareable = _resident(pid)
        private += max(0, anonymous - given)
        shared += _share(pid, shareable)
    nameless, unlinked = _nameless(pids)
    return Held(private + shared + nameless, unlinked)


def filled(room: str) -> tuple[int, int]:
    """Bytes and files in a file system, with a name or without."""
    there = os.statvfs(room)
    return (there.f_blocks - there.f_bfree) * there.f_frsize, there.f_files - there.f_ffree


def _resident(pid: int) -> tuple[int, int]:
    """Bytes of a process that are its own, and that it may share; noughts when it is gone."""
    found = _fields(f"/proc/{pid}/status")
    return found.get("RssAnon", 0), found.get("RssShmem", 0)


WORTH_A_WALK = 16 << 20


def _share(pid: int, shareable: int) -> int:
    """Its part of the memory that it shares with others: all of it where that cannot be told, or is
    not worth telling.
    """
    if shareable < WORTH_A_WALK:
        return shareable
    return _fields(f"/proc/{pid}/smaps_rollup").get("Pss_Shmem", shareable)


def _nameless(pids: Iterable[int]) -> tuple[int, int]:
    """Bytes of open files without a name, each counted once: in memory (memfd_create), and
    elsewhere.
    """
    found: dict[tuple[int, int], tuple[bool, int]] = {}
    for pid in pids:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    path = f"/proc/{pid}/fd/{name}"
                    info = os.stat(path)
                    if stat.S_ISREG(info.st_mode) and info.st_nlink == 0:
                        in_memory = os.readlink(path).startswith("/memfd:")
                        found[info.st_dev, info.st_ino] = (in_memory, info.st_blocks * 512)
    nameless = sum(size for in_memory, size in found.values() if in_memory)
    return nameless, sum(size for in_memory, size in found.values() if not in_memory)


def _fields(path: str) -> dict[str, int]:
    """The lines ``Name: 12 kB`` of a file of the kernel's, in bytes; none when it cannot be
    read.
    """
    found: dict[str, int] = {}
    with suppress(OSError), open(path, "rb") as lines:
        for line in lines:
            words = line.split()
            if len(words) == 3 and words[2] == b"kB":
                found[words[0].rstrip(b":").decode()] = int(words[1]) * 1024
    return found
