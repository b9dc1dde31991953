"""Properties: facts that hold for any right answer, written as small functions of a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..verdict import Finding
from .trial import Trial


@dataclass(frozen=True)
class Property:
    """A fact named by ``title``; ``holds(trial)`` returns None when it holds, else a sentence that says what is wrong.

    The function asks the answer through ``trial.ask(**overrides) -> (inputs, outputs)`` or ``trial.arrays(batch)``,
    draws from ``trial.rng``, and needs no reference.
    """

    title: str
    holds: Callable[[Trial], str | None]
    share: float = 1.0
    hint: str = ""
    needs_reference: bool = False

    def __call__(self, trial: Trial) -> Finding:
        """Judge the fact."""
        broken = self.holds(trial)
        if broken is None:
            return Finding(self.title, True, "holds", share=self.share)
        return Finding(self.title, False, broken, hint=self.hint, share=self.share)
