"""Both libraries tell the same story of the same bytes."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hedger.domain.errors import HaltedError, VenueError
from hedger.simulator.certificate import make_certificates
from hedger.venues.transport.choose import transport_of
from hedger.venues.transport.socket import Disconnected, Route, Socket, TransportKind
from tests.venues.loops import on_every_loop
from tests.venues.transport.raw_server import (
    CONTINUATION,
    TEXT,
    Handler,
    answers,
    deaf,
    dumb,
    frame,
    goodbye,
    raw_server,
    rude,
    says,
    shake_hands,
)

pytestmark = on_every_loop

PATIENCE_S = 10.0
LIMIT_BYTES = 1000


def route(url: str, **changes: Any) -> Route:
    return Route(url, None, None, 5.0, LIMIT_BYTES, 0.1)._replace(**changes)


async def heard(kind: TransportKind, handler: Handler) -> tuple[list[bytes], Disconnected]:
    """Every message until the end, and the end."""
    messages: list[bytes] = []
    async with raw_server(handler) as url, transport_of(kind).connect(route(url)) as socket:
        async with asyncio.timeout(PATIENCE_S):
            end = await socket.read(messages.extend)
    return messages, end


async def refusal(kind: TransportKind, where: Route) -> str:
    """Why no connection could be made."""
    with pytest.raises(Disconnected) as raised:
        async with asyncio.timeout(PATIENCE_S), transport_of(kind).connect(where):
            pass
    return str(raised.value)


async def test_messages_sent_with_the_handshake_are_not_lost(transport: TransportKind) -> None:
    """They come before anybody reads; a venue under load sends without waiting for us."""
    messages, _ = await heard(transport, says(frame(b"one"), frame(b"two"), goodbye(1000)))
    assert messages == [b"one", b"two"]


async def test_a_message_in_many_frames_is_one_message(transport: TransportKind) -> None:
    parts = frame(b"one ", fin=False), frame(b"mess", CONTINUATION, fin=False), frame(b"age", CONTINUATION)
    messages, _ = await heard(transport, says(*parts, frame(b"next"), goodbye(1000)))
    assert messages == [b"one message", b"next"]


async def test_a_ping_is_answered_and_delays_no_message(transport: TransportKind) -> None:
    """Here it is the last frame of a read."""
    answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(frame(b"before") + frame(b"?", opcode=0x9))
        head = await reader.readexactly(7)  # a masked pong of one byte
        answered.set_result(bytes([head[0], head[6] ^ head[2]]))
        await reader.read()

    heard: asyncio.Queue[Sequence[bytes]] = asyncio.Queue()
    async with raw_server(pings) as url, transport_of(transport).connect(route(url)) as socket:
        reading = asyncio.create_task(socket.read(heard.put_nowait))
        async with asyncio.timeout(PATIENCE_S):
            assert await answered == b"\x8a?"
            assert list(await heard.get()) == [b"before"]
        await socket.close()
        await reading


@pytest.mark.parametrize("code", [4000, 1008, 1009, 1001])
async def test_the_venue_s_code_and_words_are_told(transport: TransportKind, code: int) -> None:
    """1009 from the venue means that our frame was too large: no bad data of theirs."""
    _, end = await heard(transport, says(goodbye(code, "so it goes")))
    assert (str(end), end.too_big) == (f"closed by the venue: {code} so it goes", False)


async def test_a_goodbye_without_a_code_is_1005(transport: TransportKind) -> None:
    _, end = await heard(transport, says(frame(b"", opcode=0x8)))
    assert str(end) == "closed by the venue: 1005"


@pytest.mark.parametrize(
    "frames",
    [
        [frame(b"x" * (LIMIT_BYTES + 1))],
        [frame(b"x" * 900, TEXT, fin=False), frame(b"x" * 900, CONTINUATION)],
        [frame(b"x" * 900, TEXT, fin=False), frame(b"x" * 900, CONTINUATION, fin=False)],
    ],
    ids=["one frame", "two frames", "unfinished"],
)
async def test_a_message_over_the_limit_ends_the_connection(
    transport: TransportKind, frames: list[bytes]
) -> None:
    messages, end = await heard(transport, says(*frames))
    assert (messages, end.too_big, str(end)) == ([], True, f"a frame over {LIMIT_BYTES} bytes")


async def test_a_message_at_the_limit_passes(transport: TransportKind) -> None:
    messages, _ = await heard(transport, says(frame(b"x" * LIMIT_BYTES), goodbye(1000)))
    assert messages == [b"x" * LIMIT_BYTES]


async def test_bytes_that_are_no_frame_end_the_connection(transport: TransportKind) -> None:
    messages, end = await heard(transport, says(bytes([0x83, 0x01, 0x00])))  # opcode 3 is reserved
    assert messages == []
    assert str(end).startswith("closed by us: 1002")


async def test_a_connection_that_breaks_is_lost(transport: TransportKind) -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(frame(b"last words"))
        await writer.drain()

    assert str((await heard(transport, breaks))[1]) == "connection lost"


async def test_an_error_of_the_receiver_comes_out_as_it_is(transport: TransportKind) -> None:
    """The engine's inbox halts the daemon with an exception; nothing may swallow or wrap it."""

    def full(messages: Sequence[bytes]) -> None:
        raise HaltedError("inbox: full")

    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        while True:
            writer.write(frame(b"more"))
            await writer.drain()
            await asyncio.sleep(0)

    async with raw_server(talks) as url:
        with pytest.raises(HaltedError, match="full"):
            async with asyncio.timeout(PATIENCE_S), transport_of(transport).connect(route(url)) as socket:
                await socket.read(full)


