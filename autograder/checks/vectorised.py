"""Vectorised: the answer executes the same work at two sizes of one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..exercise.trial import AnswerFailed, Exercise, Trial, WatchedCall
from ..language.probe import USUAL, Case, Inputs
from ..language.verdict import Evaluation, Finding
from .naming import Arrays, agree
from .situations import where_it_works

INSTEAD = {
    **{name: f"np.{name}" for name in ("sum", "max", "min", "any", "all")},
    "sorted": "np.sort",
    "map": "an expression on the whole array",
    "filter": "a boolean mask",
    "reduce": "np.add.reduce or its like",
}
"""What builtins that loop are written as in NumPy."""
LARGER = 10
"""Times the sizes of a second try."""
MOST_STEPS = 1_000_000
"""Steps that it may be expected to take."""
SAME = 1e-6
"""The relative difference up to which two calls gave the same."""
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
        calls = where_it_works(trial, lambda one: _ended(next(first, None) or self._watched(one)))
        (_, small), (_, large) = calls
        if small.work is None or large.work is None:
            return self._failed("the answer switches off the counting of its work.")
        if why := self._pretended(trial, calls):
            return self._failed(why)
        few, many = self.sizes
        if small.work == large.work:
            said = f"the same {small.work} steps for {self.over} = {few} and {self.over} = {many}"
        elif calls := self._levelled_off(trial, large.work):
            if why := self._pretended(trial, calls, LARGER):
                return self._failed(why)
            few, many = LARGER * few, LARGER * many
            said = f"the same work for {self.over} = {few} and {self.over} = {many}"
        else:
            return self._loops(small, large)
        return Finding(self.title, True, said, share=self.share)

    def to_watch(
        self, exercise: Exercise, rng: np.random.Generator, times: int = 1
    ) -> list[Inputs]:
        """Calls at the two sizes, so many times as large. The inputs were never given before."""
        return self._batch(exercise, rng, [times * size for size in self.sizes])

    def settled(self, found: Sequence[WatchedCall]) -> bool:
        """Whether both took the same work, or ended otherwise than by an exception. If not, the
        first ones may have paid for imports and caches.
        """
        (_, small), (_, large) = found
        if small.failure or large.failure:
            return any(one.failure.kind != "error" for one in (small, large) if one.failure)
        return small.work is not None and small.work == large.work

    def _watched(self, trial: Trial, times: int = 1) -> list[WatchedCall]:
        found: list[WatchedCall] = []
        for _ in range(2):
            asked = self.to_watch(trial.exercise, trial.rng, times)
            found = [*zip(asked, trial.evaluate(asked, count_work=True), strict=True)]
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

    def _levelled_off(self, trial: Trial, steps: int) -> list[WatchedCall]:
        """The calls at ten times the sizes, if the work no longer grows there; else none.

        A loop over the classes that skips the absent ones does less on a small batch; on a large
        one none is absent."""
        if LARGER * steps > MOST_STEPS or self._grows_on(trial):
            return []
        calls = self._watched(trial, LARGER)
        (_, small), (_, large) = calls
        same = small.work is not None and small.work == large.work
        return calls if same and not (small.failure or large.failure) else []

    def _grows_on(self, trial: Trial) -> bool:
        """Whether at ten times the smaller size the work is what a loop over all would take: then
        nothing larger need be asked. The first call pays for imports.
        """
        few, many = self.sizes
        batch = self._batch(trial.exercise, trial.rng, [few, few, many, LARGER * few])
        watched = trial.evaluate(batch, count_work=True)
        small, large, larger = (one.work or 0 for one in watched[1:])
        each = (large - small) / (many - few)
        return each > 0 and larger >= large + STRAIGHT * each * (LARGER * few - many)

    def _pretended(self, trial: Trial, calls: Sequence[WatchedCall], times: int = 1) -> str | None:
        """What speaks against counting what was watched: an empty answer has no loops either, nor
        has one that works when nobody looks. Nothing does where all is right.
        """
        if trial.reference is None:
            return None
        (one, small), (two, large) = calls
        ours, theirs = (right.arrays() for right in trial.reference([one, two]))
        if _near(ours, small.arrays()) and _near(theirs, large.arrays()):
            return None
        # of the same sizes, that they differ by what is in them
        this, other = self._batch(trial.exercise, trial.rng, [times * self.sizes[0]] * 2)
        ours = trial.reference([this])[0].arrays()
        first, again, moved, now, then = (
            found.arrays() for found in trial.evaluate([this, this, other, one, two])
        )
        steady = {
            name: value
            for name, value in first.items()
            if name in ours and value.shape == ours[name].shape and _near({name: value}, again, 0.0)
        }
        if all(_near({name: value}, moved, 0.0) for name, value in steady.items()):
            return (
                "no output depends on the inputs at these sizes: there is nothing yet whose loops "
                "could be counted."
            )
        for unwatched, watched in ((now, small.arrays()), (then, large.arrays())):
            if not _near({name: unwatched[name] for name in steady if name in unwatched}, watched):
                return "the answer is another one when its work is counted."
        return None

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


def _ended(calls: Sequence[WatchedCall]) -> Sequence[WatchedCall]:
    """Calls that came to their end. Raises AnswerFailed."""
    for _, evaluation in calls:
        if evaluation.failure is not None:
            raise AnswerFailed(evaluation.failure)
    return calls


def _near(ones: Arrays, others: Arrays, tolerance: float = SAME) -> bool:
    """Whether all of one are in the other, too."""
    return all(agree(ones, others, name, tolerance) for name in ones)
