"""Properties where they are stated: title and share above the function, in it the sentence for each
fact that does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..checks import Property
from ..exercise.trial import Exercise, Trial
from ..language.probe import USUAL, Case, Inputs

Outputs = dict[str, np.ndarray]
Fact = Callable[["Ask"], Any]


class Broken(Exception):
    """A property does not hold. The text is the sentence that the student reads."""


def must(holds: Any, sentence: str | Callable[[], str]) -> None:
    """Go on if it holds, else the check fails with this sentence: in a line, and in functions that
    properties share. A callable makes the sentence only when it is needed.
    """
    if not holds:
        raise Broken(sentence() if callable(sentence) else sentence)


class Ask:
    """What a property is written with: it draws inputs, asks the answer, and draws numbers from
    ``rng``.

    ``ask()`` draws inputs and gives (inputs, outputs). ``ask(reg=0.0)`` draws, but for reg.
    ``ask(inputs, W=W2)`` asks again, with another W. ``ask(one_case)`` draws as the case says.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.rng = trial.rng

    def draw(self, drawn_as: Case = USUAL, /, **overrides: Any) -> Inputs:
        """Inputs that are not asked yet."""
        return self.trial.exercise.draw(self.rng, drawn_as)[0] | overrides

    def __call__(
        self, base: Mapping[str, Any] | Case = USUAL, /, **overrides: Any
    ) -> tuple[Inputs, Outputs]:
        """Draw, or take ``base``, ask, and give (inputs, outputs)."""
        inputs = self.draw(base, **overrides) if isinstance(base, Case) else {**base, **overrides}
        return inputs, self.all([inputs])[0]

    def all(self, batch: Sequence[Inputs]) -> list[Outputs]:
        """The outputs for several inputs, asked together."""
        return self.trial.arrays(batch)


def property_of(
    asked: Exercise, title: str, share: float, hint: str = ""
) -> Callable[[Fact], Fact]:
    """State a property of an exercise's answers, above the function that holds it true.

    >>> @property_of(softmax, "Rows sum to 1", share=0.75)  # doctest: +SKIP
    ... def rows(ask):
    ...     p = ask()[1]["p"]
    ...     must(close(p.sum(-1), np.ones(len(p))), "the entries of every row must sum to 1.")

    The function returns the sentence that does not hold, or asks ``must`` in a line; if it ends,
    all holds. It may stand under several of these lines, one for each exercise that it holds for. It
    takes the place of a ``...`` among the exercise's checks, in the order of the lines; behind all
    of them where there is none.
    """

    def state(fact: Fact) -> Fact:
        def holds(trial: Trial) -> str | None:
            try:
                said = fact(Ask(trial))
            except Broken as broken:
                return str(broken)
            return said if isinstance(said, str) else None

        asked.state(Property(title, holds, share=share, hint=hint))
        return fact

    return state
