"""What the daemon believes and what the exchange has booked are the same, to the last digit."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any

import pytest

from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import PERPETUAL, Daemon, Exchange, inside
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard
from tests.shared_data import shared_data

RECORD = ("deribit_options", "svcj_btc_eth_6h_20251230_20260531.parquet")
# The world stands still after a pause or the end of the data: stale prices are a named reason.
AT_REST = ("stale_quote", "stale_index", "min_lot", "within_band")


def test_a_seeded_run_agrees_with_the_exchange(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1800", "--book", "strangle")
    daemon = yard.daemon(exchange)
    until(lambda: len(_filled(exchange)) >= 5, "five hedges that filled")

    exchange.pause()
    _assert_at_rest(exchange, daemon)


def test_a_recorded_market_agrees_with_the_exchange(yard: Yard) -> None:
    exchange = yard.exchange(*_replay("36000", "2"))
    daemon = yard.daemon(exchange, overrides=())
    until(lambda: exchange.state()["ended"], "the end of the recorded data", 60)

    assert _filled(exchange)
    exchange.pause()
    _assert_at_rest(exchange, daemon)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif("HEDGER_SLOW" not in os.environ, reason="takes 150 s: set HEDGER_SLOW=1")
def test_six_recorded_days_at_an_hour_a_second(yard: Yard) -> None:
    exchange = yard.exchange(*_replay("3600", "6"))
    daemon = yard.daemon(exchange, overrides=())
    until(lambda: exchange.state()["ended"], "the end of the recorded data", 300)

    assert len(_filled(exchange)) >= 20
    exchange.pause()
    _assert_at_rest(exchange, daemon)


# Calls and puts that end in the money and out of it, long and short; futures that what ends in the money is
# netted with; and options that outlive the month.
MONTH = {
    "BTC-5JAN26-90000-C": "-5",
    "BTC-9JAN26-89000-C": "-5",
    "BTC-9JAN26-90000-P": "-5",
    "BTC-16JAN26-94000-C": "-5",
    "BTC-16JAN26": "300000",
    "BTC-23JAN26-90000-P": "5",
    "BTC-30JAN26-85000-P": "-5",
    "BTC-30JAN26-100000-C": "-5",
    "BTC-27FEB26-90000-C": "-5",
}


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif("HEDGER_SLOW" not in os.environ, reason="takes 120 s: set HEDGER_SLOW=1")
def test_a_recorded_month_with_its_expiries_agrees_with_the_exchange(yard: Yard) -> None:
    exchange = yard.exchange(
        *_record("2026-01-02", "31", "36000"), "--book", _book(yard, MONTH), "--equity", "BTC=20"
    )
    daemon = yard.daemon(exchange, overrides=())
    until(lambda: exchange.state()["ended"], "the end of the recorded data", 300)

    exchange.pause()
    _assert_at_rest(exchange, daemon)
    assert _filled(exchange)
    assert {name for name in exchange.state()["positions"] if name != PERPETUAL} == {"BTC-27FEB26-90000-C"}
    _assert_transit_explained(exchange, MONTH)


def test_recorded_days_with_an_expiry_agree_with_the_exchange(yard: Yard) -> None:
    """A call in the money and a put out of it, netted with a future; one option outlives the days."""
    book = {
        "BTC-5JAN26-90000-C": "-5",
        "BTC-5JAN26-90000-P": "-5",
        "BTC-5JAN26": "50000",
        "BTC-30JAN26-90000-C": "-2",
    }
    exchange = yard.exchange(
        *_record("2026-01-04", "2", "18000"), "--book", _book(yard, book), "--equity", "BTC=10"
    )
    daemon = yard.daemon(exchange, overrides=())
    until(lambda: exchange.state()["ended"], "the end of the recorded data", 60)

    exchange.pause()
    _assert_at_rest(exchange, daemon)
    assert set(exchange.state()["positions"]) <= {PERPETUAL, "BTC-30JAN26-90000-C"}
    _assert_transit_explained(exchange, book)


def _assert_transit_explained(exchange: Exchange, sizes: dict[str, str]) -> None:
    """The log accounts for every option that expired and every future it became, and adds up to the cash."""
    state = exchange.state()
    assert state["changes_exact"] == state["balance_exact"]
    gone = [name for name in sizes if name not in state["positions"]]
    options = {name for name in gone if name.count("-") == 3}
    rows = _transactions(exchange, state["now_ms"])
    exercised = [row["instrument_name"] for row in rows if row["type"] == "exercise"]
    assert {name for name in exercised if name in options} == options
    futures = {name for name in exercised if name not in options}
    delivered = [row["instrument_name"] for row in rows if row["type"] == "delivery"]
    assert sorted(delivered) == sorted(futures | {name for name in gone if name not in options})
    assert futures <= {name.rsplit("-", 2)[0] for name in options}


def _transactions(exchange: Exchange, now_ms: int) -> list[dict[str, Any]]:
    """All exercises and deliveries, page by page."""
    rows: list[dict[str, Any]] = []
    for query in ("exercise", "delivery"):
        asked = f"currency=BTC&start_timestamp=0&end_timestamp={now_ms}&count=250&query={query}"
        page = exchange.private("get_transaction_log", asked)
        assert page["continuation"] is None
        rows += page["logs"]
    return rows


def _book(yard: Yard, sizes: dict[str, str]) -> str:
    path = yard.folder / "book.json"
    path.write_text(json.dumps([{"instrument": name, "size": size} for name, size in sizes.items()]))
    return str(path)


def _replay(speed: str, days: str) -> list[str]:
    return [*_record("2026-02-01", days, speed), "--book", "strangle"]


def _record(first_day: str, days: str, speed: str) -> list[str]:
    record = str(shared_data(*RECORD))
    return ["--replay", record, "--from", first_day, "--days", days, "--speed", speed]


def _filled(exchange: Exchange) -> list[dict[str, Any]]:
    """Hedges that traded: at ten hours a second their number tells how fast the machine is, and no more."""
    return [order for order in exchange.hedges() if order["filled_amount"]]


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
