"""The grader graded: right answers must pass, every known mistake must be caught, and named by its own hint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .checks import Vectorised
from .exercise.mistakes import Mistakes
from .exercise.trial import Exercise
from .judge import fresh_seed, judge
from .language.verdict import Verdict
from .watch.evaluate import local

Namespace = Mapping[str, Any]


@dataclass(frozen=True)
class Caught:
    """What became of one known mistake: did it lose points, and did the report carry its hint."""

    answer: str
    mistake: str
    caught: bool
    named: bool


@dataclass(frozen=True)
class Audited:
    """One exercise audited. ``styles`` are the right answers written independently: title -> passed."""

    exercise: str
    reference_passed: bool
    styles: Mapping[str, bool]
    mistakes: Sequence[Caught]

    @property
    def sound(self) -> bool:
        """Whether nothing right failed and nothing wrong passed or went unnamed."""
        return (
            self.reference_passed
            and all(self.styles.values())
            and all(one.caught and one.named for one in self.mistakes)
        )

    def public(self) -> dict[str, Any]:
        """The machine-readable row of ``chainrule audit --json``."""
        return {
            "name": self.exercise,
            "reference_passed": self.reference_passed,
            "styles": dict(self.styles),
            "mistakes": len(self.mistakes),
            "caught": sum(one.caught for one in self.mistakes),
            "named": sum(one.named for one in self.mistakes),
            "missed": [
                f"{one.answer}: {one.mistake}"
                for one in self.mistakes
                if not (one.caught and one.named)
            ],
        }


def audit(
    exercises: Iterable[Exercise],
    reference: Namespace,
    mistakes: Mistakes | None,
    styles: Mapping[str, Namespace],
    seed: int | None = None,
) -> Iterator[Audited]:
    """Audit exercise after exercise, each with one seed: what its mistakes give is worked out once.

    ``styles``: title -> right answers written another way, where there are any.
    """
    for exercise in exercises:
        drawn = fresh_seed() if seed is None else seed

        def verdict_on(
            namespace: Namespace, exercise: Exercise = exercise, drawn: int = drawn
        ) -> Verdict:
            return judge(
                exercise,
                local(exercise, namespace),
                reference=local(exercise, reference),
                mistakes=mistakes,
                seed=drawn,
            )

        yield Audited(
            exercise.name,
            verdict_on(reference).status == "passed",
            {
                title: _right(exercise, verdict_on(one))
                for title, one in _styles(exercise, reference, mistakes, styles)
            },
            [
                _caught(
                    answer, name, verdict_on(mistakes.commit(answer, (name,)).namespace), mistakes
                )
                for answer in exercise.answers
                if mistakes is not None
                for name in mistakes.names(answer)
            ],
        )


def _styles(
    exercise: Exercise,
    reference: Namespace,
    mistakes: Mistakes | None,
    styles: Mapping[str, Namespace],
) -> Iterator[tuple[str, Namespace]]:
    """The right answers to this exercise: the mistakes' own functions with nothing wrong, and every style that has it."""
    if mistakes is not None and all(
        hasattr(mistakes.module, answer) for answer in exercise.answers
    ):
        yield (
            "mistakes, none made",
            {**reference, **{name: getattr(mistakes.module, name) for name in exercise.answers}},
        )
    for title, namespace in styles.items():
        if all(answer in namespace for answer in exercise.answers):
            yield (
                title,
                {**reference, **namespace},
            )  # whole: a style's forward pass may keep a cache of its own form


def _right(exercise: Exercise, verdict: Verdict) -> bool:
    """Whether a right answer kept its points; a style with loops may fail Vectorised, as it should."""
    loops = {check.title for check in exercise.checks if isinstance(check, Vectorised)}
    return all(finding.passed or finding.check in loops for finding in verdict.findings)


def _caught(answer: str, name: str, verdict: Verdict, mistakes: Mistakes) -> Caught:
    hint = mistakes.module.HINTS[answer][name]
    named = any(hint in finding.hint or hint in finding.message for finding in verdict.findings)
    return Caught(answer, name, verdict.score < verdict.points, named)
