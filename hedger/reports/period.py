"""What a report on a period is made of, and what it comes to: one wallet's change of equity, explained."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from hedger.domain.instants import iso_day, utc
from hedger.domain.names import is_option, parse_name
from hedger.domain.time_units import DAY_MS, YEAR_DAYS
from hedger.portfolio.attribution import LINES, Lines, added, grouped
from hedger.portfolio.breakdown import PERPETUAL
from hedger.portfolio.carry import Carry, carry
from hedger.portfolio.effectiveness import Effectiveness, effectiveness, hedged, hedged_in_usd
from hedger.portfolio.running import ACCOUNT, Interval
from hedger.portfolio.taylor import taylor
from hedger.reports.hedges import HedgeRow

APART = 1e-9
"""Of the currency: an interval that begins with another equity than the last one ended with is not joined."""

NOTHING = 5e-9
"""Of a coin or a dollar: what is less is not shown."""

CUT: dict[str, tuple[str, ...]] = {
    "delta": ("delta", "future_delta"),
    "basis": ("future_basis",),
    "gamma": ("gamma", "future_gamma"),
    "theta": ("theta",),
    "vol": ("vega", "vanna", "volga"),
    "costs": ("fees", "slippage", "option_slippage", "funding"),
    "all": LINES,
}
"""Lines put together, for tables of groups: what a terminal of 80 columns has room for."""


def cut(groups: Mapping[str, Mapping[str, float]]) -> tuple[list[str], dict[str, list[float]]]:
    """The columns of CUT in which any group has something, and each group's figures in them."""
    sums = {
        group: {column: math.fsum(lines[name] for name in names) for column, names in CUT.items()}
        for group, lines in groups.items()
    }
    columns = [
        column for column in CUT if column == "all" or any(abs(s[column]) > NOTHING for s in sums.values())
    ]
    return columns, {group: [told[column] for column in columns] for group, told in sums.items()}


class Stretch(msgspec.Struct, frozen=True):
    """One closed interval, its lines by strategy tag, and how its cash stood against the bookings."""

    interval: Interval
    tags: dict[str, Lines]
    cash_gap: float
    cash_tolerance: float


class Basis(msgspec.Struct, frozen=True):
    """What a report rests on; stands at its beginning."""

    version: str  # of hedger
    source: str  # the journal
    venue: str  # as configured
    environment: str  # whose money it is
    account: str  # as the venue names it
    from_ms: int  # market time asked for
    to_ms: int
    config_hashes: tuple[str, ...]  # settings in force in the period, the oldest first
    paper: bool = False  # hedges were traded on paper


class Point(msgspec.Struct, frozen=True):
    """The end of one interval: sums since the period began, in the currency."""

    market_ms: int
    index_usd: float
    equity: float
    options: float  # result of the options, what trading them cost included
    futures: float  # of the futures, with funding
    costs: float  # of hedging: fees and slippage of the futures' trades
    result: float  # of all, without transfers
    lines: dict[str, float]  # every line
    realised_vol: float | None  # of this interval alone
    implied_vol: float | None


class WalletReport(msgspec.Struct, frozen=True):
    """One wallet over the period. Amounts are in its currency unless the name says USD."""

    basis: Basis
    currency: str
    from_ms: int  # market time covered, which may be less than was asked for
    to_ms: int
    intervals: int
    gaps: tuple[str, ...]  # where the covered time is broken
    equity_before: float
    equity_after: float
    change: float  # of the intervals' equity; their difference where nothing is missing
    change_usd: float
    lines: dict[str, float]
    lines_usd: dict[str, float]
    expiries: dict[str, dict[str, float]]
    instruments: dict[str, dict[str, float]]
    tags: dict[str, dict[str, float]]
    carry: Carry
    effectiveness: Effectiveness
    effectiveness_usd: Effectiveness | None  # with the equity held, which a usd-neutral book hedges
    bookings: int
    cash_gap: float  # the last one: cash and realised result beyond what was booked
    cash_tolerance: float
    largest_gap: float  # of all looks, by size
    taylor_residual: float  # what greeks left of options and futures; of all intervals, signed
    taylor_gross: float  # the sizes of what they are lines of, see portfolio.taylor
    largest_taylor_share: float  # of any interval: the size of its residual over its gross
    points: tuple[Point, ...]
    hedges: tuple[HedgeRow, ...]
    apart: tuple[HedgeRow, ...] = ()  # of the time asked for, in no interval: part of no figure above

    @property
    def days(self) -> float:
        return (self.to_ms - self.from_ms) / DAY_MS


