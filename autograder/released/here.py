"""On a student's machine: judging by what was released, and by the oracle what it alone can
tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..checks import Reference
from ..checks.compare import distance
from ..exercise.trial import Check, Trial
from ..judge import Elsewhere
from ..language.verdict import Finding
from .expected import Expected
from .keys import Flat, keys
from .locked import Found, Opened

WAITS = "waits for grading"
FEW = f"{WAITS}: what is right here takes few values, so that a verdict would give it away"
OTHERS = f"{WAITS}: the expected answers do not fit the inputs that this version of NumPy draws"


@dataclass
class Here:
    """Judges the checks of one exercise that need the reference: with what was released, if it was.

    ``oracle`` is asked for fresh inputs where all is right in the released situations, and for what
    is not released. ``why`` is said where nothing is: what waits, waits for this reason.
    """

    expected: Expected | None
    oracle: Elsewhere | None = None
    why: str = WAITS

    def trial(self, asked: Trial) -> Trial | None:
        """The trial in the released situations of the answer in ``asked``; None where there are
        none.
        """
        return self.expected.trial(asked) if self.expected else None

    def __call__(self, trial: Trial, check: Check) -> Finding:
        """The finding of one check. May raise AnswerFailed."""
        if trial.released is None or not isinstance(check, Reference):
            found = Finding(check.title, None, self._reason(check), share=check.share)
            return self.oracle(trial, check) if self.oracle else found
        found = self._judged(trial.released, check)
        if not found.passed or self.oracle is None:
            return found
        asked = self.oracle(trial, check)
        return found if asked.passed is None else asked

    def _reason(self, check: Check) -> str:
        if self.expected is None or not isinstance(check, Reference):
            return self.why
        return OTHERS if self.expected.rights else FEW

    def _judged(self, released: Trial, check: Reference) -> Finding:
        found = check(released)
        if found.passed:
            said = f"right in {len(released.draws())} situations; grading draws others"
            return replace(found, message=said)
        assert self.expected is not None
        compared = check.outputs or tuple(released.exercise.outputs)
        return replace(found, hint=hints_opened(released, self.expected, compared) or found.hint)


def hints_opened(released: Trial, expected: Expected, compared: Sequence[str]) -> str:
    """The hints that an answer's outputs open, by the grader's own rule; empty where none does.

    First one mistake that gives all outputs everywhere, then one for each wrong output, then two.
    """
    found = _found(released, expected)
    opened = expected.locked.opened(found)
    singles = [one for one in opened if len(one.hints) == 1]
    every = tuple(released.exercise.outputs)
    whole = next((one for one in singles if one.reproduces(found, every)), None)
    if whole is not None:
        return whole.hints[0]
    wrong = [name for name in compared if any(place[1] == name for place in found)]
    parts = [_first(singles, found, (name,)) for name in wrong]
    pairs = [one for one in opened if len(one.hints) > 1]
    if None in parts and (pair := _first(pairs, found, every)) is not None:
        return " And: ".join(pair.hints)
    return " And: ".join(dict.fromkeys(one.hints[0] for one in parts if one is not None))


def _first(opened: Sequence[Opened], found: Found, outputs: Sequence[str]) -> Opened | None:
    return next((one for one in opened if one.reproduces(found, outputs)), None)


def _found(released: Trial, expected: Expected) -> Found:
    """The keys of every output that is wrong in a released situation."""
    found: dict[tuple[int, str], list[bytes]] = {}
    for k, (drawn, right) in enumerate(zip(released.draws(), expected.rights, strict=True)):
        given = drawn.evaluation.arrays()
        for name, tolerance in expected.tolerances.items():
            yours: np.ndarray | None = given.get(name)
            if yours is not None and distance(yours, right.outputs[name]) <= tolerance:
                continue
            where = (released.exercise.name, right.place, name)
            salt = expected.locked.salts.get((k, name), 0)
            found[k, name] = (
                []
                if yours is None
                else keys(Flat.of(yours, right.outputs[name]), tolerance, where, salt)
            )
    return found
