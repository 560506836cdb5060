"""Days and times as people write them in options. Every reader raises ConfigError naming option and value."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from hedger.domain.errors import ConfigError
from hedger.domain.instants import ms_of

Since = Annotated[
    str | None,
    typer.Option("--from", help="From this day or time on; UTC unless it says: 2026-02-01[T08:00]."),
]
Until = Annotated[str | None, typer.Option("--to", help="Up to this day or time, which is not included.")]


def span_ms(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """`--from` and `--to` in ms since 1970; None for one that is not given."""
    from_ms = None if since is None else instant_ms("--from", since)
    to_ms = None if until is None else instant_ms("--to", until)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise ConfigError(f"--from {since!r}: must be before --to {until!r}")
    return from_ms, to_ms


def instant_ms(option: str, text: str) -> int:
    """ISO 8601 in ms since 1970; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option} {text!r}: must be a day or time (ISO 8601) like 2026-02-01 or 2026-02-01T08:00"
        ) from None
    return ms_of(moment)


def day(option: str, text: str) -> date:
    """A day without a time."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r}: must be a day like 2026-02-01") from None
