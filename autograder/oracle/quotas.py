"""How much one user may ask: requests in sliding windows, and how many are under way at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class TooMany(Exception):
    """The user has to wait: for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class Allowance:
    """At most ``count`` in any ``seconds``."""

    count: int
    seconds: float


class Window:
    """Counts what each user did lately. What is long over is forgotten: it grows with those who
    ask, not with time.
    """

    def __init__(self, *allowances: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowances = allowances
        self._longest = max(one.seconds for one in allowances)
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    def spend(self, user: str) -> None:
        """Count one more. Raises TooMany, and then counts nothing."""
        now = self._clock()
        times = self._times.setdefault(user, deque())
        while times and times[0] <= now - self._longest:
            times.popleft()
        for one in self._allowances:
            recent = [at for at in times if at > now - one.seconds]
            if len(recent) >= one.count:
                raise TooMany(recent[-one.count] + one.seconds - now)
        times.append(now)
        if len(self._times) > 10_000:
            self._times = {
                name: kept
                for name, kept in self._times.items()
                if kept and kept[-1] > now - self._longest
            }


class Turns:
    """So many requests of one user at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._busy: dict[str, int] = {}

    @contextmanager
    def one(self, user: str) -> Iterator[None]:
        """While a request is under way. Raises TooMany."""
        if self._busy.get(user, 0) >= self._most:
            raise TooMany(1.0)
        self._busy[user] = self._busy.get(user, 0) + 1
        try:
            yield
        finally:
            self._busy[user] -= 1
            if not self._busy[user]:
                del self._busy[user]
