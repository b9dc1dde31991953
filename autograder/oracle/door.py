"""Connections on which nobody asks anything: each may wait for a while, and many from one address
for a shorter one.

uvicorn limits how many connections there are, and how long one stays open after a request; not how
long it takes to begin one. Without that, whoever opens enough of them keeps everybody else out,
without a token."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass
class Door:
    """Who waits, by address. ``seconds``: how long a connection may go without a whole request
    head. ``share``: from so many that wait at one address on, each further one has
    ``hurried_seconds``: enough for a proxy that asks at once for many.
    """

    seconds: float = 10.0
    hurried_seconds: float = 1.0
    share: int = 100
    waiting: Counter[str] = field(default_factory=Counter)

    def patience(self, address: str) -> float:
        """Seconds for one more that waits at an address."""
        return self.hurried_seconds if self.waiting[address] >= self.share else self.seconds


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 on connections that end when no request begins in time. To be made with a Door, by
    functools.partial.
    """

    def __init__(self, door: Door, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._door = door
        self._waits: asyncio.TimerHandle | None = None
        self._address = ""

    def connection_made(self, transport: Any) -> None:
        """Somebody is at the door."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._look()

    def data_received(self, data: bytes) -> None:
        """A part of a request head changes nothing, a whole one does."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """The next request may take as long to come as the first."""
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits here any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._waits is None and not self.transport.is_closing():
            patience = self._door.patience(self._address)
            self._waits = self.loop.call_later(patience, self.transport.abort)
            self._door.waiting[self._address] += 1

    def _stop_waiting(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None
            self._door.waiting[self._address] -= 1
            if not self._door.waiting[self._address]:
                del self._door.waiting[self._address]
