"""Recorded chains as time series: one per option, one per expiry's forward, one for the index.

Readers (`svcj`, `full_chain`) yield snapshots in time order; `Record` turns them into series.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Generic, NamedTuple, TypeVar

from hedger.simulator.time_units import DAY_MS, EXPIRY_OF_DAY_MS, HOUR_MS
from hedger.simulator.world.expiries import expiry_ms, parse_expiry_code

T = TypeVar("T")

MARGIN_MS = 36 * HOUR_MS
"""How far around the wanted window is read."""


class OptionRow(NamedTuple):
    """One option in one snapshot; iv is a fraction, quotes and mark in coin, None where nobody quoted."""

    name: str
    underlying_usd: float
    iv: float
    mark: float
    bid: float | None
    ask: float | None


class Snapshot(NamedTuple):
    """The whole chain at one instant; `perpetual_usd` is None where the record has none."""

    market_ms: int
    index_usd: float
    perpetual_usd: float | None
    forwards_usd: dict[int, float]  # by expiry, milliseconds
    options: list[OptionRow]


class Quoted(NamedTuple):
    """What is interpolated of an option: volatility, and the quotes' distances from the mark."""

    iv: float
    bid: float | None
    ask: float | None


class Window(NamedTuple):
    """The part of a record to play, in market time: from `start_ms` to `end_ms`, None for its ends."""

    start_ms: int | None
    end_ms: int | None

    def told(self) -> str:
        """The days as the options name them."""
        start = "its beginning" if self.start_ms is None else _day(self.start_ms)
        end = "" if self.end_ms is None else f" until {_day(self.end_ms)}"
        return f"--from {start}{end}"

    def require_start_within(self, first_ms: int, last_ms: int) -> None:
        """ValueError, with the days there are, when the first day is not one of a record of this range."""
        if self.start_ms is not None and not first_ms - DAY_MS < self.start_ms <= last_ms:
            there = f"{_day(first_ms)} to {_day(last_ms)}"
            raise ValueError(f"{self.told()}: outside the record, which is from {there}")

    def reading(self, margin_ms: int) -> tuple[int, int]:
        """Which times must be read so that both ends lie between snapshots."""
        start = 0 if self.start_ms is None else self.start_ms - margin_ms
        return start, 1 << 60 if self.end_ms is None else self.end_ms + margin_ms


def _day(market_ms: int) -> str:
    return datetime.fromtimestamp(market_ms / 1000, UTC).date().isoformat()


def window(start: date | None, days: int | None) -> Window:
    """The window of `--from DATE --days N` (00:00 UTC). ValueError for days without a date or below 1."""
    if days is not None and (start is None or days < 1):
        raise ValueError(f"--days {days}: must be at least 1, and needs --from, the day to start from")
    if start is None:
        return Window(None, None)
    start_ms = expiry_ms(start) - EXPIRY_OF_DAY_MS
    return Window(start_ms, None if days is None else start_ms + days * DAY_MS)


@dataclass(slots=True)
class Series(Generic[T]):
    """Values at ascending times."""

    times_ms: list[int] = field(default_factory=list)
    values: list[T] = field(default_factory=list)

    def add(self, time_ms: int, value: T) -> None:
        """Append a value later than all others."""
        self.times_ms.append(time_ms)
        self.values.append(value)

    def around(self, time_ms: int) -> tuple[T, T, float]:
        """The values on both sides of an instant and how far it lies between them; the nearest outside."""
        right = bisect_right(self.times_ms, time_ms)
        if right == 0:
            return self.values[0], self.values[0], 0.0
        if right == len(self.times_ms):
            return self.values[-1], self.values[-1], 0.0
        before, after = self.times_ms[right - 1], self.times_ms[right]
        return self.values[right - 1], self.values[right], (time_ms - before) / (after - before)


