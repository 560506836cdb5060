"""A comparison of policies on a terminal: what it assumes, then figures; on 80 columns no figure is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from hedger.backtest.compare import Comparison
from hedger.backtest.summary import Summary
from hedger.cli.figures import minute, number, pct
from hedger.cli.tables import WIDE, Column, table
from hedger.domain.vocabulary import Neutral

_COLUMN, _LABEL = 10, 20  # characters of a figure and of a row's name in the table of attribution


def show(console: Console, report: Comparison) -> None:
    """Everything, the assumptions first."""
    for line in heading_lines(report):
        console.print(escape(line), highlight=False, soft_wrap=True)
    number_of = _numbered(report.policies)
    for title, columns in columns_of(report):
        console.print()
        console.print(table((number_of, *columns), report.policies, console.width >= WIDE, title))
    _show_attribution(console, report.policies)
    gap = max(summary.gap_coin for summary in report.policies)
    told = f"attribution closes: its lines miss the change of equity by {gap:.1e} coin at most"
    console.print(told, highlight=False)
    for line in _missing(report):
        console.print(f"[yellow]{escape(line)}[/]", highlight=False)


def _missing(report: Comparison) -> Iterator[str]:
    """What the data did not have, at most over the policies."""
    postponed = max(summary.postponed for summary in report.policies)
    unquoted = max(summary.unquoted for summary in report.policies)
    if postponed:
        yield (
            f"at {postponed:,} of {report.heading.instants:,} instants the strategy wanted to trade and an "
            "expiry, a price or a size that may be traded was missing"
        )
    if unquoted:
        yield f"{unquoted:,} times a held option was not quoted and valued at its last volatility"


def heading_lines(report: Comparison) -> Iterator[str]:
    """What the comparison rests on, line by line."""
    head = report.heading
    first, last = (minute(market_ms) for market_ms in (head.first_ms, head.last_ms))
    yield f"{head.coin}, {head.strategy['name']}: {head.strategy['description']}"
    yield f"{first} to {last} UTC, {head.instants:,} instants, {head.rows:,} recorded rows"
    yield f"neutral = {head.neutral}, hedged in {head.coin}-PERPETUAL"
    yield f"seed {head.seed}  config {head.config_hash[:16]}  data {head.data_sha256[:16]}"
    yield "Assumptions:"
    yield from (f"  {line}" for line in (*head.data, *head.assumed))


_Columns = tuple[Column[Summary], ...]
_NAME: Column[Summary] = Column("policy", lambda s: s.name, text=True)
_RESULT: tuple[str, _Columns] = (
    "result and what hedging cost: fees and slippage paid, funding received (coin, USD where it says so)",
    (
        Column("P&L", lambda s: number(s.pnl_coin, 4, "+")),
        Column("P&L USD", lambda s: number(s.pnl_usd, 0, "+")),
        Column("collateral USD", lambda s: number(s.collateral_usd, 0, "+"), wide=True),
        Column("fees", lambda s: number(s.hedge_fees_coin, 4)),
        Column("slippage", lambda s: number(s.hedge_slippage_coin, 4)),
        Column("funding", lambda s: number(s.funding_coin, 4, "+")),
        Column("trading cost USD", lambda s: number(s.trading_cost_usd), wide=True),
        Column("trades", lambda s: f"{s.trades}"),
        Column("turnover USD", lambda s: number(s.turnover_usd), wide=True),
    ),
)
_RISK = "sd of a day, shortfall of an interval, variance reduced against the options"
_ALONE: _Columns = (
    Column("reduced", lambda s: pct(s.effect.variance_reduction)),
    Column("outside", lambda s: pct(s.outside_share)),
    Column("R2", lambda s: number(s.effect.r_squared, 3), wide=True),
    Column("slope", lambda s: number(s.effect.slope, 3), wide=True),
    Column("rms delta", lambda s: number(s.rms_found_coin, 3), wide=True),
)
_RISK_COIN: tuple[str, _Columns] = (
    f"risk (coin; {_RISK} alone)",
    (
        Column("sd", lambda s: number(s.sd_day_coin, 4)),
        Column("ES 5 %", lambda s: number(s.effect.expected_shortfall_5, 4)),
        Column("drawdown", lambda s: number(s.max_drawdown_coin, 3)),
        *_ALONE,
        Column("sd USD", lambda s: number(s.sd_day_usd), wide=True),
    ),
)
_RISK_USD: tuple[str, _Columns] = (
    f"risk (USD, the collateral's among it; {_RISK} and collateral alone)",
    (
        Column("sd", lambda s: number(s.sd_day_usd)),
        Column("ES 5 %", lambda s: number(s.effect.expected_shortfall_5)),
        Column("drawdown", lambda s: number(s.max_drawdown_usd)),
        *_ALONE,
        Column("sd coin", lambda s: number(s.sd_day_coin, 4), wide=True),
    ),
)
_MARGIN: tuple[str, _Columns] = (
    "margin and capital used (coin)",
    (
        Column("mean margin", lambda s: number(s.mean_margin_coin, 2)),
        Column("most", lambda s: number(s.max_margin_coin, 2)),
        Column("capital", lambda s: number(s.capital_coin, 2)),
        Column("blocked", lambda s: pct(s.blocked_share)),
    ),
)


def in_usd(report: Comparison) -> bool:
    """Whether its risk is counted in USD: that of a book that is kept neutral there."""
    return report.heading.neutral == Neutral.USD


def columns_of(report: Comparison) -> Iterator[tuple[str, _Columns]]:
    """The tables: title and columns, the policy's name first."""
    for title, columns in (_RESULT, _RISK_USD if in_usd(report) else _RISK_COIN, _MARGIN):
        yield title, (_NAME, *columns)


def attribution_rows(policies: Sequence[Summary], lines: Sequence[str] = ()) -> list[list[str]]:
    """One row per line of attribution that is not nothing everywhere, and their sum."""
    used = lines or used_lines(policies)
    rows = [
        [line.replace("_", " "), *(number(each.attribution_coin[line], 4, "+") for each in policies)]
        for line in used
    ]
    return [*rows, ["sum", *(number(each.pnl_coin, 4, "+") for each in policies)]]


def used_lines(policies: Sequence[Summary]) -> list[str]:
    """Lines that are not nothing everywhere."""
    return [name for name in policies[0].attribution_coin if any(s.attribution_coin[name] for s in policies)]


def _show_attribution(console: Console, policies: Sequence[Summary]) -> None:
    """As many policies side by side as fit; they are told by their numbers."""
    fit = max(1, (console.width - _LABEL) // _COLUMN)
    lines = used_lines(policies)
    for first in range(0, len(policies), fit):
        shown = policies[first : first + fit]
        rows = attribution_rows(shown, lines)
        columns: list[Column[list[str]]] = [Column("", lambda row: row[0], text=True)]
        columns += [_cell(place, first + place) for place in range(1, len(shown) + 1)]
        console.print()
        console.print(table(columns, rows, True, "where the P&L came from, by policy (coin)"))


def _cell(place: int, policy: int) -> Column[list[str]]:
    return Column(str(policy), lambda row: row[place])


def _numbered(policies: Sequence[Summary]) -> Column[Summary]:
    return Column("", lambda s: str(policies.index(s) + 1))
