"""One command and everything that it starts: seconds, CPU seconds, memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
SEED = 1
PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")
OFTEN, SELDOM = 0.05, 0.5
"""Seconds between two looks at the command's own process, and at the memory of all."""


@dataclass(frozen=True)
class Measured:
    """One command. ``seconds`` of wall time; ``cpu`` seconds of every process that it started,
    ``own_cpu`` of its first one.

    Bytes: ``memory`` of the largest process at its peak, ``own_memory`` of the first one
    (resident), ``all_memory`` of all together at the worst moment seen (proportional: what they
    share counts once)."""

    seconds: float
    cpu: float
    memory: int
    own_cpu: float
    own_memory: int
    all_memory: int


def measure(command: Sequence[str], course: Path) -> Measured:
    """Run a command in a course and account for it and everything it started, however far below."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    ctypes.CDLL(None).prctl(
        PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0
    )  # orphans come here, and so do their figures
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=course, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        with _Watch(process.pid) as watch:
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            said.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{said.read().decode(errors='replace')[-2000:]}")
    largest = usage.ru_maxrss
    with contextlib.suppress(ChildProcessError):
        while True:
            largest = max(largest, os.wait3(0)[2].ru_maxrss)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds, cpu, largest * 1024, watch.own_cpu, watch.own_memory, watch.all_memory)


def graded_whole(course: Path, assignment: str, count: int, jobs: int = 1) -> Measured:
    """What grading a class of so many cost, with feedback pages and one seed. Exits when somebody
    was not graded, or has no page.
    """
    asked = ["grade", assignment, "--json", "--seed", str(SEED), "--jobs", str(jobs)]
    found = measure([str(BIN / "chainrule"), *asked], course)
    kept = len(list((course / "build" / "judged" / assignment).glob("*.json")))
    pages = len(list(course.glob(f"feedback/*/{assignment}/*.html")))
    if not kept == pages == count:
        sys.exit(f"{kept} of {count} submissions of {assignment} were graded, {pages} have a page")
    return found


def processor() -> str:
    """What figures of time depend on most, by its maker's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


class _Watch:
    """Looks at a process and all that descends from this one, from a thread, until it is told to
    stop.
    """

    def __init__(self, pid: int) -> None:
        self._proc = Path("/proc", str(pid))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.own_cpu, self.own_memory, self.all_memory = 0.0, 0, 0

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        due = 0.0
        while not self._over.wait(OFTEN):
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has just ended
                self.own_memory = max(self.own_memory, _kilobytes(self._proc / "status", "VmHWM:"))
                fields = _stat(self._proc)
                self.own_cpu = max(self.own_cpu, (int(fields[11]) + int(fields[12])) / TICKS)
            if time.monotonic() >= due:
                self.all_memory = max(
                    self.all_memory, sum(_proportional(proc) for proc in _descendants())
                )
                due = time.monotonic() + SELDOM


def _stat(proc: Path) -> list[str]:
    """The fields of /proc/PID/stat from the state on."""
    return (proc / "stat").read_text().rpartition(")")[2].split()


def _kilobytes(file: Path, field: str) -> int:
    for line in file.read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return 0


def _proportional(proc: Path) -> int:
    with contextlib.suppress(OSError):
        return _kilobytes(proc / "smaps_rollup", "Pss:")
    return 0


def _descendants() -> Iterator[Path]:
    parents: dict[int, list[Path]] = {}
    for proc in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            parents.setdefault(int(_stat(proc)[1]), []).append(proc)
    waiting = [os.getpid()]
    while waiting:
        for proc in parents.get(waiting.pop(), ()):
            yield proc
            waiting.append(int(proc.name))
