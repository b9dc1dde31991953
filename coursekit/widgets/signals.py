"""A deep stack of layers: how large the numbers are in each of them, on the way forward and on the
way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Choice, Control, Explorer, Slider, Switch

N, WIDTH = 128, 100

Pass = Callable[..., Any]
Pair = tuple[Pass, Pass]
"""A layer's forward, which returns its output and a cache, and its backward, which takes a gradient
and that cache.
"""


@dataclass(frozen=True)
class Signals:
    """One array a layer, from the first to the last: what the layer puts out, and the gradient that
    arrives there.
    """

    outputs: Sequence[np.ndarray]
    gradients: Sequence[np.ndarray]


def signal_explorer(
    affine: Pair, activations: Mapping[str, Pair], norm: Pair | None = None, size: float = 0.5
) -> Explorer:
    """Sliders for the depth of a stack and the size of its weights, a choice of activation, and a
    switch for norm.

    affine, activations, norm: your forwards and backwards, like ``(affine_forward,
    affine_backward)``. size: of the weights, to begin with; 1 makes products of the size of what
    comes in."""

    def draw(layers: int, size: float, activation: str, normalise: bool = False) -> Picture:
        signals = push(layers, size, affine, activations[activation], norm if normalise else None)
        return signal_picture(signals, f"{activation}, weights of size {size:.2g}")

    controls: dict[str, Control] = {
        "layers": Slider("layers", 2, 12, 1, 8),
        "size": Slider("size of weights", -1.0, 1.0, 0.05, float(np.log10(size)), log=True),
        "activation": Choice(
            "activation", {name: name for name in activations}, next(iter(activations))
        ),
    }
    if norm is not None:
        controls["normalise"] = Switch("normalise each layer", True)
    return Explorer(draw, controls)


def push(
    layers: int, size: float, affine: Pair, activation: Pair, norm: Pair | None = None
) -> Signals:
    """Random numbers through a stack of equal layers, and random gradients back through it.

    Weights are drawn with standard deviation size / sqrt(width): with 1, the products keep the size
    of what comes in."""
    rng = np.random.default_rng(0)
    x, undo, outputs = rng.standard_normal((N, WIDTH)), [], []
    for _ in range(layers):
        W = size * rng.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH)
        stages: list[tuple[Pair, tuple[Any, ...]]] = [(affine, (W, np.zeros(WIDTH)))]
        if norm is not None:
            stages.append((norm, (np.ones(WIDTH), np.zeros(WIDTH), {"mode": "train"})))
        for (forward, backward), parameters in [*stages, (activation, ())]:
            x, cache = forward(x, *parameters)
            undo.append((backward, cache))
        outputs.append(x)
    stages_a_layer = len(undo) // layers
    gradient, gradients = rng.standard_normal(x.shape), []
    for k in reversed(range(len(undo))):
        if k % stages_a_layer == stages_a_layer - 1:
            gradients.append(gradient)
        backward, cache = undo[k]
        back = backward(gradient, cache)
        gradient = back[0] if isinstance(back, tuple) else back
    return Signals(outputs, gradients[::-1])


def signal_picture(signals: Signals, title: str = "") -> Picture:
    """A histogram a layer for outputs and gradients, with the size of each and the share that is
    exactly zero.
    """
    count = len(signals.outputs)
    sizes = [
        [float(np.sqrt(np.mean(one**2))) for one in row]
        for row in (signals.outputs, signals.gradients)
    ]
    zeros = [float(np.mean(np.abs(one) < 1e-12)) for one in signals.outputs]
    with drawing():
        figure, axes = canvas(9.2, 3.5, columns=count, rows=2)
        for k in range(count):
            for row, (arrays, colour) in enumerate(
                ((signals.outputs, palette.BLUE), (signals.gradients, palette.VERMILION))
            ):
                box = axes[row * count + k]
                values = np.ravel(arrays[k])
                values = values[np.isfinite(values) & (values != 0)]
                limit = max(np.percentile(np.abs(values), 99.5), 1e-300) if len(values) else 1.0
                box.hist(np.clip(values / limit, -1, 1), list(np.linspace(-1, 1, 22)), color=colour)
                box.set(yticks=[], xticks=[-1, 1])
                box.set_xticklabels([f"{-limit:.0e}", f"{limit:.0e}"], fontsize=6)
                box.set_title(
                    f"{sizes[row][k]:.2g}" + (f"\n{zeros[k]:.0%} are 0" if row == 0 else ""),
                    fontsize=8,
                )
                box.spines["left"].set_visible(False)
        axes[0].set_ylabel("output", color=palette.BLUE)
        axes[count].set_ylabel("gradient", color=palette.VERMILION)
        for box in axes:
            box.set_xlabel("value", fontsize=7)
        figure.suptitle(
            f"{title}: from the first layer to the last, the typical size of each".strip(": "),
            fontsize=10,
        )
    told = " to ".join(number(sizes[0][k]) for k in (0, -1))
    back = " to ".join(number(sizes[1][k]) for k in (-1, 0))
    return Picture(
        figure,
        f"Histograms for {count} layers, {title}. The typical output goes from {told} on the way "
        f"forward, the typical gradient from {back} on the way back; in the last layer "
        f"{zeros[-1]:.0%} of the outputs are zero.",
    )
