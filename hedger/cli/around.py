"""What `hedger status` says around a book's delta: sources, what moved it, margin, caps, wallets, expiries.

Each is a few lines that fit 80 columns, and none where the daemon has nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape

from hedger.cli.by_expiry import by_expiry_of
from hedger.cli.figures import UNKNOWN, cap_name, coin, number, pct, usd, words
from hedger.cli.shadow_table import shadow_table
from hedger.cli.smile_status import smile_of
from hedger.cli.tables import Column, facts, table
from hedger.domain.instants import iso_time
from hedger.domain.vocabulary import Rung
from hedger.engine.views.owned_view import WalletView
from hedger.engine.views.view import BookView, DeltaView, ExpiringView
from hedger.engine.views.view_guard import CapView, GuardView, MarginView
from hedger.portfolio.breakdown import Cut
from hedger.portfolio.moved import Moved
from hedger.risk.tiers import Tier

_TIER_STYLE = {Tier.SOFT: "yellow", Tier.HARD: "bold red"}
_MOVED = ("spot", "vol", "time", "trades", "settlement", "other", "hedges")


def around(book: BookView, wide: bool) -> Iterator[RenderableType]:
    """What stands around the delta, section by section, a blank line before each."""
    sections = (
        _sources(book.delta),
        smile_of(book.smile, wide),
        None if book.moved is None else _moved(book.moved),
        None if book.guard.margin is None else _margin(book.guard.margin),
        _guard(book.guard, book.underlying),
        by_expiry_of(book.by_expiry, wide),
        table(_WALLET_COLUMNS, book.ownership.wallets, wide) if book.ownership.wallets else None,
        table(_EXPIRING_COLUMNS, book.expiring, wide) if book.expiring else None,
        table(_cut_columns("greeks by expiry"), book.expiries, wide) if book.expiries else None,
        table(_cut_columns("strategy tag"), book.tags, wide) if book.tags else None,
        shadow_table(book.shadows, wide) if book.shadows else None,
    )
    for section in sections:
        if section is not None:
            yield ""
            yield section


def _sources(delta: DeltaView) -> RenderableType | None:
    """Whose delta counts and what the others say; nothing while delta is not known."""
    if delta.used is None:
        return None
    rung = words(delta.rung) if delta.rung is Rung.VENUE else f"[yellow]{words(delta.rung)}[/]"
    told = [("source", escape(delta.source)), ("model", coin(delta.model)), ("account", coin(delta.account))]
    kept = [("set aside", coin(delta.kept_coin))] if delta.kept_coin else []
    return facts(*told, ("greeks of", rung), *kept)


def _moved(moved: Moved) -> RenderableType:
    """The steps from the delta of when the book was flat to the one of now."""
    steps = [(name, coin(getattr(moved, name))) for name in _MOVED]
    since = (f"delta moved since {iso_time(moved.since_ms)[:16]}", coin(moved.then_coin))
    return facts(since, *steps, ("now", f"[bold]{coin(moved.now_coin)}[/]"))


def _margin(margin: MarginView) -> RenderableType:
    return facts(
        (f"margin {words(margin.model)}", f"{number(margin.balance, 4)} {escape(margin.currency)}"),
        ("initial", _then(margin.initial, margin.initial_after)),
        ("maintenance", _then(margin.maintenance, margin.maintenance_after)),
        ("free", pct(margin.excess_fraction)),
        ("liquidation up", _away(margin.liquidation_up_pct, 1)),
        ("down", _away(margin.liquidation_down_pct, -1)),
    )


def _then(now: float, after: float | None) -> str:
    return number(now, 4) if after is None else f"{number(now, 4)}, hedged {number(after, 4)}"


def _away(away_pct: float | None, sign: int) -> str:
    return UNKNOWN if away_pct is None else f"{number(sign * away_pct, 1, '+')} %"


def _guard(guard: GuardView, underlying: str) -> RenderableType | None:
    """Used and allowed of every cap, and the result of the day; nothing before the first look."""
    told = [(cap_name(cap.name), _cap(cap, underlying)) for cap in guard.caps]
    if guard.loss is not None:
        unit = underlying if guard.loss.unit == "coin" else guard.loss.unit
        digits = 6 if guard.loss.unit == "coin" else 0
        result = {"today": guard.loss.today, "since start": guard.loss.since_start}
        told += [
            (f"result {name}", f"{number(-lost, digits, '+')} {escape(unit)}")
            for name, lost in result.items()
        ]
    if guard.latch:
        told.append(("latched", f"[bold red]{escape(guard.latch)}[/]"))
    return facts(*told) if told else None


def _cap(cap: CapView, underlying: str) -> str:
    digits = 4 if cap.unit == "coin" else 0
    unit = underlying if cap.unit == "coin" else cap.unit
    told = f"{number(cap.used, digits)} of {number(cap.limit, digits)} {escape(unit)}"
    return f"[{_TIER_STYLE[cap.tier]}]{told} {cap.tier}[/]" if cap.tier in _TIER_STYLE else told


_WALLET_COLUMNS: tuple[Column[WalletView], ...] = (
    Column("wallet", lambda w: escape(w.currency), text=True),
    Column("balance", lambda w: escape(w.balance)),
    Column("equity", lambda w: escape(w.equity)),
    Column("options", lambda w: escape(w.options_value)),
    Column("session P&L", lambda w: escape(w.session_pl)),
    Column("flows", lambda w: escape(w.flows)),
)

_EXPIRING_COLUMNS: tuple[Column[ExpiringView], ...] = (
    Column("expires within 24 h", lambda e: escape(e.instrument), text=True),
    Column("size", lambda e: number(e.size, 1, "+")),
    Column("left", lambda e: f"{number(e.hours, 1)} h"),
    Column("strike from forward", lambda e: f"{number(e.distance_sigmas, 2, '+')} sigmas"),
)


def _cut_columns(title: str) -> tuple[Column[Cut], ...]:
    return (
        Column(title, lambda c: escape(c.name) or "none", text=True),
        Column("n", lambda c: str(c.positions), wide=True),
        Column("net tx", lambda c: coin(c.net_transaction)),
        Column("Black", lambda c: coin(c.black)),
        Column("model", lambda c: coin(c.model)),
        Column("gamma/1000", lambda c: coin(_per_thousand(c.gamma_coin_per_usd)), wide=True),
        Column("theta/day", lambda c: usd(c.theta_usd_per_day, "+")),
        Column("vega", lambda c: usd(c.vega_usd, "+")),
        Column("value", lambda c: coin(c.value_coin), wide=True),
    )


def _per_thousand(gamma: float | None) -> float | None:
    return None if gamma is None else gamma * 1000
