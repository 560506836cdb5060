"""The command line: wires drivers to settings. Each command lives in a file of its own name."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Annotated

import typer

from hedger import __version__
from hedger.domain.errors import HedgerError

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "version": "main.version",
        "demo": "demo.demo",
        "run": "run.run",
        "status": "status.status",
        "why": "why.why",
        "plan": "plan.plan",
        "outlook": "outlook.outlook",
        "chain": "chain.chain",
        "check": "check.check",
        "pause": "commands.pause",
        "resume": "switches.resume",
        "confirm": "commands.confirm",
        "reduce-only": "commands.reduce_only",
        "neutralise": "commands.neutralise",
        "flatten": "switches.flatten",
        "halt": "commands.halt",
        "order": "order.order",
        "override": "override.override",
        "set": "set.set_key",
        "hold": "hold.hold",
        "reconcile": "reconcile.reconcile",
        "journal": "journal.journal",
        "report": "report.report",
        "exchange": "exchange.exchange",
        "record": "record.record",
        "replay": "replay.replay",
        "shadow": "shadow.shadow",
        "simulate": "simulate.simulate",
        "backtest": "backtest.backtest",
        "tune": "tune.tune",
        "lab": "lab.lab",
        "smile": "smile.smile",
    }
)
"""Module and name of each command or group, in the order in which a user meets them."""


def app_for(words: Sequence[str] = ()) -> typer.Typer:
    """The application that the words of a command line need: one command, or all where none comes first.

    Every command imports what it works with; all of them together take a second.
    """
    app = typer.Typer(
        name="hedger",
        help="Keeps an options book delta-hedged.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_nothing)  # else a single command would be the whole application
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        module, attribute = COMMANDS[name].split(".")
        found = getattr(import_module(f"hedger.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _nothing() -> None:
    pass


def version(
    short: Annotated[bool, typer.Option("--short", help="The number alone.")] = False,
) -> None:
    """Print the version."""
    print(__version__ if short else f"hedger {__version__} (Python {sys.version.split()[0]})")


def run() -> None:
    """Entry point of the console script: errors on purpose become one line and an exit code."""
    words = ["version", *sys.argv[2:]] if sys.argv[1:2] == ["--version"] else sys.argv[1:]
    try:
        app_for(words)(words)
    except HedgerError as error:
        print(f"hedger: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
