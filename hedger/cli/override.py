"""`hedger override band x2 4h`: a wider or narrower band that comes back by itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

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
from hedger.cli.commands import StateDir, Why, operator
from hedger.domain.errors import ConfigError
from hedger.domain.instants import iso_time
from hedger.domain.time_units import DAY_S, HOUR_S, MINUTE_S
from hedger.engine.overrides import LEAST_S, MOST_S
from hedger.engine.profile import ProfileView
from hedger.web.answers import StatusAnswer
from hedger.web.tuning import OverrideAnswer

_SECONDS = {"s": 1, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")

What = Annotated[str | None, typer.Argument(metavar="[band]", help="What is scaled; nothing: list.")]
Factor = Annotated[str, typer.Argument(metavar="[xFACTOR]", help="x2 doubles, x0.5 halves; 0.1 to 10.")]
Duration = Annotated[str, typer.Argument(metavar="[TIME]", help="30m, 4h or 2d of market time; up to 7d.")]
Clear = Annotated[bool, typer.Option("--clear", help="End it now.")]


def override(
    what: What = None,
    factor: Factor = "",
    duration: Duration = "",
    book: BookName = "",
    clear: Clear = False,
    reason: Why = "no reason given",
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Scale the band for a while: `hedger override band x2 4h --book btc`. Hard limits stay in place."""
    with told_errors():
        if what is None and not clear:
            status = Client(url).get("/v1/status", StatusAnswer)
            answer = OverrideAnswer({b.name: b.profile for b in status.books if book in ("", b.name)})
        else:
            body: dict[str, str | float | bool] = {"book": book, "reason": reason}
            body |= {"clear": True} if clear else asked(what or "", factor, duration)
            body |= {"by": operator()}
            answer = Client(url, token_of(Path(state_dir))).post("/v1/override", body, OverrideAnswer)
    if as_json:
        print_json(answer)
        return
    for name, profile in answer.books.items():
        typer.echo(f"{name}: {spoken(profile)}")


def asked(what: str, factor: str, duration: str) -> dict[str, float]:
    """The words of the command line as numbers. Raises ConfigError saying what would be right."""
    if what != "band":
        raise ConfigError(f"{what!r}: only band can be overridden, like: hedger override band x2 4h")
    try:
        times = float(factor.lower().removeprefix("x"))
    except ValueError:
        raise ConfigError(f"{factor!r}: must be a factor like x2 or x0.5") from None
    found = _DURATION.fullmatch(duration.lower())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not LEAST_S <= seconds <= MOST_S:
        bounds = f"from {LEAST_S / MINUTE_S:g}m to {MOST_S / DAY_S:g}d"
        raise ConfigError(f"{duration!r}: must be a time like 30m, 4h or 2d, {bounds}")
    return {"factor": times, "duration_s": seconds}


def spoken(profile: ProfileView) -> str:
    """The override in force, in one line."""
    if profile.override_factor is None or profile.override_until_ms is None:
        return "no override"
    until = iso_time(profile.override_until_ms)
    return (
        f"band x{profile.override_factor:g} until {until} by {profile.override_by}: {profile.override_reason}"
    )
