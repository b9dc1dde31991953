"""Reference: the answer's outputs equal the hidden reference's; when they do not, the well-known
mistakes are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..exercise.mistakes import plain_name
from ..exercise.trial import Drawn, Exercise, Trial
from ..language.probe import place
from ..language.verdict import Finding, replace
from .compare import evidence, ratio_in_words
from .dimensions import misshapen
from .explain import Seen, explained
from .naming import Arrays, agree, named_mistakes
from .rounding import roundings
from .shown import most_telling, told_apart
from .situations import exception_in, shared

T = TypeVar("T")


@dataclass(frozen=True)
class Reference:
    """Outputs against the reference's on two random examples and every case, relative to each
    output's largest entry.

    What cancels to 0 is compared on the scale of its terms (``rounding``).

    ``outputs`` names those compared (default all). ``tolerance`` bounds the relative difference.
    """

    share: float = 1.0
    outputs: tuple[str, ...] = ()
    tolerance: float = 1e-7
    title: str = "Right values"
    needs_reference: bool = True

    def __call__(self, trial: Trial) -> Finding:
        """Judge; every output of every case must agree."""
        trial.working()
        draws = trial.draws()
        names = self.outputs or tuple(trial.exercise.outputs)
        ours = [evaluation.arrays() for evaluation in trial.reference_draws()]
        yours = [drawn.evaluation.arrays() for drawn in draws]
        allowed = roundings(trial)
        stops = [exception_in(drawn) for drawn in draws]
        wrong = [
            (name, k)
            for name in names
            for k in range(len(draws))
            if not stops[k] and not agree(yours[k], ours[k], name, self.tolerance, allowed[k][name])
        ]
        bad = {k for _, k in wrong} | {k for k, stop in enumerate(stops) if stop}
        right = [k not in bad for k in range(len(draws))]
        if wrong:
            return shared(self._named(trial, wrong, yours, ours), right)
        if stop := next(filter(None, stops), None):
            return shared(Finding(self.title, False, stop, share=self.share), right)
        said = f"equal to the reference in {len(draws)} situations"
        return Finding(self.title, True, said, share=self.share)

    def _named(
        self, trial: Trial, wrong: list[tuple[str, int]], yours: list[Arrays], ours: list[Arrays]
    ) -> Finding:
        """The first output that is wrong, and what explains it: known mistakes, or general
        terms.
        """
        name = wrong[0][0]
        k = self._situation([j for one, j in wrong if one == name], yours, ours, name)
        outputs = tuple(dict.fromkeys(one for one, _ in wrong))
        found = named_mistakes(trial, outputs, self.tolerance)
        hint = " And: ".join(dict.fromkeys(mistake.hint for mistake in found))
        finding = self._finding(trial, name, trial.draws()[k], yours[k], ours[k], hint)
        if not hint:
            finding = replace(finding, hint=_in_general(trial, outputs, yours, ours))
        made = dict.fromkeys(
            (mistake.answer, plain_name(one)) for mistake in found for one in mistake.names
        )
        return replace(finding, mistakes=tuple(made))

    @staticmethod
    def _situation(wrong: list[int], yours: list[Arrays], ours: list[Arrays], name: str) -> int:
        """The situation to show: one in which the answer gives no array, or the most telling."""
        if missing := [k for k in wrong if name not in yours[k] or name not in ours[k]]:
            return missing[0]
        return wrong[most_telling([(yours[k][name], ours[k][name]) for k in wrong])]

    def _finding(
        self, trial: Trial, name: str, drawn: Drawn, yours: Arrays, ours: Arrays, hint: str
    ) -> Finding:
        where = place(drawn.case)
        dims, said = trial.exercise.outputs[name], trial.exercise.said(name)
        if name not in yours:
            complaint = misshapen(said, drawn.evaluation.outputs[name], dims, drawn.sizes)
            message = complaint or f"{said} is no array or number{where}."
            return Finding(self.title, False, message, hint, self.share)
        if yours[name].shape != ours[name].shape:
            message = f"{said} has the wrong shape{where}: see Dimensions."
            return Finding(self.title, False, message, hint, self.share)
        shown = evidence(said, yours[name], ours[name], dims.axes)
        at = trial.exercise.said_at(name, shown.index or ())
        is_now, should_be = told_apart(float(shown.yours or 0), float(shown.expected or 0))
        if dims.entries == "bool":
            is_now, should_be = bool(shown.yours), bool(shown.expected)
        message = f"{at} is {is_now}; it should be {should_be}{where}."
        if at.startswith("whether "):
            message = _not_so(at, bool(shown.expected)) + f"{where}."
        if shown.ratio is not None and dims.axes:
            message += (
                f" All of {said} is {ratio_in_words(shown.ratio, drawn.sizes)} what it should be."
            )
        return Finding(self.title, False, message, hint, self.share, shown)


def _in_general(
    trial: Trial, outputs: tuple[str, ...], yours: list[Arrays], ours: list[Arrays]
) -> str:
    """What is wrong with an output that no known mistake gives, if it can be said in general
    terms.
    """
    working = [
        (drawn, mine, right)
        for drawn, mine, right in zip(trial.draws(), yours, ours, strict=True)
        if drawn.evaluation.failure is None
    ]
    if any(name not in mine for name in outputs for _, mine, _ in working):
        return ""  # what is missing is said, and says enough
    exercise = trial.exercise
    for name in outputs:
        if all(name in right for _, _, right in working):
            seen = [
                Seen(
                    drawn.case.title,
                    _said(exercise, drawn.inputs),
                    drawn.sizes,
                    mine[name],
                    _said(exercise, right),
                )
                for drawn, mine, right in working
            ]
            dims, given = exercise.outputs[name], _said(exercise, exercise.inputs)
            if sentence := explained(exercise.said(name), dims, given, seen):
                return sentence
    return ""


def _said(exercise: Exercise, named: Mapping[str, T]) -> dict[str, T]:
    """By what a report calls them."""
    return {exercise.said(name): one for name, one in named.items()}


def _not_so(said: str, expected: bool) -> str:
    """``It is not so that x is left as it was``: what a yes or no that is wrong means."""
    fact = said.removeprefix("whether ")
    return f"It is not so that {fact}" if expected else f"It must not be so that {fact}"
