"""Session: authentication, scopes, heartbeat, envelopes, limits (deribit.md 1 to 5)."""

from __future__ import annotations

import pytest

from hedger.simulator.connection import Close, Send
from hedger.simulator.limits import Limits, Rate
from tests.simulator.scripted_world import KEYS, PERPETUAL, WIRE_S, Desk, logged_in


class TestEnvelope:
    def test_an_answer_echoes_the_id_and_tells_market_time_in_microseconds(self) -> None:
        desk = Desk(speed=60.0)
        desk.wire_s += 2.0
        (reply,) = desk.send('{"jsonrpc":"2.0","id":"abc","method":"public/get_time"}')
        assert reply["id"] == "abc"
        assert reply.result == desk.now_ms
        assert reply["usIn"] == desk.now_ms * 1000
        assert reply["usOut"] - reply["usIn"] == reply["usDiff"] > 0

    def test_market_time_runs_at_its_speed(self) -> None:
        desk = Desk(speed=60.0)
        before = desk.call("public/get_time").result
        desk.wire_s += 1.5
        assert desk.call("public/get_time").result - before == 90_000

    def test_text_that_is_not_json_is_a_bad_request_without_an_id(self) -> None:
        (reply,) = Desk().send('{"id": 1, ')
        assert reply.error == {"code": 11050, "message": "bad_request", "data": "invalid json"}
        assert "id" not in reply

    @pytest.mark.parametrize(
        "text", ["[]", "7", '{"id":3}', '{"id":3,"method":7}', '{"id":1,"method":"x","params":NaN}']
    )
    def test_json_that_is_no_request_is_refused(self, text: str) -> None:
        (reply,) = Desk().send(text)
        assert reply.error["code"] == 11050

    def test_a_frame_over_32_kb_is_too_large(self) -> None:
        (reply,) = Desk().send('{"method":"' + "x" * 40_000 + '"}')
        assert reply.error["code"] == -32600

    def test_an_unknown_method_is_told(self) -> None:
        assert Desk().call("public/no_such_thing").error["code"] == -32601

    def test_a_missing_parameter_is_named(self) -> None:
        error = Desk().call("public/ticker").error
        assert error["code"] == -32602
        assert error["data"] == {"reason": "value required", "param": "instrument_name"}

    def test_an_unknown_instrument_is_told_as_on_the_wire(self) -> None:
        error = Desk().call("public/ticker", instrument_name="BTC-1JAN20").error
        assert error["data"] == {"reason": "instrument not found", "param": "instrument_name"}

    def test_a_request_without_an_id_is_answered_without_one(self) -> None:
        (reply,) = Desk().send('{"jsonrpc":"2.0","method":"public/test","params":{}}')
        assert reply.result == {"version": "1.2.26"}
        assert "id" not in reply


class TestAuthentication:
    def test_client_credentials_open_the_private_methods_of_the_connection(self) -> None:
        desk = Desk()
        assert desk.call("private/get_positions").error["code"] == 13009
        granted = desk.log_in().result
        assert granted["token_type"] == "bearer"
        assert granted["expires_in"] == 31_536_000
        assert "connection" in granted["scope"].split()
        assert desk.call("private/get_positions").result == []

    @pytest.mark.parametrize("wrong", [{"client_secret": "no"}, {"client_id": "no"}])
    def test_wrong_keys_are_invalid_credentials(self, wrong: dict[str, str]) -> None:
        assert Desk().log_in(**wrong).error["code"] == 13004

    def test_a_signature_over_timestamp_nonce_and_data_is_accepted(self) -> None:
        fields = {"client_id": "key-1", "timestamp": 1_700_000_000_000, "nonce": "n", "data": ""}
        signature = KEYS.signature("1700000000000\nn\n")
        reply = Desk().call("public/auth", grant_type="client_signature", signature=signature, **fields)
        assert reply.result["access_token"]

    def test_a_wrong_signature_is_refused(self) -> None:
        reply = Desk().call(
            "public/auth",
            grant_type="client_signature",
            client_id="key-1",
            timestamp=1,
            signature="00",
            nonce="n",
        )
        assert reply.error["code"] == 13004

    def test_a_refresh_token_is_good_once(self) -> None:
        desk = Desk()
        token = desk.log_in().result["refresh_token"]
        assert desk.call("public/auth", grant_type="refresh_token", refresh_token=token).result[
            "access_token"
        ]
        again = desk.call("public/auth", grant_type="refresh_token", refresh_token=token)
        assert again.error["code"] == 13009

    def test_a_token_of_connection_scope_is_worth_nothing_elsewhere(self) -> None:
        desk = Desk()
        token = desk.log_in().result["access_token"]
        other = desk.exchange.connect(desk.wire_s)
        assert desk.call("private/get_positions", other, access_token=token).error["code"] == 13009

    def test_a_session_token_works_everywhere_until_it_expires_in_wire_time(self) -> None:
        desk = Desk(speed=3600.0)
        granted = desk.log_in(scope="session:a").result
        assert granted["expires_in"] == 900
        other = desk.exchange.connect(desk.wire_s)
        token = granted["access_token"]
        desk.wire_s += 899
        assert desk.call("private/get_positions", other, access_token=token).result == []
        desk.wire_s += 2
        error = desk.call("private/get_positions", other, access_token=token).error
        assert error["code"] == 13009
        assert error["data"] == {"reason": "invalid_token"}

    def test_a_narrow_scope_forbids_trading(self) -> None:
        desk = Desk()
        desk.log_in(scope="trade:read account:read")
        assert desk.call("private/get_positions").result == []
        assert desk.buy(10, type="market").error["code"] == 13021

    def test_the_secret_is_not_in_the_repr(self) -> None:
        assert "secret-1" not in repr(KEYS)

    def test_logout_closes_without_an_answer(self) -> None:
        desk = logged_in()
        desk.exchange.receive(desk.connection, '{"id":1,"method":"private/logout"}', desk.wire_s)
        assert desk.connection.closed
        assert len(desk.connection.outbox) == 1


