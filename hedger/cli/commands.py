"""`hedger pause | resume | reduce-only | neutralise | flatten | halt | confirm`: an operator's commands."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

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
from hedger.cli.figures import words
from hedger.web.answers import CommandAnswer
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
        send(command, url, state_dir, book, reason, as_json)

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


def send(
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
    for name, what in answer.ended.items():
        typer.echo(f"  {name}: this ended {what}")


def operator() -> str:
    """Who is at the keyboard, for the journal."""
    return f"cli:{getpass.getuser()}"[:64]
