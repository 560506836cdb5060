"""Shadows beside the live hedge, as a table: what each paid, and how closely each hedged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Group
from rich.markup import escape

from hedger.cli.figures import UNKNOWN, number, usd
from hedger.cli.tables import Column, table
from hedger.engine.views.shadow_view import GridView, LedgerView, ShadowView
from hedger.web.answers import market_time


class _Line(NamedTuple):
    name: str
    hedge: LedgerView
    ahead_usd: float | None
    minutes: GridView
    hours: GridView
    live: bool


def shadow_table(shadows: Sequence[ShadowView], wide: bool) -> Group:
    """One table per time since which shadows have run: the live hedge first, each shadow held against it."""
    begun = dict.fromkeys(shadow.since_ms for shadow in shadows)
    return Group(
        *(_since(since_ms, [s for s in shadows if s.since_ms == since_ms], wide) for since_ms in begun)
    )


def _since(since_ms: int | None, shadows: Sequence[ShadowView], wide: bool) -> Group:
    if since_ms is None:
        return Group(f"[dim]shadows that have not begun: {escape(', '.join(s.name for s in shadows))}[/]")
    first = shadows[0]
    live = _Line("live", first.live, None, first.minutes, first.hours, live=True)
    lines = [live, *(_Line(s.name, s.own, s.ahead_usd, s.minutes, s.hours, live=False) for s in shadows)]
    told = f"live and shadows since {market_time(since_ms)[:16]}; USD, and hedged P&L in {first.minutes.unit}"
    return Group(f"[dim]{told}[/]", table(_COLUMNS, lines, wide))


def _sd(line: _Line, grid: GridView) -> str:
    return _figures(grid.live_sd if line.live else grid.sd)


def _ratio(line: _Line, grid: GridView) -> str:
    if line.live:
        return "1" if grid.intervals > 1 else UNKNOWN
    return number(grid.variance_ratio, 3)


def _figures(value: float | None) -> str:
    """Four that count: coin and dollars are far apart."""
    return UNKNOWN if value is None else f"{value:.4g}"


_COLUMNS: tuple[Column[_Line], ...] = (
    Column("hedge", lambda line: escape(line.name), text=True),
    Column("trades", lambda line: str(line.hedge.trades)),
    Column("turnover", lambda line: usd(line.hedge.turnover_usd), wide=True),
    Column("fees", lambda line: number(line.hedge.fees_usd, 2), wide=True),
    Column("spread", lambda line: number(line.hedge.spread_usd, 2), wide=True),
    Column("cost", lambda line: number(line.hedge.cost_usd, 2)),
    Column("ahead", lambda line: number(line.ahead_usd, 2, "+")),
    Column("sd/min", lambda line: _sd(line, line.minutes), wide=True),
    Column("var/min", lambda line: _ratio(line, line.minutes)),
    Column("sd/h", lambda line: _sd(line, line.hours), wide=True),
    Column("var/h", lambda line: _ratio(line, line.hours)),
)
