"""Reads a journal back, row by row, and holds its parts against each other.

- every body is what its table holds, and says what the row's own columns say;
- SQLite finds its file whole;
- what an order says has filled is what its trades come to;
- labels are of epochs that were begun.

A difference is a problem; what may be right and deserves a look is a note.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.errors import InvariantError
from hedger.domain.order import TERMINAL, OrderState
from hedger.domain.time_units import MINUTE_MS
from hedger.engine.records import OrderChanged, Record, Traded
from hedger.execution.labels import parse_label
from hedger.journal import schema
from hedger.journal.codec import decode
from hedger.journal.reading import stored
from hedger.journal.rows import record_of, row_of
from hedger.journal.schema import SCOPE, Scope
from hedger.journal.sums import Checkpoint

SETTLING_MS = MINUTE_MS
"""Market time in which the trades of an order may still arrive."""

MOST_TOLD = 100
"""Problems and notes told one by one; the rest is counted."""


class Report(msgspec.Struct):
    """What was found."""

    rows: dict[str, int] = {}
    problems: list[str] = []
    notes: list[str] = []
    problem_count: int = 0
    note_count: int = 0

    def problem(self, told: str) -> None:
        self.problem_count += 1
        if len(self.problems) < MOST_TOLD:
            self.problems.append(told)

    def note(self, told: str) -> None:
        self.note_count += 1
        if len(self.notes) < MOST_TOLD:
            self.notes.append(told)


class _Order(NamedTuple):
    state: OrderState
    filled: Decimal
    created_ms: int
    changed_ms: int


class _Account:
    """What orders and trades of one account say of each other."""

    def __init__(self) -> None:
        self.epoch = 0
        self.orders: dict[str, _Order] = {}
        self.traded: dict[str, Decimal] = {}
        self.oldest_trade_ms: int | None = None
        self.changed_ms = 0

    def order(self, record: OrderChanged) -> None:
        order, intent = record.order, record.order.intent
        known = _Order(order.state, order.filled_amount, intent.created_ms, record.market_ms)
        self.orders[intent.label] = known
        self.changed_ms = max(self.changed_ms, record.market_ms)

    def trade(self, record: Traded) -> None:
        fill = record.fill
        self.traded[fill.label] = self.traded.get(fill.label, Decimal(0)) + fill.amount
        self.oldest_trade_ms = min(self.oldest_trade_ms or fill.market_ms, fill.market_ms)


async def verify(connection: AsyncConnection) -> Report:
    """Everything there is to find. Raises JournalError through the picture it looks at."""
    report, accounts = Report(), dict[Scope, _Account]()
    if connection.dialect.name == "sqlite":
        for (told,) in await connection.exec_driver_sql("PRAGMA integrity_check"):
            if told != "ok":
                report.problem(f"file: {told}")
    for table in schema.metadata.sorted_tables:
        count = 0
        async for row in stored(connection, table):
            count += 1
            _check(table, row, accounts, report)
        report.rows[str(table.name)] = count
    for scope, account in accounts.items():
        _compare("/".join(scope), account, report)
    return report


def _check(table: Table, row: dict[str, Any], accounts: dict[Scope, _Account], report: Report) -> None:
    if table is schema.epochs:
        account = accounts.setdefault(_scope(row), _Account())
        account.epoch = max(account.epoch, row["epoch"])
    elif table is schema.checkpoints:
        _decoded(lambda: decode(Checkpoint, row["body"], f"checkpoint of {row['account_id']}"), report)
    elif table in schema.WRITTEN:
        where = f"{table.name} row {row['id']}"
        market_ms = row["changed_ms"] if table is schema.orders else row["market_ms"]
        record = _decoded(lambda: record_of(table, market_ms, row["body"], where), report)
        if record is not None:
            _columns(where, row, record, report)
            _remember(record, accounts.setdefault(_scope(row), _Account()))


def _decoded(decoding: Any, report: Report) -> Any:
    try:
        return decoding()
    except InvariantError as error:
        report.problem(str(error).removeprefix("journal, "))
        return None


def _columns(where: str, row: dict[str, Any], record: Record, report: Report) -> None:
    """The columns a row is searched by say what its body says."""
    for name, value in row_of(record).values.items():
        if name != "body" and row[name] != value:
            report.problem(f"{where}: {name} = {row[name]!r}, its body says {value!r}")


def _remember(record: Record, account: _Account) -> None:
    match record:
        case OrderChanged():
            account.order(record)
        case Traded():
            account.trade(record)
        case _:
            pass


def _compare(name: str, account: _Account, report: Report) -> None:
    for label, order in account.orders.items():
        traded = account.traded.get(label, Decimal(0))
        if order.filled != traded:
            told = f"{name}: {label} is {order.state}, filled {order.filled}, its trades come to {traded}"
            certain = order.state in TERMINAL and not _excused(order, account)
            (report.problem if certain else report.note)(told)
        _epoch(name, label, account, report)
    for label, amount in account.traded.items():
        if label not in account.orders and parse_label(label) is not None:
            report.note(f"{name}: trades of {amount} under {label}, of which there is no order")


def _excused(order: _Order, account: _Account) -> bool:
    """Its trades may be on their way, or too old to be kept."""
    young = account.changed_ms - order.changed_ms < SETTLING_MS
    old = account.oldest_trade_ms is None or order.created_ms < account.oldest_trade_ms
    return young or old


def _epoch(name: str, label: str, account: _Account, report: Report) -> None:
    parsed = parse_label(label)
    if parsed is not None and parsed.epoch > account.epoch:
        report.problem(f"{name}: {label} is of an epoch that was never begun; the last is {account.epoch}")


def _scope(row: dict[str, Any]) -> Scope:
    return Scope(*(row[name] for name in SCOPE))
