"""The journal in a file: private, synced in full, and refused by name where it cannot be one."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hedger.domain.errors import ConfigError
from hedger.domain.vocabulary import Environment
from hedger.journal.errors import JournalUnreachable
from hedger.journal.journal import Journal
from hedger.journal.sqlite import SqliteStore
from tests.journal.places import blocked
from tests.journal.records import NOW_MS, VENUE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


async def test_only_its_owner_can_read_the_file(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert set(modes) >= {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite.lock"}
    assert set(modes.values()) == {0o600}


async def test_commits_are_synced_in_full_and_freed_pages_can_be_given_back(path: Path) -> None:
    async with await Journal.open(path) as journal, journal.store.engine.connect() as connection:
        found = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("synchronous", "journal_mode", "auto_vacuum")
        ]
    assert found == [2, "wal", 2]


async def test_a_new_connection_looks_while_another_program_writes(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.store.engine.dispose()
        with blocked(path):
            assert await journal.decisions(1) == ()


async def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("these are not the rows you are looking for" * 50)
    with pytest.raises(ConfigError, match="cannot be used as a journal: file is not a database"):
        await Journal.open(path)


async def test_a_file_that_another_program_keeps_locked_may_be_free_at_the_next_start(path: Path) -> None:
    """Code 2 would tell the service manager never to start it again."""
    async with await Journal.open(path):
        pass
    with blocked(path), pytest.raises(JournalUnreachable, match="database is locked") as refused:
        await Journal.open(path)
    assert refused.value.exit_code == 4


async def test_a_disk_that_is_full_may_have_room_at_the_next_start(path: Path) -> None:
    store = SqliteStore(path)
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    assert isinstance(store.refusal(full), JournalUnreachable)
    await store.engine.dispose()


async def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "addresses.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table friends (name text)")
    with pytest.raises(ConfigError, match="is no journal: it holds the table 'friends'"):
        await Journal.open(path)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("friends",)]


async def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"journal\.path = .*file/journal"):
        await Journal.open(tmp_path / "file" / "journal.sqlite")
