"""Max pooling: which entries win, and how the gradient finds its way back to them, also where
windows overlap or tie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Choice, Explorer, Slider

IMAGES: Mapping[str, np.ndarray] = {
    "all different": np.array(
        [[3, 1, 2, 8, 0], [4, 6, 5, 1, 7], [2, 0, 9, 3, 1], [1, 5, 2, 4, 6], [7, 2, 0, 1, 3]],
        dtype=float,
    ),
    "with ties": np.array(
        [[5, 5, 1, 0, 2], [1, 5, 1, 4, 4], [2, 0, 3, 4, 1], [6, 1, 3, 3, 0], [6, 2, 0, 3, 3]],
        dtype=float,
    ),
    "all alike": np.ones((5, 5)),
}


def pooling_router(
    yours: tuple[Callable[..., Any], Callable[..., Any]] | None = None, size: int = 2
) -> Explorer:
    """Sliders for the window and its stride, and a choice of images. yours: your forward and your
    backward.

    size: of the window, to begin with.
    """

    def draw(image: str, size: int, stride: int) -> Picture:
        x, back = IMAGES[image], None
        _, dout = pooled(x, size, stride)
        if yours is not None:
            forward, backward = yours
            pool_param = {"pool_height": size, "pool_width": size, "stride": stride}
            _, cache = forward(x[None, None].copy(), pool_param)
            back = np.asarray(backward(dout[None, None].copy(), cache))
        return pooling_picture(x, size, stride, back)

    return Explorer(
        draw,
        {
            "image": Choice("image", {name: name for name in IMAGES}, "all different"),
            "size": Slider("size of the window", 1, 4, 1, size),
            "stride": Slider("stride", 1, 4, 1, 2),
        },
    )


def pooled(x: np.ndarray, size: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest entry of each window, and a gradient of 1, 2, 3 ... to send back.

    For entries of these images alone, from -1 to 10 in steps of a half: it counts how many of
    the steps are reached somewhere in a window.
    """
    places = np.arange(len(x))
    begins = places[: len(x) - size + 1 : stride, None]
    windows = np.asarray((begins <= places) & (places < begins + size), dtype=float)
    reached = [windows @ (x >= level) @ windows.T > 0 for level in np.arange(-0.5, 10.5, 0.5)]
    out = np.sum(reached, axis=0) / 2 - 1
    return out, np.arange(1.0, out.size + 1).reshape(out.shape)


def measured(x: np.ndarray, size: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """The slope of sum(out * dout) in each entry, when the entry falls and when it rises by a half;
    they differ at a tie.
    """
    h, (_, dout) = 0.5, pooled(x, size, stride)

    def slope(k: int, step: float) -> float:
        moved = x.copy()
        moved.flat[k] += step
        gain = (pooled(moved, size, stride)[0] - pooled(x, size, stride)[0]) * dout
        return float(np.round(np.sum(gain) / step, 3))

    falling, rising = (
        np.reshape([slope(k, step) for k in range(x.size)], x.shape) for step in (-h, h)
    )
    return falling, rising


def pooling_picture(
    x: np.ndarray, size: int, stride: int, back: np.ndarray | None = None
) -> Picture:
    """The image, its largest entries, the gradient that arrives, and what comes back to each entry.

    back: somebody's dx (1, 1, H, W), judged by what measuring allows; without it, what was
        measured.
    """
    out, dout = pooled(x, size, stride)
    falling, rising = measured(x, size, stride)
    low, high = np.minimum(falling, rising), np.maximum(falling, rising)
    tie = bool(np.any(high - low > 1e-3))
    verdict, fine = ("a tie: entries share, in any way that adds up" if tie else "measured"), True
    texts = [
        [_range(*pair) for pair in zip(*rows, strict=True)] for rows in zip(low, high, strict=True)
    ]
    shown = (low + high) / 2
    if back is not None:
        verdict, fine = _verdict(back, low, high, dout)
        if back.shape == (1, 1, *x.shape):
            shown, texts = (
                back[0, 0],
                [[number(float(value)) for value in row] for row in back[0, 0]],
            )
    with drawing():
        figure, axes = canvas(8.8, 2.7, columns=4, width_ratios=[5, 3, 3, 5])
        for box, values, title, words in zip(
            axes,
            (x, out, dout, shown),
            ("x", "out", "dout", "dx"),
            (None, None, None, texts),
            strict=True,
        ):
            _grid(box, values, title, words)
        figure.suptitle(verdict, fontsize=10, color=palette.INK if fine else palette.VERMILION)
    return Picture(
        figure,
        f"Max pooling of {len(x)} x {len(x)} entries in windows of {size} x {size}, stride "
        f"{stride}: {out.size} outputs. Entries that may receive gradient: "
        f"{int(np.sum(high > 1e-9))}; it adds up to {number(dout.sum())}. "
        f"{verdict[0].upper()}{verdict[1:]}.",
    )


def _verdict(
    back: np.ndarray, low: np.ndarray, high: np.ndarray, dout: np.ndarray
) -> tuple[str, bool]:
    if back.shape != (1, 1, *low.shape):
        return f"your dx has shape {back.shape}; here it must be {(1, 1, *low.shape)}", False
    outside = (back[0, 0] < low - 1e-6) | (back[0, 0] > high + 1e-6)
    if outside.any():
        i, j = map(int, np.argwhere(outside)[0])
        wanted = _range(low[i, j], high[i, j])
        return f"yours: dx[{i}, {j}] is {number(back[0, 0, i, j])}, measuring says {wanted}", False
    if abs(back.sum() - dout.sum()) > 1e-6:
        return (
            f"yours adds up to {number(back.sum())}; it must be {number(dout.sum())}, all of dout",
            False,
        )
    return "yours, and measuring agrees", True


def _range(low: float, high: float) -> str:
    return number(high) if high - low < 1e-3 else f"{number(low)}–{number(high)}"


def _grid(axes: Any, values: np.ndarray, title: str, words: list[list[str]] | None = None) -> None:
    limit = np.abs(values).max() or 1
    axes.imshow(
        values, cmap="Blues" if title in ("x", "out") else "Oranges", vmin=0, vmax=1.6 * limit
    )
    for i, j in np.ndindex(*values.shape):
        text = number(float(values[i, j])) if words is None else words[i][j]
        axes.text(j, i, text, ha="center", va="center", fontsize=8, color="black")
    axes.set(title=title, xticks=[], yticks=[])
