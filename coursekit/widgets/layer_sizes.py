"""The sizes of a convolution layer: places along one side, what is left over, and what the layer
costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing
from .explorer import Choice, Explorer, Slider


@dataclass(frozen=True)
class Layer:
    """Filters of ``F`` x ``F`` x ``D`` at stride ``S`` with padding ``P``, ``K`` of them, over
    ``W`` x ``W`` x ``D``.
    """

    W: int
    F: int
    S: int
    P: int
    D: int
    K: int


KNOWN: Mapping[str, Layer | None] = {
    "the sliders": None,
    "10 filters, 5 x 5 over 32 x 32 x 3": Layer(32, 5, 1, 2, 3, 10),
    "AlexNet's first": Layer(227, 11, 4, 0, 3, 96),
    "AlexNet's first, on the paper's 224": Layer(224, 11, 4, 0, 3, 96),
    "VGG-16's second": Layer(224, 3, 1, 1, 64, 64),
    "ResNet's first": Layer(224, 7, 2, 3, 3, 64),
}


def layer_calculator() -> Explorer:
    """Sliders for a convolution layer, or one of the well-known layers."""

    def draw(known: Layer | None, W: int, F: int, S: int, P: int, D: int, K: int) -> Picture:
        return layer_picture(known or Layer(W, F, S, P, D, K))

    return Explorer(
        draw,
        {
            "known": Choice("layer", KNOWN, None),
            "W": Slider("W, side of the input", 3, 40, 1, 10),
            "F": Slider("F, side of a filter", 1, 11, 1, 3),
            "S": Slider("S, stride", 1, 5, 1, 2),
            "P": Slider("P, zeros at each end", 0, 5, 1, 1),
            "D": Slider("depth of the input", 1, 64, 1, 3),
            "K": Slider("K, filters", 1, 64, 1, 6),
        },
    )


def places(layer: Layer) -> list[int]:
    """Where a filter begins, one place after another; 0 is the first real entry. Walked, not
    computed.
    """
    found, at = [], -layer.P
    while at + layer.F <= layer.W + layer.P:
        found.append(at)
        at += layer.S
    return found


def layer_picture(layer: Layer) -> Picture:
    """One row of the input with every place of the filter above it, and the layer in figures."""
    begins = places(layer)
    unread = layer.W + layer.P - (begins[-1] + layer.F if begins else -layer.P)
    weights = sum(layer.F * layer.F * layer.D for _ in range(layer.K))
    out = len(begins) ** 2 * layer.K
    verdict = (
        "the filter does not fit"
        if not begins
        else (
            f"{unread} {'entry is' if unread == 1 else 'entries are'} never read: no such layer, "
            "if you are strict"
        )
        if unread
        else "it comes out even"
    )
    rows = [
        ("output", f"{len(begins)} x {len(begins)} x {layer.K}"),
        ("parameters", f"{weights + layer.K:,}"),
        ("multiplications", f"{len(begins) ** 2 * weights:,}"),
        ("memory of the output", _memory(4 * out)),
    ]
    with drawing():
        figure, (left, right) = canvas(8.6, 2.7, columns=2, width_ratios=[2.3, 1])
        _draw_row(left, layer, begins, unread)
        left.set_title(
            f"{len(begins)} places; {verdict}",
            color=palette.INK if begins and not unread else palette.VERMILION,
        )
        right.axis("off")
        for k, (name, value) in enumerate(rows):
            right.text(
                0, 0.9 - 0.25 * k, name, fontsize=9, color=palette.GREY, transform=right.transAxes
            )
            right.text(0, 0.8 - 0.25 * k, value, fontsize=11, transform=right.transAxes)
    told = ", ".join(f"{name} {value}" for name, value in rows)
    return Picture(
        figure,
        f"A convolution layer over {layer.W} x {layer.W} x {layer.D} with {layer.K} filters of "
        f"{layer.F} x {layer.F}, stride {layer.S}, padding {layer.P}: {told}. "
        f"{verdict[0].upper()}{verdict[1:]}.",
    )


def _draw_row(axes, layer: Layer, begins: list[int], unread: int) -> None:
    from matplotlib.patches import Rectangle

    few = layer.W <= 40
    for k in range(-layer.P, layer.W + layer.P):
        real = 0 <= k < layer.W
        lost = k >= layer.W + layer.P - unread
        colour = palette.VERMILION if lost else palette.SKY if real else palette.PAPER
        edge = palette.INK if few else colour
        hatch = "///" if lost and few else ""
        axes.add_patch(
            Rectangle((k, 0), 1, 1, facecolor=colour, edgecolor=edge, linewidth=0.6, hatch=hatch)
        )
        if few and not real:
            axes.text(k + 0.5, 0.5, "0", ha="center", va="center", fontsize=7, color=palette.GREY)
    levels = max(1, min(len(begins), -(-layer.F // layer.S)))
    for k, at in enumerate(begins):
        height = 1.5 + 0.8 * (k % levels)
        axes.plot(
            [at + 0.1, at + layer.F - 0.1],
            [height, height],
            color=palette.BLUE,
            linewidth=3,
            solid_capstyle="butt",
        )
    axes.set(
        xlim=(-layer.P - 0.5, layer.W + layer.P + 0.5), ylim=(-0.4, 1.9 + 0.8 * levels), yticks=[]
    )
    axes.set_xlabel("one row of the input; above it, each place of the filter")
    axes.spines["left"].set_visible(False)


def _memory(size: int) -> str:
    return f"{size / 2**20:.2f} MiB" if size >= 2**20 / 10 else f"{size / 2**10:.2f} KiB"
