"""What a busy day leaves in the journal, what retention keeps of it, and what a start on many trades costs.

The day: 100 hedges of three clips each (an order four times changed, four trades for three orders), 2,000
decisions that acted or changed their mind, and every minute a snapshot of 60 positions.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import msgspec

from hedger.domain.order import Order, OrderState
from hedger.domain.vocabulary import Environment, Reason
from hedger.engine.records import Decided, HedgeDone, HedgeEnd, Intended, OrderChanged, Record, Snapshot
from hedger.journal import tidy
from hedger.journal.journal import Journal
from hedger.journal.retention import Keep
from hedger.journal.tidy import Tidier
from tests.engine.rig import CALL, Rig
from tests.journal.records import DAY_MS, NOW_MS, VENUE, intent, traded
from tests.postgres import NoPostgres, running_postgres

HEDGES, CLIPS, DECISIONS, SNAPSHOTS, POSITIONS = 100, 3, 2_000, 1_440, 60
STATES = (OrderState.IN_FLIGHT, OrderState.OPEN, OrderState.OPEN, OrderState.FILLED)
KEEP = Keep(days=4, orders_days=6)
MB = 1e6


def decision(market_ms: int, number: int) -> Decided:
    """What a book in the middle of its day decides."""
    rig = Rig(lower=-0.1, upper=0.1, hard_lower=-50.0, hard_upper=50.0)
    rig.start()
    made = msgspec.structs.replace(rig.last, market_ms=market_ms, wire_s=float(number))
    return Decided(market_ms=market_ms, decision=made)


def decisions(day_ms: int) -> Iterator[Record]:
    made = decision(day_ms, 0)
    for number in range(DECISIONS):
        market_ms = day_ms + number * DAY_MS // DECISIONS
        told = msgspec.structs.replace(made.decision, market_ms=market_ms, wire_s=float(number))
        yield Decided(market_ms=market_ms, decision=told)


def snapshots(day_ms: int) -> Iterator[Record]:
    names = [CALL.replace("105000", str(80_000 + 1_000 * number)) for number in range(POSITIONS)]
    held = {name: f"{number}.5" for number, name in enumerate(names)}
    for number in range(SNAPSHOTS):
        yield Snapshot(market_ms=day_ms + number * 60_000, positions=held, equity={"BTC": "10.12345678"})


def orders(day_ms: int) -> Iterator[Record]:
    for number in range(HEDGES * CLIPS):
        at_ms, label = day_ms + number * DAY_MS // (HEDGES * CLIPS), day_ms // 1_000 + number
        made = intent(label, at_ms)
        yield Intended(market_ms=at_ms, intent=made)
        for state in STATES:
            yield OrderChanged(market_ms=at_ms, order=Order(made, state=state, order_id=f"USDC-{label}"))
        for part in range(2 if number % CLIPS == 0 else 1):
            told = traded(f"{label}-{part}", at_ms).fill
            fill = msgspec.structs.replace(told, label=made.label, mark_price=98_765.5, index_usd=98_760.2)
            yield msgspec.structs.replace(traded("", at_ms), fill=fill)
        if number % CLIPS == 0:
            yield hedge(at_ms, made.label)


def hedge(market_ms: int, label: str) -> HedgeDone:
    return HedgeDone(
        market_ms=market_ms,
        venue=VENUE,
        book="btc",
        instrument="BTC-PERPETUAL",
        side="sell",
        reason=Reason.OUTSIDE_BAND,
        end=HedgeEnd.REACHED,
        started_ms=market_ms - 900,
        worked_s=0.9,
        children=(label,) * CLIPS,
        decided="123450",
        filled="123450",
        reference_price=98_765.5,
        average_price=98_764.8,
        fees_usd=43.2,
        shortfall_coin=0.00048,
        shortfall_usd=47.4,
        shortfall_bps=3.8,
    )


async def _day(journal: Journal, day_ms: int) -> None:
    """As the writer commits it: a step's records together."""
    records = [*orders(day_ms), *decisions(day_ms), *snapshots(day_ms)]
    for at in range(0, len(records), 200):
        await journal.write(records[at : at + 200])


async def _size_mb(journal: Journal) -> float:
    """Of tables and indexes, without a log that is written over."""
    async with journal.reading() as connection:
        if connection.dialect.name == "sqlite":
            query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        else:
            query = "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables"
        return float((await connection.exec_driver_sql(query)).scalar_one()) / MB


async def _growth(place: Path | str, days: int) -> dict[str, float]:
    async with await Journal.open(place) as journal:
        now = [NOW_MS]
        await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        tidier = Tidier(journal, KEEP, lambda: True, lambda: now[0])
        sizes = [await _size_mb(journal)]
        for number in range(days):
            await _day(journal, NOW_MS + number * DAY_MS)
            now[0] = NOW_MS + (number + 1) * DAY_MS
            await tidier.round()
            if isinstance(place, str):  # the server's autovacuum in the hours of a day that pass here at once
                async with journal.store.engine.connect() as connection:
                    vacuuming = await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await vacuuming.exec_driver_sql("VACUUM ANALYZE")
            sizes.append(await _size_mb(journal))
    return {
        "mb_per_day": (sizes[3] - sizes[0]) / 3,
        f"mb_after_{days - 2}_days": sizes[-3],
        f"mb_after_{days}_days": sizes[-1],
    }


def _stores() -> Iterator[tuple[str, Path | str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", Path(folder) / "journal.sqlite"
    with suppress(NoPostgres), running_postgres() as server:
        yield "postgres", server.new_database()


def journal_growth(days: int = 12) -> dict[str, float]:
    """MB a day, and of a journal that keeps 4 days (orders 6) its size at the end and two days before."""
    tidy.PAUSE_S = 0.0
    figures: dict[str, float] = {}
    for name, place in _stores():
        figures |= {f"{name}_{key}": value for key, value in asyncio.run(_growth(place, days)).items()}
    return figures


async def _start(place: Path | str, count: int) -> dict[str, float]:
    async with await Journal.open(place) as journal:
        await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        for at in range(0, count, 1_000):
            await journal.write(
                msgspec.structs.replace(
                    traded("", NOW_MS - 400 * DAY_MS + number * 300_000),
                    fill=msgspec.structs.replace(
                        traded(str(number), NOW_MS - 400 * DAY_MS + number * 300_000).fill,
                        amount=Decimal(10 + number % 7),
                    ),
                )
                for number in range(at, min(count, at + 1_000))
            )
    took = []
    for _ in range(2):
        began_s = time.perf_counter()
        async with await Journal.open(place) as journal:
            await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        took.append(time.perf_counter() - began_s)
    return {"first_start_s": took[0], "next_start_s": took[1]}


def journal_start(count: int = 100_000) -> dict[str, float]:
    """Opening and loading a journal of so many trades: the first time, and with the checkpoint of that."""
    figures: dict[str, float] = {"trades": float(count)}
    for name, place in _stores():
        figures |= {f"{name}_{key}": value for key, value in asyncio.run(_start(place, count)).items()}
    return figures
