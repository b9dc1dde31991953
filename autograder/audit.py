"""The grader graded: right answers must pass, every known mistake must be caught, and named by its
own hint.

Each is judged as in grading, and as on a student's machine, with what travels with the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .checks import Vectorised
from .exercise.mistakes import Mistake, Mistakes
from .exercise.trial import Exercise
from .judge import fresh_seed, judge
from .language.verdict import Verdict
from .released.here import Here
from .released.work_out import work_out
from .watch.evaluate import as_graded, local

Namespace = Mapping[str, Any]


@dataclass(frozen=True)
class Caught:
    """What became of one known mistake: did it lose points, and did the report carry its hint.

    ``by_student``: whether a check failed on a student's machine, and the same of the hint there.
    """

    answer: str
    mistake: str
    caught: bool
    named: bool
    caught_by_student: bool
    named_by_student: bool


@dataclass(frozen=True)
class Audited:
    """One exercise audited. ``styles`` are the right answers written independently: title ->
    passed.
    """

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
            "caught_by_student": sum(one.caught_by_student for one in self.mistakes),
            "named_by_student": sum(one.named_by_student for one in self.mistakes),
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
                as_graded(exercise, namespace, inside=exercise.inside),
                reference=local(exercise, reference),
                mistakes=mistakes,
                seed=drawn,
            )

        here = Here(work_out(exercise, reference, mistakes))

        def by_student(
            namespace: Namespace,
            exercise: Exercise = exercise,
            here: Here = here,
            seed: int = drawn,
        ) -> Verdict:
            answers = local(exercise, namespace)
            return judge(exercise, answers, seed=seed, elsewhere=here, released=here.trial)

        yield Audited(
            exercise.name,
            verdict_on(reference).status == "passed" == by_student(reference).status,
            {
                title: _right(exercise, verdict_on(one))
                for title, one in _styles(exercise, reference, mistakes, styles)
            },
            [
                _caught(one, verdict_on(one.namespace), by_student(one.namespace))
                for one in (mistakes.of(exercise.answers) if mistakes is not None else ())
            ],
        )


def _styles(
    exercise: Exercise,
    reference: Namespace,
    mistakes: Mistakes | None,
    styles: Mapping[str, Namespace],
) -> Iterator[tuple[str, Namespace]]:
    """The right answers to this exercise: the mistakes' own functions with nothing wrong, and every
    style that has it.
    """
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
    """Whether a right answer kept its points; a style with loops may fail Vectorised, as it
    should.
    """
    loops = {check.title for check in exercise.checks if isinstance(check, Vectorised)}
    return all(finding.passed or finding.check in loops for finding in verdict.findings)


def _caught(mistake: Mistake, graded: Verdict, seen: Verdict) -> Caught:
    return Caught(
        mistake.answer,
        mistake.names[0],
        caught=graded.score < graded.points,
        named=_named(graded, mistake.hint),
        caught_by_student=any(finding.passed is False for finding in seen.findings),
        named_by_student=_named(seen, mistake.hint),
    )


def _named(verdict: Verdict, hint: str) -> bool:
    return any(hint in finding.hint or hint in finding.message for finding in verdict.findings)
