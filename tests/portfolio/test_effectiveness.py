"""Measures of a hedge against figures worked out apart (numpy), and where they are not determined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hedger.portfolio.attribution import Lines, added
from hedger.portfolio.carry import carry
from hedger.portfolio.effectiveness import Hedged, effectiveness, expected_shortfall, hedged
from tests.portfolio import att1

HOUR_YEARS = 1 / (24 * 365)


def series(slope: float = -1.0, noise: float = 0.1) -> list[Hedged]:
    random = np.random.default_rng(7)
    hedges = random.normal(size=400)
    options = slope * hedges + noise * random.normal(size=400)
    return [Hedged(float(u), float(h), -0.01) for u, h in zip(options, hedges, strict=True)]


def test_the_measures_are_those_of_the_textbook() -> None:
    told = series()
    u, h = np.array([s.unhedged for s in told]), np.array([s.hedge for s in told])
    p = u + h - 0.01
    found = effectiveness(told, interval_years=HOUR_YEARS, theta=40.0, trades=100, turnover_coin=3.0)
    assert found.variance_reduction == pytest.approx(1 - p.var(ddof=1) / u.var(ddof=1))
    assert found.slope == pytest.approx(np.polyfit(h, u, 1)[0])
    assert found.r_squared == pytest.approx(np.corrcoef(u, h)[0, 1] ** 2)
    assert found.tracking_error == pytest.approx(p.std(ddof=1) * math.sqrt(24 * 365))
    assert found.rmse == pytest.approx(math.sqrt((p * p).mean()))
    assert found.expected_shortfall_5 == pytest.approx(-np.sort(p)[:20].mean())
    assert found.expected_shortfall_1 == pytest.approx(-np.sort(p)[:4].mean())
    assert found.trading_cost == pytest.approx(4.0)
    assert found.cost_ratio == pytest.approx(0.1)
    assert found.cost_per_variance == pytest.approx(4.0 / (400 * (u.var(ddof=1) - p.var(ddof=1))))
    assert found.trades_per_day == pytest.approx(100 / (400 / 24))


def test_a_hedge_of_half_the_size_shows_in_the_slope() -> None:
    found = effectiveness(series(slope=-2.0, noise=0.01), interval_years=HOUR_YEARS)
    assert found.slope == pytest.approx(-2.0, abs=0.01)
    assert found.variance_reduction == pytest.approx(0.75, abs=0.01)
    assert found.r_squared is not None
    assert found.r_squared > 0.999


def test_what_too_few_intervals_do_not_determine_is_not_told() -> None:
    nothing = effectiveness([], interval_years=HOUR_YEARS)
    assert (nothing.variance_reduction, nothing.rmse, nothing.expected_shortfall_5) == (None, None, None)
    one = effectiveness([Hedged(1.0, -1.0, 0.0)], interval_years=HOUR_YEARS)
    assert (one.variance_reduction, one.r_squared, one.tracking_error, one.rmse) == (None, None, None, 0.0)
    unhedged = effectiveness([Hedged(1.0, 0.0, 0.0), Hedged(-1.0, 0.0, 0.0)], interval_years=HOUR_YEARS)
    assert unhedged.variance_reduction == 0.0
    assert (unhedged.slope, unhedged.cost_ratio, unhedged.cost_per_variance) == (None, None, None)


def test_the_worst_share_is_at_least_one_result() -> None:
    assert expected_shortfall([3.0, -2.0, 1.0], 0.01) == 2.0


def test_the_parts_of_an_interval_are_its_lines() -> None:
    lines = added(interval.total for interval in att1.life().intervals)
    parts = hedged(lines, option_fees=0.0)
    assert parts.result == pytest.approx(lines.total, abs=1e-15)
    assert parts.costs == pytest.approx(-0.0027186751 - 0.0005437350, abs=1e-9)


def test_what_trading_options_cost_is_no_cost_of_hedging() -> None:
    """It had been paid without a hedge as well: it belongs to the options' own result."""
    lines = Lines(delta=1.0, future_delta=-0.9, fees=-0.05, slippage=-0.01, option_slippage=-0.2)
    parts = hedged(lines, option_fees=-0.03)
    assert parts.unhedged == pytest.approx(1.0 - 0.2 - 0.03)
    assert parts.hedge == pytest.approx(-0.9)
    assert parts.costs == pytest.approx(-0.02 - 0.01)
    assert parts.result == pytest.approx(lines.total)


def test_theta_kept_is_theta_less_gamma_fees_and_funding() -> None:
    lines = added(interval.total for interval in att1.life().intervals)
    told = carry(lines, days=5.0)
    assert told.theta_kept == pytest.approx(
        0.0834442695 + lines.gamma_paid - 0.0027186751 - 0.0001299429, abs=1e-9
    )
    assert told.theta_kept_per_day == pytest.approx(told.theta_kept / 5)
    assert told.implied_vol == pytest.approx(0.59, abs=0.04), "of legs between .54 and .70"


def test_a_move_of_one_standard_deviation_a_day_realises_what_was_implied() -> None:
    """g = 1 for a day, dF/F = sigma sqrt(dt): gamma pays what theta earns."""
    variance = 0.6**2 / 365
    told = carry(Lines(theta=variance, gamma_paid=-variance, gamma_years=-1 / 365), days=1.0)
    assert told.realised_vol == pytest.approx(0.6)
    assert told.implied_vol == pytest.approx(0.6)
    assert told.realised_less_implied == 0.0
    quiet = carry(Lines(theta=variance, gamma_paid=-variance / 4, gamma_years=-1 / 365), days=1.0)
    assert quiet.realised_vol == pytest.approx(0.3)


def test_a_book_whose_gamma_cancels_has_no_volatility() -> None:
    assert carry(Lines(theta=1.0), days=0.0).realised_vol is None
    assert carry(Lines(theta=1.0, gamma_paid=1.0, gamma_years=1.0), days=1.0).implied_vol is None
