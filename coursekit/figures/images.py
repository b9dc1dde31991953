"""Pictures from data sets, and what a linear classifier learned, shown as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import palette
from .picture import Picture, canvas, drawing
from .slopes import score_slopes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def examples(
    X: np.ndarray,
    y: np.ndarray,
    class_names: Sequence[str],
    image_shape: Sequence[int],
    per_class: int = 4,
) -> Picture:
    """The first few examples of every class, one column a class."""
    with drawing():
        figure, axes = canvas(7.6, 0.4 + 0.76 * per_class, columns=len(class_names), rows=per_class)
        for c, name in enumerate(class_names):
            rows = np.flatnonzero(np.asarray(y) == c)[:per_class]
            for r in range(per_class):
                box = axes[r * len(class_names) + c]
                box.axis("off")
                if r < len(rows):
                    _image(box, X[rows[r]], image_shape)
            axes[c].set_title(name, fontsize=8)
    return Picture(
        figure,
        f"{per_class} example images of each of the {len(class_names)} classes: "
        f"{', '.join(class_names)}.",
    )


def templates(
    W: np.ndarray, class_names: Sequence[str], image_shape: Sequence[int], title: str = ""
) -> Picture:
    """Each class's column of W as an image. A last row beyond the pixels, the bias, is left out.

    Grey images: orange where a bright pixel lowers the score, purple where it raises it. Colour
    images: W rescaled.
    """
    pixels = int(np.prod(image_shape))
    weights = np.asarray(W, dtype=float)[:pixels]
    with drawing():
        rows = 1 if len(class_names) <= 5 else 2
        columns = -(-len(class_names) // rows)
        figure, axes = canvas(7.2, 0.3 + rows * 1.55, columns=columns, rows=rows)
        for box in axes:
            box.axis("off")
        for c, name in enumerate(class_names):
            if len(image_shape) == 3:
                low, high = weights[:, c].min(), weights[:, c].max()
                _image(axes[c], (weights[:, c] - low) / (high - low or 1), image_shape)
            else:
                limit = np.abs(weights[:, c]).max() or 1
                axes[c].imshow(
                    weights[:, c].reshape(image_shape),
                    cmap=palette.DIVERGING,
                    vmin=-limit,
                    vmax=limit,
                )
            axes[c].set_title(name)
        if title:
            figure.suptitle(title, fontsize=11)
    return Picture(
        figure,
        f"{title or 'Weights'}: one image for each class ({', '.join(class_names)}), made of that "
        "class's column of W.",
    )


def contributions(
    x: np.ndarray,
    scores: np.ndarray,
    y: int,
    class_names: Sequence[str],
    image_shape: Sequence[int],
) -> Picture:
    """What one example adds to every class's column of dW: the image itself, times a number.

    The numbers are the slopes of the example's loss in its scores, measured by moving each score a
    little."""
    slopes = score_slopes(scores, y)
    with drawing():
        figure, axes = canvas(8.4, 1.35, columns=len(class_names) + 1)
        _image(axes[0], x, image_shape)
        axes[0].set_title("X[i]\n", fontsize=9)
        limit = min(3.0, np.abs(slopes).max()) * np.abs(x).max() or 1
        for c, name in enumerate(class_names):
            shown = (slopes[c] * np.asarray(x)).reshape(image_shape)
            shown = shown.mean(axis=2) if shown.ndim == 3 else shown
            axes[c + 1].imshow(shown, cmap=palette.DIVERGING, vmin=-limit, vmax=limit)
            colour = palette.TRUE_CLASS if c == y else palette.INK
            axes[c + 1].set_title(f"{name}\n{_signed(slopes[c])}", fontsize=9, color=colour)
        for box in axes:
            box.set(xticks=[], yticks=[])
            for spine in box.spines.values():
                spine.set(visible=True, color=palette.PALE)
    listed = ", ".join(
        f"{name} {_signed(slope)}" for name, slope in zip(class_names, slopes, strict=True)
    )
    return Picture(
        figure,
        "One image and the multiples of it that enter each class's column of dW "
        f"(true class {class_names[y]}): {listed}.",
    )


def centring(
    before: np.ndarray,
    mean: np.ndarray,
    after: np.ndarray,
    image_shape: Sequence[int],
    count: int = 5,
) -> Picture:
    """Some images, the mean image, and the same images with the mean taken away."""
    pixels = int(np.prod(image_shape))
    before, after = np.asarray(before)[:count, :pixels], np.asarray(after)[:count, :pixels]
    limit = np.abs(after).max() or 1
    with drawing():
        figure, axes = canvas(7.6, 2.5, columns=count + 1, rows=2)
        for box in axes:
            box.axis("off")
        for k in range(count):
            _image(axes[k], before[k], image_shape)
            shown = after[k].reshape(image_shape)
            shown = shown.mean(axis=2) if shown.ndim == 3 else shown
            axes[count + 1 + k].imshow(shown, cmap=palette.DIVERGING, vmin=-limit, vmax=limit)
        _image(axes[count], mean[:pixels], image_shape)
        axes[count].set_title("the mean", fontsize=9)
        axes[0].set_title("as they come", fontsize=9)
        axes[count + 1].set_title("mean removed", fontsize=9)
    return Picture(
        figure,
        f"{count} images as they come and, below, with the training mean removed: values now lie "
        "on both sides of zero.",
    )


def confusion(y_true: np.ndarray, y_pred: np.ndarray, class_names: Sequence[str]) -> Picture:
    """How often each class is taken for each other one."""
    C = len(class_names)
    table = np.bincount(np.asarray(y_true) * C + np.asarray(y_pred), minlength=C * C).reshape(C, C)
    with drawing():
        figure, (axes,) = canvas(5.0, 4.4)
        off_diagonal = np.where(np.eye(C, dtype=bool), 0, table)
        axes.imshow(off_diagonal, cmap="Oranges", vmax=1.8 * max(1, off_diagonal.max()))
        for i, j in np.ndindex(C, C):
            if table[i, j]:
                axes.text(
                    j,
                    i,
                    str(table[i, j]),
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="0.35" if i == j else "black",
                )
        turn = 45 if max(map(len, class_names)) > 2 else 0
        axes.set_xticks(range(C), class_names, rotation=turn)
        axes.set_yticks(range(C), class_names)
        axes.set(
            xlabel="predicted",
            ylabel="true",
            title=f"{np.mean(y_true == y_pred):.1%} right; the shaded cells are mistakes",
        )
    i, j = map(int, np.unravel_index(np.argmax(off_diagonal), off_diagonal.shape))
    return Picture(
        figure,
        f"Table of true against predicted classes; {np.mean(y_true == y_pred):.1%} are right. "
        f"Most frequent mistake: {class_names[i]} taken for {class_names[j]}, "
        f"{off_diagonal[i, j]} times.",
    )


def _image(axes: Axes, row: np.ndarray, image_shape: Sequence[int]) -> None:
    axes.imshow(np.asarray(row).reshape(image_shape), cmap="gray", interpolation="nearest")


def _signed(slope: float) -> str:
    return f"{slope:+.0f}" if slope else "0"
