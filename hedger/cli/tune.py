"""`hedger tune`: policy and band for a book, proposed on one half of the data and judged on the other."""

from __future__ import annotations

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
from hedger.backtest.run import run
from hedger.backtest.sources import load_chain
from hedger.backtest.strategy import Strategy
from hedger.backtest.summary import summarise
from hedger.cli.backtest import (
    Assume,
    BookName,
    Coin,
    EndDay,
    FirstDay,
    StrategyFile,
    assumed,
    book_and_own,
    day_ms,
    strategy_of,
)
from hedger.cli.client import told_errors
from hedger.cli.files import indented, save
from hedger.cli.lab import Where, Workers
from hedger.cli.tune_told import page, show
from hedger.domain.errors import ConfigError
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


def tune(
    data: Annotated[Path, typer.Option("--data", help="Recorded chains: a file or a folder.")],
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Take the book and today's setting from this file.")
    ] = None,
    book: BookName = "",
    strategy: StrategyFile = None,
    coin: Coin = "BTC",
    from_: FirstDay = "",
    to: EndDay = "",
    objective: Annotated[
        Objective,
        typer.Option(
            help="cost: least cost at no more than today's risk; risk: least risk at no more than today's "
            "cost; utility: mean less half --risk-aversion times variance."
        ),
    ] = Objective.COST,
    risk_aversion: Annotated[
        float, typer.Option(min=0.0, help="Per coin, of --objective utility, for an interval's profit.")
    ] = 1.0,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", help="Search only this one; repeatable.")
    ] = None,
    trials: Annotated[int, typer.Option(min=8, max=10_000, help="Candidates to try.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 1,
    assume: Assume = None,
    where: Where = "processes",
    workers: Workers = 0,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the proposal as JSON here.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the frontier as a page here.")] = None,
) -> None:
    """Propose policy and band for a book from the first half of the data, and judge them on the second.

    Nothing is changed anywhere: it prints what to set, what that would have saved on data nobody looked at,
    and says so where that is nothing.
    """
    with told_errors():
        plan, rests = strategy_of(strategy, data)
        if plan is None:
            raise ConfigError(
                f"--data {data}: a flight record holds one book's own trades; tuning needs chains"
            )
        rests = assumed(rests, assume or ())
        base, own = book_and_own(config, book, coin)
        today = Candidate(own[0].policy, dict(own[0].params)) if own else Candidate("band", {})
        first, second = _halves(data, base.underlying, day_ms("--from", from_), day_ms("--to", to))
        with executor(where, workers) as place, _progress() as bar:
            task = bar.add_task("candidates", total=trials)
            found = propose(
                partial(score, first, plan, base, rests),
                partial(score, second, plan, base, rests),
                today,
                objective=objective,
                trials=trials,
                seed=seed,
                run=place.map,
                policies=policies or tuple(SPACE),
                risk_aversion=risk_aversion,
                told=lambda done: bar.update(task, completed=done),
            )
        _write(found, json_, html)
    show(Console(), found, base.name, (first.first_ms, second.first_ms, second.end_ms), tuple(rests.told()))


def score(
    evidence: Evidence, strategy: Strategy, book: BookSettings, rests: Assumptions, candidate: Candidate
) -> Score:
    """What a candidate comes to over one half, in coin, by the engine that trades."""
    contender = Contender(str(candidate), candidate.policy, candidate.params)
    outcome = run(evidence.chain, strategy, book_of(contender, book), rests)
    told = summarise(outcome)
    return Score(
        pnl=tuple(lines.total for lines in outcome.lines[1:]),
        cost=told.hedge_fees_coin + told.hedge_slippage_coin,
        trades=told.trades,
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
