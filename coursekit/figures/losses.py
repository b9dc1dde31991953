"""Losses as curves: their shapes, their histories, and what they do along one direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from . import palette
from .picture import Numbers, Picture, canvas, drawing, number

COLOURS = (
    palette.BLUE,
    palette.VERMILION,
    palette.GREEN,
    palette.PURPLE,
    palette.ORANGE,
    palette.INK,
)
DASHES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 1)))


def hinge_shapes(
    kinds: Sequence[str] = ("zero-one", "hinge"), slopes: bool = False, delta: float = 1.0
) -> Picture:
    """What one wrong class costs, against its margin z = score - true score + delta; optionally the
    slopes beside it.
    """
    z = np.linspace(-2, 2, 401)
    curves = {
        "zero-one": ((z > delta).astype(float), None),
        "hinge": (np.maximum(0, z), (z > 0).astype(float)),
        "squared hinge": (np.maximum(0, z) ** 2, 2 * np.maximum(0, z)),
    }
    with drawing():
        figure, axes = canvas(7.6 if slopes else 5.2, 2.8, columns=2 if slopes else 1)
        for kind, colour, dash in zip(kinds, COLOURS, DASHES, strict=False):
            value, slope = curves[kind]
            axes[0].plot(z, value, color=colour, linestyle=dash, linewidth=2, label=kind)
            if slopes and slope is not None:
                jump = np.where(np.abs(np.diff(slope, prepend=slope[0])) > 0.5, np.nan, slope)
                axes[1].plot(z, jump, color=colour, linestyle=dash, linewidth=2, label=kind)
        axes[0].set(
            title="what a wrong class costs",
            xlabel="z = score - true score + delta",
            ylabel="cost",
            ylim=(-0.2, 4.2 if slopes else 2.2),
        )
        axes[0].axvline(delta, color=palette.GREY, linewidth=1, linestyle=":")
        axes[0].annotate(
            "misclassified →",
            (delta, 0.05),
            (3, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=8,
            va="bottom",
        )
        axes[0].legend(loc="upper left")
        if slopes:
            axes[1].set(title="its slope", xlabel="z", ylabel="slope", ylim=(-0.2, 4.2))
    told = {
        "zero-one": (
            "zero-one jumps from 0 to 1 where the wrong score overtakes the true one, at z = delta"
        ),
        "hinge": "hinge is 0 up to z = 0 and then rises in a straight line, with a kink at 0",
        "squared hinge": (
            "squared hinge is 0 up to z = 0 and then rises as a parabola without a kink"
        ),
    }
    return Picture(
        figure,
        "Cost of one wrong class against its margin z: "
        + "; ".join(told[kind] for kind in kinds)
        + ".",
    )


def history(losses: Numbers, expected_start: float | None = None, smooth: int = 20) -> Picture:
    """A training run's loss, each step and its running mean, with the start that theory expects."""
    losses = np.asarray(losses, dtype=float)
    sums = np.concatenate([[0.0], np.cumsum(losses)])
    ends = np.arange(1, len(losses) + 1)
    starts = np.maximum(0, ends - smooth)  # the first steps have fewer before them
    running = (sums[ends] - sums[starts]) / (ends - starts)
    with drawing():
        figure, (axes,) = canvas(7.0, 2.8)
        axes.plot(losses, color=palette.SKY, linewidth=0.8, label="mini-batch")
        axes.plot(
            running,
            color=palette.BLUE,
            linewidth=2,
            label=f"mean of {smooth} steps",
        )
        if expected_start is not None:
            axes.axhline(
                expected_start,
                color=palette.VERMILION,
                linestyle="--",
                linewidth=1.2,
                label=f"expected start {number(expected_start)}",
            )
        axes.set(title="the loss of a run", xlabel="step", ylabel="loss", ylim=(0, None))
        axes.legend()
    start = "" if expected_start is None else f", where {number(expected_start)} was expected,"
    return Picture(
        figure,
        f"Loss over {len(losses)} steps: from {number(losses[0])}{start} to {number(running[-1])}.",
    )


def curves(
    x: Numbers,
    lines: Mapping[str, Numbers],
    xlabel: str,
    ylabel: str,
    log: str = "",
    guide: tuple[str, Numbers] | None = None,
    title: str = "",
) -> Picture:
    """Several named curves over one axis. log: "", "x", "y" or "xy". guide: a name and values drawn
    thin and grey.
    """
    x = np.asarray(x, dtype=float)
    with drawing():
        figure, (axes,) = canvas(6.6, 3.0)
        for (name, values), colour, dash in zip(lines.items(), COLOURS, DASHES, strict=False):
            marker = "o" if len(x) <= 30 else ""
            axes.plot(
                x,
                values,
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=4,
                linewidth=1.8,
                label=name,
            )
        if guide is not None:
            axes.plot(x, guide[1], color=palette.GREY, linewidth=1, label=guide[0])
        axes.set(title=title or f"{ylabel} against {xlabel}", xlabel=xlabel, ylabel=ylabel)
        if "x" in log:
            axes.set_xscale("log")
        if "y" in log:
            axes.set_yscale("log")
        axes.legend()
    told = "; ".join(f"{name} goes from {_ends(values)}" for name, values in lines.items())
    return Picture(
        figure, f"{ylabel} against {xlabel}, from {number(x[0])} to {number(x[-1])}: {told}."
    )


def _ends(values: Numbers) -> str:
    """The first and the last value that is drawn, or that lies beyond the drawing at infinity."""
    shown = [value for value in np.asarray(values, dtype=float) if not np.isnan(value)]
    return f"{number(shown[0])} to {number(shown[-1])}" if shown else "nothing to nothing"
