"""A server on loopback that shakes hands and then does, byte by byte, what a test tells it to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

TEXT, CONTINUATION, CLOSE = 0x1, 0x0, 0x8
FIN = 0x80
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 4.2.2


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True) -> bytes:
    """One frame as a server sends it: unmasked."""
    first = opcode | (FIN if fin else 0)
    if len(payload) < 126:
        return struct.pack("!BB", first, len(payload)) + payload
    if len(payload) < 1 << 16:
        return struct.pack("!BBH", first, 126, len(payload)) + payload
    return struct.pack("!BBQ", first, 127, len(payload)) + payload


def goodbye(code: int, reason: str = "") -> bytes:
    """A close frame."""
    return frame(struct.pack("!H", code) + reason.encode(), CLOSE)


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Accept the upgrade to a websocket; returns the request."""
    request = await reader.readuntil(b"\r\n\r\n")
    (key,) = re.findall(rb"(?i)sec-websocket-key: *(\S+)", request)
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return request


@asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[str]:
    """Serve until the block ends; yields the address."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            serving.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/api/v2"
    finally:
        server.close()
        for task in tuple(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


def says(*frames: bytes) -> Handler:
    """Shake hands, send these bytes at once, wait for the client's goodbye and close: RFC 6455 7.1.1."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(b"".join(frames))
        await reader.read(1 << 16)

    return handler


def answers(status: str, *headers: str) -> Handler:
    """An HTTP answer instead of a websocket."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write("\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode())
        await writer.drain()

    return handler


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Shake hands, then neither read nor write: a half-open connection."""
    await shake_hands(reader, writer)
    await asyncio.Event().wait()


async def dumb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Not even the handshake."""
    await asyncio.Event().wait()


async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up during the handshake."""
    await reader.readuntil(b"\r\n\r\n")
