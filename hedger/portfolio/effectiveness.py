"""How well a hedge worked: measures over equal intervals of one result, unhedged and hedged (theory 4).

With u_i the unhedged result of interval i (the options alone, what trading them cost included), h_i that of
the hedge with its funding and p_i = u_i + h_i less what the hedge's own trades cost, all in one currency:

    variance reduction  HE = 1 - Var(p) / Var(u)
    R^2, slope          of the least-squares line of u on h; -1 is a hedge of the right size
    tracking error      sd(p) * sqrt(intervals per year)
    ES_a                minus the mean of the worst share a of p
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hedger.domain.time_units import YEAR_DAYS
from hedger.portfolio.attribution import Lines


class Effectiveness(msgspec.Struct, frozen=True):
    """None where the figures do not determine it: too few intervals, or nothing that varies."""

    intervals: int
    variance_reduction: float | None
    r_squared: float | None
    slope: float | None
    tracking_error: float | None  # of a year, in the currency
    rmse: float | None  # about 0, per interval, in the currency
    expected_shortfall_5: float | None  # per interval, in the currency; positive is a loss
    expected_shortfall_1: float | None
    trading_cost: float  # fees and slippage of the hedge's trades, in the currency; positive is a cost
    cost_ratio: float | None  # of the premium that time paid: |theta|
    cost_per_variance: float | None  # trading cost per unit of variance removed, over the period
    turnover_coin: float  # sum of |dQ| / F
    trades_per_day: float | None


class Hedged(NamedTuple):
    """One interval's results."""

    unhedged: float
    hedge: float
    costs: float  # what fees and slippage of the hedge's trades took, signed: a loss is negative

    @property
    def result(self) -> float:
        return self.unhedged + self.hedge + self.costs


def hedged(lines: Lines, option_fees: float) -> Hedged:
    """The parts of one interval's lines: options, futures with their funding, and what trading those cost.

    `option_fees` is the options' share of the line `fees`, signed like it.
    """
    options = math.fsum((*lines[:7], lines.settlement, lines.option_slippage, option_fees))
    moves = lines.future_delta, lines.future_basis, lines.future_gamma, lines.future_residual
    futures = math.fsum((*moves, lines.funding))
    return Hedged(options, futures, math.fsum((lines.fees, -option_fees, lines.slippage)))


def hedged_in_usd(lines_usd: Lines, option_fees_usd: float) -> Hedged:
    """The same in dollars, where the collateral is part of what is hedged."""
    parts = hedged(lines_usd, option_fees_usd)
    return parts._replace(unhedged=parts.unhedged + lines_usd.collateral)


def effectiveness(
    series: Sequence[Hedged],
    *,
    interval_years: float,
    turnover_coin: float = 0.0,
    trades: int = 0,
    theta: float = 0.0,
) -> Effectiveness:
    """The measures of intervals of equal length; `theta` is the period's line, in the currency."""
    results = [one.result for one in series]
    before, after = variance([one.unhedged for one in series]), variance(results)
    slope, r_squared = _line([one.hedge for one in series], [one.unhedged for one in series])
    cost = -math.fsum(one.costs for one in series)
    removed = None if before is None or after is None else (before - after) * len(series)
    days = len(series) * interval_years * YEAR_DAYS
    return Effectiveness(
        intervals=len(series),
        variance_reduction=None if not before or after is None else 1.0 - after / before,
        r_squared=r_squared,
        slope=slope,
        tracking_error=None if after is None else math.sqrt(after / interval_years),
        rmse=math.sqrt(math.fsum(p * p for p in results) / len(results)) if results else None,
        expected_shortfall_5=expected_shortfall(results, 0.05),
        expected_shortfall_1=expected_shortfall(results, 0.01),
        trading_cost=cost,
        cost_ratio=cost / abs(theta) if theta else None,
        cost_per_variance=cost / removed if removed is not None and removed > 0.0 else None,
        turnover_coin=turnover_coin,
        trades_per_day=trades / days if days > 0.0 else None,
    )


def expected_shortfall(results: Sequence[float], share: float) -> float | None:
    """Minus the mean of the worst `share` of results (at least one of them); None of none."""
    if not results:
        return None
    worst = sorted(results)[: max(1, math.ceil(share * len(results)))]
    return -math.fsum(worst) / len(worst)


def variance(values: Sequence[float]) -> float | None:
    """Unbiased, in the values' unit squared; None of fewer than two."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _line(x: Sequence[float], y: Sequence[float]) -> tuple[float | None, float | None]:
    """Slope and R^2 of y on x by least squares."""
    across, along = variance(x), variance(y)
    if not across or not along:
        return None, None
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    both = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / (len(x) - 1)
    return both / across, both * both / (across * along)
