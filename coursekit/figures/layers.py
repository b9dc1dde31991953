"""What flows through a convolutional network: feature maps, the volumes between its layers, and
what methods cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from . import palette
from .losses import COLOURS, DASHES
from .picture import Numbers, Picture, canvas, drawing, number


def maps(
    pictures: Mapping[str, np.ndarray], rows: int = 1, title: str = "", size: float = 1.9
) -> Picture:
    """Images side by side, each on a scale of its own. size: the height of one, in inches.

    Grey ones are (H, W) or (1, H, W), colour ones (H, W, 3) or (3, H, W). Where there are negative
    values, purple is positive, white zero and orange negative; such an image with three channels
    shows their mean."""
    arrays = {
        name: _upright(np.asarray(picture, dtype=float)) for name, picture in pictures.items()
    }
    columns = -(-len(arrays) // rows)
    high, wide = next(iter(arrays.values())).shape[:2]
    width = min(8.6, columns * max(0.9, size * wide / high + 0.15))
    with drawing():
        figure, axes = canvas(
            width, rows * (size + 0.35) + (0.3 if title else 0), columns=columns, rows=rows
        )
        for box in axes:
            box.axis("off")
        for box, (name, array) in zip(axes, arrays.items(), strict=False):
            if array.min() < 0:
                flat = array.mean(axis=2) if array.ndim == 3 else array
                limit = (
                    np.percentile(np.abs(flat), 99.5) or np.abs(flat).max() or 1
                )  # one bright spot hides nothing
                box.imshow(
                    flat, cmap=palette.DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest"
                )
            elif array.ndim == 3:
                box.imshow(array / max(1.0, array.max()), interpolation="nearest")
            else:
                box.imshow(array, cmap="gray", interpolation="nearest")
            box.set_title(name, fontsize=9)
        if title:
            figure.suptitle(title, fontsize=11)
    told = "; ".join(_described(name, array) for name, array in arrays.items())
    return Picture(figure, f"{title or 'Images side by side'}: {told}.")


def _described(name: str, array: np.ndarray) -> str:
    size, ends = (
        f"{array.shape[0]} x {array.shape[1]}",
        f"from {number(array.min())} to {number(array.max())}",
    )
    return f"{' '.join(name.split()) or 'unnamed'}, {size}, {ends}"


def _upright(picture: np.ndarray) -> np.ndarray:
    """Channels last, and none where there is only one."""
    if picture.ndim == 3 and (
        picture.shape[0] == 1 or (picture.shape[0] == 3 and picture.shape[2] not in (1, 3))
    ):
        picture = picture.transpose(1, 2, 0)
    return picture[:, :, 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture


def volumes(shapes: Mapping[str, Sequence[int]]) -> Picture:
    """What a network hands from layer to layer: boxes as high as the images and as deep as there
    are channels.

    shapes: name -> (C, H, W), or (K,) for a vector, which is drawn as a line.
    """
    from matplotlib.patches import Polygon, Rectangle

    tallest = max((shape[1] for shape in shapes.values() if len(shape) == 3), default=1)
    at = 0.0
    with drawing():
        figure, (axes,) = canvas(8.8, 2.5)
        for name, shape in shapes.items():
            depth = 0.12 + 0.05 * np.log2(shape[0]) if len(shape) == 3 else 0.1
            side = 2.4 * (shape[1] / tallest) ** 0.6 if len(shape) == 3 else 1.6
            lean = 0.35 * side if len(shape) == 3 else 0.0
            style = {"edgecolor": palette.GREY, "linewidth": 0.8}
            axes.add_patch(
                Rectangle((at, -side / 2), depth, side, facecolor=palette.SKY, alpha=0.8, **style)
            )
            if lean:
                top = [
                    (at, side / 2),
                    (at + lean, side / 2 + lean / 2),
                    (at + depth + lean, side / 2 + lean / 2),
                    (at + depth, side / 2),
                ]
                right = [
                    (at + depth, side / 2),
                    (at + depth + lean, side / 2 + lean / 2),
                    (at + depth + lean, -side / 2 + lean / 2),
                    (at + depth, -side / 2),
                ]
                axes.add_patch(Polygon(top, facecolor="#D7ECF9", **style))
                axes.add_patch(Polygon(right, facecolor="#A9D5F0", **style))
            label = "x".join(map(str, (*shape[1:], shape[0])))
            middle = at + (depth + lean) / 2
            axes.text(middle, -side / 2 - 0.12, label, ha="center", va="top", fontsize=7)
            axes.text(
                middle, side / 2 + lean / 2 + 0.08, name, ha="center", va="bottom", fontsize=8
            )
            at += depth + lean + max(0.45, 1.3 - depth - lean)
        axes.set(xlim=(-0.5, at), ylim=(-1.7, 2.2), title="what is handed from layer to layer")
        axes.axis("off")
    told = ", ".join(
        f"{name} {' x '.join(map(str, (*shape[1:], shape[0])))}" for name, shape in shapes.items()
    )
    return Picture(
        figure, f"Boxes from left to right, as large as what each layer hands on: {told}."
    )


def shared_means(sets: Mapping[str, np.ndarray]) -> Picture:
    """Which feature maps share a mean: each square is one map, a frame is drawn around those that
    do, and one such set is coloured.

    sets: name -> (N, C) numbers, one for each image and channel; maps with equal numbers share, and
        as many share each.
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    told, pixels = [], np.array([-0.36, -0.11, 0.14])  # where the pixels of a map begin
    with drawing():
        figure, axes = canvas(min(8.6, 2.2 * len(sets)), 2.3, columns=len(sets))
        for box, (name, numbers) in zip(axes, sets.items(), strict=True):
            table = np.asarray(numbers)
            squares, colours = [], []
            for n, c in np.ndindex(*table.shape):
                squares += [Rectangle((c + i, n + j), 0.22, 0.22) for i in pixels for j in pixels]
                ours = table[n, c] == table[0, 0]
                colours += 9 * [palette.BLUE if ours else palette.PALE]
            box.add_collection(PatchCollection(squares, facecolors=colours))
            for one in np.unique(table):
                rows, columns = np.nonzero(table == one)
                corner = columns.min() - 0.46, rows.min() - 0.46
                sides = np.ptp(columns) + 0.92, np.ptp(rows) + 0.92
                box.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=palette.GREY))
            (N, C), means = table.shape, len(np.unique(table))
            box.set(xlim=(-0.6, C - 0.4), ylim=(N - 0.4, -0.6), aspect="equal")
            box.set(title=name, xlabel="channel", ylabel="image")
            box.set(xticks=range(C), yticks=range(N))
            told.append(f"{name}, {means} sets of {table.size // means}")
    return Picture(
        figure,
        "Grids of feature maps, images by channels; maps in one frame share a mean: "
        f"{'; '.join(told)}.",
    )


