"""Matrices as coloured grids, and the shapes in a product as boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import palette
from .picture import Picture, canvas, drawing, number

if TYPE_CHECKING:
    from matplotlib.patches import Rectangle


def heat_maps(
    matrices: Mapping[str, np.ndarray],
    rows: str,
    columns: str,
    numbers: bool | None = None,
    height: float = 2.8,
) -> Picture:
    """One or more matrices side by side; purple is positive, white zero, orange negative; one scale
    for all.

    numbers: whether each cell shows its value (default: where there are few cells).
    """
    arrays = {
        name: np.asarray(matrix, dtype=float) + 0.0 for name, matrix in matrices.items()
    }  # no minus zero
    limit = max((np.abs(array).max() for array in arrays.values() if array.size), default=0) or 1
    with drawing():
        figure, axes = canvas(min(8.0, 3.9 * len(arrays)), height, columns=len(arrays))
        for box, (name, array) in zip(axes, arrays.items(), strict=True):
            box.imshow(array, cmap=palette.DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
            if array.size <= 80 if numbers is None else numbers:
                for i, j in np.ndindex(*array.shape):
                    colour = "white" if abs(array[i, j]) > 0.7 * limit else "black"
                    box.text(
                        j,
                        i,
                        number(float(array[i, j])),
                        ha="center",
                        va="center",
                        fontsize=8,
                        color=colour,
                    )
            box.set(title=f"{name}  {array.shape}", xlabel=columns, ylabel=rows)
            box.locator_params(integer=True)
            for axis, size in ((box.yaxis, array.shape[0]), (box.xaxis, array.shape[1])):
                if size <= 3:
                    axis.set_ticks(range(size))
    told = "; ".join(
        f"{name} of shape {array.shape}, values {number(array.min())} to {number(array.max())}"
        for name, array in arrays.items()
    )
    return Picture(figure, f"Coloured grids of {rows} by {columns}: {told}.")


def product_shapes(
    factors: Sequence[tuple[str, str, str]],
    result: tuple[str, str, str],
    sizes: Mapping[str, float],
) -> Picture:
    """A matrix product as boxes to scale, each side labelled with its dimension: the inner ones
    must meet.

    factors and result are (name, vertical dimension, horizontal dimension).
    """
    with drawing():
        figure, (axes,) = canvas(6.6, 2.2)
        at = 0.0
        boxes = [*factors, result]
        tallest = max(sizes[vertical] for _, vertical, _ in boxes)
        for k, (name, vertical, horizontal) in enumerate(boxes):
            if k:
                sign = "=" if k == len(factors) else "@"
                axes.text(at + 0.6, 0, sign, ha="center", va="center", fontsize=16)
                at += 2.0
            width, height = sizes[horizontal], sizes[vertical]
            colour = palette.ORANGE if k == len(factors) else palette.SKY
            axes.add_patch(_box(at, -height / 2, width, height, colour))
            axes.text(at + width / 2, 0, name, ha="center", va="center", fontsize=11)
            axes.text(
                at + width / 2,
                height / 2 + 0.15,
                horizontal,
                ha="center",
                va="bottom",
                color=palette.BLUE,
                fontsize=11,
            )
            axes.text(
                at - 0.15,
                0,
                vertical,
                ha="right",
                va="center",
                color=palette.VERMILION,
                fontsize=11,
            )
            at += width + 0.5
        axes.set(xlim=(-0.7, at), ylim=(-tallest / 2 - 0.2, tallest / 2 + 0.8), aspect="equal")
        axes.set_title("shapes of a product")
        axes.axis("off")
    said = " times ".join(
        f"{name} ({vertical}, {horizontal})" for name, vertical, horizontal in factors
    )
    return Picture(figure, f"Boxes to scale: {said} gives {result[0]} ({result[1]}, {result[2]}).")


def chain(stations: Sequence[tuple[str, str]], steps: Sequence[tuple[str, str]]) -> Picture:
    """A computation as boxes in a row: forward arrows above, backward arrows below.

    stations: (name, shape) of every quantity. steps: between neighbours, what leads forward and
        what leads back.
    """
    with drawing():
        figure, (axes,) = canvas(7.8, 1.9)
        for k, (name, shape) in enumerate(stations):
            axes.add_patch(
                _box(
                    3 * k, -0.5, 1.6, 1.0, palette.SKY if k < len(stations) - 1 else palette.ORANGE
                )
            )
            axes.text(3 * k + 0.8, 0.13, name, ha="center", va="center", fontsize=11)
            axes.text(3 * k + 0.8, -0.25, shape, ha="center", va="center", fontsize=9)
        for k, (forward, backward) in enumerate(steps):
            left, right = 3 * k + 1.65, 3 * k + 2.95
            style = {"arrowstyle": "-|>", "linewidth": 1.4}
            axes.annotate(
                "", (right, 0.2), (left, 0.2), arrowprops={**style, "color": palette.BLUE}
            )
            axes.annotate(
                "", (left, -0.2), (right, -0.2), arrowprops={**style, "color": palette.VERMILION}
            )
            axes.text(
                (left + right) / 2,
                0.62,
                forward,
                ha="center",
                va="bottom",
                fontsize=9,
                color=palette.BLUE,
            )
            axes.text(
                (left + right) / 2,
                -0.62,
                backward,
                ha="center",
                va="top",
                fontsize=9,
                color=palette.VERMILION,
            )
        axes.set(xlim=(-0.2, 3 * len(stations) - 1.2), ylim=(-1.25, 1.25), title="forward and back")
        axes.axis("off")
    forward = ", then ".join(f"{name} {shape}" for name, shape in stations)
    back = "; ".join(
        f"back from {stations[k + 1][0]} to {stations[k][0]} by {b}"
        for k, (_, b) in reversed(list(enumerate(steps)))
    )
    return Picture(figure, f"A chain of boxes: forward {forward}; {back}.")


def _box(x: float, y: float, width: float, height: float, colour: str) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, facecolor=colour, alpha=0.5, edgecolor=palette.GREY)
