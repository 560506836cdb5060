"""The journal's file: only its owner can read it, and it is one this hedger understands."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from hedger.domain.errors import ConfigError
from hedger.journal.schema import SCHEMA_VERSION, metadata

_BUSY_MS = 1_000  # a foreign reader or a backup may hold the file this long before a write fails
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {_BUSY_MS}")


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


async def ensure_schema(engine: AsyncEngine, path: Path) -> None:
    """Create the tables of a new file. Raises ConfigError for a newer file and for one that is not ours."""
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_ensure, path)
    except DatabaseError as error:
        raise ConfigError(
            f"journal.path = {str(path)!r}: cannot be used as a journal: {error.orig}"
        ) from error


def _ensure(connection: Connection, path: Path) -> None:
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version > SCHEMA_VERSION:
        raise ConfigError(
            f"journal.path = {str(path)!r}: schema version {version} is newer than {SCHEMA_VERSION}, the "
            "newest this hedger knows; run the newer hedger or give another path"
        )
    metadata.create_all(connection)
    if version != SCHEMA_VERSION:  # a file that another process writes to is only read here
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
