"""A comparison of policies as one HTML file with plots; it opens without a network.

Takes plain values: lines of text, tables of texts, and a curve per policy. The same values make the same
bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from hedger.domain.instants import utc
from hedger.reports.page import drawn, graph_objects, page

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24 }
body { max-width: 1200px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2.5rem }
pre { background: #f6f8fa; padding: 1rem; white-space: pre-wrap }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #e4e7eb; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
"""


class Curve(NamedTuple):
    """One policy over time; sequences of one length. Coin unless the name says otherwise."""

    name: str
    times_ms: Sequence[int]
    result_coin: Sequence[float]  # change of equity since the start
    result_usd: Sequence[float]  # in dollars; the collateral's own change aside where it is not hedged
    delta_coin: Sequence[float]  # as the policy found it
    margin_coin: Sequence[float]  # initial margin used
    risk_day: float  # sd of a day's result, in the unit the book is kept neutral in
    trading_cost_usd: float  # fees and slippage of the hedges; funding apart


class Table(NamedTuple):
    """Cells as a reader sees them; the first column names the row."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def comparison_html(
    title: str,
    assumptions: Iterable[str],
    tables: Iterable[Table],
    curves: Sequence[Curve],
    lines_coin: Mapping[str, Mapping[str, float]],
    *,
    in_usd: bool = False,
) -> str:
    """The whole page, what it rests on first. `lines_coin`: policy -> line of attribution -> coin. `in_usd`:
    the book is kept neutral in dollars, its collateral hedged.

    Raises ConfigError where plotly is not installed.
    """
    plots = _plots(graph_objects(), curves, lines_coin, in_usd)
    told = escape("\n".join(assumptions))
    parts = (
        f"<h2>What this rests on</h2><pre>{told}</pre>",
        *(_table(table) for table in tables),
        *drawn(plots),
    )
    return page(title, _STYLE, "".join(parts))


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.header)
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in table.rows)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<h2>{escape(table.title)}</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _plots(
    go: Any, curves: Sequence[Curve], lines_coin: Mapping[str, Mapping[str, float]], in_usd: bool
) -> Iterator[Any]:
    collateral = "the collateral's among it" if in_usd else "the collateral's own change aside"
    yield _over_time(go, "Result in coin", "coin", curves, "result_coin")
    yield _over_time(go, f"Result in dollars, {collateral}", "USD", curves, "result_usd")
    yield _frontier(go, curves, "USD" if in_usd else "coin")
    yield _attribution(go, lines_coin)
    yield _over_time(go, "Delta as it was found", "coin", curves, "delta_coin")
    yield _over_time(go, "Initial margin used", "coin", curves, "margin_coin")


def _over_time(go: Any, title: str, unit: str, curves: Sequence[Curve], field: str) -> Any:
    figure = go.Figure(layout={"title": title, "height": 480, "hovermode": "x unified"})
    for curve in curves:
        times = [utc(at).isoformat() for at in curve.times_ms]
        figure.add_scatter(x=times, y=list(getattr(curve, field)), mode="lines", name=curve.name)
    figure.update_yaxes(title=unit)
    return figure


def _frontier(go: Any, curves: Sequence[Curve], unit: str) -> Any:
    """What each policy costs against the risk it leaves: lower and to the left is better. One that never
    hedged would stand so far to the right that the others fell together."""
    figure = go.Figure(layout={"title": "Trading cost of hedging against what risk is left", "height": 480})
    for curve in (each for each in curves if each.trading_cost_usd):
        figure.add_scatter(
            x=[curve.risk_day],
            y=[curve.trading_cost_usd],
            mode="markers+text",
            text=[curve.name],
            textposition="top center",
            name=curve.name,
            showlegend=False,
        )
    figure.update_xaxes(title=f"sd of a day's result, {unit}")
    figure.update_yaxes(title="fees and slippage of hedges (funding apart), USD")
    return figure


def _attribution(go: Any, lines_coin: Mapping[str, Mapping[str, float]]) -> Any:
    """Stacked lines per policy; those that are nothing everywhere are left out."""
    figure = go.Figure(layout={"title": "Where the result came from", "barmode": "relative", "height": 560})
    names = list(lines_coin)
    for line in next(iter(lines_coin.values()), {}):
        values = [lines_coin[name][line] for name in names]
        if any(values):
            figure.add_bar(x=names, y=values, name=line.replace("_", " "))
    figure.update_yaxes(title="coin")
    return figure
