"""The journal: SQLite in a file or PostgreSQL by URL; every commit durable, none on the event loop.

journal = await Journal.open(path)                      # or "postgresql://hedger@db/hedger", with a password
loaded = await journal.load(venue, environment, account_id, market_ms)   # takes the lease, begins an epoch
await journal.write(records)                                             # durable on return
await journal.close()
"""

from __future__ import annotations

import asyncio
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
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Environment
from hedger.engine.decision import Decision
from hedger.engine.events import JournalLoaded
from hedger.engine.records import HedgeDone, HoldSet, Kept, Record, RivalSeen
from hedger.journal import lease, queries, schema, sums
from hedger.journal.errors import JournalError
from hedger.journal.lease import LEASE_S
from hedger.journal.lock import process_name
from hedger.journal.places import store_of
from hedger.journal.rows import Numbered, Row, by_table, row_of
from hedger.journal.schema import BLANK, Scope, write_marks
from hedger.journal.store import FAILURES, Store, failed, prepare

RELEASE_S = 1.0  # how long giving it back may take at the end; it expires by itself


class Journal:
    """One store; of each account one process writes to it, others wait. Opened by `Journal.open`."""

    def __init__(self, store: Store, holder: str, lease_s: float) -> None:
        self.store, self.commits, self.holder, self.lease_s = store, 0, holder, lease_s
        self._run = uuid.uuid4().hex
        self._reached: int | None = 0  # the highest number in the tables; None: the last attempt is doubtful
        self._scopes: dict[str, Scope] = {}
        self._epochs: dict[Scope, int] = {}  # of each lease this run holds
        self._connection: AsyncConnection | None = None
        self._one_writer = asyncio.Lock()

    @classmethod
    async def open(
        cls, place: Path | str, password: str = "", holder: str = "", lease_s: float = LEASE_S
    ) -> Journal:
        """Create or open the journal in a file, or in a database by its URL; `holder` names us to others.

        Raises ConfigError when the place cannot be used: a directory that may not be written, what is no
        journal, a journal of a newer hedger, a driver that is not installed; AuthError and JournalUnreachable
        for a server that refuses or does not answer.
        """
        return await cls.on(store_of(place, password), holder, lease_s)

    @classmethod
    async def on(cls, store: Store, holder: str = "", lease_s: float = LEASE_S) -> Journal:
        """Like `open`, of a store that has been found."""
        try:
            await prepare(store)
        except BaseException:
            await store.engine.dispose()
            store.release()
            raise
        return cls(store, holder or process_name(), lease_s)

    async def close(self) -> None:
        """Give leases, connections and locks back. What was not acknowledged is not written."""
        with suppress(JournalError, TimeoutError):  # what is not given back expires
            async with asyncio.timeout(RELEASE_S):
                await self._give_back()
        async with self._one_writer:
            if self._connection is not None:
                await self._connection.close()
                self._connection = None
        await self.store.engine.dispose()
        self.store.release()

    async def _give_back(self) -> None:
        epochs, self._epochs = self._epochs, {}
        if not epochs:
            return
        async with self.transaction() as connection:
            for scope, epoch in epochs.items():
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
        scope = self.belongs(venue, environment, account_id)
        since_ms = market_ms - DAY_MS
        async with self._acquired(scope, market_ms) as (connection, epoch):
            newest_ms = await queries.last_fill_ms(connection, scope)
            base = await queries.baseline(connection, scope)
            known_ms = min(since_ms, await queries.told_again_ms(connection, scope, newest_ms, base))
            loaded = JournalLoaded(
                venue=venue,
                environment=environment,
                account_id=account_id,
                epoch=epoch,
                orders=await queries.open_and_recent_orders(connection, scope, known_ms),
                fills=await queries.recent_fills(connection, scope, known_ms),
                breakers=await queries.breakers(connection, scope),
                overrides=await queries.overrides(connection, scope),
                last_fill_ms=newest_ms,
                latches=await queries.latches(connection, scope),
                loss_references=await queries.loss_references(connection, scope),
                sums=(await self._totals(connection, scope, market_ms)).label_sums(),
                cash_flows=await queries.cash_flows(connection, scope, since_ms - DAY_MS),
                holds=await queries.last_of_each_book(connection, HoldSet, schema.holds, scope),
                kept=await queries.last_of_each_book(connection, Kept, schema.kept, scope),
                smiles=await queries.smiles(connection, scope, market_ms - queries.SMILE_DAYS * DAY_MS),
                shadows=await queries.shadows(connection, scope),
                baseline=base,
                attributed=await queries.attributed(connection, scope, since_ms),
                rivals=await queries.last_of_each_book(connection, RivalSeen, schema.rivals, scope),
            )
        self._epochs[scope] = epoch
        return loaded

    @asynccontextmanager
    async def _acquired(self, scope: Scope, market_ms: int) -> AsyncIterator[tuple[AsyncConnection, int]]:
        """A transaction that holds the account's lease, and the epoch it began."""
        with self.store.witness(self.holder) as dead:
            await self._look(scope, dead)
            async with self.transaction() as connection:
                epoch = await lease.acquire(
                    connection, self.store.inserts, scope, self.holder, self._lease_ms, market_ms, dead
                )
                yield connection, epoch

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
        with self.store.witness(self.holder):
            async with self.transaction() as connection:
                await lease.renew(connection, scope, self.holder, self._epochs[scope], self._lease_ms)

    @property
    def _lease_ms(self) -> int:
        return int(self.lease_s * 1000)

    def belongs(self, venue: str, environment: Environment, account_id: str) -> Scope:
        """From now on the rows of a venue are this account's; returns their scope."""
        scope = self._scopes[venue] = Scope(venue, str(environment), account_id)
        return scope

    async def write(self, records: Iterable[Record]) -> None:
        """Write all or nothing; durable on return. Raises JournalError, LeaseHeld."""
        await self.write_rows([row_of(record) for record in records])

    async def write_rows(self, rows: Iterable[Row]) -> None:
        """Like `write`, of rows already encoded. Writing the same rows again changes no order and no fill.

        A run that holds no account yet writes what a person has told it and nothing else.
        """
        async with self.owning() as connection:
            await self._insert(connection, rows)

    async def write_numbered(self, writes: Sequence[Numbered]) -> None:
        """Like `write_rows`, of writes in the order of their numbers, which belong to this run.

        After an attempt whose outcome is unknown (the connection was lost during its commit) the same writes
        are given again, perhaps with more: those that are in the tables are left out. With none at all it is
        a commit that proves the database well.
        """
        known, self._reached = self._reached, None
        async with self.owning() as connection:
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
        mine = rows if self._epochs else (row for row in rows if row.table in schema.TOLD)
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
            last = await sums.checkpoint_of(connection, scope)
            return (await sums.totals(connection, scope, last)).paper_positions()

    async def _totals(self, connection: AsyncConnection, scope: Scope, market_ms: int) -> sums.Totals:
        """What trades come to; where many are newer than the checkpoint, that is brought forward first."""
        last = await sums.checkpoint_of(connection, scope)
        if await sums.newer_than_checkpoint(connection, scope, last) > sums.MOST_SUMMED:
            last = await sums.advance(connection, scope, market_ms, most=None)
        return await sums.totals(connection, scope, last)

    @property
    def held(self) -> tuple[Scope, ...]:
        """The accounts whose lease this run has; none for a standby."""
        return tuple(self._epochs)

    def _mine(self, table: Table, book: str) -> list[ColumnElement[bool]]:
        """Rows of the accounts asked for in this run, and of one book where given."""
        mine = or_(*(scope.owns(table) for scope in (BLANK, *self._scopes.values())))
        return [mine, table.c.book == book] if book else [mine]

    def _scope_of(self, venue: str) -> Scope:
        """The scope of a record of `venue`; without one that of the only account, if one is."""
        if venue:
            return self._scopes.get(venue, Scope(venue))
        return next(iter(self._scopes.values())) if len(self._scopes) == 1 else BLANK

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """The one writing connection, in a transaction; a failed one is thrown away with its connection.

        Raises JournalError.
        """
        async with self._one_writer:
            try:
                if self._connection is None:
                    self._connection = await self.store.engine.connect()
                async with self._connection.begin():
                    yield self._connection
            except FAILURES as error:
                await self._abandon()
                raise failed(self.store, error) from error
            self.commits += 1

    @asynccontextmanager
    async def owning(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of which nothing remains where another run has taken an account of this one.

        Raises LeaseHeld, JournalError.
        """
        async with self.transaction() as connection:
            yield connection
            lost = await lease.moved_on(connection, self._epochs)
            if lost is not None:
                raise lost

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
