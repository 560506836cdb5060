"""Sums of the running day, cut twice: at 00:00 UTC, and at 08:00 UTC where the venue cuts it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hedger.domain.time_units import DAY_MS, EXPIRY_HOUR_UTC, HOUR_MS
from hedger.portfolio.attribution import NO_LINES, Lines
from hedger.portfolio.running import Interval

CUTS = (0, EXPIRY_HOUR_UTC)
"""Hours UTC at which a day begins."""


def began_ms(market_ms: int, hour: int) -> int:
    """When the day that is running at an instant began."""
    return (market_ms - hour * HOUR_MS) // DAY_MS * DAY_MS + hour * HOUR_MS


def middle_ms(from_ms: int, to_ms: int) -> int:
    """An interval belongs to the day of its middle: cuts come a moment after the hour."""
    return (from_ms + to_ms) // 2


@dataclass(slots=True)
class Day:
    """One day so far; `since_ms` is when its first interval began, which may be later than the day."""

    day_ms: int
    since_ms: int
    equity: float
    rate_usd: float
    lines: Lines = NO_LINES
    usd: Lines = NO_LINES
    bookings: int = 0


@dataclass(slots=True)
class Days:
    """The running day of each cut, by its hour."""

    running: dict[int, Day] = field(default_factory=dict)

    def add(self, interval: Interval) -> None:
        """An interval that was closed; they come in their order."""
        total, usd = interval.total, interval.total_usd
        for hour in CUTS:
            day = self._of(hour, interval)
            day.lines, day.usd = day.lines.plus(total), day.usd.plus(usd)
            day.bookings += interval.bookings

    def with_open(self, hour: int, interval: Interval) -> Day:
        """The running day and the interval that is not closed yet."""
        day_ms = began_ms(middle_ms(interval.from_ms, interval.to_ms), hour)
        known = self.running.get(hour)
        if known is None or known.day_ms != day_ms:
            known = _begun(day_ms, interval)
        return Day(
            day_ms=day_ms,
            since_ms=known.since_ms,
            equity=known.equity,
            rate_usd=known.rate_usd,
            lines=known.lines.plus(interval.total),
            usd=known.usd.plus(interval.total_usd),
            bookings=known.bookings + interval.bookings,
        )

    def _of(self, hour: int, interval: Interval) -> Day:
        day_ms = began_ms(middle_ms(interval.from_ms, interval.to_ms), hour)
        known = self.running.get(hour)
        if known is None or known.day_ms != day_ms:
            known = self.running[hour] = _begun(day_ms, interval)
        return known


def _begun(day_ms: int, interval: Interval) -> Day:
    return Day(day_ms, interval.from_ms, interval.equity_before, interval.rate_before_usd)
