"""Orders, trades, positions and accounts as the domain's evidence, in exact decimals (deribit.md 8 and 9)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

from hedger.domain.account import Account, Fill, LedgerEntry, Position
from hedger.domain.errors import BadDataError
from hedger.domain.names import is_combo
from hedger.domain.order import OrderReport, Side
from hedger.venues.deribit import wire
from hedger.venues.deribit.fees import fees_of
from hedger.venues.deribit.numbers import finite, not_negative, plausible_ms, positive
from hedger.venues.deribit.texts import identifier, shown

_SIDES = {side.value: side for side in Side}
_MOST_SEQUENCE = 2**53
_SIGNS = {"buy": 1, "sell": -1, "zero": 0}


def report_of(order: wire.Order, venue: str) -> OrderReport:
    """Evidence about an order. Raises BadDataError."""
    return OrderReport(
        venue=venue,
        order_id=identifier("order", "order_id", order.order_id),
        label=shown(order.label),
        instrument=identifier("order", "instrument_name", order.instrument_name),
        side=_side("order", order.direction),
        state=shown(order.order_state),
        amount=not_negative("order", "amount", order.amount),
        filled_amount=not_negative("order", "filled_amount", order.filled_amount),
        average_price=finite("order", "average_price", order.average_price or Decimal(0)),
        price=_price(order.price),
        order_type=shown(order.order_type),
        reduce_only=order.reduce_only,
        cancel_reason=None if order.cancel_reason is None else shown(order.cancel_reason),
        updated_ms=_updated_ms(order.last_update_timestamp),
        is_liquidation=order.is_liquidation,
    )


def fill_of(trade: wire.Trade, venue: str) -> Fill:
    """One trade of the account; a user trade's direction is the account's own side. Raises BadDataError."""
    return Fill(
        venue=venue,
        trade_id=identifier("trade", "trade_id", trade.trade_id),
        order_id=identifier("trade", "order_id", trade.order_id),
        label=shown(trade.label),
        instrument=identifier("trade", "instrument_name", trade.instrument_name),
        side=_side("trade", trade.direction),
        amount=positive("trade", "amount", trade.amount),
        price=_traded_at(trade),
        fee=finite("trade", "fee", trade.fee),
        fee_currency=identifier("trade", "fee_currency", trade.fee_currency),
        market_ms=plausible_ms("trade", "timestamp", trade.timestamp),
        mark_price=trade.mark_price,
        index_usd=trade.index_price,
        liquidity=shown(trade.liquidity),
        trade_seq=trade.trade_seq if 0 <= trade.trade_seq < _MOST_SEQUENCE else 0,
        block_trade_id=_optional_id("block_trade_id", trade.block_trade_id),
        combo_id=_optional_id("combo_id", trade.combo_id),
        combo_trade_id=_optional_id("combo_trade_id", str(trade.combo_trade_id or "")),
        liquidation=bool(trade.liquidation),
        liquidated=shown(trade.liquidation or ""),
    )


def _traded_at(trade: wire.Trade) -> Decimal:
    """A combo's price is a difference of its legs' prices and may be 0 or below."""
    if is_combo(trade.instrument_name):
        return finite("trade", "price", trade.price)
    return not_negative("trade", "price", trade.price)


def position_of(position: wire.Position, venue: str) -> Position:
    """A position; size = sign(direction) * |size|: the wire's size is signed or not. Raises BadDataError."""
    sign = _SIGNS.get(position.direction)
    if sign is None:
        raise BadDataError("position", "direction", position.direction, "buy, sell or zero")
    return Position(
        venue=venue,
        instrument=identifier("position", "instrument_name", position.instrument_name),
        size=sign * abs(finite("position", "size", position.size)),
        average_price=finite("position", "average_price", position.average_price or Decimal(0)),
        mark_price=_optional("position", "mark_price", position.mark_price),
        delta_coin=position.delta,
        floating_pnl=_optional("position", "floating_profit_loss", position.floating_profit_loss),
        initial_margin=_optional("position", "initial_margin", position.initial_margin),
        maintenance_margin=_optional("position", "maintenance_margin", position.maintenance_margin),
        realized_funding=_optional("position", "realized_funding", position.realized_funding),
    )


def ledger_of(row: wire.LogRow, venue: str) -> LedgerEntry:
    """A row of the transaction log; its side tells which way the position moved. Raises BadDataError."""
    side = row.side or ""
    sign = ("buy" in side) - ("sell" in side)
    return LedgerEntry(
        venue=venue,
        number=str(row.id),
        kind=row.type,
        currency=row.currency,
        market_ms=row.timestamp,
        change=finite("log", "change", row.change),
        instrument=row.instrument_name or "",
        amount=sign * abs(finite("log", "amount", row.amount or Decimal(0))),
        trade_id=row.trade_id or "",
        interest=_optional("log", "interest_pl", row.interest_pl),
        fee=finite("log", "commission", row.commission or Decimal(0)),
    )


def account_of(summary: wire.Summary, venue: str, wire_s: float) -> Account:
    """One currency's summary that arrived at `wire_s`. Raises BadDataError."""

    def cash(name: str) -> Decimal:
        return finite("account", name, getattr(summary, name))

    def told(name: str) -> Decimal | None:
        return _optional("account", name, getattr(summary, name))

    return Account(
        venue=venue,
        currency=identifier("account", "currency", summary.currency),
        balance=cash("balance"),
        equity=cash("equity"),
        available_funds=cash("available_funds"),
        initial_margin=cash("initial_margin"),
        maintenance_margin=cash("maintenance_margin"),
        options_value=cash("options_value"),
        options_delta=summary.options_delta,
        delta_total=summary.delta_total,
        delta_total_by_index=summary.delta_total_map,
        session_rpl=cash("session_rpl"),
        session_upl=cash("session_upl"),
        futures_session_upl=cash("futures_session_upl"),
        margin_model=shown(summary.margin_model),
        received_wire_s=wire_s,
        fees=fees_of(summary.fees),
        margin_balance=told("margin_balance"),
        projected_initial_margin=told("projected_initial_margin"),
        projected_maintenance_margin=told("projected_maintenance_margin"),
        estimated_liquidation_ratio=summary.estimated_liquidation_ratio,
        total_equity_usd=told("total_equity_usd"),
        total_margin_balance_usd=told("total_margin_balance_usd"),
        total_initial_margin_usd=told("total_initial_margin_usd"),
        total_maintenance_margin_usd=told("total_maintenance_margin_usd"),
    )


def _side(channel: str, direction: str) -> Side:
    side = _SIDES.get(direction)
    if side is None:
        raise BadDataError(channel, "direction", direction, "buy or sell")
    return side


def _updated_ms(told: int) -> int:
    """0 where the venue did not say; words are put in order by it, and by nothing that cannot be a time."""
    if told == 0:
        return 0
    return plausible_ms("order", "last_update_timestamp", told)


def _optional_id(field: str, text: str | None) -> str | None:
    return identifier("trade", field, text) if text else None


def _optional(channel: str, field: str, value: Decimal | None) -> Decimal | None:
    return None if value is None else finite(channel, field, value)


def _price(raw: msgspec.Raw) -> Decimal | None:
    """A number's text as it stands; None for "market_price" and for a price that is not there."""
    text = bytes(raw).decode()
    if text in ("", "null", '"market_price"'):
        return None
    try:
        return finite("order", "price", Decimal(text))
    except InvalidOperation:
        raise BadDataError("order", "price", text, 'a number or "market_price"') from None
