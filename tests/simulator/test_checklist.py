"""The simulator checklist of deribit.md 13, line by line: what it accepts, emits and injects.

One test a line, in the checklist's order. Lines that have a module of their own are touched here and
tested to depth there: sessions in test_session.py, channels in test_channels.py, faults in test_weather.py
and test_weather_sockets.py, orders in test_matching.py and test_edits.py, expiry in test_account.py and
test_seeded_exchange.py, real third-party clients in tests/contract.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect

from hedger.simulator import sim
from hedger.simulator.connection import Close
from hedger.simulator.limits import Limits, Rate
from hedger.simulator.options import Options
from hedger.simulator.server import running_exchange
from hedger.simulator.wire import EXTRA_FIELDS
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_CALL,
    EXPIRY_MS,
    KEYS,
    ORIGIN_MS,
    PERPETUAL,
    Desk,
    logged_in,
    notifications,
)

CHANGES = "user.changes.any.any.raw"
BUY = {"instrument_name": PERPETUAL, "amount": 10, "type": "market"}
REST = {"instrument_name": PERPETUAL, "amount": 10, "price": 99_000}


def fault(desk: Desk, **fields: Any) -> None:
    sim.fault(desk.exchange, fields, desk.wire_s)


def signed(desk: Desk, **fields: object) -> Any:
    """public/auth with a signature, as nautilus_trader does it."""
    signature = KEYS.signature("1700000000000\nn\n")
    stamp = {"timestamp": 1_700_000_000_000, "nonce": "n", "signature": signature}
    return desk.call(
        "public/auth", grant_type="client_signature", client_id=KEYS.client_id, **stamp, **fields
    ).result


class TestAccept:
    @pytest.mark.parametrize("request_id", [7, "seven"])
    def test_id_int_or_str(self, request_id: int | str) -> None:
        text = json.dumps({"jsonrpc": "2.0", "id": request_id, "method": "public/test", "params": {}})
        (reply,) = Desk().send(text)
        assert reply["id"] == request_id

    def test_missing_params(self) -> None:
        (reply,) = Desk().send('{"jsonrpc":"2.0","id":1,"method":"public/get_time"}')
        assert isinstance(reply.result, int)

    def test_both_auth_styles(self) -> None:
        assert Desk().log_in().result["access_token"]
        assert signed(Desk())["access_token"]

    def test_tokens_in_params(self) -> None:
        desk = Desk()
        token = desk.log_in(scope="session:x").result["access_token"]
        other = desk.exchange.connect(desk.wire_s)
        assert desk.call("private/get_positions", other, access_token=token).result == []

    @pytest.mark.parametrize(
        ("method", "params"),
        [
            ("public/hello", {"client_name": "x", "client_version": "1"}),
            ("public/set_heartbeat", {"interval": 30}),
            ("public/test", {}),
            ("public/get_time", {}),
            ("public/status", {}),
            ("public/get_currencies", {}),
            ("public/get_instruments", {"currency": "BTC"}),
            ("public/get_instrument", {"instrument_name": PERPETUAL}),
            ("public/ticker", {"instrument_name": PERPETUAL}),
            ("public/get_order_book", {"instrument_name": PERPETUAL}),
            ("public/get_index_price", {"index_name": "btc_usd"}),
            ("public/get_book_summary_by_currency", {"currency": "BTC"}),
            ("public/subscribe", {"channels": []}),
            ("public/unsubscribe", {"channels": []}),
            ("public/unsubscribe_all", {}),
            ("private/subscribe", {"channels": []}),
            ("private/unsubscribe", {"channels": []}),
            ("private/unsubscribe_all", {}),
            ("private/enable_cancel_on_disconnect", {}),
            ("private/disable_cancel_on_disconnect", {}),
            ("private/get_cancel_on_disconnect", {}),
            ("private/get_account_summary", {"currency": "BTC", "extended": True}),
            ("private/get_account_summaries", {"extended": True}),
            ("private/get_positions", {"currency": "any"}),
            ("private/get_position", {"instrument_name": PERPETUAL}),
            ("private/buy", BUY),
            ("private/sell", BUY),
            ("private/cancel_by_label", {"label": "x"}),
            ("private/cancel_all", {}),
            ("private/cancel_all_by_instrument", {"instrument_name": PERPETUAL}),
            ("private/cancel_all_by_currency", {"currency": "BTC"}),
            ("private/cancel_all_by_kind_or_type", {"currency": "BTC"}),
            ("private/get_open_orders", {}),
            ("private/get_open_orders_by_currency", {"currency": "BTC"}),
            ("private/get_open_orders_by_instrument", {"instrument_name": PERPETUAL}),
            ("private/get_open_orders_by_label", {"currency": "BTC", "label": "x"}),
            ("private/get_order_state_by_label", {"currency": "BTC", "label": "x"}),
            ("private/get_order_history_by_currency", {"currency": "BTC"}),
            ("private/get_order_history_by_instrument", {"instrument_name": PERPETUAL}),
            ("private/get_user_trades_by_currency", {"currency": "BTC"}),
            ("private/get_user_trades_by_instrument", {"instrument_name": PERPETUAL}),
            ("private/get_user_trades_by_order", {"order_id": "1"}),
        ],
    )
    def test_the_methods(self, method: str, params: dict[str, Any]) -> None:
        assert logged_in().call(method, **params).result is not None

    def test_the_methods_that_take_an_order(self) -> None:
        desk = logged_in()
        order_id = desk.buy(10, price=99_000, label="x").result["order"]["order_id"]
        assert desk.call("private/get_order_state", order_id=order_id).result["label"] == "x"
        assert desk.call("private/edit", order_id=order_id, amount=20).result["order"]["replaced"]
        by_label = {"instrument_name": PERPETUAL, "label": "x", "amount": 30}
        assert desk.call("private/edit_by_label", **by_label).result["order"]["amount"] == 30
        assert desk.call("private/cancel", order_id=order_id).result["order_state"] == "cancelled"
        desk.buy(10, type="market")
        closed = desk.call("private/close_position", instrument_name=PERPETUAL, type="market")
        assert closed.result["order"]["reduce_only"]

    def test_auth_and_logout(self) -> None:
        desk = logged_in()
        desk.exchange.receive(desk.connection, '{"id":1,"method":"private/logout"}', desk.wire_s)
        assert desk.connection.take() == [Close(1000, "logout")]

    def test_nautilus_client_signature_with_a_session_and_private_raw_channels(self) -> None:
        desk = Desk()
        assert "session:nautilus" in signed(desk, scope="session:nautilus")["scope"].split()
        channels = ["user.orders.any.any.raw", "user.trades.any.any.raw", "user.portfolio.any"]
        frames = desk.exchange_frames("private/subscribe", channels=channels)
        assert sorted(frames[0].result) == sorted(channels)
        frames = desk.exchange_frames("private/buy", **BUY)
        assert notifications(frames, channels[0])[0]["order_state"] == "filled"
        assert len(notifications(frames, channels[1])[0]) == 1
        assert notifications(frames, channels[2])

    def test_roq_string_ids_and_user_changes_raw(self) -> None:
        desk = logged_in()
        body = {"jsonrpc": "2.0", "id": "subscribe_user_changes", "method": "private/subscribe"}
        (ack, *_) = desk.send(json.dumps({**body, "params": {"channels": [CHANGES]}}))
        assert (ack["id"], ack.result) == ("subscribe_user_changes", [CHANGES])
        (change,) = notifications(desk.exchange_frames("private/buy", **BUY), CHANGES)
        assert set(change) == {"instrument_name", "orders", "trades", "positions"}

    def test_ccxt_hmac_header_instruments_without_currency_and_100ms_books(self) -> None:
        desk = Desk()
        uri = "/api/v2/private/get_positions"
        signature = KEYS.signature(f"5\n5\nGET\n{uri}\n\n")
        header = f"deri-hmac-sha256 id={KEYS.client_id},ts=5,sig={signature},nonce=5"
        assert desk.http("GET", uri, authorization=header)[0] == 200
        assert len(desk.call("public/get_instruments").result) == len(desk.world.listed)
        book = f"book.{PERPETUAL}.100ms"
        frames = desk.exchange_frames("public/subscribe", channels=[book])
        assert notifications(frames, book)[0]["type"] == "snapshot"


class TestEmit:
    """Seeded variation: over a few hundred answers every kind of it occurs."""

    @pytest.fixture
    def texts(self) -> list[str]:
        desk, texts = logged_in(), []
        for number in range(300):
            request = {"id": number, "method": "public/ticker", "params": {"instrument_name": PERPETUAL}}
            desk.exchange.receive(desk.connection, json.dumps(request), desk.wire_s)
            texts += [frame.text for frame in desk.connection.take() if not isinstance(frame, Close)]
        return texts

    def test_shuffled_key_order(self, texts: list[str]) -> None:
        assert len({tuple(json.loads(text)["result"]) for text in texts}) > 5

    def test_ints_and_floats_mixed(self, texts: list[str]) -> None:
        kinds = {type(json.loads(text)["result"]["best_bid_amount"]) for text in texts}
        assert kinds == {int, float}

    def test_some_exponents(self, texts: list[str]) -> None:
        assert any("E+" in text or "E-" in text for text in texts)

    def test_unknown_extra_fields(self) -> None:
        desk = logged_in()
        for _ in range(100):
            desk.buy(10, price=99_000)
        orders = desk.call("private/get_open_orders").result
        assert any({name for name, _ in EXTRA_FIELDS} & set(order) for order in orders)

    def test_us_in_out_diff_and_testnet(self, texts: list[str]) -> None:
        frame = json.loads(texts[0])
        assert frame["usOut"] - frame["usIn"] == frame["usDiff"] > 0
        assert frame["testnet"] is True

    def test_ack_only_valid_channels(self) -> None:
        asked = [f"ticker.{PERPETUAL}.100ms", "ticker.BTC-NOTHING.100ms", "nonsense", "user.portfolio.any"]
        assert Desk().call("public/subscribe", channels=asked).result == asked[:1]

    async def test_131_book_snapshots_right_after_the_ack(self) -> None:
        async with running_exchange() as exchange, connect(exchange.ready.ws_url, proxy=None) as socket:
            names = list(exchange.exchange.world.listings())[:131]
            channels = [f"book.{name}.100ms" for name in names]
            request = {"id": 1, "method": "public/subscribe", "params": {"channels": channels}}
            await socket.send(json.dumps(request))
            started, first = time.monotonic(), []
            async with asyncio.timeout(30):
                while len(first) <= 131:
                    first.append(json.loads(await socket.recv()))
            assert sorted(first[0]["result"]) == sorted(channels)
            assert {frame["params"]["data"]["type"] for frame in first[1:]} == {"snapshot"}
            assert {frame["params"]["channel"] for frame in first[1:]} == set(channels)
            assert time.monotonic() - started < 6.0, "the wire took 0.6 s; ten times that is a defect"


class TestInject:
    def test_an_unanswered_test_request_closes_with_4000_after_ten_seconds(self) -> None:
        desk = Desk()
        desk.call("public/set_heartbeat", interval=10)
        desk.pass_time(22.3)
        assert desk.closes() == [Close(4000, "heartbeat close")]

    def test_10028_then_close(self) -> None:
        desk = logged_in(limits=Limits(matching=Rate(5, 2)))
        for _ in range(2):
            assert desk.call("private/cancel_all").result == 0
        desk.exchange.receive(desk.connection, '{"id":1,"method":"private/cancel_all"}', desk.wire_s)
        answer, close = desk.connection.take()
        assert "10028" in getattr(answer, "text", "")
        assert isinstance(close, Close)

    def test_13009_mid_session(self) -> None:
        desk = logged_in()
        fault(desk, kind="expire_token")
        assert desk.call("private/get_positions").error["code"] == 13009

    def test_10041_on_request(self) -> None:
        desk = logged_in()
        fault(desk, kind="reject", code=10041)
        assert desk.buy(10, type="market").error == {"code": 10041, "message": "settlement_in_progress"}

    def test_platform_state_lock(self) -> None:
        desk = logged_in()
        desk.call("public/subscribe", channels=["platform_state"])
        fault(desk, kind="lock", index="btc_usd")
        (told,) = notifications(desk.frames(), "platform_state")
        assert (told["price_index"], told["locked"]) == ("btc_usd", True)

    def test_prev_change_id_gap(self) -> None:
        desk, book = logged_in(), f"book.{PERPETUAL}.100ms"
        (before,) = notifications(desk.exchange_frames("public/subscribe", channels=[book]), book)
        fault(desk, kind="book_gap")
        desk.buy(10, price=99_000)
        desk.pass_time(0.2)
        desk.buy(10, price=98_000)
        (after,) = notifications(desk.pass_time(0.2), book)
        assert after["prev_change_id"] != before["change_id"]

    def test_notification_before_the_rpc_response(self) -> None:
        desk = logged_in()
        desk.call("private/subscribe", channels=[CHANGES])
        fault(desk, kind="notification_first")
        frames = desk.exchange_frames("private/buy", **BUY)
        assert ["id" in frame for frame in frames] == [False, True]

    def test_a_cancel_that_loses_the_race_is_11044(self) -> None:
        desk = logged_in()
        order_id = desk.buy(10, price=99_000).result["order"]["order_id"]
        fault(desk, kind="fill_first")
        assert desk.call("private/cancel", order_id=order_id).error["code"] == 11044

    def test_a_lost_response_leaves_the_order_live(self) -> None:
        desk = logged_in()
        fault(desk, kind="lost_reply", method="private/buy")
        assert desk.exchange_frames("private/buy", **REST, label="lost") == []
        found = desk.call("private/get_order_state_by_label", currency="BTC", label="lost").result
        assert found[0]["order_state"] == "open"

    def test_partial_fill(self) -> None:
        order = logged_in().buy(1_500, price=100_000.5).result["order"]
        assert (order["order_state"], order["filled_amount"], order["amount"]) == ("open", 1_000, 1_500)

    def test_an_empty_side_is_zero_or_null(self) -> None:
        desk = logged_in()
        fault(desk, kind="empty_book", instrument=CALL)
        assert desk.call("public/ticker", instrument_name=CALL).result["best_bid_price"] == 0.0
        fault(desk, kind="null_quotes", instrument=CALL)
        assert desk.call("public/ticker", instrument_name=CALL).result["best_bid_price"] is None

    def test_cancel_on_disconnect_on_a_drop(self) -> None:
        desk = logged_in()
        desk.call("private/enable_cancel_on_disconnect")
        desk.buy(10, price=99_000)
        fault(desk, kind="drop")
        desk.exchange.tick(desk.wire_s)
        (order,) = desk.exchange.desk.orders.values()
        assert order.cancel_reason == "cancel_on_disconnect"

    def test_on_its_expiry_day_an_instrument_is_delivered_and_gone(self) -> None:
        desk = logged_in(speed=3600.0)
        desk.buy(0.1, EXPIRING_CALL, price=0.0205)
        desk.call("public/subscribe", channels=["instrument.state.option.BTC"])
        desk.wire_s += (EXPIRY_MS + 600_000 - desk.now_ms) / 3_600_000
        desk.exchange.tick(desk.wire_s)
        rows = notifications(desk.frames(), "instrument.state.option.BTC")
        assert (EXPIRING_CALL, "delivered") in [(row["instrument_name"], row["state"]) for row in rows]
        assert desk.call("public/ticker", instrument_name=EXPIRING_CALL).error["code"] == -32602
        held = [row["instrument_name"] for row in desk.call("private/get_positions").result]
        assert EXPIRING_CALL not in held

    def test_10041_and_the_state_settlement_at_eight(self) -> None:
        """Test_settling has all of that hour, test_currencies the decay of deltas before it."""
        desk = logged_in()
        desk.call("public/subscribe", channels=["instrument.state.future.BTC"])
        desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000
        desk.exchange.tick(desk.wire_s)
        rows = notifications(desk.frames(), "instrument.state.future.BTC")
        assert {row["state"] for row in rows} == {"settlement"}
        assert desk.buy(10, price=99_000).error["code"] == 10041

    async def test_everything_can_be_asked_for_at_the_start(self) -> None:
        async with running_exchange(Options(faults=("halt,duration_s=60",))) as exchange:
            states = {exchange.exchange.markets.market(PERPETUAL).state}
            assert states == {"halted"}
