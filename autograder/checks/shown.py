"""Which of the situations that fail is shown, and two numbers with as many digits as tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .compare import distance

PLAIN = 1e-3
"""A relative difference that is seen without looking for it."""


def most_telling(
    wrong: Sequence[int], yours: Sequence[np.ndarray], ours: Sequence[np.ndarray]
) -> int:
    """Of the situations ``wrong``, by number, the first where the difference is plain, or else where it is largest."""
    apart = {k: distance(yours[k], ours[k]) for k in wrong}
    plain = [k for k in wrong if apart[k] >= PLAIN]
    return plain[0] if plain else max(wrong, key=lambda k: apart[k])


def told_apart(yours: float, expected: float) -> tuple[str, str]:
    """Both numbers with six digits, or with as many as it takes to see that they differ."""
    for digits in range(6, 18):
        first, second = f"{yours:.{digits}g}", f"{expected:.{digits}g}"
        if first != second:
            break
    return first, second
