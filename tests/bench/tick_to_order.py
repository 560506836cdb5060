"""Tick to order: from a ticker handed to the driver until its order is handed to the venue."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.journal.journal import Journal
from hedger.journal.writer import JournalWriter
from hedger.risk.envelope import Envelope
from hedger.runtime.clock import Clock
from hedger.runtime.live import JournalPort, LiveDriver
from hedger.venues.protocol import Emit
from tests.bench.pipeline import quantile
from tests.engine.rig import CALL, START_MS, VENUE, Rig
from tests.postgres import NoPostgres, running_postgres

UNLIMITED = Envelope(
    max_order_usd=1e9,
    max_order_coin=1e6,
    max_hedge_position_coin=1e6,
    max_orders_per_minute=10**9,
    max_turnover_hour_usd=1e12,
    max_turnover_day_usd=1e12,
)
TIGHT: dict[str, Any] = {"lower": -0.001, "upper": 0.001, "hard_lower": -1e3, "hard_upper": 1e3}


class NoJournal:
    """Durable at once: what remains is the daemon itself."""

    def __init__(self) -> None:
        self.emit: Emit = lambda _event: None

    def submit(self, write: fx.Write) -> None:
        self.emit(ev.Durable(sequence=write.sequence))

    async def load(self, request: fx.LoadJournal, market_ms: int) -> ev.JournalLoaded:
        return Rig().journal()


class FillingVenue:
    """Takes the time of every order and fills it at once."""

    def __init__(self, rig: Rig) -> None:
        self.name, self._rig = VENUE, rig
        self.emit: Emit = lambda _event: None
        self.placed = asyncio.Event()
        self.at_ns = 0

    async def run(self, emit: Emit) -> None:
        await asyncio.Event().wait()

    def perform(self, effect: fx.VenueEffect) -> None:
        if isinstance(effect, fx.Place):
            self.at_ns = time.perf_counter_ns()
            for event in self._rig.fill_of(effect.approved.intent):
                self.emit(event)
            self.placed.set()


async def _latencies_us(journal: JournalPort, connect: Callable[[Emit], None], count: int) -> list[float]:
    rig, clock = Rig(envelope=UNLIMITED, **TIGHT), Clock(START_MS, Clock.unix_ms())
    rig.market_ms, rig.wire_s = clock.now().market_ms, clock.now().wire_s
    venue = FillingVenue(rig)
    driver = LiveDriver(rig.engine, clock, {VENUE: venue}, journal, lambda _note, _now: None)
    venue.emit = driver.emit
    connect(driver.emit)
    running = asyncio.create_task(driver.run())
    driver.emit(rig.listed(CALL))
    driver.emit(rig.link_up())
    await driver.obeyed(rig.journal())
    await driver.obeyed(rig.snapshot({CALL: "-10"}))
    took = []
    for round_ in range(count):
        rig.market_ms = max(clock.market_ms(), rig.market_ms + 1)  # a repeated time is no news
        rig.wire_s = clock.wire_s()
        for event in rig.quotes(CALL)[:2]:
            await driver.obeyed(event)
        venue.placed.clear()
        began = time.perf_counter_ns()
        driver.emit(rig.option_quote(CALL, delta=0.40 if round_ % 2 else 0.41))
        async with asyncio.timeout(10):
            await venue.placed.wait()
        took.append((venue.at_ns - began) / 1000)
        await driver.obeyed(rig.indexed())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return took


async def _durable(place: Path | str, count: int) -> list[float]:
    async with await Journal.open(place) as journal:
        writer = JournalWriter(journal)
        await writer.load(
            fx.LoadJournal(venue=VENUE, environment=Rig().link_up().environment, account_id="1"), 0
        )
        tasks: list[asyncio.Task[None]] = []
        took = await _latencies_us(
            writer, lambda emit: tasks.append(asyncio.create_task(writer.run(emit))), count
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return took


def _stores(count: int) -> dict[str, list[float]]:
    """Of every store there is: no journal, a file, and where it is installed a server that syncs, too."""
    took = {"no_journal": asyncio.run(_bare(count))}
    with tempfile.TemporaryDirectory() as folder:
        took["sqlite"] = asyncio.run(_durable(Path(folder) / "journal.sqlite", count))
    with suppress(NoPostgres), running_postgres(fsync=True) as server:
        took["postgres"] = asyncio.run(_durable(server.new_database(), count))
    return took


async def _bare(count: int) -> list[float]:
    journal = NoJournal()
    return await _latencies_us(journal, lambda emit: setattr(journal, "emit", emit), count)


def tick_to_order(count: int = 400) -> dict[str, float]:
    """p50 and p99 in microseconds without a journal and with a durable one, and the ratios of the p50."""
    took = _stores(count)
    bare = statistics.median(took["no_journal"])
    figures: dict[str, float] = {}
    for name, each in took.items():
        figures |= {f"{name}_p50_us": statistics.median(each), f"{name}_p99_us": quantile(each, 0.99)}
        figures[f"{name}_ratio_p50"] = statistics.median(each) / bare
    return figures
