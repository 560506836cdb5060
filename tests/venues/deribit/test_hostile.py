"""Hostile frames against a session with an engine behind it that would hedge: nothing raises, nothing trades.

What a lie may cost at most is stated and asserted: a ticker that passes every check of the decoder and of the
book can move delta by the tolerance on its mark times the options held; no order leaves far from the index.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.domain.vocabulary import Action
from hedger.engine import events as ev
from hedger.portfolio.valuation import MOST_MARK_APART
from hedger.risk.envelope import Envelope
from hedger.venues.deribit.decode import MAX_FRAME_BYTES
from tests.engine.rig import CALL, PERP, PUT, Rig
from tests.shared_data import shared_data
from tests.venues.deribit.hedging import (
    HELD,
    OPTIONS,
    Hedging,
    index_frame,
    notification,
    position,
    ticker,
    ticker_frame,
)
from tests.venues.deribit.mutants import garbled, mutated, spoiled
from tests.venues.deribit.orders_fixtures import wire_order, wire_trade
from tests.venues.deribit.talk import SUMMARY, Talk

EXAMPLES = int(os.environ.get("HEDGER_HOSTILE_EXAMPLES", "80"))
OPTIONS_HELD = sum(abs(float(size)) for size in HELD.values())

Make = Callable[[Rig], str | bytes]


def call(**changes: Any) -> Make:
    return lambda rig: ticker_frame(rig, CALL, **changes)


def put(**changes: Any) -> Make:
    return lambda rig: ticker_frame(rig, PUT, **changes)


def perp(**changes: Any) -> Make:
    return lambda rig: ticker_frame(rig, PERP, **changes)


def index(**changes: Any) -> Make:
    return lambda rig: index_frame(rig, **changes)


def greeks(**changes: Any) -> Make:
    return lambda rig: ticker_frame(rig, CALL, greeks=ticker(rig, CALL)["greeks"] | changes)


def times(name: str, factor: float, *fields: str) -> Make:
    """Some prices of a ticker, all by the same factor."""
    return lambda rig: ticker_frame(
        rig, name, **{field: ticker(rig, name)[field] * factor for field in fields}
    )


def elsewhere(name: str, factor: float) -> Make:
    """A ticker in which everything fits together, made at another index than the one that is told."""

    def made(rig: Rig) -> str:
        index_usd = rig.index
        rig.index = index_usd * factor
        frame = ticker_frame(rig, name)
        rig.index = index_usd
        return frame

    return made


def raw(make: Make, old: bytes, new: bytes) -> Make:
    """A frame with a value that no encoder writes."""

    def made(rig: Rig) -> bytes:
        text = make(rig)
        frame = text.encode() if isinstance(text, str) else text
        assert old in frame
        return frame.replace(old, new)

    return made


PRICES = ("mark_price", "index_price", "best_bid_price", "best_ask_price", "min_price", "max_price")
NOT_A_PRICE = [0.0, -1.0, None, 5e-324, 1e-300, 1e300, 1.7e308, "1e5", True, [], {}]
IMPLAUSIBLE: dict[str, Make] = {
    **{f"index price {value}": index(price=value) for value in NOT_A_PRICE},
    **{f"perpetual mark {value}": perp(mark_price=value) for value in NOT_A_PRICE},
    **{f"perpetual index {value}": perp(index_price=value) for value in NOT_A_PRICE},
    **{f"option index {value}": call(index_price=value) for value in NOT_A_PRICE},
    **{f"option forward {value}": call(underlying_price=value) for value in NOT_A_PRICE},
    **{
        f"option volatility {value}": call(mark_iv=value)
        for value in (0.0, -55.0, 1e300, 5e-324, 5500.0, 550.0, "55")
    },
    **{
        f"option delta {value}": greeks(delta=value) for value in (1.0001, -0.4, -1.0, 1e300, 0.9, 0.0, "0.4")
    },
    **{f"index x {factor}": index(price=100_000.0 * factor) for factor in (0.1, 10.0)},
    **{f"perpetual x {factor}": times(PERP, factor, *PRICES) for factor in (0.1, 0.9, 1.1, 10.0)},
    **{
        f"perpetual mark x {factor}": times(PERP, factor, "mark_price")
        for factor in (0.1, 0.6, 0.97, 1.03, 10.0)
    },
    **{
        f"{name} forward x {factor}": times(name, factor, "underlying_price")
        for name in OPTIONS
        for factor in (0.1, 0.6, 1.5, 1.9, 10.0)
    },
    **{
        f"{name} forward and index x {factor}": times(name, factor, "underlying_price", "index_price")
        for name in OPTIONS
        for factor in (0.1, 0.6, 1.3, 10.0)
    },
    **{
        f"{name} as of an index x {factor}": elsewhere(name, factor)
        for name in (PERP, *OPTIONS)
        for factor in (0.1, 0.7, 1.3, 10.0)
    },
    **{f"option mark x {factor}": times(CALL, factor, "mark_price") for factor in (0.1, 10.0)},
    "perpetual under the call's name": lambda rig: ticker_frame(rig, CALL, instrument_name=PERP),
    "the put's ticker on the call's channel": lambda rig: notification(
        f"ticker.{CALL}.100ms", ticker(rig, PUT)
    ),
    "a coin nobody has heard of": call(instrument_name="DOGE-30JAN26-1-C"),
    "tomorrow": call(timestamp=1_767_225_600_000 + 86_400_000),
    "the year 10000": call(timestamp=253_402_300_800_000),
    "before the epoch": call(timestamp=-1),
    "a time beyond any database": call(timestamp=10**30),
    "half a millisecond": call(timestamp=1_767_225_600_000.5),
    "1e999": raw(perp(), b'"mark_price":100000.0', b'"mark_price":1e999'),
    "NaN": raw(perp(), b'"mark_price":100000.0', b'"mark_price":NaN'),
    "Infinity": raw(perp(), b'"index_price":100000.0', b'"index_price":-Infinity'),
    "five thousand digits": raw(perp(), b'"mark_price":100000.0', b'"mark_price":' + b"9" * 5_000),
    "the last of two marks": raw(perp(), b'"index_price"', b'"mark_price":1e-300,"index_price"'),
    "a crossed book": perp(best_bid_price=100_001.0, best_ask_price=100_000.0),
    "negative depth": perp(best_bid_amount=-10.0),
    "endless depth": perp(best_bid_amount=1.7e308, best_ask_amount=1.7e308),
    "a band below its bottom": perp(min_price=1e9, max_price=-1e9),
    "deep nesting": lambda rig: b'{"method":"subscription","params":' + b"[" * 100_000,
    "deep nesting of what is not read": raw(call(), b'"state"', b'"x":' + b"[" * 100_000 + b',"state"'),
    "an oversize frame": lambda rig: b'{"params":{"channel":"' + b"x" * MAX_FRAME_BYTES + b'"}}',
    "a lone surrogate": raw(call(), b'"state":"open"', b'"state":"\\ud800"'),
    "a NUL": raw(call(), b'"state":"open"', b'"state":"op\\u0000en"'),
    "text that runs to the left": raw(call(), b'"state":"open"', '"state":"\u202enepo"'.encode()),
    "bytes that are no text": raw(call(), b'"state":"open"', b'"state":"\xff\xfe"'),
    "an empty frame": lambda rig: b"",
    "a lonely quote": lambda rig: b'"',
}


@pytest.mark.parametrize("make", IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
def test_a_hostile_frame_places_nothing_and_the_next_good_one_heals(make: Make) -> None:
    book = Hedging()
    book.rig.wait(0.1)
    book.receive(make(book.rig))
    for _ in range(3):
        book.receive(after_s=0.3)
    assert book.orders == []
    book.news()
    book.news(after_s=2.0)
    assert book.orders == []
    assert book.rig.last.action is Action.HOLD


def test_the_book_of_these_tests_would_hedge() -> None:
    """What would make it trade truly makes it trade: the tests above prove something."""
    book = Hedging()
    book.rig.index = 103_000.0
    book.news()
    assert len(book.orders) == 1


@pytest.mark.parametrize("name", [PERP, *OPTIONS])
def test_a_due_hedge_waits_while_a_payload_it_rests_on_is_refused(name: str) -> None:
    book = Hedging()
    book.receive(ticker_frame(book.rig, name, index_price=-1.0))
    book.rig.index = 103_000.0
    others = [one for one in (PERP, *OPTIONS) if one != name]
    book.rig.wait(0.1)
    book.receive(index_frame(book.rig), *(ticker_frame(book.rig, one) for one in others))
    assert book.orders == []
    assert book.rig.last.action is Action.BLOCKED
    book.news()
    assert len(book.orders) == 1


def sent(frame: str) -> bytes:
    return frame.encode()


def market_frames() -> list[bytes]:
    rig = Hedging().rig
    rig.wait(0.1)
    return [sent(f) for f in (index_frame(rig), *(ticker_frame(rig, name) for name in (PERP, *OPTIONS)))]


def account_frames() -> list[bytes]:
    changes = {
        "orders": [wire_order(instrument_name=PERP)],
        "trades": [wire_trade(instrument_name=PERP)],
        "positions": [position(PERP, 10.0, "buy")],
    }
    made = [
        notification("user.changes.any.any.raw", changes),
        notification("user.portfolio.BTC", SUMMARY),
        notification("platform_state", {"price_index": "btc_usd", "locked": True}),
        notification("instrument.state.any.BTC", {"instrument_name": CALL, "state": "open", "timestamp": 1}),
        notification("user.lock", {"currency": "BTC", "locked": True}),
        json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"order": wire_order(), "trades": []}, "usOut": 1}),
    ]
    return [sent(frame) for frame in made]


MARKET, ACCOUNT = market_frames(), account_frames()


@given(st.lists(st.sampled_from(MARKET).flatmap(spoiled), min_size=1, max_size=3))
@settings(max_examples=EXAMPLES, deadline=None)
def test_spoiled_market_data_costs_at_most_what_the_checks_tolerate(frames: list[bytes]) -> None:
    book = Hedging()
    book.rig.wait(0.1)
    for frame in frames:
        refused = [one for one in book.receive(frame) if isinstance(one, ev.BadData)]
        left = book.orders
        assert not (refused and left), "an order left with a refused payload"
        if left:
            break
    _assert_tolerable(book)


def _assert_tolerable(book: Hedging) -> None:
    """One order at most until good data are back, no larger than a lie may be, near the index."""
    assert len(book.orders) <= 1
    for order in book.orders:
        intent = order.approved.intent
        coin = float(intent.amount) / book.rig.index
        assert coin <= MOST_MARK_APART * OPTIONS_HELD + Envelope().collar_index_fraction * 5.0
        assert intent.price is not None
        away = abs(float(intent.price) / book.rig.index - 1.0)
        assert away <= Envelope().collar_index_fraction


@given(st.lists(st.sampled_from(ACCOUNT).flatmap(spoiled), min_size=1, max_size=3), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_spoiled_words_on_the_account_raise_nothing_and_a_refused_one_places_nothing(
    frames: list[bytes], move: bool
) -> None:
    book = Hedging()
    for frame in frames:
        before = len(book.orders)
        events = book.receive(frame)
        if {type(one) for one in events} == {ev.BadData}:
            assert len(book.orders) == before
    if move:
        book.rig.index *= 1.01
    book.news()
    for order in book.orders:
        assert order.approved.intent.label.startswith("h-btc-1-")


def recorded() -> list[bytes]:
    """Frames of the venue as people recorded them."""
    names = (
        ("cryptofeed", "ws_notifications.jsonl"),
        ("roq", "private_notifications.jsonl"),
        ("roq", "rpc_responses.jsonl"),
        ("errors", "error_responses.jsonl"),
        ("tardis_node", "messages_2019_2020.jsonl"),
    )
    folder = shared_data("deribit_payloads")
    lines = [line for name in names for line in folder.joinpath(*name).read_bytes().splitlines()]
    return [line for line in lines if line.startswith(b"{") and len(line) < 20_000]


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_recorded_frames_spoiled_byte_by_byte_never_raise_and_never_trade(data: st.DataObject) -> None:
    """They speak of other instruments and other years: none is news about the book."""
    book = Hedging()
    for _ in range(3):
        frame = data.draw(st.sampled_from(RECORDED)) if RECORDED else pytest.skip("no recorded data")
        spoil = data.draw(st.sampled_from([garbled, lambda one: mutated(json.loads(one)).map(json.dumps)]))
        book.receive(data.draw(spoil(frame)))
    assert book.orders == []


def _recorded_or_none() -> list[bytes]:
    try:
        return recorded()
    except pytest.skip.Exception:
        return []


RECORDED = _recorded_or_none()


@given(st.sampled_from(MARKET + ACCOUNT), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_a_login_hears_instead_of_its_answers_never_raises(frame: bytes, data: st.DataObject) -> None:
    """Every request of the login is answered with something spoiled, until the session gives up or is up."""
    talk = Talk()
    for _ in range(12):
        if talk.session.ending is not None or not talk.open:
            break
        request = talk.open.pop(0)
        answer = {"jsonrpc": "2.0", "id": request["id"], "usOut": 1, "result": json.loads(frame)}
        talk.receive(data.draw(spoiled(json.dumps(answer).encode())))
    talk.pass_time(100.0)


def test_amounts_of_a_hostile_trade_stay_exact() -> None:
    """The largest amount that is no nonsense is taken as it is told, the next one is refused."""
    book = Hedging()
    trade = wire_trade(instrument_name="ETH-PERPETUAL", amount=1e30)
    (refused, *_) = book.receive(
        notification("user.changes.any.any.raw", {"trades": [trade | {"amount": 1e31}]})
    )
    assert isinstance(refused, ev.BadData)
    (told, *_) = book.receive(notification("user.changes.any.any.raw", {"trades": [trade]}))
    assert isinstance(told, ev.Filled)
    assert told.fill.amount == Decimal(10) ** 30
