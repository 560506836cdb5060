"""Hedges as an accountant books them: one row a trade, with what was known when it was decided."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import IO

import msgspec


class HedgeRow(msgspec.Struct, frozen=True):
    """One trade of an order of ours. Amounts and prices are exact, as the venue told them."""

    market_ms: int
    time: str  # the same, ISO 8601 in UTC
    venue: str
    book: str
    instrument: str
    side: str  # buy or sell
    amount: str  # in `unit`
    unit: str  # USD or coin
    price: str  # in the instrument's price unit
    fee: str  # positive: paid
    fee_currency: str
    mark_at_decision: float | None  # None: nobody here decided
    index_usd: float | None  # as the venue told it with the trade; a dated future's basis is price less this
    shortfall: float | None  # against that mark, in `currency`; positive: lost; without the fee
    currency: str  # what the instrument settles in
    coin: float  # the amount in coin, unsigned
    price_usd: float  # where it stands on a chart; options: the index
    purpose: str  # hedge, resting or manual
    reason: str  # why it was decided
    label: str
    trade_id: str


COLUMNS = tuple(name for name in HedgeRow.__struct_fields__ if name not in ("market_ms", "coin", "price_usd"))


def write_csv(rows: Iterable[HedgeRow], out: IO[str]) -> int:
    """Write a header and one line a row; returns the number of rows."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow(["" if (value := getattr(row, name)) is None else value for name in COLUMNS])
        count += 1
    return count
