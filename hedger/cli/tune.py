"""`hedger tune`: policy and band for a book, proposed on one half of the evidence and judged on the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.chain import Chain
from hedger.backtest.contenders import Contender, book_of
from hedger.backtest.run import run, settled_book
from hedger.backtest.sources import load_chain
from hedger.backtest.strategy import Strategy, load_strategy
from hedger.backtest.summary import hedged_usd, summarise, usd_lines
from hedger.cli.backtest import (
    Assume,
    BookName,
    Coin,
    StrategyFile,
    assumed,
    book_and_own,
)
from hedger.cli.client import told_errors
from hedger.cli.files import check_writable, indented, save
from hedger.cli.instants import Since, Until, span_ms
from hedger.cli.lab import Where, Workers
from hedger.cli.shipped import SHORT_STRANGLE, shipped
from hedger.cli.tune_book import COSTS, Simulated, case_of
from hedger.cli.tune_case import Case
from hedger.cli.tune_told import page, show
from hedger.domain.errors import ConfigError
from hedger.domain.instants import iso_day
from hedger.domain.vocabulary import Neutral
from hedger.engine.settings import BookSettings
from hedger.lab.executor import executor
from hedger.lab.tune import SPACE, Candidate, Objective, Proposal, Score
from hedger.lab.tune import tune as propose


class Evidence(msgspec.Struct, frozen=True):
    """One half of the data."""

    data: Path
    coin: str
    from_ms: int | None  # of all the data, that is read
    to_ms: int | None
    first_ms: int  # of this half
    end_ms: int

    @property
    def chain(self) -> Chain:
        return _chain(self.data, self.coin, self.from_ms, self.to_ms).between(self.first_ms, self.end_ms)


# What only one kind of evidence knows, by the parameter's name.
CHAINS_ONLY = ("strategy", "coin", "from_", "to")
BOOK_ONLY = ("journal", "url", "model", "paths", "horizon_days", "step_minutes")


def finite(value: float) -> float:
    """Of an option: a bound is no bound for what is no number."""
    if not math.isfinite(value):
        raise typer.BadParameter("must be a finite number")
    return value


def tune(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Take the book and today's setting from this file.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Recorded chains, a file or a folder, for a strategy over them; or a flight record "
            "(.jsonl), for the book as it ends.",
        ),
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="The book as the journal has it; the daemon need not run.")
    ] = False,
    url: Annotated[
        str, typer.Option("--url", help="Address of the running daemon; else the configuration's.")
    ] = "",
    book: BookName = "",
    objective: Annotated[
        Objective,
        typer.Option(
            help="cost: least fees and spread at no more than today's risk; risk: least risk at no more than "
            "today's fees and spread; utility: mean less half --risk-aversion times variance."
        ),
    ] = Objective.COST,
    risk_aversion: Annotated[
        float,
        typer.Option(
            min=0.0,
            callback=finite,
            help="Per coin, of --objective utility, for the profit of an interval or path.",
        ),
    ] = 1.0,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", help="Search only this one; repeatable.")
    ] = None,
    trials: Annotated[int, typer.Option(min=8, max=10_000, help="Candidates to try.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of the search and of simulated paths.")] = 1,
    model: Annotated[
        str,
        typer.Option(
            help="KIND:KEY=VALUE,... of a held book's index: gbm, merton, heston, regimes, or "
            "bootstrap:path=FILE of prices, one a look. realised_over_implied: of the options' volatility."
        ),
    ] = "gbm:realised_over_implied=1",
    paths: Annotated[int, typer.Option(min=100, max=100_000, help="Simulated paths of each half.")] = 2_000,
    horizon_days: Annotated[
        float, typer.Option(min=0.1, help="Days simulated; no longer than the last expiry.")
    ] = 7.0,
    step_minutes: Annotated[
        float,
        typer.Option(min=1.0, max=480.0, help="Between two looks of a policy at a simulated path."),
    ] = 5.0,
    strategy: StrategyFile = None,
    coin: Coin = "BTC",
    from_: Since = None,
    to: Until = None,
    assume: Assume = None,
    where: Where = "processes",
    workers: Workers = 0,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the proposal as JSON here.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the frontier as a page here.")] = None,
) -> None:
    """Propose policy and band for a book, and judge them on evidence the search never saw.

    With -c alone it asks the running daemon, reading only, for the options, futures and equity of the book as
    it is held, and tries candidates on simulated paths, the best of them on fresh ones. With recorded chains
    it trades a strategy's options, searches on the first half of the days and judges on the second. Nothing
    is changed anywhere: it prints what to set and what that would save, and says so where that is nothing.
    """
    with told_errors():
        check_writable(json_, html)
        if data is None or data.suffix == ".jsonl":
            _refuse(context, CHAINS_ONLY, "a held book")
            how = Simulated(model, paths, horizon_days, step_minutes, seed)
            case = _held(config, book, data, journal, url, how, assume or ())
        else:
            _refuse(context, BOOK_ONLY, "recorded chains")
            case = _chains(data, strategy, config, book, coin, from_, to, assume or ())
        with executor(where, workers) as place, _progress() as bar:
            task = bar.add_task("candidates", total=trials)
            found = propose(
                case.first,
                case.second,
                case.today,
                objective=objective,
                trials=trials,
                seed=seed,
                run=place.map,
                policies=policies or tuple(SPACE),
                risk_aversion=risk_aversion / case.coin_worth,
                unit=case.unit,
                each=case.each,
                told=lambda done: bar.update(task, completed=done),
            )
        _write(found, json_, html)
    show(Console(), found, case)


def _refuse(context: typer.Context, names: Sequence[str], kind: str) -> None:
    """Raises ConfigError for an option that was given and means nothing here."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise ConfigError(f"--{name.strip('_').replace('_', '-')}: not with {kind}")


