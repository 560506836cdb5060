"""What a report reads of a journal: intervals of the attribution, trades, and what was decided about them."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.account import Fill
from hedger.domain.order import Order
from hedger.domain.time_units import HOUR_MS
from hedger.domain.vocabulary import Action
from hedger.engine.decision import Decision
from hedger.engine.records import Attributed, Configured, HedgeDone
from hedger.journal import schema
from hedger.journal.codec import decode
from hedger.journal.schema import Scope

T = TypeVar("T", bound=msgspec.Struct)

LATER_MS = HOUR_MS
"""A hedge is written down when it ends: it may have begun this long before, and ended after, a trade."""


class Known(NamedTuple):
    """A period of one account, each list the oldest first."""

    scope: Scope
    attributed: tuple[Attributed, ...]
    fills: tuple[Fill, ...]
    orders: dict[str, Order]  # by label, of the trades
    hedges: tuple[HedgeDone, ...]
    decisions: dict[str, Decision]  # by the label of the order that they made
    configs: tuple[Configured, ...]  # in force in the period
    apart: tuple[Fill, ...] = ()  # of the time asked for, in no interval: at a start, or since the last one


async def newest_ms(connection: AsyncConnection) -> int:
    """Market time at which the last interval ended; 0: there is none."""
    newest = await connection.execute(select(func.max(schema.attributions.c.market_ms)))
    return int(newest.scalar_one() or 0)


async def newest_interval(
    connection: AsyncConnection, venue: str, environment: str, currency: str
) -> Attributed | None:
    """The last interval of a wallet, which holds the positions and marks it ended with; None: there is none.

    Raises InvariantError for an unreadable row.
    """
    table = schema.attributions
    columns = {"venue": venue, "environment": environment, "currency": currency}
    query = select(table.c.id, table.c.body).where(*(table.c[name] == it for name, it in columns.items()))
    newest = query.order_by(table.c.market_ms.desc(), table.c.id.desc()).limit(1)
    row = (await connection.execute(newest)).first()
    return None if row is None else decode(Attributed, row.body, f"{table.name} row {row.id}")


async def known(connection: AsyncConnection, from_ms: int, to_ms: int) -> list[Known]:
    """Every account with intervals in the period: an interval is in it where its middle is.

    Raises InvariantError for an unreadable row.
    """
    table = schema.attributions
    middle = table.c.from_ms + table.c.market_ms
    within = (middle >= 2 * from_ms, middle < 2 * to_ms)
    columns = [table.c[name] for name in schema.SCOPE]
    found = await connection.execute(select(*columns).where(*within).distinct().order_by(*columns))
    return [await _of(connection, Scope(*row), within, from_ms, to_ms) for row in found.all()]


async def _of(
    connection: AsyncConnection,
    scope: Scope,
    within: tuple[ColumnElement[bool], ...],
    from_ms: int,
    to_ms: int,
) -> Known:
    table = schema.attributions
    attributed = await _rows(connection, Attributed, table, scope, *within)
    first, last = min(row.from_ms for row in attributed), max(row.market_ms for row in attributed)
    since, until = min(first, from_ms - 1), max(last, to_ms - 1)

    def between(kind: Table, later_ms: int = 0) -> tuple[ColumnElement[bool], ...]:
        return kind.c.market_ms > since, kind.c.market_ms <= until + later_ms

    def inside(fill: Fill) -> bool:
        return first < fill.market_ms <= last

    fills = await _rows(connection, Fill, schema.fills, scope, *between(schema.fills))
    ended = between(schema.hedges, LATER_MS)
    made = (schema.decisions.c.action == str(Action.HEDGE), *between(schema.decisions))
    decisions = await _rows(connection, Decision, schema.decisions, scope, *made)
    return Known(
        scope=scope,
        attributed=attributed,
        fills=tuple(filter(inside, fills)),
        orders=await _orders(connection, scope, fills),
        hedges=await _rows(connection, HedgeDone, schema.hedges, scope, *ended),
        decisions={decision.label: decision for decision in decisions},
        configs=await _configs(connection, scope, first, last),
        apart=await _apart(connection, scope, [fill for fill in fills if not inside(fill)]),
    )


async def _apart(connection: AsyncConnection, scope: Scope, fills: list[Fill]) -> tuple[Fill, ...]:
    """Those in no interval at all: the others are told with the period whose interval they are in."""
    if not fills:
        return ()
    table = schema.attributions
    near = (table.c.market_ms >= fills[0].market_ms, table.c.from_ms < fills[-1].market_ms)
    found = (
        await connection.execute(select(table.c.from_ms, table.c.market_ms).where(scope.owns(table), *near))
    ).all()
    return tuple(fill for fill in fills if not any(one < fill.market_ms <= end for one, end in found))


async def _orders(connection: AsyncConnection, scope: Scope, fills: tuple[Fill, ...]) -> dict[str, Order]:
    labels = sorted({fill.label for fill in fills if fill.label})
    found: dict[str, Order] = {}
    for at in range(0, len(labels), 500):
        wanted = schema.orders.c.label.in_(labels[at : at + 500])
        orders = await _rows(connection, Order, schema.orders, scope, wanted)
        found.update({order.intent.label: order for order in orders})
    return found


async def _configs(
    connection: AsyncConnection, scope: Scope, first_ms: int, last_ms: int
) -> tuple[Configured, ...]:
    """Those that took effect in the period, and the one that it began under."""
    table = schema.configs
    rows = await _rows(connection, Configured, table, scope, table.c.market_ms <= last_ms)
    before = [row for row in rows if row.market_ms <= first_ms]
    return (*before[-1:], *(row for row in rows if row.market_ms > first_ms))


async def _rows(
    connection: AsyncConnection, kind: type[T], table: Table, scope: Scope, *wanted: ColumnElement[bool]
) -> tuple[T, ...]:
    query = select(table.c.id, table.c.body).where(scope.owns(table), *wanted)
    order = [table.c.id] if "market_ms" not in table.c else [table.c.market_ms, table.c.id]
    rows: Any = (await connection.execute(query.order_by(*order))).all()
    return tuple(decode(kind, body, f"{table.name} row {row_id}") for row_id, body in rows)
