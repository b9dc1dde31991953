"""An LSTM's or a GRU's weights as blocks: which columns belong to which gate, and where they go."""

from __future__ import annotations

from collections.abc import Sequence

from . import palette
from .picture import Picture, canvas, drawing

_COLOURS = {"i": palette.SKY, "f": palette.GREEN, "o": palette.ORANGE, "g": palette.PURPLE}
_COLOURS |= {"r": palette.SKY, "z": palette.GREEN, "n": palette.PURPLE}


def gate_blocks(arrangements: Sequence[tuple[str, str, str, bool]]) -> Picture:
    """Matrices cut into one block a gate.

    arrangements: (title, the gates in their order such as "ifog" or "rzn", the other dimension such
    as "D", whether the gates lie below one another).
    """
    from matplotlib.patches import Rectangle

    told = []
    with drawing():
        figure, axes = canvas(2.9 * len(arrangements) + 0.2, 2.7, columns=len(arrangements))
        for box, (title, order, other, stacked) in zip(axes, arrangements, strict=True):
            for k, gate in enumerate(order):
                x, y, wide, high = (
                    (0.0, -1.0 * k - 1, 3.0, 1.0) if stacked else (1.0 * k, -3.0, 1.0, 3.0)
                )
                style = {"facecolor": _COLOURS[gate], "alpha": 0.55, "edgecolor": palette.GREY}
                box.add_patch(Rectangle((x, y), wide, high, **style))
                box.text(x + wide / 2, y + high / 2, gate, ha="center", va="center", fontsize=13)
            gates = len(order)
            wide, high = (3, gates) if stacked else (gates, 3)
            box.text(
                wide / 2,
                0.15,
                other if stacked else f"{gates}H",
                ha="center",
                va="bottom",
                color=palette.BLUE,
            )
            box.text(
                -0.15,
                -high / 2,
                f"{gates}H" if stacked else other,
                ha="right",
                va="center",
                color=palette.VERMILION,
            )
            box.set(xlim=(-1.3, 4.2), ylim=(-4.2, 0.9), aspect="equal", title=title)
            box.axis("off")
            lie = "below one another" if stacked else "side by side"
            told.append(f"{title} with {other}, gates {', '.join(order)} {lie}")
    return Picture(figure, f"Weight matrices in one coloured block a gate: {'; '.join(told)}.")
