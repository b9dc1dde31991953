"""What an answer will be asked if it is right: its exercise is judged once on the reference, and all
questions written down.

A check draws for itself, but of the same seed the same, and asks what it asks of whoever is right:
so a class is asked nearly the same. Somebody judged alone, on inputs of their own, gains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..exercise.trial import Exercise
from ..judge import judge, watched_ahead
from ..language.probe import Inputs
from ..language.verdict import Evaluation, replace
from ..watch.evaluate import Evaluate
from .reference_answers import ReferenceAnswers


class Rehearsed:
    """The questions of each exercise, worked out when they are asked for a second time, and kept
    for one seed.
    """

    def __init__(self, answers: ReferenceAnswers) -> None:
        self._answers = answers
        self._seed: int | None = None
        self._kept: dict[str, Sequence[Inputs] | None] = {}

    def of(self, exercise: Exercise, seed: int) -> Sequence[Inputs]:
        """What is asked of the reference in its order, watched calls left out; nothing the first
        time.
        """
        if seed != self._seed:
            self._seed, self._kept = seed, {}
        if exercise.name not in self._kept:
            self._kept[exercise.name] = None
            return ()
        questions = self._kept[exercise.name]
        if questions is None:
            questions = _asked(exercise, self._answers.of(exercise, seed), seed)
            self._kept[exercise.name] = questions
        return questions


def _asked(exercise: Exercise, reference: Evaluate, seed: int) -> Sequence[Inputs]:
    asked: list[Inputs] = []

    def evaluate(batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        if count_work:  # nobody watches the reference
            return [replace(one, work=1) for one in reference(batch)]
        asked.extend(batch)
        return reference(batch)

    seen = watched_ahead(exercise, evaluate, seed)
    judge(exercise, evaluate, reference=reference, seed=seed, seen=seen)
    return asked
