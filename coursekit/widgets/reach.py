"""Receptive fields: which entries of the input reach one unit at the top of a stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing
from .explorer import Choice, Explorer, Slider

MOST = 41

Layers = Sequence[tuple[int, int]]


def receptive_field_explorer(yours: Callable[..., Any] | None = None) -> Explorer:
    """Sliders for a stack of equal layers, with or without pooling between them. yours: your
    ``receptive_field``.
    """

    def draw(depth: int, size: int, stride: int, pooling: bool) -> Picture:
        layers = [(size, stride), (2, 2)] * depth if pooling else [(size, stride)] * depth
        return reach_picture(layers, None if yours is None else yours(list(layers)))

    return Explorer(
        draw,
        {
            "depth": Slider("layers", 1, 5, 1, 3),
            "size": Slider("length of the filter", 1, 7, 1, 3),
            "stride": Slider("stride", 1, 3, 1, 1),
            "pooling": Choice("2 x 2 pooling after each", {"no": False, "yes": True}, False),
        },
    )


def seen(layers: Layers, unit: int = 0) -> list[range]:
    """For each layer from the top down to the input, the entries that reach one unit: followed back
    one by one.
    """
    spans = [range(unit, unit + 1)]
    for size, stride in reversed(layers):
        reached = {
            place * stride + k for place in (spans[-1][0], spans[-1][-1]) for k in range(size)
        }
        spans.append(range(min(reached), max(reached) + 1))
    return spans


def reach_picture(layers: Layers, claimed: tuple[int, int] | None = None) -> Picture:
    """The units of each layer that one unit at the top depends on, with lines to what each of them
    looks at.
    """
    spans = seen(layers)
    field, jump = len(spans[-1]), seen(layers, 1)[-1][0] - spans[-1][0]
    verdict, fine = f"one unit sees {field} entries; its neighbour looks {jump} further", True
    if claimed is not None:
        fine = tuple(claimed) == (field, jump)
        verdict = f"yours: field {claimed[0]}, jump {claimed[1]}" + (
            "" if fine else f"; counted: {field}, {jump}"
        )
    drawable = field <= 400
    with drawing():
        figure, (axes,) = canvas(8.2, 0.9 + 0.42 * len(spans))
        for level, span in enumerate(spans):
            height, middle = len(spans) - level, (span[0] + span[-1]) / 2
            shown = [unit for unit in span if abs(unit - middle) <= MOST / 2]
            colour = palette.SKY if level == len(spans) - 1 else palette.PALE
            colour = palette.VERMILION if level == 0 else colour
            axes.plot(
                [u - middle for u in shown],
                [height] * len(shown),
                "s",
                color=colour,
                markeredgecolor=palette.GREY,
            )
            label = f"{len(span)}" + (" of the input" if level == len(spans) - 1 else "")
            axes.text(min(len(span), MOST) / 2 + 0.6, height, label, va="center", fontsize=8)
            if level and drawable:
                _rays(axes, spans[level - 1], span, layers[len(layers) - level], height)
        axes.set(title=verdict, xlim=(-MOST / 2 - 1, MOST / 2 + 6))
        axes.title.set_color(palette.INK if fine else palette.VERMILION)
        axes.axis("off")
    listed = ", ".join(f"({size}, {stride})" for size, stride in layers)
    return Picture(
        figure,
        f"A stack of {len(layers)} layers (length, stride), from the input up: {listed}. Seen by "
        "one unit at the top, layer by layer downwards: "
        f"{', '.join(str(len(span)) for span in spans[1:])}. {verdict[0].upper()}{verdict[1:]}.",
    )


def _rays(axes: Any, above: range, below: range, layer: tuple[int, int], height: int) -> None:
    """From the units of one level to the first and the last entry that each of them looks at."""
    size, stride = layer
    for unit in above:
        for k in {0, size - 1}:
            x = (unit - (above[0] + above[-1]) / 2, unit * stride + k - (below[0] + below[-1]) / 2)
            if max(map(abs, x)) <= MOST / 2:
                axes.plot(x, (height + 1, height), color=palette.GREY, linewidth=0.7, zorder=0)
