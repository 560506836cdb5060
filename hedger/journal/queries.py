"""What is read back: recovery's half of the truth, and the lists that surfaces show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.account import Fill
from hedger.domain.order import TERMINAL, Order
from hedger.domain.time_units import HOUR_MS
from hedger.domain.vocabulary import BreakerState
from hedger.engine.ownership.owned import CashFlow
from hedger.engine.records import (
    Attributed,
    Latched,
    LossReferenced,
    Overridden,
    ShadowsKept,
    SmileSampled,
    Snapshot,
)
from hedger.journal import schema
from hedger.journal.codec import decode
from hedger.journal.schema import BLANK, Scope

SMILE_DAYS = 90
"""Of what the smile has shown this much is read back, though a book may learn from more."""

_ASKED_BEFORE_MS = HOUR_MS  # the engine asks from a minute before; a venue's times may differ from ours

T = TypeVar("T", bound=msgspec.Struct)

_ENDED = sorted(state.value for state in TERMINAL)


async def open_and_recent_orders(
    connection: AsyncConnection, scope: Scope, since_ms: int
) -> tuple[Order, ...]:
    """Orders without an end, and those that changed at or after `since_ms`; oldest first."""
    table = schema.orders
    wanted = or_(table.c.state.not_in(_ENDED), table.c.changed_ms >= since_ms)
    return await _bodies(connection, Order, table, _of(scope, table, wanted).order_by(table.c.id))


async def recent_fills(connection: AsyncConnection, scope: Scope, since_ms: int) -> tuple[Fill, ...]:
    """Fills at or after `since_ms`, oldest first."""
    table = schema.fills
    query = _of(scope, table, table.c.market_ms >= since_ms).order_by(table.c.market_ms, table.c.id)
    return await _bodies(connection, Fill, table, query)


async def told_again_ms(
    connection: AsyncConnection, scope: Scope, newest_ms: int, base: Snapshot | None
) -> int:
    """Trades from here on a venue will be asked for once more, and must be known then, however old they are:
    since shortly before the newest one, since the making of an order whose end is not known, and since the
    positions that were understood last."""
    orders = schema.orders
    oldest = select(func.min(orders.c.created_ms)).where(scope.owns(orders), orders.c.state.not_in(_ENDED))
    open_ms = (await connection.execute(oldest)).scalar_one()
    since = [newest_ms]
    if open_ms is not None:
        since.append(int(open_ms))
    if base is not None and base.told_ms:
        since.append(base.told_ms)
    return min(since) - _ASKED_BEFORE_MS


async def last_fill_ms(connection: AsyncConnection, scope: Scope) -> int:
    """Market time of the newest fill; 0: none."""
    table = schema.fills
    newest = await connection.execute(select(func.max(table.c.market_ms)).where(scope.owns(table)))
    return int(newest.scalar_one() or 0)


async def baseline(connection: AsyncConnection, scope: Scope) -> Snapshot | None:
    """The newest snapshot; None before the first."""
    table = schema.snapshots
    last = select(func.max(table.c.id)).where(scope.owns(table)).scalar_subquery()
    found = await _bodies(connection, Snapshot, table, _of(scope, table, table.c.id == last))
    return found[0] if found else None


async def breakers(connection: AsyncConnection, scope: Scope) -> dict[str, BreakerState]:
    """The latched state per book ("" the daemon): the last command given, in this scope or before any."""
    table = schema.commands
    mine = or_(scope.owns(table), BLANK.owns(table))
    last = select(func.max(table.c.id)).where(mine).group_by(table.c.book)
    rows = await connection.execute(
        select(table.c.book, table.c.state).where(table.c.id.in_(last)).order_by(table.c.book)
    )
    return {book: BreakerState(state) for book, state in rows}


async def overrides(connection: AsyncConnection, scope: Scope) -> dict[str, Overridden]:
    """The last override given per book, in this scope or before any; it may have lapsed."""
    table = schema.overrides
    mine = or_(scope.owns(table), BLANK.owns(table))
    last = select(func.max(table.c.id)).where(mine).group_by(table.c.book)
    query = select(table.c.id, table.c.body).where(table.c.id.in_(last)).order_by(table.c.book)
    return {each.book: each for each in await _bodies(connection, Overridden, table, query)}


async def latches(connection: AsyncConnection, scope: Scope) -> tuple[Latched, ...]:
    """The newest latch of every book that has not ended."""
    newest = await _bodies(connection, Latched, schema.guards, _newest_guards(scope, "latched"))
    return tuple(latch for latch in newest if latch.detail)


async def loss_references(connection: AsyncConnection, scope: Scope) -> tuple[LossReferenced, ...]:
    """What the losses of every book are counted from, by period."""
    query = _newest_guards(scope, "loss_day", "loss_start")
    return await _bodies(connection, LossReferenced, schema.guards, query)


async def smiles(connection: AsyncConnection, scope: Scope, since_ms: int) -> tuple[SmileSampled, ...]:
    """What the smile has shown each book at or after `since_ms`, oldest first."""
    table = schema.guards
    wanted = and_(table.c.kind == schema.SMILE, table.c.market_ms >= since_ms)
    query = _of(scope, table, wanted).order_by(table.c.market_ms, table.c.id)
    return await _bodies(connection, SmileSampled, table, query)


async def shadows(connection: AsyncConnection, scope: Scope) -> tuple[ShadowsKept, ...]:
    """What the shadows of every book have come to."""
    return await _bodies(connection, ShadowsKept, schema.guards, _newest_guards(scope, schema.SHADOWS))


def _newest_guards(scope: Scope, *kinds: str) -> Select[Any]:
    table = schema.guards
    mine = and_(scope.owns(table), table.c.kind.in_(kinds))
    last = select(func.max(table.c.id)).where(mine).group_by(table.c.book, table.c.kind)
    return select(table.c.id, table.c.body).where(table.c.id.in_(last)).order_by(table.c.id)


async def cash_flows(connection: AsyncConnection, scope: Scope, since_ms: int) -> tuple[CashFlow, ...]:
    """Deposits, withdrawals and spot trades at or after `since_ms`, oldest first."""
    table = schema.cash_flows
    query = _of(scope, table, table.c.market_ms >= since_ms).order_by(table.c.market_ms, table.c.id)
    return await _bodies(connection, CashFlow, table, query)


async def attributed(connection: AsyncConnection, scope: Scope, since_ms: int) -> tuple[Attributed, ...]:
    """Intervals of the attribution that end after `since_ms`, and the newest of each wallet; oldest first."""
    table = schema.attributions
    last = select(func.max(table.c.id)).where(scope.owns(table)).group_by(table.c.currency)
    wanted = or_(table.c.market_ms > since_ms, table.c.id.in_(last))
    return await _bodies(connection, Attributed, table, _of(scope, table, wanted).order_by(table.c.id))


async def last_of_each_book(
    connection: AsyncConnection, kind: type[T], table: Table, scope: Scope
) -> tuple[T, ...]:
    """The newest row of every book in a table that has one column for it."""
    last = select(func.max(table.c.id)).where(scope.owns(table)).group_by(table.c.book)
    return await _bodies(
        connection, kind, table, _of(scope, table, table.c.id.in_(last)).order_by(table.c.id)
    )


async def newest(
    connection: AsyncConnection,
    kind: type[T],
    table: Table,
    limit: int,
    time: ColumnElement[int],
    *wanted: ColumnElement[bool],
) -> tuple[T, ...]:
    """The newest rows by `time` that fulfil `wanted`, newest first."""
    query = select(table.c.id, table.c.body).where(*wanted).order_by(time.desc(), table.c.id.desc())
    return await _bodies(connection, kind, table, query.limit(limit))


def _of(scope: Scope, table: Table, wanted: ColumnElement[bool]) -> Select[Any]:
    return select(table.c.id, table.c.body).where(scope.owns(table), wanted)


async def _bodies(
    connection: AsyncConnection, kind: type[T], table: Table, query: Select[Any]
) -> tuple[T, ...]:
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return tuple(decode(kind, body, f"{table.name} row {row_id}") for row_id, body in rows)
