"""`hedger plan`: the hedge each book would send now, in coin, USD and contracts. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from hedger.cli.client import DEFAULT_URL, AsJson, BookName, Client, Url, print_json, told_errors
from hedger.cli.figures import coin, number, usd, words
from hedger.engine.decision import Decision
from hedger.web.answers import PlansAnswer


def plan(url: Url = DEFAULT_URL, book: BookName = "", as_json: AsJson = False) -> None:
    """Show the hedge each book would send now, in coin, USD and contracts; nothing is sent."""
    with told_errors():
        answer = Client(url).get("/v1/plan", PlansAnswer, book=book)
    if as_json:
        print_json(answer)
    else:
        print_plans(Console(), answer.plans)


def print_plans(console: Console, plans: Iterable[Decision]) -> None:
    """One block per book; serves a running daemon's answer and a one-shot run alike."""
    for decision in plans:
        console.print(_block(decision))
    console.print("[dim]nothing was sent[/]")


def _block(decision: Decision) -> Group:
    said = decision.detail or words(decision.reason)
    head = f"[bold]{escape(decision.book)}[/]  {words(decision.action)}: {escape(said)}"
    return Group(head, _order(decision) if decision.side else "  no order")


def _order(decision: Decision) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "instrument", "coin", "USD", "contracts", "delta now", "delta after", "index"):
        table.add_column(column, justify="left" if column in ("", "instrument") else "right")
    now = decision.delta_coin
    table.add_row(
        f"  {decision.side}",
        escape(decision.instrument),
        coin(decision.amount_coin),
        usd(decision.amount_usd, "+"),
        number(decision.amount_contracts, 0, "+"),
        coin(now),
        coin(None if now is None else now + decision.amount_coin),
        usd(decision.index_usd),
    )
    return table
