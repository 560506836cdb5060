"""Quotes, fills, positions and errors: frozen, exact, and naming what is wrong."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.account import Account, Fill, Position
from hedger.domain.errors import (
    AuthError,
    BadDataError,
    ConfigError,
    HaltedError,
    HedgerError,
    InvariantError,
    LeaseError,
    VenueError,
)
from hedger.domain.order import Side
from hedger.domain.quote import IndexPrice, Quote
from tests.execution.test_table import fill
from tests.portfolio import market


def test_a_fill_is_known_by_venue_currency_and_number() -> None:
    assert fill("1", 10).key == ("deribit", "BTC", "1")
    assert fill("1", 10).signed_amount == 10
    assert fill("1", 10, side=Side.SELL).signed_amount == -10


@pytest.mark.parametrize(
    "value",
    [
        fill("1", 10),
        market.account("5.00000001"),
        market.option(),
        market.future_quote(),
        market.index(),
        Position(venue="deribit", instrument=market.PERPETUAL, size=Decimal("-60")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_frozen_and_survives_the_journal_exactly(value: msgspec.Struct) -> None:
    assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value
    with pytest.raises(AttributeError, match="immutable"):
        setattr(value, value.__struct_fields__[0], "other")


@pytest.mark.parametrize("kind", [Fill, Account, Position, Quote, IndexPrice])
def test_a_value_with_a_field_nobody_knows_is_refused_when_read_back(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HedgerError, 1),
        (ConfigError, 2),
        (AuthError, 3),
        (VenueError, 4),
        (HaltedError, 5),
        (InvariantError, 5),
        (LeaseError, 6),
    ],
)
def test_every_error_ends_the_process_with_its_own_code(error: type[HedgerError], code: int) -> None:
    assert issubclass(error, HedgerError)
    assert error.exit_code == code


def test_bad_data_names_channel_field_value_and_what_would_be_right() -> None:
    error = BadDataError("ticker.BTC-PERPETUAL.raw", "mark_price", -1, "above 0")
    assert str(error) == "ticker.BTC-PERPETUAL.raw: mark_price = -1 is not above 0"
    assert (error.channel, error.field, error.value, error.expected)[1:3] == ("mark_price", -1)
