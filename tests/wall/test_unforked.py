"""Exercises that may use an accelerator are judged in the notebook's own process: no device
survives a fork.

The same path is walked on the processor, where a wall is told that there is an accelerator.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder.exercise.load import load
from autograder.exercise.trial import Exercise
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell, Limits

from .conftest import level_or_skip

EXERCISES = b"""
from autograder.exercise import exercise

@exercise(points=5, inputs={"x": "N"}, outputs={"pid": "int", "total": ""}, seconds=2, accelerated=True, inside=True)
def trained(student, x):
    import os
    return dict(pid=os.getpid(), total=student.trained(x))

@exercise(points=5, inputs={"x": "N"}, outputs={"pid": "int"}, seconds=2, inside=True)
def forked(student, x):
    import os
    student.trained
    return dict(pid=os.getpid())

trained.checks = forked.checks = [object()]
"""
SCRIBBLE = """import os
    for number in range(3, 40):
        try:
            os.write(number, b"x" * 400)
        except OSError:
            pass"""
X = {"x": np.arange(3.0)}
HERE = [
    Cell(
        "here",
        "import os\nhere = os.getpid()\ndef trained(x):\n    print('step')\n    return x.sum() + "
        "0 * here",
    )
]


@pytest.fixture(scope="module")
def exercises() -> dict[str, Exercise]:
    return load({"exercises.py": EXERCISES}, Path()).exercises


@pytest.fixture(scope="module", params=["none", "bubblewrap"])
def wall(request: pytest.FixtureRequest) -> Iterator[Wall]:
    limits = Limits(cell_seconds=5, submission_seconds=60)
    level = level_or_skip(request.param)
    with Wall(level, limits, modules=("numpy", "autograder.checks"), accelerated=True) as wall:
        yield wall


def _pids(wall: Wall, exercises: dict[str, Exercise]) -> tuple[int, int, int]:
    with wall.open({}, {"exercises.py": EXERCISES}) as session:
        (result,) = session.run([Cell("a", HERE[0].source + "\nprint(here)")])
        here = int(result.outputs[0]["text"])
        (first,) = session.evaluator(exercises["trained"])([X])
        (other,) = session.evaluator(exercises["forked"])([X])
        return here, int(first.arrays()["pid"]), int(other.arrays()["pid"])


def test_only_exercises_that_ask_for_it_are_judged_in_the_notebooks_own_process(
    wall: Wall, exercises: dict[str, Exercise]
) -> None:
    here, first, other = _pids(wall, exercises)
    assert first == here
    assert other != here


def test_where_no_accelerator_is_shown_all_are_forked(exercises: dict[str, Exercise]) -> None:
    with Wall("none", Limits(), modules=("numpy", "autograder.checks"), accelerated=False) as wall:
        here, first, other = _pids(wall, exercises)
    assert here not in (first, other)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("while True: pass", "timeout", "stopped after 2 s"),
        ("import os; os._exit(3)", "killed", "ended"),
        (SCRIBBLE, "killed", "no answer"),
    ],
)
def test_what_ends_there_costs_that_exercise_and_the_notebook_is_run_again_for_the_next(
    wall: Wall, exercises: dict[str, Exercise], body: str, kind: str, words: str
) -> None:
    with wall.open({}, {"exercises.py": EXERCISES}) as session:
        session.run([Cell("a", f"def trained(x):\n    {body}")])
        (bad,) = session.evaluator(exercises["trained"])([X])
        assert bad.failure is not None
        assert bad.failure.kind == kind
        assert words in bad.failure.message
        (good,) = session.evaluator(exercises["forked"])([X])
        assert good.failure is None
