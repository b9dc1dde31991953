"""What the wall's tests share: an exercises.py with three small exercises, and walls at every level
there is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import WallError
from autograder.exercise.load import load
from autograder.exercise.trial import Exercise
from autograder.wall.outside.isolation import choose
from autograder.wall.wire.limits import Limits

EXERCISES = b"""
from autograder.exercise import exercise

@exercise(points=5, inputs={"x": "N D"}, outputs={"y": "N D"}, seconds=3)
def double(student, x):
    return dict(y=student.double(x))

@exercise(points=5, inputs={"x": "N D"}, outputs={"total": ""}, seconds=3)
def total(student, x):
    return dict(total=student.total(x))

@exercise(points=5, inputs={"x": "N D"}, outputs={"y": "any"}, seconds=1.5)
def odd(student, x):
    return dict(y=student.odd(x))

double.checks = total.checks = odd.checks = [object()]
"""

LIMITS = Limits(
    cell_seconds=1.5,
    submission_seconds=40,
    memory_bytes=512 << 20,
    output_bytes=2 << 20,
    processes=32,
    scratch_bytes=20 << 20,
)
MODULES = ("numpy", "autograder.checks")
LEVELS = ("none", "landlock", "bubblewrap")


def strongest() -> str:
    """The level that grading takes here."""
    try:
        return choose("auto")
    except WallError:
        return "none"


STRONGEST = strongest()
"""Every attack on it is in `make test`, those on the others in `make test-hostile`."""


def level_or_skip(level: str) -> str:
    """The level, if this machine has it; a skip is a failure on CI (tests/conftest.py)."""
    try:
        return choose(level)
    except WallError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def exercises() -> dict[str, Exercise]:
    return load({"exercises.py": EXERCISES}, Path()).exercises
