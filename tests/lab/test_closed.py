"""Closed forms and the dynamic program agree with what must be true of them."""

from __future__ import annotations

import math

import pytest

from hedger.lab.closed import Call, leland_number, misjudged_mean, misjudged_sure, sd_exact, sd_rule
from hedger.lab.hodges_neuberger import solve

_CALL = Call(100.0, 100.0, 0.5, 0.3)


def test_the_rule_for_the_hedging_error_is_right_where_hedges_are_many() -> None:
    assert sd_exact(_CALL, 100, 401, 20) == pytest.approx(sd_rule(_CALL, 100), rel=0.02)


def test_one_hedge_leaves_the_payoff_less_its_line() -> None:
    """With a single hedge the error's variance follows from moments of the lognormal alone."""
    random_free = sd_exact(_CALL, 1)
    v = 0.3 * math.sqrt(0.5)
    upper, steps = 12.0, 400_001
    total = mean = weights = 0.0
    delta, value = float(_CALL.delta(100.0, 0.0)), float(_CALL.value(100.0, 0.0))
    for i in range(0, steps, 40):
        z = -upper + 2 * upper * i / (steps - 1)
        spot = 100.0 * math.exp(v * z - v * v / 2)
        error = max(spot - 100.0, 0.0) - value - delta * (spot - 100.0)
        w = math.exp(-z * z / 2)
        total, mean, weights = total + w * error**2, mean + w * error, weights + w
    assert random_free == pytest.approx(math.sqrt(total / weights), rel=1e-4)
    assert mean / weights == pytest.approx(0.0, abs=1e-4)


def test_without_drift_the_mean_does_not_depend_on_the_hedging_volatility() -> None:
    assert misjudged_mean(_CALL, 0.5, 0.0) == pytest.approx(misjudged_sure(_CALL, 0.5), rel=1e-9)
    assert misjudged_mean(_CALL, 0.3, 0.2) == 0.0


def test_lelands_number_is_of_the_one_way_cost() -> None:
    round_trip = 0.01
    assert leland_number(0.005, 0.1, 0.01) == pytest.approx(math.sqrt(2 / math.pi) * round_trip / (0.1 * 0.1))


def test_the_best_hedge_without_cost_is_black_scholes() -> None:
    found = solve(_CALL, 1e-9, 1.0, 120, 401)
    assert found.liability_usd == pytest.approx(float(_CALL.value(100.0, 0.0)), abs=0.03)
    assert found.lower == pytest.approx(float(_CALL.delta(100.0, 0.0)), abs=0.01)
    assert found.upper == pytest.approx(found.lower, abs=0.01)


def test_a_dearer_trade_widens_the_best_band_and_raises_the_price() -> None:
    cheap, dear = (solve(_CALL, cost, 1.0, 80, 301) for cost in (0.002, 0.01))
    assert dear.upper - dear.lower > cheap.upper - cheap.lower
    assert dear.liability_usd > cheap.liability_usd


def test_the_dynamic_program_refuses_a_rate() -> None:
    with pytest.raises(ValueError, match=r"rate = 0.05: must be 0"):
        solve(Call(100.0, 100.0, 1.0, 0.2, 0.05), 0.01, 1.0, 10, 11)
