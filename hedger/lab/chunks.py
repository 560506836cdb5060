"""A few chunks of paths under every policy of an experiment: the task that executors hand out.

The random numbers of a chunk depend on the seed and the chunk's number alone, and a task's chunks on the
number of paths alone: nothing depends on where or in which order tasks run. All policies walk the same paths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.domain.time_units import YEAR_DAYS
from hedger.lab import grid, walk
from hedger.lab.book import Book, Legs, in_coin, legs_of, value_usd
from hedger.lab.compile import compiled
from hedger.lab.experiment import Experiment, Rule, params_of
from hedger.lab.quiet import NEVER, quiet_between
from hedger.lab.statistics import Certainty, Histogram, Moments
from hedger.policies.inputs import Inputs
from hedger.policies.reasons import Reason
from hedger.policies.registry import Policy
from hedger.policies.rounding import Rounding
from hedger.pricing.black76 import Floats

CHUNK_PATHS = 1000
TASK_CHUNKS = 8


class Task(NamedTuple):
    experiment: Experiment
    first_chunk: int
    chunks: int


def tasks_of(experiment: Experiment) -> list[Task]:
    """The whole experiment."""
    chunks = -(-experiment.simulation.paths // CHUNK_PATHS)
    return [
        Task(experiment, first, min(TASK_CHUNKS, chunks - first)) for first in range(0, chunks, TASK_CHUNKS)
    ]


@dataclass(frozen=True, slots=True)
class Sums:
    """What a policy came to, mergeable."""

    pnl: Moments
    cost: Moments
    trades: Moments
    acted: Moments
    turnover_coin: Moments
    against_first: Moments
    """P&L less that of the experiment's first policy on the same path."""
    histogram: Histogram
    certainty: tuple[Certainty, ...]

    def merged(self, other: Sums) -> Sums:
        return Sums(
            self.pnl.merged(other.pnl),
            self.cost.merged(other.cost),
            self.trades.merged(other.trades),
            self.acted.merged(other.acted),
            self.turnover_coin.merged(other.turnover_coin),
            self.against_first.merged(other.against_first),
            self.histogram.merged(other.histogram),
            tuple(a.merged(b) for a, b in zip(self.certainty, other.certainty, strict=True)),
        )


def work(task: Task) -> tuple[Sums, ...]:
    """The sums of each policy over the task's chunks, in the policies' order."""
    outcomes = list(outcomes_of(task))
    whole = [
        walk.Outcome(*(np.concatenate(part) for part in zip(*rule, strict=True)))
        for rule in zip(*outcomes, strict=True)
    ]
    return tuple(_sums(task.experiment, outcome, whole[0]) for outcome in whole)


def outcomes_of(task: Task) -> Iterator[tuple[walk.Outcome, ...]]:
    """Per chunk, per policy: what each path came to, in the money the result is counted in."""
    experiment = task.experiment
    prepared = prepared_of(experiment)
    for chunk in range(task.first_chunk, task.first_chunk + task.chunks):
        market = market_of(experiment, prepared, chunk)
        walks = [
            walked(experiment, prepared, rule, ready, market)
            for rule, ready in zip(experiment.policies, prepared.rules, strict=True)
        ]
        yield tuple(_counted(experiment, outcome, market.ends) for outcome in walks)


class Ready(NamedTuple):
    """A policy as the walk takes it."""

    decide: Any
    params: Any
    initial: Any
    rounding: NDArray[np.int64]
    grid: grid.Grid
    quiet: tuple[float, float]


class Prepared(NamedTuple):
    """What all chunks of an experiment share."""

    legs: Legs
    start_value_usd: float
    expiry_steps: tuple[int, ...]
    rules: tuple[Ready, ...]
    moves: Floats
    """Room for those of a whole chunk, [step, path]; the next one overwrites them."""


_last: list[tuple[Experiment, Prepared]] = []  # a process works on one experiment at a time


def prepared_of(experiment: Experiment) -> Prepared:
    if not _last or (_last[0][0] is not experiment and _last[0][0] != experiment):
        _last[:] = [(experiment, _prepare(experiment))]
    return _last[0][1]


