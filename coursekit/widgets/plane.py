"""A linear classifier of the plane: move its points, scale its weights, and watch the two parts of
the loss.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.chart import Chart, Panel
from ..figures.hyperplanes import SQUARE, ahead
from ..figures.marks import Line, Mark, Points, Region, Words
from ..figures.picture import Picture, number
from .explorer import Choice, Explorer, Slider

POINTS = np.array(
    [
        [-1.2, 1.1],
        [-0.6, 1.5],
        [-1.5, 0.5],
        [1.2, 1.0],
        [0.7, 1.5],
        [1.6, 0.4],
        [0.0, -1.2],
        [-0.6, -1.5],
        [0.7, -1.4],
    ]
)
LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
# One column per class, the last row is the bias. With these weights every margin is met, the
# closest one exactly.
DIRECTIONS = np.array([[-1.0, 1.0, 0.0], [0.6, 0.6, -1.2], [0.0, 0.0, 0.0]])
_MARKERS = ("o", "s", "^")
_SIDES = (-3.0, 3.0)


def closest_margin(W: np.ndarray, points: np.ndarray) -> float:
    """By how much the true score leads in the closest case."""
    scores = np.column_stack([points, np.ones(len(points))]) @ W
    true = scores[range(len(points)), LABELS]
    scores[range(len(points)), LABELS] = -np.inf
    return float(np.min(true - scores.max(axis=1)))


WEIGHTS = DIRECTIONS / closest_margin(DIRECTIONS, POINTS)


def data_loss(W: np.ndarray, points: np.ndarray) -> float:
    """The mean hinge loss of the nine points at margin 1: what their leads miss of it at the lines
    between every two classes.
    """
    short = 0.0
    for mine, other in permutations(range(3), 2):
        *slopes, offset = W[:, mine] - W[:, other]
        leads = points[mine == LABELS] @ slopes + offset
        short += np.sum(1 - leads[leads < 1])
    return float(short / len(points))


def plane_explorer() -> Explorer:
    """Sliders for the scale a of the weights, for lambda (reg), and for the place of one point at a
    time.

    The point that is moved starts where it was; choose another and the first returns to its place.
    """
    whole: dict[str, Any] = {"none": -1} | {
        f"point {k} (class {LABELS[k]})": k for k in range(len(POINTS))
    }

    def draw(a: float, reg: float, point: int, right: float, up: float) -> Picture:
        points = POINTS.copy()
        if point >= 0:
            points[point] += (right, up)
        return plane_picture(a, reg, points)

    return Explorer(
        draw,
        {
            "a": Slider("scale a", 0.1, 4.0, 0.05, 1.5),
            "reg": Slider("lambda (reg)", 0.0, 0.05, 0.001, 0.0),
            "point": Choice("move", whole, -1),
            "right": Slider("to the right", -3.0, 3.0, 0.1, 0.0),
            "up": Slider("up", -3.0, 3.0, 0.1, 0.0),
        },
    )


def plane_picture(a: float, reg: float, points: np.ndarray = POINTS) -> Picture:
    """Left the plane with its regions at weights a * W, right both parts of the loss against the
    scale.
    """
    scales = np.linspace(0.1, 4.0, 79)
    on_data = np.array([data_loss(scale * WEIGHTS, points) for scale in scales])
    on_weights = reg * scales**2 * np.sum(WEIGHTS * WEIGHTS)
    now_data, now_weights = (
        data_loss(a * WEIGHTS, points),
        reg * a * a * float(np.sum(WEIGHTS * WEIGHTS)),
    )
    lowest = scales[np.argmin(on_data + on_weights)]
    lead = [ahead(a * WEIGHTS, c, 0.0) for c in range(3)]
    safe = [ahead(a * WEIGHTS, c, 1.0) for c in range(3)]
    marks: list[Mark] = [
        Region([lead[c]], palette.CLASSES[c], 0.22) for c in range(3) if len(lead[c])
    ]
    marks.append(Region([SQUARE, *filter(len, safe)], palette.GREY, 0.35))
    for c in range(3):
        x, y = points[c == LABELS].T
        marks.append(Points(x, y, palette.CLASSES[c], _MARKERS[c], edge=palette.INK))
    marks += [Words(x, y, str(k), size=8, shift=(7, 7)) for k, (x, y) in enumerate(points)]
    left = Panel(
        marks,
        f"a = {number(a)}; grey: the lead is less than 1",
        *(_SIDES, _SIDES),
        *("first feature", "second feature"),
        square=True,
    )
    both = on_data + on_weights
    right = Panel(
        [
            Line(scales, on_data, palette.BLUE, 2, name="data loss"),
            Line(scales, on_weights, palette.ORANGE, 2, "--", "reg * sum(W*W)"),
            Line(scales, both, palette.INK, 1, name="both"),
            Points([a], [now_data + now_weights], palette.VERMILION, "s", 8),
        ],
        f"data {number(now_data)} + regularisation {number(now_weights)}",
        *((0, 4.1), (-0.05, 2.5)),
        *("scale a", "loss"),
        share=1.25,
    )
    chart = Chart(8.2, 3.7, [left, right])
    flat = "nothing decides between scales whose data loss is 0"
    told = flat if reg == 0 else f"the sum is smallest at a = {number(lowest)}"
    return Picture(
        chart,
        "Nine points of three classes in the plane, and the losses against the scale a of the "
        f"weights. At a = {number(a)} with lambda {number(reg)} the data loss is "
        f"{number(now_data)} and the regularisation {number(now_weights)}; {told}.",
    )
