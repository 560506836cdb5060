"""`hedger journal verify | tail | export | backup | restore`: the journal itself, beside a running daemon."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from hedger.cli.client import DEFAULT_STATE_DIR, told_errors
from hedger.domain.errors import ConfigError

journal = typer.Typer(
    help="The journal itself: read back and checked, followed, exported, copied and put back.",
    no_args_is_help=True,
)

_URL, _PASSWORD = "HEDGER_JOURNAL__URL", "HEDGER_JOURNAL__PASSWORD"
_LOOK_S = 0.5  # between looks of --follow

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="The daemon's TOML file: it says where the journal is.")
]
StateDir = Annotated[
    Path, typer.Option("--state-dir", help=f"Without --config and {_URL}: the folder of journal.sqlite.")
]
Tables = Annotated[list[str] | None, typer.Option("--table", help="This table only; repeatable.")]


class Where(NamedTuple):
    """Where a journal is, and what is needed to get in."""

    place: Path | str
    password: str


def find(config: Path | None, state_dir: Path) -> Where:
    """By the configuration, else by the environment, else in the state directory. Raises ConfigError."""
    if config is not None:
        from hedger.settings.load import load

        loaded = load(config, os.environ)
        return Where(loaded.journal_place, loaded.journal.password)
    from hedger.settings.tables import JournalSettings

    try:
        told = JournalSettings(url=os.environ.get(_URL, ""), password=os.environ.get(_PASSWORD, ""))
    except ValueError as error:
        raise ConfigError(f"{_URL}: {error}") from None
    return Where(told.url or state_dir / "journal.sqlite", told.password)


@journal.command()
def verify(
    config: ConfigFile = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Read every row back and hold orders, trades and epochs against each other; code 5 where they differ."""
    from hedger.cli.exit_codes import ExitCode
    from hedger.journal.verify import Report
    from hedger.journal.verify import verify as verified

    where = _found(config, state_dir)
    report: Report = _run(lambda: with_picture(where, verified))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        for kind, lines in (("problem", report.problems), ("note", report.notes)):
            for line in lines:
                typer.echo(f"{kind:<9}{line}")
        told = f"{report.problem_count} problems, {report.note_count} notes"
        typer.echo(f"{sum(report.rows.values())} rows read back: {told}")
    raise typer.Exit(ExitCode.HALTED if report.problem_count else ExitCode.OK)


@journal.command()
def tail(
    config: ConfigFile = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    count: Annotated[int, typer.Option("--lines", "-n", min=0, help="Of each table, to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")] = False,
    table: Tables = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The newest decisions, orders and trades, as they come."""
    from hedger.cli.journal_lines import as_line
    from hedger.journal.tail import KINDS, Tail

    where, names = _found(config, state_dir), _tables(table, list(KINDS))

    async def told() -> None:
        from hedger.journal.reading import Reader

        newest = Tail(names, count)
        async with Reader.open(*where) as reader:
            while True:
                async with reader.picture() as connection:
                    for line in await newest.more(connection):
                        typer.echo(msgspec.json.encode(line._asdict()).decode() if as_json else as_line(line))
                if not follow:
                    return
                await asyncio.sleep(_LOOK_S)

    with suppress(KeyboardInterrupt):
        _run(told)


@journal.command()
def export(
    config: ConfigFile = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A new file; standard output when left out.")
    ] = None,
    table: Tables = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", help="A folder for one Parquet file a table; needs pyarrow.")
    ] = None,
) -> None:
    """Every row as JSON, one a line, or as Parquet."""
    from hedger.journal.dump import new_file
    from hedger.journal.export import TABLES, as_json_lines, as_parquet

    where, names = _found(config, state_dir), _tables(table, list(TABLES))

    async def written(connection: Any) -> int:
        if parquet is not None:
            return await as_parquet(connection, names, parquet)
        if out is None:
            return await as_json_lines(connection, names, sys.stdout.buffer)
        with new_file(out) as part, part.open("wb") as file:
            return await as_json_lines(connection, names, file)

    count = _run(lambda: with_picture(where, written))
    if parquet is not None or out is not None:
        typer.echo(f"{count} rows written to {parquet or out}")


@journal.command()
def backup(
    out: Annotated[Path, typer.Argument(help="The copy, a new file.")],
    config: ConfigFile = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    portable: Annotated[
        bool, typer.Option("--portable", help="Text that either database takes; of a server it always is.")
    ] = False,
) -> None:
    """Copy one moment of the journal while the daemon writes on."""
    from hedger.journal.backup import backup as copied

    where = _found(config, state_dir)
    _run(lambda: copied(where.place, out, where.password, portable=portable))
    typer.echo(f"written to {out}")


@journal.command()
def restore(
    source: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    config: ConfigFile = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Put a copy where there is no journal; refused where there is one, or a daemon has it open."""
    from hedger.journal.backup import restore as restored
    from hedger.journal.url import masked

    where = _found(config, state_dir)
    _run(lambda: restored(source, where.place, where.password))
    typer.echo(f"restored to {masked(str(where.place))}")


def _found(config: Path | None, state_dir: Path) -> Where:
    with told_errors():
        return find(config, state_dir)


def _tables(named: list[str] | None, known: list[str]) -> list[str]:
    with told_errors():
        for name in named or ():
            if name not in known:
                raise ConfigError(f"--table {name}: no such table; known are {', '.join(sorted(known))}")
    return named or known


async def with_picture(where: Where, use: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """What `use` makes of one moment of a journal."""
    from hedger.journal.reading import Reader

    async with Reader.open(*where) as reader, reader.picture() as connection:
        return await use(connection)


def _run(made: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Errors of ours become one line and an exit code."""
    with told_errors():
        return asyncio.run(made())
