"""Computational graphs: boxes for numbers, arrows for what is made from what, gradients on their
way back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from . import palette
from .picture import Picture, canvas, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDE, _HIGH = 1.35, 0.86  # a box; columns are 2 apart, rows 1.25
_COLUMN, _ROW = 2.15, 1.3


@dataclass(frozen=True)
class Node:
    """One number of a graph. ``op`` is the gate it comes out of, empty for an input.

    ``lines`` stand under its label, each with its colour ("forward", "backward" or "plain");
    ``below``, which may be longer, under the box.
    """

    label: str
    op: str = ""
    lines: Sequence[tuple[str, str]] = ()
    framed: bool = False
    below: str = ""


@dataclass(frozen=True)
class Arrow:
    """From an operand to what is made from it. ``message``: the gradient that comes back along it,
    drawn when given.
    """

    start: int
    end: int
    message: str = ""
    active: bool = False


@dataclass
class _Layout:
    """Columns from left to right, with empty places where an arrow passes through."""

    columns: list[list[int]]
    through: dict[int, list[int]]  # arrow -> the empty places it passes
    x: dict[int, float] = field(default_factory=dict)
    y: dict[int, float] = field(default_factory=dict)
    tips: dict[int, float] = field(
        default_factory=dict
    )  # arrow -> how far above the middle of its box it ends


def computation_graph(
    nodes: Sequence[Node], arrows: Sequence[Arrow], title: str = "", alt: str = ""
) -> Picture:
    """Draw a graph. Forward values are blue, gradients orange; arrows of the gate at work are orange,
    too.
    """
    layout = _lay_out(len(nodes), arrows)
    xs, ys = layout.x.values(), layout.y.values()
    wide, high = max(xs) + _WIDE + 0.2, max(ys) - min(ys) + _HIGH + 0.5
    scale = min(0.62, 9.6 / wide)  # inches a unit
    width = max(7.0, scale * wide)
    with drawing():
        figure, (axes,) = canvas(width, scale * high + 0.4)
        for k, arrow in enumerate(arrows):
            _draw_arrow(axes, layout, k, arrow)
        for k, node in enumerate(nodes):
            _draw_node(axes, layout.x[k], layout.y[k], node, 9 * scale / 0.62)
        middle = max(xs) / 2
        axes.set(
            xlim=(middle - width / scale / 2, middle + width / scale / 2),
            ylim=((max(ys) + min(ys) - high) / 2, (max(ys) + min(ys) + high) / 2),
        )
        axes.axis("off")
        axes.set_title(title or "what is made from what")
    described = "; ".join(_described(k, nodes, arrows) for k in range(len(nodes)))
    return Picture(figure, f"{alt or 'A computational graph'}. {described}.")


def _described(index: int, nodes: Sequence[Node], arrows: Sequence[Arrow]) -> str:
    node = nodes[index]
    made = [_called(nodes[arrow.start]) for arrow in arrows if arrow.end == index]
    gate = f" by {node.op}" if node.op else ""
    origin = f" from {' and '.join(made)}{gate}" if made else ""
    told = [text for text, _ in node.lines] + ([node.below] if node.below else [])
    return f"{_called(node)}{origin}{': ' if told else ''}{', '.join(told)}"


def _called(node: Node) -> str:
    return node.label or node.op


def _draw_node(axes: Axes, x: float, y: float, node: Node, size: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (x - _WIDE / 2 + 0.1, y - _HIGH / 2 + 0.06),
            _WIDE - 0.2,
            _HIGH - 0.12,
            boxstyle="round,pad=0.1",
            facecolor=(palette.ORANGE, 0.18)
            if node.framed
            else ((palette.SKY, 0.15) if node.op else palette.PAPER),
            edgecolor=palette.ORANGE if node.framed else palette.GREY,
            linewidth=2.4 if node.framed else 1.0,
        )
    )
    head = f"{node.label} = ({node.op})" if node.label and node.op else node.label or node.op
    texts = [(head, "plain"), *node.lines]
    colours = {"plain": palette.INK, "forward": palette.BLUE, "backward": palette.VERMILION}
    for k, (text, kind) in enumerate(texts):
        axes.text(
            x,
            y + (len(texts) - 1) * 0.15 - 0.3 * k,
            text,
            ha="center",
            va="center",
            fontsize=size,
            fontweight="bold" if k == 0 else "normal",
            color=colours[kind],
        )
    if node.below:
        patch = {"facecolor": palette.PAPER, "edgecolor": "none", "pad": 0.6}
        below = y - _HIGH / 2 - 0.17
        axes.text(
            x,
            below,
            node.below,
            ha="center",
            va="center",
            fontsize=0.85 * size,
            color=colours["backward"],
            bbox=patch,
        )


def _draw_arrow(axes: Axes, layout: _Layout, index: int, arrow: Arrow) -> None:
    places = [arrow.start, *layout.through[index], arrow.end]
    x = [layout.x[k] for k in places]
    y = [layout.y[k] for k in places]
    y[-1] += layout.tips[index]
    x[0] += _WIDE / 2
    x[-1] -= _WIDE / 2
    colour = palette.VERMILION if arrow.active else palette.GREY
    width = 1.8 if arrow.active else 1.0
    axes.plot(x[:-1], y[:-1], color=colour, linewidth=width, zorder=0)
    axes.annotate(
        "",
        (x[-1], y[-1]),
        (x[-2], y[-2]),
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": width,
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=0,
    )
    if arrow.message:
        axes.text(
            0.42 * x[-2] + 0.58 * x[-1],
            0.42 * y[-2] + 0.58 * y[-1],
            arrow.message,
            fontsize=8,
            color=palette.VERMILION,
            ha="center",
            va="center",
            bbox={"facecolor": palette.PAPER, "edgecolor": "none", "pad": 0.8},
        )


def _lay_out(count: int, arrows: Sequence[Arrow]) -> _Layout:
    """Columns by depth, rows so that arrows cross little."""
    depth = _depths(count, arrows)
    columns: list[list[int]] = [[] for _ in range(max(depth) + 1)]
    for k in range(count):
        columns[depth[k]].append(k)
    through, links, free = {}, [], count
    column_of = dict(enumerate(depth))
    for k, arrow in enumerate(arrows):
        places = list(range(free, free + depth[arrow.end] - depth[arrow.start] - 1))
        free += len(places)
        for offset, place in enumerate(places, 1):
            column_of[place] = depth[arrow.start] + offset
            columns[column_of[place]].append(place)
        through[k] = places
        chain = [arrow.start, *places, arrow.end]
        links.extend(pairwise(chain))
    layout = _Layout(columns, through)
    neighbours: dict[int, list[int]] = {k: [] for k in range(free)}
    for a, b in links:
        neighbours[a].append(b)
        neighbours[b].append(a)
    _place(layout, neighbours)
    for c, column in enumerate(layout.columns):
        for k in column:
            layout.x[k] = _COLUMN * c
    layout.tips = _tips(arrows, layout)
    return layout


def _depths(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """Inputs stand right before their first use, everything else right after the last thing it is
    made from.
    """
    sources: Mapping[int, list[int]] = {
        k: [a.start for a in arrows if a.end == k] for k in range(count)
    }
    users: Mapping[int, list[int]] = {
        k: [a.end for a in arrows if a.start == k] for k in range(count)
    }
    depth = [0] * count
    for _ in range(count):  # longest paths, found in at most ``count`` rounds
        for k in range(count):
            depth[k] = max((depth[s] + 1 for s in sources[k]), default=0)
    for k in range(count):
        if not sources[k] and users[k]:
            depth[k] = min(depth[u] for u in users[k]) - 1
    lowest = min(depth)
    return [d - lowest for d in depth]


def _place(layout: _Layout, neighbours: Mapping[int, list[int]]) -> None:
    for column in layout.columns:
        for row, k in enumerate(column):
            layout.y[k] = _ROW * ((len(column) - 1) / 2 - row)
    for sweep in range(12):
        order = layout.columns if sweep % 2 else layout.columns[::-1]
        for column in order:
            wanted = {
                k: float(np.mean([layout.y[n] for n in neighbours[k]]))
                if neighbours[k]
                else layout.y[k]
                for k in column
            }
            column.sort(key=lambda k, wanted=wanted: -wanted[k])
            _spread(layout.y, column, wanted)


def _spread(y: dict[int, float], column: Sequence[int], wanted: Mapping[int, float]) -> None:
    """Put a column's boxes where they want to be, from top to bottom, pushed apart where they would
    touch.
    """
    placed: list[float] = []
    for k in column:
        placed.append(min(wanted[k], placed[-1] - _ROW) if placed else wanted[k])
    shift = (
        float(np.mean([wanted[k] - at for k, at in zip(column, placed, strict=True)]))
        if placed
        else 0.0
    )
    for k, at in zip(column, placed, strict=True):
        y[k] = at + shift


def _tips(arrows: Sequence[Arrow], layout: _Layout) -> dict[int, float]:
    """Several arrows into one box end at different heights, so that a + a shows two."""
    found: dict[int, float] = {}
    for end in {arrow.end for arrow in arrows}:
        into = [k for k, arrow in enumerate(arrows) if arrow.end == end]
        into.sort(key=lambda k: layout.y[(layout.through[k] or [arrows[k].start])[-1]])
        for rank, k in enumerate(into):
            found[k] = 0.0 if len(into) == 1 else -0.2 + 0.4 * rank / (len(into) - 1)
    return found
