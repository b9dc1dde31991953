"""A verdict of the Reference check that holds no value of the reference: which output, in which
situation, how far it goes.

What is told, and why no more (docs/hub.md has the whole argument): the inputs are drawn anew for
every verdict and nobody chooses them, so what one verdict tells cannot be put together with
another. Still, values, ratios, the size and the sign of an error are left out, since on outputs of
one entry each of them would *be* the value; and where entries are few-valued (labels, masks) no
region is named, since the region of a guess that is all False is the answer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..checks import Reference
from ..checks.naming import agree
from ..checks.rounding import roundings
from ..checks.situations import exception_in
from ..exercise.trial import Trial
from ..language.probe import place
from ..language.verdict import Finding, replace

LISTED = 8


def blind(check: Reference, trial: Trial) -> Finding:
    """What ``check`` finds, without its numbers."""
    found = check(trial)
    message = found.message if found.passed else _where(check, trial)
    if found.part:
        message += (
            f" What is right earns {Fraction(found.part).limit_denominator(99)} of these points."
        )
    # a catalogue's sentence says nothing of the reference's numbers; one made for the occasion may
    hint = found.hint if found.mistakes else ""
    return replace(found, message=message, hint=hint, evidence=None, mistakes=())


def _where(check: Reference, trial: Trial) -> str:
    """The first output that differs, in the first situation in which it does."""
    exercise = trial.exercise
    draws, references = trial.draws(), trial.reference_draws()
    for name in check.outputs or tuple(exercise.outputs):
        for drawn, reference, allowed in zip(draws, references, roundings(trial), strict=True):
            given, right = drawn.evaluation.arrays(), reference.arrays()
            yours, ours = given.get(name), right.get(name)
            where = place(drawn.case)
            if drawn.evaluation.failure is not None:
                continue
            if yours is None:
                return f"{name} is no array or number{where}."
            if ours is None or agree(given, right, name, check.tolerance, allowed[name]):
                continue
            if yours.shape != ours.shape:
                return f"{name} has the wrong shape{where}: see Dimensions."
            axes = exercise.outputs[name].axes
            return f"{name} is not right{where}{_region(yours, ours, axes, check.tolerance)}."
    return next(filter(None, map(exception_in, draws)), "it differs from the reference.")


def _region(yours: np.ndarray, ours: np.ndarray, axes: tuple[str, ...], tolerance: float) -> str:
    """Which part of an output of real numbers is wrong, by whole rows along one axis; never entry
    by entry.

    What counts as wrong is measured by the reference's scale alone: a scale that depended on the
    answer would let the sender choose the threshold, and so ask "is it more than t away".
    """
    if ours.dtype.kind != "f" or len(axes) != ours.ndim or ours.size < 2:
        return ""
    with np.errstate(all="ignore"):
        finite = np.abs(ours[np.isfinite(ours)])
        scale = float(finite.max()) if finite.size else 0.0
        wrong = ~(np.abs(yours.astype(np.complex128) - ours) <= tolerance * scale) & (yours != ours)
    if wrong.all():
        return " anywhere"
    slices = [
        np.flatnonzero(wrong.any(axis=tuple(other for other in range(ours.ndim) if other != axis)))
        for axis in range(ours.ndim)
    ]
    axis = min(range(ours.ndim), key=lambda one: len(slices[one]) / ours.shape[one])
    hit, length = slices[axis], ours.shape[axis]
    if len(hit) in (0, length):
        return " in places all over"
    if len(hit) > LISTED:
        return f": {len(hit)} of the {length} along {axes[axis]} are wrong"
    return f": only for {axes[axis]} = {', '.join(map(str, hit))} (of 0 to {length - 1})"
