"""The class at a glance: how much of each exercise's points was earned, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .classroom import ClassGrades

BAR, DOT, GRID = "#9ecae1", "#08306b", "#d9d9d9"  # light and dark blue: apart in grey and for every colour vision


def points_per_exercise(grades: ClassGrades, path: Path) -> Path:
    """Write a PNG: a bar for the class's mean share of each exercise's points, a dot for every student."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    earned: dict[str, list[float]] = {}
    worth: dict[str, float] = {}
    for row in grades.students:
        for verdict in row.judged.verdicts:
            earned.setdefault(verdict.name, []).append(100 * verdict.score / verdict.points)
            worth[verdict.name] = verdict.points
    names = list(earned)
    figure = Figure(figsize=(8, 1.2 + 0.34 * max(len(names), 1)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, name in enumerate(names):
        shares = sorted(earned[name])
        axes.barh(place, sum(shares) / len(shares), color=BAR, height=0.7, zorder=2)
        # Equal results would hide one another: each further one sits a little lower.
        seen: dict[float, int] = {}
        for share in shares:
            seen[share] = seen.get(share, 0) + 1
        for share, count in seen.items():
            step = min(0.14, 0.6 / count)
            heights = [place + step * (k - (count - 1) / 2) for k in range(count)]
            axes.scatter([share] * count, heights, s=14, color=DOT, zorder=3, clip_on=False)
    axes.set_yticks(range(len(names)), [f"{name}  ({worth[name]:g})" for name in names])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the points in percent (bar: mean of the class, dot: a student)")
    axes.set_title(f"{grades.assignment}: points per exercise, {len(grades.students)} submissions", loc="left")
    axes.grid(axis="x", color=GRID, zorder=0)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=150)
    return path
