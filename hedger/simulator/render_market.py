"""Wire shapes of public data: instruments, tickers, books, summaries (recorded September 2026)."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import lru_cache

from hedger.simulator.liquidity import Level
from hedger.simulator.model import Greeks, Listing, Market
from hedger.simulator.numbers import is_multiple

Json = dict[str, object]

INDEX_IDS = {"btc_usd": 1000033, "eth_usd": 1000034}
_CURRENCY_NAMESPACE = uuid.UUID("5b71fc48-3dd3-540c-809b-f8c94d0e68b5")
_BLOCK_COMMISSION = {"future": 0.00025, "option": 0.0003}


def render_instrument(listing: Listing, state: str = "open") -> Json:
    """One row of get_instruments."""
    row: Json = {
        "instrument_name": listing.name,
        "instrument_id": listing.instrument_id,
        "kind": listing.kind,
        "state": state,
        "is_active": state == "open",
        "base_currency": listing.base_currency,
        "quote_currency": listing.quote_currency,
        "counter_currency": listing.counter_currency,
        "settlement_currency": listing.settlement_currency,
        "settlement_period": listing.settlement_period,
        "instrument_type": listing.instrument_type,
        "price_index": listing.price_index,
        "index_id": INDEX_IDS.get(listing.price_index, 1000099),
        "contract_size": float(listing.contract_size),
        "min_trade_amount": float(listing.min_trade_amount),
        "tick_size": float(listing.tick_size),
        "tick_size_steps": [
            {"above_price": float(above), "tick_size": float(tick)} for above, tick in listing.tick_size_steps
        ],
        "maker_commission": float(listing.maker_commission),
        "taker_commission": float(listing.taker_commission),
        "block_trade_commission": _BLOCK_COMMISSION[listing.kind],
        "block_trade_min_trade_amount": 25 if listing.is_option else 200000,
        "block_trade_tick_size": 0.0001 if listing.is_option else 0.01,
        "creation_timestamp": listing.creation_ms,
        "expiration_timestamp": listing.expiration_ms,
        "product_group": listing.base_currency,
        "underlying_type": "crypto",
        "lot_size": 1,
        "base_currency_uuid": _currency_uuid(listing.base_currency),
        "quote_currency_uuid": _currency_uuid(listing.quote_currency),
    }
    if listing.is_option:
        row["strike"] = float(listing.strike or 0)
        row["option_type"] = listing.option_type
    else:
        row["future_type"] = listing.instrument_type
        row["max_leverage"] = listing.max_leverage
        row["max_non_default_leverage"] = 5.0
        row["max_liquidation_commission"] = 0.01
    return row


@lru_cache(maxsize=32)
def _currency_uuid(currency: str) -> str:
    return str(uuid.uuid5(_CURRENCY_NAMESPACE, currency))


def render_ticker(listing: Listing, market: Market, bids: list[Level], asks: list[Level]) -> Json:
    """The `ticker` object; the sides come without what the account has taken."""
    row = {**_common(listing, market, bids, asks), "instrument_name": listing.name}
    if listing.is_option:
        row.update(_option_part(market, bids, asks))
    if market.delivery_price is not None:
        row["delivery_price"] = market.delivery_price
    if market.funding is not None:
        row["current_funding"] = market.funding.current
        row["funding_8h"] = round(market.funding.realised_8h, 8)
        row["interest_value"] = market.funding.interest_value
    return row


def _common(listing: Listing, market: Market, bids: list[Level], asks: list[Level]) -> Json:
    return {
        "timestamp": market.market_ms,
        "state": market.state,
        "stats": render_stats(listing, market),
        **render_touch(bids, asks),
        "last_price": None if market.last_price is None else float(market.last_price),
        "mark_price": wire_mark(listing, market),
        "index_price": round(market.index, 2),
        "min_price": float(market.min_price),
        "max_price": float(market.max_price),
        "open_interest": market.open_interest,
        "settlement_price": round(market.settlement_price, 8 if listing.is_option else 2),
        "estimated_delivery_price": round(market.estimated_delivery_price, 2),
    }


def render_touch(bids: list[Level], asks: list[Level]) -> Json:
    """Best prices and amounts; an empty side is 0.0 with 0.0, as on the wire."""
    bid, ask = bids[0] if bids else (Decimal(0), Decimal(0)), asks[0] if asks else (Decimal(0), Decimal(0))
    return {
        "best_bid_price": float(bid[0]),
        "best_bid_amount": float(bid[1]),
        "best_ask_price": float(ask[0]),
        "best_ask_amount": float(ask[1]),
    }


def wire_mark(listing: Listing, market: Market) -> float:
    """Mark price as tickers print it: 4 decimals of coin for options, 2 of USD for futures."""
    return round(market.mark, 4 if listing.is_option else 2)


def render_stats(listing: Listing, market: Market) -> Json:
    high, low = market.high_24h, market.low_24h
    change = None
    if high is not None and market.last_price is not None and market.settlement_price:
        change = round((float(market.last_price) / market.settlement_price - 1) * 100, 4)
    stats: Json = {
        "high": high,
        "low": low,
        "price_change": change,
        "volume": round(market.volume_24h_usd / market.index, 8),
        "volume_usd": round(market.volume_24h_usd, 2),
    }
    if not listing.is_option or listing.instrument_type == "linear":
        stats["volume_notional"] = round(market.volume_24h_usd, 2)
    return stats


def _option_part(market: Market, bids: list[Level], asks: list[Level]) -> Json:
    return {
        "mark_iv": _percent(market.iv),
        "bid_iv": _percent(market.bid_iv) if bids else 0.0,
        "ask_iv": _percent(market.ask_iv) if asks else 0.0,
        "underlying_price": round(market.underlying or 0.0, 4),
        "underlying_index": market.underlying_name,
        "interest_rate": 0.0,
        "greeks": render_greeks(market.greeks),
    }


def _percent(fraction: float | None) -> float:
    return round(fraction * 100, 2) if fraction is not None else 0.0


def render_greeks(greeks: Greeks | None) -> Json:
    """Greeks with the wire's 5 decimals."""
    if greeks is None:
        return {"delta": 0.0, "gamma": 0.0, "vega": 0.0, "theta": 0.0, "rho": 0.0}
    names = ("delta", "gamma", "vega", "theta", "rho")
    return {name: round(getattr(greeks, name), 5) for name in names}


