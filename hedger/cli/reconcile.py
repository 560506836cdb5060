"""`hedger reconcile`: positions that were not as expected; `--accept` takes what is left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from hedger.cli.client import (
    DEFAULT_STATE_DIR,
    DEFAULT_URL,
    AsJson,
    BookName,
    Client,
    Url,
    print_json,
    token_of,
    told_errors,
)
from hedger.cli.commands import StateDir, operator
from hedger.cli.tables import Column, table
from hedger.domain.errors import ConfigError
from hedger.engine.views.difference_view import DifferenceView
from hedger.web.answers import StatusAnswer
from hedger.web.reconcile import ReconcileAnswer

Accept = Annotated[
    bool, typer.Option("--accept", help="Take the venue's positions as they are. Needs --book and --reason.")
]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the journal beside what was accepted.")]

_COLUMNS: tuple[Column[DifferenceView], ...] = (
    Column("instrument", lambda d: escape(d.instrument), text=True),
    Column("expected", lambda d: escape(d.expected)),
    Column("observed", lambda d: escape(d.observed)),
    Column("difference", lambda d: escape(d.difference)),
    Column("unexplained", lambda d: escape(d.unexplained) if d.unexplained != "0" else "-"),
    Column("explained by", lambda d: escape("; ".join(d.explained)), text=True),
)


def reconcile(
    accept: Accept = False,
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    book: BookName = "",
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Show positions that were not as expected and what explains them; --accept takes the rest as it is."""
    with told_errors():
        found = _accepted(url, state_dir, book, reason) if accept else _shown(url, book)
    if as_json:
        print_json(found)
        return
    for answer in found:
        _print(answer)


def _accepted(url: str, state_dir: Path, book: str, reason: str) -> tuple[ReconcileAnswer, ...]:
    if not book or not reason:
        raise ConfigError("reconcile --accept: name the book with --book and say why with --reason")
    body = {"book": book, "reason": reason, "by": operator()}
    return (Client(url, token_of(state_dir)).post("/v1/reconcile", body, ReconcileAnswer),)


def _shown(url: str, book: str) -> tuple[ReconcileAnswer, ...]:
    books = Client(url).get("/v1/status", StatusAnswer).books
    if book and book not in [each.name for each in books]:
        raise ConfigError(f"no such book: {book!r}, known: {', '.join(each.name for each in books)}")
    return tuple(ReconcileAnswer(each.name, each.differences) for each in books if book in ("", each.name))


def _print(answer: ReconcileAnswer) -> None:
    if not answer.differences:
        typer.echo(f"{answer.book}: every position is as expected")
        return
    Console().print(table(_COLUMNS, answer.differences, True, answer.book))
    left = [each.instrument for each in answer.differences if each.unexplained != "0"]
    if left:
        typer.echo(f"{answer.book} does not hedge: {', '.join(left)} unexplained; --accept takes it as it is")
