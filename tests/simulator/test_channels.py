"""Subscriptions: acks, snapshots, pacing, book chains, private events (deribit.md 7)."""

from __future__ import annotations

from hedger.simulator.channels import parse_channel
from tests.simulator.scripted_world import CALL, EXPIRING_FUTURE, PERPETUAL, Desk, logged_in, notifications

TICKER = f"ticker.{PERPETUAL}.100ms"
CHANGES = "user.changes.any.any.raw"


class TestNames:
    def test_known_names_are_taken_apart(self) -> None:
        channel = parse_channel("book.BTC-PERPETUAL.none.10.100ms")
        assert channel is not None
        assert (channel.family, channel.instrument, channel.depth) == ("book_window", PERPETUAL, 10)
        changes = parse_channel("user.changes.option.btc.raw")
        assert changes is not None
        assert (changes.kind, changes.currency, changes.interval) == ("option", "BTC", "raw")

    def test_malformed_names_are_unknown(self) -> None:
        for name in ("", "foo", "ticker.X", "ticker.X.1s", "book.X.none.7.raw", "user.changes.any.GBP.raw"):
            assert parse_channel(name) is None, name


class TestSubscribing:
    def test_the_ack_lists_only_what_exists(self) -> None:
        asked = [
            TICKER,
            "ticker.BTC-1JAN20.100ms",
            "nonsense",
            "user.portfolio.btc",
            "deribit_price_index.xyz_usd",
        ]
        assert Desk().call("public/subscribe", channels=asked).result == [TICKER]

    def test_one_raw_channel_without_auth_fails_the_whole_call(self) -> None:
        desk = Desk()
        reply = desk.call("public/subscribe", channels=[TICKER, f"ticker.{PERPETUAL}.raw"])
        assert reply.error["code"] == 13778
        assert desk.connection.subscriptions == {}

    def test_private_subscribe_without_auth_is_unauthorized(self) -> None:
        assert Desk().call("private/subscribe", channels=[CHANGES]).error["code"] == 13009

    def test_the_snapshot_follows_the_ack_and_a_second_subscribe_brings_none(self) -> None:
        desk = Desk()
        ack, snapshot = desk.exchange_frames("public/subscribe", channels=[TICKER])
        assert ack.result == [TICKER]
        assert snapshot["params"]["data"]["instrument_name"] == PERPETUAL
        assert len(desk.exchange_frames("public/subscribe", channels=[TICKER])) == 1

    def test_unsubscribe_all_ends_it(self) -> None:
        desk = Desk()
        desk.call("public/subscribe", channels=[TICKER])
        assert desk.call("public/unsubscribe_all").result == "ok"
        assert desk.pass_time(1.0) == []

    def test_unsubscribe_names_what_ended(self) -> None:
        desk = Desk()
        desk.call("public/subscribe", channels=[TICKER])
        assert desk.call("public/unsubscribe", channels=[TICKER, "foo"]).result == [TICKER]

    def test_platform_state_bursts_one_message_per_index(self) -> None:
        frames = Desk().exchange_frames("public/subscribe", channels=["platform_state"])
        rows = notifications(frames, "platform_state")
        assert {"price_index": "btc_usd", "locked": False, "reasons": []} in rows


class TestPacing:
    def test_at_any_speed_a_ticker_comes_at_most_every_100_ms_of_wire_time(self) -> None:
        desk = logged_in(speed=3600.0)
        desk.call("public/subscribe", channels=[f"ticker.{PERPETUAL}.raw"])
        for _ in range(40):
            desk.wire_s += 0.025
            desk.exchange.tick(desk.wire_s)
        assert 9 <= len(notifications(desk.frames(), f"ticker.{PERPETUAL}.raw")) <= 10

    def test_agg2_comes_once_a_second(self) -> None:
        desk = Desk()
        channel = f"ticker.{PERPETUAL}.agg2"
        desk.call("public/subscribe", channels=[channel])
        assert len(notifications(desk.pass_time(5.0), channel)) == 5

    def test_a_paused_market_is_silent(self) -> None:
        desk = Desk()
        desk.call("public/subscribe", channels=[TICKER, "deribit_price_index.btc_usd"])
        desk.exchange.pause(desk.wire_s)
        desk.frames()
        assert desk.pass_time(2.0) == []
        desk.exchange.resume(desk.wire_s)
        assert len(desk.pass_time(0.5)) == 10


