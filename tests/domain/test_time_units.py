"""Units of time: what the packages that keep their own agree on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hedger.domain import time_units
from hedger.pricing.black76 import YEAR_MS
from hedger.simulator import time_units as exchange


def test_a_day_is_as_long_as_the_calendars() -> None:
    day = timedelta(days=1)
    assert timedelta(milliseconds=time_units.DAY_MS) == timedelta(seconds=time_units.DAY_S) == day
    assert timedelta(milliseconds=time_units.HOUR_MS) * 24 == day
    assert timedelta(milliseconds=time_units.MINUTE_MS) * 1_440 == day


def test_a_settlement_of_the_venue_lies_at_its_hour() -> None:
    settled_ms = 20_000 * time_units.DAY_MS + time_units.EXPIRY_OF_DAY_MS
    assert datetime.fromtimestamp(settled_ms / 1000, UTC).hour == time_units.EXPIRY_HOUR_UTC


def test_packages_that_may_not_import_the_units_keep_the_same_ones() -> None:
    assert YEAR_MS == time_units.YEAR_DAYS * time_units.DAY_MS
    shared = sorted(vars(exchange).keys() & vars(time_units).keys())
    names = [name for name in shared if name.isupper()]
    assert "DAY_MS" in names
    assert [getattr(exchange, name) for name in names] == [getattr(time_units, name) for name in names]
