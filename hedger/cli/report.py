"""`hedger report`: where the equity's change of a day, a week or any period came from, out of the journal."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import msgspec
import typer

from hedger.cli.client import DEFAULT_STATE_DIR, told_errors
from hedger.cli.instants import Since, Until, span_ms
from hedger.cli.journal import ConfigFile, StateDir, find, with_picture
from hedger.domain.errors import ConfigError
from hedger.domain.instants import utc
from hedger.domain.time_units import DAY_MS, EXPIRY_HOUR_UTC
from hedger.engine.attribution.days import began_ms

if TYPE_CHECKING:
    from hedger.reports.hedges import HedgeRow
    from hedger.reports.period import WalletReport

STDOUT = "-"


def report(
    config: ConfigFile = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    day: Annotated[bool, typer.Option("--day", help="The last whole day.")] = False,
    week: Annotated[bool, typer.Option("--week", help="The last seven whole days.")] = False,
    since: Since = None,
    until: Until = None,
    midnight: Annotated[
        bool, typer.Option("--midnight", help="Days begin at 00:00 UTC, not at the venue's 08:00.")
    ] = False,
    html: Annotated[
        str, typer.Option("--html", metavar="OUT", help="A page with plots; needs the extra lab.")
    ] = "",
    as_json: Annotated[
        str, typer.Option("--json", metavar="OUT", help="Every figure; - is standard output.")
    ] = "",
    as_csv: Annotated[
        str, typer.Option("--csv", metavar="OUT", help="One line per trade of ours, for accounting.")
    ] = "",
) -> None:
    """Explain a period's change of equity, line by line; without a period the running day so far."""
    with told_errors():
        hour = 0 if midnight else EXPIRY_HOUR_UTC
        reports = _read(config, state_dir, day, week, since, until, hour)
        _write(reports, html, as_json, as_csv)
        if STDOUT not in (html, as_json, as_csv):
            _show(reports)


def _read(
    config: Path | None,
    state_dir: Path,
    day: bool,
    week: bool,
    since: str | None,
    until: str | None,
    hour: int,
) -> list[WalletReport]:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from hedger.cli.report_input import reports_of
    from hedger.journal.reported import known, newest_ms
    from hedger.journal.url import masked

    where = find(config, state_dir)
    source = masked(str(where.place))

    async def made(connection: AsyncConnection) -> list[WalletReport]:
        newest = await newest_ms(connection)
        if not newest:
            when = "one is written every quarter of an hour, and when the daemon stops"
            raise ConfigError(
                f"journal {source}: no interval of the attribution is written in it yet; {when}"
            )
        from_ms, to_ms = period(newest, day=day, week=week, since=since, until=until, hour=hour)
        accounts = await known(connection, from_ms, to_ms)
        if not accounts:
            told = f"{_iso(from_ms)} to {_iso(to_ms)}"
            raise ConfigError(f"journal {source}: nothing in {told}; its last interval ends {_iso(newest)}")
        return [one for account in accounts for one in reports_of(account, source, from_ms, to_ms)]

    told: list[WalletReport] = asyncio.run(with_picture(where, made))
    return told


def period(
    newest_ms: int, *, day: bool, week: bool, since: str | None, until: str | None, hour: int
) -> tuple[int, int]:
    """From and to in market time; `newest_ms` is the end of the last interval. Raises ConfigError."""
    if sum((day, week, since is not None or until is not None)) > 1:
        raise ConfigError("--day, --week and --from/--to exclude one another: give one")
    began = began_ms(newest_ms, hour)
    if day or week:
        return began - (DAY_MS if day else 7 * DAY_MS), began
    from_ms, to_ms = span_ms(since, until)
    if to_ms is not None:
        return from_ms or 0, to_ms
    if from_ms is not None and from_ms > newest_ms:
        raise ConfigError(f"--from {since!r}: must be before the end of what is known, {_iso(newest_ms)}")
    return began if from_ms is None else from_ms, newest_ms + 1


def _iso(market_ms: int) -> str:
    return utc(market_ms).isoformat(timespec="seconds")


def _write(reports: list[WalletReport], html: str, as_json: str, as_csv: str) -> None:
    if html:
        from hedger.reports.html import as_html

        page = as_html(reports)
        with _opened(html) as out:
            out.write(page)
    if as_json:
        body = msgspec.json.format(msgspec.json.encode({"wallets": reports}), indent=2).decode()
        with _opened(as_json) as out:
            out.write(f"{body}\n")
    if as_csv:
        from hedger.reports.hedges import write_csv

        with _opened(as_csv) as out:
            write_csv((row for one in reports for row in _trades(one)), out)


def _trades(report: WalletReport) -> list[HedgeRow]:
    """All of the time asked for, in an interval or not, the oldest first: accounting misses none."""
    return sorted((*report.hedges, *report.apart), key=lambda row: row.market_ms)


def _opened(where: str) -> IO[str] | nullcontext[IO[str]]:
    """A file to be written anew, or standard output. Raises ConfigError for one that cannot be."""
    if where == STDOUT:
        return nullcontext(sys.stdout)
    try:
        return Path(where).open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{where}: {error.strerror}") from error


def _show(reports: list[WalletReport]) -> None:
    from rich.console import Console

    from hedger.reports.text import as_text

    console = Console()
    for one in reports:
        console.print(as_text(one))
        console.print()
