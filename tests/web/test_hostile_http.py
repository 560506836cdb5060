"""Whoever speaks HTTP badly, slowly or without an end: the API goes on serving, and lets go of them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from hedger.web.api import Bounds, make_app
from hedger.web.connections import Connections, Patience
from tests.web.desk import TOKEN, Desk

PATIENCE_S = 10.0
HOST = b"Host: localhost\r\n"
BEARER = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
BOMB = gzip.compress(b" " * 10_000_000)
BRISK = Patience(first_s=0.3, between_s=0.3, most=20, sweep_s=0.05)

Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def served(desk: Desk, patience: Patience = BRISK) -> AsyncIterator[int]:
    """The application as the daemon serves it, with less patience; yields the port."""
    connections = Connections(patience)
    app = make_app(desk, bounds=Bounds(body_s=0.3), connections=connections)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    watching = asyncio.create_task(connections.watch(runner.server))
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        watching.cancel()
        await runner.cleanup()


async def told(socket: Socket) -> bytes:
    """Everything until the other side closes; it may drop the connection with bytes of ours unread."""
    async with asyncio.timeout(PATIENCE_S):
        with suppress(ConnectionResetError):
            return await socket[0].read()
    return b""


async def asked(port: int, *parts: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(ConnectionResetError, BrokenPipeError):
        for part in parts:
            writer.write(part)
            await writer.drain()
    answer = await told((reader, writer))
    writer.close()
    return answer


def get(path: bytes = b"/healthz") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def post(*headers: bytes, body: bytes = b"") -> bytes:
    head = b"POST /v1/commands/halt HTTP/1.1\r\n" + HOST + BEARER + b"".join(headers)
    return head + b"Connection: close\r\n\r\n" + body


BAD = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),
    "binary": bytes(range(256)) * 8,
    "a header of 100 KB": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    "a thousand headers": b"GET / HTTP/1.1\r\n" + HOST + b"X: 1\r\n" * 1_000 + b"\r\n",
    "an endless path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
    "two lengths": post(b"Content-Length: 2\r\n", b"Content-Length: 3\r\n", body=b"{}"),
    "a length and chunks": post(b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n", body=b"{}"),
    "a negative length": post(b"Content-Length: -1\r\n", body=b"{}"),
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
}


@pytest.mark.parametrize("request_", BAD.values(), ids=BAD)
async def test_what_is_no_request_is_refused_and_obeyed_by_nobody(request_: bytes) -> None:
    desk = Desk()
    async with served(desk) as port:
        answer = await asked(port, request_)
        assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")) or answer == b""
        assert (await asked(port, get())).startswith(b"HTTP/1.1 200")
    assert desk.commands == []


@pytest.mark.parametrize(
    "absolute",
    [b"GET http://evil.example/v1/status HTTP/1.1\r\nHost: evil.example\r\n", b"GET /v1/status HTTP/1.1\r\n"],
)
async def test_a_name_that_is_not_ours_or_none_is_refused_however_it_is_written(absolute: bytes) -> None:
    async with served(Desk()) as port:
        answer = await asked(port, absolute + b"Connection: close\r\n\r\n")
    assert b" 421 " in answer.splitlines()[0] or b" 400 " in answer.splitlines()[0]
    assert b"books" not in answer


@pytest.mark.parametrize(
    "body",
    [
        post(b"Content-Length: 10000000\r\n", body=b"{" * 5_000),
        post(
            b"Transfer-Encoding: chunked\r\n",
            body=b"1000\r\n" + b"x" * 4096 + b"\r\n1000\r\n" + b"x" * 4096 + b"\r\n",
        ),
        post(b"Content-Encoding: gzip\r\n", b"Content-Length: %d\r\n" % len(BOMB), body=BOMB),
    ],
    ids=["by its length", "in chunks", "once unpacked"],
)
async def test_a_body_too_large_is_refused_before_it_is_whole(body: bytes) -> None:
    desk = Desk()
    async with served(desk) as port:
        assert b" 413 " in (await asked(port, body)).splitlines()[0]
    assert desk.commands == []


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    desk = Desk()
    async with served(desk) as port:
        answer = await asked(port, post(b"Content-Length: 100\r\n", body=b'{"reason":'))
    assert b" 408 " in answer.splitlines()[0]
    assert b"the body did not arrive within 0.3 s" in answer
    assert desk.commands == []


@pytest.mark.parametrize("begun", [b"", b"G", b"GET /v1/status HTTP/1.1\r\nHost: local"])
async def test_half_requests_are_let_go_while_others_are_served(begun: bytes) -> None:
    async with served(Desk()) as port:
        sockets = [await asyncio.open_connection("127.0.0.1", port) for _ in range(15)]
        for _, writer in sockets:
            writer.write(begun)
        assert (await asked(port, get())).startswith(b"HTTP/1.1 200")
        for answer in await asyncio.gather(*(told(socket) for socket in sockets)):
            assert answer == b""
        for _, writer in sockets:
            writer.close()


async def test_of_too_many_connections_those_that_never_asked_go_first() -> None:
    patient = Patience(first_s=60.0, between_s=60.0, most=5, sweep_s=0.05)
    async with served(Desk(), patient) as port:
        mine, idle = await asyncio.open_connection("127.0.0.1", port), []
        question = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
        mine[1].write(question)
        await mine[0].readuntil(b"}")
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
        async with asyncio.timeout(PATIENCE_S):
            done, _ = await asyncio.wait([asyncio.ensure_future(told(one)) for one in idle[:24]])
        assert len(done) == 24
        mine[1].write(question)
        assert (await mine[0].readuntil(b"}")).startswith(b"HTTP/1.1 200")
        for _, writer in (mine, *idle):
            writer.close()


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", f"bearer  {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer \u00e4", f"Basic {TOKEN}"],
)
async def test_whatever_is_nearly_the_token_is_not_the_token(
    client: TestClient, desk: Desk, given: str
) -> None:
    answer = await client.post("/v1/commands/halt", json={"reason": "x"}, headers={"Authorization": given})
    assert answer.status == 401
    assert TOKEN not in await answer.text()
    assert desk.commands == []