async def test_what_is_sent_arrives_masked_and_in_order(transport: TransportKind) -> None:
    received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        texts = []
        for _ in range(2):
            head = await reader.readexactly(6)
            assert head[1] & 0x80  # RFC 6455 5.1: a client masks
            body = await reader.readexactly(head[1] & 0x7F)
            texts.append(bytes(byte ^ head[2 + at % 4] for at, byte in enumerate(body)))
        received.set_result(b" ".join(texts))

    async with raw_server(listens) as url, transport_of(transport).connect(route(url)) as socket:
        await socket.send('{"id":1}')
        await socket.send('{"id":2}')
        async with asyncio.timeout(PATIENCE_S):
            assert await received == b'{"id":1} {"id":2}'


async def test_a_peer_that_takes_nothing_makes_send_wait(transport: TransportKind) -> None:
    """The caller's time-out decides, and closing a half-open connection is quick nevertheless."""

    async def send_for_ever(socket: Socket) -> None:
        while True:
            await socket.send("x" * 100_000)

    async with raw_server(deaf) as url, transport_of(transport).connect(route(url)) as socket:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send_for_ever(socket), 0.2)


async def test_closing_waits_no_longer_than_its_time_out(transport: TransportKind) -> None:
    async with raw_server(deaf) as url, transport_of(transport).connect(route(url)) as socket:
        async with asyncio.timeout(PATIENCE_S):
            reading = asyncio.create_task(socket.read(lambda messages: None))
            await socket.close()
            assert str(await reading) == "connection lost"
            with pytest.raises(Disconnected):
                await socket.send("too late")


@pytest.mark.parametrize("status", ["403 Forbidden", "429 Too Many Requests"])
async def test_an_answer_that_is_no_websocket_is_a_refusal(transport: TransportKind, status: str) -> None:
    async with raw_server(answers(status)) as url:
        reason = await refusal(transport, route(url))
    assert reason.startswith("handshake refused: ")
    assert status[:3] in reason


async def test_no_redirect_is_followed(transport: TransportKind) -> None:
    """Which host may be reached is fixed by the environment; nobody on the way may change it."""
    elsewhere = asyncio.Event()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        elsewhere.set()

    async with raw_server(note) as there, raw_server(answers("302 Found", f"Location: {there}")) as url:
        assert "302" in await refusal(transport, route(url))
    assert not elsewhere.is_set()


@pytest.mark.parametrize("handler", [dumb, rude])
async def test_a_handshake_that_does_not_end_well_is_no_connection(
    transport: TransportKind, handler: Handler
) -> None:
    async with raw_server(handler) as url:
        await refusal(transport, route(url, connect_timeout_s=0.2))


async def test_a_connect_that_is_cancelled_leaves_no_connection(transport: TransportKind) -> None:
    """A daemon that stops during a handshake; the server sees us go."""
    reached, gone = asyncio.Event(), asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        reached.set()
        await reader.read()
        gone.set()

    async with raw_server(waits) as url:
        connecting = asyncio.create_task(refusal(transport, route(url, connect_timeout_s=0.3)))
        async with asyncio.timeout(PATIENCE_S):
            await reached.wait()
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            await gone.wait()


async def test_an_address_that_is_none_is_not_retried(transport: TransportKind) -> None:
    with pytest.raises(VenueError, match="nonsense"):
        async with transport_of(transport).connect(route("nonsense://127.0.0.1")):
            pass


async def test_a_certificate_nobody_vouches_for_is_not_retried(
    transport: TransportKind, tmp_path: Path
) -> None:
    made = make_certificates(tmp_path)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(made.server, made.key)
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=theirs)
    async with server:
        url = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(VenueError, match="certificate not accepted: "):
            async with transport_of(transport).connect(route(url, tls=ssl.create_default_context())):
                pass


async def test_no_log_at_any_level_shows_a_message(
    transport: TransportKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    told = says(frame(b"a balance"))
    async with raw_server(told) as url, transport_of(transport).connect(route(url)) as socket:
        await socket.send("a secret")
        await socket.read(lambda messages: None)
    said = " ".join(record.getMessage() for record in caplog.records if record.levelno > logging.NOTSET)
    assert "a secret" not in said
    assert "a balance" not in said
