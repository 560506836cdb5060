"""The newest of a journal as it comes: decisions, orders and trades of every account, the oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.engine.records import Record
from hedger.journal import schema
from hedger.journal.rows import record_of

_TIMES = {schema.decisions: "market_ms", schema.orders: "changed_ms", schema.fills: "market_ms"}
KINDS = {str(table.name): table for table in _TIMES}


class Line(NamedTuple):
    """One row: when (market time), which table, what."""

    market_ms: int
    table: str
    record: Record


class Tail:
    """Remembers what it has told; an order is told again when it has changed."""

    def __init__(self, tables: Iterable[str], count: int) -> None:
        """`count` rows of each table to begin with."""
        self._tables, self._count = [KINDS[name] for name in tables], count
        self._told: dict[Table, dict[Any, str]] = {}
        self._since_ms: dict[Table, int] = {}

    async def more(self, connection: AsyncConnection) -> list[Line]:
        """What is new since the last call. Raises InvariantError for an unreadable row."""
        found = [line for table in self._tables for line in await self._of(connection, table)]
        return sorted(found, key=lambda line: line.market_ms)

    async def _of(self, connection: AsyncConnection, table: Table) -> list[Line]:
        time: Column[int] = table.c[_TIMES[table]]
        query = select(table.c.id, time.label("at_ms"), table.c.body)
        if table in self._since_ms:
            query = query.where(time >= self._since_ms[table]).order_by(time, table.c.id)
        else:
            query = query.order_by(time.desc(), table.c.id.desc()).limit(self._count)
        rows = list((await connection.execute(query)).mappings().all())
        fresh = [_line(table, row) for row in self._fresh(table, rows)]
        self._remember(table, rows)
        return fresh

    def _fresh(self, table: Table, rows: list[RowMapping]) -> Iterator[RowMapping]:
        told = self._told.get(table, {})
        yield from (row for row in rows if told.get(row["id"]) != row["body"])

    def _remember(self, table: Table, rows: list[RowMapping]) -> None:
        """Rows of the newest time, which further ones may share."""
        newest = max((row["at_ms"] for row in rows), default=self._since_ms.get(table, 0))
        self._since_ms[table] = newest
        self._told[table] = {row["id"]: row["body"] for row in rows if row["at_ms"] == newest}


def _line(table: Table, row: RowMapping) -> Line:
    name, at_ms = str(table.name), row["at_ms"]
    return Line(at_ms, name, record_of(table, at_ms, row["body"], f"{name} row {row['id']}"))
