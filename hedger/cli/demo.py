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
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from hedger.cli.client import told_errors
from hedger.cli.shipped import demo_config
from hedger.domain.errors import VenueError

if TYPE_CHECKING:
    from hedger.runtime.start import Source
    from hedger.settings.load import Loaded

READY_S = 30.0
STATE_DIR = Path(".hedger/demo")


def demo(
    policy: Annotated[str, typer.Option(help="band or theta_offset.")] = "band",
    duration: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds to run; until Ctrl-C if left out.")
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No page; only the summary at the end.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the page.")] = 8787,
    speed: Annotated[float, typer.Option(help="Market seconds per real second.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated market.")] = 7,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Instead of the demo's own config/demo.toml.")
    ] = None,
    state_dir: Annotated[
        Path, typer.Option("--state-dir", help="Journal and token of the demo, apart from those of a daemon.")
    ] = STATE_DIR,
) -> None:
    """Watch a simulated BTC book being kept delta-neutral over a real websocket, on this machine alone."""
    from hedger.runtime.loop import run_on
    from hedger.runtime.start import Source

    with told_errors():
        chosen = config or demo_config()
        settings = [f"books.btc.policy={policy!r}", f"web.port={port}", f"state_dir={str(state_dir)!r}"]
        settings.append(f"log.level={'warning' if headless else 'info'!r}")
        with _exchange(speed, seed) as ready:
            source = Source(chosen, os.environ, settings, ready)
            loaded = source.load()
            raise typer.Exit(run_on(loaded.loop, _hedge(loaded, source, duration, headless)))


@contextmanager
def _exchange(speed: float, seed: int) -> Iterator[Path]:
    """A local exchange in a process of its own, ended with the demo."""
    with tempfile.TemporaryDirectory(prefix="hedger-demo-") as folder:
        ready = Path(folder) / "ready.json"
        words = ["exchange", "--seed", str(seed), "--speed", str(speed), "--book", "strangle"]
        with subprocess.Popen(
            [sys.executable, "-m", "hedger", *words, "--ready-file", str(ready), "--with-parent"],
            stdin=subprocess.PIPE,  # its end is how the exchange learns that we are gone, even by kill -9
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the daemon first: it wants to cancel and reconcile
        ) as process:
            try:
                _await_ready(ready, process)
                yield ready
            finally:
                process.terminate()


def _await_ready(ready: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while not ready.exists():
        if process.poll() is not None:
            raise VenueError(f"the local exchange ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise VenueError(f"the local exchange was not ready within {READY_S:g} s")
        time.sleep(0.05)


async def _hedge(loaded: Loaded, source: Source, duration: float | None, headless: bool) -> int:
    from hedger.cli.surface import surface
    from hedger.runtime.daemon import Started, run_daemon
    from hedger.runtime.observer import Observer
    from hedger.web.token import ensure_token

    console = Console()
    observer = Observer()

    async def companion(started: Started) -> None:
        observer.attach(started.daemon.driver.engine)
        if started.url:
            _announce(console, started.url, loaded.state_dir)
        if duration is not None:
            await asyncio.sleep(duration)
            started.daemon.stop(f"demo of {duration:g} s is over")

    code = await run_daemon(
        loaded,
        source,
        token=ensure_token(loaded.state_dir),
        surface=None if headless else surface(loaded),
        companion=companion,
        watchers=(observer,),
        wait=False,
    )
    _summary(console, observer, loaded.engine.books[0].policy)
    return code


def _announce(console: Console, url: str, state_dir: Path) -> None:
    console.print(f"[bold]hedger demo[/]: the page is at [link]{url}[/]  (Ctrl-C ends it)", soft_wrap=True)
    told = f"hedger pause --url {url} --state-dir {state_dir}"
    console.print(f"[dim]commands like[/] {told}", soft_wrap=True, highlight=False)


def _summary(console: Console, observer: object, policy: str) -> None:
    from hedger.runtime.observer import Observer

    assert isinstance(observer, Observer)
    table = Table(title=f"demo summary: {policy}", show_header=False, title_justify="left")
    for name, value in observer.summary():
        table.add_row(name, value)
    console.print(table)
