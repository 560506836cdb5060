"""The liquidation story: lock, cancelled orders, small steps, an unordered perpetual, release; ADL; locks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from hedger.simulator import sim_account
from hedger.simulator.rpc import ApiError
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_FUTURE,
    PERPETUAL,
    D,
    Desk,
    Reply,
    levels,
    logged_in,
    notifications,
)

CHANNELS = ["user.lock", "user.changes.any.any.raw", "user.portfolio.btc", "trades.any.any.raw"]


def watched(**options: Any) -> Desk:
    """A desk whose connection hears what happens to the account."""
    desk = logged_in(**options)
    desk.call("private/subscribe", channels=CHANNELS)
    desk.frames()
    return desk


def short_calls(desk: Desk, amount: int) -> None:
    """A book of short calls that was there before, and a deep market for them."""
    listing = desk.world.listed[CALL]
    desk.exchange.account.open_at_mark(listing, D(-amount), D("0.02"), D(100_000), desk.now_ms)
    desk.world.set(CALL, asks=levels(("0.0205", "500")), bids=levels(("0.0195", "500")))
    desk.world.set(PERPETUAL, asks=levels(("100000.5", "90000000")), bids=levels(("99999.5", "90000000")))
    desk.refresh()
    desk.frames()


def changes(frames: list[Reply]) -> list[Any]:
    return notifications(frames, "user.changes.any.any.raw")


def own_trades(frames: list[Reply]) -> list[Any]:
    return [trade for change in changes(frames) for trade in change["trades"]]


class TestStandardMargin:
    def breach(self) -> tuple[Desk, list[Reply]]:
        """Short 10 calls and long a perpetual with 1.15 BTC; then a quarter of a coin is gone."""
        desk = watched(equity="2")
        short_calls(desk, 10)
        desk.buy(50_000, type="market")
        desk.buy(1_000, price=99_000, label="resting")
        desk.exchange.account.book("withdrawal", "BTC", D("-1.3"), desk.now_ms)
        desk.frames()
        return desk, desk.pass_time(1.5)

    def test_a_breach_locks_the_account_and_cancels_its_orders_before_anything_is_traded(self) -> None:
        desk, frames = self.breach()
        assert notifications(frames, "user.lock") == [{"locked": True, "currency": "BTC"}]
        told = [f["params"]["channel"] for f in frames if f.get("method") == "subscription"]
        assert told.index("user.lock") < told.index("user.changes.any.any.raw")
        order = changes(frames)[0]["orders"][0]
        assert (order["label"], order["order_state"]) == ("resting", "cancelled")
        assert order["cancel_reason"] == "autoliquidation"
        assert own_trades(frames) == []
        locks = desk.call("private/get_user_locks").result
        assert [(row["currency"], row["enabled"]) for row in locks] == [
            ("BTC", True),
            ("ETH", False),
            ("USDC", False),
        ]
        assert "liquidated" in locks[0]["message"]

    def test_a_locked_account_cannot_trade(self) -> None:
        desk, _ = self.breach()
        assert desk.buy(10, type="market").error == {"code": 11098, "message": "account_locked"}
        close = desk.call("private/close_position", instrument_name=PERPETUAL, type="market")
        assert close.error["code"] == 11098
        leg = {"instrument": PERPETUAL, "side": "sell", "amount": 10}
        with pytest.raises(ApiError, match="account_locked"):
            sim_account.block(desk.exchange, {"legs": [leg]}, desk.wire_s)

    def test_small_steps_of_flagged_trades_until_the_margin_holds_and_then_the_lock_ends(self) -> None:
        desk, _ = self.breach()
        frames = desk.pass_time(30.0)
        trades = own_trades(frames)
        assert {trade["liquidation"] for trade in trades} == {"T"}
        orders = [order for change in changes(frames) for order in change["orders"]]
        assert all(order["is_liquidation"] and not order["label"] for order in orders)
        assert trades[0]["instrument_name"] == PERPETUAL  # futures first
        assert trades[0]["amount"] == 6_250  # an eighth
        assert notifications(frames, "user.lock") == [{"locked": False, "currency": "BTC"}]
        row = desk.call("private/get_account_summary", currency="BTC").result
        assert row["maintenance_margin"] <= row["margin_balance"]
        assert desk.exchange.account.size(CALL) < 0  # the rest stays
        assert desk.sell(10, CALL, price=0.03).error["code"] != 11098
        prints = [t for rows in notifications(frames, "trades.any.any.raw") for t in rows]
        assert {row["liquidation"] for row in prints} == {"T"}

    def test_a_step_comes_once_a_second_of_market_time(self) -> None:
        desk, _ = self.breach()
        instants = [trade["timestamp"] for trade in own_trades(desk.pass_time(5.0))]
        gaps = {later - sooner for sooner, later in pairwise(instants)}
        assert min(gaps) >= 1_000

    def test_it_costs_three_quarters_of_a_percent(self) -> None:
        desk, _ = self.breach()
        trade = own_trades(desk.pass_time(2.0))[0]
        assert trade["fee"] == pytest.approx(0.0075 * trade["amount"] / trade["price"], abs=1e-8)

    def test_without_a_market_it_waits_locked(self) -> None:
        desk, _ = self.breach()
        for name in (CALL, PERPETUAL):
            desk.world.set(name, bids=(), asks=())
        assert own_trades(desk.pass_time(5.0)) == []
        assert desk.exchange.account.locks["BTC"].reason == "liquidation"

    def test_nothing_left_ends_it_even_below_zero(self) -> None:
        desk = watched(equity="0.2")
        short_calls(desk, 1)
        desk.exchange.account.book("withdrawal", "BTC", D("-0.5"), desk.now_ms)
        frames = desk.pass_time(40.0)
        assert [row["locked"] for row in notifications(frames, "user.lock")] == [True, False]
        assert desk.exchange.account.open_positions() == []


class TestPortfolioMargin:
    def test_it_opens_a_perpetual_that_nobody_ordered_and_leaves_it(self) -> None:
        """Short calls are short delta: the engine buys the perpetual first, from no position at all."""
        desk = watched(equity="3", margin_model="segregated_pm")
        short_calls(desk, 10)
        desk.sell(1, CALL, price=0.03, label="resting")
        need = desk.exchange.funds.margins("BTC")
        desk.exchange.account.book(
            "withdrawal", "BTC", need.maintenance - need.margin_balance - D("0.2"), desk.now_ms
        )
        desk.frames()
        frames = desk.pass_time(60.0)
        cancelled = changes(frames)[0]["orders"][0]
        assert cancelled["cancel_reason"] == "pme_account_locked"
        trades = own_trades(frames)
        assert (trades[0]["instrument_name"], trades[0]["direction"]) == (PERPETUAL, "buy")
        assert trades[0]["amount"] == 47_500  # an eighth of 10 * (0.4 - 0.02) coins at 100 000
        held = desk.exchange.account.size(PERPETUAL)
        assert held > 0
        assert [row["locked"] for row in notifications(frames, "user.lock")] == [True, False]
        assert desk.exchange.account.size(PERPETUAL) == held
        row = desk.call("private/get_account_summary", currency="BTC").result
        assert row["maintenance_margin"] <= row["margin_balance"]

    def test_what_hedging_cannot_mend_is_closed(self) -> None:
        """A hedged book gains nothing by a perpetual: the options themselves go."""
        desk = watched(equity="3", margin_model="segregated_pm")
        short_calls(desk, 10)
        desk.exchange.account.open_at_mark(
            desk.world.listed[PERPETUAL], D(380_000), D(100_000), D(100_000), desk.now_ms
        )
        need = desk.exchange.funds.margins("BTC")
        desk.exchange.account.book(
            "withdrawal", "BTC", need.maintenance - need.margin_balance - D("0.05"), desk.now_ms
        )
        trades = own_trades(desk.pass_time(5.0))
        assert trades[0]["instrument_name"] == CALL
        assert trades[0]["direction"] == "buy"


class TestOnRequest:
    def test_a_liquidation_may_be_asked_for_whatever_the_margin(self) -> None:
        desk = watched()
        desk.buy(3_000, type="market")
        desk.frames()
        row = sim_account.liquidate(desk.exchange, {"rounds": 2}, desk.wire_s)
        assert (row["currency"], row["rounds_left"]) == ("BTC", 2)
        assert notifications(desk.frames(), "user.lock") == [{"locked": True, "currency": "BTC"}]
        frames = desk.pass_time(6.0)
        assert [trade["amount"] for trade in own_trades(frames)] == [380, 380]  # an eighth, in lots
        assert notifications(frames, "user.lock") == [{"locked": False, "currency": "BTC"}]
        assert desk.buy(10, type="market").result

    def test_a_cross_account_is_locked_as_a_whole(self) -> None:
        desk = watched(margin_model="cross_sm")
        desk.buy(1_000, type="market")
        desk.frames()
        sim_account.liquidate(desk.exchange, {}, desk.wire_s)
        assert notifications(desk.frames(), "user.lock") == [{"locked": True, "currency": "ALL"}]
        assert all(row["enabled"] for row in desk.call("private/get_user_locks").result)

    def test_deleveraging_takes_a_part_of_the_hedge_at_the_mark(self) -> None:
        desk = watched()
        desk.sell(3_000, type="market")
        desk.world.set(PERPETUAL, mark=100_123.45)
        desk.refresh()
        desk.frames()
        body = {"instrument": PERPETUAL, "amount": 1_000}
        (trade,) = sim_account.deleverage_position(desk.exchange, body, desk.wire_s)["trades"]
        assert (trade["direction"], trade["price"], trade["amount"]) == ("buy", 100_123.45, 1_000)
        assert (trade["liquidation"], trade["liquidity"], trade["fee"]) == ("T", "M", 0)
        (change,) = changes(desk.frames())
        assert change["orders"][0]["is_liquidation"] is True
        assert change["positions"][0]["size"] == -2_000
        assert desk.exchange.account.locks == {}

    def test_deleveraging_never_takes_more_than_there_is(self) -> None:
        desk = watched()
        desk.buy(500, type="market")
        body = {"instrument": PERPETUAL, "amount": 9_000}
        (trade,) = sim_account.deleverage_position(desk.exchange, body, desk.wire_s)["trades"]
        assert (trade["direction"], trade["amount"]) == ("sell", 500)
        with pytest.raises(ApiError, match="already_closed"):
            sim_account.deleverage_position(desk.exchange, body, desk.wire_s)

    def test_a_position_lock_lets_positions_shrink_only(self) -> None:
        desk = watched()
        desk.buy(1_000, type="market")
        desk.buy(10, price=99_000, label="adds")
        desk.sell(10, price=101_000, label="reduces")
        desk.frames()
        sim_account.lock(desk.exchange, {"currency": "BTC", "kind": "position"}, desk.wire_s)
        frames = desk.frames()
        (order,) = (order for change in changes(frames) for order in change["orders"])
        assert (order["label"], order["cancel_reason"]) == ("adds", "position_locked")
        assert notifications(frames, "user.lock") == []  # the account itself is not locked
        assert not any(row["enabled"] for row in desk.call("private/get_user_locks").result)
        refused = desk.buy(10, type="market").error
        assert refused == {"code": 10072, "message": "disabled_while_position_lock"}
        assert desk.sell(2_000, type="market").error["code"] == 10072  # would turn it
        assert desk.sell(500, type="market").result["order"]["order_state"] == "filled"
        sim_account.lock(desk.exchange, {"currency": "BTC", "locked": False}, desk.wire_s)
        assert desk.buy(10, EXPIRING_FUTURE, price=99_000).result

    @pytest.mark.parametrize(
        ("call", "body"),
        [
            (sim_account.liquidate, {"currency": "XYZ"}),
            (sim_account.liquidate, {"rounds": 0}),
            (sim_account.lock, {"kind": "whatever"}),
            (sim_account.deleverage_position, {"instrument": "NOPE", "amount": 10}),
            (sim_account.deleverage_position, {"instrument": PERPETUAL}),
        ],
    )
    def test_bad_requests_are_named(self, call: Any, body: dict[str, object]) -> None:
        with pytest.raises(ApiError) as refused:
            call(logged_in().exchange, body, 1_000_000.0)
        assert refused.value.code == -32602


def test_cash_is_conserved_through_a_liquidation() -> None:
    desk, _ = TestStandardMargin().breach()
    desk.pass_time(30.0)
    account = desk.exchange.account
    total = D(0)
    for entry in account.log:
        total += entry.change
        assert entry.balance == total
    assert account.ledger("BTC").balance == total
