"""How far right answers may lie apart by rounding alone: by the size of the terms, not of what is
left of them.

What cancels (the gradient of a batch of one example, say) is 0 up to the rounding of its terms, and
nobody sees these. Their size is judged by what the same output is in the random examples, and by
what goes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..exercise.trial import RANDOM_EXAMPLES, Trial

OF_OUTPUTS = 1e-12
"""Of the output's usual size."""
OF_INPUTS = 1e-15
"""Of the largest input, a few times the precision of float64."""
LARGEST = 1e6
"""Inputs above this are there to overflow: what comes out is not their sum."""
NOTHING = 1e-9
"""What is this small beside all else is 0 in the random examples too."""


def roundings(trial: Trial) -> list[dict[str, float]]:
    """For each situation and output, the absolute difference that is no more than rounding."""
    examples = list(zip(trial.draws(), trial.reference_draws(), strict=True))[:RANDOM_EXAMPLES]
    arrays = [one.arrays() for _, one in examples]
    usual = {name: largest(one.get(name) for one in arrays) for name in trial.exercise.outputs}
    whole = max(*usual.values(), *(largest(drawn.inputs.values()) for drawn, _ in examples))
    terms = {name: size if size > NOTHING * whole else whole for name, size in usual.items()}
    return [_beside(terms, drawn.inputs) for drawn in trial.draws()]


def _beside(terms: Mapping[str, float], inputs: Mapping[str, Any]) -> dict[str, float]:
    by_inputs = OF_INPUTS * largest(inputs.values())
    return {name: max(OF_OUTPUTS * size, by_inputs) for name, size in terms.items()}


def largest(values: Iterable[Any]) -> float:
    """The largest magnitude among arrays of floats, at most ``LARGEST``; of anything else, 0."""
    found = 0.0
    for value in values:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            with np.errstate(invalid="ignore"):
                sizes = np.abs(value[np.isfinite(value)])
            found = max(found, float(sizes.max(initial=0)))
    return min(found, LARGEST)
