"""From files to a chain. Each kind of data says in words what of it is recorded and what is not."""

from __future__ import annotations

import zlib
from pathlib import Path

from hedger.backtest.chain import Chain, of_snapshots
from hedger.backtest.flight import flight_chain
from hedger.backtest.listings import COINS
from hedger.backtest.modelled import LOOK_BACK_MS, price_chain
from hedger.backtest.prices import read_closes, read_dvol
from hedger.domain.errors import ConfigError
from hedger.domain.time_units import HOUR_MS
from hedger.engine.recording import RecordError
from hedger.simulator.world.full_chain import OPTIONS_GLOB, read_full_chains
from hedger.simulator.world.record import Window
from hedger.simulator.world.svcj import read_svcj

CHAIN_GLOB, FUTURES_GLOB = "svcj_*.parquet", "mh_full_chain_btc_*_futures.csv.gz"
EVERY_MS = HOUR_MS  # between two instants of a price series

_SVCJ = (
    "Recorded: option chains about every 6 h (marks, bids, asks, volatilities, forwards).",
    "Deltas are Black's from the recorded volatility; the recorded delta column is minutes late and unused.",
    "Index: carried back from the forwards of the same instant; the recorded index column is minutes late.",
    "Perpetual: the open of the recorded candle of the instant's minute (to 2026-04-15), else the index.",
)
_FULL = (
    "Recorded: full option chains, one per file (marks, bids, asks, volatilities, forwards, index).",
    "Perpetual: its recorded premium on the index.",
)


def load_chain(path: Path, coin: str, start_ms: int | None = None, end_ms: int | None = None) -> Chain:
    """The chain in a file or folder, from `start_ms` to, without, `end_ms`.

    `path`: an svcj_*.parquet or a folder with one, a folder with mh_full_chain_* files, a flight record, or a
    file of candles, whose options are modelled. Raises ConfigError where nothing is there, or what is there
    cannot be read.
    """
    try:
        return _load(path, coin, Window(start_ms, end_ms)).between(start_ms, end_ms)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, ImportError, RecordError) as error:
        raise ConfigError(f"--data {path}: {error}") from error


def _load(path: Path, coin: str, wanted: Window) -> Chain:
    if coin not in COINS:
        raise ValueError(f"coin = {coin}: must be one of {', '.join(COINS)}")
    if not path.exists():
        raise ValueError("no such file or folder")
    if path.is_dir():
        return _folder(path, coin, wanted)
    if path.match(CHAIN_GLOB):
        return of_snapshots(coin, read_svcj(path, wanted, coin), _SVCJ)
    if path.match(OPTIONS_GLOB):
        return _full_chains([path], coin, wanted)
    if path.match(FUTURES_GLOB):
        raise ValueError(f"name the options of that day: {OPTIONS_GLOB}")
    if path.suffix == ".jsonl":
        return flight_chain(path, coin)
    if "".join(path.suffixes[-2:]).endswith((".parquet", ".csv", ".csv.gz")):
        return _prices(path, coin, wanted)
    raise ValueError(
        f"must be {CHAIN_GLOB}, {OPTIONS_GLOB}, candles (.parquet, .csv), a flight record (.jsonl) or "
        "a folder of chains"
    )


def _prices(path: Path, coin: str, wanted: Window) -> Chain:
    """Candles of any name: the coin is the user's word, so a name that says another one is refused."""
    other = next((each for each in COINS if each != coin and each in path.name.upper()), None)
    if other is not None and coin not in path.name.upper():
        raise ValueError(f"--coin {coin}: the file's name says {other}")
    first_ms, last_ms = wanted.reading(LOOK_BACK_MS)
    closes = [close for close in read_closes(path) if first_ms <= close.market_ms <= last_ms]
    return price_chain(coin, closes, read_dvol(path.parent, coin), EVERY_MS, f"Data: {path.name}.")


def _folder(path: Path, coin: str, wanted: Window) -> Chain:
    chains, full = sorted(path.glob(CHAIN_GLOB)), sorted(path.glob(OPTIONS_GLOB))
    if len(chains) == 1:
        return _load(chains[0], coin, wanted)
    if chains or not full:
        raise ValueError(f"{len(chains)} files {CHAIN_GLOB}, {len(full)} files {OPTIONS_GLOB}: name one file")
    return _full_chains(full, coin, wanted)


def _full_chains(files: list[Path], coin: str, wanted: Window) -> Chain:
    if coin != "BTC":
        raise ValueError(f"coin = {coin}: {OPTIONS_GLOB} files are of BTC")
    return of_snapshots(coin, read_full_chains(files, wanted), _FULL)
