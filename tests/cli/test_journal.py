"""`hedger journal`: what it tells of a journal, beside whoever writes it, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from hedger.cli.exit_codes import ExitCode
from hedger.cli.main import app_for
from hedger.domain.order import Order, OrderState
from hedger.domain.vocabulary import BreakerState, Environment
from hedger.engine.records import OrderChanged, Record, Traded
from hedger.journal.journal import Journal
from hedger.journal.revisions import KNOWN
from tests.journal.conftest import place, postgres_server, postgres_url
from tests.journal.places import Place, rows
from tests.journal.records import NOW_MS, VENUE, changed, commanded, configured, decided, intent, traded
from tests.journal.test_revisions import old_file

__all__ = ["place", "postgres_server", "postgres_url"]


def filled(number: int, amount: str, state: OrderState = OrderState.FILLED) -> OrderChanged:
    """An order of the epoch that has traded as its report says."""
    order = Order(intent(number), state=state, filled_amount=Decimal(amount))
    return OrderChanged(market_ms=NOW_MS, order=order)


SOME: tuple[Record, ...] = (filled(1, "10"), traded("7"), decided(NOW_MS), commanded(BreakerState.PAUSED))


def written(at: Place, records: Iterable[Record] = SOME) -> Place:
    """A journal with records of one account."""

    async def write() -> None:
        async with await Journal.open(at) as journal:
            await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
            await journal.write(records)

    asyncio.run(write())
    return at


def hedger(at: Place, *words: str, password: str = "") -> Result:
    """`hedger journal WORDS` for a place."""
    environ = {"HEDGER_JOURNAL__PASSWORD": password}
    if isinstance(at, str):
        environ["HEDGER_JOURNAL__URL"] = at
    else:
        words = (*words, "--state-dir", str(at.parent))
    return CliRunner().invoke(app_for(), ["journal", *words], env=environ, catch_exceptions=False)


def everything(at: Place) -> dict[str, list[tuple[str, ...]]]:
    """All rows of all tables a test writes."""
    tables = ("orders", "fills", "decisions", "commands", "epochs", "write_marks", "checkpoints")
    return {table: rows(at, f"select * from {table} order by 1") for table in tables}


def assert_told_again(restored: Place, of: Place) -> None:
    """All the same, but for the epoch that keeps labels apart which the copy does not know."""
    before, after = everything(of), everything(restored)
    raised = [row for row in after["epochs"] if row not in before["epochs"]]
    after["epochs"] = before["epochs"]
    assert after == before
    since_2020_s = int(time.time()) - int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    assert [row[:3] for row in raised] == [row[:3] for row in before["epochs"][:1]]
    assert since_2020_s - 600 < int(raised[0][3]) <= since_2020_s


def test_a_journal_that_agrees_with_itself_is_said_to(place: Place) -> None:
    told = hedger(written(place), "verify")
    assert (told.exit_code, told.stdout) == (ExitCode.OK, "6 rows read back: 0 problems, 0 notes\n")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("update fills set body = '{}'", "fills row 1: not a Fill"),
        ("update decisions set reason = 'dwell'", "decisions row 1: reason = 'dwell', its body says"),
        ("delete from fills where trade_id = '7'", "h-btc-1-1 is filled, filled 10, its trades come to 0"),
        (
            "update orders set label = 'h-btc-9-1' where id = 1",
            "orders row 1: label = 'h-btc-9-1', its body says",
        ),
        ("update epochs set epoch = 0", "h-btc-1-1 is of an epoch that was never begun; the last is 0"),
    ],
)
def test_what_does_not_agree_is_named_and_the_code_is_5(place: Place, damage: str, told: str) -> None:
    strange = msgspec.structs.replace(traded("old", NOW_MS - 9).fill, label="")
    later = changed(99, OrderState.CANCELLED, NOW_MS + 3_600_000, NOW_MS + 3_600_000)
    written(place, [*SOME, Traded(market_ms=NOW_MS, fill=strange), later])
    rows(place, damage)
    found = hedger(place, "verify")
    assert found.exit_code == ExitCode.HALTED
    assert told in found.stdout
    as_json = hedger(place, "verify", "--json")
    assert any(told in problem for problem in json.loads(as_json.stdout)["problems"])


def test_trades_on_their_way_and_orders_that_are_not_there_deserve_a_look_only(place: Place) -> None:
    told = hedger(written(place, [filled(1, "20"), traded("7")]), "verify")
    assert told.exit_code == ExitCode.OK
    assert "note     deribit/local/1: h-btc-1-1 is filled, filled 20, its trades come to 10" in told.stdout


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    written(path, [configured(n) for n in range(3_000)])
    with path.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 64)
    told = hedger(path, "verify")
    assert told.exit_code == ExitCode.HALTED


def test_the_newest_is_shown_in_the_order_of_its_time(place: Place) -> None:
    told = hedger(written(place, [*SOME, decided(NOW_MS + 1, "eth")]), "tail", "-n", "1")
    lines = [line[25:] for line in told.stdout.splitlines()]
    assert [line.split()[0] for line in lines] == ["order", "fill", "decision"]
    assert lines[0].endswith("h-btc-1-1: sell 1234567890.1 BTC-PERPETUAL, filled, filled 10")
    assert "eth: hold, within_band" in lines[2]
    one = hedger(place, "tail", "--table", "fills", "--json")
    assert json.loads(one.stdout)["record"]["fill"]["trade_id"] == "7"
    assert hedger(place, "tail", "--table", "trades").exit_code == ExitCode.CONFIG


async def test_what_comes_later_is_told_once_and_an_order_as_often_as_it_changes(place: Place) -> None:
    from hedger.journal.reading import Reader
    from hedger.journal.tail import Tail

    newest = Tail(["orders", "fills"], 10)
    async with await Journal.open(place) as journal, Reader.open(place) as reader:

        async def more() -> list[str]:
            async with reader.picture() as connection:
                return [line.table for line in await newest.more(connection)]

        await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        assert await more() == []
        await journal.write([changed(1, OrderState.OPEN)])
        assert await more() == ["orders"]
        await journal.write([traded("7"), filled(1, "10")])
        assert sorted(await more()) == ["fills", "orders"]
        assert await more() == []


def test_every_row_is_exported_as_json(place: Place, tmp_path: Path) -> None:
    told = hedger(written(place), "export")
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    fill = next(line for line in lines if line["table"] == "fills")
    assert (fill["account_id"], fill["body"]["amount"]) == ("1", "10")
    assert {line["table"] for line in lines} == {"orders", "fills", "decisions", "commands", "epochs"}

    out = tmp_path / "out.jsonl"
    assert hedger(place, "export", "--table", "fills", "-o", str(out)).exit_code == ExitCode.OK
    assert len(out.read_text().splitlines()) == 1
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = hedger(place, "export", "-o", str(out))
    assert (again.exit_code, "is there already" in again.stderr) == (ExitCode.CONFIG, True)


def test_every_table_is_exported_as_parquet(place: Place, tmp_path: Path) -> None:
    assert hedger(written(place), "export", "--parquet", str(tmp_path / "out")).exit_code == ExitCode.OK
    fills = pq.read_table(tmp_path / "out" / "fills.parquet").to_pylist()
    assert [(fill["trade_id"], fill["market_ms"]) for fill in fills] == [("7", NOW_MS)]


@pytest.mark.parametrize("portable", [False, True])
def test_a_copy_made_while_the_journal_is_written_comes_back_whole(
    place: Place, tmp_path: Path, portable: bool, request: pytest.FixtureRequest
) -> None:
    written(place)
    out, words = tmp_path / "copy", ("--portable",) if portable else ()

    async def copied() -> Result:
        async with await Journal.open(place):
            return await asyncio.to_thread(hedger, place, "backup", str(out), *words)

    assert asyncio.run(copied()).exit_code == ExitCode.OK
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".*")) == []
    new: Place = tmp_path / "new" / "journal.sqlite"
    if isinstance(place, str):
        new = request.getfixturevalue("postgres_server").new_database()
    assert hedger(new, "restore", str(out)).exit_code == ExitCode.OK
    assert_told_again(new, place)
    written(new, [decided(NOW_MS + 5)])  # a daemon goes on from there, with ids of its own
    assert hedger(new, "verify").exit_code == ExitCode.OK


def test_a_journal_moves_from_a_file_to_a_server(tmp_path: Path, postgres_url: str) -> None:
    path = tmp_path / "journal.sqlite"
    written(path)
    assert hedger(path, "backup", str(tmp_path / "dump"), "--portable").exit_code == ExitCode.OK
    assert hedger(postgres_url, "restore", str(tmp_path / "dump")).exit_code == ExitCode.OK
    assert_told_again(postgres_url, path)

    assert hedger(path, "backup", str(tmp_path / "file")).exit_code == ExitCode.OK
    told = hedger(postgres_url, "restore", str(tmp_path / "file"))
    assert (told.exit_code, "backup --portable" in told.stderr) == (ExitCode.CONFIG, True)


def test_a_journal_that_is_not_empty_is_not_replaced(place: Place, tmp_path: Path) -> None:
    written(place)
    before = everything(place)
    for words in ((), ("--portable",)):
        out = tmp_path / f"copy{len(words)}"
        assert hedger(place, "backup", str(out), *words).exit_code == ExitCode.OK
        told = hedger(place, "restore", str(out))
        assert told.exit_code == ExitCode.CONFIG
        assert "is not empty" in told.stderr
    assert everything(place) == before


def test_a_file_in_which_a_daemon_holds_an_account_is_not_restored_into(tmp_path: Path) -> None:
    path, new = tmp_path / "journal.sqlite", tmp_path / "new" / "journal.sqlite"
    written(path)

    async def refused(*words: str) -> Result:
        out = tmp_path / f"copy{len(words)}"
        await asyncio.to_thread(hedger, path, "backup", str(out), *words)
        async with await Journal.open(new) as journal:
            await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
            new.with_name("journal.sqlite").write_bytes(b"")  # what a daemon has not written to yet
            return await asyncio.to_thread(hedger, new, "restore", str(out))

    for words in ((), ("--portable",)):
        told = asyncio.run(refused(*words))
        assert (told.exit_code, "held by another hedger" in told.stderr) == (ExitCode.LEASE, True)
        new.unlink()


@pytest.mark.parametrize("cut", ["end", "row", "head", "unknown"])
def test_a_dump_that_is_cut_or_newer_leaves_nothing_behind(place: Place, tmp_path: Path, cut: str) -> None:
    dump = tmp_path / "dump"
    source = tmp_path / "source" / "journal.sqlite"
    written(source)
    assert hedger(source, "backup", str(dump), "--portable").exit_code == ExitCode.OK
    lines = dump.read_bytes().splitlines(keepends=True)
    changed_lines = {
        "end": lines[:-1],
        "row": [*lines[:-2], lines[-1]],
        "head": lines[1:],
        "unknown": [lines[0].replace(KNOWN[-1].encode(), b"9999"), *lines[1:]],
    }
    dump.write_bytes(b"".join(changed_lines[cut]))
    told = hedger(place, "restore", str(dump))
    assert told.exit_code == ExitCode.CONFIG
    assert str(dump) in told.stderr
    assert hedger(place, "verify").exit_code == ExitCode.CONFIG, "there is no journal"


def test_a_dump_of_an_earlier_hedger_is_migrated(place: Place, tmp_path: Path) -> None:
    old = old_file(tmp_path / "old.sqlite")
    tables = ["commands", "decisions", "fills", "orders"]
    lines: list[object] = [{"hedger_journal": "0001", "tables": tables}]
    with closing(sqlite3.connect(old)) as connection:
        connection.row_factory = sqlite3.Row
        found = {name: connection.execute(f"select * from {name}").fetchall() for name in tables}
    lines += [[name, dict(row)] for name in tables for row in found[name]]
    lines.append({"rows": {name: len(found[name]) for name in tables}})
    dump = tmp_path / "dump"
    dump.write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines))

    assert hedger(place, "restore", str(dump)).exit_code == ExitCode.OK
    assert rows(place, "select version_num from journal_revision") == [(KNOWN[-1],)]
    assert rows(place, "select count(*) from fills") == [("2",)]


def test_a_file_from_before_the_revisions_is_not_touched_by_a_look(tmp_path: Path) -> None:
    old_file(tmp_path / "journal.sqlite")
    told = hedger(tmp_path / "journal.sqlite", "verify")
    assert (told.exit_code, "from before the revisions" in told.stderr) == (ExitCode.CONFIG, True)


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    told = hedger(tmp_path / "none" / "journal.sqlite", "verify")
    assert (told.exit_code, "there is no such file" in told.stderr) == (ExitCode.CONFIG, True)
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_says_where_the_journal_is(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "truth.sqlite"
    written(path)
    config = tmp_path / "hedger.toml"
    config.write_text(
        f"[journal]\npath = '{path}'\n"
        "[venues.deribit]\nenvironment = 'local'\n"
        "[books.btc]\nvenue = 'deribit'\nunderlying = 'BTC'\nhedge_instrument = 'BTC-PERPETUAL'\n"
    )
    told = CliRunner().invoke(app_for(), ["journal", "verify", "-c", str(config)], catch_exceptions=False)
    assert (told.exit_code, told.stdout) == (ExitCode.OK, "6 rows read back: 0 problems, 0 notes\n")


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    told = hedger("postgresql://hedger:hunter2@db/hedger", "verify")
    assert told.exit_code == ExitCode.CONFIG
    assert "must not hold a password" in told.stderr
    assert "hunter2" not in told.output
