"""The situations of an exercise whose right outputs are released: tiny ones, random ones, and its
cases.

Nothing of the inputs is stored: they are drawn from the same seeds wherever they are needed, and
compared by ``fingerprint``, lest a generator that draws others gives a wrong verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np

from ..exercise.trial import RANDOM_EXAMPLES, Exercise
from ..language.probe import USUAL, Case, Inputs

SMALL, TINY = 2, 6
"""The size of a dimension of a tiny example, and the most that an author's range may make of it."""
LONGEST_TITLE = 160
SAME = 1e-6


@dataclass(frozen=True)
class Situation:
    """One situation drawn: what it is called, its inputs, and the sizes of their dimensions."""

    case: Case
    inputs: Inputs
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class Kind:
    """How a situation is drawn: as a case says; a tiny one of small whole numbers."""

    case: Case
    tiny: bool = False

    def draw(self, exercise: Exercise, place: int, attempt: int) -> Situation:
        """The inputs of the ``place``-th kind of an exercise: the same for the same ``attempt``."""
        rng = np.random.default_rng([crc32(exercise.name.encode()), place, attempt])
        inputs, sizes = exercise.draw(rng, self.case)
        if not self.tiny:
            return Situation(self.case, inputs, sizes)
        inputs = {name: _whole(exercise, name, value, rng) for name, value in inputs.items()}
        return Situation(replace(self.case, title=_title(inputs, sizes)), inputs, sizes)


def kinds(exercise: Exercise) -> list[Kind]:
    """Every kind of situation, the smallest first."""
    usual = [USUAL] * RANDOM_EXAMPLES
    return [*_tiny(exercise), *(Kind(one) for one in (*usual, *exercise.cases))]


def _tiny(exercise: Exercise) -> Iterator[Kind]:
    """Sizes of 1 where a case of the author's goes as low, else 2; and 2 everywhere."""
    every = (*exercise.inputs.values(), *exercise.outputs.values())
    names = sorted(set[str]().union(*(dims.names() for dims in every)))
    lowest = {name: exercise.ranges.get(name, (SMALL, 0))[0] for name in names}
    tried = [one.sizes for one in exercise.cases]
    smallest = {name: min([lowest[name], *(t[name] for t in tried if name in t)]) for name in names}
    for sizes in [smallest] if smallest == lowest else [smallest, lowest]:
        if names and max(sizes.values()) <= TINY:
            yield Kind(Case("a tiny example", sizes), tiny=True)


def is_drawn(exercise: Exercise, name: str, value: Any) -> bool:
    """Whether an input is made of floats that nobody but the engine draws: they can be others."""
    mine = name not in exercise.given and exercise.inputs[name].entries == "float"
    return mine and (isinstance(value, float) or np.asarray(value).dtype.kind == "f")


def _whole(exercise: Exercise, name: str, value: Any, rng: np.random.Generator) -> Any:
    if not is_drawn(exercise, name, value):
        return value
    if np.ndim(value) == 0:
        return float(rng.choice([0.5, 1.0, 2.0]))
    return rng.integers(-3, 4, np.shape(value)).astype(np.float64)


def _title(inputs: Inputs, sizes: Mapping[str, int]) -> str:
    """All of the inputs, to work it through by hand, or the sizes where that is too long."""
    said = ", ".join(f"{name} = {_in_words(value)}" for name, value in inputs.items())
    title = f"a tiny example: {said}"
    if len(title) <= LONGEST_TITLE:
        return title
    return "a tiny example, " + ", ".join(f"{name} = {size}" for name, size in sizes.items())


def _in_words(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return _in_words(value.tolist())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_in_words, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def fingerprint(inputs: Inputs) -> tuple[float, float]:
    """One number that changes with any entry of the inputs, and the size that rounding is relative
    to.
    """
    numbers = np.array([*_numbers(inputs)], dtype=np.float64)
    numbers = np.nan_to_num(numbers, nan=0.5, posinf=2.5, neginf=-2.5)
    numbers = np.arcsinh(1e3 * numbers)  # lest a large number hide what the small ones are
    weights = np.cos(0.3 + 0.7 * np.arange(len(numbers)))
    return float(numbers @ weights), float(np.abs(numbers).sum())


def same_inputs(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two fingerprints are those of the same inputs, up to rounding."""
    return abs(one[0] - other[0]) <= SAME * max(one[1], other[1], 1e-300)


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, list | tuple):
        yield float(len(value))
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, str):
        yield crc32(value.encode()) % 997 / 997
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        yield from value.ravel().astype(np.float64)
    elif isinstance(value, bool | int | float | np.number):
        yield float(np.real(value))
