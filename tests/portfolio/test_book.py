"""The running sums, what they do when something is missing or old, and the exact refresh."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hedger.domain.instrument import Instrument, Kind
from hedger.portfolio.book import Book
from hedger.portfolio.exposure import Exposure
from tests.portfolio import market
from tests.portfolio.market import At

MINUTE_MS = 60_000


def book_of(*instruments: Instrument) -> Book:
    book = Book("BTC", market.VENUE, ("BTC",))
    for instrument in instruments:
        book.set_instrument(instrument)
    book.set_index(market.index())
    return book


def exposure_of(book: Book, wire_s: float = 0.0) -> Exposure:
    return book.exposure(At(wire_s=wire_s), **market.STALENESS)


def strip() -> list[Instrument]:
    return [
        market.option(f"BTC-21OCT26-{strike}-{'C' if sign > 0 else 'P'}", strike, sign)
        for strike in (90_000, 100_000, 110_000)
        for sign in (1, -1)
    ]


tick = st.tuples(st.integers(0, 5), st.floats(81_000, 124_000), st.floats(0.1, 2.0), st.integers(-200, 200))


@given(st.lists(tick, min_size=1, max_size=60))
def test_running_sums_stay_with_the_exact_ones(ticks: list[tuple[int, float, float, int]]) -> None:
    options = strip()
    book = book_of(*options, market.perpetual())
    for which, forward, iv, tenths in ticks:
        option = options[which]
        book.set_quote(market.option_quote(option, forward, iv))
        book.set_position(option.name, Decimal(tenths) / 10)
        book.set_quote(market.future_quote(mark=forward))
        book.set_position(market.PERPETUAL, Decimal(tenths * 1000))
    running = exposure_of(book)
    assert book.refresh(At()) <= 1e-9
    exact = exposure_of(book)
    for field in ("black", "net_transaction", "gamma_coin_per_usd", "theta_usd_per_day", "vega_usd"):
        assert getattr(running, field) == pytest.approx(getattr(exact, field), rel=1e-9, abs=1e-9)


def test_a_refresh_moves_time_and_a_second_one_finds_nothing_to_correct() -> None:
    book = book_of(market.option())
    book.set_quote(market.option_quote(market.option()))
    book.set_position(market.CALL, Decimal(10))
    later = At(market.NOW_MS + market.DAY_MS)
    assert book.refresh(later) > 1e-3
    assert book.refresh(later) == 0.0


def test_the_order_in_which_rows_came_changes_nothing() -> None:
    options = strip()
    books = [book_of(*options), book_of(*reversed(options))]
    for book in books:
        for option in options:
            book.set_quote(market.option_quote(option))
            book.set_position(option.name, Decimal(-3))
        book.refresh(At())
    assert books[0].names() == books[1].names()
    assert [row.instrument.name for row in books[0].rows()] == sorted(option.name for option in options)
    assert exposure_of(books[0]) == exposure_of(books[1])


def test_sizes_are_asked_for_by_name() -> None:
    book = book_of(market.option(), market.perpetual())
    book.set_position(market.PERPETUAL, Decimal(-500))
    assert market.CALL in book
    assert book.held() == (market.PERPETUAL,)
    assert book.holds(market.PERPETUAL)
    assert not book.holds(market.CALL)
    assert not book.holds("BTC-NEVER")
    assert book.size(market.PERPETUAL) == Decimal(-500)
    assert book.size("BTC-NEVER") == 0
    with pytest.raises(KeyError):
        book.set_position("BTC-NEVER", Decimal(1))


def test_a_ticker_of_another_book_is_left_alone() -> None:
    book = book_of(market.perpetual())
    book.set_quote(market.future_quote("ETH-PERPETUAL", 3_000.0))
    assert book.names() == (market.PERPETUAL,)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"delta": None}, "greeks missing (delta = None)"),
        ({"delta": math.nan}, "greeks missing (delta = nan)"),
        ({"delta": 1.2}, "greeks missing (delta = 1.2)"),
        ({"iv": None}, "greeks missing (iv = None)"),
        ({"iv": 0.0}, "greeks missing (iv = 0.0)"),
        ({"underlying_usd": None}, "greeks missing (underlying price = None)"),
        ({"underlying_usd": -1.0}, "greeks missing (underlying price = -1.0)"),
        ({"iv": 101.0}, "greeks missing (iv = 101.0)"),
        ({"underlying_usd": math.inf}, "greeks missing (underlying price = inf)"),
    ],
)
def test_what_an_option_lacks_is_named_and_never_counted_as_zero(changes: dict[str, Any], why: str) -> None:
    book = book_of(market.option(), market.perpetual())
    book.set_position(market.CALL, Decimal(-10))
    quote = market.option_quote(market.option())
    book.set_quote(type(quote)(**{**{f: getattr(quote, f) for f in quote.__struct_fields__}, **changes}))
    exposure = exposure_of(book)
    assert len(exposure.missing) == 1
    assert exposure.missing[0].startswith(f"{market.CALL}: ")
    assert why in exposure.missing[0]
    unknown = (
        exposure.black,
        exposure.net_transaction,
        exposure.gamma_coin_per_usd,
        exposure.options_value_coin,
    )
    assert unknown == (None, None, None, None)
    assert exposure.hedge_coin == 0.0  # no future is missing
    assert exposure.identity_gap is None


def test_a_quote_that_comes_back_makes_the_book_whole_again() -> None:
    book = book_of(market.option())
    book.set_position(market.CALL, Decimal(-10))
    assert exposure_of(book).missing == (f"{market.CALL}: no quote",)
    assert next(book.rows()).delta_coin is None
    book.set_quote(market.option_quote(market.option()))
    assert exposure_of(book).missing == ()
    assert exposure_of(book).black == pytest.approx(-4.088186315)


def test_a_future_without_a_price_hides_the_hedge() -> None:
    book = book_of(market.perpetual())
    book.set_position(market.PERPETUAL, Decimal(1000))
    assert exposure_of(book).missing == (f"{market.PERPETUAL}: no quote",)
    book.set_quote(market.future_quote(mark=0.0, bid=None, ask=None, index_usd=100_000.0))
    exposure = exposure_of(book)
    assert exposure.missing == (f"{market.PERPETUAL}: no mark price (mark = 0.0)",)
    assert exposure.hedge_coin is None


@pytest.mark.parametrize(
    ("instrument", "why"),
    [
        (market.option(strike_usd=None), "listed without strike, expiry or type"),
        (market.option(kind=Kind.OPTION_COMBO), "no model for a option_combo"),
    ],
)
def test_what_has_no_model_is_missing(instrument: Instrument, why: str) -> None:
    book = book_of(instrument)
    book.set_position(instrument.name, Decimal(1))
    assert exposure_of(book).missing == (f"{instrument.name}: {why}",)


def test_a_row_without_a_position_asks_for_nothing() -> None:
    book = book_of(market.option(), market.perpetual())
    book.set_quote(market.future_quote(wire_s=0.0))
    exposure = exposure_of(book, wire_s=1_000.0)
    assert exposure.missing == ()
    assert [item.split(":")[0] for item in exposure.stale] == ["index"]
    assert (exposure.iv, exposure.black) == (None, 0.0)


@pytest.mark.parametrize("price_usd", [0.0, math.nan, math.inf])
def test_an_index_that_is_no_price_is_missing(price_usd: float) -> None:
    book = book_of()
    book.set_index(market.index(price_usd))
    exposure = exposure_of(book)
    assert exposure.missing == ("index: no price",)
    assert exposure.index_usd is None


def test_old_quotes_of_futures_are_named_with_their_bound_the_index_first() -> None:
    book = book_of(market.option(), market.perpetual())
    book.set_position(market.PERPETUAL, Decimal(10))
    book.set_quote(market.future_quote(wire_s=160.0))
    book.set_index(market.index(wire_s=160.0))
    assert exposure_of(book, 164.0).stale == ()
    assert exposure_of(book, 165.5).stale == (
        "index: 5.5 s old, at most 5 s",
        f"{market.PERPETUAL}: 5.5 s old, at most 5 s",
    )


def test_options_whose_ticker_is_too_old_are_valued_by_our_model_at_the_live_index() -> None:
    """The venue's delta stays where the market was; ours follows the index on the last good volatility."""
    options = strip()
    book = book_of(*options)
    for option in options:
        book.set_position(option.name, Decimal(1))
        book.set_quote(market.option_quote(option, wire_s=100.0))
    book.set_quote(market.option_quote(options[3], wire_s=90.0))  # late, and older than the others
    book.age(At(wire_s=150.5), 60.0)
    assert exposure_of(book, 150.5).by_model == (options[3].name,)
    assert exposure_of(book, 150.5).oldest_option_s == 60.5
    book.age(At(wire_s=165.5), 60.0)
    assert len(exposure_of(book, 165.5).by_model) == 6

    book.set_index(market.index(105_000.0, wire_s=165.0))
    at_105 = book_of(*options)
    at_105.set_index(market.index(105_000.0))
    for option in options:
        at_105.set_position(option.name, Decimal(1))
        at_105.set_quote(market.option_quote(option, 105_000.0))
    assert exposure_of(book).black == pytest.approx(exposure_of(at_105).black, abs=1e-9)

    book.set_quote(market.option_quote(options[0], 105_000.0, wire_s=166.0))
    assert options[0].name not in exposure_of(book, 166.0).by_model


