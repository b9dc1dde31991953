"""A pool of workers on a Dask cluster: one machine, Slurm (dask-jobqueue) or Kubernetes
(dask-kubernetes).

A submission never runs in a worker, only in a sandboxed child of it, so that a worker dies of
nothing that a student does. When a worker dies all the same, the scheduler hands out again whatever
was assigned to it, and blames all of that alike. Here every submission carries a ticket, which is
punched when a worker begins: the second worker to meet a ticket judges nothing and says that the
    first one died. So a submission ends one worker a ticket, and those that only waited are
    innocent.
"""

from __future__ import annotations

import time
import uuid
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any

from ..errors import WorkersLost
from ..grading.submission import Judged, Submission, grade_submission
from ..language.verdict import replace
from .pool import Vanished

PATIENCE_SECONDS = 300.0
CARD = {"GPU": 1}
MEMORY_KEPT = 0.2
"""The part of a worker's memory that is its own and not the submission's."""


class ClusterPool:
    """The workers of the cluster whose scheduler listens at ``address``. ``accelerated`` asks for
    workers that offer the resource GPU, one token a submission. Raises WorkersLost when it does not
    answer, or no such worker is there.
    """

    def __init__(self, address: str, *, accelerated: bool) -> None:
        try:
            import distributed
        except ImportError:
            raise WorkersLost(
                "--scheduler needs the package distributed: install chainrule[scale]"
            ) from None
        self._distributed: Any = distributed
        self._address = address
        self._resources = CARD if accelerated else {}
        self._in_hand: set[Future[Judged]] = set()
        self._client: Any = self._connected(20.0)
        self._executor: Any = self._client.get_executor(pure=False, resources=self._resources)
        if accelerated and not self._cards():
            self._client.close()
            raise WorkersLost(
                f"no worker of the cluster at {address} offers a GPU: start them with --resources "
                "GPU=1, one for each card"
            )

    def _connected(self, patience: float) -> Any:
        until = time.monotonic() + patience
        while True:
            try:
                return self._distributed.Client(self._address, timeout=10, set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                if isinstance(error, ValueError) or time.monotonic() > until:
                    raise WorkersLost(
                        f"the scheduler at {self._address} does not answer: {error}"
                    ) from error
                time.sleep(0.5)

    def _cards(self) -> int:
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return int(sum(one.get("resources", {}).get("GPU", 0) for one in workers.values()))

    @property
    def window(self) -> int:
        """Twice what the cluster judges at a time now, threads or cards: workers may come and
        go.
        """
        room = 0
        with suppress(OSError, TimeoutError, RuntimeError):
            if self._client.status == "running":
                room = self._cards() if self._resources else sum(self._client.nthreads().values())
        return max(2, 2 * room)

    def submit(self, submission: Submission) -> Future[Judged]:
        """Have a submission judged."""
        handed: Future[Judged] = Future()
        self._in_hand.add(handed)
        handed.add_done_callback(self._in_hand.discard)
        ticket = f"chainrule-{uuid.uuid4().hex}"
        try:
            inner = self._executor.submit(judge_on_worker, submission, ticket)
        except (
            Exception
        ) as error:  # a client that has just lost its scheduler has many words for it
            handed.set_exception(Vanished(str(error)))
            return handed
        inner.add_done_callback(lambda done: self._settle(done, handed, ticket))
        return handed

    def died_with(self, error: BaseException) -> bool:
        """A worker died that had begun."""
        return isinstance(error, WorkerDied) or (isinstance(error, _GivenUp) and self._begun(error))

    def lost(self, error: BaseException) -> bool:
        """The scheduler is gone, and what it knew with it; or workers died before they began."""
        if isinstance(error, _GivenUp):
            return not self._begun(error)
        return isinstance(error, Vanished | CancelledError | self._distributed.comm.CommClosedError)

    def _settle(self, done: Future[Judged], handed: Future[Judged], ticket: str) -> None:
        error = None if done.cancelled() else done.exception()
        if isinstance(error, self._distributed.KilledWorker):
            done = _failed(_GivenUp(ticket))
        _hand_on(done, handed)

    def _begun(self, error: _GivenUp) -> bool:
        if error.begun is None:
            error.begun = False
            with suppress(
                Exception
            ):  # a scheduler that is gone knows no tickets, and nothing was anybody's doing
                punched = self._distributed.Event(error.ticket, client=self._client)
                error.begun = bool(punched.is_set())
                punched.clear()
        return error.begun

    def recover(self) -> None:
        """Wait for the scheduler to be back, if it is gone."""
        if self._client.status == "running":
            with suppress(OSError, TimeoutError, RuntimeError):
                self._client.nthreads()
                return
        self._client.close(timeout=2)
        for handed in list(self._in_hand):  # nobody will ever answer these
            _hand_on(_failed(Vanished("the scheduler was restarted")), handed)
        self._client = self._connected(PATIENCE_SECONDS)
        self._executor = self._client.get_executor(pure=False, resources=self._resources)

    def close(self, *, at_once: bool = False) -> None:
        """Leave the cluster as it was, but for the submissions in hand: they are cancelled."""
        with suppress(Exception):
            self._executor.shutdown(wait=False)
        with suppress(Exception):
            self._client.close(timeout=5)


class WorkerDied(Exception):
    """The worker that began with this submission is gone."""


class _GivenUp(Exception):
    """The scheduler hands a submission to nobody any more: workers died to which it was assigned.
    ``begun``, once it is known, says whether one of them had begun with it.
    """

    def __init__(self, ticket: str) -> None:
        super().__init__(ticket)
        self.ticket = ticket
        self.begun: bool | None = None


def judge_on_worker(submission: Submission, ticket: str) -> Judged:
    """Judge, in a share of this worker's memory. Raises WorkerDied, without judging, when another
    worker has begun.
    """
    from distributed import Event

    punched: Any = Event(ticket)  # the scheduler's memory, which outlives workers
    if punched.is_set():
        punched.clear()
        raise WorkerDied(f"the worker that had ticket {ticket} is gone")
    punched.set()
    try:
        return _judge_in_share(submission)
    finally:
        with suppress(Exception):
            punched.clear()


def _judge_in_share(submission: Submission) -> Judged:
    from distributed import get_worker

    worker: Any = get_worker()
    if limit := worker.memory_manager.memory_limit:
        share = int(limit * (1 - MEMORY_KEPT) / worker.state.nthreads)
        submission = replace(
            submission,
            limits=replace(
                submission.limits, memory_bytes=min(submission.limits.memory_bytes, share)
            ),
        )
    return grade_submission(submission)


def _hand_on(done: Future[Judged], handed: Future[Judged]) -> None:
    with suppress(Exception):  # whoever comes second comes too late
        if done.cancelled():
            handed.set_exception(Vanished("cancelled"))
        elif (error := done.exception()) is not None:
            handed.set_exception(error)
        else:
            handed.set_result(done.result())


def _failed(error: Exception) -> Future[Judged]:
    failed: Future[Judged] = Future()
    failed.set_exception(error)
    return failed
