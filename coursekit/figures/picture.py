"""A figure together with the words that say what it shows."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

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
}
_DOTS_PER_INCH = 96


class Picture:
    """A matplotlib figure and its description for readers who do not see it.

    As the last line of a notebook cell it shows itself; ``figure`` is there for those who want to
    change something."""

    def __init__(self, figure: Figure, alt: str) -> None:
        self.figure, self.alt = figure, alt

    def png(self) -> bytes:
        """The figure as a PNG file, drawn at twice its size on the page so that it is sharp."""
        file = io.BytesIO()
        self.figure.savefig(
            file, format="png", dpi=2 * _DOTS_PER_INCH, metadata={"Description": self.alt}
        )
        return file.getvalue()

    def html(self) -> str:
        """An <img> element with the description as its alternative text."""
        width = round(self.figure.get_figwidth() * _DOTS_PER_INCH)
        encoded = base64.b64encode(self.png()).decode("ascii")
        return (
            f'<img alt="{html.escape(self.alt)}" width="{width}" style="max-width:100%" '
            f'src="data:image/png;base64,{encoded}">'
        )

    def __repr__(self) -> str:
        return f"[figure: {self.alt}]"

    # Not image/png: JupyterLab shows those without any alternative text.
    def _repr_html_(self) -> str:
        return self.html()


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
