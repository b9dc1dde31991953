"""What a chart is made of. Each mark knows its numbers and how it is drawn: by a browser, as a
piece of SVG, and by matplotlib.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .picture import ON_SCREEN, Numbers, words_in

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Place = tuple[float, float]
Dash = str | tuple[int, tuple[int, int]]

POINT = 96 / 72
"""A printer's point, in which matplotlib measures letters and lines, in the browser's pixels."""
_DASHES = {"-": "", "--": "3.7 1.6", ":": "1 1.65", "-.": "6.4 1.6 1 1.6"}  # in widths of the line


@dataclass(frozen=True)
class Frame:
    """Where the numbers of one pair of axes lie on the screen: pixels from its upper left corner."""

    width: float
    height: float
    xlim: Place
    ylim: Place
    log_y: bool = False

    def x(self, values: Any) -> np.ndarray:
        """Pixels from the left."""
        low, high = self.xlim
        return (np.asarray(values, dtype=float) - low) / (high - low) * self.width

    def y(self, values: Any) -> np.ndarray:
        """Pixels from the top."""
        values, limits = np.asarray(values, dtype=float), np.array(self.ylim)
        if self.log_y:
            values, limits = np.log10(np.maximum(values, 1e-300)), np.log10(limits)
        return (limits[1] - values) / (limits[1] - limits[0]) * self.height

    def path(self, x: Any, y: Any) -> str:
        """A line through places, interrupted where a number is missing."""
        places = np.stack([self.x(x), self.y(y)], axis=-1).clip(-1e5, 1e5)
        pieces, pen = [], "M"
        for right, down in places.tolist():
            if right != right or down != down:
                pen = "M"
                continue
            pieces.append(f"{pen}{right:.1f},{down:.1f}")
            pen = "L"
        return "".join(pieces)


def shade(colour: str) -> str:
    """A colour as it is said in SVG."""
    return ON_SCREEN.get(colour, colour)


def text_element(
    x: float, y: float, text: str, colour: str = palette.INK, size: float = 10, more: str = ""
) -> str:
    """Words on the screen, at pixels; ``more``: further attributes. Sizes are in points."""
    fill = words_in(colour.lower()) if colour != palette.INK else "currentColor"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size * POINT:.1f}" style="fill: {fill}"'
        f"{more}>{html.escape(text, quote=False)}</text>"
    )


def stroke(colour: str, width: float, dash: Dash = "-") -> str:
    """The attributes of a line; its width in points."""
    pattern = _DASHES[dash] if isinstance(dash, str) else "{} {}".format(*dash[1])
    lengths = " ".join(f"{float(part) * width * POINT:.1f}" for part in pattern.split())
    dashed = f' stroke-dasharray="{lengths}"' if lengths else ""
    return f'fill="none" stroke="{shade(colour)}" stroke-width="{width * POINT:.1f}"{dashed}'


@dataclass(frozen=True)
class Line:
    """A line through places, with a name if the legend has one for it; ``dots`` marks each place."""

    x: Numbers
    y: Numbers
    colour: str
    width: float = 1.8
    dash: Dash = "-"
    name: str = ""
    dots: bool = False

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        axes.plot(
            self.x,
            self.y,
            color=self.colour,
            linewidth=self.width,
            linestyle=self.dash,
            label=self.name or None,
            **({"marker": ".", "markersize": 4} if self.dots else {}),
        )

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        drawn = frame.path(self.x, self.y)
        line = f'<path d="{drawn}" {stroke(self.colour, self.width, self.dash)}/>'
        if not self.dots:
            return line
        # A line of no length has a round end all the same.
        at = drawn.replace("L", "M").replace("M", "h0M")[2:] + "h0"
        return f'{line}<path d="{at}" {stroke(self.colour, 2)} stroke-linecap="round"/>'


@dataclass(frozen=True)
class Level:
    """A horizontal line from one side to the other."""

    y: float
    colour: str = palette.GREY
    width: float = 0.8
    dash: Dash = "-"

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        axes.axhline(self.y, color=self.colour, linewidth=self.width, linestyle=self.dash)

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        drawn = f"M0,{frame.y(self.y):.1f}h{frame.width:.1f}"
        return f'<path d="{drawn}" {stroke(self.colour, self.width, self.dash)}/>'


@dataclass(frozen=True)
class Points:
    """Places of one colour and shape: o, s (square), ^ or x. ``size`` in points, ``edge`` a colour."""

    x: Numbers
    y: Numbers
    colour: str
    shape: str = "o"
    size: float = 7
    edge: str = ""

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        edge = self.edge or self.colour
        style: dict[str, Any] = {"marker": self.shape, "markeredgecolor": edge, "linestyle": "none"}
        axes.plot(self.x, self.y, color=self.colour, markersize=self.size, **style)

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        r = self.size * POINT / 2
        shape = {
            "o": f"m{-r:.1f},0a{r:.1f},{r:.1f} 0 1 0 {2 * r:.1f},0a{r:.1f},{r:.1f} 0 1 0 {-2 * r:.1f},0",
            "s": f"m{-r:.1f},{-r:.1f}h{2 * r:.1f}v{2 * r:.1f}h{-2 * r:.1f}z",
            "^": f"m0,{-r:.1f}l{r:.1f},{2 * r:.1f}h{-2 * r:.1f}z",
            "x": f"m{-r:.1f},{-r:.1f}l{2 * r:.1f},{2 * r:.1f}m{-2 * r:.1f},0l{2 * r:.1f},{-2 * r:.1f}",
        }[self.shape]
        places = zip(frame.x(self.x).tolist(), frame.y(self.y).tolist(), strict=True)
        drawn = "".join(f"M{x:.1f},{y:.1f}{shape}" for x, y in places)
        if self.shape == "x":
            return f'<path d="{drawn}" {stroke(self.colour, 1.2)}/>'
        edge = f' stroke="{shade(self.edge)}"' if self.edge else ""
        return f'<path d="{drawn}" fill="{shade(self.colour)}"{edge}/>'


@dataclass(frozen=True)
class Bars:
    """A bar for every name: its height, its colour, whether it is hatched, and what is written at
    its end.
    """

    names: Sequence[str]
    heights: Numbers
    colours: Sequence[str]
    hatched: Sequence[bool] = ()
    said: Sequence[str] = ()

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        style: dict[str, Any] = {"color": self.colours, "edgecolor": palette.INK}
        if self.hatched:
            style["hatch"] = ["//" if one else "" for one in self.hatched]
        bars = axes.bar(self.names, self.heights, **style)
        if self.said:
            axes.bar_label(bars, self.said, padding=2)

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        pieces = []
        hatched = self.hatched or [False] * len(self.names)
        said = self.said or [""] * len(self.names)
        ends, zero = frame.y(self.heights).tolist(), float(frame.y(0))
        rows = zip(ends, self.colours, hatched, said, strict=True)
        for k, (end, colour, lined, words) in enumerate(rows):
            left, right = frame.x([k - 0.4, k + 0.4]).tolist()
            top, bottom = sorted((end, zero))
            box = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"'
            pieces.append(f'<rect {box} fill="{shade(colour)}" stroke="currentColor"/>')
            if lined:
                lines = _hatching(right - left, bottom - top)
                pieces.append(
                    f'<path transform="translate({left:.1f} {top:.1f})" d="{lines}" '
                    f"{stroke(palette.INK, 0.8)}/>"
                )
            if words:
                middle = ' text-anchor="middle"'
                at = top - 4 if end <= zero else bottom + 13
                pieces.append(text_element((left + right) / 2, at, words, more=middle))
        return "".join(pieces)


def _hatching(width: float, height: float, apart: float = 9) -> str:
    """Lines that rise to the right, in a rectangle."""
    pieces = []
    for reach in np.arange(apart, width + height, apart).tolist():
        x0, y0 = max(0.0, reach - height), min(height, reach)
        x1, y1 = min(width, reach), max(0.0, reach - width)
        pieces.append(f"M{x0:.1f},{y0:.1f}L{x1:.1f},{y1:.1f}")
    return "".join(pieces)


@dataclass(frozen=True)
class Region:
    """What lies inside of an odd number of closed lines (corners, 2), in a colour that is seen
    through.
    """

    loops: Sequence[np.ndarray]
    colour: str
    alpha: float

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib, which fills where lines run around in one sense: the first loop
        holds the others, which run the other way.
        """
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        turned = [
            loop if (_area(loop) > 0) == (k == 0) else loop[::-1]
            for k, loop in enumerate(self.loops)
        ]
        closed = [Path(np.concatenate([loop, loop[:1]]), closed=True) for loop in turned]
        whole = Path.make_compound_path(*closed)
        axes.add_patch(PathPatch(whole, facecolor=self.colour, alpha=self.alpha, linewidth=0))

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        drawn = "z".join(frame.path(*loop.T) for loop in self.loops)
        style = f'fill="{shade(self.colour)}" fill-opacity="{self.alpha}" fill-rule="evenodd"'
        return f'<path d="{drawn}z" {style}/>'