class TestBooks:
    channel = f"book.{PERPETUAL}.100ms"

    def test_changes_chain_by_change_id_and_rebuild_the_book(self) -> None:
        desk = logged_in()
        frames = desk.exchange_frames("public/subscribe", channels=[self.channel])
        (snapshot,) = notifications(frames, self.channel)
        assert snapshot["type"] == "snapshot"
        assert "prev_change_id" not in snapshot
        book = {side: {p: a for _, p, a in snapshot[side]} for side in ("bids", "asks")}
        desk.buy(1_000, price=100_000.5)
        (change,) = notifications(desk.pass_time(0.1), self.channel)
        assert change["prev_change_id"] == snapshot["change_id"]
        for side in ("bids", "asks"):
            for action, price, amount in change[side]:
                if action == "delete":
                    assert amount == 0.0
                    del book[side][price]
                else:
                    assert (price in book[side]) == (action == "change")
                    book[side][price] = amount
        result = desk.call("public/get_order_book", instrument_name=PERPETUAL, depth=20).result
        assert sorted(book["asks"].items()) == [tuple(row) for row in result["asks"]]

    def test_a_window_is_whole_every_time(self) -> None:
        channel = f"book.{PERPETUAL}.10.20.100ms"
        frames = Desk().exchange_frames("public/subscribe", channels=[channel])
        (window,) = notifications(frames, channel)
        assert window["bids"] == [[99_990, 6_000]]
        assert window["asks"] == [[100_010, 6_000]]


class TestOtherFeeds:
    def test_incremental_tickers_start_whole_and_go_on_with_changes(self) -> None:
        desk = Desk()
        channel = f"incremental_ticker.{PERPETUAL}"
        (first,) = notifications(desk.exchange_frames("public/subscribe", channels=[channel]), channel)
        assert (first["type"], first["mark_price"]) == ("snapshot", 100_000)
        desk.world.move(PERPETUAL, 100_010.0)
        (change,) = notifications(desk.pass_time(1.0), channel)
        assert (change["type"], change["mark_price"]) == ("change", 100_010)
        assert "open_interest" not in change

    def test_mark_prices_of_options_tell_volatility_as_a_fraction(self) -> None:
        frames = Desk().exchange_frames("public/subscribe", channels=["markprice.options.btc_usd"])
        (rows,) = notifications(frames, "markprice.options.btc_usd")
        assert {row["instrument_name"]: row["iv"] for row in rows}[CALL] == 0.5123

    def test_quote_index_and_perpetual(self) -> None:
        desk = logged_in()
        channels = [f"quote.{PERPETUAL}", "deribit_price_index.btc_usd", f"perpetual.{PERPETUAL}.raw"]
        frames = desk.exchange_frames("public/subscribe", channels=channels)
        assert notifications(frames, channels[0])[0]["best_ask_price"] == 100_000.5
        assert notifications(frames, channels[1])[0]["index_name"] == "btc_usd"
        assert set(notifications(frames, channels[2])[0]) >= {"interest", "index_price", "timestamp"}

    def test_expiration_estimates_and_public_methods(self) -> None:
        desk = Desk()
        channels = ["estimated_expiration_price.btc_usd", "platform_state.public_methods_state"]
        frames = desk.exchange_frames("public/subscribe", channels=channels)
        (estimate,) = notifications(frames, channels[0])
        assert (estimate["price"], estimate["is_estimated"]) == (100_000, False)
        assert estimate["seconds"] == 64_000
        assert notifications(frames, channels[1]) == [{"allow_unauthenticated_public_requests": True}]

    def test_an_own_order_joins_its_level_in_the_book(self) -> None:
        desk = logged_in()
        desk.buy(10, price=99_999)
        desk.sell(20, price=100_002)
        book = desk.call("public/get_order_book", instrument_name=PERPETUAL, depth=10).result
        assert [99_999, 2_010] in book["bids"]
        assert book["asks"][-1] == [100_002, 20]

    def test_a_channel_of_an_expired_instrument_falls_silent(self) -> None:
        desk = logged_in()
        channel = f"ticker.{EXPIRING_FUTURE}.100ms"
        desk.call("public/subscribe", channels=[channel])
        desk.wire_s += 2 * 86_400
        desk.exchange.tick(desk.wire_s)
        desk.frames()
        assert notifications(desk.pass_time(1.0), channel) == []