def _prepare(experiment: Experiment) -> Prepared:
    book, legs = experiment.book, legs_of(experiment.book)
    start = float(value_usd(legs, np.array([book.spot_usd]), 0.0, book.rate)[0])
    steps = {round(leg.expiry_days / experiment.step_days) for leg in book.options}
    last = experiment.simulation.steps
    expiring = (*sorted(step for step in steps if step < last), last)
    kernels = [_kernel(experiment, rule) for rule in experiment.policies]
    needs = [(rule.hedge_iv, k.quiet == NEVER) for rule, k in zip(experiment.policies, kernels, strict=True)]
    grids = {need: _grid(experiment, *need) for need in sorted(set(needs))}
    rules = tuple(k._replace(grid=grids[need]) for k, need in zip(kernels, needs, strict=True))
    return Prepared(legs, start, expiring, rules, np.empty((last, CHUNK_PATHS)))


DEVIATIONS = 7.0  # how far the grid reaches: paths beyond see the greeks of its edge


def _grid(experiment: Experiment, hedge_iv: float, whole: bool) -> grid.Grid:
    simulation, years = experiment.simulation, experiment.horizon_days / YEAR_DAYS
    reach = DEVIATIONS * experiment.model.deviation(years)
    return _built(experiment.book, simulation.steps, years, reach, simulation.grid_nodes, hedge_iv, whole)


@lru_cache(maxsize=1)
def _built(
    book: Book, steps: int, years: float, reach: float, nodes: int, hedge_iv: float, whole: bool
) -> grid.Grid:
    """Kept: a search tries one policy after the other on the same book."""
    times = np.arange(steps, dtype=np.float64) * (years / steps)
    return grid.build(
        legs_of(book), times, math.log(book.spot_usd), reach, nodes, book.rate, hedge_iv, whole=whole
    )


def _kernel(experiment: Experiment, rule: Rule) -> Ready:
    found, book = params_of(rule, experiment.book), experiment.book
    if found is None:
        return Ready(hold, 0.0, 0.0, np.zeros(1, dtype=np.int64), grid.NONE, NEVER)
    policy, params = found
    quiet = NEVER
    if book.accounting == "linear":
        quiet = quiet_between(policy, params, book.target_delta_coin, rule.band_scale)
    return Ready(policy.decide, params, policy.initial_memory, roundings(policy), grid.NONE, quiet)


def hold(params: float, memory: float, inputs: Inputs) -> tuple[float, float, int]:
    """The policy `none`: the naked book."""
    return memory, inputs.delta_coin, 0


_ROUNDING = {Rounding.INWARD: 0, Rounding.NEAREST: 1, Rounding.DOWN_AT_LEAST_ONE: 2}


def roundings(policy: Policy) -> NDArray[np.int64]:
    """How the planner rounds an order of each reason; a reason that asks for none rounds to the nearest."""
    codes = [_ROUNDING[policy.roundings.get(reason, Rounding.NEAREST)] for reason in Reason]
    return np.array(codes, dtype=np.int64)


def market_of(experiment: Experiment, prepared: Prepared, chunk: int) -> walk.Market:
    """The chunk's paths, drawn from its own stream; the next chunk's take their place."""
    simulation = experiment.simulation
    paths = min(CHUNK_PATHS, simulation.paths - chunk * CHUNK_PATHS)
    random = np.random.Generator(np.random.SFC64(np.random.SeedSequence(simulation.seed, spawn_key=(chunk,))))
    dt = experiment.horizon_days / YEAR_DAYS / simulation.steps
    whole = paths == CHUNK_PATHS
    moves = prepared.moves if whole else np.empty((simulation.steps, paths))
    experiment.model.fill(moves, random, dt)
    return market_along(experiment, prepared, moves)


def market_along(experiment: Experiment, prepared: Prepared, moves: Floats) -> walk.Market:
    """The market of given paths, moves[step, path] of ln S: what options pay is added.

    The path may end early; at its last step the options still alive count at their value.
    """
    book, last = experiment.book, len(moves)
    steps = [*(step for step in prepared.expiry_steps if step < last), last]
    flow_at = np.full(last + 1, -1, dtype=np.int64)
    flows, spots = np.empty((len(steps), moves.shape[1])), np.empty(moves.shape[1])
    expired = np.round(prepared.legs.tau * YEAR_DAYS / experiment.step_days).astype(np.int64)
    logs, before = np.full(moves.shape[1], math.log(book.spot_usd)), 0
    for row, step in enumerate(steps):
        logs += moves[before:step].sum(axis=0)
        before = step
        due = expired == step if step < last else expired >= last
        legs = Legs(*(part[due] for part in prepared.legs))
        np.exp(logs, out=spots)
        flows[row] = value_usd(legs, spots, step * experiment.step_days / YEAR_DAYS, book.rate)
        if book.accounting == "inverse":
            flows[row] /= spots
        flow_at[step] = row
    return walk.Market(math.log(book.spot_usd), moves, flow_at, flows, spots)


