"""The command line: wires drivers to settings. Each command lives in a file of its own name."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hedger import __version__
from hedger.domain.errors import HedgerError

app = typer.Typer(
    name="hedger",
    help="Keeps an options book delta-hedged.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _register() -> None:
    """Commands in the order in which a user meets them."""
    from hedger.cli import (
        chain,
        check,
        commands,
        demo,
        exchange,
        hold,
        journal,
        lab,
        order,
        outlook,
        override,
        plan,
        reconcile,
        record,
        replay,
        run,
        simulate,
        smile,
        status,
        switches,
        why,
    )
    from hedger.cli import set as set_command

    app.command()(demo.demo)
    app.command()(run.run)
    app.command()(status.status)
    app.command()(why.why)
    app.command()(plan.plan)
    app.command()(outlook.outlook)
    app.command()(chain.chain)
    app.command()(check.check)
    for command in (
        commands.pause,
        switches.resume,
        commands.confirm,
        commands.reduce_only,
        commands.neutralise,
        switches.flatten,
        commands.halt,
    ):
        app.command()(command)
    app.add_typer(order.order, name="order")
    app.command()(override.override)
    app.command("set")(set_command.set_key)
    app.command()(hold.hold)
    app.command()(reconcile.reconcile)
    app.add_typer(journal.journal, name="journal")
    app.command()(exchange.exchange)
    app.command()(record.record)
    app.command()(replay.replay)
    app.command()(simulate.simulate)
    app.add_typer(lab.lab, name="lab")
    app.command()(smile.smile)


@app.command()
def version(
    short: Annotated[bool, typer.Option("--short", help="The number alone.")] = False,
) -> None:
    """Print the version."""
    print(__version__ if short else f"hedger {__version__} (Python {sys.version.split()[0]})")


_register()


def run() -> None:
    """Entry point of the console script: errors on purpose become one line and an exit code."""
    try:
        app()
    except HedgerError as error:
        print(f"hedger: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
