"""A websocket relay in a thread of its own that can hold what the daemon sends, and let it go later.

What it holds is what a frozen process has in its socket: written, not yet at the exchange.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class HeldWire:
    """`held` are the requests under way; `answers` what the exchange said, by request id."""

    def __init__(self, upstream: str) -> None:
        self.upstream, self.url = upstream, ""
        self.held: list[dict[str, Any]] = []
        self.answers: dict[int, dict[str, Any]] = {}
        self._loop = asyncio.new_event_loop()
        self._open, self._over, self._serves = asyncio.Event(), asyncio.Event(), threading.Event()
        self._open.set()

    def hold(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def orders(self) -> list[dict[str, Any]]:
        """Requests under way that would trade."""
        return [
            request for request in list(self.held) if request["method"] in ("private/buy", "private/sell")
        ]

    async def _carry(self, daemon: ServerConnection) -> None:
        async with connect(self.upstream, proxy=None, max_size=None) as exchange:
            down = asyncio.create_task(self._down(exchange, daemon))
            with suppress(ConnectionClosed):
                async for frame in daemon:
                    self.held.append(json.loads(frame))
                    await self._open.wait()
                    await exchange.send(frame)
                    self.held.pop(0)
            down.cancel()

    async def _down(self, exchange: ClientConnection, daemon: ServerConnection) -> None:
        """What the exchange says is kept even when the daemon no longer listens."""
        async for frame in exchange:
            told = json.loads(frame)
            if "id" in told:
                self.answers[told["id"]] = told
            with suppress(ConnectionClosed):
                await daemon.send(frame)

    async def _serve(self) -> None:
        async with serve(self._carry, "127.0.0.1", 0, max_size=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"ws://127.0.0.1:{port}/ws/api/v2"
            self._serves.set()
            await self._over.wait()

    def run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def start(self) -> None:
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()
        assert self._serves.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)


@contextmanager
def held_wire(upstream: str) -> Iterator[HeldWire]:
    wire = HeldWire(upstream)
    wire.start()
    try:
        yield wire
    finally:
        wire.let_go()
        wire.stop()
