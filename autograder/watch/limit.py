"""A time limit for answers that run in this very process, as they do in a notebook.

A clock ticks ten times a second. When the answer has had its time, the tick raises Overtime in the
answer's code, and from then on at every call and every turn of a loop there: ``except: pass``
inside an endless loop catches it, and the loop's next turn raises it again. Never in our code or a
library's that we called: what they clean up, they finish.

The clock is the operating system's timer (Linux, macOS), else a thread (Windows); where neither can
reach the answer (a thread of its own, Pyodide) Python 3.12 and later watch the turns of loops, and
earlier ones have no limit. C code that does not come back, ``sum`` of an endless iterator, say,
ends only with the kernel.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from types import CodeType, FrameType
from typing import Any

from ..language.probe import Inputs
from ..language.verdict import Evaluation, Failure
from .evaluate import Evaluate
from .libraries import is_our_frame, is_student_frame
from .work import counts_a_step

TICK = 0.1
"""Seconds between two ticks."""

Tick = Callable[[FrameType | None], bool]
"""What happens at a tick: told the frame that was interrupted, says whether Overtime is to be
raised in it.
"""
Clock = Callable[[Tick], AbstractContextManager[None]]


class Overtime(KeyboardInterrupt):
    """The answer had its time. A KeyboardInterrupt, so that whoever lets one through lets this
    through.
    """


class Limited:
    """Evaluate, with ``seconds`` for all calls of the answer together; afterwards every evaluation
    is a timeout.

    ``slow`` is called once, when two seconds have passed since this was made and there is no end
    yet.
    """

    SLOW = 2.0

    def __init__(self, evaluate: Evaluate, seconds: float, slow: Callable[[], None]) -> None:
        self._evaluate = evaluate
        self._left = self._seconds = seconds
        self._slow: Callable[[], None] | None = slow
        self._began = time.monotonic()
        self._until: float | None = None
        self._counts = False  # then nothing is said: saying it is work

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        """Evaluate a batch."""
        began = time.monotonic()
        late = self._left <= 0
        self._counts = count_work
        try:
            if not late:
                self._until = began + self._left
                evaluations = self._evaluate(batch, count_work=count_work)
                self._until = None
                return evaluations
        except Overtime:
            self._until = None  # before anything is called: until now the next step raises again
            late = True
        finally:
            self._until = None
            self._left = 0 if late else self._left - (time.monotonic() - began)
        words = f"stopped after {self._seconds:g} s: is there a loop in it that never ends?"
        return [Evaluation(failure=Failure("timeout", words))] * len(batch)

    def tick(self, frame: FrameType | None) -> bool:
        """Whether the answer's time is up, and it is the answer's code that was interrupted."""
        now = time.monotonic()
        if self._slow is not None and not self._counts and now - self._began > self.SLOW:
            slow, self._slow = self._slow, None
            with suppress(RuntimeError):  # the answer is in the middle of printing
                slow()
        return self._until is not None and now > self._until and _in_answer(frame)


def _in_answer(frame: FrameType | None) -> bool:
    """Whether the code that runs is the answer's own, a library's that the answer called, or counts
    the answer's steps.
    """
    while frame is not None and (counts_a_step(frame) or not is_our_frame(frame)):
        if is_student_frame(frame):
            return True
        frame = frame.f_back
    return False


@contextmanager
def limited(
    evaluate: Evaluate, seconds: float, slow: Callable[[], None], clock: Clock | None = None
) -> Iterator[Limited]:
    """``evaluate`` with a time limit, inside the ``with`` block. ``clock`` is the best there is,
    unless given.
    """
    limit = Limited(evaluate, seconds, slow)
    with (clock or clock_here())(limit.tick):
        yield limit


def clock_here() -> Clock:
    """The clock that works on this system and in this thread."""
    if threading.current_thread() is threading.main_thread() and sys.platform != "emscripten":
        return by_timer if hasattr(signal, "setitimer") else by_thread
    return by_jumps if hasattr(sys, "monitoring") else _never


@contextmanager
def by_timer(tick: Tick) -> Iterator[None]:
    """Ticks from the operating system; they end a ``time.sleep``, too."""
    with _handled(signal.SIGALRM, tick):
        before = signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, *before)


@contextmanager
def by_thread(tick: Tick) -> Iterator[None]:
    """Ticks from a thread, as a signal that nobody else uses: a Ctrl-C stays a Ctrl-C."""
    number = getattr(signal, "SIGBREAK", None) or signal.SIGUSR2
    going_on = threading.Lock()

    def run() -> None:
        while not going_on.acquire(timeout=TICK):  # C alone: work that is counted must not see it
            _thread.interrupt_main(number)

    with _handled(number, tick):
        thread = threading.Thread(target=run, daemon=True)
        going_on.acquire()
        thread.start()
        try:
            yield
        finally:
            going_on.release()
            thread.join()


@contextmanager
def _handled(number: signal.Signals, tick: Tick) -> Iterator[None]:
    def handle(_: int, frame: FrameType | None) -> None:
        if tick(frame):
            _SIGNAL[number]  # pyright: ignore[reportUnusedExpression]
            raise Overtime

    before = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, before if before is not None else signal.SIG_DFL)


class _Signal:
    """``_SIGNAL[number]`` calls ``interrupt_main(number)``: the handler runs again when Python next
    looks for signals.

    It looks after each call, but not after an item was got: so it does not look within the handler
    itself.
    """

    __getitem__ = _thread.interrupt_main


_SIGNAL: Any = _Signal()


@contextmanager
def by_jumps(tick: Tick) -> Iterator[None]:
    """A tick at every turn of a loop; where all tools that may watch Python are taken, none."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
    tool = next((free for free in (5, 2, 1, 0, 4, 3) if monitoring.get_tool(free) is None), None)
    if tool is None:
        yield
        return

    def jumped(code: CodeType, offset: int, destination: int) -> None:
        if tick(sys._getframe(1)):
            raise Overtime

    monitoring.use_tool_id(tool, "chainrule-limit")
    monitoring.register_callback(tool, monitoring.events.JUMP, jumped)
    monitoring.set_events(tool, monitoring.events.JUMP)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.JUMP, None)
        monitoring.free_tool_id(tool)


@contextmanager
def _never(tick: Tick) -> Iterator[None]:
    yield
