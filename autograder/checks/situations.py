"""The situations a check tries: where an answer fails in some, those that are right keep their part
of the points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..exercise.trial import RANDOM_EXAMPLES, AnswerFailed, Drawn, Trial
from ..language.probe import place
from ..language.verdict import Finding, replace

T = TypeVar("T")
ATTEMPTS = 3


def exception_in(drawn: Drawn) -> str | None:
    """What the answer's exception says, and where it came; None where the answer came to its
    end.
    """
    failure = drawn.evaluation.failure
    return None if failure is None else failure.message + place(drawn.case)


def where_it_works(trial: Trial, judged: Callable[[Trial], T]) -> T:
    """What ``judged``, which draws for itself, says where the answer comes to its end.

    An exception in some situations costs those; so where the answer works in others, it is asked
    up to three times. Raises AnswerFailed otherwise.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return judged(trial)
        except AnswerFailed as failed:
            somewhere = any(drawn.evaluation.failure is None for drawn in trial.draws())
            if failed.failure.kind != "error" or not somewhere:
                raise
    return judged(trial)


def shared(failed: Finding, right: Sequence[bool]) -> Finding:
    """A failed check with its points shared among the situations tried, ``right`` or not, and the
    student told.

    One random example at least must be right: a special situation, where there may be nothing to
    do, earns nothing alone.
    """
    good, every = sum(right), len(right)
    if not any(right[:RANDOM_EXAMPLES]) or good == every:
        return failed
    told = f"{good} of {every} situations are right, and earn {good}/{every} of these points."
    said = failed.message if failed.message.endswith((".", "!", "?")) else failed.message + "."
    return replace(failed, message=f"{said} {told}", part=good / every)
