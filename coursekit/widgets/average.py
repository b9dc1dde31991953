"""A parameter that training shakes about, and the moving average one tests with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Explorer, Slider, Switch

STEPS, TARGET = 800, 1.0


def average_explorer(
    update: Callable[..., Any] | None = None, corrected: Callable[..., Any] | None = None
) -> Explorer:
    """Sliders for decay, noise and start of an average; your ``ema_update`` and ``ema_corrected``
    as dots over the lines.
    """

    def draw(decay: float, noise: float, from_zero: bool) -> Picture:
        x = shaken(noise)
        start = 0.0 if from_zero else x[0]
        yours = corrections = None
        if update is not None:
            yours, kept = [], np.array([start])
            for value in x:
                kept = update(kept, np.array([value]), decay)
                yours.append(float(np.asarray(kept).reshape(-1)[0]))
            if corrected is not None and from_zero:
                corrections = [
                    float(np.asarray(corrected(np.array([value]), t, decay)).reshape(-1)[0])
                    for t, value in enumerate(yours, 1)
                ]
        return average_picture(x, decay, start, yours, corrections)

    return Explorer(
        draw,
        {
            "decay": Slider("decay", 0.9, 0.999, 0.001, 0.98),
            "noise": Slider("noise", 0.0, 1.0, 0.05, 0.3),
            "from_zero": Switch("start at zero", corrected is not None),
        },
    )


def shaken(noise: float) -> np.ndarray:
    """A parameter on its way to 1: it arrives within a hundred steps and is then only shaken."""
    steps = np.arange(STEPS)
    return (
        TARGET - 0.6 * np.exp(-steps / 40) + noise * np.random.default_rng(2).standard_normal(STEPS)
    )


def remembered(x: np.ndarray, decay: float, start: float) -> np.ndarray:
    """The average after every step, written out: each past value times the weight that is left of
    it.
    """
    fading = decay ** np.arange(len(x))
    return (
        np.convolve(x, fading)[: len(x)] / np.sum(decay ** np.arange(100_000))
        + start * decay * fading
    )


def average_picture(
    x: np.ndarray,
    decay: float,
    start: float,
    yours: list[float] | None = None,
    corrections: list[float] | None = None,
) -> Picture:
    """Left the parameter and its average, right how much of each past value the average still
    holds.
    """
    average = remembered(x, decay, start)
    ages = np.arange(len(x))
    half = int(np.argmax(decay**ages <= 0.5)) if decay ** ages[-1] <= 0.5 else None
    shown = slice(None, None, 25)
    with drawing():
        figure, (left, right) = canvas(8.0, 3.0, columns=2, width_ratios=[2, 1])
        left.plot(x, color=palette.PALE, linewidth=0.8, label="the parameter")
        left.axhline(
            TARGET, color=palette.GREY, linestyle=":", linewidth=1, label="where it belongs"
        )
        left.plot(average, color=palette.BLUE, linewidth=2, label="its average")
        if yours is not None:
            left.plot(
                ages[shown],
                yours[shown],
                "o",
                color=palette.VERMILION,
                markersize=4,
                label="your ema_update",
            )
        if corrections is not None:
            label = "your ema_corrected"
            left.plot(
                ages[shown], corrections[shown], "s", color=palette.GREEN, markersize=4, label=label
            )
        left.set(
            title="a parameter and its average",
            xlabel="step",
            ylabel="value",
            ylim=(min(-0.1, float(x.min())), None),
        )
        left.legend(fontsize=8, loc="lower right", ncols=2)
        right.fill_between(ages, decay**ages, color=palette.SKY, alpha=0.6, linewidth=0)
        right.set(
            title="what is left of a value", xlabel="steps ago", ylabel="share", ylim=(0, 1.05)
        )
        if half is not None:
            right.axvline(
                half,
                color=palette.VERMILION,
                linestyle="--",
                linewidth=1.2,
                label=f"half after {half}",
            )
            right.legend(fontsize=8)
    off = float(np.sqrt(np.mean((average[-200:] - TARGET) ** 2)))
    raw = float(np.sqrt(np.mean((x[-200:] - TARGET) ** 2)))
    ends = "" if yours is None else f" Your average ends at {number(yours[-1])}."
    mended = (
        ""
        if corrections is None
        else f" Corrected, your average begins at {number(corrections[0])}."
    )
    return Picture(
        figure,
        f"A shaken parameter over {len(x)} steps and its moving average with decay "
        f"{number(decay)}. In the last 200 steps the parameter is off by {number(raw)} and the "
        f"average by {number(off)}; after 50 steps the average is at {number(average[49])}, after "
        f"all at {number(average[-1])}.{ends}{mended}",
    )
