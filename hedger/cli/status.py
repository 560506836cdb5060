"""`hedger status`: the whole picture in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import typer
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from hedger.cli.client import DEFAULT_URL, AsJson, BookName, Client, Url, print_json, told_errors
from hedger.cli.exit_codes import ExitCode
from hedger.cli.figures import UNKNOWN, age, coin, milliseconds, number, pct, usd, words
from hedger.domain.errors import ConfigError
from hedger.domain.vocabulary import Action, Mode, State
from hedger.engine.view import OrdersView, OrderView, PositionView, VenueView
from hedger.web.answers import BookAnswer, StatusAnswer

_Row = TypeVar("_Row")
_WIDE = 110  # columns of a terminal that holds every figure

_MODE_STYLE = {
    Mode.LIVE: "bold white on red",
    Mode.PAPER: "bold black on yellow",
    Mode.OBSERVE: "bold white on blue",
}
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
        wide = console.width >= _WIDE
        console.print(_head(answer))
        for shown in books:
            console.print(_book(shown, wide))
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


def _head(answer: StatusAnswer) -> Group:
    environment = answer.environment.upper() if answer.environment else "NO VENUE"
    lines: list[RenderableType] = [
        f"[{_MODE_STYLE[answer.mode]}] {answer.mode.upper()} [/]  {environment}  "
        f"[bold]{words(answer.state)}[/]  {escape(answer.time)}  config {escape(answer.config_hash)}  "
        f"up {age(answer.uptime_s)}  hedger {escape(answer.version)}"
    ]
    if answer.missing:
        lines.append(f"[yellow]awaited: {escape(', '.join(answer.missing))}[/]")
    if answer.settings_error:
        lines.append(f"[yellow]the last reload was refused: {escape(answer.settings_error)}[/]")
    if not answer.journal_ok:
        lines.append("[bold red]the journal cannot be written: no orders are sent[/]")
    return Group(*lines)


def _book(book: BookAnswer, wide: bool) -> Panel:
    steered = f"neutral in {book.neutral}" if book.neutral else "no neutral chosen"
    facts = (book.underlying, words(book.policy), steered, words(book.state))
    title = f"[bold]{escape(book.name)}[/]  {escape(' · '.join(facts))}"
    action = book.why.action
    style = _ACTION_STYLE[action] if action else "yellow"
    why = f"[{style}]{escape(book.why.sentence)}[/]"
    return Panel(
        Group(why, "", _deltas(book), _figures(book), "", _positions(book.positions, wide)),
        title=title,
        title_align="left",
    )


def _deltas(book: BookAnswer) -> Columns:
    delta, band = book.delta, book.band
    return _facts(
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
    return _facts(
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


def _facts(*facts: tuple[str, str]) -> Columns:
    """Names and figures side by side, on as many lines as the terminal needs."""
    return Columns([f"[dim]{name}[/] {value}" for name, value in facts], padding=(0, 3))


def _positions(positions: tuple[PositionView, ...], wide: bool) -> RenderableType:
    return _table(_POSITION_COLUMNS, positions, wide) if positions else "[dim]no positions known[/]"


class _Column(NamedTuple, Generic[_Row]):
    """`text` is aligned left; `wide` columns are left out on a narrow terminal, so that no figure is cut."""

    title: str
    value: Callable[[_Row], str]
    text: bool = False
    wide: bool = False


def _table(columns: Sequence[_Column[_Row]], rows: Iterable[_Row], wide: bool, title: str = "") -> Table:
    table = Table(box=None, title_justify="left", title_style="dim", header_style="dim", padding=(0, 2, 0, 0))
    table.title = title or None
    shown = [column for column in columns if wide or not column.wide]
    for column in shown:
        table.add_column(column.title, justify="left" if column.text else "right", no_wrap=bool(column.title))
    for row in rows:
        table.add_row(*(column.value(row) for column in shown))
    return table


_POSITION_COLUMNS: tuple[_Column[PositionView], ...] = (
    _Column("instrument", lambda p: escape(p.instrument), text=True),
    _Column("size", lambda p: escape(f"{p.size} {p.unit}")),
    _Column("mark", lambda p: number(p.mark, 4 if p.kind == "option" else 1), wide=True),
    _Column("IV", lambda p: pct(p.iv), wide=True),
    _Column("delta", lambda p: coin(p.delta_coin)),
    _Column("net tx", lambda p: coin(p.net_transaction_delta_coin)),
    _Column("theta/day", lambda p: usd(p.theta_usd_per_day, "+"), wide=True),
    _Column("vega", lambda p: usd(p.vega_usd, "+"), wide=True),
    _Column("age", lambda p: age(p.quote_age_s)),
    _Column("", lambda p: f"[yellow]{escape(p.missing)}[/]", text=True),
)

_VENUE_COLUMNS: tuple[_Column[VenueView], ...] = (
    _Column("venue", lambda v: escape(v.name), text=True),
    _Column("environment", lambda v: v.environment.value, text=True),
    _Column("account", lambda v: escape(v.account_id) or UNKNOWN, text=True),
    _Column(
        "link", lambda v: "[green]connected[/]" if v.connected else "[bold red]disconnected[/]", text=True
    ),
    _Column("data age", lambda v: age(v.data_age_s)),
    _Column("round trip", lambda v: milliseconds(v.round_trip_s)),
    _Column("skew", lambda v: milliseconds(_seconds(v.clock_skew_ms)), wide=True),
    _Column("credits", lambda v: number(v.credits), wide=True),
    _Column("reconnects", lambda v: str(v.reconnects), wide=True),
)

_ORDER_COLUMNS: tuple[_Column[OrderView], ...] = (
    _Column("order", lambda o: escape(o.label), text=True),
    _Column("side", lambda o: escape(o.side), text=True),
    _Column("instrument", lambda o: escape(o.instrument), text=True, wide=True),
    _Column("state", lambda o: words(escape(o.state)), text=True),
    _Column("amount", lambda o: escape(o.amount)),
    _Column("filled", lambda o: escape(o.filled)),
    _Column("price", lambda o: escape(o.price), wide=True),
    _Column("average", lambda o: escape(o.average_price)),
    _Column("", lambda o: escape(o.detail), text=True),
)


def _venues(venues: tuple[VenueView, ...], wide: bool) -> Table:
    return _table(_VENUE_COLUMNS, venues, wide)


def _orders(orders: OrdersView, wide: bool) -> Table:
    title = f"orders: {orders.open} open, {orders.unknown} unknown, {orders.foreign_open} of others"
    return _table(_ORDER_COLUMNS, orders.recent, wide, title)


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000
