"""A websocket relay between daemon and exchange that keeps what the daemon sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Relay:
    """`url` is where the daemon connects to; `requests` are its calls in order."""

    def __init__(self, upstream: str) -> None:
        self.upstream, self.url, self.connections = upstream, "", 0
        self.requests: list[dict[str, Any]] = []

    def methods(self) -> list[str]:
        return [request["method"] for request in self.requests]

    async def carry(self, daemon: ServerConnection) -> None:
        """One connection, frame by frame in both directions, until either side ends it."""
        self.connections += 1
        async with connect(self.upstream, proxy=None, max_size=None) as exchange:
            down = asyncio.create_task(self._down(exchange, daemon))
            try:
                async for frame in daemon:
                    self.requests.append(json.loads(frame))
                    await exchange.send(frame)
            except ConnectionClosed:
                pass
            finally:
                down.cancel()

    @staticmethod
    async def _down(exchange: Any, daemon: ServerConnection) -> None:
        try:
            async for frame in exchange:
                await daemon.send(frame)
        except ConnectionClosed:
            pass
        await daemon.close()


@asynccontextmanager
async def relayed(upstream: str) -> AsyncIterator[Relay]:
    """A relay on loopback in front of `upstream`."""
    relay = Relay(upstream)
    async with serve(relay.carry, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        relay.url = f"ws://127.0.0.1:{port}/ws/api/v2"
        yield relay
