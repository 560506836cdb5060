"""The protocol as conversations: what the venue says, and what the session makes of it."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from hedger.engine import events as ev
from hedger.engine.effects import RequestSnapshot, Watch
from hedger.venues.deribit import channels
from hedger.venues.deribit.credits import LATE_S, Pool
from hedger.venues.deribit.decode import MAX_FRAME_BYTES
from hedger.venues.deribit.rpc import Reply
from tests.venues.deribit.orders_fixtures import make_place
from tests.venues.deribit.talk import CALL, PERPETUAL, SUMMARIES, TOKEN, Talk, make_params

NO_REPLY = Reply(msgspec.Raw(b"{}"), 0)

TICKER = {
    "instrument_name": "BTC-PERPETUAL",
    "timestamp": 1790000000000,
    "state": "open",
    "mark_price": 100000.0,
    "index_price": 100010.0,
    "best_bid_price": 99999.5,
    "best_bid_amount": 1000.0,
    "best_ask_price": 100000.0,
    "best_ask_amount": 500.0,
}


def test_a_login_ends_in_link_up_once_listed_known_and_subscribed() -> None:
    Talk().up()


def test_without_trading_no_cancel_on_disconnect_is_asked_for() -> None:
    talk = Talk(trading=False).up()
    assert "private/enable_cancel_on_disconnect" not in [frame["method"] for frame in talk.all_sent]


def test_the_limits_of_the_account_set_the_credits() -> None:
    talk = Talk().up()
    assert talk.session._calls.buckets[Pool.MATCHING].burst == 20
    assert talk.session._calls.buckets[Pool.GENERAL].rate_per_s == 20


def test_a_test_request_is_answered_with_public_test() -> None:
    Talk().up().play(
        """
        | {"params": {"type": "heartbeat"}, "method": "heartbeat", "jsonrpc": "2.0"}
        | {"params": {"type": "test_request"}, "method": "heartbeat", "jsonrpc": "2.0"}
        > public/test
        < public/test {"version": "1.2.26"}
        """
    )


def test_a_test_request_before_the_login_is_answered_too() -> None:
    Talk().play(
        """
        > public/hello
        | {"params": {"type": "test_request"}, "method": "heartbeat", "jsonrpc": "2.0"}
        > public/test
        """
    )


def test_a_silent_socket_is_closed_after_two_heartbeats_and_a_margin() -> None:
    talk = Talk().up()
    talk.pass_time(24.9)
    assert talk.session.ending is None
    talk.pass_time(0.2)
    assert talk.session.ending is not None
    assert "nothing heard" in talk.session.ending.reason


def test_a_login_that_does_not_end_is_given_up() -> None:
    talk = Talk(make_params(heartbeat_s=60))
    talk.play(
        """
        > public/hello
        < public/hello {"version": "1"}
        > public/auth
        """
    )
    talk.pass_time(31.0)
    assert talk.session.ending is not None


def test_a_login_request_without_an_answer_ends_the_connection() -> None:
    talk = Talk()
    talk.pass_time(5.0)
    assert talk.session.ending is not None
    assert "public/hello" in talk.session.ending.reason


def test_round_trips_measure_latency_and_clock_skew() -> None:
    talk = Talk(make_params(health_s=5.0))
    talk.play("...")
    answered = talk.now.market_ms + 250  # the venue's clock, a quarter of a second ahead of ours
    frame = {"jsonrpc": "2.0", "id": 1, "result": {"version": "1"}, "usOut": answered * 1000}
    health = talk.session.receive(json.dumps(frame), talk.now)[0]
    assert isinstance(health, ev.LinkHealth)
    assert health.clock_skew_ms == 250.0
    assert health.round_trip_s == 0.0


def test_when_nothing_is_asked_a_probe_measures() -> None:
    talk = Talk(make_params(health_s=5.0)).up()
    talk.pass_time(5.0)
    talk.play("> public/test")


def test_watched_tickers_and_indices_are_subscribed_and_dropped_by_difference() -> None:
    talk = Talk().up()
    talk.perform(Watch(venue="deribit", instruments=("BTC-PERPETUAL",), indices=("btc_usd",)))
    talk.play(
        """
        > public/subscribe {"channels": ["deribit_price_index.btc_usd", "ticker.BTC-PERPETUAL.100ms"]}
        < public/subscribe ["ticker.BTC-PERPETUAL.100ms", "deribit_price_index.btc_usd"]
        """
    )
    talk.perform(Watch(venue="deribit", instruments=("BTC-25SEP26-100000-C",), indices=("btc_usd",)))
    talk.play(
        """
        > public/unsubscribe {"channels": ["ticker.BTC-PERPETUAL.100ms"]}
        > public/subscribe {"channels": ["ticker.BTC-25SEP26-100000-C.100ms"]}
        """
    )


def test_what_is_watched_is_subscribed_again_after_a_reconnect() -> None:
    talk = Talk().up()
    talk.perform(Watch(venue="deribit", instruments=("BTC-PERPETUAL",), indices=()))
    talk.play(
        """
        ...
        - cut
        = LinkDown {"reason": "cut"}
        """
    )
    talk.session.opened(talk.now, talk.now.market_ms, "n2")
    talk._collect([])
    talk.play(
        f"""
        > public/hello
        < public/hello {{}}
        > public/auth
        < public/auth {json.dumps(TOKEN)}
        ...
        """
    )
    last = talk.all_sent[-1]
    assert last["params"]["channels"] == [
        "platform_state",
        "instrument.state.any.BTC",
        "ticker.BTC-PERPETUAL.100ms",
    ]


def test_chain_subscribes_every_listed_option() -> None:
    talk = Talk(make_params(chain=True))
    talk.play(
        f"""
        > public/hello
        < public/hello {{}}
        > public/auth
        < public/auth {json.dumps(TOKEN)}
        ...
        < public/get_instruments {json.dumps([PERPETUAL])}
        < public/get_instruments {json.dumps([CALL])}
        ~ InstrumentsListed
        > public/subscribe {{"channels": ["ticker.BTC-25SEP26-100000-C.100ms"]}}
        """
    )


def test_a_ticker_is_a_quote_with_the_time_of_its_arrival() -> None:
    talk = Talk().up()
    talk.notify("ticker.BTC-PERPETUAL.100ms", TICKER)
    quote = talk.take(ev.Quoted).quote
    assert (quote.bid, quote.ask, quote.mark, quote.received_wire_s) == (99999.5, 100000.0, 100000.0, 1000.0)


def test_unknown_frames_channels_methods_fields_and_ids_are_tolerated() -> None:
    Talk().up().play(
        """
        | {"jsonrpc": "2.0", "id": 987654, "result": "late", "usOut": 1}
        | {"jsonrpc": "2.0", "id": "somebody", "result": {}}
        | {"jsonrpc": "2.0", "method": "surprise", "params": {"x": 1}}
        | {"method": "subscription", "params": {"channel": "trades.BTC-PERPETUAL.raw", "data": []}}
        * deribit_price_index.btc_usd {"index_name": "btc_usd", "price": 1e5, "timestamp": 5, "new": {}}
        = Indexed {"index": {"price_usd": 100000.0, "market_ms": 5}}
        """
    )


def test_an_answer_given_twice_is_heard_once() -> None:
    talk = Talk()
    frame = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"version": "1"}})
    talk.receive(frame)
    talk.receive(frame)
    talk.play(
        """
        > public/hello
        > public/auth
        """
    )


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        ('{"jsonrpc": "2.0", "id": 1, "resu', "truncated"),
        ("", "truncated"),
        ("<html>502</html>", "malformed"),
        ("[1, 2]", "object"),
        ('{"id": 1.5, "result": 1}', "id"),
        ('{"id": 1, "error": {"code": "x"}}', "code"),
        (b"\xff\xfe", "malformed"),
        ("[" * 100_000, "object"),
        ('{"error": {"code": 11050, "message": "bad_request", "data": "invalid json"}}', "11050"),
    ],
)
def test_a_frame_that_is_no_answer_is_bad_data(frame: str | bytes, word: str) -> None:
    talk = Talk().up()
    talk.receive(frame)
    bad = talk.take(ev.BadData)
    assert bad.channel == "rpc"
    assert word in bad.detail
    talk.play("")


def test_a_frame_over_the_limit_is_bad_data() -> None:
    talk = Talk().up()
    talk.receive(b" " * (MAX_FRAME_BYTES + 1))
    assert talk.take(ev.BadData).channel == "frame"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"mark_price": 0}, "mark_price"),
        ({"mark_price": None}, "mark_price"),
        ({"mark_price": "100000"}, "mark_price"),
        ({"index_price": -1}, "index_price"),
        ({"best_bid_price": 100001}, "crossed"),
        ({"timestamp": "now"}, "timestamp"),
        ({"instrument_name": "ETH-PERPETUAL"}, "instrument_name"),
    ],
)
def test_an_impossible_ticker_is_refused_by_field_and_never_a_quote(
    change: dict[str, object], word: str
) -> None:
    talk = Talk().up()
    talk.notify("ticker.BTC-PERPETUAL.100ms", TICKER | change)
    bad = talk.take(ev.BadData)
    assert (bad.channel, bad.instrument) == ("ticker.BTC-PERPETUAL.100ms", "BTC-PERPETUAL")
    assert word in bad.detail
    talk.play("")


def test_nan_is_refused() -> None:
    talk = Talk().up()
    talk.receive(
        '{"method":"subscription","params":{"channel":"ticker.BTC-PERPETUAL.100ms","data":{"mark_price":NaN}}}'
    )
    assert talk.take(ev.BadData).instrument == "BTC-PERPETUAL"


def test_too_many_requests_waits_for_the_refill_before_it_comes_back() -> None:
    talk = Talk().up()
    talk.perform(RequestSnapshot(venue="deribit", since_ms=0))
    talk.play(
        """
        ...
        ! private/get_open_orders 10028 too_many_requests
        ~ SnapshotFailed
        """
    )
    assert talk.session.ending is not None
    assert talk.session.ending.wait_s == 5.0  # burst 100 at 20 a second
    assert talk.session.ending.error is None


def test_an_expired_token_is_renewed_once_and_then_the_connection() -> None:
    talk = Talk().up()
    talk.perform(RequestSnapshot(venue="deribit", since_ms=0))
    talk.play(
        f"""
        ...
        ! private/get_open_orders 13009 unauthorized
        ~ SnapshotFailed
        > public/auth {{"grant_type": "client_credentials"}}
        < public/auth {json.dumps(TOKEN)}
        """
    )
    assert talk.session.ending is None
    talk.perform(RequestSnapshot(venue="deribit", since_ms=0))
    talk.play(
        """
        ...
        ! private/get_open_orders 13009 unauthorized
        ~ SnapshotFailed
        """
    )
    assert talk.session.ending is not None


def test_a_new_instrument_is_learned_when_it_opens() -> None:
    talk = Talk(make_params(chain=True))
    talk.play(
        f"""
        > public/hello
        < public/hello {{}}
        > public/auth
        < public/auth {json.dumps(TOKEN)}
        ...
        < public/get_instruments {json.dumps([PERPETUAL])}
        < public/get_instruments []
        ~ InstrumentsListed
        < public/subscribe ["platform_state", "instrument.state.any.BTC"]
        * instrument.state.any.BTC {{"state": "open", "instrument_name": "BTC-25SEP26-100000-C"}}
        = InstrumentStateChanged {{"state": "open"}}
        > public/get_instrument {{"instrument_name": "BTC-25SEP26-100000-C"}}
        < public/get_instrument {json.dumps(CALL)}
        = InstrumentsListed {{"complete": false}}
        > public/subscribe {{"channels": ["ticker.BTC-25SEP26-100000-C.100ms"]}}
        < public/subscribe ["ticker.BTC-25SEP26-100000-C.100ms"]
        * instrument.state.any.BTC {{"state": "delivered", "instrument_name": "BTC-25SEP26-100000-C"}}
        = InstrumentStateChanged {{"state": "delivered"}}
        > public/unsubscribe {{"channels": ["ticker.BTC-25SEP26-100000-C.100ms"]}}
        """
    )


def test_a_state_nobody_has_seen_is_unknown() -> None:
    Talk().up().play(
        """
        * instrument.state.any.BTC {"state": "hibernating", "instrument_name": "BTC-PERPETUAL"}
        = InstrumentStateChanged {"state": "unknown"}
        """
    )


def test_the_portfolio_is_an_account_in_exact_decimals() -> None:
    talk = Talk().up()
    summary = SUMMARIES["summaries"][0]  # type: ignore[index]
    talk.notify("user.portfolio.BTC", summary | {"balance": 4.0e-7})
    account = talk.take(ev.AccountReported).account
    assert account.balance == Decimal("0.0000004")
    assert account.delta_total_by_index == {"btc_usd": 0.25}


def test_requests_wait_for_credits_in_their_order() -> None:
    talk = Talk().up()
    for _ in range(40):
        talk.perform(RequestSnapshot(venue="deribit", since_ms=0))
    sent = len(talk.all_sent)
    talk.play("...")
    deadline = talk.session.next_deadline(talk.now)
    assert deadline is not None
    assert deadline < talk.now.wire_s + LATE_S + 0.1
    talk.pass_time(LATE_S)
    talk.pass_time(1.0)
    assert 15 <= len(talk.all_sent) - sent <= 21  # 20 requests a second
    talk.play("...")


def test_deadlines_are_in_the_future_or_due() -> None:
    talk = Talk()
    assert talk.session.next_deadline(talk.now) == 1005.0
    talk.play(
        """
        > public/hello
        - refused
        ~ LinkDown
        """
    )
    assert talk.session.next_deadline(talk.now) is None


@pytest.mark.parametrize("name", ["BTC-FS-25DEC26_PERP", "BTC_USDC", "BTC-STRG-26MAR27-72000_80000"])
def test_combos_and_spot_pairs_are_not_asked_for(name: str) -> None:
    talk = Talk().up()
    talk.notify("instrument.state.any.BTC", {"state": "open", "instrument_name": name})
    assert talk.methods() == []


def test_a_name_of_an_unknown_grammar_is_asked_for_and_a_bad_listing_refused() -> None:
    Talk().up().play(
        """
        * instrument.state.any.BTC {"state": "open", "instrument_name": "BTC~NEW"}
        ~ InstrumentStateChanged
        > public/get_instrument {"instrument_name": "BTC~NEW"}
        < public/get_instrument {"instrument_name": "BTC~NEW"}
        ~ BadData
        """
    )


def test_nothing_is_placed_on_a_connection_that_is_about_to_close() -> None:
    talk = Talk().up().perform(RequestSnapshot(venue="deribit", since_ms=0))
    talk.play("...\n! private/get_open_orders 10028 too_many_requests\n...")
    talk.perform(make_place())
    assert talk.take(ev.PlacementUnsent).reason == "the link is down"


@pytest.mark.parametrize("rate", [0.0, -1.0, 5e-324, 1e300])
@pytest.mark.parametrize("burst", [0.0, -1.0, 1e300, 20.0])
def test_limits_nothing_can_be_paced_by_are_not_taken_over(rate: float, burst: float) -> None:
    """A rate of 0 would be divided by, an endless one would have us cut off for flooding."""
    talk = Talk().up()
    told = {"rate": rate, "burst": burst}
    limits = {"non_matching_engine": told, "matching_engine": {"trading": {"total": told}}}
    row = SUMMARIES["summaries"][0] | {"limits": limits}  # type: ignore[index]
    talk.session._logged_in(NO_REPLY, talk.now)
    talk._collect([])
    talk.answer("private/get_account_summaries", {"id": 42, "summaries": [row]})
    for _ in range(300):
        talk.perform(RequestSnapshot(venue="deribit", since_ms=0))
    assert talk.session.next_deadline(talk.now) is not None
    assert talk.session._calls.buckets[Pool.MATCHING].rate_per_s == 5


def test_limits_may_be_told_per_currency_or_not_at_all() -> None:
    talk = Talk().up()
    rates = {"BTC": {"rate": 30, "burst": 100}, "ETH": {"rate": 10, "burst": 30}}
    row = SUMMARIES["summaries"][0] | {"limits": {"matching_engine": {"trading": rates}}}  # type: ignore[index]
    talk.session._logged_in(NO_REPLY, talk.now)
    talk._collect([])
    talk.answer("private/get_account_summaries", {"id": 42, "summaries": [row]})
    assert talk.session._calls.buckets[Pool.MATCHING].rate_per_s == 10
    talk.session._logged_in(NO_REPLY, talk.now)
    talk._collect([])
    talk.play("...")
    talk.answer("private/get_account_summaries", {"id": 42, "summaries": []})
    assert talk.session._calls.buckets[Pool.MATCHING].rate_per_s == 10


def test_a_probe_without_an_answer_ends_the_connection() -> None:
    talk = Talk(make_params(health_s=5.0)).up()
    talk.pass_time(5.0)
    talk.pass_time(5.0)
    assert talk.session.ending is not None
    assert "public/test" in talk.session.ending.reason


def test_an_answer_with_neither_result_nor_error_is_a_failure() -> None:
    talk = Talk()
    talk.receive('{"jsonrpc": "2.0", "id": 1}')
    assert talk.session.ending is not None


def test_time_brings_nothing_to_a_session_that_is_not_open() -> None:
    talk = Talk()
    talk.play("> public/hello\n- cut\n~ LinkDown\n+ 100")


@pytest.mark.parametrize(("locked", "currency"), [(True, "ALL"), (False, "BTC")])
def test_a_lock_of_the_account_is_told(locked: bool, currency: str) -> None:
    talk = Talk().up()
    talk.notify("user.lock", {"locked": locked, "currency": currency})
    told = talk.take(ev.AccountLocked)
    assert (told.locked, told.detail) == (locked, f"user.lock: {currency}")


def test_a_lock_that_cannot_be_read_is_bad_data() -> None:
    talk = Talk().up()
    talk.notify("user.lock", {"locked": "maybe"})
    assert talk.take(ev.BadData).channel == "user.lock"


def test_the_link_comes_up_although_the_venue_grants_no_lock_channel() -> None:
    """It is wanted, not needed: refusals tell of a lock, too."""
    assert channels.LOCK not in channels.account_channels(["BTC"])


@pytest.mark.parametrize("code", [10019, 10072, 11098])
def test_a_refusal_that_speaks_of_the_account_is_a_lock(code: int) -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    talk.refuse("private/buy", code, "account_locked")
    lock = next(event for event in talk.events if isinstance(event, ev.AccountLocked))
    assert (lock.locked, lock.detail) == (True, f"private/buy: {code} account_locked")
