"""A wire that misbehaves while a hedge is due: the hedge is made once, however often it was tried."""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.hedged_once import (
    HALF,
    ONE_COIN_USD,
    assert_hedged_once,
    hedged,
    until_a_coin_is_due,
)
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

HEDGE = (
    "books.btc.band.to_centre=1",
    "books.btc.execution.validity_s=0.5",
    "timing.reconcile_s=1.0",
)
LOST = {"kind": "lost_reply"}
MUTE = {"kind": "silence", "duration_s": 1.5}

WIRE: dict[str, list[dict[str, Any]]] = {
    "the reply is lost": [LOST],
    "notifications come twice": [{"kind": "duplicate", "duration_s": 0.5}],
    "notifications come before the reply": [{"kind": "notification_first"}],
    "notifications come first and twice": [
        {"kind": "notification_first"},
        {"kind": "duplicate", "duration_s": 0.5},
    ],
    "notifications change places": [{"kind": "reorder", "duration_s": 0.5}],
    "everything is late": [{"kind": "delay", "delay_s": 0.2, "duration_s": 0.5}],
    "everything is later than the patience": [{"kind": "delay", "delay_s": 0.8, "duration_s": 0.5}],
    "nothing is told": [MUTE],
    "the reply is lost and nothing is told": [LOST, MUTE],
}
REFUSALS: dict[str, list[dict[str, Any]]] = {
    "refused for want of funds": [{"kind": "reject", "code": 10009}],
    "temporarily unavailable": [{"kind": "reject", "code": 13028}],
    "refused for too many requests, and the session ended": [{"kind": "reject", "code": 10028}],
}


@pytest.fixture
def exchange(yard: Yard) -> Exchange:
    return yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")


@pytest.fixture
def daemon(yard: Yard, exchange: Exchange) -> Daemon:
    """A daemon with nothing left to hedge; it hedges to the middle, so that drift makes no second hedge."""
    daemon = yard.daemon(exchange, overrides=(*BRISK, *HEDGE))
    daemon.until_quiet()
    return daemon


@pytest.mark.parametrize("scenarios", [WIRE, REFUSALS], ids=["wire", "refusals"])
def test_one_hedge_is_made_whatever_happens(
    exchange: Exchange, daemon: Daemon, scenarios: dict[str, list[dict[str, Any]]]
) -> None:
    """In turn, against one daemon; each hedge is due before its fault begins and sent after it has begun."""
    for name, faults in scenarios.items():
        print(name)
        known = len(exchange.state()["trades"])
        until_a_coin_is_due(exchange, daemon)
        for fault in faults:
            exchange.fault(**fault)
        daemon.command("resume")
        assert_hedged_once(exchange, daemon, known)
        exchange.fault("clear")


def test_one_hedge_is_made_when_the_link_breaks(exchange: Exchange, daemon: Daemon) -> None:
    """First while the order is being decided, then after it was filled, with the reply still on its way."""
    known = len(exchange.state()["trades"])
    exchange.trade("buy", ONE_COIN_USD)
    exchange.fault("drop")
    assert_hedged_once(exchange, daemon, known)

    known, hedges = len(exchange.state()["trades"]), len(exchange.hedges())
    until_a_coin_is_due(exchange, daemon)
    exchange.fault("delay", delay_s=0.4, duration_s=1)
    daemon.command("resume")
    until(lambda: len(exchange.hedges()) > hedges, "an order at the exchange")
    exchange.fault("drop")
    assert_hedged_once(exchange, daemon, known)
    until(lambda: daemon.status()["venues"][0]["reconnects"] == 2, "the second link")


def test_a_trade_nobody_told_of_is_found_by_reconciling(exchange: Exchange, daemon: Daemon) -> None:
    """The notification of a person's trade is lost for ever: positions are compared now and then."""
    known = len(exchange.state()["trades"])
    exchange.fault("silence", channel="user.", duration_s=60)
    exchange.trade("buy", ONE_COIN_USD)
    assert_hedged_once(exchange, daemon, known)


@pytest.mark.parametrize(("delay_s", "arrives"), [(1.2, True), (3.5, False)], ids=["in time", "too late"])
def test_an_order_that_arrives_after_an_empty_look_up_is_no_second_hedge(
    yard: Yard, exchange: Exchange, delay_s: float, arrives: bool
) -> None:
    """It is on its way for longer than the daemon's patience: asked, the exchange knows of no such order.

    Until valid_until has passed by the exchange's own time that proves nothing; then the exchange refuses it.
    """
    hedge = ("books.btc.band.to_centre=1", "books.btc.execution.validity_s=2.5", "timing.ack_timeout_s=0.2")
    daemon = yard.daemon(exchange, overrides=(*BRISK, *hedge))
    daemon.until_quiet()
    known = len(exchange.state()["trades"])
    until_a_coin_is_due(exchange, daemon)
    exchange.fault("slow_engine", method="private/sell", delay_s=delay_s, count=1)
    daemon.command("resume")
    daemon.until_reason("unknown_order")
    exchange.fault("clear")
    assert hedged(exchange, known) == [], "nothing has arrived yet"

    assert_hedged_once(exchange, daemon, known)
    orders = daemon.status()["counters"]["orders"]
    assert orders["absent"] + orders["rejected"] == (0 if arrives else 1)


def test_stale_quotes_are_not_traded_on(exchange: Exchange, daemon: Daemon) -> None:
    daemon.until_quiet()
    exchange.fault("stale_quotes", duration_s=60)
    daemon.until_reason("stale_quote", "stale_index")
    hedges, known = len(exchange.hedges()), len(exchange.state()["trades"])  # drift was hedged until then
    exchange.trade("buy", ONE_COIN_USD)
    until(lambda: daemon.book()["delta"]["net_transaction"] > HALF, "the daemon's knowledge of the trade")
    daemon.until_reason("stale_quote", "stale_index")
    assert len(exchange.hedges()) == hedges

    exchange.fault("clear")
    assert_hedged_once(exchange, daemon, known)


def test_an_empty_book_is_left_alone(exchange: Exchange, daemon: Daemon) -> None:
    """An order or two may leave before the ticker tells of it; they find nothing, and no storm follows."""
    hedges, known = len(exchange.hedges()), len(exchange.state()["trades"])
    until_a_coin_is_due(exchange, daemon)
    exchange.fault("empty_book", duration_s=60)
    daemon.command("resume")
    daemon.until_reason("no_liquidity", "spread")
    assert len(exchange.hedges()) <= hedges + 2
    assert hedged(exchange, known) == []

    exchange.fault("clear")
    assert_hedged_once(exchange, daemon, known)
