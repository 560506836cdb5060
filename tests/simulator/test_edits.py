"""Edits: totals, priority, post-only, reduce-only, races, edits that replace edits (deribit.md 8)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hedger.simulator import sim
from tests.simulator.scripted_world import (
    EXPIRING_FUTURE,
    EXPIRY_MS,
    PERPETUAL,
    Desk,
    Reply,
    levels,
    logged_in,
    notifications,
)

CHANGES = "user.changes.any.any.raw"


@pytest.fixture
def desk() -> Desk:
    return logged_in()


def resting(desk: Desk, **terms: Any) -> str:
    """A bid that rests; its id."""
    order_id: str = desk.buy(terms.pop("amount", 100), price=99_000, **terms).result["order"]["order_id"]
    return order_id


def edit(desk: Desk, order_id: str, **changes: Any) -> Reply:
    return desk.call("private/edit", order_id=order_id, **changes)


def fault(desk: Desk, **fields: Any) -> None:
    sim.fault(desk.exchange, fields, desk.wire_s)


def ask(desk: Desk, number: int, method: str, **params: object) -> None:
    """Send a request and leave its answer in the outbox."""
    body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    desk.exchange.receive(desk.connection, json.dumps(body), desk.wire_s)


def sellers_bring(desk: Desk, amount: str) -> None:
    """The market comes to our bids at 99 000 with so much."""
    desk.world.set(PERPETUAL, asks=levels(("99000", amount)), bids=levels(("98990", "1000")))
    desk.refresh()


class TestWhatAnEditSays:
    def test_what_it_does_not_say_stays(self, desk: Desk) -> None:
        order_id = resting(desk, post_only=True, label="x")
        order = edit(desk, order_id, amount=200).result["order"]
        assert (order["price"], order["post_only"], order["label"], order["amount"]) == (
            99_000,
            True,
            "x",
            200,
        )

    def test_contracts_may_replace_the_amount(self, desk: Desk) -> None:
        assert edit(desk, resting(desk), contracts=30).result["order"]["amount"] == 300

    def test_everybody_hears_that_it_was_replaced(self, desk: Desk) -> None:
        order_id = resting(desk)
        desk.call("private/subscribe", channels=[CHANGES])
        frames = desk.exchange_frames("private/edit", order_id=order_id, amount=200, price=98_000)
        (change,) = notifications(frames, CHANGES)
        assert (change["orders"][0]["replaced"], change["orders"][0]["order_id"]) == (True, order_id)

    @pytest.mark.parametrize("field", ["display_amount", "trigger_price", "advanced"])
    def test_what_is_not_simulated_is_refused_and_not_ignored(self, desk: Desk, field: str) -> None:
        assert edit(desk, resting(desk), amount=200, **{field: 1}).error["code"] == 10033

    def test_one_that_comes_late_changes_nothing(self, desk: Desk) -> None:
        order_id = resting(desk)
        assert edit(desk, order_id, amount=200, valid_until=desk.now_ms - 1).error["code"] == 13888
        assert desk.exchange.desk.orders[order_id].amount == 100
        by_label = {"instrument_name": PERPETUAL, "label": "", "amount": 200}
        late = desk.call("private/edit_by_label", valid_until=desk.now_ms - 1, **by_label)
        assert late.error["code"] == 13888

    def test_an_order_of_an_instrument_that_is_gone_is_not_open(self) -> None:
        desk = logged_in(speed=3600.0)
        order_id = desk.buy(10, EXPIRING_FUTURE, price=99_000).result["order"]["order_id"]
        desk.wire_s += (EXPIRY_MS + 600_000 - desk.now_ms) / 3_600_000
        desk.exchange.tick(desk.wire_s)
        assert edit(desk, order_id, amount=20).error["code"] == 11044


class TestPostOnly:
    def test_it_moves_off_the_touch(self, desk: Desk) -> None:
        order = edit(desk, resting(desk, post_only=True), price=100_002).result["order"]
        assert (order["price"], order["order_state"]) == (100_000.0, "open")

    def test_with_reject_the_order_is_cancelled_without_an_error(self, desk: Desk) -> None:
        order_id = resting(desk, post_only=True, reject_post_only=True)
        result = edit(desk, order_id, price=100_002).result
        assert (result["order"]["order_state"], result["order"]["cancel_reason"]) == (
            "cancelled",
            "edit_post_only_reject",
        )
        assert result["trades"] == []

    def test_it_goes_with_good_til_cancelled_only(self, desk: Desk) -> None:
        refused = desk.buy(10, price=99_000, post_only=True, time_in_force="good_til_day")
        assert refused.error["code"] == 11055


class TestReduceOnly:
    def test_an_order_made_reduce_only_is_trimmed_to_the_position(self, desk: Desk) -> None:
        desk.sell(50, type="market")
        order = edit(desk, resting(desk), reduce_only=True).result["order"]
        assert (order["amount"], order["reduce_only"], order["risk_reducing"]) == (50, True, True)

    def test_without_a_position_it_is_refused_and_the_order_stays(self, desk: Desk) -> None:
        order_id = resting(desk)
        assert edit(desk, order_id, reduce_only=True).error["message"] == "other_reject reduce_only"
        assert desk.exchange.desk.orders[order_id].reduce_only is False


class TestPriority:
    """First come is first served; only an edit that takes nothing from others keeps its place."""

    @pytest.mark.parametrize(
        ("change", "first"),
        [
            ({"amount": 50}, "edited"),
            ({"amount": 200}, "other"),
            ({"price": 98_990}, "other"),
            ({"price": 99_010}, "edited"),
        ],
    )
    def test_who_fills_first_after_an_edit(self, desk: Desk, change: dict[str, float], first: str) -> None:
        edited = resting(desk, label="edited")
        resting(desk, label="other")
        edit(desk, edited, **change)
        sellers_bring(desk, "50")
        assert [trade.label for trade in desk.exchange.desk.trades] == [first]

    def test_back_at_the_old_price_it_stands_at_the_end(self, desk: Desk) -> None:
        edited = resting(desk, label="edited")
        resting(desk, label="other")
        edit(desk, edited, price=98_000)
        edit(desk, edited, price=99_000)
        sellers_bring(desk, "100")
        assert [trade.label for trade in desk.exchange.desk.trades] == ["other"]


class TestRaces:
    def test_an_order_that_filled_first_is_not_open(self, desk: Desk) -> None:
        order_id = resting(desk)
        fault(desk, kind="fill_first", method="private/edit")
        assert edit(desk, order_id, amount=200).error == {"code": 11044, "message": "not_open_order"}
        assert desk.call("private/get_order_state", order_id=order_id).result["order_state"] == "filled"

    def test_the_part_that_filled_counts_into_the_new_total(self, desk: Desk) -> None:
        order_id = resting(desk)
        fault(desk, kind="fill_first", share=0.5)
        order = edit(desk, order_id, amount=80).result["order"]
        assert (order["amount"], order["filled_amount"], order["order_state"]) == (80, 50, "open")

    def test_a_total_below_what_filled_meanwhile_is_already_filled(self, desk: Desk) -> None:
        order_id = resting(desk)
        fault(desk, kind="fill_first", share=0.5)
        assert edit(desk, order_id, amount=50).error == {"code": 11008, "message": "already_filled"}

    def test_a_cancel_that_lost_answers_not_open_and_the_fill_is_told(self, desk: Desk) -> None:
        order_id = resting(desk, label="x")
        desk.call("private/subscribe", channels=[CHANGES])
        fault(desk, kind="fill_first")
        frames = desk.exchange_frames("private/cancel", order_id=order_id)
        assert next(f for f in frames if "id" in f).error["code"] == 11044
        (change,) = notifications(frames, CHANGES)
        assert (change["orders"][0]["order_state"], len(change["trades"])) == ("filled", 1)
        assert change["trades"][0]["liquidity"] == "M"

    def test_a_cancel_by_label_that_lost_counts_nothing(self, desk: Desk) -> None:
        resting(desk, label="x")
        fault(desk, kind="fill_first")
        assert desk.call("private/cancel_by_label", label="x").result == 0

    def test_a_partial_fill_before_a_cancel_stays_in_the_cancelled_order(self, desk: Desk) -> None:
        order_id = resting(desk)
        fault(desk, kind="fill_first", share=0.3)
        order = desk.call("private/cancel", order_id=order_id).result
        assert (order["order_state"], order["filled_amount"]) == ("cancelled", 30)


class TestEditsThatReplaceEdits:
    def test_the_earlier_one_is_answered_replaced_and_never_executed(self, desk: Desk) -> None:
        order_id = resting(desk)
        fault(desk, kind="slow_engine", delay_s=0.5, method="private/edit")
        ask(desk, 901, "private/edit", order_id=order_id, amount=200)
        ask(desk, 902, "private/edit", order_id=order_id, amount=300)
        (first,) = desk.frames()
        assert (first["id"], first.error) == (901, {"code": 13777, "message": "replaced"})
        (second,) = [frame for frame in desk.pass_time(0.7) if "id" in frame]
        assert (second["id"], second.result["order"]["amount"]) == (902, 300)

    def test_edits_of_different_orders_do_not_meet(self, desk: Desk) -> None:
        orders = [resting(desk), resting(desk)]
        fault(desk, kind="slow_engine", delay_s=0.5)
        for number, order_id in enumerate(orders, 901):
            ask(desk, number, "private/edit", order_id=order_id, amount=200)
        replies = [frame["id"] for frame in desk.pass_time(0.7) if "id" in frame]
        assert replies == [901, 902]

    def test_a_cancel_meanwhile_wins(self, desk: Desk) -> None:
        order_id = resting(desk)
        fault(desk, kind="slow_engine", delay_s=0.5, method="private/edit")
        ask(desk, 901, "private/edit", order_id=order_id, amount=200)
        assert desk.call("private/cancel", order_id=order_id).result["order_state"] == "cancelled"
        (late,) = [frame for frame in desk.pass_time(0.7) if "id" in frame]
        assert late.error == {"code": 13666, "message": "request_cancelled_by_user"}

    def test_a_fill_meanwhile_wins_too(self, desk: Desk) -> None:
        order_id = resting(desk)
        fault(desk, kind="slow_engine", delay_s=0.5, method="private/edit")
        ask(desk, 901, "private/edit", order_id=order_id, amount=200)
        sellers_bring(desk, "100")
        (late,) = [frame for frame in desk.pass_time(0.7) if "id" in frame]
        assert late.error["code"] == 11044


class TestChannels:
    """Raw user.orders are single objects, aggregated ones lists in the order of what happened."""

    def test_raw_tells_every_step_by_itself(self, desk: Desk) -> None:
        channel = "user.orders.any.any.raw"
        desk.call("private/subscribe", channels=[channel])
        order_id = resting(desk)
        frames = desk.exchange_frames("private/edit", order_id=order_id, amount=200)
        (row,) = notifications(frames, channel)
        assert (row["order_id"], row["amount"]) == (order_id, 200)

    @pytest.mark.parametrize(("interval", "wait_s"), [("100ms", 0.2), ("agg2", 1.2)])
    def test_aggregated_ones_tell_all_steps_in_one_list(
        self, desk: Desk, interval: str, wait_s: float
    ) -> None:
        channel = f"user.orders.{PERPETUAL}.{interval}"
        desk.call("private/subscribe", channels=[channel])
        desk.pass_time(wait_s)
        order_id = resting(desk)
        edit(desk, order_id, amount=200)
        (rows,) = notifications(desk.pass_time(wait_s), channel)
        assert [(row["amount"], row["replaced"]) for row in rows] == [(100, False), (200, True)]