def bars(values: Mapping[str, float], xlabel: str, log: bool = False, form: str = "") -> Picture:
    """One bar for each name, with its value. form: how the value is written, as in format()."""
    written = {
        name: format(value, form) if form else number(value) for name, value in values.items()
    }
    with drawing():
        figure, (axes,) = canvas(7.0, 0.7 + 0.3 * len(values))
        drawn = axes.barh(list(values), list(values.values()), color=palette.BLUE, height=0.7)
        axes.bar_label(drawn, list(written.values()), padding=3)
        axes.set(title=f"{xlabel} of each", xlabel=xlabel, xscale="log" if log else "linear")
        axes.invert_yaxis()
        axes.margins(x=0.2)
    return Picture(
        figure,
        f"Bars of {xlabel}: {', '.join(f'{name} {value}' for name, value in written.items())}.",
    )


def crossover(
    sizes: Numbers,
    seconds: Mapping[str, Numbers],
    points: Mapping[str, tuple[float, float]],
    title: str = "",
) -> Picture:
    """What several ways to convolve cost, against the size of the filter, and where another one
    becomes the cheapest.

    seconds: name -> one measurement a size. points: name -> (size, seconds) of a way that knows one
        size only.
    """
    sizes, names = np.asarray(sizes), list(seconds)
    table = np.array([np.asarray(seconds[name], dtype=float) for name in names])
    with drawing():
        figure, (axes,) = canvas(6.8, 3.2)
        for name, row, colour, dash in zip(names, table, COLOURS, DASHES, strict=False):
            axes.plot(
                sizes, 1e3 * row, color=colour, linestyle=dash, marker="o", markersize=4, label=name
            )
        for (name, (size, time)), colour in zip(
            points.items(), COLOURS[len(names) :], strict=False
        ):
            axes.plot(size, 1e3 * time, "*", color=colour, markersize=13, label=name)
        axes.set(
            xlabel="height and width of the filter",
            ylabel="milliseconds",
            yscale="log",
            title=title,
        )
        axes.set_xticks(sizes)
        axes.legend(fontsize=8)
    quickest = [names[k] for k in table.argmin(axis=0)]
    told = "; ".join(
        f"{size:g} x {size:g}: {', '.join(f'{name} {1e3 * time:.3g}' for name, time in zip(names, column, strict=True))}"
        for size, column in zip(sizes, table.T, strict=True)
    )
    apart = "".join(
        f"; {name} at {size:g} x {size:g}: {1e3 * time:.3g}"
        for name, (size, time) in points.items()
    )
    changes = [
        f"from {size:g} x {size:g} on {name}"
        for k, (size, name) in enumerate(zip(sizes, quickest, strict=True))
        if k == 0 or quickest[k - 1] != name
    ]
    return Picture(
        figure,
        f"Milliseconds against the size of the filter. {told}{apart}. Quickest of the lines: "
        f"{', '.join(changes)}.",
    )
