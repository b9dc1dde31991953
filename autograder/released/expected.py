"""What the reference gives in the situations of one exercise, and the trial of an answer in
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..exercise.trial import Exercise, Trial
from ..language.probe import Inputs
from ..language.verdict import Evaluation, Value
from .locked import Locked
from .situations import Situation, fingerprint, kinds, same_inputs

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class RightOutputs:
    """One situation: which kind it is and which attempt at drawing it, its inputs' fingerprint, and
    what is right there."""

    place: int
    attempt: int
    inputs: tuple[float, float]
    outputs: Arrays


@dataclass(frozen=True)
class Expected:
    """What is released of one exercise: nothing, unless there are situations in ``rights``.

    ``tolerances``: by output how far two values may be apart that are the same.
    """

    tolerances: Mapping[str, float] = field(default_factory=dict)
    rights: tuple[RightOutputs, ...] = ()
    locked: Locked = field(default_factory=Locked)

    def trial(self, asked: Trial) -> Trial | None:
        """A trial of the same answer in the released situations, the reference's answers at hand.

        None where nothing is released, or where this machine draws other inputs.
        """
        situations = drawn_again(asked.exercise, self.rights) if self.rights else None
        if situations is None:
            return None
        ours = [_evaluation(right.outputs) for right in self.rights]

        def reference(batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
            if len(batch) != len(ours):
                raise LookupError("only what was worked out for the release is known here")
            return ours

        known = [(one.case, one.inputs, one.sizes) for one in situations]
        return Trial(asked.exercise, asked.evaluate, asked.rng, reference, situations=known)


def drawn_again(exercise: Exercise, rights: Sequence[RightOutputs]) -> list[Situation] | None:
    """The situations of ``rights``; None where other inputs are drawn than when it was released."""
    there, found = kinds(exercise), []
    for right in rights:
        if right.place >= len(there) or not set(exercise.outputs) <= set(right.outputs):
            return None
        situation = there[right.place].draw(exercise, right.place, right.attempt)
        if not same_inputs(fingerprint(situation.inputs), right.inputs):
            return None
        found.append(situation)
    return found


def _evaluation(outputs: Arrays) -> Evaluation:
    return Evaluation({name: Value(array, "ndarray") for name, array in outputs.items()})
