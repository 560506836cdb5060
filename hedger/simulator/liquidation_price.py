"""How far an index may go until the maintenance margin eats the margin balance (standard margin).

`estimated_liquidation_ratio` times a future's mark is its liquidation price (deribit.md 9). All marks of
the index move with it by one factor at unchanged volatility. The nearest factor at which the margin balance
is the maintenance margin is looked for on a grid of logarithms, and then on ever finer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hedger.pricing.black76 import black76_price
from hedger.simulator.margin import OTHER_SLOPE, SHORT_OPTION_MAINTENANCE, SIZE_SLOPES
from hedger.simulator.requirements import Holding
from hedger.simulator.time_units import DAY_MS, YEAR_DAYS

FURTHEST = 4.0  # logarithm of the largest factor that is looked at: 55 times
STEPS = 40  # per side and grid
GRIDS = 6

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
OfFactors = Callable[[Floats], Floats]


def _grid(start: float, end: float) -> Floats:
    """`numpy.linspace` for two plain numbers, without its overhead."""
    logs: Floats = _PLACES * ((end - start) / STEPS) + start
    logs[-1] = end
    return logs


_PLACES = np.arange(STEPS + 1.0)
BOTH_SIDES = np.concatenate([_grid(0.0, side * FURTHEST) for side in (-1, 1)])


def liquidation_ratio(holdings: Sequence[Holding], room_now: float, now_ms: int) -> float:
    """The factor on one index at which its account is liquidated, 0 when there is none.

    `room_now` is the margin balance less the maintenance margin now; not positive gives 1.
    """
    if room_now <= 0:
        return 1.0
    held = [row for row in holdings if row.size]
    if not held:
        return 0.0
    change = _change(held, now_ms)

    def below(logs: Floats) -> Flags:
        """Where the room has ended."""
        return room_now + change(np.exp(logs)) < 0

    step, side = min((_first(flags), side) for side, flags in enumerate(np.split(below(BOTH_SIDES), 2)))
    if step > STEPS:
        return 0.0
    grid = np.split(BOTH_SIDES, 2)[side]
    for _ in range(GRIDS):
        grid = _grid(grid[step - 1], grid[step])
        step = max(1, min(STEPS, _first(below(grid))))
    return float(np.exp(grid[step]))


def _first(flags: Flags) -> int:
    """The place of the first that is set; one past the grid when none is."""
    place = int(flags.argmax())
    return place if flags[place] else STEPS + 1


def _change(held: Sequence[Holding], now_ms: int) -> OfFactors:
    """What factors on the index change of the room: profit of futures less added maintenance margin."""
    futures = [_of_future(row) for row in held if not row.listing.is_option]
    shorts = _margin_of_shorts([row for row in held if row.listing.is_option and row.size < 0], now_ms)
    still = np.ones(1)
    base = sum((room(still) for room in futures), -shorts(still))

    def change(factor: Floats) -> Floats:
        return sum((room(factor) for room in futures), -shorts(factor)) - base

    return change


def _of_future(row: Holding) -> OfFactors:
    """Profit less maintenance margin of one future, by factor."""
    size, mark, linear = float(row.size), float(row.mark), row.listing.is_linear
    base = 0.5 / row.listing.max_leverage
    slope, index = float(SIZE_SLOPES.get(row.listing.base_currency, OTHER_SLOPE)), float(row.underlying)

    def room(factor: Floats) -> Floats:
        if linear:
            return size * mark * (factor - 1) - abs(size) * (base + slope * abs(size)) * index * factor
        coin = abs(size) / mark / factor
        return size / mark * (1 - 1 / factor) - coin * (base + slope * coin)

    return room


def _margin_of_shorts(rows: Sequence[Holding], now_ms: int) -> OfFactors:
    """Maintenance margin of all short options together, by factor."""
    if not rows:
        return np.zeros_like
    forward = np.array([[float(row.underlying)] for row in rows])
    strike = np.array([[float(row.listing.strike or 0)] for row in rows])
    days = [[(row.listing.expiration_ms - now_ms) / DAY_MS] for row in rows]
    tau, vol = np.maximum(0.0, np.array(days)) / YEAR_DAYS, np.array([[row.iv] for row in rows])
    put = np.array([[row.listing.option_type == "put"] for row in rows])
    size, linear = np.array([[-float(row.size)] for row in rows]), rows[0].listing.is_linear
    sign, base = np.where(put, -1.0, 1.0), float(SHORT_OPTION_MAINTENANCE)

    def margin(factor: Floats) -> Floats:
        moved = forward * factor
        share = black76_price(moved, strike, tau, vol, sign) / moved
        per_coin = base * np.where(put, np.maximum(1.0, share), 1.0) + share
        total: Floats = (size * per_coin * (moved if linear else 1.0)).sum(axis=0)
        return total

    return margin
