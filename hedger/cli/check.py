"""`hedger check`: the configuration that would be obeyed, where each value comes from, secrets masked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from hedger.cli.client import told_errors
from hedger.runtime.start import Source
from hedger.settings.document import toml_value
from hedger.settings.load import Loaded

_WIDEST = 40  # a longer value pushes its own origin aside, not those of all others

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The TOML file.")]
ExchangeFile = Annotated[
    Path | None,
    typer.Option("--exchange", help="Ready file of a local exchange used instead of the venue."),
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="KEY=VALUE, like books.btc.policy=theta_offset; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def check(
    config: ConfigFile, exchange: ExchangeFile = None, set_: Overrides = None, as_json: AsJson = False
) -> None:
    """Validate a configuration and print what is obeyed, with the origin of each value."""
    with told_errors():
        loaded = Source(config, os.environ, set_ or (), exchange).load()
    if as_json:
        typer.echo(json.dumps(_answer(loaded), indent=2))
    else:
        _print(Console(), loaded)


def _answer(loaded: Loaded) -> dict[str, object]:
    rows = {name: {"value": value, "origin": loaded.origins[name]} for name, value in loaded.values.items()}
    return {
        "config_hash": loaded.config_hash,
        "market_clock": loaded.clock._asdict(),
        "settings": rows,
    }


def _print(console: Console, loaded: Loaded) -> None:
    """One line per key, padded into columns; a terminal breaks what is too long, nothing is cut or folded."""
    rows = [(name, toml_value(value), loaded.origins[name]) for name, value in loaded.values.items()]
    first, second = (min(max(len(row[place]) for row in rows), _WIDEST) for place in (0, 1))
    for name, value, origin in rows:
        style = "dim" if origin == "default" else ""
        line = f"{name:<{first}}  {value:<{second}}  {origin}"
        console.print(escape(line), style=style, soft_wrap=True, highlight=False)
    console.print(f"config [bold]{loaded.config_hash}[/]  mode [bold]{loaded.engine.mode.value}[/]  valid")
