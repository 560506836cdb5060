"""What lies ahead of a book: the next orders by index level, and the book under moves of spot and volatility.

Both are built on demand by full revaluation (portfolio.scenario); nothing of them is kept or decided on.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from hedger.domain.vocabulary import Neutral
from hedger.engine.events import Now
from hedger.engine.sight import Sight, look
from hedger.engine.state import BookState, State
from hedger.policies.inputs import Inputs
from hedger.policies.reasons import ACTS
from hedger.policies.reasons import Reason as PolicyReason
from hedger.portfolio.scenario import Floats, Shocked, shocked
from hedger.risk.stressed import stressed

MOVES = (-0.2, -0.1, -0.05, -0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
SHIFTS = (-0.1, -0.05, 0.0, 0.05, 0.1)  # of volatility, as fractions
REACH = 0.1  # how far the ladder of orders looks, fraction of the index
STEPS = 40  # on each side: a level every quarter of a per cent
MOST_RUNGS = 8  # on each side
_WAITS = ("dwell_s", "cooldown_s", "min_move_pct", "max_interval_s")


class NextOrder(msgspec.Struct, frozen=True):
    """An order the policy would send if the index went to this level now, those before it filled."""

    index_usd: float
    move_pct: float
    delta_before_coin: float
    amount_coin: float  # signed
    delta_after_coin: float


class Cell(msgspec.Struct, frozen=True):
    """The book at one move of the index and one shift of volatility, before any hedge."""

    move_pct: float  # of the index
    vol_shift_points: float  # added to every volatility
    pnl_coin: float  # of what settles in the coin
    pnl_usd: float  # of the whole book; collateral in the coin is revalued with it
    delta_coin: float  # the controlled quantity
    margin_balance: float | None = None  # of the account, in `margin_currency`; None: margin is not known
    maintenance_margin: float | None = None  # liquidation begins where it exceeds the balance
    margin_left: float | None = None  # what it leaves of the balance, fraction; 0 or less: liquidated


class Outlook(msgspec.Struct, frozen=True):
    """The answer of /v1/outlook for one book; empty lists while the book is not known."""

    book: str  # its name
    index_usd: float | None  # now
    delta_coin: float | None  # the controlled quantity now, in-flight hedges included
    ladder: tuple[NextOrder, ...]  # by index level, lowest first
    grid: tuple[Cell, ...]  # by move, then by shift
    margin_currency: str = ""  # empty: margin is not known


def outlook(state: State, book: BookState, now: Now) -> Outlook:
    """What lies ahead of the book as of now."""
    sight = look(state, book, now)
    index, inputs = sight.exposure.index_usd, sight.inputs
    if index is None or inputs is None or sight.exposure.missing:
        return Outlook(book=book.name, index_usd=index, delta_coin=sight.y, ladder=(), grid=())
    below = _ladder(book, sight, inputs, now, -REACH / STEPS)
    above = _ladder(book, sight, inputs, now, REACH / STEPS)
    return Outlook(
        book=book.name,
        index_usd=index,
        delta_coin=inputs.delta_coin,
        ladder=(*reversed(below), *above),
        grid=_grid(book, sight, inputs, now),
        margin_currency="" if book.guard.margin is None else book.guard.margin.funds.currency,
    )


def _shocked(book: BookState, inputs: Inputs, now: Now, moves: list[float], shifts: list[float]) -> Shocked:
    return shocked(book.book.rows(), now.market_ms, inputs.index_usd, book.book.average, moves, shifts)


def _y(book: BookState, sight: Sight, told: Shocked, now_told: Shocked) -> Floats:
    """The controlled quantity at each cell: its value now, and how much the revaluation changes it."""
    neutral = book.settings.neutral or Neutral.COIN
    start = (sight.y or 0.0) + sight.in_flight_coin
    if neutral is Neutral.BLACK:
        return start + told.black_coin - now_told.black_coin
    equity = told.pnl_coin if neutral is Neutral.USD else 0.0
    return start + told.net_coin - now_told.net_coin + equity


def _ladder(book: BookState, sight: Sight, inputs: Inputs, now: Now, step: float) -> list[NextOrder]:
    """Walk the index away from here; where the policy acts, take its order as filled and walk on."""
    moves = [step * number for number in range(STEPS + 1)]
    told = _shocked(book, inputs, now, moves, [0.0])
    profile = _y(book, sight, told, Shocked(*(part[:1] for part in told)))[:, 0]
    gamma = np.gradient(profile, inputs.index_usd * np.asarray(moves))
    params, memory = _patient(book.params), book.memory
    found: list[NextOrder] = []
    hedged_usd = 0.0
    for move, y, slope in zip(moves[1:], profile[1:], gamma[1:], strict=True):
        index = inputs.index_usd * (1.0 + move)
        delta = float(y) + hedged_usd / index
        there = inputs._replace(
            delta_coin=delta,
            index_usd=index,
            gamma_coin_per_usd=float(slope),
            book_gamma_coin_per_usd=float(slope),
            last_hedge_s=math.nan,
            blackout=0.0,
            centre_s=0.0,
        )
        _, target, code = book.policy.decide(params, memory, there)
        change = target - delta
        if PolicyReason(code) not in ACTS or abs(change) < inputs.lot_coin:
            continue
        hedged_usd += change * index
        found.append(
            NextOrder(
                index_usd=index,
                move_pct=100.0 * move,
                delta_before_coin=delta,
                amount_coin=change,
                delta_after_coin=target,
            )
        )
        if len(found) == MOST_RUNGS:
            break
    return found


def _patient(params: Any) -> Any:
    """The policy without what makes it wait: the ladder asks where, not when."""
    waits = {name: type(getattr(params, name))(0) for name in _WAITS if name in params._fields}
    return params._replace(**waits)


def _grid(book: BookState, sight: Sight, inputs: Inputs, now: Now) -> tuple[Cell, ...]:
    told = _shocked(book, inputs, now, list(MOVES), list(SHIFTS))
    centre = MOVES.index(0.0), SHIFTS.index(0.0)
    here = Shocked(*(part[centre[0] : centre[0] + 1, centre[1] : centre[1] + 1] for part in told))
    y = _y(book, sight, told, here)
    equity = sight.exposure.equity_coin or 0.0
    known = book.guard.margin
    margins = None if known is None else stressed(known, MOVES, SHIFTS)
    cells = []
    for row, move in enumerate(MOVES):
        index = inputs.index_usd * (1.0 + move)
        for column, shift in enumerate(SHIFTS):
            coin = float(told.pnl_coin[row, column])
            margin = None if margins is None else margins[row][column]
            collateral_usd = (equity + coin) * index - equity * inputs.index_usd
            cells.append(
                Cell(
                    move_pct=100.0 * move,
                    vol_shift_points=100.0 * shift,
                    pnl_coin=coin,
                    pnl_usd=collateral_usd + float(told.pnl_usd[row, column]),
                    delta_coin=float(y[row, column]),
                    margin_balance=None if margin is None else margin.balance,
                    maintenance_margin=None if margin is None else margin.maintenance,
                    margin_left=None if margin is None else margin.left,
                )
            )
    return tuple(cells)
