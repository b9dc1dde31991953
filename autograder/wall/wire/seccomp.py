"""Inside: the system calls that no submission has a use for, refused by the kernel whatever the
level of isolation.

What they make outlives a process, or reaches past a namespace: System V segments and queues, POSIX
queues, keys; sockets of families that no network namespace holds (AF_VSOCK); namespaces, in which a
process is root; io_uring, BPF and perf, whose calls go around the other walls.
"""

from __future__ import annotations

import ctypes
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from .kernel import PR_SET_SECCOMP, prctl

UNIX, INET, INET6 = 1, 2, 10
"""Families of sockets."""

_FILTER = 2
_ALLOW, _REFUSE, _MISSING = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in what the kernel shows of a call
_FOREIGN_NUMBERS = 0x40000000  # x32 on x86_64: other numbers for the same calls
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW... that clone(2) takes
_CLONE3 = (
    435  # its flags cannot be looked at: who is told that there is no such call takes clone(2)
)
_EVERYWHERE = {
    "io_uring": (425, 426, 427),
    "mounting": (428, 429, 430, 442),  # open_tree, move_mount, fsopen, mount_setattr
}


@dataclass(frozen=True)
class _Machine:
    """A processor's audit architecture, its numbers of socket(2) and clone(2), and of what is
    refused.
    """

    architecture: int
    socket: int
    clone: int
    refused: dict[str, tuple[int, ...]]


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        41,
        56,
        {
            "System V": (29, 64, 68),  # shmget, semget, msgget
            "POSIX queues": (240,),
            "keys": (248, 249, 250),
            "namespaces": (272, 308),  # unshare, setns
            "mounts": (155, 165, 166),
            "BPF, perf, userfaultfd": (321, 298, 323),
        },
    ),
    "aarch64": _Machine(
        0xC00000B7,
        198,
        220,
        {
            "System V": (194, 190, 186),
            "POSIX queues": (180,),
            "keys": (217, 218, 219),
            "namespaces": (97, 268),
            "mounts": (39, 40, 41),
            "BPF, perf, userfaultfd": (280, 241, 282),
        },
    ),
}


def seccomp_known() -> bool:
    """Whether the filter is written for this machine."""
    return platform.machine() in _MACHINES


def refuse_calls(families: Sequence[int]) -> None:
    """From here on the calls above fail, and sockets are of these families only. Needs
    NO_NEW_PRIVS.

    Raises OSError, and KeyError on a machine that the filter is not written for.
    """
    steps = _steps(_MACHINES[platform.machine()], families)
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    holder = ctypes.create_string_buffer(described, len(described))
    prctl(PR_SET_SECCOMP, _FILTER, ctypes.addressof(holder))


def _steps(machine: _Machine, families: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """The filter's program: (code, jump if true, jump if false, operand), jumps counted from the
    next step on.
    """
    refused = [
        number for some in (*machine.refused.values(), *_EVERYWHERE.values()) for number in some
    ]
    tests: list[tuple[int, int, int, int]] = [
        (_LOAD, _ARCHITECTURE, 0, 0),
        (_EQUAL, machine.architecture, 0, _REFUSE),
        (_LOAD, _NUMBER, 0, 0),
        (_AT_LEAST, _FOREIGN_NUMBERS, _REFUSE, 0),
        *((_EQUAL, number, _REFUSE, 0) for number in refused),
        (_EQUAL, _CLONE3, _MISSING, 0),
        (_EQUAL, machine.clone, 0, 2),
        (_LOAD, _FIRST_ARGUMENT, 0, 0),
        (_ANY_BIT, _NEW_NAMESPACES, _REFUSE, _ALLOW),
        (_EQUAL, machine.socket, 0, _ALLOW),
        (_LOAD, _FIRST_ARGUMENT, 0, 0),
        *((_EQUAL, family, _ALLOW, 0) for family in families),
        (_RETURN, _REFUSE, 0, 0),
        (_RETURN, _ALLOW, 0, 0),
        (_RETURN, _MISSING, 0, 0),
    ]
    ends = {_REFUSE: len(tests) - 3, _ALLOW: len(tests) - 2, _MISSING: len(tests) - 1}

    def jump(here: int, to: int) -> int:
        return ends[to] - here - 1 if to in ends else to

    return [
        (code, jump(here, true), jump(here, false), operand)
        for here, (code, operand, true, false) in enumerate(tests)
    ]
