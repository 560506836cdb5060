"""Tickers and indices as domain quotes: impossible values refuse the whole quote (deribit.md 7).

Impossible is what contradicts arithmetic (a negative mark, a crossed book, a call with a negative delta) and
what contradicts the ticker itself: mark of a future, forward of an option and estimated delivery price lie
within a factor of two of the index in the same ticker. What contradicts our own pricing is for the book.
"""

from __future__ import annotations

from msgspec.structs import astuple

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import InstrumentState
from hedger.domain.names import is_combo
from hedger.domain.quote import IndexPrice, Quote
from hedger.venues.deribit import wire
from hedger.venues.deribit.instruments import state_of
from hedger.venues.deribit.numbers import LATEST_MS, plausible_ms

LEAST_PRICE_USD, MOST_PRICE_USD = 1e-9, 1e9
MOST_APART = 2.0
"""A forward this many times the index, or this part of it, is no basis: the widest recorded is 6 %, and a
whole year at the widest ever paid comes to half of it."""

_IS_OPEN = "open"
_NO_GREEKS = (None, None, None, None)


def quote_of(ticker: wire.Ticker, instrument: str, channel: str, venue: str, wire_s: float) -> Quote:
    """The quote of a ticker that arrived at `wire_s`. Raises BadDataError naming field and value.

    A price of null or 0 is an empty side. An option's mark may be 0: marks have four decimals.

    Called for each frame of a flood: the fields are read and the quote is built by position, each four times
    as fast as by name; a cheap test passes nearly every ticker, and only what it does not goes through rules.
    """
    # fmt: off
    (
        name, market_ms, state, mark, index_usd, bid, bid_amount, ask, ask_amount, min_price, max_price,
        underlying_usd, iv, greeks, funding_8h, delivery,
    ) = astuple(ticker)
    # fmt: on
    if name != instrument:
        raise BadDataError(channel, "instrument_name", name, "the channel's instrument")
    if not (
        mark
        and index_usd
        and LEAST_PRICE_USD < index_usd < MOST_PRICE_USD
        and (underlying_usd is None) is (greeks is None)
        and 0.5 < (underlying_usd or mark) / index_usd < MOST_APART
        and 0.0 < mark < MOST_PRICE_USD
        and 0 < market_ms < LATEST_MS
    ):
        if is_combo(name):
            return _combo_quote(ticker, channel, venue, wire_s)
        _check_prices(ticker, channel)
    bid, bid_amount = (bid, bid_amount or 0.0) if bid else (None, 0.0)
    ask, ask_amount = (ask, ask_amount or 0.0) if ask else (None, 0.0)
    if not (bid and ask and 0.0 < bid < ask and bid_amount >= 0.0 and ask_amount >= 0.0):
        _check_touch(ticker, channel)
    if greeks is not None or iv is not None:
        _check_option(instrument, iv, greeks, channel)
    delta, gamma, vega, theta = _NO_GREEKS if greeks is None else astuple(greeks)
    return Quote(
        venue,
        instrument,
        market_ms,
        wire_s,
        InstrumentState.OPEN if state == _IS_OPEN else state_of(state),
        mark,
        index_usd,
        bid,
        bid_amount,
        ask,
        ask_amount,
        min_price or None,
        max_price or None,
        underlying_usd,
        None if iv is None else iv / 100.0,
        delta,
        gamma,
        vega,
        theta,
        funding_8h,
        _delivery(delivery, index_usd, channel),
    )


def _combo_quote(ticker: wire.Ticker, channel: str, venue: str, wire_s: float) -> Quote:
    """Prices are differences and may be 0 or below: a side is empty where nothing is shown on it."""
    mark, index_usd = ticker.mark_price, ticker.index_price
    if index_usd is None or not LEAST_PRICE_USD < index_usd < MOST_PRICE_USD:
        raise BadDataError(channel, "index_price", index_usd, "above zero and a price in USD")
    if mark is None or not abs(mark) < index_usd:
        raise BadDataError(channel, "mark_price", mark, f"a difference of prices, below index = {index_usd}")
    plausible_ms(channel, "timestamp", ticker.timestamp)
    for field in ("best_bid_amount", "best_ask_amount"):
        amount = getattr(ticker, field)
        if amount is not None and not amount >= 0.0:
            raise BadDataError(channel, field, amount, "zero or above")
    bid = ticker.best_bid_price if ticker.best_bid_amount else None
    ask = ticker.best_ask_price if ticker.best_ask_amount else None
    if bid is not None and ask is not None and not bid < ask:
        raise BadDataError(channel, "best_bid_price", bid, f"below best_ask_price = {ask} (crossed book)")
    return Quote(
        venue,
        ticker.instrument_name,
        ticker.timestamp,
        wire_s,
        state_of(ticker.state),
        mark,
        index_usd,
        bid,
        (ticker.best_bid_amount or 0.0) if bid is not None else 0.0,
        ask,
        (ticker.best_ask_amount or 0.0) if ask is not None else 0.0,
        ticker.min_price,
        ticker.max_price,
    )


