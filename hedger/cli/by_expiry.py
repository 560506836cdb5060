"""What `hedger status` says of hedging by expiry: where the hedge is, where it would cost least, and why."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape

from hedger.cli.figures import coin, number, usd
from hedger.cli.tables import Column, facts, table
from hedger.engine.views.by_expiry_view import ByExpiryView
from hedger.execution.allocate import Choice, Placed
from hedger.execution.by_expiry_params import Use

_BP = 1e4


def by_expiry_of(told: ByExpiryView, wide: bool) -> RenderableType | None:
    """The division of the hedge and the reasons; nothing while it is switched off."""
    if told.use is Use.OFF:
        return None
    head = [("by expiry", escape(told.use))]
    if told.funding_8h is not None:
        head.append(("funding expected", f"{number(told.funding_8h * _BP, 2, '+')} bp in 8 h"))
    allocation = told.allocation
    if allocation is None:
        return facts(*head, ("not known", f"[yellow]{escape(told.waits)}[/]"))
    head += [
        ("standing", f"{coin(allocation.standing_coin)} of {coin(allocation.hedge_coin)}"),
        ("moves would save", f"{usd(allocation.saving_usd, '+')} USD"),
        ("offset", coin(allocation.offset_coin)),
        ("basis", f"{number(told.basis_coin, 6, '+')} coin"),
    ]
    if told.through:
        head.append(("next step", escape(told.through)))
    if told.use is Use.MOVE:
        moved = f"{usd(told.moved_usd)} USD in {told.steps} steps, fees {usd(told.fees_usd)} USD"
        head += [("moved", moved), *([("held back", escape(told.held_back))] if told.held_back else [])]
    held = [each for each in allocation.placed if each.held_coin or each.target_coin]
    return Group(facts(*head), table(_PLACED, held, wide), table(_CHOICES, allocation.choices, wide))


_PLACED: tuple[Column[Placed], ...] = (
    Column("hedge in", lambda p: escape(p.instrument), text=True),
    Column("is", lambda p: coin(p.held_coin)),
    Column("to be", lambda p: coin(p.target_coin)),
)

_CHOICES: tuple[Column[Choice], ...] = (
    Column("standing for", lambda c: escape(c.part), text=True),
    Column("coin", lambda c: coin(c.coin)),
    Column("days", lambda c: number(c.life_days, 1)),
    Column("saves USD", lambda c: usd(c.saving_usd, "+")),
    Column("", lambda c: escape(c.why), text=True),
)
