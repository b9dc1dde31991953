"""The smallest example that still fails: sizes 1 and 2, small whole numbers, something to work
through by hand.

Looked for after a check of values or of a gradient has failed, in so many evaluations at most and
never by the clock, so that it is the same everywhere. Entries are set to 0 as long as it still
fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..exercise.trial import Trial
from ..language.probe import Case, Inputs
from .gradient import Gradient, several
from .naming import agree
from .reference import Reference

EVALUATIONS = 40
"""Of the answer, all in all."""
EACH_SIZE = 4
ENTRIES = 12
"""Larger inputs or outputs are no example to work through by hand."""
STEP = 1e-5


def smallest_example(trial: Trial, check: Reference | Gradient) -> str:
    """The example in words, or "" where none is found. ``trial`` is spent: its draws are used
    up.
    """
    if trial.exercise.costly:
        return ""
    search = _Search(trial, _wrong_value if isinstance(check, Reference) else _wrong_slope, check)
    for inputs in _small(trial):
        if said := search.fails(inputs):
            return search.shrunk(inputs, said)
    return ""


def _small(trial: Trial) -> Iterator[Inputs]:
    """Inputs of sizes 1, then 2, rounded; where an author fixed a size it stays."""
    exercise = trial.exercise
    dims = (*exercise.inputs.values(), *exercise.outputs.values())
    names = set[str]().union(*(one.names() for one in dims))
    for size in (1, 2):
        sizes = {
            name: low if low == high else size
            for name in names
            for low, high in [exercise.ranges.get(name, (1, 9))]
        }
        for _ in range(EACH_SIZE):
            drawn, _ = exercise.draw(trial.rng, Case("a small example", sizes))
            rounded = {name: _rounded(value) for name, value in drawn.items()}
            if all(np.size(value) <= ENTRIES for value in rounded.values()):
                yield rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.shape:
        return np.clip(np.rint(2 * value), -3, 3)
    return float(f"{value:.1g}") if isinstance(value, float) else value


@dataclass
class _Search:
    trial: Trial
    wrong: Callable[[_Search, Any, Inputs], str]
    check: Any
    left: int = EVALUATIONS

    def fails(self, inputs: Inputs) -> str:
        """What is wrong with the answer there, or ""."""
        return self.wrong(self, self.check, inputs) if self.left > 0 else ""

    def outputs(self, *batch: Inputs) -> list[dict[str, np.ndarray]]:
        """What the answer gives; nothing where it stopped, or where the evaluations are spent."""
        self.left -= len(batch)
        given = self.trial.evaluate(batch) if self.left >= 0 else []
        return [] if any(one.failure for one in given) else [one.arrays() for one in given]

    def shrunk(self, inputs: Inputs, said: str) -> str:
        """The example with as many zeros as it bears."""
        for name, value in inputs.items():
            if not (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
                continue
            for index in np.argwhere(value):
                simpler = inputs[name].copy()
                simpler[tuple(index)] = 0
                tried = {**inputs, name: simpler}
                if still := self.fails(tried):
                    inputs, said = tried, still
        said_of = self.trial.exercise.said
        stated = ", ".join(f"{said_of(name)} = {_shown(value)}" for name, value in inputs.items())
        return f"A small example: with {stated}, {said}"


def _wrong_value(search: _Search, check: Reference, inputs: Inputs) -> str:
    trial = search.trial
    yours = search.outputs(inputs)
    if not yours or trial.reference is None:
        return ""
    ours = trial.reference([inputs])[0].arrays()
    for name in check.outputs or tuple(trial.exercise.outputs):
        if name not in ours or name not in yours[0] or not np.isfinite(ours[name]).all():
            continue
        small = ours[name].size <= ENTRIES and ours[name].shape == yours[0][name].shape
        if small and not agree(yours[0], ours, name, max(check.tolerance, 1e-6)):
            said = trial.exercise.said(name)
            return f"{said} is {_shown(yours[0][name])}; it should be {_shown(ours[name])}."
    return ""


def _wrong_slope(search: _Search, check: Gradient, inputs: Inputs) -> str:
    yours = search.outputs(inputs)
    if not yours:
        return ""
    for wrt, claimed in zip(several(check.wrt), several(check.claimed), strict=True):
        gradient = yours[0].get(claimed)
        parameter = np.asarray(inputs[wrt], dtype=float)
        if gradient is None or gradient.shape != parameter.shape or gradient.size > 4:
            continue
        slopes = _slopes(search, check, inputs, wrt, yours[0])
        if slopes is not None and np.abs(slopes - gradient).max(initial=0) > 1e-4 * max(
            1.0, np.abs(slopes).max(initial=0)
        ):
            exercise = search.trial.exercise
            of, mine = exercise.said_together(*several(check.of)), exercise.said(claimed)
            return f"{mine} is {_shown(gradient)}; the slope of {of} is {_shown(slopes)}."
    return ""


def _slopes(
    search: _Search, check: Gradient, inputs: Inputs, wrt: str, base: dict[str, np.ndarray]
) -> np.ndarray | None:
    """The slope of the outputs along each entry; None at a kink, or where it cannot be measured."""
    parameter = np.asarray(inputs[wrt], dtype=float)
    zero, slopes = float(check.terms(base, inputs).sum()), np.zeros(parameter.shape)
    for index in np.ndindex(*parameter.shape):
        moved = [parameter.copy(), parameter.copy()]
        moved[0][index] -= STEP
        moved[1][index] += STEP
        batch = [{**inputs, wrt: one} for one in moved]
        given = search.outputs(*batch)
        if len(given) < 2:
            return None
        below, above = (
            float(check.terms(one, at).sum()) for one, at in zip(given, batch, strict=True)
        )
        before, after = (zero - below) / STEP, (above - zero) / STEP
        if not abs(before - after) <= 1e-2 * max(1.0, abs(before)):
            return None
        slopes[index] = np.round((before + after) / 2, 6)
    return slopes


def _shown(value: Any) -> str:
    """``[[1, -1], [0, 2]]``: numbers as short as they can be written."""
    if isinstance(value, np.ndarray) and value.shape:
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, str):
        return repr(value)
    if np.asarray(value).dtype.kind == "b":
        return str(bool(value))
    return f"{float(value):.6g}".replace("-0", "0") if float(value) == 0 else f"{float(value):.6g}"
