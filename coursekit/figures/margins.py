"""Scores, margins and the classes that come too close."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import palette
from .picture import Numbers, Picture, canvas, drawing, number


def margin_bars(
    scores: Numbers,
    y: int,
    delta: float = 1.0,
    class_names: Sequence[str] | None = None,
    title: str = "",
) -> Picture:
    """Left the scores, right each wrong class's margin score - true score + delta; what is above
    zero is paid for.
    """
    scores = np.asarray(scores, dtype=float)
    names = list(class_names or map(str, range(len(scores))))
    wrong = [j for j in range(len(scores)) if j != y]
    shortfalls = scores[wrong] - scores[y] + delta
    paid = shortfalls > 0
    with drawing():
        figure, (left, right) = canvas(7.6, 2.9, columns=2)
        left.bar(
            names,
            scores,
            color=[palette.TRUE_CLASS if j == y else palette.PALE for j in range(len(scores))],
            edgecolor=palette.INK,
        )
        left.axhline(scores[y] - delta, color=palette.TRUE_CLASS, linestyle="--", linewidth=1)
        left.axhline(0, color=palette.GREY, linewidth=0.8)
        left.margins(y=0.15)
        left.set(
            title=f"scores; dashed: {names[y]}'s score - delta", xlabel="class", ylabel="score"
        )
        bars = right.bar(
            [names[j] for j in wrong],
            shortfalls,
            color=[palette.VIOLATION if bad else palette.SATISFIED for bad in paid],
            edgecolor=palette.INK,
            hatch=["//" if bad else "" for bad in paid],
        )
        right.bar_label(bars, [number(m) for m in shortfalls], fontsize=9, padding=2)
        right.axhline(0, color=palette.GREY, linewidth=0.8)
        right.margins(y=0.2)
        total = np.sum(shortfalls[paid])
        right.set(
            title=title or f"margins; hatched bars add up to {number(total)}",
            xlabel="wrong class",
            ylabel="margin",
        )
        if len(names) > 5:
            for axes in (left, right):
                axes.tick_params(axis="x", labelrotation=45 if max(map(len, names)) > 2 else 0)
    listed = ", ".join(f"{names[j]} {number(m)}" for j, m in zip(wrong, shortfalls, strict=True))
    return Picture(
        figure,
        f"Bars of scores and margins. The true class {names[y]} scores {number(scores[y])}. "
        f"Margins of the wrong classes: {listed}. {np.sum(paid)} of {len(wrong)} are above zero; "
        f"together they make {number(total)}.",
    )


def score_lines(scores: np.ndarray, y: np.ndarray, delta: float = 1.0) -> Picture:
    """Each example as a line of scores, with the strip of width delta below the true score
    shaded.
    """
    scores = np.asarray(scores, dtype=float)
    with drawing():
        figure, (axes,) = canvas(7.6, 0.75 + 0.62 * len(scores))
        for i, (row, true) in enumerate(zip(scores, y, strict=True)):
            axes.axhline(i, color=palette.PALE, linewidth=1, zorder=0)
            axes.fill_between(
                [row[true] - delta, row[true]],
                i - 0.3,
                i + 0.3,
                color=palette.SKY,
                alpha=0.35,
                linewidth=0,
            )
            for j, score in enumerate(row):
                marker, colour = ("s", palette.TRUE_CLASS) if j == true else ("o", palette.GREY)
                axes.plot(score, i, marker, markersize=8, color=colour)
                axes.annotate(
                    str(j), (score, i), (0, 7), textcoords="offset points", ha="center", fontsize=9
                )
        axes.set_yticks(range(len(scores)), [f"example {i}" for i in range(len(scores))])
        axes.set(
            xlabel="score",
            ylim=(len(scores) - 0.4, -0.6),
            title="square: the true class; strip: closer than delta",
        )
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    rows = "; ".join(
        f"example {i}: true class {true} at {number(row[true])}, others at "
        + ", ".join(number(s) for j, s in enumerate(row) if j != true)
        for i, (row, true) in enumerate(zip(scores, y, strict=True))
    )
    return Picture(
        figure,
        f"Scores of {len(scores)} examples on a line each, with a strip of width {number(delta)} "
        f"below the true score. {rows}.",
    )


def violations(
    mask: np.ndarray, counts: np.ndarray, y: np.ndarray, class_names: Sequence[str]
) -> Picture:
    """The mask of margin violations as a grid, one row an example, with the counts beside it."""
    mask, counts = np.asarray(mask, dtype=float), np.asarray(counts)
    with drawing():
        figure, (grid, bars) = canvas(
            7.6, 0.9 + 0.24 * len(mask), columns=2, width_ratios=[2, 1], sharey=True
        )
        grid.imshow(mask, cmap="Reds", vmin=0, vmax=1.4, aspect="auto")
        grid.scatter(
            y, range(len(y)), marker="s", s=45, color=palette.TRUE_CLASS, label="true class"
        )
        grid.set_xticks(
            range(len(class_names)),
            class_names,
            rotation=45 if max(map(len, class_names)) > 2 else 0,
        )
        grid.set(ylabel="example", title="orange: violates the margin; square: the true class")
        bars.barh(range(len(counts)), counts, color=palette.VIOLATION)
        bars.set(title="counts", xlabel="violations", xlim=(0, max(1, len(class_names) - 1)))
    return Picture(
        figure,
        f"Grid of {len(mask)} examples by {len(class_names)} classes marking margin violations; "
        "squares mark the true classes. Counts per example: "
        f"{', '.join(map(str, counts.tolist()))}.",
    )


def count_against_loss(scores: Numbers, y: int, loss: float, delta: float = 1.0) -> Picture:
    """Three numbers that old notes confuse: misclassified classes, violated margins, and the
    loss.
    """
    scores = np.asarray(scores, dtype=float)
    others = np.delete(scores, y)
    above, close = int(np.sum(others >= scores[y])), int(np.sum(others - scores[y] + delta > 0))
    with drawing():
        figure, (axes,) = canvas(6.0, 1.9)
        names = [
            "classes at or above\nthe true one",
            "classes that violate\nthe margin",
            "hinge loss",
        ]
        bars = axes.barh(
            names, [above, close, loss], color=[palette.GREY, palette.ORANGE, palette.BLUE]
        )
        axes.bar_label(bars, [str(above), str(close), number(loss)], padding=3)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_xlabel("classes, and the loss")
        axes.set_title(f"your scores: {', '.join(map(number, scores))}; true class {y}")
    return Picture(
        figure,
        f"Three bars: {above} classes at or above the true one, {close} classes that violate the "
        f"margin, hinge loss {number(loss)}.",
    )


def margin_histogram(margins: dict[str, np.ndarray], delta: float = 1.0) -> Picture:
    """How far the true score leads the best wrong one, for several classifiers."""
    with drawing():
        figure, (axes,) = canvas(7.6, 2.8)
        low = min(np.percentile(lead, 1) for lead in margins.values())
        high = max(np.percentile(lead, 99) for lead in margins.values())
        edges = np.linspace(low, high, 40)
        styles = zip(
            (palette.BLUE, palette.VERMILION, palette.GREEN), ("-", "--", ":"), strict=True
        )
        for (name, lead), (colour, dash) in zip(margins.items(), styles, strict=False):
            axes.hist(
                lead, edges, histtype="step", color=colour, linestyle=dash, linewidth=2, label=name
            )
        axes.axvline(0, color=palette.GREY, linewidth=0.8)
        axes.axvline(delta, color=palette.GREY, linestyle=":", linewidth=1)
        axes.annotate(
            "delta", (delta, 1), xycoords=("data", "axes fraction"), fontsize=9, va="top", ha="left"
        )
        axes.set(
            title="how far the true class leads",
            xlabel="true score - best wrong score (below zero: misclassified)",
            ylabel="examples",
        )
        axes.legend()
    told = "; ".join(
        f"{name}: {np.mean(lead < 0):.0%} below zero, {np.mean((lead >= 0) & (lead < delta)):.0%} "
        "between zero and delta"
        for name, lead in margins.items()
    )
    return Picture(figure, f"Histogram of the true class's lead. {told}.")
