"""Vanna and volga against differences of the greeks they are slopes of."""

from __future__ import annotations

import pytest

from hedger.pricing.scalar import black76_one
from hedger.pricing.second_order import second_order_one

STEP = 1e-5


@pytest.mark.parametrize("strike", [80_000.0, 100_000.0, 105_000.0, 140_000.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_both_are_the_slopes_of_delta_and_vega(strike: float, sign: float) -> None:
    tau, sigma = 30 / 365, 0.55
    up = black76_one(100_000.0, strike, tau, sigma + STEP, sign)
    down = black76_one(100_000.0, strike, tau, sigma - STEP, sign)
    vega = black76_one(100_000.0, strike, tau, sigma, sign).vega_usd
    found = second_order_one(100_000.0, strike, tau, sigma, vega)
    assert found.vanna_coin == pytest.approx((up.delta - down.delta) / (2 * STEP), rel=1e-5, abs=1e-9)
    assert found.volga_usd == pytest.approx((up.vega_usd - down.vega_usd) / (2 * STEP), rel=1e-5, abs=1e-3)


@pytest.mark.parametrize(("tau", "sigma"), [(0.0, 0.5), (-1.0, 0.5), (0.1, 0.0), (1e-26, 0.1)])
def test_an_option_without_time_or_volatility_has_neither(tau: float, sigma: float) -> None:
    assert second_order_one(100_000.0, 100_000.0, tau, sigma, 0.0) == (0.0, 0.0)
