"""Charts that a browser draws. What is on one is kept as marks, from which it is written as SVG in
a few milliseconds while somebody moves a slider; where a file is wanted, matplotlib draws the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import palette
from .marks import CLIPPED, POINT, Bars, Frame, Line, Mark, Place, Words, stroke, text_element
from .picture import Numbers, canvas, drawing, opening

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INCH = 96
_LETTER = 0.58  # the width of a letter, of its height
_TITLE, _SMALL = 10, 8


@dataclass
class Panel:
    """One pair of axes and what is on it. ``square``: one step is as long to the right as upwards;
    ``bare``: without axes, as a drawing of boxes; ``share``: of the chart's width.
    """

    marks: Sequence[Mark]
    title: str
    xlim: Place
    ylim: Place
    xlabel: str = ""
    ylabel: str = ""
    log_y: bool = False
    square: bool = False
    bare: bool = False
    title_colour: str = palette.INK
    share: float = 1.0

    @property
    def named(self) -> list[Line]:
        """The lines of the legend."""
        return [mark for mark in self.marks if isinstance(mark, Line) and mark.name]


@dataclass
class Chart:
    """Panels side by side, sizes in inches, under a title if there is one for all of them."""

    width: float
    height: float
    panels: Sequence[Panel]
    title: str = ""
    title_colour: str = palette.INK

    def on_paper(self) -> Figure:
        """As a matplotlib figure."""
        with drawing():
            shares = [panel.share for panel in self.panels]
            figure, boxes = canvas(
                self.width, self.height, columns=len(self.panels), width_ratios=shares
            )
            for box, panel in zip(boxes, self.panels, strict=True):
                for mark in panel.marks:
                    mark.on_axes(box)
                box.set(xlabel=panel.xlabel, ylabel=panel.ylabel)
                box.set_title(panel.title, color=panel.title_colour)
                box.set(xlim=panel.xlim, yscale="log" if panel.log_y else "linear", ylim=panel.ylim)
                if panel.square:
                    box.set_aspect("equal")
                if panel.bare:
                    box.axis("off")
                if panel.named:
                    beside = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
                    box.legend(fontsize=_SMALL, borderaxespad=0.2, **beside)
            if self.title:
                figure.suptitle(self.title, color=self.title_colour, fontsize=11)
        return figure

    def svg(self, alt: str) -> str:
        """As an <svg> element for a page, described by ``alt``."""
        width, height = self.width * _INCH, self.height * _INCH
        top, pieces = 4.0, []
        if self.title:
            middle = ' text-anchor="middle"'
            pieces.append(text_element(width / 2, 18, self.title, self.title_colour, 11, middle))
            top = 26.0
        left, whole = 0.0, sum(panel.share for panel in self.panels)
        for panel in self.panels:
            column = width * panel.share / whole
            pieces.append(_drawn(panel, left, top, column, height - top))
            left += column
        start = opening(f"0 0 {width:.0f} {height:.0f}", round(width), alt)
        return f'{start}<g font-family="sans-serif">{"".join(pieces)}</g></svg>'


def around(*values: Numbers, room: float = 0.06) -> Place:
    """Limits of an axis that holds all values, with a little room beyond."""
    joined = np.concatenate([np.ravel(np.asarray(one, dtype=float)) for one in values])
    low, high = float(joined.min()), float(joined.max())
    spare = room * (high - low) or 1.0
    return low - spare, high + spare


def _drawn(panel: Panel, left: float, top: float, column: float, row: float) -> str:
    """One panel in its column: pixels of the chart."""
    bars = next((mark for mark in panel.marks if isinstance(mark, Bars)), None)
    rungs = [] if panel.bare else _rungs(panel)
    ticks = [] if panel.bare or bars is not None else steps(*panel.xlim)
    letters = max((len(name) for _, name in rungs), default=0)
    legend = max((len(line.name) for line in panel.named), default=-6)
    before = 8 + (0 if panel.bare else _SMALL * letters) + (18 if panel.ylabel else 0)
    after = 12 + 34 + legend * _SMALL * POINT * _LETTER if panel.named else 12
    above, below = 24, 6 if panel.bare else 38 if panel.xlabel else 20
    wide, high = column - before - after, row - above - below
    if panel.square:
        (x0, x1), (y0, y1) = panel.xlim, panel.ylim
        scale = min(wide / (x1 - x0), high / (y1 - y0))
        before += (wide - scale * (x1 - x0)) / 2
        above += (high - scale * (y1 - y0)) / 2
        wide, high = scale * (x1 - x0), scale * (y1 - y0)
    frame = Frame(wide, high, panel.xlim, panel.ylim, panel.log_y)
    clipped = "".join(mark.svg(frame) for mark in panel.marks if isinstance(mark, CLIPPED))
    free = "".join(mark.svg(frame) for mark in panel.marks if _is_free(mark, panel))
    pieces = [f'<svg width="{wide:.1f}" height="{high:.1f}">{clipped}</svg>{free}']
    if not panel.bare:
        marked = "".join(f"M{frame.x(at):.1f},{high:.1f}v4" for at in ticks)
        marked += "".join(f"M0,{frame.y(at):.1f}h-4" for at, _ in rungs)
        axes = f"M0,0V{high:.1f}H{wide:.1f}"
        pieces.append(f'<path d="{axes}{marked}" {stroke(palette.INK, 0.8)}/>')
    names = (
        [(at, said(at, ticks)) for at in ticks]
        if bars is None
        else [(float(k), name) for k, name in enumerate(bars.names)]
    )
    middle, end = ' text-anchor="middle"', ' text-anchor="end" dominant-baseline="central"'
    if not panel.bare:
        pieces += [
            text_element(float(frame.x(at)), high + 17, name, size=9, more=middle)
            for at, name in names
        ]
        pieces += [
            text_element(-7, float(frame.y(at)), name, size=9, more=end) for at, name in rungs
        ]
    if panel.xlabel:
        pieces.append(text_element(wide / 2, high + 34, panel.xlabel, more=middle))
    if panel.ylabel:
        x, y = 14 - before, high / 2
        turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"'
        pieces.append(text_element(x, y, panel.ylabel, more=middle + turn))
    room = (column - 8) / (max(1, len(panel.title)) * POINT * _LETTER)
    title = text_element(
        column / 2 - before, -8, panel.title, panel.title_colour, min(_TITLE, room), middle
    )
    pieces.append(title)
    for k, line in enumerate(panel.named):
        at = 8 + 17 * k
        pieces.append(
            f'<path d="M{wide + 8:.1f},{at}h26" {stroke(line.colour, line.width, line.dash)}/>'
        )
        centred = ' dominant-baseline="central"'
        pieces.append(text_element(wide + 40, at, line.name, size=_SMALL, more=centred))
    return f'<g transform="translate({left + before:.1f} {top + above:.1f})">{"".join(pieces)}</g>'


def _is_free(mark: Mark, panel: Panel) -> bool:
    """Whether a mark is drawn wherever it lies; words at a place outside are left out."""
    if not isinstance(mark, Words):
        return not isinstance(mark, CLIPPED)
    (x0, x1), (y0, y1) = panel.xlim, panel.ylim
    return x0 <= mark.x <= x1 and y0 <= mark.y <= y1


def steps(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high, at most ``most`` steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(one for one in (1, 2, 5, 10) if one * power >= rough * (1 - 1e-9))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [k * step for k in range(first, last + 1)]


def said(value: float, among: Sequence[float]) -> str:
    """A number of an axis, with as many digits as tell it from its neighbours."""
    apart = among[1] - among[0] if len(among) > 1 else 1.0
    digits = max(0, -int(np.floor(np.log10(apart) + 1e-9)))
    return f"{value + 0.0:.{digits}f}".replace("-", "−")


def _rungs(panel: Panel) -> list[tuple[float, str]]:
    """Where the upright axis is marked, and what stands there."""
    if not panel.log_y:
        at = steps(*panel.ylim)
        return [(one, said(one, at)) for one in at]
    low, high = np.log10(panel.ylim)
    powers = range(int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9)) + 1)
    apart = -(-len(powers) // 7) or 1
    return [(10.0**k, f"10{str(k).translate(_RAISED)}") for k in powers if k % apart == 0]


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
