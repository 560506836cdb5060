"""Looking into a journal beside whoever writes it: nothing is locked, changed or migrated.

async with Reader.open(place, password) as reader, reader.picture() as connection:
    async for row in stored(connection, schema.fills): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import RowMapping, Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.journal import revisions
from hedger.journal.places import Place, store_of
from hedger.journal.store import FAILURES, Store, failed

CHUNK_ROWS = 500


class Reader:
    """A journal of this hedger's revision."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    @asynccontextmanager
    async def open(cls, place: Place, password: str = "") -> AsyncIterator[Reader]:
        """Raises ConfigError where there is no journal or one of another revision, AuthError and
        JournalUnreachable for a server that refuses or does not answer."""
        store = store_of(place, password, own=False)
        try:
            try:
                async with store.engine.connect() as connection:
                    await connection.run_sync(revisions.require_head, store.shown)
            except FAILURES as error:
                raise store.refusal(error) from None
            yield cls(store)
        finally:
            await store.engine.dispose()

    @asynccontextmanager
    async def picture(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment, however long it looks. Raises JournalError."""
        try:
            async with self.store.engine.connect() as connection, connection.begin():
                if connection.dialect.name == "sqlite":
                    await connection.exec_driver_sql("BEGIN")  # the driver begins none for reading
                yield connection
        except FAILURES as error:
            raise failed(self.store, error) from error


async def stored(connection: AsyncConnection, table: Table) -> AsyncIterator[dict[str, Any]]:
    """Every row of a table in the order of its key, a chunk at a time."""
    keys = list(table.primary_key.columns)
    query, last = select(table).order_by(*keys).limit(CHUNK_ROWS), None
    while True:
        chunk: Any = query if last is None else query.where(_after(keys, last))
        rows = (await connection.execute(chunk)).mappings().all()
        for row in rows:
            yield {str(name): value for name, value in row.items()}
        if len(rows) < CHUNK_ROWS:
            return
        last = rows[-1]


def _after(keys: list[Any], last: RowMapping) -> Any:
    return tuple_(*keys) > tuple_(*(last[key.name] for key in keys))
