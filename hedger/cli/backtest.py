"""`hedger backtest`: policies side by side on recorded chains, by the engine that trades."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.bridge import Bridge
from hedger.backtest.chain import Chain
from hedger.backtest.compare import Compared, compare
from hedger.backtest.contenders import (
    UNHEDGED,
    Contender,
    book_of,
    default_book,
    default_contenders,
    parse_contender,
)
from hedger.backtest.sources import load_chain
from hedger.backtest.strategy import Strategy, load_strategy
from hedger.cli.backtest_page import page
from hedger.cli.backtest_tables import show
from hedger.cli.client import told_errors
from hedger.cli.files import check_writable, indented, save
from hedger.cli.instants import Since, Until, span_ms
from hedger.cli.lab import Workers
from hedger.cli.shipped import SHORT_STRANGLE, shipped
from hedger.domain.errors import ConfigError
from hedger.domain.time_units import DAY_S
from hedger.engine.settings import BookSettings
from hedger.lab.executor import executor
from hedger.runtime.clock import Clock

# What `hedger tune` is asked in the same words.
BookName = Annotated[str, typer.Option("--book", help="Which book of --config; its first when left out.")]
StrategyFile = Annotated[
    Path | None, typer.Option("--strategy", help="Which options are traded when; a short strangle.")
]
Coin = Annotated[str, typer.Option("--coin", help="BTC or ETH; a book's own with --config.")]
Assume = Annotated[
    list[str] | None, typer.Option("--assume", help="KEY=VALUE, like half_spread=0.0002; repeatable.")
]


def backtest(
    data: Annotated[
        Path,
        typer.Option("--data", help="Recorded chains, a flight record, or candles."),
    ],
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Take book, limits and policy from this file.")
    ] = None,
    book: BookName = "",
    strategy: StrategyFile = None,
    coin: Coin = "BTC",
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", help="POLICY:KEY=VALUE,... instead of the default ones; repeatable."),
    ] = None,
    from_: Since = None,
    to: Until = None,
    assume: Assume = None,
    bridge: Annotated[
        float | None, typer.Option("--bridge", help="MODELLED instants every so many seconds in between.")
    ] = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON here.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report with plots here.")] = None,
    workers: Workers = 0,
) -> None:
    """Run policies side by side on recorded data, with the engine that trades and no look ahead.

    Prints what it assumes, then result, costs, risk and capital of every policy, and where the P&L came from.
    """
    began_s = Clock.wire_s()
    with told_errors():
        check_writable(json_, html)
        plan, rests = strategy_of(strategy, data)
        rests = assumed(rests, assume or ())
        base, own = book_and_own(config, book, coin)
        contenders = (*own, *_contenders(policy or (), base, rests))
        chain = load_chain(data, base.underlying, *span_ms(from_, to))
        chain = chain if bridge is None else _bridged(chain, bridge, rests.seed)
        loaded_s = Clock.wire_s()
        compared = _compared(chain, plan, contenders, base, rests, workers)
        ended_s = Clock.wire_s()
        _write(compared, json_, html)
    console = Console()
    show(console, compared.report)
    _tell_speed(console, compared, loaded_s - began_s, ended_s - loaded_s)


def strategy_of(path: Path | None, data: Path) -> tuple[Strategy | None, Assumptions]:
    """The file named, else the shipped one; a flight record brings its own book and trades."""
    if data.suffix != ".jsonl":
        return load_strategy(path or shipped(SHORT_STRANGLE, "name one with --strategy"))
    if path is not None:
        raise ConfigError(f"--strategy {path}: not with a flight record, whose own options are traded again")
    return None, Assumptions()


def _write(compared: Compared, json_: Path | None, html: Path | None) -> None:
    """The files that were asked for. Raises ConfigError where one cannot be written."""
    if json_ is not None:
        save(json_, indented(compared.report))
    if html is not None:
        save(html, page(compared))


def _compared(
    chain: Chain,
    plan: Strategy | None,
    contenders: Sequence[Contender],
    book: BookSettings,
    assumed: Assumptions,
    workers: int,
) -> Compared:
    with executor("serial" if workers == 1 else "processes", workers) as place:
        try:
            return compare(chain, plan, contenders, book, assumed, place.map)
        except ValueError as error:
            raise ConfigError(str(error)) from error


def _bridged(chain: Chain, step_s: float, seed: int) -> Chain:
    if not 1.0 <= step_s <= DAY_S:  # NaN is neither
        raise ConfigError(f"--bridge {step_s:g}: must be 1 to 86400 s")
    return chain.filled(Bridge(round(step_s * 1000), seed))


def assumed(rests: Assumptions, given: Sequence[str]) -> Assumptions:
    """With what was given as KEY=VALUE. Raises ConfigError."""
    pairs = [text.partition("=") for text in given]
    try:
        return rests.changed({name.strip(): value.strip() for name, _, value in pairs})
    except ValueError as error:
        raise ConfigError(f"--assume: {error}") from error


def book_and_own(config: Path | None, name: str, coin: str) -> tuple[BookSettings, Sequence[Contender]]:
    """The book, and its own policy as it is set; without a configuration there is none."""
    if config is None:
        if name:
            raise ConfigError(f"--book {name}: needs --config, the file of that book")
        return default_book(coin), ()
    from hedger.runtime.start import Source

    books = {each.name: each for each in Source(config, os.environ).load(edits=()).engine.books}
    found = books.get(name) if name else next(iter(books.values()), None)
    if found is None:
        raise ConfigError(f"--book {name}: {config} has {', '.join(books) or 'no book'}")
    own = Contender(f"configured: {found.policy}", found.policy, found.policy_params, found.partial)
    return found, (own,)


def _contenders(texts: Sequence[str], book: BookSettings, assumed: Assumptions) -> Sequence[Contender]:
    """Those named, beside the unhedged book; by default a set of all kinds."""
    if not texts:
        return default_contenders(assumed, book.target_delta_coin)
    return (UNHEDGED, *(_contender(text, book) for text in texts))


def _contender(text: str, book: BookSettings) -> Contender:
    try:
        found = parse_contender(text)
        book_of(found, book)
    except ValueError as error:
        raise ConfigError(f"--policy {text}: {error}") from error
    return found


def _tell_speed(console: Console, compared: Compared, loading_s: float, running_s: float) -> None:
    """Apart from the report, which is the same on every machine."""
    head, count = compared.report.heading, len(compared.outcomes)
    events = sum(outcome.events for outcome in compared.outcomes)
    each_s = running_s / count
    console.print(
        f"loaded in {loading_s:.1f} s; {count} policies in {running_s:.1f} s: "
        f"{head.rows / each_s:,.0f} recorded rows/s per policy, "
        f"{events / running_s:,.0f} events/s told to the engines",
        style="dim",
        highlight=False,
    )
