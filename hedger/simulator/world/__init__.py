"""The world of the local exchange: where its prices, contracts and expiries come from.

Entrance: `seeded_world` and `replay_world`, both a `World` of `hedger.simulator.model`.
Of hedger it may import `hedger.pricing` and `hedger.simulator.model` only.
"""

from __future__ import annotations

from datetime import date
from glob import glob
from pathlib import Path

from hedger.simulator.world.full_chain import OPTIONS_GLOB, read_full_chains
from hedger.simulator.world.path import IndexPath, PathParams
from hedger.simulator.world.record import Record, window
from hedger.simulator.world.replay import ReplayWorld
from hedger.simulator.world.seeded import SeededWorld
from hedger.simulator.world.svcj import read_svcj

__all__ = ["ReplayWorld", "SeededWorld", "replay_world", "seeded_world"]

_FALLBACK_IV = 0.55


def seeded_world(
    seed: int,
    origin_ms: int,
    *,
    start_usd: float = 100_000.0,
    vol: float = 0.55,
    implied_vol: float | None = None,
) -> SeededWorld:
    """A BTC inverse market that begins at `origin_ms` with the index at `start_usd` and never ends.

    `vol` is the annualised volatility (fraction) around which the regimes move; 0 freezes index, premium,
    basis and smile. `implied_vol` is the long-run level of the smile, by default `vol`. ValueError for a
    level or volatility that makes no sense.
    """
    level = implied_vol if implied_vol is not None else vol or _FALLBACK_IV
    if level <= 0.0:
        raise ValueError(f"implied_vol must be positive, got {level}")
    path = IndexPath(seed, origin_ms, PathParams(start_usd=start_usd, vol=vol))
    return SeededWorld(seed, origin_ms, path, level)


def replay_world(
    path: str | Path, *, start: date | None = None, days: int | None = None, seed: int = 0
) -> ReplayWorld:
    """Recorded chains from 00:00 UTC of `start` for `days` days, by default all of them.

    `path` is an `svcj_*.parquet`, an `mh_full_chain_btc_*_options.csv.gz`, a folder of the latter or a glob.
    `seed` draws the index between snapshots. FileNotFoundError or ValueError tell what is missing;
    ImportError names the extra that reading parquet needs.
    """
    wanted = window(start, days)
    if Path(path).suffix == ".parquet":
        return ReplayWorld(seed, Record(read_svcj(Path(path), wanted), wanted))
    return ReplayWorld(seed, Record(read_full_chains(_option_files(path), wanted), wanted))


def _option_files(path: str | Path) -> list[Path]:
    """The options files a folder, a glob or a single name stands for, by name."""
    pattern = str(Path(path) / OPTIONS_GLOB) if Path(path).is_dir() else str(path)
    files = sorted(Path(name) for name in glob(pattern) if "_options" in Path(name).name)
    if not files:
        raise FileNotFoundError(f"replay {path}: no {OPTIONS_GLOB} there, and not a .parquet file")
    return files
