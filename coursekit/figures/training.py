"""Training runs: the three numbers to watch, and models beside their averages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import palette
from .losses import COLOURS, DASHES
from .picture import Picture, canvas, drawing, number

GUIDE = 1e-3
"""The ratio of update to weights that training aims at."""
_HEALTHY = (1e-4, 3e-2)


def monitor(
    history: Mapping[str, Any], expected_start: float | None = None, title: str = ""
) -> Picture:
    """The loss against the start that theory expects, the update ratio against 1e-3, and the norm
    of the gradient.

    history: "loss", and where they were recorded "update_ratio" and "grad_norm"; each is one number
    a step, or a dict with such a sequence for every parameter.
    """
    told, panels = [], [(name, paint) for name, paint in _PANELS.items() if name in history]
    steps = len(next(iter(_lines(history["loss"]).values())))
    with drawing():
        figure, axes = canvas(2.75 * len(panels) + 0.3, 2.7, columns=len(panels))
        for box, (name, paint) in zip(axes, panels, strict=True):
            lines = _lines(history[name])
            for (part, values), colour, dash in zip(lines.items(), COLOURS, DASHES, strict=False):
                shown = np.where(np.isfinite(values), values, np.nan)
                box.plot(shown, color=colour, linestyle=dash, linewidth=1.2, label=part)
            told.append(paint(box, lines, expected_start))
            box.set(xlabel="step")
            handles, labels = box.get_legend_handles_labels()
            if any(labels):
                box.legend(handles, labels, fontsize=8)
        if title:
            figure.suptitle(title, fontsize=11)
    said = f" {title}." if title else ""
    return Picture(figure, f"A training run of {steps} steps. {' '.join(told)}{said}")


def _lines(values: Any) -> dict[str, np.ndarray]:
    """One sequence, or one for every parameter; the single one has no name to put into a legend."""
    named = values if isinstance(values, Mapping) else {"": values}
    return {name: np.asarray(sequence, dtype=float) for name, sequence in named.items()}


def _loss(box: Any, lines: Mapping[str, np.ndarray], expected_start: float | None) -> str:
    losses = next(iter(lines.values()))
    finite = losses[np.isfinite(losses)]
    highest = max(finite.max(initial=0.0), expected_start or 0.0)
    # A run that blows up would squeeze its own beginning into a line.
    top = min(highest, 5 * max(finite[0] if len(finite) else 1.0, expected_start or 0.0))
    box.set(title="loss", ylabel="loss", ylim=(0, 1.08 * top or 1.0))
    start = ""
    if expected_start is not None:
        label = f"expected start {number(expected_start)}"
        box.axhline(
            expected_start, color=palette.VERMILION, linestyle="--", linewidth=1.2, label=label
        )
        start = f", where {number(expected_start)} was expected,"
    lost = len(losses) - len(finite)
    blown = f" {lost} losses are not finite." if lost else ""
    return f"Loss: from {number(losses[0])}{start} to {number(losses[-10:].mean())}.{blown}"


def _ratio(box: Any, lines: Mapping[str, np.ndarray], _: float | None) -> str:
    box.axhspan(*_HEALTHY, color=palette.GREEN, alpha=0.12, linewidth=0)
    box.axhline(GUIDE, color=palette.GREEN, linestyle="--", linewidth=1.2, label="guide 0.001")
    box.set(title="|update| / |weights|", ylabel="ratio", yscale="log")
    return f"Update ratio, in the middle of the second half: {_settled(lines)}; the guide is 0.001."


def _norm(box: Any, lines: Mapping[str, np.ndarray], _: float | None) -> str:
    some = any(np.any(values > 0) for values in lines.values())
    box.set(title="norm of the gradient", ylabel="norm", yscale="log" if some else "linear")
    return f"Gradient norm, in the middle of the second half: {_settled(lines)}."


def _settled(lines: Mapping[str, np.ndarray]) -> str:
    middles = {name: np.median(values[len(values) // 2 :]) for name, values in lines.items()}
    return ", ".join(f"{name} {number(float(middle))}".strip() for name, middle in middles.items())


_PANELS = {"loss": _loss, "update_ratio": _ratio, "grad_norm": _norm}


def ensemble(
    members: Mapping[str, float], averages: Mapping[str, float], xlabel: str = "validation loss"
) -> Picture:
    """Each member's loss as a grey bar, and the loss of their averages below them in colour."""
    rows = {**members, **averages}
    with drawing():
        figure, (axes,) = canvas(6.4, 0.8 + 0.3 * len(rows))
        colours = [palette.PALE] * len(members) + [palette.BLUE] * len(averages)
        bars = axes.barh(list(rows), list(rows.values()), color=colours, edgecolor=palette.INK)
        axes.bar_label(bars, [number(value) for value in rows.values()], padding=3)
        middle = float(np.mean(list(members.values())))
        axes.axvline(
            middle,
            color=palette.VERMILION,
            linestyle="--",
            linewidth=1.2,
            label="mean of the members",
        )
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set(xlabel=xlabel)
        figure.suptitle(f"{xlabel}, of each and of their averages", fontsize=10)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, fontsize=8)
    told = ", ".join(f"{name} {number(value)}" for name, value in rows.items())
    return Picture(figure, f"Bars of {xlabel}: {told}. The members' mean is {number(middle)}.")
