"""The same on a slice of what was recorded: three weeks of January 2026, two deliveries in it."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hedger.backtest.chain import Chain
from hedger.backtest.compare import compare
from hedger.backtest.contenders import default_book, default_contenders
from hedger.backtest.outcome import Outcome
from hedger.backtest.run import run
from hedger.backtest.sources import load_chain
from hedger.backtest.strategy import load_strategy
from hedger.backtest.summary import summarise
from hedger.domain.errors import ConfigError
from tests.backtest.markets import book, perturbed
from tests.shared_data import shared_data

FIRST_MS, END_MS = 1_767_312_000_000, 1_769_126_400_000  # 2026-01-02 to 2026-01-23, 00:00 UTC
CONFIG = Path(__file__).resolve().parents[2] / "config" / "strategies"


@pytest.fixture(scope="module")
def recorded() -> Chain:
    return load_chain(shared_data("deribit_options"), "BTC", FIRST_MS, END_MS)


def on(chain: Chain, policy: str = "time", strategy: str = "short-strangle") -> Outcome:
    loaded, assumed = load_strategy(CONFIG / f"{strategy}.toml")
    return run(chain, loaded, book(policy), assumed)


def test_a_chain_is_what_was_recorded(recorded: Chain) -> None:
    first = recorded.instants[0]
    assert FIRST_MS <= first.market_ms < recorded.instants[-1].market_ms < END_MS
    assert len(recorded.instants) > 70
    assert len(first.names) > 500
    row = first.row(first.names[0])
    assert row is not None
    assert 0.1 < row.iv < 5.0
    assert abs(first.perpetual_usd / first.index_usd - 1.0) < 0.005


def test_the_perpetual_stands_at_a_price_that_was_known_at_the_instant(recorded: Chain) -> None:
    """The file's own choice is as often the close of the minute that the instant lies in."""
    with gzip.open(shared_data("deribit_options", "svcj_perp_prices.csv.gz"), "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["instrument_name"] == "BTC-PERPETUAL"]
    candles = {int(row["snapshot_timestamp_ms"]): row for row in rows}
    assert any(row["candle_price_choice"] == "close" for row in rows)
    for instant in recorded.instants:
        candle = candles[instant.market_ms]
        assert instant.perpetual_usd == float(candle["candle_open"])
        assert int(candle["candle_open_time_ms"]) <= instant.market_ms


@pytest.mark.parametrize("strategy", sorted(path.stem for path in CONFIG.glob("*.toml")))
def test_every_shipped_strategy_trades_and_its_attribution_closes(recorded: Chain, strategy: str) -> None:
    figures = summarise(on(recorded, strategy=strategy))
    assert figures.gap_coin < 1e-12
    assert figures.trades > 20
    assert figures.blocked_share == 0.0
    assert sum(figures.attribution_coin.values()) == pytest.approx(figures.pnl_coin, abs=1e-12)
    assert sum(figures.attribution_usd.values()) == pytest.approx(figures.pnl_usd, abs=1e-6)


def test_hedging_takes_most_of_the_variance(recorded: Chain) -> None:
    figures = summarise(on(recorded))
    assert figures.effect.variance_reduction is not None
    assert figures.effect.variance_reduction > 0.8
    assert figures.hedge_fees_coin > 0.0
    assert figures.capital_coin > figures.mean_margin_coin > 0.0


def test_theta_offset_trades_far_less_than_the_clock(recorded: Chain) -> None:
    """The article's claim on its own window: about a quarter of the rebalances (theory 5.8)."""
    way_1, way_2 = on(recorded, "time"), on(recorded, "theta_offset")
    assert len(way_2.hedges) < 0.5 * len(way_1.hedges)


def test_the_future_of_the_record_is_not_seen(recorded: Chain) -> None:
    place = len(recorded.instants) // 2
    true, other = on(recorded, "theta_offset"), on(perturbed(recorded, place), "theta_offset")
    assert other.points[:place] == true.points[:place]
    assert other.lines[:place] == true.lines[:place]


@pytest.mark.skipif(os.environ.get("HEDGER_SLOW") != "1", reason="HEDGER_SLOW=1 runs the whole five months")
@pytest.mark.parametrize("coin", ["BTC", "ETH"])
def test_the_whole_record(coin: str) -> None:
    """Every default policy over every recorded instant: nothing blocked, everything attributed."""
    loaded, assumed = load_strategy(CONFIG / "short-strangle.toml")
    chain = load_chain(shared_data("deribit_options"), coin)
    report = compare(chain, loaded, default_contenders(assumed), default_book(coin), assumed).report
    assert len(report.policies) >= 7
    assert max(each.gap_coin for each in report.policies) < 1e-12
    trades = {each.name: each.trades for each in report.policies}
    assert trades["theta_offset 6 h"] < 0.35 * trades["time 6 h"]


def test_full_chains_alone(tmp_path: Path) -> None:
    for path in shared_data("deribit_options").glob("mh_full_chain_*.csv.gz"):
        (tmp_path / path.name).symlink_to(path)
    daily = load_chain(tmp_path, "BTC")
    figures = summarise(on(daily))
    assert len(daily.instants) == 7
    assert figures.gap_coin < 1e-12
    with pytest.raises(ConfigError, match="coin = ETH: mh_full_chain"):
        load_chain(tmp_path, "ETH")


def test_the_other_coin(recorded: Chain) -> None:
    ether = load_chain(shared_data("deribit_options"), "ETH", FIRST_MS, FIRST_MS + 3 * 86_400_000)
    assert all(name.startswith("ETH-") for name in ether.instants[0].names)
    assert ether.instants[0].index_usd < 0.1 * recorded.instants[0].index_usd
    loaded, assumed = load_strategy(CONFIG / "short-strangle.toml")
    figures = summarise(run(ether, loaded, replace(book(), underlying="ETH"), assumed))
    assert figures.trades > 3
    assert figures.gap_coin < 1e-12


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file or folder"):
        load_chain(tmp_path / "none", "BTC")
    with pytest.raises(ConfigError, match="name one file"):
        load_chain(tmp_path, "BTC")
    with pytest.raises(ConfigError, match="outside the record"):
        load_chain(shared_data("deribit_options"), "BTC", 0, 86_400_000)
