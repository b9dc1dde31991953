"""What dispatch makes of losses, told by a pool that loses what it is told to lose. Real kills are
in tests/faults.
"""

from __future__ import annotations

import json
from collections import deque
from concurrent.futures import Future
from typing import Any

import pytest
from courses.course import TinyCourse

from autograder.classes.dispatch import MOST_LOSSES, Dispatch
from autograder.course.assignment import load_assignment
from autograder.errors import WorkersLost
from autograder.grading.submission import HandedIn, Judged, Submission
from autograder.wall.wire.limits import Limits

JUDGED = Judged("", ())


class Died(Exception):
    """A worker ended."""


class LosingPool:
    """Loses the first ``losses`` submissions, the next one whenever one is submitted again, and
    only then judges.
    """

    def __init__(self, window: int, losses: int) -> None:
        self.window = window
        self._losses = losses
        self._doomed: deque[Future[Judged]] = deque()
        self._waiting: list[Future[Judged]] = []
        self.submitted = 0

    def submit(self, submission: Any) -> Future[Judged]:
        self.submitted += 1
        future: Future[Judged] = Future()
        (self._doomed if self.submitted <= self._losses else self._waiting).append(future)
        if self._doomed and self.submitted >= self.window:
            self._doomed.popleft().set_exception(Died())
        elif not self._doomed:
            while self._waiting:
                self._waiting.pop().set_result(JUDGED)
        return future

    def died_with(self, error: BaseException) -> bool:
        return False

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, Died)

    def recover(self) -> None:
        pass

    def close(self, *, at_once: bool = False) -> None:
        pass


def _judge(count: int, pool: LosingPool) -> list[str]:
    submissions: Any = ((str(number), None) for number in range(count))
    return sorted(one.student for group in Dispatch(submissions, pool) for one in group)


def test_a_machine_with_many_workers_is_one_loss():
    many = 4 * MOST_LOSSES
    pool = LosingPool(window=many, losses=many)
    assert _judge(many, pool) == sorted(map(str, range(many)))
    assert pool.submitted == 2 * many


@pytest.mark.parametrize(("losses", "ends"), [(MOST_LOSSES, False), (MOST_LOSSES + 1, True)])
def test_losses_with_no_verdict_between_them_end_the_run(losses: int, ends: bool):
    pool = LosingPool(window=1, losses=losses)
    if ends:
        with pytest.raises(WorkersLost, match=f"{MOST_LOSSES} times in a row"):
            _judge(3, pool)
    else:
        assert _judge(3, pool) == ["0", "1", "2"]


class NarrowPool(LosingPool):
    """Has no memory for the first submission."""

    def submit(self, submission: Any) -> Future[Judged]:
        self.submitted += 1
        future: Future[Judged] = Future()
        if self.submitted == 1:
            future.set_exception(MemoryError())
        else:
            future.set_result(JUDGED)
        return future


def test_memory_that_runs_out_is_a_verdict_for_one_submission(tiny_built: TinyCourse):
    bundle = load_assignment(tiny_built.root, "tiny").bundle
    handed_in = HandedIn(json.dumps(tiny_built.notebook()).encode())
    one = Submission(bundle, handed_in, 0, "none", Limits())
    dispatch = Dispatch(iter([("large", one), ("small", one)]), NarrowPool(1, 0))
    judged = {done.student: done.judged for group in dispatch for done in group}
    assert judged["small"] is JUDGED
    large = judged["large"]
    assert large is not None
    assert large.ours
    assert [verdict.score for verdict in large.verdicts] == [0, 0]
    assert "out of memory over this submission" in large.notebook
