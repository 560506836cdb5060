"""Tickers as quotes: units, empty sides, and values no market can have."""

from __future__ import annotations

from typing import Any

import pytest

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import InstrumentState
from hedger.domain.quote import Quote
from hedger.venues.deribit import wire
from hedger.venues.deribit.market import index_of, quote_of

CHANNEL = "ticker.BTC-25SEP26-100000-C.100ms"
FUTURE: dict[str, Any] = {
    "instrument_name": "BTC-PERPETUAL",
    "mark_price": 100_010.0,
    "underlying_price": None,
    "mark_iv": None,
    "greeks": None,
    "best_bid_price": 100_009.5,
    "best_ask_price": 100_010.5,
}


def quote(**changes: Any) -> Quote:
    fields: dict[str, Any] = {
        "instrument_name": "BTC-25SEP26-100000-C",
        "timestamp": 1790000000000,
        "state": "open",
        "mark_price": 0.05,
        "index_price": 100000.0,
        "underlying_price": 100100.0,
        "mark_iv": 55.0,
        "best_bid_price": 0.0495,
        "best_bid_amount": 10.0,
        "best_ask_price": 0.0505,
        "best_ask_amount": 12.0,
        "greeks": wire.Greeks(delta=0.5, gamma=1e-5, vega=100.0, theta=-50.0),
    }
    ticker = wire.Ticker(**fields | changes)
    return quote_of(ticker, ticker.instrument_name, CHANNEL, "deribit", 7.0)


def test_every_field_lands_where_it_belongs() -> None:
    """Ticker and quote are taken apart and built by position."""
    fields = {name: float(number) for number, name in enumerate(wire.Ticker.__struct_fields__, start=10)}
    names = {"instrument_name": "BTC-25SEP26-100000-C", "timestamp": 5, "state": "open"}
    greeks = wire.Greeks(delta=0.1, gamma=0.2, vega=0.3, theta=0.4)
    ticker = wire.Ticker(**fields | names | {"greeks": greeks})
    one = quote_of(ticker, "BTC-25SEP26-100000-C", CHANNEL, "deribit", 7.0)
    assert one == Quote(
        venue="deribit",
        instrument="BTC-25SEP26-100000-C",
        market_ms=5,
        received_wire_s=7.0,
        state=InstrumentState.OPEN,
        mark=ticker.mark_price or 0.0,
        index_usd=ticker.index_price or 0.0,
        bid=ticker.best_bid_price,
        bid_amount=ticker.best_bid_amount or 0.0,
        ask=ticker.best_ask_price,
        ask_amount=ticker.best_ask_amount or 0.0,
        min_price=ticker.min_price,
        max_price=ticker.max_price,
        underlying_usd=ticker.underlying_price,
        iv=(ticker.mark_iv or 0.0) / 100,
        delta=0.1,
        gamma=0.2,
        vega=0.3,
        theta=0.4,
        funding_8h=ticker.funding_8h,
        estimated_delivery_usd=float(ticker.estimated_delivery_price or 0.0),
    )


def test_implied_volatility_is_a_fraction_and_greeks_are_as_printed() -> None:
    one = quote()
    assert one.iv == 0.55
    assert (one.delta, one.gamma, one.vega, one.theta) == (0.5, 1e-5, 100.0, -50.0)
    assert (one.underlying_usd, one.index_usd, one.market_ms, one.received_wire_s) == (
        100100.0,
        100000.0,
        1790000000000,
        7.0,
    )


@pytest.mark.parametrize("price", [None, 0.0])
def test_an_empty_side_is_none_in_either_spelling(price: float | None) -> None:
    one = quote(best_bid_price=price, best_bid_amount=0.0, best_ask_price=price, best_ask_amount=None)
    assert (one.bid, one.ask, one.bid_amount, one.ask_amount) == (None, None, 0.0, 0.0)


def test_missing_greeks_are_missing_not_zero() -> None:
    one = quote(greeks=None)
    assert (one.delta, one.gamma, one.vega, one.theta) == (None, None, None, None)
    assert quote(mark_iv=None).iv is None
    assert quote(underlying_price=None).underlying_usd is None


def test_a_worthless_option_is_marked_at_zero() -> None:
    """Marks have four decimals: 0.0 is recorded for options far out of the money."""
    assert quote(mark_price=0.0).mark == 0.0


