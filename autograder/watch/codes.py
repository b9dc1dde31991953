"""Code told by which it is, not by what is in it: equal code may be of another file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType


@dataclass(frozen=True)
class Codes:
    """Some code. As long as it is ``kept``, no other takes its place in memory, and its ``id``."""

    kept: tuple[CodeType, ...] = ()
    ids: frozenset[int] = frozenset()

    @classmethod
    def of(cls, tops: Iterable[CodeType]) -> Codes:
        """Code, and all that is in it."""
        kept = tuple(inner for top in tops for inner in with_inner(top))
        return cls(kept, frozenset(map(id, kept)))

    def __contains__(self, code: CodeType) -> bool:
        return id(code) in self.ids

    def __or__(self, others: Codes) -> Codes:
        return Codes(self.kept + others.kept, self.ids | others.ids)


def with_inner(code: CodeType) -> Iterator[CodeType]:
    """Code, and that of all functions, classes and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from with_inner(constant)
