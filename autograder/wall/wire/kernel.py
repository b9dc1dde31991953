"""Inside: what the operating system is asked for by number, because Python has no name for it."""

from __future__ import annotations

import ctypes
import os
import platform
import struct

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_READ_SEARCH = 2


def prctl(option: int, *arguments: int) -> None:
    """prctl(2). Raises OSError."""
    padded = [ctypes.c_ulong(one) for one in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc.prctl(option, *padded) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def keep_capabilities(*numbers: int) -> None:
    """Give up every capability but these (all below 32). Raises OSError."""
    bits = sum(1 << number for number in numbers)
    data = (_Data * 2)(_Data(bits, bits, bits), _Data(0, 0, 0))
    if _libc.capset(ctypes.byref(_Header(0x20080522, 0)), data) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


SECCOMP_MODE_FILTER = 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # audit architecture, socket(2)
_IO_URING_SETUP = 425
_FOREIGN_NUMBERS = 0x40000000  # x32 on x86_64: other numbers for the same calls
_AF_UNIX = 1


def seccomp_known() -> bool:
    """Whether the filter of ``no_internet`` is written for this machine."""
    return platform.machine() in _MACHINES


def no_internet() -> None:
    """From here on sockets are of the UNIX family only. Needs NO_NEW_PRIVS. Raises OSError, KeyError."""
    architecture, socket_call = _MACHINES[platform.machine()]
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_AT_LEAST, 5, 0, _FOREIGN_NUMBERS),
        (_EQUAL, 4, 0, _IO_URING_SETUP),  # it can open sockets of its own
        (_EQUAL, 0, 2, socket_call),
        (_LOAD, 0, 0, 16),  # its first argument, the family
        (_EQUAL, 0, 1, _AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    holder = ctypes.create_string_buffer(described, len(described))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(holder))
