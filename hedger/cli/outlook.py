"""`hedger outlook`: the next orders by index level, and the book under moves of spot and volatility."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hedger.cli.client import DEFAULT_URL, AsJson, BookName, Client, Url, print_json, told_errors
from hedger.cli.figures import UNKNOWN, coin, number, pct, usd
from hedger.cli.tables import Column, table
from hedger.engine.views.outlook import Cell, NextOrder, Outlook
from hedger.web.answers import OutlooksAnswer


def outlook(url: Url = DEFAULT_URL, book: BookName = "", as_json: AsJson = False) -> None:
    """Show the ladder of next orders and the spot x vol grid of each book; nothing is sent."""
    with told_errors():
        answer = Client(url).get("/v1/outlook", OutlooksAnswer, book=book)
    if as_json:
        print_json(answer)
        return
    console = Console()
    for each in answer.books:
        now = f"index {usd(each.index_usd)} USD, delta {coin(each.delta_coin)}"
        console.print(f"[bold]{escape(each.book)}[/]  {now}")
        if not each.grid:
            console.print("[yellow]the book is not known yet: see hedger why[/]")
            continue
        console.print(
            table(_LADDER, each.ladder, wide=True, title="next orders, each as if those before filled")
        )
        for title, told in _GRIDS:
            console.print("", _grid(each, title, told))
        if each.margin_currency:
            console.print("", _grid(each, "margin balance above maintenance, % of it", _margin_left))


def _grid(each: Outlook, title: str, told: Callable[[Cell], str]) -> Table:
    shifts = list(dict.fromkeys(cell.vol_shift_points for cell in each.grid))
    made = Table(
        box=None,
        title=title,
        title_justify="left",
        title_style="dim",
        header_style="dim",
        padding=(0, 2, 0, 0),
    )
    for name in ("index", *(f"vol {number(shift, 0, '+')}" for shift in shifts)):
        made.add_column(name, justify="right", no_wrap=True)
    rows: dict[float, list[Cell]] = {}
    for cell in each.grid:
        rows.setdefault(cell.move_pct, []).append(cell)
    for move, cells in rows.items():
        made.add_row(f"{number(move, 0, '+')} %", *map(told, cells))
    return made


def _margin_left(cell: Cell) -> str:
    """What maintenance margin leaves of the balance; nothing left is a liquidation."""
    left = cell.margin_left
    if left is None:
        return UNKNOWN
    return pct(left) if left > 0.0 else "[bold red]liquidated[/]"


_GRIDS: tuple[tuple[str, Callable[[Cell], str]], ...] = (
    ("result in coin, before any hedge", lambda cell: coin(cell.pnl_coin)),
    ("result in USD, collateral included", lambda cell: usd(cell.pnl_usd, "+")),
    ("controlled delta, coin", lambda cell: coin(cell.delta_coin)),
)

_LADDER: tuple[Column[NextOrder], ...] = (
    Column("index", lambda o: usd(o.index_usd)),
    Column("move", lambda o: f"{number(o.move_pct, 2, '+')} %"),
    Column("delta before", lambda o: coin(o.delta_before_coin)),
    Column(
        "order",
        lambda o: f"[bold]{'buy' if o.amount_coin > 0 else 'sell'} {number(abs(o.amount_coin), 4)}[/]",
    ),
    Column("delta after", lambda o: coin(o.delta_after_coin)),
)
