"""A journal as text, one JSON value a line: written from one moment, restored into either database.

{"hedger_journal": "0002", "tables": ["adjustments", ...]}     the revision of its tables
["orders", {"id": 1, "venue": "deribit", ...}]                 every row of every table
{"rows": {"orders": 1, ...}}                                   the end: a file without it is not whole
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import Connection, MetaData, Table, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.errors import ConfigError
from hedger.journal import afresh, revisions
from hedger.journal.lock import ProcessLock
from hedger.journal.places import Place, store_of
from hedger.journal.reading import CHUNK_ROWS, stored
from hedger.journal.schema import metadata
from hedger.journal.sqlite import lock_of
from hedger.journal.store import FAILURES, Store


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    hedger_journal: str
    tables: list[str]


class _End(msgspec.Struct, forbid_unknown_fields=True):
    rows: dict[str, int]


async def dump(connection: AsyncConnection, out: IO[bytes]) -> dict[str, int]:
    """Write everything a picture shows; returns the number of rows by table."""
    tables, rows = metadata.sorted_tables, dict[str, int]()
    _line(out, _Head(revisions.HEAD, [str(table.name) for table in tables]))
    for table in tables:
        name, rows[str(table.name)] = str(table.name), 0
        async for row in stored(connection, table):
            _line(out, [name, row])
            rows[name] += 1
    _line(out, _End(rows))
    return rows


def _line(out: IO[bytes], value: Any) -> None:
    out.write(msgspec.json.encode(value) + b"\n")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Where to write a file that only its owner can read; it gets its name when it is whole and on disk.

    Raises ConfigError where the name is taken or cannot be made.
    """
    part = path.with_name(f".{path.name}.part")
    if path.exists():
        raise ConfigError(f"{path}: is there already; give another name")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    try:
        yield part
        _sync(part)
        os.link(part, path)  # unlike a rename it replaces nothing
    finally:
        part.unlink()
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


async def restore_dump(source: Path, place: Place, password: str = "") -> dict[str, int]:
    """Put a dump into a place without a journal, all of it or nothing; returns the rows by table.

    A dump of an earlier hedger is migrated. Raises ConfigError for a place that holds a journal, for a file
    that is no whole dump and for one of a newer hedger; LeaseError while a daemon holds an account there.
    """
    head = _head(source)
    store = store_of(place, password)
    with ProcessLock.none_lives(lock_of(place)) if isinstance(place, Path) else nullcontext():
        return await _restore(source, head, store)


async def _restore(source: Path, head: _Head, store: Store) -> dict[str, int]:
    try:
        async with store.engine.begin() as connection:
            await connection.run_sync(store.alone)
            await connection.run_sync(_make_room, store.shown, head.hedger_journal)
            rows = await connection.run_sync(_fill, source, head)
    except FAILURES as error:
        raise store.refusal(error) from None
    finally:
        await store.engine.dispose()
        store.release()
    return rows


def _head(source: Path) -> _Head:
    try:
        with source.open("rb") as lines:
            head = msgspec.json.decode(lines.readline(1 << 20), type=_Head)
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError:
        raise ConfigError(f"{source}: is no backup of a journal") from None
    if head.hedger_journal not in revisions.KNOWN:
        raise ConfigError(f"{source}: its schema ({head.hedger_journal}) is unknown to this hedger")
    return head


def _make_room(connection: Connection, shown: str, revision: str) -> None:
    """Empty tables of the dump's own revision."""
    there = set(inspect(connection).get_table_names())
    for table in metadata.sorted_tables:
        if table.name in there and connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise ConfigError(f"journal {shown}: is not empty ({table.name}); restore into a new place")
    if revisions.VERSION_TABLE in there:
        metadata.drop_all(connection)
        revisions.version.drop(connection)
    if revision == revisions.HEAD:
        revisions.create(connection, shown)
    else:
        revisions.migrate(connection, revision)


def _fill(connection: Connection, source: Path, head: _Head) -> dict[str, int]:
    tables = MetaData()
    tables.reflect(connection, only=head.tables)
    rows, waiting = dict.fromkeys(head.tables, 0), dict[str, list[Any]]()
    for name, row in _rows(source, rows):
        rows[name] += 1
        chunk = waiting.setdefault(name, [])
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            connection.execute(tables.tables[name].insert(), waiting.pop(name))
    for name, chunk in waiting.items():
        connection.execute(tables.tables[name].insert(), chunk)
    if connection.dialect.name == "postgresql":
        for table in tables.tables.values():
            _go_on_after(connection, table)
    if head.hedger_journal != revisions.HEAD:
        revisions.migrate(connection)
    connection.execute(text(afresh.RAISE_EPOCHS), afresh.now())
    return rows


def _rows(source: Path, counted: dict[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row; at the end their number is held against what the file says."""
    with source.open("rb") as lines:
        lines.readline()
        for number, line in enumerate(lines, start=2):
            try:
                value = msgspec.json.decode(line)
                if isinstance(value, dict):
                    told = msgspec.convert(value, _End).rows
                    if told != counted or next(lines, None) is not None:
                        break
                    return
                name, row = value
                counted[name] += 0
            except (msgspec.DecodeError, msgspec.ValidationError, ValueError, TypeError, KeyError):
                raise ConfigError(f"{source}: line {number} is no row of a journal") from None
            yield name, row
    raise ConfigError(f"{source}: is not whole: it does not end with the number of its rows")


def _go_on_after(connection: Connection, table: Table) -> None:
    """The next id is one that no restored row has."""
    if "id" not in table.c:
        return
    sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
    query = f"SELECT setval({sequence}, coalesce(max(id), 0) + 1, false) FROM {table.name}"
    connection.execute(text(query))
