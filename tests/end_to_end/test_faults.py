"""A wire that misbehaves while a hedge is due: the hedge is made once, however often it was tried.

A person buys one coin of the perpetual, so that about one coin is to be sold. A hedge made twice would throw
delta far below zero and be bought back; one made once ends at the upper edge of the band, and nothing was bought.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import Yard

ONE_COIN_USD = 100_000
LOST = {"kind": "lost_reply"}
MUTE = {"kind": "silence", "duration_s": 1.5}

FAULTS: dict[str, list[dict[str, Any]]] = {
    "the reply is lost": [LOST],
    "the reply is lost and nothing is told": [LOST, MUTE],
    "notifications come twice": [{"kind": "duplicate", "duration_s": 2}],
    "notifications come before the reply": [{"kind": "notification_first"}],
    "notifications come first and twice": [
        {"kind": "notification_first"},
        {"kind": "duplicate", "duration_s": 2},
    ],
    "everything is late": [{"kind": "delay", "delay_s": 0.3, "duration_s": 2}],
    "everything is later than the patience": [{"kind": "delay", "delay_s": 0.9, "duration_s": 2}],
    "nothing is told": [MUTE],
    "refused for want of funds": [{"kind": "reject", "code": 10009}],
    "refused for too many requests": [{"kind": "reject", "code": 10028}],
    "temporarily unavailable": [{"kind": "reject", "code": 13028}],
}


@pytest.fixture
def exchange(yard: Yard) -> Exchange:
    return yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")


@pytest.fixture
def daemon(yard: Yard, exchange: Exchange) -> Daemon:
    """A daemon with nothing left to hedge."""
    daemon = yard.daemon(exchange)
    daemon.until_quiet()
    return daemon


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_one_hedge_is_made_when(exchange: Exchange, daemon: Daemon, faults: list[dict[str, Any]]) -> None:
    known = len(exchange.state()["trades"])
    for fault in faults:
        exchange.fault(**fault)
    exchange.trade("buy", ONE_COIN_USD)
    _assert_hedged_once(exchange, daemon, known)


@pytest.mark.parametrize("before_the_order", [True, False], ids=["before", "after"])
def test_one_hedge_is_made_when_the_link_breaks(
    exchange: Exchange, daemon: Daemon, before_the_order: bool
) -> None:
    """Before: the order is still being decided. After: it was filled, and the reply is lost with the link."""
    known = len(exchange.state()["trades"])
    hedges = len(exchange.hedges())
    if not before_the_order:
        exchange.fault("delay", delay_s=0.4, duration_s=1)  # the reply is still on its way when the link breaks
    exchange.trade("buy", ONE_COIN_USD)
    if not before_the_order:
        until(lambda: len(exchange.hedges()) > hedges, "an order at the exchange")
    exchange.fault("drop")
    _assert_hedged_once(exchange, daemon, known)
    assert daemon.status()["venues"][0]["reconnects"] >= 1


@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        ("stale_quotes", ("stale_quote", "stale_index")),
        ("empty_book", ("no_liquidity", "missing_quote", "spread", "price_collar")),
    ],
)
def test_nothing_is_sent_into_a_market_that_is_not_there(
    exchange: Exchange, daemon: Daemon, kind: str, reasons: tuple[str, ...]
) -> None:
    exchange.fault(kind, duration_s=60)
    daemon.until_reason(*reasons) if kind == "stale_quotes" else exchange.trade("buy", ONE_COIN_USD)
    hedges, known = len(exchange.hedges()), len(exchange.state()["trades"])
    if kind == "stale_quotes":
        exchange.trade("buy", ONE_COIN_USD)
    daemon.until_reason(*reasons)
    assert len(exchange.hedges()) == hedges

    exchange.fault("clear")
    _assert_hedged_once(exchange, daemon, known)


def _assert_hedged_once(exchange: Exchange, daemon: Daemon, known: int) -> None:
    """After a person bought a coin: only sold, and by no more than that, whatever was tried meanwhile."""
    until(lambda: len(_sold(exchange, known)) > 0, "a hedge at the exchange")
    status = daemon.until_quiet()
    assert status["orders"]["unknown"] == 0
    assert all(row["direction"] == "sell" for row in _sold(exchange, known))
    sold_usd = sum((Decimal(row["amount"]) for row in _sold(exchange, known)), Decimal(0))
    assert Decimal("0.7") * ONE_COIN_USD < sold_usd < Decimal("1.3") * ONE_COIN_USD
    assert status["books"][0]["delta"]["used"] > Decimal("-0.05")
    assert_ledgers_agree(exchange, daemon)


def _sold(exchange: Exchange, known: int) -> list[dict[str, Any]]:
    """Trades of hedges after the first `known` trades."""
    return [row for row in exchange.state()["trades"][known:] if row.get("label", "").startswith("h-")]
