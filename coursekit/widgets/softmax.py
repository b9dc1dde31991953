"""Three scores read as probabilities, and the same scores judged by cross-entropy and by the
hinge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from ..figures.slopes import score_slopes
from .explorer import Choice, Explorer, Slider, Switch

NAMES = ("cat", "car", "frog")


def softmax_explorer(yours: Callable[..., Any] | None = None) -> Explorer:
    """Sliders for scores, temperature and a common offset; overflow on demand. yours: your
    ``softmax``, beside the bars.
    """

    def draw(
        cat: float,
        car: float,
        frog: float,
        true_class: int,
        temperature: float,
        offset: float,
        shift: bool,
    ) -> Picture:
        scores = np.array([cat, car, frog]) / temperature
        # Called outside the drawing: a stub may raise.
        said = (
            None
            if yours is None
            else np.asarray(yours((scores + offset)[None, :]), dtype=float).reshape(-1)
        )
        return softmax_picture(scores, true_class, offset, shift, said)

    return Explorer(
        draw,
        {
            "cat": Slider("score of cat", -3.0, 6.0, 0.1, 3.2),
            "car": Slider("score of car", -3.0, 6.0, 0.1, 5.1),
            "frog": Slider("score of frog", -3.0, 6.0, 0.1, -1.7),
            "true_class": Choice("true class", {name: k for k, name in enumerate(NAMES)}, 0),
            "temperature": Slider("temperature", -1.0, 1.0, 0.05, 0.0, log=True),
            "offset": Slider("offset of all", -1000, 1000, 10, 0),
            "shift": Switch("without overflow", False),
        },
    )


def softmax_picture(
    scores: np.ndarray,
    y: int,
    offset: float = 0.0,
    shift: bool = True,
    yours: np.ndarray | None = None,
) -> Picture:
    """Probabilities (computed as the formula stands, or safely), the two losses, and their slopes
    in every score.
    """
    exact = probabilities(scores)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        powers = np.exp(scores + offset)
        shown = exact if shift else powers / np.sum(powers)
    broken = not np.isfinite(shown).all()
    surprise = float(-np.log(exact[y])) if not broken else np.nan
    hinge = float(sum(max(0.0, score - scores[y] + 1) for j, score in enumerate(scores) if j != y))
    pulls = {"cross-entropy": surprise_slopes(scores, y), "hinge": score_slopes(scores, y)}
    pulls = {
        name: np.round(slopes, 4) + 0.0 for name, slopes in pulls.items()
    }  # + 0.0: no minus zero
    with drawing():
        figure, (left, middle, right) = canvas(8.6, 3.1, columns=3, width_ratios=[1.1, 0.8, 1.3])
        labels = [
            f"{name}\n{number(score + offset)}" for name, score in zip(NAMES, scores, strict=True)
        ]
        colours = [palette.TRUE_CLASS if j == y else palette.PALE for j in range(3)]
        bars = left.bar(labels, np.nan_to_num(shown), color=colours, edgecolor=palette.INK)
        left.bar_label(bars, [number(value) for value in shown], padding=2)
        left.set(title="probabilities", xlabel="class", ylabel="probability", ylim=(0, 1.15))
        costs = middle.bar(
            ["cross-\nentropy", "hinge"],
            [np.nan_to_num(surprise), hinge],
            color=[palette.BLUE, palette.ORANGE],
            hatch=["", "//"],
            edgecolor=palette.INK,
        )
        middle.bar_label(costs, [number(surprise), number(hinge)], padding=2)
        middle.set(title="loss", ylabel="loss")
        middle.margins(y=0.2)
        for k, (name, slopes) in enumerate(pulls.items()):
            at = np.arange(3) + 0.4 * k - 0.2
            style: dict[str, Any] = {
                "color": (palette.BLUE, palette.ORANGE)[k],
                "hatch": ("", "//")[k],
                "edgecolor": palette.INK,
            }
            pushes = right.bar(at, slopes, width=0.4, label=name, **style)
            right.bar_label(pushes, [number(slope) for slope in slopes], padding=2, fontsize=8)
        right.axhline(0, color=palette.GREY, linewidth=0.8)
        right.set_xticks(range(3), NAMES)
        right.set(title="slope in each score", xlabel="class", ylabel="slope", ylim=(-2.6, 1.8))
        right.legend(fontsize=8, loc="lower right" if y == 0 else "lower left")
        verdict = ""
        if yours is not None:
            same = yours.shape == exact.shape and np.allclose(yours, exact, rtol=1e-8, atol=1e-12)
            verdict = (
                f"your softmax says {', '.join(map(number, yours))}: "
                f"{'right' if same else 'not right'}"
            )
            figure.suptitle(verdict, color=palette.BLUE if same else palette.VERMILION, fontsize=11)
        elif broken:
            what = "overflow: infinity / infinity" if offset > 0 else "underflow: 0 / 0"
            figure.suptitle(f"{what} is not a number", color=palette.VERMILION, fontsize=11)
    listed = ", ".join(f"{name} {number(value)}" for name, value in zip(NAMES, shown, strict=True))
    scored = ", ".join(
        f"{name} {number(score + offset)}" for name, score in zip(NAMES, scores, strict=True)
    )
    pulled = "; ".join(
        f"{name} {', '.join(number(s) for s in slopes)}" for name, slopes in pulls.items()
    )
    return Picture(
        figure,
        f"Three bar charts. Scores: {scored}; the true class is {NAMES[y]}. Probabilities: "
        f"{listed}. Loss: cross-entropy {number(surprise)}, hinge {number(hinge)}. Slopes in the "
        f"scores: {pulled}.{f' And {verdict}.' if verdict else ''}",
    )


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Each class's probability, by the library that no answer may call."""
    from scipy.special import softmax

    return softmax(scores)


def surprise_slopes(scores: np.ndarray, y: int, h: float = 1e-5) -> np.ndarray:
    """The slope of -log(probability of y) in every score, measured by small steps to both sides."""
    steps = h * np.eye(len(scores))
    ahead, behind = (
        np.array([-np.log(probabilities(scores + sign * step)[y]) for step in steps])
        for sign in (1.0, -1.0)
    )
    return np.round((ahead - behind) / (2 * h), 6)
