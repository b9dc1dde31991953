"""What a probe's calls of an answer gave, written down: data, for whoever runs the probe again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Tree = Any
"""Numbers, strings, None, arrays; tuples, lists and dicts of them; Argument and Opaque."""


@dataclass(frozen=True)
class Argument:
    """The very array, list or dict that was handed in, by its place among all of them."""

    place: int


@dataclass(frozen=True, eq=False)
class Opaque:
    """Something else than data, such as a cache: no more is told than its type, and its entries
    where it is like an array. ``is_value``: they are an output's, where this is one.
    """

    type_name: str
    array: np.ndarray | None = None
    is_value: bool = False

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.array is None:
            raise TypeError(f"one {self.type_name} is no array")
        return np.array(self.array, dtype=dtype)


@dataclass
class Called:
    """One call of one of the answer's functions.

    said: calls that it made of functions that it was handed (which, arguments, keywords). changed:
    what was handed in and is another after it (which, contents). raised: class and words of what it
    raised instead of returning.
    """

    name: str
    said: list[tuple[int, Tree, Tree]] = field(default_factory=list)
    changed: list[tuple[int, Tree]] = field(default_factory=list)
    returned: Tree = None
    raised: tuple[str, str] | None = None


Transcript = list[Called]
