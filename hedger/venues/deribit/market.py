"""Tickers and indices as domain quotes: impossible values refuse the whole quote (deribit.md 7)."""

from __future__ import annotations

from msgspec.structs import astuple

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import InstrumentState
from hedger.domain.quote import IndexPrice, Quote
from hedger.venues.deribit import wire
from hedger.venues.deribit.instruments import state_of

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
    if not (mark and mark > 0.0 and index_usd and index_usd > 0.0 and market_ms > 0):
        _check_prices(ticker, channel)
    bid, bid_amount = (bid, bid_amount or 0.0) if bid else (None, 0.0)
    ask, ask_amount = (ask, ask_amount or 0.0) if ask else (None, 0.0)
    if not (bid and ask and 0.0 < bid < ask and bid_amount >= 0.0 and ask_amount >= 0.0):
        _check_touch(ticker, channel)
    if greeks is not None or iv is not None:
        _check_option(underlying_usd, iv, greeks, channel)
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
        _number(delivery),
    )


def _check_prices(ticker: wire.Ticker, channel: str) -> None:
    mark, index_usd = ticker.mark_price, ticker.index_price
    option = ticker.greeks is not None or ticker.mark_iv is not None
    if mark is None or mark < 0.0 or (mark == 0.0 and not option):
        raise BadDataError(channel, "mark_price", mark, "above zero")
    if index_usd is None or index_usd <= 0.0:
        raise BadDataError(channel, "index_price", index_usd, "above zero")
    if ticker.timestamp <= 0:
        raise BadDataError(channel, "timestamp", ticker.timestamp, "milliseconds since the epoch")


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


def _check_option(
    underlying_usd: float | None, iv_pct: float | None, greeks: wire.Greeks | None, channel: str
) -> None:
    if underlying_usd is not None and underlying_usd <= 0.0:
        raise BadDataError(channel, "underlying_price", underlying_usd, "above zero")
    if iv_pct is not None and iv_pct <= 0.0:
        raise BadDataError(channel, "mark_iv", iv_pct, "per cent above zero")
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
