"""Tickers and indices as domain quotes: impossible values refuse the whole quote (deribit.md 7)."""

from __future__ import annotations

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import InstrumentState
from hedger.domain.quote import IndexPrice, Quote
from hedger.venues.deribit import wire
from hedger.venues.deribit.instruments import state_of

_IS_OPEN = "open"
_NO_GREEKS = wire.Greeks()


def quote_of(ticker: wire.Ticker, instrument: str, channel: str, venue: str, wire_s: float) -> Quote:
    """The quote of an instrument's ticker that arrived at `wire_s`. Raises BadDataError, with field and value.

    A price of null or 0 is an empty side. An option's mark may be 0: marks have four decimals.
    """
    mark, bid, ask = ticker.mark_price, ticker.best_bid_price or None, ticker.best_ask_price or None
    greeks, iv = ticker.greeks, ticker.mark_iv
    option = greeks is not None or iv is not None
    if mark is None or mark < 0.0 or (mark == 0.0 and not option):
        raise BadDataError(channel, "mark_price", mark, "above zero")
    if ticker.index_price is None or ticker.index_price <= 0.0:
        raise BadDataError(channel, "index_price", ticker.index_price, "above zero")
    if ticker.timestamp <= 0:
        raise BadDataError(channel, "timestamp", ticker.timestamp, "milliseconds since the epoch")
    _check_touch(ticker, channel)
    if option:
        _check_option(ticker, channel)
    greeks = greeks or _NO_GREEKS
    state = InstrumentState.OPEN if ticker.state == _IS_OPEN else state_of(ticker.state)
    return Quote(  # by position, in the order of the fields: a quarter of the time it takes by name
        venue,
        instrument,
        ticker.timestamp,
        wire_s,
        state,
        mark,
        ticker.index_price,
        bid,
        (ticker.best_bid_amount or 0.0) if bid else 0.0,
        ask,
        (ticker.best_ask_amount or 0.0) if ask else 0.0,
        ticker.min_price or None,
        ticker.max_price or None,
        ticker.underlying_price,
        None if iv is None else iv / 100.0,
        greeks.delta,
        greeks.gamma,
        greeks.vega,
        greeks.theta,
        ticker.funding_8h,
        _number(ticker.estimated_delivery_price),
    )


def _number(value: float | str | None) -> float | None:
    """A price above zero; the words the venue puts there instead are no price."""
    return value if isinstance(value, float) and value > 0.0 else None


def _check_touch(ticker: wire.Ticker, channel: str) -> None:
    bid, ask = ticker.best_bid_price or 0.0, ticker.best_ask_price or 0.0
    bid_amount, ask_amount = ticker.best_bid_amount or 0.0, ticker.best_ask_amount or 0.0
    if 0.0 <= bid < ask and bid_amount >= 0.0 and ask_amount >= 0.0:
        return  # as nearly always; below, what is wrong
    if bid < 0.0:
        raise BadDataError(channel, "best_bid_price", bid, "zero or above")
    if ask < 0.0:
        raise BadDataError(channel, "best_ask_price", ask, "zero or above")
    if bid and ask and bid >= ask:
        raise BadDataError(channel, "best_bid_price", bid, f"below best_ask_price = {ask} (crossed book)")
    if bid_amount < 0.0:
        raise BadDataError(channel, "best_bid_amount", bid_amount, "zero or above")
    if ask_amount < 0.0:
        raise BadDataError(channel, "best_ask_amount", ask_amount, "zero or above")


def _check_option(ticker: wire.Ticker, channel: str) -> None:
    underlying, iv, greeks = ticker.underlying_price, ticker.mark_iv, ticker.greeks
    if underlying is not None and underlying <= 0.0:
        raise BadDataError(channel, "underlying_price", underlying, "above zero")
    if iv is not None and iv <= 0.0:
        raise BadDataError(channel, "mark_iv", iv, "per cent above zero")
    if greeks is None:
        return
    delta, gamma = greeks.delta, greeks.gamma
    if delta is not None and not -1.0 <= delta <= 1.0:
        raise BadDataError(channel, "greeks.delta", delta, "between -1 and 1")
    if gamma is not None and gamma < 0.0:
        raise BadDataError(channel, "greeks.gamma", gamma, "zero or above")


def index_of(index: wire.Index, channel: str, venue: str, wire_s: float) -> IndexPrice:
    """The index price that arrived at `wire_s`. Raises BadDataError."""
    if index.price <= 0.0:
        raise BadDataError(channel, "price", index.price, "above zero")
    return IndexPrice(
        venue=venue,
        index=index.index_name,
        price_usd=index.price,
        market_ms=index.timestamp,
        received_wire_s=wire_s,
    )
