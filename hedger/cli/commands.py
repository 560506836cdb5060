"""`hedger pause | resume | reduce-only | neutralise | flatten | halt | confirm`: an operator's commands."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hedger.cli.client import (
    DEFAULT_STATE_DIR,
    DEFAULT_URL,
    AsJson,
    Client,
    Url,
    print_json,
    token_of,
    told_errors,
)
from hedger.cli.figures import coin, words
from hedger.cli.plan import print_plans
from hedger.cli.status import chosen
from hedger.web.answers import CommandAnswer, PlansAnswer, StatusAnswer
from hedger.web.requests import Command

StateDir = Annotated[
    Path,
    typer.Option(
        "--state-dir", help="The daemon's state directory, where its token file is; or set HEDGER_TOKEN."
    ),
]
OneBook = Annotated[str, typer.Option("--book", help="One book; the whole daemon when left out.")]
Why = Annotated[str, typer.Option("--reason", help="Kept in the journal beside the command.")]


def _operator(command: Command, meaning: str) -> Callable[..., None]:
    """The function typer turns into this command; all of these take the same options."""

    def tell(
        url: Url = DEFAULT_URL,
        state_dir: StateDir = DEFAULT_STATE_DIR,
        book: OneBook = "",
        reason: Why = "no reason given",
        as_json: AsJson = False,
    ) -> None:
        _send(command, url, state_dir, book, reason, as_json)

    tell.__name__, tell.__doc__ = command.value, meaning
    return tell


pause = _operator(
    Command.PAUSE, "Send no new hedges and cancel those under way; an operator's own orders stay."
)
reduce_only = _operator(Command.REDUCE_ONLY, "Send only orders that make the hedge position smaller.")
neutralise = _operator(
    Command.NEUTRALISE,
    "Hedge to the target now, whatever the band says, then pause. Works from a pause, too.",
)
halt = _operator(Command.HALT, "Cancel resting orders and send nothing until resumed.")
confirm = _operator(Command.CONFIRM, "Let the first hedge pass that was held back for a person to see.")


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
    _send(Command.RESUME, url, state_dir, book, reason, as_json)


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
    _send(Command.FLATTEN, url, state_dir, book, reason, as_json, accept_naked_delta=accept_naked_delta)


def _send(
    command: Command, url: str, state_dir: Path, book: str, reason: str, as_json: bool, **more: bool
) -> None:
    body: dict[str, str | bool] = {"reason": reason, "by": operator(), "book": book, **more}
    with told_errors():
        answer = Client(url, token_of(state_dir)).post(f"/v1/commands/{command}", body, CommandAnswer)
    if as_json:
        print_json(answer)
        return
    typer.echo(f"{book or 'daemon'}: {words(answer.state)}")
    for name, state in answer.books.items():
        typer.echo(f"  {name}: {words(state)}")


def operator() -> str:
    """Who is at the keyboard, for the journal."""
    return f"cli:{getpass.getuser()}"[:64]
