"""What a gate does, as geometry."""

from __future__ import annotations

from . import palette
from .picture import Picture, canvas, drawing, number


def rectangle(x: float, y: float, step: float = 0.4) -> Picture:
    """The product x * y as an area: widening one side adds a strip as long as the other."""
    from matplotlib.patches import Rectangle

    with drawing():
        figure, (axes,) = canvas(6.4, 2.8)
        for corner, wide, high, colour, hatch in (
            ((0, 0), x, y, palette.SKY, ""),
            ((x, 0), step, y, palette.VERMILION, "//"),
            ((0, y), x, step, palette.ORANGE, "\\\\"),
        ):
            axes.add_patch(
                Rectangle(
                    corner,
                    wide,
                    high,
                    facecolor=colour,
                    alpha=0.55,
                    edgecolor=palette.INK,
                    hatch=hatch,
                    linewidth=0.8,
                )
            )
        axes.text(x / 2, y / 2, f"x * y = {number(x * y)}", ha="center", va="center", fontsize=11)
        axes.text(x / 2, -0.12, f"x = {number(x)}", ha="center", va="top", color=palette.BLUE)
        axes.text(-0.1, y / 2, f"y = {number(y)}", ha="right", va="center", color=palette.BLUE)
        axes.text(
            x + step + 0.15,
            y / 2,
            f"x grows by {number(step)}:\nadds {number(step)} * y",
            va="center",
            fontsize=9,
        )
        axes.text(
            x / 2,
            y + step + 0.1,
            f"y grows by {number(step)}: adds {number(step)} * x",
            ha="center",
            fontsize=9,
        )
        axes.set(xlim=(-0.9, x + 2.6), ylim=(-0.45, y + step + 0.45), aspect="equal")
        axes.set_title("a product is an area")
        axes.axis("off")
    return Picture(
        figure,
        f"A rectangle of sides x = {number(x)} and y = {number(y)} and area {number(x * y)}. "
        f"Growing x by {number(step)} adds a strip of length y, area {number(step * y)}; growing "
        f"y adds one of length x, area {number(step * x)}.",
    )
