"""The journal in PostgreSQL: one database by URL, every commit synchronous whatever the server's default.

The driver (asyncpg, extra `postgres`) reads everything libpq's URLs know: sslmode, several hosts,
`?host=/run/postgresql` for a socket. A password never stands in the URL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from hedger.domain.errors import AuthError, ConfigError, HedgerError
from hedger.journal.errors import JournalUnreachable
from hedger.journal.inserts import inserts_of
from hedger.journal.store import Room, cause
from hedger.journal.url import masked

CONNECT_S = 5.0
ANSWER_S = 10.0  # a statement or a commit without an answer for this long is taken as failed
_SCHEMA_LOCK = 0x68_65_64_67  # "hedg": one number for all hedgers that start on this database
_SERVER = {
    "application_name": "hedger",
    "synchronous_commit": "on",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "5000",  # of a frozen writer: it must not keep its successor out
}
_LOOKING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_INSERTS = inserts_of(insert)


class PostgresStore:
    """A database at a server."""

    inserts = _INSERTS
    path: Path | None = None

    def __init__(self, url: str, password: str = "", *, own: bool = True) -> None:
        """`own`: to write; else to look, in one consistent picture.

        Raises ConfigError where the driver is not installed.
        """
        self.shown = masked(url)
        try:
            import asyncpg
        except ImportError:
            needs = "needs the package asyncpg: pip install 'hedger[postgres]'"
            raise ConfigError(f"journal.url = {self.shown!r}: {needs}") from None
        self._asyncpg, self._url, self._password = asyncpg, url, password or None
        self.engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=3,
            max_overflow=0,
            pool_pre_ping=True,  # of readers: the server may have been restarted since
            execution_options={} if own else _LOOKING,
        )

    async def _connect(self, *_given: Any, **_named: Any) -> Any:
        return await self._asyncpg.connect(
            self._url,
            password=self._password,
            timeout=CONNECT_S,
            command_timeout=ANSWER_S,
            server_settings=_SERVER,
        )

    def alone(self, connection: Connection) -> None:
        """Until the transaction ends."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})

    def refusal(self, error: Exception) -> HedgerError:
        """By what the server said: who we are, which database, or nothing at all."""
        code = str(getattr(getattr(error, "orig", None) or error, "sqlstate", "") or "")
        told = f"journal.url = {self.shown!r}: {cause(error)}"
        if code.startswith("28"):
            return AuthError(f"{told}; the password is HEDGER_JOURNAL__PASSWORD or journal.password_file")
        if code and not code.startswith(("08", "53", "57")):
            return ConfigError(told)
        return JournalUnreachable(told)

    async def room(self) -> Room:
        """Of the whole database; the server's disk is its keeper's."""
        query = text("SELECT pg_database_size(current_database())")
        async with self.engine.connect() as connection:
            return Room(int((await connection.execute(query)).scalar_one()), None)

    async def compact(self, pause: Callable[[], Awaitable[None]]) -> None:
        """The server's autovacuum makes the room of deleted rows usable again; nothing to add to that."""

    @contextmanager
    def witness(self, _holder: str) -> Iterator[tuple[str, ...]]:
        """Nothing proves anybody dead: a host that is silent may only be cut off."""
        yield ()

    def release(self) -> None:
        """Connections are all there is."""
