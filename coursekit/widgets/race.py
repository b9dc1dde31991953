"""Update rules racing down one valley: long, narrow, turned away from the axes, and if you like
seen through noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..figures.landscapes import paths
from ..figures.picture import Picture
from .explorer import Explorer, Slider

Rule = Callable[..., Any]
START = np.array([-2.4, 1.6])
_TURN = np.deg2rad(25)
_AXES = np.array([[np.cos(_TURN), -np.sin(_TURN)], [np.sin(_TURN), np.cos(_TURN)]])
_MEMORY, _OUT_OF_SIGHT = 5, 1e6


def optimiser_race(
    rules: Mapping[str, tuple[Rule, float]] | None = None,
    newton: Rule | None = None,
    lbfgs: Rule | None = None,
) -> Explorer:
    """Sliders for the valley, the noise, the steps and the rates. All functions are yours.

    rules: name -> (update rule, learning rate). newton: ``newton_step(grad, H)``. lbfgs:
        ``lbfgs_direction(grad, S, Y)``.
    """
    entered = dict(rules or {})

    def draw(steepness: float, noise: float, luck: int, steps: int, factor: float) -> Picture:
        H = valley(steepness)
        walks = {
            name: walk(_by_rule(rule, factor * rate), H, steps, noise, luck)
            for name, (rule, rate) in entered.items()
        }
        if newton is not None:
            walks["Newton"] = walk(_by_newton(newton, H), H, steps, noise, luck)
        if lbfgs is not None:
            walks["L-BFGS"] = walk(_by_lbfgs(lbfgs, 0.5 / steepness), H, steps, noise, luck)
        right, up = np.linspace(-3.2, 3.2, 81), np.linspace(-2.4, 2.4, 61)
        places = np.stack(np.meshgrid(right, up), axis=-1)
        heights = {name: height(places, H) for name, places in walks.items()}
        return paths((right, up, height(places, H)), walks, heights)

    return Explorer(
        draw,
        {
            "steepness": Slider("steepness", 1, 60, 1, 40),
            "noise": Slider("noise", 0.0, 3.0, 0.1, 0.0),
            "luck": Slider("which noise", 0, 9, 1, 1),
            "steps": Slider("steps", 1, 120, 1, 80),
            "factor": Slider("rates times", -1.0, 1.0, 0.05, 0.0, log=True),
        },
    )


def valley(steepness: float) -> np.ndarray:
    """The Hessian of a valley whose walls are ``steepness`` times as steep as its floor."""
    return _AXES @ np.diag([1.0, steepness]) @ _AXES.T


def height(places: np.ndarray, H: np.ndarray) -> np.ndarray:
    """How high places (..., 2) lie above the lowest point, the origin."""
    return 0.5 * np.sum(places @ H * places, axis=-1)


def walk(
    advance: Callable[[np.ndarray, np.ndarray], np.ndarray],
    H: np.ndarray,
    steps: int,
    noise: float,
    luck: int = 0,
) -> np.ndarray:
    """The places of one walker. At each step its gradient is off by fresh noise, the same for every
    walker.
    """
    rng = np.random.default_rng(luck)
    places = [START]
    for _ in range(steps):
        slope = H @ places[-1] + noise * rng.standard_normal(2)
        here = np.asarray(advance(places[-1].copy(), slope), dtype=float)
        far = not np.isfinite(here).all() or np.abs(here).max() > _OUT_OF_SIGHT
        places.append(places[-1] if far else here)  # who leaves the map for good stays at its edge
    return np.array(places)


def _by_rule(rule: Rule, rate: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    remembered: list[Any] = [{"learning_rate": rate}]

    def advance(here: np.ndarray, slope: np.ndarray) -> np.ndarray:
        there, remembered[0] = rule(here, slope, remembered[0])
        return there

    return advance


def _by_newton(newton: Rule, H: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda here, slope: here + newton(slope, H)


def _by_lbfgs(lbfgs: Rule, first: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Full steps along the direction, and a short first one, where nothing is remembered yet."""
    before: list[tuple[np.ndarray, np.ndarray]] = []
    moved: list[np.ndarray] = []
    changed: list[np.ndarray] = []

    def advance(here: np.ndarray, slope: np.ndarray) -> np.ndarray:
        if before:
            moved.append(here - before[-1][0])
            changed.append(slope - before[-1][1])
        before.append((here, slope))
        S, Y = (np.array(kept[-_MEMORY:]).reshape(-1, len(here)) for kept in (moved, changed))
        direction = np.asarray(lbfgs(slope, S, Y), dtype=float)
        return here + (1.0 if len(S) else first) * direction

    return advance
