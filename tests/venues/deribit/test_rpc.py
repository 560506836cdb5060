"""Requests end once, wait for credits, and are written digit by digit."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from hedger.engine.events import Event, Now
from hedger.venues.deribit.credits import LATE_S, Bucket, Pool
from hedger.venues.deribit.rpc import (
    MAX_REQUEST_BYTES,
    MAX_WAIT_S,
    MAX_WAITING,
    Call,
    Calls,
    Failure,
    Reply,
    encode,
)
from hedger.venues.secret import Secret

NOW = Now(0, 100.0)


def nothing(answer: Reply | Failure, now: Now) -> list[Event]:
    return []


def make_call(pool: Pool = Pool.GENERAL, **params: object) -> Call:
    return Call("public/test", params, nothing, nothing, pool)


def test_decimals_are_written_exactly() -> None:
    text = encode(
        1, "private/buy", {"amount": Decimal("0.1"), "price": Decimal("64460.50"), "big": Decimal("1E+2")}
    )
    assert '"amount":0.1,' in text
    assert '"price":64460.50,' in text
    assert json.loads(text, parse_float=Decimal)["params"]["big"] == 100


def test_a_secret_is_text_in_the_frame_only() -> None:
    params = {"client_secret": Secret("hush")}
    assert '"client_secret":"hush"' in encode(1, "public/auth", params)
    assert "hush" not in repr(make_call(**params))


def test_what_json_does_not_know_is_a_defect_of_ours() -> None:
    with pytest.raises(NotImplementedError, match="object"):
        encode(1, "public/test", {"x": object()})


def test_ids_are_never_used_twice() -> None:
    calls = Calls(5.0)
    for _ in range(3):
        calls.ask(make_call(), NOW)
    first = [json.loads(frame)["id"] for frame in calls.frames()]
    calls.abandon("cut")
    calls.ask(make_call(), NOW)
    assert first == [1, 2, 3]
    assert [json.loads(frame)["id"] for frame in calls.frames()] == [4]


def test_an_answer_is_taken_once() -> None:
    calls = Calls(5.0)
    calls.ask(make_call(), NOW)
    assert calls.answered(1) is not None
    assert calls.answered(1) is None
    assert calls.answered("1") is None
    assert calls.answered(None) is None


def test_time_outs_end_requests_once() -> None:
    calls = Calls(5.0)
    calls.ask(make_call(), NOW)
    assert calls.next_deadline(NOW) == 105.0
    assert calls.expire(Now(0, 104.9)) == []
    assert [failure.code for _, failure in calls.expire(Now(0, 105.0))] == [-1]
    assert calls.expire(Now(0, 200.0)) == []
    assert calls.next_deadline(NOW) is None


def test_a_full_queue_fails_the_call() -> None:
    calls = Calls(5.0)
    for _ in range(MAX_WAITING + 101):
        calls.ask(make_call(), NOW)
    assert len(calls.frames()) == 100
    assert calls.next_deadline(NOW) == NOW.wire_s
    assert [failure.code for _, failure in calls.expire(NOW)] == [-3]


def test_what_all_others_need_takes_the_next_credit() -> None:
    calls = Calls(5.0)
    for _ in range(MAX_WAITING + 100):
        calls.ask(make_call(), NOW)
    calls.frames()
    calls.ask(make_call(refresh=True), NOW, first=True)
    calls.release(Now(0, NOW.wire_s + LATE_S + 0.051))
    assert [json.loads(frame)["params"] for frame in calls.frames()] == [{"refresh": True}]
    assert calls.expire(NOW) == []


def test_nothing_waits_for_a_credit_for_ever() -> None:
    calls = Calls(5.0)
    calls.buckets[Pool.GENERAL] = Bucket(rate_per_s=0.001, burst=1.0)
    calls.ask(make_call(), NOW)
    calls.ask(make_call(), NOW)
    codes = [failure.code for _, failure in calls.expire(Now(0, NOW.wire_s + MAX_WAIT_S))]
    assert codes == [-3, -1]


def test_a_request_over_the_frame_limit_is_not_sent() -> None:
    calls = Calls(5.0)
    calls.ask(make_call(text="x" * MAX_REQUEST_BYTES), NOW)
    assert calls.frames() == []
    assert [failure.code for _, failure in calls.expire(NOW)] == [-3]
    assert not calls.send_now(make_call(text="x" * MAX_REQUEST_BYTES), NOW, 0)


def test_a_closed_connection_ends_what_was_sent_and_what_was_waiting() -> None:
    calls = Calls(5.0)
    for _ in range(102):
        calls.ask(make_call(), NOW)
    codes = [failure.code for _, failure in calls.abandon("cut")]
    assert codes == [-2] * 102
    assert calls.frames() == []
    assert calls.abandon("again") == []


def test_the_next_deadline_is_the_next_credit_somebody_waits_for() -> None:
    calls = Calls(5.0)
    for _ in range(101):
        calls.ask(make_call(), NOW)
    deadline = calls.next_deadline(NOW)
    assert deadline is not None
    assert LATE_S < deadline - NOW.wire_s <= LATE_S + 0.051


def test_what_cannot_wait_is_sent_at_once_or_not_at_all() -> None:
    calls = Calls(5.0)
    assert sum(calls.send_now(make_call(Pool.MATCHING), NOW, 4) for _ in range(30)) == 16
    for _ in range(10):
        calls.ask(make_call(Pool.MATCHING), NOW)
    assert not calls.send_now(make_call(Pool.MATCHING), Now(0, 100.1), 0)  # cancels wait in front of it
