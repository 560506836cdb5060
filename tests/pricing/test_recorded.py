"""Black-76 against what the exchange recorded: its deltas, and its marks recomputed from their volatility.

One rule leaves rows out, and the number left out is asserted: options in the last half hour of their life or
past it (from 07:30 UTC of the expiry day the exchange publishes a decaying delta).
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from hedger.pricing.black76 import YEAR_MS, Floats, black76
from tests.shared_data import shared_data

DELTA_TOLERANCE = 1.5e-4
DECAY_STARTS_MS = 1_800_000


class Row(NamedTuple):
    """One recorded option ticker."""

    name: str
    at_ms: float
    forward_usd: float
    sigma: float
    delta: float


def expiry_of(name: str) -> tuple[float, float, float]:
    """(expiry ms, strike, sign), read here without the package's own parser."""
    _, date, strike, letter = name.rsplit("-", 3)
    day = datetime.strptime(date.zfill(7), "%d%b%y").replace(tzinfo=UTC) + timedelta(hours=8)
    return day.timestamp() * 1000, float(strike.replace("d", ".")), 1.0 if letter == "C" else -1.0


def largest_error(rows: list[Row]) -> tuple[float, int]:
    """(largest |delta - ours|, rows left out by the rule)."""
    terms = np.array([expiry_of(row.name) for row in rows])
    at_ms, forward, sigma, delta = (
        np.array(column, dtype=float) for column in list(zip(*rows, strict=True))[1:]
    )
    alive = terms[:, 0] - at_ms > DECAY_STARTS_MS
    ours = black76(forward, terms[:, 1], (terms[:, 0] - at_ms) / YEAR_MS, sigma, terms[:, 2]).delta
    return float(np.abs(ours - delta)[alive].max()), len(rows) - int(alive.sum())


def csv_rows(path: Path, delta_column: str) -> list[Row]:
    with gzip.open(path, "rt", newline="") as text:
        return [
            Row(
                row["instrument_name"],
                float(row["timestamp"]),
                float(row["underlying_price"]),
                float(row["mark_iv"]) / 100,
                float(row[delta_column]),
            )
            for row in csv.DictReader(text)
        ]


def tickers_in(value: Any) -> Iterator[Row]:
    """Every option ticker inside a JSON value."""
    if isinstance(value, dict):
        if "greeks" in value and value["instrument_name"].endswith(("-C", "-P")):
            yield Row(
                value["instrument_name"],
                value["timestamp"],
                value["underlying_price"],
                value["mark_iv"] / 100,
                value["greeks"]["delta"],
            )
        for each in value.values():
            yield from tickers_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from tickers_in(each)


@pytest.mark.parametrize("day", range(14, 21))
def test_the_full_chains_of_january_2026_have_our_deltas(day: int) -> None:
    rows = csv_rows(
        shared_data("deribit_options", f"mh_full_chain_btc_202601{day}_options.csv.gz"), "greeks_delta"
    )
    error, left_out = largest_error(rows)
    assert len(rows) > 600
    assert left_out == 0
    assert error <= DELTA_TOLERANCE


def test_the_full_chain_of_february_2021_has_our_deltas() -> None:
    rows = csv_rows(shared_data("deribit_options", "bottama_full_ticker_btc_20210211.csv.gz"), "greeks.delta")
    error, left_out = largest_error(rows)
    assert (len(rows), left_out) == (976, 0)
    assert error <= DELTA_TOLERANCE


@pytest.mark.parametrize(
    ("parts", "count", "left_out_expected"),
    [
        (("openbb", "option_tickers.json"), 12, 0),
        (("cryptofeed", "ws_notifications.jsonl"), 89, 0),
        (("tardis_node", "messages_2019_2020.jsonl"), 5, 1),
    ],
)
def test_recorded_tickers_have_our_deltas(parts: tuple[str, ...], count: int, left_out_expected: int) -> None:
    text = shared_data("deribit_payloads", *parts).read_text()
    documents = text.splitlines() if parts[-1].endswith("l") else [text]
    rows = [row for document in documents for row in tickers_in(json.loads(document))]
    error, left_out = largest_error(rows)
    assert (len(rows), left_out) == (count, left_out_expected)
    assert error <= DELTA_TOLERANCE


def test_the_recorded_rows_of_the_tardis_chain_have_our_deltas() -> None:
    """Only its first two rows are recordings; the others carry round numbers made up for a parser's test."""
    text = shared_data("deribit_payloads", "tardis_csv", "options_chain.csv").read_text()
    rows = [
        Row(
            row["symbol"],
            int(row["timestamp"]) / 1000,
            float(row["underlying_price"]),
            float(row["mark_iv"]) / 100,
            float(row["delta"]),
        )
        for row in list(csv.DictReader(text.splitlines()))[:2]
    ]
    error, left_out = largest_error(rows)
    assert left_out == 0
    assert error <= 2e-5


def five_months() -> tuple[Floats, Floats, Floats]:
    """(error of the mark in coin, error of the delta column, ms to expiry) of all 973,412 rows."""
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = ["timestamp", "instrument_name", "underlying", "mark_price", "implied_volatility", "delta"]
    path = shared_data("deribit_options", "svcj_btc_eth_6h_20251230_20260531.parquet")
    table = parquet.read_table(path, columns=columns)
    names = table["instrument_name"].combine_chunks().dictionary_encode()
    terms = np.array([expiry_of(name) for name in names.dictionary.to_pylist()])[names.indices.to_numpy()]
    left_ms = terms[:, 0] - table["timestamp"].cast("int64").to_numpy() / 1000
    forward = table["underlying"].to_numpy()
    ours = black76(
        forward, terms[:, 1], left_ms / YEAR_MS, table["implied_volatility"].to_numpy(), terms[:, 2]
    )
    mark_error = np.abs(ours.price_usd / forward - table["mark_price"].to_numpy())
    return mark_error, np.abs(ours.delta - table["delta"].to_numpy()), left_ms


def test_marks_of_five_months_follow_from_their_volatility(record_property: Any) -> None:
    mark_error, delta_error, left_ms = five_months()
    assert len(mark_error) == 973_412
    assert (left_ms > DECAY_STARTS_MS).all()
    assert np.median(mark_error) <= 1e-5
    assert np.quantile(mark_error, 0.99) <= 5e-4
    # the delta column was asked for minutes after the prices: reported, not judged
    record_property("delta_column_error_p99", float(np.quantile(delta_error, 0.99)))
