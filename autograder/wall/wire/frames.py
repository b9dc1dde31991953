"""The wire: a frame is two lengths, a JSON header and raw bytes. Nothing else crosses, in either
direction.

Whoever reads on the grader's side reads as if an enemy wrote: sizes are capped before anything is
allocated, the JSON must be an object, and what does not fit raises Malformed.
"""

from __future__ import annotations

import array
import json
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

LENGTHS = struct.Struct("<II")
MAX_HEADER = 24 << 20
MAX_PAYLOAD = 256 << 20
CHUNK = 1 << 20

Header = dict[str, Any]


class Malformed(Exception):
    """What came over the socket is no frame, or not the one that was due."""


class Closed(Exception):
    """The other end is gone."""


class Late(Exception):
    """No complete frame by the deadline."""


def pack(header: Header, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    text = json.dumps(header, separators=(",", ":"), default=repr).encode("utf-8", "surrogatepass")
    return LENGTHS.pack(len(text), len(payload)) + text + payload


def _refuse(word: str) -> None:
    return None  # NaN and infinities are no JSON; what carries them here is only ever decoration


def parse_header(data: bytes) -> Header:
    """The JSON object in ``data``; Malformed for anything else."""
    try:
        header = json.loads(data.decode("utf-8", "surrogatepass"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed("no JSON") from error
    if not isinstance(header, dict):
        raise Malformed("no JSON object")
    return header


# --- inside: blocking, the writer is the grader and trusted ---------------------------------------


def send(
    sock: socket.socket, header: Header, payload: bytes = b"", fds: Sequence[int] = ()
) -> None:
    """Write one frame; descriptors ride on its first bytes."""
    data = pack(header, payload)
    if fds:
        sent = sock.sendmsg(
            [data[:CHUNK]],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds).tobytes())],
        )
        data = data[sent:]
    if data:
        sock.sendall(data)


def receive(sock: socket.socket) -> tuple[Header, bytes, list[int]]:
    """Read one frame and the descriptors that came with it. Raises Closed at the end of the
    stream.
    """
    first, fds, _, _ = socket.recv_fds(sock, LENGTHS.size, 4)
    if not first:
        raise Closed
    first += _exactly(sock, LENGTHS.size - len(first))
    header, payload = LENGTHS.unpack(first)
    return json.loads(_exactly(sock, header)), _exactly(sock, payload), list(fds)


def _exactly(sock: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = sock.recv(min(CHUNK, count - len(parts)))
        if not part:
            raise Closed
        parts += part
    return bytes(parts)


# --- outside: never blocks past a deadline, the writer is an enemy --------------------------------


class Channel:
    """The grader's end of a socketpair. Reads frames up to a deadline and looks after a second
    socket meanwhile.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._buffer = bytearray()

    def fileno(self) -> int:
        """The descriptor, for polling."""
        return self._sock.fileno()

    def close(self) -> None:
        """Hang up."""
        self._sock.close()
        self._buffer.clear()

    def send(
        self,
        header: Header,
        payload: bytes = b"",
        *,
        seconds: float = 30.0,
        fds: Sequence[int] = (),
    ) -> None:
        """Write one frame. Raises Closed, or Late when the other end does not read it in
        ``seconds``.
        """
        self._insist_on_open()
        data = memoryview(pack(header, payload))
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._sock, select.POLLOUT)
        while data:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise Late
            try:
                if fds:
                    rights = [
                        (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds).tobytes())
                    ]
                    sent = self._sock.sendmsg([data[:CHUNK]], rights)
                    fds = ()
                else:
                    sent = self._sock.send(data[:CHUNK])
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed from error
            data = data[sent:]

    def receive(
        self,
        deadline: float,
        *,
        every: float = 0.25,
        look: Callable[[], None] | None = None,
        also: int | None = None,
    ) -> tuple[Header, bytes]:
        """The next frame. ``look`` is called every ``every`` seconds and whenever ``also`` has
        something to read.

        Raises Late at the deadline (time.monotonic()), Closed at the end of the stream, Malformed
        for what is no frame, and whatever ``look`` raises.
        """
        self._insist_on_open()
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        if also is not None:
            poll.register(also, select.POLLIN)
        while True:
            if (frame := self._frame()) is not None:
                return frame
            left = deadline - time.monotonic()
            if left <= 0:
                raise Late
            ready = {fd for fd, _ in poll.poll(max(1.0, min(left, every) * 1000))}
            mine = self._sock.fileno() in ready
            if mine:
                self._read()
            if look is not None and not mine:
                look()

    def take(self) -> tuple[Header, bytes]:
        """The next frame if it is there already; Late when it is not."""
        self._insist_on_open()
        while True:
            if (frame := self._frame()) is not None:
                return frame
            poll = select.poll()
            poll.register(self._sock, select.POLLIN)
            if not poll.poll(0):
                raise Late
            self._read()

    def _insist_on_open(self) -> None:
        if self._sock.fileno() < 0:
            raise Closed

    def _read(self) -> None:
        try:
            part = self._sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            raise Closed from error
        if not part:
            raise Closed
        self._buffer += part

    def _frame(self) -> tuple[Header, bytes] | None:
        if len(self._buffer) < LENGTHS.size:
            return None
        header, payload = LENGTHS.unpack_from(self._buffer)
        if header > MAX_HEADER or payload > MAX_PAYLOAD:
            raise Malformed("too long")
        end = LENGTHS.size + header + payload
        if len(self._buffer) < end:
            return None
        text = bytes(self._buffer[LENGTHS.size : LENGTHS.size + header])
        raw = bytes(self._buffer[LENGTHS.size + header : end])
        del self._buffer[:end]
        return parse_header(text), raw
