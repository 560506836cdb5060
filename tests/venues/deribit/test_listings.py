"""What is listed, and under which currency an instrument's orders are found."""

from __future__ import annotations

import pytest

from hedger.engine import events as ev
from hedger.engine.effects import LookUp
from tests.venues.deribit.orders_fixtures import LABEL
from tests.venues.deribit.talk import CALL, PERPETUAL, TOKEN, Talk, make_params


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
