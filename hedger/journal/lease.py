"""One writer per account: the lease row, taken, renewed, released and checked in SQL.

    taken     when absent, released, expired, or held by a process that is proved dead; raises the epoch
    renewed   by holder and epoch, also after it expired if nobody took it meanwhile
    checked   at the end of every transaction of a run: a run whose epoch has passed writes nothing

Every "now" is the database's own, so hosts' clocks do not matter. A holder reckons its own end from its
monotonic clock before it asked: the row expires later than that, however late the database answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from hedger.journal.errors import LeaseHeld
from hedger.journal.inserts import Inserts
from hedger.journal.schema import Scope, epochs, leases

LEASE_S = 10.0  # how long a lease lasts unless it is renewed
RENEWED_AT = 1 / 3  # of its life
AGAIN_AT = 1 / 10  # of its life, after a renewal that failed
POLL_S = 0.25  # a free lease is noticed within this
RELEASED_MS = 0


class DatabaseNow(FunctionElement[int]):
    """The database's clock: ms since the Unix epoch."""

    type = BigInteger()
    inherit_cache = True


@compiles(DatabaseNow, "sqlite")
def _sqlite(_element: DatabaseNow, _compiler: Any, **_named: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"


@compiles(DatabaseNow, "postgresql")
def _postgresql(_element: DatabaseNow, _compiler: Any, **_named: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


async def acquire(
    connection: AsyncConnection,
    inserts: Inserts,
    scope: Scope,
    holder: str,
    duration_ms: int,
    market_ms: int,
    dead: Sequence[str] = (),
) -> int:
    """Take the lease and begin the account's next epoch, which is returned. Raises LeaseHeld.

    `dead` are holders whose process is known to have ended: their lease need not expire first.
    """
    await _lock_row(connection, inserts, scope)
    free = or_(leases.c.expires_ms < DatabaseNow(), leases.c.holder.in_((holder, *dead)))
    following = select(func.coalesce(func.max(epochs.c.epoch), 0) + 1).where(scope.owns(epochs))
    taken = await connection.execute(
        update(leases)
        .where(scope.owns(leases), free)
        .values(holder=holder, epoch=following.scalar_subquery(), expires_ms=DatabaseNow() + duration_ms)
        .returning(leases.c.epoch)
    )
    epoch = taken.scalar_one_or_none()
    if epoch is None:
        raise await held(connection, scope)
    row = {**scope._asdict(), "epoch": epoch, "market_ms": market_ms}
    await connection.execute(insert(epochs).values(row))
    return int(epoch)


async def _lock_row(connection: AsyncConnection, inserts: Inserts, scope: Scope) -> None:
    """Made, released, where there is none; then nobody else decides on it until the transaction ends.

    The insert is first, so that SQLite gives its one write lock before anything is read.
    """
    first = {**scope._asdict(), "holder": "", "epoch": 0, "expires_ms": RELEASED_MS}
    await connection.execute(inserts[leases], first)
    await connection.execute(select(leases.c.epoch).where(scope.owns(leases)).with_for_update())


async def held(connection: AsyncConnection, scope: Scope) -> LeaseHeld:
    """Who holds the lease, and for how long still if it is not renewed."""
    left = leases.c.expires_ms - DatabaseNow()
    row = (await connection.execute(select(leases.c.holder, left).where(scope.owns(leases)))).one()
    return LeaseHeld(scope.venue, scope.account_id, row[0], row[1] / 1000)


async def is_free(connection: AsyncConnection, scope: Scope) -> bool:
    """Whether it is worth asking for: a look that takes no lock."""
    taken = select(leases.c.epoch).where(scope.owns(leases), leases.c.expires_ms >= DatabaseNow())
    return (await connection.execute(taken)).first() is None


async def renew(connection: AsyncConnection, scope: Scope, holder: str, epoch: int, duration_ms: int) -> None:
    """Hold it for `duration_ms` from now. Raises LeaseHeld where another run has taken it."""
    mine = and_(scope.owns(leases), leases.c.holder == holder, leases.c.epoch == epoch)
    values = {"expires_ms": DatabaseNow() + duration_ms}
    if (await connection.execute(update(leases).where(mine).values(values))).rowcount != 1:
        raise await held(connection, scope)


async def release(connection: AsyncConnection, scope: Scope, holder: str, epoch: int) -> None:
    """Let a successor take it at once; nothing where it is another's already."""
    mine = and_(scope.owns(leases), leases.c.holder == holder, leases.c.epoch == epoch)
    await connection.execute(update(leases).where(mine).values(expires_ms=RELEASED_MS))


async def moved_on(connection: AsyncConnection, runs: dict[Scope, int]) -> LeaseHeld | None:
    """Whoever has taken an account from this run, None where every epoch is still its own.

    To be asked last in a transaction: SQLite has given it the one write lock by then, PostgreSQL keeps who
    would take the lease waiting until it commits.
    """
    for scope, epoch in runs.items():
        wanted = select(leases.c.epoch).where(scope.owns(leases)).with_for_update(read=True)
        if (await connection.execute(wanted)).scalar_one() != epoch:
            return await held(connection, scope)
    return None
