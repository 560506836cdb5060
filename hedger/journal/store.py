"""What the journal asks of the database that keeps it: SQLite in a file, or PostgreSQL by URL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from hedger.domain.errors import HedgerError
from hedger.journal import revisions
from hedger.journal.errors import JournalError
from hedger.journal.inserts import Inserts

FAILURES = (SQLAlchemyError, OSError, TimeoutError)
"""What a database that refuses, is away or does not answer raises."""


class Room(NamedTuple):
    """Bytes the journal takes, and free ones where it is; None: not known."""

    size_bytes: int | None
    free_bytes: int | None


UNKNOWN = Room(None, None)


class Store(Protocol):
    """One database. Every commit is durable on return."""

    shown: str  # how errors and surfaces name it: no password in it
    engine: AsyncEngine
    inserts: Inserts

    @property
    def path(self) -> Path | None:
        """Of the file; None for a server."""

    def alone(self, connection: Connection) -> None:
        """Keep every other process out of the schema until the transaction ends."""

    def refusal(self, error: Exception) -> HedgerError:
        """Why the store cannot be opened, in one line and with the right exit code."""

    async def room(self) -> Room:
        """What the journal takes and what is left. Raises one of FAILURES."""

    async def compact(self, pause: Callable[[], Awaitable[None]]) -> None:
        """Give room that deletions have freed back, where that is worth it; `pause` before each part."""


async def prepare(store: Store) -> None:
    """Bring the schema to this hedger's revision, one process at a time.

    Raises ConfigError for a journal of a newer hedger and for a database that holds something else, and what
    the store's `refusal` says where it cannot be reached.
    """
    try:
        async with store.engine.begin() as connection:
            await connection.run_sync(_prepare, store)
    except FAILURES as error:
        raise store.refusal(error) from None  # the cause may name what was tried to log in with


def _prepare(connection: Connection, store: Store) -> None:
    store.alone(connection)
    revisions.bring_to_head(connection, store.shown)


def cause(error: Exception) -> str:
    """The database's own words in one line, without the statement and its values."""
    told = getattr(error, "orig", None) or error
    words = " ".join(str(told).split()) or type(told).__name__
    return words.partition(">: ")[2] if words.startswith("<class ") else words


def failed(store: Store, error: Exception) -> JournalError:
    return JournalError(f"journal {store.shown}: {cause(error)}")