def test_a_position_opened_on_an_old_quote_is_as_old_as_its_quote() -> None:
    book = book_of(market.option())
    book.set_quote(market.option_quote(market.option(), wire_s=10.0))
    book.set_position(market.CALL, Decimal(1))
    book.age(At(wire_s=71.0), 60.0)
    assert exposure_of(book, 71.0).oldest_option_s == 61.0
    book.set_position(market.CALL, Decimal(0))
    assert exposure_of(book, 71.0).by_model == ()


def test_a_ticker_without_greeks_after_a_good_one_leaves_the_last_good_volatility_in_force() -> None:
    book = book_of(market.option())
    book.set_position(market.CALL, Decimal(-10))
    book.set_quote(market.option_quote(market.option()))
    quote = market.option_quote(market.option())
    book.set_quote(type(quote)(**{**{f: getattr(quote, f) for f in quote.__struct_fields__}, "iv": None}))

    exposure = exposure_of(book)
    assert exposure.missing == ()
    assert exposure.by_model == (market.CALL,)
    assert exposure.black == pytest.approx(-4.088186315)


def test_in_the_settlement_window_price_decays_with_the_venues_delta() -> None:
    """Theory 1.7: halfway through, a decayed delta of .5 and a price of .3 net to .5 - .3 / 2."""
    deep = market.option(strike=70_000)
    at = market.EXPIRY_MS - 15 * MINUTE_MS
    book = book_of(deep)
    book.set_quote(market.option_quote(deep, market_ms=at, delta=0.5))
    book.set_position(deep.name, Decimal(1))
    row = next(book.rows())
    assert row.delta_coin == 0.5
    assert row.net_transaction_delta_coin == pytest.approx(0.35, abs=1e-9)


