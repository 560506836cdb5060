"""What `hedger status` says of the day's result: a wallet's change of equity, and what it came from."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.panel import Panel

from hedger.cli.figures import number, pct, usd, words
from hedger.cli.tables import facts
from hedger.engine.views.view_attribution import AttributionView
from hedger.web.answers import market_time

VENUE_DAY = "08:00"
_DIGITS = 6


def earned(days: tuple[AttributionView, ...]) -> Iterator[RenderableType]:
    """One panel a wallet, of the venue's own day; lines that are nothing are left out."""
    for day in days:
        if day.cut == VENUE_DAY:
            told = f"{day.currency}  day since {market_time(day.since_ms)[:16]} UTC"
            yield Panel(facts(*_facts(day)), title=f"[bold]{escape(told)}[/]", title_align="left")


def _facts(day: AttributionView) -> Iterator[tuple[str, str]]:
    yield "equity", f"[bold]{_money(day.change)} {escape(day.currency)}[/]  {usd(day.change_usd, '+')} USD"
    for name, value in day.lines.items():
        if round(value, _DIGITS + 2):
            yield words(name), _money(value)
    yield "theta kept", f"{_money(day.theta_kept)} ({_money(day.theta_kept_per_day)} a day)"
    yield "realised vol", f"{pct(day.realised_vol)} against {pct(day.implied_vol)} implied"
    if abs(day.cash_gap) > day.cash_tolerance:
        yield "[red]cash gap[/]", f"[red]{number(day.cash_gap, 10, '+')} {escape(day.currency)}[/]"


def _money(value: float | None) -> str:
    return number(value, _DIGITS, "+")
