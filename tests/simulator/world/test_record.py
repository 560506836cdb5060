from __future__ import annotations

from datetime import date

import pytest

from hedger.simulator.world.record import (
    OptionRow,
    Record,
    Series,
    Snapshot,
    Window,
    index_behind,
    linear,
    name_parts,
    window,
)
from tests.simulator.world.worlds import DAY_MS, HOUR_MS, utc_ms

NOW_MS = utc_ms(2026, 1, 8, 10)
EXPIRY_MS = utc_ms(2026, 1, 9, 8)


def snapshot(hours: int, *names: str, iv: float = 0.5) -> Snapshot:
    options = [OptionRow(name, 100_000.0, iv, 0.01, 0.009, None) for name in names]
    return Snapshot(NOW_MS + hours * HOUR_MS, 100_000.0, None, {EXPIRY_MS: 100_100.0}, options)


def test_values_are_linear_between_times_and_constant_outside() -> None:
    series: Series[float] = Series([1000, 2000], [1.0, 3.0])
    assert [linear(series, time_ms) for time_ms in (500, 1000, 1500, 2000, 9000)] == [1.0, 1.0, 2.0, 3.0, 3.0]


def test_a_name_tells_expiry_strike_and_type() -> None:
    assert name_parts("BTC-9JAN26-95000-P") == (EXPIRY_MS, 95_000, "put")


def test_the_index_is_where_the_term_structure_begins() -> None:
    """A basis of 10 % a year: 27 USD a day at 100,000."""
    forwards = {NOW_MS + days * DAY_MS: 100_000.0 * (1 + 0.1 * days / 365) for days in (2, 9, 30)}
    assert index_behind(NOW_MS, forwards) == pytest.approx(100_000.0, abs=0.1)
    assert index_behind(NOW_MS, {EXPIRY_MS: 99_000.0}) == 99_000.0


def test_an_instrument_is_listed_from_the_snapshot_before_its_first_appearance() -> None:
    first, second, third = snapshot(0, "BTC-9JAN26-95000-C"), snapshot(6, "BTC-9JAN26-96000-C"), snapshot(12)
    record = Record([first, second, Snapshot(*third[:4], options=second.options)], Window(None, None))
    assert record.listed_ms == {
        "BTC-9JAN26-95000-C": first.market_ms,
        "BTC-9JAN26-96000-C": first.market_ms,
    }


def test_a_forward_meets_the_index_at_its_expiry() -> None:
    record = Record([snapshot(0, "BTC-9JAN26-95000-C")], Window(None, None))
    assert linear(record.forwards[EXPIRY_MS], EXPIRY_MS) == 1.0


def test_quotes_are_kept_as_distances_from_the_mark_and_missing_ones_stay_missing() -> None:
    record = Record([snapshot(0, "BTC-9JAN26-95000-C")], Window(None, None))
    (quoted,) = record.options["BTC-9JAN26-95000-C"].values
    assert quoted.bid == pytest.approx(0.001)
    assert quoted.ask is None


def test_a_window_outside_the_record_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the record"):
        Record([snapshot(0, "BTC-9JAN26-95000-C")], Window(NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS))


def test_days_are_counted_from_midnight() -> None:
    assert window(date(2026, 2, 1), 6) == Window(utc_ms(2026, 2, 1), utc_ms(2026, 2, 7))
    assert window(date(2026, 2, 1), None) == Window(utc_ms(2026, 2, 1), None)
    assert window(None, None) == Window(None, None)
