"""What is listed, and under which currency an instrument's orders are found."""

from __future__ import annotations

import pytest

from hedger.engine import events as ev
from hedger.engine.effects import LookUp
from hedger.venues.deribit.listings import SHUT_AGAIN_S
from tests.venues.deribit.orders_fixtures import LABEL
from tests.venues.deribit.talk import CALL, PERPETUAL, TOKEN, Talk, make_params

NEW = CALL | {"instrument_name": "BTC-25SEP26-120000-C", "strike": 120000.0}


@pytest.mark.parametrize(
    ("instrument", "currency"),
    [
        ("BTC-PERPETUAL", "BTC"),
        ("BTC-25SEP26-100000-C", "BTC"),
        ("ETH-PERPETUAL", "ETH"),
        ("SOL_USDC-PERPETUAL", "USDC"),
        ("not a name", "any"),
    ],
)
def test_orders_are_found_under_what_their_instrument_settles_in(instrument: str, currency: str) -> None:
    talk = Talk().up()
    talk.perform(LookUp(venue="deribit", instrument=instrument, label=LABEL, since_ms=0))
    assert talk.sent[0]["params"]["currency"] == currency


def test_every_part_must_arrive_before_anything_is_replaced() -> None:
    talk = Talk(make_params(currencies=("BTC", "ETH")))
    talk.answer("public/hello", {})
    talk.answer("public/auth", TOKEN)
    for result in ([PERPETUAL], [CALL], []):
        talk.answer("public/get_instruments", result)
        assert not talk.events
    talk.answer("public/get_instruments", [PERPETUAL | {"instrument_name": "ETH-PERPETUAL"}])
    listed = talk.take(ev.InstrumentsListed)
    assert [one.name for one in listed.instruments] == [
        "BTC-PERPETUAL",
        "BTC-25SEP26-100000-C",
        "ETH-PERPETUAL",
    ]


def test_rows_that_cannot_be_trusted_are_named_up_to_a_limit() -> None:
    talk = Talk()
    talk.answer("public/hello", {})
    talk.answer("public/auth", TOKEN)
    talk.answer("public/get_instruments", [PERPETUAL | {"kind": "warrant"}] * 50)
    assert len(talk.events) == 20
    assert {type(event) for event in talk.events} == {ev.BadData}


def opened(talk: Talk, state: str = "open") -> None:
    change = {"timestamp": 1, "state": state, "instrument_name": NEW["instrument_name"]}
    talk.notify("instrument.state.any.BTC", change)


def test_a_new_instrument_that_cannot_be_learned_is_asked_for_again() -> None:
    """An option unknown to us has no delta: one lost reply must not hide it until the next connection."""
    talk = Talk().up()
    opened(talk)
    talk.play("...")
    for pause_s in (2.0, 4.0):
        talk.refuse("public/get_instrument", 13028, "temporarily_unavailable")
        assert talk.session.next_deadline(talk.now) == talk.now.wire_s + pause_s
        talk.pass_time(pause_s)
        assert talk.methods() == ["public/get_instrument"]
        talk.sent.clear()
    talk.answer("public/get_instrument", NEW)
    listed = talk.take(ev.InstrumentsListed)
    assert [one.name for one in listed.instruments] == [NEW["instrument_name"]]
    talk.pass_time(9.0)
    assert not talk.methods()


def test_an_instrument_that_ended_before_it_was_learned_is_not_asked_for_again() -> None:
    talk = Talk().up()
    opened(talk)
    talk.refuse("public/get_instrument", 13020, "not_found")
    opened(talk, "archivized")
    talk.play("...")
    talk.pass_time(9.0)
    assert not talk.methods()


def test_a_new_connection_lists_everything_and_forgets_what_it_could_not_learn() -> None:
    talk = Talk().up()
    opened(talk)
    talk.play("...\n- cut\n~ LinkDown")
    assert talk.session._listings.next_deadline() is None


def test_a_future_that_does_not_trade_is_looked_at_until_it_does() -> None:
    """The notice of its opening may be lost, and a book must not be blocked by it for ever."""
    talk = Talk().up()
    talk.notify(
        "instrument.state.any.BTC", {"timestamp": 1, "state": "halted", "instrument_name": "BTC-PERPETUAL"}
    )
    talk.events.clear()
    for state in ("halted", "open"):
        talk.pass_time(SHUT_AGAIN_S)
        talk.answer("public/get_instrument", PERPETUAL | {"state": state})
        assert talk.take(ev.InstrumentsListed).instruments[0].state == state
    talk.sent.clear()
    talk.pass_time(SHUT_AGAIN_S)
    assert "public/get_instrument" not in talk.methods()
