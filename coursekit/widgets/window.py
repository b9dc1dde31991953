"""A filter on its way over an image: the window it lies on, the products, and the output so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Choice, Explorer, Slider, Switch

IMAGE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 2, 2, 2, 2, 0, 0],
        [0, 2, 0, 0, 2, 0, 1],
        [0, 2, 0, 0, 2, 0, 1],
        [0, 2, 2, 2, 2, 0, 1],
        [0, 0, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0, 0],
    ],
    dtype=float,
)
FILTERS: Mapping[str, np.ndarray] = {
    "left to right": np.array([[-1.0, 0, 1]] * 3),
    "top to bottom": np.array([[-1.0, 0, 1]] * 3).T,
    "a lone spot": np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "a corner": np.array([[-1.0, -1, -1], [-1, 2, 2], [-1, 2, 2]]),
    "one 1 at the top": np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]]),
}


def sliding_window(yours: Callable[..., Any] | None = None) -> Explorer:
    """Sliders for place, stride and padding, and a choice of filters. yours: your
    ``conv_forward_naive``.
    """

    def draw(step: int, stride: int, pad: int, which: str, flip: bool = False) -> Picture:
        weights = FILTERS[which][::-1, ::-1] if flip else FILTERS[which]
        out = None
        if yours is not None:
            given = IMAGE[None, None].copy(), weights[None, None].copy(), np.zeros(1)
            out = np.asarray(yours(*given, {"stride": stride, "pad": pad})[0])
        return window_picture(step, stride, pad, weights, out)

    return Explorer(
        draw,
        {
            "step": Slider("place", 0, 48, 1, 8),
            "stride": Slider("stride", 1, 3, 1, 1),
            "pad": Slider("pad", 0, 2, 1, 0),
            "which": Choice("filter", {name: name for name in FILTERS}, "left to right"),
            "flip": Switch("flip the filter"),
        },
    )


def window_picture(
    step: int, stride: int, pad: int, weights: np.ndarray, yours: np.ndarray | None = None
) -> Picture:
    """The padded image with the window framed, the filter, their products, and what is put out up
    to here.

    A step beyond the last place stays there. yours: an output (1, 1, H', W') to show in full
    instead."""
    padded = np.pad(IMAGE, pad)
    begins = [at for at in range(0, len(padded), stride) if at + len(weights) <= len(padded)]
    step = min(step, len(begins) ** 2 - 1)
    row, column = divmod(step, len(begins))
    window = padded[begins[row] :, begins[column] :][: len(weights), : len(weights)]
    products = window * weights
    out = np.full((len(begins), len(begins)), np.nan)
    for k in range(step + 1):
        i, j = divmod(k, len(begins))
        out[i, j] = np.vdot(
            padded[begins[i] :, begins[j] :][: len(weights), : len(weights)], weights
        )
    verdict, fine = "", True
    if yours is not None:
        verdict, fine = _verdict(yours, out, row, column)
        out = yours[0, 0] if yours.shape == (1, 1, *out.shape) else out
    with drawing():
        figure, axes = canvas(9.0, 2.8, columns=4, width_ratios=[len(padded), 3.6, 3.6, 6])
        for box, values, title in zip(
            axes,
            (padded, weights, products, out),
            ("padded image", "filter", f"products: sum {number(products.sum())}", "output"),
            strict=True,
        ):
            _grid(box, values, title)
        _frame(axes[0], begins[column], begins[row], len(weights))
        _frame(axes[3], column, row, 1)
        if verdict:
            figure.suptitle(verdict, fontsize=10, color=palette.INK if fine else palette.VERMILION)
    said = f" {verdict}." if verdict else ""
    return Picture(
        figure,
        f"A 3 x 3 filter on a padded image of {len(padded)} x {len(padded)}, stride {stride}: "
        f"place {step + 1} of {len(begins) ** 2}, row {row}, column {column} of the output. The "
        f"nine products add up to {number(products.sum())}.{said}",
    )


def _verdict(yours: np.ndarray, so_far: np.ndarray, row: int, column: int) -> tuple[str, bool]:
    wanted = (1, 1, *so_far.shape)
    if yours.shape != wanted:
        return f"your output has shape {yours.shape}; here it must be {wanted}", False
    here, sum_here = float(yours[0, 0, row, column]), float(so_far[row, column])
    if abs(here - sum_here) > 1e-9 * max(1.0, abs(sum_here)):
        return f"yours is {number(here)} here, the products add up to {number(sum_here)}", False
    return f"your output: {number(here)} here, as the products say", True


def _grid(axes: Any, values: np.ndarray, title: str) -> None:
    limit = np.nanmax(np.abs(values)) or 1
    axes.imshow(values, cmap=palette.DIVERGING, vmin=-limit, vmax=limit)
    for i, j in np.ndindex(*values.shape):
        if np.isfinite(values[i, j]):
            colour = "white" if abs(values[i, j]) > 0.7 * limit else "black"
            axes.text(
                j,
                i,
                number(float(values[i, j])),
                ha="center",
                va="center",
                fontsize=7,
                color=colour,
            )
    axes.set(title=title, xticks=[], yticks=[])


def _frame(axes: Any, left: int, top: int, size: int) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            (left - 0.5, top - 0.5),
            size,
            size,
            fill=False,
            edgecolor=palette.VERMILION,
            linewidth=2.4,
        )
    )
