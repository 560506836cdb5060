"""The recorded futures of one instant as candidates, and made-up ones with the same terms."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime

from hedger.execution.carry import Candidate
from tests.shared_data import shared_data

DAY_MS = 86_400_000
NOW_MS = 1_768_566_604_000  # 2026-01-16 12:30 UTC
HOME = "BTC-PERPETUAL"


def candidate(
    name: str,
    days: float | None = None,
    *,
    basis: float = 0.0,
    funding_8h: float = 0.0,
    fee: float = 0.00035,
    shown_usd: float = 1e6,
) -> Candidate:
    """`basis`: mark over index as a fraction. `days` to expiry; None is the perpetual."""
    return Candidate(
        instrument=name,
        expiration_ms=None if days is None else NOW_MS + int(days * DAY_MS),
        mark_usd=100_000.0 * (1.0 + basis),
        index_usd=100_000.0,
        fee=fee,
        half_spread=0.00001,
        funding_8h=funding_8h,
        initial_margin=0.02,
        bid_usd=shown_usd,
        ask_usd=shown_usd,
    )


def recorded(day: str) -> tuple[int, Candidate, tuple[Candidate, ...]]:
    """(market time, perpetual, dated futures by expiry) of `mh_full_chain_btc_DAY_futures`."""
    path = shared_data("deribit_options", f"mh_full_chain_btc_{day}_futures.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    now_ms = max(int(row["timestamp"]) for row in rows)
    found = sorted((_of_row(row) for row in rows), key=lambda each: each.expiration_ms or 0)
    return now_ms, found[0], tuple(found[1:])


def _of_row(row: dict[str, str]) -> Candidate:
    perpetual = row["settlement_period"] == "perpetual"
    mark, bid, ask = (float(row[name]) for name in ("mark_price", "best_bid_price", "best_ask_price"))
    return Candidate(
        instrument=row["instrument_name"],
        expiration_ms=None if perpetual else int(row["expiration_timestamp"]),
        mark_usd=mark,
        index_usd=float(row["index_price"]),
        fee=float(row["taker_commission"]),
        half_spread=(ask - bid) / 2.0 / mark,
        funding_8h=float(row["funding_8h"] or 0.0),
        initial_margin=1.0 / float(row["max_leverage"]),
        bid_usd=float(row["best_bid_amount"]),
        ask_usd=float(row["best_ask_amount"]),
    )


def day_ms(text: str) -> int:
    """08:00 UTC of an ISO date."""
    return int(datetime.fromisoformat(f"{text}T08:00:00+00:00").timestamp() * 1000)
