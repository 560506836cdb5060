"""Policies side by side: the same answer in every process and every order, and its figures."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import msgspec
import pytest

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.compare import compare
from hedger.backtest.contenders import UNHEDGED, Contender, book_of, default_book, default_contenders
from hedger.backtest.summary import summarise
from hedger.policies.schedule import Schedule
from tests.backtest.markets import STRANGLE, chain

MARKET = chain(40)
FEW = (UNHEDGED, Contender("clock", "time", {}), Contender("band", "band", {"lower": -0.1, "upper": 0.1}))

_PRINTS_ITS_REPORT = """
import sys
import msgspec
from hedger.backtest.compare import compare
from tests.backtest.test_compare import FEW, MARKET, STRANGLE, default_book
report = compare(MARKET, STRANGLE, FEW, default_book("BTC"), None, map).report
sys.stdout.buffer.write(msgspec.json.encode(report))
"""


def test_processes_and_one_process_answer_the_same() -> None:
    alone = compare(MARKET, STRANGLE, FEW, default_book("BTC"), mapper=map)
    with ProcessPoolExecutor(2) as pool:
        spread = compare(MARKET, STRANGLE, FEW, default_book("BTC"), mapper=pool.map)
    assert msgspec.json.encode(spread.report) == msgspec.json.encode(alone.report)
    assert spread.outcomes == alone.outcomes


def test_a_rerun_is_the_same_to_the_bit_whatever_hashing_does() -> None:
    answers = {_in_a_process(seed) for seed in ("1", "4711")}
    assert len(answers) == 1
    assert b'"heading"' in answers.pop()


def _in_a_process(hash_seed: str) -> bytes:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", _PRINTS_ITS_REPORT], env=env, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_the_default_policies_are_at_least_seven_and_all_of_them_run() -> None:
    contenders = default_contenders(Assumptions())
    assert len(contenders) >= 7
    report = compare(chain(12), STRANGLE, contenders, default_book("BTC"), mapper=map).report
    assert [each.name for each in report.policies] == [each.name for each in contenders]
    assert {"time", "theta_offset", "band", "whalley_wilmott", "zakamouline"} <= {
        p.policy for p in report.policies
    }
    assert all(each.gap_coin < 1e-12 for each in report.policies)


def test_a_report_begins_with_what_it_rests_on() -> None:
    assumed = Assumptions(half_spread=0.0002, seed=9)
    head = compare(MARKET, STRANGLE, FEW, default_book("BTC"), assumed, map).report.heading
    assert head.assumptions["half_spread"] == 0.0002
    assert any(line.startswith("half_spread = 0.0002") for line in head.assumed)
    assert head.seed == 9
    assert head.data == ("made for a test",)
    other = compare(MARKET, STRANGLE, FEW, default_book("BTC"), Assumptions(), map).report.heading
    assert other.config_hash != head.config_hash
    assert other.data_sha256 == head.data_sha256 == MARKET.digest


def test_the_unhedged_book_is_the_yardstick() -> None:
    none, clock, band = compare(MARKET, STRANGLE, FEW, default_book("BTC"), mapper=map).report.policies
    assert (none.trades, none.hedge_fees_coin, none.turnover_usd, none.outside_share) == (0, 0.0, 0.0, 0.0)
    assert none.option_fees_coin > 0.0
    assert none.effect.trading_cost == 0.0, "its options' costs are of no hedge"
    assert none.effect.variance_reduction == 0.0
    assert none.sd_day_coin > 1.5 * clock.sd_day_coin
    assert clock.trades > band.trades > 0
    assert clock.effect.variance_reduction is not None
    assert clock.effect.variance_reduction > 0.3
    assert clock.attribution_coin["theta"] == none.attribution_coin["theta"]


def test_costs_drawdown_and_capital_are_what_they_say() -> None:
    outcome = compare(MARKET, STRANGLE, FEW[1:2], default_book("BTC"), mapper=map).outcomes[0]
    figures = summarise(outcome)
    path = [outcome.equity_coin, *(point.equity_coin for point in outcome.points)]
    deepest = max(max(path[:place]) - path[place] for place in range(1, len(path)))
    assert figures.max_drawdown_coin == pytest.approx(deepest)
    assert figures.pnl_coin == path[-1] - path[0]
    assert figures.capital_coin == pytest.approx(
        max(point.initial_margin_coin - (point.equity_coin - outcome.equity_coin) for point in outcome.points)
    )
    fees = math.fsum(trade.fee_coin for trade in outcome.hedges)
    assert figures.hedge_fees_coin == pytest.approx(fees)
    assert figures.hedge_slippage_coin == pytest.approx(-math.fsum(t.slippage_coin for t in outcome.hedges))
    later = [trade for trade in outcome.hedges if trade.market_ms >= outcome.points[1].market_ms]
    assert figures.effect.trading_cost == pytest.approx(
        math.fsum(t.fee_coin - t.slippage_coin for t in later)
    )
    assert figures.option_fees_coin == pytest.approx(math.fsum(trade.fee_coin for trade in outcome.options))
    assert figures.pnl_usd == pytest.approx(
        path[-1] * outcome.points[-1].index_usd - path[0] * outcome.points[0].index_usd
    )


def test_a_policy_that_does_not_exist_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match="policy = 'bandd': must be one of band"):
        compare(MARKET, STRANGLE, [Contender("x", "bandd", {})], default_book("BTC"), mapper=map)
    with pytest.raises(ValueError, match="wide"):
        compare(MARKET, STRANGLE, [Contender("x", "band", {"wide": 1})], default_book("BTC"), mapper=map)


def test_the_policy_as_it_is_set_keeps_its_profiles_and_every_policy_the_books_blackouts() -> None:
    calm, silent = ("daily 00:30-01:00 calm",), ("mon-fri 07:55-08:05",)
    base = book_of(Contender("clock", "time", {"window_s": 3_600.0}), default_book("BTC"))
    base = replace(base, profiles={"calm": {"window_s": 7_200.0}}, schedule=Schedule(calm, silent))
    own = book_of(Contender("configured: time", base.policy, base.policy_params), base)
    assert (own.profiles, own.schedule) == (base.profiles, base.schedule)
    other = book_of(Contender("clock", "time", {"window_s": 21_600.0}), base)
    assert (other.profiles, other.schedule) == ({}, Schedule(blackouts=silent))
    silenced = replace(base, schedule=Schedule(blackouts=("daily 00:00-24:00",)))
    configured = Contender("configured", base.policy, base.policy_params)
    (told,) = compare(MARKET, STRANGLE, (configured,), silenced, None, map).report.policies
    assert told.trades == 0
