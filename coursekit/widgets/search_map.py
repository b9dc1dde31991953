"""A grid of learning rates and regularisation strengths over a landscape with a hidden best
point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..figures.picture import Picture
from ..figures.search import accuracy_map
from .explorer import Explorer, Slider

BEST_LR, BEST_REG = 3e-2, 1e-3


def search_map(yours: Callable[..., Any] | None = None) -> Explorer:
    """Sliders for the window that a grid search looks through. yours: your ``is_at_boundary``, to
    judge the result.
    """

    def draw(lr_centre: float, reg_centre: float, decades: float, points: int) -> Picture:
        half = 10 ** (decades / 2)
        lr_range, reg_range = (
            (lr_centre / half, lr_centre * half),
            (reg_centre / half, reg_centre * half),
        )
        learning_rates, regs = np.geomspace(*lr_range, points), np.geomspace(*reg_range, points)
        accuracies = landscape(learning_rates[:, None], regs[None, :])
        i, j = np.unravel_index(np.argmax(accuracies), accuracies.shape)
        verdict = None
        if yours is not None:
            verdict = bool(yours(learning_rates[i], lr_range)), bool(yours(regs[j], reg_range))
        picture = accuracy_map(learning_rates, regs, accuracies)
        if verdict is None:
            return picture
        said = f"your is_at_boundary: learning rate {verdict[0]}, reg {verdict[1]}"
        picture.figure.suptitle(said, fontsize=11)
        return Picture(picture.figure, f"{picture.alt} And {said}.")

    return Explorer(
        draw,
        {
            "lr_centre": Slider("middle of lr", -6.0, 1.0, 0.25, -4.0, log=True),
            "reg_centre": Slider("middle of reg", -6.0, 1.0, 0.25, -3.0, log=True),
            "decades": Slider("width in decades", 1.0, 6.0, 0.5, 3.0),
            "points": Slider("points a side", 3, 9, 1, 6),
        },
    )


def landscape(lr: np.ndarray | float, reg: np.ndarray | float) -> np.ndarray:
    """An invented validation accuracy: a ridge over the learning rate that falls off steeply where
    training diverges.
    """
    far = np.log10(lr) - np.log10(BEST_LR)
    steep = np.where(far > 0, 1.6, 0.45)
    heavy = np.log10(reg) - np.log10(BEST_REG)
    return 0.1 + 0.82 * np.exp(-((steep * far) ** 2) - np.where(heavy > 0, 0.35, 0.04) * heavy**2)
