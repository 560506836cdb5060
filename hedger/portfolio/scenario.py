"""The book under moves of the index and shifts of volatility: value and delta by full revaluation.

All forwards move with the index in proportion (theory 1.6), all volatilities by the same number of points, no
time passes, and futures keep their amounts. What is inside its settlement window is valued on its average.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.domain.instrument import Payoff
from hedger.domain.time_units import HOUR_MS
from hedger.portfolio.fixing import IndexAverage
from hedger.portfolio.row import Row
from hedger.pricing.black76 import black76
from hedger.pricing.scalar import years_to
from hedger.pricing.settlement import averaging_one

Floats = NDArray[np.float64]

_LEAST_IV = 0.01


class Shocked(NamedTuple):
    """Arrays of shape (moves, shifts); the first two are changes against now."""

    pnl_coin: Floats
    """Change of what settles in the coin, coin."""
    pnl_usd: Floats
    """Change of what settles in dollars, USD."""
    net_coin: Floats
    """Net transaction delta of inverse legs and delta of linear ones, coin."""
    black_coin: Floats
    """Unadjusted delta, coin."""


class _Legs(NamedTuple):
    """Options outside their settlement window, one column each."""

    size: Floats
    forward: Floats
    strike: Floats
    tau: Floats
    iv: Floats
    sign: Floats
    inverse: NDArray[np.bool_]


def shocked(
    rows: Iterable[Row],
    market_ms: int,
    index_usd: float,
    average: IndexAverage,
    moves: Sequence[float],
    shifts: Sequence[float],
) -> Shocked:
    """`moves` are fractions of the index (-0.05), `shifts` are added to volatilities (0.05 is five points).

    Rows that cannot be valued are left out: ask the book's exposure whether any is missing.
    """
    held = [row for row in rows if row.size and not row.missing]
    shape = (len(moves), len(shifts))
    total = Shocked(*(np.zeros(shape) for _ in range(4)))
    options = [row for row in held if row.instrument.is_option]
    _add_live(total, _legs_of(options, market_ms, index_usd), moves, shifts)
    for row in options:
        if row.settling(market_ms):
            _add_settling(total, row, market_ms, index_usd, average, moves)
    for row in held:
        if row.instrument.is_future and not row.expired(market_ms):
            _add_future(total, row, moves)
    return total


def _legs_of(options: list[Row], market_ms: int, index_usd: float) -> _Legs:
    legs = []
    for row in options:
        quote, listed = row.good, row.instrument
        if (
            quote is None
            or row.settling(market_ms)
            or listed.strike_usd is None
            or listed.expiration_ms is None
        ):
            continue
        forward = (quote.underlying_usd or 0.0) * (index_usd / quote.index_usd if row.by_model else 1.0)
        tau = years_to(listed.expiration_ms, market_ms)
        legs.append(
            (
                float(row.size),
                forward,
                float(listed.strike_usd),
                tau,
                quote.iv or 0.0,
                listed.option_sign,
                float(row.inverse),
            )
        )
    columns = np.array(legs, dtype=np.float64).reshape(-1, 7).T
    return _Legs(columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], columns[6] > 0.5)


def _add_live(total: Shocked, legs: _Legs, moves: Sequence[float], shifts: Sequence[float]) -> None:
    if not legs.size.size:
        return
    now = black76(legs.forward, legs.strike, legs.tau, legs.iv, legs.sign)
    unit = np.where(legs.inverse, now.price_usd / legs.forward, 0.0)
    linear = np.where(legs.inverse, 0.0, now.price_usd)
    forward = legs.forward * (1.0 + np.asarray(moves)[:, None, None])
    iv = np.maximum(legs.iv + np.asarray(shifts)[None, :, None], _LEAST_IV)
    new = black76(forward, legs.strike, legs.tau, iv, legs.sign)
    in_coin = np.where(legs.inverse, new.price_usd / forward, 0.0)
    total.pnl_coin[...] += ((in_coin - unit) * legs.size).sum(axis=2)
    in_usd = np.where(legs.inverse, 0.0, new.price_usd)
    total.pnl_usd[...] += ((in_usd - linear) * legs.size).sum(axis=2)
    total.black_coin[...] += (new.delta * legs.size).sum(axis=2)
    total.net_coin[...] += ((new.delta - in_coin) * legs.size).sum(axis=2)


def _add_settling(
    total: Shocked, row: Row, market_ms: int, index_usd: float, average: IndexAverage, moves: Sequence[float]
) -> None:
    listed, quote, size = row.instrument, row.good, float(row.size)
    if quote is None or listed.strike_usd is None or listed.expiration_ms is None:
        return
    fixing = average.fixing(listed.expiration_ms, market_ms)
    basis = (quote.underlying_usd or index_usd) / quote.index_usd
    values = []
    for move in (0.0, *moves):
        forward = index_usd * basis * (1.0 + move)
        told = averaging_one(
            forward,
            float(listed.strike_usd),
            listed.expiration_ms,
            market_ms,
            row.window_iv,
            listed.option_sign,
            fixing,
        )
        mean = fixing.elapsed * fixing.average_usd + (1.0 - fixing.elapsed) * forward
        values.append((told.price_usd / mean, told.price_usd, told.delta))
    (coin0, usd0, _), *rest = values
    inverse = listed.payoff is Payoff.INVERSE
    for at, (coin, usd, delta) in enumerate(rest):
        total.pnl_coin[at] += size * (coin - coin0) if inverse else 0.0
        total.pnl_usd[at] += 0.0 if inverse else size * (usd - usd0)
        total.black_coin[at] += size * delta
        total.net_coin[at] += size * (delta - (coin * (1.0 - fixing.elapsed) if inverse else 0.0))


def _add_future(total: Shocked, row: Row, moves: Sequence[float]) -> None:
    if row.quote is None:
        return
    size, mark = float(row.size), row.quote.mark
    for at, move in enumerate(moves):
        price = mark * (1.0 + move)
        if row.instrument.payoff is Payoff.INVERSE:
            total.pnl_coin[at] += size * (1.0 / mark - 1.0 / price)
            coin = size / price
        else:
            total.pnl_usd[at] += size * (price - mark)
            coin = size
        total.net_coin[at] += coin
        total.black_coin[at] += coin


class Expiring(NamedTuple):
    """An option that expires soon, and how far its strike is."""

    instrument: str
    size: float
    hours: float
    distance_sigmas: float
    """ln(K / F) over the volatility left: positive, the strike is above; of a call out of the money."""


def expiring(rows: Iterable[Row], market_ms: int, hours: float) -> tuple[Expiring, ...]:
    """Held options that expire within `hours`, the nearest strike first."""
    found = []
    for row in rows:
        listed, quote = row.instrument, row.good
        if not (row.size and listed.is_option) or listed.expiration_ms is None or listed.strike_usd is None:
            continue
        left_ms = listed.expiration_ms - market_ms
        if not 0 < left_ms <= hours * HOUR_MS or quote is None or not quote.underlying_usd or not quote.iv:
            continue
        deviation = quote.iv * math.sqrt(years_to(listed.expiration_ms, market_ms))
        distance = math.log(float(listed.strike_usd) / quote.underlying_usd) / deviation
        found.append(Expiring(listed.name, float(row.size), left_ms / HOUR_MS, distance))
    return tuple(sorted(found, key=lambda each: (abs(each.distance_sigmas), each.instrument)))