class TestHttp:
    def test_a_query_string_is_read_as_parameters(self) -> None:
        status, body = Desk().http("GET", f"/api/v2/public/ticker?instrument_name={PERPETUAL}")
        assert (status, body["result"]["instrument_name"]) == (200, PERPETUAL)

    def test_an_error_has_status_400_with_the_envelope(self) -> None:
        status, body = Desk().http("GET", "/api/v2/public/ticker")
        assert (status, body["error"]["code"]) == (400, -32602)

    def test_what_needs_a_websocket_says_so(self) -> None:
        status, body = Desk().http("GET", "/api/v2/public/set_heartbeat?interval=30")
        assert (status, body["error"]["code"]) == (400, 10030)

    def test_a_signed_header_is_accepted_even_twice_in_one_millisecond(self) -> None:
        desk, uri = Desk(), "/api/v2/private/get_positions?currency=BTC"
        signature = KEYS.signature(f"5\n5\nGET\n{uri}\n\n")
        header = f"deri-hmac-sha256 id=key-1,ts=5,sig={signature},nonce=5"
        for _ in range(2):
            assert desk.http("GET", uri, authorization=header)[0] == 200

    def test_a_header_signed_for_another_path_is_refused(self) -> None:
        signature = KEYS.signature("5\n5\nGET\n/api/v2/private/get_positions\n\n")
        header = f"deri-hmac-sha256 id=key-1,ts=5,sig={signature},nonce=5"
        status, body = Desk().http("GET", "/api/v2/private/cancel_all", authorization=header)
        assert (status, body["error"]["code"]) == (400, 13009)

    def test_a_bearer_token_is_accepted(self) -> None:
        desk = Desk()
        token = desk.log_in(scope="session:x").result["access_token"]
        assert desk.http("GET", "/api/v2/private/get_positions", authorization=f"Bearer {token}")[0] == 200

    def test_orders_placed_over_http_take_text_amounts_and_booleans(self) -> None:
        desk = Desk()
        token = desk.log_in(scope="session:x").result["access_token"]
        path = f"/api/v2/private/buy?instrument_name={PERPETUAL}&amount=10&price=99000&post_only=true"
        status, body = desk.http("GET", path, authorization=f"Bearer {token}")
        assert (status, body["result"]["order"]["post_only"]) == (200, True)


class TestSmallMethods:
    def test_hello_needs_a_name_and_tells_the_version(self) -> None:
        assert Desk().call("public/hello", client_name="x", client_version="1").result["version"]
        assert Desk().call("public/hello").error["data"]["param"] == "client_name"

    def test_a_test_may_be_asked_to_fail(self) -> None:
        assert Desk().call("public/test", expected_result="exception").error["code"] == 11030

    def test_status_locked_is_a_text(self) -> None:
        assert Desk().call("public/status").result == {"locked": "false"}

    def test_auth_echoes_its_state_and_refuses_other_grants(self) -> None:
        desk = Desk()
        assert desk.log_in(state="s-1").result["state"] == "s-1"
        assert desk.call("public/auth", grant_type="magic").error["data"]["param"] == "grant_type"
        assert (
            desk.call("public/auth", grant_type="client_signature", client_id="key-1").error["code"] == -32602
        )

    @pytest.mark.parametrize("header", ["Basic abc", "deri-hmac-sha256 id=key-1", "nonsense"])
    def test_other_http_headers_are_unauthorized(self, header: str) -> None:
        status, body = Desk().http("GET", "/api/v2/private/get_positions", authorization=header)
        assert (status, body["error"]["code"]) == (400, 13009)

    def test_disabling_the_heartbeat_and_cancel_on_disconnect(self) -> None:
        desk = logged_in()
        desk.call("public/set_heartbeat", interval=10)
        assert desk.call("public/disable_heartbeat").result == "ok"
        assert desk.pass_time(30.0) == []
        desk.call("private/enable_cancel_on_disconnect")
        assert desk.call("private/get_cancel_on_disconnect").result == {
            "scope": "connection",
            "enabled": True,
        }
        assert desk.call("private/disable_cancel_on_disconnect").result == "ok"
        assert desk.call("private/get_cancel_on_disconnect").result["enabled"] is False


