"""A flood of tickers from another process: CPU per message, from socket to typed object and to decision.

The baseline is what a client of `websockets` and `json` does, measured in the same run on the same flood.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hedger.domain.vocabulary import Environment
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.runtime.clock import Clock
from hedger.runtime.live import LiveDriver
from hedger.runtime.loop import run_on
from hedger.settings.tables import LoopKind
from hedger.venues.deribit import wire
from hedger.venues.deribit.params import DeribitParams
from hedger.venues.deribit.session import DeribitSession
from hedger.venues.protocol import Emit
from hedger.venues.transport.choose import transport_of
from hedger.venues.transport.socket import Receive, Route, TransportKind
from tests.bench.flood import flooding
from tests.bench.frames import hold, live_rig, names
from tests.bench.pipeline import plain_json
from tests.bench.tick_to_order import NoJournal
from tests.engine.rig import START_MS, VENUE, Rig

ROUNDS = 3

Reader = Callable[[str, Rig, Emit], Coroutine[None, None, None]]


def json_reader(read: Callable[[str | bytes, Rig], object]) -> Reader:
    """The baseline: text frames of `websockets`, parsed whole by `json`, read by `read`."""

    async def reader(url: str, rig: Rig, emit: Emit) -> None:
        async with connect(url, compression=None, max_size=None, proxy=None) as socket:
            try:
                while True:
                    emit(read(await socket.recv(), rig))  # type: ignore[arg-type]
            except ConnectionClosed:
                pass

    return reader


def transport_reader(kind: TransportKind, receive: Callable[[Rig, Emit], Receive]) -> Reader:
    """A transport of the daemon's."""

    async def reader(url: str, rig: Rig, emit: Emit) -> None:
        async with transport_of(kind).connect(Route(url, None, None, 5.0, 1 << 20)) as socket:
            await socket.read(receive(rig, emit))

    return reader


def structs(rig: Rig, emit: Emit) -> Receive:
    """Frames to structs of the fields that are needed."""

    def receive(frames: Sequence[bytes]) -> None:
        for frame in frames:
            emit(_TICKER.decode(frame))  # type: ignore[arg-type]

    return receive


def events(rig: Rig, emit: Emit) -> Receive:
    """Frames to checked events, by the session, as the client does it."""
    params = DeribitParams(url="ws://127.0.0.1:1/")
    session = DeribitSession(VENUE, Environment.LOCAL, params, trading=False, version="0")
    clock = Clock(START_MS, Clock.unix_ms())

    def receive(frames: Sequence[bytes]) -> None:
        now = clock.now()
        for frame in frames:
            for event in session.receive(frame, now):
                emit(event)

    return receive


_TICKER = msgspec.json.Decoder(wire.Notification[wire.Ticker])
WEBSOCKETS, PICOWS = TransportKind.WEBSOCKETS, TransportKind.PICOWS
ASYNCIO, UVLOOP = LoopKind.ASYNCIO, LoopKind.UVLOOP
BASELINE = "websockets_json"

Stacks = dict[str, tuple[Reader, LoopKind]]

TO_OBJECT: Stacks = {
    BASELINE: (json_reader(lambda frame, rig: json.loads(frame)), ASYNCIO),
    "websockets_msgspec": (transport_reader(WEBSOCKETS, structs), ASYNCIO),
    "picows_msgspec": (transport_reader(PICOWS, structs), ASYNCIO),
    "picows_msgspec_uvloop": (transport_reader(PICOWS, structs), UVLOOP),
}
TO_EVENT: Stacks = {
    BASELINE: (json_reader(lambda frame, rig: plain_json(frame, rig)[0]), ASYNCIO),
    "websockets_msgspec": (transport_reader(WEBSOCKETS, events), ASYNCIO),
    "picows_msgspec": (transport_reader(PICOWS, events), ASYNCIO),
    "picows_msgspec_uvloop": (transport_reader(PICOWS, events), UVLOOP),
}


class Last:
    """Counts objects and keeps the last: what is kept for ever would measure the collector of garbage."""

    def __init__(self) -> None:
        self.number = 0
        self.last: object = None

    def take(self, found: object) -> None:
        self.number += 1
        self.last = found


