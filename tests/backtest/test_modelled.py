"""What is modelled says so: instants between recorded ones, and options over a series of prices."""

from __future__ import annotations

import gzip
import math
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from hedger.backtest.bridge import Bridge, at_the_money
from hedger.backtest.chain import Chain
from hedger.backtest.modelled import Close, Modelled, price_chain
from hedger.backtest.outcome import Outcome
from hedger.backtest.prices import read_closes, read_dvol
from hedger.backtest.run import run
from hedger.backtest.sources import load_chain
from hedger.backtest.summary import summarise
from hedger.domain.errors import ConfigError
from hedger.pricing.settlement import WINDOW_MS
from tests.backtest.markets import EXPIRIES_MS, START_MS, STEP_MS, STRADDLE, STRANGLE, book, chain
from tests.shared_data import shared_data

MARKET = chain(36)  # over one delivery
HOUR_MS = 3_600_000
BRIDGE = Bridge(30 * 60_000, seed=1)


def outcome(market: Chain, policy: str = "time", **params: float) -> Outcome:
    return run(market, STRANGLE, book(policy, **params))


# -- the bridge ------------------------------------------------------------------------------------


def test_a_bridge_goes_through_every_recorded_instant_at_even_steps() -> None:
    filled = list(MARKET.filled(BRIDGE))
    assert [id(each) for each in filled if each.recorded] == [id(each) for each in MARKET.instants]
    assert len(filled) == 35 * 12 + 1
    assert {after.market_ms - before.market_ms for before, after in pairwise(filled)} == {BRIDGE.step_ms}


def test_its_moves_have_the_volatility_at_the_money() -> None:
    filled = list(chain(200, seed=3).between(START_MS, START_MS + 12 * 86_400_000).filled(Bridge(60_000, 5)))
    squares = sum(math.log(b.index_usd / a.index_usd) ** 2 for a, b in pairwise(filled))
    years = (filled[-1].market_ms - filled[0].market_ms) / (365 * 86_400_000)
    assert math.sqrt(squares / years) == pytest.approx(at_the_money(MARKET.instants[0]), rel=0.05)


def test_the_seed_decides_the_way_and_nothing_else_does() -> None:
    first, again = (outcome(MARKET.filled(BRIDGE)).digest for _ in range(2))
    assert first == again
    assert outcome(MARKET.filled(Bridge(BRIDGE.step_ms, seed=2))).digest != first


def test_a_bridge_is_labelled_and_prints_its_seed() -> None:
    (*_, told) = MARKET.filled(BRIDGE).told
    assert told.startswith("MODELLED: an instant every 1800 s")
    assert "seed 1" in told


def test_options_trade_at_recorded_instants_only_and_hedges_between_them() -> None:
    bridged, plain = outcome(MARKET.filled(BRIDGE), "band", lower=-0.1, upper=0.1), outcome(MARKET)
    assert [trade.instrument for trade in bridged.options] == [trade.instrument for trade in plain.options]
    recorded = {each.market_ms for each in MARKET.instants}
    assert (
        len(
            [
                trade
                for trade in bridged.hedges
                if trade.market_ms - 10 > max(ms for ms in recorded if ms <= trade.market_ms)
            ]
        )
        > 10
    )


def test_attribution_closes_through_a_settlement_window() -> None:
    figures = summarise(outcome(MARKET.filled(BRIDGE)))
    assert figures.gap_coin < 1e-12
    assert figures.attribution_coin["settlement"] != 0.0  # there were instants inside the window


def test_the_hedge_of_expiring_options_is_unwound_with_the_average() -> None:
    """With a market between 07:30 and 08:00 the engine takes its slices (theory 1.7)."""
    end = EXPIRIES_MS[0] + STEP_MS
    near = MARKET.between(EXPIRIES_MS[0] - 6 * 86_400_000, end).filled(Bridge(300_000, 1))
    held = replace(STRADDLE, roll_days_before=0.0)  # one of its options ends in the money
    points = run(near, held, book("band", lower=-0.5, upper=0.5)).points
    window = [point for point in points if EXPIRIES_MS[0] - WINDOW_MS < point.market_ms < EXPIRIES_MS[0]]
    assert {point.reason for point in window} >= {"settlement_slice"}
    sizes = [abs(point.hedge_usd) for point in window]
    assert sizes[-1] < 0.35 * sizes[0]


def test_what_cannot_be_bridged_is_refused() -> None:
    with pytest.raises(ValueError, match=r"step = 0\.5 s: must be 1 to 86400"):
        Bridge(500, 1)
    with pytest.raises(ValueError, match="only recorded chains can be bridged"):
        list(_series().filled(BRIDGE))


# -- options over a series of prices -----------------------------------------------------------------


def _closes(count: int = 900, volatility: float = 0.6) -> list[Close]:
    chance, price, closes = random.Random(4), 50_000.0, []
    for number in range(count):
        closes.append(Close(START_MS + number * HOUR_MS, price))
        price *= math.exp(chance.gauss(0.0, volatility / math.sqrt(365 * 24)))
    return closes


def _series() -> Chain:
    return price_chain("BTC", _closes(), (), HOUR_MS, "made for a test")


