"""A spread's trade is told three times: what leaves the session are its legs, as trades of the order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from hedger.domain.order import Side
from hedger.engine import events as ev
from hedger.engine.effects import LookUp, RequestSnapshot, Watch
from hedger.venues.deribit.combos import PATIENCE_S
from hedger.venues.deribit.listings import SEEK_AGAIN_S, SHUT_AGAIN_S
from tests.venues.deribit.orders_fixtures import LABEL, make_place, wire_order, wire_trade
from tests.venues.deribit.talk import MARKET_MS, PERPETUAL, Talk

SPREAD, FUTURE = "BTC-FS-25SEP26_PERP", "BTC-25SEP26"
CHANGES = "user.changes.any.any.raw"
WATCH = Watch(venue="deribit", instruments=("BTC-PERPETUAL", SPREAD), indices=())
ROW = {
    **PERPETUAL,
    "instrument_name": SPREAD,
    "kind": "future_combo",
    "settlement_period": "month",
    "expiration_timestamp": 1790323200000,
    "maker_commission": 0.0,
    "taker_commission": 0.0,
}
DETAILS = {
    "id": SPREAD,
    "state": "active",
    "legs": [{"instrument_name": "BTC-PERPETUAL", "amount": -1}, {"instrument_name": FUTURE, "amount": 1}],
}
OWN = wire_trade(
    trade_id="53", order_id="720074", instrument_name=SPREAD, direction="sell", price=-12.5, fee=0.0
)


def leg(name: str, direction: str, trade_id: str, **changes: Any) -> dict[str, Any]:
    """As recorded: a number of an order of its own, and no label."""
    row = wire_trade(trade_id=trade_id, order_id="72007" + trade_id[-1], instrument_name=name)
    del row["label"]
    return {**row, "direction": direction, "combo_id": SPREAD, "combo_trade_id": "53", **changes}


LEGS = (leg(FUTURE, "sell", "55"), leg("BTC-PERPETUAL", "buy", "54"))
PARTS = (OWN, *LEGS)


def told(talk: Talk, *trades: dict[str, Any], orders: tuple[dict[str, Any], ...] = ()) -> None:
    positions = [
        {"instrument_name": row["instrument_name"], "size": 10.0, "direction": row["direction"]}
        for row in trades
        if row["instrument_name"] != SPREAD
    ]
    talk.notify(CHANGES, {"orders": list(orders), "trades": list(trades), "positions": positions})


def fills(talk: Talk) -> dict[str, tuple[str, str, Side]]:
    found = [event.fill for event in talk.events if isinstance(event, ev.Filled)]
    assert len({fill.instrument for fill in found}) == len(found)
    return {fill.instrument: (fill.label, fill.order_id, fill.side) for fill in found}


OURS = {FUTURE: (LABEL, "720074", Side.SELL), "BTC-PERPETUAL": (LABEL, "720074", Side.BUY)}


def watching() -> Talk:
    talk = Talk().up().perform(WATCH)
    talk.sent.clear()
    return talk


def test_told_in_one_message_the_legs_carry_label_and_number_of_the_order() -> None:
    talk = watching()
    told(talk, *PARTS)
    assert fills(talk) == OURS


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_told_one_by_one_in_any_order_it_comes_to_the_same(order: tuple[int, ...]) -> None:
    talk = watching()
    for number in order:
        told(talk, PARTS[number])
    assert fills(talk) == OURS


def test_what_is_told_of_a_position_waits_behind_its_leg() -> None:
    talk = watching()
    told(talk, LEGS[0])
    assert not talk.events
    told(talk, OWN)
    talk.take(ev.Filled)
    assert talk.take(ev.PositionReported).position.instrument == FUTURE


def test_the_reply_to_the_order_may_tell_its_trade_first_and_is_no_fill() -> None:
    talk = Talk().up()
    intent = {"instrument": SPREAD, "side": Side.SELL}
    talk.perform(make_place(**intent))
    order = wire_order(
        order_id="720074", instrument_name=SPREAD, direction="sell", average_price=-12.5, price=-13
    )
    talk.answer("private/sell", {"order": order, "trades": [OWN]})
    report = talk.take(ev.Reported).report
    assert (report.instrument, report.price, report.average_price) == (SPREAD, -13, -12.5)
    told(talk, *LEGS)
    assert fills(talk) == OURS


def test_after_a_reply_that_was_lost_the_legs_wait_for_their_trade() -> None:
    talk = Talk().up()
    talk.perform(make_place(instrument=SPREAD, side=Side.SELL))
    told(talk, *LEGS)
    assert not talk.events
    told(talk, OWN)
    assert fills(talk) == OURS


def test_of_an_order_that_is_looked_up_the_legs_wait_too() -> None:
    talk = Talk().up()
    talk.perform(LookUp(venue="deribit", instrument=SPREAD, label=LABEL, since_ms=0))
    told(talk, LEGS[0])
    assert not talk.events


def test_where_the_trade_does_not_come_the_whole_truth_is_asked_for() -> None:
    talk = watching()
    told(talk, *LEGS)
    assert not talk.events
    deadline = talk.session.next_deadline(talk.now)
    assert deadline is not None
    assert deadline <= talk.now.wire_s + PATIENCE_S
    talk.pass_time(PATIENCE_S)
    assert "private/get_user_trades_by_currency_and_time" in talk.methods()
    assert not talk.events


def test_the_whole_truth_joins_them_whatever_was_told_before() -> None:
    talk = Talk().up()
    talk.perform(RequestSnapshot(venue="deribit", since_ms=MARKET_MS - 60_000))
    page = {"trades": [LEGS[1], OWN, LEGS[0]], "has_more": False}
    talk.answer("private/get_user_trades_by_currency_and_time", page)
    talk.answer("private/get_user_trades_by_currency_and_time", {"trades": [], "has_more": False})
    talk.answer("private/get_open_orders", [])
    talk.answer("private/get_account_summaries", {"id": 42, "summaries": []})
    talk.answer("private/get_positions", [])
    snapshot = talk.take(ev.SnapshotTaken)
    assert {fill.instrument: (fill.label, fill.order_id, fill.side) for fill in snapshot.fills} == OURS


def test_a_look_up_finds_both_legs_of_its_label() -> None:
    talk = Talk().up()
    talk.perform(LookUp(venue="deribit", instrument=SPREAD, label=LABEL, since_ms=0))
    talk.answer("private/get_order_state_by_label", [])
    talk.answer("private/get_open_orders", [])
    page = {"trades": list(PARTS), "has_more": False}
    for _ in range(2):
        talk.answer("private/get_user_trades_by_currency_and_time", page)
    found = talk.take(ev.LookedUp)
    assert sorted(fill.instrument for fill in found.fills) == [FUTURE, "BTC-PERPETUAL"]


def test_somebody_elses_combo_is_told_at_once_leg_by_leg() -> None:
    """Nobody of ours trades in it: no leg waits, and the combo's own trade moves nothing."""
    talk = Talk().up()
    told(talk, LEGS[0])
    assert fills(talk) == {FUTURE: ("", "720075", Side.SELL)}
    told(talk, {**OWN, "label": ""})
    told(talk, LEGS[1])
    assert fills(talk) == {
        FUTURE: ("", "720075", Side.SELL),
        "BTC-PERPETUAL": ("", "720074", Side.BUY),
    }


