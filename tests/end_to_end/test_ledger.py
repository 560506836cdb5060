"""What the daemon believes and what the exchange has booked are the same, to the last digit."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import Daemon, Exchange, inside
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard
from tests.shared_data import shared_data

RECORD = ("deribit_options", "svcj_btc_eth_6h_20251230_20260531.parquet")
# The world stands still after a pause or the end of the data: stale prices are a named reason.
AT_REST = ("stale_quote", "stale_index", "min_lot", "within_band")


def test_a_seeded_run_agrees_with_the_exchange(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1800", "--book", "strangle")
    daemon = yard.daemon(exchange)
    until(lambda: len(exchange.hedges()) >= 8, "eight hedges", 40)

    exchange.pause()
    _assert_at_rest(exchange, daemon)


def test_a_recorded_market_agrees_with_the_exchange(yard: Yard) -> None:
    exchange = yard.exchange(*_replay("36000", "2"))
    daemon = yard.daemon(exchange, overrides=())
    until(lambda: exchange.state()["ended"], "the end of the recorded data", 60)

    assert len(exchange.hedges()) >= 5
    exchange.pause()
    _assert_at_rest(exchange, daemon)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif("HEDGER_SLOW" not in os.environ, reason="takes 150 s: set HEDGER_SLOW=1")
def test_six_recorded_days_at_an_hour_a_second(yard: Yard) -> None:
    exchange = yard.exchange(*_replay("3600", "6"))
    daemon = yard.daemon(exchange, overrides=())
    until(lambda: exchange.state()["ended"], "the end of the recorded data", 300)

    assert len(exchange.hedges()) >= 20
    exchange.pause()
    _assert_at_rest(exchange, daemon)


def _replay(speed: str, days: str) -> list[str]:
    record = str(shared_data(*RECORD))
    return [
        *("--replay", record, "--from", "2026-02-01", "--days", days),
        *("--speed", speed, "--book", "strangle"),
    ]


def _assert_at_rest(exchange: Exchange, daemon: Daemon) -> None:
    """After `/sim/pause`: delta is inside or a reason is named, the books agree, and so does equity."""
    until(lambda: inside(daemon.book()) or daemon.reason() in AT_REST, "the last hedge")
    assert_ledgers_agree(exchange, daemon)
    summary = exchange.private("get_account_summary", "currency=BTC")
    until(lambda: daemon.book()["equity_coin"] == summary["equity"], f"equity of {summary['equity']}")
    assert exchange.state()["equity"]["BTC"] == summary["equity"]
    assert inside(daemon.book()) or daemon.reason() in AT_REST


def test_a_persons_trades_are_in_the_journal_too(yard: Yard) -> None:
    """A fill nobody of ours asked for moves delta and must be hedged and kept like any other."""
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    daemon = yard.daemon(exchange, overrides=BRISK)
    daemon.until_quiet()
    option = next(name for name in exchange.state()["positions"] if name.endswith("-C"))

    exchange.trade("buy", 2, option)
    exchange.trade("sell", 50_000)
    until(lambda: Decimal(daemon.book()["hedge_position"]["usd"]) != 0, "a hedge position")
    daemon.until_quiet()

    assert_ledgers_agree(exchange, daemon)
