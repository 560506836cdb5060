"""Utility bands: the published digits, the book's gamma, and where Zakamouline's formula is not used."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.policies import equivalent
from hedger.policies.inputs import Inputs
from hedger.policies.reasons import Reason
from hedger.policies.utility import (
    INITIAL_MEMORY,
    Memory,
    Params,
    half_width,
    modified,
    validate,
    whalley_wilmott,
    whalley_wilmott_band,
    zakamouline,
    zakamouline_band,
    zakamouline_interval,
)
from hedger.pricing.scalar import black76_one
from tests.policies.books import option

AT_DERIBIT = Params(risk_aversion_per_usd=1e-3, cost_bps=5.0)
YEAR = {"forward": 100.0, "strike": 100.0, "tau_years": 1.0}


def test_at_the_scale_of_the_venue_the_half_widths_have_the_published_digits() -> None:
    sold = option(-1.0)
    assert half_width(AT_DERIBIT, sold) == pytest.approx(0.03866286, abs=5e-9)
    assert modified(AT_DERIBIT, sold)[0] == pytest.approx(0.01856106 + 0.00024333, abs=1e-8)


def test_the_unit_vector() -> None:
    sums = {"book_gamma_coin_per_usd": -0.02, "vanna_coin": 0.0, "tau_years": 0.25}
    inputs = option(-1.0)._replace(index_usd=5_000.0, iv=0.2, **sums)
    params = Params(risk_aversion_per_usd=1.0, cost_bps=5.0)
    assert half_width(params, inputs) == pytest.approx(0.11447142, abs=5e-9)
    assert modified(params, inputs)[0] == pytest.approx(0.02094369 + 1e-5, abs=1e-8)


@pytest.mark.parametrize(
    ("iv", "cost_bps", "zak", "ww"),
    [
        (0.25, 100.0, (0.5110, 0.6098), (0.4776, 0.6219)),
        (0.30, 200.0, (0.5252, 0.6328), (0.4793, 0.6400)),
    ],
)
def test_a_call_sold_is_hedged_between_the_published_bounds(
    iv: float, cost_bps: float, zak: tuple[float, float], ww: tuple[float, float]
) -> None:
    """The exact bands are [.5096, .6119] and [.5284, .6304]: Zakamouline's centre is theirs, WW's is not."""
    sold, params = option(-1.0, iv=iv, **YEAR), Params(risk_aversion_per_usd=1.0, cost_bps=cost_bps)
    delta = black76_one(100.0, 100.0, 1.0, iv, 1.0).delta
    band = zakamouline_band(params, sold)
    assert (delta + band.lower, delta + band.upper) == pytest.approx(zak, abs=5e-5)
    other = whalley_wilmott_band(params, sold)
    assert (delta + other.lower, delta + other.upper) == pytest.approx(ww, abs=5e-5)


@given(st.floats(0.31, 9.9))
def test_n_contracts_are_n_times_one_at_n_times_the_risk_aversion(contracts: float) -> None:
    for band in (whalley_wilmott_band, zakamouline_band):
        one = band(AT_DERIBIT._replace(risk_aversion_per_usd=1e-3 * contracts), option(-1.0))
        many = band(AT_DERIBIT, option(-contracts))
        assert many.fallback == one.fallback
        assert many.upper == pytest.approx(contracts * one.upper, rel=1e-9)
        assert many.lower == pytest.approx(contracts * one.lower, rel=1e-9)


@pytest.mark.parametrize(
    ("why", "inputs", "aversion"),
    [
        ("long gamma", option(1.0), 1e-3),
        ("an hour to expiry", option(-1.0, tau_years=1 / 8760), 1e-3),
        ("risk aversion of 10 per coin", option(-1.0), 1e-4),
        ("risk aversion of 10,000 per coin", option(-1.0), 1e-1),
        ("no single option has these sums", option(-1.0)._replace(vanna_coin=50.0), 1e-3),
        ("vanna is not known", option(-1.0)._replace(vanna_coin=math.nan), 1e-3),
    ],
)
def test_outside_its_range_zakamouline_is_whalley_wilmott_and_says_so(
    why: str, inputs: Inputs, aversion: float
) -> None:
    params = AT_DERIBIT._replace(risk_aversion_per_usd=aversion)
    assert zakamouline(params, INITIAL_MEMORY, inputs)[2] == Reason.FALLBACK_BAND_HOLD, why
    assert zakamouline_band(params, inputs)[:3] == whalley_wilmott_band(params, inputs)[:3]
    far = inputs._replace(delta_coin=1.5 * half_width(params, inputs))
    assert zakamouline(params, INITIAL_MEMORY, far)[2] == Reason.FALLBACK_BAND_HEDGE


def test_outside_the_band_delta_goes_to_the_nearer_edge_and_beyond_the_hard_limit_at_once() -> None:
    half = half_width(AT_DERIBIT, option(-1.0))
    _, answer, reason = whalley_wilmott(AT_DERIBIT, INITIAL_MEMORY, option(-1.0, 1.5 * half))
    assert (answer, reason) == (pytest.approx(half), Reason.OUTSIDE_BAND_TO_EDGE)
    _, answer, reason = whalley_wilmott(AT_DERIBIT, INITIAL_MEMORY, option(-1.0, -1.5 * half))
    assert (answer, reason) == (pytest.approx(-half), Reason.OUTSIDE_BAND_TO_EDGE)
    quiet = option(-1.0, 1.5 * half)._replace(blackout=1.0)
    assert whalley_wilmott(AT_DERIBIT, INITIAL_MEMORY, quiet)[2] == Reason.BLACKOUT
    far = option(-1.0, 3.1 * half)._replace(blackout=1.0)
    assert whalley_wilmott(AT_DERIBIT, INITIAL_MEMORY, far)[1:] == (
        pytest.approx(half),
        Reason.HARD_LIMIT_TO_EDGE,
    )


def test_a_hedge_below_the_minimum_is_enlarged_but_never_past_the_centre() -> None:
    half = half_width(AT_DERIBIT, option(-1.0))
    outside = option(-1.0, -1.01 * half)
    for least, end in ((0.001 * half, -half), (0.3 * half, -0.71 * half), (5.0 * half, 0.0)):
        params = AT_DERIBIT._replace(min_trade_coin=least)
        assert whalley_wilmott(params, INITIAL_MEMORY, outside)[1] == pytest.approx(end)


def test_the_band_is_clipped_never_narrower_than_a_lot_and_scaled() -> None:
    sold = option(-1.0)
    clipped = whalley_wilmott_band(AT_DERIBIT._replace(most_half_width_coin=0.01), sold)
    assert clipped.upper == 0.01
    assert whalley_wilmott_band(AT_DERIBIT, sold._replace(lot_coin=0.5)).upper == 0.5
    assert whalley_wilmott_band(AT_DERIBIT, sold._replace(band_scale=2.0)).upper == pytest.approx(
        2 * half_width(AT_DERIBIT, sold)
    )


def test_before_an_announced_event_delta_goes_to_the_target_once() -> None:
    near = option(-1.0, 0.02)._replace(centre_s=7.0)
    assert whalley_wilmott(AT_DERIBIT, INITIAL_MEMORY, near)[1:] == (0.0, Reason.CENTRE_BEFORE)
    flat, answer, reason = whalley_wilmott(AT_DERIBIT, INITIAL_MEMORY, near._replace(delta_coin=0.0))
    assert (flat, answer, reason) == (Memory(7.0), 0.0, Reason.WITHIN_BAND)
    assert whalley_wilmott(AT_DERIBIT, flat, near)[2] == Reason.WITHIN_BAND


@pytest.mark.parametrize("field", ["delta_coin", "book_gamma_coin_per_usd", "index_usd", "target_delta_coin"])
def test_a_number_that_is_not_finite_is_never_traded_on(field: str) -> None:
    inputs = option(-1.0, 5.0)._replace(**{field: math.nan})
    for kernel in (whalley_wilmott, zakamouline):
        memory, answer, reason = kernel(AT_DERIBIT, INITIAL_MEMORY, inputs)
        assert (memory, reason) == (INITIAL_MEMORY, Reason.NOT_FINITE)
        assert answer is inputs.delta_coin


def test_the_interval_is_the_band_with_its_hard_limits() -> None:
    sold = option(-1.0)
    band, shown = zakamouline_band(AT_DERIBIT, sold), zakamouline_interval(AT_DERIBIT, INITIAL_MEMORY, sold)
    assert (shown.lower_delta, shown.upper_delta) == (band.lower, band.upper)
    assert shown.hard_upper - band.upper == pytest.approx(2 * band.half)
    assert shown.lower_index_usd < sold.index_usd < shown.upper_index_usd


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"risk_aversion_per_usd": 0.0}, "risk_aversion_per_usd = 0.0: must be above 0"),
        ({"cost_bps": -1.0}, "cost_bps = -1.0: must be above 0 bps"),
        ({"hard_times": 0.5}, "hard_times = 0.5: must be at least 1"),
    ],
)
def test_wrong_parameters_are_refused_by_name(change: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        validate(Params()._replace(**change))


@given(
    st.floats(-20.0, 20.0).filter(lambda coins: abs(coins) > 0.01),
    st.floats(-1.0, 1.0),
    st.floats(0.01, 1.0),
    st.floats(0.2, 1.5),
    st.floats(0.5, 2.0),
)
def test_the_equivalent_of_one_option_is_that_option(
    coins: float, moneyness: float, tau_years: float, iv: float, times: float
) -> None:
    strike = 100_000.0 * math.exp(moneyness * iv * math.sqrt(tau_years))
    book = option(coins, strike=strike, tau_years=tau_years, iv=iv)
    assert equivalent.is_near_the_money(book)
    assert equivalent.coins(book) == pytest.approx(coins, rel=1e-6)
    other = black76_one(100_000.0, strike, tau_years, iv * times, 1.0).delta
    own = black76_one(100_000.0, strike, tau_years, iv, 1.0).delta
    assert equivalent.shift_coin(book, iv * times) == pytest.approx(coins * (other - own), abs=1e-6)
