"""Outside: how a submission's process ended, in words for a student."""

from __future__ import annotations

import os
import signal

from ..wire.limits import Limits, in_bytes

MOST_FILES = 20_000


def exceeded(what: str, limits: Limits) -> str:
    """What the watch inside found used up."""
    return {
        "memory": f"used more than {in_bytes(limits.memory_bytes)} of memory in all its processes",
        "disk": f"wrote more than {in_bytes(limits.scratch_bytes)} of files",
        "files": f"made more than {MOST_FILES:,} files",
    }.get(what, "used more than a submission may")


def ended(status: int | None, limits: Limits) -> str:
    """From a wait status; None where there is none."""
    if status is None:
        return "ended its Python process"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
            return (
                f"crashed the Python process ({signal.Signals(number).name}, a crash in compiled "
                "code)"
            )
        if number == signal.SIGABRT:
            return "aborted the Python process (SIGABRT)"
        if number == signal.SIGXCPU:
            return "used more processor time than a submission may"
        if number == signal.SIGKILL:
            return (
                "was killed (SIGKILL: by itself, or for memory beyond "
                f"{in_bytes(limits.memory_bytes)})"
            )
        return f"ended the Python process by signal {number}"
    return f"ended the Python process with exit code {os.waitstatus_to_exitcode(status)}"
