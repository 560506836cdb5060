"""Orders against a finite book: what fills, what rests, what is refused (deribit.md 8)."""

from __future__ import annotations

import pytest

from tests.simulator.scripted_world import CALL, EXPIRING_FUTURE, PERPETUAL, Desk, logged_in

# The scripted perpetual offers 1 000, 2 000 and 3 000 USD at 100 000.5, 100 001 and 100 001.5.


@pytest.fixture
def desk() -> Desk:
    return logged_in()


class TestTaking:
    def test_an_order_within_the_best_level_fills_there(self, desk: Desk) -> None:
        result = desk.buy(500, price=100_001, time_in_force="immediate_or_cancel").result
        assert result["order"]["order_state"] == "filled"
        assert [(t["price"], t["amount"], t["liquidity"]) for t in result["trades"]] == [
            (100_000.5, 500, "T")
        ]

    def test_a_larger_order_walks_the_ladder(self, desk: Desk) -> None:
        result = desk.buy(2_500, price=100_001, time_in_force="immediate_or_cancel").result
        assert [(t["price"], t["amount"]) for t in result["trades"]] == [(100_000.5, 1_000), (100_001, 1_500)]
        assert result["order"]["average_price"] == pytest.approx(100_000.8)

    def test_immediate_or_cancel_takes_what_the_limit_allows_and_cancels_the_rest_without_an_error(
        self, desk: Desk
    ) -> None:
        order = desk.buy(5_000, price=100_001, time_in_force="immediate_or_cancel").result["order"]
        assert (order["order_state"], order["filled_amount"]) == ("cancelled", 3_000)

    def test_an_unfilled_immediate_or_cancel_is_cancelled_without_an_error(self, desk: Desk) -> None:
        result = desk.buy(10, price=99_000, time_in_force="immediate_or_cancel").result
        assert (result["order"]["order_state"], result["trades"]) == ("cancelled", [])

    def test_fill_or_kill_fills_all_or_nothing(self, desk: Desk) -> None:
        killed = desk.buy(3_010, price=100_001, time_in_force="fill_or_kill").result
        assert (killed["order"]["order_state"], killed["trades"]) == ("cancelled", [])
        filled = desk.buy(3_000, price=100_001, time_in_force="fill_or_kill").result
        assert filled["order"]["order_state"] == "filled"

    def test_the_same_liquidity_is_not_sold_twice(self, desk: Desk) -> None:
        desk.buy(1_000, price=100_000.5, time_in_force="immediate_or_cancel")
        again = desk.buy(1_000, price=100_000.5, time_in_force="immediate_or_cancel").result
        assert again["order"]["filled_amount"] == 0
        ticker = desk.call("public/ticker", instrument_name=PERPETUAL).result
        assert (ticker["best_ask_price"], ticker["best_ask_amount"]) == (100_001, 2_000)

    def test_liquidity_refills_over_market_time(self, desk: Desk) -> None:
        desk.buy(6_000, price=100_001.5, time_in_force="immediate_or_cancel")
        desk.pass_time(5.0)
        half = desk.call("public/get_order_book", instrument_name=PERPETUAL, depth=10).result["asks"]
        assert half == [[100_001.5, 3_000]]
        desk.pass_time(5.1)
        whole = desk.call("public/get_order_book", instrument_name=PERPETUAL, depth=10).result["asks"]
        assert whole == [[100_000.5, 1_000], [100_001, 2_000], [100_001.5, 3_000]]

    def test_an_empty_side_leaves_an_option_with_zero_prices(self, desk: Desk) -> None:
        desk.world.set(CALL, bids=())
        desk.refresh()
        ticker = desk.call("public/ticker", instrument_name=CALL).result
        assert (ticker["best_bid_price"], ticker["best_bid_amount"], ticker["bid_iv"]) == (0.0, 0.0, 0.0)


