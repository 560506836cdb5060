"""The journal: SQLite in WAL mode, synced at every commit, never on the event loop's thread.

journal = await Journal.open(path)
loaded = await journal.load(venue, environment, account_id, market_ms)   # begins an epoch, durably
await journal.write(records)                                             # durable on return
await journal.close()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Self

from sqlalchemy import ColumnElement, Table, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hedger.domain.order import Order
from hedger.domain.vocabulary import Environment
from hedger.engine.decision import Decision
from hedger.engine.events import JournalLoaded
from hedger.engine.records import HedgeDone, HoldSet, Kept, Record, RivalSeen
from hedger.journal import queries, schema, sums
from hedger.journal.errors import JournalError
from hedger.journal.files import create_private, engine_for, ensure_schema
from hedger.journal.lock import ProcessLock
from hedger.journal.rows import Row, by_table, row_of
from hedger.journal.schema import BLANK, INSERTS, Scope


class Journal:
    """One file, one process. Opened by `Journal.open`."""

    def __init__(self, path: Path, engine: AsyncEngine, lock: ProcessLock) -> None:
        self.path, self.commits = path, 0
        self._engine, self._lock = engine, lock
        self._scopes: dict[str, Scope] = {}
        self._connection: AsyncConnection | None = None
        self._one_writer = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Journal:
        """Create or open the file.

        Raises LeaseError when another process has it, ConfigError when it cannot be used: a directory that
        may not be written, a file that is no journal, a journal of a newer hedger.
        """
        create_private(path)
        lock = ProcessLock.acquire(path.with_name(path.name + ".lock"))
        engine = engine_for(path)
        try:
            await ensure_schema(engine, path)
        except BaseException:
            await engine.dispose()
            lock.release()
            raise
        return cls(path, engine, lock)

    async def close(self) -> None:
        """Give connections and the lock back. What was not acknowledged is not written."""
        async with self._one_writer:
            if self._connection is not None:
                await self._connection.close()
                self._connection = None
        await self._engine.dispose()
        self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def load(
        self, venue: str, environment: Environment, account_id: str, market_ms: int
    ) -> JournalLoaded:
        """Begin a new epoch of this account and tell what is known of it; rows of the venue are its from now.

        Raises JournalError when the epoch could not be made durable, InvariantError for an unreadable row.
        """
        scope = Scope(venue, str(environment), account_id)
        self._scopes[venue] = scope
        since_ms = market_ms - queries.DAY_MS
        async with self._transaction() as connection:
            baseline = await queries.baseline(connection, scope)
            told_ms = baseline.told_ms if baseline is not None and baseline.told_ms else since_ms
            loaded = JournalLoaded(
                venue=venue,
                environment=environment,
                account_id=account_id,
                epoch=await queries.begin_epoch(connection, scope, market_ms),
                orders=await queries.open_and_recent_orders(connection, scope, since_ms),
                fills=await queries.recent_fills(connection, scope, min(since_ms, told_ms)),
                breakers=await queries.breakers(connection, scope),
                overrides=await queries.overrides(connection, scope),
                last_fill_ms=await queries.last_fill_ms(connection, scope),
                latches=await queries.latches(connection, scope),
                loss_references=await queries.loss_references(connection, scope),
                sums=await sums.label_sums(connection, scope),
                cash_flows=await queries.cash_flows(connection, scope, since_ms - queries.DAY_MS),
                holds=await queries.last_of_each_book(connection, HoldSet, schema.holds, scope),
                kept=await queries.last_of_each_book(connection, Kept, schema.kept, scope),
                baseline=baseline,
                rivals=await queries.last_of_each_book(connection, RivalSeen, schema.rivals, scope),
            )
        return loaded

    async def write(self, records: Iterable[Record]) -> None:
        """Write all or nothing; durable on return. Raises JournalError."""
        await self.write_rows([row_of(record) for record in records])

    async def write_rows(self, rows: Iterable[Row]) -> None:
        """Like `write`, of rows already encoded. Writing the same rows again changes no order and no fill."""
        gathered = by_table(rows, self._scope_of)
        async with self._transaction() as connection:
            for table, values in gathered:
                await connection.execute(INSERTS[table], values)

    async def decisions(
        self, limit: int, book: str = "", before_ms: int | None = None
    ) -> tuple[Decision, ...]:
        """The loaded accounts' newest decisions first; of one book, before a market time, where given."""
        table = schema.decisions
        wanted = self._mine(table, book)
        if before_ms is not None:
            wanted.append(table.c.market_ms < before_ms)
        async with self._reading() as connection:
            return await queries.newest(connection, Decision, table, limit, table.c.market_ms, *wanted)

    async def orders(self, limit: int, book: str = "") -> tuple[Order, ...]:
        """The loaded accounts' orders made last, newest first."""
        table = schema.orders
        wanted = self._mine(table, book)
        async with self._reading() as connection:
            return await queries.newest(connection, Order, table, limit, table.c.created_ms, *wanted)

    async def hedges(self, limit: int, book: str = "") -> tuple[HedgeDone, ...]:
        """The loaded accounts' hedges that ended last, newest first, each with its shortfall."""
        table = schema.hedges
        async with self._reading() as connection:
            return await queries.newest(
                connection, HedgeDone, table, limit, table.c.market_ms, *self._mine(table, book)
            )

    async def paper_positions(
        self, venue: str, environment: Environment, account_id: str
    ) -> dict[str, Decimal]:
        """What paper mode holds of this account: signed amounts by instrument, none of them 0.

        Raises JournalError, InvariantError for an unreadable row.
        """
        async with self._reading() as connection:
            return await queries.paper_positions(connection, Scope(venue, str(environment), account_id))

    def _mine(self, table: Table, book: str) -> list[ColumnElement[bool]]:
        """Rows of the accounts loaded in this run, and of one book where given."""
        mine = or_(*(scope.owns(table) for scope in (BLANK, *self._scopes.values())))
        return [mine, table.c.book == book] if book else [mine]

    def _scope_of(self, venue: str) -> Scope:
        """The scope of a record of `venue`; without one that of the only account, if one is."""
        if venue:
            return self._scopes.get(venue, Scope(venue))
        return next(iter(self._scopes.values())) if len(self._scopes) == 1 else BLANK

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """The one writing connection, in a transaction; a failed one is thrown away with its connection."""
        async with self._one_writer:
            try:
                if self._connection is None:
                    self._connection = await self._engine.connect()
                async with self._connection.begin():
                    yield self._connection
            except SQLAlchemyError as error:
                await self._abandon()
                raise JournalError(f"journal {self.path}: {_cause(error)}") from error
            self.commits += 1

    async def _abandon(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise JournalError(f"journal {self.path}: {_cause(error)}") from error


def _cause(error: SQLAlchemyError) -> str:
    """The database's own words, without the statement and its values."""
    return str(getattr(error, "orig", None) or error)
