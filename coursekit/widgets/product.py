"""A matrix product, entry by entry: each is one row times one column."""

from __future__ import annotations

import numpy as np

from ..figures.picture import Picture
from ..figures.products import product_entry
from .explorer import Explorer, Slider

EXAMPLES = np.array([[1.0, 2.0], [3.0, 0.0], [-1.0, 1.0]])
WEIGHTS = np.array([[4.0, 0.0, 1.0, -1.0], [5.0, 1.0, -1.0, 2.0]])


def product_explorer(
    left: np.ndarray = EXAMPLES,
    right: np.ndarray = WEIGHTS,
    names: tuple[str, str, str] = ("X", "w", "X @ w"),
) -> Explorer:
    """Sliders for the row and the column of the entry that is lit up."""

    def draw(row: int, column: int) -> Picture:
        return product_entry(left, right, row, column, names)

    return Explorer(
        draw,
        {
            "row": Slider("row of the entry", 0, len(left) - 1, 1, 0),
            "column": Slider("column of the entry", 0, np.shape(right)[1] - 1, 1, 0),
        },
    )
