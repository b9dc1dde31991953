"""Which known mistakes an answer makes: those that give, on the same inputs, what the answer gave.

What a mistake gives comes through the trial, which works it out once for a whole class. The search
is lazy. Every single mistake is made in the first situation, a random example (it is cheap, and
most mistakes show there). It goes on to the next only while it reproduces the answer, those first
in which the most is wrong.

A name must be true. One that explains all outputs may say what it likes; where none does, a name
for one output is given only if that mistake would have changed no other output, or gives the
answer's there too. And in a combination each mistake must show in every output that it changes
alone: "half of the regularisation, in loss and gradient" is not said beside "none in the gradient".

Where an evaluation costs next to nothing the search stops at nothing else: for each output that is
wrong every single mistake is tried, then those that come with a number, then all combinations of
two, a hundred or more, and of three where two explain the first situation. Where the exercise is
costly (its author gave it more seconds than usual) what the first situation has told must do:

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
from itertools import combinations

import numpy as np

from ..exercise.mistakes import Mistake, Mistakes
from ..exercise.trial import Trial
from .compare import TINY, distance, entries_near
from .rounding import roundings

Arrays = dict[str, np.ndarray]
ALLOWED = 3
"""Evaluations for each situation, where they are to be few, once every single mistake was tried."""
LATELY = 6
GROWN = 6
"""How many combinations that explain the first situation, but not all, are tried with one mistake
more.
"""


def agree(yours: Arrays, ours: Arrays, name: str, tolerance: float, rounding: float = 0.0) -> bool:
    """Whether both have an output, and the same, relatively or up to ``rounding``."""
    if name not in yours or name not in ours:
        return False
    least = max(rounding / tolerance, TINY) if tolerance else TINY
    return distance(yours[name], ours[name], least) <= tolerance


def named_mistakes(trial: Trial, wrong: Sequence[str], near: float) -> list[Mistake]:
    """The known mistakes that reproduce the ``wrong`` outputs in every situation, if any do.

    First one mistake for all outputs, then one for each wrong one, then combinations of all
    outputs, then of one. ``near`` is the relative difference that is none.
    """
    if trial.mistakes is None:
        return []
    guess = _Guess.of(trial, near)
    singles = list(trial.mistakes.of(trial.exercise.answers))
    if one := next(filter(guess.explains, singles), None):
        return [one]
    guess.until = guess.asked + ALLOWED * len(guess.order)
    if guess.sparing:
        return _sparingly(trial, trial.mistakes, guess, singles, wrong)
    several = _Combined(trial, trial.mistakes, guess, singles)
    if (together := several.found()) is not None:
        return [guess.what_shows(together, trial.mistakes, wrong)]
    found = {name: one for name in wrong if (one := guess.who_made(name, singles)) is not None}
    found |= _apart(trial.mistakes, guess, singles, [n for n in wrong if n not in found])
    if len(found) < len(wrong) and several.hiding is not None:
        return [guess.what_shows(several.hiding, trial.mistakes, wrong)]
    return [found[name] for name in wrong if name in found]


def _sparingly(
    trial: Trial, known: Mistakes, guess: _Guess, singles: Sequence[Mistake], wrong: Sequence[str]
) -> list[Mistake]:
    """One mistake for each output; a combination only where that is not enough."""
    found = {name: one for name in wrong if (one := guess.who_made(name, singles)) is not None}
    if len(found) < len(wrong):
        several = _Combined(trial, known, guess, singles)
        if (together := several.found() or several.hiding) is not None:
            return [guess.what_shows(together, known, wrong)]
    return [found[name] for name in wrong if name in found]


@dataclass
class _Combined:
    """Combinations that explain every output everywhere. ``hiding`` is one of whose mistakes some
    hide others.
    """

    trial: Trial
    known: Mistakes
    guess: _Guess
    singles: Sequence[Mistake]
    hiding: Mistake | None = None

    def found(self) -> Mistake | None:
        """The first in which every mistake shows; of three where two explain the first
        situation.
        """
        guess = self.guess
        begun = [one for one in self.singles if guess.explains_first(one)]
        for mistake in _combinations(self.trial, self.known, guess):
            if self._fits(mistake):
                return mistake
            if not guess.sparing and guess.explains_first(mistake):
                begun.append(mistake)
        if guess.sparing:
            return None
        return next(filter(self._fits, self._grown(begun[:GROWN])), None)

    def _fits(self, mistake: Mistake) -> bool:
        if not self.guess.explains(mistake):
            return False
        shows = self.guess.all_show(mistake, self.known)
        if not shows:
            self.hiding = self.hiding or mistake
        return shows

    def _grown(self, begun: Sequence[Mistake]) -> Iterator[Mistake]:
        """Each with one mistake more."""
        for one in begun:
            for name in (*self.known.names(one.answer), *self.known.numbered(one.answer)):
                if name not in one.names:
                    yield self.known.commit(one.answer, (*one.names, name))


def _combinations(trial: Trial, known: Mistakes, guess: _Guess) -> Iterator[Mistake]:
    """What is worth trying, as long as that is allowed: mistakes with a number, then two
    together.
    """
    if not guess.yours[0]:
        return  # what is no array, no combination reproduces
    if not guess.sparing:
        for answer in trial.exercise.answers:
            yield from (known.commit(answer, (name,)) for name in known.numbered(answer))
    for pair in known.of(trial.exercise.answers, pairs=True):
        if guess.sparing and guess.asked >= guess.until:
            return
        if not guess.sparing or guess.may_be(pair):
            yield pair
    if not guess.sparing:
        for answer in trial.exercise.answers:
            for numbered in known.numbered(answer):
                yield from (known.commit(answer, (one, numbered)) for one in known.names(answer))


def _apart(
    known: Mistakes, guess: _Guess, singles: Sequence[Mistake], wrong: Sequence[str]
) -> dict[str, Mistake]:
    """For each output a mistake with a number, or two together, that say nothing of the others."""
    found = {}
    for name in wrong:
        silent = [one for one in singles if guess.silent_at_first(one, name)]
        answers = dict.fromkeys(one.answer for one in silent)
        tried = [
            *(known.commit(answer, (one,)) for answer in answers for one in known.numbered(answer)),
            *(
                known.commit(one.answer, (*one.names, *other.names))
                for one, other in combinations(silent, 2)
                if one.answer == other.answer
            ),
        ]
        for mistake in tried:
            if guess.makes(mistake, name) and guess.all_show(mistake, known):
                found[name] = mistake
                break
    return found


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
    _lately: dict[tuple[str, tuple[str, ...]], list[Arrays]] = field(default_factory=dict)

    @classmethod
    def of(cls, trial: Trial, near: float) -> _Guess:
        """The first random example comes first, then the situations in which the most is wrong;
        none in which the answer stopped with an exception.
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

    def _agree(self, k: int, theirs: Arrays, yours: Arrays, name: str) -> bool:
        """Whether a mistake gives an output of the student's; where it gives any, none is like
        none.
        """
        return bool(theirs) and self._same(k, theirs, yours, name)

    def _same(self, k: int, one: Arrays, other: Arrays, name: str) -> bool:
        """Whether two have the same output in the k-th situation of the order, or both have
        none.
        """
        if name not in one and name not in other:
            return True
        return agree(one, other, name, self.near, self.roundings[k][name])

    @property
    def every(self) -> tuple[str, ...]:
        return tuple(self.trial.exercise.outputs)

    @property
    def sparing(self) -> bool:
        """Whether combinations are to be tried sparingly."""
        return self.trial.exercise.costly or not self.trial.thorough

    def who_made(self, name: str, singles: Sequence[Mistake]) -> Mistake | None:
        """The first mistake that makes one output and says nothing of others, among those worth
        trying.
        """
        costly = self.trial.exercise.costly
        elsewhere = costly and self._agree(0, self.yours[0], self.ours[0], name)
        for mistake in singles:
            if costly and self.asked >= self.until:
                return None
            if elsewhere and self._shows(mistake):
                continue
            if self.makes(mistake, name):
                return mistake
        return None

    def explains(self, mistake: Mistake) -> bool:
        """Whether a mistake gives all of the student's outputs everywhere."""
        return self.reproduces(mistake, self.every)

    def makes(self, mistake: Mistake, name: str) -> bool:
        """Whether a mistake gives one output everywhere, and leaves the others right or as the
        student's are.
        """
        others = [one for one in self.every if one != name]
        return self.reproduces(mistake, (name,)) and all(
            self._same(k, self._theirs(mistake, k), self.ours[k], one)
            or self._agree(k, self._theirs(mistake, k), self.yours[k], one)
            for k in range(len(self.order))
            for one in others
        )

    def reproduces(self, mistake: Mistake, names: Sequence[str]) -> bool:
        """Whether a mistake gives the student's outputs everywhere, and somewhere no right ones."""
        differs = False
        for k, (yours, ours) in enumerate(zip(self.yours, self.ours, strict=True)):
            theirs = self._theirs(mistake, k)
            if not all(self._agree(k, theirs, yours, name) for name in names):
                return False
            differs = differs or not all(self._same(k, theirs, ours, name) for name in names)
        return differs

    def explains_first(self, mistake: Mistake) -> bool:
        """Whether a mistake gives all of the student's outputs in the first situation, and not the
        right ones.
        """
        theirs = self._theirs(mistake, 0)
        return all(self._agree(0, theirs, self.yours[0], name) for name in self.every) and any(
            not self._same(0, theirs, self.ours[0], name) for name in self.every
        )

    def silent_at_first(self, mistake: Mistake, name: str) -> bool:
        """Whether a single mistake changes no other output in the first situation."""
        theirs, ours = self._first(mistake.answer, *mistake.names), self.ours[0]
        return all(self._same(0, theirs, ours, one) for one in self.every if one != name)

    def all_show(self, mistake: Mistake, known: Mistakes) -> bool:
        """Whether each of several mistakes shows in every output that it changes alone."""
        names = mistake.names
        if len(names) == 1:
            return True
        return all(
            self._shows_in(
                mistake,
                known.commit(mistake.answer, (name,)),
                known.commit(mistake.answer, tuple(one for one in names if one != name)),
            )
            for name in names
        )

    def what_shows(self, mistake: Mistake, known: Mistakes, outputs: Sequence[str]) -> Mistake:
        """Of several mistakes together those that show in some of the outputs: what is said of
        them.
        """
        showing = tuple(
            name
            for name in mistake.names
            if any(
                not self._same(k, self._theirs(mistake, k), self._theirs(without, k), output)
                for without in [
                    known.commit(mistake.answer, tuple(n for n in mistake.names if n != name))
                ]
                for k in range(len(self.order))
                for output in outputs
            )
        )
        return known.commit(mistake.answer, showing or mistake.names)

    def _shows_in(self, together: Mistake, alone: Mistake, without: Mistake) -> bool:
        situations = range(len(self.order))
        return all(
            any(
                not self._same(k, self._theirs(together, k), self._theirs(without, k), output)
                for k in situations
            )
            for output in self.every
            if any(
                not self._same(k, self._theirs(alone, k), self.ours[k], output) for k in situations
            )
        )

    def may_be(self, pair: Mistake) -> bool:
        """Whether the first situation leaves it possible that these are the answer's mistakes."""
        one, other = (self._first(pair.answer, name) for name in pair.names)
        yours, ours = self.yours[0], self.ours[0]
        return all(
            _composed(yours[name], ours[name], one[name], other[name], self.near)
            for name in ours
            if all(name in each for each in (yours, ours, one, other))
        )

    def _shows(self, mistake: Mistake) -> bool:
        theirs = self._first(mistake.answer, *mistake.names)
        return not all(self._same(0, theirs, self.ours[0], name) for name in self.every)

    def _first(self, answer: str, *names: str) -> Arrays:
        """What a single mistake, already tried, gave in the first situation."""
        return self._given[answer, names][0]

    def _theirs(self, mistake: Mistake, k: int) -> Arrays:
        """What a mistake gave in one situation; kept for single ones, and of combinations for the
        latest few.
        """
        key = (mistake.answer, mistake.names)
        kept = self._given if len(mistake.names) == 1 else self._lately
        if key not in kept and len(self._lately) > LATELY:
            del self._lately[next(iter(self._lately))]
        given = kept.setdefault(key, [])
        while len(given) <= k:
            self.asked += 1
            given.append(self.trial.mistaken(mistake, self.order[len(given)]))
        return given[k]


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
