"""What grading a class cannot cost less than: the students' own cells, and the calls that the checks
make of their functions, in one process without wall or judge.

    python -m benchmarks.limit COURSE ASSIGNMENT    # what lies in COURSE/submitted

Every check is asked as in grading, since what it asks next may hang on the answer; only the plain
calls count. Cells that grading leaves out are left out, and images are as many as there. The last
line is JSON: CPU seconds of all cells and of all calls, and of each submission
("each"; the first one pays for imports)."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import process_time
from typing import Any

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.marks import check_of, skipped
from autograder.exercise.trial import Exercise
from autograder.grading.submission import read_handed_in, rebuild_handed_in
from autograder.judge import judge
from autograder.language.probe import Answers, Inputs
from autograder.language.verdict import Evaluation
from autograder.wall.inside.habits import ENVIRONMENT
from autograder.watch.evaluate import local

from .measured import SEED

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Limit:
    """CPU seconds of a class; ``each`` is of every submission, in the order of their names."""

    submissions: int = 0
    cells: float = 0.0
    calls: float = 0.0
    each: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """What a class cannot be graded in less of."""
        return self.cells + self.calls


class Counted:
    """An answer as the judge reaches it; ``spent`` are the CPU seconds of its plain calls."""

    def __init__(self, exercise: Exercise, namespace: Mapping[str, Any]) -> None:
        self._exercise = exercise
        self._namespace = namespace
        self._evaluate = local(exercise, namespace)
        self.spent = 0.0

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        began = process_time()
        for inputs in batch:
            with contextlib.suppress(Exception):  # it stops in the evaluation below as well
                self._exercise.call(Answers(self._namespace), inputs)
        self.spent += process_time() - began
        return self._evaluate(batch, count_work=count_work)


def limit(assignment: Assignment, notebooks: Sequence[Path]) -> Limit:
    """The limit of a class."""
    found = Limit(len(notebooks))
    for path in notebooks:
        before = found.seconds
        handed = read_handed_in(path.parent, assignment)
        namespace, spent = _run(rebuild_handed_in(assignment, handed).notebook)
        found.cells += spent
        for exercise in assignment.exercises.values():
            counted = Counted(exercise, namespace)
            judge(
                exercise,
                counted,
                reference=assignment.answers.of(exercise, SEED),
                mistakes=assignment.mistakes,
                seed=SEED,
            )
            found.calls += counted.spent
        found.each.append(found.seconds - before)
    return found


def in_own_process(course: Path, assignment: str) -> Limit:
    """The limit of what lies in COURSE/submitted, with one thread and no import made before."""
    command = [sys.executable, "-m", "benchmarks.limit", str(course), assignment]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return Limit(**json.loads(done.stdout.splitlines()[-1]))


def _run(notebook: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
    """The names that a rebuilt notebook's cells leave behind, without those that grading does not
    run either, and what the cells took.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    began = process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code" and not (skipped(cell) or check_of(cell)):
                with contextlib.suppress(Exception):  # as in a notebook the next cell runs
                    exec(compile(cell["source"], cell["id"], "exec"), namespace)
    return namespace, process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("course", type=Path)
    parser.add_argument("assignment")
    wanted = parser.parse_args()
    os.environ |= ENVIRONMENT
    assignment = load_assignment(wanted.course, wanted.assignment)
    pattern = f"submitted/*/{wanted.assignment}/{wanted.assignment}.ipynb"
    found = limit(assignment, sorted(wanted.course.glob(pattern)))
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
