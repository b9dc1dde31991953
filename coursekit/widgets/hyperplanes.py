"""What a row of W and a bias do: turn the line of a class, stretch its row, shift the line."""

from __future__ import annotations

import numpy as np

from ..figures.hyperplanes import hyperplanes
from ..figures.picture import Picture
from .explorer import Choice, Explorer, Slider

W = np.array([[-1.0, 0.6], [1.0, 0.6], [0.0, -1.2]])
"""One row a class."""
BIASES = np.array([0.0, 0.5, 0.0])
POINT = np.array([1.0, 0.5])


def hyperplane_explorer() -> Explorer:
    """Sliders that turn and stretch one class's row and change its bias.

    Choose another class, and the first returns to where it was.
    """
    classes = {f"class {j}": j for j in range(len(W))}
    return Explorer(
        moved,
        {
            "chosen": Choice("class", classes, 1),
            "turn": Slider("turn its row (degrees)", -180, 180, 5, 0),
            "stretch": Slider("stretch its row", 0.2, 2.0, 0.1, 1.0),
            "bias": Slider("its bias, plus", -2.0, 2.0, 0.1, 0.0),
        },
    )


def moved(chosen: int, turn: float, stretch: float, bias: float) -> Picture:
    """The plane after one class's row was turned (degrees) and stretched and its bias raised."""
    angle = np.deg2rad(turn)
    # Rounded: a quarter of a turn is to say 0, not 7e-17.
    cos, sin = np.cos(angle).round(12), np.sin(angle).round(12)
    rotation = np.array([[cos, sin], [-sin, cos]])
    rows, biases = W.copy(), BIASES.copy()
    rows[chosen] = stretch * rows[chosen] @ rotation
    biases[chosen] += bias
    return hyperplanes(rows, biases, POINT, before=BIASES)
