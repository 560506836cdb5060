"""When Deribit's options expire and what they are called (deribit.md 6): always 08:00 UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from hedger.simulator.time_units import DAY_MS, EXPIRY_OF_DAY_MS

PERPETUAL_EXPIRY_MS = 32_503_708_800_000

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FRIDAY = 4
_QUARTER_MONTHS = (3, 6, 9, 12)
_DAILIES, _WEEKLIES, _MONTHLIES, _QUARTERLIES = 4, 4, 3, 4
_LIFETIME_DAYS = {"day": 4, "week": 28, "month": 270}


def expiry_ms(day: date) -> int:
    """08:00 UTC of a day, in milliseconds since the epoch."""
    return day.toordinal() * DAY_MS - date(1970, 1, 1).toordinal() * DAY_MS + EXPIRY_OF_DAY_MS


def expiry_code(expiration_ms: int) -> str:
    """`9JAN26`: the day without a leading zero, English upper-case month, two digits of the year."""
    day = datetime.fromtimestamp(expiration_ms / 1000, UTC).date()
    return f"{day.day}{_MONTHS[day.month - 1]}{day.year % 100:02d}"


def parse_expiry_code(code: str) -> int:
    """The expiry in milliseconds of a code such as `9JAN26`; ValueError tells what was wrong."""
    day, month, year = code[:-5], code[-5:-2], code[-2:]
    if month not in _MONTHS or not day.isdigit() or not year.isdigit():
        raise ValueError(f"expiry code {code!r}: expected day, month and year such as 9JAN26")
    return expiry_ms(date(2000 + int(year), _MONTHS.index(month) + 1, int(day)))


def last_friday(year: int, month: int) -> date:
    """The last Friday of a month: the day monthly and quarterly contracts expire."""
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last = first_of_next - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - _FRIDAY) % 7)


def settlement_period(expiration_ms: int) -> str:
    """`month` for the last Friday of a month, `week` for other Fridays, `day` otherwise."""
    day = datetime.fromtimestamp(expiration_ms / 1000, UTC).date()
    if day.weekday() != _FRIDAY:
        return "day"
    return "month" if day == last_friday(day.year, day.month) else "week"


def usual_creation_ms(expiration_ms: int) -> int:
    """When a contract of this period would have been listed: 08:00 UTC some days before it expires."""
    return expiration_ms - _LIFETIME_DAYS[settlement_period(expiration_ms)] * DAY_MS


def listed_expiries(market_ms: int) -> tuple[int, ...]:
    """Expiries listed at an instant, ascending: 4 dailies, 4 Fridays, 3 month ends, 4 quarter ends.

    An expiry equal to `market_ms` has expired.
    """
    days: list[date] = [*_take(_dailies(market_ms), _DAILIES, market_ms)]
    days += _take((day for day in _dailies(market_ms) if day.weekday() == _FRIDAY), _WEEKLIES, market_ms)
    days += _take(_month_ends(market_ms), _MONTHLIES, market_ms)
    quarter_ends = (day for day in _month_ends(market_ms) if day.month in _QUARTER_MONTHS)
    days += _take(quarter_ends, _QUARTERLIES, market_ms)
    return tuple(sorted({expiry_ms(day) for day in days}))


def _take(days: Iterator[date], count: int, after_ms: int) -> Iterator[date]:
    for day in days:
        if count == 0:
            return
        if expiry_ms(day) > after_ms:
            count -= 1
            yield day


def _dailies(market_ms: int) -> Iterator[date]:
    day = datetime.fromtimestamp(market_ms / 1000, UTC).date()
    while True:
        yield day
        day += timedelta(days=1)


def _month_ends(market_ms: int) -> Iterator[date]:
    day = datetime.fromtimestamp(market_ms / 1000, UTC).date()
    year, month = day.year, day.month
    while True:
        yield last_friday(year, month)
        year, month = year + month // 12, month % 12 + 1
