"""`hedger status`: the whole picture in tables."""

from __future__ import annotations

import typer
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from hedger.cli.around import around
from hedger.cli.client import DEFAULT_URL, AsJson, BookName, Client, Url, print_json, told_errors
from hedger.cli.earned import earned
from hedger.cli.exit_codes import ExitCode
from hedger.cli.figures import UNKNOWN, age, coin, milliseconds, number, pct, usd, words
from hedger.cli.override import spoken
from hedger.cli.ownership import ownership_of
from hedger.cli.tables import WIDE, Column, facts, table
from hedger.domain.errors import ConfigError
from hedger.domain.instants import iso_time
from hedger.domain.vocabulary import Action, Mode, Severity, State
from hedger.engine.profile import ProfileView
from hedger.engine.views.view import OrdersView, OrderView, PositionView, VenueView
from hedger.web.answers import BookAnswer, StatusAnswer

_MODE_STYLE = {
    Mode.LIVE: "bold white on red",
    Mode.PAPER: "bold black on yellow",
    Mode.OBSERVE: "bold white on blue",
}
_ALARM_STYLE = {Severity.ERROR: "bold yellow", Severity.CRITICAL: "bold white on red"}
_ACTION_STYLE = {
    Action.HOLD: "green",
    Action.WAIT: "yellow",
    Action.BLOCKED: "bold red",
    Action.HEDGE: "cyan",
    Action.WOULD_HEDGE: "cyan",
}


def status(url: Url = DEFAULT_URL, book: BookName = "", as_json: AsJson = False) -> None:
    """Show mode, deltas in three conventions, band, positions, orders and venues. Exit code 5 when halted."""
    with told_errors():
        answer = Client(url).get("/v1/status", StatusAnswer)
        books = chosen(answer, book)
    if as_json:
        print_json(answer)
    else:
        console = Console()
        wide = console.width >= WIDE
        console.print(_head(answer, wide))
        for shown in books:
            console.print(_book(shown, wide))
        for day in earned(answer.attribution):
            console.print(day)
        console.print(_venues(answer.venues, wide), _orders(answer.orders, wide))
    if answer.state is State.HALTED:
        raise typer.Exit(ExitCode.HALTED)


def chosen(answer: StatusAnswer, book: str) -> tuple[BookAnswer, ...]:
    """The books asked for. Raises ConfigError naming the known ones."""
    found = tuple(b for b in answer.books if book in ("", b.name))
    if book and not found:
        known = ", ".join(b.name for b in answer.books)
        raise ConfigError(f"no such book: {book!r}, known: {known or 'none'}")
    return found


def _head(answer: StatusAnswer, wide: bool) -> Group:
    environment = answer.environment.upper() if answer.environment else "NO VENUE"
    state = (
        f"[{_MODE_STYLE[answer.mode]}] {answer.mode.upper()} [/]  {environment}  "
        f"[bold]{words(answer.state)}[/]  {escape(answer.time)}"
    )
    run = f"config {escape(answer.config_hash)}  up {age(answer.uptime_s)}  hedger {escape(answer.version)}"
    lines: list[RenderableType] = [f"{state}  {run}"] if wide else [state, run]
    for alarm in sorted(answer.alarms, key=lambda alarm: alarm.severity is not Severity.CRITICAL):
        style = _ALARM_STYLE.get(alarm.severity, "yellow")
        where = f"{alarm.book}: " if alarm.book else ""
        lines.append(f"[{style}]{escape(f'{words(alarm.name)}: {where}{alarm.detail}')}[/]")
    if answer.missing:
        lines.append(f"[yellow]awaited: {escape(', '.join(answer.missing))}[/]")
    for edit in answer.edits:
        told = f"{edit.key} = {edit.value}, set {iso_time(edit.since_ms)} by {edit.by}"
        lines.append(f"[yellow]{escape(told)}[/]")
    if answer.settings_error:
        lines.append(f"[yellow]the last reload was refused: {escape(answer.settings_error)}[/]")
    if not answer.journal_ok:
        lines.append("[bold red]the journal cannot be written: no orders are sent[/]")
    return Group(*lines)


def _book(book: BookAnswer, wide: bool) -> Panel:
    steered = f"neutral in {book.neutral}" if book.neutral else "no neutral chosen"
    told = (book.underlying, words(book.policy), steered, words(book.state))
    title = f"[bold]{escape(book.name)}[/]  {escape(' · '.join(told))}"
    action = book.why.action
    style = _ACTION_STYLE[action] if action else "yellow"
    why = f"[{style}]{escape(book.why.sentence)}[/]"
    positions = _positions(book.positions, wide)
    return Panel(
        Group(
            why,
            *_schedule(book.profile),
            "",
            _deltas(book),
            _figures(book),
            *_working(book),
            *ownership_of(book),
            *around(book, wide),
            "",
            positions,
        ),
        title=title,
        title_align="left",
    )


def _schedule(profile: ProfileView) -> list[RenderableType]:
    """What is in force beside the book's own parameters, and what comes next; nothing where neither is."""
    told = []
    if profile.name:
        told.append(("profile", f"{profile.name} by {profile.window}"))
    if profile.blackout:
        told.append(("blackout", profile.blackout))
    if profile.override_factor is not None:
        told.append(("override", spoken(profile)))
    if profile.next_change_ms is not None:
        told.append(("next", f"{iso_time(profile.next_change_ms)} {profile.next_change}"))
    return [facts(*((name, escape(value)) for name, value in told))] if told else []


