"""An exercise is a probe and the checks that judge it; a trial is one run of them on one answer.

The three belong together: an exercise has checks, a check judges a trial, a trial is of an
exercise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..language.plain import in_words
from ..language.probe import USUAL, Case, Inputs, Probe
from ..language.verdict import Evaluation, Failure, Finding
from ..watch.evaluate import Evaluate
from ..watch.remembered import digest
from .mistakes import Mistake, Mistakes

RANDOM_EXAMPLES = 2
USUAL_SECONDS = 10.0


class AnswerFailed(Exception):
    """The answer gave no outputs to judge. Carries the Failure; the judge turns it into a
    finding.
    """

    def __init__(self, failure: Failure, drawn: Case | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.case = drawn


@dataclass(frozen=True)
class Drawn:
    """One situation tried: the case, its inputs and sizes, and what the answer gave for them."""

    case: Case
    inputs: Inputs
    sizes: Mapping[str, int]
    evaluation: Evaluation

    @cached_property
    def digest(self) -> bytes:
        """Tells these inputs from others."""
        return digest(dict(self.inputs))


WatchedCall = tuple[Inputs, Evaluation]


@dataclass(frozen=True)
class WatchedCalls:
    """What was seen while an answer was watched: usual inputs and the call on them, and the calls
    that checks asked for, by their titles.
    """

    inputs: Inputs
    evaluation: Evaluation
    asked: Mapping[str, Sequence[WatchedCall]]


@dataclass
class Trial:
    """One run of one exercise's checks. ``reference`` is None on a student's machine. ``rng`` is
    what situations are drawn from; another may be put in its place for what a check draws.

    ``thorough`` says whether a mistake is worth looking for among all combinations of the known
    ones. ``situations`` (case, inputs, sizes) stand in the place of drawn ones, where they are
    given. ``released`` is the same answer's trial where what is right came with the release, if it
    did. ``seen`` is what was seen of the answer while it was watched, if it has been."""

    exercise: Exercise
    evaluate: Evaluate
    rng: np.random.Generator
    reference: Evaluate | None = None
    mistakes: Mistakes | None = None
    thorough: bool = True
    situations: Sequence[tuple[Case, Inputs, Mapping[str, int]]] = ()
    released: Trial | None = None
    seen: WatchedCalls | None = None
    _drawn: list[Drawn] = field(default_factory=list)
    _ours: list[Evaluation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._of_situations = self.rng

    def draws(self) -> Sequence[Drawn]:
        """Two random examples and every case of the exercise, drawn and evaluated once for all
        checks.
        """
        if not self._drawn:
            cases = [USUAL] * RANDOM_EXAMPLES + list(self.exercise.cases)
            draw = self.exercise.draw
            made = self.situations or [(one, *draw(self._of_situations, one)) for one in cases]
            evaluations = self.evaluate([inputs for _, inputs, _ in made])
            self._drawn = [
                Drawn(one, inputs, sizes, evaluation)
                for (one, inputs, sizes), evaluation in zip(made, evaluations, strict=True)
            ]
        return self._drawn

    def working(self) -> Sequence[Drawn]:
        """Those of ``draws()`` in which the answer gave outputs. Raises AnswerFailed where there is
        none.
        """
        draws = self.draws()
        first = draws[0]
        if first.evaluation.failure and all(drawn.evaluation.failure for drawn in draws):
            raise AnswerFailed(first.evaluation.failure, first.case)
        return [drawn for drawn in draws if drawn.evaluation.failure is None]

    def reference_draws(self) -> Sequence[Evaluation]:
        """What the reference gives for ``draws()``, evaluated once for all checks."""
        assert self.reference is not None
        if not self._ours:
            self._ours = self.reference([drawn.inputs for drawn in self.draws()])
        return self._ours

    def mistaken(self, mistake: Mistake, k: int) -> dict[str, np.ndarray]:
        """The outputs in the k-th of ``draws()`` of who makes a known mistake, read-only: a class
        shares them.
        """
        assert self.mistakes is not None
        drawn = self.draws()[k]
        return self.mistakes.evaluation(self.exercise, mistake, drawn.inputs, drawn.digest).arrays()

    def watched(self) -> WatchedCalls:
        """What was seen of the answer while it was watched; it is watched now if it was not yet."""
        if self.seen is None:
            inputs, _ = self.exercise.draw(self.rng)
            self.seen = watched(self.exercise, self.evaluate, inputs, self.rng)
        return self.seen

    def arrays(self, batch: Sequence[Inputs]) -> list[dict[str, np.ndarray]]:
        """Evaluate and give the arrays; raises AnswerFailed for the first failure."""
        results = self.evaluate(batch)
        for result in results:
            if result.failure is not None:
                raise AnswerFailed(result.failure)
        return [result.arrays() for result in results]

    def ask(
        self, one: Case = USUAL, **overrides: Any
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Draw inputs (with overrides), evaluate, and give (inputs, outputs): what properties are
        written with.
        """
        inputs, _ = self.exercise.draw(self.rng, one)
        inputs |= overrides
        return inputs, self.arrays([inputs])[0]


