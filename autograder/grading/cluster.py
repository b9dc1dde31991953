"""A crew on a Dask cluster: one machine, Slurm (dask-jobqueue) or Kubernetes (dask-kubernetes) behind one scheduler address.

A submission never runs in a worker, only in a sandboxed child of it, so that a worker dies of nothing that a student does.
"""

from __future__ import annotations

import time
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any

from ..verdict import replace
from .crew import CrewLost, Vanished
from .task import Judged, Task, judge

PATIENCE_SECONDS = 300.0
CARD = {"GPU": 1}
MEMORY_KEPT = 0.2
"""The part of a worker's memory that is its own and not the submission's."""


class ClusterCrew:
    """The workers of the cluster whose scheduler listens at ``address``. ``accelerated`` asks for workers that offer the
    resource GPU, one token a submission. Raises CrewLost when it does not answer, or no such worker is there."""

    def __init__(self, address: str, *, accelerated: bool) -> None:
        try:
            import distributed
        except ImportError:
            raise CrewLost("--scheduler needs the package distributed: install chainrule[scale]") from None
        self._distributed: Any = distributed
        self._address = address
        self._resources = CARD if accelerated else {}
        self._in_hand: set[Future[Judged]] = set()
        self._client: Any = self._connected(20.0)
        self._executor: Any = self._client.get_executor(pure=False, resources=self._resources)
        if accelerated and not any("GPU" in one.get("resources", {}) for one in self._workers().values()):
            self._client.close()
            raise CrewLost(
                f"no worker of the cluster at {address} offers a GPU: start them with --resources GPU=1, one for each card"
            )

    def _connected(self, patience: float) -> Any:
        until = time.monotonic() + patience
        while True:
            try:
                return self._distributed.Client(self._address, timeout=10, set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                if isinstance(error, ValueError) or time.monotonic() > until:
                    raise CrewLost(f"the scheduler at {self._address} does not answer: {error}") from error
                time.sleep(0.5)

    def _workers(self) -> dict[str, Any]:
        return self._client.scheduler_info(n_workers=-1)["workers"]

    @property
    def window(self) -> int:
        """Twice the threads that the cluster has now: workers may come and go."""
        threads = 0
        with suppress(OSError, TimeoutError, RuntimeError):
            threads = sum(self._client.nthreads().values()) if self._client.status == "running" else 0
        return max(2, 2 * threads)

    def submit(self, task: Task) -> Future[Judged]:
        """Have a submission judged."""
        handed: Future[Judged] = Future()
        self._in_hand.add(handed)
        handed.add_done_callback(self._in_hand.discard)
        try:
            inner = self._executor.submit(judge_on_worker, task)
        except Exception as error:  # a client that has just lost its scheduler has many words for it
            handed.set_exception(Vanished(str(error)))
            return handed
        inner.add_done_callback(lambda done: _hand_on(done, handed))
        return handed

    def died_with(self, error: BaseException) -> bool:
        """The cluster gave up on a submission whose workers died one after the other."""
        return isinstance(error, self._distributed.KilledWorker)

    def lost(self, error: BaseException) -> bool:
        """The scheduler is gone, and what it knew with it."""
        return isinstance(error, Vanished | CancelledError | self._distributed.comm.CommClosedError)

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


def judge_on_worker(task: Task) -> Judged:
    """Judge, in a share of this worker's memory."""
    from distributed import get_worker

    worker: Any = get_worker()
    if limit := worker.memory_manager.memory_limit:
        share = int(limit * (1 - MEMORY_KEPT) / worker.state.nthreads)
        task = replace(task, limits=replace(task.limits, memory_bytes=min(task.limits.memory_bytes, share)))
    return judge(task)


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
