"""Outside: how the judge reaches one exercise's answer behind the wall, with the seconds it has
left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ...exercise.trial import Exercise
from ...language.probe import Inputs
from ...language.verdict import Evaluation, Failure
from ...watch.evaluate import played
from ..wire import frames
from ..wire.limits import Limits, in_bytes, in_seconds
from .endings import exceeded
from .forkserver_process import ForkserverDied

CRASHES_AN_EXERCISE = 2
PATIENCE = 2
"""How many times the seconds of its exercise a watched batch may take: it is slower, and has its
own clock.
"""
NO_ANSWER = "sent something that is no answer"


class Gone(Exception):
    """The submission's process is no more, for a reason in words."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Asked(Protocol):
    """What an evaluator needs of a session."""

    limits: Limits

    @property
    def only_watched(self) -> bool:
        """Whether the process that answers checks was never asked anything unwatched."""
        ...

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel has killed in the submission for memory."""
        ...

    def ask(
        self,
        exercise: Exercise,
        batch: Sequence[Inputs],
        count_work: bool,
        deadline: Callable[[], float],
    ) -> Iterator[Evaluation]:
        """The evaluations of a batch, as they come."""
        ...

    def drop_check(self, exercise: Exercise) -> None:
        """Kill the process that answers; the next question gets a new one."""
        ...

    def unforked(self, exercise: Exercise) -> bool:
        """Whether the answers come from the notebook's own process."""
        ...


class Evaluator:
    """Evaluate, for one exercise of one session. A batch goes over in one piece; when it ends its
    process, what it had not answered is asked again one by one, so that only whoever did it pays
    for it.
    """

    def __init__(self, session: Asked, exercise: Exercise, seconds: float | None = None) -> None:
        self._session = session
        self._exercise = exercise
        self._seconds = self._left = exercise.seconds if seconds is None else seconds
        self._crashes = 0
        self._lost: Failure | None = None

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        """Evaluate a batch. One that is watched is asked of a process of which only watched calls
        were asked before, and costs no time. That process goes on if all went well, or nothing was
        written that could go wrong.
        """
        if not count_work:
            return self._together(batch)
        if self._lost is not None:
            return [Evaluation(failure=self._lost)] * len(batch)
        apart = Evaluator(self._session, self._exercise, PATIENCE * self._seconds)
        if not self._session.only_watched:
            self._start_afresh()
        found = apart._together(batch, count_work=True)
        if any(one.work is None and not _is_unwritten(one) for one in found):
            self._start_afresh()
        return found

    def _start_afresh(self) -> None:
        if not self._session.unforked(self._exercise):
            self._session.drop_check(self._exercise)

    def _together(self, batch: Sequence[Inputs], *, count_work: bool = False) -> list[Evaluation]:
        answered: list[Evaluation] = []
        together = len(batch)
        while len(answered) < len(batch):
            if self._lost is not None:
                return answered + [Evaluation(failure=self._lost)] * (len(batch) - len(answered))
            rest = batch[len(answered) : len(answered) + together]
            failure = self._ask(rest, count_work, answered)
            if failure is None:
                continue
            self._session.drop_check(self._exercise)
            if self._lost is None and len(rest) > 1:
                together = 1
                continue
            answered.append(Evaluation(failure=failure))
        return answered

    def _ask(
        self, batch: Sequence[Inputs], count_work: bool, answered: list[Evaluation]
    ) -> Failure | None:
        """Ask, and add to what is answered. Returns what went wrong; ``_lost`` is set when it went
        wrong for good.
        """
        started: list[float] = []

        def deadline() -> float:  # the clock starts once there is a process that could answer
            started.append(time.monotonic())
            return started[0] + self._left

        try:
            given = self._session.ask(self._exercise, batch, count_work, deadline)
            for inputs, evaluation in zip(batch, given, strict=True):
                if not (count_work or self._exercise.inside or evaluation.failure):
                    evaluation = self._played(inputs, evaluation)
                answered.append(_named(evaluation, self._session.limits))
            return None
        except frames.Late:
            self._lost = Failure("timeout", f"stopped after {in_seconds(self._seconds)}")
        except frames.Malformed:
            self._lost = Failure("killed", NO_ANSWER)
        except Gone as gone:
            self._lost = gone.failure
        except ForkserverDied:
            self._lost = Failure("killed", "took the grader's own process down")
        except frames.Closed:
            return self._crashed(alone=len(batch) == 1)
        finally:
            if started:
                self._left -= time.monotonic() - started[0]
        return self._lost

    def _played(self, inputs: Inputs, given: Evaluation) -> Evaluation:
        """What the probe finds here in what was returned there."""
        if given.transcript is None:
            raise frames.Malformed(NO_ANSWER)
        return played(self._exercise, inputs, given)

    def _crashed(self, *, alone: bool) -> Failure:
        limits = self._session.limits
        failure = Failure(
            "killed",
            exceeded("memory", limits)
            if self._session.out_of_memory
            else "ended its Python process: a crash in compiled code, os._exit, or memory beyond "
            f"the limit of {in_bytes(limits.memory_bytes)}",
        )
        self._crashes += alone
        if self._crashes >= CRASHES_AN_EXERCISE:
            self._lost = failure
        return failure


def _is_unwritten(evaluation: Evaluation) -> bool:
    return evaluation.failure is not None and evaluation.failure.kind == "not_attempted"


def _named(evaluation: Evaluation, limits: Limits) -> Evaluation:
    """A MemoryError under our limit is said to be that."""
    failure = evaluation.failure
    if (
        failure is None
        or failure.kind != "error"
        or not failure.message.startswith(("MemoryError", "_ArrayMemoryError"))
    ):
        return evaluation
    words = f"used more than {in_bytes(limits.memory_bytes)} of memory ({failure.message})"
    return Evaluation(failure=Failure("error", words[:2000], failure.traceback))
