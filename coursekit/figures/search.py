"""Hyperparameter searches: what was tried, what came out, and whether the best lies at the edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import palette
from .picture import Numbers, Picture, canvas, drawing, number


def sampling(lr_range: tuple[float, float], count: int = 200, seed: int = 0) -> Picture:
    """The same number of learning rates drawn uniformly and log-uniformly, both seen on a log
    axis.
    """
    low, high = lr_range
    rng = np.random.default_rng(seed)
    uniform, log_uniform = (
        rng.uniform(low, high, count),
        np.exp(rng.uniform(np.log(low), np.log(high), count)),
    )
    middle = np.sqrt(low * high)
    with drawing():
        figure, (axes,) = canvas(7.0, 2.0)
        for k, (values, colour) in enumerate(
            ((uniform, palette.VERMILION), (log_uniform, palette.BLUE))
        ):
            axes.plot(values, k + rng.uniform(-0.25, 0.25, count), ".", color=colour, markersize=5)
        axes.set_yticks([0, 1], ["uniform", "log-uniform"])
        axes.set(xscale="log", xlabel="learning rate", ylim=(-0.6, 1.6))
        axes.set_title(f"{count} learning rates, drawn in two ways")
    share = [np.mean(values < middle) for values in (uniform, log_uniform)]
    return Picture(
        figure,
        f"{count} learning rates from {number(low)} to {number(high)} on a log axis. In the lower "
        f"half of the axis lie {share[0]:.0%} of those drawn uniformly and {share[1]:.0%} of "
        "those drawn log-uniformly.",
    )


def accuracy_map(learning_rates: Numbers, regs: Numbers, accuracies: np.ndarray) -> Picture:
    """Validation accuracy over a grid of learning rates (down) and regularisation strengths
    (across).

    The best cell is framed; when it is on the grid's border the title says so: the best may lie
    outside."""
    accuracies = np.asarray(accuracies, dtype=float)
    i, j = map(int, np.unravel_index(np.argmax(accuracies), accuracies.shape))
    border = i in (0, len(learning_rates) - 1) or j in (0, len(regs) - 1)
    with drawing():
        figure, (axes,) = canvas(6.4, 3.6)
        shown = axes.imshow(accuracies, cmap=palette.SEQUENTIAL, aspect="auto", origin="lower")
        for row, column in np.ndindex(*accuracies.shape):
            dark = accuracies[row, column] < (accuracies.min() + accuracies.max()) / 2
            axes.text(
                column,
                row,
                f"{accuracies[row, column]:.2f}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else "black",
            )
        axes.plot(
            j,
            i,
            "s",
            markersize=24,
            markerfacecolor="none",
            markeredgecolor=palette.VERMILION,
            markeredgewidth=2.5,
        )
        axes.set_xticks(range(len(regs)), [f"{value:.0e}" for value in regs], fontsize=8)
        axes.set_yticks(
            range(len(learning_rates)), [f"{value:.0e}" for value in learning_rates], fontsize=8
        )
        warning = (
            "the best is on the border: widen the grid" if border else "the best is inside the grid"
        )
        axes.set(xlabel="reg", ylabel="learning rate")
        axes.set_title(
            f"best {accuracies[i, j]:.3f}; {warning}",
            color=palette.VERMILION if border else palette.INK,
        )
        figure.colorbar(shown, label="validation accuracy")
    return Picture(
        figure,
        f"Grid of validation accuracies. The best, {accuracies[i, j]:.3f}, is at learning rate "
        f"{number(learning_rates[i])} and reg {number(regs[j])}: {warning}.",
    )


def trials(
    results: Sequence[tuple[float, ...]], n_coarse: int, boundary: tuple[bool, bool]
) -> Picture:
    """The points of a random search, coarse and fine, coloured by validation accuracy."""
    table = np.array([row[:4] for row in results], dtype=float)
    best = int(np.argmax(table[:, 3]))
    with drawing():
        figure, (axes,) = canvas(6.6, 3.6)
        # Runs that diverged would take up the whole scale: what lies far below the middle shares
        # the darkest colour.
        floor = max(table[:, 3].min(), 2 * np.median(table[:, 3]) - table[best, 3] - 0.02)
        scale = {
            "vmin": floor,
            "vmax": table[:, 3].max(),
            "cmap": palette.SEQUENTIAL,
            "edgecolors": palette.GREY,
        }
        for part, marker, name in (
            (slice(0, n_coarse), "o", "coarse"),
            (slice(n_coarse, None), "^", "fine"),
        ):
            shown = axes.scatter(
                table[part, 1],
                table[part, 0],
                c=table[part, 3],
                marker=marker,
                s=60,
                label=name,
                **scale,
            )
        axes.plot(
            table[best, 1],
            table[best, 0],
            "s",
            markersize=16,
            markerfacecolor="none",
            markeredgecolor=palette.VERMILION,
            markeredgewidth=2,
        )
        axes.set(xscale="log", yscale="log", xlabel="reg", ylabel="learning rate")
        edges = [name for name, at in zip(("learning rate", "reg"), boundary, strict=True) if at]
        verdict = (
            f"on the border of the {' and the '.join(edges)} range: widen it"
            if edges
            else "inside both ranges"
        )
        axes.set_title(
            f"best {table[best, 3]:.3f}, {verdict}",
            color=palette.VERMILION if edges else palette.INK,
        )
        axes.legend()
        figure.colorbar(shown, label="validation accuracy")
    return Picture(
        figure,
        f"{len(table)} trials of learning rate and reg. The best, validation accuracy "
        f"{table[best, 3]:.3f}, is at learning rate {number(table[best, 0])}, reg "
        f"{number(table[best, 1])}, {verdict}.",
    )
