"""A comparison of policies on a terminal: what it assumes, then figures; on 80 columns no figure is cut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from hedger.backtest.compare import Comparison
from hedger.backtest.summary import Summary
from hedger.cli.figures import number, pct
from hedger.cli.tables import WIDE, Column, table

_COLUMN, _LABEL = 10, 20  # characters of a figure and of a row's name in the table of attribution


def show(console: Console, report: Comparison) -> None:
    """Everything, the assumptions first."""
    for line in heading_lines(report):
        console.print(escape(line), highlight=False, soft_wrap=True)
    numbered = [_Numbered(place, summary) for place, summary in enumerate(report.policies, start=1)]
    for title, columns in _TABLES:
        console.print()
        console.print(table(columns, numbered, console.width >= WIDE, title))
    _show_attribution(console, numbered)
    gap = max(summary.gap_coin for summary in report.policies)
    told = f"attribution closes: its lines miss the change of equity by {gap:.1e} coin at most"
    console.print(told, highlight=False)


def heading_lines(report: Comparison) -> Iterator[str]:
    """What the comparison rests on, line by line."""
    head = report.heading
    first, last = (_time(market_ms) for market_ms in (head.first_ms, head.last_ms))
    yield f"{head.coin}, {head.strategy['name']}: {head.strategy['description']}"
    yield f"{first} to {last} UTC, {head.instants:,} instants, {head.rows:,} recorded rows"
    yield f"neutral = {head.neutral}"
    yield f"seed {head.seed}  config {head.config_hash[:16]}  data {head.data_sha256[:16]}"
    yield "Assumptions:"
    yield from (f"  {line}" for line in (*head.data, *head.assumed))


def _time(market_ms: int) -> str:
    return datetime.fromtimestamp(market_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


class _Numbered(NamedTuple):
    place: int
    of: Summary


_NAME: tuple[Column[_Numbered], ...] = (
    Column("", lambda n: str(n.place)),
    Column("policy", lambda n: n.of.name, text=True),
)
_TABLES: tuple[tuple[str, tuple[Column[_Numbered], ...]], ...] = (
    (
        "result and what hedging cost (coin, USD where it says so)",
        (
            *_NAME,
            Column("P&L", lambda n: number(n.of.pnl_coin, 4, "+")),
            Column("P&L USD", lambda n: number(n.of.pnl_usd, 0, "+")),
            Column("collateral USD", lambda n: number(n.of.collateral_usd, 0, "+"), wide=True),
            Column("fees", lambda n: number(n.of.hedge_fees_coin, 4)),
            Column("slippage", lambda n: number(n.of.hedge_slippage_coin, 4)),
            Column("funding", lambda n: number(n.of.funding_coin, 4, "+")),
            Column("cost USD", lambda n: number(n.of.hedge_cost_usd), wide=True),
            Column("trades", lambda n: f"{n.of.trades}"),
            Column("turnover USD", lambda n: number(n.of.turnover_usd), wide=True),
        ),
    ),
    (
        "risk (coin; sd of a day, shortfall of an interval, variance reduced against the options alone)",
        (
            *_NAME,
            Column("sd", lambda n: number(n.of.sd_day_coin, 4)),
            Column("ES 5 %", lambda n: number(n.of.effect.expected_shortfall_5, 4)),
            Column("drawdown", lambda n: number(n.of.max_drawdown_coin, 3)),
            Column("reduced", lambda n: pct(n.of.effect.variance_reduction)),
            Column("outside", lambda n: pct(n.of.outside_share)),
            Column("R2", lambda n: number(n.of.effect.r_squared, 3), wide=True),
            Column("rms delta", lambda n: number(n.of.rms_found_coin, 3), wide=True),
            Column("sd USD", lambda n: number(n.of.sd_day_usd), wide=True),
        ),
    ),
    (
        "margin and capital used (coin)",
        (
            *_NAME,
            Column("mean margin", lambda n: number(n.of.mean_margin_coin, 2)),
            Column("most", lambda n: number(n.of.max_margin_coin, 2)),
            Column("capital", lambda n: number(n.of.capital_coin, 2)),
            Column("blocked", lambda n: pct(n.of.blocked_share)),
        ),
    ),
)


def _show_attribution(console: Console, numbered: list[_Numbered]) -> None:
    """One row per line that is not nothing everywhere, one column per policy, as many as fit."""
    lines = [name for name in numbered[0].of.attribution_coin if _used(name, numbered)]
    fit = max(1, (console.width - _LABEL) // _COLUMN)
    for first in range(0, len(numbered), fit):
        columns: list[Column[str]] = [Column("", lambda line: line.replace("_", " "), text=True)]
        columns += [_column(each) for each in numbered[first : first + fit]]
        console.print()
        console.print(table(columns, [*lines, "sum"], True, "where the P&L came from, by policy (coin)"))


def _used(line: str, numbered: list[_Numbered]) -> bool:
    return any(each.of.attribution_coin[line] for each in numbered)


def _column(each: _Numbered) -> Column[str]:
    lines = {**each.of.attribution_coin, "sum": each.of.pnl_coin}
    return Column(str(each.place), lambda line: number(lines[line], 4, "+"))
