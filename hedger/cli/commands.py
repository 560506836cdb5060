"""`hedger pause | resume | reduce-only | flatten | halt`: an operator's commands to a running daemon."""

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
    """The function typer turns into this command; all five take the same options."""

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


pause = _operator(Command.PAUSE, "Send no new hedges; resting orders stay as they are.")
resume = _operator(Command.RESUME, "Hedge again after any of the other commands.")
reduce_only = _operator(Command.REDUCE_ONLY, "Send only orders that make the hedge position smaller.")
flatten = _operator(Command.FLATTEN, "Close the hedge position and nothing else; the options stay, unhedged.")
halt = _operator(Command.HALT, "Cancel resting orders and send nothing until resumed.")


def _send(command: Command, url: str, state_dir: Path, book: str, reason: str, as_json: bool) -> None:
    body = {"reason": reason, "by": f"cli:{getpass.getuser()}"[:64], "book": book}
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
