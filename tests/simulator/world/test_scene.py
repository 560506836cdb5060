from __future__ import annotations

import math

import pytest

from hedger.simulator.world.contracts import future_listing, perpetual_listing
from hedger.simulator.world.scene import delta_decay, expiry_state, future_spread
from hedger.simulator.world.terms import BTC
from tests.simulator.world.worlds import DAY_MS, MINUTE_MS, utc_ms

EXPIRY_MS = utc_ms(2026, 1, 9, 8)


@pytest.mark.parametrize(("minutes_left", "factor"), [(600, 1.0), (30, 1.0), (15, 0.5), (6, 0.2), (0, 0.0)])
def test_the_delta_factor_is_one_until_the_last_half_hour_and_then_falls_to_zero(
    minutes_left: int, factor: float
) -> None:
    assert delta_decay(EXPIRY_MS - minutes_left * MINUTE_MS, EXPIRY_MS) == pytest.approx(factor)


def test_half_way_through_the_averaging_half_of_the_forward_is_fixed() -> None:
    state = expiry_state(EXPIRY_MS - 15 * MINUTE_MS, EXPIRY_MS, 1e-5, 101_010.0, 99_000.0)
    assert state.future_usd == pytest.approx(0.5 * 101_010.0 + 0.5 * 99_000.0)
    assert (state.forward_usd, state.average_usd) == (101_010.0, 99_000.0)


def test_the_forward_moves_with_the_index_exactly_by_the_delta_factor() -> None:
    """Otherwise the exchange's decayed delta would not be the hedge."""
    now = EXPIRY_MS - 12 * MINUTE_MS
    low = expiry_state(now, EXPIRY_MS, 1e-5, 100_000.0, 99_000.0)
    high = expiry_state(now, EXPIRY_MS, 1e-5, 100_100.0, 99_000.0)
    assert (high.future_usd - low.future_usd) / 100.0 == pytest.approx(low.delta_decay)


def test_what_may_still_deviate_runs_from_the_options_own_volatility_to_that_of_the_average() -> None:
    """iv sqrt(tau) when the averaging begins; (1 - u) iv sqrt(tau / 3) at its end."""
    years = 1800.0 / (365 * 86_400)
    states = [
        expiry_state(EXPIRY_MS - minutes * MINUTE_MS, EXPIRY_MS, years * minutes / 30, 1e5, 1e5)
        for minutes in (30, 20, 10, 0.01)
    ]
    deviations = [state.deviation(0.5) for state in states]
    assert deviations == sorted(deviations, reverse=True)
    assert deviations[0] == pytest.approx(0.5 * math.sqrt(years))
    last = states[-1]
    averaged = last.delta_decay * 0.5 * math.sqrt(last.tau_years / 3)
    assert deviations[-1] == pytest.approx(averaged, rel=1e-3)


def test_spreads_of_futures_widen_with_time_to_expiry_and_stress() -> None:
    dated = future_listing(BTC, EXPIRY_MS, 1, EXPIRY_MS - DAY_MS)
    widths = [
        future_spread(perpetual_listing(BTC), 100_000.0, 0.0, 1.0).bid,
        future_spread(dated, 100_000.0, 0.01, 1.0).bid,
        future_spread(dated, 100_000.0, 0.5, 1.0).bid,
        future_spread(dated, 100_000.0, 0.5, 2.0).bid,
    ]
    assert all(width is not None for width in widths)
    assert widths == sorted(width for width in widths if width is not None)
