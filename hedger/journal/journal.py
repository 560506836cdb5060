"""The journal: SQLite in a file or PostgreSQL by URL; every commit durable, none on the event loop.

journal = await Journal.open(path)                      # or "postgresql://hedger@db/hedger", with a password
loaded = await journal.load(venue, environment, account_id, market_ms)   # takes the lease, begins an epoch
await journal.write(records)                                             # durable on return
await journal.close()
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Self

from sqlalchemy import ColumnElement, Table, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.order import Order
from hedger.domain.vocabulary import Environment
from hedger.engine.decision import Decision
from hedger.engine.events import JournalLoaded
from hedger.engine.records import HedgeDone, HoldSet, Kept, Record, RivalSeen
from hedger.journal import lease, queries, schema, sums
from hedger.journal.errors import JournalError, LeaseHeld
from hedger.journal.lock import ProcessLock, lock_of
from hedger.journal.places import store_of
from hedger.journal.rows import Numbered, Row, by_table, row_of
from hedger.journal.schema import BLANK, Scope, write_marks
from hedger.journal.store import FAILURES, Store, failed, prepare

LEASE_S = 10.0  # how long a lease lasts unless it is renewed
RELEASE_S = 1.0  # how long giving it back may take at the end; it expires by itself


class Journal:
    """Orders, fills, decisions and what else a run leaves behind. Opened by `Journal.open`.

    Of each account one process writes, others wait.
    """

    def __init__(self, store: Store, holder: str, lease_s: float) -> None:
        self.store, self.commits, self.holder, self.lease_s = store, 0, holder, lease_s
        self._run = uuid.uuid4().hex
        self._lock: ProcessLock | None = None
        self._reached: int | None = 0  # the highest number in the tables; None: the last attempt is doubtful
        self._scopes: dict[str, Scope] = {}
        self._held: dict[Scope, int] = {}  # the epoch of each lease of this run
        self._connection: AsyncConnection | None = None
        self._one_writer = asyncio.Lock()

    @classmethod
    async def open(
        cls, place: Path | str, password: str = "", *, holder: str = "", lease_s: float = LEASE_S
    ) -> Journal:
        """Create or open the journal in a file, or in a database by its URL; `holder` names us to others.

        Raises ConfigError when the place cannot be used: a directory that may not be written, what is no
        journal, a journal of a newer hedger, a driver that is not installed; AuthError and JournalUnreachable
        for a server that refuses or does not answer.
        """
        store = store_of(place, password)
        try:
            await prepare(store)
        except BaseException:
            await store.engine.dispose()
            raise
        return cls(store, holder or process_name(), lease_s)

    async def close(self) -> None:
        """Give leases, connections and the lock back. What was not acknowledged is not written."""
        with suppress(JournalError, LeaseHeld, TimeoutError):  # what is not given back expires
            async with asyncio.timeout(RELEASE_S):
                await self._release()
        async with self._one_writer:
            if self._connection is not None:
                await self._connection.close()
                self._connection = None
        await self.store.engine.dispose()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def _release(self) -> None:
        if not self._held:
            return
        async with self.transaction() as connection:
            for scope, epoch in self._held.items():
                await lease.release(connection, scope, self.holder, epoch)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def load(
        self, venue: str, environment: Environment, account_id: str, market_ms: int
    ) -> JournalLoaded:
        """Take the account's lease, begin an epoch, tell what is known; rows of the venue are its from now.

        Raises LeaseHeld while another run holds it, JournalError when the epoch could not be made durable,
        InvariantError for an unreadable row.
        """
        scope = self._scopes[venue] = Scope(venue, str(environment), account_id)
        since_ms = market_ms - queries.DAY_MS
        async with self._acquired(scope, market_ms) as (connection, epoch):
            known_ms = min(since_ms, await queries.told_again_ms(connection, scope))
            loaded = JournalLoaded(
                venue=venue,
                environment=environment,
                account_id=account_id,
                epoch=epoch,
                orders=await queries.open_and_recent_orders(connection, scope, known_ms),
                fills=await queries.recent_fills(connection, scope, known_ms),
                breakers=await queries.breakers(connection, scope),
                overrides=await queries.overrides(connection, scope),
                last_fill_ms=await queries.last_fill_ms(connection, scope),
                latches=await queries.latches(connection, scope),
                loss_references=await queries.loss_references(connection, scope),
                sums=(await self._totals(connection, scope, market_ms)).label_sums(),
                cash_flows=await queries.cash_flows(connection, scope, since_ms - queries.DAY_MS),
                holds=await queries.last_of_each_book(connection, HoldSet, schema.holds, scope),
                kept=await queries.last_of_each_book(connection, Kept, schema.kept, scope),
                rivals=await queries.last_of_each_book(connection, RivalSeen, schema.rivals, scope),
            )
        return loaded

    @asynccontextmanager
    async def _acquired(self, scope: Scope, market_ms: int) -> AsyncIterator[tuple[AsyncConnection, int]]:
        """A transaction that holds the lease. The dead are known by the lock file they no longer hold."""
        lock = self._lock or self._attempt()
        dead = lock.signed() if lock is not None else ()
        try:
            await self._look(scope, dead)
            if lock is not None:
                lock.sign(self.holder, *dead)
            async with self.transaction() as connection:
                duration_ms = int(self.lease_s * 1000)
                epoch = await lease.acquire(connection, scope, self.holder, duration_ms, market_ms, dead)
                self._held[scope] = epoch
                yield connection, epoch
        except BaseException:
            self._held.pop(scope, None)
            if lock is not None and lock is not self._lock:
                lock.sign(*dead)
                lock.release()
            raise
        self._keep(lock)

    async def _look(self, scope: Scope, dead: Sequence[str]) -> None:
        """Raises LeaseHeld, by a look that takes no lock: who waits does not disturb the holder's writes."""
        async with self.reading() as connection:
            if await lease.is_free(connection, scope):
                return
            held = await lease.held(connection, scope)
        if held.holder not in (self.holder, *dead):
            raise held

    async def renew(self, venue: str) -> None:
        """Hold the account's lease for `lease_s` from now.

        Raises LeaseHeld where another run has taken it, JournalError where the store did not answer.
        """
        scope = self._scopes[venue]
        async with self.transaction() as connection:
            duration_ms = int(self.lease_s * 1000)
            await lease.renew(connection, scope, self.holder, self._held[scope], duration_ms)
        if self._lock is None:
            self._keep(self._attempt())

    def _attempt(self) -> ProcessLock | None:
        """The lock beside a file; a server's hosts are not ours to look at."""
        return None if self.store.path is None else ProcessLock.attempt(lock_of(self.store.path))

    def _keep(self, lock: ProcessLock | None) -> None:
        """Sign the lock; a frozen holder before us may have it still, then it is tried again later."""
        if lock is not None:
            lock.sign(self.holder)
            self._lock = lock

    async def write(self, records: Iterable[Record]) -> None:
        """Write all or nothing; durable on return. Raises JournalError, LeaseHeld."""
        await self.write_rows([row_of(record) for record in records])

    async def write_rows(self, rows: Iterable[Row]) -> None:
        """Like `write`, of rows already encoded. Writing the same rows again changes no order and no fill.

        A run that holds no account yet writes what a person has told it and nothing else.
        """
        async with self.transaction() as connection:
            await self._insert(connection, rows)

    async def write_numbered(self, writes: Sequence[Numbered]) -> None:
        """Like `write_rows`, of writes in the order of their numbers, which belong to this run.

        After an attempt whose outcome is unknown (the connection was lost during its commit) the same writes
        are given again, perhaps with more: those that are in the tables are left out. With none at all it is
        a commit that proves the database well.
        """
        known, self._reached = self._reached, None
        async with self.transaction() as connection:
            if known is None:
                known = await self._written(connection)
            fresh = [write for write in writes if write.sequence > known]
            await self._insert(connection, chain.from_iterable(write.rows for write in fresh))
            reached = max((known, *(write.sequence for write in fresh)))
            mark = {"run": self._run, "sequence": reached}
            await connection.execute(self.store.inserts[write_marks], mark)
        self._reached = reached

    async def _written(self, connection: AsyncConnection) -> int:
        """The highest number in the tables; an attempt that is not decided yet is waited for."""
        mine = write_marks.c.run == self._run
        first = select(literal(self._run), literal(0)).where(~select(write_marks.c.run).where(mine).exists())
        await connection.execute(insert(write_marks).from_select(["run", "sequence"], first))
        query = select(write_marks.c.sequence).where(mine).with_for_update()
        return int((await connection.execute(query)).scalar_one())

    async def _insert(self, connection: AsyncConnection, rows: Iterable[Row]) -> None:
        mine = rows if self._held else [row for row in rows if row.table in schema.TOLD]
        for table, values in by_table(mine, self._scope_of):
            await connection.execute(self.store.inserts[table], values)

    async def decisions(
        self, limit: int, book: str = "", before_ms: int | None = None
    ) -> tuple[Decision, ...]:
        """The loaded accounts' newest decisions first; of one book, before a market time, where given."""
        table = schema.decisions
        wanted = self._mine(table, book)
        if before_ms is not None:
            wanted.append(table.c.market_ms < before_ms)
        async with self.reading() as connection:
            return await queries.newest(connection, Decision, table, limit, table.c.market_ms, *wanted)

    async def orders(self, limit: int, book: str = "") -> tuple[Order, ...]:
        """The loaded accounts' orders made last, newest first."""
        table = schema.orders
        wanted = self._mine(table, book)
        async with self.reading() as connection:
            return await queries.newest(connection, Order, table, limit, table.c.created_ms, *wanted)

    async def hedges(self, limit: int, book: str = "") -> tuple[HedgeDone, ...]:
        """The loaded accounts' hedges that ended last, newest first, each with its shortfall."""
        table = schema.hedges
        async with self.reading() as connection:
            return await queries.newest(
                connection, HedgeDone, table, limit, table.c.market_ms, *self._mine(table, book)
            )

    async def paper_positions(
        self, venue: str, environment: Environment, account_id: str
    ) -> dict[str, Decimal]:
        """What paper mode holds of this account: signed amounts by instrument, none of them 0.

        Raises JournalError, InvariantError for an unreadable row.
        """
        async with self.reading() as connection:
            scope = Scope(venue, str(environment), account_id)
            return (await sums.totals(connection, scope)).paper_positions()

    async def _totals(self, connection: AsyncConnection, scope: Scope, market_ms: int) -> sums.Totals:
        """What trades come to; where many are newer than the checkpoint, that is brought forward first."""
        if await sums.newer_than_checkpoint(connection, scope) > sums.MOST_SUMMED:
            await sums.advance(connection, scope, market_ms, most=None)
        return await sums.totals(connection, scope)

    @property
    def holds(self) -> bool:
        """Whether this run writes for an account."""
        return bool(self._held)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Of the accounts loaded in this run, and of what was written for none of them."""
        return (BLANK, *self._scopes.values())

    def _mine(self, table: Table, book: str) -> list[ColumnElement[bool]]:
        """Rows of the accounts loaded in this run, and of one book where given."""
        mine = or_(*(scope.owns(table) for scope in self.scopes))
        return [mine, table.c.book == book] if book else [mine]

    def _scope_of(self, venue: str) -> Scope:
        """The scope of a record of `venue`; without one that of the only account, if one is."""
        if venue:
            return self._scopes.get(venue, Scope(venue))
        return next(iter(self._scopes.values())) if len(self._scopes) == 1 else BLANK

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """The one writing connection, in a transaction; a failed one is thrown away with its connection.

        Raises JournalError, and LeaseHeld when another run has taken an account of this one: nothing is
        written then.
        """
        async with self._one_writer:
            try:
                if self._connection is None:
                    self._connection = await self.store.engine.connect()
                async with self._connection.begin():
                    yield self._connection
                    lost = await lease.moved_on(self._connection, self._held)
                    if lost is not None:
                        raise lost
            except FAILURES as error:
                await self._abandon()
                raise failed(self.store, error) from error
            self.commits += 1

    async def _abandon(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to look with. Raises JournalError."""
        try:
            async with self.store.engine.connect() as connection:
                yield connection
        except FAILURES as error:
            raise failed(self.store, error) from error


def process_name() -> str:
    """This process to whoever waits for it: host, pid, and a part that no later process repeats."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
