"""A gradient of two numbers that is too long: shortened by its norm, or entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Control, Explorer, Slider

Clip = Callable[..., Any]


def clip_arrows(by_norm: Clip | None = None, by_value: Clip | None = None) -> Explorer:
    """Sliders for a gradient's two entries and for the limit.

    by_norm, by_value: your ``clip_grad_norm`` and ``clip_grad_value``; without them only the
    gradient is drawn, and where each kind of clipping lets it end: in a circle, and in a square.
    """

    def draw(first: float, second: float, limit: float) -> Picture:
        clipped = {}
        for name, clip in (("by norm", by_norm), ("by value", by_value)):
            if clip is not None:
                # Two arrays, as a network has: what is clipped is their length together.
                grads = {"first": np.array([first]), "second": np.array([second])}
                clip(grads, limit)
                clipped[name] = np.concatenate([grads["first"], grads["second"]])
        return arrows_picture(np.array([first, second]), limit, clipped)

    controls: dict[str, Control] = {
        "first": Slider("first entry", -5.0, 5.0, 0.1, 4.0),
        "second": Slider("second entry", -5.0, 5.0, 0.1, 1.0),
        "limit": Slider("limit", 0.2, 5.0, 0.1, 1.5),
    }
    return Explorer(draw, controls)


def arrows_picture(gradient: np.ndarray, limit: float, clipped: dict[str, np.ndarray]) -> Picture:
    """The gradient, what is left of it each way, and the angle by which it was turned."""
    from matplotlib.patches import Circle, Rectangle

    colours = {"by norm": palette.GREEN, "by value": palette.VERMILION}
    told = []
    with drawing():
        figure, (axes,) = canvas(6.6, 3.3)
        axes.add_patch(Circle((0, 0), limit, fill=False, edgecolor=palette.GREEN, linestyle="--"))
        axes.add_patch(
            Rectangle(
                (-limit, -limit),
                2 * limit,
                2 * limit,
                fill=False,
                edgecolor=palette.VERMILION,
                linestyle=":",
            )
        )
        _arrow(axes, gradient, palette.GREY, 2.0, "the gradient")
        for name, vector in clipped.items():
            turned = _angle(gradient, vector)
            length = float(np.hypot(*vector))
            _arrow(
                axes,
                vector,
                colours[name],
                3.0,
                f"{name}: length {number(length)}, turned by {turned:.0f}°",
            )
            ends = ", ".join(number(float(one)) for one in vector)
            told.append(f"{name} it becomes ({ends}), turned by {turned:.0f} degrees")
        reach = max(5.2, limit)
        axes.set(
            xlim=(-reach, reach),
            ylim=(-reach, reach),
            aspect="equal",
            xlabel="first entry",
            ylabel="second entry",
            title="a gradient, and what clipping leaves",
        )
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=9)
    both = ", ".join(number(float(one)) for one in gradient)
    said = "; ".join(told) or "where would each kind of clipping let it end?"
    return Picture(
        figure,
        f"A gradient ({both}) of length {number(float(np.hypot(*gradient)))}, a circle of radius "
        f"{number(limit)} and a square that reaches {number(limit)} to every side: {said}.",
    )


def _arrow(axes: Any, vector: np.ndarray, colour: str, width: float, label: str) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", tuple(vector), (0, 0), arrowprops=style)
    axes.plot([], [], color=colour, linewidth=width, label=label)


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    sizes = float(np.hypot(*a) * np.hypot(*b))
    return 0.0 if sizes == 0 else float(np.degrees(np.arccos(np.clip(a @ b / sizes, -1, 1))))
