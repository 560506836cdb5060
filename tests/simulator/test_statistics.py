"""Expirations, volatility, settlements and the trades of others."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hedger.simulator.settlements import DELIVERY, EXERCISE, SETTLEMENT
from hedger.simulator.tape import Strangers
from hedger.simulator.volatility import realised
from hedger.simulator.wire import EXTRA_FIELDS
from tests.simulator.scripted_world import (
    EXPIRING_CALL,
    EXPIRING_FUTURE,
    EXPIRY_MS,
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


def test_expirations_come_by_kind_or_by_currency(desk: Desk) -> None:
    everything = {"future": ["22SEP26", "PERPETUAL"], "option": ["22SEP26", "22OCT26"]}
    assert desk.call("public/get_expirations", currency="any", kind="any").result == everything
    assert desk.call("public/get_expirations", currency="grouped").result == {"btc": everything}
    assert desk.call("public/get_expirations", currency="BTC", kind="option").result == {
        "btc": {"option": everything["option"]}
    }


def test_the_volatility_index_is_the_implied_volatility_at_the_money(desk: Desk) -> None:
    desk.refresh()
    span = {"start_timestamp": ORIGIN_MS, "end_timestamp": desk.now_ms, "resolution": "60"}
    answer = desk.call("public/get_volatility_index_data", currency="BTC", **span).result
    assert answer["continuation"] is None
    ((_, *candle),) = answer["data"]
    assert candle == [51.23] * 4


def test_realised_volatility_is_of_the_index() -> None:
    """1 % every hour is sqrt(24 * 365) % a year, whichever way it goes."""
    points = [(hour * HOUR_MS, 100.0 * math.exp(0.01 * (hour % 2))) for hour in range(48)]
    assert realised(points)[-1] == [47 * HOUR_MS, pytest.approx(math.sqrt(24 * 365))]


def test_a_candle_holds_the_extremes_between_its_ends(desk: Desk) -> None:
    for mark in (100_000.0, 100_300.0, 99_800.0, 100_100.0):
        desk.world.move(PERPETUAL, mark)
        desk.refresh()
    span = {"start_timestamp": ORIGIN_MS - HOUR_MS, "end_timestamp": desk.now_ms, "resolution": "60"}
    chart = desk.call("public/get_tradingview_chart_data", instrument_name=PERPETUAL, **span).result
    candle = [chart[name] for name in ("open", "high", "low", "close")]
    assert candle == [[100_000.0], [100_300.0], [99_800.0], [100_100.0]]


def test_futures_settle_daily_and_everything_at_its_expiry(desk: Desk) -> None:
    desk.refresh()
    desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 3
    desk.refresh()
    answer = desk.call("public/get_last_settlements_by_currency", currency="BTC").result
    kinds = {row["instrument_name"]: row["type"] for row in answer["settlements"]}
    assert kinds == {PERPETUAL: SETTLEMENT, EXPIRING_FUTURE: DELIVERY, EXPIRING_CALL: EXERCISE}
    (option,) = desk.call("public/get_last_settlements_by_instrument", instrument_name=EXPIRING_CALL).result[
        "settlements"
    ]
    assert (option["mark_price"], option["position"]) == (0.05, 10.0)


def test_settlements_come_in_pages(desk: Desk) -> None:
    desk.refresh()
    desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 3
    desk.refresh()
    names, token = [], ""
    while token != "none":
        page = desk.call(
            "public/get_last_settlements_by_currency", currency="BTC", count=2, continuation=token
        ).result
        names += [row["instrument_name"] for row in page["settlements"]]
        token = page["continuation"]
    assert sorted(names) == sorted([PERPETUAL, EXPIRING_FUTURE, EXPIRING_CALL])


def with_strangers() -> Desk:
    desk = logged_in()
    exchange = desk.exchange
    exchange.timeline.strangers = Strangers(5, exchange.markets, exchange.desk.tape)
    return desk


def test_others_trade_at_the_touch_and_are_heard_of() -> None:
    desk, channel = with_strangers(), f"trades.{PERPETUAL}.raw"
    desk.exchange_frames("public/subscribe", channels=[channel])
    heard = [row for rows in notifications(desk.pass_time(30), channel) for row in rows]
    told = desk.call("public/get_last_trades_by_instrument", instrument_name=PERPETUAL).result["trades"]
    assert [_documented(row) for row in heard] == [_documented(row) for row in told[::-1]]
    assert len(heard) >= 5
    assert {row["price"] for row in heard} <= {99_999.5, 100_000.5}
    assert [row["trade_seq"] for row in heard] == list(range(1, len(heard) + 1))
    assert desk.call("private/get_user_trades_by_currency", currency="BTC").result["trades"] == []


def _documented(row: dict[str, Any]) -> dict[str, Any]:
    """Without the field that nobody documented and that is printed now and then."""
    return {name: value for name, value in row.items() if name not in dict(EXTRA_FIELDS)}


def test_the_same_seed_makes_the_same_trades_of_others() -> None:
    tapes = []
    for desk in (with_strangers(), with_strangers()):
        desk.pass_time(30)
        tapes.append(list(desk.exchange.desk.tape.others))
    assert tapes[0] == tapes[1] != []


def test_own_trades_and_those_of_others_share_one_numbering() -> None:
    desk = with_strangers()
    desk.pass_time(11)
    desk.buy(10, type="market")
    desk.pass_time(11)
    rows = desk.call("public/get_last_trades_by_currency", currency="BTC", sorting="asc").result["trades"]
    ids = [int(row["trade_id"]) for row in rows]
    assert ids == sorted(set(ids))
    times = [row["timestamp"] for row in rows]
    assert times == sorted(times)
