"""Whatever the venue or the wire does to a payload, the session answers with events, never an exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.domain.errors import AuthError
from hedger.engine import events as ev
from hedger.engine.effects import RequestSnapshot
from tests.venues.deribit.mutants import mutated
from tests.venues.deribit.orders_fixtures import wire_order, wire_trade
from tests.venues.deribit.talk import CALL, LOGIN, PERPETUAL, SUMMARIES, SUMMARY, TOKEN, Talk

OPTION = {
    "instrument_name": "BTC-25SEP26-100000-C",
    "timestamp": 1790000000000,
    "state": "open",
    "mark_price": 0.05,
    "index_price": 100000.0,
    "underlying_price": 100100.0,
    "mark_iv": 55.0,
    "best_bid_price": 0.0495,
    "best_bid_amount": 10.0,
    "best_ask_price": 0.0505,
    "best_ask_amount": 10.0,
    "greeks": {"delta": 0.5, "gamma": 1e-5, "vega": 100.0, "theta": -50.0, "rho": 1.0},
}
POSITION = {"instrument_name": "BTC-PERPETUAL", "size": 10.0, "direction": "buy", "average_price": 1.0}
NOTIFICATIONS: list[tuple[str, Any]] = [
    ("ticker.BTC-25SEP26-100000-C.100ms", OPTION),
    ("deribit_price_index.btc_usd", {"index_name": "btc_usd", "price": 1e5, "timestamp": 1}),
    (
        "user.changes.any.any.raw",
        {"orders": [wire_order()], "trades": [wire_trade()], "positions": [POSITION]},
    ),
    ("user.portfolio.BTC", SUMMARY),
    ("platform_state", {"price_index": "btc_usd", "locked": True}),
    ("instrument.state.any.BTC", {"instrument_name": "BTC-PERPETUAL", "state": "open", "timestamp": 1}),
]
RESULTS: list[Any] = [
    {"order": wire_order(), "trades": [wire_trade()]},
    {"trades": [wire_trade()], "has_more": False},
    [wire_order()],
    [POSITION],
    SUMMARIES,
    TOKEN,
    {"locked": "partial", "locked_indices": ["btc_usd"]},
    [CALL, PERPETUAL],
    "ok",
]


@given(st.sampled_from(NOTIFICATIONS).flatmap(lambda one: st.tuples(st.just(one[0]), mutated(one[1]))))
@settings(max_examples=400, deadline=None)
def test_a_mutated_notification_never_raises_and_never_becomes_an_impossible_quote(
    message: tuple[str, Any],
) -> None:
    talk = Talk().up()
    talk.notify(*message)
    for event in talk.events:
        if isinstance(event, ev.Quoted):
            quote = event.quote
            assert quote.index_usd > 0
            assert quote.mark >= 0
            assert quote.bid is None or quote.ask is None or quote.bid < quote.ask
            assert quote.delta is None or -1 <= quote.delta <= 1


@given(st.binary(max_size=200) | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_noise_never_raises(frame: bytes | str) -> None:
    talk = Talk().up()
    talk.receive(frame)
    assert not [event for event in talk.events if isinstance(event, ev.Quoted)]


@given(st.sampled_from(NOTIFICATIONS), st.data())
@settings(max_examples=200, deadline=None)
def test_a_truncated_or_garbled_frame_is_bad_data(message: tuple[str, Any], data: st.DataObject) -> None:
    channel, payload = message
    frame = json.dumps({"method": "subscription", "params": {"channel": channel, "data": payload}}).encode()
    cut = data.draw(st.integers(1, len(frame) - 1))
    talk = Talk().up()
    talk.receive(frame[:cut])
    assert {type(event) for event in talk.events} <= {ev.BadData}
    spoiled = bytearray(frame)
    spoiled[cut] = data.draw(st.integers(0, 255))
    talk.receive(bytes(spoiled))


@given(st.sampled_from(RESULTS).flatmap(mutated), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_mutated_answer_never_raises(result: Any, as_error: bool) -> None:
    """Given to every request of a login, of a snapshot and of a probe, in the order they were sent."""
    talk = Talk()
    for _ in range(30):
        if talk.session.ending is not None or not talk.open:
            break
        method = talk.open[0]["method"]
        talk._reply(method, {"error": result} if as_error else {"result": result})
    live = Talk().up().perform(RequestSnapshot(venue="deribit", since_ms=0))
    while live.open and live.session.ending is None and len(live.all_sent) < 60:
        live._reply(live.open[0]["method"], {"error": result} if as_error else {"result": result})


def test_the_login_of_these_tests_is_a_good_one() -> None:
    talk = Talk().play(LOGIN)
    assert talk.session.ending is None
    assert not isinstance(talk.session.ending, AuthError)
