"""Hedging by the clock, and at Leland's volatility."""

from __future__ import annotations

import math

import pytest

from hedger.policies.inputs import Inputs
from hedger.policies.reasons import Reason
from hedger.policies.windows import (
    INITIAL_MEMORY,
    LelandParams,
    Memory,
    Params,
    leland,
    leland_sigma,
    time,
    time_interval,
    validate,
)
from hedger.pricing.scalar import black76_one
from tests.policies.books import GAMMA, HOUR_S, NOON_S, book, option

SIX_HOURS = Params()
YEAR = {"forward": 100.0, "strike": 100.0, "tau_years": 1.0}


def later(hours: float, delta_coin: float, **changes: float) -> Inputs:
    return book(delta_coin, now_s=NOON_S + hours * HOUR_S, **changes)


def settled() -> Memory:
    """Flat at noon."""
    return time(SIX_HOURS, INITIAL_MEMORY, book())[0]


def test_delta_that_was_born_is_hedged_at_once() -> None:
    due, answer, reason = time(SIX_HOURS, INITIAL_MEMORY, book(-4.0))
    assert (answer, reason) == (0.0, Reason.BORN)
    assert time(SIX_HOURS, due, later(0.1, -2.0))[1:] == (0.0, Reason.BORN)  # half filled: still due
    flat, _, reason = time(SIX_HOURS, due, later(0.1, 0.0))
    assert (flat.due, reason) == (-1, Reason.WINDOW_FLAT)


def test_what_delta_drifted_by_while_the_hedge_was_on_its_way_is_not_chased() -> None:
    big = book(-4.0, gamma=-100 * GAMMA)
    due, _, _ = time(SIX_HOURS, INITIAL_MEMORY, big)
    arrived = big._replace(delta_coin=0.004, now_s=NOON_S + 0.5)
    flat, answer, reason = time(SIX_HOURS, due, arrived)
    assert (flat.due, answer, reason) == (-1, 0.004, Reason.WINDOW_FLAT)
    assert time(SIX_HOURS, due, arrived._replace(delta_coin=0.09))[1:] == (0.0, Reason.BORN)


def test_between_windows_delta_is_left_alone_and_at_the_end_it_goes_to_zero() -> None:
    memory = settled()
    assert time(SIX_HOURS, memory, later(5.9, 0.3))[1:] == (0.3, Reason.WAITING_WINDOW)
    due, answer, reason = time(SIX_HOURS, memory, later(6.0, 0.3))
    assert (answer, reason) == (0.0, Reason.WINDOW_ENDED)
    flat, _, _ = time(SIX_HOURS, due, later(6.01, 0.0))
    assert time(SIX_HOURS, flat, later(6.1, 0.3))[2] == Reason.WAITING_WINDOW


def test_another_length_of_the_windows_ends_none() -> None:
    """A profile comes into force: nothing is hedged for that, only at the end of a window of its own."""
    hourly = Params(window_s=HOUR_S)
    assert time(hourly, settled(), later(0.5, 0.3))[2] == Reason.WAITING_WINDOW
    assert time(hourly, settled(), later(1.0, 0.3))[2] == Reason.WINDOW_ENDED


def test_a_window_that_ends_flat_is_over() -> None:
    memory, answer, reason = time(SIX_HOURS, settled(), later(6.0, 5e-5))
    assert (answer, reason) == (5e-5, Reason.WINDOW_FLAT)
    assert time(SIX_HOURS, memory, later(6.1, 0.3))[2] == Reason.WAITING_WINDOW


def test_a_missed_end_is_hedged_at_the_first_look_after_it() -> None:
    assert time(SIX_HOURS, settled(), later(13.0, 0.3))[2] == Reason.WINDOW_ENDED


