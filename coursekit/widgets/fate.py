"""What becomes of a gradient on its way back: eigenvalues on the left, its length on the right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..figures import palette
from ..figures.picture import Numbers, Picture, canvas, drawing, number
from ..recurrence import KINDS, sheared, start
from .explorer import Choice, Control, Explorer, Slider, Switch

Profile = Callable[..., Numbers]


def gradient_fate(yours: Profile | None = None, kind: str = "random") -> Explorer:
    """A choice of weights, sliders for their spectral radius, their shear and the number of steps,
    a switch for tanh.

    yours: your ``gradient_norm_profile``; without it two states are started a hair apart, and the
    picture shows how far apart they drift on the way *forward*, which is measured.
    """

    def draw(kind: str, rho: float, norm: float, tanh: bool, steps: int) -> Picture:
        W = sheared(rho, max(norm, rho + 1e-6)) if kind == "sheared" else KINDS[kind](rho)
        h0, g = start(len(W))
        phi = "tanh" if tanh else "linear"
        lengths = (
            drift(W, h0, g, phi, steps)
            if yours is None
            else np.asarray(yours(W, h0, g, phi, steps), dtype=float)
        )
        return fate_picture(W, lengths, f"{kind}, {phi}", forward=yours is None)

    controls: dict[str, Control] = {
        "kind": Choice("weights", {name: name for name in KINDS}, kind),
        "rho": Slider("spectral radius", 0.5, 1.3, 0.01, 0.9),
        "norm": Slider("norm, if sheared", 1.0, 5.0, 0.01, 4.06),
        "tanh": Switch("tanh"),
        "steps": Slider("steps", 10, 200, 10, 100),
    }
    return Explorer(draw, controls)


def drift(
    W: np.ndarray, h0: np.ndarray, v: np.ndarray, nonlinearity: str, steps: int
) -> np.ndarray:
    """How far apart two states are, step by step, that start 1e-7 apart in the direction v, in
    units of that.
    """
    phi = np.tanh if nonlinearity == "tanh" else np.asarray
    tiny = 1e-7
    here, there, apart = h0, h0 + tiny * v, [1.0]
    for _ in range(steps):
        if nonlinearity == "linear":
            v = v @ W  # exact, where subtracting would soon leave nothing but rounding
            apart.append(float(np.linalg.norm(v)))
            continue
        here, there = phi(here @ W), phi(there @ W)
        apart.append(float(np.linalg.norm(there - here)) / tiny)
    return np.array(apart)


def fate_picture(W: np.ndarray, lengths: Numbers, title: str, forward: bool = False) -> Picture:
    """Eigenvalues beside the circle of radius 1; lengths beside what radius and norm alone would
    make of them.
    """
    values, lengths = np.linalg.eigvals(W), np.asarray(lengths, dtype=float)
    radius, norm = float(np.abs(values).max()), float(np.linalg.norm(W, 2))
    steps = np.arange(len(lengths))
    turn = np.linspace(0, 2 * np.pi, 181)
    what = "distance of two states" if forward else "length of the gradient"
    with drawing():
        figure, (left, right) = canvas(8.6, 3.1, columns=2, width_ratios=[1, 1.6])
        left.plot(np.cos(turn), np.sin(turn), color=palette.GREY, linewidth=1)
        left.scatter(values.real, values.imag, s=12, color=palette.BLUE)
        left.set(
            aspect="equal",
            title=f"radius {number(radius)}, norm {number(norm)}",
            xlabel="real part",
            ylabel="imaginary part",
        )
        right.plot(steps, lengths, color=palette.BLUE, linewidth=2, label=what)
        right.plot(
            steps, radius**steps, color=palette.GREEN, linestyle="--", label="radius to the k"
        )
        right.plot(
            steps,
            norm**steps,
            color=palette.VERMILION,
            linestyle=":",
            label="norm to the k: never above",
        )
        positive = lengths[lengths > 0]
        low, high = float(positive.min(initial=1.0)), float(lengths.max(initial=1.0))
        right.set(yscale="log", ylim=(low / 30, high * 300), title=title)
        right.set_xlabel("k steps forward" if forward else "k steps back")
        right.set_ylabel(what)
        right.legend(fontsize=8)
    way = "forward" if forward else "back"
    return Picture(
        figure,
        f"Weights {title}: spectral radius {number(radius)}, spectral norm {number(norm)}. The "
        f"{what} goes from {number(float(lengths[0]))} to {number(float(lengths[-1]))} in "
        f"{len(lengths) - 1} steps {way}, {number(float(lengths.max()))} at the most.",
    )
