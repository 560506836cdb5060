"""The journal in a file: SQLite in WAL mode, synced at every commit, readable by its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hedger.domain.errors import ConfigError, HedgerError
from hedger.journal.inserts import inserts_of
from hedger.journal.lock import ProcessLock
from hedger.journal.store import cause

_BUSY_MS = 1_000  # a foreign reader or a backup may hold the file this long before a write fails
_PRAGMAS = (
    "auto_vacuum = INCREMENTAL",  # of a new file: what retention frees can be given back to the disk
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    f"busy_timeout = {_BUSY_MS}",
)
_INSERTS = inserts_of(insert)


class SqliteStore:
    """A file and the lock beside it."""

    inserts = _INSERTS

    def __init__(self, path: Path) -> None:
        """Raises LeaseError when another process has the file, ConfigError when it cannot be made."""
        create_private(path)
        self.path, self.shown = path, str(path)
        self._lock = ProcessLock.acquire(path.with_name(path.name + ".lock"))
        self.engine = engine_for(path)

    def alone(self, connection: Connection) -> None:
        """The write lock of the file; without it SQLite's driver runs DDL outside of any transaction."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def refusal(self, error: Exception) -> HedgerError:
        return ConfigError(f"journal.path = {self.shown!r}: cannot be used as a journal: {cause(error)}")

    async def size_bytes(self, connection: AsyncConnection) -> int:
        """Of the file and its write-ahead log."""
        sizes = (_size(self.path), _size(self.path.with_name(self.path.name + "-wal")))
        return sum(sizes)

    def release(self) -> None:
        self._lock.release()


def create_private(path: Path) -> None:
    """Create directory (0700) and file (0600) where they are missing, and make the names durable.

    Raises ConfigError naming the path that cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"journal.path = {str(path)!r}: {error.strerror}") from error
    os.fsync(directory)
    os.close(directory)


def engine_for(path: Path) -> AsyncEngine:
    """Connections in WAL mode with a full sync at every commit; each works in a thread of its own."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=3, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
