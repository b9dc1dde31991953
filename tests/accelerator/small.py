"""The accelerated exercises as the pretend accelerator gets them: what they train is small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.checks import AllowedMeans, Training
from autograder.checks.training import Task
from autograder.exercise.trial import Exercise, Trial
from autograder.language.verdict import Finding
from tests.solutions.audited import ALL, Audited

ACCELERATED = [
    (audit, name)
    for audit in ALL
    for name, exercise in audit.exercises.items()
    if exercise.accelerated
]
IDS = [name for _, name in ACCELERATED]


HAVE_OBJECTS = {"Nothing is kept"}
"""Counts tensors that Python holds: on the pretend device that is every one, gradients and momenta
too.
"""
HELD_OUT = 40
"""How many are told apart, where that takes long."""


def _fewer(inputs: Mapping[str, Any], **of_each: int) -> dict[str, Any]:
    return {name: inputs[name][:many] for name, many in of_each.items()}


def _text(inputs: Mapping[str, Any]) -> dict[str, Any]:
    D, H = 6, 8
    V = len(inputs["E"])
    shapes = {"E": (V, D), "Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,), "Wy": (H, V)}
    zeros = {name: np.zeros(shape) for name, shape in shapes.items()}
    sizes = {"steps": 6, "seq_len": 6, "learning_rate": 0.05}
    return {**zeros, **sizes, **_fewer(inputs, data=4, windows=HELD_OUT)}


def _images(inputs: Mapping[str, Any]) -> dict[str, Any]:
    halved = {name: inputs[name][:, :, ::2, ::2] for name in ("images", "held_out")}
    held = {"held_out": HELD_OUT, "held_labels": HELD_OUT}
    fewer = _fewer({**inputs, **halved}, images=60, labels=60, **held)
    return {**fewer, "epochs": 1, "batch": 5}


SMALLER: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "svm_loss_torch": lambda inputs: {"steps": 8},
    "softmax_regression_torch": lambda inputs: {"steps": 40},
    "HingeLoss": lambda inputs: {"steps": 10},
    "train_cnn": _images,
    "train_char_lm": _text,
}


SHORT = {"train_cnn", "train_char_lm"}
FEWER: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "softmax_regression_torch": lambda inputs: {"steps": 12},
    "train_cnn": lambda inputs: _fewer(inputs, images=15, labels=15),
    "train_char_lm": lambda inputs: {"steps": 3, "seq_len": 4},
}
"""Where many answers are judged."""
TOLD_APART = 10
TOLD_APART_FROM = {"held_out", "held_labels", "windows"}


@dataclass(frozen=True)
class AnyMeans(AllowedMeans):
    """In the place of a look at the means, which the judge adds where there is none: it takes longer
    than a training of a few steps, and asks nothing of a device.
    """

    def __call__(self, trial: Trial) -> Finding:
        return Finding(self.title, True, "nobody looked", share=self.share)


def trained(
    audit: Audited, name: str, *titles: str, falls: bool = True, few: bool = False
) -> Exercise:
    """An exercise with its training alone, made small, and the checks of these titles. ``few``:
    as small as it gets.
    """
    exercise = audit.exercises[name]
    many = TOLD_APART if few else HELD_OUT

    def smaller(check: Training) -> Training:
        def task(rng: np.random.Generator, device: str) -> Task:
            whole = check.task(rng, "")
            small = {**whole.inputs, **SMALLER[name](whole.inputs), "device": device}
            if few:
                small |= FEWER.get(name, dict)(small)
            if name not in SHORT:
                return Task(small, whole.labels)
            small |= {key: small[key][:many] for key in TOLD_APART_FROM & small.keys()}
            return Task(small, whole.labels[:many])

        losses = check.losses if falls else None
        asked = {
            "at_least": -9.0,
            "margin": 0.2,
            "spare_memory": 0,
        }  # small, and judged all the same
        return replace(check, task=task, losses=losses, **asked)

    kept = [
        smaller(check) if isinstance(check, Training) else check
        for check in exercise.checks
        if isinstance(check, Training | AllowedMeans) or check.title in titles
    ]
    return replace(exercise, checks=kept)