def _check_prices(ticker: wire.Ticker, channel: str) -> None:
    mark, index_usd, underlying_usd = ticker.mark_price, ticker.index_price, ticker.underlying_price
    if index_usd is None or not LEAST_PRICE_USD < index_usd < MOST_PRICE_USD:
        raise BadDataError(channel, "index_price", index_usd, "above zero and a price in USD")
    option = is_option(ticker.instrument_name)
    if mark is None or mark < 0.0 or (mark == 0.0 and not option) or mark >= MOST_PRICE_USD:
        raise BadDataError(channel, "mark_price", mark, "above zero and a price")
    if not option:
        _near(channel, "mark_price", mark, index_usd)
    if underlying_usd is not None:
        _near(channel, "underlying_price", underlying_usd, index_usd)
    plausible_ms(channel, "timestamp", ticker.timestamp)


def is_option(name: str) -> bool:
    """Whether a ticker is an option's: no field of it tells, the name ends in -C or -P (deribit.md 6)."""
    return name[-2:] in ("-C", "-P")


def _near(channel: str, field: str, price_usd: float, index_usd: float) -> None:
    if not 1.0 / MOST_APART < price_usd / index_usd < MOST_APART:
        expected = f"within a factor of {MOST_APART:g} of index_price = {index_usd}"
        raise BadDataError(channel, field, price_usd, expected)


def _delivery(value: float | str | None, index_usd: float, channel: str) -> float | None:
    """A price above zero; the words the venue puts there instead are no price."""
    if not isinstance(value, float) or value == 0.0:
        return None
    _near(channel, "estimated_delivery_price", value, index_usd)
    return value


def _check_touch(ticker: wire.Ticker, channel: str) -> None:
    bid, ask = ticker.best_bid_price, ticker.best_ask_price
    if bid is not None and bid < 0.0:
        raise BadDataError(channel, "best_bid_price", bid, "zero or above")
    if ask is not None and ask < 0.0:
        raise BadDataError(channel, "best_ask_price", ask, "zero or above")
    if bid and ask and bid >= ask:
        raise BadDataError(channel, "best_bid_price", bid, f"below best_ask_price = {ask} (crossed book)")
    if (ticker.best_bid_amount or 0.0) < 0.0:
        raise BadDataError(channel, "best_bid_amount", ticker.best_bid_amount, "zero or above")
    if (ticker.best_ask_amount or 0.0) < 0.0:
        raise BadDataError(channel, "best_ask_amount", ticker.best_ask_amount, "zero or above")


def _check_option(name: str, iv_pct: float | None, greeks: wire.Greeks | None, channel: str) -> None:
    if not is_option(name):
        raise BadDataError(channel, "greeks", greeks, "a field of an option's ticker only")
    if iv_pct is not None and iv_pct <= 0.0:
        raise BadDataError(channel, "mark_iv", iv_pct, "per cent above zero")
    if greeks is None:
        return
    delta, gamma = greeks.delta, greeks.gamma
    if delta is not None:
        least, most = (-1.0, 0.0) if name.endswith("-P") else (0.0, 1.0)
        if not least <= delta <= most:
            raise BadDataError(channel, "greeks.delta", delta, f"between {least:g} and {most:g}")
    if gamma is not None and gamma < 0.0:
        raise BadDataError(channel, "greeks.gamma", gamma, "zero or above")


def index_of(index: wire.Index, channel: str, venue: str, wire_s: float) -> IndexPrice:
    """The index price that arrived at `wire_s`. Raises BadDataError."""
    if not LEAST_PRICE_USD < index.price < MOST_PRICE_USD:
        raise BadDataError(channel, "price", index.price, "above zero and a price in USD")
    plausible_ms(channel, "timestamp", index.timestamp)
    return IndexPrice(
        venue=venue,
        index=index.index_name,
        price_usd=index.price,
        market_ms=index.timestamp,
        received_wire_s=wire_s,
    )
