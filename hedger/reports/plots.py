"""The plots of a report, as plotly figures. Needs the extra lab: plotly is imported where it is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from hedger.domain.instants import utc
from hedger.reports.page import graph_objects
from hedger.reports.period import NOTHING, Point, WalletReport

BARS = 120  # of the stacked plot at most: more cannot be told apart
_OPTION = ("vega", "vanna", "volga")
_STACK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("delta, options and futures", ("delta", "future_delta")),
    ("basis", ("future_basis",)),
    ("gamma", ("gamma", "future_gamma")),
    ("theta", ("theta",)),
    ("volatility", _OPTION),
    ("funding", ("funding",)),
    ("costs of all trades", ("fees", "slippage", "option_slippage")),
    ("settlement", ("settlement",)),
    ("rest", ("residual", "future_residual", "unexplained")),
)


def figures(report: WalletReport) -> list[tuple[str, Any]]:
    """Every plot with its title, in the order of the page."""
    makers: tuple[tuple[str, Callable[[Any, WalletReport], Any]], ...] = (
        ("Where the result came from, cumulated", _cumulated),
        ("From equity to equity", _waterfall),
        ("Result explained, by time", _explained),
        ("Realised against implied volatility", _volatility),
        ("Hedge effectiveness: options against the hedge, by interval", _effectiveness),
        ("Hedges on the price", _hedges),
    )
    go = graph_objects()
    return [(title, _styled(make(go, report))) for title, make in makers]


def _styled(figure: Any) -> Any:
    return figure.update_layout(
        template="plotly_white",
        margin={"l": 70, "r": 30, "t": 20, "b": 40},
        height=420,
        legend={"orientation": "h", "y": -0.15},
    )


def _times(points: Sequence[Point]) -> list[datetime]:
    return [utc(point.market_ms) for point in points]


def _cumulated(go: Any, report: WalletReport) -> Any:
    points, times = report.points, _times(report.points)
    figure = go.Figure()
    for name, told in (("options", "options"), ("futures", "futures"), ("costs", "trading cost of hedging")):
        figure.add_scatter(x=times, y=[getattr(point, name) for point in points], name=told)
    figure.add_scatter(
        x=times, y=[p.result for p in points], name="result", line={"width": 3, "color": "black"}
    )
    return figure.update_layout(hovermode="x unified").update_yaxes(title=report.currency)


def _waterfall(go: Any, report: WalletReport) -> Any:
    shown = [(name, value) for name, value in report.lines.items() if abs(value) > NOTHING]
    names = ["equity before", *(name.replace("_", " ") for name, _ in shown), "equity after"]
    values = [report.equity_before, *(value for _, value in shown), 0.0]
    measures = ["absolute", *("relative" for _ in shown), "total"]
    told = [f"{value:+.6f}" for value in (*values[:-1], report.equity_after)]
    figure = go.Figure(go.Waterfall(x=names, y=values, measure=measures, text=told, textposition="outside"))
    levels = _levels(values[:-1])
    room = max(max(levels) - min(levels), 1e-9) * 0.1
    return figure.update_yaxes(title=report.currency, range=[min(levels) - room, max(levels) + room])


def _levels(values: Sequence[float]) -> list[float]:
    """Where a waterfall stands after each of its steps."""
    levels, at = [], 0.0
    for value in values:
        at += value
        levels.append(at)
    return levels


def _explained(go: Any, report: WalletReport) -> Any:
    step = max(1, -(-len(report.points) // BARS))
    ends = [*range(step - 1, len(report.points) - 1, step), len(report.points) - 1]
    times = _times([report.points[end] for end in ends])
    figure = go.Figure()
    for name, lines in _STACK:
        sums = [sum(report.points[end].lines[line] for line in lines) for end in ends]
        figure.add_bar(x=times, y=[b - a for a, b in zip([0.0, *sums], sums, strict=False)], name=name)
    return figure.update_layout(barmode="relative").update_yaxes(title=report.currency)


def _volatility(go: Any, report: WalletReport) -> Any:
    figure, times = go.Figure(), _times(report.points)
    figure.add_scatter(x=times, y=[p.implied_vol for p in report.points], name="implied")
    figure.add_scatter(
        x=times, y=[p.realised_vol for p in report.points], name="realised, by interval", mode="markers"
    )
    if report.carry.realised_vol is not None:
        figure.add_hline(y=report.carry.realised_vol, line_dash="dot", annotation_text="realised, period")
    return figure.update_yaxes(tickformat=".0%")


def _effectiveness(go: Any, report: WalletReport) -> Any:
    points = report.points
    hedge, options = _steps([p.futures for p in points]), _steps([p.options for p in points])
    figure = go.Figure()
    figure.add_scatter(x=hedge, y=options, mode="markers", name="intervals")
    slope = report.effectiveness.slope
    if slope is not None:
        mean_x, mean_y = sum(hedge) / len(hedge), sum(options) / len(options)
        ends = [min(hedge), max(hedge)]
        line = [mean_y + slope * (x - mean_x) for x in ends]
        figure.add_scatter(x=ends, y=line, mode="lines", name=f"slope {slope:+.3f}")
    figure.update_layout(hovermode="closest").update_xaxes(title=f"hedge, {report.currency}")
    return figure.update_yaxes(title=f"options, {report.currency}")


def _steps(sums: Sequence[float]) -> list[float]:
    return [after - before for before, after in zip([0.0, *sums], sums, strict=False)]


def _hedges(go: Any, report: WalletReport) -> Any:
    figure = go.Figure()
    figure.add_scatter(x=_times(report.points), y=[p.index_usd for p in report.points], name="index")
    for side, symbol, color in (("buy", "triangle-up", "seagreen"), ("sell", "triangle-down", "firebrick")):
        rows = [row for row in report.hedges if row.side == side]
        figure.add_scatter(
            x=[utc(row.market_ms) for row in rows],
            y=[row.price_usd for row in rows],
            text=[f"{row.amount} {row.unit} {row.instrument}, {row.reason}" for row in rows],
            mode="markers",
            name=side,
            marker={"symbol": symbol, "size": 9, "color": color},
        )
    return figure.update_yaxes(title="USD")
