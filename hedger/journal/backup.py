"""Copies of a journal while it is written, and journals from copies.

A copy of a file is a SQLite file again; `portable`, and of a server always, it is a dump (see `dump`), which
can be restored into either database.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from hedger.domain.errors import ConfigError
from hedger.journal import afresh, revisions
from hedger.journal.dump import dump, new_file, restore_dump
from hedger.journal.errors import JournalError
from hedger.journal.lock import ProcessLock
from hedger.journal.places import Place
from hedger.journal.reading import Reader
from hedger.journal.sqlite import create_private, lock_of

_MAGIC = b"SQLite format 3\0"


async def backup(place: Place, out: Path, password: str = "", *, portable: bool = False) -> None:
    """Copy one moment of a journal to a new file, whole and on disk, or no file at all.

    Raises ConfigError where there is no journal or the file is there already, and JournalError.
    """
    async with Reader.open(place, password) as reader:
        with new_file(out) as part:
            if isinstance(place, Path) and not portable:
                await asyncio.to_thread(_copy, place, part)
                return
            async with reader.picture() as connection:
                with part.open("wb") as written:
                    await dump(connection, written)


def _copy(source: Path, out: Path) -> None:
    """By SQLite's own online backup, in one step: it sees one moment, and keeps no writer waiting."""
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(out)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
    except sqlite3.Error as error:
        raise JournalError(f"journal {source}: {error}") from error


async def restore(source: Path, place: Place, password: str = "") -> None:
    """Put a copy where there is no journal, all of it or nothing; its accounts begin `afresh`.

    Raises ConfigError where there is one, for what is no whole copy and for a newer hedger's; LeaseError
    while a daemon holds an account in the file.
    """
    if not _is_file_copy(source):
        await restore_dump(source, place, password)
    elif isinstance(place, Path):
        await asyncio.to_thread(_restore_file, source, place)
    else:
        raise ConfigError(f"{source}: is a SQLite file; a server takes what `backup --portable` writes")


def _is_file_copy(source: Path) -> bool:
    try:
        with source.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror}") from error


def _restore_file(source: Path, path: Path) -> None:
    _judge(source)
    if path.exists() and path.stat().st_size:
        raise ConfigError(f"journal {path}: is not empty; restore into a new place")
    create_private(path)
    with ProcessLock.none_lives(lock_of(path)):
        path.unlink()
        with new_file(path) as part:
            shutil.copyfile(source, part)
            with closing(sqlite3.connect(part)) as copy, copy:
                copy.execute(afresh.RAISE_EPOCHS, afresh.now())


def _judge(source: Path) -> None:
    """Raises ConfigError for a file that is damaged, no journal, or a newer hedger's."""
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            (told,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            (revision,) = copy.execute(f"SELECT version_num FROM {revisions.VERSION_TABLE}").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise ConfigError(f"{source}: is no backup of a journal: {error}") from error
    if told != "ok":
        raise ConfigError(f"{source}: is damaged: {told}")
    if revision not in revisions.KNOWN:
        raise ConfigError(f"{source}: its schema ({revision}) is unknown to this hedger")
