"""Outside: a group of the kernel's for each submission (cgroups): its memory and its processes
counted and bounded by the kernel, whoever of them holds what, and all of them ended with it.

Version 2 where it bounds memory, else version 1. A group lies below the grader's own where systemd
delegated that (``systemd-run --user --scope -p Delegate=yes``), or anywhere for root. The kernel's
Documentation/admin-guide/cgroup-v2.rst has the files and the rules.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from secrets import token_hex

from ...errors import WallError
from ..wire.limits import SPARE_PROCESSES, Limits

NEEDED = ("memory", "pids")
PROCS = "cgroup.procs"
ASIDE = "grader"
"""Below a delegated group: where the grader itself goes, since who has groups below has no
processes.
"""
END_SECONDS = 2.0
SPARE_BYTES = 64 << 20
"""What the kernel itself holds for a submission, and what the watch inside needs to be first."""


@dataclass(frozen=True)
class Cgroups:
    """Where groups can be made: for each controller the folder, the same one in version 2."""

    version: int
    folders: Mapping[str, Path]

    @property
    def places(self) -> list[Path]:
        """Each folder once."""
        return list(dict.fromkeys(self.folders.values()))


class Cgroup:
    """The group of one submission: ``memory_bytes`` in all its processes and files in memory,
    ``processes`` at once. Raises WallError when the kernel refuses.
    """

    def __init__(self, where: Cgroups, name: str, memory_bytes: int, processes: int) -> None:
        self._where = where
        self._name = name
        try:
            for place in where.places:
                (place / name).mkdir()
            self._bound(memory_bytes, processes)
        except OSError as error:
            self.end()
            raise WallError(
                f"No group of the kernel's (cgroup) can be made any more: {error}."
            ) from error

    def _bound(self, memory_bytes: int, processes: int) -> None:
        memory, pids = (self._where.folders[one] / self._name for one in NEEDED)
        if self._where.version == 2:
            _write(memory / "memory.max", memory_bytes)
            _write(memory / "memory.oom.group", 1)
            _write_if_there(memory / "memory.swap.max", 0)
        else:
            _write(memory / "memory.limit_in_bytes", memory_bytes)
            _write_if_there(memory / "memory.memsw.limit_in_bytes", memory_bytes)
        _write(pids / "pids.max", processes)

    @contextmanager
    def doors(self) -> Iterator[list[int]]:
        """Open descriptors: whoever writes "0" to each of them is in the group from then on, with
        all that it starts.
        """
        files: list[int] = []
        try:
            for place in self._where.places:
                path = place / self._name / PROCS
                files.append(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
            yield files
        finally:
            for one in files:
                os.close(one)

    @property
    def killed(self) -> int:
        """How many of its processes the kernel has killed for memory."""
        name = "memory.events" if self._where.version == 2 else "memory.oom_control"
        with suppress(OSError, ValueError):
            text = (self._where.folders["memory"] / self._name / name).read_text()
            return int(dict(line.split() for line in text.splitlines()).get("oom_kill", 0))
        return 0

    def end(self) -> None:
        """Kill whatever is still in it, and remove it. Ending twice is ending once."""
        for place in self._where.places:
            _removed(place / self._name)


def _removed(group: Path) -> None:
    until = time.monotonic() + END_SECONDS
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # somebody is in it
            _kill(group)
            if time.monotonic() > until:
                return
            time.sleep(0.005)
        else:
            return


def _kill(group: Path) -> None:
    with suppress(OSError):
        _write(group / "cgroup.kill", 1)
        return
    with suppress(OSError, ValueError):
        for pid in _words(group / PROCS):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(int(pid), signal.SIGKILL)


def group_for(where: Cgroups, name: str, limits: Limits, spare_bytes: int) -> Cgroup:
    """A new group for a submission with these limits, and with ``spare_bytes`` of files in memory
    beside them.
    """
    memory = limits.memory_bytes + spare_bytes + SPARE_BYTES
    processes = limits.processes + SPARE_PROCESSES
    return Cgroup(where, f"{name}-{token_hex(4)}", memory, processes)


def clear(name: str) -> None:
    """Remove the groups that a killed grader left behind under this name."""
    where = usable().cgroups
    for place in where.places if where else ():
        for group in place.glob(f"{name}-*"):
            _removed(group)


# --- where they can be made -----------------------------------------------------------------------


@dataclass(frozen=True)
class Usable:
    """Where groups can be made, or why they cannot."""

    cgroups: Cgroups | None
    problem: str = ""


@cache
def usable() -> Usable:
    """Tried for real: a process goes into a group and is ended there."""
    if not sys.platform.startswith("linux"):
        return Usable(None, "cgroups exist for Linux only")
    problem = "none are mounted with memory and pids"
    for where in _candidates():
        try:
            _try(where)
        except (OSError, WallError, subprocess.SubprocessError) as error:
            problem = f"version {where.version} is mounted, but not this user's to use ({error})"
        else:
            return Usable(where)
    return Usable(None, problem)


def _candidates() -> Iterator[Cgroups]:
    mounts, mine = _mounts(), _own_groups()
    for mount in mounts:
        if mount.kind == "cgroup2" and (path := mount.below(mine.get(""))):
            own = path.parent if path.name == ASIDE else path
            for folder in dict.fromkeys((own, mount.point)):
                if folder == mount.point and os.geteuid() != 0:
                    continue
                if set(NEEDED) <= set(_words(folder / "cgroup.controllers")):
                    yield Cgroups(2, dict.fromkeys(NEEDED, folder))
    one = {
        name: path
        for mount in mounts
        if mount.kind == "cgroup"
        for name in (*NEEDED, "cpu")
        if name in mount.controllers and (path := mount.below(mine.get(name)))
    }
    if set(NEEDED) <= set(one):
        yield Cgroups(1, one)


def _try(where: Cgroups) -> None:
    """Raises OSError, WallError or SubprocessError where a group cannot be used."""
    if where.version == 2:
        _hand_down(where.places[0])
    group = Cgroup(where, f"chainrule-try-{token_hex(4)}", 64 << 20, 8)
    try:
        with group.doors() as doors:
            enter = "import os, sys; [os.write(int(one), b'0') for one in sys.argv[1:]]"
            subprocess.run(
                [sys.executable, "-I", "-S", "-c", enter, *map(str, doors)],
                pass_fds=doors,
                check=True,
                timeout=20,
                capture_output=True,
            )
    finally:
        group.end()


def _hand_down(folder: Path) -> None:
    """Have the groups below bound memory and processes. Who has such groups has no processes of
    its own: those of a delegated group, which are the grader's, go into one of them first.
    """
    control = folder / "cgroup.subtree_control"
    wanted = [name for name in NEEDED if name not in _words(control)]
    if not wanted:
        return
    if (folder / "cgroup.type").exists() and os.getpid() in map(int, _words(folder / PROCS)):
        (folder / ASIDE).mkdir(exist_ok=True)
        for pid in _words(folder / PROCS):
            with suppress(ProcessLookupError):
                _write(folder / ASIDE / PROCS, pid)
    _write(control, " ".join(f"+{name}" for name in wanted))


@dataclass(frozen=True)
class _Mount:
    """A line of /proc/self/mountinfo: proc(5) has its fields."""

    kind: str
    root: str
    point: Path
    controllers: frozenset[str]

    def below(self, path: str | None) -> Path | None:
        """Where the group of this path lies; None where the mount does not show it."""
        if path is None or not (path == self.root or path.startswith(self.root.rstrip("/") + "/")):
            return None
        return self.point / path[len(self.root.rstrip("/")) :].lstrip("/")


def _mounts() -> list[_Mount]:
    mounts = []
    with suppress(OSError), open("/proc/self/mountinfo") as lines:
        for line in lines:
            before, _, after = line.partition(" - ")
            kind, _, options = after.split(maxsplit=2)
            root, point = before.split()[3:5]
            if kind in ("cgroup", "cgroup2"):
                names = frozenset(options.strip().split(","))
                mounts.append(_Mount(kind, root, Path(point), names))
    return mounts


def _own_groups() -> dict[str, str]:
    """The path of this process's group by controller; that of version 2 by the empty name."""
    groups = {}
    with suppress(OSError), open("/proc/self/cgroup") as lines:
        for line in lines:
            _, names, path = line.rstrip("\n").split(":", 2)
            groups |= dict.fromkeys(names.split(","), path)
    return groups


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _write(path: Path, value: object) -> None:
    with open(path, "w") as file:
        file.write(str(value))


def _write_if_there(path: Path, value: object) -> None:
    with suppress(OSError):
        if path.exists():
            _write(path, value)
