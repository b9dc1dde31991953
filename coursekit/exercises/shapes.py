"""Answers that take arrays of any shape and treat each entry alone: tried with one to four axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder import case, must
from autograder.checks import AnswerFailed, close

ANY_SHAPE = "Any number of axes"
SHAPES = ((24,), (4, 6), (2, 3, 4), (2, 3, 2, 2))
USUALLY = case("24 numbers", sizes={"N": 4, "D": 6})


def any_number_of_axes(
    ask: Any, *moved: str, outputs: tuple[str, ...], steps: str = "", drawn: Any = USUALLY
) -> None:
    """The same numbers in another shape must give the same ones, in that shape.

    ask: what a property is handed. moved: the inputs that get another shape. outputs: those that
    must follow. steps: an input, and with it all outputs, with an axis of steps before these.
    drawn: the situation in which the inputs have 24 entries."""
    inputs, out = ask(drawn)
    for shape in SHAPES:
        said = f"{moved[0]} may have any shape; with {len(shape)} axes, {shape},"
        other = {name: inputs[name].reshape(shape) for name in moved}
        before = inputs[steps].shape[:1] if steps else ()
        if steps:
            other[steps] = inputs[steps].reshape(before + shape)
        try:
            _, found = ask(inputs, **other)
        except AnswerFailed as failed:
            stops = failed.failure.kind == "error"
            must(not stops, f"{said} your code stops: {failed.failure.message}")
            raise
        for name in outputs:
            words = ask.trial.exercise.said(name)
            there = name in found and np.shape(found[name]) == before + shape
            must(there, f"{said} {words} must have that shape too.")
            same = close(found[name].ravel(), out[name].ravel())
            must(same, f"{said} {words} must hold the same numbers as in another.")
