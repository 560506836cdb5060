"""How far an index may go until the maintenance margin eats the margin balance (standard margin).

`estimated_liquidation_ratio` times a future's mark is its liquidation price (deribit.md 9). All marks of
the index move with it by one factor at unchanged volatility. The nearest factor at which the margin balance
is the maintenance margin is looked for on a grid of logarithms, and then on ever finer ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hedger.pricing.black76 import black76
from hedger.simulator.margin import OTHER_SLOPE, SHORT_OPTION_MAINTENANCE, SIZE_SLOPES
from hedger.simulator.requirements import Holding
from hedger.simulator.stress import DAY_MS, YEAR_DAYS

FURTHEST = 4.0  # logarithm of the largest factor that is looked at: 55 times
STEPS = 80  # per side and grid
GRIDS = 5

Floats = NDArray[np.float64]


def liquidation_ratio(holdings: Sequence[Holding], room_now: float, now_ms: int) -> float:
    """The factor on one index at which its account is liquidated, 0 when there is none.

    `room_now` is the margin balance less the maintenance margin now; not positive gives 1.
    """
    if room_now <= 0:
        return 1.0
    held = [row for row in holdings if row.size]
    if not held:
        return 0.0
    sides = [np.linspace(0.0, side * FURTHEST, STEPS + 1) for side in (-1, 1)]
    steps = [_first_below(_room(held, room_now, grid, now_ms)) for grid in sides]
    found = min((step, side) for side, step in enumerate(steps))
    if found[0] > STEPS:
        return 0.0
    grid, step = sides[found[1]], found[0]
    for _ in range(GRIDS):
        grid = np.linspace(grid[step - 1], grid[step], STEPS + 1)
        step = max(1, min(STEPS, _first_below(_room(held, room_now, grid, now_ms))))
    return float(np.exp(grid[step]))


def _first_below(room: Floats) -> int:
    """Where the room ends first; one past the grid when it does not."""
    below = np.flatnonzero(room < 0)
    return int(below[0]) if below.size else STEPS + 1


def _room(holdings: Sequence[Holding], room_now: float, logs: Floats, now_ms: int) -> Floats:
    """Margin balance less maintenance margin at factors that are given by their logarithms."""
    factor, still = np.exp(logs), np.ones(1)
    room = np.full(logs.shape, room_now)
    for row in holdings:
        if not row.listing.is_option:
            room += _future_profit(row, factor) + _future_margin(row, still) - _future_margin(row, factor)
        elif row.size < 0:
            room += _short_margin(row, still, now_ms) - _short_margin(row, factor, now_ms)
    return room


def _future_profit(row: Holding, factor: Floats) -> Floats:
    size, mark = float(row.size), float(row.mark)
    return size * mark * (factor - 1) if row.listing.is_linear else size / mark * (1 - 1 / factor)


def _future_margin(row: Holding, factor: Floats) -> Floats:
    size, mark = abs(float(row.size)), float(row.mark)
    coin = np.full(factor.shape, size) if row.listing.is_linear else size / mark / factor
    slope = float(SIZE_SLOPES.get(row.listing.base_currency, OTHER_SLOPE))
    margin = coin * (0.5 / row.listing.max_leverage + slope * coin)
    return margin * float(row.underlying) * factor if row.listing.is_linear else margin


def _short_margin(row: Holding, factor: Floats, now_ms: int) -> Floats:
    """Maintenance margin of a short option after the move."""
    forward, strike = float(row.underlying) * factor, float(row.listing.strike or 0)
    tau = max(0.0, (row.listing.expiration_ms - now_ms) / DAY_MS / YEAR_DAYS)
    sign = 1.0 if row.listing.option_type == "call" else -1.0
    share = black76(forward, strike, tau, row.iv, sign).price_usd / forward
    base = float(SHORT_OPTION_MAINTENANCE)
    margin = base * (np.maximum(1.0, share) if sign < 0 else 1.0) + share
    return -float(row.size) * margin * (forward if row.listing.is_linear else 1.0)