class TestMarketOrders:
    def test_a_market_order_fills_from_the_book(self, desk: Desk) -> None:
        order = desk.buy(100, type="market").result["order"]
        assert (order["order_state"], order["order_type"], order["average_price"]) == (
            "filled",
            "market",
            100_000.5,
        )

    def test_the_residual_rests_as_a_limit_order_at_the_edge_of_the_band(self, desk: Desk) -> None:
        result = desk.buy(10_000, type="market").result
        order = result["order"]
        assert (order["order_state"], order["filled_amount"]) == ("open", 6_000)
        assert (order["order_type"], order["original_order_type"], order["price"]) == (
            "limit",
            "market",
            101_500,
        )
        assert desk.call("private/cancel", order_id=order["order_id"]).result["order_state"] == "cancelled"

    def test_close_position_closes_and_does_not_turn(self, desk: Desk) -> None:
        desk.buy(500, type="market")
        order = desk.call("private/close_position", instrument_name=PERPETUAL, type="market").result["order"]
        assert (order["direction"], order["amount"], order["reduce_only"]) == ("sell", 500, True)
        position = desk.call("private/get_position", instrument_name=PERPETUAL).result
        assert (position["size"], position["direction"]) == (0, "zero")


class TestResting:
    def test_a_passive_order_rests_and_shows_in_the_book(self, desk: Desk) -> None:
        order = desk.buy(70, price=100_000).result["order"]
        assert order["order_state"] == "open"
        book = desk.call("public/get_order_book", instrument_name=PERPETUAL).result
        assert book["bids"][0] == [100_000, 70]
        assert book["best_bid_price"] == 100_000

    def test_it_fills_as_maker_at_its_own_price_when_the_market_comes(self, desk: Desk) -> None:
        order_id = desk.buy(1_500, price=99_900).result["order"]["order_id"]
        desk.world.move(PERPETUAL, 99_899.0)
        desk.refresh()
        desk.frames()
        trades = desk.call("private/get_user_trades_by_order", order_id=order_id).result
        assert [(t["price"], t["amount"], t["liquidity"]) for t in trades] == [(99_900, 1_500, "M")]
        assert trades[0]["fee"] == 0.00000225  # 0.015 % of 1 500 / 99 900, truncated

    def test_it_fills_in_parts_when_the_market_brings_little(self, desk: Desk) -> None:
        order_id = desk.buy(1_500, price=99_900).result["order"]["order_id"]
        desk.world.move(PERPETUAL, 99_899.5)  # asks at 99 900 (1 000), 99 900.5, ...
        desk.refresh()
        order = desk.call("private/get_order_state", order_id=order_id).result
        assert (order["order_state"], order["filled_amount"]) == ("open", 1_000)

    def test_a_remainder_of_a_limit_order_rests(self, desk: Desk) -> None:
        order = desk.buy(1_500, price=100_000.5).result["order"]
        assert (order["order_state"], order["filled_amount"]) == ("open", 1_000)

    def test_an_own_resting_order_is_cancelled_before_the_account_trades_with_itself(
        self, desk: Desk
    ) -> None:
        maker = desk.sell(100, price=100_000.5).result["order"]["order_id"]
        desk.buy(2_000, price=100_001, time_in_force="immediate_or_cancel")
        order = desk.call("private/get_order_state", order_id=maker).result
        assert (order["order_state"], order["cancel_reason"]) == ("cancelled", "self_trade_prevention")


class TestPostOnly:
    def test_it_moves_one_tick_off_the_touch(self, desk: Desk) -> None:
        order = desk.buy(10, price=100_010, post_only=True).result["order"]
        assert (order["price"], order["order_state"]) == (100_000, "open")

    def test_with_reject_it_is_refused(self, desk: Desk) -> None:
        error = desk.buy(10, price=100_010, post_only=True, reject_post_only=True).error
        assert (error["code"], error["message"]) == (11054, "post_only_reject")

    def test_it_does_not_go_with_immediate_or_cancel(self, desk: Desk) -> None:
        reply = desk.buy(10, price=99_000, post_only=True, time_in_force="immediate_or_cancel")
        assert reply.error["code"] == 11055

    def test_an_edit_that_would_take_cancels_with_a_reason(self, desk: Desk) -> None:
        order_id = desk.buy(10, price=99_000, post_only=True, reject_post_only=True).result["order"][
            "order_id"
        ]
        order = desk.call("private/edit", order_id=order_id, amount=10, price=100_100).result["order"]
        assert (order["order_state"], order["cancel_reason"]) == ("cancelled", "edit_post_only_reject")


