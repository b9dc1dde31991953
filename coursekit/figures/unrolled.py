"""Recurrent networks drawn out in time: what each step reads and says, what state it is handed, how
far a gradient goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import palette
from .picture import Picture, canvas, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDE, _HIGH = 0.62, 0.5  # a box; steps are 1 apart, layers 1.1
_LAYER = 1.1


def unrolled(
    inputs: Sequence[str],
    outputs: Sequence[str],
    layers: int = 1,
    seams: Sequence[int] = (),
    carried: bool = True,
    back_from: int | None = None,
    across: bool = False,
    boxes: Sequence[str] = (),
    title: str = "",
) -> Picture:
    """One box a step (and layer), inputs below, outputs above, states handed on from left to right.

    inputs, outputs: a string for every step, "" for none. seams: steps before which a new piece
        begins, counted from 0;
    carried: whether the state crosses them. back_from: the step at whose output a gradient starts
    on its way back, as far as the last seam, or, with ``across``, to the very beginning. boxes:
    what stands in the boxes."""
    count, cut = len(inputs), set(seams)
    first = _reached(back_from, cut, across)
    names = list(boxes) or [""] * count
    with drawing():
        width = min(9.6, max(5.0, 0.72 * count + 0.8))
        figure, (axes,) = canvas(width, 1.35 + 0.62 * layers + 0.3)
        for t in range(count):
            on_the_way = back_from is not None and first <= t <= back_from
            for layer in range(layers):
                _box(
                    axes, t, layer * _LAYER, names[t] if layers == 1 else f"{layer + 1}", on_the_way
                )
                if layer:
                    _arrow(
                        axes,
                        (t, (layer - 1) * _LAYER + _HIGH / 2),
                        (t, layer * _LAYER - _HIGH / 2),
                        palette.BLUE,
                    )
                if t and (carried or t not in cut):
                    y = layer * _LAYER + 0.1
                    _arrow(axes, (t - 1 + _WIDE / 2, y), (t - _WIDE / 2, y), palette.BLUE)
                if t and on_the_way and t > first:
                    y = layer * _LAYER - 0.12
                    _arrow(axes, (t - _WIDE / 2, y), (t - 1 + _WIDE / 2, y), palette.VERMILION)
            _ends(axes, t, (layers - 1) * _LAYER, inputs[t], outputs[t], t == back_from)
            if t in cut:
                axes.plot(
                    [t - 0.5] * 2,
                    [-0.75, (layers - 1) * _LAYER + 0.75],
                    color=palette.GREY,
                    linestyle="--",
                    linewidth=1,
                )
                if back_from is not None and t == first:
                    axes.plot(
                        t - 0.5,
                        -0.12,
                        marker="x",
                        color=palette.VERMILION,
                        markersize=9,
                        markeredgewidth=2.4,
                    )
        axes.set(xlim=(-0.7, count - 0.3), ylim=(-1.2, (layers - 1) * _LAYER + 1.2))
        axes.axis("off")
        axes.set_title(title or "one step after the other")
    return Picture(figure, _told(inputs, outputs, layers, seams, carried, back_from, first, title))


def _reached(back_from: int | None, cut: set[int], across: bool) -> int:
    if back_from is None:
        return 0
    return 0 if across else max((seam for seam in cut if seam <= back_from), default=0)


def _told(
    inputs: Sequence[str],
    outputs: Sequence[str],
    layers: int,
    seams: Sequence[int],
    carried: bool,
    back_from: int | None,
    first: int,
    title: str,
) -> str:
    reads = ", ".join(f"{t + 1} {text!r}" for t, text in enumerate(inputs) if text) or "nothing"
    says = ", ".join(f"{t + 1} {text!r}" for t, text in enumerate(outputs) if text) or "nothing"
    told = [
        f"A recurrent network of {layers} layer{'s' if layers > 1 else ''} drawn out over "
        f"{len(inputs)} steps"
    ]
    told.append(f"What the steps read: {reads}; what comes out: {says}")
    if seams:
        places = ", ".join(str(seam) for seam in seams)
        told.append(
            f"Seams after step {places}; the state "
            f"{'is carried across' if carried else 'starts anew behind'} them"
        )
    if back_from is not None:
        told.append(
            f"The gradient that starts at step {back_from + 1} reaches back to step {first + 1}"
        )
    return ". ".join([*told, *([title[0].upper() + title[1:]] if title else [])]) + "."


def _box(axes: Axes, x: float, y: float, name: str, marked: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (x - _WIDE / 2 + 0.06, y - _HIGH / 2 + 0.06),
            _WIDE - 0.12,
            _HIGH - 0.12,
            boxstyle="round,pad=0.06",
            facecolor=(palette.ORANGE, 0.18) if marked else (palette.SKY, 0.15),
            edgecolor=palette.ORANGE if marked else palette.GREY,
        )
    )
    axes.text(x, y, name, ha="center", va="center", fontsize=9)


def _ends(axes: Axes, x: float, top: float, read: str, said: str, marked: bool) -> None:
    if read:
        _arrow(axes, (x, -0.72), (x, -_HIGH / 2), palette.BLUE)
        axes.text(x, -0.78, read, ha="center", va="top", fontsize=10, family="monospace")
    if said:
        _arrow(axes, (x - 0.06, top + _HIGH / 2), (x - 0.06, top + 0.72), palette.BLUE)
        axes.text(x, top + 0.78, said, ha="center", va="bottom", fontsize=10, family="monospace")
    if marked:
        _arrow(axes, (x + 0.08, top + 0.72), (x + 0.08, top + _HIGH / 2), palette.VERMILION)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)
