"""A report on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from hedger.portfolio.effectiveness import Effectiveness
from hedger.reports.period import NOTHING, WalletReport, cut, when

_MEANING = {
    "delta": "options: the forward moved",
    "gamma": "options: curvature of that move",
    "theta": "options: time passed",
    "vega": "options: implied volatility moved",
    "vanna": "options: both moved together",
    "volga": "options: curvature in volatility",
    "residual": "options: what greeks at an interval's start leave",
    "future_delta": "futures: the index moved; perpetuals: their mark",
    "future_basis": "dated futures: their marks moved apart from the index",
    "future_gamma": "futures: curvature of an inverse future",
    "future_residual": "futures: what both leave",
    "funding": "perpetuals: paid to or by the other side",
    "fees": "trading fees",
    "slippage": "futures: fills against the mark at decision",
    "option_slippage": "options: premiums against the mark at the trade",
    "settlement": "options inside their settlement window",
    "transfers": "paid in and out",
    "unexplained": "told equity beyond all of these",
    "collateral": "the equity held, at a price that moved",
}


def as_text(report: WalletReport) -> Group:
    """Assumptions first, then where the change came from, what hedging was worth, and how it was cut."""
    return Group(*_parts(report))


def _parts(report: WalletReport) -> Iterator[RenderableType]:
    whose = escape(f"{report.basis.venue} {report.currency}")
    yield f"[bold]{whose}[/]  {when(report.from_ms)} to {when(report.to_ms)}"
    for line in assumptions(report):
        yield f"[dim]{escape(line)}[/]"
    yield ""
    yield _lines(report)
    yield ""
    yield _facts("Theta and volatility", carried(report))
    for title, facts in measures(report):
        yield _facts(title, facts)
    for title, groups in (("expiry", report.expiries), ("strategy tag", report.tags)):
        if groups:
            yield ""
            yield _groups(title, groups, report)


def assumptions(report: WalletReport) -> list[str]:
    """What the figures rest on, in words."""
    basis = report.basis
    told = [
        f"asked for {when(basis.from_ms)} to {when(basis.to_ms)}, covered in {report.intervals} intervals",
        f"{basis.environment} account {basis.account or 'unknown'} at {basis.venue}, journal {basis.source}",
        f"settings {', '.join(basis.config_hashes) or 'unknown'}, hedger {basis.version}",
        "equity as the venue told it at each interval's end; greeks by Black-76 on the venue's forward and"
        " volatility at each minute's start; USD by the index at each interval's end",
        "a trade in futures is measured against the mark at its decision, in options against the mark at the"
        " trade; gains are positive",
        f"cash and realised result beyond {report.bookings} bookings: {report.cash_gap:+.10f}, rounding makes"
        f" {report.cash_tolerance:.10f}; largest {report.largest_gap:.10f}",
        f"greeks leave {report.taylor_residual:+.8f} of {report.taylor_gross:.8f} gross in all,"
        f" of an interval {report.largest_taylor_share:.2%} at most",
    ]
    if basis.paper:
        told.append("on paper: equity by marks and bookings, the account knows nothing of these trades")
    if report.apart:
        fees = sum(Decimal(row.fee) for row in report.apart)
        told.append(
            f"in no interval, made at a start or since the last one: {len(report.apart)} of our trades, fees"
            f" {fees:f}; they are in the CSV, in no line below"
        )
    return told + [f"not covered: {gap}" for gap in report.gaps]


def _lines(report: WalletReport) -> Table:
    made = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    made.add_column("line")
    made.add_column(report.currency, justify="right")
    made.add_column("USD", justify="right")
    made.add_column("from", style="dim")
    for name, value in report.lines.items():
        usd = report.lines_usd[name]
        if abs(value) > NOTHING or abs(usd) > NOTHING:
            figure = "" if name == "collateral" else f"{value:+.8f}"
            made.add_row(name.replace("_", " "), figure, f"{usd:+,.2f}", _MEANING[name])
    change = f"[bold]{report.change:+.8f}[/]"
    made.add_row("[bold]change of equity[/]", change, f"[bold]{report.change_usd:+,.2f}[/]")
    return made


def carried(report: WalletReport) -> list[tuple[str, str]]:
    """What selling volatility came to, as names and figures."""
    told, unit = report.carry, report.currency
    return [
        ("theta", f"{told.theta:+.8f} {unit}"),
        ("gamma paid", f"{told.gamma_paid:+.8f} {unit}"),
        ("realised less implied", f"{told.realised_less_implied:+.8f} {unit}"),
        ("theta kept", f"{told.theta_kept:+.8f} {unit}"),
        ("theta kept a day", _maybe(told.theta_kept_per_day, "+.8f", f" {unit}")),
        ("realised volatility", _maybe(told.realised_vol, ".1%")),
        ("implied volatility", _maybe(told.implied_vol, ".1%")),
    ]


def measures(report: WalletReport) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """How well the hedge worked, as names and figures under titles; of coin also in dollars."""
    yield f"The hedge in {report.currency}", _measured(report.effectiveness, report.currency, 8)
    if report.effectiveness_usd is not None:
        yield "The hedge in USD, equity included", _measured(report.effectiveness_usd, "USD", 2)


def _measured(told: Effectiveness, unit: str, places: int) -> list[tuple[str, str]]:
    money = f",.{places}f"
    return [
        ("variance reduction", _maybe(told.variance_reduction, ".1%")),
        ("R²", _maybe(told.r_squared, ".4f")),
        ("slope", _maybe(told.slope, "+.4f")),
        ("tracking error a year", _maybe(told.tracking_error, money, f" {unit}")),
        ("RMSE of an interval", _maybe(told.rmse, money, f" {unit}")),
        ("ES 5 %", _maybe(told.expected_shortfall_5, money, f" {unit}")),
        ("ES 1 %", _maybe(told.expected_shortfall_1, money, f" {unit}")),
        ("trading cost", f"{told.trading_cost:{money}} {unit}"),
        ("of theta", _maybe(told.cost_ratio, ".1%")),
        ("turnover", f"{told.turnover_coin:.4f} coin"),
        ("trades a day", _maybe(told.trades_per_day, ".1f")),
    ]


def _maybe(value: float | None, form: str, unit: str = "") -> str:
    return "–" if value is None else f"{value:{form}}{unit}"


def _facts(title: str, rows: list[tuple[str, str]]) -> Table:
    made = Table(box=None, show_header=False, padding=(0, 2, 0, 0), title=title, title_justify="left")
    made.add_column(style="dim")
    made.add_column(justify="right")
    for row in rows:
        made.add_row(*row)
    return made


def _groups(title: str, groups: Mapping[str, Mapping[str, float]], report: WalletReport) -> Table:
    made = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    made.add_column(title, no_wrap=True)
    columns, figures = cut(groups)
    for name in columns:
        made.add_column(name, justify="right", no_wrap=True)
    for group, told in figures.items():
        if any(abs(value) > NOTHING for value in told):
            made.add_row(escape(group) or "none", *(f"{value:+.5f}" for value in told))
    made.caption = report.currency
    return made
