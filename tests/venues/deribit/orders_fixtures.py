"""Orders and effects for the tests of this folder."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hedger.domain.approval import Approved
from hedger.domain.order import OrderIntent, OrderType, Side, TimeInForce
from hedger.domain.vocabulary import Mode
from hedger.engine.effects import Place
from tests.venues.deribit.talk import MARKET_MS

LABEL = "h-btc-1-1"


def make_intent(**changes: Any) -> OrderIntent:
    """Buy 10 USD of the perpetual, limit 100000, immediate or cancel."""
    fields: dict[str, Any] = {
        "label": LABEL,
        "book": "btc",
        "venue": "deribit",
        "instrument": "BTC-PERPETUAL",
        "side": Side.BUY,
        "amount": Decimal(10),
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.IOC,
        "valid_until_ms": MARKET_MS + 5000,
        "created_ms": MARKET_MS,
        "price": Decimal(100000),
    }
    return OrderIntent(**fields | changes)


def make_place(mode: Mode = Mode.LIVE, **changes: Any) -> Place:
    return Place(approved=Approved(intent=make_intent(**changes), mode=mode))


def wire_order(**changes: Any) -> dict[str, Any]:
    """An order as on the wire: filled, bought 10 USD of the perpetual."""
    return {
        "order_id": "74000000001",
        "instrument_name": "BTC-PERPETUAL",
        "direction": "buy",
        "order_state": "filled",
        "amount": 10.0,
        "filled_amount": 10.0,
        "average_price": 99999.5,
        "price": 1.0e5,
        "label": LABEL,
        "order_type": "limit",
        "last_update_timestamp": MARKET_MS,
        **changes,
    }


def wire_trade(**changes: Any) -> dict[str, Any]:
    """The trade of that order."""
    return {
        "trade_id": "208000001",
        "order_id": "74000000001",
        "instrument_name": "BTC-PERPETUAL",
        "direction": "buy",
        "amount": 10.0,
        "price": 99999.5,
        "timestamp": MARKET_MS,
        "fee": 3.5e-8,
        "fee_currency": "BTC",
        "label": LABEL,
        "trade_seq": 1,
        **changes,
    }
