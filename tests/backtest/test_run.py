"""One policy over one chain: the account adds up, and nothing is known before its time."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from itertools import pairwise

import pytest

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.chain import Chain
from hedger.backtest.delivery import IndexPath
from hedger.backtest.outcome import Outcome, Trade
from hedger.backtest.run import run
from hedger.backtest.strategy import Strategy
from hedger.domain.vocabulary import Neutral
from hedger.portfolio.attribution import added
from tests.backtest.markets import STEP_MS, STRADDLE, STRANGLE, book, chain, perturbed, without

MARKET = chain()
CLOSES_COIN = 1e-12

POLICIES = {
    "time": {},
    "theta_offset": {},
    "band": {"lower": -0.1, "upper": 0.1},
    "whalley_wilmott": {},
    "zakamouline": {},
    "leland": {},
}


def outcome(
    policy: str = "time", strategy: Strategy = STRANGLE, market: Chain = MARKET, **more: float
) -> Outcome:
    return run(market, strategy, book(policy, **POLICIES[policy]), Assumptions(**more))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("strategy", [STRANGLE, STRADDLE], ids=lambda each: each.name)
def test_attribution_sums_to_the_change_of_equity(policy: str, strategy: Strategy) -> None:
    result = outcome(policy, strategy)
    before = result.equity_coin
    for point, lines in zip(result.points, result.lines, strict=True):
        assert point.equity_coin - before == pytest.approx(lines.total, abs=CLOSES_COIN)
        before = point.equity_coin
    assert len(result.hedges) > 3
    assert len(result.options) >= 4


def test_equity_is_what_the_ledger_holds_and_the_marks_say() -> None:
    result = outcome()
    last = result.points[-1]
    cash = math.fsum(result.sums_coin.values())
    assert last.equity_coin == pytest.approx(
        cash + last.options_coin - last.hedge_usd / last.perpetual_usd, abs=CLOSES_COIN
    )


def test_the_ledger_holds_exactly_the_trades() -> None:
    result = outcome()
    sums = result.sums_coin
    assert sums["deposit"] == 10.0
    assert sums["premium"] == pytest.approx(-sum(each.amount * each.price for each in result.options))
    assert sums["option_fee"] == pytest.approx(-sum(each.fee_coin for each in result.options))
    assert sums["future"] == pytest.approx(sum(each.amount / each.price for each in result.hedges))
    assert sums["hedge_fee"] == pytest.approx(-sum(each.fee_coin for each in result.hedges))
    assert result.points[-1].hedge_usd == sum(each.amount for each in result.hedges)


def test_options_are_sold_at_the_bid_and_bought_at_the_ask() -> None:
    quoted = {(each.market_ms, name): each.row(name) for each in MARKET.instants for name in each.names}
    times = sorted({market_ms for market_ms, _ in quoted})
    for strategy in (STRANGLE, STRADDLE):
        for trade in outcome(strategy=strategy).options:
            at_ms = max(time for time in times if time <= trade.market_ms)
            row = quoted[at_ms, trade.instrument]
            assert row is not None
            assert trade.price == (row.ask if trade.amount > 0 else row.bid)


def test_hedges_pay_half_the_spread_and_the_fee() -> None:
    for trade in outcome(half_spread=0.0005, taker_fee=0.001).hedges:
        away = (trade.price / trade.mark - 1.0) * math.copysign(1.0, trade.amount)
        assert 0.0005 <= away < 0.0005 + 0.5 / trade.mark + 1e-12  # outwards to the half-dollar tick
        assert trade.fee_coin == pytest.approx(0.001 * abs(trade.amount) / trade.price, abs=1e-8)
        assert trade.slippage_coin < 0.0


def test_option_fees_are_capped_by_the_price() -> None:
    for trade in outcome(option_fee=0.005).options:
        assert trade.fee_coin == pytest.approx(min(0.005, 0.125 * trade.price) * abs(trade.amount), abs=1e-8)


def test_expired_options_are_paid_in_coin_at_the_delivery_price() -> None:
    """The mean of the half hour before 08:00, with the index straight between the instants around it."""
    result = outcome(delivery_fee=0.0)
    paid, expired = 0.0, 0
    for trade in result.options:
        expiry_ms, strike, sign = MARKET.instants[0].terms(trade.instrument)
        around = [
            (left, right)
            for left, right in pairwise(MARKET.instants)
            if left.market_ms < expiry_ms <= right.market_ms
        ]
        if not around:
            continue  # still alive at the end
        ((left, right),) = around
        share = (expiry_ms - 15 * 60_000 - left.market_ms) / STEP_MS
        price = left.index_usd + (right.index_usd - left.index_usd) * share
        paid += trade.amount * max(sign * (price - strike), 0.0) / price
        expired += 1
    assert expired >= 2
    assert result.sums_coin["delivery"] == pytest.approx(paid, abs=1e-9)


def test_an_index_path_forgets_nothing_that_a_window_needs() -> None:
    path = IndexPath()
    for minute in range(0, 61, 10):
        path.passed(minute * 60_000, 100.0 + minute)
    assert path.delivery_usd(60 * 60_000) == pytest.approx(145.0)  # of 30 to 60 minutes
    assert path.delivery_usd(55 * 60_000) == pytest.approx(140.0)
    assert path.fixing(60 * 60_000).elapsed == 1.0
    path.passed(600 * 60_000, 700.0)
    assert path.delivery_usd(595 * 60_000) == pytest.approx(680.0)


def test_what_hedged_expired_options_is_hedged_away_at_the_next_instant() -> None:
    """Every option expires between two instants; the clock's policy leaves no more than a lot behind."""
    for point in outcome().points:
        assert abs(point.left_coin) <= 10.0 / point.perpetual_usd


