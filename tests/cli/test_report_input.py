"""From the journal to the rows of a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest

from hedger.cli.report_input import hedge_rows
from hedger.domain.order import Order, Purpose, Side
from hedger.journal.reported import Known
from tests.execution.test_table import LABEL, fill, intent
from tests.portfolio import market


@dataclass
class Kept:
    """What hedge_rows reads of a period."""

    fills: tuple[Any, ...]
    orders: dict[str, Order]
    hedges: tuple[Any, ...] = ()
    decisions: dict[str, Any] = field(default_factory=dict)


def rows(kept: Kept) -> list[Any]:
    return list(hedge_rows(cast(Known, kept)))


def test_a_leg_of_a_spread_is_held_against_its_own_mark() -> None:
    """The spread was decided at 1,000 USD: against that a leg at 100,000 would have lost a fortune."""
    order = Order(intent(instrument="BTC-FS-21OCT26_PERP", reference_price=1_000.0, purpose=Purpose.MOVE))
    legs = (
        fill("1", 100, instrument=market.FUTURE, price=Decimal(101_010), mark_price=101_000.0),
        fill("2", 100, side=Side.SELL, price=Decimal(100_000), mark_price=100_000.0),
    )
    legs = tuple(msgspec.structs.replace(leg, combo_id=order.intent.instrument) for leg in legs)
    bought, sold = rows(Kept(legs, {LABEL: order}))
    assert (bought.mark_at_decision, sold.mark_at_decision) == (101_000.0, 100_000.0)
    assert bought.shortfall == pytest.approx(100 / 101_000 - 100 / 101_010)
    assert sold.shortfall == 0.0
    assert {bought.purpose, sold.purpose} == {"move"}


def test_a_hedge_is_held_against_the_mark_it_was_decided_at() -> None:
    order = Order(intent(reference_price=100_050.0))
    (row,) = rows(Kept((fill("1", 100, mark_price=99_000.0),), {LABEL: order}))
    assert row.mark_at_decision == 100_050.0
