"""Rows of the journal as lines for people; times are market time, UTC."""

from __future__ import annotations

from hedger.domain.instants import utc
from hedger.domain.instrument import plain
from hedger.engine.records import Decided, OrderChanged, Traded
from hedger.journal.tail import Line


def as_line(line: Line) -> str:
    """`2026-01-01 00:00:00.000  fill  ...`."""
    at = utc(line.market_ms).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    kind, words = _told(line)
    return f"{at}  {kind:<8}  {words}"


def _told(line: Line) -> tuple[str, str]:
    match line.record:
        case Decided():
            made = line.record.decision
            return "decision", f"{made.book}: {made.action}, {made.reason}: {made.detail}"
        case OrderChanged():
            order = line.record.order
            intent = order.intent
            size = f"{intent.side} {plain(order.amount)} {intent.instrument}"
            return "order", f"{intent.label}: {size}, {order.state}, filled {plain(order.filled_amount)}"
        case Traded():
            fill = line.record.fill
            size = f"{fill.side} {plain(fill.amount)} {fill.instrument} at {fill.price}"
            fee = f"fee {fill.fee} {fill.fee_currency}"
            return "fill", f"{fill.label or 'no label'}: {size}, {fee}, trade {fill.trade_id}"
        case _:
            return line.table, str(line.record)
