"""Faults on demand, and what the simulator tells about itself (/sim/*)."""

from __future__ import annotations

from typing import Any

import pytest

from hedger.simulator import sim
from hedger.simulator.connection import Send
from hedger.simulator.rpc import ApiError
from tests.simulator.scripted_world import PERPETUAL, Desk, logged_in, notifications

TICKER = f"ticker.{PERPETUAL}.100ms"
CHANGES = "user.changes.any.any.raw"
BUY = {"instrument_name": PERPETUAL, "amount": 10, "type": "market"}


def watching() -> Desk:
    desk = logged_in()
    desk.call("private/subscribe", channels=[CHANGES, TICKER])
    return desk


def fault(desk: Desk, **fields: Any) -> None:
    sim.fault(desk.exchange, fields, desk.wire_s)


def test_a_drop_breaks_every_socket_without_a_close_frame() -> None:
    desk = watching()
    fault(desk, kind="drop")
    assert [close.code for close in desk.closes()] == [None]
    later = desk.exchange.connect(desk.wire_s)
    desk.exchange.tick(desk.wire_s + 1)
    assert not later.closed


def test_silence_stops_notifications_but_not_answers() -> None:
    desk = watching()
    fault(desk, kind="silence", duration_s=5)
    frames = desk.exchange_frames("private/buy", **BUY)
    assert len(frames) == 1
    assert desk.pass_time(4.5) == []
    assert desk.pass_time(2.0) != []


def test_silence_of_one_channel_leaves_the_others() -> None:
    desk = watching()
    fault(desk, kind="silence", channel="ticker.")
    frames = desk.exchange_frames("private/buy", **BUY)
    assert len(notifications(frames, CHANGES)) == 1
    assert notifications(desk.pass_time(0.5), TICKER) == []


def test_a_delay_makes_every_frame_late() -> None:
    desk = watching()
    fault(desk, kind="delay", delay_s=0.75)
    desk.exchange.receive(desk.connection, '{"id":1,"method":"public/test"}', desk.wire_s)
    (frame,) = desk.connection.take()
    assert isinstance(frame, Send)
    assert frame.not_before_s == desk.wire_s + 0.75


def test_a_lost_reply_leaves_the_order_alive() -> None:
    desk = watching()
    fault(desk, kind="lost_reply", method="private/buy")
    frames = desk.exchange_frames("private/buy", label="lost", **BUY)
    assert all("id" not in frame for frame in frames)
    found = desk.call("private/get_order_state_by_label", currency="BTC", label="lost").result
    assert found[0]["order_state"] == "filled"
    assert "id" in desk.exchange_frames("private/buy", **BUY)[0]


def test_duplicates_repeat_notifications_only() -> None:
    desk = watching()
    fault(desk, kind="duplicate")
    frames = desk.exchange_frames("private/buy", **BUY)
    assert len(notifications(frames, CHANGES)) == 2
    assert sum("id" in frame for frame in frames) == 1


def test_a_notification_may_come_before_its_reply() -> None:
    desk = watching()
    fault(desk, kind="notification_first")
    frames = desk.exchange_frames("private/buy", **BUY)
    assert [("id" in frame) for frame in frames] == [False, True]


def test_a_rejection_carries_its_code_and_places_nothing() -> None:
    desk = watching()
    fault(desk, kind="reject", code=10041, count=2)
    assert desk.call("private/get_open_orders").result == []
    for _ in range(2):
        assert desk.call("private/buy", **BUY).error == {"code": 10041, "message": "settlement_in_progress"}
    assert desk.exchange.desk.orders == {}
    assert desk.call("private/buy", **BUY).result["order"]["order_state"] == "filled"


def test_stale_quotes_keep_price_and_timestamp() -> None:
    desk = watching()
    before = desk.call("public/ticker", instrument_name=PERPETUAL).result
    fault(desk, kind="stale_quotes", duration_s=5)
    desk.world.move(PERPETUAL, 101_000.0)
    desk.pass_time(2.0)
    assert desk.call("public/ticker", instrument_name=PERPETUAL).result == before
    desk.pass_time(4.0)
    assert desk.call("public/ticker", instrument_name=PERPETUAL).result["mark_price"] == 101_000


def test_empty_books_quote_nothing_and_fill_nothing() -> None:
    desk = watching()
    fault(desk, kind="empty_book", duration_s=5)
    ticker = desk.call("public/ticker", instrument_name=PERPETUAL).result
    assert (ticker["best_bid_price"], ticker["best_ask_amount"]) == (0.0, 0.0)
    order = desk.buy(10, price=100_100, time_in_force="immediate_or_cancel").result["order"]
    assert order["filled_amount"] == 0


def test_clear_ends_all_of_them() -> None:
    desk = watching()
    fault(desk, kind="empty_book")
    fault(desk, kind="silence")
    assert len(sim.faults(desk.exchange, desk.wire_s)["faults"]) == 2  # type: ignore[arg-type]
    fault(desk, kind="clear")
    assert sim.faults(desk.exchange, desk.wire_s) == {"faults": []}
    assert desk.call("public/ticker", instrument_name=PERPETUAL).result["best_bid_price"] > 0


def test_an_unknown_fault_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ApiError) as refused:
        fault(Desk(), kind="gremlins")
    assert "lost_reply" in str(refused.value.data)


class TestState:
    def test_it_tells_the_truth_with_exact_numbers_beside_the_rounded(self) -> None:
        desk = logged_in()
        desk.buy(1_500, type="market", label="h-1")
        desk.buy(10, price=99_000, label="h-1")
        state: Any = sim.state(desk.exchange, desk.wire_s)
        assert state["positions"] == {PERPETUAL: 1_500}
        assert state["positions_exact"] == {PERPETUAL: "1500"}
        assert [order["order_state"] for order in state["orders"]] == ["filled", "open"]
        assert len(state["trades"]) == 2
        assert state["fees_exact"]["BTC"] == "0.00000523"  # 0.00035 * (1 000 / 100 000.5, 500 / 100 001)
        assert abs(float(state["equity_exact"]["BTC"]) - state["equity"]["BTC"]) < 3e-8
        assert state["duplicate_labels"] == {"h-1": 2}
        assert (state["ended"], state["paused"], state["now_ms"]) == (False, False, desk.now_ms)

    def test_an_ended_world_is_frozen_and_says_so(self) -> None:
        desk = Desk()
        desk.world.end_ms = desk.now_ms + 500
        desk.pass_time(2.0)
        state = sim.state(desk.exchange, desk.wire_s)
        assert state["ended"] is True
        assert state["world_ms"] == desk.world.end_ms

    def test_a_persons_trade_moves_the_position_and_is_seen_without_a_label(self) -> None:
        desk = watching()
        order = sim.trade(
            desk.exchange, {"instrument": PERPETUAL, "side": "sell", "amount": 200}, desk.wire_s
        )
        assert (order["order_state"], order["api"], order["web"]) == ("filled", False, True)
        (change,) = notifications(desk.frames(), CHANGES)
        assert change["orders"][0]["label"] == ""
        assert "label" not in change["trades"][0]
        assert change["positions"][0]["size"] == -200

    def test_a_persons_mistake_is_told(self) -> None:
        with pytest.raises(ApiError):
            sim.trade(Desk().exchange, {"instrument": PERPETUAL, "side": "up", "amount": 200}, 0.0)
