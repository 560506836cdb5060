"""`hedger record`: watch and record, trading nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from hedger.cli.run import Config, Exchange, Overrides


def record(
    config: Config,
    out: Annotated[Path, typer.Option("--out", "-o", help="The recording; `hedger replay` reads it.")],
    exchange: Exchange = None,
    duration: Annotated[
        float | None, typer.Option(help="Seconds to record; until stopped if left out.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Run in observe mode and record every step: what arrived, and what would have been done."""
    from hedger.runtime.daemon import Started, run_daemon
    from hedger.runtime.loop import run_on
    from hedger.runtime.start import Source

    extra = [*(overrides or ()), "mode='observe'", f"recorder.path={str(out)!r}"]
    source = Source(config, os.environ, extra, exchange)

    async def stop_in_time(started: Started) -> None:
        if duration is not None:
            await asyncio.sleep(duration)
            started.daemon.stop(f"recorded {duration:g} s")

    loaded = source.load()
    code = run_on(loaded.loop, run_daemon(loaded, source, companion=stop_in_time))
    print(f"recorded to {out}")
    raise typer.Exit(code)
