"""Which exercises may be judged by what is released: those whose right outputs take many values.

What is right for few inputs, or the same for all of them (a constant, a claim, a yes or no), could
be copied from the release. It shows when the inputs are drawn anew: then right outputs come again.
"""

from __future__ import annotations

import numpy as np

from ..checks import Reference
from ..exercise.trial import Exercise
from ..language.probe import USUAL, Case
from ..watch.evaluate import Evaluate

DRAWN = 8


def takes_many_values(exercise: Exercise, reference: Evaluate) -> bool:
    """Whether something that a check compares with the reference is another one in every draw.

    What stands beside it may be the same always: it is no answer, but how an answer behaves.
    """
    checks = [check for check in exercise.checks if isinstance(check, Reference)]
    compared = {name for check in checks for name in check.outputs or exercise.outputs}
    kinds = (USUAL, *exercise.cases) if compared else ()
    return any(_many(exercise, reference, kind, compared) for kind in kinds)


def _many(exercise: Exercise, reference: Evaluate, kind: Case, compared: set[str]) -> bool:
    inputs = [exercise.draw(np.random.default_rng(seed), kind)[0] for seed in range(DRAWN)]
    drawn = [evaluation.arrays() for evaluation in reference(inputs)]
    values = ({_exact(one[name]) for one in drawn if name in one} for name in compared)
    return any(len(found) == DRAWN for found in values)


def _exact(array: np.ndarray) -> tuple[tuple[int, ...], bytes]:
    return array.shape, array.tobytes()
