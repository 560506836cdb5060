"""Public data that third-party clients ask for, and the transaction log."""

from __future__ import annotations

import pytest

from hedger.simulator.model import Funding
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_FUTURE,
    ORIGIN_MS,
    PERPETUAL,
    Desk,
    logged_in,
    notifications,
)

HOUR_MS = 3_600_000


@pytest.fixture
def desk() -> Desk:
    return logged_in()


def test_instruments_come_with_and_without_filters(desk: Desk) -> None:
    everything = desk.call("public/get_instruments").result
    assert len(everything) == len(desk.world.listed)
    futures = desk.call("public/get_instruments", currency="BTC", kind="future").result
    assert {row["instrument_name"] for row in futures} == {PERPETUAL, EXPIRING_FUTURE}
    assert desk.call("public/get_instruments", currency="ETH").result == []
    assert desk.call("public/get_instruments", expired=True).result == []
    assert desk.call("public/get_instrument", instrument_name=CALL).result["strike"] == 100_000


@pytest.mark.parametrize(("name", "value"), [("currency", "GBP"), ("kind", "house")])
def test_an_unknown_filter_is_refused(desk: Desk, name: str, value: str) -> None:
    assert desk.call("public/get_instruments", **{name: value}).error["data"]["param"] == name


def test_currencies_index_and_contract_size(desk: Desk) -> None:
    assert "BTC" in [row["currency"] for row in desk.call("public/get_currencies").result]
    assert desk.call("public/get_index_price", index_name="btc_usd").result["index_price"] == 100_000
    assert desk.call("public/get_index_price", index_name="doge_usd").error["code"] == -32602
    assert desk.call("public/get_index_price_names").result == ["btc_usd"]
    assert desk.call("public/get_contract_size", instrument_name=PERPETUAL).result == {"contract_size": 10}


def test_book_summaries_tell_null_where_nobody_is(desk: Desk) -> None:
    desk.world.set(CALL, bids=())
    desk.refresh()
    rows = {
        r["instrument_name"]: r
        for r in desk.call("public/get_book_summary_by_currency", currency="BTC").result
    }
    assert rows[CALL]["bid_price"] is None
    assert rows[CALL]["mid_price"] is None
    assert rows[PERPETUAL]["mid_price"] == 100_000
    (one,) = desk.call("public/get_book_summary_by_instrument", instrument_name=PERPETUAL).result
    assert one["funding_8h"] == 0.0002
    assert "current_funding" in one


def test_order_books_are_as_deep_as_asked(desk: Desk) -> None:
    book = desk.call("public/get_order_book", instrument_name=PERPETUAL, depth=2).result
    assert (len(book["bids"]), len(book["asks"])) == (2, 2)
    assert desk.call("public/get_order_book", instrument_name=PERPETUAL, depth=0).error["code"] == -32602


def test_funding_and_charts_remember_the_past(desk: Desk) -> None:
    for hour in range(4):
        desk.world.set(PERPETUAL, mark=100_000.0 + hour, funding=Funding(0.0001, 0.0002, hour * 0.001, 0.0))
        desk.wire_s += 3600.0
        desk.exchange.tick(desk.wire_s)
    span = {"start_timestamp": ORIGIN_MS, "end_timestamp": desk.now_ms}
    value = desk.call("public/get_funding_rate_value", instrument_name=PERPETUAL, **span).result
    assert value == pytest.approx(0.003)
    rows = desk.call("public/get_funding_rate_history", instrument_name=PERPETUAL, **span).result
    assert all(row["timestamp"] % HOUR_MS == 0 for row in rows)
    assert rows[-1]["interest_1h"] == pytest.approx(0.001)
    chart = desk.call(
        "public/get_tradingview_chart_data", instrument_name=PERPETUAL, resolution="60", **span
    ).result
    assert (chart["status"], chart["close"]) == ("ok", [100_000, 100_001, 100_002, 100_003])
    option_chart = desk.call(
        "public/get_tradingview_chart_data", instrument_name=CALL, resolution="1", **span
    ).result
    assert option_chart["status"] == "no_data"
    dated = desk.call("public/get_funding_rate_value", instrument_name=EXPIRING_FUTURE, **span)
    assert dated.error["code"] == -32602
    channel = f"chart.trades.{PERPETUAL}.60"
    (candle,) = notifications(desk.exchange_frames("public/subscribe", channels=[channel]), channel)
    assert candle["close"] == 100_003


def test_the_transaction_log_lists_trades_newest_first(desk: Desk) -> None:
    desk.buy(10, type="market")
    desk.sell(10, type="market")
    span = {"start_timestamp": ORIGIN_MS, "end_timestamp": desk.now_ms}
    log = desk.call("private/get_transaction_log", currency="BTC", **span).result
    assert [row["side"] for row in log["logs"]] == ["close sell", "open buy", "-"]
    assert log["continuation"] is None
    assert (
        desk.call("private/get_transaction_log", currency="BTC").error["data"]["param"] == "start_timestamp"
    )


def test_account_summaries_come_for_every_currency_with_limits_and_fees(desk: Desk) -> None:
    answer = desk.call("private/get_account_summaries", extended=True).result
    rows = {row["currency"]: row for row in answer["summaries"]}
    assert answer["username"] == "local-test"
    assert answer["type"] == "main"
    assert rows["BTC"]["equity"] == 10
    assert rows["ETH"]["equity"] == 0
    assert rows["BTC"]["limits"]["non_matching_engine"]["rate"] > 0
    assert {row["kind"] for row in rows["BTC"]["fees"]} == {"perpetual", "future", "option"}
    assert list(desk.exchange.account.ledgers) == ["BTC"], "asking must not open an account"


def test_orders_good_for_the_day_end_at_settlement(desk: Desk) -> None:
    order_id = desk.buy(10, price=99_000, time_in_force="good_til_day").result["order"]["order_id"]
    desk.wire_s += 86_400
    desk.exchange.tick(desk.wire_s)
    order = desk.call("private/get_order_state", order_id=order_id).result
    assert (order["order_state"], order["cancel_reason"]) == ("cancelled", "settlement")


def test_a_session_can_lose_its_rights_midway(desk: Desk) -> None:
    desk.log_in(scope="session:short expires:30")
    assert desk.call("private/get_positions").result == []
    desk.wire_s += 31
    assert desk.call("private/get_positions").error["data"] == {"reason": "invalid_token"}


def test_kinds_of_order_that_are_not_simulated_say_so(desk: Desk) -> None:
    assert desk.buy(10, price=99_000, trigger="mark_price").error["code"] == 10033
    assert desk.buy(10, price=99_000, advanced="usd").error["code"] == 10033


def test_an_option_ticker_has_the_digits_of_the_wire(desk: Desk) -> None:
    ticker = desk.call("public/ticker", instrument_name=CALL).result
    assert ticker["mark_iv"] == 51.23  # per cent, 2 digits
    assert ticker["mark_price"] == 0.02
    assert ticker["greeks"] == {
        "delta": 0.4,
        "gamma": 1e-05,
        "vega": 98.76543,
        "theta": -65.4321,
        "rho": 12.3456,
    }