def linear(series: Series[float], time_ms: int) -> float:
    """Linear between the recorded values, constant outside."""
    left, right, share = series.around(time_ms)
    return left + (right - left) * share


class Record:
    """Snapshots of one index as series. ValueError when there is none, or the window misses them."""

    def __init__(self, snapshots: Iterable[Snapshot], wanted: Window) -> None:
        self.times_ms: list[int] = []
        self.index_usd: list[float] = []
        self.atm: list[float] = []
        self.perpetual: Series[float] = Series()
        self.forwards: dict[int, Series[float]] = {}
        self.options: dict[str, Series[Quoted]] = {}
        self.listed_ms: dict[str, int] = {}
        for snapshot in snapshots:
            self._take(snapshot)
        if not self.times_ms:
            raise ValueError(f"the record has no snapshot near {wanted.told()}")
        for expiration_ms, ratios in self.forwards.items():
            if ratios.times_ms[-1] < expiration_ms:
                ratios.add(expiration_ms, 1.0)  # a forward meets the index at its expiry
        self.start_ms, self.end_ms = self._limits(wanted)

    def _limits(self, wanted: Window) -> tuple[int, int]:
        first, last = self.times_ms[0], self.times_ms[-1]
        start = first if wanted.start_ms is None else max(first, wanted.start_ms)
        end = last if wanted.end_ms is None else min(last, wanted.end_ms)
        wanted.require_start_within(first, last)
        return start, end

    def _take(self, snapshot: Snapshot) -> None:
        """A snapshot belongs to the full second: the index is kept by the second."""
        now = snapshot.market_ms // 1000 * 1000
        visible_from = self.times_ms[-1] if self.times_ms else now
        self.times_ms.append(now)
        self.index_usd.append(snapshot.index_usd)
        self.atm.append(_atm_iv(snapshot))
        if snapshot.perpetual_usd is not None:
            self.perpetual.add(now, snapshot.perpetual_usd / snapshot.index_usd - 1.0)
        for expiration_ms, forward in snapshot.forwards_usd.items():
            self.forwards.setdefault(expiration_ms, Series()).add(now, forward / snapshot.index_usd)
        for row in snapshot.options:
            self.listed_ms.setdefault(row.name, visible_from)
            self.options.setdefault(row.name, Series()).add(now, _quoted(row))


def name_parts(name: str) -> tuple[int, int, str]:
    """Expiry (ms), strike (USD) and option type of `BTC-9JAN26-95000-C`."""
    _, code, strike, letter = name.split("-")
    return parse_expiry_code(code), int(strike), "call" if letter == "C" else "put"


def index_behind(market_ms: int, forwards_usd: dict[int, float]) -> float:
    """The index that a term structure of forwards starts from, at its own instant.

    The nearest forward is carried back at the slope to the first one at least two weeks beyond it.
    """
    near, *others = sorted(forwards_usd)
    far = next((expiry for expiry in others if expiry - near >= 14 * DAY_MS), None)
    if far is None:
        return forwards_usd[near]
    slope = (forwards_usd[far] / forwards_usd[near] - 1.0) / (far - near)
    return forwards_usd[near] / (1.0 + slope * max(near - market_ms, 0))


def _quoted(row: OptionRow) -> Quoted:
    bid = None if row.bid is None else max(row.mark - row.bid, 0.0)
    ask = None if row.ask is None else max(row.ask - row.mark, 0.0)
    return Quoted(row.iv, bid, ask)


def _atm_iv(snapshot: Snapshot) -> float:
    """Volatility of the strike nearest to the forward of the first expiry at least 12 hours away."""
    far_enough = snapshot.market_ms + 12 * HOUR_MS

    def distance(row: OptionRow) -> tuple[bool, int, float]:
        expiration_ms, strike, _ = name_parts(row.name)
        return expiration_ms < far_enough, expiration_ms, abs(strike / row.underlying_usd - 1.0)

    return min(snapshot.options, key=distance).iv
