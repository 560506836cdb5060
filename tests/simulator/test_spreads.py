"""Future spreads of the local exchange: a book between the legs' books, one trade told three times."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hedger.simulator import sim
from hedger.simulator.spreads import leg_prices
from tests.shared_data import shared_data
from tests.simulator.scripted_world import (
    EXPIRING_FUTURE,
    EXPIRY_MS,
    ORIGIN_MS,
    PERPETUAL,
    D,
    Desk,
    levels,
    logged_in,
    notifications,
)

SPREAD = "BTC-FS-22SEP26_PERP"
CHANNEL = "user.changes.any.any.raw"
IOC = {"time_in_force": "immediate_or_cancel"}


@pytest.fixture
def desk() -> Desk:
    """The future stands 500 USD over the perpetual, both with a spread of a dollar and 1,000 USD shown."""
    made = logged_in(equity="10")
    made.world.set(
        EXPIRING_FUTURE,
        mark=100_500.0,
        bids=levels(("100499.5", "1000"), ("100499", "2000")),
        asks=levels(("100500.5", "3000"), ("100501", "2000")),
        max_price=D(102_000),
    )
    made.refresh()
    made.call("private/subscribe", channels=[CHANNEL])
    made.frames()
    return made


def frames(desk: Desk, side: str, amount: int, price: float, **more: Any) -> list[Any]:
    """The reply and all that is told."""
    params = {"instrument_name": SPREAD, "amount": amount, "price": price, "label": "h-1", **IOC, **more}
    return desk.exchange_frames(f"private/{side}", **params)


def trade(desk: Desk, side: str, amount: int, price: float, **more: Any) -> Any:
    return next(frame for frame in frames(desk, side, amount, price, **more) if "id" in frame)


def positions(desk: Desk) -> dict[str, float]:
    rows = desk.call("private/get_positions", currency="BTC").result
    return {row["instrument_name"]: row["size"] for row in rows if row["size"]}


# --- the book ----------------------------------------------------------------------------------------


def test_it_is_quoted_about_the_difference_and_inside_what_both_legs_cost(desk: Desk) -> None:
    ticker = desk.call("public/ticker", instrument_name=SPREAD).result
    assert (ticker["mark_price"], ticker["index_price"]) == (500.0, 100_000.0)
    assert (ticker["best_bid_price"], ticker["best_ask_price"]) == (499.5, 500.5)  # legs: 499 and 501
    assert (ticker["best_bid_amount"], ticker["best_ask_amount"]) == (1_000, 1_000)
    assert ticker["min_price"] < 0.0 < ticker["max_price"]


def test_an_empty_leg_empties_a_side(desk: Desk) -> None:
    desk.world.set(PERPETUAL, bids=())
    desk.refresh()
    ticker = desk.call("public/ticker", instrument_name=SPREAD).result
    assert (ticker["best_ask_price"], ticker["best_ask_amount"]) == (0.0, 0.0)
    assert ticker["best_bid_amount"] == 1_000


def test_its_ticker_can_be_subscribed_while_its_legs_trade(desk: Desk) -> None:
    channel, other = f"ticker.{SPREAD}.100ms", "ticker.BTC-FS-25DEC26_PERP.100ms"
    granted = desk.call("public/subscribe", channels=[channel, other]).result
    assert granted == [channel]
    assert notifications(desk.pass_time(0.2), channel)[-1]["instrument_name"] == SPREAD


def test_it_is_listed_with_the_fields_that_were_recorded(desk: Desk) -> None:
    row = desk.call("public/get_instrument", instrument_name=SPREAD).result
    path = shared_data("deribit_payloads", "nautilus_trader", "http_get_instruments_future_combo.json")
    recorded = json.loads(path.read_text())["result"][0]
    assert set(row) == set(recorded)
    same = ("kind", "contract_size", "min_trade_amount", "tick_size", "maker_commission", "taker_commission")
    assert [row[name] for name in same] == [recorded[name] for name in same]
    assert row["expiration_timestamp"] == EXPIRY_MS
    listed = desk.call("public/get_instruments", currency="BTC", kind="future_combo").result
    assert [each["instrument_name"] for each in listed] == [SPREAD]
    (combo,) = desk.call("public/get_combos", currency="BTC").result
    assert {leg["instrument_name"]: leg["amount"] for leg in combo["legs"]} == {
        EXPIRING_FUTURE: 1,
        PERPETUAL: -1,
    }


@pytest.mark.parametrize("name", ["BTC-FS-PERP_22SEP26", "BTC-FS-22SEP26_22SEP26", "BTC-FS-1JAN30_PERP"])
def test_nothing_else_is_a_spread(desk: Desk, name: str) -> None:
    assert desk.call("public/get_instrument", instrument_name=name).error["code"] == -32602


def test_where_none_are_listed_there_are_none(desk: Desk) -> None:
    desk.exchange.markets.lists_spreads = False
    assert desk.call("public/get_instrument", instrument_name=SPREAD).error["code"] == -32602
    assert trade(desk, "buy", 100, 501.0).error["code"] == -32602


def test_it_goes_with_its_first_leg(desk: Desk) -> None:
    desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 6
    desk.exchange.tick(desk.wire_s)
    assert desk.call("public/get_instrument", instrument_name=SPREAD).error["code"] == -32602


# --- trades ------------------------------------------------------------------------------------------


def test_buying_it_buys_the_first_leg_and_sells_the_second(desk: Desk) -> None:
    result = trade(desk, "buy", 800, 501.0).result
    order, (own,) = result["order"], result["trades"]
    assert (order["order_state"], order["filled_amount"], order["average_price"]) == ("filled", 800, 500.5)
    assert (own["instrument_name"], own["price"], own["fee"], own["label"]) == (SPREAD, 500.5, 0.0, "h-1")
    assert positions(desk) == {EXPIRING_FUTURE: 800, PERPETUAL: -800}


def test_selling_it_is_the_other_way_round(desk: Desk) -> None:
    trade(desk, "sell", 800, 499.0)
    assert positions(desk) == {EXPIRING_FUTURE: -800, PERPETUAL: 800}


def test_legs_are_told_by_their_instruments_with_the_number_of_the_combos_trade_and_no_label(
    desk: Desk,
) -> None:
    told = {row["instrument_name"]: row for row in notifications(frames(desk, "buy", 800, 501.0), CHANNEL)}
    (own,) = told[SPREAD]["trades"]
    assert told[SPREAD]["positions"] == []
    for name, direction, size in ((EXPIRING_FUTURE, "buy", 800), (PERPETUAL, "sell", -800)):
        (leg,) = told[name]["trades"]
        assert (leg["direction"], leg["amount"]) == (direction, 800)
        assert (leg["combo_id"], leg["combo_trade_id"]) == (SPREAD, own["trade_id"])
        assert "label" not in leg
        assert leg["order_id"] != own["order_id"]
        assert told[name]["orders"] == []
        assert told[name]["positions"][0]["size"] == size
    prices = [told[name]["trades"][0]["price"] for name in (EXPIRING_FUTURE, PERPETUAL)]
    assert prices[0] - prices[1] == 500.5


def test_the_order_is_told_before_its_legs_or_behind_them(desk: Desk) -> None:
    """The venue promises neither."""
    firsts = set()
    for _ in range(2):
        desk.pass_time(11.0)  # until the book is full again
        told = [row["instrument_name"] for row in notifications(frames(desk, "buy", 100, 501.0), CHANNEL)]
        firsts.add(told.index(SPREAD))
    assert firsts == {0, 2}


def test_the_cheaper_leg_pays_half_its_fee_and_the_other_all_of_it(desk: Desk) -> None:
    trade(desk, "buy", 1_000, 501.0)
    rows = desk.call("private/get_user_trades_by_currency", currency="BTC").result["trades"]
    fees = {row["instrument_name"]: row["fee"] for row in rows}
    assert fees[SPREAD] == 0.0
    # 3.5 basis points of 1,000 USD: the dearer future is fewer coins, and so the cheaper leg
    assert fees[PERPETUAL] == pytest.approx(0.00035 * 1_000 / 100_000, abs=1.1e-8)
    assert fees[EXPIRING_FUTURE] == pytest.approx(0.5 * 0.00035 * 1_000 / 100_500, abs=1.1e-8)


def test_it_takes_what_the_limit_allows_and_cancels_the_rest(desk: Desk) -> None:
    result = trade(desk, "buy", 2_500, 500.5).result
    assert (result["order"]["order_state"], result["order"]["filled_amount"]) == ("cancelled", 1_000)
    assert trade(desk, "buy", 100, 500.0).result["order"]["filled_amount"] == 0
    deeper = trade(desk, "buy", 5_000, 501.0, time_in_force="fill_or_kill").result["order"]
    assert (deeper["order_state"], deeper["filled_amount"]) == ("cancelled", 0)
    assert positions(desk) == {EXPIRING_FUTURE: 1_000, PERPETUAL: -1_000}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 5}, 10002),
        ({"amount": 15}, 10027),
        ({"price": 500.25}, 10043),
        ({"price": 9_000.0}, 10007),
        ({"time_in_force": "good_til_cancelled"}, 10033),
        ({"type": "market"}, 10033),
        ({"reduce_only": True}, 10033),
        ({"amount": 50_000_000}, 10009),
        ({"valid_until": 1}, 13888),
    ],
)
def test_what_is_refused_changes_nothing(desk: Desk, changes: dict[str, Any], code: int) -> None:
    params = {"instrument_name": SPREAD, "amount": 100, "price": 501.0, "label": "h-1", **IOC, **changes}
    assert desk.call("private/buy", **params).error["code"] == code
    assert positions(desk) == {}
    assert desk.call("private/get_user_trades_by_currency", currency="BTC").result["trades"] == []


def test_a_roll_may_cost_a_price_below_zero(desk: Desk) -> None:
    desk.world.set(
        EXPIRING_FUTURE,
        mark=99_500.0,
        bids=levels(("99499.5", "1000")),
        asks=levels(("99500.5", "1000")),
        min_price=D(98_000),
    )
    desk.refresh()
    order = trade(desk, "sell", 100, -501.0).result["order"]
    assert (order["order_state"], order["average_price"]) == ("filled", -500.5)


def test_a_leg_that_does_not_trade_closes_it(desk: Desk) -> None:
    desk.world.set(PERPETUAL, state="halted")
    desk.refresh()
    assert trade(desk, "buy", 100, 501.0).error["code"] == 10012


def test_the_exchange_keeps_its_books(desk: Desk) -> None:
    trade(desk, "buy", 800, 501.0)
    trade(desk, "sell", 500, 499.0)
    state: Any = sim.state(desk.exchange, desk.wire_s)
    assert state["balance_exact"] == state["changes_exact"]
    assert state["duplicate_labels"] == {"h-1": 2}  # both orders had it: legs add none
    assert len(state["orders"]) == 2


def test_leg_prices_share_what_the_spread_is_away_from_its_mark() -> None:
    """The example of Deribit's support pages."""
    assert leg_prices(D(1_100), D(11_000), D(10_000)) == (D(11_050), D(9_950))
