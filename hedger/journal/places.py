"""Where a journal can be: a file, or a database by its URL."""

from __future__ import annotations

from pathlib import Path

from hedger.journal.sqlite import SqliteStore
from hedger.journal.store import Store

Place = Path | str


def store_of(place: Place, password: str = "", *, own: bool = True) -> Store:
    """The database of a place, to write or (not `own`) to look into beside whoever writes.

    Raises ConfigError when the place cannot be used.
    """
    if isinstance(place, Path):
        return SqliteStore(place, own=own)
    from hedger.journal.postgres import PostgresStore  # only who has a server pays for its driver

    return PostgresStore(place, password, own=own)
