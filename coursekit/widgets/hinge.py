"""Three scores and a margin: what each wrong class costs, and where the loss would push the
scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from ..figures.slopes import score_slopes
from .explorer import Choice, Explorer, Slider

NAMES = ("cat", "car", "frog")


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
    with drawing():
        figure, (left, middle, right) = canvas(8.4, 3.0, columns=3)
        left.bar(
            NAMES,
            scores,
            color=[palette.TRUE_CLASS if j == y else palette.PALE for j in range(3)],
            edgecolor="0.3",
        )
        left.axhline(scores[y] - delta, color=palette.TRUE_CLASS, linestyle="--", linewidth=1.2)
        left.set(title=f"scores; dashed: {NAMES[y]}'s score - delta", ylim=(-3.5, 6.8))
        bars = middle.bar(
            [NAMES[j] for j in wrong],
            margins,
            color=[palette.VIOLATION if m > 1e-9 else palette.SATISFIED for m in margins],
            hatch=["//" if m > 1e-9 else "" for m in margins],
            edgecolor="0.3",
        )
        middle.bar_label(bars, [number(round(m, 9)) for m in margins], padding=2)
        middle.set(
            title=f"margins: {violated} violated, loss {number(loss(scores))}", ylim=(-9, 14)
        )
        pushes = right.bar(
            NAMES,
            slopes,
            color=[palette.TRUE_CLASS if j == y else palette.VIOLATION for j in range(3)],
            edgecolor="0.3",
        )
        right.bar_label(pushes, [_signed(slope) for slope in slopes], padding=2)
        right.set(title="slope of the loss in each score", ylim=(-2.8, 1.9))
        for axes in (left, middle, right):
            axes.axhline(0, color="0.3", linewidth=0.8)
        if yours is not None:
            same = abs(yours - loss(scores)) <= 1e-8 * max(1.0, abs(yours))
            verdict = "the hatched bars added up" if same else "not what the hatched bars add up to"
            colour = palette.BLUE if same else palette.VERMILION
            figure.suptitle(
                f"your L_i_vectorized says {number(yours)}: {verdict}", color=colour, fontsize=11
            )
    listed = ", ".join(
        f"{NAMES[j]} {number(round(m, 9))}" for j, m in zip(wrong, margins, strict=True)
    )
    scored = ", ".join(f"{name} {number(score)}" for name, score in zip(NAMES, scores, strict=True))
    pushed = ", ".join(
        f"{name} {_signed(slope)}" for name, slope in zip(NAMES, slopes, strict=True)
    )
    said = "" if yours is None else f" Your function says {number(yours)}."
    return Picture(
        figure,
        f"Three bar charts. Scores: {scored}; the true class is {NAMES[y]}, delta {number(delta)}. "
        f"Margins: {listed}; {violated} violated, loss {number(loss(scores))}. "
        f"Slopes of the loss in the scores: {pushed}.{said}",
    )


def _signed(slope: float) -> str:
    return f"{slope:+.0f}" if slope else "0"
