"""The account's margin under moves of the index and shifts of volatility, to stand beside a grid of results.

As in `margin.liquidation` the base is the venue's own figure, and the account's model says how balance and
maintenance margin move away from it. Collateral is counted in its own currency and keeps its amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hedger.domain.instrument import Payoff
from hedger.pricing.scalar import black76_one, years_to
from hedger.risk.funds import Funds
from hedger.risk.margin import MarginState
from hedger.risk.standard import Holding
from hedger.risk.stress import MULTIPLIERS, Floats, Table, table_of

LEAST_IV = 0.01


class Stressed(NamedTuple):
    """Balance and maintenance margin at one move and one shift, in the currency of the funds."""

    balance: float
    maintenance: float

    @property
    def left(self) -> float:
        """What maintenance margin leaves of the balance, fraction; without a balance nothing is left."""
        return (self.balance - self.maintenance) / self.balance if self.balance > 0.0 else -1.0


def stressed(state: MarginState, moves: Sequence[float], shifts: Sequence[float]) -> list[list[Stressed]]:
    """By move, then by shift. `moves` are fractions of the index, `shifts` are added to volatilities."""
    now = table_of(tuple(state.holdings.values()), state.market_ms)
    columns = [list(_column(state, now, moves, shift)) for shift in shifts]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(state: MarginState, now: Table, moves: Sequence[float], shift: float) -> Iterator[Stressed]:
    held = [_shifted(one, shift) for one in state.holdings.values()]
    table = table_of(held, state.market_ms)
    worth = sum(_worth(one, state.market_ms) for one in held)
    revalued = worth - sum(_worth(one, state.market_ms) for one in state.holdings.values())
    for move in moves:
        yield _at(state.funds, now, table, 1.0 + move, revalued)


def _at(funds: Funds, now: Table, table: Table, multiplier: float, revalued: float) -> Stressed:
    """`revalued`: what the shift of volatility alone does to the options."""
    if not funds.model.portfolio:  # options are no part of the balance
        asked = _read(table.standard_maintenance, multiplier) - _read(now.standard_maintenance, 1.0)
        return Stressed(funds.balance + _read(table.futures, multiplier), funds.maintenance + asked)
    change = _read(table.futures + table.options[1], multiplier) + revalued
    asked = table.loss_at(multiplier) - now.loss_at(1.0)
    return Stressed(funds.balance + change, funds.maintenance + asked)


def _read(line: Floats, multiplier: float) -> float:
    return float(np.interp(multiplier, MULTIPLIERS, line))


def _shifted(one: Holding, shift: float) -> Holding:
    return one._replace(iv=max(one.iv + shift, LEAST_IV)) if one.instrument.is_option else one


def _worth(one: Holding, market_ms: int) -> float:
    """Of an option position, in its settlement currency."""
    listed = one.instrument
    if not (listed.is_option and one.size and listed.strike_usd and listed.expiration_ms):
        return 0.0
    tau = max(years_to(listed.expiration_ms, market_ms), 0.0)
    price = black76_one(one.forward_usd, float(listed.strike_usd), tau, one.iv, listed.option_sign).price_usd
    return one.size * (price / one.forward_usd if listed.payoff is Payoff.INVERSE else price)
