"""A linear classifier of the plane: move its points, scale its weights, and watch the two parts of
the loss.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
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
    x, y = np.meshgrid(np.linspace(-3, 3, 121), np.linspace(-3, 3, 121))
    scores = np.stack([x, y, np.ones_like(x)], axis=-1) @ (a * WEIGHTS)
    ordered = np.sort(scores, axis=-1)
    with drawing():
        figure, (left, right) = canvas(8.2, 3.7, columns=2)
        left.contourf(
            x,
            y,
            np.argmax(scores, axis=-1),
            levels=[-0.5, 0.5, 1.5, 2.5],
            colors=palette.CLASSES[:3],
            alpha=0.22,
        )
        left.contourf(
            x, y, ordered[..., -1] - ordered[..., -2], levels=[0, 1], colors="0.35", alpha=0.25
        )
        for c in range(3):
            chosen = np.flatnonzero(np.equal(LABELS, c))
            left.scatter(
                points[chosen, 0],
                points[chosen, 1],
                marker=_MARKERS[c],
                color=palette.CLASSES[c],
                edgecolor="black",
                s=55,
            )
        for k, place in enumerate(points):
            left.annotate(str(k), place, (5, 5), textcoords="offset points", fontsize=8)
        left.set(
            title=f"a = {number(a)}; grey: the lead is less than 1",
            xlim=(-3, 3),
            ylim=(-3, 3),
            aspect="equal",
        )
        right.plot(scales, on_data, color=palette.BLUE, linewidth=2, label="data loss")
        right.plot(
            scales,
            on_weights,
            color=palette.ORANGE,
            linestyle="--",
            linewidth=2,
            label="reg * sum(W*W)",
        )
        right.plot(scales, on_data + on_weights, color="black", linewidth=1, label="both")
        right.plot(a, now_data + now_weights, "s", color=palette.VERMILION, markersize=8)
        right.set(
            title=f"data {number(now_data)} + regularisation {number(now_weights)}",
            xlabel="scale a",
            ylim=(-0.05, 2.5),
        )
        right.legend(loc="upper right")
    flat = "nothing decides between scales whose data loss is 0"
    told = flat if reg == 0 else f"the sum is smallest at a = {number(lowest)}"
    return Picture(
        figure,
        "Nine points of three classes in the plane, and the losses against the scale a of the "
        f"weights. At a = {number(a)} with lambda {number(reg)} the data loss is "
        f"{number(now_data)} and the regularisation {number(now_weights)}; {told}.",
    )