def test_funding_is_paid_by_who_is_long() -> None:
    market, assumed = MARKET, Assumptions(funding_8h=0.001)
    result = run(market, STRANGLE, book(), assumed)
    expected = 0.0
    for before, after in pairwise(result.points):
        span = (after.market_ms - before.market_ms) / (8 * 3_600_000)
        expected -= before.hedge_usd / before.perpetual_usd * 0.001 * span
    assert result.sums_coin["funding"] == pytest.approx(expected, abs=1e-12)
    assert added(result.lines).funding == pytest.approx(expected, abs=1e-12)


def test_a_policy_sees_nothing_of_what_is_to_come() -> None:
    """From some instant on the market is another one: whatever was done before is the same to the bit."""
    for policy in POLICIES:
        true = outcome(policy)
        for place in (1, 40):
            other = outcome(policy, market=perturbed(MARKET, place))
            assert other.points[:place] == true.points[:place]
            assert other.lines[:place] == true.lines[:place]
            from_ms = MARKET.instants[place].market_ms
            assert _before(other.hedges, from_ms) == _before(true.hedges, from_ms)
            assert _before(other.options, from_ms) == _before(true.options, from_ms)
            assert other.points[place:] != true.points[place:]


def _before(trades: tuple[Trade, ...], market_ms: int) -> list[Trade]:
    return [trade for trade in trades if trade.market_ms < market_ms]


def test_an_option_nobody_quotes_keeps_its_volatility_and_blocks_the_hedger() -> None:
    """The engine judges an old ticker as it would live: it waits, and the account is marked by the model."""
    held = outcome().options[0].instrument
    places = (5, 6)
    result = outcome(market=without(MARKET, held, places))
    assert result.unquoted == len(places)
    assert sum(result.blocked.values()) == len(places)
    for place in places:
        assert result.points[place].action == "blocked"
        true = outcome().points[place]
        assert result.points[place].options_coin == pytest.approx(true.options_coin, rel=0.02)


def test_a_leg_of_less_than_may_be_traded_keeps_the_whole_from_being_opened() -> None:
    """One leg alone would be another structure."""
    small = replace(STRANGLE.legs[0], amount_coin=0.05)
    result = outcome(strategy=replace(STRANGLE, legs=(small, *STRANGLE.legs[1:])))
    assert result.options == ()
    assert result.postponed == len(result.points)


def test_the_book_may_keep_its_dollars_neutral() -> None:
    usd = book("time")
    usd = type(usd)(**{**{name: getattr(usd, name) for name in usd.__slots__}, "neutral": Neutral.USD})
    result = run(MARKET, STRANGLE, usd)
    assert result.blocked == {}
    for point in result.points:
        assert abs(point.left_coin) <= 0.006  # ten seconds of drift, which the hedge's own cost is within
    assert result.points[0].hedge_usd < -800_000  # ten coins of equity are sold forward


def test_an_outcome_travels_and_comes_out_the_same() -> None:
    first = outcome("theta_offset")
    assert pickle.loads(pickle.dumps(first)) == first
    assert outcome("theta_offset").digest == first.digest
    assert outcome("time").digest != first.digest
