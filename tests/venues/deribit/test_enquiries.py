"""Snapshots and look-ups: several answers, one event, and the earliest time among them."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from hedger.engine import events as ev
from hedger.engine.effects import LookUp, RequestSnapshot
from tests.venues.deribit.orders_fixtures import LABEL, wire_order, wire_trade
from tests.venues.deribit.talk import MARKET_MS, SUMMARIES, Talk

SNAPSHOT = RequestSnapshot(venue="deribit", since_ms=MARKET_MS - 1000)
LOOK_UP = LookUp(venue="deribit", instrument="BTC-PERPETUAL", label=LABEL, since_ms=MARKET_MS - 1000)
TRADES = "private/get_user_trades_by_currency_and_time"
POSITION = {"instrument_name": "BTC-PERPETUAL", "size": -60, "direction": "sell", "average_price": 99000.5}
NONE = '{"trades": [], "has_more": false}'


def page(*trades: dict[str, object], more: bool = False) -> str:
    return json.dumps({"trades": trades, "has_more": more})


def test_a_snapshot_asks_for_positions_last() -> None:
    talk = Talk().up().perform(SNAPSHOT)
    talk.play(
        f"""
        > {TRADES} {{"currency": "BTC", "historical": false, "start_timestamp": {MARKET_MS - 1000}}}
        > {TRADES} {{"historical": true, "count": 1000}}
        > private/get_open_orders
        > private/get_account_summaries {{"extended": true}}
        < {TRADES} {page(wire_trade())}
        < {TRADES} {NONE}
        < private/get_open_orders {json.dumps([wire_order(order_state="open", filled_amount=0)])}
        < private/get_account_summaries {json.dumps(SUMMARIES)}
        > private/get_positions {{"currency": "any"}}
        """
    )
    talk.answer("private/get_positions", [POSITION])
    taken = talk.take(ev.SnapshotTaken)
    assert taken.server_ms == MARKET_MS
    assert [(p.instrument, p.size) for p in taken.positions] == [("BTC-PERPETUAL", Decimal(-60))]
    assert [report.state for report in taken.open_orders] == ["open"]
    assert [fill.trade_id for fill in taken.fills] == ["208000001"]
    assert [account.equity for account in taken.accounts] == [Decimal("10.5")]
    assert (taken.since_ms, taken.asked_wire_s) == (MARKET_MS - 1000, talk.now.wire_s)


def test_server_ms_is_the_earliest_among_the_answers() -> None:
    talk = Talk().up().perform(SNAPSHOT)
    talk.play("...")
    talk.answer("private/get_open_orders", [])
    talk.pass_time(0.5)
    talk.answer(TRADES, {"trades": []})
    talk.answer(TRADES, {"trades": []})
    talk.answer("private/get_account_summaries", SUMMARIES)
    talk.play("...")
    talk.pass_time(0.5)
    talk.answer("private/get_positions", [])
    taken = talk.take(ev.SnapshotTaken)
    assert taken.server_ms == MARKET_MS
    assert taken.positions_ms == MARKET_MS + 1000, "positions were answered last, a second later"


def test_an_answer_without_a_time_proves_nothing() -> None:
    talk = Talk().up().perform(LOOK_UP)
    sent = list(talk.sent)
    talk.play("...")
    for frame in sent:
        result: object = {"trades": []} if "trades" in frame["method"] else []
        talk.receive(json.dumps({"id": frame["id"], "result": result}))
    assert talk.take(ev.LookedUp).server_ms == 0


@pytest.mark.parametrize("out_us", [10**40, (MARKET_MS + 2 * 86_400_000) * 1000, -1])
def test_an_answer_with_a_time_no_clock_can_show_proves_nothing(out_us: int) -> None:
    """A time beyond every `valid_until` would turn an order on its way into one that never was."""
    talk = Talk().up().perform(LOOK_UP)
    sent = list(talk.sent)
    talk.play("...")
    for frame in sent:
        result: object = {"trades": []} if "trades" in frame["method"] else []
        talk.receive(json.dumps({"id": frame["id"], "result": result, "usOut": out_us}))
    assert talk.take(ev.LookedUp).server_ms == 0


def test_pages_are_followed_from_the_last_trade_and_counted_once() -> None:
    talk = Talk().up().perform(SNAPSHOT)
    first, second = wire_trade(timestamp=MARKET_MS), wire_trade(trade_id="208000002", timestamp=MARKET_MS + 5)
    talk.play(
        f"""
        ...
        < {TRADES} {page(first, second, more=True)}
        > {TRADES} {{"start_timestamp": {MARKET_MS + 5}, "historical": false}}
        < {TRADES} {NONE}
        < {TRADES} {page(second)}
        < private/get_open_orders []
        < private/get_account_summaries {json.dumps(SUMMARIES)}
        > private/get_positions
        < private/get_positions []
        = SnapshotTaken {{"fills": [{{"trade_id": "208000001"}}, {{"trade_id": "208000002"}}]}}
        """
    )


def test_pages_that_do_not_advance_fail() -> None:
    talk = Talk().up().perform(SNAPSHOT)
    talk.play(
        f"""
        ...
        < {TRADES} {page(wire_trade(), more=True)}
        > {TRADES}
        < {TRADES} {NONE}
        < {TRADES} {page(wire_trade(), more=True)}
        ~ SnapshotFailed
        < private/get_open_orders []
        """
    )


@pytest.mark.parametrize("method", ["private/get_open_orders", "private/get_account_summaries", TRADES])
def test_one_refused_answer_fails_the_snapshot_once(method: str) -> None:
    talk = Talk().up().perform(SNAPSHOT)
    talk.play("...")
    talk.refuse(method, 13028, "temporarily_unavailable")
    failed = talk.take(ev.SnapshotFailed)
    assert method in failed.reason
    assert "13028" in failed.reason
    talk.pass_time(6.0)
    talk.play("")


@pytest.mark.parametrize("result", [[{"instrument_name": 5}], "none", [POSITION | {"direction": "up"}]])
def test_positions_that_cannot_be_read_fail_the_snapshot(result: object) -> None:
    talk = Talk().up().perform(SNAPSHOT)
    talk.play(
        f"""
        ...
        < {TRADES} {NONE}
        < {TRADES} {NONE}
        < private/get_open_orders []
        < private/get_account_summaries {json.dumps(SUMMARIES)}
        > private/get_positions
        < private/get_positions {json.dumps(result)}
        ~ SnapshotFailed
        """
    )


def test_a_snapshot_without_an_answer_fails() -> None:
    talk = Talk().up().perform(SNAPSHOT)
    talk.play("...")
    talk.pass_time(5.0)
    talk.play("~ SnapshotFailed")


def test_a_disconnect_fails_what_is_asked() -> None:
    talk = Talk().up().perform(SNAPSHOT).perform(LOOK_UP)
    talk.play(
        """
        ...
        - cut
        ~ SnapshotFailed
        ~ LookupFailed
        ~ LinkDown
        """
    )


def test_without_a_link_nothing_can_be_asked() -> None:
    talk = Talk().perform(SNAPSHOT).perform(LOOK_UP)
    assert talk.take(ev.SnapshotFailed).reason == "the link is down"
    assert talk.take(ev.LookupFailed).reason == "the link is down"


def test_a_look_up_finds_orders_by_label_and_trades_by_order() -> None:
    talk = Talk().up().perform(LOOK_UP)
    talk.play(
        f"""
        > private/get_order_state_by_label {{"currency": "BTC", "label": "{LABEL}"}}
        > private/get_open_orders
        > {TRADES} {{"historical": false}}
        > {TRADES} {{"historical": true}}
        < private/get_order_state_by_label {json.dumps([wire_order()])}
        < private/get_open_orders {json.dumps([wire_order(order_id="5", label="a person")])}
        < {TRADES} {page(wire_trade(label=""), wire_trade(trade_id="9", order_id="5", label=""))}
        < {TRADES} {NONE}
        = LookedUp {{"reports": [{{"state": "filled"}}], "fills": [{{"trade_id": "208000001"}}]}}
        """
    )


def test_of_two_words_on_one_order_the_later_stands() -> None:
    talk = Talk().up().perform(LOOK_UP)
    stale = wire_order(order_state="open", filled_amount=0, last_update_timestamp=MARKET_MS - 1)
    talk.play(
        f"""
        ...
        < private/get_order_state_by_label {json.dumps([wire_order()])}
        < private/get_open_orders {json.dumps([stale])}
        < {TRADES} {NONE}
        < {TRADES} {NONE}
        = LookedUp {{"reports": [{{"state": "filled"}}]}}
        """
    )


def test_an_unknown_label_is_an_empty_answer() -> None:
    talk = Talk().up().perform(LOOK_UP)
    talk.play(
        f"""
        ...
        ! private/get_order_state_by_label 10004 order_not_found
        < private/get_open_orders []
        < {TRADES} {NONE}
        < {TRADES} {NONE}
        = LookedUp {{"reports": [], "fills": []}}
        """
    )


def test_a_look_up_that_is_refused_fails() -> None:
    talk = Talk().up().perform(LOOK_UP)
    talk.play(
        """
        ...
        ! private/get_order_state_by_label 11094 internal_server_error
        = LookupFailed {"label": "h-btc-1-1"}
        """
    )


def test_a_label_is_asked_about_once_until_its_look_up_ends() -> None:
    other = msgspec.structs.replace(LOOK_UP, label="h-btc-1-2")
    talk = Talk().up().perform(LOOK_UP).perform(LOOK_UP).perform(other)
    asked = ["private/get_order_state_by_label", "private/get_open_orders", TRADES, TRADES]
    assert talk.methods() == [*asked, *asked]
    talk.play(
        """
        ...
        ! private/get_order_state_by_label 11094 internal_server_error
        = LookupFailed {"label": "h-btc-1-1"}
        """
    )
    talk.perform(LOOK_UP).perform(other)
    assert talk.methods() == asked
