"""Which period `hedger report` is asked for, and what it says where there is nothing to report."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hedger.cli.main import app_for
from hedger.cli.report import period
from hedger.domain.errors import ConfigError
from hedger.domain.vocabulary import Environment
from hedger.engine.records import Attributed, Traded
from hedger.journal.journal import Journal
from hedger.portfolio.attribution import Lines
from tests.execution.test_table import fill

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
EIGHT_MS = 20_000 * DAY_MS + 8 * HOUR_MS
NOTHING = {"day": False, "week": False, "since": None, "until": None, "hour": 8}


def asked(**words: object) -> tuple[int, int]:
    return period(EIGHT_MS + 5 * HOUR_MS, **{**NOTHING, **words})  # type: ignore[arg-type]


def test_without_a_word_it_is_the_running_day_of_the_venue() -> None:
    assert asked() == (EIGHT_MS, EIGHT_MS + 5 * HOUR_MS + 1)


def test_a_day_and_a_week_are_whole_ones_cut_where_the_venue_cuts_them_or_at_midnight() -> None:
    assert asked(day=True) == (EIGHT_MS - DAY_MS, EIGHT_MS)
    assert asked(week=True) == (EIGHT_MS - 7 * DAY_MS, EIGHT_MS)
    midnight = EIGHT_MS - 8 * HOUR_MS
    assert asked(day=True, hour=0) == (midnight - DAY_MS, midnight)


def test_times_are_utc_unless_they_say_otherwise() -> None:
    since, until = asked(since="2024-10-04", until="2024-10-04T08:00+02:00")
    assert since == 20_000 * DAY_MS
    assert until == since + 6 * HOUR_MS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"since": "yesterday"}, "--from 'yesterday': must be a day or time"),
        ({"until": "2026-13-01"}, "--to '2026-13-01': must be a day or time"),
        ({"day": True, "week": True}, "exclude one another"),
        ({"week": True, "since": "2026-01-01"}, "exclude one another"),
        (
            {"since": "2026-02-01", "until": "2026-01-01"},
            "--from '2026-02-01': must be before --to '2026-01-01'",
        ),
        ({"since": "2100-02-01"}, "--from '2100-02-01': must be before the end of what is known"),
    ],
)
def test_what_is_no_period_is_refused_by_name(words: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        asked(**words)


async def written(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.load("deribit", Environment.LOCAL, "1", EIGHT_MS)
        row = Attributed(
            market_ms=EIGHT_MS,
            venue="deribit",
            currency="BTC",
            from_ms=EIGHT_MS - HOUR_MS,
            equity_before=10.0,
            equity_after=9.9,
            rate_before_usd=1e5,
            rate_after_usd=1e5,
            lines={"": Lines(transfers=-0.1)},
            tags={},
            bookings=1,
            booked_ms=EIGHT_MS,
            cash_gap=0.0,
            cash_tolerance=2e-8,
        )
        await journal.write([row])


def test_an_interval_belongs_to_the_day_of_its_middle(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path / "journal.sqlite"))
    place = ["report", "--state-dir", str(tmp_path)]
    told = CliRunner().invoke(app_for(), [*place, "--day"])
    assert told.exit_code == 0, told.output
    assert "-0.10000000" in told.output
    nothing = CliRunner().invoke(app_for(), [*place, "--from", "2024-01-01", "--to", "2024-02-01"])
    assert nothing.exit_code == 2
    assert "nothing in 2024-01-01T00:00:00+00:00" in nothing.output
    assert "its last interval ends 2024-10-04T08:00:00+00:00" in nothing.output


def test_the_csv_has_every_trade_of_the_time_asked_for_in_an_interval_or_not(tmp_path: Path) -> None:
    """The first hedge of a run trades before its first interval begins: accounting must not miss it."""
    told_ms = {"start": -2 * HOUR_MS, "inside": -HOUR_MS // 2, "later": HOUR_MS // 2, "other day": DAY_MS}

    async def traded() -> None:
        await written(tmp_path / "journal.sqlite")
        async with await Journal.open(tmp_path / "journal.sqlite") as journal:
            await journal.load("deribit", Environment.LOCAL, "1", EIGHT_MS)
            for name, at_ms in told_ms.items():
                made = fill(name, 100, label=f"h-btc-1-{len(name)}", market_ms=EIGHT_MS + at_ms)
                await journal.write([Traded(market_ms=made.market_ms, fill=made)])

    asyncio.run(traded())
    place = ["report", "--state-dir", str(tmp_path), "--from", "2024-10-04", "--to", "2024-10-04T12:00"]
    in_csv = CliRunner().invoke(app_for(), [*place, "--csv", "-"])
    assert in_csv.exit_code == 0, in_csv.output
    assert [row["trade_id"] for row in csv.DictReader(in_csv.output.splitlines())] == [
        "start",
        "inside",
        "later",
    ]
    in_words = " ".join(CliRunner().invoke(app_for(), place).output.split())
    assert "2 of our trades, fees 0.0000002; they are in the CSV" in in_words

    day = ["report", "--state-dir", str(tmp_path), "--from", "2024-10-04T08:00", "--to", "2024-10-04T12:00"]
    assert "nothing in" in CliRunner().invoke(app_for(), day).output


def test_a_journal_without_an_interval_says_so(tmp_path: Path) -> None:
    async def empty() -> None:
        async with await Journal.open(tmp_path / "journal.sqlite"):
            pass

    asyncio.run(empty())
    told = CliRunner().invoke(app_for(), ["report", "--state-dir", str(tmp_path)])
    assert told.exit_code == 2
    words = " ".join(told.output.split())
    assert (
        "no interval of the attribution is written in it yet; one is written every quarter of an hour"
        in words
    )
