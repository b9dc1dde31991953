"""Outside: the cores of this machine that a grader and its sandbox keep to.

They take turns: on one core each finds in the caches what the other has just written, and no
sleeping core has to be woken.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

TOGETHER = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
"""Which cores are one in truth, as the kernel numbers them."""


def cores_here() -> list[int]:
    """The cores that this process may use; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def cores_for(graders: int) -> list[int]:
    """A core for each of so many graders, of those that are one in truth all but the first last;
    none where there are fewer cores than graders.
    """
    taken: Counter[str] = Counter()
    order: list[tuple[int, int]] = []
    for core in cores_here():
        together = _together_with(core)
        order.append((taken[together], core))
        taken[together] += 1
    return [core for _, core in sorted(order)[:graders]] if len(order) >= graders else []


def _together_with(core: int) -> str:
    try:
        return Path(TOGETHER.format(core)).read_text(encoding="ascii")
    except OSError:
        return str(core)
