"""Item discrimination: how well a question tells students apart.

The corrected item-total correlation is Pearson's r between the points for one question and the
points for all *other* questions of the same assignment. Near 1, who does well elsewhere does well
here; near 0, the question says little about anybody; below 0, those who do well elsewhere do worse
here, and the question itself deserves a look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

LEAST = 10
"""The fewest students of whom a correlation says anything."""

LOW, HIGH = 0.2, 0.4
"""From here on a question discriminates acceptably, and well: Ebel's customary marks."""


def corrected_item_total(points: Sequence[Mapping[str, float]]) -> dict[str, float | None]:
    """Question -> r, from every student's points by question; None where too few answered it, or
    where either side of the correlation is the same for all. Students without points for a question
    do not count in its r.
    """
    names = dict.fromkeys(name for one in points for name in one)
    return {name: _correlation(name, points) for name in names}


def _correlation(name: str, points: Sequence[Mapping[str, float]]) -> float | None:
    answered = [one for one in points if name in one]
    item = np.array([one[name] for one in answered])
    rest = np.array([sum(one.values()) - one[name] for one in answered])
    if len(answered) < LEAST or np.ptp(item) == 0 or np.ptp(rest) < 1e-9:
        return None
    return round(float(np.corrcoef(item, rest)[0, 1]), 2)


def reading(r: float | None) -> str:
    """What a correlation says, in a word or two."""
    if r is None:
        return "cannot be told"
    if r < 0:
        return "against the rest: look at it"
    return "well" if r >= HIGH else "fairly" if r >= LOW else "hardly"
