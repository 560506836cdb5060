"""Accounts with positions, as the margin floor sees them."""

from __future__ import annotations

from decimal import Decimal

from hedger.risk.funds import Funds, MarginModel
from hedger.risk.margin import MarginState, margin_state
from hedger.risk.standard import Holding
from tests.portfolio import market

BTC_USD = 100_000.0


def funds(
    balance: float = 100.0,
    initial: float = 0.0,
    maintenance: float = 0.0,
    model: MarginModel = MarginModel.SEGREGATED_SM,
) -> Funds:
    """An account in BTC."""
    return Funds(model, "BTC", balance, initial, maintenance)


def perpetual(size: float = 0.0) -> Holding:
    """A position of so many USD in the perpetual at 100,000, at most 50 times leveraged."""
    return Holding(market.perpetual(max_leverage=Decimal(50)), size, BTC_USD, BTC_USD)


def account(*holdings: Holding, told: Funds | None = None) -> MarginState:
    """An account with these positions."""
    held = {one.instrument.name: one for one in holdings or (perpetual(),)}
    return margin_state(told or funds(), held, market.NOW_MS)
