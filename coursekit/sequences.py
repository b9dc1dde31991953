"""Sequences made to order, on which recurrent networks show what they can and cannot do."""

from __future__ import annotations

import numpy as np

CLASSES, NOISE_CHANNELS = 8, 8


def delayed_recall(
    rng: np.random.Generator, examples: int, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Told once, asked much later: sequences (examples, length, 16) and the class in [0, 8) of
    each.

    The first step shows the class in one of the first eight channels; all later steps are standard
    normal noise in the other eight. The class has to be remembered for length - 1 steps.
    """
    y = rng.integers(0, CLASSES, examples)
    x = np.zeros((examples, length, CLASSES + NOISE_CHANNELS))
    x[:, 1:, CLASSES:] = rng.standard_normal((examples, length - 1, NOISE_CHANNELS))
    x[np.arange(examples), 0, y] = 1.0
    return x, y


def reversed_digits(
    rng: np.random.Generator, examples: int, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Digits (examples, length) and the same digits backwards."""
    x = rng.integers(0, 10, (examples, length))
    return x, x[:, ::-1].copy()
