"""The slope of a function along a line, with its kinks: central differences down a ladder of steps,
until two agree.

At each rung h the function is evaluated at t = -h, -h/2, h/2, h. Inside one smooth piece the
central differences at h and h/2 agree up to O(h^2), and the second difference at h is twice the one
at h/2; a kink (hinge, ReLU, max) inside the interval breaks one of the two wherever it lies, and
the next rung is tried. If two rungs are broken by the same jump, the
line starts at a kink: any value between the one-sided slopes, term by term, is then a valid
directional derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LADDER = (2e-4, 1e-5, 1e-6, 1e-7, 1e-8)
"""The first rung is wide, for the five-point rule is best there; the others are for kinks."""
RESOLVED = 1e-6
"""How far the slopes at h and h/2 may differ, relative to the slope's scale, for a rung to count as
smooth.
"""
AGREES = 5e-7
"""How far a claimed slope may lie beyond the error bound of the measured one, relative to the
slope's scale: a claim that was summed in float32 is nearly right, and that is for the check of its
values; a wrong term lies far above.
"""
VANISHING = 1e-30
"""Slopes below this are 0: a sigmoid that is fully off has one of 1e-200 or of 0, by the way it was
written.
"""
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Slope:
    """A measured slope of f at t = 0: the two one-sided slopes (``low`` = ``high`` where f is
    smooth), a bound on their error, and the rung they come from with f at t = -h, -h/2, h/2, h.
    ``resolved`` is False when f is too rough to tell.
    """

    low: float
    high: float
    error: float
    step: float
    values: tuple[float, float, float, float]
    resolved: bool

    @property
    def kink(self) -> bool:
        """Whether the one-sided slopes differ."""
        return self.high > self.low

    @property
    def value(self) -> float:
        """The slope, or at a kink the middle of the one-sided ones."""
        return (self.low + self.high) / 2

    def accepts(self, claimed: float, scale: float) -> bool:
        """Whether ``claimed`` is a valid slope (a subgradient, at a kink), within the error and
        AGREES of ``scale``.
        """
        gap = max(self.low - claimed, claimed - self.high, 0.0)
        return gap <= AGREES * max(scale, abs(self.value)) + self.error + VANISHING

    def order(self, claimed: float) -> float:
        """Observed order of the odd Taylor remainder (f(t) - f(-t))/2 - t*claimed between t = h and
        h/2.

        3 for a right gradient of a smooth function, 1 for a wrong one; inf where the remainder
        vanishes."""
        far_left, left, right, far_right = self.values
        outer = abs((far_right - far_left) / 2 - self.step * claimed)
        inner = abs((right - left) / 2 - self.step / 2 * claimed)
        return float(np.log2(outer / inner)) if inner > 0 and outer > 0 else float("inf")


Along = Callable[[Sequence[float]], list[np.ndarray]]
"""The terms of f (f is their sum) at several t, each a float64 array (K,)."""


def rung(step: float) -> list[float]:
    """Where the function is evaluated for one step."""
    return [-step, -step / 2, step / 2, step]


def measure(
    along: Along, at_zero: np.ndarray, scale: float, calls: int
) -> tuple[Slope | None, int]:
    """The slope at t = 0 and the number of evaluations spent, at most ``calls``.

    ``at_zero`` are the terms (K,) at t = 0, ``scale`` the size against which the slope must be
    resolved (0 if unknown). None when no rung fits in the calls or nothing was finite.
    """
    spent = 0
    best: Slope | None = None
    jump_before: float | None = None
    zero = float(at_zero.sum())
    for step in LADDER:
        if spent + 4 > calls:
            break
        terms = along(rung(step))
        spent += 4
        far_left, left, right, far_right = (float(term.sum()) for term in terms)
        values = (far_left, left, right, far_right)
        if not np.isfinite([*values, zero]).all():
            continue
        wide, narrow = (far_right - far_left) / (2 * step), (right - left) / step
        bend_wide = (far_right - 2 * zero + far_left) / step
        bend_narrow = (right - 2 * zero + left) / (step / 2)
        noise = 16 * EPSILON * float(max(np.abs(term).sum() for term in (at_zero, *terms))) / step
        roughness = max(abs(wide - narrow), abs(2 * bend_narrow - bend_wide))
        if roughness <= RESOLVED * max(scale, abs(narrow)) + noise:
            value = narrow + (narrow - wide) / 3  # the five-point rule
            error = _error(wide, narrow, abs(2 * bend_narrow - bend_wide), scale) + noise
            return Slope(value, value, error, step, values, resolved=True), spent
        before, after = (at_zero - terms[1]) / (step / 2), (terms[2] - at_zero) / (step / 2)
        low, high = float(np.minimum(before, after).sum()), float(np.maximum(before, after).sum())
        jump = high - low
        if jump_before is not None and abs(jump - jump_before) <= 1e-3 * jump + 2 * noise:
            return Slope(low, high, noise, step, values, resolved=True), spent
        jump_before = jump
        if best is None or roughness < best.error:
            best = Slope(
                low,
                high,
                roughness,
                step,
                values,
                resolved=roughness <= 1e-3 * max(scale, abs(narrow)),
            )
    return best, spent


def _error(wide: float, narrow: float, unlike: float, scale: float) -> float:
    """A bound on the five-point rule's error: a kink too small to refuse, and the next term of the
    series.

    The correction it makes is to the slope as its own error is to the correction, within a factor
    of 8."""
    correction = abs(wide - narrow)
    size = max(scale, abs(narrow))
    return unlike + (correction * min(1.0, 8 * correction / size) if size else correction)
