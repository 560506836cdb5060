"""Recorded chains of one coin, as strips of options by expiry, in time order.

svcj_*.parquet: volatilities as fractions, the underlying per row; its columns delta, vega and index_price
were taken minutes after the prices and are not read. r1quant_*.csv.gz: no price and no underlying, so the
forward of an expiry is taken from the exchange's own deltas: d1 = N^-1(delta), F = K exp(d1 v - v^2 / 2),
the median over options near the money, which agree within a few dollars.
"""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from hedger.domain.errors import ConfigError
from hedger.domain.instants import ms_of
from hedger.pricing.black76 import YEAR_MS, Floats
from hedger.pricing.smile.strip import Strip, strip_of
from hedger.simulator.world.expiries import parse_expiry_code

_COLUMNS = ["timestamp", "instrument_name", "underlying", "implied_volatility"]
_NEAR = (0.2, 0.8)  # call deltas from which a forward is taken: told to five decimals, blind in the wings


class Chain(NamedTuple):
    """All options of a coin at one instant; strips by expiry, those still alive."""

    market_ms: int
    strips: tuple[Strip, ...]


class Days(NamedTuple):
    """From one market time to another, milliseconds, the end not included; None: no bound."""

    first_ms: int | None = None
    end_ms: int | None = None


ALWAYS = Days()


def read_chains(path: Path, coin: str, days: Days = ALWAYS) -> Iterator[Chain]:
    """Chains of a file, recognised by its name. ConfigError for one that is none, or without such options."""
    if path.name.endswith(".parquet"):
        read = _svcj
    elif path.name.startswith("r1quant_") and path.name.endswith(".csv.gz"):
        read = _r1quant
    else:
        raise ConfigError(f"{path}: must be a recorded chain, svcj_*.parquet or r1quant_*.csv.gz")
    try:
        columns = read(path, coin)
    except (OSError, EOFError, zlib.error, ValueError, KeyError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not len(columns.market_ms):
        raise ConfigError(f"{path}: holds no options of {coin}")
    return _chains(columns, days)


def coins_of(path: Path) -> tuple[str, ...]:
    """Coins whose options a file may hold."""
    return ("BTC", "ETH") if path.name.endswith(".parquet") else ("BTC",)


class _Columns(NamedTuple):
    """One row per option and instant, in time order."""

    market_ms: NDArray[np.int64]
    expiration_ms: NDArray[np.int64]
    strike_usd: Floats
    sign: Floats
    iv: Floats
    forward_usd: Floats

    def rows(self, at: Any) -> _Columns:
        """Some of the rows, by index or slice."""
        return _Columns(
            self.market_ms[at],
            self.expiration_ms[at],
            self.strike_usd[at],
            self.sign[at],
            self.iv[at],
            self.forward_usd[at],
        )


def _svcj(path: Path, coin: str) -> _Columns:
    try:
        import pyarrow.compute as pc
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ConfigError(f"reading {path.name} needs pyarrow: install hedger[lab]") from error
    table = pq.read_table(path, columns=_COLUMNS)
    table = table.filter(pc.starts_with(table["instrument_name"], f"{coin}-"))
    names = table["instrument_name"].combine_chunks().dictionary_encode()
    parts = [_parts(name) for name in names.dictionary.to_pylist()]
    at = names.indices.to_numpy()
    market_ms = pc.cast(pc.cast(table["timestamp"], "timestamp[ms]", safe=False), "int64").to_numpy()
    return _sorted(
        _Columns(
            market_ms,
            np.array([part[0] for part in parts], dtype=np.int64)[at],
            np.array([part[1] for part in parts])[at],
            np.array([part[2] for part in parts])[at],
            table["implied_volatility"].to_numpy(),
            table["underlying"].to_numpy(),
        )
    )


def _r1quant(path: Path, coin: str) -> _Columns:
    with gzip.open(path, "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("instrument_name", "").startswith(f"{coin}-")]
    parts = [_parts(row["instrument_name"]) for row in rows]
    iv = np.array([float(row["mark_iv"]) / 100.0 for row in rows])
    delta = np.array([float(row["delta"]) for row in rows])
    market_ms = np.array([ms_of(datetime.fromisoformat(row["date"])) for row in rows], dtype=np.int64)
    expiration_ms = np.array([part[0] for part in parts], dtype=np.int64)
    strike, sign = np.array([part[1] for part in parts]), np.array([part[2] for part in parts])
    call_delta = np.where(sign > 0.0, delta, delta + 1.0)
    near = (call_delta > _NEAR[0]) & (call_delta < _NEAR[1])
    v = iv * np.sqrt(np.maximum(expiration_ms - market_ms, 0) / YEAR_MS)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        forward = np.where(near, strike * np.exp(v * ndtri(call_delta) - 0.5 * v * v), np.nan)
    return _sorted(_Columns(market_ms, expiration_ms, strike, sign, iv, forward))


def _parts(name: str) -> tuple[int, float, float]:
    """Expiry, strike and sign of `BTC-9JAN26-95000-C`."""
    _, code, strike, letter = name.split("-")
    return parse_expiry_code(code), float(strike), 1.0 if letter == "C" else -1.0


def _sorted(columns: _Columns) -> _Columns:
    order = np.lexsort((columns.expiration_ms, columns.market_ms))
    return columns.rows(order)


def _chains(columns: _Columns, days: Days) -> Iterator[Chain]:
    instants, starts = np.unique(columns.market_ms, return_index=True)
    ends = np.append(starts[1:], len(columns.market_ms))
    first_ms = -math.inf if days.first_ms is None else days.first_ms
    end_ms = math.inf if days.end_ms is None else days.end_ms
    for market_ms, start, end in zip(instants, starts, ends, strict=True):
        if first_ms <= market_ms < end_ms:
            yield _chain(columns.rows(slice(start, end)), int(market_ms))


def _chain(rows: _Columns, market_ms: int) -> Chain:
    strips = []
    expiries, starts = np.unique(rows.expiration_ms, return_index=True)
    ends = np.append(starts[1:], len(rows.expiration_ms))
    for expiration_ms, start, end in zip(expiries, starts, ends, strict=True):
        forwards = rows.forward_usd[start:end]
        forwards = forwards[np.isfinite(forwards)]
        if expiration_ms <= market_ms or not len(forwards):
            continue
        at = slice(start, end)
        forward = float(np.median(forwards))
        strip = strip_of(
            int(expiration_ms), market_ms, forward, rows.strike_usd[at], rows.sign[at], rows.iv[at]
        )
        if len(strip.iv):
            strips.append(strip)
    return Chain(market_ms, tuple(strips))
