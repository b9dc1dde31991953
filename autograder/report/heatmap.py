"""The error of an output as a small picture: which rows and columns are wrong, at a glance."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from ..verdict import Evidence, Verdict

LARGEST = 64
"""Longer axes are thinned to this many entries, keeping the worst of each group."""


def heat_map_png(verdict: Verdict) -> bytes | None:
    """The first failed check's error as a PNG on a transparent background; None when there is nothing to see."""
    shown = next((f.evidence for f in verdict.findings if f.evidence and f.evidence.error is not None), None)
    if shown is None or shown.error is None or shown.error.size < 2:
        return None
    return _draw(shown, _thin(shown.error))


def _thin(error: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        length = error.shape[axis]
        if length > LARGEST:
            groups = np.array_split(error, LARGEST, axis=axis)
            error = np.stack([group.max(axis=axis) for group in groups], axis=axis)
    return error


def _draw(shown: Evidence, error: np.ndarray) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    finite = error[np.isfinite(error)]
    top = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    rows, columns = error.shape
    figure = Figure(figsize=(min(4.5, 1.6 + 0.22 * columns), min(3.2, 0.9 + 0.2 * rows)), dpi=90)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    image = axes.imshow(np.where(np.isfinite(error), error, top), cmap="cividis", vmin=0.0, vmax=top, aspect="auto")
    grey = "#808080"  # readable on white and on black
    row_name, column_name = (*shown.axes, "", "")[:2]
    axes.set_xlabel(column_name, color=grey)
    axes.set_ylabel(row_name, color=grey)
    if not row_name:
        axes.set_yticks([])
    axes.set_title(f"error in {shown.output}", fontsize=9, color=grey)
    axes.tick_params(colors=grey, labelsize=7)
    bar = figure.colorbar(image, ax=axes)
    bar.ax.tick_params(colors=grey, labelsize=7)
    kept = BytesIO()
    figure.savefig(kept, format="png", transparent=True, bbox_inches="tight", metadata={"Software": None})
    return kept.getvalue()