def test_volatility_is_that_of_the_days_before() -> None:
    instants = _series().instants
    assert len(instants) == 900 - 100
    for instant in instants:
        assert isinstance(instant, Modelled)
        assert instant.volatility == pytest.approx(1.05 * 0.6, rel=0.3)


def test_nothing_later_changes_an_instant() -> None:
    cut = price_chain("BTC", _closes()[:500], (), HOUR_MS, "made for a test")
    assert cut.instants == _series().instants[: len(cut.instants)]


def test_dvol_counts_from_the_close_of_its_day_and_not_for_ever() -> None:
    closes = _closes(400)
    dvol = (Close(START_MS + 24 * HOUR_MS, 80.0), Close(START_MS + 48 * HOUR_MS, 90.0))
    known = {each.market_ms: each for each in price_chain("BTC", closes, dvol, HOUR_MS, "").instants}
    assert START_MS + 23 * HOUR_MS not in known
    assert known[START_MS + 24 * HOUR_MS].volatility == 0.8
    assert known[START_MS + 47 * HOUR_MS].volatility == 0.8
    assert known[START_MS + 48 * HOUR_MS].volatility == 0.9
    assert known[START_MS + (48 + 72) * HOUR_MS].volatility == 0.9
    assert known[START_MS + (48 + 73) * HOUR_MS].volatility not in (0.8, 0.9)


def test_what_is_listed_is_what_a_row_says() -> None:
    instant = _series().instants[10]
    table = instant.table()
    assert len(table.names) > 100
    for name in table.names[::7]:
        assert table.row(name) == instant.row(name)
    asks, bids = table.ask, table.bid
    assert ((asks > table.mark) & ~(bids >= table.mark)).all()


def test_a_policy_runs_on_it_and_the_account_closes() -> None:
    figures = summarise(outcome(_series()))
    assert figures.gap_coin < 1e-12
    assert figures.trades > 50
    assert figures.effect.variance_reduction is not None
    assert figures.effect.variance_reduction > 0.5
    assert any(line.startswith("MODELLED: every option") for line in _series().told)


# -- files ----------------------------------------------------------------------------------------


def test_a_close_is_known_when_its_candle_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text("date,open,close\n2024-01-01 00:00:00,1,10\n2024-01-01 01:00:00,2,20\n")
    assert read_closes(path) == (Close(1_704_070_800_000, 10.0), Close(1_704_074_400_000, 20.0))
    packed = tmp_path / "seconds.csv.gz"
    packed.write_bytes(gzip.compress(b"time,close\n1704067200,10\n1704070800,20\n"))
    assert read_closes(packed) == read_closes(path)


def test_columns_are_found_by_name_and_their_absence_told(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("when,last\n1,2\n")
    with pytest.raises(
        ConfigError, match=r"columns when, last: must have close, and one of date, ts_ms, time"
    ):
        load_chain(path, "BTC")
    path.write_text("date,close\n2024-01-02,1\n2024-01-01,2\n")
    with pytest.raises(ConfigError, match="ascending"):
        load_chain(path, "BTC")


@pytest.mark.parametrize("close", ["nan", "0", "-5", "", "inf", "high"])
def test_a_close_that_is_no_price_is_named(tmp_path: Path, close: str) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(f"time,close\n0,100\n3600,{close}\n7200,101\n")
    with pytest.raises(ConfigError, match=rf"candles.csv: candle 2: close = {close}: must be a finite price"):
        load_chain(path, "BTC")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{at},{100 + at % 7}\n" for at in range(0, 3_600_000, 3_600))
    path = tmp_path / "candles.csv.gz"
    path.write_bytes(gzip.compress(f"time,close\n{rows}".encode())[:500])
    with pytest.raises(ConfigError, match=r"candles.csv.gz: Compressed file ended"):
        load_chain(path, "BTC")


def test_recorded_candles_of_every_shape() -> None:
    folder = shared_data("crypto_prices")
    hourly = read_closes(folder / "binance_spot_ETHUSDT_1h_202104_202206.csv.gz")
    assert hourly[0] == Close(1_617_570_000_000, 2062.56)  # the candle of 20:00, known at 21:00
    minutes = read_closes(folder / "bitfinex_spot_BTCUSD_1m_2018H2.parquet")
    assert minutes[0] == Close(1_530_403_260_000, 6391.6)
    dvol = read_dvol(folder, "BTC")
    assert dvol[0] == Close((1_616_544_000 + 86_400) * 1000, 95.04)
    assert read_dvol(folder, "ETH") == ()
    with pytest.raises(ConfigError, match="--coin ETH: the file's name says BTC"):
        load_chain(folder / "bitfinex_spot_BTCUSD_1m_2018H2.parquet", "ETH")


def test_the_crash_of_march_2020_is_survived_by_the_accounting() -> None:
    path = shared_data("crypto_prices", "binance_spot_BTCUSDT_1h_201708_2021.parquet")
    crash = load_chain(path, "BTC", 1_583_625_600_000, 1_584_230_400_000)  # 8 to 15 March
    figures = summarise(outcome(crash, "theta_offset"))
    assert figures.gap_coin < 1e-12
    assert figures.max_drawdown_coin > 0.1
