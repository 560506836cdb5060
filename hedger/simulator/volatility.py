"""Volatility as the exchange publishes it: its index (DVOL) from the options, and what the index realised."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from hedger.pricing.black76 import YEAR_MS
from hedger.simulator.markets import Markets
from hedger.simulator.time_units import DAY_MS, HOUR_MS

INDEX_TERM_MS = 30 * DAY_MS
REALISED_OVER_MS = 15 * DAY_MS


def volatility_index(markets: Markets, currency: str) -> float | None:
    """Implied volatility (per cent a year) at the money of the expiry nearest to 30 days; None: no options.

    The real index blends the variance of two expiries' whole strips; a simulated smile is told by its middle.
    """
    now_ms = markets.world.now_ms
    options = [
        row for row in markets.listings().values() if row.is_option and row.settlement_currency == currency
    ]
    if not options:
        return None
    nearest = min(options, key=lambda row: abs(row.expiration_ms - now_ms - INDEX_TERM_MS)).expiration_ms
    strip = [row for row in options if row.expiration_ms == nearest]
    index = markets.market(strip[0].name).underlying or float(markets.index(strip[0].price_index))
    middle = min(strip, key=lambda row: (abs(float(row.strike or 0) - index), row.name))
    iv = markets.market(middle.name).iv
    return None if iv is None else round(iv * 100, 2)


def realised(points: Sequence[tuple[int, float]]) -> list[list[float]]:
    """`[hour in ms, volatility in per cent a year]` of (market_ms, index) points, over 15 days.

    The sum of squared log returns over the time they took: right for points at uneven distances, too.
    """
    rows: list[list[float]] = []
    squares = [0.0]
    for (_, before), (_, after) in pairwise(points):
        squares.append(squares[-1] + math.log(after / before) ** 2)
    first = 0
    for place, (now_ms, _) in enumerate(points):
        while points[first][0] < now_ms - REALISED_OVER_MS:
            first += 1
        last_of_hour = place + 1 == len(points) or points[place + 1][0] // HOUR_MS != now_ms // HOUR_MS
        took_ms = now_ms - points[first][0]
        if last_of_hour and took_ms:
            variance = (squares[place] - squares[first]) * YEAR_MS / took_ms
            rows.append([now_ms // HOUR_MS * HOUR_MS, 100 * math.sqrt(variance)])
    return rows
