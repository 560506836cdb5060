"""A very small venue on loopback: answers a login, and does what a test tells it to do wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from hedger.domain.vocabulary import Environment
from hedger.engine.events import Event, Now
from hedger.venues.deribit.client import DeribitVenue
from hedger.venues.deribit.params import DeribitParams
from tests.venues.deribit.talk import CALL, MARKET_MS, PERPETUAL, SUMMARIES, TOKEN

PATIENCE_S = 10.0

Answer = Callable[[ServerConnection, dict[str, Any]], Any]

RESULTS: dict[str, Any] = {
    "public/hello": {"version": "1.2.26"},
    "public/auth": TOKEN,
    "public/status": {"locked": "false"},
    "private/get_account_summaries": SUMMARIES,
    "private/get_positions": [],
    "private/get_open_orders": [],
    "private/get_user_trades_by_currency_and_time": {"trades": [], "has_more": False},
}


class SmallVenue:
    """Counts connections; `answers` override the answer to a method: a result, or an exception to answer."""

    def __init__(self) -> None:
        self.url = ""
        self.now_ms: Callable[[], int] = lambda: MARKET_MS
        self.connections = 0
        self.methods: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.sockets: list[ServerConnection] = []

    async def handle(self, socket: ServerConnection) -> None:
        self.connections += 1
        self.sockets.append(socket)
        try:
            async for text in socket:
                await self._answer(socket, json.loads(text))
        except ConnectionClosed:
            pass

    async def _answer(self, socket: ServerConnection, request: dict[str, Any]) -> None:
        method = request["method"]
        self.methods.append(method)
        if method in self.answers:
            body = self.answers[method](socket, request)
            if asyncio.iscoroutine(body):
                body = await body
            if body is None:
                return
        elif method == "public/get_instruments":
            body = {"result": [PERPETUAL if request["params"]["kind"] == "future" else CALL]}
        elif method.endswith("/subscribe"):
            body = {"result": request["params"]["channels"]}
        else:
            body = {"result": RESULTS.get(method, "ok")}
        out_us = self.now_ms() * 1000
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": request["id"], "usOut": out_us, **body}))


@asynccontextmanager
async def small_venue() -> AsyncIterator[SmallVenue]:
    """Serve until the block ends."""
    venue = SmallVenue()
    async with serve(venue.handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        venue.url = f"ws://127.0.0.1:{port}/ws/api/v2"
        yield venue


class Listener:
    """Collects a venue's events; tests wait for conditions, not for time."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def all(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, kind: type[Any], number: int = 1) -> Any:
        """The `number`-th event of a kind. Raises TimeoutError with what was heard instead."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while len(self.all(kind)) < number:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(
                f"no {kind.__name__}; heard {[type(event).__name__ for event in self.events]}"
            ) from None
        return self.all(kind)[number - 1]


def now() -> Now:
    """Both times from the loop's clock; market time starts at MARKET_MS."""
    wire_s = asyncio.get_running_loop().time()
    return Now(MARKET_MS + round(wire_s * 1000), wire_s)


def make_venue(params: DeribitParams, *, trading: bool = True) -> DeribitVenue:
    return DeribitVenue(
        "deribit",
        Environment.LOCAL,
        params,
        trading=trading,
        now=now,
        unix_ms=lambda: MARKET_MS,
        version="0.1.0",
        jitter=lambda: 0.0,
        nonce=lambda: "nonce",
    )


@asynccontextmanager
async def running(venue: DeribitVenue) -> AsyncIterator[tuple[Listener, asyncio.Task[None]]]:
    """Run a venue until the block ends."""
    listener = Listener()
    task = asyncio.create_task(venue.run(listener.emit))
    try:
        yield listener, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
