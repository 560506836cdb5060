"""A market without faults for days on end: memory, queues and journal of the daemon do not grow with time.

What is measured is fitted by a line; its slope, less twice its standard error, must be below a bound. Time in
the market runs faster than on the wire, so this is about what grows with days, hedges and settlements.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import Daemon
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import Yard
from tests.journal.places import rows

DAY_MS = 86_400_000
SAMPLES_PER_DAY = 24
FIRST_DAY = "2026-01-02"
BOOK = {"BTC-26JUN26-100000-C": "-10", "BTC-26JUN26-100000-P": "-10"}  # outlives every run
TABLES = ("orders", "fills", "decisions", "hedges", "commands", "snapshots", "guards", "cash_flows")

FIT_DAYS = 6  # a line through fewer says nothing
MOST_JOURNAL_GROWTH = 0.02  # of a day's bytes, per day in the market
MOST_EVENTS = 2_000  # taken by one step
MOST_WAITING = 200  # writes not yet durable


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through y over x: mean of y, slope per unit of x, and the slope's standard error."""

    mean: float
    slope: float
    error: float

    @classmethod
    def of(cls, x: Sequence[float], y: Sequence[float]) -> Trend:
        """Needs four points at least."""
        (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
        return cls(float(np.mean(y)), float(slope), float(np.sqrt(covariance[0, 0])))

    def __str__(self) -> str:
        return f"mean {self.mean:,.2f}, {self.slope:+.4f} ± {self.error:.4f} a day"

    @property
    def surely(self) -> float:
        """The slope less what may be noise."""
        return self.slope - 2 * self.error


@dataclass
class Watched:
    """What was seen of a daemon: a sample per hour in the market, and what it wrote on each day."""

    from_ms: int
    days: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)  # bytes
    largest_step: float = 0.0

    def sample(self, daemon: Daemon, day: float) -> None:
        self.days.append(day)
        self.rss_mb.append(_rss_mb(daemon.process.pid))
        self.waiting.append(_metric(daemon, "hedger_journal_waiting_writes"))

    @property
    def memory(self) -> Trend:
        """MB by day, after the warm-up."""
        warm = len(self.days) // 4
        return Trend.of(self.days[warm:], self.rss_mb[warm:])

    @property
    def journal(self) -> Trend:
        """Bytes a day, by day."""
        return Trend.of(range(len(self.written)), self.written)


def flat_days(yard: Yard, days: int, speed: int, most_growth_mb: float) -> str:
    """Run so many days in the market, the first quarter of which is warm-up. AssertionError for what grows.

    `most_growth_mb`: of memory, per day in the market.
    """
    book = yard.folder / "book.json"
    book.write_text(json.dumps([{"instrument": name, "size": size} for name, size in BOOK.items()]))
    words = ("--seed", "11", "--speed", str(speed), "--origin", FIRST_DAY, "--book", str(book))
    exchange = yard.exchange(*words, "--equity", "BTC=100")
    daemon = yard.daemon(exchange, overrides=())
    daemon.until_ready()
    watched = _watch(daemon, days)
    exchange.pause()
    assert_ledgers_agree(exchange, daemon)
    told = [f"{days} days, {len(exchange.hedges())} hedge orders", *_measured(watched)]
    assert watched.memory.surely <= most_growth_mb, told
    assert watched.largest_step <= MOST_EVENTS, told
    assert max(watched.waiting) <= MOST_WAITING, told
    if days >= FIT_DAYS:
        assert watched.journal.surely <= MOST_JOURNAL_GROWTH * watched.journal.mean, told
    return "\n".join(told)


def _watch(daemon: Daemon, days: int) -> Watched:
    watched = Watched(daemon.status()["market_ms"])
    for number in range(1, days * SAMPLES_PER_DAY + 1):
        due_ms = watched.from_ms + DAY_MS * number / SAMPLES_PER_DAY
        until(lambda: daemon.status()["market_ms"] >= due_ms, "the next hour", 120.0)  # noqa: B023
        watched.sample(daemon, number / SAMPLES_PER_DAY)
    watched.largest_step = _metric(daemon, "hedger_largest_step_events")
    watched.written = _journal_by_day(daemon, watched.from_ms, days)
    return watched


def _measured(watched: Watched) -> list[str]:
    told = [
        f"memory [MB]: {watched.memory}; at most {max(watched.rss_mb):.1f}",
        f"largest step [events]: {watched.largest_step:.0f}",
        f"writes not yet durable: at most {max(watched.waiting):.0f}",
        f"journal [kB a day]: {', '.join(f'{size / 1000:.0f}' for size in watched.written)}",
    ]
    return [*told, f"journal [bytes]: {watched.journal}"] if len(watched.written) >= FIT_DAYS else told


def _journal_by_day(daemon: Daemon, from_ms: int, days: int) -> list[float]:
    """Bytes of values written on each day in the market."""
    sizes = [0.0] * days
    for table in TABLES:
        time = "created_ms" if table == "orders" else "market_ms"
        what = f"({time} - {from_ms}) / {DAY_MS}, sum(length(body))"
        since = f"from {table} where {time} >= {from_ms} group by 1"
        for day, size in rows(daemon.journal, f"select {what} {since}"):
            if int(day) < days:
                sizes[int(day)] += float(size)
    return sizes


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _metric(daemon: Daemon, name: str) -> float:
    """The value of a metric without labels."""
    lines = daemon.get("/metrics").body.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))