def test_a_leg_with_a_label_of_its_own_is_no_second_order_with_it() -> None:
    talk = Talk().up()
    told(talk, leg(FUTURE, "sell", "55", label=LABEL))
    assert fills(talk) == {FUTURE: (LABEL, "", Side.SELL)}


def test_a_new_connection_waits_for_nothing_of_the_last() -> None:
    talk = watching()
    told(talk, LEGS[0])
    talk.session.closed("gone", talk.now)
    talk.session.opened(talk.now, MARKET_MS, "nonce")
    talk.pass_time(PATIENCE_S)
    assert not [event for event in talk.events if isinstance(event, ev.Filled)]


def test_what_the_reply_tells_is_the_orders_even_where_it_tells_legs_alone() -> None:
    talk = Talk().up()
    talk.perform(make_place(instrument=SPREAD, side=Side.SELL))
    told(talk, LEGS[0])
    assert not talk.events
    order = wire_order(order_id="720074", instrument_name=SPREAD, direction="sell")
    talk.answer("private/sell", {"order": order, "trades": [LEGS[1]]})
    assert fills(talk) == OURS


# --- what is listed ----------------------------------------------------------------------------------


def test_a_spread_that_is_watched_is_asked_for_by_name_and_heard_once_it_is_listed() -> None:
    talk = Talk().up().perform(WATCH)
    asked = talk.sent.popleft()
    assert (asked["method"], asked["params"]) == ("public/get_instrument", {"instrument_name": SPREAD})
    assert talk.sent.popleft()["params"] == {"channels": ["ticker.BTC-PERPETUAL.100ms"]}
    talk.answer("public/get_instrument", ROW)
    asked = talk.sent.popleft()
    assert (asked["method"], asked["params"]) == ("public/get_combo_details", {"combo_id": SPREAD})
    assert not talk.events
    talk.answer("public/get_combo_details", DETAILS)
    listed = talk.take(ev.InstrumentsListed).instruments[0]
    assert (listed.name, listed.is_spread, listed.amount_unit) == (SPREAD, True, "USD")
    assert talk.sent.popleft()["params"] == {"channels": [f"ticker.{SPREAD}.100ms"]}


