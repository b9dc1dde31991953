"""im2col: every window of an image as a column of a matrix, and what that costs in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing
from .explorer import Explorer, Slider

SIDE, CHANNELS = 5, 2
IMAGE = np.arange(1.0, CHANNELS * SIDE * SIDE + 1).reshape(1, CHANNELS, SIDE, SIDE)


def im2col_explorer(yours: Callable[..., Any] | None = None) -> Explorer:
    """Sliders for the window, its size and its stride. yours: your ``im2col``; without it one
    column is shown.
    """

    def draw(place: int, size: int, stride: int) -> Picture:
        cols = None if yours is None else np.asarray(yours(IMAGE.copy(), size, size, stride, 0))
        return columns_picture(place, size, stride, cols)

    return Explorer(
        draw,
        {
            "place": Slider("window", 0, 15, 1, 4),
            "size": Slider("size of the window", 1, 4, 1, 3),
            "stride": Slider("stride", 1, 3, 1, 1),
        },
    )


def columns_picture(place: int, size: int, stride: int, cols: np.ndarray | None = None) -> Picture:
    """Two channels with a window framed in both, the matrix with that window's column, and the
    memory of each.

    cols: somebody's matrix, shown in full and compared with the window. A place beyond the last one
        stays there.
    """
    begins = [at for at in range(0, SIDE, stride) if at + size <= SIDE]
    place = min(place, len(begins) ** 2 - 1)
    top, left = begins[place // len(begins)], begins[place % len(begins)]
    column = np.ravel(IMAGE[0, :, top : top + size, left : left + size])
    shape = (len(column), len(begins) ** 2)
    shown = np.full(shape, np.nan)
    shown[:, place] = column
    verdict, fine = f"column {place}: the window, channel after channel, row after row", True
    if cols is not None:
        if cols.shape != shape:
            verdict, fine = f"your matrix has shape {cols.shape}; here it must be {shape}", False
        elif not np.array_equal(cols[:, place], column):
            verdict, fine = (
                f"column {place} of yours does not hold the framed window in order",
                False,
            )
        else:
            verdict = f"your column {place} is the framed window"
        shown = cols if cols.shape == shape else shown
    factor = shown.size / IMAGE.size
    with drawing():
        figure, axes = canvas(8.8, 3.6, columns=4, width_ratios=[2.2, 2.2, 4.2, 1.2])
        for c in range(CHANNELS):
            _grid(axes[c], IMAGE[0, c], 7)
            _frame(axes[c], left, top, size, size)
            axes[c].set_title(f"channel {c}")
        _grid(axes[2], shown, 6 if shown.size <= 200 else 4)
        _frame(axes[2], place, 0, 1, len(column))
        axes[2].set(title=f"cols  {shape}", aspect="auto")
        axes[3].bar(["x", "cols"], [IMAGE.size, shown.size], color=[palette.SKY, palette.ORANGE])
        axes[3].set_ylabel("numbers")
        axes[3].set_title(f"memory:\n{factor:.2g} times", fontsize=9)
        figure.suptitle(verdict, fontsize=10, color=palette.INK if fine else palette.VERMILION)
    return Picture(
        figure,
        f"An image of {CHANNELS} channels, {SIDE} x {SIDE}, with the window of {size} x {size} at "
        f"row {top}, column {left} framed, and the matrix of all windows, {shape[0]} x "
        f"{shape[1]}, {factor:.2g} times as large as the image. {verdict[0].upper()}{verdict[1:]}.",
    )


def _grid(axes: Any, values: np.ndarray, size: int) -> None:
    axes.imshow(values, cmap="Blues", vmin=-40, vmax=130)
    for i, j in np.ndindex(*values.shape):
        if np.isfinite(values[i, j]):
            axes.text(
                j, i, f"{values[i, j]:.0f}", ha="center", va="center", fontsize=size, color="black"
            )
    axes.set(xticks=[], yticks=[])


def _frame(axes: Any, left: float, top: float, wide: int, high: int) -> None:
    from matplotlib.patches import Rectangle

    place = (left - 0.5, top - 0.5)
    axes.add_patch(
        Rectangle(place, wide, high, fill=False, edgecolor=palette.VERMILION, linewidth=2.2)
    )
