"""A journal for other programs: one JSON object a row, or one Parquet file a table; bodies are checked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from hedger.domain.errors import ConfigError
from hedger.journal import schema
from hedger.journal.reading import CHUNK_ROWS, stored
from hedger.journal.rows import record_of

TABLES = {str(table.name): table for table in schema.WRITTEN}


async def as_json_lines(connection: AsyncConnection, tables: list[str], out: IO[bytes]) -> int:
    """`{"table": "fills", "id": 1, ..., "body": {...}}`; returns the number of rows."""
    count = 0
    for name in tables:
        async for row in _checked(connection, TABLES[name]):
            if "body" in row:
                row["body"] = msgspec.Raw(row["body"].encode())
            out.write(msgspec.json.encode({"table": name, **row}) + b"\n")
            count += 1
    return count


async def as_parquet(connection: AsyncConnection, tables: list[str], folder: Path) -> int:
    """`fills.parquet` and so on, `body` as JSON text; returns the number of rows.

    Raises ConfigError where pyarrow is not installed or the folder cannot be made.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise ConfigError("Parquet needs the package pyarrow: pip install 'hedger[lab]'") from None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}") from error
    count = 0
    for name in tables:
        columns = pa.schema([(column.name, _arrow(pa, column.type)) for column in TABLES[name].columns])
        with parquet.ParquetWriter(folder / f"{name}.parquet", columns) as writer:
            async for chunk in _chunks(connection, TABLES[name]):
                writer.write_table(pa.Table.from_pylist(chunk, schema=columns))
                count += len(chunk)
    return count


def _arrow(pa: Any, kind: Any) -> Any:
    return pa.int64() if kind.python_type is int else pa.string()


async def _chunks(connection: AsyncConnection, table: Table) -> AsyncIterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    async for row in _checked(connection, table):
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _checked(connection: AsyncConnection, table: Table) -> AsyncIterator[dict[str, Any]]:
    """Every row, its body read once. Raises InvariantError for one that cannot be."""
    async for row in stored(connection, table):
        if "body" in row:
            record_of(table, 0, row["body"], f"{table.name} row {row['id']}")
        yield row
