"""Looks into a journal from outside, whatever database it is in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.postgres import psql, session

Place = Path | str


def rows(place: Place, query: str) -> list[tuple[str, ...]]:
    """What another program reads out of it, as texts."""
    if isinstance(place, str):
        return [tuple(row) for row in psql(place, query)]
    with closing(sqlite3.connect(place)) as connection:
        found = connection.execute(query).fetchall()
        connection.commit()
    return [tuple(str(value) for value in row) for row in found]


@contextmanager
def blocked(place: Place) -> Iterator[None]:
    """Another program is in the way of every write: a backup, a long transaction."""
    if isinstance(place, str):
        with session(place, "begin; lock table write_marks in exclusive mode; select 'locked';"):
            yield
        return
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
