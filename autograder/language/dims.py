"""Named dimensions: the small language in which shapes are stated and misshapes are explained.

A *specification* is a string of dimension names, e.g. ``"N D"``: a float array of two axes. ``""``
is a scalar. A last word says what the entries are, if not floats:

    ``"N int<C"``   integers in [0, C), for example labels
    ``"N C bool"``  booleans
    ``"int"``       one integer;  ``"str"``  one string;  ``"bool"``  one boolean

Names are single words and stand for sizes drawn afresh, all different, so that a transpose never
passes by luck. A number is a fixed size (``"3"``), ``D+1`` a size derived by adding to a named one,
and ``any`` accepts any size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from ..errors import DimsError

Entries = Literal["float", "int", "bool", "str"]

_AXIS = re.compile(r"^(?:any|\d+|[A-Za-z][A-Za-z0-9_]*(?:[+*-]\d+)?|\d+\*[A-Za-z][A-Za-z0-9_]*)$")
_DERIVED = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)([+*-])(\d+)$")
_MULTIPLE = re.compile(r"^(\d+)\*([A-Za-z][A-Za-z0-9_]*)$")


@dataclass(frozen=True)
class Dims:
    """One array's named axes and the kind of its entries. ``below`` names the dimension that bounds
    integers.
    """

    axes: tuple[str, ...]
    entries: Entries = "float"
    below: str | None = None

    def __str__(self) -> str:
        return (
            "(" + ", ".join(self.axes) + ("," if len(self.axes) == 1 else "") + ")"
            if self.axes
            else "a scalar"
        )

    def shape(self, sizes: Mapping[str, int]) -> tuple[int | None, ...]:
        """The numbers behind the names; None where any size will do. Raises DimsError for an
        unknown name.
        """
        return tuple(_size(axis, sizes) for axis in self.axes)

    def names(self) -> set[str]:
        """Every dimension name this specification draws on."""
        found = {_name(axis) for axis in self.axes}
        if self.below is not None:
            found.add(_name(self.below))
        return {name for name in found if name}


def parse(specification: str) -> Dims:
    """Read ``"N D"``, ``"N int<C"``, ``"N C bool"``, ``""``. Raises DimsError with the word that
    does not fit.
    """
    words = specification.split()
    entries: Entries = "float"
    below: str | None = None
    if words:
        last, _, bound = words[-1].partition("<")
        if last in ("int", "bool", "str", "float"):
            entries = last  # type: ignore[assignment]
            below = bound or None
            words = words[:-1]
    for word in words:
        if not _AXIS.match(word):
            raise DimsError(
                f"{word!r} in {specification!r} is not a dimension: write a name, a number, 'D+1' "
                "or 'any'"
            )
    return Dims(tuple(words), entries, below)


@cache
def _name(axis: str) -> str:
    if axis == "any" or axis.isdigit():
        return ""
    if derived := _DERIVED.match(axis):
        return derived.group(1)
    if multiple := _MULTIPLE.match(axis):
        return multiple.group(2)
    return axis


def _size(axis: str, sizes: Mapping[str, int]) -> int | None:
    if axis == "any":
        return None
    if axis.isdigit():
        return int(axis)
    name = _name(axis)
    if name not in sizes:
        raise DimsError(
            f"the dimension {name!r} has no size here; known: {', '.join(sorted(sizes)) or 'none'}"
        )
    size = sizes[name]
    if derived := _DERIVED.match(axis):
        step = int(derived.group(3))
        return {"+": size + step, "-": size - step, "*": size * step}[derived.group(2)]
    if multiple := _MULTIPLE.match(axis):
        return int(multiple.group(1)) * size
    return size


def draw_sizes(
    names: set[str], ranges: Mapping[str, tuple[int, int]], rng: np.random.Generator
) -> dict[str, int]:
    """Draw a size for every name, all different, within ``ranges`` (default 3 to 9, both ends
    included).

    Raises DimsError when the ranges leave no way to make the sizes different.
    """
    order = sorted(names, key=lambda name: (_span(ranges.get(name)), name))
    sizes: dict[str, int] = {}
    for name in order:
        low, high = ranges.get(name, (3, 9))
        free = [size for size in range(low, high + 1) if size not in sizes.values() or low == high]
        if not free:
            raise DimsError(
                f"no size between {low} and {high} is left for {name!r}: widen its range"
            )
        sizes[name] = int(rng.choice(free))
    return sizes


def _span(bounds: tuple[int, int] | None) -> int:
    low, high = bounds or (3, 9)
    return high - low


def shape_in_words(shape: tuple[int, ...], sizes: Mapping[str, int]) -> str:
    """``(7, 4)`` as ``(D, C) = (7, 4)`` where every number is the size of exactly one known
    name.
    """
    by_size: dict[int, list[str]] = {}
    for name, size in sizes.items():
        by_size.setdefault(size, []).append(name)
    numbers = _tuple(shape)
    named = [by_size.get(size, []) for size in shape]
    if shape and all(len(names) == 1 for names in named):
        return f"{_tuple(names[0] for names in named)} = {numbers}"
    return numbers


def _tuple(parts: object) -> str:
    words = [str(part) for part in parts]  # type: ignore[attr-defined]
    return "(" + ", ".join(words) + ("," if len(words) == 1 else "") + ")"


def explain_shape(
    name: str, got: tuple[int, ...], wanted: Dims, sizes: Mapping[str, int]
) -> str | None:
    """None when ``got`` fits, else one sentence that says which axis is wrong and, where it shows,
    why.
    """
    target = wanted.shape(sizes)
    if _fits(got, target):
        return None
    expected = tuple(size if size is not None else -1 for size in target)
    must = (
        f"it must be {wanted}"
        if not target
        else f"it must be {wanted} = {_tuple(_any(size) for size in target)}"
    )
    one = got and not target and all(size == 1 for size in got)  # an axis of anything
    has = f"{name} is {_tuple(got) if one else shape_in_words(got, sizes)}"
    has = has if got else f"{name} is a single number"
    return f"{has}; {must}{_why(got, expected, wanted, sizes)}."


def _any(size: int | None) -> str:
    return "any" if size is None else str(size)


def _fits(got: tuple[int, ...], target: tuple[int | None, ...]) -> bool:
    return len(got) == len(target) and all(
        b is None or a == b for a, b in zip(got, target, strict=True)
    )


def _why(
    got: tuple[int, ...], expected: tuple[int, ...], wanted: Dims, sizes: Mapping[str, int]
) -> str:
    if not expected and got and all(size == 1 for size in got):
        return ": a single number, not an array around it"
    if not expected and got:
        axes = shape_in_words(got, sizes).split(" = ")[0]
        return f": still one entry for each of {axes}; a sum or a mean is missing"
    if len(got) > 1 and got == expected[::-1]:
        return ": transposed"
    if len(got) == len(expected) and sorted(got) == sorted(expected):
        return ": the axes are in another order"
    squeezed = tuple(size for size in got if size != 1)
    if len(got) > len(expected) and squeezed == tuple(size for size in expected if size != 1):
        return (
            f": an extra axis of length 1 (keepdims, or a reshape?); {got} broadcasts silently "
            f"where {expected} is meant"
        )
    if len(got) == len(expected):
        wrong = [
            f"axis {k} is {a} but {axis} is {b}"
            for k, (a, b, axis) in enumerate(zip(got, expected, wanted.axes, strict=True))
            if b not in (-1, a)
        ]
        return ": " + ", ".join(wrong)
    if len(got) < len(expected):
        missing = [
            axis for axis, size in zip(wanted.axes, expected, strict=True) if size not in got
        ]
        return f": the axis {missing[0]} is missing" if missing else ": an axis is missing"
    extra = [k for k, size in enumerate(got) if size not in expected]
    return f": axis {extra[0]} does not belong" if extra else ": an axis too many"