def wallet_report(
    basis: Basis,
    currency: str,
    stretches: Sequence[Stretch],
    hedges: Sequence[HedgeRow],
    apart: Sequence[HedgeRow] = (),
) -> WalletReport:
    """The report on a wallet's intervals, the oldest first; `apart` are trades in none of them.

    Raises ValueError for no interval.
    """
    if not stretches:
        raise ValueError("stretches = []: a report needs an interval at least")
    intervals = [stretch.interval for stretch in stretches]
    first, last, own = intervals[0], intervals[-1], [row for row in hedges if row.currency == currency]
    futures = [row for row in own if not is_option(row.instrument)]
    totals = [interval.total for interval in intervals]
    whole, usd = added(totals), added(interval.total_usd for interval in intervals)
    by_instrument = _by_instrument(intervals)
    covered_years = math.fsum(one.to_ms - one.from_ms for one in intervals) / DAY_MS / YEAR_DAYS
    left = [taylor(one.lines, 0.0) for one in intervals]
    measure = partial(
        effectiveness,
        interval_years=covered_years / len(intervals),
        turnover_coin=math.fsum(row.coin for row in futures),
        trades=len(futures),
    )
    return WalletReport(
        basis=basis,
        currency=currency,
        from_ms=first.from_ms,
        to_ms=last.to_ms,
        intervals=len(intervals),
        gaps=tuple(_gaps(intervals)),
        equity_before=first.equity_before,
        equity_after=last.equity_after,
        change=math.fsum(one.equity_after - one.equity_before for one in intervals),
        change_usd=usd.total,
        lines=named(whole),
        lines_usd=named(usd),
        expiries=_named(grouped(by_instrument, {name: expiry_of(name) for name in by_instrument})),
        instruments=_named(by_instrument),
        tags=_named(_by_tag(stretches)),
        carry=carry(whole, covered_years * YEAR_DAYS),
        effectiveness=measure(
            [hedged(total, one.option_fees) for total, one in zip(totals, intervals, strict=True)],
            theta=whole.theta,
        ),
        effectiveness_usd=measure(
            [hedged_in_usd(one.total_usd, one.option_fees * one.rate_after_usd) for one in intervals],
            theta=usd.theta,
        )
        if any(one.rate_before_usd != 1.0 for one in intervals)
        else None,
        bookings=sum(one.bookings for one in intervals),
        cash_gap=stretches[-1].cash_gap,
        cash_tolerance=stretches[-1].cash_tolerance,
        largest_gap=max((abs(one.cash_gap) for one in stretches), default=0.0),
        taylor_residual=math.fsum(one.residual for one in left),
        taylor_gross=math.fsum(one.gross for one in left),
        largest_taylor_share=max(one.share for one in left),
        points=tuple(_points(intervals)),
        hedges=tuple(own),
        apart=tuple(row for row in apart if row.currency == currency),
    )


def named(lines: Lines) -> dict[str, float]:
    """The lines that sum, by name."""
    return dict(zip(LINES, lines.parts, strict=True))


def _named(groups: Mapping[str, Lines]) -> dict[str, dict[str, float]]:
    return {group: named(lines) for group, lines in groups.items()}


def expiry_of(name: str) -> str:
    """The expiry's date, PERPETUAL, or the account itself; a name of no grammar stands for itself."""
    if name == ACCOUNT:
        return "account"
    try:
        expiration_ms = parse_name(name).expiration_ms
    except ValueError:
        return name
    if expiration_ms is None:
        return PERPETUAL
    return iso_day(expiration_ms)


def _by_instrument(intervals: Sequence[Interval]) -> dict[str, Lines]:
    parts: dict[str, list[Lines]] = {}
    for interval in intervals:
        for name, lines in interval.lines.items():
            parts.setdefault(name, []).append(lines)
    return {name: added(parts[name]) for name in sorted(parts)}


def _by_tag(stretches: Sequence[Stretch]) -> dict[str, Lines]:
    """Of intervals in which no option had a tag all is untagged; nothing where none ever had."""
    if not any(stretch.tags for stretch in stretches):
        return {}
    parts: dict[str, list[Lines]] = {}
    for stretch in stretches:
        for tag, lines in (stretch.tags or {"": stretch.interval.total}).items():
            parts.setdefault(tag, []).append(lines)
    return {tag: added(parts[tag]) for tag in sorted(parts)}


def _gaps(intervals: Sequence[Interval]) -> list[str]:
    """Where one interval does not begin as the one before ended."""
    told = []
    for before, after in itertools.pairwise(intervals):
        apart = after.equity_before - before.equity_after
        if after.from_ms != before.to_ms or abs(apart) > APART:
            told.append(f"{when(before.to_ms)} to {when(after.from_ms)}: equity moved {apart:+.8f} unseen")
    return told


def _points(intervals: Sequence[Interval]) -> list[Point]:
    points, so_far, option_fees = [], Lines(), 0.0
    for interval in intervals:
        total = interval.total
        so_far, option_fees = so_far.plus(total), option_fees + interval.option_fees
        parts, alone = hedged(so_far, option_fees), carry(total, 0.0)
        points.append(
            Point(
                market_ms=interval.to_ms,
                index_usd=interval.rate_after_usd,
                equity=interval.equity_after,
                options=parts.unhedged,
                futures=parts.hedge,
                costs=parts.costs,
                result=so_far.result,
                lines=named(so_far),
                realised_vol=alone.realised_vol,
                implied_vol=alone.implied_vol,
            )
        )
    return points


def when(market_ms: int) -> str:
    """2026-11-26 08:00:15 UTC."""
    return f"{utc(market_ms):%Y-%m-%d %H:%M:%S} UTC"