def _area(loop: np.ndarray) -> float:
    """Of a polygon (corners, 2), positive where it runs anticlockwise: the shoelace formula."""
    x, y = loop.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


@dataclass(frozen=True)
class Contours:
    """Lines of equal height over a grid: x (m,), y (n,), heights (n, m)."""

    x: Numbers
    y: Numbers
    heights: np.ndarray
    count: int = 12

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        axes.contour(
            *(self.x, self.y, self.heights),
            levels=self.levels(),
            colors=palette.GREY,
            linewidths=0.5,
        )

    def levels(self) -> np.ndarray:
        """The heights of the lines, evenly from the lowest to the highest."""
        low, high = float(np.min(self.heights)), float(np.max(self.heights))
        return np.linspace(low, high, self.count + 2)[1:-1]

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        lines = [level_line(self.x, self.y, self.heights, level) for level in self.levels()]
        places = np.concatenate(lines)  # (pieces, 2, 2)
        starts, ends = (
            np.stack([frame.x(places[:, k, 0]), frame.y(places[:, k, 1])], axis=-1) for k in (0, 1)
        )
        rows = np.concatenate([starts, ends - starts], axis=-1).tolist()
        drawn = "".join(f"M{x:.1f},{y:.1f}l{dx:.1f},{dy:.1f}" for x, y, dx, dy in rows)
        return f'<path d="{drawn}" {stroke(palette.GREY, 0.5)}/>'


