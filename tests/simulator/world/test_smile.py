from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hedger.pricing.scalar import black76_one
from hedger.simulator.world.smile import atm_vol, smile
from hedger.simulator.world.strikes import strike_step, wanted_strikes

FORWARD = 100_000.0


@given(
    tau=st.floats(min_value=1e-6, max_value=2.0),
    multiple=st.floats(min_value=0.5, max_value=4.0),
    moneyness=st.floats(min_value=-3.0, max_value=3.0),
)
def test_volatility_is_positive_and_bounded_everywhere(tau: float, multiple: float, moneyness: float) -> None:
    shape = smile(FORWARD, tau, 0.55, multiple)
    assert 0.9 * shape.atm < shape.iv(FORWARD * math.exp(moneyness * shape.deviation)) < 1.6 * shape.atm


def test_puts_cost_more_volatility_than_calls_at_the_same_distance() -> None:
    shape = smile(FORWARD, 30 / 365, 0.55, 1.0)
    assert shape.iv(80_000.0) > shape.iv(125_000.0) > shape.iv(FORWARD)


def test_calls_are_convex_in_the_strike_so_no_butterfly_is_free() -> None:
    for days in (1, 7, 30, 180):
        shape = smile(FORWARD, days / 365, 0.55, 1.5)
        strikes = [FORWARD * math.exp(0.1 * step * shape.deviation) for step in range(-40, 41)]
        calls = [(k, black76_one(FORWARD, k, days / 365, shape.iv(k), 1.0).price_usd) for k in strikes]
        slopes = [(high - low) / (right - left) for (left, low), (right, high) in pairwise(calls)]
        assert all(steep <= flat + 1e-9 for steep, flat in pairwise(slopes))


def test_stress_lifts_short_expiries_more_than_long_ones() -> None:
    assert atm_vol(0.55, 2.0, 1 / 365) > 1.5 * atm_vol(0.55, 1.0, 1 / 365)
    assert atm_vol(0.55, 2.0, 1.0) < 1.2 * atm_vol(0.55, 1.0, 1.0)
    assert atm_vol(0.55, 2.0, 0.0) == 2.0 * atm_vol(0.55, 1.0, 0.0)


def test_strike_steps_are_round_and_grow_with_the_time_to_expiry() -> None:
    steps = [strike_step(FORWARD, days / 365, 0.55) for days in (1, 7, 30, 90, 365)]
    assert steps == sorted(steps)
    assert all(str(step).rstrip("0") in {"1", "2", "5"} for step in steps)


def test_a_new_expiry_gets_a_grid_around_the_forward_and_later_its_core() -> None:
    new = wanted_strikes(FORWARD, 7 / 365, 0.55, new=True)
    assert len(new) == 11
    assert new[5] == FORWARD
    assert set(wanted_strikes(FORWARD, 7 / 365, 0.55, new=False)) < set(new)


def test_no_strike_is_absurdly_low() -> None:
    assert min(wanted_strikes(FORWARD, 2.0, 1.5, new=True)) >= 0.2 * FORWARD
