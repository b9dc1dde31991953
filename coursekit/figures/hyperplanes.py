"""A linear classifier of two features: where each class's score is 0, and which way it grows."""

from __future__ import annotations

import numpy as np

from . import palette
from .marks import Region
from .picture import Numbers, Picture, canvas, drawing, number

_DASHES = ("-", "--", ":")
_SIDE = 3.0
SQUARE = _SIDE * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
"""The corners of what is drawn of the plane."""


def ahead(W: np.ndarray, c: int, by: float) -> np.ndarray:
    """Where in the plane class c leads every other class by at least ``by``: the corners (K, 2) of a
    convex region of the square, none where there is no such place. W (3, C): a column a class, the
    biases last.

    Each other class cuts the square along a line (Sutherland and Hodgman's clipping)."""
    region = SQUARE
    for other in range(W.shape[1]):
        if other == c or not len(region):
            continue
        *slopes, offset = W[:, c] - W[:, other]
        leads = region @ slopes + offset - by
        kept = []
        for k in range(len(region)):
            here, before = leads[k], leads[k - 1]
            if (here >= 0) != (before >= 0):
                share = before / (before - here)
                kept.append(region[k - 1] + share * (region[k] - region[k - 1]))
            if here >= 0:
                kept.append(region[k])
        region = np.array(kept)
    return region


def hyperplanes(
    W: np.ndarray, b: Numbers, point: Numbers, before: Numbers | None = None
) -> Picture:
    """The plane of two features with a line for each class, its row of W as the line's normal, and
    the scores of one point.

    W (C, 2): one row a class, at most three. b (C,): the biases. before (C,): the biases that there
        were; where one has changed, its line is drawn thin, too.
    """
    W, b, point = (np.asarray(one, dtype=float) for one in (W, b, point))
    were = b if before is None else np.asarray(before, dtype=float)
    scores, lengths = W @ point + b, np.linalg.norm(W, axis=1)
    columns = np.vstack([W.T, b])
    with drawing():
        figure, (axes,) = canvas(7.6, 4.4)
        for j, colour in enumerate(palette.CLASSES[: len(W)]):
            if len(won := ahead(columns, j, 0.0)):
                Region([won], colour, 0.12).on_axes(axes)
        for j, (row, bias) in enumerate(zip(W, b, strict=True)):
            colour = palette.CLASSES[j]
            if were[j] != bias:
                thin = {"color": palette.GREY, "linewidth": 0.9, "label": "with the bias before"}
                axes.axline(*_line(row, float(were[j])), **thin)
            foot, along = _line(row, float(bias))
            axes.axline(
                *(foot, along),
                color=colour,
                linestyle=_DASHES[j],
                linewidth=2,
                label=f"class {j}: row {_pair(row)},\nbias {number(bias)}",
            )
            head = (foot[0] + row[0], foot[1] + row[1])
            arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2}
            axes.annotate("", head, foot, arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0})
        axes.plot(*point, "o", color=palette.INK, markersize=7)
        place = (float(point[0]), float(point[1]))
        axes.annotate("the point", place, (7, 5), textcoords="offset points", fontsize=9)
        axes.set(
            title="lines: score 0; arrows: rows of W; the point's scores: "
            + ", ".join(map(number, scores)),
            xlabel="first feature",
            ylabel="second feature",
            xlim=(-_SIDE, _SIDE),
            ylim=(-_SIDE, _SIDE),
            aspect="equal",
        )
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="shaded: the highest score")
    told = "; ".join(
        f"class {j} has the row {_pair(W[j])} and the bias {number(b[j])}, its line lies "
        f"{number(abs(b[j]) / lengths[j])} from the origin, and the point scores "
        f"{number(scores[j])}"
        for j in range(len(W))
    )
    return Picture(
        figure,
        "The plane of two features, with a line for each class where its score is 0 and an arrow "
        f"at right angles to it along which the score grows: {told}. The point {_pair(point)} "
        f"goes to class {np.argmax(scores)}.",
    )


def _line(row: np.ndarray, bias: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two places where row . x + bias = 0: the one closest to the origin, and one further along."""
    x, y = (float(one) for one in -bias * row / (row @ row))
    return (x, y), (x - float(row[1]), y + float(row[0]))


def _pair(values: np.ndarray) -> str:
    return f"({number(values[0])}, {number(values[1])})"
