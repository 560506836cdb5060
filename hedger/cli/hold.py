"""`hedger hold 60s`: let a book wait while a person trades by hand; `hedger hold --end` ends it."""

from __future__ import annotations

import re
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
from hedger.cli.figures import clock
from hedger.domain.errors import ConfigError
from hedger.domain.time_units import HOUR_S, MINUTE_S
from hedger.engine.ownership.waits import MOST_HOLD_S
from hedger.web.answers import HoldAnswer

_SPAN = re.compile(r"(?P<count>\d{1,6}(?:\.\d{1,3})?)(?P<unit>[smh]?)", re.ASCII)
_SECONDS = {"": 1, "s": 1, "m": MINUTE_S, "h": HOUR_S}

Span = Annotated[str, typer.Argument(help="How long, like 60s or 5m; at most an hour.")]
End = Annotated[bool, typer.Option("--end", help="End a hold now.")]
OneBook = Annotated[str, typer.Option("--book", help="One book; every book when left out.")]


def hold(
    span: Span = "",
    end: End = False,
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    book: OneBook = "",
    reason: Why = "no reason given",
    as_json: AsJson = False,
) -> None:
    """Let the hedger wait while you trade by hand. Delta beyond the hard limit is hedged all the same."""
    with told_errors():
        body: dict[str, str | float] = {
            "seconds": _seconds(span, end),
            "reason": reason,
            "by": operator(),
            "book": book,
        }
        answer = Client(url, token_of(state_dir)).post("/v1/hold", body, HoldAnswer)
    if as_json:
        print_json(answer)
        return
    for name, until in answer.holds.items():
        typer.echo(f"{name}: {f'waits until {clock(until)} UTC' if until else 'does not wait'}")


def _seconds(span: str, end: bool) -> float:
    """Wire seconds. Raises ConfigError for a span that is none, and for both or neither of the two."""
    if end == bool(span):
        raise ConfigError("hold: give a span like 60s, or --end")
    if end:
        return 0.0
    found = _SPAN.fullmatch(span)
    seconds = float(found["count"]) * _SECONDS[found["unit"]] if found else 0.0
    if not 0 < seconds <= MOST_HOLD_S:
        raise ConfigError(f"span = {span!r}: must be like 60s, 5m or 1h, at most {MOST_HOLD_S / HOUR_S:g}h")
    return seconds
