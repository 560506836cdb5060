"""`hedger resume | flatten`: the two switches that show what they lead to before they are thrown."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from hedger.cli.client import DEFAULT_STATE_DIR, DEFAULT_URL, AsJson, Client, Url, told_errors
from hedger.cli.commands import OneBook, StateDir, Why, send
from hedger.cli.figures import coin
from hedger.cli.plan import print_plans
from hedger.cli.status import chosen
from hedger.web.answers import PlansAnswer, StatusAnswer
from hedger.web.requests import Command


def resume(
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    book: OneBook = "",
    reason: Why = "no reason given",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; only a terminal is ever asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hedge again after any of the other commands; the first orders that would be sent are shown before."""
    with told_errors():
        plans = Client(url).get("/v1/plan", PlansAnswer, book=book, resumed="true")
    if not as_json:
        print_plans(Console(stderr=True), plans.plans)
    if not (yes or as_json) and sys.stdin.isatty():
        typer.confirm("resume?", abort=True, err=True)
    send(Command.RESUME, url, state_dir, book, reason, as_json)


def flatten(
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    book: OneBook = "",
    reason: Why = "no reason given",
    accept_naked_delta: Annotated[
        bool, typer.Option("--accept-naked-delta", help="Even where this leaves more delta than there is.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Close the book's own hedge and nothing else; the options stay, unhedged: the delta left is shown."""
    if not as_json:
        with told_errors():
            answer = Client(url).get("/v1/status", StatusAnswer)
            for shown in chosen(answer, book):
                left = coin(shown.working.naked_delta_coin)
                typer.echo(
                    f"{shown.name}: flattening leaves {left} {shown.underlying} of naked delta", err=True
                )
    send(Command.FLATTEN, url, state_dir, book, reason, as_json, accept_naked_delta=accept_naked_delta)
