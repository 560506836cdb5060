"""A comparison of policies as HTML: the figures of the terminal's tables, and a curve per policy."""

from __future__ import annotations

from itertools import accumulate

from hedger.backtest.compare import Compared, Comparison
from hedger.backtest.outcome import Outcome
from hedger.backtest.summary import Summary, hedged_usd, usd_lines
from hedger.cli.backtest_tables import attribution_rows, columns_of, heading_lines, in_usd
from hedger.reports.comparison import Curve, Table, comparison_html


def page(compared: Compared) -> str:
    """The report. Raises ConfigError where plotly is not installed."""
    report = compared.report
    head = report.heading
    return comparison_html(
        f"Policies side by side: {head.coin}, {head.strategy['name']}",
        heading_lines(report),
        [*_tables(report), _attribution(report.policies)],
        [_curve(*pair, in_usd(report)) for pair in zip(report.policies, compared.outcomes, strict=True)],
        {summary.name: summary.attribution_coin for summary in report.policies},
        in_usd=in_usd(report),
    )


def _tables(report: Comparison) -> list[Table]:
    return [
        Table(
            title,
            [column.title for column in columns],
            [[column.value(each) for column in columns] for each in report.policies],
        )
        for title, columns in columns_of(report)
    ]


def _attribution(policies: tuple[Summary, ...]) -> Table:
    header = ["", *(each.name for each in policies)]
    return Table("where the P&L came from (coin)", header, attribution_rows(policies))


def _curve(summary: Summary, outcome: Outcome, usd: bool) -> Curve:
    points = outcome.points
    return Curve(
        name=summary.name,
        times_ms=[point.market_ms for point in points],
        result_coin=[point.equity_coin - outcome.equity_coin for point in points],
        result_usd=list(accumulate(hedged_usd(outcome, usd_lines(outcome)))),
        delta_coin=[point.found_coin for point in points],
        margin_coin=[point.initial_margin_coin for point in points],
        risk_day=summary.sd_day_usd if usd else summary.sd_day_coin,
        trading_cost_usd=summary.trading_cost_usd,
    )
