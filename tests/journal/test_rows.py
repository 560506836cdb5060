"""Every kind of row is read back as it was written, and with nothing in it that this hedger does not know."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.errors import InvariantError
from hedger.domain.order import OrderState
from hedger.domain.vocabulary import BreakerState, Reason
from hedger.engine.ownership.owned import CashFlow, LabelSum
from hedger.engine.records import (
    Accepted,
    AcceptedDifference,
    Adjusted,
    Attributed,
    CashMoved,
    FundedAt,
    GridAt,
    HedgeDone,
    HedgeEnd,
    HeldAt,
    HoldSet,
    Kept,
    Latched,
    LedgerAt,
    LossReferenced,
    MomentsAt,
    Record,
    RivalSeen,
    SettingChanged,
    ShadowAt,
    ShadowsKept,
    SmileMove,
    SmileSampled,
    Snapshot,
)
from hedger.journal import retention, schema
from hedger.journal.retention import Keep
from hedger.journal.rows import record_of, row_of
from hedger.portfolio.attribution import Lines
from tests.journal.records import NOW_MS, VENUE, changed, commanded, configured, decided, overridden, traded

OF_BOOK: dict[str, Any] = {"market_ms": NOW_MS, "venue": VENUE, "book": "btc"}
LEDGER = LedgerAt(Decimal("-120"), 0.001, 3, 360.0, 0.1, 0.2, -0.3, NOW_MS)
GRID = GridAt(MomentsAt(2, 0.1, 0.01), MomentsAt(2, 0.2, 0.02), MomentsAt(2, 0.1, 0.03), 3, 0.4, 0.5)
EVERY: tuple[Record, ...] = (
    changed(1, OrderState.OPEN),
    traded("7"),
    decided(NOW_MS),
    commanded(BreakerState.HALTED),
    overridden("btc", 2.0),
    configured(1),
    SettingChanged(NOW_MS, "books.btc.band.upper", "0.2", "0.1", "cli:desk", "CPI", "c0ffee"),
    Snapshot(market_ms=NOW_MS, positions={"BTC-PERPETUAL": "-10"}, equity={"BTC": "10.1"}),
    Latched(**OF_BOOK, detail="trade 7", by="hedger"),
    LossReferenced(**OF_BOOK, period="day", coin=1.0, coin_usd=1e5, dollars=0.5),
    Adjusted(NOW_MS, VENUE, LabelSum("h-btc", "BTC-PERPETUAL", Decimal(-10)), "flat"),
    CashMoved(NOW_MS, CashFlow(NOW_MS, VENUE, "BTC", Decimal("0.5"))),
    HoldSet(**OF_BOOK, until_ms=5, by="ana", reason="legs"),
    RivalSeen(**OF_BOOK, detail="h-btc-9-1"),
    Kept(**OF_BOOK, coin=-0.5),
    Attributed(
        market_ms=NOW_MS,
        venue=VENUE,
        currency="BTC",
        from_ms=NOW_MS - 900_000,
        equity_before=10.0,
        equity_after=9.9,
        rate_before_usd=1e5,
        rate_after_usd=1.01e5,
        lines={"BTC-PERPETUAL": Lines(funding=-0.1)},
        tags={},
        bookings=1,
        booked_ms=NOW_MS,
        cash_gap=0.0,
        cash_tolerance=2e-8,
        held={
            "BTC-PERPETUAL": HeldAt(10.0, NOW_MS, 1.01e5),
            "BTC-1OCT26": HeldAt(1.0, 2, 3.0, None, None, 4.0),
        },
        funding={"BTC-PERPETUAL": FundedAt(-0.1, 20_000, NOW_MS)},
    ),
    Accepted(
        **OF_BOOK,
        differences=(AcceptedDifference("BTC-PERPETUAL", "0", "-10", "-10"),),
        by="ana",
        reason="a trade by hand",
    ),
    SmileSampled(
        **OF_BOOK,
        squares=(1e-6, 9e-7, 8e-7, 1e-6),
        moves=(SmileMove(NOW_MS, 0.01, -0.3, 0.02),),
        calls=(0.1,) * 12,
        puts=(0.2,) * 12,
    ),
    ShadowsKept(
        **OF_BOOK,
        fills_through_ms=NOW_MS - 1,
        shadows=(ShadowAt("wide", "c0ffee", 1, None, LEDGER, LEDGER, GRID, GRID),),
    ),
    HedgeDone(
        **OF_BOOK,
        instrument="BTC-PERPETUAL",
        side="sell",
        reason=Reason.OUTSIDE_BAND,
        end=HedgeEnd.REACHED,
        started_ms=NOW_MS,
        worked_s=0.5,
        children=("h-btc-1-1",),
        decided="10",
        filled="10",
        reference_price=98_765.5,
        average_price=98_765.0,
        fees_usd=0.1,
        shortfall_coin=0.0,
        shortfall_usd=0.0,
        shortfall_bps=0.0,
    ),
)
MAPPINGS = {
    (name,) for name in ("positions", "equity", "cash", "lines", "tags", "held", "funding")
}  # by names that are the venue's


def structs(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of the objects in a body that have fields of ours."""
    if isinstance(value, dict):
        if at not in MAPPINGS:
            yield at
        for name, inner in value.items():
            yield from structs(inner, (*at, name))


def with_more(body: str, at: tuple[str, ...]) -> str:
    """The body with a field nobody knows in the object at a path."""
    value = msgspec.json.decode(body)
    inner = value
    for step in at:
        inner = inner[step]
    inner["leverage"] = 5
    return msgspec.json.encode(value).decode()


def test_there_is_an_example_of_every_table_with_a_body() -> None:
    assert {row_of(record).table for record in EVERY} == set(schema.WRITTEN) - {schema.epochs}


@pytest.mark.parametrize("record", EVERY, ids=lambda record: type(record).__name__)
def test_a_row_is_read_back_as_it_was_written_and_an_unknown_field_is_refused(record: Record) -> None:
    row = row_of(record)
    body = row.values["body"]
    assert record_of(row.table, NOW_MS, body, "row 1") == record
    for at in structs(msgspec.json.decode(body)):
        with pytest.raises(InvariantError, match=r"row 1: not a .*leverage"):
            record_of(row.table, NOW_MS, with_more(body, at), "row 1")


def test_an_interval_written_before_there_was_a_basis_line_has_none() -> None:
    """Lines are arrays: what an older run wrote is shorter."""
    (record,) = (each for each in EVERY if isinstance(each, Attributed))
    value = msgspec.json.decode(row_of(record).values["body"])
    value["lines"] = {name: lines[:-1] for name, lines in value["lines"].items()}
    read = record_of(schema.attributions, NOW_MS, msgspec.json.encode(value).decode(), "row 1")
    assert read == record


def test_every_table_that_grows_is_kept_for_a_time_of_its_own() -> None:
    """But epochs: one short row a start, and the highest must never be forgotten."""
    ruled = [rule.table for rule in retention.rules(Keep(days=90, orders_days=400))]
    assert set(ruled) == set(schema.WRITTEN) - {schema.epochs}
    assert len(ruled) == len(set(ruled))
