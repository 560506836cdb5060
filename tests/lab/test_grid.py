"""The grid's greeks are Black-76's, between its nodes too."""

from __future__ import annotations

import numpy as np
import pytest

from hedger.lab import grid
from hedger.lab.book import Legs
from hedger.lab.walk import fill_deltas, looked_up
from hedger.portfolio.exposure import gamma_weighted_years
from hedger.pricing.black76 import black76

_LEGS = Legs(
    np.array([1.0, -1.0, 1.0]),
    np.array([105.0, 95.0, 100.0]),
    np.array([0.10, 0.20, 0.05]),
    np.array([-2.0, 1.5, 1.0]),
    np.array([0.5, 0.6, 0.4]),
)


def _value(legs: Legs, spot: float, now: float, rate: float) -> float:
    tau = legs.tau - now
    forward = spot * np.exp(rate * tau)
    price = black76(forward, legs.strike, tau, legs.iv, legs.sign).price_usd
    return float((legs.quantity * np.exp(-rate * tau) * price).sum())


@pytest.mark.parametrize("spot", [71.3, 94.99, 100.0, 103.7, 131.0])
@pytest.mark.parametrize("rate", [0.0, 0.05])
def test_every_greek_is_the_derivative_of_the_book_value(spot: float, rate: float) -> None:
    made = grid.build(_LEGS, np.array([0.0, 0.02]), np.log(100.0), 1.2, 4001, rate, 0.0)
    seen = looked_up(made, 1, np.log(spot), spot)
    now, bump, day = 0.02, 1e-3, 1e-4 / 365
    up, mid, down = (_value(_LEGS, spot + move, now, rate) for move in (bump, 0.0, -bump))
    higher, lower = (_LEGS._replace(iv=_LEGS.iv + move) for move in (1e-4, -1e-4))
    assert seen.value == pytest.approx(mid, rel=1e-5, abs=1e-5)
    assert seen.delta == pytest.approx((up - down) / (2 * bump), abs=1e-6)
    assert seen.gamma == pytest.approx((up - 2 * mid + down) / bump**2, rel=1e-3, abs=1e-5)
    later, before = _value(_LEGS, spot, now + day, rate), _value(_LEGS, spot, now - day, rate)
    assert seen.theta == pytest.approx((later - before) / (2 * day * 365), rel=1e-4, abs=1e-5)
    delta = [
        (_value(legs, spot + bump, now, rate) - _value(legs, spot - bump, now, rate)) / (2 * bump)
        for legs in (higher, lower)
    ]
    assert seen.vanna == pytest.approx((delta[0] - delta[1]) / 2e-4, rel=1e-3, abs=1e-4)


def test_volatility_and_time_are_weighted_as_in_the_live_book() -> None:
    made = grid.build(_LEGS, np.array([0.0]), np.log(100.0), 0.5, 1001, 0.0, 0.0)
    seen = looked_up(made, 0, np.log(100.0), 100.0)
    one = black76(100.0, _LEGS.strike, _LEGS.tau, _LEGS.iv, _LEGS.sign)
    vega = abs(_LEGS.quantity) * one.vega_usd
    assert seen.iv == pytest.approx(float((vega * _LEGS.iv).sum() / vega.sum()), rel=1e-5)
    gamma = float((_LEGS.quantity * one.gamma_per_usd).sum())
    points = float((_LEGS.quantity * one.vega_usd).sum()) / 100
    assert seen.tau == pytest.approx(gamma_weighted_years(gamma, points, seen.iv, 100.0), rel=1e-4)


def test_expired_options_are_gone_and_a_spot_beyond_the_grid_sees_its_edge() -> None:
    made = grid.build(_LEGS, np.array([0.2]), np.log(100.0), 0.5, 64, 0.0, 0.0)
    assert not made.cubics.any()
    assert not made.others.any()
    made = grid.build(_LEGS, np.array([0.0]), np.log(100.0), 0.5, 64, 0.0, 0.0)
    far, edge = (looked_up(made, 0, log, 1.0).delta for log in (99.0, np.log(100.0) + 0.5))
    assert far == pytest.approx(edge, abs=1e-6)


@pytest.mark.parametrize("days", [0.0, 17.0, 18.2])
def test_delta_alone_is_as_close_on_the_few_nodes_it_needs(days: float) -> None:
    """Half an hour before the first expiry, too."""
    now, logs = np.array([days / 365.0]), np.log(100.0) + np.linspace(-0.3, 0.3, 5_001)
    few = grid.build(_LEGS, now, np.log(100.0), 1.2, 20_001, 0.0, 0.0, whole=False)
    many = grid.build(_LEGS, now, np.log(100.0), 1.2, 20_001, 0.0, 0.0)
    seen, told = np.empty_like(logs), np.empty_like(logs)
    cells = np.zeros(len(logs), dtype=np.int64)
    fill_deltas(seen, cells, logs, few, 0)
    fill_deltas(told, cells, logs, many, 0)
    np.testing.assert_allclose(seen, told, atol=1e-5)
    assert few.cells[0] < 0.4 * many.cells[0]
    assert not few.others.size
