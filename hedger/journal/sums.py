"""What all trades of an account come to, by the label they bear and the instrument.

Exact decimals over every fill there ever was: the book of a hedge is its label, whichever run sent it. Trades
without a label are nobody's and are not summed. A checkpoint holds what the older ones come to, so that a
start reads the newer ones only, and the older ones may be deleted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec
from sqlalchemy import Select, Table, and_, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.account import PAPER_TRADE
from hedger.domain.errors import InvariantError
from hedger.domain.order import Side
from hedger.domain.time_units import DAY_MS
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.records import Adjusted
from hedger.execution.labels import parse_label
from hedger.journal.codec import decode, encode
from hedger.journal.schema import SCOPE, Scope, adjustments, checkpoints, fills

MOST_SUMMED = 2_000
"""Trades newer than the checkpoint, beyond which a start brings it forward."""

STEP = 500
"""Trades that one transaction brings into the checkpoint while orders may wait for it."""

RECENT_MS = DAY_MS
"""No trade younger than this is in a checkpoint, nor any after it: it may not be the last to be written."""

_Key = tuple[str, str, bool]  # label, instrument, of paper mode


class Checkpoint(msgspec.Struct, frozen=True, tag="checkpoint", forbid_unknown_fields=True):
    """What the rows up to two ids come to."""

    fills_through: int
    adjustments_through: int
    fills: tuple[LabelSum, ...]
    adjustments: tuple[LabelSum, ...]


_NOTHING = Checkpoint(fills_through=0, adjustments_through=0, fills=(), adjustments=())


class _Amount(msgspec.Struct, frozen=True):
    """The part of a fill's body that is summed."""

    side: Side
    amount: Decimal


_decoder = msgspec.json.Decoder(_Amount)


class Totals(NamedTuple):
    """Sums that are not zero, in the order of their first trade; trades and corrections apart."""

    fills: dict[_Key, Decimal]
    adjustments: dict[_Key, Decimal]

    def label_sums(self) -> tuple[LabelSum, ...]:
        """By label and instrument, corrections included."""
        both = dict(self.fills)
        for key, size in self.adjustments.items():
            both[key] = both.get(key, Decimal(0)) + size
        return _told({key: size for key, size in both.items() if key[0]})

    def paper_positions(self) -> dict[str, Decimal]:
        """What paper mode's own trades come to per instrument.

        Real trades are in a paper account's rows, too: the venue tells them, and its positions hold them.
        """
        sizes: dict[str, Decimal] = {}
        for (_, instrument, paper), size in self.fills.items():
            if paper:
                sizes[instrument] = sizes.get(instrument, Decimal(0)) + size
        return {name: size for name, size in sizes.items() if size}


async def totals(connection: AsyncConnection, scope: Scope, last: Checkpoint) -> Totals:
    """Everything up to now: the checkpoint and what came after it. Raises InvariantError for an unreadable
    row."""
    return await _added(connection, scope, last, None, None)


async def newer_than_checkpoint(connection: AsyncConnection, scope: Scope, last: Checkpoint) -> int:
    """How many trades a start has to sum; counted no further than MOST_SUMMED + 1."""
    through = last.fills_through
    newer = (
        select(fills.c.id).where(scope.owns(fills), fills.c.id > through).limit(MOST_SUMMED + 1).subquery()
    )
    return int((await connection.execute(select(func.count()).select_from(newer))).scalar_one())


async def checkpoint_of(connection: AsyncConnection, scope: Scope) -> Checkpoint:
    """The account's checkpoint; one of nothing where there is none yet."""
    found = await connection.execute(select(checkpoints.c.body).where(scope.owns(checkpoints)))
    body = found.scalar_one_or_none()
    return _NOTHING if body is None else decode(Checkpoint, body, f"checkpoint of {scope.account_id}")


