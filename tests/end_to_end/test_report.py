"""A report of a life that was lived: its total is the exchange's own change of equity, whatever happened."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

LOOKS = (*BRISK, "timing.reconcile_s=0.5")
ROUNDING = 1e-8  # of whatever the venue tells
LEGS = 4
ORIGIN = "2026-11-26T05:30"  # the daemons start and restart before the settlement


def told_equity(daemon: Daemon) -> float | None:
    """What the running attribution holds for the wallet's equity; None before it has begun."""
    days = daemon.status()["attribution"]
    return float(days[0]["equity"]) if days else None


def until_told(exchange: Exchange, daemon: Daemon) -> float:
    """The equity of a market that stands still, once the daemon has been told it."""

    def told() -> float | None:
        equity = float(exchange.state()["equity"]["BTC"])  # a hedge that was under way still moves it
        return equity if told_equity(daemon) == equity else None

    return float(until(told, "the exchange's equity to be told"))


def expiring(exchange: Exchange) -> list[str]:
    """Options of this morning, the nearest the money first."""
    listed = exchange.public("get_instruments", "currency=BTC&kind=option&expired=false")
    today = [row for row in listed if "-26NOV26-" in row["instrument_name"]]
    return [row["instrument_name"] for row in sorted(today, key=lambda r: abs(r["strike"] - 100_000))][:LEGS]


def reported(yard: Yard, daemon: Daemon, *words: str) -> dict[str, Any]:
    out = yard.folder / "report.json"
    process = yard.run("report", "--state-dir", str(daemon.state_dir), "--json", str(out), *words)
    assert process.wait() == 0, process.complained()
    (wallet,) = json.loads(out.read_text())["wallets"]
    found: dict[str, Any] = wallet
    return found


def test_the_total_is_the_exchanges_change_of_equity_over_expiry_settlement_and_a_restart(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "450", "--origin", ORIGIN, "--book", "strangle")
    first = yard.daemon(exchange, overrides=LOOKS)
    begun = float(
        until(lambda: first.status()["attribution"], "the attribution to begin")[0]["equity_before"]
    )
    for name in expiring(exchange):
        exchange.trade("sell", 2, name)
    first.until_quiet()
    assert first.process.stop() == 0

    daemon = yard.daemon(exchange, overrides=LOOKS)
    until(lambda: daemon.status()["time"] > "2026-11-26T08:15", "a quarter past the settlement")
    exchange.pause()
    ended = until_told(exchange, daemon)
    assert daemon.process.stop() == 0

    wallet = reported(yard, daemon, "--from", "2026-11-26", "--to", "2026-11-27")
    assert wallet["equity_before"] == begun
    assert wallet["equity_after"] == ended
    assert wallet["change"] == pytest.approx(ended - begun, abs=1e-12)
    assert sum(wallet["lines"].values()) == pytest.approx(wallet["change"], abs=1e-12)
    assert sum(wallet["lines_usd"].values()) == pytest.approx(wallet["change_usd"], abs=1e-6)
    assert wallet["gaps"] == []
    exact = Decimal(exchange.state()["equity_exact"]["BTC"])
    assert abs(float(exact) - wallet["equity_after"]) < wallet["bookings"] * ROUNDING
    assert abs(wallet["cash_gap"]) <= wallet["cash_tolerance"]
    assert wallet["lines"]["settlement"] != 0.0
    assert {"2026-11-26", "2026-12-25", "perpetual"} <= set(wallet["expiries"])
    _told_alike(yard, daemon, exchange, wallet)


def _told_alike(yard: Yard, daemon: Daemon, exchange: Exchange, wallet: dict[str, Any]) -> None:
    """CSV, text and page tell what the JSON does, and the CSV every hedge with its fee."""
    out, page = yard.folder / "hedges.csv", yard.folder / "report.html"
    words = ("--from", "2026-11-26", "--csv", str(out), "--html", str(page))
    said = yard.run("report", "--state-dir", str(daemon.state_dir), *words)
    assert said.wait() == 0, said.complained()
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    own = [trade for trade in exchange.state()["trades"] if trade.get("label", "").startswith("h-")]
    assert {row["trade_id"] for row in rows} == {trade["trade_id"] for trade in own}
    assert sum(Decimal(row["fee"]) for row in rows) == sum(Decimal(str(trade["fee"])) for trade in own)
    assert all(row["mark_at_decision"] and row["reason"] for row in rows)
    assert f"{wallet['change']:+.8f}" in said.said()
    _whole(page)


def _whole(page: Path) -> None:
    """A page that needs nothing from anywhere, assumptions before figures, every plot in it."""
    text = page.read_text()
    assert text.index("Assumptions") < text.index("What the change of equity came from")
    assert text.count("Plotly.newPlot") == 6
    assert "<script src" not in text
    assert "<link" not in text
