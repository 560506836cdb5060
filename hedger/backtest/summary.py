"""What a run came to in figures: result, costs, risk, capital, and how well the hedge worked."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator

import msgspec

from hedger.backtest.outcome import Outcome, Point
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Neutral
from hedger.portfolio.attribution import LINES, Lines, added, in_usd
from hedger.portfolio.effectiveness import (
    Effectiveness,
    effectiveness,
    hedged,
    hedged_in_usd,
    variance,
)
from hedger.pricing.black76 import YEAR_MS


class Summary(msgspec.Struct, frozen=True):
    """Of one policy; costs are positive, coin or USD as named.

    `attribution_*` are attribution's lines by name; `gap_coin` is by how much they miss the change of equity.
    `pnl_usd` holds the equity's own change of worth, `collateral_usd`; the figures of `effect` are per
    interval between instants, in coin, or in USD for a usd-neutral book, whose collateral is hedged.
    """

    name: str
    policy: str
    params: dict[str, float | str]
    days: float
    pnl_coin: float
    pnl_usd: float
    collateral_usd: float
    hedge_fees_coin: float
    hedge_slippage_coin: float
    funding_coin: float  # received by the hedge, the perpetual; what it pays is a cost of holding it
    option_fees_coin: float
    option_slippage_coin: float
    trading_cost_usd: float  # fees and slippage of hedges at the index of their instant; funding apart
    sd_day_coin: float
    sd_day_usd: float  # collateral aside, but of a usd-neutral book
    trades: int
    turnover_usd: float
    max_drawdown_coin: float
    max_drawdown_usd: float  # likewise
    mean_margin_coin: float
    max_margin_coin: float
    capital_coin: float
    """Equity the account must have begun with so that it always covered its initial margin."""
    rms_found_coin: float  # of the controlled delta, as the instants found it
    outside_share: float  # of the instants: delta found outside the policy's no-trade interval
    blocked_share: float  # of the instants
    effect: Effectiveness
    attribution_coin: dict[str, float]
    attribution_usd: dict[str, float]
    gap_coin: float
    unquoted: int
    postponed: int
    digest: str


def summarise(outcome: Outcome) -> Summary:
    """The figures of one run."""
    points, coin, usd = outcome.points, outcome.lines, tuple(usd_lines(outcome))
    total, total_usd = added(coin), added(usd)
    hedge_fees = -outcome.sums_coin["hedge_fee"]
    intervals = len(points) - 1
    elapsed_ms = points[-1].market_ms - points[0].market_ms
    days = elapsed_ms / DAY_MS
    usd_neutral = outcome.neutral == Neutral.USD
    option_fees = _option_fees_coin(outcome)
    series = [hedged(lines, fees) for lines, fees in zip(coin, option_fees, strict=True)]
    if usd_neutral:
        series = [
            hedged_in_usd(lines, fees * point.index_usd)
            for lines, fees, point in zip(usd, option_fees, points, strict=True)
        ]
    results_usd = hedged_usd(outcome, usd)
    return Summary(
        name=outcome.name,
        policy=outcome.policy,
        params=outcome.params,
        days=days,
        pnl_coin=points[-1].equity_coin - outcome.equity_coin,
        pnl_usd=math.fsum(lines.total for lines in usd),
        collateral_usd=total_usd.collateral,
        hedge_fees_coin=hedge_fees,
        hedge_slippage_coin=-total.slippage,
        funding_coin=total.funding,
        option_fees_coin=-math.fsum(option_fees),
        option_slippage_coin=-total.option_slippage,
        trading_cost_usd=_trading_cost_usd(outcome),
        sd_day_coin=_sd([lines.total for lines in coin[1:]]) * math.sqrt(intervals / days),
        sd_day_usd=_sd(results_usd[1:]) * math.sqrt(intervals / days),
        trades=len(outcome.hedges),
        turnover_usd=math.fsum(abs(trade.amount) for trade in outcome.hedges),
        max_drawdown_coin=_drawdown([lines.total for lines in coin]),
        max_drawdown_usd=_drawdown(results_usd),
        mean_margin_coin=math.fsum(point.initial_margin_coin for point in points) / len(points),
        max_margin_coin=max(point.initial_margin_coin for point in points),
        capital_coin=max(_needed(point, outcome.equity_coin) for point in points),
        rms_found_coin=_rms_found(points),
        outside_share=_outside(points),
        blocked_share=sum(outcome.blocked.values()) / len(points),
        effect=effectiveness(
            series[1:],  # before the first instant there was no market
            interval_years=elapsed_ms / YEAR_MS / intervals,
            turnover_coin=math.fsum(abs(trade.amount) / trade.price for trade in outcome.hedges),
            trades=len(outcome.hedges),
            theta=total_usd.theta if usd_neutral else total.theta,
        ),
        attribution_coin={name: getattr(total, name) for name in LINES},
        attribution_usd={name: getattr(total_usd, name) for name in LINES},
        gap_coin=_gap(outcome),
        unquoted=outcome.unquoted,
        postponed=outcome.postponed,
        digest=outcome.digest,
    )


def usd_lines(outcome: Outcome) -> Iterator[Lines]:
    """The lines in dollars at the index; before the first point the account was at that point's index."""
    equity, index = outcome.equity_coin, outcome.points[0].index_usd
    for point, lines in zip(outcome.points, outcome.lines, strict=True):
        yield in_usd(lines, equity, index, point.index_usd)
        equity, index = point.equity_coin, point.index_usd


