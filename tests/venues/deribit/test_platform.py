"""Whether the venue trades: channel, status and errors agree in one set of locks."""

from __future__ import annotations

import pytest

from hedger.engine import events as ev
from tests.venues.deribit.talk import CALL, PERPETUAL, TOKEN, Talk, make_params


def locks(talk: Talk) -> list[tuple[str, bool]]:
    found = [(event.index, event.locked) for event in talk.events if isinstance(event, ev.PlatformLocked)]
    talk.events.clear()
    return found


def status(talk: Talk, result: object) -> list[tuple[str, bool]]:
    talk.session._platform.ask(talk.now)
    talk._collect([])
    talk.sent.clear()
    talk.answer("public/status", result)
    return locks(talk)


def test_only_changes_are_passed_on() -> None:
    talk = Talk().up()
    for locked in (False, True, True, False, False):
        talk.notify("platform_state", {"price_index": "btc_usd", "locked": locked, "reasons": []})
    assert locks(talk) == [("btc_usd", True), ("btc_usd", False)]


def test_maintenance_locks_everything() -> None:
    talk = Talk().up()
    talk.notify("platform_state", {"maintenance": True})
    assert locks(talk) == [("", True)]


def test_a_platform_state_without_a_lock_is_bad_data() -> None:
    talk = Talk().up()
    talk.notify("platform_state", {"price_index": "btc_usd"})
    assert "locked" in talk.take(ev.BadData).detail


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"locked": "false"}, []),
        ({"locked": False}, []),
        ({"locked": "true"}, [("", True)]),
        ({"locked": True}, [("", True)]),
        (
            {"locked": "partial", "locked_indices": ["btc_usd", "eth_usd"]},
            [("btc_usd", True), ("eth_usd", True)],
        ),
        ({"locked": "partial", "locked_currencies": ["BTC"]}, [("btc_usd", True)]),
        ({"locked": "partial", "locked_currencies": ["SOL"]}, [("SOL", True)]),
        (
            {"locked": "partial", "locked_indices": ["eth_usd"], "locked_currencies": ["BTC"]},
            [("eth_usd", True), ("btc_usd", True)],
        ),
        ({"locked": "partial"}, [("", True)]),
    ],
)
def test_the_status_is_read_in_its_old_and_its_new_form(
    result: object, expected: list[tuple[str, bool]]
) -> None:
    assert status(Talk().up(), result) == expected


def test_a_locked_venue_is_asked_until_it_opens() -> None:
    talk = Talk().up()
    assert status(talk, {"locked": "true"}) == [("", True)]
    talk.pass_time(5.0)
    assert talk.methods() == ["public/status"]
    talk.answer("public/status", {"locked": "false"})
    assert locks(talk) == [("", False)]


def test_a_platform_lock_by_maintenance_is_asked_about_until_it_ends() -> None:
    """platform_state tells the start of a maintenance, nothing is documented of its end (deribit.md 4)."""
    talk = Talk().up()
    talk.notify("platform_state", {"maintenance": True})
    assert locks(talk) == [("", True)]
    for answer in ("true", "true", "false"):
        assert talk.session.next_deadline(talk.now) == talk.now.wire_s + 5.0
        talk.pass_time(5.0)
        assert talk.methods() == ["public/status"]
        talk.sent.clear()
        talk.answer("public/status", {"locked": answer})
    assert locks(talk) == [("", False)]
    talk.pass_time(6.0)
    assert not talk.methods()


def test_the_question_about_a_lock_is_not_put_off_by_the_next_lock() -> None:
    talk = Talk().up()
    for index in ("btc_usd", "eth_usd", "sol_usdc"):
        talk.notify("platform_state", {"price_index": index, "locked": True})
        talk.pass_time(2.0)
    assert talk.methods() == ["public/status"]


def test_a_locked_currency_locks_every_index_it_is_part_of() -> None:
    linear = PERPETUAL | {
        "instrument_name": "BTC_USDC-PERPETUAL",
        "instrument_type": "linear",
        "quote_currency": "USDC",
        "settlement_currency": "USDC",
        "price_index": "btc_usdc",
    }
    talk = Talk(make_params(currencies=("BTC", "USDC"))).play("...")
    for method, result in (("public/hello", {}), ("public/auth", TOKEN)):
        talk.answer(method, result)
    for rows in ([PERPETUAL], [CALL], [linear], []):
        talk.answer("public/get_instruments", rows)
    talk.play("...")
    both = [("btc_usd", True), ("btc_usdc", True)]
    assert status(talk, {"locked": "partial", "locked_currencies": ["BTC"]}) == both
    assert status(talk, {"locked": "partial", "locked_currencies": ["USDC"]}) == [("btc_usd", False)]


def test_before_anything_is_listed_a_locked_currency_locks_the_platform() -> None:
    talk = Talk()
    talk.answer("public/hello", {})
    talk.answer("public/auth", TOKEN)
    talk.answer("public/status", {"locked": "partial", "locked_currencies": ["BTC"]})
    assert locks(talk) == [("", True)]


@pytest.mark.parametrize("result", [{"locked": 3}, {}])
def test_a_status_that_cannot_be_read_is_asked_for_again(result: object) -> None:
    talk = Talk().up()
    assert status(talk, result) == []
    talk.pass_time(5.0)
    assert talk.methods() == ["public/status"]
