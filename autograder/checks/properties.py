"""Properties: facts that hold for any right answer, written as small functions of a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..exercise.trial import AnswerFailed, Trial
from ..language.verdict import Finding
from .dimensions import misshapen
from .situations import where_it_works


@dataclass(frozen=True)
class Property:
    """A fact named by ``title``; ``holds(trial)`` returns None when it holds, else a sentence that
    says what is wrong.

    The function asks the answer through ``trial.ask(**overrides) -> (inputs, outputs)`` or
    ``trial.arrays(batch)``, draws from ``trial.rng``, and needs no reference.
    """

    title: str
    holds: Callable[[Trial], str | None]
    share: float = 1.0
    hint: str = ""
    needs_reference: bool = False

    def __call__(self, trial: Trial) -> Finding:
        """Judge the fact."""
        try:
            broken = where_it_works(trial, self.holds)
        except AnswerFailed:
            raise
        except Exception:
            if not _misshapen_outputs(trial):
                raise  # a defect of the exercise, not of the answer
            broken = "could not be judged on outputs of the wrong shape or kind: see Dimensions."
        if broken is None:
            return Finding(self.title, True, "holds", share=self.share)
        return Finding(self.title, False, broken, hint=self.hint, share=self.share)


def _misshapen_outputs(trial: Trial) -> bool:
    """Whether any output drawn so far is missing or no array of the stated shape: functions of it
    may then break.
    """
    return any(
        name not in drawn.evaluation.outputs
        or misshapen(name, drawn.evaluation.outputs[name], dims, drawn.sizes)
        for drawn in trial.draws()
        for name, dims in trial.exercise.outputs.items()
    )
