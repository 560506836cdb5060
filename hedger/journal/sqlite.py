"""The journal in a file: SQLite in WAL mode, synced at every commit, readable by its owner alone."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from hedger.domain.errors import ConfigError, HedgerError
from hedger.journal.errors import JournalUnreachable
from hedger.journal.inserts import inserts_of
from hedger.journal.lock import ProcessLock
from hedger.journal.store import Room, cause, failed

_BUSY_MS = 1_000  # a foreign reader or a backup may hold the file this long before a write fails
_INCREMENTAL = 2  # of auto_vacuum
_PART_PAGES = 256  # given back at a time: 1 MB
_MOST_FREE = 0.25  # of all pages
_NEW = "auto_vacuum = INCREMENTAL"  # what retention frees can be given back to the disk
_PRAGMAS = (
    f"busy_timeout = {_BUSY_MS}",  # first: it bounds the others, too
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
)
_LOOKING = ("query_only = ON", f"busy_timeout = {_BUSY_MS}")
_PRIMARY = 0xFF  # of a result code; the rest says where it arose
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
_INSERTS = inserts_of(insert)


Connect = Callable[[Path], Awaitable[aiosqlite.Connection]]


class SqliteStore:
    """A file, and beside it the lock by which a holder of leases is known to live."""

    inserts = _INSERTS

    def __init__(self, path: Path, *, own: bool = True, connect: Connect | None = None) -> None:
        """`own`: to write; else to look into a file that another process may be writing.

        Raises ConfigError when it cannot be made or is not there to be looked into.
        """
        self.path, self.shown = path, str(path)
        self._lock: ProcessLock | None = None
        if own:
            create_private(path)
        elif not path.is_file():
            raise ConfigError(f"journal {self.shown}: there is no such file")
        self.engine = engine_for(path, _PRAGMAS if own else _LOOKING, connect)

    def alone(self, connection: Connection) -> None:
        """The write lock of the file; without it SQLite's driver runs DDL outside of any transaction."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def refusal(self, error: Exception) -> HedgerError:
        """A disk without room, or a file that another program keeps locked, may be well at the next start."""
        told = f"journal.path = {self.shown!r}: cannot be used as a journal: {cause(error)}"
        code = getattr(getattr(error, "orig", None) or error, "sqlite_errorcode", 0)
        return JournalUnreachable(told) if code & _PRIMARY in _PASSING else ConfigError(told)

    async def room(self) -> Room:
        """Of the file and its write-ahead log, and of its file system for us."""
        return await asyncio.to_thread(_room, self.path)

    async def compact(self, pause: Callable[[], Awaitable[None]]) -> None:
        """Freed pages are used again by later rows; they go back to the disk where they are a large part.

        Files made before pages could be given back (auto_vacuum) keep them: a copy by `VACUUM INTO` does not.
        """
        async with self.engine.connect() as connection:
            raw = cast(aiosqlite.Connection, (await connection.get_raw_connection()).driver_connection)
            while await self._many_free(raw):
                await pause()
                # as a script: a single statement stops after one page
                await raw.executescript(f"PRAGMA incremental_vacuum({_PART_PAGES});")

    async def _many_free(self, raw: aiosqlite.Connection) -> bool:
        names = ("auto_vacuum", "page_count", "freelist_count")
        (mode,), (pages,), (free,) = [
            next(iter(await raw.execute_fetchall(f"PRAGMA {name}"))) for name in names
        ]
        return bool(mode == _INCREMENTAL and free > _PART_PAGES and free > pages * _MOST_FREE)

    @contextmanager
    def witness(self, holder: str) -> Iterator[tuple[str, ...]]:
        """A frozen holder before us may have the lock still: then nobody is proved dead, and it is tried
        again with the next renewal."""
        try:
            lock = ProcessLock.attempt(lock_of(self.path)) if self._lock is None else None
            if lock is None:
                yield ()
                return
            dead = lock.signed()
            try:
                lock.sign(holder, *dead)  # whichever of them has the lease should we die now
                yield dead
            except BaseException:
                try:
                    lock.sign(*dead)
                finally:
                    lock.release()
                raise
            self._lock = lock
            lock.sign(holder)
        except OSError as error:
            raise failed(self, error) from error

    def release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def lock_of(path: Path) -> Path:
    """The lock file of a journal's file."""
    return path.with_name(path.name + ".lock")


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


def engine_for(path: Path, pragmas: tuple[str, ...], connect: Connect | None = None) -> AsyncEngine:
    """Connections that each work in a thread of their own, or are made by `connect`."""
    made = {} if connect is None else {"async_creator": partial(connect, path)}
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=3, max_overflow=0, **made)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        # of a file that is no longer empty it would ask for the one write lock, at every connection
        for pragma in (_NEW, *pragmas) if _size(path) == 0 else pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _room(path: Path) -> Room:
    system = os.statvfs(path)
    return Room(_size(path) + _size(path.with_name(path.name + "-wal")), system.f_bavail * system.f_frsize)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
