"""A search as a tree: every line is a way from the left, what was kept is coloured."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from . import palette
from .picture import Picture, canvas, drawing, number
from .writing import visible

_WIDE, _HIGH = 0.34, 0.62  # a box; lengths are 1 apart, and so are the lines' ends


def search_tree(chances: Mapping[str, float], kept: Collection[str], best: str = "") -> Picture:
    """Beginnings of lines, each drawn behind the one that it lengthens, with its chance below it.

    chances: for each beginning, one character a symbol, its probability; whatever it lengthens is
        among them. kept: the beginnings that are coloured. best: a line whose way is marked."""
    from matplotlib.patches import FancyBboxPatch

    heights = _heights(chances)
    length, ends = max(map(len, chances)), max(heights.values()) + 1
    with drawing():
        figure, (axes,) = canvas(min(9.6, 1.6 * length + 1.0), 0.55 * ends + 0.4)
        axes.plot(0, heights[""], "o", color=palette.GREY)
        for line, chance in chances.items():
            x, y, parent = len(line), heights[line], heights[line[:-1]]
            marked = best.startswith(line)
            colour = palette.ORANGE if marked else palette.BLUE if line in kept else palette.GREY
            style = {"color": colour, "linewidth": 2.2 if marked else 1.2}
            axes.plot(
                [x - 1 + (_WIDE if x > 1 else 0.05), x - _WIDE],
                [parent, y],
                linestyle="-" if marked or line in kept else ":",
                **style,
            )
            axes.add_patch(
                FancyBboxPatch(
                    (x - _WIDE + 0.06, y - _HIGH / 2 + 0.06),
                    2 * _WIDE - 0.12,
                    _HIGH - 0.12,
                    boxstyle="round,pad=0.06",
                    facecolor=(palette.ORANGE, 0.18)
                    if marked
                    else (palette.SKY, 0.15)
                    if line in kept
                    else palette.PAPER,
                    edgecolor=colour,
                )
            )
            text = f"{visible(line[-1])}  {number(chance)}"
            shade = palette.INK if marked or line in kept else palette.GREY
            axes.text(x, y, text, ha="center", va="center", fontsize=9, color=shade)
        axes.set(xlim=(-0.2, length + 0.5), ylim=(-0.6, ends - 0.4))
        axes.invert_yaxis()
        axes.set_title("beginnings, each with its probability")
        axes.axis("off")
    told = "; ".join(
        f"{_spelled(line)} {number(chance)}{'' if line in kept else ' (grey)'}"
        for line, chance in chances.items()
    )
    marked = f" Marked is {_spelled(best)}, of chance {number(chances[best])}." if best else ""
    return Picture(figure, f"A tree of lines with their chances: {told}.{marked}")


def _spelled(line: str) -> str:
    return "“" + "".join(map(visible, line)) + "”"


def _heights(chances: Mapping[str, float]) -> dict[str, float]:
    """Ends of lines one below the other, in the order of the mapping; everything else in the middle
    of what lengthens it.
    """
    children: dict[str, list[str]] = {}
    for line in chances:
        children.setdefault(line[:-1], []).append(line)
    heights: dict[str, float] = {}
    ends = 0

    def place(line: str) -> float:
        nonlocal ends
        if line in children:
            below = [place(one) for one in children[line]]
            heights[line] = (below[0] + below[-1]) / 2
        else:
            heights[line] = float(ends)
            ends += 1
        return heights[line]

    place("")
    return heights
