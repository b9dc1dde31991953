"""Eigenvalues and singular values as pictures, and how long a gradient is, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from . import palette
from .losses import COLOURS, DASHES
from .picture import Numbers, Picture, canvas, drawing, number

_MARKERS = ("o", "x", "^", "s")


def stretch(W: np.ndarray, times: int = 1) -> Picture:
    """What a matrix of two rows does to a circle of vectors: the ellipse after each of the first
    multiplications.
    """
    turn = np.linspace(0, 2 * np.pi, 241)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    longest = []
    with drawing():
        figure, (axes,) = canvas(7.4, 2.2)
        axes.plot(*circle, color=palette.GREY, linewidth=1, label="length 1")
        power = np.eye(2)
        for k, colour, dash in zip(range(1, times + 1), COLOURS, DASHES, strict=False):
            power = W @ power
            ellipse = power @ circle
            lengths = np.hypot(*ellipse)
            longest.append(float(lengths.max()))
            axes.plot(*ellipse, color=colour, linestyle=dash, linewidth=1.8, label=f"after {k}")
            axes.plot(*ellipse[:, [lengths.argmax()]], marker="o", color=colour, markersize=5)
        axes.set(aspect="equal", xlabel="first component", ylabel="second")
        axes.set_title("a circle of vectors, and what becomes of it")
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    radius = float(np.abs(np.linalg.eigvals(W)).max())
    told = ", ".join(number(length) for length in longest)
    return Picture(
        figure,
        "A circle of vectors of length 1, multiplied by a matrix of spectral radius "
        f"{number(radius)} again and again: ellipses, whose longest vectors have length {told}.",
    )


def eigenvalues(matrices: Mapping[str, np.ndarray]) -> Picture:
    """The eigenvalues of some matrices in the complex plane, with the circle of radius 1."""
    turn, told = np.linspace(0, 2 * np.pi, 241), []
    with drawing():
        figure, axes = canvas(min(9.0, 3.2 * len(matrices) + 0.4), 3.1, columns=len(matrices))
        for box, (name, W), colour, marker in zip(
            axes, matrices.items(), COLOURS, _MARKERS, strict=False
        ):
            values = np.linalg.eigvals(W)
            radius, norm = float(np.abs(values).max()), float(np.linalg.norm(W, 2))
            box.plot(np.cos(turn), np.sin(turn), color=palette.GREY, linewidth=1)
            box.scatter(values.real, values.imag, s=14, color=colour, marker=marker)
            box.set(
                aspect="equal",
                title=f"{name}\nradius {radius:.2f}, norm {norm:.2f}",
                xlabel="real part",
            )
            told.append(
                f"{name}: {len(values)} eigenvalues, radius {number(radius)}, spectral norm "
                f"{number(norm)}"
            )
        axes[0].set_ylabel("imaginary part")
    return Picture(
        figure,
        f"Eigenvalues in the complex plane beside the circle of radius 1. {'; '.join(told)}.",
    )


def fates(rows: Sequence[tuple[str, np.ndarray, str, Numbers]]) -> Picture:
    """Lengths of a gradient on its way back, a curve a network, and what radius and norm said
    beforehand.

    rows: (name, W, nonlinearity, lengths from the last step to the first).
    """
    told, table = [], []
    with drawing():
        figure, (left, right) = canvas(9.6, 3.4, columns=2, width_ratios=[1, 1.15])
        for (name, W, phi, lengths), colour, dash in zip(rows, COLOURS, DASHES, strict=False):
            lengths = np.asarray(lengths, dtype=float)
            radius, norm = float(np.abs(np.linalg.eigvals(W)).max()), float(np.linalg.norm(W, 2))
            left.plot(lengths, color=colour, linestyle=dash, linewidth=1.8)
            end = float(lengths[-1] / lengths[0])
            table.append([f"{name}, {phi}", f"{radius:.2f}", f"{norm:.2f}", number(end)])
            told.append(
                f"{name}, {phi}: radius {number(radius)}, norm {number(norm)}, length {number(end)}"
            )
        left.set(yscale="log", xlabel="steps back", ylabel="length of the gradient")
        figure.suptitle("a gradient on its way back", fontsize=10)
        left.axhline(1, color=palette.GREY, linewidth=1)
        right.axis("off")
        steps = len(rows[0][3]) - 1
        heads = ["", "radius", "norm", f"after {steps}"]
        drawn = right.table(
            table,
            colLabels=heads,
            colWidths=[0.52, 0.15, 0.13, 0.2],
            loc="center",
            edges="horizontal",
        )
        drawn.auto_set_font_size(False)
        drawn.set_fontsize(9)
        drawn.scale(1, 1.5)
        for k, colour in enumerate(COLOURS[: len(rows)]):
            drawn[k + 1, 0].get_text().set_color(colour)
        for key, cell in drawn.get_celld().items():
            cell.set(facecolor="none", edgecolor=palette.INK)
            cell.get_text().set_horizontalalignment("left" if key[1] == 0 else "right")
    return Picture(
        figure,
        f"The length of a gradient over {steps} steps back, in {len(rows)} networks. "
        f"{'; '.join(told)}.",
    )
