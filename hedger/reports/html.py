"""A report as one page that needs nothing else: assumptions, figures, plots. Needs the extra lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from hedger.reports.page import drawn, graph_objects, page
from hedger.reports.period import NOTHING, WalletReport, cut, when
from hedger.reports.plots import figures
from hedger.reports.text import assumptions, carried, measures

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.6em } h2 { margin-top: 2em; border-bottom: 1px solid #d8dee4 } h3 { margin-bottom: .2em }
table { border-collapse: collapse; margin: .6em 0; font-variant-numeric: tabular-nums }
td, th { padding: .15em .9em .15em 0; text-align: right; white-space: nowrap }
td:first-child, th:first-child { text-align: left }
tr.total td { border-top: 1px solid #57606a; font-weight: 600 }
ul.assumptions { color: #57606a; font-size: .92em } .side { display: flex; flex-wrap: wrap; gap: 0 4em }
"""


def as_html(reports: Sequence[WalletReport]) -> str:
    """The whole page. Raises ConfigError where plotly is not installed."""
    graph_objects()
    body = "\n".join(_wallet(report, number) for number, report in enumerate(reports))
    first_ms, last_ms = min(r.from_ms for r in reports), max(r.to_ms for r in reports)
    return page(f"Hedging report, {when(first_ms)} to {when(last_ms)}", _STYLE, body)


def _wallet(report: WalletReport, number: int) -> str:
    told = "".join(f"<li>{escape(line)}</li>" for line in assumptions(report))
    headline = f"{report.change:+.8f} {report.currency}, {report.change_usd:+,.2f} USD"
    parts = [
        f"<h2>{escape(report.basis.venue)} {escape(report.currency)}: {escape(headline)}</h2>",
        f'<h3>Assumptions</h3><ul class="assumptions">{told}</ul>',
        "<h3>What the change of equity came from</h3>",
        _lines(report),
        '<div class="side">',
        f"<div><h3>Theta and volatility</h3>{_table((), carried(report))}</div>",
        *(f"<div><h3>{escape(title)}</h3>{_table((), facts)}</div>" for title, facts in measures(report)),
        "</div>",
    ]
    titles, plots = zip(*figures(report), strict=True)
    for title, plot in zip(titles, drawn(plots, name=f"plot-{number}", library=number == 0), strict=True):
        parts.append(f"<h3>{escape(title)}</h3>{plot}")
    for title, groups in (
        ("By expiry", report.expiries),
        ("By instrument", report.instruments),
        ("By strategy tag", report.tags),
    ):
        if groups:
            parts.append(f"<h3>{title}</h3>{_groups(groups)}")
    return "\n".join(parts)


def _lines(report: WalletReport) -> str:
    rows = [
        (
            name.replace("_", " "),
            "" if name == "collateral" else f"{value:+.8f}",
            f"{report.lines_usd[name]:+,.2f}",
        )
        for name, value in report.lines.items()
        if abs(value) > NOTHING or abs(report.lines_usd[name]) > NOTHING
    ]
    total = ("change of equity", f"{report.change:+.8f}", f"{report.change_usd:+,.2f}")
    return _table(("line", report.currency, "USD"), rows, total)


def _groups(groups: Mapping[str, Mapping[str, float]]) -> str:
    columns, figures = cut(groups)
    rows = [(group or "none", *(f"{value:+.6f}" for value in told)) for group, told in figures.items()]
    return _table(("", *columns), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], total: Sequence[str] = ()) -> str:
    told = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    last = f'<tr class="total">{_cells(total)}</tr>' if total else ""
    return f"<table>{f'<tr>{told}</tr>' if head else ''}{body}{last}</table>"


def _cells(row: Sequence[str]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in row)