class TestReduceOnly:
    def test_it_is_trimmed_to_the_position(self, desk: Desk) -> None:
        desk.buy(300, type="market")
        order = desk.sell(1_000, type="market", reduce_only=True).result["order"]
        assert (order["amount"], order["order_state"]) == (300, "filled")

    def test_without_a_position_it_is_refused(self, desk: Desk) -> None:
        error = desk.sell(10, type="market", reduce_only=True).error
        assert error["code"] == 11030
        assert error["message"].startswith("other_reject")

    def test_a_resting_one_shrinks_with_the_position(self, desk: Desk) -> None:
        desk.buy(300, type="market")
        order_id = desk.sell(300, price=100_500, reduce_only=True).result["order"]["order_id"]
        desk.sell(200, type="market")
        desk.refresh()
        assert desk.call("private/get_order_state", order_id=order_id).result["amount"] == 100


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "fields", "code"),
        [
            (PERPETUAL, {"amount": 15, "price": 99_000}, 10027),
            (PERPETUAL, {"amount": 5, "price": 99_000}, 10002),
            (PERPETUAL, {"amount": 0, "price": 99_000}, -32602),
            (PERPETUAL, {"amount": 10, "price": 99_000.3}, 10043),
            (PERPETUAL, {"amount": 10, "price": -1}, 10023),
            (PERPETUAL, {"amount": 10}, -32602),
            (EXPIRING_FUTURE, {"amount": 10, "price": 99_001}, 10043),
            (CALL, {"amount": 0.05, "price": 0.02}, 10002),
            (CALL, {"amount": 0.15, "price": 0.02}, 10021),
            (CALL, {"amount": 0.1, "price": 0.0201}, 10043),  # the tick is 0.0005 above 0.005
            (PERPETUAL, {"amount": 10, "price": 99_000, "label": "x" * 65}, -32602),
            (PERPETUAL, {"amount": 10, "price": 99_000, "time_in_force": "sometimes"}, -32602),
            (PERPETUAL, {"amount": 10, "contracts": 2, "price": 99_000}, -32602),
            (PERPETUAL, {"amount": 10, "type": "stop_market"}, 10033),
            (PERPETUAL, {"amount": 60_000_000, "type": "market"}, 10009),
        ],
    )
    def test_the_code_is_the_wires_and_nothing_is_placed(
        self, desk: Desk, name: str, fields: dict[str, object], code: int
    ) -> None:
        assert desk.call("private/buy", instrument_name=name, **fields).error["code"] == code
        assert desk.exchange.desk.orders == {}

    def test_small_ticks_are_legal_below_the_step(self, desk: Desk) -> None:
        assert desk.buy(0.1, CALL, price=0.0049).result["order"]["order_state"] == "open"

    def test_a_price_beyond_the_band_tells_the_limit_in_its_message(self, desk: Desk) -> None:
        assert desk.buy(10, price=101_500.5).error == {"code": 10007, "message": "price_too_high 101500.0"}
        assert desk.sell(10, price=98_499.5).error == {"code": 10005, "message": "price_too_low 98500.0"}

    def test_a_low_bid_far_from_the_market_rests(self, desk: Desk) -> None:
        assert desk.buy(10, price=32_000).result["order"]["order_state"] == "open"

    def test_contracts_may_replace_the_amount(self, desk: Desk) -> None:
        assert (
            desk.call("private/buy", instrument_name=PERPETUAL, contracts=3, price=99_000).result["order"][
                "amount"
            ]
            == 30
        )

    def test_a_label_of_64_characters_is_kept(self, desk: Desk) -> None:
        assert desk.buy(10, price=99_000, label="x" * 64).result["order"]["label"] == "x" * 64

    def test_a_closed_book_takes_no_orders(self, desk: Desk) -> None:
        desk.world.set(PERPETUAL, state="locked")
        desk.refresh()
        assert desk.buy(10, price=99_000).error["code"] == 10012

    def test_there_is_nothing_to_close_when_flat(self, desk: Desk) -> None:
        reply = desk.call("private/close_position", instrument_name=PERPETUAL, type="market")
        assert reply.error["code"] == 10010

    def test_what_comes_after_valid_until_times_out_and_places_nothing(self, desk: Desk) -> None:
        error = desk.buy(10, type="market", valid_until=desk.now_ms - 1).error
        assert (error["code"], error["message"]) == (13888, "timed_out")
        assert desk.exchange.desk.orders == {}
        assert desk.buy(10, type="market", valid_until=desk.now_ms).result["order"]["order_state"] == "filled"


