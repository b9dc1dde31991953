"""Functions of two parameters seen from above: walks downhill, and the quadratic model that
Newton's method trusts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from . import palette
from .chart import Chart, Panel
from .losses import COLOURS, DASHES
from .marks import Contours, Line, Mark, Points
from .picture import Numbers, Picture, canvas, drawing, number

_FLOOR = 1e-12  # heights below are rounding error


def paths(
    surface: tuple[Numbers, Numbers, np.ndarray],
    walks: Mapping[str, np.ndarray],
    values: Mapping[str, Numbers],
) -> Picture:
    """Walks over a landscape of two parameters seen from above, and the height along each of them.

    surface: the two axes and the heights (rows go with the second axis). walks: name -> (steps + 1,
        2) places.
    """
    right, up, heights = surface
    marks: list[Mark] = [
        Contours(right, up, np.sqrt(heights)),
        Points([0], [0], palette.INK, "x", 9),
    ]
    fallen: list[Line] = []
    for (name, walk), colour, dash in zip(walks.items(), COLOURS, DASHES, strict=False):
        marks.append(Line(walk[:, 0], walk[:, 1], colour, 1.5, dash, dots=True))
        marks.append(Points(walk[-1:, 0], walk[-1:, 1], colour))
        kept = np.maximum(np.asarray(values[name], dtype=float), _FLOOR)
        fallen.append(Line(np.arange(len(kept)), kept, colour, 1.8, dash, name))
    panels = [
        Panel(
            marks,
            "cross: the lowest point",
            *((float(np.min(right)), float(np.max(right))), (float(np.min(up)), float(np.max(up)))),
            *("first parameter", "second parameter"),
        )
    ]
    if fallen:
        lowest, highest = (float(of([of(line.y) for line in fallen])) for of in (np.min, np.max))
        last = max(len(line.y) for line in fallen) - 1
        panels.append(
            Panel(
                fallen,
                "height above the lowest point",
                *((-0.04 * last, 1.04 * last or 1.0), (max(_FLOOR, 0.3 * lowest), 2 * highest)),
                *("step", "height"),
                log_y=True,
                share=1.3,
            )
        )
    chart = Chart(8.2 if walks else 4.2, 3.4, panels)
    steps = max((len(walk) - 1 for walk in walks.values()), default=0)
    ends, thrown = [], []
    for name in walks:
        along = np.asarray(values[name], dtype=float)
        ends.append(f"{name} {_end(along[-1])}")
        if along.max() > 1.01 * along[0]:
            thrown.append(f" {name} was once thrown up to {number(along.max())}.")
    told = (
        f"Height after {steps} steps: {', '.join(ends)}.{''.join(thrown)}"
        if ends
        else "Nobody walks yet."
    )
    return Picture(
        chart,
        "A valley of two parameters from above, with contour lines and its lowest point marked. "
        f"{told}",
    )


def _end(height: float) -> str:
    """Where a walk ends, as the picture shows it: digits of a rounding error are the machine's."""
    return f"below {number(_FLOOR)}" if height < _FLOOR else number(height)


def quadratic_model(grad: Numbers, H: np.ndarray, step: Numbers) -> Picture:
    """The model grad.s + s.H.s / 2 around the present place: from above, and in section along the
    given step.

    With more than two parameters the view from above is the plane of the lowest and the highest
    curvature."""
    grad, H, step = (np.asarray(values, dtype=float) for values in (grad, H, step))
    bends, directions = np.linalg.eigh(H)
    across = np.eye(2) if len(grad) == 2 else directions[:, [0, -1]]
    reach = 1.6 * max(float(np.abs(across.T @ step).max()), 1e-9)
    axis = np.linspace(-reach, reach, 121)
    plane = np.stack(np.meshgrid(axis, axis), axis=-1) @ across.T
    heights = plane @ grad + 0.5 * np.sum(plane @ H * plane, axis=-1)
    along = np.linspace(-0.6, 1.8, 121)
    section = along * (grad @ step) + 0.5 * along**2 * (step @ H @ step)
    end = float(grad @ step + 0.5 * step @ H @ step)
    way = "up" if end > 0 else "down"
    with drawing():
        figure, (left, right) = canvas(7.6, 3.1, columns=2)
        left.contourf(axis, axis, heights, levels=24, cmap=palette.SEQUENTIAL)
        arrow = {"arrowstyle": "-|>", "color": "white", "linewidth": 2}
        left.annotate("", tuple(across.T @ step), (0, 0), arrowprops=arrow)
        left.plot(0, 0, "s", color="white", markeredgecolor="black")
        names = ("first parameter", "second parameter")
        if len(grad) != 2:
            names = ("along the lowest curvature", "along the highest")
        left.set(title="the model from above; bright is high", aspect="equal")
        left.set(xlabel=names[0], ylabel=names[1])
        right.plot(along, section, color=palette.BLUE, linewidth=2)
        right.plot(0, 0, "s", color="white", markeredgecolor="black", markersize=7, label="here")
        right.plot(1, end, "o", color=palette.VERMILION, markersize=8, label="after the step")
        right.set(title=f"along the step: {way}, by {number(abs(end))}")
        right.set(xlabel="part of the step", ylabel="change of the model")
        right.legend(fontsize=8)
    return Picture(
        figure,
        f"A quadratic model with curvatures {', '.join(map(number, bends))}, from above and along "
        f"a step. The step leads {way} by {number(abs(end))}.",
    )
