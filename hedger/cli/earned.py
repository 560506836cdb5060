"""What `hedger status` says of the day's result: a wallet's change of equity, and what it came from."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel

from hedger.cli.figures import number, pct, usd, words
from hedger.cli.tables import facts
from hedger.domain.instants import iso_time
from hedger.engine.views.view_attribution import AttributionView

VENUE_DAY = "08:00"
_DIGITS = 6


def earned(days: tuple[AttributionView, ...]) -> Iterator[RenderableType]:
    """One panel a wallet, of the venue's own day; lines that are nothing are left out."""
    for day in days:
        if day.cut == VENUE_DAY:
            told = f"{day.currency}  day since {iso_time(day.since_ms)[:16]} UTC"
            rows = [facts(*part) for part in (_whole(day), _lines(day), _carry(day)) if part]
            yield Panel(Group(*rows), title=f"[bold]{escape(told)}[/]", title_align="left")


def _whole(day: AttributionView) -> list[tuple[str, str]]:
    change = f"[bold]{_money(day.change)} {escape(day.currency)}[/]"
    told = [("equity", change), ("in dollars", f"{usd(day.change_usd, '+')} USD")]
    if abs(day.cash_gap) > day.cash_tolerance:
        told.append(("cash gap", f"[red]{number(day.cash_gap, 10, '+')} {escape(day.currency)}[/]"))
    if day.taylor_residual is not None and abs(day.taylor_residual) > (day.taylor_tolerance or 0.0):
        left = f"{_money(day.taylor_residual)} {escape(day.currency)} ({pct(day.taylor_share)})"
        told.append(("greeks leave", f"[red]{left}[/]"))
    return told


def _lines(day: AttributionView) -> list[tuple[str, str]]:
    return [(words(name), _money(value)) for name, value in day.lines.items() if round(value, _DIGITS + 2)]


def _carry(day: AttributionView) -> list[tuple[str, str]]:
    return [
        ("theta kept", _money(day.theta_kept)),
        ("a day", _money(day.theta_kept_per_day)),
        ("realised vol", pct(day.realised_vol)),
        ("implied", pct(day.implied_vol)),
    ]


def _money(value: float | None) -> str:
    return number(value, _DIGITS, "+")
