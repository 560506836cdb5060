"""`hedger run`: the daemon."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option("--config", "-c", help="The TOML file to run with.")]
Exchange = Annotated[
    Path | None, typer.Option("--exchange", help="Ready file of a local exchange: address, keys and clock.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="KEY=VALUE above file and environment; may be repeated.")
]


def run(
    config: Config,
    exchange: Exchange = None,
    port: Annotated[int | None, typer.Option(help="Port of page and API; 0 takes a free one.")] = None,
    overrides: Overrides = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Write every step to this file, for `hedger replay`.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Work one hedge to its end, where one is due, and stop.")
    ] = False,
    once_timeout_s: Annotated[
        float, typer.Option("--once-timeout", help="With --once: seconds after which it fails with code 4.")
    ] = 120.0,
    no_standby: Annotated[
        bool,
        typer.Option("--no-standby", help="Fail with code 6 where another hedger holds the account."),
    ] = False,
) -> None:
    """Hedge until stopped, or stand by while another hedger holds the account.

    SIGTERM stops in order, SIGHUP reloads the configuration.
    """
    from hedger.cli.standby import Standby
    from hedger.cli.surface import surface
    from hedger.runtime.daemon import Started, run_daemon
    from hedger.runtime.loop import run_on
    from hedger.runtime.once import Once
    from hedger.runtime.saying import say
    from hedger.runtime.start import Source
    from hedger.web.token import ensure_token

    extra = [*(overrides or ())]
    if port is not None:
        extra.append(f"web.port={port}")
    if record is not None:
        extra.append(f"recorder.path={str(record)!r}")
    source = Source(config, os.environ, extra, exchange)

    hedging = Once(once_timeout_s) if once else None

    async def announce(started: Started) -> None:
        say(f"hedger: {started.url}  (pid {os.getpid()})")
        if hedging is not None:
            await hedging.watch(started)

    loaded = source.load()
    token = ensure_token(loaded.state_dir)
    watchers = (Standby(),) if hedging is None else (hedging,)
    code = run_on(
        loaded.loop,
        run_daemon(
            loaded,
            source,
            token=token,
            surface=surface(loaded),
            companion=announce,
            watchers=watchers,
            wait=not (no_standby or once),
        ),
    )
    raise typer.Exit(code if hedging is None else hedging.code(code))
