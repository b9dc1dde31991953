"""Weights from hidden to hidden, made to order: they differ in what becomes of a gradient on its
way back through them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

UNITS = 64


def scaled(rho: float = 0.9, units: int = UNITS) -> np.ndarray:
    """Random weights of spectral radius rho. Their spectral norm is nearly twice that."""
    G = np.random.default_rng(0).standard_normal((units, units))
    return G * rho / np.abs(np.linalg.eigvals(G)).max()


def symmetric(rho: float = 0.9, units: int = UNITS) -> np.ndarray:
    """Symmetric weights of spectral radius rho, and of the same spectral norm."""
    G = np.random.default_rng(0).standard_normal((units, units))
    return (G + G.T) * rho / np.abs(np.linalg.eigvalsh(G + G.T)).max()


def orthogonal(rho: float = 1.0, units: int = UNITS) -> np.ndarray:
    """A rotation times rho: every vector becomes exactly rho times as long."""
    return rho * np.linalg.qr(np.random.default_rng(0).standard_normal((units, units)))[0]


def sheared(rho: float = 0.9, norm: float = 4.06, units: int = UNITS) -> np.ndarray:
    """All eigenvalues are rho, yet one step lengthens some vector to ``norm`` times its length
    (norm > rho).
    """
    above = np.triu(np.random.default_rng(0).standard_normal((units, units)), 1)
    low, high = 0.0, 4 * norm
    for _ in range(60):
        middle = (low + high) / 2
        too_long = np.linalg.norm(rho * np.eye(units) + middle * above, 2) > norm
        low, high = (low, middle) if too_long else (middle, high)
    return rho * np.eye(units) + low * above


KINDS: dict[str, Callable[[float], np.ndarray]] = {
    "random": scaled,
    "symmetric": symmetric,
    "orthogonal": orthogonal,
    "sheared": sheared,
}
"""By name, each a function of the spectral radius."""


def six() -> tuple[tuple[str, np.ndarray, str], ...]:
    """Name, weights and nonlinearity of six networks that "larger than 1 explodes, smaller
    vanishes" has to explain.
    """
    return (
        ("random", scaled(0.9), "linear"),
        ("random", scaled(1.1), "linear"),
        ("random", scaled(1.1), "tanh"),
        ("sheared", sheared(0.9), "linear"),
        ("orthogonal", orthogonal(), "linear"),
        ("orthogonal", orthogonal(), "tanh"),
    )


def start(units: int = UNITS) -> tuple[np.ndarray, np.ndarray]:
    """A state to start from, and a gradient of length 1 to arrive at the end."""
    rng = np.random.default_rng(95)
    h0, g = rng.standard_normal((2, units))
    return h0, g / np.linalg.norm(g)
