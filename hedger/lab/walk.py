"""The innermost loop: a chunk of paths walked under one policy. Compiled by numba where present.

All paths take one step, then the next, so that a step's tables and the chunk's state stay in the cache.
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

from hedger.lab.grid import IV, TAU, THETA, VALUE, VANNA, Grid
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
    quiet_lower: float
    quiet_upper: float
    """Deltas between which a policy that held there is known to hold, remember nothing and read delta alone;
    see `quiet`."""


class Market(NamedTuple):
    """A chunk of paths: ln S at the start, moves[step, path] of ln S, and what options pay on expiring.

    ends[path]: the index after the last move, in USD.

    flows[flow_at[step], path]: paid at that step in the accounting's money; flow_at is -1 where nothing is.
    """

    log_spot: float
    moves: Floats
    flow_at: NDArray[np.int64]
    flows: Floats
    ends: Floats


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


class Instant(NamedTuple):
    """A step, and how many expiries there have been: delta that one leaves is born, not drifted."""

    step: int
    expiries: int


class Held(NamedTuple):
    """What one path holds and what hedging it came to; money in USD or coin by the accounting."""

    hedge: float
    cash: float
    hedged_s: float
    cost: float
    trades: float
    acted: float
    turnover_coin: float


def walk(
    decide: Callable[..., Any],
    params: Any,
    initial: Any,
    rounding: NDArray[np.int64],
    table: Grid,
    market: Market,
    terms: Terms,
    outcome: Outcome,
) -> None:
    """Fills `outcome`. rounding[reason] is 0 inward, 1 nearest, 2 towards zero but at least one lot."""
    moves, flow_at, flows = market.moves, market.flow_at, market.flows
    steps, paths = moves.shape
    accrues = terms.growth != 1.0 or terms.funding != 0.0
    alone = terms.quiet_lower <= terms.quiet_upper
    logs, deltas = np.full(paths, market.log_spot), np.zeros(paths)
    cells = np.zeros(paths, dtype=np.int64)
    resting = np.full(paths, math.nan)  # the hedge of a path whose policy held there, NaN: ask
    memories = [initial for _ in range(paths)]
    helds = [begun(math.exp(market.log_spot), terms) for _ in range(paths)]
    expiries = 0
    for step in range(steps):
        if flow_at[step] >= 0:
            expiries += 1
            for path in range(paths):
                helds[path] = paid(helds[path], flows[flow_at[step], path])
        if step % terms.ask_every == 0:
            now = Instant(step, expiries)
            fill_deltas(deltas, cells, logs, table, step)
            for path in range(paths):
                delta = deltas[path]
                if is_quiet(delta + resting[path], terms):
                    continue
                spot = math.exp(logs[path])
                greeks = delta_alone(delta) if alone else looked_up(table, step, logs[path], spot)
                memory, held = asked(
                    decide, params, memories[path], rounding, greeks, helds[path], spot, now, terms
                )
                memories[path], helds[path] = memory, held
                resting[path] = held.hedge if is_quiet(delta + held.hedge, terms) else math.nan
        for path in range(paths):
            if accrues:
                helds[path] = accrued(helds[path], math.exp(logs[path]), terms)
            logs[path] += moves[step, path]
    pnl, cost, trades, acted, turnover = outcome
    for path in range(paths):
        held = ended(paid(helds[path], flows[flow_at[steps], path]), market.ends[path], terms)
        pnl[path], cost[path], trades[path] = held.cash, held.cost, held.trades
        acted[path], turnover[path] = held.acted, held.turnover_coin


def begun(spot: float, terms: Terms) -> Held:
    """Premium received or paid, and the hedge held at the start."""
    cash = -terms.start_value - terms.hedge_units * unit_price(spot, terms.inverse)
    return Held(terms.hedge_units, cash, math.nan, 0.0, 0.0, 0.0, 0.0)


def accrued(held: Held, spot: float, terms: Terms) -> Held:
    """Interest and funding over a step that began at `spot`."""
    notional = held.hedge / spot if terms.inverse == 1 else held.hedge * spot
    return paid(held, held.cash * (terms.growth - 1.0) - notional * terms.funding)


def paid(held: Held, money: float, cost: float = 0.0) -> Held:
    """`cost` is counted as one, too; it is not in `money` yet."""
    return Held(
        held.hedge,
        held.cash + money - cost,
        held.hedged_s,
        held.cost + cost,
        held.trades,
        held.acted,
        held.turnover_coin,
    )


def ended(held: Held, spot: float, terms: Terms) -> Held:
    """The hedge at its last price; closing it costs only where asked for."""
    worth = held.hedge * unit_price(spot, terms.inverse)
    closing = 0.0
    if terms.unwind == 1 and held.hedge != 0.0:
        closing = cost_of(coin_of(abs(held.hedge), spot, terms.inverse), spot, terms)
    return paid(held, worth, closing)


def unit_price(spot: float, inverse: int) -> float:
    """u(S)."""
    return -1.0 / spot if inverse == 1 else spot


def coin_of(units: float, spot: float, inverse: int) -> float:
    """Delta of a hedge, in coin."""
    return units / spot if inverse == 1 else units


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
    now: Instant,
    terms: Terms,
) -> tuple[Any, Held]:
    """One path at one instant: what the policy says is traded, until it holds. Its memory, what it holds."""
    lot_coin = FRACTION_COIN if terms.lot <= 0.0 else coin_of(terms.lot, spot, terms.inverse)
    inputs = seen(greeks, held, spot, lot_coin, now, terms)
    after, target, reason = decide(params, memory, inputs)
    if not abs(target - inputs.delta_coin) > FRACTION_COIN:
        return after, held
    return until_it_holds(
        decide,
        params,
        after,
        rounding,
        greeks,
        held,
        spot,
        lot_coin,
        now,
        terms,
        target - inputs.delta_coin,
        reason,
    )


def until_it_holds(
    decide: Callable[..., Any],
    params: Any,
    memory: Any,
    rounding: NDArray[np.int64],
    greeks: Greeks,
    held: Held,
    spot: float,
    lot_coin: float,
    now: Instant,
    terms: Terms,
    change_coin: float,
    reason: int,
) -> tuple[Any, Held]:
    """The trades of one instant: the policy is asked again after each, as at each fill."""
    for attempt in range(MOST_TRADES):
        units = traded_units(change_coin, spot, rounding[reason], terms)
        if units == 0.0:
            break
        held = traded(units, held, spot, now, attempt == 0, terms)
        inputs = seen(greeks, held, spot, lot_coin, now, terms)
        memory, target, reason = decide(params, memory, inputs)
        change_coin = target - inputs.delta_coin
        if not abs(change_coin) > FRACTION_COIN:
            break
    return memory, held


def seen(greeks: Greeks, held: Held, spot: float, lot_coin: float, now: Instant, terms: Terms) -> Inputs:
    """What the policy sees, as the engine maps it."""
    y, equity = controlled(greeks, spot, held.hedge, held.cash, terms)
    return Inputs(
        terms.start_s + now.step * terms.step_s,
        y,
        terms.target_delta_coin,
        greeks.gamma - 2.0 * y / spot if terms.controlled == COIN else greeks.gamma,
        greeks.theta,
        spot,
        greeks.iv,
        lot_coin,
        held.hedged_s,
        float(now.expiries),
        equity,
        greeks.gamma,
        terms.band_scale,
        0.0,
        0.0,
        greeks.vanna,
        greeks.tau,
    )


def fill_deltas(deltas: Floats, cells: NDArray[np.int64], logs: Floats, table: Grid, step: int) -> None:
    """The options' delta of each path; `cells` is room to work in.

    All places first, then all cubics: a compiler makes vectors of the first loop, which takes half the time.
    """
    first, count = table.first[step], table.cells[step]
    for path in range(len(logs)):
        at = place(logs[path], count, table)
        cells[path] = int(at)
        deltas[path] = at - cells[path]
    for path in range(len(logs)):
        deltas[path] = delta_at(table, first + cells[path], deltas[path])


def place(log_spot: float, cells: int, table: Grid) -> float:
    """Where a spot lies on a step's grid, in cells; beyond the grid at its edge."""
    return min(max((log_spot - table.lowest) * (cells / table.span), 0.0), cells - 1e-6)