def test_a_cap_hedges_between_windows() -> None:
    """One sigma of six hours is 2.46e-5 x 100,000 x .55 x sqrt(6/8760) = .0355 coin."""
    capped = Params(cap_sigmas=2.0)
    assert time(capped, settled(), later(1.0, 0.070))[2] == Reason.WAITING_WINDOW
    assert time(capped, settled(), later(1.0, 0.072))[1:] == (0.0, Reason.CAP)
    shown = time_interval(capped, settled(), book())
    assert shown.hard_upper == pytest.approx(0.0709, abs=1e-4)


def test_in_a_blackout_only_the_cap_hedges() -> None:
    capped = Params(cap_sigmas=2.0)
    silent = later(6.0, 0.05)._replace(blackout=1.0)
    memory, answer, reason = time(capped, settled(), silent)
    assert (memory, answer, reason) == (settled(), 0.05, Reason.BLACKOUT)
    assert time(capped, settled(), silent._replace(delta_coin=0.08))[2] == Reason.CAP


def test_before_an_announced_event_delta_goes_to_the_target_once() -> None:
    near = later(1.0, 0.05)._replace(centre_s=9.0)
    due, answer, reason = time(SIX_HOURS, settled(), near)
    assert (answer, reason) == (0.0, Reason.CENTRE_BEFORE)
    flat, _, _ = time(SIX_HOURS, due, near._replace(delta_coin=0.0))
    assert time(SIX_HOURS, flat, near)[2] == Reason.WAITING_WINDOW


@pytest.mark.parametrize("field", ["delta_coin", "target_delta_coin", "index_usd", "lot_coin", "now_s"])
def test_a_number_that_is_not_finite_is_never_traded_on(field: str) -> None:
    inputs = later(6.0, 0.3)._replace(**{field: math.nan})
    memory, answer, reason = time(SIX_HOURS, settled(), inputs)
    assert (memory, reason) == (settled(), Reason.NOT_FINITE)
    assert answer is inputs.delta_coin


def test_lelands_volatility_has_the_published_digits() -> None:
    daily = LelandParams(window_s=86_400.0, cost_bps=50.0)
    assert leland_sigma(daily, option(-1.0, iv=0.10, **YEAR)) == pytest.approx(0.15888, abs=5e-6)
    hundred = LelandParams(window_s=365 * 86_400 / 100, cost_bps=100.0)
    assert leland_sigma(hundred, option(-1.0, iv=0.25, **YEAR)) == pytest.approx(0.31999, abs=5e-6)


def test_leland_hedges_to_the_delta_at_that_volatility() -> None:
    params = LelandParams(window_s=365 * 86_400 / 100, cost_bps=100.0)
    sold = option(-1.0, -1.0, iv=0.25, **YEAR)
    _, answer, reason = leland(params, INITIAL_MEMORY, sold)
    own, other = (black76_one(100.0, 100.0, 1.0, sigma, 1.0).delta for sigma in (0.25, 0.31999))
    assert reason == Reason.BORN
    assert answer == pytest.approx(other - own, abs=1e-6)  # more futures held than plain delta says


def test_a_long_book_whose_leland_number_is_one_or_more_is_hedged_to_the_plain_delta() -> None:
    often = LelandParams(window_s=365 * 86_400 / 250, cost_bps=100.0)
    bought = option(1.0, 0.5, iv=0.25, **YEAR)
    assert math.isnan(leland_sigma(often, bought))
    memory = leland(often, INITIAL_MEMORY, bought._replace(delta_coin=0.0))[0]
    end = bought._replace(now_s=bought.now_s + often.window_s)
    assert leland(often, memory, end)[1:] == (0.0, Reason.PLAIN_DELTA)


@pytest.mark.parametrize(("window_s", "told"), [(1.0, "window_s = 1.0: must be at least 60 s")])
def test_wrong_parameters_are_refused_by_name(window_s: float, told: str) -> None:
    for params in (Params(window_s=window_s), LelandParams(window_s=window_s)):
        with pytest.raises(ValueError, match=told):
            validate(params)
