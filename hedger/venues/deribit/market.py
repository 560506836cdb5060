"""Tickers and indices as domain quotes: impossible values refuse the whole quote (deribit.md 7)."""

from __future__ import annotations

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import InstrumentState
from hedger.domain.quote import IndexPrice, Quote
from hedger.venues.deribit import wire
from hedger.venues.deribit.instruments import state_of

_IS_OPEN = "open"
_NO_GREEKS = wire.Greeks()


def quote_of(ticker: wire.Ticker, channel: str, venue: str, wire_s: float) -> Quote:
    """The quote of a ticker that arrived at `wire_s`. Raises BadDataError naming field and value.

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
    return Quote(
        venue=venue,
        instrument=ticker.instrument_name,
        market_ms=ticker.timestamp,
        received_wire_s=wire_s,
        state=state,
        mark=mark,
        index_usd=ticker.index_price,
        bid=bid,
        bid_amount=(ticker.best_bid_amount or 0.0) if bid else 0.0,
        ask=ask,
        ask_amount=(ticker.best_ask_amount or 0.0) if ask else 0.0,
        min_price=ticker.min_price or None,
        max_price=ticker.max_price or None,
        underlying_usd=ticker.underlying_price,
        iv=None if iv is None else iv / 100.0,
        delta=greeks.delta,
        gamma=greeks.gamma,
        vega=greeks.vega,
        theta=greeks.theta,
        funding_8h=ticker.funding_8h,
        estimated_delivery_usd=_number(ticker.estimated_delivery_price),
    )


def _number(value: float | str | None) -> float | None:
    """A price above zero; the words the venue puts there instead are no price."""
    return value if isinstance(value, float) and value > 0.0 else None


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


def _check_option(ticker: wire.Ticker, channel: str) -> None:
    if ticker.underlying_price is not None and ticker.underlying_price <= 0.0:
        raise BadDataError(channel, "underlying_price", ticker.underlying_price, "above zero")
    if ticker.mark_iv is not None and ticker.mark_iv <= 0.0:
        raise BadDataError(channel, "mark_iv", ticker.mark_iv, "per cent above zero")
    greeks = ticker.greeks
    if greeks is None:
        return
    if greeks.delta is not None and not -1.0 <= greeks.delta <= 1.0:
        raise BadDataError(channel, "greeks.delta", greeks.delta, "between -1 and 1")
    if greeks.gamma is not None and greeks.gamma < 0.0:
        raise BadDataError(channel, "greeks.gamma", greeks.gamma, "zero or above")


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
