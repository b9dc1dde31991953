"""The challenges that are open: each for one user, for a while, for one answer."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LIVES_SECONDS = 300.0
OPEN_AT_A_TIME = 8


@dataclass(frozen=True)
class Open:
    """One open challenge: whose, for which exercise, and the seed that draws its inputs again."""

    id: str
    user: str
    assignment: str
    exercise: str
    seed: int
    cases: int
    outputs: tuple[str, ...]
    expires: float


class Challenges:
    """All open challenges. Of one user's only the last few are kept."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, lives: float = LIVES_SECONDS
    ) -> None:
        self._clock = clock
        self._lives = lives
        self._open: dict[str, OrderedDict[str, Open]] = {}

    def open(
        self,
        user: str,
        assignment: str,
        exercise: str,
        seed: int,
        cases: int,
        outputs: tuple[str, ...],
    ) -> Open:
        """Open one more."""
        one = Open(
            secrets.token_urlsafe(16),
            user,
            assignment,
            exercise,
            seed,
            cases,
            outputs,
            self._clock() + self._lives,
        )
        mine = self._open.setdefault(user, OrderedDict())
        mine[one.id] = one
        while len(mine) > OPEN_AT_A_TIME:
            mine.popitem(last=False)
        if len(self._open) > 10_000:
            self._forget()
        return one

    def take(self, user: str, id: str) -> Open | None:
        """The challenge, which is then used up. None when it is not this user's, was answered
        before, or is too old.
        """
        one = self._open.get(user, OrderedDict()).pop(id, None)
        return one if one is not None and one.expires > self._clock() else None

    def _forget(self) -> None:
        now = self._clock()
        self._open = {
            user: mine
            for user, mine in self._open.items()
            if mine and next(reversed(mine.values())).expires > now
        }
