"""From records to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, assert_never

from sqlalchemy import Table

from hedger.domain.account import Fill
from hedger.domain.order import Order
from hedger.engine.decision import Decision
from hedger.engine.ownership.owned import CashFlow
from hedger.engine.records import (
    Accepted,
    Adjusted,
    Attributed,
    CashMoved,
    Commanded,
    Configured,
    Decided,
    EpochRaised,
    HedgeDone,
    HoldSet,
    Intended,
    Kept,
    Latched,
    LossReferenced,
    OrderChanged,
    Overridden,
    Record,
    RivalSeen,
    SettingChanged,
    ShadowsKept,
    SmileSampled,
    Snapshot,
    Traded,
)
from hedger.journal import schema
from hedger.journal.codec import decode, encode
from hedger.journal.schema import WRITTEN, Scope

_ROW_BYTES = 1_024  # what a row takes in memory beside its body


class Row(NamedTuple):
    """One row to write. `venue` is empty where the record names none."""

    table: Table
    venue: str
    values: dict[str, Any]


class Numbered(NamedTuple):
    """One write of a run."""

    sequence: int
    rows: list[Row]
    size_bytes: int  # about what it takes in memory


def numbered(sequence: int, records: Iterable[Record]) -> Numbered:
    """A write's rows, encoded now."""
    rows = [row_of(record) for record in records]
    return Numbered(sequence, rows, sum(_ROW_BYTES + len(row.values.get("body", "")) for row in rows))


def row_of(record: Record) -> Row:
    """A record's row, encoded now: an order is mutated by its owner afterwards."""
    match record:
        case Intended():
            return _order_row(record.market_ms, Order(record.intent))
        case OrderChanged():
            return _order_row(record.market_ms, record.order)
        case Traded():
            fill = record.fill
            columns = {
                name: getattr(fill, name) for name in ("fee_currency", "trade_id", "label", "instrument")
            }
            return _row(schema.fills, fill.venue, fill.market_ms, encode(fill), **columns)
        case Decided():
            made = record.decision
            columns = {"book": made.book, "action": str(made.action), "reason": str(made.reason)}
            return _row(schema.decisions, "", record.market_ms, encode(made), **columns)
        case HedgeDone():
            columns = {"book": record.book, "instrument": record.instrument, "outcome": str(record.end)}
            return _row(schema.hedges, record.venue, record.market_ms, encode(record), **columns)
        case Commanded():
            columns = {"book": record.book, "state": str(record.state)}
            return _row(schema.commands, "", record.market_ms, encode(record), **columns)
        case Overridden():
            return _row(schema.overrides, "", record.market_ms, encode(record), book=record.book)
        case SettingChanged():
            columns = {"key": record.key, "value": record.value}
            return _row(schema.setting_changes, "", record.market_ms, encode(record), **columns)
        case Configured():
            return _row(schema.configs, "", record.market_ms, encode(record), config_hash=record.config_hash)
        case EpochRaised():
            return Row(schema.epochs, record.venue, {"epoch": record.epoch, "market_ms": record.market_ms})
        case Snapshot():
            return _row(schema.snapshots, record.venue, record.market_ms, encode(record))
        case Latched():
            columns = {"book": record.book, "kind": "latched"}
            return _row(schema.guards, record.venue, record.market_ms, encode(record), **columns)
        case LossReferenced():
            columns = {"book": record.book, "kind": f"loss_{record.period}"}
            return _row(schema.guards, record.venue, record.market_ms, encode(record), **columns)
        case Adjusted():
            columns = {"label": record.sum.label, "instrument": record.sum.instrument}
            return _row(schema.adjustments, record.venue, record.market_ms, encode(record), **columns)
        case CashMoved():
            flow = record.flow
            return _row(schema.cash_flows, flow.venue, flow.market_ms, encode(flow), currency=flow.currency)
        case HoldSet():
            return _row(schema.holds, record.venue, record.market_ms, encode(record), book=record.book)
        case RivalSeen():
            return _row(schema.rivals, record.venue, record.market_ms, encode(record), book=record.book)
        case Kept():
            return _row(schema.kept, record.venue, record.market_ms, encode(record), book=record.book)
        case SmileSampled():
            columns = {"book": record.book, "kind": schema.SMILE}
            return _row(schema.guards, record.venue, record.market_ms, encode(record), **columns)
        case ShadowsKept():
            columns = {"book": record.book, "kind": schema.SHADOWS}
            return _row(schema.guards, record.venue, record.market_ms, encode(record), **columns)
        case Attributed():
            columns = {"currency": record.currency}
            row = _row(schema.attributions, record.venue, record.market_ms, encode(record), **columns)
            return row._replace(values={**row.values, "from_ms": record.from_ms})
        case Accepted():
            return _row(schema.acceptances, record.venue, record.market_ms, encode(record), book=record.book)
        case _:
            assert_never(record)


_RECORDS: dict[Table, tuple[Any, Callable[[int, Any], Record]]] = {
    schema.orders: (Order, OrderChanged),
    schema.fills: (Fill, Traded),
    schema.decisions: (Decision, Decided),
    schema.cash_flows: (CashFlow, CashMoved),
    schema.hedges: (HedgeDone, lambda _ms, record: record),
    schema.commands: (Commanded, lambda _ms, record: record),
    schema.overrides: (Overridden, lambda _ms, record: record),
    schema.setting_changes: (SettingChanged, lambda _ms, record: record),
    schema.configs: (Configured, lambda _ms, record: record),
    schema.snapshots: (Snapshot, lambda _ms, record: record),
    schema.guards: (Latched | LossReferenced | SmileSampled | ShadowsKept, lambda _ms, record: record),
    schema.adjustments: (Adjusted, lambda _ms, record: record),
    schema.holds: (HoldSet, lambda _ms, record: record),
    schema.rivals: (RivalSeen, lambda _ms, record: record),
    schema.kept: (Kept, lambda _ms, record: record),
    schema.attributions: (Attributed, lambda _ms, record: record),
    schema.acceptances: (Accepted, lambda _ms, record: record),
}
"""What the body of a table's rows is, and the record it was written from, by the market time of the row."""


def record_of(table: Table, market_ms: int, body: str, where: str) -> Record:
    """The record a row was written from. Raises InvariantError for a body that is not one."""
    kind, made = _RECORDS[table]
    return made(market_ms, decode(kind, body, where))


def by_table(
    rows: Iterable[Row], scope_of: Callable[[str], Scope]
) -> list[tuple[Table, list[dict[str, Any]]]]:
    """Rows with their scope, gathered by table in the order of WRITTEN; within a table in their own."""
    gathered: dict[Table, list[dict[str, Any]]] = {table: [] for table in WRITTEN}
    for row in rows:
        gathered[row.table].append({**scope_of(row.venue)._asdict(), **row.values})
    return [(table, values) for table, values in gathered.items() if values]


def _row(table: Table, venue: str, market_ms: int, body: str, **columns: str) -> Row:
    return Row(table, venue, {**_sought(columns), "market_ms": market_ms, "body": body})


def _sought(columns: dict[str, str]) -> dict[str, str]:
    """Columns are there to be searched by: a character that a database refuses is in the body alone."""
    return {name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") for name, value in columns.items()}


def _order_row(market_ms: int, order: Order) -> Row:
    intent = order.intent
    values = {
        "label": intent.label,
        "book": intent.book,
        "instrument": intent.instrument,
        "state": str(order.state),
        "created_ms": intent.created_ms,
        "changed_ms": market_ms,
        "body": encode(order),
    }
    return Row(schema.orders, intent.venue, values)