class TestHeartbeat:
    def test_an_interval_below_ten_seconds_is_refused(self) -> None:
        assert Desk().call("public/set_heartbeat", interval=5).error["code"] == -32602

    def test_an_answered_test_request_keeps_the_connection(self) -> None:
        desk = Desk()
        desk.call("public/set_heartbeat", interval=10)
        kinds = [f["params"]["type"] for f in desk.pass_time(12.1)]
        assert kinds == ["heartbeat", "test_request"]
        desk.call("public/test")
        desk.pass_time(10.1)
        assert not desk.connection.closed

    def test_an_unanswered_test_request_closes_with_4000_after_ten_seconds(self) -> None:
        desk = Desk()
        desk.call("public/set_heartbeat", interval=10)
        desk.pass_time(21.9)
        assert not desk.connection.closed
        desk.pass_time(0.3)
        (close,) = desk.closes()
        assert (close.code, close.reason) == (4000, "heartbeat close")

    def test_it_runs_on_wire_time_whatever_the_speed(self) -> None:
        desk = Desk(speed=3600.0)
        desk.call("public/set_heartbeat", interval=30)
        assert desk.pass_time(35.0) == []
        assert len(desk.pass_time(1.5)) == 2

    def test_a_silent_connection_without_subscriptions_is_dropped_after_a_minute(self) -> None:
        desk = Desk()
        desk.pass_time(59.0)
        assert not desk.connection.closed
        desk.pass_time(1.2)
        assert [close.code for close in desk.closes()] == [None]


class TestLimits:
    def test_too_many_requests_is_told_and_the_session_ends(self) -> None:
        desk = logged_in(limits=Limits(matching=Rate(5, 20)))
        replies = [desk.call("private/cancel_all") for _ in range(20)]
        assert all(reply.result == 0 for reply in replies)
        text = '{"id":99,"method":"private/cancel_all"}'
        desk.exchange.receive(desk.connection, text, desk.wire_s)
        sent, close = desk.connection.take()
        assert isinstance(sent, Send)
        assert isinstance(close, Close)
        assert "10028" in sent.text
        assert close.reason == "too_many_requests"

    def test_credits_come_back_with_wire_time(self) -> None:
        desk = logged_in(limits=Limits(matching=Rate(5, 20)))
        for _ in range(20):
            desk.call("private/cancel_all")
        desk.wire_s += 1.0
        replies = [desk.call("private/cancel_all") for _ in range(5)]
        assert all(reply.result == 0 for reply in replies)

    def test_queries_have_a_bucket_of_their_own(self) -> None:
        desk = logged_in(limits=Limits(matching=Rate(5, 1)))
        desk.call("private/cancel_all")
        assert desk.call("private/get_open_orders").result == []


class TestCancelOnDisconnect:
    def test_orders_of_the_connection_are_cancelled_when_it_breaks(self) -> None:
        desk = logged_in()
        assert desk.call("private/enable_cancel_on_disconnect").result == "ok"
        mine = desk.buy(10, price=99_000).result["order"]["order_id"]
        other = desk.exchange.connect(desk.wire_s)
        desk.log_in(other)
        theirs = desk.call("private/buy", other, instrument_name=PERPETUAL, amount=10, price=99_000).result[
            "order"
        ]
        desk.exchange.disconnect(desk.connection, desk.wire_s)
        state = desk.call("private/get_order_state", other, order_id=mine).result
        assert (state["order_state"], state["cancel_reason"]) == ("cancelled", "cancel_on_disconnect")
        assert (
            desk.call("private/get_order_state", other, order_id=theirs["order_id"]).result["order_state"]
            == "open"
        )

    def test_a_logout_does_not_cancel(self) -> None:
        desk = logged_in()
        desk.call("private/enable_cancel_on_disconnect")
        desk.buy(10, price=99_000)
        desk.exchange.receive(desk.connection, '{"method":"private/logout"}', desk.wire_s)
        desk.exchange.disconnect(desk.connection, desk.wire_s)
        assert len(desk.exchange.desk.open_orders()) == 1

    def test_account_scope_holds_for_new_connections(self) -> None:
        desk = logged_in()
        desk.call("private/enable_cancel_on_disconnect", scope="account")
        assert desk.call("private/get_cancel_on_disconnect", scope="account").result == {
            "scope": "account",
            "enabled": True,
        }
        other = desk.exchange.connect(WIRE_S)
        desk.log_in(other)
        assert other.cancel_on_disconnect
