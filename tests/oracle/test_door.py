"""Connections on which nothing is asked keep nobody out."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import ExitStack
from functools import partial
from typing import Any, cast

import pytest
import uvicorn

from autograder.oracle.door import Door, PunctualProtocol

from .conftest import Served

MORE_THAN_THE_ORACLE_HOLDS = 2100


@pytest.mark.integration
@pytest.mark.parametrize("sends", [b"", b"POST /services/oracle/challenges HTTP/1.1\r\nX: "])
def test_idle_connections_without_a_token_keep_nobody_out(tiny_oracle: Served, sends: bytes):
    with ExitStack() as idle:
        for _ in range(MORE_THAN_THE_ORACLE_HOLDS):
            one = idle.enter_context(socket.create_connection(("127.0.0.1", tiny_oracle.port)))
            one.sendall(sends)
        until = time.monotonic() + 60
        while tiny_oracle.request("GET", "")[0] != 200:
            assert time.monotonic() < until, "the oracle is still full"
            time.sleep(0.1)
        assert tiny_oracle.challenge("row_sums").cases


def test_only_those_beyond_the_share_are_hurried():
    door = Door(share=3)
    for _ in range(3):
        assert door.patience("10.0.0.1") == door.seconds
        door.waiting["10.0.0.1"] += 1
    assert door.patience("10.0.0.1") == door.hurried_seconds
    assert door.patience("10.0.0.2") == door.seconds


async def _app(scope: dict, receive: object, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


@pytest.fixture
def door() -> Door:
    return Door(seconds=0.2, hurried_seconds=0.2)


def test_whoever_asks_is_answered_and_nobody_is_counted_afterwards(door: Door):
    async def visit() -> bytes:
        config = uvicorn.Config(
            _app, http=cast(Any, partial(PunctualProtocol, door)), lifespan="off"
        )
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        make = partial(config.http_protocol_class, config, server.server_state, {})
        listening = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answered = (
            await reader.read()
        )  # until the door ends the connection, on which nothing more is asked
        writer.close()
        listening.close()
        return answered

    assert b"here" in asyncio.run(visit())
    assert door.waiting == {}
