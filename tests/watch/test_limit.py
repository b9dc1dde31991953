"""An answer that does not come back is stopped, whatever it catches, and nothing of ours is left
half done.
"""

from __future__ import annotations

import builtins
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder import function
from autograder.language.verdict import Evaluation
from autograder.watch.evaluate import local
from autograder.watch.limit import Clock, by_jumps, by_thread, by_timer, limited

from ..parts import one_in

LOSS = function("loss", "x: N -> loss", points=1)
BATCH = [{"x": np.ones(3)}] * 2


def spin(x: np.ndarray) -> float:
    while True:
        pass


def swallow(x: np.ndarray) -> float:
    """Catches whatever stops its work, and begins again."""
    while True:
        try:
            for _ in range(10**9):
                x.sum()
        except BaseException:
            pass


def swallow_in_turn(x: np.ndarray) -> float:
    """Ends one loop to begin another, and returns after the last."""
    for _ in range(5):
        try:
            spin(x)
        except BaseException:
            continue
    return float(x.sum())


def come_back(x: np.ndarray) -> float:
    try:
        return spin(x)
    finally:
        while True:
            x = x + 1


def generate(x: np.ndarray) -> float:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    return sum(endless())


def vectorize(x: np.ndarray) -> float:
    """The loop is a library's, the work is the answer's."""
    return np.vectorize(swallow)(x).sum()


def sleep(x: np.ndarray) -> float:
    time.sleep(60)
    return 0.0


CLOCKS: dict[str, Clock] = {"timer": by_timer, "thread": by_thread}
if hasattr(sys, "monitoring"):
    CLOCKS["jumps"] = by_jumps
ENDLESS = [spin, swallow, swallow_in_turn, come_back, generate, vectorize]


def ended(
    answer: Callable[..., Any], clock: Clock, *, count_work: bool = False, seconds: float = 0.15
) -> list[Evaluation]:
    with limited(local(LOSS, {"loss": answer}), seconds, lambda: None, clock) as evaluate:
        return evaluate(BATCH, count_work=count_work) + evaluate(BATCH)


@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
@pytest.mark.parametrize("answer", ENDLESS)
@pytest.mark.parametrize("count_work", [False, True], ids=["run", "counted"])
def test_an_endless_answer_is_stopped(answer: Callable, clock: Clock, count_work: bool):
    before = (np.geterr(), builtins.sum, sys.gettrace(), signal.getsignal(signal.SIGALRM))
    evaluations = ended(answer, clock, count_work=count_work)
    failures = [one.failure for one in evaluations]
    assert {one.kind for one in failures if one} == {"timeout"}
    assert failures[-1] is not None
    assert failures[-1].message.startswith("stopped after 0.15 s: ")
    after = (np.geterr(), builtins.sum, sys.gettrace(), signal.getsignal(signal.SIGALRM))
    assert after == before
    assert gc.isenabled()


def test_the_timer_ends_what_waits():
    assert all(one.failure for one in ended(sleep, by_timer))


@pytest.mark.parametrize(
    "clock",
    one_in(
        len(CLOCKS),
        (pytest.param(clock, id=name) for name, clock in CLOCKS.items()),
        pytest.mark.integration,
    ),
)
def test_an_answer_in_time_is_as_ever_and_so_is_its_work(clock: Clock):
    def total(x: np.ndarray) -> float:
        for _ in range(40_000):  # some ticks long
            x.sum()
        return float(x.sum())

    plain = local(LOSS, {"loss": total})(BATCH, count_work=True)
    with limited(local(LOSS, {"loss": total}), 60, lambda: None, clock) as evaluate:
        ticked = evaluate(BATCH, count_work=True)
    assert ticked == plain
    assert plain[0].work


def test_who_is_slow_is_told_once(monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    monkeypatch.setattr("autograder.watch.limit.Limited.SLOW", 0.05)
    with limited(local(LOSS, {"loss": spin}), 0.4, lambda: said.append("slow")) as evaluate:
        evaluate(BATCH)
    assert said == ["slow"]


@pytest.fixture
def interrupts() -> Iterator[None]:
    """SIGINT raises, also where a shell that started the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_control_c_is_not_taken_for_the_limit():
    def interrupted(x: np.ndarray) -> float:
        signal.raise_signal(signal.SIGINT)
        return spin(x)

    with (
        pytest.raises(KeyboardInterrupt),
        limited(local(LOSS, {"loss": interrupted}), 60, lambda: None) as evaluate,
    ):
        evaluate(BATCH)


def test_a_timer_of_somebody_else_is_given_back():
    before = signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        with limited(local(LOSS, {"loss": spin}), 0, lambda: None, by_timer):
            pass
        assert 900 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)


def test_in_a_thread_an_answer_is_judged_and_where_loops_can_be_watched_stopped():
    answer = spin if hasattr(sys, "monitoring") else lambda x: 3.0
    found: list[Evaluation] = []

    def run() -> None:
        with limited(local(LOSS, {"loss": answer}), 0.1, lambda: None) as evaluate:
            found.extend(evaluate(BATCH))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    stopped = [one.failure is not None for one in found]
    assert stopped == [hasattr(sys, "monitoring")] * 2