def delta_at(table: Grid, row: int, w: float) -> float:
    of = table.cubics
    return float(of[row, 0] + w * (of[row, 1] + w * (of[row, 2] + w * of[row, 3])))


def slope_at(table: Grid, row: int, w: float) -> float:
    """Of delta, per cell."""
    of = table.cubics
    return float(of[row, 1] + w * (2.0 * of[row, 2] + w * 3.0 * of[row, 3]))


def delta_alone(delta: float) -> Greeks:
    """For a policy that reads no other: their table stays out of the cache."""
    return Greeks(delta, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan)


def is_quiet(delta_coin: float, terms: Terms) -> bool:
    return terms.quiet_lower <= delta_coin <= terms.quiet_upper


def looked_up(table: Grid, step: int, log_spot: float, spot: float) -> Greeks:
    """The book's greeks at a spot, whose logarithm is `log_spot`."""
    cells = table.cells[step]
    at = place(log_spot, cells, table)
    node = int(at)
    row, w = table.first[step] + node, at - node
    return Greeks(
        delta_at(table, row, w),
        slope_at(table, row, w) * (cells / table.span) / spot,
        between(table.others, step, node, w, THETA),
        between(table.others, step, node, w, VALUE),
        between(table.others, step, node, w, IV),
        between(table.others, step, node, w, VANNA),
        between(table.others, step, node, w, TAU),
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


def traded(units: float, held: Held, spot: float, now: Instant, first: bool, terms: Terms) -> Held:
    """After one trade and its cost; `first` of its instant."""
    now_s = terms.start_s + now.step * terms.step_s
    hedge, cash = held.hedge + units, held.cash - units * unit_price(spot, terms.inverse)
    if now.step == 0 and terms.first_free == 1:
        return Held(hedge, cash, now_s, held.cost, held.trades, held.acted, held.turnover_coin)
    coin = coin_of(abs(units), spot, terms.inverse)
    cost = cost_of(coin, spot, terms)
    return Held(
        hedge,
        cash - cost,
        now_s,
        held.cost + cost,
        held.trades + 1.0,
        held.acted + (1.0 if first else 0.0),
        held.turnover_coin + coin,
    )
