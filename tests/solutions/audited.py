"""An assignment as the audits see it: its exercises, its right answers, the mistakes that must be
caught and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any
from zlib import crc32

import pytest

from autograder.checks import AllowedMeans, Check, Training, Vectorised
from autograder.course.reference_answers import ReferenceAnswers
from autograder.exercise.mistakes import Mistakes
from autograder.exercise.trial import Exercise
from autograder.judge import judge
from autograder.language.probe import Call
from autograder.language.verdict import Verdict
from autograder.watch.evaluate import as_graded, local

from ..parts import one_in
from .conftest import asked, load

ASSIGNMENTS = ("svm", "softmax", "backprop", "cnn", "lstm")
SLOW_TO_TRAIN = {"lstm"}
"""Where even `make test-long` trains right answers and a few wrong ones, but not every known
mistake.
"""


@dataclass(frozen=True, eq=False)
class Audited:
    """One assignment. ``wrong`` holds the mistakes, and right answers of another style where none
    is committed.
    """

    name: str
    exercises: Mapping[str, Exercise]
    right: dict[str, Any]
    wrong: ModuleType
    style: Mapping[str, Any]
    mistakes: Mistakes
    reference: ReferenceAnswers

    @property
    def answers(self) -> dict[str, Exercise]:
        """Each answer's exercise."""
        return {one: exercise for exercise in self.exercises.values() for one in exercise.answers}

    def known(self, name: str) -> list[tuple[str, str]]:
        """Every known mistake in an exercise: the answer, and its name there."""
        answers = self.exercises[name].answers
        return [(answer, mistake) for answer in answers for mistake in self.mistakes.names(answer)]

    def seed(self, name: str) -> int:
        """One seed for all mistakes in an exercise: what the reference answers is then worked out
        once.
        """
        return crc32(f"{self.name} {name}".encode())

    def posed(self, name: str, *, train: bool = False, counted: bool = True) -> Exercise:
        """An exercise, without its training unless asked: what is wrong shows without, and
        sooner. ``counted=False`` leaves out the count of loops, which is half of what a verdict costs.
        """
        exercise = self.exercises[name]
        left_out = (*(() if train else (Training,)), *(() if counted else (Vectorised,)))
        kept = [one for one in exercise.checks if not isinstance(one, left_out)]
        return replace(exercise, checks=kept)

    def trained(self) -> list[str]:
        """The exercises in which something is trained."""
        return [
            name
            for name in self.exercises
            if self.posed(name).checks != self.exercises[name].checks
        ]

    def verdict(
        self,
        name: str,
        namespace: Mapping[str, Any],
        seed: int,
        *,
        train: bool = False,
        counted: bool = True,
        probe: Call | None = None,
    ) -> Verdict:
        """Judge an answer beside the reference; called by another ``probe`` than the reference, if
        one is given.
        """
        exercise = self.posed(name, train=train, counted=counted)
        reference = self.reference.of(exercise, seed)
        asked = replace(exercise, function=probe or exercise.function)
        answer = as_graded(asked, namespace, inside=exercise.inside)
        return judge(exercise, answer, reference=reference, mistakes=self.mistakes, seed=seed)

    def on_a_laptop(
        self, name: str, namespace: Mapping[str, Any], seed: int, *, train: bool = False
    ) -> Verdict:
        """Judge an answer where neither the reference nor the known mistakes are."""
        exercise = self.posed(name, train=train)
        return judge(exercise, local(exercise, namespace), seed=seed)

    def blind(self, name: str) -> set[str]:
        """The titles of the checks that judge as they do on a laptop, whether the reference is
        there or not.
        """
        return {check.title for check in self.exercises[name].checks if _is_blind(check)}

    def in_another_style(self, name: str) -> dict[str, Any]:
        """The names as the mistakes' module has them right."""
        answers = self.exercises[name].answers
        return {**self.right, **{answer: getattr(self.wrong, answer) for answer in answers}}


def _is_blind(check: Check) -> bool:
    """Three kinds of checks need no reference, but look at it where there is one."""
    return not check.needs_reference and not isinstance(check, Vectorised | AllowedMeans | Training)


@cache
def audited(name: str) -> Audited:
    """The assignment ``name``, loaded once."""
    right, wrong = vars(load(f"solutions/{name}.py")), load(f"solutions/mistakes/{name}.py")
    exercises = asked(name).exercises
    style = vars(load(f"solutions/styles/{name}.py"))
    return Audited(
        name, exercises, right, wrong, style, Mistakes(wrong, right), ReferenceAnswers(right)
    )


def one_in_three(cases: Iterable[Any], first: int = 0) -> list[Any]:
    """Cases (``pytest.param``), of which `make test` asks every third from ``first`` on, and `make
    test-audit` the others. Facets of one thing may each begin with another: a run asks something of
    all.
    """
    return one_in(3, cases, pytest.mark.audit, first)


ALL = [audited(name) for name in ASSIGNMENTS]
each_assignment = pytest.mark.parametrize("audit", ALL, ids=ASSIGNMENTS)
EXERCISES = [
    pytest.param(one, name, id=f"{one.name}-{name}") for one in ALL for name in one.exercises
]
each_exercise = pytest.mark.parametrize(("audit", "name"), EXERCISES)
each_trained = pytest.mark.parametrize(
    ("audit", "name"),
    [pytest.param(one, name, id=f"{one.name}-{name}") for one in ALL for name in one.trained()],
)
few_draws = pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(1), id="one draw"),
        pytest.param(range(1, 2), marks=pytest.mark.audit, id="another"),
        pytest.param(range(2, 5), marks=pytest.mark.long, id="3 more"),
    ],
)


def failed(judged: Verdict) -> set[str]:
    """The checks that did not pass."""
    return {finding.check for finding in judged.findings if not finding.passed}
