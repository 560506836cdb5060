"""Whose future it is, over a whole daemon: found, blocked, set aside by an edit, known after a restart."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.end_to_end.sides import PERPETUAL, Daemon
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import DEMO_CONFIG, Yard

BET_USD = 100_000
NOTHING_ADOPTED = 'adopt = ["BTC-PERPETUAL"]', "adopt = []"


def config_of(yard: Yard, *, base: bool = False) -> Path:
    """The demonstration's configuration, without what is traded by hand."""
    path = yard.folder / "hedger.toml"
    text = DEMO_CONFIG.read_text().replace(*NOTHING_ADOPTED)
    added = f'\n[books.btc.scope.base_position]\n"{PERPETUAL}" = {BET_USD}\n' if base else ""
    path.write_text(text + added)
    return path


def future(daemon: Daemon) -> dict[str, str]:
    """The perpetual as the status divides it."""
    rows = {row["instrument"]: row for row in daemon.book()["ownership"]["futures"]}
    found: dict[str, str] = rows.get(PERPETUAL, {})
    return found


def test_a_bet_found_at_the_start_blocks_until_an_edit_sets_it_aside(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "5", "--book", "strangle")
    exchange.trade("buy", BET_USD)
    daemon = yard.daemon(exchange, config=config_of(yard))
    daemon.until_reason("unassigned_future")
    assert future(daemon)["unassigned"] == str(BET_USD)
    until(lambda: "unassigned_future" in [a["name"] for a in daemon.status()["alarms"]], "the alarm")
    assert exchange.hedges() == []

    config_of(yard, base=True)
    daemon.until_quiet()
    assert future(daemon)["unassigned"] == "0"
    own = future(daemon)["own"]

    daemon.process.send(signal.SIGKILL)
    daemon.process.wait()
    again = yard.daemon(exchange, config=config_of(yard, base=True))
    again.until_quiet()
    assert future(again)["own"] == own, "what the first run hedged is the book's own in the second"


def test_a_trader_legs_in_under_hold_and_nothing_is_hedged(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "6", "--book", "empty")
    daemon = yard.daemon(exchange)
    daemon.until_ready()
    words = ("--url", daemon.url, "--state-dir", str(daemon.state_dir))
    held = yard.run("hold", "60s", "--reason", "legging in", *words)
    assert "btc: waits until" in held.said(), held.complained()
    exchange.trade("buy", 20_000)
    daemon.until_reason("hold")
    assert daemon.book()["ownership"]["hold_by"].startswith("cli:")
    assert exchange.hedges() == []

    assert "does not wait" in yard.run("hold", "--end", *words).said()
    until(exchange.hedges, "the hedge of what is left")
