"""A hedge that is due, and that it is made once.

A person buys a coin's worth of the perpetual, and a daemon that hedges to the middle of its band must sell
as much. A hedge made twice would throw delta to minus one and be bought back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.end_to_end.agreement import is_hedge
from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import WITHIN_S, until

ONE_COIN_USD = 100_000
DRIFT_USD = 20_000  # what the market may have moved delta by since the last hedge, as the band allows
HALF = Decimal("0.5")


def until_a_coin_is_due(exchange: Exchange, daemon: Daemon) -> None:
    """The daemon is paused and knows that a person bought a coin."""
    daemon.command("pause")
    exchange.trade("buy", ONE_COIN_USD)
    until(lambda: daemon.book()["delta"]["used"] > HALF, "the daemon's knowledge of the trade")


def assert_hedged_once(exchange: Exchange, daemon: Daemon, known: int, within_s: float = WITHIN_S) -> None:
    """After a person bought a coin: as much was sold, and nothing bought, whatever was tried meanwhile.

    `known` trades the exchange had before.
    """
    until(lambda: len(hedged(exchange, known)) > 0, "a hedge at the exchange", within_s)
    status = daemon.until_quiet(within_s)
    assert status["orders"]["unknown"] == 0
    fills = hedged(exchange, known)
    assert {row["direction"] for row in fills} == {"sell"}
    sold_usd = sum((Decimal(row["amount"]) for row in fills), Decimal(0))
    assert abs(sold_usd - ONE_COIN_USD) < DRIFT_USD
    assert_ledgers_agree(exchange, daemon, within_s)


def hedged(exchange: Exchange, known: int) -> list[dict[str, Any]]:
    """Trades of hedges after the first `known` trades."""
    return [row for row in exchange.state()["trades"][known:] if is_hedge(row)]
