"""Whose future it is, over a whole daemon: found, blocked, set aside by an edit, known after a restart."""

from __future__ import annotations

import signal
from decimal import Decimal
from pathlib import Path

from tests.end_to_end.sides import PERPETUAL, Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Yard

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
    assert Decimal(future(daemon)["own"]) != 0

    daemon.process.send(signal.SIGKILL)
    daemon.process.wait()
    again = yard.daemon(exchange, config=config_of(yard, base=True))
    again.until_quiet()
    found = future(again)
    assert found["unassigned"] == "0", "what the first run hedged is the book's own in the second"
    assert Decimal(found["own"]) == Decimal(found["account"]) - BET_USD


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


def test_a_deposit_pauses_a_usd_book_until_a_person_resumes(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "7", "--book", "empty")
    daemon = yard.daemon(exchange, "--set", "books.btc.neutral=usd")
    daemon.until_quiet()
    hedges = len(exchange.hedges())
    exchange.deposit(2)
    daemon.until_reason("paused")
    assert len(exchange.hedges()) == hedges, "nothing was hedged on money nobody has explained"
    assert float(daemon.book()["ownership"]["cash_flows"][-1]["amount"]) == 2.0
    assert "cash_flow_pause" in [alarm["name"] for alarm in daemon.status()["alarms"]]

    assert daemon.command("resume").status == 200
    assert daemon.book()["state"] == "paused", "the daemon's resume is not the book's"
    resumed = yard.run(
        *("resume", "--book", "btc", "--url", daemon.url, "--state-dir", str(daemon.state_dir))
    )
    assert resumed.wait() == 0, resumed.complained()
    until(lambda: len(exchange.hedges()) > hedges, "the hedge of the deposit")


def test_a_block_with_its_own_perpetual_leg_is_not_hedged(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "8", "--book", "empty")
    daemon = yard.daemon(exchange, overrides=tuple(s for s in BRISK if "settle_s" not in s))
    daemon.until_ready()
    call, delta = at_the_money(exchange)
    index = float(daemon.book()["index_usd"])
    hedge = round(10 * delta * index / 10) * 10
    exchange.block(("sell", 10, call), ("buy", hedge, PERPETUAL), gap_ms=300)
    until(lambda: len(daemon.book()["positions"]) == 2, "both legs")
    daemon.until_quiet()
    assert exchange.hedges() == []


def test_another_hedgers_order_on_the_account_blocks(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "9", "--book", "empty")
    daemon = yard.daemon(exchange)
    daemon.until_ready()
    query = f"instrument_name={PERPETUAL}&amount=10&type=limit&price=50000&label=h-other-1-1"
    exchange.private("buy", query)
    daemon.until_reason("other_hedger")
    assert "this daemon has no book other" in daemon.book()["ownership"]["other_hedger"]


def at_the_money(exchange: Exchange) -> tuple[str, float]:
    """A call near the money a good while before its expiry, and its delta less its price: what hedges it."""
    rows = exchange.public("get_instruments", "currency=BTC&kind=option")
    index = exchange.public("get_index_price", "index_name=btc_usd")["index_price"]
    last = sorted({row["expiration_timestamp"] for row in rows})[-1]
    calls = [r for r in rows if (r["expiration_timestamp"], r["option_type"]) == (last, "call")]
    name: str = min(calls, key=lambda row: abs(row["strike"] - index))["instrument_name"]
    ticker = exchange.public("ticker", f"instrument_name={name}")
    return name, float(ticker["greeks"]["delta"] - ticker["mark_price"])
