"""What an account must hold against its positions and open orders, by its margin model.

segregated_sm, cross_sm  standard margin of every instrument by itself (module margin); an instrument's open
                         orders need what the worse side of them would add, buyers of options their premium
segregated_pm            the risk matrix of all positions of one index together (module stress); open orders
                         need what the worse half of them would add: those that raise delta, or that cut it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from hedger.simulator.margin import Margin, margin
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO, rounded
from hedger.simulator.stress import MAINTENANCE_FACTOR, Leg, risk_matrix

SEGREGATED_SM, SEGREGATED_PM, CROSS_SM = "segregated_sm", "segregated_pm", "cross_sm"
MARGIN_MODELS = (SEGREGATED_SM, SEGREGATED_PM, CROSS_SM)
MATRIX_PLACES = 12


@dataclass(frozen=True, slots=True)
class Working:
    """Open orders of one instrument, unfilled amounts; `premium` is what the buyers of options would pay."""

    buys: Decimal = ZERO
    sells: Decimal = ZERO
    premium: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Holding:
    """One instrument of the account: signed size, open orders, market."""

    listing: Listing
    size: Decimal
    mark: Decimal
    index: Decimal
    underlying: Decimal  # USD: the forward of an option, the index of a future
    unit_delta: float  # coin per unit of amount
    iv: float = 0.0  # options: fraction
    working: Working = Working()

    def leg(self, size: Decimal) -> Leg:
        """The instrument with another size, for the risk matrix."""
        amount = float(size)
        delta = amount * self.unit_delta
        return Leg(self.listing, amount, float(self.mark), delta, float(self.underlying), self.iv)

    def margin(self, size: Decimal) -> Margin:
        """Standard margin of another size."""
        return margin(self.listing, size, self.mark, self.underlying)


@dataclass(frozen=True, slots=True)
class Requirement:
    """Margin in the settlement currency; `initial` counts positions alone, `open_orders` comes on top."""

    initial: Decimal = ZERO
    maintenance: Decimal = ZERO
    open_orders: Decimal = ZERO
    positions: Mapping[str, Margin] = field(default_factory=dict)  # each instrument by itself
    orders: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def with_orders(self) -> Decimal:
        """Initial margin of positions and open orders."""
        return self.initial + self.open_orders


def requirement(model: str, holdings: Sequence[Holding], now_ms: int) -> Requirement:
    """Margin of the holdings of one settlement currency, by the account's margin model."""
    if model == SEGREGATED_PM:
        return _portfolio(holdings, now_ms)
    return _standard(holdings)


def _standard(holdings: Sequence[Holding]) -> Requirement:
    positions = {row.listing.name: row.margin(row.size) for row in holdings}
    orders = {row.listing.name: _order_margin(row, positions[row.listing.name]) for row in holdings}
    total = sum(positions.values(), Margin())
    return Requirement(total.initial, total.maintenance, sum(orders.values(), ZERO), positions, orders)


def _order_margin(row: Holding, held: Margin) -> Decimal:
    """What the worse side of an instrument's open orders would add to its initial margin."""
    if not (row.working.buys or row.working.sells):
        return ZERO
    bought = row.margin(row.size + row.working.buys).initial + row.working.premium
    sold = row.margin(row.size - row.working.sells).initial
    return max(ZERO, bought - held.initial, sold - held.initial)


def _portfolio(holdings: Sequence[Holding], now_ms: int) -> Requirement:
    groups: dict[str, list[Holding]] = {}
    for row in holdings:
        groups.setdefault(row.listing.price_index, []).append(row)
    parts = [_of_index(rows, now_ms) for rows in groups.values()]
    return Requirement(
        sum((part.initial for part in parts), ZERO),
        sum((part.maintenance for part in parts), ZERO),
        sum((part.open_orders for part in parts), ZERO),
        {name: row for part in parts for name, row in part.positions.items()},
    )


def _of_index(rows: Sequence[Holding], now_ms: int) -> Requirement:
    """All of one index: the matrix is linear in sizes, so it is computed once, for one lot of each."""
    units = [row.listing.min_trade_amount for row in rows]
    unit = risk_matrix(
        [row.leg(one) for row, one in zip(rows, units, strict=True)], float(rows[0].index), now_ms
    )
    held = unit.scaled(_factors(rows, units, (row.size for row in rows)))
    raised = unit.scaled(_factors(rows, units, map(_size_with_delta_raised, rows)))
    cut = unit.scaled(_factors(rows, units, map(_size_with_delta_cut, rows)))
    added = max(0.0, raised.initial - held.initial, cut.initial - held.initial)
    return Requirement(
        _decimal(held.initial),
        _decimal(held.maintenance),
        _decimal(added),
        {row.listing.name: _margin(float(one)) for row, one in zip(rows, held.initial_by_leg, strict=True)},
    )


def _factors(
    rows: Sequence[Holding], units: Sequence[Decimal], sizes: Iterable[Decimal]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(size / one) for size, one in zip(sizes, units, strict=True)])


def _size_with_delta_raised(row: Holding) -> Decimal:
    """The size if every open order that adds delta were filled: buys, or sells of puts."""
    return row.size + row.working.buys if row.unit_delta >= 0 else row.size - row.working.sells


def _size_with_delta_cut(row: Holding) -> Decimal:
    return row.size - row.working.sells if row.unit_delta >= 0 else row.size + row.working.buys


def _margin(initial: float) -> Margin:
    return Margin(_decimal(initial), _decimal(MAINTENANCE_FACTOR * initial))


def _decimal(value: float) -> Decimal:
    return rounded(value, MATRIX_PLACES)
