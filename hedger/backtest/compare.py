"""Several policies on the same chain, side by side, and the report they make.

Every report begins with what it rests on. Nothing in it depends on how long anything took, on how many
processes worked, or on the order in which they ended: the same question has the same bytes as its answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple, Protocol

import msgspec

from hedger.backtest.assumptions import SETTLED, Assumptions
from hedger.backtest.chain import Chain
from hedger.backtest.contenders import Contender, book_of
from hedger.backtest.outcome import Outcome
from hedger.backtest.run import run, settled_book
from hedger.backtest.strategy import Strategy
from hedger.backtest.summary import Summary, summarise
from hedger.engine.settings import BookSettings

AS_TRADED = {"name": "as traded", "description": "the options that were held and traded, again"}


class Mapper(Protocol):
    """`map` of one argument, in order, however many processes do it."""

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterable[Any]: ...


class Heading(msgspec.Struct, frozen=True):
    """What a comparison rests on; the first thing any report of it says."""

    coin: str
    data: tuple[str, ...]  # where the market comes from and what of it is modelled
    data_sha256: str
    first_ms: int
    last_ms: int
    instants: int
    rows: int
    strategy: dict[str, Any]
    neutral: str
    assumptions: dict[str, float]
    assumed: tuple[str, ...]  # in words
    seed: int
    config_hash: str  # of strategy, assumptions, book and policies


class Comparison(msgspec.Struct, frozen=True):
    """All policies."""

    heading: Heading
    policies: tuple[Summary, ...]


class Compared(NamedTuple):
    """The report, and the runs it was made of, in the same order."""

    report: Comparison
    outcomes: tuple[Outcome, ...]


def compare(
    chain: Chain,
    strategy: Strategy | None,
    contenders: Sequence[Contender],
    book: BookSettings,
    assumptions: Assumptions | None = None,
    mapper: Mapper | None = None,
) -> Compared:
    """Run every contender on the chain. `mapper` spreads the runs; without one they take a process per core.

    Raises ValueError for a policy or parameters that do not exist, before anything runs.
    """
    assumed = assumptions or Assumptions()
    books = [(each, book_of(each, book)) for each in contenders]
    job = partial(_run, chain, strategy, assumed)
    if mapper is not None:
        outcomes = tuple(mapper(job, books))
    else:
        with ProcessPoolExecutor() as pool:
            outcomes = tuple(pool.map(job, books))
    heading = _heading(chain, strategy, [settled_book(one, chain.coin) for _, one in books], assumed)
    return Compared(Comparison(heading, tuple(summarise(each) for each in outcomes)), outcomes)


def _run(
    chain: Chain, strategy: Strategy | None, assumptions: Assumptions, set_up: tuple[Contender, BookSettings]
) -> Outcome:
    contender, book = set_up
    return run(chain, strategy, book, assumptions, contender.name, hedged=contender.hedged)


def _heading(
    chain: Chain, strategy: Strategy | None, books: Sequence[BookSettings], assumptions: Assumptions
) -> Heading:
    return Heading(
        coin=chain.coin,
        data=chain.told,
        data_sha256=chain.digest,
        first_ms=chain.instants[0].market_ms,
        last_ms=chain.instants[-1].market_ms,
        instants=len(chain.instants),
        rows=chain.rows,
        strategy=AS_TRADED if strategy is None else msgspec.to_builtins(strategy),
        neutral=str(books[0].neutral),
        assumptions=msgspec.to_builtins(assumptions),
        assumed=(*assumptions.told(), *SETTLED),
        seed=assumptions.seed,
        config_hash=_hash(strategy, assumptions, books),
    )


def _hash(*values: Any) -> str:
    """SHA-256 of values as JSON with sorted keys; numbers that JSON cannot spell are their words."""
    plain = msgspec.to_builtins(values, enc_hook=str)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
