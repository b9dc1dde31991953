"""What each level of isolation costs a submission, side by side in one process: milliseconds, in
turn and many times.

    python -m benchmarks.isolation                  # a minute
    python -m benchmarks.isolation --rounds 100

The submission is one cell that does nothing, so that what is left is the wall itself: a directory,
a fork, walls put up, the cell, and all of it taken down. "+ cgroup" is with a group of the kernel's
for each submission, as grading has it where there is one. Every round takes each level once, so that
whatever else the machine does meets them all. Levels that this machine does not have are left out.
The last line is JSON: the median milliseconds by level."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median, quantiles
from time import perf_counter

from rich.console import Console
from rich.table import Table

from autograder.errors import WallError
from autograder.wall.outside.cgroups import usable
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell

LEVELS = ("none", "landlock", "bubblewrap")
GROUPED = " + cgroup"


def empty(wall: Wall) -> None:
    """A submission that does nothing."""
    with wall.open({}, {}) as session:
        session.run([Cell("cell", "pass")])


def in_turn(walls: Mapping[str, Wall], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each round, by level; one round before them is not counted."""
    taken: dict[str, list[float]] = {level: [] for level in walls}
    for _ in range(rounds + 1):
        for level, wall in walls.items():
            began = perf_counter()
            empty(wall)
            taken[level].append(1000 * (perf_counter() - began))
    return {level: some[1:] for level, some in taken.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40, help="how often (default 40)")
    rounds = parser.parse_args().rounds
    table = Table("level", "ms (median)", "ms (quartiles)", "more than none")
    with ExitStack() as stack:
        walls: dict[str, Wall] = {}
        for level, grouped in [*((one, False) for one in LEVELS), (LEVELS[-1], True)]:
            name = level + GROUPED * grouped
            try:
                if grouped and (problem := usable().problem):
                    raise WallError(f"cgroups: {problem}")
                wall = Wall(level, modules=("numpy",), grouped=grouped)
                walls[name] = stack.enter_context(wall)
            except WallError as error:
                Console(stderr=True).print(f"{name} is left out: {error}")
        taken = in_turn(walls, rounds)
    medians = {level: median(some) for level, some in taken.items()}
    for level, some in taken.items():
        low, _, high = quantiles(some, n=4)
        more = f"{medians[level] - medians['none']:+.0f}"
        table.add_row(level, f"{medians[level]:.0f}", f"{low:.0f} to {high:.0f}", more)
    Console().print(table)
    print(json.dumps({"rounds": rounds, "milliseconds": medians}))


if __name__ == "__main__":
    main()
