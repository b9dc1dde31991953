"""A figure together with the words that say what it shows."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..audience import someone_can_move_it
from . import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = np.ndarray | Sequence[float]
"""What a figure is drawn from."""

_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "axes.facecolor": "none",
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), palette.INK),
    **dict.fromkeys(("xtick.color", "ytick.color", "patch.edgecolor", "hatch.color"), palette.INK),
}
_DOTS_PER_INCH = 96


class Drawn(Protocol):
    """What a browser can draw from a few numbers, and matplotlib where a file is wanted."""

    def on_paper(self) -> Figure:
        """As a matplotlib figure."""
        ...

    def svg(self, alt: str) -> str:
        """As an <svg> element for a page, described by ``alt``."""
        ...


class Picture:
    """A figure and its description for readers who do not see it.

    As the last line of a notebook cell it shows itself: on a person's screen as SVG, in the colours
    of the theme that is on there; in a notebook that is executed by a program as a PNG file, black
    on white. ``figure`` is there for those who want to change something."""

    def __init__(self, figure: Figure | Drawn, alt: str) -> None:
        self._drawn, self.alt = figure, alt

    @cached_property
    def figure(self) -> Figure:
        """The figure, of matplotlib."""
        drawn: Any = self._drawn
        return drawn.on_paper() if hasattr(drawn, "on_paper") else drawn

    def png(self) -> bytes:
        """The figure as a PNG file, drawn at twice its size on the page so that it is sharp."""
        file = io.BytesIO()
        with _readable_words(self.figure):
            self.figure.savefig(
                file, format="png", dpi=2 * _DOTS_PER_INCH, metadata={"Description": self.alt}
            )
        return file.getvalue()

    def svg(self) -> str:
        """An <svg> element whose ink has the colour of the text around it, named by the
        description.
        """
        drawn: Any = self._drawn
        if hasattr(drawn, "svg"):
            return drawn.svg(self.alt)
        import matplotlib

        file = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": "picture", "svg.fonttype": "path"}):
            self.figure.savefig(
                file, format="svg", facecolor="none", dpi=2 * _DOTS_PER_INCH, metadata=_NAMELESS
            )
        return themed(file.getvalue(), round(self._width()), self.alt)

    def html(self) -> str:
        """The figure as an element of a page, with the description as its alternative text: an
        <svg> where a person looks, else an <img>.
        """
        if someone_can_move_it():
            return self.svg()
        encoded = base64.b64encode(self.png()).decode("ascii")
        return (
            f'<img alt="{html.escape(self.alt)}" width="{round(self._width())}" '
            f'style="max-width:100%" src="data:image/png;base64,{encoded}">'
        )

    def _width(self) -> float:
        return self.figure.get_figwidth() * _DOTS_PER_INCH

    def __repr__(self) -> str:
        return f"[figure: {self.alt}]"

    # Not image/png: JupyterLab shows those without any alternative text.
    def _repr_html_(self) -> str:
        return self.html()


_NAMELESS = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_HEAD = re.compile(r".*?<svg\b[^>]*viewBox=\"([^\"]+)\"[^>]*>", re.DOTALL)
_ASIDE = re.compile(
    r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>| id=\"[a-zA-Z0-9.]+_\d+\"", re.DOTALL
)  # a style and a name would be the whole page's
_WORDS = re.compile(r'(<g style="fill: )(#[0-9a-f]{6})')  # of all groups, matplotlib fills words
_CLIPS = re.compile(r'<clipPath id="(\w+)">(.*?)</clipPath>')
_COLOURED = frozenset(colour.lower() for colour in (*palette.CLASSES, palette.GREY))


def themed(svg: str, width: int, alt: str) -> str:
    """Matplotlib's SVG as an element of a page that follows the page's colours."""
    head = _HEAD.match(svg)
    assert head is not None, "matplotlib writes a viewBox"
    body = _WORDS.sub(lambda found: found[1] + words_in(found[2]), svg[head.end() :])
    body = " ".join(_ASIDE.sub("", body).split())
    # Matplotlib names a frame after its place in memory, or after digits that are rounding error;
    # named after what it says, two pictures on a page may share one.
    for name, says in _CLIPS.findall(body):
        body = body.replace(name, "p" + hashlib.sha256(says.encode()).hexdigest()[:10])
    body = body.replace(palette.INK, ON_SCREEN[palette.INK])
    return opening(head[1], width, alt) + body.replace(palette.PAPER, ON_SCREEN[palette.PAPER])


ON_SCREEN = {palette.INK: "currentColor", palette.PAPER: "var(--jp-layout-color0, Canvas)"}
"""The colours of a page's own theme: of its text, and in JupyterLab of what lies behind."""


def words_in(colour: str) -> str:
    """The CSS value of ``fill`` for words in a colour; an old browser reads the first of two."""
    if colour not in _COLOURED or colour == palette.INK:
        return colour
    share = f"{palette.WRITTEN:.0%}"
    return f"{colour}; fill: color-mix(in srgb, {colour} {share}, currentColor)"


def opening(view_box: str, width: int, alt: str) -> str:
    """The start tag of a picture in a page: as wide as it was drawn, or as there is room."""
    return (
        f'<svg role="img" aria-label="{html.escape(alt)}" viewBox="{view_box}" width="{width}" '
        'style="max-width:100%;height:auto;stroke-linejoin:round" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )


@contextmanager
def _readable_words(figure: Figure) -> Iterator[None]:
    """Words in a colour of the palette, darker for as long as they are drawn on white paper."""
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    kept = [
        (text, text.get_color())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and to_hex(text.get_color()) in _COLOURED - {palette.INK}
    ]
    for text, colour in kept:
        text.set_color(palette.written(to_hex(colour)))
    yield
    for text, colour in kept:
        text.set_color(colour)


@contextmanager
def drawing() -> Iterator[None]:
    """The course's style for everything drawn inside, whatever style the notebook has set."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        yield


def canvas(
    width: float, height: float, columns: int = 1, rows: int = 1, **options: object
) -> tuple[Figure, list[Axes]]:
    """A new figure (inches) and its axes in reading order; call it inside ``drawing()``.

    The figure belongs to no window and to no global list: it is freed when nobody needs it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)  # pyright: ignore[reportCallIssue,reportArgumentType]
    return figure, list(np.ravel(axes))


def number(value: float) -> str:
    """A number as short as it can be said: 2.9, 0, 1e-05."""
    return f"{float(value) + 0.0:.3g}"  # + 0.0: no minus before a zero
