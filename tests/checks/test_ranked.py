"""What ranks is what was trained: a network that was changed, trained aside or more often, or that
answers by other means than its numbers, is seen by the exercise itself.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch

from autograder.checks import Task, Training
from autograder.judge import judge
from autograder.language.verdict import Performance
from autograder.watch.evaluate import local
from tests.solutions.audited import audited

CNN = audited("cnn")
right: Callable[..., Any] = CNN.right["train_cnn"]


def performance(answer: Callable[..., Any]) -> Performance:
    """What is measured of a loop, on fewer images and for fewer epochs."""
    exercise = CNN.exercises["train_cnn"]
    (check,) = [one for one in exercise.checks if isinstance(one, Training)]

    def task(rng: Any, device: str) -> Task:
        whole = check.task(rng, device)
        few = {name: whole.inputs[name][:60] for name in ("images", "labels")}
        held = {name: whole.inputs[name][:40] for name in ("held_out", "held_labels")}
        return Task({**whole.inputs, **few, **held, "epochs": 2}, whole.labels[:40])

    small = replace(exercise, checks=[replace(check, task=task, losses=None)])
    namespace = {**CNN.right, "train_cnn": answer}
    judged = judge(small, local(small, namespace), reference=CNN.reference.of(small, 4), seed=4)
    found = judged.findings[0].performance
    assert found is not None, judged.sentence()
    return found


def test_a_right_loop_reaches_what_the_reference_does() -> None:
    found = performance(CNN.style["train_cnn"])
    assert found.genuine
    assert found.ratio == 1
    assert found.steps == found.most_steps == 6
    assert found.parameters == found.most_parameters


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
