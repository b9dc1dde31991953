"""Outside: the process of one run of a notebook: spoken to in frames, and looked at between
them.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence

from ...errors import WallError
from ...language.verdict import Failure
from ..wire import frames
from ..wire.limits import Cell, CellResult, Limits, in_seconds
from .cores import cores_here
from .endings import ended, exceeded
from .evaluator import NO_ANSWER, Gone
from .forkserver_process import ForkserverProcess
from .outputs import STREAM_CAP, Collected, Output, Shown, stopped
from .scratch import Scratch

GRACE_SECONDS = 2.0
READY_SECONDS = 60.0
LOOK_SECONDS = 0.25


class NotebookProcess:
    """A fork of the forkserver's in a fresh scratch directory. ``partial`` is what the cell in hand
    had put out when it ended its process.
    """

    def __init__(self, forkserver: ForkserverProcess, limits: Limits) -> None:
        self.forkserver = forkserver
        self.partial: list[Output] = []
        self._limits = limits
        self._shown = Shown(limits.notebook_output_bytes)
        self._channel: frames.Channel | None = None
        self._scratch: Scratch | None = None
        self._pid = 0

    # --- life

    def start(self, files: Mapping[str, bytes], modules: Mapping[str, str]) -> tuple[str, ...]:
        """Fork, put up the walls and load the trusted ``modules``. Returns the names of their
        exercises.

        Raises WallError when it did not get that far, and ForkserverDied.
        """
        forkserver = self.forkserver
        self._scratch = scratch = Scratch(forkserver.plan, files)
        forkserver.prepare(modules)
        ours, theirs = socket.socketpair()
        self._channel = frames.Channel(ours)
        with theirs:
            self._pid = forkserver.fork(theirs, self._limits, scratch.handed)
        told, sent = scratch.setup()
        header = {
            "op": "setup",
            **told,
            "confine": forkserver.plan.confine(scratch.inside, self._limits),
            "nested": forkserver.plan.level != "none",
            "modules": modules,
            "cores": cores_here(),
            "text_cap": min(STREAM_CAP, self._limits.output_bytes),
        }
        try:
            reply = self.converse(header, READY_SECONDS, payload=sent)
        except Gone as gone:
            raise WallError(
                f"The submission's process {gone.failure.message} before any student code ran: "
                "grade it again."
            ) from gone
        if reply.get("kind") != "ready":
            raise WallError(
                "The submission's walls or exercises failed before any student code: "
                f"{reply.get('message')}"
            )
        return tuple(str(name) for name in reply.get("exercises", ()))

    def hang_up(self) -> None:
        """Say nothing more to it."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def end(self) -> None:
        """Kill it and all that it started, and remove its files. Raises ForkserverDied."""
        self.hang_up()
        try:
            self.forkserver.kill()
        finally:
            if self._scratch is not None:
                self._scratch.remove()

    @property
    def lives(self) -> bool:
        """Whether it can be spoken to."""
        return self._channel is not None and self._pid not in self.forkserver.exited

    @property
    def channel(self) -> frames.Channel:
        """The socket to it. Raises Gone when nobody is there any more."""
        if self._channel is None:
            raise Gone(Failure("killed", "its Python process had ended"))
        return self._channel

    # --- talking

    def execute(self, cell: Cell, seconds: float) -> CellResult:
        """Run a cell, interrupted after ``seconds``. Raises Gone when that ends the process."""
        collected = Collected(self._limits.output_bytes, self._shown)
        self.partial = []
        nonce = secrets.token_hex(8)
        try:
            self.channel.send({"op": "cell", "nonce": nonce, "source": cell.source})
            failure: Failure | None = None
            try:
                reply = self._until_done(nonce, collected, time.monotonic() + seconds)
            except frames.Late:
                failure = Failure("timeout", f"stopped after {in_seconds(seconds)}")
                self.forkserver.interrupt()
                reply = self._until_done(nonce, collected, time.monotonic() + GRACE_SECONDS)
            self.forkserver.watch()  # what it used up is not for the next cell to pay
            self.look()
        except frames.Late:
            self.partial = collected.finished()
            raise Gone(
                Failure(
                    "timeout", f"stopped after {in_seconds(seconds)}; it did not heed the interrupt"
                )
            ) from None
        except (frames.Closed, frames.Malformed, Gone) as error:
            self.partial = collected.finished()
            raise self._why(error) from error
        count = reply.get("execution_count")
        outputs = collected.finished()
        if failure is not None:
            outputs.append(stopped(failure.message))
        return CellResult(
            cell.id,
            outputs,
            count if type(count) is int and 0 <= count < 1 << 31 else None,
            failure,
        )

    def _until_done(self, nonce: str, collected: Collected, deadline: float) -> frames.Header:
        channel = self.channel
        while True:
            header, _ = self.receive(channel, deadline, self.look)
            kind = header.get("kind")
            if header.get("nonce") != nonce:
                if kind in ("out", "update", "clear"):
                    continue  # a thread that still talks about an earlier cell
                raise frames.Malformed(NO_ANSWER)
            if kind == "done":
                return header
            if kind == "out":
                collected.add(header.get("output"), header.get("display_id"))
            elif kind == "update":
                collected.update(header.get("output"), header.get("display_id"))
            elif kind == "clear":
                collected.clear(header.get("wait") is True, header.get("keep"))
            else:
                raise frames.Malformed(NO_ANSWER)

    def converse(
        self,
        header: frames.Header,
        seconds: float,
        fds: Sequence[int] = (),
        payload: bytes = b"",
    ) -> frames.Header:
        """One question, one answer, from the notebook's process. Raises Gone."""
        nonce = secrets.token_hex(8)
        try:
            channel = self.channel
            channel.send({**header, "nonce": nonce}, payload, fds=fds)
            deadline = time.monotonic() + seconds
            while True:
                reply, _ = self.receive(channel, deadline, self.look)
                if reply.get("nonce") == nonce and reply.get("kind") in ("done", "ready", "failed"):
                    return reply
                if reply.get("kind") not in ("out", "update", "clear"):
                    raise frames.Malformed(NO_ANSWER)
        except (frames.Closed, frames.Malformed, frames.Late) as error:
            raise self._why(error) from error

    def receive(
        self, channel: frames.Channel, deadline: float, look: Callable[[], None]
    ) -> tuple[frames.Header, bytes]:
        """The next frame of this process's, or of a fork of its state, with a look in between."""
        return channel.receive(deadline, every=LOOK_SECONDS, look=look, also=self.forkserver.fileno)

    # --- looking

    def look(self) -> None:
        """Between frames: has the process ended, has it written too much?"""
        self.forkserver.poll()
        if self._pid in self.forkserver.exited:
            raise Gone(Failure("killed", self._end_in_words()))
        if self.forkserver.out_of_memory:  # of several processes the kernel kills but one
            raise Gone(Failure("killed", exceeded("memory", self._limits)))
        self._bound_files()

    def measure(self) -> None:
        """Has it used too much? All that is asked while a check runs: a check's fork outlives its
        notebook. Raises frames.Closed where the kernel has killed for memory.
        """
        self.forkserver.poll()
        if self.forkserver.out_of_memory:
            raise frames.Closed
        self._bound_files()

    def _bound_files(self) -> None:
        if self._scratch is not None:
            self._scratch.bound(self._limits.scratch_bytes)

    def _why(self, error: BaseException) -> Gone:
        """What became of the process, in words."""
        if isinstance(error, Gone):
            return error
        if isinstance(error, frames.Late):
            return Gone(Failure("killed", "its Python process no longer answered"))
        if isinstance(error, frames.Malformed):
            return Gone(Failure("killed", NO_ANSWER))
        until = time.monotonic() + 1.0
        while self._pid not in self.forkserver.exited and time.monotonic() < until:
            self.forkserver.poll()
            time.sleep(0.005)
        return Gone(Failure("killed", self._end_in_words()))

    def _end_in_words(self) -> str:
        if what := self.forkserver.exceeded.get(self._pid):
            return exceeded(what, self._limits)
        return ended(self.forkserver.exited.get(self._pid), self._limits)