def _held(
    config: Path | None,
    book: str,
    record: Path | None,
    journal: bool,
    url: str,
    how: Simulated,
    assume: Sequence[str],
) -> Case:
    if config is None:
        raise ConfigError("name the book's configuration with -c, or recorded chains with --data")
    if sum((record is not None, journal, bool(url))) > 1:
        raise ConfigError("--data, --journal and --url: each says where the book is; give one")
    for text in assume:
        if text.partition("=")[0].strip() not in COSTS:
            raise ConfigError(f"--assume {text}: of a held book must be one of {', '.join(COSTS)}")
    return case_of(config, book, record, journal, url, how, assumed(Assumptions(), assume))


def _chains(
    data: Path,
    strategy: Path | None,
    config: Path | None,
    book: str,
    coin: str,
    from_: str | None,
    to: str | None,
    assume: Sequence[str],
) -> Case:
    plan, rests = load_strategy(strategy or shipped(SHORT_STRANGLE, "name one with --strategy"))
    rests = assumed(rests, assume)
    base, own = book_and_own(config, book, coin)
    try:
        settled_book(base, base.underlying)  # refused before any work, and not by a worker
    except ValueError as error:
        raise ConfigError(f"book {base.name}: {error}") from error
    first, second = _halves(data, base.underlying, *span_ms(from_, to))
    start, middle, end = (iso_day(ms) for ms in (first.first_ms, second.first_ms, second.end_ms))
    in_usd = base.neutral is Neutral.USD
    return Case(
        book=base.name,
        today=Candidate(own[0].policy, dict(own[0].params)) if own else Candidate("band", {}),
        first=partial(score, first, plan, base, rests),
        second=partial(score, second, plan, base, rests),
        searched=f"{start} to {middle}",
        judged=f"{middle} to {end}",
        assumed=tuple(rests.told()),
        unit="USD" if in_usd else "coin",
        coin_worth=first.chain.instants[0].index_usd if in_usd else 1.0,
    )


def score(
    evidence: Evidence, strategy: Strategy, book: BookSettings, rests: Assumptions, candidate: Candidate
) -> Score:
    """What a candidate comes to over one half, by the engine that trades: in coin, or in USD for a
    usd-neutral book, whose collateral is hedged."""
    contender = Contender(str(candidate), candidate.policy, candidate.params, book.partial)
    outcome = run(evidence.chain, strategy, book_of(contender, book), rests)
    told = summarise(outcome)
    if book.neutral is Neutral.USD:
        return Score(
            pnl=tuple(hedged_usd(outcome, usd_lines(outcome)))[1:],
            trading_cost=told.trading_cost_usd,
            trades=told.trades,
            funding=told.attribution_usd["funding"],
        )
    return Score(
        pnl=tuple(lines.total for lines in outcome.lines[1:]),
        trading_cost=told.hedge_fees_coin + told.hedge_slippage_coin,
        trades=told.trades,
        funding=told.funding_coin,
    )


@cache
def _chain(data: Path, coin: str, from_ms: int | None, to_ms: int | None) -> Chain:
    """Read once per process; one that is forked from it has it already."""
    return load_chain(data, coin, from_ms, to_ms)


def _halves(data: Path, coin: str, from_ms: int | None, to_ms: int | None) -> tuple[Evidence, Evidence]:
    """Cut at the recorded instant in the middle."""
    instants = _chain(data, coin, from_ms, to_ms).instants
    if len(instants) < 8:
        raise ConfigError(f"--data {data}: {len(instants)} recorded instants; tuning needs at least 8")
    start, middle = instants[0].market_ms, instants[len(instants) // 2].market_ms
    return (
        Evidence(data, coin, from_ms, to_ms, start, middle),
        Evidence(data, coin, from_ms, to_ms, middle, instants[-1].market_ms + 1),
    )


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _write(found: Proposal, json_: Path | None, html: Path | None) -> None:
    if json_ is not None:
        save(json_, indented(found))
    if html is not None:
        save(html, page(found))