class TestEditAndCancel:
    def test_an_edit_keeps_the_id_and_counts_the_amount_in_total(self, desk: Desk) -> None:
        order = desk.buy(1_500, price=100_000.5).result["order"]  # 1 000 filled
        edited = desk.call("private/edit", order_id=order["order_id"], amount=1_200, price=99_000).result[
            "order"
        ]
        assert edited["order_id"] == order["order_id"]
        assert (edited["amount"], edited["filled_amount"], edited["replaced"]) == (1_200, 1_000, True)

    def test_an_edit_may_trade_at_once(self, desk: Desk) -> None:
        order_id = desk.buy(100, price=99_000).result["order"]["order_id"]
        result = desk.call("private/edit", order_id=order_id, amount=100, price=100_001).result
        assert result["order"]["order_state"] == "filled"
        assert len(result["trades"]) == 1

    def test_an_edit_is_checked_like_an_order(self, desk: Desk) -> None:
        order_id = desk.buy(1_500, price=100_000.5).result["order"]["order_id"]  # 1 000 filled
        for fields, code in (
            ({"amount": 1_000, "price": 99_000}, 11008),
            ({"amount": 1_505, "price": 99_000}, 10027),
            ({"amount": 1_500, "price": 99_000.2}, 10043),
            ({"amount": 90_000_000, "price": 99_000}, 10009),
        ):
            assert desk.call("private/edit", order_id=order_id, **fields).error["code"] == code
        desk.call("private/cancel", order_id=order_id)
        assert desk.call("private/edit", order_id=order_id, amount=2_000, price=99_000).error["code"] == 11044

    def test_an_edit_by_label_changes_the_one_order(self, desk: Desk) -> None:
        desk.buy(10, price=99_000, label="once")
        fields = {"instrument_name": PERPETUAL, "amount": 20, "price": 98_900}
        order = desk.call("private/edit_by_label", label="once", **fields).result["order"]
        assert (order["amount"], order["price"]) == (20, 98_900)
        assert desk.call("private/edit_by_label", label="none", **fields).error["code"] == 10004

    def test_the_mmp_flag_cannot_be_edited(self, desk: Desk) -> None:
        order_id = desk.buy(100, price=99_000).result["order"]["order_id"]
        error = desk.call("private/edit", order_id=order_id, amount=100, price=99_000, mmp=True).error
        assert error["data"] == {"param": "mmp", "reason": "editing mmp flag is not supported"}

    def test_edit_by_label_needs_a_unique_label(self, desk: Desk) -> None:
        for _ in range(2):
            desk.buy(10, price=99_000, label="twice")
        reply = desk.call(
            "private/edit_by_label", label="twice", instrument_name=PERPETUAL, amount=20, price=99_000
        )
        assert reply.error["code"] == 13032

    def test_cancel_answers_with_the_order_itself(self, desk: Desk) -> None:
        order_id = desk.buy(10, price=99_000).result["order"]["order_id"]
        order = desk.call("private/cancel", order_id=order_id).result
        assert (order["order_state"], order["cancel_reason"]) == ("cancelled", "user_request")

    def test_a_cancel_that_lost_the_race_is_not_open_order(self, desk: Desk) -> None:
        order_id = desk.buy(10, type="market").result["order"]["order_id"]
        assert desk.call("private/cancel", order_id=order_id).error == {
            "code": 11044,
            "message": "not_open_order",
        }

    def test_an_unknown_order_is_not_found(self, desk: Desk) -> None:
        assert desk.call("private/cancel", order_id="1").error["code"] == 10004

    def test_cancel_by_label_counts(self, desk: Desk) -> None:
        for label in ("a", "a", "b"):
            desk.buy(10, price=99_000, label=label)
        assert desk.call("private/cancel_by_label", label="a").result == 2

    def test_cancel_all_with_details_groups_by_instrument(self, desk: Desk) -> None:
        desk.buy(10, price=99_000)
        desk.buy(0.1, CALL, price=0.001)
        rows = desk.call("private/cancel_all", detailed=True).result
        assert sorted(row["instrument_name"] for row in rows) == sorted([PERPETUAL, CALL])
        assert all(row["result"][0]["order_state"] == "cancelled" for row in rows)

    @pytest.mark.parametrize(
        ("method", "params", "count"),
        [
            ("private/cancel_all_by_instrument", {"instrument_name": PERPETUAL}, 1),
            ("private/cancel_all_by_currency", {"currency": "BTC"}, 2),
            ("private/cancel_all_by_currency", {"currency": "ETH"}, 0),
            ("private/cancel_all_by_kind_or_type", {"currency": "any", "kind": "option"}, 1),
        ],
    )
    def test_cancel_all_by(self, desk: Desk, method: str, params: dict[str, str], count: int) -> None:
        desk.buy(10, price=99_000)
        desk.buy(0.1, CALL, price=0.001)
        assert desk.call(method, **params).result == count


