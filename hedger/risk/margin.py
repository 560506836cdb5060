"""Margin before and after an order, what fits above the floor, and how far a liquidation is.

The base is always the venue's own figure; the models of `standard` and `stress` say what an order adds to it
and how it moves with the index. What an order may add is convex in its size, so what fits is one interval.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedger.domain.approval import Refused
from hedger.domain.instrument import Instrument, Payoff
from hedger.domain.vocabulary import Reason
from hedger.risk.funds import Funds
from hedger.risk.margin_params import MarginParams
from hedger.risk.standard import Holding, Required, standard
from hedger.risk.stress import (
    HERE,
    MULTIPLIERS,
    NO_SHOCK,
    Table,
    portfolio_required,
    table_of,
    unit_change,
)

HALVINGS = 50  # of an interval: to the last digit of a float


class MarginState(NamedTuple):
    """An account at one instant: what is told of it, the positions it was told for, and, under a stress
    matrix, the table that every question about margin is answered from."""

    funds: Funds
    holdings: dict[str, Holding]
    table: Table | None
    market_ms: int


def margin_state(funds: Funds, holdings: dict[str, Holding], market_ms: int) -> MarginState:
    """The account with these positions; an instrument one may trade in is among them with size 0."""
    table = table_of(tuple(holdings.values()), market_ms) if funds.model.portfolio else None
    return MarginState(funds, holdings, table, market_ms)


def _table(state: MarginState) -> Table:
    """Under standard margin it is made when somebody asks for it, without the shocks that nobody reads."""
    if state.table is not None:
        return state.table
    return table_of(tuple(state.holdings.values()), state.market_ms, NO_SHOCK)


def at(state: MarginState, name: str, position: float) -> Funds:
    """The funds with a position of `position` in an instrument, everything else as it was told.

    The way there is traded at the mark, and its fee paid from the balance.
    """
    holding = state.holdings[name]
    if position == holding.size:
        return state.funds
    before, then = _required(state, holding, holding.size), _required(state, holding, position)
    funds = state.funds
    return funds._replace(
        balance=funds.balance - _fee(holding, abs(position - holding.size)),
        initial=max(funds.initial + then.initial - before.initial, 0.0),
        maintenance=max(funds.maintenance + then.maintenance - before.maintenance, 0.0),
    )


def _required(state: MarginState, holding: Holding, position: float) -> Required:
    if not state.funds.model.portfolio:
        return standard(holding, position)
    return portfolio_required(_with(state, holding, position - holding.size).loss_at(1.0))


def _with(state: MarginState, holding: Holding, amount: float) -> Table:
    """The table with more of one instrument in it."""
    table = _table(state)
    if holding.instrument.is_future:
        return table._replace(futures=table.futures + amount * unit_change(holding))
    more = table_of((holding._replace(size=amount),), state.market_ms)
    return table._replace(options=table.options + more.options)


def _fee(holding: Holding, amount: float) -> float:
    """The taker's fee of futures; an option's is small beside the premium, which moves cash against value."""
    listed = holding.instrument
    if not listed.is_future:
        return 0.0
    coin = listed.amount_to_coin(amount, holding.mark)
    worth = coin if listed.payoff is Payoff.INVERSE else coin * holding.mark
    return worth * max(float(listed.taker_commission), 0.0)


def broken(state: MarginState, name: str, held: float, amount: float, params: MarginParams) -> str:
    """How a trade would break the floor; empty where it does not, or makes no margin larger."""
    now, then = at(state, name, held), at(state, name, held + amount)
    if then.initial > now.initial and not then.excess_fraction >= params.min_excess_fraction:
        least = f"min_excess_fraction = {params.min_excess_fraction:g}"
        return _told(then, "initial", now.initial, then.initial, least)
    if (
        then.maintenance > now.maintenance
        and not then.maintenance_distance >= params.min_maintenance_distance
    ):
        least = f"min_maintenance_distance = {params.min_maintenance_distance:g}"
        return _told(then, "maintenance", now.maintenance, then.maintenance, least)
    return ""


def _told(then: Funds, kind: str, before: float, now: float, least: str) -> str:
    change = f"{kind} margin would go from {before:.6g} to {now:.6g} {then.currency}"
    return f"{change} against a margin balance of {then.balance:.6g}, {least}"


def refusal(
    state: MarginState | None, listed: Instrument, held: float, amount: float, params: MarginParams
) -> Refused | None:
    """The second door's question: may a trade of `amount` go, given the position `held` (worst case)?

    An account that is not known lets only orders pass that make the position smaller.
    """
    if state is None or listed.name not in state.holdings:
        if abs(held + amount) < abs(held):
            return None
        return Refused(Reason.ACCOUNT_UNKNOWN, f"margin of the account is not known for {listed.name}")
    why = broken(state, listed.name, held, amount, params)
    return Refused(Reason.MARGIN, f"delta out, no margin: {why}") if why else None


def most_amount(
    state: MarginState, name: str, held: float, amount: float, params: MarginParams
) -> tuple[float, str]:
    """The first door's: how much of a signed `amount` fits above the floor, and what it breaks beyond."""
    why = broken(state, name, held, amount, params)
    if not why:
        return amount, ""
    fits, breaks = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (fits + breaks) / 2.0
        if broken(state, name, held, middle * amount, params):
            breaks = middle
        else:
            fits = middle
    return fits * amount, why


class Liquidation(NamedTuple):
    """How far the index may move until margin balance meets maintenance margin, in % of it, up and down.

    None: not within the prices looked at (a twentieth to four times), or there already.
    """

    up_pct: float | None
    down_pct: float | None


def liquidation(state: MarginState) -> Liquidation:
    """Read from the table: funds that move with the positions, against margin that moves by the model."""
    left = _left(state)
    return Liquidation(_crossing(left, HERE, 1), _crossing(left, HERE, -1))


def _left(state: MarginState) -> list[float]:
    """Balance less maintenance margin at every price of the table."""
    funds, table = state.funds, _table(state)
    if not funds.model.portfolio:  # options are no part of the balance
        there = table.standard_maintenance - np.interp(1.0, MULTIPLIERS, table.standard_maintenance)
        return [*map(float, funds.balance + table.futures - (funds.maintenance + there))]
    worth = funds.balance + table.futures + table.options[1]
    now = table.loss_at(1.0)
    return [
        float(balance) - (funds.maintenance + table.loss_at(float(at)) - now)
        for balance, at in zip(worth, MULTIPLIERS, strict=True)
    ]


def _crossing(left: list[float], here: int, way: int) -> float | None:
    at = here
    while 0 <= at + way < len(left):
        if left[at] > 0.0 >= left[at + way]:
            share = left[at] / (left[at] - left[at + way])
            price = MULTIPLIERS[at] + share * (MULTIPLIERS[at + way] - MULTIPLIERS[at])
            return abs(float(price) - 1.0) * 100.0
        at += way
    return None
