"""Smile-aware deltas against the tables of theory 2, and against derivatives taken by finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from hedger.pricing.black76 import black76
from hedger.pricing.inverse import net_transaction_delta
from hedger.pricing.smile.delta import (
    NO_MOVE,
    NO_SAMPLE,
    Coefficients,
    gain,
    minimum_variance_shift,
    normal_equations,
    solve,
    sticky_shift,
)
from tests.pricing.smile.example import FORWARD_USD, SMILE, TAU_YEARS, at

# K, sign, iv, s, D, vega, D at R = 0, D at R = 2, p
TABLE = [
    (90_000.0, -1.0, 0.52721552, -0.59524147, -0.21986697, 8485.7933, -0.16935601, -0.27037793, 0.02055645),
    (100_000.0, 1.0, 0.48332184, -0.15103807, 0.52761744, 11409.9030, 0.54485073, 0.51038414, 0.05523487),
    (115_000.0, 1.0, 0.50996883, 0.39988480, 0.18866156, 7746.0194, 0.15768641, 0.21963672, 0.01417231),
]  # fmt: skip
LAST_DIGIT = 0.51e-8  # the table is printed to eight decimals, vega to four


@pytest.mark.parametrize(("strike", "sign", "iv", "s", "d", "vega", "r0", "r2", "p"), TABLE)
def test_the_table_of_theory_2_comes_out(
    strike: float, sign: float, iv: float, s: float, d: float, vega: float, r0: float, r2: float, p: float
) -> None:
    k = at(strike)
    sigma, slope = SMILE.sigma(k), SMILE.slope(k)
    greeks = black76(FORWARD_USD, strike, TAU_YEARS, sigma, sign)
    price = greeks.price_usd / FORWARD_USD
    by_r = [greeks.delta + sticky_shift(greeks.vega_usd, FORWARD_USD, slope, r) for r in (0.0, 1.0, 2.0)]
    assert sigma == pytest.approx([iv], abs=LAST_DIGIT)
    assert slope == pytest.approx([s], abs=LAST_DIGIT)
    assert greeks.vega_usd == pytest.approx([vega], abs=0.51e-4)
    assert price == pytest.approx([p], abs=LAST_DIGIT)
    for found, told in zip(by_r, (r0, d, r2), strict=True):
        assert found == pytest.approx([told], abs=LAST_DIGIT)
        assert net_transaction_delta(found, price) == pytest.approx([told - p], abs=2 * LAST_DIGIT)


@pytest.mark.parametrize("strike", [80_000.0, 100_000.0, 130_000.0])
def test_sticky_delta_is_the_model_free_delta(strike: float) -> None:
    """R = 0 is (V - K dV/dK) / F, with dV/dK along the smile: no model, only scale invariance."""

    def value(strike_usd: float) -> float:
        sigma = SMILE.sigma(at(strike_usd))
        return float(black76(FORWARD_USD, strike_usd, TAU_YEARS, sigma, 1.0).price_usd[0])

    h = 2.0
    along = (
        8 * (value(strike + h) - value(strike - h)) - (value(strike + 2 * h) - value(strike - 2 * h))
    ) / (12 * h)
    k = at(strike)
    greeks = black76(FORWARD_USD, strike, TAU_YEARS, SMILE.sigma(k), 1.0)
    found = greeks.delta + sticky_shift(greeks.vega_usd, FORWARD_USD, SMILE.slope(k), 0.0)
    assert found == pytest.approx([(value(strike) - strike * along) / FORWARD_USD], rel=1e-8)


def test_hull_and_white_s_check_value_comes_out() -> None:
    greeks = black76(FORWARD_USD, 90_000.0, TAU_YEARS, SMILE.sigma(at(90_000.0)), 1.0)

    def delta_of(coefficients: Coefficients) -> float:
        shift = minimum_variance_shift(greeks.delta, greeks.vega_usd, FORWARD_USD, TAU_YEARS, coefficients)
        return float((greeks.delta + shift)[0])

    assert greeks.delta == pytest.approx([0.78013303], abs=LAST_DIGIT)
    assert delta_of(Coefficients(-0.25, 0.4, -0.5)) == pytest.approx(0.70842909, abs=LAST_DIGIT)
    assert delta_of(NO_MOVE) == float(greeks.delta[0])  # exactly


def options(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Deltas and vegas of calls over all strikes."""
    rng = np.random.default_rng(5)
    strikes = FORWARD_USD * np.exp(rng.uniform(-0.4, 0.4, count))
    greeks = black76(FORWARD_USD, strikes, TAU_YEARS, SMILE.sigma(np.log(strikes / FORWARD_USD)), 1.0)
    return greeks.delta, greeks.vega_usd


def test_the_regression_finds_the_coefficients_that_moved_the_volatility() -> None:
    delta, vega = options(400)
    true, move = Coefficients(-0.25, 0.4, -0.5), 1500.0
    sigma_move = (true.a + true.b * delta + true.c * delta**2) / np.sqrt(TAU_YEARS) * move / FORWARD_USD
    moved = delta * move + vega * sigma_move
    tau = np.full_like(delta, TAU_YEARS)
    halves = [
        normal_equations(moved[part], move, delta[part], vega[part], FORWARD_USD, tau[part])
        for part in (slice(0, 150), slice(150, 400))
    ]
    assert solve(halves[0] + halves[1]) == pytest.approx(true, rel=1e-9)
    assert solve(NO_SAMPLE) == NO_MOVE


def test_wings_and_what_is_not_known_are_left_out_of_the_regression() -> None:
    delta = np.array([0.01, 0.5, 0.99, 0.6])
    moved = np.array([9e9, 700.0, 9e9, np.nan])
    used = normal_equations(moved, 1000.0, delta, np.full(4, 11_000.0), FORWARD_USD, np.full(4, TAU_YEARS))
    alone = normal_equations(
        moved[1:2], 1000.0, delta[1:2], np.full(1, 11_000.0), FORWARD_USD, np.full(1, TAU_YEARS)
    )
    assert np.array_equal(used.square, alone.square)
    assert np.array_equal(used.product, alone.product)


def test_gain_is_one_less_the_ratio_of_squares() -> None:
    assert gain(np.array([3.0, 0.0]), np.array([3.0, 4.0])) == pytest.approx(1.0 - 9.0 / 25.0)
    with pytest.raises(ValueError, match=r"errors_black: their squares sum to 0\.0"):
        gain(np.array([1.0]), np.array([0.0]))
