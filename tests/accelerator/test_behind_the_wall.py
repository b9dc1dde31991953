"""A pretend accelerator behind the wall: the notebook's own process judges on it, begins again when
it has died, and its memory ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import Training
from autograder.exercise.load import read_modules
from autograder.exercise.trial import Exercise
from autograder.judge import judge
from autograder.language.verdict import Verdict
from autograder.wall.outside.session import Session
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell, Limits
from autograder.watch.devices import ACCELERATOR
from autograder.watch.evaluate import local
from tests.solutions.audited import audited
from tests.solutions.conftest import COURSE

from .apart import apart
from .small import ACCELERATED, trained

PRETEND = Path(__file__).with_name("pretend.py").read_text()
MODULES = ("numpy", "torch", "autograder.checks", "coursekit")


def wall() -> Wall:
    limits = Limits(cell_seconds=120, submission_seconds=600)
    return Wall("auto", limits, modules=MODULES, accelerated=True)


@contextmanager
def notebook(wall: Wall, assignment: str, below: str = "") -> Iterator[Session]:
    """The reference as a submission whose process has the device, and ``below`` it one more cell."""
    trusted = read_modules(COURSE / "source" / assignment)
    cells = [Cell("device", "import pretend"), *answers(assignment), Cell("below", below)]
    with wall.open({"pretend.py": PRETEND.encode()}, trusted) as session:
        for result in session.run(cells):
            assert result.failure is None, result.failure
        yield session


def answers(assignment: str) -> list[Cell]:
    return [Cell("answers", (COURSE / "solutions" / f"{assignment}.py").read_text())]


def judged(session: Session, exercise: Exercise, assignment: str) -> Verdict:
    reference = local(exercise, audited(assignment).right)
    return judge(exercise, session.evaluator(exercise), reference=reference, seed=7)


ENDS = """
import os
before = svm_loss_torch
def svm_loss_torch(W, X, y, reg):
    if W.device.type == "pretend" and reg == 9:
        os._exit(3)
    return before(W, X, y, reg)
"""
FILLS = """
goes_on = svm_loss_torch
def svm_loss_torch(W, X, y, reg):
    pretend.card().limit = pretend.card().held + (1 << 18)
    if W.device.type == "pretend" and reg == 5:
        torch.zeros(1 << 20, device=W.device)
    return goes_on(W, X, y, reg)
"""


@pytest.mark.integration
@apart
def test_a_process_that_died_there_or_filled_it_costs_its_exercise_and_the_next_has_the_device_again() -> (
    None
):
    exercise = trained(audited("svm"), "svm_loss_torch", falls=False)
    (check,) = [one for one in exercise.checks if isinstance(one, Training)]
    inputs = dict(check.task(np.random.default_rng(1), ACCELERATOR).inputs)
    with wall() as standing, notebook(standing, "svm", ENDS + FILLS) as session:
        assert session.unforked(exercise)
        evaluate = session.evaluator(exercise)
        (died,) = evaluate([{**inputs, "reg": 9.0}])
        (full,) = session.evaluator(exercise)([{**inputs, "reg": 5.0}])
        verdict = judged(session, exercise, "svm")
    assert died.failure is not None
    assert died.failure.kind == "killed"
    assert full.failure is not None
    assert "the memory of the device is full" in full.failure.message
    assert verdict.status == "passed", verdict.sentence()
    assert "on the accelerator (pretend)" in verdict.findings[-1].message
    assert "times the reference's memory" in verdict.findings[-1].message


@pytest.mark.integration
@pytest.mark.timeout(900)
@apart
def test_every_accelerated_exercise_is_judged_there() -> None:
    with wall() as standing:
        for audit, name in ACCELERATED:
            exercise = trained(audit, name, falls=False, few=True)
            with notebook(standing, audit.name) as session:
                assert session.unforked(exercise)
                verdict = judged(session, exercise, audit.name)
            assert verdict.status == "passed", (name, verdict.sentence())
            assert "on the accelerator (pretend)" in " ".join(
                one.message for one in verdict.findings
            ), name
