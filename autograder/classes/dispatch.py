"""From submissions to verdicts through a pool of workers, whatever happens to them: nothing is lost
or judged twice.

A worker that dies takes the submissions it had in hand with it, and nobody can tell which of them
killed it. All of them are
suspects: when the others are done, each is tried again, alone. Whoever then kills a worker again is
    not tried a third time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from ..errors import AssignmentError, OtherEngine, WorkersLost
from ..grading.grade import OUT_OF_MEMORY
from ..grading.submission import Judged, Submission, fault
from .pool import WorkerPool

TRIES = 2
POISON = (
    f"the grader's own process ended {TRIES} times while it had this notebook in hand, the second "
    "time with it alone"
)
MOST_LOSSES = 8
"""So many losses with no verdict between them are no bad luck any more."""


@dataclass(frozen=True)
class Finished:
    """A student's verdict, or the defect of ours that kept it from being made."""

    student: str
    submission: Submission
    judged: Judged | None
    error: Exception | None = None


@dataclass
class _Attempt:
    student: str
    submission: Submission
    deaths: int = 0
    handed_out_after: int = 0
    """How many losses were counted before it was handed out."""


class Dispatch:
    """Has submissions judged, a window at a time. Iterating yields what is finished as soon as
    anything is.

    Raises WallError when no wall can stand, OtherEngine, and WorkersLost.
    """

    def __init__(self, submissions: Iterable[tuple[str, Submission]], pool: WorkerPool) -> None:
        self._fresh = (_Attempt(student, submission) for student, submission in submissions)
        self._pool = pool
        self._again: deque[_Attempt] = deque()
        self._suspects: deque[_Attempt] = deque()
        self._in_hand: dict[Future[Judged], _Attempt] = {}
        self._losses = 0  # since the last verdict
        self._counted = 0  # in all

    def __iter__(self) -> Iterator[list[Finished]]:
        while self._hand_out():
            done, _ = wait(self._in_hand, return_when=FIRST_COMPLETED)
            finished, shaken = self._collect(done)
            if shaken:
                self._refuse_too_many()
                self._pool.recover()
                finished += self.finished_by_now()
            if finished:
                yield finished

    def finished_by_now(self) -> list[Finished]:
        """What has been judged since the last look, for whoever will not come back for more."""
        return self._collect([future for future in self._in_hand if future.done()])[0]

    def _hand_out(self) -> bool:
        """Fill the window; suspects wait until nothing else is in hand. Returns whether anything
        is.
        """
        while len(self._in_hand) < self._pool.window:
            attempt = self._again.popleft() if self._again else next(self._fresh, None)
            if attempt is None:
                break
            self._submit(attempt)
        if not self._in_hand and self._suspects:
            self._submit(self._suspects.popleft())
        return bool(self._in_hand)

    def _submit(self, attempt: _Attempt) -> None:
        attempt.handed_out_after = self._counted
        self._in_hand[self._pool.submit(attempt.submission)] = attempt

    def _collect(self, done: Iterable[Future[Judged]]) -> tuple[list[Finished], bool]:
        """What came of them, and whether the pool lost any."""
        finished: list[Finished] = []
        shaken = False
        for future in done:
            attempt = self._in_hand.pop(future)
            error = _error_of(future)
            if error is None:
                self._losses = 0
                finished.append(Finished(attempt.student, attempt.submission, future.result()))
            elif self._pool.lost(error):
                shaken = True
                self._count_loss(attempt)
                self._again.append(attempt)
            elif self._pool.died_with(error):
                shaken = True
                self._count_loss(attempt)
                attempt.deaths += 1
                if attempt.deaths < TRIES:
                    self._suspects.append(attempt)
                else:
                    finished.append(
                        Finished(
                            attempt.student, attempt.submission, fault(attempt.submission, POISON)
                        )
                    )
            else:
                finished.append(_broken(attempt, error))
        return finished, shaken

    def _count_loss(self, attempt: _Attempt) -> None:
        """A machine with many workers is one loss when it goes: what else was in hand by then does
        not count again.
        """
        if attempt.handed_out_after == self._counted:
            self._counted += 1
            self._losses += 1

    def _refuse_too_many(self) -> None:
        if self._losses > MOST_LOSSES:
            raise WorkersLost(
                f"workers ended {MOST_LOSSES} times in a row without a single verdict: the "
                "machine lacks memory, or a check in the exercises ends the process that judges"
            )


def _error_of(future: Future[Judged]) -> BaseException | None:
    try:
        future.result()
    except BaseException as error:
        return error
    return None


def _broken(attempt: _Attempt, error: BaseException) -> Finished:
    """A defect of ours: this student gets no verdict, the others do; where memory ran out, a
    verdict that says so. Where no wall can stand, or another engine would judge, nobody gets any.
    """
    from ..errors import WallError

    if isinstance(error, WallError | OtherEngine | AssignmentError) or not isinstance(
        error, Exception
    ):
        raise error
    if isinstance(error, MemoryError):
        judged = fault(attempt.submission, OUT_OF_MEMORY)
        return Finished(attempt.student, attempt.submission, judged)
    return Finished(attempt.student, attempt.submission, None, error)