def test_an_expiring_future_loses_its_delta_over_the_window_and_a_perpetual_does_not() -> None:
    book = book_of(market.future(), market.perpetual())
    for name in (market.FUTURE, market.PERPETUAL):
        book.set_position(name, Decimal(100_000))
        book.set_quote(market.future_quote(name))
    assert exposure_of(book).hedge_coin == pytest.approx(2.0)
    book.refresh(At(market.EXPIRY_MS - 6 * MINUTE_MS))
    assert exposure_of(book).hedge_coin == pytest.approx(1.2)
    book.refresh(At(market.EXPIRY_MS + MINUTE_MS))
    assert exposure_of(book).hedge_coin == pytest.approx(1.0)


def test_after_expiry_only_the_venues_word_is_left() -> None:
    book = book_of(market.option())
    book.set_quote(market.option_quote(market.option(), delta=0.0))
    book.set_position(market.CALL, Decimal(-10))
    book.refresh(At(market.EXPIRY_MS))
    row = next(book.rows())
    assert (row.delta_coin, row.gamma_coin_per_usd, row.theta_usd_per_day, row.vega_usd) == (0, 0, 0, 0)


def test_a_changed_listing_is_valued_anew() -> None:
    book = book_of(market.option())
    book.set_quote(market.option_quote(market.option()))
    book.set_position(market.CALL, Decimal(1))
    before = exposure_of(book).options_value_coin
    book.set_instrument(market.option(strike=104_000))
    after = exposure_of(book).options_value_coin
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.parametrize(
    "wrong", [{"underlying_usd": 150_000.0}, {"iv": 5.5}, {"mark": 0.5}, {"mark": 0.0, "iv": 1.1}]
)
def test_a_ticker_whose_mark_is_not_its_own_price_hides_the_book(wrong: dict[str, float]) -> None:
    """A forward or a volatility that is off moves both opinions on delta alike: the mark gives it away."""
    book = book_of(market.option())
    book.set_position(market.CALL, Decimal(-10))
    book.set_quote(replace(market.option_quote(market.option()), **wrong))
    exposure = exposure_of(book)
    assert exposure.black is None
    assert exposure.missing[0].startswith(f"{market.CALL}: contradicts itself: mark ")
    book.set_quote(market.option_quote(market.option()))
    assert exposure_of(book).black == pytest.approx(-4.088186315)


def test_a_ticker_made_at_another_index_hides_the_book_until_the_index_is_there() -> None:
    book = book_of(market.option(), market.perpetual())
    book.set_position(market.CALL, Decimal(-10))
    book.set_position(market.PERPETUAL, Decimal(1000))
    book.set_quote(market.option_quote(market.option(), 130_000.0))
    book.set_quote(market.future_quote(mark=130_000.0))
    assert exposure_of(book).missing == (
        f"{market.CALL}: contradicts the index: 130000 in its ticker, told 100000",
        f"{market.PERPETUAL}: contradicts the index: 130000 in its ticker, told 100000",
    )
    book.set_index(market.index(130_000.0))
    assert exposure_of(book).missing == ()


def test_rows_show_position_totals() -> None:
    book = book_of(market.option(), market.perpetual())
    book.set_quote(market.option_quote(market.option()))
    book.set_quote(market.future_quote())
    book.set_position(market.CALL, Decimal(-10))
    book.set_position(market.PERPETUAL, Decimal(366_350))
    call, perpetual = book.rows()
    assert call.net_transaction_delta_coin == pytest.approx(-3.663554482)
    assert call.vega_usd == pytest.approx(-1113.7268)
    assert perpetual.delta_coin == perpetual.net_transaction_delta_coin == pytest.approx(3.6635)
    assert perpetual.gamma_coin_per_usd == 0.0
