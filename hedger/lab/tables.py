"""Tables of one experiment without averages: greeks by spot and time, and one path window by window.

The second is the table of Hegic's article on theta-offset: what the naked book and each policy came to, and
how many futures each traded in every window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hedger.domain.time_units import DAY_S, HOUR_S, YEAR_DAYS
from hedger.lab import grid, walk
from hedger.lab.book import legs_of
from hedger.lab.chunks import Prepared, in_money, market_along, market_of, prepared_of, walked
from hedger.lab.experiment import Experiment
from hedger.pricing.black76 import Floats

SHARES_OF_TIME = (0.0, 0.25, 0.5, 0.75, 0.95)
SPOTS = (0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2)
_NODES = 20_001


class Sensitivity(NamedTuple):
    """The options of the book at one spot and time."""

    day: float
    spot_usd: float
    value_usd: float
    delta_coin: float
    gamma_coin_per_usd: float
    theta_usd_per_day: float


def sensitivities(
    experiment: Experiment, spots: Sequence[float] = SPOTS, shares: Sequence[float] = SHARES_OF_TIME
) -> list[Sensitivity]:
    """Greeks by time (shares of the horizon) and spot (multiples of the start's)."""
    book, days = experiment.book, [share * experiment.horizon_days for share in shares]
    reach = 1.1 * max(abs(math.log(each)) for each in spots)
    times = np.array(days) / YEAR_DAYS
    made = grid.build(legs_of(book), times, math.log(book.spot_usd), reach, _NODES, book.rate, 0.0)
    return [
        _sensitivity(made, step, day, each * book.spot_usd) for step, day in enumerate(days) for each in spots
    ]


def _sensitivity(made: grid.Grid, step: int, day: float, spot: float) -> Sensitivity:
    seen = walk.looked_up(made, step, math.log(spot), spot)
    greeks = (float(each) for each in (seen.value, seen.delta, seen.gamma, seen.theta))
    return Sensitivity(day, spot, *greeks)


class Hedged(NamedTuple):
    """One policy in one window."""

    futures_coin: float
    """Coins of the hedge bought and sold, added up."""
    trades: float
    pnl: float
    """From the start to the window's end at marks, costs included; in the book's money."""


class Window(NamedTuple):
    """A part of one path. `naked`: the same result without a hedge."""

    day: float
    spot_usd: float
    naked: float
    policies: dict[str, Hedged]


def windows(experiment: Experiment, hours: float | None = None, path: int = 0) -> list[Window]:
    """One path of the first chunk cut into windows that end every `hours`; None: the fewest steps of a day.

    Raises ValueError for hours that are not whole steps, or a path that is not there.
    """
    every = _steps(experiment, hours)
    prepared = prepared_of(experiment)
    market = market_of(experiment, prepared, 0)
    if not 0 <= path < market.moves.shape[1]:
        raise ValueError(f"path = {path}: must be at least 0 and below {market.moves.shape[1]}")
    before = dict.fromkeys(("", *(rule.name for rule in experiment.policies)), Hedged(0.0, 0.0, 0.0))
    told = []
    for end in range(every, experiment.simulation.steps + 1, every):
        spot_usd, now = _ended(experiment, prepared, market.moves[:end, path : path + 1])
        since = {
            name: Hedged(at.futures_coin - before[name].futures_coin, at.trades - before[name].trades, at.pnl)
            for name, at in now.items()
        }
        naked = since.pop("")
        told.append(Window(end * experiment.step_days, spot_usd, naked.pnl, since))
        before = now
    return told


def _steps(experiment: Experiment, hours: float | None) -> int:
    if hours is None:
        return min(math.ceil(DAY_S / experiment.step_s - 1e-6), experiment.simulation.steps)
    every = hours * HOUR_S / experiment.step_s
    if every < 0.5 or abs(every - round(every)) > 1e-6:
        raise ValueError(f"window_h = {hours:g}: must be whole steps of {experiment.step_s / HOUR_S:g} h")
    return round(every)


def _ended(experiment: Experiment, prepared: Prepared, moves: Floats) -> tuple[float, dict[str, Hedged]]:
    """The index, each policy, and under "" the naked book, had the path ended here, all counted at marks."""
    book, market = experiment.book, market_along(experiment, prepared, moves)
    found = {}
    for rule, ready in zip(experiment.policies, prepared.rules, strict=True):
        outcome = walked(experiment, prepared, rule, ready, market, made=_plain)
        pnl = in_money(book, outcome.pnl, market.ends)
        found[rule.name] = Hedged(*(float(part[0]) for part in (outcome.turnover_coin, outcome.trades, pnl)))
    inverse = book.accounting == "inverse"
    start = prepared.start_value_usd / (book.spot_usd if inverse else 1.0)
    naked = in_money(book, market.flows.sum(axis=0) - start, market.ends)
    found[""] = Hedged(0.0, 0.0, float(naked[0]))
    return float(market.ends[0]), found


def _plain(function: Any) -> Any:
    """One path is walked sooner than its kernels are compiled."""
    return function
