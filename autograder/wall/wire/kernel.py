"""Inside: what the operating system is asked for by number, because Python has no name for it."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from enum import IntFlag
from functools import cache

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
    _checked(_libc.prctl(option, *padded))


def _checked(result: int) -> int:
    """What a call returned, or the OSError that it set."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def keep_capabilities(*numbers: int) -> None:
    """Give up every capability but these (all below 32). Raises OSError."""
    bits = sum(1 << number for number in numbers)
    data = (_Data * 2)(_Data(bits, bits, bits), _Data(0, 0, 0))
    _checked(_libc.capset(ctypes.byref(_Header(0x20080522, 0)), data))


_HUGE_PAGE = 2 << 20
_MADV_HUGEPAGE, _MADV_COLLAPSE = 14, 25


def own_memory_in_huge_pages() -> None:
    """What this process has written in pages of 2 MB where the kernel can do that (Linux 6.1): a
    fork copies a table of its pages, and takes as long as that is. Nothing changes elsewhere."""
    _libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    with suppress(OSError), open("/proc/self/maps") as maps:
        for line in maps.readlines():
            span, rights, _, _, inode, *_ = line.split()
            start, end = (int(one, 16) for one in span.split("-"))
            start, end = -(-start // _HUGE_PAGE) * _HUGE_PAGE, end // _HUGE_PAGE * _HUGE_PAGE
            if rights != "rw-p" or inode != "0" or end <= start:
                continue
            _libc.madvise(start, end - start, _MADV_HUGEPAGE)
            for page in range(start, end, _HUGE_PAGE):  # refused where there is none to make
                _libc.madvise(page, _HUGE_PAGE, _MADV_COLLAPSE)


_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_VERSION = 1
_PATH_BENEATH = 1


class Right(IntFlag):
    """What Landlock can refuse below a path, by the kernel's bits (linux/landlock.h)."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


_OF_FILES = Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEV
_KNOWN_BY = (0, 13, 14, 15, 15, 16)  # how many of them each version knows, from version 0 on
_BIND_AND_CONNECT_TCP, _TCP_SINCE = 0b11, 4
_ABSTRACT_SOCKETS, _SIGNALS, _SCOPES_SINCE = 0b01, 0b10, 6


@cache
def landlock_abi() -> int:
    """The version of the kernel's Landlock; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    version = ctypes.c_uint32(_VERSION)
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), version))


def only_beneath(rules: Iterable[tuple[str, Right]]) -> None:
    """From here on files are used only as the rules say; no TCP, no signal or abstract socket out.

    Each as far as the kernel's Landlock knows it. A path that is not there is no rule. Needs
    NO_NEW_PRIVS. Raises OSError where there is no Landlock.
    """
    abi = landlock_abi()
    known = Right((1 << _KNOWN_BY[min(abi, len(_KNOWN_BY) - 1)]) - 1)
    tcp = _BIND_AND_CONNECT_TCP if abi >= _TCP_SINCE else 0
    scopes = _ABSTRACT_SOCKETS | _SIGNALS if abi >= _SCOPES_SINCE else 0
    ruleset = _ruleset(known, tcp, scopes)
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights & known)
        _restrict_self(ruleset)
    finally:
        os.close(ruleset)


def no_signals_out() -> None:
    """A further domain: nothing outside it is signalled from here on. Raises OSError.

    Below version 6, which knows no such rule, it does nothing.
    """
    if landlock_abi() < _SCOPES_SINCE:
        return
    ruleset = _ruleset(Right(0), 0, _SIGNALS)
    try:
        _restrict_self(ruleset)
    finally:
        os.close(ruleset)


def _ruleset(files: Right, tcp: int, scopes: int) -> int:
    attributes = struct.pack(
        "QQQ", files, tcp, scopes
    )  # an older kernel lets zeros stand at the end
    size = ctypes.c_size_t(len(attributes))
    return _checked(_libc.syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint32(0)))


def _allow(ruleset: int, path: str, rights: Right) -> None:
    """Allow this at and below a path. The kernel refuses a file's rule any right of directories."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _OF_FILES
        if rights:
            rule = struct.pack("=Qi", rights, fd)
            kind = ctypes.c_int(_PATH_BENEATH)
            arguments = (ctypes.c_int(ruleset), kind, rule, ctypes.c_uint32(0))
            _checked(_libc.syscall(_ADD_RULE, *arguments))
    finally:
        os.close(fd)


def _restrict_self(ruleset: int) -> None:
    _checked(_libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
