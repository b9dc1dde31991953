"""Probabilities: what a classifier believes about single images, and what its beliefs cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import palette
from .picture import Picture, canvas, drawing, number


def beliefs(
    X: np.ndarray,
    p: np.ndarray,
    y: np.ndarray,
    class_names: Sequence[str],
    image_shape: Sequence[int],
    top: int = 3,
) -> Picture:
    """Each image with its most probable classes as bars: blue and hatched the true class, grey the
    others.
    """
    p = np.asarray(p, dtype=float)
    per_row = min(4, len(X))
    rows = -(-len(X) // per_row)
    told = []
    with drawing():
        figure, axes = canvas(2.05 * per_row, 0.5 + 1.35 * rows, columns=2 * per_row, rows=rows)
        for k, (pixels, row, true) in enumerate(zip(X, p, y, strict=True)):
            image, bars = axes[2 * k], axes[2 * k + 1]
            image.imshow(_shown(pixels, image_shape), cmap="gray")
            image.axis("off")
            best = np.argsort(-row)[:top]
            for place, c in enumerate(best):
                right = c == true
                bars.barh(
                    place,
                    row[c],
                    color=palette.TRUE_CLASS if right else palette.GREY,
                    hatch="//" if right else "",
                    edgecolor=palette.PAPER,
                )
            bars.set_yticks(range(len(best)), [str(class_names[c]) for c in best], fontsize=8)
            bars.set(
                xlim=(0, 1.02), ylim=(len(best) - 0.4, -0.6), title=f"true: {class_names[true]}"
            )
            bars.title.set_fontsize(8)
            bars.set_xticks([0, 1], ["0", "1"], fontsize=7)
            bars.set_xlabel("probability", fontsize=7)
            told.append(
                f"{class_names[true]} shown, {class_names[best[0]]} believed at {row[best[0]]:.0%}"
            )
        for box in axes[2 * len(X) :]:
            box.axis("off")
        figure.suptitle("what is seen, and what is believed", fontsize=10)
    return Picture(
        figure,
        f"{len(X)} images with bars for their {top} most probable classes: {'; '.join(told)}.",
    )


def _shown(pixels: np.ndarray, image_shape: Sequence[int]) -> np.ndarray:
    """Pixels of any range, stretched to 0 ... 1."""
    image = np.asarray(pixels, dtype=float).reshape(tuple(image_shape))
    spread = image.max() - image.min()
    return (image - image.min()) / (spread or 1)


def lead_losses(slopes: bool = True) -> Picture:
    """Two classes: what an example costs against the true score's lead, by hinge and by
    cross-entropy; and the slopes.
    """
    lead = np.linspace(-3, 5, 401)
    costs = {"hinge": np.maximum(0, 1 - lead), "cross-entropy": np.logaddexp(0, -lead)}
    styles = {"hinge": (palette.VERMILION, "--"), "cross-entropy": (palette.BLUE, "-")}
    with drawing():
        figure, axes = canvas(7.6 if slopes else 5.2, 2.8, columns=2 if slopes else 1)
        for name, cost in costs.items():
            colour, dash = styles[name]
            axes[0].plot(lead, cost, color=colour, linestyle=dash, linewidth=2, label=name)
            if slopes:
                slope = np.gradient(cost, lead)
                axes[1].plot(lead, slope, color=colour, linestyle=dash, linewidth=2, label=name)
        for box in axes:
            box.axvline(1, color=palette.GREY, linewidth=1, linestyle=":")
            box.set(xlabel="lead of the true score")
        axes[0].set(title="cost", ylabel="cost", ylim=(-0.1, 4.1))
        axes[0].legend()
        if slopes:
            axes[1].set(title="slope", ylabel="slope in the lead", ylim=(-1.15, 0.15))
    at = {f"{name} {number(float(np.interp(3.0, lead, cost)))}" for name, cost in costs.items()}
    return Picture(
        figure,
        "Cost of one example of two classes against the lead of its true score. The hinge falls "
        "in a straight line to 0 at a lead of 1 and stays there; the cross-entropy keeps falling "
        f"and never reaches 0. At a lead of 3: {', '.join(sorted(at))}.",
    )
