"""`hedger why`: why a book did not trade, and how far the next trigger is."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from hedger.cli.client import DEFAULT_URL, AsJson, BookName, Client, Url, print_json, told_errors
from hedger.cli.figures import number, usd, words
from hedger.web.answers import WhysAnswer
from hedger.web.why import WhyAnswer


def why(url: Url = DEFAULT_URL, book: BookName = "", as_json: AsJson = False) -> None:
    """Say in one sentence what bound the last decision, with the distance to the next trigger."""
    with told_errors():
        answer = Client(url).get("/v1/why", WhysAnswer, book=book)
    if as_json:
        print_json(answer)
        return
    console = Console()
    for one in answer.books:
        console.print(f"[bold]{escape(one.book)}[/]  {escape(one.sentence)}")
        console.print(f"  {escape(_facts(one))}", style="dim")


def _facts(one: WhyAnswer) -> str:
    facts = [words(one.action) if one.action else "no decision", words(one.reason)]
    if one.binding:
        facts.append(f"bound by {words(one.binding)}")
    if one.distance_coin is not None:
        facts.append(f"{number(one.distance_coin, 4)} coin to the trigger")
    if one.distance_move_pct is not None:
        facts.append(f"{number(one.distance_move_pct, 2, '+')} % of the index")
    if one.next_trigger_index_usd is not None:
        facts.append(f"index level {usd(one.next_trigger_index_usd)} USD")
    return " · ".join(fact for fact in facts if fact)
