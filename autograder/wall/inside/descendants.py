"""Inside: every process below this one, found by parent and killed until none is left."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

PATIENCE = 400


def below(root: int) -> set[int]:
    """The living processes below ``root``, zombies left out."""
    parents: dict[int, int] = {}
    dead: set[int] = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", "rb") as stat:
                state, parent = stat.read().rpartition(b")")[2].split()[:2]
            parents[int(name)] = int(parent)
            if state in (b"Z", b"X"):
                dead.add(int(name))
    found: set[int] = set()
    frontier = {root}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return found - dead


def quickly_below(root: int) -> list[int]:
    """``root`` and what hangs below it now, by the kernel's lists of children; a racing fork may be
    missed.
    """
    found = [root]
    for pid in found:
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                with suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as children:
                    found += [int(child) for child in children.read().split()]
        if len(found) > 10_000:
            break
    return found


def sweep(keep: int | None = None) -> int:
    """Kill every process below this one except ``keep``; how many are left after many tries (0, or
    a fork storm).

    As process 1 of a pid namespace one signal reaches them all at once. Elsewhere orphans become
    ours (we are a subreaper), so that walking down from here finds them wherever they hid.
    """
    left: set[int] = set()
    for attempt in range(PATIENCE):
        if keep is None and os.getpid() == 1:
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        left = below(os.getpid()) - ({keep} if keep is not None else set())
        if not left:
            return 0
        if attempt < 3:  # stop them first, so that none forks while the others die
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGSTOP)
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(min(0.02, 0.001 * (attempt + 1)))
    return len(left)
