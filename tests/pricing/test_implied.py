"""Implied volatility finds the sigma that priced the option, and says so where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.pricing.black76 import black76
from hedger.pricing.implied import implied_vol, implied_vol_one
from tests.pricing.vectors import FORWARD_USD, SIGMA, STRIKE_USD, TAU_YEARS


@given(st.floats(-3.0, 3.0), st.floats(1e-4, 1.0), st.floats(0.05, 2.0), st.sampled_from([1.0, -1.0]))
def test_the_volatility_that_priced_an_option_is_found_again(
    deviations: float, tau: float, sigma: float, sign: float
) -> None:
    strike = 100_000.0 * math.exp(deviations * sigma * math.sqrt(tau))
    price = black76(100_000.0, strike, tau, sigma, sign).price_usd
    found = implied_vol(price, 100_000.0, strike, tau, sign)
    assert found == pytest.approx(sigma, rel=1e-6)
    assert black76(100_000.0, strike, tau, found, sign).price_usd == pytest.approx(price, rel=1e-12, abs=1e-7)


def test_the_worked_call_gives_its_volatility_back() -> None:
    sigma = implied_vol_one(4246.318336, FORWARD_USD, STRIKE_USD, TAU_YEARS, 1)
    assert sigma == pytest.approx(SIGMA, abs=1e-9)


def test_where_no_volatility_gives_the_price_the_answer_is_missing() -> None:
    forward, strike = 100.0, 90.0
    prices = [10.0, 9.0, 100.0, 101.0, math.nan, 15.0]
    found = implied_vol(prices, forward, strike, 0.25, 1)
    assert np.isnan(found[:5]).all()
    assert found[5] > 0.0
    assert np.isnan(implied_vol(15.0, forward, strike, [0.0, -1.0, math.nan, math.inf], 1)).all()


def test_an_empty_chain_is_answered_with_an_empty_array() -> None:
    assert implied_vol([], [], [], [], []).shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10.0, 0.0, 90.0, 0.1, 1), "forward_usd = 0.0: must be finite and above 0"),
        ((10.0, 100.0, math.nan, 0.1, 1), "strike_usd = nan: must be finite and above 0"),
        ((10.0, 100.0, 90.0, -1.0, 1), "tau_years = -1.0: must be finite and above 0"),
        ((10.0, 100.0, 90.0, 0.1, 2), "sign = 2: must be \\+1 for a call or -1 for a put"),
        ((10.0, 100.0, 90.0, 0.1, 1), "price_usd = 10.0: must be above 10.0 and below 100.0"),
        ((95.0, 100.0, 90.0, 0.1, -1), "price_usd = 95.0: must be above 0.0 and below 90.0"),
        ((math.nan, 100.0, 90.0, 0.1, 1), "price_usd = nan: must be above"),
        ((99.0, 100.0, 100.0, 1e-9, 1), "price_usd = 99.0: needs a volatility above 100.0"),
    ],
)
def test_one_impossible_option_is_refused_by_the_name_of_the_argument(
    arguments: tuple[float, float, float, float, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        implied_vol_one(*arguments)
