"""The innermost loop: a chunk of paths walked step by step under one policy. Compiled by numba where present.

Step by step over all paths of the chunk, so that a step's table and the chunk's state stay in the cache.
Arithmetic and arrays only: the same text is run plainly where numba is absent.

A hedge of h units is worth h u(S): linear h coin, u = S; inverse h USD, u = -1/S, since Q USD from S0 to S1
earn Q (1/S0 - 1/S1) coin (theory 1.3). Cash is counted in USD or coin accordingly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.lab.grid import DELTA, IV, SLOPE, TAU, THETA, VALUE, VANNA
from hedger.policies.inputs import Inputs
from hedger.pricing.black76 import Floats

USD, COIN, BLACK = 0, 1, 2
"""What is controlled: the slope of the dollar result, of the coin result, or the Black deltas alone."""

MOST_TRADES = 4
"""A policy is asked again after each trade, as the daemon asks it at each fill; this often at one instant."""

FRACTION_COIN = 1e-9
"""The lot where contracts are not rounded: a gap this small is none."""


class Terms(NamedTuple):
    """What a walk is told beside the market; times in s, money in USD or coin by the accounting."""

    start_s: float
    step_s: float
    ask_every: int
    inverse: int
    controlled: int
    lot: float
    """In units of the hedge: coin (linear) or USD (inverse); 0: not rounded."""
    hedge_units: float
    target_delta_coin: float
    equity_coin: float
    start_value: float
    """Value of the options at the start, in the accounting's money."""
    cost_share: float
    """One-way cost as a share of the traded notional."""
    cost_per_trade: float
    first_free: int
    unwind: int
    growth: float
    """Of cash over one step."""
    funding: float
    """Paid by a long hedge over one step, as a share of its notional."""
    band_scale: float
    lowest: float
    per_unit: float


class Market(NamedTuple):
    """A chunk of paths. spots[step, path] in USD, their logarithms, and what options pay on expiring.

    flows[flow_at[step], path]: paid at that step in the accounting's money; flow_at is -1 where nothing is.
    """

    spots: Floats
    logs: Floats
    flow_at: NDArray[np.int64]
    flows: Floats


class Outcome(NamedTuple):
    """Per path, in the accounting's money; pnl counts from the start and includes the cost."""

    pnl: Floats
    cost: Floats
    trades: Floats
    acted: Floats
    """At how many of the instants at which the policy was asked it traded."""
    turnover_coin: Floats


class Greeks(NamedTuple):
    """Of the book at a spot, as `grid.Grid` counts them; gamma in coin per USD."""

    delta: float
    gamma: float
    theta: float
    value: float
    iv: float
    vanna: float
    tau: float


class Held(NamedTuple):
    """What one path holds and has paid; money in USD or coin by the accounting."""

    hedge: float
    cash: float
    hedged_s: float
    cost: float
    trades: float
    turnover_coin: float


def walk(
    decide: Callable[..., Any],
    params: Any,
    initial: Any,
    rounding: NDArray[np.int64],
    deltas: Floats,
    others: Floats,
    market: Market,
    terms: Terms,
    outcome: Outcome,
) -> None:
    """Fills `outcome`. rounding[reason] is 0 inward, 1 nearest, 2 towards zero but at least one lot."""
    spots, logs, flow_at, flows = market.spots, market.logs, market.flow_at, market.flows
    cash, cost, trades, acted, turnover = outcome
    steps, paths = spots.shape[0] - 1, spots.shape[1]
    memories = [initial for _ in range(paths)]
    hedges = np.full(paths, terms.hedge_units)
    hedged_s = np.full(paths, math.nan)
    for path in range(paths):
        cash[path] = -terms.start_value - terms.hedge_units * unit_price(spots[0, path], terms.inverse)
    for step in range(steps + 1):
        if step > 0 and (terms.growth != 1.0 or terms.funding != 0.0):
            for path in range(paths):
                notional = notional_of(hedges[path], spots[step - 1, path], terms.inverse)
                cash[path] = cash[path] * terms.growth - notional * terms.funding
        if flow_at[step] >= 0:
            for path in range(paths):
                cash[path] += flows[flow_at[step], path]
        if step == steps or step % terms.ask_every != 0:
            continue
        now_s = terms.start_s + step * terms.step_s
        free = step == 0 and terms.first_free == 1
        for path in range(paths):
            spot = spots[step, path]
            greeks = looked_up(deltas, others, step, spot, logs[step, path], terms.lowest, terms.per_unit)
            held = Held(hedges[path], cash[path], hedged_s[path], 0.0, 0.0, 0.0)
            memory, after = asked(
                decide, params, memories[path], rounding, greeks, held, spot, now_s, free, terms
            )
            memories[path] = memory
            if after.hedged_s == now_s:
                hedges[path], cash[path], hedged_s[path] = after.hedge, after.cash, now_s
                cost[path] += after.cost
                trades[path] += after.trades
                turnover[path] += after.turnover_coin
                if not free:
                    acted[path] += 1.0
    for path in range(paths):
        spot = spots[steps, path]
        cash[path] += hedges[path] * unit_price(spot, terms.inverse)
        if terms.unwind == 1 and hedges[path] != 0.0:
            paid = cost_of(coin_of(abs(hedges[path]), spot, terms.inverse), spot, terms)
            cash[path] -= paid
            cost[path] += paid


