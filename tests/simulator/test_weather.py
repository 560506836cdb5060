"""Weather of the platform: locks, halts, maintenance, logins, limits, a slow engine (deribit.md 4, 5, 6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hedger.simulator import sim
from hedger.simulator.connection import Close, Send
from hedger.simulator.limits import Limits, Rate
from hedger.simulator.rpc import ApiError
from tests.simulator.scripted_world import CALL, PERPETUAL, Desk, logged_in, notifications

CHANGES = "user.changes.any.any.raw"
STATES = "instrument.state.any.any"
PLATFORM = "platform_state"


def fault(desk: Desk, **fields: Any) -> None:
    sim.fault(desk.exchange, fields, desk.wire_s)


def ask(desk: Desk, method: str, **params: object) -> None:
    """Send a request and leave its answer in the outbox."""
    body = {"jsonrpc": "2.0", "id": 900, "method": method, "params": params}
    desk.exchange.receive(desk.connection, json.dumps(body), desk.wire_s)


def told(desk: Desk) -> dict[str, bool]:
    """The last word of platform_state on every index since it was last asked for."""
    rows = notifications(desk.frames(), PLATFORM)
    return {row.get("price_index", "maintenance"): row.get("locked", row.get("maintenance")) for row in rows}


class TestLocks:
    def test_a_locked_index_is_told_everywhere_and_nowhere_differently(self) -> None:
        """Locks are NOT announced on instrument.state; platform_state and public/status agree."""
        desk = logged_in()
        desk.call("public/subscribe", channels=[PLATFORM, STATES])
        fault(desk, kind="lock", index="btc_usd", duration_s=5)
        frames = desk.frames()
        assert notifications(frames, PLATFORM) == [{"price_index": "btc_usd", "locked": True, "reasons": []}]
        assert notifications(frames, STATES) == []
        assert desk.call("public/status").result == {"locked": "partial", "locked_indices": ["btc_usd"]}
        desk.exchange.tick(desk.wire_s + 6)
        assert told(desk) == {"btc_usd": False}
        assert desk.call("public/status").result == {"locked": "false"}

    def test_it_takes_cancels_only(self) -> None:
        desk = logged_in()
        order_id = desk.buy(10, price=99_000).result["order"]["order_id"]
        fault(desk, kind="lock", index="btc_usd")
        assert desk.buy(10, price=99_000).error["code"] == 11051
        assert desk.call("private/edit", order_id=order_id, amount=20).error["code"] == 11051
        desk.world.move(PERPETUAL, 98_000.0)
        desk.pass_time(0.2)
        assert desk.call("private/get_order_state", order_id=order_id).result["filled_amount"] == 0
        assert desk.call("private/cancel", order_id=order_id).result["order_state"] == "cancelled"

    def test_the_lock_of_another_index_is_no_matter(self) -> None:
        desk = logged_in()
        fault(desk, kind="lock", index="eth_usd")
        assert desk.buy(10, type="market").result["order"]["order_state"] == "filled"

    def test_the_whole_platform_is_every_index(self) -> None:
        desk = logged_in()
        desk.call("public/subscribe", channels=[PLATFORM])
        fault(desk, kind="lock")
        assert set(told(desk).values()) == {True}
        assert desk.call("public/status").result == {"locked": "true"}
        other = desk.exchange.connect(desk.wire_s)
        rows = notifications(desk.exchange_frames("public/subscribe", other, channels=[PLATFORM]), PLATFORM)
        assert {row["locked"] for row in rows} == {True}
        fault(desk, kind="clear")
        assert set(told(desk).values()) == {False}

    def test_an_index_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(ApiError) as refused:
            fault(logged_in(), kind="lock", index="doge_usd")
        assert "btc_usd" in str(refused.value.data)


class TestHalts:
    @pytest.mark.parametrize("state", ["halted", "locked"])
    def test_only_cancels_are_accepted_and_everybody_is_told(self, state: str) -> None:
        desk = logged_in()
        desk.call("public/subscribe", channels=[STATES])
        order_id = desk.buy(10, price=99_000).result["order"]["order_id"]
        fault(desk, kind="halt", instrument=PERPETUAL, state=state, duration_s=5)
        (row,) = notifications(desk.frames(), STATES)
        assert (row["instrument_name"], row["state"]) == (PERPETUAL, state)
        assert desk.call("public/ticker", instrument_name=PERPETUAL).result["state"] == state
        listed = desk.call("public/get_instrument", instrument_name=PERPETUAL).result
        assert (listed["state"], listed["is_active"]) == (state, False)
        assert desk.buy(10, price=99_000).error["code"] == 10012
        assert desk.call("private/edit", order_id=order_id, amount=20).error["code"] == 10012
        assert desk.call("private/cancel", order_id=order_id).result["order_state"] == "cancelled"
        assert desk.buy(0.1, CALL, price=0.01).result["order"]["order_state"] == "open"

    def test_it_ends_with_the_state_of_the_market(self) -> None:
        desk = logged_in()
        desk.call("public/subscribe", channels=[STATES])
        fault(desk, kind="halt", instrument=PERPETUAL, duration_s=2)
        rows = [row["state"] for row in notifications(desk.frames() + desk.pass_time(3.0), STATES)]
        assert rows == ["halted", "open"]
        assert desk.buy(10, type="market").result["order"]["order_state"] == "filled"

    def test_a_resting_order_does_not_fill_meanwhile(self) -> None:
        desk = logged_in()
        desk.buy(10, price=99_000)
        fault(desk, kind="halt", duration_s=2)
        desk.world.move(PERPETUAL, 98_000.0)
        desk.pass_time(1.5)
        assert len(desk.exchange.desk.open_orders()) == 1
        desk.pass_time(1.0)
        assert desk.exchange.desk.open_orders() == []


class TestMaintenance:
    def test_it_is_announced_then_everybody_is_out_then_it_is_over(self) -> None:
        desk = logged_in()
        desk.call("public/subscribe", channels=[PLATFORM])
        fault(desk, kind="maintenance", notice_s=2, duration_s=10)
        assert notifications(desk.frames(), PLATFORM) == [{"maintenance": True}]
        assert desk.call("public/status").result == {"locked": "true"}
        assert desk.buy(10, type="market").error["code"] == 11051
        assert desk.call("private/get_positions").error["code"] == 11051
        assert desk.call("public/test").result
        assert desk.exchange.weather.refused_handshake(desk.wire_s) is None
        desk.pass_time(2.2)
        (close,) = desk.closes()
        assert (close.code, close.reason) == (1001, "maintenance")
        assert desk.exchange.weather.refused_handshake(desk.wire_s) == 503
        assert desk.exchange.weather.broken_http("public/status", desk.wire_s) == 503
        desk.wire_s += 8.0
        desk.exchange.tick(desk.wire_s)
        assert desk.exchange.weather.refused_handshake(desk.wire_s) is None
        again = desk.exchange.connect(desk.wire_s)
        assert desk.call("public/status", again).result == {"locked": "false"}

    def test_cancel_on_disconnect_holds_when_the_exchange_itself_hangs_up(self) -> None:
        desk = logged_in()
        desk.call("private/enable_cancel_on_disconnect")
        desk.buy(10, price=99_000, label="mine")
        fault(desk, kind="maintenance", notice_s=0)
        desk.pass_time(0.2)
        assert desk.exchange.desk.open_orders() == []

    def test_one_that_is_called_off_is_told_as_over(self) -> None:
        desk = logged_in()
        desk.call("public/subscribe", channels=[PLATFORM])
        fault(desk, kind="maintenance", notice_s=30, duration_s=60)
        fault(desk, kind="clear")
        rows = notifications(desk.frames(), PLATFORM)
        assert rows == [{"maintenance": True}, {"maintenance": False}]


class TestLimits:
    def test_after_10028_the_session_ends_and_only_the_refill_helps(self) -> None:
        desk = logged_in(limits=Limits(matching=Rate(5, 20)))
        fault(desk, kind="rate_limit", method="private/buy")
        ask(desk, "private/buy", instrument_name=PERPETUAL, amount=10, type="market")
        sent, close = desk.connection.take()
        assert isinstance(sent, Send)
        assert "10028" in sent.text
        assert isinstance(close, Close)
        assert close.reason == "too_many_requests"
        second = desk.exchange.connect(desk.wire_s)
        desk.log_in(second)
        assert desk.call("private/cancel_all", second).error["code"] == 10028
        desk.wire_s += 4.0
        third = desk.exchange.connect(desk.wire_s)
        desk.log_in(third)
        replies = [desk.call("private/cancel_all", third) for _ in range(20)]
        assert [reply.result for reply in replies] == [0] * 20

    def test_too_many_logins_are_told_as_such(self) -> None:
        desk = Desk()
        fault(desk, kind="login_limit", count=2)
        assert desk.log_in().error == {"code": 12003, "message": "login_over_limit"}
        assert desk.log_in().error["code"] == 12003
        assert desk.log_in().result["access_token"]


class TestTokens:
    def test_a_token_that_expires_in_the_session_takes_its_refresh_token_along(self) -> None:
        desk = Desk()
        granted = desk.log_in().result
        fault(desk, kind="expire_token")
        error = desk.call("private/get_positions").error
        assert error == {"code": 13009, "message": "unauthorized", "data": {"reason": "invalid_token"}}
        renewed = desk.call("public/auth", grant_type="refresh_token", refresh_token=granted["refresh_token"])
        assert renewed.error["data"] == {"reason": "invalid_token"}
        assert desk.log_in().result["access_token"]
        assert desk.call("private/get_positions").result == []

    def test_a_short_token_must_be_refreshed_in_time(self) -> None:
        desk = Desk()
        fault(desk, kind="short_token", lifetime_s=5, duration_s=60)
        granted = desk.log_in().result
        assert granted["expires_in"] == 5
        desk.wire_s += 4.0
        desk.call("public/auth", grant_type="refresh_token", refresh_token=granted["refresh_token"])
        desk.wire_s += 4.0
        assert desk.call("private/get_positions").result == []
        desk.wire_s += 2.0
        assert desk.call("private/get_positions").error["code"] == 13009


class TestNotifications:
    def test_a_silent_subscription_is_granted_and_says_nothing(self) -> None:
        desk = logged_in()
        ticker = f"ticker.{PERPETUAL}.100ms"
        fault(desk, kind="silent_subscription", channel="ticker.", count=1)
        assert desk.call("public/subscribe", channels=[ticker]).result == [ticker]
        desk.world.move(PERPETUAL, 101_000.0)
        assert notifications(desk.pass_time(1.0), ticker) == []
        desk.call("public/unsubscribe", channels=[ticker])
        assert len(notifications(desk.exchange_frames("public/subscribe", channels=[ticker]), ticker)) == 1

    def test_a_gap_in_a_book_breaks_the_chain_of_change_ids(self) -> None:
        desk = logged_in()
        book = f"book.{PERPETUAL}.100ms"
        (first,) = notifications(desk.exchange_frames("public/subscribe", channels=[book]), book)
        fault(desk, kind="book_gap")
        desk.buy(10, price=99_000)
        assert notifications(desk.pass_time(0.3), book) == []
        desk.buy(10, price=98_990)
        (change,) = notifications(desk.pass_time(0.3), book)
        assert change["prev_change_id"] > first["change_id"]

    def test_reordered_notifications_change_places_and_none_is_lost(self) -> None:
        desk = logged_in()
        desk.call("private/subscribe", channels=[CHANGES])
        fault(desk, kind="reorder", channel="user.changes", count=1)
        labels = []
        for label in ("one", "two", "three"):
            frames = desk.exchange_frames(
                "private/buy", instrument_name=PERPETUAL, amount=10, price=99_000, label=label
            )
            labels += [row["orders"][0]["label"] for row in notifications(frames, CHANGES)]
        assert labels == ["two", "one", "three"]

    def test_one_that_nothing_overtakes_comes_late(self) -> None:
        desk = logged_in()
        desk.call("private/subscribe", channels=[CHANGES])
        fault(desk, kind="reorder", count=1)
        assert notifications(desk.exchange_frames("private/buy", **_rest("x")), CHANGES) == []
        assert len(notifications(desk.pass_time(1.0), CHANGES)) == 1

    def test_an_empty_side_may_be_null(self) -> None:
        desk = logged_in()
        fault(desk, kind="empty_book", instrument=CALL)
        fault(desk, kind="null_quotes", instrument=CALL)
        option = desk.call("public/ticker", instrument_name=CALL).result
        assert (option["best_bid_price"], option["best_ask_price"], option["best_bid_amount"]) == (
            None,
            None,
            0.0,
        )
        assert desk.call("public/ticker", instrument_name=PERPETUAL).result["best_bid_price"] > 0


def _rest(label: str) -> dict[str, object]:
    return {"instrument_name": PERPETUAL, "amount": 10, "price": 99_000, "label": label}


class TestSlowReplies:
    def test_a_slow_ack_lets_notifications_pass(self) -> None:
        desk = logged_in()
        desk.call("private/subscribe", channels=[CHANGES])
        fault(desk, kind="slow_ack", delay_s=0.7)
        ask(desk, "private/buy", **_rest("x"))
        reply, change = desk.connection.take()
        assert isinstance(reply, Send)
        assert isinstance(change, Send)
        assert (reply.apart, reply.not_before_s) == (True, desk.wire_s + 0.7)
        assert (change.apart, change.not_before_s) == (False, desk.wire_s)

    def test_a_slow_engine_executes_later_and_judges_valid_until_then(self) -> None:
        desk = logged_in()
        fault(desk, kind="slow_engine", delay_s=1.0)
        ask(desk, "private/buy", **_rest("late"), valid_until=desk.now_ms + 500)
        assert desk.frames() == []
        (reply,) = [frame for frame in desk.pass_time(1.2) if "id" in frame]
        assert reply.error["code"] == 13888
        assert desk.exchange.desk.orders == {}

    def test_an_order_whose_sender_is_gone_is_placed_all_the_same(self) -> None:
        desk = logged_in()
        fault(desk, kind="slow_engine", delay_s=1.0)
        ask(desk, "private/buy", **_rest("orphan"))
        desk.exchange.disconnect(desk.connection, desk.wire_s)
        desk.exchange.tick(desk.wire_s + 1.1)
        assert [order.label for order in desk.exchange.desk.open_orders()] == ["orphan"]


class TestHalfOpen:
    def test_nothing_is_sent_and_nothing_is_heard_until_it_ends(self) -> None:
        desk = logged_in()
        fault(desk, kind="half_open", duration_s=5)
        ask(desk, "private/buy", **_rest("late"))
        assert desk.pass_time(4.5) == []
        assert desk.exchange.desk.orders == {}
        (reply,) = [frame for frame in desk.pass_time(1.0) if "id" in frame]
        assert reply.result["order"]["label"] == "late"

    def test_a_new_connection_is_healthy(self) -> None:
        desk = logged_in()
        fault(desk, kind="half_open", duration_s=30)
        other = desk.exchange.connect(desk.wire_s)
        desk.exchange.tick(desk.wire_s + 0.1)
        assert desk.log_in(other).result["access_token"]

    def test_the_exchange_gives_up_by_its_heartbeat_and_cancels(self) -> None:
        desk = logged_in()
        desk.call("public/set_heartbeat", interval=10)
        desk.call("private/enable_cancel_on_disconnect")
        desk.buy(10, price=99_000)
        fault(desk, kind="half_open")
        desk.pass_time(20.0)
        assert len(desk.exchange.desk.open_orders()) == 1
        desk.pass_time(3.0)
        (order,) = desk.exchange.desk.orders.values()
        assert order.cancel_reason == "cancel_on_disconnect"


def test_a_reader_that_is_too_slow_is_told_when_it_is_closed() -> None:
    desk = logged_in()
    fault(desk, kind="too_slow")
    (close,) = desk.closes()
    assert (close.code, close.reason) == (1008, "connection_too_slow")
