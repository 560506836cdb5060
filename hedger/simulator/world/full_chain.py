"""Reader of `mh_full_chain_btc_YYYYMMDD_{options,futures}.csv.gz`: one chain of tickers per file pair."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from hedger.simulator.world.record import MARGIN_MS, OptionRow, Snapshot, Window
from hedger.simulator.world.terms import BTC

OPTIONS_GLOB = "mh_full_chain_btc_*_options.csv.gz"


def read_full_chains(option_files: list[Path], wanted: Window) -> Iterator[Snapshot]:
    """Snapshots around the window, in time order; each options file has its futures file beside it."""
    first_ms, last_ms = wanted.reading(MARGIN_MS)
    snapshots = [_snapshot(path) for path in option_files]
    snapshots.sort(key=lambda snapshot: snapshot.market_ms)
    if snapshots:
        wanted.require_start_within(snapshots[0].market_ms, snapshots[-1].market_ms)
    yield from (snapshot for snapshot in snapshots if first_ms <= snapshot.market_ms <= last_ms)


def _snapshot(options_file: Path) -> Snapshot:
    options = _read(options_file)
    futures = {row["instrument_name"]: row for row in _read(_futures_file(options_file))}
    market_ms = max((int(row["timestamp"]) for row in (*options, *futures.values())), default=0)
    live = [row for row in options if int(row["expiration_timestamp"]) > market_ms]
    if not live:
        raise ValueError(f"{options_file.name}: no option there that is still alive")
    underlyings: dict[int, list[float]] = {}
    for row in live:
        expiration_ms = int(row["expiration_timestamp"])
        underlyings.setdefault(expiration_ms, []).append(float(row["underlying_price"]))
    index = median(float(row["index_price"]) for row in live)
    return Snapshot(
        market_ms,
        index,
        _perpetual(futures[BTC.perpetual], index) if BTC.perpetual in futures else None,
        {expiration_ms: median(values) for expiration_ms, values in underlyings.items()},
        [_option(row) for row in live],
    )


def _perpetual(row: dict[str, str], index_usd: float) -> float:
    """The futures were read seconds apart from the options: the premium is kept, not the price."""
    return index_usd * float(row["mark_price"]) / float(row["index_price"])


def _option(row: dict[str, str]) -> OptionRow:
    """The wire shows 0.0 where nobody quotes; volatility is in percent."""
    return OptionRow(
        row["instrument_name"],
        float(row["underlying_price"]),
        float(row["mark_iv"]) / 100.0,
        float(row["mark_price"]),
        float(row["best_bid_price"]) or None,
        float(row["best_ask_price"]) or None,
    )


def _futures_file(options_file: Path) -> Path:
    return options_file.with_name(options_file.name.replace("_options", "_futures"))


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))
