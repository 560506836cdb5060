"""A journal is found again by every later hedger, and never touched by an earlier one."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from hedger.domain.errors import ConfigError
from hedger.domain.order import OrderState
from hedger.domain.vocabulary import BreakerState, Environment
from hedger.journal import revisions
from hedger.journal.journal import Journal
from hedger.journal.places import store_of
from hedger.journal.rows import row_of
from hedger.journal.schema import metadata
from tests.journal.places import Place, rows
from tests.journal.records import DAY_MS, NOW_MS, VENUE, changed, commanded, decided, traded

BEFORE_REVISIONS = Path(__file__).with_name("before_revisions.sql")


def old_file(path: Path, *without: str, version: int = 2) -> Path:
    """A journal of a hedger from before the revisions, with an order, a fill, a decision and a halt in it."""
    scope = {"venue": VENUE, "environment": "local", "account_id": "1"}
    records = [
        changed(1, OrderState.FILLED),
        traded("7"),
        traded("1", NOW_MS - 9 * DAY_MS),
        commanded(BreakerState.HALTED),
        decided(NOW_MS),
    ]
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(BEFORE_REVISIONS.read_text())
        for row in map(row_of, records):
            values = {**scope, **row.values}
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            connection.execute(f"insert into {row.table} ({names}) values ({marks})", list(values.values()))
        for table in without:
            connection.execute(f"drop table {table}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
    return path


@pytest.mark.parametrize(("without", "version"), [((), 2), (("guards",), 1), (("kept", "holds"), 2)])
async def test_a_file_from_before_the_revisions_is_adopted_with_all_its_rows(
    tmp_path: Path, without: tuple[str, ...], version: int
) -> None:
    path = old_file(tmp_path / "old.sqlite", *without, version=version)
    async with await Journal.open(path) as journal:
        loaded = await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        decisions = await journal.decisions(9)

    assert [order.state for order in loaded.orders] == [OrderState.FILLED]
    assert [fill.trade_id for fill in loaded.fills] == ["7"]
    assert loaded.breakers == {"": BreakerState.HALTED}
    assert [str(each.size) for each in loaded.sums] == ["-20"]
    assert len(decisions) == 1
    assert rows(path, "select version_num from journal_revision") == [(revisions.HEAD,)]


async def test_an_adopted_file_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old = old_file(tmp_path / "old.sqlite", "kept", version=1)
    assert await shape(old) == await shape(tmp_path / "new.sqlite")


async def test_the_migrations_lead_to_the_tables_that_a_new_journal_gets(
    place: Place, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    created = await shape(place)
    again: Place = tmp_path / "migrated.sqlite"
    if isinstance(place, str):
        again = request.getfixturevalue("postgres_server").new_database()
    store = store_of(again)
    async with store.engine.begin() as connection:
        await connection.run_sync(store.alone)
        await connection.run_sync(revisions.migrate)
    await store.engine.dispose()

    assert await shape(again) == created
    assert await differences(again) == []


def test_the_known_revisions_are_those_of_the_migrations_in_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", "hedger.journal:migrations")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == revisions.KNOWN


async def test_a_journal_of_a_newer_hedger_is_refused_and_left_alone(place: Place) -> None:
    async with await Journal.open(place):
        pass
    rows(place, "update journal_revision set version_num = '9999'")

    with pytest.raises(ConfigError, match=r"its schema \(9999\) is unknown to this hedger") as refused:
        await Journal.open(place)
    assert "\n" not in str(refused.value)
    assert rows(place, "select version_num from journal_revision") == [("9999",)]


async def test_a_file_of_a_hedger_between_is_refused(tmp_path: Path) -> None:
    path = old_file(tmp_path / "old.sqlite", version=99)
    with pytest.raises(ConfigError, match=r"\(user_version 99\) is unknown to this hedger"):
        await Journal.open(path)


async def test_hedgers_from_before_the_revisions_refuse_the_file(tmp_path: Path) -> None:
    """They looked at user_version and took everything above 2 for newer."""
    async with await Journal.open(tmp_path / "j"):
        pass
    ((mark,),) = rows(tmp_path / "j", "PRAGMA user_version")
    assert int(mark) > 2


async def test_two_that_start_on_a_new_database_do_not_meet(postgres_url: str) -> None:
    journals = await asyncio.gather(*(Journal.open(postgres_url) for _ in range(4)))
    for journal in journals:
        await journal.close()
    assert rows(postgres_url, "select version_num from journal_revision") == [(revisions.HEAD,)]


def test_a_start_on_a_journal_of_this_revision_does_not_load_alembic(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from hedger.journal.journal import Journal\n"
        "for _ in range(2): asyncio.run(asyncio.run(Journal.open(Path(sys.argv[1]))).close())\n"
        "print('alembic' in sys.modules, 'asyncpg' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "j")], check=True, capture_output=True, text=True
    )
    assert told.stdout == "False False\n"


async def shape(place: Place) -> dict[str, object]:
    """Tables, columns, keys and indexes of a journal once it has been opened."""
    async with await Journal.open(place) as journal, journal.store.engine.connect() as connection:
        return await connection.run_sync(_shape)


def _shape(connection: Connection) -> dict[str, object]:
    found = inspect(connection)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted(key["column_names"] for key in found.get_unique_constraints(table)),
            sorted((i["name"], i["column_names"], i["unique"]) for i in found.get_indexes(table)),
        )
        for table in sorted(found.get_table_names())
    }


async def differences(place: Place) -> list[object]:
    """What Alembic itself finds between a journal and the tables the code names."""
    async with await Journal.open(place) as journal, journal.store.engine.connect() as connection:
        return await connection.run_sync(_differences)


def _differences(connection: Connection) -> list[object]:
    options = {"version_table": revisions.VERSION_TABLE}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
