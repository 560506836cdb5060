"""Shadows beside the live hedge, as a table: what each paid, and how closely each hedged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.console import Group
from rich.markup import escape

from hedger.cli.figures import UNKNOWN, number, usd
from hedger.cli.tables import Column, table
from hedger.domain.instants import iso_time
from hedger.engine.views.shadow_view import LedgerView, ShadowView


class _Line(NamedTuple):
    """One hedge; root mean square of its open delta, and standard deviations of hedged P&L per minute and per
    hour, in the unit of the head.
    """

    name: str
    hedge: LedgerView
    ahead_usd: float
    open_coin: float | None
    minute_sd: float | None
    hour_sd: float | None


def shadow_table(shadows: Sequence[ShadowView], wide: bool, *, against: str = "") -> Group:
    """One table per time since which shadows have run, the hedge they are held against first: the live one,
    or the shadow named.
    """
    begun = dict.fromkeys(shadow.since_ms for shadow in shadows)
    groups = ((since_ms, [s for s in shadows if s.since_ms == since_ms]) for since_ms in begun)
    return Group(*(_since(since_ms, those, wide, against) for since_ms, those in groups))


def _since(since_ms: int | None, shadows: Sequence[ShadowView], wide: bool, against: str) -> Group:
    if since_ms is None:
        return Group(f"[dim]shadows that have not begun: {escape(', '.join(s.name for s in shadows))}[/]")
    first = shadows[0]
    per_min, per_h = first.minutes, first.hours
    live = _Line("live", first.live, 0.0, per_min.live_open_coin, per_min.live_sd, per_h.live_sd)
    own = [_own(shadow) for shadow in shadows]
    reference = next((line for line in own if line.name == against), live)
    lines = [reference, *(line for line in own if line is not reference)]
    counted = f"{first.minutes.intervals} min, {first.hours.intervals} h"
    unit = f"USD, P&L in {first.minutes.unit}"
    told = f"{reference.name} and shadows since {iso_time(since_ms)[:16]} ({counted}), {unit}"
    failed = [f"[bold red]{escape(f'{s.name}: {s.says}')}[/]" for s in shadows if s.failed]
    return Group(f"[dim]{escape(told)}[/]", table(_columns(reference), lines, wide), *failed)


def _own(of: ShadowView) -> _Line:
    return _Line(of.name, of.own, of.ahead_usd or 0.0, of.minutes.open_coin, of.minutes.sd, of.hours.sd)


def _columns(reference: _Line) -> tuple[Column[_Line], ...]:
    return (
        Column("hedge", lambda line: escape(line.name), text=True),
        Column("trades", lambda line: str(line.hedge.trades)),
        Column("turnover", lambda line: usd(line.hedge.turnover_usd), wide=True),
        Column("fees", lambda line: number(line.hedge.fees_usd, 2), wide=True),
        Column("spread", lambda line: number(line.hedge.spread_usd, 2), wide=True),
        Column("cost", lambda line: number(line.hedge.cost_usd, 2)),  # of trading: fees and spread
        Column("funding", lambda line: number(line.hedge.funding_usd, 2), wide=True),  # paid
        Column("ahead", lambda line: _ahead(line, reference)),
        Column("open", lambda line: number(line.open_coin, 4)),
        Column("sd/min", lambda line: _figures(line.minute_sd), wide=True),
        Column("var/min", lambda line: _ratio(line, reference, lambda one: one.minute_sd)),
        Column("sd/h", lambda line: _figures(line.hour_sd), wide=True),
        Column("var/h", lambda line: _ratio(line, reference, lambda one: one.hour_sd)),
    )


def _ahead(line: _Line, reference: _Line) -> str:
    return UNKNOWN if line is reference else number(line.ahead_usd - reference.ahead_usd, 2, "+")


def _ratio(line: _Line, reference: _Line, sd_of: Callable[[_Line], float | None]) -> str:
    """Of the variances; below 1 hedges closer than the reference."""
    own, base = sd_of(line), sd_of(reference)
    if own is None or not base:
        return UNKNOWN
    return "1" if line is reference else number((own / base) ** 2, 3)


def _figures(value: float | None) -> str:
    """Four that count: coin and dollars are far apart."""
    return UNKNOWN if value is None else f"{value:.4g}"
