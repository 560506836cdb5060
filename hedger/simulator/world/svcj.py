"""Reader of `svcj_*.parquet`: full BTC and ETH chains about every six hours, 2025-12-30 to 2026-05-31.

Oddities of the file (its README): volatility is a fraction; the columns delta, vega and index_price were
taken minutes after the prices, so the index is derived from the forwards instead; a missing quote is NaN;
snapshots near 08:00 hold options that have just expired. The perpetual's price stands in a file beside it
until 2026-04-15; after that the perpetual trades at the index. The dated futures' marks are the
underlyings.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from hedger.simulator.world.record import MARGIN_MS, OptionRow, Snapshot, Window, index_behind, name_parts

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import FileMetaData

PERPETUAL_FILE = "svcj_perp_prices.csv.gz"

_COLUMNS = (
    "timestamp", "instrument_name", "underlying", "underlying_name", "implied_volatility", "mark_price",
    "bid_price", "ask_price",
)  # fmt: skip
_BATCH_ROWS = 32_768

_Row = tuple[int, str, float, str, float, float, float, float]


def read_svcj(path: Path, wanted: Window, coin: str = "BTC") -> Iterator[Snapshot]:
    """Snapshots of one coin around the window, in time order. One row group: streamed, not loaded."""
    perpetuals = _perpetual_prices(path.parent / PERPETUAL_FILE, f"{coin}-PERPETUAL")
    now_ms, rows = 0, list[_Row]()
    for row in filter(_alive, _rows(path, wanted, f"{coin}-")):
        if row[0] != now_ms and rows:
            yield _snapshot(now_ms, rows, perpetuals.get(now_ms))
            rows = []
        now_ms = row[0]
        rows.append(row)
    if rows:
        yield _snapshot(now_ms, rows, perpetuals.get(now_ms))


def _rows(path: Path, wanted: Window, prefix: str) -> Iterator[_Row]:
    try:
        import pyarrow.compute as pc
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(f"reading {path.name} needs pyarrow: install hedger[lab]") from error

    first_ms, last_ms = wanted.reading(MARGIN_MS)
    with pq.ParquetFile(path) as file:
        wanted.require_start_within(*_range_ms(file.metadata))
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(_COLUMNS)):
            times = pc.cast(pc.cast(batch.column("timestamp"), "timestamp[ms]", safe=False), "int64")
            if times[0].as_py() > last_ms:
                return
            if times[-1].as_py() < first_ms:
                continue
            inside = pc.and_(pc.greater_equal(times, first_ms), pc.less_equal(times, last_ms))
            ours = pc.starts_with(batch.column("instrument_name"), prefix)
            yield from _columns(batch.set_column(0, "timestamp", times).filter(pc.and_(inside, ours)))


def _range_ms(metadata: FileMetaData) -> tuple[int, int]:
    """First and last timestamp, from the file's own statistics."""
    place = metadata.schema.names.index("timestamp")
    columns = [metadata.row_group(number).column(place) for number in range(metadata.num_row_groups)]
    first = min(column.statistics.min for column in columns)
    last = max(column.statistics.max for column in columns)
    return int(first.timestamp() * 1000), int(last.timestamp() * 1000)


def _columns(batch: RecordBatch) -> Iterator[_Row]:
    columns: list[list[Any]] = [batch.column(name).to_pylist() for name in _COLUMNS]
    yield from zip(*columns, strict=True)


def _snapshot(market_ms: int, rows: list[_Row], perpetual_usd: float | None) -> Snapshot:
    options: list[OptionRow] = []
    quoted_by_expiry: dict[int, list[float]] = {}
    without_future: dict[int, bool] = {}
    for _, name, underlying, underlying_name, iv, mark, bid, ask in rows:
        expiration_ms = name_parts(name)[0]
        options.append(OptionRow(name, underlying, iv, mark, _price(bid), _price(ask)))
        quoted_by_expiry.setdefault(expiration_ms, []).append(underlying)
        without_future[expiration_ms] = underlying_name == "index_price"
    forwards = {expiry: median(quoted) for expiry, quoted in quoted_by_expiry.items()}
    named = {expiry: forward for expiry, forward in forwards.items() if not without_future[expiry]}
    return Snapshot(market_ms, index_behind(market_ms, named or forwards), perpetual_usd, forwards, options)


def _alive(row: _Row) -> bool:
    """Not expired when the snapshot was taken, and with a volatility to price from."""
    return name_parts(row[1])[0] > row[0] and row[4] > 0.0


def _price(value: float | None) -> float | None:
    """NaN, null and zero all mean that nobody quotes."""
    return None if value is None or math.isnan(value) or value <= 0.0 else value


def _perpetual_prices(path: Path, perpetual: str) -> dict[int, float]:
    """Prices of a perpetual by snapshot time; none when the file is not there.

    The open of the minute of the snapshot: the price the file itself chose is as often that minute's close,
    which nobody knew then.
    """
    if not path.exists():
        return {}
    with gzip.open(path, "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["instrument_name"] == perpetual]
    return {
        int(row["snapshot_timestamp_ms"]): float(row["candle_open"])
        for row in rows
        if row["candle_open"] and int(row["candle_open_time_ms"]) <= int(row["snapshot_timestamp_ms"])
    }