def _deltas(book: BookAnswer) -> Columns:
    delta, band = book.delta, book.band
    return facts(
        ("net transaction", coin(delta.net_transaction)),
        ("with equity", coin(delta.with_equity)),
        ("Black", coin(delta.black)),
        ("controlled", f"[bold]{coin(delta.used)}[/] {escape(book.underlying)}"),
        ("target", coin(book.target)),
        ("band", f"{coin(band.lower)} … {coin(band.upper)}"),
        ("hard limits", f"{coin(band.hard_lower)} … {coin(band.hard_upper)}"),
    )


def _figures(book: BookAnswer) -> Columns:
    gamma = None if book.gamma_coin_per_usd is None else book.gamma_coin_per_usd * 1000
    hedge = book.hedge_position
    return facts(
        ("index", f"{usd(book.index_usd)} USD"),
        ("equity", coin(book.equity_coin)),
        ("gamma per 1000 USD", coin(gamma)),
        ("theta per day", f"{usd(book.theta_usd_per_day, '+')} USD"),
        ("vega per point", f"{usd(book.vega_usd, '+')} USD"),
        ("hedge", f"{coin(hedge.coin)} ({usd(hedge.usd, '+')} USD)"),
        ("in flight", coin(book.in_flight_coin)),
        ("turnover 24 h", f"{usd(book.turnover_usd_24h)} USD"),
        ("fees 24 h", f"{number(book.fees_usd_24h, 2)} USD"),
    )


def _working(book: BookAnswer) -> list[RenderableType]:
    """The hedge being worked, what rests, what the last one cost: only where there is any."""
    working, lines = book.working, []
    if working.awaits_confirmation:
        lines.append(f"[bold yellow]{escape(working.awaits_confirmation)}[/]")
    if working.hedge is not None:
        at = working.hedge
        done = f"{at.filled} of {at.decided} in {len(at.children)} orders, {age(at.age_s)}"
        lines.append(f"[cyan]working[/] {at.side} {escape(at.instrument)} {done}")
    for edge in working.resting:
        lines.append(f"[cyan]resting[/] {edge.side} {edge.amount} at {edge.price}, {words(edge.state)}")
    if working.last is not None:
        last = working.last
        cost = f"{number(last.shortfall_bps, 2, '+')} bp, {number(last.shortfall_usd, 2, '+')} USD"
        lines.append(f"[dim]last hedge[/] {last.side} {last.filled} {words(last.end)}, shortfall {cost}")
    return list(lines)


def _positions(positions: tuple[PositionView, ...], wide: bool) -> RenderableType:
    return table(_POSITION_COLUMNS, positions, wide) if positions else "[dim]no positions known[/]"


_POSITION_COLUMNS: tuple[Column[PositionView], ...] = (
    Column("instrument", lambda p: escape(p.instrument), text=True),
    Column("size", lambda p: escape(f"{p.size} {p.unit}")),
    Column("mark", lambda p: number(p.mark, 4 if p.kind == "option" else 1), wide=True),
    Column("IV", lambda p: pct(p.iv), wide=True),
    Column("delta", lambda p: coin(p.delta_coin)),
    Column("net tx", lambda p: coin(p.net_transaction_delta_coin)),
    Column("theta/day", lambda p: usd(p.theta_usd_per_day, "+"), wide=True),
    Column("vega", lambda p: usd(p.vega_usd, "+"), wide=True),
    Column("age", lambda p: age(p.quote_age_s)),
    Column("", lambda p: f"[yellow]{escape(p.missing)}[/]", text=True),
)

_VENUE_COLUMNS: tuple[Column[VenueView], ...] = (
    Column("venue", lambda v: escape(v.name), text=True),
    Column("environment", lambda v: v.environment.value, text=True),
    Column("account", lambda v: escape(v.account_id) or UNKNOWN, text=True),
    Column(
        "link", lambda v: "[green]connected[/]" if v.connected else "[bold red]disconnected[/]", text=True
    ),
    Column("data age", lambda v: age(v.data_age_s)),
    Column("round trip", lambda v: milliseconds(v.round_trip_s)),
    Column("skew", lambda v: milliseconds(_seconds(v.clock_skew_ms)), wide=True),
    Column("credits", lambda v: number(v.credits), wide=True),
    Column("reconnects", lambda v: str(v.reconnects), wide=True),
)

_ORDER_COLUMNS: tuple[Column[OrderView], ...] = (
    Column("order", lambda o: escape(o.label), text=True),
    Column("side", lambda o: escape(o.side), text=True),
    Column("instrument", lambda o: escape(o.instrument), text=True, wide=True),
    Column("state", lambda o: words(escape(o.state)), text=True),
    Column("amount", lambda o: escape(o.amount)),
    Column("filled", lambda o: escape(o.filled)),
    Column("price", lambda o: escape(o.price), wide=True),
    Column("average", lambda o: escape(o.average_price)),
    Column("", lambda o: escape(o.detail), text=True),
)


def _venues(venues: tuple[VenueView, ...], wide: bool) -> Table:
    return table(_VENUE_COLUMNS, venues, wide)


def _orders(orders: OrdersView, wide: bool) -> Table:
    title = f"orders: {orders.open} open, {orders.unknown} unknown, {orders.foreign_open} of others"
    return table(_ORDER_COLUMNS, orders.recent, wide, title)


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000
