"""Draws with names: for ``given``, ``(rng, sizes) -> value``, and for cases, ``(rng, inputs) ->
value``.

Those that end in ``_like`` are for cases and see the inputs drawn before; all others are for
``given`` and see the sizes of the dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Rng = np.random.Generator
Given = Callable[[Rng, Mapping[str, int]], Any]
Override = Callable[[Rng, Mapping[str, Any]], Any]


def always(value: Any) -> Given:
    """The same value in every draw; cases may override it."""
    return lambda rng, sizes: value


def number(low: float, high: float) -> Given:
    """A number in [low, high)."""
    return lambda rng, sizes: float(rng.uniform(low, high))


def whole(low: int, high: int, *axes: str | int) -> Given:
    """An int in [low, high], or an int64 array of the named axes; a number among the axes stands
    for itself.
    """

    def draw(rng: Rng, sizes: Mapping[str, int]) -> Any:
        drawn = rng.integers(low, high + 1, _shape(axes, sizes))
        return drawn if axes else int(drawn)

    return draw


def normal(*axes: str | int, scale: float = 1.0, centre: float = 0.0) -> Given:
    """Normal numbers (float64) of the named axes; a number among them stands for itself."""
    return lambda rng, sizes: centre + scale * rng.standard_normal(_shape(axes, sizes))


def uniform(low: float, high: float, *axes: str | int) -> Given:
    """Numbers in [low, high), float64, of the named axes; a number among them stands for itself."""
    return lambda rng, sizes: rng.uniform(low, high, _shape(axes, sizes))


def power_of_ten(low: float, high: float) -> Given:
    """A number between two powers of ten, uniform on the log scale."""
    return lambda rng, sizes: float(10 ** rng.uniform(low, high))


def one_of(*values: Any) -> Given:
    """One of some numbers."""
    return lambda rng, sizes: rng.choice(values).item()


def scaled(*axes: str | int) -> Given:
    """Weights (float64) of the named axes that keep signals at their size: normal, over the root of
    the first axis.
    """

    def draw(rng: Rng, sizes: Mapping[str, int]) -> Any:
        shape = _shape(axes, sizes)
        return rng.standard_normal(shape) / np.sqrt(shape[0])

    return draw


def level(value: float, at: Any, *axes: str | int) -> Given:
    """Normal numbers (float64) of the named axes, all alike at an index."""

    def draw(rng: Rng, sizes: Mapping[str, int]) -> Any:
        drawn = rng.standard_normal(_shape(axes, sizes))
        drawn[at] = value
        return drawn

    return draw


def size(name: str, usual: int | None = None) -> Given:
    """The size of a dimension; ``usual`` where only some cases name it."""
    return lambda rng, sizes: sizes[name] if usual is None else sizes.get(name, usual)


def seed(rng: Rng, sizes: Mapping[str, int]) -> int:
    """A seed in [0, 2**31)."""
    return int(rng.integers(2**31))


def every_class(classes: str, examples: str = "N") -> Given:
    """Labels (``examples``,) int64 that name every class, as far as there are examples."""
    return lambda rng, sizes: rng.permutation(np.arange(sizes[examples]) % sizes[classes])


def zeros_like(name: str) -> Override:
    """Zeros of the shape of another input."""
    return lambda rng, inputs: np.zeros_like(inputs[name])


def filled_like(name: str, value: float) -> Override:
    """One value everywhere, in the shape and dtype of another input."""
    return lambda rng, inputs: np.full_like(inputs[name], value)


def normal_like(name: str, scale: float = 1.0) -> Override:
    """Normal numbers (float64) of the shape of another input, ``scale`` times as large as usual."""
    return lambda rng, inputs: scale * rng.standard_normal(np.shape(inputs[name]))


def _shape(axes: tuple[str | int, ...], sizes: Mapping[str, int]) -> list[int]:
    return [sizes[axis] if isinstance(axis, str) else axis for axis in axes]
