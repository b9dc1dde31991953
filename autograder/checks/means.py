"""Allowed means: an exercise that asks for a derivation is not solved by a library that derives,
nor by differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..exercise.trial import Trial, WatchedCalls
from ..language.verdict import Evaluation, Finding
from ..watch.remembered import digest
from .differences import measured_by_differences
from .gradient import Gradient, several

ALWAYS = ("numpy", "autograder", "coursekit", "typing_extensions")
SHOWING = (
    "IPython",
    "ipykernel",
    "ipywidgets",
    "traitlets",
    "comm",
    "matplotlib",
    "matplotlib_inline",
    "tqdm",
)
"""Libraries that show something, and can derive nothing."""

INSTEAD = {
    "scipy": "NumPy has all it takes: np.exp, np.log, np.maximum, np.linalg.",
    "sklearn": "Write it with NumPy arrays: the steps are what is asked for.",
    "pandas": "NumPy arrays and plain Python are all it takes.",
    "torch": "Write it with NumPy arrays, the way back too; PyTorch has a section of its own.",
}
"""What a library that is often tried is replaced by."""


@dataclass(frozen=True)
class AllowedMeans:
    """Judged by evidence: what one call on inputs never given before enters, hides and varies while
    it is watched.

    Added to every exercise by the judge. ``allowed`` are the libraries that the exercise may use
    beside NumPy, the standard library and the notebook's own names. Decisive: a failure leaves no
    points."""

    allowed: tuple[str, ...] = ()
    share: float = 0.0
    title: str = "Allowed means"
    needs_reference: bool = False

    def __call__(self, trial: Trial) -> Finding:
        """Judge one watched call, the same unwatched, and the error of nearly right gradients."""
        trial.draws()  # an answer that is not there has been told so
        seen = trial.watched()
        watched = seen.evaluation
        if used := next(filter(self._is_foreign, watched.libraries), None):
            library, means = used.partition(".")[0], ("Python", "NumPy", *self.allowed)
            return self._refused(
                f"the answer calls {library}: this exercise is to be solved in {_listed(means)} "
                f"alone, and earns its points once the answer does without {library}.",
                INSTEAD.get(library, f"{_listed(means)} are all it takes."),
            )
        if "torch" not in self.allowed and (why := _hidden(trial, seen)):
            return self._refused(why)
        if name := self._numeric(trial, watched):
            return self._refused(
                f"{name} is measured by finite differences: this exercise asks for the derivation."
            )
        return Finding(self.title, True, "NumPy, and a derivation of one's own", share=self.share)

    def _is_foreign(self, library: str) -> bool:
        known = (*ALWAYS, *SHOWING, *self.allowed)
        return not any(library == one or library.startswith(one + ".") for one in known)

    def _refused(self, message: str, hint: str = "") -> Finding:
        return Finding(self.title, False, message, hint, self.share, decisive=True)

    def _numeric(self, trial: Trial, watched: Evaluation) -> str | None:
        """The claimed gradient that is proven to be one of finite differences."""
        if self.allowed:
            return None
        for check in trial.exercise.checks:
            if isinstance(check, Gradient):
                for wrt, claimed in zip(several(check.wrt), several(check.claimed), strict=True):
                    if wrt in watched.varied:
                        return claimed
        return measured_by_differences(trial) if trial.reference is not None else None


def _listed(names: Sequence[str]) -> str:
    """``Python, NumPy and torch``."""
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _hidden(trial: Trial, seen: WatchedCalls) -> str | None:
    """What speaks against a watched call beside the same call unwatched; None when nothing does."""
    before, watched = trial.draws()[0], seen.evaluation
    if _went_alike(watched, before.evaluation) and digest(dict(seen.inputs)) == before.digest:
        return None
    again, after = trial.evaluate([seen.inputs, before.inputs])
    if watched.failure is not None:
        fails_since = before.evaluation.failure is None and after.failure is not None
        if again.failure is None or fails_since:
            return f"the answer ends otherwise when it is watched: {watched.failure.message}"
        return None
    if watched.work is None:
        return "the answer hides what it runs: it starts a process or switches tracing off."
    steady = _agree(before.evaluation, after)
    if steady and not _agree(watched, again):
        return "the answer is another one when it is watched."
    return None


def _went_alike(watched: Evaluation, unwatched: Evaluation) -> bool:
    """Whether two calls came to their end with the same, and one of them was counted."""
    ended = watched.failure is None and unwatched.failure is None
    return ended and watched.work is not None and _agree(watched, unwatched)


def _agree(one: Evaluation, other: Evaluation) -> bool:
    """Whether two calls on the same inputs gave the same."""
    left, right = one.arrays(), other.arrays()
    return left.keys() == right.keys() and all(
        left[name].shape == right[name].shape
        and np.allclose(left[name], right[name], rtol=1e-6, equal_nan=True)
        for name in left
    )