def level_line(x: Numbers, y: Numbers, heights: np.ndarray, level: float) -> np.ndarray:
    """Where a surface over a grid has the height ``level``, in straight pieces (pieces, 2, 2): the
    start and the end of each, x before y.

    heights (n, m): rows go with y (n,), columns with x (m,). Each cell of the grid is cut along a
    diagonal into two triangles, on which the surface is taken to be flat (marching triangles): a
    flat surface meets a level in one straight piece or not at all."""
    right, up = np.meshgrid(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    corners = np.stack([right, up, np.asarray(heights, dtype=float) - level], axis=-1)
    low_left, low_right = corners[:-1, :-1], corners[:-1, 1:]
    high_left, high_right = corners[1:, :-1], corners[1:, 1:]
    triangles = np.concatenate(
        [
            np.stack(three, axis=-2).reshape(-1, 3, 3)
            for three in ((low_left, low_right, high_right), (low_left, high_right, high_left))
        ]
    )
    above = triangles[..., 2] > 0
    triangles = triangles[above.any(axis=1) & ~above.all(axis=1)]
    above = triangles[..., 2] > 0
    # One corner lies on the other side than the two others: the line crosses its two sides.
    alone = np.argmax(above == (above.sum(axis=1, keepdims=True) == 1), axis=1)
    one, *others = (triangles[range(len(triangles)), (alone + k) % 3] for k in range(3))
    crossed = []
    for other in others:
        share = (one[:, 2] / (one[:, 2] - other[:, 2]))[:, None]
        crossed.append(one[:, :2] + share * (other[:, :2] - one[:, :2]))
    return np.stack(crossed, axis=1)


@dataclass(frozen=True)
class Words:
    """Words at a place, which is their ``anchor``: start, middle or end; moved by ``shift`` points,
    right and up.
    """

    x: float
    y: float
    text: str
    colour: str = palette.INK
    size: float = 10
    anchor: str = "middle"
    shift: Place = (0, 0)

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        axes.annotate(
            self.text,
            (self.x, self.y),
            self.shift,
            textcoords="offset points",
            color=self.colour,
            fontsize=self.size,
            ha={"start": "left", "middle": "center", "end": "right"}[self.anchor],
            va="center",
            annotation_clip=True,
        )

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        right, up = self.shift
        x, y = float(frame.x(self.x)) + right * POINT, float(frame.y(self.y)) - up * POINT
        more = f' text-anchor="{self.anchor}" dominant-baseline="central"'
        return text_element(x, y, self.text, self.colour, self.size, more)


@dataclass(frozen=True)
class Box:
    """A rounded rectangle around a place, filled with a colour that is seen through."""

    x: float
    y: float
    width: float
    height: float
    tint: str = ""

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        from matplotlib.patches import FancyBboxPatch

        axes.add_patch(
            FancyBboxPatch(
                (self.x - self.width / 2 + 0.08, self.y - self.height / 2 + 0.08),
                self.width - 0.16,
                self.height - 0.16,
                boxstyle="round,pad=0.08",
                facecolor=(self.tint, _TINTED) if self.tint else "none",
                edgecolor=palette.GREY,
            )
        )

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        left, right = frame.x([self.x - self.width / 2, self.x + self.width / 2]).tolist()
        top, bottom = frame.y([self.y + self.height / 2, self.y - self.height / 2]).tolist()
        fill = f'fill="{self.tint}" fill-opacity="{_TINTED}"' if self.tint else 'fill="none"'
        size = f'width="{right - left:.1f}" height="{bottom - top:.1f}" rx="5"'
        return f'<rect x="{left:.1f}" y="{top:.1f}" {size} {fill} stroke="{palette.GREY}"/>'


_TINTED = 0.15


@dataclass(frozen=True)
class Arrow:
    """An arrow from one place to another."""

    start: Place
    end: Place
    colour: str

    def on_axes(self, axes: Axes) -> None:
        """Drawn by matplotlib."""
        style = {"arrowstyle": "-|>", "linewidth": 1.4, "color": self.colour}
        axes.annotate("", self.end, self.start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})

    def svg(self, frame: Frame) -> str:
        """Drawn by a browser."""
        x, y = frame.x([self.start[0], self.end[0]]), frame.y([self.start[1], self.end[1]])
        along = np.array([x[1] - x[0], y[1] - y[0]])
        along = along / max(float(np.hypot(*along)), 1e-9)
        across = np.array([-along[1], along[0]])
        tip = np.array([x[1], y[1]])
        left, right = tip - 9 * along + 3.5 * across, tip - 9 * along - 3.5 * across
        head = "L".join(f"{one[0]:.1f},{one[1]:.1f}" for one in (tip, left, right))
        shaft = tip - 8 * along
        return (
            f'<path d="M{x[0]:.1f},{y[0]:.1f}L{shaft[0]:.1f},{shaft[1]:.1f}" '
            f'{stroke(self.colour, 1.4)}/><path d="M{head}z" fill="{self.colour}"/>'
        )


Mark = Line | Level | Points | Bars | Region | Contours | Words | Box | Arrow
CLIPPED = (Line, Points, Region, Contours)
"""What ends where the axes end."""