def hedged_usd(outcome: Outcome, lines_usd: Iterable[Lines]) -> list[float]:
    """Of each interval, what the hedge answers for: the collateral's own change aside, unless that is hedged,
    as it is in a usd-neutral book."""
    if outcome.neutral == Neutral.USD:
        return [lines.total for lines in lines_usd]
    return [lines.total - lines.collateral for lines in lines_usd]


def _option_fees_coin(outcome: Outcome) -> list[float]:
    """What of each point's line `fees` was paid for options, signed like it: all but its hedges' fees. They
    are made in the milliseconds after the instant."""
    begins_ms = [point.market_ms for point in outcome.points]
    hedge_fees = [0.0] * len(begins_ms)
    for trade in outcome.hedges:
        hedge_fees[bisect_right(begins_ms, trade.market_ms) - 1] += trade.fee_coin
    return [lines.fees + fees for lines, fees in zip(outcome.lines, hedge_fees, strict=True)]


def _trading_cost_usd(outcome: Outcome) -> float:
    return math.fsum((trade.fee_coin - trade.slippage_coin) * trade.mark for trade in outcome.hedges)


def _gap(outcome: Outcome) -> float:
    """The largest miss of the lines of one interval against the change of equity."""
    gaps, before = [0.0], outcome.equity_coin
    for point, lines in zip(outcome.points, outcome.lines, strict=True):
        gaps.append(abs(point.equity_coin - before - lines.total))
        before = point.equity_coin
    return max(gaps)


def _needed(point: Point, equity_coin: float) -> float:
    return point.initial_margin_coin + equity_coin - point.equity_coin


def _sd(values: list[float]) -> float:
    """0 of fewer than two values."""
    return math.sqrt(variance(values) or 0.0)


def _drawdown(results: list[float]) -> float:
    """The deepest fall of the running sum from its highest point before; positive."""
    total = highest = deepest = 0.0
    for result in results:
        total += result
        highest = max(highest, total)
        deepest = max(deepest, highest - total)
    return deepest


def _rms_found(points: tuple[Point, ...]) -> float:
    found = [point.found_coin for point in points if not math.isnan(point.found_coin)]
    return math.sqrt(math.fsum(delta * delta for delta in found) / len(found)) if found else math.nan


def _outside(points: tuple[Point, ...]) -> float:
    """NaN bounds bind nothing."""
    out = (point.found_coin < point.lower_coin or point.found_coin > point.upper_coin for point in points)
    return sum(out) / len(points)
