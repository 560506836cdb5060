"""Readers of price series: candles in parquet or CSV, and Deribit's DVOL beside them.

A candle's own time is its beginning; its close is known one candle later. Columns are found by name, since
not every file keeps open, high, low, close in that order.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from hedger.backtest.modelled import Close
from hedger.domain.instants import ms_of
from hedger.domain.time_units import DAY_MS

DVOL_GLOB = "deribit_dvol_{coin}_daily_close*.csv*"
_TIMES = ("date", "ts_ms", "time")


def read_closes(path: Path) -> tuple[Close, ...]:
    """Closes in time order, each at the end of its candle. ValueError for columns that are not there."""
    columns = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    known = [name for name in _TIMES if name in columns]
    if not known or "close" not in columns:
        raise ValueError(f"columns {', '.join(columns)}: must have close, and one of {', '.join(_TIMES)}")
    times_ms = [_ms(value) for value in columns[known[0]]]
    if len(times_ms) < 2 or any(later <= earlier for earlier, later in pairwise(times_ms)):
        raise ValueError(f"{known[0]}: must be at least two times in ascending order")
    candle_ms = round(median(later - earlier for earlier, later in pairwise(times_ms)))
    prices = [_price(number, value) for number, value in enumerate(columns["close"], start=1)]
    return tuple(Close(at + candle_ms, price) for at, price in zip(times_ms, prices, strict=True))


def _price(number: int, value: object) -> float:
    """Of the candle of that number, counted from 1."""
    try:
        price = float(str(value))
    except ValueError:
        price = math.nan
    if not 0.0 < price < math.inf:
        raise ValueError(f"candle {number}: close = {value}: must be a finite price above 0")
    return price


def read_dvol(folder: Path, coin: str) -> tuple[Close, ...]:
    """Daily closes of DVOL in percent, each at the end of its day; none without a file of the coin."""
    found = sorted(folder.glob(DVOL_GLOB.format(coin=coin.lower())))
    if not found:
        return ()
    columns = _csv(found[0])
    rows = zip(columns["time"], columns["close"], strict=True)
    return tuple(Close(_ms(at) + DAY_MS, float(str(close))) for at, close in rows)


def _csv(path: Path) -> dict[str, Sequence[object]]:
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    rows = list(csv.DictReader(text.splitlines()))
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def _parquet(path: Path) -> dict[str, Sequence[object]]:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(f"reading {path.name} needs pyarrow: install hedger[lab]") from error
    table = pq.read_table(path)
    wanted = [name for name in (*_TIMES, "close") if name in table.schema.names]
    return {name: table.column(name).to_pylist() for name in wanted or table.schema.names}


def _ms(value: object) -> int:
    """Milliseconds since the epoch: of a time without a zone in UTC, of a number in s or ms."""
    if isinstance(value, datetime):
        return ms_of(value)
    text = str(value)
    try:
        number = float(text)
    except ValueError:
        return _ms(datetime.fromisoformat(text))
    return round(number if number > 1e11 else number * 1000)
