"""Vectorised: the answer executes the same work at two sizes of one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..exercise.trial import AnswerFailed, Exercise, Trial
from ..language.probe import USUAL, Case, Inputs
from ..language.verdict import Evaluation, Finding
from .situations import where_it_works

INSTEAD = {
    **{name: f"np.{name}" for name in ("sum", "max", "min", "any", "all")},
    "sorted": "np.sort",
    "map": "an expression on the whole array",
    "filter": "a boolean mask",
    "reduce": "np.add.reduce or its like",
}
"""What builtins that loop are written as in NumPy."""
MOST_STEPS = 1_000_000
"""Steps that a second try, at ten times the sizes, may be expected to take."""
STRAIGHT = 0.9
"""The part of a loop's steps from which on work is a loop's: one that levels off takes far fewer."""


@dataclass(frozen=True)
class Vectorised:
    """No Python loop over ``over``: executed lines and calls are counted at two sizes and
    must be equal.

    Loops over other dimensions are free, and so are wrong values, as long as an output is made from
    the inputs. ``sizes`` are the two sizes tried; ``case`` fixes other inputs where needed.
    """

    over: str
    share: float = 1.0
    sizes: tuple[int, int] = (11, 29)
    case: Case = USUAL
    needs_reference: bool = False

    @property
    def title(self) -> str:
        """What a report calls it."""
        return f"Vectorised over {self.over}"

    def __call__(self, trial: Trial) -> Finding:
        """Judge by counting."""
        first = iter((trial.watched().asked[self.title],))
        small, large = where_it_works(
            trial, lambda one: _counted(next(first, None) or self._watched(one))
        )
        if small.work is None or large.work is None:
            return self._failed("the answer switches off the counting of its work.")
        if trial.reference is not None and not self._works(trial):
            return self._failed(
                "no output depends on the inputs at these sizes: there is nothing yet whose loops "
                "could be counted."
            )
        few, many = self.sizes
        if small.work == large.work:
            said = f"the same {small.work} steps for {self.over} = {few} and {self.over} = {many}"
        elif self._levels_off(trial, large.work):
            said = f"the same work for {self.over} = {10 * few} and {self.over} = {10 * many}"
        else:
            return self._loops(small, large)
        return Finding(self.title, True, said, share=self.share)

    def to_watch(
        self, exercise: Exercise, rng: np.random.Generator, times: int = 1
    ) -> list[Inputs]:
        """Calls at the two sizes, so many times as large. The inputs were never given before."""
        return self._batch(exercise, rng, [times * size for size in self.sizes])

    def settled(self, found: Sequence[Evaluation]) -> bool:
        """Whether both took the same work, or ended otherwise than by an exception. If not, the
        first ones may have paid for imports and caches.
        """
        if any(one.failure for one in found):
            return any(one.failure.kind != "error" for one in found if one.failure)
        small, large = found
        return small.work is not None and small.work == large.work

    def _watched(self, trial: Trial, times: int = 1) -> list[Evaluation]:
        found: list[Evaluation] = []
        for _ in range(2):
            asked = self.to_watch(trial.exercise, trial.rng, times)
            found = trial.evaluate(asked, count_work=True)
            if self.settled(found):
                break
        return found

    def _batch(
        self, exercise: Exercise, rng: np.random.Generator, sizes: Sequence[int]
    ) -> list[Inputs]:
        """Inputs for each size, all else of one size."""
        others: dict[str, int] = {}
        batch = []
        for size in sizes:
            one = replace(self.case, sizes={**others, **self.case.sizes, self.over: size})
            inputs, drawn = exercise.draw(rng, one)
            others = {name: value for name, value in drawn.items() if name != self.over}
            batch.append(inputs)
        return batch

    def _levels_off(self, trial: Trial, steps: int) -> bool:
        """Whether the work no longer grows at ten times the sizes.

        A loop over the classes that skips the absent ones does less on a small batch; on a large
        one none is absent."""
        if 10 * steps > MOST_STEPS:
            return False
        try:
            if self._grows_on(trial):
                return False
            small, large = _counted(self._watched(trial, times=10))
        except AnswerFailed:
            return False
        return small.work is not None and small.work == large.work

    def _grows_on(self, trial: Trial) -> bool:
        """Whether at ten times the smaller size the work is what a loop over all would take: then
        nothing larger need be asked. The first call pays for imports.
        """
        few, many = self.sizes
        batch = self._batch(trial.exercise, trial.rng, [few, few, many, 10 * few])
        watched = trial.evaluate(batch, count_work=True)
        small, large, larger = (one.work or 0 for one in watched[1:])
        each = (large - small) / (many - few)
        return each > 0 and larger >= large + STRAIGHT * each * (10 * few - many)

    def _works(self, trial: Trial) -> bool:
        """Whether some output is made from the inputs: an empty answer has no loops either."""
        assert trial.reference is not None
        one, other = self._batch(trial.exercise, trial.rng, [self.sizes[0]] * 2)
        ours = trial.reference([one])[0].arrays()
        first, again, moved = (found.arrays() for found in trial.evaluate([one, one, other]))
        return any(
            name in first
            and first[name].shape == ours[name].shape
            and _same(name, first, again)
            and not _same(name, first, moved)
            for name in trial.exercise.outputs
            if name in ours
        )

    def _loops(self, small: Evaluation, large: Evaluation) -> Finding:
        """How the work grows, and the builtin that is the loop, if one is."""
        over, (few, many) = self.over, self.sizes
        grown = {name: items - small.taken.get(name, 0) for name, items in large.taken.items()}
        name = next((one for one in INSTEAD if grown.get(one) == many - few), "")
        if name:  # it ran once along all of them; in another loop it would have taken more
            message = (
                f"Python's {name} takes the entries of {over} one by one: "
                f"{small.taken.get(name, 0)} for {over} = {few}, {large.taken[name]} for {over} = "
                f"{many}; it is a loop."
            )
            return self._failed(message, f"Write {INSTEAD[name]} in place of Python's {name}.")
        message = (
            f"{small.work} steps for {over} = {few} but {large.work} for {over} = {many}: "
            f"something still runs once for each of {over}."
        )
        return self._failed(message, f"Let one array expression handle all of {over} at once.")

    def _failed(self, message: str, hint: str = "") -> Finding:
        return Finding(self.title, False, message, hint, self.share)


def _counted(watched: Sequence[Evaluation]) -> tuple[Evaluation, Evaluation]:
    """The answer's work at the two sizes. Raises AnswerFailed."""
    small, large = watched
    for evaluation in (small, large):
        if evaluation.failure is not None:
            raise AnswerFailed(evaluation.failure)
    return small, large


def _same(name: str, one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return name in other and np.array_equal(
        one[name], other[name], equal_nan=one[name].dtype.kind in "fc"
    )
