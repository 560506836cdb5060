"""Resting orders of other people: a few price levels per side on valid ticks, finite sizes.

Prices and amounts are whole numbers of their unit until the last step, so that nothing is off a tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from hedger.simulator.model import Listing
from hedger.simulator.world.seeding import mix, unit

Levels = tuple[tuple[Decimal, Decimal], ...]

_FURTHEST = 1 << 62
"""More units than any price has."""


@dataclass(frozen=True, slots=True)
class TickGrid:
    """Valid prices: multiples of `unit`; above `coarse_above` units only multiples of `coarse_step`."""

    unit: Decimal
    units_per_one: float
    coarse_above: int = _FURTHEST
    coarse_step: int = 1

    def floor(self, price: float) -> int:
        """The highest valid price not above `price`, in units."""
        units = math.floor(price * self.units_per_one + 1e-9)
        return units if units <= self.coarse_above else units - units % self.coarse_step

    def ceil(self, price: float) -> int:
        """The lowest valid price not below `price`, in units."""
        units = math.ceil(price * self.units_per_one - 1e-9)
        return units if units <= self.coarse_above else units + -units % self.coarse_step

    def below(self, units: int, ticks: int = 1) -> int:
        """So many valid prices down."""
        while ticks and units > self.coarse_above:
            units, ticks = units - self.coarse_step, ticks - 1
        return units - ticks

    def above(self, units: int, ticks: int = 1) -> int:
        """So many valid prices up."""
        fine = max(0, min(ticks, self.coarse_above - units))
        return units + fine + (ticks - fine) * self.coarse_step

    def price(self, units: int) -> Decimal:
        """Units as a price."""
        return self.unit * units


def tick_grid(tick: Decimal, steps: tuple[tuple[Decimal, Decimal], ...]) -> TickGrid:
    """The grid of a tick and at most one coarser step, `(above_price, tick_size)`."""
    if not steps:
        return TickGrid(tick, float(1 / tick))
    ((above, coarse),) = steps
    return TickGrid(tick, float(1 / tick), coarse_above=int(above / tick), coarse_step=int(coarse / tick))


@lru_cache(maxsize=4_096)
def grid_of(listing: Listing) -> TickGrid:
    """The valid prices of an instrument."""
    return tick_grid(listing.tick_size, listing.tick_size_steps)


@dataclass(frozen=True, slots=True)
class Depth:
    """How much rests: number of levels, mean amount of a level in lots, widest gap in ticks."""

    levels: int
    mean_lots: float
    lot: Decimal
    gap_ticks: int


def bids(grid: TickGrid, from_price: float, depth: Depth, bits: int, lowest: int = 1) -> Levels:
    """Levels from the best bid (at or below `from_price`) down, none below `lowest` units."""
    return _side(grid, grid.floor(from_price), grid.below, depth, bits, lowest, _FURTHEST)


def asks(grid: TickGrid, from_price: float, depth: Depth, bits: int, highest: int = _FURTHEST) -> Levels:
    """Levels from the best ask (at or above `from_price`) up, none above `highest` units."""
    best = max(grid.ceil(from_price), 1)
    return _side(grid, best, grid.above, depth, bits, 1, highest)


def _side(
    grid: TickGrid,
    units: int,
    further: Callable[[int, int], int],
    depth: Depth,
    bits: int,
    lowest: int,
    highest: int,
) -> Levels:
    """Exponentially distributed amounts, at least one lot, that grow away from the touch."""
    levels: list[tuple[Decimal, Decimal]] = []
    for number in range(depth.levels):
        if not lowest <= units <= highest:
            break
        bits = mix(bits)
        lots = -math.log(unit(bits)) * depth.mean_lots * (1.0 + 0.5 * number)
        levels.append((grid.unit * units, depth.lot * (1 + int(lots))))
        units = further(units, 1 + (bits & 0xFF) % depth.gap_ticks)
    return tuple(levels)
