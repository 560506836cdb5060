"""Which shape the tables of a database have, and how they get the shape this hedger knows.

A new database is created whole and stamped with the newest revision; an older one is migrated.
Alembic is imported only where there is something to migrate: a start does not wait for it.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

from hedger.domain.errors import ConfigError
from hedger.journal.schema import metadata

KNOWN = ("0001", "0002", "0003", "0004")
"""Revisions of `migrations/versions`, the oldest first."""

HEAD = KNOWN[-1]

VERSION_TABLE = "journal_revision"
USER_VERSION = 3
"""SQLite's own mark: hedgers from before the revisions refuse what is above 2."""

_UNSTAMPED = (1, 2)  # user_version of files from before the revisions
_NUMBER = "version_num"

version = Table(
    VERSION_TABLE,
    MetaData(),  # apart: it is Alembic's own
    Column(_NUMBER, String(32), nullable=False),
    PrimaryKeyConstraint(_NUMBER, name=f"{VERSION_TABLE}_pkc"),
)


def bring_to_head(connection: Connection, shown: str) -> None:
    """Create or migrate, inside the caller's transaction. Raises ConfigError for what is not ours."""
    found = _found(connection)
    if found == HEAD:
        return
    if found is None:
        create(connection, shown)
    elif found == "" or found in KNOWN:
        migrate(connection)
    else:
        raise ConfigError(
            f"journal {shown}: its schema ({found}) is unknown to this hedger, which knows "
            f"{KNOWN[0]} to {HEAD}: a newer one wrote it; run that one or give another journal"
        )
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {USER_VERSION}")


def require_head(connection: Connection, shown: str) -> None:
    """Raises ConfigError for a database that `bring_to_head` has not seen yet, or that is no journal."""
    found = _found(connection)
    if found is None:
        raise ConfigError(f"journal {shown}: there is none")
    if found != HEAD:
        told = f"its schema is {found or 'from before the revisions'}, this hedger looks into {HEAD}"
        raise ConfigError(f"journal {shown}: {told}; the daemon of this version brings it there")


def _found(connection: Connection) -> str | None:
    """The revision; empty for a file from before there were any, None for a database without a journal."""
    if inspect(connection).has_table(VERSION_TABLE):
        return str(connection.execute(select(version.c[_NUMBER])).scalar_one())
    if connection.dialect.name != "sqlite":
        return None
    mark = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if mark == 0:
        return None
    return "" if mark in _UNSTAMPED else f"user_version {mark}"


def create(connection: Connection, shown: str) -> None:
    """Everything at once, in an empty database. Raises ConfigError where it is not empty."""
    strange = inspect(connection).get_table_names()
    if strange:
        raise ConfigError(
            f"journal {shown}: is no journal: it holds the table {sorted(strange)[0]!r} of something else; "
            "give a database or a file of its own"
        )
    metadata.create_all(connection, checkfirst=False)
    version.create(connection, checkfirst=False)
    connection.execute(version.insert(), {_NUMBER: HEAD})


def migrate(connection: Connection, to: str = "head") -> None:
    """Run the migrations from wherever the database stands."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "hedger.journal:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
