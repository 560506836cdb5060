"""`hedger plan`: the hedge each book would send now, in coin, USD and contracts. Sends nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hedger.cli.client import DEFAULT_URL, AsJson, BookName, Client, Url, print_json, told_errors
from hedger.cli.figures import coin, number, usd, words
from hedger.domain.errors import ConfigError
from hedger.engine.decision import Decision
from hedger.web.answers import PlansAnswer, decision_answer

_WIDE = 100  # columns of a terminal that holds an order in one line
WARM_UP_S = 30.0  # how long a one-shot plan waits for data, account and quotes


def plan(
    url: Url = DEFAULT_URL,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Look once with this configuration; needs no daemon."),
    ] = None,
    exchange: Annotated[
        Path | None, typer.Option("--exchange", help="Ready file of a local exchange, with --config.")
    ] = None,
    book: BookName = "",
    as_json: AsJson = False,
) -> None:
    """Show the hedge each book would send now, in coin, USD and contracts; nothing is sent."""
    with told_errors():
        if config is not None:
            found = asyncio.run(look_once(config, exchange, book))
            answer = PlansAnswer(plans=tuple(decision_answer(plan_) for plan_ in found))
        else:
            answer = Client(url).get("/v1/plan", PlansAnswer, book=book)
    if as_json:
        print_json(answer)
    else:
        print_plans(Console(), answer.plans)


async def look_once(config: Path, exchange: Path | None, book: str) -> list[Decision]:
    """Connect in observe mode, wait for the warm-up to end, and plan; what is missing is in the plan."""
    from hedger.runtime.daemon import Started, run_daemon
    from hedger.runtime.start import Source

    plans: list[Decision] = []

    async def companion(started: Started) -> None:
        daemon = started.daemon
        deadline = asyncio.get_running_loop().time() + WARM_UP_S
        while (view := daemon.view()).missing and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        names = [book] if book else [row.name for row in view.books]
        plans.extend(daemon.plan(name) for name in names)
        daemon.stop("planned")

    with TemporaryDirectory(prefix="hedger-plan-") as folder:
        extra = ["mode='observe'", f"state_dir={folder!r}", "log.level='error'"]
        loaded = Source(config, os.environ, extra, exchange).load()
        if book and book not in {row.name for row in loaded.engine.books}:
            raise ConfigError(
                f"--book {book!r}: must be one of {', '.join(r.name for r in loaded.engine.books)}"
            )
        await run_daemon(loaded, companion=companion)
    return plans


def print_plans(console: Console, plans: Iterable[Decision]) -> None:
    """One block per book; serves a running daemon's answer and a one-shot run alike."""
    for decision in plans:
        console.print(_head(decision), soft_wrap=True)
        console.print(_order(decision, console.width >= _WIDE) if decision.side else "  no order")
    console.print("[dim]nothing was sent[/]")


def _head(decision: Decision) -> str:
    said = decision.detail or words(decision.reason)
    return f"[bold]{escape(decision.book)}[/]  {words(decision.action)}: {escape(said)}"


def _order(decision: Decision, wide: bool) -> Table:
    """Side by side where the terminal holds it, else one below another: no figure is ever cut."""
    order, facts = f"{decision.side} {escape(decision.instrument)}", _facts(decision)
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), show_header=wide)
    if not wide:
        table.add_row("  order", order)
        for name, value in facts.items():
            table.add_row(f"  [dim]{name}[/]", value)
        return table
    table.add_column("  order", no_wrap=True)
    for name in facts:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(f"  {order}", *facts.values())
    return table


def _facts(decision: Decision) -> dict[str, str]:
    now = decision.delta_coin
    return {
        "coin": coin(decision.amount_coin),
        "USD": usd(decision.amount_usd, "+"),
        "contracts": number(decision.amount_contracts, 0, "+"),
        "delta now": coin(now),
        "delta after": coin(None if now is None else now + decision.amount_coin),
        "index": usd(decision.index_usd),
    }
