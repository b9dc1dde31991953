"""Which of the situations that fail is shown, and two numbers with as many digits as tell them
apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .compare import distance

PLAIN = 1e-3
"""A relative difference that is seen without looking for it."""


def most_telling(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> int:
    """Of values and right values, by number, the first that plainly differ, or else those that
    differ most.
    """
    apart = [distance(yours, ours) for yours, ours in pairs]
    plain = [k for k, gap in enumerate(apart) if gap >= PLAIN]
    return plain[0] if plain else max(range(len(apart)), key=lambda k: apart[k])


def told_apart(yours: float, expected: float) -> tuple[str, str]:
    """Both numbers with six digits, or with as many as it takes to see that they differ."""
    digits = next((n for n in range(6, 17) if f"{yours:.{n}g}" != f"{expected:.{n}g}"), 17)
    return f"{yours:.{digits}g}", f"{expected:.{digits}g}"
