"""Margin on the whole path: what is reckoned is what is charged, and what cannot be carried is not sent."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.end_to_end.sides import PERPETUAL, Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

NARROW = (*BRISK, "books.btc.band.lower=-0.01", "books.btc.band.upper=0.01")
CALLS = 5


def margin(daemon: Daemon) -> dict[str, Any] | None:
    told: dict[str, Any] | None = daemon.book()["guard"]["margin"]
    return told


def short_more_calls(exchange: Exchange) -> None:
    """A person sells calls: delta that only perpetuals bought can hedge."""
    names = [row["instrument_name"] for row in exchange.private("get_positions", "currency=BTC")]
    exchange.trade("sell", CALLS, next(name for name in names if name.endswith("-C")))


def test_an_account_too_thin_for_the_hedge_is_paged_and_nothing_is_sent(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--book", "straddle")
    short_more_calls(exchange)
    daemon = yard.daemon(exchange, overrides=(*NARROW, "books.btc.margin.min_excess_fraction=0.9"))
    daemon.until_reason("margin")

    alarm = next(alarm for alarm in daemon.status()["alarms"] if alarm["name"] == "no_margin")
    assert alarm["severity"] == "critical"
    assert alarm["detail"].startswith("delta out, no margin: initial margin would go from")
    assert not exchange.hedges()
    shown, told = margin(daemon), exchange.private("get_account_summary", "currency=BTC")
    assert shown is not None
    assert shown["model"] == told["margin_model"] == "segregated_sm"
    assert shown["balance"] > shown["initial"] > shown["maintenance"] > 0


def test_what_a_hedge_is_reckoned_to_cost_is_what_the_exchange_charges_for_it(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--book", "straddle")
    short_more_calls(exchange)
    observer = yard.daemon(exchange, state="watching", overrides=(*NARROW, 'mode="observe"'))
    before = until(
        lambda: (now := margin(observer)) and now["initial_after"] is not None and now, "the cost of a hedge"
    )
    exchange.trade("buy" if before["hedge_coin"] > 0 else "sell", 200_000)

    told = exchange.private("get_position", f"instrument_name={PERPETUAL}")
    charged = told["initial_margin"] / abs(told["size_currency"])
    reckoned = (before["initial_after"] - before["initial"]) / abs(before["hedge_coin"])
    assert float(reckoned) == pytest.approx(float(charged), rel=0.1)


def hedged(yard: Yard) -> tuple[Exchange, Daemon]:
    exchange = yard.exchange("--seed", "3", "--book", "straddle")
    short_more_calls(exchange)
    daemon = yard.daemon(exchange, overrides=NARROW)
    daemon.until_quiet()
    return exchange, daemon


def latch(daemon: Daemon) -> str:
    told: str = daemon.book()["guard"]["latch"]
    return told


def journalled(daemon: Daemon) -> bool:
    with closing(sqlite3.connect(daemon.journal)) as file:
        return bool(file.execute("select count(*) from guards where kind = 'latched'").fetchone()[0])


def test_a_deleveraged_hedge_is_not_bought_back_until_a_person_says_so(yard: Yard) -> None:
    exchange, daemon = hedged(yard)
    sent = len(exchange.hedges())
    exchange.deleverage(50_000)
    daemon.until_reason("liquidation")

    assert "was forced by the venue" in latch(daemon)
    alarms = {alarm["name"]: alarm["severity"] for alarm in daemon.status()["alarms"]}
    assert alarms["liquidation"] == "critical"
    assert daemon.process.lives_for(1.0)
    assert len(exchange.hedges()) == sent  # half a coin of delta is out, and nothing is sent

    answer = daemon.command("resume")
    assert answer.json["ended"]["btc"].startswith("the latch (trade")
    until(lambda: len(exchange.hedges()) > sent, "the hedge a person has let go on")


def test_a_latch_survives_kill_and_a_liquidation_is_answered_with_silence(yard: Yard) -> None:
    exchange, daemon = hedged(yard)
    exchange.liquidate()
    seen = until(lambda: latch(daemon), "a sign of the liquidation")
    sent = len(exchange.hedges())
    until(lambda: journalled(daemon), "the latch on disk")
    daemon.process.kill()

    again = yard.daemon(exchange, overrides=NARROW)
    again.until_reason("liquidation")
    assert latch(again) == seen
    assert again.process.lives_for(1.0)
    assert len(exchange.hedges()) == sent
