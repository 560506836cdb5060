"""`hedger demo`: a local exchange, a daemon that hedges on it, a page to watch. No keys, no account."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hedger.domain.errors import ConfigError, VenueError

CONFIG = Path("config/demo.toml")
READY_S = 30.0


def demo(
    policy: Annotated[str, typer.Option(help="band or theta_offset.")] = "band",
    duration: Annotated[float | None, typer.Option(help="Seconds to run; until Ctrl-C if left out.")] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No page; only the summary at the end.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the page.")] = 8787,
    speed: Annotated[float, typer.Option(help="Market seconds per real second.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated market.")] = 7,
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration of the demo.")] = CONFIG,
) -> None:
    """Watch a simulated BTC book being kept delta-neutral over a real websocket, on this machine alone."""
    if not config.exists():
        raise ConfigError(f"{config}: not found; run from the project's root or name the file with -c")
    with _exchange(speed, seed) as ready:
        raise typer.Exit(asyncio.run(_hedge(config, ready, policy, duration, headless, port)))


@contextmanager
def _exchange(speed: float, seed: int) -> Iterator[Path]:
    """A local exchange in a process of its own, ended with the demo."""
    with tempfile.TemporaryDirectory(prefix="hedger-demo-") as folder:
        ready = Path(folder) / "ready.json"
        words = ["exchange", "--seed", str(seed), "--speed", str(speed), "--book", "strangle"]
        process = subprocess.Popen(
            [sys.executable, "-m", "hedger", *words, "--ready-file", str(ready)],
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the daemon first: it wants to cancel and reconcile
        )
        try:
            _await_ready(ready, process)
            yield ready
        finally:
            process.terminate()
            process.wait(10)


def _await_ready(ready: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while not ready.exists():
        if process.poll() is not None:
            raise VenueError(f"the local exchange ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise VenueError(f"the local exchange was not ready within {READY_S:g} s")
        time.sleep(0.05)


async def _hedge(
    config: Path, ready: Path, policy: str, duration: float | None, headless: bool, port: int
) -> int:
    from hedger.cli.surface import surface
    from hedger.runtime.daemon import Started, run_daemon
    from hedger.runtime.observer import Observer
    from hedger.runtime.start import Source
    from hedger.web.token import ensure_token

    console = Console()
    level = "warning" if headless else "info"
    overrides = [f"books.btc.policy={policy!r}", f"web.port={port}", f"log.level={level!r}"]
    source = Source(config, os.environ, overrides, ready)
    observer = Observer()

    async def companion(started: Started) -> None:
        observer.attach(started.daemon.driver.engine)
        if started.url:
            console.print(f"[bold]hedger demo[/]: the page is at [link]{started.url}[/]  (Ctrl-C ends it)")
        if duration is not None:
            await asyncio.sleep(duration)
            started.daemon.stop(f"demo of {duration:g} s is over")

    loaded = source.load()
    code = await run_daemon(
        loaded,
        source,
        token=ensure_token(loaded.state_dir),
        surface=None if headless else surface(loaded),
        companion=companion,
        watchers=(observer,),
    )
    _summary(console, observer, policy)
    return code


def _summary(console: Console, observer: object, policy: str) -> None:
    from hedger.runtime.observer import Observer

    assert isinstance(observer, Observer)
    table = Table(title=f"demo summary: {policy}", show_header=False, title_justify="left")
    for name, value in observer.summary():
        table.add_row(name, value)
    console.print(table)
