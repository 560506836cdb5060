"""The record of a fill, with the market of its instant."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.markets import Markets
from hedger.simulator.numbers import rounded
from hedger.simulator.orders import PLAIN, Order, Provenance, Trade
from hedger.simulator.tape import Tape, tick_direction


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of an order that traded: price and amount of the instrument, fee and profit in coin."""

    price: Decimal
    amount: Decimal
    fee: Decimal
    profit: Decimal
    market_ms: int
    taker: bool
    provenance: Provenance = PLAIN


def record_trade(order: Order, fill: Fill, markets: Markets, tape: Tape) -> Trade:
    """The trade of a fill that the order has booked already, numbered by the tape."""
    last = tape.last(order.name)
    listing, market = order.listing, markets.market(order.name)
    return Trade(
        trade_id=tape.next_id(listing.settlement_currency),
        trade_seq=last.trade_seq + 1 if last else 1,
        order_id=order.order_id,
        label=order.label,
        instrument_name=order.name,
        kind=listing.kind,
        currency=listing.settlement_currency,
        timestamp_ms=fill.market_ms,
        direction=order.direction,
        price=fill.price,
        amount=fill.amount,
        contracts=fill.amount / listing.contract_size,
        fee=fill.fee,
        profit_loss=rounded(fill.profit),
        liquidity="T" if fill.taker else "M",
        order_state=order.state,
        order_type=order.order_type,
        tick_direction=tick_direction(last, fill.price),
        mark_price=markets.mark(order.name),
        index_price=markets.index(listing.price_index),
        iv=round(market.iv * 100, 2) if market.iv is not None else None,
        underlying_price=round(market.underlying, 4) if market.underlying is not None else None,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        risk_reducing=order.risk_reducing,
        api=order.api,
        provenance=fill.provenance,
        linear=listing.is_linear,
    )
