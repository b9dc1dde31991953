"""One entry of a matrix product, with the row and the column it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import palette
from .picture import Picture, canvas, drawing, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LIT = 0.55  # how strongly a cell that takes part is coloured


def product_entry(
    left: np.ndarray,
    right: np.ndarray,
    row: int,
    column: int,
    names: tuple[str, str, str] = ("A", "B", "A @ B"),
) -> Picture:
    """The factors left (N, K) and right (K, M) around their product, so that the row and the
    column of one entry point at it.
    """
    left, right = (np.asarray(one, dtype=float) for one in (left, right))
    product = left @ right
    N, M = product.shape
    K = len(right)
    terms = " + ".join(
        f"{_factor(a)}·{_factor(b)}" for a, b in zip(left[row], right[:, column], strict=True)
    )
    whole = f"({names[2]})" if " " in names[2] else names[2]
    value, place = number(product[row, column]), f"{whole}[{row}, {column}]"
    with drawing():
        figure, (axes,) = canvas(min(7.6, 1.2 + 0.62 * (K + M)), 1.0 + 0.42 * (K + N))
        lit_row, lit_column = np.zeros((N, K), bool), np.zeros((K, M), bool)
        lit_row[row], lit_column[:, column] = True, True
        entry = np.zeros((N, M), bool)
        entry[row, column] = True
        _cells(axes, left, (0, 0), palette.SKY, lit_row, names[0])
        _cells(axes, right, (K + 0.5, K + 0.9), palette.ORANGE, lit_column, names[1])
        _cells(axes, product, (K + 0.5, 0), palette.GREEN, entry, names[2])
        axes.set(
            title=f"{place} = {terms} = {value}",
            xlim=(-0.2, K + M + 0.7),
            ylim=(-N - 0.2, K + 1.6),
            aspect="equal",
        )
        axes.axis("off")
    return Picture(
        figure,
        f"The matrix {names[0]} of shape ({N}, {K}), {names[1]} of shape ({K}, {M}) and their "
        f"product: row {row} of {names[0]} in blue and column {column} of {names[1]} in orange "
        f"make the green entry, {place} = {terms} = {value}.",
    )


def _factor(value: float) -> str:
    """A number as it is written in a product: a negative one in brackets."""
    return f"({number(value)})" if value < 0 else number(value)


def _cells(
    axes: Axes,
    values: np.ndarray,
    corner: tuple[float, float],
    colour: str,
    lit: np.ndarray,
    name: str,
) -> None:
    """A matrix as squares from its upper left corner on; those that are lit have the colour."""
    from matplotlib.patches import Rectangle

    x, y = corner
    for i, j in np.ndindex(*values.shape):
        face = colour if lit[i, j] else "white"
        axes.add_patch(
            Rectangle(
                (x + j, y - i - 1), 1, 1, facecolor=face, edgecolor="0.5", alpha=_LIT, linewidth=0.8
            )
        )
        weight = "bold" if lit[i, j] else "normal"
        axes.text(
            *(x + j + 0.5, y - i - 0.5, number(float(values[i, j]))),
            ha="center",
            va="center",
            fontsize=9,
            fontweight=weight,
        )
    axes.text(x + values.shape[1] / 2, y + 0.12, name, ha="center", va="bottom", fontsize=10)