@runtime_checkable
class Check(Protocol):
    """One thing that must be true of an answer. Pure: everything it touches comes in through the
    trial.
    """

    @property
    def title(self) -> str:
        """What a report calls it."""
        ...

    @property
    def share(self) -> float:
        """Its part of the exercise's points, relative to the other checks."""
        ...

    @property
    def needs_reference(self) -> bool:
        """Whether it can only run where the reference is."""
        ...

    def __call__(self, trial: Trial) -> Finding:
        """Judge. May raise AnswerFailed."""
        ...


@runtime_checkable
class Watching(Protocol):
    """A check that judges by watched calls."""

    @property
    def title(self) -> str:
        """What a report calls it."""
        ...

    def to_watch(self, exercise: Exercise, rng: np.random.Generator) -> list[Inputs]:
        """The inputs of its calls."""
        ...

    def settled(self, found: Sequence[WatchedCall]) -> bool:
        """Whether what came of them is enough; otherwise it asks for them once more, on other
        inputs.
        """
        ...


@runtime_checkable
class Differentiating(Protocol):
    """A check that asks for a gradient."""

    @property
    def wrt(self) -> str | tuple[str, ...]:
        """One input or several."""
        ...


@dataclass
class Exercise(Probe):
    """A probe and how it is judged. Made by ``@exercise``; ``checks`` may be assigned after.

    ``released`` says whether what is right travels with the release; None leaves it to the rule.
    ``inside``: its probe runs beside the answer alone, and not once more outside on what it returned.
    ``behind`` says for each place that waits for a property how many checks come after it.
    ``where`` is the file and line where its author declared it, for messages; ``words`` say what an
    input or output is, ``entries`` what each along an output's first axis is."""

    points: float
    seconds: float
    accelerated: bool = False
    inside: bool = False
    checks: list[Check] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)
    released: bool | None = None
    where: tuple[str, int] = ("", 1)
    words: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def state(self, check: Check) -> None:
        """Add a check in the first place that waits for one; the last place takes all that are
        left.
        """
        after = self.behind[0] if self.behind else 0
        if len(self.behind) > 1:
            del self.behind[0]
        self.checks.insert(len(self.checks) - after, check)

    def said(self, name: str) -> str:
        """An input or output in plain words: the author's, or what its name says."""
        return self.words.get(name) or in_words(name)

    def said_at(self, name: str, index: Sequence[int]) -> str:
        """One entry of an output in plain words: ``claim (b)``, or ``dW at [2, 1]``."""
        words, rest = self.said(name), list(index)
        if name in self.entries and rest:
            words = self.entries[name][rest.pop(0)]
        return f"{words} at {rest}" if rest else words

    def said_together(self, *names: str) -> str:
        """Several, as messages name them: ``next_h and next_c``."""
        return " and ".join(map(self.said, names))

    @property
    def differentiated(self) -> Collection[str]:
        """The inputs with respect to which a check asks for a gradient."""
        wanted = [one.wrt for one in self.checks if isinstance(one, Differentiating)]
        return {*chain(*((wrt,) if isinstance(wrt, str) else wrt for wrt in wanted))}

    @property
    def costly(self) -> bool:
        """Whether its author gave it more than the usual time: then each evaluation counts."""
        return self.seconds > USUAL_SECONDS


def watched(
    exercise: Exercise, evaluate: Evaluate, inputs: Inputs, rng: np.random.Generator
) -> WatchedCalls:
    """Watch an answer on ``inputs``, and all calls that the checks of its exercise ask for, in one
    batch, or two: an answer that was called unwatched before is watched in a process of its own,
    which takes time.
    """
    asking = [one for one in exercise.checks if isinstance(one, Watching)]
    batches = {one.title: one.to_watch(exercise, rng) for one in asking}
    found = iter(evaluate([inputs, *chain(*batches.values())], count_work=True))
    evaluation = next(found)
    asked = {title: _beside(batch, found) for title, batch in batches.items()}
    if unsettled := [one for one in asking if not one.settled(asked[one.title])]:
        batches = {one.title: one.to_watch(exercise, rng) for one in unsettled}
        found = iter(evaluate([*chain(*batches.values())], count_work=True))
        asked |= {title: _beside(batch, found) for title, batch in batches.items()}
    return WatchedCalls(inputs, evaluation, asked)


def _beside(batch: Sequence[Inputs], found: Iterator[Evaluation]) -> list[WatchedCall]:
    """Each of a batch with what was found of it, which comes next."""
    return [*zip(batch, islice(found, len(batch)), strict=True)]
