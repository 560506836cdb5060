"""Fills for the counters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hedger.domain.account import Fill
from hedger.domain.order import Side
from tests.portfolio import market


def fill(trade_id: str = "1", **changes: Any) -> Fill:
    return Fill(
        **{
            "venue": market.VENUE,
            "trade_id": trade_id,
            "order_id": "900",
            "label": "h-btc-1-1",
            "instrument": market.PERPETUAL,
            "side": Side.BUY,
            "amount": Decimal(1000),
            "price": Decimal(100_000),
            "fee": Decimal("0.0000035"),
            "fee_currency": "BTC",
            "market_ms": market.NOW_MS,
            **changes,
        }
    )