class TestPrivateEvents:
    def test_a_fill_tells_order_trade_and_position_after_the_reply(self) -> None:
        desk = logged_in()
        desk.call("private/subscribe", channels=[CHANGES])
        frames = desk.exchange_frames(
            "private/buy", instrument_name=PERPETUAL, amount=10, type="market", label="h-1"
        )
        assert "result" in frames[0]
        (change,) = notifications(frames, CHANGES)
        assert change["instrument_name"] == PERPETUAL
        assert change["orders"][0]["label"] == "h-1"
        assert change["trades"][0]["trade_id"] == frames[0].result["trades"][0]["trade_id"]
        assert change["positions"][0]["size"] == 10

    def test_a_flat_position_is_told_as_zero(self) -> None:
        desk = logged_in()
        desk.call("private/subscribe", channels=[CHANGES])
        frames = desk.exchange_frames("private/buy", instrument_name=PERPETUAL, amount=10, price=99_000)
        position = notifications(frames, CHANGES)[0]["positions"][0]
        assert (position["direction"], position["size"]) == ("zero", 0)

    def test_raw_orders_are_single_objects_and_aggregated_ones_lists(self) -> None:
        desk = logged_in()
        raw, slow = "user.orders.any.any.raw", "user.orders.future.btc.100ms"
        desk.call("private/subscribe", channels=[raw, slow])
        frames = desk.exchange_frames("private/buy", instrument_name=PERPETUAL, amount=10, price=99_000)
        assert isinstance(notifications(frames, raw)[0], dict)
        assert notifications(frames, slow) == []
        (rows,) = notifications(desk.pass_time(0.2), slow)
        assert [row["order_state"] for row in rows] == ["open"]

    def test_aggregated_changes_are_one_message_per_instrument(self) -> None:
        desk = logged_in()
        channel = "user.changes.any.any.100ms"
        desk.call("private/subscribe", channels=[channel])
        for amount in (10, 20):
            desk.buy(amount, type="market")
        desk.sell(0.1, CALL, price=0.0195)
        first, second = notifications(desk.pass_time(0.3), channel)
        assert [trade["amount"] for trade in first["trades"]] == [10, 20]
        assert first["positions"][0]["size"] == 30
        assert second["instrument_name"] == CALL

    def test_trades_are_lists_and_filtered_by_kind(self) -> None:
        desk = logged_in()
        channels = ["user.trades.option.any.raw", "user.trades.any.any.raw", f"trades.{PERPETUAL}.raw"]
        desk.call("private/subscribe", channels=channels)
        frames = desk.exchange_frames("private/buy", instrument_name=PERPETUAL, amount=10, type="market")
        assert notifications(frames, channels[0]) == []
        assert len(notifications(frames, channels[1])[0]) == 1
        assert "order_id" not in notifications(frames, channels[2])[0][0]

    def test_the_portfolio_comes_at_once_with_a_trade_and_else_once_a_second(self) -> None:
        desk = logged_in()
        channel = "user.portfolio.btc"
        first = desk.exchange_frames("private/subscribe", channels=[channel])
        assert notifications(first, channel)[0]["equity"] == 10
        frames = desk.exchange_frames("private/buy", instrument_name=PERPETUAL, amount=1_000, type="market")
        assert notifications(frames, channel)[0]["delta_total"] == 0.01
        for step in range(30):
            desk.world.move(PERPETUAL, 100_000.0 + step)
            desk.wire_s = round(desk.wire_s + 0.1, 3)
            desk.exchange.tick(desk.wire_s)
        assert 2 <= len(notifications(desk.frames(), channel)) <= 3

    def test_an_unchanged_portfolio_is_not_repeated(self) -> None:
        desk = logged_in()
        desk.call("private/subscribe", channels=["user.portfolio.any"])
        assert notifications(desk.pass_time(3.0), "user.portfolio.any") == []

    def test_a_pause_sends_the_portfolio_of_the_frozen_instant(self) -> None:
        desk = logged_in()
        channel = "user.portfolio.btc"
        desk.call("private/subscribe", channels=[channel])
        desk.buy(1_000, type="market")
        desk.world.move(PERPETUAL, 100_100.0)
        desk.wire_s += 0.1
        desk.exchange.pause(desk.wire_s)
        last = notifications(desk.frames(), channel)[-1]
        summary = desk.call("private/get_account_summary", currency="BTC").result
        assert last["equity"] == summary["equity"]
