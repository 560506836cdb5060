"""Sliding windows: orders over wire time, turnover and fees over market time, memory bounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.risk.counters import DAY_BUCKETS, Counters, fee_usd, fill_notional_usd
from tests.portfolio.market import DAY_MS, NOW_MS, At
from tests.risk.trades import fill

HOUR_MS = 3_600_000


def test_orders_are_forgotten_after_a_minute_of_wire_time() -> None:
    counters = Counters()
    for wire_s in (0.0, 10.0, 59.0):
        counters.add_order(At(wire_s=wire_s))
    assert counters.orders_minute(At(wire_s=59.9)) == 3
    assert counters.orders_minute(At(wire_s=60.0)) == 2
    counters.add_order(At(wire_s=119.0))
    assert counters.orders_minute(At(wire_s=119.0)) == 1


def test_market_time_running_fast_does_not_shorten_the_minute_of_the_machine() -> None:
    counters = Counters()
    counters.add_order(At(NOW_MS, 0.0))
    assert counters.orders_minute(At(NOW_MS + DAY_MS, 24.0)) == 1


def test_turnover_leaves_the_hour_before_it_leaves_the_day() -> None:
    counters = Counters()
    counters.add_fill(fill(), -1000.0)
    assert counters.turnover_hour_usd(At(NOW_MS + HOUR_MS)) == 1000.0
    later = At(NOW_MS + HOUR_MS + 120_000)
    assert counters.turnover_hour_usd(later) == 0.0
    assert counters.turnover_day_usd(later) == 1000.0
    assert counters.turnover_day_usd(At(NOW_MS + DAY_MS + 120_000)) == 0.0


def test_fees_are_counted_in_dollars() -> None:
    counters = Counters()
    counters.add_fill(fill(), 1000.0)
    counters.add_fill(fill(fee=Decimal("-0.000001"), index_usd=110_000.0), 1000.0)
    assert counters.fees_day_usd(At()) == pytest.approx(0.35 - 0.11)
    assert fee_usd(fill(fee=Decimal("1.25"), fee_currency="USDC")) == 1.25


def test_a_restart_takes_up_the_turnover_of_the_earlier_run() -> None:
    counters = Counters()
    counters.seed([fill("1"), fill("2"), fill("3", label="h-btc-1-2")])
    assert counters.turnover_day_usd(At()) == 3000.0
    assert counters.hedges_day(At()) == 2
    assert counters.orders_minute(At()) == 0
    counters.add_order(At())
    assert counters.hedges_day(At()) == 3


@pytest.mark.parametrize(
    ("name", "amount", "price", "usd"),
    [
        ("BTC-PERPETUAL", "1000", "100000", 1000.0),
        ("BTC-25SEP26", "1000", "100000", 1000.0),
        ("BTC_USDC-PERPETUAL", "0.5", "100000", 50_000.0),
        ("BTC-21SEP26-68000-C", "2", "0.05", 180_000.0),
    ],
)
def test_a_fill_says_its_own_notional(name: str, amount: str, price: str, usd: float) -> None:
    traded = fill(instrument=name, amount=Decimal(amount), price=Decimal(price), index_usd=90_000.0)
    assert fill_notional_usd(traded) == pytest.approx(usd)


@given(st.lists(st.integers(0, 5 * DAY_MS), min_size=1, max_size=200))
def test_a_window_never_counts_less_than_it_spans_and_memory_is_bounded(offsets: list[int]) -> None:
    """Late and reordered fills count where they belong; at most a minute more than the window is counted."""
    counters = Counters()
    for offset in offsets:
        counters.add_fill(fill(market_ms=NOW_MS + offset), 1.0)
    last = NOW_MS + max(offsets)
    exact = sum(NOW_MS + offset > last - DAY_MS for offset in offsets)
    wider = sum(NOW_MS + offset > last - DAY_MS - 120_000 for offset in offsets)
    assert exact <= counters.turnover_day_usd(At(last)) <= wider
    assert len(counters._buckets) <= DAY_BUCKETS + 1
