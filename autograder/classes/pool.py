"""Who judges: something that takes submissions through ``concurrent.futures`` and gives verdicts,
here or elsewhere.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from glob import glob
from multiprocessing.context import ForkServerContext
from typing import Any, Protocol

from ..course.bundle import Bundle
from ..errors import AssignmentError, WallError
from ..grading.submission import Judged, Submission, grade_submission, warm_up
from ..wall.outside.cores import cores_for

PRELOADED = [
    "numpy",
    "autograder.checks",
    "autograder.grading.submission",
    "autograder.wall.outside.wall",
]


class WorkerPool(Protocol):
    """Judges submissions, several at a time, each in a sandboxed child of a worker."""

    @property
    def window(self) -> int:
        """How many submissions it should have in hand to be kept busy."""
        ...

    def submit(self, submission: Submission) -> Future[Judged]:
        """Have a submission judged."""
        ...

    def died_with(self, error: BaseException) -> bool:
        """Whether an error means that a worker ended while it had the submission: perhaps because
        it had it.
        """
        ...

    def lost(self, error: BaseException) -> bool:
        """Whether an error means that the submission was lost on the way, by nobody's doing."""
        ...

    def recover(self) -> None:
        """Be ready again after a loss. Raises WorkersLost when that cannot be."""
        ...

    def close(self, *, at_once: bool = False) -> None:
        """End all workers; ``at_once`` without waiting for what they have in hand."""
        ...


class LocalPool:
    """Worker processes of this machine, each with a warm wall of its own."""

    def __init__(self, jobs: int, bundle: Bundle, isolation: str) -> None:
        self._jobs = jobs
        self._about = (bundle, isolation)
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._start()

    @property
    def window(self) -> int:
        """Twice the number of workers."""
        return 2 * self._jobs

    def _start(self) -> None:
        self._lifeline, theirs = self._context.Pipe()
        cards = self._context.SimpleQueue()
        for card in cards_here():
            cards.put(card)
        cores = self._context.SimpleQueue()
        for core in () if cards_here() else cores_for(self._jobs):
            cores.put(core)
        begin = partial(_begin, theirs, cards, cores, *self._about)
        self._pool = ProcessPoolExecutor(self._jobs, self._context, initializer=begin)
        self._theirs = theirs
        for _ in range(self._jobs):  # they start when there is work; their walls take a second
            self._pool.submit(int)

    def submit(self, submission: Submission) -> Future[Judged]:
        """Have a submission judged."""
        try:
            return self._pool.submit(grade_submission, submission)
        except BrokenExecutor as error:  # it broke since the last one
            lost: Future[Judged] = Future()
            lost.set_exception(Vanished(str(error)))
            return lost

    def died_with(self, error: BaseException) -> bool:
        """A worker was killed."""
        return isinstance(error, BrokenExecutor)

    def lost(self, error: BaseException) -> bool:
        """The workers were gone before the submission got there."""
        return isinstance(error, Vanished | CancelledError)

    def recover(self) -> None:
        """New workers in place of the dead ones."""
        self.close(at_once=True)
        self._start()

    def close(self, *, at_once: bool = False) -> None:
        """End the workers."""
        if at_once:
            self._lifeline.close()
        self._theirs.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._lifeline.close()


def pool_of_this_machine(
    jobs: int, bundle: Bundle, isolation: str, *, accelerated: bool
) -> LocalPool:
    """Workers of this machine; no more than it has cards, where answers train on them: a card
    trains one at a time.
    """
    cards = len(cards_here())
    return LocalPool(min(jobs, cards) if accelerated and cards else jobs, bundle, isolation)


class Vanished(Exception):
    """There was no worker any more."""


def cards_here() -> list[str]:
    """The accelerators that workers of this machine share out among them, by the names that
    CUDA_VISIBLE_DEVICES takes.
    """
    stated = os.environ.get("CUDA_VISIBLE_DEVICES")
    if stated is not None:
        return [card for card in stated.split(",") if card.strip()]
    return sorted(path.removeprefix("/dev/nvidia") for path in glob("/dev/nvidia[0-9]*"))


def _begin(lifeline: Any, cards: Any, cores: Any, bundle: Bundle, isolation: str) -> None:
    """What a worker does before its first submission. What fails here fails again, and is told,
    when there is one.
    """
    live_by(lifeline)
    if not cards.empty():
        os.environ["CUDA_VISIBLE_DEVICES"] = cards.get()
    with suppress(AssignmentError, WallError):
        warm_up(bundle, isolation)
    if not cores.empty():  # not before: while it warms up, its forkserver does beside it
        os.sched_setaffinity(0, {cores.get()})


def live_by(lifeline: Any) -> None:
    """In a worker: end when the command at the other end of the pipe does."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the command, which then ends its workers
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Any) -> None:
    """When the command is gone, or wants its workers gone, so are they, whatever they are doing."""
    from ..grading.walls import close_walls

    with suppress(EOFError, OSError):
        lifeline.recv()
    close_walls()
    os._exit(1)
