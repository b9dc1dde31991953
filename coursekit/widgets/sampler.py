"""Temperature: what it does to the chances of the next character, and to what a model writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..figures.picture import Numbers, Picture
from ..figures.writing import character_bars, passages
from .explorer import Choice, Control, Explorer, Slider


def temperature_bars(characters: Sequence[str], scores: Numbers, after: str = "") -> Explorer:
    """One slider: the chances of each next character, from its scores, at any temperature. after:
    what was read.
    """
    from scipy.special import softmax

    logits = np.asarray(scores, dtype=float)

    def draw(temperature: float) -> Picture:
        chances = softmax(logits / temperature)
        return character_bars(characters, {f"T = {temperature:.2g}": chances}, f"chance{after}")

    return Explorer(draw, {"temperature": Slider("temperature", -1.5, 1.0, 0.05, 0.0, log=True)})


def text_sampler(
    write: Callable[[float, str, np.random.Generator], str], starts: Sequence[str]
) -> Explorer:
    """Sliders for temperature and seed, and a choice of the first character; below, what the model
    writes.

    write: (temperature, first character, rng) -> text, made of your ``sample``.
    """

    def draw(temperature: float, first: str, seed: int) -> Picture:
        written = write(temperature, first, np.random.default_rng(seed))
        return passages(
            {f"temperature {temperature:.2g}, after {first!r}": first + written}, lines=12
        )

    controls: dict[str, Control] = {
        "temperature": Slider("temperature", 0.0, 2.0, 0.05, 0.7),
        "first": Choice("first character", {repr(one): one for one in starts}, starts[0]),
        "seed": Slider("seed", 0, 20, 1, 0),
    }
    return Explorer(draw, controls)
