"""In the settlement window an option is one on the average; the exchange's decayed delta is not its delta."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.pricing.black76 import YEAR_MS
from hedger.pricing.scalar import black76_one, years_to
from hedger.pricing.settlement import (
    WINDOW_MS,
    Fixing,
    averaging_one,
    elapsed_share,
    in_window,
    variance_years,
)

EXPIRY_MS = 1_790_000_000_000
MIDDLE_MS = EXPIRY_MS - WINDOW_MS // 2


def test_the_worked_example_of_theory() -> None:
    """A 100,000, F 101,000, K 100,600, u .5, sigma .5: .0498; the exchange's D (1 - u) at spot says .466."""
    ours = averaging_one(101_000.0, 100_600.0, EXPIRY_MS, MIDDLE_MS, 0.5, 1.0, Fixing(0.5, 100_000.0))
    theirs = 0.5 * black76_one(101_000.0, 100_600.0, years_to(EXPIRY_MS, MIDDLE_MS), 0.5, 1.0).delta

    assert ours.delta == pytest.approx(0.0498, abs=5e-5)
    assert theirs == pytest.approx(0.466, abs=5e-4)
    assert 100 * (theirs - ours.delta) == pytest.approx(42, abs=1)  # on 100 lots that is 42 coins


def test_value_and_delta_agree_with_a_simulation_of_the_average() -> None:
    """An independent figure: 4-second steps of the index, 200,000 paths, antithetic."""
    forward, strike, sigma, fixing = 100_200.0, 100_150.0, 0.6, Fixing(0.4, 100_050.0)
    now_ms = EXPIRY_MS - round(WINDOW_MS * 0.6)
    steps = round(WINDOW_MS * 0.6 / 4_000)
    random, paths, per_step = np.random.default_rng(7), 200_000, sigma * math.sqrt(4_000 / YEAR_MS)
    logs, rest = np.zeros(paths), np.zeros(paths)
    for _ in range(steps):
        draws = random.standard_normal(paths // 2)
        logs += per_step * np.concatenate([draws, -draws]) - 0.5 * per_step**2
        rest += forward * np.exp(logs) / steps
    mean = fixing.elapsed * fixing.average_usd + 0.6 * rest
    payoff = np.maximum(mean - strike, 0.0)
    slope = np.where(mean > strike, 0.6 * rest / forward, 0.0)

    ours = averaging_one(forward, strike, EXPIRY_MS, now_ms, sigma, 1.0, fixing)
    error = 4 * payoff.std() / math.sqrt(len(payoff))
    assert ours.price_usd == pytest.approx(payoff.mean(), abs=error + 0.01 * payoff.std() / 10)
    assert ours.delta == pytest.approx(slope.mean(), abs=0.005)


@given(
    forward=st.floats(90_000, 110_000),
    average=st.floats(95_000, 105_000),
    strike=st.floats(95_000, 105_000),
    elapsed=st.floats(0.0, 0.95),
    sigma=st.floats(0.2, 2.0),
    sign=st.sampled_from([1.0, -1.0]),
)
def test_greeks_are_the_slopes_of_the_value(
    forward: float, average: float, strike: float, elapsed: float, sigma: float, sign: float
) -> None:
    """With the deviation held, as the formula of theory 1.7 does: a move of a dollar changes it by 1e-5."""
    now_ms = EXPIRY_MS - round(WINDOW_MS * (1 - elapsed))
    fixing = Fixing(elapsed, average)

    def value(at: float) -> float:
        scaled = sigma * forward / at  # keeps (1 - u) F sigma sqrt(tau / 3)
        return averaging_one(at, strike, EXPIRY_MS, now_ms, scaled, sign, fixing).price_usd

    told = averaging_one(forward, strike, EXPIRY_MS, now_ms, sigma, sign, fixing)
    h = 0.5
    assert told.delta == pytest.approx((value(forward + h) - value(forward - h)) / (2 * h), abs=2e-3)
    call = averaging_one(forward, strike, EXPIRY_MS, now_ms, sigma, 1.0, fixing)
    put = averaging_one(forward, strike, EXPIRY_MS, now_ms, sigma, -1.0, fixing)
    assert call.delta - put.delta == pytest.approx(1 - elapsed)
    mean = elapsed * average + (1 - elapsed) * forward
    assert call.price_usd - put.price_usd == pytest.approx(mean - strike, abs=1e-6)
    assert call.gamma_per_usd == pytest.approx(put.gamma_per_usd)
    assert 0.0 <= sign * told.delta <= 1 - elapsed + 1e-12


def test_the_window_opens_without_a_jump() -> None:
    """At its first instant the average's deviation is that of ten minutes, as the moment before."""
    opens_ms = EXPIRY_MS - WINDOW_MS
    before = black76_one(100_000.0, 100_100.0, variance_years(EXPIRY_MS, opens_ms), 0.5, 1.0)
    after = averaging_one(100_000.0, 100_100.0, EXPIRY_MS, opens_ms, 0.5, 1.0, Fixing(0.0, math.nan))

    assert variance_years(EXPIRY_MS, opens_ms) * YEAR_MS == pytest.approx(600_000)
    assert after.delta == pytest.approx(before.delta, abs=2e-3)
    assert after.gamma_per_usd == pytest.approx(before.gamma_per_usd, rel=5e-3)


def test_at_expiry_the_average_is_the_payoff_and_nothing_moves_it() -> None:
    for now_ms in (EXPIRY_MS, EXPIRY_MS + 60_000):
        told = averaging_one(105_000.0, 100_000.0, EXPIRY_MS, now_ms, 0.5, 1.0, Fixing(1.0, 100_300.0))
        assert (told.price_usd, told.delta, told.gamma_per_usd) == (300.0, 0.0, 0.0)


def test_theta_is_what_time_alone_takes() -> None:
    """One second later with the same forward and average drifting towards it as the index stands still."""
    sigma, forward, strike = 0.5, 100_000.0, 100_020.0
    u, average = 0.3, 100_000.0
    now_ms = EXPIRY_MS - round(WINDOW_MS * (1 - u))
    told = averaging_one(forward, strike, EXPIRY_MS, now_ms, sigma, 1.0, Fixing(u, average))
    later_ms = now_ms + 1_000
    later = averaging_one(
        forward, strike, EXPIRY_MS, later_ms, sigma, 1.0, Fixing(elapsed_share(EXPIRY_MS, later_ms), average)
    )
    assert later.price_usd - told.price_usd == pytest.approx(
        told.theta_usd_per_year * 1_000 / YEAR_MS, rel=5e-3
    )


def test_the_elapsed_share_is_a_clock() -> None:
    assert elapsed_share(EXPIRY_MS, EXPIRY_MS - 2 * WINDOW_MS) == 0.0
    assert elapsed_share(EXPIRY_MS, MIDDLE_MS) == 0.5
    assert elapsed_share(EXPIRY_MS, EXPIRY_MS + 1) == 1.0
    assert not in_window(EXPIRY_MS, EXPIRY_MS - WINDOW_MS - 1)
    assert in_window(EXPIRY_MS, EXPIRY_MS - WINDOW_MS)
