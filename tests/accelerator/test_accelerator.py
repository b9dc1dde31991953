"""Every exercise that may use an accelerator, judged on one: in this process, and behind the
wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from autograder.checks import Training
from autograder.checks.training import precision_agrees
from autograder.course.assignment import assignments_in
from autograder.exercise.load import read_modules
from autograder.exercise.trial import Exercise, Trial
from autograder.judge import judge
from autograder.wall.outside.session import Session
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell, Limits
from autograder.watch import devices as training
from autograder.watch.evaluate import Evaluate, local
from tests.solutions.conftest import COURSE, asked, load

from .table import Measured, Row, row

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("accelerator")]

ASSIGNMENTS = assignments_in(COURSE)
ALL = {name: asked(name).exercises for name in ASSIGNMENTS}
ACCELERATED = [(name, one) for name in ASSIGNMENTS for one in ALL[name].values() if one.accelerated]
MIXED = [
    (name, one)
    for name, one in ACCELERATED
    if "precision" in one.inputs and "losses" in one.outputs
]
IDS = [f"{name}-{one.name}" for name, one in ACCELERATED]


def _reference(assignment: str) -> ModuleType:
    return load(f"solutions/{assignment}.py")


def _trained(
    exercise: Exercise, evaluate: Evaluate, assignment: str, kind: str, rows: list[Row]
) -> None:
    yours, ours = Measured(evaluate), Measured(local(exercise, vars(_reference(assignment))))
    verdict = judge(exercise, yours, reference=ours, seed=11)
    rows.append(row(exercise.name, yours, ours, verdict))
    titles = {check.title for check in exercise.checks if isinstance(check, Training)}
    findings = [one for one in verdict.findings if one.check in titles]
    assert findings
    for finding in findings:
        assert finding.passed, finding.message
        assert f"on the accelerator ({kind})" in finding.message
    assert verdict.status == "passed", verdict.sentence()


def test_there_are_exercises_for_an_accelerator() -> None:
    assert ACCELERATED


@pytest.mark.parametrize(("assignment", "exercise"), ACCELERATED, ids=IDS)
def test_another_style_passes_beside_the_reference(
    assignment: str, exercise: Exercise, accelerator: str, rows: list[Row]
) -> None:
    style = vars(load(f"solutions/styles/{assignment}.py"))
    written = {answer: style[answer] for answer in exercise.answers}
    answer = local(exercise, {**vars(_reference(assignment)), **written})
    _trained(exercise, answer, assignment, accelerator, rows)


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def behind(request: pytest.FixtureRequest) -> Iterator[tuple[str, Session]]:
    """The answers of one assignment as a submission, with the accelerator in use before the checks
    begin.
    """
    name = request.param
    source = Path(COURSE / "solutions" / f"{name}.py").read_text()
    used = (
        "import torch\nhere = torch.ones(8, "
        "device=torch.accelerator.current_accelerator()).sum().item()"
    )
    trusted = read_modules(COURSE / "source" / name)
    with Wall("auto", Limits(cell_seconds=120)) as wall, wall.open({}, trusted) as session:
        for result in session.run([Cell("answers", source), Cell("used", used)]):
            assert result.failure is None, result.failure
        yield name, session


def test_behind_the_wall_too(behind: tuple[str, Session], accelerator: str) -> None:
    name, session = behind
    for exercise in ALL[name].values():
        if exercise.accelerated:
            _trained(exercise, session.evaluator(exercise), name, accelerator, [])
    plain = next(one for one in ALL[name].values() if not one.accelerated)
    verdict = judge(plain, session.evaluator(plain), seed=11)
    assert verdict.findings[0].passed, verdict.sentence()


def _precisions(exercise: Exercise) -> list[str]:
    """The lower precisions that the exercise asks for: bfloat16, and float16 where one of its cases
    says so.
    """
    return ["bfloat16"] + ["float16"] * any(
        one.overrides.get("precision") == "float16" for one in exercise.cases
    )


@pytest.mark.parametrize(
    ("assignment", "exercise", "precision"),
    [
        pytest.param(name, one, precision, id=f"{name}-{one.name}-{precision}")
        for name, one in MIXED
        for precision in _precisions(one)
    ],
)
def test_mixed_precision_agrees(assignment: str, exercise: Exercise, precision: str) -> None:
    trial = Trial(exercise, local(exercise, vars(_reference(assignment))), np.random.default_rng(3))
    assert (
        precision_agrees("losses", precision, within=0.25, device=training.ACCELERATOR)(trial)
        is None
    )


def test_what_a_run_costs_is_seen_on_the_accelerator() -> None:
    where = training.device(training.ACCELERATOR)
    with training.observed(where) as run:
        held = torch.ones(1 << 20, device=where)
        (held * 2).sum().item()
    assert run.peak_bytes >= 8 << 20
    assert run.synchronisations == 1
    assert run.tensors_kept == 1
