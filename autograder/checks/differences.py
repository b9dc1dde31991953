"""Whether a gradient was measured by differences, told by what differences do and a derivation does
not.

A difference of two values of a function carries the rounding of those values, divided by the step:
let the function grow while its slope does not, and the error grows in proportion. Rounding in
single precision, or an epsilon in a denominator, stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import numpy as np

from ..exercise.trial import Trial
from ..language.probe import Inputs
from .compare import distance
from .gradient import Gradient, several

ANALYTIC = 5e-13
"""Analysis in float64 is right to about 1e-15 of the largest entry; central differences at best to
about 1e-11.
"""
NEARLY = 1e-4
LARGER = (1e2, 1e4, 1e6)
"""One input is made so many times larger."""
GROWS = (10.0, 1000.0)
"""For each factor of 100 in the function's size over its slope, the error of differences grows
about as much.
"""
ABOVE_SINGLE = 100.0
"""How far above what single precision of the inputs costs the error must lie."""
VANISHES = 1e-6
"""A gradient below this has cancelled to nothing: its error has no level."""


def measured_by_differences(trial: Trial) -> str | None:
    """The claimed gradient that is proven to be one of differences; None when none is."""
    for check in trial.exercise.checks:
        if not isinstance(check, Gradient):
            continue
        for wrt, claimed in zip(several(check.wrt), several(check.claimed), strict=True):
            if _nearly_right(trial, claimed) and _grows(trial, check, wrt, claimed):
                return claimed
    return None


def _nearly_right(trial: Trial, claimed: str) -> bool:
    """Whether the error lies between rounding and being wrong, in most cases tried: worth asking
    further.
    """
    errors = [
        distance(drawn.evaluation.arrays()[claimed], one.arrays()[claimed])
        for drawn, one in zip(trial.draws(), trial.reference_draws(), strict=True)
        if claimed in drawn.evaluation.arrays()
        and np.abs(one.arrays().get(claimed, np.zeros(1))).max(initial=0) > VANISHES
    ]
    return bool(errors) and median(errors) > ANALYTIC and max(errors) < NEARLY


def _grows(trial: Trial, check: Gradient, wrt: str, claimed: str) -> bool:
    return any(_in_proportion(trial, check, claimed, batch) for batch in _larger(trial, check, wrt))


def _larger(trial: Trial, check: Gradient, wrt: str) -> Iterator[list[Inputs]]:
    """For each input that is an array of numbers, the parameter first, a random example with it
    larger and larger.
    """
    drawn = trial.draws()[0].inputs
    numbers = [
        name
        for name, value in drawn.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
    ]
    for name in sorted(set(numbers) - set(several(check.upstream)), key=lambda one: one != wrt):
        yield [{**drawn, name: drawn[name] * factor} for factor in LARGER]


def _in_proportion(trial: Trial, check: Gradient, claimed: str, batch: list[Inputs]) -> bool:
    """Whether the error grows with the size of the function over its slope, step by step."""
    assert trial.reference is not None
    ours = [one.arrays() for one in trial.reference(batch)]
    sizes = [
        _relative_size(check, one, claimed, given) for one, given in zip(ours, batch, strict=True)
    ]
    if not _steps_within(sizes, GROWS):
        return False
    coarse = trial.reference([_in_single(batch[-1])])[0].arrays()
    yours = [one.arrays() for one in trial.evaluate(batch)]
    if not all(claimed in one for one in [*yours, coarse]):
        return False
    errors = [distance(a[claimed], b[claimed]) for a, b in zip(yours, ours, strict=True)]
    single = distance(coarse[claimed], ours[-1][claimed])
    return _steps_within(errors, GROWS) and errors[-1] > ABOVE_SINGLE * max(
        single, float(np.finfo(np.float32).eps) / 2
    )


def _relative_size(
    check: Gradient, outputs: dict[str, np.ndarray], claimed: str, inputs: Inputs
) -> float:
    with np.errstate(all="ignore"):
        size = float(np.abs(check.terms(outputs, inputs)).sum())
        slope = float(np.abs(outputs.get(claimed, np.zeros(1))).max(initial=0))
        return size / slope if slope > 0 else float("nan")


def _in_single(inputs: Inputs) -> Inputs:
    """The inputs as single precision has them."""
    return {
        name: value.astype(np.float32).astype(value.dtype)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
        else value
        for name, value in inputs.items()
    }


def _steps_within(values: list[float], bounds: tuple[float, float]) -> bool:
    """Whether each value is within ``bounds`` times the one before."""
    if not np.isfinite(values).all() or min(values) <= 0:
        return False
    return all(bounds[0] <= after / before <= bounds[1] for before, after in pairwise(values))
