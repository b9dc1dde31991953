"""Numeric gradients: how they are read off, and how far they are from the analytic ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from . import palette
from .picture import Numbers, Picture, canvas, drawing, number


def kink(x: float, h: float) -> Picture:
    """The centred difference of max(0, x): the secant at one point, and the slope it reports at
    every point.
    """

    def hinge(z: np.ndarray | float) -> np.ndarray:
        return np.maximum(0.0, z)

    grid = np.linspace(-1, 1, 801)
    numeric = (hinge(grid + h) - hinge(grid - h)) / (2 * h)
    here = float((hinge(x + h) - hinge(x - h)) / (2 * h))
    exact = 1.0 if x > 0 else 0.0
    with drawing():
        figure, (left, right) = canvas(7.6, 2.9, columns=2)
        left.plot(grid, hinge(grid), color=palette.BLUE, linewidth=2, label="max(0, x)")
        ends = np.array([x - h, x + h])
        left.plot(
            ends,
            hinge(ends),
            color=palette.VERMILION,
            marker="o",
            linewidth=1.8,
            label="secant from x - h to x + h",
        )
        left.plot(x, hinge(x), "s", color=palette.INK, markersize=6)
        left.set(
            xlabel="x",
            ylabel="max(0, x)",
            title=f"x = {number(x)}, h = {number(h)}",
            xlim=(-1.05, 1.05),
            ylim=(-0.25, 1.1),
        )
        left.legend(loc="upper left", fontsize=8)
        right.axvspan(
            -h, h, color=palette.ORANGE, alpha=0.3, linewidth=0, label="|x| < h: the kink is inside"
        )
        right.plot(
            grid, (grid > 0).astype(float), color=palette.BLUE, linewidth=2, label="true slope"
        )
        right.plot(
            grid,
            numeric,
            color=palette.VERMILION,
            linestyle="--",
            linewidth=1.8,
            label="centred difference",
        )
        right.plot(x, here, "s", color=palette.INK, markersize=6)
        right.set(
            xlabel="x",
            ylabel="slope",
            title=f"numeric slope {number(here)}, true slope {number(exact)}",
            xlim=(-1.05, 1.05),
            ylim=(-0.1, 1.55),
        )
        right.legend(loc="upper left", fontsize=8)
    where = "inside" if abs(x) < h else "outside"
    return Picture(
        figure,
        f"max(0, x) with a secant around x = {number(x)} of half-width h = {number(h)}. The kink "
        f"is {where} the step: the numeric slope is {number(here)}, the true one {number(exact)}.",
    )


def gradient_agreement(analytic: Numbers, numeric: Numbers, relative_error: Numbers) -> Picture:
    """Numeric against analytic derivatives: a right gradient lies on the diagonal."""
    analytic, numeric, error = (
        np.asarray(values, dtype=float) for values in (analytic, numeric, relative_error)
    )
    with drawing():
        figure, (left, right) = canvas(7.6, 3.0, columns=2)
        ends = [min(analytic.min(), numeric.min()), max(analytic.max(), numeric.max())]
        left.plot(ends, ends, color=palette.GREY, linewidth=1)
        left.plot(analytic, numeric, "o", color=palette.BLUE, alpha=0.8)
        left.set(xlabel="analytic", ylabel="numeric", title="they should lie on the line")
        right.plot(np.maximum(np.sort(error), 1e-17), "o", color=palette.VERMILION)
        right.set(
            yscale="log",
            xlabel="coordinate, sorted",
            ylabel="relative error",
            title=f"largest {number(error.max())}",
            ylim=(1e-17, 2),
        )
        right.axhline(1e-4, color=palette.GREY, linestyle=":", linewidth=1)
    return Picture(
        figure,
        f"{len(error)} derivatives, numeric against analytic; the largest relative error is "
        f"{number(error.max())}.",
    )


def parameter_errors(errors: Mapping[str, float], tolerance: float) -> Picture:
    """The error of every parameter's gradient as a bar on a log axis, beside the largest that
    passes.
    """
    names = list(errors)
    shown = np.clip(
        [errors[name] for name in names], 1e-16, 1e2
    )  # a missing gradient is infinitely wrong
    bad = shown > tolerance
    with drawing():
        figure, (axes,) = canvas(7.0, 0.7 + 0.2 * len(names))
        colours = [palette.VERMILION if wrong else palette.BLUE for wrong in bad]
        axes.barh(
            names, shown, color=colours, hatch=["//" if wrong else "" for wrong in bad], left=1e-17
        )
        axes.axvline(
            tolerance, color=palette.GREY, linestyle=":", label=f"tolerance {number(tolerance)}"
        )
        axes.set(title="error of each gradient", xscale="log", xlim=(1e-17, 1e3), xlabel="error")
        axes.invert_yaxis()
        axes.tick_params(axis="y", labelsize=8)
        axes.legend(loc="lower right", fontsize=8)
    listed = ", ".join(f"{name} {errors[name]:.0e}" for name in names)
    return Picture(
        figure,
        f"Errors of {len(names)} gradients, {int(bad.sum())} of them above {number(tolerance)}: "
        f"{listed}.",
    )


def step_error(steps: Numbers, errors: Numbers) -> Picture:
    """The error of a centred difference against the step: it falls like h squared until rounding
    takes over.
    """
    steps, errors = (
        np.asarray(steps, dtype=float),
        np.maximum(np.asarray(errors, dtype=float), 1e-17),
    )
    best = int(np.argmin(errors))
    with drawing():
        figure, (axes,) = canvas(6.2, 3.0)
        guide = errors[-1] * (steps / steps[-1]) ** 2
        axes.loglog(steps, guide, color=palette.GREY, linewidth=1, label="slope 2: error ~ h²")
        axes.loglog(steps, errors, "o-", color=palette.BLUE, label="measured")
        axes.plot(
            steps[best],
            errors[best],
            "s",
            color=palette.VERMILION,
            markersize=9,
            label=f"best at h = {number(steps[best])}",
        )
        axes.set(title="how wrong a measured slope is", xlabel="h", ylabel="error")
        axes.set(ylim=(errors.min() / 5, errors.max() * 5))
        axes.legend()
    return Picture(
        figure,
        "Error of the centred difference against h on log axes: smallest, "
        f"{number(errors[best])}, at h = {number(steps[best])}; larger on both sides.",
    )


def score_slopes(scores: np.ndarray, y: int, delta: float = 1.0) -> np.ndarray:
    """The slope of one example's hinge loss in each of its scores, measured by a small one-sided
    step.

    The step goes the way that lowers margins, so that a margin of exactly zero counts as met.
    """
    scores = np.asarray(scores, dtype=float)

    def loss(at: np.ndarray) -> float:
        return sum(max(0.0, score - at[y] + delta) for j, score in enumerate(at) if j != y)

    slopes = np.zeros(len(scores))
    for j in range(len(scores)):
        step = np.zeros(len(scores))
        step[j] = 1e-6 if j == y else -1e-6
        slopes[j] = np.round((loss(scores + step) - loss(scores)) / step[j])
    return slopes