def levels(side: list[Level], depth: int | None = None) -> list[list[float]]:
    return [[float(price), float(amount)] for price, amount in side[:depth]]


def render_order_book(ticker: Json, bids: list[Level], asks: list[Level], depth: int, change_id: int) -> Json:
    """get_order_book: the ticker's fields with the ladders."""
    return {**ticker, "change_id": change_id, "bids": levels(bids, depth), "asks": levels(asks, depth)}


def render_summary(listing: Listing, market: Market, bids: list[Level], asks: list[Level]) -> Json:
    """One row of get_book_summary_by_*; empty sides are null here."""
    bid, ask = (float(bids[0][0]) if bids else None), (float(asks[0][0]) if asks else None)
    stats = render_stats(listing, market)
    row: Json = {
        "instrument_name": listing.name,
        "base_currency": listing.base_currency,
        "quote_currency": listing.quote_currency,
        "creation_timestamp": market.market_ms,
        "bid_price": bid,
        "ask_price": ask,
        "mid_price": (bid + ask) / 2 if bid is not None and ask is not None else None,
        "mark_price": wire_mark(listing, market),
        "last": None if market.last_price is None else float(market.last_price),
        "high": stats["high"],
        "low": stats["low"],
        "price_change": stats["price_change"],
        "volume": stats["volume"],
        "volume_usd": stats["volume_usd"],
        "open_interest": market.open_interest,
        "estimated_delivery_price": round(market.estimated_delivery_price, 2),
    }
    if listing.is_option:
        row["underlying_price"] = round(market.underlying or 0.0, 4)
        row["underlying_index"] = market.underlying_name
        row["interest_rate"] = 0.0
        row["mark_iv"] = _percent(market.iv)
    else:
        row["volume_notional"] = stats["volume_notional"]
    if market.funding is not None:
        row["current_funding"] = market.funding.current
        row["funding_8h"] = round(market.funding.realised_8h, 8)
    return row


def grouped(side: list[Level], group: Decimal, *, up: bool) -> list[Level]:
    """Levels gathered on multiples of `group`: bids downwards, asks upwards."""
    rows: dict[Decimal, Decimal] = {}
    for price, amount in side:
        bucket = price if is_multiple(price, group) else (price // group + (1 if up else 0)) * group
        rows[bucket] = rows.get(bucket, Decimal(0)) + amount
    return list(rows.items())
