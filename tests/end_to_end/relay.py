"""A websocket relay between daemon and exchange that keeps what the daemon sent, and tells of every frame."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

Stage = Literal["asked", "passed", "answered", "told"]
"""Of a request: it came from the daemon, it was handed to the exchange, its reply came; of a notification."""

Watch = Callable[[Stage, str], bool]
"""Told a stage and a method or channel before anything else happens; False: the frame is lost."""

_NOTIFICATION, _OF_THE_ACCOUNT = '"method":"subscription"', '"channel":"user.'


class Relay:
    """`url` is where the daemon connects to; `requests` are its calls in order, lost ones left out."""

    def __init__(self, upstream: str) -> None:
        self.upstream, self.url, self.connections = upstream, "", 0
        self.requests: list[dict[str, Any]] = []
        self.watch: Watch = lambda _stage, _what: True

    def methods(self) -> list[str]:
        return [request["method"] for request in self.requests]

    def repeated_labels(self) -> dict[str, int]:
        """Labels under which more than one order was sent, with how many."""
        sent = [request for request in self.requests if request["method"] in ("private/buy", "private/sell")]
        counts = Counter(request["params"]["label"] for request in sent)
        return {label: count for label, count in counts.items() if count > 1}

    async def carry(self, daemon: ServerConnection) -> None:
        """One connection, frame by frame in both directions, until either side ends it."""
        self.connections += 1
        try:
            async with connect(self.upstream, proxy=None, max_size=None) as exchange:
                await self._between(daemon, exchange)
        except (OSError, InvalidHandshake, EOFError):
            pass  # nobody serves there now: the daemon finds its connection closed

    async def _between(self, daemon: ServerConnection, exchange: Any) -> None:
        asked: dict[int, str] = {}
        down = asyncio.create_task(self._down(exchange, daemon, asked))
        try:
            async for frame in daemon:
                request = json.loads(frame)
                asked[request["id"]] = request["method"]
                if not self.watch("asked", request["method"]):
                    continue
                self.requests.append(request)
                await exchange.send(frame)
                self.watch("passed", request["method"])
        except ConnectionClosed:
            pass
        finally:
            down.cancel()

    async def _down(self, exchange: Any, daemon: ServerConnection, asked: dict[int, str]) -> None:
        try:
            async for frame in exchange:
                if self._told(frame, asked):
                    await daemon.send(frame)
        except ConnectionClosed:
            pass
        await daemon.close()

    def _told(self, frame: str, asked: dict[int, str]) -> bool:
        """Whether a frame of the exchange is passed on. Of what the market tells nothing is decoded."""
        if _NOTIFICATION in frame:
            return _OF_THE_ACCOUNT not in frame or self.watch("told", "user")
        method = asked.pop(json.loads(frame).get("id"), "")
        return not method or self.watch("answered", method)


@asynccontextmanager
async def relayed(upstream: str) -> AsyncIterator[Relay]:
    """A relay on loopback in front of `upstream`."""
    relay = Relay(upstream)
    async with serve(relay.carry, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        relay.url = f"ws://127.0.0.1:{port}/ws/api/v2"
        yield relay


@contextmanager
def relayed_beside(upstream: str) -> Iterator[Relay]:
    """The same in a thread of its own, for tests that wait; `watch` is called there."""
    with loop_beside() as run:
        context = relayed(upstream)
        relay = run(context.__aenter__())
        try:
            yield relay
        finally:
            run(context.__aexit__(None, None, None))


@contextmanager
def loop_beside() -> Iterator[Callable[[Any], Any]]:
    """An event loop in a thread: calls the coroutine it is given there, and waits for its result."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="event loop beside")
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
