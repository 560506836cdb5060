"""The book that is tuned as it is held: from the running daemon, its journal, or a flight record."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.console import Console

from hedger.backtest.assumptions import Assumptions
from hedger.cli.client import DEFAULT_STATE_DIR, Client
from hedger.cli.journal import find, with_picture
from hedger.cli.tune_case import Case
from hedger.domain.errors import ConfigError, VenueError
from hedger.domain.keys import named
from hedger.domain.time_units import FUNDINGS_PER_DAY, YEAR_DAYS
from hedger.domain.vocabulary import Legs
from hedger.engine.settings import BookSettings
from hedger.engine.views.view import StatusView
from hedger.lab.book import unit_of
from hedger.lab.compile import numba_present
from hedger.lab.experiment import Costs, Experiment, model_of
from hedger.lab.held import Held, book_of, held_by, held_in, iv_of, told
from hedger.lab.tune import Candidate
from hedger.lab.tune_book import halves, realised_volatility, score, start_ms
from hedger.runtime.start import Source
from hedger.settings.load import Loaded
from hedger.settings.tables import WebSettings
from hedger.web.answers import StatusAnswer

COSTS = ("half_spread", "taker_fee", "funding_8h")
"""What of the assumptions is used."""


class Simulated(NamedTuple):
    """How a book's future is drawn, as the command line was told."""

    model: str
    paths: int
    horizon_days: float
    step_minutes: float
    seed: int


def case_of(
    config: Path, name: str, record: Path | None, journal: bool, url: str, how: Simulated, rests: Assumptions
) -> Case:
    """The book named, else the first, on simulated paths. Raises ConfigError or VenueError."""
    loaded = Source(config, os.environ).load()
    settings, running = _settings(loaded, name), loaded.config_hash
    if record is not None:
        with Console(stderr=True).status(f"reading {record}"):
            held, source = _shown(_ended(record), settings), f"as {record} ends"
    elif journal:
        held, source = _journalled(config, loaded, settings), "as its journal was written last"
    else:
        at = url or address(loaded.web)
        answer = _asked(at)
        held, source = _shown(answer, settings), f"as {at} has it now"
        running = answer.config_hash
    other = (
        f"today's setting is that of {config}, {loaded.config_hash}; the daemon runs {running}, another"
        if running != loaded.config_hash
        else ""
    )
    if not numba_present():
        typer.echo("numba is not installed (pip install 'hedger[lab]'): paths are looped slowly", err=True)
    about = filter(None, (f"book {settings.name} {source}", other))
    return _case(held, settings, tuple(about), how, rests)


def _settings(loaded: Loaded, name: str) -> BookSettings:
    books = {each.name: each for each in loaded.engine.books}
    found = books.get(name) if name else next(iter(books.values()), None)
    if found is None:
        raise ConfigError(f"--book {name}: {loaded.path} has {', '.join(books) or 'no book'}")
    return found


def address(web: WebSettings) -> str:
    """Where a daemon of this configuration is asked on its own machine. Raises ConfigError for port 0."""
    if not web.port:
        raise ConfigError("web.port = 0: the daemon took a free port; name its address with --url")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)
    return f"http://[{host}]:{web.port}" if ":" in host else f"http://{host}:{web.port}"


def _asked(url: str) -> StatusAnswer:
    try:
        return Client(url).get("/v1/status", StatusAnswer)
    except VenueError as error:
        others = "--journal takes the book from the journal, --data FILE.jsonl from a flight record"
        raise VenueError(f"{error}; start it, or: {others}") from error


def _ended(record: Path) -> StatusView:
    from hedger.backtest.replay import ended

    return ended(record)


def _shown(view: StatusView, settings: BookSettings) -> Held:
    found = next((each for each in view.books if each.name == settings.name), None)
    if found is None:
        known = ", ".join(each.name for each in view.books) or "none"
        raise ConfigError(f"book {settings.name}: the daemon does not have it; known: {known}")
    return held_in(found, view.market_ms)


def _journalled(config: Path, loaded: Loaded, settings: BookSettings) -> Held:
    """The wallet's positions are the book's where it has them alone."""
    from hedger.journal.reported import newest_interval

    sharing = [
        each
        for each in loaded.engine.books
        if each.venue == settings.venue and settings.underlying in each.currencies
    ]
    if len(sharing) > 1 or not settings.scope.whole or settings.legs is not Legs.INVERSE:
        raise ConfigError(
            f"--journal: it holds a wallet, and {settings.name} is not all of one settled in "
            f"{settings.underlying}; ask the running daemon, or name a flight record with --data"
        )
    environment = loaded.venues[settings.venue][0]

    async def read(connection: Any) -> Any:
        return await newest_interval(connection, settings.venue, environment.value, settings.underlying)

    row = asyncio.run(with_picture(find(config, DEFAULT_STATE_DIR), read))
    if row is None:
        where = f"{settings.venue}, {environment}, {settings.underlying}"
        raise ConfigError(f"--journal: no interval of {where} is written in it yet")
    return held_by(row, settings)


def _case(
    held: Held, settings: BookSettings, about: tuple[str, ...], how: Simulated, rests: Assumptions
) -> Case:
    step_s = round(how.step_minutes * 60)
    began_ms = start_ms(held.market_ms, step_s)
    book = book_of(held, settings, began_ms)
    try:
        kind, values = named(how.model)
        model = model_of({"kind": kind, **values}, iv_of(book))
    except ValueError as error:
        raise ConfigError(f"--model {how.model}: {error}") from None
    first, second = halves(
        book,
        settings,
        model,
        _costs(rests),
        paths=how.paths,
        horizon_days=how.horizon_days,
        step_s=step_s,
        start_ms=began_ms,
        seed=how.seed,
    )
    lines = (*about, *told(held, book), *_assumed(first, how, rests))
    paths = f"{how.paths:,} simulated paths"
    return Case(
        book=settings.name,
        today=Candidate(settings.policy, dict(settings.policy_params)),
        first=partial(score, first),
        second=partial(score, second),
        searched=f"{paths} (seed {first.simulation.seed})",
        judged=f"{paths} of their own (seed {second.simulation.seed})",
        assumed=lines,
        unit=unit_of(book),
        each="path",
        coin_worth=1.0 if unit_of(book) == "coin" else book.spot_usd,
    )


def _costs(rests: Assumptions) -> Costs:
    """Raises ConfigError for a rebate that is more than the spread."""
    try:
        one_way = rests.taker_fee + rests.half_spread
        return Costs(one_way=one_way, funding=rests.funding_8h * (FUNDINGS_PER_DAY * YEAR_DAYS))
    except ValueError as error:
        raise ConfigError(
            f"--assume: taker_fee and half_spread, or funding_8h over a year: {error}"
        ) from None


def _assumed(first: Experiment, how: Simulated, rests: Assumptions) -> Iterator[str]:
    implied, realised = iv_of(first.book), realised_volatility(first)
    yield (
        f"{how.model}: the index realises {realised:.3f} on its paths, {realised / implied:.2f} of what the "
        f"options imply; {first.horizon_days:.3g} days, a look every {first.step_s / 60:g} minutes"
    )
    yield from (line for line in rests.told() if line.split(" ", 1)[0] in COSTS)
    yield from SIMULATED


SIMULATED = (
    "Options keep the volatility they have now; expiries move as one, by the index; none is traded.",
    "Hedges fill whole and at once, in any size, in one perpetual: no caps, settlement window or profile.",
)
