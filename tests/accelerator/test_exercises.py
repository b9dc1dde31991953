"""Every exercise that may use an accelerator is judged on a pretend one: right answers in all
styles, and the known mistakes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.checks import Training, training
from autograder.checks.training import precision_agrees
from autograder.exercise.trial import Exercise, Trial
from autograder.judge import judge
from autograder.language.verdict import Verdict
from autograder.vocabulary import draws
from autograder.watch.devices import ACCELERATOR
from autograder.watch.evaluate import local
from tests.solutions.audited import Audited, failed
from tests.solutions.conftest import COURSE

from ..parts import one_in
from .apart import apart
from .small import ACCELERATED, HAVE_OBJECTS, IDS, SMALLER, AnyMeans, trained
from .table import COLUMNS, Measured, as_text, row, write

each = pytest.mark.parametrize(
    ("audit", "name"),
    one_in(
        len(ACCELERATED),
        (pytest.param(*one, id=one[1]) for one in ACCELERATED),
        pytest.mark.audit,
    ),
)
"""The first of them in `make test`, the others in `make test-audit`."""
SEED = 11


def right(audit: Audited, name: str) -> dict[str, Mapping[str, Any]]:
    styled = {answer: audit.style[answer] for answer in audit.exercises[name].answers}
    return {
        "the reference": audit.right,
        "the mistakes, none made": audit.in_another_style(name),
        "another style": {**audit.right, **styled},
    }


def verdict(audit: Audited, exercise: Exercise, namespace: Mapping[str, Any]) -> Verdict:
    reference = audit.reference.of(exercise, SEED)
    return judge(exercise, local(exercise, namespace), reference=reference, seed=SEED)


def learning(exercise: Exercise, judged: Verdict) -> str:
    title = next(one.title for one in exercise.checks if isinstance(one, Training))
    (told,) = [one.message for one in judged.findings if one.check == title]
    return told


def test_every_accelerated_exercise_is_judged_and_documented() -> None:
    assert set(IDS) == set(SMALLER)
    page = (COURSE / "docs/gpu.md").read_text()
    listed = re.findall(r"^\| (\w+) \| `(\w+)` \|", page, re.MULTILINE)
    assert listed == [(audit.name, name) for audit, name in ACCELERATED]


@each
@apart
def test_right_answers_learn_there_and_no_label_of_what_is_held_out_gets_there(
    audit: Audited, name: str
) -> None:
    from . import pretend

    exercise, card = trained(audit, name, falls=False), pretend.card()
    for title, namespace in right(audit, name).items():
        judged = verdict(audit, exercise, namespace)
        assert judged.status == "passed", (title, judged.sentence())
        assert "on the accelerator (pretend)" in learning(exercise, judged), title
    came = [one.flatten().numpy() for one in card.moved_here if one is not None]
    assert came
    for check in exercise.checks:
        if isinstance(check, Training):
            for seed in np.random.default_rng(SEED).integers(1 << 62, size=3):
                labels = check.task(np.random.default_rng(int(seed)), ACCELERATOR).labels
                assert not any(holds(one, labels) for one in came)
    assert card.held < 1 << 20, "what was trained is gone"


def holds(numbers: np.ndarray, labels: np.ndarray) -> bool:
    """Whether all labels stand somewhere in a row of numbers."""
    wanted = np.ascontiguousarray(labels, dtype=np.int64).tobytes()
    return wanted in np.ascontiguousarray(numbers, dtype=np.int64).tobytes()


@apart
def test_what_a_card_showed_becomes_a_table_and_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit, name = ACCELERATED[0]
    exercise = trained(audit, name, falls=False)
    yours, ours = (Measured(local(exercise, audit.right)) for _ in range(2))
    judged = judge(exercise, yours, reference=ours, seed=SEED)
    seen = row(name, yours, ours, judged)
    assert seen.memory[0] == pytest.approx(seen.memory[1], rel=0.1)  # what is freed when is chance
    assert seen.memory[0] > 0
    heading, line = as_text([seen]).splitlines()
    assert heading.split() == list(COLUMNS)
    assert line.split()[:2] == [name, "pretend"]
    assert line.endswith("passed")
    monkeypatch.setenv("OUT", str(tmp_path))
    path = write([seen])
    assert path is not None
    assert json.loads(path.read_text())[0]["exercise"] == name


@pytest.mark.audit
@each
@apart
def test_the_whole_exercise_may_be_judged_there(audit: Audited, name: str) -> None:
    """All its checks, not the training alone."""
    exercise = trained(audit, name, falls=False)
    kept = [one for one in audit.posed(name, counted=False).checks if one not in exercise.checks]
    there = {**exercise.given, "device": draws.always(ACCELERATOR)}
    whole = replace(exercise, checks=[*exercise.checks, *kept], given=there)
    for title, namespace in right(audit, name).items():
        judged = verdict(audit, whole, namespace)
        assert not judged.note, title
        assert failed(judged) <= HAVE_OBJECTS, (title, judged.sentence())


@each
@apart
def test_a_known_mistake_is_there_what_it_is_on_the_processor(
    audit: Audited, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its training alone, and one run of it."""
    monkeypatch.setattr(training, "RUNS", 1)
    exercise = trained(audit, name, falls=False, few=True)
    (check,) = [one for one in exercise.checks if isinstance(one, Training)]
    exercise = replace(exercise, checks=[check, AnyMeans()])
    known = audit.known(name)
    assert known
    for answer, mistake in known:
        namespace = audit.mistakes.commit(answer, (mistake,)).namespace
        there = verdict(audit, exercise, namespace)
        here = verdict(audit, replace(exercise, accelerated=False), namespace)
        assert there.note == here.note == "", mistake
        if follows(mistake):
            said = mistake, there.sentence(), here.sentence()
            assert there.status == here.status, said
        else:
            assert "Expected all tensors" not in there.sentence(), mistake


def follows(mistake: str) -> bool:
    """Whether a mistake is none of devices: those are seen there alone."""
    return not any(part in mistake for part in ("device", "processor", "elsewhere"))


@pytest.mark.audit
@apart
def test_sixteen_bits_agree_there() -> None:
    for audit, name in ACCELERATED:
        exercise = audit.exercises[name]
        if "precision" not in exercise.inputs:
            continue
        trial = Trial(exercise, local(exercise, audit.right), np.random.default_rng(3))
        agrees = precision_agrees("losses", within=0.25, device=ACCELERATOR)
        assert agrees(trial) is None, name
