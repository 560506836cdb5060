"""`hedger set`: change a key of the running daemon, above file and environment, until cleared."""

from __future__ import annotations

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
from hedger.cli.commands import StateDir, Why, operator
from hedger.domain.errors import ConfigError
from hedger.domain.instants import iso_time
from hedger.engine.views.view import EditView
from hedger.web.answers import StatusAnswer
from hedger.web.tuning import SetAnswer

Setting = Annotated[
    str | None, typer.Argument(metavar="[KEY=VALUE]", help="Like books.btc.band.upper=0.2; nothing: list.")
]
Short = Annotated[str, typer.Option("--book", help="The key is one of this book: band.upper=0.2.")]
Clear = Annotated[str, typer.Option("--clear", metavar="KEY", help="The file's value counts again.")]


def set_key(
    setting: Setting = None,
    book: Short = "",
    clear: Clear = "",
    reason: Why = "no reason given",
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Set a key of the running daemon: books and timing only, validated like the file, kept over restarts.

    What is set ends on --clear, or when the file changes that very key. Without a key: what is set now.
    """
    with told_errors():
        if setting is None and not clear:
            _list(Client(url).get("/v1/status", StatusAnswer).edits, as_json)
            return
        body = _body(setting, clear, book)
        body |= {"reason": reason, "by": operator()}
        answer = Client(url, token_of(Path(state_dir))).post("/v1/set", body, SetAnswer)
    if as_json:
        print_json(answer)
        return
    value = f"= {answer.value}" if answer.value else "as the file has it"
    typer.echo(f"{answer.key} {value}  (was {answer.before or 'not set'})  config {answer.config_hash}")


def _body(setting: str | None, clear: str, book: str) -> dict[str, str | bool]:
    """Raises ConfigError for what is neither KEY=VALUE nor a key to clear."""
    if setting is not None and clear:
        raise ConfigError("give KEY=VALUE or --clear KEY, not both")
    if setting is None:
        return {"key": _dotted(clear, book), "clear": True}
    key, equals, value = setting.partition("=")
    if not equals or not value.strip():
        raise ConfigError(f"{setting}: must be KEY=VALUE, like books.btc.band.upper=0.2")
    return {"key": _dotted(key, book), "value": value.strip()}


def _dotted(key: str, book: str) -> str:
    return f"books.{book}.{key.strip()}" if book else key.strip()


def _list(edits: tuple[EditView, ...], as_json: bool) -> None:
    if as_json:
        print_json(edits)
        return
    for edit in edits:
        typer.echo(f"{edit.key} = {edit.value}  since {iso_time(edit.since_ms)} by {edit.by}")
    if not edits:
        typer.echo("nothing is set above the file")
