"""Outside: one submission behind the wall. Runs its cells, asks its checks, and survives whatever
it does.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from ...errors import WallError
from ...exercise.importing import codes_of
from ...exercise.trial import Exercise
from ...language.probe import Inputs
from ...language.verdict import Evaluation, Failure
from ...watch.evaluate import Evaluate
from ..wire import evaluations, frames, values
from ..wire.limits import Cell, CellResult, Limits, in_seconds
from .evaluator import NO_ANSWER, Evaluator, Gone
from .forkserver_process import ForkserverDied
from .forkservers import Forkservers
from .notebook_process import NotebookProcess
from .outputs import stopped
from .scratch import admitted, is_safe

RESTARTS = 3
FORK_SECONDS = 10.0


class Session:
    """A submission in its scratch directory. Use as a context manager: leaving it kills and removes
    everything.
    """

    def __init__(
        self,
        forkservers: Forkservers,
        limits: Limits,
        files: Mapping[str, bytes],
        trusted: Mapping[str, bytes],
        accelerated: bool,
        release: Callable[[Session], None],
    ) -> None:
        self._forkservers = forkservers
        self.limits = limits
        self._accelerated = accelerated
        self._release = release
        self._trusted = dict(trusted)
        modules = {name: data for name, data in trusted.items() if name.endswith(".py")}
        self._modules = values.pack_sources(modules)
        self._codes = _packed_codes(tuple(modules.items()))
        self._files = {
            **self._trusted,
            **admitted(files, self._trusted, self.limits.scratch_bytes),
        }
        for name in trusted:
            if not is_safe(name):
                raise WallError(
                    f"{name!r} is no name for a file in the notebook's directory: name one "
                    "without folders."
                )
        self._process: NotebookProcess
        self._check: frames.Channel | None = None
        self._cells: list[Cell] = []
        self._spoiled: dict[int, CellResult] = {}
        self._results: list[CellResult] = []
        self._restarts_left = RESTARTS
        self._deaths = 0
        self._deadline = float("inf")
        self._gone: Failure | None = None
        self._closed = False
        self._anew = False
        self._swept = False
        self.only_watched = False
        self.exercises: tuple[str, ...] = ()
        self._insist(self._start)

    # --- life -------------------------------------------------------------------------------------

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill every process of the submission and remove its files."""
        try:
            if not self._closed:
                self._closed = True
                self._stop()
        except ForkserverDied:
            self._forkservers.replace(self._process.forkserver)
        finally:
            self._release(self)

    def _start(self) -> None:
        self._anew = self._swept = False
        self._process = NotebookProcess(self._forkservers.present(), self.limits)
        self.exercises = self._process.start(self._files, self._modules)

    def _stop(self) -> None:
        """End the present fork, keep nothing of it."""
        self._hang_up()
        self._process.end()

    def _hang_up(self) -> None:
        self._process.hang_up()
        if self._check is not None:
            self._check.close()
        self._check = None

    def _insist(self, act: Callable[[], None]) -> None:
        """Do ``act``; when the forkserver dies under it, once more with a new forkserver."""
        try:
            act()
        except ForkserverDied:
            self._forkserver_died()
            try:
                act()
            except ForkserverDied as error:
                self._forkserver_died()
                raise WallError(
                    "The grader's forkserver died twice before any student code ran: the machine "
                    "may lack memory."
                ) from error

    def _forkserver_died(self) -> None:
        self._hang_up()
        self._deaths += 1
        self._forkservers.replace(self._process.forkserver)

    # --- cells ------------------------------------------------------------------------------------

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        """Run the cells in order. A cell that is stopped or takes the process down costs only
        itself: the notebook is run again without it, a few times at most. Never raises for what
            student code does.
        """
        self._cells = list(cells)
        self._deadline = time.monotonic() + self.limits.submission_seconds
        self._play()
        return self._results

    def _play(self, *, fresh: bool = False) -> None:
        """Run the notebook until it gets to its end, leaving out the cells that end it."""
        while True:
            index = 0
            self._results = []
            try:
                if fresh:
                    self._insist(self._start)
                for index, cell in enumerate(self._cells):
                    self._results.append(self._spoiled.get(index) or self._one(cell))
                return
            except Gone as gone:
                failure = gone.failure
                partial = self._process.partial
            except ForkserverDied:
                self._forkserver_died()
                failure = Failure("killed", "took the grader's own process down")
                partial = []
                if self._deaths < 2:
                    fresh = True
                    continue
                self._restarts_left = 0
            self._spoiled[index] = CellResult(
                self._cells[index].id if self._cells else "",
                [*partial, stopped(failure.message)],
                None,
                failure,
            )
            if self._restarts_left <= 0 or time.monotonic() > self._deadline:
                self._give_up(index, failure)
                return
            self._restarts_left -= 1
            with suppress(ForkserverDied):
                self._stop()
            fresh = True

    def _give_up(self, index: int, failure: Failure) -> None:
        """The notebook ended its process too often: what has not run yet does not run."""
        self._gone = Failure(
            "killed", f"the notebook ended its Python process again and again: it {failure.message}"
        )
        for cell in self._cells[len(self._results) :]:
            sentence = "not run: an earlier cell ended the Python process"
            self._results.append(
                self._spoiled.get(self._cells.index(cell))
                or CellResult(cell.id, [stopped(sentence)], None, Failure("killed", sentence))
            )

    def _one(self, cell: Cell) -> CellResult:
        self._process.partial = []
        if cell.kind == "check":
            if cell.exercise is not None:
                self._process.converse({"op": "remember", "exercise": cell.exercise}, FORK_SECONDS)
            return CellResult(cell.id)
        left = self._deadline - time.monotonic()
        if left <= 0:
            sentence = (
                f"not run: the notebook had used its {in_seconds(self.limits.submission_seconds)}"
            )
            return CellResult(cell.id, [stopped(sentence)], None, Failure("timeout", sentence))
        return self._process.execute(cell, min(self.limits.cell_seconds, left))

    # --- checks -----------------------------------------------------------------------------------

    def evaluator(self, exercise: Exercise, seconds: float | None = None) -> Evaluate:
        """How the judge reaches the answer to ``exercise``: each evaluation is made in a fork of
        the notebook's state. ``seconds`` for all of them, if not as many as the exercise has.

        Raises WallError when the trusted exercises have none of that name.
        """
        if exercise.name not in self.exercises:
            raise WallError(
                f"The submission was given no exercise {exercise.name!r}: build the assignment "
                "again."
            )
        return Evaluator(self, exercise, seconds)

    def ask(
        self,
        exercise: Exercise,
        batch: Sequence[Inputs],
        count_work: bool,
        deadline: Callable[[], float],
    ) -> Iterator[Evaluation]:
        """The evaluations of a batch, as they come. Raises frames.Late, frames.Closed,
        frames.Malformed or Gone.
        """
        names = list(exercise.inputs)
        unforked = self.unforked(exercise)
        packed = self._packed(exercise, batch)
        channel = self._first_channel() if unforked else self._check_channel()
        self.only_watched = self.only_watched and count_work
        until = deadline()
        look = self._process.look if unforked else self._process.measure
        for trees, payload in packed:
            nonce = secrets.token_hex(8)
            question = {
                "op": "evaluate",
                "nonce": nonce,
                "exercise": exercise.name,
                "count_work": count_work,
            }
            channel.send(
                {**question, "batch": trees}, payload, seconds=max(1.0, until - time.monotonic())
            )
            left = len(trees)
            while left:
                header, raw = self._process.receive(channel, until, look)
                if unforked and header.get("kind") in ("out", "update", "clear"):
                    continue  # what an answer prints there comes on the same channel
                if header.get("nonce") != nonce or header.get("kind") != "evaluations":
                    raise frames.Malformed(NO_ANSWER)
                answered = evaluations.unpack_evaluations(header, raw, names, left)
                left -= len(answered)
                yield from answered

    def _packed(
        self, exercise: Exercise, batch: Sequence[Inputs]
    ) -> list[tuple[list[frames.Header], bytes]]:
        try:
            return list(values.pack_batches(batch))
        except TypeError as error:
            raise WallError(f"{exercise.name}: {error}.") from error

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel has killed in the submission for memory, since a check was last
        dropped.
        """
        return self._process.forkserver.out_of_memory

    def unforked(self, exercise: Exercise) -> bool:
        """Whether the exercise is judged in the notebook's own process: an accelerator does not
        survive a fork.
        """
        return exercise.accelerated and self._accelerated

    def drop_check(self, exercise: Exercise) -> None:
        """Kill the process that answers checks; the next question gets a new one."""
        if self.unforked(exercise):
            self._end_present()
            return
        if self._check is not None:
            self._check.close()
            self._check = None
        try:
            self._process.forkserver.kill(keep_submission=True)
            self._process.forkserver.know_killed()
            self._swept = True
        except ForkserverDied:
            self._forkserver_died()

    def _check_channel(self) -> frames.Channel:
        """The socket to the fork that answers checks, forked now if there is none. Raises Gone."""
        if self._check is not None:
            return self._check
        for _ in range(2):
            self._revive()
            ours, theirs = socket.socketpair()
            check = frames.Channel(ours)
            try:
                if not self._swept:  # what cells left running is in nobody's way then
                    self._process.forkserver.kill(keep_submission=True)
                self._swept = False
                with theirs:
                    fds = (theirs.fileno(),)
                    codes = b"" if self._anew else self._codes  # a fork of it has them, then
                    forked = self._process.converse({"op": "check"}, FORK_SECONDS, fds, codes)
                    self._anew = forked.get("anew") is True
                header, _ = check.receive(time.monotonic() + FORK_SECONDS)
                if header.get("kind") != "done":
                    raise frames.Malformed(NO_ANSWER)
            except (Gone, frames.Closed, frames.Late, frames.Malformed):
                check.close()
                self._hang_up()
                self._end_present()
            except ForkserverDied:
                check.close()
                self._forkserver_died()
            else:
                self._check = check
                self.only_watched = True
                return check
        self._gone = self._gone or Failure(
            "killed", "the notebook's Python process ended between the checks"
        )
        raise Gone(self._gone)

    def _first_channel(self) -> frames.Channel:
        """The socket to the notebook's own process, run again if there is none. Raises Gone."""
        self._revive()
        if not self._anew:
            self._process.converse({"op": "anew"}, FORK_SECONDS, payload=self._codes)
            self._anew = True
        return self._process.channel

    def _end_present(self) -> None:
        with suppress(ForkserverDied):
            self._stop()

    def _revive(self) -> None:
        """Run the notebook again when its process has ended since. Raises Gone when it did so too
        often.
        """
        if self._gone is not None:
            raise Gone(self._gone)
        if self._process.lives:
            return
        if self._restarts_left <= 0 or self._deaths >= 2:
            self._gone = Failure("killed", "the notebook's Python process ended again and again")
            raise Gone(self._gone)
        self._restarts_left -= 1
        with suppress(ForkserverDied):
            self._stop()
        self._deadline = time.monotonic() + self.limits.submission_seconds
        results = self._results
        self._play(fresh=True)
        self._results = results
        if self._gone is not None:
            raise Gone(self._gone)


@lru_cache(maxsize=2)
def _packed_codes(modules: tuple[tuple[str, bytes], ...]) -> bytes:
    """The trusted modules' code, for a process in which no student's line has had it in hand."""
    return values.pack_codes(codes_of(dict(modules), Path()))


__all__ = ["Gone", "Session"]
