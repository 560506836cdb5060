"""A band turned on a running daemon, through the command line: obeyed, kept over a crash, taken back."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Yard

UPPER = "books.btc.band.upper"


def test_an_override_and_a_set_key_survive_a_crash_and_end_when_they_are_told_to(yard: Yard) -> None:
    config = yard.folder / "hedger.toml"
    config.write_text(DEMO_CONFIG.read_text())
    exchange = yard.exchange("--seed", "3", "--book", "strangle")
    daemon = yard.daemon(exchange, config=config)
    daemon.until_quiet()

    assert "was 0.1" in _hedger(yard, daemon, "set", f"{UPPER}=0.2")
    assert "band x2 until" in _hedger(yard, daemon, "override", "band", "x2", "4h", "--book", "btc")
    _until_upper(daemon, "0.4")
    assert daemon.status()["edits"][0]["key"] == UPPER

    daemon.process.kill()
    daemon = yard.daemon(exchange, config=config)
    daemon.until_ready()
    _until_upper(daemon, "0.4")
    assert daemon.book()["profile"]["override_factor"] == 2

    _hedger(yard, daemon, "override", "--clear")
    _until_upper(daemon, "0.2")
    _the_check_shows_what_is_set_and_the_file_ends_it(yard, exchange, config, daemon)
    told = [("0.2", "0.1"), ("", "0.2")]
    until(lambda: _kept(daemon.journal) == told, "both changes in the journal")


def _the_check_shows_what_is_set_and_the_file_ends_it(
    yard: Yard, exchange: Exchange, config: Path, daemon: Daemon
) -> None:
    checked = yard.run(
        *("check", "-c", str(config), "--exchange", str(exchange.ready_file)),
        *("--set", f"state_dir={str(daemon.state_dir)!r}"),
        environ={"COLUMNS": "200"},
    )
    line = next(line for line in checked.said().splitlines() if line.startswith(UPPER))
    assert line.split()[1:4] == ["0.2", "set", "by"]

    config.write_text(config.read_text().replace("upper = 0.1", "upper = 0.15", 1))
    _until_upper(daemon, "0.15")
    assert daemon.status()["edits"] == []


def test_a_key_that_needs_a_restart_is_refused_and_nothing_changes(yard: Yard) -> None:
    daemon = yard.daemon(yard.exchange("--seed", "3"))
    daemon.until_ready()
    before = daemon.status()["config_hash"]
    for setting, told in (
        ("mode=observe", "mode: cannot change while running"),
        (f"{UPPER}=-3", f"must be at most {UPPER}"),
        ("books.btc.band.uper=1", "did you mean"),
    ):
        process = yard.run("set", setting, *_where(daemon))
        assert process.wait() == 2
        assert told in process.complained()
    assert daemon.status()["config_hash"] == before


def test_a_blackout_holds_a_hedge_back_until_the_hard_limit_is_set_nearer(yard: Yard) -> None:
    """The strangle of this seed starts 0.19 short: outside the band, inside a hard limit of 0.5."""
    overrides = (*BRISK, "books.btc.schedule.blackouts=daily 00:00-24:00")
    daemon = yard.daemon(yard.exchange("--seed", "3", "--book", "strangle"), overrides=overrides)
    daemon.until_reason("blackout")
    assert daemon.book()["profile"]["blackout"] == "daily 00:00-24:00"
    assert daemon.book()["hedges_24h"] == 0

    _hedger(yard, daemon, "set", "band.hard_lower=-0.15", "--book", "btc")
    until(lambda: daemon.book()["hedges_24h"] > 0, "the hedge beyond the hard limit")
    assert daemon.book()["last_hedge"]["reason"] == "hard_limit"


def _where(daemon: Daemon) -> tuple[str, ...]:
    return "--url", daemon.url, "--state-dir", str(daemon.state_dir)


def _hedger(yard: Yard, daemon: Daemon, *words: str) -> str:
    process = yard.run(*words, *_where(daemon))
    assert process.wait() == 0, process.complained()
    return process.said()


def _until_upper(daemon: Daemon, upper: str) -> None:
    until(lambda: daemon.book()["band"]["upper"] == Decimal(upper), f"an upper edge of {upper}")


def _kept(journal: Path) -> list[tuple[str, str]]:
    """What was set and what stood before, in order."""
    connection = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    rows = connection.execute(
        "select value, json_extract(body, '$.before') from setting_changes order by id"
    ).fetchall()
    connection.close()
    return rows
