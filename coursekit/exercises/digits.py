"""Scikit-learn's 1797 handwritten digits of 8 x 8 pixels, as the exercises of several assignments learn them."""

from __future__ import annotations

import numpy as np

from coursekit.data import read_digits


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels (1797, 64) float64 in [-1/2, 1/2], and labels (1797,) int64."""
    X, y = read_digits()
    return X / 16 - 0.5, y


def digits_in_disguise(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """``digits_with_bias``, pixels mixed and classes renamed, in other ways each time.

    A linear classifier learns them as before, but no image of them is in any table.
    """
    X, y = digits_with_bias()
    left, right = (np.linalg.qr(rng.standard_normal((64, 64)))[0] for _ in range(2))
    mixing = left * rng.uniform(0.7, 1.4, 64) @ right
    return np.hstack([X[:, :-1] @ mixing, X[:, -1:]]), rng.permutation(10)[y]


def digits_with_bias() -> tuple[np.ndarray, np.ndarray]:
    """Centred pixels and a column of ones, (1797, 65) float64, and labels (1797,) int64."""
    X, y = read_digits()
    X = X / 16
    return np.hstack([X - X.mean(axis=0), np.ones((len(X), 1))]), y
