"""An assignment as the audits see it: its exercises, its right answers, and the mistakes that must be caught and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any

from autograder.checks import Training
from autograder.exercise.mistakes import Mistakes
from autograder.exercise.trial import Exercise
from autograder.judge import judge
from autograder.language.verdict import Verdict
from autograder.watch.evaluate import local

from .conftest import asked, load

ASSIGNMENTS = ("svm", "softmax", "backprop", "cnn", "lstm")
TRAINED_APART = {"lstm"}
"""Training is left out unless it is asked for: what is right and wrong shows without it, a hundred times as fast."""


@dataclass(frozen=True, eq=False)
class Audited:
    """One assignment. ``wrong`` holds the mistakes, and right answers of another style where none is committed."""

    name: str
    exercises: Mapping[str, Exercise]
    right: dict[str, Any]
    wrong: ModuleType
    mistakes: Mistakes

    @property
    def answers(self) -> dict[str, Exercise]:
        """Each answer's exercise."""
        return {answer: exercise for exercise in self.exercises.values() for answer in exercise.answers}

    @property
    def known(self) -> list[tuple[str, str]]:
        """Every known mistake: the answer, and its name there."""
        return [(answer, name) for answer in self.answers for name in self.mistakes.names(answer)]

    def posed(self, name: str, *, train: bool = False) -> Exercise:
        """An exercise, without its training where that is done apart."""
        exercise = self.exercises[name]
        if train or self.name not in TRAINED_APART:
            return exercise
        return replace(exercise, checks=[check for check in exercise.checks if not isinstance(check, Training)])

    def verdict(
        self, name: str, namespace: Mapping[str, Any], seed: int | None = None, *, train: bool = False
    ) -> Verdict:
        """Judge an answer beside the reference."""
        exercise = self.posed(name, train=train)
        reference = local(exercise, self.right)
        return judge(exercise, local(exercise, namespace), reference=reference, mistakes=self.mistakes, seed=seed)

    def in_another_style(self, name: str) -> dict[str, Any]:
        """The names as the mistakes' module has them right."""
        return {**self.right, **{answer: getattr(self.wrong, answer) for answer in self.exercises[name].answers}}


@cache
def audited(name: str) -> Audited:
    """The assignment ``name``, loaded once."""
    right, wrong = vars(load(f"solutions/{name}.py")), load(f"solutions/mistakes/{name}.py")
    return Audited(name, asked(name).exercises, right, wrong, Mistakes(wrong, right))


def failed(judged: Verdict) -> set[str]:
    """The checks that did not pass."""
    return {finding.check for finding in judged.findings if not finding.passed}