async def to_object(read: Reader, url: str, count: int) -> float:
    """CPU microseconds per message until it is an object in Python."""
    last = Last()
    began_s = time.process_time()
    await read(f"{url}{count}", Rig(), last.take)
    took_s = time.process_time() - began_s
    assert last.number == count
    return took_s / count * 1e6


class FloodVenue:
    """The flood behind the driver; there is nobody to send anything to."""

    def __init__(self, read: Reader, url: str, rig: Rig) -> None:
        self.name, self._read, self._url, self._rig = VENUE, read, url, rig
        self.messages = 0

    async def run(self, emit: Emit) -> None:
        def count(event: ev.Event) -> None:
            self.messages += 1
            emit(event)

        await self._read(self._url, self._rig, count)

    def perform(self, effect: fx.VenueEffect) -> None:
        """Watches and snapshots are answered by the rig."""


class Steps:
    """Counts steps that brought quotes, each of which is a decision."""

    def __init__(self) -> None:
        self.number = 0

    def append(self, now: ev.Now, events: list[ev.Event], effects: list[fx.Effect]) -> None:
        self.number += any(type(event) is ev.Quoted for event in events)


async def to_decision(read: Reader, url: str, count: int) -> tuple[float, float]:
    """CPU microseconds per message until decided upon by the real driver; messages per decision."""
    clock = Clock(START_MS, Clock.unix_ms())
    rig = live_rig()
    rig.market_ms, rig.wire_s = clock.now().market_ms, clock.now().wire_s
    steps, journal = Steps(), NoJournal()
    venue = FloodVenue(read, f"{url}{count}", rig)
    driver = LiveDriver(rig.engine, clock, {VENUE: venue}, journal, lambda _note, _now: None, [steps])
    journal.emit = driver.emit
    running = asyncio.create_task(driver.run())
    for batch in hold(rig, names()):
        for event in batch[:-1]:
            driver.emit(event)
        await driver.obeyed(batch[-1])
    steps.number = 0
    began_s = time.process_time()
    await venue.run(driver.emit)
    await driver.obeyed(rig.indexed())
    took_s = time.process_time() - began_s
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert venue.messages == count
    return took_s / count * 1e6, count / max(1, steps.number)


def socket_to_object(count: int = 60_000) -> dict[str, float]:
    """To what is read from: a dict of everything, or a struct. CPU, medians of interleaved rounds."""
    return _compared(TO_OBJECT, count)


def socket_to_event(count: int = 60_000) -> dict[str, float]:
    """To a checked quote, as the engine takes it in."""
    return _compared(TO_EVENT, count)


def _compared(stacks: Stacks, count: int) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in stacks}
    with flooding() as url:
        for read, loop in stacks.values():  # imports and the first connection are no part of it
            run_on(loop, to_object(read, url, 1_000))
        for _ in range(ROUNDS):
            for name, (read, loop) in stacks.items():
                gc.collect()
                took[name].append(run_on(loop, to_object(read, url, count)))
    return _table({name: statistics.median(values) for name, values in took.items()})


def socket_to_decision(count: int = 60_000) -> dict[str, float]:
    """As above, through the driver and the engine with 100 options held; quotes conflate while it steps."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in TO_EVENT}
    with flooding() as url:
        for _ in range(ROUNDS):
            for name, (read, loop) in TO_EVENT.items():
                gc.collect()
                took[name].append(run_on(loop, to_decision(read, url, count)))
    rows = _table({name: statistics.median(us for us, _ in values) for name, values in took.items()})
    for name, values in took.items():
        rows[f"{name}_messages_per_decision"] = statistics.median(ratio for _, ratio in values)
    return rows


def _table(medians_us: dict[str, float]) -> dict[str, float]:
    baseline_us = medians_us[BASELINE]
    rows = {f"{name}_us": value for name, value in medians_us.items()}
    return rows | {f"{name}_ratio": baseline_us / value for name, value in medians_us.items()}
