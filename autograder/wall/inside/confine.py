"""Inside: the walls that a submission puts up around itself, after the fork and before any line of the student's."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from typing import Any

from ..wire import kernel

SPARE_PROCESSES = 4


def warm() -> None:
    """In the forkserver: import what the walls of every submission are made with."""
    with suppress(Exception):
        import py_landlock  # noqa: F401 (where it is not installed, no plan asks for it)


def confine(plan: dict[str, Any]) -> None:
    """Limits first, then the user, then the file system. Raises when a wall that was asked for does not stand."""
    _limits(plan["limits"])
    if plan.get("uid") is not None:
        _become(plan["uid"], keep_reading=plan.get("keep_reading", False))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if (rules := plan.get("landlock")) is not None:
        _landlock(rules["read"], rules["list"], rules["write"], rules["devices"])
    if plan.get("no_internet"):
        kernel.no_internet()


def _limits(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(which)
        most = value + (SPARE_PROCESSES if name == "NPROC" else 0)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (min(value, most), most))


def room_for_a_check() -> None:
    """The fork that answers checks fits in even where cells have used up every process they may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))


def _become(uid: int, *, keep_reading: bool) -> None:
    """From root to a user of its own, so that the process limit counts and no file of root's is its own.

    Where the interpreter lies in a directory closed to others, the right to read past permissions is kept; what may be
    read is then up to Landlock.
    """
    if keep_reading:
        kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if keep_reading:
        kernel.keep_capabilities(kernel.CAP_DAC_READ_SEARCH)
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_RAISE, kernel.CAP_DAC_READ_SEARCH)
    with suppress(OSError):
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def _landlock(read: list[str], listed: list[str], write: list[str], devices: list[str]) -> None:
    from py_landlock import AccessFs, Landlock

    files = AccessFs.READ_FILE | AccessFs.EXECUTE
    rules = Landlock(strict=False)
    for path in read:
        if os.path.isdir(path):
            rules.add_path_rule(path, access=files | AccessFs.READ_DIR)
        elif os.path.exists(path):
            rules.add_path_rule(path, access=files)  # a rule on a file takes only the rights of files
    for path in listed:
        rules.add_path_rule(path, access=AccessFs.READ_DIR)
    for path in write:
        if os.path.isdir(path):
            rules.allow_read_write(path)
            rules.add_path_rule(
                path, access=AccessFs.EXECUTE | AccessFs.REFER | AccessFs.MAKE_FIFO | AccessFs.MAKE_SOCK
            )
    for path in devices:
        if os.path.exists(path):
            access = AccessFs.READ_FILE | AccessFs.WRITE_FILE | AccessFs.IOCTL_DEV
            if os.path.isdir(path):
                access |= AccessFs.READ_DIR
            rules.add_path_rule(path, access=access)
    rules.apply()


def no_signals() -> None:
    """A second, inner domain: what runs from here on signals nobody outside it, its own parent included."""
    with suppress(Exception):
        from py_landlock import AccessFs, AccessNet, RulesetAttr, Scope, create_ruleset, restrict_self

        attr = RulesetAttr()
        attr.handled_access_fs = AccessFs(0)
        attr.handled_access_net = AccessNet(0)
        attr.scoped = Scope.SIGNAL
        fd = create_ruleset(attr)
        try:
            restrict_self(fd, None)
        finally:
            os.close(fd)
