"""What each level of isolation costs a submission, side by side in one process: milliseconds, in
turn and many times.

    python -m benchmarks.isolation                  # a minute
    python -m benchmarks.isolation --rounds 100
    python -m benchmarks.isolation --solved svm --rounds 8    # minutes

The submission is one cell that does nothing, so that what is left is the wall itself: a directory,
a fork, walls put up, the cell, and all of it taken down. With --solved it is the solved notebook of
an assignment, run and judged with one seed: what the wall is of a whole submission. "+ cgroup" is
with a group of the kernel's for each submission, as grading has it where there is one.

Every round takes each level once, so that whatever else the machine does meets them all. Levels
that this machine does not have are left out. The last line is JSON: the median milliseconds by level."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from statistics import median, quantiles
from time import perf_counter

from rich.console import Console
from rich.table import Table

from autograder.authoring.build import solved_notebook
from autograder.commandline.cast import Student, submission
from autograder.course.assignment import Assignment, load_assignment, releases
from autograder.errors import WallError
from autograder.grading.grade import grade_notebook
from autograder.wall.outside.cgroups import usable
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell

from .classes import ROOT

LEVELS = ("none", "landlock", "bubblewrap")
GROUPED = " + cgroup"


def empty(wall: Wall) -> None:
    """A submission that does nothing."""
    with wall.open({}, {}) as session:
        session.run([Cell("cell", "pass")])


def solved(assignment: Assignment) -> Callable[[Wall], None]:
    """A submission with every answer right, run and judged, and everything earned."""
    release = releases(assignment.course)[assignment.name]
    student = Student("reference", "", "solved", ())
    data = submission(student, release, solved_notebook(assignment.course, assignment.name))

    def whole(wall: Wall) -> None:
        graded = grade_notebook(assignment, data, wall, seed=1)
        assert graded.score == assignment.points, graded.problem

    return whole


def in_turn(
    walls: Mapping[str, Wall], work: Callable[[Wall], None], rounds: int
) -> dict[str, list[float]]:
    """Milliseconds of each round, by level; one round before them is not counted."""
    taken: dict[str, list[float]] = {level: [] for level in walls}
    for _ in range(rounds + 1):
        for level, wall in walls.items():
            began = perf_counter()
            work(wall)
            taken[level].append(1000 * (perf_counter() - began))
    return {level: some[1:] for level, some in taken.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40, help="how often (default 40)")
    parser.add_argument("--solved", metavar="ASSIGNMENT", help="a solved notebook each time")
    options = parser.parse_args()
    work, modules, hidden = empty, ("numpy",), []
    if options.solved:
        assignment = load_assignment(ROOT, options.solved)
        work, modules, hidden = solved(assignment), assignment.modules, [ROOT]
    table = Table("level", "ms (median)", "ms (quartiles)", "more than none")
    with ExitStack() as stack:
        walls: dict[str, Wall] = {}
        for level, grouped in [*((one, False) for one in LEVELS), (LEVELS[-1], True)]:
            name = level + GROUPED * grouped
            try:
                if grouped and (problem := usable().problem):
                    raise WallError(f"cgroups: {problem}")
                wall = Wall(level, hidden=hidden, modules=modules, grouped=grouped)
                walls[name] = stack.enter_context(wall)
            except WallError as error:
                Console(stderr=True).print(f"{name} is left out: {error}")
        taken = in_turn(walls, work, options.rounds)
    medians = {level: median(some) for level, some in taken.items()}
    for level, some in taken.items():
        low, _, high = quantiles(some, n=4)
        above = medians[level] - medians["none"]
        more = f"{above:+.0f} ({above / medians['none']:+.0%})"
        table.add_row(level, f"{medians[level]:.0f}", f"{low:.0f} to {high:.0f}", more)
    Console().print(table)
    print(json.dumps({"rounds": options.rounds, "milliseconds": medians}))


if __name__ == "__main__":
    main()
