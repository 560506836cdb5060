"""Wire shapes of orders and trades (recorded December 2025 and January 2026)."""

from __future__ import annotations

from hedger.simulator.orders import Order, Provenance, Trade

Json = dict[str, object]


def render_order(order: Order, user_id: int) -> Json:
    """The order object of every reply and notification."""
    row: Json = {
        "order_id": order.order_id,
        "order_state": order.state,
        "order_type": order.order_type,
        "instrument_name": order.name,
        "direction": order.direction,
        "price": float(order.price),
        "amount": float(order.amount),
        "contracts": float(order.amount / order.listing.contract_size),
        "filled_amount": float(order.filled),
        "average_price": round(float(order.average_price), 8),
        "label": order.label,
        "time_in_force": order.time_in_force,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "api": order.api,
        "web": not order.api,
        "user_id": user_id,
        "creation_timestamp": order.creation_ms,
        "last_update_timestamp": order.last_update_ms,
        "replaced": order.replaced,
        "mmp": False,
        "risk_reducing": order.risk_reducing,
        "is_liquidation": order.is_liquidation,
    }
    if order.from_block:
        row["block_trade"] = True
    if order.post_only:
        row["reject_post_only"] = order.reject_post_only
    if order.original_order_type:
        row["original_order_type"] = order.original_order_type
    if order.cancel_reason:
        row["cancel_reason"] = order.cancel_reason
    return row


def render_trade(trade: Trade, user_id: int) -> Json:
    """A trade as its owner sees it."""
    row: Json = {
        "trade_id": trade.trade_id,
        "trade_seq": trade.trade_seq,
        "order_id": trade.order_id,
        "instrument_name": trade.instrument_name,
        "timestamp": trade.timestamp_ms,
        "direction": trade.direction,
        "price": float(trade.price),
        "amount": float(trade.amount),
        "contracts": float(trade.contracts),
        "fee": float(trade.fee),
        "fee_currency": trade.currency,
        "profit_loss": float(trade.profit_loss),
        "liquidity": trade.liquidity,
        "state": trade.order_state,
        "order_type": trade.order_type,
        "tick_direction": trade.tick_direction,
        "mark_price": float(trade.mark_price),
        "index_price": float(trade.index_price),
        "matching_id": None,
        "self_trade": False,
        "post_only": trade.post_only,
        "reduce_only": trade.reduce_only,
        "api": trade.api,
        "mmp": False,
        "risk_reducing": trade.risk_reducing,
        "user_id": user_id,
    }
    if trade.label:
        row["label"] = trade.label
    row.update(_option_fields(trade))
    row.update(_provenance(trade.provenance))
    return row


def render_public_trade(trade: Trade) -> Json:
    """The same trade as everybody sees it."""
    row: Json = {
        "trade_id": trade.trade_id,
        "trade_seq": trade.trade_seq,
        "instrument_name": trade.instrument_name,
        "timestamp": trade.timestamp_ms,
        "direction": trade.direction if trade.liquidity == "T" else _other(trade.direction),
        "price": float(trade.price),
        "amount": float(trade.amount),
        "contracts": float(trade.contracts),
        "tick_direction": trade.tick_direction,
        "mark_price": float(trade.mark_price),
        "index_price": float(trade.index_price),
    }
    if trade.iv is not None:
        row["iv"] = trade.iv
    row.update(_provenance(trade.provenance))
    return row


def _provenance(origin: Provenance) -> Json:
    """Fields that only trades of liquidations, blocks and combos have."""
    row: Json = {
        "liquidation": origin.liquidation,
        "block_trade_id": origin.block_trade_id,
        "block_trade_leg_count": origin.leg_count or None,
        "combo_id": origin.combo_id,
        "combo_trade_id": origin.combo_trade_id,
    }
    return {name: value for name, value in row.items() if value is not None}


def _option_fields(trade: Trade) -> Json:
    if trade.iv is None:
        return {}
    return {"iv": trade.iv, "underlying_price": trade.underlying_price}


def _other(direction: str) -> str:
    return "sell" if direction == "buy" else "buy"