class TestQueries:
    def test_orders_are_found_by_label_while_open_and_for_thirty_minutes_after(self, desk: Desk) -> None:
        desk.buy(10, type="market", label="seen")
        query = {"currency": "BTC", "label": "seen"}
        assert len(desk.call("private/get_order_state_by_label", **query).result) == 1
        desk.wire_s += 31 * 60
        assert desk.call("private/get_order_state_by_label", **query).result == []

    def test_open_orders_by_every_key(self, desk: Desk) -> None:
        desk.buy(10, price=99_000, label="mine")
        for method, params in (
            ("private/get_open_orders", {}),
            ("private/get_open_orders_by_currency", {"currency": "BTC"}),
            ("private/get_open_orders_by_instrument", {"instrument_name": PERPETUAL}),
            ("private/get_open_orders_by_label", {"currency": "BTC", "label": "mine"}),
        ):
            assert [o["label"] for o in desk.call(method, **params).result] == ["mine"], method

    def test_order_history_is_recent_or_historical(self, desk: Desk) -> None:
        desk.buy(10, type="market")
        query = {"instrument_name": PERPETUAL}
        assert len(desk.call("private/get_order_history_by_instrument", **query).result) == 1
        desk.wire_s += 3600
        assert desk.call("private/get_order_history_by_instrument", **query).result == []
        assert len(desk.call("private/get_order_history_by_instrument", historical=True, **query).result) == 1

    def test_trades_are_recent_for_a_day_of_market_time_and_historical_after(self, desk: Desk) -> None:
        desk.buy(10, type="market")
        query = {"currency": "BTC"}
        assert len(desk.call("private/get_user_trades_by_currency", **query).result["trades"]) == 1
        desk.wire_s += 25 * 3600
        assert desk.call("private/get_user_trades_by_currency", **query).result["trades"] == []
        older = desk.call("private/get_user_trades_by_currency", historical=True, **query).result
        assert len(older["trades"]) == 1

    def test_trades_page_by_count_and_sequence(self, desk: Desk) -> None:
        for _ in range(12):
            desk.buy(10, type="market")
        page = desk.call("private/get_user_trades_by_instrument", instrument_name=PERPETUAL).result
        assert (len(page["trades"]), page["has_more"]) == (10, True)
        rest = desk.call(
            "private/get_user_trades_by_instrument", instrument_name=PERPETUAL, start_seq=11, count=100
        ).result
        assert [t["trade_seq"] for t in rest["trades"]] == [11, 12]

    def test_trades_are_found_by_time_and_by_id(self, desk: Desk) -> None:
        ids = [desk.buy(10, type="market").result["trades"][0]["trade_id"] for _ in range(3)]
        span = {"start_timestamp": desk.now_ms - 1, "end_timestamp": desk.now_ms}
        for kind, key in (("currency", {"currency": "BTC"}), ("instrument", {"instrument_name": PERPETUAL})):
            for scope in ("private/get_user_trades_by", "public/get_last_trades_by"):
                page = desk.call(f"{scope}_{kind}_and_time", **key, **span).result
                assert [t["trade_id"] for t in page["trades"]] == ids
                assert desk.call(f"{scope}_{kind}_and_time", **key).error["code"] == -32602
                later = desk.call(f"{scope}_{kind}", start_timestamp=desk.now_ms + 1, **key).result
                assert later == {"trades": [], "has_more": False}
        since = desk.call("private/get_user_trades_by_currency", currency="BTC", start_id=ids[1]).result
        assert [t["trade_id"] for t in since["trades"]] == ids[1:]
        wrong = desk.call("private/get_user_trades_by_currency", currency="BTC", start_id="x")
        assert wrong.error["data"]["param"] == "start_id"

    def test_trades_by_order_are_a_bare_list(self, desk: Desk) -> None:
        order_id = desk.buy(2_000, type="market").result["order"]["order_id"]
        assert len(desk.call("private/get_user_trades_by_order", order_id=order_id).result) == 2

    def test_the_public_sees_the_trades_too(self, desk: Desk) -> None:
        desk.sell(10, type="market")
        rows = desk.call("public/get_last_trades_by_instrument", instrument_name=PERPETUAL).result["trades"]
        assert (rows[0]["direction"], "order_id" in rows[0]) == ("sell", False)
