"""private/get_transaction_log: every change of cash as a row, in pages (deribit.md 11)."""

from __future__ import annotations

import pytest

from hedger.simulator import sim_account
from hedger.simulator.model import Funding
from tests.simulator.scripted_world import (
    CALL,
    EXPIRY_MS,
    ORIGIN_MS,
    PERPETUAL,
    D,
    Desk,
    Reply,
    logged_in,
)

EVER = {"start_timestamp": ORIGIN_MS, "end_timestamp": EXPIRY_MS + 60_000}


def log(desk: Desk, **params: object) -> Reply:
    return desk.call("private/get_transaction_log", **{"currency": "BTC", **EVER, **params})


@pytest.fixture
def desk() -> Desk:
    """A deposit of 10 BTC, a call sold, a perpetual bought and partly sold, and a settlement."""
    desk = logged_in()
    desk.sell(5, CALL, price=0.0195)
    desk.buy(1_000, type="market")
    desk.world.set(PERPETUAL, funding=Funding(0.0001, 0.0, 0.5, 2e-9))
    desk.refresh()
    desk.sell(400, type="market")
    desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 6
    desk.exchange.tick(desk.wire_s)
    desk.frames()
    return desk


def test_rows_come_newest_first_and_add_up_to_the_balance(desk: Desk) -> None:
    rows = log(desk).result["logs"]
    assert [(row["type"], row["instrument_name"], row["side"]) for row in rows] == [
        ("settlement", PERPETUAL, "long"),
        ("trade", PERPETUAL, "close sell"),
        ("trade", PERPETUAL, "open buy"),
        ("trade", CALL, "open sell"),
        ("deposit", None, "-"),
    ]
    balance = desk.call("private/get_account_summary", currency="BTC").result["balance"]
    assert sum(row["change"] for row in rows) == pytest.approx(balance, abs=1e-8)
    assert rows[0]["balance"] == balance
    assert [row["user_seq"] for row in rows] == [5, 4, 3, 2, 1]


def test_a_premium_moves_cash_with_its_fee_and_a_futures_trade_its_fee_alone(desk: Desk) -> None:
    _, _, bought, sold_call, _ = log(desk).result["logs"]
    assert sold_call["change"] == pytest.approx(5 * 0.0195 - 5 * 0.0003)
    assert (sold_call["cashflow"], sold_call["price_currency"]) == (0.0975, "BTC")
    assert bought["change"] == -bought["commission"] == -0.00000349
    assert (bought["price_currency"], bought["position"], bought["user_role"]) == ("USD", 1_000, "taker")


def test_a_row_of_a_trade_leads_to_its_trade(desk: Desk) -> None:
    row = log(desk).result["logs"][2]
    (trade,) = desk.call("private/get_user_trades_by_order", order_id=row["order_id"]).result
    assert (row["trade_id"], row["price"], row["amount"]) == (
        trade["trade_id"],
        trade["price"],
        trade["amount"],
    )


def test_a_settlement_tells_what_its_cash_consists_of(desk: Desk) -> None:
    row = log(desk).result["logs"][0]
    assert row["change"] == pytest.approx(row["session_rpl"] + row["session_upl"], abs=1e-8)
    assert row["interest_pl"] == -2e-6  # 1 000 USD at 2e-9 coin each
    assert (row["amount"], row["position"]) == (600, 600)
    assert row["timestamp"] == EXPIRY_MS


def test_equity_in_a_row_is_that_of_its_instant(desk: Desk) -> None:
    sold_call = log(desk).result["logs"][3]
    assert sold_call["equity"] == pytest.approx(10 + 5 * (0.0195 - 0.02) - 0.0015)


def test_pages_hold_at_most_250_rows_and_hang_together() -> None:
    desk = logged_in()
    for _ in range(300):
        desk.buy(10, type="market")
        desk.wire_s += 2.0
    first = log(desk, count=1_000).result
    assert len(first["logs"]) == 250
    second = log(desk, count=1_000, continuation=first["continuation"]).result
    assert len(second["logs"]) == 51
    assert second["continuation"] is None
    numbers = [row["id"] for row in (*first["logs"], *second["logs"])]
    assert numbers == list(range(301, 0, -1))


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("settlement", ["settlement"]),
        ("deposit", ["deposit"]),
        ("close", ["trade"]),
        ("option", ["trade"]),
        ("taker", ["trade", "trade", "trade"]),
    ],
)
def test_a_query_keeps_rows_of_one_kind(desk: Desk, query: str, kinds: list[str]) -> None:
    assert [row["type"] for row in log(desk, query=query).result["logs"]] == kinds


def test_what_makes_no_sense_is_refused_by_name(desk: Desk) -> None:
    assert log(desk, query="nonsense").error["data"]["param"] == "query"
    assert log(desk, end_timestamp=ORIGIN_MS - 1).error["data"]["param"] == "end_timestamp"
    assert log(desk, currency="GBP").error["data"]["param"] == "currency"


def test_money_that_comes_and_goes_is_a_row_too(desk: Desk) -> None:
    balance = desk.call("private/get_account_summary", currency="BTC").result["balance"]
    money = {"currency": "BTC", "amount": 2, "type": "deposit"}
    sim_account.move_money(desk.exchange, money, desk.wire_s)
    row = log(desk, end_timestamp=desk.now_ms).result["logs"][0]
    assert (row["type"], row["change"], row["cashflow"], row["side"]) == ("deposit", 2, 2, "-")
    assert row["balance"] == pytest.approx(balance + 2)
    assert row["equity"] == desk.call("private/get_account_summary", currency="BTC").result["equity"]


def test_other_currencies_have_logs_of_their_own(desk: Desk) -> None:
    desk.exchange.account.book("deposit", "USDC", D(100), ORIGIN_MS)
    (row,) = log(desk, currency="USDC").result["logs"]
    assert (row["change"], row["balance"], row["currency"]) == (100, 100, "USDC")
