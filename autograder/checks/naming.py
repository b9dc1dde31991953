"""Which known mistakes an answer makes: those that give, on the same inputs, what the answer gave.

What a mistake gives comes through the trial, which works it out once for a whole class. The search
is lazy. Every single mistake is made in the first situation, a random example (it is cheap, and
most mistakes show there). It goes on to the next only while it reproduces the answer, those first
in which the most is wrong.

Where an evaluation costs next to nothing the search stops at nothing else: for each output that is
wrong every single mistake is tried, and then all combinations of two, a hundred or more. Where the
exercise is costly (its author gave it more seconds than usual) what the first situation has told
must do:

- an output that is right there, and wrong elsewhere, is put down to what does not show there;
- of two mistakes, wherever one alone shows the answer has what that one gives, and wherever neither
  does it is right: other combinations are not tried;
- once no single mistake explains all that is wrong, three times as many evaluations are allowed
  as the reference's own were; then the search ends, and what was not found by then stays unnamed.

A trial that is not to be thorough is sparing with combinations too. The limits are counted in
evaluations asked for, whether or not they were kept from before: what is named depends neither on
the load of the machine nor on who was judged earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..exercise.mistakes import Mistake
from ..exercise.trial import Trial
from .compare import TINY, distance, entries_near
from .rounding import roundings

Arrays = dict[str, np.ndarray]
ALLOWED = 3
"""Evaluations for each situation, where they are to be few, once every single mistake was tried."""


def agree(yours: Arrays, ours: Arrays, name: str, tolerance: float, rounding: float = 0.0) -> bool:
    """Whether both have an output, and the same, relatively or up to ``rounding``."""
    if name not in yours or name not in ours:
        return False
    least = max(rounding / tolerance, TINY) if tolerance else TINY
    return distance(yours[name], ours[name], least) <= tolerance


def named_mistakes(trial: Trial, wrong: Sequence[str], near: float) -> list[Mistake]:
    """The known mistakes that reproduce the ``wrong`` outputs in every situation, if any do.

    First one mistake for all outputs, then one for each wrong one, then combinations of two.
    ``near`` is the relative difference that is none.
    """
    if trial.mistakes is None:
        return []
    every, guess = tuple(trial.exercise.outputs), _Guess.of(trial, near)
    singles = list(trial.mistakes.of(trial.exercise.answers))
    for mistake in singles:
        if guess.reproduces(mistake, every):
            return [mistake]
    guess.until = guess.asked + ALLOWED * len(guess.order)
    found = {name: one for name in wrong if (one := guess.who_made(name, singles)) is not None}
    if len(found) < len(wrong):
        for mistake in _pairs(trial, guess):
            if guess.reproduces(mistake, every):
                return [mistake]
    return [found[name] for name in wrong if name in found]


def _pairs(trial: Trial, guess: _Guess) -> Iterator[Mistake]:
    """The combinations of two mistakes that are worth trying, as long as that is allowed."""
    assert trial.mistakes is not None
    if not guess.yours[0].keys() >= trial.exercise.outputs.keys():
        return  # what is no array, no combination reproduces
    sparing = trial.exercise.costly or not trial.thorough
    for pair in trial.mistakes.of(trial.exercise.answers, pairs=True):
        if sparing and guess.asked >= guess.until:
            return
        if not sparing or guess.may_be(pair):
            yield pair


@dataclass
class _Guess:
    """Mistakes made on the inputs that the student's answer saw, in the situations of ``order``.

    ``asked`` counts the evaluations; where they are to be few the search ends with ``until``.
    """

    trial: Trial
    order: list[int]
    yours: list[Arrays]
    ours: list[Arrays]
    roundings: list[dict[str, float]]
    near: float
    asked: int = 0
    until: int = 0
    _given: dict[tuple[str, tuple[str, ...]], list[Arrays]] = field(default_factory=dict)

    @classmethod
    def of(cls, trial: Trial, near: float) -> _Guess:
        """The first random example comes first, then the situations in which the most is wrong; none in
        which the answer stopped with an exception.
        """
        yours = [drawn.evaluation.arrays() for drawn in trial.draws()]
        ours = [evaluation.arrays() for evaluation in trial.reference_draws()]

        allowed = roundings(trial)

        def right(k: int) -> int:
            names = trial.exercise.outputs
            return sum(agree(yours[k], ours[k], name, near, allowed[k][name]) for name in names)

        first, *rest = [k for k, drawn in enumerate(trial.draws()) if not drawn.evaluation.failure]
        order = [first, *sorted(rest, key=right)]
        sorted_yours, sorted_ours = ([kind[k] for k in order] for kind in (yours, ours))
        return cls(trial, order, sorted_yours, sorted_ours, [allowed[k] for k in order], near)

    def who_made(self, name: str, singles: Sequence[Mistake]) -> Mistake | None:
        """The first mistake that reproduces one output, among those worth trying."""
        costly = self.trial.exercise.costly
        elsewhere = costly and self._agree(0, self.yours[0], self.ours[0], (name,))
        for mistake in singles:
            if costly and self.asked >= self.until:
                return None
            if elsewhere and self._shows(mistake):
                continue
            if self.reproduces(mistake, (name,)):
                return mistake
        return None

    def reproduces(self, mistake: Mistake, names: Sequence[str]) -> bool:
        """Whether a mistake gives the student's outputs everywhere, and somewhere no right ones."""
        differs = False
        for k, (yours, ours) in enumerate(zip(self.yours, self.ours, strict=True)):
            theirs = self._theirs(mistake, k)
            if not self._agree(k, theirs, yours, names):
                return False
            differs = differs or not self._agree(k, theirs, ours, names)
        return differs

    def may_be(self, pair: Mistake) -> bool:
        """Whether the first situation leaves it possible that these are the answer's mistakes."""
        one, other = (self._first(pair.answer, name) for name in pair.names)
        yours, ours = self.yours[0], self.ours[0]
        return all(
            _composed(yours[name], ours[name], one[name], other[name], self.near)
            for name in ours
            if name in one and name in other
        )

    def _shows(self, mistake: Mistake) -> bool:
        theirs, outputs = self._first(mistake.answer, *mistake.names), self.trial.exercise.outputs
        return not self._agree(0, theirs, self.ours[0], tuple(outputs))

    def _agree(self, k: int, one: Arrays, other: Arrays, names: Sequence[str]) -> bool:
        """Whether two agree on outputs in the k-th situation of the order."""
        allowed = self.roundings[k]
        return all(agree(one, other, name, self.near, allowed[name]) for name in names)

    def _first(self, answer: str, *names: str) -> Arrays:
        """What a single mistake, already tried, gave in the first situation."""
        return self._given[answer, names][0]

    def _theirs(self, mistake: Mistake, k: int) -> Arrays:
        key = (mistake.answer, mistake.names)
        if k < len(self._given.get(key, ())):
            return self._given[key][k]
        self.asked += 1
        theirs = self.trial.mistaken(mistake, self.order[k])
        if len(mistake.names) == 1:  # a combination is never asked for twice
            self._given.setdefault(key, []).append(theirs)
        return theirs


def _composed(
    yours: np.ndarray,
    ours: np.ndarray,
    one: np.ndarray,
    other: np.ndarray,
    near: float,
) -> bool:
    """Whether an output is right where neither mistake shows, and one's where that alone does."""
    if not one.shape == other.shape == ours.shape:
        return True  # who knows
    if yours.shape != ours.shape:
        return False
    shows, shows_too = ~entries_near(one, ours, near), ~entries_near(other, ours, near)
    expected = np.where(shows, one, np.where(shows_too, other, ours))
    return bool((entries_near(yours, expected, 10 * near) | (shows & shows_too)).all())
