"""Three scores and a margin: what each wrong class costs, and where the loss would push the
scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.chart import Chart, Panel
from ..figures.marks import Bars, Level
from ..figures.picture import Picture, number
from ..figures.slopes import score_slopes
from .explorer import Choice, Explorer, Slider

NAMES = ("cat", "car", "frog")
_AROUND_TWO, _AROUND_THREE = (-0.6, 1.6), (-0.6, 2.6)


def hinge_explorer(yours: Callable[..., Any] | None = None) -> Explorer:
    """Sliders for three scores, the true class and delta. yours: your ``L_i_vectorized``, to stand
    beside the bars.
    """

    def draw(cat: float, car: float, frog: float, true_class: int, delta: float) -> Picture:
        # With one feature, x = 1, the weights are the scores. Called outside the drawing: a stub
        # may raise.
        scores = np.array([cat, car, frog])
        loss = (
            None
            if yours is None
            else float(yours(np.ones(1), true_class, scores[:, None].copy(), delta))
        )
        return hinge_picture(scores, true_class, delta, loss)

    return Explorer(
        draw,
        {
            "cat": Slider("score of cat", -3.0, 6.0, 0.1, 3.2),
            "car": Slider("score of car", -3.0, 6.0, 0.1, 5.1),
            "frog": Slider("score of frog", -3.0, 6.0, 0.1, -1.7),
            "true_class": Choice("true class", {name: k for k, name in enumerate(NAMES)}, 0),
            "delta": Slider("delta", 0.0, 4.0, 0.1, 1.0),
        },
    )


def hinge_picture(scores: np.ndarray, y: int, delta: float, yours: float | None = None) -> Picture:
    """Scores with the line to stay under, margins with their sum, and the slope of the loss in
    every score.
    """
    wrong = [j for j in range(len(scores)) if j != y]

    def loss(at: np.ndarray) -> float:
        return sum(max(0.0, at[j] - at[y] + delta) for j in wrong)

    margins = scores[wrong] - scores[y] + delta
    slopes = score_slopes(scores, y, delta)
    violated = int(np.sum(margins > 1e-9))
    names = [NAMES[j] for j in wrong]
    bad = [bool(margin > 1e-9) for margin in margins]
    line = Level(scores[y] - delta, palette.TRUE_CLASS, 1.2, "--")
    painted = [palette.TRUE_CLASS if j == y else palette.PALE for j in range(3)]
    left = Panel(
        [Bars(NAMES, scores, painted), line, Level(0)],
        f"scores; dashed: {NAMES[y]}'s score - delta",
        *(_AROUND_THREE, (-3.5, 6.8)),
        *("class", "score"),
    )
    painted = [palette.VIOLATION if one else palette.SATISFIED for one in bad]
    numbers = [number(round(m, 9)) for m in margins]
    middle = Panel(
        [Bars(names, margins, painted, bad, numbers), Level(0)],
        f"margins: {violated} violated, loss {number(loss(scores))}",
        *(_AROUND_TWO, (-9, 14)),
        *("wrong class", "margin"),
    )
    painted = [palette.TRUE_CLASS if j == y else palette.VIOLATION for j in range(3)]
    right = Panel(
        [Bars(NAMES, slopes, painted, said=[_signed(slope) for slope in slopes]), Level(0)],
        "slope of the loss in each score",
        *(_AROUND_THREE, (-2.8, 1.9)),
        *("class", "slope"),
    )
    chart = Chart(8.4, 3.0, [left, middle, right])
    if yours is not None:
        same = abs(yours - loss(scores)) <= 1e-8 * max(1.0, abs(yours))
        verdict = "the hatched bars added up" if same else "not what the hatched bars add up to"
        chart.title = f"your L_i_vectorized says {number(yours)}: {verdict}"
        chart.title_colour = palette.BLUE if same else palette.VERMILION
    listed = ", ".join(
        f"{NAMES[j]} {number(round(m, 9))}" for j, m in zip(wrong, margins, strict=True)
    )
    scored = ", ".join(f"{name} {number(score)}" for name, score in zip(NAMES, scores, strict=True))
    pushed = ", ".join(
        f"{name} {_signed(slope)}" for name, slope in zip(NAMES, slopes, strict=True)
    )
    said = "" if yours is None else f" Your function says {number(yours)}."
    return Picture(
        chart,
        f"Three bar charts. Scores: {scored}; the true class is {NAMES[y]}, delta {number(delta)}. "
        f"Margins: {listed}; {violated} violated, loss {number(loss(scores))}. "
        f"Slopes of the loss in the scores: {pushed}.{said}",
    )


def _signed(slope: float) -> str:
    return f"{slope:+.0f}" if slope else "0"
