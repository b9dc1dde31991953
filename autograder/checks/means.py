"""Allowed means: an exercise that asks for a derivation is not solved by a library that derives, nor by differences."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np

from ..exercise.trial import Trial
from ..language.verdict import Evaluation, Finding
from .compare import distance
from .gradient import Gradient, several

DERIVING = (
    "torch",
    "jax",
    "autograd",
    "tensorflow",
    "sympy",
    "numdifftools",
    "scipy.optimize",
    "scipy.differentiate",
)
ANALYTIC = 5e-13
"""Analysis in float64 is right to about 1e-15 of the largest entry; central differences at best to about 1e-11."""


@dataclass(frozen=True)
class AllowedMeans:
    """Judged by evidence: the libraries that a call enters, and the error level of the claimed gradients.

    Added to every exercise by the judge. ``allowed`` are deriving libraries that the exercise is about. Decisive: a
    failure leaves no points.
    """

    allowed: tuple[str, ...] = ()
    share: float = 0.0
    title: str = "Allowed means"
    needs_reference: bool = False

    def __call__(self, trial: Trial) -> Finding:
        """Judge one watched call, and the rounding error of the gradients."""
        drawn = trial.draws()[0]
        watched = trial.evaluate([drawn.inputs], count_work=True)[0]
        refused = [
            one for one in DERIVING if one not in self.allowed and one not in self._brought()
        ]
        used = next(
            (one for one in refused for library in watched.libraries if _within(library, one)), None
        )
        if used is not None:
            return self._refused(
                f"the answer calls {used}: this exercise asks for the derivation in NumPy."
            )
        if not self.allowed and watched.failure is None:
            if watched.work is None:
                return self._refused(
                    "the answer hides what it runs: it starts a process or switches tracing off."
                )
            if not _agree(watched, drawn.evaluation) and _agree(
                drawn.evaluation, trial.evaluate([drawn.inputs])[0]
            ):
                return self._refused("the answer is another one when it is watched.")
        known = trial if trial.reference is not None else trial.released
        if known is not None and (name := self._numeric(known)):
            return self._refused(
                f"{name} is right only to the accuracy of finite differences: this exercise asks for the derivation, "
                "in float64."
            )
        return Finding(self.title, True, "NumPy, and a derivation of one's own", share=self.share)

    def _brought(self) -> tuple[str, ...]:
        """What an allowed library enters by itself: torch reckons its sizes with sympy."""
        return ("sympy",) if "torch" in self.allowed else ()

    def _refused(self, message: str) -> Finding:
        return Finding(self.title, False, message, share=self.share, decisive=True)

    def _numeric(self, trial: Trial) -> str | None:
        """The claimed gradient whose error lies between rounding and being wrong, in most cases tried."""
        gradients = [check for check in trial.exercise.checks if isinstance(check, Gradient)]
        claimed = {name for check in gradients for name in several(check.claimed)}
        if not claimed:
            return None
        pairs = list(zip(trial.draws(), trial.reference_draws(), strict=True))
        for name in sorted(claimed):
            errors = [
                distance(drawn.evaluation.arrays()[name], one.arrays()[name])
                for drawn, one in pairs
                if name in drawn.evaluation.arrays()
                and np.abs(one.arrays().get(name, np.zeros(1))).max(initial=0)
                > 1e-6  # cancelled to nothing: no level
            ]
            if errors and ANALYTIC < median(errors) < 1e-6 and max(errors) < 1e-4:
                return name
        return None


def _agree(one: Evaluation, other: Evaluation) -> bool:
    """Whether two calls on the same inputs gave the same."""
    left, right = one.arrays(), other.arrays()
    return left.keys() == right.keys() and all(
        left[name].shape == right[name].shape
        and np.allclose(left[name], right[name], rtol=1e-6, equal_nan=True)
        for name in left
    )


def _within(library: str, deriving: str) -> bool:
    return library == deriving or library.startswith(deriving + ".")
