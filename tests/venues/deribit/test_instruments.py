"""Listings: the venue's fields decide, names never do."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import AmountUnit, Instrument, InstrumentState, Kind, Payoff
from hedger.venues.deribit import wire
from hedger.venues.deribit.instruments import instrument_of, state_of
from tests.venues.deribit.talk import CALL, PERPETUAL


def read(row: dict[str, Any], **changes: Any) -> Instrument:
    return instrument_of(
        msgspec.json.decode(json.dumps(row | changes).encode(), type=wire.InstrumentRow), "deribit"
    )


def test_an_inverse_perpetual() -> None:
    one = read(PERPETUAL)
    assert (one.kind, one.payoff, one.expiration_ms, one.amount_unit) == (
        Kind.PERPETUAL,
        Payoff.INVERSE,
        None,
        AmountUnit.USD,
    )
    assert (one.contract_size, one.tick_size, one.taker_commission) == (
        10,
        Decimal("0.5"),
        Decimal("0.00035"),
    )


def test_an_inverse_option_with_tick_steps() -> None:
    one = read(CALL)
    assert (one.kind, one.strike_usd, one.option_sign, one.expiration_ms) == (
        Kind.OPTION,
        100000,
        1,
        1790323200000,
    )
    assert one.tick_at(Decimal("0.01")) == Decimal("0.0005")
    assert read(CALL, option_type="put").option_sign == -1


def test_a_linear_future_is_measured_in_coins() -> None:
    one = read(
        PERPETUAL,
        instrument_type="linear",
        quote_currency="USDC",
        settlement_currency="USDC",
        settlement_period="month",
    )
    assert (one.kind, one.payoff, one.amount_unit) == (Kind.FUTURE, Payoff.LINEAR, AmountUnit.COIN)


def test_spot_settles_in_what_it_is_quoted_in() -> None:
    row = {
        key: value
        for key, value in PERPETUAL.items()
        if key not in ("settlement_currency", "instrument_type")
    }
    one = read(row, kind="spot", quote_currency="USDC", settlement_period=None)
    assert (one.kind, one.settlement_currency, one.payoff) == (Kind.SPOT, "USDC", Payoff.LINEAR)


@pytest.mark.parametrize(("settlement", "payoff"), [("BTC", Payoff.INVERSE), ("USDC", Payoff.LINEAR)])
def test_without_a_type_the_settlement_tells(settlement: str, payoff: Payoff) -> None:
    assert read(PERPETUAL, instrument_type="", settlement_currency=settlement).payoff is payoff


@pytest.mark.parametrize(
    ("active", "state"), [(True, InstrumentState.OPEN), (False, InstrumentState.INACTIVE)]
)
def test_without_a_state_the_activity_tells(active: bool, state: InstrumentState) -> None:
    assert read(PERPETUAL, state="", is_active=active).state is state


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("created", InstrumentState.INACTIVE),
        ("started", InstrumentState.OPEN),
        ("settled", InstrumentState.SETTLEMENT),
        ("closed", InstrumentState.DELIVERED),
        ("deactivated", InstrumentState.INACTIVE),
        ("terminated", InstrumentState.ARCHIVIZED),
        ("locked", InstrumentState.LOCKED),
        ("unheard of", InstrumentState.UNKNOWN),
    ],
)
def test_words_of_before_2026_have_a_place_in_todays_life_cycle(word: str, state: InstrumentState) -> None:
    assert state_of(word) is state


@pytest.mark.parametrize(
    ("field", "row", "changes"),
    [
        ("kind", PERPETUAL, {"kind": "warrant"}),
        ("instrument_type", PERPETUAL, {"instrument_type": "quanto"}),
        ("settlement_currency", PERPETUAL, {"settlement_currency": ""}),
        ("contract_size", PERPETUAL, {"contract_size": 0}),
        ("min_trade_amount", PERPETUAL, {"min_trade_amount": -1}),
        ("tick_size", PERPETUAL, {"tick_size": "NaN"}),
        ("maker_commission", PERPETUAL, {"maker_commission": "Infinity"}),
        ("strike", CALL, {"strike": None}),
        ("strike", CALL, {"expiration_timestamp": None}),
        ("strike", CALL, {"strike": 0}),
        ("option_type", CALL, {"option_type": "chooser"}),
        ("tick_size", CALL, {"tick_size_steps": [{"above_price": 1, "tick_size": 0}]}),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_field(
    field: str, row: dict[str, Any], changes: dict[str, Any]
) -> None:
    with pytest.raises(BadDataError) as refused:
        read(row, **changes)
    assert refused.value.field == field
