"""What `hedger status` says of a book's smiles: nothing while the rule is off."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape

from hedger.cli.figures import age, coin, number, pct, words
from hedger.cli.tables import Column, facts, table
from hedger.domain.vocabulary import SmileRule
from hedger.engine.views.smile_view import SmileExpiryView, SmileView


def smile_of(smile: SmileView, wide: bool) -> RenderableType | None:
    """Rule, correction and gate, then a line per held expiry."""
    if smile.rule is SmileRule.OFF:
        return None
    gate = "[cyan]open[/]" if smile.gate_open else "closed, Black's delta is hedged"
    told = facts(
        ("smile", words(smile.rule)),
        ("delta by it", f"{coin(smile.shift_coin)} to Black's"),
        ("used", coin(smile.used_coin)),
        ("gate", gate),
    )
    lines: list[RenderableType] = [told, f"[dim]{escape(smile.gate)}[/]"]
    if smile.expiries:
        lines.append(table(_COLUMNS, smile.expiries, wide))
    return Group(*lines)


def _faults(each: SmileExpiryView) -> str:
    return escape("; ".join(told for told in (each.gap, each.calendar) if told))


_COLUMNS: tuple[Column[SmileExpiryView], ...] = (
    Column("smile of", lambda e: e.expiry, text=True),
    Column("IV", lambda e: pct(e.atm_iv)),
    Column("slope", lambda e: number(e.slope, 3, "+")),
    Column("R", lambda e: number(e.stickiness, 2)),
    Column("delta", lambda e: coin(e.shift_coin)),
    Column("rms pt", lambda e: number(e.residual_points, 2)),
    Column("strikes", lambda e: str(e.strikes), wide=True),
    Column("age", lambda e: age(e.age_s), wide=True),
    Column("", _faults, text=True),
)
