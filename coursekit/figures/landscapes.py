"""Functions of two parameters seen from above: walks downhill, and the quadratic model that
Newton's method trusts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from . import palette
from .losses import COLOURS, DASHES
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
    with drawing():
        figure, (left, *beside) = canvas(8.0 if walks else 4.2, 3.4, columns=2 if walks else 1)
        left.contour(right, up, np.sqrt(heights), levels=12, colors="0.75", linewidths=0.8)
        left.plot(0, 0, "x", color="black", markersize=9)
        left.set(
            xlim=(np.min(right), np.max(right)),
            ylim=(np.min(up), np.max(up)),
            title="cross: the lowest point",
        )
        for (name, walk), colour, dash in zip(walks.items(), COLOURS, DASHES, strict=False):
            left.plot(
                walk[:, 0],
                walk[:, 1],
                color=colour,
                linestyle=dash,
                linewidth=1.5,
                marker=".",
                markersize=4,
            )
            left.plot(*walk[-1], "o", color=colour, markersize=7)
            kept = np.maximum(np.asarray(values[name], dtype=float), _FLOOR)
            beside[0].plot(kept, color=colour, linestyle=dash, linewidth=1.8, label=name)
        if walks:
            lowest = min(float(np.min(values[name])) for name in walks)
            beside[0].set(
                yscale="log", xlabel="step", title="height", ylim=(max(_FLOOR, 0.3 * lowest), None)
            )
            beside[0].legend(fontsize=8)
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
        figure,
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
        left.set(title="the model from above; bright is high", aspect="equal")
        right.plot(along, section, color=palette.BLUE, linewidth=2)
        right.plot(0, 0, "s", color="white", markeredgecolor="black", markersize=7, label="here")
        right.plot(1, end, "o", color=palette.VERMILION, markersize=8, label="after the step")
        right.set(title=f"along the step: {way}, by {number(abs(end))}", xlabel="part of the step")
        right.legend(fontsize=8)
    return Picture(
        figure,
        f"A quadratic model with curvatures {', '.join(map(number, bends))}, from above and along "
        f"a step. The step leads {way} by {number(abs(end))}.",
    )
