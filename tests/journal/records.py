"""Records as the engine writes them, for one account."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.account import Fill
from hedger.domain.order import Order, OrderIntent, OrderState, OrderType, Side, TimeInForce
from hedger.domain.vocabulary import Action, BreakerState, Mode, Reason
from hedger.engine.decision import Decision
from hedger.engine.records import Commanded, Configured, Decided, Intended, OrderChanged, Overridden, Traded

VENUE = "deribit"
NOW_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC
DAY_MS = 86_400_000


def intent(number: int, market_ms: int = NOW_MS, venue: str = VENUE) -> OrderIntent:
    return OrderIntent(
        label=f"h-btc-1-{number}",
        book="btc",
        venue=venue,
        instrument="BTC-PERPETUAL",
        side=Side.SELL,
        amount=Decimal("1234567890.10"),
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        valid_until_ms=market_ms + 5_000,
        created_ms=market_ms,
        price=Decimal("98765.5"),
    )


def intended(number: int, market_ms: int = NOW_MS, venue: str = VENUE) -> Intended:
    return Intended(market_ms=market_ms, intent=intent(number, market_ms, venue))


def changed(
    number: int, state: OrderState, market_ms: int = NOW_MS, created_ms: int | None = None
) -> OrderChanged:
    made = intent(number, market_ms if created_ms is None else created_ms)
    order = Order(made, state=state, order_id=f"id-{number}")
    return OrderChanged(market_ms=market_ms, order=order)


def traded(trade_id: str, market_ms: int = NOW_MS, fee_currency: str = "BTC") -> Traded:
    fill = Fill(
        venue=VENUE,
        trade_id=trade_id,
        order_id="id-1",
        label="h-btc-1-1",
        instrument="BTC-PERPETUAL",
        side=Side.SELL,
        amount=Decimal(10),
        price=Decimal("98765.5"),
        fee=Decimal("0.00000001"),
        fee_currency=fee_currency,
        market_ms=market_ms,
    )
    return Traded(market_ms=market_ms, fill=fill)


def decided(market_ms: int, book: str = "btc") -> Decided:
    decision = Decision(
        market_ms=market_ms,
        wire_s=1.5,
        book=book,
        mode=Mode.LIVE,
        action=Action.HOLD,
        reason=Reason.WITHIN_BAND,
    )
    return Decided(market_ms=market_ms, decision=decision)


def commanded(state: BreakerState, book: str = "") -> Commanded:
    return Commanded(market_ms=NOW_MS, command="any", book=book, state=state, by="test", reason="drill")


def configured(number: int) -> Configured:
    return Configured(market_ms=NOW_MS, config_hash=str(number))


def overridden(book: str, factor: float, market_ms: int = NOW_MS) -> Overridden:
    """The band of a book scaled for four hours."""
    return Overridden(
        market_ms=market_ms,
        book=book,
        factor=factor,
        until_ms=market_ms + 4 * 3_600_000,
        by="cli:desk",
        reason="CPI",
    )
