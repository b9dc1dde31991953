"""What a convolution costs by its definition, by the Fourier transform and by Winograd's method, as
counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing
from .explorer import Explorer, Slider

SIZES = tuple(range(1, 16, 2))

Cost = Callable[[str, int, int, int, int, int], float]


def cost_explorer(cost: Cost) -> Explorer:
    """Sliders for the image, its channels and the filters. cost: your ``conv_cost``."""

    def draw(side: int, channels: int, filters: int) -> Picture:
        direct, fft = (
            [float(cost(how, side, side, channels, filters, K)) for K in SIZES]
            for how in ("direct", "fft")
        )
        winograd = float(cost("winograd", side, side, channels, filters, 3))
        return cost_picture(
            direct, fft, winograd, f"{side} x {side} x {channels}, {filters} filters"
        )

    return Explorer(
        draw,
        {
            "side": Slider("side of the image", 8, 128, 1, 32),
            "channels": Slider("channels", 1, 128, 1, 64),
            "filters": Slider("filters", 1, 128, 1, 64),
        },
    )


def cost_picture(direct: list[float], fft: list[float], winograd: float, title: str) -> Picture:
    """Multiplications against the size of the filter; Winograd's F(2x2, 3x3) is one point."""
    wins = [
        K
        for K, by_definition, by_fft in zip(SIZES, direct, fft, strict=True)
        if by_fft < by_definition
    ]
    with drawing():
        figure, (axes,) = canvas(6.8, 3.1)
        axes.plot(SIZES, direct, "o-", color=palette.BLUE, markersize=4, label="by definition")
        axes.plot(
            SIZES, fft, "o--", color=palette.VERMILION, markersize=4, label="Fourier transform"
        )
        axes.plot(3, winograd, "*", color=palette.GREEN, markersize=13, label="Winograd")
        if wins:
            axes.axvspan(
                min(wins), SIZES[-1] + 0.5, color=palette.VERMILION, alpha=0.08, linewidth=0
            )
        axes.set(
            xlabel="height and width of the filter",
            ylabel="multiplications",
            yscale="log",
            title=title,
        )
        axes.set_xticks(SIZES)
        axes.legend(fontsize=8)
    three = SIZES.index(3)
    won = (
        f"The Fourier transform wins from {min(wins)} x {min(wins)} on"
        if wins
        else "The Fourier transform never wins"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        saved = np.divide(direct[three], winograd)
    return Picture(
        figure,
        f"Multiplications of one convolution layer over {title}, against the size of the filter. "
        f"{won}; at 3 x 3 it takes {np.divide(fft[three], direct[three]):.2g} times what the "
        f"definition takes, and Winograd's method {saved:.3g} times fewer.",
    )
