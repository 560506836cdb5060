"""Black-76 over arrays: the worked example, recorded exchange rows, and identities that hold everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.pricing.black76 import YEAR_MS, black76
from tests.pricing.vectors import FORWARD_USD, SIGMA, STRIKE_USD, TAU_YEARS

forwards = st.floats(0.5, 200_000)
moneyness = st.floats(-1.0, 1.0)
taus = st.floats(1e-3, 3.0)
sigmas = st.floats(0.05, 3.0)
signs = st.sampled_from([1.0, -1.0])


def test_the_worked_call_has_the_published_digits() -> None:
    call = black76(FORWARD_USD, STRIKE_USD, TAU_YEARS, SIGMA, 1)
    assert call.price_usd == pytest.approx(4246.318336, abs=5e-7)
    assert call.price_usd / FORWARD_USD == pytest.approx(0.0424631834, abs=5e-11)
    assert call.delta == pytest.approx(0.4088186315, abs=5e-11)
    assert call.delta - call.price_usd / FORWARD_USD == pytest.approx(0.3663554482, abs=5e-11)
    assert call.gamma_per_usd == pytest.approx(2.463699e-05, abs=5e-12)
    assert call.vega_usd / 100 == pytest.approx(111.372680, abs=5e-7)
    assert call.theta_usd_per_year / 365 == pytest.approx(-102.091623, abs=5e-7)


def test_the_worked_put_has_the_published_digits() -> None:
    put = black76(FORWARD_USD, STRIKE_USD, TAU_YEARS, SIGMA, -1)
    assert put.price_usd == pytest.approx(9246.318336, abs=5e-7)
    assert put.price_usd / FORWARD_USD == pytest.approx(0.0924631834, abs=5e-11)
    assert put.delta == pytest.approx(-0.5911813685, abs=5e-11)
    assert put.delta - put.price_usd / FORWARD_USD == pytest.approx(-0.6836445518, abs=5e-11)


def test_the_recorded_ether_call_is_reproduced() -> None:
    tau = (1792137600000 - 1790978245958) / YEAR_MS  # ETH-16OCT26-3400-C
    row = black76(2668.74, 3400, tau, 0.5972, 1)
    assert row.price_usd / 2668.74 == pytest.approx(0.00080112, abs=1e-8)
    assert row.delta == pytest.approx(0.01981, abs=1e-5)
    assert row.gamma_per_usd == pytest.approx(0.00016, abs=5e-6)
    assert row.vega_usd / 100 == pytest.approx(0.24573, abs=5e-5)
    assert row.theta_usd_per_year / 365 == pytest.approx(-0.54679, abs=2e-4)


def test_the_recorded_bitcoin_put_is_reproduced() -> None:
    tau = (1591689600000 - 1591574399413) / YEAR_MS  # BTC-9JUN20-9875-P
    row = black76(9756.36, 9875, tau, 0.6289, -1)
    assert row.delta == pytest.approx(-0.61752, abs=1e-5)
    assert row.gamma_per_usd == pytest.approx(0.00103, abs=5e-6)
    assert row.vega_usd / 100 == pytest.approx(2.24964, abs=2e-5)
    assert row.theta_usd_per_year / 365 == pytest.approx(-53.05655, abs=5e-3)
    assert row.price_usd / 9756.36 == pytest.approx(0.02210436, abs=1e-5)


def test_a_year_of_365_and_a_quarter_days_does_not_reproduce_the_exchange() -> None:
    tau = (1792137600000 - 1790978245958) / (365.25 * 86_400_000)
    assert abs(black76(2668.74, 3400, tau, 0.5972, 1).delta - 0.01981) > 3e-5


@given(forwards, moneyness, taus, sigmas)
def test_call_minus_put_is_forward_minus_strike(forward: float, k: float, tau: float, sigma: float) -> None:
    strike = forward * math.exp(k)
    call, put = black76(forward, strike, tau, sigma, 1), black76(forward, strike, tau, sigma, -1)
    assert call.price_usd - put.price_usd == pytest.approx(forward - strike, abs=1e-11 * forward)
    assert call.delta - put.delta == pytest.approx(1.0, abs=1e-12)
    assert (call.gamma_per_usd, call.vega_usd) == (put.gamma_per_usd, put.vega_usd)


@given(moneyness, st.floats(0.01, 2.0), st.floats(0.2, 2.0), signs)
def test_greeks_are_the_slopes_of_the_price(k: float, tau: float, sigma: float, sign: float) -> None:
    forward, strike = 100.0, 100.0 * math.exp(k)
    greeks = black76(forward, strike, tau, sigma, sign)

    def slope(argument: int, step: float) -> float:
        point = [forward, strike, tau, sigma, sign]
        up, down = list(point), list(point)
        up[argument] += step
        down[argument] -= step
        return float(black76(*up).price_usd - black76(*down).price_usd) / (2 * step)

    assert greeks.delta == pytest.approx(slope(0, 1e-4), abs=1e-6)
    assert greeks.vega_usd == pytest.approx(slope(3, 1e-5), abs=1e-4)
    assert greeks.theta_usd_per_year == pytest.approx(-slope(2, 1e-6), rel=1e-4, abs=1e-4)


@given(moneyness, st.floats(0.01, 2.0), st.floats(0.2, 2.0), signs)
def test_gamma_is_the_slope_of_delta(k: float, tau: float, sigma: float, sign: float) -> None:
    strike, step = 100.0 * math.exp(k), 1e-4
    up, down = (black76(100.0 + h, strike, tau, sigma, sign).delta for h in (step, -step))
    gamma = black76(100.0, strike, tau, sigma, sign).gamma_per_usd
    assert gamma == pytest.approx(float(up - down) / (2 * step), abs=1e-6)


@pytest.mark.parametrize(("tau", "sigma"), [(0.0, 0.5), (-1.0, 0.5), (0.1, 0.0), (0.1, -0.5), (0.0, 0.0)])
def test_without_time_or_volatility_only_intrinsic_value_is_left(tau: float, sigma: float) -> None:
    row = black76([110.0, 100.0, 90.0, 110.0, 90.0], 100.0, tau, sigma, [1, 1, 1, -1, -1])
    np.testing.assert_array_equal(row.price_usd, [10.0, 0.0, 0.0, 0.0, 10.0])
    np.testing.assert_array_equal(row.delta, [1.0, 0.5, 0.0, 0.0, -1.0])
    for greek in row[2:]:
        np.testing.assert_array_equal(greek, np.zeros(5))


def test_a_dead_option_does_not_disturb_its_neighbours() -> None:
    both = black76(100.0, 110.0, [0.0, 0.25], 0.5, 1)
    alone = black76(100.0, 110.0, 0.25, 0.5, 1)
    for mixed, single in zip(both, alone, strict=True):
        assert mixed[1] == single


def test_a_missing_forward_or_volatility_stays_missing_and_is_never_zero() -> None:
    for row in (black76(math.nan, 1.0, 0.1, 0.5, 1), black76(math.nan, 1.0, 0.0, 0.5, 1)):
        assert np.isnan(row).all()
    assert np.isnan(black76(1.0, 1.0, 0.1, math.nan, 1)).all()


def test_arguments_broadcast_and_every_field_has_the_common_shape() -> None:
    surface = black76(100.0, np.array([[90.0], [110.0]]), 0.1, 0.5, np.array([1.0, -1.0, 1.0]))
    assert {field.shape for field in surface} == {(2, 3)}


def test_a_strike_of_zero_is_a_coin() -> None:
    coin = black76(100_000.0, 0.0, 0.1, 0.5, 1)
    np.testing.assert_array_equal(coin[:3], [100_000.0, 1.0, 0.0])