def test_a_future_is_never_marked_at_zero() -> None:
    with pytest.raises(BadDataError, match="mark_price"):
        quote(**FUTURE | {"mark_price": 0.0})


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("open", InstrumentState.OPEN),
        ("settlement", InstrumentState.SETTLEMENT),
        ("closed", InstrumentState.DELIVERED),
        ("", InstrumentState.UNKNOWN),
        ("weird", InstrumentState.UNKNOWN),
    ],
)
def test_states_in_new_old_and_unheard_words(word: str, state: InstrumentState) -> None:
    assert quote(state=word).state is state


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("mark_price", {"mark_price": None}),
        ("mark_price", {"mark_price": -0.1}),
        ("index_price", {"index_price": None}),
        ("index_price", {"index_price": 0.0}),
        ("timestamp", {"timestamp": 0}),
        ("best_bid_price", {"best_bid_price": -1.0}),
        ("best_ask_price", {"best_ask_price": -1.0}),
        ("best_bid_price", {"best_bid_price": 0.0505}),
        ("best_bid_price", {"best_bid_price": 0.06}),
        ("best_bid_amount", {"best_bid_amount": -1.0}),
        ("best_ask_amount", {"best_ask_amount": -1.0}),
        ("underlying_price", {"underlying_price": 0.0}),
        ("mark_iv", {"mark_iv": 0.0}),
        ("greeks.delta", {"greeks": wire.Greeks(delta=1.01)}),
        ("greeks.delta", {"greeks": wire.Greeks(delta=-1.01)}),
        ("greeks.gamma", {"greeks": wire.Greeks(gamma=-1e-9)}),
        ("greeks.delta", {"greeks": wire.Greeks(delta=-0.5)}),
        ("greeks.delta", {"greeks": wire.Greeks(delta=0.5), "instrument_name": "BTC-25SEP26-100000-P"}),
        ("index_price", {"index_price": 1e300}),
        ("index_price", {"index_price": 5e-324}),
        ("mark_price", {"mark_price": 1e300}),
        ("underlying_price", {"underlying_price": 1e6}),
        ("underlying_price", {"underlying_price": 1e4}),
        ("underlying_price", {"underlying_price": 1e4, "greeks": None}),
        ("estimated_delivery_price", {"estimated_delivery_price": -1.0}),
        ("estimated_delivery_price", {"estimated_delivery_price": 1e6}),
        ("timestamp", {"timestamp": 10**20}),
        ("mark_price", FUTURE | {"mark_price": 1e6}),
        ("mark_price", FUTURE | {"mark_price": 1e4}),
        ("mark_price", FUTURE | {"mark_price": 1e6, "underlying_price": 1e5}),
        ("greeks", FUTURE | {"underlying_price": 1e5, "greeks": wire.Greeks(delta=0.5)}),
    ],
)
def test_an_impossible_value_refuses_the_whole_quote(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadDataError) as refused:
        quote(**changes)
    assert (refused.value.channel, refused.value.field) == (CHANNEL, field)


@pytest.mark.parametrize(
    ("estimate", "expected"), [(80000.0, 80000.0), ("expired", None), (0.0, None), (None, None)]
)
def test_the_delivery_estimate_is_a_price_or_nothing(estimate: Any, expected: float | None) -> None:
    assert quote(estimated_delivery_price=estimate).estimated_delivery_usd == expected


def test_the_widest_basis_that_was_ever_paid_is_no_contradiction() -> None:
    """BTC futures a year out stood 50 % above the index in spring 2021."""
    assert quote(underlying_price=150_000.0).underlying_usd == 150_000.0
    assert quote(**FUTURE | {"mark_price": 150_000.0, "best_ask_price": None}).mark == 150_000.0
    assert quote(**FUTURE).mark == 100_010.0


def test_an_index_is_a_price_at_a_time() -> None:
    assert index_of(wire.Index("btc_usd", 1e5, 5), "c", "deribit", 7.0).price_usd == 1e5
    for price in (0.0, -1.0, 5e-324, 1e300):
        with pytest.raises(BadDataError, match="price"):
            index_of(wire.Index("btc_usd", price, 5), "c", "deribit", 7.0)
    with pytest.raises(BadDataError, match="timestamp"):
        index_of(wire.Index("btc_usd", 1e5, 10**20), "c", "deribit", 7.0)
