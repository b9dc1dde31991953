"""Inside: the walls that a submission puts up around itself, after the fork and before any line of
the student's.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ..wire import kernel, seccomp
from ..wire.kernel import Right
from ..wire.limits import SPARE_PROCESSES


def confine(plan: dict[str, Any]) -> None:
    """Limits first, then the user, then the file system. Raises when a wall that was asked for does
    not stand.
    """
    _limits(plan["limits"])
    if plan.get("uid") is not None:
        _become(plan["uid"], keep_reading=plan.get("keep_reading", False))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if (rules := plan.get("landlock")) is not None:
        kernel.only_beneath(_rules(rules))
    if (families := plan.get("families")) is not None:
        seccomp.refuse_calls(families)


def _limits(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(which)
        most = value + (SPARE_PROCESSES if name == "NPROC" else 0)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (min(value, most), most))


def room_for_a_check() -> None:
    """The fork that answers checks fits in even where cells have used up every process they may
    have.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))


def _become(uid: int, *, keep_reading: bool) -> None:
    """From root to a user of its own, so that the process limit counts and no file of root's is its
    own.

    Where the interpreter lies in a directory closed to others, the right to read past permissions
    is kept; what may be read is then up to Landlock.
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


_READ = Right.READ_FILE | Right.EXECUTE | Right.READ_DIR
_WRITE = (
    _READ
    | Right.WRITE_FILE
    | Right.TRUNCATE
    | Right.REMOVE_DIR
    | Right.REMOVE_FILE
    | Right.MAKE_DIR
    | Right.MAKE_REG
    | Right.MAKE_SOCK
    | Right.MAKE_FIFO
    | Right.MAKE_SYM
    | Right.REFER
)
_DEVICE = Right.READ_FILE | Right.WRITE_FILE | Right.IOCTL_DEV | Right.READ_DIR


def _rules(plan: dict[str, list[str]]) -> Iterator[tuple[str, Right]]:
    for name, rights in (
        ("read", _READ),
        ("list", Right.READ_DIR),
        ("write", _WRITE),
        ("devices", _DEVICE),
    ):
        yield from ((path, rights) for path in plan[name])


def no_signals() -> None:
    """What runs from here on signals nobody outside it, its own parent included.

    That parent is the student's own process: where the rule cannot be had, nobody else is harmed.
    """
    with suppress(OSError):
        kernel.no_signals_out()
