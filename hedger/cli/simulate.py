"""`hedger simulate`: whole lives under faults in virtual time; exit 1 at a violation."""

from __future__ import annotations

import os
import random
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hedger.backtest.simulate.life import Result, live
from hedger.backtest.simulate.run import Summary, run
from hedger.cli.client import print_json
from hedger.cli.tables import facts
from hedger.runtime.clock import Clock

EXIT_VIOLATION = 1
FRESH = 1_000_000_000  # fresh seeds are drawn below this


def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="How many lives, one per seed.")] = 100,
    first_seed: Annotated[int, typer.Option(min=0, help="The first seed; the others follow it.")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Draw the first seed anew; it is printed.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="This seed alone.")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Print all that happens, with --seed.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one per core.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Let the daemon live through faults of wire, venue, disk and people, and check that nothing is lost.

    Each seed is 20 virtual minutes of the very session, engine and journal encoding that trade, against the
    local exchange. The same seed gives the same life.
    """
    if trace and seed is None:
        raise typer.BadParameter("needs --seed, or the lives would be told at once", param_hint="--trace")
    began_s = Clock.wire_s()
    if seed is not None:
        summary = _one(seed, trace)
    else:
        first = random.SystemRandom().randrange(FRESH) if fresh else first_seed
        summary = _many(range(first, first + seeds), workers or os.cpu_count() or 1, quiet=as_json)
    if as_json:
        print_json(summary)
    else:
        _show(summary, Clock.wire_s() - began_s)
    if summary.violations:
        raise typer.Exit(EXIT_VIOLATION)


def _one(seed: int, trace: bool) -> Summary:
    summary = Summary()
    result = live(seed, typer.echo if trace else None)
    typer.echo(f"seed {seed}: digest {result.digest}", err=True)
    summary.add(result)
    return summary


def _many(seeds: range, workers: int, *, quiet: bool) -> Summary:
    typer.echo(f"seeds {seeds.start} to {seeds.stop - 1}, {workers} processes", err=True)
    summary, console = Summary(), Console(stderr=True)
    with console.status("") as status:
        for result in run(seeds, workers):
            summary.add(result)
            if not quiet:
                bad = len(summary.violations)
                status.update(f"{summary.lives} of {len(seeds)} lives, {bad} violations")
                if result.violation:
                    console.print(_told(result), highlight=False, soft_wrap=True)
    return summary


def _told(result: Result) -> str:
    again = f"hedger simulate --seed {result.seed} --trace"
    return f"seed {result.seed}: {result.violation}: {result.detail}\n  at {result.virtual_s:.0f} s; {again}"


def _show(summary: Summary, elapsed_s: float) -> None:
    tally, console = summary.tally, Console()
    rate = tally.events / elapsed_s if elapsed_s > 0 else 0.0
    console.print(
        facts(
            ("lives", f"{summary.lives:,}"),
            ("virtual hours", f"{summary.virtual_s / 3600:,.1f}"),
            ("events", f"{tally.events:,} ({rate:,.0f}/s)"),
            ("steps", f"{tally.steps:,}"),
            ("frames", f"{tally.frames:,}"),
            ("orders", f"{tally.placed:,}"),
            ("beside a book that is blocked", f"{tally.beside:,}"),
            ("hedge fills", f"{tally.fills:,}"),
            ("turnover USD", f"{tally.turnover_usd:,.0f}"),
            ("restarts", f"{tally.restarts:,}"),
            ("takeovers", f"{tally.takeovers:,}"),
            ("blocked", f"{summary.blocked_share:.1%} of the time"),
            ("beyond the hard limit", f"{summary.beyond_share:.2%} of the time"),
        )
    )
    console.print(_table("lives of", dict(tally.kinds), "", "{:,.0f}"))
    console.print(_table("faults and incidents", dict(tally.incidents), "", "{:,.0f}"))
    console.print(_table("blocked by", tally.blocked_s, "share", "{:.2%}", tally.watched_s))
    console.print(_table("beyond the hard limit while", tally.beyond_s, "share", "{:.2%}", tally.watched_s))
    for result in summary.violations:
        console.print(_told(result), highlight=False, soft_wrap=True)
    console.print(f"violations: {len(summary.violations)}")


def _table(title: str, values: dict[str, float], unit: str, shape: str, of: float = 1.0) -> Table:
    """The largest first."""
    made = Table(box=None, header_style="dim")
    made.add_column(title, no_wrap=True)
    made.add_column(unit, justify="right")
    ordered = sorted(values.items(), key=lambda row: (-row[1], row[0]))
    for name, value in ordered:
        made.add_row(name, shape.format(value / of if of else 0.0))
    return made