def unit_price(spot: float, inverse: int) -> float:
    """u(S)."""
    return -1.0 / spot if inverse == 1 else spot


def coin_of(units: float, spot: float, inverse: int) -> float:
    """Delta of a hedge, in coin."""
    return units / spot if inverse == 1 else units


def notional_of(units: float, spot: float, inverse: int) -> float:
    """What funding is paid on, in the accounting's money."""
    return units / spot if inverse == 1 else units * spot


def cost_of(coin: float, spot: float, terms: Terms) -> float:
    """Of one trade, in the accounting's money."""
    return terms.cost_share * (coin if terms.inverse == 1 else coin * spot) + terms.cost_per_trade


def asked(
    decide: Callable[..., Any],
    params: Any,
    memory: Any,
    rounding: NDArray[np.int64],
    greeks: Greeks,
    held: Held,
    spot: float,
    now_s: float,
    free: bool,
    terms: Terms,
) -> tuple[Any, Held]:
    """One path at one instant: what the policy says is traded, until it holds. Its memory, what it holds."""
    lot_coin = FRACTION_COIN if terms.lot <= 0.0 else coin_of(terms.lot, spot, terms.inverse)
    for _ in range(MOST_TRADES):
        y, equity = controlled(greeks, spot, held.hedge, held.cash, terms)
        gamma = greeks.gamma - 2.0 * y / spot if terms.controlled == COIN else greeks.gamma
        inputs = Inputs(
            now_s,
            y,
            terms.target_delta_coin,
            gamma,
            greeks.theta,
            spot,
            greeks.iv,
            lot_coin,
            held.hedged_s,
            0.0,
            equity,
            greeks.gamma,
            terms.band_scale,
            0.0,
            0.0,
            greeks.vanna,
            greeks.tau,
        )
        memory, target, reason = decide(params, memory, inputs)
        if not abs(target - y) > FRACTION_COIN:
            break
        units = traded_units(target - y, spot, rounding[reason], terms)
        if units == 0.0:
            break
        held = traded(units, held, spot, now_s, free, terms)
    return memory, held


def looked_up(
    deltas: Floats, others: Floats, step: int, spot: float, log_spot: float, lowest: float, per_unit: float
) -> Greeks:
    """The book's greeks at a spot; beyond the grid those of its edge."""
    at = min(max((log_spot - lowest) * per_unit, 0.0), deltas.shape[1] - 1.000001)
    i = int(at)
    j, w = i + 1, at - i
    first, second = deltas[step, i, SLOPE], deltas[step, j, SLOPE]
    start, rise = deltas[step, i, DELTA], deltas[step, j, DELTA] - deltas[step, i, DELTA]
    bend = (first / per_unit - rise) * (1.0 - w) - (second / per_unit - rise) * w  # cubic Hermite
    return Greeks(
        start + w * rise + w * (1.0 - w) * bend,
        (first + w * (second - first)) / spot,
        between(others, step, i, w, THETA),
        between(others, step, i, w, VALUE),
        between(others, step, i, w, IV),
        between(others, step, i, w, VANNA),
        between(others, step, i, w, TAU),
    )


def between(others: Floats, step: int, node: int, w: float, column: int) -> float:
    low = others[step, node, column]
    return float(low + w * (others[step, node + 1, column] - low))


def controlled(greeks: Greeks, spot: float, hedge: float, cash: float, terms: Terms) -> tuple[float, float]:
    """(y, equity in coin) as `portfolio.exposure` defines them."""
    if terms.inverse == 0:
        return greeks.delta + hedge, math.nan
    equity = terms.equity_coin + cash + (greeks.value - hedge) / spot
    black = greeks.delta + hedge / spot
    if terms.controlled == BLACK:
        return black, equity
    net = black - greeks.value / spot
    return (net, equity) if terms.controlled == COIN else (net + equity, equity)


def traded_units(change_coin: float, spot: float, rounding: int, terms: Terms) -> float:
    """The change of the hedge in its own units, in whole lots if there are lots; its sign never changes."""
    units = change_coin * spot if terms.inverse == 1 else change_coin
    if terms.lot <= 0.0:
        return units
    lots = abs(units) / terms.lot
    if rounding == 0:
        whole = math.ceil(lots - 1e-9)
    elif rounding == 1:
        whole = math.floor(lots + 0.5)
    else:
        whole = max(math.floor(lots + 1e-9), 1)
    return math.copysign(whole * terms.lot, units)


def traded(units: float, held: Held, spot: float, now_s: float, free: bool, terms: Terms) -> Held:
    """After one trade and its cost."""
    hedge, cash = held.hedge + units, held.cash - units * unit_price(spot, terms.inverse)
    if free:
        return Held(hedge, cash, now_s, held.cost, held.trades, held.turnover_coin)
    coin = coin_of(abs(units), spot, terms.inverse)
    paid = cost_of(coin, spot, terms)
    return Held(hedge, cash - paid, now_s, held.cost + paid, held.trades + 1.0, held.turnover_coin + coin)
