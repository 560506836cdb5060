"""Orders that rest at both edges of the band of a long-gamma book: where, how much, and when to move them.

Delta rises with the index, so the book sells where delta meets the upper edge and buys where it meets the
lower one; each order, filled whole, brings delta back to the target. A short-gamma book would buy high and
sell low: it gets none. Pure.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from hedger.domain.instrument import Instrument
from hedger.domain.order import Side
from hedger.domain.quote import Quote
from hedger.execution.plan import smallest_amount

MOST_MOVE = 0.2  # of the index; an edge further away is no price anybody would be allowed to ask


class Edge(NamedTuple):
    """One resting order as it should be, in the venue's terms."""

    side: Side
    price: Decimal
    amount: Decimal


class Band(NamedTuple):
    """What the edges follow from: deltas in coin, gamma in coin per USD of the index."""

    delta_coin: float
    target_coin: float
    lower_coin: float
    upper_coin: float
    gamma_coin_per_usd: float
    index_usd: float


def edges(band: Band, instrument: Instrument, quote: Quote) -> tuple[Edge, ...]:
    """The orders to rest, the buying one first; none unless gamma is long and delta inside the band.

    An edge so near that its order could not rest (its price would take) is left out: the policy hedges there.
    """
    known = all(math.isfinite(value) for value in band)
    inside = band.lower_coin < band.delta_coin < band.upper_coin
    if not (known and inside and band.gamma_coin_per_usd > 0.0):
        return ()
    both = (
        _edge(Side.BUY, band.lower_coin, band, instrument, quote),
        _edge(Side.SELL, band.upper_coin, band, instrument, quote),
    )
    return tuple(edge for edge in both if edge is not None)


def _edge(side: Side, delta_coin: float, band: Band, instrument: Instrument, quote: Quote) -> Edge | None:
    move_usd = (delta_coin - band.delta_coin) / band.gamma_coin_per_usd
    level = quote.mark * (1.0 + move_usd / band.index_usd)  # the hedge instrument keeps its basis in per cent
    if not abs(move_usd) <= MOST_MOVE * band.index_usd:
        return None
    price = instrument.round_price(level, up=side is Side.SELL)
    amount = _amount(abs(band.target_coin - delta_coin), instrument, float(price))
    taken = quote.ask if side is Side.BUY else quote.bid
    rests = taken is not None and (taken - float(price)) * side.sign > 0.0
    return Edge(side, price, amount) if rests and amount >= smallest_amount(instrument) else None


def _amount(coin: float, instrument: Instrument, price: float) -> Decimal:
    """Whole lots, rounded down: no fill leads beyond the target."""
    return instrument.round_amount(instrument.coin_to_amount(coin, price), ROUND_DOWN)


def moved(edge: Edge, price: Decimal, remaining: Decimal, least_fraction: float) -> bool:
    """Whether an order at `price` with `remaining` is to be given this edge's terms.

    Small moves of the price wait; an amount that is too large never does.
    """
    away = abs(float(edge.price / price) - 1.0)
    return away >= least_fraction or remaining > edge.amount


def outgrown(edge: Edge, remaining: Decimal) -> bool:
    """Whether the order is so much too small that it is replaced: an amendment may only make it smaller."""
    return remaining * 2 < edge.amount
