"""What it costs that probes run once more outside: processor seconds to judge every reference, with
and without, in turn.

    python -m benchmarks.evidence                   # minutes
    python -m benchmarks.evidence svm lstm

Both ways judge the same answers on the same inputs in one process; the wall, which costs the same in
both, is left out, so that a class is slowed by less than this says. The last line is JSON: by
assignment the seconds of each way and their ratio."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.course.assignment import Assignment, assignments_in, load_assignment
from autograder.exercise.trial import Exercise
from autograder.judge import judge
from autograder.watch.evaluate import Evaluate, as_graded

ROOT = Path(__file__).resolve().parents[1]


def seconds(assignment: Assignment, exercise: Exercise, answer: Evaluate, seed: int) -> float:
    """Processor seconds of one verdict; the reference's own evaluations are worked out before."""
    reference = assignment.answers.of(exercise, seed)
    terms: Mapping[str, Any] = {"reference": reference, "mistakes": assignment.mistakes}
    began = process_time()
    judge(exercise, answer, seed=seed, **terms)
    return process_time() - began


def measured(name: str, rounds: int) -> dict[str, float]:
    """Seconds of an assignment's references, ``once`` and ``twice``."""
    assignment = load_assignment(ROOT, name)
    taken = {"once": 0.0, "twice": 0.0}
    for exercise in assignment.exercises.values():
        for round_ in range(rounds + 1):
            for way, inside in (("once", True), ("twice", exercise.inside)):
                answer = as_graded(exercise, assignment.reference, inside=inside)
                spent = seconds(assignment, exercise, answer, seed=1)
                taken[way] += spent if round_ else 0.0  # the first round fills the caches of both
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("assignments", nargs="*", help="which (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each (default 3)")
    wishes = parser.parse_args()
    table = Table("assignment", "s, once", "s, twice", "ratio")
    found: dict[str, dict[str, float]] = {}
    for name in wishes.assignments or assignments_in(ROOT):
        taken = found[name] = measured(name, wishes.rounds)
        taken["ratio"] = taken["twice"] / taken["once"]
        table.add_row(name, *(f"{taken[key]:.2f}" for key in ("once", "twice", "ratio")))
    Console().print(table)
    print(json.dumps({"rounds": wishes.rounds, "assignments": found}))


if __name__ == "__main__":
    main()
