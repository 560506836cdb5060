"""The world of the local exchange: where its prices, contracts and expiries come from.

Entrance: `seeded_world`, `replay_world` and `FixedWorlds`, each a `World` of `hedger.simulator.model`.
Of hedger it may import `hedger.pricing`, `hedger.simulator.model` and `hedger.simulator.time_units` only.
"""

from __future__ import annotations

from datetime import date
from glob import glob
from pathlib import Path

from hedger.simulator.world.fixed import FixedWorlds
from hedger.simulator.world.following import Following, FollowingPath
from hedger.simulator.world.full_chain import OPTIONS_GLOB, read_full_chains
from hedger.simulator.world.path import IndexPath, PathParams
from hedger.simulator.world.record import Record, window
from hedger.simulator.world.replay import ReplayWorld
from hedger.simulator.world.seeded import SeededWorld
from hedger.simulator.world.several import SeveralWorlds
from hedger.simulator.world.svcj import read_svcj
from hedger.simulator.world.terms import BTC, BTC_USDC, ETH, Terms

__all__ = [
    "FixedWorlds",
    "ReplayWorld",
    "SeededWorld",
    "SeveralWorlds",
    "bitcoin_world",
    "replay_world",
    "seeded_world",
]

_FALLBACK_IV = 0.55

_ETH_START, _ETH_IV = 0.03, 1.25  # of bitcoin's
_FOLLOWERS = (
    (ETH, Following("eth_usd", beta=1.1, own_vol=0.33), _ETH_START, _ETH_IV),
    (BTC_USDC, Following("btc_usdc", peg_sd=0.0002), 1.0, 1.0),
)
"""Terms, how the index follows bitcoin's, its start and its volatility as multiples of bitcoin's."""


def seeded_world(
    seed: int,
    origin_ms: int,
    *,
    start_usd: float = 100_000.0,
    vol: float = 0.55,
    implied_vol: float | None = None,
) -> SeveralWorlds:
    """BTC and ETH inverse and BTC linear in USDC, correlated; begins at `origin_ms` and never ends.

    `start_usd` is bitcoin's index at the origin, `vol` the annualised volatility (fraction) around which its
    regimes move; 0 freezes index, premium, basis and smile. `implied_vol` is the long-run level of its smile,
    by default `vol`. ValueError for a level or volatility that makes no sense.
    """
    level = _level(vol, implied_vol)
    first = bitcoin_world(seed, origin_ms, start_usd=start_usd, vol=vol, implied_vol=implied_vol)
    others = [
        SeededWorld(seed, origin_ms, _follower(seed, origin_ms, start_usd, vol, *row), level * row[3], row[0])
        for row in _FOLLOWERS
    ]
    return SeveralWorlds([first, *others])


def bitcoin_world(
    seed: int,
    origin_ms: int,
    *,
    start_usd: float = 100_000.0,
    vol: float = 0.55,
    implied_vol: float | None = None,
) -> SeededWorld:
    """The BTC inverse market of `seeded_world` alone."""
    level = _level(vol, implied_vol)
    path = IndexPath(seed, origin_ms, PathParams(start_usd, vol), BTC.funding_cap)
    return SeededWorld(seed, origin_ms, path, level, BTC)


def _level(vol: float, implied_vol: float | None) -> float:
    level = implied_vol if implied_vol is not None else vol or _FALLBACK_IV
    if level <= 0.0:
        raise ValueError(f"implied_vol must be positive, got {level}")
    return level


def _follower(
    seed: int,
    origin_ms: int,
    start_usd: float,
    vol: float,
    terms: Terms,
    how: Following,
    start: float,
    _: float,
) -> FollowingPath:
    leader = IndexPath(seed, origin_ms, PathParams(start_usd, vol), BTC.funding_cap)
    params = PathParams(start_usd * start, vol)
    return FollowingPath(seed, origin_ms, params, terms.funding_cap, leader, how)


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
