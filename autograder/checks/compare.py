"""Comparing arrays: how far apart, where worst, and whether one is a constant multiple of the
other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from ..language.verdict import Evidence

TINY = 1e-12


def distance(yours: np.ndarray, ours: np.ndarray, least: float = TINY) -> float:
    """Largest absolute difference over the largest magnitude of either (0 when both vanish; inf for
    nan or shapes).

    Relative to the tensor, not to each entry: an entry that should be exactly 0 may carry rounding
    error. Nor is what
    cancelled compared with itself: ``least`` is the smallest scale, for who knows the size of the
    terms.
    """
    if yours.shape != ours.shape:
        return float("inf")
    if yours.size == 0:
        return 0.0
    a, b = _wide(yours), _wide(ours)
    with np.errstate(all="ignore"):
        worst = float(np.abs(a - b).max())
        if math.isfinite(worst):  # then every entry is
            scale = max(float(np.abs(a).max()), float(np.abs(b).max()), least)
            return worst / scale if worst else 0.0
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        if same.all():
            return 0.0
        gap = np.where(same, 0.0, np.abs(a - b))
        scale = max(_largest(a), _largest(b), least)
    worst = float(gap.max()) if np.isfinite(gap).all() else float("inf")
    return worst / scale


def entries_near(yours: np.ndarray, ours: np.ndarray, tolerance: float) -> np.ndarray:
    """Where two arrays of one shape agree, relative to the largest magnitude of either; nan agrees
    with nan.
    """
    a, b = _wide(yours), _wide(ours)
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= tolerance * max(_largest(a), _largest(b), TINY)
    return near | (a == b) | (np.isnan(a) & np.isnan(b))


def close(yours: ArrayLike, value: ArrayLike, tolerance: float = 1e-9) -> bool:
    """Equal up to rounding, of one shape, and finite: what properties compare numbers with.

    The difference may be ``tolerance`` of the largest entry of ``value``, and ``tolerance`` itself
    where that is below 1."""
    yours, value = np.asarray(yours), np.asarray(value)
    if yours.shape != value.shape or not np.isfinite(yours).all():
        return False
    return bool(
        np.abs(yours - value).max(initial=0) <= tolerance * max(1.0, np.abs(value).max(initial=0))
    )


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, copy=False)


def _largest(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 0.0


def constant_ratio(yours: np.ndarray, ours: np.ndarray, tolerance: float = 1e-6) -> float | None:
    """The number r with yours = r * ours everywhere, if there is one that is not 1; needs a nonzero
    ``ours``.
    """
    if yours.shape != ours.shape or yours.size == 0:
        return None
    a, b = np.real(_wide(yours)).ravel(), np.real(_wide(ours)).ravel()
    if not (np.isfinite(a).all() and np.isfinite(b).all()) or not b.any():
        return None
    ratio = float(a @ b / (b @ b))
    if abs(ratio) < TINY or abs(ratio - 1) < tolerance:
        return None
    return (
        ratio
        if float(np.abs(a - ratio * b).max()) <= tolerance * abs(ratio) * float(np.abs(b).max())
        else None
    )


def ratio_in_words(ratio: float, sizes: Mapping[str, int]) -> str:
    """``2`` as "2 times", ``1/N`` as "1/7 (1/N) of", ``-1`` as "the negative of": named where it
    has a name.
    """
    if abs(ratio + 1) < 1e-6:
        return "exactly the negative of"
    for value in sorted({2, 3, 4, *sizes.values()} - {0, 1}):
        names = " or ".join(name for name, size in sizes.items() if size == value)
        if abs(ratio - value) < 1e-5 * value:
            return f"{value} times" + (f" ({names} times)" if names else "")
        if abs(ratio * value - 1) < 1e-5:
            return f"1/{value}" + (f" (1/{names})" if names else "") + " of"
    return f"{ratio:.6g} times"


def evidence(name: str, yours: np.ndarray, ours: np.ndarray, axes: tuple[str, ...]) -> Evidence:
    """Where two arrays of one shape differ most, both values there, and the error folded to a
    picture of two axes.
    """
    a, b = np.real(_wide(yours)), np.real(_wide(ours))
    with np.errstate(all="ignore"):
        error = np.abs(a - b)
    error = np.where(np.isnan(error), np.inf, error)
    index = (
        tuple(int(k) for k in np.unravel_index(int(np.argmax(error)), error.shape))
        if error.ndim
        else ()
    )
    picture, names = fold(error, axes)
    return Evidence(
        name, index, float(a[index]), float(b[index]), constant_ratio(yours, ours), picture, names
    )


def fold(error: np.ndarray, axes: tuple[str, ...]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """An error of any number of axes as at most two: the last two kept, the largest taken over the
    others.
    """
    if error.ndim == 0:
        return None, ()
    if error.ndim == 1:
        return error[None, :], ("", axes[-1] if axes else "")
    picture = error.max(axis=tuple(range(error.ndim - 2))) if error.ndim > 2 else error
    return picture, tuple(axes[-2:])
