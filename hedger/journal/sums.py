"""What all trades of an account come to, by the label they bear and the instrument.

Exact decimals over every fill there ever was: the book of a hedge is its label, whichever run sent it. Trades
without a label are nobody's and are not summed.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.account import PAPER_TRADE
from hedger.domain.errors import InvariantError
from hedger.domain.order import Side
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.records import Adjusted
from hedger.execution.labels import parse_label
from hedger.journal import schema
from hedger.journal.codec import decode
from hedger.journal.schema import Scope

_Key = tuple[str, str, bool]  # label, instrument, of paper mode


class _Amount(msgspec.Struct, frozen=True):
    """The part of a fill's body that is summed."""

    side: Side
    amount: Decimal


_decoder = msgspec.json.Decoder(_Amount)


async def label_sums(connection: AsyncConnection, scope: Scope) -> tuple[LabelSum, ...]:
    """Every sum that is not zero, corrections included, in the order of its first trade.

    Raises InvariantError for an unreadable row.
    """
    sums: dict[_Key, Decimal] = {}
    table = schema.fills
    columns = (table.c.id, table.c.label, table.c.instrument, table.c.trade_id, table.c.body)
    query = select(*columns).where(scope.owns(table), table.c.label != "").order_by(table.c.id)
    for row_id, label, instrument, trade_id, body in await connection.execute(query):
        key = (_owner(label), instrument, trade_id.startswith(PAPER_TRADE))
        sums[key] = sums.get(key, Decimal(0)) + _signed(body, row_id)
    await _adjust(connection, scope, sums)
    return tuple(LabelSum(*key[:2], size, key[2]) for key, size in sums.items() if size)


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


async def _adjust(connection: AsyncConnection, scope: Scope, sums: dict[_Key, Decimal]) -> None:
    table = schema.adjustments
    query = select(table.c.id, table.c.body).where(scope.owns(table)).order_by(table.c.id)
    for row_id, body in await connection.execute(query):
        told = decode(Adjusted, body, f"{table.name} row {row_id}").sum
        key = (told.label, told.instrument, told.paper)
        sums[key] = sums.get(key, Decimal(0)) + told.size
