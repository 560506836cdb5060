"""The journal in PostgreSQL: who may log in, what it says where it cannot, and nothing of a password."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hedger.domain.errors import AuthError, ConfigError, HedgerError
from hedger.journal.errors import JournalUnreachable
from hedger.journal.journal import Journal
from hedger.journal.url import holds_password, masked
from tests.journal.places import rows
from tests.postgres import GUARDED, PASSWORD, Postgres


async def refused(url: str, password: str = "") -> HedgerError:
    """What opening a journal there is answered."""
    with pytest.raises(HedgerError) as error:
        await Journal.open(url, password)
    assert "\n" not in str(error.value)
    return error.value


async def test_commits_are_synchronous_whatever_the_database_says(
    postgres_server: Postgres, postgres_url: str
) -> None:
    name = postgres_url.rpartition("/")[2]
    postgres_server.sql(f"alter database {name} set synchronous_commit = off")
    async with await Journal.open(postgres_url) as journal, journal.store.engine.connect() as connection:
        found = await connection.exec_driver_sql("show synchronous_commit")
        assert found.scalar_one() == "on"


async def test_a_socket_and_a_password_are_ways_in(postgres_server: Postgres, postgres_url: str) -> None:
    name = postgres_url.rpartition("/")[2]
    guarded = postgres_server.url(name, user=GUARDED)
    async with await Journal.open(guarded, PASSWORD):
        pass
    async with await Journal.open(postgres_server.socket_url(name)):
        pass
    assert rows(postgres_url, "select count(*) from orders") == [("0",)]


async def test_a_wrong_password_and_a_missing_one_are_told_without_it(
    postgres_server: Postgres, postgres_url: str
) -> None:
    guarded = postgres_server.url(postgres_url.rpartition("/")[2], user=GUARDED)
    for password in ("not-the-password", ""):
        told = await refused(guarded, password)
        assert isinstance(told, AuthError)
        assert f"{GUARDED}@127.0.0.1" in str(told)
        assert "HEDGER_JOURNAL__PASSWORD" in str(told)
        assert not password or password not in str(told)


async def test_a_database_that_does_not_exist_is_named(postgres_server: Postgres) -> None:
    told = await refused(postgres_server.url("nowhere"))
    assert isinstance(told, ConfigError)
    assert 'database "nowhere" does not exist' in str(told)


async def test_a_server_that_does_not_answer_is_unreachable(postgres_server: Postgres) -> None:
    url = postgres_server.url().replace(f":{postgres_server.port}", ":1")
    told = await refused(url)
    assert isinstance(told, JournalUnreachable)
    assert told.exit_code == 4


async def test_a_database_of_something_else_is_refused(postgres_url: str) -> None:
    rows(postgres_url, "create table friends (name text)")
    assert "is no journal: it holds the table 'friends'" in str(await refused(postgres_url))


def test_a_missing_driver_is_named_with_the_extra_that_brings_it() -> None:
    code = (
        "import sys, asyncio; sys.modules['asyncpg'] = None\n"
        "from hedger.journal.journal import Journal\n"
        "asyncio.run(Journal.open('postgresql://hedger@db/hedger'))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "needs the package asyncpg: pip install 'hedger[postgres]'" in told.stderr


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://hedger@db:5432/hedger", "postgresql://hedger@db:5432/hedger"),
        ("postgresql://hedger:s3cret@db/hedger", "postgresql://hedger:***@db/hedger"),
        ("postgresql://hedger:s3:c@ret@db/hedger", "postgresql://hedger:***@db/hedger"),
        (
            "postgresql://db/h?password=s3cret&sslmode=require",
            "postgresql://db/h?password=***&sslmode=require",
        ),
        ("postgresql://hedger@/h?host=/run/postgresql", "postgresql://hedger@/h?host=/run/postgresql"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert holds_password(url) is (url != shown)
