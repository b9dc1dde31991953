"""What ranks is what was trained: a network that was changed, trained aside or more often, or that
answers by other means than its numbers, is seen by the exercise itself.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from autograder.checks import Task, Training
from autograder.classreport.leaderboard import ranked
from autograder.judge import compared
from autograder.language.verdict import Finding, Performance, Verdict
from autograder.watch.evaluate import local
from coursekit.exercises.digits import digits
from tests.solutions.audited import audited

CNN = audited("cnn")
EXERCISE = CNN.exercises["train_cnn"]
(CHECK,) = [one for one in EXERCISE.checks if isinstance(one, Training)]
JUDGED = Verdict("train_cnn", 7, 7, "passed", (Finding(CHECK.title, True, "well learnt"),))
right: Callable[..., Any] = CNN.right["train_cnn"]


def contested(answer: Callable[..., Any], *, few: bool = True, seed: int = 4) -> Verdict:
    """The verdict on a loop that wants to be compared; ``few`` on fewer images, for fewer epochs."""
    contest = CHECK.contest
    assert contest is not None

    def task(rng: Any, device: str) -> Task:
        whole = contest.task(rng, device)
        if not few:
            return whole
        some = {name: whole.inputs[name][:60] for name in ("images", "labels")}
        held = {name: whole.inputs[name][:40] for name in ("held_out", "held_labels")}
        return Task({**whole.inputs, **some, **held, "epochs": 2}, whole.labels[:40])

    check = replace(CHECK, contest=replace(contest, task=task))
    exercise = replace(EXERCISE, checks=[check])
    evaluate = local(exercise, {**CNN.right, "train_cnn": answer})
    return compared(exercise, JUDGED, evaluate, CNN.reference.of(exercise, seed), seed)


def performance(answer: Callable[..., Any], *, few: bool = True) -> Performance:
    """What is measured of a loop."""
    found = contested(answer, few=few).findings[0].performance
    assert found is not None
    return found


def test_a_right_loop_reaches_what_the_reference_does() -> None:
    found = performance(CNN.style["train_cnn"])
    assert found.genuine
    assert found.ratio == 1
    assert found.steps == found.most_steps == 6
    assert found.parameters == found.most_parameters
    assert found.measured == "accuracy on digits in clutter"


def test_a_contest_changes_nothing_of_a_verdict_and_is_drawn_from_the_seed_alone() -> None:
    judged, again = contested(right), contested(right)
    assert judged == again
    (finding,) = judged.findings
    assert replace(judged, findings=(replace(finding, performance=None),)) == JUDGED
    (other,) = contested(right, seed=5).findings
    assert other.performance != finding.performance


def broken(*_: Any, **__: Any) -> Any:
    raise MemoryError


def test_who_does_not_get_through_it_keeps_the_verdict_and_is_not_ranked() -> None:
    assert contested(broken) == JUDGED
    assert contested(lambda *_, **__: {"train_loss": [1.0]}) == JUDGED


def test_who_was_stopped_while_judged_is_not_asked_again() -> None:
    stopped = replace(JUDGED, failure="timeout")
    nobody: Any = None
    assert compared(EXERCISE, stopped, nobody, nobody, 4) is stopped


def test_the_labels_of_a_contest_are_no_input_and_its_images_are_in_no_table() -> None:
    contest = CHECK.contest
    assert contest is not None
    task = contest.task(np.random.default_rng(1), "")
    assert not task.inputs["held_labels"].any()
    known = {one.tobytes() for one in digits()[0]}
    assert not any(one.astype(float).tobytes() in known for one in task.inputs["held_out"])


def in_short_steps(model: Any, optimizer: Any, *a: Any, **k: Any) -> Any:
    """With a third of the learning rate."""
    for group in optimizer.param_groups:
        group["lr"] /= 3
    return right(model, optimizer, *a, **k)


@pytest.mark.audit
def test_two_loops_of_different_quality_are_told_apart_and_equal_ones_share_a_rank() -> None:
    loops = (CNN.style["train_cnn"], CNN.in_another_style("train_cnn")["train_cnn"])
    ratios = [performance(one, few=False) for one in (*loops, in_short_steps)]
    assert all(one.genuine for one in ratios)
    assert 0.4 < ratios[0].reference < 0.8  # nobody gets to the end of it
    assert ranked([one.ratio or 0 for one in ratios]) == [1, 1, 3]


def test_ranks_are_told_apart_by_more_than_chance() -> None:
    assert ranked([]) == []
    assert ranked([1.0, 1.0, 0.995, 0.98, 0.979, 0.5]) == [1, 1, 1, 1, 5, 6]
    assert ranked([1.1, 1.0, 0.97]) == [1, 2, 3]


def trained_aside(model: Any, optimizer: Any, loaders: Any, epochs: int, *a: Any, **k: Any) -> Any:
    """Four times as long, a copy that nobody watches; its numbers are then put into the model."""
    with torch.random.fork_rng():
        copy = torch.nn.Sequential(*deepcopy(list(model)))
        own = torch.optim.SGD(copy.parameters(), 0.05, 0.9)
        right(copy, own, loaders, 4 * epochs)
    history = right(model, optimizer, loaders, epochs, *a, **k)
    model.load_state_dict(copy.state_dict())
    return history


def trained_before(model: Any, optimizer: Any, loaders: Any, epochs: int, *a: Any, **k: Any) -> Any:
    """The same, and the watched steps come after it."""
    copy = torch.nn.Sequential(*deepcopy(list(model)))
    right(copy, torch.optim.SGD(copy.parameters(), 0.05, 0.9), loaders, 4 * epochs)
    model.load_state_dict(copy.state_dict())
    return right(model, optimizer, loaders, epochs, *a, **k)


def trained_on(model: Any, optimizer: Any, loaders: Any, epochs: int, *a: Any, **k: Any) -> Any:
    """More epochs than asked for; the history is of the last ones."""
    right(model, torch.optim.SGD(model.parameters(), 0.05), loaders, 3 * epochs)
    return right(model, optimizer, loaders, epochs, *a, **k)


def widened(model: Any, optimizer: Any, loaders: Any, *a: Any, **k: Any) -> Any:
    """More filters in the place of those that were given."""
    history = right(model, optimizer, loaders, *a, **k)
    model[-1] = torch.nn.Sequential(torch.nn.Linear(64, 512), torch.nn.Linear(512, 10))
    return history


def by_neighbours(model: Any, optimizer: Any, loaders: Any, *a: Any, **k: Any) -> Any:
    """The training images themselves, under the name of a network."""
    history = right(model, optimizer, loaders, *a, **k)
    known = torch.cat([images.flatten(1) for images, _ in loaders[0]])
    labels = torch.cat([labels for _, labels in loaders[0]])

    def forward(images: torch.Tensor) -> torch.Tensor:
        nearest = torch.cdist(images.flatten(1), known).argmin(1)
        return torch.nn.functional.one_hot(labels[nearest], 10).float()

    model.forward = forward
    return history


@pytest.mark.parametrize(
    "answer", [trained_aside, trained_before, trained_on, widened, by_neighbours]
)
def test_what_was_not_trained_as_asked_is_not_genuine(answer: Callable[..., Any]) -> None:
    found = performance(answer)
    assert not found.genuine
    if answer is widened:
        assert found.parameters is not None
        assert found.most_parameters is not None
        assert found.parameters > found.most_parameters
