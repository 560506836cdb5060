"""Theta-offset with shadows beside it for a simulated day, or a week.

Why it waits, what the others would have cost, and a report that comes to the exchange's own change of equity.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.end_to_end.sides import Daemon
from tests.end_to_end.test_report import reported, until_told
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

ORIGIN = "2026-11-26T09:00"  # after a settlement; the strangle outlives the week
SHADOWS = (
    "books.btc.policy=theta_offset",
    "books.btc.theta_offset.window_s=3600",
    "books.btc.shadows.tight.policy=band",
    "books.btc.shadows.tight.lower=-0.05",
    "books.btc.shadows.tight.upper=0.05",
    "books.btc.shadows.clock.policy=time",
    "books.btc.shadows.clock.window_s=3600",
    "books.btc.envelope.max_turnover_hour_usd=1e9",
    "books.btc.envelope.max_turnover_day_usd=1e9",
    "timing.reconcile_s=0.5",
)
WAITS = {"window", "decay_pays"}

slow = (
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif("HEDGER_SLOW" not in os.environ, reason="takes 3 min: set HEDGER_SLOW=1"),
)


@pytest.mark.parametrize(
    ("until_time", "speed"),
    [
        pytest.param("2026-11-27T07:00", "7200", id="a day"),
        pytest.param("2026-12-03T09:00", "3600", id="a week", marks=slow),
    ],
)
def test_it_says_why_it_waits_and_the_report_comes_to_the_exchanges_equity(
    yard: Yard, until_time: str, speed: str
) -> None:
    exchange = yard.exchange("--seed", "5", "--speed", speed, "--origin", ORIGIN, "--book", "strangle")
    daemon = yard.daemon(exchange, overrides=(*BRISK, *SHADOWS))
    until(lambda: daemon.status()["attribution"], "the attribution to begin")
    seen = watched(daemon, until_time)
    exchange.pause()
    ended = until_told(exchange, daemon)
    status = daemon.status()
    book, decided = status["books"][0], {told.partition("|")[2] for told in status["counters"]["decisions"]}
    assert daemon.process.stop() == 0

    assert decided >= WAITS
    assert seen
    for band in seen.values():  # the no-trade interval in delta, and in index levels where gamma leads there
        assert band["lower"] < band["upper"]
    assert any(band["lower_index_usd"] and band["upper_index_usd"] for band in seen.values())
    _shadows_told(book)
    wallet = reported(yard, daemon, "--from", ORIGIN[:10], "--to", "2026-12-31")
    _shadows_go_on(yard.daemon(exchange, overrides=(*BRISK, *SHADOWS)), book)  # which may hedge at its start
    assert wallet["equity_after"] == ended
    assert wallet["change"] == pytest.approx(ended - wallet["equity_before"], abs=1e-12)
    assert sum(wallet["lines"].values()) == pytest.approx(wallet["change"], abs=1e-12)
    assert wallet["gaps"] == []
    assert abs(wallet["cash_gap"]) <= wallet["cash_tolerance"]
    assert abs(wallet["taylor_residual"]) < 0.01 * wallet["taylor_gross"]


def watched(daemon: Daemon, until_time: str) -> dict[str, Any]:
    """Each reason the policy waited for, with the no-trade interval that status showed beside it."""
    seen: dict[str, Any] = {}

    def looked() -> bool:
        status = daemon.status()
        told = [alarm for alarm in status["alarms"] if alarm["name"].startswith("attribution_")]
        assert told == [], "cash adds up, and greeks explain the result"
        book = status["books"][0]
        decision = book["last_decision"]
        if decision is not None and decision["reason"] in WAITS:
            seen.setdefault(decision["reason"], book["band"])
        looked_at = min((shadow["minutes"]["intervals"] for shadow in book["shadows"]), default=0)
        return bool(status["time"] > until_time and looked_at > 20)  # a loaded machine sees few of them whole

    until(looked, f"market time {until_time}", 330)
    return seen


def _shadows_go_on(again: Daemon, book: dict[str, Any]) -> None:
    """The next daemon's comparison is the one before's, and not one of a market that stands still."""
    before = {shadow["name"]: shadow for shadow in book["shadows"]}

    def begun() -> dict[str, Any] | None:
        found = {shadow["name"]: shadow for shadow in again.status()["books"][0]["shadows"]}
        return found if all(shadow["since_ms"] for shadow in found.values()) else None

    found = until(begun, "the shadows to go on")
    assert again.process.stop() == 0
    for name, shadow in found.items():
        assert shadow["since_ms"] == before[name]["since_ms"]
        for figure in ("trades", "cost_usd", "amount"):
            assert shadow["live"][figure] == before[name]["live"][figure]
        assert shadow["own"]["trades"] >= before[name]["own"]["trades"]
        assert shadow["hours"]["intervals"] >= before[name]["hours"]["intervals"]


def _shadows_told(book: dict[str, Any]) -> None:
    """Both others hedged; the tight band more often than theta-offset, at a higher cost and less risk."""
    shadows = {shadow["name"]: shadow for shadow in book["shadows"]}
    assert shadows.keys() == {"tight", "clock"}
    for shadow in shadows.values():
        assert not shadow["failed"]
        assert shadow["own"]["trades"] > shadow["live"]["trades"] > 0
        assert shadow["minutes"]["intervals"] > 20
    assert shadows["tight"]["own"]["cost_usd"] > shadows["tight"]["live"]["cost_usd"]
    assert shadows["tight"]["minutes"]["open_coin"] < shadows["tight"]["minutes"]["live_open_coin"]