async def advance(connection: AsyncConnection, scope: Scope, market_ms: int, most: int | None) -> Checkpoint:
    """Bring the checkpoint forward by at most `most` trades that are a day old; `market_ms` is now.

    Returns what it is then: the same as before when there is no more to do.
    """
    last = await _held(connection, scope)
    before_ms = market_ms - RECENT_MS
    upto = [
        max(through, await _next_through(connection, scope, table, through, before_ms, most))
        for table, through in ((fills, last.fills_through), (adjustments, last.adjustments_through))
    ]
    told = await _added(connection, scope, last, *upto)
    made = Checkpoint(
        fills_through=upto[0],
        adjustments_through=upto[1],
        fills=_told(told.fills),
        adjustments=_told(told.adjustments),
    )
    if made != last:
        moved = update(checkpoints).where(scope.owns(checkpoints))
        await connection.execute(moved.values(market_ms=market_ms, body=encode(made)))
    return made


async def _held(connection: AsyncConnection, scope: Scope) -> Checkpoint:
    """The account's checkpoint, with its row locked: of two that bring it forward one waits for the other."""
    absent = ~select(checkpoints.c.market_ms).where(scope.owns(checkpoints)).exists()
    first = select(*(literal(value) for value in (*scope, 0, encode(_NOTHING)))).where(absent)
    await connection.execute(insert(checkpoints).from_select([*SCOPE, "market_ms", "body"], first))
    await connection.execute(select(checkpoints.c.body).where(scope.owns(checkpoints)).with_for_update())
    return await checkpoint_of(connection, scope)


async def _next_through(
    connection: AsyncConnection,
    scope: Scope,
    table: Table,
    through: int,
    before_ms: int,
    most: int | None,
) -> int:
    """The id of the last of the next rows that are all old, `most` of them; 0: the next one is not."""
    following = select(table.c.id, table.c.market_ms).where(scope.owns(table), table.c.id > through)
    found = 0
    for row_id, market_ms in await connection.execute(following.order_by(table.c.id).limit(most)):
        if market_ms >= before_ms:
            break
        found = row_id
    return found


async def _added(
    connection: AsyncConnection,
    scope: Scope,
    last: Checkpoint,
    fills_upto: int | None,
    adjustments_upto: int | None,
) -> Totals:
    """A checkpoint and the rows after it, up to an id where one is given."""
    traded, adjusted = _by_key(last.fills), _by_key(last.adjustments)
    counts = or_(fills.c.label != "", fills.c.trade_id.startswith(PAPER_TRADE, autoescape=True))
    columns = (fills.c.id, fills.c.label, fills.c.instrument, fills.c.trade_id, fills.c.body)
    query = _after(select(*columns).where(scope.owns(fills), counts), fills, last.fills_through, fills_upto)
    for row_id, label, instrument, trade_id, body in await connection.execute(query):
        key = (_owner(label), instrument, trade_id.startswith(PAPER_TRADE))
        traded[key] = traded.get(key, Decimal(0)) + _signed(body, row_id)
    query = select(adjustments.c.id, adjustments.c.body).where(scope.owns(adjustments))
    query = _after(query, adjustments, last.adjustments_through, adjustments_upto)
    for row_id, body in await connection.execute(query):
        told = decode(Adjusted, body, f"adjustments row {row_id}").sum
        key = (told.label, told.instrument, told.paper)
        adjusted[key] = adjusted.get(key, Decimal(0)) + told.size
    return Totals(traded, adjusted)


def _after(query: Select, table: Table, through: int, upto: int | None) -> Select:  # type: ignore[type-arg]
    """The part of a query between two ids, in their order."""
    wanted = table.c.id > through if upto is None else and_(table.c.id > through, table.c.id <= upto)
    return query.where(wanted).order_by(table.c.id)


def _by_key(sums: tuple[LabelSum, ...]) -> dict[_Key, Decimal]:
    return {(each.label, each.instrument, each.paper): each.size for each in sums}


def _told(sums: dict[_Key, Decimal]) -> tuple[LabelSum, ...]:
    return tuple(LabelSum(label, name, size, paper) for (label, name, paper), size in sums.items() if size)


def _owner(label: str) -> str:
    """All labels of one book are one: `h-BOOK`."""
    parsed = parse_label(label)
    return label if parsed is None else f"h-{parsed.book}"


def _signed(body: str, row_id: int) -> Decimal:
    try:
        traded = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise InvariantError(f"journal, fills row {row_id}: not a Fill: {error}") from error
    return traded.amount * traded.side.sign
