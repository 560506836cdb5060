"""What is deleted, when: old rows in small batches, found by a reader and removed while nothing waits.

Never deleted: the last word of each book (breaker, hold, override, latch ...), orders that have not ended,
the newest trades of an account and those that no checkpoint holds. So no deletion changes what a start finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.order import TERMINAL
from hedger.domain.time_units import DAY_MS
from hedger.journal import queries, schema, sums
from hedger.journal.schema import Scope

BATCH_ROWS = 200

_ENDED = sorted(state.value for state in TERMINAL)


class Keep(NamedTuple):
    """Days of market time; 0: for ever. `orders_days` for orders, trades, hedges and the attribution, `days`
    for the rest."""

    days: int
    orders_days: int


class Rule(NamedTuple):
    """Rows of a table that are old by a column; of `last_of` the newest of each group stays."""

    table: Table
    time: str
    days: int
    last_of: tuple[str, ...] = ()


def rules(keep: Keep) -> Iterator[Rule]:
    """Every table that grows, and how long its rows are kept."""
    for table in (
        schema.decisions,
        schema.configs,
        schema.setting_changes,
        schema.cash_flows,
    ):
        yield Rule(table, "market_ms", keep.days)
    for table in (schema.commands, schema.overrides, schema.holds, schema.rivals, schema.kept):
        yield Rule(table, "market_ms", keep.days, ("book",))
    yield Rule(schema.acceptances, "market_ms", keep.days)
    yield Rule(schema.snapshots, "market_ms", keep.days, ("venue",))
    yield Rule(schema.attributions, "market_ms", keep.orders_days, ("currency",))
    yield Rule(schema.guards, "market_ms", keep.days, ("book", "kind"))
    yield Rule(schema.orders, "changed_ms", keep.orders_days)
    for table in (schema.hedges, schema.fills, schema.adjustments):
        yield Rule(table, "market_ms", keep.orders_days)


async def old_rows(connection: AsyncConnection, rule: Rule, scope: Scope, market_ms: int) -> list[int]:
    """Ids of at most BATCH_ROWS rows that a rule lets go; `market_ms` is now."""
    if not rule.days:
        return []
    table, before_ms = rule.table, market_ms - rule.days * DAY_MS
    wanted = [scope.owns(table), table.c[rule.time] < before_ms, *await _also(connection, rule, scope)]
    query = select(table.c.id).where(*wanted).order_by(table.c[rule.time]).limit(BATCH_ROWS)
    return list((await connection.execute(query)).scalars())


async def _also(connection: AsyncConnection, rule: Rule, scope: Scope) -> list[ColumnElement[bool]]:
    """What a row must fulfil besides its age."""
    table = rule.table
    if table is schema.orders:
        return [table.c.state.in_(_ENDED)]
    if table is schema.fills:
        through = (await sums.checkpoint_of(connection, scope)).fills_through
        newest_ms = await queries.last_fill_ms(connection, scope)
        base = await queries.baseline(connection, scope)
        needed_ms = await queries.told_again_ms(connection, scope, newest_ms, base)
        return [_summed(table, through), table.c.market_ms < needed_ms]
    if table is schema.adjustments:
        return [_summed(table, (await sums.checkpoint_of(connection, scope)).adjustments_through)]
    if rule.last_of:
        groups = (table.c[name] for name in rule.last_of)
        return [table.c.id.not_in(select(func.max(table.c.id)).where(scope.owns(table)).group_by(*groups))]
    return []


def _summed(table: Table, through: int) -> ColumnElement[bool]:
    """In the checkpoint, and not the row with the highest id: SQLite would give that id again, to a row that
    the checkpoint then passes over."""
    return and_(table.c.id <= through, table.c.id < select(func.max(table.c.id)).scalar_subquery())


async def forget(connection: AsyncConnection, rule: Rule, ids: list[int]) -> None:
    """Delete these rows."""
    await connection.execute(delete(rule.table).where(rule.table.c.id.in_(ids)))
