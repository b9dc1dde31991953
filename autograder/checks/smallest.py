"""The smallest example that still fails: sizes 1 and 2, small whole numbers, something to work
through by hand.

Looked for after a check of values or of a gradient has failed, of an answer that comes to its end
somewhere, in so many evaluations at most and never by the clock, so that it is the same everywhere.
Entries are set to 0 as long as it still fails."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..exercise.trial import Trial
from ..language.probe import Case, Inputs
from .gradient import Gradient, several
from .naming import Arrays, agree
from .reference import Reference, few_valued

EVALUATIONS = 40
"""Of the answer, for each check, beside the examples that all try."""
SIZES, EACH_SIZE = (1, 2), 4
ENTRIES = 12
"""Larger inputs or outputs are no example to work through by hand."""
STEP = 1e-5


class Smallest:
    """Small examples of one trial, asked of the answer once for all checks that failed. The
    trial's ``rng`` is spent.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._tried: list[list[tuple[Inputs, Arrays]]] = []

    def example(self, check: Reference | Gradient) -> str:
        """The smallest one in words that fails this check, or "" where none is found."""
        trial = self._trial
        if trial.exercise.costly or all(one.evaluation.failure for one in trial.draws()):
            return ""
        search = _Values(trial, check) if isinstance(check, Reference) else _Slopes(trial, check)
        if not search.shows():
            return ""
        for k in range(len(SIZES)):
            for inputs, yours in self._of(k):
                if said := search.wrong(inputs, yours):
                    return search.shrunk(inputs, said)
        return ""

    def _of(self, k: int) -> list[tuple[Inputs, Arrays]]:
        """Those of the k-th size in which the answer came to its end."""
        if k == len(self._tried):
            batch = [*_small(self._trial, SIZES[k])]
            found = zip(batch, self._trial.evaluate(batch), strict=True)
            self._tried.append([(inputs, one.arrays()) for inputs, one in found if not one.failure])
        return self._tried[k]


def _small(trial: Trial, size: int) -> Iterator[Inputs]:
    """Inputs of one size, rounded; where an author fixed a size it stays."""
    exercise = trial.exercise
    dims = (*exercise.inputs.values(), *exercise.outputs.values())
    names = set[str]().union(*(one.names() for one in dims))
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
class _Search(ABC):
    """For one check: ``left`` are the evaluations that it may still ask for itself."""

    trial: Trial
    left: int = field(default=EVALUATIONS, init=False)

    @abstractmethod
    def shows(self) -> bool:
        """Whether there is anything that may be shown."""

    @abstractmethod
    def wrong(self, inputs: Inputs, yours: Arrays) -> str:
        """What is wrong with what the answer gave there, or ""."""

    def outputs(self, *batch: Inputs) -> list[Arrays]:
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
                yours = self.outputs(tried)
                if yours and (still := self.wrong(tried, yours[0])):
                    inputs, said = tried, still
        said_of = self.trial.exercise.said
        stated = ", ".join(f"{said_of(name)} = {_shown(value)}" for name, value in inputs.items())
        return f"A small example: with {stated}, {said}"


@dataclass
class _Values(_Search):
    check: Reference

    def shows(self) -> bool:
        """An output, if not of few values: which one of these is right would be the answer."""
        return bool(self.trial.reference and self.trial.exercise.inputs and self._names)

    @cached_property
    def _names(self) -> list[str]:
        names = self.check.outputs or tuple(self.trial.exercise.outputs)
        return [name for name in names if not few_valued(self.trial, name)]

    def wrong(self, inputs: Inputs, yours: Arrays) -> str:
        assert self.trial.reference is not None
        ours = self.trial.reference([inputs])[0].arrays()
        for name in self._names:
            if name not in ours or name not in yours or not np.isfinite(ours[name]).all():
                continue
            small = ours[name].size <= ENTRIES and ours[name].shape == yours[name].shape
            if small and not agree(yours, ours, name, max(self.check.tolerance, 1e-6)):
                said = self.trial.exercise.said(name)
                return f"{said} is {_shown(yours[name])}; it should be {_shown(ours[name])}."
        return ""


@dataclass
class _Slopes(_Search):
    check: Gradient

    def shows(self) -> bool:
        """A slope, wherever it can be measured."""
        return True

    def wrong(self, inputs: Inputs, yours: Arrays) -> str:
        check = self.check
        for wrt, claimed in zip(several(check.wrt), several(check.claimed), strict=True):
            gradient = yours.get(claimed)
            parameter = np.asarray(inputs[wrt], dtype=float)
            if gradient is None or gradient.shape != parameter.shape or gradient.size > 4:
                continue
            slopes = self._measured(inputs, wrt, yours)
            if slopes is not None and np.abs(slopes - gradient).max(initial=0) > 1e-4 * max(
                1.0, np.abs(slopes).max(initial=0)
            ):
                exercise = self.trial.exercise
                of, mine = exercise.said_together(*several(check.of)), exercise.said(claimed)
                return f"{mine} is {_shown(gradient)}; the slope of {of} is {_shown(slopes)}."
        return ""

    def _measured(self, inputs: Inputs, wrt: str, base: Arrays) -> np.ndarray | None:
        """The slope along each entry; None at a kink, or where it cannot be measured."""
        parameter = np.asarray(inputs[wrt], dtype=float)
        steps = STEP * np.eye(parameter.size).reshape(-1, *parameter.shape)
        batch = [{**inputs, wrt: parameter + one} for step in steps for one in (-step, step)]
        given = self.outputs(*batch)
        if len(given) < len(batch):
            return None
        zero = float(self.check.terms(base, inputs).sum())
        moved = np.array(
            [float(self.check.terms(one, at).sum()) for one, at in zip(given, batch, strict=True)]
        )
        before, after = (zero - moved[::2]) / STEP, (moved[1::2] - zero) / STEP
        if not (np.abs(before - after) <= 1e-2 * np.maximum(1.0, np.abs(before))).all():
            return None
        return np.round((before + after) / 2, 6).reshape(parameter.shape)


def _shown(value: Any) -> str:
    """``[[1, -1], [0, 2]]``: numbers as short as they can be written."""
    if isinstance(value, np.ndarray) and value.shape:
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, str):
        return repr(value)
    if np.asarray(value).dtype.kind == "b":
        return str(bool(value))
    return f"{float(value):.6g}".replace("-0", "0") if float(value) == 0 else f"{float(value):.6g}"