_CONTROLLED = {"usd": walk.USD, "coin": walk.COIN, "bs": walk.BLACK}


def _terms(experiment: Experiment, prepared: Prepared, rule: Rule, ready: Ready) -> walk.Terms:
    book, costs, simulation = experiment.book, experiment.costs, experiment.simulation
    inverse = book.accounting == "inverse"
    dt = experiment.horizon_days / YEAR_DAYS / simulation.steps
    return walk.Terms(
        start_s=simulation.start_s,
        step_s=experiment.step_s,
        ask_every=rule.ask_every,
        inverse=int(inverse),
        controlled=_CONTROLLED[book.neutral],
        lot=costs.lot,
        hedge_units=book.hedge_coin * (book.spot_usd if inverse else 1.0),
        target_delta_coin=book.target_delta_coin,
        equity_coin=book.equity_coin,
        start_value=prepared.start_value_usd / (book.spot_usd if inverse else 1.0),
        cost_share=costs.one_way,
        cost_per_trade=costs.per_trade,
        first_free=int(not costs.first_hedge),
        unwind=int(costs.unwind),
        growth=math.exp(book.rate * dt) if costs.accrue_interest else 1.0,
        funding=costs.funding * dt,
        band_scale=rule.band_scale,
        quiet_lower=ready.quiet[0],
        quiet_upper=ready.quiet[1],
    )


def walked(
    experiment: Experiment,
    prepared: Prepared,
    rule: Rule,
    ready: Ready,
    market: walk.Market,
    made: Callable[[Any], Any] = compiled,
) -> walk.Outcome:
    """What each path came to in the accounting's money at its end; `made` compiles the kernels or not."""
    outcome = walk.Outcome(*(np.zeros(market.moves.shape[1]) for _ in walk.Outcome._fields))
    made(walk.walk)(
        made(ready.decide),
        ready.params,
        ready.initial,
        ready.rounding,
        ready.grid,
        market,
        _terms(experiment, prepared, rule, ready),
        outcome,
    )
    return outcome


def _counted(experiment: Experiment, outcome: walk.Outcome, ends: Floats) -> walk.Outcome:
    """In the book's money, and discounted to the start where cash earns interest."""
    book = experiment.book
    if book.accounting == "inverse":
        return outcome._replace(
            pnl=in_money(book, outcome.pnl, ends), cost=outcome.cost * (1.0 if in_coin(book) else ends)
        )
    if not experiment.costs.accrue_interest or book.rate == 0.0:
        return outcome
    discount = math.exp(-book.rate * experiment.horizon_days / YEAR_DAYS)
    return outcome._replace(pnl=outcome.pnl * discount)


def in_money(book: Book, pnl: Floats, ends: Floats) -> Floats:
    """A walk's P&L as the book counts it: of an inverse book neutral in dollars E1 S1 - E0 S0 (theory 4)."""
    if book.accounting == "linear" or in_coin(book):
        return pnl
    return (book.equity_coin + pnl) * ends - book.equity_coin * book.spot_usd


def _sums(experiment: Experiment, outcome: walk.Outcome, first: walk.Outcome) -> Sums:
    return Sums(
        Moments.of(outcome.pnl),
        Moments.of(outcome.cost),
        Moments.of(outcome.trades),
        Moments.of(outcome.acted),
        Moments.of(outcome.turnover_coin),
        Moments.of(outcome.pnl - first.pnl),
        Histogram.of(outcome.pnl, _scale(experiment)),
        tuple(Certainty.of(outcome.pnl, aversion) for aversion in experiment.measures.risk_aversion),
    )


def _scale(experiment: Experiment) -> float:
    """The histogram's finest bin: a ten-thousandth of what the options are on, in the result's money."""
    book = experiment.book
    gross = sum(abs(leg.quantity_coin) for leg in book.options)
    return 1e-4 * gross * (1.0 if in_coin(book) else book.spot_usd)
