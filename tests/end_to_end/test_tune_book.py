"""`hedger tune` of a book that a real daemon holds: while it runs, from its journal, and from its record."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hedger.cli.main import app_for
from tests.end_to_end.ledgers import bodies
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Yard

pytest.importorskip("optuna", reason="optuna is in the extra [lab]")

QUICK = (
    *("--trials", "8", "--paths", "200", "--horizon-days", "1", "--step-minutes", "60"),
    *("--policy", "band", "--executor", "serial", "-c", str(DEMO_CONFIG)),
)


def told(*words: str) -> str:
    """What it prints, its lines put together again."""
    done = CliRunner().invoke(app_for(), ["tune", *QUICK, *words])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def deltas(said: str) -> tuple[float, float]:
    """As the daemon has it, and as the lab does."""
    daemons, _, labs = said.partition("delta ")[2].partition(" coin as the daemon has it, ")
    return float(daemons), float(labs.split()[0])


def test_the_book_is_the_same_from_the_daemon_its_journal_and_its_record(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "600", "--book", "strangle")
    record: Path = yard.folder / "flight.jsonl"
    daemon = yard.daemon(exchange, "--record", str(record), overrides=BRISK)
    until(lambda: len(exchange.hedges()) >= 2, "two hedges")
    until(lambda: bodies(daemon.journal, "attributions"), "an interval of the attribution")
    running = told("--url", daemon.url)
    assert daemon.process.stop() == 0

    for said in (running, told("--data", str(record))):
        assert "book btc as" in said
        assert ": 2 options," in said
        theirs, ours = deltas(said)
        assert ours == pytest.approx(theirs, abs=0.02)

    monkeypatch.setenv("HEDGER_STATE_DIR", str(daemon.state_dir))
    kept = told("--journal")
    assert "book btc as its journal was written last" in kept
    assert ": 2 options," in kept
    assert "today: band lower=-0.1 upper=0.1 hard_lower=-0.5" in kept
