"""What each level of isolation costs a submission, side by side in one process: milliseconds, in turn and many times.

    python -m benchmarks.isolation                  # a minute or two
    python -m benchmarks.isolation --rounds 50

Two submissions: one cell that does nothing, so that what is left is the wall itself; and a notebook of the demo's
class, run and judged. Every round takes each level once, so that whatever else the machine does meets them all.
Levels that this machine does not have are left out. The last line is JSON: the median milliseconds by level.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from rich.console import Console
from rich.table import Table

from autograder.commandline.cast import read_cast
from autograder.commandline.demo import make_course
from autograder.course.assignment import load_assignment
from autograder.errors import WallError
from autograder.grading.grade import grade_notebook
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell

from .grading import ASSIGNMENT, ROOT

LEVELS = ("none", "landlock", "bubblewrap")
SEED = 1


def empty(wall: Wall) -> None:
    """A submission that does nothing."""
    with wall.open({}, {}) as session:
        session.run([Cell("cell", "pass")])


def judged(course: Path) -> Callable[[Wall], None]:
    """A submission of the demo's class, run and judged."""
    (path,) = (course / "submitted").glob(f"*/{ASSIGNMENT}/{ASSIGNMENT}.ipynb")
    notebook, assignment = path.read_bytes(), load_assignment(course, ASSIGNMENT)

    def grade(wall: Wall) -> None:
        graded = grade_notebook(assignment, notebook, wall, seed=SEED)
        assert graded.problem is None, graded.problem

    return grade


def in_turn(
    walls: Mapping[str, Wall], act: Callable[[Wall], None], rounds: int
) -> dict[str, list[float]]:
    """Milliseconds of each round, by level; one round before them is not counted."""
    taken: dict[str, list[float]] = {level: [] for level in walls}
    for _ in range(rounds + 1):
        for level, wall in walls.items():
            began = perf_counter()
            act(wall)
            taken[level].append(1000 * (perf_counter() - began))
    return {level: some[1:] for level, some in taken.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20, help="how often (default 20)")
    rounds = parser.parse_args().rounds
    found: dict[str, dict[str, float]] = {}
    table = Table("", "level", "ms (median)", "ms (quartiles)", "more than none")
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as made, ExitStack() as stack:
        student = read_cast(ROOT / "demo" / ASSIGNMENT)[0]
        course = make_course(ROOT, {ASSIGNMENT: [student]}, Path(made) / "course")
        walls: dict[str, Wall] = {}
        for level in LEVELS:
            try:
                walls[level] = stack.enter_context(Wall(level, hidden=[course]))
            except WallError as error:
                Console(stderr=True).print(f"{level} is left out: {error}")
        for name, act in {"empty": empty, ASSIGNMENT: judged(course)}.items():
            taken = in_turn(walls, act, rounds)
            found[name] = {level: median(some) for level, some in taken.items()}
            for level, some in taken.items():
                low, _, high = quantiles(some, n=4)
                more = found[name][level] - found[name]["none"]
                row = (f"{found[name][level]:.0f}", f"{low:.0f} to {high:.0f}", f"{more:+.0f}")
                table.add_row(name, level, *row)
    Console().print(table)
    print(json.dumps({"rounds": rounds, "milliseconds": found}))


if __name__ == "__main__":
    main()
