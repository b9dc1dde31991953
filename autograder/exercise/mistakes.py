"""Well-known wrong answers: a module of functions that can be wrong on purpose, and the hint each
mistake deserves.

A mistakes module has, for each answer, a function (or class) of the answer's name and signature
plus a keyword-only
``wrong: frozenset[str] = frozenset()``: with an empty set it is a right answer written
independently of the reference; each name in the set makes it wrong in one way.
``HINTS[answer][name]`` says what is wrong, in terms of the mathematics.

Some mistakes come with a number: any epsilon inside a logarithm, any wrong default.
``NUMBERS[answer][name]`` lists those that people write; the name in the set is then
``"name=1e-12"``, and ``number_in(wrong, "name")`` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from types import ModuleType
from typing import Any

from ..language.probe import Inputs, Probe
from ..language.verdict import Evaluation
from ..watch.evaluate import call
from ..watch.remembered import Remembered

MOST_BYTES = 64 << 20


def plain_name(name: str) -> str:
    """The name of a mistake without the number it may come with."""
    return name.partition("=")[0]


@dataclass(frozen=True)
class Mistake:
    """One way (or a combination of several) to get ``answer`` wrong: its names, its hint, the
    namespace that commits it.
    """

    answer: str
    names: tuple[str, ...]
    hint: str
    namespace: Mapping[str, Any]


@dataclass(frozen=True)
class Mistakes:
    """All known mistakes of one assignment, over the namespace of its right answers.

    What they give is kept, up to ``MOST_BYTES``: a class is judged on the same inputs, and makes
    the same mistakes."""

    module: ModuleType
    right: Mapping[str, Any]
    kept: Remembered = field(
        default_factory=lambda: Remembered(MOST_BYTES), repr=False, compare=False
    )

    def names(self, answer: str) -> tuple[str, ...]:
        """The known ways to get ``answer`` wrong, in the catalogue's order."""
        return tuple(self.module.HINTS.get(answer, {}))

    def of(self, answers: tuple[str, ...], *, pairs: bool = False) -> Iterator[Mistake]:
        """Every single mistake in any of ``answers``; with ``pairs``, the combinations of two in
        one answer instead.
        """
        for answer in answers:
            for names in combinations(self.names(answer), 2 if pairs else 1):
                yield self.commit(answer, names)

    def numbered(self, answer: str) -> tuple[str, ...]:
        """The mistakes in ``answer`` that come with a number, as names that hold it."""
        numbers = getattr(self.module, "NUMBERS", {}).get(answer, {})
        return tuple(f"{name}={value!r}" for name, values in numbers.items() for value in values)

    def commit(self, answer: str, names: tuple[str, ...]) -> Mistake:
        """The namespace in which ``answer`` makes the named mistakes and everything else is
        right.
        """
        hints = self.module.HINTS[answer]
        wrong = partial(getattr(self.module, answer), wrong=frozenset(names))
        return Mistake(
            answer,
            names,
            " And: ".join(hints[plain_name(name)] for name in names),
            {**self.right, answer: wrong},
        )

    def evaluation(
        self, probe: Probe, mistake: Mistake, inputs: Inputs, asked: bytes
    ) -> Evaluation:
        """What a probe gives where ``mistake`` is made; worked out once for all inputs of the
        digest ``asked``.
        """
        key = (probe.function, asked, mistake.answer, mistake.names)
        return self.kept.get(key, lambda: call(probe, mistake.namespace, inputs))