def test_one_that_is_not_listed_is_asked_for_again_and_never_subscribed() -> None:
    talk = watching()
    talk.refuse("public/get_instrument", 13020, "not_found")
    talk.pass_time(SEEK_AGAIN_S - 1.0)
    assert "public/get_instrument" not in talk.methods()
    talk.pass_time(1.0)
    assert "public/get_instrument" in talk.methods()
    assert not [frame for frame in talk.all_sent if SPREAD in str(frame["params"].get("channels"))]


def test_one_that_is_listed_meanwhile_is_learned_and_one_nobody_wants_is_not() -> None:
    talk = watching()
    talk.refuse("public/get_instrument", 13020, "not_found")
    talk.sent.clear()
    for name in (SPREAD, "BTC-FS-30OCT26_PERP"):
        talk.notify("instrument.state.any.BTC", {"timestamp": 1, "state": "open", "instrument_name": name})
    asked = [frame["params"]["instrument_name"] for frame in talk.sent]
    assert asked == [SPREAD]


def test_what_is_watched_no_more_is_asked_for_no_more() -> None:
    talk = watching()
    talk.refuse("public/get_instrument", 13020, "not_found")
    talk.perform(Watch(venue="deribit", instruments=("BTC-PERPETUAL",), indices=()))
    talk.sent.clear()
    talk.pass_time(SEEK_AGAIN_S + 1.0)
    assert "public/get_instrument" not in talk.methods()


def test_one_that_does_not_trade_is_asked_for_while_it_is_wanted() -> None:
    talk = watching()
    talk.answer("public/get_instrument", {**ROW, "state": "halted"})
    talk.answer("public/get_combo_details", DETAILS)
    talk.sent.clear()
    talk.pass_time(SHUT_AGAIN_S)
    assert "public/get_instrument" in talk.methods()
    talk.answer("public/get_instrument", {**ROW, "state": "halted"})
    talk.answer("public/get_combo_details", DETAILS)
    talk.perform(Watch(venue="deribit", instruments=("BTC-PERPETUAL",), indices=()))
    talk.sent.clear()
    talk.pass_time(SHUT_AGAIN_S)
    assert "public/get_instrument" not in talk.methods()


@pytest.mark.parametrize(
    "legs",
    [
        [{"instrument_name": "BTC-PERPETUAL", "amount": 1}, {"instrument_name": FUTURE, "amount": -1}],
        [{"instrument_name": "BTC-PERPETUAL", "amount": -2}, {"instrument_name": FUTURE, "amount": 1}],
        [{"instrument_name": "BTC-PERPETUAL", "amount": -1}],
        "none",
    ],
)
def test_a_spread_of_which_the_venue_says_other_legs_is_not_listed(legs: object) -> None:
    talk = watching()
    talk.answer("public/get_instrument", ROW)
    talk.answer("public/get_combo_details", {**DETAILS, "legs": legs})
    assert talk.take(ev.BadData).instrument == SPREAD
    assert not talk.events
    talk.sent.clear()
    talk.pass_time(SEEK_AGAIN_S)
    assert "public/get_instrument" in talk.methods()


TICKER = {
    "instrument_name": SPREAD,
    "timestamp": MARKET_MS,
    "state": "open",
    "mark_price": -12.25,
    "index_price": 100_000.0,
    "best_bid_price": -12.5,
    "best_bid_amount": 5_000.0,
    "best_ask_price": 0.0,
    "best_ask_amount": 2_000.0,
    "min_price": -1_500.0,
    "max_price": 1_500.0,
}


def test_its_ticker_tells_a_difference() -> None:
    talk = watching()
    talk.notify(f"ticker.{SPREAD}.100ms", TICKER)
    quote = talk.take(ev.Quoted).quote
    assert (quote.mark, quote.bid, quote.ask, quote.ask_amount) == (-12.25, -12.5, 0.0, 2_000.0)
    assert (quote.min_price, quote.max_price) == (-1_500.0, 1_500.0)
    talk.notify(f"ticker.{SPREAD}.100ms", {**TICKER, "best_ask_amount": 0.0})
    quote = talk.take(ev.Quoted).quote
    assert (quote.bid, quote.ask, quote.ask_amount) == (-12.5, None, 0.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"mark_price": None},
        {"mark_price": 100_000.0},
        {"index_price": 0.0},
        {"best_ask_price": -12.5},
        {"best_ask_amount": -1.0},
        {"timestamp": 0},
    ],
)
def test_a_senseless_ticker_is_refused(changes: dict[str, Any]) -> None:
    talk = watching()
    talk.notify(f"ticker.{SPREAD}.100ms", {**TICKER, **changes})
    talk.take(ev.BadData)


def test_an_order_in_a_spread_is_sent_like_any_other() -> None:
    talk = Talk().up()
    talk.perform(make_place(instrument=SPREAD, side=Side.SELL, price=-13))
    frame = talk.sent.popleft()
    assert (frame["method"], frame["params"]["instrument_name"], frame["params"]["price"]) == (
        "private/sell",
        SPREAD,
        -13,
    )
